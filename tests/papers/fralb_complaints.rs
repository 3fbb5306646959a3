//! Bad input of FRALB, one mistake at a time: every one is refused with its key, what was found and what was wanted.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use stratosim::planner::fralb::configuration::Configuration;
use stratosim::planner::fralb::faas_macro::{Bargain, Prices, bargain};
use stratosim::planner::fralb::generator::generate;
use stratosim::planner::fralb::instance::Instance;
use stratosim::planner::fralb::local::LocalModel;

fn configuration() -> Value {
    json!({
        "base_solution_folder": "solutions", "seed": 4850, "max_steps": 6, "solver_name": "highs",
        "solver_options": {"general": {}, "coordinator": {"sorting_rule": "beta"}},
        "limits": {
            "Nn": {"min": 5, "max": 5}, "Nf": {"min": 2, "max": 2}, "neighborhood": {"k": 2},
            "demand": {"values": [0.3, 0.2], "speedup_factors": {"4096": 0.5, "8192": 1.0}},
            "memory_requirement": {"values": [128, 512]},
            "memory_capacity": {"repeated_values": [[0.5, 4096], [0.5, 8192]]},
            "max_utilization": {"min": 0.8, "max": 0.8},
            "weights": {"alpha": {"min": 1.0, "max": 1.0}, "beta_multiplier": {"min": 0.9, "max": 0.9},
                        "gamma": {"min": 0.1, "max": 0.1}, "delta_multiplier": {"min": 0.95, "max": 0.95}},
            "load": {"trace_type": "sinusoidal", "min": {"min": 1, "max": 5}, "max": {"min": 20, "max": 30}}
        }
    })
}

fn instance() -> Value {
    json!({
        "schema": "fralb-instance/1", "name": "two", "n_nodes": 2, "n_functions": 1,
        "incoming_load": [[3.0], [4.0]], "demand": [[0.4], [0.4]], "max_utilization": [0.8],
        "memory_requirement": [256], "memory_capacity": [1024, 256], "neighborhood": [[0, 1], [1, 0]],
        "alpha": [[1.0], [1.0]], "beta": [[[0.0], [0.9]], [[0.9], [0.0]]], "gamma": [[0.1], [0.1]],
        "delta": [[0.8], [0.8]]
    })
}

/// The document with the value at a JSON pointer replaced; `null` removes it.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer begins with /");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is a place"));
    match parent {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        list => list[name.parse::<usize>().expect("an index")] = value,
    }
    document
}

fn reasons_against_configurations() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/base_solution_folder", Value::Null, "base_solution_folder: found nothing, want a folder for results"),
        ("/seed", json!(-1), "seed: found -1, want a whole number"),
        ("/seed", json!("x"), "seed: found \"x\", want a whole number"),
        ("/max_steps", json!(2), "max_steps: found 2, want at least 3 samples"),
        ("/max_steps", Value::Null, "max_steps: found nothing"),
        ("/max_run_time", json!(7), "want periods below max_steps 6"),
        ("/min_run_time", json!(9), "min_run_time: found 9 above max_run_time 6"),
        ("/run_time_step", json!(0), "run_time_step: found 0, want a whole number of at least 1"),
        ("/patience", json!(0), "patience: found 0"),
        ("/max_iterations", json!(1.5), "max_iterations: found 1.5"),
        ("/tolerance", json!(0), "tolerance: found 0, want a tolerance above 0"),
        ("/verbose", json!(3), "verbose: found 3, want 0, 1 or 2"),
        ("/checkpoint_interval", json!(0), "checkpoint_interval: found 0"),
        ("/solver_name", Value::Null, "solver_name: found nothing"),
        ("/solver_name", json!("abacus"), "solver_name: found \"abacus\", want one of highs"),
        ("/solver_options/general", json!({"Threads": 4}), "solver_options.general.Threads: found the option Threads"),
        ("/solver_options/general", json!({"TimeLimit": -5}), "solver_options.general.TimeLimit: found -5"),
        ("/solver_options/general", json!({"MIPGap": 2}), "solver_options.general.MIPGap: found 2"),
        ("/solver_options/coordinator", json!({"sorting_rule": "gamma"}), "sorting_rule: found \"gamma\""),
        ("/solver_options/use_detailed_pi", json!("yes"), "use_detailed_pi: found \"yes\", want true or false"),
        ("/flows", json!("complex"), "flows: found \"complex\", want one of real, integer"),
        ("/limits", Value::Null, "limits: found nothing"),
        ("/limits/instance_type", json!("guessed"), "limits.instance_type: found \"guessed\""),
        ("/limits/instance_type", json!("load_existing"), "limits.path: found nothing, want the folder of an instance"),
        ("/limits/Nn", json!({"min": 5, "max": 3}), "limits.Nn: found min 5 above max 3"),
        ("/limits/Nf", json!({"min": 0, "max": 3}), "limits.Nf.min: found 0"),
        ("/limits/neighborhood", json!({"k": 3}), "(3 x 5 is odd)"),
        ("/limits/neighborhood", json!({"k": 5}), "want fewer neighbours than the 5 nodes"),
        ("/limits/neighborhood", json!({"p": 1.2}), "want a probability from 0 to 1"),
        ("/limits/neighborhood", json!({"p": 0}), "want a network that can be connected"),
        ("/limits/neighborhood", json!({}), "want either p (a probability) or k"),
        ("/limits/demand/values", json!([0.3]), "limits.demand.values: found a list of 1, want a list of 2"),
        ("/limits/demand/values", json!([0.3, 0]), "limits.demand.values[1]: found 0, want seconds above 0"),
        ("/limits/demand/type", json!("mixed"), "limits.demand.type: found \"mixed\""),
        ("/limits/demand/speedup_factors", json!({"4096": 1}), "want a factor for the nodes of 8192 MB"),
        (
            "/limits/demand/speedup_factors",
            json!({"4 GB": 1, "4096": 1, "8192": 1}),
            "speedup_factors.4 GB: found 4 GB",
        ),
        ("/limits/memory_requirement/values", json!([128, 16384.5]), "memory_requirement.values[1]: found 16384.5"),
        ("/limits/memory_requirement/values", json!([65536, 65536]), "want functions that fit on some node"),
        ("/limits/memory_capacity", json!({"repeated_values": [[0.7, 4096], [0.7, 8192]]}), "fractions summing to 1.4"),
        ("/limits/max_utilization", json!({"min": 0.8, "max": 1.1}), "max_utilization.max: found 1.1"),
        ("/limits/weights/gamma", json!({"min": -0.1, "max": 0.1}), "limits.weights.gamma.min: found -0.1"),
        ("/limits/weights/alpha", Value::Null, "limits.weights.alpha: found nothing, want a weight of at least 0"),
        ("/limits/load/trace_type", json!("random_walk"), "limits.load.trace_type: found \"random_walk\""),
        ("/limits/load/max", json!({"min": 0, "max": 0}), "because nothing would arrive"),
        ("/limits/load", json!({"values": [0, 5]}), "limits.load.values[0]: found 0, want requests per second above 0"),
        ("/limits/load", json!({"values": [5]}), "limits.load.values: found a list of 1"),
    ]
}

#[test]
fn configurations_are_refused_for_forty_reasons() {
    assert!(Configuration::from_value(configuration()).is_ok());
    let mut distinct = BTreeSet::new();
    for (pointer, value, part) in reasons_against_configurations() {
        let document = with(configuration(), pointer, value);
        let error = Configuration::from_value(document).expect_err(pointer).to_string();
        assert!(error.contains(part), "{pointer}: {error:?} lacks {part:?}");
        distinct.insert(error);
    }
    assert!(distinct.len() >= 40, "{} distinct complaints", distinct.len());
}

#[test]
fn all_mistakes_of_a_document_are_named_at_once() {
    let mut document = with(configuration(), "/seed", json!(-1));
    document = with(document, "/limits/max_utilization", json!({"min": 0, "max": 1}));
    document = with(document, "/limits/demand/values", json!([0.3]));
    let error = Configuration::from_value(document).expect_err("three mistakes");
    assert_eq!(error.0.len(), 3, "{error}");
}

fn reasons_against_instances() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("/schema", json!("fralb-instance/9"), "schema: found \"fralb-instance/9\", want \"fralb-instance/1\""),
        ("/n_nodes", json!(0), "n_nodes: found 0"),
        ("/n_functions", Value::Null, "n_functions: found nothing"),
        ("/incoming_load", json!([[3.0]]), "incoming_load: found a list of 1, want a list of 2, one entry per node"),
        ("/incoming_load/0", json!([3.0, 1.0]), "incoming_load[0]: found a list of 2, want a list of 1"),
        ("/incoming_load", json!([[0], [0]]), "incoming_load: found no load anywhere"),
        ("/incoming_load/1/0", json!(-4), "incoming_load[1][0]: found -4, want requests per second, 0 or more"),
        ("/incoming_load/1/0", json!("NaN"), "incoming_load[1][0]: found \"NaN\""),
        ("/demand/0/0", json!(0), "demand[0][0]: found 0, want seconds above 0"),
        ("/max_utilization/0", json!(1.5), "max_utilization[0]: found 1.5, want a utilisation above 0 and at most 1"),
        ("/max_utilization/0", json!(0), "max_utilization[0]: found 0"),
        ("/memory_requirement/0", json!(0), "memory_requirement[0]: found 0, want whole MB of at least 1"),
        ("/memory_requirement/0", json!(2048), "memory_requirement[0]: found 2048, want at most 1024 MB"),
        ("/memory_capacity", json!([1024]), "memory_capacity: found a list of 1"),
        ("/memory_capacity/1", json!(-256), "memory_capacity[1]: found -256"),
        ("/neighborhood/0/0", json!(1), "a node does not forward to itself"),
        ("/neighborhood/0/1", json!(2), "neighborhood[0][1]: found 2, want 0 or 1"),
        ("/neighborhood/1", json!([1]), "neighborhood[1]: found a list of 1"),
        ("/alpha/0/0", json!(-1), "alpha[0][0]: found -1, want a reward of at least 0"),
        ("/beta/0", json!([[0.9]]), "beta[0]: found a list of 1"),
        ("/gamma", Value::Null, "gamma: found nothing"),
        ("/delta/1/0", json!(true), "delta[1][0]: found true"),
    ]
}

/// The binary names the file, says the same, prints no result and ends with 2.
#[test]
fn the_command_refuses_every_one_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("given.json");
    let documents = reasons_against_configurations().into_iter().map(|reason| (configuration(), reason));
    let documents = documents.chain(reasons_against_instances().into_iter().map(|reason| (instance(), reason)));
    for (document, (pointer, value, part)) in documents {
        std::fs::write(&path, with(document, pointer, value).to_string()).expect("written");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stratosim"));
        let said = command.args(["plan", "fralb", "check"]).arg(&path).output().expect("the binary runs");
        let message = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(2), "{pointer}: {message}");
        assert!(message.contains("given.json") && message.contains(part), "{pointer}: {message:?} lacks {part:?}");
        assert!(said.stdout.is_empty(), "{pointer}: {:?}", said.stdout);
    }
}

#[test]
fn instances_are_refused_for_twenty_reasons() {
    assert!(Instance::from_json(&instance().to_string()).is_ok());
    let mut distinct = BTreeSet::new();
    for (pointer, value, part) in reasons_against_instances() {
        let error = Instance::from_json(&with(instance(), pointer, value).to_string()).expect_err(pointer).to_string();
        assert!(error.contains(part), "{pointer}: {error:?} lacks {part:?}");
        distinct.insert(error);
    }
    assert!(distinct.len() >= 20, "{} distinct complaints", distinct.len());
    // NaN is no JSON at all, as Python would write it.
    let error = Instance::from_json(&instance().to_string().replace("3.0", "NaN")).expect_err("no JSON").to_string();
    assert!(error.contains("no JSON at line 1, column"), "{error}");
}

#[test]
fn what_only_shows_while_drawing_or_solving_is_refused_too() {
    let drawn = |pointer: &str, value: Value| {
        let (configuration, _) = Configuration::from_value(with(configuration(), pointer, value)).expect("well formed");
        generate(&configuration.limits, 1, configuration.max_steps, false).map(|_| ()).expect_err(pointer).to_string()
    };
    let existing = json!({"trace_type": "load_existing", "path": "nowhere"});
    assert!(drawn("/limits/load", existing).contains("want a file that can be read"));
    // The number of nodes is drawn here, and no graph has 2 nodes with 2 neighbours each, or 5 x 1 ends.
    let mut document = with(configuration(), "/limits/Nn", json!({"min": 3, "max": 7}));
    document = with(document, "/limits/neighborhood", json!({"k": 1, "allow_disconnected": true}));
    let (odd, _) = Configuration::from_value(document).expect("well formed");
    let refused = (0..20).filter_map(|seed| generate(&odd.limits, seed, 6, false).err()).next();
    assert!(refused.expect("some seed draws an odd number").to_string().contains("an even k x"));

    let mut instance = Instance::from_json(&instance().to_string()).expect("sound");
    instance.load[0] = 2.5;
    let whole = Bargain { local: LocalModel { whole: true, ..LocalModel::default() }, ..Bargain::default() };
    let error = bargain(&instance, &whole, Prices::zero(&instance)).expect_err("a fraction").to_string();
    assert!(error.contains("node 0, function 0 has 2.5"), "{error}");
    let full = Bargain { fixed_replicas: Some(vec![0, 2]), ..Bargain::default() };
    let error = bargain(&instance, &full, Prices::zero(&instance)).expect_err("too many").to_string();
    assert!(error.contains("do not fit into its memory"), "{error}");
}

/// A load of zero is allowed (the published program divides by it), and so is a network in parts.
#[test]
fn zero_loads_and_networks_in_parts_are_no_mistakes() {
    let mut document = with(instance(), "/incoming_load/0/0", json!(0));
    document = with(document, "/neighborhood", json!([[0, 0], [0, 0]]));
    let instance = Instance::from_json(&document.to_string()).expect("allowed");
    assert!(!instance.network.connected());
    let outcome = bargain(&instance, &Bargain::default(), Prices::zero(&instance)).expect("solved");
    assert!((outcome.by_welfare.objective - (2.0 - 0.1 * 2.0) / 4.0).abs() < 1e-12);
}
