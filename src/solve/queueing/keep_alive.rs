//! Function environments that are born by demand and kept for a fixed time after each use.
//!
//! One request per environment, exponential service (cold and warm alike), the environment idle for the shortest time is
//! used first, a limit or none. Reuse then pairs each fall of the number of busy environments from n to n - 1 with the next
//! rise back to n, so the idle time of that environment is the first-passage time from n - 1 to n, and a request is cold
//! when that passage takes longer than the keep-alive. The passage is computed by uniformisation (Jensen, 1953).
//!
//! Source: our derivation; it agrees with SimFaaS's published figures at their own point (docs/experiments.md).

use super::many_servers::erlang_b;

/// Environments that scale with requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalePerRequest {
    pub arrival_rate: f64,
    pub mean_service: f64,
    pub keep_alive: f64,
    /// Environments at once; requests above it are throttled.
    pub limit: Option<u64>,
}

/// What follows for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmFigures {
    /// Share of accepted requests that start an environment.
    pub cold_probability: f64,
    /// Share of requests that find the limit reached.
    pub throttle_probability: f64,
    pub mean_busy: f64,
    pub mean_idle: f64,
}

/// Probabilities below this are left out; the sums are then exact to about as many digits.
const NEGLIGIBLE: f64 = 1e-14;
/// Work beyond which a figure is not worth its time: states times steps of the uniformised chain.
const WORK_MAX: f64 = 2e8;
/// Busy environments beyond which it is not either.
const STATES_MAX: u64 = 5_000;

impl ScalePerRequest {
    /// The figures; `None` where so many environments, or so long a keep-alive beside their events, would take minutes.
    pub fn figures(&self) -> Option<WarmFigures> {
        let load = self.arrival_rate * self.mean_service;
        let busy = self.busy(load)?;
        let throttle_probability = self.limit.map_or(0.0, |limit| erlang_b(limit, load));
        let (mut cold, mut idle, mut accepted) = (0.0, 0.0, 0.0);
        let rate = self.arrival_rate + busy.len() as f64 / self.mean_service;
        let steps = rate * self.keep_alive;
        if steps * (busy.len() * busy.len()) as f64 > WORK_MAX {
            return None;
        }
        // A request that makes n busy found n - 1.
        for n in 1..=busy.len() {
            let share = busy[n - 1];
            if self.limit == Some(n as u64 - 1) {
                break;
            }
            accepted += share;
            let (late, waited) = self.passage(n);
            cold += share * late;
            idle += self.arrival_rate * share * waited;
        }
        let cold_probability = cold / accepted;
        Some(WarmFigures {
            cold_probability,
            throttle_probability,
            mean_busy: load * (1.0 - throttle_probability),
            mean_idle: idle,
        })
    }

    /// The probabilities of 0, 1, 2, ... busy environments: Poisson, cut off at the limit.
    fn busy(&self, load: f64) -> Option<Vec<f64>> {
        let states = load + 40.0 * libm::sqrt(load) + 40.0;
        let most = self.limit.unwrap_or(u64::MAX).min(states as u64);
        if most > STATES_MAX {
            return None;
        }
        let weights: Vec<f64> =
            (0..=most).map(|k| libm::exp(k as f64 * libm::log(load) - load - libm::lgamma(k as f64 + 1.0))).collect();
        let total: f64 = weights.iter().sum();
        let mut shares: Vec<f64> = weights.into_iter().map(|weight| weight / total).collect();
        while shares.last().is_some_and(|&share| share < NEGLIGIBLE * 1e-3) {
            shares.pop();
        }
        Some(shares)
    }

    /// Of the first passage from n - 1 busy to n: the probability that it takes longer than the keep-alive T, and the
    /// mean of the shorter of it and T.
    fn passage(&self, n: usize) -> (f64, f64) {
        let mu = 1.0 / self.mean_service;
        let rate = self.arrival_rate + (n - 1) as f64 * mu;
        let (up, down) = (self.arrival_rate / rate, |k: usize| k as f64 * mu / rate);
        let mean_steps = rate * self.keep_alive;
        let mut present = vec![0.0; n];
        present[n - 1] = 1.0;
        let mut next = vec![0.0; n];
        // Of a Poisson number of steps with this mean: the weight of k steps, and of more than k.
        let (mut log_weight, mut more) = (-mean_steps, 1.0);
        let (mut late, mut waited) = (0.0, 0.0);
        // Beyond this many a Poisson number has no weight that a float could hold beside one.
        let last = (mean_steps + 10.0 * libm::sqrt(mean_steps) + 60.0) as u64;
        for step in 0..=last {
            let alive: f64 = present.iter().sum();
            let weight = libm::exp(log_weight);
            more = f64::max(more - weight, 0.0);
            late += weight * alive;
            waited += more * alive / rate;
            if alive < NEGLIGIBLE {
                break;
            }
            next.fill(0.0);
            for (k, &share) in present.iter().enumerate() {
                if k + 1 < n {
                    next[k + 1] += share * up;
                }
                if k > 0 {
                    next[k - 1] += share * down(k);
                }
                next[k] += share * (1.0 - up - down(k));
            }
            std::mem::swap(&mut present, &mut next);
            log_weight += libm::log(mean_steps / (step + 1) as f64);
        }
        (late, waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A gap of Poisson arrivals longer than the keep-alive: with one request at a time that is the whole story.
    #[test]
    fn a_rare_request_is_cold_when_the_gap_is_longer_than_the_keep_alive() {
        let rare = ScalePerRequest { arrival_rate: 1e-3, mean_service: 1e-3, keep_alive: 600.0, limit: None };
        let found = rare.figures().unwrap();
        assert!((found.cold_probability - libm::exp(-0.6)).abs() < 1e-5, "{found:?}");
    }

    /// The figures that SimFaaS prints for 0.9 req/s of 2 s, kept for 10 min, as solved elsewhere for this order of reuse.
    #[test]
    fn the_point_of_simfaas() {
        let published = ScalePerRequest { arrival_rate: 0.9, mean_service: 1.991, keep_alive: 600.0, limit: None };
        let found = published.figures().unwrap();
        assert!((found.cold_probability / 0.001329306649183 - 1.0).abs() < 1e-8, "{found:?}");
        assert!((found.mean_busy + found.mean_idle - 7.691933507687).abs() < 1e-7, "{found:?}");
    }

    #[test]
    fn what_would_take_minutes_is_left_alone() {
        let huge = ScalePerRequest { arrival_rate: 1e5, mean_service: 1.0, keep_alive: 600.0, limit: None };
        assert_eq!(huge.figures(), None);
    }
}
