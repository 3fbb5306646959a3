//! Speed of the edge brokers: 100 brokers, 1,000 computers, 10 destinations per function. First through a run without
//! log (arrivals, messages over links, computers that share their cores, answers, learning), then their tables alone,
//! where every call is selected and learnt from: what the rest of the simulator costs a call is the difference. The
//! clients of a broker call one function, or ten.
//!
//! Run: `cargo bench --bench brokers --no-default-features`. CPU time of this thread; runs and tables take turns;
//! the median of five is shown, and beside it the quickest. A word after `--` names what alone should run. Outside of
//! `cargo bench` everything runs once and short, to show that it still works.

mod timing;

use std::fmt::Write as _;
use std::hint::black_box;

use stratosim::engine::random::Rng;
use stratosim::engine::time::{Instant, Span};
use stratosim::experiment::opened::{Opened, open};
use stratosim::model::request::Outcome as Ended;
use stratosim::run::drive::drive;
use stratosim::run::sink::Silent;
use stratosim::strategy::edge::dispatcher::{EdgeDispatcher, Outcome, Predictor};
use stratosim::strategy::edge::router::{EdgeRouter, Learning, Named, Options, Selection, Statistic};
use timing::{cpu_ns, show};

const BROKERS: u64 = 100;
const COMPUTERS: u64 = 1_000;
const FUNCTIONS: u64 = 100;
const DESTINATIONS: u64 = 10;
/// Functions that the clients of one broker call: one, and ten, whose tables and sources no longer fit the nearest caches.
const CALLED: [u64; 2] = [1, 10];
/// Simulated time between two calls, over all brokers.
const GAP: Span = Span::from_nanos(50_000);

/// What a broker is, for its tables and for a scenario.
enum Brain {
    Router(Selection, Learning),
    Dispatcher(Predictor),
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    let (rounds, calls) =
        if arguments.iter().any(|argument| argument == "--bench") { (5, 2_000_000) } else { (1, 20_000) };
    let folder = tempfile::tempdir().expect("a folder for the scenario");
    let opened = CALLED.map(|called| {
        let path = folder.path().join(format!("brokers-{called}.toml"));
        std::fs::write(&path, scenario(calls, called)).expect("the scenario can be written");
        open(&path, &[]).unwrap_or_else(|no| panic!("{no}"))
    });
    for (label, brain) in brains() {
        if wanted.is_some_and(|wanted| !label.contains(wanted.as_str())) {
            continue;
        }
        let mut runs = CALLED.map(|called| (called, Vec::new(), String::new()));
        let mut tables = Vec::new();
        for _ in 0..rounds {
            for (opened, (_, spent, note)) in opened.iter().zip(&mut runs) {
                let (ns, digest) = run(opened, label, calls);
                spent.push(ns);
                *note = digest;
            }
            tables.push(match brain {
                Brain::Router(selection, learning) => router(selection, learning, calls),
                Brain::Dispatcher(predictor) => dispatcher(predictor, calls),
            });
        }
        for (called, spent, note) in runs {
            show(&format!("{label}, a run, {called} at each"), calls, "call", &spent, &note);
        }
        show("  its tables alone", calls, "call", &tables, "");
    }
}

fn brains() -> [(&'static str, Brain); 8] {
    let learning = Learning::Async { alpha: 0.95 };
    let periodic = Learning::Periodic { period: Span::from_secs(5), statistic: Statistic::Min };
    let fairness = Selection::ProportionalFairness { alpha: 1.0, beta: 1.0 };
    [
        ("random-async", Brain::Router(Selection::Random, learning)),
        ("random-periodic", Brain::Router(Selection::Random, periodic)),
        ("least-impedance-async", Brain::Router(Selection::LeastImpedance, learning)),
        ("round-robin-async", Brain::Router(Selection::RoundRobin, learning)),
        ("proportional-fairness", Brain::Router(fairness, Learning::AsyncFairness)),
        ("rtt", Brain::Dispatcher(Predictor::RTT)),
        ("util", Brain::Dispatcher(Predictor::UTIL)),
        ("delay", Brain::Dispatcher(Predictor::DELAY)),
    ]
}

/// A hub with a broker, its clients and ten computers at the end of each spoke. The ten computers of a function stand at
/// ten neighbouring spokes, its callers at others; computers are busy to a twentieth, so that few share cores.
fn scenario(calls: u64, called: u64) -> String {
    let labels: Vec<&str> = brains().iter().map(|(label, _)| *label).collect();
    let mut text = format!("name = \"brokers\"\nstrategies = {labels:?}\n");
    for (label, brain) in brains() {
        let table = match brain {
            Brain::Router(Selection::Random, Learning::Periodic { .. }) => {
                "use = \"edge-router\"\npolicy = \"random\"\noptimizer = \"periodic\"\nperiod = \"5s\"\nstatistic = \"min\""
                    .to_owned()
            }
            Brain::Router(Selection::ProportionalFairness { .. }, _) => {
                "use = \"edge-router\"\npolicy = \"proportional-fairness\"\noptimizer = \"async-pf\"".to_owned()
            }
            Brain::Router(..) => {
                let policy = label.trim_end_matches("-async");
                format!("use = \"edge-router\"\npolicy = \"{policy}\"\noptimizer = \"async\"")
            }
            Brain::Dispatcher(_) => format!("use = \"edge-dispatcher\"\npredictor = \"{label}\""),
        };
        writeln!(text, "[strategy.{label}]\n{table}").expect("a text takes everything");
    }
    text += "[nodes.hub]\n";
    let (per_source, rate) = (calls / (BROKERS * called), 1e9 / (GAP.as_nanos() * BROKERS * called) as f64);
    for broker in 0..BROKERS {
        let link = format!("from = \"hub\"\nto = \"b{broker}\"\nlatency = \"1ms\"\nbandwidth = \"1Gbit/s\"");
        writeln!(text, "[nodes.b{broker}]\n[[links]]\n{link}").expect("a text takes everything");
        for place in 0..called {
            let function = (broker * 7 + place * 11) % FUNCTIONS;
            writeln!(
                text,
                "[sources.s{broker}-{place}]\nkind = \"poisson\"\nfunction = \"f{function}\"\nrate = \"{rate}/s\"\n\
                 requests = {per_source}\nat = \"b{broker}\""
            )
            .expect("a text takes everything");
        }
    }
    for function in 0..FUNCTIONS {
        writeln!(text, "[functions.f{function}]\nwork = \"10ms\"\npayload = \"1kB\"").expect("a text takes everything");
    }
    for computer in 0..COMPUTERS {
        let (node, function) = (computer % BROKERS, computer / DESTINATIONS);
        writeln!(
            text,
            "[pools.c{computer}]\nkind = \"computer\"\nnode = \"b{node}\"\n\
             processors.cpu = {{ speed = \"100 Gops/s\", cores = 4, memory = \"1GiB\" }}\n\
             containers.f{function} = {{ workers = 4 }}"
        )
        .expect("a text takes everything");
    }
    text
}

/// CPU nanoseconds of one run, and its digests.
fn run(opened: &Opened, label: &str, calls: u64) -> (f64, String) {
    let column = opened.columns.iter().find(|column| column.label == label).expect("a column of the scenario");
    let setup = opened.setup_for(column, 0);
    let mut strategy = opened.build(column).strategy;
    let start = cpu_ns();
    let (summary, world) = drive(&setup, label, &mut *strategy, &mut Silent).expect("the run ends well");
    let spent = (cpu_ns() - start) as f64;
    black_box(world);
    assert!(summary.broken_laws().is_empty(), "{:?}", summary.broken_laws());
    assert_eq!(summary.roots.of(Ended::Served), calls, "every call is served");
    let mean_ms = summary.response.total().mean().expect("calls were served") / 1e6;
    (spent, format!("response {mean_ms:.2} ms, digest {}", summary.digest))
}

/// The computers that serve a function: neighbours in a ring.
fn computers(function: u64) -> impl Iterator<Item = u32> {
    (0..DESTINATIONS).map(move |k| ((function * DESTINATIONS + k) % COMPUTERS) as u32)
}

/// A delay that differs from computer to computer and from call to call.
fn delay_s(computer: u32, rng: &mut Rng) -> f64 {
    0.02 + f64::from(computer % 10) * 0.005 + rng.uniform() * 0.01
}

fn router(selection: Selection, learning: Learning, calls: u64) -> f64 {
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
    let start = cpu_ns();
    for call in 0..calls {
        now += GAP;
        if next_tick.is_some_and(|tick| tick <= now) {
            routers.iter_mut().for_each(|router| router.tick(now));
            next_tick = routers[0].period().map(|period| now + period);
        }
        let router = &mut routers[(call % BROKERS) as usize];
        let function = rng.below(FUNCTIONS) as u32;
        let chosen = router.select(now, function, false, 0, || rng.uniform()).expect("a destination");
        let delay = delay_s(chosen, &mut rng);
        router.learn(now, function, chosen, false, delay);
    }
    let spent = (cpu_ns() - start) as f64;
    black_box(routers);
    spent
}

fn dispatcher(predictor: Predictor, calls: u64) -> f64 {
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
    let start = cpu_ns();
    for call in 0..calls {
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
    let spent = (cpu_ns() - start) as f64;
    black_box(dispatchers);
    spent
}
