//! What the publications state, one module per strategy or planner.

#[path = "../conformance/oracle.rs"]
#[allow(dead_code)] // Each target uses its part of the door.
mod oracle;

mod malloovia_plan;
