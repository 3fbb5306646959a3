//! Golden tables: rows by column name, numbers or nothing, groups of rows, and what "equal" means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub struct Table {
    name: String,
    columns: BTreeMap<String, usize>,
    rows: Vec<csv::StringRecord>,
}

#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    place: usize,
}

/// The folder of the golden data, or `None` after saying that there is none.
pub fn folder() -> Option<PathBuf> {
    crate::oracle::folder("mape")
}

/// Reads a table; one that is missing is a failure, because every table of the folder has its test.
pub fn read(folder: &Path, name: &str) -> Table {
    let path = folder.join(name);
    let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let header = reader.headers().unwrap_or_else(|error| panic!("{}: {error}", path.display())).clone();
    let columns = header.iter().enumerate().map(|(place, column)| (column.to_owned(), place)).collect();
    let rows = reader.records().map(|row| row.unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    let rows: Vec<_> = rows.collect();
    assert!(!rows.is_empty(), "{}: no rows", path.display());
    Table { name: name.to_owned(), columns, rows }
}

impl Table {
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).map(move |place| Row { table: self, place })
    }

    /// The rows by their values in the key columns, each group in file order.
    pub fn groups(&self, keys: &[&str]) -> BTreeMap<Vec<&str>, Vec<Row<'_>>> {
        let mut groups: BTreeMap<Vec<&str>, Vec<Row<'_>>> = BTreeMap::new();
        for row in self.rows() {
            groups.entry(keys.iter().map(|key| row.text(key)).collect()).or_default().push(row);
        }
        groups
    }
}

impl<'a> Row<'a> {
    pub fn text(&self, column: &str) -> &'a str {
        let place = self.table.columns.get(column).unwrap_or_else(|| panic!("{}: no column {column}", self.table.name));
        &self.table.rows[self.place][*place]
    }

    /// The number, or `None` where the cell is empty.
    pub fn maybe(&self, column: &str) -> Option<f64> {
        let text = self.text(column);
        let number = || text.parse().unwrap_or_else(|_| panic!("{}: {text} is not a number", self.at(column)));
        (!text.is_empty()).then(number)
    }

    pub fn number(&self, column: &str) -> f64 {
        self.maybe(column).unwrap_or_else(|| panic!("{}: empty", self.at(column)))
    }

    pub fn count(&self, column: &str) -> usize {
        let number = self.number(column);
        assert!(number >= 0.0 && number.fract() == 0.0, "{}: {number} is not a count", self.at(column));
        number as usize
    }

    pub fn flag(&self, column: &str) -> bool {
        self.number(column) != 0.0
    }

    /// The numbers of a list cell, separated by semicolons.
    pub fn list(&self, column: &str) -> Vec<f64> {
        let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("{}: {text}", self.at(column)));
        self.text(column).split(';').filter(|text| !text.is_empty()).map(number).collect()
    }

    /// Objectives of the columns f1, f2 and, where there is one and it is filled, f3.
    pub fn objectives(&self, suffix: &str) -> Vec<f64> {
        let columns = ["f1", "f2", "f3"].map(|column| format!("{column}{suffix}"));
        let there = columns.iter().filter(|column| self.table.columns.contains_key(*column));
        there.filter_map(|column| self.maybe(column)).collect()
    }

    /// Where a complaint points to.
    pub fn at(&self, column: &str) -> String {
        format!("{} line {} {column}", self.table.name, self.place + 2)
    }

    /// Asserts that a column holds `ours`, within `relative` of itself or `absolute`.
    pub fn close(&self, column: &str, ours: f64, relative: f64, absolute: f64) {
        let golden = self.number(column);
        let same = golden == ours || (golden - ours).abs() <= relative * golden.abs() + absolute;
        assert!(same, "{}: {golden}, ours {ours}", self.at(column));
    }
}
