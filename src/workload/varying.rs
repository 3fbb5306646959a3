//! Arrivals whose rate changes with the hour: a Poisson stream under a rate that is constant or straight by stretches.
//!
//! Source: inversion of the cumulated rate (Çınlar, Introduction to Stochastic Processes, 1975, section 4.7). One draw per
//! arrival, none thrown away, as thinning would.

use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use std::sync::Arc;

/// A Poisson stream with a rate that varies.
#[derive(Clone, Debug)]
pub struct Varying {
    stretches: Arc<[Stretch]>,
    /// The stretch that follows the last one.
    then: Option<usize>,
    current: usize,
    /// When the current stretch began, and how far into it the last arrival was.
    start: Instant,
    into_s: f64,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    length: Span,
    length_s: f64,
    rate_per_s: f64,
    slope_per_s2: f64,
}

impl Varying {
    /// Constant rates, each for a length of time; over and over where `repeat` says so, else ending with the last.
    pub fn steps(steps: &[(Span, f64)], repeat: bool) -> Result<Varying, Unfit> {
        Varying::new(steps.iter().map(|&(length, rate)| (length, rate, rate)), repeat)
    }

    /// Rates at instants, straight in between; none before the first and after the last. Repeated, the last instant is
    /// the start again.
    pub fn linear(points: &[(Instant, f64)], repeat: bool) -> Result<Varying, Unfit> {
        if let Some(pair) = points.windows(2).find(|pair| pair[0].0 > pair[1].0) {
            let found = format!("{} s after {} s", pair[1].0, pair[0].0);
            return Err(Unfit::new("rate", found, "instants that do not fall"));
        }
        let lead = points.first().map(|&(at, _)| (at.since(Instant::ZERO), 0.0, 0.0));
        let stretches = points.windows(2).map(|pair| (pair[1].0.since(pair[0].0), pair[0].1, pair[1].1));
        Varying::new(lead.into_iter().chain(stretches), repeat)
    }

    /// The same, going on for ever at the rate of its end.
    pub fn holding(mut self) -> Varying {
        let end = self.stretches.last().map_or(0.0, |stretch| stretch.rate_at(stretch.length_s));
        if end > 0.0 {
            // Any length will do: it comes again and again.
            let length = Span::from_secs(3600);
            let held = Stretch { length, length_s: length.as_secs_f64(), rate_per_s: end, slope_per_s2: 0.0 };
            self.then = Some(self.stretches.len());
            self.stretches = self.stretches.iter().copied().chain([held]).collect();
        }
        self
    }

    fn new(stretches: impl Iterator<Item = (Span, f64, f64)>, repeat: bool) -> Result<Varying, Unfit> {
        let mut checked = Vec::new();
        for (length, from, to) in stretches {
            Unfit::unless_not_negative("rate", from)?;
            Unfit::unless_not_negative("rate", to)?;
            if !length.is_zero() {
                let length_s = length.as_secs_f64();
                checked.push(Stretch { length, length_s, rate_per_s: from, slope_per_s2: (to - from) / length_s });
            }
        }
        if !checked.iter().any(|stretch| stretch.area_from(0.0) > 0.0) {
            return Err(Unfit::new("rate", "none above zero", "a rate above zero for some length of time"));
        }
        let then = repeat.then_some(0);
        Ok(Varying { stretches: checked.into(), then, current: 0, start: Instant::ZERO, into_s: 0.0 })
    }

    #[inline]
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        let mut expected = rng.exponential();
        loop {
            let stretch = self.stretches.get(self.current)?;
            let area = stretch.area_from(self.into_s);
            if expected < area {
                self.into_s = (self.into_s + stretch.time_for(expected, self.into_s)).min(stretch.length_s);
                let into = Span::from_secs_f64(self.into_s).unwrap_or(stretch.length).min(stretch.length);
                return Some(self.start.saturating_add(into)).filter(|&at| at < Instant::FAR);
            }
            expected -= area;
            self.start = self.start.saturating_add(stretch.length);
            if self.start == Instant::FAR {
                return None;
            }
            self.into_s = 0.0;
            self.current += 1;
            if self.current == self.stretches.len() {
                self.current = self.then?;
            }
        }
    }
}

impl Stretch {
    #[inline]
    fn rate_at(&self, into_s: f64) -> f64 {
        (self.rate_per_s + self.slope_per_s2 * into_s).max(0.0)
    }

    /// Expected arrivals from `into_s` to the end.
    #[inline]
    fn area_from(&self, into_s: f64) -> f64 {
        (self.rate_at(into_s) + self.rate_at(self.length_s)) / 2.0 * (self.length_s - into_s)
    }

    /// How long it takes from `into_s` on until `expected` arrivals, above zero, have been expected: the root of
    /// rate·t + slope·t²/2 = expected, in the form that does not cancel.
    #[inline]
    fn time_for(&self, expected: f64, into_s: f64) -> f64 {
        let rate = self.rate_at(into_s);
        2.0 * expected / (rate + libm::sqrt((rate * rate + 2.0 * self.slope_per_s2 * expected).max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(value: u64) -> Span {
        Span::from_secs(value)
    }

    fn at(value: u64) -> Instant {
        Instant::ZERO + secs(value)
    }

    /// Mean counts per bin of one second over many passes, and the rate's integral over the bin.
    fn check(rule: &Varying, expected: &[f64]) {
        let passes = 20_000;
        let mut counts = vec![0.0; expected.len()];
        let mut rng = Rng::seeded(9);
        for _ in 0..passes {
            let mut rule = rule.clone();
            let mut last = Instant::ZERO;
            while let Some(at) = rule.next(&mut rng).filter(|at| at.as_secs_f64() < expected.len() as f64) {
                assert!(at >= last, "time runs forward");
                last = at;
                counts[at.as_secs_f64() as usize] += 1.0 / f64::from(passes);
            }
        }
        for (bin, (mean, wanted)) in counts.iter().zip(expected).enumerate() {
            let error = 5.0 * (wanted / f64::from(passes)).sqrt();
            assert!((mean - wanted).abs() <= error, "bin {bin}: {mean}, expected {wanted}");
        }
    }

    #[test]
    fn straight_rates_rise_and_fall() {
        let rule = Varying::linear(&[(at(1), 0.0), (at(3), 8.0), (at(4), 8.0), (at(6), 0.0)], false).unwrap();
        check(&rule, &[0.0, 2.0, 6.0, 8.0, 6.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn constant_rates_come_round_again() {
        let rule = Varying::steps(&[(secs(1), 5.0), (secs(2), 0.0), (secs(1), 1.0)], true).unwrap();
        check(&rule, &[5.0, 0.0, 0.0, 1.0, 5.0, 0.0, 0.0, 1.0, 5.0]);
    }

    #[test]
    fn a_rate_is_held_for_ever() {
        let rule = Varying::linear(&[(at(0), 0.0), (at(2), 4.0)], false).unwrap().holding();
        check(&rule, &[1.0, 3.0, 4.0, 4.0, 4.0]);
        let ends = Varying::linear(&[(at(0), 4.0), (at(2), 0.0)], false).unwrap().holding();
        check(&ends, &[3.0, 1.0, 0.0]);
    }

    #[test]
    fn a_step_between_straight_rates_is_two_points_at_one_instant() {
        let rule = Varying::linear(&[(at(0), 1.0), (at(1), 1.0), (at(1), 4.0), (at(2), 4.0)], false).unwrap();
        check(&rule, &[1.0, 4.0, 0.0]);
    }

    #[test]
    fn a_rate_that_makes_no_sense_is_refused() {
        for rule in [
            Varying::steps(&[], true),
            Varying::steps(&[(secs(1), 0.0)], true),
            Varying::steps(&[(secs(1), f64::NAN)], false),
            Varying::steps(&[(Span::ZERO, 1.0)], false),
            Varying::linear(&[(at(2), 1.0), (at(1), 1.0)], false),
            Varying::linear(&[(at(0), -1.0), (at(1), 1.0)], false),
        ] {
            assert_eq!(rule.map(drop).unwrap_err().parameter, "rate");
        }
    }
}
