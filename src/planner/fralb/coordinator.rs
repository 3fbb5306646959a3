//! The coordinator that matches offers with capacity by an optimum: accepted loads, and the replicas that neighbours
//! add to take them.
//!
//! Source: FaaS-MACrO's LRMP(x̄, ω̄, r̄). Differs: one binary says whether a cell sends or receives, where the published
//! model has two; a start from the greedy rule is used by HiGHS, where the original's path to it ignored starts.

use super::greedy::{Agreement, Greedy, NO_OFFER, Offers, coordinate, coordinator_objective};
use super::instance::Instance;
use super::plan::{Plan, replicas_for};
use crate::solve::milp::{Options, Programme, Relation, SolveError, Var};

/// How to solve the coordinator's problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoordinatorMilp {
    /// The greedy rule whose answer begins the search.
    pub start: Option<Greedy>,
    /// Relative gap to stop at.
    pub gap: f64,
    /// Seconds for one round.
    pub time_limit: Option<f64>,
    /// Branch-and-bound nodes for one round.
    pub node_limit: Option<u64>,
}

impl Default for CoordinatorMilp {
    fn default() -> CoordinatorMilp {
        CoordinatorMilp { start: None, gap: 1e-6, time_limit: None, node_limit: None }
    }
}

/// A coordinator without an answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CoordinatorError {
    #[error("the coordinator's problem was not solved: {0}")]
    Solver(String),
    #[error("the coordinator's problem reached its limit before any answer")]
    NoAnswer,
}

impl From<SolveError> for CoordinatorError {
    fn from(error: SolveError) -> CoordinatorError {
        CoordinatorError::Solver(error.to_string())
    }
}

impl CoordinatorMilp {
    /// Solves one round; see [`coordinate`] for the arguments.
    ///
    /// # Errors
    /// A solver that failed, or a limit before any answer.
    pub fn coordinate(
        &self,
        instance: &Instance,
        offers: &Offers,
        closed: &[bool],
        whole: bool,
    ) -> Result<Agreement, CoordinatorError> {
        let model = Model::new(instance, offers, closed, whole);
        let mut plan = Plan { x: offers.x.clone(), replicas: offers.replicas.clone(), ..Plan::empty(instance) };
        if !model.y.is_empty() {
            let start = self.start.map(|greedy| {
                let agreed = coordinate(instance, offers, greedy, closed, whole);
                model.values(instance, offers, &agreed.plan)
            });
            let options = Options {
                gap: self.gap,
                time_limit_s: self.time_limit,
                node_limit: self.node_limit,
                start,
                ..Options::default()
            };
            let solution = model.programme.solve(&options)?;
            if !solution.has_point() {
                return Err(CoordinatorError::NoAnswer);
            }
            for &(place, var) in &model.y {
                plan.y[place] = solution.value(var).max(0.0);
            }
            trim(instance, offers, &mut plan);
            for (n, f) in instance.cells() {
                let cell = instance.at(n, f);
                let served = plan.x[cell] + plan.received(instance, n, f);
                let enough = replicas_for(served, instance.replica_capacity(n, f));
                let added = model.added[cell].map_or(0, |var| solution.value(var).round() as u64);
                // Idle additions have no value; the smallest number is one of the optima.
                plan.replicas[cell] += added.min(enough.saturating_sub(plan.replicas[cell]));
            }
        }
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            plan.z[cell] = (offers.offered[cell] - plan.forwarded(instance, n, f)).max(0.0);
        }
        let objective = coordinator_objective(instance, &offers.offered, &plan);
        Ok(Agreement { plan, objective })
    }
}

/// Takes the solver's noise away: no node sends more than it offered.
fn trim(instance: &Instance, offers: &Offers, plan: &mut Plan) {
    for (n, f) in instance.cells() {
        let mut open = offers.offered[instance.at(n, f)];
        for link in instance.network.out_of(n) {
            let y = &mut plan.y[link * instance.functions + f];
            *y = if *y < 1e-9 { 0.0 } else { y.min(open) };
            open -= *y;
        }
    }
}

struct Model {
    programme: Programme,
    /// Place in `Plan::y` and variable, where there is an offer.
    y: Vec<(usize, Var)>,
    added: Vec<Option<Var>>,
    sends: Vec<Option<Var>>,
}

impl Model {
    fn new(instance: &Instance, offers: &Offers, closed: &[bool], whole: bool) -> Model {
        let (functions, network) = (instance.functions, &instance.network);
        let cells = instance.nodes * functions;
        let mut programme = Programme::maximise();
        let mut y = Vec::new();
        let mut out: Vec<Vec<Var>> = vec![vec![]; cells];
        let mut into: Vec<Vec<Var>> = vec![vec![]; cells];
        let mut wanted = vec![0.0; cells];
        for (link, &(n, m)) in network.links().iter().enumerate() {
            for f in 0..functions {
                let (sender, receiver) = (instance.at(n, f), instance.at(m, f));
                let offer = offers.offered[sender];
                if offer <= NO_OFFER || closed[m] {
                    continue;
                }
                let worth = (instance.beta_of(n, m, f) + instance.gamma[sender]) / instance.load[sender];
                let name = format!("y_{n}_{m}_{f}");
                let var = match whole {
                    true => programme.integer(name, 0.0, offer.floor(), worth),
                    false => programme.continuous(name, 0.0, offer, worth),
                };
                y.push((link * functions + f, var));
                out[sender].push(var);
                into[receiver].push(var);
                wanted[receiver] += offer;
            }
        }
        let mut added = vec![None; cells];
        let mut sends = vec![None; cells];
        let sum = |vars: &[Var]| vars.iter().map(|&var| (var, 1.0)).collect::<Vec<_>>();
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            if !out[cell].is_empty() {
                programme.row(format!("offer_{n}_{f}"), &sum(&out[cell]), Relation::AtMost, offers.offered[cell]);
            }
            if into[cell].is_empty() {
                continue;
            }
            let capacity = instance.replica_capacity(n, f);
            let spare = capacity * offers.replicas[cell] as f64 - offers.x[cell];
            let most = offers.residual[n] / instance.memory_requirement[f];
            let more = programme.integer(format!("a_{n}_{f}"), 0.0, most as f64, 0.0);
            let mut served = sum(&into[cell]);
            served.push((more, -capacity));
            // Rounding noise must not make the empty answer infeasible.
            programme.row(format!("capacity_{n}_{f}"), &served, Relation::AtMost, spare.max(0.0));
            added[cell] = Some(more);
            if !out[cell].is_empty() {
                let sending = programme.binary(format!("s_{n}_{f}"), 0.0);
                let mut row = sum(&out[cell]);
                row.push((sending, -offers.offered[cell]));
                programme.row(format!("send_{n}_{f}"), &row, Relation::AtMost, 0.0);
                let receivable = wanted[cell].min(spare.max(0.0) + capacity * most as f64);
                let mut row = sum(&into[cell]);
                row.push((sending, receivable));
                programme.row(format!("receive_{n}_{f}"), &row, Relation::AtMost, receivable);
                sends[cell] = Some(sending);
            }
        }
        for n in 0..instance.nodes {
            let used: Vec<(Var, f64)> = (0..functions)
                .filter_map(|f| Some((added[instance.at(n, f)]?, instance.memory_requirement[f] as f64)))
                .collect();
            if !used.is_empty() {
                programme.row(format!("memory_{n}"), &used, Relation::AtMost, offers.residual[n] as f64);
            }
        }
        Model { programme, y, added, sends }
    }

    fn values(&self, instance: &Instance, offers: &Offers, plan: &Plan) -> Vec<f64> {
        let mut values = vec![0.0; self.programme.vars()];
        for &(place, var) in &self.y {
            values[var.index()] = plan.y[place];
        }
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            if let Some(added) = self.added[cell] {
                values[added.index()] = plan.replicas[cell].saturating_sub(offers.replicas[cell]) as f64;
            }
            if let Some(sends) = self.sends[cell] {
                values[sends.index()] = f64::from(u8::from(plan.forwarded(instance, n, f) > 0.0));
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::super::instance::tests::two_nodes;
    use super::*;

    fn offers() -> Offers {
        Offers { x: vec![3.0, 2.0], offered: vec![0.0, 2.0], replicas: vec![2, 1], residual: vec![512, 0] }
    }

    #[test]
    fn the_optimum_takes_the_offer_with_one_replica_more() {
        for start in [None, Some(Greedy::default())] {
            let milp = CoordinatorMilp { start, ..CoordinatorMilp::default() };
            let agreed = milp.coordinate(&two_nodes(), &offers(), &[false; 2], false).expect("small");
            assert!((agreed.plan.y[1] - 2.0).abs() < 1e-9 && agreed.plan.replicas == [3, 1], "{agreed:?}");
            assert!((agreed.objective - 0.9 * 2.0 / 4.0).abs() < 1e-9);
        }
    }

    #[test]
    fn without_a_receiver_everything_is_left_over() {
        let agreed = CoordinatorMilp::default().coordinate(&two_nodes(), &offers(), &[true; 2], false).expect("empty");
        assert_eq!(agreed.plan.z, [0.0, 2.0]);
        assert!((agreed.objective + 0.1 * 2.0 / 4.0).abs() < 1e-12);
    }
}
