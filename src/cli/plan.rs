//! `plan`: planning models and replays that work without a run.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::plan_economy::PlanEconomy;
use super::plan_fralb::PlanFralb;
use super::plan_libra::PlanLibra;
#[cfg(feature = "yaml")]
use super::plan_malloovia::{self, PlanMalloovia};

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
    #[cfg(feature = "yaml")]
    Malloovia(PlanMalloovia),
}

impl Plan {
    pub fn run(&self) -> ExitCode {
        match &self.model {
            Model::Economy(economy) => economy.run(),
            Model::Fralb(fralb) => fralb.run(),
            Model::Libra(libra) => libra.run(),
            #[cfg(feature = "yaml")]
            Model::Malloovia(malloovia) => {
                match plan_malloovia::run(malloovia, &mut std::io::stdout().lock(), &mut std::io::stderr().lock()) {
                    Ok(exit) => ExitCode::from(exit.code()),
                    Err(error) => super::output_failed(&error),
                }
            }
        }
    }
}
