//! A source of requests: when the next one comes, how much work it is, how many bytes it carries.
//!
//! An open source says at which instant; a closed one, whose clients wait for their answers, how long after an answer.
//! All draws are made here, before a strategy sees a request: instants, work and payload each from a stream of their
//! own, named after the source, so that every strategy meets the same requests. Where the order of requests depends on
//! the answers (closed loops) draws are keyed by client and number instead.

use super::bursts::Bursts;
use super::closed::{Closed, key};
use super::counts::Counts;
use super::demand::{Demand, DemandLaws};
use super::modulated::Modulated;
use super::on_off::OnOff;
use super::renewal::{Poisson, Regular, Renewal};
use super::sensors::Sensors;
use super::varying::Varying;
use crate::engine::random::{Keyed, Rng, Streams};
use crate::engine::time::{Instant, Span};

/// When a source asks next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At this instant, whatever happens.
    At(Instant),
    /// This long after the client has its answer; the first request of a client, after the start of the source.
    AfterAnswer(Span),
    /// Never again.
    Done,
}

/// A rule by which requests arrive. Instants count from the start of the source.
#[derive(Clone, Debug)]
pub enum Arrivals {
    Poisson(Poisson),
    Regular(Regular),
    Renewal(Renewal),
    Modulated(Modulated),
    OnOff(OnOff),
    Varying(Varying),
    Counts(Counts),
    Bursts(Bursts),
    Sensors(Sensors),
    Closed(Closed),
}

/// A source with its streams. `next` and `demand` are called in turn, once each per request and client.
#[derive(Clone, Debug)]
pub struct Source {
    arrivals: Arrivals,
    laws: DemandLaws,
    draws: Draws,
    start: Instant,
    requests_left: u64,
}

#[derive(Clone, Debug)]
enum Draws {
    InOrder { arrivals: Rng, work: Rng, payload: Rng },
    Keyed { think: Keyed, work: Keyed, payload: Keyed },
}

impl Source {
    /// The source called `name`: its streams are those of that name, whatever other sources there are.
    pub fn new(name: &str, streams: &Streams, arrivals: Arrivals, laws: DemandLaws) -> Source {
        let draws = match arrivals {
            Arrivals::Closed(_) => Draws::Keyed {
                think: streams.keyed("think", name),
                work: streams.keyed("work", name),
                payload: streams.keyed("payload", name),
            },
            _ => Draws::InOrder {
                arrivals: streams.stream("arrivals", name),
                work: streams.stream("work", name),
                payload: streams.stream("payload", name),
            },
        };
        Source { arrivals, laws, draws, start: Instant::ZERO, requests_left: u64::MAX }
    }

    /// The same source beginning at `start` instead of at the start of the run.
    pub fn starting_at(self, start: Instant) -> Source {
        Source { start, ..self }
    }

    /// The same source ending after `requests` requests, those of all clients together.
    pub fn limited_to(self, requests: u64) -> Source {
        Source { requests_left: requests, ..self }
    }

    /// When the source begins.
    pub fn start(&self) -> Instant {
        self.start
    }

    /// How many clients wait for their answers: 0 for an open source.
    pub fn clients(&self) -> u32 {
        match &self.arrivals {
            Arrivals::Closed(closed) => closed.clients(),
            _ => 0,
        }
    }

    /// How many users or sensors are switched on; `None` for a source that has none.
    pub fn users(&self, at: Instant) -> Option<u32> {
        let since = Instant::ZERO + at.saturating_since(self.start);
        match &self.arrivals {
            Arrivals::Sensors(sensors) => Some(sensors.schedule().at(since)),
            Arrivals::Closed(closed) => Some(closed.schedule().map_or(closed.clients(), |schedule| schedule.at(since))),
            _ => None,
        }
    }

    /// When a client of a closed source asks that thinks for so long from now on; `None`: it is switched off for good.
    #[inline]
    pub fn asks(&self, client: u32, now: Instant, think: Span) -> Option<Instant> {
        match &self.arrivals {
            Arrivals::Closed(closed) => closed.asks(client, now, think),
            _ => Some(now.saturating_add(think)),
        }
    }

    /// When the next request of `client` comes (0 for an open source, whose requests have no order but time's).
    #[inline]
    pub fn next(&mut self, client: u32) -> Next {
        if self.requests_left == 0 {
            return Next::Done;
        }
        let next = match (&mut self.arrivals, &mut self.draws) {
            (Arrivals::Closed(closed), Draws::Keyed { think, .. }) => {
                closed.next(client, think).map_or(Next::Done, Next::AfterAnswer)
            }
            (open, Draws::InOrder { arrivals, .. }) => open.next(arrivals).map_or(Next::Done, |at| {
                let shifted = at.saturating_add(Span::from_nanos(self.start.as_nanos()));
                if shifted < Instant::FAR { Next::At(shifted) } else { Next::Done }
            }),
            _ => unreachable!("draws are keyed exactly where the loop is closed"),
        };
        if next != Next::Done {
            self.requests_left -= 1;
        }
        next
    }

    /// What the request that `next` announced last for `client` asks for.
    #[inline]
    pub fn demand(&mut self, client: u32) -> Demand {
        match (&self.arrivals, &mut self.draws) {
            (Arrivals::Closed(closed), Draws::Keyed { work, payload, .. }) => {
                let request = key(client, closed.announced(client));
                self.laws.draw(&mut work.at(request), &mut payload.at(request))
            }
            (_, Draws::InOrder { work, payload, .. }) => self.laws.draw(work, payload),
            _ => unreachable!("draws are keyed exactly where the loop is closed"),
        }
    }
}

impl Arrivals {
    /// The next instant of an open rule.
    #[inline]
    fn next(&mut self, rng: &mut Rng) -> Option<Instant> {
        match self {
            Arrivals::Poisson(rule) => rule.next(rng),
            Arrivals::Regular(rule) => rule.next(),
            Arrivals::Renewal(rule) => rule.next(rng),
            Arrivals::Modulated(rule) => rule.next(rng),
            Arrivals::OnOff(rule) => rule.next(rng),
            Arrivals::Varying(rule) => rule.next(rng),
            Arrivals::Counts(rule) => rule.next(rng),
            Arrivals::Bursts(rule) => rule.next(),
            Arrivals::Sensors(rule) => rule.next(rng),
            Arrivals::Closed(_) => None,
        }
    }
}

/// Moves a clock on by a drawn gap in seconds; `None`, now and for ever, where time does not reach.
#[inline]
pub(super) fn advance(clock: &mut Instant, gap_s: f64) -> Option<Instant> {
    *clock = Span::from_secs_f64(gap_s).map_or(Instant::FAR, |gap| clock.saturating_add(gap));
    (*clock < Instant::FAR).then_some(*clock)
}

#[cfg(test)]
mod tests;
