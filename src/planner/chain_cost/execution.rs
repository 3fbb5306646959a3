//! What a job costs under each way of keeping its states: processing, network delay and traffic.
//!
//! Source: `ccicconetti/serverlessonedge`, `StateSim`, execution policies (specification section 11).

use super::network::Network;
use super::{Cloud, Job};

/// Where the states of a chain live while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Each function is called by the client, with all states there and back.
    PureFaas,
    /// Each function calls the next, with all states.
    StatePropagate,
    /// Each function calls the next; a state moves to where it is needed.
    StateLocal,
    /// Called by the client; states in a cloud store.
    UnchainedExternal,
    /// Called by the client; states in a store at the central node.
    UnchainedInEdge,
    /// Called by the client; states stay in the functions.
    UnchainedInFunction,
    /// Called by the client, with the states the function depends on.
    UnchainedInClient,
}

impl Policy {
    pub const ALL: [Policy; 7] = [
        Policy::PureFaas,
        Policy::StatePropagate,
        Policy::StateLocal,
        Policy::UnchainedExternal,
        Policy::UnchainedInEdge,
        Policy::UnchainedInFunction,
        Policy::UnchainedInClient,
    ];

    /// The published name.
    pub fn name(self) -> &'static str {
        match self {
            Policy::PureFaas => "PureFaaS",
            Policy::StatePropagate => "StatePropagate",
            Policy::StateLocal => "StateLocal",
            Policy::UnchainedExternal => "UnchainedExternal",
            Policy::UnchainedInEdge => "UnchainedInEdge",
            Policy::UnchainedInFunction => "UnchainedInFunction",
            Policy::UnchainedInClient => "UnchainedInClient",
        }
    }
}

/// Cost of one job.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JobCost {
    pub processing_s: f64,
    pub network_s: f64,
    /// Bytes times links crossed.
    pub traffic_byte_hops: u64,
    /// Tasks.
    pub chain_length: usize,
}

/// Adds up transfers.
struct Bill<'a> {
    network: &'a Network,
    cost: JobCost,
}

impl Bill<'_> {
    fn transfer(&mut self, from: usize, to: usize, bytes: u64) {
        self.cost.network_s += self.network.transfer_s(from, to, bytes);
        self.cost.traffic_byte_hops += bytes * u64::from(self.network.hops(from, to));
    }

    /// There and back; the cloud counts as one link away.
    fn cloud(&mut self, cloud: Cloud, bytes: u64) {
        if bytes > 0 {
            self.cost.network_s += 2.0 * (cloud.latency_s + 8.0 * bytes as f64 / (cloud.rate_mbps * 1e6));
            self.cost.traffic_byte_hops += 2 * bytes;
        }
    }
}

/// The cost of `job` whose tasks run on `nodes`, where `load[i]` tasks of all jobs share node i.
pub fn cost(network: &Network, cloud: Cloud, job: &Job, nodes: &[usize], load: &[u64], policy: Policy) -> JobCost {
    let mut bill = Bill { network, cost: JobCost { chain_length: job.tasks.len(), ..JobCost::default() } };
    let client = job.client;
    let all: u64 = job.states.iter().sum();
    let central = network.central();
    // Where each state is; they start with the client.
    let mut states = vec![client; job.states.len()];
    let mut previous = client;
    for (k, (task, &node)) in job.tasks.iter().zip(nodes).enumerate() {
        let speed = network.nodes()[node].speed_ops_per_s;
        bill.cost.processing_s += task.operations as f64 * load[node] as f64 / speed;
        let argument = task.argument_bytes;
        let next = job.output_of(k);
        let needed: u64 = task.states.iter().map(|&state| job.states[state]).sum();
        let last = k + 1 == job.tasks.len();
        match policy {
            Policy::PureFaas => {
                bill.transfer(client, node, all + argument);
                bill.transfer(node, client, all + next);
            }
            Policy::StatePropagate => {
                bill.transfer(previous, node, all + argument);
                if last {
                    bill.transfer(node, client, all + next);
                }
            }
            Policy::StateLocal => {
                bill.transfer(previous, node, argument);
                for &state in &task.states {
                    bill.transfer(states[state], node, job.states[state]);
                    states[state] = node;
                }
                if last {
                    bill.transfer(node, client, next);
                }
            }
            Policy::UnchainedInClient => {
                bill.transfer(client, node, needed + argument);
                bill.transfer(node, client, needed + next);
            }
            Policy::UnchainedInFunction | Policy::UnchainedExternal | Policy::UnchainedInEdge => {
                bill.transfer(client, node, argument);
                bill.transfer(node, client, next);
                if policy == Policy::UnchainedExternal {
                    bill.cloud(cloud, needed);
                } else if policy == Policy::UnchainedInEdge {
                    bill.transfer(client, central, needed);
                    bill.transfer(central, client, needed);
                }
            }
        }
        previous = node;
    }
    bill.cost
}
