//! Arithmetic on series: a tree of operations over metrics that share a grid of times.
//!
//! Source: Gnocchi 4.7.1, dynamic aggregates. Written as prefix lists, such as
//! `["aggregate", "sum", ["metric", ["a", "mean"], ["b", "mean"]]]`.

use serde_json::Value;

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

    /// Reads prefix lists.
    ///
    /// # Errors
    /// Anything that is not an operation, with the part that is wrong.
    pub fn from_json(value: &Value) -> Result<Operation, ArchiveError> {
        let wrong = |wanted| ArchiveError::BadOperation { found: value.to_string(), wanted };
        if let Some(number) = value.as_f64() {
            return Ok(Operation::Number(number));
        }
        let (head, rest) = value.as_array().and_then(|list| list.split_first()).ok_or_else(|| wrong("a list"))?;
        let head = head.as_str().ok_or_else(|| wrong("a list that starts with the name of an operation"))?;
        let inner = |value: &Value| Operation::from_json(value).map(Box::new);
        match (head, rest) {
            ("metric", [Value::String(_), Value::String(_)]) => Ok(Operation::Metrics(vec![leaf(value, rest)?])),
            ("metric", [_, ..]) => {
                let one = |item: &Value| leaf(value, item.as_array().map_or(&[], Vec::as_slice));
                Ok(Operation::Metrics(rest.iter().map(one).collect::<Result<_, _>>()?))
            }
            ("aggregate", [fold, of]) => Ok(Operation::Aggregate(across(fold)?, inner(of)?)),
            ("rolling", [fold, window, of]) => {
                let window = window.as_u64().and_then(|w| usize::try_from(w).ok()).filter(|&w| w > 0);
                let window = window.ok_or_else(|| wrong("a window of one point or more"))?;
                Ok(Operation::Rolling(across(fold)?, window, inner(of)?))
            }
            ("resample", [method, width, of]) => {
                let method = method.as_str().ok_or_else(|| wrong("an aggregation method"))?.parse()?;
                let width = width.as_f64().and_then(Span::from_secs_f64).filter(|width| !width.is_zero());
                Ok(Operation::Resample(method, width.ok_or_else(|| wrong("a width in seconds"))?, inner(of)?))
            }
            ("clip", [of, low, high]) => Ok(Operation::Clip(inner(of)?, inner(low)?, inner(high)?)),
            (name, [of]) => {
                let unary = unary(name).ok_or_else(|| wrong("the name of an operation on one series"))?;
                Ok(Operation::Unary(unary, inner(of)?))
            }
            (name, [left, right]) => {
                let binary = binary(name).ok_or_else(|| wrong("the name of an operation on two series"))?;
                Ok(Operation::Binary(binary, inner(left)?, inner(right)?))
            }
            _ => Err(wrong("an operation with its arguments")),
        }
    }

    /// The series at the leaves, each once, in order of mention.
    pub fn leaves(&self) -> Vec<(&str, Method)> {
        fn visit<'a>(node: &'a Operation, found: &mut Vec<(&'a str, Method)>) {
            match node {
                Operation::Metrics(metrics) => {
                    for (name, method) in metrics {
                        if !found.contains(&(name.as_str(), *method)) {
                            found.push((name, *method));
                        }
                    }
                }
                Operation::Number(_) => {}
                Operation::Aggregate(_, of)
                | Operation::Rolling(_, _, of)
                | Operation::Resample(_, _, of)
                | Operation::Unary(_, of) => visit(of, found),
                Operation::Binary(_, left, right) => [left, right].into_iter().for_each(|node| visit(node, found)),
                Operation::Clip(of, low, high) => [of, low, high].into_iter().for_each(|node| visit(node, found)),
            }
        }
        let mut found = Vec::new();
        visit(self, &mut found);
        found
    }
}

fn leaf(whole: &Value, pair: &[Value]) -> Result<(String, Method), ArchiveError> {
    match pair {
        [Value::String(name), Value::String(method)] => Ok((name.clone(), method.parse()?)),
        _ => Err(ArchiveError::BadOperation { found: whole.to_string(), wanted: "metrics as name and method" }),
    }
}

fn across(value: &Value) -> Result<Across, ArchiveError> {
    let name = value.as_str().unwrap_or_default();
    let (rate, name) = name.strip_prefix("rate:").map_or((false, name), |rest| (true, rest));
    let fold = match name {
        "mean" => Fold::Mean,
        "median" => Fold::Median,
        "std" => Fold::Std,
        "min" => Fold::Min,
        "max" => Fold::Max,
        "sum" => Fold::Sum,
        "var" => Fold::Var,
        "count" => Fold::Count,
        _ => {
            let wanted = "mean, median, std, min, max, sum, var or count";
            return Err(ArchiveError::BadOperation { found: value.to_string(), wanted });
        }
    };
    Ok(Across { fold, rate })
}

fn unary(name: &str) -> Option<Unary> {
    Some(match name {
        "abs" | "absolute" => Unary::Abs,
        "neg" | "negative" => Unary::Neg,
        "cos" => Unary::Cos,
        "sin" => Unary::Sin,
        "tan" => Unary::Tan,
        "floor" => Unary::Floor,
        "ceil" => Unary::Ceil,
        "rateofchange" => Unary::RateOfChange,
        "rateofchangesec" => Unary::RateOfChangeSec,
        _ => return None,
    })
}

fn binary(name: &str) -> Option<Binary> {
    Some(match name {
        "+" | "add" => Binary::Add,
        "-" | "sub" => Binary::Sub,
        "*" | "×" | "mul" => Binary::Mul,
        "/" | "÷" | "div" => Binary::Div,
        "%" | "mod" => Binary::Mod,
        "**" | "^" | "pow" => Binary::Pow,
        "=" | "==" | "eq" => Binary::Equal,
        "!=" | "≠" | "ne" => Binary::NotEqual,
        "<" | "lt" => Binary::Less,
        "<=" | "≤" | "le" => Binary::LessEqual,
        ">" | "gt" => Binary::Greater,
        ">=" | "≥" | "ge" => Binary::GreaterEqual,
        "clip_min" => Binary::ClipMin,
        "clip_max" => Binary::ClipMax,
        "max" => Binary::Max,
        "min" => Binary::Min,
        _ => return None,
    })
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

    fn read(text: &str) -> Result<Operation, ArchiveError> {
        Operation::from_json(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn prefix_lists_become_a_tree() {
        let sum = read(r#"["aggregate", "sum", ["metric", ["a", "mean"], ["b", "mean"]]]"#).unwrap();
        assert_eq!(sum, Operation::aggregate(Fold::Sum, Method::MEAN, ["a", "b"]));
        assert_eq!(sum.leaves(), [("a", Method::MEAN), ("b", Method::MEAN)]);
        let tree = read(r#"["clip", ["-", ["metric", "a", "max"], ["metric", "a", "min"]], 0, 9.5]"#).unwrap();
        assert_eq!(tree.leaves().len(), 2);
        for bad in [
            r#"["aggregate", "95pct", ["metric", "a", "mean"]]"#,
            r#"["rolling", "mean", 0, ["metric", "a", "mean"]]"#,
            r#"["resample", "mean", -1, ["metric", "a", "mean"]]"#,
            r#"["metric", "a"]"#,
            r#"["metric", ["a"]]"#,
            r#"["metric"]"#,
            r#"["+", 1]"#,
            r#"["frobnicate", 1, 2, 3, 4]"#,
            r#"[1, 2]"#,
            r#""a""#,
            "[]",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

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
