//! `plan libra replay`: the published per-second simulator by its own arithmetic.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::REFUSED;
use crate::planner::libra::log::LogWriter;
use crate::planner::libra::observe::PerSecondWriter;
use crate::planner::libra::parameters::Parameters;
use crate::planner::libra::readings::Readings;
use crate::planner::libra::replay::{ReplayError, replay_observed};
use crate::planner::libra::summary::Summary;
use crate::workload::trace::counts::{Column, read};

#[derive(Args)]
pub struct PlanLibra {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Replay a trace of counts per second; prints the figures as one CSV row with header.
    Replay(Replay),
}

/// Parameters have the names and defaults of the published simulator.
#[derive(Args)]
struct Replay {
    /// Trace: one whole number a line, requests in that second; may end in .gz.
    trace: PathBuf,
    /// Column of a CSV trace with a header.
    #[arg(long)]
    column: Option<String>,
    /// Parameter, as in `--set policy=serverless` or `--set alpha=0.8`; may be repeated.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Read every quirk as corrected instead of as published.
    #[arg(long)]
    corrected: bool,
    /// Replay to the end of the trace instead of `end_time`.
    #[arg(long)]
    whole: bool,
    /// Write a row per second to this CSV file.
    #[arg(long, value_name = "FILE")]
    per_second: Option<PathBuf>,
    /// Write the log lines of the published simulator to this file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

impl PlanLibra {
    pub fn run(&self) -> ExitCode {
        let Action::Replay(replay) = &self.action;
        match replay.run() {
            Ok(text) => super::print(&text),
            Err(Trouble::Refused(message)) => {
                super::say(&message);
                ExitCode::from(REFUSED)
            }
            Err(Trouble::Unwritten(message)) => {
                super::say(&message);
                ExitCode::FAILURE
            }
        }
    }
}

/// Why there is no row.
enum Trouble {
    Refused(String),
    Unwritten(String),
}

impl From<String> for Trouble {
    fn from(message: String) -> Trouble {
        Trouble::Refused(message)
    }
}

impl Replay {
    fn run(&self) -> Result<String, Trouble> {
        let column = self.column.clone().map_or(Column::Only, Column::Named);
        let counts = read(&self.trace, &column).map_err(|error| with_source(&error))?;
        let mut parameters = self.parameters()?;
        if self.whole {
            parameters.end_time = counts.len() as u64;
        }
        let open = |path: &PathBuf| {
            let file = File::create(path).map(BufWriter::new);
            file.map_err(|error| Trouble::Unwritten(format!("{}: {error}", path.display())))
        };
        let per_second = self.per_second.as_ref().map(open).transpose()?.map(PerSecondWriter::new);
        let log = self.log.as_ref().map(open).transpose()?.map(LogWriter::new);
        let mut observers = (per_second, log);
        let summary = replay_observed(&parameters, &counts, &mut observers);
        let summary = summary.map_err(|error| match error {
            ReplayError::Output(_) => Trouble::Unwritten(with_source(&error)),
            _ => Trouble::Refused(with_source(&error)),
        })?;
        let (per_second, log) = observers;
        let flushed =
            per_second.map_or(Ok(()), PerSecondWriter::finish).and_then(|()| log.map_or(Ok(()), LogWriter::finish));
        flushed.map_err(|error| Trouble::Unwritten(format!("a table could not be written: {error}")))?;
        let trace = self.trace.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        row(&summary, &trace, &parameters).map_err(|error| Trouble::Unwritten(error.to_string()))
    }

    /// The defaults with what is set, through the same names as the table of the specification.
    fn parameters(&self) -> Result<Parameters, String> {
        let mut parameters = Parameters::default();
        if self.corrected {
            parameters.readings = Readings::corrected();
        }
        let mut values = serde_json::to_value(&parameters).map_err(|error| error.to_string())?;
        for set in &self.set {
            let (name, value) = set.split_once('=').ok_or_else(|| format!("--set {set}: want NAME=VALUE"))?;
            let known = values.get(name).is_some();
            if !known {
                let names: Vec<String> = values.as_object().into_iter().flat_map(|o| o.keys().cloned()).collect();
                let near = crate::scenario::units::nearest(name, names.iter().map(String::as_str));
                let hint = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
                return Err(format!("--set {set}: no parameter {name}{hint} (there are {})", names.join(", ")));
            }
            let parsed = serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::String(value.to_owned()));
            if let Some(wanted) = not_like(&values[name], &parsed) {
                let found = crate::scenario::complaint::shorten(&parsed.to_string());
                return Err(format!("--set {set}: found {found}, want {wanted}"));
            }
            values[name] = parsed;
            // One at a time, so that the message names the one that is wrong.
            serde_json::from_value::<Parameters>(values.clone()).map_err(|error| format!("--set {set}: {error}"))?;
        }
        let parameters: Parameters = serde_json::from_value(values).map_err(|error| error.to_string())?;
        parameters
            .check()
            .map_err(|complaints| complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        Ok(parameters)
    }
}

/// What is wanted in the place of `now` when `new` is of another kind; serde tells the rest.
fn not_like(now: &serde_json::Value, new: &serde_json::Value) -> Option<&'static str> {
    match now {
        serde_json::Value::Number(number) if number.is_u64() => {
            (!new.is_u64()).then_some("a whole number of at least 0")
        }
        serde_json::Value::Number(_) => (!new.is_number()).then_some("a number"),
        serde_json::Value::Bool(_) => (!new.is_boolean()).then_some("true or false"),
        _ => None,
    }
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn row(summary: &Summary, trace: &str, parameters: &Parameters) -> io::Result<String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(Summary::COLUMNS)?;
    out.write_record(summary.row(parameters.policy.name(), trace, parameters))?;
    out.flush()?;
    let bytes = out.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
