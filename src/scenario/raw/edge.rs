//! The edge as it is written: computers with their processors and containers, what exchanges cost, chains of functions,
//! and what is looked at while a run goes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::units::{ByteSize, OpsRate, PricePerTime, TimeSpan};

/// An edge computer: processors whose cores are shared by the containers of its functions.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputerPool {
    /// Place; the cloud when absent.
    #[serde(default)]
    pub node: Option<String>,
    /// A ready-made computer of Serverless on the Edge; without one `processors` and `containers` say what it is.
    #[serde(default, rename = "type")]
    pub kind: Option<Ready>,
    /// Instead of both, a file beside the scenario that describes the computer in the original's form (JSON, version 1.0).
    #[serde(default)]
    pub file: Option<String>,
    /// Of a raspberry or intel-server: containers on its CPU, for functions `clambda0` and so on.
    #[serde(default = "one")]
    pub cpu_containers: u32,
    /// Of a raspberry or gpu: containers on the GPU, for functions `glambda0` and so on.
    #[serde(default = "one")]
    pub gpu_containers: u32,
    /// Of an intel-server: workers of each container.
    #[serde(default = "one")]
    pub workers: u32,
    /// Of an experiment: the functions served, each in a container of its own.
    #[serde(default)]
    pub serves: Vec<String>,
    /// Processors, by name.
    #[serde(default)]
    pub processors: BTreeMap<String, Processor>,
    /// Containers, by the name of their function.
    #[serde(default)]
    pub containers: BTreeMap<String, EdgeContainer>,
    /// Time between two reports of utilisation, from the first call on; 1 s as published.
    #[serde(default = "second")]
    pub report: TimeSpan,
    /// The answer is as long as the request, as published; otherwise as long as `response` of the function.
    #[serde(default = "yes")]
    pub copy_input: bool,
    /// Freed memory wakes the container of the call that ended and no other, as in the original.
    #[serde(default)]
    pub faithful: bool,
    /// Price of the computer while the run lasts; nothing when absent.
    #[serde(default)]
    pub price: Option<PricePerTime>,
}

/// The published computers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ready {
    /// 4 cores and a GPU of 1e11 operations/s each with 512 MiB: the original's default.
    Raspberry,
    /// The GPU of a raspberry alone.
    Gpu,
    /// 20 cores of 4e9 operations/s, 128 GiB.
    IntelServer,
    /// One core of 4e9 operations/s, for one call of `clambda@1` at a time: the example of the original's tool.
    Example,
    /// 4 cores of 1e9 operations/s, 512 MiB, and a container with 4 workers for each function: the experiment scripts.
    Experiment,
}

/// Cores that containers share.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// Operations per second of one core.
    pub speed: OpsRate,
    pub cores: u32,
    pub memory: ByteSize,
    /// A label only.
    #[serde(default)]
    pub gpu: bool,
}

/// The place of one function on a processor, and what its calls need.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeContainer {
    /// Name of the processor; may be left out where there is one.
    #[serde(default)]
    pub processor: Option<String>,
    /// Calls that run at once.
    #[serde(default = "one")]
    pub workers: u32,
    /// Operations of a call: so many for each byte of its input. 1e6 as published.
    #[serde(default = "million")]
    pub ops_per_byte: f64,
    /// Operations of a call on top; 4e6 as published.
    #[serde(default = "four_million")]
    pub ops_offset: f64,
    /// Bytes of memory for each byte of input; 100 as published.
    #[serde(default = "hundred")]
    pub memory_per_byte: f64,
    /// Bytes of memory of a call on top.
    #[serde(default)]
    pub memory_offset: f64,
    /// Operations for each second of the work that the function states, instead of operations by the size of the input:
    /// for the same requests on computers and on machines. The memory of a call is then that of the function.
    #[serde(default)]
    pub ops_per_work: Option<f64>,
}

/// What each message between nodes costs beside its links.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// A set of the values below; each may still be written.
    #[serde(default)]
    pub protocol: Option<Protocol>,
    /// Time for each message on top of its path.
    #[serde(default)]
    pub per_message: Option<TimeSpan>,
    /// Bytes around each payload.
    #[serde(default)]
    pub overhead: Option<ByteSize>,
    /// Round trips before the first message between two nodes.
    #[serde(default)]
    pub handshakes: Option<u32>,
}

/// Sets of what exchanges cost. Bytes are those of experiment 303 of Serverless on the Edge over its 500 calls (two
/// messages each); the time is half of the 5 ms that its documentation's calls spend outside computing at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// 96 bytes around each message, one round trip to connect.
    Grpc,
    /// 152 bytes, one round trip.
    Quic,
    /// 194 bytes, no round trip.
    #[serde(rename = "quic-0rtt")]
    QuicZeroRtt,
}

/// A chain or DAG of functions, which sources call by its name.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The function of each step; one may stand several times.
    pub steps: Vec<String>,
    /// Of each step, the steps after it, counted from 0; one after another when absent.
    #[serde(default)]
    pub next: Option<Vec<Vec<u16>>>,
    /// What the functions remember.
    #[serde(default)]
    pub states: BTreeMap<String, ChainState>,
    /// Who calls, and where states are.
    pub policy: Policy,
    /// Where states are with `external` (the cloud when absent) and `in-edge`.
    #[serde(default)]
    pub store: Option<String>,
}

/// A state of a chain.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainState {
    /// Functions that depend on it; a state without any is free and moves only with `pure-faas` and `state-propagate`.
    #[serde(default)]
    pub of: Vec<String>,
    pub size: ByteSize,
}

/// How a chain is executed: the modes of the framework and the policies of its analytic model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The client calls each function with the states that it needs (`in-client` of the model).
    Client,
    /// Each computer calls the next function and passes on all states that anybody needs.
    HopByHop,
    /// The client calls; each state moves to the computer that needs it.
    RemoteClient,
    /// Computers call; each state moves to the computer that needs it.
    RemoteHopByHop,
    /// The client calls, with all states.
    PureFaas,
    /// Computers call, with all states.
    StatePropagate,
    /// As `remote-hop-by-hop`.
    StateLocal,
    /// The client calls; states stay in the functions.
    InFunction,
    /// As `client`.
    InClient,
    /// As `in-function`; computers take states from a store in the cloud and give them back.
    External,
    /// As `in-function`; the client exchanges states with a store at the edge.
    InEdge,
}

/// Something to look at: at that instant it is written to the folder `probes` of the run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    pub at: TimeSpan,
    /// A broker (by its node), a pool, a group, an alarm or a function.
    pub entity: String,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

fn second() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_secs(1))
}

fn million() -> f64 {
    1e6
}

fn four_million() -> f64 {
    4e6
}

fn hundred() -> f64 {
    100.0
}
