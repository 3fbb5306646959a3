//! One replication: a scenario's text through the reader, the checks and the run loop, and what a sink saw of it.

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use stratosim::engine::time::Instant;
use stratosim::model::request::Outcome;
use stratosim::model::world::Departure;
use stratosim::run::drive::drive;
use stratosim::run::sink::{CallRow, Sink, Wants};
use stratosim::scenario::check::check;
use stratosim::scenario::document::Document;
use stratosim::scenario::raw;
use stratosim::scenario::reader::read;
use stratosim::scenario::setup::Setup;
use stratosim::strategy::Strategy;
use stratosim::strategy::faas::Faas;
use stratosim::strategy::max::Max;

/// One request from its arrival to its answer; instants in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub arrival: u64,
    /// `u64::MAX` when it was never begun.
    pub begun: u64,
    pub left: u64,
    pub work: f64,
    pub attempts: u16,
    pub outcome: Outcome,
    pub cold: bool,
}

impl Call {
    pub fn is_begun(&self) -> bool {
        self.begun != u64::MAX
    }

    pub fn is_served(&self) -> bool {
        self.outcome == Outcome::Served
    }
}

/// Everything that the metrics read.
#[derive(Default)]
pub struct Log {
    /// Roots in order of arrival.
    pub roots: Vec<Call>,
    /// Calls that roots made: when they came and left.
    pub children: Vec<(u64, u64)>,
    /// Instances: ready and gone.
    pub instances: Vec<(u64, u64)>,
    wants_instances: bool,
}

impl Sink for Log {
    fn wants(&self) -> Wants {
        Wants { calls: true, departures: self.wants_instances, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        let (arrival, left) = (request.arrival.as_nanos(), row.at.as_nanos());
        if row.parent_call.is_some() {
            self.children.push((arrival, left));
            return Ok(());
        }
        let call = Call {
            arrival,
            begun: request.begun.map_or(u64::MAX, Instant::as_nanos),
            left,
            work: request.work,
            attempts: request.attempt,
            outcome: row.outcome,
            cold: request.bound.is_some(),
        };
        let place = request.number as usize;
        if self.roots.len() <= place {
            // Requests that arrived earlier and are still under way leave a gap that their own row fills.
            self.roots.resize(place + 1, call);
        }
        self.roots[place] = call;
        Ok(())
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        // One that was still starting at the end never was an instance that could idle.
        let ready = row.ready.unwrap_or(row.gone);
        self.instances.push((ready.as_nanos(), row.gone.as_nanos()));
        Ok(())
    }
}

/// The seed that a text stands for: the first eight bytes of its SHA-256.
pub fn seed(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    u64::from_be_bytes(digest[..8].try_into().expect("a SHA-256 digest has 32 bytes"))
}

/// The setup of a scenario's text.
pub fn setup(text: &str) -> Setup {
    let document = Document::parse("family.toml", text).unwrap_or_else(|no| panic!("{no}\n{text}"));
    let read = read::<raw::Scenario>(document).unwrap_or_else(|no| panic!("{no}\n{text}"));
    check(&read, Path::new("family.toml")).unwrap_or_else(|no| panic!("{no}\n{text}")).setup
}

/// Runs a setup: fleets as they stand, functions as they come.
pub fn run(setup: &Setup, wants_instances: bool) -> Log {
    let mut log = Log { wants_instances, ..Log::default() };
    let has_fleet = setup.pools.iter().any(|pool| matches!(pool.birth, stratosim::model::pool::Birth::Ordered { .. }));
    let mut strategy: Box<dyn Strategy> = if has_fleet { Box::new(Max::new(None)) } else { Box::new(Faas::default()) };
    let (summary, _) = drive(setup, "fixed", &mut *strategy, &mut log).unwrap_or_else(|stop| panic!("{stop}"));
    let broken = summary.broken_laws();
    assert!(broken.is_empty(), "{}", broken.join("; "));
    assert_eq!(summary.roots.arrived, log.roots.len() as u64, "every request has its row");
    log
}
