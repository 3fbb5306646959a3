//! Which node may forward to which.
//!
//! Source: the matrix A of the FRALB formulation. Links are directed here, so that a link that carries only one way
//! can be stated; generated networks have both directions.

use std::ops::Range;

/// The links between `nodes` nodes, in ascending order of (from, to).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    nodes: usize,
    links: Vec<(usize, usize)>,
    out: Vec<Range<usize>>,
    into: Vec<Vec<usize>>,
}

impl Network {
    /// The caller has ensured that the ends are below `nodes` and differ. Order and repetition do not matter.
    pub fn new(nodes: usize, mut links: Vec<(usize, usize)>) -> Network {
        links.sort_unstable();
        links.dedup();
        assert!(links.iter().all(|&(n, m)| n != m && n < nodes && m < nodes), "a link joins two nodes of the network");
        let mut into = vec![Vec::new(); nodes];
        let mut out = Vec::with_capacity(nodes);
        let mut next = 0;
        for n in 0..nodes {
            let first = next;
            while next < links.len() && links[next].0 == n {
                into[links[next].1].push(next);
                next += 1;
            }
            out.push(first..next);
        }
        Network { nodes, links, out, into }
    }

    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// (from, to) of every link; a link's number is its place here.
    pub fn links(&self) -> &[(usize, usize)] {
        &self.links
    }

    /// Numbers of the links that leave `node`, ascending by receiver.
    pub fn out_of(&self, node: usize) -> Range<usize> {
        self.out[node].clone()
    }

    /// Numbers of the links that end at `node`, ascending by sender.
    pub fn arriving_at(&self, node: usize) -> &[usize] {
        &self.into[node]
    }

    pub fn find(&self, from: usize, to: usize) -> Option<usize> {
        self.links.binary_search(&(from, to)).ok()
    }

    /// True when every node can be reached from the first, whichever way the links point.
    pub fn connected(&self) -> bool {
        let mut seen = vec![false; self.nodes];
        let mut next = vec![0];
        while let Some(n) = next.pop().filter(|&n| n < self.nodes) {
            if !std::mem::replace(&mut seen[n], true) {
                next.extend(self.out_of(n).map(|link| self.links[link].1));
                next.extend(self.arriving_at(n).iter().map(|&link| self.links[link].0));
            }
        }
        seen.into_iter().all(|seen| seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_from_both_ends() {
        let network = Network::new(4, vec![(2, 0), (0, 2), (0, 1), (0, 1)]);
        assert_eq!(network.links(), [(0, 1), (0, 2), (2, 0)]);
        assert_eq!(network.out_of(0), 0..2);
        assert_eq!(network.arriving_at(0), [2]);
        assert!(network.out_of(3).is_empty());
        assert_eq!(network.find(2, 0), Some(2));
        assert_eq!(network.find(1, 0), None);
        assert!(!network.connected());
        assert!(Network::new(3, vec![(0, 1), (2, 1)]).connected());
    }
}
