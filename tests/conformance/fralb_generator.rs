//! FRALB: the deterministic parts of the instance and load generators against the golden vectors.

use crate::oracle;
use serde_json::{Value, json};
use std::path::Path;
use stratosim::planner::fralb::complaint::{Entry, Notes};
use stratosim::planner::fralb::configuration::Configuration;
use stratosim::planner::fralb::generator::{Generated, generate, repeated_values};
use stratosim::planner::fralb::load::{Bounds, clip, fixed_sum, rescale};
use stratosim::planner::fralb::network::Network;
use stratosim::planner::fralb::plan::ceil_tol;
use stratosim::planner::fralb::sweep;
use stratosim::planner::fralb::weights::Times;

fn vectors() -> Option<Value> {
    let folder = oracle::folder("fralb")?;
    let read = |path: &Path| -> Value {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let index = read(&folder.join("index.json"));
    let others = index["others"].as_array()?;
    let file = others.iter().find(|other| other["kind"] == "generator_vectors")?["file"].as_str()?;
    Some(read(&folder.join(file)))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

/// A table of any depth, flattened.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().expect("a number")],
    }
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} for {expected}");
    }
}

#[test]
fn waves_are_brought_to_sums_and_limits() {
    let Some(vectors) = vectors() else { return };
    let case = &vectors["fixed_sum"];
    let base = case["base"].as_object().expect("waves by node");
    let waves: Vec<Vec<f64>> = (0..base.len()).map(|n| numbers(&base[&n.to_string()])).collect();
    let loads = fixed_sum(&waves, case["total"].as_f64().expect("a total"));
    for (n, loads) in loads.iter().enumerate() {
        close(&format!("fixed sum, node {n}"), loads, &numbers(&case["expected"][n.to_string()]));
    }
    for (name, shape) in [("sinusoidal_rescale", rescale as fn(&[f64], f64, f64) -> Vec<f64>), ("clipped", clip)] {
        let case = &vectors[name];
        let (lo, hi) = (case["lo"].as_f64().expect("lo"), case["hi"].as_f64().expect("hi"));
        close(name, &shape(&numbers(&case["base"]), lo, hi), &numbers(&case["expected"]));
    }
}

#[test]
fn ceilings_and_classes_of_memory_are_counted_alike() {
    let Some(vectors) = vectors() else { return };
    for case in vectors["ceil_tol"].as_array().expect("cases") {
        let found = ceil_tol(case["value"].as_f64().expect("a value"), case["tol"].as_f64().expect("a tolerance"));
        assert_eq!(Some(found), case["expected"].as_u64(), "{case}");
    }
    for case in vectors["repeated_values"].as_array().expect("cases") {
        let class = |class: &Value| (class[0].as_f64().expect("a fraction"), class[1].as_u64().expect("MB"));
        let classes: Vec<(f64, u64)> = case["spec"].as_array().expect("classes").iter().map(class).collect();
        let nodes = case["n_nodes"].as_u64().expect("nodes") as usize;
        let capacity = repeated_values(&classes, nodes);
        let expected: Vec<f64> = numbers(&case["expected_capacity"]);
        close("capacity", &capacity.iter().map(|&mb| mb as f64).collect::<Vec<_>>(), &expected);
        // The factors that go with the classes, seen in what a demand of 1 second becomes.
        let speedup = numbers(&case["expected_speedup"]);
        let factors = capacity.iter().zip(&speedup).map(|(mb, factor)| (mb.to_string(), json!(factor)));
        let mut factors = Value::Object(factors.collect());
        for (_, mb) in &classes {
            // A class that got no node still needs its factor.
            if factors.get(mb.to_string()).is_none() {
                factors[mb.to_string()] = json!(1.0);
            }
        }
        let mut limits = vectors["deterministic_instance"]["limits"].clone();
        limits["Nn"] = json!({"min": nodes, "max": nodes});
        limits["demand"] = json!({"values": [1.0, 1.0], "speedup_factors": factors});
        limits["memory_capacity"] = json!({"repeated_values": case["spec"]});
        let system = generated(&limits).system;
        let found: Vec<f64> = (0..nodes).map(|n| 1.0 / system.demand[system.at(n, 0)]).collect();
        close("speed-up", &found, &speedup);
    }
}

fn generated(limits: &Value) -> Generated {
    let document = json!({
        "base_solution_folder": "x", "seed": 1, "max_steps": 6, "solver_name": "highs", "limits": limits,
    });
    let (configuration, _) = Configuration::from_value(document).unwrap_or_else(|error| panic!("{error}"));
    generate(&configuration.limits, configuration.seed, configuration.max_steps, false)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_instance_without_chance_is_the_recorded_one() {
    let Some(vectors) = vectors() else { return };
    let case = &vectors["deterministic_instance"];
    let expected = &case["expected"];
    let Generated { system, bounds, trace, .. } = generated(&case["limits"]);
    close("demand", &system.demand, &flat(&expected["demand"]));
    let memory: Vec<f64> = system.memory_capacity.iter().map(|&mb| mb as f64).collect();
    close("memory", &memory, &numbers(&expected["memory_capacity"]));
    let all = |name: &str| vec![expected[name].as_f64().expect("a weight"); system.nodes * system.functions];
    close("alpha", &system.alpha, &all("alpha"));
    close("gamma", &system.gamma, &all("gamma"));
    close("delta", &system.delta, &all("delta"));
    for &(n, m) in system.network.links() {
        close("beta", &[system.beta_of(n, m, 0)], &[expected["beta_edge"].as_f64().expect("beta")]);
    }
    let Bounds::Shares(shares) = bounds else { panic!("an automatic total has shares") };
    for (n, f) in system.cells() {
        let wanted = expected["auto_load_limits"][f.to_string()][n.to_string()].as_f64().expect("a limit");
        close("share", &[shares[system.at(n, f)]], &[wanted]);
    }
    for f in 0..system.functions {
        let wanted = expected["auto_total_per_function"][f.to_string()].as_f64().expect("a total");
        for loads in &trace {
            let total: f64 = (0..system.nodes).map(|n| loads[system.at(n, f)]).sum();
            assert!((total - wanted).abs() < 1e-3 * system.nodes as f64, "{total} for {wanted}");
        }
    }
    let mut released = case["limits"].clone();
    released["weights"]["faithful"] = json!(true);
    let system = generated(&released).system;
    let beta: Vec<f64> =
        (0..system.nodes * system.nodes).map(|nm| system.beta_of(nm / system.nodes, nm % system.nodes, 0)).collect();
    close("released beta", &beta, &flat(&expected["beta_release_matrix_f0"]));
}

#[test]
fn times_become_rewards_as_recorded() {
    let Some(vectors) = vectors() else { return };
    let case = &vectors["latency_weights"];
    let raw = &case["raw"];
    let latency = raw["edge_latency"].as_object().expect("latencies by pair");
    let mut links: Vec<((usize, usize), f64)> = Vec::new();
    for (pair, seconds) in latency {
        let (n, m) = pair.split_once('-').expect("a pair such as 0-1");
        let (n, m): (usize, usize) = (n.parse().expect("a node"), m.parse().expect("a node"));
        let seconds = seconds.as_f64().expect("seconds");
        links.extend([((n, m), seconds), ((m, n), seconds)]);
    }
    links.sort_by_key(|link| link.0);
    let cloud_latency = flat(&raw["cloud_latency"]);
    let initialization = numbers(&raw["initialization_time"]);
    let network = Network::new(cloud_latency.len() / initialization.len(), links.iter().map(|link| link.0).collect());
    let times = Times {
        initialization,
        input: numbers(&raw["input_data"]),
        edge_bandwidth: vec![raw["edge_bandwidth"].as_f64().expect("a bandwidth"); links.len()],
        edge_latency: links.iter().map(|link| link.1).collect(),
        cloud_latency,
        cloud_bandwidth: raw["cloud_bandwidth"].as_f64().expect("a bandwidth"),
    };
    for (form, faithful) in [("corrected", false), ("release", true)] {
        let rewards = times.rewards(&network, faithful);
        close("alpha", &rewards.alpha[..times.initialization.len()], &numbers(&case["alpha"]));
        close("beta", &rewards.beta, &flat(&case["beta"]));
        close(form, &rewards.gamma, &flat(&case[format!("gamma_{form}")]));
        close(form, &rewards.delta, &flat(&case[format!("delta_{form}")]));
    }
}

/// The recorded lists are the program's, which overshoot; ours stop at the greatest value (ruling B19).
#[test]
fn lists_of_experiments_are_the_recorded_ones() {
    let Some(vectors) = vectors() else { return };
    for case in vectors["experiments_list"]["cases"].as_array().expect("cases") {
        let expected = numbers(&case["expected_values"]);
        let mut notes = Notes::default();
        let entry = Entry::root(&case["spec"]);
        assert_eq!(sweep::values(&entry, true, &mut notes), Some(expected.clone()), "{case}");
        let ours = sweep::values(&entry, false, &mut notes).expect("values");
        let most = case["spec"]["max"].as_f64().unwrap_or(f64::INFINITY);
        assert_eq!(ours, expected.into_iter().filter(|&value| value <= most).collect::<Vec<_>>());
    }
}
