//! Floor 2: where requests come from.

pub mod trace;
