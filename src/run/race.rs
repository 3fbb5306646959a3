//! A race: a client sends copies of one request to several places at once, and the first that is served is its answer. The
//! others go on; a client of a closed source asks again when all of them are in.
//!
//! Source: as `model::edge_client` (uncoordinated access). Copies bring the same work and payload. Who asks again after a
//! failure is the request, not a copy of it.

use std::io;

use super::drive::Driver;
use crate::model::function::{attempt_key, child_key};
use crate::model::ids::RequestId;
use crate::model::request::{Race, Request, State};

impl Driver<'_> {
    /// Sends so many copies of a request; the strategy is asked for each of them in turn.
    pub(super) fn race(&mut self, id: RequestId, copies: u16) -> io::Result<()> {
        assert!(self.follows && copies > 0, "only a strategy that follows its requests has some of them raced for");
        let now = self.now;
        let parent = self.world.request(id);
        let (function, node, root) = (parent.function, parent.node, parent.root);
        // Behind the last of its steps: the copies make the calls of the function, and one answer is the end.
        let step = self.world.function(function).steps.len() as u16;
        let parent = self.world.request_mut(id);
        (parent.race, parent.state, parent.step) = (Race::Run { stored: false, cold: false }, State::Calling, step);
        parent.calls_out += copies;
        (parent.step_out, parent.answers_needed) = (copies, 1);
        let (number, key, attempt) = (parent.number, parent.key, parent.attempt);
        let (source, client, work) = (parent.source, parent.client, parent.work);
        let (payload, input, copies_input) = (parent.payload_bytes, parent.input_bytes, parent.copies_input);
        let mut children = Vec::with_capacity(usize::from(copies));
        for nth in 0..copies {
            let root_request = self.world.request_mut(root);
            root_request.calls_made += 1;
            let call = root_request.calls_made;
            let own_key = child_key(attempt_key(key, attempt), u32::from(step) << 16 | u32::from(nth));
            let mut child = Request::root(number, own_key, source, client, function, node, work, payload, now);
            (child.call, child.root, child.parent) = (call, root, Some(id));
            (child.parent_attempt, child.parent_step) = (attempt, step);
            (child.input_bytes, child.copies_input, child.race) = (input, copies_input, Race::Copy);
            self.calls.arrived += 1;
            children.push(self.world.admit(child));
        }
        for child in children {
            self.send(child)?;
        }
        Ok(())
    }
}
