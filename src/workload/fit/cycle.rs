//! Timers that many clients share: a pattern that comes again every minute or every five, on top of the course of the day.
//!
//! A control loop that decides every five minutes always meets such a pattern at the same place, so a generator without it
//! gives another cost (in WITS, the seconds before each full five minutes have up to half as many requests again).
//!
//! Source: the share of variance between phases, corrected for chance (omega squared, Hays 1963).

use serde::{Deserialize, Serialize};

/// Factors of mean 1, one for each window of the period, from the start of the trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cycle {
    pub factors: Vec<f64>,
}

/// Periods that timers are set to, in windows that are mostly seconds.
const PERIODS: [usize; 10] = [10, 15, 20, 30, 60, 120, 300, 600, 900, 1800];
/// Fewer turns than this prove nothing.
const TURNS_MIN: usize = 12;
/// A period explains at least this share of the variance, and a longer one so much more than a shorter.
const SHARE_MIN: f64 = 0.01;
const BETTER: f64 = 1.2;
/// Phases within so many standard errors of 1 are 1.
const ERRORS: f64 = 2.0;

/// The pattern that explains most, if one does.
pub fn find(counts: &[u32]) -> Option<Cycle> {
    let mut best: Option<(f64, Vec<f64>)> = None;
    for period in PERIODS.into_iter().filter(|period| counts.len() >= TURNS_MIN * period) {
        let (share, factors) = phases(counts, period);
        if share > best.as_ref().map_or(SHARE_MIN, |(least, _)| least * BETTER) {
            best = Some((share, factors));
        }
    }
    best.map(|(_, factors)| Cycle { factors })
}

/// The share of variance that the phases of a period explain, and their factors. Counts are taken relative to the mean of the
/// period around them, which leaves slower changes out.
fn phases(counts: &[u32], period: usize) -> (f64, Vec<f64>) {
    let mut cumulated = Vec::with_capacity(counts.len() + 1);
    cumulated.push(0u64);
    cumulated.extend(counts.iter().scan(0u64, |sum, &count| {
        *sum += u64::from(count);
        Some(*sum)
    }));
    let mut sums = vec![0.0; period];
    let mut turns = vec![0.0; period];
    let (mut n, mut squares) = (0.0, 0.0);
    for window in period / 2..counts.len().saturating_sub(period - period / 2) {
        let start = window - period / 2;
        let around = (cumulated[start + period] - cumulated[start]) as f64 / period as f64;
        if around > 0.0 {
            let off = f64::from(counts[window]) / around - 1.0;
            sums[window % period] += off;
            turns[window % period] += 1.0;
            n += 1.0;
            squares += off * off;
        }
    }
    let offs: Vec<f64> =
        sums.iter().zip(&turns).map(|(sum, &turns)| if turns > 0.0 { sum / turns } else { 0.0 }).collect();
    let between = offs.iter().map(|off| off * off).sum::<f64>() / period as f64;
    let variance = squares / f64::max(n, 1.0);
    if variance <= 0.0 {
        return (0.0, Vec::new());
    }
    let within = (variance - between).max(0.0);
    let chance = within * period as f64 / n;
    let error = chance.sqrt();
    let factors: Vec<f64> = offs.iter().map(|off| if off.abs() > ERRORS * error { 1.0 + off } else { 1.0 }).collect();
    let mean = factors.iter().sum::<f64>() / period as f64;
    let share = if between > 2.0 * chance { (between - chance) / variance } else { 0.0 };
    (share, factors.into_iter().map(|factor| (factor / mean).max(0.0)).collect())
}
