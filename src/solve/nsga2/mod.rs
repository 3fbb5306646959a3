//! NSGA-II: the best trade-offs between several objectives over real variables with bounds and inequality constraints.
//!
//! Source: K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II",
//! IEEE Transactions on Evolutionary Computation 6(2), 2002, DOI 10.1109/4235.996017; operators and defaults as in pymoo 0.6.
//! Differs: ties are broken by index, the draws come from our own streams in a fixed order (mating round: permutations, tie
//! coins; per pair one coin and per variable three draws; per child one coin and per variable two draws, used or not), so
//! the same stream gives the same bytes on every machine, with or without parallel evaluation.

mod mating;
pub mod operators;
mod pool;
pub mod sorting;

use crate::engine::random::Rng;
use mating::Mating;
use pool::{Pool, Survival};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The range of one variable, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    pub lower: f64,
    pub upper: f64,
}

impl Interval {
    pub const fn new(lower: f64, upper: f64) -> Interval {
        Interval { lower, upper }
    }
}

/// What is minimised. An evaluation is a pure function of `x`, which is what makes parallel evaluation safe.
pub trait Problem: Sync {
    /// One range per variable.
    fn bounds(&self) -> &[Interval];
    /// How many objectives `evaluate` writes, at least one.
    fn objectives(&self) -> usize;
    /// How many constraints `evaluate` writes; a constraint holds when it is at most zero.
    fn constraints(&self) -> usize {
        0
    }
    /// Writes the objectives (to be minimised) and the constraints of the point `x`.
    fn evaluate(&self, x: &[f64], objectives: &mut [f64], constraints: &mut [f64]);
}

/// Sizes and operators of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Points that survive a generation.
    pub population: usize,
    /// New points per generation.
    pub offspring: usize,
    /// Generations, the initial population being the first.
    pub generations: usize,
    pub crossover: Crossover,
    pub mutation: Mutation,
    /// Evaluate the points of a generation on rayon's threads; the result is the same.
    pub parallel: bool,
}

/// Simulated binary crossover.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Crossover {
    /// Chance that a pair is crossed at all.
    pub probability: f64,
    /// Chance that a variable of a crossed pair is crossed.
    pub variable_probability: f64,
    /// Distribution index: larger keeps children nearer to their parents.
    pub eta: f64,
}

/// Polynomial mutation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mutation {
    /// Chance that a child is mutated at all (1 in pymoo 0.5, 0.9 in 0.6).
    pub probability: f64,
    /// Chance that a variable of a mutated child moves; by default the smaller of 1/2 and one over the number of variables.
    pub variable_probability: Option<f64>,
    /// Distribution index: larger moves less.
    pub eta: f64,
}

impl Default for Settings {
    /// 100 points, 100 generations of 100: 10,000 evaluations.
    fn default() -> Settings {
        Settings {
            population: 100,
            offspring: 100,
            generations: 100,
            crossover: Crossover::default(),
            mutation: Mutation::default(),
            parallel: false,
        }
    }
}

impl Default for Crossover {
    fn default() -> Crossover {
        Crossover { probability: 0.9, variable_probability: 0.5, eta: 15.0 }
    }
}

impl Default for Mutation {
    fn default() -> Mutation {
        Mutation { probability: 0.9, variable_probability: None, eta: 20.0 }
    }
}

impl Settings {
    /// Evaluations of a search that never runs out of new points.
    pub fn evaluations(&self) -> usize {
        self.population + self.generations.saturating_sub(1) * self.offspring
    }

    fn check(&self) -> Result<(), SearchError> {
        let wrong = |setting, found: f64, wanted| Err(SearchError::Setting { setting, found, wanted });
        let positive: [(&'static str, usize); 3] =
            [("population", self.population), ("offspring", self.offspring), ("generations", self.generations)];
        for (setting, found) in positive {
            if found == 0 || found > u32::MAX as usize / 4 {
                return wrong(setting, found as f64, "a count from 1 to a billion");
            }
        }
        let chances = [
            ("crossover.probability", self.crossover.probability),
            ("crossover.variable_probability", self.crossover.variable_probability),
            ("mutation.probability", self.mutation.probability),
            ("mutation.variable_probability", self.mutation.variable_probability.unwrap_or(0.5)),
        ];
        for (setting, found) in chances {
            if !(0.0..=1.0).contains(&found) {
                return wrong(setting, found, "a probability from 0 to 1");
            }
        }
        for (setting, found) in [("crossover.eta", self.crossover.eta), ("mutation.eta", self.mutation.eta)] {
            if !(0.0..=1e4).contains(&found) {
                return wrong(setting, found, "a distribution index from 0 to 10000");
            }
        }
        Ok(())
    }
}

/// Why a search did not run.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SearchError {
    #[error("{setting}: found {found}, want {wanted}")]
    Setting { setting: &'static str, found: f64, wanted: &'static str },
    #[error("the problem has no {0}, want at least one")]
    Nothing(&'static str),
    #[error("bounds of variable {variable}: found {lower} to {upper}, want two finite numbers in rising order")]
    Bounds { variable: usize, lower: f64, upper: f64 },
    #[error("an evaluation gave a value that is not a finite number at x = {x:?}")]
    NotFinite { x: Vec<f64> },
}

/// Rows of feasible points that do not dominate each other, in the order of the last population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Front {
    variables: usize,
    objectives: usize,
    x: Vec<f64>,
    f: Vec<f64>,
}

impl Front {
    pub fn len(&self) -> usize {
        self.f.len() / self.objectives.max(1)
    }

    pub fn is_empty(&self) -> bool {
        self.f.is_empty()
    }

    /// The variables of point `i`.
    pub fn x(&self, i: usize) -> &[f64] {
        &self.x[i * self.variables..(i + 1) * self.variables]
    }

    /// The objectives of all points, row by row, as they were minimised.
    pub fn objectives(&self) -> &[f64] {
        &self.f
    }
}

/// What a search found. An empty front means that no feasible point was met.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub front: Front,
    pub evaluations: usize,
    /// Fewer than asked for when mating found no new points any more.
    pub generations: usize,
}

/// Searches for the front of `problem`, drawing from `rng` only.
///
/// # Errors
/// When the settings or the bounds make no sense, or when an evaluation is not a finite number.
pub fn minimise(problem: &dyn Problem, settings: &Settings, rng: &mut Rng) -> Result<Found, SearchError> {
    settings.check()?;
    let bounds = problem.bounds();
    if bounds.is_empty() {
        return Err(SearchError::Nothing("variables"));
    }
    if problem.objectives() == 0 {
        return Err(SearchError::Nothing("objectives"));
    }
    for (variable, &Interval { lower, upper }) in bounds.iter().enumerate() {
        if !(lower.is_finite() && upper.is_finite() && lower <= upper && (upper - lower).is_finite()) {
            return Err(SearchError::Bounds { variable, lower, upper });
        }
    }
    let mut pool = Pool::new(bounds.len(), problem.objectives(), settings.population + settings.offspring);
    let mut survival = Survival::default();
    let mut mating = Mating::new(settings, bounds.len());
    mating.scatter(&mut pool, bounds, settings.population, rng);
    let mut evaluations = pool.len();
    let mut generations = 1;
    evaluate(problem, &mut pool, 0, settings.parallel)?;
    survival.keep(&mut pool, settings.population);
    while generations < settings.generations {
        let parents = pool.len();
        mating.breed(&mut pool, bounds, settings.offspring, rng);
        if pool.len() == parents {
            break;
        }
        evaluations += pool.len() - parents;
        generations += 1;
        evaluate(problem, &mut pool, parents, settings.parallel)?;
        survival.keep(&mut pool, settings.population);
    }
    let mut front = Front { variables: bounds.len(), objectives: problem.objectives(), x: Vec::new(), f: Vec::new() };
    for i in (0..pool.len()).filter(|&i| pool.is_best(i)) {
        front.x.extend_from_slice(pool.x(i));
        front.f.extend_from_slice(pool.f(i));
    }
    Ok(Found { front, evaluations, generations })
}

/// Evaluates the points from `begin` on. Points are independent, so splitting them changes nothing.
fn evaluate(problem: &dyn Problem, pool: &mut Pool, begin: usize, parallel: bool) -> Result<(), SearchError> {
    /// Points per task: enough work to pay for handing it over.
    const BLOCK: usize = 32;
    let (variables, objectives) = (pool.variables, pool.objectives);
    let (x, f, violation) = pool.from(begin);
    let block = |x: &[f64], f: &mut [f64], violation: &mut [f64]| {
        let mut constraints = vec![0.0; problem.constraints()];
        for ((x, f), violation) in x.chunks(variables).zip(f.chunks_mut(objectives)).zip(violation) {
            problem.evaluate(x, f, &mut constraints);
            // `max` would hide a constraint that is not a number.
            *violation = constraints.iter().filter(|g| **g > 0.0 || g.is_nan()).sum();
        }
    };
    if parallel {
        x.par_chunks(BLOCK * variables)
            .zip(f.par_chunks_mut(BLOCK * objectives))
            .zip(violation.par_chunks_mut(BLOCK))
            .for_each(|((x, f), violation)| block(x, f, violation));
    } else {
        block(x, f, violation);
    }
    let sound =
        |i: &usize| violation[*i].is_finite() && f[i * objectives..(i + 1) * objectives].iter().all(|f| f.is_finite());
    match (0..violation.len()).find(|i| !sound(i)) {
        Some(i) => Err(SearchError::NotFinite { x: x[i * variables..(i + 1) * variables].to_vec() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::frontier::dominated_pair;

    /// Minimise (x², (x−2)²) over x ≥ 0.5: the front is x in [0.5, 2].
    struct Parabolas {
        bounds: Vec<Interval>,
        poison: f64,
    }

    impl Problem for Parabolas {
        fn bounds(&self) -> &[Interval] {
            &self.bounds
        }
        fn objectives(&self) -> usize {
            2
        }
        fn constraints(&self) -> usize {
            1
        }
        fn evaluate(&self, x: &[f64], objectives: &mut [f64], constraints: &mut [f64]) {
            objectives[0] = x[0] * x[0];
            objectives[1] = (x[0] - 2.0) * (x[0] - 2.0) + self.poison;
            constraints[0] = 0.5 - x[0];
        }
    }

    fn parabolas(lower: f64, upper: f64) -> Parabolas {
        Parabolas { bounds: vec![Interval::new(lower, upper)], poison: 0.0 }
    }

    fn small() -> Settings {
        Settings { population: 40, offspring: 40, generations: 30, ..Settings::default() }
    }

    #[test]
    fn the_front_is_found_within_the_constraint() {
        let found = minimise(&parabolas(-10.0, 10.0), &small(), &mut Rng::seeded(1)).expect("a sound problem");
        assert_eq!((found.evaluations, found.generations), (1200, 30));
        assert_eq!(found.front.len(), 40);
        let xs: Vec<f64> = (0..40).map(|i| found.front.x(i)[0]).collect();
        assert!(xs.iter().all(|x| (0.5..=2.001).contains(x)), "{xs:?}");
        assert!(xs.iter().any(|x| *x < 0.55) && xs.iter().any(|x| *x > 1.95));
        assert_eq!(dominated_pair(found.front.objectives(), 2), None);
    }

    #[test]
    fn the_same_stream_gives_the_same_bytes_on_one_thread_and_on_many() {
        let run = |parallel, seed| {
            let settings = Settings { parallel, population: 100, offspring: 77, ..small() };
            minimise(&parabolas(-10.0, 10.0), &settings, &mut Rng::seeded(seed)).expect("a sound problem")
        };
        assert_eq!(run(false, 5), run(false, 5));
        assert_eq!(run(false, 5), run(true, 5));
        assert_ne!(run(false, 5), run(false, 6));
    }

    #[test]
    fn nothing_feasible_is_an_empty_front_and_a_single_point_ends_early() {
        let found = minimise(&parabolas(-3.0, 0.0), &small(), &mut Rng::seeded(1)).expect("a sound problem");
        assert!(found.front.is_empty());
        let found = minimise(&parabolas(1.0, 1.0), &small(), &mut Rng::seeded(1)).expect("a sound problem");
        assert_eq!((found.front.len(), found.evaluations, found.generations), (1, 1, 1));
    }

    #[test]
    fn bad_input_says_what_was_found_and_wanted() {
        let run = |problem: &Parabolas, settings: &Settings| {
            minimise(problem, settings, &mut Rng::seeded(1)).expect_err("bad input").to_string()
        };
        assert_eq!(
            run(&parabolas(2.0, 1.0), &small()),
            "bounds of variable 0: found 2 to 1, want two finite numbers in rising order"
        );
        assert!(run(&parabolas(f64::NAN, 1.0), &small()).starts_with("bounds of variable 0"));
        assert!(run(&parabolas(0.0, f64::INFINITY), &small()).starts_with("bounds of variable 0"));
        let none = Settings { population: 0, ..small() };
        assert!(run(&parabolas(0.0, 1.0), &none).starts_with("population: found 0"));
        let sure = Settings { mutation: Mutation { probability: f64::NAN, ..Mutation::default() }, ..small() };
        assert!(run(&parabolas(0.0, 1.0), &sure).starts_with("mutation.probability: found NaN"));
        let poisoned = Parabolas { poison: f64::NAN, ..parabolas(0.0, 1.0) };
        assert!(run(&poisoned, &small()).starts_with("an evaluation gave"));
    }
}
