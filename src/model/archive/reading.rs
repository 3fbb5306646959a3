//! Reading the archive: the points of one metric, one bucket of it, or an operation across metrics.
//!
//! Source: Gnocchi 4.7.1: the start of a range is rounded down to the granularity and included, the end is excluded.

use crate::engine::time::{Instant, Span};

use super::cross::{Answer, Question, Stored, evaluate};
use super::error::ArchiveError;
use super::method::Method;
use super::operation::Operation;
use super::policy::Policy;
use super::series::Point;
use super::{Archive, MetricId, Store, is_late};

/// A range of time: `from` is rounded down to the granularity and included, `to` is excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
}

impl Range {
    pub const ALL: Range = Range { from: None, to: None };

    pub const fn new(from: Instant, to: Instant) -> Range {
        Range { from: Some(from), to: Some(to) }
    }
}

impl Archive {
    /// The points of one method as they were visible at `now`, in time order; without a granularity those of all, the
    /// coarsest first. The open bucket shows what it has so far, except where tallies are published late: there a
    /// bucket appears when it is closed and published.
    ///
    /// # Errors
    /// A method or granularity that the policy does not have.
    pub fn read(
        &self,
        metric: MetricId,
        method: Method,
        granularity: Option<Span>,
        range: Range,
        now: Instant,
    ) -> Result<Vec<Point>, ArchiveError> {
        let policy = self.policy_of(metric);
        let tiers: Vec<usize> = match granularity {
            Some(granularity) => vec![self.tier(metric, granularity)?],
            None => (0..policy.definitions.len()).rev().collect(),
        };
        let place = self.method(metric, method)?;
        let mut points = Vec::new();
        for tier in tiers {
            self.visit(metric, tier, place, range, now, |point| points.push(point));
        }
        Ok(points)
    }

    /// The value of the bucket that holds `at`, as visible at `now`; for alarms, which ask for one bucket at a time.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub fn value(
        &self,
        metric: MetricId,
        method: Method,
        granularity: Span,
        at: Instant,
        now: Instant,
    ) -> Result<Option<f64>, ArchiveError> {
        let (tier, place) = (self.tier(metric, granularity)?, self.method(metric, method)?);
        let policy = self.policy_of(metric);
        let width = granularity.as_nanos();
        let bucket = at.as_nanos() / width * width;
        Ok(match &self.metrics[metric.0 as usize].store {
            Store::Exact(exact) => exact.series(policy, tier, place).at(bucket),
            Store::Running(running) if bucket.saturating_add(width) <= closed_by(policy, now) => {
                running.at(tier, method.kind, bucket)
            }
            Store::Running(_) => None,
        })
    }

    pub(super) fn visit(
        &self,
        metric: MetricId,
        tier: usize,
        place: usize,
        range: Range,
        now: Instant,
        mut each: impl FnMut(Point),
    ) {
        let policy = self.policy_of(metric);
        let granularity = policy.definitions[tier].granularity;
        let width = granularity.as_nanos();
        let from = range.from.map_or(0, |from| from.as_nanos() / width * width);
        let to = range.to.map_or(u64::MAX, Instant::as_nanos);
        let mut found = |(at, value)| each(Point { at: Instant::from_nanos(at), granularity, value });
        match &self.metrics[metric.0 as usize].store {
            Store::Exact(exact) => exact.series(policy, tier, place).range(from, to).for_each(&mut found),
            Store::Running(running) => {
                let kind = policy.methods[place].kind;
                running.range(tier, kind, from, to, closed_by(policy, now)).for_each(&mut found);
            }
        }
    }

    /// Evaluates an operation across metrics, for the granularity of the question or for each that all series offer
    /// (coarsest first).
    ///
    /// # Errors
    /// An unknown metric, method or granularity, and whatever [`evaluate`] refuses.
    pub fn aggregate(
        &self,
        operation: &Operation,
        question: &Question,
        now: Instant,
    ) -> Result<Vec<Answer>, ArchiveError> {
        let leaves = self.kept_leaves(operation)?;
        let granularities = self.granularities(operation, question.granularity)?;
        let range = Range { from: question.from, to: question.to };
        let mut answers = Vec::new();
        for granularity in granularities {
            let stored = leaves.iter().map(|&(metric, method)| {
                let points = self.read(metric, method, Some(granularity), range, now)?;
                Ok(Stored { metric: self.name(metric).to_owned(), method, points })
            });
            let stored: Vec<Stored> = stored.collect::<Result<_, ArchiveError>>()?;
            answers.extend(evaluate(&stored, granularity, operation, question)?);
        }
        Ok(answers)
    }

    /// The granularities at which an operation can be evaluated, the coarsest first: the one that is asked for, or all that
    /// the series have in common.
    ///
    /// # Errors
    /// An unknown metric, a method or granularity that is not kept, or nothing in common.
    pub fn granularities(&self, operation: &Operation, asked: Option<Span>) -> Result<Vec<Span>, ArchiveError> {
        let leaves = self.kept_leaves(operation)?;
        if let Some(granularity) = asked {
            leaves.iter().try_for_each(|&(metric, _)| self.tier(metric, granularity).map(drop))?;
            return Ok(vec![granularity]);
        }
        let offered = |metric: MetricId| self.policy_of(metric).definitions.iter().map(|d| d.granularity);
        let common = leaves.first().into_iter().flat_map(|&(first, _)| offered(first));
        let common = common.filter(|g| leaves.iter().all(|&(other, _)| offered(other).any(|h| h == *g)));
        let common: Vec<Span> = common.collect::<Vec<_>>().into_iter().rev().collect();
        if common.is_empty() { Err(ArchiveError::NoCommonGranularity) } else { Ok(common) }
    }

    /// The series at the leaves of an operation, all of them there.
    fn kept_leaves(&self, operation: &Operation) -> Result<Vec<(MetricId, Method)>, ArchiveError> {
        let kept = |(name, method): (&str, Method)| {
            let metric = self.metric(name).ok_or_else(|| ArchiveError::UnknownMetric { found: name.to_owned() })?;
            self.method(metric, method)?;
            Ok((metric, method))
        };
        operation.leaves().into_iter().map(kept).collect()
    }

    fn tier(&self, metric: MetricId, granularity: Span) -> Result<usize, ArchiveError> {
        let definitions = &self.policy_of(metric).definitions;
        definitions.iter().position(|definition| definition.granularity == granularity).ok_or_else(|| {
            let known: Vec<String> = definitions.iter().map(|definition| definition.granularity.to_string()).collect();
            let (metric, wanted) = (self.name(metric).to_owned(), known.join(", "));
            ArchiveError::GranularityNotKept { metric, found: granularity, wanted }
        })
    }

    fn method(&self, metric: MetricId, method: Method) -> Result<usize, ArchiveError> {
        let methods = &self.policy_of(metric).methods;
        methods.binary_search(&method).map_err(|_| {
            let known: Vec<String> = methods.iter().map(Method::to_string).collect();
            ArchiveError::MethodNotKept {
                metric: self.name(metric).to_owned(),
                found: method,
                wanted: known.join(", "),
            }
        })
    }
}

/// The end of the newest bucket of tallies that is visible at `now`; everything, where nothing is published late.
fn closed_by(policy: &Policy, now: Instant) -> u64 {
    let every = policy.processing_every.as_nanos();
    if !is_late(policy) {
        return u64::MAX;
    }
    let processed = now.as_nanos().checked_div(every).map_or(now.as_nanos(), |periods| periods * every);
    processed.saturating_sub(policy.delay.as_nanos())
}
