//! Reading a document as a type, with every complaint at once.
//!
//! The document is first walked against the type's JSON Schema; only when nothing is wrong there does serde build the
//! value. Should serde still refuse it, its complaint gets the place it speaks of.
//!
//! What the schema does not know is refused: an `alias` of serde is therefore an unknown key. Unknown keys need no
//! `deny_unknown_fields`; a table takes any key only where its type says so (a map, or a flattened
//! [`FreeTable`](super::units::FreeTable)).

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::complaint::{Complaint, Complaints, Desk};
use super::document::Document;
use super::explain::in_force;
use super::node::{Node, Place};
use super::path::{KeyPath, Step};
use super::shape::Schema;
use super::walk;

/// A value with the document it was read from, for complaints that only a closer look can raise, and for `explain`.
#[derive(Clone, Debug)]
pub struct Read<T> {
    pub value: T,
    document: Document,
    schema: Schema,
}

/// Opens a file, lays overrides over it and reads it.
///
/// # Errors
/// Everything that is wrong with the file, the overrides, or what both say.
pub fn read_file<T>(path: &Path, overrides: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Read<T>, Complaints>
where
    T: DeserializeOwned + Serialize + JsonSchema + 'static,
{
    let mut document = Document::open(path)?;
    let set = document.set_all(overrides);
    let read = read(document);
    match (set, read) {
        (Ok(()), read) => read,
        (Err(complaints), Ok(_)) => Err(complaints),
        (Err(complaints), Err(others)) => {
            let mut desk = Desk::new();
            desk.add_all(complaints);
            desk.add_all(others);
            Err(desk.finish().expect_err("two lists of complaints are not empty"))
        }
    }
}

/// Reads a document as a type.
///
/// # Errors Every unknown, missing, doubled or ill-typed key, every name that is not in its list and every quantity
/// that does not parse.
pub fn read<T: DeserializeOwned + Serialize + JsonSchema + 'static>(document: Document) -> Result<Read<T>, Complaints> {
    let schema = Schema::of::<T>();
    let mut desk = Desk::new();
    document.duplicates().iter().for_each(|complaint| desk.add(complaint.clone()));
    walk::check(&document, &schema, &mut desk);
    desk.finish()?;
    let value =
        serde_path_to_error::deserialize(document.root().to_toml()).map_err(|error| refused(&document, &error))?;
    Ok(Read { value, document, schema })
}

/// What serde refused although the schema allowed it, such as a text that a type of its own does not parse.
fn refused(document: &Document, error: &serde_path_to_error::Error<toml::de::Error>) -> Complaint {
    let mut path = KeyPath::root();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => path.push(Step::Index(*index)),
            Segment::Map { key } => path.push(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    let message = error.inner().message();
    let wanted = message
        .rsplit_once(", expected ")
        .map_or_else(|| format!("another value: {message}"), |(_, wanted)| wanted.to_owned());
    let found = document.at(&path).map_or("nothing".to_owned(), Node::shown);
    complain(document, &path, &found, &wanted)
}

/// A complaint about a path, at the place of its value or of the nearest table above it.
pub(super) fn complain(document: &Document, path: &KeyPath, found: &str, wanted: &str) -> Complaint {
    let (node, _) = document.root().descend(path);
    document.complaint(node.place, 0, path, found, wanted)
}

impl<T> Read<T> {
    pub fn document(&self) -> &Document {
        &self.document
    }

    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }

    /// A complaint about a value that has the right form and still cannot be. A value that was overridden is complained
    /// about at its override, one that was left out at the table it would stand in.
    pub fn complain(&self, path: impl Into<KeyPath>, found: impl AsRef<str>, wanted: impl AsRef<str>) -> Complaint {
        complain(&self.document, &path.into(), found.as_ref(), wanted.as_ref())
    }

    /// Whether the file or an override gives a value at a path, so that a default can be told from a choice.
    pub fn is_given(&self, path: impl Into<KeyPath>) -> bool {
        self.document.at(&path.into()).is_some_and(|node| node.place != Place::Default)
    }
}

impl<T: Serialize> Read<T> {
    /// [`Read::complain`] with what the document has there, or with the default where it says nothing.
    pub fn refuse(&self, path: impl Into<KeyPath>, wanted: impl AsRef<str>) -> Complaint {
        let path = path.into();
        let found = in_force(&self.document, &KeyPath::root(), &path, &self.value);
        complain(&self.document, &path, &found, wanted.as_ref())
    }
}

#[cfg(test)]
mod tests;
