//! Commands that this build leaves out: they say which feature brings them, instead of being unknown.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

/// Whatever follows the command; nobody reads it.
#[derive(Args)]
struct Unread {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _arguments: Vec<OsString>,
}

/// `plan fralb` in a build without planning.
#[cfg(not(feature = "planning"))]
#[derive(Args)]
pub struct PlanFralb {
    #[command(flatten)]
    _unread: Unread,
}

#[cfg(not(feature = "planning"))]
impl PlanFralb {
    pub fn run(&self) -> ExitCode {
        refuse("plan fralb: this build has no planning: build with `--features planning`")
    }
}

/// `plan malloovia` in a build that reads no problem files.
#[derive(Args)]
pub struct PlanMalloovia {
    #[command(flatten)]
    _unread: Unread,
}

impl PlanMalloovia {
    pub fn run(&self) -> ExitCode {
        refuse("plan malloovia: this build reads no problem files: build with `--features yaml`")
    }
}

fn refuse(why: &str) -> ExitCode {
    super::say(why);
    ExitCode::from(super::REFUSED)
}
