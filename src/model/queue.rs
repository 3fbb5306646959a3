//! Waiting lines: first in, first out, linked through the requests themselves, so that leaving from the middle (a caller
//! that lost patience) costs as little as leaving at the head, and waiting allocates nothing.

use super::ids::{RequestId, Slab};
use super::request::Request;

/// A line of requests. Its ends mean something while it is not empty.
#[derive(Clone, Copy, Debug)]
pub struct Fifo {
    head: RequestId,
    tail: RequestId,
    len: u32,
}

impl Default for Fifo {
    fn default() -> Fifo {
        Fifo { head: RequestId(0), tail: RequestId(0), len: 0 }
    }
}

impl Fifo {
    #[inline]
    pub fn len(&self) -> u32 {
        self.len
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub fn front(&self) -> Option<RequestId> {
        (self.len > 0).then_some(self.head)
    }

    #[inline]
    fn back(&self) -> Option<RequestId> {
        (self.len > 0).then_some(self.tail)
    }

    #[inline]
    pub fn push_back(&mut self, requests: &mut Slab<Request>, id: RequestId) {
        let last = self.back();
        let request = requests.get_mut(id.0);
        (request.previous, request.next) = (last, None);
        match last {
            Some(last) => requests.get_mut(last.0).next = Some(id),
            None => self.head = id,
        }
        self.tail = id;
        self.len += 1;
    }

    /// Puts a request back at the head.
    pub fn push_front(&mut self, requests: &mut Slab<Request>, id: RequestId) {
        let first = self.front();
        let request = requests.get_mut(id.0);
        (request.previous, request.next) = (None, first);
        match first {
            Some(first) => requests.get_mut(first.0).previous = Some(id),
            None => self.tail = id,
        }
        self.head = id;
        self.len += 1;
    }

    #[inline]
    pub fn pop_front(&mut self, requests: &mut Slab<Request>) -> Option<RequestId> {
        let head = self.front()?;
        self.remove(requests, head);
        Some(head)
    }

    /// Takes out a request that stands in this line; the caller has ensured that it does.
    #[inline]
    pub fn remove(&mut self, requests: &mut Slab<Request>, id: RequestId) {
        let request = requests.get_mut(id.0);
        let (previous, next) = (request.previous.take(), request.next.take());
        match (previous, next) {
            (Some(previous), Some(next)) => {
                requests.get_mut(previous.0).next = Some(next);
                requests.get_mut(next.0).previous = Some(previous);
            }
            (Some(previous), None) => {
                requests.get_mut(previous.0).next = None;
                self.tail = previous;
            }
            (None, Some(next)) => {
                requests.get_mut(next.0).previous = None;
                self.head = next;
            }
            (None, None) => {}
        }
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Instant;
    use crate::model::ids::{FunctionId, NodeId, SourceId};

    #[test]
    fn one_may_leave_from_the_middle_and_the_order_stays() {
        let mut requests = Slab::default();
        let mut line = Fifo::default();
        let (source, function, node) = (SourceId(0), FunctionId(0), NodeId(0));
        let ids: Vec<_> = (0..4)
            .map(|n| {
                let id = Request::root(n, n, source, 0, function, node, 1.0, 0, Instant::ZERO);
                RequestId(requests.insert(id))
            })
            .collect();
        ids.iter().for_each(|&id| line.push_back(&mut requests, id));
        line.remove(&mut requests, ids[1]);
        line.remove(&mut requests, ids[3]);
        line.push_back(&mut requests, ids[1]);
        let order: Vec<_> = std::iter::from_fn(|| line.pop_front(&mut requests)).collect();
        assert_eq!(order, [ids[0], ids[2], ids[1]]);
        assert!(line.is_empty() && line.is_empty());
    }
}
