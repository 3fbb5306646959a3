//! Our own `requests.csv`, so that what one run was offered can be offered to another, exactly.
//!
//! The table has a row for each call in order of its end. Roots (those without a parent) are arrivals, by their number among
//! equals; calls that other calls made come of themselves in the next run and are counted. Instants and lengths have nine
//! decimals, work its shortest exact form: an arrival read is the arrival written, bit for bit.

use super::arrival::Arrival;
use super::feed::{Desk, Feed, Layout, Reading};
use super::flaw::Flaw;
use super::line::{Fields, Line, Row, Separator};
use super::number::Unit;
use crate::engine::time::Instant;
use std::path::PathBuf;
use std::sync::Arc;

/// The columns of the table, in order.
pub const COLUMNS: [&str; 26] = [
    "request",
    "call",
    "parent",
    "source",
    "client",
    "function",
    "node",
    "entry",
    "arrival_s",
    "attempt",
    "outcome",
    "pool",
    "instance",
    "cold",
    "network_s",
    "queue_s",
    "cold_start_s",
    "service_s",
    "calls_s",
    "retries_s",
    "response_s",
    "work",
    "payload_bytes",
    "cost_direct_usd",
    "cost_held_usd",
    "end_s",
];

/// The trace.
pub type RequestsTrace = Feed<Calls>;

/// Opens a table. The service time is not given out, since work says more: how long it takes is for the pool to say.
pub fn open(file: PathBuf, reading: Reading) -> Result<RequestsTrace, Flaw> {
    Feed::open([file], Calls { places: None, fields: Fields::default() }, reading)
}

/// One row for each call.
#[derive(Debug)]
pub struct Calls {
    places: Option<Places>,
    fields: Fields,
}

/// Where the columns stand that a request is made of.
#[derive(Clone, Copy, Debug)]
struct Places {
    request: usize,
    parent: usize,
    source: usize,
    function: usize,
    entry: usize,
    arrival: usize,
    work: usize,
    payload: usize,
    count: usize,
}

impl Places {
    fn of(header: &Row<'_>) -> Result<Places, Flaw> {
        let place = |name: &'static str| header.want_column("header", &[name]);
        Ok(Places {
            request: place("request")?,
            parent: place("parent")?,
            source: place("source")?,
            function: place("function")?,
            entry: place("entry")?,
            arrival: place("arrival_s")?,
            work: place("work")?,
            payload: place("payload_bytes")?,
            count: header.len(),
        })
    }
}

impl Layout for Calls {
    const DATED: bool = false;

    fn begin(&mut self, _file: &Arc<str>) {
        self.places = None;
    }

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let row = self.fields.cut(*line, Separator::Byte(b','))?;
        let Some(places) = self.places else {
            self.places = Some(Places::of(&row)?);
            return Ok(());
        };
        desk.report.rows += 1;
        row.want_fields(places.count)?;
        if !row.bytes(places.parent).is_empty() {
            desk.drop_row("call made by another call", line);
            return Ok(());
        }
        let number = row.whole(places.request, "request")?;
        let at = row.nanos(places.arrival, "arrival_s", Unit::Second)?;
        if at < 0 {
            return Err(row.flaw(places.arrival, "arrival_s", "a time from 0"));
        }
        let work = row.decimal(places.work, "work")?;
        if work < 0.0 {
            return Err(row.flaw(places.work, "work", "a number that is not negative"));
        }
        let named = |field: usize, key| {
            let text = row.text(field);
            if text.is_empty() { Err(row.flaw(field, key, "a name")) } else { Ok(text) }
        };
        let function = desk.function(&named(places.function, "function")?, line)?;
        let arrival = Arrival {
            source: Some(desk.source(&named(places.source, "source")?, line)?),
            entry: Some(desk.node(&named(places.entry, "entry")?, line)?),
            work: Some(work),
            payload_bytes: Some(row.whole(places.payload, "payload_bytes")?),
            ..Arrival::new(Instant::ZERO, function)
        };
        desk.arrive_in_order(at, number, arrival);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;
    use proptest::prelude::*;

    /// A row of the table as a run writes it.
    fn row(request: u64, parent: &str, arrival_ns: u64, work: f64, payload: u64) -> String {
        let call = u8::from(!parent.is_empty());
        let (s, ns) = (arrival_ns / 1_000_000_000, arrival_ns % 1_000_000_000);
        format!(
            "{request},{call},{parent},web,0,\"a,b\",cloud,edge,{s}.{ns:09},1,served,p,3,0,0.000000000,0.000000000,\
             0.000000000,1.000000000,0.000000000,0.000000000,1.000000000,{work},{payload},0.1,0.2,{s}.{ns:09}\n"
        )
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_bit_for_bit(
            mut requests in prop::collection::vec((0u64..u64::MAX / 4, 0f64..1e12, any::<u64>()), 1..40),
        ) {
            requests.sort_by_key(|request| request.0);
            let mut text = COLUMNS.join(",") + "\n";
            // Rows stand in order of their ends, which here is the reverse.
            for (number, &(at, work, payload)) in requests.iter().enumerate().rev() {
                text += &row(number as u64, "", at, work, payload);
                text += &row(number as u64, "0", at, 9.0, 9);
            }
            let file = test_file(&text);
            let mut trace = open(file.path().into(), Reading::default()).unwrap();
            let arrivals = all(&mut trace).unwrap();
            let read: Vec<_> = arrivals
                .iter()
                .map(|x| (x.at.as_nanos(), x.work.unwrap().to_bits(), x.payload_bytes.unwrap()))
                .collect();
            let written: Vec<_> = requests.iter().map(|&(at, work, payload)| (at, work.to_bits(), payload)).collect();
            prop_assert_eq!(read, written);
            prop_assert_eq!(trace.report().count("call made by another call"), requests.len() as u64);
            prop_assert_eq!(&**trace.cast().functions.text(arrivals[0].function), "a,b");
        }
    }

    #[test]
    fn of_equal_instants_the_lower_number_comes_first() {
        let text = COLUMNS.join(",") + "\n" + &row(2, "", 5, 2.0, 0) + &row(1, "", 5, 1.0, 0) + &row(0, "", 5, 0.0, 0);
        let file = test_file(&text);
        let arrivals = all(&mut open(file.path().into(), Reading::default()).unwrap()).unwrap();
        assert_eq!(arrivals.iter().filter_map(|x| x.work).collect::<Vec<_>>(), [0.0, 1.0, 2.0]);
    }
}
