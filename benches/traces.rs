//! How fast traces are read: a day in the shape of Azure Functions 2019 through reader and merge, and counts line by line.
//!
//! Run: `cargo bench --bench traces --no-default-features`. The day has 50,000 functions and 1,440 minutes, made up:
//! rates as uneven as published (a few functions have most invocations), about 100 million invocations; smaller outside of
//! `cargo bench`. Figures are arrivals, or lines, per CPU second, and the peak of memory.

mod timing;

use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use stratosim::engine::random::{Rng, Streams};
use stratosim::engine::time::Span;
use stratosim::workload::trace::azure_2019::{self, Choices, Files};
use stratosim::workload::trace::counts::{Column, read};
use stratosim::workload::trace::feed::Trace;
use stratosim::workload::trace::merged::Merged;
use stratosim::workload::trace::periods;
use stratosim::workload::trace::place::Placement;
use timing::cpu_ns;

const DURATIONS: &str = "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,\
percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,percentile_Average_99,\
percentile_Average_100";

/// Writes minutes and durations of a day; how many invocations it has.
fn make_day(minutes: &Path, durations: &Path, functions: u64) -> std::io::Result<u64> {
    let mut rng = Rng::seeded(2019);
    let mut rows = BufWriter::new(std::fs::File::create(minutes)?);
    let mut lengths = BufWriter::new(std::fs::File::create(durations)?);
    write!(rows, "HashOwner,HashApp,HashFunction,Trigger")?;
    (1..=1440).try_for_each(|minute| write!(rows, ",{minute}"))?;
    writeln!(rows)?;
    writeln!(lengths, "{DURATIONS}")?;
    let mut total = 0;
    for function in 0..functions {
        // Rates over seven decades: most functions run now and then, a few a thousand times a minute.
        let rate = libm::pow(10.0, 2.2 - 6.0 * libm::sqrt(rng.uniform()));
        let keys = format!("{:064x},{:064x},{:064x}", function / 20, function / 3, function);
        write!(rows, "{keys},http")?;
        let mut sum = 0;
        for _ in 0..1440 {
            let count = (rate * 2.0 * rng.uniform() + rng.uniform()) as u64;
            sum += count;
            write!(rows, ",{count}")?;
        }
        writeln!(rows)?;
        total += sum;
        let ms = 1.0 + 1_000.0 * rng.exponential();
        let points = [0.1, 0.2, 0.5, 0.9, 1.3, 3.0, 9.0].map(|part: f64| (part * ms).to_string()).join(",");
        writeln!(lengths, "{keys},{ms},{sum},1,2,{points}")?;
    }
    rows.flush()?;
    lengths.flush()?;
    Ok(total)
}

/// Reads a trace to its end; prints its speed.
fn measure(what: &str, mut trace: impl Trace) -> u64 {
    let start = cpu_ns();
    let mut arrivals = 0u64;
    while let Some(arrival) = trace.next_arrival().expect("a trace of our own making is sound") {
        black_box(arrival);
        arrivals += 1;
    }
    let seconds = (cpu_ns() - start) as f64 / 1e9;
    let rate = arrivals as f64 / seconds / 1e6;
    println!("{what:<52}{arrivals:>12} arrivals {seconds:>8.2} s {rate:>8.1} million/s");
    arrivals
}

fn peak_mib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn azure(folder: &Path, functions: u64, days: usize) {
    let (minutes, durations) = (folder.join("minutes.csv"), folder.join("durations.csv"));
    let total = make_day(&minutes, &durations, functions).expect("the temporary folder takes the day");
    let size = std::fs::metadata(&minutes).map_or(0, |meta| meta.len()) >> 20;
    println!("{functions} functions x 1440 minutes, {total} invocations, {size} MiB");
    let open = |files: &Files, placement| {
        let choices = Choices { placement, ..Choices::default() };
        azure_2019::open(files, choices, Streams::new(1, 0)).expect("a trace of our own making is sound")
    };
    let bare = Files { minutes: vec![minutes.clone()], ..Files::default() };
    let timed = Files { durations: vec![durations], ..bare.clone() };
    assert_eq!(measure("a day, instants uniform", open(&bare, Placement::Uniform)), total);
    measure("a day, instants even by rank", open(&bare, Placement::Rank));
    measure("a day, with durations", open(&timed, Placement::Uniform));
    let pair = [open(&timed, Placement::Uniform), open(&bare, Placement::Uniform)];
    assert_eq!(measure("two days side by side, merged", Merged::new(pair)), 2 * total);
    let one = peak_mib();
    let many = Files { minutes: vec![minutes; days], ..Files::default() };
    measure(&format!("{days} days one after the other"), open(&many, Placement::Start));
    let all = peak_mib();
    println!("peak of memory: {one:?} MiB after single days, {all:?} MiB after {days} in a row");
    if let (Some(one), Some(all)) = (one, all) {
        assert!(all <= one + one / 20 + 1, "memory grows with the days");
    }
}

fn counts(folder: &Path, lines: u64) {
    let path: PathBuf = folder.join("counts.txt");
    let mut rng = Rng::seeded(1);
    let text: String = (0..lines).map(|_| format!("{}\n", 28 + rng.below(1140))).collect();
    std::fs::write(&path, &text).expect("the temporary folder takes the counts");
    let start = cpu_ns();
    let sum: u64 = read(&path, &Column::Only).expect("counts").iter().map(|&count| u64::from(count)).sum();
    let seconds = (cpu_ns() - start) as f64 / 1e9;
    let (rate, bytes) = (lines as f64 / seconds / 1e6, text.len() as f64 / seconds / 1e6);
    println!("counts: {lines} lines, {sum} requests, {rate:.0} million lines/s, {bytes:.0} MB/s");
    // A fiftieth of the lines is enough to time their hundreds of millions of requests.
    let few: String = text.lines().take(lines as usize / 50).flat_map(|line| [line, "\n"]).collect();
    std::fs::write(&path, few).expect("the temporary folder takes the counts");
    let open = periods::open(&path, Column::Only, Span::from_secs(1), Placement::Uniform, Streams::new(1, 0));
    measure("counts as arrivals", open.expect("counts"));
}

fn main() {
    let whole = std::env::args().any(|argument| argument == "--bench");
    let folder = std::env::temp_dir().join(format!("stratosim-traces-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    azure(&folder, if whole { 50_000 } else { 300 }, 14);
    counts(&folder, if whole { 10_000_000 } else { 100_000 });
    std::fs::remove_dir_all(&folder).expect("the temporary folder is ours");
}
