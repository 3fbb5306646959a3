//! The plainest table of arrivals, in which `trace import` leaves every other format: one row for each arrival, in order.
//!
//! `arrival_s,function,tenant,source,entry,service_s,work,memory_bytes,payload_bytes`; seconds have nine decimals, what is not known
//! is empty. Written and read again, a trace is the same bit for bit.

use super::arrival::{Arrival, Cast, Name, Names};
use super::feed::{Desk, Feed, Layout, Reading, Trace, span};
use super::flaw::Flaw;
use super::line::{Fields, Line, Row, Separator};
use super::number::Unit;
use crate::engine::time::Instant;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// The columns, in order. A file may lack all but the first two.
pub const COLUMNS: [&str; 9] =
    ["arrival_s", "function", "tenant", "source", "entry", "service_s", "work", "memory_bytes", "payload_bytes"];

/// The trace.
pub type Arrivals = Feed<ArrivalRows>;

/// Opens tables of arrivals, in order.
pub fn open(files: Vec<PathBuf>, reading: Reading) -> Result<Arrivals, Flaw> {
    Feed::open(files, ArrivalRows { places: None, fields: Fields::default() }, reading)
}

/// One row for each arrival.
#[derive(Debug)]
pub struct ArrivalRows {
    /// Where each column stands, and how many there are.
    places: Option<([Option<usize>; 9], usize)>,
    fields: Fields,
}

impl Layout for ArrivalRows {
    const DATED: bool = false;

    fn begin(&mut self, _file: &Arc<str>) {
        self.places = None;
    }

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let row = self.fields.cut(*line, Separator::Byte(b','))?;
        let Some((places, count)) = &self.places else {
            let mut places = [None; COLUMNS.len()];
            for (place, name) in places.iter_mut().zip(COLUMNS) {
                *place = row.find("header", &[name])?;
            }
            row.want_column("header", &COLUMNS[..1])?;
            row.want_column("header", &COLUMNS[1..2])?;
            self.places = Some((places, row.len()));
            return Ok(());
        };
        desk.report.rows += 1;
        row.want_fields(*count)?;
        let known = |column: usize| places[column].filter(|&field| !row.bytes(field).is_empty());
        let wanted = |column: usize| {
            known(column).ok_or_else(|| row.flaw(places[column].unwrap_or(0), COLUMNS[column], "a value"))
        };
        let at = row.nanos(wanted(0)?, "arrival_s", Unit::Second)?;
        let mut arrival = Arrival::new(Instant::ZERO, desk.function(&row.text(wanted(1)?), line)?);
        arrival.tenant = known(2).map(|field| desk.tenant(&row.text(field), line)).transpose()?;
        arrival.source = known(3).map(|field| desk.source(&row.text(field), line)).transpose()?;
        arrival.entry = known(4).map(|field| desk.node(&row.text(field), line)).transpose()?;
        if let Some(field) = known(5) {
            let length = span(row.nanos(field, "service_s", Unit::Second)?);
            arrival.service =
                Some(length.ok_or_else(|| row.flaw(field, "service_s", "a length of time, not negative"))?);
        }
        arrival.work = known(6).map(|field| not_negative(&row, field, "work")).transpose()?;
        arrival.memory_bytes = known(7).map(|field| row.whole(field, "memory_bytes")).transpose()?;
        arrival.payload_bytes = known(8).map(|field| row.whole(field, "payload_bytes")).transpose()?;
        desk.arrive(at, arrival);
        Ok(())
    }
}

fn not_negative(row: &Row<'_>, field: usize, key: &'static str) -> Result<f64, Flaw> {
    let value = row.decimal(field, key)?;
    if value < 0.0 { Err(row.flaw(field, key, "a number that is not negative")) } else { Ok(value) }
}

/// Why a trace could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Trace(#[from] Flaw),
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

/// Writes all arrivals of a trace, header first; how many there were.
pub fn write(trace: &mut dyn Trace, out: &mut dyn Write) -> Result<u64, CopyError> {
    writeln!(out, "{}", COLUMNS.join(","))?;
    let mut arrivals = 0;
    while let Some(arrival) = trace.next_arrival()? {
        write_row(&arrival, trace.cast(), out)?;
        arrivals += 1;
    }
    Ok(arrivals)
}

fn write_row(arrival: &Arrival, cast: &Cast, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{},", arrival.at)?;
    write_name(cast.functions.text(arrival.function), out)?;
    for (name, names) in
        [(arrival.tenant, &cast.tenants), (arrival.source, &cast.sources), (arrival.entry, &cast.nodes)]
    {
        out.write_all(b",")?;
        write_known(name, names, out)?;
    }
    out.write_all(b",")?;
    if let Some(service) = arrival.service {
        write!(out, "{}", Instant::from_nanos(service.as_nanos()))?;
    }
    out.write_all(b",")?;
    if let Some(work) = arrival.work {
        write!(out, "{work}")?;
    }
    for bytes in [arrival.memory_bytes, arrival.payload_bytes] {
        out.write_all(b",")?;
        if let Some(bytes) = bytes {
            write!(out, "{bytes}")?;
        }
    }
    out.write_all(b"\n")
}

fn write_known(name: Option<Name>, names: &Names, out: &mut dyn Write) -> io::Result<()> {
    name.map_or(Ok(()), |name| write_name(names.text(name), out))
}

/// A name, in quotes where it needs them. Line ends, which no reader keeps, become blanks.
fn write_name(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let plain = !text.contains(['"', ',', '\n', '\r']) && text.trim() == text;
    if plain {
        return out.write_all(text.as_bytes());
    }
    write!(out, "\"{}\"", text.replace('"', "\"\"").replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::super::feed::all;
    use super::super::test_file;
    use super::*;

    #[test]
    fn a_trace_written_and_read_is_the_same_text() {
        let text = "\
arrival_s,function,tenant,source,entry,service_s,work,memory_bytes,payload_bytes
0.000000001,\"a,\"\"b\"\"\",t,s,n,1.500000000,0.1,128,7
2.000000000,g,,,,,,,
";
        let file = test_file(text);
        let mut out = Vec::new();
        let mut trace = open(vec![file.path().into()], Reading::default()).unwrap();
        assert_eq!(write(&mut trace, &mut out).unwrap(), 2);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn two_columns_are_enough() {
        let file = test_file("function,arrival_s\nf,3\ng,1\n");
        let arrivals = all(&mut open(vec![file.path().into()], Reading::default()).unwrap()).unwrap();
        assert_eq!(arrivals.iter().map(|x| x.at.as_secs_f64()).collect::<Vec<_>>(), [1.0, 3.0]);
    }
}
