//! What a planner decides for one period: what each node serves itself, forwards, sends to the cloud, and how many
//! replicas it keeps; and what such a plan is worth.
//!
//! Source: variables x, y, z, r of the FRALB model and the objective of LMM, by which all plans are compared.

use super::instance::Instance;

/// Loads in requests per second. `x`, `z` and `replicas` are node-major over functions, `y` link-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Served where it arrived.
    pub x: Vec<f64>,
    /// Forwarded over a link: `link * functions + f`, links numbered by the network.
    pub y: Vec<f64>,
    /// Sent to the cloud; the published code says "rejected".
    pub z: Vec<f64>,
    /// r, replicas kept.
    pub replicas: Vec<u64>,
}

/// Sums over a whole plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    pub x: f64,
    pub y: f64,
    pub z: f64,
    pub replicas: u64,
}

impl Plan {
    /// Nothing served, nothing kept.
    pub fn empty(instance: &Instance) -> Plan {
        let cells = instance.nodes * instance.functions;
        Plan {
            x: vec![0.0; cells],
            y: vec![0.0; instance.network.links().len() * instance.functions],
            z: vec![0.0; cells],
            replicas: vec![0; cells],
        }
    }

    /// Σ_m y\[n, m, f\]: what `node` forwards.
    pub fn forwarded(&self, instance: &Instance, node: usize, function: usize) -> f64 {
        instance.network.out_of(node).map(|link| self.y[link * instance.functions + function]).sum()
    }

    /// Σ_m y\[m, n, f\]: what `node` receives.
    pub fn received(&self, instance: &Instance, node: usize, function: usize) -> f64 {
        instance.network.arriving_at(node).iter().map(|&link| self.y[link * instance.functions + function]).sum()
    }

    /// LMM's objective: rewards of local and forwarded load less the penalty of the cloud, per arriving request.
    pub fn objective(&self, instance: &Instance) -> f64 {
        let mut sum = 0.0;
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            if instance.load[cell] > 0.0 {
                let links = instance.network.out_of(n);
                let rewards = links.map(|link| {
                    let (from, to) = instance.network.links()[link];
                    instance.beta_of(from, to, f) * self.y[link * instance.functions + f]
                });
                let gain = instance.alpha[cell] * self.x[cell] + rewards.sum::<f64>();
                sum += (gain - instance.gamma[cell] * self.z[cell]) / instance.load[cell];
            }
        }
        sum
    }

    /// Busy share of the replicas of each cell; 0 where there are none.
    pub fn utilization(&self, instance: &Instance) -> Vec<f64> {
        let share = |(n, f): (usize, usize)| {
            let cell = instance.at(n, f);
            match self.replicas[cell] {
                0 => 0.0,
                r => instance.demand[cell] * (self.x[cell] + self.received(instance, n, f)) / r as f64,
            }
        };
        instance.cells().map(share).collect()
    }

    /// W − Σ w r of each node, MB; negative when the plan does not fit.
    pub fn residual_memory(&self, instance: &Instance) -> Vec<i64> {
        let left = |n: usize| {
            let used: u64 = (0..instance.functions)
                .map(|f| instance.memory_requirement[f] * self.replicas[instance.at(n, f)])
                .sum();
            instance.memory_capacity[n] as i64 - used as i64
        };
        (0..instance.nodes).map(left).collect()
    }

    pub fn totals(&self) -> Totals {
        Totals {
            x: self.x.iter().sum(),
            y: self.y.iter().sum(),
            z: self.z.iter().sum(),
            replicas: self.replicas.iter().sum(),
        }
    }

    /// Share of the load that goes to the cloud, percent; 0 without load.
    pub fn rejected_percent(&self) -> f64 {
        let totals = self.totals();
        let all = totals.x + totals.y + totals.z;
        if all > 0.0 { 100.0 * totals.z / all } else { 0.0 }
    }

    /// (n, f, m), n < m, of every pair of nodes that forward the same function to each other.
    pub fn ping_pong(&self, instance: &Instance) -> Vec<(usize, usize, usize)> {
        let mut pairs = Vec::new();
        for (link, &(n, m)) in instance.network.links().iter().enumerate() {
            if let (true, Some(back)) = (n < m, instance.network.find(m, n)) {
                let both = |f: &usize| {
                    self.y[link * instance.functions + f] > 0.0 && self.y[back * instance.functions + f] > 0.0
                };
                pairs.extend((0..instance.functions).filter(both).map(|f| (n, f, m)));
            }
        }
        pairs.sort_unstable();
        pairs
    }
}

/// Replicas that carry `load` when one carries `capacity`: a ceiling that forgives 1e-9 replicas of rounding noise.
pub fn replicas_for(load: f64, capacity: f64) -> u64 {
    (load / capacity - 1e-9).ceil().max(0.0) as u64
}

/// The ceiling by which the published code turns a solver's number into replicas: `tolerance` is relative to the
/// floor, absolute below one.
pub fn ceil_tol(value: f64, tolerance: f64) -> u64 {
    let floor = value.floor();
    let above = if floor > 0.0 { value / floor - 1.0 > tolerance } else { value > tolerance };
    if above { value.ceil() as u64 } else { floor as u64 }
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    #[test]
    fn a_plan_is_worth_its_shares() {
        let instance = two_nodes();
        let plan = Plan { x: vec![3.0, 2.0], y: vec![0.0, 1.0], z: vec![0.0, 1.0], replicas: vec![2, 1] };
        assert!((plan.objective(&instance) - (1.0 + (2.0 + 0.9 - 0.1) / 4.0)).abs() < 1e-12);
        assert_eq!(plan.utilization(&instance), [0.8, 0.8]);
        assert_eq!(plan.residual_memory(&instance), [512, 0]);
        assert!((plan.rejected_percent() - 100.0 / 7.0).abs() < 1e-12);
        assert!(plan.ping_pong(&instance).is_empty());
    }

    #[test]
    fn two_that_send_to_each_other_are_named() {
        let instance = two_nodes();
        let plan = Plan { y: vec![0.5, 0.5], ..Plan::empty(&instance) };
        assert_eq!(plan.ping_pong(&instance), [(0, 0, 1)]);
    }
}
