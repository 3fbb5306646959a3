//! Floor 5: one setup, one strategy, one pass.

mod brokers;
mod chain;
pub mod digest;
pub mod drive;
mod feeds;
pub mod folder;
mod inspect;
pub mod lines;
mod orders;
mod provider;
pub mod questions;
mod race;
pub mod record;
mod sample;
mod settle;
pub mod sink;
pub mod stakeholders;
mod step;
pub mod stop;
pub mod summary;
pub mod tee;
mod traffic;
mod trail;
