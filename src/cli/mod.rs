//! Floor 8: one file per command: arguments in, text and an exit code out.

#[cfg(feature = "yaml")]
pub mod plan_malloovia;
