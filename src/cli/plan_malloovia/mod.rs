//! `plan malloovia check|solve|describe`: the planner on files.
//!
//! Options and outputs are those of the original's command line; what it printed wrongly or not at all is put right: exit
//! codes tell the truth (0 done, 1 could not be written, 2 usage, 3 invalid file, 4 infeasible, 5 a limit before any plan),
//! an id that is not in the file is an error, and a failed Phase I is written before the command gives up.

mod describe;
mod solve;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use comfy_table::presets;

use crate::planner::malloovia::file::{Scope, read};
use crate::planner::malloovia::{BestEffort, tables::Table};

/// Plan reserved and on-demand machines with Malloovia.
#[derive(Debug, Args)]
pub struct PlanMalloovia {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check problem or solution files against the language and the sense of what they say.
    #[command(alias = "validate")]
    Check(Check),
    /// Plan: Phase I (what to reserve), and Phase II (what to run in each slot) if asked for.
    Solve(Box<Solve>),
    /// Say what a file holds and how large its programmes are.
    Describe(Describe),
}

#[derive(Debug, Args)]
pub struct Check {
    /// Files in YAML (.yaml or .yaml.gz).
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Do not demand all six lists.
    #[arg(long)]
    pub partial: bool,
    /// Demand the six lists and nothing else.
    #[arg(long, conflicts_with = "partial")]
    pub problems_only: bool,
    /// Print every fault, not only the first of each file.
    #[arg(short, long)]
    pub verbose: bool,
}

#[derive(Debug, Args)]
pub struct Describe {
    /// A file in YAML (.yaml or .yaml.gz).
    pub file: PathBuf,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum BestEffortChoice {
    /// Serve as much as possible, then at the least cost.
    #[default]
    Served,
    /// The original's formulation.
    Legacy,
}

impl From<BestEffortChoice> for BestEffort {
    fn from(choice: BestEffortChoice) -> Self {
        match choice {
            BestEffortChoice::Served => Self::Served,
            BestEffortChoice::Legacy => Self::Legacy,
        }
    }
}

#[derive(Debug, Args)]
pub struct Solve {
    /// Problem file in YAML (.yaml or .yaml.gz).
    pub file: PathBuf,
    /// Id of the problem for Phase I.
    #[arg(short = '1', long, value_name = "ID")]
    pub phase_i_id: String,
    /// Id of the problem whose series Phase II plans, as if each slot's load were known.
    #[arg(short = '2', long, value_name = "ID")]
    pub phase_ii_id: Option<String>,
    /// Solution file; by default the name of the problem file with `-sol` before the extension. Never compressed.
    #[arg(short, long, value_name = "FILE")]
    pub output_file: Option<PathBuf>,
    /// Gap of Phase I, as a fraction.
    #[arg(long, value_name = "F")]
    pub frac_gap_phase_i: Option<f64>,
    /// Gap of each slot of Phase II.
    #[arg(long, value_name = "F")]
    pub frac_gap_phase_ii: Option<f64>,
    /// Gap of both phases, where they have none of their own.
    #[arg(long, value_name = "F")]
    pub frac_gap: Option<f64>,
    /// Wall-clock seconds for Phase I, and for each slot of Phase II. The plan then depends on the machine.
    #[arg(long, value_name = "S")]
    pub max_seconds: Option<f64>,
    /// Branch-and-bound nodes for Phase I, and for each slot of Phase II: a limit that is the same on every machine.
    #[arg(long, value_name = "N")]
    pub max_nodes: Option<u64>,
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: u32,
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u32,
    /// Round loads up to this multiple of what capacities can reach; 1 loses nothing, 0 leaves the series.
    #[arg(long, value_name = "K", default_value_t = 1)]
    pub quantise: u32,
    /// Plan every zone by itself.
    #[arg(long)]
    pub no_merge_zones: bool,
    /// Let reserved machines change application from level to level in Phase I already.
    #[arg(long)]
    pub share_reserved: bool,
    /// Drop integrality in Phase I.
    #[arg(long, conflicts_with = "phase_ii_id")]
    pub relaxed: bool,
    /// What Phase II does with a load that cannot be served.
    #[arg(long, value_enum, default_value_t)]
    pub best_effort: BestEffortChoice,
    /// Leave the programme of Phase I in LP format.
    #[arg(long, value_name = "FILE")]
    pub write_lp: Option<PathBuf>,
    /// Write every table as CSV into this folder.
    #[arg(long, value_name = "FOLDER")]
    pub tables: Option<PathBuf>,
    /// Do not plan the series a second time without reservations to tell what they save.
    #[arg(long)]
    pub no_saving: bool,
    /// Write the seconds that solving took into the solution file, which then differs from run to run.
    #[arg(long)]
    pub times: bool,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Usage,
    InvalidFile,
    Infeasible,
    /// A limit was reached before any plan was found, or the solver failed.
    NoPlan,
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::InvalidFile => 3,
            Self::Infeasible => 4,
            Self::NoPlan => 5,
        }
    }
}

impl PlanMalloovia {
    pub fn run(&self) -> ExitCode {
        match run(self, &mut io::stdout().lock(), &mut io::stderr().lock()) {
            Ok(exit) => ExitCode::from(exit.code()),
            Err(error) => super::output_failed(&error),
        }
    }
}

/// Runs a command: results to `out`, what went wrong to `err`. An error is one of writing.
pub fn run(args: &PlanMalloovia, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    match &args.command {
        Command::Check(args) => check(args, out, err),
        Command::Solve(args) => solve::solve(args, out, err),
        Command::Describe(args) => describe::describe(args, out, err),
    }
}

fn check(args: &Check, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    let scope = match (args.partial, args.problems_only) {
        (true, _) => Scope::Partial,
        (_, true) => Scope::ProblemsOnly,
        _ => Scope::Full,
    };
    let mut exit = Exit::Done;
    for file in &args.files {
        let name = file.display();
        match read(file, scope) {
            Ok(_) => writeln!(out, "{name} is correct")?,
            Err(complaints) => {
                exit = Exit::InvalidFile;
                let shown = if args.verbose { complaints.0.len() } else { 1 };
                writeln!(out, "{name} does not validate ({} faults)", complaints.0.len())?;
                for complaint in &complaints.0[..shown] {
                    writeln!(err, "{complaint}")?;
                }
            }
        }
    }
    Ok(exit)
}

/// A table in the terminal.
fn print(out: &mut dyn Write, title: &str, table: &Table) -> io::Result<()> {
    let mut shown = comfy_table::Table::new();
    shown.load_style(presets::UTF8_HORIZONTAL_ONLY);
    shown.set_header(table.columns.iter().map(|column| column.replace('_', " ")));
    for row in &table.rows {
        shown.add_row(row);
    }
    writeln!(out, "\n{title}\n{shown}")
}

/// A table as a CSV file of its name.
fn write_csv(folder: &Path, table: &Table) -> io::Result<()> {
    let mut writer = csv::Writer::from_path(folder.join(format!("{}.csv", table.name)))?;
    writer.write_record(&table.columns)?;
    for row in &table.rows {
        writer.write_record(row)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests;
