//! The parameters of the brokers at the edge: what they share, and those of e-router and e-dispatcher.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod direct;
mod limits;
mod names;

use self::direct::{complain_of_brokers, complain_of_controllers};
use self::limits::Limits;
use self::names::Shared;
use super::Built;
use super::parameters::finish;
use crate::engine::time::Span;
use crate::scenario::complaint::{Complaints, Desk};
use crate::scenario::document::Document;
use crate::scenario::law_text::TimeLaw;
use crate::scenario::part::{Part, read_part};
use crate::scenario::path::KeyPath;
use crate::scenario::setup::Setup;
use crate::scenario::units::TimeSpan;
use crate::strategy::edge::broker::Kind;
use crate::strategy::edge::controller::Objective as HomeObjective;
use crate::strategy::edge::dispatcher::Predictor;
use crate::strategy::edge::router::{Learning, Options, Selection, Statistic as DelayStatistic};
use crate::strategy::edge::{EdgeBrokers, Parameters};

macro_rules! brokers {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The strategy of the catalogue, where the table has another name.
            #[serde(default, rename = "use")]
            pub uses: Option<String>,
            /// Nodes with a broker, to which the requests of other nodes go; every node when empty.
            #[serde(default)]
            pub brokers: Vec<String>,
            /// Pools that the controller announces at the start; all of them when empty.
            #[serde(default)]
            pub computers: Vec<String>,
            /// Whether every broker knows every computer (flat), computers hide behind a home router (hierarchical), clients call
            /// the computers that they are given, without brokers (balanced), or race for the quickest (uncoordinated).
            #[serde(default)]
            pub controller: ControllerKind,
            /// What the home router of a computer minimises.
            #[serde(default)]
            pub objective: Objective,
            /// From what happens to a computer until the brokers know it; at the start they know at once.
            #[serde(default = "zero")]
            pub announce_delay: TimeSpan,
            /// A computer that failed is announced again after this; never when absent, as published.
            #[serde(default)]
            pub readmit: Option<TimeSpan>,
            /// Calls that are inside a broker at once, others wait in front of it: 5 in the original, 50 in its scripts for
            /// dispatchers; any number when absent.
            #[serde(default)]
            pub threads: Option<u32>,
            /// Calls under way from a broker to one destination at once, others wait inside it: 2 in the original, 5 in its
            /// experiments; any number when absent. The wait is part of the delay that the broker measures.
            #[serde(default)]
            pub connections: Option<u32>,
            /// What a broker takes to send a call on once it has chosen: a length of time or uniform(least, most).
            #[serde(default)]
            pub forward_time: Option<TimeLaw>,
            /// Changes of tables and computers at stated instants.
            #[serde(default)]
            pub timetable: Vec<Line>,
            /// As the original where ours differs (deficits that are not clamped, purges that stop half way, connections that
            /// never come back from a call that failed).
            #[serde(default)]
            pub faithful: bool,
            $($(#[$field_doc])* pub $field: $type,)*
        }
    };
}

brokers! {
    /// Parameters of `edge-router`. The defaults are those of the original: random, weights set to the mean every 10 s.
    EdgeRouter {
        /// How a destination is selected by the weights of the table.
        #[serde(default)]
        policy: Policy,
        /// Of proportional fairness: exponent of 1 / weight.
        #[serde(default = "one")]
        fairness_alpha: f64,
        /// Of proportional fairness: exponent of the rate of service.
        #[serde(default = "one")]
        fairness_beta: f64,
        /// How weights follow measured delays.
        #[serde(default)]
        optimizer: Optimizer,
        /// Of async: share of the previous average; 0.95 in the experiments.
        #[serde(default = "most")]
        alpha: f64,
        /// Of periodic and trivial: time between changes.
        #[serde(default = "ten_seconds")]
        period: TimeSpan,
        /// Of periodic and trivial: what the delays of a period become.
        #[serde(default)]
        statistic: Statistic,
        /// Of the balanced controller: time between two divisions of the clients over the computers.
        #[serde(default = "five_seconds")]
        balance_every: TimeSpan,
        /// Of uncoordinated clients: probability of calling each computer beside the primary one as well.
        #[serde(default = "twentieth")]
        persistence: f64,
    }
}

brokers! {
    /// Parameters of `edge-dispatcher`. The defaults are those of the original.
    EdgeDispatcher {
        /// What the delay of a destination is predicted from.
        #[serde(default)]
        predictor: PredictorKind,
        /// Of rtt and util: samples that the line of transport times goes through.
        #[serde(default = "fifty")]
        window: u32,
        /// Of rtt and util: samples this old are forgotten; 0s keeps them.
        #[serde(default = "ten_seconds")]
        stale: TimeSpan,
        /// Of util and delay: a load this old counts as zero.
        #[serde(default = "ten_seconds")]
        load_timeout: TimeSpan,
        /// Of util and delay: samples that the line over the load goes through, for each size.
        #[serde(default = "fifty")]
        util_window: u32,
    }
}

/// Who knows which computers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ControllerKind {
    #[default]
    Flat,
    Hierarchical,
    /// Of ETSI MEC.
    Balanced,
    /// None: every client knows every computer.
    Uncoordinated,
}

/// What a home router minimises: the largest distance of a call, or the average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Objective {
    #[default]
    MinMax,
    MinAvg,
}

/// How an e-router selects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    LeastImpedance,
    /// With probability proportional to 1 / weight.
    #[default]
    Random,
    /// By deficits, with probes of slow destinations at growing distance.
    RoundRobin,
    ProportionalFairness,
}

/// How weights follow delays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    None,
    Async,
    /// The weight is the last delay.
    AsyncPf,
    #[default]
    Periodic,
    /// The original's name for periodic.
    Trivial,
}

/// What the delays of a period become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    #[default]
    Mean,
    Min,
    Max,
}

/// What an e-dispatcher predicts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PredictorKind {
    /// Transport time against size.
    #[default]
    Rtt,
    /// Transport, and processing against the load.
    Util,
    /// The whole delay against the load.
    Delay,
    /// Dry runs at every destination, one after the other.
    Probe,
}

/// One line of a timetable.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub at: TimeSpan,
    pub action: Action,
    /// Of announce and withdraw.
    #[serde(default)]
    pub computer: Option<String>,
    /// Of the other actions: the node of a broker.
    #[serde(default)]
    pub broker: Option<String>,
    /// Of change and remove.
    #[serde(default)]
    pub function: Option<String>,
    /// Of change and remove: a pool, or the node of another broker.
    #[serde(default)]
    pub destination: Option<String>,
    /// Of change.
    #[serde(default = "one")]
    pub weight: f64,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A computer tells the controller that it is there.
    Announce,
    /// A computer is gone.
    Withdraw,
    /// A destination is added to the table of a broker, or gets another weight.
    Change,
    /// A destination leaves the table of a broker.
    Remove,
    /// A broker forgets all destinations.
    Flush,
    /// All weights of a broker are one again.
    Reset,
}

const fn seconds(secs: u64) -> TimeSpan {
    TimeSpan(Span::from_secs(secs))
}

fn zero() -> TimeSpan {
    seconds(0)
}

fn ten_seconds() -> TimeSpan {
    seconds(10)
}

fn five_seconds() -> TimeSpan {
    seconds(5)
}

fn one() -> f64 {
    1.0
}

fn most() -> f64 {
    0.95
}

fn twentieth() -> f64 {
    0.05
}

fn fifty() -> u32 {
    50
}

/// The parameters that both kinds of broker share, as the strategy wants them.
macro_rules! shared {
    ($part:expr, $setup:expr, $desk:ident, $kind:expr, $period:expr, $racing:expr) => {{
        let own = &$part.value;
        let shared = Shared {
            brokers: &own.brokers,
            computers: &own.computers,
            timetable: &own.timetable,
            readmit: own.readmit,
        };
        let timetable = shared.check(&$part, $setup, &mut $desk);
        let limits = Limits {
            threads: own.threads,
            connections: own.connections,
            forward_time: own.forward_time.as_ref(),
            faithful: own.faithful,
        };
        let objective = match own.objective {
            Objective::MinMax => HomeObjective::MinMax,
            Objective::MinAvg => HomeObjective::MinAvg,
        };
        Parameters {
            kind: $kind,
            brokers: own.brokers.clone(),
            computers: own.computers.clone(),
            balanced: own.controller == ControllerKind::Balanced,
            racing: $racing,
            limits: limits.check(&$part, &mut $desk),
            hierarchy: (own.controller == ControllerKind::Hierarchical).then_some(objective),
            announce_delay: own.announce_delay.0,
            readmit: own.readmit.map(|span| span.0),
            timetable,
            period: $period,
        }
    }};
}

pub(super) fn router(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, EdgeRouter> = read_part(document, path)?;
    let own = &part.value;
    let mut desk = Desk::new();
    for (key, exponent) in [("fairness_alpha", own.fairness_alpha), ("fairness_beta", own.fairness_beta)] {
        if !(exponent >= 0.0 && exponent.is_finite()) {
            desk.add(part.refuse(key, "an exponent of zero or more"));
        }
    }
    if !(0.0..=1.0).contains(&own.alpha) {
        desk.add(part.refuse("alpha", "a share from 0 to 1"));
    }
    for (key, length) in [("period", own.period), ("balance_every", own.balance_every)] {
        if !super::is_period(length.0) {
            desk.add(part.refuse(key, "a length of time from 1ms to ten years"));
        }
    }
    if !(0.0..=1.0).contains(&own.persistence) {
        desk.add(part.refuse("persistence", "a probability from 0 to 1"));
    }
    let balanced = own.controller == ControllerKind::Balanced;
    match own.controller {
        ControllerKind::Flat | ControllerKind::Hierarchical => {}
        ControllerKind::Balanced => complain_of_brokers(&part, &mut desk),
        ControllerKind::Uncoordinated => complain_of_controllers(&part, &mut desk),
    }
    let selection = match own.policy {
        Policy::LeastImpedance => Selection::LeastImpedance,
        Policy::Random => Selection::Random,
        Policy::RoundRobin => Selection::RoundRobin,
        Policy::ProportionalFairness => {
            Selection::ProportionalFairness { alpha: own.fairness_alpha, beta: own.fairness_beta }
        }
    };
    let statistic = match own.statistic {
        Statistic::Mean => DelayStatistic::Mean,
        Statistic::Min => DelayStatistic::Min,
        Statistic::Max => DelayStatistic::Max,
    };
    let (learning, period) = match own.optimizer {
        Optimizer::None => (Learning::None, None),
        Optimizer::Async => (Learning::Async { alpha: own.alpha }, None),
        Optimizer::AsyncPf => (Learning::AsyncFairness, None),
        Optimizer::Periodic | Optimizer::Trivial => {
            (Learning::Periodic { period: own.period.0, statistic }, Some(own.period.0))
        }
    };
    let racing = (own.controller == ControllerKind::Uncoordinated).then_some(own.persistence);
    let period = if balanced { Some(own.balance_every.0) } else { period.filter(|_| racing.is_none()) };
    let kind = Kind::Router(Options { selection, learning, faithful: own.faithful });
    let parameters = shared!(part, setup, desk, kind, period, racing);
    finish(desk, &part, EdgeBrokers::new(parameters))
}

pub(super) fn dispatcher(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, EdgeDispatcher> = read_part(document, path)?;
    let own = &part.value;
    let mut desk = Desk::new();
    for (key, window) in [("window", own.window), ("util_window", own.util_window)] {
        if window == 0 {
            desk.add(part.refuse(key, "a window of one sample or more"));
        }
    }
    if own.controller != ControllerKind::Flat {
        desk.add(part.refuse("controller", "flat: a dispatcher has one table and knows computers only"));
    }
    let (window, util_window) = (own.window as usize, own.util_window as usize);
    let (stale, load_timeout) = (own.stale.0, own.load_timeout.0);
    let predictor = match own.predictor {
        PredictorKind::Rtt => Predictor::Rtt { window, stale },
        PredictorKind::Util => Predictor::Util { window, stale, load_timeout, util_window },
        PredictorKind::Delay => Predictor::Delay { load_timeout, util_window },
        PredictorKind::Probe => Predictor::Probe,
    };
    let kind = Kind::Dispatcher { predictor, faithful: own.faithful };
    let parameters = shared!(part, setup, desk, kind, None, None);
    finish(desk, &part, EdgeBrokers::new(parameters))
}
