//! One planning step: search the front, choose a point, say what to run.
//!
//! Source: the economic analysis of the fork in its two published settings, and two of our own: `tight` bounds the price by
//! what banners can earn, `paper_cap` by the price the paper's figures suggest.
//! Differs (corrected): a search without a feasible point is repeated on streams of its own, where the fork's first version
//! repeats the same seed and so the same failure.

use super::choice::{Choice, Weights, choose};
use super::exact::{ClosedForm, solve};
use super::model::{Decision, Situation, Terms};
use super::parameters::{Load, Market, Parameters};
use super::{EconomyError, Point, Reading};
use crate::engine::random::Streams;
use crate::solve::nsga2::{Crossover, Mutation, Settings, minimise};
use serde::{Deserialize, Serialize};

/// Published and recommended sizes of the search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 2020–21: 100 points, 10 children, 170 generations, prices up to 10,000.
    V1,
    /// 2022: 1000 points, 100 children, 250 generations, prices up to 10,000.
    V2,
    /// 10,000 evaluations, prices up to γ_u·k.
    #[default]
    Tight,
    /// 10,000 evaluations with the operators of the paper's optimiser, prices up to 0.0005.
    PaperCap,
}

impl Preset {
    pub fn settings(self) -> Settings {
        let sized =
            |population, offspring, generations| Settings { population, offspring, generations, ..Settings::default() };
        match self {
            Preset::V1 => sized(100, 10, 170),
            Preset::V2 => sized(1000, 100, 250),
            Preset::Tight => sized(100, 100, 100),
            Preset::PaperCap => Settings {
                crossover: Crossover { probability: 0.7, eta: 5.0, ..Crossover::default() },
                mutation: Mutation { probability: 1.0, variable_probability: Some(0.2), eta: 10.0 },
                ..sized(100, 100, 100)
            },
        }
    }

    /// The stated bound of the price, if this preset states one.
    pub fn price_max(self) -> Option<f64> {
        match self {
            Preset::V1 | Preset::V2 => Some(10_000.0),
            Preset::Tight => None,
            Preset::PaperCap => Some(5e-4),
        }
    }
}

/// How hard to look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    pub settings: Settings,
    /// Searches before the step is given up for lack of a feasible point.
    pub tries: u32,
}

impl Default for Search {
    fn default() -> Search {
        Search::from(Preset::default())
    }
}

impl From<Preset> for Search {
    fn from(preset: Preset) -> Search {
        Search { settings: preset.settings(), tries: 10 }
    }
}

/// The outcome of one planning step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The front found, in the order of the optimiser.
    pub front: Vec<Point>,
    pub choice: Choice,
    pub decision: Decision,
    /// The model's account of the decision.
    pub terms: Terms,
    /// ceil(W).
    pub replicas: u32,
    /// Searches made, and evaluations in all of them.
    pub tries: u32,
    pub evaluations: usize,
}

/// A point of a front as a flat row, for tables.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FrontRow {
    pub price: f64,
    pub vms: f64,
    pub banners: f64,
    pub service_profit: f64,
    pub application_profit: f64,
    pub satisfaction: f64,
    pub chosen: bool,
}

impl Plan {
    /// The front as rows, in the order of the optimiser.
    pub fn rows(&self) -> impl Iterator<Item = FrontRow> {
        self.front.iter().enumerate().map(|(index, point)| FrontRow {
            price: point.decision.price,
            vms: point.decision.vms,
            banners: point.decision.banners,
            service_profit: point.goals[0],
            application_profit: point.goals[1],
            satisfaction: point.goals[2],
            chosen: index == self.choice.index,
        })
    }
}

/// A planner of one market: parameters checked once, a plan per cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Economist {
    market: Market,
    search: Search,
    weights: Weights,
    reading: Reading,
}

impl Economist {
    /// # Errors
    /// When parameters or weights make no sense. The settings of the search are checked by the search.
    pub fn new(
        parameters: Parameters,
        search: Search,
        weights: Weights,
        reading: Reading,
    ) -> Result<Economist, EconomyError> {
        weights.check(reading)?;
        if search.tries == 0 {
            return Err(EconomyError::Parameter { key: "tries", found: 0.0, wanted: "a count from 1" });
        }
        Ok(Economist { market: parameters.check()?, search, weights, reading })
    }

    pub fn market(&self) -> &Market {
        &self.market
    }

    /// Plans for `load`. `None` when there is no load to plan for or no feasible point was found: the analysis failed.
    ///
    /// The draws come from the stream of (`owner`, `cycle`, try), so cycles and retries are independent of each other.
    ///
    /// # Errors
    /// When a number of the load makes no sense or the search cannot run.
    pub fn plan(&self, load: Load, streams: &Streams, owner: &str, cycle: u64) -> Result<Option<Plan>, EconomyError> {
        if load.rate_per_s == 0.0 {
            return Ok(None);
        }
        let situation = Situation::new(self.market, load)?;
        let mut evaluations = 0;
        for attempt in 0..self.search.tries {
            let stream_number = match self.reading {
                Reading::Original => 0,
                Reading::Corrected => attempt,
            };
            let mut rng = streams.stream("nsga2", &format!("{owner}/{cycle}/{stream_number}"));
            let found = minimise(&situation, &self.search.settings, &mut rng)?;
            evaluations += found.evaluations;
            if found.front.is_empty() {
                continue;
            }
            let point = |i| {
                let decision = situation.decision(found.front.x(i));
                Point { decision, goals: situation.evaluate(decision).goals() }
            };
            let front: Vec<Point> = (0..found.front.len()).map(point).collect();
            let choice = choose(&front, &self.weights, self.reading)?;
            let decision = front[choice.index].decision;
            return Ok(Some(Plan {
                choice,
                decision,
                terms: situation.evaluate(decision),
                replicas: decision.replicas(),
                front,
                tries: attempt + 1,
                evaluations,
            }));
        }
        Ok(None)
    }

    /// The exact solution for `load`, where there is one.
    ///
    /// # Errors
    /// When the load makes no sense or the market has no closed form.
    pub fn exact(&self, load: Load) -> Result<ClosedForm, EconomyError> {
        solve(&Situation::new(self.market, load)?)
    }
}

/// ceil(λ/d_l): what the economic planner answers whenever machines are cheap, and the natural baseline.
///
/// # Errors
/// When the rate is negative or not a number.
pub fn capacity_rule(market: &Market, rate_per_s: f64) -> Result<u32, EconomyError> {
    if !(rate_per_s.is_finite() && rate_per_s >= 0.0) {
        let wanted = "a number of requests per second from 0";
        return Err(EconomyError::Parameter { key: "rate_per_s", found: rate_per_s, wanted });
    }
    let vms = rate_per_s / market.parameters().capacity_per_s.lower;
    Ok(Decision { price: 0.0, vms, banners: 0.0 }.replicas())
}

/// The payload as the planner takes it, KB, from the measured mean in bytes.
///
/// The fork's first version passes bytes as if they were KB, which made its recorded prices a thousand times too dear.
pub fn payload_kb(bytes: f64, reading: Reading) -> f64 {
    match reading {
        Reading::Original => bytes,
        Reading::Corrected => bytes / 1000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn economist(parameters: Parameters, tries: u32) -> Economist {
        let search = Search { tries, ..Search::default() };
        Economist::new(parameters, search, Weights::default(), Reading::Corrected).expect("sound parameters")
    }

    #[test]
    fn a_plan_runs_the_capacity_rule_and_keeps_everybody_in_business() {
        let economist = economist(Parameters::default(), 10);
        let plan =
            economist.plan(Load::new(50.0, 10.0), &Streams::new(1, 0), "web", 0).expect("sound").expect("feasible");
        assert_eq!(plan.replicas, capacity_rule(economist.market(), 50.0).expect("a rate"));
        assert!(plan.terms.feasible() && plan.tries == 1 && plan.evaluations == 10_000);
        assert_eq!(plan.front[plan.choice.index].goals, plan.terms.goals());
        let chosen: Vec<FrontRow> = plan.rows().filter(|row| row.chosen).collect();
        assert!(chosen.len() == 1 && chosen[0].price == plan.decision.price && plan.rows().count() == plan.front.len());
    }

    #[test]
    fn cycles_have_streams_of_their_own_and_a_cycle_repeats_itself() {
        let economist = economist(Parameters::default(), 1);
        let plan = |cycle| economist.plan(Load::new(50.0, 10.0), &Streams::new(1, 0), "web", cycle).expect("sound");
        assert_eq!(plan(3), plan(3));
        assert_ne!(plan(3), plan(4));
    }

    #[test]
    fn no_load_and_no_feasible_point_are_failures_of_the_analysis_not_errors() {
        let poor = economist(Parameters { revenue_per_mille: 0.02, ..Parameters::default() }, 3);
        assert_eq!(poor.plan(Load::new(50.0, 10.0), &Streams::new(1, 0), "web", 0), Ok(None));
        assert_eq!(poor.plan(Load::new(0.0, 10.0), &Streams::new(1, 0), "web", 0), Ok(None));
        assert!(poor.plan(Load::new(f64::NAN, 10.0), &Streams::new(1, 0), "web", 0).is_err());
    }

    #[test]
    fn a_planner_that_never_tries_or_weighs_wrongly_is_refused() {
        let new = |tries, weights| {
            let search = Search { tries, ..Search::default() };
            Economist::new(Parameters::default(), search, weights, Reading::Corrected)
        };
        assert!(new(0, Weights::default()).is_err() && new(1, Weights::FORK).is_err());
    }

    #[test]
    fn bytes_become_kilobytes_unless_the_original_is_asked_for() {
        assert_eq!((payload_kb(589.0, Reading::Corrected), payload_kb(589.0, Reading::Original)), (0.589, 589.0));
    }
}
