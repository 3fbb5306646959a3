//! A trace as a scenario asks for it: files, format, what of it is taken, and what its functions are here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sources::{Common, source};
use crate::scenario::law_text::{ByteLaw, TimeLaw};
use crate::scenario::units::{ByteSize, TimeSpan};
use crate::workload::trace::azure_2019::{Duration, Memory};
use crate::workload::trace::number::Unit;
use crate::workload::trace::place::Placement;
use crate::workload::trace::recipe::Format;

source! {
    /// Recorded arrivals. `function`, where it is given, takes every request that `map` does not name; `at` every entry, `work`
    /// and `payload` stand in for what was recorded.
    Trace {
        /// The file, beside the scenario; `$STRATOSIM_TRACES` at its beginning stands for that variable. Plain, gzip or zstd.
        #[serde(default)]
        file: Option<String>,
        /// Instead of `file`, the files in order.
        #[serde(default)]
        files: Vec<String>,
        #[serde(default)]
        format: Format,
        /// Functions of the trace and what they are called here. Others are the function of the same name.
        #[serde(default)]
        map: BTreeMap<String, String>,
        /// Functions of the trace that the scenario does not have are made, like this one but for their name and, where the
        /// trace has it, their memory.
        #[serde(default)]
        like: Option<String>,
        /// Taken from here on, which becomes the beginning.
        #[serde(default)]
        from: Option<TimeSpan>,
        /// Length of what is taken; to the end when absent.
        #[serde(default)]
        length: Option<TimeSpan>,
        /// Only these functions of the trace.
        #[serde(default)]
        only_functions: Vec<String>,
        /// Only these tenants of the trace.
        #[serde(default)]
        only_tenants: Vec<String>,
        /// Only these sources of the run that was recorded.
        #[serde(default)]
        only_sources: Vec<String>,
        /// Requests are multiplied by this: thinned below 1, repeated above.
        #[serde(default = "whole")]
        scale: f64,
        /// Instants are multiplied by this.
        #[serde(default = "whole")]
        pace: f64,
        /// So many clients take the requests in turn, each with one under way; one that is free too late asks at once. Every
        /// request comes at its instant when absent. The timetable client of Serverless on the Edge has 5.
        #[serde(default)]
        clients: Option<u32>,
        /// What is kept or dropped together where the trace is thinned.
        #[serde(default)]
        keep: Keep,
        /// Requests closer than this are one burst, where bursts are kept.
        #[serde(default = "second")]
        burst_gap: TimeSpan,
        /// Where in its period a counted request arrives; `rank` is that of the function in the trace.
        #[serde(default)]
        spread: Placement,
        /// Length of a period of counts.
        #[serde(default = "second")]
        period: TimeSpan,
        /// Column of counts, by name.
        #[serde(default)]
        column: Option<String>,
        /// Columns of a table (csv), as in `time=ts:ms,function=name,service=dur:s,memory=mem:MiB`.
        #[serde(default)]
        columns: Option<String>,
        /// Tables of durations (azure-2019) or delays (huawei).
        #[serde(default)]
        durations: Vec<String>,
        /// Tables of memory (azure-2019).
        #[serde(default)]
        memory: Vec<String>,
        /// How durations are drawn (azure-2019).
        #[serde(default)]
        duration_choice: Duration,
        /// Where memory comes from (azure-2019, azure-2021).
        #[serde(default)]
        memory_choice: Memory,
        /// Unit of delays (huawei).
        #[serde(default = "seconds")]
        delay_unit: Unit,
        /// All calls of a call graph, not only those from outside (alibaba-calls).
        #[serde(default)]
        all_calls: bool,
        /// Parts of a path that make a function (alb, clf); all when absent.
        #[serde(default)]
        path_segments: Option<u32>,
        /// Memory of the largest machine, which that of tasks is a share of (borg-2011).
        #[serde(default)]
        machine_memory: Option<ByteSize>,
        /// Submissions held back until their tasks end (borg-2011).
        #[serde(default = "held")]
        held: u32,
        /// Arrivals held to bring them into order.
        #[serde(default = "window")]
        window: u32,
        /// Refuse an arrival that the window cannot bring into order, instead of moving it.
        #[serde(default)]
        strict_order: bool,
        /// Drop and count rows that cannot be read, instead of refusing the trace.
        #[serde(default)]
        lenient: bool,
        /// Take the first arrival as zero, whatever the clock of the format.
        #[serde(default)]
        from_first: bool,
    }
}

/// What is kept or dropped together where a trace is thinned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Each arrival by itself: keeps the shape of the rate.
    #[default]
    Each,
    /// Whole bursts: keeps the index of dispersion.
    Bursts,
    /// Whole functions: keeps each as it was.
    Functions,
}

fn whole() -> f64 {
    1.0
}

fn second() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_secs(1))
}

fn seconds() -> Unit {
    Unit::Second
}

fn held() -> u32 {
    1 << 18
}

fn window() -> u32 {
    1 << 16
}
