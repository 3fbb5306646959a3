//! Counts per second, minute or hour of one function as a stream of arrivals: [`super::counts`] with instants.

use super::blocks::{Blocks, Cell, Company, Period, Periods};
use super::counts::{Column, Counts, CountsError};
use super::flaw::Flaw;
use super::packed::{self, Text};
use super::place::Placement;
use crate::engine::random::Streams;
use crate::engine::time::{Instant, Span};
use std::path::Path;
use std::sync::Arc;

/// The trace. Its function has the name of the file.
pub type CountsTrace = Blocks<CountedPeriods>;

/// Opens a file of counts, one for each `period`.
pub fn open(
    path: &Path,
    column: Column,
    period: Span,
    placement: Placement,
    streams: Streams,
) -> Result<CountsTrace, Flaw> {
    let file = packed::name(path);
    if period.is_zero() {
        return Err(Flaw::file(&file, "a period of 0 s", "the length of time that a line counts"));
    }
    let counts = Counts::new(packed::open(path)?, path, column);
    let mut company = Company::new(streams);
    let stem = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let stem = stem.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("counts").to_owned();
    let function = company.cast.functions.intern(&stem).expect("the first name is never one too many");
    company.join(function);
    let periods = CountedPeriods { counts, file, period, next: 0 };
    Ok(Blocks::new(periods, company, placement))
}

/// A count for each period, one after the other.
pub struct CountedPeriods {
    counts: Counts<Text>,
    file: Arc<str>,
    period: Span,
    next: u64,
}

impl Periods for CountedPeriods {
    fn next_period(&mut self, cells: &mut Vec<Cell>, company: &mut Company) -> Result<Option<Period>, Flaw> {
        let Some(count) = self.counts.next() else { return Ok(None) };
        let count = u64::from(count.map_err(|error| flaw(&self.file, error))?);
        company.report.rows += 1;
        cells.push(Cell { member: 0, count });
        let start = self.next.checked_mul(self.period.as_nanos()).map(Instant::from_nanos);
        let start = start.ok_or_else(|| Flaw::file(&self.file, "more periods than 584 years", "a shorter period"))?;
        self.next += 1;
        Ok(Some(Period { start, length: self.period, file: self.file.clone() }))
    }
}

fn flaw(file: &Arc<str>, error: CountsError) -> Flaw {
    match error {
        CountsError::Unreadable { source, .. } => Flaw::Unreadable { file: file.clone(), source },
        CountsError::File { found, wanted, .. } => Flaw::file(file, found, wanted),
        CountsError::Line { line, column, found, wanted, .. } => {
            Flaw::Place { file: file.clone(), line, column, key: "count", found, wanted }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;

    #[test]
    fn counts_become_instants_within_their_periods() {
        let file = test_file("2\n0\n3\n");
        let open =
            |placement| open(file.path(), Column::Only, Span::from_secs(60), placement, Streams::new(1, 0)).unwrap();
        let seconds =
            |placement| all(&mut open(placement)).unwrap().iter().map(|x| x.at.as_secs_f64()).collect::<Vec<_>>();
        assert_eq!(seconds(Placement::Evenly), [0.0, 30.0, 120.0, 140.0, 160.0]);
        let uniform = seconds(Placement::Uniform);
        assert_eq!(uniform.iter().map(|at| (at / 60.0) as u64).collect::<Vec<_>>(), [0, 0, 2, 2, 2]);
        let mut trace = open(Placement::Start);
        all(&mut trace).unwrap();
        assert_eq!((trace.report().rows, trace.report().arrivals), (3, 5));
    }
}
