//! When the exchange between nodes and coordinator ends, and why; and the step size of the prices, which is halved
//! when the welfare no longer falls.
//!
//! Source: the stopping test of FaaS-MACrO, rules in the order of the program. Differs: `sw_patience`, which the
//! program reads and never uses, is absent; a bound that is violated ends the period instead of the whole run.

use std::collections::VecDeque;
use std::fmt;

/// Why a period ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// Every function has more capacity than is offered.
    SpareCapacity,
    MaxIterations,
    /// Everything offered was accepted.
    Agreed,
    StepSize,
    Deviation,
    /// Seconds used and seconds allowed.
    TimeLimit(f64, f64),
    BoundsMeet,
    Welfare,
    NoImprovement,
    /// The welfare fell below its lower bound.
    BoundViolated,
}

impl Reason {
    /// The reason without the figures of a time limit, by which post-processing counts.
    pub fn family(self) -> &'static str {
        match self {
            Reason::SpareCapacity => "dev < 0",
            Reason::MaxIterations => "max iterations reached",
            Reason::Agreed => "SP and RMP solutions are equal",
            Reason::StepSize => "psi < tol",
            Reason::Deviation => "dev < tol",
            Reason::TimeLimit(..) => "reached time limit",
            Reason::BoundsMeet => "UB/LB diff < tol",
            Reason::Welfare => "SW deviation < tol",
            Reason::NoImprovement => "no pi/dev improvements in the last iterations",
            Reason::BoundViolated => "bound violated",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::TimeLimit(used, allowed) => write!(out, "reached time limit: {used} >= {allowed}"),
            reason => out.write_str(reason.family()),
        }
    }
}

/// The last few values, oldest first.
#[derive(Clone, Debug)]
struct Window<T> {
    values: VecDeque<T>,
    length: usize,
}

impl<T> Window<T> {
    fn new(length: usize) -> Window<T> {
        Window { values: VecDeque::new(), length }
    }

    fn push(&mut self, value: T) {
        if self.values.len() == self.length {
            self.values.pop_front();
        }
        self.values.push_back(value);
    }

    fn full(&self) -> bool {
        self.values.len() == self.length
    }

    fn pairs(&self) -> impl Iterator<Item = (&T, &T)> {
        self.values.iter().zip(self.values.iter().skip(1))
    }
}

/// What the rules remember of the iterations so far.
#[derive(Clone, Debug)]
pub struct Memory {
    max_iterations: usize,
    tolerance: f64,
    time_limit: Option<f64>,
    /// ψ
    pub step: f64,
    prices: Window<Vec<f64>>,
    deviations: Window<Vec<f64>>,
    best_welfare: Window<f64>,
    gaps: Window<f64>,
    welfare: Window<f64>,
}

impl Memory {
    /// `patience` is the length of every window, at least 1.
    pub fn new(max_iterations: usize, patience: usize, tolerance: f64, time_limit: Option<f64>) -> Memory {
        Memory {
            max_iterations,
            tolerance,
            time_limit,
            step: 2.0,
            prices: Window::new(patience),
            deviations: Window::new(patience),
            best_welfare: Window::new(patience),
            gaps: Window::new(patience),
            welfare: Window::new(patience),
        }
    }

    /// After each round: the deviations, the best welfare so far and the relative gap between welfare and local plans.
    pub fn record_round(&mut self, deviation: &[f64], welfare: f64, gap: f64) {
        self.deviations.push(deviation.to_vec());
        self.welfare.push(welfare);
        self.gaps.push(gap);
    }

    /// After a round whose welfare is the best yet.
    pub fn record_improvement(&mut self, welfare: f64) {
        self.best_welfare.push(welfare);
    }

    pub fn record_prices(&mut self, prices: &[f64]) {
        self.prices.push(prices.to_vec());
    }

    /// The rules in their order, for iteration `k` with `open` the largest |ω − ν| and `runtime` seconds used.
    /// When none holds the step size may be halved.
    pub fn verdict(&mut self, k: usize, open: f64, runtime: f64) -> Option<Reason> {
        let last = self.deviations.values.back().map_or(&[][..], Vec::as_slice);
        if k + 1 >= self.max_iterations {
            return Some(Reason::MaxIterations);
        }
        if open <= self.tolerance {
            return Some(Reason::Agreed);
        }
        if self.step < 1e-12 {
            return Some(Reason::StepSize);
        }
        if last.iter().all(|&dev| dev < self.tolerance) {
            return Some(Reason::Deviation);
        }
        if let Some(limit) = self.time_limit.filter(|&limit| runtime >= limit) {
            return Some(Reason::TimeLimit(runtime, limit));
        }
        if self.gaps.full() && self.gaps.values.iter().all(|&gap| gap < self.tolerance) {
            return Some(Reason::BoundsMeet);
        }
        if self.best_welfare.full() && self.best_welfare.pairs().all(|(a, b)| (a - b).abs() < self.tolerance) {
            return Some(Reason::Welfare);
        }
        let no_price_fell = || self.prices.pairs().all(|(before, after)| before.iter().zip(after).all(|(a, b)| b >= a));
        let none_negative = || self.deviations.values.iter().flatten().all(|&dev| dev >= 0.0);
        if self.prices.full() && self.deviations.full() && no_price_fell() && none_negative() {
            return Some(Reason::NoImprovement);
        }
        if self.welfare.full() && !self.welfare.pairs().any(|(before, after)| after < before) {
            self.step /= 2.0;
            self.welfare.values.clear();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_overload_rising_prices_end_the_period_after_patience_rounds() {
        let mut memory = Memory::new(50, 3, 1e-3, None);
        for k in 0..3 {
            memory.record_round(&[1.0], -5.0, 0.5);
            memory.record_prices(&[k as f64]);
            assert_eq!(memory.verdict(k, 1.0, 0.0), (k == 2).then_some(Reason::NoImprovement));
        }
    }

    #[test]
    fn the_step_is_halved_when_a_full_window_of_welfare_never_fell() {
        let mut memory = Memory::new(50, 2, 1e-3, None);
        for k in 0..4 {
            memory.record_round(&[-1.0, 1.0], -5.0, 0.5);
            memory.record_prices(&[1.0]);
            assert_eq!(memory.verdict(k, 1.0, 0.0), None);
        }
        assert_eq!(memory.step, 0.5);
    }

    #[test]
    fn each_rule_has_its_place() {
        let fresh = || {
            let mut memory = Memory::new(5, 1, 1e-3, Some(10.0));
            memory.record_round(&[1.0], -5.0, 0.5);
            memory
        };
        assert_eq!(fresh().verdict(4, 0.0, 0.0), Some(Reason::MaxIterations));
        assert_eq!(fresh().verdict(0, 1e-3, 0.0), Some(Reason::Agreed));
        assert_eq!(
            fresh().verdict(0, 1.0, 12.5).map(|r| r.to_string()).as_deref(),
            Some("reached time limit: 12.5 >= 10")
        );
        let mut small = fresh();
        small.step = 1e-13;
        assert_eq!(small.verdict(0, 1.0, 0.0), Some(Reason::StepSize));
        let mut memory = fresh();
        memory.record_round(&[1e-4], -5.0, 1e-4);
        assert_eq!(memory.clone().verdict(0, 1.0, 0.0), Some(Reason::Deviation));
        memory.record_round(&[1.0], -5.0, 1e-4);
        assert_eq!(memory.verdict(0, 1.0, 0.0), Some(Reason::BoundsMeet));
        let mut memory = fresh();
        memory.record_improvement(-5.0);
        // One entry has no neighbours to differ from.
        assert_eq!(memory.verdict(0, 1.0, 0.0), Some(Reason::Welfare));
    }
}
