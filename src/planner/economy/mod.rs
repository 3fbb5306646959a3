//! An economy of a service on a cloud: how many machines to rent, what to charge the application, how many banners to show.
//!
//! Three stakeholders with a goal of their own (the service, the application, the users; the cloud only has prices) share
//! the money that advertisers pay. A planner searches the front of their goals and chooses one point by weights.
//!
//! Source: M. Fokaefs, C. Barna, M. Litoiu, "Multi-Objective Economic Adaptation for Service Ecosystems on the Cloud";
//! reference code `Mape-Docker-Compose`. Differs: see each file; every difference can be switched back with
//! [`Reading::Original`] or a parameter.

pub mod account;
pub mod choice;
pub mod exact;
pub mod model;
pub mod parameters;
pub mod search;

pub use account::{Account, Usage};
pub use choice::{Choice, Weights, choose};
pub use exact::{ClosedForm, ExactFront, Ideal, solve};
pub use model::{Decision, Situation, Terms};
pub use parameters::{Load, Market, Measured, Parameters, ResponseModel};
pub use search::{Economist, FrontRow, Plan, Preset, Search, capacity_rule, payload_kb};

use crate::solve::nsga2::SearchError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Whose program is run: the published one with its slips, or the one its authors describe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    Original,
    #[default]
    Corrected,
}

/// A decision with π_S, π_A and U, all three to be maximised.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    pub decision: Decision,
    pub goals: [f64; 3],
}

/// What is wrong with what the planner was given.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EconomyError {
    #[error("{key}: found {found}, want {wanted}")]
    Parameter { key: &'static str, found: f64, wanted: &'static str },
    #[error("{key}: found {lower} to {upper}, want two finite numbers in rising order")]
    Bounds { key: &'static str, lower: f64, upper: f64 },
    #[error("weights: found {found:?}, want {wanted}")]
    Weights { found: [f64; 3], wanted: &'static str },
    #[error("the front is empty: there is no feasible point to choose")]
    EmptyFront,
    #[error("point {index} of the front: found a goal of {found}, want a finite number")]
    Goal { index: usize, found: f64 },
    #[error("there is a closed form only for the linear response model and fractional machines")]
    NoClosedForm,
    #[error(transparent)]
    Search(#[from] SearchError),
}
