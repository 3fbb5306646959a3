//! Quantities as a scenario writes them, with their unit in the text: `"250ms"`, `"2GiB"`, `"0.0416 USD/h"`.
//!
//! Each is a type of its own around what the model counts in (nanoseconds, bytes, pico-dollars), so that a price
//! cannot stand where a length of time belongs. A number without its unit is refused: nobody remembers whether 90
//! meant seconds. Numbers become integers digit by digit; what is finer than the smallest unit is refused rather than
//! rounded, because a price or a time that was silently changed is a wrong result.

mod bytes;
mod moment;
mod money;
mod rate;
mod share;
mod time;

use std::borrow::Cow;
use std::fmt;

use schemars::{Schema, SchemaGenerator, json_schema};

pub(super) use bytes::BYTE_UNITS;
pub use bytes::{Bandwidth, ByteSize};
pub use moment::Moment;
pub use money::{
    Basis, Money, Price, PricePerCoreTime, PricePerData, PricePerMemoryTime, PricePerRequest, PricePerTime,
};
pub use rate::{OpsRate, Rate};
pub use share::{Fraction, Ratio};
pub(super) use time::TIME_UNITS;
pub use time::TimeSpan;

use super::decimal::{Decimal, NotDecimal, NotWhole};

/// What is wrong with a text that should be a quantity or a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub wanted: String,
    pub hint: Option<String>,
    /// The byte of the text at which it goes wrong.
    pub at: usize,
}

impl Flaw {
    pub fn new(wanted: impl Into<String>) -> Flaw {
        Flaw { wanted: wanted.into(), hint: None, at: 0 }
    }

    pub fn at(self, at: usize) -> Flaw {
        Flaw { at, ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Flaw {
        Flaw { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "want {}", self.wanted)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// A value that a scenario writes as text with its own grammar. Its `Display` is the canonical text, which `parse`
/// reads back as the same value.
pub trait Quantity: Sized + fmt::Display {
    /// The type's name in the JSON Schema, and what its keyword `x-unit` says.
    const NAME: &'static str;
    /// Completes "want ...".
    const WANTED: &'static str;
    const DESCRIPTION: &'static str;
    const EXAMPLES: &'static [&'static str];
    /// A pattern for editors, empty when there is none; what counts is `parse`.
    const PATTERN: &'static str;
    /// Whether a bare number has a meaning too.
    const TAKES_NUMBERS: bool = false;

    /// # Errors
    /// Says what was wanted, at which byte.
    fn parse(text: &str) -> Result<Self, Flaw>;

    /// Reads a bare number of the file.
    ///
    /// # Errors
    /// Refused unless the quantity has no unit.
    fn from_number(_number: f64) -> Result<Self, Flaw> {
        Err(Flaw::new(Self::WANTED))
    }
}

/// The schema of a quantity: a text with a pattern, and the keywords by which the reader knows how to check it.
pub(super) fn quantity_schema<Q: Quantity>() -> Schema {
    let mut schema = json_schema!({
        "type": "string",
        "description": Q::DESCRIPTION,
        "examples": Q::EXAMPLES,
        "x-unit": Q::NAME,
        "x-wanted": Q::WANTED,
    });
    if !Q::PATTERN.is_empty() {
        schema.insert("pattern".into(), Q::PATTERN.into());
    }
    if Q::TAKES_NUMBERS {
        schema.insert("type".into(), serde_json::json!(["string", "number"]));
    }
    schema
}

/// Reads either form of a quantity for serde.
pub(super) struct QuantityVisitor<Q>(pub std::marker::PhantomData<Q>);

impl<Q: Quantity> serde::de::Visitor<'_> for QuantityVisitor<Q> {
    type Value = Q;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::WANTED)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Q, E> {
        Q::parse(text).map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Q, E> {
        Q::from_number(number).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Q, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Q, E> {
        self.visit_f64(number as f64)
    }
}

/// Gives quantities their serde and schema sides: text in, canonical text out.
macro_rules! speaks_text {
    ($type:ty $(, $parameter:ident: $bound:ident)?) => {
        impl<'de $(, $parameter: $bound)?> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any($crate::scenario::units::QuantityVisitor::<Self>(std::marker::PhantomData))
            }
        }

        impl$(<$parameter: $bound>)? serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl$(<$parameter: $bound>)? schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                <Self as $crate::scenario::units::Quantity>::NAME.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::scenario::units::quantity_schema::<Self>()
            }
        }
    };
}
pub(super) use speaks_text;

/// How the reader checks a value whose schema says `x-unit`.
#[derive(Clone, Copy)]
pub struct Checker {
    pub name: &'static str,
    pub text: fn(&str) -> Result<(), Flaw>,
    pub number: fn(f64) -> Result<(), Flaw>,
}

impl Checker {
    pub const fn of<Q: Quantity>() -> Checker {
        Checker {
            name: Q::NAME,
            text: |text| Q::parse(text).map(|_| ()),
            number: |number| Q::from_number(number).map(|_| ()),
        }
    }
}

/// Every quantity of this module, for the reader.
pub const CHECKERS: [Checker; 14] = [
    Checker::of::<TimeSpan>(),
    Checker::of::<Moment>(),
    Checker::of::<ByteSize>(),
    Checker::of::<Bandwidth>(),
    Checker::of::<Rate>(),
    Checker::of::<OpsRate>(),
    Checker::of::<Fraction>(),
    Checker::of::<Ratio>(),
    Checker::of::<Money>(),
    Checker::of::<PricePerTime>(),
    Checker::of::<PricePerRequest>(),
    Checker::of::<PricePerMemoryTime>(),
    Checker::of::<PricePerData>(),
    Checker::of::<PricePerCoreTime>(),
];

/// A unit as it is written, how many of the smallest unit it is, and what else people write for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Unit {
    pub name: &'static str,
    pub factor: u128,
    pub also: &'static [&'static str],
}

/// A number and the unit text behind it, with the byte at which the unit begins.
pub(super) fn take_number<'t>(text: &'t str, kind: &str, wanted: &str) -> Result<(Decimal, &'t str, usize), Flaw> {
    let start = text.len() - text.trim_start().len();
    let (number, rest) = Decimal::take(&text[start..]).map_err(|why| match why {
        NotDecimal::Missing => Flaw::new(wanted).at(start),
        NotDecimal::Negative => Flaw::new(format!("{kind} that is not negative")).at(start),
        NotDecimal::NotFinite => Flaw::new(format!("{kind} that is finite")).at(start),
        NotDecimal::TooLong => Flaw::new(format!("{kind} of at most 38 digits")).at(start),
    })?;
    let unit = rest.trim();
    let at = text.len() - rest.trim_start().len();
    Ok((number, unit, at))
}

/// The unit of that name. `kind` leads to the list of units: "a length of time in".
pub(super) fn find_unit<'u>(
    units: &'u [Unit],
    name: &str,
    at: usize,
    kind: &str,
    wanted: &str,
) -> Result<&'u Unit, Flaw> {
    if name.is_empty() {
        return Err(Flaw::new(wanted));
    }
    if let Some(unit) = units.iter().find(|unit| unit.name == name) {
        return Ok(unit);
    }
    let names: Vec<&str> = units.iter().map(|unit| unit.name).collect();
    let flaw = Flaw::new(format!("{kind} {}", either(&names))).at(at);
    let meant = units.iter().find(|unit| unit.also.contains(&name.to_lowercase().as_str()));
    let meant = meant.map(|unit| unit.name).or_else(|| nearest(name, names.iter().copied()));
    Err(match meant {
        Some(meant) => flaw.hint(format!("did you mean {meant}?")),
        None => flaw,
    })
}

/// A number of units as an integer of the smallest one.
pub(super) fn whole(number: Decimal, factor: u128, kind: &str, smallest: &str, largest: &str) -> Result<u64, Flaw> {
    number.times_u64(factor).map_err(|why| match why {
        NotWhole::TooFine => Flaw::new(format!("{kind} that is a whole number of {smallest}")),
        NotWhole::TooLarge => Flaw::new(format!("{kind} of at most {largest}")),
    })
}

/// `a, b or c`.
pub fn either(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// The name that was most likely meant: upper case and underscores do not count, and at most a third of the letters may
/// differ. Of equally near names the first.
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    const WRITTEN_MAX: usize = 64;
    if written.len() > WRITTEN_MAX {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let written = plain(written);
    let near = names.into_iter().filter_map(|name| {
        let distance = strsim::osa_distance(&written, &plain(name));
        let letters = written.chars().count().max(name.chars().count());
        (distance <= letters.div_ceil(3)).then_some((distance, name))
    });
    near.min_by_key(|&(distance, _)| distance).map(|(_, name)| name)
}

/// A table whose keys this program does not read itself: the parameters of a strategy, which the strategy checks.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct FreeTable(pub toml::Table);

impl schemars::JsonSchema for FreeTable {
    fn schema_name() -> Cow<'static, str> {
        "FreeTable".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true })
    }
}

#[cfg(test)]
mod tests;
