//! The last stage: replicas ordered, price and banners set.
//!
//! Source: executors of the published loops, which set a service's replica count; the paper asks for price and banners too.
//! Differs: both are set; an order for what stands already is not given (corrected), where the original repeats it.

use super::knowledge::Knowledge;
use crate::model::orders::{Knob, Orders};
use crate::model::view::View;
use crate::planner::mape::Reading;

/// The stage that acts.
pub trait Executor {
    /// Gives the orders of the plan; true: the size was changed.
    fn execute(&mut self, view: &View<'_>, knowledge: &mut Knowledge, orders: &mut Orders) -> bool;
}

/// Scales the service and sets its terms.
#[derive(Clone, Copy, Debug)]
pub struct ScaleAndTune {
    pub reading: Reading,
}

impl Executor for ScaleAndTune {
    fn execute(&mut self, view: &View<'_>, knowledge: &mut Knowledge, orders: &mut Orders) -> bool {
        let mut done: Vec<String> = Vec::new();
        let size = view.size(knowledge.service);
        let target = knowledge.plan.map(|plan| plan.replicas);
        let repeats = self.reading == Reading::Original;
        if let Some(target) = target.filter(|&target| repeats || target != size) {
            orders.scale(knowledge.service, target, knowledge.row().why());
            done.push(format!("scale {size} to {target}"));
        }
        if let Some((price, banners)) = knowledge.economic.and_then(|found| found.terms) {
            if knowledge.price.replace(price) != Some(price) {
                orders.tune(Knob::Price, price, "the economy's choice");
                done.push("set the price".to_owned());
            }
            if knowledge.banners.replace(banners) != Some(banners) {
                orders.tune(Knob::Banners, banners, "the economy's choice");
                done.push("set the banners".to_owned());
            }
        }
        knowledge.done = done.join(", ");
        target.is_some_and(|target| target != size)
    }
}
