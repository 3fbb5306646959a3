//! A recorded trace as a source: every arrival at its instant, calling the function that its name stands for in the scenario.
//!
//! What the trace says of a request is taken over (work, or the service time as work; payload; the node where it entered),
//! what it does not say is drawn from the laws of the function called. The trace is read as the run goes on, in the memory
//! of its reader; what a format leaves open is drawn from streams of the source's own name, so that two sources reading one
//! file do not move as one.

use super::demand::{Demand, DemandLaws, Target};
use super::trace::arrival::{Arrival, Name, Names};
use super::trace::feed::Trace;
use super::trace::flaw::Flaw;
use super::trace::recipe::Recipe;
use super::trace::report::Report;
use crate::engine::random::{Rng, Streams};
use crate::engine::time::Instant;
use crate::model::ids::{FunctionId, NodeId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A trace with what its names stand for.
#[derive(Clone, Debug)]
pub struct Replay {
    pub recipe: Arc<Recipe>,
    /// What functions of the trace are here.
    pub callees: Arc<BTreeMap<String, Callee>>,
    /// What all others are.
    pub other: Option<Callee>,
    /// What nodes of the trace are here; `None` where the source says where requests enter.
    pub entries: Option<Arc<BTreeMap<String, NodeId>>>,
    /// Whether work and payload are taken as recorded, where they are.
    pub takes_work: bool,
    pub takes_payload: bool,
    /// Clients that take the requests in turn, each with one under way; 0: every request comes at its instant.
    pub clients: u32,
}

/// A function called, and the laws of what the trace does not say.
#[derive(Clone, Debug)]
pub struct Callee {
    pub function: FunctionId,
    pub laws: DemandLaws,
}

/// What a trace holds, as far as a scenario has to know before it can run.
#[derive(Clone, Debug)]
pub struct Survey {
    pub arrivals: u64,
    /// Instants of the first and the last arrival; zero where there is none.
    pub first: Instant,
    pub last: Instant,
    /// Functions that may be called, in order of first appearance. With other seeds others of them may have arrivals.
    pub functions: Vec<Surveyed>,
    /// Nodes where requests entered, and tenants and sources that they belong to.
    pub nodes: Vec<Arc<str>>,
    pub tenants: Vec<Arc<str>>,
    pub sources: Vec<Arc<str>>,
    pub report: Report,
}

/// A function of a trace.
#[derive(Clone, Debug)]
pub struct Surveyed {
    pub name: Arc<str>,
    pub arrivals: u64,
    /// The most that any of its arrivals has.
    pub memory_bytes: Option<u64>,
}

/// Streams of a source's own.
pub(super) fn own_streams(source: &str, streams: &Streams) -> Streams {
    Streams::new(streams.stream("trace", source).next_u64(), 0)
}

/// Reads a trace up to an instant, which also proves that it can be read.
///
/// # Errors
/// The first flaw of the trace.
pub fn survey(recipe: &Recipe, source: &str, streams: &Streams, until: Instant) -> Result<Survey, Flaw> {
    let mut trace = recipe.open(&own_streams(source, streams))?;
    // Arrivals and memory of each function, by its number.
    let mut met: Vec<(u64, Option<u64>)> = Vec::new();
    let (mut first, mut last) = (None, Instant::ZERO);
    while let Some(arrival) = trace.next_arrival()?.filter(|arrival| arrival.at < until) {
        let index = arrival.function.index();
        if index >= met.len() {
            met.resize(index + 1, (0, None));
        }
        first.get_or_insert(arrival.at);
        last = arrival.at;
        let (arrivals, memory) = &mut met[index];
        *arrivals += 1;
        *memory = (*memory).max(arrival.memory_bytes);
    }
    let cast = trace.cast();
    let chosen = recipe.selection.as_ref().map(|selection| &selection.functions).filter(|names| !names.is_empty());
    let of = |(index, name): (usize, &Arc<str>)| {
        let (arrivals, memory_bytes) = met.get(index).copied().unwrap_or_default();
        Surveyed { name: name.clone(), arrivals, memory_bytes }
    };
    let named = cast.functions.iter().enumerate().map(of);
    Ok(Survey {
        arrivals: met.iter().map(|(arrivals, _)| arrivals).sum(),
        first: first.unwrap_or_default(),
        last,
        functions: named.filter(|of| chosen.is_none_or(|names| names.contains(&*of.name))).collect(),
        nodes: cast.nodes.iter().cloned().collect(),
        tenants: cast.tenants.iter().cloned().collect(),
        sources: cast.sources.iter().cloned().collect(),
        report: trace.report().clone(),
    })
}

/// A replay under way.
pub(super) struct Player {
    replay: Replay,
    /// `None` once it has ended.
    trace: Option<Box<dyn Trace>>,
    /// What the names met so far stand for, by their number.
    callees: Vec<Option<Callee>>,
    entries: Vec<Option<NodeId>>,
    /// What the arrival announced last is of.
    present: Option<Announced>,
    /// What each client asks for next.
    turns: Vec<Option<Demand>>,
    /// Requests that no client was free for at their instant.
    asked_late: u64,
    flaw: Option<Flaw>,
}

struct Announced {
    arrival: Arrival,
    node: Option<NodeId>,
}

impl Player {
    pub fn new(replay: &Replay, source: &str, streams: &Streams) -> Player {
        let (trace, flaw) = match replay.recipe.open(&own_streams(source, streams)) {
            Ok(trace) => (Some(trace), None),
            Err(flaw) => (None, Some(flaw)),
        };
        let turns = vec![None; replay.clients as usize];
        let (callees, entries) = (Vec::new(), Vec::new());
        Player { replay: replay.clone(), trace, callees, entries, present: None, turns, asked_late: 0, flaw }
    }

    /// The instant of the next arrival; `None` at the end, and after a flaw.
    pub fn next(&mut self) -> Option<Instant> {
        match self.announce() {
            Ok(Some(announced)) => {
                let at = announced.arrival.at;
                self.present = Some(announced);
                (at < Instant::FAR).then_some(at)
            }
            Ok(None) => {
                self.trace = None;
                None
            }
            Err(flaw) => {
                (self.trace, self.flaw) = (None, Some(flaw));
                None
            }
        }
    }

    fn announce(&mut self) -> Result<Option<Announced>, Flaw> {
        let Some(trace) = &mut self.trace else { return Ok(None) };
        let Some(arrival) = trace.next_arrival()? else { return Ok(None) };
        let (replay, cast) = (&self.replay, trace.cast());
        let callee = |text: &str| replay.callees.get(text).or(replay.other.as_ref()).cloned();
        meet(arrival.function, &cast.functions, &mut self.callees, callee)
            .map_err(|text| changed(replay, "function", text))?;
        let node = match (&replay.entries, arrival.entry) {
            (Some(entries), Some(entry)) => {
                let node = meet(entry, &cast.nodes, &mut self.entries, |text| entries.get(text).copied());
                Some(*node.map_err(|text| changed(replay, "node", text))?)
            }
            _ => None,
        };
        Ok(Some(Announced { arrival, node }))
    }

    /// What the arrival announced last asks for.
    pub fn demand(&self, work: &mut Rng, payload: &mut Rng) -> Demand {
        let Announced { arrival, node } = self.present.as_ref().expect("a demand follows an arrival");
        let callee = self.callees[arrival.function.index()].as_ref().expect("an announced arrival calls a function");
        let recorded = arrival.work.or(arrival.service.map(|service| service.as_secs_f64()));
        let recorded = recorded.filter(|_| self.replay.takes_work);
        let bytes = arrival.payload_bytes.filter(|_| self.replay.takes_payload);
        Demand {
            work: recorded.unwrap_or_else(|| callee.laws.draw_work(work)),
            payload_bytes: bytes.unwrap_or_else(|| callee.laws.draw_payload(payload)),
            to: Some(Target { function: callee.function, node: *node }),
        }
    }

    /// The instant of the next request, which `client`, free since `now`, takes; what it asks for is drawn here, in the order of
    /// the trace, whoever takes it.
    pub fn take_turn(&mut self, client: u32, now: Instant, work: &mut Rng, payload: &mut Rng) -> Option<Instant> {
        let at = self.next()?;
        self.turns[client as usize] = Some(self.demand(work, payload));
        self.asked_late += u64::from(at < now);
        Some(at)
    }

    /// What the request is that a client has taken.
    pub fn turn(&self, client: u32) -> Demand {
        self.turns[client as usize].expect("a client that asks has taken a turn")
    }

    /// Requests that no client was free for at their instant.
    pub fn asked_late(&self) -> u64 {
        self.asked_late
    }

    /// Why the trace ended before its end; told once.
    pub fn take_flaw(&mut self) -> Option<Flaw> {
        self.flaw.take()
    }
}

/// What a name stands for, asked once for each; the text of one that stands for nothing.
fn meet<'a, 'n, T>(
    name: Name,
    names: &'n Names,
    known: &'a mut Vec<Option<T>>,
    find: impl FnOnce(&str) -> Option<T>,
) -> Result<&'a T, &'n str> {
    if name.index() >= known.len() {
        known.resize_with(name.index() + 1, || None);
    }
    let slot = &mut known[name.index()];
    if slot.is_none() {
        *slot = find(names.text(name));
    }
    slot.as_ref().ok_or_else(|| &**names.text(name))
}

/// A trace that was read through before the run has no name that was not met then.
fn changed(replay: &Replay, what: &str, text: &str) -> Flaw {
    let found = format!("the {what} {text:?}, which was not there before the run");
    Flaw::file(&replay.recipe.name(), found, "a file that nobody changes during a run")
}
