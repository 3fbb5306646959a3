//! The economic problem solved on paper: what no optimiser can beat.
//!
//! The price only splits the surplus T = π_S + π_A between the two providers, so the front is the path along which T grows
//! as users are asked for more: first as many machines as the bounds allow and the fewest banners, then fewer machines down
//! to W*, then more banners, then fewer machines again; at each place the price runs from cost to advertising surplus.
//! With the default prices W* = λ/d_l and only the second leg is there: the planner always answers ceil(λ/d_l).
//!
//! Source: derived from the equations of Fokaefs, Barna, Litoiu; valid for the published response line, fractional machines
//! and a price bound that does not bind.

use super::EconomyError;
use super::choice::Weights;
use super::model::{Decision, Situation, width};
use super::parameters::ResponseModel;
use super::{Point, Reading};
use serde::Serialize;

/// Quantities of the exact front.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClosedForm {
    /// The W that balances machine prices against waiting, without bounds.
    pub vms_unconstrained: f64,
    /// λ/d_u and λ/d_l.
    pub vms_min: f64,
    pub vms_max: f64,
    /// W*: the balance within the bounds.
    pub vms: f64,
    /// c: what a request costs the service at W*, $.
    pub cost_per_request: f64,
    /// γ_0: banners that pay for hosting and cost.
    pub banners_break_even: f64,
    /// γ_lo, γ_hi: banners of the front at W*.
    pub banners_min: f64,
    pub banners_max: f64,
    /// What is known only where the front is not empty.
    pub front: Option<ExactFront>,
    /// The stated price bound is below what the front would ask: then hypervolume and best choice are not known.
    pub price_bound_binds: bool,
}

/// The exact front, where there is one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExactFront {
    /// T: the largest sum of both profits, $/s.
    pub surplus_max: f64,
    /// Prices at γ_hi: from cost to advertising surplus (or the bound).
    pub price_min: f64,
    pub price_max: f64,
    pub satisfaction_max: f64,
    /// Volume dominated in (−π_S, −π_A, −U) below the reference (0, 0, −U_min).
    pub hypervolume: Option<f64>,
    #[serde(skip)]
    legs: Vec<Leg>,
}

/// A stretch of the path on which one of W and γ changes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Leg {
    from: Place,
    to: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    vms: f64,
    banners: f64,
}

/// The exact optimum of the weighted choice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ideal {
    pub point: Point,
    pub score: f64,
    /// Largest π_S, π_A and U of the front, which the score is relative to.
    pub largest: [f64; 3],
    /// Vertices with the same score; more than one means that the price (or more) is undetermined.
    pub tied: usize,
}

/// Solves the situation exactly.
///
/// # Errors
/// When the response model is not the published line or machines are whole: then there is no closed form.
pub fn solve(situation: &Situation) -> Result<ClosedForm, EconomyError> {
    let p = situation.market().parameters();
    if p.response != ResponseModel::Linear || p.whole_vms {
        return Err(EconomyError::NoClosedForm);
    }
    let k = situation.market().revenue_per_banner();
    let rate = situation.load().rate_per_s;
    let bounds = situation.vms();
    let vms_unconstrained = rate
        * libm::sqrt(
            k * width(p.banners) * p.response_weight / (p.banner_weight * p.vm_price_per_s * width(p.capacity_per_s)),
        );
    // Nobody minds banners: machines up to the bound cost less than what banners earn. `max` drops the 0/0 of b = 0.
    let vms = vms_unconstrained.max(bounds.lower).min(bounds.upper);
    let cost_per_request = situation.fair_prices(vms, p.banners.upper).lower;
    let banners_break_even = (p.hosting_cost_per_request + cost_per_request) / k;
    let slack = p.satisfaction_min - p.response_weight * waiting(situation, vms);
    let most = if p.banner_weight > 0.0 {
        p.banners.upper - width(p.banners) / p.banner_weight * slack
    } else if slack <= 0.0 {
        p.banners.upper
    } else {
        f64::NEG_INFINITY
    };
    let banners_max = most.min(p.banners.upper);
    let highest = banners_max * k - p.hosting_cost_per_request;
    let price_bound_binds = situation.market().price_max() < highest;
    let legs = path(situation, vms, banners_break_even.max(p.banners.lower), banners_max);
    let front = legs.first().zip(legs.last()).map(|(first, last)| {
        let prices = situation.fair_prices(last.to.vms, last.to.banners);
        ExactFront {
            surplus_max: surplus(situation, last.to),
            price_min: prices.lower,
            price_max: prices.upper,
            satisfaction_max: satisfaction(situation, first.from),
            hypervolume: (!price_bound_binds).then(|| hypervolume(situation, &legs)),
            legs: legs.clone(),
        }
    });
    Ok(ClosedForm {
        vms_unconstrained,
        vms_min: bounds.lower,
        vms_max: bounds.upper,
        vms,
        cost_per_request,
        banners_break_even,
        banners_min: banners_break_even.max(p.banners.lower),
        banners_max,
        front,
        price_bound_binds,
    })
}

/// The legs of the front from the most satisfied users to the largest surplus; none when nothing is feasible.
fn path(situation: &Situation, vms: f64, banners_min: f64, banners_max: f64) -> Vec<Leg> {
    let p = situation.market().parameters();
    let bounds = situation.vms();
    let mut legs = Vec::new();
    // Fewest banners, machines from the upper bound down to W*: only if that many machines are not already W*.
    if vms < bounds.upper {
        let (least, most) = affordable(situation, p.banners.lower, vms, bounds.upper);
        if least <= most {
            let at = |vms| Place { vms, banners: p.banners.lower };
            legs.push(Leg { from: at(most), to: at(least) });
        }
    }
    if banners_min <= banners_max {
        let at = |banners| Place { vms, banners };
        legs.push(Leg { from: at(banners_min), to: at(banners_max) });
    }
    // Most banners, machines from W* down: only if users bear the most banners at W*.
    if vms > bounds.lower {
        let (least, most) = affordable(situation, p.banners.upper, bounds.lower, vms);
        if least < most {
            let at = |vms| Place { vms, banners: p.banners.upper };
            legs.push(Leg { from: at(most), to: at(least) });
        }
    }
    legs
}

/// The machines between `least` and `most` that users bear and that leave no loss, at these banners.
fn affordable(situation: &Situation, banners: f64, least: f64, most: f64) -> (f64, f64) {
    let p = situation.market().parameters();
    let rate = situation.load().rate_per_s;
    let wanted = p.satisfaction_min - p.banner_weight * (p.banners.upper - banners) / width(p.banners);
    let least = if p.response_weight > 0.0 {
        let load_max = p.capacity_per_s.upper - width(p.capacity_per_s) * wanted / p.response_weight;
        if load_max > 0.0 { least.max(rate / load_max) } else { f64::INFINITY }
    } else if wanted <= 0.0 {
        least
    } else {
        f64::INFINITY
    };
    let paid = surplus(situation, Place { vms: 0.0, banners }) / p.vm_price_per_s;
    (least, most.min(paid))
}

/// s: how content users are with the waiting, before its weight.
fn waiting(situation: &Situation, vms: f64) -> f64 {
    let capacity = situation.market().parameters().capacity_per_s;
    (capacity.upper - situation.load().rate_per_s / vms) / width(capacity)
}

fn satisfaction(situation: &Situation, place: Place) -> f64 {
    let p = situation.market().parameters();
    p.banner_weight * (p.banners.upper - place.banners) / width(p.banners)
        + p.response_weight * waiting(situation, place.vms)
}

fn surplus(situation: &Situation, place: Place) -> f64 {
    let p = situation.market().parameters();
    let load = situation.load();
    let per_request = place.banners * situation.market().revenue_per_banner()
        - p.hosting_cost_per_request
        - load.payload_kb * p.transfer_price_per_kb;
    load.rate_per_s * per_request - p.vm_price_per_s * place.vms
}

/// The integral of T²/2, the triangle of the two profits, over the satisfaction from U_min to its maximum.
fn hypervolume(situation: &Situation, legs: &[Leg]) -> f64 {
    let p = situation.market().parameters();
    let k = situation.market().revenue_per_banner();
    let rate = situation.load().rate_per_s;
    let over_banners = |leg: &Leg| {
        let per_banner = rate * k;
        let cube = |place| {
            let above = surplus(situation, place) / per_banner;
            above * above * above
        };
        p.banner_weight / width(p.banners) * per_banner * per_banner / 6.0 * (cube(leg.to) - cube(leg.from))
    };
    let over_vms = |leg: &Leg| {
        let (paid, price) = (surplus(situation, Place { vms: 0.0, ..leg.from }), p.vm_price_per_s);
        // ∫ (paid − price·W)² / W² dW
        let integral = |vms: f64| -paid * paid / vms - 2.0 * paid * price * libm::log(vms) + price * price * vms;
        p.response_weight * rate / (2.0 * width(p.capacity_per_s)) * (integral(leg.from.vms) - integral(leg.to.vms))
    };
    let legs_sum: f64 =
        legs.iter().map(|leg| if leg.from.vms == leg.to.vms { over_banners(leg) } else { over_vms(leg) }).sum();
    // Past the end of the path the surplus grows no more, however little users ask for.
    let beyond = legs.last().map_or(0.0, |last| {
        let largest = surplus(situation, last.to);
        largest * largest / 2.0 * (satisfaction(situation, last.to) - p.satisfaction_min).max(0.0)
    });
    legs_sum + beyond
}

impl ClosedForm {
    /// The best point of the exact front under `weights`, or `None` where the front is empty or bent by a price bound.
    ///
    /// Along a price edge and along banners the score is linear, so its optimum is at a vertex; along machines it is
    /// concave and its stationary point is a candidate too. Ties go to the first vertex: fewest banners, smallest price.
    pub fn best(&self, situation: &Situation, weights: &Weights) -> Option<Ideal> {
        let front = self.front.as_ref().filter(|_| !self.price_bound_binds)?;
        let p = situation.market().parameters();
        let mut places: Vec<Place> = Vec::new();
        for leg in &front.legs {
            if places.last() != Some(&leg.from) {
                places.push(leg.from);
            }
            if leg.from.vms != leg.to.vms {
                for weight in [weights.service, weights.application] {
                    let balance = weights.user * p.response_weight * situation.load().rate_per_s * front.surplus_max
                        / (width(p.capacity_per_s) * front.satisfaction_max * weight * p.vm_price_per_s);
                    let vms = libm::sqrt(balance);
                    if leg.to.vms < vms && vms < leg.from.vms {
                        places.push(Place { vms, ..leg.from });
                    }
                }
            }
            places.push(leg.to);
        }
        let vertices: Vec<Point> = places
            .iter()
            .flat_map(|place| {
                let prices = situation.fair_prices(place.vms, place.banners);
                [prices.lower, prices.upper].map(|price| Decision { price, vms: place.vms, banners: place.banners })
            })
            .map(|decision| Point { decision, goals: situation.evaluate(decision).goals() })
            .collect();
        let mut largest = [f64::NEG_INFINITY; 3];
        for point in &vertices {
            largest.iter_mut().zip(point.goals).for_each(|(largest, goal)| *largest = largest.max(goal));
        }
        let scores: Vec<f64> =
            vertices.iter().map(|point| weights.score(point.goals, largest, Reading::Corrected)).collect();
        let score = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let tied = |candidate: &f64| *candidate >= score - 1e-9 * score.abs();
        let first = scores.iter().position(tied)?;
        let count = scores.iter().filter(|score| tied(score)).count();
        Some(Ideal { point: vertices[first], score, largest, tied: count })
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::{Load, Parameters};
    use super::*;
    use crate::solve::nsga2::Interval;

    fn situation(change: impl FnOnce(&mut Parameters)) -> Situation {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        Situation::new(parameters.check().expect("sound"), Load::new(50.0, 10.0)).expect("a sound load")
    }

    /// T²/2 summed over fine slices of U, T found by scanning W: slow, and right by definition.
    fn by_scanning(situation: &Situation) -> f64 {
        let p = situation.market().parameters();
        let (slices, steps) = (4000, 1000);
        let height = (1.0 - p.satisfaction_min) / f64::from(slices);
        (0..slices)
            .map(|slice| {
                let wanted = p.satisfaction_min + (f64::from(slice) + 0.5) * height;
                let best = (0..=steps)
                    .filter_map(|step| {
                        let bounds = situation.vms();
                        let vms = bounds.lower + width(bounds) * f64::from(step) / f64::from(steps);
                        let rest = (wanted - p.response_weight * waiting(situation, vms)) / p.banner_weight;
                        let banners = (p.banners.upper - width(p.banners) * rest).min(p.banners.upper);
                        (banners >= p.banners.lower).then(|| surplus(situation, Place { vms, banners }))
                    })
                    .fold(0.0, f64::max);
                best * best / 2.0 * height
            })
            .sum()
    }

    #[test]
    fn the_volume_of_every_kind_of_path_is_what_a_scan_finds() {
        let kinds: [fn(&mut Parameters); 5] = [
            |_| (),
            |p| p.satisfaction_min = 0.3,
            |p| (p.vm_price_per_s, p.banner_weight, p.response_weight) = (0.018, 0.95, 0.05),
            |p| {
                (p.vm_price_per_s, p.banner_weight, p.response_weight) = (0.018, 0.95, 0.05);
                p.banners = Interval::new(3.0, 10.0);
                p.satisfaction_min = 0.003;
            },
            |p| (p.vm_price_per_s, p.banner_weight, p.response_weight) = (0.3, 0.95, 0.05),
        ];
        let mut lengths = Vec::new();
        for kind in kinds {
            let situation = situation(kind);
            let front = solve(&situation).expect("the published line").front;
            let (exact, legs) =
                front.map_or((0.0, 0), |front| (front.hypervolume.expect("no bound"), front.legs.len()));
            let scanned = by_scanning(&situation);
            assert!((exact - scanned).abs() <= 2e-3 * scanned, "{exact} {scanned}");
            lengths.push(legs);
        }
        assert_eq!(lengths, [1, 2, 1, 3, 0]);
    }

    #[test]
    fn with_the_default_prices_the_planner_is_a_capacity_rule() {
        let situation = situation(|_| ());
        let exact = solve(&situation).expect("the published line");
        for user in [0.0, 0.3, 0.6714, 0.6716, 1.0] {
            let rest = (1.0 - user) / 2.0;
            let weights = Weights { service: rest, application: rest, user };
            let ideal = exact.best(&situation, &weights).expect("a front");
            assert_eq!(ideal.point.decision.replicas(), 4);
            let banners = if user < 0.6715 { 4.6 } else { 1.0 };
            assert!((ideal.point.decision.banners - banners).abs() < 1e-12, "{user}: {ideal:?}");
        }
    }

    #[test]
    fn users_who_mind_only_one_thing_do_not_break_the_formulas() {
        let careless = solve(&situation(|p| (p.banner_weight, p.response_weight) = (0.0, 1.0))).expect("the line");
        assert_eq!((careless.vms, careless.banners_max), (careless.vms_max, 10.0));
        assert!(careless.front.is_some());
        let patient = solve(&situation(|p| (p.banner_weight, p.response_weight) = (1.0, 0.0))).expect("the line");
        assert_eq!(patient.vms, patient.vms_min);
        assert!((patient.banners_max - 2.8).abs() < 1e-12);
    }

    #[test]
    fn other_response_models_have_no_closed_form() {
        let queueing = situation(|p| p.response = ResponseModel::Queueing { service_rate_per_s: 30.0 });
        assert_eq!(solve(&queueing), Err(EconomyError::NoClosedForm));
    }
}
