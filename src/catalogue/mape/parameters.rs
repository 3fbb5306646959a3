//! The parameters of the MAPE loops as a scenario writes them, with defaults and where they come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::time::Span;
use crate::planner::economy::{Preset, Reading, Weights};
use crate::planner::mape::cycle::PeriodMode;
use crate::planner::mape::{Limits, Resource, UtilisationMarks};
use crate::scenario::units::TimeSpan;

macro_rules! mape {
    ($(#[$doc:meta])* $name:ident, $period:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The strategy of the catalogue, where the table has another name.
            #[serde(default, rename = "use")]
            pub uses: Option<String>,
            /// The fleet that is scaled; the economy's service when absent, else the first pool whose instances come by order.
            #[serde(default)]
            pub service: Option<String>,
            /// The published program with its slips (original), or the one its authors describe (corrected).
            #[serde(default)]
            pub reading: Word,
            /// Time between two cycles.
            #[serde(default = $period)]
            pub period: TimeSpan,
            /// From start to start (fixed), or from end to start, as the published loops sleep.
            #[serde(default)]
            pub period_mode: Pacing,
            /// Length of time that a cycle reads, in whole periods of the monitor, a week at most; the time between two cycles when
            /// absent.
            #[serde(default)]
            pub interval: Option<TimeSpan>,
            /// Whether replicas that still start count among those that are there.
            #[serde(default)]
            pub count_starting: bool,
            /// Time that analysis and planning take.
            #[serde(default)]
            pub solve_time: Option<TimeSpan>,
            /// Time from the plan to its effect.
            #[serde(default)]
            pub actuation_delay: Option<TimeSpan>,
            /// Fewest replicas.
            #[serde(default = "one")]
            pub min: u32,
            /// Most replicas. 20 as in the fork of 2022; the loop of 2019 has no such limit, which 1000000 stands for.
            #[serde(default = "twenty")]
            pub max: u32,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            pub(super) fn common(&self) -> Common {
                Common {
                    service: self.service.clone(),
                    reading: self.reading.into(),
                    period: self.period.0,
                    mode: self.period_mode.into(),
                    interval: self.interval.map(|span| span.0),
                    count_starting: self.count_starting,
                    solve_time: self.solve_time.map_or(Span::ZERO, |span| span.0),
                    actuation_delay: self.actuation_delay.map_or(Span::ZERO, |span| span.0),
                    limits: Limits { min: self.min, max: Some(self.max) },
                }
            }
        }
    };
}

mape! {
    /// Parameters of `mape-threshold`.
    Threshold, "ten_seconds" {
        /// Who decides: cpu, memory, network. The published code watches the processor only, its documentation names three.
        #[serde(default = "processor")]
        resources: Vec<Watched>,
        /// Marks in percent of the containers' processors, 30 and 70 as published.
        #[serde(default = "published_marks")]
        cpu: MarkPair,
        /// Marks in percent of the containers' memory.
        #[serde(default = "published_marks")]
        memory: MarkPair,
        /// Marks in percent of what the containers can send and receive.
        #[serde(default = "published_marks")]
        network: MarkPair,
        /// Cycles averaged: 5 as the original's log says, 4 as it does.
        #[serde(default)]
        window: Option<u32>,
        /// Say nothing when a reading equals the last one, as the original does.
        #[serde(default)]
        skip_unchanged: Option<bool>,
        /// Forget the window after a change.
        #[serde(default)]
        reset_window_on_scale: bool,
        /// Quiet time after a change.
        #[serde(default)]
        cooldown: Option<TimeSpan>,
    }
}

mape! {
    /// Parameters of `mape-economic`. Prices and bounds are those of the scenario's `economy`.
    Economic, "minute" {
        /// Whose rate λ is: of arrivals, or of completions as published, which understates an overload.
        #[serde(default)]
        rate: Option<Rate>,
        /// How much each stakeholder counts in the choice; they sum to 1.
        #[serde(default)]
        weights: Option<WeightTable>,
        /// Size of the search: tight (10,000 evaluations, prices up to what banners earn), v1 and v2 (the published
        /// settings, prices up to 10,000), paper-cap (prices up to 0.0005).
        #[serde(default)]
        preset: Size,
        /// Searches before a cycle is given up for lack of a feasible point; 10 as published.
        #[serde(default = "ten")]
        tries: u32,
    }
}

mape! {
    /// Parameters of `mape-capacity`.
    Capacity, "minute" {
        /// Whose rate λ is: of arrivals or of completions.
        #[serde(default)]
        rate: Option<Rate>,
        /// d_l: requests per second that one replica is given; that of the scenario's `economy` when absent.
        #[serde(default)]
        capacity_per_s: Option<f64>,
    }
}

mape! {
    /// Parameters of `mape-hybrid`. Prices and bounds are those of the scenario's `economy`.
    Hybrid, "minute" {
        /// Whose rate λ is: of arrivals, or of completions as published.
        #[serde(default)]
        rate: Option<Rate>,
        /// How much each stakeholder counts in the choice; they sum to 1.
        #[serde(default)]
        weights: Option<WeightTable>,
        /// Size of the search, as for mape-economic.
        #[serde(default)]
        preset: Size,
        /// Searches before a cycle is given up for lack of a feasible point.
        #[serde(default = "ten")]
        tries: u32,
        /// Marks as shares of the processors over the interval: 0.2 and 0.8 as in the fork of 2022.
        #[serde(default = "published_shares")]
        utilisation: MarkPair,
        /// How the analyses are joined: extreme (2022: the larger when growing, the smaller when shrinking) or
        /// threshold-first (2020).
        #[serde(default)]
        rule: Rule,
    }
}

/// Whose program is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    Original,
    #[default]
    Corrected,
}

/// How a period is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pacing {
    #[default]
    Fixed,
    Sleep,
}

/// Whose rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rate {
    Arrivals,
    Completions,
}

/// What a threshold watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    Cpu,
    Memory,
    Network,
}

/// Size of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    V1,
    V2,
    #[default]
    Tight,
    PaperCap,
}

/// How two analyses are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    #[default]
    Extreme,
    ThresholdFirst,
}

/// A lower and an upper mark.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkPair {
    pub lower: f64,
    pub upper: f64,
}

/// How much each stakeholder counts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightTable {
    pub service: f64,
    pub application: f64,
    pub user: f64,
}

impl From<Word> for Reading {
    fn from(word: Word) -> Reading {
        match word {
            Word::Original => Reading::Original,
            Word::Corrected => Reading::Corrected,
        }
    }
}

impl From<Pacing> for PeriodMode {
    fn from(pacing: Pacing) -> PeriodMode {
        match pacing {
            Pacing::Fixed => PeriodMode::Fixed,
            Pacing::Sleep => PeriodMode::Sleep,
        }
    }
}

impl From<Watched> for Resource {
    fn from(watched: Watched) -> Resource {
        match watched {
            Watched::Cpu => Resource::Cpu,
            Watched::Memory => Resource::Memory,
            Watched::Network => Resource::Network,
        }
    }
}

impl From<Size> for Preset {
    fn from(size: Size) -> Preset {
        match size {
            Size::V1 => Preset::V1,
            Size::V2 => Preset::V2,
            Size::Tight => Preset::Tight,
            Size::PaperCap => Preset::PaperCap,
        }
    }
}

impl WeightTable {
    pub(super) fn weights(written: Option<WeightTable>) -> Weights {
        written.map_or(Weights::default(), |WeightTable { service, application, user }| Weights {
            service,
            application,
            user,
        })
    }
}

fn one() -> u32 {
    1
}

fn ten() -> u32 {
    10
}

fn twenty() -> u32 {
    20
}

fn ten_seconds() -> TimeSpan {
    TimeSpan(Span::from_secs(10))
}

fn minute() -> TimeSpan {
    TimeSpan(Span::from_secs(60))
}

fn processor() -> Vec<Watched> {
    vec![Watched::Cpu]
}

fn published_marks() -> MarkPair {
    MarkPair { lower: 30.0, upper: 70.0 }
}

fn published_shares() -> MarkPair {
    let UtilisationMarks { lower, upper } = UtilisationMarks::default();
    MarkPair { lower, upper }
}

/// What all loops share, read.
pub(super) struct Common {
    pub service: Option<String>,
    pub reading: Reading,
    pub period: Span,
    pub mode: PeriodMode,
    pub interval: Option<Span>,
    pub count_starting: bool,
    pub solve_time: Span,
    pub actuation_delay: Span,
    pub limits: Limits,
}
