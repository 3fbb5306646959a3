//! Environments born by demand: who is idle, who has room, how fast their number may grow.

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use super::fleet::span_of;
use super::idle::Idle;
use super::ids::InstanceId;
use super::pool::{Growth, OnDemand};
use crate::engine::agenda::Handle;
use crate::engine::time::{Instant, Span};

/// State of environments born by demand; its first two lines of the cache are what every request changes.
#[repr(C, align(64))]
pub(crate) struct Environments {
    pub idle: Idle,
    pub keep_alive_event: Option<(Instant, Handle)>,
    /// Where every keep-alive is as long as the others.
    pub keep_alive_fixed: Option<Span>,
    pub provisioned_now: u32,
    /// The most requests at once since a forecast last looked.
    pub peak: u32,
    /// Busy environments with room for one more; only where an environment takes several requests.
    pub open: Box<PriorityQueue<InstanceId, (u32, u64), FxBuildHasher>>,
    pub idle_provisioned: Idle,
    /// Up to when they are billed.
    pub provisioned_since: Instant,
    /// Allowance for growth in units of 1 / window nanoseconds of an environment, as of an instant.
    pub allowance: u64,
    pub allowance_at: Instant,
    /// Kept at least in this number by pre-warming.
    pub floor: u32,
    pub forecast: f64,
}

impl Environments {
    pub fn new(rules: &OnDemand) -> Environments {
        let in_order = rules.keep_alive.resets && rules.keep_alive.law.is_constant();
        Environments {
            idle: Idle::new(rules.reuse, in_order),
            idle_provisioned: Idle::new(rules.reuse, true),
            open: Box::default(),
            keep_alive_event: None,
            keep_alive_fixed: rules.keep_alive.law.constant_value().map(span_of),
            allowance: rules.growth.map_or(0, |growth| u64::from(growth.environments) * growth.window.as_nanos()),
            allowance_at: Instant::ZERO,
            provisioned_now: 0,
            peak: 0,
            provisioned_since: Instant::ZERO,
            floor: 0,
            forecast: 0.0,
        }
    }

    /// Takes the allowance for one new environment, or says that the rate of growth is exhausted.
    pub fn may_grow(&mut self, growth: Option<Growth>, now: Instant) -> bool {
        let Some(Growth { environments, window }) = growth else { return true };
        let full = u64::from(environments).saturating_mul(window.as_nanos());
        let gained = now.since(self.allowance_at).as_nanos().saturating_mul(u64::from(environments));
        self.allowance = self.allowance.saturating_add(gained).min(full);
        self.allowance_at = now;
        let granted = self.allowance >= window.as_nanos();
        if granted {
            self.allowance -= window.as_nanos();
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::super::idle::Reuse;
    use super::*;

    #[test]
    fn growth_refills_continuously_and_saves_nothing() {
        let window = Span::from_secs(10);
        let growth = Some(Growth { environments: 1000, window });
        let mut env = Environments {
            idle: Idle::new(Reuse::MostRecentlyUsed, true),
            idle_provisioned: Idle::new(Reuse::MostRecentlyUsed, true),
            open: Default::default(),
            keep_alive_event: None,
            keep_alive_fixed: None,
            allowance: 1000 * window.as_nanos(),
            allowance_at: Instant::ZERO,
            provisioned_now: 0,
            peak: 0,
            provisioned_since: Instant::ZERO,
            floor: 0,
            forecast: 0.0,
        };
        let mut granted = |at_secs: f64| {
            let now = Instant::ZERO + Span::from_secs_f64(at_secs).unwrap();
            (0..3000).take_while(|_| env.may_grow(growth, now)).count()
        };
        assert_eq!(granted(0.0), 1000);
        assert_eq!(granted(0.5), 50, "100 a second");
        assert_eq!(granted(100.0), 1000, "unused allowance is not saved");
    }
}
