//! Sizes and bandwidths: `"512MiB"`, `"10kB"`, `"1Gbit/s"`.
//!
//! Here the prefixes mean what the standards say: kB is 1000 bytes, KiB is 1024. (In prices a GB is what a provider
//! bills, see `money`.)

use std::fmt;

use super::{Flaw, Quantity, Unit, find_unit, speaks_text, take_number, whole};

/// A size in whole bytes, written with its unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

/// A bandwidth in whole bits per second, written in bit/s or B/s with a prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth {
    pub bits_per_s: u64,
}

pub(crate) const BYTE_UNITS: [Unit; 9] = [
    Unit { name: "B", factor: 1, also: &["byte", "bytes"] },
    Unit { name: "kB", factor: 1_000, also: &["k", "kb"] },
    Unit { name: "KiB", factor: 1 << 10, also: &["ki", "kib"] },
    Unit { name: "MB", factor: 1_000_000, also: &["m", "mb"] },
    Unit { name: "MiB", factor: 1 << 20, also: &["mi", "mib"] },
    Unit { name: "GB", factor: 1_000_000_000, also: &["g", "gb"] },
    Unit { name: "GiB", factor: 1 << 30, also: &["gi", "gib"] },
    Unit { name: "TB", factor: 1_000_000_000_000, also: &["t", "tb"] },
    Unit { name: "TiB", factor: 1 << 40, also: &["ti", "tib"] },
];

const BANDWIDTH_UNITS: [Unit; 8] = [
    Unit { name: "bit/s", factor: 1, also: &["bps", "b/s", "bit"] },
    Unit { name: "kbit/s", factor: 1_000, also: &["kbps", "kb/s", "kbit"] },
    Unit { name: "Mbit/s", factor: 1_000_000, also: &["mbps", "mb/s", "mbit"] },
    Unit { name: "Gbit/s", factor: 1_000_000_000, also: &["gbps", "gb/s", "gbit"] },
    Unit { name: "B/s", factor: 8, also: &[] },
    Unit { name: "kB/s", factor: 8_000, also: &[] },
    Unit { name: "MB/s", factor: 8_000_000, also: &[] },
    Unit { name: "GB/s", factor: 8_000_000_000, also: &[] },
];

impl Quantity for ByteSize {
    const NAME: &'static str = "ByteSize";
    const WANTED: &'static str = "a size with its unit, such as 512MiB or 10kB";
    const DESCRIPTION: &'static str =
        "A size with its unit: B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (of 1024).";
    const EXAMPLES: &'static [&'static str] = &["512MiB", "2GiB", "10kB", "100B"];
    const PATTERN: &'static str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*(k|M|G|T|Ki|Mi|Gi|Ti)?B\s*$";

    fn parse(text: &str) -> Result<ByteSize, Flaw> {
        const KIND: &str = "a size";
        let (number, unit, at) = take_number(text, KIND, Self::WANTED)?;
        let unit = find_unit(&BYTE_UNITS, unit, at, "a size in", Self::WANTED)?;
        whole(number, unit.factor, KIND, "bytes", "16 EiB").map(ByteSize)
    }
}

impl Quantity for Bandwidth {
    const NAME: &'static str = "Bandwidth";
    const WANTED: &'static str = "a bandwidth with its unit, such as 100Mbit/s or 10MB/s";
    const DESCRIPTION: &'static str =
        "A bandwidth with its unit: bit/s, kbit/s, Mbit/s, Gbit/s, B/s, kB/s, MB/s or GB/s.";
    const EXAMPLES: &'static [&'static str] = &["100Mbit/s", "1Gbit/s", "10MB/s"];
    const PATTERN: &'static str = r"^\s*\+?[0-9][0-9_]*(\.[0-9_]+)?([eE][+-]?[0-9]+)?\s*(k|M|G)?(bit|B)/s\s*$";

    fn parse(text: &str) -> Result<Bandwidth, Flaw> {
        const KIND: &str = "a bandwidth";
        let (number, unit, at) = take_number(text, KIND, Self::WANTED)?;
        let unit = find_unit(&BANDWIDTH_UNITS, unit, at, "a bandwidth in", Self::WANTED)?;
        let bits_per_s = whole(number, unit.factor, KIND, "bits per second", "18 Ebit/s")?;
        Ok(Bandwidth { bits_per_s })
    }
}

speaks_text!(ByteSize);
speaks_text!(Bandwidth);

/// In the largest unit that divides it.
fn in_largest_unit(f: &mut fmt::Formatter<'_>, amount: u64, units: &[Unit]) -> fmt::Result {
    let divides = |unit: &&Unit| amount > 0 && u128::from(amount) % unit.factor == 0;
    let unit = units.iter().filter(divides).max_by_key(|unit| unit.factor).unwrap_or(&units[0]);
    write!(f, "{}{}", u128::from(amount) / unit.factor, unit.name)
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_largest_unit(f, self.0, &BYTE_UNITS)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_largest_unit(f, self.bits_per_s, &BANDWIDTH_UNITS[..4])
    }
}
