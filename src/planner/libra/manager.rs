//! The hybrid's manager: watches the arrivals, decides at fixed intervals how many machines there should be, and waits for
//! them to start before it sends them more.
//!
//! Source: `aliraza0337/LIBRA`, the manager.
//! Differs: nothing. The counter of the wait is not restarted by a later decision, as in the original.

use super::decision::{Forecast, Plan, PlanRule};

#[derive(Debug)]
pub(super) struct Manager {
    forecast: Forecast,
    rule: PlanRule,
    update_interval: u64,
    cold_start: u64,
    /// Second of the next decision besides `first_decision`.
    next: Option<u64>,
    first_decision: u64,
    /// The newest plan, in force or not.
    pub plan: Plan,
    /// Machines of the plan last put in force.
    vms_in_force: u64,
    waiting: bool,
    waited: u64,
    /// Requests per second that go to machines now.
    pub provision_for: u64,
}

impl Manager {
    pub fn new(
        forecast: Forecast,
        rule: PlanRule,
        first_decision: u64,
        update_interval: u64,
        cold_start: u64,
    ) -> Manager {
        Manager {
            forecast,
            rule,
            update_interval,
            cold_start,
            next: None,
            first_decision,
            plan: Plan::default(),
            vms_in_force: 0,
            waiting: false,
            waited: 0,
            provision_for: 0,
        }
    }

    pub fn observe(&mut self, arrivals: u64) {
        self.forecast.observe(arrivals as f64);
    }

    /// The new plan, if a decision is due; machines held to `limits`, where there are some.
    pub fn decide(&mut self, epoch: u64, limits: Option<(u64, u64)>) -> Option<Plan> {
        if epoch != self.first_decision && Some(epoch) != self.next {
            return None;
        }
        self.next = Some(epoch + self.update_interval);
        self.plan = self.rule.plan(&self.forecast);
        if let Some((least, most)) = limits {
            self.plan.vms = self.plan.vms.clamp(least, most);
        }
        if self.plan.vms > self.vms_in_force {
            self.waiting = true;
        } else {
            self.put_in_force();
        }
        Some(self.plan)
    }

    /// Whether the newest plan still waits for machines.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Another second of waiting for machines to start. True when their plan comes into force with it.
    pub fn wait(&mut self) -> bool {
        if !self.waiting {
            return false;
        }
        if self.waited != self.cold_start {
            self.waited += 1;
            return false;
        }
        self.waiting = false;
        self.waited = 0;
        self.put_in_force();
        true
    }

    fn put_in_force(&mut self) {
        self.vms_in_force = self.plan.vms;
        self.provision_for = self.plan.provision_for;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provisions(cold_start: u64, update_interval: u64, arrivals: impl Iterator<Item = u64>) -> Vec<u64> {
        let rule = PlanRule { per_vm: 10, std_multiplier: 0.0, proportion: 1.0, indifference_per_s: None };
        let mut manager = Manager::new(Forecast::new(1.0, 1.0), rule, 1, update_interval, cold_start);
        let second = |(epoch, n)| {
            manager.observe(n);
            manager.decide(epoch, None);
            manager.wait();
            manager.provision_for
        };
        (1..).zip(arrivals).map(second).collect()
    }

    #[test]
    fn more_machines_count_when_they_are_ready_and_fewer_at_once() {
        let arrivals = [50, 50, 50, 50, 20, 20, 70, 70, 80, 80, 80, 80].into_iter();
        assert_eq!(provisions(3, 4, arrivals), [0, 0, 0, 50, 20, 20, 20, 20, 20, 20, 20, 80]);
    }

    #[test]
    fn a_later_decision_does_not_restart_the_wait() {
        let arrivals = [50, 60, 70, 80, 90, 90].into_iter();
        assert_eq!(provisions(3, 1, arrivals), [0, 0, 0, 80, 80, 80]);
    }
}
