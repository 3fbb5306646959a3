//! What a scenario says about how much a broker can do at once.

use serde::Serialize;

use crate::engine::law::Law;
use crate::model::broker::BrokerLimits;
use crate::scenario::complaint::Desk;
use crate::scenario::law_text::{LawForm, TimeLaw};
use crate::scenario::part::Part;

/// The limits as they are written.
pub(super) struct Limits<'a> {
    pub threads: Option<u32>,
    pub connections: Option<u32>,
    pub forward_time: Option<&'a TimeLaw>,
    pub faithful: bool,
}

impl Limits<'_> {
    /// A broker that lets nobody in, or that has no way out, serves nobody.
    pub fn check<T: Serialize>(&self, part: &Part<'_, T>, desk: &mut Desk) -> BrokerLimits {
        if self.threads == Some(0) {
            desk.add(part.refuse("threads", "one thread or more; any number when absent"));
        }
        if self.connections == Some(0) {
            desk.add(part.refuse("connections", "one connection or more; any number when absent"));
        }
        let forward_time = self.forward_time.and_then(|text| {
            let law = match text.form() {
                LawForm::Constant { value } => Law::constant(value).ok(),
                LawForm::Uniform { low, high } if low == high => Law::constant(low).ok(),
                LawForm::Uniform { low, high } => Law::uniform(low, high).ok(),
                _ => None,
            };
            if law.is_none() {
                desk.add(part.refuse("forward_time", "a length of time, or uniform(least, most)"));
            }
            // No time at all is what a broker takes that says nothing.
            law.filter(|law| law.constant_value() != Some(0.0))
        });
        BrokerLimits {
            threads: self.threads,
            connections: self.connections,
            forward_time,
            loses_connections: self.faithful,
        }
    }
}
