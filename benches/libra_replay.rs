//! How long the per-second replay of LIBRA takes: 45 000 seconds, 6.4 million requests, each policy.
//!
//! The trace is WITS from `STRATOSIM_TRACES` (default `../shared/traces`), or where that is missing a made one of the same
//! size. Times are the least and the median of the runs, in milliseconds of wall clock. Outside of `cargo bench` every
//! policy runs once, to show that the program still works.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;
use stratosim::planner::libra::{Parameters, PerSecondWriter, Policy, replay, replay_observed};
use stratosim::workload::trace::counts::{self, Column};

fn wits() -> (&'static str, Vec<u32>) {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/traces");
    let root = std::env::var_os("STRATOSIM_TRACES").map_or(default, PathBuf::from);
    match counts::read(&root.join("libra/wits_logs.txt"), &Column::Only) {
        Ok(arrivals) => ("WITS", arrivals),
        Err(_) => ("made", (0..45_000).map(made).collect()),
    }
}

/// A day's wave with bursts; mean and spread are about those of WITS.
fn made(second: u32) -> u32 {
    let wave = (f64::from(second) / 7_200.0).sin() * 80.0;
    let noise = second.wrapping_mul(2_654_435_761) >> 26;
    (110.0 + wave) as u32 + noise + if second % 1_800 < 3 { 600 } else { 0 }
}

fn measure(what: &str, runs: usize, mut work: impl FnMut()) {
    work();
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{what:<34} {:>8.2} ms least {:>8.2} ms median of {runs}", times[0], times[times.len() / 2]);
}

fn main() {
    let runs = if std::env::args().any(|argument| argument == "--bench") { 21 } else { 1 };
    let (name, arrivals) = wits();
    let requests: u64 = arrivals.iter().map(|&count| u64::from(count)).sum();
    println!("{name}: {} s, {requests} requests", arrivals.len());
    let base = Parameters { end_time: arrivals.len() as u64, ..Parameters::default() };
    let cases = [
        ("hybrid", Parameters { ..base.clone() }),
        ("serverless", Parameters { policy: Policy::Serverless, ..base.clone() }),
        ("vm_cloud, scaling", Parameters { policy: Policy::VmCloud, vm_auto_scaling: true, ..base.clone() }),
        ("vm_cloud_hide, scaling", Parameters { policy: Policy::VmCloudHide, vm_auto_scaling: true, ..base.clone() }),
        ("vm_cloud_max, 48", Parameters { policy: Policy::VmCloudMax, max_num_instance: 48, ..base.clone() }),
        ("vm_cloud_max, 292", Parameters { policy: Policy::VmCloudMax, ..base.clone() }),
    ];
    for (what, parameters) in &cases {
        measure(what, runs, || {
            black_box(replay(parameters, &arrivals).expect("the replay has a result"));
        });
    }
    measure("hybrid, table of seconds written", runs, || {
        let mut table = PerSecondWriter::new(Vec::new());
        replay_observed(&base, &arrivals, &mut table).expect("the replay has a result");
        table.finish().expect("memory takes what is written");
    });
}
