//! The world: arenas of everything that exists, and the clockwork the verbs share.
//!
//! The verbs are the only code that changes an entity, and each keeps all books (capacity, meters) of that change. They
//! stand in the files beside this one: `serve` (offer, begin, end), `fleet` (launch, retire, scale), `warm` (environments
//! born by demand), `leave` (patience, interruption), `account` (money).

use super::alarm::Alarm;
use super::archive_spec::ArchiveSpec;
use super::autoscaling::Group;
use super::books::Books;
use super::chain::ChainSpec;
use super::computing::{Lists, Machines};
use super::cover::Cover;
use super::event::Event;
use super::function::Function;
use super::ids::{AccountId, FunctionId, InstanceId, NodeId, PoolId, RequestId, Slab};
use super::instance::Instance;
use super::load::LoadMeter;
use super::measures::Measures;
use super::monitor::{Monitor, MonitorSpec};
use super::network::Network;
use super::node::Node;
use super::pool::Pool;
use super::request::Request;
use super::routing::{Servers, Tables};
use super::tariff::Tariff;
use crate::engine::agenda::Agenda;
use crate::engine::time::Instant;

/// The event list of a run.
pub type Plan = Agenda<Event>;

/// Functions of one account share a limit on requests at once.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: String,
    pub limit: u32,
    pub in_use: u32,
}

/// An instance that has gone, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    pub pool: PoolId,
    pub number: u64,
    pub launched: Instant,
    pub ready: Option<Instant>,
    pub gone: Instant,
}

/// Everything that exists in a run.
pub struct World {
    pub nodes: Vec<Node>,
    pub network: Network,
    pub functions: Vec<Function>,
    pub pools: Vec<Pool>,
    pub accounts: Vec<Account>,
    pub tariff: Tariff,
    pub books: Books,
    pub monitor: Monitor,
    pub alarms: Vec<Alarm>,
    pub groups: Vec<Group>,
    /// Chains and DAGs of functions that sources ask for.
    pub chains: Vec<ChainSpec>,
    /// What calls store in the archive; most worlds have nothing.
    pub measures: Option<Box<Measures>>,
    /// What each source tells of its requests.
    pub loads: Vec<LoadMeter>,
    pub(crate) tables: Tables,
    pub(crate) machines: Machines,
    pub(crate) lists: Lists,
    pub(crate) covers: Vec<Cover>,
    pub(crate) instances: Slab<Instance>,
    pub(crate) requests: Slab<Request>,
    /// Of each function, the pools that serve it.
    pub(crate) servers: Servers,
    /// Roots that have arrived, by function.
    pub(crate) arrived: Vec<u64>,
    /// Attempts of all calls that were asked at a node, by node and function; what is sent on is not asked again.
    pub(crate) asked: Vec<u64>,
    /// Instances that have gone since the log last looked; filled only when `log_departures`.
    pub(crate) departures: Vec<Departure>,
    pub(crate) log_departures: bool,
    /// Books are written up to this hour.
    pub(crate) hour: u32,
    pub(crate) hour_began: Instant,
    pub(crate) gateway_requests: u64,
    pub(crate) egress_bytes: u64,
    pub(crate) egress_pico: u64,
    /// Requests thrown off an instance that went; reused from one such event to the next.
    pub(crate) thrown_off: Vec<RequestId>,
}

impl World {
    pub fn new(
        nodes: Vec<Node>,
        network: Network,
        functions: Vec<Function>,
        pools: Vec<Pool>,
        accounts: Vec<Account>,
        tariff: Tariff,
    ) -> World {
        let monitor = Monitor::new(MonitorSpec::default(), &ArchiveSpec::default());
        let tables = Tables::new(nodes.len(), functions.len());
        World {
            servers: Servers::new(functions.len(), &pools),
            chains: Vec::new(),
            measures: None,
            arrived: vec![0; functions.len()],
            machines: Machines::new(&pools),
            lists: Lists::default(),
            asked: vec![0; nodes.len() * functions.len()],
            nodes,
            network,
            functions,
            pools,
            accounts,
            tariff,
            books: Books::default(),
            monitor,
            alarms: Vec::new(),
            groups: Vec::new(),
            loads: Vec::new(),
            tables,
            covers: Vec::new(),
            instances: Slab::default(),
            requests: Slab::default(),
            departures: Vec::new(),
            log_departures: false,
            hour: 0,
            hour_began: Instant::ZERO,
            gateway_requests: 0,
            egress_bytes: 0,
            egress_pico: 0,
            thrown_off: Vec::new(),
        }
    }

    #[inline]
    pub fn pool(&self, id: PoolId) -> &Pool {
        &self.pools[id.index()]
    }

    #[inline]
    pub fn instance(&self, id: InstanceId) -> &Instance {
        self.instances.get(id.0)
    }

    #[inline]
    pub fn request(&self, id: RequestId) -> &Request {
        self.requests.get(id.0)
    }

    #[inline]
    pub(crate) fn request_mut(&mut self, id: RequestId) -> &mut Request {
        self.requests.get_mut(id.0)
    }

    #[inline]
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Calls in flight.
    #[inline]
    pub fn in_flight(&self) -> usize {
        self.requests.len()
    }

    /// Admits a call to the arena; it is its own root unless it has a parent.
    #[inline(always)]
    pub fn admit(&mut self, request: Request) -> RequestId {
        let (is_root, function) = (request.parent.is_none(), request.function);
        let id = RequestId(self.requests.insert(request));
        if is_root {
            self.arrived[function.index()] += 1;
            self.request_mut(id).root = id;
        }
        id
    }

    /// Frees the slot of a call that is over; returns who made it.
    #[inline]
    pub fn release(&mut self, id: RequestId) -> Option<RequestId> {
        let parent = self.request(id).parent;
        self.requests.discard(id.0);
        parent
    }

    /// The end of a run: what stands is billed up to here.
    pub(crate) fn close(&mut self, end: Instant) {
        while self.hour_ends() < end {
            let hour_ends = self.hour_ends();
            self.book_hour(hour_ends);
        }
        let standing: Vec<InstanceId> = self.instances.iter().map(|(slot, _)| InstanceId(slot)).collect();
        for id in standing {
            if self.instances.get(id.0).bill.closed {
                // It is shutting down; its bill ended before.
                continue;
            }
            self.last_charge(id, end);
            if self.log_departures {
                let instance = self.instances.get(id.0);
                self.departures.push(Departure {
                    pool: instance.pool,
                    number: instance.number,
                    launched: instance.born,
                    ready: instance.ready,
                    gone: end,
                });
            }
        }
        self.book_hour(end);
    }

    #[inline]
    pub(crate) fn account_has_room(&self, account: Option<AccountId>) -> bool {
        account.is_none_or(|id| {
            let account = &self.accounts[id.index()];
            account.in_use < account.limit
        })
    }

    /// Lets waiting requests in where capacity may have appeared outside their own pool: at a node whose memory was freed
    /// or in an account whose limit was reached.
    pub(crate) fn pump_elsewhere(&mut self, now: Instant, plan: &mut Plan, concerns: impl Fn(&Pool) -> bool) {
        for index in 0..self.pools.len() {
            if !self.pools[index].queue.is_empty() && concerns(&self.pools[index]) {
                self.pump(PoolId::from_index(index), now, plan);
            }
        }
    }
}
