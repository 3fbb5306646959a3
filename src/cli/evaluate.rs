//! `evaluate`: the tables of LIBRA's evaluation from folders of results.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::report::evaluation::{EvaluationError, read, runs_below, tables};

/// Folders of results and what they are compared with.
#[derive(Args)]
pub struct Evaluate {
    /// Folders of runs, or folders above them, such as results/libra-wits.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// The strategy whose cost and machine time are one.
    #[arg(long, default_value = "libra", value_name = "STRATEGY")]
    base: String,
}

impl Evaluate {
    pub fn run(&self) -> ExitCode {
        match self.evaluated() {
            Ok(text) => super::print(&text),
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(super::REFUSED)
            }
        }
    }

    fn evaluated(&self) -> Result<String, EvaluationError> {
        let runs = runs_below(&self.folders)?;
        let runs: Vec<_> = runs.iter().map(|run| read(run)).collect::<Result<_, _>>()?;
        Ok(tables(&runs, &self.base))
    }
}
