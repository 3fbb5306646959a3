//! What is kept of the measures of a bucket: means, sums, extremes, order statistics, and the same of their differences.
//!
//! Source: Gnocchi 4.7.1, aggregation methods of an archive policy. The standard deviation is that of a sample and has
//! no value for a single measure; percentiles are linear between neighbours.
//! Differs: the position of a percentile is a whole fraction here, so it does not depend on how measures were batched
//! (in the original the last digits do).

use std::fmt;
use std::str::FromStr;

use super::ArchiveError;

/// One number out of the measures of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Mean,
    Sum,
    Last,
    Max,
    Min,
    /// Sample standard deviation; no value for a single measure.
    Std,
    Median,
    First,
    Count,
    /// 1 to 99.
    Percentile(u8),
}

/// An aggregation method: a [`Kind`], over the measures or over the differences of consecutive measures (`rate:`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Method {
    pub kind: Kind,
    /// Over v_i - v_{i-1}, each dated at the later measure; not divided by time.
    pub rate: bool,
}

impl Method {
    pub const MEAN: Method = Method::of(Kind::Mean);
    pub const SUM: Method = Method::of(Kind::Sum);
    pub const MIN: Method = Method::of(Kind::Min);
    pub const MAX: Method = Method::of(Kind::Max);
    pub const COUNT: Method = Method::of(Kind::Count);
    pub const LAST: Method = Method::of(Kind::Last);
    pub const STD: Method = Method::of(Kind::Std);

    pub const fn of(kind: Kind) -> Method {
        Method { kind, rate: false }
    }

    /// The set meant when a policy names none.
    pub const DEFAULT: [Method; 6] = [Method::MEAN, Method::MIN, Method::MAX, Method::SUM, Method::STD, Method::COUNT];

    /// Every method there is, rates included.
    pub fn all() -> Vec<Method> {
        let plain = [
            Kind::Mean,
            Kind::Sum,
            Kind::Last,
            Kind::Max,
            Kind::Min,
            Kind::Std,
            Kind::Median,
            Kind::First,
            Kind::Count,
        ];
        let kinds = plain.into_iter().chain((1..=99).map(Kind::Percentile));
        kinds.flat_map(|kind| [Method { kind, rate: false }, Method { kind, rate: true }]).collect()
    }

    /// The set that a policy's entries mean: `*` is all, `-m` removes from and `+m` adds to `default`, plain names
    /// stand for themselves. Sorted, without doubles.
    ///
    /// # Errors
    /// An unknown method, or plain names mixed with signed ones.
    pub fn set(entries: &[&str], default: &[Method]) -> Result<Vec<Method>, ArchiveError> {
        let signed = entries.iter().filter(|entry| entry.starts_with(['-', '+'])).count();
        if signed > 0 && signed < entries.len() {
            return Err(ArchiveError::MixedMethods { found: entries.join(", ") });
        }
        let mut methods = if signed > 0 || entries.is_empty() { default.to_vec() } else { Vec::new() };
        for entry in entries {
            match entry.split_at_checked(1) {
                Some(("-", name)) => {
                    let gone: Method = name.parse()?;
                    methods.retain(|&method| method != gone);
                }
                Some(("+", name)) => methods.push(name.parse()?),
                _ if *entry == "*" => methods.extend(Method::all()),
                _ => methods.push(entry.parse()?),
            }
        }
        methods.sort_unstable();
        methods.dedup();
        Ok(methods)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rate {
            f.write_str("rate:")?;
        }
        match self.kind {
            Kind::Mean => f.write_str("mean"),
            Kind::Sum => f.write_str("sum"),
            Kind::Last => f.write_str("last"),
            Kind::Max => f.write_str("max"),
            Kind::Min => f.write_str("min"),
            Kind::Std => f.write_str("std"),
            Kind::Median => f.write_str("median"),
            Kind::First => f.write_str("first"),
            Kind::Count => f.write_str("count"),
            Kind::Percentile(q) => write!(f, "{q}pct"),
        }
    }
}

impl FromStr for Method {
    type Err = ArchiveError;

    fn from_str(text: &str) -> Result<Method, ArchiveError> {
        let (rate, name) = text.strip_prefix("rate:").map_or((false, text), |rest| (true, rest));
        let kind = match name {
            "mean" => Kind::Mean,
            "sum" => Kind::Sum,
            "last" => Kind::Last,
            "max" => Kind::Max,
            "min" => Kind::Min,
            "std" => Kind::Std,
            "median" => Kind::Median,
            "first" => Kind::First,
            "count" => Kind::Count,
            _ => {
                let percent = name.strip_suffix("pct").filter(|digits| !digits.starts_with(['0', '+']));
                match percent.and_then(|digits| digits.parse().ok()) {
                    Some(q @ 1..=99) => Kind::Percentile(q),
                    _ => return Err(ArchiveError::UnknownMethod { found: text.to_owned() }),
                }
            }
        };
        Ok(Method { kind, rate })
    }
}

/// Evaluates several kinds over one bucket after another; keeps its scratch space, so that a bucket allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Evaluator {
    /// Sorted or partly sorted order keys of one bucket.
    keys: Vec<i64>,
}

/// Up to this many order statistics are selected one by one; more are read from the sorted bucket.
const SELECTED: usize = 3;

impl Evaluator {
    /// Hands `emit` the position in `kinds` and the value of each kind that has one. The caller has ensured that
    /// `values` is not empty.
    pub(super) fn evaluate(&mut self, kinds: &[Kind], values: &[f64], mut emit: impl FnMut(usize, f64)) {
        if let [only] = *values {
            // The frequent case of a granularity as fine as the sampling.
            for (position, kind) in kinds.iter().enumerate() {
                match kind {
                    Kind::Count => emit(position, 1.0),
                    Kind::Std => {}
                    _ => emit(position, only),
                }
            }
            return;
        }
        let n = values.len();
        let order = kinds.iter().filter(|kind| matches!(kind, Kind::Median | Kind::Percentile(_))).count();
        if order > 0 {
            self.keys.clear();
            self.keys.extend(values.iter().map(|&value| key(value)));
            if order > SELECTED {
                self.keys.sort_unstable();
            }
        }
        for (position, kind) in kinds.iter().enumerate() {
            let value = match kind {
                Kind::Mean => sum(values) / n as f64,
                Kind::Sum => sum(values),
                Kind::Last => values[n - 1],
                Kind::First => values[0],
                Kind::Max => extreme(values, |a, b| a > b),
                Kind::Min => extreme(values, |a, b| a < b),
                Kind::Count => n as f64,
                Kind::Std => sample_deviation(values),
                Kind::Median => self.percentile(50, order > SELECTED),
                Kind::Percentile(q) => self.percentile(*q, order > SELECTED),
            };
            emit(position, value);
        }
    }

    /// Linear between the neighbours of position (n - 1)·q/100 of the sorted bucket.
    fn percentile(&mut self, q: u8, sorted: bool) -> f64 {
        let hundredths = (self.keys.len() - 1) * usize::from(q);
        let (floor, rest) = (hundredths / 100, hundredths % 100);
        let (low, high) = if sorted {
            (self.keys[floor], self.keys.get(floor + 1).copied())
        } else {
            let (_, &mut low, right) = self.keys.select_nth_unstable(floor);
            (low, if rest == 0 { None } else { right.iter().copied().min() })
        };
        match high {
            Some(high) if rest > 0 => {
                let share = rest as f64 / 100.0;
                value(low) * (1.0 - share) + value(high) * share
            }
            _ => value(low),
        }
    }
}

/// An integer with the order of the float: selecting among integers is several times quicker.
fn key(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

fn value(key: i64) -> f64 {
    f64::from_bits((key ^ ((key >> 63) as u64 >> 1) as i64) as u64)
}

/// Four partial sums in a fixed order: the same bits everywhere, and four times the speed of one chain of additions.
pub(super) fn sum(values: &[f64]) -> f64 {
    let mut parts = [0.0; 4];
    let blocks = values.chunks_exact(4);
    let rest: f64 = blocks.remainder().iter().sum();
    for block in blocks {
        for (part, value) in parts.iter_mut().zip(block) {
            *part += value;
        }
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3]) + rest
}

/// The first value that no other beats.
fn extreme(values: &[f64], beats: impl Fn(f64, f64) -> bool) -> f64 {
    let mut best = [values[0]; 4];
    let blocks = values.chunks_exact(4);
    let rest = blocks.remainder();
    for block in blocks {
        for (best, &value) in best.iter_mut().zip(block) {
            *best = if beats(value, *best) { value } else { *best };
        }
    }
    best.iter().chain(rest).copied().fold(values[0], |best, value| if beats(value, best) { value } else { best })
}

fn sample_deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = sum(values) / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / (n - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: Kind, values: &[f64]) -> Option<f64> {
        let mut found = None;
        Evaluator::default().evaluate(&[kind], values, |_, value| found = Some(value));
        found
    }

    #[test]
    fn a_name_is_read_back_as_the_same_method() {
        for method in Method::all() {
            assert_eq!(method.to_string().parse::<Method>().unwrap(), method);
        }
        for bad in ["", "0pct", "100pct", "07pct", "mode", "rate:", "rate:rate:mean", "Mean"] {
            assert!(bad.parse::<Method>().is_err(), "{bad}");
        }
    }

    #[test]
    fn order_statistics_lie_between_their_neighbours() {
        let values = [10.0, -1.0, 4.0, 3.0];
        assert_eq!(one(Kind::Median, &values), Some(3.5));
        assert_eq!(one(Kind::Percentile(50), &values), Some(3.5));
        // Position 3·95/100 = 2.85, between 4 and 10.
        assert!((one(Kind::Percentile(95), &values).unwrap() - 9.1).abs() < 1e-12);
        assert_eq!(one(Kind::Percentile(99), &[2.5]), Some(2.5));
    }

    #[test]
    fn sorting_and_selecting_agree() {
        let values: Vec<f64> = (0..97).map(|i| f64::from(i * 37 % 97) - 40.0).collect();
        let many: Vec<Kind> = (1..=99).map(Kind::Percentile).collect();
        Evaluator::default().evaluate(&many, &values, |position, value| {
            assert_eq!(Some(value), one(many[position], &values));
        });
    }

    #[test]
    fn a_single_measure_has_no_deviation() {
        assert_eq!(one(Kind::Std, &[4.0]), None);
        assert_eq!(one(Kind::Std, &[1.0, 3.0]), Some(2.0_f64.sqrt()));
    }

    #[test]
    fn extremes_and_sums_cover_every_position() {
        for n in 2..12 {
            for place in 0..n {
                let mut values = vec![1.0; n];
                values[place] = 7.0;
                assert_eq!(one(Kind::Max, &values), Some(7.0));
                assert_eq!(one(Kind::Sum, &values), Some(6.0 + n as f64));
                values[place] = -7.0;
                assert_eq!(one(Kind::Min, &values), Some(-7.0));
            }
        }
    }

    #[test]
    fn entries_add_to_and_take_from_the_default_set() {
        let set = |entries: &[&str]| Method::set(entries, &Method::DEFAULT).unwrap();
        assert_eq!(set(&[]).len(), 6);
        assert!(!set(&["-std"]).contains(&Method::STD));
        assert!(set(&["+95pct"]).contains(&Method::of(Kind::Percentile(95))));
        assert_eq!(set(&["last", "last"]), [Method::LAST]);
        assert_eq!(set(&["*"]).len(), Method::all().len());
        assert!(Method::set(&["mean", "-std"], &Method::DEFAULT).is_err());
    }
}
