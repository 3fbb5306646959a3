//! Sweeps as they are written: which keys take which values, and how their combinations are chosen.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Many points from one scenario: `stratosim sweep` runs them. Runs of a single scenario do not read it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// The keys that vary, in the order in which the grid turns: the last one quickest.
    pub axes: Vec<Axis>,
    /// How points are chosen from the axes.
    #[serde(default)]
    pub sampling: Sampling,
    /// Points drawn, where sampling is not a grid.
    #[serde(default)]
    pub points: Option<u32>,
    /// Seed of the draws of points, apart from that of the runs.
    #[serde(default = "one")]
    pub seed: u64,
    /// Runs of each point with other draws; all points meet the same requests in replication r.
    #[serde(default = "one_run")]
    pub replications: u32,
    /// Strategies of the scenario that every point is run under; all of them when absent.
    #[serde(default)]
    pub strategies: Option<Vec<String>>,
}

/// One axis: a list of values, or a range from a value to another.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// The key of the scenario that varies, as `--set` takes it; the file of a trace is one too.
    #[serde(default)]
    pub key: Option<String>,
    /// Keys that vary together: each of `values` is then a list with a value for each of them.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The values.
    #[serde(default)]
    pub values: Vec<FreeValue>,
    /// First value of a range: a number, or a number with its unit as text, such as "30s".
    #[serde(default)]
    pub from: Option<FreeValue>,
    /// Last value of a range.
    #[serde(default)]
    pub to: Option<FreeValue>,
    /// Distance between values of a range.
    #[serde(default)]
    pub step: Option<FreeValue>,
    /// Number of values of a range, both ends included; instead of `step`.
    #[serde(default)]
    pub points: Option<u32>,
    /// Values of a range at equal ratios instead of equal distances.
    #[serde(default)]
    pub log: bool,
    /// Values of a range are rounded to whole numbers.
    #[serde(default)]
    pub whole: bool,
}

/// How points are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Every combination.
    #[default]
    Grid,
    /// Each axis drawn independently.
    Random,
    /// Each axis cut into as many layers as there are points, each layer met once (McKay, Beckman and Conover 1979).
    LatinHypercube,
}

/// A value that this program does not read itself: the key it is put under says what it must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FreeValue(pub toml::Value);

impl JsonSchema for FreeValue {
    fn schema_name() -> Cow<'static, str> {
        "FreeValue".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

fn one() -> u64 {
    1
}

fn one_run() -> u32 {
    1
}
