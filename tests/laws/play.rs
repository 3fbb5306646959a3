//! A small stage for the laws: a scenario's text is played under a script of scale orders, and everything is written down.

use std::io;

use stratosim::engine::random::Rng;
use stratosim::engine::time::Span;
use stratosim::model::orders::Orders;
use stratosim::model::request::{Outcome, Phases, Race, Request};
use stratosim::model::view::View;
use stratosim::model::world::{Departure, World};
use stratosim::run::drive::drive;
use stratosim::run::sink::{CallRow, DecisionRow, Sink, Wants};
use stratosim::run::summary::Summary;
use stratosim::scenario::check::check;
use stratosim::scenario::document::Document;
use stratosim::scenario::raw;
use stratosim::scenario::reader::read;
use stratosim::scenario::setup::Setup;
use stratosim::strategy::{Occasion, Route, Strategy};

/// The prices of the stage: a machine costs 0.0001 USD a second, 0.00005 as spot capacity.
const PRICES: &str = r#"
title = "the stage's own"
[types.m]
price = "0.36 USD/h"
memory = "4GiB"
vcpu = 2
source = "made up"
date = "2024-01-01"
[types.m.spot]
price = "0.18 USD/h"
interruptions = "20/h"
source = "made up"
date = "2024-01-01"
[function]
rounding = "100us"
requests = "0.20 USD/1M"
duration = "0.0000166667 USD/GB-s"
provisioned = "0.0000041667 USD/GB-s"
provisioned_duration = "0.0000097222 USD/GB-s"
source = "made up"
date = "2024-01-01"
[container]
vcpu = "0.04 USD/vCPU-h"
memory = "0.004 USD/GB-h"
source = "made up"
date = "2024-01-01"
[balancer]
price = "0.0225 USD/h"
unit = "0.008 USD/h"
unit_connections = "25/s"
unit_bytes_per_hour = "1GiB"
source = "made up"
date = "2024-01-01"
[gateway_requests]
price = "1.00 USD/1M"
source = "made up"
date = "2024-01-01"
[egress]
price = "0.09 USD/GB"
source = "made up"
date = "2024-01-01"
"#;

/// One call at its end.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: u64,
    pub call: u32,
    pub source: usize,
    pub function: usize,
    pub pool: Option<usize>,
    pub instance: Option<u64>,
    pub attempt: u16,
    pub arrival_ns: u64,
    pub begun_ns: Option<u64>,
    pub at_ns: u64,
    pub outcome: Outcome,
    pub phases: Phases,
    pub cold: bool,
    pub work: f64,
    pub payload_bytes: u64,
    pub direct_pico: u64,
    pub held_pico: u64,
    pub is_race: bool,
}

/// Everything that was seen of a run.
pub struct Played {
    pub rows: Vec<Row>,
    pub departures: Vec<Departure>,
    pub refusals: Vec<String>,
    pub summary: Summary,
    pub world: World,
    sources: Vec<String>,
}

#[derive(Default)]
struct Notebook {
    rows: Vec<Row>,
    departures: Vec<Departure>,
    refusals: Vec<String>,
}

impl Sink for Notebook {
    fn wants(&self) -> Wants {
        Wants { calls: true, departures: true, decisions: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        self.rows.push(Row {
            number: request.number,
            call: request.call,
            source: request.source.index(),
            function: request.function.index(),
            pool: request.pool.map(|pool| pool.index()),
            instance: row.instance_number,
            attempt: request.attempt,
            arrival_ns: request.arrival.as_nanos(),
            begun_ns: request.begun.map(|begun| begun.as_nanos()),
            at_ns: row.at.as_nanos(),
            outcome: row.outcome,
            phases: row.phases,
            cold: request.bound.is_some(),
            work: request.work,
            payload_bytes: request.payload_bytes,
            direct_pico: request.cost_direct_pico,
            held_pico: request.cost_held_pico,
            is_race: matches!(request.race, Race::Run { .. }),
        });
        Ok(())
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        self.departures.push(*row);
        Ok(())
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        if !row.refusal.is_empty() {
            self.refusals.push(format!("{} {}", row.target, row.refusal));
        }
        Ok(())
    }
}

/// Scale orders by the second: when, which pool, to what size.
struct Script<'a>(&'a [(u64, &'a str, u32)]);

impl Strategy for Script<'_> {
    fn control(&mut self, why: Occasion, view: &View<'_>, orders: &mut Orders) {
        if why == Occasion::Start {
            let mut instants: Vec<u64> = self.0.iter().map(|&(at, ..)| at).collect();
            instants.dedup();
            instants.iter().for_each(|&at| orders.wake(Span::from_secs(at)));
            return;
        }
        for &(at, pool, target) in self.0 {
            if Span::from_secs(at).as_nanos() == view.now().as_nanos() {
                let pool = view.pool_named(pool).expect("the script names a pool of the scenario");
                orders.scale(pool, target, "the script");
            }
        }
    }

    fn route(&mut self, view: &View<'_>, request: &Request, _rng: &mut dyn FnMut() -> Rng) -> Route {
        view.default_route(request)
    }
}

/// The setup of a scenario's text, which may name the stage's price list as `prices.toml`.
pub fn setup(text: &str) -> Setup {
    let folder = tempfile::tempdir().expect("a folder for a price list");
    std::fs::write(folder.path().join("prices.toml"), PRICES).expect("a price list can be written");
    let text = format!("strategies = [\"max\"]\n{text}");
    let document = Document::parse("stage.toml", text.as_str()).unwrap_or_else(|no| panic!("{no}\n{text}"));
    let read = read::<raw::Scenario>(document).unwrap_or_else(|no| panic!("{no}\n{text}"));
    check(&read, &folder.path().join("stage.toml")).unwrap_or_else(|no| panic!("{no}\n{text}")).setup
}

/// Plays a setup and checks the laws that every run keeps.
pub fn play_setup(setup: &Setup, script: &[(u64, &str, u32)]) -> Played {
    play_under(setup, &mut Script(script))
}

/// The same under any strategy.
pub fn play_under(setup: &Setup, strategy: &mut dyn Strategy) -> Played {
    let mut notebook = Notebook::default();
    let driven = drive(setup, "script", strategy, &mut notebook);
    let (summary, world) = driven.unwrap_or_else(|stop| panic!("{stop}"));
    let broken = summary.broken_laws();
    assert!(broken.is_empty(), "{}", broken.join("; "));
    let sources = setup.sources.iter().map(|source| source.name.clone()).collect();
    let Notebook { rows, departures, refusals } = notebook;
    Played { rows, departures, refusals, summary, world, sources }
}

/// Plays a scenario's text under a script.
pub fn play_scripted(text: &str, script: &[(u64, &str, u32)]) -> Played {
    play_setup(&setup(text), script)
}

/// Plays a scenario's text; fleets stay as they are.
pub fn play(text: &str) -> Played {
    play_scripted(text, &[])
}

/// Requests for one function, named a, b, c and so on: the second each is asked at, from 1, and its work in seconds.
pub fn asked(function: &str, requests: &[(u64, u64)]) -> String {
    let source = |(nth, (at, work)): (usize, &(u64, u64))| {
        let name = char::from(b'a' + u8::try_from(nth).expect("fewer requests than letters"));
        format!(
            "[sources.{name}]\nkind = \"renewal\"\ngap = \"{at}s\"\nrequests = 1\nfunction = \"{function}\"\nwork = \"{work}s\"\n"
        )
    };
    requests.iter().enumerate().map(source).collect()
}

/// An instant of a hand-made timeline, in whole seconds.
fn second(ns: u64) -> String {
    assert_eq!(ns % 1_000_000_000, 0, "hand-made timelines go by whole seconds, here {ns} ns");
    (ns / 1_000_000_000).to_string()
}

impl Played {
    /// Roots in order of their source's name, each as `a 1 10 12 served`: asked, begun, answered.
    pub fn told(&self) -> Vec<String> {
        let mut roots: Vec<&Row> = self.rows.iter().filter(|row| row.call == 0).collect();
        roots.sort_by_key(|row| (row.source, row.number));
        let line = |row: &&Row| {
            let begun = row.begun_ns.map_or("-".to_owned(), second);
            let (asked, back) = (second(row.arrival_ns), second(row.at_ns));
            format!("{} {asked} {begun} {back} {}", self.sources[row.source], row.outcome.name())
        };
        roots.iter().map(line).collect()
    }

    /// The only root of the source.
    pub fn root(&self, source: &str) -> &Row {
        let found = |row: &&Row| row.call == 0 && self.sources[row.source] == source;
        self.rows.iter().find(found).expect("the source has asked")
    }

    /// Instances in order of leaving, each as `0: 1 3 24`: launched, ready, gone. Those that stand at the end go then.
    pub fn lives(&self) -> Vec<String> {
        let line = |gone: &Departure| {
            let ready = gone.ready.map_or("-".to_owned(), |ready| second(ready.as_nanos()));
            format!("{}: {} {ready} {}", gone.number, second(gone.launched.as_nanos()), second(gone.gone.as_nanos()))
        };
        self.departures.iter().map(line).collect()
    }
}
