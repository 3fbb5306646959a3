//! The end of a call: its caller hears of it, asks again or not, pays, and is counted.

use std::io;

use super::drive::Driver;
use super::sink::CallRow;
use crate::engine::time::{Instant, Span};
use crate::model::event::Event;
use crate::model::function::attempt_key;
use crate::model::ids::RequestId;
use crate::model::request::{Outcome, Phases, Race, State};
use crate::model::view::View;
use crate::strategy::Answer;

impl Driver<'_> {
    /// The caller has its answer, or has given up: it asks again, or the call is settled.
    pub(super) fn answered(&mut self, id: RequestId, outcome: Outcome) -> io::Result<()> {
        let now = self.now;
        let request = self.world.requests.get_mut(id.0);
        if let Some(timeout) = request.timeout.take() {
            self.plan.cancel(timeout);
        }
        if let Some(patience) = request.patience.take() {
            self.plan.cancel(patience);
        }
        if !self.brokers.is_empty() {
            self.leave_brokers(id);
        }
        if self.world.tariff.gateway_per_request > 0 {
            self.charge_gateway(id);
        }
        let request = self.world.requests.get(id.0);
        let answer = Answer { request, outcome, elapsed: now.since(request.sent), at: now };
        self.strategy.learn(&View::new(&self.world, now), request.entry, &answer, &mut self.orders);
        if !self.orders.list.is_empty() || !self.orders.notes.is_empty() {
            self.carry_out_orders()?;
        }
        // Of a race the request asks again, not its copies.
        if outcome != Outcome::Served && self.world.requests.get(id.0).race != Race::Copy {
            let request = self.world.requests.get(id.0);
            let function = self.world.function(request.function);
            let mut rng = function.draws.backoff.at(attempt_key(request.key, request.attempt));
            if let Some(wait) = function.retry.wait_before(request.attempt + 1, outcome, &mut rng) {
                return self.ask_again(id, wait);
            }
        }
        self.settle(id, outcome)
    }

    fn ask_again(&mut self, id: RequestId, wait: Span) -> io::Result<()> {
        self.retries += 1;
        let sent = self.now + wait;
        let request = self.world.requests.get_mut(id.0);
        request.start_attempt(sent);
        let function = &self.world.functions[request.function.index()];
        if function.retry.fresh_work {
            let key = attempt_key(request.key, request.attempt);
            request.work = function.work.draw(&mut function.draws.work.at(key));
        }
        // An event even when the wait is zero: thousands of attempts at one instant do not pile up on the stack, and
        // what ends at that instant ends first.
        request.resend = true;
        let event = Event::Reached { request: id };
        request.end = Some(self.plan.plan(sent, event.rank(), event));
        Ok(())
    }

    /// The call is over: its row is written, its parent or client hears of it, its slot is free.
    fn settle(&mut self, id: RequestId, outcome: Outcome) -> io::Result<()> {
        let (now, in_lines) = (self.now, self.in_lines(id));
        self.moved = now;
        let request = self.world.requests.get_mut(id.0);
        (request.outcome, request.state) = (outcome, State::Settled);
        let phases = Phases::of(request, in_lines, now);
        let (parent, source, client) = (request.parent, request.source, request.client);
        let (parent_attempt, parent_step) = (request.parent_attempt, request.parent_step);
        let (arrival, cold) = (request.arrival, request.bound.is_some());
        self.charged_pico += u128::from(request.cost_direct_pico) + u128::from(request.cost_held_pico);
        self.calls.end(outcome);
        if parent.is_none() {
            let copy_was_cold = matches!(self.world.request(id).race, Race::Run { cold: true, .. });
            self.count_root(arrival, phases.response, cold || copy_was_cold, outcome);
            if self.world.monitor.is_read() {
                self.world.loads[source.index()].ended(phases.response, outcome);
            }
            if let (Some(stakeholders), Outcome::Served) = (&mut self.stakeholders, outcome) {
                let request = self.world.requests.get(id.0);
                stakeholders.served(request.pool, request.payload_bytes, phases.response, &self.world, now);
            }
        }
        if arrival >= self.measured_from {
            if outcome == Outcome::Served {
                self.queue.add(now, phases.queue.as_nanos());
                if parent.is_none() {
                    self.response.add(now, phases.response.as_nanos());
                }
            }
            if cold {
                self.cold_start.add(now, phases.cold_start.as_nanos());
            }
        }
        if self.wants.calls {
            let request = self.world.request(id);
            let row = CallRow {
                request,
                phases,
                outcome,
                instance_number: request.instance_number,
                parent_call: parent.map(|parent| self.world.request(parent).call),
                at: now,
            };
            self.sink.call(&row)?;
        }
        match parent {
            Some(parent) => {
                let request = self.world.request(id);
                let (from, node) = (request.entry, request.node);
                if self.chain_runs.is_empty() || !self.step_settled(parent, parent_step, outcome, from, node)? {
                    self.call_settled(parent, parent_attempt, parent_step, outcome, cold)?;
                }
            }
            // Its client asks again when all copies are in.
            None if matches!(self.world.request(id).race, Race::Run { .. }) => {}
            None => self.client_answered(source, client),
        }
        self.release_if_done(id);
        Ok(())
    }

    /// Whether a call came from outside the provider: a root or a copy of it, or a step of a chain that is called from
    /// where its client is.
    fn comes_from_outside(&self, id: RequestId) -> bool {
        let request = self.world.request(id);
        request.race == Race::Copy
            || request.parent.is_none_or(|root| {
                self.chain_runs.contains_key(&root) && request.entry == self.world.request(root).entry
            })
    }

    /// What the gateway in front of functions takes for an attempt.
    fn charge_gateway(&mut self, id: RequestId) {
        let pool = self.world.request(id).pool;
        if pool.is_some_and(|pool| self.world.pool(pool).charges_per_use()) && self.comes_from_outside(id) {
            self.world.through_gateway(id);
        }
    }

    /// What the provider takes for an answer that leaves the cloud.
    pub(super) fn charge_egress(&mut self, id: RequestId) {
        let request = self.world.request(id);
        if request.pool.is_some() && self.world.node(request.node).is_cloud && self.comes_from_outside(id) {
            let bytes = self.world.answer_bytes(request);
            self.world.answer_leaves(id, bytes);
        }
    }

    /// Frees the slot of a settled call once the calls it made are gone too, and so on up the tree.
    #[inline]
    fn release_if_done(&mut self, mut id: RequestId) {
        loop {
            let request = self.world.request(id);
            if request.state != State::Settled || request.calls_out > 0 {
                return;
            }
            if matches!(request.race, Race::Run { .. }) && request.parent.is_none() {
                let (source, client) = (request.source, request.client);
                self.client_answered(source, client);
            }
            let Some(parent) = self.world.release(id) else { return };
            self.world.request_mut(parent).calls_out -= 1;
            id = parent;
        }
    }

    /// Counts a root that is over: in all, against the objective, and in the hour of its arrival.
    #[inline]
    fn count_root(&mut self, arrival: Instant, response: Span, cold: bool, outcome: Outcome) {
        self.roots.end(outcome);
        let violation = outcome != Outcome::Served || self.slo.is_some_and(|slo| response > slo);
        if arrival >= self.measured_from {
            self.measured += 1;
            self.violations += u64::from(violation);
        }
        let hour = (arrival.as_nanos() / 3_600_000_000_000) as usize;
        if self.hours.len() <= hour {
            self.hours.resize(hour + 1, Default::default());
        }
        let counts = &mut self.hours[hour];
        counts.arrived += 1;
        counts.violations += u64::from(violation);
        counts.cold_starts += u64::from(cold);
    }

    /// A call that this one waits for, or waited for once, is over.
    fn call_settled(
        &mut self,
        parent: RequestId,
        attempt: u16,
        step: u16,
        outcome: Outcome,
        was_cold: bool,
    ) -> io::Result<()> {
        let request = self.world.request_mut(parent);
        if request.state != State::Calling || request.attempt != attempt || request.step != step {
            return Ok(());
        }
        request.step_out -= 1;
        if outcome == Outcome::Served {
            if let Race::Run { cold, .. } = &mut request.race {
                *cold = was_cold;
            }
            request.answers_needed -= 1;
            if request.answers_needed == 0 {
                request.step += 1;
                return self.begin_step(parent);
            }
        }
        if request.step_out >= request.answers_needed {
            return Ok(());
        }
        // A copy that fails is the request failing, which may ask again.
        let failed = if let Race::Run { .. } = request.race { outcome } else { Outcome::CallFailed };
        self.answer(parent, failed)
    }
}
