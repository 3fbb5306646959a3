//! What happens to tables and computers at stated instants: the commands of the original's clients, by timetable.

use super::EdgeBrokers;
use crate::engine::time::Instant;
use crate::model::orders::Orders;
use crate::model::view::View;

/// One line of a timetable. Names exist and weights are positive: the reader of the scenario has checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    pub at: Instant,
    pub change: Change,
}

impl Timed {
    pub(super) fn announces(&self, pool: &str) -> bool {
        matches!(&self.change, Change::Announce { computer } if computer == pool)
    }
}

/// What changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A computer says that it is there.
    Announce { computer: String },
    /// A computer is gone.
    Withdraw { computer: String },
    /// A destination of a broker's table is added or gets another weight: a pool (final) or another broker's node.
    Set { broker: String, function: String, destination: String, weight: f32 },
    /// A destination leaves a broker's table.
    Remove { broker: String, function: String, destination: String },
    /// A broker forgets all destinations.
    Flush { broker: String },
    /// All weights of a broker are one again.
    Reset { broker: String },
}

impl EdgeBrokers {
    pub(super) fn by_timetable(&mut self, change: Change, view: &View<'_>, orders: &mut Orders) {
        let now = view.now();
        match change {
            Change::Announce { computer } => {
                let pool = view.pool_named(&computer).expect("the reader of the scenario has checked the name");
                let commands = self.announced(pool, view);
                self.tell(commands, now, orders);
            }
            Change::Withdraw { computer } => {
                let pool = view.pool_named(&computer).expect("the reader of the scenario has checked the name");
                if let Some(contexts) = &mut self.contexts {
                    contexts.withdraw(pool);
                }
                let commands = self.withdrawn(&computer);
                self.tell(commands, now, orders);
            }
            Change::Set { broker, function, destination, weight } => {
                let (node, function) = (self.node_places[&broker], self.function_places[&function]);
                let (id, is_final) = self.named(&destination);
                self.change(node, function, id, weight, is_final, now);
            }
            Change::Remove { broker, function, destination } => {
                let (node, function) = (self.node_places[&broker], self.function_places[&function]);
                let (id, _) = self.named(&destination);
                self.broker_at(node).remove(now, function as u32, id);
            }
            Change::Flush { broker } => {
                let node = self.node_places[&broker];
                self.broker_at(node).flush();
            }
            Change::Reset { broker } => {
                let node = self.node_places[&broker];
                self.broker_at(node).reset(now);
            }
        }
    }

    /// The number of a destination named by a person, and whether it is a computer. A pool goes before a node of its name.
    fn named(&self, name: &str) -> (u32, bool) {
        let pool = self.destinations.get(&super::computer(name)).map(|&id| (id, true));
        let node = || self.destinations.get(name).map(|&id| (id, false));
        pool.or_else(node).expect("the reader of the scenario has checked the name")
    }
}
