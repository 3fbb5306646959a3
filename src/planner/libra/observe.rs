//! What a replay tells whoever watches it, second by second, and the table of seconds.
//!
//! Source: the log lines of `aliraza0337/LIBRA` for what is worth telling.
//! An observer of `()` costs nothing: the replay is compiled without its notes.

use super::decision::Plan;
use serde::Serialize;
use std::io;

/// One second of a replay, drain included. Fields are the columns of the table, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Second {
    pub epoch: u64,
    /// Arrivals.
    pub requests: u64,
    /// Requests that began on a machine.
    pub vm_served: u64,
    pub lambda_served: u64,
    /// Requests left waiting at the end of the second.
    pub queue_length: u64,
    /// Machines in the fleet after retirements, before requests are placed and before reactive scaling; ready or not.
    pub active_vms: u64,
    /// Those of `active_vms` that can serve.
    pub ready_vms: u64,
    /// Machines that were told to leave and are still there.
    pub pending_kill_vms: u64,
    /// Requests per second that the hybrid sends to machines.
    pub provision_for: u64,
}

/// Something that has happened, in the order of its happening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// A second of the trace begins.
    Epoch { epoch: u64 },
    /// The manager has got the arrivals of this second.
    Received { epoch: u64, requests: u64 },
    /// The hybrid has decided.
    Decided { epoch: u64, plan: Plan },
    /// The rate sent to machines was set.
    Provisioned { epoch: u64, provision_for: u64 },
    /// Machines in the fleet.
    Active { epoch: u64, vms: u64 },
    /// Requests handed to the machines, served or not.
    Handed { epoch: u64, requests: u64 },
    /// Requests `first_id` to `first_id + count - 1` begin on a machine after waiting `delay` seconds.
    Served { first_id: u64, count: u64, epoch: u64, duration: u64, delay: u64 },
    /// Requests served by functions; `cost` in dollars.
    ServedByLambda { epoch: u64, requests: u64, duration: u64, cost: f64 },
    /// A machine has left and is paid for; `cost` in dollars.
    Billed { seconds: u64, cost: f64 },
    /// Utilisation seen by reactive scaling, and the average it judges once the history is long enough.
    Utilisation { epoch: u64, now: f64, average: Option<f64> },
    /// The average has crossed a threshold, the upper one with `out`. The fleet may have been unable to follow.
    Scaled { epoch: u64, out: bool, average: f64 },
    /// A second after the trace has ended.
    Drained { epoch: u64, queued: u64 },
    /// The second is over.
    Second(Second),
}

/// Watches a replay. An error ends the replay.
pub trait Observer {
    fn note(&mut self, note: &Note) -> io::Result<()>;
}

impl Observer for () {
    #[inline(always)]
    fn note(&mut self, _note: &Note) -> io::Result<()> {
        Ok(())
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn note(&mut self, note: &Note) -> io::Result<()> {
        self.0.note(note)?;
        self.1.note(note)
    }
}

impl<A: Observer> Observer for Option<A> {
    fn note(&mut self, note: &Note) -> io::Result<()> {
        self.as_mut().map_or(Ok(()), |observer| observer.note(note))
    }
}

/// Keeps every second in memory: 72 bytes each.
impl Observer for Vec<Second> {
    fn note(&mut self, note: &Note) -> io::Result<()> {
        if let Note::Second(second) = note {
            self.push(*second);
        }
        Ok(())
    }
}

/// Writes the table of seconds as CSV, header first.
pub struct PerSecondWriter<W: io::Write> {
    csv: csv::Writer<W>,
}

impl<W: io::Write> PerSecondWriter<W> {
    pub fn new(out: W) -> PerSecondWriter<W> {
        PerSecondWriter { csv: csv::Writer::from_writer(out) }
    }

    /// Writes out what is buffered.
    pub fn finish(mut self) -> io::Result<()> {
        self.csv.flush()
    }
}

impl<W: io::Write> Observer for PerSecondWriter<W> {
    fn note(&mut self, note: &Note) -> io::Result<()> {
        match note {
            Note::Second(second) => self.csv.serialize(second).map_err(io::Error::from),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_header_and_one_line_a_second() {
        let mut out = Vec::new();
        let mut table = PerSecondWriter::new(&mut out);
        table.note(&Note::Epoch { epoch: 7 }).unwrap();
        let second = Second { epoch: 7, requests: 3, lambda_served: 3, active_vms: 10, ..Second::default() };
        table.note(&Note::Second(second)).unwrap();
        table.finish().unwrap();
        let header =
            "epoch,requests,vm_served,lambda_served,queue_length,active_vms,ready_vms,pending_kill_vms,provision_for";
        assert_eq!(String::from_utf8(out).unwrap(), format!("{header}\n7,3,0,3,0,10,0,0,0\n"));
    }
}
