//! Intervals: where the truth is, as far as a few replications or batches of one run can tell.
//!
//! Source: Law, Simulation Modeling and Analysis, chapter 9 (replications, batch means, paired differences under common
//! random numbers); the bootstrap-t of Efron and Tibshirani, An Introduction to the Bootstrap, section 12.5.

use super::student::two_sided;
use crate::engine::random::Rng;

/// How an interval was made; its words stand in every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Student over independent replications.
    Student { values: u32 },
    /// Student over consecutive batches of one run.
    BatchMeans { batches: u32 },
    /// Bootstrap-t over independent replications.
    Bootstrap { values: u32, resamples: u32 },
}

impl Method {
    pub fn words(self) -> String {
        match self {
            Method::Student { values } => format!("Student, {values} replications"),
            Method::BatchMeans { batches } => format!("batch means, {batches} batches of one run"),
            Method::Bootstrap { values, resamples } => {
                format!("bootstrap-t, {resamples} resamples of {values} replications")
            }
        }
    }
}

/// An estimate and the interval around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
    pub method: Method,
}

impl Interval {
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    pub fn covers(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Half the width over the mean's size; infinite for a mean of zero that is not certain.
    pub fn relative(&self) -> f64 {
        let half = self.half_width();
        if half == 0.0 { 0.0 } else { half / self.mean.abs() }
    }
}

/// Mean and standard deviation (divisor n - 1) of at least two values.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    // Equal values have no spread, whatever the last digit of their mean.
    if values.iter().all(|value| value == &values[0]) {
        return Some((values[0], 0.0));
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some((mean, libm::sqrt(squares / (n - 1.0))))
}

/// Student's interval of independent values, such as one from each replication. `None` for fewer than two.
pub fn student(values: &[f64], confidence: f64) -> Option<Interval> {
    let count = u32::try_from(values.len()).ok()?;
    symmetric(values, confidence, Method::Student { values: count })
}

/// The same over the means, or the percentiles, of consecutive batches of one run, which are nearly independent when the
/// batches are long enough ([`super::trend::lag_one`] tells). `None` for fewer than two.
pub fn batch_means(batches: &[f64], confidence: f64) -> Option<Interval> {
    let count = u32::try_from(batches.len()).ok()?;
    symmetric(batches, confidence, Method::BatchMeans { batches: count })
}

fn symmetric(values: &[f64], confidence: f64, method: Method) -> Option<Interval> {
    let (mean, deviation) = moments(values)?;
    let n = values.len() as f64;
    let half = two_sided(confidence, values.len() as u32 - 1) * deviation / libm::sqrt(n);
    Some(Interval { mean, low: mean - half, high: mean + half, method })
}

/// The interval of the mean difference `b - a`, pair by pair: replication r of both met the same requests, so what the
/// requests did to both drops out. The caller has ensured that pairs stand at the same place.
pub fn paired(a: &[f64], b: &[f64], confidence: f64) -> Option<Interval> {
    assert!(a.len() == b.len(), "differences are taken pair by pair");
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    student(&differences, confidence)
}

/// The bootstrap-t interval of the mean of independent values: for few values of a skewed law, where Student's is too
/// bold on one side. Resamples are drawn from `rng`. `None` for fewer than five values, of which too many resamples agree.
pub fn bootstrap(values: &[f64], confidence: f64, resamples: u32, rng: &mut Rng) -> Option<Interval> {
    const VALUES_MIN: usize = 5;
    let (mean, deviation) = moments(values)?;
    if values.len() < VALUES_MIN || resamples == 0 {
        return None;
    }
    let method = Method::Bootstrap { values: values.len() as u32, resamples };
    if deviation == 0.0 {
        return Some(Interval { mean, low: mean, high: mean, method });
    }
    let root = libm::sqrt(values.len() as f64);
    let mut resample = vec![0.0; values.len()];
    let mut ratios: Vec<f64> = Vec::with_capacity(resamples as usize);
    while ratios.len() < resamples as usize {
        resample.iter_mut().for_each(|slot| *slot = values[rng.below(values.len() as u64) as usize]);
        // A resample of one value again and again says nothing about the spread.
        if let Some((other, spread)) = moments(&resample).filter(|&(_, spread)| spread > 0.0) {
            ratios.push((other - mean) * root / spread);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = libm::ceil(share * f64::from(resamples)) as usize;
        ratios[rank.clamp(1, ratios.len()) - 1]
    };
    let outside = (1.0 - confidence) / 2.0;
    let error = deviation / root;
    Some(Interval { mean, low: mean - at(1.0 - outside) * error, high: mean - at(outside) * error, method })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of 1,000 seeded experiments have the truth in their interval, per mille.
    fn covered(experiment: impl Fn(&mut Rng) -> bool) -> u32 {
        (0..1000).map(|seed| u32::from(experiment(&mut Rng::seeded(seed)))).sum()
    }

    #[test]
    fn an_interval_worked_by_hand() {
        // Mean 3, standard deviation sqrt(2.5), t = 2.776 at four degrees: 3 ± 1.963.
        let found = student(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert!((found.mean - 3.0).abs() < 1e-12 && (found.half_width() - 1.9632432).abs() < 1e-6, "{found:?}");
        let found = paired(&[1.0, 2.0, 3.0], &[2.0, 3.5, 4.0], 0.95).unwrap();
        assert!((found.mean - 3.5 / 3.0).abs() < 1e-12, "{found:?}");
        assert_eq!(student(&[1.0], 0.95), None);
        assert_eq!(student(&[0.1, 0.1, 0.1], 0.95).unwrap().half_width(), 0.0);
    }

    /// Two policies with a known difference of 12, on requests that shake both: 95 % of paired intervals hold it, and they
    /// are far narrower than those of unpaired runs.
    #[test]
    fn paired_intervals_cover_a_known_difference() {
        let pairs = |rng: &mut Rng| -> (Vec<f64>, Vec<f64>) {
            (0..20)
                .map(|_| {
                    let common = 100.0 + 30.0 * rng.normal();
                    (common + 2.0 * rng.normal(), common - 12.0 + 2.0 * rng.normal())
                })
                .unzip()
        };
        let share = covered(|rng| {
            let (a, b) = pairs(rng);
            paired(&a, &b, 0.95).unwrap().covers(-12.0)
        });
        assert!((930..=970).contains(&share), "{share} per mille");
        let (a, b) = pairs(&mut Rng::seeded(1));
        let alone = student(&b, 0.95).unwrap().half_width();
        assert!(paired(&a, &b, 0.95).unwrap().half_width() < 0.25 * alone);
    }

    #[test]
    fn student_and_bootstrap_intervals_cover_a_mean() {
        let normal = covered(|rng| {
            let values: Vec<f64> = (0..10).map(|_| rng.normal()).collect();
            student(&values, 0.95).unwrap().covers(0.0)
        });
        assert!((930..=970).contains(&normal), "{normal} per mille");
        // Ten values of an exponential law are skewed: Student's interval misses more than it says, the bootstrap's less.
        let skewed = |interval: &dyn Fn(&[f64], &mut Rng) -> Interval| {
            covered(|rng| {
                let values: Vec<f64> = (0..10).map(|_| rng.exponential()).collect();
                interval(&values, rng).covers(1.0)
            })
        };
        let plain = skewed(&|values, _| student(values, 0.95).unwrap());
        let boot = skewed(&|values, rng| bootstrap(values, 0.95, 400, rng).unwrap());
        assert!(plain < 930 && (930..=970).contains(&boot), "Student {plain}, bootstrap {boot} per mille");
    }

    /// Batches of a first-order autoregressive stretch of 0.8: long batches are nearly independent.
    #[test]
    fn batch_means_cover_the_mean_of_one_correlated_run() {
        let share = covered(|rng| {
            let mut level = rng.normal() / 0.6;
            let batches: Vec<f64> = (0..20)
                .map(|_| {
                    let sum: f64 = (0..200)
                        .map(|_| {
                            level = 0.8 * level + rng.normal();
                            level
                        })
                        .sum();
                    sum / 200.0
                })
                .collect();
            batch_means(&batches, 0.95).unwrap().covers(0.0)
        });
        assert!((925..=970).contains(&share), "{share} per mille");
    }
}
