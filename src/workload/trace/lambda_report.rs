//! AWS Lambda logs: the `REPORT` line at the end of every invocation.
//!
//! Source: AWS Lambda Developer Guide, "Working with Lambda function logs": `REPORT RequestId: ... Duration: 1.2 ms Billed
//! Duration: 2 ms Memory Size: 128 MB Max Memory Used: 64 MB [Init Duration: 120.1 ms]`, blanks or tabs between.
//!
//! The line itself has no time. It is taken from what stands before it: a date (`aws logs tail`, exports to S3), or the
//! milliseconds of `timestamp` where the line is a JSON event (`aws logs filter-log-events`). The line is written at the end,
//! so an arrival is that time less duration and initialisation. The function is the one named `/aws/lambda/<name>` in the
//! line, else the file's name.
//!
//! Known quirks: other lines of the log are passed over and counted; a retried event has the `RequestId` of the first
//! attempt, so it is an arrival for each attempt; megabytes are 2^20 bytes; the initialisation is not part of `Duration`,
//! and is noted as a cold start.

use super::arrival::Arrival;
use super::clock;
use super::feed::{Desk, Feed, Layout, Reading, span};
use super::flaw::Flaw;
use super::line::Line;
use super::number::{self, Unit};
use crate::engine::time::Instant;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The trace.
pub type LambdaLog = Feed<Reports>;

/// Opens log files, in order.
pub fn open(files: Vec<PathBuf>, reading: Reading) -> Result<LambdaLog, Flaw> {
    Feed::open(files, Reports { of_file: String::new() }, reading)
}

/// One arrival for each `REPORT`.
#[derive(Debug)]
pub struct Reports {
    /// The function of lines that name none.
    of_file: String,
}

const MB: u64 = 1 << 20;

impl Layout for Reports {
    const DATED: bool = true;

    fn begin(&mut self, file: &Arc<str>) {
        let name = Path::new(&**file).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        self.of_file = name.split('.').next().filter(|name| !name.is_empty()).unwrap_or("function").to_owned();
    }

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        desk.report.rows += 1;
        if !line.text.trim_ascii_start().starts_with(b"{") {
            return self.report(line, None, None, desk);
        }
        let wanted = "an event with timestamp and message";
        let event: Event = serde_json::from_slice(line.text).map_err(|_| line.flaw("event", line.text, wanted))?;
        let ended = event.timestamp.checked_mul(Unit::Millisecond.nanos());
        let ended = ended.ok_or_else(|| line.flaw("timestamp", line.text, "milliseconds since 1970"))?;
        // From here on columns count in the message.
        let message = Line { text: event.message.as_bytes(), ..*line };
        self.report(&message, Some(ended), event.log_group.as_deref().and_then(|group| name(group.as_bytes())), desk)
    }
}

/// A log event as CloudWatch gives it out.
#[derive(serde::Deserialize)]
struct Event {
    timestamp: i64,
    message: String,
    #[serde(alias = "logGroup", alias = "logGroupName")]
    log_group: Option<String>,
}

impl Reports {
    /// Reads a line of the log, whose time and function may be known already.
    fn report(
        &self,
        line: &Line<'_>,
        ended: Option<i64>,
        function: Option<String>,
        desk: &mut Desk,
    ) -> Result<(), Flaw> {
        let Some(place) = find(line.text, b"REPORT RequestId:") else {
            desk.drop_row("line that is no REPORT", line);
            return Ok(());
        };
        let (before, report) = line.text.split_at(place);
        let ended = ended.map_or_else(|| written(before, line), Ok)?;
        let lacks = |key, wanted: &str| line.flaw_at(place, key, b"", wanted);
        let duration = value(report, "Duration:", "ms").ok_or_else(|| lacks("Duration", "Duration: <number> ms"))?;
        let duration = time(duration, line, "Duration")?;
        let init = value(report, "Init Duration:", "ms").map(|text| time(text, line, "Init Duration")).transpose()?;
        if init.is_some() {
            desk.note("cold start (Init Duration)", line);
        }
        let memory =
            value(report, "Memory Size:", "MB").ok_or_else(|| lacks("Memory Size", "Memory Size: <number> MB"))?;
        let megabytes =
            number::whole(memory).ok_or_else(|| flaw(line, memory, "Memory Size", "a whole number of MB"))?;
        let function = function.or_else(|| name(line.text));
        let function = desk.function(function.as_deref().unwrap_or(&self.of_file), line)?;
        let at = ended.saturating_sub(duration).saturating_sub(init.unwrap_or(0));
        let known = Arrival::new(Instant::ZERO, function);
        desk.arrive(at, Arrival { service: span(duration), memory_bytes: Some(megabytes.saturating_mul(MB)), ..known });
        Ok(())
    }
}

/// When the line was written, from what stands before the report.
fn written(before: &[u8], line: &Line<'_>) -> Result<i64, Flaw> {
    let mut words = before.split(|byte| b" \t,".contains(byte)).filter(|word| !word.is_empty());
    let found = words.find_map(|word| {
        let is_millis = word.len() == 13 && number::whole(word).is_some();
        clock::iso(word).or_else(|| number::nanos(word, Unit::Millisecond).filter(|_| is_millis))
    });
    found.ok_or_else(|| line.flaw("time", before, "a date or milliseconds since 1970 before REPORT"))
}

/// What stands between a label and its unit. `Duration:` is also the end of other labels (`Billed Duration:`), which are not
/// meant by it.
fn value<'a>(report: &'a [u8], label: &str, unit: &str) -> Option<&'a [u8]> {
    let mut start = 0;
    loop {
        let place = start + find(&report[start..], label.as_bytes())?;
        start = place + label.len();
        let before = report[..place].trim_ascii_end();
        let longer = [&b"Billed"[..], b"Init", b"Restore"].iter().any(|word| before.ends_with(word));
        if !longer {
            let rest = report[start..].trim_ascii_start();
            let end = rest.iter().position(|byte| b" \t".contains(byte)).unwrap_or(rest.len());
            return rest[end..].trim_ascii_start().starts_with(unit.as_bytes()).then_some(&rest[..end]);
        }
    }
}

fn time(text: &[u8], line: &Line<'_>, key: &'static str) -> Result<i64, Flaw> {
    let value = number::nanos(text, Unit::Millisecond).filter(|&ns| ns >= 0);
    value.ok_or_else(|| flaw(line, text, key, "a number of ms, not negative"))
}

/// A flaw of a part of the line.
fn flaw(line: &Line<'_>, part: &[u8], key: &'static str, wanted: &str) -> Flaw {
    let place = part.as_ptr() as usize - line.text.as_ptr() as usize;
    line.flaw_at(place, key, part, wanted)
}

/// The name behind `/aws/lambda/`.
fn name(text: &[u8]) -> Option<String> {
    const GROUP: &[u8] = b"/aws/lambda/";
    let rest = &text[find(text, GROUP)? + GROUP.len()..];
    let end =
        rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_".contains(byte))).unwrap_or(rest.len());
    (end > 0).then(|| String::from_utf8_lossy(&rest[..end]).into_owned())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::super::feed::{BadRows, Trace, all};
    use super::super::test_file;
    use super::*;

    const TEXT: &str = "\
2024-01-01T00:00:10.000Z START RequestId: 11 Version: $LATEST
2024-01-01T00:00:10.500Z REPORT RequestId: 11\tDuration: 100.25 ms\tBilled Duration: 400 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 299.75 ms
2024-01-01T00:00:11.000000+00:00 2024/01/01/[$LATEST]ab REPORT RequestId: 12 Duration: 1000 ms Billed Duration: 1000 ms Memory Size: 256 MB Max Memory Used: 64 MB
{\"logGroup\":\"/aws/lambda/resize-image\",\"timestamp\":1704067212000,\"message\":\"REPORT RequestId: 13\\tDuration: 2.00 ms\\tBilled Duration: 2 ms\\tMemory Size: 128 MB\\tMax Memory Used: 64 MB\\t\\n\"}
";

    #[test]
    fn an_arrival_is_the_time_of_the_report_less_what_it_took() {
        let file = test_file(TEXT);
        let mut trace = open(vec![file.path().into()], Reading::default()).unwrap();
        let arrivals = all(&mut trace).unwrap();
        let seen: Vec<_> =
            arrivals.iter().map(|x| (x.at.as_secs_f64(), x.service.unwrap().to_string(), x.memory_bytes)).collect();
        let (small, large) = (Some(128 * MB), Some(256 * MB));
        let expected = [(0.0, "1s", large), (0.1, "100.25ms", small), (1.998, "2ms", small)];
        assert_eq!(seen, expected.map(|(at, service, memory)| (at, service.to_owned(), memory)));
        assert_eq!(&**trace.cast().functions.text(arrivals[2].function), "resize-image");
        assert_eq!(trace.report().count("line that is no REPORT"), 1);
        assert_eq!(trace.report().count("cold start (Init Duration)"), 1);
    }

    #[test]
    fn what_a_report_lacks_is_named() {
        for (text, wanted) in [
            ("REPORT RequestId: 1 Duration: 1 ms Memory Size: 128 MB", "time: found nothing, want a date or"),
            (
                "2024-01-01T00:00:10Z REPORT RequestId: 1 Billed Duration: 1 ms Memory Size: 128 MB",
                "Duration: found nothing",
            ),
            (
                "2024-01-01T00:00:10Z REPORT RequestId: 1 Duration: x ms Memory Size: 128 MB",
                "Duration: found \"x\", want a number of ms",
            ),
            ("2024-01-01T00:00:10Z REPORT RequestId: 1 Duration: 1 ms", "Memory Size: found nothing"),
            (
                "2024-01-01T00:00:10Z REPORT RequestId: 1 Duration: 1 ms Memory Size: 1.5 MB",
                "Memory Size: found \"1.5\"",
            ),
            ("{\"message\":\"REPORT RequestId: 1\"}", "want an event with timestamp and message"),
        ] {
            let file = test_file(text);
            let error =
                open(vec![file.path().into()], Reading::default()).unwrap().next_arrival().unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
            let lenient = Reading { bad_rows: BadRows::Drop, ..Reading::default() };
            let mut trace = open(vec![file.path().into()], lenient).unwrap();
            assert!(all(&mut trace).unwrap().is_empty() && trace.report().rows_dropped() == 1);
        }
    }
}
