//! Where a plan can be carried out: the fleets that hold the replicas of each function at each edge node, found among
//! the pools of a scenario.
//!
//! Source: the FRALB model deploys every function on every node, and a replica takes the same memory everywhere. What a
//! scenario states otherwise is a flaw, told with what was wanted.

use crate::model::ids::{FunctionId, NodeId, PoolId};
use crate::model::node::Node;
use crate::model::pool::{Birth, Capacity, PoolSpec};

/// Nodes and functions of a plan, in the order of their ids, and the fleet of each cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where what is not served at the edge goes.
    pub cloud: NodeId,
    pub nodes: Vec<NodeId>,
    pub functions: Vec<FunctionId>,
    /// Node-major over functions.
    pub fleets: Vec<PoolId>,
    /// MiB of one replica, by function.
    pub replica_mib: Vec<u64>,
    /// MiB of each node.
    pub node_mib: Vec<u64>,
}

/// Why a scenario has no layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub found: String,
    pub wanted: &'static str,
}

impl Layout {
    /// Finds the layout among pools, places and the names of functions. `named` restricts the pools; when it is empty,
    /// every fleet with slots at an edge node that serves one function holds replicas.
    ///
    /// # Errors
    /// Every flaw: nothing at the edge, no cloud behind it, cells without a fleet, nodes without a stated memory,
    /// replicas of different sizes.
    pub fn find(
        pools: &[&PoolSpec],
        places: &[Node],
        functions: &[&str],
        named: &[String],
    ) -> Result<Layout, Vec<Flaw>> {
        let Some(cloud) = places.iter().position(|place| place.is_cloud) else {
            return Err(vec![Flaw { found: "no cloud".into(), wanted: "a node that is the cloud" }]);
        };
        let holds = |pool: &PoolSpec| {
            let fleet = matches!(pool.birth, Birth::Ordered { .. }) && matches!(pool.capacity, Capacity::Slots(_));
            let meant = named.is_empty() || named.contains(&pool.name);
            fleet && meant && pool.node.index() != cloud && serves_one(pool, functions.len()).is_some()
        };
        // The first fleet of a cell is the one that is used.
        let fleet_of = |node: NodeId, function: FunctionId| {
            let is_it = |pool: &&PoolSpec| {
                holds(pool) && pool.node == node && serves_one(pool, functions.len()) == Some(function)
            };
            pools.iter().position(is_it)
        };
        let all_nodes = (0..places.len()).map(NodeId::from_index);
        let nodes: Vec<NodeId> =
            all_nodes.filter(|&node| pools.iter().any(|pool| holds(pool) && pool.node == node)).collect();
        let all_functions = (0..functions.len()).map(FunctionId::from_index);
        let is_held = |function: FunctionId| nodes.iter().any(|&node| fleet_of(node, function).is_some());
        let held: Vec<FunctionId> = all_functions.filter(|&function| is_held(function)).collect();
        let mut flaws = Vec::new();
        for name in named.iter().filter(|name| !pools.iter().any(|pool| pool.name == **name && holds(pool))) {
            flaws.push(Flaw {
                found: format!("\"{name}\""),
                wanted: "pools of a stated size with slots, at edge nodes, each for one function",
            });
        }
        if nodes.is_empty() && flaws.is_empty() {
            let wanted = "fleets (kind container with a size) at edge nodes, each for one function";
            flaws.push(Flaw { found: "no replicas".into(), wanted });
        }
        let mut layout = Layout {
            cloud: NodeId::from_index(cloud),
            fleets: Vec::new(),
            replica_mib: Vec::new(),
            node_mib: Vec::new(),
            nodes,
            functions: held,
        };
        for &node in &layout.nodes {
            let place = &places[node.index()];
            for &function in &layout.functions {
                match fleet_of(node, function) {
                    Some(pool) => layout.fleets.push(PoolId::from_index(pool)),
                    None => flaws.push(Flaw {
                        found: format!("no replicas of {} at {}", functions[function.index()], place.name),
                        wanted: "a fleet for every function at every node of the plan",
                    }),
                }
            }
            match place.memory_mib {
                Some(mib) => layout.node_mib.push(mib),
                None => flaws.push(Flaw {
                    found: format!("node {} without a memory", place.name),
                    wanted: "a stated memory at every node of the plan",
                }),
            }
        }
        for &function in &layout.functions {
            let sizes = layout.nodes.iter().filter_map(|&node| fleet_of(node, function));
            let mut sizes: Vec<u64> = sizes.map(|pool| pools[pool].memory_mib).collect();
            layout.replica_mib.extend(sizes.first());
            sizes.sort_unstable();
            sizes.dedup();
            let name = functions[function.index()];
            if sizes.len() > 1 {
                let sizes = sizes.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                let wanted = "replicas of a function that take the same memory at every node";
                flaws.push(Flaw { found: format!("replicas of {name} of {sizes} MiB"), wanted });
            }
            if !pools.iter().any(|pool| pool.node.index() == cloud && serves(pool, function)) {
                let wanted = "a pool at the cloud for what finds no place at the edge";
                flaws.push(Flaw { found: format!("no pool for {name} at the cloud"), wanted });
            }
        }
        if flaws.is_empty() { Ok(layout) } else { Err(flaws) }
    }

    /// The place of a cell among `fleets`.
    pub fn cell(&self, node: NodeId, function: FunctionId) -> Option<usize> {
        let n = self.nodes.binary_search(&node).ok()?;
        let f = self.functions.binary_search(&function).ok()?;
        Some(n * self.functions.len() + f)
    }
}

/// Whether requests for the function may be sent to the pool.
fn serves(pool: &PoolSpec, function: FunctionId) -> bool {
    pool.serves.is_empty() || pool.serves.contains(&function)
}

/// The only function of a pool.
fn serves_one(pool: &PoolSpec, functions: usize) -> Option<FunctionId> {
    match &pool.serves[..] {
        [only] => Some(*only),
        [] if functions == 1 => Some(FunctionId::from_index(0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{container, lambda};
    use super::*;

    fn places() -> Vec<Node> {
        vec![Node::new("cloud", true, None), Node::new("east", false, Some(4096)), Node::new("west", false, Some(1024))]
    }

    fn flaws(pools: &[PoolSpec], places: &[Node], named: &[&str]) -> Vec<String> {
        let pools: Vec<&PoolSpec> = pools.iter().collect();
        let named: Vec<String> = named.iter().map(|&name| name.to_owned()).collect();
        let flaws = Layout::find(&pools, places, &["api", "img"], &named).expect_err("there is a flaw");
        flaws.into_iter().map(|flaw| flaw.found).collect()
    }

    fn sound() -> Vec<PoolSpec> {
        let at = |name, node, function| container(name, node, function, 256);
        vec![at("ea", 1, 0), at("ei", 1, 1), lambda(0), at("wa", 2, 0), at("wi", 2, 1)]
    }

    #[test]
    fn fleets_are_found_node_by_node() {
        let pools = sound();
        let pools: Vec<&PoolSpec> = pools.iter().collect();
        let layout = Layout::find(&pools, &places(), &["api", "img"], &[]).expect("sound");
        assert_eq!(layout.fleets, [0, 1, 3, 4].map(PoolId::from_index));
        assert_eq!((layout.cloud, &layout.node_mib[..]), (NodeId::from_index(0), &[4096, 1024][..]));
        assert_eq!(layout.cell(NodeId::from_index(2), FunctionId::from_index(1)), Some(3));
        assert_eq!(layout.cell(NodeId::from_index(0), FunctionId::from_index(1)), None);
    }

    #[test]
    fn what_the_model_cannot_hold_is_told() {
        let mut pools = sound();
        pools.pop();
        assert_eq!(flaws(&pools, &places(), &[]), ["no replicas of img at west"]);
        let mut open = places();
        open[1].memory_mib = None;
        assert_eq!(flaws(&sound(), &open, &[]), ["node east without a memory"]);
        let mut pools = sound();
        pools[0].memory_mib = 128;
        assert_eq!(flaws(&pools, &places(), &[]), ["replicas of api of 128, 256 MiB"]);
        let mut pools = sound();
        pools.remove(2);
        assert_eq!(flaws(&pools, &places(), &[]), ["no pool for api at the cloud", "no pool for img at the cloud"]);
        assert_eq!(flaws(&[lambda(0)], &places(), &[]), ["no replicas"]);
        assert_eq!(flaws(&sound(), &places(), &["lambda"]), ["\"lambda\""]);
    }
}
