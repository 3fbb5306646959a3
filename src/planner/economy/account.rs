//! What the decisions were worth: money and satisfaction as they came out, not as they were planned.
//!
//! Source: the accounting that Fokaefs, Barna, Litoiu ask of the executor (price and banners applied to the running system),
//! which the fork never built: per completed request p_s, n·p_n, γk and H, per second of a replica p_i.
//! Differs: satisfaction is measured with the response time in milliseconds and each part kept within [0, 1]; the fork's
//! second version compares seconds with milliseconds, which [`satisfaction`] reproduces in the original reading.

use super::Reading;
use super::model::{Decision, width};
use super::parameters::Market;
use serde::Serialize;

/// What happened in a period during which one price and one number of banners were in force.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Requests completed.
    pub requests: u64,
    /// Payload of them all, KB.
    pub payload_kb: f64,
    /// Seconds of replicas, summed over replicas.
    pub replica_s: f64,
    /// Mean response time of the completed requests, ms; `None` when none was measured.
    pub response_ms: Option<f64>,
}

/// Money in $ since the start, and the satisfaction of those who were served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Account {
    /// What advertisers paid: the only money that comes in.
    pub advertising_revenue: f64,
    pub hosting_cost: f64,
    /// What the application paid the service.
    pub service_revenue: f64,
    /// What the service paid the cloud.
    pub vm_cost: f64,
    pub transfer_cost: f64,
    /// What the cloud pays to run the replicas.
    pub cloud_own_cost: f64,
    pub requests: u64,
    /// Requests whose period had a measured response time, and their satisfaction summed.
    pub rated_requests: u64,
    satisfaction_sum: f64,
}

impl Account {
    /// Books a period. Of `in_force` only price and banners count; `cloud_cost_per_s` is the cloud's own cost of a replica.
    pub fn book(&mut self, market: &Market, in_force: &Decision, usage: &Usage, cloud_cost_per_s: f64) {
        let p = market.parameters();
        let requests = usage.requests as f64;
        self.advertising_revenue += requests * in_force.banners * market.revenue_per_banner();
        self.hosting_cost += requests * p.hosting_cost_per_request;
        self.service_revenue += requests * in_force.price;
        self.vm_cost += usage.replica_s * p.vm_price_per_s;
        self.transfer_cost += usage.payload_kb * p.transfer_price_per_kb;
        self.cloud_own_cost += usage.replica_s * cloud_cost_per_s;
        self.requests += usage.requests;
        if let Some(response_ms) = usage.response_ms {
            self.rated_requests += usage.requests;
            self.satisfaction_sum += requests * satisfaction(market, in_force.banners, response_ms, Reading::Corrected);
        }
    }

    /// π_S over the run, $.
    pub fn service_profit(&self) -> f64 {
        self.service_revenue - self.vm_cost - self.transfer_cost
    }

    /// π_A over the run, $.
    pub fn application_profit(&self) -> f64 {
        self.advertising_revenue - self.hosting_cost - self.service_revenue
    }

    /// What the cloud earns, $.
    pub fn cloud_profit(&self) -> f64 {
        self.vm_cost + self.transfer_cost - self.cloud_own_cost
    }

    /// The three who earn money together: advertising less hosting less the cloud's own cost.
    pub fn total_profit(&self) -> f64 {
        self.service_profit() + self.application_profit() + self.cloud_profit()
    }

    /// Mean U over the requests whose response time is known.
    pub fn satisfaction(&self) -> Option<f64> {
        (self.rated_requests > 0).then(|| self.satisfaction_sum / self.rated_requests as f64)
    }
}

/// U at a measured response time.
pub fn satisfaction(market: &Market, banners: f64, response_ms: f64, reading: Reading) -> f64 {
    let p = market.parameters();
    let with_banners = (p.banners.upper - banners) / width(p.banners);
    let of_waiting = |response: f64| (p.response_ms.upper - response) / width(p.response_ms);
    match reading {
        Reading::Original => p.banner_weight * with_banners + p.response_weight * of_waiting(response_ms / 1000.0),
        Reading::Corrected => {
            p.banner_weight * with_banners.clamp(0.0, 1.0) + p.response_weight * of_waiting(response_ms).clamp(0.0, 1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::Parameters;
    use super::*;

    #[test]
    fn what_three_parties_earn_is_what_advertisers_pay_less_what_leaves_the_circle() {
        let market = Parameters::default().check().expect("sound");
        let mut account = Account::default();
        let decision = Decision { price: 1e-3, vms: 4.0, banners: 4.0 };
        let usage = Usage { requests: 600, payload_kb: 6000.0, replica_s: 40.0, response_ms: Some(45.0) };
        account.book(&market, &decision, &usage, 1e-4);
        account.book(&market, &Decision { banners: 1.0, ..decision }, &Usage { response_ms: None, ..usage }, 1e-4);
        assert!((account.service_profit() - 2.0 * (0.6 - 0.01056 - 0.021)).abs() < 1e-12);
        assert!((account.application_profit() - (1.68 + 0.42 - 2.0 * 0.051 - 1.2)).abs() < 1e-12);
        let circle = account.advertising_revenue - account.hosting_cost - account.cloud_own_cost;
        assert!((account.total_profit() - circle).abs() < 1e-12);
        assert!((account.satisfaction().expect("one rated period") - (0.5 * 6.0 / 9.0 + 0.5)).abs() < 1e-12);
    }

    #[test]
    fn satisfaction_is_measured_in_milliseconds_and_stays_within_one() {
        let market = Parameters::default().check().expect("sound");
        assert_eq!(satisfaction(&market, 1.0, 10.0, Reading::Corrected), 1.0);
        assert_eq!(satisfaction(&market, 1.0, 9000.0, Reading::Corrected), 0.5);
        let original = satisfaction(&market, 1.0, 300.0, Reading::Original);
        assert!((original - (0.5 + 0.5 * 199.7 / 155.0)).abs() < 1e-12, "{original}");
    }
}
