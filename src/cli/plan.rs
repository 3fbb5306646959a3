//! `plan`: planning models and replays that work without a run.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::plan_libra::PlanLibra;

#[derive(Args)]
pub struct Plan {
    #[command(subcommand)]
    model: Model,
}

#[derive(Subcommand)]
enum Model {
    /// LIBRA's per-second simulator, figure for figure.
    Libra(PlanLibra),
}

impl Plan {
    pub fn run(&self) -> ExitCode {
        match &self.model {
            Model::Libra(libra) => libra.run(),
        }
    }
}
