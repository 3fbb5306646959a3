//! Floor 5: one setup, one strategy, one pass.

mod chain;
pub mod digest;
pub mod drive;
pub mod folder;
mod inspect;
pub mod lines;
mod provider;
pub mod record;
mod sample;
pub mod sink;
pub mod stakeholders;
mod step;
pub mod summary;
pub mod tee;
mod traffic;
mod trail;
