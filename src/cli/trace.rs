//! `trace`: what comes before a scenario; reading traces of any format, looking at them, and making others of them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::picture::Picture;
use super::trace_input::{Input, time_span};
use super::trace_output::{Failure, show, to_file};
use super::trace_timetable::MakeTimetable;
use super::{REFUSED, say};
use crate::engine::random::Streams;
use crate::engine::time::Span;
use crate::scenario::raw::Keep;
use crate::scenario::units::nearest;
use crate::workload::describe::Describer;
use crate::workload::fit::{Choices, Fit, Kind, WINDOWS_MAX, fit, goodness};
use crate::workload::trace::arrivals::write;
use crate::workload::trace::cut::{Cut, Selection, stretch};
use crate::workload::trace::feed::Trace;
use crate::workload::trace::flaw::shown;
use crate::workload::trace::merged::Merged;
use crate::workload::trace::report::Report;
use crate::workload::trace::scaled::{Scaled, Thinning};

#[derive(Args)]
pub struct TraceCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Write a trace of any format as a table of arrivals, and say what was repaired and dropped.
    Import(Import),
    /// Show rates, dispersion, peaks, burstiness and the course over the day.
    Describe(Describe),
    /// Make a generator that stands in for a trace, and compare the two.
    Fit(FitTrace),
    /// Make counts per second from a generator.
    Synth(Synth),
    /// Change the rate or the pace of a trace.
    Scale(Scale),
    /// Take a part of a trace: some hours, some functions, some tenants.
    Cut(CutTrace),
    /// Put several traces together, each file one trace.
    Merge(Import),
    /// Make a timetable of calls: time, function, endpoint and size in each line.
    Timetable(MakeTimetable),
}

#[derive(Args)]
struct Import {
    #[command(flatten)]
    input: Input,
    /// File to write; standard output when absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct Describe {
    #[command(flatten)]
    input: Input,
    /// Print JSON instead of a page.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    picture: Picture,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Family {
    /// Gamma processes of several time scales.
    Gamma,
    /// A chain of two states (MMPP).
    TwoStates,
}

#[derive(Args)]
struct FitTrace {
    #[command(flatten)]
    input: Input,
    /// File of the generator; standard output when absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How the rate swings around its profile.
    #[arg(long, value_enum, default_value = "gamma")]
    family: Family,
    /// Length of a stretch of the profile; ten minutes, or less for a short trace, when absent.
    #[arg(long, value_parser = time_span)]
    stretch: Option<Span>,
}

#[derive(Args)]
struct Synth {
    /// File of the generator, as `trace fit` writes it.
    generator: PathBuf,
    /// Seconds to make; as many as the trace had when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=WINDOWS_MAX as u64))]
    seconds: Option<u64>,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// File to write; standard output when absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct Scale {
    #[command(flatten)]
    import: Import,
    /// Arrivals are multiplied by this.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Instants are multiplied by this.
    #[arg(long, default_value_t = 1.0)]
    time: f64,
    /// What is kept or dropped together.
    #[arg(long, value_enum, default_value = "each")]
    keep: Keep,
    /// Arrivals closer than this are one burst.
    #[arg(long, value_parser = time_span, default_value = "1s")]
    burst_gap: Span,
}

#[derive(Args)]
struct CutTrace {
    #[command(flatten)]
    import: Import,
    /// Where the part begins; it becomes zero.
    #[arg(long, value_parser = time_span, default_value = "0s")]
    from: Span,
    /// How long it is; to the end when absent.
    #[arg(long, value_parser = time_span)]
    length: Option<Span>,
    /// Only this function; repeatable.
    #[arg(long = "function", value_name = "NAME")]
    functions: Vec<String>,
    /// Only this tenant; repeatable.
    #[arg(long = "tenant", value_name = "NAME")]
    tenants: Vec<String>,
    /// Only what this source of the recorded run asked; repeatable.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
}

impl TraceCommand {
    pub fn run(&self) -> ExitCode {
        let done = match &self.action {
            Action::Import(import) => import.input.open().and_then(|mut trace| import.write(&mut trace)),
            Action::Merge(import) => import.input.open_each().and_then(|traces| import.write(&mut Merged::new(traces))),
            Action::Describe(describe) => describe.run(),
            Action::Fit(fit) => fit.run(),
            Action::Synth(synth) => synth.run(),
            Action::Scale(scale) => scale.run(),
            Action::Cut(cut) => cut.run(),
            Action::Timetable(timetable) => timetable.run(),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                say(&message);
                ExitCode::from(REFUSED)
            }
        }
    }
}

impl Import {
    /// Writes a trace as a table of arrivals; what was read and what was written goes to standard error.
    fn write(&self, trace: &mut dyn Trace) -> Result<(), String> {
        let written = to_file(self.out.as_deref(), |out| Ok(write(trace, out)?))?;
        tell(trace.report(), written);
        Ok(())
    }
}

/// What was read, and what of it was written: a part of it, or more than all, where a trace is cut or scaled.
fn tell(report: &Report, written: u64) {
    say(&format!("{report}\n{written} arrivals written"));
}

impl Describe {
    fn run(&self) -> Result<(), String> {
        let mut trace = self.input.open()?;
        let mut describer = Describer::default();
        while let Some(arrival) = trace.next_arrival().map_err(|flaw| flaw.to_string())? {
            describer.add(&arrival);
        }
        if let Some(end) = trace.end() {
            describer.covers(end);
        }
        let description = describer.finish().ok_or("found no arrival, want at least one")?;
        #[cfg(feature = "plots")]
        self.picture
            .write(|| super::drawn::course(&description))
            .map_err(|(path, error)| format!("{}: {error}", path.display()))?;
        if self.json {
            let text = serde_json::to_string_pretty(&description).map_err(|error| error.to_string())?;
            return show(&text);
        }
        show(&format!("{}\n\n{description}", trace.report()))
    }
}

impl FitTrace {
    fn run(&self) -> Result<(), String> {
        let mut trace = self.input.open()?;
        let counts = per_second(&mut trace)?;
        let kind = match self.family {
            Family::Gamma => Kind::Gamma,
            Family::TwoStates => Kind::TwoStates,
        };
        let mut choices = Choices { kind, ..Choices::of(counts.len()) };
        if let Some(stretch) = self.stretch {
            choices.stretch = (stretch.as_nanos() / 1_000_000_000) as usize;
        }
        let found = fit(&counts, choices).map_err(|unfit| unfit.to_string())?;
        let compared = goodness(&counts, &found, &self.input.streams()).map_err(|unfit| unfit.to_string())?;
        let text = serde_json::to_string_pretty(&found).map_err(|error| error.to_string())?;
        to_file(self.out.as_deref(), |out| Ok(writeln!(out, "{text}")?))?;
        say(&compared.to_string());
        Ok(())
    }
}

/// Arrivals in each second.
fn per_second(trace: &mut dyn Trace) -> Result<Vec<u32>, String> {
    let mut counts: Vec<u32> = Vec::new();
    while let Some(arrival) = trace.next_arrival().map_err(|flaw| flaw.to_string())? {
        let second = arrival.at.as_nanos() / 1_000_000_000;
        if second >= WINDOWS_MAX as u64 {
            return Err(format!("found an arrival at {} s, want a trace of at most {WINDOWS_MAX} s", arrival.at));
        }
        let second = second as usize;
        if second >= counts.len() {
            counts.resize(second + 1, 0);
        }
        counts[second] = counts[second].saturating_add(1);
    }
    Ok(counts)
}

impl Synth {
    fn run(&self) -> Result<(), String> {
        let file = self.generator.display();
        let text =
            std::fs::read_to_string(&self.generator).map_err(|error| format!("{file}: cannot be read: {error}"))?;
        let fit: Fit = serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
        let mut counts = fit.stream(&Streams::new(self.seed, 0)).map_err(|unfit| format!("{file}: {unfit}"))?;
        let seconds = self.seconds.map_or(fit.windows, |seconds| seconds as usize);
        to_file(self.out.as_deref(), |out| {
            Ok(counts.by_ref().take(seconds).try_for_each(|count| writeln!(out, "{count}"))?)
        })
    }
}

impl Scale {
    fn run(&self) -> Result<(), String> {
        let thinning = match self.keep {
            Keep::Each => Thinning::Each,
            Keep::Bursts => Thinning::Bursts { gap: self.burst_gap },
            Keep::Functions => Thinning::Functions,
        };
        let input = &self.import.input;
        let (trace, name) = (input.open()?, input.recipe()?.name());
        let scaled = Scaled::new(trace, name, self.rate, self.time, thinning, &input.streams());
        self.import.write(&mut scaled.map_err(|unfit| unfit.to_string())?)
    }
}

impl CutTrace {
    fn run(&self) -> Result<(), String> {
        let selection = Selection {
            functions: self.functions.iter().cloned().collect(),
            tenants: self.tenants.iter().cloned().collect(),
            sources: self.sources.iter().cloned().collect(),
            ..stretch(self.from, self.length)
        };
        let mut cut = Cut::new(self.import.input.open()?, selection);
        let written = to_file(self.import.out.as_deref(), |out| {
            let written = write(&mut cut, out)?;
            self.refuse_lacking(&mut cut).map_err(Failure::Source)?;
            Ok(written)
        })?;
        tell(cut.report(), written);
        Ok(())
    }

    /// Refuses names that the trace does not have: a part that is empty for a slip of the pen is not what was asked for.
    fn refuse_lacking<T: Trace>(&self, cut: &mut Cut<T>) -> Result<(), String> {
        let lacking = cut.lacking().map_err(|flaw| flaw.to_string())?;
        if lacking.is_empty() {
            return Ok(());
        }
        let (file, cast) = (self.import.input.recipe()?.name(), cut.cast());
        let complaint = |(kind, name): &(&str, String)| {
            let known = match *kind {
                "function" => &cast.functions,
                "tenant" => &cast.tenants,
                _ => &cast.sources,
            };
            let near = nearest(name, known.iter().map(|known| &**known));
            let hint = near.map_or_else(String::new, |near| format!(" (did you mean {}?)", shown(near.as_bytes())));
            let none = if known.is_empty() { ", which has none" } else { "" };
            format!("{file}: --{kind}: found {}, want a {kind} of the trace{none}{hint}", shown(name.as_bytes()))
        };
        Err(lacking.iter().map(complaint).collect::<Vec<_>>().join("\n"))
    }
}
