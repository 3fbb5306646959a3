//! Stratosim: a deterministic discrete-event simulator of cloud, FaaS and edge capacity.
//!
//! A scenario file and a seed go in; a folder of tables comes out, the same bytes every time. The modules stand in the
//! order of their floors: each may use only those above it in this list, which `tests/laws` checks.

pub mod cli;
pub mod engine;
pub mod planner;
pub mod solve;
