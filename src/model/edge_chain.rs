//! Chains and DAGs of functions with state: who calls whom, and how many bytes travel.
//!
//! Source: Cicconetti, Conti, Passarella, "FaaS execution models for edge applications", PMC 2022; Puliafito et al.,
//! "Stateless or stateful FaaS? I'll take both!", PerCom Workshops 2022; reference code
//! `ccicconetti/serverlessonedge`. Functions copy their input to their output.
//! Kept from there: a state is fetched after the function that needs it has run; in client mode state changes of the
//! branches of a DAG are not merged; a function with several predecessors starts when the last of them calls.

use std::collections::BTreeMap;

/// Functions and the states they depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// Name of the function at each step; names may repeat.
    steps: Vec<String>,
    /// Steps that follow each step, in order; step 0 is the entry, the last one answers.
    next: Vec<Vec<usize>>,
    /// In order of their names.
    states: Vec<State>,
}

/// What a function remembers between calls.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub name: String,
    /// Names of the functions that depend on it; without any it is free and never moves.
    pub functions: Vec<String>,
    pub bytes: u64,
}

impl State {
    fn is_needed_by(&self, function: &str) -> bool {
        self.functions.iter().any(|name| name == function)
    }

    fn is_free(&self) -> bool {
        self.functions.is_empty()
    }
}

/// Who calls the functions, and where their states are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The client calls one function after another and carries the states of the one it calls.
    Client,
    /// Each computer calls the next function and passes on all states that somebody needs.
    HopByHop,
    /// As `Client`, with pointers in the messages; a state moves to the computer that needs it.
    RemoteClient,
    /// As `HopByHop`, with pointers.
    RemoteHopByHop,
}

impl Mode {
    fn is_remote(self) -> bool {
        matches!(self, Mode::RemoteClient | Mode::RemoteHopByHop)
    }

    fn is_hop_by_hop(self) -> bool {
        matches!(self, Mode::HopByHop | Mode::RemoteHopByHop)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Request,
    Response,
    Callback,
    /// The state of this name moves.
    State(String),
}

/// The client, or the computer of a step's function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Client,
    Host(String),
}

/// One payload on its way. Acknowledgements and pointers count nothing and are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub what: What,
    /// Step from which or for which it is sent.
    pub step: usize,
    pub from: Place,
    pub to: Place,
    pub payload_bytes: u64,
}

/// What is wrong with a chain or DAG.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{key}: found {found}, want {wanted}")]
pub struct ApplicationError {
    pub key: String,
    pub found: String,
    pub wanted: &'static str,
}

impl Application {
    /// One function after another.
    ///
    /// # Errors
    /// No function at all, or a state that a function outside the chain depends on.
    pub fn chain(functions: &[&str], states: Vec<State>) -> Result<Application, ApplicationError> {
        let next = (1..=functions.len()).map(|k| if k < functions.len() { vec![k] } else { vec![] }).collect();
        Application::dag(functions, next, states)
    }

    /// `next[k]` are the steps after step k. Step 0 is the only one without a step before it, the last one the only one
    /// without a step after it.
    ///
    /// # Errors
    /// Nothing to call, unknown steps, a cycle, a second entry or end, or a state of an unknown function.
    pub fn dag(
        functions: &[&str],
        next: Vec<Vec<usize>>,
        mut states: Vec<State>,
    ) -> Result<Application, ApplicationError> {
        let n = functions.len();
        let complain = |key: &str, found: String, wanted| Err(ApplicationError { key: key.to_owned(), found, wanted });
        if n == 0 || next.len() != n {
            return complain("functions", format!("{n} with {} lists of successors", next.len()), "one list each");
        }
        if let Some(unknown) = next.iter().flatten().find(|&&step| step >= n) {
            return complain("successors", unknown.to_string(), "steps of the application");
        }
        let mut missing = predecessors(&next);
        let entries: Vec<usize> = (0..n).filter(|&step| missing[step] == 0).collect();
        let mut ready = entries.clone();
        let mut seen = 0;
        while let Some(step) = ready.pop() {
            seen += 1;
            for &after in &next[step] {
                missing[after] -= 1;
                if missing[after] == 0 {
                    ready.push(after);
                }
            }
        }
        if seen < n {
            return complain("successors", "a cycle".to_owned(), "no way back to an earlier step");
        }
        for (step, after) in next.iter().enumerate() {
            if after.is_empty() != (step == n - 1) {
                return complain("successors", format!("step {step}"), "the last step as the only end");
            }
        }
        if let Some(entry) = entries.into_iter().find(|&step| step > 0) {
            return complain("successors", format!("step {entry}"), "step 0 as the only entry");
        }
        for state in &states {
            if let Some(unknown) = state.functions.iter().find(|name| !functions.contains(&name.as_str())) {
                return complain(&format!("states.{}", state.name), unknown.clone(), "functions of the application");
            }
        }
        states.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Application { steps: functions.iter().map(|&name| name.to_owned()).collect(), next, states })
    }

    /// Every payload of one execution, in order of sending. Each function has a computer of its own; in the remote modes
    /// all states are with the client at first.
    pub fn messages(&self, mode: Mode, input_bytes: u64) -> Vec<Message> {
        let mut missing = predecessors(&self.next);
        let mut at: BTreeMap<&str, Place> = BTreeMap::new();
        let mut messages = Vec::new();
        // First called, first run: the entry, then whatever its end makes callable.
        let mut calls = std::collections::VecDeque::from([(Place::Client, 0)]);
        let mut running = std::collections::VecDeque::new();
        while !calls.is_empty() || !running.is_empty() {
            while let Some((from, step)) = calls.pop_front() {
                let payload_bytes = input_bytes + self.carried(mode, step);
                messages.push(Message { what: What::Request, step, from, to: self.host(step), payload_bytes });
                missing[step] = missing[step].saturating_sub(1);
                if missing[step] == 0 || !mode.is_hop_by_hop() {
                    running.push_back(step);
                }
            }
            let Some(step) = running.pop_front() else { break };
            let host = self.host(step);
            if mode.is_remote() {
                self.fetch(step, &mut at, &mut messages);
            }
            let payload_bytes = input_bytes + self.carried(mode, step);
            if mode.is_hop_by_hop() {
                if self.next[step].is_empty() {
                    let (what, to) = (What::Callback, Place::Client);
                    messages.push(Message { what, step, from: host, to, payload_bytes });
                } else {
                    calls.extend(self.next[step].iter().map(|&after| (host.clone(), after)));
                }
            } else {
                let (what, to) = (What::Response, Place::Client);
                messages.push(Message { what, step, from: host, to, payload_bytes });
                for &after in &self.next[step] {
                    missing[after] -= 1;
                    if missing[after] == 0 {
                        calls.push_back((Place::Client, after));
                    }
                }
            }
        }
        messages
    }

    /// Bytes of state that a message to or from a step carries.
    fn carried(&self, mode: Mode, step: usize) -> u64 {
        let function = &self.steps[step];
        let travels = |state: &&State| match mode {
            Mode::Client => state.is_needed_by(function),
            Mode::HopByHop => !state.is_free(),
            Mode::RemoteClient | Mode::RemoteHopByHop => false,
        };
        self.states.iter().filter(travels).map(|state| state.bytes).sum()
    }

    /// Moves the states that a step needs to its computer.
    fn fetch<'a>(&'a self, step: usize, at: &mut BTreeMap<&'a str, Place>, messages: &mut Vec<Message>) {
        let here = self.host(step);
        for state in self.states.iter().filter(|state| state.is_needed_by(&self.steps[step])) {
            let from = at.insert(&state.name, here.clone()).unwrap_or(Place::Client);
            if from != here {
                let what = What::State(state.name.clone());
                messages.push(Message { what, step, from, to: here.clone(), payload_bytes: state.bytes });
            }
        }
    }

    fn host(&self, step: usize) -> Place {
        Place::Host(self.steps[step].clone())
    }
}

/// How many steps come right before each.
fn predecessors(next: &[Vec<usize>]) -> Vec<usize> {
    let mut count = vec![0; next.len()];
    next.iter().flatten().for_each(|&step| count[step] += 1);
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<State> {
        let of = |name: &str, functions: &[&str], bytes| State {
            name: name.to_owned(),
            functions: functions.iter().map(|&f| f.to_owned()).collect(),
            bytes,
        };
        vec![
            of("s0", &["f0"], 10_000),
            of("s1", &["f0", "f1"], 20_000),
            of("s2", &["f2"], 30_000),
            of("s3", &[], 40_000),
        ]
    }

    fn diamond() -> Application {
        Application::dag(&["f0", "f1", "f2", "f2"], vec![vec![1, 2], vec![3], vec![3], vec![]], states()).unwrap()
    }

    fn sent(mode: Mode, what: &What) -> Vec<(usize, u64)> {
        let messages = diamond().messages(mode, 1_000);
        messages.iter().filter(|m| m.what == *what).map(|m| (m.step, m.payload_bytes)).collect()
    }

    #[test]
    fn a_join_is_called_by_each_predecessor_and_runs_once() {
        let requests = sent(Mode::HopByHop, &What::Request);
        assert_eq!(requests, [(0, 61_000), (1, 61_000), (2, 61_000), (3, 61_000), (3, 61_000)]);
        assert_eq!(sent(Mode::HopByHop, &What::Callback), [(3, 61_000)]);
        assert_eq!(sent(Mode::Client, &What::Request), [(0, 31_000), (1, 21_000), (2, 31_000), (3, 31_000)]);
        assert_eq!(sent(Mode::Client, &What::Response).len(), 4);
    }

    #[test]
    fn a_state_moves_once_to_where_it_is_needed() {
        let moves = |mode| -> Vec<String> {
            let messages = diamond().messages(mode, 1_000);
            let states = messages.iter().filter_map(|m| match &m.what {
                What::State(name) => Some(format!("{name} for {}", m.step)),
                _ => None,
            });
            states.collect()
        };
        assert_eq!(moves(Mode::RemoteClient), ["s0 for 0", "s1 for 0", "s1 for 1", "s2 for 2"]);
        assert_eq!(moves(Mode::RemoteHopByHop), moves(Mode::RemoteClient));
    }

    #[test]
    fn what_is_no_chain_is_refused() {
        let refused = |functions: &[&str], next: Vec<Vec<usize>>| {
            Application::dag(functions, next, vec![]).unwrap_err().to_string()
        };
        assert!(refused(&[], vec![]).contains("one list each"));
        assert!(refused(&["a", "b"], vec![vec![2], vec![]]).contains("steps of the application"));
        assert!(refused(&["a", "b", "c"], vec![vec![1], vec![0, 2], vec![]]).contains("cycle"));
        assert!(refused(&["a", "b", "c"], vec![vec![2], vec![2], vec![]]).contains("only entry"));
        assert!(refused(&["a", "b"], vec![vec![], vec![]]).contains("only end"));
        let state = State { name: "s".to_owned(), functions: vec!["z".to_owned()], bytes: 1 };
        assert!(Application::chain(&["a"], vec![state]).is_err());
    }
}
