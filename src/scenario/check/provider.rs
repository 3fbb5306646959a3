//! The monitor, its alarms and what they watch. Scaling groups have a room of their own.

use std::collections::BTreeSet;

use super::Checker;
use crate::engine::time::Span;
use crate::model::alarm::{AlarmSpec, Comparison, Missing};
use crate::model::ids::{FunctionId, PoolId};
use crate::model::monitor::{Metric, MonitorSpec, Of, Statistic};
use crate::model::pool::{Birth, PoolSpec};
use crate::model::provider::ProviderSpec;
use crate::model::series_ids::Owners;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::{FunctionSetup, SourceSetup};

/// The longest delay of metrics, and the longest that an alarm looks back.
const DAY: Span = Span::from_secs(86_400);

/// The monitor looks at most so often in its shorter period, so that two lengths that hardly fit do not cost a run.
const LOOKS_MAX: u64 = 100;
/// Shorter buckets than that are no monitor's.
const GRANULARITY_MIN: Span = Span::from_nanos(1_000_000);

impl Checker<'_> {
    pub(super) fn provider(
        &mut self,
        raw: &raw::Scenario,
        pools: &[PoolSpec],
        functions: &[FunctionSetup],
        sources: &[SourceSetup],
    ) -> ProviderSpec {
        let monitor = self.monitor(raw);
        let mut alarms: Vec<AlarmSpec> =
            raw.alarms.iter().map(|(name, written)| self.alarm(name, written, monitor, pools)).collect();
        let groups = self.groups(raw, pools, monitor, &mut alarms);
        let owners = Owners {
            pools: each_once(pools.iter().map(|pool| pool.name.as_str())),
            functions: each_once(functions.iter().map(|function| function.name.as_str())),
            sources: each_once(sources.iter().map(|source| source.name.as_str())),
        };
        let archive = self.archive(raw, monitor, &owners);
        ProviderSpec { monitor, archive, alarms, groups }
    }

    fn monitor(&mut self, raw: &raw::Scenario) -> MonitorSpec {
        let spec =
            MonitorSpec { granularity: raw.monitor.granularity.0, delay: raw.monitor.delay.0, sample: raw.sample.0 };
        if spec.granularity < GRANULARITY_MIN {
            self.refuse("monitor.granularity", format!("a length of time of at least {GRANULARITY_MIN}"));
        }
        if spec.delay > DAY {
            self.refuse("monitor.delay", "at most a day");
        }
        if spec.granularity < GRANULARITY_MIN || spec.sample.is_zero() {
            return MonitorSpec::default();
        }
        let shorter = spec.granularity.min(spec.sample).as_nanos();
        if shorter / spec.step().as_nanos() > LOOKS_MAX {
            let wanted = format!("a length of time that fits the monitor's granularity of {}", spec.granularity);
            self.refuse("sample", wanted);
            return MonitorSpec::default();
        }
        spec
    }

    fn alarm(&mut self, name: &str, written: &raw::Alarm, monitor: MonitorSpec, pools: &[PoolSpec]) -> AlarmSpec {
        let path = KeyPath::from("alarms").key(name);
        let metric = metric(written.metric);
        let of = self.watched(written, metric, pools, &path);
        let points = written.points.unwrap_or(written.periods);
        if written.periods == 0 {
            self.refuse(path.key("periods"), "at least one period");
        } else if points == 0 || points > written.periods {
            self.refuse(path.key("points"), format!("from 1 to the {} periods looked at", written.periods));
        }
        if !written.threshold.is_finite() {
            self.refuse(path.key("threshold"), "a finite number");
        }
        self.period(written.period.0, written.periods, monitor, &path, "periods");
        AlarmSpec {
            name: name.to_owned(),
            of,
            metric,
            statistic: written.statistic.map_or(usual_statistic(metric), statistic),
            period: written.period.0.max(monitor.granularity),
            points,
            periods: written.periods,
            comparison: match written.comparison {
                raw::Comparison::Greater => Comparison::Greater,
                raw::Comparison::GreaterOrEqual => Comparison::GreaterOrEqual,
                raw::Comparison::Less => Comparison::Less,
                raw::Comparison::LessOrEqual => Comparison::LessOrEqual,
            },
            threshold: written.threshold,
            missing: match written.missing {
                raw::Missing::Missing => Missing::Missing,
                raw::Missing::NotBreaching => Missing::NotBreaching,
                raw::Missing::Breaching => Missing::Breaching,
                raw::Missing::Ignore => Missing::Ignore,
            },
        }
    }

    /// The pool or function of an alarm, which must have such a metric.
    fn watched(&mut self, written: &raw::Alarm, metric: Metric, pools: &[PoolSpec], path: &KeyPath) -> Of {
        match (&written.pool, &written.function) {
            (Some(name), None) => {
                let names: Vec<String> = pools.iter().map(|pool| pool.name.clone()).collect();
                let index = self.find(&names, name, path.key("pool"), "a pool");
                if metric.is_of_functions() {
                    self.refuse(path.key("metric"), "a metric of pools; this one is of functions");
                } else if index.is_some_and(|index| metric == Metric::IdleEnvironments && is_fleet(&pools[index])) {
                    self.refuse(path.key("metric"), "a metric of fleets; machines have no idle environments");
                }
                Of::Pool(PoolId::from_index(index.unwrap_or(0)))
            }
            (None, Some(name)) => {
                let names = self.names.functions.clone();
                let index = self.find(&names, name, path.key("function"), "a function");
                if !metric.is_of_functions() {
                    self.refuse(path.key("metric"), "Invocations, the metric of functions");
                }
                Of::Function(FunctionId::from_index(index.unwrap_or(0)))
            }
            (Some(_), Some(_)) => {
                self.refuse(path.key("function"), "either a pool or a function");
                Of::Pool(PoolId::from_index(0))
            }
            (None, None) => {
                self.refuse_found(path.key("pool"), "nothing", "a pool or a function to watch");
                Of::Pool(PoolId::from_index(0))
            }
        }
    }

    /// A period must consist of whole granularities, and all periods looked at make a day at most, as with CloudWatch.
    pub(super) fn period(&mut self, period: Span, periods: u32, monitor: MonitorSpec, path: &KeyPath, many: &str) {
        let granularity = monitor.granularity;
        if period.is_zero() || !period.as_nanos().is_multiple_of(granularity.as_nanos()) {
            self.refuse(path.key("period"), format!("a multiple of the monitor's granularity of {granularity}"));
        } else if period.as_nanos().saturating_mul(u64::from(periods)) > DAY.as_nanos() {
            self.refuse(
                path.key(many),
                format!("at most a day in all: {} periods of {period}", DAY.as_nanos() / period.as_nanos()),
            );
        }
    }
}

/// Names in their order; where one stands twice there is a complaint already.
fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).collect()
}

pub(super) fn is_fleet(pool: &PoolSpec) -> bool {
    matches!(pool.birth, Birth::Ordered { .. })
}

pub(super) fn metric(written: raw::Metric) -> Metric {
    match written {
        raw::Metric::RequestCount => Metric::RequestCount,
        raw::Metric::RequestCountPerTarget => Metric::RequestCountPerTarget,
        raw::Metric::TargetResponseTime => Metric::TargetResponseTime,
        raw::Metric::Throttles => Metric::Throttles,
        raw::Metric::ConcurrentExecutions => Metric::ConcurrentExecutions,
        raw::Metric::CpuUtilization => Metric::CpuUtilization,
        raw::Metric::HealthyHostCount => Metric::HealthyHostCount,
        raw::Metric::InitialHostCount => Metric::InitialHostCount,
        raw::Metric::PendingInstances => Metric::PendingInstances,
        raw::Metric::DrainingHostCount => Metric::DrainingHostCount,
        raw::Metric::IdleEnvironments => Metric::IdleEnvironments,
        raw::Metric::DesiredCapacity => Metric::DesiredCapacity,
        raw::Metric::Running => Metric::Running,
        raw::Metric::Waiting => Metric::Waiting,
        raw::Metric::Invocations => Metric::Invocations,
    }
}

fn statistic(written: raw::Statistic) -> Statistic {
    match written {
        raw::Statistic::Sum => Statistic::Sum,
        raw::Statistic::Average => Statistic::Average,
        raw::Statistic::Minimum => Statistic::Minimum,
        raw::Statistic::Maximum => Statistic::Maximum,
        raw::Statistic::SampleCount => Statistic::SampleCount,
    }
}

/// Counts are summed, levels and times averaged.
pub(super) fn usual_statistic(metric: Metric) -> Statistic {
    match metric {
        Metric::RequestCount | Metric::RequestCountPerTarget | Metric::Throttles | Metric::Invocations => {
            Statistic::Sum
        }
        _ => Statistic::Average,
    }
}
