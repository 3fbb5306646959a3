//! LIBRA, per-second replay: every row of the table of cases and every line of the per-second tables.
//!
//! Integers and names are compared exactly, other numbers to 1e-9 relative.

use crate::oracle;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use stratosim::planner::libra::{Parameters, PerSecondWriter, Summary, replay, replay_observed};
use stratosim::workload::trace::counts::{self, Column};

type Row = BTreeMap<String, String>;

const TOLERANCE: f64 = 1e-9;

fn table(text: &str) -> (Vec<String>, Vec<Row>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        columns.iter().cloned().zip(record.iter().map(str::to_owned)).collect()
    });
    (columns.clone(), rows.collect())
}

/// The text of a plain or packed file.
fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    let read = if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)
    } else {
        (&bytes[..]).read_to_string(&mut text)
    };
    read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text
}

/// A cell as TOML, so that parameters go through the same reader as a user's file.
fn parameters(row: &Row) -> Parameters {
    const NAMES: [&str; 2] = ["policy", "vm_instance_name"];
    const FLOATS: [&str; 10] = [
        "alpha",
        "mu",
        "std_multiplier",
        "vm_provison_prop",
        "req_memory_mb",
        "vm_memory_gb",
        "vm_hourly_price",
        "auto_scale_out_thresh",
        "auto_scale_in_thresh",
        "lambda_price_per_gb_s",
    ];
    let first_result = "total_cost";
    let end = Summary::COLUMNS.iter().position(|&column| column == first_result).unwrap();
    let mut given = toml::Table::new();
    for &column in &Summary::COLUMNS[2..end] {
        let cell = &row[column];
        let value = if NAMES.contains(&column) {
            toml::Value::String(cell.clone())
        } else if column == "vm_auto_scaling" {
            toml::Value::Boolean(cell == "1")
        } else if FLOATS.contains(&column) {
            toml::Value::Float(cell.parse().unwrap())
        } else {
            toml::Value::Integer(cell.parse().unwrap())
        };
        given.insert(column.to_owned(), value);
    }
    given.try_into().unwrap_or_else(|error| panic!("{}: {error}", row["case_id"]))
}

fn per_second_files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        let case = name.strip_prefix("persec_")?;
        let case = case.strip_suffix(".csv").or_else(|| case.strip_suffix(".csv.gz"))?;
        Some((case.to_owned(), path))
    });
    named.collect()
}

/// Arrivals by name of the trace: from the folder of traces, else from a per-second table of a case that replays them.
struct Traces {
    folder: Option<PathBuf>,
    read: BTreeMap<String, Option<Vec<u32>>>,
}

impl Traces {
    fn get(&mut self, name: &str, rows: &[Row], per_second: &BTreeMap<String, PathBuf>) -> Option<&[u32]> {
        if !self.read.contains_key(name) {
            let arrivals = self.recorded(name).or_else(|| replayed(name, rows, per_second));
            self.read.insert(name.to_owned(), arrivals);
        }
        self.read[name].as_deref()
    }

    fn recorded(&self, name: &str) -> Option<Vec<u32>> {
        let folder = self.folder.as_ref()?.join("libra");
        let path = ["logs", "load"].map(|kind| folder.join(format!("{name}_{kind}.txt")));
        let path = path.into_iter().find(|path| path.exists())?;
        Some(counts::read(&path, &Column::Only).unwrap_or_else(|error| panic!("{error}")))
    }
}

fn replayed(name: &str, rows: &[Row], per_second: &BTreeMap<String, PathBuf>) -> Option<Vec<u32>> {
    let (row, path) = rows.iter().find_map(|row| {
        let path = per_second.get(&row["case_id"])?;
        (row["trace"] == name && row["start_time"] == "1").then_some((row, path))
    })?;
    let mut arrivals = counts::read(path, &Column::Named("requests".to_owned())).unwrap();
    // The table goes on after the trace, until the queue is empty.
    arrivals.truncate(row["end_time"].parse().unwrap());
    Some(arrivals)
}

/// What is wrong with the cell, if anything.
fn difference(found: &str, wanted: &str) -> Option<String> {
    if found == wanted {
        return None;
    }
    let difference = format!("found {found}, want {wanted}");
    let whole = |text: &str| !text.contains(['.', 'e', 'E']);
    let (Ok(a), Ok(b)) = (found.parse::<f64>(), wanted.parse::<f64>()) else { return Some(difference) };
    let close = (a - b).abs() <= TOLERANCE * a.abs().max(b.abs());
    // `512` and `512.0` are the same memory; two different whole numbers are different however close.
    (!close || whole(found) && whole(wanted)).then_some(difference)
}

struct Golden {
    columns: Vec<String>,
    rows: Vec<Row>,
    per_second: BTreeMap<String, PathBuf>,
    traces: Traces,
}

fn golden() -> Option<Golden> {
    let folder = oracle::folder("libra")?;
    let (columns, rows) = table(&text(&folder.join("cases.csv")));
    assert!(!rows.is_empty(), "cases.csv lists no case");
    let traces = Traces { folder: oracle::traces("libra"), read: BTreeMap::new() };
    Some(Golden { columns, rows, per_second: per_second_files(&folder), traces })
}

#[test]
fn every_case_has_its_figures() {
    let Some(Golden { columns, rows, per_second, mut traces }) = golden() else { return };
    assert_eq!(columns, Summary::COLUMNS, "columns of cases.csv");
    let (mut compared, mut wrong) = (0, Vec::new());
    for row in &rows {
        let case = &row["case_id"];
        let Some(arrivals) = traces.get(&row["trace"], &rows, &per_second) else {
            oracle::skipped(&format!("libra: case {case}, no trace {}", row["trace"]));
            continue;
        };
        let parameters = parameters(row);
        let summary = replay(&parameters, arrivals).unwrap_or_else(|error| panic!("{case}: {error}"));
        let found = summary.row(case, &row["trace"], &parameters);
        assert_eq!(found.len(), columns.len());
        for (column, found) in columns.iter().zip(&found) {
            wrong.extend(difference(found, &row[column]).map(|difference| format!("{case}.{column}: {difference}")));
        }
        compared += 1;
    }
    println!("libra: {compared} of {} cases compared, {} cells wrong", rows.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 0, "no case could be compared");
}

#[test]
fn every_second_has_its_figures() {
    let Some(Golden { rows, per_second, mut traces, .. }) = golden() else { return };
    let mut compared = 0;
    for (case, path) in &per_second {
        let row = rows.iter().find(|row| row["case_id"] == *case).unwrap_or_else(|| panic!("{case}: not in cases.csv"));
        let Some(arrivals) = traces.get(&row["trace"], &rows, &per_second) else {
            oracle::skipped(&format!("libra: seconds of {case}, no trace {}", row["trace"]));
            continue;
        };
        let mut written = Vec::new();
        let mut seconds = PerSecondWriter::new(&mut written);
        replay_observed(&parameters(row), arrivals, &mut seconds).unwrap_or_else(|error| panic!("{case}: {error}"));
        seconds.finish().unwrap();
        let written = String::from_utf8(written).unwrap();
        let wanted = text(path);
        for (line, (found, wanted)) in (1..).zip(written.lines().zip(wanted.lines())) {
            assert_eq!(found, wanted, "{case}, line {line}");
        }
        assert_eq!(written.lines().count(), wanted.lines().count(), "{case}: lines");
        compared += 1;
    }
    println!("libra: {compared} of {} per-second tables compared", per_second.len());
    assert!(compared > 0, "no per-second table could be compared");
}
