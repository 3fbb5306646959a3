//! What the publications say, as tests: claims, worked examples, and the complaints that bad input earns.

#[path = "../conformance/oracle.rs"]
mod oracle;

mod fralb_complaints;
mod fralb_local;
mod fralb_plan;
