//! Bringing rows that are nearly in order into order: a window of bounded size between the file and the run.
//!
//! Rows that come in order pass through a queue at no cost; only those that come late go to a heap. What comes later than
//! the window can mend is moved to the last instant given out, and said so in the report, or is a flaw.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// At most so many rows held, in order of (time, tie).
#[derive(Debug)]
pub struct Window<T> {
    capacity: usize,
    in_order: VecDeque<Held<T>>,
    late: BinaryHeap<Reverse<Held<T>>>,
}

/// Something held, and its place in the order.
#[derive(Clone, Copy, Debug)]
pub struct Held<T> {
    /// Nanoseconds on the clock of the trace.
    pub at: i64,
    /// Orders what happens at one instant.
    pub tie: u64,
    pub what: T,
}

impl<T> Held<T> {
    fn place(&self) -> (i64, u64) {
        (self.at, self.tie)
    }
}

impl<T> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl<T> Eq for Held<T> {}

impl<T> PartialOrd for Held<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Held<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl<T> Window<T> {
    /// Holds up to `capacity` rows; none of them has to be in order.
    pub fn new(capacity: usize) -> Window<T> {
        Window { capacity, in_order: VecDeque::new(), late: BinaryHeap::new() }
    }

    #[inline]
    pub fn push(&mut self, held: Held<T>) {
        match self.in_order.back() {
            Some(last) if held < *last => self.late.push(Reverse(held)),
            _ => self.in_order.push_back(held),
        }
    }

    /// Whether one has to leave before another may enter.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.in_order.len() + self.late.len() > self.capacity
    }

    /// The first of those held.
    #[inline]
    pub fn pop(&mut self) -> Option<Held<T>> {
        match (self.in_order.front(), self.late.peek()) {
            (Some(queued), Some(Reverse(late))) if late < queued => self.late.pop().map(|Reverse(held)| held),
            (None, _) => self.late.pop().map(|Reverse(held)| held),
            _ => self.in_order.pop_front(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_window_mends_what_it_can_hold(
            mut rows in prop::collection::vec(0i64..50, 0..200),
            capacity in 0usize..12,
        ) {
            // Rows up to `capacity` places off are brought into full order.
            rows.sort_unstable();
            for block in rows.chunks_mut(capacity.max(1)) {
                block.reverse();
            }
            let mut window = Window::new(capacity);
            let mut seen = Vec::new();
            for (tie, &at) in rows.iter().enumerate() {
                window.push(Held { at, tie: tie as u64, what: () });
                prop_assert!(window.in_order.len() + window.late.len() <= capacity + 1);
                if window.is_over() {
                    seen.extend(window.pop().map(|held| held.at));
                }
            }
            seen.extend(std::iter::from_fn(|| window.pop()).map(|held| held.at));
            rows.sort_unstable();
            prop_assert_eq!(seen, rows);
        }
    }

    #[test]
    fn of_one_instant_the_lower_tie_comes_first() {
        let mut window = Window::new(10);
        for (at, tie) in [(5, 2), (5, 1), (4, 9), (5, 0)] {
            window.push(Held { at, tie, what: tie });
        }
        let order: Vec<u64> = std::iter::from_fn(|| window.pop()).map(|held| held.what).collect();
        assert_eq!(order, [9, 0, 1, 2]);
    }
}
