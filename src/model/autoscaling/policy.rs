//! Scaling policies: what an alarm that is on asks for.

use super::Fleet;
use crate::engine::time::Span;
use crate::model::alarm::Alarm;
use crate::model::ids::AlarmId;

/// By how much a size changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Adjustment {
    /// So many more, or fewer where it is negative.
    Change(i32),
    /// To exactly so many.
    Exact(u32),
    /// By so many percent, rounded towards nothing but by at least one instance where there is one.
    Percent(f64),
}

impl Adjustment {
    pub fn apply(self, size: u32) -> u32 {
        match self {
            Adjustment::Change(by) => size.saturating_add_signed(by),
            Adjustment::Exact(size) => size,
            Adjustment::Percent(percent) => {
                let by = f64::from(size) * percent / 100.0;
                // A share of nothing is nothing, and the sign of zero is one.
                let whole = if by != 0.0 && by.abs() < 1.0 { by.signum() } else { by.trunc() };
                size.saturating_add_signed(whole as i32)
            }
        }
    }
}

/// A step: what happens when the metric is so far beyond the threshold. Distances are in the metric's unit and have its
/// sign: above the threshold positive, below it negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Included; `None`: no bound.
    pub from: Option<f64>,
    /// Excluded; `None`: no bound.
    pub to: Option<f64>,
    pub adjustment: Adjustment,
}

impl Band {
    fn holds(&self, distance: f64) -> bool {
        self.from.is_none_or(|from| distance >= from) && self.to.is_none_or(|to| distance < to)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// One adjustment, then nothing until the cooldown after it has ended.
    Simple { alarm: AlarmId, adjustment: Adjustment, cooldown: Option<Span> },
    /// The band in which the metric lies, at each evaluation while the alarm is on.
    Step { alarm: AlarmId, bands: Vec<Band> },
    /// As many as bring the metric to its target: out in one go when `high` is on, in by one instance at each evaluation
    /// while `low` is on.
    Target { high: AlarmId, low: Option<AlarmId>, target: f64 },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub name: String,
    pub rule: Rule,
}

impl Policy {
    pub fn alarms(&self) -> impl Iterator<Item = AlarmId> {
        let (first, second) = match self.rule {
            Rule::Simple { alarm, .. } | Rule::Step { alarm, .. } => (alarm, None),
            Rule::Target { high, low, .. } => (high, low),
        };
        std::iter::once(first).chain(second)
    }

    pub fn is_simple(&self) -> bool {
        matches!(self.rule, Rule::Simple { .. })
    }

    /// The size that its alarm asks for, before the bounds; `None` where it asks for nothing.
    pub(super) fn propose(&self, fleet: Fleet, id: AlarmId, alarm: &Alarm) -> Option<u32> {
        match &self.rule {
            Rule::Simple { adjustment, .. } => Some(adjustment.apply(fleet.desired)),
            Rule::Step { bands, .. } => {
                let distance = alarm.value? - alarm.spec.threshold;
                let band = bands.iter().find(|band| band.holds(distance))?;
                // What warms up was ordered for this very load: it is part of what the step asks for.
                without_overshoot(band.adjustment.apply(fleet.warmed), band.adjustment.apply(fleet.desired), fleet)
            }
            Rule::Target { high, target, .. } => {
                let value = alarm.value?;
                let needed = |size: u32| (f64::from(size) * value / target - 1e-9).ceil().max(0.0) as u32;
                if id == *high {
                    let wanted = needed(fleet.warmed.max(1));
                    return (wanted > fleet.desired).then_some(wanted);
                }
                let fewer = needed(fleet.desired).max(fleet.desired.saturating_sub(1));
                (fleet.warming == 0 && fewer < fleet.desired).then_some(fewer)
            }
        }
    }
}

/// More only beyond what is ordered; fewer only when nothing warms up.
fn without_overshoot(from_warmed: u32, from_desired: u32, fleet: Fleet) -> Option<u32> {
    if from_warmed > fleet.warmed {
        return (from_warmed > fleet.desired).then_some(from_warmed);
    }
    (fleet.warming == 0 && from_desired < fleet.desired).then_some(from_desired)
}
