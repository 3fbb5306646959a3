//! Deficit round robin over the destinations that are good enough, with probes of the others at growing distance.
//!
//! Source: Cicconetti, Conti, Passarella, "A decentralized framework for serverless edge computing in the Internet of
//! Things", IEEE TNSM 2020; reference code `ccicconetti/serverlessonedge`, the round-robin entry.
//! Differs: equal deficits are served in the order in which destinations entered the active set (the original's heap
//! starves one of four); a destination that is removed leaves the set before deficits are compared; and, unless
//! `faithful`, one that comes back takes no burst of calls for the deficit that sank while it was away.

use super::entry::Lane;
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

/// What every call looks at, of one destination.
#[derive(Clone, Copy, Debug)]
struct Place {
    deficit: f32,
    /// Its place in the order of names.
    rank: u16,
    probing: bool,
    /// When it entered the active set or was selected last, as a number; zero for those outside.
    order: u64,
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
    places: Vec<Place>,
    ages: Vec<Age>,
    /// The highest number given.
    order: u64,
    /// A destination that comes back to the active set starts at its smallest deficit.
    clamp: bool,
}

impl RoundRobin {
    pub(super) fn new(clamp: bool) -> RoundRobin {
        RoundRobin { places: Vec::new(), ages: Vec::new(), order: 0, clamp }
    }

    pub(super) fn turns(&self) -> impl Iterator<Item = Turn> {
        self.places.iter().zip(&self.ages).map(|(&Place { deficit, probing, order, .. }, &Age { updated, period })| {
            Turn { deficit, updated, period, probing, active: order > 0 }
        })
    }

    /// The active destination with the smallest deficit, and the one that waits longest among equals.
    #[inline]
    pub(super) fn select(&mut self, lanes: &[Lane]) -> Option<usize> {
        let mut best: Option<(usize, f32, u64)> = None;
        for (k, &Place { deficit, order, .. }) in self.places.iter().enumerate() {
            if order > 0 && best.is_none_or(|(_, least, first)| (deficit, order) < (least, first)) {
                best = Some((k, deficit, order));
            }
        }
        let (chosen, ..) = best?;
        self.order += 1;
        let place = &mut self.places[chosen];
        place.deficit += lanes[chosen].weight;
        place.order = self.order;
        Some(chosen)
    }

    /// The weight of the destination at `place` has changed.
    pub(super) fn updated(&mut self, place: usize, now: Instant, lanes: &[Lane]) {
        self.ages[place].updated = Some(now);
        let least = self.least();
        self.places.iter_mut().for_each(|place| place.deficit -= least);
        self.recompute(now, lanes);
    }

    /// A destination was added at the end of the list; `by_name` has it among the others.
    pub(super) fn added(&mut self, now: Instant, lanes: &[Lane], by_name: &[u16]) {
        self.places.push(Place { deficit: self.least(), rank: 0, probing: false, order: 0 });
        self.ages.push(Age { updated: None, period: PERIOD_FIRST });
        self.rank(by_name);
        self.recompute(now, lanes);
    }

    /// The destination at `place` was removed from the list.
    pub(super) fn removed(&mut self, place: usize, now: Instant, lanes: &[Lane], by_name: &[u16]) {
        self.places.remove(place);
        self.ages.remove(place);
        self.rank(by_name);
        self.recompute(now, lanes);
    }

    fn rank(&mut self, by_name: &[u16]) {
        for (rank, &place) in (0..=u16::MAX).zip(by_name) {
            self.places[usize::from(place)].rank = rank;
        }
    }

    /// Smallest deficit of the active set.
    fn least(&self) -> f32 {
        let active = self.places.iter().filter(|place| place.order > 0);
        active.map(|place| place.deficit).fold(UNMEASURED, f32::min)
    }

    /// Decides anew who is active; all of them enter the set in the order of their names. Stale timers are looked at here
    /// and nowhere else.
    fn recompute(&mut self, now: Instant, lanes: &[Lane]) {
        let best = lanes.iter().map(|lane| lane.weight).fold(f32::INFINITY, f32::min);
        let least = self.least();
        let (alone, clamp) = (lanes.len() == 1, self.clamp);
        for ((place, age), lane) in self.places.iter_mut().zip(&mut self.ages).zip(lanes) {
            let active = if alone || lane.weight <= 2.0 * best {
                if std::mem::take(&mut place.probing) {
                    age.period = PERIOD_FIRST;
                }
                if clamp && place.order == 0 && least < UNMEASURED {
                    place.deficit = place.deficit.max(least);
                }
                true
            } else {
                is_tried(place, age, least, now)
            };
            place.order = if active { 1 + u64::from(place.rank) } else { 0 };
        }
        self.order = lanes.len() as u64;
    }
}

/// Whether a destination that is not good enough is active all the same: it was never measured, or not for long.
fn is_tried(place: &mut Place, age: &mut Age, least: f32, now: Instant) -> bool {
    let Some(updated) = age.updated else { return true };
    if std::mem::take(&mut place.probing) {
        age.period = PERIOD_MAX.min(age.period * 2);
    }
    let stale = now.since(updated) >= age.period;
    if stale {
        age.updated = None;
        (place.deficit, place.probing) = (least, true);
    }
    stale
}
