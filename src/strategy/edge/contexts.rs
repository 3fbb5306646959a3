//! Contexts at the edge: a client gets the computer of a function when it connects, calls it without any broker, and is moved to
//! another one when the controller balances (ETSI MEC).
//!
//! Source: `ccicconetti/serverlessonedge`, the balanced controller of the ETSI MEC proxy (specification section 8). Until it is
//! balanced for the first time, a client calls the first computer that was announced for its function.
//! Differs: a context is open from the first call on. What the original calls a client is a source here, whose own clients each
//! hold a context.

use std::collections::{BTreeMap, BTreeSet};

use super::controller::balance;
use crate::model::ids::{FunctionId, PoolId, SourceId};
use crate::model::request::Request;
use crate::model::routing::Route;
use crate::model::view::View;

/// Who calls what.
type Pair = (SourceId, FunctionId);

/// The computers announced, the contexts open, and which computer each pair was given.
#[derive(Clone, Debug, Default)]
pub(super) struct Contexts {
    /// In the order of their announcements.
    computers: Vec<PoolId>,
    /// Numbers of the clients of each source.
    open: BTreeMap<Pair, BTreeSet<u32>>,
    given: BTreeMap<Pair, PoolId>,
}

impl Contexts {
    pub fn announce(&mut self, computer: PoolId) {
        if !self.computers.contains(&computer) {
            self.computers.push(computer);
        }
    }

    /// Whether the computer was known. Who had it falls back on the first that is left.
    pub fn withdraw(&mut self, computer: PoolId) -> bool {
        let known = self.computers.len();
        self.computers.retain(|&other| other != computer);
        self.given.retain(|_, &mut given| given != computer);
        self.computers.len() < known
    }

    /// Where a request goes: its client may connect with it.
    pub fn route(&mut self, view: &View<'_>, request: &Request) -> Route {
        let pair = (request.source, request.function);
        self.open.entry(pair).or_default().insert(request.client);
        let first = || self.computers.iter().copied().find(|&computer| view.serves(computer, request.function));
        self.given.get(&pair).copied().or_else(first).map_or(Route::Refused, Route::Call)
    }

    /// Divides the contexts over the computers anew.
    pub fn balance(&mut self, view: &View<'_>) {
        let offered = |computer: PoolId| {
            let served = view.functions().filter(|&function| view.serves(computer, function));
            served.map(|function| view.function_name(function).to_owned()).collect::<Vec<_>>()
        };
        let computers: Vec<(String, Vec<String>)> =
            self.computers.iter().map(|&computer| (view.name(computer).to_owned(), offered(computer))).collect();
        let mut contexts = Vec::new();
        let mut pairs: BTreeMap<(String, String), Pair> = BTreeMap::new();
        for (&(source, function), clients) in &self.open {
            let named = (view.source_name(source).to_owned(), view.function_name(function).to_owned());
            contexts.extend(clients.iter().map(|_| named.clone()));
            pairs.insert(named, (source, function));
        }
        for association in balance(&computers, &contexts) {
            let pair = pairs[&(association.client, association.function)];
            match association.computer.and_then(|name| view.pool_named(&name)) {
                Some(computer) => self.given.insert(pair, computer),
                None => self.given.remove(&pair),
            };
        }
    }
}
