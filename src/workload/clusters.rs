//! Bursts at random, alone or together: a crowd comes to one service, or, after an outage or a mailing, to many at once.
//!
//! Bursts begin as a Poisson stream; each has a number of requests, and each request comes some time after the beginning of
//! its burst. Sources that share bursts draw their beginnings from one stream and everything else from their own, so their
//! requests are correlated and yet not the same. With only a share s of the bursts shared, the counts of two such
//! sources in long windows have the correlation s E[N]² / E[N²]; the index of dispersion of each is E[N²] / E[N].
//!
//! Source: Neyman and Scott, Statistical approach to problems of cosmology (1958); Cox and Isham, Point Processes (1980),
//! section 3.4.

use crate::engine::law::Law;
use crate::engine::random::{Rng, Streams};
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::source::advance;

/// Most requests in one burst, so that a law with a heavy tail cannot fill the memory.
pub const SIZE_MAX: f64 = 1e7;
/// A mean below this would look for a request for ever.
const SIZE_MEAN_LEAST: f64 = 1e-4;

/// Bursts of a source.
#[derive(Clone, Debug)]
pub struct Clusters {
    size: Law,
    spread_s: Law,
    /// The name under which bursts are shared.
    together: Option<String>,
    own: Beginnings,
    shared: Beginnings,
    /// Requests of bursts that have begun.
    pending: BinaryHeap<Reverse<Instant>>,
}

/// A Poisson stream of beginnings. The first instant stands for the stream before it has been asked.
#[derive(Clone, Debug)]
struct Beginnings {
    /// Infinite where there are none.
    gap_s_mean: f64,
    clock: Instant,
    next: Option<Instant>,
    rng: Option<Rng>,
}

impl Clusters {
    /// `rate_per_s` bursts of `size` requests each, which come `spread_s` after the beginning of their burst. `together` names
    /// bursts that are shared, and the share of all that they are.
    ///
    /// # Errors
    /// A rate that is not above zero, a share that is none, a law of sizes of (nearly) no requests.
    pub fn new(rate_per_s: f64, size: Law, spread_s: Law, together: Option<(String, f64)>) -> Result<Clusters, Unfit> {
        let rate = Unfit::unless_positive("rate", rate_per_s)?;
        if size.mean() < SIZE_MEAN_LEAST {
            return Err(Unfit::new("size", size.mean(), "a law with a mean of at least 0.0001 requests"));
        }
        let share = together.as_ref().map_or(0.0, |&(_, share)| share);
        if !(0.0..=1.0).contains(&share) {
            return Err(Unfit::new("share", share, "a share from 0 to 1"));
        }
        Ok(Clusters {
            size,
            spread_s,
            together: together.map(|(name, _)| name),
            own: Beginnings::new(rate * (1.0 - share)),
            shared: Beginnings::new(rate * share),
            pending: BinaryHeap::new(),
        })
    }

    /// Finds the streams of beginnings: the source's own, and that of the name under which they are shared.
    pub(super) fn begin(&mut self, source: &str, streams: &Streams) {
        self.own.begin(streams.stream("bursts", source));
        // Another purpose: a source may be called as what it shares.
        let shared = self.together.as_deref().unwrap_or_default();
        self.shared.begin(streams.stream("shared bursts", shared));
    }

    #[inline]
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        loop {
            let own_first = self.own.next.unwrap_or(Instant::FAR) <= self.shared.next.unwrap_or(Instant::FAR);
            let beginnings = if own_first { &mut self.own } else { &mut self.shared };
            let pending = self.pending.peek().map(|&Reverse(at)| at);
            match (beginnings.next, pending) {
                (None, None) => return None,
                // What begins now may ask at once, so it is looked at before what is pending for the same instant.
                (Some(begins), pending) if pending.is_none_or(|at| begins <= at) => {
                    beginnings.turn();
                    self.burst(begins, rng);
                }
                _ => {
                    self.pending.pop();
                    return pending;
                }
            }
        }
    }

    /// Draws a burst that begins at this instant. What lies past the end of time does not come.
    fn burst(&mut self, begins: Instant, rng: &mut Rng) {
        let size = (self.size.draw(rng).min(SIZE_MAX) + rng.uniform()) as u64;
        for _ in 0..size {
            let after = Span::from_secs_f64(self.spread_s.draw(rng));
            let at = after.map_or(Instant::FAR, |after| begins.saturating_add(after));
            if at < Instant::FAR {
                self.pending.push(Reverse(at));
            }
        }
    }
}

impl Beginnings {
    fn new(rate_per_s: f64) -> Beginnings {
        Beginnings { gap_s_mean: 1.0 / rate_per_s, clock: Instant::ZERO, next: None, rng: None }
    }

    fn begin(&mut self, rng: Rng) {
        self.rng = Some(rng);
        self.turn();
    }

    /// Goes on to the next beginning.
    fn turn(&mut self) {
        let rng = self.rng.as_mut().filter(|_| self.gap_s_mean.is_finite());
        self.next = rng.and_then(|rng| advance(&mut self.clock, self.gap_s_mean * rng.exponential()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(value: f64) -> Law {
        Law::constant(value).unwrap()
    }

    fn started(source: &str, clusters: Clusters) -> (Clusters, Rng) {
        let (mut clusters, streams) = (clusters, Streams::new(5, 0));
        clusters.begin(source, &streams);
        (clusters, streams.stream("arrivals", source))
    }

    /// Counts in windows of so many seconds.
    fn counts(source: &str, clusters: Clusters, window_s: u64, windows: usize) -> Vec<f64> {
        let (mut clusters, mut rng) = started(source, clusters);
        let mut counts = vec![0.0; windows];
        let mut last = Instant::ZERO;
        while let Some(at) = clusters.next(&mut rng) {
            assert!(at >= last, "time runs forward");
            last = at;
            match counts.get_mut((at.as_nanos() / (window_s * 1_000_000_000)) as usize) {
                Some(count) => *count += 1.0,
                None => break,
            }
        }
        counts
    }

    fn moments(counts: &[f64]) -> (f64, f64) {
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        (mean, counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / n)
    }

    #[test]
    fn a_burst_has_its_size_and_its_spread() {
        let (mut clusters, mut rng) = started("web", Clusters::new(1e-3, law(3.0), law(2.0), None).unwrap());
        let first: Vec<Instant> = (0..6).filter_map(|_| clusters.next(&mut rng)).collect();
        assert!(first[..3].iter().all(|&at| at == first[0]) && first[3..].iter().all(|&at| at == first[3]));
        assert!(first[3] > first[0]);
    }

    #[test]
    fn mean_and_dispersion_are_those_of_the_theory() {
        // Sizes geometric-like: 1 + exponential(4), brought to whole numbers at random.
        let clusters =
            Clusters::new(0.5, Law::exponential(5.0).unwrap(), Law::exponential(0.5).unwrap(), None).unwrap();
        let (mean, variance) = moments(&counts("web", clusters, 100, 20_000));
        assert!((mean / (0.5 * 5.0 * 100.0) - 1.0).abs() < 0.01, "{mean}");
        // E[N²] of a whole number made at random from X: E[X²] + E[frac (1 - frac)], the latter 1/6 but for 1 %.
        let expected = (2.0 * 25.0 + 1.0 / 6.0) / 5.0;
        assert!((variance / mean / expected - 1.0).abs() < 0.04, "{} against {expected}", variance / mean);
    }

    #[test]
    fn shared_bursts_correlate_sources_by_their_share() {
        let with = |share: f64| Clusters::new(0.2, law(10.0), law(1.0), Some(("outage".into(), share))).unwrap();
        let windows = 20_000;
        for share in [0.0, 0.4, 1.0] {
            let [a, b] = ["web", "shop"].map(|source| counts(source, with(share), 50, windows));
            let ((mean_a, var_a), (mean_b, var_b)) = (moments(&a), moments(&b));
            assert!((mean_a / 100.0 - 1.0).abs() < 0.02 && (mean_b / 100.0 - 1.0).abs() < 0.02, "{mean_a} {mean_b}");
            let pairs = a.iter().zip(&b).map(|(a, b)| (a - mean_a) * (b - mean_b));
            let correlation = pairs.sum::<f64>() / windows as f64 / (var_a * var_b).sqrt();
            assert!((correlation - share).abs() < 0.03, "{correlation}, shared {share}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let parameter = |rate, size, share| {
            Clusters::new(rate, law(size), law(1.0), Some(("x".into(), share))).map(drop).unwrap_err().parameter
        };
        assert_eq!(parameter(0.0, 1.0, 0.5), "rate");
        assert_eq!(parameter(1.0, 0.0, 0.5), "size");
        assert_eq!(parameter(1.0, 1.0, 1.5), "share");
        assert_eq!(parameter(1.0, 1.0, f64::NAN), "share");
    }
}
