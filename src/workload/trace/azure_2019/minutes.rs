//! A day of counts: the file has a row for each function, a run needs a column for each minute.
//!
//! The table is turned while it is read: each minute is a list of bytes to which a row appends (rows since the last entry,
//! count), both as variable-length numbers, and appends nothing where the count is 0. A day of 50,000 functions takes two
//! to three bytes for each minute in which a function ran.

use super::super::blocks::{Cell, Company, Period};
use super::super::feed::intern;
use super::super::flaw::Flaw;
use super::super::line::{Fields, Line, Lines, Row, Separator};
use crate::engine::time::{Instant, Span};
use std::path::Path;
use std::sync::Arc;

const MINUTE: Span = Span::from_secs(60);
const MINUTES_MAX: usize = 1440;
const KEYS: [&str; 4] = ["HashOwner", "HashApp", "HashFunction", "Trigger"];
const TRIGGERS: [&str; 7] = ["http", "timer", "event", "queue", "storage", "orchestration", "others"];

/// One day, by minutes.
#[derive(Debug)]
pub struct Day {
    minutes: Vec<Minute>,
    /// The member that each row counts for.
    rows: Vec<u32>,
    /// Requests of each row.
    sums: Vec<u64>,
    next: usize,
    start: Instant,
    file: Arc<str>,
}

#[derive(Clone, Debug, Default)]
struct Minute {
    bytes: Vec<u8>,
    last_row: u32,
}

impl Default for Day {
    fn default() -> Day {
        Day { minutes: Vec::new(), rows: Vec::new(), sums: Vec::new(), next: 0, start: Instant::ZERO, file: "".into() }
    }
}

impl Day {
    /// Reads a day that begins at `start`, reusing the memory of the day before.
    pub fn read(&mut self, path: &Path, start: Instant, company: &mut Company) -> Result<(), Flaw> {
        let mut lines = Lines::open(path)?;
        self.file = lines.file().clone();
        (self.start, self.next) = (start, 0);
        self.rows.clear();
        self.sums.clear();
        let header = lines.next_line()?.ok_or_else(|| Flaw::file(&self.file, "no line", "a header"))?;
        let minutes = read_header(&header)?;
        self.minutes.resize(minutes, Minute::default());
        for minute in &mut self.minutes {
            minute.bytes.clear();
            minute.last_row = 0;
        }
        let mut name = String::new();
        let mut seen = vec![false; company.members.len()];
        while let Some(line) = lines.next_line()? {
            company.report.rows += 1;
            self.read_row(&line, &mut name, &mut seen, company)?;
        }
        if self.rows.is_empty() {
            return Err(Flaw::file(&self.file, "a header and no row", "a row for each function"));
        }
        Ok(())
    }

    fn read_row(
        &mut self,
        line: &Line<'_>,
        name: &mut String,
        seen: &mut Vec<bool>,
        company: &mut Company,
    ) -> Result<(), Flaw> {
        let mut rest = line.text;
        let mut keys = [&b""[..]; 4];
        for (key, wanted) in keys.iter_mut().zip(KEYS) {
            let end = rest
                .iter()
                .position(|&byte| byte == b',')
                .ok_or_else(|| line.flaw(wanted, line.text, "four keys and the minutes"))?;
            *key = rest[..end].trim_ascii();
            rest = &rest[end + 1..];
        }
        if keys[..3].iter().any(|key| key.is_empty()) {
            company.report.drop_row("no owner, application or function", line.file, line.number);
            return Ok(());
        }
        if !TRIGGERS.iter().any(|trigger| trigger.as_bytes() == keys[3]) {
            company.report.repair("unknown trigger taken as others", line.file, line.number);
        }
        function_name(keys[0], keys[1], keys[2], name);
        let function = intern(&mut company.cast.functions, name, "HashFunction", line)?;
        let tenant = intern(&mut company.cast.tenants, &String::from_utf8_lossy(keys[0]), "HashOwner", line)?;
        company.join(function).tenant = Some(tenant);
        seen.resize(company.members.len(), false);
        if std::mem::replace(&mut seen[function.index()], true) {
            company.report.repair("second row of a function, its counts added", line.file, line.number);
        }
        let row = self.rows.len() as u32;
        let empty = self.read_counts(line, line.text.len() - rest.len(), row)?;
        for _ in 0..empty {
            company.report.repair("empty minute taken as 0", line.file, line.number);
        }
        self.rows.push(function.index() as u32);
        Ok(())
    }

    /// The counts of a row, which begin at byte `place` of the line; how many of them were empty.
    fn read_counts(&mut self, line: &Line<'_>, mut place: usize, row: u32) -> Result<u32, Flaw> {
        let text = line.text;
        let (mut sum, mut empty) = (0u64, 0);
        let minutes = self.minutes.len();
        for (k, minute) in self.minutes.iter_mut().enumerate() {
            let start = place;
            let mut count = 0u64;
            while let Some(digit) = text.get(place).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
                count = count.saturating_mul(10).saturating_add(u64::from(digit));
                place += 1;
            }
            if place == start {
                empty += 1;
            }
            let last = k + 1 == minutes;
            match text.get(place) {
                Some(b',') if !last => place += 1,
                None if last => {}
                None => {
                    let found = format!("{} minutes", k + 1);
                    return Err(line.flaw_at(
                        place,
                        "minute",
                        found.as_bytes(),
                        format!("{minutes} minutes, as in the header"),
                    ));
                }
                Some(b',') => {
                    return Err(line.flaw_at(
                        place,
                        "minute",
                        b"more minutes",
                        format!("{minutes} minutes, as in the header"),
                    ));
                }
                Some(_) => {
                    let end = text[start..].iter().position(|&byte| byte == b',').map_or(text.len(), |at| start + at);
                    return Err(line.flaw_at(start, "minute", &text[start..end], "a whole number"));
                }
            }
            if count > 0 {
                minute.append(row, count);
                sum = sum.saturating_add(count);
            }
        }
        self.sums.push(sum);
        Ok(empty)
    }

    /// Puts the next minute with a request into `cells`; `None` when the day is over.
    pub fn next_minute(&mut self, cells: &mut Vec<Cell>) -> Option<Period> {
        let ahead = self.minutes[self.next..].iter().position(|minute| !minute.bytes.is_empty())?;
        let number = self.next + ahead;
        self.minutes[number].each(|row, count| cells.push(Cell { member: self.rows[row as usize], count }));
        self.next = number + 1;
        Some(Period { start: self.start + MINUTE * number as u64, length: MINUTE, file: self.file.clone() })
    }

    /// The member and the requests of each row.
    pub fn rows(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.rows.iter().copied().zip(self.sums.iter().copied())
    }
}

impl Minute {
    #[inline]
    fn append(&mut self, row: u32, count: u64) {
        put(&mut self.bytes, u64::from(row - self.last_row));
        put(&mut self.bytes, count);
        self.last_row = row;
    }

    fn each(&self, mut entry: impl FnMut(u32, u64)) {
        let mut bytes = self.bytes.iter();
        let mut row = 0;
        while let (Some(step), Some(count)) = (take(&mut bytes), take(&mut bytes)) {
            row += step as u32;
            entry(row, count);
        }
    }
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
#[inline]
fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[inline]
fn take(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u64> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.next()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
    }
}

/// How many minutes the header has.
fn read_header(line: &Line<'_>) -> Result<usize, Flaw> {
    let mut fields = Fields::default();
    let row = fields.cut(*line, Separator::Byte(b','))?;
    for (field, wanted) in KEYS.into_iter().enumerate() {
        if row.bytes(field) != wanted.as_bytes() {
            return Err(row.flaw(
                field,
                "header",
                format!("{wanted} (HashOwner,HashApp,HashFunction,Trigger,1,2,...)"),
            ));
        }
    }
    let minutes = row.len() - KEYS.len();
    if minutes == 0 || minutes > MINUTES_MAX {
        return Err(row.flaw(KEYS.len(), "header", format!("1 to {MINUTES_MAX} minutes")));
    }
    (1..=minutes).try_for_each(|number| check_minute(&row, number))?;
    Ok(minutes)
}

fn check_minute(header: &Row<'_>, number: usize) -> Result<(), Flaw> {
    let field = KEYS.len() + number - 1;
    if header.bytes(field) == number.to_string().as_bytes() {
        return Ok(());
    }
    Err(header.flaw(field, "header", format!("{number}: minutes stand in order, from 1")))
}

/// The name of a function: owner, application and function together.
pub fn function_name(owner: &[u8], app: &[u8], function: &[u8], name: &mut String) {
    name.clear();
    for (nth, part) in [owner, app, function].into_iter().enumerate() {
        if nth > 0 {
            name.push('/');
        }
        name.push_str(&String::from_utf8_lossy(part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_gives_back_what_was_put_in() {
        let entries = [(0, 1), (1, 127), (130, 128), (50_000, 1 << 40), (50_000, u64::MAX)];
        let mut minute = Minute::default();
        entries.iter().for_each(|&(row, count)| minute.append(row, count));
        let mut seen = Vec::new();
        minute.each(|row, count| seen.push((row, count)));
        assert_eq!(seen, entries);
    }
}
