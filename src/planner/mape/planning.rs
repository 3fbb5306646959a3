//! From verdicts and economic answers to a number of replicas.
//!
//! Source: planner of `EASE-MAPE-System` (one step, at least one replica); planners of `Mape-Docker-Compose`: 2020 (thresholds
//! first, economy when they are silent) and 2022 (the larger when growing, the smaller when shrinking, clamped to 1..20).
//! Differs (corrected): a maximum, a cooldown, and no order when the target is what runs already.

use super::{LoopError, Reading, Verdict};
use crate::engine::time::{Instant, Span};
use serde::{Deserialize, Serialize};

/// How many replicas there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub min: u32,
    /// `None`: as many as are asked for.
    pub max: Option<u32>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::of(Reading::Corrected)
    }
}

impl Limits {
    /// At least one; at most 20 (2022), or no end to it (2019).
    pub const fn of(reading: Reading) -> Limits {
        match reading {
            Reading::Original => Limits { min: 1, max: None },
            Reading::Corrected => Limits { min: 1, max: Some(20) },
        }
    }

    /// # Errors
    /// When nothing lies between the limits, or the minimum is zero (a loop that reads its replicas needs one).
    pub fn check(&self) -> Result<(), LoopError> {
        let max = self.max.unwrap_or(u32::MAX);
        if 1 <= self.min && self.min <= max { Ok(()) } else { Err(LoopError::Limits { min: self.min, max }) }
    }

    pub fn clamp(&self, replicas: i64) -> u32 {
        let max = i64::from(self.max.unwrap_or(u32::MAX));
        // Both ends are u32, so the cast loses nothing.
        replicas.min(max).max(i64::from(self.min)) as u32
    }

    /// One step from `replicas` as the verdict says.
    pub fn step(&self, replicas: u32, verdict: Verdict) -> u32 {
        self.clamp(i64::from(replicas) + verdict.step())
    }
}

/// The threshold loop's planner.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdPlanner {
    limits: Limits,
    /// Quiet time after a change; zero in the original, which so acts twice on one overload.
    cooldown: Span,
    reading: Reading,
    changed: Option<Instant>,
}

impl ThresholdPlanner {
    /// # Errors
    /// When nothing lies between the limits.
    pub fn new(limits: Limits, cooldown: Span, reading: Reading) -> Result<ThresholdPlanner, LoopError> {
        limits.check()?;
        Ok(ThresholdPlanner { limits, cooldown, reading, changed: None })
    }

    /// The replicas to set now, or `None` to leave them.
    pub fn plan(&mut self, now: Instant, replicas: u32, verdict: Verdict) -> Option<u32> {
        if verdict == Verdict::Keep || self.changed.is_some_and(|changed| now.saturating_since(changed) < self.cooldown)
        {
            return None;
        }
        let target = self.limits.step(replicas, verdict);
        if self.reading == Reading::Corrected && target == replicas {
            return None;
        }
        self.changed = Some(now);
        Some(target)
    }
}

/// The economic analysis' answer as the planner takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Economic {
    /// W.
    pub vms: f64,
}

impl Economic {
    fn replicas(self) -> i64 {
        // The cast saturates for absurd W, and the limits cut it.
        self.vms.ceil() as i64
    }
}

/// Whose number the plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Threshold,
    Economic,
}

/// A joint plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Joined {
    pub source: Source,
    /// Before the limits; may be zero or less.
    pub wanted: i64,
    pub replicas: u32,
}

/// Joins both analyses by the 2022 rule. `None`: no change.
///
/// Without a verdict (no reading) the cycle is skipped, whatever the economy says: nothing is even clamped.
pub fn join(replicas: u32, verdict: Option<Verdict>, economic: Option<Economic>, limits: &Limits) -> Option<Joined> {
    let verdict = verdict?;
    let threshold = i64::from(replicas) + verdict.step();
    let economic = economic.map(Economic::replicas);
    let wins = |economic: i64| match verdict {
        Verdict::Keep => true,
        Verdict::Add => economic >= threshold,
        Verdict::Remove => economic <= threshold,
    };
    let (source, wanted) = match economic {
        Some(economic) if wins(economic) => (Source::Economic, economic),
        None if verdict == Verdict::Keep => return None,
        _ => (Source::Threshold, threshold),
    };
    Some(Joined { source, wanted, replicas: limits.clamp(wanted) })
}

/// The hybrid planner of either year, with the memory that the first one needs.
#[derive(Clone, Debug, PartialEq)]
pub struct HybridPlanner {
    rule: HybridRule,
    limits: Limits,
    /// The last W found; the 2020 rule applies it again when a search fails.
    last: Option<Economic>,
}

/// How the two analyses are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HybridRule {
    /// 2020: the thresholds when they speak, else the economy, else what the economy last said.
    ThresholdFirst,
    /// 2022: the larger when growing, the smaller when shrinking, the economy when the thresholds are silent.
    #[default]
    Extreme,
}

impl HybridPlanner {
    /// # Errors
    /// When nothing lies between the limits.
    pub fn new(rule: HybridRule, limits: Limits) -> Result<HybridPlanner, LoopError> {
        limits.check()?;
        Ok(HybridPlanner { rule, limits, last: None })
    }

    /// The joint plan, or `None` for no change.
    pub fn plan(&mut self, replicas: u32, verdict: Option<Verdict>, economic: Option<Economic>) -> Option<Joined> {
        self.last = economic.or(self.last);
        match (self.rule, verdict?) {
            (HybridRule::Extreme, verdict) => join(replicas, Some(verdict), economic, &self.limits),
            (HybridRule::ThresholdFirst, Verdict::Keep) => {
                let wanted = self.last?.replicas();
                Some(Joined { source: Source::Economic, wanted, replicas: self.limits.clamp(wanted) })
            }
            (HybridRule::ThresholdFirst, verdict) => {
                let wanted = i64::from(replicas) + verdict.step();
                Some(Joined { source: Source::Threshold, wanted, replicas: self.limits.clamp(wanted) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Limits = Limits { min: 1, max: Some(20) };

    #[test]
    fn growing_takes_the_larger_and_shrinking_the_smaller() {
        let plan = |verdict, vms| join(5, Some(verdict), Some(Economic { vms }), &WIDE).expect("a plan").replicas;
        assert_eq!([2.5, 6.0, 7.2].map(|vms| plan(Verdict::Add, vms)), [6, 6, 8]);
        assert_eq!([2.5, 4.0, 7.2].map(|vms| plan(Verdict::Remove, vms)), [3, 4, 4]);
        assert_eq!([2.5, 40.0].map(|vms| plan(Verdict::Keep, vms)), [3, 20]);
        assert_eq!(join(25, Some(Verdict::Keep), None, &WIDE), None);
        assert_eq!(join(25, None, Some(Economic { vms: 3.0 }), &WIDE), None);
        assert_eq!(join(1, Some(Verdict::Remove), None, &WIDE).expect("a plan").replicas, 1);
    }

    #[test]
    fn the_older_rule_asks_the_economy_only_when_the_thresholds_are_silent_and_remembers_it() {
        let mut planner =
            HybridPlanner::new(HybridRule::ThresholdFirst, Limits::of(Reading::Original)).expect("sound limits");
        assert_eq!(planner.plan(2, Some(Verdict::Keep), None), None);
        let economic = Some(Economic { vms: 6.1 });
        assert_eq!(planner.plan(2, Some(Verdict::Add), economic).expect("a plan").replicas, 3);
        assert_eq!(planner.plan(3, Some(Verdict::Keep), None).expect("the last W").replicas, 7);
    }

    #[test]
    fn a_cooldown_keeps_the_planner_quiet_after_a_change() {
        let second = |s: u64| Instant::from_nanos(s * 1_000_000_000);
        let mut planner = ThresholdPlanner::new(WIDE, Span::from_secs(30), Reading::Corrected).expect("sound limits");
        let plans = [0, 10, 29, 30].map(|s| planner.plan(second(s), 4, Verdict::Add));
        assert_eq!(plans, [Some(5), None, None, Some(5)]);
        assert_eq!(planner.plan(second(90), 20, Verdict::Add), None);
        let mut original =
            ThresholdPlanner::new(Limits::of(Reading::Original), Span::ZERO, Reading::Original).expect("sound limits");
        assert_eq!([0, 0].map(|s| original.plan(second(s), 1, Verdict::Remove)), [Some(1), Some(1)]);
        assert_eq!(original.plan(second(1), 20, Verdict::Add), Some(21));
    }

    #[test]
    fn limits_with_nothing_between_them_are_refused() {
        assert!(Limits { min: 0, max: None }.check().is_err());
        assert_eq!(
            Limits { min: 5, max: Some(2) }.check().expect_err("crossed").to_string(),
            "replicas: found a minimum of 5 and a maximum of 2, want a minimum from 1 and a maximum not below it"
        );
    }
}
