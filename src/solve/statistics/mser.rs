//! MSER-5: how much of the beginning of a run is still the way it was started.
//!
//! The values are averaged in batches of five; the head to drop is the one that leaves the mean of the rest with the least
//! standard error: every batch dropped costs certainty, every batch of the start that stays costs more.
//!
//! Source: White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69(6), 1997;
//! White, Cobb and Spratt, A comparison of five steady-state truncation heuristics, WSC 2000. Differs: batches merge in
//! pairs as a run grows ([`Series`]), so that a run of any length is judged in constant memory; with up to
//! [`Series::BATCHES`] times five values it is MSER-5 to the letter.

use crate::engine::time::Instant;

/// What MSER found in a list of batch means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truncation {
    /// Batches to drop.
    pub drop: usize,
    /// The marginal standard error, squared, of what is left.
    pub statistic: f64,
    /// The least error lies where only the second half is left: the run never showed that it has settled.
    pub too_short: bool,
}

/// The head to drop from batch means; `None` for fewer than four. Only the first half is searched: with few values left
/// the statistic is small by accident.
pub fn mser(means: &[f64]) -> Option<Truncation> {
    let n = means.len();
    if n < 4 {
        return None;
    }
    let last = n / 2;
    let mut best: Option<(usize, f64)> = None;
    // From the end, by Welford's updating: mean and sum of squares of what follows each place.
    let (mut mean, mut squares) = (0.0, 0.0);
    for (left, (place, &value)) in means.iter().enumerate().rev().enumerate() {
        let count = (left + 1) as f64;
        let change = value - mean;
        mean += change / count;
        squares += change * (value - mean);
        if place <= last {
            let statistic = squares / (count * count);
            // The shorter head wins among equals.
            if best.is_none_or(|(_, least)| statistic <= least) {
                best = Some((place, statistic));
            }
        }
    }
    best.map(|(drop, statistic)| Truncation { drop, statistic, too_short: drop == last && statistic > 0.0 })
}

/// The values of a run in order, as means of batches: of five at first, of twice as many whenever there are too many.
#[derive(Clone, Debug)]
pub struct Series {
    batches: Vec<Batch>,
    open: Batch,
    size: u64,
}

/// Some values in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Batch {
    count: u64,
    sum: u128,
    /// When its last value came.
    until: Instant,
}

impl Batch {
    fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }
}

impl Default for Series {
    fn default() -> Series {
        Series { batches: Vec::new(), open: Batch::default(), size: 5 }
    }
}

impl Series {
    /// Most batches that are kept.
    pub const BATCHES: usize = 4096;

    /// Adds the next value, which came at `at`.
    #[inline]
    pub fn add(&mut self, at: Instant, value: u64) {
        self.open.count += 1;
        self.open.sum += u128::from(value);
        self.open.until = at;
        if self.open.count == self.size {
            self.close();
        }
    }

    fn close(&mut self) {
        self.batches.push(std::mem::take(&mut self.open));
        if self.batches.len() > Series::BATCHES {
            // The odd one out begins the next batch.
            self.open = self.batches.pop().expect("it was just put there");
            let merge = |pair: &[Batch]| Batch {
                count: pair[0].count + pair[1].count,
                sum: pair[0].sum + pair[1].sum,
                until: pair[1].until,
            };
            self.batches = self.batches.chunks_exact(2).map(merge).collect();
            self.size *= 2;
        }
    }

    /// Values added.
    pub fn count(&self) -> u64 {
        self.batches.len() as u64 * self.size + self.open.count
    }

    /// Means of the full batches.
    pub fn means(&self) -> Vec<f64> {
        self.batches.iter().map(Batch::mean).collect()
    }

    /// Where the head ends: the instant of its last value, and what MSER says; `None` for too few values to tell.
    pub fn head(&self) -> Option<(Instant, Truncation)> {
        let found = mser(&self.means())?;
        let until = found.drop.checked_sub(1).map_or(Instant::ZERO, |last| self.batches[last].until);
        Some((until, found))
    }

    /// The means of `count` stretches of equally many values, a rest at the beginning left out; `None` for fewer batches.
    pub fn stretches(&self, count: usize) -> Option<Vec<f64>> {
        let each = self.batches.len() / count;
        if each == 0 {
            return None;
        }
        let skipped = self.batches.len() - each * count;
        let mean = |chunk: &[Batch]| {
            let (sum, n) = chunk.iter().fold((0u128, 0u64), |(sum, n), batch| (sum + batch.sum, n + batch.count));
            sum as f64 / n as f64
        };
        Some(self.batches[skipped..].chunks_exact(each).map(mean).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;

    /// The sequence of an independent, quadratic computation in Python: 600 values that fall from some 5,500 to a level
    /// with noise; it dropped 30 of 120 batches of five and left a statistic of 188.30121283950623.
    #[test]
    fn the_head_is_the_one_an_independent_computation_found() {
        let mut state: u64 = 12345;
        let mut series = Series::default();
        let mut sum = 0;
        for i in 0..600u64 {
            state = (1_103_515_245 * state + 12345) % (1 << 31);
            let noise = 1000.0 * (state as f64 / f64::from(1u32 << 31));
            let value = (noise + 5000.0 * libm::exp(-(i as f64) / 40.0)) as u64;
            sum += value;
            series.add(Instant::ZERO + Span::from_secs(i), value);
        }
        assert_eq!((sum, series.count()), (498_127, 600));
        let (until, found) = series.head().unwrap();
        assert_eq!((found.drop, found.too_short, until), (30, false, Instant::ZERO + Span::from_secs(149)));
        assert!((found.statistic / 188.30121283950623 - 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn heads_worked_by_hand() {
        let found = mser(&[20.0, 15.0, 9.0, 7.0, 5.0, 5.0, 6.0, 4.0, 5.0, 6.0, 5.0, 4.0, 5.0, 6.0, 5.0, 5.0]).unwrap();
        assert!(found.drop == 4 && (found.statistic - 0.03414351851851852).abs() < 1e-15, "{found:?}");
        assert_eq!(mser(&[3.0; 10]).map(|found| (found.drop, found.too_short)), Some((0, false)));
        let rising: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(mser(&rising).unwrap().too_short);
        assert_eq!(mser(&[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn batches_merge_and_lose_nothing() {
        let mut series = Series::default();
        let n = 5 * Series::BATCHES as u64 + 3;
        (0..n).for_each(|k| series.add(Instant::from_nanos(k), k));
        assert_eq!(series.count(), n);
        assert!(series.means().len() <= Series::BATCHES && series.means().len() >= Series::BATCHES / 2);
        // Equal stretches of 0, 1, 2, ... have means at equal distances.
        let stretches = series.stretches(8).unwrap();
        let steps: Vec<f64> = stretches.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1e-9), "{steps:?}");
        assert_eq!(Series::default().stretches(8), None);
    }
}
