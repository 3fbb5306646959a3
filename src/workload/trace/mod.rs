//! Recorded arrivals: a reader per public format.

pub mod counts;
