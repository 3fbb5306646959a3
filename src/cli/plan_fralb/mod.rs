//! `plan fralb`: replica allocation and load balancing on the edge, from a configuration or an instance to tables.
//!
//! Source: the five programs of DFaaSOptimizer; their flags are accepted under their own spelling too. Differs: without
//! plots yet, which is said where one is asked for.

mod arguments;
mod check;
mod lp;

pub use arguments::PlanFralb;
use arguments::{CompareArgs, CompareMode, FralbCommand, LmmArgs, MacroArgs, MethodName, RunArgs, StudyArgs};

use super::REFUSED;
use crate::planner::fralb::campaign::{Campaign, postprocess};
use crate::planner::fralb::comparison::{Selection, compare, compare_single_model};
use crate::planner::fralb::complaint::{Complaints, parse_json};
use crate::planner::fralb::configuration::Configuration;
use crate::planner::fralb::faas_macro::{BargainError, Prices, bargain};
use crate::planner::fralb::generator::{Generated, generate};
use crate::planner::fralb::instance::Instance;
use crate::planner::fralb::journal::iterations_table;
use crate::planner::fralb::lmm::Lmm;
use crate::planner::fralb::study::{Method, Study, StudyError};
use crate::planner::fralb::sweep::{document_at, points};
use crate::planner::fralb::table::{FileError, Table, blank};
use crate::planner::fralb::what_if;
use crate::solve::milp::{Options, SolveError};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum FralbFailure {
    #[error("{path}:\n{complaints}")]
    Input { path: String, complaints: Complaints },
    #[error(transparent)]
    Study(#[from] StudyError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Solve(#[from] SolveError),
    #[error(transparent)]
    Bargain(#[from] BargainError),
    #[error("writing the answer: {0}")]
    Answer(#[from] std::io::Error),
}

impl PlanFralb {
    pub fn run(&self) -> ExitCode {
        let mut out = Vec::new();
        let result = run(self, &mut out, &mut std::io::stderr());
        let printed = super::print(&String::from_utf8_lossy(&out));
        match result {
            Ok(true) => printed,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                super::say(&error.to_string());
                match error {
                    FralbFailure::Input { .. } | FralbFailure::Study(StudyError::Complaints(_)) => {
                        ExitCode::from(REFUSED)
                    }
                    _ => ExitCode::FAILURE,
                }
            }
        }
    }
}

/// Carries a command out: answers go to `out`, warnings and progress to `notes`. False when a check found faults.
///
/// # Errors
/// Mistakes in the input, files, problems that cannot be solved.
pub fn run(args: &PlanFralb, out: &mut dyn Write, notes: &mut dyn Write) -> Result<bool, FralbFailure> {
    match &args.command {
        FralbCommand::Lmm(args) => match &args.run.instance {
            Some(path) => instance_lmm(args, path, out),
            None => {
                lp::of_first_period(args, out, notes)?;
                configured(&args.run, Method::Centralized, 1, out, notes)
            }
        },
        FralbCommand::Macro(args) => match &args.run.instance {
            Some(path) => instance_macro(args, path, out),
            None => configured(&args.run, Method::FaasMacro, workers(args.parallelism), out, notes),
        },
        FralbCommand::Run(args) => study(args, out, notes),
        FralbCommand::Compare(args) => comparison(args, out),
        FralbCommand::WhatIf(args) => {
            let table = what_if::analyse(&args.base, &args.loop_over, &args.milestones)?;
            writeln!(out, "{}", table.to_text())?;
            Ok(true)
        }
        FralbCommand::Generate(args) => {
            let configuration = configuration(&args.config, notes)?;
            write_generated(&configuration, &args.config, &args.out, notes)?;
            writeln!(out, "{}", args.out.display())?;
            Ok(true)
        }
        FralbCommand::Check(args) => check::check(args, out, notes),
    }
}

fn workers(parallelism: i64) -> usize {
    match usize::try_from(parallelism) {
        Ok(workers) => workers,
        Err(_) => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    }
}

fn text(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(|error| FileError::new(path, error))
}

fn named<T>(path: &Path, result: Result<T, Complaints>) -> Result<T, FralbFailure> {
    result.map_err(|complaints| FralbFailure::Input { path: path.display().to_string(), complaints })
}

fn configuration(path: &Path, notes: &mut dyn Write) -> Result<Configuration, FralbFailure> {
    let (configuration, warnings) = named(path, Configuration::from_json(&text(path)?))?;
    for warning in warnings {
        writeln!(notes, "warning: {warning}")?;
    }
    Ok(configuration)
}

fn generated(configuration: &Configuration, path: &Path, notes: &mut dyn Write) -> Result<Generated, FralbFailure> {
    let drawn = generate(&configuration.limits, configuration.seed, configuration.max_steps, configuration.whole);
    let generated = named(path, drawn)?;
    for warning in &generated.warnings {
        writeln!(notes, "warning: {warning}")?;
    }
    Ok(generated)
}

/// One method over the periods of a configuration.
fn configured(
    args: &RunArgs,
    method: Method,
    workers: usize,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<bool, FralbFailure> {
    let path = args.config.as_ref().expect("clap asks for a configuration or an instance");
    let configuration = configuration(path, notes)?;
    let generated = generated(&configuration, path, notes)?;
    let name = if method == Method::Centralized { "centralized" } else { "faas-macro" };
    let hash = Sha256::digest(configuration.document.to_string());
    let digits: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let folder =
        args.out.clone().unwrap_or_else(|| configuration.base_solution_folder.join(format!("{name}-{digits}")));
    let study = Study { configuration: &configuration, generated: &generated, workers };
    let finished = study.run(method, &folder)?;
    let mut table = Table::new(["time", "objective", "end"]);
    for ((t, objective), end) in configuration.periods().iter().zip(&finished.objectives).zip(&finished.terminations) {
        table.push([t.to_string(), blank(*objective), end.clone()]);
    }
    writeln!(out, "{}", table.to_text())?;
    if !finished.reproducible {
        writeln!(out, "not reproducible: a time limit had a say")?;
    }
    writeln!(out, "{}", finished.folder.display())?;
    Ok(true)
}

fn instance_lmm(args: &LmmArgs, path: &Path, out: &mut dyn Write) -> Result<bool, FralbFailure> {
    let instance = named(path, Instance::from_json(&text(path)?))?;
    let run = &args.run;
    let solver = Options { gap: run.gap, time_limit_s: run.time_limit, ..Options::default() };
    let lmm = Lmm { whole: run.integer_flows, solver, ..Lmm::default() };
    lp::write(args, &lmm, &instance, out)?;
    let found = lmm.solve(&instance)?;
    let mut table = Table::new(["status", "objective", "bound", "gap", "x", "y", "z", "replicas"]);
    let totals = found.plan.as_ref().map(|plan| plan.totals());
    let total = |of: fn(&crate::planner::fralb::plan::Totals) -> f64| blank(totals.as_ref().map(of));
    table.push([
        format!("{:?}", found.status),
        blank(found.objective),
        blank(found.bound),
        blank(found.gap()),
        total(|totals| totals.x),
        total(|totals| totals.y),
        total(|totals| totals.z),
        total(|totals| totals.replicas as f64),
    ]);
    writeln!(out, "{}", table.to_text())?;
    if !found.reproducible {
        writeln!(out, "not reproducible: a time limit had a say")?;
    }
    Ok(true)
}

fn instance_macro(args: &MacroArgs, path: &Path, out: &mut dyn Write) -> Result<bool, FralbFailure> {
    use crate::planner::fralb::faas_macro::Bargain;
    let instance = named(path, Instance::from_json(&text(path)?))?;
    let mut options =
        Bargain { workers: workers(args.parallelism), time_limit: args.run.time_limit, ..Bargain::default() };
    options.local.whole = args.run.integer_flows;
    let outcome = bargain(&instance, &options, Prices::zero(&instance))?;
    let rounds = iterations_table([(0, &outcome)]);
    let shown = ["iteration", "psi", "sp_obj", "coordinator_obj", "lb", "sw", "centralized_obj", "x", "y", "z", "r"];
    let places: Vec<usize> =
        shown.iter().filter_map(|name| rounds.columns.iter().position(|column| column == name)).collect();
    let mut table = Table::new(shown);
    rounds.rows.iter().for_each(|row| table.push(places.iter().map(|&place| &row[place])));
    writeln!(out, "{}", table.to_text())?;
    writeln!(out, "objective {}; {}", outcome.by_welfare.objective, outcome.termination())?;
    Ok(true)
}

fn study(args: &StudyArgs, out: &mut dyn Write, notes: &mut dyn Write) -> Result<bool, FralbFailure> {
    let document = named(&args.config, parse_json(&text(&args.config)?))?;
    if args.enable_plotting {
        writeln!(notes, "warning: plots are not drawn by this command, its tables hold their figures")?;
    }
    let asked = |names: &[MethodName]| args.methods.is_empty() || args.methods.iter().any(|name| names.contains(name));
    let generate_only = args.generate_only || args.methods.contains(&MethodName::GenerateOnly);
    let campaign = Campaign {
        loop_over: args.loop_over.clone(),
        experiments: args.n_experiments.max(1),
        centralized: !args.run_faasmacro_only && asked(&[MethodName::Centralized]),
        faas_macro: !args.run_centralized_only && asked(&[MethodName::FaasMacro, MethodName::FaasMacroV0]),
        fix_r: args.fix_r,
        workers: workers(args.parallelism),
    };
    let base = PathBuf::from(document["base_solution_folder"].as_str().unwrap_or_default());
    let bases = match args.postprocessing_list {
        true => subfolders(&base, &["postprocessing"])?,
        false => vec![base.clone()],
    };
    if args.postprocessing_only {
        for base in bases {
            writeln!(out, "{}\n{}", base.display(), postprocess(&base, &args.loop_over)?.objectives.to_text())?;
        }
        return Ok(true);
    }
    if generate_only {
        let seed = document["seed"].as_u64().unwrap_or(0);
        for point in named(&args.config, points(&document, &args.loop_over, seed, campaign.experiments))? {
            let at = named(&args.config, Configuration::from_value(document_at(&document, &args.loop_over, &point)))?.0;
            let folder = base.join(format!("{}_{}-instance", point.value, point.seed));
            write_generated(&at, &args.config, &folder, notes)?;
            writeln!(out, "{}", folder.display())?;
        }
        return Ok(true);
    }
    let mut lines = Vec::new();
    let summary = campaign.run(&document, &mut |line| lines.push(line.to_owned()));
    for line in lines {
        writeln!(notes, "{line}")?;
    }
    writeln!(out, "{}", summary?.objectives.to_text())?;
    Ok(true)
}

/// Inputs of a run and, for each period to solve, a self-contained instance.
fn write_generated(
    configuration: &Configuration,
    path: &Path,
    folder: &Path,
    notes: &mut dyn Write,
) -> Result<(), FralbFailure> {
    let generated = generated(configuration, path, notes)?;
    std::fs::create_dir_all(folder).map_err(|error| FileError::new(folder, error))?;
    Study { configuration, generated: &generated, workers: 1 }.write_inputs(folder)?;
    for t in configuration.periods() {
        let file = folder.join(format!("instance_{t}.json"));
        std::fs::write(&file, generated.at(t).to_json()).map_err(|error| FileError::new(&file, error))?;
    }
    Ok(())
}

/// Folders below `base` in order of their names, without hidden ones and those that begin like `skip`.
fn subfolders(base: &Path, skip: &[&str]) -> Result<Vec<PathBuf>, FileError> {
    let entries = std::fs::read_dir(base).map_err(|error| FileError::new(base, error))?;
    let mut folders: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| p.is_dir()).collect();
    folders.retain(|folder| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        !name.starts_with('.') && !skip.iter().any(|skip| name.starts_with(skip))
    });
    folders.sort();
    Ok(folders)
}

fn comparison(args: &CompareArgs, out: &mut dyn Write) -> Result<bool, FralbFailure> {
    let mut folders = args.input.clone();
    if let [only] = &folders[..]
        && !only.join("obj.csv").is_file()
        && !only.join("postprocessing").is_dir()
    {
        folders = subfolders(only, &["post"])?;
    }
    // A study's base folder stands for its tables.
    for folder in &mut folders {
        if folder.join("postprocessing").is_dir() {
            folder.push("postprocessing");
        }
    }
    let mut selection = Selection {
        filter_by: args.filter_by.clone(),
        keep_only: args.keep_only,
        drop_value: args.drop_value,
        folder_keys: args.folder_keys.clone(),
    };
    let table = match args.run {
        CompareMode::Results => compare(&folders, &args.loop_over, &selection, &args.out)?,
        CompareMode::AcrossFolders => {
            if selection.folder_keys.is_empty() {
                selection.folder_keys.push(args.loop_over.clone());
            }
            compare(&folders, &args.loop_over, &selection, &args.out)?
        }
        CompareMode::SingleModel => {
            if selection.folder_keys.is_empty() {
                selection.folder_keys.push(args.loop_over.clone());
            }
            compare_single_model(&folders, &args.loop_over, args.single_model_baseline, &selection, &args.out)?
        }
    };
    writeln!(out, "{}", table.to_text())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        plan: PlanFralb,
    }

    pub(super) fn call(arguments: &[&str]) -> (Result<bool, FralbFailure>, String) {
        let cli = Cli::try_parse_from([&["fralb"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let result = run(&cli.plan, &mut out, &mut notes);
        (result, String::from_utf8(out).expect("text"))
    }

    pub(super) fn small(folder: &Path) -> PathBuf {
        let limits = r#"{"Nn": {"values": [3, 4]}, "Nf": {"min": 2, "max": 2}, "neighborhood": {"p": 1.0},
            "demand": {"values": [0.3, 0.2]}, "memory_requirement": {"values": [128, 512]},
            "memory_capacity": {"values_from": [2048, 4096]}, "max_utilization": {"min": 0.7, "max": 0.7},
            "weights": {"alpha": {"min": 1, "max": 1}, "beta_multiplier": {"min": 0.9, "max": 0.9},
                        "gamma": {"min": 0.1, "max": 0.1}, "delta_multiplier": {"min": 0.9, "max": 0.9}},
            "load": {"trace_type": "fixed_sum", "values": ["auto"]}}"#;
        let base = folder.join("study");
        let text = format!(
            r#"{{"base_solution_folder": {base:?}, "seed": 3, "max_steps": 6, "max_run_time": 2, "max_iterations": 20,
            "solver_name": "highs", "solver_options": {{"coordinator": {{"sorting_rule": "product"}}}}, "limits": {limits}}}"#
        );
        let path = folder.join("config.json");
        std::fs::write(&path, text).expect("written");
        path
    }

    #[test]
    fn a_study_is_run_checked_compared_and_cut_short() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = small(folder.path());
        let config = config.to_str().expect("a path");
        let base = folder.path().join("study");
        let base = base.to_str().expect("a path");
        let (result, out) = call(&["run", "-c", config, "--n_experiments", "1", "-j", "0"]);
        assert!(result.expect("small"), "{out}");
        assert_eq!(out.lines().count(), 5, "{out}");
        let (result, out) = call(&["check", base]);
        assert!(result.expect("plans") && out.matches("keep every rule").count() == 4, "{out}");
        let compared = folder.path().join("compared");
        let (result, out) = call(&["compare", "-i", base, "-o", compared.to_str().expect("a path")]);
        assert!(result.expect("tables") && out.contains("dev"), "{out}");
        let (result, out) = call(&["what-if", "-f", base, "-m", "0", "10"]);
        assert!(result.expect("rounds") && out.contains("centralized_dev_mean"), "{out}");
        let (result, out) = call(&["run", "-c", config, "--postprocessing_only"]);
        assert!(result.expect("tables") && out.contains(base), "{out}");
    }

    #[test]
    fn instances_are_drawn_and_solved_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = small(folder.path());
        let drawn = folder.path().join("drawn");
        let drawn = drawn.to_str().expect("a path");
        // A sweep's values are a range to a single run.
        assert!(call(&["generate", "-c", config.to_str().expect("a path"), "-o", drawn]).0.expect("drawn"));
        let instance = format!("{drawn}/instance_1.json");
        let (result, out) = call(&["check", &instance]);
        assert!(result.expect("an instance") && out.contains("2 functions"), "{out}");
        let (result, out) = call(&["lmm", "--instance", &instance]);
        assert!(result.expect("small") && out.contains("Optimal"), "{out}");
        let (result, out) = call(&["macro", "--instance", &instance, "-j", "2"]);
        assert!(result.expect("small") && out.contains("objective "), "{out}");
    }

    #[test]
    fn a_single_run_goes_to_a_folder_named_by_its_hash_and_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = small(folder.path());
        let config = config.to_str().expect("a path");
        let (result, out) = call(&["macro", "-c", config, "-j", "0"]);
        assert!(result.expect("small") && out.lines().last().is_some_and(|line| line.contains("faas-macro-")), "{out}");
        let error = call(&["macro", "-c", config]).0.expect_err("finished before").to_string();
        assert!(error.contains("a folder that exists is a finished run"), "{error}");
    }
}
