//! Speed of the edge brokers: 100 brokers, 1,000 computers, 10 destinations per function; every call is selected and
//! learnt from.
//!
//! `cargo bench --bench brokers`. Times are CPU seconds of this process (wall clock where the system does not tell).

use std::hint::black_box;

use stratosim::engine::random::Rng;
use stratosim::engine::time::{Instant, Span};
use stratosim::strategy::edge::dispatcher::{EdgeDispatcher, Outcome, Predictor};
use stratosim::strategy::edge::router::{EdgeRouter, Learning, Named, Options, Selection, Statistic};

#[path = "clock/mod.rs"]
mod clock;

const BROKERS: u64 = 100;
const COMPUTERS: u64 = 1_000;
const FUNCTIONS: u64 = 100;
const DESTINATIONS: u64 = 10;
const CALLS: u64 = 2_000_000;
/// Simulated time between two calls.
const GAP: Span = Span::from_nanos(10_000);

fn main() {
    let learning = Learning::Async { alpha: 0.95 };
    let periodic = Learning::Periodic { period: Span::from_secs(5), statistic: Statistic::Min };
    let fairness = Selection::ProportionalFairness { alpha: 1.0, beta: 1.0 };
    router("random, async", Selection::Random, learning);
    router("random, periodic", Selection::Random, periodic);
    router("least impedance, async", Selection::LeastImpedance, learning);
    router("round robin, async", Selection::RoundRobin, learning);
    router("proportional fairness", fairness, Learning::AsyncFairness);
    dispatcher("rtt", Predictor::RTT);
    dispatcher("util", Predictor::UTIL);
    dispatcher("delay", Predictor::DELAY);
}

/// The computers that serve a function: neighbours in a ring.
fn computers(function: u64) -> impl Iterator<Item = u32> {
    (0..DESTINATIONS).map(move |k| ((function * DESTINATIONS + k) % COMPUTERS) as u32)
}

/// A delay that differs from computer to computer and from call to call.
fn delay_s(computer: u32, rng: &mut Rng) -> f64 {
    0.02 + f64::from(computer % 10) * 0.005 + rng.uniform() * 0.01
}

fn router(what: &str, selection: Selection, learning: Learning) {
    let mut rng = Rng::seeded(1);
    let mut routers: Vec<EdgeRouter> =
        (0..BROKERS).map(|_| EdgeRouter::new(Options { selection, learning, faithful: false })).collect();
    for router in &mut routers {
        for function in 0..FUNCTIONS {
            let named = Named { id: function as u32, name: &format!("function{function}") };
            for computer in computers(function) {
                let destination = Named { id: computer, name: &format!("computer{computer}") };
                router.change(Instant::ZERO, named, destination, 1.0, true).expect("a sound destination");
            }
        }
    }
    let mut next_tick = routers[0].period().map(|period| Instant::ZERO + period);
    let mut now = Instant::ZERO;
    let start = clock::cpu_seconds();
    for call in 0..CALLS {
        now += GAP;
        if next_tick.is_some_and(|tick| tick <= now) {
            routers.iter_mut().for_each(|router| router.tick(now));
            next_tick = routers[0].period().map(|period| now + period);
        }
        let router = &mut routers[(call % BROKERS) as usize];
        let function = rng.below(FUNCTIONS) as u32;
        let chosen = router.select(now, function, false, 0, &mut rng).expect("a destination");
        let delay = delay_s(chosen, &mut rng);
        router.learn(now, function, chosen, false, delay);
    }
    report(what, clock::cpu_seconds() - start);
    black_box(routers);
}

fn dispatcher(what: &str, predictor: Predictor) {
    let mut rng = Rng::seeded(1);
    let mut dispatchers: Vec<EdgeDispatcher> = (0..BROKERS).map(|_| EdgeDispatcher::new(predictor, false)).collect();
    for dispatcher in &mut dispatchers {
        for function in 0..FUNCTIONS {
            for computer in computers(function) {
                dispatcher.add(Instant::ZERO, function as u32, computer, &format!("computer{computer}"));
            }
        }
    }
    let mut now = Instant::ZERO;
    let start = clock::cpu_seconds();
    for call in 0..CALLS {
        now += GAP;
        let dispatcher = &mut dispatchers[(call % BROKERS) as usize];
        let function = rng.below(FUNCTIONS) as u32;
        let size_bytes = 1_000 * (1 + rng.below(5));
        let chosen = dispatcher.select(now, function, size_bytes).expect("a destination").destination;
        let elapsed_s = delay_s(chosen, &mut rng);
        let load1_percent = rng.below(100) as u32;
        let outcome = Outcome { size_bytes, elapsed_s, processing_ms: 10, load1_percent };
        dispatcher.learn(now, function, chosen, outcome);
    }
    report(what, clock::cpu_seconds() - start);
    black_box(dispatchers);
}

fn report(what: &str, spent: f64) {
    println!("{what}: {:.2} million calls per CPU second", CALLS as f64 / spent / 1e6);
}
