//! The e-dispatcher: a broker that predicts the delay of every destination and picks the smallest.
//!
//! Source: Cicconetti, Conti, Passarella, "Low-latency distributed computation offloading for pervasive environments",
//! PerCom 2019 (extended as arXiv 2109.09415); reference code `ccicconetti/serverlessonedge`, the processing time
//! estimators rtt, util, delay and probe (specification section 6).
//! Differs: every stale sample goes at once, and a destination that failed is gone until it is announced again, also
//! for the probe; `faithful` keeps the original's purge, which stops half way.
//!
//! A state machine without a clock and without the model's types: functions and destinations are numbers of the
//! caller's own, announced with their names.

use rustc_hash::FxHashMap;

use crate::engine::time::{Instant, Span};

mod linear;

use linear::Linear;

/// The last load above this counts as this.
const LOAD_MAX: u32 = 99;

/// What the prediction consists of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Predictor {
    /// Transport time against the size of the call.
    Rtt { window: usize, stale: Span },
    /// Transport as above, and processing time against the last known load of the computer, for each size apart.
    Util { window: usize, stale: Span, load_timeout: Span, util_window: usize },
    /// The whole delay against the last known load.
    Delay { load_timeout: Span, util_window: usize },
    /// Dry runs at every destination, one after the other.
    Probe,
}

impl Predictor {
    pub const RTT: Predictor = Predictor::Rtt { window: 50, stale: Span::from_secs(10) };
    pub const UTIL: Predictor =
        Predictor::Util { window: 50, stale: Span::from_secs(10), load_timeout: Span::from_secs(10), util_window: 50 };
    pub const DELAY: Predictor = Predictor::Delay { load_timeout: Span::from_secs(10), util_window: 50 };
}

/// The destination of a call, and what was expected of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    pub destination: u32,
    /// Expected transport, in seconds; zero where the predictor has no such part.
    pub rtt_s: f64,
    /// Expected processing, in seconds; zero where the predictor has no such part.
    pub processing_s: f64,
}

/// What came back from a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub size_bytes: u64,
    /// Seconds from the dispatcher's decision to the answer.
    pub elapsed_s: f64,
    /// As the computer tells it, in whole milliseconds.
    pub processing_ms: u64,
    /// Load of the computer over the last second when the call arrived there, in whole percent.
    pub load1_percent: u32,
}

#[derive(Clone, Debug)]
struct Candidate {
    id: u32,
    name: Box<str>,
    transport: Linear,
    /// By exact size.
    processing: FxHashMap<u64, Linear>,
}

/// The last load that a computer told, shared by all its functions.
#[derive(Clone, Copy, Debug)]
struct Load {
    percent: u32,
    at: Instant,
    /// Functions that have this destination; the load is forgotten with the last of them.
    functions: u32,
}

/// One dispatcher.
#[derive(Clone, Debug)]
pub struct EdgeDispatcher {
    predictor: Predictor,
    faithful: bool,
    /// By function; candidates in order of their names.
    functions: Vec<Vec<Candidate>>,
    /// Names of functions, for people.
    names: Vec<Box<str>>,
    /// By destination.
    loads: Vec<Option<Load>>,
}

impl EdgeDispatcher {
    pub fn new(predictor: Predictor, faithful: bool) -> EdgeDispatcher {
        EdgeDispatcher { predictor, faithful, functions: Vec::new(), names: Vec::new(), loads: Vec::new() }
    }

    /// Says what a function is called where tables are printed.
    pub fn name_function(&mut self, function: u32, name: &str) {
        let place = function as usize;
        if self.names.len() <= place {
            self.names.resize(place + 1, "".into());
        }
        self.names[place] = name.into();
    }

    /// The table as the original's client prints it: functions and destinations in order of names. Every destination is
    /// final, and its weight is shown as 1, whatever is predicted.
    pub fn dump(&self) -> String {
        let name = |function: usize| self.names.get(function).map_or("", |name| name);
        let mut known: Vec<usize> = (0..self.functions.len()).filter(|&f| !self.functions[f].is_empty()).collect();
        known.sort_by_key(|&function| name(function));
        let width = known.iter().map(|&function| name(function).len()).max().unwrap_or(0);
        let mut text = "Table#0\n".to_owned();
        for function in known {
            for (k, candidate) in self.functions[function].iter().enumerate() {
                let shown = if k == 0 { name(function) } else { "" };
                text += &format!("{shown:width$} [1] {} (F)\n", candidate.name);
            }
        }
        text
    }

    /// Announces a destination of a function; a known one stays as it is.
    pub fn add(&mut self, now: Instant, function: u32, destination: u32, name: &str) {
        let place = function as usize;
        if self.functions.len() <= place {
            self.functions.resize(place + 1, Vec::new());
        }
        let candidates = &mut self.functions[place];
        if candidates.iter().any(|candidate| candidate.id == destination) {
            return;
        }
        let (window, stale) = match self.predictor {
            Predictor::Rtt { window, stale } | Predictor::Util { window, stale, .. } => (window, Some(stale)),
            Predictor::Delay { .. } | Predictor::Probe => (1, None),
        };
        // A stale period of zero means that nothing gets stale.
        let transport = Linear::new(window, stale.filter(|stale| !stale.is_zero()), self.faithful);
        let rank = candidates.partition_point(|candidate| &*candidate.name < name);
        let processing = FxHashMap::default();
        candidates.insert(rank, Candidate { id: destination, name: name.into(), transport, processing });
        if self.loads.len() <= destination as usize {
            self.loads.resize(destination as usize + 1, None);
        }
        let load = self.loads[destination as usize].get_or_insert(Load { percent: 0, at: now, functions: 0 });
        load.functions += 1;
    }

    /// Forgets a destination of a function and its history; also what a failed call leads to.
    pub fn remove(&mut self, function: u32, destination: u32) {
        let Some(candidates) = self.functions.get_mut(function as usize) else { return };
        let before = candidates.len();
        candidates.retain(|candidate| candidate.id != destination);
        if candidates.len() < before {
            let slot = &mut self.loads[destination as usize];
            if let Some(load) = slot {
                load.functions -= 1;
                if load.functions == 0 {
                    *slot = None;
                }
            }
        }
    }

    /// Forgets a destination of all functions.
    pub fn remove_everywhere(&mut self, destination: u32) {
        (0..self.functions.len() as u32).for_each(|function| self.remove(function, destination));
    }

    /// Forgets everything.
    pub fn flush(&mut self) {
        self.functions.clear();
        self.loads.clear();
    }

    /// The destinations of a function in order of their names: whom to ask for a dry run.
    pub fn destinations(&self, function: u32) -> impl Iterator<Item = u32> + '_ {
        self.functions.get(function as usize).into_iter().flatten().map(|candidate| candidate.id)
    }

    /// True if the calls of this dispatcher wait for dry runs: [`EdgeDispatcher::select_probed`] decides then.
    pub fn probes(&self) -> bool {
        self.predictor == Predictor::Probe
    }

    /// The destination with the smallest predicted delay, the first in order of names when equal; `None` without any.
    #[inline]
    pub fn select(&mut self, now: Instant, function: u32, size_bytes: u64) -> Option<Choice> {
        let candidates = self.functions.get_mut(function as usize)?;
        let mut best: Option<(f64, Choice)> = None;
        for candidate in candidates {
            let (rtt_s, processing_s) = match self.predictor {
                Predictor::Rtt { .. } => (transport(candidate, size_bytes, now), 0.0),
                Predictor::Util { load_timeout, .. } => {
                    let load = last_load(&mut self.loads, candidate.id, load_timeout, now);
                    (transport(candidate, size_bytes, now), processing(candidate, size_bytes, load, now))
                }
                Predictor::Delay { load_timeout, .. } => {
                    let load = last_load(&mut self.loads, candidate.id, load_timeout, now);
                    (0.0, processing(candidate, size_bytes, load, now))
                }
                Predictor::Probe => (0.0, 0.0),
            };
            let delay = rtt_s + processing_s;
            if best.is_none_or(|(smallest, _)| delay < smallest) {
                best = Some((delay, Choice { destination: candidate.id, rtt_s, processing_s }));
            }
        }
        best.map(|(_, choice)| choice)
    }

    /// The destination with the smallest dry run, in whole milliseconds, the first in order of names when equal.
    /// Destinations without an answer are left out; `None` if no known one answered.
    pub fn select_probed(&self, function: u32, dry_runs_ms: &[(u32, u64)]) -> Option<Choice> {
        let mut best: Option<(u64, u32)> = None;
        for destination in self.destinations(function) {
            let answer = dry_runs_ms.iter().find(|(asked, _)| *asked == destination);
            if let Some(&(_, ms)) = answer
                && best.is_none_or(|(smallest, _)| ms < smallest)
            {
                best = Some((ms, destination));
            }
        }
        best.map(|(ms, destination)| Choice { destination, rtt_s: 0.0, processing_s: ms as f64 / 1e3 })
    }

    /// A call came back well. Answers of destinations that were forgotten meanwhile teach nothing.
    pub fn learn(&mut self, now: Instant, function: u32, destination: u32, outcome: Outcome) {
        let candidates = self.functions.get_mut(function as usize);
        let candidate = candidates.and_then(|known| known.iter_mut().find(|candidate| candidate.id == destination));
        let Some(candidate) = candidate else { return };
        let processing_s = outcome.processing_ms as f64 / 1e3;
        if let Predictor::Rtt { .. } | Predictor::Util { .. } = self.predictor {
            candidate.transport.add(outcome.size_bytes as f64, outcome.elapsed_s - processing_s, now);
        }
        let sample = match self.predictor {
            Predictor::Util { util_window, .. } => Some((util_window, processing_s)),
            Predictor::Delay { util_window, .. } => Some((util_window, outcome.elapsed_s)),
            Predictor::Rtt { .. } | Predictor::Probe => None,
        };
        if let Some((window, seconds)) = sample {
            let estimator = candidate.processing.entry(outcome.size_bytes);
            let estimator = estimator.or_insert_with(|| Linear::new(window, None, false));
            estimator.add(f64::from(outcome.load1_percent), seconds, now);
            let load = self.loads[destination as usize].as_mut().expect("a candidate's load is kept");
            (load.percent, load.at) = (outcome.load1_percent.min(LOAD_MAX), now);
        }
    }
}

/// Predicted transport, never negative.
fn transport(candidate: &mut Candidate, size_bytes: u64, now: Instant) -> f64 {
    candidate.transport.predict(size_bytes as f64, now).max(0.0)
}

/// Predicted processing; zero for a size never seen. It may be negative, which then wins (as in the original).
fn processing(candidate: &mut Candidate, size_bytes: u64, load: u32, now: Instant) -> f64 {
    let estimator = candidate.processing.get_mut(&size_bytes);
    estimator.map_or(0.0, |estimator| estimator.predict(f64::from(load), now))
}

/// The last load of a computer. What is too old becomes zero, as if the computer had just told so.
fn last_load(loads: &mut [Option<Load>], destination: u32, timeout: Span, now: Instant) -> u32 {
    let load = loads[destination as usize].as_mut().expect("a candidate's load is kept");
    if now.saturating_since(load.at) >= timeout {
        (load.percent, load.at) = (0, now);
    }
    load.percent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Span::from_secs(seconds)
    }

    #[test]
    fn a_destination_never_tried_is_tried_first() {
        let mut dispatcher = EdgeDispatcher::new(Predictor::RTT, false);
        dispatcher.add(at(0), 0, 5, "near");
        dispatcher.add(at(0), 0, 6, "far");
        let outcome = Outcome { size_bytes: 100, elapsed_s: 0.5, processing_ms: 100, load1_percent: 0 };
        assert_eq!(dispatcher.select(at(0), 0, 100).unwrap().destination, 6);
        dispatcher.learn(at(0), 0, 6, outcome);
        assert_eq!(dispatcher.select(at(1), 0, 100).unwrap().destination, 5);
        dispatcher.learn(at(1), 0, 5, Outcome { elapsed_s: 0.3, ..outcome });
        let choice = dispatcher.select(at(2), 0, 100).unwrap();
        assert_eq!(choice.destination, 5);
        assert!((choice.rtt_s - 0.2).abs() < 1e-12);
        dispatcher.remove(0, 5);
        assert_eq!(dispatcher.select(at(2), 0, 100).unwrap().destination, 6);
        dispatcher.remove_everywhere(6);
        assert_eq!(dispatcher.select(at(2), 0, 100), None);
        assert_eq!(dispatcher.select(at(2), 9, 100), None);
    }

    #[test]
    fn a_load_is_shared_by_functions_and_forgotten_in_time() {
        let mut dispatcher = EdgeDispatcher::new(Predictor::DELAY, false);
        (0..2).for_each(|function| dispatcher.add(at(0), function, 0, "a"));
        let outcome = |load1_percent, elapsed_s| Outcome { size_bytes: 1, elapsed_s, processing_ms: 0, load1_percent };
        dispatcher.learn(at(0), 0, 0, outcome(0, 0.1));
        dispatcher.learn(at(1), 0, 0, outcome(50, 0.2));
        assert!((dispatcher.select(at(2), 0, 1).unwrap().processing_s - 0.2).abs() < 1e-12);
        dispatcher.learn(at(3), 1, 0, outcome(100, 0.4));
        assert!((dispatcher.select(at(4), 0, 1).unwrap().processing_s - (0.1 + 0.002 * 99.0)).abs() < 1e-12);
        assert!((dispatcher.select(at(13), 0, 1).unwrap().processing_s - 0.1).abs() < 1e-12);
    }

    #[test]
    fn the_smallest_dry_run_wins() {
        let mut dispatcher = EdgeDispatcher::new(Predictor::Probe, false);
        for (id, name) in [(0, "b"), (1, "a"), (2, "c")] {
            dispatcher.add(at(0), 0, id, name);
        }
        assert!(dispatcher.probes());
        assert_eq!(dispatcher.select_probed(0, &[(0, 7), (1, 7), (2, 9)]).unwrap().destination, 1);
        assert_eq!(dispatcher.select_probed(0, &[(2, 9)]).unwrap().destination, 2);
        assert_eq!(dispatcher.select_probed(0, &[]), None);
    }
}
