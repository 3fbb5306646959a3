//! Parents and children of a generation in flat rows, and who of them survives.
//!
//! Source: Deb et al. 2002, section III-C, with constraints handled by feasibility first as pymoo 0.6 does it: feasible
//! points by rank and then crowding; infeasible ones only to fill up, by increasing violation.
//! Differs: the front that does not fit is cut by decreasing crowding with ties by index (random in pymoo).

use super::operators::Competitor;
use super::sorting::{Sorter, ascending, crowd};

/// Points as rows of flat arrays, so that a generation allocates nothing.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) variables: usize,
    pub(super) objectives: usize,
    count: usize,
    x: Vec<f64>,
    f: Vec<f64>,
    /// Sum of violated constraints per point.
    violation: Vec<f64>,
    /// Rank and crowding of survivors; stale for children until `Survival::keep`.
    rank: Vec<u32>,
    crowding: Vec<f64>,
}

impl Pool {
    pub(super) fn new(variables: usize, objectives: usize, capacity: usize) -> Pool {
        Pool {
            variables,
            objectives,
            count: 0,
            x: vec![0.0; capacity * variables],
            f: vec![0.0; capacity * objectives],
            violation: vec![0.0; capacity],
            rank: vec![0; capacity],
            crowding: vec![0.0; capacity],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn x(&self, i: usize) -> &[f64] {
        &self.x[i * self.variables..(i + 1) * self.variables]
    }

    pub(super) fn f(&self, i: usize) -> &[f64] {
        &self.f[i * self.objectives..(i + 1) * self.objectives]
    }

    /// Feasible and dominated by nobody.
    pub(super) fn is_best(&self, i: usize) -> bool {
        self.violation[i] == 0.0 && self.rank[i] == 0
    }

    pub(super) fn competitor(&self, i: u32) -> Competitor<'_> {
        let i = i as usize;
        Competitor { violation: self.violation[i], objectives: self.f(i), crowding: self.crowding[i] }
    }

    /// Adds a point unless one at the same place is in the pool already. The caller has ensured the room.
    pub(super) fn push_new(&mut self, x: &[f64]) -> bool {
        // Squares of 1e-16: in practice equality, except for variables that live near zero.
        const SAME_SQUARED: f64 = 1e-32;
        let near = |row: &[f64]| {
            let mut squared = 0.0;
            row.iter().zip(x).all(|(a, b)| {
                squared += (a - b) * (a - b);
                squared <= SAME_SQUARED
            })
        };
        let begin = self.count * self.variables;
        if self.x[..begin].chunks_exact(self.variables).any(near) {
            return false;
        }
        self.x[begin..begin + self.variables].copy_from_slice(x);
        self.count += 1;
        true
    }

    /// Variables to read, objectives and violations to write, of the points from `begin` on.
    pub(super) fn from(&mut self, begin: usize) -> (&[f64], &mut [f64], &mut [f64]) {
        (
            &self.x[begin * self.variables..self.count * self.variables],
            &mut self.f[begin * self.objectives..self.count * self.objectives],
            &mut self.violation[begin..self.count],
        )
    }
}

/// The survival rule with the buffers it reuses.
#[derive(Debug, Default)]
pub(super) struct Survival {
    sorter: Sorter,
    feasible: Vec<u32>,
    infeasible: Vec<u32>,
    objectives: Vec<f64>,
    crowding: Vec<f64>,
    scratch: Vec<(f64, u32)>,
    survivors: Vec<Survivor>,
    spare: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Survivor {
    point: u32,
    rank: u32,
    crowding: f64,
}

impl Survival {
    /// Shrinks the pool to its best `keep` points and records their rank and crowding, both taken before the cut.
    pub(super) fn keep(&mut self, pool: &mut Pool, keep: usize) {
        self.feasible.clear();
        self.infeasible.clear();
        self.objectives.clear();
        self.survivors.clear();
        for i in 0..pool.count {
            if pool.violation[i] == 0.0 {
                self.feasible.push(i as u32);
                self.objectives.extend_from_slice(pool.f(i));
            } else {
                self.infeasible.push(i as u32);
            }
        }
        self.keep_feasible(keep, pool.objectives);
        if self.survivors.len() < keep {
            let violation = &pool.violation;
            self.infeasible
                .sort_unstable_by(|&a, &b| ascending(violation[a as usize], violation[b as usize]).then(a.cmp(&b)));
            let room = keep - self.survivors.len();
            let filling = self.infeasible.iter().take(room);
            self.survivors.extend(filling.map(|&point| Survivor { point, rank: u32::MAX, crowding: 0.0 }));
        }
        self.gather(pool);
    }

    fn keep_feasible(&mut self, keep: usize, width: usize) {
        self.sorter.rank(&self.objectives, width);
        self.crowding.resize(self.feasible.len(), 0.0);
        for (rank, front) in self.sorter.fronts().enumerate() {
            crowd(front, &self.objectives, width, &mut self.scratch, &mut self.crowding);
            let (feasible, crowding) = (&self.feasible, &self.crowding);
            let survivor = |&member: &u32| Survivor {
                point: feasible[member as usize],
                rank: rank as u32,
                crowding: crowding[member as usize],
            };
            let begin = self.survivors.len();
            self.survivors.extend(front.iter().map(survivor));
            if self.survivors.len() > keep {
                // Points rise with the index, so they make the order of equals stable.
                self.survivors[begin..]
                    .sort_unstable_by(|a, b| b.crowding.total_cmp(&a.crowding).then(a.point.cmp(&b.point)));
                self.survivors.truncate(keep);
            }
            if self.survivors.len() == keep {
                return;
            }
        }
    }

    /// Moves the survivors' rows to the front of the pool, in their order.
    fn gather(&mut self, pool: &mut Pool) {
        let points = || self.survivors.iter().map(|survivor| survivor.point as usize);
        let spare = &mut self.spare;
        let mut reorder = |rows: &mut Vec<f64>, width: usize| {
            spare.clear();
            points().for_each(|i| spare.extend_from_slice(&rows[i * width..(i + 1) * width]));
            rows[..spare.len()].copy_from_slice(spare);
        };
        reorder(&mut pool.x, pool.variables);
        reorder(&mut pool.f, pool.objectives);
        reorder(&mut pool.violation, 1);
        for (i, survivor) in self.survivors.iter().enumerate() {
            pool.rank[i] = survivor.rank;
            pool.crowding[i] = survivor.crowding;
        }
        pool.count = self.survivors.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(points: &[([f64; 2], f64)]) -> Pool {
        let mut pool = Pool::new(1, 2, points.len());
        for (i, (f, violation)) in points.iter().enumerate() {
            assert!(pool.push_new(&[i as f64]));
            pool.f[2 * i..2 * i + 2].copy_from_slice(f);
            pool.violation[i] = *violation;
        }
        pool
    }

    fn kept(points: &[([f64; 2], f64)], keep: usize) -> Vec<f64> {
        let mut pool = pool(points);
        Survival::default().keep(&mut pool, keep);
        (0..pool.len()).map(|i| pool.x(i)[0]).collect()
    }

    #[test]
    fn feasible_points_go_before_better_ones_that_break_a_rule() {
        let points = [([0.0, 0.0], 0.3), ([9.0, 9.0], 0.0), ([0.0, 0.0], 0.1), ([1.0, 9.0], 0.0)];
        assert_eq!(kept(&points, 3), [3.0, 1.0, 2.0]);
        assert_eq!(kept(&points, 4), [3.0, 1.0, 2.0, 0.0]);
    }

    #[test]
    fn the_front_that_does_not_fit_loses_its_most_crowded_points() {
        let line = [[0.0, 10.0], [1.0, 9.0], [2.0, 8.0], [6.0, 4.0], [10.0, 0.0]].map(|f| (f, 0.0));
        assert_eq!(kept(&line, 3), [0.0, 4.0, 3.0]);
        assert_eq!(kept(&line, 4), [0.0, 4.0, 3.0, 2.0]);
    }

    #[test]
    fn a_point_at_the_same_place_is_not_added_twice() {
        let mut pool = Pool::new(2, 1, 3);
        assert!(pool.push_new(&[1.0, 1e-3]));
        assert!(!pool.push_new(&[1.0, 1e-3 + 5e-17]));
        assert!(pool.push_new(&[1.0, 1e-3 + 5e-16]));
        assert_eq!(pool.len(), 2);
    }
}
