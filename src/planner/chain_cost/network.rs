//! A topology of processing nodes, links and switches: how long bytes take from node to node, and over how many links.
//!
//! Source: `ccicconetti/serverlessonedge`, `StateSim` (specification section 11). Links are vertices of the graph; the
//! weight of an edge is the sum of 2/capacity over those of its ends that are links, and paths are the shortest.
//! Differs: links are symmetric, so the original's exchange of uplink and downlink has no counterpart.

use std::collections::{BTreeMap, BTreeSet};

use super::ChainCostError;

/// A place that can run tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub speed_ops_per_s: f64,
    /// Such as `cpu` or `gpu`; a function runs only on nodes of its own.
    pub affinity: String,
    /// True where jobs start.
    pub client: bool,
}

/// A path: seconds per byte and links crossed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Path {
    s_per_byte: f64,
    links: u32,
}

/// Nodes in order of their names, and the paths between them.
#[derive(Clone, Debug)]
pub struct Network {
    names: Vec<String>,
    nodes: Vec<Node>,
    /// `paths[from][to]`.
    paths: Vec<Vec<Path>>,
}

impl Network {
    /// `links_mbps` are capacities by name, `adjacency` undirected pairs of nodes, links and switches (whatever is
    /// neither node nor link).
    ///
    /// # Errors
    /// No nodes, a speed or capacity that is not positive, or nodes without a path between them.
    pub fn new(
        nodes: BTreeMap<String, Node>,
        links_mbps: &BTreeMap<String, f64>,
        adjacency: &[(String, String)],
    ) -> Result<Network, ChainCostError> {
        let wrong = |found: String, wanted| Err(ChainCostError::Topology { found, wanted });
        if nodes.is_empty() {
            return wrong("no nodes".to_owned(), "at least one");
        }
        let positive = |value: f64| value > 0.0 && value.is_finite();
        if let Some((name, node)) = nodes.iter().find(|(_, node)| !positive(node.speed_ops_per_s)) {
            return wrong(format!("node {name} with speed {}", node.speed_ops_per_s), "a positive speed");
        }
        if let Some((name, capacity)) = links_mbps.iter().find(|(_, capacity)| !positive(**capacity)) {
            return wrong(format!("link {name} with {capacity} Mb/s"), "a positive capacity");
        }
        let ends = adjacency.iter().flat_map(|(a, b)| [a, b]);
        let vertices: BTreeSet<&String> = nodes.keys().chain(links_mbps.keys()).chain(ends).collect();
        let vertices: Vec<&String> = vertices.into_iter().collect();
        let place = |name: &String| vertices.binary_search(&name).expect("every name is a vertex");
        let capacity: Vec<Option<f64>> = vertices.iter().map(|name| links_mbps.get(*name).copied()).collect();
        let mut neighbours = vec![Vec::new(); vertices.len()];
        for (a, b) in adjacency {
            let (a, b) = (place(a), place(b));
            let weight = [a, b].iter().filter_map(|&end| capacity[end]).map(|mbps| 2.0 / mbps).sum();
            neighbours[a].push((b, weight));
            neighbours[b].push((a, weight));
        }
        let at: Vec<usize> = nodes.keys().map(place).collect();
        let mut paths = vec![vec![Path::default(); at.len()]; at.len()];
        for (to, &root) in at.iter().enumerate() {
            let parents = tree(root, &neighbours);
            for (from, &start) in at.iter().enumerate() {
                let mut vertex = start;
                while vertex != root {
                    let Some(parent) = parents[vertex] else {
                        let found = format!("no path from {} to {}", vertices[start], vertices[root]);
                        return wrong(found, "a connected topology");
                    };
                    vertex = parent;
                    if let Some(mbps) = capacity[vertex] {
                        paths[from][to].s_per_byte += 8.0 / (mbps * 1e6);
                        paths[from][to].links += 1;
                    }
                }
            }
        }
        let (names, nodes) = nodes.into_iter().unzip();
        Ok(Network { names, nodes, paths })
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Nodes in order of their names.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn name(&self, node: usize) -> &str {
        &self.names[node]
    }

    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).ok()
    }

    /// Seconds that `bytes` take.
    pub fn transfer_s(&self, from: usize, to: usize, bytes: u64) -> f64 {
        self.paths[from][to].s_per_byte * bytes as f64
    }

    /// Links on the way.
    pub fn hops(&self, from: usize, to: usize) -> u32 {
        self.paths[from][to].links
    }

    /// The node whose slowest transfer of 1000 bytes, to or from any node, is the quickest; the first in order of names
    /// when equal.
    pub fn central(&self) -> usize {
        let worst = |node: usize| {
            let transfers = (0..self.len()).flat_map(|other| [(node, other), (other, node)]);
            transfers.map(|(from, to)| self.transfer_s(from, to, 1000)).fold(0.0, f64::max)
        };
        (1..self.len()).fold(0, |best, node| if worst(node) < worst(best) { node } else { best })
    }
}

/// The next vertex towards `root` from every vertex on a shortest path; ties by the order of vertices.
fn tree(root: usize, neighbours: &[Vec<(usize, f64)>]) -> Vec<Option<usize>> {
    let mut distance = vec![f64::INFINITY; neighbours.len()];
    let mut parent = vec![None; neighbours.len()];
    let mut open: BTreeSet<(u64, usize)> = BTreeSet::from([(0, root)]);
    distance[root] = 0.0;
    while let Some((bits, vertex)) = open.pop_first() {
        // Bits of floats that are not negative have the order of the floats.
        let reached = f64::from_bits(bits);
        if reached > distance[vertex] {
            continue;
        }
        for &(next, weight) in &neighbours[vertex] {
            let through = reached + weight;
            if through < distance[next] {
                distance[next] = through;
                parent[next] = Some(vertex);
                open.insert((through.to_bits(), next));
            }
        }
    }
    parent
}
