//! Writes the shipped trace: `cargo run --example make_trace > traces/bursty-day.csv`.
//!
//! The bytes depend on nothing but `workload::synth`; a test there compares them with the file.

use std::io::{self, BufWriter, Write};

use stratosim::workload::synth;

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    synth::write_shipped(&mut out)?;
    out.flush()
}
