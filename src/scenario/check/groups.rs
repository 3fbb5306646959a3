//! Scaling groups over fleets: their bounds, their policies and timetables, and the alarms that target tracking brings.

use super::Checker;
use super::provider::{is_fleet, metric, usual_statistic};
use crate::engine::time::Instant;
use crate::model::alarm::{AlarmSpec, Comparison, Missing};
use crate::model::autoscaling::{Adjustment, Band, Entry, GroupSpec, Policy, Rule};
use crate::model::ids::{AlarmId, PoolId};
use crate::model::monitor::{MonitorSpec, Of};
use crate::model::pool::{Birth, PoolSpec};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;

/// Target tracking takes instances away below this share of its target (general knowledge of AWS).
const LOW_SHARE: f64 = 0.9;
const SIZE: &str = "one of change, exact and percent";

impl Checker<'_> {
    pub(super) fn groups(
        &mut self,
        raw: &raw::Scenario,
        pools: &[PoolSpec],
        monitor: MonitorSpec,
        alarms: &mut Vec<AlarmSpec>,
    ) -> Vec<GroupSpec> {
        let mut checked: Vec<GroupSpec> = Vec::new();
        for (name, written) in &raw.groups {
            let path = KeyPath::from("groups").key(name);
            let Some(pool) = self.grouped_pool(name, written, pools, &path) else { continue };
            if let Some(other) = checked.iter().find(|other| other.pool == pool) {
                let wanted = format!("a pool without a group; {} has this one", other.name);
                self.refuse(path.key("pool"), wanted);
            }
            let bounds = self.bounds(written, &pools[pool.index()], &path);
            let mut group = GroupSpec {
                name: name.clone(),
                pool,
                min: bounds.0,
                max: bounds.1,
                desired: written.desired,
                cooldown: written.cooldown.0,
                warm_up: written.warm_up.0,
                grace: written.grace.map(|span| span.0),
                policies: Vec::new(),
                timetable: Vec::new(),
            };
            for (policy_name, policy) in &written.policies {
                let path = path.key("policies").key(policy_name);
                if let Some(rule) = self.policy(policy, &mut group, policy_name, monitor, alarms, &path) {
                    group.policies.push(Policy { name: policy_name.clone(), rule });
                }
            }
            group.timetable.sort_by_key(|entry| entry.at);
            self.crossed(&group, alarms, &path);
            checked.push(group);
        }
        checked
    }

    fn grouped_pool(&mut self, name: &str, written: &raw::Group, pools: &[PoolSpec], path: &KeyPath) -> Option<PoolId> {
        let names: Vec<String> = pools.iter().map(|pool| pool.name.clone()).collect();
        let index = match &written.pool {
            Some(pool) => self.find(&names, pool, path.key("pool"), "a pool")?,
            None => match names.iter().position(|pool| pool == name) {
                Some(index) => index,
                None => {
                    self.refuse_found(path.key("pool"), "nothing", "the pool of the group, since none has its name");
                    return None;
                }
            },
        };
        if !is_fleet(&pools[index]) || pools[index].computer.is_some() {
            self.refuse_found(
                path.key("pool"),
                format!("\"{}\"", names[index]),
                "a pool whose instances come by order (kind vm)",
            );
            return None;
        }
        Some(PoolId::from_index(index))
    }

    /// Minimum and maximum; any size where they contradict each other, so that nothing else is blamed for it.
    fn bounds(&mut self, written: &raw::Group, pool: &PoolSpec, path: &KeyPath) -> (u32, u32) {
        let (min, max) = (written.min, written.max);
        if min > max {
            self.refuse(path.key("min"), format!("at most the maximum of {max}"));
            return (0, u32::MAX);
        }
        if let Birth::Ordered { max: pool_max, .. } = pool.birth
            && max > pool_max
        {
            self.refuse(path.key("max"), format!("at most the pool's maximum of {pool_max}"));
        }
        if written.desired.is_some_and(|desired| desired < min || desired > max) {
            self.refuse(path.key("desired"), format!("from {min} to {max}"));
        }
        if let (Some(grace), Birth::Ordered { health: None, .. }) = (written.grace, &pool.birth) {
            self.refuse_found(path.key("grace"), grace.to_string(), "a pool with a health_check, which a grace is for");
        }
        (min, max)
    }

    /// The rule of a policy; a timetable goes to the group instead.
    fn policy(
        &mut self,
        written: &raw::Policy,
        group: &mut GroupSpec,
        name: &str,
        monitor: MonitorSpec,
        alarms: &mut Vec<AlarmSpec>,
        path: &KeyPath,
    ) -> Option<Rule> {
        match written {
            raw::Policy::Simple(simple) => {
                let alarm = self.alarm_of(&simple.alarm, alarms, path)?;
                let adjustment = self.adjustment(simple.change, simple.exact, simple.percent, path)?;
                Some(Rule::Simple { alarm, adjustment, cooldown: simple.cooldown.map(|span| span.0) })
            }
            raw::Policy::Step(step) => {
                let alarm = self.alarm_of(&step.alarm, alarms, path)?;
                let bands = self.bands(&step.steps, path)?;
                Some(Rule::Step { alarm, bands })
            }
            raw::Policy::Target(target) => self.target(target, group, name, monitor, alarms, path),
            raw::Policy::Scheduled(scheduled) => {
                self.scheduled(scheduled, group, path);
                None
            }
        }
    }

    fn alarm_of(&mut self, name: &str, alarms: &[AlarmSpec], path: &KeyPath) -> Option<AlarmId> {
        let names: Vec<String> = alarms.iter().map(|alarm| alarm.name.clone()).collect();
        self.find_unsorted(&names, name, path.key("alarm"), "an alarm").map(AlarmId::from_index)
    }

    fn adjustment(
        &mut self,
        change: Option<i32>,
        exact: Option<u32>,
        percent: Option<f64>,
        path: &KeyPath,
    ) -> Option<Adjustment> {
        let found = match (change, exact, percent) {
            (Some(change), None, None) => Adjustment::Change(change),
            (None, Some(exact), None) => Adjustment::Exact(exact),
            (None, None, Some(percent)) => Adjustment::Percent(percent),
            (None, None, None) => {
                self.refuse_found(path.key("change"), "nothing", SIZE);
                return None;
            }
            _ => {
                self.refuse_found(path.clone(), "several of change, exact and percent", SIZE);
                return None;
            }
        };
        match found {
            Adjustment::Change(0) => self.refuse(path.key("change"), "a change: a number other than zero"),
            Adjustment::Percent(percent) if !(percent.is_finite() && percent != 0.0 && percent.abs() <= 1e6) => {
                self.refuse(path.key("percent"), "a percentage other than zero, at most a million");
            }
            _ => return Some(found),
        }
        None
    }

    fn bands(&mut self, steps: &[raw::PolicyStep], path: &KeyPath) -> Option<Vec<Band>> {
        let path = path.key("steps");
        if steps.is_empty() {
            self.refuse(path, "at least one step");
            return None;
        }
        let mut bands: Vec<Band> = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let path = path.clone().index(index);
            let adjustment = self.adjustment(step.change, step.exact, step.percent, &path)?;
            let finite = [step.from, step.to].into_iter().flatten().all(f64::is_finite);
            let band = Band { from: step.from, to: step.to, adjustment };
            if !finite || matches!((band.from, band.to), (Some(from), Some(to)) if from >= to) {
                self.refuse_found(path, "a step that holds nothing", "a lower bound below the upper one");
                return None;
            }
            let apart = |other: &Band| {
                let ends_before = |a: &Band, b: &Band| matches!((a.to, b.from), (Some(to), Some(from)) if to <= from);
                ends_before(other, &band) || ends_before(&band, other)
            };
            if !bands.iter().all(apart) {
                self.refuse_found(path, "a step that overlaps another", "steps of which at most one holds");
                return None;
            }
            bands.push(band);
        }
        Some(bands)
    }

    fn target(
        &mut self,
        written: &raw::Target,
        group: &GroupSpec,
        name: &str,
        monitor: MonitorSpec,
        alarms: &mut Vec<AlarmSpec>,
        path: &KeyPath,
    ) -> Option<Rule> {
        let metric = metric(written.metric);
        if !metric.falls_with_capacity() {
            self.refuse(path.key("metric"), "RequestCountPerTarget or CPUUtilization, which fall as a fleet grows");
            return None;
        }
        if !(written.target > 0.0 && written.target.is_finite()) {
            self.refuse(path.key("target"), "a target above zero");
        }
        self.period(written.period.0, written.low_periods.max(written.high_periods), monitor, path, "low_periods");
        for (key, periods) in [("high_periods", written.high_periods), ("low_periods", written.low_periods)] {
            if periods == 0 {
                self.refuse(path.key(key), "at least one period");
            }
        }
        let mut made = |side: &str, periods: u32, comparison: Comparison, threshold: f64| {
            alarms.push(AlarmSpec {
                name: format!("{}-{name}-{side}", group.name),
                of: Of::Pool(group.pool),
                metric,
                statistic: usual_statistic(metric),
                period: written.period.0.max(monitor.granularity),
                points: periods,
                periods,
                comparison,
                threshold,
                missing: Missing::Missing,
            });
            AlarmId::from_index(alarms.len() - 1)
        };
        let high = made("high", written.high_periods, Comparison::Greater, written.target);
        let low =
            written.scale_in.then(|| made("low", written.low_periods, Comparison::Less, LOW_SHARE * written.target));
        Some(Rule::Target { high, low, target: written.target })
    }

    fn scheduled(&mut self, written: &raw::Scheduled, group: &mut GroupSpec, path: &KeyPath) {
        let (min, max) = (written.min.unwrap_or(group.min), written.max.unwrap_or(group.max));
        if written.min.is_none() && written.max.is_none() && written.desired.is_none() {
            self.refuse_found(path.key("desired"), "nothing", "a size or a bound to set");
        }
        if min > max {
            self.refuse(
                path.key(if written.min.is_some() { "min" } else { "max" }),
                format!("bounds in order, not {min} to {max}"),
            );
        } else if written.desired.is_some_and(|desired| desired < min || desired > max) {
            self.refuse(path.key("desired"), format!("from {min} to {max}, the bounds then in force"));
        }
        if written.every.is_some_and(|every| every.0.is_zero()) {
            self.refuse(path.key("every"), "a length of time above zero");
            return;
        }
        group.timetable.push(Entry {
            at: Instant::ZERO + written.at.0,
            every: written.every.map(|span| span.0),
            min: written.min,
            max: written.max,
            desired: written.desired,
        });
    }

    /// Two alarms that are both on for some values of one metric, one adding and one removing instances, never rest.
    fn crossed(&mut self, group: &GroupSpec, alarms: &[AlarmSpec], path: &KeyPath) {
        let by_alarm: Vec<(&Policy, &AlarmSpec)> = group
            .policies
            .iter()
            .filter(|policy| !matches!(policy.rule, Rule::Target { .. }))
            .flat_map(|policy| policy.alarms().map(move |id| (policy, &alarms[id.index()])))
            .collect();
        let mut wrong = Vec::new();
        for (_, upper) in by_alarm.iter().filter(|(_, alarm)| alarm.comparison.is_upper()) {
            for (policy, lower) in by_alarm.iter().filter(|(_, alarm)| !alarm.comparison.is_upper()) {
                let same = (upper.of, upper.metric, upper.statistic, upper.period)
                    == (lower.of, lower.metric, lower.statistic, lower.period);
                if same && lower.threshold > upper.threshold {
                    wrong.push((
                        policy.name.clone(),
                        format!("\"{}\" below {}", lower.name, lower.threshold),
                        upper.threshold,
                    ));
                }
            }
        }
        for (policy, found, upper) in wrong {
            let path = path.key("policies").key(&policy).key("alarm");
            self.refuse_found(path, found, format!("a threshold of at most {upper}, from which on others are on"));
        }
    }
}
