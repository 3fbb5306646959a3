//! Verbs of leaving: callers that lose patience, instances that are taken away.

use super::ids::RequestId;
use super::pool::Births;
use super::request::State;
use super::world::{Plan, World};
use crate::engine::time::Instant;

impl World {
    /// Takes a request out of wherever it stands in a pool: a line, an instance that starts, or its work. Work that is
    /// cut off is metered up to now; the connection is closed, so the instance does not go on with it.
    pub fn withdraw(&mut self, id: RequestId, now: Instant, plan: &mut Plan) {
        let request = self.requests.get_mut(id.0);
        if let Some(handle) = request.patience.take() {
            plan.cancel(handle);
        }
        let state = request.state;
        if let Some(pool) = request.pool
            && self.machines.get(pool).is_some()
        {
            return self.withdraw_from_computer(id, pool, now, plan);
        }
        match (state, request.pool, request.instance) {
            (State::WaitingAtPool, Some(pool), _) => {
                request.ended = Some(now);
                let pool = &mut self.pools[pool.index()];
                pool.queue.remove(&mut self.requests, id);
                pool.counts.waiting -= 1;
            }
            (State::WaitingAtInstance, Some(pool_id), Some(instance)) => {
                request.ended = Some(now);
                self.instances.get_mut(instance.0).waiting.remove(&mut self.requests, id);
                let pool = &mut self.pools[pool_id.index()];
                pool.counts.waiting -= 1;
                let at_once = pool.spec.capacity.at_once();
                match &mut pool.births {
                    Births::Fleet(balancer) => balancer.note(&self.instances, instance),
                    Births::Environments(_) => {
                        // Its place on an environment that starts is free for the next in line.
                        self.note_open(instance, at_once);
                        self.release_account(pool_id);
                        self.pump(pool_id, now, plan);
                        self.pump_account(pool_id, now, plan);
                    }
                }
            }
            (State::Running, _, Some(instance)) => {
                self.stop_work(id, now, plan);
                self.feed(instance, now, plan);
            }
            _ => {}
        }
    }

    /// Ends the work of a running request before its time; the caller feeds or dismisses the instance.
    pub(crate) fn stop_work(&mut self, id: RequestId, now: Instant, plan: &mut Plan) {
        let request = self.requests.get_mut(id.0);
        let instance_id = request.instance.expect("a running request is on an instance");
        if let Some(handle) = request.end.take() {
            plan.cancel(handle);
        } else {
            self.share_until(instance_id, now);
            let instance = self.instances.get_mut(instance_id.0);
            instance.sharing.as_mut().expect("work without an end of its own is shared").leave(id);
            self.shares_changed(instance_id, now, plan);
        }
        self.leave_instance(id, now, false);
    }
}
