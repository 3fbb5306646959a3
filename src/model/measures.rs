//! Measures that calls store: a client's call is served by the store, and with it values stand in the archive.
//!
//! Source: the producer and the initialisation of the course project "Timeseries-as-a-Service": one batch with a value for
//! each region, or one call for each value, under timestamps that run ahead of the clock.
//! Differs: the values of a call are drawn by its key, so no strategy moves them; an attempt whose caller has given up
//! meanwhile has stored its values all the same.

use super::archive::{Archive, MetricId};
use super::ids::{FunctionId, RequestId};
use super::request::Race;
use super::world::World;
use crate::engine::law::Law;
use crate::engine::random::{Keyed, Streams};
use crate::engine::tally::{Block, Tally};
use crate::engine::time::{Instant, Span};

/// What calls of a function store.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureSpec {
    pub name: String,
    /// Stored when the own work of such a call is done.
    pub on: FunctionId,
    /// Metrics of the archive, at least one.
    pub metrics: Vec<String>,
    /// Archive policy of these metrics; tables that share a metric agree about it.
    pub policy: String,
    pub value: Law,
    pub dated: Dated,
    pub per_call: PerCall,
}

/// Timestamps of what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dated {
    /// The instant of storing.
    Now,
    /// `first`, then each time `every` later, whenever that happens.
    Own { first: Instant, every: Span },
}

/// How many values a call stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerCall {
    /// One for every metric, under one timestamp.
    All,
    /// One, for each metric in turn; the timestamp moves when all have had theirs.
    One,
}

/// What was stored over a run.
#[derive(Clone, Debug)]
pub struct MeasureFigures {
    /// Measures that calls stored, by table in the order of the scenario.
    pub posted: Vec<(String, u64)>,
    /// Of these, those that the archive dropped because they were older than the back window.
    pub too_late: u64,
    /// Of these, those that another one under the same timestamp replaced.
    pub replaced: u64,
    /// Of these, those that were not readable yet at the end of the run.
    pub unread: u64,
    /// From storing to being readable, nanoseconds.
    pub lag: Block,
}

/// A table at work.
struct Table {
    spec: MeasureSpec,
    metrics: Vec<MetricId>,
    draws: Keyed,
    /// Calls so far.
    calls: u64,
    posted: u64,
}

/// All tables of a run.
pub struct Measures {
    tables: Vec<Table>,
    lag: Tally,
}

/// Later timestamps are this one: far from the end of what 64 bits count, so that a bucket has an end.
const LATEST: Instant = Instant::from_nanos(u64::MAX / 2);

impl Measures {
    /// Tables without metrics, which the archive does not know before the start.
    pub fn new(specs: &[MeasureSpec], streams: &Streams) -> Measures {
        let table = |spec: &MeasureSpec| Table {
            spec: spec.clone(),
            metrics: Vec::new(),
            draws: streams.keyed("measures", &spec.name),
            calls: 0,
            posted: 0,
        };
        Measures { tables: specs.iter().map(table).collect(), lag: Tally::new(Span::from_secs(60)) }
    }

    /// Finds the metrics, which were declared.
    pub(super) fn open(&mut self, archive: &Archive) {
        for table in &mut self.tables {
            let find = |name: &String| archive.metric(name).expect("metrics of measures are declared at the start");
            table.metrics = table.spec.metrics.iter().map(find).collect();
        }
    }

    /// The own work of a call is done.
    fn store(&mut self, archive: &mut Archive, function: FunctionId, key: u64, now: Instant) {
        for table in self.tables.iter_mut().filter(|table| table.spec.on == function) {
            archive.publish(now);
            let lag = &mut self.lag;
            table.store(archive, key, now, |visible_at| lag.add(now, visible_at.since(now).as_nanos()));
        }
    }

    /// What was stored; the archive shows what is readable at `end`.
    pub fn figures(&self, archive: &Archive) -> MeasureFigures {
        let mut metrics: Vec<MetricId> = self.tables.iter().flat_map(|table| table.metrics.iter().copied()).collect();
        metrics.sort_unstable();
        metrics.dedup();
        MeasureFigures {
            posted: self.tables.iter().map(|table| (table.spec.name.clone(), table.posted)).collect(),
            too_late: metrics.iter().filter_map(|&metric| archive.too_late(metric)).sum(),
            replaced: metrics.iter().filter_map(|&metric| archive.replaced(metric)).sum(),
            unread: metrics.iter().map(|&metric| archive.waiting(metric)).sum(),
            lag: self.lag.total(),
        }
    }
}

impl Table {
    fn store(&mut self, archive: &mut Archive, key: u64, now: Instant, mut stored: impl FnMut(Instant)) {
        let width = self.metrics.len() as u64;
        let (first, count, turn) = match self.spec.per_call {
            PerCall::All => (0, width, self.calls),
            PerCall::One => (self.calls % width, 1, self.calls / width),
        };
        let at = match self.spec.dated {
            Dated::Now => now,
            Dated::Own { first, every } => {
                let later = Span::from_nanos(every.as_nanos().saturating_mul(turn));
                first.saturating_add(later).min(LATEST)
            }
        };
        let mut rng = self.draws.at(key);
        for &metric in &self.metrics[first as usize..][..count as usize] {
            // A heavy tail may pass the range of floats.
            let value = self.spec.value.draw(&mut rng).min(f64::MAX);
            archive.post_batch(metric, now, &[(at, value)]).expect("a draw is a number");
            stored(archive.visible_at(metric, now));
        }
        self.calls += 1;
        self.posted += count;
    }
}

impl World {
    /// The own work of a call is done: what it stores stands in the archive.
    pub(crate) fn store_measures(&mut self, id: RequestId, now: Instant) {
        let (function, mut key) = (self.request(id).function, self.request(id).key);
        // The copies of a request store what it stores, once in each of its attempts.
        if let (Race::Copy, Some(parent)) = (self.request(id).race, self.request(id).parent) {
            let parent = self.request_mut(parent);
            if let Race::Run { stored, .. } = &mut parent.race
                && std::mem::replace(stored, true)
            {
                return;
            }
            key = parent.key;
        }
        if let Some(measures) = &mut self.measures {
            measures.store(self.monitor.archive_mut(), function, key, now);
        }
    }

    /// The end of a run, before its books are closed: the monitor looks once more, and what is due by then becomes readable.
    /// What calls have stored, where any may.
    pub fn close_archive(&mut self, end: Instant) -> Option<MeasureFigures> {
        // Only whole steps: a rate of the moments that the last calls took would count as much as one of a minute.
        if self.monitor.is_read() && end.since(self.monitor.looked()) >= self.monitor.spec().step() {
            self.monitor.collect(&mut self.pools, &self.arrived, &mut self.loads, end);
        }
        self.monitor.archive_mut().publish(end);
        self.measures.as_ref().map(|measures| measures.figures(self.monitor.archive()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::archive::{Definition, Method, Policy, Range};

    const DAY: Span = Span::from_secs(86_400);

    fn spec(per_call: PerCall, dated: Dated) -> MeasureSpec {
        MeasureSpec {
            name: "producer".to_owned(),
            on: FunctionId::from_index(0),
            metrics: vec!["a".to_owned(), "b".to_owned()],
            policy: "p".to_owned(),
            value: Law::discrete(1.0, 10.0, 1.0).unwrap(),
            dated,
            per_call,
        }
    }

    /// An archive whose measures become readable every `every`.
    fn archive(every: Span) -> Archive {
        let mut archive = Archive::new();
        let days = Policy::exact("p", 0, &[Definition::bounded(DAY, 10)], &[Method::SUM, Method::COUNT]);
        let policy = archive.add_policy(days.published(every, Span::ZERO)).unwrap();
        for name in ["a", "b"] {
            archive.declare(name, policy, &[]).unwrap();
        }
        archive
    }

    fn played(spec: &MeasureSpec, every: Span, calls: u64) -> (Archive, MeasureFigures) {
        let mut archive = archive(every);
        let mut measures = Measures::new(std::slice::from_ref(spec), &Streams::new(1, 0));
        measures.open(&archive);
        for call in 0..calls {
            let now = Instant::ZERO + Span::from_secs(1 + 7 * call);
            measures.store(&mut archive, FunctionId::from_index(0), call, now);
            measures.store(&mut archive, FunctionId::from_index(1), call, now);
        }
        archive.publish(Instant::ZERO + Span::from_secs(7 * calls));
        let figures = measures.figures(&archive);
        (archive, figures)
    }

    fn counts(archive: &Archive, metric: &str) -> Vec<(u64, f64)> {
        let metric = archive.metric(metric).unwrap();
        let points = archive.read(metric, Method::COUNT, Some(DAY), Range::ALL, Instant::FAR).unwrap();
        points.iter().map(|point| (point.at.as_nanos() / DAY.as_nanos(), point.value)).collect()
    }

    #[test]
    fn a_batch_has_one_timestamp_and_the_next_is_later() {
        let own = Dated::Own { first: Instant::ZERO + DAY * 3, every: Span::from_secs(6 * 3600) };
        let (archive, figures) = played(&spec(PerCall::All, own), Span::ZERO, 10);
        for metric in ["a", "b"] {
            assert_eq!(counts(&archive, metric), [(3, 4.0), (4, 4.0), (5, 2.0)]);
        }
        assert_eq!(figures.posted, [("producer".to_owned(), 20)]);
        assert_eq!((figures.too_late, figures.unread, figures.lag.max()), (0, 0, Some(0)));
    }

    #[test]
    fn one_value_a_call_goes_to_each_metric_in_turn() {
        let own = Dated::Own { first: Instant::ZERO + DAY * 3, every: DAY };
        let (archive, figures) = played(&spec(PerCall::One, own), Span::ZERO, 5);
        assert_eq!(counts(&archive, "a"), [(3, 1.0), (4, 1.0), (5, 1.0)]);
        assert_eq!(counts(&archive, "b"), [(3, 1.0), (4, 1.0)]);
        assert_eq!(figures.posted[0].1, 5);
    }

    #[test]
    fn the_lag_is_the_time_to_the_next_processing() {
        // Stored at 1, 8, 15, 22, 29 s and readable at multiples of 10 s; the run ends at 35 s.
        let (archive, figures) = played(&spec(PerCall::All, Dated::Now), Span::from_secs(10), 5);
        assert_eq!(counts(&archive, "a"), [(0, 5.0)]);
        let secs = |ns: Option<u64>| ns.map(|ns| ns / 1_000_000_000);
        assert_eq!((secs(figures.lag.min()), secs(figures.lag.max()), figures.lag.count()), (Some(1), Some(9), 10));
        assert!((figures.lag.mean().unwrap() - 5e9).abs() < 1e-3, "(9 + 2 + 5 + 8 + 1) / 5");
        let (archive, figures) = played(&spec(PerCall::All, Dated::Now), Span::from_secs(20), 5);
        assert_eq!((counts(&archive, "a"), figures.unread), (vec![(0, 3.0)], 4));
    }

    #[test]
    fn what_is_older_than_the_window_is_counted_as_too_late() {
        let mut both = archive(Span::ZERO);
        let first = spec(PerCall::All, Dated::Own { first: Instant::ZERO + DAY * 5, every: DAY });
        let late = spec(PerCall::One, Dated::Own { first: Instant::ZERO + DAY * 4, every: DAY });
        let late = MeasureSpec { name: "late".to_owned(), on: FunctionId::from_index(1), ..late };
        let mut measures = Measures::new(&[first, late], &Streams::new(1, 0));
        measures.open(&both);
        measures.store(&mut both, FunctionId::from_index(0), 0, Instant::ZERO);
        measures.store(&mut both, FunctionId::from_index(1), 0, Instant::ZERO);
        assert_eq!(measures.figures(&both).too_late, 1);
        assert_eq!(counts(&both, "a"), [(5, 1.0)]);
    }

    #[test]
    fn values_belong_to_the_call_whatever_the_order() {
        let sums = |keys: [u64; 2]| {
            let mut archive = archive(Span::ZERO);
            let own = Dated::Own { first: Instant::ZERO, every: DAY };
            let mut measures = Measures::new(&[spec(PerCall::All, own)], &Streams::new(1, 0));
            measures.open(&archive);
            keys.into_iter()
                .for_each(|key| measures.store(&mut archive, FunctionId::from_index(0), key, Instant::ZERO));
            let metric = archive.metric("a").unwrap();
            let points = archive.read(metric, Method::SUM, Some(DAY), Range::ALL, Instant::FAR).unwrap();
            points.iter().map(|point| point.value).collect::<Vec<_>>()
        };
        let [forward, mut backward] = [sums([8, 3]), sums([3, 8])];
        backward.reverse();
        assert_eq!(forward, backward);
        assert_ne!(forward[0], forward[1], "two calls that happen to draw the same would show nothing");
    }
}
