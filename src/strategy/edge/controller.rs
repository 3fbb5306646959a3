//! The controller of the brokers: it knows which computers offer which functions and fills the forwarding tables.
//!
//! Source: Cicconetti, Conti, Passarella, IEEE TNSM 2020; reference code `ccicconetti/serverlessonedge`, the flat and
//! hierarchical controllers and the balanced one of the ETSI MEC proxy (specification section 8).
//! Differs: on the removal of a computer its home router is told at its table server; the original sends the command to
//! the endpoint for calls, where it is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A name that many commands share: an announcement writes it once, however many brokers hear of it.
pub type Name = Arc<str>;

/// What a broker's table server is told. Names, because announcements are rare and cross brokers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Command {
    pub broker: Name,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Empties both tables.
    Flush,
    /// Adds a destination with weight 1.
    Change {
        function: Name,
        destination: Name,
        is_final: bool,
    },
    Remove {
        function: Name,
        destination: Name,
    },
}

/// Distances between nodes; they need not be symmetric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topology {
    names: Vec<String>,
    /// `distances[from][to]`.
    distances: Vec<Vec<f64>>,
    /// Computers that stand at a node under another name.
    hosts: BTreeMap<String, String>,
}

/// What the home router of a computer minimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The largest distance of a call, ties by the average.
    MinMax,
    /// The average, ties by the largest.
    MinAvg,
}

/// How well a router would do as the home of a computer.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub router: Name,
    /// Distance to the computer plus the largest distance to a router.
    pub max_cost: f64,
    /// Distances of a call from every router, in all (the distance to the computer counted once per node).
    pub avg_cost: f64,
    pub score: f64,
}

/// A name or shape that does not fit the topology.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("topology: found {found}, want {wanted}")]
pub struct TopologyError {
    pub found: String,
    pub wanted: &'static str,
}

impl Topology {
    /// # Errors
    /// A matrix that is not as wide and high as there are names, or names that stand twice.
    pub fn new(names: Vec<String>, distances: Vec<Vec<f64>>) -> Result<Topology, TopologyError> {
        let n = names.len();
        let square = distances.len() == n && distances.iter().all(|row| row.len() == n);
        if !square || names.iter().collect::<BTreeSet<_>>().len() < n {
            let found = format!("{n} names and {} rows", distances.len());
            return Err(TopologyError { found, wanted: "different names and a row and column for each" });
        }
        Ok(Topology { names, distances, hosts: BTreeMap::new() })
    }

    /// The same with computers, each under a name of its own at one of the nodes.
    pub fn hosting(self, hosts: impl IntoIterator<Item = (String, String)>) -> Topology {
        Topology { hosts: hosts.into_iter().collect(), ..self }
    }

    fn place(&self, name: &str) -> Result<usize, TopologyError> {
        let node = self.hosts.get(name).map_or(name, String::as_str);
        let found = self.names.iter().position(|known| known == node);
        found.ok_or_else(|| TopologyError { found: name.to_owned(), wanted: "a node of the topology" })
    }

    /// The scores of all routers as the home of a computer, in order of names.
    ///
    /// # Errors
    /// A name that is not in the topology.
    pub fn scores(
        &self,
        routers: &BTreeSet<Name>,
        computer: &str,
        objective: Objective,
    ) -> Result<Vec<Score>, TopologyError> {
        let computer = self.place(computer)?;
        let places: Vec<usize> = routers.iter().map(|router| self.place(router)).collect::<Result<_, _>>()?;
        let n = self.names.len() as f64;
        // Large enough that the second criterion never outweighs the first.
        let factor = 1.0 + 2.0 * n * n;
        let score = |(router, &place): (&Name, &usize)| {
            let own = self.distances[place][computer];
            // Who has no path to this router has none to whatever stands behind it, and does not say which is best for others.
            let others =
                || places.iter().map(|&other| self.distances[place][other]).filter(|distance| distance.is_finite());
            let max_cost = own + others().fold(0.0, f64::max);
            let avg_cost = n * own + others().sum::<f64>();
            let score = match objective {
                Objective::MinMax => factor * max_cost + avg_cost,
                Objective::MinAvg => max_cost + factor * avg_cost,
            };
            Score { router: router.clone(), max_cost, avg_cost, score }
        };
        Ok(routers.iter().zip(&places).map(score).collect())
    }

    /// The router with the lowest score, the first in order of names when equal; `None` without routers.
    ///
    /// # Errors
    /// A name that is not in the topology.
    pub fn home(
        &self,
        routers: &BTreeSet<Name>,
        computer: &str,
        objective: Objective,
    ) -> Result<Option<Score>, TopologyError> {
        let scores = self.scores(routers, computer, objective)?;
        Ok(scores.into_iter().reduce(|best, next| if next.score < best.score { next } else { best }))
    }
}

/// Who is told about a computer.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// Every broker gets every computer as a final destination.
    Flat,
    /// The home router gets the computer, every other one gets the home router.
    Hierarchical { topology: Topology, objective: Objective },
}

/// Computers and brokers as the controller knows them.
#[derive(Clone, Debug)]
pub struct Controller {
    layout: Layout,
    brokers: BTreeSet<Name>,
    /// Functions of each computer.
    computers: BTreeMap<Name, BTreeSet<Name>>,
}

impl Controller {
    pub fn new(layout: Layout) -> Controller {
        Controller { layout, brokers: BTreeSet::new(), computers: BTreeMap::new() }
    }

    /// A computer says which functions it offers. Unchanged, it is ignored; changed, it is withdrawn and announced.
    ///
    /// # Errors
    /// A computer or broker that is not in the topology.
    pub fn announce(&mut self, computer: &str, functions: &[&str]) -> Result<Vec<Command>, TopologyError> {
        let functions: BTreeSet<Name> = functions.iter().map(|&function| Name::from(function)).collect();
        if self.computers.get(computer) == Some(&functions) {
            return Ok(Vec::new());
        }
        if let Layout::Hierarchical { topology, .. } = &self.layout {
            topology.place(computer)?;
        }
        let mut commands = self.withdraw(computer)?;
        let computer = Name::from(computer);
        self.computers.insert(computer.clone(), functions);
        commands.extend(self.changes(&self.brokers, &[&computer])?);
        Ok(commands)
    }

    /// A computer is gone, or a broker could not reach it.
    ///
    /// # Errors
    /// A broker that is not in the topology.
    pub fn withdraw(&mut self, computer: &str) -> Result<Vec<Command>, TopologyError> {
        let Some((computer, functions)) = self.computers.remove_entry(computer) else { return Ok(Vec::new()) };
        let home = self.home(&computer)?;
        let mut commands = Vec::new();
        for function in &functions {
            for broker in &self.brokers {
                let destination = match &home {
                    None => &computer,
                    Some(home) if home == broker => &computer,
                    // Others lose the home router when it has no computer left for the function.
                    Some(home) if self.serves(home, function)? => continue,
                    Some(home) => home,
                };
                let (function, destination) = (function.clone(), destination.clone());
                commands.push(Command { broker: broker.clone(), action: Action::Remove { function, destination } });
            }
        }
        Ok(commands)
    }

    /// A broker asks for its table. With a hierarchy all tables are filled anew, because homes may move.
    ///
    /// # Errors
    /// A name that is not in the topology.
    pub fn join(&mut self, broker: &str) -> Result<Vec<Command>, TopologyError> {
        if let Layout::Hierarchical { topology, .. } = &self.layout {
            topology.place(broker)?;
        }
        let broker = Name::from(broker);
        self.brokers.insert(broker.clone());
        match self.layout {
            Layout::Flat => {
                let all: Vec<&Name> = self.computers.keys().collect();
                self.changes(&BTreeSet::from([broker]), &all)
            }
            Layout::Hierarchical { .. } => self.refill(),
        }
    }

    /// A broker is gone.
    ///
    /// # Errors
    /// A name that is not in the topology.
    pub fn leave(&mut self, broker: &str) -> Result<Vec<Command>, TopologyError> {
        let known = self.brokers.remove(broker);
        match self.layout {
            Layout::Hierarchical { .. } if known => self.refill(),
            _ => Ok(Vec::new()),
        }
    }

    fn refill(&self) -> Result<Vec<Command>, TopologyError> {
        let flush = |broker: &Name| Command { broker: broker.clone(), action: Action::Flush };
        let mut commands: Vec<Command> = self.brokers.iter().map(flush).collect();
        let all: Vec<&Name> = self.computers.keys().collect();
        commands.extend(self.changes(&self.brokers, &all)?);
        Ok(commands)
    }

    /// What `brokers` are told about `computers`, each function of a home router once.
    fn changes(&self, brokers: &BTreeSet<Name>, computers: &[&Name]) -> Result<Vec<Command>, TopologyError> {
        let mut commands = Vec::new();
        let mut told = BTreeSet::new();
        for &computer in computers {
            let home = self.home(computer)?;
            for function in &self.computers[computer] {
                for broker in brokers {
                    let is_final = home.as_ref().is_none_or(|home| home == broker);
                    let destination = if is_final { computer } else { home.as_ref().unwrap_or(computer) };
                    let (function, destination) = (function.clone(), destination.clone());
                    let action = Action::Change { function, destination, is_final };
                    let command = Command { broker: broker.clone(), action };
                    // Only a home router stands for several computers.
                    if is_final || told.insert(command.clone()) {
                        commands.push(command);
                    }
                }
            }
        }
        Ok(commands)
    }

    /// The home router of a computer; `None` where there is no hierarchy.
    fn home(&self, computer: &str) -> Result<Option<Name>, TopologyError> {
        match &self.layout {
            Layout::Flat => Ok(None),
            Layout::Hierarchical { topology, objective } => {
                Ok(topology.home(&self.brokers, computer, *objective)?.map(|score| score.router))
            }
        }
    }

    fn serves(&self, home: &str, function: &str) -> Result<bool, TopologyError> {
        for (computer, functions) in &self.computers {
            if functions.contains(function) && self.home(computer)?.as_deref() == Some(home) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Where the contexts of a client for a function are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    pub client: String,
    pub function: String,
    /// Open contexts of this pair.
    pub contexts: u64,
    /// `None`: no computer offers the function.
    pub computer: Option<String>,
}

/// Balances open contexts over computers (the ETSI MEC proxy, every 5 s): pairs of client and function, those with most
/// contexts first (then by function and client), each to the first computer in the list that offers the function. The
/// computer then moves back, to before the first one behind it that has at least as many contexts.
///
/// `computers` in their order, each with its functions; `contexts` one (client, function) per open context.
pub fn balance(computers: &[(String, Vec<String>)], contexts: &[(String, String)]) -> Vec<Association> {
    let mut pairs: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (client, function) in contexts {
        *pairs.entry((function, client)).or_default() += 1;
    }
    let mut pairs: Vec<((&str, &str), u64)> = pairs.into_iter().collect();
    pairs.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let mut order: Vec<(usize, u64)> = (0..computers.len()).map(|computer| (computer, 0)).collect();
    let mut associations = Vec::new();
    for ((function, client), contexts) in pairs {
        let offers = |&(computer, _): &(usize, u64)| computers[computer].1.iter().any(|known| known == function);
        let found = order.iter().position(offers);
        if let Some(place) = found {
            let (computer, count) = order.remove(place);
            let count = count + contexts;
            let back = order[place..].iter().position(|&(_, other)| other >= count);
            order.insert(back.map_or(order.len(), |steps| place + steps), (computer, count));
            let computer = Some(computers[computer].0.clone());
            let (client, function) = (client.to_owned(), function.to_owned());
            associations.push(Association { client, function, contexts, computer });
        } else {
            let (client, function) = (client.to_owned(), function.to_owned());
            associations.push(Association { client, function, contexts, computer: None });
        }
    }
    associations
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three nodes on a line, all of them brokers and computers.
    fn line() -> Topology {
        let names = ["n0", "n1", "n2"].map(str::to_owned).to_vec();
        let distances = (0..3_i32).map(|i| (0..3).map(|j| f64::from((i - j).abs())).collect()).collect();
        Topology::new(names, distances).unwrap()
    }

    fn change(broker: &str, destination: &str, is_final: bool) -> Command {
        let (function, destination) = ("f".into(), destination.into());
        Command { broker: broker.into(), action: Action::Change { function, destination, is_final } }
    }

    fn remove(broker: &str, destination: &str) -> Command {
        let (function, destination) = ("f".into(), destination.into());
        Command { broker: broker.into(), action: Action::Remove { function, destination } }
    }

    #[test]
    fn a_flat_controller_tells_everybody_everything() {
        let mut controller = Controller::new(Layout::Flat);
        assert_eq!(controller.announce("c0", &["f"]).unwrap(), []);
        assert_eq!(controller.join("b0").unwrap(), [change("b0", "c0", true)]);
        assert_eq!(controller.join("b1").unwrap(), [change("b1", "c0", true)]);
        assert_eq!(controller.announce("c0", &["f"]).unwrap(), []);
        assert_eq!(controller.withdraw("c0").unwrap(), [remove("b0", "c0"), remove("b1", "c0")]);
    }

    #[test]
    fn a_hierarchy_hides_computers_behind_their_home_router() {
        let layout = Layout::Hierarchical { topology: line(), objective: Objective::MinMax };
        let mut controller = Controller::new(layout);
        controller.join("n0").unwrap();
        controller.join("n2").unwrap();
        assert_eq!(controller.announce("n0", &["f"]).unwrap(), [change("n0", "n0", true), change("n2", "n0", false)]);
        // A second computer of the same home: the other router knows the way already, and keeps it for the first.
        controller.announce("n1", &["f"]).unwrap();
        assert_eq!(controller.withdraw("n0").unwrap(), [remove("n0", "n0")]);
        assert_eq!(controller.withdraw("n1").unwrap(), [remove("n0", "n1"), remove("n2", "n0")]);
        controller.announce("n1", &["f"]).unwrap();
        let refilled = controller.leave("n0").unwrap();
        assert_eq!(refilled.len(), 2);
        assert_eq!(refilled[1], change("n2", "n1", true));
        assert!(controller.announce("elsewhere", &["f"]).is_err());
    }

    /// A router on an island of its own is no home, whatever its name; the others find theirs as if it were not there.
    #[test]
    fn a_router_without_a_path_is_no_home() {
        const FAR: f64 = f64::INFINITY;
        for island in ["a-mars", "zeta"] {
            let names = [island, "near", "router"].map(str::to_owned).to_vec();
            let distances = vec![vec![0.0, FAR, FAR], vec![FAR, 0.0, 1.0], vec![FAR, 1.0, 0.0]];
            let topology = Topology::new(names.clone(), distances).expect("two names and a square of distances");
            let home = topology.home(&names.into_iter().map(Name::from).collect(), "near", Objective::MinMax);
            let home = home.expect("all names are in the topology").expect("there are routers");
            assert_eq!((&*home.router, home.max_cost), ("near", 1.0));
        }
    }

    #[test]
    fn a_topology_has_a_row_and_a_column_for_each_name() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        assert!(Topology::new(names.clone(), vec![vec![0.0, 1.0]]).is_err());
        assert!(Topology::new(vec!["a".to_owned(); 2], vec![vec![0.0; 2]; 2]).is_err());
        assert!(Topology::new(names, vec![vec![0.0; 2]; 2]).is_ok());
    }
}
