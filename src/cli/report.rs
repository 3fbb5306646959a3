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
    /// The strategy whose cost and machine time are one; libra when absent, or the first where there is no libra.
    #[arg(long, value_name = "STRATEGY")]
    base: Option<String>,
    /// Folder for the page, and the figures as SVG, PNG and CSV. A report that is there gives way.
    #[arg(long, default_value = "results/report", value_name = "FOLDER")]
    out: PathBuf,
    /// Print the tables and write nothing.
    #[arg(long)]
    tables: bool,
    /// No progress bar.
    #[arg(long, short)]
    quiet: bool,
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
        let bar = super::bar::Bar::of("runs read", self.quiet);
        let read = crate::report::Report::read(&self.folders, self.base.as_deref(), &|done, all| bar.update(done, all));
        drop(bar);
        let report = read?;
        let mut text = report.tables();
        if !self.tables {
            let bar = super::bar::Bar::of("figures", self.quiet);
            let page = report.write(&self.out, &|done, all| bar.update(done, all))?;
            text += &format!("\npage: {}\n", page.display());
        }
        Ok(text)
    }
}
