//! The centralized optimum: how many replicas every node keeps, and what it serves, forwards and sends to the cloud,
//! when one planner knows everything.
//!
//! Source: LMM (LoadManagementModel) of the FRALB formulation, constraints (C1) to (C8).
//! Differs, without changing the optimum: flows exist on links only; one binary says whether a cell sends or receives
//! where the published model has two; what a node can receive is also bounded by its memory; and (C4), which forbids
//! idle replicas, is replaced by taking the smallest sufficient number afterwards.

use super::instance::Instance;
use super::plan::{Plan, replicas_for};
use crate::solve::milp::{Options, Programme, Relation, SolveError, Status, Var};
use std::time::Instant;

/// Parameters of the centralized model.
#[derive(Clone, Debug, Default)]
pub struct Lmm {
    /// Flows are whole requests per second.
    pub whole: bool,
    /// Replicas that must be kept as they are, node-major.
    pub fixed_replicas: Option<Vec<u64>>,
    /// A plan to begin the search at; ignored when it breaks a rule.
    pub start: Option<Plan>,
    /// Gap, limits and back-end.
    pub solver: Options,
}

/// What is known of the optimum.
#[derive(Clone, Debug)]
pub struct Optimum {
    pub status: Status,
    /// The best plan found; none when a limit came before any.
    pub plan: Option<Plan>,
    /// LMM's objective of that plan.
    pub objective: Option<f64>,
    /// No plan is worth more.
    pub bound: Option<f64>,
    /// False once the wall clock had a say.
    pub reproducible: bool,
    /// Seconds to build and solve.
    pub runtime: f64,
}

impl Optimum {
    /// (bound − objective) / |objective|
    pub fn gap(&self) -> Option<f64> {
        let (objective, bound) = (self.objective?, self.bound?);
        Some(if bound <= objective { 0.0 } else { (bound - objective) / objective.abs() })
    }
}

impl Lmm {
    /// The programme that [`Lmm::solve`] solves, to be written or studied.
    pub fn programme(&self, instance: &Instance) -> Programme {
        Model::new(instance, self).programme
    }

    /// Builds and solves the model for one period.
    ///
    /// # Errors
    /// Problems too large for the solver at hand, or a solver that failed.
    pub fn solve(&self, instance: &Instance) -> Result<Optimum, SolveError> {
        let begun = Instant::now();
        let model = Model::new(instance, self);
        let mut options = self.solver.clone();
        options.start = self.start.as_ref().map(|plan| model.values(instance, plan));
        let solution = model.programme.solve(&options)?;
        let plan = solution.has_point().then(|| model.plan(instance, &solution.values, self.fixed_replicas.is_some()));
        let objective = plan.as_ref().map(|plan| plan.objective(instance));
        Ok(Optimum {
            status: solution.status,
            objective,
            // The clean-up of the plan may move the objective by rounding noise above its own bound.
            bound: solution.bound.map(|bound| objective.map_or(bound, |objective| bound.max(objective))),
            plan,
            reproducible: solution.reproducible(),
            runtime: begun.elapsed().as_secs_f64(),
        })
    }
}

/// The programme and where its variables stand.
struct Model {
    programme: Programme,
    x: Vec<Var>,
    y: Vec<Var>,
    z: Vec<Var>,
    replicas: Vec<Var>,
    /// 1 where the cell sends, 0 where it receives; none where it could not do both.
    sends: Vec<Option<Var>>,
}

impl Model {
    fn new(instance: &Instance, lmm: &Lmm) -> Model {
        let (functions, network) = (instance.functions, &instance.network);
        let mut programme = Programme::maximise();
        let flow = |programme: &mut Programme, name: String, most: f64, cost: f64| match lmm.whole {
            true => programme.integer(name, 0.0, most, cost),
            false => programme.continuous(name, 0.0, most, cost),
        };
        // An arriving request is worth 1 / λ; a cell without load has no flows.
        let per_request = |cell: usize| if instance.load[cell] > 0.0 { 1.0 / instance.load[cell] } else { 0.0 };
        let mut model = Model {
            programme: Programme::maximise(),
            x: vec![],
            y: vec![],
            z: vec![],
            replicas: vec![],
            sends: vec![],
        };
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            let (load, worth) = (instance.load[cell], per_request(cell));
            model.x.push(flow(&mut programme, format!("x_{n}_{f}"), load, instance.alpha[cell] * worth));
            model.z.push(flow(&mut programme, format!("z_{n}_{f}"), load, -instance.gamma[cell] * worth));
        }
        for &(n, m) in network.links() {
            for f in 0..functions {
                let cell = instance.at(n, f);
                let worth = instance.beta_of(n, m, f) * per_request(cell);
                model.y.push(flow(&mut programme, format!("y_{n}_{m}_{f}"), instance.load[cell], worth));
            }
        }
        let arriving = |n: usize, f: usize| -> f64 {
            network.arriving_at(n).iter().map(|&link| instance.load[instance.at(network.links()[link].0, f)]).sum()
        };
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            let capacity = instance.replica_capacity(n, f);
            let fits = instance.memory_capacity[n] / instance.memory_requirement[f];
            let useful = replicas_for(instance.load[cell] + arriving(n, f), capacity);
            let (least, most) = match &lmm.fixed_replicas {
                Some(fixed) => (fixed[cell], fixed[cell]),
                None => (0, fits.min(useful)),
            };
            let replicas = programme.integer(format!("r_{n}_{f}"), least as f64, most as f64, 0.0);
            model.replicas.push(replicas);

            let out: Vec<Var> = network.out_of(n).map(|link| model.y[link * functions + f]).collect();
            let into: Vec<Var> = network.arriving_at(n).iter().map(|&link| model.y[link * functions + f]).collect();
            let sum = |vars: &[Var]| vars.iter().map(|&var| (var, 1.0)).collect::<Vec<_>>();
            let mut balance = sum(&out);
            balance.extend([(model.x[cell], 1.0), (model.z[cell], 1.0)]);
            programme.row(format!("balance_{n}_{f}"), &balance, Relation::Equal, instance.load[cell]);
            let mut served = sum(&into);
            served.extend([(model.x[cell], 1.0), (replicas, -capacity)]);
            programme.row(format!("capacity_{n}_{f}"), &served, Relation::AtMost, 0.0);

            let receivable = arriving(n, f).min(most as f64 * capacity);
            model.sends.push((!out.is_empty() && !into.is_empty()).then(|| {
                let sends = programme.binary(format!("s_{n}_{f}"), 0.0);
                let mut sending = sum(&out);
                sending.push((sends, -instance.load[cell]));
                programme.row(format!("send_{n}_{f}"), &sending, Relation::AtMost, 0.0);
                let mut receiving = sum(&into);
                receiving.push((sends, receivable));
                programme.row(format!("receive_{n}_{f}"), &receiving, Relation::AtMost, receivable);
                sends
            }));
        }
        // Link by link the same rows tighten the relaxation: a proof for real flows then takes about two thirds of the
        // time (20 nodes under overload). Whole flows have cuts of their own and only suffer from more rows.
        for (link, &(n, m)) in network.links().iter().enumerate().filter(|_| !lmm.whole) {
            for f in 0..functions {
                let (sender, receiver) = (instance.at(n, f), instance.at(m, f));
                let (flow, load) = (model.y[link * functions + f], instance.load[sender]);
                if let Some(sends) = model.sends[sender] {
                    let name = format!("send_{n}_{m}_{f}");
                    programme.row(name, &[(flow, 1.0), (sends, -load)], Relation::AtMost, 0.0);
                }
                if let Some(sends) = model.sends[receiver] {
                    let name = format!("receive_{n}_{m}_{f}");
                    programme.row(name, &[(flow, 1.0), (sends, load)], Relation::AtMost, load);
                }
            }
        }
        for n in 0..instance.nodes {
            let used: Vec<(Var, f64)> = (0..functions)
                .map(|f| (model.replicas[instance.at(n, f)], instance.memory_requirement[f] as f64))
                .collect();
            programme.row(format!("memory_{n}"), &used, Relation::AtMost, instance.memory_capacity[n] as f64);
        }
        model.programme = programme;
        model
    }

    /// The plan at a feasible point, without the noise of the solver.
    fn plan(&self, instance: &Instance, values: &[f64], fixed: bool) -> Plan {
        let read = |vars: &[Var]| vars.iter().map(|var| values[var.index()].max(0.0)).collect::<Vec<f64>>();
        let mut plan = Plan { x: read(&self.x), y: read(&self.y), z: read(&self.z), replicas: vec![] };
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            let kept = values[self.replicas[cell].index()].round() as u64;
            let served = plan.x[cell] + plan.received(instance, n, f);
            let enough = replicas_for(served, instance.replica_capacity(n, f));
            plan.replicas.push(if fixed { kept } else { kept.min(enough) });
        }
        plan
    }

    /// The point of a plan.
    fn values(&self, instance: &Instance, plan: &Plan) -> Vec<f64> {
        let mut values = vec![0.0; self.programme.vars()];
        let flows = [(&self.x, &plan.x), (&self.y, &plan.y), (&self.z, &plan.z)];
        for (vars, loads) in flows {
            vars.iter().zip(loads).for_each(|(var, load)| values[var.index()] = *load);
        }
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            values[self.replicas[cell].index()] = plan.replicas[cell] as f64;
            if let Some(sends) = self.sends[cell] {
                values[sends.index()] = f64::from(u8::from(plan.forwarded(instance, n, f) > 0.0));
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::faults;
    use super::super::instance::tests::two_nodes;
    use super::*;

    fn optimum(lmm: &Lmm) -> Optimum {
        lmm.solve(&two_nodes()).expect("two nodes are few")
    }

    #[test]
    fn two_nodes_share_by_hand() {
        let found = optimum(&Lmm::default());
        let plan = found.plan.expect("sending all to the cloud is feasible");
        assert_eq!(faults(&two_nodes(), &plan, 1e-6), []);
        // Node 1 has one replica for 2 of its 4 requests; node 0 takes the other 2 beside its own 3.
        assert!((plan.y[1] - 2.0).abs() < 1e-6 && plan.replicas == [3, 1], "{plan:?}");
        let by_hand = 1.0 + (2.0 + 0.9 * 2.0) / 4.0;
        assert!((found.objective.expect("a plan has a value") - by_hand).abs() < 1e-9);
        assert!((found.bound.expect("proved") - by_hand).abs() < 1e-6);
    }

    #[test]
    fn fixed_replicas_and_whole_flows_cost_value() {
        let fixed = optimum(&Lmm { fixed_replicas: Some(vec![2, 1]), ..Lmm::default() });
        let plan = fixed.plan.expect("still feasible");
        assert_eq!(plan.replicas, [2, 1]);
        assert!((plan.totals().z - 1.0).abs() < 1e-6, "{plan:?}");

        let mut instance = two_nodes();
        instance.demand = vec![0.5, 0.5];
        let value = |whole| {
            let found = Lmm { whole, ..Lmm::default() }.solve(&instance).expect("small");
            found.objective.expect("feasible")
        };
        assert!(value(true) < value(false) - 0.01);
    }

    #[test]
    fn a_start_is_a_point_of_the_programme() {
        let instance = two_nodes();
        let lmm = Lmm::default();
        let plan = optimum(&lmm).plan.expect("feasible");
        let model = Model::new(&instance, &lmm);
        assert!(model.programme.violation(&model.values(&instance, &plan)) < 1e-6);
    }
}
