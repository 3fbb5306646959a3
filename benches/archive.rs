//! Speed of the metric archive: batches into raw measures with order statistics, and single posts into tallies.
//!
//! Run: `cargo bench --bench archive --no-default-features`. CPU time of this thread. Where `STRATOSIM_GNOCCHI` names a
//! Python with `gnocchi==4.7.1` (`python3 -m venv gn && gn/bin/pip install gnocchi==4.7.1`), the original's own code does
//! the same work beside ours (`benches/gnocchi/archive.py`: its computation alone, in memory, without storage or
//! service), in turns; the ratio is the median of three. Outside of `cargo bench` everything runs once and short, to show
//! that it still works.

mod timing;

use std::hint::black_box;
use std::path::Path;
use std::process::Command;

use stratosim::engine::random::Rng;
use stratosim::engine::time::{Instant, Span};
use stratosim::model::archive::{Archive, Definition, Kind, Method, Policy};
use timing::{cpu_ns, median};

const BATCH: usize = 10_000;

fn main() {
    let (rounds, count, posts) =
        if std::env::args().any(|argument| argument == "--bench") { (3, 400, 50_000_000) } else { (1, 4, 100_000) };
    for (what, spacing) in [
        ("regular, 10 measures a second", Span::from_nanos(100_000_000)),
        ("regular, 1 measure a second", Span::from_secs(1)),
    ] {
        let (mut ours, mut ratios) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let ns = batches(spacing, count);
            ours.push(ns);
            ratios.extend(gnocchi(spacing, count).map(|other| other / ns));
        }
        let rate = (count * BATCH) as f64 / median(&ours) * 1e3;
        println!("batches of {BATCH}, {what}: {rate:.1} million samples per CPU second{}", beside(ratios));
    }
    println!("single posts into tallies: {:.1} ns each", tallies(posts) / posts as f64);
}

/// What is said of the other side, where it was there.
fn beside(ratios: Vec<f64>) -> String {
    if ratios.is_empty() {
        String::new()
    } else {
        format!("; Gnocchi's own code takes {:.1} times ours", median(&ratios))
    }
}

/// Batches of 10,000 into 1 s, 1 min and 1 h with mean, max and p95: CPU nanoseconds.
fn batches(spacing: Span, count: usize) -> f64 {
    let widths = [1, 60, 3600].map(|secs| Definition::bounded(Span::from_secs(secs), 10_000));
    let methods = [Method::MEAN, Method::MAX, Method::of(Kind::Percentile(95))];
    let mut archive = Archive::new();
    let policy = archive.add_policy(Policy::exact("bench", 0, &widths, &methods)).expect("a sound policy");
    let metric = archive.declare("load", policy, &[]).expect("a new name");
    let mut rng = Rng::seeded(1);
    let mut at = Instant::ZERO;
    let mut measures = Vec::with_capacity(BATCH);
    let mut spent = 0;
    for _ in 0..count {
        measures.clear();
        for _ in 0..BATCH {
            measures.push((at, rng.uniform()));
            at += spacing;
        }
        let start = cpu_ns();
        archive.post_batch(metric, at, &measures).expect("finite values");
        spent += cpu_ns() - start;
    }
    black_box(archive);
    spent as f64
}

/// CPU nanoseconds of the same work in Gnocchi's own code, where it is at hand.
fn gnocchi(spacing: Span, count: usize) -> Option<f64> {
    let python = std::env::var_os("STRATOSIM_GNOCCHI")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/gnocchi/archive.py");
    let arguments = [spacing.as_nanos().to_string(), count.to_string()];
    let output = Command::new(&python).arg(script).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", python.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seconds: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("CPU seconds");
    Some(seconds * 1e9)
}

/// One value after another into 1 s, 1 min and 1 h of the usual tallies, spread over 100 metrics: CPU nanoseconds.
fn tallies(posts: u64) -> f64 {
    let widths = [1, 60, 3600].map(|secs| Definition::bounded(Span::from_secs(secs), 10_000));
    let mut archive = Archive::new();
    let policy = archive.add_policy(Policy::tallies("bench", &widths)).expect("a sound policy");
    let name = |k: u32| format!("metric {k}");
    let metrics: Vec<_> = (0..100).map(|k| archive.declare(&name(k), policy, &[]).expect("a new name")).collect();
    let start = cpu_ns();
    for k in 0..posts {
        let metric = metrics[(k % 100) as usize];
        archive.post(metric, Instant::from_nanos(k * 100_000), black_box(0.5));
    }
    let spent = (cpu_ns() - start) as f64;
    black_box(archive);
    spent
}
