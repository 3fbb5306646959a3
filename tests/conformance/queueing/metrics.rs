//! The metrics as the README measures them: exact order statistics, time averages from the first measured arrival to the
//! last arrival, fractions of the measured arrivals.

use std::cell::OnceCell;

use stratosim::model::request::Outcome;

use super::families::Model;
use super::record::{Call, Log};

/// What one replication says of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measured {
    Value(f64),
    /// A share of trials.
    Count {
        events: u64,
        trials: u64,
    },
    /// Shares of time with at most the golden level, and with less.
    Quantile {
        up_to: f64,
        below: f64,
    },
}

impl Measured {
    /// The figure that interval gates compare.
    pub fn value(self) -> f64 {
        match self {
            Measured::Value(value) => value,
            Measured::Count { events, trials } => events as f64 / trials as f64,
            Measured::Quantile { up_to, .. } => up_to,
        }
    }
}

/// One replication, ready to be asked.
pub struct Measurement<'a> {
    log: &'a Log,
    model: &'a Model,
    measured: &'a [Call],
    /// The measured stretch.
    from: u64,
    to: u64,
    /// Nanoseconds of the stretch by number of requests present.
    levels: OnceCell<Vec<u64>>,
    waits: OnceCell<Vec<u64>>,
    responses: OnceCell<Vec<u64>>,
}

const NS: f64 = 1e9;

impl<'a> Measurement<'a> {
    /// Measures the requests from number `warm_up` to `total`.
    pub fn new(log: &'a Log, model: &'a Model, warm_up: usize, total: usize) -> Measurement<'a> {
        let measured = &log.roots[warm_up..total];
        let (from, to) = (measured[0].arrival, measured[measured.len() - 1].arrival);
        let (levels, waits, responses) = Default::default();
        Measurement { log, model, measured, from, to, levels, waits, responses }
    }

    fn stretch_s(&self) -> f64 {
        (self.to - self.from) as f64 / NS
    }

    /// Mean over time of how many of the intervals are under way.
    fn mean_present(&self, intervals: impl Iterator<Item = (u64, u64)>) -> f64 {
        let overlap = |(begin, end): (u64, u64)| end.min(self.to).saturating_sub(begin.max(self.from));
        let total: u128 = intervals.map(|interval| u128::from(overlap(interval))).sum();
        total as f64 / NS / self.stretch_s()
    }

    fn mean_busy(&self) -> f64 {
        self.mean_present(self.log.roots.iter().filter(|call| call.is_begun()).map(|call| (call.begun, call.left)))
    }

    fn mean_in_system(&self) -> f64 {
        self.mean_present(self.log.roots.iter().map(|call| (call.arrival, call.left)))
    }

    fn mean_in_queue(&self) -> f64 {
        self.mean_present(self.log.roots.iter().map(|call| (call.arrival, call.begun.min(call.left))))
    }

    fn mean_instances(&self) -> f64 {
        self.mean_present(self.log.instances.iter().copied())
    }

    fn levels(&self) -> &[u64] {
        self.levels.get_or_init(|| {
            let stays = || self.log.roots.iter().filter(|call| call.left > call.arrival);
            let arrivals: Vec<u64> = stays().map(|call| call.arrival).collect();
            let mut ends: Vec<u64> = stays().map(|call| call.left).collect();
            ends.sort_unstable();
            let mut held: Vec<u64> = vec![0];
            let (mut came, mut left, mut since) = (0, 0, self.from);
            loop {
                let arrives = arrivals.get(came).copied().unwrap_or(u64::MAX);
                let ends_at = ends.get(left).copied().unwrap_or(u64::MAX);
                let at = arrives.min(ends_at).min(self.to);
                let level = came - left;
                if held.len() <= level {
                    held.resize(level + 1, 0);
                }
                held[level] += at.saturating_sub(since);
                since = since.max(at);
                if at == self.to {
                    return held;
                }
                if ends_at <= arrives { left += 1 } else { came += 1 }
            }
        })
    }

    /// The share of time with a level in the range.
    fn share_of_levels(&self, range: std::ops::Range<usize>) -> f64 {
        let levels = self.levels();
        let inside = &levels[range.start.min(levels.len())..range.end.min(levels.len())];
        inside.iter().sum::<u64>() as f64 / (self.to - self.from) as f64
    }

    /// The variance over time of the number present.
    fn variance_present(&self) -> f64 {
        let length = (self.to - self.from) as f64;
        let moment = |power: i32| {
            let terms = self.levels().iter().enumerate().map(|(level, &ns)| (level as f64).powi(power) * ns as f64);
            terms.sum::<f64>() / length
        };
        moment(2) - moment(1).powi(2)
    }

    fn share(&self, of: impl Fn(&Call) -> bool) -> Measured {
        self.share_among(|_| true, of)
    }

    fn share_among(&self, among: impl Fn(&Call) -> bool, of: impl Fn(&Call) -> bool) -> Measured {
        let trials = self.measured.iter().filter(|call| among(call));
        let (mut events, mut count) = (0, 0);
        for call in trials {
            count += 1;
            events += u64::from(of(call));
        }
        Measured::Count { events, trials: count }
    }

    fn mean(&self, among: impl Fn(&Call) -> bool, figure: impl Fn(&Call) -> f64) -> f64 {
        let chosen = self.measured.iter().filter(|call| among(call));
        let (count, sum) = chosen.fold((0u64, 0.0), |(count, sum), call| (count + 1, sum + figure(call)));
        sum / count as f64
    }

    /// Waits, or responses, of served requests in order of size.
    fn sorted(&self, figure: impl Fn(&Call) -> u64) -> Vec<u64> {
        let mut values: Vec<u64> = self.measured.iter().filter(|call| call.is_served()).map(figure).collect();
        values.sort_unstable();
        values
    }

    fn wait_percentile(&self, share: f64) -> f64 {
        percentile(self.waits.get_or_init(|| self.sorted(|call| call.begun - call.arrival)), share)
    }

    fn response_percentile(&self, share: f64) -> f64 {
        percentile(self.responses.get_or_init(|| self.sorted(|call| call.left - call.arrival)), share)
    }

    /// Whether each measured request found so many present.
    fn share_that_found(&self, at_least: usize) -> Measured {
        let stays = || self.log.roots.iter().filter(|call| call.left > call.arrival);
        let mut ends: Vec<u64> = stays().map(|call| call.left).collect();
        ends.sort_unstable();
        let (mut left, mut events, mut trials) = (0, 0, 0);
        for (came, call) in stays().enumerate() {
            // Who ends at the instant of an arrival is gone when it looks.
            while ends.get(left).is_some_and(|&end| end <= call.arrival) {
                left += 1;
            }
            if (self.from..=self.to).contains(&call.arrival) {
                trials += 1;
                events += u64::from(came - left >= at_least);
            }
        }
        Measured::Count { events, trials }
    }

    /// Variance of the gaps between measured arrivals over the square of their mean.
    fn gap_scv(&self) -> f64 {
        let gaps = || self.measured.windows(2).map(|pair| (pair[1].arrival - pair[0].arrival) as f64 / NS);
        let n = gaps().count() as f64;
        let mean = gaps().sum::<f64>() / n;
        gaps().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n / mean.powi(2)
    }

    /// The index of dispersion of counts for windows without end, from windows of a finite length.
    fn dispersion_limit(&self) -> f64 {
        let window = (self.model.window_s * NS).round() as u64;
        let mut counts = vec![0u64; ((self.to - self.from) / window) as usize];
        for call in self.measured {
            if let Some(count) = counts.get_mut(((call.arrival - self.from) / window) as usize) {
                *count += 1;
            }
        }
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<u64>() as f64 / n;
        let variance = counts.iter().map(|&count| (count as f64 - mean).powi(2)).sum::<f64>() / n;
        1.0 + (variance / mean - 1.0) / (1.0 - (1.0 - (-20f64).exp()) / 20.0)
    }

    /// The figure of a metric, or `None` where this model has none (a request of twice the mean when work is constant).
    pub fn of(&self, metric: &str, golden: f64) -> Option<Measured> {
        let served = Call::is_served;
        let wait_s = |call: &Call| (call.begun - call.arrival) as f64 / NS;
        let waited_s = |call: &Call| (call.begun.min(call.left) - call.arrival) as f64 / NS;
        let response_s = |call: &Call| (call.left - call.arrival) as f64 / NS;
        let attempts = |call: &Call| f64::from(call.attempts);
        let per_s = |count: f64| count / self.stretch_s();
        let count = |of: fn(&Call) -> bool| self.measured.iter().filter(|call| of(call)).count() as f64;
        let value = match metric {
            "mean_busy" | "mean_busy_instances" => self.mean_busy(),
            // A lone server with a line is busy exactly while somebody is there, retries included.
            "utilisation" if self.measured.iter().any(|call| call.attempts > 1) => 1.0 - self.share_of_levels(0..1),
            "utilisation" => self.mean_busy() / self.model.servers,
            "mean_in_system" => self.mean_in_system(),
            "mean_in_system_per_server" => self.mean_in_system() / self.model.servers,
            "mean_in_system_2" => self.mean_present(self.log.children.iter().copied()),
            "mean_in_queue" => self.mean_in_queue(),
            "var_busy" => self.variance_present(),
            "prob_empty" => self.share_of_levels(0..1),
            "prob_n_ge_10" => self.share_of_levels(10..usize::MAX),
            "mean_wait" | "mean_wait_accepted" => self.mean(served, wait_s),
            "wait_variance" => {
                let mean = self.mean(served, wait_s);
                self.mean(served, |call| (wait_s(call) - mean).powi(2))
            }
            "mean_wait_all" => self.mean(|_| true, waited_s),
            "mean_response_time" | "mean_response_time_accepted" => self.mean(served, response_s),
            "mean_total_response_time" => self.mean(served, response_s),
            "wait_p95" => self.wait_percentile(0.95),
            "wait_p99" => self.wait_percentile(0.99),
            "response_time_p50" => self.response_percentile(0.5),
            "response_time_p95" => self.response_percentile(0.95),
            "response_time_p99" => self.response_percentile(0.99),
            "prob_wait" | "sigma" => return Some(self.share(|call| call.begun != call.arrival)),
            "prob_slowed" => return Some(self.share_that_found(self.model.cores)),
            "mean_slowdown" => self.mean(served, |call| response_s(call) / call.work),
            "mean_response_time_given_job_size_2x_mean" => {
                if self.model.constant_work {
                    return None;
                }
                let twice = 2.0 * self.model.mean_work;
                let near = |call: &Call| (call.work / twice - 1.0).abs() <= 0.05;
                self.mean(near, |call| response_s(call) / call.work) * twice
            }
            "blocking_probability" | "throttle_probability" => {
                return Some(self.share(|call| call.outcome == Outcome::Throttled));
            }
            "abandon_probability" | "timeout_probability" => {
                return Some(self.share(|call| call.outcome == Outcome::Abandoned));
            }
            "final_failure_probability" => return Some(self.share(|call| call.outcome == Outcome::Failed)),
            "throughput" => per_s(count(Call::is_served)),
            "effective_arrival_rate" => per_s(self.measured.iter().map(attempts).sum()),
            "mean_attempts" => self.mean(|_| true, attempts),
            "mean_arrival_rate" => per_s(self.measured.len() as f64),
            "interarrival_scv" => self.gap_scv(),
            "idc_limit" => self.dispersion_limit(),
            "cold_start_probability" | "cold_start_probability_of_accepted" | "cold_starts_per_request" => {
                return Some(self.share_among(Call::is_begun, |call| call.cold));
            }
            "mean_idle_warm_instances" if self.model.shared_instance => {
                self.mean_instances() - (1.0 - self.share_of_levels(0..1))
            }
            "mean_idle_warm_instances" => self.mean_instances() - self.mean_busy(),
            "mean_total_instances" => self.mean_instances(),
            "busy_p99_quantile" => {
                let level = golden as usize;
                let (up_to, below) = (self.share_of_levels(0..level + 1), self.share_of_levels(0..level));
                return Some(Measured::Quantile { up_to, below });
            }
            other => panic!("no recipe for the metric {other}"),
        };
        Some(Measured::Value(value))
    }
}

/// Whether the metric needs the lives of instances.
pub fn needs_instances(metric: &str) -> bool {
    ["mean_idle_warm_instances", "mean_total_instances"].contains(&metric)
}

/// Order statistic number ⌈p·n⌉, in seconds.
fn percentile(sorted: &[u64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1] as f64 / NS
}
