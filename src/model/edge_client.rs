//! Clients of edge functions that decide something themselves, and how their measurements are summarised.
//!
//! Source: Cicconetti, Conti, Passarella, "Uncoordinated access to serverless computing in MEC systems for IoT",
//! Computer Networks 2020; reference code `ccicconetti/serverlessonedge`, the client with several endpoints.

use crate::model::digits::significant;

/// A client that knows several endpoints, calls its primary one and now and then others at the same time, and moves to
/// whichever answered first.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncoordinated {
    endpoints: usize,
    /// Probability of calling each other endpoint too.
    persistence: f64,
    primary: usize,
}

/// What one request of an [`Uncoordinated`] client came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Race {
    /// First to answer, the lowest number when equal; the next primary.
    pub fastest: usize,
    /// Seconds until the first answer.
    pub response_s: f64,
    /// Seconds until all answers are in, which the next request waits for.
    pub settled_s: f64,
}

impl Uncoordinated {
    /// Endpoints are numbered in order of their names; the first is primary at first.
    ///
    /// # Panics
    /// Without an endpoint, or with a persistence that is no probability: the scenario's reader checks both.
    pub fn new(endpoints: usize, persistence: f64, first_primary: usize) -> Uncoordinated {
        assert!(first_primary < endpoints, "the primary is one of the endpoints");
        assert!((0.0..=1.0).contains(&persistence), "persistence is a probability");
        Uncoordinated { endpoints, persistence, primary: first_primary }
    }

    pub fn primary(&self) -> usize {
        self.primary
    }

    /// The endpoints of the next request, in order of number. One uniform draw per endpoint other than the primary.
    pub fn contacted(&self, mut uniform: impl FnMut() -> f64) -> Vec<usize> {
        (0..self.endpoints).filter(|&other| other == self.primary || uniform() < self.persistence).collect()
    }

    /// The endpoint that answered first, which the caller has seen; it is primary from now on.
    pub fn won_by(&mut self, endpoint: usize) {
        self.primary = endpoint;
    }

    /// The answers are in: `latencies_s` of the endpoints in `contacted`.
    pub fn settle(&mut self, contacted: &[usize], latencies_s: &[f64]) -> Race {
        assert!(!contacted.is_empty() && contacted.len() == latencies_s.len(), "one latency per endpoint contacted");
        let answers = contacted.iter().copied().zip(latencies_s.iter().copied());
        let first = answers.reduce(|best, next| if next.1 < best.1 { next } else { best });
        let (fastest, response_s) = first.expect("at least the primary answers");
        self.won_by(fastest);
        Race { fastest, response_s, settled_s: latencies_s.iter().copied().fold(0.0, f64::max) }
    }
}

/// Mean and spread as the original prints them at the end: `M +- D`, D with divisor n, six significant digits.
pub fn mean_and_spread(values: &[f64]) -> String {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread = (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n).sqrt();
    format!("{} +- {}", significant(mean, 6), significant(spread, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The five latencies of the original's documentation, which prints `0.108216 +- 0.00171617` for them. It summarised
    /// them before rounding: half a unit of the last digit in each moves the spread by up to 4.4e-7.
    #[test]
    fn latencies_are_summarised_as_documented() {
        let shown = mean_and_spread(&[0.109332, 0.107049, 0.110859, 0.105978, 0.107862]);
        assert_eq!(shown, "0.108216 +- 0.0017162");
        let (mean, spread) = shown.split_once(" +- ").unwrap();
        assert_eq!(mean, "0.108216");
        assert!((spread.parse::<f64>().unwrap() - 0.00171617).abs() < 4.4e-7);
    }

    #[test]
    fn the_first_to_answer_becomes_primary() {
        let mut client = Uncoordinated::new(3, 0.5, 0);
        let mut draws = [0.4, 0.6].into_iter();
        let contacted = client.contacted(|| draws.next().unwrap());
        assert_eq!(contacted, [0, 1]);
        let race = client.settle(&contacted, &[0.2, 0.1]);
        assert_eq!(race, Race { fastest: 1, response_s: 0.1, settled_s: 0.2 });
        assert_eq!(client.primary(), 1);
        assert_eq!(client.contacted(|| 0.9), [1]);
    }
}
