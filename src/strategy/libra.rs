//! LIBRA: machines for the steady part of the load, functions for the bursts and while machines boot.
//!
//! Source: Raza, Zhang, Akhtar, Isahagian, Matta: "LIBRA: an economical hybrid approach for cloud applications with strict
//! SLAs", IC2E 2021, doi 10.1109/IC2E52221.2021.00028; reference code `aliraza0337/LIBRA`, manager. The arithmetic is
//! shared with the per-second replay (`planner::libra::decision`).
//! Differs: a second's arrivals are known when it is over, not when it begins; what machines get follows those that are
//! ready (quirk Q10); the fleet keeps its minimum and maximum (Q6); the cost indifference point is on by default.

use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::engine::time::Span;
use crate::model::ids::PoolId;
use crate::model::orders::Orders;
use crate::model::request::Request;
use crate::model::view::{PriceInForce, View};
use crate::planner::libra::decision::{Forecast, PlanRule};

/// The rule for a last machine that would be only partly filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Indifference {
    /// Every started machine is taken, as in the published code.
    Off,
    /// r* from the prices in force.
    Auto,
    /// A stated r*, requests per second.
    PerSecond(f64),
}

/// Parameters, with the names of the reference code.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// Weight of the new sample in the mean (`alpha`).
    pub alpha: f64,
    /// Weight of the new sample in the deviation (`mu`).
    pub mu: f64,
    /// Deviations added to the mean (`k`, `std_multiplier`).
    pub std_multiplier: f64,
    /// Time between decisions (`no_vm_update_freq`).
    pub decide_every: Span,
    /// Part of the planned rate really sent to machines (`vm_provison_prop`).
    pub proportion: f64,
    pub indifference: Indifference,
    /// The fleet; the first that is born by order when absent.
    pub steady: Option<String>,
    /// Where the rest goes: functions, containers or spot; the first other pool when absent.
    pub burst: Option<String>,
    /// Requests a second that one machine is planned for; its slots over the mean service time when absent.
    pub rate_per_vm: Option<u64>,
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            alpha: 0.2,
            mu: 0.2,
            std_multiplier: 1.0,
            decide_every: Span::from_secs(300),
            proportion: 0.8,
            indifference: Indifference::Auto,
            steady: None,
            burst: None,
            rate_per_vm: None,
        }
    }
}

const SECOND: Span = Span::from_secs(1);

/// What it remembers between two looks.
#[derive(Debug)]
pub struct Libra {
    parameters: Parameters,
    forecast: Forecast,
    rule: PlanRule,
    pools: Option<(PoolId, PoolId)>,
    seconds: u64,
    arrived: u64,
    planned: u64,
    /// Requests that machines get in this second, and how many it has seen.
    provision_for: u64,
    seen: u64,
}

impl Libra {
    pub fn new(parameters: Parameters) -> Libra {
        Libra {
            forecast: Forecast::new(parameters.alpha, parameters.mu),
            rule: PlanRule { per_vm: 1, std_multiplier: 1.0, proportion: 1.0, indifference_per_s: None },
            parameters,
            pools: None,
            seconds: 0,
            arrived: 0,
            planned: 0,
            provision_for: 0,
            seen: 0,
        }
    }

    /// Finds the two pools and what a machine is good for.
    fn start(&mut self, view: &View<'_>, orders: &mut Orders) {
        let named = |name: &Option<String>| name.as_ref().and_then(|name| view.pool_named(name));
        let steady = named(&self.parameters.steady).or_else(|| view.pools().find(|&pool| view.is_fleet(pool)));
        let Some(steady) = steady else { return };
        let burst = named(&self.parameters.burst).or_else(|| {
            let demand_born = view.pools().find(|&pool| !view.is_fleet(pool));
            demand_born.or_else(|| view.pools().find(|&pool| pool != steady))
        });
        let Some(burst) = burst else { return };
        self.pools = Some((steady, burst));
        let (machine_rate, rate_exact) = self.machine_rate(view, steady);
        let indifference_per_s = match self.parameters.indifference {
            Indifference::Off => None,
            Indifference::PerSecond(rate) => Some(rate),
            Indifference::Auto => indifference_in_force(view, steady, burst, rate_exact),
        };
        self.rule = PlanRule {
            per_vm: machine_rate,
            std_multiplier: self.parameters.std_multiplier,
            proportion: self.parameters.proportion,
            indifference_per_s,
        };
        orders.note(view.name(steady), "rate_per_vm", machine_rate as f64);
        if let Some(rate) = indifference_per_s {
            orders.note(view.name(steady), "indifference_per_s", rate);
        }
    }

    /// Requests a second of one machine: whole ones for the plan, at least one; and the exact rate of one request in service.
    fn machine_rate(&self, view: &View<'_>, steady: PoolId) -> (u64, f64) {
        let mean_work = mean_work_served(view, steady);
        let service = mean_work * view.seconds_per_work(steady);
        let by_slots = (f64::from(view.slots(steady)) / service) as u64;
        (self.parameters.rate_per_vm.unwrap_or(by_slots).max(1), service)
    }

    /// What machines may get: as planned, but no more than those that are ready were planned for.
    fn follow_ready_machines(&mut self, view: &View<'_>, steady: PoolId) {
        let ready = u64::from(view.ready(steady)) * self.rule.per_vm;
        let able = (ready as f64 * self.rule.proportion) as u64;
        self.provision_for = self.planned.min(able);
        self.seen = 0;
    }
}

/// Mean work over the functions that a pool serves, each weighing the same.
fn mean_work_served(view: &View<'_>, pool: PoolId) -> f64 {
    let works: Vec<f64> = view.functions().filter(|&f| view.serves(pool, f)).map(|f| view.mean_work(f)).collect();
    works.iter().sum::<f64>() / works.len().max(1) as f64
}

/// r*: the rate at which one machine costs what the burst side would for the same requests (spec of LIBRA, 1.10).
fn indifference_in_force(view: &View<'_>, steady: PoolId, burst: PoolId, _service_s: f64) -> Option<f64> {
    let PriceInForce::Held(machine) = view.price(steady) else { return None };
    let service_s = mean_work_served(view, burst) * view.seconds_per_work(burst);
    let machine_pico_per_s = machine.0 as f64 / 3600.0;
    let request_pico = match view.price(burst) {
        PriceInForce::PerUse { price, memory_mib } => {
            price.per_request as f64 + f64::from(memory_mib) / 1024.0 * service_s * price.per_gib_s as f64
        }
        // A slot of another kind of instance, for the time of one request.
        PriceInForce::Held(other) => other.0 as f64 / 3600.0 * service_s / f64::from(view.slots(burst)),
    };
    (request_pico > 0.0).then(|| machine_pico_per_s / request_pico)
}

impl Strategy for Libra {
    fn period(&self) -> Option<Span> {
        Some(SECOND)
    }

    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders) {
        if why == Occasion::Start {
            self.start(view, orders);
            if let Some((steady, _)) = self.pools {
                orders.scale(steady, view.size(steady), "initial fleet");
            }
            return;
        }
        let Some((steady, _)) = self.pools else { return };
        let total: u64 = view.functions().filter(|&f| view.serves(steady, f)).map(|f| view.arrived_exact(f)).sum();
        let arrivals = total - self.arrived;
        self.arrived = total;
        self.forecast.observe(arrivals as f64);
        let decision_seconds = (self.parameters.decide_every.as_nanos() / SECOND.as_nanos()).max(1);
        if self.seconds.is_multiple_of(decision_seconds) {
            let plan = self.rule.plan(&self.forecast);
            self.planned = plan.provision_for;
            let vms = u32::try_from(plan.vms).unwrap_or(u32::MAX).min(view.max_size(steady));
            orders.note(view.name(steady), "mean_per_s", self.forecast.mean());
            orders.note(view.name(steady), "deviation_per_s", self.forecast.deviation());
            orders.note(view.name(steady), "share_per_s", plan.share as f64);
            orders.note(view.name(steady), "provision_for_per_s", plan.provision_for as f64);
            if vms != view.size(steady) {
                orders.scale(
                    steady,
                    vms,
                    format!("{} requests/s are steady, {} a machine", plan.share, self.rule.per_vm),
                );
            }
        }
        self.seconds += 1;
        self.follow_ready_machines(view, steady);
    }

    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        let Some((steady, burst)) = self.pools else { return view.default_route(request) };
        if view.node_of(steady) != request.node || !view.serves(steady, request.function) {
            return view.default_route_among(request, |pool| pool == steady || pool == burst);
        }
        self.seen += 1;
        Route::Pool(if self.seen <= self.provision_for { steady } else { burst })
    }
}
