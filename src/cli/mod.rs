//! Floor 8: one file per command: arguments in, library calls, text out.

pub mod plan_fralb;
