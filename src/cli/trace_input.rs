//! Where a `trace` command gets its arrivals: files of any format the simulator reads, with the choices each leaves open.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::engine::random::Streams;
use crate::engine::time::Span;
use crate::scenario::units::{Quantity, TimeSpan};
use crate::workload::trace::counts::Column;
use crate::workload::trace::feed::{BadRows, Late, Origin, Reading, Trace};
use crate::workload::trace::flaw::Flaw;
use crate::workload::trace::huawei::Tables;
use crate::workload::trace::mapped::Mapping;
use crate::workload::trace::number::Unit;
use crate::workload::trace::place::Placement;
use crate::workload::trace::{
    access_log, alibaba_batch, alibaba_calls, arrivals, azure_2019, azure_2021, bitbrains, borg, huawei, lambda_report,
    mapped, periods, requests,
};

/// The formats, by the names of their traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Our own table of arrivals, as `trace import` writes it.
    Arrivals,
    /// `requests.csv` of a run.
    Requests,
    /// Counts per period, one a line.
    Counts,
    /// Azure Functions 2019: invocations per minute; --durations and --memory join the other tables.
    #[value(name = "azure-2019")]
    Azure2019,
    /// Azure Functions 2021.
    #[value(name = "azure-2021")]
    Azure2021,
    /// Huawei 2023, wide tables of requests; --durations joins tables of delays.
    Huawei,
    /// Huawei 2025, requests of one day.
    #[value(name = "huawei-2025")]
    Huawei2025,
    /// Alibaba 2018, batch_task.
    AlibabaBatch,
    /// Alibaba microservices 2021 and 2022, call graphs.
    AlibabaCalls,
    /// Google Borg 2011, task_events.
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
    /// Any table, by --map.
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DurationChoice {
    Percentiles,
    Lognormal,
    Average,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MemoryChoice {
    Percentiles,
    Split,
    Burr,
    Unknown,
}

fn placement(name: &str) -> Result<Placement, String> {
    Placement::of(name).ok_or_else(|| format!("want one of {}", Placement::ALL.map(Placement::name).join(", ")))
}

/// A length of time with its unit.
pub fn time_span(text: &str) -> Result<Span, String> {
    TimeSpan::parse(text).map(Span::from).map_err(|flaw| flaw.to_string())
}

fn unit(text: &str) -> Result<Unit, String> {
    Unit::of(text).ok_or_else(|| "want ns, us, ms, s, min, h or d".to_owned())
}

/// Files and how to read them.
#[derive(Args)]
pub struct Input {
    /// Files of the trace, in order; plain, gzip or zstd.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Format of the files.
    #[arg(long, value_enum, default_value = "arrivals")]
    format: Format,
    /// Seed of what a format leaves open: instants within a period, service times, memory.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Where in its period a counted request arrives: start, evenly, rank, uniform or poisson.
    #[arg(long, value_parser = placement, default_value = "uniform")]
    placement: Placement,
    /// Length of a period of counts, as in 1s or 1min.
    #[arg(long, value_parser = time_span, default_value = "1s")]
    period: Span,
    /// Column of counts, by name.
    #[arg(long)]
    column: Option<String>,
    /// Columns of a table, as in `time=ts:ms,function=name,service=dur:s,memory=mem:MiB`; needed by csv.
    #[arg(long, value_name = "MAPPING", value_parser = Mapping::parse)]
    map: Option<Mapping>,
    /// Tables of durations (azure-2019) or delays (huawei); repeatable.
    #[arg(long, value_name = "FILE")]
    durations: Vec<PathBuf>,
    /// Tables of memory (azure-2019); repeatable.
    #[arg(long, value_name = "FILE")]
    memory: Vec<PathBuf>,
    /// How durations are drawn (azure-2019).
    #[arg(long, value_enum, default_value = "percentiles")]
    duration_choice: DurationChoice,
    /// Where memory comes from (azure-2019, azure-2021: burr or unknown).
    #[arg(long, value_enum, default_value = "percentiles")]
    memory_choice: MemoryChoice,
    /// Unit of delays (huawei).
    #[arg(long, value_parser = unit, default_value = "s")]
    delay_unit: Unit,
    /// All calls of a call graph, not only those from outside (alibaba-calls).
    #[arg(long)]
    all_calls: bool,
    /// Parts of a path that make a function (alb, clf); all when absent.
    #[arg(long, value_name = "N")]
    path_segments: Option<usize>,
    /// Bytes of the largest machine, which memory is a share of (borg-2011).
    #[arg(long, value_name = "BYTES")]
    machine_bytes: Option<u64>,
    /// Submissions held back until their tasks end (borg-2011).
    #[arg(long, default_value_t = 1 << 18, value_name = "N")]
    held: usize,
    /// Arrivals held to bring them into order.
    #[arg(long, default_value_t = 1 << 16, value_name = "N")]
    window: usize,
    /// Stop at an arrival that the window cannot bring into order, instead of moving it.
    #[arg(long)]
    strict_order: bool,
    /// Drop and count rows that cannot be read, instead of stopping at the first.
    #[arg(long)]
    lenient: bool,
    /// Take the first arrival as zero, whatever the clock of the format.
    #[arg(long)]
    from_first: bool,
}

impl Input {
    pub fn streams(&self) -> Streams {
        Streams::new(self.seed, 0)
    }

    /// Opens the trace; the first file is looked at, the rest when its turn comes.
    pub fn open(&self) -> Result<Box<dyn Trace>, String> {
        self.open_files(&self.files)
    }

    /// Opens each file as a trace of its own.
    pub fn open_each(&self) -> Result<Vec<Box<dyn Trace>>, String> {
        self.files.iter().map(|file| self.open_files(std::slice::from_ref(file))).collect()
    }

    fn reading(&self) -> Reading {
        Reading {
            window: self.window,
            origin: if self.from_first { Origin::First } else { Origin::Format },
            bad_rows: if self.lenient { BadRows::Drop } else { BadRows::Stop },
            late: if self.strict_order { Late::Stop } else { Late::Move },
        }
    }

    fn only<'a>(&self, files: &'a [PathBuf]) -> Result<&'a Path, String> {
        match files {
            [file] => Ok(file),
            _ => {
                Err(format!("found {} files, want one of this format (trace merge puts several together)", files.len()))
            }
        }
    }

    fn open_files(&self, files: &[PathBuf]) -> Result<Box<dyn Trace>, String> {
        let list = files.to_vec();
        let (reading, streams) = (self.reading(), self.streams());
        match self.format {
            Format::Arrivals => boxed(arrivals::open(list, reading)),
            Format::Requests => boxed(requests::open(self.only(files)?.into(), reading)),
            Format::Counts => {
                let column = self.column.clone().map_or(Column::Only, Column::Named);
                boxed(periods::open(self.only(files)?, column, self.period, self.placement, streams))
            }
            Format::Azure2019 => {
                let files =
                    azure_2019::Files { minutes: list, durations: self.durations.clone(), memory: self.memory.clone() };
                boxed(azure_2019::open(&files, self.azure_choices(), streams))
            }
            Format::Azure2021 => {
                let memory = match self.memory_choice {
                    MemoryChoice::Burr => azure_2021::Memory::Burr,
                    _ => azure_2021::Memory::Unknown,
                };
                boxed(azure_2021::open(self.only(files)?.into(), memory, streams, reading))
            }
            Format::Huawei => {
                let tables = Tables {
                    requests: list,
                    delays: self.durations.clone(),
                    delay_unit: self.delay_unit,
                    period: self.period,
                };
                boxed(huawei::open(tables, self.placement, streams))
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
            Format::Csv => {
                let mapping = self.map.clone().ok_or("found no mapping, want --map time=column:unit,...")?;
                boxed(mapped::open(list, mapping, reading))
            }
        }
    }

    fn azure_choices(&self) -> azure_2019::Choices {
        let duration = match self.duration_choice {
            DurationChoice::Percentiles => azure_2019::Duration::Percentiles,
            DurationChoice::Lognormal => azure_2019::Duration::Lognormal,
            DurationChoice::Average => azure_2019::Duration::Average,
        };
        let memory = match self.memory_choice {
            MemoryChoice::Percentiles => azure_2019::Memory::Percentiles,
            MemoryChoice::Split => azure_2019::Memory::Split,
            MemoryChoice::Burr => azure_2019::Memory::Burr,
            MemoryChoice::Unknown => azure_2019::Memory::Unknown,
        };
        azure_2019::Choices { placement: self.placement, duration, memory }
    }
}

fn boxed<T: Trace + 'static>(opened: Result<T, Flaw>) -> Result<Box<dyn Trace>, String> {
    opened.map(|trace| Box::new(trace) as Box<dyn Trace>).map_err(|flaw| flaw.to_string())
}
