//! A trace of requests per second, replayed under one policy: who serves what, how long it waits, what it costs.
//!
//! Source: `aliraza0337/LIBRA`, the main loop of the per-second simulator.
//! Differs: `vm_cloud_hide` (SPOCK) is added after the authors' code for AWS: while the fleet changes or an alarm is on,
//! machines get what those last counted healthy can serve and functions the rest. An alarm is on in the second after a
//! threshold was crossed, since the crossing empties the history. A queue that nobody will ever serve is an error.

use super::batch_queue::Batch;
use super::decision::Forecast;
use super::manager::Manager;
use super::observe::{Note, Observer, Second};
use super::parameters::{Complaint, Parameters, Policy, Setup};
use super::summary::Summary;
use super::vm_cloud::VmCloud;

/// Why a replay has no result.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("parameters of the replay: {}", .0.iter().map(Complaint::to_string).collect::<Vec<_>>().join("; "))]
    Parameters(Vec<Complaint>),
    #[error("end_time: found {end_time}, want at most the {seconds} seconds of the trace")]
    TraceTooShort { end_time: u64, seconds: u64 },
    #[error(
        "second {epoch}: utilisation of a fleet without machines is undefined; start at least one (min_num_instance)"
    )]
    EmptyFleet { epoch: u64 },
    #[error("second {epoch}: {queued} requests wait, no machine is left and none will be started")]
    NeverDrains { epoch: u64, queued: u64 },
    #[error("second {epoch}: {queued} requests still wait {limit} s after the trace has ended (drain_limit)")]
    DrainTooLong { epoch: u64, queued: u64, limit: u64 },
    #[error("second {epoch}: {vms} machines wanted, more than {limit} are taken for a mistake in the input")]
    FleetTooLarge { epoch: u64, vms: u64, limit: u64 },
    #[error("writing what the replay tells")]
    Output(#[from] std::io::Error),
}

/// Replays `arrivals`, the requests of second 1, 2 and so on.
///
/// # Errors
/// Every [`ReplayError`] but `Output`.
pub fn replay(parameters: &Parameters, arrivals: &[u32]) -> Result<Summary, ReplayError> {
    replay_observed(parameters, arrivals, &mut ())
}

/// As [`replay`], telling `observer` what happens.
///
/// # Errors
/// Every [`ReplayError`]; `Output` when the observer fails.
pub fn replay_observed<O: Observer>(
    parameters: &Parameters,
    arrivals: &[u32],
    observer: &mut O,
) -> Result<Summary, ReplayError> {
    let setup = parameters.setup().map_err(ReplayError::Parameters)?;
    let Parameters { start_time, end_time, .. } = *parameters;
    let seconds = arrivals.len() as u64;
    if end_time > seconds {
        return Err(ReplayError::TraceTooShort { end_time, seconds });
    }
    let mut replay = Replay::new(&setup)?;
    for (epoch, &requests) in (1..=end_time).zip(arrivals).skip(start_time as usize - 1) {
        replay.second(epoch, u64::from(requests), observer)?;
    }
    let final_epoch = replay.drain(end_time + 1, observer)?;
    if parameters.policy != Policy::Serverless || parameters.readings.last_bill.is_corrected() {
        replay.cloud.close(final_epoch, observer)?;
    }
    Ok(Summary::new(&setup, &replay.cloud.books, replay.lambda_requests, replay.next_id, final_epoch))
}

struct Replay<'a> {
    setup: &'a Setup,
    cloud: VmCloud,
    manager: Manager,
    /// Machines last counted while the fleet was at rest (`vm_cloud_hide`).
    healthy: u64,
    next_id: u64,
    lambda_requests: u64,
}

impl Replay<'_> {
    fn new(setup: &Setup) -> Result<Replay<'_>, ReplayError> {
        let given = &setup.parameters;
        let forecast = Forecast::new(given.alpha, setup.mu);
        let (first, interval) = (given.auto_scale_start_point, given.no_vm_update_freq);
        let manager = Manager::new(forecast, setup.plan_rule, first, interval, given.vm_cold_start);
        let cloud = VmCloud::new(setup)?;
        Ok(Replay { setup, cloud, manager, healthy: 0, next_id: 0, lambda_requests: 0 })
    }

    fn second<O: Observer>(&mut self, epoch: u64, requests: u64, observer: &mut O) -> Result<(), ReplayError> {
        observer.note(&Note::Epoch { epoch })?;
        observer.note(&Note::Received { epoch, requests })?;
        let first_id = self.next_id;
        self.next_id += requests;
        let to_vms = match self.setup.parameters.policy {
            Policy::Hybrid => {
                self.manage(epoch, requests, observer)?;
                requests.min(self.manager.provision_for)
            }
            Policy::Serverless => 0,
            Policy::VmCloud | Policy::VmCloudMax => requests,
            Policy::VmCloudHide => self.hide(epoch, requests),
        };
        let machines = if self.setup.parameters.policy == Policy::Serverless {
            let (active_vms, ready_vms) = (self.cloud.active(), self.cloud.ready(epoch));
            Second { active_vms, ready_vms, ..Second::default() }
        } else {
            observer.note(&Note::Handed { epoch, requests: to_vms })?;
            self.cloud.step(epoch, Batch { first_id, arrival: epoch, count: to_vms }, observer)?
        };
        let lambda_served = requests - to_vms;
        self.lambda_requests += lambda_served;
        if matches!(self.setup.parameters.policy, Policy::Hybrid | Policy::Serverless | Policy::VmCloudHide) {
            let duration = self.setup.parameters.req_duration;
            let cost = lambda_served as f64 * self.setup.lambda_cost_per_request;
            observer.note(&Note::ServedByLambda { epoch, requests: lambda_served, duration, cost })?;
        }
        let provision_for = self.manager.provision_for;
        observer.note(&Note::Second(Second { epoch, requests, lambda_served, provision_for, ..machines }))?;
        Ok(())
    }

    /// Watch, decide, wait: what the hybrid does before it sends requests anywhere.
    fn manage<O: Observer>(&mut self, epoch: u64, requests: u64, observer: &mut O) -> Result<(), ReplayError> {
        let given = &self.setup.parameters;
        self.manager.observe(requests);
        let limits = given.readings.limits.is_corrected().then_some((given.min_num_instance, given.max_num_instance));
        let decided = self.manager.decide(epoch, limits);
        if let Some(plan) = decided {
            observer.note(&Note::Decided { epoch, plan })?;
            self.cloud.set_fleet(plan.vms, epoch)?;
        }
        let set_at_once = decided.is_some() && !self.manager.is_waiting();
        let mut set = self.manager.wait() || set_at_once;
        if given.readings.provision.is_corrected() {
            let servable = self.cloud.ready(epoch) * self.setup.plan_rule.per_vm;
            let provision_for = self.manager.plan.provision_for.min(servable);
            set = provision_for != std::mem::replace(&mut self.manager.provision_for, provision_for);
        }
        if set {
            observer.note(&Note::Provisioned { epoch, provision_for: self.manager.provision_for })?;
        }
        Ok(())
    }

    /// Requests that go to machines under `vm_cloud_hide`.
    fn hide(&mut self, epoch: u64, requests: u64) -> u64 {
        let (active, ready) = (self.cloud.active(), self.cloud.ready(epoch));
        if active == 0 {
            self.healthy = 0;
        }
        let changing = active == 0 || ready < active || self.cloud.leaving() > 0 || self.cloud.alarm;
        if !changing {
            self.healthy = ready;
            return requests;
        }
        requests.min(self.healthy * self.setup.slots / self.setup.parameters.req_duration)
    }

    /// Serves what still waits once the trace has ended. The second in which nothing is left.
    fn drain<O: Observer>(&mut self, first: u64, observer: &mut O) -> Result<u64, ReplayError> {
        let limit = self.setup.parameters.drain_limit;
        for epoch in first..first + limit {
            let none = Batch { first_id: self.next_id, arrival: epoch, count: 0 };
            let machines = self.cloud.step(epoch, none, observer)?;
            let queued = machines.queue_length;
            observer.note(&Note::Drained { epoch, queued })?;
            let provision_for = self.manager.provision_for;
            observer.note(&Note::Second(Second { epoch, provision_for, ..machines }))?;
            if queued == 0 {
                return Ok(epoch);
            }
            // Nobody decides any more, and reactive scaling needs a machine to measure.
            if self.cloud.active() == 0 {
                return Err(ReplayError::NeverDrains { epoch, queued });
            }
        }
        let (epoch, queued) = (first + limit - 1, self.cloud.queued());
        Err(ReplayError::DrainTooLong { epoch, queued, limit })
    }
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
