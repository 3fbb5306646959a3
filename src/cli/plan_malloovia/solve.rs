//! `plan malloovia solve`: both phases, a solution file, tables.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Exit, Solve, print, write_csv};
use crate::planner::malloovia::file::{ProblemFile, Scope, read, solutions_yaml};
use crate::planner::malloovia::tables::{Table, on_demand_only, saving, tables};
use crate::planner::malloovia::{
    PhaseOne, PhaseTwo, PlanError, PlanOptions, Problem, Status, phase_one, phase_two, programme,
};

pub(super) fn solve(args: &Solve, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    let begin = Instant::now();
    let file = match read(&args.file, Scope::Full) {
        Ok(file) => file,
        Err(complaints) => {
            writeln!(err, "{complaints}")?;
            return Ok(Exit::InvalidFile);
        }
    };
    writeln!(out, "Read {} in {:.3} s", args.file.display(), begin.elapsed().as_secs_f64())?;
    let first = match find(&file, &args.phase_i_id) {
        Ok(problem) => problem,
        Err(message) => return usage(err, &message),
    };
    let second = match args.phase_ii_id.as_deref().map(|id| find(&file, id)).transpose() {
        Ok(problem) => problem,
        Err(message) => return usage(err, &message),
    };
    let [options_i, options_ii] = options(args);
    if let Some(path) = &args.write_lp {
        match programme(first, &options_i) {
            Ok(programme) => programme.write_lp(&mut BufWriter::new(fs::File::create(path)?))?,
            Err(error) => return fail(err, &error),
        }
        writeln!(out, "Wrote the programme of Phase I to {}", path.display())?;
    }

    let one = match waiting("Phase I", || phase_one(first, &options_i)) {
        Ok(one) => one,
        Err(error) => return fail(err, &error),
    };
    tell_phase_one(out, &one)?;
    let two = match second
        .filter(|_| one.status.has_plan())
        .map(|problem| simulate(problem, &one, &options_ii))
        .transpose()
    {
        Ok(two) => two,
        Err(error) => return fail(err, &error),
    };
    if let Some(two) = &two {
        tell_phase_two(out, two)?;
    }

    let path = args.output_file.clone().unwrap_or_else(|| solution_name(&args.file));
    fs::write(&path, solutions_yaml(&one, two.as_ref(), args.times))?;
    writeln!(out, "Wrote the solution to {}", path.display())?;
    let tables = tables(&one, two.as_ref());
    show(out, &tables)?;
    if let Some(folder) = &args.tables {
        fs::create_dir_all(folder)?;
        tables.iter().try_for_each(|table| write_csv(folder, table))?;
        writeln!(out, "Wrote {} tables to {}", tables.len(), folder.display())?;
    }
    if one.status.has_plan() && !args.no_saving && !args.relaxed {
        let (problem, cost) = two.as_ref().map_or((first, one.cost), |two| (&two.problem, two.cost));
        if let Err(error) = tell_saving(args, out, problem, cost, &options_ii)? {
            return fail(err, &error);
        }
    }
    if !one.reproducible() || two.as_ref().is_some_and(|two| !two.reproducible()) {
        writeln!(out, "A time limit ended a solve: another run or machine may find another plan.")?;
    }
    Ok(exit(&one, second.is_some(), two.as_ref()))
}

/// The options of both phases.
fn options(args: &Solve) -> [PlanOptions; 2] {
    let of = |gap: Option<f64>| PlanOptions {
        gap: gap.or(args.frac_gap).unwrap_or(0.0),
        time_limit_s: args.max_seconds,
        node_limit: args.max_nodes,
        threads: args.threads,
        seed: args.seed,
        quantise: (args.quantise > 0).then_some(args.quantise),
        merge_zones: !args.no_merge_zones,
        share_reserved: args.share_reserved,
        relaxed: args.relaxed,
        best_effort: args.best_effort.into(),
        ..PlanOptions::default()
    };
    [of(args.frac_gap_phase_i), of(args.frac_gap_phase_ii)]
}

fn find<'a>(file: &'a ProblemFile, id: &str) -> Result<&'a Arc<Problem>, String> {
    file.problem(id).ok_or_else(|| {
        let known: Vec<&str> = file.problems.iter().map(|problem| problem.id.as_str()).collect();
        format!("Problem id '{id}' not found; the file has {}", known.join(", "))
    })
}

fn simulate(problem: &Arc<Problem>, one: &PhaseOne, options: &PlanOptions) -> Result<PhaseTwo, PlanError> {
    let bar = ProgressBar::new(problem.slots() as u64);
    let style = ProgressStyle::with_template("Phase II {bar:40} {pos}/{len} slots, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let done = phase_two(problem, one, options, &mut |slots| bar.set_position(slots as u64));
    bar.finish_and_clear();
    done
}

/// Shows that a long solve is alive.
fn waiting<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    let spinner = ProgressBar::new_spinner().with_message(what);
    let style = ProgressStyle::with_template("{msg} {spinner} {elapsed}");
    spinner.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    spinner.enable_steady_tick(Duration::from_millis(200));
    let done = work();
    spinner.finish_and_clear();
    done
}

fn tell_phase_one(out: &mut dyn Write, one: &PhaseOne) -> io::Result<()> {
    let effort = &one.effort;
    writeln!(
        out,
        "Phase I: {}, {} load levels ({} after rounding), {} variables, {} rows, {:.3} s",
        one.status.word(),
        one.levels.len(),
        effort.levels,
        effort.variables,
        effort.rows,
        effort.creation_s + effort.solving_s
    )?;
    if let Some(cost) = one.cost {
        writeln!(out, "  cost {cost:.6} of the period{}", proof(one.bound, one.gap()))?;
    }
    if one.status == Status::NodeLimit && one.options.node_limit.is_none() {
        writeln!(out, "  the built-in solver gave up its proof; a build with --features highs can go on")?;
    }
    Ok(())
}

fn proof(bound: Option<f64>, gap: Option<f64>) -> String {
    match (bound, gap) {
        (Some(bound), Some(gap)) if gap > 1e-9 => format!(", proved bound {bound:.6}, gap {:.3} %", 100.0 * gap),
        (Some(_), Some(_)) => ", proved".into(),
        _ => ", without a proved bound".into(),
    }
}

fn tell_phase_two(out: &mut dyn Write, two: &PhaseTwo) -> io::Result<()> {
    let count = |status: Status| two.slots.iter().filter(|slot| slot.status == status).count();
    let statuses =
        [Status::Optimal, Status::Overfull, Status::TimeLimit, Status::NodeLimit, Status::Infeasible, Status::Aborted];
    let counts: Vec<String> = statuses
        .iter()
        .filter(|&&status| count(status) > 0)
        .map(|&status| format!("{} {}", count(status), status.word()))
        .collect();
    let effort = &two.effort;
    writeln!(
        out,
        "Phase II: {} ({} slots: {}), {} solves, {:.3} s",
        two.status.word(),
        two.slots.len(),
        counts.join(", "),
        effort.levels,
        effort.creation_s + effort.solving_s
    )?;
    match two.cost {
        Some(cost) => writeln!(out, "  cost {cost:.6} of the series"),
        None => writeln!(out, "  no total cost: slots without a plan"),
    }
}

fn show(out: &mut dyn Write, tables: &[Table]) -> io::Result<()> {
    for table in tables {
        match table.name {
            "purchase" => print(out, "Machines to reserve", &without_zeros(table, 2))?,
            "types" => print(out, "Machine-slots and cost by type", &without_zeros(table, 3))?,
            _ => {}
        }
    }
    Ok(())
}

/// A table without the rows that have nothing in a column.
fn without_zeros(table: &Table, column: usize) -> Table {
    let nothing = |row: &Vec<String>| row[column].parse() == Ok(0.0);
    Table { rows: table.rows.iter().filter(|row| !nothing(row)).cloned().collect(), ..table.clone() }
}

fn tell_saving(
    args: &Solve,
    out: &mut dyn Write,
    problem: &Problem,
    cost: Option<f64>,
    options: &PlanOptions,
) -> io::Result<Result<(), PlanError>> {
    let without = match waiting("On demand only", || on_demand_only(problem, options)) {
        Ok(without) => without,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(folder) = &args.tables {
        write_csv(folder, &saving(cost, &without))?;
    }
    match (without.cost, cost) {
        (Some(alone), Some(cost)) if without.overfull == 0 => {
            let share = if alone > 0.0 { 100.0 * (alone - cost) / alone } else { 0.0 };
            writeln!(out, "On demand only: cost {alone:.6}; the reservation saves {:.6} ({share:.2} %)", alone - cost)?;
        }
        _ => writeln!(out, "On demand only: {} of {} slots could not be served", without.overfull, problem.slots())?,
    }
    Ok(Ok(()))
}

/// `problems.yaml.gz` leads to `problems-sol.yaml`.
fn solution_name(file: &Path) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = plain.strip_suffix(".yaml").unwrap_or(plain);
    file.with_file_name(format!("{stem}-sol.yaml"))
}

fn exit(one: &PhaseOne, second: bool, two: Option<&PhaseTwo>) -> Exit {
    let status = match (one.status.has_plan(), second, two) {
        (true, true, Some(two)) => two.status,
        _ => one.status,
    };
    match status {
        Status::Infeasible | Status::IntegerInfeasible => Exit::Infeasible,
        status if status.has_plan() => Exit::Done,
        _ => Exit::NoPlan,
    }
}

fn usage(err: &mut dyn Write, message: &str) -> io::Result<Exit> {
    writeln!(err, "{message}")?;
    Ok(Exit::Usage)
}

fn fail(err: &mut dyn Write, error: &PlanError) -> io::Result<Exit> {
    writeln!(err, "{error}")?;
    Ok(match error {
        PlanError::Faults { .. } => Exit::InvalidFile,
        PlanError::Quantise(_) | PlanError::ForeignClass { .. } | PlanError::WrongCount { .. } => Exit::Usage,
        PlanError::ReservedBreakLimits { .. } => Exit::Infeasible,
        _ => Exit::NoPlan,
    })
}
