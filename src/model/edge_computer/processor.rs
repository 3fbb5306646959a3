//! Cores shared by all active calls: egalitarian processor sharing, at most one core per call.
//!
//! Every active call has the same rate, so a call that starts when the processor has given `a` operations to each of
//! its calls ends when it has given `a + need`: one ordered set, no matter how often the rate changes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::engine::time::{Instant, Span};

/// Reports kept for the longest average.
const REPORTS: usize = 30;

/// An active call, ordered by its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Active {
    /// Bits of the operations given to each call when this one ends; not negative, so bits order as numbers.
    end: u64,
    /// Order of starting.
    pub(super) sequence: u64,
    /// Slot of the call.
    pub(super) slot: u32,
}

/// Two lines of the cache, first what tells when the next call ends: there may be thousands of computers.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Processor {
    active: BinaryHeap<Reverse<Active>>,
    /// Operations given to each active call since the processor was last idle.
    given: f64,
    until: Instant,
    speed_ops_per_s: f64,
    pub(super) memory_bytes: u64,
    cores: u32,
    /// Whole percent of the last report, and of the mean of the last 10 and 30 (or as many as there are).
    loads: [u8; 3],
    /// Active calls integrated over time since the last report, in call nanoseconds.
    busy_ns: u128,
    pub(super) memory_used: u64,
    /// What was given at the last arrival or completion: what a dry run knows.
    given_known: f64,
    history: Box<History>,
}

/// What only reports look at.
#[derive(Clone, Debug, Default)]
struct History {
    /// When the last one was made.
    reported: Instant,
    /// Utilisations, newest last.
    reports: VecDeque<f64>,
}

impl Processor {
    pub(super) fn new(speed_ops_per_s: f64, cores: u32, memory_bytes: u64) -> Processor {
        Processor {
            speed_ops_per_s,
            cores,
            memory_bytes,
            memory_used: 0,
            active: BinaryHeap::new(),
            given: 0.0,
            given_known: 0.0,
            until: Instant::ZERO,
            busy_ns: 0,
            history: Box::default(),
            loads: [0; 3],
        }
    }

    /// Operations per second of each of `n` active calls.
    pub(super) fn rate(&self, n: usize) -> f64 {
        let n = n as f64;
        f64::from(self.cores).min(n) * self.speed_ops_per_s / n
    }

    pub(super) fn active(&self) -> usize {
        self.active.len()
    }

    /// Cores with a call on them.
    pub(super) fn cores_in_use(&self) -> u32 {
        self.active.len().min(self.cores as usize) as u32
    }

    /// Works until `to`. The caller has ensured that no call ends before.
    pub(super) fn work(&mut self, to: Instant) {
        let span = to.since(self.until);
        if !self.active.is_empty() {
            self.given += self.rate(self.active.len()) * span.as_secs_f64();
            self.busy_ns += self.active.len() as u128 * u128::from(span.as_nanos());
        }
        self.until = to;
    }

    /// When the next call ends, if nothing changes.
    pub(super) fn next_end(&self) -> Option<Instant> {
        let Reverse(first) = self.active.peek()?;
        let left = (f64::from_bits(first.end) - self.given).max(0.0);
        let span = Span::from_secs_f64(left / self.rate(self.active.len())).unwrap_or(Span::FOREVER);
        Some(self.until.saturating_add(span))
    }

    pub(super) fn start(&mut self, slot: u32, operations: u64, sequence: u64) {
        if self.active.is_empty() {
            // Counting from zero keeps the sum small and so exact.
            (self.given, self.given_known) = (0.0, 0.0);
        }
        let end = (self.given + operations as f64).to_bits();
        self.active.push(Reverse(Active { end, sequence, slot }));
    }

    /// The calls that end now, up to the nanosecond that time can tell, in order of their ends.
    pub(super) fn ended(&mut self, mut each: impl FnMut(Active)) {
        let resolution = self.rate(self.active.len().max(1)) * 1e-9;
        while let Some(&Reverse(first)) = self.active.peek() {
            if f64::from_bits(first.end) > self.given + resolution {
                break;
            }
            self.active.pop();
            each(first);
        }
    }

    /// Takes out the active call that is asked for; which slot it had.
    pub(super) fn leave(&mut self, asked: impl Fn(u32) -> bool) -> Option<u32> {
        let slot = self.active.iter().map(|Reverse(active)| active.slot).find(|&slot| asked(slot))?;
        self.active.retain(|Reverse(active)| active.slot != slot);
        Some(slot)
    }

    /// An arrival or a completion: from now on a dry run knows how far the calls are.
    pub(super) fn note(&mut self) {
        self.given_known = self.given;
    }

    /// Operations that the call which ends first among `slots` had left at the last arrival or completion.
    pub(super) fn front(&self, of: impl Fn(u32) -> bool) -> f64 {
        let ends = self.active.iter().filter(|Reverse(active)| of(active.slot)).map(|Reverse(active)| active.end);
        ends.min().map_or(0.0, |end| (f64::from_bits(end) - self.given_known).max(0.0))
    }

    /// Utilisation since the last report, in [0, 1]; clipped as a whole, so more calls than cores for half the time
    /// count as busy for all of it.
    pub(super) fn report(&mut self) -> f64 {
        let History { reported, reports } = &mut *self.history;
        let elapsed = self.until.since(*reported).as_nanos() as f64;
        let share = if elapsed > 0.0 { self.busy_ns as f64 / (f64::from(self.cores) * elapsed) } else { 0.0 };
        let utilisation = share.min(1.0);
        if reports.len() == REPORTS {
            reports.pop_front();
        }
        reports.push_back(utilisation);
        (self.busy_ns, *reported) = (0, self.until);
        self.loads = [1, 10, 30].map(|window| {
            let n = reports.len().min(window);
            let sum: f64 = reports.iter().rev().take(window).sum();
            (0.5 + 100.0 * sum / n as f64).floor() as u8
        });
        utilisation
    }

    /// All zero before the first report.
    pub(super) fn loads(&self) -> [u8; 3] {
        self.loads
    }
}
