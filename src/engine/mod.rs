//! Floor 0: time, order and chance. Knows no cloud.

pub mod agenda;
pub mod random;
pub mod time;
