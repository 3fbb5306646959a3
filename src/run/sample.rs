//! State over time: at each sampling instant one row for each pool and function.

use std::io;

use super::drive::Driver;
use super::sink::{FunctionSample, PoolSample};
use crate::engine::gauge::Reading;
use crate::engine::time::{Instant, Span};
use crate::model::ids::{FunctionId, PoolId};
use crate::model::world::World;

/// What has been seen up to the last sample.
pub(super) struct Sampler {
    period: Option<Span>,
    offered: Vec<u64>,
    busy: Vec<Reading>,
    arrived: Vec<u64>,
}

impl Sampler {
    pub fn new(world: &World, period: Option<Span>) -> Sampler {
        Sampler {
            period,
            offered: vec![0; world.pools.len()],
            busy: world.pools.iter().map(|pool| pool.busy.read(Instant::ZERO)).collect(),
            arrived: vec![0; world.functions.len()],
        }
    }

    pub fn period(&self) -> Option<Span> {
        self.period
    }

    #[inline]
    pub fn arrived(&mut self, function: FunctionId) {
        self.arrived[function.index()] += 1;
    }
}

impl Driver<'_> {
    /// Writes one row for each pool and function, and plans the next sample while work may come.
    pub(super) fn sample(&mut self) -> io::Result<()> {
        let at = self.now;
        for (index, pool) in self.world.pools.iter().enumerate() {
            let counts = pool.counts;
            let reading = pool.busy.read(at);
            let sampler = &mut self.sampler;
            let mean_busy = reading.mean_since(&sampler.busy[index]).unwrap_or(0.0);
            let slots = f64::from(counts.serving) * f64::from(pool.spec.capacity.at_once());
            let offered = counts.offered;
            let row = PoolSample {
                at,
                pool: PoolId::from_index(index),
                offered: offered - sampler.offered[index],
                running: counts.running,
                waiting: counts.waiting,
                desired: pool.desired,
                booting: counts.booting,
                serving: counts.serving,
                draining: counts.draining,
                idle: pool.idle(),
                utilisation: if slots > 0.0 { mean_busy / slots } else { 0.0 },
            };
            sampler.offered[index] = offered;
            sampler.busy[index] = reading;
            self.sink.pool_sample(&row)?;
        }
        for (index, arrived) in self.sampler.arrived.iter_mut().enumerate() {
            let row = FunctionSample { at, function: FunctionId::from_index(index), arrived: std::mem::take(arrived) };
            self.sink.function_sample(&row)?;
        }
        if self.work_may_come() {
            self.plan_sample();
        }
        Ok(())
    }
}
