//! The running account of one instance that is billed by time held.
//!
//! Two readings: the exact one, for the bill, and a quick one that never exceeds it, from which requests are charged for
//! the time they held the instance. What nobody held is idle cost; so direct + held + idle = bill, to the pico-dollar.

use super::tariff::PerHour;
use crate::engine::time::{Instant, Span};

/// Cost since launch, at rates that change when a reservation begins or ceases to cover the instance.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bill {
    since: Instant,
    /// On-demand rate in force; zero while covered.
    billed: PerHour,
    /// Pico-dollars billed up to `since`, exact.
    billed_pico: u64,
    /// Pico-dollars already written to the books.
    booked_pico: u64,
    /// The rate that requests pay for holding it, as pico-dollars per 2^40 ns.
    held_rate: u64,
    held_pico: u64,
    pub(crate) covered_by: Option<u32>,
    /// The last charge has been made.
    pub(crate) closed: bool,
}

impl Bill {
    /// Starts or changes the rates at `now`: what the provider bills, and what holding the instance is worth (the
    /// reservation's price while covered).
    pub fn set_rates(&mut self, now: Instant, billed: PerHour, held: PerHour) {
        self.billed_pico = self.billed_at(now);
        self.held_pico = self.held_at(now);
        self.since = now;
        self.billed = billed;
        self.held_rate = ((u128::from(held.0) << 40) / 3_600_000_000_000) as u64;
    }

    /// On-demand cost up to `now`, exact (rounded down once per rate).
    pub fn billed_at(&self, now: Instant) -> u64 {
        self.billed_pico + self.billed.cost(now.since(self.since))
    }

    /// What holding it since launch was worth up to `now`; never more than the exact cost.
    #[inline]
    pub fn held_at(&self, now: Instant) -> u64 {
        let held = u128::from(now.since(self.since).as_nanos()) * u128::from(self.held_rate) >> 40;
        self.held_pico + held as u64
    }

    /// What has not been booked yet, and marks it booked.
    pub fn book(&mut self, now: Instant) -> u64 {
        let total = self.billed_at(now);
        let fresh = total - self.booked_pico;
        self.booked_pico = total;
        fresh
    }

    /// The charge for the time by which the billed length exceeds the true one (minimum, rounding), at the rate in force.
    pub fn extra(&self, extra: Span) -> u64 {
        self.billed.cost(extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_reading_never_exceeds_the_exact_one() {
        let at = Instant::from_nanos;
        for rate in [1, 999, 41_600_000_000, 3_200_000_000_000] {
            let mut bill = Bill::default();
            bill.set_rates(at(17), PerHour(rate), PerHour(rate));
            for ns in [17, 18, 1_000_000_017, 3_600_000_000_017, 45_000_000_000_000] {
                let (exact, quick) = (bill.billed_at(at(ns)), bill.held_at(at(ns)));
                // The rate is cut at 2^-40 pico-dollars a nanosecond: so far and one pico-dollar apart, no further.
                assert!(quick <= exact && exact - quick <= 1 + (ns >> 40), "{rate} {ns}: {quick} {exact}");
            }
        }
    }

    #[test]
    fn what_is_booked_hour_by_hour_sums_to_the_cost() {
        let mut bill = Bill::default();
        bill.set_rates(Instant::ZERO, PerHour(100_000_000_001), PerHour(0));
        let hour = |h: u64| Instant::from_nanos(h * 3_600_000_000_000 / 7);
        let booked: u64 = (1..=70).map(|h| bill.book(hour(h))).sum();
        assert_eq!(booked, bill.billed_at(hour(70)));
    }
}
