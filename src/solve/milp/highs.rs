//! The HiGHS back-end (feature `highs`).
//!
//! `good_lp` builds the model; options, the dual bound, the reason for stopping and row duals are read from the model
//! of the `highs` crate that it hands out. That crate has no way to read the count of nodes.

use highs::{HighsModelStatus, HighsSolutionStatus, Model, SolvedModel};

use super::{Backend, Found, Limit, Options, Programme, Solution, SolveError, Status, model};

pub(super) fn solve(programme: &Programme, options: &Options) -> Result<Solution, SolveError> {
    if programme.columns.is_empty() {
        return Ok(without_variables(programme));
    }
    let scale = programme.cost_scale();
    let solved = run(programme, options, scale, true)?;
    let integers = programme.integers() > 0;
    let bound = integers.then(|| solved.double_info_value(c"mip_dual_bound").ok()).flatten();
    let bound = bound.filter(|bound| bound.abs() < 1e29).map(|bound| bound / scale);
    let stopped = match solved.status() {
        HighsModelStatus::Optimal => None,
        HighsModelStatus::Infeasible => return Ok(Solution::without(Status::Infeasible, Backend::Highs)),
        HighsModelStatus::Unbounded => return Ok(Solution::without(Status::Unbounded, Backend::Highs)),
        HighsModelStatus::UnboundedOrInfeasible => return undecided(programme, options),
        HighsModelStatus::ReachedTimeLimit => Some(Limit::Time),
        HighsModelStatus::ReachedSolutionLimit => Some(Limit::Nodes),
        HighsModelStatus::ReachedIterationLimit | HighsModelStatus::ReachedMemoryLimit => Some(Limit::Solver),
        other => return Err(SolveError::Solver(format!("HiGHS ended as {other:?}"))),
    };
    let feasible = solved.primal_solution_status() == HighsSolutionStatus::Feasible;
    if let (Some(why), false) = (stopped, feasible) {
        return Ok(Solution { bound, ..Solution::without(Status::NoSolution { why }, Backend::Highs) });
    }
    let point = solved.get_solution();
    let duals = (!integers).then(|| point.dual_rows().iter().map(|dual| dual / scale).collect());
    // A solved linear programme is its own bound.
    let bound = if integers || stopped.is_some() { bound } else { Some(programme.evaluate(point.columns())) };
    let found = Found { backend: Backend::Highs, stopped, bound, duals, nodes: None };
    Ok(programme.solution(point.columns().to_vec(), found))
}

/// From this gap on the search usually ends at the root, where one of the sub-problems that HiGHS solves for a better point
/// takes longer than the cuts that close the gap without it: a quarter of the time on the data of Malloovia's paper.
const COARSE_GAP: f64 = 1e-3;

fn run(programme: &Programme, options: &Options, scale: f64, presolve: bool) -> Result<SolvedModel, SolveError> {
    let failed = |what: &str, error: String| SolveError::Solver(format!("HiGHS: {what}: {error}"));
    let model = model::build(programme, scale, good_lp::highs);
    let mut model = model.try_into_inner().map_err(|error| failed("building the model", error.to_string()))?;
    let set = |done: Result<(), highs::TrySetOptionError>, name: &str| {
        done.map_err(|error| failed(&format!("option {name}"), error.to_string()))
    };
    set(model.try_set_option("mip_rel_gap", options.gap), "mip_rel_gap")?;
    // The relative gap alone decides: an absolute one would be coarse or fine with the currency.
    set(model.try_set_option("mip_abs_gap", 0.0), "mip_abs_gap")?;
    set(model.try_set_option("threads", options.threads as i32), "threads")?;
    set(model.try_set_option("parallel", if options.threads > 1 { "on" } else { "off" }), "parallel")?;
    set(model.try_set_option("random_seed", (options.seed & 0x7fff_ffff) as i32), "random_seed")?;
    set(model.try_set_option("presolve", if presolve { "choose" } else { "off" }), "presolve")?;
    if options.gap >= COARSE_GAP {
        set(model.try_set_option("mip_heuristic_run_root_reduced_cost", false), "mip_heuristic_run_root_reduced_cost")?;
    }
    if let Some(nodes) = options.node_limit {
        set(model.try_set_option("mip_max_nodes", i32::try_from(nodes).unwrap_or(i32::MAX)), "mip_max_nodes")?;
    }
    if let Some(seconds) = options.time_limit_s {
        set(model.try_set_option("time_limit", seconds), "time_limit")?;
    }
    begin_at(&mut model, programme, options);
    model.try_solve().map_err(|error| failed("solving", format!("{error:?}")))
}

fn begin_at(model: &mut Model, programme: &Programme, options: &Options) {
    let Some(start) = &options.start else { return };
    if start.len() == programme.columns.len() && programme.violation(start) <= 1e-6 {
        model.set_solution(Some(start.as_slice()), None, None, None);
    }
}

/// Presolve sometimes proves only "infeasible or unbounded". Without an objective it cannot be unbounded.
fn undecided(programme: &Programme, options: &Options) -> Result<Solution, SolveError> {
    let mut flat = programme.clone();
    flat.columns.iter_mut().for_each(|column| column.cost = 0.0);
    let status = match run(&flat, options, 1.0, true)?.status() {
        HighsModelStatus::Optimal => Status::Unbounded,
        HighsModelStatus::Infeasible => Status::Infeasible,
        HighsModelStatus::ReachedTimeLimit => Status::NoSolution { why: Limit::Time },
        _ => Status::NoSolution { why: Limit::Solver },
    };
    Ok(Solution::without(status, Backend::Highs))
}

/// HiGHS calls a model without variables empty, whatever its rows say.
fn without_variables(programme: &Programme) -> Solution {
    if programme.violation(&[]) > 1e-9 {
        return Solution::without(Status::Infeasible, Backend::Highs);
    }
    let found = Found { backend: Backend::Highs, stopped: None, bound: Some(0.0), duals: None, nodes: None };
    programme.solution(Vec::new(), found)
}
