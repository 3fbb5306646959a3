//! Percentiles of a run, fine enough to be subtracted: a difference between two policies must not be one between two
//! buckets.
//!
//! Buckets are as in [`crate::engine::histogram`], but 64 times finer (a doubling has 4,096), kept only where values fell, and
//! each knows its least and greatest value. So a value that many requests share is found exactly, and any other to within
//! a fortieth of a per cent.

use rustc_hash::FxHashMap;

const BITS: u32 = 12;

/// Counts of values by size.
#[derive(Clone, Debug, Default)]
pub struct Quantiles {
    buckets: FxHashMap<u64, Bucket>,
    count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    count: u64,
    min: u64,
    max: u64,
}

/// The bucket of a value; a greater value has the same one or a later one.
#[inline]
fn bucket_of(value: u64) -> u64 {
    let shift = (value | 1 << BITS).ilog2() - BITS;
    (u64::from(shift) << BITS) + (value >> shift)
}

impl Quantiles {
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.count += 1;
        let bucket = self.buckets.entry(bucket_of(value)).or_insert(Bucket { count: 0, min: value, max: value });
        bucket.count += 1;
        bucket.min = bucket.min.min(value);
        bucket.max = bucket.max.max(value);
    }

    /// The values below which these shares of all lie, for shares in ascending order; `None` without values.
    pub fn at<const N: usize>(&self, shares: [f64; N]) -> Option<[f64; N]> {
        if self.count == 0 {
            return None;
        }
        // In the order of size, which that of the map does not reach.
        let mut buckets: Vec<(u64, Bucket)> = self.buckets.iter().map(|(&place, &bucket)| (place, bucket)).collect();
        buckets.sort_unstable_by_key(|&(place, _)| place);
        let mut below = 0;
        let mut walk = buckets.iter().map(|(_, bucket)| bucket).peekable();
        Some(shares.map(|share| {
            let rank = (share * self.count as f64).clamp(1.0, self.count as f64);
            while let Some(bucket) = walk.next_if(|bucket| ((below + bucket.count) as f64) < rank) {
                below += bucket.count;
            }
            let bucket = walk.peek().expect("no rank is past the last value");
            // The least and the greatest are values of their own; what lies between them is taken to lie evenly.
            let gaps = (bucket.count - 1) as f64;
            let into = if gaps > 0.0 { ((rank - below as f64 - 1.0) / gaps).clamp(0.0, 1.0) } else { 0.0 };
            bucket.min as f64 + into * (bucket.max - bucket.min) as f64
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_many_share_is_found_exactly() {
        let mut few = Quantiles::default();
        (0..1000).for_each(|_| few.add(1_000_000_007));
        (0..10).for_each(|k| few.add(5_000_000_000 + k));
        assert_eq!(few.at([0.5, 0.95, 1.0]), Some([1_000_000_007.0, 1_000_000_007.0, 5_000_000_009.0]));
        assert_eq!(Quantiles::default().at([0.5]), None);
    }

    #[test]
    fn any_value_is_found_within_a_fortieth_of_a_per_cent() {
        let mut many = Quantiles::default();
        (1..=200_000u64).for_each(|k| many.add(k * k));
        for share in [0.001, 0.25, 0.5, 0.95, 0.999] {
            let wanted = (share * 200_000.0) * (share * 200_000.0);
            let [found] = many.at([share]).unwrap();
            assert!((found / wanted - 1.0).abs() < 2.5e-4, "{share}: {found} {wanted}");
        }
    }

    #[test]
    fn buckets_follow_each_other() {
        let places: Vec<u64> = (0..100_000).map(bucket_of).collect();
        assert!(places.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
    }
}
