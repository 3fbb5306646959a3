//! Verbs of environments born by demand: cold start, reuse, keep-alive, provisioned concurrency and pre-warming.
//!
//! Rules after the documented behaviour of Lambda (one request per environment at a time, reuse of a warm one first,
//! growth of environments limited per window) and the keep-alive models of the queueing references.

use super::environments::Environments;
use super::event::Event;
use super::fleet::span_of;
use super::function::{attempt_key, child_key};
use super::ids::{AccountId, InstanceId, NodeId, PoolId, RequestId};
use super::instance::{Phase, Signal};
use super::pool::{Birth, Births, OnDemand, Pool, Prewarm};
use super::request::State;
use super::world::{Plan, World};
use crate::engine::time::Instant;

/// The moving parts and the rules of a pool that bears environments; the caller has ensured that it does.
#[inline]
fn parts(pool: &mut Pool) -> (&mut Environments, &OnDemand) {
    match (&mut pool.births, &pool.spec.birth) {
        (Births::Environments(environments), Birth::OnDemand(rules)) => (environments, rules),
        _ => unreachable!("a pool of environments has the rules of environments"),
    }
}

impl World {
    /// Gives the request to a warm environment, to one that starts and has room, or to a new one.
    #[inline]
    pub(crate) fn start_on_environment(
        &mut self,
        id: RequestId,
        pool_id: PoolId,
        now: Instant,
        plan: &mut Plan,
    ) -> bool {
        let pool = &mut self.pools[pool_id.index()];
        let account = match &pool.spec.birth {
            Birth::OnDemand(rules) => rules.account,
            Birth::Ordered { .. } => None,
        };
        if account.is_some() && !self.account_has_room(account) {
            return false;
        }
        let pool = &mut self.pools[pool_id.index()];
        let at_once = pool.spec.capacity.at_once();
        let (environments, rules) = parts(pool);
        // A busy one with room first: packing keeps the others idle and lets them go.
        if at_once > 1
            && let Some((&open, _)) = environments.open.peek()
        {
            self.take_account(pool_id);
            if self.instances.get(open.0).phase == Phase::Booting {
                self.bind(id, open, now);
            } else {
                self.begin(id, open, now, plan);
            }
            self.note_open(open, at_once);
            return true;
        }
        // Few pools have any; then their line is not looked at.
        let provisioned = if environments.provisioned_now > 0 { environments.idle_provisioned.pick() } else { None };
        if let Some(warm) = provisioned.or_else(|| environments.idle.pick()) {
            let idle = if provisioned.is_some() { &mut environments.idle_provisioned } else { &mut environments.idle };
            idle.remove(&self.instances, warm);
            self.take_account(pool_id);
            self.begin(id, warm, now, plan);
            self.note_open(warm, at_once);
            return true;
        }
        let (limit, growth) = (rules.limit, rules.growth);
        if pool.standing() >= limit {
            return false;
        }
        if !parts(&mut self.pools[pool_id.index()]).0.may_grow(growth, now) {
            return false;
        }
        let Some(fresh) = self.launch(pool_id, false, now, plan) else { return false };
        self.take_account(pool_id);
        self.bind(id, fresh, now);
        self.note_open(fresh, at_once);
        let request = self.requests.get(id.0);
        let key = attempt_key(request.key, request.attempt);
        self.start_environment(fresh, key, now, plan);
        true
    }

    /// Binds a request to an environment that starts.
    fn bind(&mut self, id: RequestId, instance_id: InstanceId, now: Instant) {
        let instance = self.instances.get_mut(instance_id.0);
        instance.waiting.push_back(&mut self.requests, id);
        self.pools[instance.pool.index()].counts.waiting += 1;
        let request = self.requests.get_mut(id.0);
        request.bound = Some(now);
        (request.state, request.instance) = (State::WaitingAtInstance, Some(instance_id));
        // Its wait for an instance is over; what is left is the start.
    }

    /// Draws the cold start of a fresh environment; one of no length is over at once.
    fn start_environment(&mut self, id: InstanceId, key: u64, now: Instant, plan: &mut Plan) {
        let pool_id = self.instances.get(id.0).pool;
        let pool = &mut self.pools[pool_id.index()];
        let start = pool.draws.start.clone();
        let drawn = span_of(parts(pool).1.cold_start.draw(&mut start.at(key)));
        if drawn.is_zero() {
            self.become_ready(id, now, plan);
        } else {
            let event = Event::Ready { instance: id };
            self.instances.get_mut(id.0).start = Some(plan.plan(now + drawn, event.rank(), event));
        }
    }

    /// A started environment begins what is bound to it.
    pub(crate) fn environment_ready(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let pool_id = self.instances.get(id.0).pool;
        let at_once = self.pools[pool_id.index()].spec.capacity.at_once();
        self.set_deadline(id, now);
        while self.instances.get(id.0).phase.running() < at_once {
            let Some(bound) = self.instances.get_mut(id.0).waiting.pop_front(&mut self.requests) else { break };
            self.pools[pool_id.index()].counts.waiting -= 1;
            self.begin(bound, id, now, plan);
        }
        if self.instances.get(id.0).phase.running() == 0 {
            self.environment_freed(id, now, plan);
        } else {
            self.note_open(id, at_once);
        }
    }

    /// A slot of an environment is free and nothing is bound to it: the next in the central line begins, or it may idle.
    #[inline]
    pub(crate) fn environment_freed(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let pool_id = self.instances.get(id.0).pool;
        let pool = &mut self.pools[pool_id.index()];
        let at_once = pool.spec.capacity.at_once();
        if let Some(next) = pool.queue.front() {
            let account = parts(pool).1.account;
            if self.account_has_room(account) {
                let pool = &mut self.pools[pool_id.index()];
                pool.queue.remove(&mut self.requests, next);
                pool.counts.waiting -= 1;
                self.take_account(pool_id);
                self.begin(next, id, now, plan);
                self.note_open(id, at_once);
                return;
            }
        }
        self.note_open(id, at_once);
        if self.instances.get(id.0).phase.running() == 0 {
            self.idle(id, now, plan);
        }
        self.pump_account(pool_id, now, plan);
    }

    /// Keeps the queue of busy environments with room up to date; only where an environment takes several requests.
    #[inline]
    pub(crate) fn note_open(&mut self, id: InstanceId, at_once: u32) {
        if at_once > 1 {
            self.note_room(id, at_once);
        }
    }

    fn note_room(&mut self, id: InstanceId, at_once: u32) {
        let instance = self.instances.get(id.0);
        let pool = &mut self.pools[instance.pool.index()];
        let outstanding = instance.outstanding();
        // Most loaded first; among equals the one launched first.
        let key = (outstanding, u64::MAX - instance.number);
        let open = &mut parts(pool).0.open;
        if outstanding > 0 && outstanding < at_once {
            open.push(id, key);
        } else {
            open.remove(&id);
        }
    }

    /// An environment with nothing to do: its keep-alive runs, or it goes.
    #[inline]
    fn idle(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let pool_id = self.instances.get(id.0).pool;
        let pool = &mut self.pools[pool_id.index()];
        let desired = pool.desired;
        let (environments, rules) = parts(pool);
        let resets = rules.keep_alive.resets;
        let instance = self.instances.get_mut(id.0);
        if instance.provisioned && environments.provisioned_now > desired {
            instance.provisioned = false;
            environments.provisioned_now -= 1;
        }
        if instance.provisioned {
            environments.idle_provisioned.push(&mut self.instances, id);
            return;
        }
        if resets {
            self.set_deadline(id, now);
        } else if self.instances.get(id.0).deadline <= now {
            self.expire_one(id, now, plan);
            return;
        }
        let (environments, _) = parts(&mut self.pools[pool_id.index()]);
        environments.idle.push(&mut self.instances, id);
        // One event for the pool, at the oldest deadline known when it was planned: later ones need none of their own.
        let deadline = self.instances.get(id.0).deadline;
        if environments.keep_alive_event.is_none_or(|(due, _)| deadline < due) {
            self.plan_keep_alive(pool_id, deadline, plan);
        }
    }

    fn plan_keep_alive(&mut self, pool_id: PoolId, due: Instant, plan: &mut Plan) {
        if due == Instant::FAR {
            return;
        }
        let (environments, _) = parts(&mut self.pools[pool_id.index()]);
        let handle = match environments.keep_alive_event {
            Some((_, handle)) => {
                assert!(plan.move_to(handle, due), "a planned keep-alive stands in the agenda");
                handle
            }
            None => {
                let event = Event::KeepAliveDue { pool: pool_id };
                plan.plan(due, event.rank(), event)
            }
        };
        environments.keep_alive_event = Some((due, handle));
    }

    /// Draws when the keep-alive of an environment ends.
    #[inline]
    fn set_deadline(&mut self, id: InstanceId, now: Instant) {
        let instance = self.instances.get_mut(id.0);
        let pool = &mut self.pools[instance.pool.index()];
        let Births::Environments(Environments { keep_alive_fixed: Some(fixed), .. }) = pool.births else {
            return self.draw_deadline(id, now);
        };
        instance.deadline = now.saturating_add(fixed);
    }

    fn draw_deadline(&mut self, id: InstanceId, now: Instant) {
        let instance = self.instances.get_mut(id.0);
        let pool = &mut self.pools[instance.pool.index()];
        // Addressed by the instance and its own count, so that every idle period has a draw of its own.
        let key = child_key(instance.number, instance.keep_alives);
        instance.keep_alives += 1;
        let mut rng = pool.draws.keep_alive.at(key);
        instance.deadline = now.saturating_add(span_of(parts(pool).1.keep_alive.law.draw(&mut rng)));
    }

    /// Lets go every environment whose keep-alive is over, and looks again at the next deadline.
    pub fn keep_alive_due(&mut self, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        parts(&mut self.pools[pool_id.index()]).0.keep_alive_event = None;
        loop {
            let (environments, _) = parts(&mut self.pools[pool_id.index()]);
            let Some((deadline, id)) = environments.idle.first_deadline(&self.instances) else { return };
            if deadline > now {
                self.plan_keep_alive(pool_id, deadline, plan);
                return;
            }
            let floor = environments.floor;
            environments.idle.remove(&self.instances, id);
            if self.pools[pool_id.index()].standing() <= floor {
                // Pre-warming keeps it: its time starts anew.
                self.set_deadline(id, now);
                let (environments, _) = parts(&mut self.pools[pool_id.index()]);
                environments.idle.push(&mut self.instances, id);
            } else {
                self.expire_one(id, now, plan);
            }
        }
    }

    /// An idle environment, already out of its list, goes.
    fn expire_one(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let instance = self.instances.get_mut(id.0);
        instance.signal(Signal::Retire);
        let pool = &mut self.pools[instance.pool.index()];
        pool.counts.serving -= 1;
        pool.counts.draining += 1;
        self.dismiss(id, now, plan);
    }

    /// The environment at a node that has been idle longest, over all pools but one.
    pub(crate) fn longest_idle_at(&self, node: NodeId, except: PoolId) -> Option<InstanceId> {
        let pools = self.pools.iter().enumerate();
        let candidates = pools.filter(|&(index, pool)| index != except.index() && pool.spec.node == node);
        candidates
            .filter_map(|(_, pool)| match &pool.births {
                Births::Environments(environments) => environments.idle.longest_idle(),
                Births::Fleet(_) => None,
            })
            .min_by_key(|&id| self.instance(id).last_used)
    }

    /// Lets an idle environment go before its time, to make room.
    pub(crate) fn evict(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let pool_id = self.instances.get(id.0).pool;
        parts(&mut self.pools[pool_id.index()]).0.idle.remove(&self.instances, id);
        self.expire_one(id, now, plan);
    }

    /// Brings the number of provisioned environments to `target`: starts what lacks, lets idle surplus run out.
    pub(crate) fn provision(&mut self, pool_id: PoolId, target: u32, now: Instant, plan: &mut Plan) {
        let pool = &mut self.pools[pool_id.index()];
        pool.desired = target;
        self.book_provisioned(pool_id, now);
        while parts(&mut self.pools[pool_id.index()]).0.provisioned_now < target {
            let Some(id) = self.launch(pool_id, false, now, plan) else { return };
            self.instances.get_mut(id.0).provisioned = true;
            parts(&mut self.pools[pool_id.index()]).0.provisioned_now += 1;
            let key = attempt_key(self.instances.get(id.0).number, u16::MAX);
            self.start_environment(id, key, now, plan);
        }
        while parts(&mut self.pools[pool_id.index()]).0.provisioned_now > target {
            let (environments, _) = parts(&mut self.pools[pool_id.index()]);
            let Some(id) = environments.idle_provisioned.longest_idle() else { return };
            environments.idle_provisioned.remove(&self.instances, id);
            self.idle(id, now, plan);
        }
    }

    /// Plans the first entry of a pool's pre-warming, at the start of a run.
    pub(crate) fn plan_prewarm(&mut self, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        let Birth::OnDemand(rules) = &self.pools[pool_id.index()].spec.birth else { return };
        let first = match &rules.prewarm {
            Prewarm::Never => return,
            Prewarm::Scheduled(entries) => entries.first().map(|&(at, _)| at),
            Prewarm::Forecast { period, .. } => Some(now + *period),
        };
        if let Some(at) = first {
            let event = Event::PrewarmDue { pool: pool_id, entry: 0 };
            plan.plan(at, event.rank(), event);
        }
    }

    /// The number kept warm changes: by timetable, or by the forecast from the peak since the last look. A forecast
    /// looks again only while `more` work may come.
    pub fn prewarm_due(&mut self, pool_id: PoolId, entry: u32, more: bool, now: Instant, plan: &mut Plan) {
        let pool = &mut self.pools[pool_id.index()];
        let running = pool.counts.running;
        let (environments, rules) = parts(pool);
        let peak = std::mem::replace(&mut environments.peak, running);
        let (floor, next) = match &rules.prewarm {
            Prewarm::Never => return,
            Prewarm::Scheduled(entries) => {
                (entries[entry as usize].1, entries.get(entry as usize + 1).map(|&(at, _)| (at, entry + 1)))
            }
            Prewarm::Forecast { period, alpha, headroom } => {
                environments.forecast += alpha * (f64::from(peak) - environments.forecast);
                ((environments.forecast * headroom).ceil() as u32, more.then_some((now + *period, 0)))
            }
        };
        environments.floor = floor.min(rules.limit);
        if let Some((at, entry)) = next {
            let event = Event::PrewarmDue { pool: pool_id, entry };
            plan.plan(at, event.rank(), event);
        }
        while self.pools[pool_id.index()].standing() < parts(&mut self.pools[pool_id.index()]).0.floor {
            let Some(id) = self.launch(pool_id, false, now, plan) else { return };
            let key = attempt_key(self.instances.get(id.0).number, u16::MAX);
            self.start_environment(id, key, now, plan);
        }
    }

    /// A request of this pool counts against its account.
    #[inline]
    fn take_account(&mut self, pool_id: PoolId) {
        if let Birth::OnDemand(OnDemand { account: Some(id), .. }) = self.pools[pool_id.index()].spec.birth {
            self.accounts[id.index()].in_use += 1;
        }
    }

    /// An account that was at its limit has room again: lines of its other pools may move.
    #[inline]
    pub(crate) fn pump_account(&mut self, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        let Birth::OnDemand(OnDemand { account: Some(id), .. }) = self.pools[pool_id.index()].spec.birth else {
            return;
        };
        self.pump_others_of(id, now, plan);
    }

    fn pump_others_of(&mut self, id: AccountId, now: Instant, plan: &mut Plan) {
        let account = &self.accounts[id.index()];
        if account.in_use + 1 == account.limit {
            self.pump_elsewhere(now, plan, |other| {
                matches!(other.spec.birth, Birth::OnDemand(OnDemand { account: Some(theirs), .. }) if theirs == id)
            });
        }
    }

    #[inline]
    pub(crate) fn release_account(&mut self, pool_id: PoolId) {
        if let Birth::OnDemand(OnDemand { account: Some(id), .. }) = self.pools[pool_id.index()].spec.birth {
            self.accounts[id.index()].in_use -= 1;
        }
    }
}
