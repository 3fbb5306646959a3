//! Malloovia against the results of the original package and of an independent model, by the acceptance rules of the
//! oracle's README (the numbers in comments are those of its rules).

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use stratosim::planner::malloovia::file::{Scope, read};
use stratosim::planner::malloovia::{
    BestEffort, PhaseOne, PhaseTwo, PlanError, PlanOptions, Problem, Status, figures::Figures, fractions, phase_one,
    simulate,
};
use stratosim::solve::milp::{Backend, Options};

use crate::oracle;

struct Case {
    name: String,
    index: Value,
    expected: Value,
    problem: PathBuf,
}

fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The cases of the index that belong to this tier and that the solvers of this build can be trusted with.
fn cases() -> Vec<Case> {
    let Some(folder) = oracle::folder("malloovia") else { return Vec::new() };
    let mut cases = Vec::new();
    for index in json(&folder.join("index.json")).as_array().unwrap() {
        let name = index["name"].as_str().unwrap().to_string();
        if index["long"] == true && !cfg!(feature = "long") {
            oracle::skipped(&format!("malloovia {name}: a long case, run with --features long"));
            continue;
        }
        let variables = index["variables"].as_u64().unwrap_or(u64::MAX);
        if !cfg!(feature = "highs") && variables > 60 {
            oracle::skipped(&format!("malloovia {name}: {variables} variables, run with --features highs"));
            continue;
        }
        let expected = json(&folder.join(index["expected"].as_str().unwrap()));
        let problem = folder.join(index["problem"].as_str().unwrap());
        cases.push(Case { name, index: index.clone(), expected, problem });
    }
    cases
}

fn close(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()).max(1e-300)
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map_or(Vec::new(), |list| list.iter().map(|item| item.as_str().unwrap()).collect())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map_or(Vec::new(), |list| list.iter().map(|item| item.as_f64().unwrap()).collect())
}

/// The problems of a case, or `None` for a file that may be refused and was.
fn problems(case: &Case) -> Option<BTreeMap<String, Arc<Problem>>> {
    match read(&case.problem, Scope::ProblemsOnly) {
        Ok(file) => Some(file.problems.into_iter().map(|problem| (problem.id.clone(), problem)).collect()),
        Err(complaints) => {
            let allowed = strings(&case.index["accepted_statuses"]).contains(&"invalid");
            assert!(allowed, "{}: a sound file was refused: {complaints}", case.name);
            None
        }
    }
}

/// Every level is served and every limit kept, by the numbers of the problem alone; and the cost is that of the plan.
fn assert_feasible(name: &str, plan: &PhaseOne) {
    let figures = Figures::of(&plan.problem);
    let slots: u64 = plan.levels.repeats.iter().sum();
    let mut cost = 0.0;
    for (level, loads) in plan.levels.loads.iter().enumerate() {
        let counts = plan.counts(level).unwrap();
        for (a, &load) in loads.iter().enumerate() {
            assert!(figures.capacity(counts, a) >= load * (1.0 - 1e-9), "{name}: level {level}, application {a}");
        }
        let mut totals: Vec<f64> = (0..figures.classes.len()).map(|i| counts.iter().map(|row| row[i]).sum()).collect();
        assert_eq!(&totals[..plan.reserved.len()], plan.reserved, "{name}: level {level}, reserved machines");
        assert!(totals.iter().all(|total| total.fract() == 0.0), "{name}: level {level}, {totals:?}");
        assert_eq!(figures.broken_limit(&totals), None, "{name}: level {level}");
        totals[..plan.reserved.len()].fill(0.0);
        let rented: f64 = totals.iter().zip(&figures.classes).map(|(total, class)| total * class.price).sum();
        cost += rented * plan.levels.repeats[level] as f64;
    }
    let reserved: f64 = plan.reserved.iter().zip(&figures.classes).map(|(count, class)| count * class.price).sum();
    assert!(close(cost + reserved * slots as f64, plan.cost.unwrap(), 1e-9), "{name}: cost of the plan");
}

#[test]
fn phase_one_costs_what_the_oracle_accepts() {
    for case in cases() {
        let name = &case.name;
        let phase = &case.expected["phase_i"];
        let Some(id) = phase["problem_id"].as_str() else { continue };
        let Some(problems) = problems(&case) else { continue };
        let gap = phase["frac_gap"].as_f64().unwrap_or(0.0);
        let plan = phase_one(&problems[id], &PlanOptions { gap, ..PlanOptions::default() }).unwrap();
        // 3. Status.
        let accepted = strings(&case.index["accepted_statuses"]);
        assert!(accepted.contains(&plan.status.word()), "{name}: {} is none of {accepted:?}", plan.status.word());
        if plan.status.has_plan() {
            assert_feasible(name, &plan);
        }
        let lower = phase["accept"]["lower"].as_f64();
        match case.index["judge_by"].as_str() {
            // 2. The accepted interval.
            Some("interval") => {
                let (cost, upper) = (plan.cost.unwrap(), phase["accept"]["upper"].as_f64().unwrap());
                assert!(cost >= lower.unwrap() * (1.0 - 1e-6), "{name}: {cost} is below {lower:?}");
                assert!(cost <= upper * (1.0 + gap + 1e-6), "{name}: {cost} is above {upper}");
            }
            // 2a. Our own bound.
            Some("own_bound") => {
                let (cost, bound) = (plan.cost.unwrap(), plan.bound.unwrap());
                assert!((cost - bound) / cost <= 0.01, "{name}: cost {cost}, bound {bound}");
                let lower = lower.or(case.index["second_lower"].as_f64()).unwrap();
                assert!(cost >= lower * (1.0 - 1e-6), "{name}: {cost} is below {lower}");
                let known = case.expected["second_solver"]["phase_i_cost"].as_f64().unwrap();
                assert!(bound <= known * (1.0 + 1e-6), "{name}: the bound {bound} is above a feasible cost {known}");
            }
            Some("status") => assert_eq!(plan.cost, None, "{name}"),
            other => panic!("{name}: judge_by {other:?}"),
        }
    }
}

#[test]
fn relaxed_phase_one_costs_the_same() {
    for case in cases() {
        let relaxed = &case.expected["phase_i_relaxed"];
        let Some(id) = case.expected["phase_i"]["problem_id"].as_str().filter(|_| relaxed.is_object()) else {
            continue;
        };
        let Some(problems) = problems(&case) else { continue };
        let plan = phase_one(&problems[id], &PlanOptions { relaxed: true, ..PlanOptions::default() }).unwrap();
        match relaxed["optimal_cost"].as_f64() {
            // 1. Relative 1e-6.
            Some(cost) => assert!(close(plan.cost.unwrap(), cost, 1e-6), "{}: {:?} for {cost}", case.name, plan.cost),
            None => assert!(!plan.status.has_plan(), "{}: {:?}", case.name, plan.status),
        }
    }
}

fn run(problem: &Arc<Problem>, reserved: &Value, slots: usize, best_effort: BestEffort) -> Result<PhaseTwo, PlanError> {
    let purchase: Vec<(String, f64)> =
        reserved.as_object().unwrap().iter().map(|(id, count)| (id.clone(), count.as_f64().unwrap())).collect();
    simulate(problem, &purchase, slots, &PlanOptions { best_effort, ..PlanOptions::default() }, &mut |_| ())
}

/// The sum over applications of capacity relative to load, as the original counts it.
fn legacy_objective(run: &PhaseTwo, t: usize) -> f64 {
    let figures = Figures::of(&run.problem);
    let loads = run.problem.loads(t);
    loads.iter().enumerate().map(|(a, load)| figures.capacity(&run.slots[t].counts, a) / load).sum()
}

fn assert_total(name: &str, run: &PhaseTwo) {
    // 7. The total is the sum of the slots.
    let sum: f64 = run.slots.iter().map(|slot| slot.cost.unwrap()).sum();
    assert!(close(run.cost.unwrap(), sum, 1e-9), "{name}");
}

#[test]
fn phase_two_with_the_recorded_purchase_is_never_dearer() {
    for case in cases() {
        let compare = case.index["ii_compare"].as_str().unwrap_or("none");
        let Some(problems) = problems(&case) else { continue };
        let reserved = &case.expected["phase_i"]["reserved"];
        for key in ["phase_ii", "phase_ii_second"] {
            let phase = &case.expected[key];
            // What the original could not finish is compared with the corrected model only.
            if !compare.contains("recorded") || !phase.is_object() {
                continue;
            }
            let name = format!("{} {key}", case.name);
            let slots = phase["timeslots_solved"].as_u64().unwrap() as usize;
            let run =
                run(&problems[phase["problem_id"].as_str().unwrap()], reserved, slots, BestEffort::Legacy).unwrap();
            assert_total(&name, &run);
            let differing: Vec<u64> =
                case.expected["second_solver"]["phase_ii_differences"].as_array().map_or(Vec::new(), |list| {
                    list.iter().filter_map(|item| item.as_u64().or(item["timeslot"].as_u64())).collect()
                });
            let statuses = strings(&phase["per_timeslot_status"]);
            let proved = phase["slots_proved_optimal"] == true;
            let costs = numbers(&phase["per_timeslot_cost"]);
            assert_eq!((run.slots.len(), costs.len()), (slots, slots), "{name}");
            for (t, (slot, &cost)) in run.slots.iter().zip(&costs).enumerate() {
                if statuses.get(t).is_none_or(|&status| status == "optimal") {
                    // 5. Never dearer, and equal unless the original is known to be off.
                    assert_eq!(slot.status, Status::Optimal, "{name} slot {t}");
                    let ours = slot.cost.unwrap();
                    assert!(ours <= cost * (1.0 + 1e-6), "{name} slot {t}: {ours} for {cost}");
                    assert!(
                        close(ours, cost, 1e-6) || differing.contains(&(t as u64)),
                        "{name} slot {t}: {ours} for {cost}"
                    );
                } else {
                    let accepted = slot.status == Status::Overfull || !proved && slot.status == Status::Optimal;
                    assert!(accepted, "{name} slot {t}: {:?}", slot.status);
                }
            }
            for overfull in phase["overfull"].as_array().unwrap_or(&Vec::new()) {
                // 6. The objective of the original's formulation.
                let t = overfull["timeslot"].as_u64().unwrap() as usize;
                let (ours, theirs) = (legacy_objective(&run, t), overfull["objective"].as_f64().unwrap());
                assert!(
                    ours >= theirs - 1e-6 || run.slots[t].status == Status::Optimal,
                    "{name} slot {t}: {ours} for {theirs}"
                );
            }
        }
    }
}

#[test]
fn phase_two_under_the_corrected_best_effort_is_the_independent_model() {
    for case in cases() {
        let Some(problems) = problems(&case) else { continue };
        for (key, original) in [("phase_ii_served", "phase_ii"), ("phase_ii_second_served", "phase_ii_second")] {
            let phase = &case.expected[key];
            if !phase.is_object() {
                continue;
            }
            let name = format!("{} {key}", case.name);
            let slots = phase["timeslots_solved"].as_u64().unwrap() as usize;
            let id = case.expected[original]["problem_id"].as_str().unwrap();
            let run = run(&problems[id], &case.expected["phase_i"]["reserved"], slots, BestEffort::Served).unwrap();
            assert_total(&name, &run);
            // 8. Statuses, costs, objectives and fractions.
            let ours: Vec<&str> = run.slots.iter().map(|slot| slot.status.word()).collect();
            assert_eq!(ours, strings(&phase["per_timeslot_status"]), "{name}");
            for (t, (slot, cost)) in run.slots.iter().zip(numbers(&phase["per_timeslot_cost"])).enumerate() {
                assert!(close(slot.cost.unwrap(), cost, 1e-6), "{name} slot {t}: {:?} for {cost}", slot.cost);
            }
            assert!(close(run.cost.unwrap(), phase["total_cost"].as_f64().unwrap(), 1e-6), "{name}");
            let figures = Figures::of(&run.problem);
            for overfull in phase["overfull"].as_array().unwrap() {
                let t = overfull["timeslot"].as_u64().unwrap() as usize;
                let shares = fractions(&figures, &run.slots[t].counts, &run.problem.loads(t));
                let objective: f64 = shares.iter().flatten().sum();
                assert!(
                    (objective - overfull["objective"].as_f64().unwrap()).abs() <= 2e-6,
                    "{name} slot {t}: {objective}"
                );
                for (a, range) in overfull["fraction_range_per_app"].as_array().unwrap().iter().enumerate() {
                    let range = numbers(range);
                    assert_eq!(shares[a].is_some(), !range.is_empty(), "{name} slot {t}, application {a}");
                    if let Some(share) = shares[a] {
                        assert!(
                            share >= range[0] - 2e-6 && share <= range[1] + 2e-6,
                            "{name} slot {t}: {share} in {range:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
#[cfg(feature = "highs")] // Symmetric programmes are what microlp cannot prove.
fn the_same_plan_is_found_without_merging_and_rounding() {
    for case in cases() {
        let Some(id) = case.expected["phase_i"]["problem_id"].as_str() else { continue };
        // Without what makes it small, a programme can be a hundred times slower; the small ones show the law.
        if case.index["variables"].as_u64().is_none_or(|variables| variables > 200) {
            continue;
        }
        let Some(problems) = problems(&case) else { continue };
        let plain = phase_one(&problems[id], &PlanOptions::plain()).unwrap();
        let default = phase_one(&problems[id], &PlanOptions::default()).unwrap();
        assert_eq!(plain.status, default.status, "{}", case.name);
        if let (Some(plain), Some(default)) = (plain.cost, default.cost) {
            assert!(close(plain, default, 1e-9), "{}: {plain} and {default}", case.name);
        }
    }
}

#[test]
fn microlp_finds_the_same_costs_where_it_is_trusted() {
    for case in cases() {
        let Some(id) = case.expected["phase_i"]["problem_id"].as_str() else { continue };
        if case.index["variables"].as_u64().is_none_or(|variables| variables > 60) {
            continue;
        }
        let Some(problems) = problems(&case) else { continue };
        let options = PlanOptions { backend: Backend::Microlp, node_limit: Some(200_000), ..PlanOptions::default() };
        assert!(case.index["variables"].as_u64().unwrap() < Options::MICROLP_INTEGERS_MAX as u64);
        let plan = phase_one(&problems[id], &options).unwrap();
        match case.index["second_cost"].as_f64().or(case.index["cost"].as_f64()) {
            Some(cost) => assert!(close(plan.cost.unwrap(), cost, 1e-6), "{}: {:?} for {cost}", case.name, plan.cost),
            None => assert_eq!(plan.cost, None, "{}", case.name),
        }
    }
}

#[test]
fn invalid_files_are_refused_at_the_line_to_blame() {
    let Some(folder) = oracle::folder("malloovia") else { return };
    let folder = folder.join("invalid");
    for entry in json(&folder.join("index.json")).as_array().unwrap() {
        let file = entry["file"].as_str().unwrap();
        let outcome = read(&folder.join(file), Scope::ProblemsOnly);
        if entry["valid"] == true {
            assert!(outcome.is_ok(), "{file}: {}", outcome.unwrap_err());
            continue;
        }
        let complaints = outcome.expect_err(file);
        let first = &complaints.0[0];
        let said = first.to_string();
        assert_eq!(first.line, entry["line"].as_u64().map(|line| line as usize), "{file}: {complaints}");
        assert!(said.contains(file), "{file}: {said}");
        assert!(said.contains(entry["key"].as_str().unwrap()), "{file}: {said}");
        if !matches!(entry["fault"].as_str(), Some("duplicate_app" | "wrong_kind")) {
            assert_eq!(first.path, entry["path"].as_str().unwrap(), "{file}: {said}");
        }
    }
}
