//! Points of time: `"2020-02-24"`, `"2020-02-24 17:00:00"`, or a length of time since the start of a run, which is 1970 on the
//! calendar.

use std::fmt;

use super::{Flaw, Quantity, TimeSpan, speaks_text};
use crate::engine::time::{Instant, Span};
use crate::workload::trace::clock;

/// A point of time in whole nanoseconds, as a date or as a length of time since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Instant);

/// As far as lengths of time go, too.
const LATEST: Span = Span::from_secs(100 * 31_557_600);

impl Quantity for Moment {
    const NAME: &'static str = "Moment";
    const WANTED: &'static str =
        "a date from 1970 on, such as 2020-02-24 or 2020-02-24 17:00:00, or a length of time since then, such as 36h";
    const DESCRIPTION: &'static str =
        "A date, with or without a time of day (UTC unless it says otherwise), or a length of time since 1970.";
    const EXAMPLES: &'static [&'static str] =
        &["2020-02-24", "2020-02-24 17:00:00", "2020-02-24T17:00:00+01:00", "36h"];
    const PATTERN: &'static str = "";

    fn parse(text: &str) -> Result<Moment, Flaw> {
        let trimmed = text.trim();
        let is_date = trimmed.len() >= 10 && trimmed.as_bytes()[4] == b'-';
        if !is_date {
            return match TimeSpan::parse(text) {
                Ok(span) => Ok(Moment(Instant::ZERO + span.0)),
                Err(_) => Err(Flaw::new(Self::WANTED)),
            };
        }
        let midnight = if trimmed.len() == 10 { " 00:00:00" } else { "" };
        let nanos = clock::iso(format!("{trimmed}{midnight}").as_bytes()).and_then(|nanos| u64::try_from(nanos).ok());
        match nanos {
            Some(nanos) if nanos <= LATEST.as_nanos() => Ok(Moment(Instant::from_nanos(nanos))),
            Some(_) => Err(Flaw::new("a date of the next hundred years after 1970")),
            None => Err(Flaw::new(Self::WANTED)),
        }
    }
}

speaks_text!(Moment);

/// As a length of time: exact, and short enough for what is mostly read by programs.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.since(Instant::ZERO).fmt(f)
    }
}
