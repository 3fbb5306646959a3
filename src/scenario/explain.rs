//! Every value in force, and where it came from: the file, an override, or a default.
//!
//! The checked value is written out again with all defaults filled in, and each leaf is looked up in the document.
//! What a key means, and where its default is from, is the doc comment of its field.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::complaint::{Origin, shorten};
use super::document::Document;
use super::node::{Node, Place, Value};
use super::path::{KeyPath, Step};
use super::reader::Read;
use super::shape::Schema;

/// One value in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub key: String,
    /// As it would be written in a scenario; a key that may be left out and was is `none`.
    pub value: String,
    pub origin: Origin,
    /// What the key means, when its type says so.
    pub about: Option<String>,
    json: Json,
}

impl<T: Serialize> Read<T> {
    /// Every value in force, ordered by key, lists by index.
    ///
    /// # Errors
    /// serde's, when the type writes something that JSON cannot hold, such as a map whose keys are no text.
    pub fn explain(&self) -> Result<Vec<Row>, serde_json::Error> {
        rows_at(self.document(), self.schema(), KeyPath::root(), &self.value)
    }
}

/// The rows of a value that stands at `path`.
pub(super) fn rows_at<T: Serialize>(
    document: &Document,
    schema: &Schema,
    path: KeyPath,
    value: &T,
) -> Result<Vec<Row>, serde_json::Error> {
    let json = serde_json::to_value(value)?;
    let mut rows = Rows { document, schema, path, rows: vec![] };
    rows.gather(&Node::from_json(&json), &json, Some(schema.root()), None);
    Ok(rows.rows)
}

/// What holds at a path, in the words of a complaint: what the document says there, or the default of a `value` that was
/// read from the table at `root`.
pub(super) fn in_force<T: Serialize>(document: &Document, root: &KeyPath, path: &KeyPath, value: &T) -> String {
    let (node, found) = document.root().descend(path);
    if found {
        return node.shown();
    }
    let stands_for_it = !matches!(node.value, Value::Table(_) | Value::List(_));
    let json = if stands_for_it { Json::Null } else { serde_json::to_value(value).unwrap_or_default() };
    let mut defaults = &Node::from_json(&json);
    for step in &path.steps()[root.steps().len()..] {
        let Some(child) = defaults.child(step) else { return "nothing".to_owned() };
        defaults = child;
    }
    match defaults.value {
        Value::Text(_) | Value::Integer { .. } | Value::Float { .. } | Value::Boolean(_) => {
            format!("{} (the default)", defaults.shown())
        }
        Value::Nothing | Value::Date(_) | Value::List(_) | Value::Table(_) => "nothing".to_owned(),
    }
}

struct Rows<'a> {
    document: &'a Document,
    schema: &'a Schema,
    path: KeyPath,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn gather(&mut self, node: &Node, json: &Json, schema: Option<&Json>, about: Option<&str>) {
        let shape = schema.and_then(|schema| self.schema.settle(schema, node).ok()).unwrap_or_default();
        match (&node.value, json) {
            (Value::Table(table), Json::Object(fields)) if !table.is_empty() => {
                for (key, child) in table {
                    let part = shape.property(key).or(shape.other());
                    let about = part.and_then(|part| part.get("description")?.as_str());
                    self.path.push(Step::Key(key.clone()));
                    self.gather(child, fields.get(key).unwrap_or(&Json::Null), part, about);
                    self.path.pop();
                }
            }
            (Value::List(items), Json::Array(parts)) if !items.is_empty() && !is_plain(items) => {
                let firsts = shape.word("prefixItems").and_then(Json::as_array);
                for (index, (child, json)) in items.iter().zip(parts).enumerate() {
                    let part = firsts.and_then(|firsts| firsts.get(index)).or(shape.word("items"));
                    self.path.push(Step::Index(index));
                    self.gather(child, json, part, about);
                    self.path.pop();
                }
            }
            _ => {
                let about = about.or_else(|| shape.word("description").and_then(Json::as_str));
                let about = about.map(|about| about.split_whitespace().collect::<Vec<_>>().join(" "));
                let (key, value) = (self.path.to_string(), written(node));
                self.rows.push(Row { key, value, origin: self.origin(), about, json: json.clone() });
            }
        }
    }

    /// Where the value at the path was given. A value written shorter than it is listed (a text that stands for a
    /// table) was given where the text is.
    fn origin(&self) -> Origin {
        let (node, found) = self.document.root().descend(&self.path);
        let stands_for_it = !matches!(node.value, Value::Table(_) | Value::List(_));
        self.document.origin(if found || stands_for_it { node.place } else { Place::Default })
    }
}

/// Whether a list reads best on one line.
fn is_plain(items: &[Node]) -> bool {
    items.iter().all(|item| !matches!(item.value, Value::Table(_) | Value::List(_)))
}

fn written(node: &Node) -> String {
    match &node.value {
        Value::Nothing => "none".into(),
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Table(_) => "{}".into(),
        _ => node.shown(),
    }
}

/// The place as the table shows it: a line is enough to find a value.
fn place(origin: &Origin) -> String {
    match origin {
        Origin::Line { file, line, .. } => format!("{file}:{line}"),
        Origin::Set { .. } => "--set".into(),
        other => other.to_string(),
    }
}

/// The rows as text: value, place and meaning in columns. Long values are shortened.
pub fn table(rows: &[Row]) -> String {
    const VALUE_MAX: usize = 60;
    let cells: Vec<[String; 3]> = rows
        .iter()
        .map(|row| {
            [
                format!("{} = {}", row.key, shorten(&row.value)),
                place(&row.origin),
                row.about.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let width = |column: usize, limit: usize| {
        cells.iter().map(|cells| cells[column].chars().count()).filter(|&width| width <= limit).max().unwrap_or(0)
    };
    // One exceptional row does not push all others apart.
    let (values, places) = (width(0, VALUE_MAX), width(1, VALUE_MAX));
    let line = |[value, place, about]: &[String; 3]| {
        format!("{value:values$}  {place:places$}  {about}").trim_end().to_owned() + "\n"
    };
    cells.iter().map(line).collect()
}

/// The rows as JSON: for each key its value, its origin (`kind` is `file`, `set` or `default`) and its meaning.
pub fn to_json(rows: &[Row]) -> Json {
    let origin = |origin: &Origin| match origin {
        Origin::File { file } => json!({ "kind": "file", "file": &**file }),
        Origin::Line { file, line, column } => {
            json!({ "kind": "file", "file": &**file, "line": line, "column": column })
        }
        Origin::Set { text, .. } => json!({ "kind": "set", "text": &**text }),
        Origin::Default => json!({ "kind": "default" }),
    };
    let entry = |row: &Row| {
        let about = row.about.as_ref().map(|about| ("about", json!(about)));
        let fields = [("value", row.json.clone()), ("origin", origin(&row.origin))].into_iter().chain(about);
        (row.key.clone(), fields.map(|(key, value)| (key.to_owned(), value)).collect::<BTreeMap<_, _>>())
    };
    json!(rows.iter().map(entry).collect::<BTreeMap<_, _>>())
}

#[cfg(test)]
mod tests;
