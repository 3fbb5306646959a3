//! Azure Functions 2021: every invocation of two weeks, with its end and its length.
//!
//! Source: Zhang et al., Faster and Cheaper Serverless Computing on Harvested Resources (SOSP 2021),
//! `AzureFunctionsInvocationTrace2021.md`: one text file inside a RAR archive, `app,func,end_timestamp,duration` in
//! seconds from the start of the trace.
//!
//! Known quirks: an arrival is end - duration, so rows are not in order of arrival and the first ones lie before the
//! start (taken as 0 and counted); a function is unique only within its application, so both make its name; 8.65 % of the
//! durations are 0 (kept and noted); cold starts are not included; there is no memory, so peers draw it.

use super::arrival::{Arrival, Name};
use super::azure_2019::burr_bytes;
use super::feed::{Desk, Feed, Layout, Reading, span};
use super::flaw::Flaw;
use super::line::{Fields, Line, Separator};
use super::number::Unit;
use crate::engine::random::Streams;
use crate::engine::time::Instant;
use std::path::PathBuf;
use std::sync::Arc;

const HEADER: [&str; 4] = ["app", "func", "end_timestamp", "duration"];

/// What a function is said to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// Nothing is said.
    #[default]
    Unknown,
    /// The same for all (InVitro: 200 MB).
    Constant { bytes: u64 },
    /// One draw for each function from the Burr law of the trace of 2019 (DSLab).
    Burr,
}

/// The trace.
pub type Azure2021 = Feed<Invocations>;

/// Opens the trace.
pub fn open(file: PathBuf, memory: Memory, streams: Streams, reading: Reading) -> Result<Azure2021, Flaw> {
    let layout = Invocations {
        memory,
        streams,
        known: Vec::new(),
        header: false,
        name: String::new(),
        fields: Fields::default(),
    };
    Feed::open([file], layout, reading)
}

/// One row for each invocation.
#[derive(Debug)]
pub struct Invocations {
    memory: Memory,
    streams: Streams,
    /// Memory of each function met so far.
    known: Vec<Option<u64>>,
    /// Whether the header has been read.
    header: bool,
    name: String,
    fields: Fields,
}

impl Invocations {
    fn memory_of(&mut self, function: Name) -> Option<u64> {
        if let Some(&memory) = self.known.get(function.index()) {
            return memory;
        }
        let memory = match self.memory {
            Memory::Unknown => None,
            Memory::Constant { bytes } => Some(bytes),
            Memory::Burr => Some(burr_bytes(self.streams.stream("memory", &self.name).uniform())),
        };
        self.known.push(memory);
        memory
    }
}

impl Layout for Invocations {
    const DATED: bool = false;

    fn begin(&mut self, _file: &Arc<str>) {
        self.header = false;
    }

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let mut fields = std::mem::take(&mut self.fields);
        let result = self.row(line, &mut fields, desk);
        self.fields = fields;
        result
    }
}

impl Invocations {
    fn row(&mut self, line: &Line<'_>, fields: &mut Fields, desk: &mut Desk) -> Result<(), Flaw> {
        let row = fields.cut(*line, Separator::Byte(b','))?;
        if !self.header {
            self.header = row.iter().eq(HEADER.map(str::as_bytes));
            return if self.header { Ok(()) } else { Err(line.flaw("header", line.text, HEADER.join(","))) };
        }
        desk.report.rows += 1;
        row.want_fields(HEADER.len())?;
        let end = row.nanos(2, "end_timestamp", Unit::Second)?;
        let duration = row.nanos(3, "duration", Unit::Second)?;
        let service = span(duration).ok_or_else(|| row.flaw(3, "duration", "a length of time, not negative"))?;
        if service.is_zero() {
            desk.note("duration of 0 s", line);
        }
        let mut at =
            end.checked_sub(duration).ok_or_else(|| row.flaw(2, "end_timestamp", "a time within 292 years"))?;
        if at < 0 {
            desk.repair("began before the trace, taken as its start", line);
            at = 0;
        }
        self.name.clear();
        self.name.push_str(&row.text(0));
        self.name.push('/');
        self.name.push_str(&row.text(1));
        let function = desk.function(&self.name, line)?;
        let memory_bytes = self.memory_of(function);
        let known = Arrival::new(Instant::ZERO, function);
        desk.arrive(at, Arrival { service: Some(service), memory_bytes, ..known });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;

    #[test]
    fn rows_in_order_of_end_come_out_in_order_of_arrival() {
        let text =
            "app,func,end_timestamp,duration\na1,f1,0.5,0.7\na1,f2,2.0,1.9\na2,f1,2.5,0.0\na1,f1,3.000000001,1\n";
        let file = test_file(text);
        let open = || open(file.path().into(), Memory::Burr, Streams::new(1, 0), Reading::default()).unwrap();
        let mut trace = open();
        let arrivals = all(&mut trace).unwrap();
        let seen: Vec<_> = arrivals.iter().map(|x| (x.at.as_nanos(), x.service.unwrap().as_nanos())).collect();
        let ms = 1_000_000;
        assert_eq!(seen, [(0, 700 * ms), (100 * ms, 1_900 * ms), (2_000_000_001, 1_000 * ms), (2_500 * ms, 0)]);
        let names: Vec<_> = trace.cast().functions.iter().map(|name| &**name).collect();
        assert_eq!(names, ["a1/f1", "a1/f2", "a2/f1"]);
        assert_eq!(trace.report().count("began before the trace, taken as its start"), 1);
        assert_eq!(trace.report().count("duration of 0 s"), 1);
        assert!(arrivals[0].memory_bytes == arrivals[2].memory_bytes && arrivals[0].memory_bytes.is_some());
        assert_eq!(all(&mut open()).unwrap(), arrivals);
    }
}
