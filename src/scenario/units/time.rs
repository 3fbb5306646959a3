//! Lengths of time: `"250ms"`, `"90s"`, `"1.5h"`.

use std::fmt;

use super::{Flaw, Quantity, Unit, find_unit, speaks_text, take_number, whole};
use crate::engine::time::Span;

/// A length of time in whole nanoseconds, written with its unit: ns, us, ms, s, min, h or d.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(pub Span);

/// A hundred Julian years. The clock of a run counts to 584, so a few of these add up without leaving it.
const LONGEST: Span = Span::from_secs(100 * 31_557_600);

pub(crate) const TIME_UNITS: [Unit; 7] = [
    Unit { name: "ns", factor: 1, also: &["nsec", "nanos", "nanosecond", "nanoseconds"] },
    Unit { name: "us", factor: 1_000, also: &["µs", "μs", "usec", "micros", "microsecond", "microseconds"] },
    Unit { name: "ms", factor: 1_000_000, also: &["msec", "millis", "millisecond", "milliseconds"] },
    Unit { name: "s", factor: 1_000_000_000, also: &["sec", "secs", "second", "seconds"] },
    Unit { name: "min", factor: 60_000_000_000, also: &["m", "mins", "minute", "minutes"] },
    Unit { name: "h", factor: 3_600_000_000_000, also: &["hr", "hrs", "hour", "hours"] },
    Unit { name: "d", factor: 86_400_000_000_000, also: &["day", "days"] },
];

impl Quantity for TimeSpan {
    const NAME: &'static str = "TimeSpan";
    const WANTED: &'static str = "a length of time with its unit, such as 250ms or 90s";
    const DESCRIPTION: &'static str = "A length of time with its unit: ns, us, ms, s, min, h or d.";
    const EXAMPLES: &'static [&'static str] = &["250ms", "90s", "1.5h"];
    const PATTERN: &'static str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*(ns|us|ms|s|min|h|d)\s*$";

    fn parse(text: &str) -> Result<TimeSpan, Flaw> {
        const KIND: &str = "a length of time";
        let (number, unit, at) = take_number(text, KIND, Self::WANTED)?;
        let unit = find_unit(&TIME_UNITS, unit, at, "a length of time in", Self::WANTED)?;
        let nanos = whole(number, unit.factor, KIND, "nanoseconds", "100 years")?;
        if nanos > LONGEST.as_nanos() {
            return Err(Flaw::new(format!("{KIND} of at most 100 years")));
        }
        Ok(TimeSpan(Span::from_nanos(nanos)))
    }
}

speaks_text!(TimeSpan);

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<TimeSpan> for Span {
    fn from(span: TimeSpan) -> Span {
        span.0
    }
}
