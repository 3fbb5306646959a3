//! Chains and DAGs of functions, what exchanges cost, and probes.

use super::Checker;
use crate::engine::time::{Instant, Span};
use crate::model::chain::{Caller, Carried, ChainSpec, Home, StateSpec};
use crate::model::edge_chain::{Application, State};
use crate::model::ids::{FunctionId, NodeId};
use crate::model::network::Exchange;
use crate::model::request::Retry;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::{FunctionSetup, ProbeSetup};
use crate::scenario::units::nearest;

impl Checker<'_> {
    /// The chains, and a function that stands for each.
    pub(super) fn chains(&mut self, raw: &raw::Scenario, functions: &mut Vec<FunctionSetup>) -> Vec<ChainSpec> {
        let mut chains = Vec::new();
        for (name, written) in &raw.chains {
            let path = KeyPath::from("chains").key(name);
            if raw.functions.contains_key(name) {
                self.refuse_found(path.clone(), "the name of a function", "a name of its own");
            }
            let function = FunctionId::from_index(functions.len());
            functions.push(stand_in(name));
            chains.extend(self.chain(written, function, &path));
        }
        chains
    }

    fn chain(&mut self, written: &raw::Chain, function: FunctionId, path: &KeyPath) -> Option<ChainSpec> {
        let steps = self.function_list(&written.steps, &path.key("steps"));
        let chained = || (1..=steps.len() as u16).map(|k| if usize::from(k) < steps.len() { vec![k] } else { vec![] });
        let next = written.next.clone().unwrap_or_else(|| chained().collect());
        let states: Vec<StateSpec> = written
            .states
            .iter()
            .map(|(name, state)| {
                let path = path.key("states").key(name);
                let functions = self.function_list(&state.of, &path.key("of"));
                StateSpec { name: name.clone(), functions, bytes: state.size.0 }
            })
            .collect();
        if steps.len() != written.steps.len() {
            return None;
        }
        self.is_application(written, &next, path);
        use raw::ChainPolicy as Policy;
        let needs_store = matches!(written.policy, Policy::External | Policy::InEdge);
        if written.store.is_some() && !needs_store {
            self.refuse(path.key("store"), "no store with this policy");
        }
        if written.store.is_none() && written.policy == Policy::InEdge {
            self.refuse_found(path.key("store"), "nothing", "the node where states are");
        }
        let store: NodeId = self.node(written.store.as_ref(), path.key("store"));
        let (caller, carried, home) = match written.policy {
            Policy::Client | Policy::InClient => (Caller::Client, Carried::Needed, Home::Nowhere),
            Policy::HopByHop => (Caller::Computer, Carried::Used, Home::Nowhere),
            Policy::RemoteClient => (Caller::Client, Carried::Nothing, Home::Moving),
            Policy::RemoteHopByHop | Policy::StateLocal => (Caller::Computer, Carried::Nothing, Home::Moving),
            Policy::PureFaas => (Caller::Client, Carried::All, Home::Nowhere),
            Policy::StatePropagate => (Caller::Computer, Carried::All, Home::Nowhere),
            Policy::InFunction => (Caller::Client, Carried::Nothing, Home::Nowhere),
            Policy::External => (Caller::Client, Carried::Nothing, Home::Store(store)),
            Policy::InEdge => (Caller::Client, Carried::Nothing, Home::ClientStore(store)),
        };
        Some(ChainSpec { function, steps, next, states, caller, carried, home })
    }

    /// What makes no chain: nothing to call, steps that are not there, a circle, a second entry or end, states of
    /// functions that are never called.
    fn is_application(&mut self, written: &raw::Chain, next: &[Vec<u16>], path: &KeyPath) {
        let names: Vec<&str> = written.steps.iter().map(String::as_str).collect();
        let states = written.states.iter().map(|(name, state)| State {
            name: name.clone(),
            // A function that does not exist has its complaint.
            functions: state.of.iter().filter(|name| self.names.functions.contains(name)).cloned().collect(),
            bytes: state.size.0,
        });
        let next = next.iter().map(|after| after.iter().map(|&step| usize::from(step)).collect()).collect();
        let states = states.collect();
        if let Err(no) = Application::dag(&names, next, states) {
            let path = match no.key.strip_prefix("states.") {
                Some(state) => path.key("states").key(state).key("of"),
                None if written.steps.is_empty() => path.key("steps"),
                None => path.key("next"),
            };
            self.refuse_found(path, no.found, no.wanted);
        }
    }

    pub(super) fn exchange(&mut self, written: &raw::Exchange) -> Exchange {
        /// Half of the 5 ms that calls of the documentation spend outside computing.
        const PER_MESSAGE: Span = Span::from_nanos(2_500_000);
        let set = |overhead_bytes, handshakes| Exchange { per_message: PER_MESSAGE, overhead_bytes, handshakes };
        let set = match written.protocol {
            None => Exchange::default(),
            Some(raw::Protocol::Grpc) => set(96, 1),
            Some(raw::Protocol::Quic) => set(152, 1),
            Some(raw::Protocol::QuicZeroRtt) => set(194, 0),
        };
        if written.handshakes.is_some_and(|handshakes| handshakes > HANDSHAKES_MAX) {
            self.refuse("exchange.handshakes", format!("at most {HANDSHAKES_MAX} round trips"));
        }
        Exchange {
            per_message: written.per_message.map_or(set.per_message, |span| span.0),
            overhead_bytes: written.overhead.map_or(set.overhead_bytes, |size| size.0),
            handshakes: written.handshakes.unwrap_or(set.handshakes),
        }
    }

    /// Probes in the order of their instants.
    pub(super) fn probes(&mut self, raw: &raw::Scenario) -> Vec<ProbeSetup> {
        let names = self.names.nodes.iter().chain(self.names.functions.iter());
        let others = raw.pools.keys().chain(raw.alarms.keys()).chain(raw.groups.keys());
        let known: Vec<String> = names.chain(others).cloned().collect();
        let mut probes = Vec::new();
        for (index, probe) in raw.probe.iter().enumerate() {
            let path = KeyPath::from("probe").index(index).key("entity");
            if !known.contains(&probe.entity) {
                let near = nearest(&probe.entity, known.iter().map(String::as_str));
                let wanted = "a node (for the broker there), a pool, a group, an alarm or a function";
                let complaint = self.read.refuse(path, wanted);
                self.desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
            }
            probes.push(ProbeSetup { at: Instant::ZERO + probe.at.0, entity: probe.entity.clone() });
        }
        probes.sort_by_key(|probe| probe.at);
        probes
    }
}

/// More round trips than any protocol makes.
const HANDSHAKES_MAX: u32 = 100;

/// The function that sources call when they call a chain. It has no work of its own.
fn stand_in(name: &str) -> FunctionSetup {
    FunctionSetup {
        name: name.to_owned(),
        memory_mib: 1,
        work: crate::engine::law::Law::constant(0.0).expect("no work is a length of time"),
        payload_bytes: 0,
        response_bytes: 0,
        timeout: None,
        patience: None,
        failure: 0.0,
        retry: Retry::default(),
        steps: Vec::new(),
    }
}
