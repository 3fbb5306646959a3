//! Pictures over a whole study and over several: each value of the key by itself, all of them beside one another.
//!
//! Source: the aggregate plots of DFaaSOptimizer's `run` and those of its `compare_results`. Differs: SVG, one picture for each
//! measure; the history of every seed is drawn; a box is its mean with a whisker over the middle half and dots at both
//! ends; a violin's figures are those of its box.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::tables_drawn::{Picture, matching, values};
use crate::planner::fralb::results::{LMM, MACRO};
use crate::planner::fralb::table::{FileError, Table};
use crate::plot::{Axis, Bars, Plot, Point, Series, Shape};

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

/// What of a comparison is drawn, and what the key is called there.
pub(super) struct Shown<'a> {
    pub label: &'a str,
    /// Methods by name; both when empty.
    pub models: &'a [String],
}

impl Shown<'_> {
    /// Whether a measure of `box.csv` is drawn: a method's own figures with the method, a deviation with both.
    fn is_wanted(&self, measure: &str) -> bool {
        let wanted = |name: &str| self.models.is_empty() || self.models.iter().any(|model| model == name);
        match measure {
            LMM => wanted(LMM),
            MACRO | "iteration" | "best_iteration" => wanted(MACRO),
            _ => wanted(LMM) && wanted(MACRO),
        }
    }
}

/// Draws a comparison, for each table and measure of `box.csv` its spread and its mean with the least and the greatest value.
///
/// # Errors
/// A table that cannot be read, pictures that cannot be written.
pub(super) fn draw_comparison(folder: &Path, key: &str, shown: &Shown<'_>) -> Result<(), FileError> {
    let path = folder.join("box.csv");
    let boxes = Table::read(&path)?;
    for of in values(&boxes, "table", &path)? {
        let of_table = matching(&boxes, &[("table", &of)], &path)?;
        for what in values(&of_table, "measure", &path)?.into_iter().filter(|what| shown.is_wanted(what)) {
            let rows = matching(&of_table, &[("measure", &what)], &path)?;
            let (title, y) = (format!("{of}: {what}"), || Axis::new(&what, ""));
            let spread = Plot::lines(&title, Axis::new(shown.label, ""), y(), spread(&rows, key, &path)?);
            Picture(spread).put(&folder.join(format!("box_{of}_{what}.svg")))?;
            let bars = Plot::bars(&title, Axis::new(shown.label, ""), y(), bars(&rows, key, &path)?);
            Picture(bars).put(&folder.join(format!("bars_{of}_{what}.svg")))?;
        }
    }
    Ok(())
}

/// Means with their middle halves, and dots at both ends, over the key.
fn spread(rows: &Table, key: &str, path: &Path) -> Result<Vec<Series>, FileError> {
    let column = |name: &str| rows.numbers(name, path);
    let (keys, means) = (column(key)?, column("mean")?);
    let (q1, q3, least, most) = (column("q1")?, column("q3")?, column("min")?, column("max")?);
    let ends = |values: Vec<Option<f64>>| keys.clone().into_iter().zip(values).filter_map(|(x, y)| Some((x?, y?)));
    let middle = |i: usize| {
        let interval = q1[i].zip(q3[i]);
        Some(Point { x: keys[i]?, y: means[i]?, interval })
    };
    Ok(vec![
        Series::new("mean, middle half", Shape::Chain, (0..keys.len()).filter_map(middle)),
        Series::dots("least", ends(least)),
        Series::dots("greatest", ends(most)),
    ])
}

/// Mean, least and greatest value side by side for each value of the key.
fn bars(rows: &Table, key: &str, path: &Path) -> Result<Bars, FileError> {
    let mut series = Vec::new();
    for name in ["mean", "min", "max"] {
        let heights = rows.numbers(name, path)?.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        series.push((name.to_owned(), heights));
    }
    let at = rows.column(key, path)?;
    Ok(Bars::grouped(rows.rows.iter().map(|row| row[at].clone()).collect(), series))
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
