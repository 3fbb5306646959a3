//! `plan`: planning models and replays that work without a run.

use std::process::ExitCode;

use clap::{Args, Subcommand};

#[cfg(not(feature = "planning"))]
use super::left_out::PlanFralb;
#[cfg(not(feature = "yaml"))]
use super::left_out::PlanMalloovia;
use super::plan_economy::PlanEconomy;
#[cfg(feature = "planning")]
use super::plan_fralb::PlanFralb;
use super::plan_libra::PlanLibra;
#[cfg(feature = "yaml")]
use super::plan_malloovia::PlanMalloovia;

#[derive(Args)]
pub struct Plan {
    #[command(subcommand)]
    model: Model,
}

#[derive(Subcommand)]
enum Model {
    /// The economy of a service: replicas, price and banners by NSGA-II, and the exact front.
    Economy(PlanEconomy),
    /// Replica allocation and load balancing on the edge: LMM and FaaS-MACrO.
    Fralb(PlanFralb),
    /// LIBRA's per-second simulator, figure for figure.
    Libra(PlanLibra),
    /// Malloovia: reserved and on-demand machines, the plan slot by slot.
    Malloovia(PlanMalloovia),
}

impl Plan {
    pub fn run(&self) -> ExitCode {
        match &self.model {
            Model::Economy(economy) => economy.run(),
            Model::Fralb(fralb) => fralb.run(),
            Model::Libra(libra) => libra.run(),
            Model::Malloovia(malloovia) => malloovia.run(),
        }
    }
}
