//! Worker threads of commands that make many runs. Their number changes how long a command takes and nothing else.

use std::process::ExitCode;

use clap::Args;

#[derive(Args)]
pub struct Workers {
    /// Worker threads; as many as there are processors when absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
}

impl Workers {
    /// Does something with these threads, or says why they could not be started.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> Result<R, ExitCode> {
        let mut builder = rayon::ThreadPoolBuilder::new();
        if let Some(workers) = self.workers {
            builder = builder.num_threads(usize::from(workers));
        }
        match builder.build() {
            Ok(pool) => Ok(pool.install(work)),
            Err(error) => {
                super::say(&format!("--workers: {error}"));
                Err(ExitCode::FAILURE)
            }
        }
    }
}
