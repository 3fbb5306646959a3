//! A fleet of sensors: each that is switched on sends a message at intervals of its own kind; kinds take turns by number.
//!
//! Source: the sensor generator of `Mape-Docker-Compose`: kinds temperature (1 s), device (normal, 5 s and 1 s), gps (2 s),
//! sound (0.2 s), camera (1/15 s), a stepwise number of sensors. How a sensor's kind is drawn is not published.
//! Differs: a sensor's first message comes a uniform part of an interval after it is switched on, so that a fleet does not
//! speak in chorus.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::schedule::Schedule;
use crate::engine::law::Law;
use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;

/// A fleet of sensors.
#[derive(Clone, Debug)]
pub struct Sensors {
    schedule: Schedule,
    intervals_s: Arc<[Law]>,
    due: BinaryHeap<Reverse<(Instant, u32)>>,
    switched_on: bool,
}

/// A sensor that is never on for as long as its first interval falls silent after so many tries.
const TRIES: usize = 1000;
/// A fleet that long is a mistake: each sensor has an entry in the list of what is due.
const SENSORS_MAX: u32 = 1 << 20;

impl Sensors {
    /// Sensors that are on as the schedule says, number i of the kind i modulo the number of kinds.
    pub fn new(schedule: Schedule, intervals_s: impl Into<Arc<[Law]>>) -> Result<Sensors, Unfit> {
        let intervals_s = intervals_s.into();
        if intervals_s.is_empty() {
            return Err(Unfit::new("intervals", "none", "at least one kind of sensor"));
        }
        if let Some(law) = intervals_s.iter().find(|law| law.mean() <= 0.0) {
            return Err(Unfit::new("intervals", law.mean(), "intervals with a mean above zero"));
        }
        if schedule.most() > SENSORS_MAX {
            return Err(Unfit::new("schedule", schedule.most(), "at most 1048576 sensors"));
        }
        Ok(Sensors { schedule, intervals_s, due: BinaryHeap::new(), switched_on: false })
    }

    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The next message of any sensor.
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        if !std::mem::replace(&mut self.switched_on, true) {
            for sensor in 0..self.schedule.most() {
                if let Some(on) = self.schedule.present(sensor, Instant::ZERO) {
                    self.begin(sensor, on, rng);
                }
            }
        }
        let Reverse((at, sensor)) = self.due.pop()?;
        let next = at.saturating_add(self.interval(sensor, rng));
        match self.schedule.present(sensor, next) {
            Some(on) if on == next => self.due.push(Reverse((next, sensor))),
            Some(on) => self.begin(sensor, on, rng),
            None => {}
        }
        Some(at)
    }

    /// Switches a sensor on; its first message follows, if it is still on then.
    fn begin(&mut self, sensor: u32, mut on: Instant, rng: &mut Rng) {
        for _ in 0..TRIES {
            let part = self.interval(sensor, rng).as_secs_f64() * rng.uniform();
            let first = on.saturating_add(Span::from_secs_f64(part).unwrap_or(Span::FOREVER));
            match self.schedule.present(sensor, first) {
                Some(at) if at == first => return self.due.push(Reverse((first, sensor))),
                Some(at) => on = at,
                None => return,
            }
        }
    }

    fn interval(&self, sensor: u32, rng: &mut Rng) -> Span {
        let law = &self.intervals_s[sensor as usize % self.intervals_s.len()];
        // A message takes some time: a drawn interval of nothing would keep a sensor at one instant.
        Span::from_secs_f64(law.draw(rng)).unwrap_or(Span::FOREVER).max(Span::from_nanos(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(intervals_s: &[f64]) -> Sensors {
        let steps = [(2, 10), (4, 10), (1, 10)].map(|(count, secs)| (count, Span::from_secs(secs)));
        let laws: Vec<Law> = intervals_s.iter().map(|&secs| Law::constant(secs).unwrap()).collect();
        Sensors::new(Schedule::new(&steps, false).unwrap(), laws).unwrap()
    }

    fn messages(mut fleet: Sensors) -> Vec<f64> {
        let mut rng = Rng::seeded(1);
        std::iter::from_fn(|| fleet.next(&mut rng)).map(|at| at.as_secs_f64()).collect()
    }

    #[test]
    fn as_many_speak_as_are_switched_on() {
        let at = messages(fleet(&[0.5]));
        assert!(at.is_sorted());
        let in_step = |from: f64| at.iter().filter(|&&at| (from..from + 10.0).contains(&at)).count();
        // Twenty messages of each sensor in ten seconds.
        assert_eq!([in_step(0.0), in_step(10.0), in_step(20.0), in_step(30.0)], [40, 80, 20, 0]);
    }

    #[test]
    fn kinds_take_turns_by_number() {
        let at = messages(fleet(&[0.5, 5.0]));
        assert_eq!(at.iter().filter(|&&at| at < 10.0).count(), 20 + 2);
    }

    #[test]
    fn a_fleet_without_a_kind_or_without_time_between_messages_is_refused() {
        let schedule = || Schedule::new(&[(1, Span::from_secs(1))], false).unwrap();
        assert_eq!(Sensors::new(schedule(), Vec::new()).unwrap_err().parameter, "intervals");
        assert!(Sensors::new(schedule(), vec![Law::constant(0.0).unwrap()]).is_err());
    }
}
