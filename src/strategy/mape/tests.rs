//! A loop made of hand-made stages: they are called in order, once per period, and each cycle leaves its row.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::engine::law::Law;
use crate::engine::random::Streams;
use crate::engine::time::Instant;
use crate::model::balancer::Policy;
use crate::model::ids::{NodeId, PoolId};
use crate::model::network::Network;
use crate::model::node::Node;
use crate::model::orders::Order;
use crate::model::pool::{Birth, Capacity, Charge, LeavesFirst, Pool, PoolSpec, QueueRule};
use crate::model::tariff::PerHour;
use crate::model::world::World;
use crate::planner::mape::cycle::PeriodMode;
use crate::planner::mape::{ContainerReading, HybridPlanner, Limits, Resource, Source, Verdict};
use crate::planner::mape::{ThresholdAnalysis, Thresholds};

/// One fleet without instances.
fn fleet() -> PoolSpec {
    let nothing = || Law::constant(0.0).unwrap();
    PoolSpec {
        name: "web".to_owned(),
        serves: vec![],
        memory_mib: 0,
        balancer_billed: false,
        birth: Birth::Ordered {
            boot: nothing(),
            shutdown: nothing(),
            health: None,
            initial: 1,
            initially_ready: true,
            max: 10,
            balancer: Policy::RoundRobin,
            leaves_first: LeavesFirst::Newest,
            drain_max: None,
        },
        charge: Charge::Held {
            kind: "m".to_owned(),
            price: PerHour(0),
            minimum: Span::ZERO,
            quantum: Span::ZERO,
            interruptions_per_hour: 0.0,
        },
        node: NodeId::from_index(0),
        queue: QueueRule::Central { limit: 10 },
        capacity: Capacity::Slots(1),
        seconds_per_work: 1.0,
        cold_factor: 1.0,
        idle_timeout: None,
        computer: None,
        footprint: Default::default(),
    }
}

fn seen(cpu: f64, replicas: u32) -> Knowledge {
    let mean = ContainerReading::cpu(cpu);
    let system = Some(SystemSample { mean, utilisation: cpu / 100.0, replicas });
    Knowledge { system, ..Knowledge::new(PoolId::from_index(0)) }
}

#[test]
fn a_threshold_stage_names_the_resource_behind_its_verdict() {
    let thresholds = Thresholds { window: 1, ..Thresholds::default() };
    let mut stage = ThresholdStage(ThresholdAnalysis::new(thresholds).unwrap());
    let mut knowledge = seen(85.0, 2);
    stage.analyse(&mut knowledge);
    let found = knowledge.threshold.clone().unwrap();
    assert_eq!((found.verdict, found.decided_by), (Verdict::Add, vec![Resource::Cpu]));
    assert!(knowledge.row().told().contains("saw cpu 85.0 %, 2 replicas; concluded add (cpu)"));
}

#[test]
fn without_a_reading_of_the_load_the_economy_is_silent_and_the_marks_decide() {
    let mut capacity = CapacityAnalysis { capacity_per_s: 15.0 };
    let mut knowledge = seen(90.0, 3);
    UtilisationAnalysis(Default::default()).analyse(&mut knowledge);
    capacity.analyse(&mut knowledge);
    assert_eq!(knowledge.economic, None);
    let limits = Limits { min: 1, max: Some(20) };
    let mut planner = JoinPlanner(HybridPlanner::new(Default::default(), limits).unwrap());
    assert_eq!(planner.plan(&knowledge), Some(Planned { replicas: 4, source: Source::Threshold }));
    knowledge.api.rate_per_s = Some(100.0);
    capacity.analyse(&mut knowledge);
    assert_eq!(planner.plan(&knowledge), Some(Planned { replicas: 7, source: Source::Economic }));
    assert_eq!(FollowPlanner(limits).plan(&knowledge).map(|plan| plan.replicas), Some(7));
}

/// Stages that write down that they were called.
struct Told(&'static str, Rc<RefCell<Vec<&'static str>>>);

impl Told {
    fn say(&self) {
        self.1.borrow_mut().push(self.0);
    }
}

impl Monitor for Told {
    fn looks_back(&self) -> Span {
        Span::ZERO
    }

    fn look(&mut self, _view: &View<'_>, knowledge: &mut Knowledge) -> bool {
        self.say();
        knowledge.system = seen(50.0, 1).system;
        knowledge.cycle < 1
    }
}

impl Analysis for Told {
    fn analyse(&mut self, _knowledge: &mut Knowledge) {
        self.say();
    }
}

impl Planner for Told {
    fn plan(&mut self, _knowledge: &Knowledge) -> Option<Planned> {
        self.say();
        None
    }
}

impl Executor for Told {
    fn execute(&mut self, _view: &View<'_>, _knowledge: &mut Knowledge, _orders: &mut Orders) -> bool {
        self.say();
        false
    }
}

#[test]
fn stages_run_in_order_and_a_look_without_a_sample_skips_the_others() {
    let said = Rc::new(RefCell::new(Vec::new()));
    let part = |name| Box::new(Told(name, said.clone()));
    let parts = Parts {
        monitor: part("monitor"),
        analyses: vec![part("first analysis"), part("second analysis")],
        planner: part("planner"),
        executor: part("executor"),
    };
    let pace = Pace::new(Span::from_secs(60), PeriodMode::Fixed).unwrap();
    let mut looped = Mape::new(parts, pace, Span::from_secs(5), None);
    looped.knowledge = Some(Knowledge::new(PoolId::from_index(0)));
    let network = Network::new(1, &[]);
    let pool = Pool::new(fleet(), &Streams::new(1, 0));
    let nodes = vec![Node::new("cloud", true, None)];
    let world = World::new(nodes, network, vec![], vec![pool], vec![], Default::default());
    let view = View::new(&world, Instant::ZERO);
    for expected in [vec!["monitor", "first analysis", "second analysis", "planner", "executor"], vec!["monitor"]] {
        let mut orders = Orders::default();
        looped.control(Occasion::Woken, &view, &mut orders);
        assert_eq!(std::mem::take(&mut *said.borrow_mut()), expected);
        assert_eq!((orders.remarks.len(), orders.delay), (1, Span::from_secs(5)));
        let woken = Order::Wake { after: Span::from_secs(55) };
        assert_eq!(orders.list.last().map(|last| last.order.clone()), Some(woken));
    }
}
