//! How precise an answer must be: `p95 2%` means that the interval of the 95th percentile reaches no further than 2 % from
//! its middle.
//!
//! Source: the relative-precision rule of Law, Simulation Modeling and Analysis, section 9.4.1. Stopping when the interval
//! happens to be narrow makes it a little too bold, so a fair number of replications comes first.

use std::str::FromStr;

use super::measures::{MEASURES, place};
use crate::scenario::units::nearest;

/// A measure and the half-width that its interval may have, relative to the estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    pub measure: usize,
    pub share: f64,
}

impl Precision {
    pub fn words(&self) -> String {
        format!("{} +- {} %", MEASURES[self.measure].title.trim(), 100.0 * self.share)
    }
}

impl FromStr for Precision {
    type Err = String;

    /// Reads `p95 2%`, `p95 +- 2 %` or `cost=1%`.
    fn from_str(text: &str) -> Result<Precision, String> {
        const WANTED: &str = "a measure and a share of it, such as \"p95 2%\"";
        let text = text.trim();
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "=+-±".contains(c));
        let Some(measure) = place(name) else {
            let known = MEASURES.iter().map(|measure| measure.words);
            let near = nearest(name, known.clone()).map_or(String::new(), |near| format!("did you mean {near}? "));
            let known = known.collect::<Vec<_>>().join(", ");
            return Err(format!("found the measure \"{name}\", want one of {known} ({near}{WANTED})"));
        };
        let number = rest.strip_suffix('%').map(str::trim_end).and_then(|number| number.parse::<f64>().ok());
        match number {
            Some(percent) if percent > 0.0 && percent < 100.0 => Ok(Precision { measure, share: percent / 100.0 }),
            _ => Err(format!("found \"{rest}\", want a share above 0 % and below 100 % ({WANTED})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precision_is_read_as_people_write_it() {
        let wanted = Precision { measure: place("p95").unwrap(), share: 0.02 };
        for text in ["p95 2%", "p95 +- 2 %", "p95=2%", "response_p95_s ±2%", " p95 +-2% "] {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
        for text in ["", "p95", "p95 2", "p95 0%", "p95 x%", "p96 2%", "p95 -", "p95 NaN%"] {
            assert!(text.parse::<Precision>().is_err(), "{text}");
        }
        assert!("cots 1%".parse::<Precision>().unwrap_err().contains("did you mean cost?"));
    }
}
