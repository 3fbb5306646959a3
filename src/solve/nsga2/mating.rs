//! One generation's new points: parents by tournament, crossed in pairs, mutated, and kept when they stand somewhere new.
//!
//! Source and differences: see the module above. Every draw is made whether it is used or not, so that the position of
//! the stream depends on counts only and a change in one operator does not shift the draws of the others.

use super::operators::{cross, duel, mutate};
use super::pool::Pool;
use super::{Crossover, Interval, Mutation, Settings};
use crate::engine::random::Rng;
use std::cmp::Ordering;

/// Mating rounds after which a generation makes do with what it has.
const ROUNDS: usize = 100;

/// The operators and the buffers they reuse.
#[derive(Debug)]
pub(super) struct Mating {
    crossover: Crossover,
    mutation: Mutation,
    variable_mutation: f64,
    candidates: Vec<u32>,
    parents: Vec<u32>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Mating {
    pub(super) fn new(settings: &Settings, variables: usize) -> Mating {
        let usual = (1.0 / variables as f64).min(0.5);
        Mating {
            crossover: settings.crossover,
            mutation: settings.mutation,
            variable_mutation: settings.mutation.variable_probability.unwrap_or(usual),
            candidates: Vec::new(),
            parents: Vec::new(),
            first: vec![0.0; variables],
            second: vec![0.0; variables],
        }
    }

    /// The initial population: uniform in the box, without duplicates.
    pub(super) fn scatter(&mut self, pool: &mut Pool, bounds: &[Interval], count: usize, rng: &mut Rng) {
        for _ in 0..count {
            for (x, bound) in self.first.iter_mut().zip(bounds) {
                // Rounding may carry the sum past the upper end.
                *x = (bound.lower + rng.uniform() * (bound.upper - bound.lower)).min(bound.upper);
            }
            pool.push_new(&self.first);
        }
    }

    /// Adds up to `wanted` points that are new to the pool. The caller has ensured the room.
    pub(super) fn breed(&mut self, pool: &mut Pool, bounds: &[Interval], wanted: usize, rng: &mut Rng) {
        let population = pool.len();
        let full = population + wanted;
        for _ in 0..ROUNDS {
            let pairs = (full - pool.len()).div_ceil(2);
            self.select(pool, population, 2 * pairs, rng);
            for pair in 0..pairs {
                self.cross_pair(pool, pair, bounds, rng);
                mutate_child(&mut self.first, self.mutation, self.variable_mutation, bounds, rng);
                mutate_child(&mut self.second, self.mutation, self.variable_mutation, bounds, rng);
                for child in [&self.first, &self.second] {
                    if pool.len() < full {
                        pool.push_new(child);
                    }
                }
            }
            if pool.len() == full {
                return;
            }
        }
    }

    /// Fills `parents` with the winners of `count` binary tournaments over permutations of the population.
    fn select(&mut self, pool: &Pool, population: usize, count: usize, rng: &mut Rng) {
        self.candidates.clear();
        while self.candidates.len() < 2 * count {
            let begin = self.candidates.len();
            self.candidates.extend(0..population as u32);
            let permutation = &mut self.candidates[begin..];
            for i in (1..population).rev() {
                permutation.swap(i, rng.below(i as u64 + 1) as usize);
            }
        }
        self.parents.clear();
        for two in self.candidates.chunks_exact(2).take(count) {
            let coin = rng.uniform() < 0.5;
            let winner = match duel(pool.competitor(two[0]), pool.competitor(two[1])) {
                Ordering::Less => two[0],
                Ordering::Greater => two[1],
                Ordering::Equal => two[usize::from(coin)],
            };
            self.parents.push(winner);
        }
    }

    fn cross_pair(&mut self, pool: &Pool, pair: usize, bounds: &[Interval], rng: &mut Rng) {
        self.first.copy_from_slice(pool.x(self.parents[2 * pair] as usize));
        self.second.copy_from_slice(pool.x(self.parents[2 * pair + 1] as usize));
        let crossed = rng.uniform() < self.crossover.probability;
        for ((a, b), bound) in self.first.iter_mut().zip(&mut self.second).zip(bounds) {
            let chosen = rng.uniform() < self.crossover.variable_probability;
            let u = rng.uniform();
            let exchanged = rng.uniform() < 0.5;
            // Equal parents make equal children; the check saves four powers.
            if crossed && chosen && a != b {
                let (low, high) = cross(*a, *b, bound.lower, bound.upper, self.crossover.eta, u);
                (*a, *b) = if exchanged { (high, low) } else { (low, high) };
            }
        }
    }
}

fn mutate_child(child: &mut [f64], mutation: Mutation, per_variable: f64, bounds: &[Interval], rng: &mut Rng) {
    let mutated = rng.uniform() < mutation.probability;
    for (x, bound) in child.iter_mut().zip(bounds) {
        let chosen = rng.uniform() < per_variable;
        let u = rng.uniform();
        if mutated && chosen {
            *x = mutate(*x, bound.lower, bound.upper, mutation.eta, u);
        }
    }
}
