//! State over time: at each sampling instant one row for each pool, function and source, read from the monitor.

use std::io;

use super::drive::Driver;
use super::sink::{FunctionSample, PoolSample, SourceSample};
use crate::engine::time::Instant;
use crate::model::ids::{FunctionId, PoolId, SourceId};
use crate::model::monitor::{Metric, Monitor, Of, Statistic};

impl Driver<'_> {
    /// Writes one row for each pool, function and source, and plans the next sample while work may come.
    pub(super) fn sample(&mut self) -> io::Result<()> {
        let (at, monitor) = (self.now, &self.world.monitor);
        for index in 0..self.world.pools.len() {
            self.sink.pool_sample(&pool_row(monitor, PoolId::from_index(index), at))?;
        }
        for index in 0..self.world.functions.len() {
            let function = FunctionId::from_index(index);
            let arrived = monitor.sampled(Of::Function(function), Metric::Invocations, Statistic::Sum, at);
            let row = FunctionSample { at, function, arrived: arrived.unwrap_or(0.0) as u64 };
            self.sink.function_sample(&row)?;
        }
        for index in 0..self.world.loads.len() {
            self.sink.source_sample(&source_row(monitor, SourceId::from_index(index), at))?;
        }
        if self.work_may_come() {
            self.plan_sample();
        }
        Ok(())
    }
}

fn pool_row(monitor: &Monitor, pool: PoolId, at: Instant) -> PoolSample {
    let of = Of::Pool(pool);
    let level = |metric| monitor.level(of, metric, at);
    let sum = |metric| monitor.sampled(of, metric, Statistic::Sum, at).unwrap_or(0.0) as u64;
    let mean = |metric| monitor.sampled(of, metric, Statistic::Average, at);
    PoolSample {
        at,
        pool,
        offered: sum(Metric::RequestCount),
        throttled: sum(Metric::Throttles),
        running: level(Metric::Running),
        waiting: level(Metric::Waiting),
        desired: level(Metric::DesiredCapacity),
        pending: level(Metric::PendingInstances),
        initial: level(Metric::InitialHostCount),
        healthy: level(Metric::HealthyHostCount),
        draining: level(Metric::DrainingHostCount),
        idle: level(Metric::IdleEnvironments),
        utilisation: mean(Metric::CpuUtilization).map_or(0.0, |percent| percent / 100.0),
        response_s: mean(Metric::TargetResponseTime),
        memory: mean(Metric::MemoryUtilization).map(|percent| percent / 100.0),
        network: mean(Metric::NetworkUtilization).map(|percent| percent / 100.0),
    }
}

fn source_row(monitor: &Monitor, source: SourceId, at: Instant) -> SourceSample {
    let mean = |metric| monitor.sampled(Of::Source(source), metric, Statistic::Average, at);
    SourceSample {
        at,
        source,
        sent: monitor.sampled(Of::Source(source), Metric::RequestsSent, Statistic::Sum, at).unwrap_or(0.0) as u64,
        users: mean(Metric::ActiveUsers),
        rate_per_s: mean(Metric::ArrivalRate).unwrap_or(0.0),
        response_s: mean(Metric::ResponseTime),
        payload_bytes: mean(Metric::PayloadSize),
    }
}
