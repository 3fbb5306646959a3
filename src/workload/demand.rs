//! What a request asks for: an amount of work and a number of bytes.
//!
//! Work is drawn once, at the source, in the units of its law (seconds on a warm instance of speed 1, or operations);
//! the pool that serves it says how many seconds one unit takes. So the same request is offered to every strategy,
//! wherever it is served.

use crate::engine::law::Law;
use crate::engine::random::Rng;

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// In the units of its law.
    pub work: f64,
    pub payload_bytes: u64,
}

/// How the demands of a source are distributed.
#[derive(Clone, Debug)]
pub struct DemandLaws {
    work: Law,
    payload_bytes: Law,
}

impl DemandLaws {
    /// Bytes are rounded to whole ones.
    pub fn new(work: Law, payload_bytes: Law) -> DemandLaws {
        DemandLaws { work, payload_bytes }
    }

    /// The law of work.
    pub fn work(&self) -> &Law {
        &self.work
    }

    #[inline]
    pub(super) fn draw(&self, work: &mut Rng, payload: &mut Rng) -> Demand {
        // The cast saturates: more bytes than there are is as many as there are.
        Demand { work: self.work.draw(work), payload_bytes: (self.payload_bytes.draw(payload) + 0.5) as u64 }
    }
}
