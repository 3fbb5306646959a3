//! Memory does not grow with requests: the peak of a run of ten million beside that of a run of one million.
//!
//! Run: `cargo bench --bench memory --no-default-features`. Each run is a process of its own, because a peak
//! (`VmHWM` of `/proc/self/status`) is that of the whole process. The promise is at most 20 MB more; where it is broken the
//! program ends with an error. Where there is no such file, as on other systems than Linux, it says so and ends well.

mod scenes;

use scenes::{Functions, run};
use std::process::{Command, ExitCode};
use stratosim::run::sink::Silent;
use stratosim::strategy::faas::Faas;

const MORE_AT_MOST_KB: u64 = 20_000;
/// Before the number of requests, where a child is asked for its peak.
const CHILD: &str = "--peak-of";

/// Peak memory of this process so far, in kB.
fn peak_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The scene of the run loop's bench with 1,000 functions: sources, pools and environments all have their part.
fn simulate(requests: u64) {
    let functions = Functions { count: 1_000, rate: 5.0, warm: 0.2, cold: 0.2, requests: requests / 1_000 };
    run(&functions.setup(), &mut Faas::default(), &mut Silent);
}

fn peak_of_child(requests: u64) -> u64 {
    let program = std::env::current_exe().expect("a program knows where it is");
    let output = Command::new(program).args([CHILD, &requests.to_string()]).output().expect("the program starts again");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a child prints its peak in kB")
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == CHILD) {
        simulate(arguments[place + 1].parse().expect("a number of requests"));
        println!("{}", peak_kb().expect("the parent has looked"));
        return ExitCode::SUCCESS;
    }
    if peak_kb().is_none() {
        println!("this system does not tell the peak of a process");
        return ExitCode::SUCCESS;
    }
    // Outside of `cargo bench` a hundredth of it shows that the program still works.
    let share = if arguments.iter().any(|argument| argument == "--bench") { 1 } else { 100 };
    let [short, long] = [1_000_000, 10_000_000].map(|requests| (requests / share, peak_of_child(requests / share)));
    for (requests, peak) in [short, long] {
        println!("{requests:>10} requests: peak {:>7.1} MB", peak as f64 / 1e3);
    }
    let more = long.1.saturating_sub(short.1);
    println!("{:.1} MB more; at most {} MB are promised", more as f64 / 1e3, MORE_AT_MOST_KB / 1_000);
    if more <= MORE_AT_MOST_KB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
