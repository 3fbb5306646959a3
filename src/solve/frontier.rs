//! How good a set of trade-offs is: the volume it dominates, and its mean distance from a reference front.
//!
//! Source: E. Zitzler, L. Thiele, "Multiobjective Optimization Using Evolutionary Algorithms", PPSN V, 1998 (hypervolume);
//! C. A. Coello Coello, M. Reyes Sierra, "A Study of the Parallelization of a Coevolutionary Multi-objective Evolutionary
//! Algorithm", 2004 (inverted generational distance). All objectives are minimised. Points are flat rows of `width` values.

use std::cmp::Ordering;

/// The volume between the points and `reference` that at least one point dominates.
///
/// A point that is not better than the reference in every objective contributes nothing; duplicates and dominated points
/// change nothing. Sweeps the last objective and keeps a staircase below it, so three objectives cost O(n²) and each
/// further one a factor of n. Not-a-number values contribute nothing.
pub fn hypervolume(points: &[f64], reference: &[f64]) -> f64 {
    let width = reference.len();
    assert!(width > 0 && points.len().is_multiple_of(width), "points are rows as wide as the reference");
    let rows = points.chunks(width).filter(|row| row.iter().zip(reference).all(|(x, limit)| x < limit));
    volume(rows.collect(), reference)
}

fn volume(mut rows: Vec<&[f64]>, reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    // Equal depths are swept as layers of no thickness, so the order among them does not matter.
    rows.sort_by(|a, b| a[last].total_cmp(&b[last]));
    if last == 0 {
        return rows.first().map_or(0.0, |best| reference[0] - best[0]);
    }
    let mut total = 0.0;
    let mut stairs = Staircase::default();
    for (place, row) in rows.iter().enumerate() {
        let floor = rows.get(place + 1).map_or(reference[last], |next| next[last]);
        let thickness = floor - row[last];
        let area = match last {
            1 => {
                stairs.lowest = stairs.lowest.min(row[0]);
                reference[0] - stairs.lowest
            }
            2 => {
                stairs.add(row[0], row[1]);
                if thickness > 0.0 { stairs.area(reference) } else { 0.0 }
            }
            _ if thickness > 0.0 => volume(rows[..=place].to_vec(), &reference[..last]),
            _ => 0.0,
        };
        total += area * thickness;
    }
    total
}

/// The undominated part of a set of points in the plane: x rising, y falling.
struct Staircase {
    steps: Vec<(f64, f64)>,
    lowest: f64,
}

impl Default for Staircase {
    fn default() -> Staircase {
        Staircase { steps: Vec::new(), lowest: f64::INFINITY }
    }
}

impl Staircase {
    fn add(&mut self, x: f64, y: f64) {
        let left = self.steps.partition_point(|step| step.0 <= x);
        if left > 0 && self.steps[left - 1].1 <= y {
            return;
        }
        let begin = self.steps.partition_point(|step| step.0 < x);
        let covered = self.steps[begin..].partition_point(|step| step.1 >= y);
        self.steps.splice(begin..begin + covered, [(x, y)]);
    }

    fn area(&self, reference: &[f64]) -> f64 {
        let rights = self.steps.iter().skip(1).map(|step| step.0).chain([reference[0]]);
        self.steps.iter().zip(rights).map(|(&(x, y), right)| (right - x) * (reference[1] - y)).sum()
    }
}

/// Inverted generational distance: from each reference point to the nearest of the points, on average.
///
/// Infinite when there are points to reach but none that reaches them; zero when there is nothing to reach.
pub fn inverted_generational_distance(points: &[f64], reference_front: &[f64], width: usize) -> f64 {
    assert!(width > 0, "a point has at least one objective");
    let wanted = reference_front.len() / width;
    if wanted == 0 {
        return 0.0;
    }
    let nearest = |target: &[f64]| {
        let squared = |row: &[f64]| row.iter().zip(target).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        points.chunks(width).map(squared).min_by(f64::total_cmp).map_or(f64::INFINITY, f64::sqrt)
    };
    reference_front.chunks(width).map(nearest).sum::<f64>() / wanted as f64
}

/// The first pair (dominator, dominated) in the set, or `None` when it is a front.
pub fn dominated_pair(points: &[f64], width: usize) -> Option<(usize, usize)> {
    let rows: Vec<&[f64]> = points.chunks(width).collect();
    let compare = |a: &[f64], b: &[f64]| {
        let better = a.iter().zip(b).any(|(a, b)| a < b);
        let worse = a.iter().zip(b).any(|(a, b)| a > b);
        match (better, worse) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => Ordering::Equal,
        }
    };
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate().skip(i + 1) {
            match compare(a, b) {
                Ordering::Less => return Some((i, j)),
                Ordering::Greater => return Some((j, i)),
                Ordering::Equal => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;

    #[test]
    fn two_boxes_that_overlap_are_counted_once() {
        assert_eq!(hypervolume(&[0.0, 2.0, 1.0, 1.0], &[3.0, 3.0]), 5.0);
        assert_eq!(hypervolume(&[1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 5.0, 0.0], &[3.0, 3.0]), 4.0);
        assert_eq!(hypervolume(&[0.0, 0.0, 1.0, 1.0, 1.0, 0.0], &[2.0, 2.0, 2.0]), 5.0);
        assert_eq!(hypervolume(&[], &[1.0, 1.0]), 0.0);
    }

    /// Inclusion and exclusion over all subsets: slow, and right by definition.
    fn by_inclusion(points: &[f64], reference: &[f64]) -> f64 {
        let rows: Vec<&[f64]> = points.chunks(reference.len()).collect();
        (1u32..1 << rows.len())
            .map(|subset| {
                let chosen = |i: &usize| subset >> i & 1 == 1;
                let side = |j: usize| {
                    let worst = (0..rows.len()).filter(chosen).map(|i| rows[i][j]).fold(f64::MIN, f64::max);
                    (reference[j] - worst).max(0.0)
                };
                let size: f64 = (0..reference.len()).map(side).product();
                if subset.count_ones() % 2 == 1 { size } else { -size }
            })
            .sum()
    }

    #[test]
    fn the_volume_is_that_of_the_union_in_one_to_five_dimensions() {
        let mut rng = Rng::seeded(11);
        for width in 1..=5 {
            for _ in 0..20 {
                let points: Vec<f64> = (0..7 * width).map(|_| rng.below(6) as f64 / 5.0).collect();
                let reference = vec![0.9; width];
                let (ours, exact) = (hypervolume(&points, &reference), by_inclusion(&points, &reference));
                assert!((ours - exact).abs() < 1e-12, "{width}: {ours} {exact}");
            }
        }
    }

    #[test]
    fn distance_is_measured_from_the_reference_front() {
        let igd = inverted_generational_distance(&[0.0, 0.0, 9.0, 9.0], &[0.0, 1.0, 3.0, 4.0], 2);
        assert_eq!(igd, 3.0);
        assert_eq!(inverted_generational_distance(&[], &[0.0, 1.0], 2), f64::INFINITY);
    }

    #[test]
    fn a_dominated_point_is_named_with_its_dominator() {
        assert_eq!(dominated_pair(&[0.0, 1.0, 1.0, 0.0, 1.0, 0.0], 2), None);
        assert_eq!(dominated_pair(&[0.0, 1.0, 0.0, 0.5], 2), Some((1, 0)));
    }
}
