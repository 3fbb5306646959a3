//! The words that a scenario uses for the choices of a plan of the edge.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where planned loads come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoadWord {
    /// The period that ended.
    #[default]
    Observed,
    /// Moving mean plus deviations.
    Smoothed,
    /// The period that ended, and its rise above the one before once more.
    Trend,
    /// `expected`, whatever arrives: one plan for the whole run.
    Expected,
}

/// How shares are met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RouteBy {
    /// The target furthest behind its share: exact over every stretch.
    #[default]
    Deficit,
    /// Drawn for each request.
    Random,
}

/// Who solves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SolverWord {
    #[default]
    Auto,
    BuiltIn,
    Highs,
}

/// The coordinator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CoordinatorWord {
    /// As published.
    #[default]
    Greedy,
    /// Counts added replicas, keeps memory that was not used, and lets no receiver send.
    GreedyCorrected,
    /// The optimum of each round.
    Milp,
}

/// The rule of the greedy coordinator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SortingWord {
    #[default]
    Beta,
    Omega,
    Product,
}

/// Which plan of a bargain is carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeepWord {
    #[default]
    Welfare,
    Objective,
}
