//! Malloovia (GECON 2017): the test problems of the original package, and the case study of the paper, section 5.

use std::sync::Arc;

use stratosim::planner::malloovia::*;

struct Two {
    demand: Arc<InstanceClass>,
    reserved: Arc<InstanceClass>,
    apps: [Arc<App>; 2],
}

/// Two classes that serve 10 requests of one application or 500 of the other, at 10 on demand or 7 reserved.
fn two(demand: InstanceClass, reserved: InstanceClass) -> Two {
    Two {
        demand: Arc::new(demand),
        reserved: Arc::new(reserved),
        apps: [Arc::new(App::new("app0")), Arc::new(App::new("app1"))],
    }
}

impl Two {
    fn problem(&self, loads: [[f64; 4]; 2]) -> Arc<Problem> {
        let mut performances = PerformanceSet::new("perfs", TimeUnit::Hour);
        for class in [&self.demand, &self.reserved] {
            performances = performances.serve(class, &self.apps[0], 10.0).serve(class, &self.apps[1], 500.0);
        }
        let mut problem = Problem::new("example", &Arc::new(performances)).class(&self.demand).class(&self.reserved);
        for (app, load) in self.apps.iter().zip(loads) {
            problem = problem.workload(Workload::new(format!("wl_{}", app.id), app, TimeUnit::Hour, load.to_vec()));
        }
        Arc::new(problem)
    }
}

const LOADS: [[f64; 4]; 2] = [[30.0, 32.0, 30.0, 30.0], [1003.0, 1200.0, 1194.0, 1003.0]];

fn hourly(price: f64) -> InstanceClass {
    InstanceClass::on_demand("m3large", price, TimeUnit::Hour).max_vms(20)
}

fn hourly_reserved(price: f64) -> InstanceClass {
    InstanceClass::reserved("m3large_r", price, TimeUnit::Hour).max_vms(20)
}

fn set(id: &str, vms: u32, cores: u32) -> Arc<LimitingSet> {
    Arc::new(LimitingSet::new(id).max_vms(vms).max_cores(cores))
}

fn cost(problem: &Arc<Problem>, options: &PlanOptions) -> f64 {
    let plan = phase_one(problem, options).unwrap();
    assert_eq!(plan.status, Status::Optimal);
    plan.cost.unwrap()
}

fn relaxed() -> PlanOptions {
    PlanOptions { relaxed: true, ..PlanOptions::default() }
}

/// Problem 1: limits on machines only.
fn first(loads: [[f64; 4]; 2]) -> Arc<Problem> {
    two(hourly(10.0).limited_by(&set("Cloud1", 0, 0)), hourly_reserved(7.0).limited_by(&set("CloudR", 20, 0)))
        .problem(loads)
}

#[test]
fn two_applications_on_six_reserved_machines_cost_178() {
    let plan = phase_one(&first(LOADS), &PlanOptions::default()).unwrap();
    assert_eq!((plan.cost, plan.reserved.as_slice()), (Some(178.0), [6.0].as_slice()));
    assert_eq!(plan.levels.repeats, [2, 1, 1]);
    assert_eq!(plan.counts(1).unwrap(), [[3.0, 1.0], [3.0, 0.0]]);
    let series = phase_two(&plan.problem, &plan, &PlanOptions::default(), &mut |_| ()).unwrap();
    assert_eq!((series.status, series.cost), (Status::Optimal, Some(178.0)));
    assert!(Arc::ptr_eq(&series.slots[0], &series.slots[3]), "a level seen before is not planned again");
}

#[test]
fn limits_on_cores_raise_the_cost_to_226_and_the_relaxed_one_to_180() {
    let (demand, reserved) = (set("Cloud1", 20, 20), set("CloudR", 20, 10));
    let problem = two(hourly(10.0).cores(2).limited_by(&demand), hourly_reserved(7.0).cores(4).limited_by(&reserved))
        .problem(LOADS);
    assert_eq!(cost(&problem, &PlanOptions::default()), 226.0);
    assert!((cost(&problem, &relaxed()) - 180.0).abs() < 1e-9);
}

#[test]
fn a_private_cloud_limited_in_cores_makes_252() {
    let (public, private) = (set("r1", 20, 0), set("r2", 0, 20));
    let class = |id: &str, price, cores, reserved, set| {
        let class = InstanceClass::on_demand(id, price, TimeUnit::Hour).max_vms(20).cores(cores).limited_by(set);
        let is_private = id.ends_with("priv");
        Arc::new(InstanceClass { is_reserved: reserved, is_private, ..class })
    };
    let classes = [
        (class("m3large", 10.0, 1, false, &public), [10.0, 500.0]),
        (class("m3large_r", 7.0, 1, true, &public), [10.0, 500.0]),
        (class("m3large_priv", 1.0, 5, true, &private), [9.0, 450.0]),
        (class("m3xlarge_priv", 1.0, 10, true, &private), [25.0, 1000.0]),
    ];
    let apps = [Arc::new(App::new("app0")), Arc::new(App::new("app1"))];
    let mut performances = PerformanceSet::new("perfs", TimeUnit::Hour);
    for (class, values) in &classes {
        for (app, &value) in apps.iter().zip(values) {
            performances = performances.serve(class, app, value);
        }
    }
    let mut problem = Problem::new("example", &Arc::new(performances));
    for (class, _) in &classes {
        problem = problem.class(class);
    }
    for (app, loads) in apps.iter().zip([[100.0, 120.0, 100.0, 100.0], LOADS[1]]) {
        problem = problem.workload(Workload::new(format!("wl_{}", app.id), app, TimeUnit::Hour, loads.to_vec()));
    }
    assert_eq!(cost(&Arc::new(problem), &PlanOptions::default()), 252.0);
}

#[test]
fn a_year_of_constant_load_costs_1401600_whatever_the_units() {
    let year =
        |price: TimeUnit, performance: TimeUnit, slot: TimeUnit, slots: usize| {
            let region = set("Cloud1", 20, 0);
            let of = |class: InstanceClass, hour: f64| {
                let price_of = price.per(hour, TimeUnit::Hour);
                // The price of one hour, stated per another unit.
                Arc::new(
                    InstanceClass { price: hour * hour / price_of, time_unit: price, ..class }
                        .max_vms(20)
                        .limited_by(&region),
                )
            };
            let demand = of(InstanceClass::on_demand("ondemand", 0.0, price), 100.0);
            let reserved = of(InstanceClass::reserved("reserved", 0.0, price), 80.0);
            let app = Arc::new(App::new("App0"));
            let value = TimeUnit::Hour.per(1000.0, performance);
            let performances =
                PerformanceSet::new("perfs", performance).serve(&demand, &app, value).serve(&reserved, &app, value);
            let load = TimeUnit::Hour.per(2000.0, slot);
            Arc::new(
                Problem::new("example", &Arc::new(performances))
                    .class(&demand)
                    .class(&reserved)
                    .workload(Workload::new("ltwp", &app, slot, vec![load; slots])),
            )
        };
    use TimeUnit::{Day, Hour, Minute, Second, Year};
    let plain = year(Hour, Hour, Hour, 8760);
    assert_eq!(cost(&plain, &PlanOptions::default()), 1_401_600.0);
    for other in [year(Year, Second, Hour, 8760), year(Minute, Day, Day, 365), year(Second, Minute, Minute, 8760 * 60)]
    {
        let plan = phase_one(&other, &PlanOptions::default()).unwrap();
        assert!((plan.cost.unwrap() / 1_401_600.0 - 1.0).abs() < 1e-9, "{:?}", plan.cost);
        assert_eq!(plan.reserved, [2.0]);
    }
}

#[test]
fn too_few_machines_are_infeasible_and_too_few_whole_ones_integer_infeasible() {
    let reserved = hourly_reserved(7.0).limited_by(&set("CloudR", 1, 4));
    let problem = two(hourly(10.0).max_vms(0).limited_by(&set("Cloud1", 1, 0)), reserved).problem(LOADS);
    for options in [PlanOptions::default(), relaxed()] {
        let plan = phase_one(&problem, &options).unwrap();
        assert_eq!((plan.status, plan.cost), (Status::Infeasible, None));
        assert!(matches!(phase_two(&problem, &plan, &options, &mut |_| ()), Err(PlanError::NoPurchase("infeasible"))));
    }
    let (demand, reserved) = (set("Cloud1", 20, 15), set("CloudR", 20, 10));
    let problem = two(hourly(10.0).cores(4).limited_by(&demand), hourly_reserved(7.0).cores(4).limited_by(&reserved))
        .problem(LOADS);
    assert_eq!(phase_one(&problem, &PlanOptions::default()).unwrap().status, Status::IntegerInfeasible);
}

#[test]
fn an_overfull_slot_costs_242_with_4_reserved_and_20_rented_machines() {
    let plan = phase_one(&first(LOADS), &PlanOptions::default()).unwrap();
    let high = first([[30.0, 270.0, 30.0, 30.0], LOADS[1]]);
    for best_effort in [BestEffort::Served, BestEffort::Legacy] {
        let options = PlanOptions { best_effort, ..PlanOptions::default() };
        let series = phase_two(&high, &plan, &options, &mut |_| ()).unwrap();
        assert_eq!(series.status, Status::Overfull);
        assert_eq!((series.slots[1].status, series.slots[1].cost), (Status::Overfull, Some(242.0)));
        // The second application needs three machines for its 1200; served or capped at them, it keeps two or three.
        let of_first: f64 = series.slots[1].counts[0].iter().sum();
        let of_second: f64 = series.slots[1].counts[1].iter().sum();
        assert_eq!(of_first + of_second, 26.0);
        if best_effort == BestEffort::Legacy {
            assert_eq!(series.slots[1].counts[0], [4.0, 20.0]);
        }
    }
}

#[test]
fn a_guided_slot_keeps_the_machines_of_the_slot_before() {
    let plan = phase_one(&first(LOADS), &PlanOptions::default()).unwrap();
    let mut planner = SlotPlanner::new(&plan.problem, &plan.purchase().unwrap(), &PlanOptions::default()).unwrap();
    let slot = planner.plan_keeping(&[30.0, 1003.0], &[3.0]).unwrap();
    let total = |class: usize| slot.counts.iter().map(|row| row[class]).sum::<f64>();
    assert_eq!((total(0), total(1), slot.cost), (6.0, 3.0, Some(72.0)));
}

#[cfg(all(feature = "yaml", feature = "highs"))]
mod case_study {
    use std::time::Instant;

    use super::*;
    use crate::oracle;
    use stratosim::planner::malloovia::file::{ProblemFile, Scope, read};

    /// The data of the paper as published, its long-term series raw (0) or rounded with k = 1 (1).
    fn gecon(number: u32) -> Option<ProblemFile> {
        let path = oracle::folder("malloovia")?.join(format!("gecon_p{number}.yaml.gz"));
        if !path.is_file() {
            oracle::skipped(&format!("malloovia: the paper's data are not at {}", path.display()));
            return None;
        }
        Some(read(&path, Scope::ProblemsOnly).unwrap())
    }

    #[test]
    fn phase_one_within_one_percent_is_no_dearer_than_published() {
        // 49 840.3 is the original's cost at this gap, 49 654.3 a proved bound; the raw series has the same optimum as its
        // k = 1 rounding, which is applied to it without being asked for.
        let options = PlanOptions { gap: 0.01, ..PlanOptions::default() };
        for number in [0, 1] {
            let Some(file) = gecon(number) else { return };
            let plan = phase_one(&file.problems[0], &options).unwrap();
            let cost = plan.cost.unwrap();
            assert!((49_654.3..=49_840.3 * 1.01).contains(&cost), "{cost}");
            assert!(plan.gap().unwrap() <= 0.01);
            assert_eq!((plan.levels.len(), plan.effort.levels), (if number == 0 { 1909 } else { 178 }, 178));
        }
    }

    #[test]
    fn coarser_rounding_is_solved_exactly_and_never_cheaper() {
        // Levels as in the paper's table; the rounding is ours, of the raw series.
        let Some(raw) = gecon(0) else { return };
        let mut costs = Vec::new();
        for k in [3, 5, 7, 10, 15] {
            let options = PlanOptions { quantise: Some(k), ..PlanOptions::default() };
            let plan = phase_one(&raw.problems[0], &options).unwrap();
            assert_eq!(plan.status, Status::Optimal);
            costs.push((k, plan.cost.unwrap(), plan.effort.levels));
        }
        let levels: Vec<usize> = costs.iter().map(|cost| cost.2).collect();
        assert_eq!(levels, [47, 25, 14, 15, 8]);
        for (coarse, fine) in [(15, 3), (15, 5), (10, 5)] {
            let of = |k: u32| costs.iter().find(|cost| cost.0 == k).unwrap().1;
            assert!(of(coarse) >= of(fine) * (1.0 - 1e-9), "{costs:?}");
        }
    }

    #[test]
    fn phase_two_of_a_year_costs_at_most_what_the_original_found() {
        // The machines that the original reserved at a gap of 1 %; it planned 8760 slots at 49 565.8 in 412 s.
        let Some(file) = gecon(1) else { return };
        let bought = [("ic4", "1", 18.0), ("ic5", "2", 20.0), ("ic6", "3", 20.0)];
        let name =
            |(id, zone, count): (&str, &str, f64)| (format!("{id}-c3-large-US-West--N--California--AZ{zone}-R"), count);
        let mut purchase: Vec<(String, f64)> = bought.map(name).to_vec();
        purchase.push(("ic7-c3-xlarge-US-West--N--California--AZ1-R".into(), 2.0));
        let begin = Instant::now();
        let run = simulate(&file.problems[1], &purchase, 8760, &PlanOptions::default(), &mut |_| ()).unwrap();
        assert_eq!((run.status, run.slots.len()), (Status::Optimal, 8760));
        assert!(run.cost.unwrap() <= 49_565.8 * (1.0 + 1e-6), "{:?}", run.cost);
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    }
}
