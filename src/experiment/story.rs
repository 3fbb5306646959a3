//! The story of one request: its phases, who was ahead of it, and what scaled, throttled or came meanwhile.
//!
//! The run is made twice, which it can be because it is the same run: once to find the request, once to look at its time. No
//! log is needed, and nothing is kept of other requests but what overlaps.

use std::io;

use super::opened::{Column, Opened};
use super::run::RunError;
use crate::engine::time::{Instant, Span};
use crate::model::ids::PoolId;
use crate::model::request::{Outcome, Phases};
use crate::model::world::Departure;
use crate::run::drive::drive;
use crate::run::sink::{CallRow, DecisionRow, Sink, Wants};
use crate::scenario::setup::Setup;

/// Decisions, and requests ahead, that are told one by one.
const TOLD: usize = 12;

/// One call of the request.
#[derive(Clone, Debug)]
struct Call {
    number: u32,
    parent: Option<u32>,
    function: String,
    entry: String,
    node: String,
    pool: Option<PoolId>,
    instance: Option<u64>,
    attempt: u16,
    arrival: Instant,
    offered: Option<Instant>,
    begun: Option<Instant>,
    cold: bool,
    work: f64,
    phases: Phases,
    outcome: Outcome,
    end: Instant,
    cost_pico: u64,
}

/// Looks for the calls of one request.
struct Finder<'a> {
    request: u64,
    setup: &'a Setup,
    calls: Vec<Call>,
}

impl Sink for Finder<'_> {
    fn wants(&self) -> Wants {
        Wants { calls: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        if request.number != self.request {
            return Ok(());
        }
        let node = |id: crate::model::ids::NodeId| self.setup.nodes[id.index()].name.clone();
        self.calls.push(Call {
            number: request.call,
            parent: row.parent_call,
            function: self.setup.functions[request.function.index()].name.clone(),
            entry: node(request.entry),
            node: node(request.node),
            pool: request.pool,
            instance: row.instance_number,
            attempt: request.attempt,
            arrival: request.arrival,
            offered: request.offered,
            begun: request.begun,
            cold: request.bound.is_some(),
            work: request.work,
            phases: row.phases,
            outcome: row.outcome,
            end: row.at,
            cost_pico: request.cost_direct_pico + request.cost_held_pico,
        });
        Ok(())
    }
}

/// What it was like at a call's pool when the call was offered.
#[derive(Clone, Debug, Default)]
struct Around {
    /// Requests that waited there, each with when it was offered; and how many were being served.
    ahead: Vec<(Instant, u64)>,
    running: u64,
    /// Refused there between the call's arrival and its end.
    throttled: u64,
}

/// Looks at the time of a request.
struct Witness<'a> {
    request: u64,
    calls: &'a [Call],
    around: Vec<Around>,
    from: Instant,
    until: Instant,
    decisions: Vec<DecisionRow>,
    departures: Vec<Departure>,
}

impl Sink for Witness<'_> {
    fn wants(&self) -> Wants {
        Wants { calls: true, decisions: true, departures: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let other = row.request;
        for (call, around) in self.calls.iter().zip(&mut self.around) {
            if call.pool.is_none() || other.pool != call.pool {
                continue;
            }
            if row.outcome == Outcome::Throttled && (call.arrival..=call.end).contains(&row.at) {
                around.throttled += u64::from(other.number != self.request);
            }
            let (Some(mine), Some(offered)) = (call.offered, other.offered) else { continue };
            let itself = other.number == self.request && other.call == call.number;
            let earlier = offered < mine || offered == mine && other.number < self.request;
            if itself || !earlier || row.outcome == Outcome::Throttled {
                continue;
            }
            let left = other.ended.unwrap_or(row.at);
            match other.begun {
                Some(begun) if begun <= mine => around.running += u64::from(left > mine),
                begun if begun.unwrap_or(left) > mine => around.ahead.push((offered, other.number)),
                _ => {}
            }
        }
        Ok(())
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        if (self.from..=self.until).contains(&row.at) {
            self.decisions.push(row.clone());
        }
        Ok(())
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        let served = |call: &Call| call.pool == Some(row.pool) && call.instance == Some(row.number);
        let within = |at: Option<Instant>| at.is_some_and(|at| (self.from..=self.until).contains(&at));
        if self.calls.iter().any(served) || within(Some(row.launched)) || within(row.ready) || within(Some(row.gone)) {
            self.departures.push(*row);
        }
        Ok(())
    }
}

/// Tells the story of a request; `None` where the run has no request of this number.
///
/// # Errors
/// A run that stopped.
pub fn story(opened: &Opened, column: &Column, replication: u64, request: u64) -> Result<Option<String>, RunError> {
    let setup = opened.setup_for(column, replication);
    let mut finder = Finder { request, setup: &setup, calls: Vec::new() };
    drive(&setup, &column.label, &mut *opened.build_for(column, &setup).strategy, &mut finder)?;
    let mut calls = finder.calls;
    calls.sort_by_key(|call| call.number);
    let Some(root) = calls.first().cloned() else { return Ok(None) };
    let mut witness = Witness {
        request,
        calls: &calls,
        around: vec![Around::default(); calls.len()],
        from: root.arrival,
        until: calls.iter().map(|call| call.end).max().unwrap_or(root.end),
        decisions: Vec::new(),
        departures: Vec::new(),
    };
    drive(&setup, &column.label, &mut *opened.build_for(column, &setup).strategy, &mut witness)?;
    let mut text = format!(
        "request {request} of {} under {}, replication {replication}: {} after {}\n",
        setup.name,
        column.label,
        root.outcome.name(),
        shown(root.phases.response),
    );
    for (call, around) in calls.iter().zip(&witness.around) {
        tell_call(&mut text, call, around, &setup, &witness.departures);
    }
    tell_meanwhile(&mut text, &witness, &setup);
    Ok(Some(text))
}

/// A length of time for reading, to the microsecond.
fn shown(span: Span) -> String {
    format!("{:.6} s", span.as_secs_f64())
}

fn moment(at: Instant) -> String {
    format!("{:.6} s", at.as_secs_f64())
}

/// A line more of the story.
macro_rules! line {
    ($text:expr, $($rest:tt)*) => {
        *$text += &(format!($($rest)*) + "\n")
    };
}

fn tell_call(text: &mut String, call: &Call, around: &Around, setup: &Setup, departures: &[Departure]) {
    let by = call.parent.map_or_else(|| format!("at {}", call.entry), |parent| format!("by call {parent}"));
    line!(text, "call {}: {} asked {by} at {}, work {} s", call.number, call.function, moment(call.arrival), call.work);
    if call.attempt > 1 {
        line!(
            text,
            "  attempt {} is told; {} went on those before and between",
            call.attempt,
            shown(call.phases.retries)
        );
    }
    if let Some(pool) = call.pool {
        let name = &setup.pools[pool.index()].name;
        let at = call.offered.map_or(String::new(), |at| format!(" at {}", moment(at)));
        let place = if call.node == call.entry { String::new() } else { format!(" on {}", call.node) };
        line!(
            text,
            "  offered to {name}{place}{at}: {} running there, {} ahead of it",
            around.running,
            around.ahead.len()
        );
        let mut ahead = around.ahead.clone();
        ahead.sort_unstable();
        let numbers: Vec<String> = ahead.iter().take(TOLD).map(|(_, number)| number.to_string()).collect();
        if !ahead.is_empty() {
            let more = if ahead.len() > TOLD { format!(" and {} more", ahead.len() - TOLD) } else { String::new() };
            line!(text, "  ahead: requests {}{more}", numbers.join(", "));
        }
        if let (Some(instance), Some(begun)) = (call.instance, call.begun) {
            let started = if call.cold { ", which was started for it" } else { "" };
            line!(text, "  begun on {name} #{instance} at {}{started}", moment(begun));
            if let Some(of) = departures.iter().find(|d| d.pool == pool && d.number == instance) {
                let ready = of.ready.map_or(String::new(), |ready| format!(", ready at {}", moment(ready)));
                line!(text, "  {name} #{instance} was launched at {}{ready}", moment(of.launched));
            }
        }
        if around.throttled > 0 {
            line!(text, "  meanwhile {name} throttled {} other requests", around.throttled);
        }
    }
    let phases = &call.phases;
    for (what, span) in [
        ("network", phases.network),
        ("queue", phases.queue),
        ("cold start", phases.cold_start),
        ("service", phases.service),
        ("calls", phases.calls),
        ("retries", phases.retries),
    ] {
        if !span.is_zero() {
            let share = 100.0 * span.as_secs_f64() / phases.response.as_secs_f64();
            line!(text, "  {what:<10} {:>16}  {share:5.1} %", shown(span));
        }
    }
    line!(text, "  {:<10} {:>16}  {} at {}", "response", shown(phases.response), call.outcome.name(), moment(call.end));
    line!(text, "  cost {} USD", crate::model::tariff::usd(i128::from(call.cost_pico)));
}

fn tell_meanwhile(text: &mut String, witness: &Witness<'_>, setup: &Setup) {
    if witness.decisions.is_empty() {
        line!(text, "meanwhile nobody decided anything");
    }
    for row in witness.decisions.iter().take(TOLD) {
        let DecisionRow { by, action, target, from, to, reason, .. } = row;
        let refusal = if row.refusal.is_empty() { String::new() } else { format!(" (refused: {})", row.refusal) };
        line!(text, "meanwhile at {}: {by}: {action} {target} {from} -> {to}: {reason}{refusal}", moment(row.at));
    }
    if witness.decisions.len() > TOLD {
        line!(text, "meanwhile {} decisions more", witness.decisions.len() - TOLD);
    }
    let within = |at: Instant| (witness.from..=witness.until).contains(&at);
    for (index, pool) in setup.pools.iter().enumerate() {
        let count = |of: &dyn Fn(&Departure) -> bool| {
            witness.departures.iter().filter(|d| d.pool.index() == index && of(d)).count()
        };
        let launched = count(&|d| within(d.launched));
        let ready = count(&|d| d.ready.is_some_and(within));
        let gone = count(&|d| within(d.gone));
        if launched + ready + gone > 0 {
            line!(text, "meanwhile in {}: {launched} launched, {ready} ready, {gone} gone", pool.name);
        }
    }
}
