//! `sweep` and `collect`: the points of a scenario's `[sweep]`, and their table.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::ScenarioArgs;
use super::bar::Bar;
use super::workers::Workers;
use crate::experiment::collect::{Collected, collect};
use crate::experiment::run::{LogFormat, Output, RunError};
use crate::experiment::sweep::{Job, Progress, Shard, SweepError};
use crate::run::record::RequestLog;

#[derive(Args)]
pub struct Sweep {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Folder for results.
    #[arg(long, default_value = "results")]
    out: PathBuf,
    /// Run only part K of N of the points; `collect` makes the table of all parts.
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Write the folder of every run too, with one request in so many logged.
    #[arg(long, value_name = "N", default_value_t = 0)]
    logs: u64,
    #[command(flatten)]
    workers: Workers,
    /// No progress bar, and print nothing but errors.
    #[arg(long, short)]
    quiet: bool,
}

impl Sweep {
    pub fn run(&self) -> ExitCode {
        let bar = Bar::new(self.quiet);
        let ran = self.workers.run(|| self.swept(&|done, all| bar.update(done, all)));
        drop(bar);
        match ran {
            Ok(Ok(text)) if self.quiet => drop(text),
            Ok(Ok(text)) => return super::print(&text),
            Ok(Err(error)) => return refuse(&error),
            Err(code) => return code,
        }
        ExitCode::SUCCESS
    }

    fn swept(&self, progress: Progress<'_>) -> Result<String, SweepError> {
        let job = Job::open(&self.scenario.scenario, &self.scenario.set)?;
        let log = RequestLog { every: self.logs };
        let output = Output { root: self.out.clone(), log, format: LogFormat::default() };
        let done = job.run(&output, self.shard, progress)?;
        let made = format!("{} points: {} runs made, {} were there", done.points, done.run, done.found);
        if let Some(Shard { part, of }) = self.shard {
            return Ok(format!("shard {part}/{of}, {made}; `stratosim collect` makes the table of all shards\n"));
        }
        match collect(&job, &[], &self.out)? {
            Collected::Table(path, rows) => Ok(format!("{made}\n{}: {rows} rows\n", path.display())),
            // Somebody removed runs while this command was at work.
            Collected::Incomplete(lines) => Ok(format!("{made}\n{}\n", lines.join("\n"))),
        }
    }
}

#[derive(Args)]
pub struct Collect {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Folder of results of a shard (repeatable); the folder of --out when absent.
    #[arg(long, value_name = "FOLDER")]
    from: Vec<PathBuf>,
    /// Folder for the table.
    #[arg(long, default_value = "results")]
    out: PathBuf,
    #[command(flatten)]
    workers: Workers,
}

impl Collect {
    pub fn run(&self) -> ExitCode {
        let absent: Vec<_> = self.from.iter().filter(|folder| !folder.is_dir()).collect();
        for folder in &absent {
            super::say(&format!("--from {}: no such folder, want one that `sweep` wrote", folder.display()));
        }
        if !absent.is_empty() {
            return ExitCode::from(super::REFUSED);
        }
        let collected = self.workers.run(|| {
            let job = Job::open(&self.scenario.scenario, &self.scenario.set)?;
            collect(&job, &self.from, &self.out)
        });
        match collected {
            Ok(Ok(Collected::Table(path, rows))) => super::print(&format!("{}: {rows} rows\n", path.display())),
            Ok(Ok(Collected::Incomplete(lines))) => {
                super::say(&lines.join("\n"));
                ExitCode::FAILURE
            }
            Ok(Err(error)) => refuse(&error),
            Err(code) => code,
        }
    }
}

/// Prints why a sweep has no table, and gives the exit code.
pub fn refuse(error: &SweepError) -> ExitCode {
    match error {
        SweepError::Complaints(complaints) => return super::refuse(complaints),
        error => super::say(&error.to_string()),
    }
    match error {
        SweepError::NoSweep(_) | SweepError::Complaints(_) => ExitCode::from(super::REFUSED),
        SweepError::Run { error: RunError::BrokenLaw(_), .. } => ExitCode::from(3),
        SweepError::Run { .. } | SweepError::Io { .. } => ExitCode::FAILURE,
    }
}
