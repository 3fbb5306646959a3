//! The factor of mean 1 by which a rate swings around its profile.

use super::moments::Figures;
use super::{FACTOR_MAX, FACTOR_WANTED, up_to};
use crate::engine::law::Law;
use crate::engine::random::Rng;
use crate::engine::unfit::Unfit;
use serde::{Deserialize, Serialize};

/// A stationary factor of mean 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Modulation {
    /// Always 1.
    Constant,
    /// A product of gamma processes.
    Gamma { parts: Vec<GammaPart> },
    /// Two levels, with the mean number of windows that each lasts.
    TwoStates { high: f64, low: f64, high_windows: f64, low_windows: f64 },
}

/// A gamma process of mean 1 whose correlation falls by 1/e every `memory` windows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GammaPart {
    pub variance: f64,
    pub memory: f64,
}

/// Variances below this are not worth a process.
const LEAST_VARIANCE: f64 = 1e-4;

impl Modulation {
    /// Gamma processes whose memories together give the autocovariance: nonnegative least squares over a grid of memories,
    /// which leaves the variance to a few of them.
    pub fn gamma(figures: &Figures) -> Modulation {
        let mut points = vec![(0.0, figures.variance)];
        points.extend(figures.covariances.iter().map(|&(lag, value)| (lag as f64, value)));
        let longest = figures.covariances.last().map_or(1.0, |&(lag, _)| lag as f64);
        // From a third of a window to the longest lag seen.
        let grid = |step: u32| 0.3 * libm::pow(longest / 0.3, f64::from(step) / f64::from(MEMORIES - 1));
        let memories: Vec<f64> = (0..MEMORIES).map(grid).collect();
        let variances = nonnegative_least_squares(&points, &memories);
        // The variance of a product is not the sum: of a slower part s and a faster f it is (1 + s)(1 + f) - 1, so the faster
        // ones are divided by what the slower ones have.
        let (mut parts, mut slower) = (Vec::new(), 1.0);
        for (&memory, &variance) in memories.iter().zip(&variances).rev() {
            if variance > LEAST_VARIANCE {
                let variance = variance / slower;
                slower *= 1.0 + variance;
                parts.push(GammaPart { variance, memory });
            }
        }
        if parts.is_empty() { Modulation::Constant } else { Modulation::Gamma { parts } }
    }

    /// Two levels with the variance, the skewness and the memory of the rate.
    pub fn two_states(figures: &Figures) -> Modulation {
        let variance = figures.variance;
        if variance <= LEAST_VARIANCE {
            return Modulation::Constant;
        }
        let skewness = figures.third / libm::pow(variance, 1.5);
        // Of two levels with share p at the high one, the skewness is (1 - 2p) / sqrt(p (1 - p)); a low level below zero
        // is not possible, which bounds the share from above.
        let share = 0.5 * (1.0 - skewness / libm::sqrt(4.0 + skewness * skewness));
        let share = share.min(1.0 / (1.0 + variance)).clamp(1e-6, 1.0 - 1e-6);
        let high = 1.0 + libm::sqrt(variance * (1.0 - share) / share);
        let low = (1.0 - share * high) / (1.0 - share);
        let memory = integrated_memory(figures);
        // Leaving rates add up to 1 / memory and stand in the ratio of the shares.
        let (high_windows, low_windows) = (memory / (1.0 - share), memory / share);
        Modulation::TwoStates { high, low: low.max(0.0), high_windows, low_windows }
    }

    pub fn check(&self) -> Result<(), Unfit> {
        match self {
            Modulation::Constant => Ok(()),
            Modulation::Gamma { parts } => parts.iter().try_for_each(|part| {
                Unfit::unless_positive("modulation.variance", part.variance)?;
                up_to(FACTOR_MAX, "modulation.variance", part.variance, FACTOR_WANTED)?;
                Unfit::unless_positive("modulation.memory", part.memory).map(drop)
            }),
            Modulation::TwoStates { high, low, high_windows, low_windows } => {
                up_to(FACTOR_MAX, "modulation.high", *high, FACTOR_WANTED)?;
                up_to(FACTOR_MAX, "modulation.low", *low, FACTOR_WANTED)?;
                Unfit::unless_positive("modulation.high_windows", *high_windows)?;
                Unfit::unless_positive("modulation.low_windows", *low_windows).map(drop)
            }
        }
    }

    /// The factor from window to window, beginning in its stationary law.
    pub(super) fn begin(&self, mut rng: Rng) -> Result<Factor, Unfit> {
        let state = match self {
            Modulation::Constant => State::Constant,
            Modulation::Gamma { parts } => {
                State::Gamma(parts.iter().map(|&part| GammaState::new(part, &mut rng)).collect::<Result<_, _>>()?)
            }
            &Modulation::TwoStates { high, low, high_windows, low_windows } => {
                let is_high = rng.uniform() < high_windows / (high_windows + low_windows);
                let leave = [low_windows, high_windows].map(|windows| -libm::expm1(-1.0 / windows));
                State::TwoStates { levels: [low, high], leave, is_high }
            }
        };
        Ok(Factor { state, rng })
    }
}

/// Memories among which the variance is shared out.
const MEMORIES: u32 = 10;
/// Rounds of descent; a fixed number, so that the answer does not depend on when it seems good enough.
const ROUNDS: usize = 20_000;

/// Shares of exponentials with these memories whose sum is nearest to the points (lag, value): cyclic descent, each share
/// at its best given the others.
fn nonnegative_least_squares(points: &[(f64, f64)], memories: &[f64]) -> Vec<f64> {
    let columns: Vec<Vec<f64>> =
        memories.iter().map(|memory| points.iter().map(|(lag, _)| libm::exp(-lag / memory)).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let values: Vec<f64> = points.iter().map(|&(_, value)| value).collect();
    let gram: Vec<Vec<f64>> = columns.iter().map(|a| columns.iter().map(|b| dot(a, b)).collect()).collect();
    let target: Vec<f64> = columns.iter().map(|column| dot(column, &values)).collect();
    let mut shares = vec![0.0; memories.len()];
    for _ in 0..ROUNDS {
        for (j, row) in gram.iter().enumerate() {
            let rest = target[j] - dot(row, &shares);
            shares[j] = f64::max(0.0, shares[j] + rest / row[j]);
        }
    }
    shares
}

/// The memory of an exponential with the variance and the area of the autocovariance.
fn integrated_memory(figures: &Figures) -> f64 {
    let mut area = 0.0;
    let (mut lag_before, mut value_before) = (0.0, figures.variance);
    for &(lag, value) in &figures.covariances {
        if value <= 0.0 {
            break;
        }
        area += (lag as f64 - lag_before) * (value + value_before) / 2.0;
        (lag_before, value_before) = (lag as f64, value);
    }
    (area / figures.variance).max(0.3)
}

/// A modulation under way.
pub(super) struct Factor {
    state: State,
    rng: Rng,
}

enum State {
    Constant,
    Gamma(Vec<GammaState>),
    TwoStates {
        /// Low, high.
        levels: [f64; 2],
        /// How likely each is left after a window.
        leave: [f64; 2],
        is_high: bool,
    },
}

impl Factor {
    pub fn next(&mut self) -> f64 {
        match &mut self.state {
            State::Constant => 1.0,
            State::Gamma(parts) => parts.iter_mut().map(|part| part.next(&mut self.rng)).product(),
            State::TwoStates { levels, leave, is_high } => {
                let level = usize::from(*is_high);
                *is_high ^= self.rng.uniform() < leave[level];
                levels[level]
            }
        }
    }
}

/// X' = B X + G with B beta and G gamma keeps the gamma law of X and gives it the correlation of B's mean.
struct GammaState {
    value: f64,
    /// Gammas of which B is made: the part that stays over the whole.
    stays: Law,
    leaves: Law,
    fresh: Law,
}

impl GammaState {
    fn new(part: GammaPart, rng: &mut Rng) -> Result<GammaState, Unfit> {
        let shape = 1.0 / part.variance;
        let kept = libm::exp(-1.0 / part.memory).clamp(1e-9, 1.0 - 1e-9);
        let gamma = |share: f64| Law::gamma(share, shape * share);
        Ok(GammaState {
            value: Law::gamma(1.0, shape)?.draw(rng),
            stays: gamma(kept)?,
            leaves: gamma(1.0 - kept)?,
            fresh: gamma(1.0 - kept)?,
        })
    }

    fn next(&mut self, rng: &mut Rng) -> f64 {
        let present = self.value;
        let (stays, leaves) = (self.stays.draw(rng), self.leaves.draw(rng));
        // Both can underflow to zero for a tiny shape; then nothing stays.
        let share = if stays + leaves > 0.0 { stays / (stays + leaves) } else { 0.0 };
        self.value = share * present + self.fresh.draw(rng);
        present
    }
}
