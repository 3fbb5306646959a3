//! The economy around a service, as it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::minute;
use crate::planner::economy::{Parameters, ResponseModel};
use crate::scenario::units::TimeSpan;
use crate::solve::nsga2::Interval;

/// Who pays whom for what: a service rents replicas from a cloud and sells to an application, which shows banners to users.
/// Names, bounds and prices as in Fokaefs, Barna and Litoiu's paper, Table 1; defaults of the public fork Mape-Docker-Compose.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Economy {
    /// The fleet that is the service; the first pool whose instances come by order when absent.
    #[serde(default)]
    pub service: Option<String>,
    /// p_i: what the service pays the cloud for one replica, USD per second.
    #[serde(default = "vm_price")]
    pub vm_price_per_s: f64,
    /// p_n: what the service pays the cloud for data, USD per KB of request.
    #[serde(default = "transfer_price")]
    pub transfer_price_per_kb: f64,
    /// H: what the application pays to be hosted, USD per request.
    #[serde(default = "hosting_cost")]
    pub hosting_cost_per_request: f64,
    /// RPM: what the application earns per thousand banners shown, USD.
    #[serde(default = "revenue")]
    pub revenue_per_mille: f64,
    /// Banners on a page, least and most.
    #[serde(default = "banners")]
    pub banners: Bounds,
    /// R_l, R_u: response time at the bounds of the capacity, in ms.
    #[serde(default = "response")]
    pub response_ms: Bounds,
    /// d_l, d_u: requests per second that one replica may be given.
    #[serde(default = "capacity")]
    pub capacity_per_s: Bounds,
    /// a: how much users mind banners; with the next it sums to 1.
    #[serde(default = "half")]
    pub banner_weight: f64,
    /// b: how much users mind waiting.
    #[serde(default = "half")]
    pub response_weight: f64,
    /// U_min: the least satisfaction that keeps users.
    #[serde(default = "four_fifths")]
    pub satisfaction_min: f64,
    /// Upper bound of the price in USD per request; what all banners earn when absent.
    #[serde(default)]
    pub price_max_per_request: Option<f64>,
    /// How a planner predicts the response time.
    #[serde(default)]
    pub response_model: ResponseWord,
    /// With the queueing model: requests per second that one replica completes when it never idles.
    #[serde(default)]
    pub service_rate_per_s: Option<f64>,
    /// Planners reckon with whole replicas instead of fractions.
    #[serde(default)]
    pub whole_vms: bool,
    /// Price in force until a strategy sets another, USD per request. 0.0005 is where the paper's first experiment sits.
    #[serde(default = "price_at_first")]
    pub price_per_request: f64,
    /// Banners in force until a strategy sets others; the least when absent.
    #[serde(default)]
    pub banners_per_page: Option<f64>,
    /// What a second of a replica costs the cloud itself, USD.
    #[serde(default)]
    pub cloud_cost_per_s: f64,
    /// Satisfaction is that of the mean response time of so long.
    #[serde(default = "minute")]
    pub period: TimeSpan,
}

/// A range, both ends included.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    pub lower: f64,
    pub upper: f64,
}

/// How response time follows from the load of a replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseWord {
    /// The published line between the bounds.
    #[default]
    Linear,
    /// The line, scaled through the last measurement.
    Measured,
    /// M/M/1 per replica.
    Queueing,
}

impl Economy {
    /// The planner's parameters, unchecked.
    pub fn parameters(&self) -> Parameters {
        let interval = |bounds: Bounds| Interval::new(bounds.lower, bounds.upper);
        Parameters {
            vm_price_per_s: self.vm_price_per_s,
            transfer_price_per_kb: self.transfer_price_per_kb,
            hosting_cost_per_request: self.hosting_cost_per_request,
            revenue_per_mille: self.revenue_per_mille,
            banners: interval(self.banners),
            response_ms: interval(self.response_ms),
            capacity_per_s: interval(self.capacity_per_s),
            banner_weight: self.banner_weight,
            response_weight: self.response_weight,
            satisfaction_min: self.satisfaction_min,
            price_max_per_request: self.price_max_per_request,
            response: match self.response_model {
                ResponseWord::Linear => ResponseModel::Linear,
                ResponseWord::Measured => ResponseModel::Measured,
                ResponseWord::Queueing => {
                    ResponseModel::Queueing { service_rate_per_s: self.service_rate_per_s.unwrap_or(0.0) }
                }
            },
            whole_vms: self.whole_vms,
        }
    }
}

fn published() -> Parameters {
    Parameters::default()
}

fn bounds(interval: Interval) -> Bounds {
    Bounds { lower: interval.lower, upper: interval.upper }
}

fn vm_price() -> f64 {
    published().vm_price_per_s
}

fn transfer_price() -> f64 {
    published().transfer_price_per_kb
}

fn hosting_cost() -> f64 {
    published().hosting_cost_per_request
}

fn revenue() -> f64 {
    published().revenue_per_mille
}

fn banners() -> Bounds {
    bounds(published().banners)
}

fn response() -> Bounds {
    bounds(published().response_ms)
}

fn capacity() -> Bounds {
    bounds(published().capacity_per_s)
}

fn half() -> f64 {
    0.5
}

fn four_fifths() -> f64 {
    published().satisfaction_min
}

fn price_at_first() -> f64 {
    5e-4
}
