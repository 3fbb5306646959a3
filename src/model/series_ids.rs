//! Which series the monitor posts to: one for each metric of each pool, function and source, and one more where a rule keeps the
//! metric under another policy too; and those that calls store.

use super::archive::{Archive, Definition, MetricId, Policy, PolicyId, Rules};
use super::archive_spec::{ArchiveSpec, OWN_POLICIES};
use super::metric::{Metric, Owner};
use super::monitor::MonitorSpec;
use crate::engine::time::Span;

/// Series that are written out at the end, or that questions are about, reach back as far as this, or further where somebody
/// reads further.
const EXPORTED: Span = Span::from_secs(86_400);

/// Where measures go.
#[derive(Default)]
pub struct SeriesIds {
    /// By pool, in the order of [`Metric::ALL`].
    pub(super) pools: Vec<Vec<MetricId>>,
    pub(super) functions: Vec<MetricId>,
    /// By source, in the order of [`Metric::ALL`].
    pub(super) sources: Vec<Vec<MetricId>>,
    /// The series that the same measures go to under another policy; empty where no rule speaks of any metric.
    pub(super) pools_also: Vec<Vec<Option<MetricId>>>,
    pub(super) functions_also: Vec<Option<MetricId>>,
    pub(super) sources_also: Vec<Vec<Option<MetricId>>>,
}

impl SeriesIds {
    /// An archive in which they are declared, in the order of pools, sources, functions, those of rules and those that calls
    /// store; what is only read reaches back as far as `back`. The caller has ensured that owners of a kind have different
    /// names, and that policies, rules and measures were checked.
    pub fn declare(
        spec: MonitorSpec,
        back: Span,
        archive_spec: &ArchiveSpec,
        owners: &Owners<'_>,
    ) -> (Archive, SeriesIds) {
        let mut archive = Archive::processing_every(archive_spec.processing_every);
        let [read, exported] = OWN_POLICIES;
        let [read, exported] = [(read, back), (exported, back.max(EXPORTED))].map(|(name, back)| {
            let mut definitions = vec![spec.kept_for(back)];
            if spec.sample != spec.granularity {
                definitions.push(Definition::bounded(spec.sample, 2));
            }
            archive.add_policy(Policy::tallies(name, &definitions)).expect("one or two lengths make a policy")
        });
        for policy in &archive_spec.policies {
            archive.add_policy(policy.clone()).expect("the policies of a scenario were checked");
        }
        let long = archive_spec.kept_long();
        let (pools, sources, functions) = owners.each(|metric, kind, owner| {
            let name = format!("{kind}/{owner}/{}", metric.name());
            let policy = if long(&name) { exported } else { read };
            let labels = [(kind, owner), ("unit", metric.unit())];
            archive.declare(&name, policy, &labels).expect("owners have different names")
        });
        let mut ids = SeriesIds { pools, sources, functions, ..SeriesIds::default() };
        ids.declare_also(&mut archive, archive_spec, owners);
        for measures in &archive_spec.measures {
            let policy = policy_of(&archive, &measures.policy);
            for name in measures.metrics.iter().filter(|name| archive.metric(name).is_none()).collect::<Vec<_>>() {
                archive.declare(name, policy, &[]).expect("the name was looked for");
            }
        }
        (archive, ids)
    }

    /// The series that rules ask for.
    fn declare_also(&mut self, archive: &mut Archive, archive_spec: &ArchiveSpec, owners: &Owners<'_>) {
        if archive_spec.rules.is_empty() {
            return;
        }
        let rules = archive_spec.rules.iter().map(|(pattern, name)| (pattern.as_str(), name.as_str()));
        let rules = Rules::new(&rules.collect::<Vec<_>>());
        (self.pools_also, self.sources_also, self.functions_also) = owners.each(|metric, kind, owner| {
            let name = format!("{kind}/{owner}/{}", metric.name());
            let policy = rules.policy_for(&name)?;
            let id = policy_of(archive, policy);
            let labels = [(kind, owner), ("unit", metric.unit())];
            Some(archive.declare(&format!("{name}@{policy}"), id, &labels).expect("owners have different names"))
        });
    }
}

fn policy_of(archive: &Archive, name: &str) -> PolicyId {
    archive.policy(name).expect("a scenario names policies that exist")
}

/// Who has metrics, by name.
#[derive(Clone, Debug)]
pub struct Owners<'a> {
    pub pools: Vec<&'a str>,
    pub functions: Vec<&'a str>,
    pub sources: Vec<&'a str>,
}

impl Owners<'_> {
    /// The first parts of the names of their series.
    pub const KINDS: [&'static str; 3] = ["pool/", "source/", "function/"];

    /// Asks `of` for every metric of every pool, source and function, in this order: with the kind of its owner and its
    /// name.
    fn each<T>(&self, mut of: impl FnMut(Metric, &str, &str) -> T) -> (Vec<Vec<T>>, Vec<Vec<T>>, Vec<T>) {
        let mut all = |owned: Owner, kind: &str, owner: &str| -> Vec<T> {
            Metric::of(owned).map(|metric| of(metric, kind, owner)).collect()
        };
        let pools = self.pools.iter().map(|pool| all(Owner::Pool, "pool", pool)).collect();
        let sources = self.sources.iter().map(|source| all(Owner::Source, "source", source)).collect();
        let functions = self.functions.iter().map(|function| of(Metric::Invocations, "function", function)).collect();
        (pools, sources, functions)
    }
}
