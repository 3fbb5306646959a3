//! The way of a request over the brokers that sent it on: its answer passes them in turn, and each may ask elsewhere.
//!
//! Only strategies that follow their requests leave trails; for all others an answer goes straight to where it was asked.

use std::io;

use super::drive::Driver;
use crate::engine::time::Span;
use crate::model::event::Event;
use crate::model::ids::{NodeId, PoolId, RequestId};
use crate::model::request::Outcome;
use crate::model::routing::{Route, Stop};
use crate::model::view::View;
use crate::strategy::Answer;

/// Where a dry run is.
#[derive(Clone, Copy, Debug)]
enum DryRun {
    /// On its way to the pool.
    Going(PoolId),
    /// On its way back, with the seconds that the call would take there.
    Returning(PoolId, f64),
}

/// The brokers that a request has crossed and its answer has still to pass, and the dry run under way for it.
#[derive(Debug, Default)]
pub(super) struct Trail {
    stops: Vec<Stop>,
    dry_run: Option<DryRun>,
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
        trail.stops.clear();
        (trail.dry_run, trail.heads_for) = (None, None);
    }

    /// A broker sends a request on, to a pool or another broker.
    pub(super) fn follow(&mut self, id: RequestId, to: Route) -> io::Result<()> {
        assert!(self.follows, "only a strategy that follows its requests sends them this way");
        let now = self.now;
        let request = self.world.request_mut(id);
        let node = request.node;
        let stop = Stop { node, left: now, to, crossed: request.routed };
        request.routed = request.routed.saturating_add(1);
        self.trails[id.index()].stops.push(stop);
        match to {
            Route::Next(next) if next != node => self.forward(id, next),
            Route::Send(pool) => {
                self.world.request_mut(id).target = Some(pool);
                let there = self.world.pool(pool).spec.node;
                if there == node { self.offer(id, pool) } else { self.forward(id, there) }
            }
            _ => self.answer(id, Outcome::Refused),
        }
    }

    /// The answer leaves the node that the request has reached.
    pub(super) fn answer_returns(&mut self, id: RequestId, outcome: Outcome) -> io::Result<()> {
        let request = self.world.request(id);
        let (node, entry) = (request.node, request.entry);
        let to = self.trails[id.index()].stops.last().map_or(entry, |stop| stop.node);
        self.answer_goes(id, node, to, outcome)
    }

    fn answer_goes(&mut self, id: RequestId, from: NodeId, to: NodeId, outcome: Outcome) -> io::Result<()> {
        self.trails[id.index()].heads_for = Some(to);
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
        let (here, stop) = (trail.heads_for.take(), trail.stops.pop());
        let (Some(here), Some(stop)) = (here, stop) else { return self.answered(id, outcome) };
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
            return self.route(id);
        }
        let entry = self.world.request(id).entry;
        let to = self.trails[id.index()].stops.last().map_or(entry, |stop| stop.node);
        self.answer_goes(id, here, to, outcome)
    }

    /// A dry run leaves for a pool. It is as long as the request; its answer has no payload.
    pub(super) fn begin_dry_run(&mut self, id: RequestId, pool: PoolId) -> io::Result<()> {
        assert!(self.follows, "only a strategy that follows its requests asks for dry runs");
        let request = self.world.request(id);
        let (node, bytes) = (request.node, request.payload_bytes);
        let there = self.world.pool(pool).spec.node;
        let (leg, delay) = match self.carry(node, there, bytes) {
            Some(delay) => (DryRun::Going(pool), delay),
            None => (DryRun::Returning(pool, f64::INFINITY), Span::ZERO),
        };
        self.dry_run_leg(id, leg, delay);
        Ok(())
    }

    fn dry_run_leg(&mut self, id: RequestId, leg: DryRun, delay: Span) {
        self.trails[id.index()].dry_run = Some(leg);
        let event = Event::Reached { request: id };
        let handle = self.plan.plan(self.now + delay, event.rank(), event);
        let request = self.world.request_mut(id);
        request.network += delay;
        request.end = Some(handle);
    }

    /// Goes on with the dry run under way for a request; false when there is none.
    pub(super) fn dry_run_under_way(&mut self, id: RequestId) -> io::Result<bool> {
        match self.trails[id.index()].dry_run.take() {
            None => Ok(false),
            Some(DryRun::Going(pool)) => {
                let seconds = self.world.dry_run(id, pool);
                let (node, there) = (self.world.request(id).node, self.world.pool(pool).spec.node);
                let delay = self.carry(there, node, 0).unwrap_or(Span::ZERO);
                self.dry_run_leg(id, DryRun::Returning(pool, seconds), delay);
                Ok(true)
            }
            Some(DryRun::Returning(pool, seconds)) => {
                self.strategy.estimated(self.world.requests.get(id.0), pool, seconds);
                self.route(id)?;
                Ok(true)
            }
        }
    }
}
