//! Whether a plan keeps the rules, worked out from the instance alone and not from the model that made the plan.
//!
//! Source: constraints (C1) to (C8) of LMM. Differs: (C4), which forbids idle replicas, is not a rule a user cares for;
//! surplus replicas are reported apart.

use super::instance::Instance;
use super::plan::{Plan, replicas_for};
use std::fmt;

/// One broken rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Local, forwarded and cloud load do not add up to what arrives; by how many requests per second.
    Balance { node: usize, function: usize, off: f64 },
    /// A load below zero or not a number.
    Load { node: usize, function: usize, load: f64 },
    /// Busier than U allows.
    Utilization { node: usize, function: usize, utilization: f64, allowed: f64 },
    /// More memory used than there is, MB.
    Memory { node: usize, used: u64, capacity: u64 },
    /// The node both sends and receives this function (C8).
    SendsAndReceives { node: usize, function: usize },
    /// The tables do not have the shape of the instance, or a load runs where there is no link.
    Shape { what: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Balance { node, function, off } => {
                write!(out, "node {node}, function {function}: shares miss the load by {off} req/s")
            }
            Fault::Load { node, function, load } => {
                write!(out, "node {node}, function {function}: a load of {load} req/s")
            }
            Fault::Utilization { node, function, utilization, allowed } => {
                write!(out, "node {node}, function {function}: utilisation {utilization} above {allowed}")
            }
            Fault::Memory { node, used, capacity } => write!(out, "node {node}: {used} MB used of {capacity}"),
            Fault::SendsAndReceives { node, function } => {
                write!(out, "node {node}, function {function}: both sends and receives")
            }
            Fault::Shape { what } => out.write_str(what),
        }
    }
}

/// Every rule that `plan` breaks by more than `tolerance`, relative to the quantity or 1.
pub fn faults(instance: &Instance, plan: &Plan, tolerance: f64) -> Vec<Fault> {
    let cells = instance.nodes * instance.functions;
    let flows = instance.network.links().len() * instance.functions;
    let mut faults = Vec::new();
    for (name, found, wanted) in [
        ("local loads", plan.x.len(), cells),
        ("forwarded loads", plan.y.len(), flows),
        ("cloud loads", plan.z.len(), cells),
        ("replicas", plan.replicas.len(), cells),
    ] {
        if found != wanted {
            faults.push(Fault::Shape { what: format!("{name}: found {found}, want {wanted}") });
        }
    }
    if !faults.is_empty() {
        return faults;
    }
    let beyond = |excess: f64, scale: f64| excess.is_nan() || excess > tolerance * scale.abs().max(1.0);
    let utilization = plan.utilization(instance);
    for (n, f) in instance.cells() {
        let cell = instance.at(n, f);
        let (sent, received) = (plan.forwarded(instance, n, f), plan.received(instance, n, f));
        let links = instance.network.out_of(n).map(|link| plan.y[link * instance.functions + f]);
        for load in links.chain([plan.x[cell], plan.z[cell]]).filter(|&load| beyond(-load, 1.0)) {
            faults.push(Fault::Load { node: n, function: f, load });
        }
        let off = plan.x[cell] + sent + plan.z[cell] - instance.load[cell];
        if beyond(off.abs(), instance.load[cell]) {
            faults.push(Fault::Balance { node: n, function: f, off });
        }
        let served = plan.x[cell] + received;
        let allowed = instance.max_utilization[f];
        if plan.replicas[cell] == 0 && beyond(served, 1.0) {
            faults.push(Fault::Utilization { node: n, function: f, utilization: f64::INFINITY, allowed });
        } else if beyond(utilization[cell] - allowed, allowed) {
            faults.push(Fault::Utilization { node: n, function: f, utilization: utilization[cell], allowed });
        }
        if beyond(sent, 1.0) && beyond(received, 1.0) {
            faults.push(Fault::SendsAndReceives { node: n, function: f });
        }
    }
    for (node, &left) in plan.residual_memory(instance).iter().enumerate() {
        if left < 0 {
            let capacity = instance.memory_capacity[node];
            faults.push(Fault::Memory { node, used: capacity + left.unsigned_abs(), capacity });
        }
    }
    faults
}

/// The faults that the greedy coordinator's plans may have in its published form.
pub fn is_ping_pong(fault: &Fault) -> bool {
    matches!(fault, Fault::SendsAndReceives { .. })
}

/// Replicas beyond the smallest number that carries the load, over all cells; 0 when (C4) holds.
pub fn surplus_replicas(instance: &Instance, plan: &Plan) -> u64 {
    let surplus = |(n, f): (usize, usize)| {
        let cell = instance.at(n, f);
        let served = plan.x[cell] + plan.received(instance, n, f);
        plan.replicas[cell].saturating_sub(replicas_for(served, instance.replica_capacity(n, f)))
    };
    instance.cells().map(surplus).sum()
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    fn sound() -> Plan {
        Plan { x: vec![3.0, 2.0], y: vec![0.0, 1.0], z: vec![0.0, 1.0], replicas: vec![2, 1] }
    }

    #[test]
    fn a_sound_plan_has_no_faults() {
        assert_eq!(faults(&two_nodes(), &sound(), 1e-6), []);
        assert_eq!(surplus_replicas(&two_nodes(), &sound()), 0);
    }

    #[test]
    fn every_rule_is_noticed_when_broken() {
        let kinds = |change: &dyn Fn(&mut Plan)| {
            let mut plan = sound();
            change(&mut plan);
            faults(&two_nodes(), &plan, 1e-6)
        };
        assert!(matches!(kinds(&|plan| plan.z[1] = 0.5)[..], [Fault::Balance { node: 1, .. }]));
        assert!(matches!(kinds(&|plan| plan.replicas[0] = 1)[..], [Fault::Utilization { node: 0, .. }]));
        assert!(matches!(kinds(&|plan| plan.replicas[1] = 0)[..], [Fault::Utilization { node: 1, .. }]));
        assert!(matches!(kinds(&|plan| plan.replicas[1] = 2)[..], [Fault::Memory { node: 1, used: 512, .. }]));
        assert!(matches!(kinds(&|plan| plan.x.truncate(1))[..], [Fault::Shape { .. }]));
        assert!(kinds(&|plan| plan.x[0] = f64::NAN).iter().any(|fault| matches!(fault, Fault::Load { .. })));
        let both = kinds(&|plan| (plan.y[0], plan.x[0]) = (1.0, 2.0));
        assert!(both.iter().filter(|fault| is_ping_pong(fault)).count() == 2, "{both:?}");
        assert!(kinds(&|plan| plan.x[0] = -1.0).contains(&Fault::Load { node: 0, function: 0, load: -1.0 }));
    }
}
