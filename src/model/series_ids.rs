//! Which series the monitor posts to: one for each metric of each pool, function and source, and one more where a rule keeps the
//! metric under another policy too.

use super::archive::{Archive, MetricId, PolicyId, Rules};
use super::function::Function;
use super::load::LoadMeter;
use super::metric::{Metric, Owner};
use super::monitor::ArchiveSpec;
use super::pool::Pool;

/// Where measures go.
#[derive(Default)]
pub(super) struct SeriesIds {
    /// By pool, in the order of [`Metric::ALL`].
    pub pools: Vec<Vec<MetricId>>,
    pub functions: Vec<MetricId>,
    /// By source, in the order of [`Metric::ALL`].
    pub sources: Vec<Vec<MetricId>>,
    /// The series that the same measures go to under another policy; empty where no rule speaks of any metric.
    pub pools_also: Vec<Vec<Option<MetricId>>>,
    pub functions_also: Vec<Option<MetricId>>,
    pub sources_also: Vec<Vec<Option<MetricId>>>,
}

impl SeriesIds {
    /// Declares them, in the order of pools, sources and functions, under the first policy, or the second where they are
    /// written out. The caller has ensured that owners of a kind have different names, and that policies and rules were
    /// checked.
    pub fn declare(
        archive: &mut Archive,
        [read, exported]: [PolicyId; 2],
        archive_spec: &ArchiveSpec,
        owners: Owners<'_>,
    ) -> SeriesIds {
        let (pools, sources, functions) = owners.each(|metric, kind, owner| {
            let name = format!("{kind}/{owner}/{}", metric.name());
            let policy = if archive_spec.exports(&name) { exported } else { read };
            let labels = [(kind, owner), ("unit", metric.unit())];
            archive.declare(&name, policy, &labels).expect("owners have different names")
        });
        let mut ids = SeriesIds { pools, sources, functions, ..SeriesIds::default() };
        ids.declare_also(archive, archive_spec, owners);
        ids
    }

    /// The series that rules ask for.
    fn declare_also(&mut self, archive: &mut Archive, archive_spec: &ArchiveSpec, owners: Owners<'_>) {
        if archive_spec.rules.is_empty() {
            return;
        }
        for policy in &archive_spec.policies {
            archive.add_policy(policy.clone()).expect("the policies of a scenario were checked");
        }
        let rules = archive_spec.rules.iter().map(|(pattern, name)| (pattern.as_str(), name.as_str()));
        let rules = Rules::new(&rules.collect::<Vec<_>>());
        (self.pools_also, self.sources_also, self.functions_also) = owners.each(|metric, kind, owner| {
            let name = format!("{kind}/{owner}/{}", metric.name());
            let policy = rules.policy_for(&name)?;
            let id = archive.policy(policy).expect("the rules of a scenario name policies that exist");
            let labels = [(kind, owner), ("unit", metric.unit())];
            Some(archive.declare(&format!("{name}@{policy}"), id, &labels).expect("owners have different names"))
        });
    }
}

/// Who has metrics.
#[derive(Clone, Copy)]
pub(super) struct Owners<'a> {
    pub pools: &'a [Pool],
    pub functions: &'a [Function],
    pub sources: &'a [LoadMeter],
}

impl Owners<'_> {
    /// Asks `of` for every metric of every pool, source and function, in this order: with the kind of its owner and its
    /// name.
    fn each<T>(&self, mut of: impl FnMut(Metric, &str, &str) -> T) -> (Vec<Vec<T>>, Vec<Vec<T>>, Vec<T>) {
        let mut all = |owned: Owner, kind: &str, owner: &str| -> Vec<T> {
            Metric::of(owned).map(|metric| of(metric, kind, owner)).collect()
        };
        let pools = self.pools.iter().map(|pool| all(Owner::Pool, "pool", &pool.spec.name)).collect();
        let sources = self.sources.iter().map(|source| all(Owner::Source, "source", &source.name)).collect();
        let functions =
            self.functions.iter().map(|function| of(Metric::Invocations, "function", &function.name)).collect();
        (pools, sources, functions)
    }
}
