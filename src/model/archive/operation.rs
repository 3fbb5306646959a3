//! Arithmetic on series: a tree of operations over metrics that share a grid of times.
//!
//! Source: Gnocchi 4.7.1, dynamic aggregates.

use std::collections::BTreeSet;

use crate::engine::time::Span;

use super::ArchiveError;
use super::method::Method;

/// How values at one time (or in one window) become one; holes are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Mean,
    Median,
    /// Of the population (divided by n), unlike the method of a policy.
    Std,
    Min,
    Max,
    /// The sum of nothing is zero.
    Sum,
    /// Of the population.
    Var,
    Count,
}

/// A [`Fold`], or the difference of its consecutive results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Across {
    pub fold: Fold,
    pub rate: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Abs,
    Neg,
    Cos,
    Sin,
    Tan,
    Floor,
    Ceil,
    /// Difference of consecutive points; the first time is dropped.
    RateOfChange,
    /// The same per second; the first is not a number.
    RateOfChangeSec,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    /// With the sign of the divisor.
    Mod,
    Pow,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    /// At least the second.
    ClipMin,
    /// At most the second.
    ClipMax,
    Max,
    Min,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Series by metric name and method.
    Metrics(Vec<(String, Method)>),
    Number(f64),
    Aggregate(Across, Box<Operation>),
    /// Over a window of this many points; the first times have none.
    Rolling(Across, usize, Box<Operation>),
    Resample(Method, Span, Box<Operation>),
    Unary(Unary, Box<Operation>),
    Binary(Binary, Box<Operation>, Box<Operation>),
    /// Value, lower end, upper end.
    Clip(Box<Operation>, Box<Operation>, Box<Operation>),
}

impl Operation {
    /// `fold` of one method over metrics, such as the sum of the sums of all regions.
    pub fn aggregate<'a>(fold: Fold, method: Method, metrics: impl IntoIterator<Item = &'a str>) -> Operation {
        let metrics = metrics.into_iter().map(|name| (name.to_owned(), method)).collect();
        Operation::Aggregate(Across { fold, rate: false }, Box::new(Operation::Metrics(metrics)))
    }

    /// The series at the leaves, each once, in order of mention.
    pub fn leaves(&self) -> Vec<(&str, Method)> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        self.each_leaf(&mut |name, method| {
            if seen.insert((name, method)) {
                found.push((name, method));
            }
        });
        found
    }

    fn each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a str, Method)) {
        match self {
            Operation::Metrics(metrics) => metrics.iter().for_each(|(name, method)| visit(name, *method)),
            Operation::Number(_) => {}
            Operation::Aggregate(_, of)
            | Operation::Rolling(_, _, of)
            | Operation::Resample(_, _, of)
            | Operation::Unary(_, of) => of.each_leaf(visit),
            Operation::Binary(_, left, right) => [left, right].into_iter().for_each(|node| node.each_leaf(visit)),
            Operation::Clip(of, low, high) => [of, low, high].into_iter().for_each(|node| node.each_leaf(visit)),
        }
    }

    /// Puts what `fits` knows in the place of each metric's name: a pattern stands for several.
    ///
    /// # Errors
    /// Those of `fits`, which gets a name and says for which metrics it stands.
    pub fn replace_names<E>(&mut self, fits: &mut impl FnMut(&str) -> Result<Vec<String>, E>) -> Result<(), E> {
        match self {
            Operation::Metrics(metrics) => {
                let mut replaced = Vec::new();
                for (name, method) in metrics.iter() {
                    replaced.extend(fits(name)?.into_iter().map(|name| (name, *method)));
                }
                *metrics = replaced;
                Ok(())
            }
            Operation::Number(_) => Ok(()),
            Operation::Aggregate(_, of)
            | Operation::Rolling(_, _, of)
            | Operation::Resample(_, _, of)
            | Operation::Unary(_, of) => of.replace_names(fits),
            Operation::Binary(_, left, right) => {
                [left, right].into_iter().try_for_each(|node| node.replace_names(fits))
            }
            Operation::Clip(of, low, high) => [of, low, high].into_iter().try_for_each(|node| node.replace_names(fits)),
        }
    }

    /// How many series come out, as far as it can be known without any points; 0 for a plain number.
    ///
    /// # Errors
    /// Metrics where there is only a number, and sides of different widths.
    pub fn width(&self) -> Result<usize, ArchiveError> {
        match self {
            Operation::Metrics(metrics) => Ok(metrics.len()),
            Operation::Number(_) => Ok(0),
            Operation::Aggregate(_, of) => of.series().map(|_| 1),
            Operation::Rolling(_, _, of) | Operation::Resample(_, _, of) | Operation::Unary(_, of) => of.series(),
            Operation::Binary(_, left, right) => beside(left.width()?, right.width()?),
            Operation::Clip(of, low, high) => beside(beside(of.width()?, low.width()?)?, high.width()?),
        }
    }

    /// The width of what has to be series.
    fn series(&self) -> Result<usize, ArchiveError> {
        match self.width()? {
            0 => {
                Err(ArchiveError::BadOperation { found: "a number".to_owned(), wanted: "metrics rather than a number" })
            }
            series => Ok(series),
        }
    }

    /// Whether points of several granularities would come out as points of one.
    pub fn resamples(&self) -> bool {
        match self {
            Operation::Resample(..) => true,
            Operation::Metrics(_) | Operation::Number(_) => false,
            Operation::Aggregate(_, of) | Operation::Rolling(_, _, of) | Operation::Unary(_, of) => of.resamples(),
            Operation::Binary(_, left, right) => left.resamples() || right.resamples(),
            Operation::Clip(of, low, high) => of.resamples() || low.resamples() || high.resamples(),
        }
    }
}

/// The width of what two sides give: a number goes with everything, a single series with every series.
fn beside(left: usize, right: usize) -> Result<usize, ArchiveError> {
    if left > 1 && right > 1 && left != right {
        return Err(ArchiveError::DifferentWidths { found: left, wanted: right });
    }
    Ok(left.max(right))
}

impl Unary {
    /// The value, for those that look at one point alone.
    pub(super) fn of(self, x: f64) -> f64 {
        match self {
            Unary::Abs => x.abs(),
            Unary::Neg => -x,
            Unary::Cos => libm::cos(x),
            Unary::Sin => libm::sin(x),
            Unary::Tan => libm::tan(x),
            Unary::Floor => x.floor(),
            Unary::Ceil => x.ceil(),
            Unary::RateOfChange | Unary::RateOfChangeSec => unreachable!("rates look at two points"),
        }
    }
}

impl Binary {
    pub(super) fn of(self, x: f64, y: f64) -> f64 {
        let flag = |truth: bool| f64::from(u8::from(truth));
        match self {
            Binary::Add => x + y,
            Binary::Sub => x - y,
            Binary::Mul => x * y,
            Binary::Div => x / y,
            Binary::Mod => {
                let rest = x % y;
                if rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest }
            }
            Binary::Pow => libm::pow(x, y),
            Binary::Equal => flag(x == y),
            Binary::NotEqual => flag(x != y),
            Binary::Less => flag(x < y),
            Binary::LessEqual => flag(x <= y),
            Binary::Greater => flag(x > y),
            Binary::GreaterEqual => flag(x >= y),
            Binary::ClipMin | Binary::Max => higher(x, y),
            Binary::ClipMax | Binary::Min => -higher(-x, -y),
        }
    }
}

/// The larger one; a hole stays a hole.
fn higher(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if x < y {
        y
    } else {
        x
    }
}

impl Fold {
    /// Folds the values that are numbers, in their order. `scratch` is overwritten.
    pub(super) fn of(self, values: impl Iterator<Item = f64>, scratch: &mut Vec<f64>) -> f64 {
        scratch.clear();
        scratch.extend(values.filter(|value| !value.is_nan()));
        let n = scratch.len() as f64;
        let sum: f64 = scratch.iter().sum();
        if scratch.is_empty() {
            return if matches!(self, Fold::Sum | Fold::Count) { 0.0 } else { f64::NAN };
        }
        let variance = |values: &[f64]| values.iter().map(|v| (v - sum / n) * (v - sum / n)).sum::<f64>() / n;
        match self {
            Fold::Sum => sum,
            Fold::Count => n,
            Fold::Mean => sum / n,
            Fold::Var => variance(scratch),
            Fold::Std => variance(scratch).sqrt(),
            Fold::Min => scratch.iter().copied().fold(f64::INFINITY, f64::min),
            Fold::Max => scratch.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Fold::Median => {
                scratch.sort_unstable_by(f64::total_cmp);
                let middle = scratch.len() / 2;
                if scratch.len() % 2 == 1 { scratch[middle] } else { (scratch[middle - 1] + scratch[middle]) / 2.0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_follow_the_original_at_the_edges() {
        assert_eq!(Binary::Mod.of(-7.0, 3.0), 2.0);
        assert_eq!(Binary::Mod.of(7.0, -3.0), -2.0);
        assert!(Binary::Div.of(1.0, 0.0).is_infinite());
        assert!(Binary::Max.of(f64::NAN, 1.0).is_nan());
        assert_eq!(Binary::ClipMax.of(5.0, 3.0), 3.0);
        assert_eq!(Binary::Less.of(f64::NAN, 1.0), 0.0);
        let fold = |fold: Fold| fold.of([3.0, f64::NAN, 1.0].into_iter(), &mut Vec::new());
        assert_eq!((fold(Fold::Var), fold(Fold::Median), fold(Fold::Count)), (1.0, 2.0, 2.0));
        assert_eq!(Fold::Sum.of([f64::NAN].into_iter(), &mut Vec::new()), 0.0);
        assert!(Fold::Mean.of([f64::NAN].into_iter(), &mut Vec::new()).is_nan());
    }
}
