//! Bitbrains (GWA-T-12): how busy each of 1,750 virtual machines was, every five minutes.
//!
//! Source: Shen, van Beek, Iosup, Statistical Characterization of Business-Critical Workloads (CCGrid 2015); one file for each
//! machine, separator `;` and tab, header `Timestamp [ms]`, `CPU cores` and so on.
//!
//! There are no requests in it. A reading becomes an arrival of the work that the machine did in the period: its function
//! is the machine (the file's name), its service time the processor seconds used, its memory the memory used.
//!
//! Known quirks: the header says milliseconds but the values are seconds since 1970 (in some files milliseconds, in some
//! a date), which the size of the number tells; usage above 100 % occurs and is kept and noted; some rows repeat an
//! instant (noted).

use super::arrival::Arrival;
use super::clock;
use super::feed::{Desk, Feed, Layout, Origin, Reading};
use super::flaw::Flaw;
use super::line::{Fields, Line, Lines, Row, Separator};
use super::merged::Merged;
use super::number::{self, Unit};
use crate::engine::time::{Instant, Span};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The readings of one machine; those of many are put together by `merge`.
pub type Bitbrains = Feed<Readings>;

/// Length of a period of the trace.
pub const PERIOD: Span = Span::from_secs(300);

/// Opens the file of one machine.
pub fn open(file: PathBuf, reading: Reading) -> Result<Bitbrains, Flaw> {
    let machine = Path::new(&file).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let machine = machine.split('.').next().unwrap_or_default().to_owned();
    let layout = Readings { machine, columns: None, last: i64::MIN, fields: Fields::default() };
    Feed::open([file], layout, reading)
}

/// Opens the files of many machines, as one trace on one clock whose zero is the earliest reading.
///
/// All files are open at once, a few kilobytes each; where the system allows fewer, its message says so.
pub fn open_all(files: Vec<PathBuf>, mut reading: Reading) -> Result<Merged<Bitbrains>, Flaw> {
    if reading.origin == Origin::Format {
        let firsts: Vec<i64> = files.iter().map(|file| first(file)).collect::<Result<_, _>>()?;
        reading.origin = firsts.into_iter().min().map_or(Origin::Format, Origin::At);
    }
    Ok(Merged::new(files.into_iter().map(|file| open(file, reading)).collect::<Result<Vec<_>, _>>()?))
}

/// The instant of the first reading of a file.
fn first(file: &Path) -> Result<i64, Flaw> {
    let mut lines = Lines::open(file)?;
    let mut fields = Fields::default();
    let column = match lines.next_line()? {
        Some(line) => Columns::of(&fields.cut(line, Separator::Byte(b';'))?)?.timestamp,
        None => return Err(Flaw::file(lines.file(), "no line", "a header")),
    };
    let name = lines.file().clone();
    let Some(line) = lines.next_line()? else { return Err(Flaw::file(&name, "a header and no row", "a reading")) };
    let row = fields.cut(line, Separator::Byte(b';'))?;
    instant(row.bytes(column)).ok_or_else(|| row.flaw(column, "Timestamp", WANTED))
}

const WANTED: &str = "seconds or milliseconds since 1970, or a date such as 2013-08-12 13:40:46";

/// One row for each reading.
#[derive(Debug)]
pub struct Readings {
    machine: String,
    columns: Option<Columns>,
    last: i64,
    fields: Fields,
}

#[derive(Clone, Copy, Debug)]
struct Columns {
    timestamp: usize,
    cores: usize,
    usage_percent: usize,
    memory_kb: usize,
    count: usize,
}

impl Columns {
    fn of(header: &Row<'_>) -> Result<Columns, Flaw> {
        let column = |name: &str| header.want_column("header", &[name]);
        Ok(Columns {
            timestamp: column("Timestamp [ms]")?,
            cores: column("CPU cores")?,
            usage_percent: column("CPU usage [%]")?,
            memory_kb: column("Memory usage [KB]")?,
            count: header.len(),
        })
    }
}

/// The instant of a reading, whether written in seconds, milliseconds or as a date.
fn instant(text: &[u8]) -> Option<i64> {
    // 1e11 s lie in the year 5138, 1e11 ms in 1973: nothing was measured in either.
    match number::decimal(text) {
        Some(value) if value.abs() < 1e11 => number::nanos(text, Unit::Second),
        Some(_) => number::nanos(text, Unit::Millisecond),
        None => clock::iso(text),
    }
}

impl Layout for Readings {
    const DATED: bool = true;

    fn begin(&mut self, _file: &Arc<str>) {
        self.columns = None;
    }

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let row = self.fields.cut(*line, Separator::Byte(b';'))?;
        let Some(columns) = self.columns else {
            self.columns = Some(Columns::of(&row)?);
            return Ok(());
        };
        desk.report.rows += 1;
        row.want_fields(columns.count)?;
        let wanted = "seconds or milliseconds since 1970, or a date such as 2013-08-12 13:40:46";
        let at =
            instant(row.bytes(columns.timestamp)).ok_or_else(|| row.flaw(columns.timestamp, "Timestamp", wanted))?;
        if at == self.last {
            desk.note("second reading of one instant", line);
        }
        self.last = at;
        let cores = row.decimal(columns.cores, "CPU cores")?;
        let percent = row.decimal(columns.usage_percent, "CPU usage [%]")?;
        let memory_kb = row.decimal(columns.memory_kb, "Memory usage [KB]")?;
        for (field, key, value) in [
            (columns.cores, "CPU cores", cores),
            (columns.usage_percent, "CPU usage [%]", percent),
            (columns.memory_kb, "Memory usage [KB]", memory_kb),
        ] {
            if value < 0.0 {
                return Err(row.flaw(field, key, "a number that is not negative"));
            }
        }
        if percent > 100.0 {
            desk.note("usage above 100 %", line);
        }
        let used = Span::from_secs_f64(PERIOD.as_secs_f64() * cores * percent / 100.0)
            .ok_or_else(|| row.flaw(columns.cores, "CPU cores", "a number of processors"))?;
        let known = Arrival::new(Instant::ZERO, desk.function(&self.machine, line)?);
        let memory_bytes = Some((memory_kb * 1024.0 + 0.5) as u64);
        desk.arrive(at, Arrival { service: Some(used), memory_bytes, ..known });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;

    const HEADER: &str = "Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]\n";

    #[test]
    fn the_size_of_a_timestamp_tells_its_unit() {
        for stamps in [
            ["1376314846", "1376315146"],
            ["1376314846000", "1376315146000"],
            ["2013-08-12 13:40:46", "2013-08-12 13:45:46"],
        ] {
            let row = |at: &str| format!("{at};\t4;\t11704.0;\t2926.0;\t25.0;\t67108864;\t1024.5;\t0;\t0;\t0;\t0\n");
            let file = test_file(&[HEADER, &row(stamps[0]), &row(stamps[1])].concat());
            let mut trace = open(file.path().into(), Reading::default()).unwrap();
            let arrivals = all(&mut trace).unwrap();
            let seen: Vec<_> = arrivals
                .iter()
                .map(|x| (x.at.as_secs_f64(), x.service.unwrap().as_secs_f64(), x.memory_bytes))
                .collect();
            assert_eq!(seen, [(0.0, 300.0, Some(1_049_088)), (300.0, 300.0, Some(1_049_088))], "{stamps:?}");
            assert_eq!(trace.report().rows, 2);
        }
    }
}
