//! What a plan is about: the fleets of a run as applications, instance classes and performances of a planning problem, and
//! the way back from planned machines to fleet sizes.
//!
//! Source: GECON 2017, section 3; specification, sections 1 and 10. Functions that share a fleet are one application,
//! since any of its machines serves them all. Loads and performances are counted in seconds of work, so that functions
//! of different work add up. Reserved and on-demand machines of a type stand in the same fleet: a reservation is a cover.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::time::Span;
use crate::model::ids::{FunctionId, PoolId};
use crate::model::pool::{Birth, Capacity, Charge, PoolSpec};
use crate::model::tariff::PerHour;
use crate::planner::malloovia::{App, InstanceClass, LimitingSet, PerformanceSet, Problem, TimeUnit, Workload};

/// Dollars in a pico-dollar, in which the tariff counts.
const PICO: f64 = 1e-12;
/// Seconds in the hour that prices are stated for.
const HOUR_S: f64 = 3600.0;

/// Reserved machines of a type that are offered, or owned already.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The instance type that is covered.
    pub kind: String,
    pub hourly: PerHour,
    /// Paid for the whole term, in pico-dollars for one machine.
    pub upfront_pico: u64,
    pub term: Span,
    pub amount: Amount,
}

/// How many machines of an offer are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// As many as Phase I finds worth it, up to a limit.
    UpTo(Option<u32>),
    /// Bought at the start, whatever a plan would say.
    Exactly(u32),
    /// Reserved by the scenario for every strategy.
    Owned(u32),
}

impl Amount {
    /// What is known before any plan.
    pub fn fixed(self) -> Option<u32> {
        match self {
            Amount::UpTo(_) => None,
            Amount::Exactly(count) | Amount::Owned(count) => Some(count),
        }
    }
}

impl Offer {
    /// Money of one machine in an hour, with its share of the upfront payment.
    fn usd_per_hour(&self) -> f64 {
        let hours = self.term.as_secs_f64() / HOUR_S;
        (self.hourly.0 as f64 + self.upfront_pico as f64 / hours) * PICO
    }
}

/// A fleet that is planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    pub pool: PoolId,
    pub name: String,
    pub app: usize,
    /// Its type at its price, an index into [`Plant::kinds`].
    pub kind: usize,
    pub max: u32,
    /// Seconds of work that one machine does in a second.
    pub rate: f64,
    /// From launch to readiness, in the mean.
    pub boot_s: f64,
}

/// A type of machine at a price.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    pub name: String,
    pub price: PerHour,
}

/// The planned part of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plant {
    /// Functions of each application.
    pub apps: Vec<Vec<FunctionId>>,
    pub fleets: Vec<Fleet>,
    pub kinds: Vec<Kind>,
    pub offers: Vec<Offer>,
    /// Of each offer, its kind.
    offered: Vec<usize>,
    /// Pairs of application and kind that have fleets.
    groups: Vec<(usize, usize)>,
}

/// Why fleets cannot be planned, in words for whoever wrote the scenario.
#[derive(Clone, Debug, PartialEq)]
pub enum Unplannable {
    NoFleet,
    /// Two fleets of one type for the same functions do different amounts of work.
    Unlike(String, String),
    /// An offer for a type of which no planned fleet is made.
    NoSuchKind(usize),
}

impl Plant {
    /// Fleets that are paid by time and not interrupted, those of `named` if it names any; `functions` is how many there are.
    ///
    /// # Errors
    /// Everything that keeps them from being planned.
    pub fn new(
        pools: &[PoolSpec],
        functions: usize,
        named: &[String],
        offers: Vec<Offer>,
    ) -> Result<Plant, Vec<Unplannable>> {
        let planned: Vec<usize> = (0..pools.len()).filter(|&index| is_planned(&pools[index], named)).collect();
        if planned.is_empty() {
            return Err(vec![Unplannable::NoFleet]);
        }
        let (apps, app_of) = applications(pools, &planned, functions);
        let mut kinds: Vec<Kind> = Vec::new();
        let mut fleets: Vec<Fleet> = Vec::new();
        let mut faults = Vec::new();
        for (&index, &app) in planned.iter().zip(&app_of) {
            let spec = &pools[index];
            let (Charge::Held { kind, price, .. }, Birth::Ordered { max, boot, health, .. }) =
                (&spec.charge, &spec.birth)
            else {
                unreachable!("what is planned is held and comes by order");
            };
            let found = kinds.iter().position(|known| known.name == *kind && known.price == *price);
            let kind = found.unwrap_or_else(|| {
                kinds.push(Kind { name: kind.clone(), price: *price });
                kinds.len() - 1
            });
            let rate = rate(spec);
            let twin = fleets.iter().find(|other| (other.app, other.kind) == (app, kind) && other.rate != rate);
            if let Some(twin) = twin {
                faults.push(Unplannable::Unlike(twin.name.clone(), spec.name.clone()));
            }
            let boot_s = boot.mean() + health.map_or(0.0, |health| health.span().as_secs_f64());
            let (pool, name) = (PoolId::from_index(index), spec.name.clone());
            fleets.push(Fleet { pool, name, app, kind, max: *max, rate, boot_s });
        }
        let kind_of = |offer: &Offer| kinds.iter().position(|kind| kind.name == offer.kind);
        let missing = |(index, offer): (usize, &Offer)| {
            let wanted = !matches!(offer.amount, Amount::Owned(_));
            (wanted && kind_of(offer).is_none()).then_some(Unplannable::NoSuchKind(index))
        };
        faults.extend(offers.iter().enumerate().filter_map(missing));
        // What the scenario owns of other types is none of the plan's business.
        let (offers, offered): (Vec<Offer>, Vec<usize>) =
            offers.into_iter().filter_map(|offer| kind_of(&offer).map(|kind| (offer, kind))).unzip();
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for group in fleets.iter().map(|fleet| (fleet.app, fleet.kind)) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        if faults.is_empty() { Ok(Plant { apps, fleets, kinds, offers, offered, groups }) } else { Err(faults) }
    }

    /// The planning problem of one slot length over a series of loads, `[slot][application]` in seconds of work. `sunk`
    /// says that what is bought already costs nothing any more, as it should when more is bought.
    pub fn problem(&self, slot: Span, series: &[Vec<f64>], sunk: bool) -> Problem {
        // Everything is stated for one slot, whatever its length, under the name of one unit of time.
        let unit = TimeUnit::Hour;
        let slot_s = slot.as_secs_f64();
        let apps: Vec<Arc<App>> = (0..self.apps.len()).map(|a| Arc::new(App::new(format!("app{a}")))).collect();
        let mut performances = PerformanceSet::new("performances", unit);
        let mut classes = Vec::new();
        let limits: Vec<Arc<LimitingSet>> = (0..self.kinds.len()).map(|k| Arc::new(self.limit(k))).collect();
        for (index, offer) in self.offers.iter().enumerate() {
            let free = sunk && offer.amount.fixed().is_some();
            let price = if free { 0.0 } else { offer.usd_per_hour() * slot_s / HOUR_S };
            let most = match offer.amount {
                Amount::UpTo(most) => most.unwrap_or(0),
                Amount::Exactly(count) | Amount::Owned(count) => count,
            };
            let kind = self.offered[index];
            let class =
                InstanceClass::reserved(reserved_id(index), price, unit).max_vms(most).limited_by(&limits[kind]);
            classes.push((Arc::new(class), kind));
        }
        for (g, &(app, kind)) in self.groups.iter().enumerate() {
            let price = self.kinds[kind].price.0 as f64 * PICO * slot_s / HOUR_S;
            let most = whole(self.of_group(app, kind).map(|fleet| u64::from(fleet.max)).sum());
            let class = InstanceClass::on_demand(format!("rented{g}"), price, unit).max_vms(most);
            classes.push((Arc::new(class.limited_by(&limits[kind])), kind));
        }
        for (c, (class, kind)) in classes.iter().enumerate() {
            // Rented machines are rented for one application; reserved ones may serve any that has a fleet of their type.
            let only = c.checked_sub(self.offers.len()).map(|group| self.groups[group].0);
            for (a, app) in apps.iter().enumerate() {
                let rate = if only.is_none_or(|only| only == a) { self.rate(a, *kind) } else { 0.0 };
                performances = performances.serve(class, app, rate * slot_s);
            }
        }
        let mut problem = Problem::new("run", &Arc::new(performances));
        for (a, app) in apps.iter().enumerate() {
            let values = series.iter().map(|loads| loads[a]).collect();
            problem = problem.workload(Workload::new(format!("load{a}"), app, unit, values));
        }
        classes.iter().fold(problem, |problem, (class, _)| problem.class(class))
    }

    /// What the fleets of a kind hold together; the reserved machines among them count too.
    fn limit(&self, kind: usize) -> LimitingSet {
        let most = whole(self.of_kind(kind).map(|fleet| u64::from(fleet.max)).sum());
        LimitingSet::new(format!("limit{kind}")).max_vms(most)
    }

    fn of_kind(&self, kind: usize) -> impl Iterator<Item = &Fleet> {
        self.fleets.iter().filter(move |fleet| fleet.kind == kind)
    }

    fn of_group(&self, app: usize, kind: usize) -> impl Iterator<Item = &Fleet> {
        self.of_kind(kind).filter(move |fleet| fleet.app == app)
    }

    /// Seconds of work per second that a machine of a kind does for an application; 0 where it has no fleet of it.
    fn rate(&self, app: usize, kind: usize) -> f64 {
        self.of_group(app, kind).next().map_or(0.0, |fleet| fleet.rate)
    }

    /// The reserved machines of each offer, when Phase I wants `planned` of them: what is fixed stays.
    pub fn reserved(&self, planned: &[f64]) -> Vec<u32> {
        let of = |(offer, planned): (&Offer, &f64)| offer.amount.fixed().unwrap_or(planned.round() as u32);
        self.offers.iter().zip(planned).map(of).collect()
    }

    /// The same for Phase II, by id of class: as many as the fleets can hold, since no plan runs more.
    pub fn purchase(&self, reserved: &[u32]) -> Vec<(String, f64)> {
        let mut room: Vec<f64> =
            (0..self.kinds.len()).map(|kind| self.of_kind(kind).map(|fleet| f64::from(fleet.max)).sum()).collect();
        let of = |(index, &count): (usize, &u32)| {
            let usable = f64::from(count).min(room[self.offered[index]]);
            room[self.offered[index]] -= usable;
            (reserved_id(index), usable)
        };
        reserved.iter().enumerate().map(of).collect()
    }

    /// The size of each fleet under a plan `[application][class]`, reserved classes first, in order of the fleets.
    /// Machines of one type and application fill their fleets in turn. Reserved machines that all go to one application
    /// may be more than its fleets hold; they are asked of the last one, where the refusal is written down.
    pub fn sizes(&self, counts: &[Vec<f64>]) -> Vec<u32> {
        let mut left: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for (app, row) in counts.iter().enumerate() {
            let kinds = self.offered.iter().copied().chain(self.groups.iter().map(|group| group.1));
            for (kind, count) in kinds.zip(row) {
                *left.entry((app, kind)).or_default() += count.round() as u32;
            }
        }
        let place = |(index, fleet): (usize, &Fleet)| {
            let key = (fleet.app, fleet.kind);
            let wanted = left.get_mut(&key).map_or(0, std::mem::take);
            let is_last = !self.fleets[index + 1..].iter().any(|later| (later.app, later.kind) == key);
            let here = if is_last { wanted } else { wanted.min(fleet.max) };
            left.insert(key, wanted - here);
            here
        };
        self.fleets.iter().enumerate().map(place).collect()
    }
}

/// A limit as problems state it, where 0 is none.
fn whole(most: u64) -> u32 {
    u32::try_from(most).unwrap_or(0)
}

/// The id of the class of reserved machines of an offer.
fn reserved_id(index: usize) -> String {
    format!("reserved{index}")
}

/// By order, by time, and until we give it back: spot capacity is not planned.
fn is_planned(spec: &PoolSpec, named: &[String]) -> bool {
    let Birth::Ordered { max, .. } = spec.birth else { return false };
    let kept = matches!(spec.charge, Charge::Held { interruptions_per_hour, .. } if interruptions_per_hour == 0.0);
    // There is one of each edge computer, whatever a plan would like.
    kept && max > 0 && spec.computer.is_none() && (named.is_empty() || named.contains(&spec.name))
}

/// Seconds of work that one machine does in a second.
fn rate(spec: &PoolSpec) -> f64 {
    let at_once = match spec.capacity {
        Capacity::Slots(slots) => f64::from(slots),
        Capacity::Shared { millicores, workers } => (millicores as f64 / 1000.0).min(f64::from(workers)),
        Capacity::Computer { workers, cores } => f64::from(cores.min(workers)),
    };
    at_once / spec.seconds_per_work
}

/// Functions that share fleets, directly or through others; and of each planned fleet its application.
fn applications(pools: &[PoolSpec], planned: &[usize], functions: usize) -> (Vec<Vec<FunctionId>>, Vec<usize>) {
    let serves = |index: usize| -> Vec<usize> {
        match pools[index].serves.as_slice() {
            [] => (0..functions).collect(),
            some => some.iter().map(|function| function.index()).collect(),
        }
    };
    // The least function that each is joined with, found by going on until nothing moves.
    let mut least: Vec<usize> = (0..functions).collect();
    loop {
        let before = least.clone();
        for &index in planned {
            let together = serves(index);
            let first = together.iter().map(|&function| least[function]).min().unwrap_or(0);
            together.iter().for_each(|&function| least[function] = first);
        }
        if before == least {
            break;
        }
    }
    let mut roots: Vec<usize> = planned.iter().map(|&index| least[serves(index)[0]]).collect();
    let app_roots: Vec<usize> = {
        let mut sorted = roots.clone();
        sorted.sort_unstable();
        sorted.dedup();
        sorted
    };
    let members = |&root: &usize| {
        let inside = (0..functions).filter(|&function| least[function] == root);
        inside.map(FunctionId::from_index).collect::<Vec<FunctionId>>()
    };
    let apps = app_roots.iter().map(members).collect();
    for root in &mut roots {
        *root = app_roots.binary_search(root).expect("every root was listed");
    }
    (apps, roots)
}
