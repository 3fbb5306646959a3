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
    /// The resources behind the verdict.
    pub decided_by: Vec<String>,
    /// W, p_s and γ of the economic analysis.
    pub vms: Option<f64>,
    pub price: Option<f64>,
    pub banners: Option<f64>,
    pub source: Option<Source>,
    pub planned: Option<u32>,
    /// Why a stage had nothing to say.
    pub remarks: Vec<String>,
    /// What was ordered.
    pub done: String,
}

impl CycleRow {
    /// The row in a sentence of four parts: seen, concluded, planned, done.
    pub fn told(&self) -> String {
        let done = if self.done.is_empty() { "nothing" } else { &self.done };
        format!("{}; did {done}", self.why())
    }

    /// Its first three parts: the reason of what is ordered.
    pub fn why(&self) -> String {
        let or_nothing = |parts: Vec<String>| if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
        let mut seen: Vec<String> = (!self.seen.is_empty()).then(|| self.seen.clone()).into_iter().collect();
        seen.extend(self.replicas.map(|replicas| format!("{replicas} replicas")));
        let mut concluded: Vec<String> = Vec::new();
        concluded.extend(self.verdict.map(|verdict| {
            let word = match verdict {
                Verdict::Remove => "remove",
                Verdict::Keep => "keep",
                Verdict::Add => "add",
            };
            let by =
                if self.decided_by.is_empty() { String::new() } else { format!(" ({})", self.decided_by.join(", ")) };
            format!("{word}{by}")
        }));
        concluded.extend(self.vms.map(|vms| format!("W {vms:.3}")));
        concluded.extend(self.price.map(|price| format!("price {price:.3e}")));
        concluded.extend(self.banners.map(|banners| format!("banners {banners:.3}")));
        concluded.extend(self.remarks.iter().cloned());
        let planned: Vec<String> = self
            .planned
            .iter()
            .map(|planned| {
                let by = match self.source {
                    Some(Source::Threshold) => " by threshold",
                    Some(Source::Economic) => " by economy",
                    None => "",
                };
                format!("{planned} replicas{by}")
            })
            .collect();
        format!(
            "cycle {}: saw {}; concluded {}; planned {}",
            self.cycle,
            or_nothing(seen),
            or_nothing(concluded),
            or_nothing(planned)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_what_was_seen_concluded_planned_and_done() {
        let row = CycleRow {
            cycle: 3,
            seen: "cpu 81.2 %".to_owned(),
            replicas: Some(2),
            verdict: Some(Verdict::Add),
            decided_by: vec!["cpu".to_owned()],
            source: Some(Source::Threshold),
            planned: Some(3),
            done: "scale 2 to 3".to_owned(),
            ..CycleRow::default()
        };
        assert_eq!(
            row.told(),
            "cycle 3: saw cpu 81.2 %, 2 replicas; concluded add (cpu); planned 3 replicas by threshold; did scale 2 to 3"
        );
        assert_eq!(CycleRow::default().told(), "cycle 0: saw nothing; concluded nothing; planned nothing; did nothing");
    }

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
