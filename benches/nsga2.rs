//! How long a planning step of 10,000 evaluations takes, and the ZDT runs of the literature, on one thread.
//!
//! Prints the best and the median of several runs. Wanted is a planning step under 50 ms on one core.

#[path = "../tests/conformance/mape/zdt.rs"]
mod zdt;

use std::hint::black_box;
use std::time::{Duration, Instant};
use stratosim::engine::random::Rng;
use stratosim::planner::economy::{Load, Parameters, Preset, Situation};
use stratosim::solve::nsga2::{Problem, Settings, minimise};

fn time(name: &str, problem: &dyn Problem, settings: &Settings, runs: u64) {
    let mut times: Vec<Duration> = (0..runs)
        .map(|seed| {
            let begin = Instant::now();
            let found = minimise(problem, settings, &mut Rng::seeded(seed)).expect("a sound problem");
            black_box(found);
            begin.elapsed()
        })
        .collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let evaluations = settings.evaluations();
    println!(
        "{name}: {evaluations} evaluations, best {:.2} ms, median {:.2} ms of {runs} runs",
        ms(times[0]),
        ms(times[times.len() / 2])
    );
}

fn main() {
    let market = Parameters::default().check().expect("the defaults are sound");
    let economy = Situation::new(market, Load::new(50.0, 10.0)).expect("a sound load");
    time("planning step", &economy, &Preset::Tight.settings(), 20);
    time("planning step, 2022 settings", &economy, &Preset::V2.settings(), 5);
    for name in ["zdt1", "zdt2", "zdt3"] {
        let settings = Settings { generations: 250, ..Settings::default() };
        time(name, &zdt::Zdt::new(name, 30), &settings, 5);
    }
}
