//! Pools of machines: how many requests one takes at once, how it is charged, checked and told apart.

use super::Checker;
use super::pools::{CORES_MAX, memory_of, unweighted};
use crate::engine::time::Span;
use crate::model::balancer::Policy;
use crate::model::ids::FunctionId;
use crate::model::pool::{Birth, Capacity, Charge, Footprint, Health, LeavesFirst, PoolSpec, QueueRule};
use crate::model::tariff::{PerHour, Tariff};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::FunctionSetup;

impl Checker<'_> {
    pub(super) fn vm_pool(
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
        if written.balancer == raw::Balance::PowerOfChoices && written.choices == 0 {
            self.refuse(path.key("choices"), "at least one choice");
        }
        unweighted(written.balancer, written.choices).unwrap_or_else(|| {
            if written.weights.iter().all(|&weight| weight == 0) {
                self.refuse(path.key("weights"), "a list of weights, not all zero");
                return Policy::RoundRobin;
            }
            Policy::Weighted(written.weights.clone())
        })
    }
}
