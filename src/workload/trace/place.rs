//! Where in its period a counted request arrives.
//!
//! A table of counts says how many and not when. The choices: all at the start (published simulators that step by whole
//! periods), at equal distances, by rank (at equal distances, each function shifted by its rank, so that a thousand
//! functions with one request a minute do not ask at the same instant), independently uniform, or as a Poisson stream in
//! which the count is only what is expected.

use crate::engine::random::Rng;
use crate::engine::time::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The choice of instants within a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// All at the start.
    Start,
    /// At equal distances, the first at the start.
    Evenly,
    /// At equal distances, the first after rank / functions of one.
    Rank,
    /// Independently, each instant as likely.
    #[default]
    Uniform,
    /// As a Poisson stream: the count is what is expected.
    Poisson,
}

impl Placement {
    pub const ALL: [Placement; 5] =
        [Placement::Start, Placement::Evenly, Placement::Rank, Placement::Uniform, Placement::Poisson];

    pub const fn name(self) -> &'static str {
        match self {
            Placement::Start => "start",
            Placement::Evenly => "evenly",
            Placement::Rank => "rank",
            Placement::Uniform => "uniform",
            Placement::Poisson => "poisson",
        }
    }

    pub fn of(name: &str) -> Option<Placement> {
        Placement::ALL.into_iter().find(|placement| placement.name() == name)
    }

    /// Hands the instants of `count` requests, in nanoseconds from the start of a period, to `put`; each below `period`.
    /// `rank` is the number of the function among `functions`.
    #[inline]
    pub fn each(self, count: u64, period: Span, rank: (u64, u64), rng: &mut Rng, mut put: impl FnMut(u64)) {
        let ns = period.as_nanos();
        match self {
            Placement::Start => (0..count).for_each(|_| put(0)),
            Placement::Evenly => even(count, ns, (0, 1), put),
            Placement::Rank => even(count, ns, rank, put),
            Placement::Uniform => (0..count).for_each(|_| put(rng.below(ns))),
            Placement::Poisson => {
                let mut expected = rng.exponential();
                while expected < count as f64 {
                    put(((expected / count as f64 * ns as f64) as u64).min(ns - 1));
                    expected += rng.exponential();
                }
            }
        }
    }
}

/// Instant (k + rank / ranks) / count of the period, rounded down.
fn even(count: u64, ns: u64, (rank, ranks): (u64, u64), mut put: impl FnMut(u64)) {
    let whole = u128::from(count) * u128::from(ranks);
    for k in 0..count {
        let part = u128::from(k) * u128::from(ranks) + u128::from(rank);
        put((part * u128::from(ns) / whole) as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(placement: Placement, count: u64, rank: (u64, u64)) -> Vec<u64> {
        let mut instants = Vec::new();
        placement.each(count, Span::from_nanos(120), rank, &mut Rng::seeded(1), |at| instants.push(at));
        instants
    }

    #[test]
    fn instants_lie_as_their_rule_says() {
        assert_eq!(placed(Placement::Start, 3, (2, 4)), [0, 0, 0]);
        assert_eq!(placed(Placement::Evenly, 3, (2, 4)), [0, 40, 80]);
        assert_eq!(placed(Placement::Rank, 3, (2, 4)), [20, 60, 100]);
        assert_eq!(placed(Placement::Rank, 1, (3, 4)), [90]);
        for placement in Placement::ALL {
            assert!(placed(placement, 0, (0, 1)).is_empty());
            assert!(placed(placement, 5_000, (4, 5)).iter().all(|&at| at < 120));
            assert_eq!(Placement::of(placement.name()), Some(placement));
        }
    }

    #[test]
    fn uniform_keeps_the_count_and_poisson_its_mean() {
        let mut rng = Rng::seeded(5);
        let (mut uniform, mut poisson, mut square) = (0u64, 0f64, 0f64);
        let rounds = 20_000;
        for _ in 0..rounds {
            Placement::Uniform.each(4, Span::from_secs(1), (0, 1), &mut rng, |_| uniform += 1);
            let mut seen = 0.0;
            Placement::Poisson.each(4, Span::from_secs(1), (0, 1), &mut rng, |_| seen += 1.0);
            poisson += seen;
            square += seen * seen;
        }
        let mean = poisson / f64::from(rounds);
        let variance = square / f64::from(rounds) - mean * mean;
        assert_eq!(uniform, 80_000);
        assert!((mean - 4.0).abs() < 0.07 && (variance - 4.0).abs() < 0.2, "{mean} {variance}");
    }
}
