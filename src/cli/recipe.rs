//! `recipe`: a sweep on somebody else's engine, as a short script over `sweep --shard` and `collect`.
//!
//! The engine schedules, restarts and keeps the books of machines; a shard that was killed is simply run again, since it
//! goes on where it was. All shards write into one folder, which the machines share.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::experiment::sweep::Job;

#[derive(Args)]
pub struct Recipe {
    /// For which engine.
    engine: Engine,
    /// Scenario file with a [sweep].
    scenario: PathBuf,
    /// Override a key of the scenario, as `sweep` takes it (repeatable).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Parts into which the sweep is divided.
    #[arg(long, default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    shards: u32,
    /// Processors of each part.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    cpus: u16,
    /// Folder for results, which all machines see.
    #[arg(long, default_value = "results")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// A job array of Slurm, and a job after it that collects: a shell script.
    Slurm,
    /// Tasks of dask.distributed: a Python script.
    Dask,
}

impl Recipe {
    pub fn run(&self) -> ExitCode {
        // What the engine's machines would refuse one after another is refused here, once.
        if let Err(error) = Job::open(&self.scenario, &self.set) {
            return super::sweep::refuse(&error);
        }
        let sweep = ["sweep".to_owned()].into_iter().chain(self.arguments());
        let collect = ["collect".to_owned()].into_iter().chain(self.arguments());
        super::print(&match self.engine {
            Engine::Slurm => self.slurm(sweep.collect(), collect.collect()),
            Engine::Dask => self.dask(sweep.collect(), collect.collect()),
        })
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![self.scenario.display().to_string()];
        arguments.extend(self.set.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
        arguments.extend(["--out".to_owned(), self.out.display().to_string()]);
        arguments
    }

    fn slurm(&self, sweep: Vec<String>, collect: Vec<String>) -> String {
        let line = |arguments: Vec<String>| arguments.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        let (shards, cpus) = (self.shards, self.cpus);
        format!(
            r#"#!/bin/sh
# A sweep as an array of {shards} Slurm jobs, and a job after them that collects. Run it where the scenario's path holds;
# STRATOSIM names the program. More options for sbatch, such as a partition, stand in its own variables (SBATCH_PARTITION).
set -eu
STRATOSIM=${{STRATOSIM:-stratosim}}
export STRATOSIM
array=$(sbatch --parsable --job-name=stratosim --array=1-{shards} --cpus-per-task={cpus} <<'JOB'
#!/bin/sh
exec "$STRATOSIM" {sweep} --quiet --workers {cpus} --shard "$SLURM_ARRAY_TASK_ID/{shards}"
JOB
)
# Waits for the end; its exit code is that of collecting. Where a shard fails this job is never started, and cancelled.
exec sbatch --wait --job-name=stratosim-collect --kill-on-invalid-dep=yes --dependency="afterok:${{array%%;*}}" <<'JOB'
#!/bin/sh
exec "$STRATOSIM" {collect}
JOB
"#,
            sweep = line(sweep),
            collect = line(collect),
        )
    }

    fn dask(&self, sweep: Vec<String>, collect: Vec<String>) -> String {
        // A list of strings in JSON is one in Python.
        let list = |arguments: Vec<String>| {
            serde_json::to_string(&arguments).expect("texts are written as JSON").replace("\",\"", "\", \"")
        };
        format!(
            r#""""A sweep as {shards} tasks of dask.distributed. Its argument is the address of a scheduler; without one a cluster is
started here. STRATOSIM names the program."""

import os
import subprocess
import sys

from dask.distributed import Client, LocalCluster, as_completed

PROGRAM = os.environ.get("STRATOSIM", "stratosim")
SWEEP = {sweep}
COLLECT = {collect}
SHARDS = {shards}


def shard(part):
    options = ["--quiet", "--workers", "{cpus}", "--shard", f"{{part}}/{{SHARDS}}"]
    done = subprocess.run([PROGRAM, *SWEEP, *options], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"shard {{part}}/{{SHARDS}}: {{done.stderr}}")
    return part


def main():
    if len(sys.argv) > 1:
        client = Client(sys.argv[1])
    else:
        client = Client(LocalCluster(threads_per_worker=1, dashboard_address=None))
    with client:
        # A worker that is lost has its shard run again elsewhere, where it goes on.
        tasks = client.map(shard, range(1, SHARDS + 1), pure=False, retries=2)
        for task in as_completed(tasks):
            print("shard", task.result(), "of", SHARDS, flush=True)
    sys.exit(subprocess.run([PROGRAM, *COLLECT]).returncode)


if __name__ == "__main__":
    main()
"#,
            shards = self.shards,
            cpus = self.cpus,
            sweep = list(sweep),
            collect = list(collect),
        )
    }
}

/// A word as the shell takes it, in single quotes where it has to be.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_a_shell_would_read_are_quoted() {
        assert_eq!(quoted("a/b-1.toml"), "a/b-1.toml");
        assert_eq!(quoted("pools.web.boot=90s"), "pools.web.boot=90s");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
