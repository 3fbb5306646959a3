//! Trace readers from outside: small files in the true format of every public trace, everything that can be wrong with one,
//! the real traces where they are at hand, and a generator in place of a real trace.

mod commands;
mod flaws;
mod formats;
mod guide;
#[path = "../conformance/oracle.rs"]
#[allow(dead_code)] // Only the traces are asked for here.
mod oracle;
mod packed;
mod real;
mod slips;
mod sources;

use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// A file of `tests/data/traces`.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name)
}

/// Runs the program in a folder: what it prints, what it complains of, its exit code.
fn stratosim(folder: &Path, arguments: &[&str]) -> (String, String, i32) {
    let output = Command::cargo_bin("stratosim").unwrap().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}
