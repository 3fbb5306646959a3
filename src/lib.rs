//! Stratosim: a deterministic discrete-event simulator of cloud, FaaS and edge capacity.
//!
//! A scenario file and a seed go in; a folder of tables comes out, the same bytes every time. The modules stand in the
//! order of their floors: each may use only those above it in this list, which `tests/laws` checks.

pub mod engine;

pub mod model;

pub mod planner;
pub mod solve;
pub mod workload;

pub mod strategy;

pub mod scenario;

pub mod run;

pub mod catalogue;
#[cfg(feature = "plots")]
pub mod plot;
#[cfg(feature = "report")]
pub mod report;

pub mod experiment;

pub mod cli;
