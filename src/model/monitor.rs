//! The provider's monitor: what happened in each pool and function, posted period by period to the archive.
//!
//! Alarms, scaling groups, the view of a strategy and `timeline.csv` read only from here; where none of them reads,
//! nothing is measured. The pools keep counters anyway; the monitor looks at them once a step (the finer of its granularity
//! and the timeline's period), so that most metrics cost nothing per request. Names and statistics are those of CloudWatch
//! (namespaces ApplicationELB, AutoScaling, EC2, Lambda).
//!
//! What a load generator tells of its own requests is posted too, by source.
//!
//! Differs: `CPUUtilization` is slots (or shared cores) in use over those in service; levels such as `HealthyHostCount` are one sample a step;
//! there are no percentiles. A point becomes visible when its period has closed and the publication delay has passed.

use super::archive::{Archive, Definition, Kind, Method, MetricId, Summed};
use super::archive_spec::ArchiveSpec;
use super::function::Function;
use super::ids::{FunctionId, PoolId, SourceId};
use super::load::LoadMeter;
use super::metric::Owner;
pub use super::metric::{Metric, Statistic};
use super::pool::{Capacity, Pool};
use super::series_ids::{Owners, SeriesIds};
use crate::engine::gauge::Reading;
use crate::engine::time::{Instant, Span};

/// Whose metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Pool(PoolId),
    Function(FunctionId),
    Source(SourceId),
}

/// How finely the monitor looks and how late it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonitorSpec {
    /// Length of the shortest period that can be read.
    pub granularity: Span,
    /// From the end of a period to its publication.
    pub delay: Span,
    /// Time between rows of the timeline.
    pub sample: Span,
}

impl Default for MonitorSpec {
    fn default() -> Self {
        const MINUTE: Span = Span::from_secs(60);
        MonitorSpec { granularity: MINUTE, delay: MINUTE, sample: MINUTE }
    }
}

impl MonitorSpec {
    /// How often the counters are looked at: often enough for whole periods of both lengths.
    pub fn step(&self) -> Span {
        let (mut a, mut b) = (self.granularity.as_nanos(), self.sample.as_nanos());
        while b > 0 {
            (a, b) = (b, a % b);
        }
        Span::from_nanos(a)
    }

    /// The periods that are kept for reads up to `back` before the end of the last published one: those of the delay
    /// as well, and the one that is being filled.
    pub(super) fn kept_for(&self, back: Span) -> Definition {
        let reach = back.as_nanos().saturating_add(self.delay.as_nanos());
        Definition::bounded(self.granularity, reach.div_ceil(self.granularity.as_nanos()) + 1)
    }
}

/// What a pool had counted when it was last looked at.
struct Seen {
    offered: u64,
    throttled: u64,
    bytes: u64,
    busy: Reading,
    cores_busy: Reading,
    in_service: Reading,
}

/// The monitor at work.
pub struct Monitor {
    spec: MonitorSpec,
    /// How far before the last published period somebody may read: nothing older is kept.
    back: Span,
    /// Whether anybody reads at all.
    read: bool,
    archive: Archive,
    archive_spec: ArchiveSpec,
    series: SeriesIds,
    seen: Vec<Seen>,
    arrived: Vec<u64>,
    looked: Instant,
}

impl Monitor {
    /// A monitor that nobody reads yet.
    pub fn new(spec: MonitorSpec, archive_spec: &ArchiveSpec) -> Monitor {
        Monitor {
            spec,
            back: Span::ZERO,
            read: archive_spec.is_read(),
            archive: Archive::new(),
            archive_spec: archive_spec.clone(),
            series: SeriesIds::default(),
            seen: Vec::new(),
            arrived: Vec::new(),
            looked: Instant::ZERO,
        }
    }

    /// Begins to look, at the start of a run, where anybody reads: thousands of functions have tens of thousands of series.
    pub(crate) fn open(&mut self, pools: &[Pool], functions: &[Function], loads: &[LoadMeter]) {
        if !self.read {
            return;
        }
        let owners = Owners {
            pools: pools.iter().map(|pool| pool.spec.name.as_str()).collect(),
            functions: functions.iter().map(|function| function.name.as_str()).collect(),
            sources: loads.iter().map(|load| load.name.as_str()).collect(),
        };
        (self.archive, self.series) = SeriesIds::declare(self.spec, self.back, &self.archive_spec, &owners);
        let seen = pools.iter().map(|pool| Seen {
            offered: 0,
            throttled: 0,
            bytes: 0,
            busy: pool.busy.read(Instant::ZERO),
            cores_busy: pool.cores_busy.read(Instant::ZERO),
            in_service: pool.in_service.read(Instant::ZERO),
        });
        self.seen = seen.collect();
        self.arrived = vec![0; functions.len()];
    }

    /// When it looked last.
    pub(crate) fn looked(&self) -> Instant {
        self.looked
    }

    pub fn spec(&self) -> MonitorSpec {
        self.spec
    }

    /// Whether anybody reads what is posted; where nobody does, nothing is measured for it.
    #[inline]
    pub fn is_read(&self) -> bool {
        self.read
    }

    /// The last sampling period will be read.
    pub fn will_sample(&mut self) {
        self.read = true;
    }

    /// Somebody will read as far as `back` before the end of the last published period, in whole periods; not at all
    /// where it is zero. Before the start.
    pub fn will_read(&mut self, back: Span) {
        self.read |= !back.is_zero();
        self.back = self.back.max(back.round_up_to(self.spec.granularity));
    }

    /// Everything posted, for export and for questions across metrics.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    pub(super) fn archive_mut(&mut self) -> &mut Archive {
        &mut self.archive
    }

    /// The series that a run writes out, in order of declaration.
    pub fn exported(&self) -> Vec<MetricId> {
        self.archive.metrics().filter(|&metric| self.archive_spec.exports(self.archive.name(metric))).collect()
    }

    /// Posts what happened since the last look, as measures of the time since then.
    pub(crate) fn collect(&mut self, pools: &mut [Pool], arrived: &[u64], loads: &mut [LoadMeter], now: Instant) {
        let since = self.looked;
        self.looked = now;
        for (index, pool) in pools.iter_mut().enumerate() {
            self.collect_pool(index, pool, since, now);
        }
        for (index, &total) in arrived.iter().enumerate() {
            let fresh = total - self.arrived[index];
            self.arrived[index] = total;
            self.archive.post(self.series.functions[index], since, fresh as f64);
            if let Some(also) = self.series.functions_also.get(index).copied().flatten() {
                self.archive.post(also, since, fresh as f64);
            }
        }
        for (index, load) in loads.iter_mut().enumerate() {
            self.collect_load(index, load, since, now);
        }
        // What waits for its publication does not pile up.
        self.archive.publish(now);
    }

    fn collect_load(&mut self, index: usize, load: &mut LoadMeter, since: Instant, now: Instant) {
        let (archive, ids) = (&mut self.archive, &self.series.sources[index]);
        let also = self.series.sources_also.get(index).map_or(&[][..], Vec::as_slice);
        let also = |metric: Metric| also.get(metric.place()).copied().flatten();
        let mut post = |metric: Metric, value: f64| {
            archive.post(ids[metric.place()], since, value);
            if let Some(also) = also(metric) {
                archive.post(also, since, value);
            }
        };
        let seen = load.take();
        if let Some(users) = seen.users {
            post(Metric::ActiveUsers, f64::from(users));
        }
        post(Metric::RequestsSent, seen.payload.count as f64);
        post(Metric::RequestsFailed, seen.failed as f64);
        let length_s = now.since(since).as_secs_f64();
        if length_s > 0.0 {
            post(Metric::ArrivalRate, seen.payload.count as f64 / length_s);
        }
        for (metric, measured) in [(Metric::ResponseTime, seen.response_s), (Metric::PayloadSize, seen.payload)] {
            if measured.count > 0 {
                archive.post_summed(ids[metric.place()], since, &measured);
                if let Some(also) = also(metric) {
                    // Other policies keep measures: the mean of the step is one.
                    archive.post(also, since, measured.sum / measured.count as f64);
                }
            }
        }
    }

    fn collect_pool(&mut self, index: usize, pool: &mut Pool, since: Instant, now: Instant) {
        let seen = &mut self.seen[index];
        let (busy, in_service, cores_busy) =
            (pool.busy.read(now), pool.in_service.read(now), pool.cores_busy.read(now));
        let mean_busy = busy.mean_since(&seen.busy).unwrap_or(0.0);
        let mean_in_service = in_service.mean_since(&seen.in_service).unwrap_or(0.0);
        let mean_parallel = match pool.spec.capacity {
            Capacity::Slots(_) => mean_busy,
            // More requests than cores wait for one another, and use no more than the cores.
            Capacity::Shared { .. } | Capacity::Computer { .. } => {
                cores_busy.mean_since(&seen.cores_busy).unwrap_or(0.0) / 1000.0
            }
        };
        let bytes = pool.counts.bytes - seen.bytes;
        let offered = pool.counts.offered - seen.offered;
        let throttled = pool.throttled - seen.throttled;
        *seen = Seen {
            offered: pool.counts.offered,
            throttled: pool.throttled,
            bytes: pool.counts.bytes,
            busy,
            cores_busy,
            in_service,
        };
        let answered = std::mem::take(&mut pool.answered);
        let counts = pool.counts;
        let (archive, ids) = (&mut self.archive, &self.series.pools[index]);
        let also = self.series.pools_also.get(index).map_or(&[][..], Vec::as_slice);
        let also = |metric: Metric| also.get(metric as usize).copied().flatten();
        let mut post = |metric: Metric, value: f64| {
            archive.post(ids[metric as usize], since, value);
            if let Some(also) = also(metric) {
                archive.post(also, since, value);
            }
        };
        post(Metric::RequestCount, offered as f64);
        post(Metric::Throttles, throttled as f64);
        post(Metric::ConcurrentExecutions, mean_busy);
        if counts.serving > 0 {
            post(Metric::RequestCountPerTarget, offered as f64 / f64::from(counts.serving));
        }
        if mean_in_service > 0.0 {
            let percent = |used: f64, of_one: f64| 100.0 * (used / (mean_in_service * of_one)).min(1.0);
            post(Metric::CpuUtilization, percent(mean_parallel, pool.spec.capacity.parallel()));
            if let Some(memory) = pool.spec.footprint.memory {
                let used = memory.idle_mib * mean_in_service + memory.per_request_mib * mean_busy;
                post(Metric::MemoryUtilization, percent(used, pool.spec.memory_mib as f64));
            }
            if let Some(bytes_per_s) = pool.spec.footprint.network_bytes_per_s {
                post(Metric::NetworkUtilization, percent(bytes as f64 / now.since(since).as_secs_f64(), bytes_per_s));
            }
        }
        for (metric, level) in [
            (Metric::HealthyHostCount, counts.serving),
            (Metric::InitialHostCount, counts.initial),
            (Metric::PendingInstances, counts.booting),
            (Metric::DrainingHostCount, counts.draining),
            (Metric::IdleEnvironments, pool.idle()),
            (Metric::DesiredCapacity, pool.desired),
            (Metric::Running, counts.running),
            (Metric::Waiting, counts.waiting),
        ] {
            post(metric, f64::from(level));
        }
        if answered.count > 0 {
            let secs = |ns: u64| ns as f64 / 1e9;
            let summed = Summed {
                count: answered.count,
                sum: secs(answered.sum_ns),
                min: secs(answered.min_ns),
                max: secs(answered.max_ns),
            };
            archive.post_summed(ids[Metric::TargetResponseTime as usize], since, &summed);
            if let Some(also) = also(Metric::TargetResponseTime) {
                // Other policies keep measures: the mean of the step is one.
                archive.post(also, since, summed.sum / summed.count as f64);
            }
        }
    }

    fn id(&self, of: Of, metric: Metric) -> Option<MetricId> {
        match of {
            Of::Pool(pool) if metric.owner() == Owner::Pool => {
                self.series.pools.get(pool.index()).map(|ids| ids[metric as usize])
            }
            Of::Function(function) if metric.owner() == Owner::Function => {
                self.series.functions.get(function.index()).copied()
            }
            Of::Source(source) if metric.owner() == Owner::Source => {
                self.series.sources.get(source.index()).map(|ids| ids[metric.place()])
            }
            Of::Pool(_) | Of::Function(_) | Of::Source(_) => None,
        }
    }

    /// Up to where periods of `period` are published at `now`.
    pub fn published_until(&self, period: Span, now: Instant) -> Instant {
        let width = period.as_nanos();
        Instant::from_nanos(now.saturating_since(Instant::ZERO + self.spec.delay).as_nanos() / width * width)
    }

    /// The statistic over the `periods` granularities that were published last; `None` where they hold no point.
    ///
    /// # Panics
    /// Further back than anybody said that they would read: [`Monitor::will_read`].
    pub fn latest(&self, of: Of, metric: Metric, statistic: Statistic, periods: u32, now: Instant) -> Option<f64> {
        let granularity = self.spec.granularity;
        let to = self.published_until(granularity, now);
        let back = granularity.as_nanos().saturating_mul(u64::from(periods));
        assert!(
            back <= self.back.as_nanos(),
            "{periods} periods of {granularity} were read, and `looks_back` says {}",
            self.back
        );
        self.between(of, metric, statistic, Instant::from_nanos(to.as_nanos().saturating_sub(back)), to)
    }

    /// The statistic over the granularities from `from` (included) to `to` (excluded), published or not.
    pub(super) fn between(
        &self,
        of: Of,
        metric: Metric,
        statistic: Statistic,
        from: Instant,
        to: Instant,
    ) -> Option<f64> {
        debug_assert!(self.read, "nobody has said that metrics would be read");
        let id = self.id(of, metric)?;
        let granularity = self.spec.granularity;
        let buckets = to.saturating_since(from).as_nanos() / granularity.as_nanos();
        let read = |kind: Kind, bucket: u64| {
            let at = from + Span::from_nanos(bucket * granularity.as_nanos());
            self.archive.value(id, Method::of(kind), granularity, at, to).expect("the policy keeps every tally")
        };
        let values = |kind: Kind| (0..buckets).filter_map(move |bucket| read(kind, bucket));
        match statistic {
            Statistic::Sum => values(Kind::Sum).reduce(|a, b| a + b),
            Statistic::SampleCount => values(Kind::Count).reduce(|a, b| a + b),
            Statistic::Minimum => values(Kind::Min).reduce(f64::min),
            Statistic::Maximum => values(Kind::Max).reduce(f64::max),
            Statistic::Average => {
                let count = values(Kind::Count).reduce(|a, b| a + b)?;
                Some(values(Kind::Sum).sum::<f64>() / count)
            }
        }
    }

    /// The statistic over the sampling period that ends at `now`, for the timeline.
    pub fn sampled(&self, of: Of, metric: Metric, statistic: Statistic, now: Instant) -> Option<f64> {
        let kind = match statistic {
            Statistic::Sum => Kind::Sum,
            Statistic::Average => Kind::Mean,
            Statistic::Minimum => Kind::Min,
            Statistic::Maximum => Kind::Max,
            Statistic::SampleCount => Kind::Count,
        };
        self.sampled_as(of, metric, kind, now)
    }

    /// The level at the end of the sampling period that ends at `now`.
    pub fn level(&self, of: Of, metric: Metric, now: Instant) -> u32 {
        self.sampled_as(of, metric, Kind::Last, now).map_or(0, |level| level as u32)
    }

    fn sampled_as(&self, of: Of, metric: Metric, kind: Kind, now: Instant) -> Option<f64> {
        debug_assert!(self.read, "nobody has said that the timeline would be read");
        let sample = self.spec.sample;
        let from = Instant::from_nanos(now.as_nanos().checked_sub(sample.as_nanos())?);
        let id = self.id(of, metric)?;
        self.archive.value(id, Method::of(kind), sample, from, now).expect("the policy keeps every tally")
    }
}
