//! Functions: their laws, retries, and the calls they make, which must not run in circles.

use super::Checker;
use crate::model::ids::FunctionId;
use crate::model::request::{Join, Retry, Step};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::FunctionSetup;

const MIB: u64 = 1 << 20;
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
            self.refuse(path.key("backoff_max"), format!("no less than the backoff of {}", written.backoff.0));
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

    /// A function that calls itself, over however many others, never ends.
    fn refuse_circles(&mut self, functions: &[FunctionSetup]) {
        for (index, function) in functions.iter().enumerate() {
            let mut reached = vec![false; functions.len()];
            let mut open: Vec<FunctionId> = function.steps.iter().flat_map(|step| step.calls.clone()).collect();
            while let Some(next) = open.pop() {
                if std::mem::replace(&mut reached[next.index()], true) {
                    continue;
                }
                open.extend(functions[next.index()].steps.iter().flat_map(|step| step.calls.clone()));
            }
            if reached[index] {
                let path = KeyPath::from("functions").key(&function.name).key("steps");
                self.refuse_found(path, "calls that lead back to it", "calls without a circle");
            }
        }
    }
}
