//! Floor 3: strategies, one file or folder per publication; none knows another.
//!
//! A strategy observes, decides and asks: it reads a [`View`] and writes [`Orders`]; it has no way to touch the world, no
//! agenda, no clock, no file.

pub mod auto;
pub mod edge;
#[cfg(feature = "planning")]
pub mod edge_plan;
pub mod faas;
pub mod libra;
#[cfg(feature = "planning")]
pub mod malloovia;
pub mod mape;
pub mod max;
pub mod spock;

use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::model::broker::BrokerLimits;
use crate::model::event::Place;
use crate::model::ids::{NodeId, PoolId};
use crate::model::orders::Orders;
use crate::model::request::{Outcome, Request};
use crate::model::view::View;

pub use crate::model::routing::{Route, Stop};

/// Why a strategy is asked to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Before anything exists: sizes given now are the initial ones.
    Start,
    Period,
    /// It asked to be woken.
    Woken,
}

/// What comes back for a request.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub request: &'a Request,
    pub outcome: Outcome,
    /// From leaving this node to coming back to it.
    pub elapsed: Span,
    pub at: Instant,
}

/// The contract of a strategy.
pub trait Strategy {
    /// The length between two looks; `None`: only at the start and when woken.
    fn period(&self) -> Option<Span> {
        None
    }

    /// At the start, each period, and when woken: look, then write down what should change.
    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders);

    /// Where a request goes from the node it has reached, when no table written by an order says; `rng` is the request's own.
    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        view.default_route(request)
    }

    /// How far before the last published period it reads metrics ([`View::metric`]), rounded up to whole periods; the
    /// monitor keeps no less. Zero: it reads none.
    fn looks_back(&self) -> Span {
        Span::ZERO
    }

    /// Where its periods stand among the other events of their instant.
    fn place(&self) -> Place {
        Place::AfterWork
    }

    /// Whether it follows its requests: answers then pass every broker that sent the request on with [`Route::Send`],
    /// [`Route::Call`] or [`Route::Next`], and [`Strategy::passing`] hears of them.
    fn follows(&self) -> bool {
        false
    }

    /// What its broker at a node can do at once, asked after the start; `None`: no limits, or no broker. Only of a strategy
    /// that follows its requests.
    fn limits(&self, _node: NodeId) -> Option<&BrokerLimits> {
        None
    }

    /// An answer passes a broker on its way back. True: it is kept here, and `route` is asked for another place.
    fn passing(&mut self, _view: &View<'_>, _stop: &Stop, _answer: &Answer<'_>, _orders: &mut Orders) -> bool {
        false
    }

    /// The dry run of a request at a pool would take so many seconds (not a finite number where it cannot be reached).
    fn estimated(&mut self, _request: &Request, _pool: PoolId, _seconds: f64) {}

    /// What it keeps at an entity (a node, a pool), for people who look into a run.
    fn describe(&self, _view: &View<'_>, _entity: &str) -> Option<String> {
        None
    }

    /// An answer is back at a node that routed the request, or is known to be lost.
    fn learn(&mut self, _view: &View<'_>, _at: NodeId, _answer: &Answer<'_>, _orders: &mut Orders) {}
}
