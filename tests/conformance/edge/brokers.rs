//! Tables, optimizers, predictors and controllers.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use stratosim::engine::time::{Instant, Span};
use stratosim::strategy::edge::controller::{Name, Objective, Topology, balance};
use stratosim::strategy::edge::dispatcher::{Choice, EdgeDispatcher, Outcome, Predictor};
use stratosim::strategy::edge::router::{
    Entry, Learning, LearningTable, Named, Options, Selection, Statistic, TableError,
};

use super::{Case, at, equal, integer, list, number, text};
use crate::golden;

/// Numbers for names, in order of their first mention.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn named<'a>(&mut self, name: &'a str) -> Named<'a> {
        let place = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        Named { id: place as u32, name }
    }

    fn name(&self, id: u32) -> &str {
        &self.0[id as usize]
    }
}

fn options(case: &Case<'_>) -> Options {
    let table = &case.inputs()["table"];
    let selection = match text(&table["type"]) {
        "least-impedance" => Selection::LeastImpedance,
        "random" => Selection::Random,
        "round-robin" => Selection::RoundRobin,
        "proportional-fairness" => {
            Selection::ProportionalFairness { alpha: number(&table["alpha"]), beta: number(&table["beta"]) }
        }
        other => panic!("unknown table {other}"),
    };
    let optimizer = &case.inputs()["optimizer"];
    let learning = match text(&optimizer["type"]) {
        "none" => Learning::None,
        "async" => Learning::Async { alpha: number(&optimizer["alpha"]) },
        "asyncPF" => Learning::AsyncFairness,
        "trivial" => {
            let statistic = match text(&optimizer["stat"]) {
                "mean" => Statistic::Mean,
                "min" => Statistic::Min,
                "max" => Statistic::Max,
                other => panic!("unknown statistic {other}"),
            };
            Learning::Periodic { period: seconds(&optimizer["period_s"]), statistic }
        }
        other => panic!("unknown optimizer {other}"),
    };
    Options { selection, learning, faithful: case.faithful }
}

fn seconds(value: &Value) -> Span {
    Span::from_secs_f64(number(value)).expect("a length of time")
}

pub fn router(case: &Case<'_>) -> Result<(), String> {
    let mut half = LearningTable::new(options(case));
    let (mut functions, mut destinations) = (Names::default(), Names::default());
    let table = case.table("trace");
    assert!(!table.rows.is_empty());
    for row in &table.rows {
        let step = format!("step {}", table.text(row, "step"));
        let now = at(table.number(row, "time_s").expect("a time"));
        let function = functions.named(table.text(row, "function"));
        let destination = destinations.named(table.text(row, "destination"));
        let value = table.number(row, "value");
        let word = |result: Result<(), TableError>| if result.is_ok() { "ok" } else { "error" }.to_owned();
        let result = match table.text(row, "op") {
            "add" => {
                let weight = value.expect("a weight") as f32;
                word(half.table_mut().change(now, function, destination, weight, true))
            }
            "set" => word(half.table_mut().set(now, function.id, destination.id, value.expect("a weight") as f32)),
            "remove" => {
                half.table_mut().remove(now, function.id, destination.id);
                "ok".to_owned()
            }
            "feedback" => word(half.learn(now, function.id, destination.id, value.expect("a delay"))),
            "tick" => {
                half.tick(now);
                "ok".to_owned()
            }
            "select" => {
                let draw = table.number(row, "uniform_draw");
                let mut drawn = false;
                let selected = half.table_mut().select(now, function.id, || {
                    drawn = true;
                    draw.expect("a draw where the trace has one")
                });
                equal(&step, &drawn, &draw.is_some())?;
                selected.map_or_else(|_| "error".to_owned(), |id| destinations.name(id).to_owned())
            }
            other => panic!("unknown operation {other}"),
        };
        equal(&step, &result.as_str(), &table.text(row, "result"))?;
        let entry = half.table().entry(function.id);
        pairs(case, &step, &weights(entry), table.text(row, "weights_after"), '=')?;
        pairs(case, &step, &state(entry), table.text(row, "state_after"), ':')?;
    }
    Ok(())
}

/// Name and fields of each destination.
type Shown = Vec<(String, Vec<String>)>;

fn weights(entry: Option<&Entry>) -> Shown {
    let destinations = entry.into_iter().flat_map(Entry::destinations);
    destinations.map(|(destination, weight)| (destination.name.to_string(), vec![weight.to_string()])).collect()
}

/// Turns of the round robin or services of proportional fairness, in order of names, times since the entry was made.
fn state(entry: Option<&Entry>) -> Shown {
    let Some(entry) = entry else { return Vec::new() };
    let age = |at: Instant| at.since(entry.created()).as_secs_f64().to_string();
    let flag = |set: bool, letter: &str| if set { letter } else { "-" }.to_owned();
    let names = entry.destinations().map(|(destination, _)| destination.name.to_string());
    let mut shown: Shown = if let Some(turns) = entry.turns() {
        let fields = turns.map(|turn| {
            let updated = turn.updated.map_or("-1".to_owned(), age);
            let period = turn.period.as_secs_f64().to_string();
            vec![turn.deficit.to_string(), updated, period, flag(turn.probing, "P"), flag(turn.active, "A")]
        });
        names.zip(fields).collect()
    } else if let Some(services) = entry.services() {
        names.zip(services.iter().map(|service| vec![service.count.to_string(), age(service.at)])).collect()
    } else {
        return Vec::new();
    };
    shown.sort();
    shown
}

/// Compares with `name=field/field;...`: numbers within the tolerance, words exactly.
fn pairs(case: &Case<'_>, step: &str, found: &Shown, golden: &str, separator: char) -> Result<(), String> {
    let golden: Vec<&str> = golden.split(';').filter(|part| !part.is_empty()).collect();
    let different = || Err(format!("{step}: {found:?}, golden {golden:?}"));
    if found.len() != golden.len() {
        return different();
    }
    for ((name, fields), part) in found.iter().zip(&golden) {
        let (golden_name, values) = part.rsplit_once(separator).expect("a name and its fields");
        let values: Vec<&str> = values.split('/').collect();
        let agrees = |(field, value): (&String, &&str)| match (field.parse::<f64>(), value.parse::<f64>()) {
            (Ok(field), Ok(value)) => case.tolerance.agrees(field, value),
            _ => field == value,
        };
        if name != golden_name || fields.len() != values.len() || !fields.iter().zip(&values).all(agrees) {
            return different();
        }
    }
    Ok(())
}

fn dispatcher(case: &Case<'_>) -> EdgeDispatcher {
    let inputs = &case.inputs()["predictor"];
    let window = |name: &str| integer(&inputs[name]) as usize;
    let predictor = match text(&inputs["type"]) {
        "rtt" => Predictor::Rtt { window: window("window"), stale: seconds(&inputs["stale_s"]) },
        "util" => Predictor::Util {
            window: window("window"),
            stale: seconds(&inputs["stale_s"]),
            load_timeout: seconds(&inputs["load_timeout_s"]),
            util_window: window("util_window"),
        },
        "delay" => {
            Predictor::Delay { load_timeout: seconds(&inputs["load_timeout_s"]), util_window: window("util_window") }
        }
        "probe" => Predictor::Probe,
        other => panic!("unknown predictor {other}"),
    };
    EdgeDispatcher::new(predictor, case.faithful)
}

pub fn predictor(case: &Case<'_>) -> Result<(), String> {
    let mut dispatcher = dispatcher(case);
    let (mut functions, mut destinations) = (Names::default(), Names::default());
    let mut outstanding: HashMap<String, u32> = HashMap::new();
    let table = case.table("trace");
    assert!(!table.rows.is_empty());
    for row in &table.rows {
        let step = format!("step {}", table.text(row, "step"));
        let now = at(table.number(row, "time_s").expect("a time"));
        let function = functions.named(table.text(row, "function")).id;
        let destination = destinations.named(table.text(row, "destination"));
        let field = |column: &str| table.number(row, column).unwrap_or_else(|| panic!("{step}: no {column}"));
        let request = table.text(row, "request").to_owned();
        match table.text(row, "op") {
            "add" => dispatcher.add(now, function, destination.id, destination.name),
            "remove" => dispatcher.remove(function, destination.id),
            "select" => {
                let choice = if dispatcher.probes() {
                    let answers = dry_runs(table.text(row, "dry_run_ms"), &mut destinations);
                    let asked: Vec<u32> = dispatcher.destinations(function).collect();
                    equal(&step, &asked, &answers.iter().map(|&(id, _)| id).collect())?;
                    dispatcher.select_probed(function, &answers)
                } else {
                    dispatcher.select(now, function, field("size_bytes") as u64)
                };
                let name = choice.map(|choice| destinations.name(choice.destination));
                equal(&step, &name.unwrap_or("error"), &destination.name)?;
                let Some(Choice { destination, rtt_s, processing_s }) = choice else { continue };
                outstanding.insert(request, destination);
                for (column, found) in [("est_rtt_s", rtt_s), ("est_ptime_s", processing_s)] {
                    if let Some(golden) = table.number(row, column)
                        && !case.tolerance.agrees(found, golden)
                    {
                        return Err(format!("{step}: {column} {found}, golden {golden}"));
                    }
                }
            }
            "done" => {
                equal(&step, &outstanding.remove(&request), &Some(destination.id))?;
                let outcome = Outcome {
                    size_bytes: field("size_bytes") as u64,
                    elapsed_s: field("total_time_s"),
                    processing_ms: field("ptime_ms") as u64,
                    load1_percent: field("load1") as u32,
                };
                dispatcher.learn(now, function, destination.id, outcome);
            }
            "fail" => {
                equal(&step, &outstanding.remove(&request), &Some(destination.id))?;
                dispatcher.remove(function, destination.id);
            }
            other => panic!("unknown operation {other}"),
        }
    }
    Ok(())
}

fn dry_runs(text: &str, destinations: &mut Names) -> Vec<(u32, u64)> {
    let answer = |part: &str| {
        let (name, ms) = part.split_once('=').expect("a destination and its dry run");
        (destinations.named(name).id, ms.parse().expect("whole milliseconds"))
    };
    text.split(';').filter(|part| !part.is_empty()).map(answer).collect()
}

pub fn hierarchical(case: &Case<'_>) -> Result<(), String> {
    let scenario = golden::json(&case.path("scenario"));
    let names: Vec<String> = list(&scenario["names"]).iter().map(|name| text(name).to_owned()).collect();
    let row = |from: &String| {
        let distance = |to: &String| number(&scenario["distance"][from.as_str()][to.as_str()]);
        names.iter().map(distance).collect()
    };
    let distances = names.iter().map(row).collect();
    let topology = Topology::new(names.clone(), distances).expect("a sound topology");
    let routers: BTreeSet<Name> = list(&scenario["routers"]).iter().map(|name| Name::from(text(name))).collect();
    let table = case.table("expected");
    let mut rows = table.rows.iter();
    let close = |what: &str, found: f64, golden: Option<f64>| match golden {
        Some(golden) if case.tolerance.agrees(found, golden) => Ok(()),
        _ => Err(format!("{what}: {found}, golden {golden:?}")),
    };
    for objective in list(&case.inputs()["objectives"]) {
        let objective_name = text(objective);
        let objective = match objective_name {
            "min-max" => Objective::MinMax,
            "min-avg" => Objective::MinAvg,
            other => panic!("unknown objective {other}"),
        };
        for computer in list(&scenario["computers"]) {
            let computer = text(computer);
            for score in topology.scores(&routers, computer, objective).expect("known names") {
                let row = rows.next().ok_or("more scores than rows")?;
                equal("objective", &table.text(row, "objective"), &objective_name)?;
                equal("computer", &table.text(row, "computer"), &computer)?;
                equal("router", &&*score.router, &table.text(row, "router"))?;
                close("max_cost", score.max_cost, table.number(row, "max_cost"))?;
                close("avg_cost", score.avg_cost, table.number(row, "avg_cost"))?;
                close("score", score.score, table.number(row, "score"))?;
            }
            let row = rows.next().ok_or("no row for the home router")?;
            let home = topology.home(&routers, computer, objective).expect("known names").expect("a router");
            equal("home", &format!("HOME={}", home.router).as_str(), &table.text(row, "router"))?;
            close("score of home", home.score, table.number(row, "score"))?;
        }
    }
    equal("rows left", &rows.count(), &0)
}

pub fn balanced(case: &Case<'_>) -> Result<(), String> {
    let texts = |value: &Value| list(value).iter().map(|name| text(name).to_owned()).collect::<Vec<_>>();
    let computer = |value: &Value| (text(&value["computer"]).to_owned(), texts(&value["functions"]));
    let computers: Vec<_> = list(&case.inputs()["computers"]).iter().map(computer).collect();
    let context = |value: &Value| (text(&value["client"]).to_owned(), text(&value["function"]).to_owned());
    let contexts: Vec<_> = list(&case.inputs()["contexts"]).iter().map(context).collect();
    let found = balance(&computers, &contexts);
    let table = case.table("expected");
    equal("associations", &found.len(), &table.rows.len())?;
    for (association, row) in found.iter().zip(&table.rows) {
        let what = format!("{association:?}");
        equal(&what, &association.client.as_str(), &table.text(row, "client"))?;
        equal(&what, &association.function.as_str(), &table.text(row, "function"))?;
        equal(&what, &Some(association.contexts as f64), &table.number(row, "contexts"))?;
        equal(&what, &association.computer.as_deref().unwrap_or("UNSERVED"), &table.text(row, "computer"))?;
    }
    Ok(())
}
