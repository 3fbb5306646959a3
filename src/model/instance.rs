//! One virtual machine, function environment or container, and its life.

use super::bill::Bill;
use super::ids::PoolId;
use super::queue::Fifo;
use super::sharing::Sharing;
use crate::engine::agenda::Handle;
use crate::engine::time::Instant;

/// Where an instance stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Booting,
    /// Takes requests; idle when `running` is zero.
    Serving {
        running: u32,
    },
    /// Finishes what it has and takes nothing new.
    Draining {
        running: u32,
    },
    /// Back with the provider; its meter has stopped.
    Gone,
}

/// What happens to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
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
            (Booting, Signal::Ready) => Some(Serving { running: 0 }),
            (Booting | Serving { running: 0 }, Signal::Retire) => Some(Gone),
            (Serving { running }, Signal::Begin) => Some(Serving { running: running + 1 }),
            (Serving { running: n @ 1.. }, Signal::End) => Some(Serving { running: n - 1 }),
            (Serving { running }, Signal::Retire) => Some(Draining { running }),
            (Draining { running: 1 }, Signal::End) => Some(Gone),
            (Draining { running: n @ 2.. }, Signal::End) => Some(Draining { running: n - 1 }),
            (Booting | Serving { .. } | Draining { .. }, Signal::Vanish) => Some(Gone),
            _ => None,
        }
    }

    /// Requests on it now.
    #[inline]
    pub fn running(self) -> u32 {
        match self {
            Phase::Serving { running } | Phase::Draining { running } => running,
            Phase::Booting | Phase::Gone => 0,
        }
    }
}

/// One instance of a pool.
pub struct Instance {
    pub pool: PoolId,
    /// Its number within the pool, in order of launch.
    pub number: u64,
    pub phase: Phase,
    pub born: Instant,
    pub ready: Option<Instant>,
    /// End of its last request, or when it became ready.
    pub last_used: Instant,
    /// When its keep-alive ends, if it stays idle.
    pub deadline: Instant,
    /// Provisioned concurrency: kept whether used or not.
    pub provisioned: bool,
    /// Requests bound to it: while it starts, or in its own queue.
    pub(crate) waiting: Fifo,
    /// Present when its requests share cores.
    pub(crate) sharing: Option<Box<Sharing>>,
    pub(crate) bill: Bill,
    /// Its place in the line of idle environments.
    pub(crate) idle_stamp: u64,
    pub(crate) start: Option<Handle>,
    pub(crate) drain: Option<Handle>,
    pub(crate) interruption: Option<Handle>,
}

impl Instance {
    /// Requests on it or waiting for it.
    #[inline]
    pub fn outstanding(&self) -> u32 {
        self.phase.running() + self.waiting.len()
    }

    /// The only way to change phase; a signal without meaning is a broken invariant of the model.
    #[inline]
    pub(crate) fn signal(&mut self, signal: Signal) {
        let before = self.phase;
        self.phase = before
            .after(signal)
            .unwrap_or_else(|| panic!("an instance that is {before:?} cannot take {signal:?}"));
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
        for signal in [Signal::Ready, Signal::Begin, Signal::End, Signal::Retire, Signal::Vanish] {
            assert_eq!(Phase::Gone.after(signal), None);
        }
    }
}
