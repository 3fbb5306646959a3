//! Alibaba 2018, batch: jobs of tasks that wait for each other.
//!
//! Source: `alibaba/clusterdata`, `cluster-trace-v2018/schema.txt`, table `batch_task` (no header):
//! `task_name,instance_num,job_name,task_type,status,start_time,end_time,plan_cpu,plan_mem`, times in seconds.
//!
//! The dependencies of a task stand in its name: `M5_3_4` is task 5 and waits for 3 and 4; the letter means nothing, and
//! names of another form (`task_Nzg3...`, `MergeTask`) wait for nothing. A job is one arrival; its function is its shape, so that
//! jobs of the same shape are requests of one function, which a scenario can give the same steps.
//!
//! Known quirks: a start of 0 or a missing end means not known (the task is dropped and counted); tasks that did not
//! terminate are counted; the rows of a job stand together, and one that comes in pieces is counted. Memory is
//! normalised, so none is given; values of -1 or 101 in usage tables are invalid, which this table does not show.

use super::arrival::Arrival;
use super::feed::{Desk, Feed, Layout, Reading, Spot, span};
use super::flaw::Flaw;
use super::line::{Fields, Line, Separator};
use super::number::{self, Unit};
use crate::engine::time::Instant;
use rustc_hash::FxHashSet;
use std::path::PathBuf;

/// The trace.
pub type AlibabaBatch = Feed<Jobs>;

/// Opens parts of `batch_task`, in order.
pub fn open(files: Vec<PathBuf>, reading: Reading) -> Result<AlibabaBatch, Flaw> {
    Feed::open(files, Jobs::default(), reading)
}

/// A task as its name tells of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// Number within the job; `None` for a name that has none.
    pub number: Option<u32>,
    /// Numbers of the tasks that must end first, ascending.
    pub after: Vec<u32>,
}

impl Task {
    /// Reads `M5_3_4`, `R2_1_Stg3` or any other name.
    pub fn parse(name: &str) -> Task {
        let mut parts = name.split('_');
        let head = parts.next().unwrap_or_default();
        let number = head.strip_prefix(|c: char| c.is_ascii_alphabetic()).and_then(|digits| digits.parse().ok());
        let mut after: Vec<u32> = match number {
            // Words such as Stg1 follow the numbers and name no task.
            Some(_) => parts.filter_map(|part| part.parse().ok()).collect(),
            None => Vec::new(),
        };
        after.sort_unstable();
        after.dedup();
        Task { number, after }
    }
}

/// The shape of a job: `1,2<1,3<1+2` for three tasks of which the second waits for the first and the third for both. Tasks
/// without a number are only counted: `2*free`.
pub fn shape(tasks: &mut [Task]) -> String {
    tasks.sort();
    let free = tasks.iter().filter(|task| task.number.is_none()).count();
    let mut parts: Vec<String> = Vec::new();
    for task in tasks.iter() {
        let Some(number) = task.number else { continue };
        let after: Vec<String> = task.after.iter().map(u32::to_string).collect();
        parts.push(if after.is_empty() { number.to_string() } else { format!("{number}<{}", after.join("+")) });
    }
    if free > 0 {
        parts.push(format!("{free}*free"));
    }
    parts.join(",")
}

/// The job being read.
#[derive(Clone, Debug, Default)]
struct Job {
    name: String,
    /// Where its first row stands.
    spot: Spot,
    tasks: Vec<Task>,
    start: i64,
    /// Times of all tasks together, one instance of each.
    work: i64,
}

/// One arrival for each job.
#[derive(Debug, Default)]
pub struct Jobs {
    job: Job,
    /// Hashes of names, to see a job that comes in pieces; bounded, since it only feeds the report.
    seen: FxHashSet<u64>,
    fields: Fields,
    last: Option<(std::sync::Arc<str>, u64)>,
}

const SEEN_MAX: usize = 8_000_000;

impl Jobs {
    /// Hands in the job read so far.
    fn give(&mut self, desk: &mut Desk) -> Result<(), Flaw> {
        if self.job.tasks.is_empty() {
            return Ok(());
        }
        let (file, number) = self.last.clone().unwrap_or_else(|| ("batch_task".into(), 0));
        let line = Line { file: &file, number, text: b"" };
        let function = desk.function(&shape(&mut self.job.tasks), &line)?;
        let known = Arrival::new(Instant::ZERO, function);
        desk.arrive_from(self.job.spot, self.job.start, Arrival { service: span(self.job.work), ..known });
        self.job.tasks.clear();
        Ok(())
    }

    fn begin_job(&mut self, name: &str, line: &Line<'_>, desk: &mut Desk) {
        use std::hash::BuildHasher;
        let hash = rustc_hash::FxBuildHasher.hash_one(name);
        if self.seen.len() < SEEN_MAX && !self.seen.insert(hash) {
            desk.repair("job in pieces, each taken as a job", line);
        }
        self.job = Job { name: name.to_owned(), spot: desk.here(), start: i64::MAX, ..Job::default() };
    }
}

impl Layout for Jobs {
    const DATED: bool = false;

    fn line(&mut self, line: &Line<'_>, desk: &mut Desk) -> Result<(), Flaw> {
        let mut fields = std::mem::take(&mut self.fields);
        let result = self.row(line, &mut fields, desk);
        self.fields = fields;
        result
    }

    fn finish(&mut self, desk: &mut Desk) -> Result<(), Flaw> {
        self.give(desk)
    }
}

impl Jobs {
    fn row(&mut self, line: &Line<'_>, fields: &mut Fields, desk: &mut Desk) -> Result<(), Flaw> {
        let row = fields.cut(*line, Separator::Byte(b','))?;
        desk.report.rows += 1;
        row.want_fields(9)?;
        number::whole(row.bytes(1)).ok_or_else(|| row.flaw(1, "instance_num", "a whole number"))?;
        let job = row.text(2);
        if job.is_empty() {
            return Err(row.flaw(2, "job_name", "the name of a job"));
        }
        if job != self.job.name {
            self.give(desk)?;
            self.begin_job(&job, line, desk);
        }
        self.last = Some((line.file.clone(), line.number));
        let start = if row.bytes(5).is_empty() { 0 } else { row.nanos(5, "start_time", Unit::Second)? };
        let end = if row.bytes(6).is_empty() { 0 } else { row.nanos(6, "end_time", Unit::Second)? };
        if start <= 0 || end <= 0 {
            desk.drop_row("task without start or end", line);
            return Ok(());
        }
        if end < start {
            return Err(row.flaw(6, "end_time", "a time not before start_time"));
        }
        if row.bytes(4) != b"Terminated" {
            desk.note("task that did not terminate", line);
        }
        self.job.tasks.push(Task::parse(&row.text(0)));
        self.job.start = self.job.start.min(start);
        self.job.work = self.job.work.saturating_add(end - start);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{Trace, all};
    use super::super::test_file;
    use super::*;

    #[test]
    fn names_tell_what_a_task_waits_for() {
        let task = |name| {
            let task = Task::parse(name);
            (task.number, task.after)
        };
        assert_eq!(task("M5_4_3"), (Some(5), vec![3, 4]));
        assert_eq!(task("R2_1_Stg7"), (Some(2), vec![1]));
        assert_eq!(task("M1"), (Some(1), vec![]));
        assert_eq!(task("task_Nzg3ODcwNDMzMzI0Mzk0NzM2"), (None, vec![]));
        assert_eq!(task("MergeTask"), (None, vec![]));
    }

    #[test]
    fn a_job_is_one_arrival_of_its_shape() {
        let text = "\
M1,1,j_1,1,Terminated,100,110,100,0.2
R2_1,4,j_1,1,Terminated,110,115,100,0.2
task_abc,1,j_2,2,Failed,90,91,50,0.1
R2_1,1,j_3,1,Terminated,201,203,100,0.2
M1,1,j_3,1,Terminated,200,201,100,0.2
M1,1,j_4,1,Running,300,0,100,0.2
M1,1,j_1,1,Terminated,400,401,,
";
        let file = test_file(text);
        let mut trace = open(vec![file.path().into()], Reading::default()).unwrap();
        let arrivals = all(&mut trace).unwrap();
        let seen: Vec<_> = arrivals
            .iter()
            .map(|x| {
                (x.at.as_secs_f64(), x.service.unwrap().as_secs_f64(), trace.cast().functions.text(x.function).as_ref())
            })
            .collect();
        assert_eq!(seen, [(90.0, 1.0, "1*free"), (100.0, 15.0, "1,2<1"), (200.0, 3.0, "1,2<1"), (400.0, 1.0, "1")]);
        let report = trace.report();
        assert_eq!(report.count("task without start or end"), 1);
        assert_eq!(report.count("task that did not terminate"), 1);
        assert_eq!(report.count("job in pieces, each taken as a job"), 1);
        assert_eq!(report.rows, 7);

        // A job moved forward is told of with its own first row, though rows of the next have been read.
        let mut trace = open(vec![file.path().into()], Reading { window: 0, ..Reading::default() }).unwrap();
        all(&mut trace).unwrap();
        let (_, tally) = trace.report().repaired().find(|(why, _)| why.starts_with("arrival later")).unwrap();
        assert_eq!((tally.count, tally.line), (1, 3));
    }
}
