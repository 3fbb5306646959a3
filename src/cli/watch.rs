//! What a person sees while a run goes: a progress bar on a terminal, decisions or events when asked. Nothing of it
//! reaches a result.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant as Clock};

use indicatif::{ProgressBar, ProgressStyle};

use crate::engine::time::{Instant, Span};
use crate::experiment::opened::Opened;
use crate::experiment::run::RunError;
use crate::model::event::Event;
use crate::model::world::Departure;
use crate::run::sink::{DecisionRow, NoteRow, Sink, Wants};

/// Runs shorter than this show no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// Watches runs, one after another.
pub struct Watch {
    bar_wanted: bool,
    level: u8,
    out: Option<Box<dyn Write>>,
    pools: Vec<String>,
    label: String,
    horizon: Option<Span>,
    began: Clock,
    bar: Option<ProgressBar>,
}

impl Watch {
    /// `level`: 0 nothing, 1 decisions, 2 every event; to `log` or to standard error.
    ///
    /// # Errors
    /// A log file that cannot be written.
    pub fn open(quiet: bool, level: u8, log: Option<&Path>, opened: &Opened) -> Result<Watch, RunError> {
        let level = if log.is_some() { level.max(1) } else { level };
        let out: Option<Box<dyn Write>> = match log {
            Some(path) => {
                let file = File::create(path).map_err(|error| RunError::Io { path: path.to_owned(), error })?;
                Some(Box::new(BufWriter::new(file)))
            }
            None if level > 0 => Some(Box::new(BufWriter::new(io::stderr()))),
            None => None,
        };
        Ok(Watch {
            bar_wanted: !quiet && io::stderr().is_terminal() && (level == 0 || log.is_some()),
            level,
            out,
            pools: opened.setup.pools.iter().map(|pool| pool.name.clone()).collect(),
            label: String::new(),
            horizon: None,
            began: Clock::now(),
            bar: None,
        })
    }

    /// A run begins.
    pub fn begin(&mut self, label: &str, horizon: Option<Span>) {
        label.clone_into(&mut self.label);
        self.horizon = horizon;
        self.began = Clock::now();
    }

    /// It is over.
    ///
    /// # Errors
    /// A log that could not be written to its end.
    pub fn end(&mut self) -> io::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        match self.out.as_mut().map_or(Ok(()), |out| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }

    fn say(&mut self, at: Instant, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        match writeln!(out, "{at} {} {text}", self.label) {
            // A reader that has gone away (`2>&1 | head`) has seen enough; the run goes on.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.out = None;
                Ok(())
            }
            said => said,
        }
    }
}

impl Sink for Watch {
    fn wants(&self) -> Wants {
        let logs = self.level > 0;
        Wants { decisions: logs, departures: logs, events: self.level > 1, ..Wants::default() }
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        let refusal = if row.refusal.is_empty() { String::new() } else { format!(" (refused: {})", row.refusal) };
        let DecisionRow { by, action, target, from, to, reason, .. } = row;
        self.say(row.at, format_args!("{by}: {action} {target} {from} -> {to}: {reason}{refusal}"))
    }

    fn note(&mut self, row: &NoteRow) -> io::Result<()> {
        self.say(row.at, format_args!("note {} {} = {}", row.scope, row.name, row.value))
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        let pool = self.pools[row.pool.index()].clone();
        self.say(row.gone, format_args!("{pool} #{} is gone, launched at {}", row.number, row.launched))
    }

    fn event(&mut self, at: Instant, what: &Event) -> io::Result<()> {
        self.say(at, format_args!("{what:?}"))
    }

    fn progress(&mut self, at: Instant, events: u64) {
        if !self.bar_wanted || self.began.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| match self.horizon {
            Some(horizon) => {
                let bar = ProgressBar::new(horizon.as_nanos() / 1_000_000);
                let style = ProgressStyle::with_template("{prefix} {wide_bar} {percent} % {msg} {eta}");
                bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                bar
            }
            None => ProgressBar::new_spinner(),
        });
        let rate = events as f64 / self.began.elapsed().as_secs_f64() / 1e6;
        bar.set_prefix(self.label.clone());
        bar.set_position(at.as_nanos() / 1_000_000);
        bar.set_message(format!("{:.0} s simulated, {rate:.1} M events/s", at.as_secs_f64()));
    }
}
