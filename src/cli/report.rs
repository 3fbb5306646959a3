//! `report`: tables, figures and a page from folders of results.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

/// Folders of results, what they are compared with, and where the report goes.
#[derive(Args)]
pub struct Report {
    /// Folders of runs, or folders above them, such as results/libra-wits.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// The strategy whose cost and machine time are one.
    #[arg(long, default_value = "libra", value_name = "STRATEGY")]
    base: String,
    /// Folder for the page, and the figures as SVG, PNG and CSV.
    #[arg(long, default_value = "results/report", value_name = "FOLDER")]
    out: PathBuf,
    /// Print the tables and write nothing.
    #[arg(long)]
    tables: bool,
}

impl Report {
    #[cfg(not(feature = "report"))]
    pub fn run(&self) -> ExitCode {
        super::say("report: this build has no polars; build with --features report");
        ExitCode::from(super::REFUSED)
    }

    #[cfg(feature = "report")]
    pub fn run(&self) -> ExitCode {
        match self.reported() {
            Ok(text) => super::print(&text),
            Err(error) => {
                super::say(&error.to_string());
                ExitCode::from(super::REFUSED)
            }
        }
    }

    #[cfg(feature = "report")]
    fn reported(&self) -> Result<String, crate::report::folders::ReportError> {
        let report = crate::report::Report::read(&self.folders, &self.base)?;
        let mut text = report.tables();
        if !self.tables {
            let page = report.write(&self.out)?;
            text += &format!("\npage: {}\n", page.display());
        }
        Ok(text)
    }
}
