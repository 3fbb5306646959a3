//! Jobs out of a batch trace: chains with the states that tasks outside the chain leave behind.
//!
//! Source: `ccicconetti/serverlessonedge`, `StateSim` reading rows of the Spår generator (specification section 11):
//! `start,j_<id>,<task>,duration,cpu,mem,instances`, where task `M3_1_2` is task 3 after tasks 1 and 2.

use std::collections::BTreeMap;

use super::{ChainCostError, Job, Network, Task};
use crate::engine::random::Rng;

/// From the units of the trace to operations and bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factors {
    pub operations: f64,
    pub argument: f64,
    pub state: f64,
}

/// A row of one job: number of the task, the tasks before it, operations' base and memory.
struct Row {
    before: Vec<u32>,
    work: f64,
    memory: f64,
}

/// The jobs of the rows that have at least one state, in order of their first row. The chain of a job is task 1 and
/// everything that follows from it, in order of task numbers; a task before one of the chain that is not itself of the
/// chain is a state. Clients and functions `f0`... are drawn uniformly.
///
/// # Errors
/// A row that cannot be read, with what is wrong; a network without clients.
pub fn spar_jobs(
    rows: &str,
    factors: Factors,
    functions: u64,
    network: &Network,
    rng: &mut Rng,
) -> Result<Vec<Job>, ChainCostError> {
    let clients: Vec<usize> = (0..network.len()).filter(|&node| network.nodes()[node].client).collect();
    if clients.is_empty() || functions == 0 {
        let found = format!("{} clients and {functions} functions", clients.len());
        return Err(ChainCostError::Topology { found, wanted: "one or more of both" });
    }
    let mut names: Vec<&str> = Vec::new();
    let mut tasks: BTreeMap<&str, BTreeMap<u32, Row>> = BTreeMap::new();
    for line in rows.lines().filter(|line| !line.trim().is_empty()) {
        let (job, number, row) = read(line)?;
        let known = tasks.entry(job).or_insert_with(|| {
            names.push(job);
            BTreeMap::new()
        });
        known.insert(number, row);
    }
    let jobs = names.iter().filter_map(|name| job(&tasks[name], factors));
    Ok(jobs
        .map(|mut job| {
            job.client = clients[rng.below(clients.len() as u64) as usize];
            for task in &mut job.tasks {
                task.function = format!("f{}", rng.below(functions));
            }
            job
        })
        .collect())
}

fn read(line: &str) -> Result<(&str, u32, Row), ChainCostError> {
    let wrong = |found: &str, wanted| ChainCostError::Row { row: line.to_owned(), found: found.to_owned(), wanted };
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [_, job, task, duration, cpu, memory, _] = fields[..] else {
        return Err(wrong(&format!("{} fields", fields.len()), "start, job, task, duration, cpu, mem, instances"));
    };
    let number = |text: &str| {
        let value: Option<f64> = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
        value.ok_or_else(|| wrong(text, "a number that is not negative"))
    };
    let mut parts = task.trim_start_matches(|c: char| c.is_ascii_alphabetic()).split('_');
    let own = parts.next().and_then(|own| own.parse().ok()).ok_or_else(|| wrong(task, "a task such as M3_1_2"))?;
    // Some names end in words that say nothing about order.
    let before = parts.filter_map(|part| part.parse().ok()).collect();
    Ok((job, own, Row { before, work: number(duration)? * number(cpu)? / 100.0, memory: number(memory)? }))
}

/// The chain of one job, or `None` if it has no state. Client and functions are not decided yet.
fn job(rows: &BTreeMap<u32, Row>, factors: Factors) -> Option<Job> {
    let nearest = |value: f64| (0.5 + value).floor() as u64;
    let mut chain = vec![*rows.contains_key(&1).then_some(&1)?];
    // Tasks are numbered after those before them, but not in every trace: until nothing is added.
    while let Some(next) = rows
        .iter()
        .find(|(number, row)| !chain.contains(number) && row.before.iter().any(|before| chain.contains(before)))
    {
        chain.push(*next.0);
    }
    chain.sort_unstable();
    let outside = chain.iter().flat_map(|number| &rows[number].before);
    let mut sources: Vec<u32> =
        outside.copied().filter(|before| !chain.contains(before) && rows.contains_key(before)).collect();
    sources.sort_unstable();
    sources.dedup();
    if sources.is_empty() {
        return None;
    }
    let place = |before: &u32| sources.binary_search(before).ok();
    let task = |number: &u32| {
        let row = &rows[number];
        Task {
            function: String::new(),
            operations: nearest(row.work * factors.operations),
            argument_bytes: nearest(row.memory * factors.argument),
            states: row.before.iter().filter_map(place).collect(),
        }
    };
    let tasks: Vec<Task> = chain.iter().map(task).collect();
    let states = sources.iter().map(|source| nearest(rows[source].memory * factors.state)).collect();
    let return_bytes = tasks[0].argument_bytes;
    Some(Job { client: 0, tasks, states, return_bytes })
}

/// Affinities of functions `f0`... in proportion to the total speed of the nodes of each affinity: the running sum of
/// shares decides, affinities in order of their names.
pub fn shares_by_speed(network: &Network, functions: u64) -> BTreeMap<String, String> {
    let mut speeds: BTreeMap<&str, f64> = BTreeMap::new();
    for node in network.nodes() {
        *speeds.entry(&node.affinity).or_default() += node.speed_ops_per_s;
    }
    let total: f64 = speeds.values().sum();
    let affinity = |k: u64| {
        let mark = (k as f64 + 0.5) / functions as f64 * total;
        let mut sum = 0.0;
        let passed = speeds.values().take_while(|speed| {
            sum += **speed;
            sum < mark
        });
        let place = passed.count().min(speeds.len() - 1);
        speeds.keys().nth(place).map_or_else(String::new, |name| (*name).to_owned())
    };
    (0..functions).map(|k| (format!("f{k}"), affinity(k))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Node;
    use super::*;

    fn network() -> Network {
        let node = |speed, affinity: &str| Node { speed_ops_per_s: speed, affinity: affinity.to_owned(), client: true };
        let nodes = BTreeMap::from([("a".to_owned(), node(3.0, "cpu")), ("b".to_owned(), node(1.0, "gpu"))]);
        Network::new(nodes, &BTreeMap::new(), &[("a".to_owned(), "b".to_owned())]).unwrap()
    }

    const FACTORS: Factors = Factors { operations: 10.0, argument: 100.0, state: 1000.0 };

    #[test]
    fn a_chain_starts_at_task_one_and_others_before_it_are_states() {
        let rows = "0,j_1,M1,10,50,2,1\n0,j_1,R2,10,100,3,1\n5,j_1,M3_1_2,20,100,4,1\n0,j_2,M1,1,1,1,1\n";
        let jobs = spar_jobs(rows, FACTORS, 3, &network(), &mut Rng::seeded(1)).unwrap();
        let [job] = jobs.as_slice() else { panic!("a job without states is left out: {jobs:?}") };
        let operations: Vec<u64> = job.tasks.iter().map(|task| task.operations).collect();
        assert_eq!(operations, [50, 200]);
        assert_eq!((&job.states[..], job.return_bytes), (&[3000][..], 200));
        assert_eq!(job.tasks[1].states, [0]);
    }

    #[test]
    fn rows_that_cannot_be_read_are_told() {
        let read = |row: &str| spar_jobs(row, FACTORS, 1, &network(), &mut Rng::seeded(1)).unwrap_err().to_string();
        assert!(read("0,j_1,M1,10").contains("4 fields"));
        assert!(read("0,j_1,Mx,10,1,1,1").contains("M3_1_2"));
        assert!(read("0,j_1,M1,-1,1,1,1").contains("not negative"));
    }

    #[test]
    fn affinities_follow_speed() {
        let shares = shares_by_speed(&network(), 4);
        assert_eq!(shares.values().filter(|affinity| *affinity == "cpu").count(), 3);
    }
}
