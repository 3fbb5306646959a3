//! Clients that nobody coordinates: each knows every computer of a function, calls its primary one and, with some probability,
//! each other one at the same time. The first answer that is served counts, and its computer is primary from then on.
//!
//! Source: Cicconetti, Conti, Passarella, "Uncoordinated access to serverless computing in MEC systems for IoT", Computer
//! Networks 2020; reference code `ccicconetti/serverlessonedge`, the client with several endpoints (`model::edge_client`).
//! Differs: computers do not come and go, and a computer that failed stays known; where all answers are failures the primary
//! one stays. Calls that a function or a chain makes go to the primary computer alone.

use std::collections::BTreeMap;

use crate::engine::random::Rng;
use crate::model::edge_client::Uncoordinated;
use crate::model::ids::{FunctionId, PoolId, SourceId};
use crate::model::request::{Outcome, Request};
use crate::model::routing::Route;
use crate::model::view::View;
use crate::strategy::Answer;

/// A request by its number, and a call of it.
type Call = (u64, u32);

/// Requests of which answers are still out.
#[derive(Clone, Debug)]
struct Running {
    who: (SourceId, u32, FunctionId),
    contacted: Vec<usize>,
    /// The place of the first that was served.
    winner: Option<usize>,
    missing: usize,
}

/// All clients and their races.
#[derive(Clone, Debug)]
pub(super) struct Racing {
    persistence: f64,
    /// Of each function, in order of names.
    endpoints: Vec<Vec<PoolId>>,
    clients: BTreeMap<(SourceId, u32, FunctionId), Uncoordinated>,
    /// By the first copy.
    races: BTreeMap<Call, Running>,
    /// Of each copy: its race, and its place there.
    copies: BTreeMap<Call, (Call, usize)>,
}

impl Racing {
    pub fn new(persistence: f64) -> Racing {
        let (clients, races, copies) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Racing { persistence, endpoints: Vec::new(), clients, races, copies }
    }

    /// Every client hears of the computers that are listed.
    pub fn start(&mut self, view: &View<'_>, listed: impl Fn(&str) -> bool) {
        let of = |function: FunctionId| {
            let serving = view.pools().filter(|&pool| view.serves(pool, function) && listed(view.name(pool)));
            let mut endpoints: Vec<PoolId> = serving.collect();
            endpoints.sort_by_key(|&pool| view.name(pool));
            endpoints
        };
        self.endpoints = view.functions().map(of).collect();
    }

    /// Where a request goes: to one computer, or in copies to several, which are then asked for in turn.
    pub fn route(&mut self, request: &Request, rng: impl FnOnce() -> Rng) -> Route {
        let endpoints = &self.endpoints[request.function.index()];
        if endpoints.is_empty() {
            return Route::Refused;
        }
        if let Some(&(race, place)) = self.copies.get(&(request.number, request.call)) {
            return Route::Call(endpoints[self.races[&race].contacted[place]]);
        }
        let who = (request.source, request.client, request.function);
        let (count, persistence) = (endpoints.len(), self.persistence);
        let client = self.clients.entry(who).or_insert_with(|| Uncoordinated::new(count, persistence, 0));
        if request.parent.is_some() {
            return Route::Call(endpoints[client.primary()]);
        }
        let mut rng = rng();
        let contacted = client.contacted(|| rng.uniform());
        if let [only] = contacted[..] {
            return Route::Call(endpoints[only]);
        }
        let copies = contacted.len();
        let first = (request.number, request.calls_made + 1);
        for place in 0..copies {
            self.copies.insert((first.0, first.1 + place as u32), (first, place));
        }
        self.races.insert(first, Running { who, contacted, winner: None, missing: copies });
        Route::Race(copies as u16)
    }

    /// A copy is answered, or its client has given up on it.
    pub fn learn(&mut self, answer: &Answer<'_>) {
        let Some((race, place)) = self.copies.remove(&(answer.request.number, answer.request.call)) else { return };
        let running = self.races.get_mut(&race).expect("a race lasts as long as its copies");
        running.missing -= 1;
        if answer.outcome == Outcome::Served {
            running.winner.get_or_insert(place);
        }
        if running.missing > 0 {
            return;
        }
        let Running { who, contacted, winner, .. } = self.races.remove(&race).expect("it was there");
        if let Some(winner) = winner {
            self.clients.get_mut(&who).expect("who races is a client").won_by(contacted[winner]);
        }
    }
}
