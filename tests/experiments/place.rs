//! A folder of its own in which commands are run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stratosim::experiment::opened::{Opened, open};

/// The small scenarios of our own and what they name.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

pub struct Place {
    folder: tempfile::TempDir,
}

/// What a command said.
#[derive(Debug, PartialEq)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    /// With the small scenarios in it.
    pub fn golden() -> Place {
        let place = Place::new();
        for entry in std::fs::read_dir(GOLDEN).unwrap() {
            let from = entry.unwrap().path();
            std::fs::copy(&from, place.path(from.file_name().unwrap().to_str().unwrap())).unwrap();
        }
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stratosim"));
        command.current_dir(self.folder.path()).args(line.split_whitespace()).stdin(Stdio::null());
        command
    }

    /// Runs arguments separated by blanks.
    pub fn line(&self, line: &str) -> Said {
        said(&self.command(line).output().unwrap())
    }

    /// The same, which must succeed; what it printed.
    pub fn done(&self, line: &str) -> String {
        let said = self.line(line);
        assert_eq!(said.code, Some(0), "{line}: {said:?}");
        said.out
    }

    /// The only file of a name below a folder.
    pub fn find(&self, below: &str, name: &str) -> PathBuf {
        let mut found = Vec::new();
        list(&self.path(below), &mut found);
        found.retain(|path| path.file_name().is_some_and(|file| file == name));
        assert_eq!(found.len(), 1, "{name} below {below}: {found:?}");
        found.remove(0)
    }
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { list(&path, found) } else { found.push(path) }
    }
}

pub fn said(output: &std::process::Output) -> Said {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!said.err.contains("panicked"), "{said:?}");
    said
}

/// Opens the text of a scenario.
pub fn opened(text: &str) -> Opened {
    let place = Place::new();
    let path = place.write("scenario.toml", text);
    open(&path, &[]).unwrap_or_else(|complaints| panic!("{text}\n{complaints}"))
}

/// One queue: Poisson arrivals, exponential work of a second, machines with one slot each.
pub fn queue(rate: f64, size: u32, horizon_s: u64) -> String {
    format!(
        "name = \"queue\"\nstrategies = [\"max\", \"two\"]\nhorizon = \"{horizon_s}s\"\nslo = \"3s\"\n\
         [strategy.two]\nuse = \"max\"\nsize = {}\n\
         [functions.f]\nwork = \"exponential(1s)\"\n\
         [sources.s]\nkind = \"poisson\"\nrate = \"{rate}/s\"\n\
         [pools.p]\nkind = \"vm\"\ntype = \"any\"\nslots = 1\nsize = {size}\n",
        2 * size
    )
}
