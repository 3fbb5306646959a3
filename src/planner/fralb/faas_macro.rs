//! Nodes and a coordinator that bargain: each node plans for itself at the coordinator's prices, the coordinator
//! matches what they offer with what others can take, prices rise where offers outrun capacity, and so on until a
//! rule says stop.
//!
//! Source: FaaS-MACrO (Filippini, Lujak, Ciavotta, JSA 2026, 103787) and its release 25.11.22, one control period.
//! Differs, beyond the options: detailed prices are honoured in parallel too and kept apart from π (B9), the best
//! centralized value starts at −∞ (B21), residual memories are copied (B23), and time is measured only for a limit.

use super::coordinator::{CoordinatorError, CoordinatorMilp};
use super::greedy::{Agreement, Greedy, Offers, coordinate};
use super::instance::Instance;
use super::local::{LocalError, LocalModel, LocalPlan, offer, settle};
use super::outcome::{Iteration, Kept, Outcome};
use super::plan::Plan;
use super::stopping::{Memory, Reason};
use rayon::prelude::*;
use std::time::Instant;

/// What counts as welfare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Welfare {
    /// Local objectives plus γ times what was offered in vain, as released.
    #[default]
    Release,
    /// Local objectives only, as on the main branch of June 2026.
    Head,
    /// As released, but the penalty per arriving request like every other term (A3 mended).
    Normalised,
}

/// Who matches offers with capacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coordinator {
    Greedy(Greedy),
    Milp(CoordinatorMilp),
}

/// Parameters of the method.
#[derive(Clone, Debug, PartialEq)]
pub struct Bargain {
    pub local: LocalModel,
    pub welfare: Welfare,
    pub coordinator: Coordinator,
    pub max_iterations: usize,
    /// Length of the windows that the stopping rules look at.
    pub patience: usize,
    /// τ
    pub tolerance: f64,
    /// Seconds for the period, counted as if all nodes worked at once; with a limit the result is not reproducible.
    pub time_limit: Option<f64>,
    /// Full nodes are no longer offered to.
    pub update_neighborhood: bool,
    /// A price for each node and function.
    pub detailed_prices: bool,
    /// Replicas imposed on the first local problem, node-major.
    pub fixed_replicas: Option<Vec<u64>>,
    /// Threads for the local problems; 0 or 1 for none. The result does not depend on it.
    pub workers: usize,
}

impl Bargain {
    /// Whether no limit of wall-clock time has a say: neither of the period nor of the coordinator's searches.
    pub fn is_reproducible(&self) -> bool {
        let coordinator = match &self.coordinator {
            Coordinator::Greedy(_) => None,
            Coordinator::Milp(milp) => milp.time_limit,
        };
        self.time_limit.is_none() && coordinator.is_none()
    }
}

impl Default for Bargain {
    fn default() -> Bargain {
        Bargain {
            local: LocalModel::default(),
            welfare: Welfare::Release,
            coordinator: Coordinator::Greedy(Greedy::default()),
            max_iterations: 100,
            patience: 10,
            tolerance: 1e-3,
            time_limit: None,
            update_neighborhood: false,
            detailed_prices: false,
            fixed_replicas: None,
            workers: 1,
        }
    }
}

/// π and, with detailed prices, π̂ node-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    pub common: Vec<f64>,
    pub detailed: Vec<f64>,
}

impl Prices {
    pub fn zero(instance: &Instance) -> Prices {
        Prices { common: vec![0.0; instance.functions], detailed: vec![0.0; instance.nodes * instance.functions] }
    }
}

/// Why a period has no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BargainError {
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error(transparent)]
    Coordinator(#[from] CoordinatorError),
    #[error("whole flows need whole loads: node {node}, function {function} has {load}")]
    Fraction { node: usize, function: usize, load: f64 },
}

/// Bargains over one period, beginning at `prices`.
///
/// # Errors
/// Fixed replicas that cannot be kept, a coordinator without an answer, fractional loads with whole flows.
pub fn bargain(instance: &Instance, options: &Bargain, prices: Prices) -> Result<Outcome, BargainError> {
    if options.local.whole {
        for (node, function) in instance.cells() {
            let load = instance.load[instance.at(node, function)];
            if load.fract() != 0.0 {
                return Err(BargainError::Fraction { node, function, load });
            }
        }
    }
    if options.workers > 1
        && let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(options.workers).build()
    {
        return pool.install(|| Table { instance, options, parallel: true }.run(prices));
    }
    Table { instance, options, parallel: false }.run(prices)
}

struct Table<'a> {
    instance: &'a Instance,
    options: &'a Bargain,
    parallel: bool,
}

impl Table<'_> {
    fn run(&self, mut prices: Prices) -> Result<Outcome, BargainError> {
        let (instance, options) = (self.instance, self.options);
        let mut memory = Memory::new(options.max_iterations, options.patience, options.tolerance, options.time_limit);
        let (mut best_welfare, mut lowest_bound) = (f64::INFINITY, f64::INFINITY);
        let mut iterations: Vec<Iteration> = Vec::new();
        let mut kept: Option<(Kept, Kept)> = None;
        let mut runtime = 0.0;
        loop {
            let k = iterations.len();
            let step = memory.step;
            let round = self.round(&prices)?;
            let local_objective: f64 = round.local.iter().map(|plan| plan.objective).sum();
            let lower_bound = local_objective - prices.common.iter().sum::<f64>();
            lowest_bound = f64::min(lowest_bound, lower_bound);
            let improved_welfare = round.welfare < best_welfare;
            best_welfare = best_welfare.min(round.welfare);
            let gap = ((round.welfare - local_objective) / local_objective).abs();
            let centralized = round.merged.objective(instance);
            let improved_centralized = kept.as_ref().is_none_or(|(_, best)| centralized > best.objective);
            memory.record_round(&round.deviation, best_welfare, gap);
            if improved_welfare {
                memory.record_improvement(best_welfare);
            }
            let totals = round.merged.totals();
            let keep = Kept {
                iteration: k,
                objective: centralized,
                plan: round.merged,
                coordinator: round.agreement.plan,
                prices: prices.clone(),
            };
            kept = Some(match kept {
                None => (keep.clone(), keep),
                Some((welfare, objective)) => (
                    if improved_welfare { keep.clone() } else { welfare },
                    if improved_centralized { keep } else { objective },
                ),
            });

            runtime += round.runtimes.iter().sum::<f64>();
            let mut reason = None;
            let mut next_prices = None;
            if round.deviation.iter().all(|&dev| dev < 0.0) {
                reason = Some(Reason::SpareCapacity);
            } else if best_welfare < lowest_bound && lowest_bound - best_welfare >= 1e-6 {
                reason = Some(Reason::BoundViolated);
            } else {
                let length = step * (best_welfare - lowest_bound);
                raise(&mut prices.common, &round.deviation, length);
                if options.detailed_prices {
                    raise(&mut prices.detailed, &round.unanswered, length);
                }
                memory.record_prices(&prices.common);
                next_prices = Some(prices.common.clone());
                let open = round.unanswered.iter().fold(0.0, |most: f64, &rest| most.max(rest.abs()));
                reason = reason.or(memory.verdict(k, open, runtime));
            }
            iterations.push(Iteration {
                k,
                step,
                local_objective,
                coordinator_objective: round.agreement.objective,
                deviation: round.deviation,
                spare: round.spare,
                offered: round.offered,
                accepted: round.accepted,
                lower_bound,
                lowest_bound,
                welfare: round.welfare,
                best_welfare,
                gap,
                centralized,
                next_prices,
                improved_welfare,
                improved_centralized,
                totals,
                reason,
                runtimes: round.runtimes,
            });
            if let Some(reason) = reason {
                let (by_welfare, by_objective) = kept.expect("the first round keeps its plan");
                return Ok(Outcome { iterations, reason, by_welfare, by_objective });
            }
        }
    }

    /// One exchange: local plans, coordination, local plans again.
    fn round(&self, prices: &Prices) -> Result<Round, BargainError> {
        let (instance, options) = (self.instance, self.options);
        let functions = instance.functions;
        let (local, local_time) = self.at_every_node(|n| {
            let at = n * functions..(n + 1) * functions;
            let prices = if options.detailed_prices { &prices.detailed[at.clone()] } else { &prices.common };
            let fixed = options.fixed_replicas.as_ref().map(|fixed| &fixed[at]);
            offer(instance, n, prices, options.local, fixed)
        })?;
        let offers = Offers {
            x: local.iter().flat_map(|plan| plan.x.iter().copied()).collect(),
            offered: local.iter().flat_map(|plan| plan.offered.iter().copied()).collect(),
            replicas: local.iter().flat_map(|plan| plan.replicas.iter().copied()).collect(),
            residual: local.iter().map(|plan| plan.residual).collect(),
        };
        let closed: Vec<bool> =
            offers.residual.iter().map(|&residual| options.update_neighborhood && residual == 0).collect();
        let begun = Instant::now();
        let agreement = match options.coordinator {
            Coordinator::Greedy(greedy) => coordinate(instance, &offers, greedy, &closed, options.local.whole),
            Coordinator::Milp(milp) => milp.coordinate(instance, &offers, &closed, options.local.whole)?,
        };
        let coordinator_time = begun.elapsed().as_secs_f64();

        let flows =
            |of: &dyn Fn(usize, usize) -> f64| -> Vec<f64> { instance.cells().map(|(n, f)| of(n, f)).collect() };
        let outgoing = flows(&|n, f| agreement.plan.forwarded(instance, n, f));
        let incoming = flows(&|n, f| agreement.plan.received(instance, n, f));
        let (settled, settle_time) = self.at_every_node(|n| {
            let at = n * functions..(n + 1) * functions;
            settle(instance, n, &incoming[at.clone()], &outgoing[at], options.local)
        })?;

        let mut spare = vec![0.0; functions];
        let mut offered = vec![0.0; functions];
        let mut accepted = vec![0.0; functions];
        let mut welfare: f64 = settled.iter().map(|plan| plan.objective).sum();
        let mut unanswered = vec![0.0; offers.offered.len()];
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            spare[f] += instance.replica_capacity(n, f) * agreement.plan.replicas[cell] as f64 - offers.x[cell];
            offered[f] += offers.offered[cell];
            accepted[f] += outgoing[cell];
            unanswered[cell] = offers.offered[cell] - outgoing[cell];
            let penalty = instance.gamma[cell] * unanswered[cell].max(0.0);
            welfare += match options.welfare {
                Welfare::Release => penalty,
                Welfare::Normalised if instance.load[cell] > 0.0 => penalty / instance.load[cell],
                Welfare::Normalised | Welfare::Head => 0.0,
            };
        }
        let x: Vec<f64> = settled.iter().flat_map(|plan| plan.x.iter().copied()).collect();
        let z = x.iter().zip(&outgoing).zip(&instance.load).map(|((x, sent), load)| load - x - sent).collect();
        let replicas = settled.iter().flat_map(|plan| plan.replicas.iter().copied()).collect();
        let merged = Plan { x, y: agreement.plan.y.clone(), z, replicas };
        Ok(Round {
            deviation: offered.iter().zip(&spare).map(|(offered, spare)| offered - spare).collect(),
            local,
            agreement,
            spare,
            offered,
            accepted,
            unanswered,
            welfare,
            merged,
            runtimes: [local_time, coordinator_time, settle_time],
        })
    }

    /// Solves every node's problem, in order or side by side with the same results, and the mean seconds of one.
    fn at_every_node(
        &self,
        solve: impl Fn(usize) -> Result<LocalPlan, LocalError> + Sync,
    ) -> Result<(Vec<LocalPlan>, f64), LocalError> {
        let nodes = self.instance.nodes;
        if self.parallel {
            let timed = |n| {
                let begun = Instant::now();
                solve(n).map(|plan| (plan, begun.elapsed().as_secs_f64()))
            };
            let answers: Result<Vec<_>, _> = (0..nodes).into_par_iter().map(timed).collect();
            let (plans, times): (Vec<_>, Vec<f64>) = answers?.into_iter().unzip();
            return Ok((plans, times.iter().sum::<f64>() / nodes as f64));
        }
        let begun = Instant::now();
        let plans: Result<Vec<_>, _> = (0..nodes).map(solve).collect();
        Ok((plans?, begun.elapsed().as_secs_f64() / nodes as f64))
    }
}

struct Round {
    local: Vec<LocalPlan>,
    agreement: Agreement,
    deviation: Vec<f64>,
    spare: Vec<f64>,
    offered: Vec<f64>,
    accepted: Vec<f64>,
    /// ω − ν per cell.
    unanswered: Vec<f64>,
    welfare: f64,
    merged: Plan,
    runtimes: [f64; 3],
}

/// A subgradient step: prices move along the deviation, never below zero.
fn raise(prices: &mut [f64], deviation: &[f64], length: f64) {
    let square: f64 = deviation.iter().map(|dev| dev * dev).sum();
    if square > 0.0 {
        for (price, dev) in prices.iter_mut().zip(deviation).filter(|(_, dev)| **dev != 0.0) {
            *price = (*price + length * dev / square).max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::faults;
    use super::super::instance::tests::two_nodes;
    use super::*;

    #[test]
    fn with_room_at_the_neighbour_the_offer_is_taken_at_once() {
        let instance = two_nodes();
        let outcome = bargain(&instance, &Bargain::default(), Prices::zero(&instance)).expect("nothing is fixed");
        assert_eq!(outcome.by_welfare.plan.y, [0.0, 2.0]);
        assert_eq!(outcome.by_welfare.plan.replicas, [3, 1]);
        assert_eq!(faults(&instance, &outcome.by_welfare.plan, 1e-9), []);
        assert!(outcome.termination().contains("(it: 0; obj. deviation: "), "{}", outcome.termination());
        // All that is offered has found a place, yet the deviation is not negative: r_c κ − x = 1 + 2 − 2 < 2.
        assert!((outcome.by_welfare.objective - (1.0 + (2.0 + 0.9 * 2.0) / 4.0)).abs() < 1e-12);
    }

    #[test]
    fn parallel_local_problems_give_the_same_iterations() {
        let mut instance = two_nodes();
        instance.load = vec![12.0, 9.0];
        for detailed_prices in [false, true] {
            let run = |workers| {
                let options = Bargain { workers, detailed_prices, ..Bargain::default() };
                let mut outcome = bargain(&instance, &options, Prices::zero(&instance)).expect("nothing is fixed");
                outcome.iterations.iter_mut().for_each(|iteration| iteration.runtimes = [0.0; 3]);
                outcome
            };
            assert_eq!(run(1), run(3));
            assert!(run(1).iterations.len() > 1);
        }
    }

    #[test]
    fn whole_flows_refuse_fractional_loads() {
        let mut instance = two_nodes();
        instance.load[1] = 1.5;
        let options = Bargain { local: LocalModel { whole: true, ..LocalModel::default() }, ..Bargain::default() };
        let error = bargain(&instance, &options, Prices::zero(&instance));
        assert_eq!(error, Err(BargainError::Fraction { node: 1, function: 0, load: 1.5 }));
    }
}
