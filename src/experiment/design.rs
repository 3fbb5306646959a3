//! The points of a sweep: every combination of a grid, or draws from its axes.
//!
//! Source of the Latin hypercube: McKay, Beckman and Conover, Technometrics 21(2), 1979. Draws are named after the keys of
//! their axis, so that another axis moves none of them.

use crate::engine::random::Streams;
use crate::scenario::sweep::{Axis, Sampling, Sweep};

/// One combination of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// From 0, in the order of the table.
    pub number: u64,
    /// A value for each key of each axis, in the order of the axes.
    pub set: Vec<(String, toml::Value)>,
}

impl Point {
    /// The values as overrides of the scenario.
    pub fn overrides(&self) -> impl Iterator<Item = String> + '_ {
        self.set.iter().map(|(key, value)| format!("{key}={value}"))
    }

    /// The point in words, for messages.
    pub fn words(&self) -> String {
        self.overrides().collect::<Vec<_>>().join(" ")
    }
}

/// A value as it stands in a table: text without its quotes.
pub fn cell(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn entry(axis: &Axis, values: Vec<toml::Value>) -> impl Iterator<Item = (String, toml::Value)> + '_ {
    axis.keys.iter().cloned().zip(values)
}

/// All points of a sweep, in their order.
pub fn points(sweep: &Sweep) -> Vec<Point> {
    match sweep.sampling {
        Sampling::Grid => (0..sweep.points).map(|number| grid_point(&sweep.axes, number)).collect(),
        Sampling::Random | Sampling::LatinHypercube => drawn_points(sweep),
    }
}

/// Like the digits of a number: the last axis turns quickest.
fn grid_point(axes: &[Axis], number: u64) -> Point {
    let mut rest = number;
    let mut indices: Vec<u64> = axes
        .iter()
        .rev()
        .map(|axis| {
            let index = rest % axis.len();
            rest /= axis.len();
            index
        })
        .collect();
    indices.reverse();
    let set = axes.iter().zip(indices).flat_map(|(axis, index)| entry(axis, axis.nth(index))).collect();
    Point { number, set }
}

fn drawn_points(sweep: &Sweep) -> Vec<Point> {
    let count = sweep.points;
    let streams = Streams::new(sweep.seed, 0);
    let shares: Vec<Vec<f64>> = sweep
        .axes
        .iter()
        .map(|axis| {
            let mut rng = streams.stream("sweep", &axis.keys.join(","));
            if sweep.sampling == Sampling::Random {
                return (0..count).map(|_| rng.uniform()).collect();
            }
            // Each layer once, in an order of its own, anywhere within the layer.
            let mut layers: Vec<u64> = (0..count).collect();
            for place in (1..layers.len()).rev() {
                layers.swap(place, rng.below(place as u64 + 1) as usize);
            }
            layers.into_iter().map(|layer| (layer as f64 + rng.uniform()) / count as f64).collect()
        })
        .collect();
    let point = |number: u64| {
        let along = sweep.axes.iter().zip(&shares);
        let set = along.flat_map(|(axis, shares)| entry(axis, axis.at(shares[number as usize]))).collect();
        Point { number, set }
    };
    (0..count).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::sweep::{Range, Values};

    fn list(key: &str, values: &[i64]) -> Axis {
        let entries = values.iter().map(|&value| vec![toml::Value::Integer(value)]).collect();
        Axis { keys: vec![key.to_owned()], values: Values::List(entries) }
    }

    fn unit_range(key: &str) -> Axis {
        let range = Range { from: 0.0, to: 1.0, unit: String::new(), log: false, whole: false, count: 0, step: None };
        Axis { keys: vec![key.to_owned()], values: Values::Range(range) }
    }

    fn sweep(axes: Vec<Axis>, sampling: Sampling, points: u64) -> Sweep {
        Sweep { axes, sampling, points, seed: 1, replications: 1, strategies: vec![] }
    }

    #[test]
    fn the_last_axis_of_a_grid_turns_quickest() {
        let all = points(&sweep(vec![list("a", &[1, 2]), list("b", &[7, 8, 9])], Sampling::Grid, 6));
        let words: Vec<String> = all.iter().map(Point::words).collect();
        assert_eq!(words, ["a=1 b=7", "a=1 b=8", "a=1 b=9", "a=2 b=7", "a=2 b=8", "a=2 b=9"]);
    }

    #[test]
    fn a_latin_hypercube_meets_each_layer_once_and_no_axis_moves_another() {
        let values = |axes: Vec<Axis>, sampling, at: usize| -> Vec<f64> {
            let number = |point: &Point| point.set[at].1.as_float().unwrap();
            points(&sweep(axes, sampling, 50)).iter().map(number).collect()
        };
        let alone = values(vec![unit_range("a")], Sampling::LatinHypercube, 0);
        let mut layers: Vec<u64> = alone.iter().map(|share| (share * 50.0) as u64).collect();
        layers.sort_unstable();
        assert_eq!(layers, (0..50).collect::<Vec<u64>>());
        let with_another = values(vec![unit_range("b"), unit_range("a")], Sampling::LatinHypercube, 1);
        assert_eq!(alone, with_another);
        let random = values(vec![unit_range("a")], Sampling::Random, 0);
        assert!(random != alone && random.iter().all(|share| (0.0..1.0).contains(share)));
    }
}
