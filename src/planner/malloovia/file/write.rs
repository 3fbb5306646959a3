//! Problems and solutions as text of the original's YAML language, the same bytes for the same plan.
//!
//! Differs from the original: anchors are made from ids alone (a number is added only where two would be the same), and
//! times are written as 0 unless asked for, because they are the one thing that changes from run to run. Levels are
//! commented with their loads, not with a hash.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use crate::planner::malloovia::phase_one::PhaseOne;
use crate::planner::malloovia::phase_two::PhaseTwo;
use crate::planner::malloovia::problem::{App, InstanceClass, LimitingSet, PerformanceSet, Problem, Workload};
use crate::planner::malloovia::status::Status;

/// A problem file, every list sorted by id.
pub fn problems_yaml(problems: &[&Problem]) -> String {
    Writer::new(problems).text
}

/// A solution file: the problems, then the solution of Phase I and, if there is one, that of Phase II. With `times` the
/// measured seconds are written too.
pub fn solutions_yaml(one: &PhaseOne, two: Option<&PhaseTwo>, times: bool) -> String {
    let mut problems: Vec<&Problem> = vec![&one.problem];
    problems.extend(two.map(|two| &*two.problem));
    let mut writer = Writer::new(&problems);
    writer.line(0, "Solutions:");
    writer.phase_one(one, times);
    if let Some(two) = two {
        writer.phase_two(two, one, times);
    }
    writer.text
}

/// The entities that some problems reach, by id.
#[derive(Default)]
struct Reached<'a> {
    sets: BTreeMap<&'a str, &'a LimitingSet>,
    classes: BTreeMap<&'a str, &'a InstanceClass>,
    apps: BTreeMap<&'a str, &'a App>,
    workloads: BTreeMap<&'a str, &'a Workload>,
    performances: BTreeMap<&'a str, &'a PerformanceSet>,
    problems: BTreeMap<&'a str, &'a Problem>,
}

impl<'a> Reached<'a> {
    fn from(problems: &[&'a Problem]) -> Self {
        let mut reached = Self::default();
        for &problem in problems {
            reached.problems.insert(&problem.id, problem);
            reached.performances.insert(&problem.performances.id, &problem.performances);
            for workload in &problem.workloads {
                reached.workloads.insert(&workload.id, workload);
                reached.apps.insert(&workload.app.id, &workload.app);
            }
            problem.instance_classes.iter().for_each(|class| reached.class(class));
            for entry in &problem.performances.values {
                reached.class(&entry.class);
                reached.apps.insert(&entry.app.id, &entry.app);
            }
        }
        reached
    }

    fn class(&mut self, class: &'a Arc<InstanceClass>) {
        self.classes.insert(&class.id, class);
        class.limiting_sets.iter().for_each(|set| {
            self.sets.insert(&set.id, set);
        });
    }
}

struct Writer {
    text: String,
    /// Anchor of each (list, id).
    anchors: BTreeMap<(&'static str, String), String>,
    taken: BTreeSet<String>,
}

impl Writer {
    fn new(problems: &[&Problem]) -> Self {
        let mut writer = Self { text: String::new(), anchors: BTreeMap::new(), taken: BTreeSet::new() };
        writer.problems(&Reached::from(problems));
        writer
    }

    fn problems(&mut self, reached: &Reached<'_>) {
        self.list("Limiting_sets", reached.sets.is_empty());
        for (id, set) in &reached.sets {
            self.begin("set", id);
            self.field("name", &quoted(&set.name));
            self.field("max_vms", &set.max_vms.to_string());
            self.field("max_cores", &set.max_cores.to_string());
        }
        self.list("Instance_classes", reached.classes.is_empty());
        for (id, class) in &reached.classes {
            self.begin("class", id);
            self.field("name", &quoted(&class.name));
            let sets = class.limiting_sets.iter().map(|set| self.alias("set", &set.id));
            let sets = flow(sets);
            self.field("limiting_sets", &sets);
            self.field("max_vms", &class.max_vms.to_string());
            self.field("price", &class.price.to_string());
            self.field("time_unit", class.time_unit.symbol());
            self.field("is_reserved", &class.is_reserved.to_string());
            self.field("is_private", &class.is_private.to_string());
            self.field("cores", &class.cores.to_string());
        }
        self.list("Apps", reached.apps.is_empty());
        for (id, app) in &reached.apps {
            self.begin("app", id);
            self.field("name", &quoted(&app.name));
        }
        self.list("Workloads", reached.workloads.is_empty());
        for (id, workload) in &reached.workloads {
            self.begin("workload", id);
            self.field("description", &quoted(&workload.description));
            self.field("time_unit", workload.time_unit.symbol());
            self.field("app", &self.alias("app", &workload.app.id));
            self.field("intra_slot_distribution", workload.intra_slot.symbol());
            match &workload.filename {
                Some(name) => self.field("filename", &quoted(name)),
                None => self.field("values", &flow(workload.values.iter().map(f64::to_string))),
            }
        }
        self.list("Performances", reached.performances.is_empty());
        for (id, set) in &reached.performances {
            self.begin("performances", id);
            self.field("time_unit", set.time_unit.symbol());
            self.field("values", if set.values.is_empty() { "[]" } else { "" });
            for entry in &set.values {
                let (class, app) = (self.alias("class", &entry.class.id), self.alias("app", &entry.app.id));
                self.line(6, &format!("- {{instance_class: {class}, app: {app}, value: {}}}", entry.value));
            }
        }
        self.list("Problems", reached.problems.is_empty());
        for (id, problem) in &reached.problems {
            self.begin("problem", id);
            self.field("name", &quoted(&problem.name));
            self.field("description", &quoted(&problem.description));
            let workloads = flow(problem.workloads.iter().map(|workload| self.alias("workload", &workload.id)));
            let classes = flow(problem.instance_classes.iter().map(|class| self.alias("class", &class.id)));
            self.field("workloads", &workloads);
            self.field("instance_classes", &classes);
            self.field("performances", &self.alias("performances", &problem.performances.id));
        }
    }

    fn phase_one(&mut self, one: &PhaseOne, times: bool) {
        self.begin("solution", &format!("solution_i_{}", one.problem.id));
        self.field("problem", &self.alias("problem", &one.problem.id));
        self.field("solving_stats", "");
        let seconds = if times { (one.effort.creation_s, one.effort.solving_s) } else { (0.0, 0.0) };
        let stats =
            Stats { seconds, status: one.status, cost: one.cost, bound: one.bound, gcd: one.options.rounding() };
        self.stats(6, "", &stats, &one.options);
        self.field("reserved_allocation", "");
        let classes: Vec<&Arc<InstanceClass>> = one.problem.ordered_classes().collect();
        let reserved = flow(classes.iter().take(one.reserved.len()).map(|class| self.alias("class", &class.id)));
        self.line(6, &format!("instance_classes: {reserved}"));
        self.line(6, &format!("vms_number: {}", flow(one.reserved.iter().map(|&count| float(count)))));
        let levels = if one.status.has_plan() { one.levels.len() } else { 0 };
        self.field("allocation", "");
        self.shape(&one.problem, levels > 0);
        self.line(
            6,
            &format!("workload_tuples: {}", flow(one.levels.loads.iter().take(levels).map(|loads| numbers(loads)))),
        );
        self.line(6, &format!("repeats: {}", flow(one.levels.repeats.iter().take(levels).map(u64::to_string))));
        self.line(6, if levels > 0 { "vms_number:" } else { "vms_number: []" });
        for level in 0..levels {
            let counts = one.counts(level).expect("a plan has machines for every level");
            self.counts(&format!("level {}", numbers(&one.levels.loads[level])), counts);
        }
    }

    fn phase_two(&mut self, two: &PhaseTwo, one: &PhaseOne, times: bool) {
        self.begin("solution", &format!("solution_phase_ii_{}", two.problem.id));
        self.field("problem", &self.alias("problem", &two.problem.id));
        self.field("previous_phase", &self.alias("solution", &format!("solution_i_{}", one.problem.id)));
        self.field("global_solving_stats", "");
        let (creation, solving) = if times { (two.effort.creation_s, two.effort.solving_s) } else { (0.0, 0.0) };
        self.line(6, &format!("creation_time: {}", float(creation)));
        self.line(6, &format!("solving_time: {}", float(solving)));
        self.line(6, &format!("optimal_cost: {}", nullable(two.cost)));
        self.line(6, &format!("status: {}", two.status.word()));
        self.field("solving_stats", if two.slots.is_empty() { "[]" } else { "" });
        for (t, slot) in two.slots.iter().enumerate() {
            self.line(6, &format!("# Timeslot {t}"));
            let seconds = if times { (slot.creation_s, slot.solving_s) } else { (0.0, 0.0) };
            let stats = Stats { seconds, status: slot.status, cost: slot.cost, bound: slot.bound, gcd: None };
            self.stats(8, "- ", &stats, &two.options);
        }
        // Slots without a plan would leave holes in the table.
        let complete = !two.slots.is_empty() && two.slots.iter().all(|slot| slot.status.has_plan());
        let slots = if complete { two.slots.len() } else { 0 };
        self.field("allocation", "");
        self.shape(&two.problem, complete);
        self.line(6, &format!("workload_tuples: {}", flow((0..slots).map(|t| numbers(&two.problem.loads(t))))));
        self.line(6, &format!("repeats: {}", flow((0..slots).map(|_| "1".to_string()))));
        self.line(6, if complete { "vms_number:" } else { "vms_number: []" });
        for (t, slot) in two.slots.iter().enumerate().take(slots) {
            self.counts(&format!("timeslot {t}, load {}", numbers(&two.problem.loads(t))), &slot.counts);
        }
    }

    fn stats(&mut self, indent: usize, dash: &str, stats: &Stats, options: &super::super::PlanOptions) {
        let first = indent - dash.len();
        self.line(first, &format!("{dash}creation_time: {}", float(stats.seconds.0)));
        self.line(indent, &format!("solving_time: {}", float(stats.seconds.1)));
        self.line(indent, &format!("optimal_cost: {}", nullable(stats.cost)));
        self.line(indent, "algorithm:");
        self.line(indent + 2, "malloovia:");
        let multiplier = f64::from(stats.gcd.unwrap_or(1));
        let gap = (options.gap > 0.0).then_some(options.gap);
        let fields = [
            ("gcd", stats.gcd.is_some().to_string()),
            ("status", stats.status.word().to_string()),
            ("gcd_multiplier", float(multiplier)),
            ("frac_gap", nullable(gap)),
            ("max_seconds", nullable(options.time_limit_s)),
            ("lower_bound", nullable(stats.bound)),
        ];
        for (key, value) in fields {
            self.line(indent + 4, &format!("{key}: {value}"));
        }
    }

    fn shape(&mut self, problem: &Problem, any: bool) {
        let apps = flow(problem.apps().filter(|_| any).map(|app| self.alias("app", &app.id)));
        let classes = flow(problem.ordered_classes().filter(|_| any).map(|class| self.alias("class", &class.id)));
        self.line(6, &format!("apps: {apps}"));
        self.line(6, &format!("instance_classes: {classes}"));
    }

    fn counts(&mut self, comment: &str, counts: &[Vec<f64>]) {
        self.line(8, &format!("# {comment}"));
        for (a, row) in counts.iter().enumerate() {
            let dash = if a == 0 { "- - " } else { "  - " };
            self.line(8, &format!("{dash}{}", flow(row.iter().map(|&count| float(count)))));
        }
    }

    fn list(&mut self, name: &str, empty: bool) {
        self.line(0, &format!("{name}:{}", if empty { " []" } else { "" }));
    }

    /// The first lines of an entity: its anchor and its id.
    fn begin(&mut self, list: &'static str, id: &str) {
        let clean: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
        let mut anchor = clean.clone();
        let mut number = 2;
        while !self.taken.insert(anchor.clone()) {
            anchor = format!("{clean}_{number}");
            number += 1;
        }
        self.line(2, &format!("- &{anchor}"));
        self.field("id", &quoted(id));
        self.anchors.insert((list, id.to_string()), anchor);
    }

    fn alias(&self, list: &'static str, id: &str) -> String {
        format!("*{}", self.anchors[&(list, id.to_string())])
    }

    fn field(&mut self, key: &str, value: &str) {
        let space = if value.is_empty() { "" } else { " " };
        self.line(4, &format!("{key}:{space}{value}"));
    }

    fn line(&mut self, indent: usize, text: &str) {
        writeln!(self.text, "{:indent$}{text}", "").expect("writing to a string cannot fail");
    }
}

/// The statistics of one solve.
struct Stats {
    seconds: (f64, f64),
    status: Status,
    cost: Option<f64>,
    bound: Option<f64>,
    /// The rounding of loads, if there was one.
    gcd: Option<u32>,
}

/// A flow sequence. An alias must not touch the comma after it.
fn flow(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn numbers(values: &[f64]) -> String {
    flow(values.iter().map(f64::to_string))
}

/// A number that readers take for a float: counts and money, whole or not.
fn float(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.1}") } else { value.to_string() }
}

fn nullable(value: Option<f64>) -> String {
    value.map_or("null".into(), float)
}

/// A text in double quotes, which hold anything; plain where that is certain to be read as the same text.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '/'))
        && !text.ends_with(' ');
    let word =
        ["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if plain && !word {
        return text.into();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => write!(quoted, "\\u{:04x}", c as u32).expect("writing to a string cannot fail"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_a_reader_could_take_them_for_something_else() {
        assert_eq!(quoted("c3.large"), "c3.large");
        assert_eq!(quoted("0"), "\"0\"");
        assert_eq!(quoted("yes"), "\"yes\"");
        assert_eq!(quoted("a \"b\"\n"), "\"a \\\"b\\\"\\u000a\"");
        assert_eq!((float(3.0), float(0.25), nullable(None)), ("3.0".into(), "0.25".into(), "null".into()));
    }
}
