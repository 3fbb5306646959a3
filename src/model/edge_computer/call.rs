//! A call at an edge computer: what it needs, while it is there, and what is told of it when it has ended.

use super::ContainerId;
use super::processor::Active;
use crate::engine::time::Instant;

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a call needs {needed_bytes} bytes of memory, its processor has {total_bytes}")]
pub struct TooLarge {
    pub needed_bytes: u64,
    pub total_bytes: u64,
}

/// A call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The caller's number of the call.
    pub call: u64,
    pub container: ContainerId,
    pub offered: Instant,
    pub started: Instant,
    pub finished: Instant,
    /// Load in whole percent over the last 1, 10 and 30 reports, as known when the call arrived.
    pub loads: [u8; 3],
    /// Where it was on its processor, and its place among those that end at one instant.
    pub(super) active: Active,
}

impl Done {
    /// Processing time in whole milliseconds, waiting in the container included.
    pub fn processing_ms(&self) -> u64 {
        (self.finished.since(self.offered).as_nanos() + 500_000) / 1_000_000
    }
}

/// A call that waits or runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub call: u64,
    /// Of a free slot: the next free one.
    pub container: u32,
    pub operations: u64,
    pub memory: u64,
    pub offered: Instant,
    pub started: Instant,
    pub loads: [u8; 3],
}
