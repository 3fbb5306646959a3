//! Probability laws of quantities that are never negative: how long, how much, how many.
//!
//! A law is a checked value: its constructor refuses parameters that make no sense, so drawing cannot fail. The unit
//! is the caller's (seconds, units of work, bytes).
//!
//! Source: inverse transforms (Devroye, Non-Uniform Random Variate Generation, 1986, chapter II) for the exponential,
//! Weibull, Pareto and empirical laws; Box and Muller (1958) for the normal ones; Marsaglia and Tsang (A simple method
//! for generating gamma variables, 2000) for the gamma law.
//! Differs: `rand_distr` draws by tables and by the platform's `exp` and `ln`; here every elementary function is named
//! from `libm`, so that a draw is the same bits on every machine. `rand_distr` is the oracle of the tests.

mod kind;

use std::sync::Arc;

use self::kind::Kind;
use super::random::Rng;
use super::unfit::Unfit;

/// A law of a quantity that is never negative.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    kind: Kind,
    /// Multiplies what the kind draws.
    factor: f64,
}

/// Up to this many stages an Erlang draw multiplies uniforms, whose product then cannot underflow; above it the gamma
/// law of the same shape is quicker.
const ERLANG_STAGES_MAX: u32 = 16;

impl Law {
    /// Always `value`.
    pub fn constant(value: f64) -> Result<Law, Unfit> {
        Ok(Kind::Constant(Unfit::unless_not_negative("value", value)?).into())
    }

    pub fn exponential(mean: f64) -> Result<Law, Unfit> {
        Ok(Kind::Exponential { mean: Unfit::unless_positive("mean", mean)? }.into())
    }

    /// Uniform on [low, high).
    pub fn uniform(low: f64, high: f64) -> Result<Law, Unfit> {
        let low = Unfit::unless_not_negative("low", low)?;
        if !(high.is_finite() && high >= low) {
            return Err(Unfit::new("high", high, "a finite number that is not below low"));
        }
        Ok(Kind::Uniform { low, high }.into())
    }

    /// The sum of `stages` exponentials with this mean together.
    pub fn erlang(mean: f64, stages: u32) -> Result<Law, Unfit> {
        let mean = Unfit::unless_positive("mean", mean)?;
        match stages {
            0 => Err(Unfit::new("stages", stages, "one or more")),
            1..=ERLANG_STAGES_MAX => Ok(Kind::Erlang { mean, stages }.into()),
            _ => Ok(Kind::Gamma { mean, shape: f64::from(stages) }.into()),
        }
    }

    /// Exponential with `mean1` in a share `p1` of the draws, with `mean2` in the rest.
    pub fn hyperexponential(p1: f64, mean1: f64, mean2: f64) -> Result<Law, Unfit> {
        if !(0.0..=1.0).contains(&p1) {
            return Err(Unfit::new("p1", p1, "a probability, from 0 to 1"));
        }
        let mean1 = Unfit::unless_positive("mean1", mean1)?;
        let mean2 = Unfit::unless_positive("mean2", mean2)?;
        Ok(Kind::Hyperexponential { p1, mean1, mean2 }.into())
    }

    /// Log-normal by the mean and the coefficient of variation (deviation / mean) of the value itself.
    pub fn lognormal(mean: f64, cv: f64) -> Result<Law, Unfit> {
        let mean = Unfit::unless_positive("mean", mean)?;
        let cv = Unfit::unless_not_negative("cv", cv)?;
        let variance = libm::log1p(cv * cv);
        Ok(Kind::Lognormal { mu: libm::log(mean) - variance / 2.0, sigma: libm::sqrt(variance) }.into())
    }

    /// Gamma; the coefficient of variation is `1 / sqrt(shape)`.
    pub fn gamma(mean: f64, shape: f64) -> Result<Law, Unfit> {
        let mean = Unfit::unless_positive("mean", mean)?;
        Ok(Kind::Gamma { mean, shape: Unfit::unless_positive("shape", shape)? }.into())
    }

    /// P(X > x) = exp(-(x / scale)^shape).
    pub fn weibull(scale: f64, shape: f64) -> Result<Law, Unfit> {
        let scale = Unfit::unless_positive("scale", scale)?;
        Ok(Kind::Weibull { scale, shape: Unfit::unless_positive("shape", shape)? }.into())
    }

    /// P(X > x) = (low / x)^shape for x >= low. The mean is infinite for shapes up to 1.
    pub fn pareto(low: f64, shape: f64) -> Result<Law, Unfit> {
        let low = Unfit::unless_positive("low", low)?;
        Ok(Kind::Pareto { low, shape: Unfit::unless_positive("shape", shape)? }.into())
    }

    /// P(X <= x) = (1 - (low / x)^shape) / (1 - (low / high)^shape) on [low, high].
    pub fn bounded_pareto(low: f64, high: f64, shape: f64) -> Result<Law, Unfit> {
        let low = Unfit::unless_positive("low", low)?;
        if !(high.is_finite() && high > low) {
            return Err(Unfit::new("high", high, "a finite number above low"));
        }
        let shape = Unfit::unless_positive("shape", shape)?;
        Ok(Kind::BoundedPareto { low, high, shape, cut: -libm::expm1(shape * libm::log(low / high)) }.into())
    }

    /// A normal law cut off below zero: draws below are repeated, so the mean of the cut law lies above `mean`.
    pub fn normal(mean: f64, deviation: f64) -> Result<Law, Unfit> {
        // A mean of zero or more keeps at least every second draw.
        let mean = Unfit::unless_not_negative("mean", mean)?;
        Ok(Kind::Normal { mean, deviation: Unfit::unless_not_negative("deviation", deviation)? }.into())
    }

    /// `base + each * n * n` for a whole number n from `lowest` to `highest`, each as likely: the cost of a quadratic
    /// algorithm, such as so many digits of pi.
    pub fn squares(base: f64, each: f64, lowest: u32, highest: u32) -> Result<Law, Unfit> {
        let base = Unfit::unless_not_negative("base", base)?;
        let each = Unfit::unless_not_negative("each", each)?;
        if lowest > highest {
            return Err(Unfit::new("highest", highest, "a whole number that is not below lowest"));
        }
        Ok(Kind::Squares { base, each, lowest, highest }.into())
    }

    /// `low`, `low + step` and so on up to `high`, each as likely: a die, whole seconds.
    pub fn discrete(low: f64, high: f64, step: f64) -> Result<Law, Unfit> {
        const STEPS_MAX: f64 = (1u64 << 53) as f64;
        let low = Unfit::unless_not_negative("low", low)?;
        if !(high.is_finite() && high >= low) {
            return Err(Unfit::new("high", high, "a finite number that is not below low"));
        }
        let step = Unfit::unless_positive("step", step)?;
        let last = ((high - low) / step).round();
        // Decimal steps are not exact in a float; a step that does not fit misses by far more than that.
        if last >= STEPS_MAX || (low + step * last - high).abs() > 1e-6 * step {
            return Err(Unfit::new("high", high, "a whole number of steps above low, fewer than 2^53"));
        }
        Ok(Kind::Discrete { low, step, last: last as u64 }.into())
    }

    /// One of `values`, each as likely.
    pub fn values(values: impl Into<Arc<[f64]>>) -> Result<Law, Unfit> {
        let values = values.into();
        if values.is_empty() {
            return Err(Unfit::new("values", "none", "at least one value"));
        }
        values.iter().try_for_each(|&value| Unfit::unless_not_negative("values", value).map(drop))?;
        Ok(Kind::Values(values).into())
    }

    /// A distribution function given at points (value, cumulative share), straight in between: percentiles as traces
    /// publish them. What the first point has accumulated falls on its value; two points with one value are a step.
    pub fn points(points: impl Into<Arc<[(f64, f64)]>>) -> Result<Law, Unfit> {
        let points = points.into();
        let (mut below, mut share_below) = (0.0, 0.0);
        for &(value, share) in points.iter() {
            Unfit::unless_not_negative("values", value)?;
            if value < below {
                return Err(Unfit::new("values", format!("{value} after {below}"), "values that do not fall"));
            }
            if !(share >= share_below && share <= 1.0) {
                let found = format!("{share} after {share_below}");
                return Err(Unfit::new("cumulative", found, "shares from 0 to 1 that do not fall"));
            }
            (below, share_below) = (value, share);
        }
        if share_below != 1.0 {
            return Err(Unfit::new("cumulative", share_below, "a last share of 1"));
        }
        Ok(Kind::Points(points).into())
    }

    /// The law of `factor` times the quantity; `law.scaled(1.0 / law.mean())` has unit mean.
    pub fn scaled(self, factor: f64) -> Result<Law, Unfit> {
        let factor = Unfit::unless_positive("factor", self.factor * factor)?;
        Ok(Law { factor, ..self })
    }

    /// One draw: finite or, for a heavy tail past the range of floats, infinite; never negative, never NaN.
    #[inline]
    pub fn draw(&self, rng: &mut Rng) -> f64 {
        // The two laws that most requests are drawn from stand in the caller; the others are a call away.
        self.factor
            * match self.kind {
                Kind::Constant(value) => value,
                Kind::Exponential { mean } => mean * rng.exponential(),
                _ => self.kind.draw(rng),
            }
    }

    /// The expectation; infinite for a Pareto law of shape 1 or less.
    pub fn mean(&self) -> f64 {
        self.factor * self.kind.moments().0
    }

    /// The expectation of the square; infinite for a Pareto law of shape 2 or less.
    pub fn second_moment(&self) -> f64 {
        self.factor * self.factor * self.kind.moments().1
    }

    /// The coefficient of variation, deviation / mean; zero for the constant zero.
    pub fn cv(&self) -> f64 {
        let (mean, square) = self.kind.moments();
        if mean == 0.0 {
            return 0.0;
        }
        if square.is_infinite() {
            return f64::INFINITY;
        }
        libm::sqrt((square / (mean * mean) - 1.0).max(0.0))
    }

    pub fn is_exponential(&self) -> bool {
        matches!(self.kind, Kind::Exponential { .. })
    }

    /// Whether every draw is the same.
    pub fn is_constant(&self) -> bool {
        self.constant_value().is_some()
    }

    /// What every draw is, where all are the same.
    pub fn constant_value(&self) -> Option<f64> {
        match self.kind {
            Kind::Constant(value) => Some(self.factor * value),
            _ => None,
        }
    }
}

impl From<Kind> for Law {
    fn from(kind: Kind) -> Law {
        Law { kind, factor: 1.0 }
    }
}

#[cfg(test)]
mod tests;
