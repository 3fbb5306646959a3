//! Everything that makes a problem meaningless, found before anything is solved.
//!
//! Source: the original's sanity checks, and those that it lacks (units that differ between workloads, empty series,
//! negative numbers, duplicate ids, an application without any machine that serves it).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::problem::{InstanceClass, Problem, Workload};

/// The kinds of entities a problem file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    LimitingSet,
    InstanceClass,
    App,
    Workload,
    PerformanceSet,
    Problem,
}

impl Kind {
    pub const fn words(self) -> &'static str {
        match self {
            Self::LimitingSet => "limiting set",
            Self::InstanceClass => "instance class",
            Self::App => "application",
            Self::Workload => "workload",
            Self::PerformanceSet => "performance set",
            Self::Problem => "problem",
        }
    }
}

/// One thing wrong with a problem: where, what was found, what was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub kind: Kind,
    pub id: String,
    /// Inside the entity, such as `price` or `values[2].value`.
    pub path: String,
    pub found: String,
    pub wanted: String,
    /// Something is absent, so that no line of a file holds it.
    pub missing: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, path, found, wanted, .. } = self;
        write!(f, "{} `{id}`, {path}: found {found}, wanted {wanted}", kind.words())
    }
}

/// All faults of a problem, in the order classes, workloads, performances, problem; empty for a sound one.
pub fn faults(problem: &Problem) -> Vec<Fault> {
    let mut faults = Vec::new();
    class_faults(problem, &mut faults);
    workload_faults(problem, &mut faults);
    series_faults(problem, &mut faults);
    performance_faults(problem, &mut faults);
    faults
}

fn push(
    faults: &mut Vec<Fault>,
    kind: Kind,
    id: &str,
    path: impl Into<String>,
    found: impl fmt::Display,
    wanted: &str,
) {
    faults.push(Fault {
        kind,
        id: id.into(),
        path: path.into(),
        found: found.to_string(),
        wanted: wanted.into(),
        missing: false,
    });
}

fn class_faults(problem: &Problem, faults: &mut Vec<Fault>) {
    if problem.instance_classes.is_empty() {
        push(faults, Kind::Problem, &problem.id, "instance_classes", "none", "at least one instance class");
    }
    let mut seen: HashMap<&str, &Arc<InstanceClass>> = HashMap::new();
    for class in &problem.instance_classes {
        if let Some(other) = seen.insert(&class.id, class) {
            let found = if other == class { "it twice in one problem" } else { "two different classes of this id" };
            push(faults, Kind::InstanceClass, &class.id, "id", found, "each class once");
        }
        if !(class.price.is_finite() && class.price >= 0.0) {
            push(faults, Kind::InstanceClass, &class.id, "price", class.price, "a price that is not negative");
        }
        if class.cores == 0 {
            push(faults, Kind::InstanceClass, &class.id, "cores", 0, "at least 1 core");
        }
    }
    let mut sets = BTreeMap::new();
    for set in problem.instance_classes.iter().flat_map(|class| &class.limiting_sets) {
        if sets.insert(&set.id, set).is_some_and(|other| other != set) {
            push(faults, Kind::LimitingSet, &set.id, "id", "two different limiting sets of this id", "one set per id");
        }
    }
}

fn workload_faults(problem: &Problem, faults: &mut Vec<Fault>) {
    let Some(first) = problem.workloads.first() else {
        push(faults, Kind::Problem, &problem.id, "workloads", "none", "at least one workload");
        return;
    };
    let mut apps: HashMap<&str, &Workload> = HashMap::new();
    let mut ids: HashMap<&str, &Workload> = HashMap::new();
    for workload in &problem.workloads {
        if let Some(other) = apps.insert(&workload.app.id, workload) {
            let found = format!("application `{}`, which workload `{}` has too", workload.app.id, other.id);
            push(faults, Kind::Workload, &workload.id, "app", found, "one workload per application in a problem");
        }
        if ids.insert(&workload.id, workload).is_some_and(|other| *other != **workload) {
            push(
                faults,
                Kind::Workload,
                &workload.id,
                "id",
                "two different workloads of this id",
                "one workload per id",
            );
        }
        if workload.time_unit != first.time_unit {
            let found = format!(
                "`{}`, where workload `{}` has `{}`",
                workload.time_unit.symbol(),
                first.id,
                first.time_unit.symbol()
            );
            push(
                faults,
                Kind::Workload,
                &workload.id,
                "time_unit",
                found,
                "slots of one length in all workloads of a problem",
            );
        }
    }
}

fn series_faults(problem: &Problem, faults: &mut Vec<Fault>) {
    let usual = usual_length(problem);
    for workload in &problem.workloads {
        let key = if workload.filename.is_some() { "filename" } else { "values" };
        let length = workload.values.len();
        if length == 0 {
            push(faults, Kind::Workload, &workload.id, key, "an empty series", "at least one timeslot");
        } else if length != usual {
            let wanted = format!("{usual}, as in the other workloads of problem `{}`", problem.id);
            push(faults, Kind::Workload, &workload.id, key, format!("{length} values"), &wanted);
        }
        for (slot, &load) in workload.values.iter().enumerate() {
            if !(load.is_finite() && load >= 0.0) {
                let path = if workload.filename.is_some() { key.into() } else { format!("values[{slot}]") };
                let found = format!("{load} in slot {slot}");
                push(faults, Kind::Workload, &workload.id, path, found, "a load that is not negative");
            }
        }
    }
}

/// The length that most series have. In a tie a series inside the problem file is believed rather than an external one,
/// and an earlier one rather than a later one.
fn usual_length(problem: &Problem) -> usize {
    let lengths = problem.workloads.iter().filter(|workload| !workload.values.is_empty());
    let mut votes: Vec<(usize, usize, bool)> = Vec::new();
    for workload in lengths {
        let inside = workload.filename.is_none();
        match votes.iter_mut().find(|vote| vote.0 == workload.values.len()) {
            Some(vote) => {
                vote.1 += 1;
                vote.2 |= inside;
            }
            None => votes.push((workload.values.len(), 1, inside)),
        }
    }
    let mut best: Option<(usize, usize, bool)> = None;
    for vote in votes {
        if best.is_none_or(|best| (vote.1, vote.2) > (best.1, best.2)) {
            best = Some(vote);
        }
    }
    best.map_or(0, |best| best.0)
}

fn performance_faults(problem: &Problem, faults: &mut Vec<Fault>) {
    let set = &problem.performances;
    let mut table: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
    for (k, entry) in set.values.iter().enumerate() {
        if !(entry.value.is_finite() && entry.value >= 0.0) {
            let path = format!("values[{k}].value");
            push(faults, Kind::PerformanceSet, &set.id, path, entry.value, "a performance that is not negative");
        }
        if table.entry(&entry.class.id).or_default().insert(&entry.app.id, entry.value).is_some() {
            let found = format!("class `{}` with application `{}` a second time", entry.class.id, entry.app.id);
            push(faults, Kind::PerformanceSet, &set.id, format!("values[{k}]"), found, "each pair once");
        }
    }
    let listed = problem.instance_classes.iter().map(|class| class.id.as_str());
    let extra = table.keys().copied().filter(|id| problem.instance_classes.iter().all(|class| class.id != **id));
    let extra: Vec<&str> = extra.collect();
    for class in listed.chain(extra) {
        for app in problem.apps() {
            if !table.get(class).is_some_and(|apps| apps.contains_key(app.id.as_str())) {
                let found = format!("no performance of class `{class}` for application `{}`", app.id);
                push(faults, Kind::PerformanceSet, &set.id, "values", found, "one for every class and application");
                if let Some(fault) = faults.last_mut() {
                    fault.missing = true;
                }
            }
        }
    }
    for workload in &problem.workloads {
        let served = |class: &Arc<InstanceClass>| set.of(&class.id, &workload.app.id).is_none_or(|value| value > 0.0);
        if workload.values.iter().any(|&load| load > 0.0) && !problem.instance_classes.iter().any(served) {
            let found = format!("performance 0 of every class for application `{}`, which has load", workload.app.id);
            push(faults, Kind::PerformanceSet, &set.id, "values", found, "a class that serves it");
        }
    }
}
