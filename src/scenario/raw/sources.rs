//! Sources as a scenario writes them: the process of arrivals, what is called, how much work a request is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clients::{Client, Closed, Sensors};
use super::traces::Trace;
use crate::scenario::law_text::{ByteLaw, NumberLaw, TimeLaw};
use crate::scenario::units::{Rate, TimeSpan};
use crate::workload::trace::place::Placement;

/// Where requests come from; `kind` says by which process.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// Counts per period from a file: one whole number a line, or a column of a CSV file.
    Counts(Counts),
    /// A trace of any format that is read: recorded arrivals of one function or of thousands.
    Trace(Box<Trace>),
    /// A generator that `trace fit` made of a trace.
    Fitted(Fitted),
    /// A Poisson process.
    Poisson(Poisson),
    /// Independent gaps of any law.
    Renewal(Renewal),
    /// A Poisson process whose rate is switched by a chain of states (MMPP); two states of which one is silent make an
    /// interrupted Poisson process.
    Mmpp(Mmpp),
    /// An interrupted Poisson process: on at one rate, off at none.
    Ipp(Ipp),
    /// Sessions and breaks of any law; requests come only within sessions.
    Sessions(Sessions),
    /// A Poisson process whose rate follows given points, from the scenario or a file.
    Rates(Rates),
    /// A Poisson process whose rate goes up or down at once.
    Steps(Steps),
    /// A Poisson process whose rate rises or falls steadily and then stays.
    Ramp(Ramp),
    /// A Poisson process whose rate follows the hours of the day and the days of the week.
    Daily(Daily),
    /// A Poisson process with a sudden crowd.
    FlashCrowd(FlashCrowd),
    /// So many requests at once at given instants.
    Bursts(Bursts),
    /// Bursts at random, which several sources may share.
    Clusters(Clusters),
    /// Clients: each thinks, asks, waits for the answer.
    Closed(Closed),
    /// Clients that would like to ask at times of their own, with one call under way each: a steady pace (a camera), sessions
    /// (interrupted Poisson), or bursts.
    Client(Client),
    /// Sensors that send messages at intervals, more or fewer of them step by step.
    Sensors(Sensors),
}

/// What all kinds of sources share.
#[derive(Clone, Copy, Debug)]
pub struct Common<'a> {
    pub function: Option<&'a String>,
    pub at: Option<&'a String>,
    pub work: Option<&'a TimeLaw>,
    pub payload: Option<&'a ByteLaw>,
    pub requests: Option<u64>,
    pub starts: Option<TimeSpan>,
    pub copies: Option<u32>,
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
            /// Ends after so many requests, those of all clients together.
            #[serde(default)]
            pub requests: Option<u64>,
            /// Begins so long after the run does.
            #[serde(default)]
            pub starts: Option<TimeSpan>,
            /// So many sources alike, each with chances of its own, named with a number behind the name.
            #[serde(default)]
            pub copies: Option<u32>,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            pub fn common(&self) -> Common<'_> {
                Common {
                    function: self.function.as_ref(),
                    at: self.at.as_ref(),
                    work: self.work.as_ref(),
                    payload: self.payload.as_ref(),
                    requests: self.requests,
                    starts: self.starts,
                    copies: self.copies,
                }
            }
        }
    };
}
pub(super) use source;

impl Source {
    pub fn common(&self) -> Common<'_> {
        match self {
            Source::Counts(source) => source.common(),
            Source::Trace(source) => source.common(),
            Source::Fitted(source) => source.common(),
            Source::Poisson(source) => source.common(),
            Source::Renewal(source) => source.common(),
            Source::Mmpp(source) => source.common(),
            Source::Ipp(source) => source.common(),
            Source::Sessions(source) => source.common(),
            Source::Rates(source) => source.common(),
            Source::Steps(source) => source.common(),
            Source::Ramp(source) => source.common(),
            Source::Daily(source) => source.common(),
            Source::FlashCrowd(source) => source.common(),
            Source::Bursts(source) => source.common(),
            Source::Clusters(source) => source.common(),
            Source::Closed(source) => source.common(),
            Source::Client(source) => source.common(),
            Source::Sensors(source) => source.common(),
        }
    }

    /// Whether requests come for ever unless their number or the horizon ends them.
    pub fn is_endless(&self) -> bool {
        let rule = match self {
            Source::Counts(_) | Source::Trace(_) | Source::Fitted(_) => false,
            Source::Rates(rates) => rates.repeats,
            Source::Steps(steps) => steps.repeats,
            Source::Bursts(bursts) => bursts.every.is_some(),
            Source::Ramp(ramp) => ramp.to.per_s() > 0.0,
            Source::FlashCrowd(crowd) => crowd.rate.per_s() > 0.0,
            Source::Poisson(_)
            | Source::Renewal(_)
            | Source::Mmpp(_)
            | Source::Ipp(_)
            | Source::Sessions(_)
            | Source::Daily(_)
            | Source::Clusters(_)
            | Source::Client(_) => true,
            Source::Sensors(sensors) => sensors.repeats,
            Source::Closed(closed) => closed.repeats || closed.schedule.is_empty(),
        };
        rule && self.common().requests.is_none()
    }
}

source! {
    /// Counts per period.
    Counts {
        /// Path beside the scenario; `$STRATOSIM_TRACES` at its beginning stands for that variable, or for
        /// `../shared/traces` where it is not set. May be packed with gzip or zstd.
        file: String,
        /// Length of one period.
        #[serde(default = "second")]
        period: TimeSpan,
        /// Where in its period a request arrives; `rank` is that of the source among those of the scenario that are spread so.
        #[serde(default)]
        spread: Placement,
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
    /// Counts made by a generator, other ones in each replication.
    Fitted {
        /// File that `trace fit` wrote, beside the scenario.
        generator: String,
        /// Length of one period: a second, unless the trace was fitted by another.
        #[serde(default = "second")]
        period: TimeSpan,
        /// Where in its period a request arrives.
        #[serde(default)]
        spread: Placement,
        /// Periods made; as many as the trace had when absent.
        #[serde(default)]
        periods: Option<u32>,
    }
}

source! {
    /// A Poisson process.
    Poisson {
        rate: Rate,
    }
}

source! {
    /// Independent gaps.
    Renewal {
        gap: TimeLaw,
    }
}

source! {
    /// A Poisson process whose rate is switched by a chain of states.
    Mmpp {
        /// Rate in each state.
        rates: Vec<Rate>,
        /// Mean stay in each state.
        stays: Vec<TimeSpan>,
        /// From each state, how likely each is the next; drawn evenly among the others when absent.
        #[serde(default)]
        moves: Option<Vec<Vec<f64>>>,
    }
}

source! {
    /// An interrupted Poisson process.
    Ipp {
        /// Rate while on.
        rate: Rate,
        /// Mean time on; the times are exponential.
        on: TimeSpan,
        /// Mean time off.
        off: TimeSpan,
    }
}

source! {
    /// Sessions and breaks.
    Sessions {
        /// Length of a session.
        on: TimeLaw,
        /// Length of a break.
        off: TimeLaw,
        /// Between requests within sessions.
        gap: TimeLaw,
    }
}

source! {
    /// A Poisson process whose rate follows given points, straight lines between them.
    Rates {
        /// Instants, from 0, rising.
        #[serde(default)]
        times: Vec<TimeSpan>,
        /// Rate at each instant.
        #[serde(default)]
        rates: Vec<Rate>,
        /// Instead of the two lists, a CSV file with the columns `time_s` and `rate_per_s`.
        #[serde(default)]
        file: Option<String>,
        /// Begins again at its end.
        #[serde(default)]
        repeats: bool,
    }
}

source! {
    /// A Poisson process whose rate is constant by stretches.
    Steps {
        /// Rate of each step.
        rates: Vec<Rate>,
        /// Length of each step; one length is that of all.
        lengths: Vec<TimeSpan>,
        /// Begins again at its end.
        #[serde(default)]
        repeats: bool,
    }
}

source! {
    /// A Poisson process whose rate goes steadily from one value to another.
    Ramp {
        from: Rate,
        to: Rate,
        /// How long it takes.
        over: TimeSpan,
    }
}

source! {
    /// A Poisson process that knows day and week.
    Daily {
        /// Mean rate over a whole day, or a whole week.
        rate: Rate,
        /// How far the day swings about its mean, as a share of it: a cosine.
        #[serde(default)]
        swing: f64,
        /// The busiest time of day of the cosine.
        #[serde(default = "afternoon")]
        busiest: TimeSpan,
        /// Instead of the cosine, weights of equal parts of the day: 24 for hours. Straight lines lead from middle to middle.
        #[serde(default)]
        hours: Vec<f64>,
        /// Weights of the days of a week, or of any number of days, which then come again.
        #[serde(default)]
        days: Vec<f64>,
        /// Time since the first midnight at which the run begins; more than a day leads into the second one.
        #[serde(default = "nothing")]
        from: TimeSpan,
    }
}

source! {
    /// A Poisson process with a sudden crowd.
    FlashCrowd {
        /// Rate before and after.
        rate: Rate,
        /// Rate of the crowd.
        peak: Rate,
        /// When the rise begins, from the beginning of the source.
        begins: TimeSpan,
        /// Length of the rise, in a straight line.
        rise: TimeSpan,
        /// How long the peak lasts.
        #[serde(default = "nothing")]
        hold: TimeSpan,
        /// Length of the way back.
        fall: TimeSpan,
    }
}

source! {
    /// So many requests at once.
    Bursts {
        /// Instants, rising.
        times: Vec<TimeSpan>,
        /// How many requests come at each; one number is that of all.
        sizes: Vec<u64>,
        /// The whole list again after each such length of time.
        #[serde(default)]
        every: Option<TimeSpan>,
    }
}

source! {
    /// Bursts at random.
    Clusters {
        /// Rate of bursts.
        rate: Rate,
        /// How many requests a burst has; what is not whole is rounded up or down at random, so that the mean stays.
        size: NumberLaw,
        /// How long after its beginning each request of a burst comes.
        spread: TimeLaw,
        /// Bursts are shared with all sources of the scenario that say the same here.
        #[serde(default)]
        together: Option<String>,
        /// The share of bursts that are shared; the others are the source's own.
        #[serde(default = "whole")]
        share: f64,
    }
}

fn second() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_secs(1))
}

fn nothing() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::ZERO)
}

/// 14:00, when both halves of a country are at work.
fn afternoon() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_secs(14 * 3600))
}

fn one() -> u32 {
    1
}

fn whole() -> f64 {
    1.0
}
