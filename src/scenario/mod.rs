//! Floor 4: from a scenario file to a checked setup.
//!
//! The kit below knows no concrete scenario: a [`document::Document`] is opened and overridden, [`reader::read`]
//! walks it against the JSON Schema of the type it shall become and reports every complaint at once, and [`explain`]
//! says where each value in force came from. The types of a scenario stand in their own files over it.
//!
//! ```text
//! read_file::<Raw>(path, overrides)? -> Read { value, .. }    every complaint of form, at once
//! let mut desk = Desk::new();                                 then those of sense:
//! desk.add(read.complain("pools.web.boot", found, wanted));   at the line of the file, or at the --set
//! desk.finish()?;
//! explain::table(&read.explain()?)                            value, origin, meaning
//! schema::print::<Raw>()                                      for editors
//! ```

pub mod archive_text;
pub mod check;
pub mod complaint;
pub mod decimal;
pub mod document;
pub mod excerpt;
pub mod explain;
pub mod law_text;
pub mod lines;
pub mod node;
pub mod overrides;
pub mod part;
pub mod path;
pub mod prices;
pub mod raw;
pub mod reader;
pub mod schema;
pub mod setup;
pub mod shape;
pub mod sweep;
pub mod units;
pub mod walk;
