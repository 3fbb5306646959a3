//! A study over one key: which values, which seeds, and the configuration of each point.
//!
//! Source: the program `run` of DFaaSOptimizer with `--loop_over`. Differs: a stride that does not meet the greatest
//! value stops before it instead of overshooting; any key of the limits can be looped over.

use super::complaint::{Complaints, Entry, Notes};
use crate::engine::random::Streams;
use serde_json::{Value, json};

/// One pair of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub value: f64,
    pub seed: u64,
}

/// The points in order: for each seed, for each value.
///
/// # Errors
/// A key that is not among the limits, or whose values cannot be read.
pub fn points(document: &Value, loop_over: &str, seed: u64, experiments: usize) -> Result<Vec<Point>, Complaints> {
    let mut notes = Notes::default();
    let root = Entry::root(document);
    let values = root
        .need("limits", &mut notes, "an object")
        .and_then(|limits| find(&limits, loop_over, &mut notes))
        .and_then(|entry| values(&entry, false, &mut notes));
    let (values, _) = notes.verdict(values)?;
    let seeds = seeds(seed, experiments);
    Ok(seeds.iter().flat_map(|&seed| values.iter().map(move |&value| Point { value, seed })).collect())
}

/// `seed`, then further ones between 1000 and 10000.
pub fn seeds(seed: u64, experiments: usize) -> Vec<u64> {
    let mut rng = Streams::new(seed, 0).stream("fralb", "seeds");
    let more = (1..experiments).map(|_| 1000 + rng.below(9001));
    std::iter::once(seed).chain(more).collect()
}

/// `limits[key]`, or the member of `limits.neighborhood` of that name.
fn find<'a>(limits: &Entry<'a>, key: &str, notes: &mut Notes) -> Option<Entry<'a>> {
    let nested = limits.get("neighborhood").and_then(|entry| entry.get(key));
    match limits.get(key).or(nested) {
        Some(entry) => Some(entry),
        None => {
            notes.complain(format!("limits.{key}"), "nothing", "the range or values of the key to loop over");
            None
        }
    }
}

/// `values` as they stand, else `min` to `max` by `step` (1). With `overshoot` the last may lie above `max`, as in the
/// published program.
pub fn values(entry: &Entry<'_>, overshoot: bool, notes: &mut Notes) -> Option<Vec<f64>> {
    let number = |entry: &Entry<'_>, notes: &mut Notes| entry.number(notes, "a number of at least 0", |v| v >= 0.0);
    if entry.value.is_number() {
        return number(entry, notes).map(|value| vec![value]);
    }
    if let Some(list) = entry.get("values") {
        let values: Vec<_> = list.list(notes)?.iter().map(|entry| number(entry, notes)).collect();
        if values.is_empty() {
            list.complain(notes, "at least one value");
        }
        return values.into_iter().collect();
    }
    let end = |name: &str, notes: &mut Notes| number(&entry.need(name, notes, "a number")?, notes);
    let (min, max) = (end("min", notes), end("max", notes));
    let (min, max) = (min?, max?);
    let step = match entry.get("step") {
        Some(step) => step.number(notes, "a step above 0", |v| v > 0.0)?,
        None => 1.0,
    };
    if min > max {
        notes.complain(entry.key.clone(), format!("min {min} above max {max}"), "min at most max");
        return None;
    }
    // A hair of tolerance keeps the last value of steps such as 0.1.
    let last = if overshoot { max + step } else { max * (1.0 + 1e-12) };
    let beyond = |value: f64| if overshoot { value >= last } else { value > last };
    Some((0..).map(|i| min + f64::from(i) * step).take_while(|&value| !beyond(value)).collect())
}

/// The document of one point: that seed, and the key at that value.
pub fn document_at(document: &Value, loop_over: &str, point: &Point) -> Value {
    let mut at = document.clone();
    let value = if point.value.fract() == 0.0 { json!(point.value as u64) } else { json!(point.value) };
    at["seed"] = json!(point.seed);
    let limits = &mut at["limits"];
    if limits.get(loop_over).is_none() && limits["neighborhood"].get(loop_over).is_some() {
        limits["neighborhood"][loop_over] = value;
    } else {
        // Weights, memories and so on keep what else they say.
        limits[loop_over]["min"] = value.clone();
        limits[loop_over]["max"] = value;
        if let Some(range) = limits[loop_over].as_object_mut() {
            range.remove("values");
            range.remove("step");
        }
    }
    at
}

/// How a value is written in tables and folder names: `5`, or `0.25`.
pub fn label(value: f64) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::configuration::tests::small;
    use super::*;

    #[test]
    fn points_come_seed_by_seed() {
        let mut document = small();
        document["limits"]["Nn"] = json!({"values": [4, 6]});
        let points = points(&document, "Nn", 7, 2).expect("two values");
        assert_eq!(points.len(), 4);
        assert_eq!((points[0].value, points[1].value, points[0].seed), (4.0, 6.0, 7));
        assert!((1000..=10000).contains(&points[2].seed) && points[2].seed == points[3].seed);
        let at = document_at(&document, "Nn", &points[3]);
        assert_eq!(at["limits"]["Nn"], json!({"min": 6, "max": 6}));
        assert_eq!(at["seed"], json!(points[3].seed));
    }

    #[test]
    fn any_key_can_be_looped_over() {
        let document = small();
        assert_eq!(points(&document, "k", 7, 1).expect("a single k")[0].value, 2.0);
        let at = document_at(&document, "k", &Point { value: 3.0, seed: 7 });
        assert_eq!(at["limits"]["neighborhood"], json!({"k": 3}));
        assert_eq!(points(&document, "max_utilization", 7, 1).expect("a range").len(), 1);
        let error = points(&document, "colour", 7, 1).expect_err("no such key").to_string();
        assert!(error.starts_with("limits.colour: found nothing"), "{error}");
    }
}
