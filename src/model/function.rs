//! What is called: its memory, what one unit of its work is, when its caller loses patience, and what it calls in turn.

use super::request::{Retry, Step};
use crate::engine::law::Law;
use crate::engine::random::Keyed;
use crate::engine::time::Span;

/// One function (of any service: a VM serves functions too, as a web server serves routes). What every request asks for
/// comes first, in one line of the cache: there may be thousands of functions.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Function {
    /// The caller gives up when the whole answer takes longer.
    pub timeout: Option<Span>,
    /// Probability that an attempt fails after its work was done.
    pub failure: f64,
    pub steps: Vec<Step>,
    /// Size of the answer, for links and egress.
    pub response_bytes: u64,
    pub payload_bytes: u64,
    pub name: String,
    /// Memory size in MiB; what a function platform bills.
    pub memory_mib: u32,
    /// Work of a call that another function makes; a source has a law of its own.
    pub work: Law,
    /// How long a request waits in a queue before it leaves unserved; once begun it stays. Seconds.
    pub patience: Option<Law>,
    pub retry: Retry,
    /// Draws of this function whose order a strategy can change, addressed by the key of the call.
    pub draws: Draws,
}

/// Keyed draws, one family for each purpose, so that they do not move one another.
#[derive(Clone, Debug)]
pub struct Draws {
    pub work: Keyed,
    pub failure: Keyed,
    pub patience: Keyed,
    pub backoff: Keyed,
}

impl Draws {
    pub fn new(streams: &crate::engine::random::Streams, function: &str) -> Draws {
        Draws {
            work: streams.keyed("work", function),
            failure: streams.keyed("failure", function),
            patience: streams.keyed("patience", function),
            backoff: streams.keyed("backoff", function),
        }
    }
}

/// The key of the draws of one attempt of a call.
pub fn attempt_key(call_key: u64, attempt: u16) -> u64 {
    call_key.wrapping_add(u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The key of the `index`-th call that a call makes, over all its steps.
pub fn child_key(parent_key: u64, index: u32) -> u64 {
    (parent_key ^ (u64::from(index) + 1).wrapping_mul(0xd6e8_feb8_6659_fd93)).rotate_left(23)
}
