//! A small scenario with one of everything that scenarios are made of.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::law_text::{ByteLaw, NumberLaw, TimeLaw};
use crate::scenario::units::{
    Bandwidth, ByteSize, Fraction, FreeTable, Money, OpsRate, PricePerCoreTime, PricePerData, PricePerMemoryTime,
    PricePerRequest, PricePerTime, Rate, Ratio, TimeSpan,
};

/// One of everything that scenarios are made of.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Town {
    pub name: String,
    #[serde(default)]
    pub seed: u64,
    #[serde(default)]
    pub order: Order,
    #[serde(default)]
    pub spread: Spread,
    #[serde(default)]
    pub pools: BTreeMap<String, Pool>,
    #[serde(default)]
    pub sources: Vec<Source>,
    pub prices: Option<Prices>,
    pub window: Option<Window>,
    pub strategy: Option<StrategyPart>,
    pub fault: Option<Fault>,
    #[serde(default)]
    pub weights: BTreeMap<String, f64>,
    pub position: Option<(u8, i64)>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    #[default]
    FirstCome,
    LastCome,
    Random,
}

/// Documented names make another form of schema than plain ones.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spread {
    /// All at once.
    #[default]
    Start,
    /// At equal distances.
    Evenly,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Pool {
    Vm(Fleet),
    Function { memory: ByteSize, keep_alive: Option<TimeSpan>, cold: Option<TimeLaw> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Fleet {
    pub count: NonZeroU32,
    #[serde(default = "no_time")]
    pub boot: TimeSpan,
    #[schemars(range(min = 1, max = 64))]
    pub slots: Option<u16>,
    pub speed: Option<OpsRate>,
    pub link: Option<Bandwidth>,
    pub target: Option<Fraction>,
    pub headroom: Option<Ratio>,
}

fn no_time() -> TimeSpan {
    TimeSpan::default()
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Source {
    pub rate: Rate,
    pub work: Option<NumberLaw>,
    pub payload: Option<ByteLaw>,
    #[schemars(length(min = 1))]
    pub functions: Option<Vec<String>>,
    #[schemars(range(min = 0.0, max = 10.0))]
    pub scale: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Prices {
    pub vm: PricePerTime,
    pub request: Option<PricePerRequest>,
    pub memory: Option<PricePerMemoryTime>,
    pub egress: Option<PricePerData>,
    pub core: Option<PricePerCoreTime>,
    pub budget: Option<Money>,
}

/// Either a length of time or both ends.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Window {
    Long(TimeSpan),
    Ends { from: TimeSpan, to: TimeSpan },
}

/// The parameters are the strategy's own.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StrategyPart {
    pub name: String,
    #[serde(flatten)]
    pub parameters: FreeTable,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    Never,
    Crash { every: TimeSpan },
    Spot { share: Fraction },
}

pub const GOOD: &str = r#"
name = "small"
seed = 7
order = "last-come"
spread = "evenly"
weights = { a = 1, b = 0.5 }
position = [3, -4]
window = "90s"
fault = { crash = { every = "2d" } }

[pools.web]
kind = "vm"
count = 3
boot = "1.5min"
slots = 4
speed = "2.4 Gops/s"
link = "100Mbit/s"
target = "80%"
headroom = 1.5

[pools.burst]
kind = "function"
memory = "512MiB"
cold = "exponential(1.991s)"

[[sources]]
rate = "0.9/s"
work = 1
payload = "uniform(1kB, 2MiB)"
functions = ["f"]
scale = 2

[prices]
vm = "0.0416 USD/h"
request = "0.20 USD/1M"
memory = "0.0000166667 USD/GB-s"
egress = "0.09 USD/GB"
core = "0.04048 USD/vCPU-h"
budget = "100 USD"

[strategy]
name = "libra"
alpha = 0.2
inner = { since = 2024-05-01, list = [1, "a"] }
"#;
