//! A source of requests: when the next one comes, how much work it is, how many bytes it carries.
//!
//! An open source says at which instant; a closed one, whose clients wait for their answers, how long after an answer.
//! All draws are made here, before a strategy sees a request: instants, work and payload each from a stream of their
//! own, named after the source, so that every strategy meets the same requests. Where the order of requests depends on
//! the answers (closed loops) draws are keyed by client and number instead.

use super::bursts::Bursts;
use super::client::Clients;
use super::closed::{Closed, key};
use super::clusters::Clusters;
use super::counts::{Counts, Recorded, Spread};
use super::demand::{Demand, DemandLaws};
use super::fit::Fit;
use super::modulated::Modulated;
use super::on_off::OnOff;
use super::renewal::{Poisson, Regular, Renewal};
use super::replay::{Player, Replay, own_streams};
use super::sensors::Sensors;
use super::trace::flaw::Flaw;
use super::varying::Varying;
use crate::engine::random::{Keyed, Rng, Streams};
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use std::sync::Arc;

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
    Clusters(Clusters),
    Fitted(Fitted),
    Replay(Replay),
    Sensors(Sensors),
    Closed(Closed),
    Clients(Clients),
}

impl Arrivals {
    /// How many clients wait for their answers: 0 where requests come whatever happens.
    pub fn clients(&self) -> u32 {
        match self {
            Arrivals::Closed(closed) => closed.clients(),
            Arrivals::Clients(clients) => clients.clients(),
            Arrivals::Replay(replay) => replay.clients,
            _ => 0,
        }
    }
}

/// Counts that a generator makes when the source begins.
#[derive(Clone, Debug)]
pub struct Fitted {
    fit: Arc<Fit>,
    windows: usize,
    period: Span,
    spread: Spread,
}

impl Fitted {
    /// Most windows: a year of seconds.
    pub const WINDOWS_MAX: usize = 366 * 86_400;

    /// # Errors
    /// A generator that makes no sense, no window or too many, a period of none.
    pub fn new(fit: Fit, windows: usize, period: Span, spread: Spread) -> Result<Fitted, Unfit> {
        fit.check()?;
        if !(1..=Fitted::WINDOWS_MAX).contains(&windows) {
            return Err(Unfit::new("periods", windows, "from 1 to 31622400 periods"));
        }
        // What is wrong with the rest shows with any counts.
        Counts::new(Recorded::plain([1], period, spread))?;
        Ok(Fitted { fit: Arc::new(fit), windows, period, spread })
    }

    fn counts(&self, source: &str, streams: &Streams) -> Counts {
        let counts = self.fit.counts(self.windows, &own_streams(source, streams));
        let counts = counts.expect("a generator that was checked makes counts");
        Counts::new(Recorded::plain(counts, self.period, self.spread)).expect("what was checked with one count holds")
    }
}

/// A source with its streams. `next` and `demand` are called in turn, once each per request and client.
pub struct Source {
    /// Apart, since the largest of them is ten times as long as a Poisson process.
    arrivals: Box<Arrivals>,
    laws: DemandLaws,
    draws: Draws,
    start: Instant,
    requests_left: u64,
}

enum Draws {
    InOrder { arrivals: Rng, work: Rng, payload: Rng },
    Keyed { think: Keyed, work: Keyed, payload: Keyed },
    Recorded { player: Box<Player>, work: Rng, payload: Rng },
}

impl Source {
    /// The source called `name`: its streams are those of that name, whatever other sources there are.
    pub fn new(name: &str, streams: &Streams, arrivals: Arrivals, laws: DemandLaws) -> Source {
        let arrivals = match arrivals {
            Arrivals::Fitted(fitted) => Arrivals::Counts(fitted.counts(name, streams)),
            Arrivals::Clusters(mut clusters) => {
                clusters.begin(name, streams);
                Arrivals::Clusters(clusters)
            }
            other => other,
        };
        let draws = match &arrivals {
            Arrivals::Closed(_) | Arrivals::Clients(_) => Draws::Keyed {
                think: streams.keyed("think", name),
                work: streams.keyed("work", name),
                payload: streams.keyed("payload", name),
            },
            Arrivals::Replay(replay) => Draws::Recorded {
                player: Box::new(Player::new(replay, name, streams)),
                work: streams.stream("work", name),
                payload: streams.stream("payload", name),
            },
            _ => Draws::InOrder {
                arrivals: streams.stream("arrivals", name),
                work: streams.stream("work", name),
                payload: streams.stream("payload", name),
            },
        };
        Source { arrivals: Box::new(arrivals), laws, draws, start: Instant::ZERO, requests_left: u64::MAX }
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

    /// Why a recorded trace ended before its end; told once.
    pub fn take_flaw(&mut self) -> Option<Flaw> {
        match &mut self.draws {
            Draws::Recorded { player, .. } => player.take_flaw(),
            _ => None,
        }
    }

    /// Requests of a recorded trace that came late, because all who ask them had one under way; `None` where nobody waits.
    pub fn asked_late(&self) -> Option<u64> {
        match &self.draws {
            Draws::Recorded { player, .. } if self.clients() > 0 => Some(player.asked_late()),
            _ => None,
        }
    }

    /// How many clients wait for their answers: 0 for an open source.
    pub fn clients(&self) -> u32 {
        self.arrivals.clients()
    }

    /// How many users or sensors are switched on; `None` for a source that has none.
    pub fn users(&self, at: Instant) -> Option<u32> {
        let since = Instant::ZERO + at.saturating_since(self.start);
        match &*self.arrivals {
            Arrivals::Sensors(sensors) => Some(sensors.schedule().at(since)),
            Arrivals::Closed(closed) => Some(closed.schedule().map_or(closed.clients(), |schedule| schedule.at(since))),
            Arrivals::Clients(clients) => Some(clients.clients()),
            _ => None,
        }
    }

    /// When a client of a closed source asks that thinks for so long from now on; `None`: it is switched off for good.
    #[inline]
    pub fn asks(&self, client: u32, now: Instant, think: Span) -> Option<Instant> {
        match &*self.arrivals {
            Arrivals::Closed(closed) => {
                let since = Instant::ZERO + now.saturating_since(self.start);
                closed.asks(client, since, think).map(|asks| self.start.saturating_add(asks.since(Instant::ZERO)))
            }
            // They begin to think when the source begins.
            Arrivals::Clients(_) => Some(now.max(self.start).saturating_add(think)),
            _ => Some(now.saturating_add(think)),
        }
    }

    /// When the next request of `client` comes (0 for an open source, whose requests have no order but time's).
    #[inline]
    pub fn next(&mut self, client: u32) -> Next {
        self.next_after(client, Instant::ZERO)
    }

    /// The same for a client that has its answer `now`; others do not look at the time.
    #[inline]
    pub fn next_after(&mut self, client: u32, now: Instant) -> Next {
        if self.requests_left == 0 {
            return Next::Done;
        }
        let next = match (&mut *self.arrivals, &mut self.draws) {
            (Arrivals::Closed(closed), Draws::Keyed { think, .. }) => {
                closed.next(client, think).map_or(Next::Done, Next::AfterAnswer)
            }
            (Arrivals::Clients(clients), Draws::Keyed { think, .. }) => {
                let now = Instant::ZERO + now.saturating_since(self.start);
                clients.next(client, now, think).map_or(Next::Done, Next::AfterAnswer)
            }
            (open, Draws::InOrder { arrivals, .. }) => shifted(open.next(arrivals), self.start),
            (Arrivals::Replay(replay), Draws::Recorded { player, work, payload }) if replay.clients > 0 => {
                let since = Instant::ZERO + now.saturating_since(self.start);
                match shifted(player.take_turn(client, since, work, payload), self.start) {
                    Next::At(at) => Next::AfterAnswer(at.saturating_since(now)),
                    other => other,
                }
            }
            (_, Draws::Recorded { player, .. }) => shifted(player.next(), self.start),
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
        match (&*self.arrivals, &mut self.draws) {
            (Arrivals::Closed(closed), Draws::Keyed { work, payload, .. }) => {
                let request = key(client, closed.announced(client));
                self.laws.draw(&mut work.at(request), &mut payload.at(request))
            }
            (Arrivals::Clients(clients), Draws::Keyed { work, payload, .. }) => {
                let request = key(client, clients.announced(client));
                self.laws.draw(&mut work.at(request), &mut payload.at(request))
            }
            (_, Draws::InOrder { work, payload, .. }) => self.laws.draw(work, payload),
            (Arrivals::Replay(replay), Draws::Recorded { player, .. }) if replay.clients > 0 => player.turn(client),
            (_, Draws::Recorded { player, work, payload }) => player.demand(work, payload),
            _ => unreachable!("draws are keyed exactly where the loop is closed"),
        }
    }
}

/// What a source that begins at `start` says of an instant of its rule.
#[inline]
fn shifted(at: Option<Instant>, start: Instant) -> Next {
    let shifted = at.map(|at| at.saturating_add(Span::from_nanos(start.as_nanos())));
    shifted.filter(|&at| at < Instant::FAR).map_or(Next::Done, Next::At)
}

impl Arrivals {
    /// Forgets where recorded requests entered: they enter where their source does.
    pub fn forget_entries(&mut self) {
        if let Arrivals::Replay(replay) = self {
            replay.entries = None;
        }
    }

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
            Arrivals::Clusters(rule) => rule.next(rng),
            // What recorded arrivals and generators say comes from elsewhere.
            Arrivals::Closed(_) | Arrivals::Clients(_) | Arrivals::Fitted(_) | Arrivals::Replay(_) => None,
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
