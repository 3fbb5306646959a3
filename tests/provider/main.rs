//! The provider's services by hand: timelines one can follow with a watch, and complaints about bad input.

mod complaints;
mod kept;
mod steady;
mod timelines;
mod world;
