//! The arguments of `plan fralb`; the published programs' spellings are accepted as aliases.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Plan replicas and load balancing on the edge (LMM, FaaS-MACrO).
#[derive(Debug, Args)]
pub struct PlanFralb {
    #[command(subcommand)]
    pub command: FralbCommand,
}

#[derive(Debug, Subcommand)]
pub enum FralbCommand {
    /// The centralized optimum, period by period.
    Lmm(LmmArgs),
    /// The decentralized bargain, period by period.
    Macro(MacroArgs),
    /// A study of both methods over the values of a key and several seeds; resumes what was interrupted.
    Run(StudyArgs),
    /// Tables of finished studies side by side.
    Compare(CompareArgs),
    /// What the bargain had reached after so many seconds.
    WhatIf(WhatIfArgs),
    /// Draw instances and loads without solving them.
    Generate(GenerateArgs),
    /// Check a configuration, an instance, or every plan in a run's folder.
    Check(CheckArgs),
}

/// What to solve.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Configuration (JSON).
    #[arg(short, long, required_unless_present = "instance", conflicts_with = "instance")]
    pub config: Option<PathBuf>,
    /// A single instance (fralb-instance/1) instead; prints its plan.
    #[arg(long)]
    pub instance: Option<PathBuf>,
    /// Relative gap at which an optimum counts as proved (instances only).
    #[arg(long, default_value_t = 1e-5)]
    pub gap: f64,
    /// Seconds for the search (instances only); the result is then not reproducible.
    #[arg(long)]
    pub time_limit: Option<f64>,
    /// Whole requests per second on every flow (instances only).
    #[arg(long)]
    pub integer_flows: bool,
    /// Folder for the results; by default a name from the configuration's hash under `base_solution_folder`.
    #[arg(long)]
    pub out: Option<PathBuf>,
    #[arg(long, alias = "disable_plotting")]
    pub disable_plotting: bool,
}

#[derive(Debug, Args)]
pub struct LmmArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Leave the programme in LP format; with a configuration, that of its first period.
    #[arg(long, value_name = "FILE")]
    pub write_lp: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct MacroArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Threads for the local problems: -1 for all cores, 0 for none. The result does not depend on it.
    #[arg(short = 'j', long, default_value_t = -1, allow_hyphen_values = true)]
    pub parallelism: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodName {
    Centralized,
    FaasMacro,
    /// The main branch's name for the release's method.
    FaasMacroV0,
    GenerateOnly,
}

#[derive(Debug, Args)]
pub struct StudyArgs {
    /// Configuration (JSON).
    #[arg(short, long, default_value = "config.json")]
    pub config: PathBuf,
    /// Seeds.
    #[arg(long, alias = "n_experiments", default_value_t = 3)]
    pub n_experiments: usize,
    #[arg(long, alias = "run_centralized_only", conflicts_with = "run_faasmacro_only")]
    pub run_centralized_only: bool,
    #[arg(long, alias = "run_faasmacro_only")]
    pub run_faasmacro_only: bool,
    #[arg(long, alias = "generate_only")]
    pub generate_only: bool,
    /// Which methods, in the later spelling.
    #[arg(long, value_enum, num_args = 1..)]
    pub methods: Vec<MethodName>,
    #[arg(long, alias = "postprocessing_only")]
    pub postprocessing_only: bool,
    /// With --postprocessing-only: every folder below `base_solution_folder`.
    #[arg(long, alias = "postprocessing_list", requires = "postprocessing_only")]
    pub postprocessing_list: bool,
    /// Impose the replicas that the centralized local part needs.
    #[arg(long, alias = "fix_r")]
    pub fix_r: bool,
    #[arg(short = 'j', long, default_value_t = -1, allow_hyphen_values = true)]
    pub parallelism: i64,
    #[arg(long, alias = "enable_plotting")]
    pub enable_plotting: bool,
    /// Key of the limits whose values are gone through.
    #[arg(long, alias = "loop_over", default_value = "Nn")]
    pub loop_over: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareMode {
    #[value(name = "compare-results", alias = "compare_results")]
    Results,
    #[value(name = "compare-across-folders", alias = "compare_across_folders")]
    AcrossFolders,
    #[value(name = "compare-single-model", alias = "compare_single_model")]
    SingleModel,
}

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Post-processing folders; a single one without tables stands for its subfolders.
    #[arg(short, long, required = true, num_args = 1..)]
    pub input: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "compare-results")]
    pub run: CompareMode,
    #[arg(short, long)]
    pub out: PathBuf,
    #[arg(long, alias = "loop_over", default_value = "Nn")]
    pub loop_over: String,
    /// What the key is called in pictures.
    #[arg(long, alias = "loop_over_label")]
    pub loop_over_label: Option<String>,
    /// Whose figures are drawn; deviations are drawn with both.
    #[arg(long, num_args = 1.., value_parser = ["LoadManagementModel", "FaaS-MACrO"])]
    pub models: Vec<String>,
    #[arg(long, alias = "filter_by")]
    pub filter_by: Option<String>,
    #[arg(long, alias = "keep_only")]
    pub keep_only: Option<f64>,
    #[arg(long, alias = "drop_value")]
    pub drop_value: Option<f64>,
    /// Keys to read from the folders' names, such as Nf for `study-Nf10`.
    #[arg(long, alias = "folder_parse_format", num_args = 1..)]
    pub folder_keys: Vec<String>,
    #[arg(long, alias = "single_model_baseline")]
    pub single_model_baseline: Option<f64>,
}

#[derive(Debug, Args)]
pub struct WhatIfArgs {
    /// Base folder of a study.
    #[arg(short = 'f', long)]
    pub base: PathBuf,
    /// Seconds, ascending.
    #[arg(short, long, num_args = 1.., default_values_t = [0.0, 10.0, 30.0, 60.0, 120.0])]
    pub milestones: Vec<f64>,
    #[arg(short, long, alias = "loop_over", default_value = "Nn")]
    pub loop_over: String,
}

#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Configuration (JSON).
    #[arg(short, long)]
    pub config: PathBuf,
    #[arg(short, long)]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A configuration, an instance, or a run's folder.
    pub path: PathBuf,
    /// By how much a plan may miss a rule, relative.
    #[arg(long, default_value_t = 1e-6)]
    pub tolerance: f64,
}
