//! A request is work, and a call tree: a call has a parent, a step, a join rule and an attempt number.
//!
//! The one home of time-outs and retries, which belong to the caller. Work is drawn once, at the source, so every
//! strategy is offered the same request wherever it is served; a pool says how long one unit of it takes.

use super::ids::{FunctionId, InstanceId, NodeId, PoolId, RequestId, SourceId};
use crate::engine::agenda::Handle;
use crate::engine::random::Rng;
use crate::engine::time::{Instant, Span};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Served; the answer is back at the caller.
    Served,
    /// Refused: no instance free and no limit left (HTTP 429), or the queue was full.
    Throttled,
    /// Refused by the strategy, or no pool serves the function where the request arrived.
    Refused,
    /// The caller left the queue before its turn.
    Abandoned,
    /// The caller gave up waiting for the whole answer.
    TimedOut,
    /// The function itself failed.
    Failed,
    /// The instance was taken away while the request was on it.
    Interrupted,
    /// A call that this one depends on failed.
    CallFailed,
}

impl Outcome {
    pub const ALL: [Outcome; 8] = [
        Outcome::Served,
        Outcome::Throttled,
        Outcome::Refused,
        Outcome::Abandoned,
        Outcome::TimedOut,
        Outcome::Failed,
        Outcome::Interrupted,
        Outcome::CallFailed,
    ];

    /// The word in `requests.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Served => "served",
            Outcome::Throttled => "throttled",
            Outcome::Refused => "refused",
            Outcome::Abandoned => "abandoned",
            Outcome::TimedOut => "timed-out",
            Outcome::Failed => "failed",
            Outcome::Interrupted => "interrupted",
            Outcome::CallFailed => "call-failed",
        }
    }
}

/// When a caller asks again, and how long it waits first.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first one included; 1 means no retry.
    pub attempts: u16,
    /// Wait before the second attempt.
    pub backoff: Span,
    /// The wait grows by this factor with each attempt.
    pub factor: f64,
    pub backoff_max: Span,
    /// Full jitter: the wait is drawn uniformly between zero and its nominal length.
    pub jitter: bool,
    /// Each attempt draws its work anew, from the function's law; otherwise it is the same work again.
    pub fresh_work: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            attempts: 1,
            backoff: Span::ZERO,
            factor: 2.0,
            backoff_max: Span::from_secs(60),
            jitter: false,
            fresh_work: false,
        }
    }
}

impl Retry {
    /// The wait before attempt `next` (2 for the first retry), or `None` when the caller gives up.
    /// A refusal by the strategy and a failed dependency are final: asking again would be answered alike.
    pub fn wait_before(&self, next: u16, outcome: Outcome, rng: &mut Rng) -> Option<Span> {
        let worth_it = !matches!(outcome, Outcome::Served | Outcome::Refused | Outcome::CallFailed);
        if !worth_it || next > self.attempts {
            return None;
        }
        let nominal = self.backoff.as_secs_f64() * libm::pow(self.factor, f64::from(next - 2));
        let bounded = nominal.min(self.backoff_max.as_secs_f64());
        let wait = if self.jitter { bounded * rng.uniform() } else { bounded };
        Some(Span::from_secs_f64(wait).unwrap_or(self.backoff_max))
    }
}

/// How many calls of a step must be answered before the next step begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    All,
    First,
    /// The k-th answer.
    Kth(u16),
}

/// Calls that a function makes after its own work, side by side; steps follow one another.
/// The instance is free meanwhile (the calls are orchestrated, not awaited on the instance).
#[derive(Clone, Debug)]
pub struct Step {
    pub calls: Vec<FunctionId>,
    pub join: Join,
}

impl Step {
    /// Answers needed.
    pub fn needed(&self) -> u16 {
        match self.join {
            Join::All => self.calls.len() as u16,
            Join::First => 1,
            Join::Kth(k) => k,
        }
    }
}

/// Whether a call takes part in a race of copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Race {
    No,
    /// Copies of it run, or ran.
    Run {
        /// One of them has stored what the attempt stores.
        stored: bool,
        /// The first to be served met a cold start.
        cold: bool,
    },
    Copy,
}

/// Where a call stands; the handles in [`Request`] belong to the state named here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Between source, nodes and pools.
    Travelling,
    /// In a pool's central queue.
    WaitingAtPool,
    /// In an instance's own queue, or bound to an instance that is starting.
    WaitingAtInstance,
    Running,
    /// Own work done; waiting for its calls.
    Calling,
    /// Answered; kept only until straggling calls are done.
    Settled,
}

/// One call in flight. Instants are of the present attempt unless said otherwise. What most requests never use comes last:
/// the end of one that is long in flight finds it out of the cache line by line.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct Request {
    pub state: State,
    pub(crate) outcome: Outcome,
    /// Sent on by a node, not fresh from its caller.
    pub forwarded: bool,
    /// Times it was sent on, in this attempt.
    pub(crate) hops: u8,
    /// The next arrival at its entry is a new attempt, not a hop.
    pub(crate) resend: bool,
    /// Its answer is as long as itself, wherever it is served.
    pub(crate) copies_input: bool,
    pub attempt: u16,
    pub function: FunctionId,
    /// Where the call was first asked.
    pub entry: NodeId,
    /// Where it is now.
    pub node: NodeId,
    pub pool: Option<PoolId>,
    pub instance: Option<InstanceId>,
    pub source: SourceId,
    pub client: u32,
    /// Addresses the draws of this call; the same under every strategy.
    pub key: u64,
    /// Calls of this request in the arena, over all steps and attempts.
    pub(crate) calls_out: u16,
    /// Of which attempt and step of its parent this call is part.
    pub(crate) parent_attempt: u16,
    pub(crate) parent_step: u16,
    /// The end of its work in the agenda.
    pub(crate) end: Option<Handle>,
    /// The end of its patience with waiting, and with the whole call, in the agenda.
    pub(crate) patience: Option<Handle>,
    pub(crate) timeout: Option<Handle>,
    pub parent: Option<RequestId>,
    pub payload_bytes: u64,
    /// First asked, before any retry.
    pub arrival: Instant,
    /// This attempt was sent.
    pub sent: Instant,
    /// This attempt was offered to its pool.
    pub offered: Option<Instant>,
    /// A starting instance was bound to it: a cold start.
    pub bound: Option<Instant>,
    pub begun: Option<Instant>,
    /// Time on the network in this attempt, there and back.
    pub network: Span,
    /// It left the pool: own work done, or its wait was in vain.
    pub ended: Option<Instant>,
    pub cost_direct_pico: u64,
    pub cost_held_pico: u64,
    /// What its instance had cost when the request began, in pico-dollars.
    pub held_from_pico: u64,
    /// Launch number of its instance.
    pub instance_number: Option<u64>,
    /// Number of the root, in order of arrival.
    pub number: u64,
    /// Work in units of the function's law (seconds at reference speed, or operations).
    pub work: f64,
    /// The part of the payload that the function works on; states of a chain travel beside it.
    pub input_bytes: u64,
    pub root: RequestId,
    /// 0 for the root, then in order of being called.
    pub call: u32,
    /// Next in the same queue.
    pub(crate) next: Option<RequestId>,
    pub(crate) previous: Option<RequestId>,
    /// The pool it was sent to from another node; there nobody is asked again.
    pub(crate) target: Option<PoolId>,
    /// Calls made so far under this root (kept on the root).
    pub(crate) calls_made: u32,
    /// The step under way.
    pub(crate) step: u16,
    /// Calls of the present step without an answer.
    pub(crate) step_out: u16,
    pub(crate) answers_needed: u16,
    /// Brokers that have sent it on, in this attempt; a client that calls a computer itself is none.
    pub routed: u8,
    /// Load of its computer over the last second when it came there, in whole percent.
    pub load_percent: u8,
    pub race: Race,
    /// Time in pools that did not serve it, in this attempt.
    pub lost: Span,
}

impl Request {
    /// A root that a source sends at `now`.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // A request is this many facts; a builder would only hide a forgotten one.
    pub fn root(
        number: u64,
        key: u64,
        source: SourceId,
        client: u32,
        function: FunctionId,
        entry: NodeId,
        work: f64,
        payload_bytes: u64,
        now: Instant,
    ) -> Request {
        Request {
            number,
            call: 0,
            key,
            root: RequestId(0),
            parent: None,
            source,
            client,
            function,
            work,
            payload_bytes,
            input_bytes: payload_bytes,
            attempt: 1,
            state: State::Travelling,
            forwarded: false,
            entry,
            node: entry,
            pool: None,
            instance: None,
            arrival: now,
            sent: now,
            offered: None,
            bound: None,
            begun: None,
            ended: None,
            network: Span::ZERO,
            held_from_pico: 0,
            cost_direct_pico: 0,
            cost_held_pico: 0,
            end: None,
            patience: None,
            timeout: None,
            next: None,
            previous: None,
            step: 0,
            calls_out: 0,
            answers_needed: 0,
            calls_made: 0,
            outcome: Outcome::Served,
            step_out: 0,
            parent_attempt: 0,
            parent_step: 0,
            hops: 0,
            resend: false,
            instance_number: None,
            target: None,
            copies_input: false,
            routed: 0,
            load_percent: 0,
            race: Race::No,
            lost: Span::ZERO,
        }
    }

    /// Clears what belongs to one attempt, before the next is sent at `now`.
    pub(crate) fn start_attempt(&mut self, now: Instant) {
        self.attempt += 1;
        if let Race::Run { .. } = self.race {
            self.race = Race::Run { stored: false, cold: false };
        }
        self.state = State::Travelling;
        self.forwarded = false;
        self.node = self.entry;
        (self.pool, self.instance) = (None, None);
        self.sent = now;
        (self.offered, self.bound, self.begun, self.ended) = (None, None, None, None);
        (self.network, self.lost) = (Span::ZERO, Span::ZERO);
        self.step = 0;
        (self.hops, self.routed, self.load_percent) = (0, 0, 0);
        self.target = None;
        self.instance_number = None;
    }

    /// Forgets the pool that did not serve it, before another is asked within the same attempt.
    pub(crate) fn start_over(&mut self) {
        self.state = State::Travelling;
        if let (Some(offered), Some(ended)) = (self.offered, self.ended) {
            self.lost += ended.since(offered);
        }
        (self.pool, self.instance, self.target) = (None, None, None);
        (self.offered, self.bound, self.begun, self.ended) = (None, None, None, None);
        (self.instance_number, self.load_percent) = (None, 0);
    }

    /// Processing time in whole milliseconds as its computer tells it: from the offer to the end, waiting included.
    pub fn processing_ms(&self) -> u64 {
        match (self.offered, self.ended) {
            (Some(offered), Some(ended)) => (ended.saturating_since(offered).as_nanos() + 500_000) / 1_000_000,
            _ => 0,
        }
    }
}

/// The time of a call, cut into its phases; they sum to the response time exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// On links, there and back, and in brokers that take time to send on.
    pub network: Span,
    /// Waiting for an instance, in a pool's or an instance's queue, and for a turn at brokers.
    pub queue: Span,
    /// Waiting for the instance bound to it to start.
    pub cold_start: Span,
    /// On the instance.
    pub service: Span,
    /// Waiting for its own calls.
    pub calls: Span,
    /// In attempts that failed, between attempts, and in pools that failed within the last attempt.
    pub retries: Span,
    pub response: Span,
}

impl Phases {
    /// The phases of a call whose answer is back at `now`, and that stood `in_lines` at brokers in its last attempt.
    #[inline]
    pub fn of(request: &Request, in_lines: Span, now: Instant) -> Phases {
        let response = now.since(request.arrival);
        let retries = request.sent.since(request.arrival) + request.lost;
        let (mut queue, mut cold_start, mut service) = (Span::ZERO, Span::ZERO, Span::ZERO);
        if let Some(offered) = request.offered {
            let left = request.ended.unwrap_or(now);
            let begun = request.begun.unwrap_or(left);
            let bound = request.bound.unwrap_or(begun);
            (queue, cold_start, service) = (bound.since(offered), begun.since(bound), left.since(begun));
        }
        queue += in_lines;
        // A caller that gives up may do so while the answer is still on its way: then the network has the rest.
        let rest = response - retries - queue - cold_start - service;
        let network = request.network.min(rest);
        Phases { network, queue, cold_start, service, calls: rest - network, retries, response }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_before_a_retry_grows_and_ends_with_the_attempts() {
        let retry =
            Retry { attempts: 4, backoff: Span::from_secs(1), backoff_max: Span::from_secs(3), ..Retry::default() };
        let mut rng = Rng::seeded(1);
        let waits: Vec<_> = (2..=5).map(|n| retry.wait_before(n, Outcome::Throttled, &mut rng)).collect();
        let secs = |s| Some(Span::from_secs(s));
        assert_eq!(waits, [secs(1), secs(2), secs(3), None]);
        assert_eq!(retry.wait_before(2, Outcome::Served, &mut rng), None);
    }
}
