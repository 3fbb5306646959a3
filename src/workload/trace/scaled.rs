//! A trace at another rate or another pace.
//!
//! Time scaled by f puts an arrival at f times its instant. A rate scaled down thins the trace; a rate scaled up repeats
//! arrivals. What thinning keeps is a choice, because no rule keeps everything:
//!
//! - each arrival by itself (Lewis and Shedler, 1979): the shape of the rate stays, and with it the relative variance of
//!   slow changes; the index of dispersion falls towards 1, `1 + p (I - 1)`, as it must for a smaller share of the same users;
//! - whole bursts: arrivals closer to each other than a gap are kept or dropped together, so sizes of bursts stay and with
//!   them the index of dispersion at their scale, while bursts become rarer;
//! - whole functions: those kept stay exactly as they were, so the burstiness of each does; the share of arrivals kept is
//!   only about p.
//!
//! Copies of an arrival are placed uniformly between it and the next one, so a rate scaled up makes no new stampedes.

use super::arrival::{Arrival, Cast};
use super::feed::Trace;
use super::flaw::Flaw;
use super::report::Report;
use crate::engine::random::{Rng, Streams};
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use std::sync::Arc;

/// What is kept or dropped together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Thinning {
    #[default]
    Each,
    /// Arrivals with less than this between them.
    Bursts {
        gap: Span,
    },
    Functions,
}

/// A trace at `rate` times its rate and `time` times its length.
pub struct Scaled<T> {
    trace: T,
    /// What the trace is called in messages.
    name: Arc<str>,
    rate: f64,
    time: f64,
    thinning: Thinning,
    rng: Rng,
    /// Read but not given out yet, with the instant it came at.
    ahead: Option<Arrival>,
    begun: bool,
    /// Copies of the arrival given out last, latest first.
    copies: Vec<Arrival>,
    last: Instant,
    keeps_burst: bool,
    /// Whether each function is kept, as far as they have been met.
    functions: Vec<bool>,
}

/// Most copies of one arrival.
pub const RATE_MAX: f64 = 1e6;

impl<T: Trace> Scaled<T> {
    /// `name` is what the trace is called in messages.
    ///
    /// # Errors
    /// A rate or a time that is no finite number above zero, a rate above [`RATE_MAX`].
    pub fn new(
        trace: T,
        name: Arc<str>,
        rate: f64,
        time: f64,
        thinning: Thinning,
        streams: &Streams,
    ) -> Result<Scaled<T>, Unfit> {
        Unfit::unless_positive("rate", rate)?;
        if rate > RATE_MAX {
            return Err(Unfit::new("rate", rate, "at most a million"));
        }
        Unfit::unless_positive("time", time)?;
        Ok(Scaled {
            trace,
            name,
            rate,
            time,
            thinning,
            rng: streams.stream("scale", "trace"),
            ahead: None,
            begun: false,
            copies: Vec::new(),
            last: Instant::ZERO,
            keeps_burst: false,
            functions: Vec::new(),
        })
    }

    /// How often an arrival is given out.
    fn times(&mut self, arrival: &Arrival, first: bool) -> u64 {
        let whole = self.rate.floor();
        let share = self.rate - whole;
        let more = match self.thinning {
            Thinning::Each => self.rng.uniform() < share,
            Thinning::Bursts { gap } => {
                if first || arrival.at.since(self.last) >= gap {
                    self.keeps_burst = self.rng.uniform() < share;
                }
                self.keeps_burst
            }
            Thinning::Functions => {
                while self.functions.len() <= arrival.function.index() {
                    let kept = self.rng.uniform() < share;
                    self.functions.push(kept);
                }
                self.functions[arrival.function.index()]
            }
        };
        whole as u64 + u64::from(more)
    }

    fn read(&mut self) -> Result<(), Flaw> {
        self.ahead = self.trace.next_arrival()?;
        Ok(())
    }

    /// The arrival at the new pace.
    ///
    /// # Errors
    /// An instant that no table of arrivals could be read with.
    fn paced(&mut self, arrival: Arrival) -> Result<Arrival, Flaw> {
        if self.time == 1.0 {
            return Ok(arrival);
        }
        let ns = arrival.at.as_nanos() as f64 * self.time;
        if ns >= i64::MAX as f64 {
            // A trace gives out nothing after a flaw.
            self.ahead = None;
            self.copies.clear();
            let found = format!("an arrival at {} s times {}", arrival.at, self.time);
            return Err(Flaw::file(&self.name, found, "a trace that then lies within 292 years"));
        }
        Ok(Arrival { at: Instant::from_nanos(ns.round() as u64), ..arrival })
    }
}

impl<T: Trace> Trace for Scaled<T> {
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw> {
        loop {
            if let Some(copy) = self.copies.pop() {
                return self.paced(copy).map(Some);
            }
            let first = !std::mem::replace(&mut self.begun, true);
            if first {
                self.read()?;
            }
            let Some(arrival) = self.ahead else { return Ok(None) };
            let times = self.times(&arrival, first);
            self.last = arrival.at;
            self.read()?;
            let room = self.ahead.map_or(0, |next| next.at.since(arrival.at).as_nanos());
            for copy in 0..times {
                let into = if copy == 0 || room == 0 { 0 } else { self.rng.below(room) };
                self.copies.push(Arrival { at: arrival.at + Span::from_nanos(into), ..arrival });
            }
            self.copies.sort_by_key(|copy| std::cmp::Reverse(copy.at));
        }
    }

    fn cast(&self) -> &Cast {
        self.trace.cast()
    }

    /// What was done to the trace before it was scaled.
    fn report(&self) -> &Report {
        self.trace.report()
    }
}

#[cfg(test)]
#[path = "scaled_tests.rs"]
mod tests;
