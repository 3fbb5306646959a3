//! Sources of arrivals as they are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::law_text::{ByteLaw, TimeLaw};
use crate::scenario::units::{Rate, TimeSpan};

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
    /// A fixed number of clients: each thinks, asks, waits for the answer.
    Closed(Closed),
    /// Clients that would like to ask at times of their own, with one call under way each: a steady pace (a camera), sessions
    /// (interrupted Poisson), or bursts.
    Client(Client),
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
        clients: u32,
        /// Time between an answer and the next request.
        think: TimeLaw,
        /// Ends after so many requests of all clients together.
        #[serde(default)]
        requests: Option<u64>,
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
        /// Ends after so many requests of all clients together.
        #[serde(default)]
        requests: Option<u64>,
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

fn one() -> u32 {
    1
}

fn five() -> f64 {
    5.0
}
