//! Where a `trace` command gets its arrivals: files of any format the simulator reads, with the choices each leaves open.

use std::path::PathBuf;

use clap::Args;

use crate::engine::random::Streams;
use crate::engine::time::Span;
use crate::scenario::units::{Quantity, TimeSpan};
use crate::workload::trace::azure_2019::{Duration, Memory};
use crate::workload::trace::feed::{BadRows, Late, Origin, Reading, Trace};
use crate::workload::trace::mapped::Mapping;
use crate::workload::trace::number::Unit;
use crate::workload::trace::place::Placement;
use crate::workload::trace::recipe::{Format, HELD, Recipe};

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
    #[arg(long, value_parser = time_span, default_value = "1s", allow_hyphen_values = true)]
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
    duration_choice: Duration,
    /// Where memory comes from (azure-2019, azure-2021: burr or unknown).
    #[arg(long, value_enum, default_value = "percentiles")]
    memory_choice: Memory,
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
    #[arg(long, default_value_t = HELD, value_name = "N")]
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

    /// What the arguments ask for.
    pub fn recipe(&self) -> Recipe {
        Recipe {
            placement: self.placement,
            period: self.period,
            column: self.column.clone(),
            mapping: self.map.clone(),
            durations: self.durations.clone(),
            memory: self.memory.clone(),
            duration_choice: self.duration_choice,
            memory_choice: self.memory_choice,
            delay_unit: self.delay_unit,
            all_calls: self.all_calls,
            path_segments: self.path_segments,
            machine_bytes: self.machine_bytes,
            held: self.held,
            reading: self.reading(),
            ..Recipe::new(self.format, self.files.clone())
        }
    }

    /// Opens the trace; the first file is looked at, the rest when its turn comes.
    ///
    /// # Errors
    /// Those of [`Recipe::open`].
    pub fn open(&self) -> Result<Box<dyn Trace>, String> {
        open(&self.recipe(), &self.streams())
    }

    /// Opens each file as a trace of its own.
    ///
    /// # Errors
    /// Those of [`Recipe::open`].
    pub fn open_each(&self) -> Result<Vec<Box<dyn Trace>>, String> {
        self.recipe().each().map(|recipe| open(&recipe, &self.streams())).collect()
    }

    fn reading(&self) -> Reading {
        Reading {
            window: self.window,
            origin: if self.from_first { Origin::First } else { Origin::Format },
            bad_rows: if self.lenient { BadRows::Drop } else { BadRows::Stop },
            late: if self.strict_order { Late::Stop } else { Late::Move },
        }
    }
}

fn open(recipe: &Recipe, streams: &Streams) -> Result<Box<dyn Trace>, String> {
    if recipe.format == Format::Csv && recipe.mapping.is_none() {
        return Err("found no mapping, want --map time=column:unit,...".to_owned());
    }
    recipe.open(streams).map_err(|flaw| flaw.to_string())
}
