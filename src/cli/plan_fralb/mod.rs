//! `plan fralb`: replica allocation and load balancing on the edge, from a configuration or an instance to tables.
//!
//! Source: the five programs of DFaaSOptimizer; their flags are accepted under their own spelling too. Differs: pictures are
//! SVG.

mod arguments;
mod check;
mod lp;
mod pictures;
mod study_drawn;
mod tables_drawn;

pub use arguments::PlanFralb;
use arguments::{CompareArgs, CompareMode, FralbCommand, LmmArgs, MacroArgs, MethodName, RunArgs, StudyArgs};

use super::REFUSED;
use crate::planner::fralb::campaign::{Campaign, Experiments, POSTPROCESSING, postprocess};
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
            tables_drawn::draw_progress(&args.base.join("what-if"), &args.loop_over)?;
            writeln!(out, "{}", table.to_text())?;
            Ok(true)
        }
        FralbCommand::Generate(args) => {
            let configuration = configuration(&args.config, notes)?;
            write_generated(&configuration, &args.config, &args.out, notes)?;
            pictures::draw_generated(&args.out)?;
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
    if !args.disable_plotting {
        let centralized = method == Method::Centralized;
        if !pictures::draw_run(&finished.folder, centralized, configuration.plot_interval)? {
            writeln!(notes, "no pictures: more nodes or functions than can be looked at")?;
        }
    }
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
    if !options.is_reproducible() {
        writeln!(out, "not reproducible: a time limit had a say")?;
    }
    Ok(true)
}

fn study(args: &StudyArgs, out: &mut dyn Write, notes: &mut dyn Write) -> Result<bool, FralbFailure> {
    let document = named(&args.config, parse_json(&text(&args.config)?))?;
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
            tables_drawn::draw_pairs(&base.join(POSTPROCESSING), &args.loop_over)?;
            study_drawn::draw_study(&base.join(POSTPROCESSING), &args.loop_over)?;
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
    tables_drawn::draw_pairs(&base.join(POSTPROCESSING), &args.loop_over)?;
    study_drawn::draw_study(&base.join(POSTPROCESSING), &args.loop_over)?;
    if args.enable_plotting {
        let plot_interval = document["plot_interval"].as_u64().map(|interval| interval as usize);
        let experiments = Experiments::read(&base)?;
        for (folders, centralized) in [(experiments.centralized, true), (experiments.faas_macro, false)] {
            for folder in folders.iter().flatten() {
                pictures::draw_run(&base.join(folder), centralized, plot_interval)?;
            }
        }
    }
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
    let label = args.loop_over_label.as_deref().unwrap_or(&args.loop_over);
    let shown = study_drawn::Shown { label, models: &args.models };
    study_drawn::draw_comparison(&args.out, &args.loop_over, &shown)?;
    writeln!(out, "{}", table.to_text())?;
    Ok(true)
}

#[cfg(test)]
mod tests;
