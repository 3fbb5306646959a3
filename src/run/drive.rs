//! The loop: one setup, one strategy, one pass.
//!
//! Take the earlier of agenda and arrivals, carry it out, repeat. The horizon stops arrivals, not work: what is in flight
//! drains. A run ends well or with a [`Stop`] that names its cause and instant.

use std::collections::BTreeMap;
use std::io;

use super::chain::ChainRun;
use super::digest::Digest;
use super::sink::{Sink, Wants};
use super::stakeholders::Stakeholders;
use super::summary::{Flow, HourCounts, PoolFigures, Summary, level_seconds};
use super::traffic::Traffic;
use super::trail::Trail;
use crate::engine::merge::Merge;
use crate::engine::random::Keyed;
use crate::engine::tally::Tally;
use crate::engine::time::{Instant, Span};
use crate::model::event::{Event, NEW_WORK};
use crate::model::ids::{FunctionId, NodeId, RequestId, SourceId};
use crate::model::orders::{Orders, Reasoned};
use crate::model::pool::{Capacity, Charge};
use crate::model::request::Request;
use crate::model::routing::{Route, ShareRule};
use crate::model::world::{Plan, World};
use crate::scenario::setup::{Limits, ProbeSetup, Setup, SourceSetup};
use crate::strategy::{Occasion, Strategy};
use crate::workload::source::{Next, Source};
use crate::workload::trace::flaw::Flaw;

/// Why a run ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    #[error("stopped at {at} s: {what} reached the limit of {limit}")]
    Limit { what: &'static str, limit: u64, at: Instant },
    #[error(
        "stopped at {at} s: {in_flight} requests are still in flight {drain} (limits.drain) after arrivals ended; either nothing \
         serves them or they take longer"
    )]
    NeverDrains { in_flight: usize, drain: Span, at: Instant },
    #[error("stopped at {at} s: time stands still, {events} events and more at this instant")]
    StandsStill { events: u64, at: Instant },
    #[error(
        "stopped at {at} s: simulated time ends after 292 years, or where one instance or request may cost nine million dollars"
    )]
    EndOfTime { at: Instant },
    #[error("stopped at {at} s: a trace could not be read to its end: {flaw}")]
    Trace { flaw: Box<Flaw>, at: Instant },
    #[error("stopped at {at} s: the log could not be written: {error}")]
    Sink { error: io::Error, at: Instant },
}

/// The middle of what a clock can count: no length of time a scenario may state leads out of it from here.
const END_OF_TIME: Instant = Instant::from_nanos(u64::MAX / 2);
/// Events between two looks at progress.
const BLOCK: u64 = 1 << 16;
/// So many events at one instant are a circle without time in it, unless more requests than that may be in flight.
const STILL_MAX: u64 = 1 << 25;

/// Orders whose time of deciding runs.
pub(super) struct OrderBatch {
    pub orders: Vec<Reasoned>,
}

/// A source at work; there may be thousands, each looked at seldom enough to have left the cache.
#[repr(align(64))]
pub(super) struct Feed {
    source: Source,
    function: FunctionId,
    node: NodeId,
    /// The key of its next request. A source's keys begin at a number of its own, so that the draws they address do not
    /// move when another source is added.
    key: u64,
}

/// One pass over a setup.
pub struct Driver<'a> {
    pub(super) world: World,
    pub(super) plan: Plan,
    pub(super) strategy: &'a mut dyn Strategy,
    pub(super) strategy_name: String,
    pub(super) sink: &'a mut dyn Sink,
    pub(super) wants: Wants,
    pub(super) now: Instant,
    pub(super) orders: Orders,
    pub(super) batches: Vec<Option<OrderBatch>>,
    pub(super) routing_draws: Keyed,
    /// Whether the strategy follows its requests, and then the way of each, by slot.
    pub(super) follows: bool,
    pub(super) trails: Vec<Trail>,
    pub(super) traffic: Traffic,
    /// Chains under way, by their roots.
    pub(super) chain_runs: BTreeMap<RequestId, ChainRun>,
    /// What is still to be looked at, the next last.
    pub(super) probes: Vec<ProbeSetup>,
    ends_with_probes: bool,
    pub(super) slo: Option<Span>,
    pub(super) measured_from: Instant,
    pub(super) order_patience: Option<Span>,
    /// The initial fleets exist.
    pub(super) populated: bool,
    pub(super) response: Tally,
    pub(super) queue: Tally,
    pub(super) cold_start: Tally,
    pub(super) roots: Flow,
    pub(super) calls: Flow,
    pub(super) violations: u64,
    pub(super) measured: u64,
    pub(super) retries: u64,
    pub(super) orders_given: u64,
    pub(super) refusals: u64,
    pub(super) charged_pico: u128,
    pub(super) stakeholders: Option<Stakeholders>,
    pub(super) hours: Vec<HourCounts>,
    pub(super) feeds: Vec<Feed>,
    pub(super) merge: Merge,
    /// Whether any source waits for its answers, and how many of its clients think.
    closed_loops: bool,
    pub(super) thinking: u64,
    horizon: Instant,
    /// Nothing happens after it.
    last: Instant,
    limits: Limits,
    /// The instant of the last look at progress, and how many events ago it was reached.
    still: (Instant, u64),
    peak_in_flight: usize,
    events: u64,
    digest: Digest,
    offered: Digest,
}

/// Where the dearest instance or request could cost half of what 64 bits of pico-dollars hold; the other half is for what
/// is billed beyond its time.
fn end_of_money(setup: &Setup) -> Instant {
    const HOUR_NS: u128 = 3_600_000_000_000;
    let per_hour = |charge: &Charge| match charge {
        Charge::Held { price, .. } => u128::from(price.0),
        Charge::PerUse { price, memory_mib, .. } => {
            let rate = price.per_gib_s.max(price.provisioned_duration_per_gib_s).max(price.provisioned_per_gib_s);
            u128::from(rate) * u128::from(*memory_mib) * 3600 / 1024
        }
    };
    let dearest = setup.pools.iter().map(|pool| per_hour(&pool.charge)).max().unwrap_or(0).max(1);
    let ns = u128::from(u64::MAX / 2) * HOUR_NS / dearest;
    Instant::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
}

/// Runs a setup under a strategy. The sink gets the rows; the summary comes back with the world's books.
pub fn drive(
    setup: &Setup,
    strategy_name: &str,
    strategy: &mut dyn Strategy,
    sink: &mut dyn Sink,
) -> Result<(Summary, World), Stop> {
    let mut driver = Driver::new(setup, strategy_name, strategy, sink);
    let outcome = driver.start(setup).and_then(|()| driver.run());
    match outcome {
        Ok(()) => driver.finish(setup),
        Err(stop) => Err(stop),
    }
}

impl<'a> Driver<'a> {
    fn new(setup: &Setup, strategy_name: &str, strategy: &'a mut dyn Strategy, sink: &'a mut dyn Sink) -> Driver<'a> {
        let streams = setup.streams();
        let wants = sink.wants();
        let mut world = setup.world();
        world.log_departures = wants.departures;
        let feed = |of: &SourceSetup| Feed {
            source: of.source(&streams),
            function: of.function,
            node: of.node,
            key: streams.stream("keys", &of.name).next_u64(),
        };
        let feeds: Vec<Feed> = setup.sources.iter().map(feed).collect();
        // Blocks of a minute: percentiles and batch means of short runs have enough of them, long ones merge.
        let tally = || Tally::new(Span::from_secs(60));
        Driver {
            merge: Merge::new(feeds.len()),
            closed_loops: feeds.iter().any(|feed| feed.source.clients() > 0),
            follows: strategy.follows(),
            trails: Vec::new(),
            chain_runs: BTreeMap::new(),
            traffic: Traffic::new(&setup.exchange, setup.nodes.len()),
            probes: setup.probes.iter().rev().cloned().collect(),
            ends_with_probes: setup.ends_with_probes,
            feeds,
            plan: Plan::new(),
            strategy,
            strategy_name: strategy_name.to_owned(),
            sink,
            wants,
            now: Instant::ZERO,
            orders: Orders::default(),
            batches: Vec::new(),
            routing_draws: streams.keyed("routing", ""),
            slo: setup.slo,
            measured_from: Instant::ZERO + setup.warm_up,
            order_patience: setup.order_patience,
            populated: false,
            response: tally(),
            queue: tally(),
            cold_start: tally(),
            roots: Flow::default(),
            calls: Flow::default(),
            violations: 0,
            measured: 0,
            retries: 0,
            orders_given: 0,
            refusals: 0,
            charged_pico: 0,
            stakeholders: setup.economy.map(Stakeholders::new),
            hours: Vec::new(),
            thinking: 0,
            horizon: setup.horizon.map_or(Instant::FAR, |span| Instant::ZERO + span),
            last: END_OF_TIME.min(end_of_money(setup)),
            limits: setup.limits,
            still: (Instant::ZERO, 0),
            peak_in_flight: 0,
            events: 0,
            digest: Digest::default(),
            offered: Digest::default(),
            world,
        }
    }

    /// The strategy sizes the fleets, they come into being, the clocks of control, sampling and billing start.
    fn start(&mut self, setup: &Setup) -> Result<(), Stop> {
        for r in &setup.reservations {
            self.world.reserve(&r.kind, r.node, r.count, r.hourly, r.upfront_pico, r.term, Instant::ZERO);
        }
        let started = self.control(Occasion::Start);
        started.map_err(|error| Stop::Sink { error, at: self.now })?;
        self.populated = true;
        self.world.populate(Instant::ZERO, &mut self.plan);
        self.world.start_provider(&mut self.plan);
        self.plan_control();
        self.plan_sample();
        self.plan_hour();
        for index in 0..self.feeds.len() {
            self.open_feed(index);
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), Stop> {
        loop {
            let due = self.plan.peek();
            let arrival = self.merge.peek();
            let agenda_first = match (due, arrival) {
                (None, None) => break,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                // The agenda goes first when equal, unless what is due comes after arrivals.
                (Some((at, rank)), Some((asks, _))) => (at, rank) <= (asks, NEW_WORK),
            };
            let at = if agenda_first { due.map(|(at, _)| at) } else { arrival.map(|(at, _)| at) };
            let at = at.expect("one of the two is due");
            if at >= self.horizon || arrival.is_none() {
                if self.is_over(at, arrival.is_some()) {
                    break;
                }
                self.check_drain(at)?;
            }
            if self.probe_until(at).map_err(|error| Stop::Sink { error, at })? {
                break;
            }
            self.now = at;
            self.events += 1;
            self.check_limits()?;
            if self.events.is_multiple_of(BLOCK) {
                self.check_progress()?;
                self.sink.progress(at, self.events);
            }
            let done = if agenda_first {
                let (_, event) = self.plan.take_next();
                let (kind, what) = event.fingerprint();
                self.digest.fold(at.as_nanos() ^ kind << 56);
                self.digest.fold(what);
                if self.wants.events { self.sink.event(at, &event) } else { Ok(()) }.and_then(|()| self.step(event))
            } else {
                let (_, source) = arrival.expect("what was peeked is there");
                self.arrive(source)
            };
            done.and_then(|()| self.flush_departures()).map_err(|error| Stop::Sink { error, at })?;
        }
        // What lies beyond the last event finds the world as that left it.
        self.probe_until(Instant::FAR).map_err(|error| Stop::Sink { error, at: self.now })?;
        let flaw = self.feeds.iter_mut().find_map(|feed| feed.source.take_flaw());
        flaw.map_or(Ok(()), |flaw| Err(Stop::Trace { flaw: Box::new(flaw), at: self.now }))
    }

    /// Looks at everything that was to be looked at before `next`; whether the run was for this alone and is over.
    fn probe_until(&mut self, next: Instant) -> io::Result<bool> {
        while let Some(probe) = self.probes.pop_if(|probe| probe.at < next) {
            // Everything that happens at the instant of a probe happens before it.
            self.now = self.now.max(probe.at);
            let text = super::inspect::describe(self, &probe.entity);
            self.sink.probe(probe.at, &probe.entity, &text)?;
            if self.probes.is_empty() && self.ends_with_probes {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether nothing that matters is left: no request in flight or to come, and the next thing lies beyond the horizon.
    fn is_over(&self, next: Instant, arrivals_left: bool) -> bool {
        let idle = self.world.in_flight() == 0 && !arrivals_left && self.thinking == 0;
        // Without a horizon the run ends with its work.
        idle && (next >= self.horizon || self.horizon == Instant::FAR)
    }

    fn check_drain(&self, at: Instant) -> Result<(), Stop> {
        let drain = self.limits.drain;
        let last = if self.horizon == Instant::FAR { self.now } else { self.horizon };
        if at.saturating_since(last) > drain && self.world.in_flight() > 0 {
            return Err(Stop::NeverDrains { in_flight: self.world.in_flight(), drain, at: self.now });
        }
        Ok(())
    }

    /// Before each event, on what the one before it left.
    #[inline]
    fn check_limits(&mut self) -> Result<(), Stop> {
        let in_flight = self.world.in_flight();
        self.peak_in_flight = self.peak_in_flight.max(in_flight);
        let Limits { events, in_flight: most, instances, .. } = self.limits;
        let within = self.events <= events
            && in_flight as u64 <= most
            && self.world.instances.len() as u64 <= instances
            && self.now <= self.last;
        if within { Ok(()) } else { Err(self.passed()) }
    }

    /// The limit that was passed.
    #[cold]
    fn passed(&self) -> Stop {
        let at = self.now;
        let limits = &self.limits;
        if self.events > limits.events {
            return Stop::Limit { what: "events", limit: limits.events, at };
        }
        if self.world.in_flight() as u64 > limits.in_flight {
            return Stop::Limit { what: "requests in flight", limit: limits.in_flight, at };
        }
        if self.world.instances.len() as u64 > limits.instances {
            return Stop::Limit { what: "instances", limit: limits.instances, at };
        }
        Stop::EndOfTime { at }
    }

    /// Clients without a pause that are refused at once would keep a run at one instant for ever.
    fn check_progress(&mut self) -> Result<(), Stop> {
        let (at, events) = self.still;
        self.still = if at == self.now { (at, events + BLOCK) } else { (self.now, 0) };
        let most = STILL_MAX.max(self.limits.in_flight.saturating_mul(4));
        if self.still.1 > most { Err(Stop::StandsStill { events: most, at }) } else { Ok(()) }
    }

    /// Whether a request may still come or is under way; periodic things go on only while this holds.
    pub(super) fn work_may_come(&self) -> bool {
        self.now < self.horizon && self.horizon != Instant::FAR
            || self.merge.peek().is_some()
            || self.thinking > 0
            || self.world.in_flight() > 0
    }

    /// Asks a source for its first requests: of each client where it is closed.
    fn open_feed(&mut self, index: usize) {
        let clients = self.feeds[index].source.clients();
        if clients == 0 {
            return self.next_arrival(index);
        }
        for client in 0..clients {
            self.think(index, client);
        }
    }

    /// Sets when an open source asks next; past the horizon it asks no more.
    #[inline]
    fn next_arrival(&mut self, index: usize) {
        let next = match self.feeds[index].source.next(0) {
            Next::At(at) if at < self.horizon => Some(at),
            Next::At(_) | Next::AfterAnswer(_) | Next::Done => None,
        };
        self.merge.set(index, next);
    }

    /// A client thinks before it asks again, unless that is past the horizon or it is done.
    fn think(&mut self, index: usize, client: u32) {
        let Next::AfterAnswer(think) = self.feeds[index].source.next_after(client, self.now) else { return };
        let Some(asks) = self.feeds[index].source.asks(client, self.now, think) else { return };
        if asks < self.horizon {
            let event = Event::ClientAsks { source: index as u32, client };
            self.plan.plan(asks, event.rank(), event);
            self.thinking += 1;
        }
    }

    /// A request of an open source arrives.
    fn arrive(&mut self, index: usize) -> io::Result<()> {
        let admitted = self.admit_root(index, 0);
        self.next_arrival(index);
        self.send(admitted)
    }

    /// A client of a closed source asks.
    pub(super) fn client_asks(&mut self, index: usize, client: u32) -> io::Result<()> {
        self.thinking -= 1;
        let admitted = self.admit_root(index, client);
        self.send(admitted)
    }

    /// A client of a closed source has its answer and thinks.
    #[inline]
    pub(super) fn client_answered(&mut self, source: SourceId, client: u32) {
        if self.closed_loops && self.feeds[source.index()].source.clients() > 0 {
            self.think(source.index(), client);
        }
    }

    /// Draws a request and lets it in.
    fn admit_root(&mut self, index: usize, client: u32) -> crate::model::ids::RequestId {
        let feed = &mut self.feeds[index];
        let demand = feed.source.demand(client);
        let (function, node) = match demand.to {
            None => (feed.function, feed.node),
            Some(to) => (to.function, to.node.unwrap_or(feed.node)),
        };
        let number = self.roots.arrived;
        self.roots.arrived += 1;
        self.calls.arrived += 1;
        let key = feed.key;
        feed.key = key.wrapping_add(1);
        self.world.loads[index].sent(demand.payload_bytes);
        for word in [number, index as u64, self.now.as_nanos(), demand.work.to_bits(), demand.payload_bytes] {
            self.offered.fold(word);
        }
        let request = Request::root(
            number,
            key,
            SourceId::from_index(index),
            client,
            function,
            node,
            demand.work,
            demand.payload_bytes,
            self.now,
        );
        self.world.admit(request)
    }

    pub(super) fn plan_control(&mut self) {
        if let Some(period) = self.strategy.period() {
            let event = Event::ControlDue { periodic: true };
            self.plan.plan(self.now + period, self.strategy.place().rank(), event);
        }
    }

    pub(super) fn plan_sample(&mut self) {
        if self.wants.samples {
            let (event, period) = (Event::SampleDue, self.world.monitor.spec().sample);
            self.plan.plan(self.now + period, event.rank(), event);
        }
    }

    pub(super) fn plan_hour(&mut self) {
        let event = Event::HourOver;
        self.plan.plan(self.world.hour_ends(), event.rank(), event);
    }

    /// Load generators tell how many users they have switched on, before the monitor looks.
    pub(super) fn tell_users(&mut self) {
        // Those of the time that the monitor looks back on, which ends here.
        let before = Instant::from_nanos(self.now.as_nanos().saturating_sub(1));
        for (feed, load) in self.feeds.iter().zip(&mut self.world.loads) {
            load.set_users(feed.source.users(before));
        }
    }

    #[inline]
    fn flush_departures(&mut self) -> io::Result<()> {
        if self.world.departures.is_empty() { Ok(()) } else { self.write_departures() }
    }

    #[cold]
    fn write_departures(&mut self) -> io::Result<()> {
        for departure in self.world.departures.drain(..) {
            self.sink.departure(&departure)?;
        }
        Ok(())
    }

    /// The end: what stands is billed up to here, the books are closed.
    fn finish(mut self, setup: &Setup) -> Result<(Summary, World), Stop> {
        let end = if self.horizon == Instant::FAR { self.now } else { self.now.max(self.horizon) };
        self.world.close(end);
        self.flush_departures().map_err(|error| Stop::Sink { error, at: end })?;
        let account = self.stakeholders.take().map(|stakeholders| stakeholders.close(&self.world, end));
        let pools = self.world.pools.iter().map(|pool| PoolFigures {
            name: pool.spec.name.clone(),
            launched: pool.launched,
            begun: pool.counts.begun,
            cold: pool.counts.cold,
            busy_s: level_seconds(&pool.busy.read(end)),
            alive_s: level_seconds(&pool.alive.read(end)),
            peak_alive: pool.alive.max(),
            used_s: match pool.spec.capacity {
                Capacity::Slots(_) => level_seconds(&pool.busy.read(end)),
                Capacity::Shared { .. } | Capacity::Computer { .. } => {
                    level_seconds(&pool.cores_busy.read(end)) / 1000.0
                }
            },
            parallel: pool.spec.capacity.parallel(),
        });
        let books = &self.world.books;
        let summary = Summary {
            strategy: self.strategy_name.clone(),
            replication: setup.replication,
            end,
            events: self.events,
            peak_in_flight: self.peak_in_flight.max(self.world.in_flight()) as u64,
            roots: self.roots,
            calls: self.calls,
            violations: self.violations,
            measured: self.measured,
            slo: self.slo,
            retries: self.retries,
            asked_late: self.feeds.iter().filter_map(|feed| feed.source.asked_late()).reduce(|sum, late| sum + late),
            orders: self.orders_given,
            refusals: self.refusals,
            response: self.response,
            queue: self.queue,
            cold_start: self.cold_start,
            hours: self.hours,
            pools: pools.collect(),
            bill_pico: books.total_pico(),
            direct_pico: books.share_pico(crate::model::books::Share::Direct),
            held_pico: books.share_pico(crate::model::books::Share::Held),
            idle_pico: books.share_pico(crate::model::books::Share::Idle),
            charged_pico: self.charged_pico,
            messages: self.traffic.messages,
            message_bytes: self.traffic.bytes,
            byte_hops: self.traffic.byte_hops,
            account,
            digest: self.digest.hex(),
            offered_digest: self.offered.hex(),
        };
        Ok((summary, self.world))
    }
}

/// A share rule in words, for the log of decisions.
pub(super) fn describe(world: &World, rule: &ShareRule) -> String {
    let name = |route: Route| match route {
        Route::Pool(pool) | Route::Send(pool) | Route::Estimate(pool) => world.pool(pool).spec.name.clone(),
        Route::Node(node) | Route::Next(node) => format!("node {}", world.node(node).name),
        Route::Refused => "refused".to_owned(),
    };
    match rule {
        ShareRule::Weights { targets, .. } => {
            targets.iter().map(|&(route, weight)| format!("{} {weight}", name(route))).collect::<Vec<_>>().join(", ")
        }
        ShareRule::Quota { period, firsts, rest } => {
            let firsts: Vec<_> =
                firsts.iter().map(|&(route, n)| format!("first {n} of {period} {}", name(route))).collect();
            format!("{}, rest {}", firsts.join(", "), name(*rest))
        }
    }
}
