//! `run`: a scenario under its strategies, side by side on the same requests.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::ScenarioArgs;
use super::calls::Calls;
use super::table::comparison;
use super::watch::Watch;
use crate::experiment::opened::Opened;
use crate::experiment::run::{Finished, LogFormat, Output, RunError, run_column};
use crate::run::record::RequestLog;
use crate::run::tee::Tee;

/// Rows above which the log's size is worth a word.
const MANY_ROWS: u64 = 1_000_000;
/// Bytes of one row of `requests.csv`, about.
const ROW_BYTES: u64 = 215;

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Only these strategies of the scenario (repeatable).
    #[arg(long = "strategy", value_name = "NAME")]
    strategies: Vec<String>,
    /// Folder for results.
    #[arg(long, default_value = "results")]
    out: PathBuf,
    /// Replication: another number gives other draws of the same scenario.
    #[arg(long, default_value_t = 0, value_parser = super::count, allow_negative_numbers = true)]
    replication: u64,
    /// Log one request in so many, chosen by its number; 0 writes no requests.csv.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = super::count, allow_negative_numbers = true)]
    every: u64,
    /// Form of the log of requests; parquet needs a build with the feature `report`.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    requests: Format,
    /// Print every request as the clients of Serverless on the Edge do: when it was answered, latency, load of the computer,
    /// who answered, function, hops; and mean and spread of latency and processing at the end.
    #[arg(long, conflicts_with = "quiet")]
    calls: bool,
    /// Print nothing but errors.
    #[arg(long, short)]
    quiet: bool,
    /// Print decisions (-v), or every event (-vv), with simulated time.
    #[arg(long, short, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Send what -v prints to this file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// Forms of the log of requests.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

impl Format {
    /// The form, where this build can write it.
    fn log(self) -> Option<LogFormat> {
        match self {
            Format::Csv => Some(LogFormat::Csv),
            #[cfg(feature = "report")]
            Format::Parquet => Some(LogFormat::Parquet),
            #[cfg(not(feature = "report"))]
            Format::Parquet => None,
        }
    }
}

impl Run {
    pub fn run(&self) -> ExitCode {
        if self.requests.log().is_none() {
            super::say("--requests parquet: this build has no polars; build with --features report, or take csv");
            return ExitCode::from(super::REFUSED);
        }
        let opened = match self.scenario.open() {
            Ok(opened) => opened,
            Err(code) => return code,
        };
        for name in &self.strategies {
            if let Err(code) = super::column(&opened, "--strategy", name) {
                return code;
            }
        }
        match self.run_all(&opened) {
            Ok(finished) => self.report(&opened, &finished),
            Err(error) => {
                super::say(&error.to_string());
                ExitCode::from(if matches!(error, RunError::BrokenLaw(_)) { 3 } else { 1 })
            }
        }
    }

    fn run_all(&self, opened: &Opened) -> Result<Vec<Finished>, RunError> {
        let output = Output {
            root: self.out.clone(),
            log: RequestLog { every: self.every },
            format: self.requests.log().unwrap_or_default(),
        };
        let mut watch = Watch::open(self.quiet, self.verbose, self.log.as_deref(), opened)?;
        if !self.quiet {
            opened.remarks.iter().for_each(|remark| super::say(remark));
        }
        let mut finished = Vec::new();
        for column in &opened.columns {
            if !self.strategies.is_empty() && !self.strategies.contains(&column.label) {
                continue;
            }
            watch.begin(&column.label, opened.setup.horizon);
            let mut calls = Calls::new(&opened.setup);
            let run = if self.calls {
                let mut both = Tee { first: &mut watch, second: &mut calls };
                run_column(opened, column, self.replication, &output, &mut both)
            } else {
                run_column(opened, column, self.replication, &output, &mut watch)
            };
            let said = watch.end();
            finished.push(run?);
            if self.calls {
                let _ = super::print(&format!("{}\n{}\n", column.label, calls.text()));
            }
            let path = || self.log.clone().unwrap_or_else(|| "standard error".into());
            said.map_err(|error| RunError::Io { path: path(), error })?;
        }
        Ok(finished)
    }

    fn report(&self, opened: &Opened, finished: &[Finished]) -> ExitCode {
        if self.quiet {
            return ExitCode::SUCCESS;
        }
        let logged: u64 = finished.iter().map(|run| run.summary.calls.total_ended()).max().unwrap_or(0);
        if self.every == 1 && logged > MANY_ROWS {
            let mib = (logged * ROW_BYTES) >> 20;
            super::say(&format!(
                "requests.csv has {logged} rows, about {mib} MiB for each strategy; --every 10 would log {} of them",
                logged / 10
            ));
        }
        for run in finished {
            if let Some(before) = run.replaced_log {
                let words = |every: u64| if every == 0 { "none".to_owned() } else { format!("one in {every}") };
                super::say(&format!(
                    "{}: replaced, with {} of its requests logged where it was {}",
                    run.folder.display(),
                    words(self.every),
                    words(before)
                ));
            }
        }
        let columns: Vec<_> = opened.columns.iter().collect();
        super::print(&comparison(opened, &columns, finished))
    }
}
