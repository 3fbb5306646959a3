//! FaaS: everything goes to functions; no machine is kept.
//!
//! Source: LIBRA's evaluation (Raza et al., IC2E 2021), policy `serverless`. Differs: the original launches ten machines
//! that it never uses and never bills (quirk Q3); here there are none.

use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::model::ids::PoolId;
use crate::model::orders::Orders;
use crate::model::request::Request;
use crate::model::view::View;

/// All requests to pools that are born by demand.
#[derive(Clone, Debug, Default)]
pub struct Faas {
    functions: Option<PoolId>,
}

impl Strategy for Faas {
    fn control(&mut self, _why: Occasion, view: &View<'_>, orders: &mut Orders) {
        for pool in view.pools() {
            if view.is_fleet(pool) {
                // It knows the cloud only; fleets at other nodes are not its own.
                if view.cloud().is_none_or(|cloud| view.node_of(pool) == cloud) {
                    orders.scale(pool, 0, "no machine is kept");
                }
            } else {
                self.functions.get_or_insert(pool);
            }
        }
    }

    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        match self.functions {
            Some(pool) if view.node_of(pool) == request.node && view.serves(pool, request.function) => {
                Route::Pool(pool)
            }
            _ => view.default_route_among(request, |pool| !view.is_fleet(pool)),
        }
    }
}
