//! Exact theory beside the simulated value, where a scenario under a strategy is a queue with a name: M/M/c, M/G/1, a
//! shared processor, Erlang's loss system, or function environments with a keep-alive.
//!
//! A scenario is recognised by what it is made of, never by its name; whatever has no formula here has no line.

use super::measures::place;
use super::opened::{Column, Opened};
use crate::engine::law::Law;
use crate::engine::time::Instant;
use crate::model::idle::Reuse;
use crate::model::orders::{Order, Orders};
use crate::model::pool::{Birth, Capacity, Charge, OnDemand, PoolSpec, Prewarm, QueueRule};
use crate::model::view::View;
use crate::scenario::setup::Setup;
use crate::solve::queueing::{ErlangB, ErlangC, ProcessorSharing, ScalePerRequest, SingleServer};
use crate::strategy::Occasion;
use crate::workload::source::Arrivals;

/// What theory says.
#[derive(Clone, Debug, PartialEq)]
pub struct Theory {
    /// The model by its name in books, with its parameters.
    pub model: String,
    /// Measures, by their place, with their exact values.
    pub figures: Vec<(usize, f64)>,
}

/// Poisson arrivals of one function at one place, and the law of its service.
struct Demand {
    rate: f64,
    service: Law,
}

/// What theory says about a column of a scenario; `None` where it is no queue with a name.
pub fn theory(opened: &Opened, column: &Column) -> Option<Theory> {
    let setup = opened.setup_for(column, 0);
    match column.row.name {
        "max" => fleet(opened, column, &setup),
        "faas" => environments(&setup),
        _ => None,
    }
}

/// The demand on a pool, where it is a single Poisson stream without anything else to it.
fn demand(setup: &Setup, pool: &PoolSpec) -> Option<Demand> {
    let first = setup.sources.first()?;
    let function = &setup.functions[first.function.index()];
    let plain = function.steps.is_empty()
        && function.failure == 0.0
        && function.timeout.is_none()
        && function.patience.is_none()
        && function.retry.attempts == 1;
    let serves = pool.serves.is_empty() || pool.serves.contains(&first.function);
    if !plain || !serves || pool.idle_timeout.is_some() || pool.cold_factor != 1.0 {
        return None;
    }
    let mut rate = 0.0;
    for source in &setup.sources {
        let Arrivals::Poisson(poisson) = &source.arrivals else { return None };
        let same = source.function == first.function && source.laws.work() == first.laws.work();
        if !same || source.node != pool.node {
            return None;
        }
        rate += poisson.rate_per_s();
    }
    let service = first.laws.work().clone().scaled(pool.seconds_per_work).ok()?;
    Some(Demand { rate, service })
}

/// The only pool of a kind.
fn only(setup: &Setup, kind: impl Fn(&PoolSpec) -> bool) -> Option<(usize, &PoolSpec)> {
    let mut found = setup.pools.iter().enumerate().filter(|(_, pool)| kind(pool));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// A fixed fleet.
fn fleet(opened: &Opened, column: &Column, setup: &Setup) -> Option<Theory> {
    let (index, pool) = only(setup, |pool| matches!(pool.birth, Birth::Ordered { .. }))?;
    if let Charge::Held { interruptions_per_hour, .. } = pool.charge
        && interruptions_per_hour > 0.0
    {
        return None;
    }
    let Demand { rate, service } = demand(setup, pool)?;
    let size = u64::from(fleet_size(opened, column, setup, index)?);
    let mean = service.mean();
    match (pool.capacity, pool.queue) {
        (Capacity::Shared { millicores, workers: u32::MAX }, _) if size == 1 && millicores % 1000 == 0 => {
            let cores = millicores / 1000;
            let sharing = ProcessorSharing::new(rate, mean, cores)?;
            let figures = [("response_mean_s", sharing.mean_response())];
            Some(stated(format!("M/G/{cores}-PS at {rate}/s, {mean} s"), &figures))
        }
        (Capacity::Slots(slots), QueueRule::None) => {
            let system = ErlangB { load: rate * mean, servers: size * u64::from(slots) };
            let model = format!("M/G/c/c (Erlang B) with c = {}, {} Erlang", system.servers, system.load);
            Some(stated(model, &[("failure_share", system.blocking_probability())]))
        }
        (Capacity::Slots(slots), queue) if has_one_long_line(queue, size) => {
            let servers = size * u64::from(slots);
            if service.is_exponential() {
                let system = ErlangC::new(rate, 1.0 / mean, servers)?;
                let figures = [
                    ("response_mean_s", system.mean_response()),
                    ("response_p50_s", system.response_percentile(0.50)),
                    ("response_p95_s", system.response_percentile(0.95)),
                    ("response_p99_s", system.response_percentile(0.99)),
                    ("wait_mean_s", system.mean_wait()),
                ];
                return Some(stated(format!("M/M/{servers} (Erlang C) at {rate}/s, {mean} s"), &figures));
            }
            if servers != 1 {
                return None;
            }
            let system = SingleServer::new(rate, mean, service.second_moment())?;
            let figures = [("response_mean_s", system.mean_response()), ("wait_mean_s", system.mean_wait())];
            Some(stated(format!("M/G/1 (Pollaczek-Khinchine) at {rate}/s, {mean} s"), &figures))
        }
        _ => None,
    }
}

fn has_one_long_line(queue: QueueRule, size: u64) -> bool {
    match queue {
        QueueRule::Central { limit } => limit == u32::MAX,
        QueueRule::PerInstance { limit } => limit == u32::MAX && size == 1,
        QueueRule::None => false,
    }
}

/// What the strategy orders before the first request.
fn fleet_size(opened: &Opened, column: &Column, setup: &Setup, index: usize) -> Option<u32> {
    let world = setup.world();
    let mut orders = Orders::default();
    opened.build(column).strategy.control(Occasion::Start, &View::new(&world, Instant::ZERO), &mut orders);
    let ordered = orders.list.iter().find_map(|reasoned| match reasoned.order {
        Order::Scale { pool, target } if pool.index() == index => Some(target),
        _ => None,
    });
    let Birth::Ordered { initial, max, .. } = setup.pools[index].birth else { return None };
    Some(ordered.unwrap_or(initial).min(max))
}

/// Environments that scale with requests.
fn environments(setup: &Setup) -> Option<Theory> {
    let (_, pool) = only(setup, |pool| matches!(pool.birth, Birth::OnDemand(_)))?;
    let Birth::OnDemand(OnDemand { cold_start, keep_alive, reuse, limit, growth, account, provisioned, prewarm }) =
        &pool.birth
    else {
        return None;
    };
    let free = growth.is_none() && account.is_none() && *provisioned == 0 && matches!(prewarm, Prewarm::Never);
    let at_once = pool.capacity == Capacity::Slots(1) && pool.queue == QueueRule::None;
    let usual = *reuse == Reuse::MostRecentlyUsed && keep_alive.resets && cold_start.constant_value() == Some(0.0);
    let Demand { rate, service } = demand(setup, pool)?;
    if !(free && at_once && usual && service.is_exponential()) {
        return None;
    }
    let system = ScalePerRequest {
        arrival_rate: rate,
        mean_service: service.mean(),
        keep_alive: keep_alive.law.constant_value()?,
        limit: (*limit != u32::MAX).then_some(u64::from(*limit)),
    };
    let found = system.figures()?;
    let model = format!("environments kept for {} s at {rate}/s, {} s", system.keep_alive, system.mean_service);
    Some(stated(model, &[("cold_share", found.cold_probability), ("failure_share", found.throttle_probability)]))
}

fn stated(model: String, figures: &[(&str, f64)]) -> Theory {
    let figures = figures.iter().map(|&(key, value)| (place(key).expect("the key of a measure"), value)).collect();
    Theory { model, figures }
}
