//! Serverless on the edge against the original's classes and the specification's ports (`oracle/edge`).

mod brokers;
mod computers;
mod models;

use std::path::Path;

use serde_json::Value;
use stratosim::engine::time::{Instant, Span};

use crate::golden::{self, Table, Tolerance};
use crate::oracle;

const KINDS: [&str; 9] = [
    "router",
    "predictor",
    "computer",
    "controller_hierarchical",
    "controller_balanced",
    "client_uncoordinated",
    "chain_cost",
    "chain_messages",
    "lambda_mu_flow",
];

/// One case in one reading.
struct Case<'a> {
    folder: &'a Path,
    value: &'a Value,
    faithful: bool,
    tolerance: Tolerance,
}

impl Case<'_> {
    fn name(&self) -> String {
        let reading = if self.faithful { "faithful" } else { "corrected" };
        format!("{} ({reading})", self.value["name"].as_str().expect("a case has a name"))
    }

    fn inputs(&self) -> &Value {
        &self.value["inputs"]
    }

    fn path(&self, role: &str) -> std::path::PathBuf {
        golden::file(self.folder, self.value, role)
    }

    fn table(&self, role: &str) -> Table {
        Table::read(&self.path(role))
    }

    /// Compares the answer of a run with the data: equal in the reading of the case, and in the corrected default where
    /// the case says that the data are the same there; different where it says so.
    fn judge(&self, run: impl Fn(&Case<'_>) -> Result<(), String>) {
        if let Err(difference) = run(self) {
            panic!("{}: {difference}", self.name());
        }
        let corrected = Case { faithful: false, ..*self };
        match self.value["corrected"].as_str() {
            Some("same") => {
                if let Err(difference) = run(&corrected) {
                    panic!("{}: {difference}", corrected.name());
                }
            }
            Some("differs") => {
                assert!(run(&corrected).is_err(), "{}: the data must differ from this reading", corrected.name());
            }
            Some(other) => panic!("{}: unknown comparison {other}", self.name()),
            None => assert!(!self.faithful, "{}: a faithful case compares the readings", self.name()),
        }
    }
}

#[test]
fn every_case_of_the_index_comes_out() {
    let Some(folder) = oracle::folder("edge") else { return };
    let index = golden::json(&folder.join("index.json"));
    for value in golden::cases(&index, &KINDS) {
        let faithful = value["faithful"].as_bool().expect("a case states its reading");
        let case = Case { folder: &folder, value, faithful, tolerance: Tolerance::of(&value["tolerance"]) };
        match value["kind"].as_str().expect("a case has a kind") {
            "router" => case.judge(brokers::router),
            "predictor" => case.judge(brokers::predictor),
            "computer" => case.judge(computers::computer),
            "controller_hierarchical" => case.judge(brokers::hierarchical),
            "controller_balanced" => case.judge(brokers::balanced),
            "client_uncoordinated" => case.judge(computers::uncoordinated),
            "chain_cost" => case.judge(models::chain_cost),
            "chain_messages" => case.judge(models::chain_messages),
            "lambda_mu_flow" => case.judge(models::lambda_mu_flow),
            other => panic!("no runner for kind {other}"),
        }
    }
}

fn at(seconds: f64) -> Instant {
    Instant::ZERO + Span::from_secs_f64(seconds).expect("golden times are not negative")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn integer(value: &Value) -> u64 {
    // Whole numbers stand as 1e9 too.
    number(value) as u64
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

/// `Err` with what differs.
fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, golden: &T) -> Result<(), String> {
    if found == golden { Ok(()) } else { Err(format!("{what}: {found:?}, golden {golden:?}")) }
}
