//! Runs put in order for a report: a section for each scenario, in it a column for each strategy, in it its replications.
//!
//! Figures of a column are means over its replications; distributions pool their requests. Runs of one strategy and one
//! replication under different settings (`--set`, another binary) are columns of their own, told apart by the address of their
//! setup.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::folders::{Document, ReportError};
use super::frames::{Charge, Responses, arrivals, charges, lives, responses};
use crate::model::tariff::PICO;

/// What a bill is made of.
pub const PARTS: [&str; 5] = ["machines", "functions", "balancer", "gateway", "egress"];

/// One run, without its requests.
#[derive(Clone, Debug)]
pub struct Run {
    pub folder: PathBuf,
    pub scenario: String,
    pub strategy: String,
    pub replication: u64,
    pub address: String,
    pub offered_digest: String,
    pub arrived: u64,
    pub served: u64,
    /// Share of requests that missed the objective; `None` without one.
    pub violations: Option<f64>,
    /// Seconds: mean, and percentiles within 1 %.
    pub response: [Option<f64>; 4],
    pub cold_starts: u64,
    /// Dollars: direct, held, idle.
    pub shares_usd: [f64; 3],
    pub end_s: f64,
    /// By hour: requests that arrived, and how many of them missed the objective.
    pub hours: Vec<(u64, u64)>,
    pub charges: Vec<Charge>,
    /// Pools whose instances are paid by time, the machines.
    pub machines: Vec<String>,
    /// Seconds of machines, from launch to the end of their bill.
    pub machine_s: f64,
}

impl Run {
    /// Reads a run.
    ///
    /// # Errors
    /// A file that is missing or is not what `run` writes.
    pub fn read(folder: PathBuf) -> Result<Run, ReportError> {
        let summary = Document::read(folder.join("summary.json"))?;
        let manifest = Document::read(folder.join("manifest.json"))?;
        let charges = charges(&folder)?;
        let paid = charges.iter().filter(|charge| charge.item == "instances").map(|charge| charge.resource.clone());
        let machines: Vec<String> = paid.collect::<BTreeSet<_>>().into_iter().collect();
        let uptime = |pool: &String| summary.number(&["pools", pool, "uptime_s"]).unwrap_or(0.0);
        let pools = summary.at(&["pools"]).as_object();
        let cold = |pool: &serde_json::Value| pool["cold_starts"].as_u64().unwrap_or(0);
        let hours = summary.at(&["hours"]).as_array().map(Vec::as_slice).unwrap_or_default();
        let hour = |hour: &serde_json::Value| {
            (hour["arrived"].as_u64().unwrap_or(0), hour["violations"].as_u64().unwrap_or(0))
        };
        Ok(Run {
            scenario: manifest.text(&["determined_by", "scenario"])?,
            strategy: summary.text(&["strategy"])?,
            replication: summary.whole(&["replication"])?,
            address: manifest.text(&["address"])?,
            offered_digest: summary.text(&["offered_digest"])?,
            arrived: summary.whole(&["requests", "arrived"])?,
            served: summary.whole(&["requests", "served"])?,
            violations: summary.number(&["slo_s"]).and(summary.number(&["violation_share"])),
            response: ["mean_s", "p50_s", "p95_s", "p99_s"].map(|key| summary.number(&["response", key])),
            cold_starts: pools.map_or(0, |pools| pools.values().map(cold).sum()),
            shares_usd: [
                summary.dollars(&["cost", "direct_usd"])?,
                summary.dollars(&["cost", "held_usd"])?,
                summary.dollars(&["cost", "idle_usd"])?,
            ],
            end_s: summary.number(&["end_s"]).unwrap_or(0.0),
            hours: hours.iter().map(hour).collect(),
            // A sum of nothing is minus zero.
            machine_s: machines.iter().map(uptime).sum::<f64>() + 0.0,
            machines,
            charges,
            folder,
        })
    }

    /// When machines were launched and gone, nanoseconds.
    ///
    /// # Errors
    /// A table that is missing or is not what `run` writes.
    pub fn lives(&self) -> Result<Vec<(u64, u64)>, ReportError> {
        lives(&self.folder, &self.machines)
    }

    /// Requests that arrived in each sampling period, by its end in nanoseconds.
    ///
    /// # Errors
    /// A table that is missing or is not what `run` writes.
    pub fn arrivals(&self) -> Result<BTreeMap<u64, u64>, ReportError> {
        arrivals(&self.folder)
    }
}

/// The part of the bill to which an item belongs, as its place in [`PARTS`].
fn part(item: &str) -> usize {
    match item {
        "instances" | "reserved" => 0,
        "requests" | "duration" | "provisioned" => 1,
        "balancer-hours" | "balancer-units" => 2,
        "gateway" | "gateway-requests" => 3,
        _ => 4,
    }
}

/// One strategy of a scenario with its replications.
#[derive(Clone, Debug)]
pub struct Column {
    pub label: String,
    /// By replication.
    pub runs: Vec<Run>,
    /// Responses of all replications, sorted by time; `None` where none was logged.
    pub responses: Option<Responses>,
}

impl Column {
    /// The mean of a figure over the replications that have it.
    pub fn mean(&self, figure: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
        let figures: Vec<f64> = self.runs.iter().filter_map(figure).collect();
        (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
    }

    /// Dollars of the charges that belong together by a key, over the replications' number. Sums are exact.
    pub fn dollars_by<K: Ord>(&self, key: impl Fn(&Charge) -> K) -> BTreeMap<K, f64> {
        let mut sums: BTreeMap<K, i128> = BTreeMap::new();
        for charge in self.runs.iter().flat_map(|run| &run.charges) {
            *sums.entry(key(charge)).or_insert(0) += charge.pico_usd;
        }
        let each = |pico: i128| pico as f64 / PICO as f64 / self.runs.len() as f64;
        sums.into_iter().map(|(key, pico)| (key, each(pico))).collect()
    }

    /// Dollars in the order of [`PARTS`].
    pub fn parts_usd(&self) -> [f64; 5] {
        let mut parts = [0.0; 5];
        self.dollars_by(|charge| part(&charge.item)).into_iter().for_each(|(part, dollars)| parts[part] = dollars);
        parts
    }

    pub fn total_usd(&self) -> f64 {
        self.dollars_by(|_| ()).into_values().sum()
    }

    pub fn machine_s(&self) -> f64 {
        self.mean(|run| Some(run.machine_s)).unwrap_or(0.0)
    }

    pub fn violations(&self) -> Option<f64> {
        self.mean(|run| run.violations)
    }
}

/// Responses of all replications, sorted; `None` where none was logged.
fn pooled(runs: &[Run]) -> Result<Option<Responses>, ReportError> {
    let mut pooled: Option<Responses> = None;
    for run in runs {
        if let Some(more) = responses(&run.folder)? {
            let all = pooled.get_or_insert_default();
            all.roots += more.roots;
            all.served_ns.extend(more.served_ns);
        }
    }
    if let Some(all) = &mut pooled {
        all.served_ns.sort_unstable();
    }
    Ok(pooled)
}

/// The runs of one scenario.
#[derive(Clone, Debug)]
pub struct Section {
    pub scenario: String,
    /// By label.
    pub columns: Vec<Column>,
    /// The place of the column that others are compared with.
    base: usize,
}

impl Section {
    /// The column over which ratios are.
    pub fn base(&self) -> &Column {
        &self.columns[self.base]
    }

    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.columns.iter().flat_map(|column| &column.runs)
    }

    /// Whether every run of a replication met the same requests.
    pub fn same_requests(&self) -> bool {
        let mut digests: BTreeMap<u64, &str> = BTreeMap::new();
        self.runs().all(|run| *digests.entry(run.replication).or_insert(&run.offered_digest) == run.offered_digest)
    }

    /// The end of the longest run.
    pub fn end_s(&self) -> f64 {
        self.runs().map(|run| run.end_s).fold(0.0, f64::max)
    }
}

/// Reads runs. Ratios will be over the strategy `base`, or over the first where it is not there.
///
/// # Errors
/// A file that is not what `run` writes.
pub fn sections(runs: Vec<PathBuf>, base: &str) -> Result<Vec<Section>, ReportError> {
    let mut scenarios: BTreeMap<String, BTreeMap<String, Vec<Run>>> = BTreeMap::new();
    for folder in runs {
        let run = Run::read(folder)?;
        let strategies = scenarios.entry(run.scenario.clone()).or_default();
        strategies.entry(run.strategy.clone()).or_default().push(run);
    }
    let mut sections = Vec::new();
    for (scenario, strategies) in scenarios {
        let mut all = Vec::new();
        for (strategy, runs) in strategies {
            all.extend(columns(&strategy, runs)?);
        }
        let base = all.iter().position(|column| column.runs[0].strategy == base).unwrap_or(0);
        sections.push(Section { scenario, columns: all, base });
    }
    Ok(sections)
}

/// The columns of one strategy: one, or one for each run where a replication was run under several settings.
fn columns(strategy: &str, mut runs: Vec<Run>) -> Result<Vec<Column>, ReportError> {
    runs.sort_by(|one, other| (one.replication, &one.address).cmp(&(other.replication, &other.address)));
    let column = |label: String, runs: Vec<Run>| Ok(Column { label, responses: pooled(&runs)?, runs });
    let several = runs.windows(2).any(|pair| pair[0].replication == pair[1].replication);
    if several {
        let label = |run: &Run| format!("{strategy} {}-{}", run.replication, run.address);
        return runs.into_iter().map(|run| column(label(&run), vec![run])).collect();
    }
    Ok(vec![column(strategy.to_owned(), runs)?])
}
