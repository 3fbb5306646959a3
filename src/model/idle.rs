//! Warm environments that wait for work: which one is used next, and whose keep-alive ends first.
//!
//! The reuse order and the meaning of keep-alive change the share of cold starts many times over, so both are named in
//! the scenario. Environments stand in a list in order of becoming idle; orders that the list cannot give (newest or
//! oldest launch, keep-alive times that are drawn) use priority queues beside it.

use std::cmp::Reverse;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use super::ids::{InstanceId, Slab};
use super::instance::Instance;
use crate::engine::time::Instant;

/// Which idle environment takes the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The one idle for the shortest time.
    MostRecentlyUsed,
    /// The one idle for the longest time.
    LeastRecentlyUsed,
    /// The one launched last (SimFaaS).
    Newest,
    /// The one launched first.
    Oldest,
}

/// Idle environments of one pool.
pub struct Idle {
    reuse: Reuse,
    oldest: Option<InstanceId>,
    newest: Option<InstanceId>,
    len: u32,
    deadlines_in_order: bool,
    /// Apart from the list, which most pools need alone and should find close together.
    beside: Box<Beside>,
}

/// Orders that the list does not give.
#[derive(Default)]
struct Beside {
    /// By launch number, for `Newest` (as is) and `Oldest` (negated).
    by_launch: PriorityQueue<InstanceId, i64, FxBuildHasher>,
    /// Filled only when deadlines need not come in the order of the list.
    by_deadline: PriorityQueue<InstanceId, Reverse<(Instant, u64)>, FxBuildHasher>,
}

impl Idle {
    /// `deadlines_in_order`: keep-alive has a fixed length and starts anew at each use, so that who became idle first
    /// also leaves first.
    pub fn new(reuse: Reuse, deadlines_in_order: bool) -> Idle {
        Idle { reuse, oldest: None, newest: None, len: 0, deadlines_in_order, beside: Box::default() }
    }

    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The environment idle for the longest time.
    pub fn longest_idle(&self) -> Option<InstanceId> {
        self.oldest
    }

    /// An environment becomes idle; its deadline is set.
    #[inline]
    pub fn push(&mut self, instances: &mut Slab<Instance>, id: InstanceId) {
        if let Some(newest) = self.newest {
            instances.get_mut(newest.0).newer = Some(id);
        }
        let instance = instances.get_mut(id.0);
        (instance.older, instance.newer) = (self.newest, None);
        self.newest = Some(id);
        self.oldest.get_or_insert(id);
        self.len += 1;
        match self.reuse {
            Reuse::Newest => drop(self.beside.by_launch.push(id, instance.number as i64)),
            Reuse::Oldest => drop(self.beside.by_launch.push(id, -(instance.number as i64))),
            Reuse::MostRecentlyUsed | Reuse::LeastRecentlyUsed => {}
        }
        if !self.deadlines_in_order {
            self.beside.by_deadline.push(id, Reverse((instance.deadline, instance.number)));
        }
    }

    /// The environment that the reuse order names, still in its place.
    #[inline]
    pub fn pick(&self) -> Option<InstanceId> {
        match self.reuse {
            Reuse::MostRecentlyUsed => self.newest,
            Reuse::LeastRecentlyUsed => self.oldest,
            Reuse::Newest | Reuse::Oldest => self.beside.by_launch.peek().map(|(&id, _)| id),
        }
    }

    /// Takes out an environment, to be used or to leave.
    #[inline]
    pub fn remove(&mut self, instances: &mut Slab<Instance>, id: InstanceId) {
        let instance = instances.get_mut(id.0);
        let (older, newer) = (instance.older.take(), instance.newer.take());
        match older {
            Some(older) => instances.get_mut(older.0).newer = newer,
            None => self.oldest = newer,
        }
        match newer {
            Some(newer) => instances.get_mut(newer.0).older = older,
            None => self.newest = older,
        }
        self.len -= 1;
        if matches!(self.reuse, Reuse::Newest | Reuse::Oldest) {
            self.beside.by_launch.remove(&id);
        }
        if !self.deadlines_in_order {
            self.beside.by_deadline.remove(&id);
        }
    }

    /// The environment whose keep-alive ends first, and when.
    #[inline]
    pub fn first_deadline(&self, instances: &Slab<Instance>) -> Option<(Instant, InstanceId)> {
        if self.deadlines_in_order {
            self.oldest.map(|id| (instances.get(id.0).deadline, id))
        } else {
            self.beside.by_deadline.peek().map(|(&id, &Reverse((deadline, _)))| (deadline, id))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::PoolId;
    use crate::model::instance::Phase;

    /// Three environments, launched in order 0, 1, 2, idle since 2, 0, 1, with deadlines 9, 3, 5.
    fn three(reuse: Reuse, deadlines_in_order: bool) -> (Idle, Slab<Instance>) {
        let mut instances = Slab::default();
        for (number, deadline) in [9, 3, 5].into_iter().enumerate() {
            instances.insert(Instance {
                pool: PoolId(0),
                number: number as u64,
                phase: Phase::Serving { running: 0 },
                born: Instant::ZERO,
                booted: None,
                ready: None,
                last_used: Instant::ZERO,
                deadline: Instant::from_nanos(deadline),
                keep_alives: 0,
                provisioned: false,
                waiting: Default::default(),
                sharing: None,
                bill: Default::default(),
                older: None,
                newer: None,
                start: None,
                drain: None,
                grace: None,
                interruption: None,
                grace: None,
            });
        }
        let mut idle = Idle::new(reuse, deadlines_in_order);
        [2, 0, 1].iter().for_each(|&id| idle.push(&mut instances, InstanceId(id)));
        (idle, instances)
    }

    #[test]
    fn each_reuse_order_takes_the_environments_in_its_own_sequence() {
        for (reuse, order) in [
            (Reuse::MostRecentlyUsed, [1, 0, 2]),
            (Reuse::LeastRecentlyUsed, [2, 0, 1]),
            (Reuse::Newest, [2, 1, 0]),
            (Reuse::Oldest, [0, 1, 2]),
        ] {
            let (mut idle, mut instances) = three(reuse, true);
            for id in order {
                let picked = idle.pick().unwrap();
                assert_eq!(picked, InstanceId(id), "{reuse:?}");
                idle.remove(&mut instances, picked);
            }
            assert!(idle.is_empty() && idle.pick().is_none());
        }
    }

    #[test]
    fn drawn_deadlines_are_found_out_of_the_order_of_idleness() {
        let (idle, instances) = three(Reuse::MostRecentlyUsed, false);
        assert_eq!(idle.first_deadline(&instances), Some((Instant::from_nanos(3), InstanceId(1))));
        let (idle, instances) = three(Reuse::MostRecentlyUsed, true);
        assert_eq!(idle.first_deadline(&instances), Some((Instant::from_nanos(5), InstanceId(2))));
    }
}
