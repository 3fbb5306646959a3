//! What a finished pair of runs says: deviation from the optimum, what was rejected, how many rounds and why they ended.
//!
//! Source: the post-processing of DFaaSOptimizer's `run`; names, columns and definitions are its own. Reads its folders
//! as well as ours. Differs: tables instead of parsed logs, plots elsewhere.

use super::exchange;
use super::instance::Instance;
use super::plan::Plan;
use super::results::{self, BY_WELFARE, LMM, MACRO};
use super::table::{FileError, Table, blank};
use std::path::Path;

/// The last figures of a MACrO period, from its termination text.
#[derive(Clone, Debug, PartialEq)]
pub struct Termination {
    pub reason: String,
    pub iteration: usize,
    pub deviation: f64,
    pub best_iteration: usize,
    pub runtime: f64,
}

impl Termination {
    /// Parses `REASON (it: k; obj. deviation: d; best it: b; ..; total runtime: s)`; a time limit loses its figures.
    pub fn parse(text: &str) -> Option<Termination> {
        let (reason, rest) = text.rsplit_once(" (it: ")?;
        let mut fields = rest.strip_suffix(')')?.split("; ");
        let iteration = fields.next()?.trim().parse().ok()?;
        let mut found = Termination {
            reason: reason.split(": ").next().unwrap_or(reason).to_owned(),
            iteration,
            deviation: f64::NAN,
            best_iteration: iteration,
            runtime: f64::NAN,
        };
        for field in fields {
            let (name, value) = field.split_once(": ")?;
            match name {
                "obj. deviation" => found.deviation = value.parse().ok()?,
                "best it" => found.best_iteration = value.parse().ok()?,
                "total runtime" => found.runtime = value.parse().ok()?,
                _ => {}
            }
        }
        Some(found)
    }
}

/// What a run's folder says, period by period.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    pub system: Instance,
    pub times: Vec<usize>,
    pub objectives: Vec<Option<f64>>,
    /// Seconds; for MACrO as if all nodes worked at once.
    pub runtimes: Vec<Option<f64>>,
    pub terminations: Vec<Option<Termination>>,
    pub plans: Vec<Plan>,
}

impl RunRecord {
    /// Reads a folder of LMM (`macro_run` false) or FaaS-MACrO.
    ///
    /// # Errors
    /// Files that are missing or whose tables do not fit together.
    pub fn read(folder: &Path, macro_run: bool) -> Result<RunRecord, FileError> {
        let path = folder.join(exchange::SYSTEM);
        let text = std::fs::read_to_string(&path).map_err(|error| FileError::new(&path, error))?;
        let system = exchange::read_system(&text).map_err(|error| FileError::new(&path, error))?;
        let (prefix, name) = if macro_run { (BY_WELFARE, MACRO) } else { (LMM, LMM) };
        let plans = results::read_plans(folder, prefix, &system)?;
        let path = folder.join("obj.csv");
        // Earlier releases called the column after the models inside.
        let table = Table::read(&path)?;
        let name = [name, "LSP", "SP/coord"].into_iter().find(|name| table.columns.iter().any(|c| c == name));
        let objectives = table.numbers(name.unwrap_or(MACRO), &path)?;
        let path = folder.join("termination_condition.csv");
        let terminations: Vec<Option<Termination>> = if macro_run {
            let table = Table::read(&path)?;
            let column = table.column("0", &path)?;
            table.rows.iter().map(|row| Termination::parse(&row[column])).collect()
        } else {
            vec![None; plans.len()]
        };
        let runtimes = if macro_run {
            terminations.iter().map(|end| end.as_ref().map(|end| end.runtime)).collect()
        } else {
            let path = folder.join("runtime.csv");
            Table::read(&path)?.numbers(LMM, &path)?
        };
        let lengths = [objectives.len(), runtimes.len(), terminations.len()];
        if lengths.iter().any(|&length| length != plans.len()) {
            let what = format!("{} plans, but objectives, runtimes, terminations of {lengths:?}", plans.len());
            return Err(FileError::new(folder, what));
        }
        Ok(RunRecord { times: times(folder, plans.len()), system, objectives, runtimes, terminations, plans })
    }
}

/// The solved periods by the configuration beside them; 0, 1, .. without one.
fn times(folder: &Path, count: usize) -> Vec<usize> {
    let text = std::fs::read_to_string(folder.join("config.json")).unwrap_or_default();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let field = |name: &str, default: u64| document[name].as_u64().unwrap_or(default) as usize;
    let (first, step) = (field("min_run_time", 0), field("run_time_step", 1).max(1));
    (0..count).map(|i| first + i * step).collect()
}

/// A pair of runs over one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The value of the key that is looped over, and the seed.
    pub value: String,
    pub seed: u64,
    pub lmm: Option<RunRecord>,
    pub faas_macro: Option<RunRecord>,
}

/// Percent by which `found` lies above `best`.
pub fn deviation_percent(found: f64, best: f64) -> f64 {
    100.0 * (found - best) / best
}

/// The tables over all pairs of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub objectives: Table,
    pub rejections: Table,
    pub runtimes: Table,
    pub terminations: Table,
    /// One line per pair of nodes that forward the same function to each other.
    pub ping_pong: Vec<String>,
}

impl Summary {
    pub fn new(pairs: &[Pair], loop_over: &str) -> Summary {
        let compared = [LMM, MACRO, "dev", "time", loop_over, "seed"];
        let mut summary = Summary {
            objectives: Table::new(compared),
            rejections: Table::new(compared),
            runtimes: Table::new([LMM, MACRO, "iteration", "best_iteration", "dev", "time", loop_over, "seed"]),
            terminations: Table::new([
                "time",
                "criterion",
                "iteration",
                "deviation",
                "best_iteration",
                loop_over,
                "seed",
            ]),
            ping_pong: Vec::new(),
        };
        pairs.iter().for_each(|pair| summary.add(pair));
        summary
    }

    fn add(&mut self, pair: &Pair) {
        let times = pair.lmm.as_ref().or(pair.faas_macro.as_ref()).map_or(&[][..], |run| &run.times);
        let tail = |t: usize| [t.to_string(), pair.value.clone(), pair.seed.to_string()];
        for (i, &t) in times.iter().enumerate() {
            let lmm = pair.lmm.as_ref().filter(|run| i < run.plans.len());
            let other = pair.faas_macro.as_ref().filter(|run| i < run.plans.len());
            let row = |table: &mut Table, best: Option<f64>, found: Option<f64>, dev: fn(f64, f64) -> f64| {
                let deviation = best.zip(found).map(|(best, found)| dev(found, best));
                table.push([&[blank(best), blank(found), blank(deviation)][..], &tail(t)].concat());
            };
            let objective = |run: Option<&RunRecord>| run.and_then(|run| run.objectives[i]);
            row(&mut self.objectives, objective(lmm), objective(other), deviation_percent);
            let rejected = |run: Option<&RunRecord>| run.map(|run| run.plans[i].rejected_percent());
            row(&mut self.rejections, rejected(lmm), rejected(other), |found, best| found - best);
            let seconds = |run: Option<&RunRecord>| run.and_then(|run| run.runtimes[i]);
            let (best, found) = (seconds(lmm), seconds(other));
            let end = other.and_then(|run| run.terminations[i].as_ref());
            let count = |of: fn(&Termination) -> usize| end.map(|end| of(end).to_string()).unwrap_or_default();
            let (iteration, best_iteration) = (count(|end| end.iteration), count(|end| end.best_iteration));
            let ratio = blank(best.zip(found).map(|(best, found)| found / best));
            let head = [blank(best), blank(found), iteration, best_iteration, ratio];
            self.runtimes.push([&head[..], &tail(t)].concat());
            if let Some(end) = end {
                self.terminations.push([
                    t.to_string(),
                    end.reason.clone(),
                    end.iteration.to_string(),
                    end.deviation.to_string(),
                    end.best_iteration.to_string(),
                    pair.value.clone(),
                    pair.seed.to_string(),
                ]);
            }
            for (name, run) in [(LMM, lmm), (MACRO, other)] {
                for (n, f, m) in run.map(|run| run.plans[i].ping_pong(&run.system)).unwrap_or_default() {
                    let (value, seed) = (&pair.value, pair.seed);
                    self.ping_pong.push(format!("{name} {value}_{seed}: (n{n}, f{f}, n{m}, {t})"));
                }
            }
        }
    }

    /// Writes the tables of the study and of each pair into `folder`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path, pairs: &[Pair]) -> Result<(), FileError> {
        std::fs::create_dir_all(folder).map_err(|error| FileError::new(folder, error))?;
        self.objectives.write(&folder.join("obj.csv"))?;
        self.rejections.write(&folder.join("rejections.csv"))?;
        self.runtimes.write(&folder.join("runtime.csv"))?;
        self.terminations.write(&folder.join("i_termination_condition.csv"))?;
        let path = folder.join("ping_pong_problems.txt");
        let lines: String = self.ping_pong.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, lines).map_err(|error| FileError::new(&path, error))?;
        for pair in pairs {
            let folder = folder.join(format!("{}_{}", pair.value, pair.seed));
            std::fs::create_dir_all(&folder).map_err(|error| FileError::new(&folder, error))?;
            for (name, of) in [("loc", local as Share), ("fwd", forwarded), ("rej", rejected)] {
                by_function(pair, of).write(&folder.join(format!("{name}_by_function.csv")))?;
            }
            objectives_of(pair).write(&folder.join("obj.csv"))?;
        }
        Ok(())
    }
}

type Share = fn(&RunRecord, usize, usize) -> f64;

fn sum(run: &RunRecord, of: impl Fn(usize) -> f64) -> f64 {
    (0..run.system.nodes).map(of).sum()
}

fn local(run: &RunRecord, i: usize, f: usize) -> f64 {
    sum(run, |n| run.plans[i].x[run.system.at(n, f)])
}

fn forwarded(run: &RunRecord, i: usize, f: usize) -> f64 {
    sum(run, |n| run.plans[i].forwarded(&run.system, n, f))
}

fn rejected(run: &RunRecord, i: usize, f: usize) -> f64 {
    sum(run, |n| run.plans[i].z[run.system.at(n, f)])
}

/// Sums over nodes by function and period, then over all periods (`tot`).
fn by_function(pair: &Pair, of: Share) -> Table {
    let runs: Vec<(&str, &RunRecord)> =
        [(LMM, &pair.lmm), (MACRO, &pair.faas_macro)].into_iter().filter_map(|(n, r)| Some((n, r.as_ref()?))).collect();
    let names = runs.iter().map(|(name, _)| *name);
    let mut table = Table::new([""].into_iter().chain(names).chain(["time"]));
    let Some((_, first)) = runs.first() else { return table };
    let periods = runs.iter().map(|(_, run)| run.plans.len()).min().unwrap_or(0);
    let mut add = |time: String, of: &dyn Fn(&RunRecord, usize) -> f64| {
        for f in 0..first.system.functions {
            let values = runs.iter().map(|(_, run)| of(run, f).to_string());
            table.push([format!("f{f}")].into_iter().chain(values).chain([time.clone()]));
        }
    };
    for i in 0..periods {
        add(first.times[i].to_string(), &|run, f| of(run, i, f));
    }
    add("tot".into(), &|run, f| (0..periods).map(|i| of(run, i, f)).sum());
    table
}

fn objectives_of(pair: &Pair) -> Table {
    let mut table = Table::new([LMM, MACRO, "dev"]);
    let periods = pair.lmm.as_ref().or(pair.faas_macro.as_ref()).map_or(0, |run| run.plans.len());
    for i in 0..periods {
        let of = |run: &Option<RunRecord>| run.as_ref().and_then(|run| run.objectives.get(i).copied().flatten());
        let (best, found) = (of(&pair.lmm), of(&pair.faas_macro));
        let deviation = best.zip(found).map(|(best, found)| deviation_percent(found, best));
        table.push([blank(best), blank(found), blank(deviation)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    #[test]
    fn a_termination_text_is_taken_apart() {
        let text = "reached time limit: 60.5 >= 60 (it: 7; obj. deviation: 0.25; best it: 3; best centralized it: 4; total runtime: 60.5)";
        let found = Termination::parse(text).expect("the published form");
        assert_eq!(found.reason, "reached time limit");
        assert_eq!((found.iteration, found.best_iteration, found.deviation, found.runtime), (7, 3, 0.25, 60.5));
        assert_eq!(Termination::parse("dev < 0"), None);
    }

    #[test]
    fn a_pair_is_compared_by_its_definitions() {
        let run = |x, objective, runtime| {
            let system = two_nodes();
            let plan = Plan { x: vec![x, 0.0], z: vec![4.0 - x, 0.0], ..Plan::empty(&system) };
            RunRecord {
                system,
                times: vec![5],
                objectives: vec![Some(objective)],
                runtimes: vec![Some(runtime)],
                terminations: vec![None],
                plans: vec![plan],
            }
        };
        let pair =
            Pair { value: "2".into(), seed: 9, lmm: Some(run(4.0, 10.0, 2.0)), faas_macro: Some(run(3.0, 9.0, 1.0)) };
        let summary = Summary::new(std::slice::from_ref(&pair), "Nn");
        assert_eq!(summary.objectives.rows, [["10", "9", "-10", "5", "2", "9"]]);
        assert_eq!(summary.rejections.rows, [["0", "25", "25", "5", "2", "9"]]);
        assert_eq!(summary.runtimes.rows, [["2", "1", "", "", "0.5", "5", "2", "9"]]);
        let folder = tempfile::tempdir().expect("a folder");
        summary.write(folder.path(), &[pair]).expect("written");
        let table = Table::read(&folder.path().join("2_9/loc_by_function.csv")).expect("read");
        assert_eq!(table.rows, [["f0", "4", "3", "5"], ["f0", "4", "3", "tot"]]);
    }
}
