//! Floor 1: entities and the books kept of them; knows no strategy.

pub mod archive;
