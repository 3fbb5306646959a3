//! The way of a request over the brokers that sent it on: its answer passes them in turn, and each may ask elsewhere.
//!
//! Only strategies that follow their requests leave trails; for all others an answer goes straight to where it was asked.

use std::io;

use smallvec::SmallVec;

use super::drive::Driver;
use crate::engine::time::{Instant, Span};
use crate::model::event::Event;
use crate::model::ids::{NodeId, PoolId, RequestId};
use crate::model::request::Outcome;
use crate::model::routing::{Route, Stop};
use crate::model::view::View;
use crate::strategy::Answer;

/// How often brokers choose for a request in one attempt: as many calls as the original lets cross brokers.
const CHOICES_MAX: u32 = 254;

/// What a request that travels nowhere waits for, until an event goes on with it.
#[derive(Clone, Copy, Debug)]
pub(super) enum UnderWay {
    /// A dry run on its way to the pool.
    DryRunGoing(PoolId),
    /// A dry run on its way back, with the seconds that the call would take there.
    DryRunReturning(PoolId, f64),
    /// It has a thread of the broker here and asks now.
    Entering,
    /// The broker takes its time to send it there.
    Forwarding(Route),
    /// It has a connection and leaves now.
    Connected,
}

/// A line at a broker.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    /// In front of it.
    Thread(NodeId),
    /// Inside it, for a connection to a destination.
    Connection(NodeId, Route),
}

/// A broker that has sent a request on, and what the request holds there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub stop: Stop,
    pub thread: bool,
    pub connection: bool,
}

/// The brokers that a request has crossed and its answer has still to pass, and where it stands between them: two lines of
/// the cache where it crosses one broker, as most do.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Trail {
    pub sent: SmallVec<[Sent; 1]>,
    /// The broker that it is inside of and that has not sent it on yet, where brokers have so many threads.
    pub thread: Option<NodeId>,
    pub under_way: Option<UnderWay>,
    /// The line it stands in, and since when.
    pub line: Option<(Line, Instant)>,
    /// Time in lines, in this attempt.
    pub in_lines: Span,
    /// How often a broker has chosen for it, in this attempt.
    pub choices: u32,
    /// Where the answer goes next.
    heads_for: Option<NodeId>,
}

impl Driver<'_> {
    /// An attempt of a request that is followed begins: the slot may have had another request before.
    pub(super) fn begin_trail(&mut self, id: RequestId) {
        if self.trails.len() <= id.index() {
            self.trails.resize_with(id.index() + 1, Trail::default);
        }
        let trail = &mut self.trails[id.index()];
        trail.sent.clear();
        (trail.under_way, trail.heads_for) = (None, None);
        (trail.in_lines, trail.choices) = (Span::ZERO, 0);
    }

    /// A broker sends a request on, to a pool or another broker; or a client sends its own.
    pub(super) fn follow(&mut self, id: RequestId, to: Route) -> io::Result<()> {
        assert!(self.follows, "only a strategy that follows its requests sends them this way");
        let trail = &mut self.trails[id.index()];
        trail.choices += 1;
        // Where computers come back as soon as they have failed, a call that none can serve would go round for ever.
        if trail.choices > CHOICES_MAX {
            return self.answer(id, Outcome::Refused);
        }
        match self.forward_time(id) {
            Some(delay) => {
                self.later(id, UnderWay::Forwarding(to), delay);
                Ok(())
            }
            None => self.connect(id, to),
        }
    }

    /// The request leaves, as soon as it has a connection; what its broker measures begins here.
    fn connect(&mut self, id: RequestId, to: Route) -> io::Result<()> {
        let now = self.now;
        let request = self.world.request_mut(id);
        let stop = Stop { node: request.node, left: now, to, crossed: request.routed };
        if !matches!(to, Route::Call(_)) {
            request.routed = request.routed.saturating_add(1);
        }
        let trail = &mut self.trails[id.index()];
        let thread = trail.thread.take().is_some();
        trail.sent.push(Sent { stop, thread, connection: false });
        if self.has_connection(id) { self.depart(id, to) } else { Ok(()) }
    }

    fn depart(&mut self, id: RequestId, to: Route) -> io::Result<()> {
        let node = self.world.request(id).node;
        match to {
            Route::Next(next) if next != node => self.forward(id, next),
            Route::Send(pool) | Route::Call(pool) => {
                self.world.request_mut(id).target = Some(pool);
                let there = self.world.pool(pool).spec.node;
                if there == node { self.offer(id, pool) } else { self.forward(id, there) }
            }
            _ => self.answer(id, Outcome::Refused),
        }
    }

    /// The answer leaves the node that the request has reached.
    pub(super) fn answer_returns(&mut self, id: RequestId, outcome: Outcome) -> io::Result<()> {
        let node = self.world.request(id).node;
        self.answer_goes(id, node, outcome)
    }

    /// The answer goes to the broker that sent the request here, or to where the call was asked.
    fn answer_goes(&mut self, id: RequestId, from: NodeId, outcome: Outcome) -> io::Result<()> {
        self.leave_broker(id);
        let entry = self.world.request(id).entry;
        let trail = &mut self.trails[id.index()];
        let to = trail.sent.last().map_or(entry, |sent| sent.stop.node);
        trail.heads_for = Some(to);
        if from == to {
            return self.answer_arrived(id, outcome);
        }
        self.answer_travels(id, from, to, outcome);
        Ok(())
    }

    /// An answer has come to a broker, or to where the call was asked.
    pub(super) fn answer_arrived(&mut self, id: RequestId, outcome: Outcome) -> io::Result<()> {
        if !self.follows {
            return self.answered(id, outcome);
        }
        let trail = &mut self.trails[id.index()];
        let (here, sent) = (trail.heads_for.take(), trail.sent.pop());
        let (Some(here), Some(sent)) = (here, sent) else { return self.answered(id, outcome) };
        let stop = sent.stop;
        trail.thread = sent.thread.then_some(stop.node);
        self.connection_ends(&sent, outcome);
        let now = self.now;
        let request = self.world.request(id);
        let answer = Answer { request, outcome, elapsed: now.since(stop.left), at: now };
        let again = self.strategy.passing(&View::new(&self.world, now), &stop, &answer, &mut self.orders);
        if !self.orders.list.is_empty() || !self.orders.notes.is_empty() {
            self.carry_out_orders()?;
        }
        if again && outcome != Outcome::Served {
            let request = self.world.request_mut(id);
            request.start_over();
            (request.node, request.routed, request.hops) = (stop.node, stop.crossed, stop.crossed);
            return self.ask(id);
        }
        self.answer_goes(id, here, outcome)
    }

    /// A dry run leaves for a pool. It is as long as the request; its answer has no payload.
    pub(super) fn begin_dry_run(&mut self, id: RequestId, pool: PoolId) -> io::Result<()> {
        assert!(self.follows, "only a strategy that follows its requests asks for dry runs");
        let request = self.world.request(id);
        let (node, bytes) = (request.node, request.payload_bytes);
        let there = self.world.pool(pool).spec.node;
        let (leg, delay) = match self.carry(node, there, bytes) {
            Some(delay) => (UnderWay::DryRunGoing(pool), delay),
            None => (UnderWay::DryRunReturning(pool, f64::INFINITY), Span::ZERO),
        };
        self.later(id, leg, delay);
        Ok(())
    }

    /// Goes on with the request after a time that counts as one of the network.
    pub(super) fn later(&mut self, id: RequestId, what: UnderWay, delay: Span) {
        self.trails[id.index()].under_way = Some(what);
        let event = Event::Reached { request: id };
        let handle = self.plan.plan(self.now + delay, event.rank(), event);
        let request = self.world.request_mut(id);
        request.network += delay;
        request.end = Some(handle);
    }

    /// Goes on with what is under way for a request; false when nothing is.
    pub(super) fn under_way(&mut self, id: RequestId) -> io::Result<bool> {
        let trail = &mut self.trails[id.index()];
        match trail.under_way.take() {
            None => return Ok(false),
            Some(UnderWay::DryRunGoing(pool)) => {
                let seconds = self.world.dry_run(id, pool);
                let (node, there) = (self.world.request(id).node, self.world.pool(pool).spec.node);
                let delay = self.carry(there, node, 0).unwrap_or(Span::ZERO);
                self.later(id, UnderWay::DryRunReturning(pool, seconds), delay);
            }
            Some(UnderWay::DryRunReturning(pool, seconds)) => {
                self.strategy.estimated(self.world.requests.get(id.0), pool, seconds);
                self.route(id)?;
            }
            Some(UnderWay::Entering) => self.route(id)?,
            Some(UnderWay::Forwarding(to)) => self.connect(id, to)?,
            Some(UnderWay::Connected) => {
                let to = trail.sent.last().map(|sent| sent.stop.to).expect("who has a connection was sent somewhere");
                self.depart(id, to)?;
            }
        }
        Ok(true)
    }
}
