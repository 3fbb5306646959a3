//! The parameters of each strategy as a scenario writes them, with defaults and where they come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Built;
use crate::engine::time::Span;
use crate::model::pool::{Birth, PoolSpec};
use crate::scenario::complaint::{Complaints, Desk};
use crate::scenario::document::Document;
use crate::scenario::part::{Part, read_part};
use crate::scenario::path::KeyPath;
use crate::scenario::setup::Setup;
use crate::scenario::units::{TimeSpan, nearest};
use crate::strategy::{Strategy, libra, spock};

/// Parameters of `max`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Max {
    /// The strategy of the catalogue, where the table has another name.
    #[serde(default, rename = "use")]
    pub uses: Option<String>,
    /// Size of every fleet; that of the pool when absent.
    #[serde(default)]
    pub size: Option<u32>,
}

/// Parameters of `faas`: none.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Faas {
    /// The strategy of the catalogue, where the table has another name.
    #[serde(default, rename = "use")]
    pub uses: Option<String>,
}

/// Parameters of `libra`, with the names of the reference code where they are not spelled out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Libra {
    /// The strategy of the catalogue, where the table has another name.
    #[serde(default, rename = "use")]
    pub uses: Option<String>,
    /// Weight of the new sample in the mean arrival rate. 0.2 in the published simulator.
    #[serde(default = "fifth")]
    pub alpha: f64,
    /// Weight of the new sample in the deviation; as `alpha` when absent, as published.
    #[serde(default)]
    pub mu: Option<f64>,
    /// Deviations added to the mean; 1 in the published simulator, 1.5 gives its recorded figures.
    #[serde(default = "one")]
    pub std_multiplier: f64,
    /// Time between decisions; 300 s in the published simulator (`no_vm_update_freq`).
    #[serde(default = "five_minutes")]
    pub decide_every: TimeSpan,
    /// Part of the planned rate really sent to machines; 0.80 as published (`vm_provison_prop`).
    #[serde(default = "four_fifths")]
    pub proportion: f64,
    /// Cost indifference point: "auto" computes it from the prices in force, a number of requests per second sets it,
    /// "off" starts every machine that is wanted, as published.
    #[serde(default = "auto_cip")]
    pub cip: Cip,
    /// The fleet; the first pool whose instances come by order when absent.
    #[serde(default)]
    pub steady: Option<String>,
    /// Where bursts go: functions, containers or spot; the first pool born by demand when absent.
    #[serde(default)]
    pub burst: Option<String>,
    /// Requests per second that one machine is planned for; its slots over the mean work when absent.
    #[serde(default)]
    pub rate_per_vm: Option<u64>,
}

/// Parameters of `auto`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auto {
    /// The strategy of the catalogue, where the table has another name.
    #[serde(default, rename = "use")]
    pub uses: Option<String>,
    /// The fleet, which needs a scaling group; the first pool whose instances come by order when absent.
    #[serde(default)]
    pub steady: Option<String>,
}

/// Parameters of `spock`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spock {
    /// The strategy of the catalogue, where the table has another name.
    #[serde(default, rename = "use")]
    pub uses: Option<String>,
    /// Whether machines that boot count as a change of the fleet (simulator) or only what the balancer knows (aws).
    #[serde(default)]
    pub manner: Manner,
    /// Time between looks at the fleet; 1 s in LIBRA's AWS code.
    #[serde(default = "second")]
    pub poll: TimeSpan,
    /// The fleet, which needs a scaling group; the first pool whose instances come by order when absent.
    #[serde(default)]
    pub steady: Option<String>,
    /// Where the rest goes while functions help; the first pool born by demand when absent.
    #[serde(default)]
    pub burst: Option<String>,
    /// Requests of one machine between two looks; its slots over the mean work when absent.
    #[serde(default)]
    pub rate_per_vm: Option<u64>,
}

/// How SPOCK learns that the fleet changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    #[default]
    Simulator,
    Aws,
}

/// The cost indifference point: a word or a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Cip {
    /// Requests per second.
    PerSecond(f64),
    Word(CipWord),
}

/// The words for a cost indifference point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CipWord {
    Auto,
    Off,
}

fn fifth() -> f64 {
    0.2
}

fn one() -> f64 {
    1.0
}

fn four_fifths() -> f64 {
    0.8
}

fn second() -> TimeSpan {
    TimeSpan(Span::from_secs(1))
}

fn five_minutes() -> TimeSpan {
    TimeSpan(Span::from_secs(300))
}

fn auto_cip() -> Cip {
    Cip::Word(CipWord::Auto)
}

pub(super) fn max(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Max> = read_part(document, path)?;
    let mut desk = Desk::new();
    if part.value.size == Some(0) {
        desk.add(part.refuse("size", "at least one machine"));
    }
    needs_fleet(&part, setup, "use", &mut desk);
    let sizes = setup.pools.iter().filter_map(|pool| match pool.birth {
        crate::model::pool::Birth::Ordered { initial, .. } => Some(initial),
        crate::model::pool::Birth::OnDemand(_) => None,
    });
    if part.value.size.is_none() && sizes.max().is_some_and(|most| most == 0) {
        desk.add(part.complain("size", "nothing, and no pool has a machine", "at least one machine"));
    }
    finish(desk, &part, crate::strategy::max::Max::new(part.value.size))
}

pub(super) fn faas(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Faas> = read_part(document, path)?;
    let mut desk = Desk::new();
    if !setup.pools.iter().any(|pool| matches!(pool.birth, crate::model::pool::Birth::OnDemand(_))) {
        desk.add(part.complain("use", "no such pool", "a pool born by demand (kind function) for faas"));
    }
    finish(desk, &part, crate::strategy::faas::Faas::default())
}

pub(super) fn libra(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Libra> = read_part(document, path)?;
    let mut desk = Desk::new();
    let own = &part.value;
    let mu = own.mu.unwrap_or(own.alpha);
    for (key, weight) in [("alpha", Some(own.alpha)), ("mu", own.mu)] {
        if weight.is_some_and(|weight| !(weight > 0.0 && weight <= 1.0)) {
            desk.add(part.refuse(key, "a weight above 0, at most 1"));
        }
    }
    if !own.std_multiplier.is_finite() {
        desk.add(part.refuse("std_multiplier", "a finite number of deviations"));
    }
    if !(own.proportion >= 0.0 && own.proportion.is_finite()) {
        desk.add(part.refuse("proportion", "a factor of zero or more"));
    }
    if own.decide_every.0 < Span::from_secs(1) {
        desk.add(part.refuse("decide_every", "at least 1s, the length of one sample"));
    }
    if own.rate_per_vm == Some(0) {
        desk.add(part.refuse("rate_per_vm", "at least one request per second"));
    }
    let indifference = match own.cip {
        Cip::Word(CipWord::Auto) => libra::Indifference::Auto,
        Cip::Word(CipWord::Off) => libra::Indifference::Off,
        Cip::PerSecond(rate) => {
            if !(rate >= 0.0 && rate.is_finite()) {
                desk.add(part.refuse("cip", "\"auto\", \"off\" or a rate of zero or more per second"));
            }
            libra::Indifference::PerSecond(rate)
        }
    };
    names_pools(&part, setup, &[("steady", &own.steady), ("burst", &own.burst)], &mut desk);
    needs_fleet(&part, setup, "steady", &mut desk);
    if setup.pools.len() < 2 {
        desk.add(part.complain("burst", "one pool", "a second pool for bursts"));
    }
    let parameters = libra::Parameters {
        alpha: own.alpha,
        mu,
        std_multiplier: own.std_multiplier,
        decide_every: own.decide_every.0,
        proportion: own.proportion,
        indifference,
        steady: own.steady.clone(),
        burst: own.burst.clone(),
        rate_per_vm: own.rate_per_vm,
    };
    finish(desk, &part, libra::Libra::new(parameters))
}

pub(super) fn auto(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Auto> = read_part(document, path)?;
    let mut desk = Desk::new();
    names_pools(&part, setup, &[("steady", &part.value.steady)], &mut desk);
    needs_group(&part, setup, part.value.steady.as_deref(), &mut desk);
    let strategy = crate::strategy::auto::Auto::new(part.value.steady.clone());
    finish(desk, &part, strategy)
}

pub(super) fn spock(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Spock> = read_part(document, path)?;
    let mut desk = Desk::new();
    let own = &part.value;
    names_pools(&part, setup, &[("steady", &own.steady), ("burst", &own.burst)], &mut desk);
    needs_group(&part, setup, own.steady.as_deref(), &mut desk);
    if own.poll.0.is_zero() {
        desk.add(part.refuse("poll", "a length of time above zero"));
    }
    if own.rate_per_vm == Some(0) {
        desk.add(part.refuse("rate_per_vm", "at least one request"));
    }
    if own.burst.is_none() && !setup.pools.iter().any(|pool| matches!(pool.birth, Birth::OnDemand(_))) {
        desk.add(part.complain("burst", "no such pool", "a pool born by demand (kind function) to help out"));
    }
    let parameters = spock::Parameters {
        manner: match own.manner {
            Manner::Simulator => spock::Manner::Simulator,
            Manner::Aws => spock::Manner::Aws,
        },
        poll: own.poll.0,
        steady: own.steady.clone(),
        burst: own.burst.clone(),
        rate_per_vm: own.rate_per_vm,
    };
    finish(desk, &part, spock::Spock::new(parameters))
}

/// Pools that parameters name must exist.
pub(super) fn names_pools<T: Serialize>(
    part: &Part<'_, T>,
    setup: &Setup,
    named: &[(&str, &Option<String>)],
    desk: &mut Desk,
) {
    for (key, name) in named {
        if let Some(name) = name
            && setup.pool_named(name).is_none()
        {
            let near = nearest(name, setup.pools.iter().map(|pool| pool.name.as_str()));
            let complaint = part.refuse(key, "the name of a pool");
            desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
        }
    }
}

/// The fleet must have a scaling group, since nobody else sizes it.
fn needs_group<T: Serialize>(part: &Part<'_, T>, setup: &Setup, steady: Option<&str>, desk: &mut Desk) {
    let is_it = |pool: &PoolSpec| match steady {
        Some(name) => pool.name == name,
        None => matches!(pool.birth, Birth::Ordered { .. }),
    };
    let Some(index) = setup.pools.iter().position(is_it) else {
        // A name that does not exist was complained about before.
        return if steady.is_none() {
            needs_fleet(part, setup, "steady", desk)
        };
    };
    if !setup.provider.groups.iter().any(|group| group.pool.index() == index) {
        let found = format!("no group over {}", setup.pools[index].name);
        desk.add(part.complain(
            "steady",
            found,
            format!("a scaling group over the fleet (groups.{})", setup.pools[index].name),
        ));
    }
}

fn needs_fleet<T: Serialize>(part: &Part<'_, T>, setup: &Setup, key: &str, desk: &mut Desk) {
    if !setup.pools.iter().any(|pool| matches!(pool.birth, crate::model::pool::Birth::Ordered { .. })) {
        desk.add(part.complain(key, "no such pool", "a pool whose instances come by order (kind vm)"));
    }
}

pub(super) fn finish<T: Serialize>(
    desk: Desk,
    part: &Part<'_, T>,
    strategy: impl Strategy + 'static,
) -> Result<Built, Complaints> {
    desk.finish()?;
    let explained = part.explain().expect("parameters are written as JSON");
    Ok(Built { strategy: Box::new(strategy), explained })
}
