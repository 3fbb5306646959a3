//! A stage for brokers, computers and chains: a scenario, shipped or of a test's own, is run in one column, and its calls and
//! probes are kept.

use std::io;
use std::path::{Path, PathBuf};

use stratosim::engine::time::{Instant, Span};
use stratosim::experiment::opened::{Opened, open};
use stratosim::model::request::{Outcome, Phases};
use stratosim::run::drive::drive;
use stratosim::run::sink::{CallRow, Sink, Wants};
use stratosim::run::stop::Stop;
use stratosim::run::summary::Summary;

/// One call, as a test looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub root: bool,
    pub source: String,
    pub at: Instant,
    pub response: Span,
    pub phases: Phases,
    pub offered: Option<Instant>,
    pub ended: Option<Instant>,
    pub function: usize,
    pub bytes: u64,
    pub pool: Option<String>,
    pub routed: u8,
    pub load: u8,
    pub outcome: Outcome,
}

#[derive(Default)]
struct Calls {
    pools: Vec<String>,
    sources: Vec<String>,
    list: Vec<Call>,
    probes: Vec<String>,
}

impl Sink for Calls {
    fn wants(&self) -> Wants {
        Wants { calls: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        self.list.push(Call {
            root: row.parent_call.is_none(),
            source: self.sources[request.source.index()].clone(),
            at: row.at,
            response: row.phases.response,
            phases: row.phases,
            offered: request.offered,
            ended: request.ended,
            function: request.function.index(),
            bytes: request.payload_bytes,
            pool: request.pool.map(|pool| self.pools[pool.index()].clone()),
            routed: request.routed,
            load: request.load_percent,
            outcome: row.outcome,
        });
        Ok(())
    }

    fn probe(&mut self, _at: Instant, _entity: &str, text: &str) -> io::Result<()> {
        self.probes.push(text.to_owned());
        Ok(())
    }
}

/// What a run left.
pub struct Run {
    pub summary: Summary,
    pub calls: Vec<Call>,
    pub probes: Vec<String>,
}

pub fn shipped(name: &str, sets: &[&str]) -> Opened {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.toml"));
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    open(&path, &sets).unwrap_or_else(|no| panic!("{no}"))
}

/// Runs a column, to its end or until it has to stop.
pub fn try_run(opened: &Opened, label: &str) -> Result<Run, Stop> {
    let column = opened.columns.iter().find(|column| column.label == label).expect("a column of the scenario");
    let setup = opened.setup_for(column, 0);
    let pools = setup.pools.iter().map(|pool| pool.name.clone()).collect();
    let sources = setup.sources.iter().map(|source| source.name.clone()).collect();
    let mut seen = Calls { pools, sources, ..Calls::default() };
    let mut strategy = opened.build(column).strategy;
    let (summary, _) = drive(&setup, label, &mut *strategy, &mut seen)?;
    assert_eq!(summary.broken_laws(), Vec::<String>::new());
    Ok(Run { summary, calls: seen.list, probes: seen.probes })
}

/// The same of a run that ends well: its figures and calls.
pub fn run(opened: &Opened, label: &str) -> (Summary, Vec<Call>) {
    let run = try_run(opened, label).unwrap_or_else(|stop| panic!("{stop}"));
    (run.summary, run.calls)
}

pub fn mean_s(summary: &Summary) -> f64 {
    summary.response.total().mean().expect("calls were served") / 1e9
}

/// A scenario of our own in a folder of its own.
pub fn written(text: &str) -> (tempfile::TempDir, Opened) {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join("own.toml");
    std::fs::write(&path, text).expect("a scenario can be written");
    let opened = open(&path, &[]).unwrap_or_else(|no| panic!("{no}"));
    (folder, opened)
}
