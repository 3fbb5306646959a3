//! Queueing references: every row of the table of exact values, by the gate beside it.
//!
//! A case becomes a scenario text, the scenario a setup, and ten replications of it run through the same loop as a user's.
//! A case with a value outside is repeated once with four times the requests, and the repeat alone decides.

mod billing;
mod families;
mod gate;
mod metrics;
mod record;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde_json::Value;

use self::families::{Model, Parameters, Shape, is_insensitive, model};
use self::metrics::{Measured, Measurement, needs_instances};
use crate::golden::Table;
use crate::oracle;

const REPLICATIONS: u64 = 10;
/// A repeat has this many times the requests.
const REPEAT: u64 = 4;

/// One value of a case.
struct Row {
    metric: String,
    exact: f64,
    gate: String,
    half_width: Option<f64>,
}

/// One parameter set.
struct Case {
    name: String,
    family: String,
    parameters: Value,
    stage: String,
    module: String,
    requests: u64,
    long: bool,
    rows: Vec<Row>,
}

fn cases(table: &Table) -> Vec<Case> {
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for row in &table.rows {
        let text = |column| table.text(row, column).to_owned();
        let number = |column| table.number(row, column);
        let case = cases.entry(text("case")).or_insert_with(|| Case {
            name: text("case"),
            family: text("model"),
            parameters: serde_json::from_str(&text("parameters")).expect("parameters are JSON"),
            stage: text("stage"),
            module: text("module"),
            requests: number("requests").expect("a case states its requests") as u64,
            long: number("long") == Some(1.0),
            rows: Vec::new(),
        });
        case.rows.push(Row {
            metric: text("metric"),
            exact: number("exact_value").expect("a row has an exact value"),
            gate: text("gate"),
            half_width: number("half_width"),
        });
    }
    cases.into_values().collect()
}

impl Case {
    fn parameters(&self) -> Parameters<'_> {
        Parameters(&self.parameters)
    }

    fn is_run(&self) -> bool {
        ["run", "request"].contains(&self.module.as_str())
    }

    /// Whether there is a way to measure the case here.
    fn can_be_measured(&self) -> bool {
        self.module == "tariff" || self.is_run() && model(&self.family, self.parameters(), Shape::Exponential).is_some()
    }

    /// The laws of service that must each pass, with the word that the seeds know them by.
    fn shapes(&self) -> Vec<(Shape, Option<&'static str>)> {
        if is_insensitive(&self.family) {
            Shape::ALL.map(|shape| (shape, Some(shape.name()))).to_vec()
        } else {
            vec![(Shape::Exponential, None)]
        }
    }

    /// What is wrong with the case after one attempt: one line for each value outside.
    fn objections(&self, seeds: &str, requests: u64) -> Vec<String> {
        let judged = self.shapes().into_iter().flat_map(|(shape, word)| {
            let replications: Vec<Vec<Option<Measured>>> = (0..REPLICATIONS)
                .into_par_iter()
                .map(|i| {
                    let seed = record::seed(&word.map_or(format!("{seeds}/{i}"), |word| format!("{seeds}/{word}/{i}")));
                    self.replication(shape, seed, requests)
                })
                .collect();
            let lines = self.rows.iter().enumerate().filter_map(|(place, row)| {
                let measured: Option<Vec<Measured>> = replications.iter().map(|values| values[place]).collect();
                let objection = gate::objection(&row.gate, row.exact, row.half_width, &measured?)?;
                let law = word.map_or(String::new(), |word| format!(" ({word} service)"));
                Some(format!("{} {}{law}, {}: {objection}", self.name, self.family, row.metric))
            });
            lines.collect::<Vec<_>>()
        });
        judged.collect()
    }

    /// The values of one replication, row by row.
    fn replication(&self, shape: Shape, seed: u64, requests: u64) -> Vec<Option<Measured>> {
        let warm_up = (requests as f64 * 0.1).round() as u64;
        if self.module == "tariff" {
            let bills = billing::bill(&self.family, self.parameters(), seed, warm_up, requests);
            return self.rows.iter().map(|row| Some(bills.of(&row.metric))).collect();
        }
        let model: Model = model(&self.family, self.parameters(), shape).expect("the case was found expressible");
        let mut setup = record::setup(&model.scenario(warm_up + requests));
        setup.seed = seed;
        let log = record::run(&setup, self.rows.iter().any(|row| needs_instances(&row.metric)));
        let measurement = Measurement::new(&log, &model, warm_up as usize, (warm_up + requests) as usize);
        self.rows.iter().map(|row| measurement.of(&row.metric, row.exact)).collect()
    }

    /// What is wrong with the case for good.
    fn verdict(&self) -> Vec<String> {
        let first = self.objections(&self.name, self.requests);
        if first.is_empty() {
            return first;
        }
        println!("queueing: repeated with {REPEAT} times the requests: {}", first.join("; "));
        self.objections(&format!("{}/again", self.name), REPEAT * self.requests)
    }
}

/// Says how many rows were left out, and of which families.
fn skip(why: &str, cases: &[&Case]) {
    if !cases.is_empty() {
        let rows: usize = cases.iter().map(|case| case.rows.len()).sum();
        let mut families: Vec<&str> = cases.iter().map(|case| case.family.as_str()).collect();
        families.dedup();
        oracle::skipped(&format!("queueing: {rows} rows of {} cases, {why}: {}", cases.len(), families.join("; ")));
    }
}

#[test]
fn every_row_passes_its_gate() {
    let Some(folder) = oracle::folder("queueing") else { return };
    let table = Table::read(&folder.join("cases.csv"));
    let cases = cases(&table);
    assert!(!cases.is_empty(), "cases.csv lists no case");
    let (can, cannot): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.can_be_measured());
    let missing: Vec<&str> =
        cannot.iter().filter(|case| case.stage == "first").map(|case| case.family.as_str()).collect();
    assert!(missing.is_empty(), "families of the first stage without a model: {missing:?}");
    skip("stage `later`, not expressible yet", &cannot);
    let (mut now, long): (Vec<&Case>, Vec<&Case>) =
        can.into_iter().partition(|case| cfg!(feature = "long") || !case.long);
    skip("second tier, run with feature `long`", &long);
    // The longest first, so that no core is left alone with one at the end.
    now.sort_by_key(|case| std::cmp::Reverse(case.requests * case.shapes().len() as u64));
    let outside: Vec<String> = now.par_iter().with_max_len(1).flat_map_iter(|case| case.verdict()).collect();
    let rows: usize = now.iter().map(|case| case.rows.len()).sum();
    println!("queueing: {rows} rows of {} cases compared, {} values outside", now.len(), outside.len());
    assert!(outside.is_empty(), "{}", outside.join("\n"));
    assert!(!now.is_empty(), "no case could be compared");
}
