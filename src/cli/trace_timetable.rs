//! `trace timetable`: calls at random instants as lines `time function endpoint size`, which sources of format `timetable` replay.

use std::io::ErrorKind;
use std::path::PathBuf;

use clap::Args;

use super::trace_input::time_span;
use super::trace_output::{Failure, to_file};
use crate::engine::random::Streams;
use crate::engine::time::Span;
use crate::workload::trace::timetable::Generator;

#[derive(Args)]
pub(super) struct MakeTimetable {
    /// The function called.
    #[arg(long)]
    function: String,
    /// The node where calls enter.
    #[arg(long)]
    endpoint: String,
    /// Clients, each with a Poisson process of its own.
    #[arg(long, default_value_t = 5)]
    clients: u32,
    /// Calls per second of each client.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Length of the timetable.
    #[arg(long, value_parser = time_span, default_value = "10s")]
    duration: Span,
    /// Added to every time.
    #[arg(long, value_parser = time_span, default_value = "0s")]
    start: Span,
    /// Least size of an input, in bytes.
    #[arg(long, default_value_t = 100)]
    size_min: u64,
    /// Largest size of an input, in bytes.
    #[arg(long, default_value_t = 500)]
    size_max: u64,
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write times with six significant digits, as the original does.
    #[arg(long)]
    faithful: bool,
    /// File to write; standard output when absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl MakeTimetable {
    pub fn run(&self) -> Result<(), String> {
        let generator = Generator {
            clients: self.clients,
            rate_per_s: self.rate,
            duration: self.duration,
            start: self.start,
            sizes: (self.size_min, self.size_max),
            faithful: self.faithful,
            ..Generator::new(&self.function, &self.endpoint)
        };
        to_file(self.out.as_deref(), |out| {
            let written = generator.write(&Streams::new(self.seed, 0), out);
            written.map(drop).map_err(|error| match error.kind() {
                ErrorKind::InvalidInput => Failure::Source(error.to_string()),
                _ => Failure::Output(error),
            })
        })
    }
}
