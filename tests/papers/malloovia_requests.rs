//! Malloovia's plans at request level: what the fluid plan promises is what its requests get, as far as it can be.
//!
//! Source: specification of Malloovia, section 10, and claim 9: figures of the companion simulator's constant and bursty
//! checks, exactly. The rest is what the specification expects of every plan: a bounded backlog, shares by performance, a
//! bill that is the plan's cost where machines boot, drain and move in no time.

use std::io;
use std::path::Path;

use crate::on_record_exactly;
use stratosim::experiment::opened::open;
use stratosim::model::request::Outcome;
use stratosim::model::world::World;
use stratosim::run::drive::drive;
use stratosim::run::sink::{CallRow, DecisionRow, NoteRow, Sink, Wants};
use stratosim::run::summary::Summary;

const PRICES: &str = r#"
title = "made up"
[types.m]
price = "0.01 USD/h"
memory = "4GiB"
vcpu = 1
source = "made up"
date = "2024-01-01"
[types.l]
price = "0.018 USD/h"
memory = "8GiB"
vcpu = 2
source = "made up"
date = "2024-01-01"
"#;

/// One request at its end, in nanoseconds.
struct Row {
    function: usize,
    pool: Option<usize>,
    arrival: u64,
    end: u64,
}

/// What a run leaves.
struct Ran {
    summary: Summary,
    world: World,
    rows: Vec<Row>,
    notes: Vec<NoteRow>,
    decisions: Vec<DecisionRow>,
}

#[derive(Default)]
struct Notebook {
    rows: Vec<Row>,
    notes: Vec<NoteRow>,
    decisions: Vec<DecisionRow>,
}

impl Sink for Notebook {
    fn wants(&self) -> Wants {
        Wants { calls: true, decisions: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        self.rows.push(Row {
            function: request.function.index(),
            pool: request.pool.map(|pool| pool.index()),
            arrival: request.arrival.as_nanos(),
            end: row.at.as_nanos(),
        });
        Ok(())
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        self.decisions.push(row.clone());
        Ok(())
    }

    fn note(&mut self, row: &NoteRow) -> io::Result<()> {
        self.notes.push(row.clone());
        Ok(())
    }
}

/// Runs a scenario's text under Malloovia, with a table `load.csv` beside it.
fn run(text: &str, load: &str) -> Ran {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    write("prices.toml", PRICES);
    write("load.csv", load);
    write("stage.toml", &format!("prices = \"prices.toml\"\nstrategies = [\"malloovia\"]\n{text}"));
    run_file(&place.path().join("stage.toml"), &[])
}

fn run_file(path: &Path, overrides: &[String]) -> Ran {
    let opened = open(path, overrides).unwrap_or_else(|complaints| panic!("{complaints}"));
    let column = opened.columns.iter().find(|column| column.label == "malloovia").expect("the scenario asks for it");
    let setup = opened.setup_for(column, 0);
    let mut strategy = opened.build_for(column, &setup).strategy;
    let mut notebook = Notebook::default();
    let driven = drive(&setup, "malloovia", &mut *strategy, &mut notebook);
    let (summary, world) = driven.unwrap_or_else(|stop| panic!("{stop}"));
    assert_eq!(summary.broken_laws(), Vec::<String>::new());
    let Notebook { rows, notes, decisions } = notebook;
    assert!(notes.iter().all(|note| !note.name.contains("failed")), "{notes:?}");
    Ran { summary, world, rows, notes, decisions }
}

impl Ran {
    fn served(&self) -> u64 {
        self.summary.roots.of(Outcome::Served)
    }

    fn bill_usd(&self) -> f64 {
        self.summary.bill_pico as f64 / 1e12
    }

    /// What the slots of the plan cost in sum.
    fn planned_usd(&self) -> f64 {
        self.notes.iter().filter(|note| note.name == "plan_cost").map(|note| note.value).sum()
    }

    fn pool(&self, name: &str) -> usize {
        self.world.pools.iter().position(|pool| pool.spec.name == name).expect("the pool exists")
    }
}

/// Two applications that take turns: the load of an hour is one's or the other's.
fn in_turns(hours: usize, spread: &str) -> Ran {
    let text = format!(
        r#"
horizon = "{hours}h"
[strategy.malloovia]
forecast = "oracle"
lead = "0s"
[functions.a]
work = "1200s"
[functions.b]
work = "1200s"
[sources.a]
kind = "counts"
function = "a"
file = "load.csv"
column = "a"
period = "1h"
spread = "{spread}"
[sources.b]
kind = "counts"
function = "b"
file = "load.csv"
column = "b"
period = "1h"
spread = "{spread}"
[pools.a]
kind = "vm"
type = "m"
serves = ["a"]
slots = 1
size = 0
boot = "0s"
[pools.b]
kind = "vm"
type = "m"
serves = ["b"]
slots = 1
size = 0
boot = "0s"
"#
    );
    let row = |hour: usize| if hour.is_multiple_of(2) { "3,0\n" } else { "0,3\n" };
    let load: String = (0..hours).map(row).collect();
    run(&text, &format!("a,b\n{load}"))
}

/// Requests in flight keep a machine busy all the time it lives.
fn utilisation(ran: &Ran) -> f64 {
    let busy: f64 = ran.summary.pools.iter().map(|pool| pool.busy_s).sum();
    let held: f64 = ran.summary.pools.iter().map(|pool| pool.capacity_s()).sum();
    busy / held
}

#[test]
fn a_year_of_bursts_at_the_beginning_of_hours_gives_the_figures_on_record() {
    let ran = in_turns(8760, "start");
    on_record_exactly("requests finished", ran.served(), 26_280);
    on_record_exactly("requests lost", ran.summary.roots.arrived - ran.served(), 0);
    let response = ran.summary.response.total();
    assert_eq!(
        (response.sum() / u128::from(response.count()), response.max()),
        (2_400_000_000_000, Some(3_600_000_000_000))
    );
    assert_eq!(utilisation(&ran), 1.0);
    assert_eq!(ran.summary.bill_pico, 87_600_000_000_000, "87.60 USD to the pico-dollar");
    assert!((ran.planned_usd() - 87.60).abs() < 1e-9);
}

#[test]
fn a_day_of_evenly_spaced_requests_gives_the_figures_on_record() {
    let ran = in_turns(24, "evenly");
    on_record_exactly("requests finished", ran.served(), 72);
    on_record_exactly("requests lost", ran.summary.roots.arrived - ran.served(), 0);
    assert!(ran.rows.iter().all(|row| row.end - row.arrival == 1_200_000_000_000), "1200 s each");
    assert_eq!(utilisation(&ran), 1.0);
    assert_eq!(ran.summary.bill_pico, 240_000_000_000, "0.24 USD to the pico-dollar");
}

/// Two applications on two types of machines: the large one does the work of two small ones for less money.
const TWO_TYPES: &str = r#"
[functions.a]
work = "10s"
[functions.b]
work = "30s"
[sources.a]
kind = "counts"
function = "a"
file = "load.csv"
column = "a"
period = "10min"
spread = "evenly"
[sources.b]
kind = "counts"
function = "b"
file = "load.csv"
column = "b"
period = "10min"
spread = "evenly"
[pools.a-small]
kind = "vm"
type = "m"
serves = ["a"]
slots = 1
size = 0
boot = "0s"
queue = "central"
[pools.a-large]
kind = "vm"
type = "l"
serves = ["a"]
slots = 2
size = 0
boot = "0s"
queue = "central"
[pools.b-small]
kind = "vm"
type = "m"
serves = ["b"]
slots = 1
size = 0
boot = "0s"
queue = "central"
"#;

/// Slots of ten minutes, planned as they come.
const PLANNED: &str = "[strategy.malloovia]\nslot = \"10min\"\nforecast = \"oracle\"\nlead = \"0s\"\n";

/// Loads of `slots` slots between nothing and some machines' work, from a fixed rule that repeats late.
fn uneven(slots: usize) -> String {
    let row = |t: usize| format!("{},{}\n", (t * t * 37 + 11 * t) % 700, (t * 53 + t * t * 7) % 130);
    format!("a,b\n{}", (0..slots).map(row).collect::<String>())
}

/// Covers, and the on-demand machines beside them, cost what the plan says, where nothing boots or drains in between.
#[test]
fn the_bill_is_the_cost_of_the_plan_where_machines_come_and_go_in_no_time() {
    let reserved = r#"
[[strategy.malloovia.reserved]]
type = "m"
hourly = "0.004 USD/h"
upfront = "17.52 USD"
[[strategy.malloovia.reserved]]
type = "l"
hourly = "0.011 USD/h"
max = 2
"#;
    // Requests of a second come at the beginning of their slot and fill half of a last machine, so that none is under way
    // when machines leave. 144 slots are a day.
    let text = format!("horizon = \"1d\"\n{PLANNED}{reserved}{TWO_TYPES}").replace("\"evenly\"", "\"start\"");
    let text = text.replace("work = \"10s\"", "work = \"1s\"").replace("work = \"30s\"", "work = \"1s\"");
    let half_full = |machines: usize| 600 * machines + 300;
    let row = |t: usize| format!("{},{}\n", half_full((t * t * 7 + 3 * t) % 11), half_full((t * t * 5 + t) % 4));
    let ran = run(&text, &format!("a,b\n{}", (0..144).map(row).collect::<String>()));
    let bought: Vec<(&str, &str)> = ran
        .decisions
        .iter()
        .filter(|row| row.action == "reserve")
        .map(|row| (row.target.as_str(), row.to.as_str()))
        .collect();
    assert!(!bought.is_empty(), "something is worth being reserved");
    let (bill, planned) = (ran.bill_usd(), ran.planned_usd());
    println!("reserved {bought:?}; bill {bill}, plan {planned}");
    assert!((bill / planned - 1.0).abs() < 1e-9, "bill {bill}, plan {planned}");
    assert_eq!(ran.summary.refusals, 0);
    assert_eq!(ran.served(), ran.summary.roots.arrived);
}

#[test]
fn what_waits_at_the_end_of_a_slot_does_not_grow_with_the_slots() {
    for slots in [24, 240] {
        let ran = run(&format!("{PLANNED}{TWO_TYPES}"), &uneven(slots));
        assert_eq!(ran.served(), ran.summary.roots.arrived);
        let slot = 600_000_000_000;
        for end in (1..=slots as u64).map(|t| t * slot) {
            for function in [0, 1] {
                let open = |row: &&Row| row.function == function && row.arrival < end && row.end > end;
                let backlog = ran.rows.iter().filter(open).count();
                // At most 700 requests of 10 s or 130 of 30 s come in a slot: 12 servers do the one, 7 the other.
                let servers = [12, 7][function];
                assert!(
                    backlog <= servers,
                    "{slots} slots: {backlog} requests of {function} at {end} ns, {servers} servers"
                );
            }
        }
    }
}

#[test]
fn requests_are_shared_out_by_what_machines_do() {
    // The plan is bought elsewhere: 2 large and 3 small ones of the first application, 4 and 3 servers.
    let text = format!(
        "{PLANNED}{TWO_TYPES}\n[[strategy.malloovia.reserved]]\ntype = \"m\"\nhourly = \"0.001 USD/h\"\ncount = 3\n\
         [[strategy.malloovia.reserved]]\ntype = \"l\"\nhourly = \"0.001 USD/h\"\ncount = 2\n"
    );
    let ran = run(&text, "a,b\n350,0\n350,0\n");
    let of = |name: &str| ran.rows.iter().filter(|row| row.pool == Some(ran.pool(name))).count();
    assert_eq!((of("a-small"), of("a-large")), (300, 400));
    let random = run(&text.replace("lead = \"0s\"\n", "lead = \"0s\"\ndispatch = \"random\"\n"), "a,b\n350,0\n350,0\n");
    let large = random.rows.iter().filter(|row| row.pool == Some(random.pool("a-large"))).count();
    assert!((large as f64 - 400.0).abs() < 4.0 * (700.0f64 * 12.0 / 49.0).sqrt(), "{large} of 700");
}

#[test]
fn a_load_that_cannot_be_served_is_served_as_far_as_planned() {
    let text =
        format!("{PLANNED}{TWO_TYPES}").replace("queue = \"central\"", "queue = \"central\"\nqueue_limit = 2\nmax = 2");
    // Two large and two small machines do 3600 s of work of the first application in a slot, and 6000 s are asked for.
    let ran = run(&text, "a,b\n600,0\n600,0\n600,0\n");
    let share = ran.served() as f64 / ran.summary.roots.arrived as f64;
    assert!(ran.notes.iter().any(|note| note.scope == "overfull"), "the plan says so");
    assert!((share - 0.6).abs() < 0.01, "{share} of the load, 0.6 planned");
}

/// With a lead of the boot time a slot begins with all its machines; without, it waits for them.
#[test]
fn machines_are_ready_when_their_slot_begins() {
    let text = |lead: &str| {
        format!("{PLANNED}{TWO_TYPES}").replace("boot = \"0s\"", "boot = \"100s\"").replace("lead = \"0s\"", lead)
    };
    let load = "a,b\n60,0\n360,0\n60,0\n";
    let slowest = |ran: &Ran| ran.rows.iter().map(|row| row.end - row.arrival).max().unwrap() / 1_000_000_000;
    let (ahead, late) = (run(&text(""), load), run(&text("lead = \"0s\""), load));
    assert_eq!(slowest(&ahead), 10, "nobody waits");
    assert!(slowest(&late) > 60, "{} s", slowest(&late));
    // The second slot has three large machines instead of a small one, the third the small one again: all boot ahead,
    // and those that leave finish requests of ten seconds.
    let hourly = 3.0 * 0.018 + 0.01;
    let ahead_of_plan = (ahead.bill_usd() - ahead.planned_usd()) / hourly * 3600.0;
    assert!((100.0 - 1e-6..=110.0).contains(&ahead_of_plan), "{ahead_of_plan} s of all of them");
}

#[test]
fn what_is_foretold_from_the_past_comes_a_slot_late() {
    let load = "a,b\n60,0\n360,0\n60,0\n60,0\n";
    let sizes = |forecast: &str| {
        let ran = run(&format!("{PLANNED}{TWO_TYPES}").replace("\"oracle\"", forecast), load);
        let planned = ran.notes.iter().filter(|note| note.name == "planned_work_s" && note.scope == "a-large");
        planned.map(|note| note.value).collect::<Vec<f64>>()
    };
    // Scopes are named after the first fleet of the application, in order of names.
    assert_eq!(sizes("\"oracle\"")[..4], [600.0, 3600.0, 600.0, 600.0]);
    assert_eq!(sizes("\"last\"")[..3], [600.0, 3600.0, 600.0]);
    assert_eq!(sizes("\"ewma\"\nalpha = 0.5")[..3], [600.0, 2100.0, 1350.0]);
    assert_eq!(sizes("\"daily\"\nseason = \"20min\"")[..3], [600.0, 600.0, 3600.0]);
}

/// One line of the report: what a head-room and a lead give.
struct Measured {
    machine_h: f64,
    usd: f64,
    response_s: [f64; 2],
    late: f64,
}

fn measured(headroom: &str, lead: &str) -> Measured {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/malloovia-headroom.toml");
    let set = [("headroom", headroom), ("lead", lead)].map(|(key, value)| format!("strategy.malloovia.{key}={value}"));
    let ran = run_file(&path, &set);
    assert_eq!(ran.served(), ran.summary.roots.arrived);
    let percentile = |p: f64| ran.summary.response.percentile(p).unwrap() as f64 / 1e9;
    Measured {
        machine_h: ran.summary.pools[0].alive_s / 3600.0,
        usd: ran.bill_usd(),
        response_s: [percentile(0.5), percentile(0.99)],
        late: 100.0 * ran.summary.violations as f64 / ran.summary.measured as f64,
    }
}

const HEADROOMS: [&str; 6] = ["1.0", "0.95", "0.9", "0.8", "0.7", "0.6"];
const LEADS: [&str; 3] = ["0s", "50s", "100s"];

/// The table of `docs/malloovia.md`, and the knee in it, are what this build measures.
#[test]
fn the_report_says_what_a_fluid_plan_costs_in_queueing_and_boot_time() {
    let mut table = String::from("| head-room | lead | machine hours | cost USD | p50 s | p99 s | later than 5 s |\n");
    table += "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    let mut p99 = std::collections::BTreeMap::new();
    for headroom in HEADROOMS {
        for lead in LEADS {
            let Measured { machine_h, usd, response_s: [p50, p99_s], late } = measured(headroom, lead);
            table +=
                &format!("| {headroom} | {lead} | {machine_h:.2} | {usd:.4} | {p50:.2} | {p99_s:.2} | {late:.2} % |\n");
            p99.insert((headroom, lead), p99_s);
        }
    }
    println!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/malloovia.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- measured -->\n", "<!-- end of measured -->");
    let (before, rest) = page.split_once(begin).expect("the page has a place for the table");
    let (written, after) = rest.split_once(end).expect("the place has an end");
    if std::env::var_os("STRATOSIM_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(written, table, "docs/malloovia.md has another table");
    }
    // More to spare never makes the tail longer by more than what chance and the rounding to machines do.
    for lead in LEADS {
        let of: Vec<f64> = HEADROOMS.iter().map(|headroom| p99[&(*headroom, lead)]).collect();
        assert!(of.windows(2).all(|pair| pair[1] <= pair[0] * 1.05), "{lead}: {of:?}");
        assert!(of[0] > 2.0 * of[HEADROOMS.len() - 1], "{lead}: a full plan waits: {of:?}");
    }
    // The knee: the first twentieth to spare takes nine tenths of the tail away, and boots ahead halve what is left.
    assert!(p99[&("0.95", "100s")] < 0.1 * p99[&("1.0", "100s")], "{p99:?}");
    assert!(p99[&("0.95", "100s")] < 0.6 * p99[&("0.95", "0s")], "{p99:?}");
}
