//! Problem files and series as text: gzip by extension, `Problems_from_file` replaced by what it names.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::Complaint;

/// The text that is parsed, and where each of its lines came from.
#[derive(Debug)]
pub struct Source {
    pub text: String,
    files: Vec<PathBuf>,
    /// File and line there, of each line of the text.
    origins: Vec<(usize, usize)>,
}

const INCLUDE: &str = "Problems_from_file";

impl Source {
    pub fn read(path: &Path) -> Result<Source, Complaint> {
        let main = text_of(path, &[".yaml", ".yaml.gz"]).map_err(|found| complaint(path, None, "", &found))?;
        let mut source = Source { text: String::new(), files: vec![path.to_path_buf()], origins: Vec::new() };
        for (k, line) in main.lines().enumerate() {
            match line.strip_prefix(INCLUDE).and_then(|rest| rest.trim_start().strip_prefix(':')) {
                Some(name) => source.include(name, k + 1)?,
                None => source.push(line, 0, k + 1),
            }
        }
        Ok(source)
    }

    fn include(&mut self, name: &str, line: usize) -> Result<(), Complaint> {
        let name = name.split(" #").next().unwrap_or(name).trim().trim_matches(['"', '\'']);
        let main = self.files[0].clone();
        let path = main.parent().unwrap_or(Path::new("")).join(name);
        let text =
            text_of(&path, &[".yaml", ".yaml.gz"]).map_err(|found| complaint(&main, Some(line), INCLUDE, &found))?;
        self.files.push(path);
        let file = self.files.len() - 1;
        text.lines().enumerate().for_each(|(k, line)| self.push(line, file, k + 1));
        Ok(())
    }

    fn push(&mut self, line: &str, file: usize, number: usize) {
        self.text.push_str(line);
        self.text.push('\n');
        self.origins.push((file, number));
    }

    /// File and line of a line of the text, counted from 1.
    pub fn origin(&self, line: usize) -> (PathBuf, usize) {
        let last = self.origins.last().copied().unwrap_or((0, 1));
        let (file, line) = self.origins.get(line.saturating_sub(1)).copied().unwrap_or(last);
        (self.files[file].clone(), line)
    }
}

fn complaint(file: &Path, line: Option<usize>, path: &str, found: &str) -> Complaint {
    Complaint {
        file: file.to_path_buf(),
        line,
        path: path.into(),
        found: found.into(),
        wanted: "a readable .yaml or .yaml.gz file".into(),
    }
}

/// The text of a file, or what is wrong with it.
fn text_of(path: &Path, extensions: &[&str]) -> Result<String, String> {
    let name = path.to_string_lossy();
    if !extensions.iter().any(|extension| name.ends_with(extension)) {
        return Err(format!("the name `{name}`, which should end in {}", extensions.join(" or ")));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("`{name}`: {error}"))?;
    let mut text = String::new();
    let read = if name.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
    } else {
        bytes.as_slice().read_to_string(&mut text)
    };
    read.map_err(|error| format!("`{name}`: {error}"))?;
    Ok(text)
}

/// An external series: one number per line, empty lines skipped. The error says what is wrong, with the line.
pub fn series(path: &Path) -> Result<Vec<f64>, String> {
    let text = text_of(path, &[".csv", ".csv.gz"])?;
    let lines = text.lines().enumerate().map(|(k, line)| (k, line.trim())).filter(|(_, line)| !line.is_empty());
    let number = |(k, line): (usize, &str)| {
        line.parse::<f64>()
            .ok()
            .filter(|value| value.is_finite())
            .ok_or_else(|| format!("`{}`, line {}: `{line}`, which is no number", path.display(), k + 1))
    };
    lines.map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_included_file_keeps_its_own_line_numbers() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("problems.yaml"), "Apps: []\nWorkloads: []\n").unwrap();
        let path = folder.path().join("solution.yaml");
        std::fs::write(&path, "# made by hand\nProblems_from_file: problems.yaml\nSolutions: []\n").unwrap();
        let source = Source::read(&path).unwrap();
        assert_eq!(source.text, "# made by hand\nApps: []\nWorkloads: []\nSolutions: []\n");
        assert_eq!(source.origin(3), (folder.path().join("problems.yaml"), 2));
        assert_eq!(source.origin(4), (path.clone(), 3));
        std::fs::write(&path, "Problems_from_file: nowhere.yaml\n").unwrap();
        let complaint = Source::read(&path).unwrap_err();
        assert_eq!((complaint.line, complaint.path.as_str()), (Some(1), INCLUDE));
        assert!(Source::read(Path::new("notes.txt")).unwrap_err().to_string().contains(".yaml"));
    }

    #[test]
    fn a_series_is_one_number_per_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("load.csv");
        std::fs::write(&path, "1\n\n2.5\n").unwrap();
        assert_eq!(series(&path).unwrap(), [1.0, 2.5]);
        std::fs::write(&path, "1\n\nmany\n").unwrap();
        assert!(series(&path).unwrap_err().contains("line 3"));
    }
}
