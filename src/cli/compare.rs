//! `compare`: one scenario under several strategies on the same requests, replicated: figures with intervals, differences
//! paired by replication, exact theory beside them where there is any.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::ScenarioArgs;
use super::bar::Bar;
use super::table::LINES;
use super::workers::Workers;
use crate::engine::time::Span;
use crate::experiment::compare::{Compared, Plan, Replicated, WarmUp, compare, told};
use crate::experiment::measures::{MEASURES, Unit};
use crate::experiment::observe::Verdict;
use crate::experiment::opened::{Column, Opened};
use crate::experiment::precision::Precision;
use crate::experiment::run::RunError;
use crate::experiment::theory::theory;
use crate::run::lines::Lines;
use crate::scenario::units::{Quantity, TimeSpan};
use crate::solve::statistics::interval::Interval;

#[derive(Args)]
pub struct Compare {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Only these strategies of the scenario (repeatable).
    #[arg(long = "strategy", value_name = "NAME")]
    strategies: Vec<String>,
    /// Differences are taken from this strategy; the first one when absent.
    #[arg(long, value_name = "NAME")]
    base: Option<String>,
    /// Runs of each strategy with other draws; replication r of all strategies meets the same requests.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    replications: u64,
    /// Replicate until the interval of a measure is this narrow under every strategy, as in "p95 2%".
    #[arg(long, value_name = "MEASURE SHARE")]
    until: Option<Precision>,
    /// With --until: replications at most.
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u64).range(2..=100_000))]
    most: u64,
    /// Confidence of intervals.
    #[arg(long, default_value_t = 0.95, value_name = "SHARE", value_parser = confidence)]
    confidence: f64,
    /// What is dropped from the beginning of each run: auto (MSER-5), or a length of time. When absent: what the scenario
    /// says, or auto where it says nothing and its sources are steady.
    #[arg(long, value_name = "TIME", value_parser = warm_up)]
    warm_up: Option<WarmUp>,
    /// How intervals over replications are made.
    #[arg(long, value_enum, default_value_t = Method::Student)]
    method: Method,
    /// Write every run of every strategy, a row each.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    #[command(flatten)]
    workers: Workers,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    Student,
    Bootstrap,
}

/// Resamples of a bootstrap: enough that the ends of a 95 % interval do not depend on them in the digits shown.
const RESAMPLES: u32 = 4000;

fn confidence(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.5..=0.9999).contains(&share) => Ok(share),
        _ => Err("want a share from 0.5 to 0.9999, such as 0.95".to_owned()),
    }
}

fn warm_up(text: &str) -> Result<WarmUp, String> {
    match text {
        "auto" => Ok(WarmUp::Detect),
        text => TimeSpan::parse(text).map(|span| WarmUp::Stated(span.0)).map_err(|flaw| format!("auto, or {flaw}")),
    }
}

impl Compare {
    pub fn run(&self) -> ExitCode {
        let opened = match self.scenario.open() {
            Ok(opened) => opened,
            Err(code) => return code,
        };
        let strategies = self.strategies.iter().map(|name| ("--strategy", name));
        for (option, name) in strategies.chain(self.base.iter().map(|name| ("--base", name))) {
            if let Err(code) = super::column(&opened, option, name) {
                return code;
            }
        }
        let wanted = |column: &&Column| {
            self.strategies.is_empty()
                || self.strategies.contains(&column.label)
                || self.base.as_ref() == Some(&column.label)
        };
        let columns: Vec<&Column> = opened.columns.iter().filter(wanted).collect();
        let plan = Plan {
            replications: self.replications,
            until: self.until,
            most: self.most,
            confidence: self.confidence,
            warm_up: self.warm_up.unwrap_or(WarmUp::Default),
            resamples: (self.method == Method::Bootstrap).then_some(RESAMPLES),
        };
        if let (WarmUp::Stated(span), Some(horizon)) = (plan.warm_up, opened.setup.horizon)
            && span >= horizon
        {
            super::say(&format!("--warm-up {span}: want less than the horizon of {horizon}"));
            return ExitCode::from(super::REFUSED);
        }
        // A file that cannot be written is said before the first run, not after the last.
        if let Some(path) = &self.csv
            && let Err(error) = writable(path)
        {
            super::say(&format!("--csv {}: {error}", path.display()));
            return ExitCode::FAILURE;
        }
        let bar = Bar::new(self.quiet);
        let ran = self.workers.run(|| compare(&opened, &columns, &plan, &|done, all| bar.update(done, all)));
        drop(bar);
        let compared = match ran {
            Ok(Ok(compared)) => compared,
            Ok(Err(error)) => {
                super::say(&error.to_string());
                return ExitCode::from(if matches!(error, RunError::BrokenLaw(_)) { 3 } else { 1 });
            }
            Err(code) => return code,
        };
        if let Some(path) = &self.csv
            && let Err(error) = write(path, &compared)
        {
            super::say(&format!("--csv {}: {error}", path.display()));
            return ExitCode::FAILURE;
        }
        super::print(&self.report(&opened, &columns, &compared))
    }

    fn report(&self, opened: &Opened, columns: &[&Column], compared: &Compared) -> String {
        let base = self.base.as_deref().unwrap_or(&compared.columns[0].label);
        let mut text = figures(opened, compared);
        text += &methods(compared);
        text += &differences(compared, base);
        for (column, replicated) in columns.iter().zip(&compared.columns) {
            text += &beside_theory(opened, column, replicated, compared);
        }
        text
    }
}

/// The table: a measure a row, a strategy a column.
fn figures(opened: &Opened, compared: &Compared) -> String {
    let mut table = Table::new();
    table.load_style(LINES).set_content_arrangement(ContentArrangement::Disabled);
    let mut header = vec![opened.setup.name.clone()];
    header.extend(compared.columns.iter().map(|column| column.label.clone()));
    table.set_header(header);
    for (at, measure) in MEASURES.iter().enumerate() {
        let cell = |column: &Replicated| match (compared.interval(column, at), column.mean(at)) {
            (Some(interval), _) => measure.unit.shown_interval(&interval),
            (None, Some(mean)) => measure.unit.shown(mean),
            (None, None) => String::new(),
        };
        let cells: Vec<String> = compared.columns.iter().map(cell).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            table.add_row([vec![measure.title.to_owned()], cells].concat());
        }
    }
    let verdicts = |column: &Replicated| {
        let told = column.verdicts().into_iter().map(|(verdict, count)| match (verdict, count) {
            (Verdict::Whole, _) => String::new(),
            (verdict, count) => format!("{count} {}", verdict.word()),
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let cells: Vec<String> = compared.columns.iter().map(verdicts).collect();
    if cells.iter().any(|cell| !cell.is_empty()) {
        table.add_row([vec!["runs".to_owned()], cells].concat());
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}

/// How the figures came about.
fn methods(compared: &Compared) -> String {
    let percent = 100.0 * compared.plan.confidence;
    let mut text = String::new();
    let method = compared.columns.iter().find_map(|column| {
        (0..MEASURES.len()).find_map(|at| compared.interval(column, at)).map(|interval| interval.method.words())
    });
    text += &match method {
        Some(words) => format!("Intervals: {percent} %, {words}.\n"),
        None => "Intervals: none, from a single run too short for batches.\n".to_owned(),
    };
    text += &format!("Warm-up: {}, {}.\n", compared.warm_up, compared.warm_up_source);
    if !compared.steady {
        let whole = if compared.warm_up == Span::ZERO { "a run is measured whole, and " } else { "" };
        text += &format!("Arrivals follow a trace or a changing rate: {whole}nothing has to settle.\n");
    }
    if let (Some(precision), Some(reached)) = (compared.plan.until, compared.reached) {
        let words = if reached { "reached" } else { "NOT reached" };
        text += &format!("Precision {}: {words} after {} replications.\n", precision.words(), compared.replications());
    }
    if compared.replications() == 1
        && let Some(most) = compared.columns.iter().filter_map(|c| c.runs[0].correlation()).reduce(f64::max)
    {
        let words = if most > 0.3 { ": the batches are too short, and intervals too narrow" } else { "" };
        text += &format!("Neighbouring batches correlate by {most:.2} at most{words}.\n");
    }
    for column in &compared.columns {
        for (verdict, count) in column.verdicts() {
            let of = compared.replications();
            let label = &column.label;
            match verdict {
                Verdict::Saturated => {
                    text += &format!(
                        "{label}: {count} of {of} runs are saturated: responses grow to the end, so that every figure is one of the run's length.\n"
                    );
                }
                Verdict::TooShort => {
                    text += &format!("{label}: {count} of {of} runs are too short to show that they settled.\n");
                }
                Verdict::Sound | Verdict::Whole => {}
            }
        }
    }
    if compared.columns.len() > 1 && !compared.same_requests {
        text += "The strategies did not meet the same requests: clients that wait ask when they are answered.\n";
    }
    text
}

/// What every other strategy has more or less than one, pair by pair.
fn differences(compared: &Compared, base: &str) -> String {
    let Some(first) = compared.columns.iter().find(|column| column.label == base) else { return String::new() };
    let pairs = compared.replications();
    let mut text = String::new();
    for column in compared.columns.iter().filter(|column| column.label != base) {
        for at in told() {
            if let Some(difference) = compared.difference(first, column, at) {
                text +=
                    &sentence(&column.label, base, MEASURES[at].title.trim(), MEASURES[at].unit, &difference, pairs);
            }
        }
    }
    text
}

fn sentence(label: &str, base: &str, what: &str, unit: Unit, difference: &Interval, pairs: u64) -> String {
    let Interval { mean, low, high, method } = *difference;
    if low == high && mean == 0.0 {
        return format!("{label} has the same {what} as {base} in all {pairs} pairs\n");
    }
    if difference.covers(0.0) {
        let shown = unit.shown_interval(difference);
        return format!("{label} against {base}: no difference in {what} is seen, {shown}, {pairs} pairs\n");
    }
    let (verb, size) = if mean < 0.0 {
        ("cuts", Interval { mean: -mean, low: -high, high: -low, method })
    } else {
        ("raises", *difference)
    };
    format!("{label} {verb} {what} by {} against {base}, {pairs} pairs\n", unit.shown_interval(&size))
}

/// Exact values beside the simulated ones.
fn beside_theory(opened: &Opened, column: &Column, replicated: &Replicated, compared: &Compared) -> String {
    let Some(theory) = theory(opened, column) else { return String::new() };
    let mut text = format!("{} is {}:\n", column.label, theory.model);
    for (at, exact) in theory.figures {
        let measure = &MEASURES[at];
        let simulated = match (compared.interval(replicated, at), replicated.mean(at)) {
            (Some(interval), _) => {
                let word = if interval.covers(exact) { "holds it" } else { "does not hold it" };
                format!("simulated {}, which {word}", measure.unit.shown_interval(&interval))
            }
            (None, Some(mean)) => format!("simulated {}", measure.unit.shown(mean)),
            (None, None) => "not measured".to_owned(),
        };
        text += &format!("  {}: exactly {}, {simulated}\n", measure.title.trim(), measure.unit.shown(exact));
    }
    text
}

/// Whether a file can be written, found out by opening it. What is in it stays, and none is left that was not there.
fn writable(path: &std::path::Path) -> std::io::Result<()> {
    let was_there = path.exists();
    std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    if was_there { Ok(()) } else { std::fs::remove_file(path) }
}

/// A row for each run of each strategy.
fn write(path: &std::path::Path, compared: &Compared) -> std::io::Result<()> {
    let keys: Vec<&str> = MEASURES.iter().map(|measure| measure.key).collect();
    let mut lines = Lines::create(path, &format!("strategy,replication,verdict,{}", keys.join(",")))?;
    for column in &compared.columns {
        for (replication, run) in column.runs.iter().enumerate() {
            let mut line = lines.line();
            line.text(&column.label);
            line.whole(replication as u64);
            line.plain(run.verdict.word());
            for value in run.values {
                match value {
                    Some(value) => line.float(value),
                    None => line.maybe(None),
                }
            }
            lines.end()?;
        }
    }
    lines.flush()
}
