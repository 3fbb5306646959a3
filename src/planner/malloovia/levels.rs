//! Load levels: the distinct tuples of loads of a series, and how often each occurs.
//!
//! Source: GECON 2017, section 3.2 (the histogram of the workload). Two slots of one level have the same feasible set and
//! cost, so a plan per level is a plan per slot, and the smaller programme has the same optimum.

use std::collections::HashMap;

/// The histogram of a series, levels in order of first appearance.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// One number per application.
    pub loads: Vec<Vec<f64>>,
    /// In how many slots each level occurs.
    pub repeats: Vec<u64>,
    /// The level of each slot (or of each level that was counted).
    pub of_slot: Vec<usize>,
}

impl Levels {
    /// Counts tuples, each with the number of slots that it stands for. Numbers are compared exactly.
    pub fn count(tuples: impl Iterator<Item = (Vec<f64>, u64)>) -> Self {
        let mut numbers: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut levels = Self { loads: Vec::new(), repeats: Vec::new(), of_slot: Vec::new() };
        for (tuple, slots) in tuples {
            let level = *numbers.entry(key(&tuple)).or_insert(levels.loads.len());
            if level == levels.loads.len() {
                levels.loads.push(tuple);
                levels.repeats.push(0);
            }
            levels.repeats[level] += slots;
            levels.of_slot.push(level);
        }
        levels
    }

    pub fn len(&self) -> usize {
        self.loads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.loads.is_empty()
    }
}

/// A tuple as a key: equal numbers have equal keys (adding zero makes -0 the same as 0).
pub fn key(tuple: &[f64]) -> Vec<u64> {
    tuple.iter().map(|load| (load + 0.0).to_bits()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted_in_order_of_first_appearance() {
        let series = [vec![30.0, 1.0], vec![20.0, 1.0], vec![30.0, 1.0], vec![-0.0, 1.0], vec![0.0, 1.0]];
        let levels = Levels::count(series.into_iter().map(|tuple| (tuple, 1)));
        assert_eq!(levels.loads, [[30.0, 1.0], [20.0, 1.0], [0.0, 1.0]]);
        assert_eq!(levels.repeats, [2, 1, 2]);
        assert_eq!(levels.of_slot, [0, 1, 0, 2, 2]);
    }
}
