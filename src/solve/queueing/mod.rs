//! Exact answers of queueing theory, to stand beside what a run measured.
//!
//! Each model is a struct of its parameters in the order in which books name them; its methods are the figures that have a
//! closed form, or a quickly converging one. Times are seconds, rates per second. A model that has no steady state is
//! `None` from its constructor.

mod keep_alive;
mod many_servers;
mod one_server;

pub use self::keep_alive::ScalePerRequest;
pub use self::many_servers::{ErlangB, ErlangC, InfiniteServers, erlang_b};
pub use self::one_server::{ProcessorSharing, SingleServer};
