//! Pools: what all kinds share. Machines, function environments, containers and edge computers have rooms of their own.

use std::ops::Range;

use super::Checker;
use crate::model::balancer::Policy;
use crate::model::ids::FunctionId;
use crate::model::pool::{Charge, PoolSpec};
use crate::model::tariff::Tariff;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::FunctionSetup;

pub(super) const CORES_MAX: f64 = 4096.0;
/// So much quicker than the machine that work is measured on is no machine.
const SPEED_MAX: f64 = 1e6;
/// Most pools, those of functions that have one each among them.
const POOLS_MAX: usize = 100_000;

impl Checker<'_> {
    pub(super) fn pools(
        &mut self,
        raw: &raw::Scenario,
        functions: &[FunctionSetup],
        tariff: Option<&Tariff>,
    ) -> Vec<PoolSpec> {
        if raw.pools.is_empty() {
            self.refuse("pools", "at least one pool");
        }
        let build = |(name, pool): (&String, &raw::Pool)| {
            let path = KeyPath::from("pools").key(name);
            let mut spec = match pool {
                raw::Pool::Vm(vm) => self.vm_pool(vm, functions, tariff, &path),
                raw::Pool::Function(function) => self.function_pool(function, functions, tariff, &path),
                raw::Pool::Container(container) => self.container_pool(container, tariff, &path),
                raw::Pool::Computer(computer) => self.computer_pool(computer, raw, &path),
            };
            spec.name.clone_from(name);
            spec
        };
        let specs: Vec<PoolSpec> = raw.pools.iter().map(build).collect();
        let of_each = |(spec, written): (PoolSpec, &raw::Pool)| match written {
            raw::Pool::Function(pool) if pool.per_function => {
                let chains = raw.functions.len()..raw.functions.len() + raw.chains.len();
                per_function(&spec, pool.memory.is_none(), functions, &chains)
            }
            _ => vec![spec],
        };
        let specs: Vec<PoolSpec> = specs.into_iter().zip(raw.pools.values()).flat_map(of_each).collect();
        if specs.len() > POOLS_MAX {
            self.refuse_found("pools", format!("{} pools", specs.len()), format!("at most {POOLS_MAX}"));
        }
        specs
    }

    /// The functions that a pool serves: those it names, and those that traces brought which are like one of them.
    pub(super) fn served(&mut self, names: &[String], path: &KeyPath) -> Vec<FunctionId> {
        let mut serves = self.function_list(names, path);
        let made = self.made.values().filter(|(_, like)| serves.contains(like)).map(|&(made, _)| made);
        let mut made: Vec<FunctionId> = made.collect();
        made.sort_unstable();
        serves.extend(made);
        serves
    }
    /// A number of instances that somebody wrote must fit the run's limit: one order would launch them all.
    pub(super) fn within_instances(&mut self, count: u32, path: KeyPath) {
        let most = self.raw().limits.instances;
        if u64::from(count) > most && self.read.is_given(path.clone()) {
            self.refuse(path, format!("at most the {most} of limits.instances"));
        }
    }

    pub(super) fn per_speed(&mut self, speed: f64, path: &KeyPath) -> f64 {
        if !(speed > 0.0 && speed <= SPEED_MAX) {
            self.refuse(path.key("speed"), "a speed above zero, at most 1000000");
            return 1.0;
        }
        1.0 / speed
    }
}

/// How requests are spread over instances; `None` for the one policy that needs weights.
pub(super) fn unweighted(written: raw::Balance, choices: u32) -> Option<Policy> {
    match written {
        raw::Balance::RoundRobin => Some(Policy::RoundRobin),
        raw::Balance::LeastOutstanding => Some(Policy::LeastOutstanding),
        raw::Balance::Random => Some(Policy::Random),
        raw::Balance::FirstFit => Some(Policy::FirstFit),
        raw::Balance::PowerOfChoices => Some(Policy::PowerOfChoices(choices.max(1))),
        raw::Balance::Weighted => None,
    }
}

/// The same pool for each function it serves, by itself, with the memory of that function where the pool states none.
/// What stands for chains is never served itself.
fn per_function(
    of: &PoolSpec,
    takes_memory: bool,
    functions: &[FunctionSetup],
    chains: &Range<usize>,
) -> Vec<PoolSpec> {
    let served = (0..functions.len()).filter(|index| !chains.contains(index));
    let all: Vec<FunctionId> = served.map(FunctionId::from_index).collect();
    let served = if of.serves.is_empty() { &all } else { &of.serves };
    let own = |&id: &FunctionId| {
        let function = &functions[id.index()];
        let mut own = PoolSpec { name: format!("{}/{}", of.name, function.name), serves: vec![id], ..of.clone() };
        if takes_memory {
            own.memory_mib = u64::from(function.memory_mib);
            if let Charge::PerUse { memory_mib, .. } = &mut own.charge {
                *memory_mib = function.memory_mib;
            }
        }
        own
    };
    served.iter().map(own).collect()
}

/// The memory that the largest of the functions served needs.
pub(super) fn memory_of(serves: &[FunctionId], functions: &[FunctionSetup]) -> u32 {
    let served = functions
        .iter()
        .enumerate()
        .filter(|(index, _)| serves.is_empty() || serves.contains(&FunctionId::from_index(*index)));
    served.map(|(_, function)| function.memory_mib).max().unwrap_or(0)
}
