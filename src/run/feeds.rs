//! Sources at work: who asks next, what a request is, clients that think.

use std::io;

use super::drive::Driver;
use crate::engine::time::Instant;
use crate::model::event::Event;
use crate::model::ids::{FunctionId, NodeId, RequestId, SourceId};
use crate::model::request::Request;
use crate::workload::source::{Next, Source};

/// A source at work; there may be thousands, each looked at seldom enough to have left the cache.
#[repr(align(64))]
pub(super) struct Feed {
    pub(super) source: Source,
    pub(super) function: FunctionId,
    pub(super) node: NodeId,
    /// The key of its next request. A source's keys begin at a number of its own, so that the draws they address do not
    /// move when another source is added.
    pub(super) key: u64,
}

impl Driver<'_> {
    /// Asks a source for its first requests: of each client where it is closed.
    pub(super) fn open_feed(&mut self, index: usize) {
        let clients = self.feeds[index].source.clients();
        if clients == 0 {
            return self.next_arrival(index);
        }
        for client in 0..clients {
            self.think(index, client);
        }
    }

    /// Sets when an open source asks next; past the horizon it asks no more.
    #[inline]
    fn next_arrival(&mut self, index: usize) {
        let next = match self.feeds[index].source.next(0) {
            Next::At(at) if at < self.horizon => Some(at),
            Next::At(_) | Next::AfterAnswer(_) | Next::Done => None,
        };
        self.merge.set(index, next);
    }

    /// A client thinks before it asks again, unless that is past the horizon or it is done.
    fn think(&mut self, index: usize, client: u32) {
        let Next::AfterAnswer(think) = self.feeds[index].source.next_after(client, self.now) else { return };
        let Some(asks) = self.feeds[index].source.asks(client, self.now, think) else { return };
        if asks < self.horizon {
            let event = Event::ClientAsks { source: index as u32, client };
            self.plan.plan(asks, event.rank(), event);
            self.thinking += 1;
        }
    }

    /// A request of an open source arrives.
    #[inline]
    pub(super) fn arrive(&mut self, index: usize) -> io::Result<()> {
        let admitted = self.admit_root(index, 0);
        self.next_arrival(index);
        self.send(admitted)
    }

    /// A client of a closed source asks.
    pub(super) fn client_asks(&mut self, index: usize, client: u32) -> io::Result<()> {
        self.thinking -= 1;
        let admitted = self.admit_root(index, client);
        self.send(admitted)
    }

    /// A client of a closed source has its answer and thinks.
    #[inline]
    pub(super) fn client_answered(&mut self, source: SourceId, client: u32) {
        if self.closed_loops && self.feeds[source.index()].source.clients() > 0 {
            self.think(source.index(), client);
        }
    }

    /// Draws a request and lets it in.
    #[inline]
    fn admit_root(&mut self, index: usize, client: u32) -> RequestId {
        let feed = &mut self.feeds[index];
        let demand = feed.source.demand(client);
        let (function, node) = match demand.to {
            None => (feed.function, feed.node),
            Some(to) => (to.function, to.node.unwrap_or(feed.node)),
        };
        self.moved = self.now;
        let number = self.roots.arrived;
        self.roots.arrived += 1;
        self.calls.arrived += 1;
        let key = feed.key;
        feed.key = key.wrapping_add(1);
        if self.world.monitor.is_read() {
            self.world.loads[index].sent(demand.payload_bytes);
        }
        for word in [number, index as u64, self.now.as_nanos(), demand.work.to_bits(), demand.payload_bytes] {
            self.offered.fold(word);
        }
        let request = Request::root(
            number,
            key,
            SourceId::from_index(index),
            client,
            function,
            node,
            demand.work,
            demand.payload_bytes,
            self.now,
        );
        self.world.admit(request)
    }

    /// Load generators tell how many users they have switched on, before the monitor looks.
    pub(super) fn tell_users(&mut self) {
        if !self.world.monitor.is_read() {
            return;
        }
        // Those of the time that the monitor looks back on, which ends here.
        let before = Instant::from_nanos(self.now.as_nanos().saturating_sub(1));
        for (feed, load) in self.feeds.iter().zip(&mut self.world.loads) {
            load.set_users(feed.source.users(before));
        }
    }
}
