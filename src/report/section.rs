//! Runs put in order for a report: a section for each scenario, in it a column for each strategy, in it its replications.
//!
//! Figures of a column are means over its replications; distributions pool their requests. Runs of one strategy under
//! different settings (`--set`, an edited scenario, another binary) are columns of their own, told apart by the keys that differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::folders::{Document, ReportError};
use super::frames::{Charge, Responses, arrivals, charges, lives, responses};
use super::settings::{Settings, differences, settings};
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
    /// What determined it, by key.
    pub settings: Settings,
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
            settings: settings(manifest.at(&["determined_by"])),
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

/// The strategy over which ratios are where none is named.
const BASE: &str = "libra";

/// Reads runs. Ratios will be over the strategy `base`, or the column of that label; where none is named over [`BASE`]. A
/// section without it has its first column for that.
///
/// # Errors
/// A file that is not what `run` writes, a base that was named and is in no section.
pub fn sections(
    runs: Vec<PathBuf>,
    base: Option<&str>,
    progress: super::Progress<'_>,
) -> Result<Vec<Section>, ReportError> {
    let mut scenarios: BTreeMap<String, BTreeMap<String, Vec<Run>>> = BTreeMap::new();
    let all = runs.len() as u64;
    for folder in runs {
        let run = Run::read(folder)?;
        let strategies = scenarios.entry(run.scenario.clone()).or_default();
        strategies.entry(run.strategy.clone()).or_default().push(run);
    }
    let (mut sections, mut read) = (Vec::new(), 0);
    for (scenario, strategies) in scenarios {
        let mut columns = Vec::new();
        for (strategy, runs) in strategies {
            // What takes long is the log of requests, read with the column.
            progress(read, all);
            read += runs.len() as u64;
            columns.extend(columns_of(&strategy, runs)?);
        }
        sections.push(Section { scenario, columns, base: 0 });
    }
    let mut found = sections.is_empty();
    let wanted = base.unwrap_or(BASE);
    for section in &mut sections {
        let place = |fits: &dyn Fn(&Column) -> bool| section.columns.iter().position(fits);
        let place =
            place(&|column| column.label == wanted).or_else(|| place(&|column| column.runs[0].strategy == wanted));
        found |= place.is_some();
        section.base = place.unwrap_or(0);
    }
    if let Some(base) = base.filter(|_| !found) {
        let labels = sections.iter().flat_map(|section| section.columns.iter().map(|column| column.label.clone()));
        return Err(ReportError::NoBase {
            base: base.to_owned(),
            known: labels.collect::<BTreeSet<_>>().into_iter().collect(),
        });
    }
    Ok(sections)
}

/// The columns of one strategy: one for each of the settings under which it was run, in the order of their values.
fn columns_of(strategy: &str, runs: Vec<Run>) -> Result<Vec<Column>, ReportError> {
    let mut groups: BTreeMap<Settings, Vec<Run>> = BTreeMap::new();
    for run in runs {
        groups.entry(run.settings.clone()).or_default().push(run);
    }
    let differences = differences(&groups.keys().collect::<Vec<_>>());
    let mut columns: Vec<Column> = Vec::new();
    for ((_, mut runs), difference) in groups.into_iter().zip(differences) {
        let mut label = if difference.is_empty() { strategy.to_owned() } else { format!("{strategy} {difference}") };
        runs.sort_by(|one, other| (one.replication, &one.address).cmp(&(other.replication, &other.address)));
        let column = |label: String, runs: Vec<Run>| Ok(Column { label, responses: pooled(&runs)?, runs });
        // One replication twice: something else than the settings was different, and only the address tells.
        if runs.windows(2).any(|pair| pair[0].replication == pair[1].replication) {
            let apart =
                runs.into_iter().map(|run| column(format!("{label} {}-{}", run.replication, run.address), vec![run]));
            columns.extend(apart.collect::<Result<Vec<_>, ReportError>>()?);
            continue;
        }
        if columns.iter().any(|column| column.label == label) {
            // They differ in a key further on.
            label = format!("{label} {}-{}", runs[0].replication, runs[0].address);
        }
        columns.push(column(label, runs)?);
    }
    Ok(columns)
}
