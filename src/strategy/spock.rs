//! SPOCK: the provider's scaling group sizes the fleet, and functions help out only while it changes or an alarm is on.
//!
//! Source: Gunasekaran et al., "Spock: exploiting serverless functions for SLO and cost aware resource procurement in public
//! cloud", CLOUD 2019, as LIBRA's evaluation (Raza et al., IC2E 2021) runs it: policy `vm_cloud_hide` of its AWS code.
//!
//! While all is calm every request goes to machines. Otherwise machines get, in each second, the first slots/D of each
//! machine that was healthy when all was last calm, and functions the rest.
//!
//! Differs: the simulator of LIBRA has no SPOCK; its manner here is the AWS code's rule with the machines that boot
//! counted as a change, while the AWS code polls the balancer, which does not know them before they are registered. The alarms are those of the
//! fleet's group, so that target tracking works too (quirk Q24).

use super::{Occasion, Route, Strategy};
use crate::engine::random::Rng;
use crate::engine::time::Span;
use crate::model::alarm::AlarmState;
use crate::model::ids::{AlarmId, PoolId};
use crate::model::orders::Orders;
use crate::model::request::Request;
use crate::model::view::View;

/// How it learns that the fleet changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Any machine that boots, is checked or drains is a change.
    Simulator,
    /// As the balancer tells: targets that are checked or drain, or no healthy one at all.
    Aws,
}

#[derive(Clone, Debug)]
pub struct Parameters {
    pub manner: Manner,
    /// Time between looks at the fleet, and the period in which machines get their share.
    pub poll: Span,
    /// The fleet; the first that comes by order when absent.
    pub steady: Option<String>,
    /// Where the rest goes; the first pool born by demand when absent.
    pub burst: Option<String>,
    /// Requests of one machine in a period; its slots over the mean service time when absent.
    pub rate_per_vm: Option<u64>,
}

/// What it remembers between two looks.
#[derive(Debug)]
pub struct Spock {
    parameters: Parameters,
    pools: Option<(PoolId, PoolId)>,
    alarms: Vec<AlarmId>,
    per_vm: u64,
    /// Machines when all was last calm.
    healthy: u64,
    helped: bool,
    /// Requests seen in this period.
    seen: u64,
}

impl Spock {
    pub fn new(parameters: Parameters) -> Spock {
        Spock { parameters, pools: None, alarms: Vec::new(), per_vm: 1, healthy: 0, helped: true, seen: 0 }
    }

    fn start(&mut self, view: &View<'_>, orders: &mut Orders) {
        let named = |name: &Option<String>| name.as_ref().and_then(|name| view.pool_named(name));
        let steady = named(&self.parameters.steady).or_else(|| view.pools().find(|&pool| view.is_fleet(pool)));
        let burst = named(&self.parameters.burst).or_else(|| view.pools().find(|&pool| !view.is_fleet(pool)));
        let (Some(steady), Some(burst)) = (steady, burst) else { return };
        self.pools = Some((steady, burst));
        self.alarms = view.group_alarms(steady).collect();
        let works: Vec<f64> = view.functions().filter(|&f| view.serves(steady, f)).map(|f| view.mean_work(f)).collect();
        let service_s = works.iter().sum::<f64>() / works.len().max(1) as f64 * view.seconds_per_work(steady);
        let by_slots = f64::from(view.slots(steady)) / service_s * self.parameters.poll.as_secs_f64();
        self.per_vm = self.parameters.rate_per_vm.unwrap_or(by_slots as u64).max(1);
        orders.note(view.name(steady), "rate_per_vm", self.per_vm as f64);
    }

    /// Whether the fleet changes or an alarm is on.
    fn is_restless(&self, view: &View<'_>, steady: PoolId) -> bool {
        let healthy = view.ready(steady);
        let changing = view.initial(steady) > 0
            || view.draining(steady) > 0
            || (self.parameters.manner == Manner::Simulator && view.booting(steady) > 0);
        healthy == 0 || changing || self.alarms.iter().any(|&alarm| view.alarm_state(alarm) == AlarmState::Alarm)
    }
}

impl Strategy for Spock {
    fn period(&self) -> Option<Span> {
        Some(self.parameters.poll)
    }

    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders) {
        if why == Occasion::Start {
            return self.start(view, orders);
        }
        let Some((steady, _)) = self.pools else { return };
        self.seen = 0;
        let helped = self.is_restless(view, steady);
        if !helped {
            self.healthy = u64::from(view.ready(steady));
        } else if view.ready(steady) + view.initial(steady) + view.draining(steady) == 0 {
            self.healthy = 0;
        }
        if helped != self.helped {
            orders.note(view.name(steady), "functions_help", f64::from(u8::from(helped)));
        }
        self.helped = helped;
    }

    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        let Some((steady, burst)) = self.pools else { return view.default_route(request) };
        if view.node_of(steady) != request.node || !view.serves(steady, request.function) {
            return view.default_route_among(request, |pool| pool == steady || pool == burst);
        }
        self.seen += 1;
        let to_machines = !self.helped || self.seen <= self.per_vm * self.healthy;
        Route::Pool(if to_machines { steady } else { burst })
    }
}
