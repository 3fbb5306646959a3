//! What one node would do on its own: serve the loads that are worth most in the memory it has and offer the rest to
//! its neighbours, at the coordinator's prices; and again, once it knows which offers were accepted.
//!
//! Source: FaaS-MACrO's local problems LSP(i, π) and LSPr(i; ȳ, ω̄). Both are knapsacks: for given prices the value of
//! r replicas is a function of r alone, so dynamic programming over memory solves them exactly.
//! Differs: `local_rejection` is the model that the main branch of June 2026 meant: a node may send load to the cloud
//! itself, where the inherited balance equation left it no load to send.

use super::instance::Instance;
use crate::solve::knapsack::{Item, pack};

/// Which form of the local problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalModel {
    /// Loads are whole requests.
    pub whole: bool,
    /// A node may send to the cloud what pays better there than an offer.
    pub local_rejection: bool,
    /// Fixed replicas may stay idle, as in the main branch; the release forbids it.
    pub idle_allowed: bool,
}

/// A node's answer; one entry per function.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalPlan {
    /// x, served here.
    pub x: Vec<f64>,
    /// ω, offered to neighbours.
    pub offered: Vec<f64>,
    /// z, sent to the cloud by the node itself; zero unless `local_rejection`.
    pub refused: Vec<f64>,
    pub replicas: Vec<u64>,
    /// Memory left, MB.
    pub residual: u64,
    /// The local objective, to be minimised.
    pub objective: f64,
}

/// A local problem without a solution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    #[error("node {node}: the replicas that are fixed or already promised do not fit into its memory")]
    Memory { node: usize },
    #[error("node {node}, function {function}: {replicas} replicas are fixed, more than its load keeps busy")]
    Idle { node: usize, function: usize, replicas: u64 },
}

/// LSP: what `node` serves and what it offers at `prices` (π, one per function).
///
/// With `fixed` replicas the node chooses loads only, none of its replicas being idle.
///
/// # Errors
/// Fixed replicas that do not fit or that the load cannot keep busy.
pub fn offer(
    instance: &Instance,
    node: usize,
    prices: &[f64],
    model: LocalModel,
    fixed: Option<&[u64]>,
) -> Result<LocalPlan, LocalError> {
    let functions = instance.functions;
    let mut items = Vec::with_capacity(functions);
    let mut gains = Vec::with_capacity(functions);
    for f in 0..functions {
        let cell = instance.at(node, f);
        let (load, offer) = (instance.load[cell], instance.delta[cell] - prices[f]);
        let elsewhere = if model.local_rejection { offer.max(-instance.gamma[cell]) } else { offer };
        let gain = if load > 0.0 { (instance.alpha[cell] - elsewhere) / load } else { 0.0 };
        let carried = Carried { capacity: instance.replica_capacity(node, f), incoming: 0.0, load, whole: model.whole };
        let item = match fixed.map(|fixed| fixed[f]) {
            Some(r) => {
                if r > carried.enough() && !model.idle_allowed {
                    return Err(LocalError::Idle { node, function: f, replicas: r });
                }
                Item { weight: instance.memory_requirement[f], least: r, values: vec![0.0] }
            }
            None => carried.item(instance.memory_requirement[f], gain),
        };
        items.push(item);
        gains.push((gain, carried));
    }
    let packing = pack(&items, instance.memory_capacity[node]).ok_or(LocalError::Memory { node })?;
    let mut plan = LocalPlan {
        x: vec![0.0; functions],
        offered: vec![0.0; functions],
        refused: vec![0.0; functions],
        residual: residual(instance, node, &packing.copies),
        replicas: packing.copies,
        objective: 0.0,
    };
    for (f, (gain, carried)) in gains.iter().enumerate() {
        let cell = instance.at(node, f);
        let load = instance.load[cell];
        let replicas = plan.replicas[f];
        // Fixed replicas must be busy even where serving does not pay; free ones were not taken then.
        plan.x[f] = match (*gain > 0.0, replicas) {
            (true, _) => carried.by(replicas),
            (false, _) if model.idle_allowed => 0.0,
            (false, 0) => 0.0,
            (false, r) => carried.by(r - 1),
        };
        let rest = load - plan.x[f];
        let offer = instance.delta[cell] - prices[f];
        let to_cloud = model.local_rejection && offer < -instance.gamma[cell];
        *(if to_cloud { &mut plan.refused[f] } else { &mut plan.offered[f] }) = rest;
        if load > 0.0 {
            plan.objective -= (instance.alpha[cell] * plan.x[f] + offer * plan.offered[f]
                - instance.gamma[cell] * plan.refused[f])
                / load;
        }
    }
    Ok(plan)
}

/// LSPr: what `node` serves of its own load when `incoming` has been promised to neighbours and `outgoing` accepted by
/// them (one entry per function). `offered` of the answer repeats `outgoing`; the rest is the cloud's.
///
/// # Errors
/// Promised load that does not fit into the memory.
pub fn settle(
    instance: &Instance,
    node: usize,
    incoming: &[f64],
    outgoing: &[f64],
    model: LocalModel,
) -> Result<LocalPlan, LocalError> {
    let mut items = Vec::with_capacity(instance.functions);
    let mut carriers = Vec::with_capacity(instance.functions);
    for f in 0..instance.functions {
        let cell = instance.at(node, f);
        let gain = if instance.load[cell] > 0.0 { instance.alpha[cell] / instance.load[cell] } else { 0.0 };
        let carried = Carried {
            capacity: instance.replica_capacity(node, f),
            incoming: incoming[f],
            load: (instance.load[cell] - outgoing[f]).max(0.0),
            whole: model.whole,
        };
        items.push(carried.item(instance.memory_requirement[f], gain));
        carriers.push(carried);
    }
    let packing = pack(&items, instance.memory_capacity[node]).ok_or(LocalError::Memory { node })?;
    let x: Vec<f64> = carriers.iter().zip(&packing.copies).map(|(carried, &r)| carried.by(r)).collect();
    let mut objective = 0.0;
    for f in 0..instance.functions {
        let cell = instance.at(node, f);
        if instance.load[cell] > 0.0 {
            objective -= (instance.alpha[cell] * x[f] + instance.delta[cell] * outgoing[f]) / instance.load[cell];
        }
    }
    Ok(LocalPlan {
        refused: (0..instance.functions).map(|f| carriers[f].load - x[f]).collect(),
        x,
        offered: outgoing.to_vec(),
        residual: residual(instance, node, &packing.copies),
        replicas: packing.copies,
        objective,
    })
}

fn residual(instance: &Instance, node: usize, replicas: &[u64]) -> u64 {
    let used: u64 = replicas.iter().zip(&instance.memory_requirement).map(|(&r, &memory)| r * memory).sum();
    instance.memory_capacity[node] - used
}

/// How much of its own load some replicas of a function carry after what they carry for others.
#[derive(Clone, Copy, Debug)]
struct Carried {
    /// κ
    capacity: f64,
    incoming: f64,
    load: f64,
    whole: bool,
}

/// Replicas of rounding noise that are forgiven.
const NOISE: f64 = 1e-9;

impl Carried {
    /// The fewest replicas that carry the promised load.
    fn least(&self) -> u64 {
        (self.incoming / self.capacity - NOISE).ceil().max(0.0) as u64
    }

    /// The fewest replicas that carry everything.
    fn enough(&self) -> u64 {
        ((self.incoming + self.load) / self.capacity - NOISE).ceil().max(0.0) as u64
    }

    fn by(&self, replicas: u64) -> f64 {
        if replicas >= self.enough() {
            return self.load;
        }
        let room = if self.whole {
            ((replicas as f64 + NOISE) * self.capacity - self.incoming).floor()
        } else {
            replicas as f64 * self.capacity - self.incoming
        };
        room.clamp(0.0, self.load)
    }

    /// The knapsack's item: nothing beyond the least where serving does not pay.
    fn item(&self, weight: u64, gain: f64) -> Item {
        let least = self.least();
        let most = if gain > 0.0 { self.enough().max(least) } else { least };
        Item { weight, least, values: (least..=most).map(|r| gain * self.by(r)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    fn free(node: usize, price: f64) -> LocalPlan {
        offer(&two_nodes(), node, &[price], LocalModel::default(), None).expect("nothing is fixed")
    }

    #[test]
    fn a_node_serves_what_fits_and_offers_the_rest() {
        let first = free(0, 0.0);
        assert_eq!((first.x[0], first.offered[0], first.replicas[0], first.residual), (3.0, 0.0, 2, 512));
        let second = free(1, 0.0);
        assert_eq!((second.x[0], second.offered[0], second.replicas[0], second.residual), (2.0, 2.0, 1, 0));
        assert!((second.objective + (2.0 + 0.8 * 2.0) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn when_offering_pays_more_everything_is_offered() {
        let mut instance = two_nodes();
        instance.delta = vec![1.5, 1.5];
        let plan = offer(&instance, 0, &[0.0], LocalModel::default(), None).expect("nothing is fixed");
        assert_eq!((plan.x[0], plan.offered[0], plan.replicas[0]), (0.0, 3.0, 0));
        // At a price that makes both equal, fewer replicas win.
        let equal = offer(&instance, 0, &[0.5], LocalModel::default(), None).expect("nothing is fixed");
        assert_eq!(equal.replicas[0], 0);
    }

    #[test]
    fn promised_load_comes_first() {
        let plan = settle(&two_nodes(), 1, &[1.5], &[1.0], LocalModel::default()).expect("one replica carries it");
        assert_eq!((plan.x[0], plan.refused[0], plan.replicas[0]), (0.5, 2.5, 1));
        let whole = settle(&two_nodes(), 1, &[1.0], &[1.0], LocalModel { whole: true, ..LocalModel::default() });
        assert_eq!(whole.expect("fits").x[0], 1.0);
        assert_eq!(settle(&two_nodes(), 1, &[2.5], &[0.0], LocalModel::default()), Err(LocalError::Memory { node: 1 }));
    }

    #[test]
    fn fixed_replicas_bound_the_local_part() {
        let plan = offer(&two_nodes(), 0, &[0.0], LocalModel::default(), Some(&[1])).expect("one is busy");
        assert_eq!((plan.x[0], plan.offered[0]), (2.0, 1.0));
        let idle = offer(&two_nodes(), 0, &[0.0], LocalModel::default(), Some(&[3]));
        assert_eq!(idle, Err(LocalError::Idle { node: 0, function: 0, replicas: 3 }));
    }

    #[test]
    fn a_price_above_reward_and_penalty_sends_to_the_cloud_when_that_is_allowed() {
        let model = LocalModel { local_rejection: true, ..LocalModel::default() };
        let plan = offer(&two_nodes(), 1, &[2.0], model, None).expect("nothing is fixed");
        assert_eq!((plan.x[0], plan.offered[0], plan.refused[0]), (2.0, 0.0, 2.0));
    }
}
