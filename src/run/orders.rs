//! What the strategy orders: carried out at once or after the time of deciding, written down with its reason, or why not.

use std::io;

use super::drive::Driver;
use super::sink::{DecisionRow, NoteRow};
use crate::engine::time::Instant;
use crate::model::event::Event;
use crate::model::fleet::Refusal;
use crate::model::ids::PoolId;
use crate::model::orders::{Order, Reasoned, Remark};
use crate::model::routing::{Route, ShareRule};
use crate::model::view::View;
use crate::model::world::World;
use crate::strategy::Occasion;

impl Driver<'_> {
    /// Lets the strategy look, and carries out what it orders.
    pub(super) fn control(&mut self, why: Occasion) -> io::Result<()> {
        let view = View::new(&self.world, self.now);
        self.strategy.control(why, &view, &mut self.orders);
        if why == Occasion::Period && self.work_may_come() {
            self.plan_control();
        }
        self.carry_out_orders()
    }

    /// Carries out the sheet, now or after the time of deciding.
    pub(super) fn carry_out_orders(&mut self) -> io::Result<()> {
        let mut orders = std::mem::take(&mut self.orders);
        for note in orders.notes.drain(..) {
            if self.wants.decisions {
                let row = NoteRow { at: self.now, scope: note.scope, name: note.name, value: note.value };
                self.sink.note(&row)?;
            }
        }
        if orders.delay.is_zero() {
            for reasoned in orders.list.drain(..) {
                self.carry_out(reasoned)?;
            }
        } else if !orders.list.is_empty() {
            let batch = self.batches.len() as u32;
            self.batches.push(Some(std::mem::take(&mut orders.list)));
            let event = Event::OrdersDue { batch };
            self.plan.plan(self.now + orders.delay, event.rank(), event);
        }
        for remark in orders.remarks.drain(..) {
            if self.wants.decisions {
                let Remark { action, target, from, to, reason } = remark;
                let by = self.strategy_name.clone();
                let row = DecisionRow { at: self.now, by, action, target, from, to, reason, refusal: String::new() };
                self.sink.decision(&row)?;
            }
        }
        orders.clear();
        self.orders = orders;
        Ok(())
    }

    pub(super) fn carry_out_batch(&mut self, batch: u32) -> io::Result<()> {
        let taken = self.batches[batch as usize].take().expect("a batch of orders is carried out once");
        for reasoned in taken {
            self.carry_out(reasoned)?;
        }
        Ok(())
    }

    /// Carries out one order, or writes down why not.
    fn carry_out(&mut self, Reasoned { order, reason }: Reasoned) -> io::Result<()> {
        let now = self.now;
        self.orders_given += 1;
        let (action, target, from, to, refusal) = match order {
            Order::Scale { pool, target } => {
                self.take_over(pool)?;
                let from = self.world.pool(pool).desired;
                let refusal = if self.populated {
                    self.world.scale(pool, target, now, &mut self.plan)
                } else {
                    self.world.set_initial(pool, target)
                };
                if matches!(refusal, Some(Refusal::NoMemory { .. })) {
                    self.order_may_wait(pool);
                }
                let to = self.world.pool(pool).desired;
                ("scale", self.world.pool(pool).spec.name.clone(), from.to_string(), to.to_string(), refusal)
            }
            Order::Reserve { kind, node, count, hourly, upfront_pico, term } => {
                self.world.reserve(&kind, node, count, hourly, upfront_pico, term, now);
                ("reserve", kind, String::new(), count.to_string(), None)
            }
            Order::Share { node, function, forwarded, rule } => {
                let to = describe(&self.world, &rule);
                self.world.tables.set(node, function, forwarded, rule);
                ("share", self.world.node(node).name.clone(), self.world.function(function).name.clone(), to, None)
            }
            Order::Tune { knob, value } => {
                let before =
                    self.stakeholders.as_mut().map(|stakeholders| stakeholders.tune(knob, value, &self.world, now));
                let refusal = before.is_none().then_some(Refusal::NoEconomy);
                let from = before.map_or(String::new(), |before| before.to_string());
                ("tune", knob.name().to_owned(), from, value.to_string(), refusal)
            }
            Order::Wake { after } => {
                let event = Event::ControlDue { periodic: false };
                self.plan.plan(now + after, event.rank(), event);
                return Ok(());
            }
        };
        self.refusals += u64::from(refusal.is_some());
        if self.wants.decisions {
            let refusal = refusal.map_or(String::new(), Refusal::describe);
            let by = self.strategy_name.clone();
            self.sink.decision(&DecisionRow { at: now, by, action, target, from, to, reason, refusal })?;
        }
        Ok(())
    }

    /// A scale order that did not fit waits until its patience is over.
    fn order_may_wait(&mut self, pool: PoolId) {
        let Some(patience) = self.order_patience else { return };
        let due: Instant = self.now + patience;
        let event = Event::OrderPatienceOver { pool };
        let wanting = self.world.pools[pool.index()].wanting;
        if wanting.is_none_or(|handle| !self.plan.move_to(handle, due)) {
            self.world.pools[pool.index()].wanting = Some(self.plan.plan(due, event.rank(), event));
        }
    }

    pub(super) fn order_waited_too_long(&mut self, pool: PoolId) -> io::Result<()> {
        let missing = self.world.give_up_wanting(pool);
        self.refusals += 1;
        if self.wants.decisions {
            let target = self.world.pool(pool).spec.name.clone();
            let desired = self.world.pool(pool).desired;
            self.sink.decision(&DecisionRow {
                at: self.now,
                by: self.strategy_name.clone(),
                action: "scale",
                target,
                from: (desired + missing).to_string(),
                to: desired.to_string(),
                reason: String::new(),
                refusal: Refusal::WaitedTooLong { missing }.describe(),
            })?;
        }
        Ok(())
    }
}

/// A share rule in words, for the log of decisions.
fn describe(world: &World, rule: &ShareRule) -> String {
    let name = |route: Route| match route {
        Route::Pool(pool) | Route::Send(pool) | Route::Call(pool) | Route::Estimate(pool) => {
            world.pool(pool).spec.name.clone()
        }
        Route::Node(node) | Route::Next(node) => format!("node {}", world.node(node).name),
        Route::Race(copies) => format!("{copies} copies"),
        Route::Refused => "refused".to_owned(),
    };
    match rule {
        ShareRule::Weights { targets, .. } => {
            targets.iter().map(|&(route, weight)| format!("{} {weight}", name(route))).collect::<Vec<_>>().join(", ")
        }
        ShareRule::Quota { period, firsts, rest } => {
            let firsts: Vec<_> =
                firsts.iter().map(|&(route, n)| format!("first {n} of {period} {}", name(route))).collect();
            format!("{}, rest {}", firsts.join(", "), name(*rest))
        }
    }
}
