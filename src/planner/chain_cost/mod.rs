//! What chains of stateful functions cost on an edge topology, without queueing: tasks are allocated to nodes, then
//! processing, network delay and traffic follow from where the states are kept.
//!
//! Source: Cicconetti, Conti, Passarella, "FaaS execution models for edge applications", PMC 2022 (arXiv 2111.06595);
//! reference code `ccicconetti/serverlessonedge`, `StateSim` and `LambdaMuSim` (specification sections 11 and 12).

use std::collections::BTreeMap;

mod assignment;
mod execution;
mod lambda_mu;
mod network;
mod workload;

pub use assignment::{Assignment, Flow};
pub use execution::{JobCost, Policy, cost};
pub use lambda_mu::{AppParameters, EdgeNode, LambdaAlgorithm, MuAlgorithm, Snapshot, SnapshotProblem};
pub use network::{Network, Node};
pub use workload::{Factors, shares_by_speed, spar_jobs};

/// What is wrong with a problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChainCostError {
    #[error("topology: {found}, want {wanted}")]
    Topology { found: String, wanted: &'static str },
    #[error("job {job}: {found}, want {wanted}")]
    Job { job: usize, found: String, wanted: &'static str },
    #[error("row \"{row}\": {found}, want {wanted}")]
    Row { row: String, found: String, wanted: &'static str },
}

/// The way to the store of [`Policy::UnchainedExternal`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cloud {
    pub latency_s: f64,
    pub rate_mbps: f64,
}

impl Cloud {
    /// As in the published experiments.
    pub const PUBLISHED: Cloud = Cloud { latency_s: 0.06, rate_mbps: 50.0 };
}

/// One step of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub function: String,
    pub operations: u64,
    /// Bytes it is called with.
    pub argument_bytes: u64,
    /// Places in [`Job::states`] that it depends on.
    pub states: Vec<usize>,
}

/// A chain of tasks started by a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Place of the node in the network.
    pub client: usize,
    pub tasks: Vec<Task>,
    /// Bytes of each state.
    pub states: Vec<u64>,
    pub return_bytes: u64,
}

impl Job {
    /// Bytes that come out of a task: what the next one is called with, or what the job returns.
    fn output_of(&self, task: usize) -> u64 {
        self.tasks.get(task + 1).map_or(self.return_bytes, |next| next.argument_bytes)
    }
}

/// How tasks find their nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// By processing time alone.
    ProcOnly,
    /// By processing time and the transfers from and to the client with all states.
    ProcNet,
}

impl Allocation {
    /// The published name.
    pub fn name(self) -> &'static str {
        match self {
            Allocation::ProcOnly => "ProcOnly",
            Allocation::ProcNet => "ProcNet",
        }
    }
}

/// Where every task runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Allocated {
    /// `nodes[job][task]`.
    pub nodes: Vec<Vec<usize>>,
    /// Tasks on each node.
    pub load: Vec<u64>,
}

/// Gives each task the node where it would end first, jobs in `order` and tasks in theirs; the first node in order of
/// names when equal.
///
/// # Errors
/// A job with an unknown client or state, a function without an affinity, or one that no node has.
pub fn allocate(
    network: &Network,
    affinities: &BTreeMap<String, String>,
    jobs: &[Job],
    order: &[usize],
    allocation: Allocation,
) -> Result<Allocated, ChainCostError> {
    let mut load = vec![0_u64; network.len()];
    let mut nodes = vec![Vec::new(); jobs.len()];
    for &number in order {
        let wrong = |found: String, wanted| ChainCostError::Job { job: number, found, wanted };
        let job = jobs.get(number).ok_or_else(|| wrong("not there".to_owned(), "one of the jobs"))?;
        if job.client >= network.len() {
            return Err(wrong(format!("client {}", job.client), "a node of the network"));
        }
        let all: u64 = job.states.iter().sum();
        for (k, task) in job.tasks.iter().enumerate() {
            if let Some(state) = task.states.iter().find(|&&state| state >= job.states.len()) {
                return Err(wrong(format!("state {state}"), "one of the states of the job"));
            }
            let affinity = affinities.get(&task.function);
            let affinity = affinity.ok_or_else(|| wrong(task.function.clone(), "a function with an affinity"))?;
            let seconds = |node: usize| {
                let speed = network.nodes()[node].speed_ops_per_s;
                let processing = task.operations as f64 * (load[node] + 1) as f64 / speed;
                let transfers = match allocation {
                    Allocation::ProcOnly => 0.0,
                    Allocation::ProcNet => {
                        network.transfer_s(job.client, node, all + task.argument_bytes)
                            + network.transfer_s(node, job.client, all + job.output_of(k))
                    }
                };
                processing + transfers
            };
            let fitting = (0..network.len()).filter(|&node| network.nodes()[node].affinity == *affinity);
            let best = fitting.map(|node| (node, seconds(node))).reduce(|a, b| if b.1 < a.1 { b } else { a });
            let (node, _) = best.ok_or_else(|| wrong(affinity.clone(), "an affinity that some node has"))?;
            load[node] += 1;
            nodes[number].push(node);
        }
    }
    Ok(Allocated { nodes, load })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two nodes on one link of 8 Mb/s: a microsecond per byte.
    fn network() -> Network {
        let node = |client| Node { speed_ops_per_s: 1e6, affinity: "cpu".to_owned(), client };
        let nodes = BTreeMap::from([("a".to_owned(), node(true)), ("b".to_owned(), node(false))]);
        let links = BTreeMap::from([("wire".to_owned(), 8.0)]);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        Network::new(nodes, &links, &[pair("a", "wire"), pair("wire", "b")]).unwrap()
    }

    fn job() -> Job {
        let task = |states| Task { function: "f".to_owned(), operations: 1000, argument_bytes: 100, states };
        Job { client: 0, tasks: vec![task(vec![0]), task(vec![])], states: vec![1000], return_bytes: 10 }
    }

    #[test]
    fn tasks_spread_until_transfers_cost_more() {
        let affinities = BTreeMap::from([("f".to_owned(), "cpu".to_owned())]);
        let run = |allocation| allocate(&network(), &affinities, &[job()], &[0], allocation).unwrap().nodes;
        assert_eq!(run(Allocation::ProcOnly), [[0, 1]]);
        assert_eq!(run(Allocation::ProcNet), [[0, 0]]);
        let none = BTreeMap::from([("f".to_owned(), "gpu".to_owned())]);
        assert!(allocate(&network(), &none, &[job()], &[0], Allocation::ProcOnly).is_err());
        assert!(allocate(&network(), &BTreeMap::new(), &[job()], &[0], Allocation::ProcOnly).is_err());
    }

    #[test]
    fn each_policy_moves_what_it_says() {
        let traffic = |policy| cost(&network(), Cloud::PUBLISHED, &job(), &[1, 0], &[1, 1], policy).traffic_byte_hops;
        // The first task runs across the link, the second at the client.
        assert_eq!(traffic(Policy::PureFaas), 1100 + 1100);
        assert_eq!(traffic(Policy::StatePropagate), 1100 + 1100);
        assert_eq!(traffic(Policy::StateLocal), 100 + 1000 + 100);
        assert_eq!(traffic(Policy::UnchainedInFunction), 100 + 100);
        assert_eq!(traffic(Policy::UnchainedInClient), 1100 + 1100);
        assert_eq!(traffic(Policy::UnchainedExternal), 100 + 100 + 2000);
    }

    #[test]
    fn a_topology_in_two_parts_is_refused() {
        let node = Node { speed_ops_per_s: 1.0, affinity: "cpu".to_owned(), client: true };
        let nodes = BTreeMap::from([("a".to_owned(), node.clone()), ("b".to_owned(), node)]);
        let error = Network::new(nodes, &BTreeMap::new(), &[]).unwrap_err().to_string();
        assert!(error.contains("no path from"), "{error}");
    }
}
