//! A closed loop: a fixed number of clients, each of whom thinks, asks, and waits for the answer before thinking again.
//!
//! The order in which clients ask depends on how fast they are answered, hence on the strategy. So each draw is keyed by
//! the client and the number of its request: the third request of client 7 is the same under every strategy.

use super::schedule::Schedule;
use crate::engine::law::Law;
use crate::engine::random::Keyed;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;

/// Clients who wait for their answers.
#[derive(Clone, Debug)]
pub struct Closed {
    think_s: Law,
    /// Who is switched on; everybody when absent.
    schedule: Option<Schedule>,
    /// How many requests of each client were announced.
    announced: Vec<u64>,
}

/// Most clients of a source: they take 24 bits of a key, their requests 40, and a client would ask a thousand times a second for
/// 34 years.
pub const CLIENTS_MAX: u32 = 1 << 24;
const REQUEST_BITS: u32 = 40;
/// Times that a client is switched on and off again while it thinks.
const TRIES: usize = 1000;

/// The key of the draws for request `k` of `client`.
#[inline]
pub(super) fn key(client: u32, k: u64) -> u64 {
    u64::from(client) << REQUEST_BITS | k
}

impl Closed {
    /// `clients` clients, numbered from 0, with think times in seconds.
    pub fn new(clients: u32, think_s: Law) -> Result<Closed, Unfit> {
        if !(1..=CLIENTS_MAX).contains(&clients) {
            return Err(Unfit::new("clients", clients, "from 1 to 16777216 clients"));
        }
        Ok(Closed { think_s, schedule: None, announced: vec![0; clients as usize] })
    }

    /// As many clients as the schedule ever switches on. One that is switched off waits, and thinks when it is on again.
    pub fn scheduled(schedule: Schedule, think_s: Law) -> Result<Closed, Unfit> {
        Ok(Closed { schedule: Some(schedule.clone()), ..Closed::new(schedule.most(), think_s)? })
    }

    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }

    /// When `client` asks that has its answer now and thinks for so long: later where it is switched off by then.
    pub(super) fn asks(&self, client: u32, now: Instant, think: Span) -> Option<Instant> {
        let Some(schedule) = &self.schedule else { return Some(now.saturating_add(think)) };
        let mut begins = now;
        // One that thinks longer than it is ever on never asks.
        for _ in 0..TRIES {
            let asks = begins.saturating_add(think);
            let on = schedule.present(client, asks)?;
            if on == asks {
                return Some(asks);
            }
            begins = on;
        }
        None
    }

    pub fn clients(&self) -> u32 {
        self.announced.len() as u32
    }

    /// How many requests of `client` were announced so far.
    #[inline]
    pub(super) fn announced(&self, client: u32) -> u64 {
        self.announced[client as usize]
    }

    /// How long `client` thinks before asking again. `None` where time does not reach.
    #[inline]
    pub(super) fn next(&mut self, client: u32, think: &Keyed) -> Option<Span> {
        let announced = &mut self.announced[client as usize];
        *announced += 1;
        Span::from_secs_f64(self.think_s.draw(&mut think.at(key(client, *announced))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_switched_off_thinks_when_it_is_on_again() {
        let second = |secs: u64| Instant::ZERO + Span::from_secs(secs);
        let steps = [(2, 10), (1, 10), (2, 10)].map(|(count, secs)| (count, Span::from_secs(secs)));
        let schedule = Schedule::new(&steps, false).unwrap();
        let users = Closed::scheduled(schedule, Law::constant(3.0).unwrap()).unwrap();
        let asks = |client, now| users.asks(client, second(now), Span::from_secs(3));
        assert_eq!(users.clients(), 2);
        assert_eq!((asks(0, 8), asks(1, 5), asks(1, 8)), (Some(second(11)), Some(second(8)), Some(second(23))));
        assert_eq!((asks(1, 28), users.asks(0, second(0), Span::from_secs(60))), (None, None));
    }
}
