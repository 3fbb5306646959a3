//! A system and its trace of loads, drawn from limits and a seed; or an earlier one with some parts drawn anew.
//!
//! Source: DFaaSOptimizer's instance generator. Differs: each part draws from its own named stream, so changing one
//! part moves no other; and when memories of an existing instance change, its demands are divided by the speed-up
//! factors of the memories in force, once, instead of keeping the old division.

use super::complaint::Complaints;
use super::draw::Draw;
use super::exchange;
use super::instance::Instance;
use super::limits::{Amount, Capacity, DemandRule, Limits, Neighborhood};
use super::load::{Bounds, LoadRule, read_trace};
use super::network::Network;
use super::weights::Rewards;
use crate::engine::random::{Rng, Streams};
use std::collections::BTreeMap;
use std::path::Path;

/// What was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The system; its load is zero.
    pub system: Instance,
    pub bounds: Bounds,
    /// Loads by sample, node-major.
    pub trace: Vec<Vec<f64>>,
    pub warnings: Vec<String>,
}

impl Generated {
    /// The instance of one period.
    pub fn at(&self, t: usize) -> Instance {
        self.system.with_load(self.trace[t].clone())
    }
}

/// Draws a system with `steps` samples of load. `whole` truncates loads to whole requests.
///
/// # Errors
/// Files that cannot be read, lists whose length does not match what was drawn, networks that do not exist.
pub fn generate(limits: &Limits, seed: u64, steps: usize, whole: bool) -> Result<Generated, Complaints> {
    if steps < 3 {
        return Err(Complaints::one("max_steps", steps.to_string(), "at least 3 samples"));
    }
    let streams = Streams::new(seed, 0);
    let system = match &limits.existing {
        Some(folder) => redraw(limits, exchange::read_system(&read(&folder.join(exchange::SYSTEM))?)?, &streams)?,
        None => draw_system(limits, &streams)?,
    };
    let mut warnings = Vec::new();
    if !system.network.connected() {
        warnings.push("the network is not connected: some nodes cannot help each other".to_owned());
    }
    let rule = limits.load.as_ref().ok_or_else(|| Complaints::one("limits.load", "nothing", "a load"))?;
    if let LoadRule::FixedSum { total: super::load::Total::Values(values), .. } = rule {
        length(values.len(), system.functions, "limits.load.values", "function")?;
    }
    let bounds = rule.bounds(&system, &streams);
    let trace = match rule {
        LoadRule::Existing(path) => {
            let file = if path.is_dir() { path.join(exchange::TRACE) } else { path.clone() };
            let trace = read_trace(&read(&file)?, system.nodes, system.functions)?;
            if trace.len() < steps {
                let found = format!("{} samples in {}", trace.len(), file.display());
                return Err(Complaints::one("max_steps", found, format!("at least {steps}")));
            }
            let cut = |load: f64| if whole { load.trunc() } else { load };
            trace.into_iter().take(steps).map(|loads| loads.into_iter().map(cut).collect()).collect()
        }
        rule => rule.trace(&system, &bounds, steps, whole, &streams),
    };
    Ok(Generated { system, bounds, trace, warnings })
}

fn read(path: &Path) -> Result<String, Complaints> {
    std::fs::read_to_string(path)
        .map_err(|error| Complaints::one(path.display().to_string(), error.to_string(), "a file that can be read"))
}

fn length(found: usize, wanted: usize, key: &str, per: &str) -> Result<(), Complaints> {
    if found == wanted {
        return Ok(());
    }
    Err(Complaints::one(key, format!("a list of {found}"), format!("a list of {wanted}, one entry per {per}")))
}

fn draw_system(limits: &Limits, streams: &Streams) -> Result<Instance, Complaints> {
    let size = |range: Option<(u64, u64)>, name: &str| {
        let (min, max) = range.expect("random limits have sizes");
        (min + streams.stream("fralb", name).below(max - min + 1)) as usize
    };
    let (nodes, functions) = (size(limits.nodes, "Nn"), size(limits.functions, "Nf"));
    let network = draw_network(limits.neighborhood.expect("random limits have neighbours"), nodes, streams)?;
    let rewards = limits.weights.as_ref().expect("random limits have weights").draw(&network, functions, streams);
    let requirement = limits.memory_requirement.as_ref().expect("random limits have requirements");
    let requirement = amounts(requirement, functions, "memory_requirement", "function", streams)?;
    let capacity = limits.memory_capacity.as_ref().expect("random limits have memories");
    let memory = capacities(capacity, nodes, streams)?;
    let rule = limits.demand.as_ref().expect("random limits have demands");
    let demand_rule = rule.rule.as_ref().expect("random limits have a demand rule");
    let mut demand = demands(demand_rule, nodes, functions, streams)?;
    // Factors count for classes of memory only, as in the published program.
    if matches!(capacity, Capacity::Classes(_)) {
        divide(&mut demand, &memory, &rule.speedup, functions)?;
    }
    let mut rng = streams.stream("fralb", "max_utilization");
    let utilization: &Draw = limits.max_utilization.as_ref().expect("random limits have utilisations");
    Ok(Instance {
        name: format!("n{nodes}_f{functions}"),
        nodes,
        functions,
        load: vec![0.0; nodes * functions],
        demand,
        max_utilization: (0..functions).map(|_| utilization.real(&mut rng)).collect(),
        memory_requirement: requirement,
        memory_capacity: memory,
        network,
        alpha: rewards.alpha,
        beta: rewards.beta,
        gamma: rewards.gamma,
        delta: rewards.delta,
    })
}

/// An existing system with those parts drawn anew that the limits name.
fn redraw(limits: &Limits, old: Instance, streams: &Streams) -> Result<Instance, Complaints> {
    let mut system = old.clone();
    if let Some(rule) = limits.neighborhood {
        system.network = draw_network(rule, old.nodes, streams)?;
        // Rewards of links that did not exist are unknown unless the weights are drawn again.
        if limits.weights.is_none()
            && let Some(&(n, m)) =
                system.network.links().iter().find(|&&(n, m)| (0..old.functions).all(|f| old.beta_of(n, m, f) == 0.0))
        {
            let found = format!("new links such as {n} to {m}, whose reward is not known");
            return Err(Complaints::one("limits.weights", found, "weights, because the neighbourhood is drawn again"));
        }
    }
    if let Some(weights) = &limits.weights {
        let Rewards { alpha, beta, gamma, delta } = weights.draw(&system.network, old.functions, streams);
        (system.alpha, system.beta, system.gamma, system.delta) = (alpha, beta, gamma, delta);
    }
    if let Some(amount) = &limits.memory_requirement {
        system.memory_requirement = amounts(amount, old.functions, "memory_requirement", "function", streams)?;
    }
    if let Some(capacity) = &limits.memory_capacity {
        system.memory_capacity = capacities(capacity, old.nodes, streams)?;
    }
    if let Some(demand) = &limits.demand {
        match &demand.rule {
            Some(rule) => system.demand = demands(rule, old.nodes, old.functions, streams)?,
            // What is stored was divided by the factors of the old memories.
            None => multiply(&mut system.demand, &old.memory_capacity, &demand.speedup, old.functions),
        }
        divide(&mut system.demand, &system.memory_capacity, &demand.speedup, old.functions)?;
    }
    Ok(system)
}

fn demands(rule: &DemandRule, nodes: usize, functions: usize, streams: &Streams) -> Result<Vec<f64>, Complaints> {
    let mut rng = streams.stream("fralb", "demand");
    let per_function: Vec<f64> = match rule {
        DemandRule::Values(values) => {
            length(values.len(), functions, "limits.demand.values", "function")?;
            values.clone()
        }
        DemandRule::Homogeneous(draw) => (0..functions).map(|_| draw.real(&mut rng)).collect(),
        DemandRule::Heterogeneous(draw) => {
            return Ok((0..nodes * functions).map(|_| draw.real(&mut rng)).collect());
        }
    };
    Ok(per_function.iter().copied().cycle().take(nodes * functions).collect())
}

/// Demands over the factor of each node's memory; nothing without factors.
fn divide(
    demand: &mut [f64],
    memory: &[u64],
    speedup: &BTreeMap<u64, f64>,
    functions: usize,
) -> Result<(), Complaints> {
    if speedup.is_empty() {
        return Ok(());
    }
    for (n, memory) in memory.iter().enumerate() {
        let Some(factor) = speedup.get(memory) else {
            let key = format!("limits.demand.speedup_factors.{memory}");
            return Err(Complaints::one(key, "nothing", format!("a factor for nodes of {memory} MB")));
        };
        demand[n * functions..][..functions].iter_mut().for_each(|demand| *demand /= factor);
    }
    Ok(())
}

fn multiply(demand: &mut [f64], memory: &[u64], speedup: &BTreeMap<u64, f64>, functions: usize) {
    for (n, memory) in memory.iter().enumerate() {
        let factor = speedup.get(memory).copied().unwrap_or(1.0);
        demand[n * functions..][..functions].iter_mut().for_each(|demand| *demand *= factor);
    }
}

fn amounts(amount: &Amount, count: usize, name: &str, per: &str, streams: &Streams) -> Result<Vec<u64>, Complaints> {
    match amount {
        Amount::Values(values) => {
            length(values.len(), count, &format!("limits.{name}.values"), per)?;
            Ok(values.clone())
        }
        Amount::Drawn(draw) => {
            let mut rng = streams.stream("fralb", name);
            Ok((0..count).map(|_| draw.whole(&mut rng)).collect())
        }
    }
}

fn capacities(capacity: &Capacity, nodes: usize, streams: &Streams) -> Result<Vec<u64>, Complaints> {
    match capacity {
        Capacity::Amount(amount) => amounts(amount, nodes, "memory_capacity", "node", streams),
        Capacity::Classes(classes) => Ok(repeated_values(classes, nodes)),
    }
}

/// Classes in order, each as many nodes as its fraction gives when rounded down; the last takes what is left.
pub fn repeated_values(classes: &[(f64, u64)], nodes: usize) -> Vec<u64> {
    let mut capacity = Vec::with_capacity(nodes);
    for (i, &(fraction, memory)) in classes.iter().enumerate() {
        let left = nodes - capacity.len();
        let count = if i + 1 == classes.len() { left } else { ((fraction * nodes as f64 + 1e-9) as usize).min(left) };
        capacity.extend(std::iter::repeat_n(memory, count));
    }
    capacity
}

fn draw_network(rule: Neighborhood, nodes: usize, streams: &Streams) -> Result<Network, Complaints> {
    let mut rng = streams.stream("fralb", "neighborhood");
    let pairs = match rule {
        Neighborhood::Probability(p) => {
            let all = (0..nodes).flat_map(|n| (n + 1..nodes).map(move |m| (n, m)));
            all.filter(|_| rng.uniform() < p).collect()
        }
        Neighborhood::Regular(k) => {
            let k = k as usize;
            if k >= nodes || k * nodes % 2 == 1 {
                let wanted = format!("k below {nodes} nodes and an even k x {nodes}");
                return Err(Complaints::one("limits.neighborhood.k", k.to_string(), wanted));
            }
            // Dense graphs are easier to draw by what they leave out.
            match 2 * k < nodes {
                true => regular_pairs(nodes, k, &mut rng),
                false => {
                    let missing = regular_pairs(nodes, nodes - 1 - k, &mut rng);
                    let all = (0..nodes).flat_map(|n| (n + 1..nodes).map(move |m| (n, m)));
                    all.filter(|pair| !missing.contains(pair)).collect()
                }
            }
        }
    };
    Ok(Network::new(nodes, pairs.iter().flat_map(|&(n, m)| [(n, m), (m, n)]).collect()))
}

/// A random k-regular graph (Steger and Wormald 1999): ends are paired at random, unsuitable pairs thrown back, and
/// the whole is begun anew when none is suitable. The caller has ensured that one exists. Pairs are (less, greater).
fn regular_pairs(nodes: usize, k: usize, rng: &mut Rng) -> Vec<(usize, usize)> {
    'anew: loop {
        let mut pairs = std::collections::BTreeSet::new();
        let mut ends: Vec<usize> = (0..nodes).flat_map(|n| std::iter::repeat_n(n, k)).collect();
        while !ends.is_empty() {
            for i in (1..ends.len()).rev() {
                ends.swap(i, rng.below(i as u64 + 1) as usize);
            }
            let before = ends.len();
            let mut left = Vec::new();
            for pair in ends.chunks(2) {
                let (n, m) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
                if n == m || !pairs.insert((n, m)) {
                    left.extend([n, m]);
                }
            }
            let suitable = |n: usize, m: usize| n != m && !pairs.contains(&(n.min(m), n.max(m)));
            if left.len() == before && !left.iter().any(|&n| left.iter().any(|&m| suitable(n, m))) {
                continue 'anew;
            }
            ends = left;
        }
        return pairs.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_graphs_are_regular() {
        let streams = Streams::new(9, 0);
        for (nodes, k) in [(10, 3), (50, 4), (6, 5), (7, 4), (4, 0), (2, 1)] {
            let network = draw_network(Neighborhood::Regular(k), nodes, &streams).expect("it exists");
            for n in 0..nodes {
                assert_eq!(network.out_of(n).len() as u64, k, "{nodes} nodes");
                assert_eq!(network.arriving_at(n).len() as u64, k);
            }
        }
        assert!(draw_network(Neighborhood::Regular(3), 5, &streams).is_err());
        let some = draw_network(Neighborhood::Probability(0.3), 60, &streams).expect("any is right");
        assert!((some.links().len() as f64 / (60.0 * 59.0) - 0.3).abs() < 0.05);
    }

    #[test]
    fn the_last_class_takes_what_is_left() {
        assert_eq!(repeated_values(&[(0.5, 1), (0.25, 2), (0.25, 3)], 5), [1, 1, 2, 3, 3]);
        assert_eq!(repeated_values(&[(0.1, 7)], 3), [7, 7, 7]);
    }
}
