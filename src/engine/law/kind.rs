//! How each law is drawn, and its first two moments. Sources: see [`super`].

use std::sync::Arc;

use crate::engine::random::Rng;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Constant(f64),
    Exponential {
        mean: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    Erlang {
        mean: f64,
        stages: u32,
    },
    Hyperexponential {
        p1: f64,
        mean1: f64,
        mean2: f64,
    },
    Lognormal {
        mu: f64,
        sigma: f64,
    },
    Gamma {
        mean: f64,
        shape: f64,
    },
    Weibull {
        scale: f64,
        shape: f64,
    },
    Pareto {
        low: f64,
        shape: f64,
    },
    /// `cut` is the mass that the law without a bound has up to `high`.
    BoundedPareto {
        low: f64,
        high: f64,
        shape: f64,
        cut: f64,
    },
    Normal {
        mean: f64,
        deviation: f64,
    },
    /// `base + each * n * n` for a whole n from `lowest` to `highest`.
    Squares {
        base: f64,
        each: f64,
        lowest: u32,
        highest: u32,
    },
    /// `low + step * n` for a whole n from 0 to `last`.
    Discrete {
        low: f64,
        step: f64,
        last: u64,
    },
    Values(Arc<[f64]>),
    Points(Arc<[(f64, f64)]>),
}

impl Kind {
    #[inline(never)]
    pub(super) fn draw(&self, rng: &mut Rng) -> f64 {
        match *self {
            Kind::Constant(value) => value,
            Kind::Exponential { mean } => mean * rng.exponential(),
            Kind::Uniform { low, high } => low + (high - low) * rng.uniform(),
            Kind::Erlang { mean, stages } => {
                let product: f64 = (0..stages).map(|_| rng.uniform_open()).product();
                -libm::log(product) * mean / f64::from(stages)
            }
            Kind::Hyperexponential { p1, mean1, mean2 } => {
                let mean = if rng.uniform() < p1 { mean1 } else { mean2 };
                mean * rng.exponential()
            }
            Kind::Lognormal { mu, sigma } => libm::exp(mu + sigma * rng.normal()),
            Kind::Gamma { mean, shape } => gamma(shape, rng) * mean / shape,
            Kind::Weibull { scale, shape } => scale * libm::pow(rng.exponential(), 1.0 / shape),
            Kind::Pareto { low, shape } => low * libm::exp(rng.exponential() / shape),
            Kind::BoundedPareto { low, high, shape, cut } => {
                (low * libm::exp(-libm::log1p(-rng.uniform() * cut) / shape)).min(high)
            }
            Kind::Normal { mean, deviation } => loop {
                let value = mean + deviation * rng.normal();
                if value >= 0.0 {
                    break value;
                }
            },
            Kind::Squares { base, each, lowest, highest } => {
                let n = f64::from(lowest) + rng.below(u64::from(highest - lowest) + 1) as f64;
                base + each * n * n
            }
            Kind::Discrete { low, step, last } => low + step * rng.below(last + 1) as f64,
            Kind::Values(ref values) => values[rng.below(values.len() as u64) as usize],
            Kind::Points(ref points) => quantile(points, rng.uniform()),
        }
    }

    /// The expectations of the quantity and of its square.
    pub(super) fn moments(&self) -> (f64, f64) {
        match *self {
            Kind::Constant(value) => (value, value * value),
            Kind::Exponential { mean } => (mean, 2.0 * mean * mean),
            Kind::Uniform { low, high } => ((low + high) / 2.0, (low * low + low * high + high * high) / 3.0),
            Kind::Erlang { mean, stages } => (mean, mean * mean * (1.0 + 1.0 / f64::from(stages))),
            Kind::Hyperexponential { p1, mean1, mean2 } => {
                let p2 = 1.0 - p1;
                (p1 * mean1 + p2 * mean2, 2.0 * (p1 * mean1 * mean1 + p2 * mean2 * mean2))
            }
            Kind::Lognormal { mu, sigma } => {
                let variance = sigma * sigma;
                (libm::exp(mu + variance / 2.0), libm::exp(2.0 * mu + 2.0 * variance))
            }
            Kind::Gamma { mean, shape } => (mean, mean * mean * (1.0 + 1.0 / shape)),
            Kind::Weibull { scale, shape } => {
                (scale * libm::tgamma(1.0 + 1.0 / shape), scale * scale * libm::tgamma(1.0 + 2.0 / shape))
            }
            Kind::Pareto { low, shape } => {
                let moment = |n: f64| {
                    if shape > n { shape * libm::pow(low, n) / (shape - n) } else { f64::INFINITY }
                };
                (moment(1.0), moment(2.0))
            }
            Kind::BoundedPareto { low, high, shape, cut } => {
                let moment = |n: f64| bounded_pareto_moment(low, high, shape, n) / cut;
                (moment(1.0), moment(2.0))
            }
            Kind::Normal { mean, deviation } => cut_normal_moments(mean, deviation),
            Kind::Squares { base, each, lowest, highest } => {
                let (low, high) = (f64::from(lowest), f64::from(highest));
                let (below, count) = (low - 1.0, high - low + 1.0);
                let squares = |n: f64| n * (n + 1.0) * (2.0 * n + 1.0) / 6.0;
                let fourths = |n: f64| squares(n) * (3.0 * n * n + 3.0 * n - 1.0) / 5.0;
                let mean_square = (squares(high) - squares(below)) / count;
                let mean_fourth = (fourths(high) - fourths(below)) / count;
                (base + each * mean_square, base * base + 2.0 * base * each * mean_square + each * each * mean_fourth)
            }
            Kind::Discrete { low, step, last } => {
                let last = last as f64;
                let mean_square = last * (2.0 * last + 1.0) / 6.0;
                (low + step * last / 2.0, low * low + low * step * last + step * step * mean_square)
            }
            Kind::Values(ref values) => {
                let sums = values.iter().fold((0.0, 0.0), |sums, x| (sums.0 + x, sums.1 + x * x));
                (sums.0 / values.len() as f64, sums.1 / values.len() as f64)
            }
            Kind::Points(ref points) => point_moments(points),
        }
    }
}

/// Gamma with scale 1 (Marsaglia and Tsang); a shape below one is lifted by one and thinned by a power.
fn gamma(shape: f64, rng: &mut Rng) -> f64 {
    if shape < 1.0 {
        let thinning = libm::exp(-rng.exponential() / shape);
        return gamma(shape + 1.0, rng) * thinning;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let normal = rng.normal();
        let cube_root = 1.0 + c * normal;
        if cube_root <= 0.0 {
            continue;
        }
        let v = cube_root * cube_root * cube_root;
        if libm::log(rng.uniform_open()) < 0.5 * normal * normal + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

/// The value at which the distribution function reaches `share`. The caller has ensured that the last share is 1.
pub(super) fn quantile(points: &[(f64, f64)], share: f64) -> f64 {
    /// Up to so many points are counted rather than searched: no step then waits for the outcome of another.
    const FEW: usize = 16;
    let is_below = |&(_, cumulative): &(f64, f64)| cumulative <= share;
    let below = if points.len() <= FEW {
        points.iter().filter(|point| is_below(point)).count()
    } else {
        points.partition_point(is_below)
    };
    let upper = below.min(points.len() - 1);
    let (value, cumulative) = points[upper];
    if upper == 0 {
        return value;
    }
    let (value_below, cumulative_below) = points[upper - 1];
    let width = cumulative - cumulative_below;
    if width > 0.0 { value_below + (value - value_below) * ((share - cumulative_below) / width) } else { value }
}

fn point_moments(points: &[(f64, f64)]) -> (f64, f64) {
    let (first, share) = points[0];
    let head = (share * first, share * first * first);
    points.windows(2).fold(head, |(mean, square), pair| {
        let ((a, from), (b, to)) = (pair[0], pair[1]);
        let share = to - from;
        (mean + share * (a + b) / 2.0, square + share * (a * a + a * b + b * b) / 3.0)
    })
}

/// E[X^n] before the division by the mass kept: the integral of x^(n - shape - 1), which is a logarithm where n equals the shape.
fn bounded_pareto_moment(low: f64, high: f64, shape: f64, n: f64) -> f64 {
    let density = shape * libm::pow(low, shape);
    let power = n - shape;
    // Near the pole the difference of powers would lose its digits; expm1 keeps them.
    let ratio = libm::log(high / low);
    let integral = if power == 0.0 { ratio } else { libm::pow(low, power) * libm::expm1(power * ratio) / power };
    density * integral
}

/// Moments of a normal law given that it is not negative, by the inverse Mills ratio.
fn cut_normal_moments(mean: f64, deviation: f64) -> (f64, f64) {
    if deviation == 0.0 {
        return (mean, mean * mean);
    }
    let cut = -mean / deviation;
    let density = libm::exp(-cut * cut / 2.0) / libm::sqrt(std::f64::consts::TAU);
    let mills = density / (0.5 * libm::erfc(cut / std::f64::consts::SQRT_2));
    let cut_mean = mean + deviation * mills;
    let cut_variance = deviation * deviation * (1.0 + cut * mills - mills * mills);
    (cut_mean, cut_variance + cut_mean * cut_mean)
}
