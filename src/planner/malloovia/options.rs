//! How to plan: what is simplified without loss, what is changed on purpose, and how far the solver goes.

use std::sync::Arc;

use super::check::Fault;
use crate::solve::milp::{self, Backend, SolveError};

/// What a plan does in a slot whose load cannot be served in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BestEffort {
    /// Serve as much as possible, each application counted relative to its load, then at the least cost.
    #[default]
    Served,
    /// The original's reading: capacity may not exceed load, cost is not looked at. It cannot plan a slot in which an
    /// application has no load, nor one in which a reserved machine would overshoot wherever it is put.
    Legacy,
}

/// Switches of both phases. The default is exact: it proves optima, and what it simplifies loses nothing.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// Stop when (cost - bound) / cost is at most this.
    pub gap: f64,
    /// Wall-clock seconds for Phase I, and for each slot of Phase II. Results then depend on the machine.
    pub time_limit_s: Option<f64>,
    /// Branch-and-bound nodes for Phase I, and for each slot of Phase II: counted work, the same on every machine.
    pub node_limit: Option<u64>,
    pub threads: u32,
    pub seed: u32,
    pub backend: Backend,
    /// Round loads up to multiples of `k` times the greatest common divisor of the performances. `Some(1)` loses nothing
    /// and makes fewer levels; larger `k` buys fewer levels with spare machines; `None` leaves the series. Phase II uses 1
    /// or none, as the original used the series as it is.
    pub quantise: Option<u32>,
    /// Plan parallel zones as one where that loses nothing.
    pub merge_zones: bool,
    /// Let reserved machines change application from level to level in Phase I already.
    pub share_reserved: bool,
    /// Drop integrality in Phase I. Rounding by `k` = 1 and merging are then left out: they concern integers.
    pub relaxed: bool,
    pub best_effort: BestEffort,
    /// The largest Phase I programme that is attempted.
    pub variables_max: usize,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            gap: 0.0,
            time_limit_s: None,
            node_limit: None,
            threads: 1,
            seed: 0,
            backend: Backend::Auto,
            quantise: Some(1),
            merge_zones: true,
            share_reserved: false,
            relaxed: false,
            best_effort: BestEffort::Served,
            variables_max: 2_000_000,
        }
    }
}

impl PlanOptions {
    /// The model of the publication as it stands: every level, every zone.
    pub fn plain() -> Self {
        Self { quantise: None, merge_zones: false, ..Self::default() }
    }

    /// The rounding that Phase I applies.
    pub(super) fn rounding(&self) -> Option<u32> {
        self.quantise.filter(|&k| k > 1 || !self.relaxed)
    }

    pub(super) fn solver(&self) -> milp::Options {
        milp::Options {
            backend: self.backend,
            gap: self.gap,
            node_limit: self.node_limit,
            time_limit_s: self.time_limit_s,
            threads: self.threads,
            seed: self.seed,
            start: None,
        }
    }
}

/// Why there is no plan at all, not even an unsuccessful one.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("problem `{id}` is not sound: {}", list(faults))]
    Faults { id: Arc<str>, faults: Vec<Fault> },
    #[error("quantise: found {0}, wanted a multiple of at least 1")]
    Quantise(u32),
    #[error(
        "problem `{id}` has {levels} load levels and {variables} variables, more than the {limit} that are attempted: \
         round the loads (quantise with a larger k), or raise the limit"
    )]
    TooLarge { id: String, levels: usize, variables: usize, limit: usize },
    #[error("Phase II needs the reserved machines of Phase I, which ended as {0}")]
    NoPurchase(&'static str),
    #[error("class `{class}` was reserved in Phase I, and problem `{problem}` has no reserved class of this id")]
    ForeignClass { class: String, problem: String },
    #[error("the reserved machines break a limit of problem `{problem}` ({what})")]
    ReservedBreakLimits { problem: String, what: String },
    #[error("{found} numbers for the {wanted} {what} of problem `{problem}`")]
    WrongCount { problem: String, what: &'static str, found: usize, wanted: usize },
    #[error("the original's best effort has no answer for the load {loads:?}: {why}")]
    Legacy { loads: Vec<f64>, why: &'static str },
    #[error(transparent)]
    Solve(#[from] SolveError),
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
