//! Why a run ends before its time: limits, circles without time in them, the end of time and of money.

use std::io;

use super::drive::{BLOCK, Driver};
use crate::engine::time::{Instant, Span};
use crate::model::pool::Charge;
use crate::scenario::setup::{Limits, Setup};
use crate::workload::trace::flaw::Flaw;

/// Why a run ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("stopped at {at} s: {what} reached the limit of {limit}")]
    Limit { what: &'static str, limit: u64, at: Instant },
    #[error(
        "stopped at {at} s: {in_flight} requests are still in flight {drain} (limits.drain) after arrivals ended; either nothing \
         serves them or they take longer{}",
        and_in_line(*in_line)
    )]
    NeverDrains { in_flight: usize, in_line: u64, drain: Span, at: Instant },
    #[error("stopped at {at} s: time stands still, {events} events and more at this instant")]
    StandsStill { events: u64, at: Instant },
    #[error(
        "stopped at {at} s: simulated time ends after 292 years, or where one instance or request may cost nine million dollars"
    )]
    EndOfTime { at: Instant },
    #[error("stopped at {at} s: a trace could not be read to its end: {flaw}")]
    Trace { flaw: Box<Flaw>, at: Instant },
    #[error("stopped at {at} s: the log could not be written: {error}")]
    Sink { error: io::Error, at: Instant },
}

/// Brokers may wait for one another's threads, and a connection that is lost is waited for in vain.
fn and_in_line(requests: u64) -> String {
    match requests {
        0 => String::new(),
        _ => format!("; {requests} stand in line at brokers, whose threads and connections are taken"),
    }
}

/// So many events at one instant are a circle without time in it, unless more requests than that may be in flight.
const STILL_MAX: u64 = 1 << 25;

/// Where the dearest instance or request could cost half of what 64 bits of pico-dollars hold; the other half is for what
/// is billed beyond its time.
pub(super) fn end_of_money(setup: &Setup) -> Instant {
    const HOUR_NS: u128 = 3_600_000_000_000;
    let per_hour = |charge: &Charge| match charge {
        Charge::Held { price, .. } => u128::from(price.0),
        Charge::PerUse { price, memory_mib, .. } => {
            let rate = price.per_gib_s.max(price.provisioned_duration_per_gib_s).max(price.provisioned_per_gib_s);
            u128::from(rate) * u128::from(*memory_mib) * 3600 / 1024
        }
    };
    let dearest = setup.pools.iter().map(|pool| per_hour(&pool.charge)).max().unwrap_or(0).max(1);
    let ns = u128::from(u64::MAX / 2) * HOUR_NS / dearest;
    Instant::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
}

impl Driver<'_> {
    pub(super) fn check_drain(&self, at: Instant) -> Result<(), Stop> {
        let drain = self.limits.drain;
        // Reports and clocks go on beside a call that never ends.
        let last = if self.horizon == Instant::FAR { self.moved } else { self.horizon };
        if at.saturating_since(last) > drain && self.world.in_flight() > 0 {
            let (in_flight, in_line) = (self.world.in_flight(), self.in_line_at_brokers());
            return Err(Stop::NeverDrains { in_flight, in_line, drain, at: self.now });
        }
        Ok(())
    }

    /// Before each event, on what the one before it left.
    #[inline]
    pub(super) fn check_limits(&mut self) -> Result<(), Stop> {
        let in_flight = self.world.in_flight();
        self.peak_in_flight = self.peak_in_flight.max(in_flight);
        let Limits { events, in_flight: most, instances, .. } = self.limits;
        let within = self.events <= events
            && in_flight as u64 <= most
            && self.world.instances.len() as u64 <= instances
            && self.now <= self.last;
        if within { Ok(()) } else { Err(self.passed()) }
    }

    /// The limit that was passed.
    #[cold]
    fn passed(&self) -> Stop {
        let at = self.now;
        let limits = &self.limits;
        if self.events > limits.events {
            return Stop::Limit { what: "events", limit: limits.events, at };
        }
        if self.world.in_flight() as u64 > limits.in_flight {
            return Stop::Limit { what: "requests in flight", limit: limits.in_flight, at };
        }
        if self.world.instances.len() as u64 > limits.instances {
            return Stop::Limit { what: "instances", limit: limits.instances, at };
        }
        Stop::EndOfTime { at }
    }

    /// Clients without a pause that are refused at once would keep a run at one instant for ever.
    pub(super) fn check_progress(&mut self) -> Result<(), Stop> {
        let (at, events) = self.still;
        self.still = if at == self.now { (at, events + BLOCK) } else { (self.now, 0) };
        let most = STILL_MAX.max(self.limits.in_flight.saturating_mul(4));
        if self.still.1 > most { Err(Stop::StandsStill { events: most, at }) } else { Ok(()) }
    }
}
