//! The window that the world gives to strategies: names, sizes, loads and prices, read only.

use super::alarm::AlarmState;
use super::ids::{AlarmId, FunctionId, NodeId, PoolId, SourceId};
use super::monitor::{Metric, Of, Statistic};
use super::node::Node;
use super::pool::{Birth, Births, Charge, PoolSpec};
use super::request::Request;
use super::routing::Route;
use super::tariff::{FunctionPrice, PerHour};
use super::world::World;
use crate::engine::time::{Instant, Span};

/// What a strategy may know at an instant.
#[derive(Clone, Copy)]
pub struct View<'a> {
    world: &'a World,
    now: Instant,
}

/// What one instance or request of a pool costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PriceInForce {
    /// One instance for an hour.
    Held(PerHour),
    /// One request, at this memory size.
    PerUse { price: FunctionPrice, memory_mib: u32 },
}

impl<'a> View<'a> {
    #[inline]
    pub fn new(world: &'a World, now: Instant) -> View<'a> {
        View { world, now }
    }

    #[inline]
    pub fn now(&self) -> Instant {
        self.now
    }

    pub fn pools(&self) -> impl Iterator<Item = PoolId> + use<> {
        (0..self.world.pools.len()).map(PoolId::from_index)
    }

    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.world.nodes.len()).map(NodeId::from_index)
    }

    pub fn functions(&self) -> impl Iterator<Item = FunctionId> + use<> {
        (0..self.world.functions.len()).map(FunctionId::from_index)
    }

    pub fn pool_named(&self, name: &str) -> Option<PoolId> {
        self.world.pools.iter().position(|pool| pool.spec.name == name).map(PoolId::from_index)
    }

    pub fn function_name(&self, function: FunctionId) -> &'a str {
        &self.world.function(function).name
    }

    pub fn node_name(&self, node: NodeId) -> &'a str {
        &self.world.node(node).name
    }

    /// Time for `bytes` from one node to another over the links between them; `None` when no path leads there.
    pub fn delay(&self, from: NodeId, to: NodeId, bytes: u64) -> Option<Span> {
        self.world.network.delay(from, to, bytes)
    }

    pub fn name(&self, pool: PoolId) -> &'a str {
        &self.world.pool(pool).spec.name
    }

    #[inline]
    pub fn node_of(&self, pool: PoolId) -> NodeId {
        self.world.pool(pool).spec.node
    }

    pub fn spec(&self, pool: PoolId) -> &'a PoolSpec {
        &self.world.pool(pool).spec
    }

    /// Whether instances come by order (a fleet) rather than by demand.
    #[inline]
    pub fn is_fleet(&self, pool: PoolId) -> bool {
        matches!(self.world.pool(pool).births, Births::Fleet(_))
    }

    #[inline]
    pub fn serves(&self, pool: PoolId, function: FunctionId) -> bool {
        self.world.pool(pool).serves(function)
    }

    /// The size asked for.
    pub fn size(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).desired
    }

    /// Instances that take requests.
    #[inline]
    pub fn ready(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).counts.serving
    }

    pub fn booting(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).counts.booting
    }

    /// Instances that have started and are not found healthy yet.
    pub fn initial(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).counts.initial
    }

    pub fn draining(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).counts.draining
    }

    pub fn slots(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).spec.capacity.at_once()
    }

    pub fn max_size(&self, pool: PoolId) -> u32 {
        match &self.world.pool(pool).spec.birth {
            Birth::Ordered { max, .. } => *max,
            Birth::OnDemand(rules) => rules.limit,
        }
    }

    pub fn price(&self, pool: PoolId) -> PriceInForce {
        match &self.world.pool(pool).spec.charge {
            Charge::Held { price, .. } => PriceInForce::Held(*price),
            Charge::PerUse { price, memory_mib, .. } => PriceInForce::PerUse { price: *price, memory_mib: *memory_mib },
        }
    }

    /// Seconds that one unit of work takes on a warm instance.
    pub fn seconds_per_work(&self, pool: PoolId) -> f64 {
        self.world.pool(pool).spec.seconds_per_work
    }

    /// Mean of the law of work of a function, in its units.
    pub fn mean_work(&self, function: FunctionId) -> f64 {
        self.world.function(function).work.mean()
    }

    /// Every place, in the order of the ids.
    pub fn places(&self) -> &'a [Node] {
        &self.world.nodes
    }

    /// Whether a link joins two nodes.
    pub fn linked(&self, a: NodeId, b: NodeId) -> bool {
        self.world.network.linked(a, b)
    }

    pub fn cloud(&self) -> Option<NodeId> {
        self.world.nodes.iter().position(|node| node.is_cloud).map(NodeId::from_index)
    }

    /// A statistic of a pool's metric over the last `periods` periods of the monitor that are published: what the
    /// provider tells, late and averaged. `None` where they hold no point. Who reads has said so: `Strategy::looks_back`.
    ///
    /// # Panics
    /// Further back than said.
    pub fn metric(&self, pool: PoolId, metric: Metric, statistic: Statistic, periods: u32) -> Option<f64> {
        self.world.monitor.latest(Of::Pool(pool), metric, statistic, periods, self.now)
    }

    /// [`View::metric`] of a function.
    pub fn function_metric(
        &self,
        function: FunctionId,
        metric: Metric,
        statistic: Statistic,
        periods: u32,
    ) -> Option<f64> {
        self.world.monitor.latest(Of::Function(function), metric, statistic, periods, self.now)
    }

    /// [`View::metric`] of a source: what its load generator tells.
    pub fn source_metric(&self, source: SourceId, metric: Metric, statistic: Statistic, periods: u32) -> Option<f64> {
        self.world.monitor.latest(Of::Source(source), metric, statistic, periods, self.now)
    }

    /// Length of the shortest period that metrics are published for.
    pub fn granularity(&self) -> Span {
        self.world.monitor.spec().granularity
    }

    /// Up to when metrics are published; what was read a look ago is read again while it stands still.
    pub fn published_until(&self) -> Instant {
        self.world.monitor.published_until(self.granularity(), self.now)
    }

    pub fn source_name(&self, source: SourceId) -> &'a str {
        &self.world.loads[source.index()].name
    }

    /// The sources that call a function which the pool serves.
    pub fn sources_for(&self, pool: PoolId) -> impl Iterator<Item = SourceId> + use<'a> {
        let world = self.world;
        let calls = move |index: &usize| world.pool(pool).serves(world.loads[*index].function);
        (0..world.loads.len()).filter(calls).map(SourceId::from_index)
    }

    pub fn alarms(&self) -> impl Iterator<Item = AlarmId> + use<> {
        (0..self.world.alarms.len()).map(AlarmId::from_index)
    }

    pub fn alarm_named(&self, name: &str) -> Option<AlarmId> {
        self.world.alarms.iter().position(|alarm| alarm.spec.name == name).map(AlarmId::from_index)
    }

    pub fn alarm_state(&self, alarm: AlarmId) -> AlarmState {
        self.world.alarms[alarm.index()].state
    }

    /// The alarms that the scaling group of a pool acts on.
    pub fn group_alarms(&self, pool: PoolId) -> impl Iterator<Item = AlarmId> + use<'a> {
        let world = self.world;
        let group = world.groups.iter().find(move |group| group.spec.pool == pool);
        self.alarms().filter(move |alarm| group.is_some_and(|group| group.listens_to(alarm.index())))
    }

    /// Requests on instances right now: exact, not a sampled metric.
    pub fn running_exact(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).counts.running
    }

    /// Requests waiting right now: exact, not a sampled metric.
    pub fn waiting_exact(&self, pool: PoolId) -> u32 {
        self.world.pool(pool).counts.waiting
    }

    /// Roots that have arrived so far for a function: exact, not a sampled metric.
    pub fn arrived_exact(&self, function: FunctionId) -> u64 {
        self.world.arrived[function.index()]
    }

    /// Attempts of all calls that were asked at a node so far, not counting what was sent on to it: exact.
    pub fn asked_exact(&self, node: NodeId, function: FunctionId) -> u64 {
        self.world.asked[node.index() * self.world.functions.len() + function.index()]
    }

    /// Where a request goes when neither strategy nor table says: the first pool here that serves the function, else the
    /// nearest node with such a pool, else nowhere.
    pub fn default_route(&self, request: &Request) -> Route {
        self.default_route_among(request, |_| true)
    }

    /// The same among some of the pools.
    pub fn default_route_among(&self, request: &Request, among: impl Fn(PoolId) -> bool) -> Route {
        let here = request.node;
        let mut nearest: Option<(Span, NodeId)> = None;
        let servers = self.world.servers.of(request.function);
        for id in servers.iter().copied().filter(|&id| among(id)) {
            let node = self.node_of(id);
            if node == here {
                return Route::Pool(id);
            }
            if let Some(delay) = self.world.network.delay(here, node, request.payload_bytes)
                && nearest.is_none_or(|(least, _)| delay < least)
            {
                nearest = Some((delay, node));
            }
        }
        nearest.map_or(Route::Refused, |(_, node)| Route::Node(node))
    }
}
