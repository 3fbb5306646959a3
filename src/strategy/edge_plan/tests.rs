//! Orders and routes of the strategy over a world of two edge nodes and a cloud, by hand.

use super::*;
use crate::engine::law::Law;
use crate::engine::random::Streams;
use crate::model::balancer::Policy;
use crate::model::function::{Draws, Function};
use crate::model::ids::NodeId;
use crate::model::network::{Link, Network as Links};
use crate::model::node::Node;
use crate::model::orders::Order;
use crate::model::pool::{
    Birth, Capacity, Charge, KeepAlive, LeavesFirst, OnDemand, Pool, PoolSpec, Prewarm, QueueRule,
};
use crate::model::request::Retry;
use crate::model::tariff::{PerHour, Tariff};
use crate::model::world::World;

fn constant(seconds: f64) -> Law {
    Law::constant(seconds).expect("a length of time")
}

fn spec(name: &str, node: usize, serves: Vec<FunctionId>, memory_mib: u64, birth: Birth) -> PoolSpec {
    PoolSpec {
        name: name.into(),
        node: NodeId::from_index(node),
        serves,
        memory_mib,
        birth,
        charge: Charge::Held {
            kind: "replica".into(),
            price: PerHour(0),
            minimum: Span::ZERO,
            quantum: Span::ZERO,
            interruptions_per_hour: 0.0,
        },
        capacity: Capacity::Slots(1),
        queue: QueueRule::Central { limit: u32::MAX },
        seconds_per_work: 1.0,
        cold_factor: 1.0,
        balancer_billed: false,
        idle_timeout: None,
        computer: None,
        footprint: Default::default(),
    }
}

/// A fleet of replicas of one function, empty at the start.
pub(super) fn container(name: &str, node: usize, function: usize, memory_mib: u64) -> PoolSpec {
    let birth = Birth::Ordered {
        boot: constant(1.0),
        shutdown: constant(0.0),
        health: None,
        initial: 0,
        initially_ready: true,
        max: 100,
        balancer: Policy::RoundRobin,
        leaves_first: LeavesFirst::Newest,
        drain_max: None,
    };
    spec(name, node, vec![FunctionId::from_index(function)], memory_mib, birth)
}

/// Environments without limit at a node, for everything.
pub(super) fn lambda(node: usize) -> PoolSpec {
    let birth = Birth::OnDemand(OnDemand {
        cold_start: constant(0.2),
        keep_alive: KeepAlive { law: constant(600.0), resets: true },
        reuse: crate::model::idle::Reuse::MostRecentlyUsed,
        limit: u32::MAX,
        growth: None,
        account: None,
        provisioned: 0,
        prewarm: Prewarm::Never,
    });
    spec("lambda", node, vec![], 256, birth)
}

/// κ = 0.8 / 0.4 s = 2 requests/s; two replicas fit at each node.
fn world() -> World {
    let streams = Streams::new(1, 0);
    let place = |name, memory| Node::new(name, memory == 0, (memory > 0).then_some(memory));
    let nodes = vec![place("cloud", 0), place("east", 512), place("west", 512)];
    let node = NodeId::from_index;
    let link = |a, b| Link { a: node(a), b: node(b), latency: Span::from_secs(1), bandwidth_bps: None };
    let network = Links::new(3, &[link(0, 1), link(0, 2), link(1, 2)]);
    let function = Function {
        name: "api".into(),
        memory_mib: 256,
        work: constant(0.4),
        payload_bytes: 0,
        response_bytes: 0,
        timeout: None,
        patience: None,
        failure: 0.0,
        retry: Retry::default(),
        steps: vec![],
        draws: Draws::new(&streams, "api"),
    };
    let pools = vec![container("east", 1, 0, 256), lambda(0), container("west", 2, 0, 256)];
    let pools = pools.into_iter().map(|spec| Pool::new(spec, &streams)).collect();
    let mut world = World::new(nodes, network, vec![function], pools, vec![], Tariff::default());
    world.monitor.will_read(strategy(Method::Local, &[]).looks_back());
    world
}

fn strategy(method: Method, expected: &[(&str, f64)]) -> EdgePlan {
    let expected = expected.iter().map(|&(node, load)| ((node.to_owned(), "api".to_owned()), load)).collect();
    EdgePlan::new(Parameters {
        method,
        decide_every: Span::from_secs(60),
        decision_delay: Span::from_secs(2),
        round_delay: Span::ZERO,
        load: LoadRule::Observed,
        headroom: 1.0,
        expected,
        by: By::Deficit,
        max_utilization: 0.8,
        rewards: Rewards { local: 1.0, neighbour: 0.9, cloud_penalty: 0.8, offer: 0.9 },
        pools: vec![],
    })
}

type Scales = Vec<(usize, u32)>;
type Shares = Vec<(usize, Vec<(Route, f64)>)>;

/// Scales as (pool, size) and shares as (node, targets).
fn asked(orders: &Orders) -> (Scales, Shares) {
    let (mut scales, mut shares) = (vec![], vec![]);
    for reasoned in &orders.list {
        match &reasoned.order {
            Order::Scale { pool, target } => scales.push((pool.index(), *target)),
            Order::Share { node, rule: ShareRule::Weights { targets, .. }, forwarded: false, .. } => {
                shares.push((node.index(), targets.clone()));
            }
            Order::Wake { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    (scales, shares)
}

#[test]
fn stated_loads_are_planned_before_the_start() {
    let world = world();
    let view = View::new(&world, Instant::ZERO);
    let mut strategy = strategy(Method::Local, &[("east", 7.0), ("west", 1.0)]);
    let mut orders = Orders::default();
    strategy.control(Occasion::Start, &view, &mut orders);
    let (scales, shares) = asked(&orders);
    // The first two only keep scaling groups away.
    assert_eq!(scales, [(0, 0), (2, 0), (0, 2), (2, 1)]);
    let [east, west] = [0, 2].map(|id| Route::Pool(PoolId::from_index(id)));
    let cloud = Route::Node(NodeId::from_index(0));
    assert_eq!(shares, [(1, vec![(east, 4.0), (cloud, 3.0)]), (2, vec![(west, 1.0)])]);
    assert_eq!(orders.delay, Span::ZERO);
}

#[test]
fn later_plans_follow_what_arrived_and_say_only_what_changed() {
    let mut world = world();
    let mut strategy = strategy(Method::Local, &[("east", 7.0), ("west", 1.0)]);
    let mut orders = Orders::default();
    strategy.control(Occasion::Start, &View::new(&world, Instant::ZERO), &mut orders);
    // 3 requests/s at each node for a minute, and fleets as ordered.
    let cells = world.asked.len();
    world.asked = vec![180; cells];
    (world.pools[0].desired, world.pools[2].desired) = (2, 1);
    orders.clear();
    let minute = Instant::ZERO + Span::from_secs(60);
    strategy.control(Occasion::Period, &View::new(&world, minute), &mut orders);
    let (scales, shares) = asked(&orders);
    let [east, west] = [0, 2].map(|id| Route::Pool(PoolId::from_index(id)));
    assert_eq!((scales, orders.delay), (vec![(2, 2)], Span::from_secs(2)));
    assert_eq!(shares, [(1, vec![(east, 3.0)]), (2, vec![(west, 3.0)])]);
    world.asked = vec![360; cells];
    world.pools[2].desired = 2;
    orders.clear();
    strategy.control(Occasion::Period, &View::new(&world, minute + Span::from_secs(60)), &mut orders);
    assert_eq!(asked(&orders), (vec![], vec![]));
}

#[test]
fn a_fleet_with_a_line_keeps_replicas_until_it_is_served() {
    let mut world = world();
    let mut strategy = strategy(Method::Cloud, &[("east", 1.0)]);
    strategy.control(Occasion::Start, &View::new(&world, Instant::ZERO), &mut Orders::default());
    (world.pools[0].desired, world.pools[2].desired) = (2, 2);
    world.pools[2].counts.waiting = 1;
    let mut orders = Orders::default();
    let minute = Instant::ZERO + Span::from_secs(60);
    strategy.control(Occasion::Period, &View::new(&world, minute), &mut orders);
    assert_eq!(asked(&orders).0, [(0, 0), (2, 1)]);
    assert!(orders.list.iter().any(|reasoned| reasoned.order == Order::Wake { after: LOOK_AGAIN }));
    // A second later the line is served.
    (world.pools[0].desired, world.pools[2].desired) = (0, 1);
    world.pools[2].counts.waiting = 0;
    orders.clear();
    strategy.control(Occasion::Woken, &View::new(&world, minute + LOOK_AGAIN), &mut orders);
    assert_eq!(asked(&orders), (vec![(2, 0)], vec![]));
    assert_eq!(orders.list.len(), 1, "nothing is left to be woken for");
}

/// Replicas that a plan gives to somebody else go at once where others of their fleet stay for its line.
#[test]
fn a_line_does_not_hold_the_memory_of_replicas_that_are_planned_elsewhere() {
    let mut world = world();
    let mut strategy = strategy(Method::Local, &[("east", 1.0)]);
    strategy.control(Occasion::Start, &View::new(&world, Instant::ZERO), &mut Orders::default());
    world.pools[0].desired = 2;
    world.pools[0].counts.waiting = 50;
    let cells = world.asked.len();
    world.asked = vec![60; cells];
    let mut orders = Orders::default();
    strategy.control(Occasion::Period, &View::new(&world, Instant::ZERO + Span::from_secs(60)), &mut orders);
    assert_eq!(asked(&orders).0, [(0, 1), (2, 1)]);
    assert!(!orders.list.iter().any(|reasoned| matches!(reasoned.order, Order::Wake { .. })));
}

#[test]
fn where_nothing_is_kept_requests_go_on_to_the_cloud() {
    let mut world = world();
    let mut strategy = strategy(Method::Cloud, &[]);
    strategy.control(Occasion::Start, &View::new(&world, Instant::ZERO), &mut Orders::default());
    let mut route = |world: &World, node: usize| {
        let source = crate::model::ids::SourceId::from_index(0);
        let (function, node) = (FunctionId::from_index(0), NodeId::from_index(node));
        let request = Request::root(0, 0, source, 0, function, node, 1.0, 0, Instant::ZERO);
        strategy.route(&View::new(world, Instant::ZERO), &request, &mut || Rng::seeded(1))
    };
    assert_eq!(route(&world, 1), Route::Node(NodeId::from_index(0)));
    assert_eq!(route(&world, 0), Route::Pool(PoolId::from_index(1)));
    world.pools[0].desired = 1;
    assert_eq!(route(&world, 1), Route::Pool(PoolId::from_index(0)));
}
