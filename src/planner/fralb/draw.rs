//! How a quantity of an instance is drawn: from a range, a list or a truncated normal distribution, as the
//! configuration language spells it.
//!
//! Source: the draw primitives of the DFaaSOptimizer instance generator. Differs: draws come from our own named
//! streams, so equal seeds give other instances than the published program; figures are exchanged as files instead.

use super::complaint::{Entry, Notes};
use crate::engine::random::Rng;

/// A distribution of one quantity.
#[derive(Clone, Debug, PartialEq)]
pub enum Draw {
    /// Uniform; real values are rounded to 3 decimals, whole ones include both ends.
    Range { min: f64, max: f64 },
    /// One of these, each as likely.
    Choice(Vec<f64>),
    /// Normal with mean and standard deviation, cut to `min..=max`, not rounded. Real values only.
    Normal { mean: f64, deviation: f64, min: f64, max: f64 },
}

/// The members that a draw reads.
pub const KEYS: [&str; 6] = ["min", "max", "values_from", "avg", "std", "values"];

impl Draw {
    /// Reads a draw all of whose values satisfy `holds`.
    pub fn read(
        entry: &Entry<'_>,
        notes: &mut Notes,
        wanted: &str,
        holds: impl Fn(f64) -> bool + Copy,
    ) -> Option<Draw> {
        entry.object(notes)?;
        if let Some(mean) = entry.get("avg") {
            let mean = mean.number(notes, wanted, holds);
            let deviation = "a standard deviation above 0";
            let deviation = entry.need("std", notes, deviation)?.number(notes, deviation, |v| v > 0.0);
            let bound = |name: &str, default: f64, notes: &mut Notes| match entry.get(name) {
                Some(entry) => entry.number(notes, wanted, holds),
                None => Some(default),
            };
            let (min, max) = (bound("min", f64::NEG_INFINITY, notes)?, bound("max", f64::INFINITY, notes)?);
            ordered(entry, min, max, notes)?;
            if min == f64::NEG_INFINITY && !holds(-1e300) {
                entry.need("min", notes, wanted);
                return None;
            }
            return Some(Draw::Normal { mean: mean?, deviation: deviation?, min, max });
        }
        if entry.get("min").is_some() || entry.get("max").is_some() {
            let min = entry.need("min", notes, wanted).and_then(|entry| entry.number(notes, wanted, holds));
            let max = entry.need("max", notes, wanted).and_then(|entry| entry.number(notes, wanted, holds));
            let (min, max) = (min?, max?);
            ordered(entry, min, max, notes)?;
            return Some(Draw::Range { min, max });
        }
        let Some(choice) = entry.get("values_from") else {
            entry.complain(notes, "a draw: min and max, avg and std, or values_from");
            return None;
        };
        let list = choice.list(notes)?;
        if list.is_empty() {
            choice.complain(notes, "a list of at least one value");
            return None;
        }
        let values: Vec<_> = list.iter().map(|entry| entry.number(notes, wanted, holds)).collect();
        values.into_iter().collect::<Option<Vec<f64>>>().map(Draw::Choice)
    }

    /// The least and greatest value it can give.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Draw::Range { min, max } | Draw::Normal { min, max, .. } => (*min, *max),
            Draw::Choice(values) => {
                (values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(0.0, f64::max))
            }
        }
    }

    pub fn real(&self, rng: &mut Rng) -> f64 {
        match self {
            Draw::Range { min, max } if max > min => round3(min + (max - min) * rng.uniform()).clamp(*min, *max),
            Draw::Range { min, .. } => *min,
            Draw::Choice(values) => values[rng.below(values.len() as u64) as usize],
            Draw::Normal { mean, deviation, min, max } => truncated_normal(*mean, *deviation, *min, *max, rng),
        }
    }

    /// A whole number; the reader has ensured that ends and values are whole where one is asked for.
    pub fn whole(&self, rng: &mut Rng) -> u64 {
        match self {
            Draw::Range { min, max } => (min.ceil() as u64) + rng.below((max.floor() - min.ceil()) as u64 + 1),
            other => other.real(rng).round() as u64,
        }
    }
}

fn ordered(entry: &Entry<'_>, min: f64, max: f64, notes: &mut Notes) -> Option<()> {
    if min <= max {
        return Some(());
    }
    notes.complain(entry.key.clone(), format!("min {min} above max {max}"), "min at most max");
    None
}

/// To 3 decimals, as the published generators print their draws.
pub fn round3(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// By rejection, alternately from the normal and, for windows in its tail, from a uniform proposal: each is exact.
fn truncated_normal(mean: f64, deviation: f64, min: f64, max: f64, rng: &mut Rng) -> f64 {
    if min == max {
        return min;
    }
    let mode = mean.clamp(min, max);
    let bounded = min.is_finite() && max.is_finite();
    loop {
        let normal = mean + deviation * rng.normal();
        if (min..=max).contains(&normal) {
            return normal;
        }
        if bounded {
            let uniform = min + (max - min) * rng.uniform();
            let height = |x: f64| -0.5 * ((x - mean) / deviation) * ((x - mean) / deviation);
            if rng.uniform_open() <= libm::exp(height(uniform) - height(mode)) {
                return uniform;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::complaint::parse_json;
    use super::*;

    fn read(text: &str) -> (Option<Draw>, Vec<String>) {
        let value = parse_json(text).expect("this is JSON");
        let mut notes = Notes::default();
        let draw = Draw::read(&Entry::root(&value), &mut notes, "at least 0", |v| v >= 0.0);
        (draw, notes.complaints.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn three_spellings_and_their_ranges() {
        let mut rng = Rng::seeded(3);
        let range = read(r#"{"min": 1, "max": 3}"#).0.expect("a range");
        let wholes: Vec<u64> = (0..200).map(|_| range.whole(&mut rng)).collect();
        assert!((1..=3).all(|v| wholes.contains(&v)) && wholes.iter().all(|v| (1..=3).contains(v)));
        let real = range.real(&mut rng);
        assert!((real * 1000.0 - (real * 1000.0).round()).abs() < 1e-9);
        assert_eq!(read(r#"{"min": 2, "max": 2}"#).0.expect("a point").real(&mut rng), 2.0);
        let choice = read(r#"{"values_from": [128, 512]}"#).0.expect("a list");
        assert!([128, 512].contains(&choice.whole(&mut rng)) && choice.range() == (128.0, 512.0));
    }

    #[test]
    fn a_truncated_normal_stays_inside_even_far_in_the_tail() {
        let mut rng = Rng::seeded(4);
        let tail = read(r#"{"avg": 0, "std": 1, "min": 8, "max": 9}"#).0.expect("a normal");
        let mean = (0..2000).map(|_| tail.real(&mut rng)).sum::<f64>() / 2000.0;
        // E[X | 8 <= X <= 9] = 8.12 for a standard normal.
        assert!((mean - 8.12).abs() < 0.02, "{mean}");
    }

    #[test]
    fn a_draw_that_makes_no_sense_is_refused() {
        for (text, part) in [
            (r#"{"min": 3, "max": 1}"#, "min 3 above max 1"),
            (r#"{"min": -3, "max": 1}"#, "min: found -3"),
            (r#"{"min": 3}"#, "max: found nothing"),
            (r#"{"values_from": []}"#, "at least one value"),
            (r#"{"avg": 1, "std": 0}"#, "std: found 0"),
            (r#"{"avg": 1, "std": 1}"#, "min: found nothing"),
            ("{}", "want a draw"),
        ] {
            let (draw, complaints) = read(text);
            assert!(draw.is_none() && complaints.join("; ").contains(part), "{text}: {complaints:?}");
        }
    }
}
