//! Folders of finished runs, and what a run says of itself: `summary.json` beside `manifest.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{}: found no finished run there or below, want a folder that `run` or `sweep` wrote, or one above it", .0.display())]
    NoRun(PathBuf),
    #[error("--base {base}: want a strategy of the runs: {}", known.join(", "))]
    NoBase { base: String, known: Vec<String> },
    #[error("{}: found {found}, which no report wrote, want a folder of its own", folder.display())]
    Foreign { folder: PathBuf, found: String },
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: found {found}, want {wanted}", path.display())]
    Content { path: PathBuf, found: String, wanted: String },
    #[error("{}: {error}", path.display())]
    Table { path: PathBuf, error: polars::error::PolarsError },
}

/// What is at or below some folders, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Folders of runs.
    pub runs: Vec<PathBuf>,
    /// Tables of sweeps, `points.csv`.
    pub sweeps: Vec<PathBuf>,
}

/// Looks for runs and sweeps at and below some folders.
///
/// # Errors
/// A folder that cannot be read, or that holds neither.
pub fn results_below(folders: &[PathBuf]) -> Result<Found, ReportError> {
    let mut found = Found::default();
    for folder in folders {
        let before = found.runs.len() + found.sweeps.len();
        collect(folder, 3, &mut found)?;
        if found.runs.len() + found.sweeps.len() == before {
            return Err(ReportError::NoRun(folder.clone()));
        }
    }
    for list in [&mut found.runs, &mut found.sweeps] {
        list.sort();
        list.dedup();
    }
    Ok(found)
}

fn collect(folder: &Path, depth: u32, found: &mut Found) -> Result<(), ReportError> {
    let failed = |error| ReportError::Io { path: folder.to_owned(), error };
    if folder.join("summary.json").is_file() {
        // The same run by two ways is one run.
        found.runs.push(folder.canonicalize().map_err(failed)?);
        return Ok(());
    }
    if folder.join("points.csv").is_file() {
        found.sweeps.push(folder.canonicalize().map_err(failed)?.join("points.csv"));
    }
    if depth == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // What begins with a dot is a run under way; what a sweep remembers is no result.
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && !name.starts_with('.') && name != "points.d" {
            collect(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

/// A file of a run as JSON, with complaints that name the file and the key.
pub struct Document {
    path: PathBuf,
    value: Json,
}

impl Document {
    /// # Errors
    /// A file that cannot be read or is no JSON.
    pub fn read(path: PathBuf) -> Result<Document, ReportError> {
        let text = fs::read_to_string(&path).map_err(|error| ReportError::Io { path: path.clone(), error })?;
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Document { path, value }),
            Err(error) => Err(ReportError::Content { path, found: error.to_string(), wanted: "JSON".to_owned() }),
        }
    }

    /// What stands under some keys; null where there is nothing.
    pub fn at(&self, keys: &[&str]) -> &Json {
        keys.iter().fold(&self.value, |value, key| &value[*key])
    }

    /// # Errors
    /// Nothing there, or something else than text.
    pub fn text(&self, keys: &[&str]) -> Result<String, ReportError> {
        self.at(keys).as_str().map(str::to_owned).ok_or_else(|| self.strange(keys, "text"))
    }

    /// # Errors
    /// Nothing there, or something else than a whole number.
    pub fn whole(&self, keys: &[&str]) -> Result<u64, ReportError> {
        self.at(keys).as_u64().ok_or_else(|| self.strange(keys, "a whole number"))
    }

    /// # Errors
    /// Nothing there, or something else than an amount of dollars as text.
    pub fn dollars(&self, keys: &[&str]) -> Result<f64, ReportError> {
        self.at(keys).as_str().and_then(|text| text.parse().ok()).ok_or_else(|| self.strange(keys, "dollars as text"))
    }

    /// A number, where there is one.
    pub fn number(&self, keys: &[&str]) -> Option<f64> {
        self.at(keys).as_f64()
    }

    fn strange(&self, keys: &[&str], wanted: &str) -> ReportError {
        let found = match self.at(keys) {
            Json::Null => "nothing".to_owned(),
            other => other.to_string().chars().take(60).collect(),
        };
        ReportError::Content {
            path: self.path.clone(),
            found: format!("{found} at {}", keys.join(".")),
            wanted: format!("{wanted}, as `run` writes it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_once_and_those_under_way_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["town/max/0-a", "town/libra/0-b", "town/libra/.0-c.1-0.part/files", "town/libra/notes"] {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).unwrap();
            if !name.ends_with("notes") {
                fs::write(path.join("summary.json"), "{}").unwrap();
            }
        }
        std::fs::write(folder.path().join("town/points.csv"), "").unwrap();
        let found = results_below(&[folder.path().to_owned(), folder.path().join("town/max/0-a")]).unwrap();
        assert_eq!((found.sweeps.len(), found.sweeps[0].ends_with("town/points.csv")), (1, true));
        let names: Vec<&str> = found.runs.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["0-b", "0-a"]);
        let empty = results_below(&[folder.path().join("town/libra/notes")]).unwrap_err();
        assert!(empty.to_string().contains("found no finished run"), "{empty}");
    }

    #[test]
    fn a_strange_document_is_refused_with_file_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        fs::write(&path, r#"{"requests":{"arrived":"many"}}"#).unwrap();
        let document = Document::read(path.clone()).unwrap();
        let said = document.whole(&["requests", "arrived"]).unwrap_err().to_string();
        assert!(said.contains("summary.json") && said.contains("\"many\" at requests.arrived"), "{said}");
        assert!(document.text(&["strategy"]).unwrap_err().to_string().contains("found nothing at strategy"));
        fs::write(&path, "{").unwrap();
        assert!(Document::read(path).is_err());
    }
}
