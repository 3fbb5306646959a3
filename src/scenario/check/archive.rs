//! Archive policies, the rules by which metrics get them, and what is exported.

use super::Checker;
use crate::model::archive::{ArchiveError, Definition, Method, Policy};
use crate::model::monitor::{ArchiveSpec, OWN_POLICIES};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;

impl Checker<'_> {
    pub(super) fn archive(&mut self, raw: &raw::Scenario) -> ArchiveSpec {
        let Some(written) = &raw.archive else { return ArchiveSpec::default() };
        let path = KeyPath::from("archive");
        let defaults: Vec<String> = Policy::defaults().into_iter().map(|policy| policy.name).collect();
        let mut policies = Vec::new();
        for (name, policy) in &written.policies {
            let path = path.key("policies").key(name);
            if OWN_POLICIES.contains(&name.as_str()) || defaults.contains(name) {
                self.refuse_found(path.clone(), "the name of a policy that is there already", "a name of its own");
            }
            policies.extend(self.archive_policy(name, policy, &path));
        }
        let mut known: Vec<String> = defaults.into_iter().chain(written.policies.keys().cloned()).collect();
        known.sort();
        let mut rules = Vec::new();
        for (pattern, policy) in &written.rules {
            self.find(&known, policy, path.key("rules").key(pattern), "an archive policy");
            rules.push((pattern.clone(), policy.clone()));
        }
        if written.export.is_empty() {
            let wanted = "a pattern of the series that are written out, such as \"pool/*\"";
            self.refuse_found(path.key("export"), "nothing", wanted);
        }
        ArchiveSpec {
            policies,
            rules,
            export: written.export.clone(),
            csv: written.formats.contains(&raw::SeriesFormat::Csv),
            openmetrics: written.formats.contains(&raw::SeriesFormat::Openmetrics),
        }
    }

    fn archive_policy(&mut self, name: &str, written: &raw::ArchivePolicy, path: &KeyPath) -> Option<Policy> {
        let mut definitions = Vec::new();
        for (index, line) in written.definitions.iter().enumerate() {
            let span = |span: Option<crate::scenario::units::TimeSpan>| span.map(|span| span.0);
            let (granularity, timespan) = (span(line.granularity), span(line.timespan));
            let path = path.key("definitions").index(index);
            // The archive rounds down; who writes a scenario is told instead.
            if let (Some(granularity), Some(timespan)) = (granularity, timespan)
                && !granularity.is_zero()
                && !timespan.as_nanos().is_multiple_of(granularity.as_nanos())
            {
                self.refuse(path.key("timespan"), format!("a multiple of the granularity of {granularity}"));
                continue;
            }
            match Definition::new(granularity, line.points, timespan) {
                Ok(definition) => definitions.push(definition),
                Err(error) => self.archive_error(error, path),
            }
        }
        let methods: Vec<&str> = written.methods.iter().map(String::as_str).collect();
        let methods = match Method::set(&methods, &Method::DEFAULT) {
            Ok(methods) => methods,
            Err(error) => {
                self.archive_error(error, path.key("methods"));
                return None;
            }
        };
        let policy = Policy::exact(name, written.back_window, &definitions, &methods);
        if definitions.len() < written.definitions.len() {
            return None;
        }
        policy.check().map_err(|error| self.archive_error(error, path.clone())).ok()
    }

    fn archive_error(&mut self, error: ArchiveError, path: KeyPath) {
        let text = error.to_string();
        let (found, wanted) = text.split_once(", want ").unwrap_or((&text, "another value"));
        self.refuse_found(path, found, wanted);
    }
}
