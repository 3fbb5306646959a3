//! Google Borg 2011, task events: when tasks of the cluster were submitted, and for how long they ran.
//!
//! Source: Reiss, Wilkes, Hellerstein, Google cluster-usage traces: format + schema (2011), table `task_events`: CSV without
//! header, parts `part-00000-of-00500.csv.gz`; times in microseconds, of which the trace begins at 600 s.
//!
//! A submission is an arrival; its function is `class C priority P`, its tenant the user. The run time is that from
//! SCHEDULE to FINISH where both lie within the number of submissions held back, else it is unknown.
//!
//! Known quirks: time 0 means before the trace and 2^63 - 1 after it (both dropped and counted); a task is submitted again
//! after eviction or failure, which is an arrival too (noted); records that Google filled in (`missing_info`) are noted;
//! resources are fractions of the largest machine, so bytes need its size.

use super::arrival::Arrival;
use super::feed::{Desk, Feed, Layout, Reading, Spot, span};
use super::flaw::Flaw;
use super::line::{Fields, Line, Row, Separator};
use super::number::Unit;
use crate::engine::time::Instant;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::path::PathBuf;

/// The trace.
pub type Borg2011 = Feed<TaskEvents>;

/// Opens parts of `task_events`, in order.
///
/// `largest_machine_bytes` is the memory that a request of 1.0 stands for; `held` is how many submissions wait for the
/// end of their tasks, 0 for none.
pub fn open(
    files: Vec<PathBuf>,
    largest_machine_bytes: Option<u64>,
    held: usize,
    reading: Reading,
) -> Result<Borg2011, Flaw> {
    let layout = TaskEvents {
        largest_machine_bytes,
        held,
        waiting: VecDeque::new(),
        given: 0,
        tasks: FxHashMap::default(),
        last: 0,
        fields: Fields::default(),
    };
    Feed::open(files, layout, reading)
}

/// Job and index within it.
type Task = (u64, u64);

#[derive(Clone, Copy, Debug)]
struct Submission {
    task: Task,
    at: i64,
    scheduled: Option<i64>,
    arrival: Arrival,
    spot: Spot,
}

/// One row for each change of a task.
#[derive(Debug)]
pub struct TaskEvents {
    largest_machine_bytes: Option<u64>,
    held: usize,
    /// Submissions in order of time; the first has number `given`.
    waiting: VecDeque<Submission>,
    given: u64,
    /// Number of the last submission of each task that still waits.
    tasks: FxHashMap<Task, u64>,
    last: i64,
    fields: Fields,
}

const COLUMNS: usize = 13;
const TRACE_STARTS: i64 = 600_000_000_000;
const AFTER_TRACE: u64 = i64::MAX as u64;
const SUBMIT: u64 = 0;
const SCHEDULE: u64 = 1;
const FINISH: u64 = 4;
const LAST_EVENT: u64 = 8;

impl TaskEvents {
    fn waiting(&mut self, task: Task) -> Option<&mut Submission> {
        let number = *self.tasks.get(&task)?;
        self.waiting.get_mut((number - self.given) as usize)
    }

    fn give_first(&mut self, desk: &mut Desk) {
        if let Some(first) = self.waiting.pop_front() {
            if self.tasks.get(&first.task) == Some(&self.given) {
                self.tasks.remove(&first.task);
            }
            self.given += 1;
            desk.arrive_from(first.spot, first.at, first.arrival);
        }
    }

    fn submit(&mut self, row: &Row<'_>, at: i64, task: Task, desk: &mut Desk) -> Result<(), Flaw> {
        let line = &row.line;
        let class = row.whole(7, "scheduling_class")?;
        let priority = row.whole(8, "priority")?;
        let function = desk.function(&format!("class {class} priority {priority}"), line)?;
        let mut arrival = Arrival::new(Instant::ZERO, function);
        if !row.bytes(6).is_empty() {
            arrival.tenant = Some(desk.tenant(&row.text(6), line)?);
        }
        if let Some(bytes) = self.largest_machine_bytes {
            if row.bytes(10).is_empty() {
                desk.note("submission without a memory request", line);
            } else {
                let share = row.decimal(10, "ram_request")?;
                if !(0.0..=1.0).contains(&share) {
                    return Err(row.flaw(10, "ram_request", "a share of the largest machine, from 0 to 1"));
                }
                arrival.memory_bytes = Some((share * bytes as f64 + 0.5) as u64);
            }
        }
        let number = self.given + self.waiting.len() as u64;
        if self.tasks.insert(task, number).is_some() {
            desk.note("task submitted again", line);
        }
        self.waiting.push_back(Submission { task, at, scheduled: None, arrival, spot: desk.here() });
        while self.waiting.len() > self.held {
            self.give_first(desk);
        }
        Ok(())
    }

    fn row(&mut self, line: &Line<'_>, fields: &mut Fields, desk: &mut Desk) -> Result<(), Flaw> {
        let row = fields.cut(*line, Separator::Byte(b','))?;
        desk.report.rows += 1;
        row.want_fields(COLUMNS)?;
        let micros = row.whole(0, "timestamp")?;
        if micros == 0 || micros == AFTER_TRACE {
            desk.drop_row("event outside the trace", line);
            return Ok(());
        }
        let at = row.nanos(0, "timestamp", Unit::Microsecond)? - TRACE_STARTS;
        if at < self.last {
            desk.note("event earlier than the one before", line);
        }
        self.last = at;
        if !row.bytes(1).is_empty() {
            desk.note("event that was filled in (missing_info)", line);
        }
        let task = (row.whole(2, "job_id")?, row.whole(3, "task_index")?);
        match row.whole(5, "event_type")? {
            SUBMIT => self.submit(&row, at, task, desk)?,
            SCHEDULE => {
                if let Some(submission) = self.waiting(task) {
                    submission.scheduled = Some(at);
                }
            }
            FINISH => {
                if let Some(submission) = self.waiting(task) {
                    submission.arrival.service = submission.scheduled.and_then(|begun| span(at - begun));
                    self.tasks.remove(&task);
                }
            }
            2..=LAST_EVENT => {
                // Evicted, failed, killed or changed: whatever comes next is another submission.
            }
            _ => return Err(row.flaw(5, "event_type", "an event from 0 (SUBMIT) to 8 (UPDATE_RUNNING)")),
        }
        Ok(())
    }
}

impl Layout for TaskEvents {
    const DATED: bool = false;

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let mut fields = std::mem::take(&mut self.fields);
        let result = self.row(line, &mut fields, desk);
        self.fields = fields;
        result
    }

    fn finish(&mut self, desk: &mut Desk) -> Result<(), Flaw> {
        while !self.waiting.is_empty() {
            self.give_first(desk);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;
    use crate::engine::time::Span;

    const TEXT: &str = "\
0,2,1,0,,0,u1,0,0,0.1,0.1,0,0
600000000,,3,0,,0,u1,2,9,0.1,0.25,0,0
600500000,,3,0,m7,1,u1,2,9,0.1,0.25,0,0
601000000,,3,1,,0,u2,0,1,0.1,,0,
602000000,,3,1,m7,1,u2,0,1,0.1,,0,
603000000,,3,1,m7,2,u2,0,1,0.1,,0,
603000000,1,3,1,,0,u2,0,1,0.1,,0,
604000000,,3,0,m7,4,u1,2,9,0.1,0.25,0,0
9223372036854775807,,3,1,,0,u2,0,1,0.1,,0,
";

    #[test]
    fn a_submission_waits_for_the_end_of_its_task() {
        let file = test_file(TEXT);
        let open = |held| open(vec![file.path().into()], Some(1 << 30), held, Reading::default()).unwrap();
        let mut trace = open(100);
        let arrivals = all(&mut trace).unwrap();
        let seen: Vec<_> = arrivals.iter().map(|x| (x.at.as_secs_f64(), x.service, x.memory_bytes)).collect();
        let run = Some(Span::from_nanos(3_500_000_000));
        assert_eq!(seen, [(0.0, run, Some(1 << 28)), (1.0, None, None), (3.0, None, None)]);
        let report = trace.report();
        assert_eq!((report.rows, report.count("event outside the trace")), (9, 2));
        assert_eq!(report.count("task submitted again"), 1);
        assert_eq!(&**trace.cast().functions.text(arrivals[0].function), "class 2 priority 9");
        // Held back to the end of the file, it is still told of with its own row.
        let early = test_file(&TEXT.replace("600000000,,3,0,,0", "599000000,,3,0,,0"));
        let mut trace = super::open(vec![early.path().into()], None, 100, Reading::default()).unwrap();
        all(&mut trace).unwrap();
        let (_, tally) = trace.report().repaired().next().unwrap();
        assert_eq!((tally.count, &*tally.file, tally.line), (1, &*early.path().display().to_string(), 2));
        assert!(all(&mut open(0)).unwrap().iter().all(|x| x.service.is_none()));
    }
}
