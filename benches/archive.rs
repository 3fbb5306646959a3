//! Speed of the metric archive: batches into raw measures with order statistics, and single posts into tallies.
//!
//! `cargo bench --bench archive`. Times are CPU seconds of this process (wall clock where the system does not tell).

use std::hint::black_box;

use stratosim::engine::random::Rng;
use stratosim::engine::time::{Instant, Span};
use stratosim::model::archive::{Archive, Definition, Kind, Method, Policy};

#[path = "clock/mod.rs"]
mod clock;

const BATCH: usize = 10_000;

fn main() {
    batches("regular, 10 measures a second", Span::from_nanos(100_000_000), 400);
    batches("regular, 1 measure a second", Span::from_secs(1), 200);
    tallies();
}

/// Batches of 10,000 into 1 s, 1 min and 1 h with mean, max and p95.
fn batches(what: &str, spacing: Span, count: usize) {
    let widths = [1, 60, 3600].map(|secs| Definition::bounded(Span::from_secs(secs), 10_000));
    let methods = [Method::MEAN, Method::MAX, Method::of(Kind::Percentile(95))];
    let mut archive = Archive::new();
    let policy = archive.add_policy(Policy::exact("bench", 0, &widths, &methods)).expect("a sound policy");
    let metric = archive.declare("load", policy, &[]).expect("a new name");
    let mut rng = Rng::seeded(1);
    let mut at = Instant::ZERO;
    let mut measures = Vec::with_capacity(BATCH);
    let mut spent = 0.0;
    for _ in 0..count {
        measures.clear();
        for _ in 0..BATCH {
            measures.push((at, rng.uniform()));
            at += spacing;
        }
        let start = clock::cpu_seconds();
        archive.post_batch(metric, at, &measures).expect("finite values");
        spent += clock::cpu_seconds() - start;
    }
    let samples = (count * BATCH) as f64;
    println!("batches of {BATCH}, {what}: {:.1} million samples per CPU second", samples / spent / 1e6);
    black_box(archive);
}

/// One value after another into 1 s, 1 min and 1 h of the usual tallies, spread over 100 metrics.
fn tallies() {
    const POSTS: u64 = 50_000_000;
    let widths = [1, 60, 3600].map(|secs| Definition::bounded(Span::from_secs(secs), 10_000));
    let mut archive = Archive::new();
    let policy = archive.add_policy(Policy::tallies("bench", &widths)).expect("a sound policy");
    let name = |k: u32| format!("metric {k}");
    let metrics: Vec<_> = (0..100).map(|k| archive.declare(&name(k), policy, &[]).expect("a new name")).collect();
    let start = clock::cpu_seconds();
    for k in 0..POSTS {
        let metric = metrics[(k % 100) as usize];
        archive.post(metric, Instant::from_nanos(k * 100_000), black_box(0.5));
    }
    let spent = clock::cpu_seconds() - start;
    println!("single posts into tallies: {:.1} ns each", spent * 1e9 / POSTS as f64);
    black_box(archive);
}
