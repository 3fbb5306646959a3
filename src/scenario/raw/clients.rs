//! Sources that are somebody: clients who wait for their answers, and fleets of sensors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;
use super::sources::{Common, source};
use crate::scenario::law_text::{ByteLaw, TimeLaw};
use crate::scenario::units::{Quantity, TimeSpan};

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

source! {
    /// Clients with one call under way each.
    Client {
        /// How many of them.
        #[serde(default = "one")]
        clients: u32,
        /// Between two times at which a client would like to ask; with bursts, between an answer and the next call.
        gap: TimeLaw,
        /// What becomes of times that pass while a client waits; a steady pace only.
        #[serde(default)]
        late: Late,
        /// Length of a session, with `off`: calls come in sessions. 1 s on the average in the original.
        #[serde(default)]
        on: Option<TimeLaw>,
        /// Length of the pause between two sessions. 1 s on the average in the original.
        #[serde(default)]
        off: Option<TimeLaw>,
        /// Calls come in bursts.
        #[serde(default)]
        bursts: Option<ClientBursts>,
    }
}

/// Bursts of calls.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientBursts {
    /// From the beginning of one burst to that of the next; exponential of 5 s in the original.
    pub every: TimeLaw,
    /// Mean number of calls, drawn from a Poisson law; 5 in the original.
    #[serde(default = "five")]
    pub mean: f64,
}

/// What becomes of the times that pass while a client waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Late {
    /// It asks back to back until it has caught up.
    #[default]
    Queue,
    /// They are skipped: frames that a camera drops.
    Drop,
}

/// One step of a schedule.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crowd {
    /// Users or sensors that are switched on.
    pub count: u32,
    pub lasts: TimeSpan,
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

fn five() -> f64 {
    5.0
}
