//! Edge computers in a run: a pool that is one computer, whose containers have lines, workers and memory of their own.
//!
//! The [`Computer`] decides who runs; the verbs here keep the books of it (counts, phases, bills) as those of `serve` do
//! for other pools, and plan its next completion and its reports of utilisation.

use smallvec::SmallVec;

use super::edge_computer::{Computer, ComputerType, ContainerId, Done};
use super::event::Event;
use super::ids::{FunctionId, InstanceId, PoolId, RequestId};
use super::instance::Signal;
use super::pool::{Births, Capacity, Charge, Pool};
use super::request::{Outcome, Request, State};
use super::serve::Offer;
use super::world::{Plan, World};
use crate::engine::agenda::Handle;
use crate::engine::time::{Instant, Span};

/// What an edge computer consists of, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ComputerSpec {
    pub kind: ComputerType,
    /// The function of each container, in the order of `kind`.
    pub functions: Vec<FunctionId>,
    /// Time between two reports of utilisation.
    pub report: Span,
    /// As the original where ours differs.
    pub faithful: bool,
    /// The answer is as long as the request; otherwise as the function says.
    pub copies_input: bool,
}

/// One computer at work. What its calls look at comes first, in five lines of the cache.
#[repr(C, align(64))]
pub(crate) struct Machine {
    /// In order of functions.
    containers: SmallVec<[(FunctionId, ContainerId); 2]>,
    /// The pool's only instance, once a call has begun.
    instance: Option<InstanceId>,
    /// The next completion in the agenda.
    event: Option<Handle>,
    /// Cores in use, as the pool's books have them.
    cores_busy: u32,
    /// Reports have begun: with the first call.
    reports: bool,
    copies_input: bool,
    pub computer: Computer,
    report: Span,
}

/// The edge computers of a world, by the pools that they are.
#[derive(Default)]
pub(crate) struct Machines {
    /// By pool, as far as the last computer.
    places: Vec<Option<u32>>,
    machines: Vec<Machine>,
}

impl Machines {
    pub fn new(pools: &[Pool]) -> Machines {
        let mut all = Machines::default();
        for (pool, spec) in pools.iter().enumerate().filter_map(|(k, pool)| Some((k, pool.spec.computer.as_deref()?))) {
            let by_time = matches!(pools[pool].spec.charge, Charge::Held { .. });
            assert!(by_time, "a computer is paid by the time it is held");
            all.places.resize(pool, None);
            all.places.push(Some(all.machines.len() as u32));
            all.machines.push(Machine::new(spec));
        }
        all
    }

    /// The computer that a pool is; most pools are none.
    #[inline]
    pub fn get(&self, id: PoolId) -> Option<&Machine> {
        let place = (*self.places.get(id.index())?)?;
        Some(&self.machines[place as usize])
    }

    #[inline]
    fn get_mut(&mut self, id: PoolId) -> Option<&mut Machine> {
        let place = (*self.places.get(id.index())?)?;
        Some(&mut self.machines[place as usize])
    }
}

/// Lists that are used from one completion to the next, of whatever computer.
#[derive(Default)]
pub(crate) struct Lists {
    done: Vec<Done>,
    begun: Vec<u64>,
}

impl Machine {
    fn new(spec: &ComputerSpec) -> Machine {
        let computer = Computer::new(&spec.kind, spec.faithful).expect("a checked computer is sound").telling();
        let of = |name: &str| computer.container(name).expect("a computer knows its containers");
        let own = spec.functions.iter().zip(&spec.kind.containers);
        let mut containers: SmallVec<_> = own.map(|(&function, own)| (function, of(&own.function))).collect();
        containers.sort_unstable();
        Machine {
            computer,
            containers,
            instance: None,
            copies_input: spec.copies_input,
            report: spec.report,
            event: None,
            reports: false,
            cores_busy: 0,
        }
    }

    fn container(&self, function: FunctionId) -> Option<ContainerId> {
        let place = self.containers.binary_search_by_key(&function, |&(own, _)| own).ok()?;
        Some(self.containers[place].1)
    }

    fn needs(&self, container: ContainerId, request: &Request) -> (u64, u64) {
        self.computer.needs_of(container, request.input_bytes, request.work)
    }
}

/// The computer's number for a call is the slot of its request, which is its own as long as the call is there.
fn request_of(call: u64) -> RequestId {
    RequestId::from_index(call as usize)
}

impl World {
    /// A computer is offered a call; the pool's books have noted the offer.
    pub(crate) fn offer_to_computer(&mut self, id: RequestId, pool_id: PoolId, now: Instant, plan: &mut Plan) -> Offer {
        let request = self.requests.get_mut(id.0);
        let function = request.function;
        let machine = self.machines.get_mut(pool_id).expect("a computer's capacity has a computer");
        let Some(container) = machine.container(function) else {
            request.ended = Some(now);
            return Offer::Refused(Outcome::Refused);
        };
        let needs = machine.needs(container, request);
        let loads = machine.computer.loads(container);
        let Ok(starts) = machine.computer.offer_needing(now, id.index() as u64, container, needs) else {
            self.refuse(id, pool_id, now);
            // It would not fit the next time either.
            return Offer::Refused(Outcome::Refused);
        };
        request.load_percent = loads[0];
        request.state = State::WaitingAtInstance;
        self.pools[pool_id.index()].counts.waiting += 1;
        if !std::mem::replace(&mut machine.reports, true) {
            let event = Event::ReportDue { pool: pool_id };
            plan.plan(now + machine.report, event.rank(), event);
        }
        if starts {
            self.begin_on_computer(id, pool_id, now, plan);
        }
        self.plan_computer(pool_id, now, plan);
        if starts {
            return Offer::Taken;
        }
        self.lose_patience_later(id, now, plan);
        Offer::Waiting
    }

    /// Calls on a computer are done by now: appends them in the order in which their answers leave. Its event has been
    /// delivered.
    pub fn computer_done(&mut self, pool_id: PoolId, now: Instant, plan: &mut Plan, ended: &mut Vec<RequestId>) {
        let machine = self.machines.get_mut(pool_id).expect("only a computer's calls end this way");
        machine.event = None;
        machine.computer.advance(now, &mut self.lists.done);
        ended.extend(self.lists.done.drain(..).map(|done| request_of(done.call)));
        // What starts and ends at one instant ends last.
        let mut at_once = false;
        for &id in ended.iter() {
            match self.request(id).state {
                State::Running => self.leave_instance(id, now, true),
                _ => at_once = true,
            }
        }
        self.begin_those_in_line(pool_id, now, plan);
        if at_once {
            for &id in ended.iter() {
                if self.request(id).ended.is_none() {
                    self.leave_instance(id, now, true);
                }
            }
        }
        self.plan_computer(pool_id, now, plan);
    }

    /// A computer reports; it will again while `more` work may come.
    pub fn report_due(&mut self, pool_id: PoolId, more: bool, now: Instant, plan: &mut Plan) {
        let machine = self.machines.get_mut(pool_id).expect("only computers report");
        machine.computer.advance(now, &mut self.lists.done);
        assert!(self.lists.done.is_empty(), "calls that end at an instant end before its reports");
        machine.computer.report().for_each(drop);
        if more {
            let event = Event::ReportDue { pool: pool_id };
            plan.plan(now + machine.report, event.rank(), event);
        } else {
            machine.reports = false;
        }
    }

    /// Takes a call out of a computer because its caller gave up.
    pub(crate) fn withdraw_from_computer(&mut self, id: RequestId, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        let machine = self.machines.get_mut(pool_id).expect("the caller has looked");
        if !machine.computer.withdraw(now, id.index() as u64) {
            return;
        }
        if self.request(id).state == State::Running {
            self.leave_instance(id, now, false);
        } else {
            self.request_mut(id).ended = Some(now);
            self.pools[pool_id.index()].counts.waiting -= 1;
        }
        self.begin_those_in_line(pool_id, now, plan);
        self.plan_computer(pool_id, now, plan);
    }

    /// Seconds that a pool expects a call to take, were it made now; nothing for pools that do not know.
    pub fn dry_run(&self, id: RequestId, pool_id: PoolId) -> f64 {
        let request = self.request(id);
        let Some(machine) = self.machines.get(pool_id) else { return 0.0 };
        let Some(container) = machine.container(request.function) else { return f64::INFINITY };
        machine.computer.dry_run_needing(container, machine.needs(container, request).0)
    }

    /// Bytes of the answer to a request that was served.
    #[inline]
    pub(crate) fn answer_bytes(&self, request: &Request) -> u64 {
        let copies = request.copies_input || request.pool.is_some_and(|pool| self.copies_input(pool));
        if copies { request.payload_bytes } else { self.functions[request.function.index()].response_bytes }
    }

    /// Whether a pool is a computer whose answers are as long as its requests. The pool itself knows most often that it
    /// is none.
    #[inline]
    fn copies_input(&self, id: PoolId) -> bool {
        matches!(self.pools[id.index()].spec.capacity, Capacity::Computer { .. })
            && self.machines.get(id).is_some_and(|machine| machine.copies_input)
    }

    /// Writes down which calls the computer has taken out of its lines and started.
    fn begin_those_in_line(&mut self, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        let machine = self.machines.get_mut(pool_id).expect("the caller has looked");
        let mut begun = std::mem::take(&mut self.lists.begun);
        machine.computer.take_begun(&mut begun);
        begun.drain(..).for_each(|call| self.begin_on_computer(request_of(call), pool_id, now, plan));
        self.lists.begun = begun;
    }

    /// Writes down that the computer has started a call.
    fn begin_on_computer(&mut self, id: RequestId, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        let machine = self.machines.get_mut(pool_id).expect("the caller has looked");
        let pool = &mut self.pools[pool_id.index()];
        let instance_id = *machine.instance.get_or_insert_with(|| only_instance(pool));
        let instance = self.instances.get_mut(instance_id.0);
        instance.signal(Signal::Begin);
        let held = instance.held_at(now);
        let request = self.requests.get_mut(id.0);
        (request.state, request.instance) = (State::Running, Some(instance_id));
        (request.begun, request.instance_number) = (Some(now), Some(instance.number));
        request.held_from_pico = held;
        if let Some(patience) = request.patience.take() {
            plan.cancel(patience);
        }
        pool.counts.waiting -= 1;
        pool.counts.running += 1;
        pool.counts.begun += 1;
        pool.busy.change(now, 1);
    }

    /// Books the cores that a computer uses from now on, and moves its next completion to where it now belongs.
    fn plan_computer(&mut self, pool_id: PoolId, now: Instant, plan: &mut Plan) {
        let machine = self.machines.get_mut(pool_id).expect("the caller has looked");
        let in_use = machine.computer.cores_in_use();
        let before = std::mem::replace(&mut machine.cores_busy, in_use);
        if before != in_use {
            self.pools[pool_id.index()].cores_busy.change(now, 1000 * (i64::from(in_use) - i64::from(before)));
        }
        match (machine.event, machine.computer.next_completion()) {
            (Some(handle), Some(at)) => assert!(plan.move_to(handle, at), "a planned completion stands in the agenda"),
            (None, Some(at)) => {
                let event = Event::ComputerDone { pool: pool_id };
                machine.event = Some(plan.plan(at, event.rank(), event));
            }
            (Some(handle), None) => {
                plan.cancel(handle);
                machine.event = None;
            }
            (None, None) => {}
        }
    }
}

/// A computer's pool has one instance, from the start to the end.
fn only_instance(pool: &Pool) -> InstanceId {
    match &pool.births {
        Births::Fleet(balancer) => *balancer.members().first().expect("a computer is there from the start"),
        Births::Environments(_) => unreachable!("a computer is not born by demand"),
    }
}
