//! A bursty day made up: counts per second with a daily curve, a slow drift, bursts that fade over a minute or two, and now
//! and then a spike of a few seconds.
//!
//! The rate is a product (curve, drift, bursts) plus the spikes; what a second counts is Poisson around it. The shape
//! follows what is known of the WITS trace as published with LIBRA (45 000 s, mean 142.94, standard deviation 66.66, from 28
//! to 1168 requests per second), so at a tenth of its rate: the same coefficient of variation over seconds, tens of
//! seconds, minutes and half hours, and nearly the same peak over mean. No count of it is copied; `traces/README.md` has
//! the figures side by side.
//!
//! Source of the parts: a first-order autoregression for the drift, shot noise with bounded Pareto heights for bursts
//! and spikes (Lowen and Teich, Fractal-Based Point Processes, 2005, chapter 9).

use std::io::{self, Write};

use crate::engine::law::Law;
use crate::engine::random::{Rng, Streams};
use crate::engine::unfit::Unfit;

/// Seconds in a day, the length of the daily curve.
const DAY_S: f64 = 86_400.0;
/// Most requests expected in one second: what is more is no trace to be written line by line.
const MEAN_MAX: f64 = 1e6;

/// What a made-up trace looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct BurstyDay {
    /// Length of the trace.
    pub seconds: u32,
    /// Requests per second over the whole trace, as expected.
    pub mean_per_s: f64,
    /// How far the daily curve swings about its mean, as a share of it.
    pub swing: f64,
    /// The same of the curve's second wave, which makes the night longer than the peak.
    pub second_swing: f64,
    /// The busiest time of day, in seconds from the beginning of the trace.
    pub busiest_s: f64,
    pub drift: Drift,
    /// Heights are multiples of the rate of the moment.
    pub bursts: Shots,
    /// Heights are multiples of the mean rate.
    pub spikes: Shots,
}

/// A factor that wanders about 1: its logarithm is an autoregression of the first order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Standard deviation of the logarithm.
    pub deviation: f64,
    /// After so many seconds it has forgotten all but a share of 1/e.
    pub memory_s: f64,
}

/// Sudden rises, each at an instant of its own, that fade exponentially.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shots {
    /// Mean time between two of them, seconds.
    pub every_s: f64,
    /// Heights are bounded Pareto.
    pub low: f64,
    pub high: f64,
    pub shape: f64,
    /// After so many seconds 1/e of the height is left.
    pub fade_s: f64,
}

/// The trace shipped as `traces/bursty-day.csv`.
impl Default for BurstyDay {
    fn default() -> Self {
        BurstyDay {
            seconds: 86_400,
            mean_per_s: 14.3,
            swing: 0.36,
            second_swing: 0.108,
            busiest_s: 14.0 * 3600.0,
            drift: Drift { deviation: 0.14, memory_s: 1800.0 },
            bursts: Shots { every_s: 400.0, low: 0.25, high: 4.0, shape: 1.5, fade_s: 90.0 },
            spikes: Shots { every_s: 14_400.0, low: 2.0, high: 8.0, shape: 0.8, fade_s: 2.0 },
        }
    }
}

/// Seed of the shipped trace.
pub const SHIPPED_SEED: u64 = 1;

/// The bytes of `traces/bursty-day.csv`.
///
/// # Errors
/// Those of the writer.
pub fn write_shipped(to: &mut impl Write) -> io::Result<()> {
    let counts = BurstyDay::default().counts(&Streams::new(SHIPPED_SEED, 0));
    write_csv(&counts.expect("the parameters of the shipped trace are sound"), to)
}

/// Counts as a CSV file of one column, `requests`; line `n` after the header is second `n`.
///
/// # Errors
/// Those of the writer.
pub fn write_csv(counts: &[u32], to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "requests")?;
    counts.iter().try_for_each(|count| writeln!(to, "{count}"))
}

impl BurstyDay {
    /// Requests in each second. Every part draws from a stream of its own, so that changing one leaves the others as they
    /// were.
    ///
    /// # Errors
    /// A parameter that makes no sense.
    pub fn counts(&self, streams: &Streams) -> Result<Vec<u32>, Unfit> {
        let rates = self.rates(streams)?;
        let mut rng = streams.stream("counts", "bursty-day");
        Ok(rates.iter().map(|&rate| poisson(rate, &mut rng)).collect())
    }

    /// Requests expected in each second; their mean is `mean_per_s`.
    fn rates(&self, streams: &Streams) -> Result<Vec<f64>, Unfit> {
        self.check()?;
        let stream = |part| streams.stream(part, "bursty-day");
        let mut drift = Wandering::new(self.drift, stream("drift"));
        let mut bursts = Fading::new(self.bursts, stream("bursts"))?;
        let mut spikes = Fading::new(self.spikes, stream("spikes"))?;
        let shape = |second: u32| {
            let now = f64::from(second);
            self.curve(now) * drift.next() * (1.0 + bursts.at(now)) + spikes.at(now)
        };
        let mut rates: Vec<f64> = (0..self.seconds).map(shape).collect();
        let to_mean = self.mean_per_s * f64::from(self.seconds) / rates.iter().sum::<f64>();
        rates.iter_mut().for_each(|rate| *rate *= to_mean);
        Ok(rates)
    }

    /// The daily curve, 1 in the mean.
    fn curve(&self, now_s: f64) -> f64 {
        let angle = std::f64::consts::TAU * (now_s - self.busiest_s) / DAY_S;
        1.0 + self.swing * libm::cos(angle) + self.second_swing * libm::cos(2.0 * angle)
    }

    fn check(&self) -> Result<(), Unfit> {
        if self.seconds == 0 {
            return Err(Unfit::new("seconds", 0, "one or more"));
        }
        if Unfit::unless_positive("mean_per_s", self.mean_per_s)? > MEAN_MAX {
            return Err(Unfit::new("mean_per_s", self.mean_per_s, "a rate of at most 1e6/s"));
        }
        Unfit::unless_not_negative("swing", self.swing)?;
        Unfit::unless_not_negative("second_swing", self.second_swing)?;
        if self.swing + self.second_swing >= 1.0 {
            return Err(Unfit::new(
                "swing",
                self.swing,
                "both waves together below 1, so that the curve stays above zero",
            ));
        }
        Unfit::unless_not_negative("busiest_s", self.busiest_s)?;
        Unfit::unless_not_negative("drift.deviation", self.drift.deviation)?;
        Unfit::unless_positive("drift.memory_s", self.drift.memory_s)?;
        Ok(())
    }
}

/// The state of a [`Drift`], stepped by the second.
struct Wandering {
    logarithm: f64,
    kept: f64,
    fresh: f64,
    rng: Rng,
}

impl Wandering {
    /// Begins in the steady state.
    fn new(drift: Drift, mut rng: Rng) -> Wandering {
        let kept = libm::exp(-1.0 / drift.memory_s);
        let fresh = drift.deviation * libm::sqrt(1.0 - kept * kept);
        Wandering { logarithm: drift.deviation * rng.normal(), kept, fresh, rng }
    }

    fn next(&mut self) -> f64 {
        let factor = libm::exp(self.logarithm);
        self.logarithm = self.kept * self.logarithm + self.fresh * self.rng.normal();
        factor
    }
}

/// The state of [`Shots`], stepped by the second.
struct Fading {
    level: f64,
    kept: f64,
    /// Seconds until the next one.
    next_s: f64,
    gap: Law,
    height: Law,
    rng: Rng,
}

impl Fading {
    fn new(shots: Shots, mut rng: Rng) -> Result<Fading, Unfit> {
        let gap = Law::exponential(shots.every_s)?;
        let height = Law::bounded_pareto(shots.low, shots.high, shots.shape)?;
        let kept = libm::exp(-1.0 / Unfit::unless_positive("fade_s", shots.fade_s)?);
        Ok(Fading { level: 0.0, kept, next_s: gap.draw(&mut rng), gap, height, rng })
    }

    /// What is left of all shots so far; a shot counts in full in the second after its instant.
    fn at(&mut self, now_s: f64) -> f64 {
        self.level *= self.kept;
        while self.next_s <= now_s {
            self.level += self.height.draw(&mut self.rng);
            self.next_s += self.gap.draw(&mut self.rng);
        }
        self.level
    }
}

/// A Poisson count: the arrivals of a stream of rate 1 before `mean`. Exact for any mean, with a draw per arrival.
fn poisson(mean: f64, rng: &mut Rng) -> u32 {
    let (mut count, mut reached) = (0, rng.exponential());
    while reached <= mean {
        count += 1;
        reached += rng.exponential();
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/traces/bursty-day.csv"));

    #[test]
    fn the_shipped_trace_is_what_the_generator_makes() {
        let mut made = Vec::new();
        write_shipped(&mut made).unwrap();
        assert!(made == SHIPPED.as_bytes(), "traces/bursty-day.csv differs; make it anew with examples/make_trace.rs");
    }

    /// Mean and deviation over means of `block` seconds.
    fn moments(counts: &[u32], block: usize) -> (f64, f64) {
        let means: Vec<f64> = counts
            .chunks_exact(block)
            .map(|chunk| chunk.iter().map(|&count| f64::from(count)).sum::<f64>() / block as f64)
            .collect();
        let mean = means.iter().sum::<f64>() / means.len() as f64;
        let variance = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / means.len() as f64;
        (mean, variance.sqrt())
    }

    /// The figures of `traces/README.md`, beside those of WITS: deviation over mean by length of block.
    #[test]
    fn the_shipped_trace_is_as_bursty_as_wits() {
        let counts: Vec<u32> = SHIPPED.lines().skip(1).map(|line| line.parse().unwrap()).collect();
        assert_eq!((counts.len(), counts[0] < 100), (86_400, true));
        for (block, wits) in [(1, 0.466), (10, 0.399), (60, 0.361), (300, 0.330), (1800, 0.296)] {
            let (mean, deviation) = moments(&counts, block);
            assert!((mean - 14.3).abs() < 0.05, "{mean}");
            let variation = deviation / mean;
            println!("{block:4} s: deviation / mean {variation:.3}, WITS {wits:.3}");
            assert!((variation - wits).abs() < 0.04, "{block} s: {variation}, WITS {wits}");
        }
        let (mean, deviation) = moments(&counts, 1);
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        let (dispersion, peak) = (deviation * deviation / mean, f64::from(*most) / mean);
        println!("sum {}, mean {mean:.3}, sd {deviation:.3}", counts.iter().sum::<u32>());
        println!("dispersion {dispersion:.3}, from {least} to {most}, peak {peak:.2} times the mean");
        assert!((7.0..9.0).contains(&peak), "{peak}; WITS 8.17");
    }

    #[test]
    fn counts_are_poisson_about_their_mean() {
        let mut rng = Rng::seeded(3);
        for mean in [0.0, 0.3, 14.3, 900.0] {
            let counts: Vec<u32> = (0..20_000).map(|_| poisson(mean, &mut rng)).collect();
            let (found, deviation) = moments(&counts, 1);
            let error = 4.0 * (mean / 20_000.0).sqrt();
            assert!((found - mean).abs() <= error, "{mean}: {found}");
            assert!((deviation.powi(2) - mean).abs() <= 0.05 * mean, "{mean}: variance {}", deviation.powi(2));
        }
    }

    #[test]
    fn a_part_that_changes_leaves_the_others_as_they_were() {
        let streams = Streams::new(9, 0);
        let quiet = |mut day: BurstyDay| {
            day.spikes.every_s = 1e12;
            day.drift.deviation = 0.0;
            day.seconds = 3600;
            day.rates(&streams).unwrap()
        };
        let (flat, curved) =
            (quiet(BurstyDay { swing: 0.0, second_swing: 0.0, ..BurstyDay::default() }), quiet(BurstyDay::default()));
        // Only the curve and the scale lie between the two: their ratio is smooth where bursts jump.
        let ratios: Vec<f64> = flat.iter().zip(&curved).map(|(flat, curved)| curved / flat).collect();
        let jump = ratios.windows(2).map(|pair| (pair[1] / pair[0] - 1.0).abs()).fold(0.0, f64::max);
        let burst = flat.windows(2).map(|pair| (pair[1] / pair[0] - 1.0).abs()).fold(0.0, f64::max);
        assert!(jump < 1e-3 && burst > 0.2, "{jump} {burst}");
    }

    #[test]
    fn parameters_that_make_no_sense_are_refused() {
        let day = BurstyDay::default();
        let mut cases = vec![
            (BurstyDay { seconds: 0, ..day.clone() }, "seconds: found 0, want one or more"),
            (
                BurstyDay { mean_per_s: f64::NAN, ..day.clone() },
                "mean_per_s: found NaN, want a finite number above zero",
            ),
            (BurstyDay { mean_per_s: 2e6, ..day.clone() }, "mean_per_s: found 2000000, want a rate of at most 1e6/s"),
            (
                BurstyDay { swing: 0.95, ..day.clone() },
                "swing: found 0.95, want both waves together below 1, so that the curve stays above zero",
            ),
        ];
        let mut other = |change: fn(&mut BurstyDay), wanted| {
            let mut changed = day.clone();
            change(&mut changed);
            cases.push((changed, wanted));
        };
        other(|day| day.drift.memory_s = 0.0, "drift.memory_s: found 0, want a finite number above zero");
        other(|day| day.bursts.every_s = -1.0, "mean: found -1, want a finite number above zero");
        other(|day| day.bursts.high = 0.1, "high: found 0.1, want a finite number above low");
        other(|day| day.spikes.fade_s = 0.0, "fade_s: found 0, want a finite number above zero");
        for (day, wanted) in cases {
            assert_eq!(day.counts(&Streams::new(1, 0)).unwrap_err().to_string(), wanted);
        }
    }
}
