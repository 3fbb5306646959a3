//! The tables of LIBRA's evaluation as text: cost over that of one strategy, violations, machine time, what the cost is made
//! of, and how soon requests were answered.
//!
//! Source: the figures of Raza et al., IC2E 2021. Differs: violations are those of the scenario's objective, failures
//! included; the distribution of responses counts requests without an answer among all (the original drops them, quirk
//! Q28); machine time is what was billed.

use std::fmt::Write as _;

use super::section::{Column, PARTS, Section};

/// Responses up to so many seconds.
const WITHIN_S: [f64; 10] = [0.25, 0.5, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0, 5.0, 60.0];

/// Signs of a column of figures.
const WIDE: usize = 11;

/// A value over another, with four decimals; a dash where that is nothing.
pub fn over(value: f64, of: f64) -> String {
    if of > 0.0 { format!("{:.4}", value / of) } else { "-".to_owned() }
}

/// A share as a percentage.
pub fn percent(share: Option<f64>) -> String {
    share.map_or("-".to_owned(), |share| format!("{:.3} %", 100.0 * share))
}

/// The tables of one scenario.
pub fn tables(section: &Section) -> String {
    let base = section.base();
    let columns = &section.columns;
    let width = columns.iter().map(|column| column.label.chars().count()).max().unwrap_or(0).max(9);
    let (cost, time) = (base.total_usd(), base.machine_s());
    let mut text = format!("{}, over {}\n\n", section.scenario, base.label);
    let mut line = |cells: &[String], wide: usize| {
        let mut line = format!("{:<width$}", cells[0]);
        for cell in &cells[1..] {
            let _ = write!(line, " {cell:>wide$}");
        }
        text += line.trim_end();
        text.push('\n');
    };
    let head = |first: &str, rest: &[&str]| -> Vec<String> {
        std::iter::once(first).chain(rest.iter().copied()).map(str::to_owned).collect()
    };
    line(&head("strategy", &["cost USD", "cost ratio", "violations", "machine h", "time ratio"]), WIDE);
    for column in columns {
        let (total, seconds) = (column.total_usd(), column.machine_s());
        line(
            &[
                column.label.clone(),
                format!("{total:.6}"),
                over(total, cost),
                percent(column.violations()),
                format!("{:.3}", seconds / 3600.0),
                over(seconds, time),
            ],
            WIDE,
        );
    }
    line(&[String::new()], WIDE);
    line(&head("cost of", &PARTS), WIDE);
    for column in columns {
        let mut cells = vec![column.label.clone()];
        cells.extend(column.parts_usd().iter().map(|part| over(*part, cost)));
        line(&cells, WIDE);
    }
    let within: Vec<Option<[f64; 10]>> = columns.iter().map(within).collect();
    if within.iter().any(Option::is_some) {
        line(&[String::new()], WIDE);
        // Here the strategies are the columns, and their names may be long.
        let wide = width.max(WIDE);
        line(&head("within s", &columns.iter().map(|column| column.label.as_str()).collect::<Vec<_>>()), wide);
        for (place, limit) in WITHIN_S.iter().enumerate() {
            let mut cells = vec![limit.to_string()];
            cells.extend(within.iter().map(|shares| percent(shares.map(|shares| shares[place]))));
            line(&cells, wide);
        }
    }
    text
}

/// Shares of all requests that were answered within stated times; of the logged ones where one in n was logged.
fn within(column: &Column) -> Option<[f64; 10]> {
    let responses = column.responses.as_ref().filter(|responses| responses.roots > 0)?;
    Some(WITHIN_S.map(|limit| {
        let limit_ns = (limit * 1e9) as u64;
        let answered = responses.served_ns.partition_point(|time| *time <= limit_ns);
        answered as f64 / responses.roots as f64
    }))
}
