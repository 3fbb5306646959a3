//! Pools: their rules of birth, death, capacity and charge, against the price list and the functions they serve.

use std::ops::Range;

use super::Checker;
use crate::engine::law::Law;
use crate::engine::time::{Instant, Span};
use crate::model::balancer::Policy;
use crate::model::idle::Reuse;
use crate::model::ids::{AccountId, FunctionId};
use crate::model::pool::{
    Birth, Capacity, Charge, Footprint, Growth, Health, KeepAlive, LeavesFirst, MemoryUse, OnDemand, PoolSpec, Prewarm,
    QueueRule,
};
use crate::model::tariff::{PerHour, Tariff};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::FunctionSetup;
use crate::scenario::units::ByteSize;

const GROWTH_WINDOW: Span = Span::from_secs(10);
pub(super) const CORES_MAX: f64 = 4096.0;
/// Most pools, those of functions that have one each among them.
const POOLS_MAX: usize = 100_000;

impl Checker<'_> {
    pub(super) fn pools(
        &mut self,
        raw: &raw::Scenario,
        functions: &[FunctionSetup],
        tariff: Option<&Tariff>,
    ) -> Vec<PoolSpec> {
        if raw.pools.is_empty() {
            self.refuse("pools", "at least one pool");
        }
        let build = |(name, pool): (&String, &raw::Pool)| {
            let path = KeyPath::from("pools").key(name);
            let mut spec = match pool {
                raw::Pool::Vm(vm) => self.vm_pool(vm, functions, tariff, &path),
                raw::Pool::Function(function) => self.function_pool(function, functions, tariff, &path),
                raw::Pool::Container(container) => self.container_pool(container, tariff, &path),
                raw::Pool::Computer(computer) => self.computer_pool(computer, raw, &path),
            };
            spec.name.clone_from(name);
            spec
        };
        let specs: Vec<PoolSpec> = raw.pools.iter().map(build).collect();
        let of_each = |(spec, written): (PoolSpec, &raw::Pool)| match written {
            raw::Pool::Function(pool) if pool.per_function => {
                let chains = raw.functions.len()..raw.functions.len() + raw.chains.len();
                per_function(&spec, pool.memory.is_none(), functions, &chains)
            }
            _ => vec![spec],
        };
        let specs: Vec<PoolSpec> = specs.into_iter().zip(raw.pools.values()).flat_map(of_each).collect();
        if specs.len() > POOLS_MAX {
            self.refuse_found("pools", format!("{} pools", specs.len()), format!("at most {POOLS_MAX}"));
        }
        specs
    }

    /// The functions that a pool serves: those it names, and those that traces brought which are like one of them.
    fn served(&mut self, names: &[String], path: &KeyPath) -> Vec<FunctionId> {
        let mut serves = self.function_list(names, path);
        let made = self.made.values().filter(|(_, like)| serves.contains(like)).map(|&(made, _)| made);
        let mut made: Vec<FunctionId> = made.collect();
        made.sort_unstable();
        serves.extend(made);
        serves
    }

    fn vm_pool(
        &mut self,
        written: &raw::VmPool,
        functions: &[FunctionSetup],
        tariff: Option<&Tariff>,
        path: &KeyPath,
    ) -> PoolSpec {
        let node = self.node(written.node.as_ref(), path.key("node"));
        let serves = self.served(&written.serves, &path.key("serves"));
        let (charge, type_memory_mib) = self.vm_charge(written, tariff, path);
        let capacity = self.vm_capacity(written, &serves, functions, type_memory_mib, path);
        if written.size > written.max {
            self.refuse(path.key("size"), format!("at most the maximum of {}", written.max));
        }
        self.within_instances(written.max, path.key("max"));
        let limit = written.queue_limit.unwrap_or(u32::MAX);
        let queue = match written.queue {
            raw::Queue::Central => QueueRule::Central { limit },
            raw::Queue::PerInstance => QueueRule::PerInstance { limit },
            raw::Queue::None => QueueRule::None,
        };
        if let Some(timeout) = written.idle_timeout
            && (timeout.0.is_zero() || !written.load_balancer)
        {
            self.refuse(path.key("idle_timeout"), "a length of time above zero, and `load_balancer = true` beside it");
        }
        if written.queue == raw::Queue::None && written.queue_limit.is_some() {
            self.refuse(path.key("queue_limit"), "no limit where there is no queue");
        }
        PoolSpec {
            name: String::new(),
            node,
            serves,
            charge,
            memory_mib: type_memory_mib.unwrap_or(0),
            birth: Birth::Ordered {
                boot: self.law(&written.boot, &path.key("boot")),
                shutdown: self.law(&written.shutdown, &path.key("shutdown")),
                health: self.health(written.health_check.as_ref(), &path.key("health_check")),
                initial: written.size,
                initially_ready: written.initial == raw::Initial::Ready,
                max: written.max,
                balancer: self.balancer(written, path),
                leaves_first: match written.leaves_first {
                    raw::LeavesFirst::Newest => LeavesFirst::Newest,
                    raw::LeavesFirst::Oldest => LeavesFirst::Oldest,
                },
                drain_max: written.drain.map(|span| span.0),
            },
            capacity,
            queue,
            seconds_per_work: self.per_speed(written.speed, path),
            cold_factor: 1.0,
            balancer_billed: written.load_balancer,
            idle_timeout: written.idle_timeout.map(|span| span.0),
            computer: None,
            footprint: Footprint::default(),
        }
    }

    fn health(&mut self, written: Option<&raw::HealthCheck>, path: &KeyPath) -> Option<Health> {
        let written = written?;
        if written.interval.0.is_zero() {
            self.refuse(path.key("interval"), "a length of time above zero");
        }
        if written.checks == 0 {
            self.refuse(path.key("checks"), "at least one check");
        }
        Some(Health { registration: written.registration.0, interval: written.interval.0, checks: written.checks })
    }

    /// How a machine is charged, and its memory in MiB where a price list says so; without one it is free.
    fn vm_charge(&mut self, written: &raw::VmPool, tariff: Option<&Tariff>, path: &KeyPath) -> (Charge, Option<u64>) {
        let free = || Charge::Held {
            kind: written.kind.clone(),
            price: PerHour(0),
            minimum: Span::ZERO,
            quantum: Span::ZERO,
            interruptions_per_hour: 0.0,
        };
        let (Some(tariff), true) = (tariff, self.raw().prices.is_some()) else {
            if written.spot {
                self.refuse(path.key("spot"), "a price list, which says how often spot capacity is taken back");
            }
            return (free(), None);
        };
        let known: Vec<String> = tariff.types.iter().map(|kind| kind.name.clone()).collect();
        let Some(index) = self.find(&known, &written.kind, path.key("type"), "an instance type of the price list")
        else {
            return (free(), None);
        };
        let kind = &tariff.types[index];
        let (price, interruptions_per_hour) = match (&kind.spot, written.spot) {
            (_, false) => (kind.price, 0.0),
            (Some(spot), true) => (spot.price, spot.interruptions_per_hour),
            (None, true) => {
                self.refuse(path.key("spot"), format!("a type with a spot price; {} has none", kind.name));
                (kind.price, 0.0)
            }
        };
        let charge = Charge::Held {
            kind: kind.name.clone(),
            price,
            minimum: kind.minimum,
            quantum: kind.quantum,
            interruptions_per_hour,
        };
        (charge, Some(kind.memory_mib))
    }

    fn vm_capacity(
        &mut self,
        written: &raw::VmPool,
        serves: &[FunctionId],
        functions: &[FunctionSetup],
        type_memory_mib: Option<u64>,
        path: &KeyPath,
    ) -> Capacity {
        if written.cores.is_none() && written.workers.is_some() {
            self.refuse(path.key("workers"), "`cores` beside it: workers share cores");
        }
        match (written.cores, written.slots) {
            (Some(_), Some(_)) => {
                self.refuse(path.key("slots"), "either slots or cores");
                Capacity::Slots(1)
            }
            (Some(cores), None) => {
                if !(0.001..=CORES_MAX).contains(&cores) {
                    self.refuse(path.key("cores"), "from 0.001 to 4096 cores");
                }
                if written.workers == Some(0) {
                    self.refuse(path.key("workers"), "at least one worker");
                }
                let millicores = (cores * 1000.0).round() as u64;
                Capacity::Shared { millicores: millicores.max(1), workers: written.workers.unwrap_or(u32::MAX) }
            }
            (None, Some(slots)) => {
                if slots == 0 {
                    self.refuse(path.key("slots"), "at least one slot");
                }
                Capacity::Slots(slots.max(1))
            }
            (None, None) => {
                let Some(type_memory_mib) = type_memory_mib else {
                    // A price list or type that cannot be read has its complaint.
                    if self.raw().prices.is_none() {
                        let wanted = "a number of slots, since no price list says how much memory the type has";
                        self.refuse_found(path.key("slots"), "nothing", wanted);
                    }
                    return Capacity::Slots(1);
                };
                let needed = memory_of(serves, functions);
                let slots = type_memory_mib / u64::from(needed.max(1));
                if slots == 0 {
                    let wanted = format!(
                        "a number of slots: memory of the type ({type_memory_mib} MiB) holds no request of {needed} MiB"
                    );
                    self.refuse_found(path.key("slots"), "nothing", wanted);
                }
                Capacity::Slots(u32::try_from(slots).unwrap_or(u32::MAX).max(1))
            }
        }
    }

    fn balancer(&mut self, written: &raw::VmPool, path: &KeyPath) -> Policy {
        if written.balancer != raw::Balance::Weighted && !written.weights.is_empty() {
            self.refuse(path.key("weights"), "`balancer = \"weighted\"` beside it");
        }
        match written.balancer {
            raw::Balance::RoundRobin => Policy::RoundRobin,
            raw::Balance::LeastOutstanding => Policy::LeastOutstanding,
            raw::Balance::Random => Policy::Random,
            raw::Balance::FirstFit => Policy::FirstFit,
            raw::Balance::PowerOfChoices => {
                if written.choices == 0 {
                    self.refuse(path.key("choices"), "at least one choice");
                }
                Policy::PowerOfChoices(written.choices.max(1))
            }
            raw::Balance::Weighted => {
                if written.weights.is_empty() || written.weights.iter().all(|&weight| weight == 0) {
                    self.refuse(path.key("weights"), "a list of weights, not all zero");
                    return Policy::RoundRobin;
                }
                Policy::Weighted(written.weights.clone())
            }
        }
    }

    fn function_pool(
        &mut self,
        written: &raw::FunctionPool,
        functions: &[FunctionSetup],
        tariff: Option<&Tariff>,
        path: &KeyPath,
    ) -> PoolSpec {
        let node = self.node(written.node.as_ref(), path.key("node"));
        let serves = self.served(&written.serves, &path.key("serves"));
        let memory_mib = match written.memory {
            Some(memory) => self.whole_mib(memory.0, &path.key("memory")),
            None => memory_of(&serves, functions),
        };
        if written.concurrency == 0 {
            self.refuse(path.key("concurrency"), "at least one request at once");
        }
        if !(written.cold_factor > 0.0 && written.cold_factor.is_finite()) {
            self.refuse(path.key("cold_factor"), "a factor above zero");
        }
        let growth = (written.growth_per_10s > 0)
            .then_some(Growth { environments: written.growth_per_10s, window: GROWTH_WINDOW });
        if written.queue_limit > 0 && growth.is_some() && self.read.is_given(path.key("growth_per_10s")) {
            self.refuse(path.key("queue_limit"), "no queue where growth is limited: a throttled request is not kept");
        }
        let limit = written.limit.unwrap_or(u32::MAX);
        if written.provisioned > limit {
            self.refuse(path.key("provisioned"), format!("at most the limit of {limit}"));
        }
        self.within_instances(written.provisioned, path.key("provisioned"));
        let charge = match tariff.and_then(|tariff| tariff.function) {
            Some(price) => Charge::PerUse { price, memory_mib, bills_cold_start: written.bill_cold_start },
            None => {
                if self.raw().prices.is_some() && tariff.is_some() {
                    self.refuse_found(path.clone(), "a function pool", "a price list with prices of functions");
                }
                Charge::PerUse { price: Default::default(), memory_mib, bills_cold_start: false }
            }
        };
        PoolSpec {
            name: String::new(),
            node,
            serves,
            charge,
            memory_mib: u64::from(memory_mib),
            birth: Birth::OnDemand(OnDemand {
                cold_start: self.law(&written.cold_start, &path.key("cold_start")),
                keep_alive: KeepAlive {
                    law: self.law(&written.keep_alive, &path.key("keep_alive")),
                    resets: written.keep_alive_resets,
                },
                reuse: match written.reuse {
                    raw::Reuse::MostRecentlyUsed => Reuse::MostRecentlyUsed,
                    raw::Reuse::LeastRecentlyUsed => Reuse::LeastRecentlyUsed,
                    raw::Reuse::Newest => Reuse::Newest,
                    raw::Reuse::Oldest => Reuse::Oldest,
                },
                limit,
                // With a line, growth is no reason to refuse: who waits is served by who is freed.
                growth: if written.queue_limit > 0 { None } else { growth },
                account: self.account(written.account.as_deref(), path),
                provisioned: written.provisioned,
                prewarm: self.prewarm(written.prewarm.as_ref(), &path.key("prewarm")),
            }),
            capacity: Capacity::Slots(written.concurrency.max(1)),
            queue: match written.queue_limit {
                0 => QueueRule::None,
                limit => QueueRule::Central { limit },
            },
            seconds_per_work: self.per_speed(written.speed, path),
            cold_factor: written.cold_factor,
            balancer_billed: false,
            idle_timeout: None,
            computer: None,
            footprint: Footprint::default(),
        }
    }

    fn account(&mut self, written: Option<&str>, path: &KeyPath) -> Option<AccountId> {
        let names = self.names.accounts.clone();
        match written {
            Some("none") => None,
            Some(name) => {
                self.find(&names, name, path.key("account"), "an account, or none").map(AccountId::from_index)
            }
            None => names.iter().position(|name| name == "default").map(AccountId::from_index),
        }
    }

    fn prewarm(&mut self, written: Option<&raw::Prewarm>, path: &KeyPath) -> Prewarm {
        let Some(written) = written else { return Prewarm::Never };
        if !(0.0..=1.0).contains(&written.alpha) {
            self.refuse(path.key("alpha"), "a weight from 0 to 1");
        }
        if !(written.headroom >= 0.0 && written.headroom.is_finite()) {
            self.refuse(path.key("headroom"), "a factor of zero or more");
        }
        if !written.schedule.is_sorted_by(|a, b| a.at.0 < b.at.0) {
            self.refuse(path.key("schedule"), "instants that rise");
        }
        for (index, entry) in written.schedule.iter().enumerate() {
            self.within_instances(entry.count, path.key("schedule").index(index).key("count"));
        }
        match (written.forecast_every, written.schedule.is_empty()) {
            (Some(_), false) => {
                self.refuse(path.clone(), "either a schedule or a forecast");
                Prewarm::Never
            }
            (Some(every), true) => {
                if every.0.is_zero() {
                    self.refuse(path.key("forecast_every"), "a length of time above zero");
                    return Prewarm::Never;
                }
                Prewarm::Forecast { period: every.0, alpha: written.alpha, headroom: written.headroom }
            }
            (None, true) => {
                self.refuse(path.clone(), "a schedule or `forecast_every`");
                Prewarm::Never
            }
            (None, false) => {
                let entries = written.schedule.iter().map(|entry| (Instant::ZERO + entry.at.0, entry.count));
                Prewarm::Scheduled(entries.collect())
            }
        }
    }

    fn container_pool(&mut self, written: &raw::ContainerPool, tariff: Option<&Tariff>, path: &KeyPath) -> PoolSpec {
        let node = self.node(written.node.as_ref(), path.key("node"));
        let serves = self.served(&written.serves, &path.key("serves"));
        if !(written.vcpu > 0.0 && written.vcpu <= CORES_MAX) {
            self.refuse(path.key("vcpu"), "from just above 0 to 4096 vCPU");
        }
        let memory_mib = u64::from(self.whole_mib(written.memory.0, &path.key("memory")));
        if written.concurrency == 0 {
            self.refuse(path.key("concurrency"), "at least one request at once");
        }
        let price = tariff.and_then(|tariff| tariff.container);
        if price.is_none() && tariff.is_some() && self.raw().prices.is_some() {
            self.refuse_found(path.clone(), "a container pool", "a price list with prices of containers");
        }
        let charge = Charge::Held {
            kind: format!("container {} vCPU {memory_mib} MiB", written.vcpu),
            price: price.map_or(PerHour(0), |price| price.per_hour(written.vcpu, memory_mib)),
            minimum: price.map_or(Span::ZERO, |price| price.minimum),
            quantum: price.map_or(Span::ZERO, |price| price.quantum),
            interruptions_per_hour: 0.0,
        };
        if written.size.is_some_and(|size| size > written.max) {
            self.refuse(path.key("size"), format!("at most the maximum of {}", written.max));
        }
        self.within_instances(written.max, path.key("max"));
        let start = self.law(&written.start, &path.key("start"));
        let keep_alive = self.law(&written.keep_alive, &path.key("keep_alive"));
        let birth = match written.size {
            Some(initial) => Birth::Ordered {
                boot: start,
                shutdown: Law::constant(0.0).expect("no time is a length of time"),
                health: None,
                initial,
                initially_ready: true,
                max: written.max,
                balancer: match written.balancer {
                    raw::Balance::RoundRobin => Policy::RoundRobin,
                    raw::Balance::LeastOutstanding => Policy::LeastOutstanding,
                    raw::Balance::Random => Policy::Random,
                    raw::Balance::FirstFit => Policy::FirstFit,
                    raw::Balance::PowerOfChoices => Policy::PowerOfChoices(2),
                    raw::Balance::Weighted => {
                        self.refuse(path.key("balancer"), "another policy: containers have no weights");
                        Policy::RoundRobin
                    }
                },
                leaves_first: LeavesFirst::Newest,
                drain_max: None,
            },
            None => Birth::OnDemand(OnDemand {
                cold_start: start,
                keep_alive: KeepAlive { law: keep_alive, resets: true },
                reuse: Reuse::MostRecentlyUsed,
                limit: written.max,
                growth: None,
                account: None,
                provisioned: 0,
                prewarm: Prewarm::Never,
            }),
        };
        PoolSpec {
            name: String::new(),
            node,
            serves,
            charge,
            memory_mib,
            birth,
            capacity: if written.shared {
                let millicores = ((written.vcpu * 1000.0).round() as u64).max(1);
                Capacity::Shared { millicores, workers: written.concurrency.max(1) }
            } else {
                Capacity::Slots(written.concurrency.max(1))
            },
            queue: match written.queue_limit {
                Some(0) => QueueRule::None,
                limit => QueueRule::Central { limit: limit.unwrap_or(u32::MAX) },
            },
            seconds_per_work: self.per_speed(written.speed, path),
            cold_factor: 1.0,
            balancer_billed: false,
            idle_timeout: None,
            computer: None,
            footprint: self.footprint(written, path),
        }
    }

    fn footprint(&mut self, written: &raw::ContainerPool, path: &KeyPath) -> Footprint {
        let mib = |size: Option<ByteSize>| size.map_or(0.0, |size| size.0 as f64 / f64::from(1 << 20));
        let stated = written.memory_idle.or(written.memory_per_request).is_some();
        let memory = stated.then(|| MemoryUse {
            idle_mib: mib(written.memory_idle),
            per_request_mib: mib(written.memory_per_request),
        });
        if written.memory_idle.is_some_and(|idle| idle > written.memory) {
            self.refuse(path.key("memory_idle"), format!("at most the memory of {}", written.memory));
        }
        if written.network.is_some_and(|network| network.bits_per_s == 0) {
            self.refuse(path.key("network"), "a bandwidth above zero");
        }
        if written.shared && written.size.is_none() {
            self.refuse(path.key("shared"), "a `size` beside it: containers born by demand do not share");
        }
        if written.cpu_shares == 0 {
            self.refuse(path.key("cpu_shares"), "a weight above zero");
        }
        Footprint {
            cpu_shares: written.cpu_shares,
            memory,
            network_bytes_per_s: written.network.map(|network| network.bits_per_s as f64 / 8.0),
        }
    }

    /// A number of instances that somebody wrote must fit the run's limit: one order would launch them all.
    fn within_instances(&mut self, count: u32, path: KeyPath) {
        let most = self.raw().limits.instances;
        if u64::from(count) > most && self.read.is_given(path.clone()) {
            self.refuse(path, format!("at most the {most} of limits.instances"));
        }
    }

    fn per_speed(&mut self, speed: f64, path: &KeyPath) -> f64 {
        if !(speed > 0.0 && speed.is_finite()) {
            self.refuse(path.key("speed"), "a speed above zero");
            return 1.0;
        }
        1.0 / speed
    }
}

/// The same pool for each function it serves, by itself, with the memory of that function where the pool states none.
/// What stands for chains is never served itself.
fn per_function(
    of: &PoolSpec,
    takes_memory: bool,
    functions: &[FunctionSetup],
    chains: &Range<usize>,
) -> Vec<PoolSpec> {
    let served = (0..functions.len()).filter(|index| !chains.contains(index));
    let all: Vec<FunctionId> = served.map(FunctionId::from_index).collect();
    let served = if of.serves.is_empty() { &all } else { &of.serves };
    let own = |&id: &FunctionId| {
        let function = &functions[id.index()];
        let mut own = PoolSpec { name: format!("{}/{}", of.name, function.name), serves: vec![id], ..of.clone() };
        if takes_memory {
            own.memory_mib = u64::from(function.memory_mib);
            if let Charge::PerUse { memory_mib, .. } = &mut own.charge {
                *memory_mib = function.memory_mib;
            }
        }
        own
    };
    served.iter().map(own).collect()
}

/// The memory that the largest of the functions served needs.
fn memory_of(serves: &[FunctionId], functions: &[FunctionSetup]) -> u32 {
    let served = functions
        .iter()
        .enumerate()
        .filter(|(index, _)| serves.is_empty() || serves.contains(&FunctionId::from_index(*index)));
    served.map(|(_, function)| function.memory_mib).max().unwrap_or(0)
}
