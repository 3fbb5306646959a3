//! `explain`: every value in force, where it came from, and what it means.

use std::process::ExitCode;

use clap::Args;

use super::ScenarioArgs;
use crate::model::orders::Orders;
use crate::model::view::View;
use crate::scenario::explain::{self, Row};
use crate::strategy::Occasion;

#[derive(Args)]
pub struct Explain {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Only keys that begin with this.
    #[arg(long, value_name = "PREFIX")]
    key: Option<String>,
}

impl Explain {
    pub fn run(&self) -> ExitCode {
        let opened = match self.scenario.open() {
            Ok(opened) => opened,
            Err(code) => return code,
        };
        let mut rows = opened.read.explain().expect("a scenario is written as JSON");
        rows.retain(|row| !row.key.starts_with("strategy."));
        for column in &opened.columns {
            rows.extend(opened.build(column).explained);
        }
        if let Some(prefix) = &self.key {
            let begins = |row: &Row| row.key.starts_with(prefix);
            // Keys of a table that was left out have no values; that the table is not there is what holds.
            let holds_it = |row: &Row| prefix.strip_prefix(&row.key).is_some_and(|rest| rest.starts_with(['.', '[']));
            let any = rows.iter().any(begins);
            rows.retain(|row| if any { begins(row) } else { holds_it(row) });
            if rows.is_empty() {
                super::say(&format!(
                    "--key {prefix}: no key begins with it (`stratosim explain` without --key shows them all)"
                ));
                return ExitCode::from(super::REFUSED);
            }
        }
        if self.json {
            return super::print(&format!("{:#}\n", explain::to_json(&rows)));
        }
        let mut text = explain::table(&rows);
        // What strategies work out from these values before the first request, such as r* of LIBRA.
        for column in &opened.columns {
            let setup = opened.setup_for(column, 0);
            let world = setup.world();
            let mut orders = Orders::default();
            let mut strategy = opened.build_for(column, &setup).strategy;
            let view = View::new(&world, crate::engine::time::Instant::ZERO);
            strategy.control(Occasion::Start, &view, &mut orders);
            for note in orders.notes() {
                text += &format!("{} works out {} {} = {}\n", column.label, note.scope, note.name, note.value);
            }
        }
        super::print(&text)
    }
}
