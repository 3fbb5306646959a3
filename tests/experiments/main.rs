//! Experiments: intervals that hold the truth, sweeps that survive being killed, results that can be made again.

mod compare;
mod coverage;
#[allow(dead_code)] // Golden tables are read here; their tolerances are not.
#[path = "../conformance/golden.rs"]
mod golden;
#[path = "../conformance/oracle.rs"]
mod oracle;
mod place;
mod program;
mod recipes;
mod story;
mod sweep;
mod theory;
mod verify;
