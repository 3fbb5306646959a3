//! Reactive scaling by utilisation (AUTO): a group of machines more when the fleet was busy, a group fewer when it was idle.
//!
//! Source: `aliraza0337/LIBRA`, the scaling part of its VM cloud.
//! Differs: nothing by default. The "average" is then a sum over up to 300 samples divided by the grace period, so it
//! grows with the time since the last action; [`Readings::window`] makes it a mean.

use super::readings::Readings;

/// The most samples the original sums.
const WINDOW: usize = 300;

/// What one look at the history says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Judgement {
    /// `None` while the history is too short to be judged.
    pub average: Option<f64>,
    pub out: bool,
    pub inward: bool,
}

#[derive(Debug)]
pub(super) struct AutoScaler {
    out_threshold: f64,
    in_threshold: f64,
    grace_period: usize,
    /// Samples summed at most.
    window: usize,
    /// The last samples since the history was emptied, at least `window` of them where there were so many; one run in
    /// memory, shortened now and then, so that a sum is one pass.
    recent: Vec<f64>,
    /// Samples since the history was emptied.
    samples: usize,
}

impl AutoScaler {
    /// `grace_period`, in samples, must not be zero.
    pub fn new(out_threshold: f64, in_threshold: f64, grace_period: u64, readings: Readings) -> AutoScaler {
        let grace_period = usize::try_from(grace_period).expect("the grace period was checked to be small");
        let window = if readings.window.is_corrected() { grace_period } else { WINDOW };
        AutoScaler { out_threshold, in_threshold, grace_period, window, recent: Vec::new(), samples: 0 }
    }

    /// Takes in one sample and judges the history. A crossed threshold empties it, whether or not the fleet can follow.
    /// With `hold_in` no crossing of the lower threshold is seen.
    pub fn judge(&mut self, utilisation: f64, hold_in: bool) -> Judgement {
        if self.recent.len() >= 2 * self.window {
            self.recent.drain(..=self.recent.len() - self.window);
        }
        self.recent.push(utilisation);
        self.samples += 1;
        if self.samples <= self.grace_period {
            return Judgement::default();
        }
        let first = self.recent.len().saturating_sub(self.window);
        // From left to right, uncompensated: the last bits decide at a threshold.
        let sum = self.recent[first..].iter().fold(0.0, |sum, sample| sum + sample);
        let average = sum / self.grace_period as f64;
        let out = average > self.out_threshold;
        let inward = average < self.in_threshold && !hold_in;
        if out || inward {
            self.recent.clear();
            self.samples = 0;
        }
        Judgement { average: Some(average), out, inward }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(utilisation: f64, readings: Readings) -> (usize, Judgement) {
        let mut scaler = AutoScaler::new(0.7, 0.3, 120, readings);
        (1..=1000)
            .map(|sample| (sample, scaler.judge(utilisation, false)))
            .find(|(_, judgement)| judgement.out || judgement.inward)
            .unwrap_or((0, Judgement::default()))
    }

    #[test]
    fn as_published_no_utilisation_is_left_alone() {
        // A sum of 121 samples over 120 is below 0.3 up to 0.2975, and then only grows, up to 2.5 times the mean.
        assert!(matches!(steady(0.29, Readings::original()), (121, Judgement { inward: true, out: false, .. })));
        assert!(matches!(steady(0.30, Readings::original()), (281, Judgement { inward: false, out: true, .. })));
        assert!(matches!(steady(0.50, Readings::original()), (169, Judgement { out: true, .. })));
    }

    #[test]
    fn corrected_a_band_between_the_thresholds_is_stable() {
        assert_eq!(steady(0.5, Readings::corrected()).0, 0);
        assert!(matches!(steady(0.8, Readings::corrected()), (121, Judgement { out: true, .. })));
        assert!(matches!(steady(0.2, Readings::corrected()), (121, Judgement { inward: true, .. })));
    }

    #[test]
    fn the_history_is_cut_without_being_seen() {
        let mut scaler = AutoScaler::new(1e9, -1e9, 7, Readings::original());
        let samples: Vec<f64> = (0..2000).map(|i| f64::from(i % 17) / 10.0).collect();
        for (i, &sample) in samples.iter().enumerate() {
            let from = (i + 1).saturating_sub(300);
            let sum = samples[from..=i].iter().fold(0.0, |sum, sample| sum + sample);
            let expected = (i >= 7).then_some(sum / 7.0);
            assert_eq!(scaler.judge(sample, false).average, expected, "sample {i}");
        }
    }
}
