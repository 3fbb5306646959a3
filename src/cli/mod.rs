//! Floor 8: the commands, one file each.
//!
//! Exit codes: 0 done; 1 a run stopped or could not be written; 2 the input was refused; 3 a law of the simulator is broken.

mod bar;
mod calls;
mod check;
mod compare;
mod completions;
#[cfg(feature = "plots")]
mod drawn;
mod explain;
mod explain_request;
mod inspect;
#[cfg(not(feature = "yaml"))]
mod left_out;
mod list;
mod picture;
mod plan;
mod plan_economy;
#[cfg(feature = "planning")]
mod plan_fralb;
mod plan_libra;
#[cfg(feature = "yaml")]
mod plan_malloovia;
mod recipe;
mod report;
mod run;
mod schema;
mod sweep;
mod table;
mod trace;
mod trace_input;
mod trace_output;
mod trace_timetable;
mod verify;
mod watch;
mod workers;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::experiment::opened::{Column, Opened, open};
use crate::scenario::complaint::Complaints;

/// The input was refused.
const REFUSED: u8 = 2;

/// A deterministic discrete-event simulator of cloud, FaaS and edge capacity.
#[derive(Parser)]
#[command(name = "stratosim", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario under its strategies; writes a folder for each and prints one table.
    Run(run::Run),
    /// Replicate a scenario under its strategies: figures with intervals, differences pair by pair.
    Compare(Box<compare::Compare>),
    /// Run the points of a scenario's [sweep]; goes on where it was when it was stopped.
    Sweep(sweep::Sweep),
    /// Make the table of a sweep from its shards, or say what is missing.
    Collect(sweep::Collect),
    /// Make a result again from its manifest and compare every file.
    Verify(verify::Verify),
    /// Print a script that runs a sweep on Slurm or Dask.
    Recipe(recipe::Recipe),
    /// Tell the story of one request: its phases, who was ahead, what scaled meanwhile.
    ExplainRequest(explain_request::ExplainRequest),
    /// Read a scenario and everything it names, and say what is wrong with it.
    Check(check::Check),
    /// Show every value in force and where it came from.
    Explain(explain::Explain),
    /// Run a scenario up to an instant and show what an entity looks like there.
    Inspect(inspect::Inspect),
    /// List the strategies with their source and parameters.
    List(list::List),
    /// Print the JSON Schema of scenario files, for editors.
    Schema(schema::SchemaOf),
    /// Planning models and replays that work without a run.
    Plan(plan::Plan),
    /// Tables, figures and a page over finished runs: cost, violations, machine time, responses, load, fleet.
    Report(report::Report),
    /// Traces of any format: import, describe, fit, synth, scale, cut, merge.
    Trace(Box<trace::TraceCommand>),
    /// Print completions for a shell.
    Completions(completions::Completions),
}

/// A scenario and what is overridden in it.
#[derive(Args)]
struct ScenarioArgs {
    /// Scenario file (TOML).
    scenario: PathBuf,
    /// Override a key, as in `--set pools.web.boot=90s`; may be repeated, the last one wins.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ScenarioArgs {
    /// Opens the scenario, or prints what is wrong and gives the exit code.
    fn open(&self) -> Result<Opened, ExitCode> {
        open(&self.scenario, &self.set).map_err(|complaints| refuse(&complaints))
    }
}

/// The column that an option names. Where the scenario has none of this name, prints those it has and gives the exit code.
fn column<'o>(opened: &'o Opened, option: &str, name: &str) -> Result<&'o Column, ExitCode> {
    opened.column(name).ok_or_else(|| {
        let known: Vec<&str> = opened.columns.iter().map(|column| column.label.as_str()).collect();
        say(&format!("{option} {name}: the scenario has {}", known.join(", ")));
        ExitCode::from(REFUSED)
    })
}

/// The column that `--strategy` names; the first where it is left out.
fn column_or_first<'o>(opened: &'o Opened, name: Option<&str>) -> Result<&'o Column, ExitCode> {
    name.map_or_else(|| Ok(&opened.columns[0]), |name| column(opened, "--strategy", name))
}

/// Prints complaints: with pictures on a terminal, one a line elsewhere.
fn refuse(complaints: &Complaints) -> ExitCode {
    let mut text =
        if std::io::stderr().is_terminal() { complaints.render(true, 110) } else { format!("{complaints}\n") };
    text += &counted(complaints.count(), "complaint");
    say(&text);
    ExitCode::from(REFUSED)
}

/// A whole number from 0, as an option's value.
fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "want a whole number from 0".to_owned())
}

/// A number with its noun.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Prints a line to standard error. Where nobody reads it there is nobody to tell, and the exit code says the rest.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints to standard output; a reader that has gone away (`| head`) is no error.
fn print(text: &str) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output_failed(&error),
    }
}

/// The exit code when output could not be written.
fn output_failed(error: &std::io::Error) -> ExitCode {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return ExitCode::SUCCESS;
    }
    say(&format!("output: {error}"));
    ExitCode::FAILURE
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(run) => run.run(),
        Command::Compare(compare) => compare.run(),
        Command::Sweep(sweep) => sweep.run(),
        Command::Collect(collect) => collect.run(),
        Command::Verify(verify) => verify.run(),
        Command::Recipe(recipe) => recipe.run(),
        Command::ExplainRequest(explain) => explain.run(),
        Command::Check(check) => check.run(),
        Command::Explain(explain) => explain.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::List(list) => list.run(),
        Command::Schema(schema) => schema.run(),
        Command::Plan(plan) => plan.run(),
        Command::Report(report) => report.run(),
        Command::Trace(trace) => trace.run(),
        Command::Completions(completions) => completions.run(),
    }
}
