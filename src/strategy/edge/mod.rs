//! Brokers at the edge: every call of a function goes through a broker near its client, which picks one of the computers
//! that a controller has announced, and learns from what comes back.
//!
//! Source: Cicconetti, Conti, Passarella, "A decentralized framework for serverless edge computing in the Internet of
//! Things", IEEE TNSM 2020 (e-router), and "Low-latency distributed computation offloading for pervasive environments",
//! PerCom 2019 (e-dispatcher); reference code `ccicconetti/serverlessonedge` (specification sections 2 to 6 and 8).
//! Without brokers clients call computers that a controller gives them (ETSI MEC) or race for the quickest ("Uncoordinated access
//! to serverless computing in MEC systems for IoT", Computer Networks 2020).
//! Differs: threads and connections of a broker are limited where a scenario says so (5 and 2 in the original). A computer
//! that failed may be announced again after a stated time; in the original it comes back when it announces itself. Any pool
//! can be a computer, so that brokers meet the same world as other strategies.

pub mod broker;
mod contexts;
pub mod controller;
pub mod dispatcher;
mod racing;
pub mod router;
mod timetable;

pub use timetable::{Change, Timed};

use rustc_hash::FxHashMap;

use self::broker::{Broker, Choice, Kind, Returned};
use self::contexts::Contexts;
use self::controller::{Action, Command, Controller, Layout, Objective, Topology};
use self::dispatcher::Outcome as Answered;
use self::racing::Racing;
use self::router::Named;
use super::{Answer, Occasion, Route, Stop, Strategy};
use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::model::broker::BrokerLimits;
use crate::model::event::Place;
use crate::model::ids::{FunctionId, NodeId, PoolId};
use crate::model::orders::Orders;
use crate::model::request::{Outcome, Request};
use crate::model::view::View;

/// What a scenario says about the brokers.
#[derive(Clone, Debug)]
pub struct Parameters {
    pub kind: Kind,
    /// Nodes with a broker; every node when empty.
    pub brokers: Vec<String>,
    /// Pools that are announced at the start; all of them when empty.
    pub computers: Vec<String>,
    /// Of each broker.
    pub limits: BrokerLimits,
    /// Computers hide behind a home router; `None`: every broker knows all of them.
    pub hierarchy: Option<Objective>,
    /// No broker chooses: clients call the computer that they were given when they connected, and are given others every
    /// `period`.
    pub balanced: bool,
    /// No broker and no controller: clients race with this persistence.
    pub racing: Option<f64>,
    /// From what the controller hears until brokers know it; at the start they know at once.
    pub announce_delay: Span,
    /// A computer that failed is announced again after this.
    pub readmit: Option<Span>,
    pub timetable: Vec<Timed>,
    /// Period of the optimizers, or of balancing.
    pub period: Option<Span>,
}

/// Something that is due at an instant.
#[derive(Clone, Debug)]
enum Due {
    Command(Command),
    Change(Change),
    /// A computer is announced, again or for the first time.
    Announce(PoolId),
}

/// All brokers of a run and their controller.
pub struct EdgeBrokers {
    parameters: Parameters,
    controller: Controller,
    /// Where clients call computers themselves.
    contexts: Option<Contexts>,
    /// Where nobody tells them which.
    racing: Option<Racing>,
    /// By node.
    brokers: Vec<Option<Broker>>,
    /// Of each node without a broker, the nearest one.
    nearest: Vec<Option<NodeId>>,
    functions: Vec<String>,
    pools: Vec<String>,
    nodes: Vec<String>,
    /// Places of nodes and functions, and numbers of destinations, by the names that the controller uses.
    node_places: FxHashMap<String, usize>,
    function_places: FxHashMap<String, usize>,
    destinations: FxHashMap<String, u32>,
    /// In the order of their instants, those of one instant in the order of planning.
    due: Vec<(Instant, Due)>,
}

/// The controller's name for a pool: nodes and pools may have the same.
fn computer(pool: &str) -> String {
    format!("computer {pool}")
}

impl EdgeBrokers {
    pub fn new(parameters: Parameters) -> EdgeBrokers {
        EdgeBrokers {
            contexts: parameters.balanced.then(Contexts::default),
            racing: parameters.racing.map(Racing::new),
            parameters,
            controller: Controller::new(Layout::Flat),
            brokers: Vec::new(),
            nearest: Vec::new(),
            functions: Vec::new(),
            pools: Vec::new(),
            nodes: Vec::new(),
            node_places: FxHashMap::default(),
            function_places: FxHashMap::default(),
            destinations: FxHashMap::default(),
            due: Vec::new(),
        }
    }

    /// Brokers come into being, computers are announced.
    fn start(&mut self, view: &View<'_>, orders: &mut Orders) {
        let parameters = self.parameters.clone();
        self.functions = view.functions().map(|id| view.function_name(id).to_owned()).collect();
        self.pools = view.pools().map(|id| view.name(id).to_owned()).collect();
        self.nodes = view.nodes().map(|id| view.node_name(id).to_owned()).collect();
        let places = |names: &[String]| names.iter().cloned().zip(0..).collect();
        (self.node_places, self.function_places) = (places(&self.nodes), places(&self.functions));
        // Pools first, then brokers by their nodes.
        let names = self.pools.iter().map(|pool| computer(pool)).chain(self.nodes.iter().cloned());
        for (id, name) in names.enumerate() {
            self.destinations.entry(name).or_insert(id as u32);
        }
        let meant = |name: &String| parameters.brokers.is_empty() || parameters.brokers.contains(name);
        let has_brokers = !parameters.balanced && parameters.racing.is_none();
        let is_broker = |name: &String| has_brokers && meant(name);
        let broker = |name: &String| is_broker(name).then(|| Broker::new(parameters.kind));
        self.brokers = self.nodes.iter().map(broker).collect();
        let nearest = |from: NodeId| {
            let places = view.nodes().filter(|to| self.brokers[to.index()].is_some());
            let reached = places.filter_map(|to| Some((view.delay(from, to, 0)?, to)));
            reached.min_by_key(|&(delay, _)| delay).map(|(_, to)| to)
        };
        self.nearest = view.nodes().map(nearest).collect();
        self.controller = Controller::new(self.layout(view));
        for name in self.nodes.clone().iter().filter(|name| is_broker(name)) {
            let commands = self.controller.join(name).expect("every node is in the topology");
            self.carry_out_all(commands, view.now());
        }
        let listed = |name: &str| parameters.computers.is_empty() || parameters.computers.iter().any(|own| own == name);
        if let Some(racing) = &mut self.racing {
            racing.start(view, listed);
        }
        for pool in view.pools().filter(|&pool| listed(view.name(pool))) {
            let commands = self.announced(pool, view);
            self.carry_out_all(commands, view.now());
        }
        // Machines that nobody may use would only be paid for.
        for pool in view.pools().filter(|&pool| view.is_fleet(pool) && view.spec(pool).computer.is_none()) {
            let later = parameters.timetable.iter().any(|line| line.announces(view.name(pool)));
            if !listed(view.name(pool)) && !later {
                orders.scale(pool, 0, "no computer of the brokers");
            }
        }
        for Timed { at, change } in parameters.timetable {
            self.plan(at, Due::Change(change), view.now(), orders);
        }
    }

    /// Distances between nodes are those of an empty message; a computer is where its node is.
    fn layout(&self, view: &View<'_>) -> Layout {
        let Some(objective) = self.parameters.hierarchy else { return Layout::Flat };
        let distance = |from, to| view.delay(from, to, 0).map_or(f64::INFINITY, |delay| delay.as_secs_f64());
        let distances = view.nodes().map(|from| view.nodes().map(|to| distance(from, to)).collect()).collect();
        let topology = Topology::new(self.nodes.clone(), distances).expect("nodes have different names");
        let hosts =
            view.pools().map(|pool| (computer(view.name(pool)), self.nodes[view.node_of(pool).index()].clone()));
        Layout::Hierarchical { topology: topology.hosting(hosts), objective }
    }

    fn announced(&mut self, pool: PoolId, view: &View<'_>) -> Vec<Command> {
        if let Some(contexts) = &mut self.contexts {
            contexts.announce(pool);
        }
        let served = view.functions().filter(|&function| view.serves(pool, function));
        let served: Vec<&str> = served.map(|function| view.function_name(function)).collect();
        self.controller.announce(&computer(view.name(pool)), &served).expect("every computer is at a node")
    }

    fn withdrawn(&mut self, pool: &str) -> Vec<Command> {
        self.controller.withdraw(&computer(pool)).expect("every computer is at a node")
    }

    /// What the controller says reaches the brokers after the time that announcements take.
    fn tell(&mut self, commands: Vec<Command>, now: Instant, orders: &mut Orders) {
        if self.parameters.announce_delay.is_zero() {
            return self.carry_out_all(commands, now);
        }
        let at = now + self.parameters.announce_delay;
        commands.into_iter().for_each(|command| self.plan(at, Due::Command(command), now, orders));
    }

    fn plan(&mut self, at: Instant, due: Due, now: Instant, orders: &mut Orders) {
        let place = self.due.partition_point(|(other, _)| *other <= at);
        self.due.insert(place, (at, due));
        orders.wake(at.saturating_since(now));
    }

    fn carry_out_all(&mut self, commands: Vec<Command>, now: Instant) {
        commands.into_iter().for_each(|command| self.carry_out(command, now));
    }

    fn carry_out(&mut self, Command { broker, action }: Command, now: Instant) {
        let Some(&node) = self.node_places.get(&*broker) else { return };
        let (function, destination, is_final) = match action {
            Action::Flush => return self.broker_at(node).flush(),
            Action::Change { function, destination, is_final } => (function, destination, Some(is_final)),
            Action::Remove { function, destination } => (function, destination, None),
        };
        let Some(&id) = self.destinations.get(&*destination) else { return };
        let Some(&place) = self.function_places.get(&*function) else { return };
        match is_final {
            Some(is_final) => self.change(node, place, id, 1.0, is_final, now),
            None => self.broker_at(node).remove(now, place as u32, id),
        }
    }

    fn change(&mut self, node: usize, function: usize, id: u32, weight: f32, is_final: bool, now: Instant) {
        let place = id as usize;
        let name = self.pools.get(place).unwrap_or_else(|| &self.nodes[place - self.pools.len()]);
        let function = Named { id: function as u32, name: &self.functions[function] };
        let broker = self.brokers[node].as_mut().expect("commands go to nodes with a broker");
        broker.change(now, function, Named { id, name }, weight, is_final);
    }

    fn broker_at(&mut self, node: usize) -> &mut Broker {
        self.brokers[node].as_mut().expect("commands go to nodes with a broker")
    }

    fn due_now(&mut self, view: &View<'_>, orders: &mut Orders) {
        let now = view.now();
        while self.due.first().is_some_and(|(at, _)| *at <= now) {
            match self.due.remove(0).1 {
                Due::Command(command) => self.carry_out(command, now),
                Due::Announce(pool) => {
                    let commands = self.announced(pool, view);
                    self.tell(commands, now, orders);
                }
                Due::Change(change) => self.by_timetable(change, view, orders),
            }
        }
    }

    /// A call failed: the destination is gone for this function here, and the controller tells everybody that its computer
    /// is gone.
    fn failed(&mut self, node: NodeId, function: FunctionId, destination: u32, view: &View<'_>, orders: &mut Orders) {
        let now = view.now();
        if let Some(broker) = &mut self.brokers[node.index()] {
            broker.remove(now, function.index() as u32, destination);
        }
        let Some(name) = self.pools.get(destination as usize).cloned() else { return };
        let pool = PoolId::from_index(destination as usize);
        let left = self.contexts.as_mut().is_some_and(|contexts| contexts.withdraw(pool));
        let commands = self.withdrawn(&name);
        if commands.is_empty() && !left {
            return;
        }
        orders.note(&name, "withdrawn", 1.0);
        self.tell(commands, now, orders);
        if let Some(readmit) = self.parameters.readmit {
            self.plan(now + readmit, Due::Announce(pool), now, orders);
        }
    }
}

impl Strategy for EdgeBrokers {
    fn period(&self) -> Option<Span> {
        self.parameters.period
    }

    fn place(&self) -> Place {
        Place::BeforeWork
    }

    fn follows(&self) -> bool {
        true
    }

    fn limits(&self, node: NodeId) -> Option<&BrokerLimits> {
        self.brokers[node.index()].as_ref().map(|_| &self.parameters.limits)
    }

    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders) {
        match why {
            Occasion::Start => self.start(view, orders),
            Occasion::Period => match &mut self.contexts {
                Some(contexts) => contexts.balance(view),
                None => self.brokers.iter_mut().flatten().for_each(|broker| broker.tick(view.now())),
            },
            Occasion::Woken => self.due_now(view, orders),
        }
    }

    fn route(&mut self, view: &View<'_>, request: &Request, rng: &mut dyn FnMut() -> Rng) -> Route {
        if let Some(contexts) = &mut self.contexts {
            return contexts.route(view, request);
        }
        if let Some(racing) = &mut self.racing {
            return racing.route(request, rng);
        }
        let Some(broker) = &mut self.brokers[request.node.index()] else {
            return self.nearest[request.node.index()].map_or(Route::Refused, Route::Node);
        };
        let pools = self.pools.len();
        let place = |id: u32| id as usize;
        match broker.choose(view.now(), request, request.routed, rng) {
            Choice::Forward(id) if place(id) < pools => Route::Send(PoolId::from_index(place(id))),
            Choice::Forward(id) => Route::Next(NodeId::from_index(place(id) - pools)),
            Choice::Ask(id) if place(id) < pools => Route::Estimate(PoolId::from_index(place(id))),
            // Dispatchers know computers only.
            Choice::Ask(_) | Choice::Nowhere => Route::Refused,
        }
    }

    fn passing(&mut self, view: &View<'_>, stop: &Stop, answer: &Answer<'_>, orders: &mut Orders) -> bool {
        let destination = match stop.to {
            Route::Send(pool) | Route::Call(pool) => pool.index(),
            Route::Next(node) => node.index() + self.pools.len(),
            Route::Pool(_) | Route::Node(_) | Route::Race(_) | Route::Refused | Route::Estimate(_) => return false,
        } as u32;
        if self.racing.is_some() {
            return false;
        }
        let request = answer.request;
        if answer.outcome != Outcome::Served {
            // Its caller left the line: nobody failed.
            let failed = answer.outcome != Outcome::Abandoned;
            if failed {
                self.failed(stop.node, request.function, destination, view, orders);
            }
            return failed;
        }
        let outcome = Answered {
            size_bytes: request.payload_bytes,
            elapsed_s: answer.elapsed.as_secs_f64(),
            processing_ms: request.processing_ms(),
            load1_percent: u32::from(request.load_percent),
        };
        let function = request.function.index() as u32;
        let returned = Returned { function, destination, forwarded: stop.crossed > 0, outcome };
        if let Some(broker) = &mut self.brokers[stop.node.index()] {
            broker.learn(view.now(), &returned);
        }
        false
    }

    fn estimated(&mut self, request: &Request, pool: PoolId, seconds: f64) {
        if let Some(broker) = &mut self.brokers[request.node.index()] {
            broker.estimated(request, pool.index() as u32, seconds);
        }
    }

    fn learn(&mut self, _view: &View<'_>, _at: NodeId, answer: &Answer<'_>, _orders: &mut Orders) {
        if let Some(racing) = &mut self.racing {
            racing.learn(answer);
        }
        // Who gives up does so where its request is: dry runs leave from there.
        if answer.outcome == Outcome::TimedOut
            && let Some(broker) = &mut self.brokers[answer.request.node.index()]
        {
            broker.forget(answer.request);
        }
    }

    fn describe(&self, _view: &View<'_>, entity: &str) -> Option<String> {
        let node = *self.node_places.get(entity)?;
        self.brokers[node].as_ref().map(Broker::dump)
    }
}
