//! Lines of both logs, and what is said of those that are none.

use super::super::feed::{Trace, all};
use super::super::test_file;
use super::*;

const NEW: &str = "https 2018-07-02T22:23:00.186641Z app/my-lb/50dc 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 34 57 \"GET https://www.example.com:443/users/7?x=1 HTTP/1.1\" \"curl/7.46.0\" ECDHE TLSv1.2 arn:tg \"Root=1-58\" \"www.example.com\" \"arn:cert\" 1 2018-07-02T22:22:48.364000Z \"authenticate,forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" \"-\" \"-\"";
const OLD: &str = "http 2018-07-02T22:22:50.000000Z app/my-lb/50dc 192.168.131.39:2817 - -1 -1 -1 502 - 0 57 \"GET http://www.example.com:80/ HTTP/1.1\" \"-\" - - arn:tg \"Root=1-58\" \"-\" \"-\"";
const COMMON: &str = "127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 2326";
const COMBINED: &str = "::1 - - [10/Oct/2000:20:55:35 +0000] \"POST /users/7/photo HTTP/2.0\" 201 - \"http://x/\" \"Mozilla/4.08 [en] (Win98)\"";

fn read(text: &str, dialect: Dialect, segments: Option<usize>) -> Result<Vec<(f64, String, Option<u64>)>, String> {
    let file = test_file(text);
    let mut trace = open(vec![file.path().into()], dialect, segments, Reading::default()).unwrap();
    let arrivals = all(&mut trace).map_err(|flaw| flaw.to_string())?;
    let name = |x: &Arrival| trace.cast().functions.text(x.function).to_string();
    Ok(arrivals
        .iter()
        .map(|x| (x.at.as_secs_f64(), name(x), x.service.map(|span| span.as_nanos() / 1_000_000)))
        .collect())
}

#[test]
fn a_load_balancer_tells_when_the_request_came() {
    let text = format!("{OLD}\n{NEW}\n");
    let seen = read(&text, Dialect::LoadBalancer, None).unwrap();
    assert_eq!(seen, [(0.0, "GET /users/7".to_owned(), Some(48)), (1.636, "GET /".to_owned(), None)]);
}

#[test]
fn a_common_log_has_whole_seconds_and_paths() {
    let text = format!("# made by hand\n{COMMON}\n{COMBINED}\n");
    let seen = read(&text, Dialect::Common, Some(1)).unwrap();
    assert_eq!(seen, [(0.0, "POST /users".to_owned(), None), (1.0, "GET /apache_pb.gif".to_owned(), None)]);
}

#[test]
fn lines_that_are_none_are_named() {
    for (dialect, text, wanted) in [
        (Dialect::Common, "127.0.0.1 - frank", "row: found \"3 fields\", want host ident user"),
        (Dialect::Common, &COMMON.replace("Oct", "Okt"), "time: found \"10/Okt/2000:13:55:36 -0700\""),
        (Dialect::Common, &COMMON.replace(" 200 ", " 999 "), "status: found \"999\", want an HTTP status"),
        (Dialect::Common, &COMMON.replace("0700]", "0700"), "bracket: found"),
        (Dialect::LoadBalancer, "https 2018-07-02T22:23:00.186641Z", "row: found \"2 fields\", want at least 13"),
        (Dialect::LoadBalancer, &NEW.replace("0.048", "fast"), "target_processing_time: found \"fast\", want a number"),
        (Dialect::LoadBalancer, &NEW.replace("0.048", "-2"), "want seconds, or -1 where no target answered"),
        (Dialect::LoadBalancer, &NEW.replace("2018-07-02T22:22:48", "yesterday"), "request_creation_time: found"),
        (Dialect::LoadBalancer, &NEW.replace(" 34 57 ", " x 57 "), "received_bytes: found \"x\""),
    ] {
        let error = read(text, dialect, None).unwrap_err();
        assert!(error.contains(wanted), "{error}");
    }
}
