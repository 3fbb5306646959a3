//! Requests waiting for a machine, first come first served, the requests of one second as one entry.
//!
//! Source: the queue of `aliraza0337/LIBRA`, which holds single requests; all of one second are alike there, so counting
//! them loses nothing.

use std::collections::VecDeque;

/// Requests that arrived in the same second, numbered in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub first_id: u64,
    pub arrival: u64,
    pub count: u64,
}

#[derive(Debug, Default)]
pub(super) struct BatchQueue {
    batches: VecDeque<Batch>,
    /// Requests in all batches; no batch is empty.
    requests: u64,
}

impl BatchQueue {
    pub fn push(&mut self, batch: Batch) {
        if batch.count > 0 {
            self.requests += batch.count;
            self.batches.push_back(batch);
        }
    }

    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Takes up to `most` requests that arrived in the same second off the front. `most` must not be zero.
    pub fn take(&mut self, most: u64) -> Option<Batch> {
        let front = self.batches.front_mut()?;
        let taken = Batch { count: front.count.min(most), ..*front };
        self.requests -= taken.count;
        if taken.count == front.count {
            self.batches.pop_front();
        } else {
            front.first_id += taken.count;
            front.count -= taken.count;
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_is_taken_in_parts_and_never_across_seconds() {
        let mut queue = BatchQueue::default();
        queue.push(Batch { first_id: 0, arrival: 1, count: 5 });
        queue.push(Batch { first_id: 5, arrival: 2, count: 0 });
        queue.push(Batch { first_id: 5, arrival: 3, count: 2 });
        assert_eq!(queue.requests(), 7);
        assert_eq!(queue.take(3), Some(Batch { first_id: 0, arrival: 1, count: 3 }));
        assert_eq!(queue.take(9), Some(Batch { first_id: 3, arrival: 1, count: 2 }));
        assert_eq!(queue.take(9), Some(Batch { first_id: 5, arrival: 3, count: 2 }));
        assert_eq!((queue.take(1), queue.requests()), (None, 0));
    }
}
