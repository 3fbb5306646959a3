//! What a handful of runs lets one say: intervals, the length of a warm-up, whether a run ever settled.
//!
//! Elementary functions come from `libm`, so a half-width in a table is the same on every machine.

pub mod interval;
pub mod mser;
pub mod student;
pub mod trend;
