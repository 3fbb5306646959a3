//! Access logs: those of AWS application load balancers, and the common log format with its combined form.
//!
//! Source: Elastic Load Balancing User Guide, "Access logs for your Application Load Balancer", syntax; Apache HTTP Server,
//! `mod_log_config`, `common` and `combined`.
//!
//! A line is an arrival; its function is method and path, without the query and cut to so many segments as asked for.
//! A load balancer's line has the time of the answer and, in newer logs, that of the request (`request_creation_time`), which
//! is taken where it stands, else the times of processing are subtracted. Its service time is that of the target, its payload
//! the bytes received. A common log has the time of the request in whole seconds and no service time; the bytes in it are
//! those of the answer, so no payload is given.
//!
//! Known quirks: a processing time of -1 means that no target answered (kept without a service time, counted); a request
//! of `-` is one that was not understood, and its function is `-`; a day is many files, whose lines overlap.

use super::arrival::Arrival;
use super::clock;
use super::feed::{Desk, Feed, Layout, Reading, span};
use super::flaw::Flaw;
use super::line::{Fields, Line, Row, Separator};
use super::number::{self, Unit};
use crate::engine::time::{Instant, Span};
use std::path::PathBuf;

/// Which log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    LoadBalancer,
    Common,
}

/// The trace.
pub type AccessLog = Feed<Requests>;

/// Opens log files, in order. `segments` is how much of a path makes a function: 1 for `/users` of `/users/7/photo`; all of
/// it when absent.
pub fn open(
    files: Vec<PathBuf>,
    dialect: Dialect,
    segments: Option<usize>,
    reading: Reading,
) -> Result<AccessLog, Flaw> {
    Feed::open(files, Requests { dialect, segments, name: String::new(), fields: Fields::default() }, reading)
}

/// One row for each request.
#[derive(Debug)]
pub struct Requests {
    dialect: Dialect,
    segments: Option<usize>,
    name: String,
    fields: Fields,
}

impl Layout for Requests {
    const DATED: bool = true;

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        if line.text.starts_with(b"#") {
            desk.note("comment", line);
            return Ok(());
        }
        desk.report.rows += 1;
        let row = self.fields.cut(*line, Separator::Blanks)?;
        let known = match self.dialect {
            Dialect::LoadBalancer => load_balancer(&row, desk)?,
            Dialect::Common => common(&row)?,
        };
        name_of(row.bytes(known.request), self.segments, &mut self.name);
        let function = desk.function(&self.name, line)?;
        let (service, payload_bytes) = (known.service, known.payload_bytes);
        desk.arrive(known.at, Arrival { service, payload_bytes, ..Arrival::new(Instant::ZERO, function) });
        Ok(())
    }
}

/// What a line tells of a request.
struct Known {
    at: i64,
    /// The field with method and path.
    request: usize,
    service: Option<Span>,
    payload_bytes: Option<u64>,
}

fn load_balancer(row: &Row<'_>, desk: &mut Desk) -> Result<Known, Flaw> {
    const TIME: usize = 1;
    const PROCESSING: [usize; 3] = [5, 6, 7];
    const KEYS: [&str; 3] = ["request_processing_time", "target_processing_time", "response_processing_time"];
    const RECEIVED: usize = 10;
    const REQUEST: usize = 12;
    const CREATED: usize = 21;
    if row.len() <= REQUEST {
        let found = format!("{} fields", row.len());
        return Err(row.line.flaw("row", found.as_bytes(), "at least 13 fields, from type to \"request\""));
    }
    let date = |field: usize, key| {
        clock::iso(row.bytes(field)).ok_or_else(|| row.flaw(field, key, "a date such as 2018-07-02T22:23:00.186641Z"))
    };
    let mut at = date(TIME, "time")?;
    let (mut service, mut answered) = (None, true);
    let mut whole = 0i64;
    for (nth, (field, key)) in PROCESSING.into_iter().zip(KEYS).enumerate() {
        let length = row.nanos(field, key, Unit::Second)?;
        match span(length) {
            Some(length) if nth == 1 => service = Some(length),
            Some(_) => {}
            None if row.bytes(field) == b"-1" => answered = false,
            None => return Err(row.flaw(field, key, "seconds, or -1 where no target answered")),
        }
        whole = whole.saturating_add(length.max(0));
    }
    if !answered {
        desk.note("request that no target answered", &row.line);
    }
    if row.len() > CREATED && row.bytes(CREATED) != b"-" {
        at = date(CREATED, "request_creation_time")?;
    } else {
        at = at.saturating_sub(whole);
    }
    let received = number::whole(row.bytes(RECEIVED));
    let payload_bytes = Some(received.ok_or_else(|| row.flaw(RECEIVED, "received_bytes", "a whole number of bytes"))?);
    Ok(Known { at, request: REQUEST, service, payload_bytes })
}

fn common(row: &Row<'_>) -> Result<Known, Flaw> {
    const TIME: usize = 3;
    const REQUEST: usize = 4;
    const STATUS: usize = 5;
    if row.len() < 7 {
        let found = format!("{} fields", row.len());
        return Err(row.line.flaw("row", found.as_bytes(), "host ident user [time] \"request\" status bytes"));
    }
    let at = clock::common_log(row.bytes(TIME))
        .ok_or_else(|| row.flaw(TIME, "time", "a date such as [10/Oct/2000:13:55:36 -0700]"))?;
    let status = row.bytes(STATUS);
    if status != b"-" && number::whole(status).is_none_or(|code| !(100..600).contains(&code)) {
        return Err(row.flaw(STATUS, "status", "an HTTP status from 100 to 599"));
    }
    Ok(Known { at, request: REQUEST, service: None, payload_bytes: None })
}

/// `GET /users` of `GET https://example.org:443/users/7?full=1 HTTP/1.1`.
fn name_of(request: &[u8], segments: Option<usize>, name: &mut String) {
    let text = String::from_utf8_lossy(request);
    let mut words = text.split_ascii_whitespace();
    let method = words.next().unwrap_or("-");
    name.clear();
    name.push_str(method);
    let Some(target) = words.next() else { return };
    let behind_scheme =
        target.split_once("://").map_or(target, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let path = behind_scheme.split(['?', '#']).next().unwrap_or_default();
    name.push(' ');
    match segments {
        None => name.push_str(if path.is_empty() { "/" } else { path }),
        Some(segments) => {
            let start = name.len();
            for part in path.split('/').filter(|part| !part.is_empty()).take(segments) {
                name.push('/');
                name.push_str(part);
            }
            if name.len() == start {
                name.push('/');
            }
        }
    }
}

#[cfg(test)]
#[path = "access_log_tests.rs"]
mod tests;
