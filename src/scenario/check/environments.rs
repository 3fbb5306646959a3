//! Pools of function environments: born by demand, kept alive, grown and prewarmed as a provider does.

use super::Checker;
use super::pools::memory_of;
use crate::engine::time::{Instant, Span};
use crate::model::idle::Reuse;
use crate::model::ids::AccountId;
use crate::model::pool::{
    Birth, Capacity, Charge, Footprint, Growth, KeepAlive, OnDemand, PoolSpec, Prewarm, QueueRule,
};
use crate::model::tariff::Tariff;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::FunctionSetup;

const GROWTH_WINDOW: Span = Span::from_secs(10);
/// More is no limit: an account has a thousand environments until it asks for more.
const GROWTH_MAX: u32 = 1_000_000;

impl Checker<'_> {
    pub(super) fn function_pool(
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
        if written.growth_per_10s > GROWTH_MAX {
            self.refuse(path.key("growth_per_10s"), format!("at most {GROWTH_MAX} environments"));
        }
        let growth = (1..=GROWTH_MAX)
            .contains(&written.growth_per_10s)
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
}
