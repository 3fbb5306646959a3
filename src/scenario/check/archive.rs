//! Archive policies, the rules by which metrics get them, and what is exported. What calls store and what is asked have rooms of
//! their own.

use super::Checker;
use crate::engine::time::Span;
use crate::model::archive::{Archive, ArchiveError, Definition, Method, Policy, Rules};
use crate::model::archive_spec::{ArchiveSpec, OWN_POLICIES};
use crate::model::monitor::MonitorSpec;
use crate::model::series_ids::{Owners, SeriesIds};
use crate::scenario::complaint::quoted;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;

impl Checker<'_> {
    pub(super) fn archive(&mut self, raw: &raw::Scenario, monitor: MonitorSpec, owners: &Owners<'_>) -> ArchiveSpec {
        let Some(written) = &raw.archive else { return ArchiveSpec::default() };
        let path = KeyPath::from("archive");
        let processing_every = written.processing_every.map_or(Span::ZERO, |span| span.0);
        let defaults: Vec<String> = Policy::defaults().into_iter().map(|policy| policy.name).collect();
        let mut policies = Vec::new();
        for (name, policy) in &written.policies {
            let path = path.key("policies").key(name);
            let taken = OWN_POLICIES.contains(&name.as_str()) || defaults.contains(name);
            if taken {
                self.refuse_found(path.clone(), "the name of a policy that is there already", "a name of its own");
            }
            let policy = self.archive_policy(name, policy, processing_every, &path);
            policies.extend(policy.filter(|_| !taken));
        }
        let mut known: Vec<String> = defaults.into_iter().chain(written.policies.keys().cloned()).collect();
        known.sort();
        let mut rules = Vec::new();
        for (pattern, policy) in &written.rules {
            self.find(&known, policy, path.key("rules").key(pattern), "an archive policy");
            rules.push((pattern.clone(), policy.clone()));
        }
        let measures = self.measures(written, &known, &path.key("measures"));
        if written.export.is_empty() && written.questions.is_empty() {
            let wanted = "a pattern of the series that are written out, such as \"pool/*\"";
            self.refuse_found(path.key("export"), "nothing", wanted);
        }
        if written.formats.is_empty() {
            self.refuse_found(path.key("formats"), "nothing", "csv, openmetrics or both");
        }
        let mut spec = ArchiveSpec {
            policies,
            rules,
            processing_every,
            measures,
            questions: Vec::new(),
            export: written.export.clone(),
            csv: written.formats.contains(&raw::SeriesFormat::Csv),
            openmetrics: written.formats.contains(&raw::SeriesFormat::Openmetrics),
        };
        // Series under policies that do not exist cannot be asked about.
        let has_policy = |(_, name): &(String, String)| known.binary_search(name).is_ok();
        let sound = spec.policies.len() == written.policies.len()
            && spec.measures.len() == written.measures.len()
            && spec.rules.iter().all(has_policy);
        if sound {
            let (archive, _) = SeriesIds::declare(monitor, Span::ZERO, &spec, owners);
            self.complain_of_idle_patterns(&spec, &archive, &path);
            spec.questions = self.questions(written, &archive, &path.key("questions"));
        }
        spec
    }

    /// Every pattern is meant for some series; one that fits none is a slip.
    fn complain_of_idle_patterns(&mut self, spec: &ArchiveSpec, archive: &Archive, path: &KeyPath) {
        let fits_none = |pattern: &str| archive.metrics().all(|metric| !Rules::fits(pattern, archive.name(metric)));
        let wanted = "a pattern that fits the name of a series, such as \"pool/*\"";
        for (pattern, _) in spec.rules.iter().filter(|(pattern, _)| fits_none(pattern)) {
            self.refuse_found(path.key("rules").key(pattern), quoted(pattern), wanted);
        }
        for (index, pattern) in spec.export.iter().enumerate().filter(|(_, pattern)| fits_none(pattern)) {
            self.refuse_found(path.key("export").index(index), quoted(pattern), wanted);
        }
    }

    fn archive_policy(
        &mut self,
        name: &str,
        written: &raw::ArchivePolicy,
        processing_every: Span,
        path: &KeyPath,
    ) -> Option<Policy> {
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
        let every = written.processing_every.map_or(processing_every, |span| span.0);
        let policy = Policy::exact(name, written.back_window, &definitions, &methods).published(every, Span::ZERO);
        if definitions.len() < written.definitions.len() {
            return None;
        }
        policy.check().map_err(|error| self.archive_error(error, path.clone())).ok()
    }

    pub(super) fn archive_error(&mut self, error: ArchiveError, path: KeyPath) {
        let text = error.to_string();
        let (found, wanted) = text.split_once(", want ").unwrap_or((&text, "another value"));
        self.refuse_found(path, found, wanted);
    }
}
