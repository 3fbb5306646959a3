//! Nodes and links.

use super::Checker;
use super::pools::CORES_MAX;
use crate::model::network::Link;
use crate::model::node::Node;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;

const MIB: u64 = 1 << 20;

/// The names of all nodes, in the order of their ids; a scenario without nodes has one.
pub(super) fn names(raw: &raw::Scenario) -> Vec<String> {
    if raw.nodes.is_empty() { vec!["cloud".to_owned()] } else { raw.nodes.keys().cloned().collect() }
}

/// The index of the cloud: the node that says so, else the one of that name, else the first.
pub(super) fn cloud(raw: &raw::Scenario) -> usize {
    let says_so = raw.nodes.values().position(|node| node.cloud);
    says_so.or_else(|| raw.nodes.keys().position(|name| name == "cloud")).unwrap_or(0)
}

impl Checker<'_> {
    pub(super) fn nodes(&mut self, raw: &raw::Scenario) -> Vec<Node> {
        let claim = raw.nodes.iter().filter(|(_, node)| node.cloud).map(|(name, _)| name.clone());
        for second in claim.skip(1).collect::<Vec<_>>() {
            self.refuse(KeyPath::from("nodes").key(second).key("cloud"), "one cloud only");
        }
        for (name, node) in &raw.nodes {
            if node.memory.is_some_and(|memory| memory.0 < MIB) {
                self.refuse(KeyPath::from("nodes").key(name).key("memory"), "at least 1MiB");
            }
            if node.cores.is_some_and(|cores| !(0.001..=CORES_MAX).contains(&cores)) {
                self.refuse(KeyPath::from("nodes").key(name).key("cores"), "from 0.001 to 4096 cores");
            }
        }
        let cloud = self.names.cloud;
        let nodes = self.names.nodes.iter().enumerate();
        nodes
            .map(|(index, name)| {
                let memory = raw.nodes.get(name).and_then(|node| node.memory);
                let cores = raw.nodes.get(name).and_then(|node| node.cores);
                let millicores = cores.map(|cores| (cores * 1000.0).round() as u64);
                Node { millicores, ..Node::new(name, index == cloud, memory.map(|bytes| bytes.0 / MIB)) }
            })
            .collect()
    }

    pub(super) fn links(&mut self, raw: &raw::Scenario) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for (index, written) in raw.links.iter().enumerate() {
            let path = KeyPath::from("links").index(index);
            let a = self.node(Some(&written.from), path.key("from"));
            let b = self.node(Some(&written.to), path.key("to"));
            if written.from == written.to {
                self.refuse(path.key("to"), "another node than `from`");
            }
            let same = |link: &Link| (link.a, link.b) == (a, b) || (link.a, link.b) == (b, a);
            if links.iter().any(same) {
                self.refuse(path.clone(), "one link between two nodes");
            }
            let bandwidth_bps = written.bandwidth.map(|bandwidth| bandwidth.bits_per_s as f64);
            if bandwidth_bps.is_some_and(|bps| bps <= 0.0) {
                self.refuse(path.key("bandwidth"), "a bandwidth above zero");
            }
            links.push(Link { a, b, latency: written.latency.0, bandwidth_bps });
        }
        links
    }

    /// Ids of functions named in a list, each once.
    pub(super) fn function_list(&mut self, names: &[String], path: &KeyPath) -> Vec<crate::model::ids::FunctionId> {
        let known = self.names.functions.clone();
        let mut ids = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if let Some(found) = self.find(&known, name, path.index(index), "a function") {
                ids.push(crate::model::ids::FunctionId::from_index(found));
            }
        }
        ids
    }
}
