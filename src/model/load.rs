//! What a load generator tells of its own requests: users switched on, requests sent, answered and failed, their size.
//!
//! Source: metrics of the load generators of `Mape-Docker-Compose` (sensor fleet and ApacheBench): sensor count, sums and
//! counts of response times and request lengths. The published loop reads its workload there, not at the service.

use super::archive::Summed;
use super::ids::FunctionId;
use crate::engine::time::Span;

/// The counters of one source; the monitor empties them when it looks.
#[derive(Clone, Debug)]
pub struct LoadMeter {
    pub name: String,
    /// What it calls.
    pub function: FunctionId,
    fresh: Told,
}

/// What happened since the monitor last looked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// Users or sensors switched on; `None` for sources that have none.
    pub users: Option<u32>,
    /// Requests sent, bytes.
    pub payload: Summed,
    /// Requests served, seconds from sending to the answer.
    pub response_s: Summed,
    pub failed: u64,
}

const NOTHING: Summed = Summed { count: 0, sum: 0.0, min: f64::INFINITY, max: 0.0 };

impl LoadMeter {
    pub fn new(name: &str, function: FunctionId) -> LoadMeter {
        let fresh = Told { users: None, payload: NOTHING, response_s: NOTHING, failed: 0 };
        LoadMeter { name: name.to_owned(), function, fresh }
    }

    #[inline]
    pub(crate) fn sent(&mut self, payload_bytes: u64) {
        add(&mut self.fresh.payload, payload_bytes as f64);
    }

    #[inline]
    pub(crate) fn answered(&mut self, response: Span) {
        add(&mut self.fresh.response_s, response.as_secs_f64());
    }

    #[inline]
    pub(crate) fn failed(&mut self) {
        self.fresh.failed += 1;
    }

    /// How many are switched on, told when the monitor looks.
    pub(crate) fn set_users(&mut self, users: Option<u32>) {
        self.fresh.users = users;
    }

    pub(crate) fn take(&mut self) -> Told {
        std::mem::replace(&mut self.fresh, LoadMeter::new("", self.function).fresh)
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
        load.answered(Span::from_secs(2));
        load.failed();
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
