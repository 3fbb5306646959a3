//! A metric that keeps a running tally per bucket: the simulator's usual metrics, at a few nanoseconds a post.
//!
//! Every measure counts, also several at one instant. Late measures are accepted as far back as the policy's window,
//! and reach the bucket of their time. Differs from [`super::exact`]: no raw measures, so no order statistics, no
//! deviation and no rates, and nothing is ever replaced.

use std::collections::VecDeque;

use super::method::Kind;
use super::policy::Policy;

/// What is known of the measures of one bucket.
#[derive(Clone, Copy, Debug)]
struct Cell {
    start: u64,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// The latest measure by time, and among equal times the one posted last.
    last: f64,
    last_at: u64,
}

impl Cell {
    fn new(start: u64, at: u64, value: f64) -> Cell {
        Cell { start, count: 1, sum: value, min: value, max: value, last: value, last_at: at }
    }

    #[inline]
    fn add(&mut self, at: u64, value: f64) {
        self.count += 1;
        self.sum += value;
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
        if at >= self.last_at {
            (self.last, self.last_at) = (value, at);
        }
    }

    /// Counts what somebody else has summed up, all at one instant.
    fn take_in(&mut self, at: u64, of: &Summed) {
        self.count += of.count;
        self.sum += of.sum;
        self.min = self.min.min(of.min);
        self.max = self.max.max(of.max);
        if at >= self.last_at {
            (self.last, self.last_at) = (of.sum / of.count as f64, at);
        }
    }

    fn value(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Mean => self.sum / self.count as f64,
            Kind::Sum => self.sum,
            Kind::Min => self.min,
            Kind::Max => self.max,
            Kind::Count => self.count as f64,
            Kind::Last => self.last,
            Kind::First | Kind::Std | Kind::Median | Kind::Percentile(_) => {
                unreachable!("a policy of tallies is checked for the methods it can give")
            }
        }
    }
}

/// Several measures of one instant, summed up by whoever took them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summed {
    /// At least one.
    pub count: u64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
}

#[derive(Clone, Debug)]
struct Tier {
    /// The newest bucket, in place so that a post touches one line of memory; it ends at `open_to`, which is zero
    /// before the first measure.
    open: Cell,
    open_to: u64,
    granularity: u64,
    timespan: Option<u64>,
    /// The buckets before, in time order; their starts again, apart: whether the oldest is to go is asked at every turn,
    /// and its cell has long left the cache.
    closed: VecDeque<Cell>,
    starts: VecDeque<u64>,
}

/// A metric under [`super::Keep::Tallies`].
#[derive(Clone, Debug)]
pub(super) struct Running {
    tiers: Vec<Tier>,
    newest: u64,
    /// Measures before this are too late; moves with the newest measure.
    oldest: u64,
}

impl Running {
    pub(super) fn new(policy: &Policy) -> Running {
        let tiers = policy.definitions.iter().map(|definition| Tier {
            granularity: definition.granularity.as_nanos(),
            timespan: definition.timespan(),
            open: Cell { count: 0, ..Cell::new(0, 0, 0.0) },
            open_to: 0,
            closed: VecDeque::new(),
            starts: VecDeque::new(),
        });
        Running { tiers: tiers.collect(), newest: 0, oldest: 0 }
    }

    pub(super) fn revise(&mut self, policy: &Policy) {
        for (tier, definition) in self.tiers.iter_mut().zip(&policy.definitions) {
            tier.timespan = definition.timespan();
        }
    }

    /// Counts one measure in every granularity, unless it is older than the back window.
    #[inline]
    pub(super) fn post(&mut self, at: u64, value: f64, policy: &Policy) {
        if at < self.oldest {
            return;
        }
        let mut opened = false;
        for tier in &mut self.tiers {
            if at >= tier.open.start && at < tier.open_to {
                tier.open.add(at, value);
            } else {
                opened |= tier.turn(at, value);
            }
        }
        self.newest = self.newest.max(at);
        if opened {
            self.oldest = policy.oldest(self.newest);
        }
    }

    /// Counts measures that somebody else has summed up, as if each had been posted at `at`.
    pub(super) fn post_summed(&mut self, at: u64, of: &Summed, policy: &Policy) {
        let Summed { count, sum, min, max } = *of;
        let mean = sum / count as f64;
        self.post(at, mean, policy);
        if count == 1 || at < self.oldest {
            return;
        }
        // The first stands in the bucket as the mean; the others make it what it should be.
        let others = Summed { count: count - 1, sum: sum - mean, min, max };
        for tier in &mut self.tiers {
            if at >= tier.open.start && at < tier.open_to {
                tier.open.take_in(at, &others);
            } else {
                let start = at / tier.granularity * tier.granularity;
                if let Ok(place) = tier.starts.binary_search(&start) {
                    tier.closed[place].take_in(at, &others);
                }
            }
        }
    }

    /// The points with `from` <= start < `to` whose bucket ends at or before `closed_by`.
    pub(super) fn range(
        &self,
        tier: usize,
        kind: Kind,
        from: u64,
        to: u64,
        closed_by: u64,
    ) -> impl Iterator<Item = (u64, f64)> + '_ {
        let tier = &self.tiers[tier];
        let first = tier.starts.partition_point(|&start| start < from);
        let cells = tier.closed.iter().skip(first).chain(tier.newest().filter(|cell| cell.start >= from));
        cells
            .take_while(move |cell| cell.start < to && cell.start.saturating_add(tier.granularity) <= closed_by)
            .map(move |cell| (cell.start, cell.value(kind)))
    }

    pub(super) fn at(&self, tier: usize, kind: Kind, bucket: u64) -> Option<f64> {
        let tier = &self.tiers[tier];
        let found = match tier.newest().filter(|cell| cell.start <= bucket) {
            Some(open) => Some(open),
            None => tier.starts.binary_search(&bucket).ok().map(|place| &tier.closed[place]),
        };
        found.filter(|cell| cell.start == bucket).map(|cell| cell.value(kind))
    }
}

impl Tier {
    fn newest(&self) -> Option<&Cell> {
        (self.open.count > 0).then_some(&self.open)
    }

    /// A measure outside the open bucket: opens the next one (and says so), or finds an earlier one.
    #[cold]
    fn turn(&mut self, at: u64, value: f64) -> bool {
        let start = at / self.granularity * self.granularity;
        let opens = at >= self.open_to;
        if opens {
            if self.open.count > 0 {
                self.closed.push_back(self.open);
                self.starts.push_back(self.open.start);
            }
            self.open = Cell::new(start, at, value);
            self.open_to = start.saturating_add(self.granularity);
        } else {
            match self.starts.binary_search(&start) {
                Ok(place) => self.closed[place].add(at, value),
                Err(place) => {
                    self.closed.insert(place, Cell::new(start, at, value));
                    self.starts.insert(place, start);
                }
            }
        }
        if let Some(limit) = self.timespan.and_then(|timespan| self.open.start.checked_sub(timespan)) {
            while self.starts.pop_front_if(|start| *start <= limit).is_some() {
                self.closed.pop_front();
            }
        }
        opens
    }
}
