//! What the control plane remembers of the past: metrics are declared under a policy, measures are posted, and whoever
//! decides reads aggregates. The one monitor of the simulator: alarms, views and timelines read only from here.
//!
//! Source: Gnocchi 4.7.1, the time-series database of OpenStack: aggregates are computed when measures arrive, in
//! buckets aligned to the epoch, and only recent raw measures are kept.
//! Differs: a policy may keep tallies instead of raw measures ([`Keep`]), which is quick and counts several measures at
//! one instant; and a policy may publish late. The archive does no input or output and has no clock: the caller says
//! what time it is.
//!
//! ```
//! use stratosim::engine::time::{Instant, Span};
//! use stratosim::model::archive::{Archive, Definition, Method, Policy, Range};
//!
//! let mut archive = Archive::new();
//! let policy = archive.add_policy(Policy::tallies("usual", &[Definition::bounded(Span::from_secs(60), 1440)]))?;
//! let cpu = archive.declare("cpu_utilisation", policy, &[("pool", "web")])?;
//! archive.post(cpu, Instant::ZERO + Span::from_secs(5), 0.25);
//! archive.post(cpu, Instant::ZERO + Span::from_secs(65), 0.75);
//! let now = Instant::ZERO + Span::from_secs(70);
//! let points = archive.read(cpu, Method::MEAN, Some(Span::from_secs(60)), Range::ALL, now)?;
//! assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [0.25, 0.75]);
//! # Ok::<(), stratosim::model::archive::ArchiveError>(())
//! ```

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

use crate::engine::time::{Instant, Span};

mod cross;
mod error;
mod exact;
mod export;
mod method;
mod notation;
mod operation;
mod policy;
mod reading;
mod resample;
mod running;
mod series;

pub use cross::{AGGREGATED, Answer, Fill, Question, Stored, evaluate};
pub use error::ArchiveError;
pub use export::Answered;
pub use method::{Kind, Method};
pub use notation::Misread;
pub use operation::{Across, Binary, Fold, Operation, Unary};
pub use policy::{Definition, Keep, Policy, Rules};
pub use reading::Range;
pub use resample::{Calendar, Groups, resample, running_total};
pub use running::Summed;
pub use series::Point;

use exact::{Exact, Plan, Scratch};
use running::Running;

/// A policy of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyId(u16);

/// A metric of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId(u32);

#[derive(Debug)]
enum Store {
    Exact(Exact),
    Running(Running),
}

/// A measure that is not visible yet.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    visible_at: u64,
    at: u64,
    value: f64,
}

#[derive(Debug)]
struct Metric {
    name: String,
    labels: Vec<(String, String)>,
    policy: PolicyId,
    store: Store,
    /// In order of `visible_at`.
    waiting: VecDeque<Waiting>,
}

/// Policies and metrics.
#[derive(Debug, Default)]
pub struct Archive {
    policies: Vec<Policy>,
    plans: Vec<Plan>,
    metrics: Vec<Metric>,
    by_name: FxHashMap<String, MetricId>,
    /// Metrics that keep raw measures and publish them late.
    late: Vec<MetricId>,
    /// Nothing is published before this instant.
    next_publication: u64,
    scratch: Scratch,
    batch: Vec<(u64, f64)>,
}

impl Archive {
    /// An archive that knows the default policies.
    pub fn new() -> Archive {
        Archive::processing_every(Span::ZERO)
    }

    /// The same where measures under a default policy become visible at multiples of `period`; zero is at once.
    pub fn processing_every(period: Span) -> Archive {
        let mut archive = Archive::default();
        for policy in Policy::defaults() {
            archive
                .add_policy(policy.published(period, Span::ZERO))
                .expect("the default policies are sound and have different names");
        }
        archive
    }

    /// # Errors
    /// A policy that is not sound ([`Policy::check`]) or whose name is taken.
    pub fn add_policy(&mut self, policy: Policy) -> Result<PolicyId, ArchiveError> {
        let policy = policy.check()?;
        if self.policy(&policy.name).is_some() {
            return Err(ArchiveError::Twice { what: "archive policy", found: policy.name });
        }
        let id = PolicyId(u16::try_from(self.policies.len()).expect("at most 65,536 policies"));
        self.plans.push(Plan::of(&policy));
        self.policies.push(policy);
        Ok(id)
    }

    pub fn policy(&self, name: &str) -> Option<PolicyId> {
        let position = self.policies.iter().position(|policy| policy.name == name)?;
        Some(PolicyId(position as u16))
    }

    /// Changes the lengths and the back window of a policy; everything else is fixed for good. Acts from the next
    /// measures on.
    ///
    /// # Errors
    /// A granularity that the policy does not have, or lengths out of range.
    pub fn revise_policy(
        &mut self,
        id: PolicyId,
        back_window: u64,
        definitions: &[Definition],
    ) -> Result<(), ArchiveError> {
        let mut policy = self.policies[usize::from(id.0)].clone();
        for changed in definitions {
            let same = policy.definitions.iter_mut().find(|known| known.granularity == changed.granularity);
            let Some(known) = same else {
                let found = format!("granularity {}", changed.granularity);
                let wanted = "a granularity of the policy: new ones cannot be added";
                return Err(ArchiveError::BadPolicy { policy: policy.name, found, wanted });
            };
            *known = *changed;
        }
        policy.back_window = back_window;
        let policy = policy.check()?;
        for metric in self.metrics.iter_mut().filter(|metric| metric.policy == id) {
            match &mut metric.store {
                Store::Exact(exact) => exact.revise(&policy),
                Store::Running(running) => running.revise(&policy),
            }
        }
        self.policies[usize::from(id.0)] = policy;
        Ok(())
    }

    /// A new metric. The labels are the attributes of what it measures; groups are formed by them.
    ///
    /// # Errors
    /// A name that is taken.
    pub fn declare(&mut self, name: &str, policy: PolicyId, labels: &[(&str, &str)]) -> Result<MetricId, ArchiveError> {
        if self.by_name.contains_key(name) {
            return Err(ArchiveError::Twice { what: "metric", found: name.to_owned() });
        }
        let rules = &self.policies[usize::from(policy.0)];
        let store = match rules.keep {
            Keep::Measures | Keep::Every => Store::Exact(Exact::new(rules)),
            Keep::Tallies => Store::Running(Running::new(rules)),
        };
        let id = MetricId(u32::try_from(self.metrics.len()).expect("at most 2^32 metrics"));
        self.by_name.insert(name.to_owned(), id);
        if is_late(rules) && matches!(store, Store::Exact(_)) {
            self.late.push(id);
        }
        let labels = labels.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        self.metrics.push(Metric { name: name.to_owned(), labels, policy, store, waiting: VecDeque::new() });
        Ok(id)
    }

    pub fn metric(&self, name: &str) -> Option<MetricId> {
        self.by_name.get(name).copied()
    }

    pub fn name(&self, metric: MetricId) -> &str {
        &self.metrics[metric.0 as usize].name
    }

    /// Every metric, in order of declaration.
    pub fn metrics(&self) -> impl Iterator<Item = MetricId> + use<> {
        (0..self.metrics.len() as u32).map(MetricId)
    }

    /// The policy of a metric.
    pub fn policy_of(&self, metric: MetricId) -> &Policy {
        &self.policies[usize::from(self.metrics[metric.0 as usize].policy.0)]
    }

    /// Metrics grouped by the values of these labels (empty where one is missing), in order of the values.
    pub fn groups(&self, labels: &[&str]) -> BTreeMap<Vec<String>, Vec<MetricId>> {
        let mut groups: BTreeMap<Vec<String>, Vec<MetricId>> = BTreeMap::new();
        for (metric, id) in self.metrics.iter().zip(self.metrics()) {
            let value = |wanted: &&str| {
                let found = metric.labels.iter().find(|(key, _)| key == wanted);
                found.map_or_else(String::new, |(_, value)| value.clone())
            };
            groups.entry(labels.iter().map(value).collect()).or_default().push(id);
        }
        groups
    }

    /// One measure of the simulated present. The caller has ensured that the value is finite.
    ///
    /// A tally takes a few nanoseconds. Raw measures are worth a processing period in their policy: without one, each
    /// post computes the open buckets anew.
    #[inline]
    pub fn post(&mut self, metric: MetricId, at: Instant, value: f64) {
        debug_assert!(value.is_finite(), "a measure is a finite number");
        let entry = &mut self.metrics[metric.0 as usize];
        if let Store::Running(running) = &mut entry.store {
            running.post(at.as_nanos(), value, &self.policies[usize::from(entry.policy.0)]);
        } else {
            self.store(metric, at, &[(at, value)]);
        }
    }

    /// Several measures of the simulated present that the caller has summed up, at the cost of one (what CloudWatch calls
    /// a statistic set). The caller has ensured that the metric keeps tallies and that the numbers are finite.
    pub fn post_summed(&mut self, metric: MetricId, at: Instant, summed: &Summed) {
        debug_assert!(summed.count > 0 && summed.sum.is_finite(), "a statistic set has measures");
        let entry = &mut self.metrics[metric.0 as usize];
        match &mut entry.store {
            Store::Running(running) => {
                running.post_summed(at.as_nanos(), summed, &self.policies[usize::from(entry.policy.0)]);
            }
            Store::Exact(_) => unreachable!("measures that were summed up go to metrics of tallies"),
        }
    }

    /// Measures of any times, posted together at `now`; they need not be sorted.
    ///
    /// # Errors
    /// A value that is not finite; nothing of the batch is stored then.
    pub fn post_batch(
        &mut self,
        metric: MetricId,
        now: Instant,
        measures: &[(Instant, f64)],
    ) -> Result<(), ArchiveError> {
        if let Some(&(at, found)) = measures.iter().find(|(_, value)| !value.is_finite()) {
            return Err(ArchiveError::NotFinite { metric: self.name(metric).to_owned(), at, found });
        }
        self.store(metric, now, measures);
        Ok(())
    }

    fn store(&mut self, metric: MetricId, now: Instant, measures: &[(Instant, f64)]) {
        let entry = &mut self.metrics[metric.0 as usize];
        let policy = &self.policies[usize::from(entry.policy.0)];
        if let Store::Running(running) = &mut entry.store {
            measures.iter().for_each(|&(at, value)| running.post(at.as_nanos(), value, policy));
            return;
        }
        if is_late(policy) {
            let visible_at = visible_at(policy, now).as_nanos();
            let waiting = measures.iter().map(|&(at, value)| Waiting { visible_at, at: at.as_nanos(), value });
            entry.waiting.extend(waiting);
            self.next_publication = self.next_publication.min(visible_at);
        } else {
            self.batch.clear();
            self.batch.extend(measures.iter().map(|&(at, value)| (at.as_nanos(), value)));
            self.process(metric);
        }
    }

    /// Makes visible what is due at `now`: one sorted batch per metric and instant of publication. Where a policy
    /// publishes late, the caller does this before it reads.
    pub fn publish(&mut self, now: Instant) {
        if now.as_nanos() < self.next_publication {
            return;
        }
        self.next_publication = u64::MAX;
        for place in 0..self.late.len() {
            let id = self.late[place];
            while let Some(&Waiting { visible_at, .. }) = self.metrics[id.0 as usize].waiting.front() {
                if visible_at > now.as_nanos() {
                    self.next_publication = self.next_publication.min(visible_at);
                    break;
                }
                self.batch.clear();
                let waiting = &mut self.metrics[id.0 as usize].waiting;
                while let Some(due) = waiting.pop_front_if(|next| next.visible_at == visible_at) {
                    self.batch.push((due.at, due.value));
                }
                self.process(id);
            }
        }
    }

    /// When a measure of a metric that is posted at `now` becomes visible.
    pub fn visible_at(&self, metric: MetricId, now: Instant) -> Instant {
        visible_at(self.policy_of(metric), now)
    }

    /// Measures of a metric that are posted and not published yet.
    pub fn waiting(&self, metric: MetricId) -> u64 {
        self.metrics[metric.0 as usize].waiting.len() as u64
    }

    /// Measures of a metric that were posted and came too late to be stored. Tallies do not count theirs.
    pub fn too_late(&self, metric: MetricId) -> Option<u64> {
        match &self.metrics[metric.0 as usize].store {
            Store::Exact(exact) => Some(exact.too_late()),
            Store::Running(_) => None,
        }
    }

    /// Measures of a metric that another one under the same timestamp replaced; `None` where every measure counts in a tally.
    pub fn replaced(&self, metric: MetricId) -> Option<u64> {
        match &self.metrics[metric.0 as usize].store {
            Store::Exact(exact) => Some(exact.replaced()),
            Store::Running(_) => None,
        }
    }

    /// Sorts `self.batch` and stores it in a metric that keeps measures.
    fn process(&mut self, metric: MetricId) {
        let before = |a: &(u64, f64), b: &(u64, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        if !self.batch.is_sorted_by(|a, b| a.0 < b.0) {
            self.batch.sort_unstable_by(before);
        }
        let entry = &mut self.metrics[metric.0 as usize];
        let (policy, plan) = (&self.policies[usize::from(entry.policy.0)], &self.plans[usize::from(entry.policy.0)]);
        if let (Store::Exact(exact), false) = (&mut entry.store, self.batch.is_empty()) {
            exact.process(&self.batch, policy, plan, &mut self.scratch);
        }
    }
}

fn is_late(policy: &Policy) -> bool {
    !(policy.delay.is_zero() && policy.processing_every.is_zero())
}

/// When a measure posted at `now` becomes visible: after the delay, at the next multiple of the processing period.
fn visible_at(policy: &Policy, now: Instant) -> Instant {
    let earliest = Span::from_nanos(now.saturating_add(policy.delay).as_nanos());
    Instant::from_nanos(earliest.round_up_to(policy.processing_every).as_nanos())
}

#[cfg(test)]
mod tests;
