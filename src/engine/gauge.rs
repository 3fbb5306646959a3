//! Time averages of a whole number that goes up and down: how many are busy, how long the queue is.
//!
//! The integral of the level over time is kept exactly, so that an average does not depend on how often the level was
//! written down. An average between two instants is the difference of two readings, so a warm-up is dropped by taking one
//! at its end.

use super::time::Instant;

/// A level over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gauge {
    level: u64,
    /// Up to when the integral is taken.
    at: Instant,
    integral: u128,
}

/// The integral of a gauge from its start to one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub at: Instant,
    /// Level times nanoseconds.
    pub integral: u128,
}

impl Gauge {
    /// A gauge that stands at `level` from `at` on.
    pub fn new(at: Instant, level: u64) -> Gauge {
        Gauge { level, at, integral: 0 }
    }

    /// The level is `level` from `at` on. The caller has ensured that time does not run backwards.
    #[inline]
    pub fn set(&mut self, at: Instant, level: u64) {
        let Reading { integral, .. } = self.read(at);
        *self = Gauge { level, at, integral };
    }

    /// The level rises by `by`, or falls where it is negative. The caller has ensured that it stays at zero or above.
    #[inline]
    pub fn change(&mut self, at: Instant, by: i64) {
        let level = self.level.checked_add_signed(by).expect("a level does not fall below zero");
        self.set(at, level);
    }

    #[inline]
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The integral up to `at`. The caller has ensured that it is not before the last change.
    #[inline]
    pub fn read(&self, at: Instant) -> Reading {
        let held = u128::from(at.since(self.at).as_nanos());
        Reading { at, integral: self.integral + u128::from(self.level) * held }
    }
}

impl Reading {
    /// The mean level since an earlier reading; `None` where no time has passed.
    pub fn mean_since(&self, earlier: &Reading) -> Option<f64> {
        let span = self.at.since(earlier.at).as_nanos();
        (span > 0).then(|| (self.integral - earlier.integral) as f64 / span as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn a_mean_weighs_levels_by_how_long_they_lasted() {
        let mut gauge = Gauge::new(at(0), 2);
        gauge.change(at(2), 4);
        let head = gauge.read(at(3));
        gauge.change(at(4), -6);
        let tail = gauge.read(at(8));
        let start = Gauge::new(at(0), 2).read(at(0));
        // 2 for 2 s, 6 for 2 s, 0 for 4 s.
        assert_eq!(tail.mean_since(&start), Some(2.0));
        assert_eq!(tail.mean_since(&head), Some(6.0 / 5.0));
        assert_eq!(head.mean_since(&head), None);
        assert_eq!(gauge.level(), 0);
    }

    #[test]
    fn writing_the_same_level_again_changes_no_average() {
        let mut often = Gauge::new(at(0), 3);
        (1..100).for_each(|k| often.set(at(k), 3));
        assert_eq!(often.read(at(100)), Gauge::new(at(0), 3).read(at(100)));
    }

    #[test]
    #[should_panic(expected = "does not fall below zero")]
    fn a_level_below_zero_stops_the_run() {
        Gauge::new(at(0), 1).change(at(1), -2);
    }
}
