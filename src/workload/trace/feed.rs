//! A trace as a stream of arrivals in order of time, and the part that all formats with one row per event share: files
//! one after the other, rows brought into order within a window, bad rows refused or counted, the clock set to zero.

use super::arrival::{Arrival, Cast, Name, Names};
use super::flaw::Flaw;
use super::line::{Line, Lines};
use super::order::{Held, Window};
use super::report::Report;
use crate::engine::time::{Instant, Span};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

/// Recorded arrivals, in order of time.
pub trait Trace {
    /// The next arrival; `None` at the end and after a flaw.
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw>;
    /// The names that the arrivals so far refer to.
    fn cast(&self) -> &Cast;
    /// What was done to the trace so far.
    fn report(&self) -> &Report;
    /// Where the time ends that the trace has told of so far; `None` where only its arrivals say.
    fn end(&self) -> Option<Instant> {
        None
    }
}

impl<T: Trace + ?Sized> Trace for Box<T> {
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw> {
        (**self).next_arrival()
    }

    fn cast(&self) -> &Cast {
        (**self).cast()
    }

    fn report(&self) -> &Report {
        (**self).report()
    }

    fn end(&self) -> Option<Instant> {
        (**self).end()
    }
}

/// Where the clock of a trace is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// As the format has it: at the zero of a relative clock, at the first arrival of one that shows the date.
    #[default]
    Format,
    /// At the first arrival.
    First,
    /// At this reading of the trace's clock, in nanoseconds.
    At(i64),
}

/// What becomes of a row that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// It ends the reading with a flaw.
    Stop,
    /// It is dropped and counted under what was wrong with it.
    Drop,
}

/// What becomes of an arrival that comes later in the file than the window can mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// It is moved to the instant of the last arrival given out, and counted.
    Move,
    /// It ends the reading with a flaw.
    Stop,
}

/// How a file with one row per event is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Arrivals held to bring them into order.
    pub window: usize,
    pub origin: Origin,
    pub bad_rows: BadRows,
    pub late: Late,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { window: 1 << 16, origin: Origin::Format, bad_rows: BadRows::Stop, late: Late::Move }
    }
}

/// A format with one row per event: what a line means.
pub trait Layout {
    /// Whether the clock shows the date, so that the first arrival is taken as zero.
    const DATED: bool;

    /// A file begins, perhaps with a header.
    fn begin(&mut self, _file: &Arc<str>) {}

    /// Reads a line and hands in what it tells of.
    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw>;

    /// A file ends. Only a flaw of what it lacks is expected here.
    fn end(&mut self, _file: &Arc<str>) -> Result<(), Flaw> {
        Ok(())
    }

    /// The last file has ended: hands in what was held back.
    fn finish(&mut self, _desk: &mut Desk) -> Result<(), Flaw> {
        Ok(())
    }
}

/// Where a row stands: its file, by number among those read, and its line from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    file: u32,
    line: u64,
}

/// An arrival and the row that it was read from.
#[derive(Debug)]
struct Read {
    arrival: Arrival,
    spot: Spot,
}

/// Where a layout hands in arrivals, repairs and names.
#[derive(Debug)]
pub struct Desk {
    pub cast: Cast,
    pub report: Report,
    window: Window<Read>,
    rows_seen: u64,
    /// Names of the files opened so far, in order.
    files: Vec<Arc<str>>,
    here: Spot,
}

impl Desk {
    /// An arrival at `at` on the clock of the trace; its own instant is not read. Of equals, the row first read comes first.
    #[inline]
    pub fn arrive(&mut self, at: i64, arrival: Arrival) {
        self.arrive_from(self.here, at, arrival);
    }

    /// Like [`Desk::arrive`], of a row read earlier and held back since.
    #[inline]
    pub fn arrive_from(&mut self, spot: Spot, at: i64, arrival: Arrival) {
        self.rows_seen += 1;
        self.window.push(Held { at, tie: self.rows_seen, what: Read { arrival, spot } });
    }

    /// Like [`Desk::arrive`], with the order among equals.
    #[inline]
    pub fn arrive_in_order(&mut self, at: i64, tie: u64, arrival: Arrival) {
        self.window.push(Held { at, tie, what: Read { arrival, spot: self.here } });
    }

    /// Where the row stands that is being read.
    pub fn here(&self) -> Spot {
        self.here
    }

    pub fn repair(&mut self, why: &'static str, line: &Line<'_>) {
        self.report.repair(why, line.file, line.number);
    }

    pub fn drop_row(&mut self, why: &'static str, line: &Line<'_>) {
        self.report.drop_row(why, line.file, line.number);
    }

    pub fn note(&mut self, what: &'static str, line: &Line<'_>) {
        self.report.note(what, line.file, line.number, 1);
    }

    pub fn function(&mut self, text: &str, line: &Line<'_>) -> Result<Name, Flaw> {
        intern(&mut self.cast.functions, text, "function", line)
    }

    pub fn tenant(&mut self, text: &str, line: &Line<'_>) -> Result<Name, Flaw> {
        intern(&mut self.cast.tenants, text, "tenant", line)
    }

    pub fn source(&mut self, text: &str, line: &Line<'_>) -> Result<Name, Flaw> {
        intern(&mut self.cast.sources, text, "source", line)
    }

    pub fn node(&mut self, text: &str, line: &Line<'_>) -> Result<Name, Flaw> {
        intern(&mut self.cast.nodes, text, "node", line)
    }
}

/// The name of `text`, unless it is one name too many.
pub fn intern(names: &mut Names, text: &str, key: &'static str, line: &Line<'_>) -> Result<Name, Flaw> {
    let wanted = || format!("at most {} distinct names; a column or a shorter path that groups them", Names::MAX);
    names.intern(text).ok_or_else(|| line.flaw(key, text.as_bytes(), wanted()))
}

/// The trace that a layout reads from files, one after the other.
pub struct Feed<L> {
    layout: L,
    reading: Reading,
    files: VecDeque<PathBuf>,
    lines: Option<Lines>,
    desk: Desk,
    /// Reading of the clock at instant zero, once known.
    zero: Option<i64>,
    last: Instant,
    ended: bool,
}

impl<L: Layout> Feed<L> {
    /// Opens the first file, so that what cannot be read is said before a run begins.
    pub fn open(files: impl IntoIterator<Item = PathBuf>, layout: L, reading: Reading) -> Result<Feed<L>, Flaw> {
        let zero = match reading.origin {
            Origin::At(zero) => Some(zero),
            Origin::Format if !L::DATED => Some(0),
            Origin::Format | Origin::First => None,
        };
        let desk = Desk {
            cast: Cast::default(),
            report: Report::default(),
            window: Window::new(reading.window),
            rows_seen: 0,
            files: Vec::new(),
            here: Spot::default(),
        };
        let files = files.into_iter().collect();
        let mut feed = Feed { layout, reading, files, lines: None, desk, zero, last: Instant::ZERO, ended: false };
        feed.open_next()?;
        Ok(feed)
    }

    /// Whether there was another file.
    fn open_next(&mut self) -> Result<bool, Flaw> {
        let Some(path) = self.files.pop_front() else { return Ok(false) };
        let lines = Lines::open(&path)?;
        self.layout.begin(lines.file());
        self.desk.here = Spot { file: self.desk.files.len() as u32, line: 0 };
        self.desk.files.push(lines.file().clone());
        self.lines = Some(lines);
        Ok(true)
    }

    /// Reads one line; false when all files have ended.
    fn read_line(&mut self) -> Result<bool, Flaw> {
        let Some(lines) = &mut self.lines else { return Ok(false) };
        let Some(line) = lines.next_line()? else {
            self.layout.end(lines.file())?;
            self.lines = None;
            let more = self.open_next()?;
            if !more {
                self.layout.finish(&mut self.desk)?;
            }
            return Ok(more);
        };
        self.desk.here.line = line.number;
        match self.layout.line(&line, &mut self.desk) {
            Err(flaw) if self.reading.bad_rows == BadRows::Drop => {
                let why = flaw.key().ok_or(flaw)?;
                self.desk.report.drop_row(why, line.file, line.number);
            }
            other => other?,
        }
        Ok(true)
    }

    fn give_out(&mut self, held: Held<Read>) -> Result<Arrival, Flaw> {
        let zero = *self.zero.get_or_insert(held.at);
        // The row's own place: the reading may be a window further on, or at the end.
        let Read { arrival, spot: Spot { file, line } } = held.what;
        let file = &self.desk.files[file as usize];
        let since = held.at.checked_sub(zero).and_then(|ns| u64::try_from(ns).ok());
        if since.is_none() {
            self.desk.report.repair("arrival before the zero of the clock taken as 0", file, line);
        }
        let mut at = Instant::from_nanos(since.unwrap_or(0));
        if at < self.last {
            if self.reading.late == Late::Stop {
                let found = format!("an arrival {} earlier than one given out", self.last.since(at));
                let wanted = format!("rows in order within a window of {} arrivals", self.reading.window);
                return Err(Flaw::Place { file: file.clone(), line, column: 1, key: "time", found, wanted });
            }
            self.desk.report.repair("arrival later than the window mends, moved forward", file, line);
            at = self.last;
        }
        self.last = at;
        self.desk.report.arrivals += 1;
        Ok(Arrival { at, ..arrival })
    }

    fn next_or_flaw(&mut self) -> Result<Option<Arrival>, Flaw> {
        while !self.desk.window.is_over() {
            if !self.read_line()? {
                break;
            }
        }
        self.desk.window.pop().map(|held| self.give_out(held)).transpose()
    }
}

impl<L: Layout> Trace for Feed<L> {
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw> {
        if self.ended {
            return Ok(None);
        }
        let next = self.next_or_flaw();
        self.ended = !matches!(next, Ok(Some(_)));
        next
    }

    fn cast(&self) -> &Cast {
        &self.desk.cast
    }

    fn report(&self) -> &Report {
        &self.desk.report
    }
}

/// A length of time that a trace gives in nanoseconds; `None` for a negative one.
#[inline]
pub fn span(ns: i64) -> Option<Span> {
    u64::try_from(ns).ok().map(Span::from_nanos)
}

/// All arrivals of a trace, for tests and small files.
pub fn all(trace: &mut dyn Trace) -> Result<Vec<Arrival>, Flaw> {
    let mut arrivals = Vec::new();
    while let Some(arrival) = trace.next_arrival()? {
        arrivals.push(arrival);
    }
    Ok(arrivals)
}
