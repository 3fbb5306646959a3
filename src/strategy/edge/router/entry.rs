//! Where the calls of one function can go, and which destination is next.
//!
//! Source: `ccicconetti/serverlessonedge`, entries of a forwarding table: least impedance, random (called
//! random-proportional in the papers), round robin and proportional fairness. A weight is an impedance in seconds of
//! delay: small is good. Weights and deficits are 32-bit floats, as there.

use crate::engine::time::{Instant, Span};

use super::round_robin::{RoundRobin, Turn};

/// How an entry selects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selection {
    /// The smallest weight, the one added first when equal. No exploration.
    LeastImpedance,
    /// With probability proportional to 1/weight.
    Random,
    /// Shares proportional to 1/weight, by deficits; see [`Turn`].
    RoundRobin,
    /// The largest (1/weight)^alpha / (served/age of last service)^beta.
    ProportionalFairness { alpha: f64, beta: f64 },
}

/// One destination of an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    pub id: u32,
    pub name: Box<str>,
    /// A computer, as opposed to another broker.
    pub is_final: bool,
}

/// What proportional fairness knows of one destination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// Weight updates since it was added, plus one.
    pub count: u64,
    /// The last update, or when it was added.
    pub at: Instant,
}

#[derive(Clone, Debug)]
enum State {
    LeastImpedance,
    /// Sum of 1/weight, maintained at each change.
    Random {
        inverses: f32,
    },
    RoundRobin(RoundRobin),
    Fairness {
        alpha: f64,
        beta: f64,
        services: Vec<Service>,
    },
}

/// The destinations of one function, in the order in which they were added. What every call looks at stands close together:
/// a broker may know thousands of functions.
#[derive(Clone, Debug)]
pub struct Entry {
    lanes: Vec<Lane>,
    state: State,
    about: Box<About>,
}

/// What a destination is to a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub id: u32,
    pub weight: f32,
}

/// What an entry is to people.
#[derive(Clone, Debug)]
struct About {
    function: Box<str>,
    created: Instant,
    destinations: Vec<Destination>,
    /// Places in order of names.
    by_name: Vec<u16>,
}

impl Entry {
    pub(super) fn new(function: &str, now: Instant, selection: Selection, faithful: bool) -> Entry {
        let state = match selection {
            Selection::LeastImpedance => State::LeastImpedance,
            Selection::Random => State::Random { inverses: 0.0 },
            Selection::RoundRobin => State::RoundRobin(RoundRobin::new(!faithful)),
            Selection::ProportionalFairness { alpha, beta } => State::Fairness { alpha, beta, services: Vec::new() },
        };
        let about = About { function: function.into(), created: now, destinations: Vec::new(), by_name: Vec::new() };
        Entry { lanes: Vec::new(), state, about: Box::new(about) }
    }

    pub(super) fn function(&self) -> &str {
        &self.about.function
    }

    /// When the entry was created; the published clocks count from here.
    pub fn created(&self) -> Instant {
        self.about.created
    }

    /// Destinations with their weights, in order of insertion.
    pub fn destinations(&self) -> impl Iterator<Item = (&Destination, f32)> {
        self.about.destinations.iter().zip(self.lanes.iter().map(|lane| lane.weight))
    }

    /// The same in order of names.
    pub fn by_name(&self) -> impl Iterator<Item = (&Destination, f32)> {
        let places = self.about.by_name.iter().map(|&place| usize::from(place));
        places.map(|place| (&self.about.destinations[place], self.lanes[place].weight))
    }

    /// The state of the round robin, in order of insertion; `None` for the other selections.
    pub fn turns(&self) -> Option<impl Iterator<Item = Turn>> {
        if let State::RoundRobin(robin) = &self.state { Some(robin.turns()) } else { None }
    }

    /// The state of proportional fairness, in order of insertion; `None` for the other selections.
    pub fn services(&self) -> Option<&[Service]> {
        if let State::Fairness { services, .. } = &self.state { Some(services) } else { None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    fn place(&self, id: u32) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.id == id)
    }

    /// The next destination, or `None` if there is none. `uniform` in [0, 1) is drawn only by the random selection
    /// among two or more.
    #[inline]
    pub(super) fn select(&mut self, now: Instant, uniform: impl FnOnce() -> f64) -> Option<u32> {
        let lanes = self.lanes.as_slice();
        let (_, others) = lanes.split_last()?;
        let place = match &mut self.state {
            State::LeastImpedance => least(lanes),
            State::Random { inverses } if !others.is_empty() => {
                // 32-bit sums drift with very many changes; the last destination catches what is left over.
                let mark = (uniform() * f64::from(*inverses)) as f32;
                let mut sum = 0.0;
                let reaches = |lane: &Lane| {
                    sum += 1.0 / lane.weight;
                    mark <= sum
                };
                others.iter().position(reaches).unwrap_or(others.len())
            }
            State::Random { .. } => 0,
            State::RoundRobin(robin) => robin.select(lanes)?,
            State::Fairness { alpha, beta, services } => fairest(lanes, services, *alpha, *beta, now),
        };
        Some(lanes[place].id)
    }

    /// Adds a destination, or changes the weight and flag of a known one. The caller has ensured a positive weight.
    pub(super) fn change(&mut self, now: Instant, id: u32, name: &str, weight: f32, is_final: bool) {
        if let Some(place) = self.place(id) {
            self.about.destinations[place].is_final = is_final;
            self.reweigh(now, place, weight);
            return;
        }
        let rank = self.by_name().position(|(known, _)| &*known.name > name).unwrap_or(self.lanes.len());
        let about = &mut *self.about;
        about.by_name.insert(rank, u16::try_from(self.lanes.len()).expect("at most 65,535 destinations"));
        about.destinations.push(Destination { id, name: name.into(), is_final });
        self.lanes.push(Lane { id, weight });
        match &mut self.state {
            State::LeastImpedance => {}
            State::Random { inverses } => *inverses += 1.0 / weight,
            State::RoundRobin(robin) => robin.added(now, &self.lanes, &about.by_name),
            State::Fairness { services, .. } => services.push(Service { count: 1, at: now }),
        }
    }

    /// Changes the weight of a known destination; false for an unknown one.
    pub(super) fn set(&mut self, now: Instant, id: u32, weight: f32) -> bool {
        let place = self.place(id);
        if let Some(place) = place {
            self.reweigh(now, place, weight);
        }
        place.is_some()
    }

    fn reweigh(&mut self, now: Instant, place: usize, weight: f32) {
        let old = std::mem::replace(&mut self.lanes[place].weight, weight);
        match &mut self.state {
            State::LeastImpedance => {}
            State::Random { inverses } => *inverses += 1.0 / weight - 1.0 / old,
            State::RoundRobin(robin) => robin.updated(place, now, &self.lanes),
            State::Fairness { services, .. } => {
                services[place] = Service { count: services[place].count + 1, at: now };
            }
        }
    }

    pub(super) fn remove(&mut self, now: Instant, id: u32) {
        let Some(place) = self.place(id) else { return };
        let (about, gone) = (&mut *self.about, self.lanes.remove(place));
        about.destinations.remove(place);
        about.by_name.retain(|&other| usize::from(other) != place);
        about.by_name.iter_mut().filter(|other| usize::from(**other) > place).for_each(|other| *other -= 1);
        match &mut self.state {
            State::LeastImpedance => {}
            State::Random { inverses } => *inverses -= 1.0 / gone.weight,
            State::RoundRobin(robin) => robin.removed(place, now, &self.lanes, &about.by_name),
            State::Fairness { services, .. } => {
                services.remove(place);
            }
        }
    }
}

fn least(lanes: &[Lane]) -> usize {
    let (mut best, mut smallest) = (0, f32::INFINITY);
    for (place, lane) in lanes.iter().enumerate() {
        if lane.weight < smallest {
            (best, smallest) = (place, lane.weight);
        }
    }
    best
}

/// The first of the highest scores. A destination updated this very instant scores zero, unless beta is zero.
fn fairest(lanes: &[Lane], services: &[Service], alpha: f64, beta: f64, now: Instant) -> usize {
    let (mut best, mut highest) = (0, 0.0);
    for (place, (lane, service)) in lanes.iter().zip(services).enumerate() {
        let age: Span = now.since(service.at);
        let rate = service.count as f64 / age.as_secs_f64();
        // Scores are compared as 32-bit floats, like every weight.
        let score = (power(f64::from(1.0 / lane.weight), alpha) / power(rate, beta)) as f32;
        if score > highest {
            (best, highest) = (place, score);
        }
    }
    best
}

/// Exponents of zero and one are exact in any library; the usual settings need no other.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 {
        1.0
    } else if exponent == 1.0 {
        base
    } else {
        libm::pow(base, exponent)
    }
}
