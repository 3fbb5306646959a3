//! Pools of containers: a fleet where a size is stated, born by demand where none is; and what one leaves on its host.

use super::Checker;
use super::pools::{CORES_MAX, unweighted};
use crate::engine::law::Law;
use crate::engine::time::Span;
use crate::model::balancer::Policy;
use crate::model::idle::Reuse;
use crate::model::pool::{
    Birth, Capacity, Charge, Footprint, KeepAlive, LeavesFirst, MemoryUse, OnDemand, PoolSpec, Prewarm, QueueRule,
};
use crate::model::tariff::{PerHour, Tariff};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::units::ByteSize;

impl Checker<'_> {
    pub(super) fn container_pool(
        &mut self,
        written: &raw::ContainerPool,
        tariff: Option<&Tariff>,
        path: &KeyPath,
    ) -> PoolSpec {
        let node = self.node(written.node.as_ref(), path.key("node"));
        let serves = self.served(&written.serves, &path.key("serves"));
        let sound = written.vcpu > 0.0 && written.vcpu <= CORES_MAX;
        if !sound {
            self.refuse(path.key("vcpu"), "from just above 0 to 4096 vCPU");
        }
        let vcpu = if sound { written.vcpu } else { 1.0 };
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
            price: price.map_or(PerHour(0), |price| price.per_hour(vcpu, memory_mib)),
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
                balancer: unweighted(written.balancer, 2).unwrap_or_else(|| {
                    self.refuse(path.key("balancer"), "another policy: containers have no weights");
                    Policy::RoundRobin
                }),
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
                let millicores = ((vcpu * 1000.0).round() as u64).max(1);
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
}
