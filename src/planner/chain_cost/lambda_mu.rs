//! Stateless and stateful apps that share the containers of edge nodes: a snapshot of who runs where, and at what cost.
//!
//! Source: `ccicconetti/serverlessonedge`, `LambdaMuSim` (specification section 12). A lambda app is stateless, its rate
//! divisible over containers; a mu app is stateful and owns one container. Node 0 is the cloud.
//! Differs: the storage cost looks at the node of a container; the original looks at the number of the container, so
//! that only its first one counts as cloud. Ours is one place as large as everything, where both readings agree; the
//! dynamic mode, where they would not, is not built.

use super::ChainCostError;
use super::assignment::Flow;
use crate::engine::random::Rng;

/// An edge node: how many containers, and the rate that one of them can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeNode {
    pub containers: u64,
    /// 20 on servers, 10 on nucs in the published experiments.
    pub container_capacity: u64,
}

/// Rate, exchange and storage of an app, the same for all or drawn by weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AppParameters {
    pub weight: f64,
    pub rate: f64,
    pub exchange: f64,
    pub storage: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MuAlgorithm {
    Random,
    /// Apps in order, each to the cheapest free container.
    Greedy,
    /// Least cost over all apps.
    Hungarian,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LambdaAlgorithm {
    Random,
    /// Unit by unit to the cheapest container with room.
    Greedy,
    MinCostFlow,
}

/// A snapshot's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotProblem {
    pub nodes: Vec<EdgeNode>,
    /// Hops from each broker to each edge node.
    pub hops: Vec<Vec<f64>>,
    /// Cost of the cloud: this times the largest number of hops.
    pub cloud_distance_factor: f64,
    /// Per unit of storage, on edge nodes and in the cloud.
    pub storage_cost_edge: f64,
    pub storage_cost_cloud: f64,
    pub avg_lambda: f64,
    pub avg_mu: f64,
    /// Share of an edge node's containers that mu apps may own.
    pub alpha: f64,
    /// Share of a container's capacity that is used.
    pub beta: f64,
    pub apps: Vec<AppParameters>,
    pub mu: MuAlgorithm,
    pub lambda: LambdaAlgorithm,
}

/// What a snapshot came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Snapshot {
    pub containers: u64,
    pub capacity: u64,
    pub lambda_apps: u64,
    pub mu_apps: u64,
    pub lambda_cost: f64,
    /// Share of the lambda rate that the cloud serves.
    pub lambda_service_cloud: f64,
    pub mu_cost: f64,
    /// Mu apps in the cloud, and their share.
    pub mu_cloud: u64,
    pub mu_service_cloud: f64,
}

/// An app that was drawn.
#[derive(Clone, Copy)]
struct App {
    broker: usize,
    parameters: AppParameters,
}

/// Containers of one kind, edge first and the cloud's last.
struct Places {
    /// Node of each container; 0 is the cloud.
    node: Vec<usize>,
    capacity: Vec<u64>,
}

impl SnapshotProblem {
    /// # Errors
    /// Shares outside [0, 1], hops that do not fit the nodes, weights or rates that are not positive.
    pub fn check(&self) -> Result<(), ChainCostError> {
        let wrong = |found: String, wanted| Err(ChainCostError::Topology { found, wanted });
        let shares = [self.alpha, self.beta];
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || self.beta == 0.0 {
            return wrong(format!("alpha {}, beta {}", self.alpha, self.beta), "shares, beta above zero");
        }
        if self.hops.is_empty() || self.hops.iter().any(|row| row.len() != self.nodes.len()) {
            return wrong("hops".to_owned(), "a row per broker and a column per edge node");
        }
        let sound = |app: &AppParameters| app.weight > 0.0 && app.rate >= 0.0;
        if self.apps.is_empty() || !self.apps.iter().all(sound) {
            return wrong("app parameters".to_owned(), "at least one class, with positive weight");
        }
        Ok(())
    }

    /// Draws apps and assigns them: mu apps first, lambda apps over what is left.
    ///
    /// # Errors
    /// As [`SnapshotProblem::check`].
    pub fn solve(&self, rng: &mut Rng) -> Result<Snapshot, ChainCostError> {
        self.check()?;
        let lambdas: Vec<App> = (0..poisson(self.avg_lambda, rng)).map(|_| self.app(rng)).collect();
        let mus: Vec<App> = (0..poisson(self.avg_mu, rng)).map(|_| self.app(rng)).collect();
        let own: Vec<u64> = self.nodes.iter().map(|node| (self.alpha * node.containers as f64) as u64).collect();
        let mut snapshot = Snapshot {
            containers: self.nodes.iter().map(|node| node.containers).sum(),
            capacity: self.nodes.iter().map(|node| node.containers * node.container_capacity).sum(),
            lambda_apps: lambdas.len() as u64,
            mu_apps: mus.len() as u64,
            ..Snapshot::default()
        };
        // Every mu app could go to the cloud.
        let mut places = places(&own, |_| 1);
        places.node.extend(vec![0; mus.len()]);
        places.capacity.extend(vec![1; mus.len()]);
        let mu_cost = |app: &App, place: usize| {
            app.parameters.rate * self.network(app.broker, places.node[place]) * app.parameters.exchange
        };
        let flow = Flow {
            costs: mus.iter().map(|app| (0..places.node.len()).map(|place| mu_cost(app, place)).collect()).collect(),
            requests: vec![1; mus.len()],
            capacities: places.capacity.clone(),
        };
        let assigned = match self.mu {
            MuAlgorithm::Random => flow.random(rng),
            MuAlgorithm::Greedy => flow.greedy(),
            MuAlgorithm::Hungarian => flow.least_cost(),
        };
        snapshot.mu_cost = assigned.cost;
        let mut used = vec![0_u64; self.nodes.len()];
        for row in &assigned.units {
            let place = row.iter().position(|&n| n > 0).expect("the cloud has room for every mu app");
            match places.node[place] {
                0 => snapshot.mu_cloud += 1,
                node => used[node - 1] += 1,
            }
        }
        snapshot.mu_service_cloud = share(snapshot.mu_cloud as f64, mus.len() as f64);
        self.assign_lambdas(&lambdas, &used, &mut snapshot, rng);
        Ok(snapshot)
    }

    fn assign_lambdas(&self, lambdas: &[App], used: &[u64], snapshot: &mut Snapshot, rng: &mut Rng) {
        let left: Vec<u64> = self.nodes.iter().zip(used).map(|(node, used)| node.containers - used).collect();
        let requests: Vec<u64> = lambdas.iter().map(|app| app.parameters.rate.ceil() as u64).collect();
        let total: u64 = requests.iter().sum();
        let capacity = |node: usize| (self.beta * self.nodes[node].container_capacity as f64) as u64;
        let mut places = places(&left, capacity);
        // The cloud's container is as large as everything; it comes first, as node 0 does.
        places.node.insert(0, 0);
        places.capacity.insert(0, total);
        let unit = |app: &App, place: usize| {
            let node = places.node[place];
            let storage = if node == 0 { self.storage_cost_cloud } else { self.storage_cost_edge };
            self.network(app.broker, node) * app.parameters.exchange + storage * app.parameters.storage
        };
        let flow = Flow {
            costs: lambdas.iter().map(|app| (0..places.node.len()).map(|place| unit(app, place)).collect()).collect(),
            requests,
            capacities: places.capacity.clone(),
        };
        let assigned = match self.lambda {
            LambdaAlgorithm::Random => flow.random(rng),
            LambdaAlgorithm::Greedy => flow.greedy(),
            LambdaAlgorithm::MinCostFlow => flow.least_cost(),
        };
        snapshot.lambda_cost = assigned.cost;
        let cloud: u64 = assigned.units.iter().map(|row| row[0]).sum();
        snapshot.lambda_service_cloud = share(cloud as f64, total as f64);
    }

    fn network(&self, broker: usize, node: usize) -> f64 {
        match node {
            0 => self.cloud_distance_factor * self.hops.iter().flatten().copied().fold(0.0, f64::max),
            edge => self.hops[broker][edge - 1],
        }
    }

    fn app(&self, rng: &mut Rng) -> App {
        let total: f64 = self.apps.iter().map(|class| class.weight).sum();
        let mark = rng.uniform() * total;
        let mut sum = 0.0;
        let class = self.apps.iter().find(|class| {
            sum += class.weight;
            mark < sum
        });
        let parameters = *class.unwrap_or(&self.apps[self.apps.len() - 1]);
        App { broker: rng.below(self.hops.len() as u64) as usize, parameters }
    }
}

/// Containers of the edge nodes, `counts` of each.
fn places(counts: &[u64], capacity: impl Fn(usize) -> u64) -> Places {
    let nodes = counts.iter().enumerate().flat_map(|(node, &count)| (0..count).map(move |_| node));
    let node: Vec<usize> = nodes.collect();
    let capacity = node.iter().map(|&node| capacity(node)).collect();
    Places { node: node.into_iter().map(|node| node + 1).collect(), capacity }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The number of arrivals in one unit of time with exponential gaps.
fn poisson(mean: f64, rng: &mut Rng) -> u64 {
    let mut count = 0;
    let mut time = rng.exponential();
    while time < mean {
        count += 1;
        time += rng.exponential();
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> SnapshotProblem {
        SnapshotProblem {
            nodes: vec![EdgeNode { containers: 4, container_capacity: 10 }; 3],
            hops: vec![vec![1.0, 2.0, 3.0], vec![3.0, 2.0, 1.0]],
            cloud_distance_factor: 2.0,
            storage_cost_edge: 1.0,
            storage_cost_cloud: 0.0,
            avg_lambda: 20.0,
            avg_mu: 8.0,
            alpha: 0.5,
            beta: 0.5,
            apps: vec![AppParameters { weight: 1.0, rate: 3.0, exchange: 1.0, storage: 0.1 }],
            mu: MuAlgorithm::Hungarian,
            lambda: LambdaAlgorithm::MinCostFlow,
        }
    }

    #[test]
    fn better_algorithms_never_cost_more() {
        for seed in 0..20 {
            let solve = |mu, lambda| {
                let problem = SnapshotProblem { mu, lambda, ..problem() };
                problem.solve(&mut Rng::seeded(seed)).unwrap()
            };
            let best = solve(MuAlgorithm::Hungarian, LambdaAlgorithm::MinCostFlow);
            let greedy = solve(MuAlgorithm::Greedy, LambdaAlgorithm::Greedy);
            assert!(best.mu_cost <= greedy.mu_cost + 1e-9);
            let same = solve(MuAlgorithm::Hungarian, LambdaAlgorithm::Greedy);
            assert!(best.lambda_cost <= same.lambda_cost + 1e-9);
            assert_eq!((best.containers, best.capacity), (12, 120));
            assert!(best.mu_apps >= best.mu_cloud && (0.0..=1.0).contains(&best.lambda_service_cloud));
        }
    }

    #[test]
    fn without_room_at_the_edge_everything_is_in_the_cloud() {
        let none = vec![EdgeNode { containers: 0, container_capacity: 10 }; 3];
        let snapshot = SnapshotProblem { nodes: none, ..problem() }.solve(&mut Rng::seeded(3)).unwrap();
        assert_eq!(snapshot.mu_cloud, snapshot.mu_apps);
        assert_eq!((snapshot.mu_service_cloud, snapshot.lambda_service_cloud), (1.0, 1.0));
        assert!(SnapshotProblem { beta: 1.5, ..problem() }.check().is_err());
        assert!(SnapshotProblem { hops: vec![vec![1.0]], ..problem() }.check().is_err());
    }
}
