//! A metric that keeps its recent raw measures, so that every method is exact and late data corrects what was computed.
//!
//! Source: Gnocchi 4.7.1, a batch of measures through the raw buffer: limit, merge, recompute, truncate.
//! Kept from there: inside one batch the smallest of several values at one timestamp wins; a difference is lost when
//! the measure before it is older than one granularity before the first recomputed bucket.

use super::method::{Evaluator, Kind};
use super::policy::{Keep, Policy};
use super::series::Series;

/// Scratch space that all metrics of an archive share.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    evaluator: Evaluator,
    /// Differences of one granularity, dated at the later measure.
    differences: Vec<f64>,
    times: Vec<u64>,
    values: Vec<f64>,
}

/// The methods of a policy, split into those over measures and those over differences.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    plain: Vec<Kind>,
    rates: Vec<Kind>,
}

impl Plan {
    pub(super) fn of(policy: &Policy) -> Plan {
        let kinds = |rate| policy.methods.iter().filter(|m| m.rate == rate).map(|m| m.kind).collect();
        Plan { plain: kinds(false), rates: kinds(true) }
    }
}

/// The series of one granularity, in the order of the [`Plan`].
#[derive(Clone, Debug)]
struct Tier {
    granularity: u64,
    timespan: Option<u64>,
    plain: Vec<Series>,
    rates: Vec<Series>,
}

/// A metric under [`Keep::Measures`] or [`Keep::Every`].
#[derive(Clone, Debug)]
pub(super) struct Exact {
    /// The raw buffer in time order, one measure per timestamp unless every one counts.
    times: Vec<u64>,
    values: Vec<f64>,
    /// Finest first, as the policy.
    tiers: Vec<Tier>,
    /// Several measures at one instant all count.
    every: bool,
    /// Measures that came too late to be stored.
    too_late: u64,
    /// Measures that another one under the same timestamp replaced.
    replaced: u64,
}

impl Exact {
    pub(super) fn new(policy: &Policy) -> Exact {
        let plan = Plan::of(policy);
        let tiers = policy.definitions.iter().map(|definition| Tier {
            granularity: definition.granularity.as_nanos(),
            timespan: definition.timespan(),
            plain: vec![Series::default(); plan.plain.len()],
            rates: vec![Series::default(); plan.rates.len()],
        });
        let every = policy.keep == Keep::Every;
        Exact { times: Vec::new(), values: Vec::new(), tiers: tiers.collect(), every, too_late: 0, replaced: 0 }
    }

    /// The series of the method at `position` of the policy's methods.
    pub(super) fn series(&self, policy: &Policy, tier: usize, method: usize) -> &Series {
        let rate = policy.methods[method].rate;
        let place = policy.methods[..method].iter().filter(|other| other.rate == rate).count();
        let tier = &self.tiers[tier];
        if rate { &tier.rates[place] } else { &tier.plain[place] }
    }

    pub(super) fn too_late(&self) -> u64 {
        self.too_late
    }

    pub(super) fn replaced(&self) -> u64 {
        self.replaced
    }

    /// Takes over changed lengths of the policy's definitions; they act from the next batch on.
    pub(super) fn revise(&mut self, policy: &Policy) {
        for (tier, definition) in self.tiers.iter_mut().zip(&policy.definitions) {
            tier.timespan = definition.timespan();
        }
    }

    /// Stores one batch, sorted by timestamp and value. The caller has ensured that it is not empty.
    pub(super) fn process(&mut self, batch: &[(u64, f64)], policy: &Policy, plan: &Plan, scratch: &mut Scratch) {
        let batch_first = batch[0].0;
        // The limit is taken before the batch is added; an empty buffer accepts everything, however old.
        let limit = self.times.last().map_or(0, |&last| policy.oldest(last));
        let (late, accepted) = batch.split_at(batch.partition_point(|&(at, _)| at < limit));
        self.too_late += late.len() as u64;
        self.merge(accepted, scratch);
        let Some((&first, &last)) = self.times.first().zip(self.times.last()) else { return };
        let since = first.max(batch_first);
        for tier in &mut self.tiers {
            tier.recompute(since / tier.granularity * tier.granularity, &self.times, &self.values, plan, scratch);
        }
        let dead = self.position(policy.oldest(last));
        if dead > 0 {
            self.times.drain(..dead);
            self.values.drain(..dead);
        }
    }

    /// One measure per timestamp: the batch replaces what is stored, and in the batch the first (smallest) wins. Where
    /// every measure counts, none is replaced.
    fn merge(&mut self, batch: &[(u64, f64)], scratch: &mut Scratch) {
        let Some(&(first, _)) = batch.first() else { return };
        let keep = self.position(first);
        scratch.times.clear();
        scratch.values.clear();
        scratch.times.extend_from_slice(&self.times[keep..]);
        scratch.values.extend_from_slice(&self.values[keep..]);
        self.times.truncate(keep);
        self.values.truncate(keep);
        let mut old = scratch.times.iter().copied().zip(scratch.values.iter().copied()).peekable();
        self.times.reserve(batch.len());
        self.values.reserve(batch.len());
        let mut previous = None;
        for &(at, value) in batch {
            if previous == Some(at) && !self.every {
                self.replaced += 1;
                continue;
            }
            previous = Some(at);
            while let Some((old_at, old_value)) = old.next_if(|&(old_at, _)| old_at <= at) {
                if old_at < at || self.every {
                    self.times.push(old_at);
                    self.values.push(old_value);
                } else {
                    self.replaced += 1;
                }
            }
            self.times.push(at);
            self.values.push(value);
        }
        for (old_at, old_value) in old {
            self.times.push(old_at);
            self.values.push(old_value);
        }
    }

    /// Position of the first raw measure at or after `at`.
    fn position(&self, at: u64) -> usize {
        match self.times.last() {
            Some(&last) if last >= at => self.times.partition_point(|&time| time < at),
            _ => self.times.len(),
        }
    }
}

impl Tier {
    /// Computes every bucket from `start` on anew from the raw measures.
    fn recompute(&mut self, start: u64, times: &[u64], values: &[f64], plan: &Plan, scratch: &mut Scratch) {
        let Scratch { evaluator, differences, .. } = scratch;
        let from = times.partition_point(|&time| time < start);
        rewrite(&mut self.plain, start, self.timespan, &plan.plain, evaluator, |visit| {
            buckets(&times[from..], &values[from..], self.granularity, visit);
        });
        if plan.rates.is_empty() {
            return;
        }
        // Differences are taken from one granularity earlier on, and kept from `start` on.
        let earlier = times.partition_point(|&time| time < start.saturating_sub(self.granularity));
        differences.clear();
        differences.extend(values[earlier..].windows(2).map(|pair| pair[1] - pair[0]));
        let dated = &times[(earlier + 1).min(times.len())..];
        let skip = dated.partition_point(|&time| time < start);
        rewrite(&mut self.rates, start, self.timespan, &plan.rates, evaluator, |visit| {
            buckets(&dated[skip..], &differences[skip..], self.granularity, visit);
        });
    }
}

/// Rewrites `series`, one per kind, from `start` on with the buckets that `visit_all` yields.
fn rewrite(
    series: &mut [Series],
    start: u64,
    timespan: Option<u64>,
    kinds: &[Kind],
    evaluator: &mut Evaluator,
    visit_all: impl FnOnce(&mut dyn FnMut(u64, &[f64])),
) {
    series.iter_mut().for_each(|series| series.rewrite_from(start));
    visit_all(&mut |bucket, values| {
        evaluator.evaluate(kinds, values, |position, value| series[position].push(bucket, value));
    });
    series.iter_mut().for_each(|series| series.finish(timespan));
}

/// Cuts `times` into buckets of `granularity` and visits each that is not empty, in order.
pub(super) fn buckets(times: &[u64], values: &[f64], granularity: u64, visit: &mut dyn FnMut(u64, &[f64])) {
    let mut begin = 0;
    while begin < times.len() {
        let bucket = times[begin] / granularity * granularity;
        let end_at = bucket.saturating_add(granularity);
        // A doubling search: short buckets cost a step or two, long ones a logarithm.
        let (mut low, mut step) = (begin + 1, 1);
        while low + step < times.len() && times[low + step - 1] < end_at {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(times.len());
        let end = low + times[low..high].partition_point(|&time| time < end_at);
        visit(bucket, &values[begin..end]);
        begin = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_aligned_to_the_epoch_and_never_empty() {
        let times: Vec<u64> = vec![3, 9, 10, 11, 19, 40, 49, 50];
        let values: Vec<f64> = times.iter().map(|&t| t as f64).collect();
        let mut seen = Vec::new();
        buckets(&times, &values, 10, &mut |bucket, values| seen.push((bucket, values.len())));
        assert_eq!(seen, [(0, 2), (10, 3), (40, 2), (50, 1)]);
        for granularity in 1..60 {
            let mut total = 0;
            buckets(&times, &values, granularity, &mut |bucket, values| {
                assert!(values.iter().all(|&v| v as u64 / granularity * granularity == bucket));
                total += values.len();
            });
            assert_eq!(total, times.len());
        }
    }
}
