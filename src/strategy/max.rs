//! MAX: a fixed fleet large enough for the peak takes everything; nothing ever scales.
//!
//! Source: LIBRA's evaluation (Raza et al., IC2E 2021), policy `vm_cloud_max`.

use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::engine::time::Span;
use crate::model::ids::PoolId;
use crate::model::orders::Orders;
use crate::model::request::Request;
use crate::model::view::View;

/// Every fleet gets one size at the start and keeps it.
#[derive(Clone, Debug)]
pub struct Max {
    /// Size of every fleet; the pool's own size when absent.
    pub size: Option<u32>,
    fleet: Option<PoolId>,
}

impl Max {
    pub fn new(size: Option<u32>) -> Max {
        Max { size, fleet: None }
    }
}

impl Strategy for Max {
    fn period(&self) -> Option<Span> {
        None
    }

    fn control(&mut self, _why: Occasion, view: &View<'_>, orders: &mut Orders) {
        // It knows the cloud only; fleets at other nodes are not its own.
        let own = |&pool: &PoolId| view.is_fleet(pool) && view.cloud().is_none_or(|cloud| view.node_of(pool) == cloud);
        for pool in view.pools().filter(own) {
            self.fleet.get_or_insert(pool);
            // Also where the size is the pool's own: the order is what keeps a scaling group away.
            orders.scale(pool, self.size.unwrap_or_else(|| view.size(pool)), "a fixed fleet for the peak");
        }
    }

    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        match self.fleet {
            Some(fleet) if view.node_of(fleet) == request.node && view.serves(fleet, request.function) => {
                Route::Pool(fleet)
            }
            _ => view.default_route_among(request, |pool| view.is_fleet(pool)),
        }
    }
}
