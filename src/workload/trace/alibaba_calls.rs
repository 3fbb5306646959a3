//! Alibaba microservices 2021 and 2022: calls between services, each with the trace it belongs to.
//!
//! Source: Luo et al., Characterizing Microservice Dependency and Performance (SoCC 2021), `alibaba/clusterdata`,
//! `cluster-trace-microservices-v2021` and `-v2022`, table MSCallGraph / CallGraph: timestamp and rt in milliseconds; the
//! order of the columns differs between releases, so they are found by the header, and where there is none it is
//! `timestamp,traceid,rpcid,um,rpctype,interface,dm,rt`.
//!
//! Known quirks: `rpcid` nests (`0.1.1` is a call of `0.1`), so by default only calls from outside, those numbered `0` or made by `USER`,
//! are arrivals and the others are counted; a remote call is told twice, by its callee with a negative rt (dropped and
//! counted); names may be `(?)`, empty or NAN (taken as unknown).

use super::arrival::Arrival;
use super::feed::{Desk, Feed, Layout, Reading, span};
use super::flaw::Flaw;
use super::line::{Fields, Line, Row, Separator};
use super::number::{self, Unit};
use crate::engine::time::Instant;
use std::path::PathBuf;
use std::sync::Arc;

/// Which calls are arrivals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calls {
    /// Those from outside.
    #[default]
    Entry,
    /// All, whoever made them.
    All,
}

/// The trace. The function is the service called (`dm`), the tenant the interface.
pub type AlibabaCalls = Feed<CallGraph>;

/// Opens parts of the table, in order.
pub fn open(files: Vec<PathBuf>, calls: Calls, reading: Reading) -> Result<AlibabaCalls, Flaw> {
    Feed::open(files, CallGraph { calls, columns: None, fields: Fields::default() }, reading)
}

/// One row for each side of a call.
#[derive(Debug)]
pub struct CallGraph {
    calls: Calls,
    columns: Option<Columns>,
    fields: Fields,
}

#[derive(Clone, Copy, Debug)]
struct Columns {
    timestamp: usize,
    rpcid: usize,
    um: usize,
    interface: usize,
    dm: usize,
    rt: usize,
    count: usize,
}

impl Columns {
    /// By the header, or the documented order where the first row is one of data.
    fn of(row: &Row<'_>) -> Result<(Columns, bool), Flaw> {
        if row.iter().any(|field| number::nanos(field, Unit::Millisecond).is_some()) {
            row.want_fields(8)?;
            let documented = Columns { timestamp: 0, rpcid: 2, um: 3, interface: 5, dm: 6, rt: 7, count: 8 };
            return Ok((documented, false));
        }
        let column = |names: &[&str]| row.want_column("header", names);
        let columns = Columns {
            timestamp: column(&["timestamp"])?,
            rpcid: column(&["rpcid", "rpc_id"])?,
            um: column(&["um"])?,
            interface: column(&["interface"])?,
            dm: column(&["dm"])?,
            rt: column(&["rt"])?,
            count: row.len(),
        };
        Ok((columns, true))
    }
}

impl Layout for CallGraph {
    const DATED: bool = false;

    fn begin(&mut self, _file: &Arc<str>) {
        self.columns = None;
    }

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let row = self.fields.cut(*line, Separator::Byte(b','))?;
        let columns = match self.columns {
            Some(columns) => columns,
            None => {
                let (columns, header) = Columns::of(&row)?;
                self.columns = Some(columns);
                if header {
                    return Ok(());
                }
                columns
            }
        };
        desk.report.rows += 1;
        row.want_fields(columns.count)?;
        let at = row.nanos(columns.timestamp, "timestamp", Unit::Millisecond)?;
        let rt = row.nanos(columns.rt, "rt", Unit::Millisecond)?;
        let rpcid = row.bytes(columns.rpcid);
        if rpcid.is_empty() || !rpcid.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
            return Err(row.flaw(columns.rpcid, "rpcid", "numbers with points between them, such as 0.1.1"));
        }
        let Some(service) = span(rt) else {
            desk.drop_row("call as its callee tells it, rt negative", line);
            return Ok(());
        };
        let from_outside = rpcid == b"0" || row.bytes(columns.um) == b"USER";
        if self.calls == Calls::Entry && !from_outside {
            desk.drop_row("call inside a trace", line);
            return Ok(());
        }
        let callee = row.text(columns.dm);
        let function = if is_known(callee.as_bytes()) {
            desk.function(&callee, line)?
        } else {
            desk.repair("callee without a name taken as unknown", line);
            desk.function("unknown", line)?
        };
        let interface = row.text(columns.interface);
        let tenant = is_known(interface.as_bytes()).then(|| desk.tenant(&interface, line)).transpose()?;
        let known = Arrival::new(Instant::ZERO, function);
        desk.arrive(at, Arrival { service: Some(service), tenant, ..known });
        Ok(())
    }
}

fn is_known(name: &[u8]) -> bool {
    !(name.is_empty() || name == b"(?)" || name.eq_ignore_ascii_case(b"nan") || name == b"UNKNOWN")
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;

    fn seen(text: &str, calls: Calls) -> (Vec<(u64, String)>, u64, u64) {
        let file = test_file(text);
        let mut trace = open(vec![file.path().into()], calls, Reading::default()).unwrap();
        let arrivals = all(&mut trace).unwrap();
        let name = |x: &Arrival| trace.cast().functions.text(x.function).to_string();
        let list = arrivals.iter().map(|x| (x.at.as_nanos() / 1_000_000, name(x))).collect();
        (list, trace.report().rows_dropped(), trace.report().count("callee without a name taken as unknown"))
    }

    #[test]
    fn only_calls_from_outside_are_arrivals_unless_all_are_asked_for() {
        let text = "\
traceid,timestamp,rpcid,um,rpctype,dm,interface,rt
t1,10,0,(?),http,m1,i1,30
t1,12,0.1,m1,rpc,m2,i2,10
t1,12,0.1,m1,rpc,m2,i2,-9
t2,5,0,USER,http,(?),i1,4
";
        let [m1, m2, unknown] = ["m1", "m2", "unknown"].map(String::from);
        assert_eq!(seen(text, Calls::Entry), (vec![(5, unknown.clone()), (10, m1.clone())], 2, 1));
        assert_eq!(seen(text, Calls::All), (vec![(5, unknown), (10, m1), (12, m2)], 1, 1));
    }

    #[test]
    fn without_a_header_columns_stand_as_documented() {
        let text = "10,t1,0,(?),http,i1,m1,30\n8,t2,0,(?),http,i1,m9,3\n";
        assert_eq!(seen(text, Calls::Entry).0, [(8, "m9".to_owned()), (10, "m1".to_owned())]);
    }
}
