//! Pictures of the tables of single pairs and of what-ifs: what the published post-processing and what-if programs draw.
//!
//! Source: the plots of DFaaSOptimizer's `run` and `what_if_analysis`. Differs: SVG.

use super::pictures;
use crate::planner::fralb::results::{LMM, MACRO};
use crate::planner::fralb::table::{FileError, Table};
use crate::plot::{Axis, Bars, Plot, Series, Shape};
use std::path::{Path, PathBuf};

/// Draws the tables of each pair in a post-processing folder, beside them.
///
/// # Errors
/// Tables that cannot be read, pictures that cannot be written.
pub(super) fn draw_pairs(folder: &Path, loop_over: &str) -> Result<(), FileError> {
    let path = folder.join("runtime.csv");
    let runtimes = Table::read(&path)?;
    let shares = folder.join("rejections.csv");
    let rejections = Table::read(&shares)?;
    for pair in pairs(folder)? {
        let name = pair.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let objectives = Table::read(&pair.join("obj.csv"))?;
        let at = pair.join("obj.csv");
        lines(&objectives, &[LMM, MACRO], "Objective by period", "objective", &at)?.put(&pair.join("obj.svg"))?;
        lines(&objectives, &["dev"], "Deviation from the optimum", "deviation %", &at)?
            .put(&pair.join("obj_deviation.svg"))?;
        for (kind, what) in [("loc", "served locally"), ("fwd", "forwarded"), ("rej", "sent to the cloud")] {
            let at = pair.join(format!("{kind}_by_function.csv"));
            totals(&Table::read(&at)?, what).put(&pair.join(format!("{kind}_by_function.svg")))?;
        }
        let (value, seed) = name.rsplit_once('_').unwrap_or((&name, ""));
        let of_pair = matching(&runtimes, &[(loop_over, value), ("seed", seed)], &path)?;
        let of_cloud = matching(&rejections, &[(loop_over, value), ("seed", seed)], &shares)?;
        lines(&of_cloud, &[LMM, MACRO], "Sent to the cloud by period", "share %", &shares)?
            .put(&pair.join("rejections.svg"))?;
        lines(&of_pair, &["iteration", "best_iteration"], "Last and best round", "round", &path)?
            .put(&pair.join("iterations.svg"))?;
        let mut plot = lines(&of_pair, &[LMM, MACRO], "Runtime by period", "runtime s", &path)?;
        plot.0.y = Axis::new("runtime", "s").logarithmic();
        plot.put(&pair.join("runtime_comparison.svg"))?;
    }
    Ok(())
}

/// Draws how the value of the kept plan grew with the seconds used, for each value of the key.
///
/// # Errors
/// A table that cannot be read, pictures that cannot be written.
pub(super) fn draw_progress(folder: &Path, key: &str) -> Result<(), FileError> {
    let path = folder.join("progressive_dev.csv");
    let progress = Table::read(&path)?;
    for value in values(&progress, key, &path)? {
        let rows = matching(&progress, &[(key, &value)], &path)?;
        let (seconds, first) = (rows.numbers("measured_total_time", &path)?, rows.numbers("dev", &path)?);
        let optimum = rows.numbers("centralized_dev", &path)?;
        let over =
            |figures: Vec<Option<f64>>| seconds.clone().into_iter().zip(figures).filter_map(|(x, y)| Some((x?, y?)));
        let series = vec![Series::dots("from the first", over(first)), Series::dots("from the optimum", over(optimum))];
        let (x, y) = (Axis::new("time", "s"), Axis::new("deviation", "%"));
        let plot = Plot::lines(&format!("Progress, {key} {value}"), x, y, series);
        Picture(plot).put(&folder.join(format!("progressive_dev-{key}_{value}.svg")))?;
    }
    Ok(())
}

/// A plot that can be written.
pub(super) struct Picture(pub(super) Plot);

impl Picture {
    pub(super) fn put(&self, path: &Path) -> Result<(), FileError> {
        pictures::put(path, &self.0.svg())
    }
}

/// Subfolders that hold the tables of a pair.
fn pairs(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = std::fs::read_dir(folder).map_err(|error| FileError::new(folder, error))?;
    let mut pairs: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    pairs.retain(|path| path.join("loc_by_function.csv").is_file());
    pairs.sort();
    Ok(pairs)
}

/// Rows whose entries are as stated.
pub(super) fn matching(table: &Table, wanted: &[(&str, &str)], path: &Path) -> Result<Table, FileError> {
    let columns: Vec<usize> = wanted.iter().map(|(name, _)| table.column(name, path)).collect::<Result<_, _>>()?;
    let is_it = |row: &&Vec<String>| columns.iter().zip(wanted).all(|(&column, (_, value))| row[column] == *value);
    Ok(Table { columns: table.columns.clone(), rows: table.rows.iter().filter(is_it).cloned().collect() })
}

/// The values of a column, each once, in order of appearance.
pub(super) fn values(table: &Table, column: &str, path: &Path) -> Result<Vec<String>, FileError> {
    let column = table.column(column, path)?;
    let mut values: Vec<String> = Vec::new();
    for row in &table.rows {
        if !values.contains(&row[column]) {
            values.push(row[column].clone());
        }
    }
    Ok(values)
}

/// Columns of a table over the number of the row.
fn lines(table: &Table, names: &[&str], title: &str, what: &str, path: &Path) -> Result<Picture, FileError> {
    let mut series = Vec::new();
    for name in names {
        let values = table.numbers(name, path)?;
        let points = values.into_iter().enumerate().filter_map(|(i, value)| Some((i as f64, value?)));
        series.push(Series::new(name, Shape::Chain, points));
    }
    let (name, unit) = what.split_once(' ').unwrap_or((what, ""));
    Ok(Picture(Plot::lines(title, Axis::new("period", ""), Axis::new(name, unit), series)))
}

/// Bars of the sums over all periods, by function.
fn totals(table: &Table, what: &str) -> Picture {
    let (first, last) = (0, table.columns.len() - 1);
    let rows: Vec<&Vec<String>> = table.rows.iter().filter(|row| row[last] == "tot").collect();
    let values = |column: usize| rows.iter().map(|row| row[column].parse().unwrap_or(f64::NAN)).collect();
    let series = (1..last).map(|column| (table.columns[column].clone(), values(column))).collect();
    let bars = Bars::grouped(rows.iter().map(|row| row[first].clone()).collect(), series);
    let axis = Axis::new(&format!("load {what}"), "requests/s").from_zero();
    Picture(Plot::bars(&format!("Load {what}"), Axis::new("function", ""), axis, bars))
}
