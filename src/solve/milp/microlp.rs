//! The pure Rust back-end.
//!
//! `good_lp` builds the model; the node limit, the bound and the reason for stopping are microlp's own.

use microlp::{Error, SolveOptions, SolveOutcome, TerminationReason};

use super::{Backend, Found, Limit, Options, Programme, Solution, SolveError, Status, model};

pub(super) fn solve(programme: &Programme, options: &Options) -> Result<Solution, SolveError> {
    let beyond = |bound: f64| bound.is_finite() && bound.abs() > f64::from(i32::MAX);
    if programme.columns.iter().any(|column| column.integer && (beyond(column.lower) || beyond(column.upper))) {
        return Err(SolveError::Options("integer bounds beyond 2^31 need the back-end HiGHS".into()));
    }
    let scale = programme.cost_scale();
    let model = model::build(programme, scale, good_lp::microlp);
    let mut asked = SolveOptions::default();
    asked.mip_gap = options.gap;
    asked.node_limit = options.node_limit;
    asked.time_limit = options.time_limit_s.map(std::time::Duration::from_secs_f64);
    let found = match model.as_inner().solve_with(asked) {
        Ok(SolveOutcome::Solution(found)) => found,
        Ok(SolveOutcome::Interrupted(stopped)) => {
            let status = Status::NoSolution { why: limit(stopped.termination_reason()).unwrap_or(Limit::Solver) };
            let bound = stopped.stats().best_bound.map(|bound| bound / scale);
            let nodes = Some(stopped.stats().nodes_solved);
            return Ok(Solution { bound, nodes, ..Solution::without(status, Backend::Microlp) });
        }
        Err(Error::Infeasible) => return Ok(Solution::without(Status::Infeasible, Backend::Microlp)),
        Err(Error::Unbounded) => return Ok(Solution::without(Status::Unbounded, Backend::Microlp)),
        Err(error) => return Err(SolveError::Solver(error.to_string())),
    };
    let reason = found.termination_reason();
    let bound = match reason {
        TerminationReason::ProvenOptimal => Some(found.objective()),
        _ => found.stats().best_bound,
    };
    let values = found.iter().map(|(_, value)| value).collect();
    Ok(programme.solution(
        values,
        Found {
            backend: Backend::Microlp,
            stopped: limit(reason),
            bound: bound.map(|bound| bound / scale),
            duals: None,
            nodes: Some(found.stats().nodes_solved),
        },
    ))
}

/// The limit that ended a search; `None` for a proof, exact or to the gap.
fn limit(reason: TerminationReason) -> Option<Limit> {
    match reason {
        TerminationReason::ProvenOptimal | TerminationReason::MipGap => None,
        TerminationReason::TimeLimit => Some(Limit::Time),
        TerminationReason::NodeLimit => Some(Limit::Nodes),
        _ => Some(Limit::Solver),
    }
}
