//! What a broker can do at once: so many calls inside it, so many under way to each destination, and the time that it takes
//! to send one on. Who finds no place waits in line, first come, first served.
//!
//! Source: Cicconetti, Conti, Passarella, "A decentralized framework for serverless edge computing in the Internet of
//! Things", IEEE TNSM 2020; reference code `ccicconetti/serverlessonedge`: server threads, `max-pending-clients` and
//! `min-forward-time`, `max-forward-time` of its brokers.
//! Differs: a broker without stated limits has none (the original's defaults are 5 threads and 2 connections).

use super::ids::{RequestId, Slab};
use super::queue::Fifo;
use super::request::Request;
use crate::engine::law::Law;

/// The limits of one broker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BrokerLimits {
    /// Calls inside at once, from the choice of a destination to the answer; `None`: any number.
    pub threads: Option<u32>,
    /// Calls under way to one destination at once; `None`: any number.
    pub connections: Option<u32>,
    /// Seconds from the choice of a destination to the wait for a connection; `None`: no time.
    pub forward_time: Option<Law>,
    /// The connection of a call that failed never comes back, as in the original.
    pub loses_connections: bool,
}

impl BrokerLimits {
    /// Whether a broker with these limits does anything that one without does not.
    pub fn matter(&self) -> bool {
        self.threads.is_some() || self.connections.is_some() || self.forward_time.is_some()
    }
}

/// So many requests at once; the others stand in line.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    places: u32,
    taken: u32,
    /// Taken for good.
    lost: u32,
    line: Fifo,
}

impl Gate {
    pub fn new(places: u32) -> Gate {
        Gate { places, taken: 0, lost: 0, line: Fifo::default() }
    }

    /// Takes a place, or stands in line; whether there was one.
    pub fn enter(&mut self, requests: &mut Slab<Request>, id: RequestId) -> bool {
        let free = self.taken < self.places;
        if free {
            self.taken += 1;
        } else {
            self.line.push_back(requests, id);
        }
        free
    }

    /// A place is given back. The first in line has it from now on, and is returned.
    pub fn leave(&mut self, requests: &mut Slab<Request>) -> Option<RequestId> {
        assert!(self.taken > self.lost, "only who has a place gives it back");
        let next = self.line.pop_front(requests);
        if next.is_none() {
            self.taken -= 1;
        }
        next
    }

    /// A place never comes back.
    pub fn lose(&mut self) {
        assert!(self.taken > self.lost, "only who has a place loses it");
        self.lost += 1;
    }

    /// One that stands in this line leaves it; the caller has ensured that it does.
    pub fn give_up(&mut self, requests: &mut Slab<Request>, id: RequestId) {
        self.line.remove(requests, id);
    }

    /// Requests in line.
    pub fn waiting(&self) -> u32 {
        self.line.len()
    }

    /// Whether nobody is inside or in line.
    pub fn is_idle(&self) -> bool {
        self.taken == self.lost && self.line.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Instant;
    use crate::model::ids::{FunctionId, NodeId, SourceId};

    /// Five requests at a gate with two places.
    fn gate() -> (Slab<Request>, Vec<RequestId>, Gate, Vec<bool>) {
        let mut requests = Slab::default();
        let (source, function, node) = (SourceId(0), FunctionId(0), NodeId(0));
        let ids: Vec<RequestId> = (0..5)
            .map(|n| {
                let request = Request::root(n, n, source, 0, function, node, 1.0, 0, Instant::ZERO);
                RequestId(requests.insert(request))
            })
            .collect();
        let mut gate = Gate::new(2);
        let entered = ids.iter().map(|&id| gate.enter(&mut requests, id)).collect();
        (requests, ids, gate, entered)
    }

    #[test]
    fn who_finds_no_place_has_the_next_one_in_turn() {
        let (mut requests, ids, mut gate, entered) = gate();
        assert_eq!(entered, [true, true, false, false, false]);
        assert_eq!(gate.leave(&mut requests), Some(ids[2]));
        gate.give_up(&mut requests, ids[3]);
        assert_eq!(gate.leave(&mut requests), Some(ids[4]));
        assert!(!gate.is_idle());
        assert_eq!([gate.leave(&mut requests), gate.leave(&mut requests)], [None, None]);
        assert!(gate.is_idle());
    }

    #[test]
    fn a_place_that_is_lost_is_given_to_nobody() {
        let (mut requests, ids, mut gate, _) = gate();
        gate.lose();
        // One place is left, and each that leaves it lets in one.
        assert_eq!(gate.leave(&mut requests), Some(ids[2]));
        gate.lose();
        gate.give_up(&mut requests, ids[3]);
        gate.give_up(&mut requests, ids[4]);
        assert!(gate.is_idle(), "nobody is inside");
        assert!(!gate.enter(&mut requests, ids[3]), "and nobody ever will be");
    }
}
