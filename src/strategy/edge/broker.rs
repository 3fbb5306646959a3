//! One broker at a node: an e-router or an e-dispatcher, told about functions and destinations by name.

use rustc_hash::FxHashMap;

use super::dispatcher::{EdgeDispatcher, Outcome, Predictor};
use super::router::{EdgeRouter, Named, Options};
use crate::engine::random::Rng;
use crate::engine::time::Instant;
use crate::model::request::Request;

/// What kind of broker stands at every node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Router(Options),
    Dispatcher { predictor: Predictor, faithful: bool },
}

/// One broker and what it keeps for the requests that wait for dry runs.
#[derive(Clone, Debug)]
pub(super) struct Broker {
    brain: Brain,
    /// By request (number, call, attempt): destinations asked, with what they answered in whole milliseconds.
    estimates: FxHashMap<(u64, u32, u16), Vec<(u32, u64)>>,
}

#[derive(Clone, Debug)]
enum Brain {
    Router(EdgeRouter),
    Dispatcher(EdgeDispatcher),
}

/// What a broker does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Forward(u32),
    /// A dry run there first.
    Ask(u32),
    Nowhere,
}

/// What came back from a destination.
#[derive(Clone, Copy, Debug)]
pub(super) struct Returned {
    pub function: u32,
    pub destination: u32,
    /// A broker had sent the request here.
    pub forwarded: bool,
    pub outcome: Outcome,
}

impl Broker {
    pub fn new(kind: Kind) -> Broker {
        let brain = match kind {
            Kind::Router(options) => Brain::Router(EdgeRouter::new(options)),
            Kind::Dispatcher { predictor, faithful } => Brain::Dispatcher(EdgeDispatcher::new(predictor, faithful)),
        };
        Broker { brain, estimates: FxHashMap::default() }
    }

    /// Where a request goes; `crossed` brokers have sent it on before.
    pub fn choose(&mut self, now: Instant, request: &Request, crossed: u8, rng: impl FnOnce() -> Rng) -> Choice {
        let function = request.function.index() as u32;
        match &mut self.brain {
            Brain::Router(router) => {
                let uniform = || rng().uniform();
                let chosen = router.select(now, function, crossed > 0, u32::from(crossed), uniform);
                chosen.map_or(Choice::Nowhere, Choice::Forward)
            }
            Brain::Dispatcher(dispatcher) if dispatcher.probes() => {
                let asked = self.estimates.entry(key(request)).or_default();
                let next = dispatcher.destinations(function).find(|id| asked.iter().all(|(known, _)| known != id));
                if let Some(next) = next {
                    return Choice::Ask(next);
                }
                let chosen = dispatcher.select_probed(function, asked);
                self.estimates.remove(&key(request));
                chosen.map_or(Choice::Nowhere, |choice| Choice::Forward(choice.destination))
            }
            Brain::Dispatcher(dispatcher) => {
                let chosen = dispatcher.select(now, function, request.payload_bytes);
                chosen.map_or(Choice::Nowhere, |choice| Choice::Forward(choice.destination))
            }
        }
    }

    /// The dry run of a request at a destination has answered; what takes for ever is as good as no answer.
    pub fn estimated(&mut self, request: &Request, destination: u32, seconds: f64) {
        // The cast saturates.
        let ms = (seconds * 1e3).round() as u64;
        self.estimates.entry(key(request)).or_default().push((destination, ms));
    }

    /// The caller of a request waits no longer; its dry runs answer nobody.
    pub fn forget(&mut self, request: &Request) {
        self.estimates.remove(&key(request));
    }

    /// A call came back well.
    pub fn learn(&mut self, now: Instant, returned: &Returned) {
        let Returned { function, destination, forwarded, outcome } = *returned;
        match &mut self.brain {
            Brain::Router(router) => router.learn(now, function, destination, forwarded, outcome.elapsed_s),
            Brain::Dispatcher(dispatcher) => dispatcher.learn(now, function, destination, outcome),
        }
    }

    /// Announces a destination, or changes its weight and flag; names and a weight that is positive were checked.
    pub fn change(&mut self, now: Instant, function: Named<'_>, destination: Named<'_>, weight: f32, is_final: bool) {
        match &mut self.brain {
            Brain::Router(router) => {
                router.change(now, function, destination, weight, is_final).expect("names and weight were checked");
            }
            Brain::Dispatcher(dispatcher) => {
                dispatcher.name_function(function.id, function.name);
                dispatcher.add(now, function.id, destination.id, destination.name);
            }
        }
    }

    pub fn remove(&mut self, now: Instant, function: u32, destination: u32) {
        match &mut self.brain {
            Brain::Router(router) => router.remove(now, function, destination),
            Brain::Dispatcher(dispatcher) => dispatcher.remove(function, destination),
        }
    }

    pub fn flush(&mut self) {
        match &mut self.brain {
            Brain::Router(router) => router.flush(),
            Brain::Dispatcher(dispatcher) => dispatcher.flush(),
        }
    }

    /// Sets every weight to one; a dispatcher has none.
    pub fn reset(&mut self, now: Instant) {
        if let Brain::Router(router) = &mut self.brain {
            router.reset(now);
        }
    }

    /// The end of a period of the optimizers.
    pub fn tick(&mut self, now: Instant) {
        if let Brain::Router(router) = &mut self.brain {
            router.tick(now);
        }
    }

    /// The tables in the layout of the original's client.
    pub fn dump(&self) -> String {
        match &self.brain {
            Brain::Router(router) => router.dump(),
            Brain::Dispatcher(dispatcher) => dispatcher.dump(),
        }
    }
}

fn key(request: &Request) -> (u64, u32, u16) {
    (request.number, request.call, request.attempt)
}
