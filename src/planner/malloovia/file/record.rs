//! The `Solutions` of a file, read back.
//!
//! Statistics of the predecessor (`lloovia` instead of `malloovia`) are accepted, as the original's schema does.

use std::collections::HashMap;
use std::sync::Arc;

use super::fields::{Form, get, join};
use super::tree::{Entry, Item, NodeId};
use crate::planner::malloovia::problem::Problem;
use crate::planner::malloovia::status::Status;

/// A solution as a file states it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: String,
    pub problem: Arc<Problem>,
    /// The solution of Phase I that this one of Phase II builds on.
    pub previous: Option<String>,
    /// Of the phase as a whole.
    pub status: Status,
    pub cost: Option<f64>,
    /// Phase II: one per slot.
    pub slots: Vec<SlotRecord>,
    /// Phase I: id of each reserved class and its machines.
    pub reserved: Vec<(String, f64)>,
    pub allocation: Option<Allocation>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlotRecord {
    pub status: Status,
    pub cost: Option<f64>,
}

/// Machines per level (Phase I) or slot (Phase II).
#[derive(Clone, Debug, PartialEq)]
pub struct Allocation {
    pub apps: Vec<String>,
    pub classes: Vec<String>,
    pub loads: Vec<Vec<f64>>,
    pub repeats: Vec<f64>,
    /// `[level or slot][application][class]`.
    pub vms: Vec<Vec<Vec<f64>>>,
}

const STATUS: &str = "a status such as optimal, infeasible, overfull or aborted";

/// Reads the list, complaining into `form`. `find` knows the problems by node, `links` the ids of all entities.
pub fn read(
    form: &mut Form<'_>,
    list: Item,
    find: &dyn Fn(NodeId) -> Option<Arc<Problem>>,
    links: &HashMap<NodeId, String>,
) -> Vec<Record> {
    let items = form.list(list, "Solutions").unwrap_or(&[]);
    let mut reader = Reader { find, links, ids: HashMap::new() };
    for &item in items {
        let id = form.tree.entry(item.node, "id").and_then(|entry| form.tree.text(entry.item.node));
        reader.ids.insert(item.node, id.unwrap_or_default().to_string());
    }
    let records: Vec<Option<Record>> =
        items.iter().enumerate().map(|(k, &item)| reader.record(form, item, &format!("Solutions[{k}]"))).collect();
    records.into_iter().flatten().collect()
}

struct Reader<'a> {
    find: &'a dyn Fn(NodeId) -> Option<Arc<Problem>>,
    links: &'a HashMap<NodeId, String>,
    /// Ids of the solutions.
    ids: HashMap<NodeId, String>,
}

impl Reader<'_> {
    fn record(&self, form: &mut Form<'_>, item: Item, path: &str) -> Option<Record> {
        let second = form.tree.entry(item.node, "previous_phase").is_some();
        let fields = if second {
            let required = ["id", "problem", "previous_phase", "global_solving_stats", "solving_stats", "allocation"];
            form.mapping(item, path, &required, &[])?
        } else {
            form.mapping(item, path, &["id", "problem", "solving_stats", "reserved_allocation"], &["allocation"])?
        };
        let at = |key: &str| join(path, key);
        let id = get(fields, "id").and_then(|item| form.string(item, &at("id")));
        let problem = get(fields, "problem").and_then(|item| {
            let problem = (self.find)(item.node);
            // A problem that could not be read has been complained of where it stands.
            if problem.is_none() && !self.links.contains_key(&item.node) {
                form.complain(item.line, at("problem"), form.describe(item.node), "an alias of a problem");
            }
            problem
        });
        let allocation = get(fields, "allocation").and_then(|item| self.allocation(form, item, &at("allocation")));
        let (mut slots, mut reserved, mut previous) = (Vec::new(), Vec::new(), None);
        let overall;
        if second {
            previous = get(fields, "previous_phase").and_then(|item| {
                let id = self.ids.get(&item.node).cloned();
                if id.is_none() {
                    form.complain(item.line, at("previous_phase"), form.describe(item.node), "an alias of a solution");
                }
                id
            });
            overall =
                get(fields, "global_solving_stats").and_then(|item| global(form, item, &at("global_solving_stats")));
            if let Some(items) = get(fields, "solving_stats").and_then(|item| form.list(item, &at("solving_stats"))) {
                let stats = items
                    .iter()
                    .enumerate()
                    .map(|(k, &item)| stats(form, item, &format!("{}[{k}]", at("solving_stats"))));
                slots = stats.collect::<Vec<_>>().into_iter().flatten().collect();
            }
        } else {
            overall = get(fields, "solving_stats").and_then(|item| stats(form, item, &at("solving_stats")));
            reserved = get(fields, "reserved_allocation")
                .and_then(|item| self.reserved(form, item, &at("reserved_allocation")))
                .unwrap_or_default();
        }
        let overall = overall?;
        Some(Record {
            id: id?,
            problem: problem?,
            previous,
            status: overall.status,
            cost: overall.cost,
            slots,
            reserved,
            allocation,
        })
    }

    fn reserved(&self, form: &mut Form<'_>, item: Item, path: &str) -> Option<Vec<(String, f64)>> {
        let fields = form.mapping(item, path, &["instance_classes", "vms_number"], &[])?;
        let classes =
            get(fields, "instance_classes").and_then(|item| self.ids(form, item, &join(path, "instance_classes")))?;
        let list = get(fields, "vms_number")?;
        let counts = numbers(form, list, &join(path, "vms_number"))?;
        if counts.len() != classes.len() {
            let found = format!("{} numbers for {} classes", counts.len(), classes.len());
            form.complain(list.line, join(path, "vms_number"), found, "one number per class");
            return None;
        }
        Some(classes.into_iter().zip(counts).collect())
    }

    fn allocation(&self, form: &mut Form<'_>, item: Item, path: &str) -> Option<Allocation> {
        let required = ["apps", "instance_classes", "vms_number"];
        let fields = form.mapping(item, path, &required, &["workload_tuples", "repeats", "units"])?;
        let at = |key: &str| join(path, key);
        let apps = get(fields, "apps").and_then(|item| self.ids(form, item, &at("apps")))?;
        let classes = get(fields, "instance_classes").and_then(|item| self.ids(form, item, &at("instance_classes")))?;
        let loads = get(fields, "workload_tuples")
            .map_or(Some(Vec::new()), |item| table(form, item, &at("workload_tuples")))?;
        let repeats = get(fields, "repeats").map_or(Some(Vec::new()), |item| numbers(form, item, &at("repeats")))?;
        let path = at("vms_number");
        let levels = get(fields, "vms_number").and_then(|item| form.list(item, &path))?;
        let mut vms = Vec::with_capacity(levels.len());
        for (k, &level) in levels.iter().enumerate() {
            let rows = table(form, level, &format!("{path}[{k}]"))?;
            if rows.len() != apps.len() || rows.iter().any(|row| row.len() != classes.len()) {
                let wanted = format!("{} rows (applications) of {} numbers (classes)", apps.len(), classes.len());
                form.complain(level.line, format!("{path}[{k}]"), "a table of another shape", wanted);
                return None;
            }
            vms.push(rows);
        }
        Some(Allocation { apps, classes, loads, repeats, vms })
    }

    fn ids(&self, form: &mut Form<'_>, item: Item, path: &str) -> Option<Vec<String>> {
        let items = form.list(item, path)?;
        let mut ids = Vec::with_capacity(items.len());
        for (k, item) in items.iter().enumerate() {
            match self.links.get(&item.node) {
                Some(id) => ids.push(id.clone()),
                None => {
                    form.complain(item.line, format!("{path}[{k}]"), form.describe(item.node), "an alias of an entity")
                }
            }
        }
        (ids.len() == items.len()).then_some(ids)
    }
}

/// The statistics of one solve.
fn stats(form: &mut Form<'_>, item: Item, path: &str) -> Option<SlotRecord> {
    let fields = form.mapping(item, path, &["creation_time", "solving_time", "optimal_cost"], &["algorithm"])?;
    times(form, fields, path);
    let cost = get(fields, "optimal_cost").and_then(|item| form.number_or_null(item, &join(path, "optimal_cost")));
    let Some(algorithm) = get(fields, "algorithm") else {
        return Some(SlotRecord { status: Status::Unknown, cost: cost? });
    };
    let path = join(path, "algorithm");
    let algorithm = form.mapping(algorithm, &path, &[], &["malloovia", "lloovia"])?;
    let Some(only) = algorithm.first() else {
        form.complain(item.line, path, "an empty mapping", "malloovia or lloovia");
        return None;
    };
    let inner = Item { line: only.line, ..only.item };
    let path = join(&path, &only.key);
    let (required, known): (&[&str], &[&str]) = match only.key.as_str() {
        "malloovia" => (&["gcd", "status", "frac_gap", "max_seconds"], &["gcd_multiplier", "n_levels", "lower_bound"]),
        _ => (&["binning", "status", "frac_gap", "max_seconds"], &["n_bins", "effective_bins", "lower_bound"]),
    };
    let fields = form.mapping(inner, &path, required, known)?;
    let status =
        get(fields, "status").and_then(|item| form.word(item, &join(&path, "status"), STATUS, Status::from_word));
    for key in ["frac_gap", "max_seconds", "lower_bound", "gcd_multiplier"] {
        if let Some(item) = get(fields, key) {
            form.number_or_null(item, &join(&path, key));
        }
    }
    Some(SlotRecord { status: status?, cost: cost? })
}

/// The statistics of a period.
fn global(form: &mut Form<'_>, item: Item, path: &str) -> Option<SlotRecord> {
    let fields = form.mapping(item, path, &["creation_time", "solving_time", "optimal_cost", "status"], &[])?;
    times(form, fields, path);
    let cost = get(fields, "optimal_cost").and_then(|item| form.number_or_null(item, &join(path, "optimal_cost")));
    let status =
        get(fields, "status").and_then(|item| form.word(item, &join(path, "status"), STATUS, Status::from_word));
    Some(SlotRecord { status: status?, cost: cost? })
}

fn times(form: &mut Form<'_>, fields: &[Entry], path: &str) {
    for key in ["creation_time", "solving_time"] {
        if let Some(item) = get(fields, key) {
            form.number(item, &join(path, key));
        }
    }
}

fn numbers(form: &mut Form<'_>, item: Item, path: &str) -> Option<Vec<f64>> {
    let items = form.list(item, path)?;
    items.iter().enumerate().map(|(k, &item)| form.number(item, &format!("{path}[{k}]"))).collect()
}

fn table(form: &mut Form<'_>, item: Item, path: &str) -> Option<Vec<Vec<f64>>> {
    let items = form.list(item, path)?;
    items.iter().enumerate().map(|(k, &item)| numbers(form, item, &format!("{path}[{k}]"))).collect()
}
