//! Floor 4: from a scenario file to a checked setup.
//!
//! The kit below knows no concrete scenario: a [`document::Document`] is opened and overridden, [`reader::read`] walks it
//! against the JSON Schema of the type it shall become and reports every complaint at once, and [`explain`] says where
//! each value in force came from. The types of a scenario stand in their own files over it.

pub mod complaint;
pub mod decimal;
pub mod document;
pub mod excerpt;
pub mod explain;
pub mod law_text;
pub mod lines;
pub mod node;
pub mod overrides;
pub mod path;
pub mod prices;
pub mod raw;
pub mod reader;
pub mod schema;
pub mod shape;
pub mod units;
pub mod walk;
