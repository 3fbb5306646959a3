//! Reading golden folders: the index, tables by column name, and comparison within a stated tolerance.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

/// Parses a JSON file of a golden folder.
pub fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A CSV file of a golden folder.
pub struct Table {
    columns: HashMap<String, usize>,
    pub rows: Vec<csv::StringRecord>,
}

impl Table {
    pub fn read(path: &Path) -> Table {
        let mut reader = csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let header = reader.headers().expect("a golden table has a header").clone();
        let columns = header.iter().enumerate().map(|(place, name)| (name.to_owned(), place)).collect();
        Table { columns, rows: reader.records().map(|row| row.expect("a golden table is well formed")).collect() }
    }

    pub fn text<'a>(&self, row: &'a csv::StringRecord, column: &str) -> &'a str {
        let place = self.columns.get(column).unwrap_or_else(|| panic!("no column {column}"));
        &row[*place]
    }

    /// `None` for an empty cell.
    pub fn number(&self, row: &csv::StringRecord, column: &str) -> Option<f64> {
        let text = self.text(row, column);
        (!text.is_empty()).then(|| text.parse().unwrap_or_else(|_| panic!("{column}: {text} is no number")))
    }
}

/// x agrees with golden y if |x − y| ≤ max(relative·|y|, absolute).
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    relative: f64,
    absolute: f64,
}

impl Tolerance {
    pub fn of(value: &Value) -> Tolerance {
        let part = |name: &str| value[name].as_f64().unwrap_or_else(|| panic!("tolerance without {name}"));
        Tolerance { relative: part("relative"), absolute: part("absolute") }
    }

    pub fn agrees(self, found: f64, golden: f64) -> bool {
        (found - golden).abs() <= (self.relative * golden.abs()).max(self.absolute)
    }
}

/// The cases of an index, after checking that every kind of it has a runner.
pub fn cases<'a>(index: &'a Value, known: &[&str]) -> &'a [Value] {
    for kind in index["kinds"].as_object().expect("an index names its kinds").keys() {
        assert!(known.contains(&kind.as_str()), "no runner for kind {kind}");
    }
    let cases = index["cases"].as_array().expect("an index lists its cases");
    assert!(!cases.is_empty(), "an index without cases proves nothing");
    cases
}

/// The path of a file that a case names by its role.
pub fn file(folder: &Path, case: &Value, role: &str) -> std::path::PathBuf {
    let name = case["files"][role].as_str().unwrap_or_else(|| panic!("{}: no file {role}", case["name"]));
    folder.join(name)
}
