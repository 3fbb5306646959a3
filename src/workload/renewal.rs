//! Arrivals with independent gaps: random (Poisson), always the same, or of any law.
//!
//! The first request comes one gap after the start, as in a renewal process that has just renewed.

use super::source::advance;
use crate::engine::law::Law;
use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;

/// Independent arrivals at a constant rate.
#[derive(Clone, Debug)]
pub struct Poisson {
    gap_s_mean: f64,
    clock: Instant,
}

impl Poisson {
    pub fn new(rate_per_s: f64) -> Result<Poisson, Unfit> {
        let rate = Unfit::unless_positive("rate", rate_per_s)?;
        Ok(Poisson { gap_s_mean: 1.0 / rate, clock: Instant::ZERO })
    }

    pub fn rate_per_s(&self) -> f64 {
        1.0 / self.gap_s_mean
    }

    #[inline]
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        advance(&mut self.clock, self.gap_s_mean * rng.exponential())
    }
}

/// One request every `gap`, exactly.
#[derive(Clone, Debug)]
pub struct Regular {
    gap: Span,
    clock: Instant,
}

impl Regular {
    pub fn new(gap: Span) -> Result<Regular, Unfit> {
        if gap.is_zero() {
            return Err(Unfit::new("gap", gap, "a length of time above zero"));
        }
        Ok(Regular { gap, clock: Instant::ZERO })
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<Instant> {
        self.clock = self.clock.saturating_add(self.gap);
        (self.clock < Instant::FAR).then_some(self.clock)
    }
}

/// Independent gaps of one law.
#[derive(Clone, Debug)]
pub struct Renewal {
    gap_s: Law,
    clock: Instant,
}

impl Renewal {
    /// Gaps in seconds.
    pub fn new(gap_s: Law) -> Result<Renewal, Unfit> {
        if gap_s.mean() == 0.0 {
            return Err(Unfit::new("gap", "a mean of 0", "a law of mean above zero"));
        }
        Ok(Renewal { gap_s, clock: Instant::ZERO })
    }

    #[inline]
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        advance(&mut self.clock, self.gap_s.draw(rng))
    }
}
