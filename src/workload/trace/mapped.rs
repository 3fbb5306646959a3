//! Any table of events: a mapping says which column is what.
//!
//! `time=ts:ms,function=name,service=duration:s,memory=mem:MiB` names the columns of a file with a header; numbers from 1 name those
//! of one without. A time may be an end, from which the service time is taken; a count repeats the row.
//!
//! Two published formats are mappings and nothing else: Globus Compute, whose column names were not reachable when this
//! was written and are therefore looked for in the header (a mismatch shows the header), and the requests of day 30 of
//! Huawei 2025.

use super::arrival::Arrival;
use super::clock;
use super::feed::{Desk, Feed, Layout, Reading, span};
use super::flaw::Flaw;
use super::line::{Fields, Line, Row, Separator};
use super::number::Unit;
use crate::engine::time::Instant;
use std::path::PathBuf;
use std::sync::Arc;

/// How a point in time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    Number(Unit),
    /// ISO 8601.
    Date,
}

/// What a column may be named; numbers count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Number(usize),
    /// The first of these that the header has.
    Named(Vec<String>),
}

/// Which column is what.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    pub separator: Separator,
    pub time: (Column, Stamp),
    /// Whether the time is that of the end.
    pub time_is_end: bool,
    pub function: Option<Column>,
    pub tenant: Option<Column>,
    pub service: Option<(Column, Unit)>,
    /// With the bytes of one unit.
    pub memory: Option<(Column, f64)>,
    pub payload: Option<(Column, f64)>,
    pub count: Option<Column>,
    /// Whether the clock shows the date.
    pub dated: bool,
}

/// Most arrivals that one row may stand for.
const COUNT_MAX: u64 = 10_000_000;

impl Mapping {
    /// Reads `role=column[:unit],...`. Roles: time, end, function, tenant, service, memory, payload, count, separator (comma,
    /// semicolon, tab, space). Units: of time as in [`Unit::of`] or `iso`, of bytes B, KB, MB, GB, KiB, MiB, GiB.
    ///
    /// # Errors
    /// What part was not understood, and what is wanted instead.
    pub fn parse(text: &str) -> Result<Mapping, String> {
        let mut mapping = Mapping::plain();
        let mut timed = false;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wanted = |what: &str| format!("found \"{part}\", want {what}");
            let (role, value) = part.split_once('=').ok_or_else(|| wanted("role=column or role=column:unit"))?;
            let (name, unit) = match value.rsplit_once(':') {
                Some((name, unit)) => (name, Some(unit)),
                None => (value, None),
            };
            let column = match name.parse::<usize>() {
                Ok(0) => return Err(wanted("a column from 1, or its name")),
                Ok(number) => Column::Number(number),
                Err(_) => Column::Named(vec![name.to_owned()]),
            };
            let time_unit = |unit: Option<&str>| {
                Unit::of(unit.unwrap_or("s")).ok_or_else(|| wanted("one of the units ns, us, ms, s, min, h, d"))
            };
            let byte_unit = |unit: Option<&str>| {
                bytes_of(unit.unwrap_or("B")).ok_or_else(|| wanted("one of the units B, KB, MB, GB, KiB, MiB, GiB"))
            };
            match role {
                "time" | "end" => {
                    if std::mem::replace(&mut timed, true) {
                        return Err(wanted("one of time and end, once"));
                    }
                    let stamp = if unit == Some("iso") { Stamp::Date } else { Stamp::Number(time_unit(unit)?) };
                    mapping.time = (column, stamp);
                    mapping.time_is_end = role == "end";
                    mapping.dated = stamp == Stamp::Date;
                }
                "function" => mapping.function = Some(column),
                "tenant" => mapping.tenant = Some(column),
                "service" => mapping.service = Some((column, time_unit(unit)?)),
                "memory" => mapping.memory = Some((column, byte_unit(unit)?)),
                "payload" => mapping.payload = Some((column, byte_unit(unit)?)),
                "count" => mapping.count = Some(column),
                "separator" => {
                    mapping.separator = match value {
                        "comma" => Separator::Byte(b','),
                        "semicolon" => Separator::Byte(b';'),
                        "tab" => Separator::Byte(b'\t'),
                        "space" => Separator::Blanks,
                        _ => return Err(wanted("a separator: comma, semicolon, tab or space")),
                    };
                }
                _ => {
                    let roles =
                        "one of the roles time, end, function, tenant, service, memory, payload, count, separator";
                    return Err(wanted(roles));
                }
            }
        }
        if !timed {
            return Err(format!("found \"{text}\", want a column of the time: time=column:unit or end=column:unit"));
        }
        if mapping.time_is_end && mapping.service.is_none() {
            return Err(format!("found \"{text}\", want service=column:unit beside end=, to find the arrival"));
        }
        Ok(mapping)
    }

    /// The invocations of Globus Compute: times in nanoseconds since 1970 (Bauer et al., The Globus Compute Dataset, 2024).
    pub fn globus() -> Mapping {
        let any = |names: &[&str]| Column::Named(names.iter().map(|&name| name.to_owned()).collect());
        let time = any(&["submitted", "submit_time", "received", "received_time", "timestamp", "time"]);
        Mapping {
            time: (time, Stamp::Number(Unit::Nanosecond)),
            function: Some(any(&["function_uuid", "function_id", "function"])),
            tenant: Some(any(&["user_uuid", "user_id", "identity", "user", "anonymized_user_uuid"])),
            dated: true,
            ..Mapping::plain()
        }
    }

    /// The requests of Huawei 2025: seconds from the start of the trace, megabytes, bytes.
    pub fn huawei_2025() -> Mapping {
        let one = |name: &str| Column::Named(vec![name.to_owned()]);
        Mapping {
            time: (one("time_worker"), Stamp::Number(Unit::Second)),
            function: Some(one("funcName")),
            tenant: Some(one("userID")),
            service: Some((one("totalCost_worker"), Unit::Second)),
            memory: Some((one("memory_usage"), 1_048_576.0)),
            payload: Some((one("requestBodySize"), 1.0)),
            ..Mapping::plain()
        }
    }

    fn plain() -> Mapping {
        Mapping {
            separator: Separator::Byte(b','),
            time: (Column::Number(1), Stamp::Number(Unit::Second)),
            time_is_end: false,
            function: None,
            tenant: None,
            service: None,
            memory: None,
            payload: None,
            count: None,
            dated: false,
        }
    }

    fn columns(&self) -> impl Iterator<Item = &Column> {
        let values = [self.service.as_ref().map(|(column, _)| column)];
        let bytes = [self.memory.as_ref(), self.payload.as_ref()].map(|pair| pair.map(|(column, _)| column));
        let names = [self.function.as_ref(), self.tenant.as_ref(), self.count.as_ref()];
        [Some(&self.time.0)].into_iter().chain(values).chain(bytes).chain(names).flatten()
    }
}

/// The bytes of one unit.
fn bytes_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "B" => 1.0,
        "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1_048_576.0,
        "GiB" => 1_073_741_824.0,
        _ => return None,
    })
}

/// The trace. A file without a column for functions has one, called `default`.
pub type Mapped = Feed<MappedRows>;

/// Opens files of one layout, in order.
pub fn open(files: Vec<PathBuf>, mapping: Mapping, mut reading: Reading) -> Result<Mapped, Flaw> {
    if mapping.dated && reading.origin == super::feed::Origin::Format {
        reading.origin = super::feed::Origin::First;
    }
    let named = mapping.columns().any(|column| matches!(column, Column::Named(_)));
    Feed::open(files, MappedRows { mapping, named, places: None, fields: Fields::default() }, reading)
}

/// One row for each event, or for so many as its count says.
#[derive(Debug)]
pub struct MappedRows {
    mapping: Mapping,
    /// Whether a column has a name, so that files have a header.
    named: bool,
    places: Option<Places>,
    fields: Fields,
}

/// Where the columns stand, from 0.
#[derive(Clone, Copy, Debug)]
struct Places {
    time: usize,
    function: Option<usize>,
    tenant: Option<usize>,
    service: Option<usize>,
    memory: Option<usize>,
    payload: Option<usize>,
    count: Option<usize>,
}

impl Places {
    fn of(mapping: &Mapping, header: &Row<'_>) -> Result<Places, Flaw> {
        let place = |column: &Column| match column {
            Column::Number(number) => Ok(number - 1),
            Column::Named(names) => header.want_column("header", &names.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        let maybe = |column: Option<&Column>| column.map(place).transpose();
        Ok(Places {
            time: place(&mapping.time.0)?,
            function: maybe(mapping.function.as_ref())?,
            tenant: maybe(mapping.tenant.as_ref())?,
            service: maybe(mapping.service.as_ref().map(|(column, _)| column))?,
            memory: maybe(mapping.memory.as_ref().map(|(column, _)| column))?,
            payload: maybe(mapping.payload.as_ref().map(|(column, _)| column))?,
            count: maybe(mapping.count.as_ref())?,
        })
    }
}

impl Layout for MappedRows {
    const DATED: bool = false;

    fn begin(&mut self, _file: &Arc<str>) {
        self.places = None;
    }

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let row = self.fields.cut(*line, self.mapping.separator)?;
        let places = match self.places {
            Some(places) => places,
            None => {
                let places = *self.places.insert(Places::of(&self.mapping, &row)?);
                if self.named {
                    return Ok(());
                }
                places
            }
        };
        desk.report.rows += 1;
        arrive(&row, &self.mapping, &places, desk)
    }
}

fn arrive(row: &Row<'_>, mapping: &Mapping, places: &Places, desk: &mut Desk) -> Result<(), Flaw> {
    let line = &row.line;
    let mut at = match mapping.time.1 {
        Stamp::Number(unit) => row.nanos(places.time, "time", unit)?,
        Stamp::Date => clock::iso(row.bytes(places.time))
            .ok_or_else(|| row.flaw(places.time, "time", "a date such as 2013-08-12T13:40:46Z"))?,
    };
    let function = match places.function.map(|field| (field, row.text(field))) {
        Some((field, name)) if name.is_empty() => return Err(row.flaw(field, "function", "the name of a function")),
        Some((_, name)) => desk.function(&name, line)?,
        None => desk.function("default", line)?,
    };
    let mut arrival = Arrival::new(Instant::ZERO, function);
    if let Some(name) = places.tenant.map(|field| row.text(field)).filter(|name| !name.is_empty()) {
        arrival.tenant = Some(desk.tenant(&name, line)?);
    }
    if let (Some(field), Some((_, unit))) = (places.service, &mapping.service) {
        if row.bytes(field).is_empty() {
            desk.note("row without a service time", line);
        } else {
            let length = row.nanos(field, "service", *unit)?;
            arrival.service =
                Some(span(length).ok_or_else(|| row.flaw(field, "service", "a length of time, not negative"))?);
            if mapping.time_is_end {
                at = at.saturating_sub(length);
            }
        }
    }
    let bytes = |place: Option<usize>, unit: &Option<(Column, f64)>, key: &'static str| match (place, unit) {
        (Some(field), Some((_, unit))) if !row.bytes(field).is_empty() => {
            let value = row.decimal(field, key)?;
            let bytes = Some((value * unit + 0.5) as u64).filter(|_| value >= 0.0);
            bytes.map(Some).ok_or_else(|| row.flaw(field, key, "a number that is not negative"))
        }
        _ => Ok(None),
    };
    arrival.memory_bytes = bytes(places.memory, &mapping.memory, "memory")?;
    arrival.payload_bytes = bytes(places.payload, &mapping.payload, "payload")?;
    let count = places.count.map_or(Ok(1), |field| row.whole(field, "count"))?;
    if count > COUNT_MAX {
        let field = places.count.unwrap_or(0);
        return Err(row.flaw(field, "count", format!("at most {COUNT_MAX} arrivals for one row")));
    }
    (0..count).for_each(|_| desk.arrive(at, arrival));
    Ok(())
}

#[cfg(test)]
#[path = "mapped_tests.rs"]
mod tests;
