//! Floor 1: entities and the books kept of them; knows no strategy.

pub mod archive;
pub mod digits;
pub mod edge_chain;
pub mod edge_client;
pub mod edge_computer;
pub mod gate;
