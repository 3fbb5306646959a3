//! `plan malloovia describe`: what a file holds, and how large its programmes are with and without simplification.

use std::io::{self, Write};

use super::{Describe, Exit, print};
use crate::planner::malloovia::file::{Scope, read};
use crate::planner::malloovia::tables::Table;
use crate::planner::malloovia::{PlanOptions, Problem, figures::Figures, programme};

pub(super) fn describe(args: &Describe, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    let file = match read(&args.file, Scope::Full) {
        Ok(file) => file,
        Err(complaints) => {
            writeln!(err, "{complaints}")?;
            return Ok(Exit::InvalidFile);
        }
    };
    for problem in &file.problems {
        tell(out, problem)?;
    }
    for solution in &file.solutions {
        let cost = solution.cost.map_or("no cost".into(), |cost| format!("cost {cost:.6}"));
        writeln!(
            out,
            "\nSolution `{}` of problem `{}`: {}, {cost}",
            solution.id,
            solution.problem.id,
            solution.status.word()
        )?;
    }
    Ok(Exit::Done)
}

fn tell(out: &mut dyn Write, problem: &Problem) -> io::Result<()> {
    let figures = Figures::of(problem);
    let slot = problem.workloads[0].time_unit;
    writeln!(
        out,
        "\nProblem `{}` ({}): {} applications, {} reserved and {} on-demand classes, {} limiting sets, {} slots of 1 {}",
        problem.id,
        problem.name,
        figures.apps,
        figures.reserved(),
        figures.classes.len() - figures.reserved(),
        figures.sets.len(),
        problem.slots(),
        slot.symbol()
    )?;
    let mut loads = table("loads", &["application", "smallest", "mean", "largest", "quantum"]);
    for (a, workload) in problem.workloads.iter().enumerate() {
        let values = &workload.values;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let (least, most) =
            values.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &load| (low.min(load), high.max(load)));
        let quantum = figures.quanta[a].map_or("none".into(), |quantum| format!("{quantum}"));
        loads.rows.push(vec![
            workload.app.id.clone(),
            least.to_string(),
            format!("{mean:.3}"),
            most.to_string(),
            quantum,
        ]);
    }
    print(out, "Load per slot", &loads)?;

    let mut sizes = table("sizes", &["Phase I", "variables", "rows"]);
    let cases = [
        ("as published (every level, every zone)", PlanOptions::plain()),
        ("rounded, k = 1, zones merged", PlanOptions::default()),
        ("rounded, k = 3, zones merged", PlanOptions { quantise: Some(3), ..PlanOptions::default() }),
        ("rounded, k = 10, zones merged", PlanOptions { quantise: Some(10), ..PlanOptions::default() }),
    ];
    for (name, options) in cases {
        let size = match programme(problem, &options) {
            Ok(programme) => [programme.vars().to_string(), programme.rows().to_string()],
            Err(error) => [error.to_string(), String::new()],
        };
        sizes.rows.push([vec![name.to_string()], size.to_vec()].concat());
    }
    print(out, "Size of the programme", &sizes)
}

fn table(name: &'static str, columns: &[&'static str]) -> Table {
    Table { name, columns: columns.to_vec(), rows: Vec::new() }
}
