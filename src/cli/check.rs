//! `check`: is this scenario sound, with every file it names?

use std::process::ExitCode;

use clap::Args;

use super::ScenarioArgs;

#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    scenario: ScenarioArgs,
}

impl Check {
    pub fn run(&self) -> ExitCode {
        let opened = match self.scenario.open() {
            Ok(opened) => opened,
            Err(code) => return code,
        };
        let setup = &opened.setup;
        let strategies: Vec<&str> = opened.columns.iter().map(|column| column.label.as_str()).collect();
        super::print(&format!(
            "{}: sound; {} functions, {} sources, {} pools at {} nodes, strategies {}\n",
            self.scenario.scenario.display(),
            setup.functions.len(),
            setup.sources.len(),
            setup.pools.len(),
            setup.nodes.len(),
            strategies.join(", "),
        ))
    }
}
