//! A scenario as values that know where they stand.
//!
//! Parsed TOML, overrides of the command line and filled-in defaults meet here, so that everything above asks a value
//! for its place in the same way.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::complaint::quoted;
use super::path::{KeyPath, Step};

/// Where a value stands: bytes of the file, an override, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    Whole,
    /// These bytes of the file.
    Bytes {
        start: usize,
        end: usize,
    },
    /// The override of this number.
    Set(u32),
    Default,
}

/// A value with its place and that of the key it stands under.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub value: Value,
    pub place: Place,
    pub key_place: Place,
}

pub type Table = BTreeMap<String, Node>;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A key that may be left out and was; TOML itself cannot say this.
    Nothing,
    Text(String),
    /// As it was written, and as a number unless it needs more than 64 bits.
    Integer {
        written: String,
        number: Option<i64>,
    },
    Float {
        written: String,
        number: f64,
    },
    Boolean(bool),
    Date(Datetime),
    List(Vec<Node>),
    Table(Table),
}

/// Deeper scenarios are refused, so that no walk over one can exhaust the stack.
pub const DEPTH_MAX: usize = 64;

/// The value that lies deeper than [`DEPTH_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeep(pub Place);

impl Node {
    pub fn new(value: Value, place: Place) -> Node {
        Node { value, place, key_place: place }
    }

    /// The node of a parsed document.
    pub(super) fn from_document(document: &DeValue<'_>) -> Result<Node, TooDeep> {
        Ok(Node::new(value_from(document, Place::Whole, 1, None)?, Place::Whole))
    }

    /// The node of one parsed value, all of it at the place of an override.
    pub(super) fn from_override(value: &DeValue<'_>, nth: u32) -> Result<Node, TooDeep> {
        let place = Place::Set(nth);
        Ok(Node::new(value_from(value, place, 1, Some(place))?, place))
    }

    /// The node of a value written by serde; all of it at [`Place::Default`].
    pub(super) fn from_json(json: &serde_json::Value) -> Node {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Nothing,
            Json::Bool(truth) => Value::Boolean(*truth),
            Json::String(text) => Value::Text(text.clone()),
            Json::Number(number) => match (number.is_f64(), number.as_f64()) {
                (true, Some(float)) => Value::Float { written: number.to_string(), number: float },
                _ => Value::Integer { written: number.to_string(), number: number.as_i64() },
            },
            Json::Array(items) => Value::List(items.iter().map(Node::from_json).collect()),
            Json::Object(fields) => {
                Value::Table(fields.iter().map(|(key, field)| (key.clone(), Node::from_json(field))).collect())
            }
        };
        Node::new(value, Place::Default)
    }

    pub fn child(&self, step: &Step) -> Option<&Node> {
        match (&self.value, step) {
            (Value::Table(table), Step::Key(key)) => table.get(key),
            (Value::List(items), Step::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// The node at the end of a path, or the last one on the way that exists; `true` when it is the end.
    pub fn descend(&self, path: &KeyPath) -> (&Node, bool) {
        let mut node = self;
        for step in path.steps() {
            match node.child(step) {
                Some(child) => node = child,
                None => return (node, false),
            }
        }
        (node, true)
    }

    /// The value as a complaint shows it.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Nothing => "nothing".into(),
            Value::Text(text) => quoted(text),
            Value::Integer { written, .. } | Value::Float { written, .. } => written.clone(),
            Value::Boolean(truth) => truth.to_string(),
            Value::Date(date) => format!("the date {date}"),
            Value::List(items) if items.is_empty() => "an empty list".into(),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Table(table) if table.is_empty() => "an empty table".into(),
            Value::Table(_) => "a table".into(),
        }
    }

    /// The value without places, for serde. What TOML cannot say (nothing, a whole number past 64 bits) is left out or
    /// becomes text; a checked document holds neither.
    pub(super) fn to_toml(&self) -> toml::Value {
        match &self.value {
            Value::Nothing => toml::Value::String(String::new()),
            Value::Text(text) => toml::Value::String(text.clone()),
            Value::Integer { number: Some(number), .. } => toml::Value::Integer(*number),
            Value::Integer { written, number: None } => toml::Value::String(written.clone()),
            Value::Float { number, .. } => toml::Value::Float(*number),
            Value::Boolean(truth) => toml::Value::Boolean(*truth),
            Value::Date(date) => toml::Value::Datetime(*date),
            Value::List(items) => toml::Value::Array(items.iter().map(Node::to_toml).collect()),
            Value::Table(table) => {
                let filled = table.iter().filter(|(_, node)| node.value != Value::Nothing);
                toml::Value::Table(filled.map(|(key, node)| (key.clone(), node.to_toml())).collect())
            }
        }
    }
}

/// A parsed value, taken apart level by level when it is dropped: dotted keys inside inline tables nest thousands of
/// levels deep before the parser objects, and if each level dropped the one below, the stack would end first.
pub(super) struct Parsed<'t>(DeValue<'t>);

impl<'t> Parsed<'t> {
    pub fn table(table: DeTable<'t>) -> Parsed<'t> {
        Parsed(DeValue::Table(table))
    }

    /// One value, such as that of an override; `None` where the text is no TOML.
    pub fn of_value(text: &'t str) -> Option<Parsed<'t>> {
        let (value, errors) = DeValue::parse_recoverable(text);
        let parsed = Parsed(value.into_inner());
        errors.is_empty().then_some(parsed)
    }

    pub fn value(&self) -> &DeValue<'t> {
        &self.0
    }
}

impl Drop for Parsed<'_> {
    fn drop(&mut self) {
        let mut left = vec![std::mem::replace(&mut self.0, DeValue::Boolean(false))];
        while let Some(value) = left.pop() {
            match value {
                DeValue::Array(items) => left.extend(items.into_iter().map(toml::Spanned::into_inner)),
                DeValue::Table(table) => left.extend(table.into_iter().map(|(_, value)| value.into_inner())),
                _ => {}
            }
        }
    }
}

/// `everywhere` replaces all places, for values that do not stand in the file.
fn table_from(table: &DeTable<'_>, depth: usize, everywhere: Option<Place>) -> Result<Table, TooDeep> {
    let place = |span: std::ops::Range<usize>| everywhere.unwrap_or(Place::Bytes { start: span.start, end: span.end });
    let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let (key_place, value_place) = (place(key.span()), place(value.span()));
        let value = value_from(value.get_ref(), value_place, depth + 1, everywhere)?;
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        Ok((name.clone().into_owned(), Node { value, place: value_place, key_place }))
    };
    table.iter().map(entry).collect()
}

fn value_from(value: &DeValue<'_>, place: Place, depth: usize, everywhere: Option<Place>) -> Result<Value, TooDeep> {
    if depth > DEPTH_MAX {
        return Err(TooDeep(place));
    }
    Ok(match value {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(integer) => Value::Integer {
            written: integer.to_string(),
            number: i64::from_str_radix(integer.as_str(), integer.radix()).ok(),
        },
        // A float of TOML is one of Rust; should that ever change, the value is not finite and is refused as such.
        DeValue::Float(float) => {
            Value::Float { written: float.to_string(), number: float.as_str().parse().unwrap_or(f64::NAN) }
        }
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(date) => Value::Date(*date),
        DeValue::Array(items) => {
            let item = |item: &toml::Spanned<DeValue<'_>>| {
                let span = item.span();
                let place = everywhere.unwrap_or(Place::Bytes { start: span.start, end: span.end });
                value_from(item.get_ref(), place, depth + 1, everywhere).map(|value| Node::new(value, place))
            };
            Value::List(items.iter().map(item).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Value::Table(table_from(table, depth, everywhere)?),
    })
}
