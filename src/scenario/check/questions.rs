//! Questions across series: what they are about must exist and be kept; what the series then hold is known after the run.

use super::Checker;
use crate::engine::time::Span;
use crate::model::archive::{Archive, ArchiveError, Fill, Operation, Question, Rules};
use crate::model::archive_spec::QuestionSpec;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::units::nearest;

impl Checker<'_> {
    /// The questions that are sound, about the series that an archive has declared.
    pub(super) fn questions(&mut self, written: &raw::Archive, archive: &Archive, path: &KeyPath) -> Vec<QuestionSpec> {
        let names: Vec<&str> = archive.metrics().map(|metric| archive.name(metric)).collect();
        let mut checked = Vec::new();
        for (name, question) in &written.questions {
            let path = path.key(name);
            let times = self.times_asked(question, &path);
            let Some((operation, granularities)) = self.operation(question, archive, &names, &path) else { continue };
            let others = written.questions.keys().map(String::as_str).filter(|other| other != name);
            self.own_name(name, &operation, names.iter().copied().chain(others), &path);
            checked.push(QuestionSpec {
                name: name.clone(),
                operation,
                granularities,
                question: times,
                total: question.total,
            });
        }
        checked
    }

    /// From where to where, and what about times at which some series has no point.
    fn times_asked(&mut self, written: &raw::ArchiveQuestion, path: &KeyPath) -> Question {
        let (from, to) = (written.from.map(|from| from.0), written.to.map(|to| to.0));
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            self.refuse(path.key("to"), "a point of time behind `from`");
        }
        let (fill, needed) = match (written.fill, written.overlap) {
            (None, None) => (Fill::DropNa, 1.0),
            (Some(fill), None) => (fill.0, 1.0),
            (None, Some(overlap)) => (Fill::Overlap, overlap.0),
            (Some(fill), Some(_)) => {
                self.refuse(path.key("overlap"), "either `fill` or `overlap`: what is filled overlaps");
                (fill.0, 1.0)
            }
        };
        Question { granularity: None, from, to, fill, needed_overlap_percent: 100.0 * needed }
    }

    /// The operation over series that exist, and the granularities at which it is evaluated.
    fn operation(
        &mut self,
        written: &raw::ArchiveQuestion,
        archive: &Archive,
        names: &[&str],
        path: &KeyPath,
    ) -> Option<(Operation, Vec<Span>)> {
        let mut operation = written.operation.operation.clone();
        let at = path.key("operation");
        operation.replace_names(&mut |name| self.series_named(name, archive, names, &at).ok_or(())).ok()?;
        match operation.width() {
            Ok(0) => {
                self.refuse(at, "an operation with at least one metric");
                return None;
            }
            Ok(_) => {}
            Err(error) => {
                self.archive_error(error, at);
                return None;
            }
        }
        let asked = written.granularity.map(|span| span.0);
        let granularities = match archive.granularities(&operation, asked) {
            Ok(granularities) => granularities,
            Err(error) => {
                let key =
                    if matches!(error, ArchiveError::GranularityNotKept { .. }) { "granularity" } else { "operation" };
                self.archive_error(error, path.key(key));
                return None;
            }
        };
        if operation.resamples() && granularities.len() > 1 {
            let all: Vec<String> = granularities.iter().map(Span::to_string).collect();
            let wanted = format!("one of {}, since all would be resampled to the same", all.join(", "));
            self.refuse_found(path.key("granularity"), "nothing", wanted);
            return None;
        }
        Some((operation, granularities))
    }

    /// The series that a name or a pattern stands for.
    fn series_named(&mut self, name: &str, archive: &Archive, names: &[&str], at: &KeyPath) -> Option<Vec<String>> {
        let found: Vec<String> = if name.contains(['*', '?']) {
            names.iter().filter(|known| Rules::fits(name, known)).map(|&known| known.to_owned()).collect()
        } else {
            archive.metric(name).map(|_| name.to_owned()).into_iter().collect()
        };
        if found.is_empty() {
            let near = nearest(name, names.iter().copied()).map(|near| format!("did you mean \"{near}\"?"));
            let complaint = self.read.complain(at.clone(), format!("metric \"{name}\""), "a series of the archive");
            self.desk.add(complaint.with_hint(near));
            return None;
        }
        Some(found)
    }

    /// Answers stand beside the exported series, so no two may have one name.
    fn own_name<'a>(
        &mut self,
        name: &str,
        operation: &Operation,
        mut others: impl Iterator<Item = &'a str>,
        path: &KeyPath,
    ) {
        let several = operation.width().is_ok_and(|width| width > 1);
        let meets = |other: &&str| {
            let rest = other.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || several && rest.starts_with('/'))
        };
        if let Some(other) = others.find(meets) {
            let found = format!("a question whose answer would stand under the name of \"{other}\"");
            self.refuse_found(path.clone(), found, "a name of its own");
        } else if name.is_empty() {
            self.refuse_found(path.clone(), "an empty name", "a name for the answer");
        }
    }
}
