//! How new points come from old ones: a tournament of two, simulated binary crossover (SBX), polynomial mutation (PM).
//!
//! Source: K. Deb, R. B. Agrawal, "Simulated Binary Crossover for Continuous Search Space", Complex Systems 9, 1995;
//! K. Deb, M. Goyal, "A Combined Genetic Adaptive Search (GeneAS) for Engineering Design", 1996; the bounded forms and the
//! tournament as pymoo 0.6 has them. Ranks are not compared in the tournament: domination between the two, then crowding.
//! Powers are called by name in `libm`, so that a seed gives the same points on every machine.

use super::sorting::dominates;
use std::cmp::Ordering;

/// Spreads below this are not worth crossing: the children would be the parents.
const SAME: f64 = 1e-14;

/// One competitor of a tournament.
#[derive(Clone, Copy, Debug)]
pub struct Competitor<'a> {
    /// Sum of the violated constraints; zero when feasible.
    pub violation: f64,
    pub objectives: &'a [f64],
    pub crowding: f64,
}

/// Who wins a binary tournament: `Less` the first, `Greater` the second, `Equal` the coin.
pub fn duel(a: Competitor<'_>, b: Competitor<'_>) -> Ordering {
    if a.violation > 0.0 || b.violation > 0.0 {
        a.violation.total_cmp(&b.violation)
    } else if dominates(a.objectives, b.objectives) {
        Ordering::Less
    } else if dominates(b.objectives, a.objectives) {
        Ordering::Greater
    } else {
        b.crowding.total_cmp(&a.crowding)
    }
}

/// The low and the high child of two values under SBX with distribution index `eta`, for a uniform draw `u` in [0, 1).
///
/// The caller exchanges the two between the children or not. Equal parents are returned as they are.
pub fn cross(a: f64, b: f64, lower: f64, upper: f64, eta: f64, u: f64) -> (f64, f64) {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    let spread = high - low;
    if spread <= SAME {
        return (low, high);
    }
    let middle = 0.5 * (low + high);
    let reach = |beta: f64| {
        let alpha = 2.0 - libm::pow(beta, -(eta + 1.0));
        let base = if u <= 1.0 / alpha { u * alpha } else { 1.0 / (2.0 - u * alpha) };
        0.5 * spread * libm::pow(base, 1.0 / (eta + 1.0))
    };
    let down = reach(1.0 + 2.0 * (low - lower) / spread);
    let up = reach(1.0 + 2.0 * (upper - high) / spread);
    ((middle - down).clamp(lower, upper), (middle + up).clamp(lower, upper))
}

/// A value moved by polynomial mutation with distribution index `eta`, for a uniform draw `u` in [0, 1).
pub fn mutate(x: f64, lower: f64, upper: f64, eta: f64, u: f64) -> f64 {
    let width = upper - lower;
    if width <= 0.0 {
        return x;
    }
    let power = eta + 1.0;
    let delta = if u <= 0.5 {
        let room = libm::pow(1.0 - (x - lower) / width, power);
        libm::pow(2.0 * u + (1.0 - 2.0 * u) * room, 1.0 / power) - 1.0
    } else {
        let room = libm::pow(1.0 - (upper - x) / width, power);
        1.0 - libm::pow(2.0 * (1.0 - u) + 2.0 * (u - 0.5) * room, 1.0 / power)
    };
    (x + delta * width).clamp(lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_draw_changes_nothing_far_from_the_bounds() {
        let (low, high) = cross(4.0, 6.0, -1e6, 1e6, 15.0, 0.5);
        assert!((low - 4.0).abs() < 1e-9 && (high - 6.0).abs() < 1e-9, "{low} {high}");
        assert!((mutate(0.3, 0.0, 1.0, 20.0, 0.5) - 0.3).abs() < 1e-15);
    }

    #[test]
    fn children_and_mutants_stay_within_the_box() {
        for step in 0..1000 {
            let u = f64::from(step) / 1000.0;
            for (a, b) in [(0.0, 1.0), (0.2, 0.2), (1.0, 0.999_999), (0.0, 1e-13)] {
                let (low, high) = cross(a, b, 0.0, 1.0, 5.0, u);
                assert!(0.0 <= low && low <= high && high <= 1.0, "{a} {b} {u}: {low} {high}");
                assert!((0.0..=1.0).contains(&mutate(a, 0.0, 1.0, 20.0, u)));
            }
        }
        assert_eq!(mutate(2.0, 2.0, 2.0, 20.0, 0.9), 2.0);
    }

    #[test]
    fn feasibility_comes_before_every_objective() {
        let good = Competitor { violation: 1e-9, objectives: &[0.0], crowding: 9.0 };
        let allowed = Competitor { violation: 0.0, objectives: &[5.0], crowding: 0.0 };
        assert_eq!(duel(good, allowed), Ordering::Greater);
        assert_eq!(duel(allowed, Competitor { crowding: f64::INFINITY, ..allowed }), Ordering::Greater);
        assert_eq!(duel(allowed, allowed), Ordering::Equal);
    }
}
