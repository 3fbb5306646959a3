//! What a load generator tells of its own requests: users switched on, requests sent, answered and failed, their size.
//!
//! Source: metrics of the load generators of `Mape-Docker-Compose` (sensor fleet and ApacheBench): sensor count, sums and
//! counts of response times and request lengths. The published loop reads its workload there, not at the service.

use super::archive::Summed;
use super::ids::FunctionId;
use super::request::Outcome;
use crate::engine::time::Span;

/// The counters of one source; the monitor empties them when it looks. What every request changes is one line of the cache:
/// there may be thousands of sources.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct LoadMeter {
    fresh: Told,
    pub name: String,
    /// What it calls.
    pub function: FunctionId,
}

/// What happened since the monitor last looked.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Told {
    /// Requests sent, bytes.
    pub payload: Summed,
    /// Requests served, seconds from sending to the answer.
    pub response_s: Summed,
    pub failed: u64,
    /// Users or sensors switched on; `None` for sources that have none.
    pub users: Option<u32>,
}

const NOTHING: Summed = Summed { count: 0, sum: 0.0, min: f64::INFINITY, max: 0.0 };
const QUIET: Told = Told { payload: NOTHING, response_s: NOTHING, failed: 0, users: None };

impl LoadMeter {
    pub fn new(name: &str, function: FunctionId) -> LoadMeter {
        LoadMeter { fresh: QUIET, name: name.to_owned(), function }
    }

    #[inline]
    pub(crate) fn sent(&mut self, payload_bytes: u64) {
        add(&mut self.fresh.payload, payload_bytes as f64);
    }

    #[inline]
    pub(crate) fn ended(&mut self, response: Span, outcome: Outcome) {
        if outcome == Outcome::Served {
            add(&mut self.fresh.response_s, response.as_secs_f64());
        } else {
            self.fresh.failed += 1;
        }
    }

    /// How many are switched on, told when the monitor looks.
    pub(crate) fn set_users(&mut self, users: Option<u32>) {
        self.fresh.users = users;
    }

    pub(crate) fn take(&mut self) -> Told {
        std::mem::replace(&mut self.fresh, QUIET)
    }
}

#[inline]
fn add(measured: &mut Summed, value: f64) {
    measured.count += 1;
    measured.sum += value;
    measured.min = measured.min.min(value);
    measured.max = measured.max.max(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_empties_the_counters() {
        let mut load = LoadMeter::new("users", FunctionId::from_index(0));
        load.sent(100);
        load.sent(300);
        load.ended(Span::from_secs(2), Outcome::Served);
        load.ended(Span::from_secs(3), Outcome::TimedOut);
        load.set_users(Some(7));
        let told = load.take();
        assert_eq!((told.users, told.failed, told.payload.count, told.response_s.count), (Some(7), 1, 2, 1));
        assert_eq!(
            (told.payload.sum, told.payload.min, told.payload.max, told.response_s.sum),
            (400.0, 100.0, 300.0, 2.0)
        );
        assert_eq!((load.take().payload.count, load.take().failed), (0, 0));
    }
}
