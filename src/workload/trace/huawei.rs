//! Huawei 2023: requests of every function in each second or minute, one column for each function.
//!
//! Source: Joosen et al., How Does It Function? (SoCC 2023), `sir-lab/data-release`: the private trace (200 functions,
//! `requests_second` and `requests_minute`) and the public one (5,093 functions, by minute), files `day_000.csv` and on,
//! `day,time,0,1,...` with time in seconds from the start of the trace. The wide quantile and count tables of the 2025
//! release have the same shape with names for columns.
//!
//! Known quirks: an empty cell means no data and is taken as no request (counted); tables written by pandas hold whole
//! floats (`3.0`); what is not whole is rounded and counted; days are missing, so time jumps. Delays are averages over
//! pods, in a table of their own of the same shape, whose unit must be said because it is not in the file.

use super::blocks::{Blocks, Cell, Company, Period, Periods};
use super::feed::intern;
use super::flaw::Flaw;
use super::line::{Fields, Line, Lines, Row, Separator};
use super::number::{self, Unit};
use super::place::Placement;
use crate::engine::law::Law;
use crate::engine::random::Streams;
use crate::engine::time::{Instant, Span};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// `requests_second/day_000.csv` and on, in order.
    pub requests: Vec<PathBuf>,
    /// `function_delay_minute/day_000.csv` and on: the mean service time of each function; may be empty.
    pub delays: Vec<PathBuf>,
    pub delay_unit: Unit,
    /// What a row counts: a second or a minute.
    pub period: Span,
}

/// The trace: all functions as one stream, a row at a time.
pub type Huawei = Blocks<WideTables>;

/// Opens the first table.
pub fn open(tables: Tables, placement: Placement, streams: Streams) -> Result<Huawei, Flaw> {
    if tables.period.is_zero() {
        return Err(Flaw::file(&"Huawei".into(), "a period of 0 s", "the length of time that a row counts"));
    }
    let requests = Wide::open(tables.requests, "requests")?;
    let delays = if tables.delays.is_empty() { None } else { Some(Wide::open(tables.delays, "delay")?) };
    let wide =
        WideTables { requests, delays, delay_unit: tables.delay_unit, period: tables.period, zero: None, ahead: None };
    Ok(Blocks::new(wide, Company::new(streams), placement))
}

/// Tables of requests with, beside them, tables of delays.
pub struct WideTables {
    requests: Wide,
    delays: Option<Wide>,
    delay_unit: Unit,
    period: Span,
    /// Time of the first row.
    zero: Option<i64>,
    /// Delays of a row whose time has not come yet.
    ahead: Option<(i64, Vec<(u32, Law)>)>,
}

impl WideTables {
    /// Takes over the delays of all rows up to `time`.
    fn take_delays(&mut self, time: i64, company: &mut Company) -> Result<(), Flaw> {
        let Some(delays) = &mut self.delays else { return Ok(()) };
        loop {
            if let Some((at, laws)) = self.ahead.take_if(|(at, _)| *at <= time) {
                debug_assert!(at <= time);
                for (member, law) in laws {
                    company.members[member as usize].service_s = Some(law);
                }
            }
            if self.ahead.is_some() {
                return Ok(());
            }
            let mut laws = Vec::new();
            let seconds = self.delay_unit.nanos() as f64 / 1e9;
            let next = delays.next_row(company, |row, field, member, company| {
                let value = row.decimal(field, "delay")?;
                if value < 0.0 {
                    company.report.repair("negative delay passed over", row.line.file, row.line.number);
                } else if let Ok(law) = Law::constant(value * seconds) {
                    laws.push((member, law));
                }
                Ok(())
            })?;
            match next {
                Some((at, _)) => self.ahead = Some((at, laws)),
                None => return Ok(()),
            }
        }
    }
}

impl Periods for WideTables {
    fn next_period(&mut self, cells: &mut Vec<Cell>, company: &mut Company) -> Result<Option<Period>, Flaw> {
        let next = self.requests.next_row(company, |row, field, member, company| {
            let count = count(row, field, company)?;
            if count > 0 {
                cells.push(Cell { member, count });
            }
            Ok(())
        })?;
        let Some((time, file)) = next else { return Ok(None) };
        self.take_delays(time, company)?;
        let zero = *self.zero.get_or_insert(time);
        Ok(Some(Period { start: Instant::from_nanos((time - zero) as u64), length: self.period, file }))
    }
}

/// A count that may be written as a float.
fn count(row: &Row<'_>, field: usize, company: &mut Company) -> Result<u64, Flaw> {
    if let Some(count) = number::whole(row.bytes(field)) {
        return Ok(count);
    }
    let value = row.decimal(field, "requests")?;
    if !(0.0..1e15).contains(&value) {
        return Err(row.flaw(field, "requests", "a count of requests, not negative"));
    }
    if value.fract() != 0.0 {
        company.report.repair("count that is not whole, rounded", row.line.file, row.line.number);
    }
    Ok(value.round() as u64)
}

/// Tables `day,time,name,name,...`, one after the other, rows in order of time.
struct Wide {
    files: VecDeque<PathBuf>,
    lines: Option<Lines>,
    /// Member of each column behind day and time.
    members: Vec<u32>,
    last: Option<i64>,
    fields: Fields,
}

impl Wide {
    fn open(files: Vec<PathBuf>, kind: &'static str) -> Result<Wide, Flaw> {
        let mut files = VecDeque::from(files);
        let Some(first) = files.pop_front() else {
            return Err(Flaw::file(&"Huawei".into(), format!("no table of {kind}"), "at least one file"));
        };
        let lines = Some(Lines::open(&first)?);
        Ok(Wide { files, lines, members: Vec::new(), last: None, fields: Fields::default() })
    }

    /// Hands each cell of the next row that is not empty to `cell`; the row's time and file, or `None` after the last.
    fn next_row(
        &mut self,
        company: &mut Company,
        mut cell: impl FnMut(&Row<'_>, usize, u32, &mut Company) -> Result<(), Flaw>,
    ) -> Result<Option<(i64, Arc<str>)>, Flaw> {
        let mut header = self.members.is_empty();
        loop {
            let Some(lines) = &mut self.lines else { return Ok(None) };
            let Some(line) = lines.next_line()? else {
                if header {
                    return Err(Flaw::file(lines.file(), "no header", "day,time and a column for each function"));
                }
                self.lines = self.files.pop_front().map(|path| Lines::open(&path)).transpose()?;
                header = true;
                continue;
            };
            let row = self.fields.cut(line, Separator::Byte(b','))?;
            if std::mem::take(&mut header) {
                self.members = read_header(&row, company)?;
                continue;
            }
            company.report.rows += 1;
            row.want_fields(self.members.len() + 2)?;
            let time = row.nanos(1, "time", Unit::Second)?;
            if self.last.is_some_and(|last| time <= last) {
                return Err(row.flaw(1, "time", "a time after that of the row before"));
            }
            self.last = Some(time);
            for (place, &member) in self.members.iter().enumerate() {
                if row.bytes(place + 2).is_empty() {
                    company.report.note("cell without data", line.file, line.number, 1);
                } else {
                    cell(&row, place + 2, member, company)?;
                }
            }
            return Ok(Some((time, line.file.clone())));
        }
    }
}

fn read_header(row: &Row<'_>, company: &mut Company) -> Result<Vec<u32>, Flaw> {
    if row.bytes(0) != b"day" || row.bytes(1) != b"time" || row.len() < 3 {
        return Err(row.flaw(0, "header", "day,time and a column for each function"));
    }
    let line: &Line<'_> = &row.line;
    let member = |field: usize| {
        let function = intern(&mut company.cast.functions, &row.text(field), "function", line)?;
        company.join(function);
        Ok(function.index() as u32)
    };
    (2..row.len()).map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;

    #[test]
    fn a_row_is_a_period_and_delays_stand_beside() {
        let requests = test_file("day,time,0,1,7\n0,60,2,,1.0\n0,120,0,1,0\n2,172800,1,1.4,\n");
        let delays = test_file("day,time,7,0,1\n0,60,250,100,\n0,120,300,100,50\n");
        let tables = Tables {
            requests: vec![requests.path().into()],
            delays: vec![delays.path().into()],
            delay_unit: Unit::Millisecond,
            period: Span::from_secs(60),
        };
        let mut trace = open(tables, Placement::Start, Streams::new(1, 0)).unwrap();
        let seen: Vec<_> = all(&mut trace)
            .unwrap()
            .iter()
            .map(|x| (x.at.as_nanos() / 1_000_000_000, x.function.index(), x.service.map(|s| s.as_nanos() / 1_000_000)))
            .collect();
        let (a, b) = (Some(100), Some(50));
        assert_eq!(seen, [(0, 0, a), (0, 0, a), (0, 2, Some(250)), (60, 1, b), (172_740, 0, a), (172_740, 1, b)]);
        let report = trace.report();
        assert_eq!((report.count("cell without data"), report.count("count that is not whole, rounded")), (3, 1));
        assert_eq!((report.rows, report.arrivals), (5, 6));
    }
}
