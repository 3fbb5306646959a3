//! Deficit round robin over the destinations that are good enough, with probes of the others at growing distance.
//!
//! Source: Cicconetti, Conti, Passarella, "A decentralized framework for serverless edge computing in the Internet of
//! Things", IEEE TNSM 2020; reference code `ccicconetti/serverlessonedge`, the round-robin entry.
//! Differs: equal deficits are served in the order in which destinations entered the active set (the original's heap
//! starves one of four); a destination that is removed leaves the set before deficits are compared; and, unless
//! `faithful`, one that comes back takes no burst of calls for the deficit that sank while it was away.

use crate::engine::time::{Instant, Span};

/// Deficits start here while no destination has ever been measured: adding a weight changes nothing, so that selection
/// is cyclic until the first measurement.
const UNMEASURED: f32 = f32::MAX;

const PERIOD_FIRST: Span = Span::from_secs(1);
const PERIOD_MAX: Span = Span::from_secs(30);

/// What the round robin knows of one destination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// Weights served beyond the least served destination of the active set.
    pub deficit: f32,
    /// The last weight update; `None` if there was none, or while it is being probed.
    pub updated: Option<Instant>,
    /// How long it stays outside the active set before it is probed.
    pub period: Span,
    pub probing: bool,
    pub active: bool,
    /// When it entered the active set or was selected, as a number.
    order: u64,
}

/// The turns of one function's destinations, in the order of its list.
#[derive(Clone, Debug)]
pub(super) struct RoundRobin {
    turns: Vec<Turn>,
    order: u64,
    /// A destination that comes back to the active set starts at its smallest deficit.
    clamp: bool,
}

impl RoundRobin {
    pub(super) fn new(clamp: bool) -> RoundRobin {
        RoundRobin { turns: Vec::new(), order: 0, clamp }
    }

    pub(super) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The active destination with the smallest deficit, and the one that waits longest among equals.
    #[inline]
    pub(super) fn select(&mut self, weight: impl Fn(usize) -> f32) -> Option<usize> {
        let mut best: Option<(usize, f32, u64)> = None;
        for (place, turn) in self.turns.iter().enumerate() {
            if turn.active && best.is_none_or(|(_, deficit, order)| (turn.deficit, turn.order) < (deficit, order)) {
                best = Some((place, turn.deficit, turn.order));
            }
        }
        let (place, ..) = best?;
        self.order += 1;
        let turn = &mut self.turns[place];
        turn.deficit += weight(place);
        turn.order = self.order;
        Some(place)
    }

    /// The weight of the destination at `place` has changed.
    pub(super) fn updated(&mut self, place: usize, now: Instant, weights: &[f32], by_name: &[u16]) {
        self.turns[place].updated = Some(now);
        let least = self.least();
        self.turns.iter_mut().for_each(|turn| turn.deficit -= least);
        self.recompute(now, weights, by_name);
    }

    /// A destination was added at the end of the list.
    pub(super) fn added(&mut self, now: Instant, weights: &[f32], by_name: &[u16]) {
        let deficit = self.least();
        let (updated, period) = (None, PERIOD_FIRST);
        self.turns.push(Turn { deficit, updated, period, probing: false, active: false, order: 0 });
        self.recompute(now, weights, by_name);
    }

    /// The destination at `place` was removed from the list.
    pub(super) fn removed(&mut self, place: usize, now: Instant, weights: &[f32], by_name: &[u16]) {
        self.turns.remove(place);
        self.recompute(now, weights, by_name);
    }

    /// Smallest deficit of the active set.
    fn least(&self) -> f32 {
        self.turns.iter().filter(|turn| turn.active).map(|turn| turn.deficit).fold(UNMEASURED, f32::min)
    }

    /// Decides anew who is active. Stale timers are looked at here and nowhere else.
    fn recompute(&mut self, now: Instant, weights: &[f32], by_name: &[u16]) {
        let best = weights.iter().copied().fold(f32::INFINITY, f32::min);
        let least = self.least();
        let alone = weights.len() == 1;
        for &place in by_name {
            let place = usize::from(place);
            let turn = &mut self.turns[place];
            let was_active = turn.active;
            turn.active = if alone || weights[place] <= 2.0 * best {
                if turn.probing {
                    (turn.probing, turn.period) = (false, PERIOD_FIRST);
                }
                if self.clamp && !was_active && least < UNMEASURED {
                    turn.deficit = turn.deficit.max(least);
                }
                true
            } else if let Some(updated) = turn.updated {
                if turn.probing {
                    (turn.probing, turn.period) = (false, PERIOD_MAX.min(turn.period * 2));
                }
                let stale = now.since(updated) >= turn.period;
                if stale {
                    (turn.updated, turn.deficit, turn.probing) = (None, least, true);
                }
                stale
            } else {
                true
            };
            if turn.active {
                self.order += 1;
                turn.order = self.order;
            }
        }
    }
}
