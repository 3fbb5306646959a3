//! The table of a sweep: `points.csv`, a row for each point and strategy, in the order of the points.
//!
//! Each measure has its mean over the replications and, where there are several, the half-width of its 95 % interval.

use std::fs;
use std::io;
use std::path::Path;

use super::compare::summarise;
use super::design::{Point, cell};
use super::measures::{MEASURES, Values};
use super::observe::Verdict;
use super::store::Kept;
use crate::run::lines::{Lines, quoted};
use crate::scenario::sweep::Sweep;

/// The confidence of the intervals in the table.
const CONFIDENCE: f64 = 0.95;
/// Columns before the axes, and those of text after them.
const FIRST: [&str; 2] = ["point", "strategy"];

/// A row before it is written.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    pub point: &'a Point,
    pub strategy: &'a str,
    /// By replication.
    pub runs: Vec<Kept>,
}

/// The names of the columns.
pub fn header(sweep: &Sweep) -> Vec<String> {
    let mut names: Vec<String> = FIRST.map(str::to_owned).to_vec();
    names.extend(sweep.axes.iter().flat_map(|axis| axis.keys.iter().cloned()));
    names.extend(["replications".to_owned(), "verdict".to_owned()]);
    for measure in &MEASURES {
        names.push(measure.key.to_owned());
        if sweep.replications > 1 {
            names.push(format!("{}_half", measure.key));
        }
    }
    names
}

/// Writes the table aside and renames it.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, sweep: &Sweep, rows: &[Row<'_>]) -> io::Result<()> {
    let aside = path.with_extension("csv.part");
    let names: Vec<String> = header(sweep).iter().map(|name| quoted(name)).collect();
    let mut lines = Lines::create(&aside, &names.join(","))?;
    for row in rows {
        let mut line = lines.line();
        line.whole(row.point.number);
        line.text(row.strategy);
        row.point.set.iter().for_each(|(_, value)| line.text(&cell(value)));
        line.whole(row.runs.len() as u64);
        line.plain(row.runs.iter().fold(Verdict::Whole, |worst, run| worst.worst(run.verdict)).word());
        let values: Vec<Values> = row.runs.iter().map(|run| run.values).collect();
        for (mean, half) in summarise(&values, CONFIDENCE) {
            let halves = (sweep.replications > 1).then_some(half);
            for value in [Some(mean), halves].into_iter().flatten() {
                match value {
                    Some(value) => line.float(value),
                    None => line.maybe(None),
                }
            }
        }
        lines.end()?;
    }
    lines.flush()?;
    fs::rename(&aside, path)
}

/// Writes the same table as Parquet beside it, where this build can.
///
/// # Errors
/// A file that cannot be written.
#[cfg(feature = "report")]
pub fn write_parquet(csv: &Path, sweep: &Sweep) -> io::Result<()> {
    let axes: usize = sweep.axes.iter().map(|axis| axis.keys.len()).sum();
    let kinds = header(sweep).into_iter().enumerate().map(|(at, name)| {
        use crate::report::parquet::Kind;
        let kind = match at {
            0 => Kind::Whole,
            _ if at == 2 + axes => Kind::Whole,
            _ if at <= 3 + axes => Kind::Text,
            _ => Kind::Float,
        };
        (name, kind)
    });
    let (kinds, aside) = (kinds.collect::<Vec<_>>(), csv.with_extension("parquet.part"));
    crate::report::parquet::convert_as(csv, &aside, &kinds).map_err(io::Error::other)?;
    fs::rename(&aside, csv.with_extension("parquet"))
}

/// Without polars there is one form.
///
/// # Errors
/// None.
#[cfg(not(feature = "report"))]
pub fn write_parquet(_csv: &Path, _sweep: &Sweep) -> io::Result<()> {
    Ok(())
}
