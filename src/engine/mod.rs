//! Floor 0: time, order and chance. Knows no cloud.

pub mod agenda;
pub mod gauge;
pub mod histogram;
pub mod law;
pub mod merge;
pub mod random;
pub mod tally;
pub mod time;
pub mod unfit;
