//! What is wrong with a configuration or an instance: all complaints at once, each with the key, what was found there
//! and what was wanted; and a reader of JSON values that writes them down.

use serde_json::{Map, Value};
use std::fmt;

/// One mistake of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Where, such as `limits.demand.min`; empty for the document as a whole.
    pub key: String,
    pub found: String,
    pub wanted: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.key.is_empty() { "the document" } else { &self.key };
        write!(out, "{key}: found {}, want {}", self.found, self.wanted)
    }
}

/// Everything found while reading one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    pub complaints: Vec<Complaint>,
    /// What was accepted but should be known: unknown fields, translated options.
    pub warnings: Vec<String>,
}

impl Notes {
    pub fn complain(&mut self, key: impl Into<String>, found: impl Into<String>, wanted: impl Into<String>) {
        self.complaints.push(Complaint { key: key.into(), found: found.into(), wanted: wanted.into() });
    }

    pub fn warn(&mut self, what: impl Into<String>) {
        self.warnings.push(what.into());
    }

    /// `value` when nothing was wrong, else all complaints.
    pub fn verdict<T>(self, value: Option<T>) -> Result<(T, Vec<String>), Complaints> {
        match value {
            Some(value) if self.complaints.is_empty() => Ok((value, self.warnings)),
            _ => {
                assert!(!self.complaints.is_empty(), "what could not be read has a complaint");
                Err(Complaints(self.complaints))
            }
        }
    }
}

/// All mistakes of one document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Complaint::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Complaints(pub Vec<Complaint>);

impl Complaints {
    /// One complaint on its own.
    pub fn one(key: impl Into<String>, found: impl Into<String>, wanted: impl Into<String>) -> Complaints {
        let mut notes = Notes::default();
        notes.complain(key, found, wanted);
        Complaints(notes.complaints)
    }
}

/// Parses a JSON text; a syntax error names line and column.
pub fn parse_json(text: &str) -> Result<Value, Complaints> {
    serde_json::from_str(text).map_err(|error| {
        Complaints::one("", format!("no JSON at line {}, column {} ({error})", error.line(), error.column()), "JSON")
    })
}

/// A JSON value and the key under which it stands.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub key: String,
    pub value: &'a Value,
}

impl<'a> Entry<'a> {
    pub fn root(value: &'a Value) -> Entry<'a> {
        Entry { key: String::new(), value }
    }

    fn refuse<T>(&self, notes: &mut Notes, wanted: &str) -> Option<T> {
        notes.complain(self.key.clone(), shorten(self.value), wanted);
        None
    }

    fn below(&self, name: &str, value: &'a Value) -> Entry<'a> {
        let key = if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
        Entry { key, value }
    }

    /// The member of that name, when this is an object that has it and it is not null.
    pub fn get(&self, name: &str) -> Option<Entry<'a>> {
        self.value.get(name).filter(|value| !value.is_null()).map(|value| self.below(name, value))
    }

    /// The member of that name, or a complaint.
    pub fn need(&self, name: &str, notes: &mut Notes, wanted: &str) -> Option<Entry<'a>> {
        let found = self.get(name);
        if found.is_none() && self.value.is_object() {
            let key = if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) };
            notes.complain(key, "nothing", wanted);
        }
        found
    }

    pub fn object(&self, notes: &mut Notes) -> Option<&'a Map<String, Value>> {
        match self.value {
            Value::Object(map) => Some(map),
            _ => self.refuse(notes, "an object {..}"),
        }
    }

    /// The members of an object in their order.
    pub fn members(&self, notes: &mut Notes) -> Vec<(String, Entry<'a>)> {
        let object = self.object(notes);
        object.into_iter().flatten().map(|(name, value)| (name.clone(), self.below(name, value))).collect()
    }

    pub fn list(&self, notes: &mut Notes) -> Option<Vec<Entry<'a>>> {
        match self.value {
            Value::Array(values) => {
                let entry = |(i, value)| Entry { key: format!("{}[{i}]", self.key), value };
                Some(values.iter().enumerate().map(entry).collect())
            }
            _ => self.refuse(notes, "a list [..]"),
        }
    }

    /// A list of just that length.
    pub fn list_of(&self, length: usize, per: &str, notes: &mut Notes) -> Option<Vec<Entry<'a>>> {
        let list = self.list(notes)?;
        if list.len() != length {
            let found = format!("a list of {}", list.len());
            notes.complain(self.key.clone(), found, format!("a list of {length}, one entry per {per}"));
            return None;
        }
        Some(list)
    }

    /// A finite number for which `holds` is true.
    pub fn number(&self, notes: &mut Notes, wanted: &str, holds: impl Fn(f64) -> bool) -> Option<f64> {
        match self.value.as_f64() {
            Some(number) if number.is_finite() && holds(number) => Some(number),
            _ => self.refuse(notes, wanted),
        }
    }

    /// A whole number at or above `least`; `8.0` is accepted as 8.
    pub fn whole(&self, notes: &mut Notes, least: u64, wanted: &str) -> Option<u64> {
        let holds = |v: f64| v.fract() == 0.0 && v >= least as f64 && v < 9e15;
        self.number(notes, wanted, holds).map(|number| number as u64)
    }

    pub fn text(&self, notes: &mut Notes, wanted: &str) -> Option<&'a str> {
        match self.value {
            Value::String(text) => Some(text),
            _ => self.refuse(notes, wanted),
        }
    }

    pub fn truth(&self, notes: &mut Notes) -> Option<bool> {
        match self.value {
            Value::Bool(truth) => Some(*truth),
            _ => self.refuse(notes, "true or false"),
        }
    }

    /// Warns of members that nobody reads; `known` are those that somebody does.
    pub fn warn_unknown(&self, known: &[&str], notes: &mut Notes) {
        for name in self.value.as_object().into_iter().flat_map(Map::keys) {
            if !known.contains(&name.as_str()) {
                let key = if self.key.is_empty() { name.clone() } else { format!("{}.{name}", self.key) };
                notes.warn(format!("{key}: unknown field, ignored; known here: {}", known.join(", ")));
            }
        }
    }

    /// Complains about a value that parsed but cannot be meant.
    pub fn complain(&self, notes: &mut Notes, wanted: &str) {
        self.refuse::<()>(notes, wanted);
    }
}

/// The value as the user wrote it, cut to what fits into a message.
fn shorten(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).collect::<String>() + "..." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_says_where_what_and_what_instead() {
        let value = parse_json(r#"{"limits": {"Nn": {"min": "five"}}}"#).expect("this is JSON");
        let mut notes = Notes::default();
        let limits = Entry::root(&value).get("limits").and_then(|entry| entry.get("Nn"));
        let least = limits.and_then(|entry| entry.get("min"));
        assert_eq!(least.and_then(|entry| entry.whole(&mut notes, 1, "a number of nodes")), None);
        assert_eq!(notes.complaints[0].to_string(), r#"limits.Nn.min: found "five", want a number of nodes"#);
    }

    #[test]
    fn broken_json_names_line_and_column() {
        let complaints = parse_json("{\n  \"seed\": 1\n  \"limits\": {}\n}").expect_err("a comma is missing");
        assert!(complaints.0[0].found.contains("line 3, column 3"), "{complaints}");
    }
}
