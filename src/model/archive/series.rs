//! The points of one method at one granularity, as far back as the policy keeps them.
//!
//! Source: Gnocchi 4.7.1, aggregated time series: new points replace old ones, then everything at or before newest
//! minus timespan goes. Differs: no chunks of 3,600 buckets, so a range never shows points that a full read does not.

use crate::engine::time::{Instant, Span};

/// One stored or computed point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Start of the bucket.
    pub at: Instant,
    pub granularity: Span,
    pub value: f64,
}

/// Points in time order. A batch rewrites the end of the series: [`Series::rewrite_from`], pushes, [`Series::finish`].
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    times: Vec<u64>,
    values: Vec<f64>,
    /// Points before this position are dropped, and wait for the next compaction.
    head: usize,
    /// Old points from the start of a rewrite on: kept where no new point of the same time comes.
    old: Vec<(u64, f64)>,
    old_head: usize,
}

impl Series {
    /// Begins a rewrite of everything from `start` on.
    pub(super) fn rewrite_from(&mut self, start: u64) {
        let keep = self.position(start);
        self.old.clear();
        self.old_head = 0;
        self.old.extend(self.times[keep..].iter().copied().zip(self.values[keep..].iter().copied()));
        self.times.truncate(keep);
        self.values.truncate(keep);
    }

    /// Adds a point; the caller has ensured that times rise within a rewrite.
    #[inline]
    pub(super) fn push(&mut self, at: u64, value: f64) {
        while let Some(&(old_at, old_value)) = self.old.get(self.old_head) {
            if old_at > at {
                break;
            }
            if old_at < at {
                self.times.push(old_at);
                self.values.push(old_value);
            }
            self.old_head += 1;
        }
        self.times.push(at);
        self.values.push(value);
    }

    /// Ends a rewrite: what no new point replaced stays, and what is older than `timespan` before the newest goes.
    pub(super) fn finish(&mut self, timespan: Option<u64>) {
        for &(at, value) in &self.old[self.old_head..] {
            self.times.push(at);
            self.values.push(value);
        }
        self.old.clear();
        self.old_head = 0;
        let (Some(timespan), Some(&newest)) = (timespan, self.times.last()) else { return };
        if let Some(limit) = newest.checked_sub(timespan) {
            self.head = self.position(limit + 1);
            // Compacting when half is dead keeps the cost per point constant.
            if self.head > 64 && self.head * 2 > self.times.len() {
                self.times.drain(..self.head);
                self.values.drain(..self.head);
                self.head = 0;
            }
        }
    }

    /// Position of the first living point at or after `at`.
    fn position(&self, at: u64) -> usize {
        // The end is where batches work.
        let mut low = self.times.len();
        let mut step = 1;
        while low > self.head && self.times[low - 1] >= at {
            low = low.saturating_sub(step).max(self.head);
            step *= 2;
        }
        low + self.times[low..].partition_point(|&time| time < at)
    }

    /// The points with `from` <= start < `to`.
    pub(super) fn range(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, f64)> + '_ {
        let first = self.position(from);
        let last = self.position(to).max(first);
        self.times[first..last].iter().copied().zip(self.values[first..last].iter().copied())
    }

    pub(super) fn at(&self, bucket: u64) -> Option<f64> {
        let position = self.position(bucket);
        (self.times.get(position) == Some(&bucket)).then(|| self.values[position])
    }

    /// How many points a read can see.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.times.len() - self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(series: &Series) -> Vec<(u64, f64)> {
        series.range(0, u64::MAX).collect()
    }

    #[test]
    fn new_points_replace_old_ones_and_others_stay() {
        let mut series = Series::default();
        series.rewrite_from(0);
        [10, 20, 30, 40].into_iter().for_each(|at| series.push(at, 1.0));
        series.finish(None);
        series.rewrite_from(20);
        series.push(30, 2.0);
        series.push(50, 2.0);
        series.finish(None);
        assert_eq!(all(&series), [(10, 1.0), (20, 1.0), (30, 2.0), (40, 1.0), (50, 2.0)]);
        assert_eq!(series.at(30), Some(2.0));
        assert_eq!(series.at(35), None);
        assert_eq!(series.range(15, 40).count(), 2);
    }

    #[test]
    fn what_is_at_or_before_newest_minus_timespan_goes() {
        let mut series = Series::default();
        for at in 0..1000 {
            series.rewrite_from(at * 10);
            series.push(at * 10, 0.0);
            series.finish(Some(50));
        }
        assert_eq!(series.len(), 5);
        assert_eq!(all(&series)[0].0, 9950);
        assert!(series.times.len() < 200, "dead points are compacted");
    }
}
