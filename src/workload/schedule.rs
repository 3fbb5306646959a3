//! How many users or sensors are switched on, step by step: fifty for a minute, then eighty, then twenty.
//!
//! Source: the workload schedule of `Mape-Docker-Compose`'s sensor generator; CLOUD'17's sharp and smooth loads are schedules
//! too. Who is switched on is settled by number: of ten, numbers 0 to 9.

use std::sync::Arc;

use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;

/// Numbers of users or sensors, each for a length of time.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Beginning of each step from the start, with its count; beginnings rise.
    steps: Arc<[(Span, u32)]>,
    length: Span,
    repeats: bool,
    most: u32,
}

impl Schedule {
    /// Steps (count, length) one after another; over and over where `repeats` says so, else nobody after the last.
    pub fn new(steps: &[(u32, Span)], repeats: bool) -> Result<Schedule, Unfit> {
        let mut begins = Vec::with_capacity(steps.len());
        let mut length = Span::ZERO;
        for &(count, lasts) in steps {
            if lasts.is_zero() {
                return Err(Unfit::new("schedule", "a step of no length", "steps that last"));
            }
            begins.push((length, count));
            let Some(sum) = length.as_nanos().checked_add(lasts.as_nanos()) else {
                return Err(Unfit::new("schedule", "longer than time", "steps of less than 584 years"));
            };
            length = Span::from_nanos(sum);
        }
        let most = steps.iter().map(|&(count, _)| count).max().unwrap_or(0);
        if most == 0 {
            return Err(Unfit::new("schedule", "nobody", "a step with somebody in it"));
        }
        Ok(Schedule { steps: begins.into(), length, repeats, most })
    }

    /// The largest number that is ever switched on.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Whether there is an end to it.
    pub fn ends(&self) -> bool {
        !self.repeats
    }

    /// How many are switched on.
    pub fn at(&self, at: Instant) -> u32 {
        self.step(at).map_or(0, |(index, _)| self.steps[index].1)
    }

    /// The earliest instant from `at` on at which number `who` is switched on; `None`: never again.
    pub fn present(&self, who: u32, at: Instant) -> Option<Instant> {
        let (index, round) = self.step(at)?;
        if who < self.steps[index].1 {
            return Some(at);
        }
        let last = if self.repeats { index + self.steps.len() } else { self.steps.len() - 1 };
        let later = (index + 1..=last).find(|&step| who < self.steps[step % self.steps.len()].1)?;
        let begin = self.steps[later % self.steps.len()].0;
        let rounds = if later < self.steps.len() { Span::ZERO } else { self.length };
        Some(round.saturating_add(rounds).saturating_add(begin))
    }

    /// The step in force and when its round began; `None` past the end.
    fn step(&self, at: Instant) -> Option<(usize, Instant)> {
        let (since, length) = (at.as_nanos(), self.length.as_nanos());
        if since >= length && !self.repeats {
            return None;
        }
        let within = Span::from_nanos(since % length);
        let index = self.steps.partition_point(|&(begin, _)| begin <= within) - 1;
        Some((index, Instant::from_nanos(since - within.as_nanos())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Span::from_secs(secs)
    }

    fn schedule(repeats: bool) -> Schedule {
        let steps = [(2, 10), (5, 10), (1, 10)].map(|(count, secs)| (count, Span::from_secs(secs)));
        Schedule::new(&steps, repeats).unwrap()
    }

    #[test]
    fn steps_follow_one_another_and_end_or_begin_again() {
        let once = schedule(false);
        assert_eq!([0, 9, 10, 19, 20, 29, 30, 99].map(|secs| once.at(at(secs))), [2, 2, 5, 5, 1, 1, 0, 0]);
        let again = schedule(true);
        assert_eq!([30, 40, 55].map(|secs| again.at(at(secs))), [2, 5, 1]);
        assert_eq!((once.most(), once.ends(), again.ends()), (5, true, false));
    }

    #[test]
    fn who_is_switched_off_waits_for_a_step_that_reaches_the_number() {
        let once = schedule(false);
        assert_eq!(once.present(1, at(3)), Some(at(3)));
        assert_eq!(once.present(4, at(3)), Some(at(10)));
        assert_eq!(once.present(1, at(20)), None);
        let again = schedule(true);
        assert_eq!(again.present(1, at(20)), Some(at(30)));
        assert_eq!(again.present(4, at(85)), Some(at(100)));
        assert_eq!(again.present(5, at(0)), None, "the number is never reached");
    }

    #[test]
    fn steps_without_length_or_without_anybody_are_refused() {
        assert!(Schedule::new(&[(3, Span::ZERO)], false).is_err());
        assert!(Schedule::new(&[(0, Span::from_secs(1))], false).is_err());
        assert!(Schedule::new(&[], true).is_err());
    }
}
