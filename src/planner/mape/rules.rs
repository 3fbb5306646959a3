//! Two rivals of the thresholds: a controller that holds the processor at a set point, and a model of capacity that is asked
//! once a threshold is crossed.
//!
//! Source: M. Fokaefs, Y. Rouf, C. Barna, M. Litoiu, "Evaluating Adaptation Methods for Cloud Applications", IEEE CLOUD 2017.
//! Differs: the second half of the paper's equation 4 is printed as a product; its worked example needs the quotient.

use super::LoopError;
use serde::{Deserialize, Serialize};

/// Proportional, integral and derivative gains on the processor's utilisation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gains {
    /// The utilisation to hold, percent.
    pub set_point_percent: f64,
    pub proportional: f64,
    pub integral: f64,
    pub derivative: f64,
}

impl Default for Gains {
    fn default() -> Gains {
        Gains { set_point_percent: 70.0, proportional: 0.14, integral: 0.0002, derivative: 0.0 }
    }
}

/// The controller with its memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Controller {
    gains: Gains,
    sum: f64,
    previous: Option<f64>,
}

impl Controller {
    /// # Errors
    /// When a gain or the set point is not a number.
    pub fn new(gains: Gains) -> Result<Controller, LoopError> {
        let numbers = [gains.set_point_percent, gains.proportional, gains.integral, gains.derivative];
        match numbers.iter().find(|number| !number.is_finite()) {
            Some(found) => Err(LoopError::Setting { key: "gains", found: found.to_string(), wanted: "finite numbers" }),
            None => Ok(Controller { gains, sum: 0.0, previous: None }),
        }
    }

    /// Containers to add (or, negative, to remove) after a reading, rounded to the nearest whole. The caller has ensured
    /// a finite reading.
    pub fn change(&mut self, cpu_percent: f64) -> i64 {
        let error = cpu_percent - self.gains.set_point_percent;
        self.sum += error;
        let slope = error - self.previous.unwrap_or(error);
        self.previous = Some(error);
        let output = self.gains.proportional * error + self.gains.integral * self.sum + self.gains.derivative * slope;
        output.round() as i64
    }
}

/// Requests per second that one container can be given at 70 percent, from pairs of (requests per second and container,
/// utilisation as a share). `None` without a usable pair.
pub fn capacity_per_container(observed: &[(f64, f64)]) -> Option<f64> {
    let usable = |&(rate, share): &(f64, f64)| (rate.is_finite() && share > 0.0).then(|| rate / share * 0.7);
    let capacities: Vec<f64> = observed.iter().filter_map(usable).collect();
    (!capacities.is_empty()).then(|| capacities.iter().sum::<f64>() / capacities.len() as f64)
}

/// The rate that a closed population of users would bring if the response time were the goal: they come back sooner.
pub fn corrected_rate_per_s(rate_per_s: f64, response_s: f64, think_s: f64, goal_s: f64) -> f64 {
    rate_per_s * (response_s + think_s) / (goal_s + think_s)
}

/// Containers for a corrected rate at this capacity, at least one.
pub fn containers(corrected_rate_per_s: f64, capacity_per_s: f64) -> u32 {
    // The cast saturates for a capacity of zero, and the limits of the planner cut it.
    ((corrected_rate_per_s / capacity_per_s).ceil() as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_example_needs_six_containers_instead_of_four() {
        let rate = corrected_rate_per_s(24.13, 0.430, 0.500, 0.100);
        assert!((36.5..38.0).contains(&rate), "{rate}");
        assert_eq!((containers(24.13, 6.8), containers(rate, 6.8)), (4, 6));
    }

    #[test]
    fn the_controller_follows_the_distance_from_its_set_point() {
        let mut controller = Controller::new(Gains::default()).expect("sound gains");
        assert_eq!([70.0, 80.0, 100.0, 50.0].map(|reading| controller.change(reading)), [0, 1, 4, -3]);
        assert!(Controller::new(Gains { integral: f64::NAN, ..Gains::default() }).is_err());
    }

    #[test]
    fn capacity_is_the_mean_over_usable_observations() {
        assert_eq!(capacity_per_container(&[(7.0, 0.7), (10.0, 0.5), (1.0, 0.0)]), Some((7.0 + 14.0) / 2.0));
        assert_eq!(capacity_per_container(&[(1.0, 0.0)]), None);
    }
}
