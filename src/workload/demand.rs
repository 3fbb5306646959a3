//! What a request asks for: an amount of work and a number of bytes.
//!
//! Work is drawn once, at the source, with mean 1; the pool that serves it says how many seconds one unit takes. So the
//! same request is offered to every strategy, wherever it is served.

use crate::engine::law::Law;
use crate::engine::random::Rng;
use crate::engine::unfit::Unfit;

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Units of work, of mean 1 over the source.
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
    /// Work is refused unless its mean is 1 (to 1e-9): `law.scaled(1.0 / law.mean())` makes it so. Bytes are rounded.
    pub fn new(work: Law, payload_bytes: Law) -> Result<DemandLaws, Unfit> {
        let mean = work.mean();
        if (mean - 1.0).abs() > 1e-9 || mean.is_nan() {
            return Err(Unfit::new("work", format!("a mean of {mean}"), "a law of mean 1"));
        }
        Ok(DemandLaws { work, payload_bytes })
    }

    #[inline]
    pub(super) fn draw(&self, work: &mut Rng, payload: &mut Rng) -> Demand {
        // The cast saturates: more bytes than there are is as many as there are.
        Demand { work: self.work.draw(work), payload_bytes: (self.payload_bytes.draw(payload) + 0.5) as u64 }
    }
}
