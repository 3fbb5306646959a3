//! `check`: is this scenario sound, with every file it names?

use std::process::ExitCode;

use clap::Args;

use super::{ScenarioArgs, counted};

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
        opened.remarks.iter().for_each(|remark| super::say(remark));
        super::print(&format!(
            "{}: sound; {}, {}, {} at {}; strategies: {}\n",
            self.scenario.scenario.display(),
            counted(setup.functions.len(), "function"),
            counted(setup.sources.len(), "source"),
            counted(setup.pools.len(), "pool"),
            counted(setup.nodes.len(), "node"),
            strategies.join(", "),
        ))
    }
}
