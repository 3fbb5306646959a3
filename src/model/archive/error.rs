//! What a user of the archive can do wrong, told with what was found and what was wanted.

use crate::engine::time::{Instant, Span};

use super::method::Method;

/// A mistake in a policy, a reading or an operation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ArchiveError {
    #[error(
        "unknown aggregation method \"{found}\", want mean, sum, last, max, min, std, median, first, count, 1pct to 99pct, or rate: before one of these"
    )]
    UnknownMethod { found: String },
    #[error("aggregation methods \"{found}\", want either a list of names or changes to the default (+m, -m)")]
    MixedMethods { found: String },
    #[error("definition {found}, want {wanted}")]
    BadDefinition { found: String, wanted: &'static str },
    #[error("archive policy \"{policy}\": {found}, want {wanted}")]
    BadPolicy { policy: String, found: String, wanted: &'static str },
    #[error("{what} \"{found}\" is declared twice, want each once")]
    Twice { what: &'static str, found: String },
    #[error("unknown metric \"{found}\", want one that was declared")]
    UnknownMetric { found: String },
    #[error("metric \"{metric}\" has no method {found}, want one of its policy: {wanted}")]
    MethodNotKept { metric: String, found: Method, wanted: String },
    #[error("metric \"{metric}\" has no granularity {found}, want one of its policy: {wanted}")]
    GranularityNotKept { metric: String, found: Span, wanted: String },
    #[error("these metrics have no granularity in common, want at least one")]
    NoCommonGranularity,
    #[error("measure {found} at {at} of metric \"{metric}\", want a finite number")]
    NotFinite { metric: String, at: Instant, found: f64 },
    #[error("{found} over calendar groups, want a method without rate:")]
    CalendarRate { found: String },
    #[error("a width of zero, want a positive one")]
    ZeroWidth,
    #[error("no overlap: no time at which every series has a point")]
    NoOverlap,
    #[error("{found:.2} % of the points overlap, want at least {wanted} %")]
    LittleOverlap { found: f64, wanted: f64 },
    #[error("a rolling window of {found} points, want at most the {wanted} of the series")]
    LongWindow { found: usize, wanted: usize },
    #[error("operands on different times or granularities, want the same")]
    DifferentTimes,
    #[error("{found} series on the left and {wanted} on the right, want equally many or one")]
    DifferentWidths { found: usize, wanted: usize },
    #[error("operation {found}, want {wanted}")]
    BadOperation { found: String, wanted: &'static str },
}
