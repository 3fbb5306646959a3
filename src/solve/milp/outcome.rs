//! What is known about a programme after solving, and how good the point is.

use super::{Backend, Var};

/// Why a solver stopped before its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Time,
    Nodes,
    /// The solver's own: memory or an internal count.
    Solver,
}

/// What is known about the programme after solving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Proved, to within the gap that was asked for; [`Solution::gap`] is the gap reached.
    Optimal,
    /// A feasible point, and a limit before the proof.
    Feasible {
        why: Limit,
    },
    Infeasible,
    Unbounded,
    /// A limit before any feasible point.
    NoSolution {
        why: Limit,
    },
}

/// The outcome of one solve.
#[derive(Clone, Debug)]
pub struct Solution {
    pub status: Status,
    /// At `values`; `None` without a feasible point.
    pub objective: Option<f64>,
    /// The proved bound on every feasible objective, if the back-end had one when it stopped.
    pub bound: Option<f64>,
    /// One per variable, integers exact; empty without a feasible point.
    pub values: Vec<f64>,
    /// One per row, change of the objective per unit of the right side. Only for programmes without integers on HiGHS;
    /// where optima are degenerate, one of several valid vectors.
    pub duals: Option<Vec<f64>>,
    /// Branch-and-bound nodes, where the back-end tells.
    pub nodes: Option<u64>,
    pub backend: Backend,
}

impl Solution {
    pub(super) fn without(status: Status, backend: Backend) -> Self {
        Self { status, objective: None, bound: None, values: Vec::new(), duals: None, nodes: None, backend }
    }

    /// The value of a variable; there must be a feasible point.
    pub fn value(&self, var: Var) -> f64 {
        self.values[var.index()]
    }

    /// Whether `values` hold a feasible point.
    pub fn has_point(&self) -> bool {
        matches!(self.status, Status::Optimal | Status::Feasible { .. })
    }

    /// |objective - bound| / |objective|, 0 where they are equal.
    pub fn gap(&self) -> Option<f64> {
        let (objective, bound) = (self.objective?, self.bound?);
        let distance = (objective - bound).abs();
        Some(if distance == 0.0 { 0.0 } else { distance / objective.abs() })
    }

    /// Whether the same binary must find the same again: false once the wall clock had a say.
    pub fn reproducible(&self) -> bool {
        !matches!(self.status, Status::Feasible { why: Limit::Time } | Status::NoSolution { why: Limit::Time })
    }
}

/// Why a programme was not solved at all.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SolveError {
    #[error(
        "{integers} integer variables and {rows} rows are too many for the built-in solver without a limit: build with \
         `--features highs` (needs cmake, g++ and libclang-dev), or set a time or node limit"
    )]
    TooLarge { integers: usize, rows: usize },
    #[error("HiGHS is not in this build: build with `--features highs` (needs cmake, g++ and libclang-dev)")]
    NoHighs,
    #[error("{0}")]
    Options(String),
    #[error("the solver failed: {0}")]
    Solver(String),
}
