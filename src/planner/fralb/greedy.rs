//! The coordinator that hands out offers one after the other: each goes to the neighbours in the order of a rule, as
//! far as their replicas and then their memory reach.
//!
//! Source: FaaS-MACrO's greedy coordinator. The published form orders receivers within one offer only, forgets the
//! replicas it has added, gives away what memory is left, and may let a receiver send (defects B3, B4, B5).
//! Differs: `corrected` mends the last three, `global_order` the first; offers up to 1e-6 are zero (B26) and ceilings
//! forgive 1e-9 replicas, so that a solver's noise decides nothing.

use super::instance::Instance;
use super::plan::Plan;

/// By what receivers are ranked, greatest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sorting {
    /// The reward β; the routine's own default.
    #[default]
    Beta,
    /// The offer ω.
    Omega,
    /// ω · β
    Product,
}

/// Which form of the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Greedy {
    pub sorting: Sorting,
    /// Counts added replicas, keeps memory that was not used, and lets no receiver send.
    pub corrected: bool,
    /// Ranks the candidates of all offers together.
    pub global_order: bool,
}

/// What all nodes said, node-major over functions.
#[derive(Clone, Debug, PartialEq)]
pub struct Offers {
    /// x̄
    pub x: Vec<f64>,
    /// ω̄
    pub offered: Vec<f64>,
    /// r̄
    pub replicas: Vec<u64>,
    /// ρ, MB left per node.
    pub residual: Vec<u64>,
}

/// The coordinator's answer: `plan.x` is what the nodes said, `plan.z` what was left over.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    pub plan: Plan,
    /// Reward of accepted offers less the penalty of the others, to be maximised.
    pub objective: f64,
}

/// Offers at or below this are none (requests per second).
pub const NO_OFFER: f64 = 1e-6;

/// Hands out the offers. `closed[m]` bars node m as a receiver. With `whole`, accepted loads are rounded down after
/// the objective has been taken, as the published program does.
pub fn coordinate(instance: &Instance, offers: &Offers, greedy: Greedy, closed: &[bool], whole: bool) -> Agreement {
    let functions = instance.functions;
    let mut plan = Plan { x: offers.x.clone(), replicas: offers.replicas.clone(), ..Plan::empty(instance) };
    let mut open: Vec<f64> = offers.offered.iter().map(|&o| if o > NO_OFFER { o } else { 0.0 }).collect();
    let mut memory = offers.residual.clone();
    // What each node serves so far, own and received.
    let mut served = offers.x.clone();
    let mut sends = vec![false; open.len()];
    let mut receives = vec![false; open.len()];

    for (link, f) in candidates(instance, offers, greedy) {
        let (n, m) = instance.network.links()[link];
        let (sender, receiver) = (instance.at(n, f), instance.at(m, f));
        let barred = closed[m] || sends[receiver] || (greedy.corrected && receives[sender]);
        if open[sender] <= 0.0 || barred {
            continue;
        }
        let capacity = instance.replica_capacity(m, f);
        let weight = instance.memory_requirement[f];
        let most = memory[m] / weight;
        let kept = if greedy.corrected { plan.replicas[receiver] } else { offers.replicas[receiver] };
        let room = ((kept + most) as f64 * capacity - served[receiver]).max(0.0);
        let moved = open[sender].min(room);
        plan.y[link * functions + f] += moved;
        served[receiver] += moved;
        if open[sender] <= room {
            let need = (served[receiver] / capacity - 1e-9).ceil().max(0.0) as u64;
            let added = need.saturating_sub(plan.replicas[receiver]).min(most);
            plan.replicas[receiver] += added;
            memory[m] -= added * weight;
            open[sender] = 0.0;
        } else {
            plan.replicas[receiver] += most;
            memory[m] = if greedy.corrected { memory[m] - most * weight } else { 0 };
            open[sender] -= room;
        }
        // The published form marks both ends even when nothing moved.
        if moved > 0.0 || !greedy.corrected {
            (sends[sender], receives[receiver]) = (true, true);
        }
    }
    plan.z = open;
    let objective = coordinator_objective(instance, &offers.offered, &plan);
    if whole {
        for y in &mut plan.y {
            *y = (*y + 1e-9).floor();
        }
    }
    Agreement { plan, objective }
}

/// Σ (1/λ) (Σ β y − γ · max(0, ω̄ − Σ y)).
pub fn coordinator_objective(instance: &Instance, offered: &[f64], plan: &Plan) -> f64 {
    let mut sum = 0.0;
    for (n, f) in instance.cells() {
        let cell = instance.at(n, f);
        if instance.load[cell] <= 0.0 {
            continue;
        }
        let mut reward = 0.0;
        let mut accepted = 0.0;
        for link in instance.network.out_of(n) {
            let y = plan.y[link * instance.functions + f];
            reward += instance.beta_of(n, instance.network.links()[link].1, f) * y;
            accepted += y;
        }
        sum += (reward - instance.gamma[cell] * (offered[cell] - accepted).max(0.0)) / instance.load[cell];
    }
    sum
}

/// (link, function) in the order of the visit.
fn candidates(instance: &Instance, offers: &Offers, greedy: Greedy) -> Vec<(usize, usize)> {
    let mut rows = Vec::new();
    for (n, f) in instance.cells() {
        let offer = offers.offered[instance.at(n, f)];
        if offer <= NO_OFFER {
            continue;
        }
        let first = rows.len();
        for link in instance.network.out_of(n) {
            let beta = instance.beta_of(n, instance.network.links()[link].1, f);
            let rank = match greedy.sorting {
                Sorting::Beta => beta,
                Sorting::Omega => offer,
                Sorting::Product => offer * beta,
            };
            rows.push((rank, link, f));
        }
        // Stable sorts keep ascending receivers among equals.
        if !greedy.global_order {
            rows[first..].sort_by(|a, b| b.0.total_cmp(&a.0));
        }
    }
    if greedy.global_order {
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    }
    rows.into_iter().map(|(_, link, f)| (link, f)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::super::network::Network;
    use super::*;

    fn three_nodes() -> Instance {
        let mut instance = two_nodes();
        instance.nodes = 3;
        instance.load = vec![4.0, 4.0, 4.0];
        instance.demand = vec![0.4; 3];
        instance.memory_capacity = vec![256, 256, 768];
        instance.network = Network::new(3, vec![(0, 1), (0, 2), (1, 2), (2, 1)]);
        instance.alpha = vec![1.0; 3];
        instance.beta = vec![0.9; 9];
        instance.gamma = vec![0.1; 3];
        instance.delta = vec![0.8; 3];
        instance
    }

    fn offers() -> Offers {
        Offers {
            x: vec![2.0, 2.0, 4.0],
            offered: vec![2.0, 2.0, 0.0],
            replicas: vec![1, 1, 2],
            residual: vec![0, 0, 256],
        }
    }

    #[test]
    fn an_offer_goes_on_to_the_next_receiver_and_the_rest_to_the_cloud() {
        let agreed = coordinate(&three_nodes(), &offers(), Greedy::default(), &[false; 3], false);
        // Node 0 tries the full node 1 first, then fills node 2, which gains a replica; node 1 finds nothing.
        assert_eq!(agreed.plan.y, [0.0, 2.0, 0.0, 0.0]);
        assert_eq!(agreed.plan.replicas, [1, 1, 3]);
        assert_eq!(agreed.plan.z, [0.0, 2.0, 0.0]);
        assert!((agreed.objective - (0.9 * 2.0 - 0.1 * 2.0) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_closed_node_receives_nothing() {
        let agreed = coordinate(&three_nodes(), &offers(), Greedy::default(), &[false, false, true], false);
        assert_eq!(agreed.plan.z, [2.0, 2.0, 0.0]);
    }

    #[test]
    fn the_published_rule_forgets_the_replica_it_added_and_the_corrected_one_uses_it() {
        let offers = Offers { offered: vec![1.0, 0.5, 0.0], ..offers() };
        let published = coordinate(&three_nodes(), &offers, Greedy::default(), &[false; 3], false);
        assert_eq!(published.plan.z, [0.0, 0.5, 0.0]);
        let corrected = Greedy { corrected: true, global_order: true, sorting: Sorting::Omega };
        let mended = coordinate(&three_nodes(), &offers, corrected, &[false; 3], false);
        assert_eq!(mended.plan.z, [0.0, 0.0, 0.0]);
        assert_eq!(mended.plan.replicas, published.plan.replicas);
    }

    #[test]
    fn whole_loads_are_rounded_down_after_the_objective() {
        let offers = Offers { offered: vec![1.5, 0.0, 0.0], ..offers() };
        let agreed = coordinate(&three_nodes(), &offers, Greedy::default(), &[false; 3], true);
        assert_eq!(agreed.plan.y[1], 1.0);
        assert!((agreed.objective - 0.9 * 1.5 / 4.0).abs() < 1e-12);
    }
}
