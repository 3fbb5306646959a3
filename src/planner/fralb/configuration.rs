//! The JSON configuration of a study: where results go, which periods to solve, how, and the limits of its instances.
//!
//! Source: DFaaSOptimizer's configuration files, README and program. Every field is checked, all complaints come at
//! once. Differs: solvers of other makes are accepted and ours is used, `checkpoint_interval` may be left out, and
//! fields of our own choose between published and corrected behaviour (`flows`, `social_welfare`, `local_rejection`,
//! `coordinator.corrected`, `coordinator.global_order`, `weights.faithful`).

use super::complaint::{Complaints, Entry, Notes, parse_json};
use super::coordinator::CoordinatorMilp;
use super::faas_macro::{Bargain, Coordinator, Welfare};
use super::greedy::{Greedy, Sorting};
use super::limits::Limits;
use super::lmm::Lmm;
use super::local::LocalModel;
use crate::solve::milp::Options;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    pub base_solution_folder: PathBuf,
    pub seed: u64,
    /// 0 to 2
    pub verbose: u8,
    /// Samples in a trace.
    pub max_steps: usize,
    /// Periods to solve: first, one past the last, stride. First equal to last solves that one period.
    pub min_run_time: usize,
    pub max_run_time: usize,
    pub run_time_step: usize,
    pub general: SolverLimits,
    pub coordinator: SolverLimits,
    pub greedy: Option<Greedy>,
    /// With a greedy rule: stop there instead of starting the optimum from it.
    pub heuristic_only: bool,
    pub update_neighborhood: bool,
    pub start_from_last_pi: bool,
    pub use_detailed_pi: bool,
    pub local_rejection: bool,
    pub checkpoint_interval: usize,
    pub plot_interval: Option<usize>,
    pub max_iterations: usize,
    pub patience: usize,
    pub tolerance: f64,
    /// A centralized solution whose replicas are imposed.
    pub opt_solution_folder: Option<PathBuf>,
    /// Flows are whole requests.
    pub whole: bool,
    pub welfare: Welfare,
    pub limits: Limits,
    /// The document, as it is written beside the results.
    pub document: Value,
}

/// Options that are handed to the solver.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SolverLimits {
    /// Seconds for one solve.
    pub time_limit: Option<f64>,
    /// Seconds for all solves of a period; `TimeLimit` means both, other spellings only the first.
    pub period_limit: Option<f64>,
    pub gap: Option<f64>,
    /// Tolerance of the ceiling that turns a solver's number into replicas.
    pub feasibility: Option<f64>,
}

const SOLVERS: [&str; 13] = [
    "highs",
    "appsi_highs",
    "microlp",
    "gurobi",
    "gurobi_direct",
    "gurobi_persistent",
    "appsi_gurobi",
    "glpk",
    "cbc",
    "cplex",
    "scip",
    "ipopt",
    "xpress",
];

impl Configuration {
    /// Reads a configuration; beside it come warnings.
    ///
    /// # Errors
    /// All complaints; broken JSON is named by line and column.
    pub fn from_json(text: &str) -> Result<(Configuration, Vec<String>), Complaints> {
        Configuration::from_value(parse_json(text)?)
    }

    /// Reads a configuration that has been parsed, and maybe changed, before.
    ///
    /// # Errors
    /// All complaints.
    pub fn from_value(document: Value) -> Result<(Configuration, Vec<String>), Complaints> {
        let mut notes = Notes::default();
        let configuration = read(&Entry::root(&document), &mut notes);
        let whole = notes.verdict(configuration)?;
        Ok((Configuration { document, ..whole.0 }, whole.1))
    }

    /// The periods to solve, ascending.
    pub fn periods(&self) -> Vec<usize> {
        if self.min_run_time == self.max_run_time {
            return vec![self.min_run_time];
        }
        (self.min_run_time..self.max_run_time).step_by(self.run_time_step).collect()
    }

    /// Whether tables are saved after period `t`.
    pub fn checkpoint_after(&self, t: usize) -> bool {
        t.is_multiple_of(self.checkpoint_interval) || t + 1 == self.max_steps
    }

    /// The centralized method as configured.
    pub fn lmm(&self) -> Lmm {
        let solver = Options {
            gap: self.general.gap.unwrap_or(1e-4),
            time_limit_s: self.general.time_limit,
            ..Options::default()
        };
        Lmm { whole: self.whole, solver, ..Lmm::default() }
    }

    /// The decentralized method as configured, with `workers` threads.
    pub fn bargain(&self, workers: usize) -> Bargain {
        let milp = |start| CoordinatorMilp {
            start,
            gap: self.coordinator.gap.or(self.general.gap).unwrap_or(1e-6),
            time_limit: self.coordinator.time_limit.or(self.general.time_limit),
            node_limit: None,
        };
        Bargain {
            local: LocalModel {
                whole: self.whole,
                local_rejection: self.local_rejection,
                idle_allowed: self.welfare == Welfare::Head,
            },
            welfare: self.welfare,
            coordinator: match self.greedy {
                Some(greedy) if self.heuristic_only => Coordinator::Greedy(greedy),
                start => Coordinator::Milp(milp(start)),
            },
            max_iterations: self.max_iterations,
            patience: self.patience,
            tolerance: self.tolerance,
            time_limit: self.general.period_limit,
            update_neighborhood: self.update_neighborhood,
            detailed_prices: self.use_detailed_pi,
            fixed_replicas: None,
            workers,
        }
    }
}

fn read(entry: &Entry<'_>, notes: &mut Notes) -> Option<Configuration> {
    entry.object(notes)?;
    entry.warn_unknown(
        &[
            "base_solution_folder",
            "seed",
            "verbose",
            "max_steps",
            "min_run_time",
            "max_run_time",
            "run_time_step",
            "solver_name",
            "solver_options",
            "checkpoint_interval",
            "plot_interval",
            "max_iterations",
            "patience",
            "sw_patience",
            "tolerance",
            "opt_solution_folder",
            "limits",
            "flows",
            "social_welfare",
        ],
        notes,
    );
    let folder = entry.need("base_solution_folder", notes, "a folder for results");
    let folder = folder.and_then(|entry| entry.text(notes, "a folder for results").map(PathBuf::from));
    let seed = entry.need("seed", notes, "a whole number").and_then(|entry| entry.whole(notes, 0, "a whole number"));
    let samples = "at least 3 samples, because the load has three periods";
    let max_steps = entry.need("max_steps", notes, samples).and_then(|entry| entry.whole(notes, 3, samples));
    let count = |name: &str, default: usize, least: u64, notes: &mut Notes| match entry.get(name) {
        Some(entry) => entry.whole(notes, least, &format!("a whole number of at least {least}")).map(|v| v as usize),
        None => Some(default),
    };
    let steps = max_steps.unwrap_or(3) as usize;
    let first = count("min_run_time", 0, 0, notes);
    let last = count("max_run_time", steps, 0, notes);
    let stride = count("run_time_step", 1, 1, notes);
    let checkpoint = count("checkpoint_interval", steps, 1, notes);
    let iterations = count("max_iterations", 100, 1, notes);
    let patience = count("patience", 10, 1, notes);
    if let (Some(first), Some(last), Some(_)) = (first, last, max_steps) {
        if first > last {
            notes.complain(
                "min_run_time",
                format!("{first} above max_run_time {last}"),
                "min_run_time at most max_run_time",
            );
        }
        if last > steps || first >= steps {
            notes.complain("max_run_time", format!("{first} to {last}"), format!("periods below max_steps {steps}"));
        }
    }
    let verbose = match entry.get("verbose") {
        Some(entry) => entry.number(notes, "0, 1 or 2", |v| [0.0, 1.0, 2.0].contains(&v)).map(|v| v as u8),
        None => Some(0),
    };
    let tolerance = match entry.get("tolerance") {
        Some(entry) => entry.number(notes, "a tolerance above 0", |v| v > 0.0),
        None => Some(1e-3),
    };
    if entry.get("sw_patience").is_some() {
        notes.warn("sw_patience: read by the published program and used by none of its rules; ignored");
    }
    solver_name(entry, notes);
    let plot_interval = match entry.get("plot_interval") {
        Some(entry) => Some(entry.whole(notes, 1, "a whole number of at least 1")? as usize),
        None => None,
    };
    let opt_solution_folder = match entry.get("opt_solution_folder") {
        Some(entry) => entry.text(notes, "the folder of a centralized solution").map(PathBuf::from),
        None => None,
    };
    let whole = choice(entry, "flows", &["real", "integer"], notes) == Some(1);
    let welfare = match choice(entry, "social_welfare", &["release", "head", "normalised"], notes) {
        Some(1) => Welfare::Head,
        Some(2) => Welfare::Normalised,
        _ => Welfare::Release,
    };
    let options = solver_options(entry, notes);
    let limits = entry.need("limits", notes, "an object").and_then(|entry| Limits::read(&entry, notes));
    let (general, coordinator, greedy, heuristic_only, switches) = options?;
    Some(Configuration {
        base_solution_folder: folder?,
        seed: seed?,
        verbose: verbose?,
        max_steps: steps,
        min_run_time: first?,
        max_run_time: last?,
        run_time_step: stride?,
        general,
        coordinator,
        greedy,
        heuristic_only,
        update_neighborhood: switches[0],
        start_from_last_pi: switches[1],
        use_detailed_pi: switches[2],
        local_rejection: switches[3],
        checkpoint_interval: checkpoint?,
        plot_interval,
        max_iterations: iterations?,
        patience: patience?,
        tolerance: tolerance?,
        opt_solution_folder,
        whole,
        welfare,
        limits: limits?,
        document: Value::Null,
    })
}

fn solver_name(entry: &Entry<'_>, notes: &mut Notes) {
    let wanted = "the name of a solver, such as highs";
    let Some(name) = entry.need("solver_name", notes, wanted) else { return };
    match name.text(notes, wanted) {
        Some("highs" | "appsi_highs" | "microlp") | None => {}
        Some(other) if SOLVERS.contains(&other) => {
            notes.warn(format!("solver_name: {other} is not used here, our own solver is"));
        }
        Some(_) => name.complain(notes, &format!("one of {}", SOLVERS.join(", "))),
    }
}

/// The place of the text found in `of`; the first when the field is absent.
fn choice(entry: &Entry<'_>, name: &str, of: &[&str], notes: &mut Notes) -> Option<usize> {
    let part = entry.get(name)?;
    let wanted = format!("one of {}", of.join(", "));
    let text = part.text(notes, &wanted)?;
    let place = of.iter().position(|option| *option == text);
    if place.is_none() {
        part.complain(notes, &wanted);
    }
    place
}

type ReadOptions = (SolverLimits, SolverLimits, Option<Greedy>, bool, [bool; 4]);

fn solver_options(entry: &Entry<'_>, notes: &mut Notes) -> Option<ReadOptions> {
    let empty = json!({});
    let options = entry.get("solver_options").unwrap_or(Entry { key: "solver_options".into(), value: &empty });
    options.object(notes)?;
    let switches = ["update_neighborhood", "start_from_last_pi", "use_detailed_pi", "local_rejection"];
    options.warn_unknown(&[&["general", "coordinator"][..], &switches].concat(), notes);
    let truth = |entry: &Entry<'_>, name: &str, default: bool, notes: &mut Notes| {
        entry.get(name).and_then(|entry| entry.truth(notes)).unwrap_or(default)
    };
    let read_switches = switches.map(|name| truth(&options, name, false, notes));
    let part = |name: &str| options.get(name).map_or((format!("solver_options.{name}"), &empty), |e| (e.key, e.value));
    let (key, value) = part("general");
    let general = solver_limits(&Entry { key, value }, &[], notes)?;
    let (key, value) = part("coordinator");
    let entry = Entry { key, value };
    let ours = ["sorting_rule", "heuristic_only", "corrected", "global_order"];
    let coordinator = solver_limits(&entry, &ours, notes)?;
    let rule = choice(&entry, "sorting_rule", &["beta", "omega", "product"], notes);
    let sorting = rule.map(|place| [Sorting::Beta, Sorting::Omega, Sorting::Product][place]);
    let corrected = truth(&entry, "corrected", false, notes);
    let global_order = truth(&entry, "global_order", false, notes);
    let heuristic_only = truth(&entry, "heuristic_only", true, notes);
    let greedy = sorting.map(|sorting| Greedy { sorting, corrected, global_order });
    Some((general, coordinator, greedy, heuristic_only, read_switches))
}

/// Translates the options of the solvers that the published program was used with; any other is refused by name.
fn solver_limits(entry: &Entry<'_>, ours: &[&str], notes: &mut Notes) -> Option<SolverLimits> {
    let mut limits = SolverLimits::default();
    for (name, option) in entry.members(notes) {
        let (seconds, part) = ("seconds above 0", "a fraction from 0 to 1");
        match name.as_str() {
            "TimeLimit" => {
                limits.time_limit = option.number(notes, seconds, |v| v > 0.0);
                limits.period_limit = limits.time_limit;
            }
            "tmlim" | "time_limit" => limits.time_limit = option.number(notes, seconds, |v| v > 0.0),
            "MIPGap" | "mipgap" | "mip_rel_gap" => {
                limits.gap = option.number(notes, part, |v| (0.0..=1.0).contains(&v));
            }
            "FeasibilityTol" => {
                limits.feasibility =
                    option.number(notes, "a tolerance from 1e-9 to 1e-2", |v| (1e-9..=1e-2).contains(&v))
            }
            _ if ours.contains(&name.as_str()) => {}
            _ => {
                let wanted = "an option that can be translated: TimeLimit or tmlim, MIPGap or mipgap, FeasibilityTol";
                notes.complain(option.key.clone(), format!("the option {name}"), wanted);
            }
        }
    }
    if limits.time_limit.is_some() {
        notes.warn(format!("{}: with a time limit results are not reproducible", entry.key));
    }
    Some(limits)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A small study that is complete and cheap.
    pub fn small() -> Value {
        json!({
            "base_solution_folder": "solutions", "seed": 4850, "max_steps": 9, "min_run_time": 0, "max_run_time": 2,
            "solver_name": "highs", "max_iterations": 20, "patience": 5,
            "solver_options": {"coordinator": {"sorting_rule": "beta"}},
            "limits": {
                "Nn": {"min": 4, "max": 4}, "Nf": {"min": 2, "max": 2}, "neighborhood": {"k": 2},
                "demand": {"values": [0.3, 0.2], "speedup_factors": {"4096": 0.5, "8192": 1.0}},
                "memory_requirement": {"values": [128, 512]},
                "memory_capacity": {"repeated_values": [[0.5, 4096], [0.5, 8192]]},
                "max_utilization": {"min": 0.8, "max": 0.8},
                "weights": {"alpha": {"min": 1.0, "max": 1.0}, "beta_multiplier": {"min": 0.9, "max": 0.9},
                            "gamma": {"min": 0.1, "max": 0.1}, "delta_multiplier": {"min": 0.95, "max": 0.95}},
                "load": {"trace_type": "fixed_sum", "values": ["auto"]}
            }
        })
    }

    #[test]
    fn periods_exclude_the_last_except_when_it_is_the_only_one() {
        let (mut configuration, warnings) = Configuration::from_value(small()).expect("complete");
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(configuration.periods(), [0, 1]);
        (configuration.min_run_time, configuration.max_run_time) = (3, 3);
        assert_eq!(configuration.periods(), [3]);
        (configuration.max_run_time, configuration.run_time_step) = (9, 4);
        assert_eq!(configuration.periods(), [3, 7]);
        assert!(configuration.checkpoint_after(0) && configuration.checkpoint_after(8));
        assert!(!configuration.checkpoint_after(4));
    }

    #[test]
    fn foreign_solvers_and_their_options_are_translated() {
        let mut value = small();
        value["solver_name"] = json!("gurobi");
        value["solver_options"] = json!({"general": {"TimeLimit": 60, "MIPGap": 1e-5}, "coordinator": {"tmlim": 5}});
        let (configuration, warnings) = Configuration::from_value(value).expect("translated");
        assert!(warnings.iter().any(|line| line.contains("gurobi is not used here")), "{warnings:?}");
        let bargain = configuration.bargain(0);
        assert_eq!(bargain.time_limit, Some(60.0));
        let Coordinator::Milp(milp) = bargain.coordinator else { panic!("no sorting rule means an optimum") };
        assert_eq!((milp.time_limit, milp.gap, milp.start), (Some(5.0), 1e-5, None));
        assert_eq!(configuration.lmm().solver.time_limit_s, Some(60.0));
    }
}
