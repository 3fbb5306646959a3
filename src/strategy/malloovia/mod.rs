//! Malloovia: machines reserved for long after a plan of the whole period, and in every slot of it the cheapest machines that
//! serve the load foretold for the slot.
//!
//! Source: Entrialgo, Diaz, Garcia, Garcia, Garcia: "Cost Minimization of Virtual Machine Allocation in Public Clouds
//! Considering Multiple Applications", GECON 2017, doi 10.1007/978-3-319-68066-8_12; specification, sections 3, 4 and 10.
//! The programmes are those of `planner::malloovia`.
//! Differs: the publication stops at the plan, which takes load for fluid and machines for ready at once. Here machines boot,
//! so a slot is decided ahead of its beginning; it may be foretold by what was seen instead of by an oracle; and loads may be
//! planned with head-room. A reservation is a cover of the tariff, so a machine that moves from one application to
//! another is a machine that leaves and one that boots. Which machine leaves first is a matter of the fleet.

mod dispatch;
mod forecast;
mod foresight;
mod plant;

pub use dispatch::Manner;
pub use forecast::Predictor;
pub use foresight::Foresight;
pub use plant::{Amount, Fleet, Kind, Offer, Plant, Unplannable};

use std::sync::Arc;

use self::dispatch::Dispatch;
use self::forecast::Forecast;
use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::model::orders::{Order, Orders};
use crate::model::request::Request;
use crate::model::view::View;
use crate::planner::malloovia::{PhaseOne, PlanError, PlanOptions, SlotPlanner, Status, phase_one};

/// The largest Phase I that is solved inside a run; loads are rounded more coarsely until it fits.
const VARIABLES_MAX: usize = 20_000;

/// Parameters, checked.
pub struct Parameters {
    /// Length of a slot of the plan.
    pub slot: Span,
    pub predictor: Predictor,
    /// How long before its beginning a slot is decided and its machines are started; shorter than a slot.
    pub lead: Span,
    /// Machines are planned for the load over this (h in the specification); 1 plans none to spare.
    pub headroom: f64,
    pub manner: Manner,
    /// Phase I rounds loads up to multiples of so many quanta.
    pub quantise: u32,
    /// Of both phases.
    pub gap: f64,
    /// Branch-and-bound nodes of each solve: counted work, the same on every machine.
    pub max_nodes: u64,
    /// The long-term prediction, requests in each slot, `[slot][function]`; what the sources will bring when empty.
    pub expected: Vec<Vec<f64>>,
    /// Calls of each function that a root of each function leads to, itself included: `[root][called]`.
    pub calls: Vec<Vec<f64>>,
    /// Present where something asks for it.
    pub foresight: Option<Foresight>,
}

/// What happens at the next look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// The coming slot is decided, and what it needs more is started.
    Decision,
    /// A slot begins, and what it does not need leaves.
    Slot,
}

/// The strategy at work.
pub struct Malloovia {
    parameters: Parameters,
    plant: Plant,
    /// Mean work of each function, in its seconds.
    works: Vec<f64>,
    /// Of each function, its application if any fleet serves it.
    app_of: Vec<Option<usize>>,
    dispatch: Vec<Dispatch>,
    forecast: Option<Forecast>,
    planner: Option<SlotPlanner>,
    due: Due,
    /// The slot that begins next.
    slot: usize,
    /// What the coming slot wants, by fleet.
    wanted: Vec<u32>,
    /// Requests by function and when they were counted: at the last decision, and at the beginning of the slot.
    decided_at: (Instant, Vec<u64>),
    begun_at: Vec<u64>,
}

impl Malloovia {
    pub fn new(parameters: Parameters, plant: Plant) -> Malloovia {
        let fleets_of = |app: usize| plant.fleets.iter().filter(move |fleet| fleet.app == app);
        let dispatch = (0..plant.apps.len())
            .map(|app| Dispatch::new(parameters.manner, fleets_of(app).map(|fleet| (fleet.pool, fleet.rate))))
            .collect();
        Malloovia {
            works: Vec::new(),
            app_of: Vec::new(),
            dispatch,
            forecast: None,
            planner: None,
            due: Due::Slot,
            slot: 0,
            wanted: Vec::new(),
            decided_at: (Instant::ZERO, Vec::new()),
            begun_at: Vec::new(),
            parameters,
            plant,
        }
    }

    /// Buys, decides the first slot and sets the clock.
    fn start(&mut self, view: &View<'_>, orders: &mut Orders) {
        self.works = view.functions().map(|function| view.mean_work(function)).collect();
        let app = |function| self.plant.apps.iter().position(|functions| functions.contains(&function));
        self.app_of = view.functions().map(app).collect();
        self.decided_at = (view.now(), self.arrived(view));
        self.begun_at = self.arrived(view);
        let coming: Vec<Vec<f64>> = match self.parameters.foresight.take() {
            Some(foresight) => {
                let requests = foresight.requests(self.parameters.slot, self.works.len());
                requests.iter().map(|slot| self.loads(slot.iter().map(|&count| count as f64))).collect()
            }
            None => Vec::new(),
        };
        let expected: Vec<Vec<f64>> =
            self.parameters.expected.iter().map(|slot| self.loads(slot.iter().copied())).collect();
        let long_term = if expected.is_empty() { &coming } else { &expected };
        let reserved = self.buy(long_term, orders);
        let nothing = vec![vec![0.0; self.plant.apps.len()]];
        let problem = Arc::new(self.plant.problem(self.parameters.slot, &nothing, false));
        match SlotPlanner::new(&problem, &self.plant.purchase(&reserved), &self.options()) {
            Ok(planner) => self.planner = Some(planner),
            Err(error) => orders.note(error.to_string(), "plan_failed", 1.0),
        }
        let known = if self.parameters.predictor == Predictor::Oracle { coming } else { expected };
        self.forecast = Some(Forecast::new(self.parameters.predictor, self.plant.apps.len(), known));
        self.wanted = self.plant.fleets.iter().map(|fleet| view.size(fleet.pool)).collect();
        self.decide(orders);
        self.order(view, orders, true, |_, wanted| wanted);
        self.begin_next(orders);
    }

    /// Phase I: orders the reservations; returns the machines of each offer.
    fn buy(&self, series: &[Vec<f64>], orders: &mut Orders) -> Vec<u32> {
        let mut planned = vec![0.0; self.plant.offers.len()];
        let open = self.plant.offers.iter().any(|offer| offer.amount.fixed().is_none());
        if open && !series.is_empty() {
            match self.phase_one(series, orders) {
                Ok(plan) if plan.status.has_plan() => {
                    planned.copy_from_slice(&plan.reserved);
                    plan.cost.iter().for_each(|&cost| orders.note("", "phase_one_cost", cost));
                    plan.gap().iter().for_each(|&gap| orders.note("", "phase_one_gap", gap));
                }
                Ok(plan) => orders.note(plan.status.word(), "phase_one_failed", 1.0),
                Err(error) => orders.note(error.to_string(), "phase_one_failed", 1.0),
            }
        }
        let reserved = self.plant.reserved(&planned);
        for (offer, &count) in self.plant.offers.iter().zip(&reserved) {
            if matches!(offer.amount, Amount::Owned(_)) || count == 0 {
                continue;
            }
            let Offer { kind, hourly, upfront_pico, term, .. } = offer.clone();
            let reason = format!("{} slots were expected", series.len());
            orders.give(Order::Reserve { kind, node: None, count, hourly, upfront_pico, term }, reason);
        }
        reserved
    }

    /// Phase I of what is offered, with loads rounded as coarsely as its size asks for.
    fn phase_one(&self, series: &[Vec<f64>], orders: &mut Orders) -> Result<PhaseOne, PlanError> {
        let problem = Arc::new(self.plant.problem(self.parameters.slot, series, true));
        let mut options = PlanOptions { variables_max: VARIABLES_MAX, ..self.options() };
        loop {
            match phase_one(&problem, &options) {
                Err(PlanError::TooLarge { .. }) if options.quantise.is_some_and(|k| k < 1 << 20) => {
                    options.quantise = options.quantise.map(|k| 2 * k);
                    orders.note("", "phase_one_quantise", options.quantise.map_or(0.0, f64::from));
                }
                done => return done,
            }
        }
    }

    /// No clock, one thread: the same plan on every machine that has the same solver.
    fn options(&self) -> PlanOptions {
        PlanOptions {
            gap: self.parameters.gap,
            node_limit: Some(self.parameters.max_nodes),
            quantise: Some(self.parameters.quantise),
            ..PlanOptions::default()
        }
    }

    /// What the coming slot wants, as long as something is foretold of it.
    fn decide(&mut self, orders: &mut Orders) {
        let Some(loads) = self.forecast.as_ref().and_then(|forecast| forecast.of_slot(self.slot)) else { return };
        let Some(planner) = self.planner.as_mut() else { return };
        let plan = match planner.plan(&loads) {
            Ok(plan) => plan,
            Err(error) => return orders.note(error.to_string(), "plan_failed", 1.0),
        };
        for (app, &load) in loads.iter().enumerate() {
            let first = self.plant.fleets.iter().find(|fleet| fleet.app == app);
            orders.note(first.map_or("", |fleet| fleet.name.as_str()), "planned_work_s", load);
        }
        if !plan.status.has_plan() {
            return orders.note(plan.status.word(), "plan_failed", 1.0);
        }
        if plan.status != Status::Optimal {
            orders.note(plan.status.word(), "not_proved", 1.0);
        }
        plan.cost.iter().for_each(|&cost| orders.note("", "plan_cost", cost));
        self.wanted = self.plant.sizes(&plan.counts);
    }

    /// Orders sizes: `size` says which from the present and the wanted one.
    fn order(&self, view: &View<'_>, orders: &mut Orders, always: bool, size: impl Fn(u32, u32) -> u32) {
        for (fleet, &wanted) in self.plant.fleets.iter().zip(&self.wanted) {
            let present = view.size(fleet.pool);
            let target = size(present, wanted);
            if always || target != present {
                orders.scale(fleet.pool, target, format!("slot {} is planned with {wanted}", self.slot));
            }
        }
    }

    /// Sets the clock for the next slot.
    fn begin_next(&mut self, orders: &mut Orders) {
        self.slot += 1;
        let Parameters { slot, lead, .. } = self.parameters;
        self.due = if lead.is_zero() { Due::Slot } else { Due::Decision };
        orders.wake(slot - lead);
    }

    /// Takes note of the time since the last decision, stretched to the length of a slot.
    fn observe(&mut self, view: &View<'_>) {
        let now = self.arrived(view);
        let passed = view.now().since(self.decided_at.0).as_secs_f64();
        let stretch = self.parameters.slot.as_secs_f64() / passed;
        let loads = self.loads(now.iter().zip(&self.decided_at.1).map(|(now, then)| (now - then) as f64 * stretch));
        self.decided_at = (view.now(), now);
        self.forecast.iter_mut().for_each(|forecast| forecast.observe(&loads));
    }

    fn slot_over(&mut self, view: &View<'_>) {
        let now = self.arrived(view);
        let loads = self.loads(now.iter().zip(&self.begun_at).map(|(now, then)| (now - then) as f64));
        self.begun_at = now;
        let over = self.slot - 1;
        self.forecast.iter_mut().for_each(|forecast| forecast.slot_over(over, &loads));
    }

    fn arrived(&self, view: &View<'_>) -> Vec<u64> {
        view.functions().map(|function| view.arrived_exact(function)).collect()
    }

    /// Roots of each function as seconds of work of each application, with the head-room that is to be kept.
    fn loads(&self, roots: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut loads = vec![0.0; self.plant.apps.len()];
        for (roots, calls) in roots.zip(&self.parameters.calls) {
            for ((app, work), calls) in self.app_of.iter().zip(&self.works).zip(calls) {
                if let Some(app) = app {
                    loads[*app] += roots * calls * work;
                }
            }
        }
        loads.iter_mut().for_each(|load| *load /= self.parameters.headroom);
        loads
    }
}

impl Strategy for Malloovia {
    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders) {
        if why == Occasion::Start {
            return self.start(view, orders);
        }
        match self.due {
            Due::Decision => {
                self.observe(view);
                self.decide(orders);
                self.order(view, orders, false, u32::max);
                self.due = Due::Slot;
                orders.wake(self.parameters.lead);
            }
            Due::Slot => {
                self.slot_over(view);
                if self.parameters.lead.is_zero() {
                    self.observe(view);
                    self.decide(orders);
                }
                self.order(view, orders, false, |_, wanted| wanted);
                self.begin_next(orders);
            }
        }
    }

    fn route(&mut self, view: &View<'_>, request: &Request, rng: &mut dyn FnMut() -> Rng) -> Route {
        let is_planned = |pool| self.plant.fleets.iter().any(|fleet| fleet.pool == pool);
        let Some(app) = self.app_of.get(request.function.index()).copied().flatten() else {
            return view.default_route(request);
        };
        let serve = |pool| view.node_of(pool) == request.node && view.serves(pool, request.function);
        match self.dispatch[app].pick(view, serve, rng) {
            Some(pool) => Route::Pool(pool),
            None => view.default_route_among(request, is_planned),
        }
    }
}
