//! Numbers as traces write them, read without a detour over floats where time is meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Lengths in which traces count time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TimeUnit")]
pub enum Unit {
    #[serde(rename = "ns")]
    Nanosecond,
    #[serde(rename = "us")]
    Microsecond,
    #[serde(rename = "ms")]
    Millisecond,
    #[serde(rename = "s")]
    Second,
    #[serde(rename = "min")]
    Minute,
    #[serde(rename = "h")]
    Hour,
    #[serde(rename = "d")]
    Day,
}

impl Unit {
    pub const fn nanos(self) -> i64 {
        match self {
            Unit::Nanosecond => 1,
            Unit::Microsecond => 1_000,
            Unit::Millisecond => 1_000_000,
            Unit::Second => 1_000_000_000,
            Unit::Minute => 60_000_000_000,
            Unit::Hour => 3_600_000_000_000,
            Unit::Day => 86_400_000_000_000,
        }
    }

    /// By its symbol: ns, us, ms, s, min, h, d.
    pub fn of(symbol: &str) -> Option<Unit> {
        Some(match symbol {
            "ns" => Unit::Nanosecond,
            "us" => Unit::Microsecond,
            "ms" => Unit::Millisecond,
            "s" => Unit::Second,
            "min" => Unit::Minute,
            "h" => Unit::Hour,
            "d" => Unit::Day,
            _ => return None,
        })
    }
}

/// Decimal digits only, no sign.
pub fn whole(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A finite decimal number, with or without an exponent.
pub fn decimal(text: &[u8]) -> Option<f64> {
    let plain = text.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
    let value: f64 = std::str::from_utf8(text).ok().filter(|_| plain)?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// A length or a point in time written in `unit`, in nanoseconds, rounded half up where it has more digits than that.
/// `None` for what is no number or lies out of reach (292 years).
pub fn nanos(text: &[u8], unit: Unit) -> Option<i64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let split = text.iter().position(|&byte| byte | 32 == b'e').unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(split);
    let exponent = match exponent {
        [] => 0,
        [_, rest @ ..] => std::str::from_utf8(rest).ok()?.parse::<i32>().ok().filter(|power| power.abs() < 400)?,
    };
    let (mut value, mut power, mut digits, mut after_point) = (0i128, exponent, 0u32, false);
    for &byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                // Past 20 digits in a row nothing reaches a nanosecond any more.
                if value < 10i128.pow(20) {
                    value = value * 10 + i128::from(byte - b'0');
                    power -= i32::from(after_point);
                } else {
                    power += i32::from(!after_point);
                }
            }
            b'.' if !after_point => after_point = true,
            _ => return None,
        }
    }
    if digits == 0 {
        return None;
    }
    let scaled = value.checked_mul(i128::from(unit.nanos()))?;
    let result = match power {
        0.. if scaled == 0 => 0,
        0.. => scaled.checked_mul(10i128.checked_pow(power as u32)?)?,
        _ => match 10i128.checked_pow(power.unsigned_abs()) {
            Some(divisor) => (scaled + divisor / 2) / divisor,
            None => 0,
        },
    };
    i64::try_from(if negative { -result } else { result }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_nanoseconds_exactly() {
        for (text, expected) in [
            ("0", 0),
            ("1.5", 1_500_000_000),
            ("-2", -2_000_000_000),
            ("0.000000001", 1),
            ("123456789.123456789", 123_456_789_123_456_789),
            ("7.900000e-05", 79_000),
            ("1E2", 100_000_000_000),
            (".5", 500_000_000),
            ("3.", 3_000_000_000),
            ("0.0790128707885742187500001", 79_012_871),
            ("1e-300", 0),
            ("0.0000000004999", 0),
            ("0.0000000005", 1),
        ] {
            assert_eq!(nanos(text.as_bytes(), Unit::Second), Some(expected), "{text}");
        }
        assert_eq!(nanos(b"1612137600123456789", Unit::Nanosecond), Some(1_612_137_600_123_456_789));
        assert_eq!(nanos(b"0.25", Unit::Day), Some(21_600_000_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-", ".", "1.2.3", "1e", "e5", "abc", "0x10", "1e400", "1e30", "9999999999999", "nan", "1 2"] {
            assert_eq!(nanos(text.as_bytes(), Unit::Second), None, "{text}");
        }
        assert_eq!((whole(b"18446744073709551616"), whole(b"+1"), whole(b"")), (None, None, None));
        assert_eq!(
            (decimal(b"1e3"), decimal(b"inf"), decimal(b"NaN"), decimal(b"1e999")),
            (Some(1000.0), None, None, None)
        );
    }
}
