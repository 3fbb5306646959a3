//! Floor 2: mathematics without a clock, from a problem to a solution that says how good it is.

pub mod frontier;
pub mod knapsack;
#[cfg(feature = "planning")]
pub mod milp;
pub mod nsga2;
pub mod queueing;
pub mod statistics;
