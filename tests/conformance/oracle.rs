//! Where golden data lie, and how a test says that it left something out.

use std::io::Write;
use std::path::PathBuf;

/// The folder of one published system: the full oracle where it is at hand, else the small copy shipped with the project.
///
/// `None` only when neither holds the folder; the test then has nothing to compare and has said so.
pub fn folder(system: &str) -> Option<PathBuf> {
    let root = std::env::var_os("STRATOSIM_ORACLE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle"), PathBuf::from);
    let full = root.join(system);
    if full.is_dir() {
        return Some(full);
    }
    let small = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracle").join(system);
    if small.is_dir() {
        skipped(&format!("{system}: no golden data at {}, the small copy in tests/data was used", full.display()));
        return Some(small);
    }
    skipped(&format!("{system}: no golden data at {}", full.display()));
    None
}

/// The folder of real traces (`STRATOSIM_TRACES`, default `../shared/traces`), or `None` after saying what is left out.
#[allow(dead_code)] // Not every golden folder refers to a trace.
pub fn traces(wanted_for: &str) -> Option<PathBuf> {
    let root = std::env::var_os("STRATOSIM_TRACES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/traces"), PathBuf::from);
    if root.is_dir() {
        return Some(root);
    }
    skipped(&format!("{wanted_for}: no traces at {}", root.display()));
    None
}

/// Notes what a test left out. The test command prints these lines last, so that a green run does not hide them.
pub fn skipped(what: &str) {
    eprintln!("skipped: {what}");
    let list = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("skipped.txt");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(&list);
    let mut file = file.unwrap_or_else(|error| panic!("{}: {error}", list.display()));
    writeln!(file, "{what}").unwrap_or_else(|error| panic!("{}: {error}", list.display()));
}
