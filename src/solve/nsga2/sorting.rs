//! Which points are better when no single number says so: fronts of mutually non-dominated points, and how lonely a
//! point is within its front.
//!
//! Source: K. Deb, A. Pratap, S. Agarwal, T. Meyarivan, "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II",
//! IEEE Transactions on Evolutionary Computation 6(2), 2002, sections III-A and III-B.
//! Differs: the ranks are those of the paper's sorting, but found by inserting points in lexicographic order (X. Zhang et
//! al., "An Efficient Approach to Nondominated Sorting", 2015). For two and three objectives a front is remembered by
//! the staircase of its last two objectives, so that a point costs logarithms instead of a walk over the front.
//! Equal points share a rank; none of them dominates another.

use std::cmp::Ordering;

/// Whether `a` dominates `b` when every objective is minimised: nowhere worse, somewhere better.
#[inline]
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    let mut better = false;
    for (a, b) in a.iter().zip(b) {
        if a > b {
            return false;
        }
        better |= a < b;
    }
    better
}

/// Compares floats that are known to be finite; minus zero equals zero, as it does for domination.
#[inline]
pub(super) fn ascending(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).expect("objectives and violations were checked to be numbers")
}

/// Ranks point clouds, keeping its buffers from one cloud to the next.
#[derive(Clone, Debug, Default)]
pub struct Sorter {
    order: Vec<u32>,
    ranks: Vec<u32>,
    /// Per front: the undominated pairs of the last two objectives, the first rising and the second falling.
    stairs: Vec<Vec<(f64, f64)>>,
    /// Per front: its members in order of insertion (four and more objectives).
    members: Vec<Vec<u32>>,
    /// Points grouped by front, in increasing index order, and where each group ends.
    grouped: Vec<u32>,
    ends: Vec<usize>,
}

impl Sorter {
    /// The rank of each point, zero for the points that nothing dominates.
    ///
    /// `points` holds rows of `width` finite objectives, all minimised.
    pub fn rank(&mut self, points: &[f64], width: usize) -> &[u32] {
        let count = points.len() / width;
        let row = |i: u32| &points[i as usize * width..(i as usize + 1) * width];
        self.order.clear();
        self.order.extend(0..count as u32);
        self.order.sort_unstable_by(|&a, &b| lexicographic(row(a), row(b)).then(a.cmp(&b)));
        self.ranks.clear();
        self.ranks.resize(count, 0);
        self.stairs.iter_mut().for_each(Vec::clear);
        self.members.iter_mut().for_each(Vec::clear);
        let mut fronts = 0;
        let order = std::mem::take(&mut self.order);
        for (place, &point) in order.iter().enumerate() {
            let objectives = row(point);
            if place > 0 && lexicographic(row(order[place - 1]), objectives).is_eq() {
                self.ranks[point as usize] = self.ranks[order[place - 1] as usize];
                continue;
            }
            let front =
                if width <= 3 { self.climb(objectives, fronts) } else { self.search_members(point, &row, fronts) };
            self.ranks[point as usize] = front as u32;
            fronts = fronts.max(front + 1);
        }
        self.order = order;
        self.group(fronts);
        &self.ranks
    }

    /// The fronts of the last ranking, best first, each in increasing index order.
    pub fn fronts(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.ends.len()).map(|front| {
            let begin = if front == 0 { 0 } else { self.ends[front - 1] };
            &self.grouped[begin..self.ends[front]]
        })
    }

    /// Finds the first front whose staircase does not dominate the point, and adds the point to it.
    ///
    /// Domination by a front is monotone in the front's number, so a binary search finds it.
    fn climb(&mut self, objectives: &[f64], fronts: usize) -> usize {
        let step = match *objectives {
            [_] => (0.0, 0.0),
            [_, second] => (second, 0.0),
            _ => (objectives[1], objectives[2]),
        };
        let front = self.stairs[..fronts].partition_point(|stairs| {
            // The last step not to the right of the point is the lowest of those: the stairs fall.
            let left = stairs.partition_point(|&(x, _)| x <= step.0);
            left > 0 && stairs[left - 1].1 <= step.1
        });
        if front == self.stairs.len() {
            self.stairs.push(Vec::new());
        }
        let stairs = &mut self.stairs[front];
        let begin = stairs.partition_point(|&(x, _)| x < step.0);
        let covered = stairs[begin..].partition_point(|&(_, y)| y >= step.1);
        if covered == 0 {
            stairs.insert(begin, step);
        } else {
            stairs[begin] = step;
            stairs.drain(begin + 1..begin + covered);
        }
        front
    }

    fn search_members<'a>(&mut self, point: u32, row: &impl Fn(u32) -> &'a [f64], fronts: usize) -> usize {
        let objectives = row(point);
        let front = self.members[..fronts].partition_point(|members| {
            // The latest members are the nearest in the first objective, so they are the likeliest dominators.
            members.iter().rev().any(|&other| row(other)[1..].iter().zip(&objectives[1..]).all(|(a, b)| a <= b))
        });
        if front == self.members.len() {
            self.members.push(Vec::new());
        }
        self.members[front].push(point);
        front
    }

    /// A counting sort by rank, which keeps the index order inside a front.
    fn group(&mut self, fronts: usize) {
        self.ends.clear();
        self.ends.resize(fronts, 0);
        for &rank in &self.ranks {
            self.ends[rank as usize] += 1;
        }
        let mut begin = 0;
        for end in &mut self.ends {
            (begin, *end) = (begin + *end, begin);
        }
        self.grouped.clear();
        self.grouped.resize(self.ranks.len(), 0);
        for (point, &rank) in self.ranks.iter().enumerate() {
            let slot = &mut self.ends[rank as usize];
            self.grouped[*slot] = point as u32;
            *slot += 1;
        }
    }
}

fn lexicographic(a: &[f64], b: &[f64]) -> Ordering {
    a.iter().zip(b).map(|(&a, &b)| ascending(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Crowding distances of one front: per objective the gap between a point's neighbours over the front's range,
/// averaged over the objectives; infinite at the ends.
///
/// Writes `crowding[member]` for each member of `front`; `points` holds rows of `width` objectives. An objective that
/// is the same for all members adds nothing. Duplicates are kept, as in pymoo 0.6 (0.5 set them aside with distance 0).
pub fn crowd(front: &[u32], points: &[f64], width: usize, scratch: &mut Vec<(f64, u32)>, crowding: &mut [f64]) {
    if front.len() <= 2 {
        front.iter().for_each(|&member| crowding[member as usize] = f64::INFINITY);
        return;
    }
    front.iter().for_each(|&member| crowding[member as usize] = 0.0);
    for objective in 0..width {
        scratch.clear();
        scratch.extend(front.iter().map(|&member| (points[member as usize * width + objective], member)));
        // The member breaks ties, which makes the sort stable: a front is in increasing index order.
        scratch.sort_unstable_by(|a, b| ascending(a.0, b.0).then(a.1.cmp(&b.1)));
        let (first, last) = (scratch[0], scratch[scratch.len() - 1]);
        let range = last.0 - first.0;
        if range == 0.0 {
            continue;
        }
        crowding[first.1 as usize] = f64::INFINITY;
        crowding[last.1 as usize] = f64::INFINITY;
        for window in scratch.windows(3) {
            crowding[window[1].1 as usize] += (window[2].0 - window[0].0) / range;
        }
    }
    front.iter().for_each(|&member| crowding[member as usize] /= width as f64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;

    /// The definition, word for word: peel the points that nothing left dominates.
    fn peel(points: &[f64], width: usize) -> Vec<u32> {
        let rows: Vec<&[f64]> = points.chunks(width).collect();
        let mut ranks = vec![u32::MAX; rows.len()];
        for rank in 0.. {
            let left: Vec<usize> = (0..rows.len()).filter(|&i| ranks[i] == u32::MAX).collect();
            if left.is_empty() {
                break;
            }
            for &i in &left {
                if !left.iter().any(|&j| dominates(rows[j], rows[i])) {
                    ranks[i] = rank;
                }
            }
        }
        ranks
    }

    #[test]
    fn ranks_are_those_of_the_definition_with_ties_and_duplicates_in_any_dimension() {
        let mut rng = Rng::seeded(3);
        let mut sorter = Sorter::default();
        for width in 1..=5 {
            for levels in [2, 4, 1000] {
                for count in [0, 1, 2, 17, 60] {
                    let points: Vec<f64> =
                        (0..count * width).map(|_| rng.below(levels) as f64 - 1.0).map(|x| x * -0.5).collect();
                    let expected = peel(&points, width);
                    assert_eq!(sorter.rank(&points, width), expected, "{width} objectives, {levels} levels");
                    let grouped: Vec<u32> = sorter.fronts().flatten().copied().collect();
                    let mut by_rank: Vec<u32> = (0..count as u32).collect();
                    by_rank.sort_by_key(|&i| expected[i as usize]);
                    assert_eq!(grouped, by_rank);
                }
            }
        }
    }

    #[test]
    fn the_loneliest_points_of_a_line_are_its_ends() {
        let points = [0.0, 4.0, 1.0, 3.0, 3.0, 1.0, 4.0, 0.0];
        let mut crowding = [0.0; 4];
        crowd(&[0, 1, 2, 3], &points, 2, &mut Vec::new(), &mut crowding);
        assert_eq!(crowding, [f64::INFINITY, 0.75, 0.75, f64::INFINITY]);
    }

    #[test]
    fn an_objective_without_range_says_nothing_about_crowding() {
        let points = [1.0, 5.0, 1.0, 5.0, 1.0, 5.0];
        let mut crowding = [9.0; 3];
        crowd(&[0, 1, 2], &points, 2, &mut Vec::new(), &mut crowding);
        assert_eq!(crowding, [0.0; 3]);
    }
}
