//! Where a run writes what happened. A sink gets finished rows; it never changes what happens.

use std::io;

use crate::engine::time::{Instant, Span};
use crate::model::ids::{FunctionId, PoolId, SourceId};
use crate::model::request::{Outcome, Phases, Request};
use crate::model::world::Departure;

/// One call, at its end.
#[derive(Clone, Copy, Debug)]
pub struct CallRow<'a> {
    pub request: &'a Request,
    pub phases: Phases,
    pub outcome: Outcome,
    /// Number of the instance within its pool, if it reached one.
    pub instance_number: Option<u64>,
    /// Call number of the parent under the same root.
    pub parent_call: Option<u32>,
    pub at: Instant,
}

/// One decision: an order, its reason, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionRow {
    pub at: Instant,
    /// Who decided: the strategy, a scaling group, a scenario's timetable.
    pub by: String,
    pub action: &'static str,
    /// A pool, a node, a type.
    pub target: String,
    pub from: String,
    pub to: String,
    pub reason: String,
    /// Empty when it was carried out in full.
    pub refusal: String,
}

/// A figure of a strategy's own.
#[derive(Clone, Debug, PartialEq)]
pub struct NoteRow {
    pub at: Instant,
    pub scope: String,
    pub name: &'static str,
    pub value: f64,
}

/// The state of one pool at a sampling instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoolSample {
    pub at: Instant,
    pub pool: PoolId,
    /// Requests offered since the last sample.
    pub offered: u64,
    /// Of these, refused at once.
    pub throttled: u64,
    pub running: u32,
    pub waiting: u32,
    pub desired: u32,
    pub pending: u32,
    pub initial: u32,
    pub healthy: u32,
    pub draining: u32,
    /// Instances with nothing to do; only of pools that are born by demand.
    pub idle: u32,
    /// Mean of busy slots since the last sample over slots in service.
    pub utilisation: f64,
    /// Mean time from offer to end of work of what ended since the last sample.
    pub response_s: Option<f64>,
    /// Shares of what the instances have, where the pool states it.
    pub memory: Option<f64>,
    pub network: Option<f64>,
}

/// The arrivals of one function since the last sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionSample {
    pub at: Instant,
    pub function: FunctionId,
    pub arrived: u64,
}

/// What a source told since the last sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceSample {
    pub at: Instant,
    pub source: SourceId,
    pub sent: u64,
    /// Users or sensors switched on; the mean over the monitor's looks.
    pub users: Option<f64>,
    pub rate_per_s: f64,
    /// Mean response of what was served, mean size of what was sent.
    pub response_s: Option<f64>,
    pub payload_bytes: Option<f64>,
}

/// What a sink wants; what nobody wants is not prepared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    pub calls: bool,
    pub departures: bool,
    pub samples: bool,
    pub decisions: bool,
    /// Every event, for tracing.
    pub events: bool,
}

/// A destination for rows. An error ends the run.
pub trait Sink {
    fn wants(&self) -> Wants {
        Wants::default()
    }

    fn call(&mut self, _row: &CallRow<'_>) -> io::Result<()> {
        Ok(())
    }

    fn decision(&mut self, _row: &DecisionRow) -> io::Result<()> {
        Ok(())
    }

    fn note(&mut self, _row: &NoteRow) -> io::Result<()> {
        Ok(())
    }

    fn pool_sample(&mut self, _row: &PoolSample) -> io::Result<()> {
        Ok(())
    }

    fn function_sample(&mut self, _row: &FunctionSample) -> io::Result<()> {
        Ok(())
    }

    fn source_sample(&mut self, _row: &SourceSample) -> io::Result<()> {
        Ok(())
    }

    fn departure(&mut self, _row: &Departure) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, _at: Instant, _what: &crate::model::event::Event) -> io::Result<()> {
        Ok(())
    }

    /// What an entity looks like at an instant that somebody asked about.
    fn probe(&mut self, _at: Instant, _entity: &str, _text: &str) -> io::Result<()> {
        Ok(())
    }

    /// How far the run is, now and then: simulated time and events so far.
    fn progress(&mut self, _at: Instant, _events: u64) {}
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Sink for Silent {}

/// A length of time as seconds with nine decimals, exact.
pub fn secs(span: Span) -> String {
    let ns = span.as_nanos();
    format!("{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000)
}
