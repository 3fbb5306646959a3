//! The first stage: what the containers use, and what the load generators tell, over the last so many periods of the
//! provider's monitor.
//!
//! Source: `EASE-MAPE-System`, a reading per container; `Mape-Docker-Compose` 2022, queries over the last minute.
//! Differs: utilisation is exact (core-seconds used over core-seconds there); a utilisation past 1 cannot occur; the rate
//! may be that of arrivals, where the published one is that of completions, which understates an overload; a record that
//! was analysed before is not analysed again (corrected), where a loop quicker than its monitor acts twice on one reading.

use super::knowledge::{ApiSample, Knowledge, SystemSample};
use crate::engine::time::{Instant, Span};
use crate::model::monitor::{Metric, Statistic};
use crate::model::view::View;
use crate::planner::mape::{ContainerReading, Reading};

/// The stage that looks.
pub trait Monitor {
    /// Fills in the samples; false: the cycle is skipped.
    fn look(&mut self, view: &View<'_>, knowledge: &mut Knowledge) -> bool;

    /// How far before the last published period it reads.
    fn looks_back(&self) -> Span;
}

/// Whose rate λ is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateOf {
    Arrivals,
    /// As published.
    Completions,
}

/// Reads the provider's metrics.
#[derive(Clone, Debug)]
pub struct MetricMonitor {
    /// Length of time that is read; rounded up to whole periods of the monitor.
    pub interval: Span,
    pub rate: RateOf,
    pub reading: Reading,
    /// Replicas that still start count too.
    pub count_starting: bool,
    last: Option<Instant>,
}

impl MetricMonitor {
    pub fn new(interval: Span, rate: RateOf, reading: Reading, count_starting: bool) -> MetricMonitor {
        MetricMonitor { interval, rate, reading, count_starting, last: None }
    }

    fn system(&self, view: &View<'_>, knowledge: &Knowledge, periods: u32) -> Option<SystemSample> {
        let pool = knowledge.service;
        let starting = if self.count_starting { view.booting(pool) + view.initial(pool) } else { 0 };
        let replicas = view.ready(pool) + starting;
        let metric = |metric| view.metric(pool, metric, Statistic::Average, periods);
        let percent = metric(Metric::CpuUtilization).filter(|_| replicas > 0)?;
        // The published monitor reports percent of one core, which passes 100 where a container has several.
        let cores = match self.reading {
            Reading::Original => view.spec(pool).capacity.parallel().max(1.0),
            Reading::Corrected => 1.0,
        };
        let mean = ContainerReading {
            cpu_percent: Some(percent * cores),
            memory_percent: metric(Metric::MemoryUtilization),
            network_percent: metric(Metric::NetworkUtilization),
        };
        Some(SystemSample { mean, utilisation: (percent / 100.0).min(1.0), replicas })
    }

    /// Over all sources that call what the service serves.
    fn api(&self, view: &View<'_>, knowledge: &Knowledge, periods: u32) -> ApiSample {
        let sum = |metric, statistic| {
            let told = view
                .sources_for(knowledge.service)
                .filter_map(|source| view.source_metric(source, metric, statistic, periods));
            told.reduce(|a, b| a + b)
        };
        let sent = sum(Metric::RequestsSent, Statistic::Sum);
        let served = sum(Metric::ResponseTime, Statistic::SampleCount);
        let counted = match self.rate {
            RateOf::Arrivals => sent,
            // A source that was heard and had nothing answered completed nothing.
            RateOf::Completions => sent.map(|_| served.unwrap_or(0.0)),
        };
        let length_s = view.granularity().as_secs_f64() * f64::from(periods);
        let mean = |sum: Option<f64>, count: Option<f64>| Some(sum? / count.filter(|&count| count > 0.0)?);
        ApiSample {
            rate_per_s: counted.map(|count| count / length_s),
            response_s: mean(sum(Metric::ResponseTime, Statistic::Sum), served),
            payload_bytes: mean(sum(Metric::PayloadSize, Statistic::Sum), sent),
            users: sum(Metric::ActiveUsers, Statistic::Average),
        }
    }
}

impl Monitor for MetricMonitor {
    fn looks_back(&self) -> Span {
        self.interval
    }

    fn look(&mut self, view: &View<'_>, knowledge: &mut Knowledge) -> bool {
        let granularity = view.granularity();
        let periods = self.interval.as_nanos().div_ceil(granularity.as_nanos().max(1)).max(1);
        let periods = u32::try_from(periods).unwrap_or(u32::MAX);
        let record = view.published_until();
        // Early in a run less is published than is read.
        let published = record.as_nanos() / granularity.as_nanos().max(1);
        let periods = periods.min(u32::try_from(published).unwrap_or(u32::MAX)).max(1);
        if self.reading == Reading::Corrected && self.last.replace(record) == Some(record) {
            knowledge.remarks.push("skipped: no newer record".to_owned());
            return false;
        }
        knowledge.api = self.api(view, knowledge, periods);
        knowledge.system = self.system(view, knowledge, periods);
        if knowledge.system.is_none() {
            knowledge.remarks.push("skipped: no reading of the containers".to_owned());
        }
        knowledge.system.is_some()
    }
}
