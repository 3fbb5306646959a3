//! The load of the next slot, foretold from what was seen: the last value, a moving average, a profile of the day, or the
//! series itself.
//!
//! Source: specification, sections 0 and 4.3 (the short-term prediction, whose only published form is omniscient); the
//! others are the usual simple forecasts. Loads are seconds of work in a slot, one number per application.

/// How the next slot is foretold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Predictor {
    /// As much as in the slot that has just passed.
    Last,
    /// The exponentially weighted mean, with this weight of the newest slot.
    Ewma(f64),
    /// The mean of the same slots of earlier days (of so many slots each); where there is none, what was expected at the
    /// time of the purchase, else the last value.
    Daily(usize),
    /// What will come.
    Oracle,
}

/// A predictor with what it has seen.
#[derive(Clone, Debug)]
pub struct Forecast {
    predictor: Predictor,
    apps: usize,
    /// The series itself for the oracle, else what was expected, as far as it is known.
    known: Vec<Vec<f64>>,
    last: Option<Vec<f64>>,
    mean: Option<Vec<f64>>,
    /// Of each slot of the day, the sum and the number of the days seen.
    profile: Vec<(Vec<f64>, f64)>,
}

impl Forecast {
    /// `known` is `[slot][application]`: the coming series for [`Predictor::Oracle`], else the expected one or nothing.
    pub fn new(predictor: Predictor, apps: usize, known: Vec<Vec<f64>>) -> Forecast {
        let slots = if let Predictor::Daily(slots) = predictor { slots } else { 0 };
        Forecast { predictor, apps, known, last: None, mean: None, profile: vec![(Vec::new(), 0.0); slots] }
    }

    /// Takes note of the loads of the length of a slot that ends now, at whatever place between slots a decision stands.
    pub fn observe(&mut self, loads: &[f64]) {
        self.last = Some(loads.to_vec());
        let Predictor::Ewma(weight) = self.predictor else { return };
        let mix = |(mean, load): (f64, &f64)| mean + weight * (load - mean);
        self.mean = Some(match self.mean.take() {
            Some(mean) => mean.into_iter().zip(loads).map(mix).collect(),
            None => loads.to_vec(),
        });
    }

    /// Takes note of the loads of a slot that is over.
    pub fn slot_over(&mut self, slot: usize, loads: &[f64]) {
        if let Predictor::Daily(slots) = self.predictor {
            let (sum, days) = &mut self.profile[slot % slots];
            sum.resize(loads.len(), 0.0);
            sum.iter_mut().zip(loads).for_each(|(sum, load)| *sum += load);
            *days += 1.0;
        }
    }

    /// What a slot will bring; `None` while nothing is known.
    pub fn of_slot(&self, slot: usize) -> Option<Vec<f64>> {
        let expected = || (!self.known.is_empty()).then(|| self.known[slot % self.known.len()].clone());
        match self.predictor {
            Predictor::Oracle => Some(self.known.get(slot).cloned().unwrap_or_else(|| vec![0.0; self.apps])),
            Predictor::Last => self.last.clone().or_else(expected),
            Predictor::Ewma(_) => self.mean.clone().or_else(expected),
            Predictor::Daily(slots) => {
                let (sum, days) = &self.profile[slot % slots];
                if *days > 0.0 {
                    return Some(sum.iter().map(|sum| sum / days).collect());
                }
                expected().or_else(|| self.last.clone())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(predictor: Predictor, known: &[f64], loads: &[f64]) -> Forecast {
        let mut forecast = Forecast::new(predictor, 1, known.iter().map(|&load| vec![load]).collect());
        for (slot, &load) in loads.iter().enumerate() {
            forecast.observe(&[load]);
            forecast.slot_over(slot, &[load]);
        }
        forecast
    }

    fn told(predictor: Predictor, known: &[f64], loads: &[f64]) -> Option<f64> {
        seen(predictor, known, loads).of_slot(loads.len()).map(|loads| loads[0])
    }

    #[test]
    fn before_anything_is_seen_only_what_is_known_is_foretold() {
        for predictor in [Predictor::Last, Predictor::Ewma(0.5), Predictor::Daily(2)] {
            assert_eq!(told(predictor, &[], &[]), None, "{predictor:?}");
            assert_eq!(told(predictor, &[7.0, 8.0], &[]), Some(7.0), "{predictor:?}");
        }
    }

    #[test]
    fn each_looks_back_in_its_own_way() {
        let loads = [10.0, 20.0, 30.0, 60.0];
        assert_eq!(told(Predictor::Last, &[], &loads), Some(60.0));
        // 10, then 15, then 22.5, then 41.25.
        assert_eq!(told(Predictor::Ewma(0.5), &[], &loads), Some(41.25));
        // A day has two slots: the mean of 10 and 30.
        assert_eq!(told(Predictor::Daily(2), &[], &loads), Some(20.0));
        // A day of six slots has not come round yet.
        assert_eq!(told(Predictor::Daily(6), &[], &loads), Some(60.0));
        assert_eq!(told(Predictor::Daily(6), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &loads), Some(5.0));
        assert_eq!(told(Predictor::Oracle, &[1.0, 2.0, 3.0, 4.0, 5.0], &loads), Some(5.0));
        assert_eq!(told(Predictor::Oracle, &[], &loads), Some(0.0), "after the end nothing comes");
    }
}
