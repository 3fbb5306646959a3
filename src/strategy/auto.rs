//! AUTO: the provider's scaling group sizes the fleet, nobody else decides, and the fleet takes every request.
//!
//! Source: LIBRA's evaluation (Raza et al., IC2E 2021), policy `vm_cloud` with auto scaling; on AWS the group's own alarms.
//! Differs: the simulator's rule divides the sum of up to 300 samples by 120, so that no load is steady (quirk Q4); here the
//! scenario's group says when to scale.

use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::model::ids::PoolId;
use crate::model::orders::Orders;
use crate::model::request::Request;
use crate::model::view::View;

/// All requests to one fleet, whose size it leaves to the provider.
#[derive(Clone, Debug, Default)]
pub struct Auto {
    /// The fleet; the first that comes by order when absent.
    named: Option<String>,
    fleet: Option<PoolId>,
}

impl Auto {
    pub fn new(named: Option<String>) -> Auto {
        Auto { named, fleet: None }
    }
}

impl Strategy for Auto {
    fn control(&mut self, _why: Occasion, view: &View<'_>, _orders: &mut Orders) {
        let named = self.named.as_ref().and_then(|name| view.pool_named(name));
        self.fleet = named.or_else(|| view.pools().find(|&pool| view.is_fleet(pool)));
    }

    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        match self.fleet {
            Some(fleet) if view.node_of(fleet) == request.node && view.serves(fleet, request.function) => {
                Route::Pool(fleet)
            }
            // What the fleet calls in turn, such as a database.
            Some(fleet) if !view.serves(fleet, request.function) => view.default_route(request),
            fleet => view.default_route_among(request, |pool| Some(pool) == fleet),
        }
    }
}
