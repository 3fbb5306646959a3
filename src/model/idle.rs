//! Warm environments that wait for work: which one is used next, and whose keep-alive ends first.
//!
//! The reuse order and the meaning of keep-alive change the share of cold starts many times over, so both are named in
//! the scenario. Environments stand in a line in order of becoming idle; orders that the line cannot give (newest or
//! oldest launch, keep-alive times that are drawn) use priority queues beside it. The line is kept apart from the
//! environments: with many pools, looking at a neighbour that is not used costs more than using the one that is.

use std::cmp::Reverse;
use std::collections::VecDeque;

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
    deadlines_in_order: bool,
    /// Stamps rise; who was taken out of the middle leaves a hole, and no hole stands at an end.
    line: VecDeque<(u64, Option<InstanceId>)>,
    holes: usize,
    stamps: u64,
    /// Apart from the line, which most pools need alone.
    beside: Box<Beside>,
}

/// Orders that the line does not give.
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
        Idle { reuse, deadlines_in_order, line: VecDeque::new(), holes: 0, stamps: 0, beside: Box::default() }
    }

    #[inline]
    pub fn len(&self) -> u32 {
        (self.line.len() - self.holes) as u32
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The environment idle for the longest time.
    #[inline]
    pub fn longest_idle(&self) -> Option<InstanceId> {
        self.line.front().and_then(|&(_, id)| id)
    }

    #[inline]
    fn shortest_idle(&self) -> Option<InstanceId> {
        self.line.back().and_then(|&(_, id)| id)
    }

    /// An environment becomes idle; its deadline is set.
    #[inline]
    pub fn push(&mut self, instances: &mut Slab<Instance>, id: InstanceId) {
        let instance = instances.get_mut(id.0);
        self.stamps += 1;
        instance.idle_stamp = self.stamps;
        self.line.push_back((self.stamps, Some(id)));
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
            Reuse::MostRecentlyUsed => self.shortest_idle(),
            Reuse::LeastRecentlyUsed => self.longest_idle(),
            Reuse::Newest | Reuse::Oldest => self.beside.by_launch.peek().map(|(&id, _)| id),
        }
    }

    /// Takes out an environment, to be used or to leave.
    #[inline]
    pub fn remove(&mut self, instances: &Slab<Instance>, id: InstanceId) {
        if self.shortest_idle() == Some(id) {
            self.line.pop_back();
        } else if self.longest_idle() == Some(id) {
            self.line.pop_front();
        } else {
            let own = instances.get(id.0).idle_stamp;
            let place = self.line.binary_search_by_key(&own, |&(stamp, _)| stamp);
            self.line[place.expect("only who is idle is taken out")].1 = None;
            self.holes += 1;
        }
        if self.holes > 0 {
            self.tidy();
        }
        if matches!(self.reuse, Reuse::Newest | Reuse::Oldest) {
            self.beside.by_launch.remove(&id);
        }
        if !self.deadlines_in_order {
            self.beside.by_deadline.remove(&id);
        }
    }

    /// Takes holes away from the ends, and all of them once they are the larger part.
    fn tidy(&mut self) {
        while let Some((_, None)) = self.line.back() {
            self.line.pop_back();
            self.holes -= 1;
        }
        while let Some((_, None)) = self.line.front() {
            self.line.pop_front();
            self.holes -= 1;
        }
        if 2 * self.holes > self.line.len() {
            self.line.retain(|(_, id)| id.is_some());
            self.holes = 0;
        }
    }

    /// The environment whose keep-alive ends first, and when.
    #[inline]
    pub fn first_deadline(&self, instances: &Slab<Instance>) -> Option<(Instant, InstanceId)> {
        if self.deadlines_in_order {
            self.longest_idle().map(|id| (instances.get(id.0).deadline, id))
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
                phase: Phase::Serving { running: 0 },
                deadline: Instant::from_nanos(deadline),
                ..Instance::launched(PoolId(0), number as u64, Instant::ZERO)
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
            let (mut idle, instances) = three(reuse, true);
            for id in order {
                let picked = idle.pick().unwrap();
                assert_eq!(picked, InstanceId(id), "{reuse:?}");
                idle.remove(&instances, picked);
            }
            assert!(idle.is_empty() && idle.pick().is_none());
        }
    }

    #[test]
    fn whoever_leaves_from_the_middle_the_others_keep_their_order() {
        let (mut idle, mut instances) = three(Reuse::LeastRecentlyUsed, true);
        let ids = [2, 0, 1].map(InstanceId);
        idle.remove(&instances, ids[1]);
        assert_eq!((idle.len(), idle.longest_idle(), idle.shortest_idle()), (2, Some(ids[0]), Some(ids[2])));
        idle.push(&mut instances, ids[1]);
        idle.remove(&instances, ids[2]);
        idle.remove(&instances, ids[0]);
        assert_eq!((idle.len(), idle.longest_idle(), idle.shortest_idle()), (1, Some(ids[1]), Some(ids[1])));
        idle.remove(&instances, ids[1]);
        assert!(idle.is_empty() && idle.line.is_empty() && idle.holes == 0);
    }

    #[test]
    fn drawn_deadlines_are_found_out_of_the_order_of_idleness() {
        let (idle, instances) = three(Reuse::MostRecentlyUsed, false);
        assert_eq!(idle.first_deadline(&instances), Some((Instant::from_nanos(3), InstanceId(1))));
        let (idle, instances) = three(Reuse::MostRecentlyUsed, true);
        assert_eq!(idle.first_deadline(&instances), Some((Instant::from_nanos(5), InstanceId(2))));
    }
}
