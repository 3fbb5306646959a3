//! Where a report may be written: a folder that is not there, an empty one, or that of an earlier report. The whole folder
//! gives way, so whoever names one with other things in it is told, and keeps them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::folders::ReportError;

/// What each figure is written as.
const ENDINGS: [&str; 3] = ["csv", "png", "svg"];

/// The folder to replace, by a path whose last part is a name.
///
/// # Errors
/// A folder that holds what no report wrote, or cannot be read.
pub fn target(out: &Path) -> Result<PathBuf, ReportError> {
    let failed = |error| ReportError::Io { path: out.to_owned(), error };
    if !out.exists() {
        return std::path::absolute(out).map_err(failed);
    }
    match foreign(out).map_err(failed)? {
        Some(found) => Err(ReportError::Foreign { folder: out.to_owned(), found }),
        None => out.canonicalize().map_err(failed),
    }
}

/// The first name in a folder that no report wrote.
fn foreign(folder: &Path) -> io::Result<Option<String>> {
    let names = names(folder)?;
    let is_report = names.contains(super::PAGE);
    for name in names {
        let path = folder.join(&name);
        let ours = name == super::PAGE || (is_report && path.is_dir() && holds_figures(&path)?);
        if !ours {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether everything in a folder is a figure in all its forms.
fn holds_figures(folder: &Path) -> io::Result<bool> {
    let names = names(folder)?;
    let whole = |name: &String| {
        let Some((stem, ending)) = name.rsplit_once('.') else { return false };
        ENDINGS.contains(&ending) && ENDINGS.iter().all(|ending| names.contains(&format!("{stem}.{ending}")))
    };
    Ok(names.iter().all(whole))
}

fn names(folder: &Path) -> io::Result<BTreeSet<String>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_gives_way_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let (out, town) = (folder.path().join("report"), folder.path().join("report/town"));
        let said = || target(&out).map_err(|error| error.to_string());
        assert_eq!(said(), Ok(out.clone()));
        fs::create_dir_all(&town).unwrap();
        assert!(said().unwrap_err().ends_with("report: found town, which no report wrote, want a folder of its own"));
        fs::write(out.join("index.html"), "").unwrap();
        for ending in ENDINGS {
            fs::write(town.join(format!("load.{ending}")), "").unwrap();
        }
        assert_eq!(said(), Ok(out.canonicalize().unwrap()));
        // A table of somebody's own among the figures, or beside them.
        fs::write(town.join("mine.csv"), "").unwrap();
        assert!(said().unwrap_err().contains("found town"));
        fs::rename(town.join("mine.csv"), out.join("mine.csv")).unwrap();
        assert!(said().unwrap_err().contains("found mine.csv"));
    }
}
