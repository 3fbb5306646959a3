//! What a request asks for: an amount of work and a number of bytes.
//!
//! Work is drawn once, at the source, in the units of its law (seconds on a warm instance of speed 1, or operations);
//! the pool that serves it says how many seconds one unit takes. So the same request is offered to every strategy,
//! wherever it is served.

use crate::engine::law::Law;
use crate::engine::random::Rng;
use crate::model::ids::{FunctionId, NodeId};

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// In the units of its law.
    pub work: f64,
    pub payload_bytes: u64,
    /// Where it goes, where each request of a source says so.
    pub to: Option<Target>,
}

/// What a request calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub function: FunctionId,
    /// Where it enters; where its source does when absent.
    pub node: Option<NodeId>,
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
        Demand { work: self.draw_work(work), payload_bytes: self.draw_payload(payload), to: None }
    }

    #[inline]
    pub(super) fn draw_work(&self, rng: &mut Rng) -> f64 {
        self.work.draw(rng)
    }

    #[inline]
    pub(super) fn draw_payload(&self, rng: &mut Rng) -> u64 {
        // The cast saturates: more bytes than there are is as many as there are.
        (self.payload_bytes.draw(rng) + 0.5) as u64
    }
}
