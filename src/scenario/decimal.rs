//! Decimal numbers read from text without loss: `0.0416` is 416 ten-thousandths, not the nearest double.
//!
//! Money and time are integers in the model, so a number that a person writes is taken to integers digit by digit. Only
//! rates and shares, which the mathematics needs as floats, are rounded, once and correctly.

use std::fmt;

/// A non-negative decimal number: `digits * 10^exponent`, without trailing zeros in `digits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    digits: u128,
    exponent: i32,
}

/// Why a text does not begin with a decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDecimal {
    /// It begins with something else.
    Missing,
    /// It begins with a minus sign and a number.
    Negative,
    /// It is `nan` or `inf`.
    NotFinite,
    /// More than 38 significant digits, or an exponent past thousand.
    TooLong,
}

/// Why a decimal number is not a whole number of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWhole {
    TooFine,
    TooLarge,
}

impl Decimal {
    pub const ZERO: Decimal = Decimal { digits: 0, exponent: 0 };

    /// Takes the number at the front of a text and returns it with what follows. Digits may be grouped by `_` as in
    /// TOML.
    pub fn take(text: &str) -> Result<(Decimal, &str), NotDecimal> {
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        if let Some(positive) = text.strip_prefix('-') {
            let signed_again = positive.starts_with(['-', '+']);
            return Err(match Decimal::take(if signed_again { "" } else { positive }) {
                Ok(_) => NotDecimal::Negative,
                Err(why) => why,
            });
        }
        let word = unsigned.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("").to_ascii_lowercase();
        if matches!(word.as_str(), "nan" | "inf" | "infinity") {
            return Err(NotDecimal::NotFinite);
        }
        let (whole, rest) = split_digits(unsigned);
        let (fraction, rest) = match rest.strip_prefix('.').map(split_digits) {
            Some((fraction, after)) if !fraction.is_empty() => (fraction, after),
            _ => ("", rest),
        };
        if whole.is_empty() {
            return Err(NotDecimal::Missing);
        }
        let (exponent, rest) = take_exponent(rest)?;
        Ok((Decimal::assemble(whole, fraction, exponent)?, rest))
    }

    /// The number of a text that holds nothing else.
    pub fn parse(text: &str) -> Result<Decimal, NotDecimal> {
        match Decimal::take(text)? {
            (number, "") => Ok(number),
            _ => Err(NotDecimal::Missing),
        }
    }

    /// The decimal number that a double prints as; `None` unless it is finite and not negative.
    pub fn from_f64(number: f64) -> Option<Decimal> {
        if number.is_finite() { Decimal::parse(&number.to_string()).ok() } else { None }
    }

    fn assemble(whole: &str, fraction: &str, exponent: i32) -> Result<Decimal, NotDecimal> {
        let (mut digits, mut exponent, mut zeros) = (0u128, exponent, 0u32);
        let in_fraction = std::iter::repeat_n(false, whole.len()).chain(std::iter::repeat_n(true, fraction.len()));
        for (byte, in_fraction) in whole.bytes().chain(fraction.bytes()).zip(in_fraction) {
            if byte == b'_' {
                continue;
            }
            exponent -= i32::from(in_fraction);
            // Zeros are held back until a digit follows, so that a long tail of them costs nothing.
            if byte == b'0' {
                zeros = zeros.saturating_add(u32::from(digits > 0));
                continue;
            }
            let shift = 10u128.checked_pow(zeros + 1).ok_or(NotDecimal::TooLong)?;
            digits = digits
                .checked_mul(shift)
                .and_then(|d| d.checked_add(u128::from(byte - b'0')))
                .ok_or(NotDecimal::TooLong)?;
            zeros = 0;
        }
        if digits == 0 {
            return Ok(Decimal::ZERO);
        }
        exponent =
            exponent.checked_add(i32::try_from(zeros).map_err(|_| NotDecimal::TooLong)?).ok_or(NotDecimal::TooLong)?;
        Ok(Decimal { digits, exponent })
    }

    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// The number times a power of ten.
    pub fn shifted(self, tens: i32) -> Decimal {
        if self.digits == 0 { self } else { Decimal { exponent: self.exponent.saturating_add(tens), ..self } }
    }

    /// The number times a factor, exactly; `None` when it has too many digits.
    pub fn scaled(self, factor: u128) -> Option<Decimal> {
        let (mut factor, mut exponent) = (factor, self.exponent);
        while factor > 0 && factor.is_multiple_of(10) {
            factor /= 10;
            exponent = exponent.checked_add(1)?;
        }
        Decimal::assemble(&self.digits.checked_mul(factor)?.to_string(), "", exponent).ok()
    }

    /// The number times `unit`, when that is whole and fits.
    pub fn times(self, unit: u128) -> Result<u128, NotWhole> {
        let (mut unit, mut exponent) = (unit, self.exponent);
        while exponent < 0 && unit > 0 && unit.is_multiple_of(10) {
            unit /= 10;
            exponent += 1;
        }
        let product = self.digits.checked_mul(unit).ok_or(NotWhole::TooLarge)?;
        if product == 0 {
            return Ok(0);
        }
        let power = 10u128.checked_pow(exponent.unsigned_abs());
        match (exponent >= 0, power) {
            (true, Some(power)) => product.checked_mul(power).ok_or(NotWhole::TooLarge),
            (true, None) => Err(NotWhole::TooLarge),
            (false, Some(power)) if product.is_multiple_of(power) => Ok(product / power),
            (false, _) => Err(NotWhole::TooFine),
        }
    }

    /// [`Decimal::times`] for units that fit 64 bits.
    pub fn times_u64(self, unit: u128) -> Result<u64, NotWhole> {
        u64::try_from(self.times(unit)?).map_err(|_| NotWhole::TooLarge)
    }

    /// The nearest double; infinite when it is past their range.
    pub fn to_f64(self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().expect("digits, e and an exponent are a float")
    }
}

/// Takes digits and the underscores between them; an underscore at either end is left behind.
fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let digits = text[..end].trim_end_matches('_');
    if digits.starts_with('_') { ("", text) } else { text.split_at(digits.len()) }
}

/// Takes `e` with a signed number; an `e` without one begins a unit instead.
fn take_exponent(text: &str) -> Result<(i32, &str), NotDecimal> {
    const LIMIT: i32 = 1000;
    let Some(after) = text.strip_prefix(['e', 'E']) else { return Ok((0, text)) };
    let (negative, after) = match after.strip_prefix('-') {
        Some(after) => (true, after),
        None => (false, after.strip_prefix('+').unwrap_or(after)),
    };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    if end == 0 {
        return Ok((0, text));
    }
    let size: i32 = after[..end].parse().ok().filter(|&size| size <= LIMIT).ok_or(NotDecimal::TooLong)?;
    Ok((if negative { -size } else { size }, &after[end..]))
}

/// Plain digits where they are few, otherwise with an exponent; reads back as the same number.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PLACES_MAX: i32 = 20;
        let digits = self.digits.to_string();
        let places = self.exponent.unsigned_abs() as usize;
        match self.exponent {
            0..=PLACES_MAX => write!(f, "{digits}{}", "0".repeat(places)),
            exponent if !(-PLACES_MAX..0).contains(&exponent) => write!(f, "{digits}e{exponent}"),
            _ if places >= digits.len() => write!(f, "0.{}{digits}", "0".repeat(places - digits.len())),
            _ => {
                let (whole, fraction) = digits.split_at(digits.len() - places);
                write!(f, "{whole}.{fraction}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_taken_digit_by_digit() {
        for (text, shown, rest) in [
            ("0.0416 USD", "0.0416", " USD"),
            ("90s", "90", "s"),
            ("1_000.500ms", "1000.5", "ms"),
            ("1e9ops", "1000000000", "ops"),
            ("+2.5E-3", "0.0025", ""),
            ("5e", "5", "e"),
            ("7.", "7", "."),
            ("000", "0", ""),
            ("1e-30", "1e-30", ""),
        ] {
            let (number, left) = Decimal::take(text).unwrap();
            assert_eq!((number.to_string().as_str(), left), (shown, rest), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        use NotDecimal::*;
        let nines = "9".repeat(40);
        let refused = [
            ("", Missing),
            ("s", Missing),
            ("-5s", Negative),
            ("-x", Missing),
            ("NaN", NotFinite),
            ("-inf", NotFinite),
        ];
        let long = [
            (nines.as_str(), TooLong),
            ("1e9999", TooLong),
            ("1e99999999999", TooLong),
            (".5", Missing),
            ("_1", Missing),
        ];
        for (text, why) in refused.into_iter().chain(long) {
            assert_eq!(Decimal::take(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_million_zeros_are_not_a_million_digits() {
        let text = format!("1.{}", "0".repeat(1_000_000));
        assert_eq!(Decimal::parse(&text).map(|number| number.to_string()), Ok("1".into()));
        assert_eq!(Decimal::parse(&format!("{text}1")), Err(NotDecimal::TooLong));
    }

    #[test]
    fn a_whole_number_of_units_is_exact_or_refused() {
        let number = |text| Decimal::parse(text).unwrap();
        assert_eq!(number("0.0000166667").times(1_000_000_000_000), Ok(16_666_700));
        assert_eq!(number("0.1").times(3), Err(NotWhole::TooFine));
        assert_eq!(number("0.5").times(2), Ok(1));
        assert_eq!(number("1e30").times(1_000_000_000), Err(NotWhole::TooLarge));
        assert_eq!(number("18446744073.709551616").times_u64(1_000_000_000), Err(NotWhole::TooLarge));
        assert_eq!(number("18446744073.709551615").times_u64(1_000_000_000), Ok(u64::MAX));
    }

    proptest! {
        #[test]
        fn a_decimal_reads_back_as_it_is_shown(digits in 0u64.., exponent in -60i32..60) {
            let number = Decimal::parse(&format!("{digits}e{exponent}")).unwrap();
            prop_assert_eq!(Decimal::parse(&number.to_string()), Ok(number));
            prop_assert_eq!(number.to_f64(), format!("{digits}e{exponent}").parse::<f64>().unwrap());
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = Decimal::take(&text);
        }
    }
}
