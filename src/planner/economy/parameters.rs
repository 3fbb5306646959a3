//! Who pays whom for what: the prices, bounds and weights of a service, an application and its users.
//!
//! Source: M. Fokaefs, C. Barna, M. Litoiu, "Multi-Objective Economic Adaptation for Service Ecosystems on the Cloud",
//! Table 1; the defaults are those of the public fork `Mape-Docker-Compose`.
//! Differs: the hosting cost H is per request, as the formulas and the paper's own totals have it, not per second or KB
//! as its text and table say; the price bound defaults to γ_u·k, which the first constraint implies, instead of 10,000.

use super::EconomyError;
use crate::solve::nsga2::Interval;
use serde::{Deserialize, Serialize};

/// The parameters as a file states them; [`Parameters::check`] turns them into a [`Market`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// p_i: what the service pays the cloud for one machine or container, $/s.
    pub vm_price_per_s: f64,
    /// p_n: what the service pays the cloud for data, $/KB.
    pub transfer_price_per_kb: f64,
    /// H: what the application pays to be hosted, $/request.
    pub hosting_cost_per_request: f64,
    /// RPM: what the application earns per thousand banners shown, $.
    pub revenue_per_mille: f64,
    /// γ_l, γ_u: banners per page.
    pub banners: Interval,
    /// R_l, R_u: response time at the bounds of the capacity, ms.
    pub response_ms: Interval,
    /// d_l, d_u: requests per second that one machine may be given.
    pub capacity_per_s: Interval,
    /// a: how much users mind banners.
    pub banner_weight: f64,
    /// b: how much users mind waiting.
    pub response_weight: f64,
    /// U_min: the least satisfaction that keeps users.
    pub satisfaction_min: f64,
    /// Upper bound of the price p_s, $/request; γ_u·k when not given. The fork has 10,000, the paper's figures suggest 0.0005.
    pub price_max_per_request: Option<f64>,
    /// How the planner predicts the response time.
    pub response: ResponseModel,
    /// Reckon with whole machines, ceil(W), instead of the fractions that the published planners price.
    pub whole_vms: bool,
}

/// How response time follows from the load of a machine, d.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ResponseModel {
    /// The published line from R_l at d_l to R_u at d_u.
    #[default]
    Linear,
    /// The published line, scaled through the last measurement if there is one.
    Measured,
    /// M/M/1 per machine: 1000/(μ − d) ms.
    Queueing {
        /// μ: requests per second that one machine completes when it never idles.
        service_rate_per_s: f64,
    },
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters {
            vm_price_per_s: 2.64e-4,
            transfer_price_per_kb: 3.50e-6,
            hosting_cost_per_request: 8.50e-5,
            revenue_per_mille: 0.7,
            banners: Interval::new(1.0, 10.0),
            response_ms: Interval::new(45.0, 200.0),
            capacity_per_s: Interval::new(15.0, 21.0),
            banner_weight: 0.5,
            response_weight: 0.5,
            satisfaction_min: 0.80,
            price_max_per_request: None,
            response: ResponseModel::Linear,
            whole_vms: false,
        }
    }
}

impl Parameters {
    /// The checked form.
    ///
    /// # Errors
    /// The first of the [`Parameters::faults`].
    pub fn check(self) -> Result<Market, EconomyError> {
        match self.faults().into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(Market { parameters: self }),
        }
    }

    /// Every parameter outside its range: prices of machines and banners are positive, other prices not negative,
    /// bounds rise, weights are shares that sum to one.
    pub fn faults(&self) -> Vec<EconomyError> {
        let sum = self.banner_weight + self.response_weight;
        let rate = match self.response {
            ResponseModel::Queueing { service_rate_per_s } => Some(service_rate_per_s),
            ResponseModel::Linear | ResponseModel::Measured => None,
        };
        let share = (0.0..=1.0).contains(&self.satisfaction_min);
        let checks = [
            positive("vm_price_per_s", self.vm_price_per_s),
            not_negative("transfer_price_per_kb", self.transfer_price_per_kb),
            not_negative("hosting_cost_per_request", self.hosting_cost_per_request),
            positive("revenue_per_mille", self.revenue_per_mille),
            rising("banners", self.banners),
            not_negative("banners.lower", self.banners.lower),
            rising("response_ms", self.response_ms),
            not_negative("response_ms.lower", self.response_ms.lower),
            rising("capacity_per_s", self.capacity_per_s),
            positive("capacity_per_s.lower", self.capacity_per_s.lower),
            not_negative("banner_weight", self.banner_weight),
            not_negative("response_weight", self.response_weight),
            bounded("banner_weight + response_weight", sum, (sum - 1.0).abs() < 1e-9, "weights that sum to 1"),
            bounded("satisfaction_min", self.satisfaction_min, share, "a share from 0 to 1"),
            self.price_max_per_request.map_or(Ok(()), |price| positive("price_max_per_request", price)),
            rate.map_or(Ok(()), |rate| positive("response.service_rate_per_s", rate)),
        ];
        checks.into_iter().filter_map(Result::err).collect()
    }
}

fn positive(key: &'static str, found: f64) -> Result<(), EconomyError> {
    bounded(key, found, found > 0.0, "a positive number")
}

fn not_negative(key: &'static str, found: f64) -> Result<(), EconomyError> {
    bounded(key, found, found >= 0.0, "a number from 0")
}

fn bounded(key: &'static str, found: f64, holds: bool, wanted: &'static str) -> Result<(), EconomyError> {
    if holds && found.is_finite() { Ok(()) } else { Err(EconomyError::Parameter { key, found, wanted }) }
}

fn rising(key: &'static str, interval: Interval) -> Result<(), EconomyError> {
    let Interval { lower, upper } = interval;
    if lower.is_finite() && upper.is_finite() && lower < upper {
        Ok(())
    } else {
        Err(EconomyError::Bounds { key, lower, upper })
    }
}

/// Parameters that cannot be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Market {
    parameters: Parameters,
}

impl Market {
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// k: what one banner shown earns, $.
    pub fn revenue_per_banner(&self) -> f64 {
        self.parameters.revenue_per_mille / 1000.0
    }

    /// The largest price the planner may set, $/request.
    pub fn price_max(&self) -> f64 {
        let implied = self.parameters.banners.upper * self.revenue_per_banner();
        self.parameters.price_max_per_request.unwrap_or(implied)
    }
}

/// What a planner knows about the demand when it plans.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// λ: requests per second.
    pub rate_per_s: f64,
    /// n: mean payload of a request, KB (1000 bytes).
    pub payload_kb: f64,
    /// The last measured response time and the machines it was measured on, for [`ResponseModel::Measured`].
    #[serde(default)]
    pub measured: Option<Measured>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    pub response_ms: f64,
    pub vms: f64,
}

impl Load {
    pub fn new(rate_per_s: f64, payload_kb: f64) -> Load {
        Load { rate_per_s, payload_kb, measured: None }
    }

    pub(super) fn check(&self) -> Result<(), EconomyError> {
        bounded("rate_per_s", self.rate_per_s, self.rate_per_s > 0.0, "a positive number of requests per second")?;
        bounded("payload_kb", self.payload_kb, self.payload_kb >= 0.0, "a number of KB from 0")?;
        if let Some(Measured { response_ms, vms }) = self.measured {
            bounded("measured.response_ms", response_ms, response_ms >= 0.0, "a number of ms from 0")?;
            bounded("measured.vms", vms, vms > 0.0, "a positive number of machines")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(change: impl FnOnce(&mut Parameters)) -> String {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        parameters.check().expect_err("bad input").to_string()
    }

    #[test]
    fn bad_parameters_are_refused_with_what_was_wanted() {
        assert!(Parameters::default().check().is_ok());
        assert_eq!(complaint(|p| p.vm_price_per_s = 0.0), "vm_price_per_s: found 0, want a positive number");
        assert_eq!(
            complaint(|p| p.capacity_per_s = Interval::new(21.0, 15.0)),
            "capacity_per_s: found 21 to 15, want two finite numbers in rising order"
        );
        assert_eq!(
            complaint(|p| p.banner_weight = 0.6),
            "banner_weight + response_weight: found 1.1, want weights that sum to 1"
        );
        assert!(complaint(|p| p.revenue_per_mille = f64::NAN).contains("found NaN"));
        assert!(complaint(|p| p.banners = Interval::new(1.0, f64::NAN)).starts_with("banners: found 1 to NaN"));
        assert!(complaint(|p| p.satisfaction_min = 80.0).starts_with("satisfaction_min: found 80"));
        assert!(complaint(|p| p.price_max_per_request = Some(0.0)).starts_with("price_max_per_request"));
        assert!(Load::new(f64::NAN, 1.0).check().is_err() && Load::new(0.0, 1.0).check().is_err());
    }

    #[test]
    fn the_price_bound_follows_from_the_banners_unless_it_is_stated() {
        let market = Parameters::default().check().expect("the defaults are sound");
        assert!((market.price_max() - 0.007).abs() < 1e-15);
        let stated = Parameters { price_max_per_request: Some(5e-4), ..Parameters::default() };
        assert_eq!(stated.check().expect("sound").price_max(), 5e-4);
    }
}
