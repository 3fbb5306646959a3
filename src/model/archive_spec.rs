//! What a scenario asks of the metric archive: policies and rules beside the monitor's own, measures that calls store, questions
//! across series, and what is written out.

use std::collections::BTreeSet;

use super::archive::{Operation, Policy, Question, Rules};
use super::measures::MeasureSpec;
use crate::engine::time::Span;

/// What the archive keeps beside the monitor's own policy, and which series are written out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArchiveSpec {
    /// Beside the default policies; checked, with names of their own.
    pub policies: Vec<Policy>,
    /// Patterns over names of metrics, each with the policy under which the metric is kept too.
    pub rules: Vec<(String, String)>,
    /// Measures under the default policies become visible at multiples of it; zero is at once.
    pub processing_every: Span,
    /// What calls store.
    pub measures: Vec<MeasureSpec>,
    /// What is asked at the end of a run.
    pub questions: Vec<QuestionSpec>,
    /// Patterns over names of series.
    pub export: Vec<String>,
    pub csv: bool,
    pub openmetrics: bool,
}

impl ArchiveSpec {
    /// Whether a series of this name is written out.
    pub fn exports(&self, name: &str) -> bool {
        self.export.iter().any(|pattern| Rules::fits(pattern, name))
    }

    /// Whether a run has to post anything for it.
    pub(super) fn is_read(&self) -> bool {
        !(self.export.is_empty() && self.measures.is_empty() && self.questions.is_empty())
    }

    /// Says of a name whether its series is written out or asked about.
    pub(super) fn kept_long(&self) -> impl Fn(&str) -> bool {
        let asked: BTreeSet<&str> =
            self.questions.iter().flat_map(|asked| asked.operation.leaves()).map(|(name, _)| name).collect();
        move |name| self.exports(name) || asked.contains(name)
    }
}

/// A question across series, answered at the end of a run and written out with the exported series.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionSpec {
    pub name: String,
    /// Over series that exist.
    pub operation: Operation,
    /// Those that the series have in common, or the one that is asked for; each is answered apart.
    pub granularities: Vec<Span>,
    pub question: Question,
    /// A running total is written beside the answer.
    pub total: bool,
}

/// The monitor's own policies: of series that are only read, and of those that are written out.
pub const OWN_POLICIES: [&str; 2] = ["provider", "exported"];
