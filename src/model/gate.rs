//! A door that lets a stated number in at once; the others wait in order of arrival.
//!
//! Serves as the threads of a server (at most N calls inside) and as the connections from a broker to a destination.
//! Source: `ccicconetti/serverlessonedge`, client pool and server threads. Differs: a connection whose call failed is
//! given back; [`Gate::lose`] is the original's defect, which blocks the destination after as many failures as there
//! are connections.

use std::collections::VecDeque;

/// The state of one door. Callers are numbers of the caller's own.
#[derive(Clone, Debug)]
pub struct Gate {
    free: u32,
    waiting: VecDeque<u64>,
}

impl Gate {
    pub fn new(places: u32) -> Gate {
        Gate { free: places, waiting: VecDeque::new() }
    }

    /// True if `who` is let in now; otherwise [`Gate::leave`] will name it when its turn comes.
    pub fn enter(&mut self, who: u64) -> bool {
        if self.free > 0 {
            self.free -= 1;
            true
        } else {
            self.waiting.push_back(who);
            false
        }
    }

    /// Somebody leaves; the next one in line, if any, is let in and named.
    pub fn leave(&mut self) -> Option<u64> {
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.free += 1;
        }
        next
    }

    /// Somebody leaves and takes the place along.
    pub fn lose(&mut self) {}

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_enter_in_order_of_arrival() {
        let mut gate = Gate::new(2);
        assert_eq!([1, 2, 3, 4].map(|who| gate.enter(who)), [true, true, false, false]);
        assert_eq!(gate.leave(), Some(3));
        gate.lose();
        assert_eq!((gate.leave(), gate.waiting()), (Some(4), 0));
        assert_eq!(gate.leave(), None);
        assert!(gate.enter(5) && !gate.enter(6));
    }
}
