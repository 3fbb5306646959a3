//! Places at brokers: a request has a thread of the broker that it is inside of, and a connection from there to where it was
//! sent; who finds none stands in line, and has its turn at the instant when a place is given back.
//!
//! Source: as `model::broker` (specification of the broker's forwarding loop). A caller that gives up leaves every line and
//! gives back every place at once. A dry run uses the thread of its call, and none of the connections: the original's prober
//! has clients of its own. A call that its computer accepts and answers later (chains whose computers call one another) is
//! over for the brokers when it is accepted.
//! Differs: the acceptance itself takes no time on its way back.

use std::collections::BTreeMap;
use std::io;

use super::drive::Driver;
use super::trail::{Line, Sent, UnderWay};
use crate::engine::time::Span;
use crate::model::broker::{BrokerLimits, Gate};
use crate::model::chain::Caller;
use crate::model::fleet::span_of;
use crate::model::function::{attempt_key, child_key};
use crate::model::ids::{NodeId, RequestId};
use crate::model::request::Outcome;
use crate::model::routing::Route;

/// A broker with limits.
#[derive(Debug)]
pub(super) struct Desk {
    limits: BrokerLimits,
    threads: Option<Gate>,
    /// By destination, from the first call that was sent there.
    connections: BTreeMap<Route, Gate>,
}

impl Driver<'_> {
    /// The brokers with limits, by node; nothing where no broker has any.
    pub(super) fn open_brokers(&mut self) {
        if !self.follows {
            return;
        }
        let nodes = (0..self.world.nodes.len()).map(NodeId::from_index);
        let desk = |node| {
            let limits = self.strategy.limits(node).filter(|limits| limits.matter())?.clone();
            let threads = limits.threads.map(Gate::new);
            Some(Desk { limits, threads, connections: BTreeMap::new() })
        };
        let desks: Vec<Option<Desk>> = nodes.map(desk).collect();
        if desks.iter().any(Option::is_some) {
            self.brokers = desks;
        }
    }

    /// Time in lines at brokers, in the present attempt of a request.
    #[inline]
    pub(super) fn in_lines(&self, id: RequestId) -> Span {
        if self.brokers.is_empty() { Span::ZERO } else { self.trails[id.index()].in_lines }
    }

    /// Asks where a request goes from the node that it has reached: at a broker, once it is inside.
    #[inline]
    pub(super) fn ask(&mut self, id: RequestId) -> io::Result<()> {
        if self.brokers.is_empty() || self.is_inside(id) { self.route(id) } else { Ok(()) }
    }

    /// Whether a request is inside the broker that it has reached, or finds a thread there; otherwise it stands in line.
    fn is_inside(&mut self, id: RequestId) -> bool {
        let node = self.world.request(id).node;
        let trail = &mut self.trails[id.index()];
        let threads = self.brokers[node.index()].as_mut().and_then(|desk| desk.threads.as_mut());
        let Some(threads) = threads.filter(|_| trail.thread.is_none()) else { return true };
        let entered = threads.enter(&mut self.world.requests, id);
        if entered {
            trail.thread = Some(node);
        } else {
            trail.line = Some((Line::Thread(node), self.now));
        }
        entered
    }

    /// How long a broker takes to send a request on.
    pub(super) fn forward_time(&mut self, id: RequestId) -> Option<Span> {
        let request = self.world.request(id);
        let law = self.brokers.get(request.node.index())?.as_ref()?.limits.forward_time.as_ref()?;
        let choices = self.trails[id.index()].choices;
        let key = child_key(attempt_key(request.key, request.attempt), choices);
        Some(span_of(law.draw(&mut self.forward_draws.at(key))))
    }

    /// Whether a request that its broker has just sent may leave; otherwise it stands in line for a connection.
    pub(super) fn has_connection(&mut self, id: RequestId) -> bool {
        let trail = &mut self.trails[id.index()];
        let Some(sent) = trail.sent.last_mut() else { return true };
        let (node, to) = (sent.stop.node, sent.stop.to);
        let Some(Some(desk)) = self.brokers.get_mut(node.index()) else { return true };
        let Some(places) = desk.limits.connections else { return true };
        let gate = desk.connections.entry(to).or_insert_with(|| Gate::new(places));
        sent.connection = gate.enter(&mut self.world.requests, id);
        if !sent.connection {
            trail.line = Some((Line::Connection(node, to), self.now));
        }
        sent.connection
    }

    /// The answer of a request leaves the broker that it was inside of.
    pub(super) fn leave_broker(&mut self, id: RequestId) {
        if let Some(node) = self.trails[id.index()].thread.take() {
            self.thread_is_free(node);
        }
    }

    fn thread_is_free(&mut self, node: NodeId) {
        let threads = self.brokers[node.index()].as_mut().and_then(|desk| desk.threads.as_mut());
        let next = threads.expect("who has a thread has it from a broker").leave(&mut self.world.requests);
        if let Some(next) = next {
            self.trails[next.index()].thread = Some(node);
            self.has_its_turn(next, UnderWay::Entering);
        }
    }

    /// An answer is back at the broker that sent its request.
    pub(super) fn connection_ends(&mut self, sent: &Sent, outcome: Outcome) {
        if !sent.connection {
            return;
        }
        let desk = self.brokers[sent.stop.node.index()].as_mut().expect("who has a connection has it from a broker");
        let gate = desk.connections.get_mut(&sent.stop.to).expect("a connection leads to its destination");
        if desk.limits.loses_connections && outcome != Outcome::Served {
            return gate.lose();
        }
        if let Some(next) = gate.leave(&mut self.world.requests) {
            let last = self.trails[next.index()].sent.last_mut();
            last.expect("who waits for a connection was sent somewhere").connection = true;
            self.has_its_turn(next, UnderWay::Connected);
        }
    }

    /// The first of a line has a place. It goes on at this instant, in an event of its own: a long line of requests that
    /// are turned away does not pile up on the stack.
    fn has_its_turn(&mut self, id: RequestId, what: UnderWay) {
        let trail = &mut self.trails[id.index()];
        let (_, since) = trail.line.take().expect("whose turn it is stood in line");
        trail.in_lines += self.now.since(since);
        self.later(id, what, Span::ZERO);
    }

    /// A computer has accepted a request. Where it calls the next step of the chain itself, brokers do not wait for it.
    pub(super) fn accepted(&mut self, id: RequestId) {
        if self.step_caller(id) == Some(Caller::Computer) {
            self.give_back(id);
        }
    }

    /// An attempt is over for its caller, wherever the request is: it leaves its line and gives back its places.
    pub(super) fn leave_brokers(&mut self, id: RequestId) {
        let trail = &mut self.trails[id.index()];
        if let Some((line, since)) = trail.line.take() {
            trail.in_lines += self.now.since(since);
            let (node, to) = match line {
                Line::Thread(node) => (node, None),
                Line::Connection(node, to) => (node, Some(to)),
            };
            let desk = self.brokers[node.index()].as_mut().expect("a line stands at a broker");
            let gate = match to {
                None => desk.threads.as_mut(),
                Some(to) => desk.connections.get_mut(&to),
            };
            gate.expect("a line stands at a gate").give_up(&mut self.world.requests, id);
        }
        self.give_back(id);
    }

    /// Gives back all places that a request has, the nearest first.
    fn give_back(&mut self, id: RequestId) {
        self.leave_broker(id);
        for place in (0..self.trails[id.index()].sent.len()).rev() {
            let sent = &mut self.trails[id.index()].sent[place];
            let held = std::mem::replace(sent, Sent { thread: false, connection: false, ..*sent });
            // Who gives up has not failed.
            self.connection_ends(&held, Outcome::Served);
            if held.thread {
                self.thread_is_free(held.stop.node);
            }
        }
    }

    fn gates(&self) -> impl Iterator<Item = &Gate> {
        self.brokers.iter().flatten().flat_map(|desk| desk.threads.iter().chain(desk.connections.values()))
    }

    /// Whether every place was given back and nobody stands in line.
    pub(super) fn brokers_are_idle(&self) -> bool {
        self.gates().all(Gate::is_idle)
    }

    /// Requests in the lines of all brokers.
    pub(super) fn in_line_at_brokers(&self) -> u64 {
        self.gates().map(|gate| u64::from(gate.waiting())).sum()
    }
}
