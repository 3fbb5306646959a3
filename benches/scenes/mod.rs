//! The runs that the benches time: functions alone, a queue, LIBRA's experiment.

#![allow(dead_code)] // Each bench uses some of them.

use std::path::PathBuf;
use stratosim::engine::law::Law;
use stratosim::engine::time::Span;
use stratosim::model::balancer::Policy;
use stratosim::model::idle::Reuse;
use stratosim::model::ids::{FunctionId, NodeId};
use stratosim::model::node::Node;
use stratosim::model::pool::{Birth, Capacity, Charge, KeepAlive, LeavesFirst, OnDemand, PoolSpec, Prewarm, QueueRule};
use stratosim::model::request::Retry;
use stratosim::model::tariff::{FunctionPrice, PerHour, Tariff};
use stratosim::run::drive::drive;
use stratosim::run::sink::Sink;
use stratosim::run::summary::Summary;
use stratosim::scenario::setup::{FunctionSetup, Limits, Setup, SourceSetup};
use stratosim::strategy::Strategy;
use stratosim::workload::counts::{Counts, Recorded, Spread};
use stratosim::workload::demand::DemandLaws;
use stratosim::workload::renewal::Poisson;
use stratosim::workload::source::Arrivals;
use stratosim::workload::trace::counts::{self, Column};

const CLOUD: NodeId = NodeId::from_index(0);

/// Functions alike, each with its own source and its own pool of environments.
#[derive(Clone, Copy, Debug)]
pub struct Functions {
    pub count: usize,
    /// Poisson arrivals of each, requests per second.
    pub rate: f64,
    /// Means of exponential service times, seconds.
    pub warm: f64,
    pub cold: f64,
    /// Of each function.
    pub requests: u64,
}

impl Functions {
    pub fn setup(&self) -> Setup {
        let mut setup = empty("functions");
        for index in 0..self.count {
            let (name, id) = (format!("f{index}"), FunctionId::from_index(index));
            let law = Law::exponential(self.warm).expect("a mean above zero");
            let arrivals = Arrivals::Poisson(Poisson::new(self.rate).expect("a rate above zero"));
            setup.functions.push(function(&name, law.clone()));
            setup.sources.push(source(&name, id, arrivals, law, Some(self.requests)));
            setup.pools.push(lambda(&name, vec![id], self.cold / self.warm));
        }
        setup
    }

    pub fn requests_in_all(&self) -> u64 {
        self.requests * self.count as u64
    }
}

/// M/M/c: exponential service of mean 1 s on machines of one slot, one line, round robin; `sources` equal Poisson
/// sources share the load.
pub fn queue(machines: u32, load: f64, sources: usize, requests: u64) -> Setup {
    let mut setup = empty("queue");
    let law = Law::exponential(1.0).expect("a mean above zero");
    setup.functions.push(function("job", law.clone()));
    for index in 0..sources {
        let rate = f64::from(machines) * load / sources as f64;
        let arrivals = Arrivals::Poisson(Poisson::new(rate).expect("a rate above zero"));
        let share = Some(requests / sources as u64);
        setup.sources.push(source(&format!("s{index}"), FunctionId::from_index(0), arrivals, law.clone(), share));
    }
    setup.pools.push(fleet(machines, 1, true, 0, Policy::RoundRobin));
    setup
}

/// LIBRA's simulated experiment (`scenarios/libra-wits.toml`): a function of 1 s, machines of 16 slots, functions that
/// are always warm.
pub fn libra(arrivals: Vec<u32>) -> Setup {
    let mut setup = empty("libra");
    setup.slo = Some(Span::from_secs(1));
    let law = Law::constant(1.0).expect("a length");
    setup.functions.push(function("job", law.clone()));
    let recorded = Recorded::plain(arrivals, Span::from_secs(1), Spread::Uniform);
    let arrivals = Arrivals::Counts(Counts::new(recorded).expect("counts above zero"));
    setup.sources.push(source("wits", FunctionId::from_index(0), arrivals, law, None));
    setup.pools.push(lambda("lambda", Vec::new(), 1.0));
    setup.pools.push(fleet(10, 16, false, 100_000_000_000, Policy::FirstFit));
    setup
}

/// The trace WITS from `STRATOSIM_TRACES` (default `../shared/traces`), or where that is missing a made one of its size.
pub fn wits() -> (&'static str, Vec<u32>) {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/traces");
    let root = std::env::var_os("STRATOSIM_TRACES").map_or(default, PathBuf::from);
    match counts::read(&root.join("libra/wits_logs.txt"), &Column::Only) {
        Ok(arrivals) => ("WITS", arrivals),
        Err(_) => ("a made trace", (0..45_000).map(made).collect()),
    }
}

/// A day's wave with bursts; mean and spread are about those of WITS.
fn made(second: u32) -> u32 {
    let wave = (f64::from(second) / 7_200.0).sin() * 80.0;
    let noise = second.wrapping_mul(2_654_435_761) >> 26;
    (110.0 + wave) as u32 + noise + if second % 1_800 < 3 { 600 } else { 0 }
}

/// One run; its laws hold.
pub fn run(setup: &Setup, strategy: &mut dyn Strategy, sink: &mut dyn Sink) -> Summary {
    let (summary, _) = drive(setup, "bench", strategy, sink).expect("the run ends well");
    assert!(summary.broken_laws().is_empty(), "{:?}", summary.broken_laws());
    summary
}

fn empty(name: &str) -> Setup {
    Setup {
        name: name.to_owned(),
        seed: 1,
        replication: 0,
        horizon: None,
        warm_up: Span::ZERO,
        slo: None,
        nodes: vec![Node::new("cloud", true, None)],
        links: Vec::new(),
        functions: Vec::new(),
        sources: Vec::new(),
        pools: Vec::new(),
        provider: Default::default(),
        economy: None,
        accounts: Vec::new(),
        tariff: Tariff::default(),
        reservations: Vec::new(),
        limits: Limits {
            events: u64::MAX,
            in_flight: 10_000_000,
            instances: 1_000_000,
            drain: Span::from_secs(86_400),
        },
        order_patience: None,
        exchange: Default::default(),
        chains: Vec::new(),
        probes: Vec::new(),
        ends_with_probes: false,
        inputs: Vec::new(),
    }
}

fn function(name: &str, work: Law) -> FunctionSetup {
    FunctionSetup {
        name: name.to_owned(),
        memory_mib: 512,
        work,
        payload_bytes: 0,
        response_bytes: 0,
        timeout: None,
        patience: None,
        failure: 0.0,
        retry: Retry::default(),
        steps: Vec::new(),
    }
}

fn source(name: &str, function: FunctionId, arrivals: Arrivals, work: Law, requests: Option<u64>) -> SourceSetup {
    let laws = DemandLaws::new(work, Law::constant(0.0).expect("no bytes"));
    SourceSetup {
        name: name.to_owned(),
        function,
        node: CLOUD,
        arrivals,
        laws,
        start: stratosim::engine::time::Instant::ZERO,
        requests,
    }
}

/// Environments of one request, kept for 10 min after each use, the last used first; paid as Lambda is.
fn lambda(name: &str, serves: Vec<FunctionId>, cold_factor: f64) -> PoolSpec {
    let price = FunctionPrice {
        per_request: 200_000,
        per_gib_s: 16_670_000,
        quantum: Span::from_nanos(1_000_000),
        provisioned_duration_per_gib_s: 16_670_000,
        provisioned_per_gib_s: 0,
    };
    PoolSpec {
        name: name.to_owned(),
        node: CLOUD,
        serves,
        charge: Charge::PerUse { price, memory_mib: 512, bills_cold_start: false },
        memory_mib: 512,
        birth: Birth::OnDemand(OnDemand {
            cold_start: Law::constant(0.0).expect("no time"),
            keep_alive: KeepAlive { law: Law::constant(600.0).expect("a length"), resets: true },
            reuse: Reuse::MostRecentlyUsed,
            limit: u32::MAX,
            growth: None,
            account: None,
            provisioned: 0,
            prewarm: Prewarm::Never,
        }),
        capacity: Capacity::Slots(1),
        queue: QueueRule::None,
        seconds_per_work: 1.0,
        cold_factor,
        balancer_billed: false,
        idle_timeout: None,
        computer: None,
        footprint: Default::default(),
    }
}

/// Machines with one central line; `pico_per_hour` each.
fn fleet(machines: u32, slots: u32, ready: bool, pico_per_hour: u64, balancer: Policy) -> PoolSpec {
    PoolSpec {
        name: "web".to_owned(),
        node: CLOUD,
        serves: Vec::new(),
        charge: Charge::Held {
            kind: "m4.large".to_owned(),
            price: PerHour(pico_per_hour),
            minimum: Span::ZERO,
            quantum: Span::from_secs(1),
            interruptions_per_hour: 0.0,
        },
        memory_mib: 8192,
        birth: Birth::Ordered {
            boot: Law::constant(100.0).expect("a length"),
            shutdown: Law::constant(0.0).expect("no time"),
            health: None,
            initial: machines,
            initially_ready: ready,
            max: 1_000,
            balancer,
            leaves_first: LeavesFirst::Newest,
            drain_max: None,
        },
        capacity: Capacity::Slots(slots),
        queue: QueueRule::Central { limit: u32::MAX },
        seconds_per_work: 1.0,
        cold_factor: 1.0,
        balancer_billed: false,
        idle_timeout: None,
        computer: None,
        footprint: Default::default(),
    }
}
