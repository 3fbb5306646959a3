//! Which instance of a fleet takes a request: round robin, least outstanding, random, power of d choices, weighted, first fit.
//!
//! Sources: the policies of the usual load balancers; power of d choices after Mitzenmacher (2001), drawn with
//! replacement, ties to the first drawn; weighted is the smooth weighted round robin of nginx.

use std::cmp::Reverse;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use super::ids::{InstanceId, Slab};
use super::instance::Instance;
use crate::engine::random::Rng;

/// How a balancer picks.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    RoundRobin,
    /// Fewest requests on it or waiting for it; ties to the one that was idle or joined longest ago.
    LeastOutstanding,
    Random,
    /// The least loaded of `d` drawn.
    PowerOfChoices(u32),
    /// The i-th instance launched has weight i modulo the list's length.
    Weighted(Vec<u32>),
    /// The first in order of launch with room (LIBRA's original).
    FirstFit,
}

/// The instances that take requests, in order of launch, and what the policy remembers of them.
pub struct Balancer {
    policy: Policy,
    members: Vec<InstanceId>,
    cursor: usize,
    /// Least outstanding first; the sequence makes ties first come, first picked.
    by_outstanding: PriorityQueue<InstanceId, Reverse<(u32, u64)>, FxBuildHasher>,
    sequence: u64,
    /// Current weights, beside `members`.
    credit: Vec<i64>,
}

impl Balancer {
    pub fn new(policy: Policy) -> Balancer {
        Balancer {
            policy,
            members: Vec::new(),
            cursor: 0,
            by_outstanding: PriorityQueue::with_hasher(FxBuildHasher),
            sequence: 0,
            credit: Vec::new(),
        }
    }

    /// Instances that take requests, in order of launch.
    pub fn members(&self) -> &[InstanceId] {
        &self.members
    }

    pub fn add(&mut self, instances: &Slab<Instance>, id: InstanceId) {
        let number = instances.get(id.0).number;
        let place = self.members.partition_point(|&other| instances.get(other.0).number < number);
        self.members.insert(place, id);
        self.credit.insert(place, 0);
        if place < self.cursor {
            self.cursor += 1;
        }
        self.note(instances, id);
    }

    pub fn remove(&mut self, id: InstanceId) {
        let place = self.members.iter().position(|&member| member == id).expect("only a member leaves");
        self.members.remove(place);
        self.credit.remove(place);
        if place < self.cursor {
            self.cursor -= 1;
        }
        self.by_outstanding.remove(&id);
    }

    /// The load of a member has changed.
    #[inline]
    pub fn note(&mut self, instances: &Slab<Instance>, id: InstanceId) {
        if self.policy == Policy::LeastOutstanding {
            self.sequence += 1;
            self.by_outstanding.push(id, Reverse((instances.get(id.0).outstanding(), self.sequence)));
        }
    }

    /// The member for the next request among those with `room` for it, or `None` when there is none.
    pub fn pick(&mut self, instances: &Slab<Instance>, room: u32, rng: impl FnOnce() -> Rng) -> Option<InstanceId> {
        let load = |id: InstanceId| instances.get(id.0).outstanding();
        let n = self.members.len();
        if n == 0 {
            return None;
        }
        match &self.policy {
            Policy::RoundRobin => {
                let cursor = self.cursor;
                let place = (0..n).map(|step| (cursor + step) % n).find(|&place| load(self.members[place]) < room)?;
                self.cursor = (place + 1) % n;
                Some(self.members[place])
            }
            Policy::LeastOutstanding => {
                let (&id, &Reverse((outstanding, _))) = self.by_outstanding.peek()?;
                (outstanding < room).then_some(id)
            }
            Policy::FirstFit => self.members.iter().copied().find(|&id| load(id) < room),
            Policy::Random => {
                let mut rng = rng();
                if room == u32::MAX {
                    return Some(self.members[rng.below(n as u64) as usize]);
                }
                let open = self.members.iter().filter(|&&id| load(id) < room).count();
                let nth = if open > 0 { rng.below(open as u64) as usize } else { return None };
                self.members.iter().copied().filter(|&id| load(id) < room).nth(nth)
            }
            Policy::PowerOfChoices(d) => {
                let mut rng = rng();
                let drawn = (0..*d).map(|_| self.members[rng.below(n as u64) as usize]);
                let best = drawn.reduce(|best, id| if load(id) < load(best) { id } else { best })?;
                if load(best) < room {
                    return Some(best);
                }
                // All drawn are full: an open one is taken all the same, so that nobody waits beside an idle instance.
                self.members.iter().copied().find(|&id| load(id) < room)
            }
            Policy::Weighted(weights) => {
                let weight = |id: InstanceId| i64::from(weights[instances.get(id.0).number as usize % weights.len()]);
                let mut total = 0;
                let mut best: Option<usize> = None;
                for place in 0..n {
                    if load(self.members[place]) >= room {
                        continue;
                    }
                    let own = weight(self.members[place]);
                    total += own;
                    self.credit[place] += own;
                    if best.is_none_or(|best| self.credit[place] > self.credit[best]) {
                        best = Some(place);
                    }
                }
                let best = best?;
                self.credit[best] -= total;
                Some(self.members[best])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Instant;
    use crate::model::ids::PoolId;
    use crate::model::instance::Phase;

    fn fleet(policy: Policy, running: &[u32]) -> (Balancer, Slab<Instance>) {
        let mut instances = Slab::default();
        let mut balancer = Balancer::new(policy);
        for (number, &running) in running.iter().enumerate() {
            let id = instances.insert(Instance {
                phase: Phase::Serving { running },
                ..Instance::launched(PoolId(0), number as u64, Instant::ZERO)
            });
            balancer.add(&instances, InstanceId(id));
        }
        (balancer, instances)
    }

    fn picks(policy: Policy, running: &[u32], room: u32, times: usize) -> Vec<Option<u32>> {
        let (mut balancer, instances) = fleet(policy, running);
        let mut rng = Rng::seeded(3);
        (0..times).map(|_| balancer.pick(&instances, room, || rng.clone_and_step()).map(|id| id.0)).collect()
    }

    impl Rng {
        /// A fresh generator for each pick, as the model gives one for each request.
        fn clone_and_step(&mut self) -> Rng {
            Rng::seeded(self.next_u64())
        }
    }

    #[test]
    fn round_robin_goes_round_and_passes_the_full_one() {
        assert_eq!(picks(Policy::RoundRobin, &[0, 4, 0], 4, 4), [0, 2, 0, 2].map(Some));
        assert_eq!(picks(Policy::RoundRobin, &[4, 4], 4, 1), [None]);
    }

    #[test]
    fn least_outstanding_and_first_fit_take_what_their_names_say() {
        assert_eq!(picks(Policy::LeastOutstanding, &[2, 1, 3], 4, 1), [Some(1)]);
        assert_eq!(picks(Policy::LeastOutstanding, &[4, 4, 4], 4, 1), [None]);
        assert_eq!(picks(Policy::FirstFit, &[4, 1, 0], 4, 1), [Some(1)]);
    }

    #[test]
    fn weighted_shares_are_exact_over_a_round_and_smooth_inside_it() {
        let taken = picks(Policy::Weighted(vec![5, 1, 1]), &[0, 0, 0], u32::MAX, 7);
        assert_eq!(taken, [0, 0, 1, 0, 2, 0, 0].map(Some));
    }

    #[test]
    fn random_is_even_and_power_of_two_prefers_the_less_loaded() {
        let even = picks(Policy::Random, &[0, 9, 0, 0], 9, 30_000);
        let of = |id| even.iter().filter(|&&picked| picked == Some(id)).count();
        assert_eq!(of(1), 0);
        assert!([0, 2, 3].iter().all(|&id| (9_700..10_300).contains(&of(id))));
        // The loaded one of two is picked only when drawn twice: one time in four.
        let two = picks(Policy::PowerOfChoices(2), &[5, 0], u32::MAX, 40_000);
        let loaded = two.iter().filter(|&&picked| picked == Some(0)).count();
        assert!((9_700..10_300).contains(&loaded), "{loaded}");
    }
}
