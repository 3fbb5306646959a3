//! Arrivals from counts: so many requests in each second, minute or hour, as public traces and planners state them.
//!
//! A count says nothing about when in its period the requests came, so that is a choice: all at the start (as published
//! simulators that step by whole seconds do), evenly, evenly but shifted by the rank of the source, at independent uniform
//! instants, or as a Poisson stream with that
//! many expected (where the number is random too).
//!
//! Uniform instants are drawn in ascending order, each from the least of those still to come (Bentley and Saxe,
//! Generating sorted lists of random numbers, 1980): nothing is stored and nothing sorted, however many there are.

use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use std::sync::Arc;

/// Where in their period requests arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// All at the start.
    Start,
    /// At equal distances, the first at the start.
    Evenly,
    /// At equal distances, the first after `rank / of` of one, so that sources of equal counts do not ask as one.
    Rank { rank: u32, of: u32 },
    /// Independently, each instant as likely.
    Uniform,
    /// As a Poisson stream: the count is what is expected.
    Poisson,
}

/// Counts per period and how to read them.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub counts: Arc<[u32]>,
    pub period: Span,
    pub spread: Spread,
    /// Counts are divided by this first, dropping the rest, as the published simulators thin their traces.
    pub divisor: u32,
    /// Then multiplied by this; a number of requests drops the fraction.
    pub scale: f64,
    /// The period to begin with, which then starts at zero.
    pub offset: usize,
    /// Whether the first count follows the last.
    pub repeat: bool,
}

impl Recorded {
    /// The counts as they are, each spread over `period`, once.
    pub fn plain(counts: impl Into<Arc<[u32]>>, period: Span, spread: Spread) -> Recorded {
        Recorded { counts: counts.into(), period, spread, divisor: 1, scale: 1.0, offset: 0, repeat: false }
    }

    /// Requests expected in period `k`.
    fn expected(&self, k: usize) -> f64 {
        f64::from(self.counts[k] / self.divisor) * self.scale
    }

    /// Requests in period `k`. What lies within 1e-9 of a whole number is one, so that 100 times 0.29 is 29.
    fn requests(&self, k: usize) -> u64 {
        (self.expected(k) + 1e-9) as u64
    }
}

/// Arrivals from counts.
#[derive(Clone, Debug)]
pub struct Counts {
    recorded: Recorded,
    current: usize,
    start: Instant,
    place: Place,
}

/// How far the present period is done.
#[derive(Clone, Copy, Debug)]
enum Place {
    Start {
        left: u64,
    },
    /// The next instant is `at`; then `gap` further on, and one more whenever `carry` reaches `whole`.
    Evenly {
        left: u64,
        at: u64,
        gap: u64,
        rest: u128,
        carry: u128,
        whole: u128,
    },
    /// The share of the period that lies after the last instant.
    Uniform {
        left: u64,
        ahead: f64,
    },
    /// The share of the period that lies before the last instant, and what is expected of the whole of it.
    Poisson {
        done: f64,
        expected: f64,
    },
}

impl Counts {
    pub fn new(recorded: Recorded) -> Result<Counts, Unfit> {
        let periods = recorded.counts.len();
        if recorded.period.is_zero() {
            return Err(Unfit::new("period", recorded.period, "a length of time above zero"));
        }
        if recorded.divisor == 0 {
            return Err(Unfit::new("divisor", 0, "one or more"));
        }
        Unfit::unless_positive("scale", recorded.scale)?;
        if recorded.offset >= periods {
            return Err(Unfit::new("offset", recorded.offset, "a period that the counts hold"));
        }
        if let Spread::Rank { rank, of } = recorded.spread
            && rank >= of
        {
            return Err(Unfit::new("rank", format!("{rank} of {of}"), "a rank below the number of ranks"));
        }
        let asks = |k: usize| match recorded.spread {
            Spread::Poisson => recorded.expected(k) > 0.0,
            _ => recorded.requests(k) > 0,
        };
        if recorded.repeat && !(0..periods).any(asks) {
            return Err(Unfit::new("counts", "no request in any period", "a request to repeat"));
        }
        let place = Place::enter(&recorded, recorded.offset);
        Ok(Counts { current: recorded.offset, recorded, start: Instant::ZERO, place })
    }

    #[inline]
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        let mut unit = match self.place {
            Place::Poisson { .. } => rng.exponential(),
            _ => 0.0,
        };
        loop {
            if let Some(into_ns) = self.place.next(self.recorded.period.as_nanos(), &mut unit, rng) {
                let at = self.start.saturating_add(Span::from_nanos(into_ns));
                return (at < Instant::FAR).then_some(at);
            }
            self.turn()?;
        }
    }

    /// Goes on to the next period; `None` after the last.
    fn turn(&mut self) -> Option<()> {
        let following = self.current + 1;
        if following < self.recorded.counts.len() {
            self.current = following;
        } else if self.recorded.repeat {
            self.current = 0;
        } else {
            return None;
        }
        self.start = self.start.saturating_add(self.recorded.period);
        self.place = Place::enter(&self.recorded, self.current);
        (self.start < Instant::FAR).then_some(())
    }
}

impl Place {
    fn enter(recorded: &Recorded, period: usize) -> Place {
        let requests = recorded.requests(period);
        match recorded.spread {
            Spread::Start => Place::Start { left: requests },
            Spread::Evenly => Place::evenly(requests, recorded.period, 0, 1),
            Spread::Rank { rank, of } => Place::evenly(requests, recorded.period, rank, of),
            Spread::Uniform => Place::Uniform { left: requests, ahead: 1.0 },
            Spread::Poisson => Place::Poisson { done: 0.0, expected: recorded.expected(period) },
        }
    }

    /// Instants (k + rank / of) / requests of the period, rounded down.
    fn evenly(requests: u64, period: Span, rank: u32, of: u32) -> Place {
        let (ns, among) = (period.as_nanos(), requests.max(1));
        let whole = u128::from(among) * u128::from(of);
        let lead = u128::from(rank) * u128::from(ns);
        let step = u128::from(of) * u128::from(ns);
        // The rank is below the number of ranks, so both quotients are at most the period.
        let (at, gap) = ((lead / whole) as u64, (step / whole) as u64);
        Place::Evenly { left: requests, at, gap, rest: step % whole, carry: lead % whole, whole }
    }

    /// The next instant, in nanoseconds from the start of the period; `None` when it has no more. `unit` is what a
    /// Poisson stream still expects before its next request, of which an exhausted period takes its part.
    #[inline]
    fn next(&mut self, period_ns: u64, unit: &mut f64, rng: &mut Rng) -> Option<u64> {
        match self {
            Place::Start { left: 0 } | Place::Evenly { left: 0, .. } | Place::Uniform { left: 0, .. } => None,
            Place::Start { left } => {
                *left -= 1;
                Some(0)
            }
            Place::Evenly { left, at, gap, rest, carry, whole } => {
                let now = *at;
                *left -= 1;
                *at += *gap;
                *carry += *rest;
                if *carry >= *whole {
                    *carry -= *whole;
                    *at += 1;
                }
                Some(now)
            }
            Place::Uniform { left, ahead } => {
                // The least of n uniform instants leaves a share of U^(1/n) after it.
                *ahead *= libm::exp(libm::log(rng.uniform_open()) / *left as f64);
                *left -= 1;
                Some(share_of(period_ns, 1.0 - *ahead))
            }
            Place::Poisson { done, expected } => {
                let remaining = *expected * (1.0 - *done);
                if *unit >= remaining {
                    *unit -= remaining;
                    *done = 1.0;
                    return None;
                }
                *done += *unit / *expected;
                Some(share_of(period_ns, *done))
            }
        }
    }
}

/// A share of a period in whole nanoseconds, always before its end.
#[inline]
fn share_of(period_ns: u64, share: f64) -> u64 {
    ((period_ns as f64 * share) as u64).min(period_ns - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;
    use proptest::prelude::*;

    fn arrivals(recorded: Recorded) -> Vec<u64> {
        let mut counts = Counts::new(recorded).unwrap();
        let mut rng = Rng::seeded(3);
        std::iter::from_fn(|| counts.next(&mut rng)).map(Instant::as_nanos).take(100_000).collect()
    }

    fn ns(period: u64) -> Span {
        Span::from_nanos(period)
    }

    #[test]
    fn a_count_is_spread_over_its_period() {
        let recorded = |spread| Recorded::plain([2, 0, 3], ns(10), spread);
        assert_eq!(arrivals(recorded(Spread::Start)), [0, 0, 20, 20, 20]);
        assert_eq!(arrivals(recorded(Spread::Evenly)), [0, 5, 20, 23, 26]);
        assert_eq!(arrivals(recorded(Spread::Rank { rank: 1, of: 2 })), [2, 7, 21, 25, 28]);
        assert_eq!(arrivals(recorded(Spread::Rank { rank: 3, of: 4 })), [3, 8, 22, 25, 29]);
    }

    #[test]
    fn counts_are_divided_then_scaled_dropping_fractions() {
        let recorded = Recorded { divisor: 16, ..Recorded::plain([15, 16, 47], ns(10), Spread::Start) };
        assert_eq!(arrivals(recorded.clone()), [10, 20, 20]);
        assert_eq!(arrivals(Recorded { scale: 1.5, ..recorded }), [10, 20, 20, 20]);
        let exact = Recorded { scale: 0.29, ..Recorded::plain([100], ns(10), Spread::Start) };
        assert_eq!(arrivals(exact).len(), 29);
    }

    #[test]
    fn an_offset_begins_at_zero_and_a_repeat_begins_at_the_first_count() {
        let recorded = Recorded { offset: 2, ..Recorded::plain([1, 0, 2], ns(10), Spread::Start) };
        assert_eq!(arrivals(recorded.clone()), [0, 0]);
        let repeated = arrivals(Recorded { repeat: true, ..recorded });
        assert_eq!(repeated[..6], [0, 0, 10, 30, 30, 40]);
    }

    #[test]
    fn uniform_instants_are_uniform() {
        let n = 50_000u32;
        let found = arrivals(Recorded::plain([n], ns(1_000_000_007), Spread::Uniform));
        assert_eq!(found.len(), n as usize);
        // Kolmogorov and Smirnov: 1.95 / sqrt(n) is passed by one correct sample in a thousand, and the seed is fixed.
        let apart =
            found.iter().enumerate().map(|(k, &at)| (at as f64 / 1_000_000_007.0 - k as f64 / f64::from(n)).abs());
        assert!(apart.fold(0.0, f64::max) < 1.95 / f64::from(n).sqrt());
    }

    #[test]
    fn each_of_few_uniform_instants_has_its_own_mean() {
        let periods = 20_000;
        let found = arrivals(Recorded::plain(vec![3; periods], ns(1_000_000), Spread::Uniform));
        for k in 0..3 {
            let mean = found.iter().skip(k).step_by(3).map(|at| at % 1_000_000).sum::<u64>() as f64 / periods as f64;
            assert!((mean - 250_000.0 * (k + 1) as f64).abs() < 7_000.0, "{k}: {mean}");
        }
    }

    #[test]
    fn a_poisson_stream_has_the_counts_as_its_means_and_variances() {
        let periods = 20_000usize;
        let counts: Vec<u32> = (0..periods).map(|k| if k % 2 == 0 { 3 } else { 1 }).collect();
        let recorded = Recorded { scale: 0.5, ..Recorded::plain(counts, ns(1_000_000), Spread::Poisson) };
        let mut seen = vec![0f64; periods];
        arrivals(recorded).iter().for_each(|at| seen[(at / 1_000_000) as usize] += 1.0);
        for (parity, expected) in [(0, 1.5), (1, 0.5)] {
            let own: Vec<f64> = seen.iter().skip(parity).step_by(2).copied().collect();
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            let variance = own.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / own.len() as f64;
            assert!((mean - expected).abs() < 0.06, "{mean}");
            assert!((variance - expected).abs() < 0.12, "{variance}");
        }
    }

    #[test]
    fn counts_that_make_no_sense_are_refused() {
        let plain = Recorded::plain([1], ns(10), Spread::Start);
        for (parameter, recorded) in [
            ("period", Recorded { period: Span::ZERO, ..plain.clone() }),
            ("divisor", Recorded { divisor: 0, ..plain.clone() }),
            ("scale", Recorded { scale: f64::NAN, ..plain.clone() }),
            ("offset", Recorded { offset: 1, ..plain.clone() }),
            ("offset", Recorded { counts: [].into(), ..plain.clone() }),
            ("rank", Recorded { spread: Spread::Rank { rank: 2, of: 2 }, ..plain.clone() }),
            ("counts", Recorded { divisor: 2, repeat: true, ..plain.clone() }),
        ] {
            assert_eq!(Counts::new(recorded).map(drop).unwrap_err().parameter, parameter);
        }
    }

    proptest! {
        #[test]
        fn every_request_lies_in_its_own_period_in_order_of_time(
            counts in prop::collection::vec(0u32..50, 1..30),
            period in 1u64..5_000,
            spread in prop::sample::select(vec![Spread::Start, Spread::Evenly, Spread::Uniform]),
        ) {
            let found = arrivals(Recorded::plain(counts.clone(), ns(period), spread));
            prop_assert!(found.is_sorted());
            for (k, &count) in counts.iter().enumerate() {
                let own = found.iter().filter(|&&at| at / period == k as u64).count();
                prop_assert_eq!(own, count as usize);
            }
        }
    }
}
