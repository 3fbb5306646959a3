//! Chains, states and assignments.

use std::collections::BTreeMap;

use serde_json::Value;
use stratosim::model::edge_chain::{Application, Mode, Place, State, What};
use stratosim::planner::chain_cost::{
    Allocated, Allocation, Cloud, Flow, Job, Network, Node, Policy, Task, allocate, cost,
};

use super::{Case, equal, integer, list, number, text};
use crate::golden::{self, Table};

fn network(scenario: &Value) -> Network {
    let entries = |key: &str| scenario[key].as_object().expect("names and values").iter();
    let node = |(name, value): (&String, &Value)| {
        let node = Node {
            speed_ops_per_s: number(&value["speed"]),
            affinity: text(&value["affinity"]).to_owned(),
            client: value["client"].as_bool().expect("a flag"),
        };
        (name.clone(), node)
    };
    let links = entries("links_mbps").map(|(name, value)| (name.clone(), number(value))).collect();
    let pair = |value: &Value| (text(&value[0]).to_owned(), text(&value[1]).to_owned());
    let adjacency: Vec<_> = list(&scenario["adjacency"]).iter().map(pair).collect();
    Network::new(entries("nodes").map(node).collect(), &links, &adjacency).expect("a sound topology")
}

fn jobs(scenario: &Value, network: &Network) -> Vec<Job> {
    let task = |value: &Value| Task {
        function: text(&value["f"]).to_owned(),
        operations: integer(&value["ops"]),
        argument_bytes: integer(&value["size"]),
        states: list(&value["deps"]).iter().map(|state| integer(state) as usize).collect(),
    };
    let job = |value: &Value| Job {
        client: network.place(text(&value["client"])).expect("a client of the topology"),
        tasks: list(&value["tasks"]).iter().map(task).collect(),
        states: list(&value["states"]).iter().map(integer).collect(),
        return_bytes: integer(&value["ret"]),
    };
    list(&scenario["jobs"]).iter().map(job).collect()
}

pub fn chain_cost(case: &Case<'_>) -> Result<(), String> {
    let scenario = golden::json(&case.path("scenario"));
    let network = network(&scenario);
    let jobs = jobs(&scenario, &network);
    let affinities: BTreeMap<String, String> = scenario["function_affinity"]
        .as_object()
        .expect("functions")
        .iter()
        .map(|(function, affinity)| (function.clone(), text(affinity).to_owned()))
        .collect();
    let order: Vec<usize> = list(&scenario["allocation_order"]).iter().map(|job| integer(job) as usize).collect();
    let cloud = Cloud {
        latency_s: number(&scenario["cloud"]["latency_s"]),
        rate_mbps: number(&scenario["cloud"]["rate_mbps"]),
    };
    let (results, allocations) = (case.table("results"), case.table("allocation"));
    let (mut results_left, mut allocations_left) = (results.rows.iter(), allocations.rows.iter());
    for allocation in list(&case.inputs()["allocations"]) {
        let known = [Allocation::ProcOnly, Allocation::ProcNet];
        let allocation = known.into_iter().find(|known| known.name() == text(allocation)).expect("a known allocation");
        let allocated = allocate(&network, &affinities, &jobs, &order, allocation).expect("a sound problem");
        placed(&network, allocation, &allocated, &allocations, &mut allocations_left)?;
        for policy in list(&case.inputs()["policies"]) {
            let policy = Policy::ALL.into_iter().find(|known| known.name() == text(policy)).expect("a known policy");
            for (number, job) in jobs.iter().enumerate() {
                let row = results_left.next().ok_or("more results than rows")?;
                let what = format!("{} {} job {number}", allocation.name(), policy.name());
                let same = (allocation.name(), policy.name(), Some(number as f64));
                let golden = (results.text(row, "allocation"), results.text(row, "policy"), results.number(row, "job"));
                equal(&what, &same, &golden)?;
                let found = cost(&network, cloud, job, &allocated.nodes[number], &allocated.load, policy);
                for (column, value) in [
                    ("processing_s", found.processing_s),
                    ("network_s", found.network_s),
                    ("traffic_byte_hops", found.traffic_byte_hops as f64),
                    ("chain_length", found.chain_length as f64),
                ] {
                    let golden = results.number(row, column).expect("a number");
                    if !case.tolerance.agrees(value, golden) {
                        return Err(format!("{what}: {column} {value}, golden {golden}"));
                    }
                }
            }
        }
    }
    equal("rows left", &(results_left.count(), allocations_left.count()), &(0, 0))
}

fn placed<'a>(
    network: &Network,
    allocation: Allocation,
    allocated: &Allocated,
    table: &Table,
    rows: &mut impl Iterator<Item = &'a csv::StringRecord>,
) -> Result<(), String> {
    let mut row = |job: String, shown: Vec<String>| {
        let row = rows.next().ok_or("more allocations than rows")?;
        let golden = ["allocation", "job", "nodes_per_task"].map(|column| table.text(row, column).to_owned());
        equal("allocation", &[allocation.name().to_owned(), job, shown.join(" ")], &golden)
    };
    for (number, nodes) in allocated.nodes.iter().enumerate() {
        row(number.to_string(), nodes.iter().map(|&node| network.name(node).to_owned()).collect())?;
    }
    let load = allocated.load.iter().enumerate();
    row("load".to_owned(), load.map(|(node, tasks)| format!("{}={tasks}", network.name(node))).collect())
}

pub fn chain_messages(case: &Case<'_>) -> Result<(), String> {
    let inputs = case.inputs();
    let names = |value: &Value| list(value).iter().map(|name| text(name).to_owned()).collect::<Vec<_>>();
    let chain = names(&inputs["chain"]);
    let chain: Vec<&str> = chain.iter().map(String::as_str).collect();
    let state = |(name, value): (&String, &Value)| State {
        name: name.clone(),
        functions: names(&value["functions"]),
        bytes: integer(&value["bytes"]),
    };
    let states = inputs["states"].as_object().expect("states").iter().map(state).collect();
    let application = Application::chain(&chain, states).expect("a sound chain");
    let table = case.table("expected");
    let mut rows = table.rows.iter();
    let place = |place: &Place| match place {
        Place::Client => "client".to_owned(),
        Place::Host(function) => format!("host({function})"),
    };
    for mode in list(&inputs["modes"]) {
        let mode_name = text(mode);
        let mode = match mode_name {
            "client" => Mode::Client,
            "hop-by-hop" => Mode::HopByHop,
            "remote-client" => Mode::RemoteClient,
            "remote-hop-by-hop" => Mode::RemoteHopByHop,
            other => panic!("unknown mode {other}"),
        };
        for message in application.messages(mode, integer(&inputs["input_bytes"])) {
            let row = rows.next().ok_or("more messages than rows")?;
            let what = match &message.what {
                What::Request => "request".to_owned(),
                What::Response => "response".to_owned(),
                What::Callback => "callback".to_owned(),
                What::State(name) => format!("state {name}"),
            };
            let found = [
                mode_name.to_owned(),
                what,
                message.step.to_string(),
                place(&message.from),
                place(&message.to),
                message.payload_bytes.to_string(),
            ];
            let columns = ["mode", "message", "index", "from", "to", "payload_bytes"];
            equal("message", &found, &columns.map(|column| table.text(row, column).to_owned()))?;
        }
    }
    equal("rows left", &rows.count(), &0)
}

pub fn lambda_mu_flow(case: &Case<'_>) -> Result<(), String> {
    let table = case.table("expected");
    assert!(!table.rows.is_empty());
    for row in &table.rows {
        let parse = |column: &str| -> Value { serde_json::from_str(table.text(row, column)).expect("a JSON list") };
        let whole = |column: &str| list(&parse(column)).iter().map(integer).collect::<Vec<u64>>();
        let costs = list(&parse("cost_matrix")).iter().map(|row| list(row).iter().map(number).collect()).collect();
        let flow = Flow { costs, requests: whole("requests"), capacities: whole("capacities") };
        flow.check().expect("a sound problem");
        for (column, found) in [("greedy_cost", flow.greedy()), ("optimal_cost", flow.least_cost())] {
            let golden = table.number(row, column).expect("a cost");
            if !case.tolerance.agrees(found.cost, golden) {
                return Err(format!("case {}: {column} {}, golden {golden}", table.text(row, "case"), found.cost));
            }
        }
    }
    Ok(())
}
