//! FaaS-MACrO's local problems as the mixed-integer programmes that the paper states, against our knapsacks.

use crate::oracle;
use stratosim::engine::random::Rng;
use stratosim::planner::fralb::instance::Instance;
use stratosim::planner::fralb::local::{LocalModel, offer, settle};
use stratosim::solve::milp::{Options, Programme, Relation, Var};

/// The least objective of one node: rewards per unit of own load, own load at most `most` (and no less where the rest
/// is offered), beside what was promised to others; both bounds on utilisation as published.
fn programme(instance: &Instance, node: usize, gain: &[f64], most: &[f64], incoming: &[f64], whole: bool) -> f64 {
    let mut programme = Programme::minimise();
    let mut memory: Vec<(Var, f64)> = Vec::new();
    for f in 0..instance.functions {
        let (name, demand) = (format!("x{f}"), instance.demand[instance.at(node, f)]);
        let x = match whole {
            true => programme.integer(name, 0.0, most[f], -gain[f]),
            false => programme.continuous(name, 0.0, most[f], -gain[f]),
        };
        let replicas = programme.integer(format!("r{f}"), 0.0, 1e4, 0.0);
        let allowed = instance.max_utilization[f];
        let row = [(x, demand), (replicas, -allowed)];
        programme.row("not too busy", &row, Relation::AtMost, -demand * incoming[f]);
        programme.row("none idle", &row, Relation::AtLeast, -allowed - demand * incoming[f]);
        memory.push((replicas, instance.memory_requirement[f] as f64));
    }
    programme.row("memory", &memory, Relation::AtMost, instance.memory_capacity[node] as f64);
    let solution = programme.solve(&Options::default()).expect("a node is small");
    solution.objective.expect("serving nothing of one's own is feasible")
}

#[test]
fn knapsacks_are_worth_what_the_programmes_are_worth() {
    let Some(folder) = oracle::folder("fralb") else { return };
    let index = std::fs::read_to_string(folder.join("index.json")).expect("an index");
    let index: serde_json::Value = serde_json::from_str(&index).expect("JSON");
    let mut rng = Rng::seeded(17);
    let mut compared = 0;
    for case in index["cases"].as_array().expect("cases") {
        let path = folder.join(case["instance"].as_str().expect("a path"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let instance = Instance::from_json(&text).unwrap_or_else(|error| panic!("{error}"));
        if instance.nodes > 12 {
            continue;
        }
        for node in 0..instance.nodes {
            let prices: Vec<f64> = (0..instance.functions).map(|_| 0.5 * rng.uniform()).collect();
            let cell = |f: usize| instance.at(node, f);
            let all = 0..instance.functions;
            for whole in [false, true] {
                let model = LocalModel { whole, ..LocalModel::default() };
                let what = format!("{} node {node} whole {whole}", instance.name);
                let plan = offer(&instance, node, &prices, model, None).expect("nothing is fixed");
                // What is not served is offered: a constant, and a gain per unit served instead.
                let offered = |f: usize| instance.delta[cell(f)] - prices[f];
                let gain: Vec<f64> =
                    all.clone().map(|f| (instance.alpha[cell(f)] - offered(f)) / instance.load[cell(f)]).collect();
                let most: Vec<f64> = all.clone().map(|f| instance.load[cell(f)]).collect();
                let constant: f64 = all.clone().map(offered).sum();
                let nothing = vec![0.0; instance.functions];
                let best = programme(&instance, node, &gain, &most, &nothing, whole) - constant;
                assert!(
                    (plan.objective - best).abs() <= 1e-6 * best.abs().max(1.0),
                    "{what}: {} {best}",
                    plan.objective
                );

                // Half of what was offered is accepted, and a little is promised to others.
                let outgoing: Vec<f64> = plan.offered.iter().map(|o| (o / 2.0).floor()).collect();
                let room = |f: usize| {
                    let spare = plan.residual / instance.memory_requirement[f] / instance.functions as u64;
                    (spare as f64 * instance.replica_capacity(node, f)).floor()
                };
                let incoming: Vec<f64> = all.clone().map(room).collect();
                let settled = settle(&instance, node, &incoming, &outgoing, model).expect("it fits");
                let gain: Vec<f64> = all.clone().map(|f| instance.alpha[cell(f)] / instance.load[cell(f)]).collect();
                let most: Vec<f64> = all.clone().map(|f| instance.load[cell(f)] - outgoing[f]).collect();
                let constant: f64 =
                    all.clone().map(|f| instance.delta[cell(f)] * outgoing[f] / instance.load[cell(f)]).sum();
                let best = programme(&instance, node, &gain, &most, &incoming, whole) - constant;
                let found = settled.objective;
                assert!((found - best).abs() <= 1e-6 * best.abs().max(1.0), "{what}: settled {found} {best}");
                compared += 2;
            }
        }
    }
    assert!(compared > 0, "no node was compared");
}
