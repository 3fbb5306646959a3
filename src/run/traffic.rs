//! What goes over the network: how long each message takes, and how much there was of it in all.
//!
//! A message between two nodes takes the time of its path and, on top, what the protocol of the exchanges costs: a fixed
//! time for each message, bytes around its payload, and round trips before the first message between two nodes.

use super::drive::Driver;
use crate::engine::time::Span;
use crate::model::ids::NodeId;
use crate::model::network::{Exchange, Trip};

/// Messages so far.
pub struct Traffic {
    exchange: Exchange,
    nodes: usize,
    /// By pair of nodes, the lesser first: whether a connection stands. Empty where nobody has to connect.
    connected: Vec<bool>,
    pub messages: u64,
    pub bytes: u64,
    pub byte_hops: u64,
}

impl Traffic {
    pub fn new(exchange: &Exchange, nodes: usize) -> Traffic {
        let pairs = if exchange.handshakes > 0 { nodes * nodes } else { 0 };
        let (exchange, connected) = (*exchange, vec![false; pairs]);
        Traffic { exchange, nodes, connected, messages: 0, bytes: 0, byte_hops: 0 }
    }

    /// Whether a connection is made now, for the first time.
    fn connects(&mut self, from: NodeId, to: NodeId) -> bool {
        let pair = from.index().min(to.index()) * self.nodes + from.index().max(to.index());
        self.connected.get_mut(pair).is_some_and(|stands| !std::mem::replace(stands, true))
    }
}

impl Driver<'_> {
    /// Sends `bytes` from one node to another: how long that takes, or `None` where no path leads there.
    pub(super) fn carry(&mut self, from: NodeId, to: NodeId, bytes: u64) -> Option<Span> {
        if from == to {
            return Some(Span::ZERO);
        }
        let (network, traffic) = (&self.world.network, &mut self.traffic);
        let bytes = bytes.saturating_add(traffic.exchange.overhead_bytes);
        let Trip { delay, hops } = network.trip(from, to, bytes)?;
        let mut delay = delay + traffic.exchange.per_message;
        if traffic.connects(from, to) {
            let there_and_back = network.delay(from, to, 0)? + network.delay(to, from, 0)?;
            delay += there_and_back * u64::from(traffic.exchange.handshakes);
        }
        traffic.messages += 1;
        traffic.bytes = traffic.bytes.saturating_add(bytes);
        traffic.byte_hops = traffic.byte_hops.saturating_add(bytes.saturating_mul(u64::from(hops)));
        Some(delay)
    }
}
