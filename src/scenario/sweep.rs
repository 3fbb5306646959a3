//! A checked sweep: axes whose values are known, and how points are chosen from them.

pub use super::raw::Sampling;

/// A sweep that cannot be wrong any more, but for values that the scenario itself refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    pub axes: Vec<Axis>,
    pub sampling: Sampling,
    /// Points drawn; of a grid, the number of combinations.
    pub points: u64,
    pub seed: u64,
    pub replications: u64,
    /// Strategies to run, by their names in the scenario.
    pub strategies: Vec<String>,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Keys that take a value each from every entry.
    pub keys: Vec<String>,
    pub values: Values,
}

/// The values of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Each entry has one value for each key.
    List(Vec<Vec<toml::Value>>),
    Range(Range),
}

/// Numbers from one to another, each written with the same unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    pub from: f64,
    pub to: f64,
    /// The unit after the number, which makes it text; empty for a plain number.
    pub unit: String,
    pub log: bool,
    pub whole: bool,
    /// Values of the grid, both ends included; 0 where the range is only drawn from.
    pub count: u64,
    /// Distance in the grid, where it was stated.
    pub step: Option<f64>,
}

/// Digits that a computed value keeps: few enough that no quantity is finer than what its unit can hold.
const DIGITS: usize = 6;

impl Range {
    /// The value at a share of the way, 0 to 1.
    pub fn at(&self, share: f64) -> toml::Value {
        let raw = if self.log {
            self.from * libm::pow(self.to / self.from, share)
        } else {
            self.from + share * (self.to - self.from)
        };
        self.written(raw)
    }

    /// Value number `index` of the grid.
    pub fn nth(&self, index: u64) -> toml::Value {
        match self.step {
            Some(step) if !self.log => self.written(self.from + index as f64 * step),
            _ if self.count < 2 => self.written(self.from),
            _ => self.at(index as f64 / (self.count - 1) as f64),
        }
    }

    fn written(&self, raw: f64) -> toml::Value {
        let tidy = if self.whole { libm::round(raw) } else { tidy(raw) };
        let whole = tidy == libm::trunc(tidy) && tidy.abs() < 9e15;
        if !self.unit.is_empty() {
            toml::Value::String(format!("{tidy}{}", self.unit))
        } else if whole && (self.whole || self.is_of_integers()) {
            toml::Value::Integer(tidy as i64)
        } else {
            toml::Value::Float(tidy)
        }
    }

    /// Whether the numbers it was written with are whole, so that `1` does not become `1.0`.
    fn is_of_integers(&self) -> bool {
        let whole = |number: f64| number == libm::trunc(number);
        whole(self.from) && whole(self.to) && self.step.is_none_or(whole)
    }
}

/// A number to six significant digits.
fn tidy(raw: f64) -> f64 {
    format!("{raw:.*e}", DIGITS - 1).parse().expect("what was printed is a number")
}

impl Axis {
    /// Entries of the grid.
    pub fn len(&self) -> u64 {
        match &self.values {
            Values::List(entries) => entries.len() as u64,
            Values::Range(range) => range.count,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Entry number `index` of the grid: a value for each key.
    pub fn nth(&self, index: u64) -> Vec<toml::Value> {
        match &self.values {
            Values::List(entries) => entries[index as usize].clone(),
            Values::Range(range) => vec![range.nth(index)],
        }
    }

    /// The entry at a share of the way, from 0 to just below 1.
    pub fn at(&self, share: f64) -> Vec<toml::Value> {
        match &self.values {
            Values::List(entries) => {
                let index = (share * entries.len() as f64) as usize;
                entries[index.min(entries.len() - 1)].clone()
            }
            Values::Range(range) => vec![range.at(share)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: f64, to: f64) -> Range {
        Range { from, to, unit: String::new(), log: false, whole: false, count: 0, step: None }
    }

    #[test]
    fn steps_do_not_gather_the_errors_of_floats() {
        let axis = Range { step: Some(0.1), count: 11, ..range(0.0, 1.0) };
        let values: Vec<String> = (0..11).map(|index| axis.nth(index).to_string()).collect();
        assert_eq!(values, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]);
        let seconds = Range { unit: "s".into(), step: Some(30.0), count: 3, ..range(30.0, 90.0) };
        assert_eq!(seconds.nth(2).to_string(), "\"90s\"");
    }

    #[test]
    fn ratios_are_equal_on_a_logarithmic_range() {
        let axis = Range { log: true, count: 3, ..range(0.25, 4.0) };
        assert_eq!((0..3).map(|index| axis.nth(index).to_string()).collect::<Vec<_>>(), ["0.25", "1.0", "4.0"]);
        let whole = Range { log: true, whole: true, count: 4, ..range(1.0, 100.0) };
        assert_eq!((0..4).map(|index| whole.nth(index).to_string()).collect::<Vec<_>>(), ["1", "5", "22", "100"]);
    }

    #[test]
    fn a_list_is_drawn_from_evenly() {
        let entries = ["a", "b"].map(|text| vec![toml::Value::String(text.into())]);
        let axis = Axis { keys: vec!["k".into()], values: Values::List(entries.to_vec()) };
        assert_eq!((axis.at(0.0), axis.at(0.499), axis.at(0.5), axis.at(0.9999)), {
            let [a, b] = entries;
            (a.clone(), a, b.clone(), b)
        });
    }
}
