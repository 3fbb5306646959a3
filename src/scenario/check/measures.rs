//! What calls store in the archive: of which function, in which metrics, under which timestamps.

use std::collections::{BTreeMap, BTreeSet};

use super::Checker;
use crate::model::ids::FunctionId;
use crate::model::measures::{Dated, MeasureSpec, PerCall};
use crate::model::series_ids::Owners;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;

impl Checker<'_> {
    /// The tables that are sound. `policies` are the names of those that exist, in alphabetical order.
    pub(super) fn measures(&mut self, written: &raw::Archive, policies: &[String], path: &KeyPath) -> Vec<MeasureSpec> {
        let mut under: BTreeMap<&str, &str> = BTreeMap::new();
        let mut checked = Vec::new();
        for (name, table) in &written.measures {
            let path = path.key(name);
            let mut sound = self.metric_names(&table.metrics, &path.key("metrics"));
            for (index, metric) in table.metrics.iter().enumerate() {
                let policy = *under.entry(metric).or_insert(&table.policy);
                if policy != table.policy {
                    let found = format!("\"{metric}\" under {}", table.policy);
                    let wanted = format!("the policy it has in the other table, {policy}");
                    self.refuse_found(path.key("metrics").index(index), found, wanted);
                    sound = false;
                }
            }
            let functions = self.names.functions.clone();
            let on = self.find(&functions, &table.on, path.key("on"), "a function");
            let policy = self.find(policies, &table.policy, path.key("policy"), "an archive policy");
            let value = self.law(&table.value, &path.key("value"));
            let dated = self.dated(table, &path);
            if let (true, Some(on), Some(_), Some(dated)) = (sound, on, policy, dated) {
                checked.push(MeasureSpec {
                    name: name.clone(),
                    on: FunctionId::from_index(on),
                    metrics: table.metrics.clone(),
                    policy: table.policy.clone(),
                    value,
                    dated,
                    per_call: match table.per_call {
                        raw::PerCall::All => PerCall::All,
                        raw::PerCall::One => PerCall::One,
                    },
                });
            }
        }
        checked
    }

    fn metric_names(&mut self, metrics: &[String], path: &KeyPath) -> bool {
        let mut sound = !metrics.is_empty();
        if metrics.is_empty() {
            self.refuse(path.clone(), "the name of at least one metric");
        }
        let mut seen = BTreeSet::new();
        for (index, name) in metrics.iter().enumerate() {
            let wanted = if name.is_empty() {
                "a name"
            } else if name.contains(['*', '?']) {
                "a name without * and ?, which stand for other characters in patterns"
            } else if Owners::KINDS.iter().any(|kind| name.starts_with(kind)) {
                "a name that does not begin as those of the monitor do, with pool/, source/ or function/"
            } else if !seen.insert(name) {
                "each metric once"
            } else {
                continue;
            };
            self.refuse(path.index(index), wanted);
            sound = false;
        }
        sound
    }

    fn dated(&mut self, table: &raw::ArchiveMeasures, path: &KeyPath) -> Option<Dated> {
        match (table.first, table.every) {
            (None, None) => Some(Dated::Now),
            (Some(_), Some(every)) if every.0.is_zero() => {
                self.refuse(path.key("every"), "a length of time above zero");
                None
            }
            (Some(first), Some(every)) => Some(Dated::Own { first: first.0, every: every.0 }),
            (Some(_), None) => {
                self.refuse_found(path.key("every"), "nothing", "a length of time, since `first` is there");
                None
            }
            (None, Some(_)) => {
                self.refuse_found(path.key("first"), "nothing", "a point of time, since `every` is there");
                None
            }
        }
    }
}
