//! Laws of the Malloovia planner on generated problems, solved exactly.

use std::collections::BTreeSet;
use std::sync::Arc;

use stratosim::planner::malloovia::figures::Figures;
use stratosim::planner::malloovia::*;
use stratosim::solve::milp::Options;

/// A fixed sequence of small numbers; the problems it makes are the same for ever.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// What a generated problem consists of, to be built again with one thing changed.
#[derive(Clone)]
struct Sketch {
    /// Price, cores, limit, reserved, set, performances.
    classes: Vec<(f64, u32, u32, bool, usize, [f64; 2])>,
    sets: Vec<(u32, u32)>,
    loads: [Vec<f64>; 2],
    unit: TimeUnit,
    price_unit: TimeUnit,
    performance_unit: TimeUnit,
}

impl Sketch {
    /// Two types of machines, on demand in a region and reserved in two parallel zones, for two applications.
    fn new(seed: u64) -> Self {
        let mut numbers = Numbers(seed);
        let mut classes = Vec::new();
        let zones = (6 + numbers.below(5) as u32, 6 + numbers.below(5) as u32);
        for size in [1.0, 2.0] {
            let performance =
                [size * (2 + numbers.below(4)) as f64 * 10.0, size * (3 + numbers.below(3)) as f64 * 100.0];
            let price = size * (8 + numbers.below(4)) as f64;
            classes.push((price, size as u32, 0, false, 0, performance));
            for zone in [1, 2] {
                classes.push((0.6 * price, size as u32, 0, true, zone, performance));
            }
        }
        let mut series = |largest: u64| (0..8).map(|_| numbers.below(largest) as f64).collect::<Vec<f64>>();
        let loads = [series(150), series(1500)];
        let hour = TimeUnit::Hour;
        let sets = vec![(30, 0), (zones.0, 0), (zones.1, 0)];
        Self { classes, sets, loads, unit: hour, price_unit: hour, performance_unit: hour }
    }

    fn problem(&self) -> Arc<Problem> {
        let set = |(k, &(vms, cores)): (usize, &(u32, u32))| {
            Arc::new(LimitingSet::new(format!("s{k}")).max_vms(vms).max_cores(cores))
        };
        let sets: Vec<Arc<LimitingSet>> = self.sets.iter().enumerate().map(set).collect();
        let apps = [Arc::new(App::new("a")), Arc::new(App::new("b"))];
        let mut performances = PerformanceSet::new("p", self.performance_unit);
        let mut classes = Vec::new();
        for (k, &(price, cores, limit, is_reserved, set, served)) in self.classes.iter().enumerate() {
            let class = InstanceClass::on_demand(format!("c{k}"), price, self.price_unit).cores(cores).max_vms(limit);
            let class = Arc::new(InstanceClass { is_reserved, ..class }.limited_by(&sets[set]));
            performances = performances.serve(&class, &apps[0], served[0]).serve(&class, &apps[1], served[1]);
            classes.push(class);
        }
        let mut problem = Problem::new("law", &Arc::new(performances));
        for class in &classes {
            problem = problem.class(class);
        }
        for (app, loads) in apps.iter().zip(&self.loads) {
            problem = problem.workload(Workload::new(format!("w_{}", app.id), app, self.unit, loads.clone()));
        }
        Arc::new(problem)
    }

    fn cost(&self) -> f64 {
        cost(&self.problem(), &exact())
    }
}

fn exact() -> PlanOptions {
    PlanOptions::default()
}

fn cost(problem: &Arc<Problem>, options: &PlanOptions) -> f64 {
    let plan = phase_one(problem, options).unwrap();
    assert_eq!(plan.status, Status::Optimal);
    plan.cost.unwrap()
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Enough problems to meet ties, empty slots and binding limits. Without HiGHS, fewer: some need many nodes.
fn sketches() -> impl Iterator<Item = Sketch> {
    (1..=if cfg!(feature = "highs") { 8 } else { 2 }).map(Sketch::new)
}

#[test]
fn levels_and_rounding_and_merging_change_no_optimum() {
    for sketch in sketches() {
        let problem = sketch.problem();
        let default = cost(&problem, &exact());
        assert!(same(default, cost(&problem, &PlanOptions { quantise: None, ..exact() })));
        assert!(same(default, cost(&problem, &PlanOptions { merge_zones: false, ..exact() })));
        // A level for every slot: no two slots alike, by less than any machine serves.
        let mut full = sketch.clone();
        full.loads[0].iter_mut().enumerate().for_each(|(t, load)| *load = (*load - 1e-3 * (t + 1) as f64).max(0.0));
        let separate = phase_one(&full.problem(), &PlanOptions { quantise: None, ..exact() }).unwrap();
        let slots = 0..full.loads[0].len();
        let distinct: BTreeSet<Vec<u64>> =
            slots.map(|t| full.loads.iter().map(|loads| loads[t].to_bits()).collect()).collect();
        assert_eq!(separate.effort.levels, distinct.len());
        assert!(same(separate.cost.unwrap(), default));
        let twice =
            Sketch { loads: sketch.loads.clone().map(|loads| [loads.clone(), loads].concat()), ..sketch.clone() };
        assert!(same(twice.cost(), 2.0 * default), "the same slots twice cost twice");
    }
}

#[test]
fn the_order_of_slots_does_not_matter() {
    for sketch in sketches() {
        let mut turned = sketch.clone();
        turned.loads.iter_mut().for_each(|loads| loads.rotate_left(3));
        turned.loads.iter_mut().for_each(|loads| loads.reverse());
        assert!(same(sketch.cost(), turned.cost()));
    }
}

#[test]
fn coarser_rounding_to_a_multiple_is_never_cheaper_and_has_no_more_levels() {
    for sketch in sketches() {
        let problem = sketch.problem();
        let plans = [1, 2, 4].map(|k| phase_one(&problem, &PlanOptions { quantise: Some(k), ..exact() }).unwrap());
        for pair in plans.windows(2) {
            assert!(pair[1].effort.levels <= pair[0].effort.levels);
            match (pair[0].cost, pair[1].cost) {
                (Some(fine), Some(coarse)) => assert!(coarse >= fine * (1.0 - 1e-9)),
                (None, Some(_)) => panic!("coarser rounding cannot become feasible"),
                _ => {}
            }
        }
    }
}

#[test]
fn phase_two_on_the_same_series_costs_no_more_than_phase_one() {
    for sketch in sketches() {
        let problem = sketch.problem();
        let one = phase_one(&problem, &exact()).unwrap();
        let shared = phase_one(&problem, &PlanOptions { share_reserved: true, ..exact() }).unwrap();
        let two = phase_two(&problem, &one, &exact(), &mut |_| ()).unwrap();
        assert_eq!(two.status, Status::Optimal);
        assert!(two.cost.unwrap() <= one.cost.unwrap() * (1.0 + 1e-9));
        // Machines that may change application are worth at least as much; Phase II then has nothing left to gain.
        assert!(shared.cost.unwrap() <= two.cost.unwrap() * (1.0 + 1e-9));
        let two = phase_two(&problem, &shared, &exact(), &mut |_| ()).unwrap();
        assert!(same(two.cost.unwrap(), shared.cost.unwrap()));
    }
}

#[test]
fn every_slot_is_served_within_every_limit_and_holds_what_was_bought() {
    for sketch in sketches() {
        let problem = sketch.problem();
        let figures = Figures::of(&problem);
        let one = phase_one(&problem, &exact()).unwrap();
        let two = phase_two(&problem, &one, &exact(), &mut |_| ()).unwrap();
        for (t, slot) in two.slots.iter().enumerate() {
            let totals: Vec<f64> =
                (0..figures.classes.len()).map(|i| slot.counts.iter().map(|row| row[i]).sum()).collect();
            assert_eq!(figures.broken_limit(&totals), None);
            assert_eq!(&totals[..one.reserved.len()], one.reserved);
            for (a, &load) in problem.loads(t).iter().enumerate() {
                assert!(figures.capacity(&slot.counts, a) >= load);
            }
        }
    }
}

#[test]
fn more_choice_is_never_dearer() {
    for sketch in sketches() {
        let before = sketch.cost() * (1.0 + 1e-9);
        let mut class = sketch.clone();
        class.classes.push((9.0, 1, 5, false, 0, [25.0, 350.0]));
        assert!(class.cost() <= before, "another class");
        let mut limit = sketch.clone();
        limit.sets[1].0 += 3;
        assert!(limit.cost() <= before, "a higher limit");
        let mut price = sketch.clone();
        price.classes[1].0 *= 0.9;
        assert!(price.cost() <= before, "a lower price");
    }
}

#[test]
fn prices_loads_and_units_scale_as_they_should() {
    for sketch in sketches() {
        let before = sketch.cost();
        let mut prices = sketch.clone();
        prices.classes.iter_mut().for_each(|class| class.0 *= 1e-4);
        assert!(same(prices.cost(), before * 1e-4));
        let mut loads = sketch.clone();
        loads.loads.iter_mut().flatten().for_each(|load| *load *= 8.0);
        loads.classes.iter_mut().for_each(|class| class.5 = class.5.map(|served| served * 8.0));
        assert!(same(loads.cost(), before));
        let mut units = sketch.clone();
        units.price_unit = TimeUnit::Year;
        units.classes.iter_mut().for_each(|class| class.0 *= 8760.0);
        units.performance_unit = TimeUnit::Second;
        units.classes.iter_mut().for_each(|class| class.5 = class.5.map(|served| served / 3600.0));
        assert!(same(units.cost(), before));
    }
}

#[test]
fn an_overfull_slot_leaves_no_machine_idle_that_could_serve() {
    for sketch in sketches() {
        let problem = sketch.problem();
        let figures = Figures::of(&problem);
        let one = phase_one(&problem, &exact()).unwrap();
        let mut planner = SlotPlanner::new(&problem, &one.purchase().unwrap(), &exact()).unwrap();
        let loads = [1e4, 1e5];
        let slot = planner.plan(&loads).unwrap();
        assert_eq!(slot.status, Status::Overfull);
        let rented: f64 = slot.counts.iter().flat_map(|row| &row[one.reserved.len()..]).sum();
        assert_eq!(rented, 30.0, "the region is used to its limit");
        let none = planner.plan(&[1e4, 0.0]).unwrap();
        let shares = fractions(&figures, &none.counts, &[1e4, 0.0]);
        assert!(shares[0].is_some_and(|share| share > 0.0) && shares[1].is_none());
    }
}

#[test]
fn the_same_plan_comes_out_twice() {
    assert!(Options::default().threads == 1);
    for sketch in sketches() {
        let problem = sketch.problem();
        let plans = [0, 1].map(|_| {
            let one = phase_one(&problem, &exact()).unwrap();
            let two = phase_two(&problem, &one, &exact(), &mut |_| ()).unwrap();
            file::solutions_yaml(&one, Some(&two), false)
        });
        assert_eq!(plans[0], plans[1]);
    }
}
