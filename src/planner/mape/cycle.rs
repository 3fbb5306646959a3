//! When the next round of the loop begins, and the row that a round leaves behind.
//!
//! Source: the loops of the three published programs, which sleep between rounds, so that a round's own length is added to
//! the period. Differs: a fixed pace, start to start, is the default; two rounds never overlap.

use super::planning::Source;
use super::{LoopError, Verdict};
use crate::engine::time::{Instant, Span};
use serde::{Deserialize, Serialize};

/// How a period is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodMode {
    /// From start to start; a round that lasts longer delays the next to its own end.
    #[default]
    Fixed,
    /// From end to start, as the published loops sleep.
    Sleep,
}

/// The pace of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    period: Span,
    mode: PeriodMode,
}

impl Pace {
    /// # Errors
    /// When the period is zero, which would be a loop without time between its rounds.
    pub fn new(period: Span, mode: PeriodMode) -> Result<Pace, LoopError> {
        if period.is_zero() {
            return Err(LoopError::Setting {
                key: "period",
                found: period.to_string(),
                wanted: "a positive length of time",
            });
        }
        Ok(Pace { period, mode })
    }

    /// When the round after one that lasted from `start` to `end` begins.
    pub fn next(&self, start: Instant, end: Instant) -> Instant {
        match self.mode {
            PeriodMode::Sleep => end.saturating_add(self.period),
            PeriodMode::Fixed => start.saturating_add(self.period).max(end),
        }
    }
}

/// What one round saw, concluded, planned and did. Empty where a stage had nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CycleRow {
    pub cycle: u64,
    /// The means that decided, such as `cpu 81.2`.
    pub seen: String,
    pub replicas: Option<u32>,
    pub verdict: Option<Verdict>,
    /// The resource behind the verdict.
    pub decided_by: Option<&'static str>,
    /// W, p_s and γ of the economic analysis.
    pub vms: Option<f64>,
    pub price: Option<f64>,
    pub banners: Option<f64>,
    pub source: Option<Source>,
    pub planned: Option<u32>,
    pub done: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeping_loop_drifts_and_a_fixed_one_waits_only_for_itself() {
        let second = |s: u64| Instant::from_nanos(s * 1_000_000_000);
        let pace = |mode| Pace::new(Span::from_secs(60), mode).expect("a period");
        assert_eq!(pace(PeriodMode::Sleep).next(second(0), second(7)), second(67));
        assert_eq!(pace(PeriodMode::Fixed).next(second(0), second(7)), second(60));
        assert_eq!(pace(PeriodMode::Fixed).next(second(0), second(70)), second(70));
        assert!(Pace::new(Span::ZERO, PeriodMode::Fixed).is_err());
    }
}
