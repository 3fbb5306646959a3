//! What local work, forwarding and the cloud are worth: drawn from ranges, or derived from the seconds that
//! initialisation, the network and the input take.
//!
//! Source: weights of DFaaSOptimizer's instance generator, both forms. Differs: β is symmetric, δ is a mean over
//! neighbours and every node has its γ, unless `faithful` asks for the release's figures (defects B6, B15, B16).

use super::complaint::{Entry, Notes};
use super::draw::Draw;
use super::network::Network;
use crate::engine::random::{Rng, Streams};

/// Rewards and penalties.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    Ranges {
        alpha: Draw,
        beta: BetaRule,
        gamma: Draw,
        delta_multiplier: Draw,
        /// γ per node and β per pair of nodes instead of one for all.
        heterogeneous: bool,
        /// Whole draws, a later addition of the program.
        whole: bool,
        /// The release's matrix of β, zero below the diagonal.
        faithful: bool,
    },
    /// From times: seconds for initialisation and latencies, MB of input, MB per second of bandwidth.
    Times {
        initialization: Draw,
        input: Draw,
        edge_latency: Draw,
        cloud_latency: Draw,
        edge_bandwidth: Draw,
        cloud_bandwidth: Draw,
        /// The release's δ over all nodes and its last node without γ.
        faithful: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum BetaRule {
    /// β = α times a draw.
    Multiplier(Draw),
    /// β drawn itself.
    Range(Draw),
}

impl Weights {
    pub fn read(entry: &Entry<'_>, notes: &mut Notes) -> Option<Weights> {
        entry.object(notes)?;
        let draw = |name: &str, notes: &mut Notes, wanted: &str, least: f64| {
            let part = entry.need(name, notes, wanted)?;
            Draw::read(&part, notes, wanted, |v| v >= least)
        };
        let faithful = entry.get("faithful").and_then(|entry| entry.truth(notes)).unwrap_or(false);
        if entry.get("initialization_time").is_some() {
            entry.warn_unknown(
                &[
                    "initialization_time",
                    "input_data",
                    "edge_network_latency",
                    "cloud_network_latency",
                    "edge_bandwidth",
                    "cloud_bandwidth",
                    "faithful",
                ],
                notes,
            );
            let (seconds, size, rate) = ("seconds, 0 or more", "MB, 0 or more", "a bandwidth of at least 1");
            let initialization = draw("initialization_time", notes, seconds, 0.0);
            let input = draw("input_data", notes, size, 0.0);
            let edge_latency = draw("edge_network_latency", notes, seconds, 0.0);
            let cloud_latency = draw("cloud_network_latency", notes, seconds, 0.0);
            let edge_bandwidth = draw("edge_bandwidth", notes, rate, 1.0);
            let cloud_bandwidth = draw("cloud_bandwidth", notes, rate, 1.0);
            return Some(Weights::Times {
                initialization: initialization?,
                input: input?,
                edge_latency: edge_latency?,
                cloud_latency: cloud_latency?,
                edge_bandwidth: edge_bandwidth?,
                cloud_bandwidth: cloud_bandwidth?,
                faithful,
            });
        }
        entry.warn_unknown(
            &["alpha", "beta", "beta_multiplier", "gamma", "delta_multiplier", "type", "dtype", "faithful"],
            notes,
        );
        let weight = "a weight of at least 0";
        let alpha = draw("alpha", notes, weight, 0.0);
        let beta = match entry.get("beta") {
            Some(beta) => Draw::read(&beta, notes, weight, |v| v >= 0.0).map(BetaRule::Range),
            None => draw("beta_multiplier", notes, weight, 0.0).map(BetaRule::Multiplier),
        };
        let gamma = draw("gamma", notes, weight, 0.0);
        let delta_multiplier = draw("delta_multiplier", notes, weight, 0.0);
        let mut one_of = |name: &str, plain: &str, other: &str| {
            let part = entry.get(name)?;
            let wanted = format!("{plain:?} or {other:?}");
            let text = part.text(notes, &wanted)?;
            if text != plain && text != other {
                part.complain(notes, &wanted);
            }
            Some(text == other)
        };
        let heterogeneous = one_of("type", "homogeneous", "heterogeneous").unwrap_or(false);
        let whole = one_of("dtype", "float", "int").unwrap_or(false);
        Some(Weights::Ranges {
            alpha: alpha?,
            beta: beta?,
            gamma: gamma?,
            delta_multiplier: delta_multiplier?,
            heterogeneous,
            whole,
            faithful,
        })
    }
}

/// Weights of every cell; `beta` over all pairs of nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rewards {
    pub alpha: Vec<f64>,
    pub beta: Vec<f64>,
    pub gamma: Vec<f64>,
    pub delta: Vec<f64>,
}

/// Seconds and sizes behind the weights; links are those of the network, both ways alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// Per function, seconds.
    pub initialization: Vec<f64>,
    /// Per function, MB.
    pub input: Vec<f64>,
    /// Per link, seconds.
    pub edge_latency: Vec<f64>,
    /// Per link, MB per second.
    pub edge_bandwidth: Vec<f64>,
    /// Node-major, seconds.
    pub cloud_latency: Vec<f64>,
    pub cloud_bandwidth: f64,
}

impl Weights {
    /// Draws the weights of a network.
    pub fn draw(&self, network: &Network, functions: usize, streams: &Streams) -> Rewards {
        match self {
            Weights::Ranges { alpha, beta, gamma, delta_multiplier, heterogeneous, whole, faithful } => {
                let mut rng = streams.stream("fralb", "weights");
                let mut pick =
                    |draw: &Draw, rng: &mut Rng| if *whole { draw.whole(rng) as f64 } else { draw.real(rng) };
                let reward = |alpha: f64, pick: &mut dyn FnMut(&Draw, &mut Rng) -> f64, rng: &mut Rng| match beta {
                    BetaRule::Multiplier(draw) => alpha * pick(draw, rng),
                    BetaRule::Range(draw) => pick(draw, rng),
                };
                let nodes = network.nodes();
                let mut rewards = Rewards {
                    alpha: vec![0.0; nodes * functions],
                    beta: vec![0.0; nodes * nodes * functions],
                    gamma: vec![0.0; nodes * functions],
                    delta: vec![0.0; nodes * functions],
                };
                for f in 0..functions {
                    let own = pick(alpha, &mut rng);
                    let common = reward(own, &mut pick, &mut rng);
                    let (penalty, share) = (pick(gamma, &mut rng), pick(delta_multiplier, &mut rng));
                    for n in 0..nodes {
                        let cell = n * functions + f;
                        rewards.alpha[cell] = own;
                        rewards.gamma[cell] = if *heterogeneous { pick(gamma, &mut rng) } else { penalty };
                        for m in n..nodes {
                            let worth = if *heterogeneous { reward(own, &mut pick, &mut rng) } else { common };
                            rewards.beta[(n * nodes + m) * functions + f] = worth;
                            rewards.beta[(m * nodes + n) * functions + f] = worth;
                        }
                    }
                    for n in 0..nodes {
                        let share = if *heterogeneous { pick(delta_multiplier, &mut rng) } else { share };
                        let worth = match heterogeneous {
                            true => mean_reward(&rewards.beta, network, functions, n, f, *faithful),
                            false => common,
                        };
                        rewards.delta[n * functions + f] = worth * share;
                    }
                }
                if *faithful && !heterogeneous {
                    keep_upper_triangle(&mut rewards.beta, nodes, functions);
                }
                rewards
            }
            Weights::Times {
                initialization,
                input,
                edge_latency,
                cloud_latency,
                edge_bandwidth,
                cloud_bandwidth,
                faithful,
            } => {
                let mut rng = streams.stream("fralb", "weights");
                let mut links = streams.stream("fralb", "links");
                let per_function = |draw: &Draw, rng: &mut Rng| (0..functions).map(|_| draw.real(rng)).collect();
                let mut latency = vec![0.0; network.links().len()];
                let mut bandwidth = latency.clone();
                for (link, &(n, m)) in network.links().iter().enumerate() {
                    // Drawn once per pair of nodes.
                    let back = if m < n { network.find(m, n) } else { None };
                    (latency[link], bandwidth[link]) = match back {
                        Some(back) => (latency[back], bandwidth[back]),
                        None => (edge_latency.real(&mut links), edge_bandwidth.whole(&mut links) as f64),
                    };
                }
                let times = Times {
                    initialization: per_function(initialization, &mut rng),
                    input: per_function(input, &mut rng),
                    edge_latency: latency,
                    edge_bandwidth: bandwidth,
                    cloud_bandwidth: cloud_bandwidth.whole(&mut rng) as f64,
                    cloud_latency: (0..network.nodes() * functions).map(|_| cloud_latency.real(&mut rng)).collect(),
                };
                times.rewards(network, *faithful)
            }
        }
    }
}

impl Times {
    /// The faster, the better: times are mapped to rewards between 0 and 1, cloud times to penalties.
    pub fn rewards(&self, network: &Network, faithful: bool) -> Rewards {
        let (nodes, functions) = (network.nodes(), self.initialization.len());
        let mut seconds = vec![f64::NAN; nodes * nodes * functions];
        for (link, &(n, m)) in network.links().iter().enumerate() {
            for f in 0..functions {
                seconds[(n * nodes + m) * functions + f] =
                    self.initialization[f] + self.edge_latency[link] + self.input[f] / self.edge_bandwidth[link];
            }
        }
        let low = self.initialization.iter().copied().fold(f64::INFINITY, f64::min);
        // Comparisons skip pairs without a link.
        let high = seconds.iter().copied().filter(|v| !v.is_nan()).fold(low, f64::max);
        let reward = |v: f64| if v.is_nan() { 0.0 } else { 1.0 - scaled(v, low, high) };
        let beta: Vec<f64> = seconds.into_iter().map(reward).collect();
        let per_function: Vec<f64> = self.initialization.iter().map(|&v| reward(v)).collect();

        let mut cloud: Vec<f64> = self.cloud_latency.clone();
        cloud.iter_mut().enumerate().for_each(|(cell, v)| *v += self.input[cell % functions] / self.cloud_bandwidth);
        if faithful {
            let last = (nodes - 1) * functions;
            cloud[last..last + functions - 1].fill(0.0);
        }
        let least = cloud.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = cloud.iter().copied().fold(0.0, f64::max);
        let cells = (0..nodes).flat_map(|n| (0..functions).map(move |f| (n, f)));
        Rewards {
            alpha: per_function.iter().copied().cycle().take(nodes * functions).collect(),
            gamma: cloud.into_iter().map(|v| scaled(v, least, greatest)).collect(),
            delta: cells.map(|(n, f)| mean_reward(&beta, network, functions, n, f, faithful)).collect(),
            beta,
        }
    }
}

fn scaled(value: f64, low: f64, high: f64) -> f64 {
    if high > low { (value - low) / (high - low) } else { 0.0 }
}

/// Over the neighbours; over all nodes, itself included, as released. 0 without neighbours.
fn mean_reward(beta: &[f64], network: &Network, functions: usize, n: usize, f: usize, faithful: bool) -> f64 {
    let nodes = network.nodes();
    let of = |m: usize| beta[(n * nodes + m) * functions + f];
    if faithful {
        return (0..nodes).map(of).sum::<f64>() / nodes as f64;
    }
    let links = network.out_of(n);
    let count = links.len().max(1) as f64;
    links.map(|link| of(network.links()[link].1)).sum::<f64>() / count
}

/// The release's matrix: nothing below the diagonal, nothing for the last node (B6).
fn keep_upper_triangle(beta: &mut [f64], nodes: usize, functions: usize) {
    for n in 0..nodes {
        for m in 0..nodes {
            if m < n || n == nodes - 1 {
                beta[(n * nodes + m) * functions..][..functions].fill(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_times_everywhere_are_worth_the_most_and_cost_nothing() {
        let network = Network::new(2, vec![(0, 1), (1, 0)]);
        let times = Times {
            initialization: vec![0.3],
            input: vec![0.0],
            edge_latency: vec![0.0; 2],
            edge_bandwidth: vec![1.0; 2],
            cloud_latency: vec![0.1; 2],
            cloud_bandwidth: 1.0,
        };
        let rewards = times.rewards(&network, false);
        assert_eq!((rewards.alpha, rewards.gamma), (vec![1.0, 1.0], vec![0.0, 0.0]));
        assert_eq!(rewards.delta, [1.0, 1.0]);
    }

    #[test]
    fn drawn_rewards_are_symmetric_unless_the_release_is_asked_for() {
        let point = |v| Draw::Range { min: v, max: v };
        let network = Network::new(3, vec![(0, 1), (1, 0), (1, 2), (2, 1)]);
        let draw = |faithful, heterogeneous| {
            let weights = Weights::Ranges {
                alpha: point(1.0),
                beta: BetaRule::Multiplier(Draw::Range { min: 0.5, max: 0.9 }),
                gamma: point(0.1),
                delta_multiplier: point(0.5),
                heterogeneous,
                whole: false,
                faithful,
            };
            weights.draw(&network, 1, &Streams::new(5, 0))
        };
        let rewards = draw(false, true);
        assert_eq!(rewards.beta[1], rewards.beta[3]);
        assert_ne!(rewards.beta[1], rewards.beta[5]);
        assert_eq!(rewards.delta[1], 0.5 * (rewards.beta[3] + rewards.beta[5]) / 2.0);
        let released = draw(true, false);
        assert!(released.beta[1] > 0.0 && released.beta[3] == 0.0 && released.beta[8] == 0.0);
    }
}
