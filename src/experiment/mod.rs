//! Floor 7: a scenario opened, its columns run, their folders written.

pub mod opened;
pub mod run;
