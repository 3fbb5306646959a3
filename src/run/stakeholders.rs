//! Who earned what over a run: the service, the application and the cloud in money, the users in satisfaction.
//!
//! Source: Fokaefs, Barna, Litoiu, "Multi-Objective Economic Adaptation for Service Ecosystems on the Cloud": price and
//! banners applied to the running system and accounted there, which the published programs never did.
//! Differs: the terms in force when a request is answered are the ones it is paid by. Money is linear, so it is exact
//! whenever it is booked; satisfaction is that of the mean response time of a period, as the paper measures it.

use crate::engine::gauge::Reading;
use crate::engine::time::{Instant, Span};
use crate::model::ids::PoolId;
use crate::model::orders::Knob;
use crate::model::world::World;
use crate::planner::economy::{Account, Decision, Usage};
use crate::scenario::setup::EconomySetup;

/// The ledger of one run.
pub(super) struct Stakeholders {
    setup: EconomySetup,
    in_force: Decision,
    account: Account,
    /// Since the last booking: requests answered, their bytes, their response times together.
    requests: u64,
    payload_bytes: u64,
    response_ns: u128,
    /// Replica time at the last booking.
    replicas: Option<Reading>,
    period_ends: Instant,
}

impl Stakeholders {
    pub fn new(setup: EconomySetup) -> Stakeholders {
        Stakeholders {
            setup,
            in_force: Decision { price: setup.price_per_request, vms: 0.0, banners: setup.banners_per_page },
            account: Account::default(),
            requests: 0,
            payload_bytes: 0,
            response_ns: 0,
            replicas: None,
            period_ends: Instant::ZERO + setup.period,
        }
    }

    /// A request from outside was answered; it counts where the service itself served it.
    pub fn served(&mut self, by: Option<PoolId>, payload_bytes: u64, response: Span, world: &World, now: Instant) {
        if by != Some(self.setup.service) {
            return;
        }
        if now >= self.period_ends {
            self.book(world, now);
            let (period, past) = (self.setup.period.as_nanos(), now.since(self.period_ends).as_nanos());
            self.period_ends = self.period_ends.saturating_add(self.setup.period * (past / period + 1));
        }
        self.requests += 1;
        self.payload_bytes += payload_bytes;
        self.response_ns += u128::from(response.as_nanos());
    }

    /// Sets a term of business from now on; returns what it was.
    pub fn tune(&mut self, knob: Knob, value: f64, world: &World, now: Instant) -> f64 {
        self.book(world, now);
        let term = match knob {
            Knob::Price => &mut self.in_force.price,
            Knob::Banners => &mut self.in_force.banners,
        };
        std::mem::replace(term, value)
    }

    /// The end of the run: everything is booked.
    pub fn close(mut self, world: &World, end: Instant) -> Account {
        self.book(world, end);
        self.account
    }

    fn book(&mut self, world: &World, now: Instant) {
        let reading = world.pool(self.setup.service).alive.read(now);
        let before = self.replicas.replace(reading).map_or(0, |before| before.integral);
        let requests = std::mem::take(&mut self.requests);
        let response_ns = std::mem::take(&mut self.response_ns);
        let usage = Usage {
            requests,
            payload_kb: std::mem::take(&mut self.payload_bytes) as f64 / 1000.0,
            replica_s: (reading.integral - before) as f64 / 1e9,
            response_ms: (requests > 0).then(|| response_ns as f64 / requests as f64 / 1e6),
        };
        self.account.book(&self.setup.market, &self.in_force, &usage, self.setup.cloud_cost_per_s);
    }
}
