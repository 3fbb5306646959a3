//! The parameters of `malloovia` as a scenario writes them, and the making of the strategy from them and the setup.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Built;
use super::parameters::finish;
use crate::engine::time::{Instant, Span};
use crate::model::ids::FunctionId;
use crate::model::pool::Charge;
use crate::model::tariff::{PICO, PerHour};
use crate::scenario::complaint::{Complaints, Desk};
use crate::scenario::document::Document;
use crate::scenario::part::{Part, read_part};
use crate::scenario::path::KeyPath;
use crate::scenario::prices::per_hour;
use crate::scenario::setup::{FunctionSetup, ReservationSetup, Setup};
use crate::scenario::units::{Money, PricePerTime, TimeSpan, nearest};
use crate::strategy::malloovia::{Amount, Foresight, Manner, Offer, Parameters, Plant, Predictor, Unplannable};
use crate::workload::source::Arrivals;

/// Parameters of `malloovia`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Malloovia {
    /// The strategy of the catalogue, where the table has another name.
    #[serde(default, rename = "use")]
    pub uses: Option<String>,
    /// Length of a slot of the plan; one hour in the publication.
    #[serde(default = "hour")]
    pub slot: TimeSpan,
    /// How the load of the next slot is foretold: the last slot (last), a moving average (ewma), the mean of the same slots
    /// of earlier days (daily), or what will come (oracle), as in the publication.
    #[serde(default)]
    pub forecast: Forecast,
    /// With `forecast = "ewma"`: weight of the newest slot.
    #[serde(default = "half")]
    pub alpha: f64,
    /// With `forecast = "daily"`: length of the day, a whole number of slots.
    #[serde(default = "day")]
    pub season: TimeSpan,
    /// How long before its beginning a slot is decided and its machines are started; the mean boot time of the slowest
    /// fleet when absent.
    #[serde(default)]
    pub lead: Option<TimeSpan>,
    /// Machines are planned for the load over this: 0.8 keeps a fifth of them free, 1 none, as published.
    #[serde(default = "one")]
    pub headroom: f64,
    /// How requests are spread over the fleets of an application: exactly by their performance (deficit) or by chance (random).
    #[serde(default)]
    pub dispatch: Dispatch,
    /// Fleets that are planned; all that are paid by time when empty.
    #[serde(default)]
    pub fleets: Vec<String>,
    /// Reserved machines that can be bought at the start.
    #[serde(default)]
    pub reserved: Vec<Reserved>,
    /// The long-term prediction that reservations are bought on: requests in each slot, by function. What the sources
    /// will bring when absent.
    #[serde(default)]
    pub expected: BTreeMap<String, Vec<f64>>,
    /// Phase I rounds loads up to multiples of so many quanta; 1 loses nothing.
    #[serde(default = "one_quantum")]
    pub quantise: u32,
    /// A plan may cost this share more than the proved bound.
    #[serde(default)]
    pub gap: f64,
    /// Branch-and-bound nodes after which a solve keeps what it has.
    #[serde(default = "ten_thousand")]
    pub max_nodes: u64,
}

/// How the load of the next slot is foretold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Forecast {
    #[default]
    Last,
    Ewma,
    Daily,
    Oracle,
}

/// How requests are spread over fleets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dispatch {
    #[default]
    Deficit,
    Random,
}

/// An offer of reserved machines.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reserved {
    /// Instance type that is covered.
    #[serde(rename = "type")]
    pub kind: String,
    /// Running price of one, paid whether used or not.
    pub hourly: PricePerTime,
    /// Paid at once for the whole term.
    #[serde(default)]
    pub upfront: Option<Money>,
    /// Length over which the upfront payment is spread.
    #[serde(default = "year")]
    pub term: TimeSpan,
    /// No more than these are bought.
    #[serde(default)]
    pub max: Option<u32>,
    /// Exactly these are bought, as a plan made elsewhere says; Phase I decides when absent.
    #[serde(default)]
    pub count: Option<u32>,
}

fn hour() -> TimeSpan {
    TimeSpan(Span::from_secs(3600))
}

fn day() -> TimeSpan {
    TimeSpan(Span::from_secs(86_400))
}

fn year() -> TimeSpan {
    TimeSpan(Span::from_secs(365 * 86_400))
}

fn half() -> f64 {
    0.5
}

fn one() -> f64 {
    1.0
}

fn one_quantum() -> u32 {
    1
}

fn ten_thousand() -> u64 {
    10_000
}

/// More slots than this make a plan that nobody could look at, and a series that fills memory.
const SLOTS_MAX: u64 = 200_000;
/// Above this a price is a slip of the pen, as for reservations of the scenario.
const USD_PER_HOUR_MAX: u64 = 1000;

pub(super) fn malloovia(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Malloovia> = read_part(document, path)?;
    let mut desk = Desk::new();
    let own = &part.value;
    numbers(&part, setup, &mut desk);
    let unknown = |name: &&String| setup.pool_named(name).is_none();
    for name in own.fleets.iter().filter(unknown) {
        let near = nearest(name, setup.pools.iter().map(|pool| pool.name.as_str()));
        let complaint = part.complain("fleets", name, "the name of a pool");
        desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
    }
    let mut offers = offers(&part, &mut desk);
    offers.extend(owned(setup));
    let plant = match Plant::new(&setup.pools, setup.functions.len(), &own.fleets, offers) {
        Ok(plant) => Some(plant),
        // Of fleets that do not exist enough was said.
        Err(_) if own.fleets.iter().any(|name| unknown(&name)) => None,
        Err(faults) => {
            faults.iter().for_each(|fault| unplannable(&part, fault, &mut desk));
            None
        }
    };
    let slowest = plant.iter().flat_map(|plant| &plant.fleets).map(|fleet| fleet.boot_s).fold(0.0, f64::max);
    let lead = own.lead.map_or_else(|| Span::from_secs_f64(slowest).unwrap_or(Span::ZERO), |lead| lead.0);
    if lead >= own.slot.0 {
        let found = if own.lead.is_some() { lead.to_string() } else { format!("a boot of {slowest} s") };
        desk.add(part.complain("lead", found, format!("less than the slot of {}", own.slot)));
    }
    let expected = expected(&part, setup, &mut desk);
    let buys = own.reserved.iter().any(|offer| offer.count.is_none());
    let asks = own.forecast == Forecast::Oracle || buys && own.expected.is_empty();
    let foresight = if asks { foresight(&part, setup, &mut desk) } else { None };
    desk.finish()?;
    let plant = plant.expect("a plant that cannot be planned was complained about");
    let parameters = Parameters {
        slot: own.slot.0,
        predictor: match own.forecast {
            Forecast::Last => Predictor::Last,
            Forecast::Ewma => Predictor::Ewma(own.alpha),
            Forecast::Daily => Predictor::Daily((own.season.0.as_nanos() / own.slot.0.as_nanos()) as usize),
            Forecast::Oracle => Predictor::Oracle,
        },
        lead,
        headroom: own.headroom,
        manner: match own.dispatch {
            Dispatch::Deficit => Manner::Deficit,
            Dispatch::Random => Manner::Random,
        },
        quantise: own.quantise,
        gap: own.gap,
        max_nodes: own.max_nodes,
        expected,
        calls: calls(&setup.functions),
        foresight,
    };
    finish(Desk::new(), &part, crate::strategy::malloovia::Malloovia::new(parameters, plant))
}

fn numbers(part: &Part<'_, Malloovia>, setup: &Setup, desk: &mut Desk) {
    let own = &part.value;
    let slot = own.slot.0;
    if slot < Span::from_secs(1) {
        desk.add(part.refuse("slot", "at least 1s"));
    } else if setup.horizon.is_some_and(|horizon| horizon.as_nanos() / slot.as_nanos() > SLOTS_MAX) {
        desk.add(part.refuse("slot", format!("a slot of which the horizon holds at most {SLOTS_MAX}")));
    }
    if !(own.alpha > 0.0 && own.alpha <= 1.0) {
        desk.add(part.refuse("alpha", "a weight above 0, at most 1"));
    }
    let season = own.season.0.as_nanos();
    if own.forecast == Forecast::Daily
        && !slot.is_zero()
        && (season < 2 * slot.as_nanos() || !season.is_multiple_of(slot.as_nanos()))
    {
        desk.add(part.refuse("season", format!("two slots of {} or a larger whole number of them", own.slot)));
    }
    if !(own.headroom > 0.0 && own.headroom <= 1.0) {
        desk.add(part.refuse("headroom", "a share of the capacity above 0, at most 1"));
    }
    if !(own.gap >= 0.0 && own.gap < 1.0) {
        desk.add(part.refuse("gap", "a share from 0 to below 1"));
    }
    if own.quantise == 0 {
        desk.add(part.refuse("quantise", "a multiple of at least 1"));
    }
    if own.max_nodes == 0 {
        desk.add(part.refuse("max_nodes", "at least one node"));
    }
}

/// What can be bought.
fn offers(part: &Part<'_, Malloovia>, desk: &mut Desk) -> Vec<Offer> {
    let mut offers = Vec::new();
    for (index, written) in part.value.reserved.iter().enumerate() {
        let mut refuse = |key: &str, found: String, wanted: &str| {
            let place = format!("the offer of {} (number {})", written.kind, index + 1);
            desk.add(part.complain("reserved", format!("{key} {found} in {place}"), wanted));
        };
        let hourly = per_hour(&written.hourly);
        if hourly.is_none() {
            refuse("hourly", written.hourly.to_string(), "a whole number of pico-dollars an hour");
        }
        let hourly = hourly.unwrap_or(PerHour(0));
        let upfront_pico = written.upfront.map_or(0, |money| money.pico_usd);
        let term_ns = u128::from(written.term.0.as_nanos());
        let share = (u128::from(upfront_pico) * u128::from(hour().0.as_nanos())).checked_div(term_ns);
        match share {
            None => refuse("term", written.term.to_string(), "a length of time above zero"),
            Some(share) if share + u128::from(hourly.0) > u128::from(USD_PER_HOUR_MAX * PICO) => {
                let wanted = format!("a price of at most {USD_PER_HOUR_MAX} USD/h, what is paid at once included");
                refuse("hourly", written.hourly.to_string(), &wanted);
            }
            Some(_) => {}
        }
        for (key, number) in [("max", written.max), ("count", written.count)] {
            if number == Some(0) {
                refuse(key, "0".to_owned(), "at least one machine");
            }
        }
        if let (Some(max), Some(count)) = (written.max, written.count)
            && count > max
        {
            refuse("count", count.to_string(), &format!("at most its max of {max}"));
        }
        let amount = written.count.map_or(Amount::UpTo(written.max), Amount::Exactly);
        offers.push(Offer { kind: written.kind.clone(), hourly, upfront_pico, term: written.term.0, amount });
    }
    offers
}

/// What the scenario has reserved for every strategy, where it covers a pool.
fn owned(setup: &Setup) -> impl Iterator<Item = Offer> {
    let covers = |of: &&ReservationSetup| {
        setup.pools.iter().any(|pool| {
            let here = of.node.is_none_or(|node| node == pool.node);
            here && matches!(&pool.charge, Charge::Held { kind, .. } if *kind == of.kind)
        })
    };
    setup.reservations.iter().filter(covers).map(|of| Offer {
        kind: of.kind.clone(),
        hourly: of.hourly,
        upfront_pico: of.upfront_pico,
        term: of.term,
        amount: Amount::Owned(of.count),
    })
}

fn unplannable(part: &Part<'_, Malloovia>, fault: &Unplannable, desk: &mut Desk) {
    match fault {
        Unplannable::NoFleet => {
            desk.add(part.complain(
                "fleets",
                "no such pool",
                "a pool whose instances come by order (kind vm), not spot",
            ));
        }
        Unplannable::Unlike(one, other) => {
            let found = format!("{one} and {other}, of one type for the same functions, at different speed");
            desk.add(part.complain("fleets", found, "fleets of one type that are alike, or one of the two"));
        }
        Unplannable::NoSuchKind(index) => {
            let kind = &part.value.reserved[*index].kind;
            desk.add(part.complain("reserved", kind, "the instance type of a planned fleet"));
        }
    }
}

/// `[slot][function]`; functions that are not named have no load.
fn expected(part: &Part<'_, Malloovia>, setup: &Setup, desk: &mut Desk) -> Vec<Vec<f64>> {
    let written = &part.value.expected;
    let slots = written.values().map(Vec::len).max().unwrap_or(0);
    let mut series = vec![vec![0.0; setup.functions.len()]; slots];
    for (name, loads) in written {
        let names = || setup.functions.iter().map(|function| function.name.as_str());
        let Some(index) = names().position(|known| known == name) else {
            let complaint = part.complain("expected", name, "the name of a function");
            desk.add(complaint.with_hint(nearest(name, names()).map(|near| format!("did you mean \"{near}\"?"))));
            continue;
        };
        if loads.len() != slots || loads.is_empty() {
            let wanted = format!("as many slots for every function, here {}", slots.max(1));
            desk.add(part.complain("expected", format!("{} for {name}", loads.len()), wanted));
        }
        if let Some(load) = loads.iter().find(|load| !(load.is_finite() && **load >= 0.0)) {
            desk.add(part.complain("expected", format!("{load} requests for {name}"), "a number that is not negative"));
        }
        series.iter_mut().zip(loads).for_each(|(slot, &load)| slot[index] = load);
    }
    series
}

/// The sources as they will begin, unless one of them waits for answers.
fn foresight(part: &Part<'_, Malloovia>, setup: &Setup, desk: &mut Desk) -> Option<Foresight> {
    let waits = |arrivals: &Arrivals| matches!(arrivals, Arrivals::Closed(_) | Arrivals::Clients(_));
    if let Some(closed) = setup.sources.iter().find(|source| waits(&source.arrivals)) {
        let (key, wanted) = if part.value.forecast == Forecast::Oracle {
            ("forecast", "last, ewma or daily, since nobody can know what waits for its answers")
        } else {
            ("expected", "the requests of each slot, since nobody can know what waits for its answers")
        };
        desk.add(part.complain(key, format!("the closed source {}", closed.name), wanted));
        return None;
    }
    let streams = setup.streams();
    let sources = setup.sources.iter().map(|source| (source.function, source.source(&streams))).collect();
    let until = setup.horizon.map_or(Instant::FAR, |horizon| Instant::ZERO + horizon);
    Some(Foresight { sources, until })
}

/// How often a root of each function calls each function, itself included: `[root][called]`.
fn calls(functions: &[FunctionSetup]) -> Vec<Vec<f64>> {
    fn of(function: usize, functions: &[FunctionSetup], known: &mut Vec<Option<Vec<f64>>>) -> Vec<f64> {
        if let Some(known) = &known[function] {
            return known.clone();
        }
        let mut calls = vec![0.0; functions.len()];
        calls[function] = 1.0;
        let called = functions[function].steps.iter().flat_map(|step| &step.calls);
        for called in called.map(|id: &FunctionId| id.index()).collect::<Vec<usize>>() {
            let further = of(called, functions, known);
            calls.iter_mut().zip(further).for_each(|(sum, more)| *sum += more);
        }
        known[function] = Some(calls.clone());
        calls
    }
    let mut known = vec![None; functions.len()];
    (0..functions.len()).map(|function| of(function, functions, &mut known)).collect()
}
