//! A pool: interchangeable instances at a node, one queue rule, and rules of birth, death and capacity.
//!
//! VM groups, function environments and containers are the same thing seen several ways. A *fleet* is born by order (boot
//! delay) and leaves by order (drain); *environments* are born by demand (cold start) and leave by keep-alive.

use std::mem::offset_of;
use std::sync::Arc;

use super::balancer::{Balancer, Policy};
use super::computing::ComputerSpec;
use super::environments::Environments;
use super::idle::Reuse;
use super::ids::{AccountId, FunctionId, NodeId};
use super::instance::Phase;
use super::queue::Fifo;
use super::tariff::{FunctionPrice, PerHour};
use crate::engine::agenda::Handle;
use crate::engine::gauge::Gauge;
use crate::engine::law::Law;
use crate::engine::random::{Keyed, Streams};
use crate::engine::time::{Instant, Span};

/// What a pool is made of, checked. What requests ask for comes last, in two lines of the cache, the second of which is all
/// that a computer's calls look at: in a [`Pool`] that is beside the counts.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct PoolSpec {
    pub name: String,
    /// Functions it serves, by id; all of them when empty.
    pub serves: Vec<FunctionId>,
    /// Memory that one instance takes at its node, in MiB.
    pub memory_mib: u64,
    /// What it consists of where it is an edge computer.
    pub computer: Option<Arc<ComputerSpec>>,
    pub footprint: Footprint,
    /// Billed as a load balancer in front of the pool.
    pub balancer_billed: bool,
    pub birth: Birth,
    /// The service of the request that started an instance takes this many times as long.
    pub cold_factor: f64,
    /// Seconds for one unit of work on a warm instance.
    pub seconds_per_work: f64,
    pub charge: Charge,
    pub node: NodeId,
    pub queue: QueueRule,
    pub capacity: Capacity,
    /// The balancer answers for an instance that takes longer (HTTP 504).
    pub idle_timeout: Option<Span>,
}

/// What instances use besides their processor, where the scenario says so; the monitor has no such metric otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Footprint {
    /// Its weight where containers compete for the processors of their host.
    pub cpu_shares: u32,
    pub memory: Option<MemoryUse>,
    /// What one instance can send and receive in a second, together.
    pub network_bytes_per_s: Option<f64>,
}

impl Default for Footprint {
    /// Nothing stated; the weight that Docker gives by default.
    fn default() -> Footprint {
        Footprint { cpu_shares: 1024, memory: None, network_bytes_per_s: None }
    }
}

/// Memory in use, of an instance's [`PoolSpec::memory_mib`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryUse {
    /// By an instance with nothing to do.
    pub idle_mib: f64,
    /// By each request on it.
    pub per_request_mib: f64,
}

/// How use of the pool is paid.
#[derive(Clone, Debug)]
pub enum Charge {
    /// By time held, at a type of the price list.
    Held { kind: String, price: PerHour, minimum: Span, quantum: Span, interruptions_per_hour: f64 },
    /// By request and rounded duration.
    PerUse { price: FunctionPrice, memory_mib: u32, bills_cold_start: bool },
}

/// How instances come and go.
#[derive(Clone, Debug)]
pub enum Birth {
    /// By order: VM groups, fixed sets of containers.
    Ordered {
        /// From launch to readiness, seconds.
        boot: Law,
        /// From the end of the last request to memory given back, seconds; the bill ends before it.
        shutdown: Law,
        /// Without checks an instance takes requests as soon as it has started.
        health: Option<Health>,
        initial: u32,
        /// The initial fleet is ready at the start; otherwise it boots then.
        initially_ready: bool,
        max: u32,
        balancer: Policy,
        leaves_first: LeavesFirst,
        /// A draining instance that takes longer is taken away with its work.
        drain_max: Option<Span>,
    },
    /// By demand: function environments, containers that scale with requests.
    OnDemand(OnDemand),
}

/// How a balancer comes to send requests to a new instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// From the end of the boot to registration with the balancer.
    pub registration: Span,
    pub interval: Span,
    /// Checks in a row that must succeed; the first is made one interval after registration.
    pub checks: u32,
}

impl Health {
    /// From the end of the boot to the first request.
    pub fn span(&self) -> Span {
        self.registration + self.interval * u64::from(self.checks)
    }
}

/// The rules of environments that are born by demand; first what every request asks for.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct OnDemand {
    pub account: Option<AccountId>,
    pub reuse: Reuse,
    pub keep_alive: KeepAlive,
    /// Time to start an environment, seconds; the request that caused it waits.
    pub cold_start: Law,
    /// Environments alive at once; the function's concurrency limit with one request each.
    pub limit: u32,
    /// Environments always kept (provisioned concurrency); what `Scale` sets.
    pub provisioned: u32,
    /// New environments allowed in every window, refilled continuously, unused allowance not saved.
    pub growth: Option<Growth>,
    pub prewarm: Prewarm,
}

/// How long an idle environment is kept.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct KeepAlive {
    /// Starts anew at the end of each use; otherwise it runs once, from the first use.
    pub resets: bool,
    /// Seconds; drawn afresh each time it starts.
    pub law: Law,
}

/// At most `environments` new ones in each `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    pub environments: u32,
    pub window: Span,
}

/// Environments started ahead of demand and kept at least in that number; they are not billed while idle.
#[derive(Clone, Debug)]
pub enum Prewarm {
    Never,
    /// At each instant, this many from then on.
    Scheduled(Vec<(Instant, u32)>),
    /// Every period: the moving average of the peak of busy environments, times a head-room.
    Forecast {
        period: Span,
        alpha: f64,
        headroom: f64,
    },
}

/// Which instance leaves first when a fleet shrinks; booting ones and idle ones are not preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeavesFirst {
    Newest,
    Oldest,
}

/// How many requests an instance takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// One request a slot, each at full speed.
    Slots(u32),
    /// All present share the cores; at most `workers` at once.
    Shared { millicores: u64, workers: u32 },
    /// An edge computer, which has lines, workers and memory of its own: so many workers and cores in all.
    Computer { workers: u32, cores: u32 },
}

impl Capacity {
    #[inline]
    pub const fn at_once(self) -> u32 {
        match self {
            Capacity::Slots(slots) => slots,
            Capacity::Shared { workers, .. } | Capacity::Computer { workers, .. } => workers,
        }
    }

    /// Requests that one instance works on at full speed.
    pub fn parallel(self) -> f64 {
        match self {
            Capacity::Slots(slots) => f64::from(slots),
            Capacity::Shared { millicores, .. } => millicores as f64 / 1000.0,
            Capacity::Computer { cores, .. } => f64::from(cores),
        }
    }
}

/// Where requests wait that no instance can take now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueRule {
    /// Nowhere: refused (throttled).
    None,
    /// In one line for the whole pool, of limited length.
    Central { limit: u32 },
    /// In a line at each instance, of limited length; the balancer decides at arrival. Fleets only.
    PerInstance { limit: u32 },
}

/// A pool at work. Its order is that of use: what every request changes stands together, a line of the cache each, since
/// there may be thousands of pools, each looked at seldom enough to have left the cache.
#[repr(C, align(64))]
pub struct Pool {
    pub spec: PoolSpec,
    pub counts: Counts,
    pub(crate) queue: Fifo,
    /// What is asked for: the fleet's size, or provisioned environments.
    pub desired: u32,
    /// Requests on instances, over time.
    pub busy: Gauge,
    /// Thousandths of cores in use, over time; only where requests share cores.
    pub cores_busy: Gauge,
    /// Nothing but held cost where it is an edge computer.
    pub(crate) hour: super::books::HourUse,
    /// Responses since the monitor last looked.
    pub(crate) answered: Answered,
    pub(crate) launched: u64,
    /// Requests begun on an instance that was started for them, so far.
    pub(crate) cold: u64,
    /// Requests refused at once, so far.
    pub(crate) throttled: u64,
    pub(crate) births: Births,
    /// Instances billed or kept: booting, initial, serving and draining, over time.
    pub alive: Gauge,
    /// The most of them at once.
    pub(crate) peak_alive: u64,
    /// Instances from readiness to their end, over time: the capacity that utilisation is measured by.
    pub in_service: Gauge,
    pub(crate) draws: PoolDraws,
    /// Until when an order that does not fit may wait, and its event.
    pub(crate) wanting: Option<Handle>,
}

// Each begins a line of its own: what straddles two costs every request one more.
const _: () = assert!(
    offset_of!(Pool, counts) % 64 == 0
        && offset_of!(Pool, busy) % 64 == 0
        && offset_of!(Pool, hour) % 64 == 0
        && offset_of!(Pool, births) % 64 == 0
);

/// Instances by phase, and the requests waiting centrally.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Starting.
    pub booting: u32,
    /// Started, not yet found healthy by the balancer.
    pub initial: u32,
    pub serving: u32,
    pub draining: u32,
    /// Requests on instances.
    pub running: u32,
    /// Requests in the pool's or its instances' queues, or bound to an instance that starts.
    pub waiting: u32,
    /// Requests begun, so far.
    pub begun: u64,
    /// Requests offered, so far.
    pub offered: u64,
    /// Bytes of requests whose work ended and of their answers, so far.
    pub bytes: u64,
}

impl Counts {
    /// The count of instances in a phase of standing.
    pub(crate) fn standing_in(&mut self, phase: Phase) -> &mut u32 {
        match phase {
            Phase::Booting => &mut self.booting,
            Phase::Initial => &mut self.initial,
            Phase::Serving { .. } => &mut self.serving,
            Phase::Draining { .. } | Phase::Gone => unreachable!("what leaves does not stand"),
        }
    }
}

/// Responses as the balancer sees them: from the offer to the end of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answered {
    pub count: u64,
    pub sum_ns: u64,
    pub min_ns: u64,
    pub max_ns: u64,
}

impl Answered {
    #[inline]
    pub fn add(&mut self, span: Span) {
        let ns = span.as_nanos();
        self.min_ns = if self.count == 0 { ns } else { self.min_ns.min(ns) };
        self.max_ns = self.max_ns.max(ns);
        self.count += 1;
        self.sum_ns = self.sum_ns.saturating_add(ns);
    }
}

/// The moving parts of the two ways to be born.
pub(crate) enum Births {
    Fleet(Balancer),
    Environments(Environments),
}

/// Draws of one pool, addressed by request or instance, so that no strategy moves another's.
#[derive(Clone, Debug)]
pub(crate) struct PoolDraws {
    pub start: Keyed,
    pub keep_alive: Keyed,
    pub balancer: Keyed,
    pub interruption: Keyed,
    pub shutdown: Keyed,
}

impl Pool {
    pub fn new(spec: PoolSpec, streams: &Streams) -> Pool {
        let draws = PoolDraws {
            start: streams.keyed("start", &spec.name),
            keep_alive: streams.keyed("keep-alive", &spec.name),
            balancer: streams.keyed("balancer", &spec.name),
            interruption: streams.keyed("interruption", &spec.name),
            shutdown: streams.keyed("shutdown", &spec.name),
        };
        let (births, desired) = match &spec.birth {
            Birth::Ordered { balancer, initial, .. } => (Births::Fleet(Balancer::new(balancer.clone())), *initial),
            Birth::OnDemand(rules) => (Births::Environments(Environments::new(rules)), rules.provisioned),
        };
        Pool {
            counts: Counts::default(),
            busy: Gauge::new(Instant::ZERO, 0),
            cores_busy: Gauge::new(Instant::ZERO, 0),
            alive: Gauge::new(Instant::ZERO, 0),
            peak_alive: 0,
            in_service: Gauge::new(Instant::ZERO, 0),
            answered: Answered::default(),
            desired,
            queue: Fifo::default(),
            launched: 0,
            cold: 0,
            throttled: 0,
            births,
            draws,
            hour: Default::default(),
            wanting: None,
            spec,
        }
    }

    /// Whether requests for the function may be sent here.
    pub fn serves(&self, function: FunctionId) -> bool {
        self.spec.serves.is_empty() || self.spec.serves.contains(&function)
    }

    /// Paid by request rather than by time held.
    #[inline]
    pub fn charges_per_use(&self) -> bool {
        matches!(self.spec.charge, Charge::PerUse { .. })
    }

    /// Instances that are or will be able to take requests.
    #[inline]
    pub fn standing(&self) -> u32 {
        self.counts.booting + self.counts.initial + self.counts.serving
    }

    /// Whether an instance stands or may yet be born; a request does not wait where nothing will ever serve it.
    #[inline]
    pub(crate) fn can_ever_serve(&self) -> bool {
        match &self.spec.birth {
            Birth::Ordered { .. } => self.standing() > 0 || self.desired > 0,
            Birth::OnDemand(rules) => rules.limit > 0,
        }
    }

    /// Environments with nothing to do; zero for a fleet.
    pub fn idle(&self) -> u32 {
        match &self.births {
            Births::Environments(environments) => environments.idle.len() + environments.idle_provisioned.len(),
            Births::Fleet(_) => 0,
        }
    }

    /// Requests that one instance may have, running and waiting in its own line.
    pub(crate) fn room_at_instance(&self) -> u32 {
        let at_once = self.spec.capacity.at_once();
        match self.spec.queue {
            QueueRule::PerInstance { limit } => at_once.saturating_add(limit),
            QueueRule::None | QueueRule::Central { .. } => at_once,
        }
    }
}
