//! One event is carried out: the only place where world, strategy, agenda and sink meet.

use std::io;

use super::drive::Driver;
use crate::engine::time::Span;
use crate::model::event::Event;
use crate::model::function::{attempt_key, child_key};
use crate::model::ids::{NodeId, PoolId, RequestId};
use crate::model::request::{Outcome, Request, State};
use crate::model::routing::Route;
use crate::model::serve::Offer;
use crate::model::view::View;
use crate::strategy::Occasion;

/// A request that is sent on more often runs in circles.
const HOPS_MAX: u8 = 16;

impl Driver<'_> {
    /// `match` names every event, so the compiler lists the places that a new one touches.
    pub(super) fn step(&mut self, event: Event) -> io::Result<()> {
        let now = self.now;
        match event {
            Event::Finished { request } => {
                self.world.end(request, now, &mut self.plan);
                self.own_work_done(request)
            }
            Event::SharedFinished { instance } => {
                let request = self.world.shared_finished(instance, now, &mut self.plan);
                self.world.end(request, now, &mut self.plan);
                self.own_work_done(request)
            }
            Event::ComputerDone { pool } => {
                let mut ended = std::mem::take(&mut self.ended);
                self.world.computer_done(pool, now, &mut self.plan, &mut ended);
                let done = ended.drain(..).try_for_each(|request| self.own_work_done(request));
                self.ended = ended;
                done
            }
            Event::StatesFetched { request } => self.step_answers(request),
            Event::ReportDue { pool } => {
                let more = self.work_may_come();
                self.world.report_due(pool, more, now, &mut self.plan);
                Ok(())
            }
            Event::Interrupted { instance } | Event::DrainOver { instance } => {
                let thrown_off = self.world.take_away(instance, now, &mut self.plan);
                for &request in &thrown_off {
                    self.answer(request, Outcome::Interrupted)?;
                }
                self.world.recycle(thrown_off);
                Ok(())
            }
            Event::Answered { request } => {
                self.world.request_mut(request).end = None;
                let outcome = self.world.request(request).outcome;
                self.answer_arrived(request, outcome)
            }
            Event::Booted { instance } => {
                self.world.booted(instance, now, &mut self.plan);
                Ok(())
            }
            Event::Stopped { instance } => {
                self.world.stopped(instance, now, &mut self.plan);
                Ok(())
            }
            Event::GraceOver { instance } => self.grace_over(instance),
            Event::MetricsDue => {
                let more = self.work_may_come();
                self.tell_users();
                self.world.metrics_due(more, now, &mut self.plan);
                Ok(())
            }
            Event::AlarmDue { alarm } => self.alarm_due(alarm),
            Event::GroupDue { group } => {
                let acted = self.world.group_due(group, now, &mut self.plan);
                self.group_acted(group, acted)
            }
            Event::TimetableDue { group, entry } => {
                let more = self.work_may_come();
                let acted = self.world.timetable_due(group, entry, more, now, &mut self.plan);
                self.group_acted(group, acted)
            }
            Event::Ready { instance } => {
                self.world.become_ready(instance, now, &mut self.plan);
                Ok(())
            }
            Event::KeepAliveDue { pool } => {
                self.world.keep_alive_due(pool, now, &mut self.plan);
                Ok(())
            }
            Event::PrewarmDue { pool, entry } => {
                let more = self.work_may_come();
                self.world.prewarm_due(pool, entry, more, now, &mut self.plan);
                Ok(())
            }
            Event::PatienceOver { request } => {
                self.world.request_mut(request).patience = None;
                self.world.withdraw(request, now, &mut self.plan);
                self.answered(request, Outcome::Abandoned)
            }
            Event::TimedOut { request } => {
                self.world.request_mut(request).timeout = None;
                self.cut_short(request);
                self.answered(request, Outcome::TimedOut)
            }
            Event::ControlDue { periodic } => self.control(if periodic { Occasion::Period } else { Occasion::Woken }),
            Event::OrdersDue { batch } => self.carry_out_batch(batch),
            Event::OrderPatienceOver { pool } => self.order_waited_too_long(pool),
            Event::Reached { request } => {
                let reached = self.world.request_mut(request);
                reached.end = None;
                // After a failed attempt the caller's time-out runs anew.
                if std::mem::take(&mut reached.resend) { self.send(request) } else { self.reached(request) }
            }
            Event::ClientAsks { source, client } => self.client_asks(source as usize, client),
            Event::SampleDue => self.sample(),
            Event::HourOver => {
                self.world.book_hour(now);
                self.plan_hour();
                Ok(())
            }
        }
    }

    /// Sends an attempt on its way: its time-out runs from here.
    #[inline]
    pub(super) fn send(&mut self, id: RequestId) -> io::Result<()> {
        let request = self.world.request(id);
        if let Some(timeout) = self.world.function(request.function).timeout {
            let event = Event::TimedOut { request: id };
            let handle = self.plan.plan(request.sent + timeout, event.rank(), event);
            self.world.request_mut(id).timeout = Some(handle);
        }
        if self.follows {
            self.begin_trail(id);
        }
        if !self.world.chains.is_empty() && self.begin_chain(id)? {
            return Ok(());
        }
        self.ask(id)
    }

    /// A request has come over the network: to the pool it was sent to, or to a node that is asked. Or it goes on where it
    /// is.
    fn reached(&mut self, id: RequestId) -> io::Result<()> {
        if self.follows && self.under_way(id)? {
            return Ok(());
        }
        let request = self.world.request(id);
        match request.target {
            Some(pool) if self.world.pool(pool).spec.node == request.node => self.offer(id, pool),
            _ => self.ask(id),
        }
    }

    #[inline]
    pub(super) fn offer(&mut self, id: RequestId, pool: PoolId) -> io::Result<()> {
        if let Some(idle) = self.world.pool(pool).spec.idle_timeout {
            self.balancer_waits(id, idle);
        }
        match self.world.offer(id, pool, self.now, &mut self.plan) {
            Offer::Taken | Offer::Waiting => {
                if !self.brokers.is_empty() {
                    self.accepted(id);
                }
                Ok(())
            }
            Offer::Refused(outcome) => self.answer(id, outcome),
        }
    }

    /// Asks where a request goes from the node it has reached, and sends it there.
    pub(super) fn route(&mut self, id: RequestId) -> io::Result<()> {
        let now = self.now;
        let request = self.world.requests.get(id.0);
        let (node, function, forwarded) = (request.node, request.function, request.forwarded);
        if !forwarded {
            self.world.asked[node.index() * self.world.functions.len() + function.index()] += 1;
        }
        let key = attempt_key(request.key, request.attempt) ^ u64::from(request.hops);
        let draws = &self.routing_draws;
        let table = self.world.tables.pick(node, function, forwarded, now, || draws.at(key));
        let route = table.unwrap_or_else(|| {
            let view = View::new(&self.world, now);
            self.strategy.route(&view, self.world.requests.get(id.0), &mut || draws.at(key))
        });
        let elsewhere = match route {
            Route::Pool(pool) if self.world.pool(pool).spec.node == node => {
                return self.offer(id, pool);
            }
            // A pool at another node: there the question is asked again.
            Route::Pool(pool) => self.world.pool(pool).spec.node,
            Route::Node(node) => node,
            Route::Refused => return self.answer(id, Outcome::Refused),
            Route::Send(_) | Route::Call(_) | Route::Next(_) => return self.follow(id, route),
            Route::Race(copies) => return self.race(id, copies),
            Route::Estimate(pool) => return self.begin_dry_run(id, pool),
        };
        self.forward(id, elsewhere)
    }

    /// A balancer with an idle time-out gives up on the answer before the caller does.
    fn balancer_waits(&mut self, id: RequestId, idle: Span) {
        let due = self.now + idle;
        let event = Event::TimedOut { request: id };
        let timeout = &mut self.world.requests.get_mut(id.0).timeout;
        match *timeout {
            Some(handle) if self.plan.due(handle).is_some_and(|own| own <= due) => {}
            Some(handle) if self.plan.move_to(handle, due) => {}
            _ => *timeout = Some(self.plan.plan(due, event.rank(), event)),
        }
    }

    pub(super) fn forward(&mut self, id: RequestId, to: NodeId) -> io::Result<()> {
        let request = self.world.requests.get(id.0);
        if request.hops >= HOPS_MAX {
            return self.answer(id, Outcome::Refused);
        }
        let (from, bytes) = (request.node, request.payload_bytes);
        let Some(delay) = self.carry(from, to, bytes) else {
            return self.answer(id, Outcome::Refused);
        };
        let request = self.world.requests.get_mut(id.0);
        request.hops += 1;
        request.network += delay;
        request.node = to;
        request.forwarded = true;
        let event = Event::Reached { request: id };
        request.end = Some(self.plan.plan(self.now + delay, event.rank(), event));
        Ok(())
    }

    /// The work of a call on its instance is done: it may fail, or call others, or be answered.
    #[inline]
    fn own_work_done(&mut self, id: RequestId) -> io::Result<()> {
        let request = self.world.request(id);
        let function = self.world.function(request.function);
        if function.failure > 0.0 {
            let mut key = attempt_key(request.key, request.attempt);
            // A broker may ask elsewhere within the attempt: another computer, another chance.
            let choices = if self.follows { self.trails[id.index()].choices } else { 0 };
            if choices > 1 {
                key = child_key(key, choices);
            }
            if function.draws.failure.at(key).uniform() < function.failure {
                return self.answer(id, Outcome::Failed);
            }
        }
        let calls_others = !function.steps.is_empty();
        if self.world.measures.is_some() {
            self.world.store_measures(id, self.now);
        }
        if calls_others {
            return self.begin_step(id);
        }
        if self.step_done(id)? { Ok(()) } else { self.answer(id, Outcome::Served) }
    }

    /// Makes the calls of the present step, or answers when there is none left.
    pub(super) fn begin_step(&mut self, id: RequestId) -> io::Result<()> {
        let now = self.now;
        let parent = self.world.request(id);
        let (function, step, root) = (parent.function, parent.step, parent.root);
        let (key, node, source, client) = (parent.key, parent.node, parent.source, parent.client);
        let (number, attempt) = (parent.number, parent.attempt);
        let Some(calls) = self.world.function(function).steps.get(usize::from(step)) else {
            return self.answer(id, Outcome::Served);
        };
        let (callees, needed) = (calls.calls.clone(), calls.needed());
        let parent = self.world.request_mut(id);
        parent.state = State::Calling;
        parent.calls_out += callees.len() as u16;
        parent.step_out = callees.len() as u16;
        parent.answers_needed = needed;
        let mut children = Vec::with_capacity(callees.len());
        for (place, callee) in callees.into_iter().enumerate() {
            let root_request = self.world.request_mut(root);
            root_request.calls_made += 1;
            let call = root_request.calls_made;
            // Addressed by place in the tree and attempt, so that no strategy moves the draws of a call.
            let own_key = child_key(attempt_key(key, attempt), u32::from(step) << 16 | place as u32);
            let function = self.world.function(callee);
            let work = function.work.draw(&mut function.draws.work.at(own_key));
            let payload = function.payload_bytes;
            let mut child = Request::root(number, own_key, source, client, callee, node, work, payload, now);
            (child.call, child.root, child.parent) = (call, root, Some(id));
            (child.parent_attempt, child.parent_step) = (attempt, step);
            self.calls.arrived += 1;
            children.push(self.world.admit(child));
        }
        for child in children {
            self.send(child)?;
        }
        Ok(())
    }

    /// The answer travels back to where the call was first asked.
    #[inline]
    pub(super) fn answer(&mut self, id: RequestId, outcome: Outcome) -> io::Result<()> {
        self.world.request_mut(id).outcome = outcome;
        if outcome == Outcome::Served && self.world.tariff.egress_per_gib > 0 {
            self.charge_egress(id);
        }
        if self.follows {
            return self.answer_returns(id, outcome);
        }
        let request = self.world.request(id);
        if request.node == request.entry {
            return self.answered(id, outcome);
        }
        let (from, to) = (request.node, request.entry);
        self.answer_travels(id, from, to, outcome);
        Ok(())
    }

    /// The answer leaves one node for another.
    pub(super) fn answer_travels(&mut self, id: RequestId, from: NodeId, to: NodeId, outcome: Outcome) {
        let request = self.world.requests.get(id.0);
        let bytes = if outcome == Outcome::Served { self.world.answer_bytes(request) } else { 0 };
        // Who was refused for want of a path hears of it at once.
        let delay = self.carry(from, to, bytes).unwrap_or(Span::ZERO);
        let request = self.world.requests.get_mut(id.0);
        request.network += delay;
        request.state = State::Travelling;
        let event = Event::Answered { request: id };
        request.end = Some(self.plan.plan(self.now + delay, event.rank(), event));
    }

    /// Takes a call out of wherever it stands when its caller gives up.
    fn cut_short(&mut self, id: RequestId) {
        let request = self.world.request_mut(id);
        match request.state {
            State::Travelling => {
                if let Some(handle) = request.end.take() {
                    self.plan.cancel(handle);
                }
            }
            State::WaitingAtPool | State::WaitingAtInstance | State::Running => {
                self.world.withdraw(id, self.now, &mut self.plan);
            }
            State::Calling | State::Settled => {}
        }
    }
}
