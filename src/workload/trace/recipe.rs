//! A trace as it is asked for: files, their format and the choices it leaves open; opened as often as wanted, the same each time.
//!
//! The `trace` commands and the sources of a scenario both speak of traces in these words, so a trace looked at with
//! `trace describe` is the trace that a run meets.

use super::azure_2019::{self, Duration, Memory};
use super::cut::{Cut, Selection};
use super::feed::{Reading, Trace};
use super::flaw::Flaw;
use super::huawei::Tables;
use super::mapped::Mapping;
use super::number::Unit;
use super::place::Placement;
use super::scaled::{Scaled, Thinning};
use super::{
    access_log, alibaba_batch, alibaba_calls, arrivals, azure_2021, bitbrains, borg, counts, huawei, lambda_report,
    mapped, periods, requests, timetable,
};
use crate::engine::random::Streams;
use crate::engine::time::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The formats, by the names of their traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Our own table of arrivals, as `trace import` writes it.
    #[default]
    Arrivals,
    /// `requests.csv` of a run.
    Requests,
    /// Counts per period, one a line.
    Counts,
    /// Azure Functions 2019: invocations per minute, joined with tables of durations and memory.
    #[serde(rename = "azure-2019")]
    #[value(name = "azure-2019")]
    Azure2019,
    /// Azure Functions 2021.
    #[serde(rename = "azure-2021")]
    #[value(name = "azure-2021")]
    Azure2021,
    /// Huawei 2023, wide tables of requests, joined with tables of delays.
    Huawei,
    /// Huawei 2025, requests of one day.
    #[serde(rename = "huawei-2025")]
    #[value(name = "huawei-2025")]
    Huawei2025,
    /// Alibaba 2018, `batch_task`.
    AlibabaBatch,
    /// Alibaba microservices 2021 and 2022, call graphs.
    AlibabaCalls,
    /// Google Borg 2011, `task_events`.
    #[serde(rename = "borg-2011")]
    #[value(name = "borg-2011")]
    Borg2011,
    /// Bitbrains, a file for each machine.
    Bitbrains,
    /// Globus Compute, invocations.
    Globus,
    /// REPORT lines of AWS Lambda.
    Lambda,
    /// Access log of an AWS application load balancer.
    Alb,
    /// Common or combined log format.
    Clf,
    /// Lines `time function endpoint size`, as the timetable client of Serverless on the Edge reads them.
    Timetable,
    /// Any table, its columns by a mapping.
    Csv,
}

impl Format {
    pub const ALL: [Format; 17] = [
        Format::Arrivals,
        Format::Requests,
        Format::Counts,
        Format::Azure2019,
        Format::Azure2021,
        Format::Huawei,
        Format::Huawei2025,
        Format::AlibabaBatch,
        Format::AlibabaCalls,
        Format::Borg2011,
        Format::Bitbrains,
        Format::Globus,
        Format::Lambda,
        Format::Alb,
        Format::Clf,
        Format::Timetable,
        Format::Csv,
    ];

    /// Whether a trace of this format is one file and no more.
    pub const fn is_one_file(self) -> bool {
        matches!(self, Format::Requests | Format::Counts | Format::Azure2021)
    }
}

/// How to get a trace.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub format: Format,
    /// In order; formats of one file take the first.
    pub files: Vec<PathBuf>,
    /// Where in its period a counted request arrives.
    pub placement: Placement,
    /// Length of a period of counts.
    pub period: Span,
    /// Column of counts, by name.
    pub column: Option<String>,
    /// Columns of a table; without it a table of the format `csv` cannot be read.
    pub mapping: Option<Mapping>,
    /// Tables of durations (Azure 2019) or delays (Huawei).
    pub durations: Vec<PathBuf>,
    /// Tables of memory (Azure 2019).
    pub memory: Vec<PathBuf>,
    pub duration_choice: Duration,
    pub memory_choice: Memory,
    /// Unit of delays (Huawei).
    pub delay_unit: Unit,
    /// All calls of a call graph, not only those from outside.
    pub all_calls: bool,
    /// Parts of a path that make a function (access logs); all when absent.
    pub path_segments: Option<usize>,
    /// Bytes of the largest machine, which memory is a share of (Borg).
    pub machine_bytes: Option<u64>,
    /// Submissions held back until their tasks end (Borg).
    pub held: usize,
    pub reading: Reading,
    /// What of it is taken; all of it by default.
    pub selection: Option<Selection>,
    /// Arrivals are multiplied by this.
    pub rate: f64,
    /// Instants are multiplied by this.
    pub pace: f64,
    pub thinning: Thinning,
}

/// Submissions of Borg held back when nothing else is asked for.
pub const HELD: usize = 1 << 18;

impl Recipe {
    /// The whole of these files, with the default of every choice.
    pub fn new(format: Format, files: Vec<PathBuf>) -> Recipe {
        Recipe {
            format,
            files,
            placement: Placement::default(),
            period: Span::from_secs(1),
            column: None,
            mapping: None,
            durations: Vec::new(),
            memory: Vec::new(),
            duration_choice: Duration::default(),
            memory_choice: Memory::default(),
            delay_unit: Unit::Second,
            all_calls: false,
            path_segments: None,
            machine_bytes: None,
            held: HELD,
            reading: Reading::default(),
            selection: None,
            rate: 1.0,
            pace: 1.0,
            thinning: Thinning::Each,
        }
    }

    /// Opens the trace; the first file is looked at, the rest when its turn comes. What the format leaves open is drawn from
    /// `streams`.
    ///
    /// # Errors
    /// A file that cannot be read or is of another kind, and choices that do not go together.
    pub fn open(&self, streams: &Streams) -> Result<Box<dyn Trace>, Flaw> {
        let whole = self.open_whole(streams.clone())?;
        let part: Box<dyn Trace> = match &self.selection {
            Some(selection) => Box::new(Cut::new(whole, selection.clone())),
            None => whole,
        };
        if (self.rate, self.pace) == (1.0, 1.0) {
            return Ok(part);
        }
        let scaled = Scaled::new(part, self.name(), self.rate, self.pace, self.thinning, streams);
        Ok(Box::new(
            scaled.map_err(|unfit| {
                Flaw::file(&self.name(), format!("{} {}", unfit.parameter, unfit.found), unfit.wanted)
            })?,
        ))
    }

    /// The same recipe for each file by itself.
    pub fn each(&self) -> impl Iterator<Item = Recipe> + '_ {
        self.files.iter().map(|file| Recipe { files: vec![file.clone()], ..self.clone() })
    }

    /// The trace in messages: its first file.
    pub fn name(&self) -> std::sync::Arc<str> {
        self.files.first().map_or_else(|| "trace".into(), |file| super::packed::name(file))
    }

    fn only(&self) -> Result<&Path, Flaw> {
        match &self.files[..] {
            [file] => Ok(file),
            files => {
                let found = format!("{} files", files.len());
                Err(Flaw::file(&self.name(), found, "one of this format (trace merge puts several together)"))
            }
        }
    }

    fn open_whole(&self, streams: Streams) -> Result<Box<dyn Trace>, Flaw> {
        let (list, reading, placement) = (self.files.clone(), self.reading, self.placement);
        match self.format {
            Format::Arrivals => boxed(arrivals::open(list, reading)),
            Format::Requests => boxed(requests::open(self.only()?.into(), reading)),
            Format::Counts => {
                let column = self.column.clone().map_or(counts::Column::Only, counts::Column::Named);
                boxed(periods::open(self.only()?, column, self.period, placement, streams))
            }
            Format::Azure2019 => {
                let (durations, memory) = (self.durations.clone(), self.memory.clone());
                let files = azure_2019::Files { minutes: list, durations, memory };
                let (duration, memory) = (self.duration_choice, self.memory_choice);
                boxed(azure_2019::open(&files, azure_2019::Choices { placement, duration, memory }, streams))
            }
            Format::Azure2021 => {
                let memory = match self.memory_choice {
                    Memory::Burr => azure_2021::Memory::Burr,
                    _ => azure_2021::Memory::Unknown,
                };
                boxed(azure_2021::open(self.only()?.into(), memory, streams, reading))
            }
            Format::Huawei => {
                let (delay_unit, period) = (self.delay_unit, self.period);
                let tables = Tables { requests: list, delays: self.durations.clone(), delay_unit, period };
                boxed(huawei::open(tables, placement, streams))
            }
            Format::Huawei2025 => boxed(mapped::open(list, Mapping::huawei_2025(), reading)),
            Format::AlibabaBatch => boxed(alibaba_batch::open(list, reading)),
            Format::AlibabaCalls => {
                let calls = if self.all_calls { alibaba_calls::Calls::All } else { alibaba_calls::Calls::Entry };
                boxed(alibaba_calls::open(list, calls, reading))
            }
            Format::Borg2011 => boxed(borg::open(list, self.machine_bytes, self.held, reading)),
            Format::Bitbrains => boxed(bitbrains::open_all(list, reading)),
            Format::Globus => boxed(mapped::open(list, Mapping::globus(), reading)),
            Format::Lambda => boxed(lambda_report::open(list, reading)),
            Format::Alb => {
                boxed(access_log::open(list, access_log::Dialect::LoadBalancer, self.path_segments, reading))
            }
            Format::Clf => boxed(access_log::open(list, access_log::Dialect::Common, self.path_segments, reading)),
            Format::Timetable => boxed(timetable::open(list, reading)),
            Format::Csv => {
                let lacking =
                    || Flaw::file(&self.name(), "no mapping of columns", "time=column:unit,function=column,...");
                boxed(mapped::open(list, self.mapping.clone().ok_or_else(lacking)?, reading))
            }
        }
    }
}

fn boxed<T: Trace + 'static>(opened: Result<T, Flaw>) -> Result<Box<dyn Trace>, Flaw> {
    opened.map(|trace| Box::new(trace) as Box<dyn Trace>)
}
