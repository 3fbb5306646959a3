//! A parameter that makes no sense, said so that its owner can mend it: which one, what was found, what is wanted.

/// One parameter refused by a checked constructor. The scenario adds the file and the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: found {found}, want {wanted}")]
pub struct Unfit {
    pub parameter: &'static str,
    pub found: String,
    pub wanted: &'static str,
}

impl Unfit {
    pub fn new(parameter: &'static str, found: impl ToString, wanted: &'static str) -> Unfit {
        Unfit { parameter, found: found.to_string(), wanted }
    }

    /// `value` if it is finite and above zero.
    pub fn unless_positive(parameter: &'static str, value: f64) -> Result<f64, Unfit> {
        if value.is_finite() && value > 0.0 {
            return Ok(value);
        }
        Err(Unfit::new(parameter, value, "a finite number above zero"))
    }

    /// `value` if it is finite and not negative.
    pub fn unless_not_negative(parameter: &'static str, value: f64) -> Result<f64, Unfit> {
        if value.is_finite() && value >= 0.0 {
            return Ok(value);
        }
        Err(Unfit::new(parameter, value, "a finite number, zero or above"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_parameter_found_and_wanted() {
        let refused = Unfit::unless_positive("mean", f64::NAN).expect_err("not a number");
        assert_eq!(refused.to_string(), "mean: found NaN, want a finite number above zero");
        assert!(Unfit::unless_positive("mean", 0.0).is_err());
        assert_eq!(Unfit::unless_not_negative("delay", 0.0), Ok(0.0));
        assert!(Unfit::unless_not_negative("delay", f64::INFINITY).is_err());
    }
}
