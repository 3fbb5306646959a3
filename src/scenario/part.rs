//! A part of a document read as a type of its own: the parameters of a strategy, which the scenario passes on unread.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::complaint::{Complaint, Complaints, Desk};
use super::document::Document;
use super::explain::{self, Row};
use super::node::{Node, Place, Table, Value};
use super::path::KeyPath;
use super::reader;
use super::shape::Schema;
use super::walk;

/// A value with the place it was read from.
pub struct Part<'d, T> {
    pub value: T,
    document: &'d Document,
    path: KeyPath,
    schema: Schema,
}

/// Reads the table at `path` as a type; one that is not there is an empty table.
///
/// # Errors
/// Every unknown, missing or ill-typed key, and every quantity that does not parse.
pub fn read_part<T>(document: &Document, path: KeyPath) -> Result<Part<'_, T>, Complaints>
where
    T: DeserializeOwned + Serialize + JsonSchema + 'static,
{
    let schema = Schema::of::<T>();
    let empty = Node::new(Value::Table(Table::default()), Place::Default);
    let node = document.at(&path).unwrap_or(&empty);
    let mut desk = Desk::new();
    walk::check_part(document, &schema, node, &path, &mut desk);
    desk.finish()?;
    let value = serde_path_to_error::deserialize(node.to_toml()).map_err(|error| {
        let message = error.inner().message().to_owned();
        Complaint::new(document.origin(node.place), &path, node.shown(), format!("another value: {message}"))
    })?;
    Ok(Part { value, document, path, schema })
}

impl<T: Serialize> Part<'_, T> {
    /// A complaint about one of its keys.
    pub fn complain(&self, key: &str, found: impl AsRef<str>, wanted: impl AsRef<str>) -> Complaint {
        reader::complain(self.document, &self.path.key(key), found.as_ref(), wanted.as_ref())
    }

    /// The same with what the document has there, or with the default where it says nothing.
    pub fn refuse(&self, key: &str, wanted: impl AsRef<str>) -> Complaint {
        self.refuse_at(&KeyPath::root().key(key), wanted)
    }

    /// The same about a place further below.
    pub fn refuse_at(&self, below: &KeyPath, wanted: impl AsRef<str>) -> Complaint {
        let mut path = self.path.clone();
        below.steps().iter().for_each(|step| path.push(step.clone()));
        let found = explain::in_force(self.document, &self.path, &path, &self.value);
        reader::complain(self.document, &path, &found, wanted.as_ref())
    }

    /// Every value in force and where it came from.
    ///
    /// # Errors
    /// serde's, when the type writes something that JSON cannot hold.
    pub fn explain(&self) -> Result<Vec<Row>, serde_json::Error> {
        explain::rows_at(self.document, &self.schema, self.path.clone(), &self.value)
    }
}
