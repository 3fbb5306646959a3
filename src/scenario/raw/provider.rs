//! The provider's services as they are written: monitor, alarms, scaling groups with their policies.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{minute, seconds};
use crate::scenario::units::TimeSpan;

/// How finely the provider measures, and how late it tells. Names of metrics are those of CloudWatch.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// Shortest period that can be read. Load balancers of AWS report once a minute.
    #[serde(default = "minute")]
    pub granularity: TimeSpan,
    /// From the end of a period to its publication. A minute is a guess; LIBRA's authors note about five in practice.
    #[serde(default = "minute")]
    pub delay: TimeSpan,
}

impl Default for Monitor {
    fn default() -> Self {
        Monitor { granularity: minute(), delay: minute() }
    }
}

/// An alarm: a metric has been beyond a threshold in `points` of the last `periods` periods.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The pool that is watched; either this or `function`.
    #[serde(default)]
    pub pool: Option<String>,
    /// The function that is watched.
    #[serde(default)]
    pub function: Option<String>,
    pub metric: Metric,
    /// `Sum` for counts of requests and `Average` for the rest, when absent.
    #[serde(default)]
    pub statistic: Option<Statistic>,
    /// Length of one period, a multiple of the monitor's granularity.
    #[serde(default = "minute")]
    pub period: TimeSpan,
    /// Periods looked at (evaluation periods, N).
    #[serde(default = "one")]
    pub periods: u32,
    /// Of these, how many must breach (datapoints to alarm, M); all of them when absent.
    #[serde(default)]
    pub points: Option<u32>,
    pub comparison: Comparison,
    /// In the metric's unit; CPUUtilization is in percent.
    pub threshold: f64,
    /// What a period without points counts as.
    #[serde(default)]
    pub missing: Missing,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Metric {
    RequestCount,
    RequestCountPerTarget,
    TargetResponseTime,
    Throttles,
    ConcurrentExecutions,
    #[serde(rename = "CPUUtilization")]
    CpuUtilization,
    HealthyHostCount,
    InitialHostCount,
    PendingInstances,
    DrainingHostCount,
    IdleEnvironments,
    DesiredCapacity,
    Running,
    Waiting,
    Invocations,
}

/// How the points of a period become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Statistic {
    Sum,
    Average,
    Minimum,
    Maximum,
    SampleCount,
}

/// Which side of the threshold breaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What a period without points counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// As nothing; without any point there is too little data.
    #[default]
    Missing,
    NotBreaching,
    Breaching,
    /// As a reason to leave the state as it is.
    Ignore,
}

/// A scaling group: it keeps the size of a fleet within bounds and lets policies move it, until a strategy does.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The fleet; the pool of the group's own name when absent.
    #[serde(default)]
    pub pool: Option<String>,
    #[serde(default = "one")]
    pub min: u32,
    pub max: u32,
    /// Size at the start; that of the pool, within the bounds, when absent.
    #[serde(default)]
    pub desired: Option<u32>,
    /// After an activity of simple scaling. 300 s is the default of EC2 Auto Scaling.
    #[serde(default = "five_minutes")]
    pub cooldown: TimeSpan,
    /// From the end of an instance's boot until step scaling and target tracking count it. As the cooldown by default.
    #[serde(default = "five_minutes")]
    pub warm_up: TimeSpan,
    /// Replace an instance that is not healthy so long after its boot; when absent, checks are the balancer's affair.
    #[serde(default)]
    pub grace: Option<TimeSpan>,
    #[serde(default)]
    pub policies: BTreeMap<String, Policy>,
}

/// What moves the size of a group.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Policy {
    Simple(Simple),
    Step(Stepwise),
    Target(Target),
    Scheduled(Scheduled),
}

/// One adjustment when the alarm is on, then none until the cooldown after it has ended.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Simple {
    pub alarm: String,
    /// So many instances more, or fewer where it is negative.
    #[serde(default)]
    pub change: Option<i32>,
    /// To exactly so many instances.
    #[serde(default)]
    pub exact: Option<u32>,
    /// By so many percent of the present size, at least one instance.
    #[serde(default)]
    pub percent: Option<f64>,
    /// That of the group when absent.
    #[serde(default)]
    pub cooldown: Option<TimeSpan>,
}

/// An adjustment by how far the metric is beyond the threshold.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stepwise {
    pub alarm: String,
    pub steps: Vec<Step>,
}

/// One band. Distances from the threshold are in the metric's unit, negative below it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Included; no bound when absent.
    #[serde(default)]
    pub from: Option<f64>,
    /// Excluded; no bound when absent.
    #[serde(default)]
    pub to: Option<f64>,
    /// So many instances more, or fewer where it is negative.
    #[serde(default)]
    pub change: Option<i32>,
    /// To exactly so many instances.
    #[serde(default)]
    pub exact: Option<u32>,
    /// By so many percent of the present size, at least one instance.
    #[serde(default)]
    pub percent: Option<f64>,
}

/// As many instances as bring a metric to its target. Brings two alarms of its own, named after group and policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub metric: Metric,
    /// In the metric's unit: percent for CPUUtilization, requests a period for RequestCountPerTarget.
    pub target: f64,
    #[serde(default = "minute")]
    pub period: TimeSpan,
    /// Take instances away as well.
    #[serde(default = "yes")]
    pub scale_in: bool,
    /// Periods above the target that scale out; 3 as AWS makes them (general knowledge).
    #[serde(default = "three")]
    pub high_periods: u32,
    /// Periods below 90 % of it that scale in; 15 as AWS makes them (general knowledge).
    #[serde(default = "fifteen")]
    pub low_periods: u32,
}

/// Bounds and size from an instant on.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    pub at: TimeSpan,
    /// Again after each such span.
    #[serde(default)]
    pub every: Option<TimeSpan>,
    #[serde(default)]
    pub min: Option<u32>,
    #[serde(default)]
    pub max: Option<u32>,
    #[serde(default)]
    pub desired: Option<u32>,
}

/// How a balancer comes to send requests to a new machine.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// Time between checks; the first is made so long after registration. 30 s is the default of AWS.
    #[serde(default = "half_a_minute")]
    pub interval: TimeSpan,
    /// Checks in a row that must succeed; 5 is the default of AWS.
    #[serde(default = "five")]
    pub checks: u32,
    /// From the end of the boot to registration.
    #[serde(default = "no_time")]
    pub registration: TimeSpan,
}

fn one() -> u32 {
    1
}

fn three() -> u32 {
    3
}

fn five() -> u32 {
    5
}

fn fifteen() -> u32 {
    15
}

fn yes() -> bool {
    true
}

fn no_time() -> TimeSpan {
    seconds(0)
}

fn half_a_minute() -> TimeSpan {
    seconds(30)
}

fn five_minutes() -> TimeSpan {
    seconds(300)
}
