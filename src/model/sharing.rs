//! Processor sharing: all requests present progress together, each at rate min(1, cores / n).
//!
//! One virtual clock per instance counts the work that a request present since the beginning would have received, in
//! units of 2^-32 ns; a request is done when the clock has advanced by its own work. Integers keep the result the same
//! on every machine. (M/G/1-PS and M/G/c-PS; the CPU of a VM or of an edge computer.)

use std::cmp::Reverse;

use priority_queue::PriorityQueue;
use rustc_hash::FxBuildHasher;

use super::ids::RequestId;
use crate::engine::agenda::Handle;
use crate::engine::time::{Instant, Span};

/// Fraction bits of the virtual clock.
const FINE: u32 = 32;

/// The requests that share the cores of one instance.
pub struct Sharing {
    /// Keyed by the reading of the virtual clock at which each is done; the sequence keeps ties in order of arrival.
    jobs: PriorityQueue<RequestId, Reverse<(u128, u64)>, FxBuildHasher>,
    clock: u128,
    /// What each request present since the beginning would have been charged for, in pico-dollars.
    charged_pico: u64,
    /// What the instance had cost at the last reading.
    cost_read_pico: u64,
    since: Instant,
    sequence: u64,
    /// What the instance has, and what its host gives it of that while others on the host want processors too.
    millicores: u64,
    granted: u64,
    /// Thousandths of cores in use, as last told.
    pub(crate) in_use: u64,
    /// The end of the first request in the agenda.
    pub(crate) event: Option<Handle>,
}

impl Sharing {
    pub fn new(millicores: u64) -> Sharing {
        Sharing {
            jobs: PriorityQueue::with_hasher(FxBuildHasher),
            clock: 0,
            charged_pico: 0,
            cost_read_pico: 0,
            since: Instant::ZERO,
            sequence: 0,
            millicores,
            granted: millicores,
            in_use: 0,
            event: None,
        }
    }

    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Brings the clock to `now`. `cost_pico` is what the instance has cost since launch; those present share what it
    /// cost since the last call. Returns the charge reading, for a request that begins or ends now.
    pub fn advance(&mut self, now: Instant, cost_pico: u64) -> u64 {
        let cost_since = cost_pico - self.cost_read_pico;
        self.cost_read_pico = cost_pico;
        let elapsed = u128::from(now.since(self.since).as_nanos()) << FINE;
        self.since = now;
        let present = self.jobs.len() as u64;
        if present > 0 {
            self.clock += if self.granted >= 1000 * present {
                elapsed
            } else {
                elapsed * u128::from(self.granted) / (1000 * u128::from(present))
            };
            self.charged_pico += cost_since / present;
        }
        self.charged_pico
    }

    /// Thousandths of cores that those present could use alone on the host: a core each, at most what the instance has.
    pub fn wanted(&self) -> u64 {
        (1000 * self.jobs.len() as u64).min(self.millicores)
    }

    /// What the host gives from now on; the clock stands at now.
    pub(crate) fn grant(&mut self, millicores: u64) {
        // With nothing at all, who is present would never be done.
        self.granted = millicores.max(1);
    }

    /// The charge reading as of the last advance.
    pub fn charged_pico(&self) -> u64 {
        self.charged_pico
    }

    /// A request joins; the clock stands at now.
    pub fn join(&mut self, request: RequestId, work: Span) {
        if self.jobs.is_empty() {
            self.clock = 0;
        }
        let done = self.clock + (u128::from(work.as_nanos()) << FINE);
        self.jobs.push(request, Reverse((done, self.sequence)));
        self.sequence += 1;
    }

    /// A request leaves before its end (its caller gave up, or the instance goes).
    pub fn leave(&mut self, request: RequestId) {
        self.jobs.remove(&request).expect("only a request that shares leaves");
    }

    /// Takes out the first request whose work is done by now.
    pub fn pop_done(&mut self) -> Option<RequestId> {
        let (&request, &Reverse((done, _))) = self.jobs.peek()?;
        (done <= self.clock).then(|| {
            self.jobs.pop();
            request
        })
    }

    /// When the first request will be done if nobody joins or leaves; the clock stands at now.
    pub fn next_end(&self) -> Option<Instant> {
        let (_, &Reverse((done, _))) = self.jobs.peek()?;
        let left = done.saturating_sub(self.clock);
        let present = self.jobs.len() as u128;
        let slowed = if u128::from(self.granted) >= 1000 * present {
            left
        } else {
            (left * 1000 * present).div_ceil(u128::from(self.granted))
        };
        Some(self.since + Span::from_nanos(slowed.div_ceil(1 << FINE) as u64))
    }

    /// Any one request present, in no meaningful order but the same in every run: the next to be done.
    pub fn first(&self) -> Option<RequestId> {
        self.jobs.peek().map(|(&request, _)| request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn two_on_one_core_run_at_half_speed_each() {
        let mut cpu = Sharing::new(1000);
        cpu.advance(at(0), 0);
        cpu.join(RequestId(1), Span::from_secs(2));
        assert_eq!(cpu.next_end(), Some(at(2)));
        cpu.advance(at(1), 0);
        cpu.join(RequestId(2), Span::from_secs(3));
        assert_eq!(cpu.next_end(), Some(at(3)), "one second of work left at half speed");
        cpu.advance(at(3), 0);
        assert_eq!(cpu.pop_done(), Some(RequestId(1)));
        assert_eq!(cpu.pop_done(), None);
        assert_eq!(cpu.next_end(), Some(at(5)), "two seconds left, alone");
    }

    #[test]
    fn two_cores_slow_nobody_until_the_third_request() {
        let mut cpu = Sharing::new(2000);
        cpu.advance(at(0), 0);
        for id in 1..=3 {
            cpu.join(RequestId(id), Span::from_secs(2));
        }
        assert_eq!(cpu.next_end(), Some(at(3)));
        cpu.advance(at(3), 9);
        assert_eq!([cpu.pop_done(), cpu.pop_done(), cpu.pop_done()], [1, 2, 3].map(|id| Some(RequestId(id))));
        assert_eq!(cpu.advance(at(9), 14), 3, "nine pico-dollars among three; nobody is there for the rest");
    }

    #[test]
    fn one_that_leaves_gives_its_share_back() {
        let mut cpu = Sharing::new(1000);
        cpu.advance(at(0), 0);
        cpu.join(RequestId(1), Span::from_secs(2));
        cpu.join(RequestId(2), Span::from_secs(2));
        cpu.advance(at(2), 0);
        cpu.leave(RequestId(2));
        assert_eq!(cpu.next_end(), Some(at(3)));
    }
}
