//! Small tables: a header, rows of text, written and read as CSV, shown as text.

use std::fmt::Display;
use std::path::Path;

/// Columns and rows as they stand in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// A file that could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct FileError {
    pub path: String,
    pub what: String,
}

impl FileError {
    pub fn new(path: &Path, what: impl Display) -> FileError {
        FileError { path: path.display().to_string(), what: what.to_string() }
    }
}

impl Table {
    pub fn new(columns: impl IntoIterator<Item = impl Into<String>>) -> Table {
        Table { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row; the caller gives one entry per column.
    pub fn push(&mut self, row: impl IntoIterator<Item = impl ToString>) {
        let row: Vec<String> = row.into_iter().map(|entry| entry.to_string()).collect();
        assert_eq!(row.len(), self.columns.len(), "a row has an entry for every column");
        self.rows.push(row);
    }

    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let failed = |error: csv::Error| FileError::new(path, error);
        let mut out = csv::Writer::from_path(path).map_err(failed)?;
        out.write_record(&self.columns).map_err(failed)?;
        for row in &self.rows {
            out.write_record(row).map_err(failed)?;
        }
        out.flush().map_err(|error| FileError::new(path, error))
    }

    /// # Errors
    /// The file cannot be read, or rows differ in length.
    pub fn read(path: &Path) -> Result<Table, FileError> {
        let failed = |error: csv::Error| FileError::new(path, error);
        let mut input = csv::Reader::from_path(path).map_err(failed)?;
        let columns = input.headers().map_err(failed)?.iter().map(str::to_owned).collect();
        let row = |record: Result<csv::StringRecord, csv::Error>| {
            record.map(|record| record.iter().map(str::to_owned).collect()).map_err(failed)
        };
        let rows = input.records().map(row).collect::<Result<_, _>>()?;
        Ok(Table { columns, rows })
    }

    /// The place of a column.
    ///
    /// # Errors
    /// No such column; `path` is named.
    pub fn column(&self, name: &str, path: &Path) -> Result<usize, FileError> {
        let found = self.columns.iter().position(|column| column == name);
        found.ok_or_else(|| FileError::new(path, format!("no column {name}; found {}", self.columns.join(", "))))
    }

    /// A column as numbers; an empty entry is none.
    ///
    /// # Errors
    /// No such column, or an entry that is no number.
    pub fn numbers(&self, name: &str, path: &Path) -> Result<Vec<Option<f64>>, FileError> {
        let column = self.column(name, path)?;
        let read = |(i, row): (usize, &Vec<String>)| match row[column].as_str() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                FileError::new(path, format!("row {}, column {name}: found {text:?}, want a number", i + 1))
            }),
        };
        self.rows.iter().enumerate().map(read).collect()
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING).set_header(&self.columns);
        table.add_rows(&self.rows);
        table.trim_fmt()
    }
}

/// An optional number as it stands in a file.
pub fn blank(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_its_file_and_says_what_is_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("obj.csv");
        let mut table = Table::new(["a", "b"]);
        table.push(["1.5", ""]);
        table.push(["x, y", "2"]);
        table.write(&path).expect("written");
        let read = Table::read(&path).expect("read");
        assert_eq!(read, table);
        assert_eq!(read.numbers("b", &path), Ok(vec![None, Some(2.0)]));
        assert!(read.numbers("a", &path).expect_err("no number").what.contains("row 2, column a"));
        assert!(read.numbers("c", &path).expect_err("no column").what.contains("no column c"));
    }
}
