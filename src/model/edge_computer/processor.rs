//! Cores shared by all active calls: egalitarian processor sharing, at most one core per call.
//!
//! Every active call has the same rate, so a call that starts when the processor has given `a` operations to each of
//! its calls ends when it has given `a + need`: one ordered set, no matter how often the rate changes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::num::NonZeroU64;

use crate::engine::time::{Instant, Span};

/// Reports kept for the longest average.
const REPORTS: usize = 30;

/// An active call, ordered by its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Active {
    /// Bits of the operations given to each call when this one ends; not negative, so bits order as numbers.
    end: u64,
    /// Order of starting, from one on: a place where there may be a call then takes no more room than a call.
    pub(super) sequence: NonZeroU64,
    /// Slot of the call.
    pub(super) slot: u32,
}

/// Less than two lines of the cache long, first what tells when the next call ends: there may be thousands of computers.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Processor {
    /// The active call that ends first; at low load there is no other.
    first: Option<Active>,
    /// Operations given to each active call since the processor was last idle.
    given: f64,
    until: Instant,
    speed_ops_per_s: f64,
    /// How many calls are active, known without a look at the others.
    active: u32,
    cores: u32,
    pub(super) memory_bytes: u64,
    /// Active calls integrated over time since the last report, in call nanoseconds.
    busy_ns: u128,
    pub(super) memory_used: u64,
    /// What was given at the last arrival or completion: what a dry run knows.
    given_known: f64,
    apart: Box<Apart>,
    /// Whole percent of the last report, and of the mean of the last 10 and 30 (or as many as there are).
    loads: [u8; 3],
}

const _: () = assert!(size_of::<Option<Active>>() == size_of::<Active>(), "no call takes no room of its own");

/// What a call that is alone does not look at.
#[derive(Clone, Debug, Default)]
struct Apart {
    /// Active calls that end after the first.
    others: BinaryHeap<Reverse<Active>>,
    /// When the last report was made.
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
            first: None,
            active: 0,
            given: 0.0,
            given_known: 0.0,
            until: Instant::ZERO,
            busy_ns: 0,
            apart: Box::default(),
            loads: [0; 3],
        }
    }

    /// Operations per second of each of `n` active calls.
    pub(super) fn rate(&self, n: u32) -> f64 {
        let n = f64::from(n);
        f64::from(self.cores).min(n) * self.speed_ops_per_s / n
    }

    pub(super) fn active(&self) -> u32 {
        self.active
    }

    /// Cores with a call on them.
    pub(super) fn cores_in_use(&self) -> u32 {
        self.active.min(self.cores)
    }

    /// Works until `to`. The caller has ensured that no call ends before.
    pub(super) fn work(&mut self, to: Instant) {
        let span = to.since(self.until);
        if self.active > 0 {
            self.given += self.rate(self.active) * span.as_secs_f64();
            self.busy_ns += u128::from(self.active) * u128::from(span.as_nanos());
        }
        self.until = to;
    }

    /// When the next call ends, if nothing changes.
    pub(super) fn next_end(&self) -> Option<Instant> {
        let left = (f64::from_bits(self.first?.end) - self.given).max(0.0);
        let span = Span::from_secs_f64(left / self.rate(self.active)).unwrap_or(Span::FOREVER);
        Some(self.until.saturating_add(span))
    }

    pub(super) fn start(&mut self, slot: u32, operations: u64, sequence: NonZeroU64) {
        if self.active == 0 {
            // Counting from zero keeps the sum small and so exact.
            (self.given, self.given_known) = (0.0, 0.0);
        }
        let end = (self.given + operations as f64).to_bits();
        let call = Active { end, sequence, slot };
        self.active += 1;
        let later = match self.first {
            Some(first) if first < call => Some(call),
            _ => self.first.replace(call),
        };
        if let Some(later) = later {
            self.apart.others.push(Reverse(later));
        }
    }

    /// The calls that end now, up to the nanosecond that time can tell, in order of their ends.
    pub(super) fn ended(&mut self, mut each: impl FnMut(Active)) {
        let resolution = self.rate(self.active.max(1)) * 1e-9;
        while let Some(first) = self.first.filter(|first| f64::from_bits(first.end) <= self.given + resolution) {
            self.first_leaves();
            each(first);
        }
    }

    /// The next of the others becomes the first.
    fn first_leaves(&mut self) {
        self.active -= 1;
        self.first = (self.active > 0).then(|| {
            let Reverse(next) = self.apart.others.pop().expect("the others are counted");
            next
        });
    }

    fn calls(&self) -> impl Iterator<Item = Active> {
        self.first.into_iter().chain(self.apart.others.iter().map(|&Reverse(other)| other))
    }

    /// Takes out the active call that is asked for; which slot it had.
    pub(super) fn leave(&mut self, asked: impl Fn(u32) -> bool) -> Option<u32> {
        let slot = self.calls().map(|call| call.slot).find(|&slot| asked(slot))?;
        if self.first.is_some_and(|first| first.slot == slot) {
            self.first_leaves();
        } else {
            self.active -= 1;
            self.apart.others.retain(|Reverse(other)| other.slot != slot);
        }
        Some(slot)
    }

    /// An arrival or a completion: from now on a dry run knows how far the calls are.
    pub(super) fn note(&mut self) {
        self.given_known = self.given;
    }

    /// Operations that the call which ends first among `slots` had left at the last arrival or completion.
    pub(super) fn front(&self, of: impl Fn(u32) -> bool) -> f64 {
        let ends = self.calls().filter(|call| of(call.slot)).map(|call| call.end);
        ends.min().map_or(0.0, |end| (f64::from_bits(end) - self.given_known).max(0.0))
    }

    /// Utilisation since the last report, in [0, 1]; clipped as a whole, so more calls than cores for half the time
    /// count as busy for all of it.
    pub(super) fn report(&mut self) -> f64 {
        let Apart { reported, reports, .. } = &mut *self.apart;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever leaves, first or among the others, the rest end in the order of their work.
    #[test]
    fn the_next_becomes_the_first() {
        let work = [40, 10, 30, 20, 10];
        for (gone, order) in [(1, vec![4, 3, 2, 0]), (2, vec![1, 4, 3, 0]), (0, vec![1, 4, 3, 2])] {
            let mut processor = Processor::new(1.0, 8, 0);
            for (slot, (&operations, sequence)) in work.iter().zip(1..).enumerate() {
                let sequence = NonZeroU64::new(sequence).expect("counted from one");
                processor.start(slot as u32, operations, sequence);
            }
            assert_eq!(processor.leave(|slot| slot == gone), Some(gone));
            assert_eq!(processor.leave(|slot| slot == gone), None);
            let mut ended = Vec::new();
            while let Some(end) = processor.next_end() {
                processor.work(end);
                processor.ended(|call| ended.push(call.slot));
            }
            assert_eq!((ended, processor.active()), (order, 0));
        }
    }
}
