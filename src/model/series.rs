//! The series of the monitor: one for each metric of each pool, function and source, and one more where a rule keeps the
//! metric under another policy too.

use super::archive::{Archive, MetricId, PolicyId, Rules};
use super::function::Function;
use super::load::LoadMeter;
use super::metric::{Metric, Owner};
use super::monitor::ArchiveSpec;
use super::pool::Pool;

/// Where measures go.
#[derive(Default)]
pub(super) struct Series {
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

impl Series {
    /// Declares them, in the order of pools, sources and functions. The caller has ensured that owners of a kind have
    /// different names, and that policies and rules were checked.
    pub fn declare(
        archive: &mut Archive,
        policy: PolicyId,
        kept: &ArchiveSpec,
        (pools, functions, loads): (&[Pool], &[Function], &[LoadMeter]),
    ) -> Series {
        let mut declare = |metric: Metric, kind: &str, owner: &str| {
            let name = format!("{kind}/{owner}/{}", metric.name());
            let labels = [(kind, owner), ("unit", metric.unit())];
            archive.declare(&name, policy, &labels).expect("owners have different names")
        };
        let mut all =
            |of: Owner, kind: &str, owner: &str| Metric::of(of).map(|metric| declare(metric, kind, owner)).collect();
        let of_pools = pools.iter().map(|pool| all(Owner::Pool, "pool", &pool.spec.name)).collect();
        let of_sources = loads.iter().map(|load| all(Owner::Source, "source", &load.name)).collect();
        let of_functions =
            functions.iter().map(|function| declare(Metric::Invocations, "function", &function.name)).collect();
        let mut series = Series { pools: of_pools, functions: of_functions, sources: of_sources, ..Series::default() };
        series.declare_also(archive, kept, (pools, functions, loads));
        series
    }

    /// The series that rules ask for.
    fn declare_also(
        &mut self,
        archive: &mut Archive,
        kept: &ArchiveSpec,
        (pools, functions, loads): (&[Pool], &[Function], &[LoadMeter]),
    ) {
        if kept.rules.is_empty() {
            return;
        }
        for policy in &kept.policies {
            archive.add_policy(policy.clone()).expect("the policies of a scenario were checked");
        }
        let rules: Vec<(&str, &str)> =
            kept.rules.iter().map(|(pattern, name)| (pattern.as_str(), name.as_str())).collect();
        let rules = Rules::new(&rules);
        let mut declare = |metric: Metric, kind: &str, owner: &str| {
            let name = format!("{kind}/{owner}/{}", metric.name());
            let policy = rules.policy_for(&name)?;
            let id = archive.policy(policy).expect("the rules of a scenario name policies that exist");
            let labels = [(kind, owner), ("unit", metric.unit())];
            Some(archive.declare(&format!("{name}@{policy}"), id, &labels).expect("owners have different names"))
        };
        let mut all =
            |of: Owner, kind: &str, owner: &str| Metric::of(of).map(|metric| declare(metric, kind, owner)).collect();
        self.pools_also = pools.iter().map(|pool| all(Owner::Pool, "pool", &pool.spec.name)).collect();
        self.sources_also = loads.iter().map(|load| all(Owner::Source, "source", &load.name)).collect();
        self.functions_also =
            functions.iter().map(|function| declare(Metric::Invocations, "function", &function.name)).collect();
    }
}
