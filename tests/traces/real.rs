//! The real traces, where they are at hand: totals exact, and a generator that stands in for one of them.
//!
//! Totals: the files of `aliraza0337/LIBRA` as counted for its replay (seconds, requests, least, most).

use crate::oracle;
use std::path::PathBuf;
use stratosim::engine::random::Streams;
use stratosim::engine::time::Span;
use stratosim::planner::libra::{Parameters, replay};
use stratosim::workload::describe::Describer;
use stratosim::workload::fit::{Choices, fit, goodness};
use stratosim::workload::trace::counts::{self, Column};
use stratosim::workload::trace::feed::Trace;
use stratosim::workload::trace::periods;
use stratosim::workload::trace::place::Placement;

fn real(file: &str) -> Option<PathBuf> {
    let path = oracle::traces("real traces")?.join("libra").join(file);
    if !path.exists() {
        oracle::skipped(&format!("real traces: no {}", path.display()));
        return None;
    }
    Some(path)
}

#[test]
fn totals_of_the_real_traces_are_exact() {
    for (file, seconds, requests, least, most) in [
        ("wits_logs.txt", 45_000, 6_432_107, 28, 1168),
        ("berkeley_logs.txt", 45_000, 7_005_780, 20, 660),
        ("sin_logs.txt", 10_000, 1_565_467, 0, 300),
        ("square_load.txt", 1_112, 18_000, 0, 50),
    ] {
        let Some(path) = real(file) else { continue };
        let open = || periods::open(&path, Column::Only, Span::from_secs(1), Placement::Uniform, Streams::new(1, 0));
        let mut trace = open().unwrap();
        let mut describer = Describer::default();
        while let Some(arrival) = trace.next_arrival().unwrap() {
            describer.add(&arrival);
        }
        let second = &describer.finish().unwrap().windows[0];
        assert_eq!((trace.report().rows, trace.report().arrivals), (seconds, requests), "{file}");
        assert_eq!(second.peak, most, "{file}");
        let counts = counts::read(&path, &Column::Only).unwrap();
        assert_eq!(counts.iter().min(), Some(&least), "{file}");
    }
}

/// Cost of LIBRA within 5 % and delayed requests within a point: the generator for WITS in place of WITS. The generator has
/// the figures of the trace but not its course, so both are taken over several seeds.
#[test]
fn a_generator_stands_in_for_wits_under_libra() {
    let Some(path) = real("wits_logs.txt") else { return };
    let trace = counts::read(&path, &Column::Only).unwrap();
    let parameters = Parameters { end_time: trace.len() as u64, ..Parameters::default() };
    let fitted = fit(&trace, Choices::of(trace.len())).unwrap();
    println!("{}", goodness(&trace, &fitted, &Streams::new(1, 0)).unwrap());
    let real = replay(&parameters, &trace).unwrap();
    let seeds = 8u64;
    let (mut cost, mut delayed) = (0.0, 0.0);
    for seed in 0..seeds {
        let made = fitted.counts(trace.len(), &Streams::new(seed, 0)).unwrap();
        let summary = replay(&parameters, &made).unwrap();
        println!("seed {seed}: {:.3} $, {:.3} % delayed", summary.total_cost, 100.0 * summary.delayed_share);
        cost += summary.total_cost / seeds as f64;
        delayed += summary.delayed_share / seeds as f64;
    }
    println!("WITS: {:.3} $, {:.3} % delayed", real.total_cost, 100.0 * real.delayed_share);
    assert!((cost / real.total_cost - 1.0).abs() < 0.05, "{cost} $, WITS {} $", real.total_cost);
    assert!((delayed - real.delayed_share).abs() < 0.01, "{delayed}, WITS {}", real.delayed_share);
}
