//! The binary as a person meets it: what it prints, its exit codes, the files it leaves, and that they are the same
//! bytes every time.

mod archive;
#[cfg(feature = "planning")] // Some cases name its strategies.
mod bad_input;
mod columns;
mod commands;
#[cfg(feature = "planning")] // Pages and scenarios show all there is.
mod docs;
mod economy;
mod edge;
mod folders;
mod hostile;
#[cfg(not(feature = "planning"))]
mod left_out;
mod notebooks;
#[allow(dead_code)] // Golden data are not compared here.
#[path = "../conformance/oracle.rs"]
mod oracle;
#[cfg(feature = "report")]
mod pages;
mod same_bytes;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use sha2::{Digest as _, Sha256};

/// The small scenarios of our own and what they name.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
/// A command that takes longer hangs: none needs more than seconds of a processor that it has to itself.
const PATIENCE: Duration = Duration::from_secs(600);

/// A folder of its own with the small scenarios in it, in which commands are run.
struct Place {
    folder: tempfile::TempDir,
}

/// What a command said.
#[derive(Debug, PartialEq)]
struct Said {
    /// `None`: ended by a signal.
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        for entry in std::fs::read_dir(GOLDEN).unwrap() {
            let from = entry.unwrap().path();
            std::fs::copy(&from, place.path(from.file_name().unwrap().to_str().unwrap())).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The binary, about to be run in this folder.
    fn command<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stratosim"));
        command.current_dir(self.folder.path()).args(arguments).env_remove("RUST_BACKTRACE").timeout(PATIENCE);
        command
    }

    fn run<A: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Said {
        said(&self.command(arguments).output().unwrap())
    }

    /// Runs arguments separated by blanks.
    fn line(&self, arguments: &str) -> Said {
        self.run(arguments.split_whitespace())
    }

    /// Every file under a folder, by its path from there, with the hash of its bytes.
    fn hashes(&self, under: &str) -> BTreeMap<String, String> {
        let root = self.path(under);
        let mut files = vec![];
        list(&root, &mut files);
        let hash = |path: PathBuf| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            (name, sha256(&std::fs::read(&path).unwrap()))
        };
        files.into_iter().map(hash).collect()
    }
}

fn said(output: &std::process::Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!said.err.contains("panicked"), "{said:?}");
    said
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether golden files are to be written anew, after a change that was meant.
fn blessing() -> bool {
    std::env::var_os("STRATOSIM_BLESS").is_some()
}
