//! Who plans a period: the centralized optimum, the bargain, every node for itself, or nobody.
//!
//! Source: LMM and FaaS-MACrO as in `planner::fralb`; the other two are what the article's methods must be better than.
//! Differs: LMM begins at a plan of the (mended) bargain and keeps it where its counted work ends before something
//! better is found, so that every period has a plan.

use crate::planner::fralb::faas_macro::{Bargain, Coordinator, Prices, bargain};
use crate::planner::fralb::greedy::Greedy;
use crate::planner::fralb::instance::Instance;
use crate::planner::fralb::lmm::Lmm;
use crate::planner::fralb::local::{LocalModel, offer};
use crate::planner::fralb::outcome::Outcome;
use crate::planner::fralb::plan::Plan;

/// A way to plan.
#[derive(Clone, Debug)]
pub enum Method {
    Centralized(Box<Lmm>),
    Bargain(Box<Bargaining>),
    /// Every node serves what is worth most in its memory; the rest goes to the cloud.
    Local,
    /// Everything goes to the cloud.
    Cloud,
}

/// FaaS-MACrO and what is done with its result.
#[derive(Clone, Debug)]
pub struct Bargaining {
    pub options: Bargain,
    /// The plan that is best by LMM's objective instead of the one that is best by social welfare.
    pub keep_by_objective: bool,
    /// Begins each period at the prices of the last.
    pub start_from_last_prices: bool,
}

/// A plan and how it came about.
#[derive(Clone, Debug)]
pub struct Decision {
    pub plan: Plan,
    /// Rounds of a bargain; 0 for the others.
    pub rounds: usize,
    /// Percent by which the optimum may be better, where that is known.
    pub gap_percent: Option<f64>,
    /// The method failed and something simpler was taken.
    pub fell_back: bool,
    /// False once the wall clock had a say.
    pub reproducible: bool,
}

impl Decision {
    fn of(plan: Plan) -> Decision {
        Decision { plan, rounds: 0, gap_percent: None, fell_back: false, reproducible: true }
    }
}

impl Method {
    /// Whether flows are whole requests per second.
    pub fn whole(&self) -> bool {
        match self {
            Method::Centralized(lmm) => lmm.whole,
            Method::Bargain(bargaining) => bargaining.options.local.whole,
            Method::Local | Method::Cloud => false,
        }
    }

    /// Plans one period; `prices` is what the last one left.
    pub fn decide(&self, instance: &Instance, prices: &mut Option<Prices>) -> Decision {
        if instance.load.iter().all(|&load| load <= 0.0) {
            return Decision::of(Plan::empty(instance));
        }
        match self {
            Method::Centralized(lmm) => centralized(lmm, instance),
            Method::Bargain(bargaining) => bargaining.decide(instance, prices),
            Method::Local => Decision::of(every_node_for_itself(instance)),
            Method::Cloud => Decision::of(Plan { z: instance.load.clone(), ..Plan::empty(instance) }),
        }
    }
}

fn centralized(lmm: &Lmm, instance: &Instance) -> Decision {
    // Receivers of a mended bargain do not send, so its plan is a point of LMM.
    let start = mended(instance, lmm.whole).map(|outcome| outcome.by_objective.plan);
    let start = start.unwrap_or_else(|| every_node_for_itself(instance));
    let worth = start.objective(instance);
    let lmm = Lmm { start: Some(start.clone()), ..lmm.clone() };
    let Ok(found) = lmm.solve(instance) else { return Decision { fell_back: true, ..Decision::of(start) } };
    let bound = found.bound;
    let (plan, worth) = match (found.plan, found.objective) {
        (Some(plan), Some(objective)) if objective >= worth => (plan, objective),
        _ => (start, worth),
    };
    let gap_percent = bound.map(|bound| 100.0 * ((bound - worth) / worth.abs()).max(0.0));
    Decision { gap_percent, reproducible: found.reproducible, ..Decision::of(plan) }
}

impl Bargaining {
    fn decide(&self, instance: &Instance, prices: &mut Option<Prices>) -> Decision {
        let begin = prices.take().filter(|_| self.start_from_last_prices).unwrap_or_else(|| Prices::zero(instance));
        let (outcome, fell_back) = match bargain(instance, &self.options, begin) {
            Ok(outcome) => (Some(outcome), false),
            Err(_) => (mended(instance, self.options.local.whole), true),
        };
        let Some(outcome) = outcome else {
            return Decision { fell_back: true, ..Decision::of(every_node_for_itself(instance)) };
        };
        let rounds = outcome.iterations.len();
        let kept = if self.keep_by_objective { outcome.by_objective } else { outcome.by_welfare };
        *prices = Some(kept.prices);
        let reproducible = self.options.time_limit.is_none();
        Decision { rounds, fell_back, reproducible, ..Decision::of(kept.plan) }
    }
}

/// The bargain with the corrected greedy coordinator, from prices of zero.
fn mended(instance: &Instance, whole: bool) -> Option<Outcome> {
    let options = Bargain {
        local: LocalModel { whole, ..LocalModel::default() },
        coordinator: Coordinator::Greedy(Greedy { corrected: true, ..Greedy::default() }),
        ..Bargain::default()
    };
    bargain(instance, &options, Prices::zero(instance)).ok()
}

/// Local problems without anybody to offer to: what is not served is penalised like load sent to the cloud.
fn every_node_for_itself(instance: &Instance) -> Plan {
    let mut alone = instance.clone();
    alone.delta = instance.gamma.iter().map(|gamma| -gamma).collect();
    let prices = vec![0.0; instance.functions];
    let mut plan = Plan::empty(instance);
    for n in 0..instance.nodes {
        let local = offer(&alone, n, &prices, LocalModel::default(), None);
        let local = local.expect("no replica is fixed, so an empty node is a solution");
        let at = instance.at(n, 0)..instance.at(n, 0) + instance.functions;
        plan.x[at.clone()].copy_from_slice(&local.x);
        plan.z[at.clone()].copy_from_slice(&local.offered);
        plan.replicas[at].copy_from_slice(&local.replicas);
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::fralb::check::faults;
    use crate::planner::fralb::network::Network;
    use crate::solve::milp::{Backend, Options};

    /// Two linked nodes with 2 replicas' memory each, κ = 2 per second; 7 arrive at the first, 1 at the second.
    fn two() -> Instance {
        Instance {
            name: "two".into(),
            nodes: 2,
            functions: 1,
            load: vec![7.0, 1.0],
            demand: vec![0.4, 0.4],
            max_utilization: vec![0.8],
            memory_requirement: vec![256],
            memory_capacity: vec![512, 512],
            network: Network::new(2, vec![(0, 1), (1, 0)]),
            alpha: vec![1.0; 2],
            beta: vec![0.0, 0.9, 0.9, 0.0],
            gamma: vec![0.8; 2],
            delta: vec![0.9; 2],
        }
    }

    #[test]
    fn four_ways_to_serve_seven_and_one() {
        let instance = two();
        let solver = Options { backend: Backend::Microlp, gap: 1e-6, ..Options::default() };
        let bargaining =
            Bargaining { options: Bargain::default(), keep_by_objective: false, start_from_last_prices: true };
        let decide = |method: Method| {
            let decision = method.decide(&instance, &mut None);
            assert_eq!(faults(&instance, &decision.plan, 1e-9), [], "{method:?}");
            assert!(decision.reproducible && !decision.fell_back);
            decision
        };
        let best = decide(Method::Centralized(Box::new(Lmm { solver, ..Lmm::default() })));
        assert!((best.plan.y[0] - 3.0).abs() < 1e-6, "{best:?}");
        assert_eq!(best.plan.replicas, [2, 2]);
        assert!(best.gap_percent.expect("it has a bound") < 1e-3);
        let bargained = decide(Method::Bargain(Box::new(bargaining)));
        assert!(bargained.rounds >= 1 && bargained.plan.y[0] > 0.0, "{bargained:?}");
        let local = decide(Method::Local).plan;
        assert_eq!((local.x, local.z, local.replicas), (vec![4.0, 1.0], vec![3.0, 0.0], vec![2, 1]));
        assert_eq!(decide(Method::Cloud).plan.z, instance.load);
    }

    #[test]
    fn prices_are_handed_on_where_that_is_wanted() {
        let mut instance = two();
        instance.load = vec![30.0, 30.0];
        for start_from_last_prices in [false, true] {
            let bargaining =
                Bargaining { options: Bargain::default(), keep_by_objective: false, start_from_last_prices };
            let method = Method::Bargain(Box::new(bargaining));
            let high = Prices { common: vec![0.5], detailed: vec![0.5; 2] };
            let mut prices = Some(high.clone());
            method.decide(&instance, &mut prices);
            let after = prices.expect("a bargain leaves prices");
            assert_eq!(after.common[0] >= 0.5, start_from_last_prices, "{after:?}");
        }
    }

    #[test]
    fn without_load_nothing_is_kept() {
        let mut instance = two();
        instance.load = vec![0.0; 2];
        assert_eq!(Method::Local.decide(&instance, &mut None).plan, Plan::empty(&instance));
    }
}
