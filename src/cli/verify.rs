//! `verify`: a result is made again from its manifest, and every file compared.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::workers::Workers;
use crate::experiment::run::RunError;
use crate::experiment::verify::{VerifyError, verify};

#[derive(Args)]
pub struct Verify {
    /// manifest.json of a run, or points.manifest.json of a sweep.
    #[arg(required = true, value_name = "MANIFEST")]
    manifests: Vec<PathBuf>,
    /// The scenario, where it is neither here nor above the manifest.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    #[command(flatten)]
    workers: Workers,
}

impl Verify {
    pub fn run(&self) -> ExitCode {
        let mut text = String::new();
        for manifest in &self.manifests {
            match self.workers.run(|| verify(manifest, self.scenario.as_deref())) {
                Ok(Ok(verified)) => {
                    text += &format!("{}: made again, {} files are the same", manifest.display(), verified.files.len());
                    if !verified.by_hash.is_empty() {
                        text += &format!(" (by their hash, since they are gone: {})", verified.by_hash.join(", "));
                    }
                    text += "\n";
                }
                Ok(Err(error)) => {
                    // What was verified before is told all the same.
                    let _ = super::print(&text);
                    return complain(&manifest.display().to_string(), &error);
                }
                Err(code) => return code,
            }
        }
        super::print(&text)
    }
}

fn complain(manifest: &str, error: &VerifyError) -> ExitCode {
    match error {
        VerifyError::Complaints(complaints) => super::refuse(complaints),
        VerifyError::Sweep(error) => super::sweep::refuse(error),
        VerifyError::Refused { .. } => {
            super::say(&error.to_string());
            ExitCode::from(super::REFUSED)
        }
        VerifyError::Differs { .. } => {
            super::say(&format!("{manifest}: {error}"));
            ExitCode::FAILURE
        }
        VerifyError::Run(run) => {
            super::say(&error.to_string());
            ExitCode::from(if matches!(run, RunError::BrokenLaw(_)) { 3 } else { 1 })
        }
    }
}
