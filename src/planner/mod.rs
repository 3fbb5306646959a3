//! Floor 2: published planning models and fixed-step replays that work alone, without a run.

pub mod chain_cost;
pub mod economy;
#[cfg(feature = "planning")]
pub mod fralb;
pub mod libra;
#[cfg(feature = "planning")]
pub mod malloovia;
pub mod mape;
