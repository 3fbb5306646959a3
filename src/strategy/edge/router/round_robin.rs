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

/// What the round robin knows of one destination, for those who look.
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
}

/// When a destination was measured, which only those that are not good enough are asked for.
#[derive(Clone, Copy, Debug)]
struct Age {
    updated: Option<Instant>,
    period: Span,
}

/// The turns of one function's destinations, in the order of its list. What every call looks at stands close together.
#[derive(Clone, Debug)]
pub(super) struct RoundRobin {
    deficits: Vec<f32>,
    /// When it entered the active set or was selected last, as a number; zero for those outside.
    orders: Vec<u64>,
    probing: Vec<bool>,
    ages: Vec<Age>,
    order: u64,
    /// A destination that comes back to the active set starts at its smallest deficit.
    clamp: bool,
}

impl RoundRobin {
    pub(super) fn new(clamp: bool) -> RoundRobin {
        RoundRobin { deficits: Vec::new(), orders: Vec::new(), probing: Vec::new(), ages: Vec::new(), order: 0, clamp }
    }

    pub(super) fn turns(&self) -> impl Iterator<Item = Turn> {
        self.ages.iter().enumerate().map(|(place, &Age { updated, period })| {
            let (deficit, probing, active) = (self.deficits[place], self.probing[place], self.orders[place] > 0);
            Turn { deficit, updated, period, probing, active }
        })
    }

    /// The active destination with the smallest deficit, and the one that waits longest among equals.
    #[inline]
    pub(super) fn select(&mut self, weight: impl Fn(usize) -> f32) -> Option<usize> {
        let mut best: Option<(usize, f32, u64)> = None;
        for (place, (&deficit, &order)) in self.deficits.iter().zip(&self.orders).enumerate() {
            if order > 0 && best.is_none_or(|(_, least, first)| (deficit, order) < (least, first)) {
                best = Some((place, deficit, order));
            }
        }
        let (place, ..) = best?;
        self.order += 1;
        self.deficits[place] += weight(place);
        self.orders[place] = self.order;
        Some(place)
    }

    /// The weight of the destination at `place` has changed.
    pub(super) fn updated(&mut self, place: usize, now: Instant, weights: &[f32], by_name: &[u16]) {
        self.ages[place].updated = Some(now);
        let least = self.least();
        self.deficits.iter_mut().for_each(|deficit| *deficit -= least);
        self.recompute(now, weights, by_name);
    }

    /// A destination was added at the end of the list.
    pub(super) fn added(&mut self, now: Instant, weights: &[f32], by_name: &[u16]) {
        self.deficits.push(self.least());
        self.orders.push(0);
        self.probing.push(false);
        self.ages.push(Age { updated: None, period: PERIOD_FIRST });
        self.recompute(now, weights, by_name);
    }

    /// The destination at `place` was removed from the list.
    pub(super) fn removed(&mut self, place: usize, now: Instant, weights: &[f32], by_name: &[u16]) {
        self.deficits.remove(place);
        self.orders.remove(place);
        self.probing.remove(place);
        self.ages.remove(place);
        self.recompute(now, weights, by_name);
    }

    /// Smallest deficit of the active set.
    fn least(&self) -> f32 {
        let active = self.deficits.iter().zip(&self.orders).filter(|(_, order)| **order > 0);
        active.map(|(&deficit, _)| deficit).fold(UNMEASURED, f32::min)
    }

    /// Decides anew who is active. Stale timers are looked at here and nowhere else.
    fn recompute(&mut self, now: Instant, weights: &[f32], by_name: &[u16]) {
        let best = weights.iter().copied().fold(f32::INFINITY, f32::min);
        let least = self.least();
        let alone = weights.len() == 1;
        for &place in by_name {
            let place = usize::from(place);
            let was_active = self.orders[place] > 0;
            let active = if alone || weights[place] <= 2.0 * best {
                if std::mem::take(&mut self.probing[place]) {
                    self.ages[place].period = PERIOD_FIRST;
                }
                if self.clamp && !was_active && least < UNMEASURED {
                    self.deficits[place] = self.deficits[place].max(least);
                }
                true
            } else {
                self.is_tried(place, least, now)
            };
            self.orders[place] = 0;
            if active {
                self.order += 1;
                self.orders[place] = self.order;
            }
        }
    }

    /// Whether a destination that is not good enough is active all the same: it was never measured, or not for long.
    fn is_tried(&mut self, place: usize, least: f32, now: Instant) -> bool {
        let age = &mut self.ages[place];
        let Some(updated) = age.updated else { return true };
        if std::mem::take(&mut self.probing[place]) {
            age.period = PERIOD_MAX.min(age.period * 2);
        }
        let stale = now.since(updated) >= age.period;
        if stale {
            age.updated = None;
            (self.deficits[place], self.probing[place]) = (least, true);
        }
        stale
    }
}
