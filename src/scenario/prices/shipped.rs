//! The price lists and scenarios that come with the project: they are read, and say what their sources say.

use std::path::{Path, PathBuf};

use super::*;
use crate::scenario::raw::{Pool, Scenario};

fn shipped(name: &str) -> Tariff {
    read(&folder("prices").join(name)).unwrap_or_else(|complaints| panic!("{complaints}"))
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name)
}

/// Files of a folder that end in `.toml`, in order of name.
fn tomls(name: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}

#[test]
fn the_shipped_lists_are_read() {
    let lists = tomls("prices");
    assert!(lists.len() >= 3, "{lists:?}");
    for list in lists {
        let tariff = read(&list).unwrap_or_else(|complaints| panic!("{complaints}"));
        let of_aws = list.file_name().is_some_and(|name| name.to_string_lossy().starts_with("aws-"));
        let usual = tariff.instance_type("m4.large").is_some() && tariff.function.is_some();
        assert!(usual || !of_aws, "{}", list.display());
    }
}

/// Figures on record of the LIBRA simulation: 6,432,107 requests cost 54.898033245 USD, 48 machines over 45,000 s 60 USD,
/// the balancer and the gateway 0.27 and 0.4512 USD in 12 h.
#[test]
fn the_list_of_the_libra_simulation_gives_its_figures() {
    let tariff = shipped("aws-libra-simulation.toml");
    let request = tariff.function.unwrap().cost(Span::from_secs(1), 512, false);
    assert_eq!(request * 6_432_107, 54_898_033_245_000);
    let machine = tariff.instance_type("m4.large").unwrap();
    assert_eq!(machine.price.cost(machine.billed(Span::from_secs(45_000))) * 48, 60 * PICO);
    let half_day = Span::from_secs(12 * 3600);
    assert_eq!(tariff.balancer.unwrap().per_hour.cost(half_day), 270_000_000_000);
    assert_eq!(tariff.gateway.cost(half_day), 451_200_000_000);
}

/// The replay has the table of the published code as doubles; both lists must say the same.
#[test]
fn the_types_of_both_libra_lists_are_those_of_the_replay() {
    use crate::planner::libra::prices::VM_TYPES;
    for tariff in [shipped("aws-libra-simulation.toml"), shipped("aws-2020-05.toml")] {
        assert_eq!(tariff.types.len(), VM_TYPES.len());
        for vm in VM_TYPES {
            let kind = tariff.instance_type(vm.name).unwrap_or_else(|| panic!("{} is missing", vm.name));
            assert_eq!(kind.memory_mib as f64, vm.memory_gb * 1024.0, "{}", vm.name);
            assert_eq!(kind.price.0 as f64 / PICO as f64, vm.hourly_price, "{}", vm.name);
        }
    }
}

/// The AWS experiment's half hour: 0.01525 USD of balancer with one unit, 0.0058 USD of gateway.
#[test]
fn the_list_of_the_libra_experiment_gives_its_fixed_costs() {
    let tariff = shipped("aws-2020-05.toml");
    let (half_hour, balancer) = (Span::from_secs(1800), tariff.balancer.unwrap());
    let unit = PerHour(balancer.per_unit_hour).cost(half_hour);
    assert_eq!(balancer.per_hour.cost(half_hour) + unit, 15_250_000_000);
    assert_eq!(tariff.gateway.cost(half_hour), 5_800_000_000);
    assert_eq!(tariff.function.unwrap().billed(Span::from_nanos(830_000_001)), Span::from_nanos(900_000_000));
}

#[test]
fn the_shipped_scenarios_have_the_right_form_and_name_lists_that_are_there() {
    let scenarios = tomls("");
    assert!(scenarios.len() >= 3, "{scenarios:?}");
    for path in scenarios {
        let read = read_file::<Scenario>(&path, [] as [&str; 0]);
        let scenario = read.unwrap_or_else(|complaints| panic!("{complaints}")).into_value();
        let Some(list) = scenario.prices else {
            // Where everything is free there are no instance types to look up.
            assert!(!scenario.pools.values().any(|pool| matches!(pool, Pool::Vm(_))), "{}", path.display());
            continue;
        };
        let tariff = super::read(&folder(&list)).unwrap_or_else(|complaints| panic!("{complaints}"));
        for pool in scenario.pools.values() {
            if let Pool::Vm(pool) = pool {
                assert!(tariff.instance_type(&pool.kind).is_some(), "{}: {}", path.display(), pool.kind);
            }
        }
    }
    let first = std::fs::read_to_string(folder("first-run.toml")).unwrap();
    assert!(first.lines().count() <= 30, "a first run is short");
}
