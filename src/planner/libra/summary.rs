//! The result of a replay in figures: money, machines, requests, delays.
//!
//! Source: the figures published for `aliraza0337/LIBRA`; the columns of the table are parameters, then results.
//! Differs: machine seconds and function calls are counted in integers and priced once, so a bill does not depend on the
//! order of its addends (the original adds floats; the difference is in about the 13th digit).

use super::parameters::{Parameters, Setup};
use super::vm_cloud::Books;

/// Times in seconds, money in dollars.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub total_cost: f64,
    pub vm_cost: f64,
    /// Sum of billed times.
    pub vm_seconds: u64,
    /// Machines started, those of second 1 included.
    pub vm_launches: u64,
    pub vm_billed: u64,
    /// Machines that the original forgot while they were leaving.
    pub vm_unbilled_overwritten: u64,
    /// Machines that were there at the end and not billed.
    pub vm_unbilled_pending: u64,
    pub lambda_cost: f64,
    pub lambda_requests: u64,
    pub vm_requests: u64,
    /// Delay in the queue, over requests served by machines; 0 if there were none.
    pub delay_mean: f64,
    pub delay_p50: u64,
    pub delay_p95: u64,
    pub delay_p99: u64,
    pub delay_max: u64,
    /// Requests that waited at all.
    pub delayed_requests: u64,
    /// Longest queue at the end of a second.
    pub max_queue: u64,
    pub peak_active_vms: u64,
    /// Crossings of the upper threshold, those without effect included.
    pub scale_out_events: u64,
    pub scale_in_events: u64,
    /// The second in which the queue was found empty after the trace.
    pub final_epoch: u64,
    pub total_requests: u64,
    /// Delayed requests over all requests.
    pub delayed_share: f64,
    mu: f64,
    vm_memory_gb: f64,
    vm_hourly_price: f64,
}

impl Summary {
    /// Columns of the table of cases, in order.
    pub const COLUMNS: [&'static str; 47] = [
        "case_id",
        "trace",
        "policy",
        "vm_auto_scaling",
        "start_time",
        "end_time",
        "alpha",
        "mu",
        "std_multiplier",
        "no_vm_update_freq",
        "auto_scale_start_point",
        "vm_provison_prop",
        "req_duration",
        "req_memory_mb",
        "vm_instance_name",
        "vm_memory_gb",
        "vm_hourly_price",
        "min_num_instance",
        "max_num_instance",
        "auto_scale_out_thresh",
        "auto_scale_in_thresh",
        "auto_scale_group",
        "auto_scale_grace_period",
        "vm_cold_start",
        "total_cost",
        "vm_cost",
        "vm_seconds",
        "vm_launches",
        "vm_billed",
        "vm_unbilled_overwritten",
        "vm_unbilled_pending",
        "lambda_cost",
        "lambda_requests",
        "vm_requests",
        "delay_mean",
        "delay_p50",
        "delay_p95",
        "delay_p99",
        "delay_max",
        "delayed_requests",
        "max_queue",
        "peak_active_vms",
        "scale_out_events",
        "scale_in_events",
        "final_epoch",
        "total_requests",
        "delayed_share",
    ];

    pub(super) fn new(setup: &Setup, books: &Books, lambda_requests: u64, total_requests: u64, end: u64) -> Summary {
        let delays = Delays::new(&books.delays);
        let vm_cost = books.vm_seconds as f64 * (setup.vm_hourly_price / 3600.0);
        let lambda_cost = lambda_requests as f64 * setup.lambda_cost_per_request;
        Summary {
            total_cost: vm_cost + lambda_cost,
            vm_cost,
            vm_seconds: books.vm_seconds,
            vm_launches: books.launches,
            vm_billed: books.billed,
            vm_unbilled_overwritten: books.forgotten,
            vm_unbilled_pending: books.launches - books.billed - books.forgotten,
            lambda_cost,
            lambda_requests,
            vm_requests: delays.count,
            delay_mean: delays.mean(),
            delay_p50: delays.percentile(0.50),
            delay_p95: delays.percentile(0.95),
            delay_p99: delays.percentile(0.99),
            delay_max: delays.max(),
            delayed_requests: delays.delayed(),
            max_queue: books.max_queue,
            peak_active_vms: books.peak_active,
            scale_out_events: books.crossings.out,
            scale_in_events: books.crossings.inward,
            final_epoch: end,
            total_requests,
            delayed_share: ratio(delays.delayed(), total_requests),
            mu: setup.mu,
            vm_memory_gb: setup.vm_memory_gb,
            vm_hourly_price: setup.vm_hourly_price,
        }
    }

    /// One row of the table of cases; `parameters` are those of the replay that gave this summary.
    pub fn row(&self, case_id: &str, trace: &str, parameters: &Parameters) -> Vec<String> {
        let given = parameters;
        let float = |value: f64| format!("{value:?}");
        let memory = given.req_memory_mb.to_string();
        vec![
            case_id.to_owned(),
            trace.to_owned(),
            given.policy.name().to_owned(),
            u8::from(given.vm_auto_scaling).to_string(),
            given.start_time.to_string(),
            given.end_time.to_string(),
            float(given.alpha),
            float(self.mu),
            float(given.std_multiplier),
            given.no_vm_update_freq.to_string(),
            given.auto_scale_start_point.to_string(),
            float(given.vm_provison_prop),
            given.req_duration.to_string(),
            memory,
            given.vm_instance_name.clone(),
            float(self.vm_memory_gb),
            float(self.vm_hourly_price),
            given.min_num_instance.to_string(),
            given.max_num_instance.to_string(),
            float(given.auto_scale_out_thresh),
            float(given.auto_scale_in_thresh),
            given.auto_scale_group.to_string(),
            given.auto_scale_grace_period.to_string(),
            given.vm_cold_start.to_string(),
            float(self.total_cost),
            float(self.vm_cost),
            self.vm_seconds.to_string(),
            self.vm_launches.to_string(),
            self.vm_billed.to_string(),
            self.vm_unbilled_overwritten.to_string(),
            self.vm_unbilled_pending.to_string(),
            float(self.lambda_cost),
            self.lambda_requests.to_string(),
            self.vm_requests.to_string(),
            float(self.delay_mean),
            self.delay_p50.to_string(),
            self.delay_p95.to_string(),
            self.delay_p99.to_string(),
            self.delay_max.to_string(),
            self.delayed_requests.to_string(),
            self.max_queue.to_string(),
            self.peak_active_vms.to_string(),
            self.scale_out_events.to_string(),
            self.scale_in_events.to_string(),
            self.final_epoch.to_string(),
            self.total_requests.to_string(),
            float(self.delayed_share),
        ]
    }
}

/// Requests by whole seconds of delay, read as a distribution.
struct Delays<'a> {
    by_delay: &'a [u64],
    count: u64,
}

impl Delays<'_> {
    fn new(by_delay: &[u64]) -> Delays<'_> {
        Delays { by_delay, count: by_delay.iter().sum() }
    }

    fn mean(&self) -> f64 {
        let seconds: u128 = (0..).zip(self.by_delay).map(|(delay, &count)| delay * u128::from(count)).sum();
        if self.count == 0 { 0.0 } else { seconds as f64 / self.count as f64 }
    }

    /// The delay at rank ceil(`part` times the count) of all delays in order.
    fn percentile(&self, part: f64) -> u64 {
        let rank = (part * self.count as f64).ceil() as u64;
        let mut passed = 0;
        for (delay, &count) in (0..).zip(self.by_delay) {
            passed += count;
            if count > 0 && passed >= rank {
                return delay;
            }
        }
        0
    }

    fn max(&self) -> u64 {
        self.by_delay.iter().rposition(|&count| count > 0).unwrap_or(0) as u64
    }

    fn delayed(&self) -> u64 {
        self.count - self.by_delay.first().unwrap_or(&0)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_delays_that_occurred() {
        let delays = Delays::new(&[90, 0, 5, 4, 1]);
        assert_eq!([0.5, 0.9, 0.91, 0.95, 0.99, 1.0].map(|part| delays.percentile(part)), [0, 0, 2, 2, 3, 4]);
        assert_eq!((delays.mean(), delays.max(), delays.delayed()), (0.26, 4, 10));
        let none = Delays::new(&[]);
        assert_eq!((none.mean(), none.percentile(0.5), none.max(), none.delayed()), (0.0, 0, 0, 0));
    }
}
