//! Sweeps: axes that make sense, before a single point is opened.

use super::Checker;
use crate::scenario::decimal::Decimal;
use crate::scenario::path::{KeyPath, Step};
use crate::scenario::raw;
use crate::scenario::sweep::{Axis, Range, Sampling, Sweep, Values};
use crate::scenario::units::{BYTE_UNITS, TIME_UNITS, Unit};

/// Most points of a sweep; more are several sweeps.
const POINTS_MAX: u64 = 1_000_000;
/// Most replications of a point.
const REPLICATIONS_MAX: u32 = 100_000;

/// A number with its unit.
struct Written {
    number: f64,
    unit: String,
}

impl Written {
    /// Changes to another's unit where both are lengths of time, or both sizes.
    fn in_unit_of(&mut self, other: &Written) {
        let factor = |units: &[Unit], unit: &str| {
            let found = units.iter().find(|known| known.name == unit.trim() || known.also.contains(&unit.trim()));
            found.map(|unit| unit.factor as f64)
        };
        for units in [&TIME_UNITS[..], &BYTE_UNITS[..]] {
            if self.unit != other.unit
                && let (Some(own), Some(others)) = (factor(units, &self.unit), factor(units, &other.unit))
            {
                self.number = self.number * own / others;
                self.unit.clone_from(&other.unit);
            }
        }
    }
}

fn written(value: &toml::Value) -> Option<Written> {
    match value {
        toml::Value::Integer(number) => Some(Written { number: *number as f64, unit: String::new() }),
        toml::Value::Float(number) => number.is_finite().then(|| Written { number: *number, unit: String::new() }),
        toml::Value::String(text) => {
            let (number, unit) = Decimal::take(text).ok()?;
            (!unit.trim().is_empty()).then(|| Written { number: number.to_f64(), unit: unit.to_owned() })
        }
        _ => None,
    }
}

impl Checker<'_> {
    pub(super) fn sweep(&mut self, raw: &raw::Scenario) -> Option<Sweep> {
        let sweep = raw.sweep.as_ref()?;
        let path = KeyPath::from("sweep");
        let drawn = sweep.sampling != Sampling::Grid;
        if sweep.axes.is_empty() {
            self.refuse(path.key("axes"), "at least one axis");
        }
        if !(1..=REPLICATIONS_MAX).contains(&sweep.replications) {
            self.refuse(path.key("replications"), format!("a number from 1 to {REPLICATIONS_MAX}"));
        }
        match sweep.points {
            None if drawn => self.refuse_found(path.key("points"), "nothing", "how many points are drawn"),
            Some(_) if !drawn => self.refuse(path.key("points"), "no number of points, since a grid has all of them"),
            Some(points) if points == 0 || u64::from(points) > POINTS_MAX => {
                self.refuse(path.key("points"), format!("a number from 1 to {POINTS_MAX}"));
            }
            _ => {}
        }
        let mut axes: Vec<Axis> = Vec::new();
        for (index, axis) in sweep.axes.iter().enumerate() {
            let path = path.key("axes").index(index);
            let keys = self.axis_keys(axis, &axes, &path);
            let values = self.axis_values(axis, keys.len(), drawn, &path);
            axes.extend(values.map(|values| Axis { keys, values }));
        }
        let combinations = axes.iter().try_fold(1u64, |all, axis| all.checked_mul(axis.len()));
        if !drawn && combinations.is_none_or(|all| all > POINTS_MAX) {
            self.refuse(path.key("axes"), format!("axes with at most {POINTS_MAX} combinations"));
        }
        let points = if drawn { u64::from(sweep.points.unwrap_or(0)) } else { combinations.unwrap_or(0) };
        let strategies = sweep.strategies.clone().unwrap_or_else(|| raw.strategies.clone());
        if strategies.is_empty() {
            self.refuse(path.key("strategies"), "at least one strategy");
        }
        for (index, name) in strategies.iter().enumerate().filter(|_| sweep.strategies.is_some()) {
            let place = path.key("strategies").index(index);
            self.find_unsorted(&raw.strategies, name, place.clone(), "a strategy of this scenario");
            if strategies[..index].contains(name) {
                self.refuse(place, "each strategy once");
            }
        }
        let (seed, replications) = (sweep.seed, u64::from(sweep.replications));
        Some(Sweep { axes, sampling: sweep.sampling, points, seed, replications, strategies })
    }

    /// The keys of an axis, each one that a scenario can have and no axis before it.
    fn axis_keys(&mut self, axis: &raw::Axis, before: &[Axis], path: &KeyPath) -> Vec<String> {
        let (keys, places) = match (&axis.key, axis.keys.as_slice()) {
            (Some(key), []) => (vec![key.clone()], vec![path.key("key")]),
            (None, []) => {
                self.refuse_found(path.clone(), "no key", "a key that varies, such as key = \"pools.web.boot\"");
                (vec![], vec![])
            }
            (Some(_), _) => {
                self.refuse(path.key("keys"), "either key or keys");
                (vec![], vec![])
            }
            (None, keys) => {
                let places = (0..keys.len()).map(|index| path.key("keys").index(index));
                (keys.to_vec(), places.collect())
            }
        };
        for (nth, (key, place)) in keys.iter().zip(places).enumerate() {
            let first = match KeyPath::parse(key) {
                Ok(parsed) => parsed.steps().first().cloned(),
                Err((_, wanted)) => {
                    self.refuse(place, format!("a key of the scenario, as --set takes it: {wanted}"));
                    continue;
                }
            };
            match first {
                Some(Step::Key(first)) if ["sweep", "name"].contains(&first.as_str()) => {
                    self.refuse(place, "a key that determines a run");
                }
                Some(Step::Key(first)) if first == "strategies" => {
                    self.refuse(place, "another key: strategies are an axis of every sweep (sweep.strategies chooses)");
                }
                _ if keys[..nth].contains(key) || before.iter().any(|axis| axis.keys.contains(key)) => {
                    self.refuse(place, "each key on one axis");
                }
                _ => {}
            }
        }
        keys
    }

    fn axis_values(&mut self, axis: &raw::Axis, keys: usize, drawn: bool, path: &KeyPath) -> Option<Values> {
        let is_range = axis.from.is_some() || axis.to.is_some();
        if axis.values.is_empty() != is_range {
            let wanted = "either values, or a range (from, to, and step or points)";
            self.refuse_found(path.clone(), if is_range { "both" } else { "neither" }, wanted);
            return None;
        }
        if is_range {
            if keys > 1 {
                self.refuse(path.key("from"), "values, since a range varies one key");
            }
            return self.range(axis, drawn, path).map(Values::Range);
        }
        for (key, given) in [("step", axis.step.is_some()), ("points", axis.points.is_some())] {
            if given {
                self.refuse(path.key(key), "no such key beside values: it belongs to a range");
            }
        }
        let mut entries = Vec::new();
        for (index, value) in axis.values.iter().enumerate() {
            let entry = match &value.0 {
                _ if keys < 2 && axis.keys.is_empty() => vec![value.0.clone()],
                toml::Value::Array(values) if values.len() == keys => values.clone(),
                _ => {
                    self.refuse(path.key("values").index(index), format!("a list of {keys} values, one for each key"));
                    continue;
                }
            };
            entries.push(entry);
        }
        (entries.len() == axis.values.len()).then_some(Values::List(entries))
    }

    fn range(&mut self, axis: &raw::Axis, drawn: bool, path: &KeyPath) -> Option<Range> {
        let mut end = |key: &str, value: Option<&raw::FreeValue>| {
            let Some(value) = value else {
                self.refuse_found(path.key(key), "nothing", "both ends of the range");
                return None;
            };
            let number = written(&value.0);
            if number.is_none() {
                self.refuse(path.key(key), "a number, or a number with its unit such as \"30s\"");
            }
            number
        };
        let (from, to) = (end("from", axis.from.as_ref()), end("to", axis.to.as_ref()));
        let (from, mut to) = (from?, to?);
        let step = axis.step.as_ref().map(|step| end("step", Some(step)));
        let step = match step {
            Some(step) => Some(step?),
            None => None,
        };
        to.in_unit_of(&from);
        let mut step = step;
        if let Some(step) = &mut step {
            step.in_unit_of(&from);
        }
        if to.unit != from.unit || step.as_ref().is_some_and(|step| step.unit != from.unit) {
            let key = if to.unit != from.unit { "to" } else { "step" };
            let wanted =
                if from.unit.is_empty() { "a number without a unit, as `from`" } else { "a unit as that of `from`" };
            self.refuse(path.key(key), wanted);
            return None;
        }
        if to.number <= from.number {
            self.refuse(path.key("to"), "more than `from`");
            return None;
        }
        if axis.log && from.number <= 0.0 {
            self.refuse(path.key("from"), "a number above zero, since the range is logarithmic");
            return None;
        }
        let count = match (&step, axis.points) {
            (Some(_), Some(_)) => {
                self.refuse(path.key("points"), "either step or points");
                return None;
            }
            (Some(_), None) if axis.log => {
                self.refuse(path.key("step"), "points, since the range is logarithmic");
                return None;
            }
            (Some(step), None) if step.number <= 0.0 => {
                self.refuse(path.key("step"), "a step above zero");
                return None;
            }
            // A hair's breadth more, so that 0 to 1 by 0.1 has its end.
            (Some(step), None) => ((to.number - from.number) / step.number + 1e-9) as u64 + 1,
            (None, Some(points @ 2..)) => u64::from(points),
            (None, Some(_)) => {
                self.refuse(path.key("points"), "at least two points");
                return None;
            }
            (None, None) if drawn => 0,
            (None, None) => {
                self.refuse_found(path.clone(), "neither step nor points", "one of them, since the sweep is a grid");
                return None;
            }
        };
        let step = step.map(|step| step.number);
        Some(Range { from: from.number, to: to.number, unit: from.unit, log: axis.log, whole: axis.whole, count, step })
    }
}
