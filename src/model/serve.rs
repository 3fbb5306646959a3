//! Verbs of service: a pool is offered a request, an instance begins it and ends it, and the next in line begins.

use super::books::HourUse;
use super::event::Event;
use super::function::attempt_key;
use super::ids::{InstanceId, PoolId, RequestId};
use super::instance::{Phase, Signal};
use super::pool::{Births, Capacity, Charge, QueueRule};
use super::request::{Outcome, State};
use super::world::{Plan, World};
use crate::engine::time::{Instant, Span};

/// What became of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// On an instance, or bound to one that starts.
    Taken,
    /// In a queue.
    Waiting,
    Refused(Outcome),
}

/// Where a fleet with lines at its instances put a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    Begun,
    InLine,
    Nowhere,
}

/// No draw keeps an instance longer: heavy tails reach past what time can hold.
const SERVICE_MAX: Span = Span::from_secs(100 * 365 * 86_400);

impl World {
    /// Offers a request to a pool: an instance takes it, it waits, or it is refused.
    #[inline]
    pub fn offer(&mut self, id: RequestId, pool_id: PoolId, now: Instant, plan: &mut Plan) -> Offer {
        let request = self.requests.get_mut(id.0);
        request.pool = Some(pool_id);
        request.offered = Some(now);
        let bytes = request.payload_bytes;
        let pool = &mut self.pools[pool_id.index()];
        pool.counts.offered += 1;
        // A computer has no balancer whose units depend on what was offered.
        if let Capacity::Computer { .. } = pool.spec.capacity {
            return self.offer_to_computer(id, pool_id, now, plan);
        }
        pool.hour.offered += 1;
        pool.hour.bytes += bytes;
        // Whoever waits in the central line goes first.
        if pool.queue.is_empty() && self.start_one(id, pool_id, now, plan) {
            return Offer::Taken;
        }
        let pool = &mut self.pools[pool_id.index()];
        match pool.spec.queue {
            QueueRule::Central { limit } if pool.queue.len() < limit && pool.can_ever_serve() => {
                self.wait_at_pool(id, pool_id, now, plan);
                Offer::Waiting
            }
            QueueRule::PerInstance { limit } => {
                let room = pool.room_at_instance();
                // While nothing serves yet, one line in front of all stands for the lines of those that boot.
                let booting = pool.counts.serving == 0 && pool.can_ever_serve();
                let room_in_front = pool.queue.len() < limit.saturating_mul(pool.desired.max(1));
                match self.place(id, pool_id, room, now, plan) {
                    Placed::Begun => Offer::Taken,
                    Placed::InLine => {
                        self.pools[pool_id.index()].counts.waiting += 1;
                        self.lose_patience_later(id, now, plan);
                        Offer::Waiting
                    }
                    Placed::Nowhere if booting && room_in_front => {
                        self.wait_at_pool(id, pool_id, now, plan);
                        Offer::Waiting
                    }
                    Placed::Nowhere => self.refuse(id, pool_id, now),
                }
            }
            _ => self.refuse(id, pool_id, now),
        }
    }

    fn wait_at_pool(&mut self, id: RequestId, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        let pool = &mut self.pools[pool_id.index()];
        pool.queue.push_back(&mut self.requests, id);
        pool.counts.waiting += 1;
        self.requests.get_mut(id.0).state = State::WaitingAtPool;
        self.lose_patience_later(id, now, plan);
    }

    pub(crate) fn refuse(&mut self, id: RequestId, pool_id: PoolId, now: Instant) -> Offer {
        self.pools[pool_id.index()].throttled += 1;
        self.requests.get_mut(id.0).ended = Some(now);
        Offer::Refused(Outcome::Throttled)
    }

    /// Finds an instance with a free slot (or bears one) and gives it the request; false when there is none.
    pub(crate) fn start_one(&mut self, id: RequestId, pool_id: PoolId, now: Instant, plan: &mut Plan) -> bool {
        let pool = &mut self.pools[pool_id.index()];
        let at_once = pool.spec.capacity.at_once();
        match &mut pool.births {
            Births::Fleet(balancer) => {
                // With lines at the instances the balancer decides without looking for a free slot: see `place`.
                if matches!(pool.spec.queue, QueueRule::PerInstance { .. }) {
                    return false;
                }
                // A full fleet is not searched. Requests on draining instances say nothing about the others.
                let full = pool.counts.running >= at_once.saturating_mul(pool.counts.serving);
                if full && pool.counts.draining == 0 {
                    return false;
                }
                let request = self.requests.get(id.0);
                let key = attempt_key(request.key, request.attempt);
                let draws = &pool.draws.balancer;
                match balancer.pick(&self.instances, at_once, || draws.at(key)) {
                    Some(instance) => {
                        self.begin(id, instance, now, plan);
                        true
                    }
                    None => false,
                }
            }
            Births::Environments(_) => self.start_on_environment(id, pool_id, now, plan),
        }
    }

    /// Lets the balancer choose an instance by its line; the request begins there if a slot is free.
    pub(crate) fn place(&mut self, id: RequestId, pool_id: PoolId, room: u32, now: Instant, plan: &mut Plan) -> Placed {
        let pool = &mut self.pools[pool_id.index()];
        let at_once = pool.spec.capacity.at_once();
        let Births::Fleet(balancer) = &mut pool.births else { return Placed::Nowhere };
        let request = self.requests.get(id.0);
        let key = attempt_key(request.key, request.attempt);
        let draws = &pool.draws.balancer;
        let Some(instance_id) = balancer.pick(&self.instances, room, || draws.at(key)) else { return Placed::Nowhere };
        let instance = self.instances.get_mut(instance_id.0);
        if instance.phase.running() < at_once {
            self.begin(id, instance_id, now, plan);
            return Placed::Begun;
        }
        instance.waiting.push_back(&mut self.requests, id);
        balancer.note(&self.instances, instance_id);
        let request = self.requests.get_mut(id.0);
        (request.state, request.instance) = (State::WaitingAtInstance, Some(instance_id));
        Placed::InLine
    }

    /// The instance begins the request; the end of its work goes into the agenda.
    pub(crate) fn begin(&mut self, id: RequestId, instance_id: InstanceId, now: Instant, plan: &mut Plan) {
        let instance = self.instances.get_mut(instance_id.0);
        instance.signal(Signal::Begin);
        let pool = &mut self.pools[instance.pool.index()];
        let request = self.requests.get_mut(id.0);
        let cold = request.bound.is_some();
        request.state = State::Running;
        request.instance = Some(instance_id);
        request.begun = Some(now);
        request.instance_number = Some(instance.number);
        pool.counts.running += 1;
        pool.counts.begun += 1;
        pool.busy.change(now, 1);
        match &mut pool.births {
            Births::Fleet(balancer) => balancer.note(&self.instances, instance_id),
            Births::Environments(environments) => environments.peak = environments.peak.max(pool.counts.running),
        }
        let mut factor = 1.0;
        if cold {
            pool.cold += 1;
            factor = pool.spec.cold_factor;
        }
        let secs = request.work * pool.spec.seconds_per_work * factor;
        let service = Span::from_secs_f64(secs).unwrap_or(SERVICE_MAX).min(SERVICE_MAX);
        if let Some(patience) = request.patience.take() {
            plan.cancel(patience);
        }
        match pool.spec.capacity {
            Capacity::Slots(_) => {
                let event = Event::Finished { request: id };
                request.end = Some(plan.plan(now + service, event.rank(), event));
                if let Charge::Held { .. } = pool.spec.charge {
                    request.held_from_pico = self.instances.get(instance_id.0).held_at(now);
                }
            }
            Capacity::Computer { .. } => unreachable!("a computer starts its calls itself"),
            Capacity::Shared { .. } => {
                let reading = self.share_until(instance_id, now);
                self.requests.get_mut(id.0).held_from_pico = reading;
                let instance = self.instances.get_mut(instance_id.0);
                instance.sharing.as_mut().expect("a sharing pool's instance shares").join(id, service);
                self.shares_changed(instance_id, now, plan);
            }
        }
    }

    /// Brings the shared clock of an instance to now; returns what one present since the beginning would have paid.
    pub(crate) fn share_until(&mut self, instance_id: InstanceId, now: Instant) -> u64 {
        let instance = self.instances.get_mut(instance_id.0);
        let held = instance.held_at(now);
        let sharing = instance.sharing.as_mut().expect("a sharing pool's instance shares");
        sharing.advance(now, held)
    }

    /// Moves the next end of work on a sharing instance to where it now belongs.
    pub(crate) fn plan_shared_end(&mut self, instance_id: InstanceId, plan: &mut Plan) {
        let sharing = self.instances.get_mut(instance_id.0).sharing.as_mut().expect("a sharing pool's instance shares");
        match (sharing.event, sharing.next_end()) {
            (Some(handle), Some(at)) => {
                assert!(plan.move_to(handle, at), "a planned end of sharing stands in the agenda")
            }
            (None, Some(at)) => {
                let event = Event::SharedFinished { instance: instance_id };
                sharing.event = Some(plan.plan(at, event.rank(), event));
            }
            (Some(handle), None) => {
                plan.cancel(handle);
                sharing.event = None;
            }
            (None, None) => {}
        }
    }

    /// The first of those who share an instance is done: which. Its event has been delivered.
    pub fn shared_finished(&mut self, instance_id: InstanceId, now: Instant, plan: &mut Plan) -> RequestId {
        self.share_until(instance_id, now);
        let sharing = self.instances.get_mut(instance_id.0).sharing.as_mut().expect("a sharing pool's instance shares");
        sharing.event = None;
        let done = sharing.pop_done().expect("the end of sharing is planned for the instant it comes");
        self.shares_changed(instance_id, now, plan);
        done
    }

    /// The own work of a request is done: its slot is free, its use is metered, the next begins.
    #[inline]
    pub fn end(&mut self, id: RequestId, now: Instant, plan: &mut Plan) {
        self.requests.get_mut(id.0).end = None;
        self.leave_instance(id, now, true);
        let instance = self.requests.get(id.0).instance.expect("a running request is on an instance");
        self.feed(instance, now, plan);
    }

    /// Frees the slot of a request and meters its use; the caller feeds the instance. Only what is `done` sends an answer.
    #[inline]
    pub(crate) fn leave_instance(&mut self, id: RequestId, now: Instant, done: bool) {
        let answer_bytes = if done { self.answer_bytes(self.requests.get(id.0)) } else { 0 };
        let request = self.requests.get_mut(id.0);
        let instance_id = request.instance.expect("a running request is on an instance");
        let begun = request.begun.expect("a running request has begun");
        request.ended = Some(now);
        let instance = self.instances.get_mut(instance_id.0);
        let pool = &mut self.pools[instance.pool.index()];
        instance.last_used = now;
        instance.signal(Signal::End);
        pool.counts.running -= 1;
        pool.busy.change(now, -1);
        pool.counts.bytes += request.payload_bytes + answer_bytes;
        if self.monitor.is_read() {
            pool.answered.add(now.since(request.offered.expect("what runs was offered")));
        }
        let held_by_slot = |at_once: u32| (instance.held_at(now) - request.held_from_pico) / u64::from(at_once);
        if let Capacity::Computer { workers, .. } = pool.spec.capacity {
            // It is paid by time held, if at all, and nobody chooses among its instances: it has one.
            let held = held_by_slot(workers);
            if held > 0 {
                request.cost_held_pico += held;
                pool.hour.held_pico += held;
            }
            return;
        }
        pool.hour.bytes += answer_bytes;
        pool.hour.requests += 1;
        match &pool.spec.charge {
            Charge::PerUse { price, memory_mib, bills_cold_start } => {
                let from = if *bills_cold_start { request.bound.unwrap_or(begun) } else { begun };
                let billed = price.billed(now.since(from));
                let pico = price.cost_of_billed(billed, *memory_mib, instance.provisioned);
                request.cost_direct_pico += pico;
                let HourUse { request_pico, direct_pico, mib_ns, .. } = &mut pool.hour;
                *request_pico += price.per_request;
                *direct_pico += pico;
                *mib_ns += u128::from(billed.as_nanos()) * u128::from(*memory_mib);
            }
            Charge::Held { .. } => {
                let held = match pool.spec.capacity {
                    Capacity::Shared { .. } => {
                        let sharing = instance.sharing.as_ref().expect("a sharing pool's instance shares");
                        sharing.charged_pico() - request.held_from_pico
                    }
                    Capacity::Slots(at_once) => held_by_slot(at_once),
                    Capacity::Computer { .. } => unreachable!("computers are done with"),
                };
                request.cost_held_pico += held;
                pool.hour.held_pico += held;
            }
        }
        match &mut pool.births {
            Births::Fleet(balancer) if matches!(instance.phase, Phase::Serving { .. }) => {
                balancer.note(&self.instances, instance_id);
            }
            Births::Fleet(_) => {}
            Births::Environments(_) => {
                let pool_id = instance.pool;
                self.release_account(pool_id);
            }
        }
    }

    /// Gives an instance with a free slot the next request in its line; one with nothing left to do becomes idle or goes.
    #[inline]
    pub(crate) fn feed(&mut self, instance_id: InstanceId, now: Instant, plan: &mut Plan) {
        let instance = self.instances.get_mut(instance_id.0);
        let pool_id = instance.pool;
        if instance.phase == Phase::Gone {
            self.dismiss(instance_id, now, plan);
            return;
        }
        if let Some(next) = instance.waiting.pop_front(&mut self.requests) {
            self.pools[pool_id.index()].counts.waiting -= 1;
            self.begin(next, instance_id, now, plan);
            return;
        }
        let serving = matches!(instance.phase, Phase::Serving { .. });
        let pool = &mut self.pools[pool_id.index()];
        if let Births::Environments(_) = pool.births {
            self.environment_freed(instance_id, now, plan);
        } else if serving && let Some(next) = pool.queue.pop_front(&mut self.requests) {
            pool.counts.waiting -= 1;
            self.begin(next, instance_id, now, plan);
        } else if serving {
            self.retire_surplus(pool_id, now, plan);
        }
    }

    /// Lets requests of the central line in as long as instances take them.
    pub(crate) fn pump(&mut self, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        while let Some(id) = self.pools[pool_id.index()].queue.front() {
            // Out of the line first: starting it may link it into an instance's line.
            let pool = &mut self.pools[pool_id.index()];
            pool.queue.remove(&mut self.requests, id);
            let at_instances = matches!(pool.spec.queue, QueueRule::PerInstance { .. });
            let room = pool.room_at_instance();
            let placed = match at_instances {
                true => self.place(id, pool_id, room, now, plan),
                false if self.start_one(id, pool_id, now, plan) => Placed::Begun,
                false => Placed::Nowhere,
            };
            let pool = &mut self.pools[pool_id.index()];
            match placed {
                Placed::Begun => pool.counts.waiting -= 1,
                Placed::InLine => {}
                Placed::Nowhere => {
                    pool.queue.push_front(&mut self.requests, id);
                    return;
                }
            }
        }
    }

    /// Plans the end of a caller's patience with waiting.
    pub(crate) fn lose_patience_later(&mut self, id: RequestId, now: Instant, plan: &mut Plan) {
        let request = self.requests.get_mut(id.0);
        let function = &self.functions[request.function.index()];
        let Some(law) = &function.patience else { return };
        let drawn = law.draw(&mut function.draws.patience.at(attempt_key(request.key, request.attempt)));
        let due = now + Span::from_secs_f64(drawn).unwrap_or(SERVICE_MAX).min(SERVICE_MAX);
        let event = Event::PatienceOver { request: id };
        request.patience = Some(plan.plan(due, event.rank(), event));
    }
}
