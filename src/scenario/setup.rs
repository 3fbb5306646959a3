//! A checked scenario: what cannot be wrong any more. From here a run is made, as often as wanted.

use std::path::PathBuf;

use crate::engine::law::Law;
use crate::engine::random::Streams;
use crate::engine::time::{Instant, Span};
use crate::model::chain::ChainSpec;
use crate::model::function::{Draws, Function};
use crate::model::ids::{FunctionId, NodeId, PoolId};
use crate::model::load::LoadMeter;
use crate::model::measures::Measures;
use crate::model::network::{Exchange, Link, Network};
use crate::model::node::Node;
use crate::model::pool::{Pool, PoolSpec};
use crate::model::provider::ProviderSpec;
use crate::model::request::{Retry, Step};
use crate::model::tariff::{PerHour, Tariff};
use crate::model::world::{Account, World};
use crate::planner::economy::Market;
use crate::workload::demand::DemandLaws;
use crate::workload::source::{Arrivals, Source};

/// Everything a run needs, but the strategy.
#[derive(Clone, Debug)]
pub struct Setup {
    pub name: String,
    pub seed: u64,
    pub replication: u64,
    /// Arrivals stop here; `None`: every source ends by itself.
    pub horizon: Option<Span>,
    pub warm_up: Span,
    pub slo: Option<Span>,
    pub nodes: Vec<Node>,
    pub links: Vec<Link>,
    pub functions: Vec<FunctionSetup>,
    pub sources: Vec<SourceSetup>,
    pub pools: Vec<PoolSpec>,
    /// Monitor, alarms and scaling groups.
    pub provider: ProviderSpec,
    pub accounts: Vec<Account>,
    pub tariff: Tariff,
    pub reservations: Vec<ReservationSetup>,
    /// Whose stakeholders are accounted; most scenarios have none.
    pub economy: Option<EconomySetup>,
    pub limits: Limits,
    pub order_patience: Option<Span>,
    /// What messages cost beside their links.
    pub exchange: Exchange,
    pub chains: Vec<ChainSpec>,
    /// What is looked at, in the order of time.
    pub probes: Vec<ProbeSetup>,
    /// The run is for its probes alone and ends with the last of them.
    pub ends_with_probes: bool,
    /// Files that were read, for the manifest.
    pub inputs: Vec<PathBuf>,
}

/// An entity that is looked at, at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeSetup {
    pub at: Instant,
    pub entity: String,
}

/// A function without its draws, which depend on seed and replication.
#[derive(Clone, Debug)]
pub struct FunctionSetup {
    pub name: String,
    pub memory_mib: u32,
    pub work: Law,
    pub payload_bytes: u64,
    pub response_bytes: u64,
    pub timeout: Option<Span>,
    pub patience: Option<Law>,
    pub failure: f64,
    pub retry: Retry,
    pub steps: Vec<Step>,
}

/// A source before its first draw.
#[derive(Clone, Debug)]
pub struct SourceSetup {
    pub name: String,
    pub function: FunctionId,
    pub node: NodeId,
    pub arrivals: Arrivals,
    pub laws: DemandLaws,
    /// Begins so long after the run.
    pub start: Instant,
    /// Ends after so many requests.
    pub requests: Option<u64>,
}

/// Reserved instances for the whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct ReservationSetup {
    pub kind: String,
    pub node: Option<NodeId>,
    pub count: u32,
    pub hourly: PerHour,
    pub upfront_pico: u64,
    pub term: Span,
}

/// The economy around one service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EconomySetup {
    /// The fleet whose requests are paid and whose replicas are rented.
    pub service: PoolId,
    pub market: Market,
    /// Terms until a strategy sets others: USD per request, banners on a page.
    pub price_per_request: f64,
    pub banners_per_page: f64,
    /// What a second of a replica costs the cloud itself, USD.
    pub cloud_cost_per_s: f64,
    /// Satisfaction is that of the mean response time of so long.
    pub period: Span,
}

/// What a run may grow to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub events: u64,
    pub in_flight: u64,
    pub instances: u64,
    /// After the horizon, or after the last event that moved a request where there is none.
    pub drain: Span,
}

impl Setup {
    pub fn streams(&self) -> Streams {
        Streams::new(self.seed, self.replication)
    }

    /// The world at the start: empty pools of a stated size.
    pub fn world(&self) -> World {
        let streams = self.streams();
        let functions = self.functions.iter().map(|function| function.build(&streams)).collect();
        let pools = self.pools.iter().map(|spec| Pool::new(spec.clone(), &streams)).collect();
        let network = Network::new(self.nodes.len(), &self.links);
        let accounts = self.accounts.clone();
        let mut world = World::new(self.nodes.clone(), network, functions, pools, accounts, self.tariff.clone());
        world.loads = self.sources.iter().map(|source| LoadMeter::new(&source.name, source.function)).collect();
        world.install(&self.provider);
        world.chains.clone_from(&self.chains);
        let measures = &self.provider.archive.measures;
        world.measures = (!measures.is_empty()).then(|| Box::new(Measures::new(measures, &streams)));
        world
    }

    /// The same setup with every source at the cloud, for strategies that know no nodes.
    pub fn all_at_the_cloud(mut self) -> Setup {
        let cloud = self.nodes.iter().position(|node| node.is_cloud).expect("one node is the cloud");
        for source in &mut self.sources {
            source.node = NodeId::from_index(cloud);
            source.arrivals.forget_entries();
        }
        self
    }

    /// The same setup without a gateway machine, for strategies that route without one.
    pub fn without_gateway(mut self) -> Setup {
        self.tariff.gateway = PerHour(0);
        self
    }

    /// Names of everything that can be looked at while a run goes; groups have the names of their pools.
    pub fn entities(&self) -> impl Iterator<Item = &str> {
        let nodes = self.nodes.iter().map(|node| node.name.as_str());
        let pools = self.pools.iter().map(|pool| pool.name.as_str());
        let alarms = self.provider.alarms.iter().map(|alarm| alarm.name.as_str());
        nodes.chain(pools).chain(alarms).chain(self.functions.iter().map(|function| function.name.as_str()))
    }

    pub fn pool_named(&self, name: &str) -> Option<&PoolSpec> {
        self.pools.iter().find(|pool| pool.name == name)
    }
}

impl FunctionSetup {
    fn build(&self, streams: &Streams) -> Function {
        Function {
            name: self.name.clone(),
            memory_mib: self.memory_mib,
            work: self.work.clone(),
            payload_bytes: self.payload_bytes,
            response_bytes: self.response_bytes,
            timeout: self.timeout,
            patience: self.patience.clone(),
            failure: self.failure,
            retry: self.retry.clone(),
            steps: self.steps.clone(),
            draws: Draws::new(streams, &self.name),
        }
    }
}

impl SourceSetup {
    /// The source at its beginning, drawing from its own streams.
    pub fn source(&self, streams: &Streams) -> Source {
        let source = Source::new(&self.name, streams, self.arrivals.clone(), self.laws.clone()).starting_at(self.start);
        match self.requests {
            Some(requests) => source.limited_to(requests),
            None => source,
        }
    }
}
