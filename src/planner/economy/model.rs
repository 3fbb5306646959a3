//! What everybody gets out of a decision: the profits of the service and of the application, the satisfaction of users.
//!
//! Source: Fokaefs, Barna, Litoiu (see `parameters.rs`), equations of section 4, in the order of operations of the fork.
//! Differs: with another response model than the published line, each part of the satisfaction is kept within [0, 1].

use super::EconomyError;
use super::parameters::{Load, Market, ResponseModel};
use crate::solve::nsga2::{Interval, Problem};
use serde::Serialize;

/// What the planner decides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// p_s: what the application pays the service, $/request.
    pub price: f64,
    /// W: machines, a real number until somebody rounds it up.
    pub vms: f64,
    /// γ: banners per page.
    pub banners: f64,
}

impl Decision {
    /// The machines to run: ceil(W), at least one.
    pub fn replicas(&self) -> u32 {
        // A finite positive W; the cast saturates for fleets past four billion.
        (self.vms.ceil() as u32).max(1)
    }
}

/// Everything the model says about a decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Terms {
    /// d, requests/s per machine.
    pub load_per_vm: f64,
    /// ρ, the place of d between its bounds.
    pub relative_load: f64,
    /// R, ms.
    pub response_ms: f64,
    /// Money per second: what the service earns from the application and pays to the cloud.
    pub service_revenue: f64,
    pub vm_cost: f64,
    pub transfer_cost: f64,
    /// Money per second: what the application earns from advertisers and pays for hosting.
    pub advertising_revenue: f64,
    pub hosting_cost: f64,
    /// The two parts of the satisfaction, before their weights.
    pub banner_satisfaction: f64,
    pub response_satisfaction: f64,
    /// π_S, $/s.
    pub service_profit: f64,
    /// π_A, $/s.
    pub application_profit: f64,
    /// U.
    pub satisfaction: f64,
    /// g1 to g4, each at most zero when it holds: price within advertising, no loss for either, users stay.
    pub constraints: [f64; 4],
}

impl Terms {
    /// π_S, π_A, U: to be maximised.
    pub fn goals(&self) -> [f64; 3] {
        [self.service_profit, self.application_profit, self.satisfaction]
    }

    /// Sum of the violated constraints, unscaled.
    pub fn violation(&self) -> f64 {
        self.constraints.iter().map(|g| g.max(0.0)).sum()
    }

    /// No constraint is violated, without tolerance.
    pub fn feasible(&self) -> bool {
        self.constraints.iter().all(|&g| g <= 0.0)
    }
}

/// A market under a load: the problem of one planning step.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    market: Market,
    load: Load,
    bounds: [Interval; 3],
}

impl Situation {
    /// # Errors
    /// When the rate is not positive (the bounds of W would be 0/0) or a number of the load makes no sense.
    pub fn new(market: Market, load: Load) -> Result<Situation, EconomyError> {
        load.check()?;
        let capacity = market.parameters().capacity_per_s;
        let vms = Interval::new(load.rate_per_s / capacity.upper, load.rate_per_s / capacity.lower);
        let bounds = [Interval::new(0.0, market.price_max()), vms, market.parameters().banners];
        Ok(Situation { market, load, bounds })
    }

    pub fn market(&self) -> &Market {
        &self.market
    }

    pub fn load(&self) -> &Load {
        &self.load
    }

    /// [λ/d_u, λ/d_l]: the machines the planner may choose from.
    pub fn vms(&self) -> Interval {
        self.bounds[1]
    }

    /// The prices that leave neither provider with a loss at these machines and banners: from cost to advertising surplus.
    ///
    /// With equal weights on both profits every price between the two is as good. The interval is empty (reversed) where
    /// there is no surplus to share.
    pub fn fair_prices(&self, vms: f64, banners: f64) -> Interval {
        let parameters = self.market.parameters();
        let cost = parameters.vm_price_per_s * vms / self.load.rate_per_s
            + self.load.payload_kb * parameters.transfer_price_per_kb;
        let yields = banners * self.market.revenue_per_banner() - parameters.hosting_cost_per_request;
        Interval::new(cost, yields.min(self.market.price_max()))
    }

    /// What everybody gets out of `decision`, inside the bounds or not. Fractions of machines are priced as fractions.
    pub fn evaluate(&self, decision: Decision) -> Terms {
        let p = self.market.parameters();
        let k = self.market.revenue_per_banner();
        let (rate, payload) = (self.load.rate_per_s, self.load.payload_kb);
        let Decision { price, vms, banners } = decision;
        let load_per_vm = rate / vms;
        let relative_load = place(p.capacity_per_s, load_per_vm);
        let response_ms = self.response_ms(load_per_vm, relative_load);
        let service_revenue = price * rate;
        let vm_cost = p.vm_price_per_s * vms;
        let transfer_cost = payload * p.transfer_price_per_kb * rate;
        let advertising_revenue = banners * k * rate;
        let hosting_cost = p.hosting_cost_per_request * rate;
        let banner_satisfaction = (p.banners.upper - banners) / width(p.banners);
        let response_satisfaction = (p.response_ms.upper - response_ms) / width(p.response_ms);
        let response_satisfaction = match p.response {
            ResponseModel::Linear => response_satisfaction,
            ResponseModel::Measured | ResponseModel::Queueing { .. } => response_satisfaction.clamp(0.0, 1.0),
        };
        let service_profit = service_revenue - vm_cost - transfer_cost;
        let application_profit = advertising_revenue - hosting_cost - service_revenue;
        let satisfaction = p.banner_weight * banner_satisfaction + p.response_weight * response_satisfaction;
        Terms {
            load_per_vm,
            relative_load,
            response_ms,
            service_revenue,
            vm_cost,
            transfer_cost,
            advertising_revenue,
            hosting_cost,
            banner_satisfaction,
            response_satisfaction,
            service_profit,
            application_profit,
            satisfaction,
            constraints: [price - banners * k, -service_profit, -application_profit, p.satisfaction_min - satisfaction],
        }
    }

    fn response_ms(&self, load_per_vm: f64, relative_load: f64) -> f64 {
        let p = self.market.parameters();
        let line = |relative_load: f64| p.response_ms.lower + width(p.response_ms) * relative_load;
        match (p.response, self.load.measured) {
            (ResponseModel::Queueing { service_rate_per_s }, _) if load_per_vm < service_rate_per_s => {
                1000.0 / (service_rate_per_s - load_per_vm)
            }
            // A machine that cannot keep up: as bad as users can rate it.
            (ResponseModel::Queueing { .. }, _) => f64::INFINITY,
            (ResponseModel::Measured, Some(measured)) => {
                let predicted = line(place(p.capacity_per_s, self.load.rate_per_s / measured.vms));
                // Below the foot of the line the prediction is not a time; the line is left as published.
                if predicted > 0.0 {
                    line(relative_load) * measured.response_ms / predicted
                } else {
                    line(relative_load)
                }
            }
            (ResponseModel::Linear | ResponseModel::Measured, _) => line(relative_load),
        }
    }

    pub(super) fn decision(&self, x: &[f64]) -> Decision {
        let vms = if self.market.parameters().whole_vms { x[1].ceil() } else { x[1] };
        Decision { price: x[0], vms, banners: x[2] }
    }
}

/// The optimiser's view: minimise −π_S, −π_A, −U over (p_s, W, γ).
impl Problem for Situation {
    fn bounds(&self) -> &[Interval] {
        &self.bounds
    }

    fn objectives(&self) -> usize {
        3
    }

    fn constraints(&self) -> usize {
        4
    }

    fn evaluate(&self, x: &[f64], objectives: &mut [f64], constraints: &mut [f64]) {
        let terms = Situation::evaluate(self, self.decision(x));
        for (objective, goal) in objectives.iter_mut().zip(terms.goals()) {
            *objective = -goal;
        }
        constraints.copy_from_slice(&terms.constraints);
    }
}

pub(super) fn width(interval: Interval) -> f64 {
    interval.upper - interval.lower
}

fn place(interval: Interval, value: f64) -> f64 {
    (value - interval.lower) / width(interval)
}

#[cfg(test)]
mod tests {
    use super::super::parameters::{Measured, Parameters};
    use super::*;

    fn situation(change: impl FnOnce(&mut Parameters, &mut Load)) -> Situation {
        let (mut parameters, mut load) = (Parameters::default(), Load::new(60.0, 10.0));
        change(&mut parameters, &mut load);
        Situation::new(parameters.check().expect("sound"), load).expect("a sound load")
    }

    #[test]
    fn the_price_moves_money_between_the_providers_and_nothing_else() {
        let situation = situation(|_, _| ());
        let at = |price| situation.evaluate(Decision { price, vms: 4.0, banners: 4.0 });
        let (cheap, dear) = (at(1e-4), at(1e-3));
        assert!(
            (cheap.service_profit + cheap.application_profit - dear.service_profit - dear.application_profit).abs()
                < 1e-15
        );
        assert_eq!(cheap.satisfaction, dear.satisfaction);
        assert_eq!((cheap.load_per_vm, cheap.response_ms), (15.0, 45.0));
        let fair = situation.fair_prices(4.0, 4.0);
        assert!(at(fair.lower).service_profit.abs() < 1e-15 && at(fair.upper).application_profit.abs() < 1e-15);
    }

    #[test]
    fn other_response_models_pass_through_what_they_are_told() {
        let decision = Decision { price: 1e-4, vms: 4.0, banners: 4.0 };
        let queueing =
            situation(|p, _| p.response = ResponseModel::Queueing { service_rate_per_s: 25.0 }).evaluate(decision);
        assert_eq!(queueing.response_ms, 100.0);
        let drowned =
            situation(|p, _| p.response = ResponseModel::Queueing { service_rate_per_s: 15.0 }).evaluate(decision);
        assert_eq!((drowned.response_ms, drowned.response_satisfaction), (f64::INFINITY, 0.0));
        let measured = situation(|p, load| {
            p.response = ResponseModel::Measured;
            load.measured = Some(Measured { response_ms: 90.0, vms: 4.0 });
        });
        assert_eq!(measured.evaluate(decision).response_ms, 90.0);
        assert!(
            (measured.evaluate(Decision { vms: 3.0, ..decision }).response_ms
                - 90.0 / 45.0 * (45.0 + 155.0 * 5.0 / 6.0))
                .abs()
                < 1e-9
        );
    }

    #[test]
    fn machines_are_rounded_up_and_never_below_one() {
        assert_eq!(
            [0.0, 0.2, 1.0, 3.01].map(|vms| Decision { price: 0.0, vms, banners: 1.0 }.replicas()),
            [1, 1, 1, 4]
        );
        let whole = situation(|p, _| p.whole_vms = true);
        assert_eq!(whole.decision(&[0.0, 2.3, 1.0]).vms, 3.0);
    }
}
