//! Sweeps: how busy two hundred short points keep the processors, and what a point costs beside its run.
//!
//! Busy is the time in which threads worked, or waited for a processor that somebody else had, over wall time and threads: on
//! a machine that does nothing else, how busy its processors are. The overhead of a point is the processor time of a sweep over points, less that of the same runs made from setups that are
//! ready: reading, checking and addressing the scenario, writing the run, and its row of the table.
//!
//! `cargo bench --no-default-features --features yaml --bench sweep`

use std::path::Path;
use std::time::Instant;

use stratosim::experiment::collect::{Collected, collect};
use stratosim::experiment::observe::observe;
use stratosim::experiment::opened::open;
use stratosim::experiment::run::{LogFormat, Output};
use stratosim::experiment::sweep::Job;
use stratosim::run::record::RequestLog;

const POINTS: usize = 200;

/// Processor time of all threads of this process, seconds; `None` where the system does not tell.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name in brackets: fields 14 and 15 of the whole are user and system time in hundredths.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}

/// Time in which threads of this process ran or could have run, seconds; `None` where the system does not tell.
fn runnable_seconds() -> Option<f64> {
    let mut sum = 0.0;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        // Nanoseconds on a processor, nanoseconds in the line for one, turns.
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        sum += text.split_whitespace().take(2).filter_map(|ns| ns.parse::<f64>().ok()).sum::<f64>();
    }
    Some(sum / 1e9)
}

fn scenario(horizon_s: u64) -> String {
    format!(
        "name = \"bench\"\nstrategies = [\"max\"]\nhorizon = \"{horizon_s}s\"\n\
         [functions.f]\nwork = \"exponential(1s)\"\n[sources.s]\nkind = \"poisson\"\nrate = \"5/s\"\n\
         [pools.p]\nkind = \"vm\"\ntype = \"any\"\nslots = 1\nsize = 8\n\
         [sweep]\n[[sweep.axes]]\nkey = \"pools.p.size\"\nfrom = 6\nto = {}\nstep = 1\n",
        POINTS + 5
    )
}

/// Runs a sweep and its table: wall, processor and runnable seconds.
fn swept(path: &Path, out: &Path) -> (f64, f64, f64) {
    let (wall, cpu, runnable) = (Instant::now(), cpu_seconds().unwrap_or(0.0), runnable_seconds().unwrap_or(0.0));
    let job = Job::open(path, &[]).unwrap_or_else(|error| panic!("{error}"));
    let output = Output { root: out.to_owned(), log: RequestLog { every: 0 }, format: LogFormat::default() };
    job.run(&output, None, &|_, _| {}).unwrap_or_else(|error| panic!("{error}"));
    let collected = collect(&job, &[], out).unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(collected, Collected::Table(_, POINTS)));
    let runnable = runnable_seconds().unwrap_or(0.0) - runnable;
    (wall.elapsed().as_secs_f64(), cpu_seconds().unwrap_or(0.0) - cpu, runnable)
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder for results");
    let path = folder.path().join("bench.toml");
    let threads = rayon::current_num_threads();
    for horizon_s in [1, 10_000] {
        std::fs::write(&path, scenario(horizon_s)).expect("a scenario can be written");
        let (wall, cpu, runnable) = swept(&path, &folder.path().join(format!("out{horizon_s}")));
        let opened = open(&path, &[]).unwrap_or_else(|complaints| panic!("{complaints}"));
        let before = cpu_seconds().unwrap_or(0.0);
        for replication in 0..POINTS as u64 {
            observe(&opened, &opened.columns[0], replication, None).unwrap_or_else(|error| panic!("{error}"));
        }
        let alone = cpu_seconds().unwrap_or(0.0) - before;
        let busy = 100.0 * runnable / (wall * threads as f64);
        println!(
            "{POINTS} points of {horizon_s} s: {wall:.2} s wall, {cpu:.2} s CPU, {busy:.0} % of {threads} threads busy; \
             runs alone {alone:.2} s CPU; overhead {:.2} ms a point",
            1e3 * (cpu - alone) / POINTS as f64
        );
    }
}
