//! Systems as the published program stores them, so that its folders can be read here and ours there.
//!
//! Source: `base_instance_data.json` and `load_limits.json` of a DFaaSOptimizer run: parameters under `None`, indices
//! counted from 1 and printed as tuples such as `(1, 2)`; limits by function and node, counted from 0.

use super::complaint::{Complaints, Entry, Notes, parse_json};
use super::instance::Instance;
use super::load::Bounds;
use super::network::Network;
use serde_json::{Map, Value, json};

/// The system's file in a run's folder.
pub const SYSTEM: &str = "base_instance_data.json";
/// The trace's file.
pub const TRACE: &str = "input_requests_traces.json";
/// The file of load limits.
pub const BOUNDS: &str = "load_limits.json";

/// The text of `base_instance_data.json`.
pub fn write_system(system: &Instance) -> String {
    let cells = |flat: &[f64]| -> Value {
        let entry = |(n, f): (usize, usize)| (format!("({}, {})", n + 1, f + 1), json!(flat[system.at(n, f)]));
        Value::Object(system.cells().map(entry).collect())
    };
    let list = |values: Vec<Value>| -> Value {
        Value::Object(values.into_iter().enumerate().map(|(i, value)| ((i + 1).to_string(), value)).collect())
    };
    let mut linked = Map::new();
    let mut beta = Map::new();
    for n in 0..system.nodes {
        for m in 0..system.nodes {
            let link = u8::from(system.network.find(n, m).is_some());
            linked.insert(format!("({}, {})", n + 1, m + 1), json!(link));
            for f in 0..system.functions {
                beta.insert(format!("({}, {}, {})", n + 1, m + 1, f + 1), json!(system.beta_of(n, m, f)));
            }
        }
    }
    let document = json!({"None": {
        "Nn": {"None": system.nodes},
        "Nf": {"None": system.functions},
        "neighborhood": linked,
        "alpha": cells(&system.alpha),
        "beta": beta,
        "gamma": cells(&system.gamma),
        "delta": cells(&system.delta),
        "demand": cells(&system.demand),
        "max_utilization": list(system.max_utilization.iter().map(|v| json!(v)).collect()),
        "memory_requirement": list(system.memory_requirement.iter().map(|v| json!(v)).collect()),
        "memory_capacity": list(system.memory_capacity.iter().map(|v| json!(v)).collect()),
    }});
    document.to_string()
}

/// Reads `base_instance_data.json`; the load is zero.
///
/// # Errors
/// All complaints: missing parameters, values out of their range.
pub fn read_system(text: &str) -> Result<Instance, Complaints> {
    let value = parse_json(text)?;
    let mut notes = Notes::default();
    let root = Entry::root(&value);
    let data = root.get("None").unwrap_or(root);
    let system = system(&data, &mut notes);
    notes.verdict(system).map(|(system, _)| system)
}

fn system(data: &Entry<'_>, notes: &mut Notes) -> Option<Instance> {
    data.object(notes)?;
    let size = |name: &str, notes: &mut Notes| {
        let wanted = "a whole number of at least 1";
        let entry = data.need(name, notes, wanted)?;
        entry.get("None").unwrap_or(entry).whole(notes, 1, wanted).map(|size| size as usize)
    };
    let (nodes, functions) = (size("Nn", notes), size("Nf", notes));
    let (nodes, functions) = (nodes?, functions?);
    let cells = |name: &str, notes: &mut Notes, wanted: &str, holds: fn(f64) -> bool| {
        let entry = data.need(name, notes, "a value per node and function")?;
        let read = |(n, f)| indexed(&entry, &[n, f], notes)?.number(notes, wanted, holds);
        let values: Vec<_> = (0..nodes).flat_map(|n| (0..functions).map(move |f| (n, f))).map(read).collect();
        values.into_iter().collect::<Option<Vec<f64>>>()
    };
    let demand = cells("demand", notes, "seconds above 0", |v| v > 0.0);
    let alpha = cells("alpha", notes, "a reward of at least 0", |v| v >= 0.0);
    let gamma = cells("gamma", notes, "a penalty of at least 0", |v| v >= 0.0);
    let delta = cells("delta", notes, "a reward of at least 0", |v| v >= 0.0);
    let list = |name: &str, length: usize, notes: &mut Notes, wanted: &str, holds: fn(f64) -> bool| {
        let entry = data.need(name, notes, "a value per index")?;
        let values: Vec<_> = (0..length).map(|i| indexed(&entry, &[i], notes)?.number(notes, wanted, holds)).collect();
        values.into_iter().collect::<Option<Vec<f64>>>()
    };
    let whole: fn(f64) -> bool = |v| v >= 1.0 && v.fract() == 0.0;
    let utilization = "a utilisation above 0 and at most 1";
    let max_utilization = list("max_utilization", functions, notes, utilization, |v| v > 0.0 && v <= 1.0);
    let memory_requirement = list("memory_requirement", functions, notes, "whole MB", whole);
    let memory_capacity = list("memory_capacity", nodes, notes, "whole MB", whole);
    let mut links = Vec::new();
    let mut beta = vec![0.0; nodes * nodes * functions];
    let neighborhood = data.need("neighborhood", notes, "0 or 1 per pair of nodes")?;
    let rewards = data.need("beta", notes, "a reward per pair of nodes and function")?;
    for n in 0..nodes {
        for m in 0..nodes {
            // Sparse data leave out pairs without a link.
            let link = neighborhood.get(&tuple(&[n, m])).and_then(|entry| entry.number(notes, "0 or 1", |_| true));
            if link.is_some_and(|link| link > 0.0) && n != m {
                links.push((n, m));
            }
            for f in 0..functions {
                let reward = rewards.get(&tuple(&[n, m, f]));
                let reward = reward.and_then(|entry| entry.number(notes, "a reward", |_| true));
                beta[(n * nodes + m) * functions + f] = reward.unwrap_or(0.0);
            }
        }
    }
    let whole = |values: Vec<f64>| values.into_iter().map(|v| v as u64).collect();
    Some(Instance {
        name: format!("n{nodes}_f{functions}"),
        nodes,
        functions,
        load: vec![0.0; nodes * functions],
        demand: demand?,
        max_utilization: max_utilization?,
        memory_requirement: whole(memory_requirement?),
        memory_capacity: whole(memory_capacity?),
        network: Network::new(nodes, links),
        alpha: alpha?,
        beta,
        gamma: gamma?,
        delta: delta?,
    })
}

fn indexed<'a>(entry: &Entry<'a>, index: &[usize], notes: &mut Notes) -> Option<Entry<'a>> {
    entry.need(&tuple(index), notes, "a value")
}

/// `(1, 2)` for indices 0 and 1; `1` for a single index.
fn tuple(index: &[usize]) -> String {
    let shown: Vec<String> = index.iter().map(|i| (i + 1).to_string()).collect();
    if shown.len() == 1 { shown.concat() } else { format!("({})", shown.join(", ")) }
}

/// The text of `load_limits.json`: by function, then node.
pub fn write_bounds(bounds: &Bounds, nodes: usize, functions: usize) -> String {
    let value = |cell: usize| match bounds {
        Bounds::Shares(shares) => json!(shares[cell]),
        Bounds::Spans(spans) => json!({"min": spans[cell].0, "max": spans[cell].1}),
        Bounds::None => Value::Null,
    };
    if *bounds == Bounds::None {
        return "{}".to_owned();
    }
    let of =
        |f: usize| -> Value { Value::Object((0..nodes).map(|n| (n.to_string(), value(n * functions + f))).collect()) };
    Value::Object((0..functions).map(|f| (f.to_string(), of(f))).collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    #[test]
    fn a_system_survives_the_published_form() {
        let system = Instance { load: vec![0.0; 2], name: "n2_f1".into(), ..two_nodes() };
        assert_eq!(read_system(&write_system(&system)), Ok(system));
    }

    #[test]
    fn a_missing_parameter_is_named_as_the_file_names_it() {
        let text = write_system(&two_nodes()).replace(r#""(2, 1)":0.4"#, r#""(9, 9)":0.4"#);
        let complaints = read_system(&text).expect_err("a demand is missing").to_string();
        assert_eq!(complaints, "None.demand.(2, 1): found nothing, want a value");
    }

    #[test]
    fn limits_are_listed_by_function_and_node() {
        let bounds = Bounds::Spans(vec![(1.0, 2.0), (3.0, 4.0)]);
        assert_eq!(write_bounds(&bounds, 2, 1), r#"{"0":{"0":{"max":2.0,"min":1.0},"1":{"max":4.0,"min":3.0}}}"#);
    }
}
