//! One control period as a planner sees it: nodes with memory, functions with demands and weights, links, and the load
//! that arrives; and the self-contained files `fralb-instance/1` and `fralb-trace/1`.
//!
//! Source: Filippini, Lujak, Ciavotta, JSA 2026, 103787, section on the FRALB model; symbols at the fields.
//! Differs: a load of zero is allowed here (the published code divides by it); its objective term is left out.

use super::complaint::{Complaints, Entry, Notes, parse_json};
use super::network::Network;
use serde_json::{Value, json};

/// Arrays over nodes and functions are node-major: `n * functions + f`.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub name: String,
    /// |N|
    pub nodes: usize,
    /// |F|
    pub functions: usize,
    /// λ, requests per second that arrive from outside.
    pub load: Vec<f64>,
    /// d, busy seconds of a replica per request.
    pub demand: Vec<f64>,
    /// U per function, in (0, 1].
    pub max_utilization: Vec<f64>,
    /// w per function, MB of one replica.
    pub memory_requirement: Vec<u64>,
    /// W per node, MB.
    pub memory_capacity: Vec<u64>,
    /// A
    pub network: Network,
    /// α, reward of local execution.
    pub alpha: Vec<f64>,
    /// β, reward when another node executes: `(n * nodes + m) * functions + f`. Without a link it means nothing.
    pub beta: Vec<f64>,
    /// γ, penalty of sending to the cloud.
    pub gamma: Vec<f64>,
    /// δ, a node's own estimate of the reward of offloading.
    pub delta: Vec<f64>,
}

impl Instance {
    pub fn at(&self, node: usize, function: usize) -> usize {
        node * self.functions + function
    }

    /// (node, function) of every cell, node-major.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let functions = self.functions;
        (0..self.nodes).flat_map(move |n| (0..functions).map(move |f| (n, f)))
    }

    /// β of one link.
    pub fn beta_of(&self, from: usize, to: usize, function: usize) -> f64 {
        self.beta[(from * self.nodes + to) * self.functions + function]
    }

    /// κ = U / d: requests per second that one replica may carry.
    pub fn replica_capacity(&self, node: usize, function: usize) -> f64 {
        self.max_utilization[function] / self.demand[self.at(node, function)]
    }

    /// Memory that the whole load would take, over the memory there is.
    pub fn memory_pressure(&self) -> f64 {
        let wanted: f64 = self
            .cells()
            .map(|(n, f)| self.load[self.at(n, f)] / self.replica_capacity(n, f) * self.memory_requirement[f] as f64)
            .sum();
        wanted / self.memory_capacity.iter().map(|&memory| memory as f64).sum::<f64>()
    }

    /// The same system under another load, `n * functions + f`.
    pub fn with_load(&self, load: Vec<f64>) -> Instance {
        assert_eq!(load.len(), self.load.len(), "a load names every node and function");
        Instance { load, ..self.clone() }
    }

    /// Reads a `fralb-instance/1` file.
    ///
    /// # Errors
    /// All complaints: wrong lengths, values out of their range, functions that fit nowhere.
    pub fn from_json(text: &str) -> Result<Instance, Complaints> {
        let value = parse_json(text)?;
        let entry = Entry::root(&value);
        let mut notes = Notes::default();
        want_schema(&entry, "fralb-instance/1", &mut notes);
        let instance = read_system(&entry, &mut notes).and_then(|system| {
            let load = entry.need("incoming_load", &mut notes, "a load per node and function")?;
            let load = matrix(&load, system.nodes, system.functions, &mut notes, LOAD, |v| v >= 0.0)?;
            if load.iter().all(|&load| load == 0.0) {
                notes.complain("incoming_load", "no load anywhere", "at least one load above 0");
            }
            Some(system.with_load(load))
        });
        notes.verdict(instance).map(|(instance, _)| instance)
    }

    /// Writes a `fralb-instance/1` file; reading it back gives the same instance.
    pub fn to_json(&self) -> String {
        let rows = |flat: &[f64]| -> Vec<Vec<f64>> { flat.chunks(self.functions).map(<[f64]>::to_vec).collect() };
        let mut linked = vec![vec![0; self.nodes]; self.nodes];
        for &(n, m) in self.network.links() {
            linked[n][m] = 1;
        }
        let beta: Vec<Vec<Vec<f64>>> = self.beta.chunks(self.nodes * self.functions).map(rows).collect();
        let document = json!({
            "schema": "fralb-instance/1", "name": self.name, "n_nodes": self.nodes, "n_functions": self.functions,
            "incoming_load": rows(&self.load), "demand": rows(&self.demand), "max_utilization": self.max_utilization,
            "memory_requirement": self.memory_requirement, "memory_capacity": self.memory_capacity,
            "neighborhood": linked, "alpha": rows(&self.alpha), "beta": beta, "gamma": rows(&self.gamma),
            "delta": rows(&self.delta), "memory_pressure": self.memory_pressure(),
        });
        document.to_string()
    }
}

/// Reads a `fralb-trace/1` file: one system and its load period by period.
///
/// # Errors
/// All complaints, as for an instance.
pub fn trace_from_json(text: &str) -> Result<Vec<Instance>, Complaints> {
    let value = parse_json(text)?;
    let entry = Entry::root(&value);
    let mut notes = Notes::default();
    want_schema(&entry, "fralb-trace/1", &mut notes);
    let periods = read_system(&entry, &mut notes).and_then(|system| {
        let trace =
            entry.need("incoming_load_trace", &mut notes, "a list of loads, one per period")?.list(&mut notes)?;
        let periods = trace.iter().map(|load| {
            Some(system.with_load(matrix(load, system.nodes, system.functions, &mut notes, LOAD, |v| v >= 0.0)?))
        });
        periods.collect()
    });
    notes.verdict(periods).map(|(periods, _)| periods)
}

const LOAD: &str = "requests per second, 0 or more";

fn want_schema(entry: &Entry<'_>, wanted: &str, notes: &mut Notes) {
    if let Some(schema) = entry.need("schema", notes, &format!("{wanted:?}"))
        && schema.value.as_str() != Some(wanted)
    {
        schema.complain(notes, &format!("{wanted:?}"));
    }
}

/// Everything but the load, which is left at zero.
fn read_system(entry: &Entry<'_>, notes: &mut Notes) -> Option<Instance> {
    entry.object(notes)?;
    let count = |name: &str, notes: &mut Notes| {
        let wanted = "a whole number of at least 1";
        entry.need(name, notes, wanted)?.whole(notes, 1, wanted).map(|n| n as usize)
    };
    let (nodes, functions) = (count("n_nodes", notes), count("n_functions", notes));
    let (nodes, functions) = (nodes?, functions?);
    let name = entry.get("name").and_then(|name| name.value.as_str()).unwrap_or("instance").to_owned();

    let table = |name: &str, notes: &mut Notes, wanted: &str, holds: fn(f64) -> bool| {
        let entry = entry.need(name, notes, "a table of nodes by functions")?;
        matrix(&entry, nodes, functions, notes, wanted, holds)
    };
    let demand = table("demand", notes, "seconds above 0", |v| v > 0.0);
    let alpha = table("alpha", notes, "a reward of at least 0", |v| v >= 0.0);
    let gamma = table("gamma", notes, "a penalty of at least 0", |v| v >= 0.0);
    let delta = table("delta", notes, "a reward of at least 0", |v| v >= 0.0);
    let beta = entry.need("beta", notes, "rewards of nodes by nodes by functions").and_then(|entry| {
        let rows = entry.list_of(nodes, "node", notes)?;
        let rows = rows.iter().map(|row| matrix(row, nodes, functions, notes, "a reward", |_| true));
        Some(rows.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?.concat())
    });
    let max_utilization = entry.need("max_utilization", notes, "a utilisation per function").and_then(|entry| {
        let list = entry.list_of(functions, "function", notes)?;
        let wanted = "a utilisation above 0 and at most 1";
        all(list.iter().map(|entry| entry.number(notes, wanted, |v| v > 0.0 && v <= 1.0)))
    });
    let memory = |name: &str, length, per, least, notes: &mut Notes| {
        let entry = entry.need(name, notes, "a list of whole MB")?;
        let list = entry.list_of(length, per, notes)?;
        let wanted = format!("whole MB of at least {least}");
        all(list.iter().map(|entry| entry.whole(notes, least, &wanted)))
    };
    let memory_requirement = memory("memory_requirement", functions, "function", 1, notes);
    let memory_capacity = memory("memory_capacity", nodes, "node", 0, notes);
    let network = read_network(entry, nodes, notes);
    let instance = Instance {
        name,
        nodes,
        functions,
        load: vec![0.0; nodes * functions],
        demand: demand?,
        max_utilization: max_utilization?,
        memory_requirement: memory_requirement?,
        memory_capacity: memory_capacity?,
        network: network?,
        alpha: alpha?,
        beta: beta?,
        gamma: gamma?,
        delta: delta?,
    };
    let largest = instance.memory_capacity.iter().max().copied().unwrap_or(0);
    for (f, &memory) in instance.memory_requirement.iter().enumerate() {
        if memory > largest {
            let wanted = format!("at most {largest} MB, the largest memory of a node");
            notes.complain(format!("memory_requirement[{f}]"), memory.to_string(), wanted);
        }
    }
    Some(instance)
}

fn read_network(entry: &Entry<'_>, nodes: usize, notes: &mut Notes) -> Option<Network> {
    let rows =
        entry.need("neighborhood", notes, "a table of 0 and 1, nodes by nodes")?.list_of(nodes, "node", notes)?;
    let mut links = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        for (m, cell) in row.list_of(nodes, "node", notes)?.iter().enumerate() {
            match cell.whole(notes, 0, "0 or 1")? {
                0 => {}
                1 if n != m => links.push((n, m)),
                1 => cell.complain(notes, "0, because a node does not forward to itself"),
                _ => cell.complain(notes, "0 or 1"),
            }
        }
    }
    Some(Network::new(nodes, links))
}

/// A table of nodes by functions, flattened.
pub(super) fn matrix(
    entry: &Entry<'_>,
    nodes: usize,
    functions: usize,
    notes: &mut Notes,
    wanted: &str,
    holds: impl Fn(f64) -> bool + Copy,
) -> Option<Vec<f64>> {
    let rows = entry.list_of(nodes, "node", notes)?;
    let mut flat = Vec::with_capacity(nodes * functions);
    for row in rows {
        let cells = row.list_of(functions, "function", notes)?;
        flat.extend(all(cells.iter().map(|cell| cell.number(notes, wanted, holds)))?);
    }
    Some(flat)
}

/// All values, or none; every element is looked at, so that every complaint is made.
fn all<T>(values: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    values.collect::<Vec<_>>().into_iter().collect()
}

/// Every field of the file that a reader of another kind may want, such as an origin.
pub fn field(text: &str, name: &str) -> Option<Value> {
    serde_json::from_str::<Value>(text).ok()?.get_mut(name).map(Value::take)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two linked nodes, one function; κ = 2 requests per second and replica, 4 and 1 replicas fit.
    pub fn two_nodes() -> Instance {
        Instance {
            name: "two".into(),
            nodes: 2,
            functions: 1,
            load: vec![3.0, 4.0],
            demand: vec![0.4, 0.4],
            max_utilization: vec![0.8],
            memory_requirement: vec![256],
            memory_capacity: vec![1024, 256],
            network: Network::new(2, vec![(0, 1), (1, 0)]),
            alpha: vec![1.0, 1.0],
            beta: vec![0.0, 0.9, 0.9, 0.0],
            gamma: vec![0.1, 0.1],
            delta: vec![0.8, 0.8],
        }
    }

    #[test]
    fn an_instance_survives_its_file() {
        let instance = two_nodes();
        assert_eq!(Instance::from_json(&instance.to_json()), Ok(instance));
    }

    #[test]
    fn pressure_counts_the_whole_load() {
        assert!((two_nodes().memory_pressure() - 3.5 * 256.0 / 1280.0).abs() < 1e-12);
    }
}
