//! Many requests at one instant: the stampede that follows a timer, a mailing, a reconnect.

use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use std::sync::Arc;

/// Numbers of requests at stated instants.
#[derive(Clone, Debug)]
pub struct Bursts {
    bursts: Arc<[(Instant, u64)]>,
    every: Option<Span>,
    current: usize,
    sent: u64,
    /// When the present round began.
    round: Instant,
}

impl Bursts {
    /// `bursts` are instants, ascending, with how many requests come at each; with `every`, the whole list again after
    /// each such length of time.
    pub fn new(bursts: impl Into<Arc<[(Instant, u64)]>>, every: Option<Span>) -> Result<Bursts, Unfit> {
        let bursts = bursts.into();
        if let Some(pair) = bursts.windows(2).find(|pair| pair[0].0 > pair[1].0) {
            let found = format!("{} s after {} s", pair[1].0, pair[0].0);
            return Err(Unfit::new("bursts", found, "instants that do not fall"));
        }
        if bursts.iter().all(|&(_, requests)| requests == 0) {
            return Err(Unfit::new("bursts", "no request", "at least one request"));
        }
        let last = bursts.last().map_or(Instant::ZERO, |&(at, _)| at);
        match every {
            Some(every) if every.is_zero() || every.as_nanos() < last.as_nanos() => {
                Err(Unfit::new("every", every, "a length of time above zero that holds the whole list"))
            }
            _ => Ok(Bursts { bursts, every, current: 0, sent: 0, round: Instant::ZERO }),
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<Instant> {
        loop {
            let Some(&(at, requests)) = self.bursts.get(self.current) else {
                self.round = self.round.saturating_add(self.every?);
                if self.round == Instant::FAR {
                    return None;
                }
                self.current = 0;
                continue;
            };
            if self.sent < requests {
                self.sent += 1;
                let at = self.round.saturating_add(at.since(Instant::ZERO));
                return (at < Instant::FAR).then_some(at);
            }
            self.sent = 0;
            self.current += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn bursts_come_as_listed_and_come_round_again() {
        let list = [(at(1), 2), (at(2), 0), (at(3), 1)];
        let mut once = Bursts::new(list, None).unwrap();
        assert_eq!(std::iter::from_fn(|| once.next()).collect::<Vec<_>>(), [at(1), at(1), at(3)]);
        assert_eq!(once.next(), None);
        let mut rounds = Bursts::new(list, Some(Span::from_secs(10))).unwrap();
        let first: Vec<Instant> = (0..6).filter_map(|_| rounds.next()).collect();
        assert_eq!(first, [at(1), at(1), at(3), at(11), at(11), at(13)]);
    }

    #[test]
    fn lists_that_make_no_sense_are_refused() {
        let parameter = |bursts: &[(Instant, u64)], every| Bursts::new(bursts, every).map(drop).unwrap_err().parameter;
        assert_eq!(parameter(&[], None), "bursts");
        assert_eq!(parameter(&[(at(1), 0)], Some(Span::from_secs(2))), "bursts");
        assert_eq!(parameter(&[(at(2), 1), (at(1), 1)], None), "bursts");
        assert_eq!(parameter(&[(at(0), 1)], Some(Span::ZERO)), "every");
        assert_eq!(parameter(&[(at(5), 1)], Some(Span::from_secs(4))), "every");
    }
}
