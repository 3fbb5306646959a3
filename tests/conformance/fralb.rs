//! FRALB: LMM and FaaS-MACrO against the golden instances, each by the rules of the oracle's README.

use crate::oracle;
use serde_json::Value;
use std::path::Path;
use stratosim::planner::fralb::check::{faults, is_ping_pong};
use stratosim::planner::fralb::coordinator::CoordinatorMilp;
use stratosim::planner::fralb::faas_macro::{Bargain, Coordinator, Prices, Welfare, bargain};
use stratosim::planner::fralb::greedy::{Greedy, Sorting};
use stratosim::planner::fralb::instance::{Instance, trace_from_json};
use stratosim::planner::fralb::lmm::{Lmm, Optimum};
use stratosim::planner::fralb::local::LocalModel;
use stratosim::planner::fralb::outcome::{Iteration, Outcome};
use stratosim::solve::milp::Options;

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

struct Case {
    name: String,
    index: Value,
    instance: Instance,
    expected: Value,
}

fn cases(folder: &Path) -> Vec<Case> {
    let index = json(&folder.join("index.json"));
    assert_eq!(index["schema"], "fralb-index/1");
    let listed = index["cases"].as_array().expect("the index lists cases").clone();
    let file = |case: &Value, key: &str| folder.join(case[key].as_str().expect("a path"));
    let cases: Vec<Case> = listed
        .into_iter()
        .map(|index| Case {
            name: index["name"].as_str().expect("a name").to_owned(),
            instance: Instance::from_json(&text(&file(&index, "instance"))).unwrap_or_else(|error| panic!("{error}")),
            expected: json(&file(&index, "expected")),
            index,
        })
        .collect();
    assert!(!cases.is_empty(), "the index lists cases");
    cases
}

fn other(folder: &Path, kind: &str) -> Option<std::path::PathBuf> {
    let index = json(&folder.join("index.json"));
    let listed = index["others"].as_array()?;
    let entry = listed.iter().find(|entry| entry["kind"] == kind)?;
    Some(folder.join(entry["file"].as_str()?))
}

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs().max(1.0)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number instead of {value}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(number).collect()
}

fn options(expected: &Value) -> Bargain {
    let sorting = match expected["sorting"].as_str() {
        Some("product") => Sorting::Product,
        Some("omega") => Sorting::Omega,
        Some("beta") | None => Sorting::Beta,
        Some(other) => panic!("an unknown sorting {other}"),
    };
    let whole = expected["flows"] == "integer";
    Bargain {
        local: LocalModel { whole, ..LocalModel::default() },
        // Whole flows came with the main branch, whose welfare has no cost of rejection.
        welfare: if whole { Welfare::Head } else { Welfare::Release },
        coordinator: match expected["coordinator"].as_str() {
            Some("greedy") => Coordinator::Greedy(Greedy { sorting, ..Greedy::default() }),
            Some("milp") => Coordinator::Milp(CoordinatorMilp::default()),
            other => panic!("an unknown coordinator {other:?}"),
        },
        max_iterations: number(&expected["max_iterations"]) as usize,
        patience: number(&expected["patience"]) as usize,
        tolerance: number(&expected["tolerance"]),
        ..Bargain::default()
    }
}

fn run(instance: &Instance, options: &Bargain) -> Outcome {
    bargain(instance, options, Prices::zero(instance)).unwrap_or_else(|error| panic!("{}: {error}", instance.name))
}

/// Every figure of `expected` that belongs to an iteration, or only those of `fields`.
fn compare_iteration(
    what: &str,
    found: &Iteration,
    expected: &Value,
    fields: Option<&[&str]>,
    tolerance: f64,
) -> usize {
    let mut compared = 0;
    for (field, value) in expected.as_object().expect("an iteration is an object") {
        if fields.is_some_and(|fields| !fields.contains(&field.as_str())) {
            continue;
        }
        let found = match field.as_str() {
            "it" => vec![found.k as f64],
            "psi" => vec![found.step],
            "sp_obj" => vec![found.local_objective],
            "coordinator_obj" => vec![found.coordinator_objective],
            "dev" => found.deviation.clone(),
            "lb" => vec![found.lower_bound],
            "lb_min" => vec![found.lowest_bound],
            "sw" => vec![found.welfare],
            "sw_best" => vec![found.best_welfare],
            "prices_next" => found.next_prices.clone().unwrap_or_default(),
            "centralized_obj" => vec![found.centralized],
            "x" => vec![found.totals.x],
            "y" => vec![found.totals.y],
            "z" => vec![found.totals.z],
            "r" => vec![found.totals.replicas as f64],
            unknown => panic!("{what}: a field that is not compared: {unknown}"),
        };
        let expected = if value.is_array() { numbers(value) } else { vec![number(value)] };
        assert_eq!(found.len(), expected.len(), "{what}: {field}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(close(*found, *expected, tolerance), "{what}: {field}: found {found}, want {expected}");
        }
        compared += 1;
    }
    compared
}

/// Everything in a record of a run: end, best plans and every iteration.
fn compare_run(what: &str, found: &Outcome, expected: &Value) {
    let iterations = expected["iterations"].as_array().expect("iterations");
    for (found, expected) in found.iterations.iter().zip(iterations) {
        compare_iteration(&format!("{what}, iteration {}", found.k), found, expected, None, 1e-6);
    }
    assert_eq!(found.iterations.len(), iterations.len(), "{what}: iterations");
    assert_eq!(found.iterations.len() as f64, number(&expected["n_iterations"]), "{what}: iterations");
    assert_eq!(found.reason.family(), expected["stop_reason"], "{what}: reason");
    for (kept, objective, iteration) in [
        (&found.by_welfare, "final_objective", "best_iteration"),
        (&found.by_objective, "best_centralized_objective", "best_centralized_iteration"),
    ] {
        let wanted = number(&expected[objective]);
        assert!(close(kept.objective, wanted, 1e-6), "{what}: {objective}: {} for {wanted}", kept.objective);
        assert_eq!(kept.iteration as f64, number(&expected[iteration]), "{what}: {iteration}");
    }
}

/// The independent checks, and the promise that only a plan that ping-pongs can beat the proved bound.
fn check_plans(what: &str, instance: &Instance, outcome: &Outcome, bound: f64) {
    for kept in [&outcome.by_welfare, &outcome.by_objective] {
        let faults = faults(instance, &kept.plan, 1e-6);
        assert!(faults.iter().all(is_ping_pong), "{what}: {faults:?}");
        let beats = kept.objective > bound + 1e-6 * bound.abs().max(1.0);
        assert!(!beats || !faults.is_empty(), "{what}: {} beats the bound {bound}", kept.objective);
    }
}

#[test]
fn macro_runs_match_the_records() {
    let Some(folder) = oracle::folder("fralb") else { return };
    for case in cases(&folder) {
        for (variant, listed) in case.index["macro"].as_object().expect("variants") {
            let what = format!("{} {variant}", case.name);
            let expected = &case.expected["macro"][variant];
            assert_eq!(listed["flows"], expected["flows"], "{what}");
            let found = run(&case.instance, &options(expected));
            let flows = expected["flows"].as_str().expect("flows");
            let lmm = &case.expected["lmm"][flows];
            check_plans(&what, &case.instance, &found, number(&lmm["best_bound"]));
            let compare = &expected["compare"];
            match compare["mode"].as_str() {
                Some("all") => {
                    compare_run(&what, &found, expected);
                    if let Some(totals) = expected.get("totals") {
                        let ours = found.by_welfare.plan.totals();
                        for (name, ours) in [("x", ours.x), ("y", ours.y), ("z", ours.z), ("r", ours.replicas as f64)] {
                            let wanted = number(&totals[name]);
                            assert!(close(ours, wanted, 1e-6), "{what}: total {name}: {ours} for {wanted}");
                        }
                    }
                    let deviation = 100.0 * (found.by_welfare.objective / number(&lmm["objective"]) - 1.0);
                    let wanted = number(&expected["deviation_from_lmm_percent"]);
                    assert!(close(deviation, wanted, 1e-5), "{what}: deviation {deviation} for {wanted}");
                }
                Some("under_rules") => {
                    compare_run(&what, &found, &expected["under_rules"]);
                    let fields = compare["recorded_iteration_0_fields"].as_array().expect("fields");
                    let fields: Vec<&str> = fields.iter().filter_map(Value::as_str).collect();
                    let first = &expected["iterations"][0];
                    let compared = compare_iteration(&what, &found.iterations[0], first, Some(&fields), 1e-6);
                    assert_eq!(compared, fields.len(), "{what}");
                }
                Some("iteration_0") => {
                    let fields: Vec<&str> =
                        compare["fields"].as_array().expect("fields").iter().filter_map(Value::as_str).collect();
                    let tolerance = number(&compare["tolerance"]);
                    let first = &expected["iterations"][0];
                    let compared = compare_iteration(&what, &found.iterations[0], first, Some(&fields), tolerance);
                    assert_eq!(compared, fields.len(), "{what}");
                    let greedy = case.expected["macro"].as_object().expect("variants").values().find(|other| {
                        other["flows"] == flows && other["coordinator"] == "greedy" && other["sorting"] == "beta"
                    });
                    let recorded = number(&expected["deviation_from_lmm_percent"]);
                    let greedy = greedy.map_or(f64::NEG_INFINITY, |other| number(&other["deviation_from_lmm_percent"]));
                    // "At most" in size: deviations are negative.
                    let allowed = recorded.abs().max(if greedy.is_finite() { greedy.abs() } else { 0.0 }) + 2.0;
                    let deviation = 100.0 * (found.by_welfare.objective / number(&lmm["objective"]) - 1.0);
                    assert!(deviation.abs() <= allowed, "{what}: deviation {deviation} beyond {allowed}");
                }
                other => panic!("{what}: an unknown comparison {other:?}"),
            }
        }
    }
}

/// Long searches begin at the bargained plan, as `plan fralb run` does.
fn optimum(case: &Case, whole: bool, gap: f64, seconds: Option<f64>) -> Optimum {
    let start = seconds.map(|_| {
        let greedy = Greedy { corrected: true, ..Greedy::default() };
        let options = Bargain {
            local: LocalModel { whole, ..LocalModel::default() },
            coordinator: Coordinator::Greedy(greedy),
            ..Bargain::default()
        };
        run(&case.instance, &options).by_objective.plan
    });
    let solver = Options { gap, time_limit_s: seconds, ..Options::default() };
    let lmm = Lmm { whole, start, solver, ..Lmm::default() };
    lmm.solve(&case.instance).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

#[test]
fn lmm_reaches_the_recorded_optima() {
    let Some(folder) = oracle::folder("fralb") else { return };
    for case in cases(&folder) {
        for (flows, listed) in case.index["lmm"].as_object().expect("flows") {
            let what = format!("{} lmm {flows}", case.name);
            let long = listed["long"] == true;
            if long && !cfg!(feature = "long") {
                oracle::skipped(&format!("{what}: a long search, run it with --features long"));
                continue;
            }
            if !cfg!(feature = "highs") && case.index["n_nodes"].as_u64() > Some(5) {
                oracle::skipped(&format!("{what}: large for the built-in solver, run it with --features highs"));
                continue;
            }
            let expected = &case.expected["lmm"][flows];
            let proved = expected["proved_within_1e5"] == true;
            let (recorded, bound) = (number(&expected["objective"]), number(&expected["best_bound"]));
            let range = recorded * (1.0 - 1e-4)..=bound * (1.0 + 1e-6);
            let search = |seconds| optimum(&case, flows == "integer", 1e-5, seconds);
            // An unproved record has no end of its own: it is looked for with growing patience.
            let found = match proved {
                true => search(None),
                false => {
                    let reached = |found: &Optimum| found.objective.is_some_and(|value| range.contains(&value));
                    let mut tries = [75.0, 150.0, 300.0].map(Some).into_iter().map(search);
                    tries.find(reached).unwrap_or_else(|| search(Some(600.0)))
                }
            };
            let plan = found.plan.as_ref().unwrap_or_else(|| panic!("{what}: no plan"));
            assert_eq!(faults(&case.instance, plan, 1e-6), [], "{what}");
            let objective = found.objective.expect("a plan has a value");
            if proved {
                assert!((objective - recorded).abs() <= 2e-5 * recorded.abs(), "{what}: {objective} for {recorded}");
                assert!(found.gap().is_some_and(|gap| gap <= 1e-5 + 1e-9), "{what}: {:?}", found.gap());
            } else {
                assert!(range.contains(&objective), "{what}: {objective} outside {range:?}");
            }
            if whole_flows(flows) {
                let all = plan.x.iter().chain(&plan.y).chain(&plan.z);
                assert!(all.into_iter().all(|load| load.fract() == 0.0), "{what}: whole flows");
            }
        }
    }
}

fn whole_flows(flows: &str) -> bool {
    flows == "integer"
}

#[test]
fn the_trace_matches_period_by_period() {
    let Some(file) = oracle::folder("fralb").and_then(|folder| other(&folder, "trace")) else { return };
    let periods = trace_from_json(&text(&file)).unwrap_or_else(|error| panic!("{error}"));
    let expected = json(&file)["expected_periods"].as_array().expect("periods").clone();
    assert_eq!(periods.len(), expected.len());
    for expected in &expected {
        let t = number(&expected["period"]) as usize;
        let instance = &periods[t];
        let what = format!("period {t}");
        let record = &expected["macro_greedy_beta"];
        let options = Bargain {
            max_iterations: number(&record["max_iterations"]) as usize,
            patience: number(&record["patience"]) as usize,
            ..Bargain::default()
        };
        let found = run(instance, &options);
        assert_eq!(found.iterations.len() as f64, number(&record["n_iterations"]), "{what}");
        assert_eq!(found.reason.family(), record["stop_reason"], "{what}");
        assert!(close(found.by_welfare.objective, number(&record["final_objective"]), 1e-6), "{what}");
        assert!(close(found.by_objective.objective, number(&record["best_centralized_objective"]), 1e-6), "{what}");
        if cfg!(feature = "highs") {
            let lmm = Lmm { solver: Options { gap: 1e-5, ..Options::default() }, ..Lmm::default() };
            let objective = lmm.solve(instance).expect("five nodes").objective.expect("a plan");
            assert!(close(objective, number(&expected["lmm_objective"]), 2e-5), "{what}: {objective}");
        }
    }
    if !cfg!(feature = "highs") {
        oracle::skipped("the trace's optima: run them with --features highs");
    }
}
