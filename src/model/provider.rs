//! Verbs of the provider: the monitor looks, alarms are evaluated, scaling groups act on fleets.
//!
//! At one instant they go in this order, before the strategy: each sees what the one before has just done.

use super::alarm::{Alarm, AlarmSpec, AlarmState};
use super::archive_spec::ArchiveSpec;
use super::autoscaling::{Action, Fleet, Group, GroupSpec};
use super::event::Event;
use super::fleet::Refusal;
use super::ids::{AlarmId, GroupId, InstanceId, PoolId};
use super::instance::Phase;
use super::monitor::{Monitor, MonitorSpec};
use super::world::{Plan, World};
use crate::engine::time::{Instant, Span};

/// The provider's services beside its pools, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProviderSpec {
    pub monitor: MonitorSpec,
    pub archive: ArchiveSpec,
    pub alarms: Vec<AlarmSpec>,
    /// At most one for each pool.
    pub groups: Vec<GroupSpec>,
}

/// A change of an alarm's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turned {
    pub before: AlarmState,
    pub after: AlarmState,
}

impl World {
    /// Sets up monitor, alarms and scaling groups, before anything exists.
    pub fn install(&mut self, provider: &ProviderSpec) {
        self.monitor = Monitor::new(provider.monitor, &provider.archive);
        for alarm in &provider.alarms {
            self.monitor.will_read(alarm.looks_back());
        }
        self.alarms = provider.alarms.iter().cloned().map(Alarm::new).collect();
        self.groups = provider.groups.iter().cloned().map(Group::new).collect();
        for group in &self.groups {
            let pool = &mut self.pools[group.spec.pool.index()];
            pool.desired = group.spec.desired.unwrap_or(pool.desired).clamp(group.min, group.max);
        }
    }

    /// Starts the clocks of the monitor, of every alarm and timetable.
    pub fn start_provider(&mut self, plan: &mut Plan) {
        self.monitor.open(&self.pools, &self.functions, &self.loads);
        if let Some(measures) = &mut self.measures {
            measures.open(self.monitor.archive());
        }
        self.plan_metrics(Instant::ZERO, plan);
        for index in 0..self.alarms.len() {
            let first = Instant::ZERO + self.monitor.spec().delay;
            self.plan_alarm(AlarmId::from_index(index), first, plan);
        }
        for (index, group) in self.groups.iter().enumerate() {
            for (entry, line) in group.spec.timetable.iter().enumerate() {
                let event = Event::TimetableDue { group: GroupId::from_index(index), entry: entry as u32 };
                plan.plan(line.at, event.rank(), event);
            }
        }
    }

    fn plan_metrics(&self, now: Instant, plan: &mut Plan) {
        let event = Event::MetricsDue;
        plan.plan(now + self.monitor.spec().step(), event.rank(), event);
    }

    /// An alarm is evaluated when its next period is published.
    fn plan_alarm(&self, id: AlarmId, now: Instant, plan: &mut Plan) {
        let event = Event::AlarmDue { alarm: id };
        plan.plan(now + self.alarms[id.index()].spec.period, event.rank(), event);
    }

    /// The monitor looks, and will look again while `more` work may come.
    pub fn metrics_due(&mut self, more: bool, now: Instant, plan: &mut Plan) {
        // The event comes whether anybody reads or not: a run has the same events with a timeline and without.
        if self.monitor.is_read() {
            self.monitor.collect(&mut self.pools, &self.arrived, &mut self.loads, now);
        }
        if more {
            self.plan_metrics(now, plan);
        }
    }

    /// An alarm is evaluated. Groups that listen to it act at this instant if it is on.
    pub fn alarm_due(&mut self, id: AlarmId, more: bool, now: Instant, plan: &mut Plan) -> Option<Turned> {
        let alarm = &mut self.alarms[id.index()];
        let before = alarm.evaluate(&self.monitor, now);
        let after = alarm.state;
        if after == AlarmState::Alarm {
            for index in 0..self.groups.len() {
                let group = &mut self.groups[index];
                if group.listens_to(id.index()) && !group.due && !group.suspended {
                    group.due = true;
                    let event = Event::GroupDue { group: GroupId::from_index(index) };
                    plan.plan(now, event.rank(), event);
                }
            }
        }
        if more {
            self.plan_alarm(id, now, plan);
        }
        before.map(|before| Turned { before, after })
    }

    /// A group acts on its alarms.
    pub fn group_due(&mut self, id: GroupId, now: Instant, plan: &mut Plan) -> Option<(Action, Option<Refusal>)> {
        let fleet = self.fleet_of(id, now);
        let group = &mut self.groups[id.index()];
        group.due = false;
        let action = group.decide(fleet, &self.alarms, now)?;
        Some(self.act(id, action, now, plan))
    }

    /// A line of a group's timetable is due.
    pub fn timetable_due(
        &mut self,
        id: GroupId,
        entry: u32,
        more: bool,
        now: Instant,
        plan: &mut Plan,
    ) -> Option<(Action, Option<Refusal>)> {
        let group = &mut self.groups[id.index()];
        if let (Some(every), true) = (group.spec.timetable[entry as usize].every, more) {
            let event = Event::TimetableDue { group: id, entry };
            plan.plan(now + every, event.rank(), event);
        }
        let desired = self.pools[group.spec.pool.index()].desired;
        let action = group.follow(entry as usize, desired)?;
        Some(self.act(id, action, now, plan))
    }

    fn act(&mut self, id: GroupId, action: Action, now: Instant, plan: &mut Plan) -> (Action, Option<Refusal>) {
        let pool = self.groups[id.index()].spec.pool;
        let refusal = self.scale(pool, action.to, now, plan);
        // An activity that had nothing to wait for is over at once.
        self.activity_may_be_over(pool, now);
        (action, refusal)
    }

    /// Sizes as a group counts them: what is past its warm-up, and what is not.
    fn fleet_of(&self, id: GroupId, now: Instant) -> Fleet {
        let spec = &self.groups[id.index()].spec;
        let pool = self.pool(spec.pool);
        // What stood at the start had been there before.
        let past = |at: Instant| at == Instant::ZERO || at.saturating_add(spec.warm_up) <= now;
        let warm = |booted: Option<Instant>| booted.is_some_and(past);
        let standing = self.instances.iter().filter(|(_, instance)| {
            instance.pool == spec.pool && matches!(instance.phase, Phase::Initial | Phase::Serving { .. })
        });
        let warmed = standing.filter(|(_, instance)| warm(instance.booted)).count() as u32;
        Fleet { desired: pool.desired, warmed, warming: pool.standing().max(pool.desired).saturating_sub(warmed) }
    }

    /// The group of a pool no longer acts: a strategy sizes the pool. Which, unless it was so before.
    pub fn suspend_group(&mut self, pool: PoolId) -> Option<GroupId> {
        let index = self.groups.iter().position(|group| group.spec.pool == pool && !group.suspended)?;
        self.groups[index].suspended = true;
        Some(GroupId::from_index(index))
    }

    /// How long after its boot an instance may wait to be found healthy.
    pub(crate) fn grace_of(&self, pool: PoolId) -> Option<Span> {
        self.groups.iter().find(|group| group.spec.pool == pool).and_then(|group| group.spec.grace)
    }

    /// An instance has not been found healthy in time: it goes, and another starts.
    pub fn grace_over(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) -> PoolId {
        let instance = self.instances.get_mut(id.0);
        instance.grace = None;
        let pool = instance.pool;
        self.retire(id, now, plan);
        self.launch_wanted(pool, now, plan);
        pool
    }

    /// Called when an instance of a pool has started or gone: a group's activity may be over with it.
    pub(crate) fn activity_may_be_over(&mut self, pool: PoolId, now: Instant) {
        let counts = self.pools[pool.index()].counts;
        if counts.booting == 0
            && counts.draining == 0
            && let Some(group) = self.groups.iter_mut().find(|group| group.spec.pool == pool)
        {
            group.activity_over(now);
        }
    }
}
