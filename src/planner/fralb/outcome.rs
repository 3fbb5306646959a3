//! What a bargain leaves behind: every round's figures, why it ended, and the two plans that were kept.
//!
//! Source: the log and the result files of FaaS-MACrO: the plan that is best by social welfare is the published answer,
//! the one that is best by LMM's objective is reported beside it.

use super::faas_macro::Prices;
use super::plan::{Plan, Totals};
use super::stopping::Reason;

/// One round, as the published log reports it.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    pub k: usize,
    /// ψ used for the prices of this round.
    pub step: f64,
    /// Σ LSP
    pub local_objective: f64,
    pub coordinator_objective: f64,
    /// Per function: what is offered less what could be taken anywhere.
    pub deviation: Vec<f64>,
    /// Per function: spare capacity, Σω and Σν.
    pub spare: Vec<f64>,
    pub offered: Vec<f64>,
    pub accepted: Vec<f64>,
    pub lower_bound: f64,
    pub lowest_bound: f64,
    /// Welfare of this round and the best so far, both to be minimised.
    pub welfare: f64,
    pub best_welfare: f64,
    /// |welfare − local| / |local|
    pub gap: f64,
    /// LMM's objective of the merged plan.
    pub centralized: f64,
    /// After the update; none when the round ended the period before it.
    pub next_prices: Option<Vec<f64>>,
    pub improved_welfare: bool,
    pub improved_centralized: bool,
    /// x, y, z and replicas of the merged plan.
    pub totals: Totals,
    pub reason: Option<Reason>,
    /// Seconds: mean over nodes of LSP, coordinator, mean over nodes of LSPr.
    pub runtimes: [f64; 3],
}

/// A plan that was kept, with the coordinator's view of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub iteration: usize,
    /// LMM's objective.
    pub objective: f64,
    pub plan: Plan,
    pub coordinator: Plan,
    /// The prices at which it was found.
    pub prices: Prices,
}

/// The result of one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub iterations: Vec<Iteration>,
    pub reason: Reason,
    /// The published answer.
    pub by_welfare: Kept,
    pub by_objective: Kept,
}

impl Outcome {
    /// Seconds as if all nodes worked at once: the published total runtime.
    pub fn runtime(&self) -> f64 {
        self.iterations.iter().flat_map(|iteration| iteration.runtimes).sum()
    }

    /// The termination text of the published result files.
    pub fn termination(&self) -> String {
        let last = self.iterations.last().expect("a period has a first round");
        format!(
            "{} (it: {}; obj. deviation: {}; best it: {}; best centralized it: {}; total runtime: {})",
            self.reason,
            last.k,
            last.gap,
            self.by_welfare.iteration,
            self.by_objective.iteration,
            self.runtime()
        )
    }
}
