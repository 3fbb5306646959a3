//! One house of chance: named streams on PCG, and drawing whose logarithms and exponentials come from `libm`.
//!
//! A stream is seeded from (seed, replication, purpose, owner) by SHA-256, so it is the same whatever other streams
//! exist and in whatever order they are asked for. `rand_pcg` fixes the generator and `libm` the elementary functions:
//! a seed printed in a paper gives the same draws on another machine and next year.

use rand_pcg::rand_core::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};

/// The generator of every stream: PCG XSL RR 128/64 (O'Neill, 2014).
#[derive(Clone, Debug)]
pub struct Rng(rand_pcg::Pcg64);

/// The streams of one run: every one is a pure function of the seed, the replication and its own name.
#[derive(Clone, Debug)]
pub struct Streams {
    seed: u64,
    replication: u64,
}

impl Streams {
    pub fn new(seed: u64, replication: u64) -> Streams {
        Streams { seed, replication }
    }

    /// The stream for `purpose` (what is drawn, such as `"arrivals"`) and `owner` (whose it is, such as a function's name).
    pub fn stream(&self, purpose: &str, owner: &str) -> Rng {
        Rng::from_digest(self.digest(purpose, owner))
    }

    /// A family of draws keyed by number, for draws whose order a strategy can change.
    pub fn keyed(&self, purpose: &str, owner: &str) -> Keyed {
        let digest = self.digest(purpose, owner);
        Keyed { key: u128::from_be_bytes(digest[..16].try_into().expect("a SHA-256 digest has 32 bytes")) }
    }

    fn digest(&self, purpose: &str, owner: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.replication.to_be_bytes());
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        hash.update((purpose.len() as u64).to_be_bytes());
        hash.update(purpose.as_bytes());
        hash.update(owner.as_bytes());
        hash.finalize().into()
    }
}

/// Draws addressed by a number instead of by their order.
#[derive(Clone, Debug)]
pub struct Keyed {
    key: u128,
}

impl Keyed {
    /// The stream of item `k`, the same whenever it is asked for.
    #[inline]
    pub fn at(&self, k: u64) -> Rng {
        // Two rounds of SplitMix64 spread neighbouring numbers over the state; PCG mixes again on output.
        let low = split_mix(k ^ self.key as u64);
        let high = split_mix(low ^ (self.key >> 64) as u64);
        Rng(rand_pcg::Pcg64::new(u128::from(high) << 64 | u128::from(low), self.key))
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that spreads neighbours.
#[inline]
fn split_mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// A stream from a bare seed, for tests and for planners that document their own seed.
    pub fn seeded(seed: u64) -> Rng {
        Rng(rand_pcg::Pcg64::seed_from_u64(seed))
    }

    fn from_digest(digest: [u8; 32]) -> Rng {
        Rng(rand_pcg::Pcg64::from_seed(digest))
    }

    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), 53 bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in (0, 1], for logarithms.
    #[inline]
    pub fn uniform_open(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in 0..n by multiplication and rejection (Lemire 2019). The caller has ensured `n > 0`.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        debug_assert!(n > 0, "a draw below nothing");
        let mut wide = u128::from(self.next_u64()) * u128::from(n);
        if (wide as u64) < n {
            let floor = n.wrapping_neg() % n;
            while (wide as u64) < floor {
                wide = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (wide >> 64) as u64
    }

    /// Exponential with mean 1 by inversion.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -libm::log(self.uniform_open())
    }

    /// Standard normal by Box-Muller; the second value of the pair is dropped so that a draw has no memory.
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.uniform_open()));
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }
}

/// Lets `rand_distr` and `rand`'s own extension methods draw from a stream.
impl rand_pcg::rand_core::TryRng for Rng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_unmoved_by_its_neighbours() {
        let streams = Streams::new(7, 0);
        let mut alone = streams.stream("arrivals", "web");
        let mut neighbour = streams.stream("arrivals", "api");
        let mut again = streams.stream("arrivals", "web");
        for _ in 0..100 {
            neighbour.next_u64();
            assert_eq!(alone.next_u64(), again.next_u64());
        }
        assert_ne!(streams.stream("arrivals", "web").next_u64(), streams.stream("service", "web").next_u64());
        assert_ne!(
            streams.stream("arrivals", "web").next_u64(),
            Streams::new(7, 1).stream("arrivals", "web").next_u64()
        );
    }

    #[test]
    fn a_keyed_draw_does_not_depend_on_order() {
        let keyed = Streams::new(1, 2).keyed("failure", "web");
        let forward: Vec<u64> = (0..50).map(|k| keyed.at(k).next_u64()).collect();
        let backward: Vec<u64> = (0..50).rev().map(|k| keyed.at(k).next_u64()).collect();
        assert!(forward.iter().eq(backward.iter().rev()));
    }

    #[test]
    fn moments_of_the_basic_draws_are_right() {
        let mut rng = Rng::seeded(1);
        let n = 200_000;
        let mean = |draw: &mut dyn FnMut() -> f64| (0..n).map(|_| draw()).sum::<f64>() / f64::from(n);
        assert!((mean(&mut || rng.uniform()) - 0.5).abs() < 0.005);
        assert!((mean(&mut || rng.exponential()) - 1.0).abs() < 0.01);
        assert!(mean(&mut || rng.normal()).abs() < 0.01);
        let keyed = Streams::new(1, 0).keyed("x", "y");
        let mut k = 0;
        let keyed_mean = mean(&mut || {
            k += 1;
            keyed.at(k).uniform()
        });
        assert!((keyed_mean - 0.5).abs() < 0.005);
        let mut seen = [0u32; 7];
        (0..70_000).for_each(|_| seen[rng.below(7) as usize] += 1);
        assert!(seen.iter().all(|&count| (9_500..10_500).contains(&count)), "{seen:?}");
    }

    /// Golden draws: a change of generator, of seeding or of `libm` is seen here before it is seen in a paper.
    #[test]
    fn the_first_draws_are_fixed_for_ever() {
        let mut rng = Streams::new(42, 0).stream("arrivals", "web");
        let first = [rng.next_u64(), rng.next_u64()];
        assert_eq!(first, [rng_golden::FIRST, rng_golden::SECOND]);
        assert_eq!(rng.exponential().to_bits(), rng_golden::EXPONENTIAL);
    }

    mod rng_golden {
        pub const FIRST: u64 = 17105244006296185945;
        pub const SECOND: u64 = 17400771579091281901;
        pub const EXPONENTIAL: u64 = 4602812891139324496;
    }
}
