//! A plan as tables for people: what is bought, what each slot, class and application costs and gets, and what the
//! reservation saves.
//!
//! All amounts are in units of the timeslot, converted once (the original's helpers forgot to).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::figures::Figures;
use super::options::{PlanError, PlanOptions};
use super::phase_one::PhaseOne;
use super::phase_two::{PhaseTwo, simulate};
use super::problem::Problem;
use super::status::Status;

/// A table of text: names of columns, and rows of as many cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub name: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    fn new(name: &'static str, columns: &[&'static str]) -> Self {
        Self { name, columns: columns.to_vec(), rows: Vec::new() }
    }
}

/// One slot of a period, or one level of Phase I with the slots that it stands for.
struct Span<'a> {
    loads: Vec<f64>,
    repeats: f64,
    status: Status,
    counts: &'a [Vec<f64>],
}

/// The spans of a plan: the slots of Phase II if it was planned, else the levels of Phase I.
fn spans<'a>(one: &'a PhaseOne, two: Option<&'a PhaseTwo>) -> Vec<Span<'a>> {
    let Some(two) = two else {
        let levels = one.levels.loads.iter().zip(&one.levels.repeats).enumerate();
        let span = |(level, (loads, &repeats)): (usize, (&Vec<f64>, &u64))| {
            let counts = one.counts(level)?;
            Some(Span { loads: loads.clone(), repeats: repeats as f64, status: one.status, counts })
        };
        return levels.filter_map(span).collect();
    };
    let slots = two.slots.iter().enumerate().filter(|(_, slot)| slot.status.has_plan());
    slots
        .map(|(t, slot)| Span { loads: two.problem.loads(t), repeats: 1.0, status: slot.status, counts: &slot.counts })
        .collect()
}

/// All tables of a plan; none without a plan of Phase I.
pub fn tables(one: &PhaseOne, two: Option<&PhaseTwo>) -> Vec<Table> {
    if !one.status.has_plan() {
        return Vec::new();
    }
    let problem = two.map_or(&one.problem, |two| &two.problem);
    let spans = spans(one, two);
    let figures = Figures::of(problem);
    vec![
        purchase(one),
        slots(problem, &figures, &spans, two.is_some()),
        classes(problem, &figures, &spans),
        types(problem, &figures, &spans),
        served(problem, &figures, &spans),
    ]
}

/// What Phase I buys.
fn purchase(one: &PhaseOne) -> Table {
    let mut table = Table::new("purchase", &["class", "type", "machines", "price_per_slot", "cost_of_period"]);
    let figures = Figures::of(&one.problem);
    let slots: u64 = one.levels.repeats.iter().sum();
    for ((class, figures), &count) in one.problem.ordered_classes().zip(&figures.classes).zip(&one.reserved) {
        let cost = figures.price * count * slots as f64;
        table.rows.push(vec![class.id.clone(), class.name.clone(), number(count), number(figures.price), money(cost)]);
    }
    table
}

/// Cost of each slot (or of each slot of a level).
fn slots(problem: &Problem, figures: &Figures, spans: &[Span<'_>], are_slots: bool) -> Table {
    let first = if are_slots { "slot" } else { "level" };
    let mut table =
        Table::new("slots", &[first, "slots", "status", "loads", "reserved_cost", "on_demand_cost", "cost"]);
    let of_reserved = figures.reserved();
    for (t, span) in spans.iter().enumerate() {
        let of = |keep: &dyn Fn(usize) -> bool| -> f64 {
            let classes = figures.classes.iter().enumerate().filter(|(i, _)| keep(*i));
            classes.map(|(i, class)| class.price * span.counts.iter().map(|row| row[i]).sum::<f64>()).sum()
        };
        let (reserved, rented) = (of(&|i| i < of_reserved), of(&|i| i >= of_reserved));
        let loads: Vec<String> =
            problem.apps().zip(&span.loads).map(|(app, &load)| format!("{}={}", app.id, number(load))).collect();
        table.rows.push(vec![
            t.to_string(),
            number(span.repeats),
            span.status.word().into(),
            loads.join(" "),
            money(reserved),
            money(rented),
            money(reserved + rented),
        ]);
    }
    table
}

/// Machine-slots and cost of each class for each application.
fn classes(problem: &Problem, figures: &Figures, spans: &[Span<'_>]) -> Table {
    let mut table = Table::new("classes", &["class", "application", "machine_slots", "cost"]);
    for (i, class) in problem.ordered_classes().enumerate() {
        for (a, app) in problem.apps().enumerate() {
            let used: f64 = spans.iter().map(|span| span.repeats * span.counts[a][i]).sum();
            let cost = used * figures.classes[i].price;
            table.rows.push(vec![class.id.clone(), app.id.clone(), number(used), money(cost)]);
        }
    }
    table
}

/// The same by type of machine (the classes of one name), reserved and on demand apart.
fn types(problem: &Problem, figures: &Figures, spans: &[Span<'_>]) -> Table {
    let mut table = Table::new("types", &["type", "reserved_machine_slots", "on_demand_machine_slots", "cost"]);
    let mut types: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    for (i, class) in problem.ordered_classes().enumerate() {
        let used: f64 = spans.iter().map(|span| span.repeats * span.counts.iter().map(|row| row[i]).sum::<f64>()).sum();
        let sums = types.entry(&class.name).or_default();
        *(if class.is_reserved { &mut sums.0 } else { &mut sums.1 }) += used;
        sums.2 += used * figures.classes[i].price;
    }
    for (name, (reserved, rented, cost)) in types {
        table.rows.push(vec![name.into(), number(reserved), number(rented), money(cost)]);
    }
    table
}

/// What each application gets in each slot: performance met, share of the load, utilisation of the capacity.
fn served(problem: &Problem, figures: &Figures, spans: &[Span<'_>]) -> Table {
    let columns = ["slot", "application", "load", "capacity", "served", "share", "utilisation"];
    let mut table = Table::new("served", &columns);
    for (t, span) in spans.iter().enumerate() {
        for (a, app) in problem.apps().enumerate() {
            let (load, capacity) = (span.loads[a], figures.capacity(span.counts, a));
            let served = load.min(capacity);
            let ratio = |part: f64, whole: f64| if whole > 0.0 { number(part / whole) } else { String::new() };
            table.rows.push(vec![
                t.to_string(),
                app.id.clone(),
                number(load),
                number(capacity),
                number(served),
                ratio(served, load),
                ratio(served, capacity),
            ]);
        }
    }
    table
}

/// What the same series costs without any reservation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnDemandOnly {
    /// Of the whole series; of a best effort where slots are overfull.
    pub cost: Option<f64>,
    /// Slots that on-demand machines alone cannot serve within their limits.
    pub overfull: usize,
}

/// Plans the series of `problem` with its on-demand classes alone.
pub fn on_demand_only(problem: &Problem, options: &PlanOptions) -> Result<OnDemandOnly, PlanError> {
    let mut without = problem.clone();
    without.instance_classes.retain(|class| !class.is_reserved);
    if without.instance_classes.is_empty() {
        return Ok(OnDemandOnly { cost: None, overfull: problem.slots() });
    }
    let useful =
        |app: &str| without.instance_classes.iter().any(|class| problem.performances.of(&class.id, app) > Some(0.0));
    if !problem.apps().all(|app| useful(&app.id)) {
        return Ok(OnDemandOnly { cost: None, overfull: problem.slots() });
    }
    let slots = without.slots();
    let run = simulate(&Arc::new(without), &[], slots, options, &mut |_| ())?;
    let overfull =
        run.slots.iter().filter(|slot| slot.status != Status::Optimal && slot.status != Status::TimeLimit).count();
    Ok(OnDemandOnly { cost: run.cost, overfull })
}

/// What the reservation saves against renting by the slot alone; the cells of what is not known are empty.
pub fn saving(cost: Option<f64>, alone: &OnDemandOnly) -> Table {
    let mut table = Table::new("saving", &["cost", "on_demand_only", "saving", "share", "overfull_without"]);
    let served = alone.cost.filter(|_| alone.overfull == 0);
    let saved = served.zip(cost).map(|(alone, cost)| alone - cost);
    let share = saved.zip(served).filter(|(_, alone)| *alone > 0.0).map(|(saved, alone)| number(saved / alone));
    let cell = |amount: Option<f64>| amount.map_or(String::new(), money);
    table.rows.push(vec![cell(cost), cell(served), cell(saved), share.unwrap_or_default(), alone.overfull.to_string()]);
    table
}

/// Up to six digits after the point, none of them a zero at the end.
fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

fn money(value: f64) -> String {
    format!("{value:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saving_is_told_where_renting_alone_could_serve_everything() {
        let of = |cost, alone, overfull| saving(cost, &OnDemandOnly { cost: alone, overfull }).rows.concat();
        assert_eq!(of(Some(8.0), Some(10.0), 0), ["8.000000", "10.000000", "2.000000", "0.2", "0"]);
        assert_eq!(of(Some(8.0), Some(7.0), 3), ["8.000000", "", "", "", "3"], "a best effort is no comparison");
        assert_eq!(of(None, Some(0.0), 0), ["", "0.000000", "", "", "0"]);
    }
}
