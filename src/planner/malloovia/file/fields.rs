//! Reading the fields of YAML mappings: each asks for what it wants, and every disappointment becomes a complaint.

use super::Complaint;
use super::source::Source;
use super::tree::{Entry, Item, NodeId, Tree, Value};

/// A tree, where its lines came from, and what was found wrong with it so far.
pub struct Form<'a> {
    pub tree: &'a Tree,
    pub source: &'a Source,
    pub complaints: Vec<Complaint>,
}

impl<'a> Form<'a> {
    /// Notes that at `line` (of the parsed text), at `path`, something else was found than was wanted.
    pub fn complain(
        &mut self,
        line: usize,
        path: impl Into<String>,
        found: impl Into<String>,
        wanted: impl Into<String>,
    ) {
        let (file, line) = self.source.origin(line);
        self.complaints.push(Complaint {
            file,
            line: Some(line),
            path: path.into(),
            found: found.into(),
            wanted: wanted.into(),
        });
    }

    /// What stands at a node, in few words.
    pub fn describe(&self, node: NodeId) -> String {
        match &self.tree.node(node).value {
            Value::Scalar(text, true) if text.is_empty() => "nothing".into(),
            Value::Scalar(text, true) => format!("`{text}`"),
            Value::Scalar(text, false) => format!("the text \"{text}\""),
            Value::Sequence(_) => "a list".into(),
            Value::Mapping(_) => "a mapping".into(),
            Value::Dangling(name) => format!("the alias `*{name}`, whose anchor is not in the file"),
        }
    }

    /// The entries of a mapping, after complaining of keys that are not known and of required ones that are missing.
    pub fn mapping(&mut self, item: Item, path: &str, required: &[&str], optional: &[&str]) -> Option<&'a [Entry]> {
        let tree = self.tree;
        let Some(entries) = tree.entries(item.node) else {
            self.complain(item.line, path, self.describe(item.node), "a mapping");
            return None;
        };
        for entry in entries {
            if !required.contains(&entry.key.as_str()) && !optional.contains(&entry.key.as_str()) {
                let known = [required, optional].concat().join(", ");
                self.complain(
                    entry.line,
                    join(path, &entry.key),
                    format!("the unknown key `{}`", entry.key),
                    format!("one of {known}"),
                );
            }
        }
        for key in required {
            if !entries.iter().any(|entry| entry.key == *key) {
                let line = tree.node(item.node).line;
                self.complain(line, join(path, key), format!("no `{key}`"), "this field, which is required");
            }
        }
        Some(entries)
    }

    pub fn list(&mut self, item: Item, path: &str) -> Option<&'a [Item]> {
        let tree = self.tree;
        let items = tree.items(item.node);
        if items.is_none() {
            self.complain(item.line, path, self.describe(item.node), "a list");
        }
        items
    }

    /// A text. Unquoted numbers, truth values and nulls are none, as in any YAML reader.
    pub fn string(&mut self, item: Item, path: &str) -> Option<String> {
        match &self.tree.node(item.node).value {
            Value::Scalar(text, false) => Some(text.clone()),
            Value::Scalar(text, true) if !is_null(text) && truth(text).is_none() && number(text).is_none() => {
                Some(text.clone())
            }
            Value::Scalar(..) => {
                self.complain(
                    item.line,
                    path,
                    self.describe(item.node),
                    "a text (a number or a word like `yes` needs quotes)",
                );
                None
            }
            _ => {
                self.complain(item.line, path, self.describe(item.node), "a text");
                None
            }
        }
    }

    pub fn number(&mut self, item: Item, path: &str) -> Option<f64> {
        if let Value::Scalar(text, true) = &self.tree.node(item.node).value
            && let Some(value) = number(text)
        {
            return Some(value);
        }
        self.complain(item.line, path, self.describe(item.node), "a number");
        None
    }

    /// A number or null.
    pub fn number_or_null(&mut self, item: Item, path: &str) -> Option<Option<f64>> {
        match &self.tree.node(item.node).value {
            Value::Scalar(text, true) if is_null(text) => Some(None),
            _ => self.number(item, path).map(Some),
        }
    }

    /// A whole number of at least `least`.
    pub fn count(&mut self, item: Item, path: &str, least: u32) -> Option<u32> {
        let value = self.number(item, path)?;
        let fits = value.fract() == 0.0 && value >= f64::from(least) && value <= f64::from(u32::MAX);
        if !fits {
            self.complain(item.line, path, self.describe(item.node), format!("a whole number of at least {least}"));
        }
        fits.then_some(value as u32)
    }

    pub fn truth(&mut self, item: Item, path: &str) -> Option<bool> {
        if let Value::Scalar(text, true) = &self.tree.node(item.node).value
            && let Some(value) = truth(text)
        {
            return Some(value);
        }
        self.complain(item.line, path, self.describe(item.node), "true or false");
        None
    }

    /// One of a few words.
    pub fn word<T>(&mut self, item: Item, path: &str, wanted: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.tree.text(item.node).and_then(read);
        if value.is_none() {
            self.complain(item.line, path, self.describe(item.node), wanted);
        }
        value
    }
}

/// The value behind a key, on the line of the key.
pub fn get(entries: &[Entry], key: &str) -> Option<Item> {
    entries.iter().find(|entry| entry.key == key).map(|entry| Item { line: entry.line, ..entry.item })
}

pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.into() } else { format!("{path}.{key}") }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The truth values of YAML 1.1, which the original's reader follows.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Some(true),
        "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    let digits = text.trim_start_matches(['+', '-']);
    match digits {
        ".inf" | ".Inf" | ".INF" => Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_a_yaml_reader_takes_them_for() {
        assert_eq!(
            [number("3"), number("-0.5"), number(".5"), number("nan"), number("12 apples")],
            [Some(3.0), Some(-0.5), Some(0.5), None, None]
        );
        assert_eq!([truth("False"), truth("yes"), truth("perhaps")], [Some(false), Some(true), None]);
        assert!(is_null("~") && is_null("") && !is_null("0"));
    }
}
