//! Functions: their laws, retries, and the calls they make, which must not run in circles.

use super::Checker;
use crate::model::ids::FunctionId;
use crate::model::request::{Join, Retry, Step};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::FunctionSetup;

const MIB: u64 = 1 << 20;
/// One answer must not cost more than can be counted.
const RESPONSE_MAX: u64 = 16 << 40;
/// A caller that never succeeds must come to an end, and so must the count of its attempts.
const ATTEMPTS_MAX: u16 = 10_000;

impl Checker<'_> {
    pub(super) fn functions(&mut self, raw: &raw::Scenario) -> Vec<FunctionSetup> {
        if raw.functions.is_empty() {
            self.refuse("functions", "at least one function");
        }
        let functions: Vec<FunctionSetup> =
            raw.functions.iter().map(|(name, function)| self.function(name, function)).collect();
        self.refuse_circles(&functions);
        functions
    }

    fn function(&mut self, name: &str, written: &raw::Function) -> FunctionSetup {
        let path = KeyPath::from("functions").key(name);
        let work = self.law(&written.work, &path.key("work"));
        if work.mean() <= 0.0 {
            self.refuse(path.key("work"), "work above zero");
        }
        let memory_mib = self.whole_mib(written.memory.0, &path.key("memory"));
        let payload = written.payload.as_ref().map(|law| self.law(law, &path.key("payload")));
        if written.timeout.is_some_and(|timeout| timeout.0.is_zero()) {
            self.refuse(path.key("timeout"), "a length of time above zero");
        }
        let patience = written.patience.as_ref().map(|law| self.law(law, &path.key("patience")));
        if written.response.is_some_and(|size| size.0 > RESPONSE_MAX) {
            self.refuse(path.key("response"), "at most 16TiB");
        }
        let failure = written.failure.map_or(0.0, |fraction| fraction.0);
        FunctionSetup {
            name: name.to_owned(),
            memory_mib,
            work,
            payload_bytes: payload.map_or(0, |law| law.mean().round() as u64),
            response_bytes: written.response.map_or(0, |size| size.0),
            timeout: written.timeout.map(|span| span.0),
            patience,
            failure,
            retry: self.retry(&written.retry, &path.key("retry")),
            steps: self.steps(&written.steps, &path.key("steps")),
        }
    }

    /// A memory size as whole MiB.
    pub(super) fn whole_mib(&mut self, bytes: u64, path: &KeyPath) -> u32 {
        if bytes == 0 || bytes % MIB != 0 || bytes / MIB > u64::from(u32::MAX) {
            self.refuse(path.clone(), "whole MiB, at least 1MiB");
        }
        (bytes / MIB) as u32
    }

    fn retry(&mut self, written: &raw::Retry, path: &KeyPath) -> Retry {
        if !(1..=ATTEMPTS_MAX).contains(&written.attempts) {
            self.refuse(path.key("attempts"), format!("from 1 to {ATTEMPTS_MAX} attempts"));
        }
        if !(written.factor >= 1.0 && written.factor.is_finite()) {
            self.refuse(path.key("factor"), "a factor of 1 or more");
        }
        if written.backoff_max.0 < written.backoff.0 {
            if self.read.is_given(path.key("backoff_max")) {
                self.refuse(path.key("backoff_max"), format!("no less than the backoff of {}", written.backoff.0));
            } else {
                self.refuse(path.key("backoff"), format!("at most backoff_max, {}", written.backoff_max.0));
            }
        }
        Retry {
            attempts: written.attempts,
            backoff: written.backoff.0,
            factor: written.factor,
            backoff_max: written.backoff_max.0,
            jitter: written.jitter,
            fresh_work: written.fresh_work,
        }
    }

    fn steps(&mut self, written: &[raw::Step], path: &KeyPath) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, step) in written.iter().enumerate() {
            let path = path.index(index);
            let calls = self.function_list(&step.calls, &path.key("calls"));
            if step.calls.is_empty() || step.calls.len() > usize::from(u16::MAX) {
                self.refuse(path.key("calls"), "from 1 to 65535 functions to call");
            }
            let join = match step.answers {
                None => Join::All,
                Some(1) => Join::First,
                Some(k) => Join::Kth(k),
            };
            if step.answers.is_some_and(|k| k == 0 || usize::from(k) > step.calls.len()) {
                self.refuse(path.key("answers"), format!("from 1 to the {} calls of the step", step.calls.len()));
            }
            steps.push(Step { calls, join });
        }
        steps
    }

    /// A function that calls itself, over however many others, never ends; one whose calls call on and on makes more of
    /// them than a run can hold.
    fn refuse_circles(&mut self, functions: &[FunctionSetup]) {
        let trees = call_trees(functions);
        let circling = functions.iter().enumerate().filter(|&(index, _)| trees[index].is_none());
        let back = circling.filter(|&(index, _)| leads_back(functions, index)).take(CIRCLES_TOLD);
        for name in back.map(|(_, function)| &function.name) {
            let path = KeyPath::from("functions").key(name).key("steps");
            self.refuse_found(path, "calls that lead back to it", "calls without a circle");
        }
        for (function, tree) in functions.iter().zip(&trees) {
            let Some(tree) = tree else { continue };
            // Whoever calls a function that is too much already needs no complaint of its own.
            let mut callees = function.steps.iter().flat_map(|step| &step.calls);
            if callees.any(|id| trees[id.index()].is_some_and(CallTree::is_too_much)) || !tree.is_too_much() {
                continue;
            }
            let path = KeyPath::from("functions").key(&function.name).key("steps");
            let found = match tree.calls {
                u64::MAX => format!("calls {} deep, more than can be counted", tree.depth),
                calls => format!("{calls} calls for one request, up to {} deep", tree.depth),
            };
            self.refuse_found(path, found, format!("at most {CALLS_MAX} calls for one request, {DEPTH_MAX} deep"));
        }
    }
}

/// Circles that are complained about; the others go with them.
const CIRCLES_TOLD: usize = 10;
/// Most calls that one request may lead to.
const CALLS_MAX: u64 = 1_000_000;
/// Longest chain of calls.
const DEPTH_MAX: u32 = 100;

/// What one request to a function leads to.
#[derive(Clone, Copy)]
struct CallTree {
    calls: u64,
    depth: u32,
}

impl CallTree {
    fn is_too_much(self) -> bool {
        self.calls > CALLS_MAX || self.depth > DEPTH_MAX
    }
}

/// The tree of each function, callees first; `None` for those that are in a circle or lead into one.
fn call_trees(functions: &[FunctionSetup]) -> Vec<Option<CallTree>> {
    let calls = |index: usize| functions[index].steps.iter().flat_map(|step| step.calls.iter().map(|id| id.index()));
    let mut callers: Vec<Vec<usize>> = vec![vec![]; functions.len()];
    let mut open: Vec<usize> = vec![0; functions.len()];
    for index in 0..functions.len() {
        for callee in calls(index) {
            callers[callee].push(index);
            open[index] += 1;
        }
    }
    let mut trees = vec![None; functions.len()];
    let mut ready: Vec<usize> = (0..functions.len()).filter(|&index| open[index] == 0).collect();
    while let Some(index) = ready.pop() {
        let mut tree = CallTree { calls: 0, depth: 0 };
        for below in calls(index).filter_map(|callee| trees[callee]) {
            let below: CallTree = below;
            tree.calls = tree.calls.saturating_add(below.calls).saturating_add(1);
            tree.depth = tree.depth.max(below.depth + 1);
        }
        trees[index] = Some(tree);
        for &caller in &callers[index] {
            open[caller] -= 1;
            if open[caller] == 0 {
                ready.push(caller);
            }
        }
    }
    trees
}

/// Whether the calls of a function lead back to it.
fn leads_back(functions: &[FunctionSetup], index: usize) -> bool {
    let mut reached = vec![false; functions.len()];
    let mut open: Vec<FunctionId> = functions[index].steps.iter().flat_map(|step| step.calls.clone()).collect();
    while let Some(next) = open.pop() {
        if !std::mem::replace(&mut reached[next.index()], true) {
            open.extend(functions[next.index()].steps.iter().flat_map(|step| step.calls.clone()));
        }
    }
    reached[index]
}
