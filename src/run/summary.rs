//! What a run tells when it is over, from tallies and integer meters alone: it needs no log and no polars.

use crate::engine::gauge::Reading;
use crate::engine::tally::Tally;
use crate::engine::time::{Instant, Span};
use crate::model::measures::MeasureFigures;
use crate::model::request::Outcome;
use crate::model::world::World;
use crate::planner::economy::Account;

/// Counts that must balance, kept for roots and for all calls apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    pub arrived: u64,
    /// Ended, by outcome in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::ALL.len()],
}

impl Flow {
    #[inline]
    pub fn end(&mut self, outcome: Outcome) {
        self.ended[outcome as usize] += 1;
    }

    pub fn of(&self, outcome: Outcome) -> u64 {
        self.ended[outcome as usize]
    }

    pub fn total_ended(&self) -> u64 {
        self.ended.iter().sum()
    }
}

/// One hour of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HourCounts {
    pub arrived: u64,
    pub violations: u64,
    pub cold_starts: u64,
}

/// Figures of one pool over the whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolFigures {
    pub name: String,
    pub launched: u64,
    pub begun: u64,
    pub cold: u64,
    /// Time integral of requests on instances, and of instances alive.
    pub busy_s: f64,
    pub alive_s: f64,
    pub peak_alive: u64,
    /// Time integral of what was in use of the processors, or slots, and how many an instance has: utilisation.
    pub used_s: f64,
    pub parallel: f64,
}

impl PoolFigures {
    /// What its instances could have given while they were alive: slot-seconds, or core-seconds where requests share cores.
    pub fn capacity_s(&self) -> f64 {
        self.alive_s * self.parallel
    }

    /// Share of it that was in use; `None` where nothing was alive.
    pub fn utilisation(&self) -> Option<f64> {
        (self.capacity_s() > 0.0).then(|| self.used_s / self.capacity_s())
    }
}

/// Everything that a run counted.
#[derive(Clone, Debug)]
pub struct Summary {
    pub strategy: String,
    pub replication: u64,
    /// End of the run: the horizon, or the last answer where that is later.
    pub end: Instant,
    pub events: u64,
    pub peak_in_flight: u64,
    pub roots: Flow,
    pub calls: Flow,
    /// Roots that missed the objective: not served, or later than it allows.
    pub violations: u64,
    /// Roots that arrived after the warm-up.
    pub measured: u64,
    pub slo: Option<Span>,
    pub retries: u64,
    /// Requests of timetables that no client was free for at their instant; `None` where there is no such timetable.
    pub asked_late: Option<u64>,
    pub orders: u64,
    pub refusals: u64,
    /// Response of served roots, nanoseconds, after the warm-up.
    pub response: Tally,
    /// Time of served calls waiting in queues.
    pub queue: Tally,
    /// Time that calls waited for instances to start, served or not.
    pub cold_start: Tally,
    pub hours: Vec<HourCounts>,
    pub pools: Vec<PoolFigures>,
    /// Bill and its three shares, pico-dollars.
    pub bill_pico: i128,
    pub direct_pico: i128,
    pub held_pico: i128,
    pub idle_pico: i128,
    /// Sum over rows of what requests were charged; must equal direct plus held.
    pub charged_pico: u128,
    /// Messages that went from one node to another, their bytes, and their bytes over every link that they crossed.
    pub messages: u64,
    pub message_bytes: u64,
    pub byte_hops: u64,
    /// What each stakeholder got, where the scenario has an economy.
    pub account: Option<Account>,
    /// What calls stored in the archive, where any may.
    pub measures: Option<MeasureFigures>,
    pub digest: String,
    pub offered_digest: String,
}

impl Summary {
    /// Share of the machines' slots, or cores, that was in use over the whole run; pools that charge per use have no say.
    pub fn utilisation(&self, world: &World) -> Option<f64> {
        let machines = self.pools.iter().zip(&world.pools).filter(|(_, pool)| !pool.charges_per_use());
        let (used, capacity) =
            machines.fold((0.0, 0.0), |(used, capacity), (pool, _)| (used + pool.used_s, capacity + pool.capacity_s()));
        (capacity > 0.0).then(|| used / capacity)
    }

    /// The laws that every run must keep; a broken one is a defect of the simulator.
    pub fn broken_laws(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (what, flow) in [("roots", &self.roots), ("calls", &self.calls)] {
            let ended = flow.total_ended();
            if flow.arrived != ended {
                broken.push(format!("conservation of {what}: {} arrived, {ended} ended", flow.arrived));
            }
        }
        if self.direct_pico + self.held_pico + self.idle_pico != self.bill_pico {
            broken.push("the shares of the bill do not sum to it".to_owned());
        }
        let charged = self.charged_pico as i128;
        if self.direct_pico + self.held_pico != charged {
            broken.push(format!(
                "requests were charged {charged} pico-dollars, the books say {}",
                self.direct_pico + self.held_pico
            ));
        }
        if let Some(account) = &self.account {
            let circle = account.advertising_revenue - account.hosting_cost - account.cloud_own_cost;
            let scale = account.advertising_revenue + account.hosting_cost + account.service_revenue + account.vm_cost;
            if (account.total_profit() - circle).abs() > 1e-9 * (scale + account.cloud_own_cost).max(1e-9) {
                broken.push(format!("three stakeholders earn {}, the economy {circle}", account.total_profit()));
            }
        }
        broken
    }
}

/// Seconds of an integral of a level.
pub fn level_seconds(reading: &Reading) -> f64 {
    reading.integral as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_counted_in_the_order_of_the_list() {
        for (place, outcome) in Outcome::ALL.into_iter().enumerate() {
            let mut flow = Flow::default();
            flow.end(outcome);
            assert_eq!((flow.ended[place], flow.of(outcome), flow.total_ended()), (1, 1, 1), "{outcome:?}");
        }
    }
}
