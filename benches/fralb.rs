//! LMM and FaaS-MACrO: CPU seconds of one thread beside those recorded for the published program, and how time grows
//! with the number of nodes.
//!
//! `cargo bench --bench fralb --features highs [-- --long]`. The recorded seconds are of another machine, so ratios are
//! to be re-measured side by side before they are claimed; ours stand alone too. `--long` adds the searches that were
//! not proved, as the time to the recorded objective, and LMM beside MACrO as nodes grow; the growth is drawn, too.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;
use stratosim::planner::fralb::configuration::Configuration;
use stratosim::planner::fralb::coordinator::CoordinatorMilp;
use stratosim::planner::fralb::faas_macro::{Bargain, Coordinator, Prices, Welfare, bargain};
use stratosim::planner::fralb::generator::generate;
use stratosim::planner::fralb::greedy::{Greedy, Sorting};
use stratosim::planner::fralb::instance::Instance;
use stratosim::planner::fralb::lmm::{Lmm, Optimum};
use stratosim::planner::fralb::plan::Plan;
use stratosim::planner::fralb::table::{Table, blank};
use stratosim::plot::{Axis, Plot, Series};
use stratosim::solve::milp::Options;

fn main() {
    let long = std::env::args().any(|argument| argument == "--long");
    let clock = if cpu_seconds().is_some() { "CPU" } else { "wall-clock" };
    println!("{clock} seconds of one thread");
    match oracle() {
        Some(folder) => recorded(&folder, long),
        None => println!("no golden data: only the growth with nodes is measured"),
    }
    growth(long);
}

fn oracle() -> Option<PathBuf> {
    let root = std::env::var_os("STRATOSIM_ORACLE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle"), PathBuf::from);
    let small = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracle");
    [root, small].into_iter().map(|root| root.join("fralb")).find(|folder| folder.is_dir())
}

/// CPU seconds of this thread, where the system tells.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1e9)
}

/// Seconds of one call, CPU where known; short calls are repeated.
fn time<T>(mut call: impl FnMut() -> T) -> (f64, T) {
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let mut last = call();
    let mut calls = 1;
    while begun.elapsed().as_secs_f64() < 0.2 {
        last = call();
        calls += 1;
    }
    let used = match (cpu, cpu_seconds()) {
        // Some systems have the file and count nothing.
        (Some(before), Some(after)) if after > before => after - before,
        _ => begun.elapsed().as_secs_f64(),
    };
    (used / f64::from(calls), last)
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn recorded(folder: &std::path::Path, long: bool) {
    let index: Value = serde_json::from_str(&read(folder.join("index.json"))).expect("the index is JSON");
    let mut table = Table::new(["instance", "method", "ours s", "original s", "ratio", "wanted", ""]);
    let mut row = |name: &str, method: String, ours: f64, original: Option<f64>, wanted: f64| {
        let ratio = original.map(|original| original / ours);
        let verdict = ratio.map_or("no record", |ratio| if ratio >= wanted { "met" } else { "MISSED" });
        let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.1}"));
        table.push([name, &method, &format!("{ours:.6}"), &blank(original), &ratio, &format!("{wanted}"), verdict]);
    };
    for case in index["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        let file = |key: &str| folder.join(case[key].as_str().expect("a path"));
        let instance = Instance::from_json(&read(file("instance"))).unwrap_or_else(|error| panic!("{error}"));
        let expected: Value = serde_json::from_str(&read(file("expected"))).expect("JSON");
        for (variant, listed) in case["macro"].as_object().expect("variants") {
            let options = options(&expected["macro"][variant]);
            let (seconds, _) = time(|| bargain(&instance, &options, Prices::zero(&instance)).expect("solved"));
            row(name, format!("macro {variant}"), seconds, listed["cpu_original_s"].as_f64(), 10.0);
        }
        for (flows, listed) in case["lmm"].as_object().expect("flows") {
            let whole = flows == "integer";
            let proved = listed["proved"] == true;
            if listed["long"] == true && !long {
                continue;
            }
            if proved {
                let (seconds, _) = time(|| solve(&instance, whole, None, None));
                row(name, format!("lmm {flows}"), seconds, listed["cpu_original_s"].as_f64(), 1.0);
            } else {
                let wanted = listed["objective"].as_f64().expect("an objective") * (1.0 - 1e-4);
                let seconds = time_to(&instance, whole, wanted);
                // The recorded seconds say how long the record was allowed to search, so there is no ratio.
                row(name, format!("lmm {flows} to the record"), seconds, None, 1.0);
            }
        }
    }
    println!("{}\n", table.to_text());
}

fn options(expected: &Value) -> Bargain {
    let sorting = match expected["sorting"].as_str() {
        Some("product") => Sorting::Product,
        Some("omega") => Sorting::Omega,
        _ => Sorting::Beta,
    };
    let mut options = Bargain {
        coordinator: match expected["coordinator"] == "milp" {
            true => Coordinator::Milp(CoordinatorMilp::default()),
            false => Coordinator::Greedy(Greedy { sorting, ..Greedy::default() }),
        },
        max_iterations: expected["max_iterations"].as_u64().expect("a count") as usize,
        patience: expected["patience"].as_u64().expect("a count") as usize,
        ..Bargain::default()
    };
    if expected["flows"] == "integer" {
        options.local.whole = true;
        options.welfare = Welfare::Head;
    }
    options
}

fn solve(instance: &Instance, whole: bool, start: Option<Plan>, limit: Option<f64>) -> Optimum {
    let solver = Options { gap: 1e-5, time_limit_s: limit, ..Options::default() };
    Lmm { whole, start, solver, ..Lmm::default() }.solve(instance).expect("a solver is built in")
}

/// Seconds of the shortest search, of limits doubled from one second, that reaches the objective.
fn time_to(instance: &Instance, whole: bool, wanted: f64) -> f64 {
    let mut limit = 1.0;
    loop {
        let greedy = Greedy { corrected: true, ..Greedy::default() };
        let (seconds, found) = time(|| {
            let mut options = Bargain { coordinator: Coordinator::Greedy(greedy), ..Bargain::default() };
            options.local.whole = whole;
            let start = bargain(instance, &options, Prices::zero(instance)).expect("solved").by_objective.plan;
            solve(instance, whole, Some(start), Some(limit))
        });
        if found.objective.is_some_and(|objective| objective >= wanted) || limit > 500.0 {
            return seconds;
        }
        limit *= 2.0;
    }
}

/// The golden instances' family at several sizes: five functions, four neighbours each, loads that overload it.
fn growth(long: bool) {
    let mut table = Table::new([
        "nodes",
        "macro s",
        "iterations",
        "objective",
        "lmm s",
        "lmm objective",
        "macro below lmm %",
        "lmm / macro",
    ]);
    let mut drawn: [Vec<(f64, f64)>; 2] = Default::default();
    for nodes in [10, 25, 50, 100, 200] {
        let instance = family(nodes);
        let options = Bargain::default();
        let (seconds, outcome) = time(|| bargain(&instance, &options, Prices::zero(&instance)).expect("solved"));
        let lmm = long.then(|| time(|| solve(&instance, false, None, Some(60.0))));
        drawn[0].push((nodes as f64, seconds));
        drawn[1].extend(lmm.as_ref().map(|(of_lmm, _)| (nodes as f64, *of_lmm)));
        let best = lmm.as_ref().and_then(|(_, found)| found.objective);
        let figure = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
        table.push([
            nodes.to_string(),
            format!("{seconds:.6}"),
            outcome.iterations.len().to_string(),
            format!("{:.4}", outcome.by_welfare.objective),
            figure(lmm.as_ref().map(|(seconds, _)| *seconds)),
            figure(best),
            figure(best.map(|best| 100.0 * (1.0 - outcome.by_welfare.objective / best))),
            figure(lmm.map(|(of_lmm, _)| of_lmm / seconds)),
        ]);
    }
    println!("{}", table.to_text());
    let [bargains, optima] = drawn;
    let series = vec![Series::chain("FaaS-MACrO", bargains), Series::chain("LMM", optima)];
    let (x, y) = (Axis::new("nodes", "").logarithmic(), Axis::new("CPU time", "s").logarithmic());
    let plot = Plot::lines("Time for one period", x, y, series).told_apart_by("method");
    let path = std::env::temp_dir().join("fralb-growth.svg");
    match std::fs::write(&path, plot.svg()) {
        Ok(()) => println!("{}", path.display()),
        Err(error) => println!("{}: {error}", path.display()),
    }
}

fn family(nodes: u64) -> Instance {
    let document = json!({
        "base_solution_folder": "unused", "seed": 4850, "max_steps": 6, "solver_name": "highs",
        "limits": {
            "Nn": {"min": nodes, "max": nodes}, "Nf": {"min": 5, "max": 5}, "neighborhood": {"k": 4},
            "demand": {"min": 0.2, "max": 0.6, "speedup_factors": {"4096": 0.5, "8192": 1.0, "16384": 1.2}},
            "memory_requirement": {"values_from": [128, 256, 512, 1024]},
            "memory_capacity": {"repeated_values": [[0.5, 4096], [0.25, 8192], [0.25, 16384]]},
            "max_utilization": {"min": 0.6, "max": 0.8},
            "load": {"trace_type": "sinusoidal", "min": {"min": 5, "max": 15}, "max": {"min": 20, "max": 40}},
            "weights": {"alpha": {"min": 0.8, "max": 1.0}, "beta_multiplier": {"min": 0.75, "max": 0.95},
                        "gamma": {"min": 0.05, "max": 0.2}, "delta_multiplier": {"min": 0.9, "max": 1.0},
                        "type": "heterogeneous"}
        }
    });
    let (configuration, _) = Configuration::from_value(document).expect("complete");
    generate(&configuration.limits, configuration.seed, configuration.max_steps, false).expect("drawn").at(0)
}
