//! Questions to the metric archive as a scenario writes them: operations such as `(aggregate sum (metric region/* sum))`, and
//! what is put where a series has no point.

use std::fmt;

use super::units::{Checker, Flaw, Quantity, TimeSpan, either, nearest, speaks_text};
use crate::model::archive::{Fill, Operation};

/// An operation over series. Displayed as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationText {
    text: String,
    pub operation: Operation,
}

impl Quantity for OperationText {
    const NAME: &'static str = "OperationText";
    const WANTED: &'static str = "an operation over series, such as \"(aggregate sum (metric region/* sum))\"";
    const DESCRIPTION: &'static str = "An operation over series of the archive, in brackets with its name first: (metric name \
         method), aggregate and rolling with a method, resample with a method and a width such as 7d, arithmetic with + - * / \
         % **, comparisons, abs, neg, floor, ceil, rateofchange, clip. A name with * or ? stands for all series that fit.";
    const EXAMPLES: &'static [&'static str] =
        &["(aggregate sum (metric region/* sum))", "(rolling mean 7 (metric nation sum))", "(/ (metric a mean) 60)"];
    const PATTERN: &'static str = "";

    fn parse(text: &str) -> Result<OperationText, Flaw> {
        let width = |word: &str| TimeSpan::parse(word).ok().map(|span| span.0);
        let operation = Operation::from_text(text, &width)
            .map_err(|wrong| Flaw::new(format!("{}, where {} stands", wrong.wanted, wrong.found)).at(wrong.at))?;
        Ok(OperationText { text: text.to_owned(), operation })
    }
}

speaks_text!(OperationText);

impl fmt::Display for OperationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is put where a series has no point, though another has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FillText(pub Fill);

const FILLS: [(&str, Fill); 6] = [
    ("null", Fill::Null),
    ("dropna", Fill::DropNa),
    ("ffill", Fill::Forward),
    ("bfill", Fill::Backward),
    ("full_ffill", Fill::FullForward),
    ("full_bfill", Fill::FullBackward),
];

impl Quantity for FillText {
    const NAME: &'static str = "FillText";
    const WANTED: &'static str = "a number, null, dropna, ffill, bfill, full_ffill or full_bfill";
    const DESCRIPTION: &'static str = "What is put where a series has no point though another has: a number; null (not a \
         number); dropna (the hole stays for the operation, results that are no numbers go); ffill or bfill, the value before \
         or behind; full_ffill and full_bfill, first the one, then the other.";
    const EXAMPLES: &'static [&'static str] = &["0", "null", "ffill"];
    const PATTERN: &'static str = "";
    const TAKES_NUMBERS: bool = true;

    fn parse(text: &str) -> Result<FillText, Flaw> {
        let word = text.trim();
        if let Some((_, fill)) = FILLS.iter().find(|(name, _)| *name == word) {
            return Ok(FillText(*fill));
        }
        match word.parse() {
            Ok(number) => FillText::from_number(number),
            Err(_) => {
                let names = FILLS.map(|(name, _)| name);
                let flaw = Flaw::new(format!("a number, {}", either(&names)));
                Err(match nearest(word, names) {
                    Some(meant) => flaw.hint(format!("did you mean {meant}?")),
                    None => flaw,
                })
            }
        }
    }

    fn from_number(number: f64) -> Result<FillText, Flaw> {
        if number.is_finite() { Ok(FillText(Fill::Number(number))) } else { Err(Flaw::new("a finite number")) }
    }
}

speaks_text!(FillText);

impl fmt::Display for FillText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fill::Number(number) => number.fmt(f),
            other => f.write_str(FILLS.iter().find(|(_, fill)| *fill == other).map_or("overlap", |(name, _)| name)),
        }
    }
}

/// For the reader.
pub const CHECKERS: [Checker; 2] = [Checker::of::<OperationText>(), Checker::of::<FillText>()];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_reads_lengths_of_time_and_points_to_its_mistakes() {
        let week = OperationText::parse("(resample sum 7d (metric a sum))").unwrap();
        assert_eq!(OperationText::parse("(resample sum 604800 (metric a sum))").unwrap().operation, week.operation);
        assert_eq!(OperationText::parse(&week.to_string()), Ok(week));
        let flaw = OperationText::parse("(resample sum 7days (metric a sum))").unwrap_err();
        assert_eq!((flaw.at, flaw.wanted.contains("\"7days\" stands")), (14, true), "{flaw}");
        for example in OperationText::EXAMPLES {
            assert!(OperationText::parse(example).is_ok(), "{example}");
        }
    }

    #[test]
    fn a_fill_is_a_number_or_a_word() {
        for text in ["null", "dropna", "ffill", "bfill", "full_ffill", "full_bfill", "0", "-1.5"] {
            assert_eq!(FillText::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(FillText::from_number(-2.0), Ok(FillText(Fill::Number(-2.0))));
        assert!(FillText::parse("nan").is_err() && FillText::from_number(f64::INFINITY).is_err());
        assert!(FillText::parse("fill").unwrap_err().hint.is_some());
    }
}
