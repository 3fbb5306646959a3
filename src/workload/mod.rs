//! Floor 2: where requests come from.

pub mod bursts;
pub mod client;
pub mod closed;
pub mod clusters;
pub mod counts;
pub mod demand;
pub mod describe;
pub mod fit;
pub mod modulated;
pub mod on_off;
pub mod picture;
pub mod profile;
pub mod renewal;
pub mod replay;
pub mod schedule;
pub mod sensors;
pub mod source;
pub mod synth;
pub mod trace;
pub mod varying;
