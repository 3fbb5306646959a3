//! How well a generator stands in for its trace: the same figures of both, side by side.

use super::Fit;
use crate::engine::random::Streams;
use crate::engine::unfit::Unfit;
use serde::Serialize;
use std::fmt;

/// One figure of the trace and of what the generator makes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub name: String,
    pub trace: f64,
    pub fitted: f64,
}

/// A comparison; the generator made as many windows as the trace has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goodness {
    pub figures: Vec<Figure>,
    /// Largest distance between the two distributions of counts (Kolmogorov and Smirnov).
    pub distance: f64,
}

const WINDOWS: [usize; 5] = [1, 10, 60, 300, 1800];
const LAGS: [usize; 4] = [1, 10, 60, 300];

/// Compares a trace with what its generator makes from these streams.
///
/// # Errors
/// Those of [`Fit::check`].
pub fn goodness(counts: &[u32], fit: &Fit, streams: &Streams) -> Result<Goodness, Unfit> {
    let made = fit.counts(counts.len(), streams)?;
    let mut figures = Vec::new();
    let mut compare = |name: String, figure: &dyn Fn(&[u32]) -> f64| {
        figures.push(Figure { name, trace: figure(counts), fitted: figure(&made) });
    };
    compare("mean count".to_owned(), &|counts| moments(counts, 1).0);
    for block in WINDOWS.into_iter().filter(|&block| counts.len() >= 4 * block) {
        compare(format!("deviation / mean over {block}"), &|counts| {
            let (mean, deviation) = moments(counts, block);
            if mean > 0.0 { deviation / mean } else { 0.0 }
        });
    }
    for lag in LAGS.into_iter().filter(|&lag| counts.len() >= 4 * lag) {
        compare(format!("autocorrelation at {lag}"), &|counts| correlation(counts, lag));
    }
    compare("largest / mean".to_owned(), &|counts| {
        f64::from(counts.iter().copied().max().unwrap_or(0)) / moments(counts, 1).0.max(f64::MIN_POSITIVE)
    });
    Ok(Goodness { figures, distance: distance(counts, &made) })
}

/// Mean and deviation over means of `block` windows.
fn moments(counts: &[u32], block: usize) -> (f64, f64) {
    let mean_of = |chunk: &[u32]| chunk.iter().map(|&count| f64::from(count)).sum::<f64>() / block as f64;
    let blocks = counts.chunks_exact(block);
    let n = blocks.len() as f64;
    let mean = blocks.clone().map(mean_of).sum::<f64>() / n;
    let variance = blocks.map(|chunk| (mean_of(chunk) - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// As in [`crate::workload::describe`]: the sum over all pairs divided by all windows.
fn correlation(counts: &[u32], lag: usize) -> f64 {
    let (mean, deviation) = moments(counts, 1);
    let pairs = counts.iter().zip(&counts[lag..]);
    let product = |(&a, &b): (&u32, &u32)| (f64::from(a) - mean) * (f64::from(b) - mean);
    let covariance = pairs.map(product).sum::<f64>() / counts.len() as f64;
    if deviation > 0.0 { covariance / (deviation * deviation) } else { 0.0 }
}

fn distance(one: &[u32], other: &[u32]) -> f64 {
    let sorted = |counts: &[u32]| {
        let mut counts = counts.to_vec();
        counts.sort_unstable();
        counts
    };
    let (one, other) = (sorted(one), sorted(other));
    let below =
        |sorted: &[u32], value: u32| sorted.partition_point(|&count| count <= value) as f64 / sorted.len() as f64;
    one.iter().chain(&other).map(|&value| (below(&one, value) - below(&other, value)).abs()).fold(0.0, f64::max)
}

impl fmt::Display for Goodness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28} {:>12} {:>12}", "", "trace", "fitted")?;
        for figure in &self.figures {
            writeln!(f, "{:<28} {:>12.4} {:>12.4}", figure.name, figure.trace, figure.fitted)?;
        }
        write!(f, "largest distance between the distributions of counts: {:.4}", self.distance)
    }
}
