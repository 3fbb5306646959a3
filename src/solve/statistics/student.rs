//! Quantiles of Student's t: how far the mean of a few values may be from the truth.
//!
//! Source: the distribution function as a regularised incomplete beta function, whose continued fraction is DLMF 8.17.22,
//! evaluated by Lentz's method; the quantile by bisection, which needs no starting value and cannot run away.

/// The t that a Student variable of `degrees` degrees of freedom stays within, both sides together, with probability
/// `confidence`. The caller has ensured at least one degree and a confidence strictly between 0 and 1.
pub fn two_sided(confidence: f64, degrees: u32) -> f64 {
    assert!(degrees > 0 && confidence > 0.0 && confidence < 1.0, "a quantile of Student's t exists");
    let outside = 1.0 - confidence;
    let tail = |t: f64| {
        let n = f64::from(degrees);
        incomplete_beta(n / 2.0, 0.5, n / (n + t * t))
    };
    let (mut low, mut high) = (0.0, 1.0);
    while tail(high) > outside {
        high *= 2.0;
    }
    // Every step halves the bracket, until two neighbouring floats are left.
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return high;
        }
        if tail(middle) > outside { low = middle } else { high = middle }
    }
}

/// The regularised incomplete beta function I_x(a, b), for a, b > 0 and x from 0 to 1.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front =
        libm::exp(libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x));
    // The fraction converges quickly on this side only; the other is its mirror.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const STEPS_MAX: u32 = 10_000;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..STEPS_MAX {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            change = c * d;
            value *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table that every textbook prints (such as Law, Simulation Modeling and Analysis, table T.1), three decimals.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (confidence, degrees, wanted) in [
            (0.90, 1, 6.314),
            (0.95, 1, 12.706),
            (0.95, 2, 4.303),
            (0.95, 4, 2.776),
            (0.95, 9, 2.262),
            (0.95, 19, 2.093),
            (0.95, 30, 2.042),
            (0.95, 1000, 1.962),
            (0.99, 5, 4.032),
            (0.999, 9, 4.781),
            (0.80, 3, 1.638),
        ] {
            let found = two_sided(confidence, degrees);
            assert!((found - wanted).abs() < 5.1e-4, "{confidence} {degrees}: {found}");
        }
    }

    /// Two degrees and one have closed forms.
    #[test]
    fn few_degrees_have_closed_forms() {
        for confidence in [0.5, 0.9, 0.95, 0.999] {
            let one = libm::tan(std::f64::consts::FRAC_PI_2 * confidence);
            assert!((two_sided(confidence, 1) / one - 1.0).abs() < 1e-10);
            let two = confidence * libm::sqrt(2.0 / (1.0 - confidence * confidence));
            assert!((two_sided(confidence, 2) / two - 1.0).abs() < 1e-10);
        }
    }
}
