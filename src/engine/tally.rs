//! Tallies in constant memory: what was measured over a run, however long, kept as blocks of time that can be merged.
//!
//! A tally has a limited number of blocks of equal length. When the run outgrows them, neighbours merge and the length
//! doubles, so a short run is resolved finely and a long one costs no more. A warm-up head can be dropped, batch means
//! taken and percentiles compared between batches after the run.
//!
//! Source: batch means whose batches merge as the run grows (Yeh and Schmeiser, On the MSE robustness of batching
//! estimators, 2001, on fixed storage). Differs: blocks are of equal time, not of equal number, so that blocks of several
//! tallies are of the same stretches. Sums are exact integers: the order of adding cannot be seen in a result.

use super::histogram::Histogram;
use super::time::{Instant, Span};

/// Values in nanoseconds (or in any other whole unit), by the block of time they belong to.
#[derive(Clone, Debug)]
pub struct Tally {
    first_block: Span,
    limit: usize,
    block: Span,
    blocks: Vec<Block>,
    /// The block last added to and its start, so that most values need no division.
    current: usize,
    current_start: u64,
}

/// What was measured in one stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    count: u64,
    sum: u128,
    sum_squares: u128,
    min: u64,
    max: u64,
    histogram: Histogram,
}

impl Default for Block {
    fn default() -> Block {
        Block { count: 0, sum: 0, sum_squares: 0, min: u64::MAX, max: 0, histogram: Histogram::default() }
    }
}

impl Block {
    #[inline]
    pub fn add(&mut self, value: u64) {
        if value == 0 {
            return self.add_zero();
        }
        let square = u128::from(value) * u128::from(value);
        self.count += 1;
        self.sum += u128::from(value);
        self.sum_squares = self.sum_squares.saturating_add(square);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.histogram.add(value);
    }

    /// Most requests wait for no time at all.
    #[inline]
    fn add_zero(&mut self) {
        self.count += 1;
        self.min = 0;
        self.histogram.add(0);
    }

    pub fn merge(&mut self, other: &Block) {
        self.count += other.count;
        self.sum += other.sum;
        self.sum_squares = self.sum_squares.saturating_add(other.sum_squares);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.histogram.merge(&other.histogram);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum of the values.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The exact sum of the squared values, or `u128::MAX` where it is that or more: a thousand waits of ten years.
    pub fn sum_squares(&self) -> u128 {
        self.sum_squares
    }

    /// The least value, `None` when there is none.
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The greatest value, `None` when there is none.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The variance of the values with divisor n - 1; `None` for fewer than two, and where the squares are past counting.
    pub fn variance(&self) -> Option<f64> {
        let n = u128::from(self.count);
        if n < 2 || self.sum_squares == u128::MAX {
            return None;
        }
        // n·Σx² and (Σx)² agree in most of their digits and may not fit. Around the rounded mean m the terms are small:
        // Σ(x-m)² = Σx² - m·(2Σx - n·m), where wrapping on the way does not matter because the result fits.
        let m = (self.sum + n / 2) / n;
        let around = self.sum_squares.wrapping_sub(m.wrapping_mul(self.sum.wrapping_mul(2).wrapping_sub(n * m)));
        let rest = self.sum.abs_diff(n * m) as f64;
        Some(((around as f64 - rest * rest / n as f64) / (n - 1) as f64).max(0.0))
    }

    /// The value number ⌈p·n⌉ in ascending order, to within one per cent; `None` when there are no values. `p` is a
    /// share, 0.95 for the 95th percentile; the least value for 0, the greatest for 1.
    pub fn percentile(&self, p: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = ((p * self.count as f64).ceil() as u64).clamp(1, self.count);
        match rank {
            1 => Some(self.min),
            last if last == self.count => Some(self.max),
            // Most answers of an idle system take the least time there is: that is known exactly.
            _ if self.histogram.nth(rank) == self.histogram.nth(1) => Some(self.min),
            _ => self.histogram.nth(rank).map(|value| value.clamp(self.min, self.max)),
        }
    }

    /// The same between buckets, for estimates that are averaged or subtracted: values of a bucket are taken to lie evenly
    /// in it, which is nearer to the truth than its middle by an order of magnitude where values are many.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let rank = (p * self.count as f64).clamp(1.0, self.count as f64);
        self.histogram.between(rank).map(|value| value.clamp(self.min as f64, self.max as f64))
    }

    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }
}

impl Tally {
    /// The number of blocks that [`Tally::new`] allows.
    pub const BLOCKS: usize = 64;

    /// A tally of at most [`Tally::BLOCKS`] blocks, whose length begins at `first_block`.
    pub fn new(first_block: Span) -> Tally {
        Tally::with_limit(first_block, Tally::BLOCKS)
    }

    /// A tally of at most `limit` blocks: fewer where there are very many tallies. The caller has ensured that
    /// `first_block` is not zero and that `limit` is an even number above zero.
    pub fn with_limit(first_block: Span, limit: usize) -> Tally {
        assert!(!first_block.is_zero(), "a block of time has a length");
        assert!(limit >= 2 && limit.is_multiple_of(2), "blocks merge in pairs: found a limit of {limit}");
        Tally { first_block, limit, block: first_block, blocks: vec![Block::default()], current: 0, current_start: 0 }
    }

    /// Adds a value that belongs to `at`. Values need not come in order of time.
    #[inline]
    pub fn add(&mut self, at: Instant, value: u64) {
        let into = at.as_nanos().wrapping_sub(self.current_start);
        if into >= self.block.as_nanos() {
            self.turn_to(at);
        }
        self.blocks[self.current].add(value);
    }

    /// Makes the block of `at` the current one.
    #[cold]
    fn turn_to(&mut self, at: Instant) {
        while at.as_nanos() / self.block.as_nanos() >= self.limit as u64 {
            self.double();
        }
        self.current = (at.as_nanos() / self.block.as_nanos()) as usize;
        self.current_start = self.current as u64 * self.block.as_nanos();
        if self.blocks.len() <= self.current {
            self.blocks.resize_with(self.current + 1, Block::default);
        }
    }

    /// Merges neighbours into blocks of twice the length.
    fn double(&mut self) {
        let merged = self.blocks.len().div_ceil(2);
        for k in 0..merged {
            let mut block = std::mem::take(&mut self.blocks[2 * k]);
            if let Some(second) = self.blocks.get(2 * k + 1) {
                block.merge(second);
            }
            self.blocks[k] = block;
        }
        self.blocks.truncate(merged);
        self.block = Span::from_nanos(self.block.as_nanos().saturating_mul(2));
        self.current /= 2;
        self.current_start = self.current as u64 * self.block.as_nanos();
    }

    /// Takes in another tally, as if its values had been added here. The caller has ensured that both began with the
    /// same length of block; the coarser of the two resolutions remains.
    pub fn merge(&mut self, other: &Tally) {
        assert!(
            self.first_block == other.first_block,
            "only tallies that began with one length of block can be merged"
        );
        while self.block < other.block {
            self.double();
        }
        // Lengths are doublings of one length, so each block of the other lies within one of ours.
        for (start, block) in other.blocks().filter(|(_, block)| block.count > 0) {
            self.turn_to(start);
            self.blocks[self.current].merge(block);
        }
    }

    /// The length of a block now.
    pub fn block(&self) -> Span {
        self.block
    }

    /// The blocks with their starts, from the start of the run to the last one added to; there is always one.
    pub fn blocks(&self) -> impl DoubleEndedIterator<Item = (Instant, &Block)> + ExactSizeIterator + '_ {
        let start = |k: usize| Instant::from_nanos(k as u64 * self.block.as_nanos());
        self.blocks.iter().enumerate().map(move |(k, block)| (start(k), block))
    }

    /// Everything measured, as one block.
    pub fn total(&self) -> Block {
        self.since(Instant::ZERO)
    }

    /// Everything in blocks that begin at `head` or later: the run without its warm-up.
    pub fn since(&self, head: Instant) -> Block {
        let mut sum = Block::default();
        self.blocks().filter(|&(start, _)| start >= head).for_each(|(_, block)| sum.merge(block));
        sum
    }

    pub fn count(&self) -> u64 {
        self.blocks.iter().map(Block::count).sum()
    }

    /// The mean of everything measured.
    pub fn mean(&self) -> Option<f64> {
        self.total().mean()
    }

    /// The variance of everything measured, with divisor n - 1.
    pub fn variance(&self) -> Option<f64> {
        self.total().variance()
    }

    /// A percentile of everything measured, as [`Block::percentile`].
    pub fn percentile(&self, p: f64) -> Option<u64> {
        self.total().percentile(p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn blocks_merge_and_double_when_the_run_outgrows_them() {
        let mut tally = Tally::with_limit(Span::from_secs(1), 4);
        (0..4).for_each(|k| tally.add(at(k), k + 1));
        assert_eq!((tally.block(), tally.blocks().len()), (Span::from_secs(1), 4));
        tally.add(at(9), 10);
        let seen: Vec<_> = tally.blocks().map(|(start, block)| (start, block.count(), block.sum())).collect();
        assert_eq!(seen, [(at(0), 4, 10), (at(4), 0, 0), (at(8), 1, 10)]);
        assert_eq!((tally.count(), tally.mean()), (5, Some(4.0)));
        // Late news of an early instant still finds its place.
        tally.add(at(5), 7);
        assert_eq!(tally.since(at(4)).sum(), 17);
    }

    #[test]
    fn the_variance_keeps_its_digits_far_from_zero() {
        let mut block = Block::default();
        // A day in nanoseconds, a thousand million times: n·Σx² would not fit 128 bits.
        let day = 86_400_000_000_000;
        (0..1_000).for_each(|k| block.add(day + k % 2));
        for _ in 0..20 {
            let same = block.clone();
            block.merge(&same);
        }
        let n = 1_000.0 * f64::from(1 << 20);
        let variance = block.variance().expect("more than one value");
        assert!((variance - 0.25 * n / (n - 1.0)).abs() < 1e-12, "{variance}");
    }

    #[test]
    fn an_empty_tally_says_nothing() {
        let tally = Tally::new(Span::from_secs(1));
        assert_eq!(
            (tally.mean(), tally.variance(), tally.percentile(0.5), tally.total().min()),
            (None, None, None, None)
        );
    }

    #[test]
    fn percentiles_are_within_one_per_cent() {
        let mut tally = Tally::new(Span::from_secs(1));
        (1..=100_000u64).for_each(|k| tally.add(at(k % 1_000), k * 1_000));
        for p in [0.01, 0.5, 0.95, 0.99, 0.999] {
            let (found, exact) = (tally.percentile(p).expect("not empty") as f64, p * 1e8);
            assert!((found / exact - 1.0).abs() < 0.01, "{p}: {found}");
        }
        assert_eq!((tally.percentile(0.0), tally.percentile(1.0)), (Some(1_000), Some(100_000_000)));
    }

    #[test]
    fn a_percentile_among_the_least_values_is_the_least_value() {
        let mut tally = Tally::new(Span::from_secs(1));
        (0..100u64).for_each(|k| tally.add(at(k), if k < 96 { 1_000_000_000 } else { 3_000_000_000 }));
        assert_eq!((tally.percentile(0.5), tally.percentile(0.95)), (Some(1_000_000_000), Some(1_000_000_000)));
        assert!(tally.percentile(0.97).expect("not empty") > 2_900_000_000);
    }

    proptest! {
        /// Whatever the order of time and however many blocks have merged, nothing is lost and nothing moved.
        #[test]
        fn a_tally_holds_what_was_added(
            values in prop::collection::vec((0u64..300, 0u64..1 << 50), 2..100),
            split in any::<prop::sample::Index>(),
        ) {
            let tally_of = |values: &[(u64, u64)], limit| {
                let mut tally = Tally::with_limit(Span::from_secs(1), limit);
                values.iter().for_each(|&(secs, value)| tally.add(at(secs), value));
                tally
            };
            let (left, right) = values.split_at(split.index(values.len()));
            let whole = tally_of(&values, 8);
            let mut merged = tally_of(left, 8);
            merged.merge(&tally_of(right, 64));
            for tally in [&whole, &merged] {
                prop_assert!(tally.blocks().len() <= 8);
                for (start, block) in tally.blocks() {
                    let end = start + tally.block();
                    let mine = values.iter().filter(|&&(secs, _)| (start..end).contains(&at(secs)));
                    prop_assert_eq!(block.sum(), mine.map(|&(_, value)| u128::from(value)).sum::<u128>());
                }
                prop_assert_eq!(tally.count(), values.len() as u64);
                prop_assert_eq!(tally.total().max(), values.iter().map(|&(_, value)| value).max());
                prop_assert_eq!(tally.total().min(), values.iter().map(|&(_, value)| value).min());
            }
            let n = values.len() as f64;
            let mean = values.iter().map(|&(_, value)| value as f64).sum::<f64>() / n;
            let spread = values.iter().map(|&(_, value)| (value as f64 - mean).powi(2)).sum::<f64>() / (n - 1.0);
            prop_assert!((merged.variance().expect("two or more") - spread).abs() <= 1e-9 * spread + 1e-9);
        }
    }
}
