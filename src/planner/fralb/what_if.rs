//! What if the bargain had been cut short: how good the kept plan was after so many seconds.
//!
//! Source: `what_if_analysis` of DFaaSOptimizer: improvements of both kept plans, gathered by windows of time.
//! Differs: read from the tables of rounds where they exist, from logs where only those do.

use super::campaign::Experiments;
use super::journal::{Improvement, improvements};
use super::postprocessing::RunRecord;
use super::rounds::rounds;
use super::study::StudyError;
use super::sweep::label;
use super::table::{FileError, Table, blank};
use std::path::Path;

/// The label of the window after the last milestone, seconds.
const OPEN_END: f64 = 3600.0;

/// Writes the tables of the analysis into `base/what-if` and returns the figures by milestone.
///
/// `milestones` are seconds, ascending, the first usually 0.
///
/// # Errors
/// Runs that cannot be read, files that cannot be written.
pub fn analyse(base: &Path, loop_over: &str, milestones: &[f64]) -> Result<Table, StudyError> {
    let experiments = Experiments::read(base)?;
    let out = base.join("what-if");
    std::fs::create_dir_all(&out).map_err(|error| FileError::new(&out, error))?;
    let mut progress =
        Table::new(["value", "seed", "time", "iteration", "obj", "measured_total_time", "dev", "centralized_dev"]);
    progress.columns[0] = loop_over.to_owned();
    let mut finals = Table::new([
        loop_over,
        "seed",
        "time",
        "sw_iteration",
        "sw_obj",
        "c_iteration",
        "c_obj",
        "iteration_dev",
        "obj_dev",
    ]);
    let mut rows: Vec<Row> = Vec::new();
    for (i, point) in experiments.points.iter().enumerate() {
        let Some(folder) = &experiments.faas_macro[i] else { continue };
        let folder = base.join(folder);
        let found = improvements(&folder)?;
        for (name, centralized) in [("best_sw_sol_df.csv", false), ("best_c_sol_df.csv", true)] {
            let mut table = Table::new(["exp", "time", "best_solution_it", "obj", loop_over, "measured_total_time"]);
            for improvement in found.iter().filter(|improvement| improvement.centralized == centralized) {
                table.push([
                    i.to_string(),
                    improvement.time.to_string(),
                    improvement.iteration.to_string(),
                    improvement.objective.to_string(),
                    label(point.value),
                    improvement.seconds.to_string(),
                ]);
            }
            table.write(&out.join(format!("{}_{}-{name}", label(point.value), point.seed)))?;
        }
        let mut all = rounds(&folder)?;
        all.columns.extend(["exp".to_owned(), loop_over.to_owned()]);
        all.rows.iter_mut().for_each(|row| row.extend([i.to_string(), label(point.value)]));
        all.write(&out.join(format!("{}_{}-logs_df.csv", label(point.value), point.seed)))?;
        let optimum = match &experiments.centralized[i] {
            Some(folder) => Some(RunRecord::read(&base.join(folder), false)?),
            None => None,
        };
        let mut times: Vec<usize> = found.iter().map(|improvement| improvement.time).collect();
        times.dedup();
        for t in times {
            let of = |centralized: bool| -> Vec<&Improvement> {
                found.iter().filter(|it| it.time == t && it.centralized == centralized).collect()
            };
            let (welfare, centralized) = (of(false), of(true));
            if let (Some(last_welfare), Some(last)) = (welfare.last(), centralized.last()) {
                finals.push([
                    label(point.value),
                    point.seed.to_string(),
                    t.to_string(),
                    last_welfare.iteration.to_string(),
                    last_welfare.objective.to_string(),
                    last.iteration.to_string(),
                    last.objective.to_string(),
                    (last.iteration as f64 - last_welfare.iteration as f64).to_string(),
                    percent(last.objective, last_welfare.objective).to_string(),
                ]);
            }
            let best = optimum.as_ref().and_then(|run| {
                let place = run.times.iter().position(|&time| time == t)?;
                run.objectives[place]
            });
            for improvement in &centralized {
                let row = Row {
                    key: (label(point.value), point.seed, t),
                    seconds: improvement.seconds,
                    figures: [
                        Some(improvement.objective),
                        Some(improvement.seconds),
                        Some(percent(improvement.objective, centralized[0].objective)),
                        best.map(|best| 100.0 * (improvement.objective - best) / best),
                    ],
                };
                progress.push([
                    row.key.0.clone(),
                    point.seed.to_string(),
                    t.to_string(),
                    improvement.iteration.to_string(),
                    blank(row.figures[0]),
                    blank(row.figures[1]),
                    blank(row.figures[2]),
                    blank(row.figures[3]),
                ]);
                rows.push(row);
            }
        }
    }
    let metrics = by_milestones(&rows, loop_over, milestones);
    finals.write(&out.join("best_solution_obj.csv"))?;
    progress.write(&out.join("progressive_dev.csv"))?;
    metrics.write(&out.join("metrics_by_milestones.csv"))?;
    Ok(metrics)
}

/// An improvement of the centralized value: objective, seconds, deviation from the first and from the optimum.
struct Row {
    key: (String, u64, usize),
    seconds: f64,
    figures: [Option<f64>; 4],
}

/// 100 (value − base) / value: divided by the later value, as published.
fn percent(value: f64, base: f64) -> f64 {
    100.0 * (value - base) / value
}

/// For each window and value of the key: of each period the latest row inside, then least, greatest and mean.
fn by_milestones(rows: &[Row], loop_over: &str, milestones: &[f64]) -> Table {
    let names = ["obj", "measured_total_time", "dev", "centralized_dev"];
    let figures = names.iter().flat_map(|name| ["min", "max", "mean"].map(|kind| format!("{name}_{kind}")));
    let mut table = Table::new(["milestone".to_owned(), loop_over.to_owned()].into_iter().chain(figures));
    let mut values: Vec<&String> = rows.iter().map(|row| &row.key.0).collect();
    values.sort_by(|a, b| a.parse::<f64>().unwrap_or(0.0).total_cmp(&b.parse::<f64>().unwrap_or(0.0)));
    values.dedup();
    let windows = milestones.windows(2).map(|pair| (pair[0], pair[1], pair[1]));
    let last = milestones.last().copied().unwrap_or(0.0);
    for (begin, end, name) in windows.chain([(last, f64::INFINITY, OPEN_END)]) {
        for &value in &values {
            let mut latest: Vec<&Row> = Vec::new();
            for row in rows.iter().filter(|row| row.key.0 == *value && row.seconds >= begin && row.seconds < end) {
                match latest.iter_mut().find(|other| other.key == row.key) {
                    Some(other) if row.seconds >= other.seconds => *other = row,
                    Some(_) => {}
                    None => latest.push(row),
                }
            }
            if latest.is_empty() {
                continue;
            }
            let mut out = vec![name.to_string(), value.clone()];
            for figure in 0..names.len() {
                let found: Vec<f64> = latest.iter().filter_map(|row| row.figures[figure]).collect();
                let some = !found.is_empty();
                let mean = found.iter().sum::<f64>() / found.len().max(1) as f64;
                let least = found.iter().copied().fold(f64::INFINITY, f64::min);
                let most = found.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                out.extend([least, most, mean].map(|v| blank(some.then_some(v))));
            }
            table.push(out);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_keeps_the_latest_row_of_each_period() {
        let row = |t, seconds, objective| Row {
            key: ("5".into(), 1, t),
            seconds,
            figures: [Some(objective), Some(seconds), Some(0.0), None],
        };
        let rows = [row(0, 1.0, 10.0), row(0, 2.0, 12.0), row(1, 3.0, 20.0), row(0, 50.0, 13.0)];
        let table = by_milestones(&rows, "Nn", &[0.0, 10.0, 30.0]);
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0][..5], ["10", "5", "12", "20", "16"]);
        assert_eq!(table.rows[1][..3], ["3600", "5", "13"]);
        assert_eq!(table.rows[1].last().map(String::as_str), Some(""));
    }
}
