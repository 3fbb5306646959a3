//! Shares of a whole: `"80%"` or `0.8`.
//!
//! A percentage is shifted by two decimal places before it becomes a double, so `"14.3%"` and `0.143` are the same one.

use std::fmt;

use super::{Flaw, Quantity, quantity_schema, take_number};

/// A share between none (0) and all (1), written as a percentage or as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Fraction(pub f64);

/// A ratio that may pass one, such as a headroom of 150 %; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Ratio(pub f64);

fn parse_share(text: &str, kind: &str, wanted: &str) -> Result<f64, Flaw> {
    let (number, unit, at) = take_number(text, kind, wanted)?;
    let share = match unit {
        "%" => number.shifted(-2).to_f64(),
        "" => number.to_f64(),
        _ => return Err(Flaw::new(wanted).at(at)),
    };
    if share.is_finite() { Ok(share) } else { Err(Flaw::new(format!("{kind} that is finite"))) }
}

fn check_share(number: f64, kind: &str) -> Result<f64, Flaw> {
    match number {
        number if !number.is_finite() => Err(Flaw::new(format!("{kind} that is finite"))),
        number if number < 0.0 => Err(Flaw::new(format!("{kind} that is not negative"))),
        // Minus zero would print as such.
        number => Ok(number + 0.0),
    }
}

fn at_most_all(share: f64) -> Result<Fraction, Flaw> {
    if share <= 1.0 {
        return Ok(Fraction(share));
    }
    let flaw = Flaw::new("a share of at most 100% (1.0)");
    Err(if share <= 100.0 { flaw.hint(format!("did you mean \"{share}%\"?")) } else { flaw })
}

impl Quantity for Fraction {
    const NAME: &'static str = "Fraction";
    const WANTED: &'static str = "a share such as \"80%\" or 0.8";
    const DESCRIPTION: &'static str = "A share of a whole, from 0 to 1, as a percentage or a number.";
    const EXAMPLES: &'static [&'static str] = &["80%", "0.8"];
    const PATTERN: &'static str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*%?\s*$";
    const TAKES_NUMBERS: bool = true;

    fn parse(text: &str) -> Result<Fraction, Flaw> {
        let percent = text.trim_end().ends_with('%');
        let share = parse_share(text, "a share", Self::WANTED)?;
        at_most_all(share).map_err(|flaw| if percent { Flaw { hint: None, ..flaw } } else { flaw })
    }

    fn from_number(number: f64) -> Result<Fraction, Flaw> {
        at_most_all(check_share(number, "a share")?)
    }
}

impl Quantity for Ratio {
    const NAME: &'static str = "Ratio";
    const WANTED: &'static str = "a ratio such as \"150%\" or 1.5";
    const DESCRIPTION: &'static str = "A ratio that is not negative, as a percentage or a number.";
    const EXAMPLES: &'static [&'static str] = &["150%", "1.5"];
    const PATTERN: &'static str = Fraction::PATTERN;
    const TAKES_NUMBERS: bool = true;

    fn parse(text: &str) -> Result<Ratio, Flaw> {
        parse_share(text, "a ratio", Self::WANTED).map(Ratio)
    }

    fn from_number(number: f64) -> Result<Ratio, Flaw> {
        check_share(number, "a ratio").map(Ratio)
    }
}

macro_rules! speaks_numbers {
    ($type:ty) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(super::QuantityVisitor::<Self>(std::marker::PhantomData))
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_f64(self.0)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                Self::NAME.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                quantity_schema::<Self>()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

speaks_numbers!(Fraction);
speaks_numbers!(Ratio);
