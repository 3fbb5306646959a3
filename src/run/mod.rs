//! Floor 5: one setup, one strategy, one pass.

pub mod digest;
pub mod drive;
mod sample;
pub mod sink;
mod step;
pub mod summary;
