//! The provider's scaling group over a fleet: it keeps the size between a minimum and a maximum and lets policies move it.
//!
//! Sources: the documented behaviour of EC2 Auto Scaling. *Simple* scaling ignores its alarm while an activity is under way
//! and until the cooldown after it has ended. *Step* scaling and *target tracking* do not wait; instances that warm up
//! count as already ordered, and nothing is taken away while any warms up. Of several policies the one that leaves most
//! instances decides. A *timetable* changes bounds and size at stated instants.
//!
//! Differs: one zone, so the order of leaving is the pool's own (newest or oldest first); instances that fail are not
//! modelled here, so the grace only matters for those that their balancer never finds healthy in time.

mod policy;
#[cfg(test)]
mod tests;

pub use policy::{Adjustment, Band, Policy, Rule};

use super::alarm::{Alarm, AlarmState};
use super::ids::PoolId;
use crate::engine::time::{Instant, Span};

/// A scaling group, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSpec {
    pub name: String,
    pub pool: PoolId,
    pub min: u32,
    pub max: u32,
    /// Size at the start; that of the pool, within the bounds, when absent.
    pub desired: Option<u32>,
    /// After an activity of simple scaling, where the policy has none of its own.
    pub cooldown: Span,
    /// From the end of an instance's boot until step scaling and target tracking count it as there.
    pub warm_up: Span,
    /// An instance that is not healthy so long after its boot is replaced; `None`: checks are the balancer's affair.
    pub grace: Option<Span>,
    pub policies: Vec<Policy>,
    /// In order of their first instant.
    pub timetable: Vec<Entry>,
}

/// A line of a timetable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub at: Instant,
    /// Again after each such span.
    pub every: Option<Span>,
    pub min: Option<u32>,
    pub max: Option<u32>,
    pub desired: Option<u32>,
}

/// What a group knows of its fleet when it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    pub desired: u32,
    /// Instances past their warm-up.
    pub warmed: u32,
    /// Instances ordered, starting or within their warm-up.
    pub warming: u32,
}

/// A change of size, with what caused it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    pub from: u32,
    pub to: u32,
    pub reason: String,
}

/// A scaling group at work.
#[derive(Clone, Debug)]
pub struct Group {
    pub spec: GroupSpec,
    pub min: u32,
    pub max: u32,
    /// A strategy sizes the fleet itself.
    pub suspended: bool,
    /// It is to act on its alarms at this instant.
    pub(crate) due: bool,
    /// An activity of simple scaling is under way; the cooldown that follows it.
    activity: Option<Span>,
    /// The cooldown lasts up to here.
    quiet_until: Instant,
}

impl Group {
    pub fn new(spec: GroupSpec) -> Group {
        let (min, max) = (spec.min, spec.max);
        Group { spec, min, max, suspended: false, due: false, activity: None, quiet_until: Instant::ZERO }
    }

    /// Whether an alarm belongs to one of its policies.
    pub fn listens_to(&self, alarm: usize) -> bool {
        self.spec.policies.iter().any(|policy| policy.alarms().any(|id| id.index() == alarm))
    }

    /// What the alarms that are on and were evaluated now ask for; `None` where the size stays.
    pub fn decide(&mut self, fleet: Fleet, alarms: &[Alarm], now: Instant) -> Option<Action> {
        if self.suspended {
            return None;
        }
        let quiet = self.activity.is_some() || now < self.quiet_until;
        let mut best: Option<(u32, &Policy, &Alarm)> = None;
        for policy in &self.spec.policies {
            if quiet && policy.is_simple() {
                continue;
            }
            for id in policy.alarms() {
                let alarm = &alarms[id.index()];
                if alarm.state != AlarmState::Alarm || alarm.evaluated != Some(now) {
                    continue;
                }
                let Some(wanted) = policy.propose(fleet, id, alarm) else { continue };
                let to = wanted.clamp(self.min, self.max);
                if to != fleet.desired && best.is_none_or(|(most, _, _)| to > most) {
                    best = Some((to, policy, alarm));
                }
            }
        }
        let (to, policy, alarm) = best?;
        let reason = format!("{}: {} is on: {}", policy.name, alarm.spec.name, alarm.seen());
        if let Rule::Simple { cooldown, .. } = policy.rule {
            self.activity = Some(cooldown.unwrap_or(self.spec.cooldown));
        }
        Some(Action { from: fleet.desired, to, reason })
    }

    /// A line of the timetable: bounds and size from now on.
    pub fn follow(&mut self, entry: usize, desired: u32) -> Option<Action> {
        let Entry { min, max, desired: wanted, .. } = self.spec.timetable[entry];
        self.min = min.unwrap_or(self.min);
        self.max = max.unwrap_or(self.max).max(self.min);
        self.min = self.min.min(self.max);
        let to = wanted.unwrap_or(desired).clamp(self.min, self.max);
        if self.suspended || to == desired {
            return None;
        }
        let reason = format!("timetable: from {} to {} instances", self.min, self.max);
        Some(Action { from: desired, to, reason })
    }

    /// The last instance of an activity has started or gone: the cooldown begins.
    pub fn activity_over(&mut self, now: Instant) {
        if let Some(cooldown) = self.activity.take() {
            self.quiet_until = now.saturating_add(cooldown);
        }
    }

    /// Until when simple scaling ignores its alarms, as far as that is known.
    pub fn quiet_until(&self) -> Instant {
        if self.activity.is_some() { Instant::FAR } else { self.quiet_until }
    }
}
