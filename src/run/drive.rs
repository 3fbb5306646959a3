//! The loop: one setup, one strategy, one pass.
//!
//! Take the earlier of agenda and arrivals, carry it out, repeat. The horizon stops arrivals, not work: what is in flight
//! drains. A run ends well or with a [`Stop`] that names its cause and instant.

use std::collections::BTreeMap;
use std::io;

use super::brokers::Desk;
use super::chain::ChainRun;
use super::digest::Digest;
use super::feeds::Feed;
use super::sink::{Sink, Wants};
use super::stakeholders::Stakeholders;
use super::stop::{Stop, end_of_money};
use super::summary::{Flow, HourCounts, PoolFigures, Summary, level_seconds};
use super::traffic::Traffic;
use super::trail::Trail;
use crate::engine::merge::Merge;
use crate::engine::random::Keyed;
use crate::engine::tally::Tally;
use crate::engine::time::{Instant, Span};
use crate::model::event::{Event, NEW_WORK};
use crate::model::ids::RequestId;
use crate::model::orders::{Orders, Reasoned};
use crate::model::pool::Capacity;
use crate::model::world::{Plan, World};
use crate::scenario::setup::{Limits, ProbeSetup, Setup, SourceSetup};
use crate::strategy::{Occasion, Strategy};

/// The middle of what a clock can count: no length of time a scenario may state leads out of it from here.
const END_OF_TIME: Instant = Instant::from_nanos(u64::MAX / 2);
/// Events between two looks at progress.
pub(super) const BLOCK: u64 = 1 << 16;

/// One pass over a setup.
pub struct Driver<'a> {
    pub(super) world: World,
    pub(super) plan: Plan,
    pub(super) strategy: &'a mut dyn Strategy,
    pub(super) strategy_name: String,
    pub(super) sink: &'a mut dyn Sink,
    pub(super) wants: Wants,
    pub(super) now: Instant,
    /// When a request came or a call was settled last.
    pub(super) moved: Instant,
    pub(super) orders: Orders,
    /// Orders whose time of deciding runs.
    pub(super) batches: Vec<Option<Vec<Reasoned>>>,
    pub(super) routing_draws: Keyed,
    /// Whether the strategy follows its requests, and then the way of each, by slot.
    pub(super) follows: bool,
    pub(super) trails: Vec<Trail>,
    /// Its brokers with limits, by node; nothing where none has any.
    pub(super) brokers: Vec<Option<Desk>>,
    pub(super) forward_draws: Keyed,
    /// Calls that a computer has just ended; kept for its room.
    pub(super) ended: Vec<RequestId>,
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
    pub(super) closed_loops: bool,
    pub(super) thinking: u64,
    pub(super) horizon: Instant,
    /// Nothing happens after it.
    pub(super) last: Instant,
    pub(super) limits: Limits,
    /// The instant of the last look at progress, and how many events ago it was reached.
    pub(super) still: (Instant, u64),
    pub(super) peak_in_flight: usize,
    pub(super) events: u64,
    digest: Digest,
    pub(super) offered: Digest,
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
        world.monitor.will_read(strategy.looks_back());
        if wants.samples {
            world.monitor.will_sample();
        }
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
            brokers: Vec::new(),
            forward_draws: streams.keyed("forward times", ""),
            ended: Vec::new(),
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
            moved: Instant::ZERO,
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
        self.open_brokers();
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
    #[inline]
    fn probe_until(&mut self, next: Instant) -> io::Result<bool> {
        if self.probes.is_empty() { Ok(false) } else { self.probe_what_is_due(next) }
    }

    #[cold]
    fn probe_what_is_due(&mut self, next: Instant) -> io::Result<bool> {
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

    /// Whether a request may still come or is under way; periodic things go on only while this holds.
    pub(super) fn work_may_come(&self) -> bool {
        self.now < self.horizon && self.horizon != Instant::FAR
            || self.merge.peek().is_some()
            || self.thinking > 0
            || self.world.in_flight() > 0
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
        assert!(
            self.world.in_flight() > 0 || self.brokers_are_idle(),
            "who is gone has given back its places at brokers"
        );
        self.now = end;
        self.tell_users();
        let measures = self.world.close_archive(end);
        self.world.close(end);
        self.flush_departures().map_err(|error| Stop::Sink { error, at: end })?;
        let account = self.stakeholders.take().map(|stakeholders| stakeholders.close(&self.world, end));
        let pools = self.world.pools.iter().map(|pool| PoolFigures {
            name: pool.spec.name.clone(),
            launched: pool.launched,
            begun: pool.counts.begun,
            cold: pool.cold,
            busy_s: level_seconds(&pool.busy.read(end)),
            alive_s: level_seconds(&pool.alive.read(end)),
            peak_alive: pool.peak_alive,
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
            measures,
            digest: self.digest.hex(),
            offered_digest: self.offered.hex(),
        };
        Ok((summary, self.world))
    }
}
