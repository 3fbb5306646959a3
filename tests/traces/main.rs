//! Trace readers from outside: small files in the true format of every public trace, everything that can be wrong with one,
//! the real traces where they are at hand, and a generator in place of a real trace.

mod commands;
mod flaws;
mod formats;
#[path = "../conformance/oracle.rs"]
#[allow(dead_code)] // Only the traces are asked for here.
mod oracle;
mod real;

use std::path::PathBuf;

/// A file of `tests/data/traces`.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name)
}
