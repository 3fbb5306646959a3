//! What the provider does by itself, carried out and written to the log of decisions: alarms, scaling groups, health.

use std::io;

use super::drive::Driver;
use super::sink::DecisionRow;
use crate::model::autoscaling::Action;
use crate::model::fleet::Refusal;
use crate::model::ids::{AlarmId, GroupId, InstanceId, PoolId};

impl Driver<'_> {
    /// An alarm is evaluated; a change of its state is a row.
    pub(super) fn alarm_due(&mut self, id: AlarmId) -> io::Result<()> {
        let more = self.work_may_come();
        let Some(turned) = self.world.alarm_due(id, more, self.now, &mut self.plan) else { return Ok(()) };
        if !self.wants.decisions {
            return Ok(());
        }
        let alarm = &self.world.alarms[id.index()];
        let row = DecisionRow {
            at: self.now,
            by: alarm.spec.name.clone(),
            action: "alarm",
            target: alarm.spec.metric.name().to_owned(),
            from: turned.before.name().to_owned(),
            to: turned.after.name().to_owned(),
            reason: alarm.seen(),
            refusal: String::new(),
        };
        self.sink.decision(&row)
    }

    /// Writes down what a group did.
    pub(super) fn group_acted(&mut self, id: GroupId, acted: Option<(Action, Option<Refusal>)>) -> io::Result<()> {
        let Some((action, refusal)) = acted else { return Ok(()) };
        self.refusals += u64::from(refusal.is_some());
        if !self.wants.decisions {
            return Ok(());
        }
        let spec = &self.world.groups[id.index()].spec;
        let row = DecisionRow {
            at: self.now,
            by: spec.name.clone(),
            action: "scale",
            target: self.world.pool(spec.pool).spec.name.clone(),
            from: action.from.to_string(),
            to: action.to.to_string(),
            reason: action.reason,
            refusal: refusal.map_or(String::new(), Refusal::describe),
        };
        self.sink.decision(&row)
    }

    /// The first order of a strategy for the size of a pool takes the pool from its group.
    pub(super) fn take_over(&mut self, pool: PoolId) -> io::Result<()> {
        let Some(group) = self.world.suspend_group(pool) else { return Ok(()) };
        if !self.wants.decisions {
            return Ok(());
        }
        let row = DecisionRow {
            at: self.now,
            by: self.strategy_name.clone(),
            action: "suspend",
            target: self.world.groups[group.index()].spec.name.clone(),
            from: String::new(),
            to: String::new(),
            reason: "the strategy sizes this pool itself".to_owned(),
            refusal: String::new(),
        };
        self.sink.decision(&row)
    }

    /// An instance was not found healthy in time.
    pub(super) fn grace_over(&mut self, id: InstanceId) -> io::Result<()> {
        let number = self.world.instance(id).number;
        let pool = self.world.grace_over(id, self.now, &mut self.plan);
        if !self.wants.decisions {
            return Ok(());
        }
        let group = self.world.groups.iter().find(|group| group.spec.pool == pool);
        let row = DecisionRow {
            at: self.now,
            by: group.map_or(String::new(), |group| group.spec.name.clone()),
            action: "replace",
            target: self.world.pool(pool).spec.name.clone(),
            from: number.to_string(),
            to: String::new(),
            reason: "not healthy at the end of its grace".to_owned(),
            refusal: String::new(),
        };
        self.sink.decision(&row)
    }
}
