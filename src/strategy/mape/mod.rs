//! Autoscaling by a loop that monitors, analyses, plans and executes once per period, in its two published forms and two
//! of their neighbours: marks on container readings, an economy of four stakeholders, the capacity rule, and both joined.
//!
//! Source: public programs `EASE-MAPE-System` (2019: thresholds) and `Mape-Docker-Compose` (2020 to 2022: economy, hybrid);
//! M. Fokaefs, C. Barna, M. Litoiu, "Multi-Objective Economic Adaptation for Service Ecosystems on the Cloud".
//! Differs: the loop runs in simulated time (period from start to start, times of solving and of actuating stated); price
//! and banners are applied, which the published executors never did; each file says what is corrected.
//!
//! The stages are parts that can be replaced one by one; all they share is a [`Knowledge`]. What a stage needs of the past
//! it remembers itself; the arithmetic is that of `planner::mape` and `planner::economy`, which replays use too.

mod analyses;
mod executor;
mod knowledge;
mod monitor;
mod planners;
#[cfg(test)]
mod tests;

pub use analyses::{CapacityAnalysis, EconomicAnalysis, ThresholdStage, UtilisationAnalysis};
pub use executor::{Executor, ScaleAndTune};
pub use knowledge::{ApiSample, EconomicResult, Knowledge, Planned, SystemSample, ThresholdResult};
pub use monitor::{MetricMonitor, Monitor, RateOf};
pub use planners::{FollowPlanner, JoinPlanner, StepPlanner};

use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::engine::time::Span;
use crate::model::ids::PoolId;
use crate::model::orders::{Orders, Remark};
use crate::model::request::Request;
use crate::model::view::View;
use crate::planner::mape::Pace;

/// A stage that concludes something from what was seen.
pub trait Analysis {
    /// Reads the samples of this cycle and writes its conclusion beside them.
    fn analyse(&mut self, knowledge: &mut Knowledge);

    /// To be told when the size was changed.
    fn scaled(&mut self) {}
}

/// A stage that turns conclusions into a number of replicas.
pub trait Planner {
    /// `None`: no change.
    fn plan(&mut self, knowledge: &Knowledge) -> Option<Planned>;
}

/// The four stages of a loop.
pub struct Parts {
    pub monitor: Box<dyn Monitor>,
    pub analyses: Vec<Box<dyn Analysis>>,
    pub planner: Box<dyn Planner>,
    pub executor: Box<dyn Executor>,
}

/// A loop over one service.
pub struct Mape {
    parts: Parts,
    pace: Pace,
    /// From the start of a cycle to its effect: solving and actuating.
    lasts: Span,
    /// The fleet; the first that comes by order when absent.
    named: Option<String>,
    knowledge: Option<Knowledge>,
}

impl Mape {
    pub fn new(parts: Parts, pace: Pace, lasts: Span, named: Option<String>) -> Mape {
        Mape { parts, pace, lasts, named, knowledge: None }
    }

    fn start(&mut self, view: &View<'_>, orders: &mut Orders) {
        let named = self.named.as_ref().and_then(|name| view.pool_named(name));
        let Some(service) = named.or_else(|| view.pools().find(|&pool| view.is_fleet(pool))) else { return };
        self.knowledge = Some(Knowledge::new(service));
        // The order is what keeps a scaling group away.
        orders.scale(service, view.size(service), "initial replicas");
        orders.wake(self.pace.next(view.now(), view.now()).since(view.now()));
    }

    fn cycle(&mut self, view: &View<'_>, orders: &mut Orders) {
        let Some(knowledge) = &mut self.knowledge else { return };
        let parts = &mut self.parts;
        knowledge.begin(view.now());
        let before = view.size(knowledge.service);
        if parts.monitor.look(view, knowledge) {
            parts.analyses.iter_mut().for_each(|analysis| analysis.analyse(knowledge));
            knowledge.plan = parts.planner.plan(knowledge);
            if parts.executor.execute(view, knowledge, orders) {
                parts.analyses.iter_mut().for_each(|analysis| analysis.scaled());
            }
        }
        let row = knowledge.row();
        orders.remark(Remark {
            action: "cycle",
            target: view.name(knowledge.service).to_owned(),
            from: before.to_string(),
            to: row.planned.map_or(String::new(), |planned| planned.to_string()),
            reason: row.told(),
        });
        knowledge.cycle += 1;
        // What is ordered on this sheet, the call to wake included, takes effect when the cycle is over.
        let end = view.now().saturating_add(self.lasts);
        orders.after(self.lasts);
        orders.wake(self.pace.next(view.now(), end).saturating_since(end));
    }

    fn service(&self) -> Option<PoolId> {
        self.knowledge.as_ref().map(|knowledge| knowledge.service)
    }
}

impl Strategy for Mape {
    fn looks_back(&self) -> Span {
        self.parts.monitor.looks_back()
    }

    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders) {
        match why {
            Occasion::Start => self.start(view, orders),
            Occasion::Period | Occasion::Woken => self.cycle(view, orders),
        }
    }

    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        match self.service() {
            Some(service) if view.serves(service, request.function) => {
                if view.node_of(service) == request.node {
                    return Route::Pool(service);
                }
                view.default_route_among(request, |pool| pool == service)
            }
            // What the service calls in turn, such as its database.
            _ => view.default_route(request),
        }
    }
}
