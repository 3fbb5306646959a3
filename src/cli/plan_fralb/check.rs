//! `plan fralb check`: a configuration, an instance, or every plan in a run's folder.

use super::arguments::CheckArgs;
use super::{FralbFailure, configuration, named, text};
use crate::planner::fralb::campaign::Experiments;
use crate::planner::fralb::check::{faults, surplus_replicas};
use crate::planner::fralb::complaint::parse_json;
use crate::planner::fralb::exchange;
use crate::planner::fralb::instance::Instance;
use crate::planner::fralb::load::read_trace;
use crate::planner::fralb::postprocessing::RunRecord;
use crate::planner::fralb::results::{BY_OBJECTIVE, BY_WELFARE, LMM, read_plans};
use crate::planner::fralb::table::{FileError, Table};
use std::io::Write;
use std::path::Path;

/// False when a plan breaks a rule.
pub(super) fn check(args: &CheckArgs, out: &mut dyn Write, notes: &mut dyn Write) -> Result<bool, FralbFailure> {
    let path = &args.path;
    if path.is_dir() {
        return check_folder(path, args.tolerance, out);
    }
    let content = text(path)?;
    let document = named(path, parse_json(&content))?;
    if document.get("schema").is_some() {
        let instance = named(path, Instance::from_json(&content))?;
        let pressure = instance.memory_pressure();
        let network = if instance.network.connected() { "connected" } else { "not connected" };
        let (nodes, functions) = (instance.nodes, instance.functions);
        writeln!(out, "{nodes} nodes ({network}), {functions} functions, memory pressure {pressure:.3}")?;
    } else {
        let configuration = configuration(path, notes)?;
        writeln!(out, "{} periods to solve, seed {}", configuration.periods().len(), configuration.seed)?;
    }
    Ok(true)
}

/// Every kept plan of a run, or of all runs of a study.
fn check_folder(folder: &Path, tolerance: f64, out: &mut dyn Write) -> Result<bool, FralbFailure> {
    if let Ok(experiments) = Experiments::read(folder) {
        let mut sound = true;
        for run in experiments.centralized.iter().chain(&experiments.faas_macro).flatten() {
            writeln!(out, "{}", run.display())?;
            sound &= check_folder(&folder.join(run), tolerance, out)?;
        }
        return Ok(sound);
    }
    let system = exchange::read_system(&text(&folder.join(exchange::SYSTEM))?);
    let system = named(&folder.join(exchange::SYSTEM), system)?;
    let trace_path = folder.join(exchange::TRACE);
    let trace = named(&trace_path, read_trace(&text(&trace_path)?, system.nodes, system.functions))?;
    let centralized = folder.join(format!("{LMM}_solution.csv")).is_file();
    let times = RunRecord::read(folder, !centralized)?.times;
    let prefixes: &[&str] = if centralized { &[LMM] } else { &[BY_WELFARE, BY_OBJECTIVE] };
    let mut table = Table::new(["plan", "time", "fault"]);
    let mut surplus = 0;
    for prefix in prefixes {
        for (plan, &t) in read_plans(folder, prefix, &system)?.iter().zip(&times) {
            let load = trace.get(t).ok_or_else(|| FileError::new(&trace_path, format!("no sample {t}")))?;
            let instance = system.with_load(load.clone());
            surplus += surplus_replicas(&instance, plan);
            for fault in faults(&instance, plan, tolerance) {
                table.push([(*prefix).to_owned(), t.to_string(), fault.to_string()]);
            }
        }
    }
    let sound = table.rows.is_empty();
    match sound {
        true => writeln!(out, "{} periods keep every rule; {surplus} idle replicas", times.len())?,
        false => writeln!(out, "{}", table.to_text())?,
    }
    Ok(sound)
}
