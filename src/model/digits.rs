//! Numbers with a stated count of significant digits, as C and its streams print them by default.
//!
//! Published programs print that way; their layouts are reproduced with it.

/// `value` with `digits` significant digits, without trailing zeros; exponents below -4 or from `digits` on are written
/// as `1.5e-07`.
pub fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "nan".to_owned()
        } else if value > 0.0 {
            "inf".to_owned()
        } else {
            "-inf".to_owned()
        };
    }
    let digits = digits.max(1);
    // Rounding first: 9.9999995 has exponent 1 at six digits.
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("the exponent is always written");
    let exponent: i32 = exponent.parse().expect("the exponent is an integer");
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(digits as i32 - 1 - exponent).expect("not negative in this range");
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn numbers_print_as_streams_print_them() {
        for (value, shown) in [
            (0.106305, "0.106305"),
            (1.0, "1"),
            (0.0, "0"),
            (1234567.0, "1.23457e+06"),
            (100000.0, "100000"),
            (0.00001, "1e-05"),
            (0.0001, "0.0001"),
            (9.9999995, "10"),
            (-2.5, "-2.5"),
            (999999.5, "1e+06"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(significant(value, 6), shown);
        }
        assert_eq!(significant(3.40282347e38, 9), "3.40282347e+38");
    }
}
