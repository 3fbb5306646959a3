//! Pools as they are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ComputerPool, HealthCheck, seconds};
use crate::scenario::law_text::TimeLaw;
use crate::scenario::units::{Bandwidth, ByteSize, Quantity, TimeSpan};

/// What serves requests; `kind` says how its instances come, go and are paid.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Pool {
    Vm(VmPool),
    Function(FunctionPool),
    Container(ContainerPool),
    Computer(ComputerPool),
}

/// Virtual machines: launched and retired by order, paid by time held.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VmPool {
    /// Place; the cloud when absent.
    #[serde(default)]
    pub node: Option<String>,
    /// Functions served; all when empty.
    #[serde(default)]
    pub serves: Vec<String>,
    /// Instance type of the price list.
    #[serde(rename = "type")]
    pub kind: String,
    /// Rent it as spot capacity: own price, taken back now and then.
    #[serde(default)]
    pub spot: bool,
    /// Machines at the start.
    #[serde(default = "one")]
    pub size: u32,
    /// Whether the first machines serve from the start or boot then.
    #[serde(default)]
    pub initial: Initial,
    /// No order brings the fleet above this.
    #[serde(default = "thousand")]
    pub max: u32,
    /// From launch to readiness. 100 s is the start-up time of the LIBRA simulator.
    #[serde(default = "libra_boot")]
    pub boot: TimeLaw,
    /// Requests at once, each at full speed; memory of the type over memory of the function when absent (LIBRA).
    #[serde(default)]
    pub slots: Option<u32>,
    /// Share this many cores among all requests present, instead of slots.
    #[serde(default)]
    pub cores: Option<f64>,
    /// With `cores`: most requests present at once.
    #[serde(default)]
    pub workers: Option<u32>,
    #[serde(default)]
    pub queue: Queue,
    /// Longest line: of the pool, or of each machine; unlimited when absent.
    #[serde(default)]
    pub queue_limit: Option<u32>,
    /// Which machine gets a request. Round robin is the default of AWS's Application Load Balancer.
    #[serde(default)]
    pub balancer: Balance,
    /// Machines drawn for power of choices.
    #[serde(default = "two")]
    pub choices: u32,
    /// Weights of machines in order of launch, for weighted balancing; repeated when there are more machines.
    #[serde(default)]
    pub weights: Vec<u32>,
    /// Which machine leaves first when the fleet shrinks.
    #[serde(default)]
    pub leaves_first: LeavesFirst,
    /// From the end of a machine's last request until its memory is free; not billed.
    #[serde(default = "no_shutdown")]
    pub shutdown: TimeLaw,
    /// A load balancer checks new machines before it sends them requests; without it they serve once they have started.
    #[serde(default)]
    pub health_check: Option<HealthCheck>,
    /// A machine told to leave is taken away after this (deregistration delay) with what it has; it finishes first when absent.
    #[serde(default)]
    pub drain: Option<TimeSpan>,
    /// Work done per unit of time; 2 halves service times.
    #[serde(default = "one_f")]
    pub speed: f64,
    /// Bill a load balancer in front.
    #[serde(default)]
    pub load_balancer: bool,
    /// The load balancer gives up on a machine that takes longer to answer (AWS: 60 s); never when absent.
    #[serde(default)]
    pub idle_timeout: Option<TimeSpan>,
}

/// Lambda-like functions: environments born by demand, paid by request and duration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionPool {
    /// Place; the cloud when absent.
    #[serde(default)]
    pub node: Option<String>,
    /// Functions served; all when empty. Environments are shared by those listed. Functions that a trace brings are served
    /// where the one they are like is.
    #[serde(default)]
    pub serves: Vec<String>,
    /// A pool of its own, `name/function`, for each function served: environments are then not shared, and each has the
    /// memory of its function. Limits and provisioned environments are those of each pool.
    #[serde(default)]
    pub per_function: bool,
    /// Memory size billed; that of the (largest) function served when absent.
    #[serde(default)]
    pub memory: Option<ByteSize>,
    /// Time to start an environment; the request that caused it waits. 253 ms is what SimFaaS's figures give (2.244 s cold,
    /// 1.991 s warm).
    #[serde(default = "simfaas_cold_start")]
    pub cold_start: TimeLaw,
    /// The service of a request that met a cold start takes this many times as long.
    #[serde(default = "one_f")]
    pub cold_factor: f64,
    /// Whether the cold start is billed with the duration.
    #[serde(default)]
    pub bill_cold_start: bool,
    /// How long an idle environment is kept. Not documented by AWS; 10 min as in SimFaaS's experiments.
    #[serde(default = "ten_minutes")]
    pub keep_alive: TimeLaw,
    /// The keep-alive starts anew at each use; otherwise it runs once, from the environment's start.
    #[serde(default = "yes")]
    pub keep_alive_resets: bool,
    /// Which idle environment is used next.
    #[serde(default)]
    pub reuse: Reuse,
    /// Requests that one environment takes at once. Lambda: one.
    #[serde(default = "one")]
    pub concurrency: u32,
    /// Environments at once for this pool; unlimited when absent (the account still limits).
    #[serde(default)]
    pub limit: Option<u32>,
    /// New environments per 10 s, refilled continuously; Lambda: 1000. 0 means no limit.
    #[serde(default = "thousand")]
    pub growth_per_10s: u32,
    /// Account whose limit applies; `default` when absent, `none` for no limit.
    #[serde(default)]
    pub account: Option<String>,
    /// Environments always kept (provisioned concurrency).
    #[serde(default)]
    pub provisioned: u32,
    #[serde(default)]
    pub prewarm: Option<Prewarm>,
    /// Requests that may wait when no environment may be started; 0 means they are throttled.
    #[serde(default)]
    pub queue_limit: u32,
    /// Work done per unit of time.
    #[serde(default = "one_f")]
    pub speed: f64,
}

/// Containers: vCPU and memory paid while they run; a fixed number, or born by demand.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerPool {
    /// Place; the cloud when absent.
    #[serde(default)]
    pub node: Option<String>,
    /// Functions served; all when empty.
    #[serde(default)]
    pub serves: Vec<String>,
    pub vcpu: f64,
    pub memory: ByteSize,
    /// From launch to readiness.
    pub start: TimeLaw,
    /// Requests that one container takes at once.
    #[serde(default = "one")]
    pub concurrency: u32,
    /// Requests share the container's processors (its CPU quota), each at most one of them; otherwise each runs at full
    /// speed.
    #[serde(default)]
    pub shared: bool,
    /// Weight of a container where those on a node with `cores` compete for its processors; 1024 as in Docker.
    #[serde(default = "docker_shares")]
    pub cpu_shares: u32,
    /// Memory in use by a container with nothing to do; with this or the next its memory is measured, of `memory`.
    #[serde(default)]
    pub memory_idle: Option<ByteSize>,
    /// Memory in use by each request on it.
    #[serde(default)]
    pub memory_per_request: Option<ByteSize>,
    /// What one container can send and receive together; then its network is measured.
    #[serde(default)]
    pub network: Option<Bandwidth>,
    /// A fixed number of containers at the start, then by order; born by demand when absent.
    #[serde(default)]
    pub size: Option<u32>,
    /// Most containers at once.
    #[serde(default = "thousand")]
    pub max: u32,
    /// How long an idle container is kept; by demand only. 10 min, as for functions.
    #[serde(default = "ten_minutes")]
    pub keep_alive: TimeLaw,
    /// Requests that may wait; unlimited when absent.
    #[serde(default)]
    pub queue_limit: Option<u32>,
    #[serde(default)]
    pub balancer: Balance,
    /// Work done per unit of time.
    #[serde(default = "one_f")]
    pub speed: f64,
}

/// The state of a fleet at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    #[default]
    Ready,
    Booting,
}

/// Where requests wait that no machine can take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Queue {
    /// One line for the whole pool.
    #[default]
    Central,
    /// A line at each machine; the balancer decides at arrival.
    PerInstance,
    /// Nowhere: refused.
    None,
}

/// Which machine gets a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    #[default]
    RoundRobin,
    LeastOutstanding,
    Random,
    PowerOfChoices,
    Weighted,
    FirstFit,
}

/// Which machine leaves first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LeavesFirst {
    /// As in the LIBRA simulator.
    #[default]
    Newest,
    Oldest,
}

/// Which idle environment is used next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reuse {
    /// Idle for the shortest time, as Lambda does.
    #[default]
    MostRecentlyUsed,
    LeastRecentlyUsed,
    /// Launched last, as SimFaaS does.
    Newest,
    Oldest,
}

/// Environments started ahead of demand: by timetable or by forecast.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prewarm {
    /// At each instant, this many from then on.
    #[serde(default)]
    pub schedule: Vec<PrewarmEntry>,
    /// Forecast every so often: the moving average of the peak of busy environments.
    #[serde(default)]
    pub forecast_every: Option<TimeSpan>,
    /// Weight of the newest peak.
    #[serde(default = "half")]
    pub alpha: f64,
    /// The forecast times this are kept warm.
    #[serde(default = "one_f")]
    pub headroom: f64,
}

/// One line of a timetable.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrewarmEntry {
    pub at: TimeSpan,
    pub count: u32,
}

fn one() -> u32 {
    1
}

fn docker_shares() -> u32 {
    1024
}

fn two() -> u32 {
    2
}

fn one_f() -> f64 {
    1.0
}

fn half() -> f64 {
    0.5
}

fn thousand() -> u32 {
    1000
}

fn yes() -> bool {
    true
}

fn law(text: &str) -> TimeLaw {
    TimeLaw::parse(text).expect("a default is a law")
}

fn libra_boot() -> TimeLaw {
    law("100s")
}

fn no_shutdown() -> TimeLaw {
    law("0s")
}

fn simfaas_cold_start() -> TimeLaw {
    law("253ms")
}

fn ten_minutes() -> TimeLaw {
    law(&seconds(600).to_string())
}
