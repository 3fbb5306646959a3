//! Pictures of a run's folder: the load of each function, the network, and what every node did with its load in every
//! period, as one sheet; for up to ten nodes and functions.
//!
//! Source: the plots of DFaaSOptimizer's run programs (`load/f0.png`, `graph.png`, `LoadManagementModel.png`, `sp.png`,
//! `rmp.png`), rows and columns of the sheet as there. Differs: SVG; loads are steps instead of a line over bars; the
//! sheets at `plot_interval` are drawn when the run is over and named by their last period.

use crate::planner::fralb::exchange;
use crate::planner::fralb::instance::Instance;
use crate::planner::fralb::load::read_trace;
use crate::planner::fralb::plan::Plan;
use crate::planner::fralb::postprocessing::RunRecord;
use crate::planner::fralb::results::{COORDINATOR, LMM, read_plans};
use crate::planner::fralb::table::FileError;
use crate::plot::{Axis, Plot, Series};
use std::path::Path;

/// Nodes and functions beyond which nothing is drawn.
const MOST: usize = 10;
/// Size of a picture on a sheet, pixels.
const CELL: (usize, usize) = (430, 230);

/// Draws what a finished run's folder holds; false when the system is too large to be looked at.
///
/// # Errors
/// Files that cannot be read or written.
pub(super) fn draw_run(folder: &Path, centralized: bool, plot_interval: Option<usize>) -> Result<bool, FileError> {
    let run = RunRecord::read(folder, !centralized)?;
    let system = &run.system;
    if system.nodes > MOST || system.functions > MOST {
        return Ok(false);
    }
    let trace = trace(folder, system)?;
    draw_inputs(folder, system, &trace)?;
    let loads: Vec<&Vec<f64>> = run.times.iter().filter_map(|&t| trace.get(t)).collect();
    let coordinator = if centralized { None } else { Some(read_plans(folder, COORDINATOR, system)?) };
    let sheets = [(if centralized { LMM } else { "sp" }, Some(&run.plans)), ("rmp", coordinator.as_ref())];
    for (name, plans) in sheets.into_iter().filter_map(|(name, plans)| Some((name, plans?))) {
        let draw = |until: usize, name: &str| {
            let (times, loads) = (&run.times[..until], &loads[..until]);
            let sheet = sheet(system, times, loads, &plans[..until], &run.objectives[..until]);
            put(&folder.join(name), &sheet)
        };
        draw(run.times.len().min(loads.len()), &format!("{name}.svg"))?;
        let begun = run.times.first().copied().unwrap_or(0);
        for (i, &t) in run.times.iter().enumerate().take(loads.len()) {
            if plot_interval.is_some_and(|interval| (t + 1 - begun).is_multiple_of(interval)) {
                draw(i + 1, &format!("{name}_{t}.svg"))?;
            }
        }
    }
    Ok(true)
}

/// Draws the loads and the network of a folder's inputs.
///
/// # Errors
/// Files that cannot be read or written.
pub(super) fn draw_generated(folder: &Path) -> Result<bool, FileError> {
    let path = folder.join(exchange::SYSTEM);
    let system = exchange::read_system(&text(&path)?).map_err(|error| FileError::new(&path, error))?;
    if system.nodes > MOST || system.functions > MOST {
        return Ok(false);
    }
    draw_inputs(folder, &system, &trace(folder, &system)?)?;
    Ok(true)
}

fn text(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(|error| FileError::new(path, error))
}

pub(super) fn put(path: &Path, content: &str) -> Result<(), FileError> {
    std::fs::write(path, content).map_err(|error| FileError::new(path, error))
}

fn trace(folder: &Path, system: &Instance) -> Result<Vec<Vec<f64>>, FileError> {
    let path = folder.join(exchange::TRACE);
    read_trace(&text(&path)?, system.nodes, system.functions).map_err(|error| FileError::new(&path, error))
}

fn draw_inputs(folder: &Path, system: &Instance, trace: &[Vec<f64>]) -> Result<(), FileError> {
    let loads = folder.join("load");
    std::fs::create_dir_all(&loads).map_err(|error| FileError::new(&loads, error))?;
    for f in 0..system.functions {
        let of = |n: usize| trace.iter().enumerate().map(move |(t, load)| (t as f64, load[n * system.functions + f]));
        let series = (0..system.nodes).map(|n| Series::line(&format!("n{n}"), of(n))).collect();
        let plot = Plot::lines(&format!("Load of f{f}"), period(), rate(), series).told_apart_by("node");
        put(&loads.join(format!("f{f}.svg")), &plot.svg())?;
    }
    put(&folder.join("graph.svg"), &network(system).svg())
}

fn period() -> Axis {
    Axis::new("period", "")
}

fn rate() -> Axis {
    Axis::new("load", "requests/s").from_zero()
}

/// Nodes on a circle and the links between them.
fn network(system: &Instance) -> Plot {
    let place = |n: usize| {
        let angle = std::f64::consts::TAU * n as f64 / system.nodes as f64;
        (libm::sin(angle), libm::cos(angle))
    };
    let links = system.network.links().iter().filter(|(n, m)| n < m || system.network.find(*m, *n).is_none());
    let mut series: Vec<Series> = (0..system.nodes).map(|n| Series::dots(&format!("n{n}"), [place(n)])).collect();
    series.extend(links.map(|&(n, m)| Series::line(&format!("n{n} - n{m}"), [place(n), place(m)])));
    let note = format!("{} nodes, {} directed links", system.nodes, system.network.links().len());
    Plot::lines("Network", Axis::new("x", ""), Axis::new("y", ""), series)
        .with_note(&note)
        .told_apart_by("node or link")
}

/// A row for each node; of each function the load and what became of it, and what was received; utilisation, replicas, and
/// in the first row the objective.
fn sheet(
    system: &Instance,
    times: &[usize],
    loads: &[&Vec<f64>],
    plans: &[Plan],
    objectives: &[Option<f64>],
) -> String {
    let over = |of: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        times.iter().enumerate().map(|(i, &t)| (t as f64, of(i))).collect()
    };
    let mut pictures: Vec<(usize, usize, Plot)> = Vec::new();
    let utilization: Vec<Vec<f64>> = plans.iter().map(|plan| plan.utilization(system)).collect();
    for n in 0..system.nodes {
        for f in 0..system.functions {
            let cell = system.at(n, f);
            let series = vec![
                Series::line("incoming", over(&|i| loads[i][cell])),
                Series::steps("local", over(&|i| plans[i].x[cell])),
                Series::steps("forwarded", over(&|i| plans[i].forwarded(system, n, f))),
                Series::steps("rejected", over(&|i| plans[i].z[cell])),
            ];
            pictures.push((n, 2 * f, Plot::lines(&format!("n{n} f{f}"), period(), rate(), series)));
            let received = vec![Series::steps("received", over(&|i| plans[i].received(system, n, f)))];
            pictures.push((n, 2 * f + 1, Plot::lines(&format!("n{n} f{f}, received"), period(), rate(), received)));
        }
        let by_function = |of: &dyn Fn(usize, usize) -> f64| -> Vec<Series> {
            (0..system.functions).map(|f| Series::steps(&format!("f{f}"), over(&|i| of(i, system.at(n, f))))).collect()
        };
        let busy = by_function(&|i, cell| 100.0 * utilization[i][cell]);
        let axis = Axis::new("utilisation", "%").from_zero();
        let column = 2 * system.functions;
        pictures.push((n, column, Plot::lines(&format!("n{n}, utilisation"), period(), axis, busy)));
        let kept = by_function(&|i, cell| plans[i].replicas[cell] as f64);
        let axis = Axis::new("replicas", "").from_zero();
        pictures.push((n, column + 1, Plot::lines(&format!("n{n}, replicas"), period(), axis, kept)));
    }
    let objective = vec![Series::line("objective", over(&|i| objectives[i].unwrap_or(f64::NAN)))];
    let plot = Plot::lines("Objective", period(), Axis::new("objective", ""), objective);
    pictures.push((0, 2 * system.functions + 2, plot));
    together(&pictures, system.nodes, 2 * system.functions + 3)
}

/// Pictures by row and column in one document.
fn together(pictures: &[(usize, usize, Plot)], rows: usize, columns: usize) -> String {
    let (width, height) = (CELL.0 * columns, CELL.1 * rows);
    let mut sheet = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n"
    );
    for (row, column, plot) in pictures {
        let drawn = plot.svg();
        // A document inside of another is placed by its first element; its own size is that of its view.
        let view = drawn.find("viewBox=").expect("a plot says what it shows");
        let (x, y) = (column * CELL.0, row * CELL.1);
        sheet += &format!("<svg x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" {}", CELL.0, CELL.1, &drawn[view..]);
        sheet.push('\n');
    }
    sheet + "</svg>\n"
}
