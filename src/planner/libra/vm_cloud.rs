//! The machines: started, filled first fit in the order of their launch, told to leave, billed; one queue before them.
//!
//! Source: `aliraza0337/LIBRA`, the VM cloud of the per-second simulator.
//! Differs: requests are placed by the batch. Where the original divides by an empty fleet, an error says so. Oddities of
//! scaling and billing are switches, see [`Readings`].

use super::auto_scaling::AutoScaler;
use super::batch_queue::{Batch, BatchQueue};
use super::observe::{Note, Observer, Second};
use super::parameters::{FLEET_LIMIT, Policy, Setup};
use super::readings::Readings;
use super::replay::ReplayError;
use std::collections::VecDeque;

/// EC2 bills a minute at least.
const LEAST_BILL_S: u64 = 60;

#[derive(Debug)]
struct Vm {
    launch: u64,
    /// Slots in use, as of the last call of [`Vm::free`].
    busy: u64,
    /// The first second in which nothing placed so far runs any more; 0 for a machine never used.
    busy_until: u64,
    /// When it was told to leave.
    told: u64,
    /// (second, requests) placed and perhaps still running, oldest first: at most one entry a second and a slot.
    running: VecDeque<(u64, u64)>,
}

impl Vm {
    /// Slots in use in second `epoch`, which must not go back.
    fn busy_in(&mut self, epoch: u64, duration: u64) -> u64 {
        while let Some(&(begun, count)) = self.running.front()
            && begun + duration <= epoch
        {
            self.busy -= count;
            self.running.pop_front();
        }
        self.busy
    }
}

/// What reactive scaling has just seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Crossings {
    pub out: u64,
    pub inward: u64,
}

/// Counts and delays over the whole replay.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub launches: u64,
    pub billed: u64,
    pub vm_seconds: u64,
    /// Machines that a later scale-in made the original forget.
    pub forgotten: u64,
    /// Requests by their delay in seconds.
    pub delays: Vec<u64>,
    pub max_queue: u64,
    pub peak_active: u64,
    pub crossings: Crossings,
}

pub(super) struct VmCloud {
    slots: u64,
    duration: u64,
    cold_start: u64,
    price_per_s: f64,
    group: u64,
    least: u64,
    most: u64,
    readings: Readings,
    scaler: Option<AutoScaler>,
    /// In the order of launch, so those that are ready come first.
    active: Vec<Vm>,
    leaving: Vec<Vm>,
    queue: BatchQueue,
    /// Whether the last step crossed a threshold.
    pub alarm: bool,
    pub books: Books,
}

impl VmCloud {
    /// The machines of second 1 are launched here.
    pub fn new(setup: &Setup) -> Result<VmCloud, ReplayError> {
        let given = &setup.parameters;
        let scaler = given.vm_auto_scaling.then(|| {
            let (out, inward) = (given.auto_scale_out_thresh, given.auto_scale_in_thresh);
            AutoScaler::new(out, inward, given.auto_scale_grace_period, given.readings)
        });
        let mut cloud = VmCloud {
            slots: setup.slots,
            duration: given.req_duration,
            cold_start: given.vm_cold_start,
            price_per_s: setup.vm_hourly_price / 3600.0,
            group: given.auto_scale_group,
            least: given.min_num_instance,
            most: given.max_num_instance,
            readings: given.readings,
            scaler,
            active: Vec::new(),
            leaving: Vec::new(),
            queue: BatchQueue::default(),
            alarm: false,
            books: Books::default(),
        };
        let initial = match given.policy {
            Policy::VmCloudMax => given.max_num_instance,
            Policy::Serverless if given.readings.last_bill.is_corrected() => 0,
            _ => given.min_num_instance,
        };
        cloud.launch(initial, 1)?;
        Ok(cloud)
    }

    pub fn active(&self) -> u64 {
        self.active.len() as u64
    }

    pub fn leaving(&self) -> u64 {
        self.leaving.len() as u64
    }

    pub fn ready(&self, epoch: u64) -> u64 {
        self.active.partition_point(|vm| vm.launch + self.cold_start <= epoch) as u64
    }

    pub fn queued(&self) -> u64 {
        self.queue.requests()
    }

    fn launch(&mut self, vms: u64, epoch: u64) -> Result<(), ReplayError> {
        if self.active() + vms > FLEET_LIMIT {
            return Err(ReplayError::FleetTooLarge { epoch, vms: self.active() + vms, limit: FLEET_LIMIT });
        }
        let new = || Vm { launch: epoch, busy: 0, busy_until: 0, told: 0, running: VecDeque::new() };
        self.active.extend((0..vms).map(|_| new()));
        self.books.launches += vms;
        Ok(())
    }

    /// Makes the fleet `vms` strong: new machines are launched, the newest are told to leave.
    pub fn set_fleet(&mut self, vms: u64, epoch: u64) -> Result<(), ReplayError> {
        let needed_for_the_queue = u64::from(self.readings.last_vm.is_corrected() && self.queued() > 0);
        let vms = vms.max(needed_for_the_queue.min(self.active()));
        if vms < self.active() {
            self.retire_newest(self.active() - vms, epoch);
            return Ok(());
        }
        self.launch(vms - self.active(), epoch)
    }

    fn retire_newest(&mut self, vms: u64, epoch: u64) {
        let vms = usize::try_from(vms).expect("no more than the fleet, which is in memory");
        let mut told = self.active.split_off(self.active.len() - vms);
        told.iter_mut().for_each(|vm| vm.told = epoch);
        if self.readings.leaving.is_corrected() {
            self.leaving.append(&mut told);
        } else {
            self.books.forgotten += self.leaving.len() as u64;
            self.leaving = told;
        }
    }

    /// One second: retire, place what waits, scale. The answer has the fields that concern machines; `arrivals` may be empty.
    pub fn step<O: Observer>(&mut self, epoch: u64, arrivals: Batch, observer: &mut O) -> Result<Second, ReplayError> {
        self.retire(epoch, observer)?;
        let (active_vms, pending_kill_vms) = (self.active(), self.leaving());
        self.books.peak_active = self.books.peak_active.max(active_vms);
        observer.note(&Note::Active { epoch, vms: active_vms })?;
        self.queue.push(arrivals);
        let ready_vms = self.ready(epoch);
        let vm_served = self.place(epoch, ready_vms, observer)?;
        self.books.max_queue = self.books.max_queue.max(self.queued());
        self.alarm = false;
        if self.scaler.is_some() {
            self.scale(epoch, ready_vms, observer)?;
        }
        let queue_length = self.queued();
        Ok(Second { vm_served, queue_length, active_vms, ready_vms, pending_kill_vms, ..Second::default() })
    }

    /// Lets go of the machines that were told to leave and have nothing left to do.
    fn retire<O: Observer>(&mut self, epoch: u64, observer: &mut O) -> Result<(), ReplayError> {
        if self.leaving.is_empty() {
            return Ok(());
        }
        let prompt = self.readings.retirement.is_corrected();
        let cold_start = self.cold_start;
        let last_used = |vm: &Vm| vm.busy_until.max(vm.launch + cold_start);
        let gone = |vm: &Vm| if prompt { epoch >= vm.busy_until } else { epoch > last_used(vm) };
        // Two passes: billing may fail, in the order of the list, and `retain` cannot.
        for index in 0..self.leaving.len() {
            let vm = &self.leaving[index];
            if gone(vm) {
                let (launch, end) = (vm.launch, if prompt { vm.told.max(vm.busy_until) } else { epoch });
                self.bill(launch, end, observer)?;
            }
        }
        self.leaving.retain(|vm| !gone(vm));
        Ok(())
    }

    /// First fit over the ready machines in the order of launch. Requests placed.
    fn place<O: Observer>(&mut self, epoch: u64, ready: u64, observer: &mut O) -> Result<u64, ReplayError> {
        let before = self.queue.requests();
        for vm in self.active.iter_mut().take(ready as usize) {
            if self.queue.requests() == 0 {
                break;
            }
            let free = self.slots - vm.busy_in(epoch, self.duration);
            let mut left = free;
            while left > 0
                && let Some(batch) = self.queue.take(left)
            {
                left -= batch.count;
                let delay = epoch - batch.arrival;
                let index = usize::try_from(delay).expect("delays are bounded by the horizon and the drain limit");
                if self.books.delays.len() <= index {
                    self.books.delays.resize(index + 1, 0);
                }
                self.books.delays[index] += batch.count;
                let Batch { first_id, count, .. } = batch;
                observer.note(&Note::Served { first_id, count, epoch, duration: self.duration, delay })?;
            }
            if left < free {
                vm.busy += free - left;
                vm.busy_until = epoch + self.duration;
                vm.running.push_back((epoch, free - left));
            }
        }
        Ok(before - self.queue.requests())
    }

    fn scale<O: Observer>(&mut self, epoch: u64, ready: u64, observer: &mut O) -> Result<(), ReplayError> {
        let Some(scaler) = self.scaler.as_mut() else { return Ok(()) };
        let corrected = self.readings.utilisation.is_corrected();
        let warming = ready < self.active.len() as u64;
        let counted = if corrected { ready } else { self.active.len() as u64 };
        if counted == 0 {
            // Nothing to measure: the original divides by zero here, a cloud would have no sample.
            return if corrected { Ok(()) } else { Err(ReplayError::EmptyFleet { epoch }) };
        }
        let fleet = self.active.iter_mut().take(counted as usize);
        let busy: u64 = fleet.map(|vm| vm.busy_in(epoch, self.duration)).sum();
        let now = busy as f64 / (counted * self.slots) as f64;
        let judgement = scaler.judge(now, corrected && warming);
        observer.note(&Note::Utilisation { epoch, now, average: judgement.average })?;
        let Some(average) = judgement.average else { return Ok(()) };
        self.alarm = judgement.out || judgement.inward;
        if judgement.out {
            self.books.crossings.out += 1;
            observer.note(&Note::Scaled { epoch, out: true, average })?;
            let room = self.most.saturating_sub(self.active());
            if room > 0 {
                self.launch(
                    if self.readings.limits.is_corrected() { self.group.min(room) } else { self.group },
                    epoch,
                )?;
            }
        }
        if judgement.inward {
            self.books.crossings.inward += 1;
            observer.note(&Note::Scaled { epoch, out: false, average })?;
            if self.readings.limits.is_corrected() {
                let spare = self.active().saturating_sub(self.least.max(1));
                if spare > 0 {
                    self.retire_newest(self.group.min(spare), epoch);
                }
            } else if self.active() > self.group {
                self.retire_newest(self.group, epoch);
            }
        }
        Ok(())
    }

    /// Bills what is still there when the replay ends.
    pub fn close<O: Observer>(&mut self, epoch: u64, observer: &mut O) -> Result<(), ReplayError> {
        let mut left = std::mem::take(&mut self.active);
        if self.readings.last_bill.is_corrected() {
            left.append(&mut self.leaving);
        }
        for vm in left {
            self.bill(vm.launch, epoch.max(vm.busy_until), observer)?;
        }
        Ok(())
    }

    /// `end` is the second in which the machine's work has ended.
    fn bill<O: Observer>(&mut self, launch: u64, end: u64, observer: &mut O) -> Result<(), ReplayError> {
        let seconds = if self.readings.billing.is_corrected() {
            end.saturating_sub(launch).max(LEAST_BILL_S)
        } else {
            end.saturating_sub(launch + self.cold_start) + self.cold_start
        };
        self.books.billed += 1;
        self.books.vm_seconds += seconds;
        observer.note(&Note::Billed { seconds, cost: seconds as f64 * self.price_per_s })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::libra::{Parameters, Reading};

    fn cloud(change: impl FnOnce(&mut Parameters)) -> VmCloud {
        let mut parameters = Parameters {
            policy: Policy::VmCloud,
            vm_memory_gb: Some(1.0),
            min_num_instance: 3,
            vm_cold_start: 0,
            ..Parameters::default()
        };
        change(&mut parameters);
        VmCloud::new(&parameters.setup().unwrap()).unwrap()
    }

    fn batch(arrival: u64, count: u64) -> Batch {
        Batch { first_id: 0, arrival, count }
    }

    #[test]
    fn slots_stay_taken_as_long_as_a_request_runs() {
        let mut cloud = cloud(|parameters| parameters.req_duration = 2);
        let served: Vec<u64> =
            (1..=5).map(|epoch| cloud.step(epoch, batch(epoch, 4), &mut ()).unwrap().vm_served).collect();
        assert_eq!(served, [4, 2, 4, 2, 4], "three machines with two slots of two seconds each");
        assert_eq!(cloud.books.delays, [8, 8]);
        assert_eq!(cloud.queued(), 4);
    }

    #[test]
    fn as_published_a_second_scale_in_forgets_machines_still_leaving() {
        for (reading, forgotten, billed) in [(Reading::Original, 1, 2), (Reading::Corrected, 0, 3)] {
            let mut cloud = cloud(|parameters| {
                parameters.req_duration = 10;
                parameters.readings.leaving = reading;
            });
            cloud.step(1, batch(1, 6), &mut ()).unwrap();
            cloud.set_fleet(2, 2).unwrap();
            cloud.step(2, batch(2, 0), &mut ()).unwrap();
            cloud.set_fleet(1, 3).unwrap();
            for epoch in 3..=12 {
                cloud.step(epoch, batch(epoch, 0), &mut ()).unwrap();
            }
            cloud.close(12, &mut ()).unwrap();
            assert_eq!((cloud.books.forgotten, cloud.books.billed), (forgotten, billed));
        }
    }

    #[test]
    fn an_idle_machine_may_leave_at_once() {
        for (reading, pending) in [(Reading::Original, 2), (Reading::Corrected, 0)] {
            let mut cloud = cloud(|parameters| {
                parameters.vm_cold_start = 5;
                parameters.readings.retirement = reading;
            });
            cloud.set_fleet(1, 2).unwrap();
            assert_eq!(cloud.step(2, batch(2, 0), &mut ()).unwrap().pending_kill_vms, pending);
        }
    }
}
