//! The arithmetic of LIBRA's decisions: how many requests a second are steady enough for virtual machines, how many
//! machines that takes, and from which rate on one more machine is cheaper than functions.
//!
//! Source: `aliraza0337/LIBRA`, the manager of the per-second simulator, for mean, deviation, share and machines. The
//! cost indifference point is named in the authors' notes; its formula is derived from the two price models.
//! Differs: the published code never applies the indifference point, so it is off unless [`PlanRule::indifference_per_s`]
//! is set.
//!
//! Pure numbers: the per-second replay and the event-level strategy both call it.

use serde::{Deserialize, Serialize};

/// Moving mean and mean absolute deviation of the arrivals per second, exponentially weighted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Weight of the new sample in the mean (`alpha`), 0 to 1.
    mean_weight: f64,
    /// Weight of the new sample in the deviation (`mu`), 0 to 1.
    deviation_weight: f64,
    mean: f64,
    deviation: f64,
    started: bool,
}

impl Forecast {
    /// Both weights are those of the NEW sample. The code for AWS states the weight of the past; pass one minus it.
    pub fn new(mean_weight: f64, deviation_weight: f64) -> Forecast {
        Forecast { mean_weight, deviation_weight, mean: 0.0, deviation: 0.0, started: false }
    }

    /// Takes in the arrivals of one second. The deviation is measured from the mean before this second, hence first.
    pub fn observe(&mut self, arrivals: f64) {
        if !self.started {
            (self.mean, self.deviation, self.started) = (arrivals, 0.0, true);
            return;
        }
        self.deviation =
            (1.0 - self.deviation_weight) * self.deviation + self.deviation_weight * (self.mean - arrivals).abs();
        self.mean = (1.0 - self.mean_weight) * self.mean + self.mean_weight * arrivals;
    }

    /// Requests per second.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Requests per second.
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Requests per second to plan machines for: mean plus `std_multiplier` deviations, truncated.
    pub fn share(&self, std_multiplier: f64) -> u64 {
        (self.mean + std_multiplier * self.deviation).abs() as u64
    }
}

/// Requests a machine can hold at once, by memory alone.
pub fn slots_per_vm(vm_memory_gb: f64, request_memory_mb: f64) -> u64 {
    (vm_memory_gb / (request_memory_mb / 1024.0)) as u64
}

/// Whole requests per second that one machine is planned for. The division by the duration comes after that by memory and
/// before truncation, as in the original; zero when a request outlasts the slots.
pub fn rate_per_vm(vm_memory_gb: f64, request_memory_mb: f64, duration_s: f64) -> u64 {
    (vm_memory_gb / (request_memory_mb / 1024.0) * (1.0 / duration_s)) as u64
}

/// Machines for `share` requests per second. `per_vm` must not be zero.
pub fn vms_needed(share: u64, per_vm: u64) -> u64 {
    assert!(per_vm > 0, "a machine that is planned for serves at least one request a second");
    share.div_ceil(per_vm)
}

/// Requests per second that really go to machines: the share times `proportion`, truncated.
pub fn provision(share: u64, proportion: f64) -> u64 {
    (share as f64 * proportion) as u64
}

/// Dollars for one function call: a price per call and one per GB-second held.
pub fn lambda_cost_per_request(per_request: f64, per_gb_s: f64, memory_mb: f64, duration_s: f64) -> f64 {
    per_request + (memory_mb / 1024.0) * duration_s * per_gb_s
}

/// Cost indifference point (r*): the requests per second at which one machine costs what functions would.
pub fn indifference_rate_per_s(vm_hourly_price: f64, lambda_cost_per_request: f64) -> f64 {
    vm_hourly_price / 3600.0 / lambda_cost_per_request
}

/// What a decision asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Requests per second that the forecast calls steady.
    pub share: u64,
    /// Machines wanted.
    pub vms: u64,
    /// Requests per second sent to machines once they are up; what exceeds it goes to functions.
    pub provision_for: u64,
}

/// From a forecast to a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanRule {
    /// Whole requests per second of one machine, at least 1.
    pub per_vm: u64,
    /// Deviations added to the mean (`k`).
    pub std_multiplier: f64,
    /// Part of the planned rate that is really sent to machines (`P`).
    pub proportion: f64,
    /// Cost indifference point. With it the last, partly filled machine is left out, and its load given to functions,
    /// where it would serve less than this.
    pub indifference_per_s: Option<f64>,
}

impl PlanRule {
    pub fn plan(&self, forecast: &Forecast) -> Plan {
        let share = forecast.share(self.std_multiplier);
        let (vms, steady) = match self.indifference_per_s {
            None => (vms_needed(share, self.per_vm), share),
            Some(rate) => self.without_a_dear_vm(share, rate),
        };
        Plan { share, vms, provision_for: provision(steady, self.proportion) }
    }

    fn without_a_dear_vm(&self, share: u64, indifference_per_s: f64) -> (u64, u64) {
        let full = share / self.per_vm;
        let rest = share % self.per_vm;
        // An empty rest needs no machine, however cheap machines are.
        if rest > 0 && rest as f64 >= indifference_per_s { (full + 1, share) } else { (full, full * self.per_vm) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_taken_from_the_mean_before() {
        let mut forecast = Forecast::new(0.5, 0.25);
        forecast.observe(100.0);
        assert_eq!((forecast.mean(), forecast.deviation()), (100.0, 0.0));
        forecast.observe(200.0);
        assert_eq!((forecast.mean(), forecast.deviation()), (150.0, 25.0));
        forecast.observe(0.0);
        assert_eq!((forecast.mean(), forecast.deviation()), (75.0, 0.75 * 25.0 + 0.25 * 150.0));
        assert_eq!(forecast.share(1.0), 131, "75 + 56.25, truncated");
        assert_eq!(forecast.share(-2.0), 37, "the size of 75 - 112.5, truncated");
    }

    #[test]
    fn machines_are_counted_by_memory_then_duration() {
        assert_eq!(slots_per_vm(8.0, 512.0), 16);
        assert_eq!(slots_per_vm(3.75, 320.0), 12);
        assert_eq!(rate_per_vm(8.0, 512.0, 1.0), 16);
        assert_eq!(rate_per_vm(8.0, 512.0, 5.0), 3);
        assert_eq!(rate_per_vm(8.0, 512.0, 17.0), 0);
        assert_eq!((vms_needed(0, 16), vms_needed(16, 16), vms_needed(17, 16)), (0, 1, 2));
        assert_eq!(provision(131, 0.8), 104);
    }

    #[test]
    fn the_indifference_point_is_where_both_bills_meet() {
        let second_of_half_a_gb = lambda_cost_per_request(2e-7, 1.667e-5, 512.0, 1.0);
        assert!((second_of_half_a_gb - 8.535e-6).abs() < 1e-18);
        let rate = indifference_rate_per_s(0.1, second_of_half_a_gb);
        assert!((rate - 3.2546).abs() < 5e-5, "m4.large: {rate}");
        assert!((rate * second_of_half_a_gb * 3600.0 - 0.1).abs() < 1e-15);
        let t3 = indifference_rate_per_s(0.0416, second_of_half_a_gb);
        assert!((t3 - 1.354).abs() < 5e-4, "t3.medium: {t3}");
        // The unrounded price of a GB-second, and no price per call.
        let gb_seconds_only = indifference_rate_per_s(0.0416, lambda_cost_per_request(0.0, 1.666_67e-5, 512.0, 1.0));
        assert!((gb_seconds_only - 1.387).abs() < 5e-4, "t3.medium, GB-seconds only: {gb_seconds_only}");
    }

    #[test]
    fn a_machine_below_the_indifference_point_is_left_out() {
        let mut rule = PlanRule { per_vm: 16, std_multiplier: 1.0, proportion: 1.0, indifference_per_s: None };
        let steady_at = |rate: f64| {
            let mut forecast = Forecast::new(0.2, 0.2);
            forecast.observe(rate);
            forecast
        };
        assert_eq!(rule.plan(&steady_at(35.0)), Plan { share: 35, vms: 3, provision_for: 35 });
        rule.indifference_per_s = Some(3.2546);
        assert_eq!(rule.plan(&steady_at(35.0)), Plan { share: 35, vms: 2, provision_for: 32 });
        assert_eq!(rule.plan(&steady_at(36.0)), Plan { share: 36, vms: 3, provision_for: 36 });
        rule.indifference_per_s = Some(0.0);
        assert_eq!(rule.plan(&steady_at(32.0)), Plan { share: 32, vms: 2, provision_for: 32 });
    }
}
