//! One event is carried out: the only place where world, strategy, agenda and sink meet.

use std::io;

use super::drive::{Driver, OrderBatch};
use super::sink::{CallRow, DecisionRow, NoteRow};
use crate::engine::time::{Instant, Span};
use crate::model::event::Event;
use crate::model::fleet::Refusal;
use crate::model::function::{attempt_key, child_key};
use crate::model::ids::{NodeId, PoolId, RequestId};
use crate::model::orders::{Order, Reasoned, Remark};
use crate::model::request::{Outcome, Phases, Request, State};
use crate::model::routing::Route;
use crate::model::serve::Offer;
use crate::model::view::View;
use crate::strategy::{Answer, Occasion};

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
                for request in self.world.computer_done(pool, now, &mut self.plan) {
                    self.own_work_done(request)?;
                }
                Ok(())
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
    pub(super) fn send(&mut self, id: RequestId) -> io::Result<()> {
        let request = self.world.request(id);
        if let Some(timeout) = self.world.function(request.function).timeout {
            let event = Event::TimedOut { request: id };
            let handle = self.plan.plan(request.sent + timeout, event.rank(), event);
            self.world.request_mut(id).timeout = Some(handle);
        }
        self.begin_trail(id);
        if !self.world.chains.is_empty() && self.begin_chain(id)? {
            return Ok(());
        }
        self.route(id)
    }

    /// A request has come over the network: to the pool it was sent to, or to a node that is asked.
    fn reached(&mut self, id: RequestId) -> io::Result<()> {
        if self.follows && self.dry_run_under_way(id)? {
            return Ok(());
        }
        let request = self.world.request(id);
        match request.target {
            Some(pool) if self.world.pool(pool).spec.node == request.node => self.offer(id, pool),
            _ => self.route(id),
        }
    }

    pub(super) fn offer(&mut self, id: RequestId, pool: PoolId) -> io::Result<()> {
        self.balancer_waits(id, pool);
        match self.world.offer(id, pool, self.now, &mut self.plan) {
            Offer::Taken | Offer::Waiting => Ok(()),
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
            Route::Send(_) | Route::Next(_) => return self.follow(id, route),
            Route::Estimate(pool) => return self.begin_dry_run(id, pool),
        };
        self.forward(id, elsewhere)
    }

    /// A balancer with an idle time-out gives up on the answer before the caller does.
    fn balancer_waits(&mut self, id: RequestId, pool: PoolId) {
        let Some(idle) = self.world.pool(pool).spec.idle_timeout else { return };
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
    fn own_work_done(&mut self, id: RequestId) -> io::Result<()> {
        let request = self.world.request(id);
        let function = self.world.function(request.function);
        if function.failure > 0.0 {
            let key = attempt_key(request.key, request.attempt);
            if function.draws.failure.at(key).uniform() < function.failure {
                return self.answer(id, Outcome::Failed);
            }
        }
        if !function.steps.is_empty() {
            return self.begin_step(id);
        }
        if self.step_done(id)? { Ok(()) } else { self.answer(id, Outcome::Served) }
    }

    /// Makes the calls of the present step, or answers when there is none left.
    fn begin_step(&mut self, id: RequestId) -> io::Result<()> {
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
        if self.world.tariff.gateway_per_request > 0 {
            self.charge_gateway(id);
        }
        let request = self.world.requests.get(id.0);
        let answer = Answer { request, outcome, elapsed: now.since(request.sent), at: now };
        self.strategy.learn(&View::new(&self.world, now), request.entry, &answer, &mut self.orders);
        if !self.orders.list.is_empty() || !self.orders.notes.is_empty() {
            self.carry_out_orders()?;
        }
        if outcome != Outcome::Served {
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
        let now = self.now;
        let request = self.world.requests.get_mut(id.0);
        request.outcome = outcome;
        let phases = Phases::of(request, now);
        let (parent, source, client) = (request.parent, request.source, request.client);
        let (parent_attempt, parent_step) = (request.parent_attempt, request.parent_step);
        let (arrival, cold) = (request.arrival, request.bound.is_some());
        self.charged_pico += u128::from(request.cost_direct_pico) + u128::from(request.cost_held_pico);
        self.calls.end(outcome);
        if parent.is_none() {
            self.count_root(arrival, phases.response, cold, outcome);
            let load = &mut self.world.loads[source.index()];
            if outcome == Outcome::Served {
                load.answered(phases.response)
            } else {
                load.failed()
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
        self.world.request_mut(id).state = State::Settled;
        match parent {
            Some(parent) => {
                let request = self.world.request(id);
                let (from, node) = (request.entry, request.node);
                if self.chain_runs.is_empty() || !self.step_settled(parent, parent_step, outcome, from, node)? {
                    self.call_settled(parent, parent_attempt, parent_step, outcome)?;
                }
            }
            None => self.client_answered(source, client),
        }
        self.release_if_done(id);
        Ok(())
    }

    /// Whether a call came from outside the provider: a root, or a step of a chain that is called from where its client is.
    fn comes_from_outside(&self, id: RequestId) -> bool {
        let request = self.world.request(id);
        request
            .parent
            .is_none_or(|root| self.chain_runs.contains_key(&root) && request.entry == self.world.request(root).entry)
    }

    /// What the gateway in front of functions takes for an attempt.
    fn charge_gateway(&mut self, id: RequestId) {
        let pool = self.world.request(id).pool;
        if pool.is_some_and(|pool| self.world.pool(pool).charges_per_use()) && self.comes_from_outside(id) {
            self.world.through_gateway(id);
        }
    }

    /// What the provider takes for an answer that leaves the cloud.
    fn charge_egress(&mut self, id: RequestId) {
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
    fn call_settled(&mut self, parent: RequestId, attempt: u16, step: u16, outcome: Outcome) -> io::Result<()> {
        let request = self.world.request_mut(parent);
        if request.state != State::Calling || request.attempt != attempt || request.step != step {
            return Ok(());
        }
        request.step_out -= 1;
        if outcome == Outcome::Served {
            request.answers_needed -= 1;
            if request.answers_needed == 0 {
                request.step += 1;
                return self.begin_step(parent);
            }
        }
        if request.step_out < request.answers_needed { self.answer(parent, Outcome::CallFailed) } else { Ok(()) }
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

    /// Lets the strategy look, and carries out what it orders.
    pub(super) fn control(&mut self, why: Occasion) -> io::Result<()> {
        let view = View::new(&self.world, self.now);
        self.strategy.control(why, &view, &mut self.orders);
        if why == Occasion::Period && self.work_may_come() {
            self.plan_control();
        }
        self.carry_out_orders()
    }

    /// Carries out the sheet, now or after the time of deciding.
    pub(super) fn carry_out_orders(&mut self) -> io::Result<()> {
        let mut orders = std::mem::take(&mut self.orders);
        for note in orders.notes.drain(..) {
            if self.wants.decisions {
                let row = NoteRow { at: self.now, scope: note.scope, name: note.name, value: note.value };
                self.sink.note(&row)?;
            }
        }
        if orders.delay.is_zero() {
            for reasoned in orders.list.drain(..) {
                self.carry_out(reasoned)?;
            }
        } else if !orders.list.is_empty() {
            let batch = self.batches.len() as u32;
            self.batches.push(Some(OrderBatch { orders: std::mem::take(&mut orders.list) }));
            let event = Event::OrdersDue { batch };
            self.plan.plan(self.now + orders.delay, event.rank(), event);
        }
        for remark in orders.remarks.drain(..) {
            if self.wants.decisions {
                let Remark { action, target, from, to, reason } = remark;
                let by = self.strategy_name.clone();
                let row = DecisionRow { at: self.now, by, action, target, from, to, reason, refusal: String::new() };
                self.sink.decision(&row)?;
            }
        }
        orders.clear();
        self.orders = orders;
        Ok(())
    }

    fn carry_out_batch(&mut self, batch: u32) -> io::Result<()> {
        let taken = self.batches[batch as usize].take().expect("a batch of orders is carried out once");
        for reasoned in taken.orders {
            self.carry_out(reasoned)?;
        }
        Ok(())
    }

    /// Carries out one order, or writes down why not.
    fn carry_out(&mut self, Reasoned { order, reason }: Reasoned) -> io::Result<()> {
        let now = self.now;
        self.orders_given += 1;
        let (action, target, from, to, refusal) = match order {
            Order::Scale { pool, target } => {
                self.take_over(pool)?;
                let from = self.world.pool(pool).desired;
                let refusal = if self.populated {
                    self.world.scale(pool, target, now, &mut self.plan)
                } else {
                    self.world.set_initial(pool, target)
                };
                if matches!(refusal, Some(Refusal::NoMemory { .. })) {
                    self.order_may_wait(pool);
                }
                let to = self.world.pool(pool).desired;
                ("scale", self.world.pool(pool).spec.name.clone(), from.to_string(), to.to_string(), refusal)
            }
            Order::Reserve { kind, node, count, hourly, upfront_pico, term } => {
                self.world.reserve(&kind, node, count, hourly, upfront_pico, term, now);
                ("reserve", kind, String::new(), count.to_string(), None)
            }
            Order::Share { node, function, forwarded, rule } => {
                let to = super::drive::describe(&self.world, &rule);
                self.world.tables.set(node, function, forwarded, rule);
                ("share", self.world.node(node).name.clone(), self.world.function(function).name.clone(), to, None)
            }
            Order::Tune { knob, value } => {
                let before =
                    self.stakeholders.as_mut().map(|stakeholders| stakeholders.tune(knob, value, &self.world, now));
                let refusal = before.is_none().then_some(Refusal::NoEconomy);
                let from = before.map_or(String::new(), |before| before.to_string());
                ("tune", knob.name().to_owned(), from, value.to_string(), refusal)
            }
            Order::Wake { after } => {
                let event = Event::ControlDue { periodic: false };
                self.plan.plan(now + after, event.rank(), event);
                return Ok(());
            }
        };
        self.refusals += u64::from(refusal.is_some());
        if self.wants.decisions {
            let refusal = refusal.map_or(String::new(), Refusal::describe);
            let by = self.strategy_name.clone();
            self.sink.decision(&DecisionRow { at: now, by, action, target, from, to, reason, refusal })?;
        }
        Ok(())
    }

    /// A scale order that did not fit waits until its patience is over.
    fn order_may_wait(&mut self, pool: crate::model::ids::PoolId) {
        let Some(patience) = self.order_patience else { return };
        let due: Instant = self.now + patience;
        let event = Event::OrderPatienceOver { pool };
        let wanting = self.world.pools[pool.index()].wanting;
        if wanting.is_none_or(|handle| !self.plan.move_to(handle, due)) {
            self.world.pools[pool.index()].wanting = Some(self.plan.plan(due, event.rank(), event));
        }
    }

    fn order_waited_too_long(&mut self, pool: crate::model::ids::PoolId) -> io::Result<()> {
        let missing = self.world.give_up_wanting(pool);
        self.refusals += 1;
        if self.wants.decisions {
            let target = self.world.pool(pool).spec.name.clone();
            let desired = self.world.pool(pool).desired;
            self.sink.decision(&DecisionRow {
                at: self.now,
                by: self.strategy_name.clone(),
                action: "scale",
                target,
                from: (desired + missing).to_string(),
                to: desired.to_string(),
                reason: String::new(),
                refusal: Refusal::WaitedTooLong { missing }.describe(),
            })?;
        }
        Ok(())
    }
}
