//! Autoscaling as a loop that monitors, analyses, plans and executes once per period: the parts, without a clock of their own.
//!
//! Each part is a pure function or a small state machine over plain values, so that a fixed-step replay and a strategy in a
//! run call the same arithmetic: [`monitor`] turns samples into readings, [`analysis`] readings into a verdict, [`planning`]
//! verdicts and economic answers into a number of replicas, [`cycle`] says when the next round begins and what it leaves
//! behind. [`replay`] closes the loop over a list of demands; [`rules`] holds two rivals of the thresholds.
//!
//! Source: public programs `EASE-MAPE-System` (2019) and `Mape-Docker-Compose` (2020 to 2022); M. Fokaefs, Y. Rouf, C. Barna,
//! M. Litoiu, "Evaluating Adaptation Methods for Cloud Applications", IEEE CLOUD 2017. Differs: see each file.

pub mod analysis;
pub mod cycle;
pub mod monitor;
pub mod planning;
pub mod replay;
pub mod rules;

pub use super::economy::Reading;
pub use analysis::{Finding, Marks, ThresholdAnalysis, Thresholds, UtilisationMarks};
pub use cycle::{CycleRow, Pace};
pub use monitor::{ContainerReading, MovingMean, Resource};
pub use planning::{Economic, HybridPlanner, Limits, Source, ThresholdPlanner};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an analysis asks for: one replica fewer, as many, or one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Remove,
    Keep,
    Add,
}

impl Verdict {
    /// The change in replicas.
    pub const fn step(self) -> i64 {
        match self {
            Verdict::Remove => -1,
            Verdict::Keep => 0,
            Verdict::Add => 1,
        }
    }
}

/// What is wrong with the settings of a loop.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LoopError {
    #[error("{key}: found a lower mark of {lower} and an upper mark of {upper}, want {wanted}")]
    Marks { key: &'static str, lower: f64, upper: f64, wanted: &'static str },
    #[error(
        "replicas: found a minimum of {min} and a maximum of {max}, want a minimum from 1 and a maximum not below it"
    )]
    Limits { min: u32, max: u32 },
    #[error("{key}: found {found}, want {wanted}")]
    Setting { key: &'static str, found: String, wanted: &'static str },
}
