//! `explain-request`: the story of one request of a run.

use std::process::ExitCode;

use clap::Args;

use super::ScenarioArgs;
use crate::experiment::run::RunError;
use crate::experiment::story::story;

#[derive(Args)]
pub struct ExplainRequest {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Number of the request, as in requests.csv.
    request: u64,
    /// Under this strategy of the scenario; its first one when absent.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// In this replication.
    #[arg(long, default_value_t = 0, value_parser = super::count, allow_negative_numbers = true)]
    replication: u64,
}

impl ExplainRequest {
    pub fn run(&self) -> ExitCode {
        let opened = match self.scenario.open() {
            Ok(opened) => opened,
            Err(code) => return code,
        };
        let column = match super::column_or_first(&opened, self.strategy.as_deref()) {
            Ok(column) => column,
            Err(code) => return code,
        };
        match story(&opened, column, self.replication, self.request) {
            Ok(Some(text)) => super::print(&text),
            Ok(None) => {
                super::say(&format!("request {}: the run has no request of this number", self.request));
                ExitCode::from(super::REFUSED)
            }
            Err(error) => {
                super::say(&error.to_string());
                ExitCode::from(if matches!(error, RunError::BrokenLaw(_)) { 3 } else { 1 })
            }
        }
    }
}
