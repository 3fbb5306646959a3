//! Every round of a bargain as one row, from our table of rounds or from the published log: what the published analysis
//! keeps as `logs_df.csv`.
//!
//! Source: `logs_postprocessing` and `what_if_analysis` of DFaaSOptimizer, which read the lines of `out.log`.

use super::journal::{ITERATIONS, LOG};
use super::table::{FileError, Table};
use std::path::Path;

/// The figures that both sources have. Lists, one entry per function, are joined by blanks.
const COLUMNS: [&str; 17] = [
    "time",
    "iteration",
    "psi",
    "sp_obj",
    "sp_runtime",
    "coordinator_obj",
    "coordinator_runtime",
    "dev",
    "omega",
    "ni",
    "lb",
    "lb_min",
    "sw",
    "sw_best",
    "sw_runtime",
    "total_runtime",
    "stop",
];

/// The steps of a round in the log, what stands before a figure, and its column.
const MARKS: [(&str, &str, &str); 14] = [
    ("sp", "obj = ", "sp_obj"),
    ("sp", "runtime = ", "sp_runtime"),
    ("rmp", "obj = ", "coordinator_obj"),
    ("rmp", "runtime = ", "coordinator_runtime"),
    ("compute_deviation", "dev = ", "dev"),
    ("compute_deviation", "omega = ", "omega"),
    ("compute_deviation", "ni = ", "ni"),
    ("compute_lower_bound", "current: ", "lb"),
    ("compute_lower_bound", "; bound: ", "lb_min"),
    ("compute_social_welfare", "current: ", "sw"),
    ("compute_social_welfare", "sw: ", "sw_best"),
    ("compute_social_welfare", "runtime = ", "sw_runtime"),
    ("check_stopping_criteria", "total runtime = ", "total_runtime"),
    ("check_stopping_criteria", "stop? True ", "stop"),
];

/// The rounds of a run's folder, in the order in which they were held.
///
/// # Errors
/// Neither the table nor the log can be read.
pub fn rounds(folder: &Path) -> Result<Table, FileError> {
    let path = folder.join(ITERATIONS);
    if !path.is_file() {
        let path = folder.join(LOG);
        let text = std::fs::read_to_string(&path).map_err(|error| FileError::new(&path, error))?;
        return Ok(from_log(&text));
    }
    let all = Table::read(&path)?;
    let places: Vec<usize> = COLUMNS.iter().map(|name| all.column(name, &path)).collect::<Result<_, _>>()?;
    let mut table = Table::new(COLUMNS);
    all.rows.iter().for_each(|row| table.push(places.iter().map(|&place| &row[place])));
    Ok(table)
}

/// The rounds that a log in the published grammar tells of; what a brief log leaves out stays empty.
pub fn from_log(text: &str) -> Table {
    let mut table = Table::new(COLUMNS);
    let mut time = "";
    for line in text.lines() {
        let step = line.trim_start();
        if let Some(t) = line.strip_prefix("t = ") {
            time = t.trim();
        } else if let Some(rest) = step.strip_prefix("it = ") {
            let (k, psi) = rest.split_once(" (psi = ").unwrap_or((rest, ""));
            let mut row = vec![String::new(); COLUMNS.len()];
            (row[0], row[1], row[2]) = (time.to_owned(), k.to_owned(), psi.trim_end_matches(')').to_owned());
            table.rows.push(row);
        } else if let Some(row) = table.rows.last_mut() {
            let (name, _) = step.split_once(": ").unwrap_or((step, ""));
            for (_, mark, column) in MARKS.iter().filter(|(of, ..)| *of == name) {
                let place = COLUMNS.iter().position(|known| known == column).expect("a column of the table");
                if let Some(value) = value_after(step, mark) {
                    row[place] = value;
                }
            }
        }
    }
    table
}

/// What stands behind a mark: a list without its brackets and commas, a text in parentheses, or up to the next `;` or `)`.
fn value_after(line: &str, mark: &str) -> Option<String> {
    let (_, rest) = line.split_once(mark)?;
    if let Some(list) = rest.strip_prefix('[') {
        return Some(list.split(']').next()?.replace(',', ""));
    }
    if let Some(text) = rest.strip_prefix('(') {
        return Some(text.strip_suffix(')').unwrap_or(text).to_owned());
    }
    let end = rest.find([';', ')']).unwrap_or(rest.len());
    Some(rest[..end].trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::faas_macro::{Bargain, Prices, bargain};
    use super::super::instance::tests::two_nodes;
    use super::super::journal::{iterations_table, log_of};
    use super::*;

    #[test]
    fn the_table_and_the_log_tell_the_same_rounds() {
        let instance = two_nodes().with_load(vec![12.0, 9.0]);
        let outcome = bargain(&instance, &Bargain::default(), Prices::zero(&instance)).expect("nothing is fixed");
        let folder = tempfile::tempdir().expect("a folder");
        iterations_table([(3, &outcome)]).write(&folder.path().join(ITERATIONS)).expect("written");
        let from_table = rounds(folder.path()).expect("read");
        assert_eq!(from_table.rows.len(), outcome.iterations.len());
        let mut from_log = from_log(&log_of(3, &outcome, 2));
        // The log prints the entries of a list as 1.0 where the table has 1.
        for row in &mut from_log.rows {
            row.iter_mut().for_each(|entry| *entry = entry.strip_suffix(".0").unwrap_or(entry).to_owned());
        }
        assert_eq!(from_log, from_table);
    }
}
