//! How an operation over series is written: as the text `(aggregate sum (metric a mean) (metric b mean))`, or as the same
//! in lists of JSON, `["aggregate", "sum", ["metric", ["a", "mean"], ["b", "mean"]]]`.
//!
//! Source: Gnocchi 4.7.1, dynamic aggregates, whose service reads both.
//! Differs: operations that take series take several side by side when these are plain metrics; names with blanks or
//! brackets stand in quotes.

use serde_json::Value;

use crate::engine::time::Span;

use super::method::Method;
use super::operation::{Across, Binary, Fold, Operation, Unary};

/// Where an operation stops making sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operation: found {found}, want {wanted}")]
pub struct Misread {
    /// The byte of the text; 0 in lists of JSON.
    pub at: usize,
    pub found: String,
    pub wanted: &'static str,
}

/// Deeper operations are refused, so that no walk over one exhausts the stack.
const DEPTH_MAX: usize = 64;
const TOO_DEEP: &str = "at most 64 operations inside one another";
const OPERATION: &str = "an operation in brackets, such as (metric name mean)";
const METHOD: &str =
    "mean, sum, last, max, min, std, median, first, count, 1pct to 99pct, or rate: before one of these";
const FOLD: &str = "mean, median, std, min, max, sum, var or count, or rate: before one of these";
const METRICS: &str = "(metric name method), or (metric (name method) (name method))";
const NAMES: &str =
    "metric, aggregate, rolling, resample, clip, or an operation on series such as abs, + or rateofchange";
const WIDTH: &str = "the width of a bucket: seconds, or a length of time such as 7d";
const WINDOW: &str = "a window from 1 to 1000000000 points";
const WINDOW_MAX: f64 = 1e9;

/// A part of an operation, and the byte of the text where it begins.
struct Term {
    at: usize,
    form: Form,
}

enum Form {
    Number(f64),
    Word(String),
    List(Vec<Term>),
}

impl Operation {
    /// Reads the text. `width` says what lengths of time look like; plain numbers are seconds.
    ///
    /// # Errors
    /// Anything that is not an operation, with its place.
    pub fn from_text(text: &str, width: &dyn Fn(&str) -> Option<Span>) -> Result<Operation, Misread> {
        let mut reader = Reader { text, at: 0 };
        let term = reader.term(0)?;
        match reader.skip_blanks() {
            None => term.operation(width),
            Some(rest) => Err(reader.wrong(rest.to_string(), "nothing behind the operation")),
        }
    }

    /// Reads lists of JSON.
    ///
    /// # Errors
    /// Anything that is not an operation, with the part that is wrong.
    pub fn from_json(value: &Value) -> Result<Operation, Misread> {
        Term::of_json(value, 0)?.operation(&|_| None)
    }
}

/// A text being read.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, found: impl Into<String>, wanted: &'static str) -> Misread {
        Misread { at: self.at, found: found.into(), wanted }
    }

    /// Goes to the next character that is not blank.
    fn skip_blanks(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn term(&mut self, depth: usize) -> Result<Term, Misread> {
        let first = self.skip_blanks();
        let at = self.at;
        let form = match first {
            None => return Err(self.wrong("the end", OPERATION)),
            Some(')') => return Err(self.wrong(")", OPERATION)),
            Some('(') if depth == DEPTH_MAX => return Err(self.wrong("(", TOO_DEEP)),
            Some('(') => {
                self.at += 1;
                let mut terms = Vec::new();
                loop {
                    match self.skip_blanks() {
                        None => return Err(self.wrong("the end", "a bracket that closes the operation")),
                        Some(')') => break self.at += 1,
                        Some(_) => terms.push(self.term(depth + 1)?),
                    }
                }
                Form::List(terms)
            }
            Some(quote @ ('"' | '\'')) => {
                let inside = &self.text[at + 1..];
                let Some(length) = inside.find(quote) else {
                    return Err(self.wrong(quote, "a name closed by the same quote"));
                };
                self.at += length + 2;
                Form::Word(inside[..length].to_owned())
            }
            Some(_) => {
                let rest = &self.text[at..];
                let ends = |c: char| c.is_whitespace() || "()\"'".contains(c);
                let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
                self.at += word.len();
                number(word).map_or_else(|| Form::Word(word.to_owned()), Form::Number)
            }
        };
        Ok(Term { at, form })
    }
}

/// A word that begins as a number does; `nan` and `inf` are words.
fn number(word: &str) -> Option<f64> {
    let digits = word.trim_start_matches(['+', '-']).trim_start_matches('.');
    word.parse().ok().filter(|number: &f64| digits.starts_with(|c: char| c.is_ascii_digit()) && number.is_finite())
}

impl Term {
    fn of_json(value: &Value, depth: usize) -> Result<Term, Misread> {
        let wrong = |wanted| Misread { at: 0, found: value.to_string(), wanted };
        let form = match value {
            Value::Number(number) => Form::Number(number.as_f64().ok_or_else(|| wrong("a number"))?),
            Value::String(word) => Form::Word(word.clone()),
            Value::Array(_) if depth == DEPTH_MAX => return Err(Misread { found: "[".to_owned(), ..wrong(TOO_DEEP) }),
            Value::Array(terms) => {
                Form::List(terms.iter().map(|term| Term::of_json(term, depth + 1)).collect::<Result<_, _>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Object(_) => return Err(wrong("a list, a word or a number")),
        };
        Ok(Term { at: 0, form })
    }

    fn wrong(&self, wanted: &'static str) -> Misread {
        let found = match &self.form {
            Form::Number(number) => number.to_string(),
            Form::Word(word) => format!("\"{word}\""),
            Form::List(terms) if terms.is_empty() => "nothing in brackets".to_owned(),
            Form::List(_) => "brackets".to_owned(),
        };
        Misread { at: self.at, found, wanted }
    }

    fn word(&self) -> Option<&str> {
        if let Form::Word(word) = &self.form { Some(word) } else { None }
    }

    fn operation(&self, width: &dyn Fn(&str) -> Option<Span>) -> Result<Operation, Misread> {
        let terms = match &self.form {
            Form::Number(number) => return Ok(Operation::Number(*number)),
            Form::Word(_) => return Err(self.wrong(OPERATION)),
            Form::List(terms) => terms,
        };
        let (head, rest) = terms.split_first().ok_or_else(|| self.wrong(OPERATION))?;
        let name = head.word().ok_or_else(|| head.wrong(NAMES))?;
        let inner = |term: &Term| term.operation(width).map(Box::new);
        let few = |wanted| Misread { found: format!("{} behind {name}", rest.len()), ..self.wrong(wanted) };
        match (name, rest) {
            ("metric", _) => self.metrics(rest).map(Operation::Metrics),
            ("aggregate", [fold, of @ ..]) => Ok(Operation::Aggregate(fold.across()?, self.side_by_side(of, width)?)),
            ("rolling", [fold, window, of @ ..]) => {
                let points = match window.form {
                    Form::Number(points) if (1.0..=WINDOW_MAX).contains(&points) && points == points.trunc() => {
                        points as usize
                    }
                    _ => return Err(window.wrong(WINDOW)),
                };
                Ok(Operation::Rolling(fold.across()?, points, self.side_by_side(of, width)?))
            }
            ("resample", [method, wide, of @ ..]) => {
                let span = match &wide.form {
                    Form::Number(seconds) => Span::from_secs_f64(*seconds),
                    Form::Word(word) => width(word),
                    Form::List(_) => None,
                };
                let span = span.filter(|span| !span.is_zero()).ok_or_else(|| wide.wrong(WIDTH))?;
                Ok(Operation::Resample(method.method()?, span, self.side_by_side(of, width)?))
            }
            ("clip", [of, low, high]) => Ok(Operation::Clip(inner(of)?, inner(low)?, inner(high)?)),
            ("aggregate" | "rolling" | "resample", _) => Err(few("its method, its width or window, and series")),
            ("clip", _) => Err(few("series, the lower end and the upper end")),
            (_, [of]) if unary(name).is_some() => {
                Ok(Operation::Unary(unary(name).expect("the guard has looked"), inner(of)?))
            }
            (_, [left, right]) if binary(name).is_some() => {
                Ok(Operation::Binary(binary(name).expect("the guard has looked"), inner(left)?, inner(right)?))
            }
            _ if unary(name).is_some() => Err(few("one operand")),
            _ if binary(name).is_some() => Err(few("two operands")),
            _ => Err(head.wrong(NAMES)),
        }
    }

    /// One operation, or several plain metrics, which are series side by side.
    fn side_by_side(&self, terms: &[Term], width: &dyn Fn(&str) -> Option<Span>) -> Result<Box<Operation>, Misread> {
        let Some((first, others)) = terms.split_first() else {
            return Err(Misread { found: "no series".to_owned(), ..self.wrong(METRICS) });
        };
        let mut all = first.operation(width)?;
        for other in others {
            match (&mut all, other.operation(width)?) {
                (Operation::Metrics(all), Operation::Metrics(more)) => all.extend(more),
                _ => return Err(other.wrong("plain metrics where there are several, or one operation")),
            }
        }
        Ok(Box::new(all))
    }

    /// What stands behind the word `metric`.
    fn metrics(&self, rest: &[Term]) -> Result<Vec<(String, Method)>, Misread> {
        let pair = |name: &Term, method: &Term| {
            let known = name.word().filter(|name| !name.is_empty()).ok_or_else(|| name.wrong(METRICS))?;
            Ok((known.to_owned(), method.method()?))
        };
        if let [name @ Term { form: Form::Word(_), .. }, method] = rest {
            return Ok(vec![pair(name, method)?]);
        }
        if rest.is_empty() {
            return Err(self.wrong(METRICS));
        }
        let one = |term: &Term| match &term.form {
            Form::List(terms) => match &terms[..] {
                [name, method] => pair(name, method),
                _ => Err(term.wrong(METRICS)),
            },
            Form::Number(_) | Form::Word(_) => Err(term.wrong(METRICS)),
        };
        rest.iter().map(one).collect()
    }

    fn method(&self) -> Result<Method, Misread> {
        self.word().and_then(|word| word.parse().ok()).ok_or_else(|| self.wrong(METHOD))
    }

    fn across(&self) -> Result<Across, Misread> {
        let name = self.word().unwrap_or_default();
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
            _ => return Err(self.wrong(FOLD)),
        };
        Ok(Across { fold, rate })
    }
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

#[cfg(test)]
mod tests;
