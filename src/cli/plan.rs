//! `plan`: planning models and replays that work without a run.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::plan_fralb::PlanFralb;
use super::plan_libra::PlanLibra;

#[derive(Args)]
pub struct Plan {
    #[command(subcommand)]
    model: Model,
}

#[derive(Subcommand)]
enum Model {
    /// Replica allocation and load balancing on the edge: LMM and FaaS-MACrO.
    Fralb(PlanFralb),
    /// LIBRA's per-second simulator, figure for figure.
    Libra(PlanLibra),
}

impl Plan {
    pub fn run(&self) -> ExitCode {
        match &self.model {
            Model::Fralb(fralb) => fralb.run(),
            Model::Libra(libra) => libra.run(),
        }
    }
}
