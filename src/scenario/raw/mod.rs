//! The scenario file as it is written: these types mirror it, name its defaults and where they come from, and are its
//! JSON Schema. What cannot be is refused later, in `check`.

mod archive;
mod clients;
mod economy;
mod edge;
mod pools;
mod prices;
mod provider;
mod sources;
mod sweep;
mod traces;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::archive::{
    Archive, ArchiveDefinition, ArchiveMeasures, ArchivePolicy, ArchiveQuestion, PerCall, SeriesFormat,
};
pub use self::clients::{Client, ClientBursts, Closed, Crowd, Late, Sensors};
pub use self::economy::{Bounds, Economy, ResponseWord};
pub use self::edge::{
    Chain, ChainState, ComputerPool, EdgeContainer, Exchange, Policy as ChainPolicy, Probe, Processor, Protocol, Ready,
};
pub use self::pools::{
    Balance, ContainerPool, FunctionPool, Initial, LeavesFirst, Pool, Prewarm, PrewarmEntry, Queue, Reuse, VmPool,
};
pub use self::prices::{Balancer, Container, Function as FunctionPrices, InstanceType, Plain, PriceList, Spot};
pub use self::provider::{
    Alarm, Comparison, Group, HealthCheck, Metric, Missing, Monitor, Policy, Scheduled, Simple, Statistic,
    Step as PolicyStep, Stepwise, Target,
};
pub use self::sources::{
    Bursts, Clusters, Common, Counts, Daily, Fitted, FlashCrowd, Ipp, Mmpp, Poisson, Ramp, Rates, Renewal, Sessions,
    Source, Steps,
};
pub use self::sweep::{Axis, FreeValue, Sampling, Sweep};
pub use self::traces::{Keep, Trace};
use super::law_text::{ByteLaw, TimeLaw};
use super::units::{Bandwidth, ByteSize, Fraction, FreeTable, Money, PricePerTime, TimeSpan};

/// A scenario: what exists, what arrives, what it costs, and which strategies meet it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Names the folder of results; the file's name when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Seed of all random streams.
    #[serde(default = "one")]
    pub seed: u64,
    /// Arrivals stop here; what is in flight drains. Needed where a source does not end by itself.
    #[serde(default)]
    pub horizon: Option<TimeSpan>,
    /// Requests that arrive earlier are served but not measured.
    #[serde(default)]
    pub warm_up: Option<TimeSpan>,
    /// Service level objective: a request violates it when it is not served, or answered later than this.
    #[serde(default)]
    pub slo: Option<TimeSpan>,
    /// Time between rows of `timeline.csv`.
    #[serde(default = "minute")]
    pub sample: TimeSpan,
    /// Price list, a path beside this file. Without one everything is free.
    #[serde(default)]
    pub prices: Option<String>,
    /// The strategies to run, in the order of the columns of the table: names of the catalogue, or of tables under
    /// `strategy`.
    pub strategies: Vec<String>,
    /// Parameters of a strategy, by its name; `use` names the strategy of the catalogue when the name is another.
    #[serde(default)]
    pub strategy: BTreeMap<String, FreeTable>,
    /// Strategies that need a machine of their own to route through, charged as the price list's `gateway` (in LIBRA's
    /// evaluation, LIBRA alone).
    #[serde(default)]
    pub gateway: Vec<String>,
    /// Places. Without any there is one, `cloud`, without limits.
    #[serde(default)]
    pub nodes: BTreeMap<String, Node>,
    /// Links between places.
    #[serde(default)]
    pub links: Vec<Link>,
    /// What is called.
    pub functions: BTreeMap<String, Function>,
    /// Where requests come from.
    pub sources: BTreeMap<String, Source>,
    /// What serves them.
    pub pools: BTreeMap<String, Pool>,
    /// How finely and how late the provider measures.
    #[serde(default)]
    pub monitor: Monitor,
    /// Archive policies beside the monitor's own, measures that calls store, questions, and series that a run writes out.
    #[serde(default)]
    pub archive: Option<Archive>,
    /// Alarms on the provider's metrics.
    #[serde(default)]
    pub alarms: BTreeMap<String, Alarm>,
    /// Scaling groups over fleets.
    #[serde(default)]
    pub groups: BTreeMap<String, Group>,
    /// Limits that function pools of one account share. `default` is the account of pools that name none.
    #[serde(default)]
    pub accounts: BTreeMap<String, Account>,
    /// Instances reserved for the whole run.
    #[serde(default)]
    pub reservations: Vec<Reservation>,
    /// What each message between nodes costs beside its links.
    #[serde(default)]
    pub exchange: Option<Exchange>,
    /// Chains and DAGs of functions, which sources call by name.
    #[serde(default)]
    pub chains: BTreeMap<String, Chain>,
    /// What is looked at while a run goes.
    #[serde(default)]
    pub probe: Vec<Probe>,
    /// Stakeholders of a service, accounted over the run; nobody when absent.
    #[serde(default)]
    pub economy: Option<Economy>,
    /// Bounds on what a run may grow to.
    #[serde(default)]
    pub limits: Limits,
    /// Points that `stratosim sweep` runs.
    #[serde(default)]
    pub sweep: Option<Sweep>,
}

/// A place, in the cloud or at the edge.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Where strategies that know no nodes get the whole stream. The first node named when none says so.
    #[serde(default)]
    pub cloud: bool,
    /// Memory for instances; unlimited when absent.
    #[serde(default)]
    pub memory: Option<ByteSize>,
    /// Processors that the containers on it compete for; each has what its pool states when absent.
    #[serde(default)]
    pub cores: Option<f64>,
}

/// A link in both directions.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub from: String,
    pub to: String,
    pub latency: TimeSpan,
    /// Size does not matter when absent.
    #[serde(default)]
    pub bandwidth: Option<Bandwidth>,
}

/// A function: what is called, in a Lambda, a container or on a virtual machine.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Work of one request, as the time it takes alone on a warm instance of speed 1. Drawn at the source, so that every
    /// strategy meets the same requests.
    pub work: TimeLaw,
    /// Memory size; what function platforms bill and what one VM slot takes. 512 MiB as in the LIBRA experiments.
    #[serde(default = "half_a_gib")]
    pub memory: ByteSize,
    /// Size of a request on links and in the balancer's units.
    #[serde(default)]
    pub payload: Option<ByteLaw>,
    /// Size of an answer on links and in egress.
    #[serde(default)]
    pub response: Option<ByteSize>,
    /// The caller gives up when an attempt takes longer than this.
    #[serde(default)]
    pub timeout: Option<TimeSpan>,
    /// A request leaves its queue unserved after this; once begun it stays.
    #[serde(default)]
    pub patience: Option<TimeLaw>,
    /// Probability that an attempt fails after its work was done.
    #[serde(default)]
    pub failure: Option<Fraction>,
    #[serde(default)]
    pub retry: Retry,
    /// Calls that follow the function's own work, step by step.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// When a caller asks again.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, the first one included; 1 means no retry.
    #[serde(default = "one_attempt")]
    pub attempts: u16,
    /// Wait before the second attempt.
    #[serde(default = "zero_time")]
    pub backoff: TimeSpan,
    /// Each wait is this many times the one before.
    #[serde(default = "two")]
    pub factor: f64,
    #[serde(default = "minute")]
    pub backoff_max: TimeSpan,
    /// Draw each wait uniformly between zero and its nominal length.
    #[serde(default)]
    pub jitter: bool,
    /// Draw the work of each attempt anew, from the function's law; otherwise it is the same work again.
    #[serde(default)]
    pub fresh_work: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            attempts: 1,
            backoff: zero_time(),
            factor: 2.0,
            backoff_max: minute(),
            jitter: false,
            fresh_work: false,
        }
    }
}

/// Calls made side by side.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Functions to call; one named twice is called twice.
    pub calls: Vec<String>,
    /// How many answers the next step waits for; all of them when absent.
    #[serde(default)]
    pub answers: Option<u16>,
}

/// A limit that function pools share.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Requests at once over all pools of the account. Lambda allows 1000 per account and region by default
    /// (docs.aws.amazon.com, Lambda scaling behaviour).
    #[serde(default = "thousand")]
    pub concurrency: u32,
}

/// Instances of one type reserved for the whole run, paid whether used or not.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    /// Instance type it covers.
    #[serde(rename = "type")]
    pub kind: String,
    pub count: u32,
    /// Running price of one.
    pub hourly: PricePerTime,
    /// Paid at once for the whole term.
    #[serde(default)]
    pub upfront: Option<Money>,
    /// Length over which the upfront payment is spread.
    #[serde(default = "year")]
    pub term: TimeSpan,
    /// Covers instances at this node only.
    #[serde(default)]
    pub node: Option<String>,
}

/// A run that passes one of these stops and says so.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Events carried out.
    #[serde(default = "events_max")]
    pub events: u64,
    /// Requests in flight at once; at most 30 million.
    #[serde(default = "in_flight_max")]
    pub in_flight: u64,
    /// Instances alive at once; at most 30 million.
    #[serde(default = "instances_max")]
    pub instances: u64,
    /// How long after the horizon requests may still be in flight; without one, how long after a request came or ended last.
    #[serde(default = "day")]
    pub drain: TimeSpan,
    /// How long a scale order may wait for memory before it is refused; for ever when absent.
    #[serde(default)]
    pub order_patience: Option<TimeSpan>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            events: events_max(),
            in_flight: in_flight_max(),
            instances: instances_max(),
            drain: day(),
            order_patience: None,
        }
    }
}

const fn seconds(secs: u64) -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_secs(secs))
}

fn one() -> u64 {
    1
}

fn one_attempt() -> u16 {
    1
}

fn two() -> f64 {
    2.0
}

fn thousand() -> u32 {
    1000
}

fn zero_time() -> TimeSpan {
    seconds(0)
}

fn minute() -> TimeSpan {
    seconds(60)
}

fn day() -> TimeSpan {
    seconds(86_400)
}

fn year() -> TimeSpan {
    seconds(8760 * 3600)
}

fn half_a_gib() -> ByteSize {
    ByteSize(512 << 20)
}

fn events_max() -> u64 {
    1_000_000_000_000
}

fn in_flight_max() -> u64 {
    2_000_000
}

fn instances_max() -> u64 {
    1_000_000
}
