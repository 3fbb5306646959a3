//! Verbs of a fleet: launch, become ready, retire, scale; and how any instance goes.

use super::event::Event;
use super::ids::{InstanceId, NodeId, PoolId, RequestId};
use super::instance::{Instance, Phase, Signal};
use super::pool::{Birth, Births, Capacity, Charge, LeavesFirst};
use super::serve::Placed;
use super::sharing::Sharing;
use super::world::{Departure, Plan, World};
use crate::engine::time::{Instant, Span};

/// Why an order was not carried out, or not in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More than the pool's maximum; carried out up to it.
    AboveMax { max: u32 },
    /// The node has no memory for all of it; the rest waits.
    NoMemory { missing: u32 },
    /// It has waited as long as it may.
    WaitedTooLong { missing: u32 },
    /// The price list has no such reservation to offer.
    NoSuchType,
    /// A computer is what it is: it is neither doubled nor sent away.
    Fixed,
    /// The table names a pool or node that cannot be reached from there.
    NoPath,
    /// The scenario has no economy whose terms could be set.
    NoEconomy,
}

impl Refusal {
    pub fn describe(self) -> String {
        match self {
            Refusal::AboveMax { max } => format!("above the maximum of {max}; carried out up to it"),
            Refusal::NoMemory { missing } => format!("no memory for {missing} instances; they wait"),
            Refusal::WaitedTooLong { missing } => format!("{missing} instances found no memory in time"),
            Refusal::NoSuchType => "no such instance type in use".to_owned(),
            Refusal::Fixed => "a computer does not change its size".to_owned(),
            Refusal::NoEconomy => "the scenario has no economy".to_owned(),
            Refusal::NoPath => "no such pool or node within reach".to_owned(),
        }
    }
}

impl World {
    /// Brings the initial fleets and provisioned environments into being, at the start of a run.
    pub fn populate(&mut self, now: Instant, plan: &mut Plan) {
        for index in 0..self.pools.len() {
            let id = PoolId::from_index(index);
            let ready_now = matches!(self.pools[index].spec.birth, Birth::Ordered { initially_ready: true, .. });
            let desired = self.pools[index].desired;
            match &self.pools[index].births {
                Births::Fleet(_) => {
                    for _ in 0..desired {
                        if self.launch(id, ready_now, now, plan).is_none() {
                            break;
                        }
                    }
                }
                Births::Environments(_) => self.provision(id, desired, now, plan),
            }
            self.plan_prewarm(id, now, plan);
        }
    }

    /// Sets the wanted size of a fleet, or the number of provisioned environments. What does not fit is said.
    pub fn scale(&mut self, id: PoolId, target: u32, now: Instant, plan: &mut Plan) -> Option<Refusal> {
        let pool = &mut self.pools[id.index()];
        if pool.spec.computer.is_some() {
            return (target != 1).then_some(Refusal::Fixed);
        }
        let max = match &pool.spec.birth {
            Birth::Ordered { max, .. } => *max,
            Birth::OnDemand(rules) => rules.limit,
        };
        let granted = target.min(max);
        pool.desired = granted;
        let mut refusal = (granted < target).then_some(Refusal::AboveMax { max });
        match pool.births {
            Births::Environments(_) => self.provision(id, granted, now, plan),
            Births::Fleet(_) => {
                if let Some(missing) = self.launch_wanted(id, now, plan) {
                    refusal = Some(Refusal::NoMemory { missing });
                }
                self.retire_surplus(id, now, plan);
            }
        }
        refusal
    }

    /// Sets the size that a pool has at the start, before anything exists.
    pub fn set_initial(&mut self, id: PoolId, target: u32) -> Option<Refusal> {
        let pool = &mut self.pools[id.index()];
        if pool.spec.computer.is_some() {
            return (target != 1).then_some(Refusal::Fixed);
        }
        let max = match &pool.spec.birth {
            Birth::Ordered { max, .. } => *max,
            Birth::OnDemand(rules) => rules.limit,
        };
        pool.desired = target.min(max);
        (target > max).then_some(Refusal::AboveMax { max })
    }

    /// A fleet gives up what it still lacks; returns how many.
    pub fn give_up_wanting(&mut self, id: PoolId) -> u32 {
        let pool = &mut self.pools[id.index()];
        pool.wanting = None;
        let missing = pool.desired.saturating_sub(pool.standing());
        pool.desired -= missing;
        missing
    }

    /// Launches what a fleet lacks; returns how many did not fit.
    pub(crate) fn launch_wanted(&mut self, id: PoolId, now: Instant, plan: &mut Plan) -> Option<u32> {
        loop {
            let pool = &self.pools[id.index()];
            let missing = pool.desired.saturating_sub(pool.standing());
            if missing == 0 {
                return None;
            }
            if self.launch(id, false, now, plan).is_none() {
                return Some(missing);
            }
        }
    }

    /// Retires what a fleet has too many, but never the last instance while requests wait for one.
    pub(crate) fn retire_surplus(&mut self, id: PoolId, now: Instant, plan: &mut Plan) {
        loop {
            let pool = &self.pools[id.index()];
            let Birth::Ordered { leaves_first, .. } = pool.spec.birth else { return };
            let standing = pool.standing();
            if standing <= pool.desired {
                return;
            }
            let leaver = self.first_to_leave(id, leaves_first).expect("a standing instance exists");
            let last_serving = pool.counts.serving == 1 && matches!(self.instance(leaver).phase, Phase::Serving { .. });
            if pool.counts.waiting > 0 && (last_serving || standing == 1) {
                return;
            }
            self.retire(leaver, now, plan);
        }
    }

    fn first_to_leave(&self, id: PoolId, order: LeavesFirst) -> Option<InstanceId> {
        let standing = self.instances.iter().filter(|(_, instance)| {
            instance.pool == id && matches!(instance.phase, Phase::Booting | Phase::Initial | Phase::Serving { .. })
        });
        let chosen = match order {
            LeavesFirst::Newest => standing.max_by_key(|(_, instance)| instance.number),
            LeavesFirst::Oldest => standing.min_by_key(|(_, instance)| instance.number),
        };
        chosen.map(|(slot, _)| InstanceId(slot))
    }

    /// Starts one instance of a pool; `None` when its node has no memory for it.
    pub(crate) fn launch(
        &mut self,
        pool_id: PoolId,
        ready_now: bool,
        now: Instant,
        plan: &mut Plan,
    ) -> Option<InstanceId> {
        let pool = &self.pools[pool_id.index()];
        let (node, memory) = (pool.spec.node, pool.spec.memory_mib);
        if !self.take_memory(node, memory, pool_id, now, plan) {
            return None;
        }
        let pool = &mut self.pools[pool_id.index()];
        let number = pool.launched;
        pool.launched += 1;
        pool.counts.booting += 1;
        pool.alive.change(now, 1);
        pool.peak_alive = pool.peak_alive.max(pool.alive.level());
        let sharing = match pool.spec.capacity {
            Capacity::Shared { millicores, .. } => Some(Box::new(Sharing::new(millicores))),
            Capacity::Slots(_) | Capacity::Computer { .. } => None,
        };
        let instance = Instance { sharing, ..Instance::launched(pool_id, number, now) };
        let id = InstanceId(self.instances.insert(instance));
        self.open_bill(id, now);
        let pool = &self.pools[pool_id.index()];
        let Birth::Ordered { boot, health, .. } = &pool.spec.birth else { return Some(id) };
        if ready_now {
            self.become_ready(id, now, plan);
        } else {
            let delay = span_of(boot.draw(&mut pool.draws.start.at(number)));
            let event = if health.is_some() { Event::Booted { instance: id } } else { Event::Ready { instance: id } };
            self.instances.get_mut(id.0).start = Some(plan.plan(now + delay, event.rank(), event));
        }
        Some(id)
    }

    /// A boot is over where a balancer checks health: the machine is registered and checked before it takes requests.
    /// A scaling group that trusts the checks gives it until its grace is over.
    pub fn booted(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let instance = self.instances.get_mut(id.0);
        instance.signal(Signal::Booted);
        instance.booted = Some(now);
        let pool_id = instance.pool;
        let pool = &mut self.pools[pool_id.index()];
        pool.counts.booting -= 1;
        pool.counts.initial += 1;
        let Birth::Ordered { health: Some(health), .. } = &pool.spec.birth else {
            unreachable!("only what is checked passes through the initial state")
        };
        let event = Event::Ready { instance: id };
        instance.start = Some(plan.plan(now + health.span(), event.rank(), event));
        if let Some(grace) = self.grace_of(pool_id) {
            let event = Event::GraceOver { instance: id };
            self.instances.get_mut(id.0).grace = Some(plan.plan(now + grace, event.rank(), event));
        }
        self.activity_may_be_over(pool_id, now);
    }

    /// A boot, the checks after it, or a cold start are over: the instance takes requests.
    pub fn become_ready(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let instance = self.instances.get_mut(id.0);
        let was_initial = instance.phase == Phase::Initial;
        instance.signal(Signal::Ready);
        instance.start = None;
        instance.ready = Some(now);
        instance.booted.get_or_insert(now);
        instance.last_used = now;
        if let Some(grace) = instance.grace.take() {
            plan.cancel(grace);
        }
        let pool_id = instance.pool;
        let pool = &mut self.pools[pool_id.index()];
        *if was_initial { &mut pool.counts.initial } else { &mut pool.counts.booting } -= 1;
        pool.counts.serving += 1;
        pool.in_service.change(now, 1);
        if let Charge::Held { interruptions_per_hour, .. } = &pool.spec.charge
            && let interruptions_per_hour = *interruptions_per_hour
            && interruptions_per_hour > 0.0
        {
            let hours = pool.draws.interruption.at(instance.number).exponential() / interruptions_per_hour;
            let event = Event::Interrupted { instance: id };
            instance.interruption = Some(plan.plan(now + span_of(hours * 3600.0), event.rank(), event));
        }
        match &mut pool.births {
            Births::Fleet(balancer) => {
                balancer.add(&self.instances, id);
                self.activity_may_be_over(pool_id, now);
                self.pump(pool_id, now, plan);
                self.retire_surplus(pool_id, now, plan);
            }
            Births::Environments(_) => self.environment_ready(id, now, plan),
        }
    }

    /// Tells an instance to leave: at once when it has nothing to do, else when its work is done. Requests in its own
    /// line go back to the balancer.
    pub(crate) fn retire(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let instance = self.instances.get_mut(id.0);
        let pool_id = instance.pool;
        let before = instance.phase;
        let was_serving = matches!(before, Phase::Serving { .. });
        instance.signal(Signal::Retire);
        let gone = instance.phase == Phase::Gone;
        let pool = &mut self.pools[pool_id.index()];
        if was_serving && let Births::Fleet(balancer) = &mut pool.births {
            balancer.remove(id);
        }
        *pool.counts.standing_in(before) -= 1;
        pool.counts.draining += 1;
        let drain_max = match pool.spec.birth {
            Birth::Ordered { drain_max, .. } => drain_max,
            Birth::OnDemand(_) => None,
        };
        self.rebalance_line(id, pool_id, now, plan);
        if gone {
            self.dismiss(id, now, plan);
        } else if let Some(longest) = drain_max {
            let event = Event::DrainOver { instance: id };
            self.instances.get_mut(id.0).drain = Some(plan.plan(now + longest, event.rank(), event));
        }
    }

    /// Sends the requests in the line of a leaving instance to its fellows, whatever the length of their lines.
    fn rebalance_line(&mut self, id: InstanceId, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        while let Some(request) = self.instances.get_mut(id.0).waiting.pop_front(&mut self.requests) {
            match self.place(request, pool_id, u32::MAX, now, plan) {
                Placed::Begun => self.pools[pool_id.index()].counts.waiting -= 1,
                Placed::InLine => {}
                Placed::Nowhere => unreachable!("the last instance with requests waiting is not retired"),
            }
        }
    }

    /// An instance has ended: its meter stops and the log gets its row. It shuts down, or is gone at once.
    pub(crate) fn dismiss(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        self.close_bill(id, now);
        let instance = self.instances.get_mut(id.0);
        assert_eq!(instance.phase, Phase::Gone, "only what is gone is dismissed");
        let handles = [&mut instance.start, &mut instance.drain, &mut instance.interruption, &mut instance.grace];
        for handle in handles.into_iter().filter_map(Option::take) {
            plan.cancel(handle);
        }
        let pool = &mut self.pools[instance.pool.index()];
        pool.alive.change(now, -1);
        if instance.ready.is_some() {
            pool.in_service.change(now, -1);
        }
        if self.log_departures {
            self.departures.push(Departure {
                pool: instance.pool,
                number: instance.number,
                launched: instance.born,
                ready: instance.ready,
                gone: now,
            });
        }
        if let Birth::Ordered { shutdown, .. } = &pool.spec.birth {
            let span = span_of(shutdown.draw(&mut pool.draws.shutdown.at(instance.number)));
            if !span.is_zero() {
                let event = Event::Stopped { instance: id };
                plan.plan(now + span, event.rank(), event);
                return;
            }
        }
        self.stopped(id, now, plan);
    }

    /// An instance that has ended is down: its memory is free, its slot may be reused. It counts as draining until now.
    pub fn stopped(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let instance = self.instances.remove(id.0);
        let pool = &mut self.pools[instance.pool.index()];
        pool.counts.draining -= 1;
        let (node, memory) = (pool.spec.node, pool.spec.memory_mib);
        self.activity_may_be_over(instance.pool, now);
        if self.nodes[node.index()].memory_mib.is_some() {
            self.nodes[node.index()].give_back(memory);
            self.memory_freed(node, now, plan);
        }
    }

    /// Takes memory at a node, evicting environments of other pools that have been idle longest.
    fn take_memory(&mut self, node: NodeId, mib: u64, for_pool: PoolId, now: Instant, plan: &mut Plan) -> bool {
        if self.nodes[node.index()].memory_mib.is_none() {
            return true;
        }
        while !self.nodes[node.index()].take(mib) {
            let Some(victim) = self.longest_idle_at(node, for_pool) else { return false };
            self.evict(victim, now, plan);
        }
        true
    }

    /// Memory is free at a node: fleets that wanted more launch, lines move.
    fn memory_freed(&mut self, node: NodeId, now: Instant, plan: &mut Plan) {
        for index in 0..self.pools.len() {
            let pool = &self.pools[index];
            if pool.spec.node != node || !matches!(pool.births, Births::Fleet(_)) || pool.desired <= pool.standing() {
                continue;
            }
            let id = PoolId::from_index(index);
            if self.launch_wanted(id, now, plan).is_none()
                && let Some(handle) = self.pools[index].wanting.take()
            {
                plan.cancel(handle);
            }
        }
        self.pump_elsewhere(now, plan, |pool| pool.spec.node == node && matches!(pool.births, Births::Environments(_)));
    }

    /// Takes an instance away at once. Returns the requests that were on it or waiting for it, thrown off.
    pub fn take_away(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) -> Vec<RequestId> {
        let mut thrown_off = std::mem::take(&mut self.thrown_off);
        thrown_off.clear();
        let pool_id = self.instances.get(id.0).pool;
        let on_it = self.requests.iter().filter(|(_, request)| {
            request.instance == Some(id) && matches!(request.state, super::request::State::Running)
        });
        thrown_off.extend(on_it.map(|(slot, _)| RequestId(slot)));
        // Slots are reused, so their order is no order: the oldest request is thrown off first.
        thrown_off.sort_by_key(|&request| (self.requests.get(request.0).number, self.requests.get(request.0).call));
        for &request in &thrown_off {
            self.stop_work(request, now, plan);
        }
        while let Some(waiting) = self.instances.get_mut(id.0).waiting.pop_front(&mut self.requests) {
            self.pools[pool_id.index()].counts.waiting -= 1;
            self.requests.get_mut(waiting.0).ended = Some(now);
            thrown_off.push(waiting);
        }
        self.strike_off(id);
        self.dismiss(id, now, plan);
        self.launch_wanted(pool_id, now, plan);
        thrown_off
    }

    /// Ends an instance's membership in its pool, whatever its phase; it counts as draining until dismissed.
    fn strike_off(&mut self, id: InstanceId) {
        let instance = self.instances.get_mut(id.0);
        let phase = instance.phase;
        if phase == Phase::Gone {
            return;
        }
        instance.signal(Signal::Vanish);
        let pool = &mut self.pools[instance.pool.index()];
        match phase {
            Phase::Booting | Phase::Initial => {}
            Phase::Serving { .. } => {
                if let Births::Fleet(balancer) = &mut pool.births {
                    balancer.remove(id);
                }
            }
            Phase::Draining { .. } | Phase::Gone => return,
        }
        *pool.counts.standing_in(phase) -= 1;
        pool.counts.draining += 1;
    }

    /// Hands the vector of [`World::take_away`] back for reuse.
    pub fn recycle(&mut self, thrown_off: Vec<RequestId>) {
        self.thrown_off = thrown_off;
    }
}

/// A drawn length as time; draws past what time can hold are taken as a hundred years.
pub(crate) fn span_of(secs: f64) -> Span {
    const LONGEST: Span = Span::from_secs(100 * 365 * 86_400);
    Span::from_secs_f64(secs).unwrap_or(LONGEST).min(LONGEST)
}
