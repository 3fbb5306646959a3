//! A histogram of whole numbers whose buckets grow with the value: any percentile to within one per cent, in space that
//! does not depend on how many values were counted.
//!
//! Source: the bucketing of HdrHistogram (Tene), which takes the leading bits of a value as its bucket.
//! Differs: space is taken only for the stretch of buckets that values have fallen into.

/// Values below this have a bucket of their own; above it every doubling has [`PER_DOUBLING`] buckets.
const EXACT_BELOW: u64 = 2 * PER_DOUBLING;
const PER_DOUBLING: u64 = 1 << PER_DOUBLING_BITS;
const PER_DOUBLING_BITS: u32 = 6;

/// Counts by size. The middle of a bucket differs from any value in it by at most 1/128.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// The bucket that `counts[0]` stands for.
    first: usize,
    counts: Vec<u64>,
}

#[inline]
const fn bucket_of(value: u64) -> usize {
    let shift = (value | PER_DOUBLING).ilog2() - PER_DOUBLING_BITS;
    ((shift as usize) << PER_DOUBLING_BITS) + (value >> shift) as usize
}

/// The middle of a bucket, rounded down: the value itself where buckets hold one value.
const fn middle_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < EXACT_BELOW {
        return bucket;
    }
    let shift = bucket / PER_DOUBLING - 1;
    let low = (bucket % PER_DOUBLING + PER_DOUBLING) << shift;
    low + ((1 << shift) - 1) / 2
}

/// The least value of a bucket and how many it holds.
const fn stretch_of(bucket: usize) -> (u64, u64) {
    let bucket = bucket as u64;
    if bucket < EXACT_BELOW {
        return (bucket, 1);
    }
    let shift = bucket / PER_DOUBLING - 1;
    ((bucket % PER_DOUBLING + PER_DOUBLING) << shift, 1 << shift)
}

impl Histogram {
    #[inline]
    pub fn add(&mut self, value: u64) {
        let bucket = bucket_of(value);
        // Below `first` the difference wraps to a great number, which no vector is long enough for.
        match self.counts.get_mut(bucket.wrapping_sub(self.first)) {
            Some(count) => *count += 1,
            None => *self.reach(bucket) += 1,
        }
    }

    /// Widens the stretch to take `bucket` in, by steps of a quarter doubling so that it happens seldom.
    #[cold]
    fn reach(&mut self, bucket: usize) -> &mut u64 {
        const STEP: usize = PER_DOUBLING as usize / 4;
        let start = bucket / STEP * STEP;
        if self.counts.is_empty() {
            self.first = start;
        }
        if start < self.first {
            self.counts.splice(0..0, std::iter::repeat_n(0, self.first - start));
            self.first = start;
        }
        let wanted = start + STEP - self.first;
        if wanted > self.counts.len() {
            self.counts.reserve_exact(wanted - self.counts.len());
            self.counts.resize(wanted, 0);
        }
        &mut self.counts[bucket - self.first]
    }

    /// Takes in the counts of another.
    pub fn merge(&mut self, other: &Histogram) {
        let Some(last) = other.counts.len().checked_sub(1) else { return };
        self.reach(other.first);
        self.reach(other.first + last);
        let shift = other.first - self.first;
        self.counts[shift..].iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
    }

    /// The middle of the bucket of the value number `rank` in ascending order, counted from 1; `None` past the end.
    pub fn nth(&self, rank: u64) -> Option<u64> {
        let mut seen = 0;
        let reached = |&count: &u64| {
            seen += count;
            seen >= rank
        };
        self.counts.iter().position(reached).map(|index| middle_of(self.first + index))
    }

    /// Where value number `rank` lies (counted from 1, fractions allowed), if the values of a bucket lie evenly in it. For
    /// estimates that are averaged or subtracted: [`Histogram::nth`] moves by whole buckets. `None` past the end.
    pub fn between(&self, rank: f64) -> Option<f64> {
        let mut below = 0u64;
        for (index, &count) in self.counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            if (below + count) as f64 >= rank {
                let (low, width) = stretch_of(self.first + index);
                // A bucket of one value is that value.
                let into = if width > 1 { ((rank - below as f64 - 0.5) / count as f64).clamp(0.0, 1.0) } else { 0.0 };
                return Some(low as f64 + into * width as f64);
            }
            below += count;
        }
        None
    }

    /// The middle of each bucket that is not empty, ascending, with its count.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        filled.map(|(index, &count)| (middle_of(self.first + index), count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_between_ranks_lie_evenly_in_their_bucket() {
        let mut histogram = Histogram::default();
        (0..1_000_000u64).for_each(|k| histogram.add(k));
        for share in [0.1, 0.5, 0.95, 0.999] {
            let found = histogram.between(share * 1e6).unwrap();
            assert!((found / (share * 1e6) - 1.0).abs() < 1e-4, "{share}: {found}");
        }
        let mut two = Histogram::default();
        [7, 7, 9].into_iter().for_each(|value| two.add(value));
        assert_eq!((two.between(1.5), two.between(3.0), two.between(3.5)), (Some(7.0), Some(9.0), None));
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut previous = bucket_of(0);
        for value in (1..10_000).chain((14..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit])) {
            let bucket = bucket_of(value);
            assert!(bucket == previous || bucket == previous + 1 || value >= 10_000, "{value}");
            assert!(bucket >= previous, "{value}");
            previous = bucket;
        }
        assert_eq!(bucket_of(u64::MAX), bucket_of(1 << 63) + PER_DOUBLING as usize - 1);
    }

    #[test]
    fn small_values_are_exact() {
        let mut histogram = Histogram::default();
        (0..EXACT_BELOW).rev().for_each(|value| histogram.add(value));
        assert!((0..EXACT_BELOW).all(|value| histogram.nth(value + 1) == Some(value)));
        assert_eq!(histogram.nth(EXACT_BELOW + 1), None);
    }

    proptest! {
        #[test]
        fn a_bucket_stands_for_its_values_to_within_one_per_cent(value in any::<u64>(), shift in 0u32..64) {
            let value = value >> shift;
            let middle = middle_of(bucket_of(value));
            prop_assert_eq!(bucket_of(middle), bucket_of(value));
            prop_assert!(u128::from(middle.abs_diff(value)) * 128 <= u128::from(value));
        }

        #[test]
        fn merging_is_the_same_as_counting_everything_in_one(
            left in prop::collection::vec(0u64..1 << 40, 0..50),
            right in prop::collection::vec(0u64..1 << 20, 0..50),
        ) {
            let count = |values: &[u64]| {
                let mut histogram = Histogram::default();
                values.iter().for_each(|&value| histogram.add(value));
                histogram
            };
            let mut merged = count(&left);
            merged.merge(&count(&right));
            let both = count(&[left, right].concat());
            prop_assert!(merged.buckets().eq(both.buckets()));
        }
    }
}
