//! What an entity looks like at an instant, as text for people: a broker's tables, a computer's load, a pool, a group, an
//! alarm, a function. Tables and loads have the original's layout (Serverless on the Edge).

use std::fmt::Write as _;

use super::drive::Driver;
use crate::model::ids::PoolId;
use crate::model::view::View;

/// Everything that is called `entity`, in this order: broker, pool, group, alarm, function.
pub(super) fn describe(driver: &Driver<'_>, entity: &str) -> String {
    let view = View::new(&driver.world, driver.now);
    let mut text = driver.strategy.describe(&view, entity).unwrap_or_default();
    if let Some(pool) = view.pool_named(entity) {
        text += &describe_pool(driver, pool);
    }
    let world = &driver.world;
    let of_pool = |pool: PoolId| world.pool(pool).spec.name == entity;
    if let Some(group) = world.groups.iter().find(|group| of_pool(group.spec.pool)) {
        let desired = world.pool(group.spec.pool).desired;
        let _ = writeln!(text, "group {entity}: min {} max {} desired {desired}", group.min, group.max);
    }
    if let Some(alarm) = world.alarms.iter().find(|alarm| alarm.spec.name == entity) {
        let _ = writeln!(text, "alarm {entity}: {:?}", alarm.state);
    }
    if let Some(place) = world.functions.iter().position(|function| function.name == entity) {
        let _ = writeln!(text, "function {entity}: {} arrived", world.arrived[place]);
    }
    if text.is_empty() { format!("{entity}: nothing to show under {}\n", driver.strategy_name) } else { text }
}

fn describe_pool(driver: &Driver<'_>, id: PoolId) -> String {
    let pool = driver.world.pool(id);
    let counts = pool.counts;
    let mut text = String::new();
    if let Some(machine) = driver.world.machines.get(id) {
        let now = crate::model::digits::significant(driver.now.as_secs_f64(), 6);
        for (processor, active, memory, loads) in machine.computer.state() {
            // Time, name and utilisation are what the original's client prints.
            let [load1, load10, load30] = loads;
            let last = f64::from(load1) / 100.0;
            let _ = writeln!(
                text,
                "{now} {processor} {last:.6} running {active} memory {memory} load {load1} {load10} {load30}"
            );
        }
    }
    let _ = writeln!(
        text,
        "pool {}: desired {} pending {} serving {} draining {} running {} waiting {} begun {}",
        pool.spec.name,
        pool.desired,
        counts.booting + counts.initial,
        counts.serving,
        counts.draining,
        counts.running,
        counts.waiting,
        counts.begun
    );
    text
}
