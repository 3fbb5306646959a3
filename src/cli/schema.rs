//! `schema`: the JSON Schema of the files that are read.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::scenario::{raw, schema};

#[derive(Args)]
pub struct SchemaOf {
    /// Which file.
    #[arg(default_value = "scenario")]
    file: File,
}

#[derive(Clone, Copy, ValueEnum)]
enum File {
    Scenario,
    Prices,
}

impl SchemaOf {
    pub fn run(&self) -> ExitCode {
        super::print(&match self.file {
            File::Scenario => schema::print::<raw::Scenario>(),
            File::Prices => schema::print::<raw::PriceList>(),
        })
    }
}
