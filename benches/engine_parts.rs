//! The other parts that every request passes: sources, merging, laws, tallies and gauges.
//!
//! Run: `cargo bench --bench engine_parts --no-default-features`. Every figure is CPU time per call, the
//! median of five runs.

mod timing;

use std::hint::black_box;
use stratosim::engine::gauge::Gauge;
use stratosim::engine::law::Law;
use stratosim::engine::merge::Merge;
use stratosim::engine::random::Rng;
use stratosim::engine::random::Streams;
use stratosim::engine::tally::Tally;
use stratosim::engine::time::{Instant, Span};
use stratosim::workload::closed::Closed;
use stratosim::workload::counts::{Counts, Recorded, Spread};
use stratosim::workload::demand::DemandLaws;
use stratosim::workload::modulated::Modulated;
use stratosim::workload::renewal::Poisson;
use stratosim::workload::source::{Arrivals, Next, Source};
use stratosim::workload::varying::Varying;
use timing::{cpu_ns, median};

const CALLS: u64 = 5_000_000;

/// Prints the CPU time of one call of `step`, which gets the number of the call.
fn report(name: &str, mut step: impl FnMut(u64) -> u64) {
    let runs = (0..5).map(|_| {
        let start = cpu_ns();
        let sum = (0..CALLS).fold(0u64, |sum, k| sum.wrapping_add(step(k)));
        black_box(sum);
        (cpu_ns() - start) as f64 / CALLS as f64
    });
    let ns = median(&runs.collect::<Vec<_>>());
    println!("{name:<44}{ns:>8.1} ns{:>10.1} million/s", 1e3 / ns);
}

fn sources() {
    let counts = |spread, count: u32| {
        let recorded = Recorded { repeat: true, ..Recorded::plain(vec![count; 1_000], Span::from_secs(1), spread) };
        Arrivals::Counts(Counts::new(recorded).expect("counts above zero"))
    };
    let steps = [(Span::from_secs(10), 900.0), (Span::from_secs(10), 100.0)];
    let hours = [0, 10, 20].map(|s| (Instant::ZERO + Span::from_secs(s), 100.0 * (s + 1) as f64));
    let sources = [
        ("counts evenly, 140 per s", counts(Spread::Evenly, 140)),
        ("counts uniform, 140 per s", counts(Spread::Uniform, 140)),
        ("counts uniform, 100,000 per s", counts(Spread::Uniform, 100_000)),
        ("counts as Poisson, 140 per s", counts(Spread::Poisson, 140)),
        ("Poisson", Arrivals::Poisson(Poisson::new(100.0).expect("a rate"))),
        ("interrupted Poisson", Arrivals::Modulated(Modulated::interrupted(100.0, 1.0, 1.0).expect("rates"))),
        ("varying by steps", Arrivals::Varying(Varying::steps(&steps, true).expect("rates"))),
        ("varying, straight", Arrivals::Varying(Varying::linear(&hours, true).expect("rates"))),
    ];
    let laws = || {
        let work = Law::exponential(1.0).expect("a mean");
        DemandLaws::new(work, Law::constant(1_000.0).expect("bytes"))
    };
    let nanos = |next: Next| match next {
        Next::At(at) => at.as_nanos(),
        Next::AfterAnswer(span) => span.as_nanos(),
        Next::Done => 0,
    };
    for (name, arrivals) in sources {
        let mut source = Source::new(name, &Streams::new(1, 0), arrivals, laws());
        report(&format!("next: {name}"), |_| nanos(source.next(0)));
    }
    let poisson = Arrivals::Poisson(Poisson::new(100.0).expect("a rate"));
    let mut source = Source::new("web", &Streams::new(1, 0), poisson, laws());
    report("demand: exponential work, constant bytes", |_| source.demand(0).work.to_bits());
    let closed = Closed::new(1_000, Law::exponential(1.0).expect("a mean")).expect("clients");
    let mut source = Source::new("users", &Streams::new(1, 0), Arrivals::Closed(closed), laws());
    report("next: closed loop of 1,000 clients", |k| nanos(source.next((k % 1_000) as u32)));
}

fn merging() {
    for streams in [1usize, 10, 100, 1_000] {
        let mut merge = Merge::new(streams);
        let mut rng = Rng::seeded(1);
        (0..streams).for_each(|stream| merge.set(stream, Some(Instant::from_nanos(rng.below(1 << 20)))));
        report(&format!("merge: take and replace, {streams} streams"), |_| {
            let (at, stream) = merge.peek().expect("no stream ends");
            merge.set(stream, Some(at + Span::from_nanos(rng.next_u64() >> 44)));
            at.as_nanos()
        });
    }
}

fn laws() {
    for (name, law) in [
        ("exponential", Law::exponential(1.0)),
        ("lognormal", Law::lognormal(1.0, 1.5)),
        ("gamma", Law::gamma(1.0, 2.5)),
        ("bounded Pareto", Law::bounded_pareto(0.1, 100.0, 1.4)),
    ] {
        let law = law.expect("parameters that make sense");
        let mut rng = Rng::seeded(1);
        report(&format!("draw: {name}"), |_| law.draw(&mut rng).to_bits());
    }
}

fn books() {
    let mut rng = Rng::seeded(1);
    let values: Vec<u64> = (0..65_536).map(|_| (rng.exponential() * 2e8) as u64).collect();
    let mut tally = Tally::new(Span::from_secs(60));
    report("tally: add", |k| {
        tally.add(Instant::from_nanos(k * 1_000_000), values[(k & 65_535) as usize]);
        k
    });
    let mut gauge = Gauge::new(Instant::ZERO, 100);
    let mut now = Instant::ZERO;
    report("gauge: change", |k| {
        now += Span::from_nanos(1_000);
        gauge.change(now, if k & 1 == 0 { 1 } else { -1 });
        gauge.level()
    });
    black_box((&tally, gauge.read(now)));
}

fn main() {
    sources();
    merging();
    laws();
    books();
}
