//! Arrivals in sessions: they come while the source is on and stand still while it is off.
//!
//! Lengths of both and the gaps between arrivals are of any law. The clock of the gaps stops while the source is off and
//! goes on where it stopped, so that a gap longer than a session only takes more sessions.

use super::source::advance;
use crate::engine::law::Law;
use crate::engine::random::Rng;
use crate::engine::time::Instant;
use crate::engine::unfit::Unfit;

/// A source that is on and off by turns, on at first.
#[derive(Clone, Debug)]
pub struct OnOff {
    on_s: Law,
    off_s: Law,
    gap_s: Law,
    /// What remains of the session; `None` before the first one.
    on_s_left: Option<f64>,
    clock: Instant,
}

impl OnOff {
    /// Lengths of sessions, of breaks and of gaps between arrivals, in seconds.
    pub fn new(on_s: Law, off_s: Law, gap_s: Law) -> Result<OnOff, Unfit> {
        for (parameter, law) in [("on", &on_s), ("gap", &gap_s)] {
            if law.mean() == 0.0 {
                return Err(Unfit::new(parameter, "a mean of 0", "a law of mean above zero"));
            }
        }
        Ok(OnOff { on_s, off_s, gap_s, on_s_left: None, clock: Instant::ZERO })
    }

    #[inline]
    pub(super) fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        let mut left = match self.on_s_left {
            Some(left) => left,
            None => self.on_s.draw(rng),
        };
        let mut gap = self.gap_s.draw(rng);
        while gap >= left {
            gap -= left;
            advance(&mut self.clock, left + self.off_s.draw(rng))?;
            left = self.on_s.draw(rng);
        }
        self.on_s_left = Some(left - gap);
        advance(&mut self.clock, gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(value: f64) -> Law {
        Law::constant(value).unwrap()
    }

    #[test]
    fn the_clock_of_the_gaps_stands_still_while_off() {
        let mut rule = OnOff::new(law(3.0), law(10.0), law(2.0)).unwrap();
        let mut rng = Rng::seeded(1);
        let seconds: Vec<f64> = (0..4).filter_map(|_| rule.next(&mut rng)).map(Instant::as_secs_f64).collect();
        // On during 0-3, 13-16, 26-29, ...; an arrival after every 2 s of being on.
        assert_eq!(seconds, [2.0, 14.0, 26.0, 28.0]);
    }

    #[test]
    fn exponential_lengths_give_the_interrupted_poisson_process() {
        let exponential = |mean| Law::exponential(mean).unwrap();
        let mut rule = OnOff::new(exponential(2.0), exponential(6.0), exponential(0.05)).unwrap();
        let mut rng = Rng::seeded(2);
        let n = 400_000;
        let last = (0..n).filter_map(|_| rule.next(&mut rng)).last().expect("it goes on for ever");
        let rate = f64::from(n) / last.as_secs_f64();
        assert!((rate - 20.0 * 0.25).abs() < 0.15, "{rate}");
    }

    #[test]
    fn a_source_that_never_stands_on_is_refused() {
        assert_eq!(OnOff::new(law(0.0), law(1.0), law(1.0)).map(drop).unwrap_err().parameter, "on");
        assert_eq!(OnOff::new(law(1.0), law(1.0), law(0.0)).map(drop).unwrap_err().parameter, "gap");
    }
}
