//! One virtual machine, function environment or container, and its life.

use super::bill::Bill;
use super::ids::PoolId;
use super::queue::Fifo;
use super::sharing::Sharing;
use super::tariff::PerHour;
use crate::engine::agenda::Handle;
use crate::engine::time::Instant;

/// Where an instance stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Starting; EC2 calls it pending.
    Booting,
    /// Started and registered with the balancer, which has not yet found it healthy.
    Initial,
    /// Takes requests; idle when `running` is zero.
    Serving { running: u32 },
    /// Finishes what it has and takes nothing new.
    Draining { running: u32 },
    /// Back with the provider; its meter has stopped.
    Gone,
}

/// What happens to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The machine has started; health checks follow.
    Booted,
    Ready,
    Begin,
    End,
    /// Told to leave; finishes its work first.
    Retire,
    /// Taken away at once; the caller has seen to its work.
    Vanish,
}

impl Phase {
    /// The only way an instance changes phase. `None`: the signal has no meaning in this phase.
    #[inline]
    pub fn after(self, signal: Signal) -> Option<Phase> {
        use Phase::*;
        match (self, signal) {
            (Booting, Signal::Booted) => Some(Initial),
            (Booting | Initial, Signal::Ready) => Some(Serving { running: 0 }),
            (Booting | Initial | Serving { running: 0 }, Signal::Retire) => Some(Gone),
            (Serving { running }, Signal::Begin) => Some(Serving { running: running + 1 }),
            (Serving { running: n @ 1.. }, Signal::End) => Some(Serving { running: n - 1 }),
            (Serving { running }, Signal::Retire) => Some(Draining { running }),
            (Draining { running: 1 }, Signal::End) => Some(Gone),
            (Draining { running: n @ 2.. }, Signal::End) => Some(Draining { running: n - 1 }),
            (Booting | Initial | Serving { .. } | Draining { .. }, Signal::Vanish) => Some(Gone),
            _ => None,
        }
    }

    /// Requests on it now.
    #[inline]
    pub fn running(self) -> u32 {
        match self {
            Phase::Serving { running } | Phase::Draining { running } => running,
            Phase::Booting | Phase::Initial | Phase::Gone => 0,
        }
    }
}

/// One instance of a pool. The first line of the cache is what every request changes, the second what requests on a rented
/// instance look at too: there may be thousands of instances.
#[repr(C, align(64))]
pub struct Instance {
    pub pool: PoolId,
    pub phase: Phase,
    /// Requests bound to it: while it starts, or in its own queue.
    pub(crate) waiting: Fifo,
    /// Its number within the pool, in order of launch.
    pub number: u64,
    /// End of its last request, or when it became ready.
    pub last_used: Instant,
    /// When its keep-alive ends, if it stays idle.
    pub deadline: Instant,
    /// Its place in the line of idle environments.
    pub(crate) idle_stamp: u64,
    /// Provisioned concurrency: kept whether used or not.
    pub provisioned: bool,
    /// Holding it was ever worth something: otherwise nobody looks at its bill.
    pub(crate) is_worth: bool,
    /// How often its keep-alive has been drawn.
    pub(crate) keep_alives: u32,
    pub(crate) bill: Bill,
    /// Present when its requests share cores.
    pub(crate) sharing: Option<Box<Sharing>>,
    pub born: Instant,
    /// End of its boot.
    pub booted: Option<Instant>,
    pub ready: Option<Instant>,
    pub(crate) start: Option<Handle>,
    pub(crate) drain: Option<Handle>,
    pub(crate) grace: Option<Handle>,
    pub(crate) interruption: Option<Handle>,
}

impl Instance {
    /// Number `number` of its pool, launched `now`: starting, empty, billed from its bill's opening on.
    pub(crate) fn launched(pool: PoolId, number: u64, now: Instant) -> Instance {
        Instance {
            pool,
            number,
            phase: Phase::Booting,
            born: now,
            booted: None,
            ready: None,
            last_used: now,
            deadline: Instant::FAR,
            keep_alives: 0,
            provisioned: false,
            is_worth: false,
            waiting: Fifo::default(),
            sharing: None,
            bill: Bill::default(),
            idle_stamp: 0,
            start: None,
            drain: None,
            grace: None,
            interruption: None,
        }
    }

    /// Starts or changes the rates of its bill.
    pub(crate) fn set_rates(&mut self, now: Instant, billed: PerHour, held: PerHour) {
        self.is_worth |= held.0 > 0;
        self.bill.set_rates(now, billed, held);
    }

    /// What holding it since launch was worth up to `now`.
    #[inline]
    pub(crate) fn held_at(&self, now: Instant) -> u64 {
        if self.is_worth { self.bill.held_at(now) } else { 0 }
    }

    /// Requests on it or waiting for it.
    #[inline]
    pub fn outstanding(&self) -> u32 {
        self.phase.running() + self.waiting.len()
    }

    /// The only way to change phase; a signal without meaning is a broken invariant of the model.
    #[inline]
    pub(crate) fn signal(&mut self, signal: Signal) {
        let before = self.phase;
        self.phase =
            before.after(signal).unwrap_or_else(|| panic!("an instance that is {before:?} cannot take {signal:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_told_to_leave_finishes_its_work_first() {
        let told = [Signal::Ready, Signal::Begin, Signal::Begin, Signal::Retire, Signal::End]
            .iter()
            .fold(Phase::Booting, |phase, &signal| phase.after(signal).unwrap());
        assert_eq!(told, Phase::Draining { running: 1 });
        assert_eq!(told.after(Signal::Begin), None);
        assert_eq!(told.after(Signal::End), Some(Phase::Gone));
    }

    #[test]
    fn nothing_happens_to_what_is_gone() {
        for signal in [Signal::Booted, Signal::Ready, Signal::Begin, Signal::End, Signal::Retire, Signal::Vanish] {
            assert_eq!(Phase::Gone.after(signal), None);
        }
    }
}
