//! Floor 0: time, order and chance. Knows no cloud.

pub mod random;
pub mod time;
