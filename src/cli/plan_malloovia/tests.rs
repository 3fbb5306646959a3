//! The commands, called as functions.

use std::fs;

use clap::Parser;

use super::*;
use crate::planner::malloovia::Status;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: PlanMalloovia,
}

/// The minimal example of the specification, with a second problem that has one high hour.
const EXAMPLE: &str = "\
Limiting_sets:
  - &reg {id: reg, name: reg, max_vms: 20}
Instance_classes:
  - &od {id: od, name: m1, limiting_sets: [*reg], max_vms: 20, price: 0.10, time_unit: h, is_reserved: false, cores: 2}
  - &rsv {id: rsv, name: m1, limiting_sets: [*reg], max_vms: 0, price: 0.06, time_unit: h, is_reserved: true, cores: 2}
Apps:
  - &web {id: web, name: web}
Workloads:
  - &w {id: w, description: web load, app: *web, time_unit: h, values: [900, 2100, 2100]}
  - &high {id: high, app: *web, time_unit: h, values: [900, 90000, 2800]}
Performances:
  - &p
    id: p
    time_unit: s
    values:
      - {instance_class: *od, app: *web, value: 0.25}
      - {instance_class: *rsv, app: *web, value: 0.25}
Problems:
  - &plan {id: plan, name: plan, workloads: [*w], instance_classes: [*od, *rsv], performances: *p}
  - &day {id: day, name: day, workloads: [*high], instance_classes: [*od, *rsv], performances: *p}
";

struct Run {
    exit: Exit,
    out: String,
    err: String,
}

fn command(line: &[&str]) -> Run {
    let args = Line::try_parse_from([&["malloovia"], line].concat()).unwrap_or_else(|error| panic!("{error}")).args;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(&args, &mut out, &mut err).unwrap();
    Run { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn example(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.yaml");
    fs::write(&path, text).unwrap();
    let path = path.to_string_lossy().into_owned();
    (folder, path)
}

#[test]
fn solve_writes_a_solution_that_can_be_read_back_and_is_the_same_twice() {
    let (folder, path) = example(EXAMPLE);
    let tables = folder.path().join("tables");
    let line = ["solve", &path, "-1", "plan", "-2", "day", "--tables", tables.to_str().unwrap()];
    let run = command(&line);
    assert_eq!((run.exit, run.err.as_str()), (Exit::Done, ""));
    assert!(run.out.contains("Phase I: optimal"), "{}", run.out);
    assert!(run.out.contains("cost 0.540000 of the period, proved"), "{}", run.out);
    assert!(run.out.contains("2 optimal, 1 overfull"), "{}", run.out);

    let solution = folder.path().join("example-sol.yaml");
    let first = fs::read_to_string(&solution).unwrap();
    let records = read(&solution, Scope::Full).unwrap().solutions;
    assert_eq!((records.len(), records[0].status, records[1].status), (2, Status::Optimal, Status::Overfull));
    assert_eq!(records[0].reserved, [("rsv".to_string(), 3.0)]);
    assert_eq!(records[1].previous.as_deref(), Some("solution_i_plan"));
    // Hours at 3 reserved machines (0.18), with 17 or 1 rented ones besides.
    let costs: Vec<f64> = records[1].slots.iter().map(|slot| slot.cost.unwrap()).collect();
    assert!(costs.iter().zip([0.18, 1.88, 0.28]).all(|(cost, wanted)| (cost - wanted).abs() < 1e-9), "{costs:?}");
    assert_eq!(records[1].allocation.as_ref().unwrap().vms[1], [[3.0, 17.0]]);
    command(&line);
    assert_eq!(first, fs::read_to_string(&solution).unwrap());

    let served = fs::read_to_string(tables.join("served.csv")).unwrap();
    assert!(served.contains("\n1,web,90000,18000,18000,0.2,1\n"), "{served}");
    for table in ["purchase", "slots", "classes", "types", "saving"] {
        assert!(tables.join(format!("{table}.csv")).is_file());
    }
}

#[test]
fn what_a_file_holds_is_told_and_written_back_as_the_same_problems() {
    let (folder, path) = example(EXAMPLE);
    let run = command(&["describe", &path]);
    assert_eq!(run.exit, Exit::Done);
    assert!(run.out.contains("1 reserved and 1 on-demand classes"), "{}", run.out);
    let problems = read(Path::new(&path), Scope::Full).unwrap().problems;
    let list: Vec<&crate::planner::malloovia::Problem> = problems.iter().map(|problem| &**problem).collect();
    let again = folder.path().join("again.yaml");
    fs::write(&again, crate::planner::malloovia::file::problems_yaml(&list)).unwrap();
    let mut back = read(&again, Scope::ProblemsOnly).unwrap().problems;
    back.sort_by_key(|problem| problem.id != "plan");
    // The order of performances and lists may change, what they say may not.
    assert_eq!(back, problems);
}

#[test]
fn exit_codes_tell_what_happened() {
    let (_folder, path) = example(EXAMPLE);
    assert_eq!(command(&["check", &path]).exit, Exit::Done);
    let unknown = command(&["solve", &path, "-1", "plam"]);
    assert_eq!(
        (unknown.exit, unknown.err.trim()),
        (Exit::Usage, "Problem id 'plam' not found; the file has plan, day")
    );
    assert_eq!(command(&["solve", &path, "-1", "day"]).exit, Exit::Infeasible);
    assert_eq!(command(&["solve", &path, "-1", "plan", "--max-seconds", "0"]).exit, Exit::NoPlan);
    assert!(Line::try_parse_from(["malloovia", "solve", &path]).is_err(), "the id of Phase I is required");
    let (_folder, path) = example(&EXAMPLE.replace("price: 0.06", "prize: 0.06"));
    let run = command(&["check", "--verbose", &path]);
    assert_eq!(run.exit, Exit::InvalidFile);
    assert!(run.err.contains("example.yaml:5: Instance_classes[1].prize"), "{}", run.err);
    assert_eq!(command(&["solve", &path, "-1", "plan"]).exit, Exit::InvalidFile);
}

#[test]
fn the_programme_can_be_left_in_lp_format() {
    let (folder, path) = example(EXAMPLE);
    let lp = folder.path().join("plan.lp");
    let run = command(&["solve", &path, "-1", "plan", "--write-lp", lp.to_str().unwrap(), "--no-saving"]);
    assert_eq!(run.exit, Exit::Done);
    let text = fs::read_to_string(lp).unwrap();
    assert!(text.starts_with("Minimize\n obj: + 0.18 x_Y_a0_c0_0"), "{text}");
    assert!(!run.out.contains("On demand only"));
}

/// Faults that differ in kind or place, each made by one change of the example: the text to find, its replacement, and
/// what the message must say.
const FAULTS: [(&str, &str, &str); 17] = [
    ("id: od, name: m1", "id: od, name: 1", "4: Instance_classes[0].name: found `1`, wanted a text"),
    ("max_vms: 20, price", "max_vms: 2.5, price", "4: Instance_classes[0].max_vms: found `2.5`, wanted a whole number"),
    ("cores: 2}", "cores: 0}", "4: Instance_classes[0].cores: found `0`, wanted a whole number of at least 1"),
    (
        "is_reserved: false",
        "is_reserved: maybe",
        "4: Instance_classes[0].is_reserved: found `maybe`, wanted true or false",
    ),
    ("[900, 2100, 2100]", "[900, -1, 2100]", "9: Workloads[0].values[1]: found -1 in slot 1"),
    ("[900, 2100, 2100]", "2100", "9: Workloads[0].values: found `2100`, wanted a list"),
    (
        "values: [900, 2100, 2100]",
        "values: [9], filename: w.csv",
        "9: Workloads[0].filename: found `filename` beside `values`",
    ),
    (", values: [900, 2100, 2100]", "", "9: Workloads[0].values: found neither"),
    ("values: [900, 2100, 2100]", "filename: w.txt", "should end in .csv"),
    (
        "app: *web, time_unit: h, values: [900, 2",
        "app: *od, time_unit: h, values: [900, 2",
        "found the instance class `od`",
    ),
    ("app: *web, value: 0.25}", "app: *web, value: -1}", "16: Performances[0].values[0].value: found -1"),
    ("  - {instance_class: *rsv, app: *web, value: 0.25}", "", "no performance of class `rsv` for application `web`"),
    ("value: 0.25", "value: 0", "which has load"),
    ("[*w], instance", "[*w, *high], instance", "which workload `w` has too"),
    ("[*w], instance", "[], instance", "19: Problems[0].workloads: found none"),
    ("Apps:\n", "", "Apps: found no `Apps`"),
    (
        "Apps:\n",
        "Apps:\n  - {id: web, name: other}\n",
        "8: Apps[1].id: found `web`, the id of another application (line 7)",
    ),
];

#[test]
fn every_kind_of_fault_is_told_with_its_line_and_path() {
    for (found, replacement, message) in FAULTS {
        assert!(EXAMPLE.contains(found), "{found}");
        let text = if replacement == "value: 0" {
            EXAMPLE.replace(found, replacement)
        } else {
            EXAMPLE.replacen(found, replacement, 1)
        };
        let (_folder, path) = example(&text);
        let run = command(&["check", "-v", &path]);
        assert_eq!(run.exit, Exit::InvalidFile, "{replacement}");
        assert!(run.err.contains(message), "{replacement}: {}", run.err);
    }
}
