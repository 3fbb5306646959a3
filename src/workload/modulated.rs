//! Bursty arrivals: a Poisson stream whose rate is switched by a Markov chain nobody sees (MMPP), of which the
//! interrupted Poisson process, on at one rate and off at none, is the simplest.
//!
//! Source: Fischer and Meier-Hellstern, The Markov-modulated Poisson process cookbook, Performance Evaluation 18 (1993),
//! section 2. The chain starts in its stationary law, found by the elimination of Grassmann, Taksar and Heyman (1985), which
//! subtracts nothing and so keeps its digits.

use super::source::advance;
use crate::engine::random::Rng;
use crate::engine::time::Instant;
use crate::engine::unfit::Unfit;

/// A Poisson stream modulated by a chain of any number of states.
#[derive(Clone, Debug)]
pub struct Modulated {
    states: Vec<State>,
    stationary: Vec<f64>,
    /// `None` before the first draw, which chooses the state to start in.
    state: Option<usize>,
    clock: Instant,
}

#[derive(Clone, Debug)]
struct State {
    rate_per_s: f64,
    leave_per_s: f64,
    /// Where it leads: rates summed up so far, and the state.
    jumps: Vec<(f64, usize)>,
}

impl Modulated {
    /// `rates_per_s[i]` are arrivals in state i, `switch_per_s[i][j]` the rate at which i turns into j (the diagonal is
    /// not read). The chain must reach every state from every other, and some state must have arrivals.
    pub fn new(rates_per_s: &[f64], switch_per_s: &[Vec<f64>]) -> Result<Modulated, Unfit> {
        let n = rates_per_s.len();
        rates_per_s.iter().try_for_each(|&rate| Unfit::unless_not_negative("rates", rate).map(drop))?;
        if !rates_per_s.iter().any(|&rate| rate > 0.0) {
            return Err(Unfit::new("rates", format!("{rates_per_s:?}"), "a rate above zero in some state"));
        }
        if switch_per_s.len() != n || switch_per_s.iter().any(|row| row.len() != n) {
            let found = format!("rows of {:?}", switch_per_s.iter().map(Vec::len).collect::<Vec<_>>());
            return Err(Unfit::new("switch", found, "a square table, as many rows as rates"));
        }
        for (i, row) in switch_per_s.iter().enumerate() {
            for (_, &rate) in row.iter().enumerate().filter(|&(j, _)| j != i) {
                Unfit::unless_not_negative("switch", rate)?;
            }
        }
        let stationary = stationary(switch_per_s).ok_or_else(|| {
            Unfit::new("switch", format!("{switch_per_s:?}"), "a chain in which every state leads to every other")
        })?;
        let states = rates_per_s.iter().zip(switch_per_s).enumerate().map(|(i, (&rate_per_s, row))| {
            let mut leave_per_s = 0.0;
            let mut jumps = Vec::new();
            for (j, &rate) in row.iter().enumerate().filter(|&(j, &rate)| j != i && rate > 0.0) {
                leave_per_s += rate;
                jumps.push((leave_per_s, j));
            }
            State { rate_per_s, leave_per_s, jumps }
        });
        Ok(Modulated { states: states.collect(), stationary, state: None, clock: Instant::ZERO })
    }

    /// The interrupted Poisson process.
    pub fn interrupted(on_rate_per_s: f64, on_to_off_per_s: f64, off_to_on_per_s: f64) -> Result<Modulated, Unfit> {
        let on_rate = Unfit::unless_positive("on_rate", on_rate_per_s)?;
        let to_off = Unfit::unless_positive("rate_on_to_off", on_to_off_per_s)?;
        let to_on = Unfit::unless_positive("rate_off_to_on", off_to_on_per_s)?;
        Modulated::new(&[on_rate, 0.0], &[vec![0.0, to_off], vec![to_on, 0.0]])
    }

    /// The share of time spent in each state.
    pub fn stationary(&self) -> &[f64] {
        &self.stationary
    }

    /// Arrivals per second in the long run.
    pub fn mean_rate_per_s(&self) -> f64 {
        self.states.iter().zip(&self.stationary).map(|(state, share)| state.rate_per_s * share).sum()
    }

    #[inline]
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        let mut current = match self.state {
            Some(state) => state,
            None => choose(&self.stationary, rng.uniform()),
        };
        loop {
            let state = &self.states[current];
            let pace = state.rate_per_s + state.leave_per_s;
            let at = advance(&mut self.clock, rng.exponential() / pace)?;
            let pick = rng.uniform() * pace;
            if pick < state.rate_per_s {
                self.state = Some(current);
                return Some(at);
            }
            let jump = pick - state.rate_per_s;
            let reached = state.jumps.partition_point(|&(sum, _)| sum <= jump);
            // Rounding may leave the pick at the very end of the sums; it then belongs to the last one.
            current = state.jumps[reached.min(state.jumps.len() - 1)].1;
        }
    }
}

/// The index that `share`, in [0, 1), falls on.
fn choose(shares: &[f64], share: f64) -> usize {
    let mut sum = 0.0;
    let reached = shares.iter().position(|part| {
        sum += part;
        share < sum
    });
    reached.unwrap_or(shares.len() - 1)
}

/// The stationary law of a chain; `None` unless every state leads to every other.
fn stationary(rates: &[Vec<f64>]) -> Option<Vec<f64>> {
    let n = rates.len();
    let mut q = rates.to_vec();
    for k in (1..n).rev() {
        let down: f64 = q[k][..k].iter().sum();
        if down <= 0.0 {
            return None;
        }
        for i in 0..k {
            q[i][k] /= down;
            for j in 0..k {
                q[i][j] += q[i][k] * q[k][j];
            }
        }
    }
    let mut law = vec![1.0];
    for k in 1..n {
        let share = law.iter().zip(&q).map(|(share, row)| share * row[k]).sum();
        law.push(share);
    }
    let total: f64 = law.iter().sum();
    (total.is_finite() && law.iter().all(|&share| share > 0.0)).then(|| law.iter().map(|share| share / total).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stationary_law_balances_what_enters_and_leaves() {
        let rates = [vec![0.0, 2.0, 1.0], vec![0.5, 0.0, 0.25], vec![1e-3, 4.0, 0.0]];
        let law = stationary(&rates).expect("every state leads to every other");
        assert!((law.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        for k in 0..3 {
            let enters: f64 = (0..3).filter(|&i| i != k).map(|i| law[i] * rates[i][k]).sum();
            let leaves: f64 = (0..3).filter(|&j| j != k).map(|j| law[k] * rates[k][j]).sum();
            assert!((enters - leaves).abs() < 1e-15, "state {k}");
        }
    }

    #[test]
    fn mean_rate_and_dispersion_are_those_of_the_theory() {
        let (rate, to_off, to_on) = (30.0, 0.5, 1.5);
        let mut ipp = Modulated::interrupted(rate, to_off, to_on).unwrap();
        assert!((ipp.mean_rate_per_s() - 22.5).abs() < 1e-12);
        let mut rng = Rng::seeded(5);
        // Index of dispersion of counts in windows of t: 1 + 2·v/(m·s)·(1 - (1-e^{-st})/(st)), with s the switching
        // rates together, m the mean rate and v the variance of the rate.
        let (window_s, windows) = (5u64, 40_000u64);
        let mut counts = vec![0f64; windows as usize];
        while let Some(at) = ipp.next(&mut rng) {
            match counts.get_mut((at.as_nanos() / (window_s * 1_000_000_000)) as usize) {
                Some(count) => *count += 1.0,
                None => break,
            }
        }
        let n = windows as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (n - 1.0);
        assert!((mean / window_s as f64 - 22.5).abs() < 0.15, "{mean}");
        let (s, t) = (to_off + to_on, window_s as f64);
        let rate_variance = rate * rate * 0.75 * 0.25;
        let expected = 1.0 + 2.0 * rate_variance / (22.5 * s) * (1.0 - (1.0 - (-s * t).exp()) / (s * t));
        assert!((variance / mean / expected - 1.0).abs() < 0.04, "{} against {expected}", variance / mean);
    }

    /// Counts in windows of a second.
    fn counts(mut rule: Modulated, windows: usize) -> Vec<f64> {
        let mut rng = Rng::seeded(17);
        let mut counts = vec![0.0; windows];
        while let Some(at) = rule.next(&mut rng) {
            match counts.get_mut((at.as_nanos() / 1_000_000_000) as usize) {
                Some(count) => *count += 1.0,
                None => break,
            }
        }
        counts
    }

    /// Correlation of values so many places apart.
    fn correlation(values: &[f64], lag: usize) -> f64 {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        let products = values.iter().zip(&values[lag..]).map(|(a, b)| (a - mean) * (b - mean));
        products.sum::<f64>() / (values.len() - lag) as f64 / variance
    }

    /// Of counts in windows of t: the rate's variance v, seen through two windows k - 1 apart, v ((1-e^{-st})/s)² e^{-s(k-1)t},
    /// over the variance m t + 2v/s (t - (1-e^{-st})/s) of one.
    #[test]
    fn counts_are_correlated_as_the_theory_has_it() {
        for (rates, to_second, to_first) in [([40.0, 5.0], 0.5, 1.0 / 6.0), ([30.0, 0.0], 0.25, 0.5)] {
            let rule = Modulated::new(&rates, &[vec![0.0, to_second], vec![to_first, 0.0]]).unwrap();
            let (s, t) = (to_second + to_first, 1.0);
            let (share, mean) = (rule.stationary()[0], rule.mean_rate_per_s());
            let rate_variance = share * (1.0 - share) * (rates[0] - rates[1]) * (rates[0] - rates[1]);
            let seen = (1.0 - (-s * t).exp()) / s;
            let variance = mean * t + 2.0 * rate_variance / s * (t - seen);
            let counts = counts(rule, 200_000);
            for lag in [1, 2, 5, 10] {
                let expected = rate_variance * seen * seen * (-s * (lag - 1) as f64 * t).exp() / variance;
                let found = correlation(&counts, lag);
                assert!((found - expected).abs() < 0.015, "{rates:?}, lag {lag}: {found}, expected {expected}");
            }
        }
    }

    type Square = [[f64; 2]; 2];

    fn product(a: Square, b: Square) -> Square {
        let cell = |i: usize, j: usize| a[i][0] * b[0][j] + a[i][1] * b[1][j];
        [[cell(0, 0), cell(0, 1)], [cell(1, 0), cell(1, 1)]]
    }

    /// Gaps of a Markovian stream with D0 and D1 and M = (-D0)⁻¹: E[X₀ Xₖ] = φ M (M D1)ᵏ M 1 with φ = π D1 / m the state after an
    /// arrival (Fischer and Meier-Hellstern, section 2.2). Gaps of an interrupted Poisson process are independent.
    #[test]
    fn gaps_are_correlated_as_the_theory_has_it() {
        for (rates, to_second, to_first) in [([40.0, 2.0], 0.5, 0.25), ([30.0, 0.0], 0.25, 0.5)] {
            let mut rule = Modulated::new(&rates, &[vec![0.0, to_second], vec![to_first, 0.0]]).unwrap();
            let leave = [[rates[0] + to_second, -to_second], [-to_first, rates[1] + to_first]];
            let determinant = leave[0][0] * leave[1][1] - leave[0][1] * leave[1][0];
            let inverse = [
                [leave[1][1] / determinant, -leave[0][1] / determinant],
                [-leave[1][0] / determinant, leave[0][0] / determinant],
            ];
            let mean_rate = rule.mean_rate_per_s();
            let after = [0, 1].map(|state| rule.stationary()[state] * rates[state] / mean_rate);
            let moment = |square: Square| (0..2).map(|i| after[i] * (square[i][0] + square[i][1])).sum::<f64>();
            let step = product(inverse, [[rates[0], 0.0], [0.0, rates[1]]]);
            let mean = moment(inverse);
            let variance = 2.0 * moment(product(inverse, inverse)) - mean * mean;
            let mut rng = Rng::seeded(23);
            let mut last = Instant::ZERO;
            let gap = |at: Instant| at.since(std::mem::replace(&mut last, at)).as_secs_f64();
            let gaps: Vec<f64> = (0..1_500_000).filter_map(|_| rule.next(&mut rng)).map(gap).collect();
            let mut passed = step;
            for lag in [1, 2, 4] {
                let expected = (moment(product(product(inverse, passed), inverse)) - mean * mean) / variance;
                let found = correlation(&gaps, lag);
                assert!((found - expected).abs() < 0.01, "{rates:?}, lag {lag}: {found}, expected {expected}");
                assert!(rates[1] > 0.0 || expected.abs() < 1e-9, "an interrupted stream renews with each arrival");
                passed = product(passed, if lag == 1 { step } else { product(step, step) });
            }
        }
    }

    #[test]
    fn a_chain_that_makes_no_sense_is_refused() {
        let parameter =
            |rates: &[f64], switch: &[Vec<f64>]| Modulated::new(rates, switch).map(drop).unwrap_err().parameter;
        let swap = [vec![0.0, 1.0], vec![1.0, 0.0]];
        assert_eq!(parameter(&[0.0, 0.0], &swap), "rates");
        assert_eq!(parameter(&[-1.0, 1.0], &swap), "rates");
        assert_eq!(parameter(&[], &[]), "rates");
        assert_eq!(parameter(&[1.0], &swap), "switch");
        assert_eq!(parameter(&[1.0, 1.0], &[vec![0.0, 1.0], vec![0.0, 0.0]]), "switch");
        assert_eq!(parameter(&[1.0, 1.0], &[vec![0.0, 0.0], vec![1.0, 0.0]]), "switch");
        assert_eq!(parameter(&[1.0, 1.0], &[vec![0.0, f64::NAN], vec![1.0, 0.0]]), "switch");
        assert!(Modulated::new(&[1.0], &[vec![0.0]]).is_ok(), "one state is a Poisson stream");
    }
}
