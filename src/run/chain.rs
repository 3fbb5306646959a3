//! A chain or DAG under way: each step is a call of its own, made by the client or by the computer of the step before.
//!
//! Source: as `model::chain`. Kept from there: states are fetched after the function that needs them has run; in the
//! client's mode changes on the branches of a DAG are not merged; a function with several predecessors runs once, when
//! the last of them calls.
//! Differs: the original's brokers time how fast an asynchronous call is accepted, which says nothing about its work;
//! here they learn nothing from it.

use std::io;

use super::drive::Driver;
use crate::engine::time::Span;
use crate::model::chain::{Caller, Home};
use crate::model::event::Event;
use crate::model::function::child_key;
use crate::model::ids::{NodeId, RequestId};
use crate::model::request::{Outcome, Request, State};

/// One execution.
#[derive(Debug)]
pub(super) struct ChainRun {
    chain: usize,
    /// Calls that each step still waits for.
    missing: Vec<u16>,
    /// Where each step has run.
    ran_at: Vec<Option<NodeId>>,
    /// Where each state is.
    states_at: Vec<NodeId>,
}

impl Driver<'_> {
    /// Begins the execution of a chain, where the request asks for one; false where it asks for a plain function.
    pub(super) fn begin_chain(&mut self, root: RequestId) -> io::Result<bool> {
        let request = self.world.request(root);
        let (function, client) = (request.function, request.entry);
        let Some(place) = self.world.chains.iter().position(|chain| chain.function == function) else {
            return Ok(false);
        };
        let chain = &self.world.chains[place];
        let run = ChainRun {
            chain: place,
            missing: chain.predecessors(),
            ran_at: vec![None; chain.steps.len()],
            states_at: vec![client; chain.states.len()],
        };
        self.chain_runs.insert(root, run);
        self.world.request_mut(root).state = State::Calling;
        self.call_step(root, 0, client)?;
        Ok(true)
    }

    /// Calls a step from a node.
    fn call_step(&mut self, root: RequestId, step: u16, from: NodeId) -> io::Result<()> {
        let chain = &self.world.chains[self.chain_runs[&root].chain];
        let (callee, carried) = (chain.steps[usize::from(step)], chain.carried_bytes(step));
        let parent = self.world.request_mut(root);
        parent.calls_out += 1;
        parent.calls_made += 1;
        let (call, input) = (parent.calls_made, parent.payload_bytes);
        let (number, source, client, attempt) = (parent.number, parent.source, parent.client, parent.attempt);
        let own_key = child_key(parent.key, u32::from(step));
        let function = self.world.function(callee);
        let work = function.work.draw(&mut function.draws.work.at(own_key));
        let payload = input.saturating_add(carried);
        let mut child = Request::root(number, own_key, source, client, callee, from, work, payload, self.now);
        (child.call, child.root, child.parent) = (call, root, Some(root));
        (child.parent_attempt, child.parent_step) = (attempt, step);
        (child.input_bytes, child.copies_input) = (input, true);
        self.calls.arrived += 1;
        let child = self.world.admit(child);
        self.send(child)
    }

    /// The chain that a call is a step of.
    fn step_of(&self, id: RequestId) -> Option<(RequestId, u16)> {
        let request = self.world.request(id);
        let root = request.parent.filter(|root| self.chain_runs.contains_key(root))?;
        Some((root, request.parent_step))
    }

    /// Who calls the next step of the chain that a call is a step of; `None` for a call that is none.
    pub(super) fn step_caller(&self, id: RequestId) -> Option<Caller> {
        let (root, _) = self.step_of(id)?;
        Some(self.world.chains[self.chain_runs[&root].chain].caller)
    }

    /// The own work of a step is done: the states that it needs come to it. False for a call that is no step.
    pub(super) fn step_done(&mut self, id: RequestId) -> io::Result<bool> {
        if self.chain_runs.is_empty() {
            return Ok(false);
        }
        let Some((root, step)) = self.step_of(id) else { return Ok(false) };
        let here = self.world.request(id).node;
        let delay = self.fetch_states(root, step, here);
        if delay.is_zero() {
            self.step_answers(id)?;
            return Ok(true);
        }
        let event = Event::StatesFetched { request: id };
        let handle = self.plan.plan(self.now + delay, event.rank(), event);
        let request = self.world.request_mut(id);
        request.network += delay;
        request.state = State::Travelling;
        request.end = Some(handle);
        Ok(true)
    }

    /// Moves the states that a step needs, one after another; how long it takes.
    fn fetch_states(&mut self, root: RequestId, step: u16, here: NodeId) -> Span {
        let chain = &self.world.chains[self.chain_runs[&root].chain];
        let home = chain.home;
        let needed: Vec<(usize, u64)> = chain.needed(step).map(|place| (place, chain.states[place].bytes)).collect();
        let client = self.world.request(root).entry;
        let mut delay = Span::ZERO;
        for (place, bytes) in needed {
            let (from, back_to, to) = match home {
                Home::Nowhere => return Span::ZERO,
                Home::Moving => {
                    let at = self.chain_runs.get_mut(&root).map(|run| &mut run.states_at[place]);
                    let at = at.expect("the caller has looked");
                    (std::mem::replace(at, here), None, here)
                }
                Home::Store(store) => (store, Some(store), here),
                Home::ClientStore(store) => (store, Some(store), client),
            };
            // A state that no path leads to is taken as it was.
            delay += self.carry(from, to, bytes).unwrap_or(Span::ZERO);
            if let Some(store) = back_to {
                delay += self.carry(to, store, bytes).unwrap_or(Span::ZERO);
            }
        }
        delay
    }

    /// The answer of a step leaves: to the client, or not at all where its computer calls the next.
    pub(super) fn step_answers(&mut self, id: RequestId) -> io::Result<()> {
        self.world.request_mut(id).end = None;
        match self.step_caller(id) {
            Some(Caller::Computer) => {
                self.world.request_mut(id).outcome = Outcome::Served;
                self.answered(id, Outcome::Served)
            }
            Some(Caller::Client) | None => self.answer(id, Outcome::Served),
        }
    }

    /// A step is settled; false when the parent is no chain.
    pub(super) fn step_settled(
        &mut self,
        root: RequestId,
        step: u16,
        outcome: Outcome,
        called_from: NodeId,
        node: NodeId,
    ) -> io::Result<bool> {
        let Some(run) = self.chain_runs.get_mut(&root) else { return Ok(false) };
        if outcome != Outcome::Served {
            self.chain_runs.remove(&root);
            self.answer(root, Outcome::CallFailed)?;
            return Ok(true);
        }
        run.ran_at[usize::from(step)] = Some(node);
        let chain = run.chain;
        let spec = &self.world.chains[chain];
        let (caller, successors) = (spec.caller, spec.next[usize::from(step)].clone());
        self.count_early_calls(root, step, node, called_from);
        if successors.is_empty() {
            self.chain_runs.remove(&root);
            self.chain_over(root, chain, step, node)?;
            return Ok(true);
        }
        let client = self.world.request(root).entry;
        for next in successors {
            // A step that fails at once takes the whole chain with it.
            let Some(run) = self.chain_runs.get_mut(&root) else { break };
            let missing = &mut run.missing[usize::from(next)];
            *missing -= 1;
            if *missing == 0 {
                self.call_step(root, next, if caller == Caller::Client { client } else { node })?;
            }
        }
        Ok(true)
    }

    /// Where computers call, every predecessor calls a step, and only the last of these calls was made as a call: the
    /// messages of the others are counted once it is known where the step has run.
    fn count_early_calls(&mut self, root: RequestId, step: u16, node: NodeId, caller: NodeId) {
        let run = &self.chain_runs[&root];
        let chain = &self.world.chains[run.chain];
        if chain.caller == Caller::Client {
            return;
        }
        let before = (0..chain.steps.len()).filter(|&other| chain.next[other].contains(&step));
        let mut from: Vec<NodeId> = before.filter_map(|other| run.ran_at[other]).collect();
        if let Some(place) = from.iter().position(|&other| other == caller) {
            from.remove(place);
        }
        let bytes = self.world.request(root).payload_bytes.saturating_add(chain.carried_bytes(step));
        for early in from {
            self.carry(early, node, bytes);
        }
    }

    /// The last step has run: the client has its answer, or gets it from the computer.
    fn chain_over(&mut self, root: RequestId, chain: usize, step: u16, node: NodeId) -> io::Result<()> {
        let spec = &self.world.chains[chain];
        let request = self.world.request(root);
        let (client, bytes) = (request.entry, request.payload_bytes.saturating_add(spec.carried_bytes(step)));
        if spec.caller == Caller::Client || node == client {
            return self.answer(root, Outcome::Served);
        }
        let leaves = self.world.tariff.egress_per_gib > 0 && self.world.node(node).is_cloud;
        let delay = self.carry(node, client, bytes).unwrap_or(Span::ZERO);
        if leaves {
            self.world.answer_leaves(root, bytes);
        }
        let event = Event::Answered { request: root };
        let handle = self.plan.plan(self.now + delay, event.rank(), event);
        let request = self.world.request_mut(root);
        request.network += delay;
        (request.outcome, request.state, request.end) = (Outcome::Served, State::Travelling, Some(handle));
        Ok(())
    }
}
