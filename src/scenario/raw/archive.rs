//! Archive policies as they are written, which metrics they keep, what calls store, what is asked and what is exported.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::archive_text::{FillText, OperationText};
use crate::scenario::law_text::NumberLaw;
use crate::scenario::units::{Fraction, Moment, TimeSpan};

/// How metrics of the monitor are remembered beside its own policy, what calls store, and which series a run writes out.
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
    /// Measures become readable at the next multiple of it, in one batch for each metric; at once when absent. A policy may
    /// have one of its own.
    #[serde(default)]
    pub processing_every: Option<TimeSpan>,
    /// What calls of functions store in the archive, by any name.
    #[serde(default)]
    pub measures: BTreeMap<String, ArchiveMeasures>,
    /// Series that a run writes out, by patterns over their names.
    #[serde(default)]
    pub export: Vec<String>,
    /// Questions across series, by the names under which the answers are written out behind the exported series.
    #[serde(default)]
    pub questions: BTreeMap<String, ArchiveQuestion>,
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
    /// Measures become readable at the next multiple of it; that of the whole archive when absent.
    #[serde(default)]
    pub processing_every: Option<TimeSpan>,
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

/// What calls of one function store: a call brings values, and when the function's own work is done they stand in the
/// archive.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchiveMeasures {
    /// The function whose calls store.
    pub on: String,
    /// The metrics, which this declares; several tables may store in the same ones.
    pub metrics: Vec<String>,
    /// Archive policy of these metrics.
    pub policy: String,
    /// Each value: a number or a law of one, drawn by the call's own chance, so that no strategy moves it.
    pub value: NumberLaw,
    /// Timestamp of what the first call stores; with `every`. The instant of storing when absent.
    #[serde(default)]
    pub first: Option<Moment>,
    /// From one timestamp to the next, however long it takes until they are stored.
    #[serde(default)]
    pub every: Option<TimeSpan>,
    /// Whether a call stores a value for every metric, or one for each metric in turn; then the timestamp moves when all have
    /// had theirs.
    #[serde(default)]
    pub per_call: PerCall,
}

/// How many values a call stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PerCall {
    #[default]
    All,
    One,
}

/// A question across series, answered from what is readable at the end of a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchiveQuestion {
    /// What is asked, in the notation of Gnocchi.
    pub operation: OperationText,
    /// Granularity of the series; every one that they have in common, each apart, when absent.
    #[serde(default)]
    pub granularity: Option<TimeSpan>,
    /// What is put where a series has no point though another has; dropna when neither this nor `overlap` is there.
    #[serde(default)]
    pub fill: Option<FillText>,
    /// Instead of filling: the share of times at which every series must have a point.
    #[serde(default)]
    pub overlap: Option<Fraction>,
    /// Points from here on; rounded down to the granularity.
    #[serde(default)]
    pub from: Option<Moment>,
    /// Points before this.
    #[serde(default)]
    pub to: Option<Moment>,
    /// Writes the running total beside the answer, with `total` in the place of the method.
    #[serde(default)]
    pub total: bool,
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
