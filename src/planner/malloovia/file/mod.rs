//! Problem and solution files in the YAML language of the original.
//!
//! Reading needs the feature `yaml`; writing does not. A file is checked against the language as a whole, and every fault
//! comes with its line and path: first those of the text and its structure, and, once there are none, those of the
//! problems it states. Differs from the original: entities are told apart by what their aliases refer to and may not share
//! an id, `d` is a unit everywhere, a workload needs no description, and files that include others can be read back.

#[cfg(feature = "yaml")]
mod fields;
#[cfg(feature = "yaml")]
mod read;
#[cfg(feature = "yaml")]
mod record;
#[cfg(feature = "yaml")]
mod source;
#[cfg(feature = "yaml")]
mod tree;
mod write;

use std::fmt;
use std::path::PathBuf;

#[cfg(feature = "yaml")]
pub use read::{ProblemFile, Scope, read};
#[cfg(feature = "yaml")]
pub use record::{Allocation, Record, SlotRecord};
pub use write::{problems_yaml, solutions_yaml};

/// One thing wrong with a file: where, what was found, what was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    pub file: PathBuf,
    pub line: Option<usize>,
    /// Such as `Instance_classes[0].price`; empty for the file as a whole.
    pub path: String,
    pub found: String,
    pub wanted: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if !self.path.is_empty() {
            write!(f, " {}:", self.path)?;
        }
        write!(f, " found {}, wanted {}", self.found, self.wanted)
    }
}

/// Everything wrong with a file, never empty, the first fault first.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Complaints(pub Vec<Complaint>);
