//! `inspect`: a scenario runs up to an instant, and what an entity looks like there is printed. Nothing is written.

use std::io;
use std::process::ExitCode;

use clap::Args;

use super::ScenarioArgs;
use crate::engine::time::Instant;
use crate::model::event::Event;
use crate::run::drive::drive;
use crate::run::sink::{Sink, Wants};
use crate::scenario::setup::ProbeSetup;
use crate::scenario::units::{Quantity, TimeSpan, nearest};

#[derive(Args)]
pub struct Inspect {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Instant of simulated time, such as 12s; what happens at it has happened.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: String,
    /// A broker (by its node), a pool, a group, an alarm or a function; repeatable.
    #[arg(long = "entity", value_name = "NAME", required = true)]
    entities: Vec<String>,
    /// The strategy of the scenario; the first when absent.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// In this replication.
    #[arg(long, default_value_t = 0, value_parser = super::count, allow_negative_numbers = true)]
    replication: u64,
}

/// Collects what probes say, and when the last thing happened.
#[derive(Default)]
struct Shown {
    text: String,
    last: Instant,
}

impl Sink for Shown {
    fn wants(&self) -> Wants {
        Wants { events: true, ..Wants::default() }
    }

    fn event(&mut self, at: Instant, _what: &Event) -> io::Result<()> {
        self.last = at;
        Ok(())
    }

    fn probe(&mut self, _at: Instant, _entity: &str, text: &str) -> io::Result<()> {
        self.text += text;
        Ok(())
    }
}

impl Inspect {
    pub fn run(&self) -> ExitCode {
        let opened = match self.scenario.open() {
            Ok(opened) => opened,
            Err(code) => return code,
        };
        let at = match TimeSpan::parse(&self.at) {
            Ok(at) => Instant::ZERO + at.0,
            Err(flaw) => {
                super::say(&format!("--at {}: {flaw}", self.at));
                return ExitCode::from(super::REFUSED);
            }
        };
        let column = match super::column_or_first(&opened, self.strategy.as_deref()) {
            Ok(column) => column,
            Err(code) => return code,
        };
        let mut setup = opened.setup_for(column, self.replication);
        let known: Vec<&str> = setup.entities().collect();
        let unknown: Vec<&String> = self.entities.iter().filter(|name| !known.contains(&name.as_str())).collect();
        for entity in &unknown {
            let near = nearest(entity, known.iter().copied());
            let hint = near.map_or(String::new(), |near| format!(" (did you mean \"{near}\"?)"));
            super::say(&format!("--entity {entity}: no node, pool, group, alarm or function of this scenario{hint}"));
        }
        if !unknown.is_empty() {
            return ExitCode::from(super::REFUSED);
        }
        setup.probes = self.entities.iter().map(|entity| ProbeSetup { at, entity: entity.clone() }).collect();
        setup.ends_with_probes = true;
        let mut strategy = opened.build_for(column, &setup).strategy;
        let mut shown = Shown::default();
        match drive(&setup, &column.label, &mut *strategy, &mut shown) {
            Ok(_) => {
                let horizon = setup.horizon.map_or(Instant::ZERO, |horizon| Instant::ZERO + horizon);
                let end = shown.last.max(horizon);
                if at > end {
                    let end = end.as_secs_f64();
                    super::say(&format!("--at {}: the run ended at {end} s, and this is how it left things", self.at));
                }
                super::print(&shown.text)
            }
            Err(stop) => {
                super::say(&stop.to_string());
                ExitCode::FAILURE
            }
        }
    }
}
