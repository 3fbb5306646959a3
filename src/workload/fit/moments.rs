//! The figures of a trace that a generator is made from: profile, spikes, and the moments of what is left.

use super::{Choices, Spikes};

/// Mean count of a window in each stretch, over all turns of the fold.
pub fn profile(counts: &[u32], choices: Choices) -> Vec<f64> {
    let turn = choices.fold.unwrap_or(counts.len()).min(counts.len());
    let stretches = turn.div_ceil(choices.stretch);
    let mut sums = vec![(0.0, 0.0); stretches];
    for (window, &count) in counts.iter().enumerate() {
        let (sum, n) = &mut sums[window % turn / choices.stretch];
        *sum += f64::from(count);
        *n += 1.0;
    }
    // A last stretch of a few windows says little; it is counted to the one before.
    if (1..choices.stretch / 2).contains(&(turn % choices.stretch)) && stretches > 1 {
        let (sum, n) = sums.pop().unwrap_or_default();
        if let Some(last) = sums.last_mut() {
            last.0 += sum;
            last.1 += n;
        }
    }
    sums.into_iter().map(|(sum, n)| if n > 0.0 { sum / n } else { 0.0 }).collect()
}

/// Counts over what the profile expects; `None` where it expects nothing.
pub fn ratios(counts: &[u32], expected: &[f64]) -> Vec<Option<f64>> {
    let ratio = |(&count, &mean): (&u32, &f64)| (mean > 0.0).then(|| f64::from(count) / mean);
    counts.iter().zip(expected).map(ratio).collect()
}

/// A spike stands so many deviations above 1, and at least at three times the profile.
const SPIKE_DEVIATIONS: f64 = 5.0;
const SPIKE_LEAST: f64 = 3.0;
/// What lasts longer is no spike but a change of rate, which the modulation tells of.
const SPIKE_LENGTH_MAX: usize = 10;

/// Finds the spikes and blanks their windows out, so that they do not count as modulation.
pub fn take_spikes(ratios: &mut [Option<f64>]) -> Option<Spikes> {
    let known: Vec<f64> = ratios.iter().copied().flatten().collect();
    let n = known.len() as f64;
    let mean = known.iter().sum::<f64>() / n;
    let deviation = (known.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let above = (mean + SPIKE_DEVIATIONS * deviation).max(SPIKE_LEAST);
    let (mut heights, mut lengths) = (Vec::new(), 0usize);
    let mut start = 0;
    while start < ratios.len() {
        let length = ratios[start..].iter().take_while(|ratio| ratio.is_some_and(|x| x > above)).count();
        if (1..=SPIKE_LENGTH_MAX).contains(&length) {
            let run = &mut ratios[start..start + length];
            heights.push(run.iter().flatten().sum::<f64>() / length as f64 - mean);
            lengths += length;
            run.fill(None);
        }
        start += length.max(1);
    }
    let spikes = heights.len() as f64;
    if heights.is_empty() {
        return None;
    }
    let height = heights.iter().sum::<f64>() / spikes;
    let variance = heights.iter().map(|x| (x - height).powi(2)).sum::<f64>() / spikes;
    Some(Spikes {
        per_window: spikes / n,
        length: lengths as f64 / spikes,
        height,
        height_cv: variance.sqrt() / height,
    })
}

/// Moments of the rate relative to its profile, the noise of counting taken out.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Variance over mean of counts around the rate: 1 for Poisson, less for what is steadier than that.
    pub noise: f64,
    /// Variance of the rate.
    pub variance: f64,
    /// Third central moment of the rate.
    pub third: f64,
    /// Autocovariance at lags, ascending from 1.
    pub covariances: Vec<(usize, f64)>,
}

impl Figures {
    pub fn of(ratios: &[Option<f64>], expected: &[f64]) -> Figures {
        let known = || ratios.iter().copied().flatten();
        let n = (known().count() as f64).max(1.0);
        let mean = known().sum::<f64>() / n;
        let moment = |power: i32| known().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
        let inverse = |power: i32| {
            let part = ratios.iter().zip(expected).filter(|(ratio, _)| ratio.is_some());
            part.map(|(_, &mean)| mean.powi(-power)).sum::<f64>() / n
        };
        // Var(N/m) = Var(rate) + 1/m, and alike for the third moment, where N is Poisson around m times the rate.
        let (whole, poisson) = (moment(2), inverse(1));
        let variance = (whole - poisson).max(0.0);
        let third = moment(3) - 3.0 * variance * poisson - inverse(2);
        let noise = if whole < poisson { whole / poisson } else { 1.0 };
        let covariances = lags(ratios.len()).into_iter().map(|lag| (lag, covariance(ratios, mean, lag))).collect();
        Figures { noise, variance, third, covariances }
    }
}

/// Lags about a quarter apart, up to a twentieth of the trace.
fn lags(windows: usize) -> Vec<usize> {
    let most = (windows / 20).clamp(1, 3600);
    let mut lags = vec![1];
    while let Some(&last) = lags.last() {
        let next = (last + 1).max(last * 5 / 4);
        if next > most {
            break;
        }
        lags.push(next);
    }
    lags
}

fn covariance(ratios: &[Option<f64>], mean: f64, lag: usize) -> f64 {
    let pairs = ratios.iter().zip(&ratios[lag..]).filter_map(|(a, b)| Some((((*a)? - mean) * ((*b)? - mean), 1.0)));
    let (sum, n) = pairs.fold((0.0, 0.0), |(sum, n), (product, one)| (sum + product, n + one));
    if n > 0.0 { sum / n } else { 0.0 }
}
