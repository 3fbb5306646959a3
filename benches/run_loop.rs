//! The run loop whole: requests per CPU second, beside what the least loop of the same events takes.
//!
//! Run: `cargo bench --bench run_loop --no-default-features`. Every figure is CPU time of this thread, the
//! median of five runs and beside it the quickest; what is compared with something takes turns with it. Digests show that
//! a change of the program changed no result. A word after `--` names what alone should run. Outside of `cargo bench`
//! everything runs once and short, to show that it still works.

mod scenes;
mod timing;

use scenes::{Functions, libra, queue, run, wits};
use std::hint::black_box;
use std::io;
use stratosim::engine::agenda::{Agenda, Rank};
use stratosim::engine::merge::Merge;
use stratosim::engine::random::{Rng, Streams};
use stratosim::engine::tally::Tally;
use stratosim::engine::time::{Instant, Span};
use stratosim::model::request::{Outcome, Phases, Request};
use stratosim::run::record::{Recorder, RequestLog};
use stratosim::run::sink::{CallRow, Silent, Sink, Wants};
use stratosim::run::summary::Summary;
use stratosim::scenario::setup::Setup;
use stratosim::strategy::Strategy;
use stratosim::strategy::faas::Faas;
use stratosim::strategy::libra::{Indifference, Libra, Parameters};
use stratosim::strategy::max::Max;
use timing::{cpu_ns, median, quickest, show};

/// How often and how long.
#[derive(Clone, Copy)]
struct Effort {
    runs: usize,
    requests: u64,
    /// Seconds of the trace.
    seconds: usize,
}

/// CPU time of one call in nanoseconds, and what it returned.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = cpu_ns();
    let result = black_box(work());
    ((cpu_ns() - start) as f64, result)
}

/// How many times as long as its companion something takes that took turns with it.
fn ratio(full: &[f64], companion: &[f64]) -> String {
    let ratios: Vec<f64> = full.iter().zip(companion).map(|(full, companion)| full / companion).collect();
    format!("ratio {:.2}, of the quickest {:.2}", median(&ratios), quickest(full) / quickest(companion))
}

fn digests(summary: &Summary) -> String {
    format!("digest {} of {}", summary.digest, summary.offered_digest)
}

/// The least that a simulator of these functions must do: for each request two draws, one hold on the agenda, one tally.
fn bare(functions: &Functions) -> Tally {
    let streams = Streams::new(1, 0);
    let mut draws: Vec<(Rng, Rng, u64)> = (0..functions.count)
        .map(|index| {
            let name = index.to_string();
            (streams.stream("arrivals", &name), streams.stream("work", &name), functions.requests)
        })
        .collect();
    let mut merge = Merge::new(functions.count);
    let mut agenda: Agenda<(u32, Instant)> = Agenda::new();
    let mut tally = Tally::new(Span::from_secs(60));
    let gap_mean = 1.0 / functions.rate;
    let span = |mean: f64, rng: &mut Rng| Span::from_secs_f64(mean * rng.exponential()).expect("a short time");
    for (index, (gaps, ..)) in draws.iter_mut().enumerate() {
        merge.set(index, Some(Instant::ZERO + span(gap_mean, gaps)));
    }
    loop {
        match (agenda.peek(), merge.peek()) {
            (Some((due, _)), arrival) if arrival.is_none_or(|(at, _)| due <= at) => {
                let (now, (_, began)) = agenda.pop().expect("what was peeked is there");
                tally.add(now, now.since(began).as_nanos());
            }
            (_, Some((now, index))) => {
                let (gaps, works, left) = &mut draws[index];
                agenda.plan(now + span(functions.warm, works), Rank(0), (index as u32, now));
                *left -= 1;
                merge.set(index, (*left > 0).then(|| now + span(gap_mean, gaps)));
            }
            _ => return tally,
        }
    }
}

fn functions_beside_bare(what: &str, functions: Functions, runs: usize) {
    let requests = functions.requests_in_all();
    let setup = functions.setup();
    let (mut full, mut companion) = (Vec::new(), Vec::new());
    let mut note = String::new();
    for _ in 0..runs {
        let (ns, summary) = timed(|| run(&setup, &mut Faas::default(), &mut Silent));
        full.push(ns);
        note = format!("{}, {} cold", digests(&summary), summary.pools.iter().map(|pool| pool.cold).sum::<u64>());
        let (ns, tally) = timed(|| bare(&functions));
        assert_eq!(tally.total().count(), requests);
        companion.push(ns);
    }
    show(what, requests, "request", &full, &note);
    show("  bare loop: draws, hold, one tally", requests, "request", &companion, &ratio(&full, &companion));
}

fn alone(what: &str, setup: &Setup, mut strategy: impl FnMut() -> Box<dyn Strategy>, runs: usize) {
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..runs {
        let (ns, summary) = timed(|| run(setup, &mut *strategy(), &mut Silent));
        times.push(ns);
        last = Some(summary);
    }
    let summary = last.expect("at least one run");
    show(what, summary.roots.arrived, "request", &times, &digests(&summary));
}

/// A row that outlives its request.
struct Kept {
    request: Request,
    phases: Phases,
    outcome: Outcome,
    instance_number: Option<u64>,
    parent_call: Option<u32>,
    at: Instant,
}

/// Keeps rows in memory by blocks, and times how long the recorder takes to write each.
struct Writing {
    recorder: Recorder,
    rows: Vec<Kept>,
    ns: f64,
}

impl Writing {
    const BLOCK: usize = 50_000;

    fn write(&mut self) -> io::Result<()> {
        let (recorder, rows) = (&mut self.recorder, &self.rows);
        let (ns, done) = timed(|| {
            rows.iter().try_for_each(|row| {
                recorder.call(&CallRow {
                    request: &row.request,
                    phases: row.phases,
                    outcome: row.outcome,
                    instance_number: row.instance_number,
                    parent_call: row.parent_call,
                    at: row.at,
                })
            })
        });
        self.ns += ns;
        self.rows.clear();
        done
    }
}

impl Sink for Writing {
    fn wants(&self) -> Wants {
        Wants { calls: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request.clone();
        let CallRow { phases, outcome, instance_number, parent_call, at, .. } = *row;
        self.rows.push(Kept { request, phases, outcome, instance_number, parent_call, at });
        if self.rows.len() < Writing::BLOCK { Ok(()) } else { self.write() }
    }
}

/// LIBRA with the full log, beside writing the same rows from memory with the same writer.
fn logged(what: &str, setup: &Setup, runs: usize) {
    let folder = tempfile::tempdir().expect("a folder for what is written");
    let recorder = || Recorder::create(folder.path(), setup, RequestLog { every: 1 }).expect("tables in a new folder");
    let (mut full, mut companion) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..runs {
        let (ns, summary) = timed(|| {
            let mut recorder = recorder();
            let summary = run(setup, &mut *published_libra(), &mut recorder);
            recorder.finish().expect("the disk takes what is written");
            summary
        });
        full.push(ns);
        let mut writing = Writing { recorder: recorder(), rows: Vec::new(), ns: 0.0 };
        run(setup, &mut *published_libra(), &mut writing);
        writing.write().expect("the disk takes what is written");
        companion.push(writing.ns);
        last = Some(summary);
    }
    let summary = last.expect("at least one run");
    show(what, summary.roots.arrived, "request", &full, &digests(&summary));
    let note = ratio(&full, &companion);
    show("  the same rows written from memory", summary.roots.arrived, "request", &companion, &note);
}

/// LIBRA with the parameters of the figures on record.
fn published_libra() -> Box<dyn Strategy> {
    let parameters = Parameters {
        alpha: 0.8,
        mu: 0.8,
        std_multiplier: 1.5,
        indifference: Indifference::Off,
        ..Parameters::default()
    };
    Box::new(Libra::new(parameters))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    let wants = |what: &str| wanted.is_none_or(|wanted| what.contains(wanted.as_str()));
    let Effort { runs, requests, seconds } = match arguments.iter().any(|argument| argument == "--bench") {
        true => Effort { runs: 5, requests: 4_000_000, seconds: usize::MAX },
        false => Effort { runs: 1, requests: 20_000, seconds: 600 },
    };
    let one = Functions { count: 1, rate: 0.9, warm: 1.991, cold: 2.244, requests };
    let many = Functions { count: 1_000, rate: 5.0, warm: 0.2, cold: 0.2, requests: requests / 1_000 };
    for (what, functions) in [("1 function, 0.9 requests/s", one), ("1,000 functions, 5 requests/s each", many)] {
        if wants(what) {
            functions_beside_bare(what, functions, runs);
        }
    }
    let max = |size: Option<u32>| move || -> Box<dyn Strategy> { Box::new(Max::new(size)) };
    let what = "M/M/64, load 0.8, 100 sources";
    if wants(what) {
        alone(what, &queue(64, 0.8, 100, requests), max(None), runs);
    }
    let (name, mut arrivals) = wits();
    arrivals.truncate(seconds);
    let setup = libra(arrivals);
    let what = format!("MAX with 48 machines on {name}");
    if wants(&what) {
        alone(&what, &setup, max(Some(48)), runs);
    }
    let what = format!("LIBRA on {name}, no log");
    if wants(&what) {
        alone(&what, &setup, published_libra, runs);
    }
    let what = format!("LIBRA on {name}, every request logged");
    if wants(&what) {
        logged(&what, &setup, runs.min(3));
    }
}
