//! The factor of mean 1 by which a rate swings around its profile.

use super::moments::Figures;
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
    /// One or two gamma processes, by least squares over the autocovariance.
    pub fn gamma(figures: &Figures) -> Modulation {
        let mut points = vec![(0.0, figures.variance)];
        points.extend(figures.covariances.iter().map(|&(lag, value)| (lag as f64, value)));
        let longest = figures.covariances.last().map_or(1.0, |&(lag, _)| lag as f64);
        // Memories from a third of a window to twice the longest lag seen.
        let steps = 24;
        let memory = |step: usize| 0.3 * libm::pow(2.0 * longest / 0.3, step as f64 / f64::from(steps - 1));
        let mut best = (f64::INFINITY, [0.0; 2], [0.0; 2]);
        for fast in 0..steps as usize {
            for slow in fast + 1..steps as usize {
                let memories = [memory(fast), memory(slow)];
                let (error, variances) = two_exponentials(&points, memories);
                if error < best.0 {
                    best = (error, variances, memories);
                }
            }
        }
        let (_, [fast, slow], memories) = best;
        // The variance of a product is not the sum: (1 + a)(1 + b) = 1 + fast + slow.
        let quick = fast / (1.0 + slow);
        let parts = [(slow, memories[1]), (quick, memories[0])];
        let parts = parts.into_iter().filter(|&(variance, _)| variance > LEAST_VARIANCE);
        let parts: Vec<GammaPart> = parts.map(|(variance, memory)| GammaPart { variance, memory }).collect();
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
        // is not possible, which bounds the share from below.
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
                Unfit::unless_positive("modulation.memory", part.memory).map(drop)
            }),
            Modulation::TwoStates { high, low, high_windows, low_windows } => {
                Unfit::unless_not_negative("modulation.high", *high)?;
                Unfit::unless_not_negative("modulation.low", *low)?;
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

/// Nonnegative least squares of `a exp(-t/m0) + b exp(-t/m1)`: the error, a and b.
fn two_exponentials(points: &[(f64, f64)], memories: [f64; 2]) -> (f64, [f64; 2]) {
    let (mut aa, mut ab, mut bb, mut ay, mut by, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for &(lag, value) in points {
        let (a, b) = (libm::exp(-lag / memories[0]), libm::exp(-lag / memories[1]));
        aa += a * a;
        ab += a * b;
        bb += b * b;
        ay += a * value;
        by += b * value;
        yy += value * value;
    }
    let error = |a: f64, b: f64| yy - 2.0 * (a * ay + b * by) + a * a * aa + 2.0 * a * b * ab + b * b * bb;
    let determinant = aa * bb - ab * ab;
    let both = [(ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant];
    let alone = [[(ay / aa).max(0.0), 0.0], [0.0, (by / bb).max(0.0)]];
    let fits = determinant > 1e-12 * aa * bb && both[0] >= 0.0 && both[1] >= 0.0;
    let candidates = alone.into_iter().chain(fits.then_some(both));
    candidates
        .map(|[a, b]| (error(a, b), [a, b]))
        .fold((f64::INFINITY, [0.0; 2]), |best, next| if next.0 < best.0 { next } else { best })
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
