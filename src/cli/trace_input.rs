//! Where a `trace` command gets its arrivals: files of any format the simulator reads, with the choices each leaves open.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::engine::random::Streams;
use crate::engine::time::Span;
use crate::scenario::units::{Quantity, TimeSpan};
use crate::workload::trace::azure_2019::{Duration, Memory};
use crate::workload::trace::feed::{BadRows, Late, Origin, Reading, Trace};
use crate::workload::trace::mapped::Mapping;
use crate::workload::trace::number::Unit;
use crate::workload::trace::place::Placement;
use crate::workload::trace::recipe::{Format, Recipe};

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

/// What a choice is called on the command line.
fn name(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
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
    /// Where in its period a counted request arrives (counts, azure-2019, huawei): start, evenly, rank, uniform or poisson;
    /// uniform when absent.
    #[arg(long, value_parser = placement)]
    placement: Option<Placement>,
    /// Length of a period (counts, huawei), as in 1s or 1min; 1s when absent.
    #[arg(long, value_parser = time_span, allow_hyphen_values = true)]
    period: Option<Span>,
    /// Column of counts, by name (counts).
    #[arg(long)]
    column: Option<String>,
    /// Columns of a table, as in `time=ts:ms,function=name,service=dur:s,memory=mem:MiB` (csv, which needs it).
    #[arg(long, value_name = "MAPPING", value_parser = Mapping::parse)]
    map: Option<Mapping>,
    /// Tables of durations (azure-2019) or delays (huawei); repeatable.
    #[arg(long, value_name = "FILE")]
    durations: Vec<PathBuf>,
    /// Tables of memory (azure-2019); repeatable.
    #[arg(long, value_name = "FILE")]
    memory: Vec<PathBuf>,
    /// How durations are drawn (azure-2019); from the percentiles when absent.
    #[arg(long, value_enum)]
    duration_choice: Option<Duration>,
    /// Where memory comes from (azure-2019; azure-2021: burr or unknown); from the percentiles, or unknown, when absent.
    #[arg(long, value_enum)]
    memory_choice: Option<Memory>,
    /// Unit of delays (huawei); s when absent.
    #[arg(long, value_parser = unit)]
    delay_unit: Option<Unit>,
    /// All calls of a call graph, not only those from outside (alibaba-calls).
    #[arg(long)]
    all_calls: bool,
    /// Parts of a path that make a function (alb, clf); all when absent.
    #[arg(long, value_name = "N")]
    path_segments: Option<usize>,
    /// Bytes of the largest machine, which memory is a share of (borg-2011).
    #[arg(long, value_name = "BYTES")]
    machine_bytes: Option<u64>,
    /// Submissions held back until their tasks end (borg-2011); 262144 when absent.
    #[arg(long, value_name = "N")]
    held: Option<usize>,
    /// Arrivals held to bring them into order; 65536 when absent. Not for tables of counts, which are in order: counts,
    /// azure-2019, huawei.
    #[arg(long, value_name = "N")]
    window: Option<usize>,
    /// Stop at an arrival that the window cannot bring into order, instead of moving it. Not for tables of counts.
    #[arg(long)]
    strict_order: bool,
    /// Drop and count rows that cannot be read, instead of stopping at the first. Not for tables of counts (counts,
    /// azure-2019, huawei), where a row that is dropped would move or thin all functions.
    #[arg(long)]
    lenient: bool,
    /// Take the first arrival as zero, whatever the clock of the format. Not for tables of counts.
    #[arg(long)]
    from_first: bool,
}

impl Input {
    pub fn streams(&self) -> Streams {
        Streams::new(self.seed, 0)
    }

    /// What the arguments ask for.
    ///
    /// # Errors
    /// Options of another format, and `csv` without a mapping.
    pub fn recipe(&self) -> Result<Recipe, String> {
        self.refuse_strangers()?;
        if self.format == Format::Csv && self.map.is_none() {
            return Err("--map: found nothing, want time=column:unit,... with --format csv".to_owned());
        }
        let plain = Recipe::new(self.format, self.files.clone());
        Ok(Recipe {
            placement: self.placement.unwrap_or(plain.placement),
            period: self.period.unwrap_or(plain.period),
            column: self.column.clone(),
            mapping: self.map.clone(),
            durations: self.durations.clone(),
            memory: self.memory.clone(),
            duration_choice: self.duration_choice.unwrap_or(plain.duration_choice),
            memory_choice: self.memory_choice.unwrap_or(plain.memory_choice),
            delay_unit: self.delay_unit.unwrap_or(plain.delay_unit),
            all_calls: self.all_calls,
            path_segments: self.path_segments,
            machine_bytes: self.machine_bytes,
            held: self.held.unwrap_or(plain.held),
            reading: self.reading(),
            ..plain
        })
    }

    /// Refuses options that the format does not look at: who gives one believes that it does something.
    fn refuse_strangers(&self) -> Result<(), String> {
        use Format::{Alb, AlibabaCalls, Azure2019, Azure2021, Borg2011, Clf, Counts, Csv, Huawei};
        const COUNTED: [Format; 3] = [Counts, Azure2019, Huawei];
        let by_row: Vec<Format> = Format::ALL.into_iter().filter(|format| !COUNTED.contains(format)).collect();
        let options: [(&str, bool, &[Format]); 17] = [
            ("placement", self.placement.is_some(), &COUNTED),
            ("period", self.period.is_some(), &[Counts, Huawei]),
            ("column", self.column.is_some(), &[Counts]),
            ("map", self.map.is_some(), &[Csv]),
            ("durations", !self.durations.is_empty(), &[Azure2019, Huawei]),
            ("memory", !self.memory.is_empty(), &[Azure2019]),
            ("duration-choice", self.duration_choice.is_some(), &[Azure2019]),
            ("memory-choice", self.memory_choice.is_some(), &[Azure2019, Azure2021]),
            ("delay-unit", self.delay_unit.is_some(), &[Huawei]),
            ("all-calls", self.all_calls, &[AlibabaCalls]),
            ("path-segments", self.path_segments.is_some(), &[Alb, Clf]),
            ("machine-bytes", self.machine_bytes.is_some(), &[Borg2011]),
            ("held", self.held.is_some(), &[Borg2011]),
            ("window", self.window.is_some(), &by_row),
            ("strict-order", self.strict_order, &by_row),
            ("lenient", self.lenient, &by_row),
            ("from-first", self.from_first, &by_row),
        ];
        let strange = options.into_iter().filter(|(_, given, of)| *given && !of.contains(&self.format));
        let complaint = |(option, _, of): (&str, bool, &[Format])| {
            let of: Vec<String> = of.iter().map(|&format| name(format)).collect();
            format!("--{option}: found with --format {}, want it with {} only", name(self.format), of.join(", "))
        };
        let mut complaints: Vec<String> = strange.map(complaint).collect();
        let drawn = matches!(self.memory_choice, Some(Memory::Percentiles | Memory::Split));
        if drawn && self.format == Azure2021 {
            let found = self.memory_choice.map_or_else(String::new, name);
            complaints.push(format!("--memory-choice: found {found}, want burr or unknown with --format azure-2021"));
        }
        if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
    }

    /// Opens the trace; the first file is looked at, the rest when its turn comes.
    ///
    /// # Errors
    /// Those of [`Recipe::open`].
    pub fn open(&self) -> Result<Box<dyn Trace>, String> {
        opened(&self.recipe()?, &self.streams())
    }

    /// Opens each file as a trace of its own.
    ///
    /// # Errors
    /// Those of [`Recipe::open`].
    pub fn open_each(&self) -> Result<Vec<Box<dyn Trace>>, String> {
        self.recipe()?.each().map(|recipe| opened(&recipe, &self.streams())).collect()
    }

    fn reading(&self) -> Reading {
        Reading {
            window: self.window.unwrap_or(Reading::default().window),
            origin: if self.from_first { Origin::First } else { Origin::Format },
            bad_rows: if self.lenient { BadRows::Drop } else { BadRows::Stop },
            late: if self.strict_order { Late::Stop } else { Late::Move },
        }
    }
}

fn opened(recipe: &Recipe, streams: &Streams) -> Result<Box<dyn Trace>, String> {
    recipe.open(streams).map_err(|flaw| flaw.to_string())
}
