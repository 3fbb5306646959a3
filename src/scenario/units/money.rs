//! Money and prices: `"100 USD"`, `"0.0416 USD/h"`, `"0.20 USD/1M"`, `"0.0000166667 USD/GB-s"`.
//!
//! A price is an exact ratio: whole pico-dollars (1e-12 USD) for a whole number of what is metered (nanoseconds,
//! requests, byte-nanoseconds, bytes, core-nanoseconds). Nothing is rounded while it is read: a price finer than a
//! pico-dollar per its unit is refused, and can be written for a larger unit (per 1M requests instead of per request).
//!
//! In a price, GB means 2^30 bytes, as cloud providers bill both memory (a function of 512 MB is half a GB-second per
//! second) and transfer; GiB is accepted and means the same. A month is 730 hours and a year 8760, the convention of
//! their price lists.

use std::fmt;
use std::marker::PhantomData;

use super::time::TIME_UNITS;
use super::{Flaw, Quantity, Unit, find_unit, speaks_text, take_number, whole};

const CURRENCY: &str = "USD";
const PICO: u128 = 1_000_000_000_000;
const SMALLEST: &str = "pico-dollars (12 decimals)";
const LARGEST: &str = "18 million USD";

/// An amount of money in whole pico-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    pub pico_usd: u64,
}

/// Pico-dollars for `per()` of what the basis meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price<B> {
    pico_usd: u64,
    unit: &'static Unit,
    basis: PhantomData<B>,
}

/// What a price is for.
pub trait Basis: 'static {
    const NAME: &'static str;
    const KIND: &'static str;
    const WANTED: &'static str;
    const DESCRIPTION: &'static str;
    const EXAMPLES: &'static [&'static str];
    const PATTERN: &'static str;
    /// Each with the amount that the price is for, in what the meter counts.
    const UNITS: &'static [Unit];
}

impl<B: Basis> Price<B> {
    /// Pico-dollars for [`Price::per`].
    pub fn pico_usd(&self) -> u64 {
        self.pico_usd
    }

    /// How much the price is for, in what the meter counts: nanoseconds, requests, byte-nanoseconds, bytes, or
    /// core-nanoseconds. Never zero.
    pub fn per(&self) -> u128 {
        self.unit.factor
    }
}

macro_rules! basis {
    (
        $basis:ident, $price:ident, $name:literal, $doc:literal, $kind:literal, $example:literal, $more:expr,
        $pattern:literal, $units:expr
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $basis;

        impl Basis for $basis {
            const NAME: &'static str = $name;
            const KIND: &'static str = $kind;
            const WANTED: &'static str = concat!($kind, ", such as ", $example);
            const DESCRIPTION: &'static str = $doc;
            const EXAMPLES: &'static [&'static str] = $more;
            const PATTERN: &'static str =
                concat!(r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*USD\s*/\s*(", $pattern, r")\s*$");
            const UNITS: &'static [Unit] = $units;
        }

        #[doc = $doc]
        pub type $price = Price<$basis>;
    };
}

const NS_PER_S: u128 = TIME_UNITS[3].factor;
const NS_PER_H: u128 = TIME_UNITS[5].factor;
const GIB: u128 = 1 << 30;

basis!(
    ByTime,
    PricePerTime,
    "PricePerTime",
    "A price per time in USD, metered in nanoseconds: per ms, 100ms, s, min, h, d, month (730 h) or year (8760 h).",
    "a price per time in USD",
    "0.0416 USD/h",
    &["0.0416 USD/h", "0.0225 USD/h"],
    "ms|100ms|s|min|h|d|month|year",
    &[
        Unit { name: "ms", factor: 1_000_000, also: &["millisecond"] },
        Unit { name: "100ms", factor: 100_000_000, also: &[] },
        Unit { name: "s", factor: NS_PER_S, also: &["sec", "second"] },
        Unit { name: "min", factor: 60 * NS_PER_S, also: &["m", "minute"] },
        Unit { name: "h", factor: NS_PER_H, also: &["hr", "hour", "hours"] },
        Unit { name: "d", factor: 24 * NS_PER_H, also: &["day"] },
        Unit { name: "month", factor: 730 * NS_PER_H, also: &["mo"] },
        Unit { name: "year", factor: 8760 * NS_PER_H, also: &["y", "a", "yr"] },
    ]
);

basis!(
    ByRequest,
    PricePerRequest,
    "PricePerRequest",
    "A price per request in USD, metered in requests: per request, 1k or 1M requests.",
    "a price per request in USD",
    "0.20 USD/1M",
    &["0.20 USD/1M", "0.0000002 USD/request"],
    "request|1k|1M",
    &[
        Unit { name: "request", factor: 1, also: &["req", "requests", "call"] },
        Unit { name: "1k", factor: 1_000, also: &["k", "1000", "thousand"] },
        Unit { name: "1M", factor: 1_000_000, also: &["m", "million", "1000000", "1m requests"] },
    ]
);

basis!(
    ByMemoryTime,
    PricePerMemoryTime,
    "PricePerMemoryTime",
    "A price per memory and time in USD, metered in byte-nanoseconds: per GB-s or GB-h; a GB is 2^30 bytes.",
    "a price per memory and time in USD",
    "0.0000166667 USD/GB-s",
    &["0.0000166667 USD/GB-s"],
    "GB-s|GB-h|GiB-s|GiB-h",
    &[
        Unit { name: "GB-s", factor: GIB * NS_PER_S, also: &["gbs", "gb-second", "gb*s", "gb s"] },
        Unit { name: "GB-h", factor: GIB * NS_PER_H, also: &["gbh", "gb-hour", "gb*h", "gb h"] },
        Unit { name: "GiB-s", factor: GIB * NS_PER_S, also: &[] },
        Unit { name: "GiB-h", factor: GIB * NS_PER_H, also: &[] },
    ]
);

basis!(
    ByData,
    PricePerData,
    "PricePerData",
    "A price per data in USD, metered in bytes: per MB, GB or TB, powers of 1024 as billed.",
    "a price per data in USD",
    "0.09 USD/GB",
    &["0.09 USD/GB"],
    "MB|GB|TB|MiB|GiB|TiB",
    &[
        Unit { name: "MB", factor: 1 << 20, also: &["mb", "m"] },
        Unit { name: "GB", factor: GIB, also: &["gb", "g"] },
        Unit { name: "TB", factor: 1 << 40, also: &["tb", "t"] },
        Unit { name: "MiB", factor: 1 << 20, also: &[] },
        Unit { name: "GiB", factor: GIB, also: &[] },
        Unit { name: "TiB", factor: 1 << 40, also: &[] },
    ]
);

basis!(
    ByCoreTime,
    PricePerCoreTime,
    "PricePerCoreTime",
    "A price per processor and time in USD, metered in core-nanoseconds: per vCPU-s or vCPU-h.",
    "a price per processor and time in USD",
    "0.04048 USD/vCPU-h",
    &["0.04048 USD/vCPU-h"],
    "vCPU-s|vCPU-h",
    &[
        Unit { name: "vCPU-s", factor: NS_PER_S, also: &["core-s", "cpu-s"] },
        Unit { name: "vCPU-h", factor: NS_PER_H, also: &["core-h", "cpu-h", "vcpu-hour"] },
    ]
);

/// Takes `USD` off the front of what follows a number.
fn take_currency<'t>(rest: &'t str, at: usize, wanted: &str) -> Result<(&'t str, usize), Flaw> {
    let end = rest.find(|c: char| c == '/' || c.is_whitespace()).unwrap_or(rest.len());
    let (currency, after) = rest.split_at(end);
    if currency == CURRENCY {
        let unit = after.trim_start();
        return Ok((unit, at + rest.len() - unit.len()));
    }
    let flaw = Flaw::new(wanted);
    let meant = matches!(currency.to_lowercase().as_str(), "usd" | "$" | "dollar" | "dollars");
    let foreign = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    Err(match () {
        () if meant => flaw.at(at).hint("did you mean USD?"),
        () if foreign => flaw.at(at).hint("other currencies are not converted"),
        () => flaw,
    })
}

impl Quantity for Money {
    const NAME: &'static str = "Money";
    const WANTED: &'static str = "an amount of money, such as 100 USD";
    const DESCRIPTION: &'static str = "An amount of money in USD, exact to the pico-dollar.";
    const EXAMPLES: &'static [&'static str] = &["100 USD", "0.25 USD"];
    const PATTERN: &'static str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*USD\s*$";

    fn parse(text: &str) -> Result<Money, Flaw> {
        const KIND: &str = "an amount of money";
        let (number, rest, at) = take_number(text, KIND, Self::WANTED)?;
        let (rest, at) = take_currency(rest, at, Self::WANTED)?;
        if !rest.is_empty() {
            return Err(Flaw::new(Self::WANTED).at(at));
        }
        whole(number, PICO, KIND, SMALLEST, LARGEST).map(|pico_usd| Money { pico_usd })
    }
}

impl<B: Basis> Quantity for Price<B> {
    const NAME: &'static str = B::NAME;
    const WANTED: &'static str = B::WANTED;
    const DESCRIPTION: &'static str = B::DESCRIPTION;
    const EXAMPLES: &'static [&'static str] = B::EXAMPLES;
    const PATTERN: &'static str = B::PATTERN;

    fn parse(text: &str) -> Result<Price<B>, Flaw> {
        let (number, rest, at) = take_number(text, B::KIND, B::WANTED)?;
        let (rest, at) = take_currency(rest, at, B::WANTED)?;
        let unit = rest.strip_prefix('/').ok_or_else(|| Flaw::new(B::WANTED))?.trim_start();
        let at = at + rest.len() - unit.len();
        let unit = find_unit(B::UNITS, unit, at, "a price in USD per", B::WANTED)?;
        let pico_usd = whole(number, PICO, B::KIND, SMALLEST, LARGEST)?;
        Ok(Price { pico_usd, unit, basis: PhantomData })
    }
}

speaks_text!(Money);
speaks_text!(Price<B>, B: Basis);

/// Dollars with as many decimals as they need.
fn write_usd(f: &mut fmt::Formatter<'_>, pico_usd: u64) -> fmt::Result {
    let (whole, rest) = (u128::from(pico_usd) / PICO, u128::from(pico_usd) % PICO);
    if rest == 0 {
        return write!(f, "{whole} {CURRENCY}");
    }
    let decimals = format!("{rest:012}");
    write!(f, "{whole}.{} {CURRENCY}", decimals.trim_end_matches('0'))
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_usd(f, self.pico_usd)
    }
}

impl<B: Basis> fmt::Display for Price<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_usd(f, self.pico_usd)?;
        write!(f, "/{}", self.unit.name)
    }
}
