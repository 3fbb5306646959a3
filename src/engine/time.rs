//! Simulated time as integers: an [`Instant`] is a point, a [`Span`] a length, both in whole nanoseconds.
//!
//! A float becomes time in one function, [`Span::from_secs_f64`]. Sums that leave the range (584 years) are a
//! broken invariant and stop the run, because a wrapped clock would silently reorder events.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A point in simulated time: whole nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

/// A length of simulated time: whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Instant {
    pub const ZERO: Instant = Instant(0);
    /// Later than everything that can be planned; used for "never".
    pub const FAR: Instant = Instant(u64::MAX);

    #[inline]
    pub const fn from_nanos(ns: u64) -> Instant {
        Instant(ns)
    }

    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The length since `earlier`. The caller has ensured the order.
    #[inline]
    pub fn since(self, earlier: Instant) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("time runs forward: `since` takes the earlier instant"))
    }

    /// The length since `earlier`, zero when `earlier` is later.
    #[inline]
    pub fn saturating_since(self, earlier: Instant) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The sum, or [`Instant::FAR`] past the range.
    #[inline]
    pub fn saturating_add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);
    /// Longer than any run; used for "never ends".
    pub const FOREVER: Span = Span(u64::MAX);

    #[inline]
    pub const fn from_nanos(ns: u64) -> Span {
        Span(ns)
    }

    pub const fn from_secs(secs: u64) -> Span {
        Span(secs * 1_000_000_000)
    }

    /// Rounds once, here, to the nearest nanosecond. `None` for what time cannot hold: negative, not a number,
    /// or past the range.
    #[inline]
    pub fn from_secs_f64(secs: f64) -> Option<Span> {
        let ns = secs * 1e9;
        if !(ns > -0.5 && ns < u64::MAX as f64) {
            return None;
        }
        // What is cut off is exact in a float, so this rounds as `round` does, without its call. Nearly every length fits a
        // signed number, which processors convert in one step.
        if ns < (1u64 << 63) as f64 {
            let whole = ns as i64;
            return Some(Span(whole as u64 + u64::from(ns - whole as f64 >= 0.5)));
        }
        Some(Span(ns as u64))
    }

    #[inline]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The smallest multiple of `quantum` that is not below this length; the length itself for a zero quantum.
    #[inline]
    pub fn round_up_to(self, quantum: Span) -> Span {
        if quantum.0 == 0 { self } else { Span(self.0.div_ceil(quantum.0).saturating_mul(quantum.0)) }
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    #[inline]
    fn add(self, span: Span) -> Instant {
        Instant(self.0.checked_add(span.0).expect("an instant stays within 584 years of the start"))
    }
}

impl AddAssign<Span> for Instant {
    #[inline]
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Add for Span {
    type Output = Span;
    #[inline]
    fn add(self, other: Span) -> Span {
        Span(self.0.checked_add(other.0).expect("a span stays within 584 years"))
    }
}

impl AddAssign for Span {
    #[inline]
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    #[inline]
    fn sub(self, other: Span) -> Span {
        Span(self.0.checked_sub(other.0).expect("a span is not negative"))
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    #[inline]
    fn mul(self, times: u64) -> Span {
        Span(self.0.checked_mul(times).expect("a span stays within 584 years"))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// The shortest exact form with a unit: `250ms`, `90s`, `1.5s`, `17ns`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Span::FOREVER {
            return f.write_str("forever");
        }
        let (unit, name) = match self.0 {
            ns if ns == 0 || ns >= 1_000_000_000 => (1_000_000_000, "s"),
            ns if ns >= 1_000_000 => (1_000_000, "ms"),
            ns if ns >= 1_000 => (1_000, "us"),
            _ => (1, "ns"),
        };
        let (whole, rest) = (self.0 / unit, self.0 % unit);
        if rest == 0 {
            return write!(f, "{whole}{name}");
        }
        let digits = unit.ilog10() as usize;
        let fraction = format!("{rest:0digits$}");
        write!(f, "{whole}.{}{name}", fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_becomes_time_by_rounding_to_the_nearest_nanosecond() {
        assert_eq!(Span::from_secs_f64(1.0000000004), Some(Span::from_nanos(1_000_000_000)));
        assert_eq!(Span::from_secs_f64(1.0000000006), Some(Span::from_nanos(1_000_000_001)));
        for bad in [-1.0, -0.5e-9, f64::NAN, f64::INFINITY, 1e11] {
            assert_eq!(Span::from_secs_f64(bad), None, "{bad}");
        }
    }

    #[test]
    fn rounding_by_hand_is_rounding_half_away_from_zero() {
        let halves = (0..200).map(|k| f64::from(k) / 4.0);
        let large = (30..64).flat_map(|bit| [-0.5, 0.0, 0.5, 1.0].map(|near| (1u64 << bit) as f64 + near));
        for ns in halves.chain(large).flat_map(|ns: f64| [ns.next_down(), ns, ns.next_up()]) {
            let secs = ns / 1e9;
            let expected = (secs * 1e9).round() as u64;
            assert_eq!(Span::from_secs_f64(secs), Some(Span(expected)), "{ns} ns");
        }
    }

    #[test]
    fn a_span_rounds_up_to_the_billing_quantum() {
        let ms = Span::from_nanos(1_000_000);
        assert_eq!(Span::from_nanos(1).round_up_to(ms), ms);
        assert_eq!(ms.round_up_to(ms), ms);
        assert_eq!(Span::ZERO.round_up_to(ms), Span::ZERO);
        assert_eq!(Span::from_nanos(7).round_up_to(Span::ZERO), Span::from_nanos(7));
    }

    #[test]
    fn a_span_prints_with_its_unit() {
        let shown =
            [0, 17, 1_500, 250_000_000, 90_000_000_000, 1_991_000_000].map(|ns| Span::from_nanos(ns).to_string());
        assert_eq!(shown, ["0s", "17ns", "1.5us", "250ms", "90s", "1.991s"]);
        assert_eq!(Instant::from_nanos(1_000_000_001).to_string(), "1.000000001");
    }
}
