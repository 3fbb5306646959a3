//! What can be wrong with a trace: each case by itself, with file, line, column, what was found and what was wanted.

use std::path::PathBuf;
use stratosim::engine::random::Streams;
use stratosim::engine::time::Span;
use stratosim::workload::trace::counts::Column;
use stratosim::workload::trace::feed::{Late, Reading, Trace, all};
use stratosim::workload::trace::flaw::Flaw;
use stratosim::workload::trace::mapped::Mapping;
use stratosim::workload::trace::number::Unit;
use stratosim::workload::trace::place::Placement;
use stratosim::workload::trace::{
    access_log, alibaba_batch, alibaba_calls, arrivals, azure_2019, azure_2021, bitbrains, borg, huawei, lambda_report,
    mapped, periods, requests, timetable,
};

type Opened = Result<Box<dyn Trace>, Flaw>;

fn boxed<T: Trace + 'static>(opened: Result<T, Flaw>) -> Opened {
    opened.map(|trace| Box::new(trace) as Box<dyn Trace>)
}

fn streams() -> Streams {
    Streams::new(1, 0)
}

fn reading() -> Reading {
    Reading::default()
}

/// Opens the file as the format called so.
fn open(format: &str, file: PathBuf) -> Opened {
    let azure = |files: azure_2019::Files| boxed(azure_2019::open(&files, azure_2019::Choices::default(), streams()));
    let minutes = || vec![crate::data("azure-2019/invocations_per_function_md.anon.d01.csv")];
    match format {
        "counts" => boxed(periods::open(&file, Column::Only, Span::from_secs(1), Placement::Start, streams())),
        "minutes" => azure(azure_2019::Files { minutes: vec![file], ..Default::default() }),
        "durations" => azure(azure_2019::Files { minutes: minutes(), durations: vec![file], memory: Vec::new() }),
        "memory" => azure(azure_2019::Files { minutes: minutes(), durations: Vec::new(), memory: vec![file] }),
        "azure-2021" => boxed(azure_2021::open(file, azure_2021::Memory::Unknown, streams(), reading())),
        "huawei" => {
            let (delay_unit, period) = (Unit::Second, Span::from_secs(60));
            let tables = huawei::Tables { requests: vec![file], delays: Vec::new(), delay_unit, period };
            boxed(huawei::open(tables, Placement::Start, streams()))
        }
        "batch" => boxed(alibaba_batch::open(vec![file], reading())),
        "calls" => boxed(alibaba_calls::open(vec![file], alibaba_calls::Calls::All, reading())),
        "borg" => boxed(borg::open(vec![file], Some(1), 10, reading())),
        "bitbrains" => boxed(bitbrains::open(file, reading())),
        "globus" => boxed(mapped::open(vec![file], Mapping::globus(), reading())),
        "csv" => {
            let mapping = Mapping::parse("time=t,function=f,service=s,memory=m:MiB,count=n").unwrap();
            boxed(mapped::open(vec![file], mapping, reading()))
        }
        "lambda" => boxed(lambda_report::open(vec![file], reading())),
        "alb" => boxed(access_log::open(vec![file], access_log::Dialect::LoadBalancer, None, reading())),
        "clf" => boxed(access_log::open(vec![file], access_log::Dialect::Common, None, reading())),
        "timetable" => boxed(timetable::open(vec![file], reading())),
        "requests" => boxed(requests::open(file, reading())),
        "arrivals" => boxed(arrivals::open(vec![file], reading())),
        "arrivals, strict" => {
            let strict = Reading { window: 1, late: Late::Stop, ..reading() };
            boxed(arrivals::open(vec![file], strict))
        }
        _ => panic!("no format {format}"),
    }
}

const MINUTES: &str = "HashOwner,HashApp,HashFunction,Trigger,1,2,3\n";
const DURATIONS: &str = "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,percentile_Average_99,percentile_Average_100\n";
const MEMORY: &str = "HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,AverageAllocatedMb_pct100\n";
const BRAINS: &str = "Timestamp [ms];\tCPU cores;\tCPU usage [%];\tMemory usage [KB]\n";
const REQUESTS: &str = "request,parent,source,function,entry,arrival_s,work,payload_bytes\n";
const ALB: &str = "http 2018-07-02T22:23:00Z lb c:1 t:80 0.1 0.2 0.3 200 200 34 57 \"GET http://a/ HTTP/1.1\"";
const CLF: &str = "h - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1";

/// Format, text, what the message says behind the name of the file.
fn cases() -> Vec<(&'static str, String, &'static str)> {
    let of = |header: &str, rows: &str| format!("{header}{rows}\n");
    vec![
        // Files that are none.
        ("arrivals", String::new(), ": found an empty file, want a trace"),
        ("azure-2021", "Rar!\u{1a}\u{7}".to_owned(), ": found a RAR archive, want the text file inside it (unrar x)"),
        ("csv", "PAR1".to_owned(), ": found a Parquet file, want its rows as CSV"),
        ("csv", "SQLite format 3\0".to_owned(), ": found an SQLite database, want a table of it as CSV (sqlite3 -csv)"),
        ("calls", "PK\u{3}\u{4}".to_owned(), ": found a ZIP archive, want the files inside it (unzip)"),
        // Counts.
        ("counts", "1\n-2\n".to_owned(), ":2:1: count: found \"-2\", want a whole number from 0 to 1000000000"),
        ("counts", "1\n\n2\n".to_owned(), ":2:1: count: found an empty line, want a whole number"),
        ("counts", "1\n 2 3\n".to_owned(), ":2:2: count: found \"2 3\", want a whole number"),
        // Azure 2019.
        ("minutes", "a,b\n".to_owned(), ":1:1: header: found \"a\", want HashOwner (HashOwner,HashApp"),
        (
            "minutes",
            "HashOwner,HashApp,HashFunction,Trigger\n".to_owned(),
            ": header: found nothing, want 1 to 1440 minutes",
        ),
        ("minutes", MINUTES.replace("1,2,3", "1,3"), ":1:42: header: found \"3\", want 2: minutes stand in order"),
        ("minutes", MINUTES.to_owned(), ": found a header and no row, want a row for each function"),
        (
            "minutes",
            of(MINUTES, "o,a,f,http,1,2"),
            ":2:15: minute: found \"2 minutes\", want 3 minutes, as in the header",
        ),
        ("minutes", of(MINUTES, "o,a,f,http,1,2,3,4"), ":2:17: minute: found \"more minutes\", want 3 minutes"),
        ("minutes", of(MINUTES, "o,a,f,http,1,x2,3"), ":2:14: minute: found \"x2\", want a whole number"),
        ("minutes", of(MINUTES, "o,a,f,http,1,2,-3"), ":2:16: minute: found \"-3\", want a whole number"),
        ("minutes", of(MINUTES, "o,a"), ":2:1: HashApp: found \"o,a\", want four keys and the minutes"),
        (
            "minutes",
            of(MINUTES, "o,a,f,http,99999999999,0,0"),
            ": found 99999999999 requests in one period, want at most",
        ),
        (
            "durations",
            "HashOwner,HashApp\n".to_owned(),
            ":1:1: header: found \"HashOwner,HashApp\", want a header with the column \"percentile_Average_0\"",
        ),
        ("durations", of(DURATIONS, "o,a,f,slow,1,1,1,1,1,1,1,1,1,1"), ":2:7: Average: found \"slow\", want a number"),
        (
            "durations",
            of(DURATIONS, "o,a,f,1,1.5,1,1,1,1,1,1,1,1,1"),
            ":2:9: Count: found \"1.5\", want a whole number",
        ),
        (
            "durations",
            of(DURATIONS, "o,a,f,1,1,1,1,1,1,NaN,1,1,1,1"),
            ":2:19: percentile_Average_25: found \"NaN\", want a number",
        ),
        ("memory", of(MEMORY, "o,a,1,5,1,2,3"), ":2:14: AverageAllocatedMb_pct50: found nothing, want a number"),
        ("memory", of(MEMORY, "o,a,1,much"), ":2:7: AverageAllocatedMb: found \"much\", want a number"),
        // Azure 2021.
        (
            "azure-2021",
            "app,func,end,duration\n".to_owned(),
            ":1:1: header: found \"app,func,end,duration\", want app,func,end_timestamp,duration",
        ),
        (
            "azure-2021",
            "app,func,end_timestamp,duration\na,f,1,-1\n".to_owned(),
            ":2:7: duration: found \"-1\", want a length of time, not negative",
        ),
        (
            "azure-2021",
            "app,func,end_timestamp,duration\na,f,soon,1\n".to_owned(),
            ":2:5: end_timestamp: found \"soon\", want a number that is a time",
        ),
        (
            "azure-2021",
            "app,func,end_timestamp,duration\na,f,1\n".to_owned(),
            ":2:1: row: found \"3 fields\", want 4 fields",
        ),
        // Huawei.
        (
            "huawei",
            "time,0,1\n".to_owned(),
            ":1:1: header: found \"time\", want day,time and a column for each function",
        ),
        (
            "huawei",
            "day,time,0\n0,60,1\n0,60,1\n".to_owned(),
            ":3:3: time: found \"60\", want a time after that of the row before",
        ),
        (
            "huawei",
            "day,time,0\n0,60,-1\n".to_owned(),
            ":2:6: requests: found \"-1\", want a count of requests, not negative",
        ),
        ("huawei", "day,time,0\n0,60,1,2\n".to_owned(), ":2:1: row: found \"4 fields\", want 3 fields"),
        // Alibaba.
        (
            "batch",
            "M1,1,j,1,Terminated,5,4,1,1\n".to_owned(),
            ":1:23: end_time: found \"4\", want a time not before start_time",
        ),
        (
            "batch",
            "M1,one,j,1,Terminated,5,6,1,1\n".to_owned(),
            ":1:4: instance_num: found \"one\", want a whole number",
        ),
        ("batch", "M1,1,,1,Terminated,5,6,1,1\n".to_owned(), ":1:6: job_name: found nothing, want the name of a job"),
        (
            "calls",
            "timestamp,traceid,um,dm\n".to_owned(),
            ":1:1: header: found \"timestamp,traceid,um,dm\", want a header with the column \"rpcid\"",
        ),
        (
            "calls",
            "1,t,zero,u,rpc,i,d,1\n".to_owned(),
            ":1:5: rpcid: found \"zero\", want numbers with points between them",
        ),
        ("calls", "1,t,0,u,rpc,i,d\n".to_owned(), ":1:1: row: found \"7 fields\", want 8 fields"),
        // Borg.
        (
            "borg",
            "600000001,,1,1,,9,u,0,0,,,,\n".to_owned(),
            ":1:17: event_type: found \"9\", want an event from 0 (SUBMIT) to 8",
        ),
        (
            "borg",
            "600000001,,1,1,,0,u,0,0,,2.5,,\n".to_owned(),
            ":1:26: ram_request: found \"2.5\", want a share of the largest machine",
        ),
        ("borg", "1,2\n".to_owned(), ":1:1: row: found \"2 fields\", want 13 fields"),
        ("borg", "600000001,,one,1,,0,u,0,0,,,,\n".to_owned(), ":1:12: job_id: found \"one\", want a whole number"),
        // Bitbrains.
        (
            "bitbrains",
            "Timestamp;CPU\n".to_owned(),
            ":1:1: header: found \"Timestamp;CPU\", want a header with the column \"Timestamp [ms]\"",
        ),
        (
            "bitbrains",
            of(BRAINS, "noon;\t1;\t5;\t1"),
            ":2:1: Timestamp: found \"noon\", want seconds or milliseconds since 1970, or a date",
        ),
        (
            "bitbrains",
            of(BRAINS, "1376314846;\t1;\t-5;\t1"),
            ":2:16: CPU usage [%]: found \"-5\", want a number that is not negative",
        ),
        // Mappings.
        ("globus", "a,b\n".to_owned(), ":1:1: header: found \"a,b\", want a header with the column \"submitted\" or"),
        ("csv", "t,f,s,m,n\n1,,1,1,1\n".to_owned(), ":2:3: function: found nothing, want the name of a function"),
        (
            "csv",
            "t,f,s,m,n\n1,f,-1,1,1\n".to_owned(),
            ":2:5: service: found \"-1\", want a length of time, not negative",
        ),
        ("csv", "t,f,s,m,n\n1,f,1,-1,1\n".to_owned(), ":2:7: memory: found \"-1\", want a number that is not negative"),
        (
            "csv",
            "t,f,s,m,n\n1,f,1,1,99999999999\n".to_owned(),
            ":2:9: count: found \"99999999999\", want at most 10000000 arrivals for one row",
        ),
        (
            "csv",
            "t,f,s,m,n\n1,\"f,1,1,1\n".to_owned(),
            ":2:3: quote: found \"\\\"f,1,1,1\", want a quote that closes on its line",
        ),
        (
            "csv",
            "t,f,s,m,n\n1,\"f\"g,1,1,1\n".to_owned(),
            ":2:6: quote: found \"g\", want a separator after a closing quote",
        ),
        ("csv", "t,f,s,m,n,t\n1,f,1,1,1,2\n".to_owned(), ":1:11: header: found \"t\", want each column once"),
        // Logs.
        (
            "lambda",
            "REPORT RequestId: 1 Duration: 1 ms Memory Size: 1 MB\n".to_owned(),
            ":1:1: time: found nothing, want a date or milliseconds since 1970 before REPORT",
        ),
        (
            "lambda",
            "2024-01-01T00:00:00Z REPORT RequestId: 1 Duration: soon ms\n".to_owned(),
            ":1:52: Duration: found \"soon\", want a number of ms, not negative",
        ),
        ("alb", "http yesterday\n".to_owned(), ":1:1: row: found \"2 fields\", want at least 13 fields"),
        (
            "alb",
            ALB.replace("2018-07-02T", "2018-13-02T"),
            ":1:6: time: found \"2018-13-02T22:23:00Z\", want a date such as",
        ),
        ("alb", ALB.replace(" 34 ", " - "), ":1:59: received_bytes: found \"-\", want a whole number of bytes"),
        ("clf", CLF.replace("36 -", "36 ~"), ":1:8: time: found \"10/Oct/2000:13:55:36 ~0700\", want a date such as"),
        ("timetable", "1 f gate\n".to_owned(), ":1:1: row: found \"3 fields\", want 4 fields"),
        ("timetable", "-1 f gate 100\n".to_owned(), ":1:1: time: found \"-1\", want a time from 0"),
        ("timetable", "1 f gate big\n".to_owned(), ":1:10: size: found \"big\", want a whole number"),
        ("clf", CLF.replace(" 200 ", " 20 "), ":1:53: status: found \"20\", want an HTTP status from 100 to 599"),
        // Our own tables.
        (
            "requests",
            "request,call\n".to_owned(),
            ":1:1: header: found \"request,call\", want a header with the column \"parent\"",
        ),
        ("requests", of(REQUESTS, "1,,s,f,e,-1,1,1"), ":2:10: arrival_s: found \"-1\", want a time from 0"),
        ("requests", of(REQUESTS, "1,,s,f,e,1,inf,1"), ":2:12: work: found \"inf\", want a number"),
        ("requests", of(REQUESTS, "1,,s,f,,1,1,1"), ":2:8: entry: found nothing, want a name"),
        ("requests", of(REQUESTS, "1,,s,f,e,1,1,1e3"), ":2:14: payload_bytes: found \"1e3\", want a whole number"),
        (
            "arrivals",
            "function\nf\n".to_owned(),
            ":1:1: header: found \"function\", want a header with the column \"arrival_s\"",
        ),
        ("arrivals", "arrival_s,function\n,f\n".to_owned(), ":2:1: arrival_s: found nothing, want a value"),
        (
            "arrivals, strict",
            "arrival_s,function\n5,f\n6,f\n1,f\n".to_owned(),
            ":4:1: time: found an arrival 4s earlier than one given out, want rows in order within a window of 1 arrivals",
        ),
    ]
}

#[test]
fn every_flaw_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.x");
    let cases = cases();
    let distinct: std::collections::BTreeSet<&str> = cases.iter().map(|(_, _, message)| *message).collect();
    assert!(distinct.len() >= 60, "{} distinct complaints of {}", distinct.len(), cases.len());
    let mut wrong = Vec::new();
    for (format, text, message) in &cases {
        std::fs::write(&path, text).unwrap();
        let error = match open(format, path.clone()).and_then(|mut trace| all(&mut *trace)) {
            Ok(arrivals) => format!("{} arrivals", arrivals.len()),
            Err(flaw) => flaw.to_string(),
        };
        if !error.starts_with(&format!("{}{message}", path.display())) && !in_the_middle(&error, &path, message) {
            wrong.push(format!("{format}: {error}\n    wanted {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A message given without line and column, which a place in the file precedes.
fn in_the_middle(error: &str, path: &std::path::Path, message: &str) -> bool {
    error.starts_with(&path.display().to_string()) && message.starts_with(": header") && error.contains(message)
}

#[test]
fn a_flaw_ends_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.x");
    std::fs::write(&path, "arrival_s,function\nx,f\n1,f\n").unwrap();
    let mut trace = open("arrivals", path).unwrap();
    assert!(trace.next_arrival().is_err());
    assert!(trace.next_arrival().unwrap().is_none());
}

#[test]
fn a_torn_file_is_a_flaw_and_not_a_short_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part.gz");
    let whole = std::fs::read(crate::data("borg-2011/part-00001-of-00500.csv.gz")).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let error = open("borg", path).and_then(|mut trace| all(&mut *trace)).unwrap_err().to_string();
    assert!(error.contains("part.gz: cannot be read: "), "{error}");
    let missing = open("borg", folder.path().join("none")).map(drop).unwrap_err().to_string();
    assert!(missing.contains("none: cannot be read: "), "{missing}");
    let is_folder = open("borg", folder.path().into()).map(drop).unwrap_err().to_string();
    assert!(is_folder.ends_with(": found a folder, want a file of a trace"), "{is_folder}");
}
