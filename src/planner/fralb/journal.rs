//! What happened in each round of a bargain: a table for programs, a log for people, and a reader of the published log.
//!
//! Source: the log grammar of DFaaSOptimizer (`out.log`, four blanks per level). Differs: the table is the record;
//! the log is written in the same grammar so that the published parsers find their lines.

use super::outcome::{Iteration, Outcome};
use super::table::{FileError, Table};
use std::fmt::Write as _;
use std::path::Path;

/// Name of the table of rounds.
pub const ITERATIONS: &str = "iterations.csv";
/// Name of the log.
pub const LOG: &str = "out.log";

/// One row per period and round. Lists, one entry per function, are joined by blanks. The last columns are seconds.
pub fn iterations_table<'a>(periods: impl IntoIterator<Item = (usize, &'a Outcome)>) -> Table {
    let mut table = Table::new([
        "time",
        "iteration",
        "psi",
        "sp_obj",
        "coordinator_obj",
        "dev",
        "spare",
        "omega",
        "ni",
        "lb",
        "lb_min",
        "sw",
        "sw_best",
        "gap",
        "centralized_obj",
        "pi",
        "x",
        "y",
        "z",
        "r",
        "best",
        "best_centralized",
        "stop",
        "sp_runtime",
        "coordinator_runtime",
        "sw_runtime",
        "total_runtime",
    ]);
    for (t, outcome) in periods {
        let mut total = 0.0;
        for it in &outcome.iterations {
            total += it.runtimes.iter().sum::<f64>();
            table.push([
                t.to_string(),
                it.k.to_string(),
                it.step.to_string(),
                it.local_objective.to_string(),
                it.coordinator_objective.to_string(),
                join(&it.deviation),
                join(&it.spare),
                join(&it.offered),
                join(&it.accepted),
                it.lower_bound.to_string(),
                it.lowest_bound.to_string(),
                it.welfare.to_string(),
                it.best_welfare.to_string(),
                it.gap.to_string(),
                it.centralized.to_string(),
                it.next_prices.as_deref().map(join).unwrap_or_default(),
                it.totals.x.to_string(),
                it.totals.y.to_string(),
                it.totals.z.to_string(),
                it.totals.replicas.to_string(),
                it.improved_welfare.to_string(),
                it.improved_centralized.to_string(),
                it.reason.map(|reason| reason.to_string()).unwrap_or_default(),
                it.runtimes[0].to_string(),
                it.runtimes[1].to_string(),
                it.runtimes[2].to_string(),
                total.to_string(),
            ]);
        }
    }
    table
}

fn join(values: &[f64]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The log of one period; `verbose` 1 leaves out the lines of each step.
pub fn log_of(t: usize, outcome: &Outcome, verbose: u8) -> String {
    let mut log = format!("t = {t}\n");
    let mut total = 0.0;
    for it in &outcome.iterations {
        total += it.runtimes.iter().sum::<f64>();
        // Writing to a string does not fail.
        let _ = write_round(&mut log, it, total, verbose);
    }
    let _ = writeln!(log, "    TOTAL RUNTIME [s] = {total} (wallclock: {total})");
    log
}

fn write_round(log: &mut String, it: &Iteration, total: f64, verbose: u8) -> std::fmt::Result {
    writeln!(log, "    it = {} (psi = {})", it.k, it.step)?;
    if verbose >= 2 {
        writeln!(log, "        sp: DONE  (ok; obj = {}; runtime = {})", it.local_objective, it.runtimes[0])?;
        writeln!(log, "        rmp: DONE (ok; obj = {}; runtime = {})", it.coordinator_objective, it.runtimes[1])?;
        writeln!(
            log,
            "        compute_deviation: DONE (dev = {:?}; Nf = {:?}; omega = {:?};  ni = {:?}; runtime = 0)",
            it.deviation, it.spare, it.offered, it.accepted
        )?;
        let (current, bound) = (it.lower_bound, it.lowest_bound);
        writeln!(log, "        compute_lower_bound: DONE (current: {current}; bound: {bound}; runtime = 0)")?;
        writeln!(
            log,
            "        compute_social_welfare: DONE (ok; current: {}; sw: {}; runtime = {})",
            it.welfare, it.best_welfare, it.runtimes[2]
        )?;
    }
    if it.improved_welfare {
        writeln!(log, "        best solution updated; obj = {}", it.centralized)?;
    }
    if it.improved_centralized {
        writeln!(log, "        best centralized solution updated; obj = {}", it.centralized)?;
    }
    if verbose >= 2 {
        if let Some(prices) = &it.next_prices {
            writeln!(log, "        update_prices: DONE ({prices:?})")?;
        }
        let why = it.reason.map(|reason| reason.to_string()).unwrap_or_default();
        writeln!(
            log,
            "        check_stopping_criteria: DONE (runtime = 0; total runtime = {total}; wallclock: {total}) --> stop? {} ({why})",
            if it.reason.is_some() { "True" } else { "False" }
        )?;
    }
    Ok(())
}

/// A round in which a kept plan was replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Improvement {
    pub time: usize,
    pub iteration: usize,
    /// Best by the centralized objective, else by welfare.
    pub centralized: bool,
    pub objective: f64,
    /// Seconds used at the end of that round.
    pub seconds: f64,
}

/// All improvements in a run's folder, from our table of rounds or, where there is none, from the published log.
///
/// # Errors
/// Neither can be read.
pub fn improvements(folder: &Path) -> Result<Vec<Improvement>, FileError> {
    let path = folder.join(ITERATIONS);
    if !path.is_file() {
        let path = folder.join(LOG);
        let text = std::fs::read_to_string(&path).map_err(|error| FileError::new(&path, error))?;
        return Ok(from_log(&text));
    }
    let table = Table::read(&path)?;
    let number = |name: &str| -> Result<Vec<f64>, FileError> {
        Ok(table.numbers(name, &path)?.into_iter().map(|value| value.unwrap_or(0.0)).collect())
    };
    let (time, iteration) = (number("time")?, number("iteration")?);
    let (objective, seconds) = (number("centralized_obj")?, number("total_runtime")?);
    let flags = [(table.column("best", &path)?, false), (table.column("best_centralized", &path)?, true)];
    let mut found = Vec::new();
    for (i, row) in table.rows.iter().enumerate() {
        for (column, centralized) in flags {
            if row[column] == "true" {
                found.push(Improvement {
                    time: time[i] as usize,
                    iteration: iteration[i] as usize,
                    centralized,
                    objective: objective[i],
                    seconds: seconds[i],
                });
            }
        }
    }
    Ok(found)
}

/// The improvements that a log in the published grammar tells of.
pub fn from_log(text: &str) -> Vec<Improvement> {
    let number = |text: &str| -> Option<f64> {
        let end = text.find([' ', ';', ')', '(']).unwrap_or(text.len());
        text[..end].parse().ok()
    };
    let after = |line: &str, mark: &str| line.split_once(mark).and_then(|(_, rest)| number(rest.trim_start()));
    let (mut time, mut iteration, mut round) = (0, 0, 0);
    let mut found: Vec<Improvement> = Vec::new();
    for line in text.lines() {
        if let Some(t) = line.strip_prefix("t = ").and_then(number) {
            time = t as usize;
        } else if let Some(k) = line.trim_start().strip_prefix("it = ").and_then(number) {
            iteration = k as usize;
            round = found.len();
        } else if let Some(objective) = after(line, "solution updated; obj = ") {
            let centralized = line.contains("best centralized solution");
            found.push(Improvement { time, iteration, centralized, objective, seconds: 0.0 });
        } else if let Some(seconds) = after(line, "total runtime = ") {
            found[round..].iter_mut().for_each(|improvement| improvement.seconds = seconds);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::faas_macro::{Bargain, Prices, bargain};
    use super::super::instance::tests::two_nodes;
    use super::*;

    #[test]
    fn the_table_and_the_log_tell_the_same_improvements() {
        let instance = two_nodes().with_load(vec![12.0, 9.0]);
        let outcome = bargain(&instance, &Bargain::default(), Prices::zero(&instance)).expect("nothing is fixed");
        let folder = tempfile::tempdir().expect("a folder");
        iterations_table([(3, &outcome)]).write(&folder.path().join(ITERATIONS)).expect("written");
        let from_table = improvements(folder.path()).expect("read");
        assert!(from_table.len() >= 2 && from_table[0].time == 3);
        assert_eq!(from_log(&log_of(3, &outcome, 2)), from_table);
        let brief = log_of(3, &outcome, 1);
        assert!(!brief.contains("rmp:") && brief.contains("    it = 0 (psi = 2)"), "{brief}");
    }
}
