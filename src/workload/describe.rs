//! What a trace is like: how much, how regular, how bursty at which scale, when in the day.
//!
//! One pass, constant memory. Rates and dispersion are those of counts in windows of 1 s to 1 h, windows without an arrival included,
//! as many as the trace covers as a whole. A table of counts says how far it goes; any other trace is taken to go to the end of the
//! second of its last arrival.
//!
//! Source: index of dispersion of counts, Cox and Lewis, The Statistical Analysis of Series of Events (1966), section 4.5;
//! burstiness of gaps, Goh and Barabási, Burstiness and memory in complex systems (2008): (cv - 1) / (cv + 1), -1 for a
//! clock, 0 for a Poisson stream, towards 1 for bursts; autocorrelation, the usual estimator (Box and Jenkins, Time Series Analysis,
//! 1970, section 2.1): deviations from the mean of all, the sum over all pairs divided by all windows, never outside -1 to 1.

use super::picture::{bars, columns};
use super::trace::arrival::Arrival;
use crate::engine::time::Instant;
use serde::Serialize;
use std::fmt;

const SECOND: u64 = 1_000_000_000;
/// Lengths of windows, in seconds.
pub const WINDOWS_S: [u64; 5] = [1, 10, 60, 600, 3600];
/// Lags of the autocorrelation, in windows.
pub const LAGS: [usize; 5] = [1, 2, 5, 10, 30];
const LAG_MAX: usize = LAGS[LAGS.len() - 1];
const HOURS: usize = 24;
/// Stretches of the picture, at most.
const CURVE_MAX: usize = 64;
/// Its height in lines of a terminal.
const CURVE_LINES: usize = 8;

/// Takes arrivals in order of time.
#[derive(Clone, Debug)]
pub struct Describer {
    arrivals: u64,
    first: Option<Instant>,
    last: Instant,
    /// Where the trace ends, where it says so.
    end: Option<Instant>,
    gaps: Moments,
    scales: Vec<Scale>,
    hours: [u64; HOURS],
    curve: Curve,
    per_function: Vec<u64>,
    service: Moments,
}

/// The figures of a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    pub arrivals: u64,
    pub first_s: f64,
    pub last_s: f64,
    /// How long the trace is: windows and picture go so far.
    pub covered_s: f64,
    /// Arrivals over the time from zero to the last one.
    pub mean_rate_per_s: f64,
    /// Deviation over mean of the gaps between arrivals.
    pub gap_cv: f64,
    /// From -1 (a clock) over 0 (Poisson) towards 1.
    pub burstiness: f64,
    pub windows: Vec<Window>,
    /// Share of all arrivals in each hour of the day, counted from the zero of the trace.
    pub hour_shares: Vec<f64>,
    pub functions: usize,
    /// Share of all arrivals that the busiest function has.
    pub busiest_function_share: f64,
    /// Over arrivals that say how long they run.
    pub service_mean_s: Option<f64>,
    pub service_cv: Option<f64>,
    /// Arrivals in equal stretches of time, for a picture.
    pub curve: Vec<u64>,
    pub curve_stretch_s: f64,
}

/// Counts in windows of one length.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    pub length_s: u64,
    pub windows: u64,
    pub mean: f64,
    pub deviation: f64,
    /// Variance over mean: 1 for a Poisson stream.
    pub dispersion: f64,
    pub peak: u64,
    /// When the window with the peak began.
    pub peak_at_s: u64,
    pub peak_over_mean: f64,
    /// Share of windows without an arrival.
    pub empty_share: f64,
    /// Correlation of counts so many windows apart, for each of [`LAGS`]; `None` where the trace is too short.
    pub autocorrelation: Vec<Option<f64>>,
}

impl Default for Describer {
    fn default() -> Describer {
        Describer {
            arrivals: 0,
            first: None,
            last: Instant::ZERO,
            end: None,
            gaps: Moments::default(),
            scales: WINDOWS_S.iter().map(|&length_s| Scale::new(length_s)).collect(),
            hours: [0; HOURS],
            curve: Curve { stretch_ns: SECOND, counts: Vec::new() },
            per_function: Vec::new(),
            service: Moments::default(),
        }
    }
}

impl Describer {
    pub fn add(&mut self, arrival: &Arrival) {
        match self.first {
            None => self.first = Some(arrival.at),
            Some(_) => self.gaps.add(arrival.at.since(self.last).as_secs_f64()),
        }
        self.arrivals += 1;
        self.last = arrival.at;
        let ns = arrival.at.as_nanos();
        self.scales.iter_mut().for_each(|scale| scale.add(ns));
        self.hours[(ns / (3600 * SECOND)) as usize % HOURS] += 1;
        self.curve.add(ns);
        let function = arrival.function.index();
        if function >= self.per_function.len() {
            self.per_function.resize(function + 1, 0);
        }
        self.per_function[function] += 1;
        if let Some(service) = arrival.service {
            self.service.add(service.as_secs_f64());
        }
    }

    /// The trace tells of the time up to here, whether or not its last arrival lies there.
    pub fn covers(&mut self, end: Instant) {
        self.end = Some(end);
    }

    /// The figures; `None` when there was no arrival.
    pub fn finish(mut self) -> Option<Description> {
        let first = self.first?;
        let second = self.last.as_nanos() / SECOND;
        let end = self.end.map_or_else(|| (second + 1).saturating_mul(SECOND), Instant::as_nanos);
        self.scales.iter_mut().for_each(|scale| scale.advance(end / (scale.length_s * SECOND)));
        self.curve.reach(end.saturating_sub(1).max(self.last.as_nanos()));
        let whole = self.arrivals as f64;
        let last_s = self.last.as_secs_f64();
        let gap_cv = self.gaps.cv();
        let timed = self.service.n > 0.0;
        Some(Description {
            arrivals: self.arrivals,
            first_s: first.as_secs_f64(),
            last_s,
            covered_s: end as f64 / 1e9,
            mean_rate_per_s: if last_s > 0.0 { whole / last_s } else { 0.0 },
            gap_cv,
            burstiness: (gap_cv - 1.0) / (gap_cv + 1.0),
            windows: self.scales.iter().filter(|scale| scale.n > 0).map(Scale::window).collect(),
            hour_shares: self.hours.iter().map(|&count| count as f64 / whole).collect(),
            functions: self.per_function.iter().filter(|&&count| count > 0).count(),
            busiest_function_share: self.per_function.iter().max().map_or(0.0, |&most| most as f64 / whole),
            service_mean_s: timed.then_some(self.service.mean),
            service_cv: timed.then(|| self.service.cv()),
            curve_stretch_s: self.curve.stretch_ns as f64 / 1e9,
            curve: self.curve.counts,
        })
    }
}

/// Mean and variance in one pass (Welford 1962).
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.n += 1.0;
        let off = value - self.mean;
        self.mean += off / self.n;
        self.squares += off * (value - self.mean);
    }

    /// Deviation over mean; 0 where there is no mean.
    fn cv(&self) -> f64 {
        if self.n > 0.0 && self.mean > 0.0 { (self.squares / self.n).sqrt() / self.mean } else { 0.0 }
    }
}

/// Counts in windows of one length, as sums in integers: they neither round nor grow with the trace.
#[derive(Clone, Debug)]
struct Scale {
    length_s: u64,
    /// Number of the window being counted, and its count.
    current: u64,
    count: u64,
    n: u64,
    sum: u128,
    squares: u128,
    empty: u64,
    peak: (u64, u64),
    /// The first counts.
    head: [u64; LAG_MAX],
    /// The last counts, a ring.
    recent: [u64; LAG_MAX],
    products: [u128; LAGS.len()],
}

impl Scale {
    fn new(length_s: u64) -> Scale {
        Scale {
            length_s,
            current: 0,
            count: 0,
            n: 0,
            sum: 0,
            squares: 0,
            empty: 0,
            peak: (0, 0),
            head: [0; LAG_MAX],
            recent: [0; LAG_MAX],
            products: [0; LAGS.len()],
        }
    }

    #[inline]
    fn add(&mut self, ns: u64) {
        self.advance(ns / (self.length_s * SECOND));
        self.count += 1;
    }

    /// Closes all windows before this one.
    #[inline]
    fn advance(&mut self, window: u64) {
        if window > self.current {
            // Closing a window goes on to the next, which may still lie before the one asked for.
            self.close();
            self.skip(window - self.current);
        }
    }

    fn close(&mut self) {
        let count = std::mem::take(&mut self.count);
        for (product, lag) in self.products.iter_mut().zip(LAGS) {
            if self.n >= lag as u64 {
                let before = self.recent[((self.n - lag as u64) % LAG_MAX as u64) as usize];
                *product += u128::from(count) * u128::from(before);
            }
        }
        if let Some(head) = self.head.get_mut(self.n as usize) {
            *head = count;
        }
        self.recent[(self.n % LAG_MAX as u64) as usize] = count;
        self.n += 1;
        self.sum += u128::from(count);
        self.squares += u128::from(count) * u128::from(count);
        self.empty += u64::from(count == 0);
        if count > self.peak.0 {
            self.peak = (count, self.current);
        }
        self.current += 1;
    }

    /// Passes over so many empty windows; as soon as nothing but empty ones is remembered, over all at once.
    fn skip(&mut self, empty: u64) {
        let singly = empty.min(LAG_MAX as u64);
        (0..singly).for_each(|_| self.close());
        let rest = empty - singly;
        self.n += rest;
        self.empty += rest;
        self.current += rest;
    }

    fn window(&self) -> Window {
        let n = self.n as f64;
        let mean = self.sum as f64 / n;
        let variance = (self.squares as f64 / n - mean * mean).max(0.0);
        let correlation = |product: u128, lag: usize| {
            let pairs = self.n.checked_sub(lag as u64).filter(|&pairs| pairs >= 2 * lag as u64 && pairs > 1)?;
            // The later ones of all pairs lack the first `lag` counts, the earlier ones the last.
            let last = (1..=lag as u64).map(|back| self.recent[((self.n - back) % LAG_MAX as u64) as usize]);
            let lacking: u128 = self.head[..lag].iter().copied().chain(last).map(u128::from).sum();
            let covariance = product as f64 - mean * (2 * self.sum - lacking) as f64 + pairs as f64 * mean * mean;
            // Rounding may put the last digit of a perfect correlation beyond 1.
            (variance > 0.0).then(|| (covariance / (n * variance)).clamp(-1.0, 1.0))
        };
        Window {
            length_s: self.length_s,
            windows: self.n,
            mean,
            deviation: variance.sqrt(),
            dispersion: if mean > 0.0 { variance / mean } else { 0.0 },
            peak: self.peak.0,
            peak_at_s: self.peak.1 * self.length_s,
            peak_over_mean: if mean > 0.0 { self.peak.0 as f64 / mean } else { 0.0 },
            empty_share: self.empty as f64 / n,
            autocorrelation: self.products.iter().zip(LAGS).map(|(&product, lag)| correlation(product, lag)).collect(),
        }
    }
}

/// Arrivals in equal stretches, which double in length whenever there would be too many.
#[derive(Clone, Debug)]
struct Curve {
    stretch_ns: u64,
    counts: Vec<u64>,
}

impl Curve {
    fn add(&mut self, ns: u64) {
        let stretch = self.reach(ns);
        self.counts[stretch] += 1;
    }

    /// Goes on to the stretch of this instant; its number.
    fn reach(&mut self, ns: u64) -> usize {
        while ns / self.stretch_ns >= CURVE_MAX as u64 {
            self.counts = self.counts.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.stretch_ns *= 2;
        }
        let stretch = (ns / self.stretch_ns) as usize;
        if stretch >= self.counts.len() {
            self.counts.resize(stretch + 1, 0);
        }
        stretch
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "arrivals {}, from {:.3} s to {:.3} s", self.arrivals, self.first_s, self.last_s)?;
        writeln!(f, "mean rate {:.3}/s", self.mean_rate_per_s)?;
        writeln!(f, "gaps: deviation / mean {:.3}, burstiness {:.3}", self.gap_cv, self.burstiness)?;
        writeln!(f, "functions {}, the busiest has {:.1} %", self.functions, 100.0 * self.busiest_function_share)?;
        if let (Some(mean), Some(cv)) = (self.service_mean_s, self.service_cv) {
            writeln!(f, "service time: mean {mean:.6} s, deviation / mean {cv:.3}")?;
        }
        writeln!(
            f,
            "\nwindow_s  windows      mean   deviation  dispersion      peak  peak/mean  empty  autocorrelation at {LAGS:?}"
        )?;
        for window in &self.windows {
            let lags: Vec<String> = window
                .autocorrelation
                .iter()
                .map(|value| value.map_or("-".to_owned(), |r| format!("{r:.2}")))
                .collect();
            writeln!(
                f,
                "{:>8} {:>8} {:>9.2} {:>11.2} {:>11.2} {:>9} {:>10.2} {:>5.1}%  {}",
                window.length_s,
                window.windows,
                window.mean,
                window.deviation,
                window.dispersion,
                window.peak,
                window.peak_over_mean,
                100.0 * window.empty_share,
                lags.join(" ")
            )?;
        }
        let rates: Vec<f64> = self.curve.iter().map(|&count| count as f64 / self.curve_stretch_s).collect();
        let end = format!("{:.0} s", self.covered_s);
        let picture = columns(&rates, CURVE_LINES, ("0 s", &end));
        writeln!(f, "\nrate per second, each column {:.0} s\n{picture}", self.curve_stretch_s)?;
        write!(f, "\nday, each bar one hour\n|{}|", bars(self.hour_shares.iter().copied()))
    }
}

#[cfg(test)]
#[path = "describe_tests.rs"]
mod tests;
