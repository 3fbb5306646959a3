//! Figures of the publications, one module per strategy: the table or figure cited, the tolerance explained.
//!
//! Each comparison prints what was found, what is on record, the tolerance and the deviation (`--nocapture` shows them).

mod edge_brokers;
mod edge_chains;
mod edge_limits;
mod edge_scenarios;
mod edge_stage;
mod edge_uncoordinated;
mod fitted_wits;
#[cfg(feature = "planning")]
mod fralb_complaints;
#[cfg(feature = "planning")]
mod fralb_local;
#[cfg(feature = "planning")]
mod fralb_plan;
#[cfg(feature = "planning")]
mod fralb_requests;
mod fralb_ring;
mod libra_provider;
mod libra_replay;
#[cfg(feature = "planning")]
mod malloovia_plan;
#[cfg(feature = "planning")]
mod malloovia_requests;
mod mape_loops;
mod mape_planner;
mod metric_archive;
#[allow(dead_code)] // Figures on record need the traces, not the golden data.
#[path = "../conformance/oracle.rs"]
mod oracle;

/// Compares a figure with the record; `tolerance` is absolute, in the figure's unit.
fn on_record(what: &str, found: f64, record: f64, tolerance: f64) {
    let deviation = found - record;
    println!("{what}: {found}, on record {record}, tolerance {tolerance:e}, deviation {deviation:e}");
    assert!(deviation.abs() <= tolerance, "{what}: found {found}, on record {record}, tolerance {tolerance:e}");
}

/// Compares a count with the record, exactly.
fn on_record_exactly(what: &str, found: u64, record: u64) {
    println!("{what}: {found}, on record {record}, exact");
    assert_eq!(found, record, "{what}");
}
