//! The names that parameters of brokers speak of, against the scenario: nodes, pools, functions, and a computer for every
//! function that is called.

use serde::Serialize;

use super::{Action, Line};
use crate::engine::time::Instant;
use crate::model::ids::FunctionId;
use crate::scenario::complaint::Desk;
use crate::scenario::part::Part;
use crate::scenario::path::KeyPath;
use crate::scenario::setup::Setup;
use crate::scenario::units::{TimeSpan, nearest};
use crate::strategy::edge::{Change, Timed};

/// What both kinds of broker share, checked against the scenario.
pub(super) struct Shared<'a> {
    pub brokers: &'a [String],
    pub computers: &'a [String],
    pub timetable: &'a [Line],
    pub readmit: Option<TimeSpan>,
}

impl Shared<'_> {
    /// Every name must exist, and every function that is called must find a computer.
    pub fn check<T: Serialize>(&self, part: &Part<'_, T>, setup: &Setup, desk: &mut Desk) -> Vec<Timed> {
        let nodes: Vec<&str> = setup.nodes.iter().map(|node| node.name.as_str()).collect();
        let pools: Vec<&str> = setup.pools.iter().map(|pool| pool.name.as_str()).collect();
        known(part, desk, "brokers", self.brokers, &nodes, "a node");
        known(part, desk, "computers", self.computers, &pools, "a pool");
        if self.readmit.is_some_and(|span| span.0.is_zero()) {
            desk.add(part.refuse("readmit", "a length of time above zero"));
        }
        let announcements = self.timetable.iter().filter(|line| line.action == Action::Announce);
        let later: Vec<&String> = announcements.filter_map(|line| line.computer.as_ref()).collect();
        let known_computers = self.computers.iter().all(|name| pools.contains(&name.as_str()));
        for function in called(setup).into_iter().filter(|_| known_computers) {
            let serves = setup.pools.iter().any(|pool| {
                let listed =
                    self.computers.is_empty() || self.computers.contains(&pool.name) || later.contains(&&pool.name);
                listed && (pool.serves.is_empty() || pool.serves.contains(&function))
            });
            if !serves {
                let name = &setup.functions[function.index()].name;
                let found = format!("no destination for {name}");
                desk.add(part.complain(
                    "computers",
                    found,
                    "a pool that serves each function called: the table is empty",
                ));
            }
        }
        let mut lines = Vec::new();
        for (index, line) in self.timetable.iter().enumerate() {
            lines.extend(self.line(part, setup, desk, index, line));
        }
        lines
    }

    fn line<T: Serialize>(
        &self,
        part: &Part<'_, T>,
        setup: &Setup,
        desk: &mut Desk,
        index: usize,
        line: &Line,
    ) -> Option<Timed> {
        let pools: Vec<&str> = setup.pools.iter().map(|pool| pool.name.as_str()).collect();
        let brokers: Vec<&str> = setup.nodes.iter().map(|node| node.name.as_str()).collect();
        let brokers: Vec<&str> = brokers
            .into_iter()
            .filter(|name| self.brokers.is_empty() || self.brokers.iter().any(|own| own == name))
            .collect();
        let functions: Vec<&str> = setup.functions.iter().map(|function| function.name.as_str()).collect();
        let destinations: Vec<&str> = pools.iter().chain(&brokers).copied().collect();
        let mut name = |key: &str, written: &Option<String>, known: &[&str], what: &str| {
            let path = KeyPath::from("timetable").index(index).key(key);
            match written {
                Some(name) if known.contains(&name.as_str()) => Some(name.clone()),
                Some(name) => {
                    let near = nearest(name, known.iter().copied());
                    let complaint = part.refuse_at(&path, format!("the name of {what}"));
                    desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
                    None
                }
                None => {
                    desk.add(part.refuse_at(&path, format!("the name of {what}")));
                    None
                }
            }
        };
        let change = match line.action {
            Action::Announce => Change::Announce { computer: name("computer", &line.computer, &pools, "a pool")? },
            Action::Withdraw => Change::Withdraw { computer: name("computer", &line.computer, &pools, "a pool")? },
            Action::Flush => Change::Flush { broker: name("broker", &line.broker, &brokers, "a node with a broker")? },
            Action::Reset => Change::Reset { broker: name("broker", &line.broker, &brokers, "a node with a broker")? },
            Action::Change | Action::Remove => {
                let broker = name("broker", &line.broker, &brokers, "a node with a broker");
                let function = name("function", &line.function, &functions, "a function");
                let destination = name("destination", &line.destination, &destinations, "a pool or a broker's node");
                let (broker, function, destination) = (broker?, function?, destination?);
                if line.action == Action::Remove {
                    Change::Remove { broker, function, destination }
                } else {
                    let weight = line.weight as f32;
                    if !(weight > 0.0 && weight.is_finite()) {
                        let path = KeyPath::from("timetable").index(index).key("weight");
                        desk.add(part.refuse_at(&path, "a weight above zero"));
                        return None;
                    }
                    Change::Set { broker, function, destination, weight }
                }
            }
        };
        Some(Timed { at: Instant::ZERO + line.at.0, change })
    }
}

/// The functions that sources call, those of chains included.
fn called(setup: &Setup) -> Vec<FunctionId> {
    let mut called = Vec::new();
    let mut look: Vec<FunctionId> = setup.sources.iter().map(|source| source.function).collect();
    while let Some(function) = look.pop() {
        if let Some(chain) = setup.chains.iter().find(|chain| chain.function == function) {
            look.extend(&chain.steps);
        } else if !called.contains(&function) {
            called.push(function);
            let steps = setup.functions.get(function.index()).map(|function| function.steps.as_slice());
            look.extend(steps.unwrap_or_default().iter().flat_map(|step| &step.calls));
        }
    }
    called.sort_unstable();
    called
}

fn known<T: Serialize>(part: &Part<'_, T>, desk: &mut Desk, key: &str, names: &[String], known: &[&str], what: &str) {
    for (index, name) in names.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let near = nearest(name, known.iter().copied());
            let path = KeyPath::from(key).index(index);
            let complaint = part.refuse_at(&path, format!("the name of {what}"));
            desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
        }
    }
}
