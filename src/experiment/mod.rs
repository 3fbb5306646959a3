//! Floor 7: a scenario opened, its columns run and their folders written; many runs side by side, with intervals.

pub mod collect;
pub mod compare;
pub mod design;
pub mod measures;
pub mod observe;
pub mod opened;
pub mod points;
pub mod precision;
pub mod quantiles;
pub mod run;
pub mod store;
pub mod story;
pub mod sweep;
pub mod theory;
pub mod verify;
