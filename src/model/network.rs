//! Delay and bandwidth between nodes. A message takes latency plus its size over the bandwidth of each link on its path;
//! links do not congest.

use std::collections::BTreeMap;

use super::ids::NodeId;
use crate::engine::time::Span;

/// A link in both directions.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub a: NodeId,
    pub b: NodeId,
    pub latency: Span,
    /// Bits per second; `None`: size does not matter.
    pub bandwidth_bps: Option<f64>,
}

/// What an exchange of messages costs beside its links: the protocol's share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Time for each message on top of its path.
    pub per_message: Span,
    /// Bytes around each payload.
    pub overhead_bytes: u64,
    /// Round trips before the first message between two nodes.
    pub handshakes: u32,
}

/// All-pairs paths over the links, fixed for a run: least latency, then fewest hops.
#[derive(Clone, Debug, Default)]
pub struct Network {
    nodes: usize,
    /// Row-major by (from, to): which of the kinds of path leads there, or [`NO_PATH`]. Every message looks here, and of
    /// thousands of pairs most have a path like others.
    kinds: Vec<u32>,
    paths: Vec<Path>,
    /// Row-major by (from, to): joined by a link of their own.
    linked: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Path {
    latency: Span,
    hops: u32,
    /// Seconds per bit, summed over the links.
    seconds_per_bit: f64,
}

const NO_PATH: u32 = u32::MAX;

/// What a message between two nodes takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    pub delay: Span,
    /// Links on the way.
    pub hops: u32,
}

impl Network {
    /// Finds the paths between all nodes (Floyd and Warshall); scenarios have up to a few hundred nodes.
    pub fn new(nodes: usize, links: &[Link]) -> Network {
        let mut paths = vec![None; nodes * nodes];
        for node in 0..nodes {
            paths[node * nodes + node] = Some(Path { latency: Span::ZERO, hops: 0, seconds_per_bit: 0.0 });
        }
        let mut linked = vec![false; nodes * nodes];
        for link in links {
            let path = Path {
                latency: link.latency,
                hops: 1,
                seconds_per_bit: link.bandwidth_bps.map_or(0.0, |bandwidth| 1.0 / bandwidth),
            };
            for (from, to) in [(link.a, link.b), (link.b, link.a)] {
                linked[from.index() * nodes + to.index()] = true;
                let slot = &mut paths[from.index() * nodes + to.index()];
                *slot = Some(slot.map_or(path, |old| shorter(old, path)));
            }
        }
        for via in 0..nodes {
            for from in 0..nodes {
                let Some(first) = paths[from * nodes + via] else { continue };
                for to in 0..nodes {
                    let Some(second) = paths[via * nodes + to] else { continue };
                    let joined = Path {
                        latency: first.latency + second.latency,
                        hops: first.hops + second.hops,
                        seconds_per_bit: first.seconds_per_bit + second.seconds_per_bit,
                    };
                    let slot = &mut paths[from * nodes + to];
                    *slot = Some(slot.map_or(joined, |old| shorter(old, joined)));
                }
            }
        }
        let (mut kinds, mut known, mut places) = (Vec::with_capacity(paths.len()), Vec::new(), BTreeMap::new());
        for path in paths {
            kinds.push(path.map_or(NO_PATH, |path| {
                *places.entry((path.latency, path.hops, path.seconds_per_bit.to_bits())).or_insert_with(|| {
                    known.push(path);
                    (known.len() - 1) as u32
                })
            }));
        }
        Network { nodes, kinds, paths: known, linked }
    }

    /// Whether a link joins two nodes.
    pub fn linked(&self, a: NodeId, b: NodeId) -> bool {
        self.linked[a.index() * self.nodes + b.index()]
    }

    /// What `bytes` take from one node to another; `None` when no path leads there.
    #[inline]
    pub fn trip(&self, from: NodeId, to: NodeId, bytes: u64) -> Option<Trip> {
        if from == to {
            return Some(Trip { delay: Span::ZERO, hops: 0 });
        }
        let kind = self.kinds[from.index() * self.nodes + to.index()];
        let path = self.paths.get(kind as usize)?;
        let transfer = Span::from_secs_f64(bytes as f64 * 8.0 * path.seconds_per_bit)?;
        Some(Trip { delay: path.latency + transfer, hops: path.hops })
    }

    /// Time for `bytes` from one node to another; `None` when no path leads there.
    pub fn delay(&self, from: NodeId, to: NodeId, bytes: u64) -> Option<Span> {
        self.trip(from, to, bytes).map(|trip| trip.delay)
    }
}

/// The old path wins ties, so that the order of links in the scenario decides.
fn shorter(old: Path, new: Path) -> Path {
    if (new.latency, new.hops) < (old.latency, old.hops) { new } else { old }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_takes_latency_and_size_over_bandwidth_of_every_link_on_the_quickest_path() {
        let ms = |n: u64| Span::from_nanos(n * 1_000_000);
        let node = NodeId::from_index;
        let link = |a, b, latency, bandwidth_bps| Link { a: node(a), b: node(b), latency, bandwidth_bps };
        let links = [link(0, 1, ms(5), Some(8e6)), link(1, 2, ms(5), None), link(0, 2, ms(30), None)];
        let network = Network::new(4, &links);
        assert_eq!(network.delay(node(0), node(2), 1_000), Some(ms(11)), "5 ms, 1 ms for 8,000 bits, 5 ms");
        assert_eq!(network.delay(node(2), node(0), 0), Some(ms(10)));
        assert_eq!(network.delay(node(0), node(3), 1), None);
        assert_eq!(network.delay(node(3), node(3), 1), Some(Span::ZERO));
        assert!(network.linked(node(2), node(0)) && !network.linked(node(0), node(3)));
    }
}
