//! `completions`: for the shell at hand.

use std::process::ExitCode;

use clap::{Args, CommandFactory};

#[derive(Args)]
pub struct Completions {
    shell: clap_complete::Shell,
}

impl Completions {
    pub fn run(&self) -> ExitCode {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "stratosim", &mut text);
        super::print(&String::from_utf8_lossy(&text))
    }
}
