//! One point out of a front, by weights for the service, the application and the users.
//!
//! Source: the fork's choice after its optimisation: each goal relative to its largest value on the front, weighted, summed.
//! Differs (corrected): a goal whose largest value is not positive is left out, where the original divides by it and takes
//! the first not-a-number; equal scores go to the smallest price, then to the first point; the weights sum to one, where
//! the fork has three times 0.33.

use super::{EconomyError, Point, Reading};
use serde::{Deserialize, Serialize};

/// How much each stakeholder counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    pub service: f64,
    pub application: f64,
    pub user: f64,
}

impl Default for Weights {
    /// The paper's fourth experiment: everybody counts (almost) the same.
    fn default() -> Weights {
        Weights { service: 0.33, application: 0.33, user: 0.34 }
    }
}

impl Weights {
    /// The fork's weights; they do not sum to one.
    pub const FORK: Weights = Weights { service: 0.33, application: 0.33, user: 0.33 };

    /// The check at the planner's door.
    ///
    /// # Errors
    /// When a weight is negative or not a number, all are zero, or (corrected) they do not sum to one.
    pub fn check(&self, reading: Reading) -> Result<(), EconomyError> {
        let sum = self.sum()?;
        if reading == Reading::Corrected && (sum - 1.0).abs() > 1e-9 {
            return Err(EconomyError::Weights { found: self.list(), wanted: "three numbers from 0 that sum to 1" });
        }
        Ok(())
    }

    fn list(&self) -> [f64; 3] {
        [self.service, self.application, self.user]
    }

    fn sum(&self) -> Result<f64, EconomyError> {
        let sum: f64 = self.list().iter().sum();
        if self.list().iter().all(|w| w.is_finite() && *w >= 0.0) && sum > 0.0 {
            Ok(sum)
        } else {
            Err(EconomyError::Weights { found: self.list(), wanted: "three numbers from 0, not all 0" })
        }
    }

    /// The weighted sum of the goals, each relative to its `largest`.
    pub(super) fn score(&self, goals: [f64; 3], largest: [f64; 3], reading: Reading) -> f64 {
        let mut score = 0.0;
        for ((weight, goal), largest) in self.list().into_iter().zip(goals).zip(largest) {
            if largest > 0.0 || reading == Reading::Original {
                score += weight * goal / largest;
            }
        }
        score
    }
}

/// The chosen point of a front.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Choice {
    pub index: usize,
    pub score: f64,
    /// Some goal was nowhere positive, so it had no say (corrected) or spoiled the scores (original).
    pub dropped_goal: bool,
}

/// Chooses the point of `front` with the largest score. Only the proportions of the weights matter here.
///
/// # Errors
/// When the front is empty, a goal is not a number, or a weight is negative or not a number.
pub fn choose(front: &[Point], weights: &Weights, reading: Reading) -> Result<Choice, EconomyError> {
    weights.sum()?;
    if front.is_empty() {
        return Err(EconomyError::EmptyFront);
    }
    let mut largest = [f64::NEG_INFINITY; 3];
    for (index, point) in front.iter().enumerate() {
        for (largest, goal) in largest.iter_mut().zip(point.goals) {
            if !goal.is_finite() {
                return Err(EconomyError::Goal { index, found: goal });
            }
            *largest = largest.max(goal);
        }
    }
    let dropped_goal = largest.iter().any(|&largest| largest <= 0.0);
    let scores = || front.iter().map(|point| weights.score(point.goals, largest, reading)).enumerate();
    let (index, score) = match reading {
        // What an arg-max over floats does: the first not-a-number wins over every number.
        Reading::Original => scores().find(|(_, score)| score.is_nan()).or_else(|| best(scores(), |_, _| false)),
        Reading::Corrected => best(scores(), |new, old| front[new].decision.price < front[old].decision.price),
    }
    .expect("the front is not empty");
    Ok(Choice { index, score, dropped_goal })
}

/// The first largest score; among equals, `prefer(new, old)` may replace an earlier one.
fn best(scores: impl Iterator<Item = (usize, f64)>, prefer: impl Fn(usize, usize) -> bool) -> Option<(usize, f64)> {
    scores.reduce(|old, new| if new.1 > old.1 || (new.1 == old.1 && prefer(new.0, old.0)) { new } else { old })
}

#[cfg(test)]
mod tests {
    use super::super::model::Decision;
    use super::*;

    fn front(points: &[(f64, [f64; 3])]) -> Vec<Point> {
        points
            .iter()
            .map(|&(price, goals)| Point { decision: Decision { price, vms: 1.0, banners: 1.0 }, goals })
            .collect()
    }

    const SERVICE: Weights = Weights { service: 1.0, application: 0.0, user: 0.0 };

    #[test]
    fn equal_scores_go_to_the_smallest_price_and_in_the_original_to_the_first() {
        let points = front(&[(3.0, [1.0, 1.0, 1.0]), (2.0, [2.0, 1.0, 1.0]), (1.0, [2.0, 0.5, 1.0])]);
        assert_eq!(choose(&points, &SERVICE, Reading::Corrected).expect("a front").index, 2);
        assert_eq!(choose(&points, &SERVICE, Reading::Original).expect("a front").index, 1);
    }

    #[test]
    fn a_goal_that_is_nowhere_positive_has_no_say() {
        let points = front(&[(1.0, [0.0, 1.0, 0.5]), (1.0, [0.0, 2.0, 0.5])]);
        let corrected = choose(&points, &Weights::default(), Reading::Corrected).expect("a front");
        assert_eq!((corrected.index, corrected.dropped_goal), (1, true));
        let original = choose(&points, &Weights::FORK, Reading::Original).expect("a front");
        assert!(original.index == 0 && original.score.is_nan());
    }

    #[test]
    fn bad_input_is_refused() {
        let run = |points: &[Point], weights: Weights| {
            choose(points, &weights, Reading::Corrected).expect_err("bad input").to_string()
        };
        let points = front(&[(1.0, [1.0; 3])]);
        assert_eq!(run(&[], SERVICE), "the front is empty: there is no feasible point to choose");
        assert_eq!(
            Weights::FORK.check(Reading::Corrected).expect_err("three times 0.33").to_string(),
            "weights: found [0.33, 0.33, 0.33], want three numbers from 0 that sum to 1"
        );
        assert!(Weights::FORK.check(Reading::Original).is_ok() && Weights::default().check(Reading::Corrected).is_ok());
        assert!(run(&points, Weights { user: f64::NAN, ..SERVICE }).starts_with("weights: found [1.0, 0.0, NaN]"));
        assert!(run(&front(&[(1.0, [1.0, f64::NAN, 1.0])]), SERVICE).starts_with("point 0 of the front"));
    }
}
