//! Probability laws as a scenario writes them: `"1s"`, `"exponential(1.991s)"`, `"lognormal(1s, cv 1.5)"`.
//!
//! The text names the law and its parameters, quantities with their unit. Whoever sets up a run turns the [`LawForm`]
//! into the engine's law; here it is only made sure that the text means one. A parameter may carry its name
//! (`erlang(1s, stages 4)`); where literature disagrees about what stands there, it must (`cv` of a lognormal is that
//! of the value itself, not of its logarithm).

mod laws;

use std::fmt;
use std::marker::PhantomData;

pub use self::laws::LawForm;
use self::laws::{LAWS, LawShape, Parameter, Takes};
use super::decimal::Decimal;
use super::units::{BYTE_UNITS, TIME_UNITS};
use super::units::{Checker, Flaw, Quantity, Unit, either, find_unit, nearest, speaks_text, take_number};

/// A law over a kind of quantity. Displayed as canonical text.
#[derive(Clone, Debug, PartialEq)]
pub struct LawText<K> {
    shape: &'static LawShape,
    arguments: Vec<Argument>,
    file: Option<String>,
    kind: PhantomData<K>,
}

/// A law of lengths of time; its numbers are seconds.
pub type TimeLaw = LawText<OfTime>;
/// A law of plain numbers, such as work.
pub type NumberLaw = LawText<OfNumbers>;
/// A law of sizes; its numbers are bytes.
pub type ByteLaw = LawText<OfBytes>;

/// What a law is over.
pub trait LawKind: 'static {
    const NAME: &'static str;
    const KIND: &'static str;
    const WANTED: &'static str;
    const DESCRIPTION: &'static str;
    const EXAMPLES: &'static [&'static str];
    /// Empty for plain numbers.
    const UNITS: &'static [Unit];
    /// How many decimal places the model's unit is above the smallest one.
    const TENS: i32;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfTime;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfNumbers;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfBytes;

impl LawKind for OfTime {
    const NAME: &'static str = "TimeLaw";
    const KIND: &'static str = "a length of time";
    const WANTED: &'static str = "a length of time or a law of one, such as 1s or exponential(1.991s)";
    const DESCRIPTION: &'static str = "A length of time, or a probability law of one: constant, exponential, uniform, \
         erlang, hyperexponential, lognormal, gamma, weibull, pareto, bounded-pareto, normal, squares, discrete \
         or empirical.";
    const EXAMPLES: &'static [&'static str] = &["1s", "exponential(1.991s)", "lognormal(1s, cv 1.5)", "erlang(1s, 4)"];
    const UNITS: &'static [Unit] = &TIME_UNITS;
    const TENS: i32 = -9;
}

impl LawKind for OfNumbers {
    const NAME: &'static str = "NumberLaw";
    const KIND: &'static str = "a number";
    const WANTED: &'static str = "a number or a law of one, such as 1 or \"exponential(1)\"";
    const DESCRIPTION: &'static str = "A number, or a probability law of one: constant, exponential, uniform, erlang, \
         hyperexponential, lognormal, gamma, weibull, pareto, bounded-pareto, normal, squares, discrete \
         or empirical.";
    const EXAMPLES: &'static [&'static str] = &["1", "exponential(1)", "lognormal(1, cv 1.5)"];
    const UNITS: &'static [Unit] = &[];
    const TENS: i32 = 0;
}

impl LawKind for OfBytes {
    const NAME: &'static str = "ByteLaw";
    const KIND: &'static str = "a size";
    const WANTED: &'static str = "a size or a law of one, such as 10kB or uniform(1kB, 2MiB)";
    const DESCRIPTION: &'static str = "A size, or a probability law of one: constant, exponential, uniform, erlang, \
         hyperexponential, lognormal, gamma, weibull, pareto, bounded-pareto, normal, squares, discrete \
         or empirical.";
    const EXAMPLES: &'static [&'static str] = &["10kB", "uniform(1kB, 2MiB)"];
    const UNITS: &'static [Unit] = &BYTE_UNITS;
    const TENS: i32 = 0;
}

/// The laws, for the reader.
pub const CHECKERS: [Checker; 3] = [Checker::of::<TimeLaw>(), Checker::of::<NumberLaw>(), Checker::of::<ByteLaw>()];

#[derive(Clone, Copy, Debug, PartialEq)]
struct Argument {
    number: Decimal,
    unit: Option<&'static Unit>,
}

impl<K: LawKind> LawText<K> {
    /// The law with its parameters as doubles.
    pub fn form(&self) -> LawForm {
        (self.shape.form)(&self.numbers(), self.file.as_deref())
    }

    fn numbers(&self) -> Vec<f64> {
        self.arguments.iter().map(|argument| argument.in_model_units(K::TENS)).collect()
    }

    fn constant(argument: Argument) -> LawText<K> {
        LawText { shape: &LAWS[0], arguments: vec![argument], file: None, kind: PhantomData }
    }
}

impl Argument {
    fn in_model_units(self, tens: i32) -> f64 {
        match self.unit {
            // Exact before the one rounding; a number too long for that is rounded twice, in its 38th digit first.
            Some(unit) => match self.number.scaled(unit.factor) {
                Some(scaled) => scaled.shifted(tens).to_f64(),
                None => self.number.shifted(tens).to_f64() * unit.factor as f64,
            },
            None => self.number.to_f64(),
        }
    }
}

impl<K: LawKind> Quantity for LawText<K> {
    const NAME: &'static str = K::NAME;
    const WANTED: &'static str = K::WANTED;
    const DESCRIPTION: &'static str = K::DESCRIPTION;
    const EXAMPLES: &'static [&'static str] = K::EXAMPLES;
    const PATTERN: &'static str = "";
    const TAKES_NUMBERS: bool = K::UNITS.is_empty();

    fn parse(text: &str) -> Result<LawText<K>, Flaw> {
        let start = text.len() - text.trim_start().len();
        let name_end = text[start..].find(|c: char| !is_name(c)).map_or(text.len(), |end| start + end);
        let name = &text[start..name_end];
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || matches!(name.to_lowercase().as_str(), "nan" | "inf")
        {
            return quantity::<K>(text, 0).map(LawText::constant);
        }
        let shape = LAWS.iter().find(|law| law.name == name).ok_or_else(|| unknown_law::<K>(name, start))?;
        let open = name_end + text[name_end..].len() - text[name_end..].trim_start().len();
        if !text[open..].starts_with('(') {
            return Err(Flaw::new(shape.usage()).at(open));
        }
        let (parts, close) = split_arguments(text, open + 1)
            .ok_or_else(|| Flaw::new(format!("{} closed by )", shape.usage())).at(text.len()))?;
        if !text[close + 1..].trim().is_empty() {
            return Err(Flaw::new(format!("nothing behind {}", shape.usage())).at(close + 1));
        }
        if parts.len() != shape.parameters.len() {
            let at = parts.get(shape.parameters.len()).map_or(close, |&(at, _)| at);
            return Err(Flaw::new(shape.usage()).at(at));
        }
        let mut law = LawText { shape, arguments: vec![], file: None, kind: PhantomData };
        for (parameter, &(at, part)) in shape.parameters.iter().zip(&parts) {
            match parameter.takes {
                Takes::File => law.file = Some(file(part, at, shape)?),
                _ => law.arguments.push(argument::<K>(part, at, parameter, shape)?),
            }
        }
        let numbers = law.numbers();
        let place = |name: &str| shape.parameters.iter().position(|parameter| parameter.name == name);
        if let (Some(low), Some(high)) = (place("low"), place("high"))
            && numbers[low] > numbers[high]
        {
            let flaw = Flaw::new(format!("{} whose high is not below its low", shape.usage()));
            return Err(flaw.at(parts[high].0));
        }
        Ok(law)
    }

    fn from_number(number: f64) -> Result<LawText<K>, Flaw> {
        if !K::UNITS.is_empty() {
            return Err(Flaw::new(K::WANTED));
        }
        let number = Decimal::from_f64(number).ok_or_else(|| Flaw::new("a finite number that is not negative"))?;
        Ok(LawText::constant(Argument { number, unit: None }))
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

fn unknown_law<K: LawKind>(name: &str, at: usize) -> Flaw {
    let names: Vec<&str> = LAWS.iter().map(|law| law.name).collect();
    let flaw = Flaw::new(format!("{} or a law: {}", K::KIND, either(&names))).at(at);
    match nearest(name, names) {
        Some(meant) => flaw.hint(format!("did you mean {meant}?")),
        None => flaw,
    }
}

/// The parts between commas, each with the byte it begins at, and the byte of the closing bracket. Commas and
/// brackets in quotes do not count.
fn split_arguments(text: &str, from: usize) -> Option<(Vec<(usize, &str)>, usize)> {
    let (mut parts, mut begin, mut quoted) = (Vec::new(), from, false);
    let part = |begin: usize, end: usize| {
        let part = &text[begin..end];
        (begin + part.len() - part.trim_start().len(), part.trim())
    };
    for (at, c) in text.char_indices().skip_while(|&(at, _)| at < from) {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(part(begin, at));
                begin = at + 1;
            }
            ')' if !quoted => {
                parts.push(part(begin, at));
                return Some((parts, at));
            }
            _ => {}
        }
    }
    None
}

fn file(part: &str, at: usize, shape: &LawShape) -> Result<String, Flaw> {
    let inside = part.strip_prefix('"').and_then(|part| part.strip_suffix('"'));
    match inside {
        Some(name) if !name.is_empty() && !name.contains('"') => Ok(name.to_owned()),
        _ => Err(Flaw::new(shape.usage()).at(at)),
    }
}

/// One parameter, its name before it or not.
fn argument<K: LawKind>(part: &str, at: usize, parameter: &Parameter, shape: &LawShape) -> Result<Argument, Flaw> {
    let label_end = part.find(|c: char| !is_name(c)).unwrap_or(part.len());
    let label = &part[..label_end];
    let has_label = label.starts_with(|c: char| c.is_ascii_alphabetic()) && label == parameter.name;
    if parameter.named && !has_label {
        return Err(Flaw::new(shape.usage()).at(at).hint(format!("the {} is written with its name", parameter.name)));
    }
    let value = if has_label { part[label_end..].trim_start().trim_start_matches('=').trim_start() } else { part };
    let at = at + part.len() - value.len();
    if parameter.takes == Takes::Quantity {
        return quantity::<K>(value, at);
    }
    let wanted = match parameter.takes {
        Takes::Probability => format!("{} from 0 to 1", parameter.name),
        Takes::Count => format!("{} as a whole number from 1 to 1000000", parameter.name),
        Takes::Positive => format!("{} above 0, without a unit", parameter.name),
        Takes::Quantity | Takes::NotNegative | Takes::File => {
            format!("{} of at least 0, without a unit", parameter.name)
        }
    };
    let refused = || Flaw::new(format!("{} with {wanted}", shape.usage())).at(at);
    let number = Decimal::parse(value).map_err(|_| refused())?;
    let size = number.to_f64();
    let fits = match parameter.takes {
        Takes::Probability => size <= 1.0,
        Takes::Count => number.times(1).is_ok_and(|count| (1..=1_000_000).contains(&count)),
        Takes::Positive => size > 0.0 && size.is_finite(),
        Takes::Quantity | Takes::NotNegative | Takes::File => size.is_finite(),
    };
    if fits { Ok(Argument { number, unit: None }) } else { Err(refused()) }
}

/// A quantity of the law's kind at a byte of the text.
fn quantity<K: LawKind>(text: &str, at: usize) -> Result<Argument, Flaw> {
    let wanted = if at == 0 { K::WANTED } else { K::KIND };
    let shifted = |flaw: Flaw| Flaw { at: flaw.at + at, ..flaw };
    let (number, unit, unit_at) = take_number(text, K::KIND, wanted).map_err(shifted)?;
    let unit = match K::UNITS {
        [] if unit.is_empty() => None,
        [] => return Err(Flaw::new(format!("{} without a unit", K::KIND)).at(at + unit_at)),
        _ if unit.is_empty() => {
            let example = K::UNITS.iter().map(|unit| unit.name).collect::<Vec<_>>();
            return Err(Flaw::new(format!("{} with its unit ({})", K::KIND, either(&example))).at(at));
        }
        units => Some(find_unit(units, unit, at + unit_at, &format!("{} in", K::KIND), wanted)?),
    };
    let argument = Argument { number, unit };
    let size = argument.in_model_units(K::TENS);
    // The square of a mean is taken later; what would not survive that is no sensible parameter either.
    if size <= 1e150 { Ok(argument) } else { Err(Flaw::new(format!("{} of at most 1e150", K::KIND)).at(at)) }
}

speaks_text!(LawText<K>, K: LawKind);

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit.map_or("", |unit| unit.name))
    }
}

impl<K: LawKind> fmt::Display for LawText<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (true, [value]) = (std::ptr::eq(self.shape, &LAWS[0]), self.arguments.as_slice()) {
            return value.fmt(f);
        }
        write!(f, "{}(", self.shape.name)?;
        if let Some(file) = &self.file {
            write!(f, "\"{file}\"")?;
        }
        for (nth, (parameter, argument)) in self.shape.parameters.iter().zip(&self.arguments).enumerate() {
            let comma = if nth > 0 { ", " } else { "" };
            let label = if parameter.named { format!("{} ", parameter.name) } else { String::new() };
            write!(f, "{comma}{label}{argument}")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests;
