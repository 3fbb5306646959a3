//! How many copies of each item to pack so that their value is greatest and they fit: the bounded knapsack, solved
//! exactly by dynamic programming over the capacity in units of the weights' greatest common divisor.
//!
//! Source: Bellman's recursion, as in Kellerer, Pferschy, Pisinger, *Knapsack Problems* (2004), section 7.
//! Differs: an item's value may be any function of the number of copies, and equal optima are told apart by a rule
//! (fewest copies in all, then most copies of the first item), so that the packing is a function of the problem alone.

/// One kind of item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Weight of one copy, at least 1.
    pub weight: u64,
    /// Copies that must be packed whatever they are worth.
    pub least: u64,
    /// `values[k]` is the value of `least + k` copies; never empty.
    pub values: Vec<f64>,
}

/// An optimal packing.
#[derive(Clone, Debug, PartialEq)]
pub struct Packing {
    /// Copies of each item, in the order of the items.
    pub copies: Vec<u64>,
    pub value: f64,
}

/// Values closer than this, relative to the greatest value or 1, count as equal.
pub const EQUAL: f64 = 1e-9;

/// The best packing of `items` within `capacity`, or `None` when the least copies alone do not fit.
///
/// Among packings of equal value the one with the fewest copies wins, then the one with more copies of an earlier
/// item. The allowance for equality is spent anew at each item, so the value may fall short by `EQUAL` per item.
pub fn pack(items: &[Item], capacity: u64) -> Option<Packing> {
    assert!(items.iter().all(|item| item.weight > 0 && !item.values.is_empty()), "an item has weight and a value");
    let floor = items.iter().try_fold(0u64, |sum, item| sum.checked_add(item.weight.checked_mul(item.least)?))?;
    let room = capacity.checked_sub(floor)?;
    let unit = items.iter().fold(0, |divisor, item| greatest_common_divisor(divisor, item.weight)).max(1);
    let useful = items
        .iter()
        .fold(0u64, |sum, item| sum.saturating_add(item.weight.saturating_mul(item.values.len() as u64 - 1)));
    let units = (room.min(useful) / unit) as usize;
    let weights: Vec<usize> = items.iter().map(|item| (item.weight / unit) as usize).collect();
    let width = units + 1;

    // best[i * width + m]: greatest value of items i.. within m units; the row after the last item is zero.
    let mut best = vec![0.0; (items.len() + 1) * width];
    for (i, item) in items.iter().enumerate().rev() {
        let (head, tail) = best.split_at_mut((i + 1) * width);
        let (row, next) = (&mut head[i * width..], &tail[..width]);
        for (m, cell) in row.iter_mut().enumerate() {
            *cell = candidates(item, weights[i], m)
                .map(|(value, left)| value + next[left])
                .fold(f64::NEG_INFINITY, f64::max);
        }
    }

    let allowance = EQUAL * best[units].abs().max(1.0);
    let mut fewest = vec![0u64; (items.len() + 1) * width];
    let mut choice = vec![0usize; items.len() * width];
    for (i, item) in items.iter().enumerate().rev() {
        for m in 0..width {
            let wanted = best[i * width + m] - allowance;
            let mut chosen = (u64::MAX, 0);
            for (k, (value, left)) in candidates(item, weights[i], m).enumerate() {
                let next = (i + 1) * width + left;
                let count = k as u64 + fewest[next];
                if value + best[next] >= wanted && count <= chosen.0 {
                    chosen = (count, k);
                }
            }
            fewest[i * width + m] = chosen.0;
            choice[i * width + m] = chosen.1;
        }
    }

    let mut left = units;
    let mut packing = Packing { copies: Vec::with_capacity(items.len()), value: 0.0 };
    for (i, item) in items.iter().enumerate() {
        let k = choice[i * width + left];
        left -= k * weights[i];
        packing.copies.push(item.least + k as u64);
        packing.value += item.values[k];
    }
    Some(packing)
}

/// Value of 0, 1, .. further copies that fit into `m` units, with the units they leave.
fn candidates(item: &Item, weight: usize, m: usize) -> impl Iterator<Item = (f64, usize)> + '_ {
    item.values.iter().take(m / weight + 1).enumerate().map(move |(k, &value)| (value, m - k * weight))
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;

    fn item(weight: u64, values: &[f64]) -> Item {
        Item { weight, least: 0, values: values.to_vec() }
    }

    /// Every packing, by counting through them.
    fn by_enumeration(items: &[Item], capacity: u64) -> Vec<(Vec<u64>, f64)> {
        let mut all = vec![(vec![], 0.0, 0)];
        for item in items {
            let mut longer = Vec::new();
            for (copies, value, weight) in &all {
                for (k, more) in item.values.iter().enumerate() {
                    let n = item.least + k as u64;
                    let mut copies: Vec<u64> = Vec::clone(copies);
                    copies.push(n);
                    longer.push((copies, value + more, weight + n * item.weight));
                }
            }
            all = longer;
        }
        all.into_iter().filter(|plan| plan.2 <= capacity).map(|plan| (plan.0, plan.1)).collect()
    }

    #[test]
    fn small_packings_match_enumeration_with_the_rule_for_ties() {
        let mut rng = Rng::seeded(11);
        for _ in 0..500 {
            let items: Vec<Item> = (0..1 + rng.below(3))
                .map(|_| Item {
                    weight: 1 + rng.below(6),
                    least: rng.below(2),
                    // Whole values make ties common.
                    values: (0..1 + rng.below(5)).map(|_| rng.below(6) as f64).collect(),
                })
                .collect();
            let capacity = rng.below(25);
            let expected = by_enumeration(&items, capacity).into_iter().reduce(|a, b| {
                let key =
                    |plan: &(Vec<u64>, f64)| (plan.1, std::cmp::Reverse(plan.0.iter().sum::<u64>()), plan.0.clone());
                if key(&b).partial_cmp(&key(&a)).expect("values are finite").is_gt() { b } else { a }
            });
            let found = pack(&items, capacity).map(|packing| (packing.copies, packing.value));
            assert_eq!(found, expected, "{items:?} within {capacity}");
        }
    }

    #[test]
    fn a_copy_of_no_value_is_left_out() {
        let packing = pack(&[item(2, &[0.0, 1.0, 1.0 + 1e-12])], 100).expect("nothing is the least");
        assert_eq!(packing.copies, [1]);
    }

    #[test]
    fn equal_items_go_to_the_first() {
        let two = [item(4, &[0.0, 1.0]), item(4, &[0.0, 1.0])];
        assert_eq!(pack(&two, 4).expect("fits").copies, [1, 0]);
    }

    #[test]
    fn least_copies_that_do_not_fit_are_refused() {
        assert_eq!(pack(&[Item { weight: 3, least: 2, values: vec![0.0] }], 5), None);
    }
}
