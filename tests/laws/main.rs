//! Laws that hold whatever the numbers: conservation, monotony, scaling.

mod brokers;
mod callers;
mod catalogue;
mod covers;
mod fees;
mod floors;
mod hosts;
#[cfg(feature = "planning")]
mod malloovia;
mod measures;
mod neighbours;
mod play;
mod random_worlds;
mod timelines;
