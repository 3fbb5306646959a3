//! Rates: how often (`"5/s"`, `"30/min"`) and how fast a processor works (`"2.4 Gops/s"`).
//!
//! A rate keeps the decimal number that was written, so that `"0.9/h"` is shown as `0.9/h`; the mathematics asks for
//! its double per second.

use std::fmt;

use super::time::TIME_UNITS;
use super::{Flaw, Quantity, Unit, find_unit, speaks_text, take_number};
use crate::scenario::decimal::Decimal;

/// A rate of events, such as arrivals: a number per ns, us, ms, s, min, h or d.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: Decimal,
    per: &'static Unit,
}

impl Rate {
    /// Events per second, a finite number.
    pub fn per_s(self) -> f64 {
        self.count.to_f64() * 1e9 / self.per.factor as f64
    }
}

/// A processor's speed: operations per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpsRate {
    ops: Decimal,
}

impl OpsRate {
    /// Operations per second, a finite number.
    pub fn per_s(self) -> f64 {
        self.ops.to_f64()
    }
}

const OPS_UNITS: [Unit; 5] = [
    Unit { name: "ops/s", factor: 1, also: &["ops", "op/s", "hz"] },
    Unit { name: "kops/s", factor: 1_000, also: &["kops", "khz"] },
    Unit { name: "Mops/s", factor: 1_000_000, also: &["mops", "mips", "mhz"] },
    Unit { name: "Gops/s", factor: 1_000_000_000, also: &["gops", "ghz", "gips"] },
    Unit { name: "Tops/s", factor: 1_000_000_000_000, also: &["tops", "thz"] },
];

/// Rates past this would not survive the arithmetic of a second in doubles.
const PER_S_MAX: f64 = 1e300;

impl Quantity for Rate {
    const NAME: &'static str = "Rate";
    const WANTED: &'static str = "a rate with its unit, such as 5/s or 30/min";
    const DESCRIPTION: &'static str = "A rate of events: a number per ns, us, ms, s, min, h or d.";
    const EXAMPLES: &'static [&'static str] = &["5/s", "30/min", "0.9/h"];
    const PATTERN: &'static str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*/\s*(ns|us|ms|s|min|h|d)\s*$";

    fn parse(text: &str) -> Result<Rate, Flaw> {
        const KIND: &str = "a rate";
        let (count, rest, at) = take_number(text, KIND, Self::WANTED)?;
        let unit = rest.strip_prefix('/').ok_or_else(|| Flaw::new(Self::WANTED))?.trim_start();
        let at = at + rest.len() - unit.len();
        let per = find_unit(&TIME_UNITS, unit, at, "a rate per", Self::WANTED)?;
        finite(Rate { count, per }, Rate::per_s, KIND)
    }
}

impl Quantity for OpsRate {
    const NAME: &'static str = "OpsRate";
    const WANTED: &'static str = "a processor speed, such as 1e9 ops/s or 2.4 Gops/s";
    const DESCRIPTION: &'static str = "A processor's speed in ops/s, kops/s, Mops/s, Gops/s or Tops/s.";
    const EXAMPLES: &'static [&'static str] = &["1e9 ops/s", "2.4 Gops/s"];
    const PATTERN: &'static str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*(k|M|G|T)?ops/s\s*$";

    fn parse(text: &str) -> Result<OpsRate, Flaw> {
        const KIND: &str = "a processor speed";
        let (number, unit, at) = take_number(text, KIND, Self::WANTED)?;
        let unit = find_unit(&OPS_UNITS, unit, at, "a processor speed in", Self::WANTED)?;
        let tens = unit.factor.ilog10() as i32;
        finite(OpsRate { ops: number.shifted(tens) }, OpsRate::per_s, KIND)
    }
}

fn finite<R: Copy>(rate: R, per_s: fn(R) -> f64, kind: &str) -> Result<R, Flaw> {
    if per_s(rate) <= PER_S_MAX { Ok(rate) } else { Err(Flaw::new(format!("{kind} of at most 1e300/s"))) }
}

speaks_text!(Rate);
speaks_text!(OpsRate);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.per.name)
    }
}

impl fmt::Display for OpsRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ops/s", self.ops)
    }
}
