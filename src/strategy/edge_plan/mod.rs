//! Replicas on edge nodes and shares of requests between them, planned anew in each control period: from the loads of
//! the last one come replicas under every node's memory, and for every node and function how much it serves itself,
//! sends to which neighbour, and sends to the cloud.
//!
//! Source: Filippini, Lujak, Ciavotta, JSA 2026, 103787, doi 10.1016/j.sysarc.2026.103787: LMM (`lmm`) and FaaS-MACrO
//! (`faas-macro`), which are published as planners without requests; section numbers of rewards as in `planner::fralb`.
//! Differs: periods are tied by what a plan cannot undo at once: new replicas start cold, surplus ones finish what they have
//! and keep their memory until then, deciding may take time. A request that was sent to a neighbour whose replicas have
//! gone meanwhile is sent on to the cloud, where the model knows no request under way.

pub mod layout;
pub mod loads;
pub mod method;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use self::layout::Layout;
use self::loads::{LoadRule, Loads};
use self::method::{Decision, Method};
use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::model::ids::{FunctionId, NodeId, PoolId};
use crate::model::monitor::{Metric, Statistic};
use crate::model::orders::Orders;
use crate::model::request::Request;
use crate::model::routing::{By, ShareRule};
use crate::model::view::View;
use crate::planner::fralb::faas_macro::Prices;
use crate::planner::fralb::instance::Instance;
use crate::planner::fralb::network::Network;
use crate::planner::fralb::plan::Plan;

/// How soon fleets with more replicas than planned are looked at again.
const LOOK_AGAIN: Span = Span::from_secs(1);
/// Shares below this part of a cell's load are a solver's noise.
const NOISE: f64 = 1e-6;

/// What a scenario says of a strategy that plans the edge.
#[derive(Clone, Debug)]
pub struct Parameters {
    pub method: Method,
    /// The control period.
    pub decide_every: Span,
    /// From looking to orders.
    pub decision_delay: Span,
    /// The same again for every round of a bargain.
    pub round_delay: Span,
    pub load: LoadRule,
    pub headroom: f64,
    /// Requests per second, by node and function: for the first plan, or for all of them.
    pub expected: BTreeMap<(String, String), f64>,
    pub by: By,
    /// U
    pub max_utilization: f64,
    /// α, β, γ, δ of all nodes and functions.
    pub rewards: Rewards,
    /// Pools that hold replicas; every one that can when empty.
    pub pools: Vec<String>,
}

/// What a request is worth by where it is served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rewards {
    /// α: where it arrived.
    pub local: f64,
    /// β: at a neighbour.
    pub neighbour: f64,
    /// γ: the penalty of the cloud.
    pub cloud_penalty: f64,
    /// δ: what a node believes that offering is worth.
    pub offer: f64,
}

/// The strategy.
#[derive(Debug)]
pub struct EdgePlan {
    parameters: Parameters,
    at_work: Option<AtWork>,
}

/// What it knows once it has seen the world.
#[derive(Debug)]
struct AtWork {
    layout: Layout,
    /// The model of the edge; its load is that of the period under way.
    instance: Instance,
    loads: Loads,
    prices: Option<Prices>,
    /// The replicas of the plan in force, by cell.
    planned: Vec<u32>,
    /// It has asked to be woken for surplus replicas.
    wakes: bool,
    /// The tables in force, by cell.
    tables: Vec<Option<ShareRule>>,
    /// Of every function of the world, its pool at the cloud.
    cloud_pools: Vec<Option<PoolId>>,
    looked: Instant,
}

impl EdgePlan {
    pub fn new(parameters: Parameters) -> EdgePlan {
        EdgePlan { parameters, at_work: None }
    }

    /// Finds the edge, and who serves at the cloud; fleets there are not kept.
    fn begin(&mut self, view: &View<'_>, orders: &mut Orders) {
        let pools: Vec<_> = view.pools().map(|pool| view.spec(pool)).collect();
        let functions: Vec<&str> = view.functions().map(|function| view.function_name(function)).collect();
        let Ok(layout) = Layout::find(&pools, view.places(), &functions, &self.parameters.pools) else {
            unreachable!("the catalogue refuses scenarios without a layout")
        };
        let cloud_pool = |function: FunctionId| {
            let serves = |&pool: &PoolId| view.node_of(pool) == layout.cloud && view.serves(pool, function);
            view.pools().filter(serves).min_by_key(|&pool| view.is_fleet(pool))
        };
        let cloud_pools: Vec<Option<PoolId>> = view.functions().map(cloud_pool).collect();
        for pool in view.pools().filter(|&pool| view.is_fleet(pool)) {
            let used = layout.fleets.contains(&pool) || cloud_pools.contains(&Some(pool));
            // An order of the size that it has keeps a scaling group away.
            let (size, reason) = if used {
                (view.size(pool), "as it is until a plan says otherwise")
            } else {
                (0, "not part of the plan")
            };
            orders.scale(pool, size, reason);
        }
        let instance = self.model(view, &layout);
        let cells = layout.fleets.len();
        self.at_work = Some(AtWork {
            loads: Loads::new(self.parameters.load, self.parameters.headroom, cells),
            planned: layout.fleets.iter().map(|&pool| view.size(pool)).collect(),
            wakes: false,
            tables: vec![None; cells],
            prices: None,
            looked: view.now(),
            cloud_pools,
            instance,
            layout,
        });
    }

    /// The edge in the planner's terms, without load.
    fn model(&self, view: &View<'_>, layout: &Layout) -> Instance {
        let (nodes, functions) = (layout.nodes.len(), layout.functions.len());
        let cells = nodes * functions;
        let mut links = Vec::new();
        for (n, &from) in layout.nodes.iter().enumerate() {
            for (m, &to) in layout.nodes.iter().enumerate() {
                if view.linked(from, to) {
                    links.push((n, m));
                }
            }
        }
        let demand = |(cell, &pool): (usize, &PoolId)| {
            let function = layout.functions[cell % functions];
            view.mean_work(function) * view.seconds_per_work(pool) / f64::from(view.slots(pool))
        };
        let rewards = self.parameters.rewards;
        Instance {
            name: "edge".into(),
            nodes,
            functions,
            load: vec![0.0; cells],
            demand: layout.fleets.iter().enumerate().map(demand).collect(),
            max_utilization: vec![self.parameters.max_utilization; functions],
            memory_requirement: layout.replica_mib.clone(),
            memory_capacity: layout.node_mib.clone(),
            network: Network::new(nodes, links),
            alpha: vec![rewards.local; cells],
            beta: vec![rewards.neighbour; cells * nodes],
            gamma: vec![rewards.cloud_penalty; cells],
            delta: vec![rewards.offer; cells],
        }
    }

    /// The loads to plan for, or nothing where none are known yet.
    fn loads(&mut self, why: Occasion, view: &View<'_>) -> Option<Vec<f64>> {
        let at_work = self.at_work.as_mut()?;
        let layout = &at_work.layout;
        let cells = layout.nodes.iter().flat_map(|&n| layout.functions.iter().map(move |&f| (n, f)));
        let mut loads: Vec<f64> = if why == Occasion::Start {
            if self.parameters.expected.is_empty() {
                return None;
            }
            let stated = |(node, function): (NodeId, FunctionId)| {
                let place: &str = &view.places()[node.index()].name;
                let key = (place.to_owned(), view.function_name(function).to_owned());
                self.parameters.expected.get(&key).copied().unwrap_or(0.0)
            };
            cells.map(stated).collect()
        } else {
            let counts = cells.map(|(node, function)| view.asked_exact(node, function)).collect();
            at_work.loads.next(counts, view.now().since(at_work.looked))
        };
        if self.parameters.method.whole() {
            loads.iter_mut().for_each(|load| *load = load.ceil());
        }
        Some(loads)
    }
}

impl AtWork {
    /// Orders the replicas of the plan in force: first who shrinks, so that memory is free, then who grows. Surplus
    /// replicas finish what they have and leave the line to those that stay. Where none is to stay, as many as the line
    /// is long do, until it is served; the fleet is looked at again soon. One that has a line and no replica gets one
    /// before others grow.
    fn size_fleets(&mut self, view: &View<'_>, orders: &mut Orders) {
        let mut changes: Vec<(usize, PoolId, u32, bool)> = Vec::new();
        let mut surplus = false;
        for (&pool, &planned) in self.layout.fleets.iter().zip(&self.planned) {
            let (size, line) = (view.size(pool), view.waiting_exact(pool));
            let want = if planned > 0 || line == 0 { planned } else { size.min(line).max(1) };
            surplus |= want > planned;
            match want.cmp(&size) {
                Ordering::Less => changes.push((0, pool, want, want > planned)),
                Ordering::Equal => {}
                Ordering::Greater => changes.push((if want > planned { 1 } else { 2 }, pool, want, want > planned)),
            }
        }
        changes.sort_by_key(|&(turn, pool, ..)| (turn, pool));
        for (_, pool, want, for_line) in changes {
            let reason = if for_line { "not in the plan, but requests wait here" } else { "as planned" };
            orders.scale(pool, want, reason);
        }
        if surplus && !self.wakes {
            self.wakes = true;
            orders.wake(LOOK_AGAIN);
        }
    }

    /// Orders the shares of a plan.
    fn share_out(&mut self, plan: &Plan, by: By, orders: &mut Orders) {
        let instance = &self.instance;
        for (n, f) in instance.cells() {
            let cell = instance.at(n, f);
            let mut targets = vec![(Route::Pool(self.layout.fleets[cell]), plan.x[cell])];
            for link in instance.network.out_of(n) {
                let receiver = instance.network.links()[link].1;
                let fleet = self.layout.fleets[instance.at(receiver, f)];
                targets.push((Route::Pool(fleet), plan.y[link * instance.functions + f]));
            }
            targets.retain(|&(_, load)| load > NOISE * instance.load[cell]);
            if plan.z[cell] > NOISE * instance.load[cell] || targets.is_empty() {
                let weight = if targets.is_empty() { 1.0 } else { plan.z[cell] };
                targets.push((Route::Node(self.layout.cloud), weight));
            }
            let rule = ShareRule::Weights { targets, by };
            // A table that stays keeps what its targets are behind.
            if self.tables[cell].as_ref() != Some(&rule) {
                let sent = plan.forwarded(instance, n, f);
                let reason = format!(
                    "of {:.3} requests/s {:.3} here, {sent:.3} to neighbours, {:.3} to the cloud",
                    instance.load[cell], plan.x[cell], plan.z[cell]
                );
                let (node, function) = (self.layout.nodes[n], self.layout.functions[f]);
                orders.share(node, function, false, rule.clone(), reason);
                self.tables[cell] = Some(rule);
            }
        }
    }

    /// Percent of the fleets with replicas that were busier than planned when the monitor last looked.
    fn busier_than_planned(&self, max_utilization: f64, view: &View<'_>) -> Option<f64> {
        let busy = |&pool: &PoolId| view.metric(pool, Metric::CpuUtilization, Statistic::Average, 1);
        let seen: Vec<f64> = self.layout.fleets.iter().filter_map(busy).collect();
        let above = seen.iter().filter(|&&percent| percent > 100.0 * max_utilization).count();
        (!seen.is_empty()).then(|| 100.0 * above as f64 / seen.len() as f64)
    }
}

/// The figures of a decision, for `notes.csv`.
fn leave_notes(decision: &Decision, instance: &Instance, orders: &mut Orders) {
    orders.note("", "planned_objective", decision.plan.objective(instance));
    orders.note("", "planned_load_per_s", instance.load.iter().sum());
    orders.note("", "planned_cloud_percent", decision.plan.rejected_percent());
    orders.note("", "planned_replicas", decision.plan.totals().replicas as f64);
    if decision.rounds > 0 {
        orders.note("", "rounds", decision.rounds as f64);
    }
    if let Some(gap) = decision.gap_percent {
        orders.note("", "gap_percent", gap);
    }
    if decision.fell_back {
        orders.note("", "fell_back", 1.0);
    }
    if !decision.reproducible {
        orders.note("", "wall_clock_had_a_say", 1.0);
    }
}

impl Strategy for EdgePlan {
    fn looks_back(&self) -> Span {
        // One period of the monitor, however long.
        Span::from_nanos(1)
    }

    fn period(&self) -> Option<Span> {
        // Loads that are stated do not change, nor do plans for them.
        (self.parameters.load != LoadRule::Expected).then_some(self.parameters.decide_every)
    }

    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders) {
        match why {
            Occasion::Start => self.begin(view, orders),
            Occasion::Woken => {
                if let Some(at_work) = &mut self.at_work {
                    at_work.wakes = false;
                    at_work.size_fleets(view, orders);
                }
                return;
            }
            Occasion::Period => {}
        }
        let loads = self.loads(why, view);
        let (Some(loads), Some(at_work)) = (loads, self.at_work.as_mut()) else { return };
        let parameters = &self.parameters;
        at_work.looked = view.now();
        at_work.instance.load = loads;
        let decision = parameters.method.decide(&at_work.instance, &mut at_work.prices);
        leave_notes(&decision, &at_work.instance, orders);
        if let Some(percent) = at_work.busier_than_planned(parameters.max_utilization, view) {
            orders.note("", "fleets_above_max_utilisation_percent", percent);
        }
        // The first plan was made before the start.
        if why != Occasion::Start {
            orders.after(parameters.decision_delay + parameters.round_delay * decision.rounds as u64);
        }
        let replicas = decision.plan.replicas.iter();
        at_work.planned = replicas.map(|&count| u32::try_from(count).unwrap_or(u32::MAX)).collect();
        at_work.size_fleets(view, orders);
        at_work.share_out(&decision.plan, parameters.by, orders);
    }

    /// Who has no table: requests that were forwarded, those before the first plan, and those of the cloud itself.
    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        let Some(at_work) = &self.at_work else { return view.default_route(request) };
        let layout = &at_work.layout;
        if request.node == layout.cloud {
            let pool = at_work.cloud_pools[request.function.index()];
            return pool.map_or_else(|| view.default_route(request), Route::Pool);
        }
        match layout.cell(request.node, request.function).map(|cell| layout.fleets[cell]) {
            Some(fleet) if view.size(fleet) > 0 => Route::Pool(fleet),
            _ => Route::Node(layout.cloud),
        }
    }
}

#[cfg(test)]
mod tests;
