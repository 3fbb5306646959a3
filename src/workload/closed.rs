//! A closed loop: a fixed number of clients, each of whom thinks, asks, and waits for the answer before thinking again.
//!
//! The order in which clients ask depends on how fast they are answered, hence on the strategy. So each draw is keyed by
//! the client and the number of its request: the third request of client 7 is the same under every strategy.

use crate::engine::law::Law;
use crate::engine::random::Keyed;
use crate::engine::time::Span;
use crate::engine::unfit::Unfit;

/// Clients who wait for their answers.
#[derive(Clone, Debug)]
pub struct Closed {
    think_s: Law,
    /// How many requests of each client were announced.
    announced: Vec<u64>,
}

/// Clients take 24 bits of a key, their requests 40: a client would ask a thousand times a second for 34 years.
pub(super) const CLIENTS_MAX: u32 = 1 << 24;
const REQUEST_BITS: u32 = 40;

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
        Ok(Closed { think_s, announced: vec![0; clients as usize] })
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
