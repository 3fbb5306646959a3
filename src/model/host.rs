//! The processors of a host, divided among the containers on it that have work.
//!
//! Source: CPU shares of the Linux scheduler, as Docker sets them: under contention processors go by weight, nobody gets more
//! than its quota or than its requests can use, and what one leaves the others share.

use super::ids::{InstanceId, NodeId};
use super::world::{Plan, World};
use crate::engine::time::Instant;

/// What one container wants and how much it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Claim {
    wanted: u64,
    weight: u64,
}

impl World {
    /// Requests joined or left an instance whose cores are shared; its clock stands at now. Its end of work is planned
    /// anew, and those of its neighbours where the host's processors are what is short.
    pub(crate) fn shares_changed(&mut self, id: InstanceId, now: Instant, plan: &mut Plan) {
        let pool = self.instance(id).pool;
        let node = self.pool(pool).spec.node;
        match self.node(node).millicores {
            Some(millicores) => self.divide_host(node, millicores, now, plan),
            None => {
                let wanted = self.sharing_mut(id).wanted();
                self.tell_use(id, wanted, now);
                self.plan_shared_end(id, plan);
            }
        }
    }

    fn divide_host(&mut self, node: NodeId, millicores: u64, now: Instant, plan: &mut Plan) {
        let on_host = self.instances.iter().filter(|(_, instance)| {
            let here = self.pools[instance.pool.index()].spec.node == node;
            let at_work = |sharing: &super::sharing::Sharing| !sharing.is_empty() || sharing.in_use > 0;
            here && instance.sharing.as_deref().is_some_and(at_work)
        });
        let ids: Vec<InstanceId> = on_host.map(|(slot, _)| InstanceId(slot)).collect();
        let mut claims = Vec::with_capacity(ids.len());
        for &id in &ids {
            let weight = self.pool(self.instance(id).pool).spec.footprint.cpu_shares;
            claims.push(Claim { wanted: self.sharing_mut(id).wanted(), weight: u64::from(weight) });
        }
        for (&id, granted) in ids.iter().zip(divide(millicores, &claims)) {
            self.share_until(id, now);
            self.sharing_mut(id).grant(granted);
            self.tell_use(id, granted, now);
            self.plan_shared_end(id, plan);
        }
    }

    fn sharing_mut(&mut self, id: InstanceId) -> &mut super::sharing::Sharing {
        self.instances.get_mut(id.0).sharing.as_mut().expect("a sharing pool's instance shares")
    }

    /// Books what an instance uses of the processors from now on.
    fn tell_use(&mut self, id: InstanceId, in_use: u64, now: Instant) {
        let before = std::mem::replace(&mut self.sharing_mut(id).in_use, in_use);
        let pool = self.instance(id).pool;
        if before != in_use {
            // Thousandths of the cores of one machine: far below what the cast could lose.
            self.pools[pool.index()].cores_busy.change(now, in_use as i64 - before as i64);
        }
    }
}

/// Divides processors by weight; who wants less than its part leaves the rest to the others.
fn divide(millicores: u64, claims: &[Claim]) -> Vec<u64> {
    let mut granted: Vec<Option<u64>> = vec![None; claims.len()];
    let mut left = millicores;
    loop {
        let open = |granted: &[Option<u64>]| -> Vec<usize> {
            (0..claims.len()).filter(|&index| granted[index].is_none()).collect()
        };
        let competing = open(&granted);
        let weights: u64 = competing.iter().map(|&index| claims[index].weight.max(1)).sum();
        let part = |index: usize| {
            // No more than `left`, so the cast loses nothing.
            (u128::from(left) * u128::from(claims[index].weight.max(1)) / u128::from(weights.max(1))) as u64
        };
        let content: Vec<usize> =
            competing.iter().copied().filter(|&index| claims[index].wanted <= part(index)).collect();
        if content.is_empty() {
            let parts: Vec<u64> =
                (0..claims.len()).map(|index| granted[index].unwrap_or_else(|| part(index))).collect();
            return parts;
        }
        for index in content {
            granted[index] = Some(claims[index].wanted);
            left -= claims[index].wanted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(millicores: u64, claims: &[(u64, u64)]) -> Vec<u64> {
        let claims: Vec<Claim> = claims.iter().map(|&(wanted, weight)| Claim { wanted, weight }).collect();
        divide(millicores, &claims)
    }

    #[test]
    fn processors_go_by_weight_and_what_one_leaves_the_others_share() {
        assert_eq!(divided(4000, &[(1000, 1), (2000, 1)]), [1000, 2000], "enough for all");
        assert_eq!(divided(2000, &[(2000, 1), (2000, 1)]), [1000, 1000]);
        assert_eq!(divided(2000, &[(2000, 3), (2000, 1)]), [1500, 500]);
        assert_eq!(divided(2000, &[(200, 1), (2000, 1), (2000, 1)]), [200, 900, 900]);
        assert_eq!(divided(2000, &[]), Vec::<u64>::new());
        assert_eq!(divided(1000, &[(0, 1024), (1000, 1024)]), [0, 1000]);
    }
}
