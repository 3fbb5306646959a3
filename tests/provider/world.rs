//! A small scenario, run under one strategy, with everything it wrote kept as text.

use std::io;

use stratosim::engine::time::Instant;
use stratosim::experiment::opened::open;
use stratosim::model::world::Departure;
use stratosim::run::drive::drive;
use stratosim::run::sink::{CallRow, DecisionRow, PoolSample, Sink, Wants};
use stratosim::run::summary::Summary;

/// What a run wrote.
#[derive(Default)]
pub struct Seen {
    /// `at by: action from -> to`, times in whole seconds.
    pub decisions: Vec<String>,
    pub samples: Vec<PoolSample>,
    /// Launch number, ready and gone in seconds.
    pub departures: Vec<(u64, Option<f64>, f64)>,
    /// Outcome and end of each call.
    pub calls: Vec<(&'static str, f64)>,
}

impl Seen {
    /// The rows of one decider.
    pub fn by(&self, who: &str) -> Vec<&str> {
        let of = |line: &&String| line.split(' ').nth(1) == Some(&format!("{who}:"));
        self.decisions.iter().filter(of).map(String::as_str).collect()
    }
}

fn secs(at: Instant) -> f64 {
    at.as_secs_f64()
}

impl Sink for Seen {
    fn wants(&self) -> Wants {
        Wants { calls: true, departures: true, samples: true, decisions: true, events: false }
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        let DecisionRow { at, by, action, from, to, .. } = row;
        self.decisions.push(format!("{} {by}: {action} {from} -> {to}", secs(*at)));
        Ok(())
    }

    fn pool_sample(&mut self, row: &PoolSample) -> io::Result<()> {
        self.samples.push(*row);
        Ok(())
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        self.departures.push((row.number, row.ready.map(secs), secs(row.gone)));
        Ok(())
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        self.calls.push((row.outcome.name(), secs(row.at)));
        Ok(())
    }
}

/// The head of every scenario here: one fleet `web` of machines with ten slots each, booting 30 s, and so many requests of
/// a second each arriving evenly in each second of `counts`. `pool` and `rest` are TOML.
pub fn text(strategy: &str, sample: &str, pool: &str, rest: &str) -> String {
    format!(
        "strategies = [\"{strategy}\"]\nsample = \"{sample}\"\n\
         [functions.f]\nwork = \"1s\"\n\
         [sources.s]\nkind = \"counts\"\nfile = \"counts.txt\"\nspread = \"start\"\n\
         [pools.web]\nkind = \"vm\"\ntype = \"any\"\nslots = 10\nboot = \"30s\"\n{pool}\n{rest}\n"
    )
}

/// Runs a scenario whose source has these counts, one for each second.
pub fn run(text: &str, counts: &[u32]) -> Seen {
    let mut seen = Seen::default();
    run_into(text, counts, &mut seen);
    seen
}

/// The same with rows that go wherever `sink` puts them.
pub fn run_into(text: &str, counts: &[u32], sink: &mut dyn Sink) -> Summary {
    let folder = tempfile::tempdir().expect("a folder for the scenario");
    let lines: String = counts.iter().map(|count| format!("{count}\n")).collect();
    std::fs::write(folder.path().join("counts.txt"), lines).expect("counts can be written");
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, text).expect("a scenario can be written");
    let opened = open(&path, &[]).unwrap_or_else(|complaints| panic!("{complaints}"));
    let column = &opened.columns[0];
    let setup = opened.setup_for(column, 0);
    let driven = drive(&setup, &column.label, &mut *opened.build(column).strategy, sink);
    let (summary, _) = driven.unwrap_or_else(|stop| panic!("{stop}"));
    assert_eq!(summary.broken_laws(), Vec::<String>::new());
    summary
}
