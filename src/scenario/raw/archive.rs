//! Archive policies as they are written, which metrics they keep, and what is exported.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::units::TimeSpan;

/// How metrics of the monitor are remembered beside its own policy, and which series a run writes out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Policies by name, beside low, medium, high, bool and year_rate of Gnocchi, which are there from the start.
    #[serde(default)]
    pub policies: BTreeMap<String, ArchivePolicy>,
    /// Which metrics are kept under which policy too: patterns with `*` and `?` over names such as
    /// `pool/web/CPUUtilization` or `function/job/Invocations`; the longest pattern that fits decides. The series is
    /// called `<metric>@<policy>`.
    #[serde(default)]
    pub rules: BTreeMap<String, String>,
    /// Series that a run writes out, by patterns over their names.
    #[serde(default)]
    pub export: Vec<String>,
    /// Forms in which they are written: `series.csv`, `series.prom`.
    #[serde(default = "csv")]
    pub formats: Vec<SeriesFormat>,
}

/// How finely and how long a metric is remembered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchivePolicy {
    /// Each granularity with its length; two of granularity, points and timespan determine the third.
    pub definitions: Vec<ArchiveDefinition>,
    /// Aggregation methods such as mean, 95pct or rate:sum, or changes to the default set such as +95pct and -std; the
    /// default set (mean, min, max, sum, std, count) when empty.
    #[serde(default)]
    pub methods: Vec<String>,
    /// Buckets of the coarsest granularity before the present one that still accept late measures.
    #[serde(default)]
    pub back_window: u64,
}

/// One granularity of a policy.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchiveDefinition {
    #[serde(default)]
    pub granularity: Option<TimeSpan>,
    #[serde(default)]
    pub points: Option<u64>,
    #[serde(default)]
    pub timespan: Option<TimeSpan>,
}

/// Forms of exported series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeriesFormat {
    Csv,
    /// OpenMetrics text, as Prometheus reads it.
    Openmetrics,
}

fn csv() -> Vec<SeriesFormat> {
    vec![SeriesFormat::Csv]
}
