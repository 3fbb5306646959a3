//! What a LIBRA replay is told: policy, prices, sizes and thresholds, with the defaults of the published program.
//!
//! Source: the configuration of `aliraza0337/LIBRA`; names are kept, `vm_provison_prop` with its spelling.
//! Differs: the literals of the code (`std_multiplier`, the Lambda prices) are parameters; options the original never
//! reads are unknown here; `readings`, `sizing` and `drain_limit` are ours.

use super::decision::{PlanRule, indifference_rate_per_s, lambda_cost_per_request, rate_per_vm, slots_per_vm};
use super::prices::{LAMBDA_PRICE_PER_GB_S, LAMBDA_PRICE_PER_REQUEST, VM_TYPES, vm_type};
use super::readings::Readings;
use serde::{Deserialize, Serialize};

/// More machines than this at once are taken for a mistake in the input.
pub const FLEET_LIMIT: u64 = 1_000_000;
/// Longest time a parameter may state, in seconds (31 years): sums of a few of them stay far from overflow.
const TIME_LIMIT_S: u64 = 1_000_000_000;

/// Delays are counted one by one in memory, so the time in which they can grow is bounded.
const DRAIN_LIMIT_S: u64 = 100_000_000;

/// Who serves a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// LIBRA: the planned rate on machines, the rest on functions.
    #[default]
    Hybrid,
    /// Functions only (SER or FaaS in the figures).
    Serverless,
    /// Machines only; AUTO with `vm_auto_scaling`, else a fixed fleet of `min_num_instance`.
    VmCloud,
    /// Machines only, a fleet of `max_num_instance` (MAX).
    VmCloudMax,
    /// As `VmCloud`, but functions serve what ready machines cannot while the fleet changes (SPOCK).
    VmCloudHide,
}

impl Policy {
    /// The name in configurations and tables.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Hybrid => "hybrid",
            Policy::Serverless => "serverless",
            Policy::VmCloud => "vm_cloud",
            Policy::VmCloudMax => "vm_cloud_max",
            Policy::VmCloudHide => "vm_cloud_hide",
        }
    }
}

/// How the hybrid turns its share into machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sizing {
    /// Machines for the whole share, rounded up, as published.
    #[default]
    Share,
    /// No machine that would serve less than the cost indifference point.
    CostIndifference,
}

/// The input of a replay, as a file states it. Times are whole seconds, money is dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    pub policy: Policy,
    /// Reactive scaling of the machines. The hybrid decides by itself and does not allow it.
    pub vm_auto_scaling: bool,
    /// First second replayed; line `n` of the trace is second `n`, from 1.
    pub start_time: u64,
    /// Last second with arrivals.
    pub end_time: u64,
    /// Weight of the new sample in the mean.
    pub alpha: f64,
    /// Weight of the new sample in the deviation; `alpha` where absent.
    pub mu: Option<f64>,
    /// Deviations added to the mean. The recorded figures need 1.5.
    pub std_multiplier: f64,
    /// Seconds between decisions of the hybrid; 0 means that it decides once.
    pub no_vm_update_freq: u64,
    /// Second of the hybrid's first decision.
    pub auto_scale_start_point: u64,
    /// Part of the planned rate that is really sent to machines.
    pub vm_provison_prop: f64,
    /// How long every request takes.
    pub req_duration: u64,
    /// What every request holds, in MB.
    pub req_memory_mb: f64,
    /// A name of the price list, or any other name if memory and price are stated.
    pub vm_instance_name: String,
    /// Overrides the price list; GB of 1024 MB.
    pub vm_memory_gb: Option<f64>,
    /// Overrides the price list; dollars per hour.
    pub vm_hourly_price: Option<f64>,
    /// Machines started in second 1; not a floor, see [`Readings::limits`].
    pub min_num_instance: u64,
    /// Ceiling of reactive scaling; fleet of `vm_cloud_max`.
    pub max_num_instance: u64,
    pub auto_scale_out_thresh: f64,
    pub auto_scale_in_thresh: f64,
    /// Machines per scaling action.
    pub auto_scale_group: u64,
    /// Samples of utilisation before reactive scaling decides.
    pub auto_scale_grace_period: u64,
    /// From launch to ready.
    pub vm_cold_start: u64,
    pub lambda_price_per_request: f64,
    pub lambda_price_per_gb_s: f64,
    pub sizing: Sizing,
    pub readings: Readings,
    /// Seconds after `end_time` in which the queue must empty.
    pub drain_limit: u64,
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters {
            policy: Policy::Hybrid,
            vm_auto_scaling: false,
            start_time: 1,
            end_time: 45_000,
            alpha: 0.2,
            mu: None,
            std_multiplier: 1.0,
            no_vm_update_freq: 300,
            auto_scale_start_point: 1,
            vm_provison_prop: 0.8,
            req_duration: 1,
            req_memory_mb: 512.0,
            vm_instance_name: "m4.large".to_owned(),
            vm_memory_gb: None,
            vm_hourly_price: None,
            min_num_instance: 10,
            max_num_instance: 292,
            auto_scale_out_thresh: 0.7,
            auto_scale_in_thresh: 0.3,
            auto_scale_group: 10,
            auto_scale_grace_period: 120,
            vm_cold_start: 100,
            lambda_price_per_request: LAMBDA_PRICE_PER_REQUEST,
            lambda_price_per_gb_s: LAMBDA_PRICE_PER_GB_S,
            sizing: Sizing::Share,
            readings: Readings::original(),
            drain_limit: 10_000_000,
        }
    }
}

/// A parameter that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub key: &'static str,
    pub found: String,
    pub wanted: String,
}

impl std::fmt::Display for Complaint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: found {}, want {}", self.key, self.found, self.wanted)
    }
}

/// Parameters that cannot be wrong, with what follows from them.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub parameters: Parameters,
    pub mu: f64,
    pub vm_memory_gb: f64,
    pub vm_hourly_price: f64,
    /// Requests a machine holds at once.
    pub slots: u64,
    pub lambda_cost_per_request: f64,
    pub plan_rule: PlanRule,
}

impl Parameters {
    /// Memory and price of the machine: what is stated, else what the price list says. `None` for an unknown name.
    fn vm(&self) -> Option<(f64, f64)> {
        let listed = vm_type(&self.vm_instance_name);
        let memory = self.vm_memory_gb.or(listed.map(|vm| vm.memory_gb))?;
        let price = self.vm_hourly_price.or(listed.map(|vm| vm.hourly_price))?;
        Some((memory, price))
    }

    /// # Errors
    /// Every complaint there is, not only the first.
    pub fn check(&self) -> Result<(), Vec<Complaint>> {
        self.setup().map(|_| ())
    }

    pub(super) fn setup(&self) -> Result<Setup, Vec<Complaint>> {
        let mut complaints = Complaints::default();
        complaints.each_number(self);
        let (vm_memory_gb, vm_hourly_price) = self.vm().unwrap_or_else(|| {
            let known: Vec<&str> = VM_TYPES.iter().map(|vm| vm.name).collect();
            let wanted = format!("one of {}, or vm_memory_gb and vm_hourly_price as well", known.join(", "));
            complaints.add("vm_instance_name", format!("{:?}", self.vm_instance_name), wanted);
            (1.0, 1.0)
        });
        complaints.real("vm_memory_gb", vm_memory_gb, |v| v > 0.0 && v <= 1e6, "GB, above 0 and at most 1000000");
        complaints.real("vm_hourly_price", vm_hourly_price, |v| v >= 0.0, "dollars, not negative");
        if !complaints.0.is_empty() {
            return Err(complaints.0);
        }
        let slots = slots_per_vm(vm_memory_gb, self.req_memory_mb);
        let duration_s = self.req_duration as f64;
        let per_vm = rate_per_vm(vm_memory_gb, self.req_memory_mb, duration_s);
        complaints.sizes(self, slots, per_vm);
        if !complaints.0.is_empty() {
            return Err(complaints.0);
        }
        let lambda_cost_per_request = lambda_cost_per_request(
            self.lambda_price_per_request,
            self.lambda_price_per_gb_s,
            self.req_memory_mb,
            duration_s,
        );
        let indifference_per_s = (self.sizing == Sizing::CostIndifference)
            .then(|| indifference_rate_per_s(vm_hourly_price, lambda_cost_per_request));
        let plan_rule = PlanRule {
            per_vm,
            std_multiplier: self.std_multiplier,
            proportion: self.vm_provison_prop,
            indifference_per_s,
        };
        Ok(Setup {
            parameters: self.clone(),
            mu: self.mu.unwrap_or(self.alpha),
            vm_memory_gb,
            vm_hourly_price,
            slots,
            lambda_cost_per_request,
            plan_rule,
        })
    }
}

#[derive(Default)]
struct Complaints(Vec<Complaint>);

impl Complaints {
    fn add(&mut self, key: &'static str, found: String, wanted: impl Into<String>) {
        self.0.push(Complaint { key, found, wanted: wanted.into() });
    }

    fn real(&mut self, key: &'static str, value: f64, fits: impl Fn(f64) -> bool, wanted: &'static str) {
        if !(value.is_finite() && fits(value)) {
            self.add(key, value.to_string(), wanted);
        }
    }

    fn whole(&mut self, key: &'static str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            self.add(key, value.to_string(), format!("a whole number from {least} to {most}"));
        }
    }

    fn each_number(&mut self, given: &Parameters) {
        self.whole("start_time", given.start_time, 1, TIME_LIMIT_S);
        self.whole("end_time", given.end_time, given.start_time, TIME_LIMIT_S);
        self.whole("no_vm_update_freq", given.no_vm_update_freq, 0, TIME_LIMIT_S);
        self.whole("auto_scale_start_point", given.auto_scale_start_point, 0, TIME_LIMIT_S);
        self.whole("req_duration", given.req_duration, 1, TIME_LIMIT_S);
        self.whole("vm_cold_start", given.vm_cold_start, 0, TIME_LIMIT_S);
        self.whole("drain_limit", given.drain_limit, 1, DRAIN_LIMIT_S);
        self.whole("min_num_instance", given.min_num_instance, 0, FLEET_LIMIT);
        self.whole("max_num_instance", given.max_num_instance, 0, FLEET_LIMIT);
        // Zero means something only where nothing scales: the original divides by the one and slices by the other.
        let least = u64::from(given.vm_auto_scaling);
        self.whole("auto_scale_group", given.auto_scale_group, least, FLEET_LIMIT);
        // The history is kept in memory, so it is bounded like a fleet.
        self.whole("auto_scale_grace_period", given.auto_scale_grace_period, least, FLEET_LIMIT);
        let weight = |v| (0.0..=1.0).contains(&v);
        self.real("alpha", given.alpha, weight, "a weight from 0 to 1");
        self.real("mu", given.mu.unwrap_or(given.alpha), weight, "a weight from 0 to 1");
        self.real("std_multiplier", given.std_multiplier, |v| v.abs() <= 1e6, "a number of at most 1000000 either way");
        self.real("vm_provison_prop", given.vm_provison_prop, |v| (0.0..=1e6).contains(&v), "0 to 1000000");
        self.real("req_memory_mb", given.req_memory_mb, |v| v > 0.0 && v <= 1e9, "MB, above 0 and at most 1000000000");
        self.real("auto_scale_out_thresh", given.auto_scale_out_thresh, |_| true, "a utilisation");
        self.real("auto_scale_in_thresh", given.auto_scale_in_thresh, |_| true, "a utilisation");
        let dollars = "dollars, not negative";
        self.real("lambda_price_per_request", given.lambda_price_per_request, |v| v >= 0.0, dollars);
        self.real("lambda_price_per_gb_s", given.lambda_price_per_gb_s, |v| v >= 0.0, dollars);
        let corrected_limits = given.readings.limits.is_corrected();
        if corrected_limits && given.min_num_instance > given.max_num_instance {
            let wanted = format!("at most max_num_instance, {}", given.max_num_instance);
            self.add("min_num_instance", given.min_num_instance.to_string(), wanted);
        }
        if given.policy == Policy::Hybrid && given.vm_auto_scaling {
            self.add("vm_auto_scaling", "true".to_owned(), "false: the policy hybrid sizes its fleet by itself");
        }
    }

    /// A machine must hold a request, and one that the hybrid plans for must serve one a second (the original divides
    /// by zero).
    fn sizes(&mut self, given: &Parameters, slots: u64, per_vm: u64) {
        if slots == 0 && given.policy != Policy::Serverless {
            self.add("req_memory_mb", given.req_memory_mb.to_string(), "at most the memory of the machine");
        }
        // A share per machine that memory could not even count is a mistake in the unit.
        if slots > u64::from(u32::MAX) {
            self.add("req_memory_mb", given.req_memory_mb.to_string(), "memory of which a machine holds under 2^32");
        }
        if slots > 0 && per_vm == 0 && given.policy == Policy::Hybrid {
            let wanted = format!("at most the {slots} slots of a machine, for it to serve one request a second");
            self.add("req_duration", given.req_duration.to_string(), wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_complaint_is_made_at_once() {
        let bad = Parameters {
            alpha: 1.5,
            mu: Some(0.2),
            vm_instance_name: "m9".to_owned(),
            vm_auto_scaling: true,
            auto_scale_group: 0,
            ..Parameters::default()
        };
        let complaints = bad.check().unwrap_err();
        let keys: Vec<&str> = complaints.iter().map(|complaint| complaint.key).collect();
        assert_eq!(keys, ["auto_scale_group", "alpha", "vm_auto_scaling", "vm_instance_name"]);
        assert_eq!(complaints[1].to_string(), "alpha: found 1.5, want a weight from 0 to 1");
    }

    #[test]
    fn a_request_longer_than_the_slots_cannot_be_planned_for() {
        let long = Parameters { req_duration: 17, ..Parameters::default() };
        assert_eq!(long.check().unwrap_err()[0].key, "req_duration");
        assert_eq!(Parameters { policy: Policy::VmCloud, ..long }.check(), Ok(()));
    }

    #[test]
    fn a_file_may_state_some_parameters_but_no_unknown_one() {
        let read: Parameters = toml::from_str("policy = \"vm_cloud_max\"\nmax_num_instance = 48").unwrap();
        assert_eq!((read.policy, read.max_num_instance, read.vm_cold_start), (Policy::VmCloudMax, 48, 100));
        assert!(toml::from_str::<Parameters>("break_even_point = 4").is_err());
    }
}
