//! Clients with one call under way each, who would like to ask at times of their own and cannot while they wait.
//!
//! Source: `ccicconetti/serverlessonedge`, the edge client (constant, uniform or exponential gaps), the interrupted Poisson
//! client and the burst client; a camera that drops the frames it is too late for.
//! Differs: draws are keyed by client and number, so that the k-th gap of a client is the same under every strategy.

use super::closed::{CLIENTS_MAX, key};
use crate::engine::law::Law;
use crate::engine::random::{Keyed, Rng};
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;

/// What becomes of the times that passed while a client waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Late {
    /// It asks back to back until it has caught up.
    #[default]
    Queue,
    /// They are skipped.
    Drop,
}

/// When a client would like to ask.
#[derive(Clone, Debug)]
pub enum Pace {
    /// At nominal times one gap apart, the first one gap after the start.
    Steady { late: Late },
    /// On and off by turns. On: at nominal times one gap apart, the first at its beginning; what is not asked when it is
    /// over is dropped, and when no time is left it is over at once. The state at the start is drawn.
    Sessions { on_s: Law, off_s: Law },
    /// A number of calls (Poisson of this mean), one gap after each answer; the next burst one period after the beginning of
    /// this one, at once when that is past. The first period is halved.
    Bursts { period_s: Law, mean_size: f64 },
}

/// One client's plan.
#[derive(Clone, Copy, Debug, Default)]
struct Plan {
    announced: u64,
    /// Steady: the last nominal time. Sessions: the next one. Bursts: when the burst began.
    nominal: Instant,
    /// Sessions: when the present one ends; `None` before the first.
    session_end: Option<Instant>,
    /// Bursts: calls left in the present one.
    left: u64,
}

/// Clients of one kind.
#[derive(Clone, Debug)]
pub struct Clients {
    pace: Pace,
    gap_s: Law,
    plans: Vec<Plan>,
}

/// A burst of nothing is followed by another; so many in a row are as good as never.
const EMPTY_BURSTS_MAX: u32 = 1_000_000;

impl Clients {
    /// `clients` clients, numbered from 0, with gaps in seconds.
    ///
    /// # Errors
    /// No client or too many, and lengths that would let time stand still.
    pub fn new(clients: u32, pace: Pace, gap_s: Law) -> Result<Clients, Unfit> {
        if !(1..=CLIENTS_MAX).contains(&clients) {
            return Err(Unfit::new("clients", clients, "from 1 to 16777216 clients"));
        }
        let positive = |parameter, law: &Law| {
            if law.mean() > 0.0 {
                Ok(())
            } else {
                Err(Unfit::new(parameter, "a mean of 0", "a law of mean above zero"))
            }
        };
        match &pace {
            Pace::Steady { late: Late::Queue } => {}
            Pace::Steady { late: Late::Drop } => positive("gap", &gap_s)?,
            Pace::Sessions { on_s, .. } => {
                positive("on", on_s)?;
                positive("gap", &gap_s)?;
            }
            Pace::Bursts { period_s, mean_size } => {
                positive("bursts.every", period_s)?;
                if !(0.001..=1e4).contains(mean_size) {
                    return Err(Unfit::new("bursts.mean", mean_size, "a mean number of calls from 0.001 to 1e4"));
                }
            }
        }
        Ok(Clients { pace, gap_s, plans: vec![Plan::default(); clients as usize] })
    }

    pub fn clients(&self) -> u32 {
        self.plans.len() as u32
    }

    #[inline]
    pub(super) fn announced(&self, client: u32) -> u64 {
        self.plans[client as usize].announced
    }

    /// How long after `now`, when it has its answer, a client asks again. `None` where time does not reach.
    pub(super) fn next(&mut self, client: u32, now: Instant, draws: &Keyed) -> Option<Span> {
        let plan = &mut self.plans[client as usize];
        plan.announced += 1;
        let mut rng = draws.at(key(client, plan.announced));
        let gap = |rng: &mut Rng| Span::from_secs_f64(self.gap_s.draw(rng));
        match &self.pace {
            Pace::Steady { late } => {
                plan.nominal = plan.nominal.saturating_add(gap(&mut rng)?);
                while *late == Late::Drop && plan.nominal < now {
                    plan.nominal = plan.nominal.saturating_add(gap(&mut rng)?);
                }
                Some(plan.nominal.saturating_since(now))
            }
            Pace::Sessions { on_s, off_s } => {
                match plan.session_end {
                    None => begin(plan, on_s, off_s, &mut rng)?,
                    Some(end) => {
                        plan.nominal = plan.nominal.saturating_add(gap(&mut rng)?);
                        if now >= end || plan.nominal >= end {
                            plan.nominal = now.saturating_add(Span::from_secs_f64(off_s.draw(&mut rng))?);
                            let on = Span::from_secs_f64(on_s.draw(&mut rng))?;
                            plan.session_end = Some(plan.nominal.saturating_add(on));
                        }
                    }
                }
                Some(plan.nominal.saturating_since(now))
            }
            Pace::Bursts { period_s, mean_size } => {
                if plan.left > 0 {
                    plan.left -= 1;
                    return gap(&mut rng);
                }
                let first = plan.announced == 1;
                for nth in 0..EMPTY_BURSTS_MAX {
                    let halved = if first && nth == 0 { 0.5 } else { 1.0 };
                    let period = Span::from_secs_f64(halved * period_s.draw(&mut rng))?;
                    plan.nominal = plan.nominal.saturating_add(period);
                    let size = poisson(&mut rng, *mean_size);
                    if size > 0 {
                        plan.left = size - 1;
                        return Some(plan.nominal.saturating_since(now));
                    }
                }
                None
            }
        }
    }
}

/// How many arrivals of rate one there are in a time of `mean`.
fn poisson(rng: &mut Rng, mean: f64) -> u64 {
    let (mut count, mut clock) = (0, rng.exponential());
    while clock < mean {
        count += 1;
        clock += rng.exponential();
    }
    count
}

/// The state of sessions at the start: a point uniform in the first on and off.
fn begin(plan: &mut Plan, on_s: &Law, off_s: &Law, rng: &mut Rng) -> Option<()> {
    let (on, off) = (on_s.draw(rng), off_s.draw(rng));
    let point = rng.uniform() * (on + off);
    let (first, length) = if point < on { (0.0, on - point) } else { (on + off - point, on_s.draw(rng)) };
    plan.nominal = Instant::ZERO + Span::from_secs_f64(first)?;
    plan.session_end = Some(plan.nominal.saturating_add(Span::from_secs_f64(length)?));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Streams;

    fn law(value: f64) -> Law {
        Law::constant(value).unwrap()
    }

    fn at(secs: f64) -> Instant {
        Instant::ZERO + Span::from_secs_f64(secs).unwrap()
    }

    /// When a client asks whose calls take these many seconds each.
    fn asked(pace: Pace, gap: f64, takes: &[f64]) -> Vec<f64> {
        let draws = Streams::new(1, 0).keyed("think", "c");
        let mut clients = Clients::new(1, pace, law(gap)).unwrap();
        let mut now = Instant::ZERO;
        let mut asked = Vec::new();
        for &takes in takes {
            now += clients.next(0, now, &draws).unwrap();
            asked.push(now.as_secs_f64());
            now += Span::from_secs_f64(takes).unwrap();
        }
        asked
    }

    #[test]
    fn a_late_client_catches_up_back_to_back_or_skips_what_it_missed() {
        let takes = [0.5, 2.2, 0.1, 0.1, 0.1];
        assert_eq!(asked(Pace::Steady { late: Late::Queue }, 1.0, &takes), [1.0, 2.0, 4.2, 4.3, 5.0]);
        assert_eq!(asked(Pace::Steady { late: Late::Drop }, 1.0, &takes), [1.0, 2.0, 5.0, 6.0, 7.0]);
    }

    #[test]
    fn what_is_not_asked_in_a_session_is_dropped() {
        // Sessions of 3 s with calls wanted at 0, 1 and 2 s of each, and 10 s off.
        let pace = Pace::Sessions { on_s: law(3.0), off_s: law(10.0) };
        let times = asked(pace, 1.0, &[0.1, 0.1, 0.1, 0.1, 5.0, 0.1]);
        let gaps: Vec<f64> = times.windows(2).map(|pair| ((pair[1] - pair[0]) * 1e3).round() / 1e3).collect();
        // Whatever the first session has left, a call that takes longer than the session ends it.
        assert!(gaps.iter().all(|&gap| gap == 1.0 || gap >= 10.1), "{gaps:?}");
        assert!(gaps.contains(&15.0), "5 s of the call and 10 s off: {gaps:?}");
    }

    #[test]
    fn bursts_have_their_mean_size_and_distance() {
        let draws = Streams::new(3, 0).keyed("think", "c");
        let pace = Pace::Bursts { period_s: law(10.0), mean_size: 4.0 };
        let mut clients = Clients::new(1, pace, law(0.01)).unwrap();
        let mut now = Instant::ZERO;
        let (mut calls, mut bursts) = (0, 0);
        while now < at(100_000.0) {
            let wait = clients.next(0, now, &draws).unwrap();
            bursts += u32::from(wait > Span::from_secs(1));
            calls += 1;
            now += wait;
        }
        // 10,000 periods, of which e^-4 are empty; a mean of 4 calls in each.
        assert!((f64::from(calls) / 40_000.0 - 1.0).abs() < 0.02, "{calls}");
        assert!((f64::from(bursts) / 9_817.0 - 1.0).abs() < 0.02, "{bursts}");
    }

    #[test]
    fn clients_that_would_hold_time_are_refused() {
        let unfit = |pace, gap| Clients::new(1, pace, law(gap)).map(drop).unwrap_err().parameter;
        assert_eq!(unfit(Pace::Steady { late: Late::Drop }, 0.0), "gap");
        assert_eq!(unfit(Pace::Sessions { on_s: law(0.0), off_s: law(1.0) }, 1.0), "on");
        assert_eq!(unfit(Pace::Bursts { period_s: law(0.0), mean_size: 1.0 }, 1.0), "bursts.every");
        assert_eq!(unfit(Pace::Bursts { period_s: law(1.0), mean_size: f64::NAN }, 1.0), "bursts.mean");
    }
}
