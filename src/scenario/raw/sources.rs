//! Sources of arrivals as they are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;
use crate::scenario::law_text::{ByteLaw, TimeLaw};
use crate::scenario::units::{Quantity, Rate, TimeSpan};

/// Where requests come from; `kind` says by which process.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// Counts per period from a file: one whole number a line, or a column of a CSV file.
    Counts(Counts),
    /// A Poisson process.
    Poisson(Poisson),
    /// Independent gaps of any law.
    Renewal(Renewal),
    /// A Poisson process whose rate is switched by a chain of states (MMPP); two states of which one is silent make an
    /// interrupted Poisson process.
    Mmpp(Mmpp),
    /// A Poisson process whose rate follows given points.
    Rates(Rates),
    /// Clients: each thinks, asks, waits for the answer.
    Closed(Closed),
    /// Sensors that send messages at intervals, more or fewer of them step by step.
    Sensors(Sensors),
}

macro_rules! source {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The function called; may be left out where there is only one.
            #[serde(default)]
            pub function: Option<String>,
            /// The node where requests enter; the cloud when absent.
            #[serde(default)]
            pub at: Option<String>,
            /// Work of a request; that of the function when absent.
            #[serde(default)]
            pub work: Option<TimeLaw>,
            /// Size of a request; that of the function when absent.
            #[serde(default)]
            pub payload: Option<ByteLaw>,
            $($(#[$field_doc])* pub $field: $type,)*
        }
    };
}

source! {
    /// Counts per period.
    Counts {
        /// Path beside the scenario; `$STRATOSIM_TRACES` at its beginning stands for that variable, or for
        /// `../shared/traces` where it is not set. May end in .gz.
        file: String,
        /// Length of one period.
        #[serde(default = "second")]
        period: TimeSpan,
        /// Where in its period a request arrives.
        #[serde(default)]
        spread: Spread,
        /// Column of a CSV file with a header, by name; the file's only column when absent.
        #[serde(default)]
        column: Option<String>,
        /// Counts are multiplied by this.
        #[serde(default = "one")]
        times: u32,
        /// Counts are then divided by this, fractions dropped (LIBRA's LoadFactor).
        #[serde(default = "one")]
        divide: u32,
        /// Periods skipped at the beginning.
        #[serde(default)]
        skip: u32,
        /// Periods used; to the end of the file when absent.
        #[serde(default)]
        periods: Option<u32>,
    }
}

source! {
    /// A Poisson process.
    Poisson {
        rate: Rate,
        /// Ends after so many requests.
        #[serde(default)]
        requests: Option<u64>,
    }
}

source! {
    /// Independent gaps.
    Renewal {
        gap: TimeLaw,
        /// Ends after so many requests.
        #[serde(default)]
        requests: Option<u64>,
    }
}

source! {
    /// A Poisson process whose rate is switched by a chain of states.
    Mmpp {
        /// Rate in each state.
        rates: Vec<Rate>,
        /// Mean stay in each state; the next is drawn evenly among the others.
        stays: Vec<TimeSpan>,
        /// Ends after so many requests.
        #[serde(default)]
        requests: Option<u64>,
    }
}

source! {
    /// A Poisson process whose rate follows given points, straight lines between them.
    Rates {
        /// Instants, from 0, rising.
        times: Vec<TimeSpan>,
        /// Rate at each instant.
        rates: Vec<Rate>,
        /// Begins again at its end.
        #[serde(default)]
        repeats: bool,
    }
}

source! {
    /// Clients that wait for their answers.
    Closed {
        /// A fixed number of them; or a schedule.
        #[serde(default)]
        clients: Option<u32>,
        /// How many are switched on, step by step; nobody after the last.
        #[serde(default)]
        schedule: Vec<Crowd>,
        /// The schedule begins again at its end.
        #[serde(default)]
        repeats: bool,
        /// Time between an answer and the next request; none, as ApacheBench has it.
        #[serde(default = "no_time")]
        think: TimeLaw,
        /// Ends after so many requests of all clients together.
        #[serde(default)]
        requests: Option<u64>,
    }
}

source! {
    /// A fleet of sensors.
    Sensors {
        /// How many are switched on, step by step; none after the last. The published generator's twenty minutes when
        /// absent.
        #[serde(default = "published_fleet")]
        schedule: Vec<Crowd>,
        /// The schedule begins again at its end.
        #[serde(default)]
        repeats: bool,
        /// Time between two messages of a sensor, by kind; kinds take turns. When absent the published five: temperature,
        /// device, gps, sound, camera.
        #[serde(default = "published_kinds")]
        intervals: Vec<TimeLaw>,
    }
}

/// One step of a schedule.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    /// Users or sensors that are switched on.
    pub count: u32,
    pub lasts: TimeSpan,
}

/// Where in its period a counted request arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spread {
    /// All at its beginning (the published per-second simulators).
    Start,
    /// Drawn independently, uniform.
    #[default]
    Uniform,
    /// At equal distances.
    Evenly,
    /// As a Poisson stream that expects the count.
    Poisson,
}

fn second() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_secs(1))
}

fn no_time() -> TimeLaw {
    TimeLaw::parse("0s").expect("a default is a law")
}

/// `WORKLOAD_SCHEDULE` of the published sensor generator.
fn published_fleet() -> Vec<Crowd> {
    const COUNTS: [u32; 20] = [10, 50, 80, 20, 60, 90, 100, 70, 50, 80, 100, 10, 30, 60, 90, 70, 100, 80, 50, 15];
    let lasts = |nth: usize| seconds(if nth == 12 { 50 } else { 60 });
    COUNTS.iter().enumerate().map(|(nth, &count)| Crowd { count, lasts: lasts(nth) }).collect()
}

fn published_kinds() -> Vec<TimeLaw> {
    let kinds = ["1s", "normal(5s, sd 1s)", "2s", "200ms", "66.666667ms"];
    kinds.map(|text| TimeLaw::parse(text).expect("a default is a law")).into()
}

fn one() -> u32 {
    1
}
