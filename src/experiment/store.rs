//! Finished runs of a sweep, each under the address of what determines it: a file is there whole, or not at all.
//!
//! A run is written aside and renamed. A process that is killed leaves at most a part, which the next one removes; whoever
//! else is at work in the same folder, on this machine or another, is not disturbed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::measures::{COUNT, MEASURES, Values};
use super::observe::Verdict;

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub values: Values,
    pub verdict: Verdict,
}

/// A folder of runs.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    parts: AtomicU64,
}

impl Store {
    /// Opens a folder, made if need be, and removes the parts of processes that are gone.
    ///
    /// # Errors
    /// A folder that cannot be made or listed.
    pub fn open(folder: &Path) -> io::Result<Store> {
        fs::create_dir_all(folder)?;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_part = path.extension().is_some_and(|extension| extension == "part");
            if is_part && File::open(&path).is_ok_and(|part| part.try_lock().is_ok()) {
                // Somebody else may have removed it just now.
                drop(fs::remove_file(&path));
            }
        }
        Ok(Store { folder: folder.to_owned(), parts: AtomicU64::new(0) })
    }

    /// A folder that is only read; one that is not there holds nothing.
    pub fn of(folder: &Path) -> Store {
        Store { folder: folder.to_owned(), parts: AtomicU64::new(0) }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, address: &str) -> PathBuf {
        self.folder.join(format!("{address}.csv"))
    }

    /// The run at an address; `None` where there is none, or a file that this program did not write so.
    pub fn get(&self, address: &str) -> Option<Kept> {
        read(&fs::read_to_string(self.path(address)).ok()?)
    }

    /// Keeps a run.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn put(&self, address: &str, kept: &Kept) -> io::Result<()> {
        self.write(&format!("{address}.csv"), write(kept).as_bytes())
    }

    /// Writes a file of any name into the folder, whole or not at all.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        /// Another process may take a new part for a stale one before it is locked; more often than once is no accident.
        const TRIES: u32 = 5;
        for last in (0..TRIES).rev() {
            let nth = self.parts.fetch_add(1, Ordering::Relaxed);
            let part = self.folder.join(format!(".{name}.{}-{nth}.part", std::process::id()));
            let mut file = File::create(&part)?;
            // A file system without locks removes no parts either.
            drop(file.try_lock());
            file.write_all(bytes)?;
            match fs::rename(&part, self.folder.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && last > 0 => {}
                done => return done,
            }
        }
        unreachable!("the last try returns")
    }
}

fn header() -> String {
    let keys: Vec<&str> = MEASURES.iter().map(|measure| measure.key).collect();
    format!("verdict,{}", keys.join(","))
}

fn write(kept: &Kept) -> String {
    let mut text = header();
    text += "\n";
    text += kept.verdict.word();
    for value in kept.values {
        text.push(',');
        if let Some(value) = value {
            text += zmij::Buffer::new().format(value);
        }
    }
    text + "\n"
}

fn read(text: &str) -> Option<Kept> {
    let (first, row) = text.strip_suffix('\n')?.split_once('\n')?;
    if first != header() {
        return None;
    }
    let mut fields = row.split(',');
    let word = fields.next()?;
    let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.word() == word)?;
    let mut values: Values = [None; COUNT];
    for value in &mut values {
        let field = fields.next()?;
        *value = if field.is_empty() { None } else { Some(field.parse().ok()?) };
    }
    fields.next().is_none().then_some(Kept { values, verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        let mut values = [None; COUNT];
        (values[0], values[3], values[COUNT - 1]) = (Some(0.1 + 0.2), Some(1e-300), Some(-7.0));
        Kept { values, verdict: Verdict::Saturated }
    }

    #[test]
    fn what_is_kept_comes_back_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.get("abc"), None);
        store.put("abc", &kept()).unwrap();
        assert_eq!(store.get("abc"), Some(kept()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_cut_short_or_of_another_program_is_no_run() {
        let text = write(&kept());
        for end in 0..text.len() {
            assert_eq!(read(&text[..end]), None, "{end}");
        }
        assert_eq!(read(&text.replace("requests", "request")), None);
        assert_eq!(read(&text.replace("saturated", "fine")), None);
    }

    #[test]
    fn parts_of_the_dead_are_removed_and_those_of_the_living_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (dead, alive) = (folder.path().join(".a.csv.1-0.part"), folder.path().join(".b.csv.2-0.part"));
        fs::write(&dead, "half").unwrap();
        let held = File::create(&alive).unwrap();
        held.lock().unwrap();
        Store::open(folder.path()).unwrap();
        assert!(!dead.exists() && alive.exists());
    }
}
