//! Pictures over a whole study and over several: each value of the key by itself, all of them beside one another.
//!
//! Source: the aggregate plots of DFaaSOptimizer's `run` and the bars of its `compare_results`. Differs: SVG, one picture for
//! each measure; the history of every seed is drawn.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::tables_drawn::{Picture, Shown, matching};
use crate::planner::fralb::results::{LMM, MACRO};
use crate::planner::fralb::table::{FileError, Table};
use crate::plot::{Axis, Bars, Plot, Series, Shape};

/// Draws the tables of a post-processing folder for each value of the key: objectives, shares of the cloud, runtimes (on a
/// logarithmic scale and on a linear one) and why rounds ended.
///
/// # Errors
/// Tables that cannot be read, pictures that cannot be written.
pub(super) fn draw_study(folder: &Path, key: &str) -> Result<(), FileError> {
    let read = |name: &str| Table::read(&folder.join(name));
    let (objectives, rejections, runtimes) = (read("obj.csv")?, read("rejections.csv")?, read("runtime.csv")?);
    for value in values(&objectives, key, folder)? {
        for (table, name, axis) in [
            (&objectives, "obj", Axis::new("objective", "")),
            (&rejections, "rejections", Axis::new("sent to the cloud", "%")),
            (&runtimes, "runtime", Axis::new("runtime", "s").logarithmic()),
            (&runtimes, "linear_runtime", Axis::new("runtime", "s").from_zero()),
        ] {
            let rows = matching(table, &[(key, &value)], folder)?;
            let title = format!("{} by period, {key} {value}", axis.label());
            let plot = Plot::lines(&title, Axis::new("period", ""), axis, histories(&rows, folder)?);
            Picture(plot).put(&folder.join(format!("{name}-{key}_{value}.svg")))?;
        }
    }
    let terminations = read("i_termination_condition.csv")?;
    let counted = criteria(&terminations, key, folder)?;
    let reasons: BTreeSet<&String> = counted.values().flat_map(BTreeMap::keys).collect();
    let bars_of = |of: &[(&String, &BTreeMap<String, f64>)], title: &str| {
        let series = reasons.iter().map(|&reason| {
            let counts = of.iter().map(|(_, counts)| counts.get(reason).copied().unwrap_or(0.0)).collect();
            (reason.clone(), counts)
        });
        let bars = Bars::stacked(of.iter().map(|(value, _)| (*value).clone()).collect(), series.collect());
        Picture(Plot::bars(title, Axis::new(key, ""), Axis::new("periods", "").from_zero(), bars))
    };
    for (value, counts) in &counted {
        let picture = bars_of(&[(value, counts)], &format!("Why rounds ended, {key} {value}"));
        picture.put(&folder.join(format!("i_tc-{key}_{value}.svg")))?;
    }
    let all: Vec<_> = counted.iter().collect();
    bars_of(&all, "Why rounds ended").put(&folder.join("i_termination_condition.svg"))
}

/// Draws the means of a comparison with their least and greatest values as bars, one picture for each measure of `box.csv`.
///
/// # Errors
/// A table that cannot be read, pictures that cannot be written.
pub(super) fn draw_bars(folder: &Path, key: &str, shown: &Shown<'_>) -> Result<(), FileError> {
    let path = folder.join("box.csv");
    let boxes = Table::read(&path)?;
    let (table, measure) = (boxes.column("table", &path)?, boxes.column("measure", &path)?);
    let drawn: BTreeSet<(&String, &String)> = boxes.rows.iter().map(|row| (&row[table], &row[measure])).collect();
    for (of, what) in drawn.into_iter().filter(|(_, what)| shown.is_wanted(what)) {
        let rows = matching(&boxes, &[("table", of), ("measure", what)], &path)?;
        let at = rows.column(key, &path)?;
        let mut series = Vec::new();
        for name in ["mean", "min", "max"] {
            let values = rows.numbers(name, &path)?;
            series.push((name.to_owned(), values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect()));
        }
        let bars = Bars::grouped(rows.rows.iter().map(|row| row[at].clone()).collect(), series);
        let plot = Plot::bars(&format!("{of}: {what}"), Axis::new(shown.label, ""), Axis::new(what, ""), bars);
        Picture(plot).put(&folder.join(format!("bars_{of}_{what}.svg")))?;
    }
    Ok(())
}

/// The values of a column, each once, in order of appearance.
fn values(table: &Table, column: &str, path: &Path) -> Result<Vec<String>, FileError> {
    let column = table.column(column, path)?;
    let mut values: Vec<String> = Vec::new();
    for row in &table.rows {
        if !values.contains(&row[column]) {
            values.push(row[column].clone());
        }
    }
    Ok(values)
}

/// Both methods over time, a line for each seed.
fn histories(rows: &Table, path: &Path) -> Result<Vec<Series>, FileError> {
    let mut series = Vec::new();
    for seed in values(rows, "seed", path)? {
        let of_seed = matching(rows, &[("seed", &seed)], path)?;
        let time = of_seed.numbers("time", path)?;
        for (colour, model) in [LMM, MACRO].into_iter().enumerate() {
            let points = time.iter().zip(of_seed.numbers(model, path)?).filter_map(|(x, y)| Some(((*x)?, y?)));
            series.push(Series::new(&format!("{model}, seed {seed}"), Shape::Chain, points).coloured(colour));
        }
    }
    Ok(series)
}

/// How often rounds ended for each reason, by value of the key.
fn criteria(table: &Table, key: &str, path: &Path) -> Result<BTreeMap<String, BTreeMap<String, f64>>, FileError> {
    let (key, reason) = (table.column(key, path)?, table.column("criterion", path)?);
    let mut counted: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for row in &table.rows {
        *counted.entry(row[key].clone()).or_default().entry(row[reason].clone()).or_default() += 1.0;
    }
    Ok(counted)
}
