//! A progress bar over many runs, or the figures of a report, with the time that is left; shown on a terminal only, and part of no result.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Counts what is done.
pub struct Bar(ProgressBar);

impl Bar {
    /// Counts runs.
    pub fn new(quiet: bool) -> Bar {
        Bar::of("runs", quiet)
    }

    /// Counts things of a name.
    pub fn of(what: &str, quiet: bool) -> Bar {
        if quiet || !std::io::stderr().is_terminal() {
            return Bar(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template(&format!("{{wide_bar}} {{pos}}/{{len}} {what}, {{eta}} left"));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar(bar)
    }

    /// `done` of `all` runs are there.
    pub fn update(&self, done: u64, all: u64) {
        self.0.set_length(all);
        // Threads report out of order; the bar does not run backwards.
        self.0.set_position(done.max(self.0.position()));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
