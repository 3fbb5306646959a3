//! One readable table: a row for each figure, a column for each strategy.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::catalogue::Knows;
use crate::experiment::opened::{Column, Opened};
use crate::experiment::run::Finished;
use crate::model::request::Outcome;
use crate::model::tariff::PICO;
use crate::planner::economy::Account;

/// Lines above, below and under the header; none between rows.
pub const LINES: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('═').junction('═'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// The comparison of finished runs of one scenario.
pub fn comparison(opened: &Opened, columns: &[&Column], finished: &[Finished]) -> String {
    let mut table = Table::new();
    table.load_style(LINES).set_content_arrangement(ContentArrangement::Disabled);
    let mut header = vec![opened.setup.name.clone()];
    header.extend(finished.iter().map(|run| run.summary.strategy.clone()));
    table.set_header(header);
    for (name, figure) in figures() {
        let cells: Vec<String> = finished.iter().map(figure).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let mut row = vec![name.to_owned()];
            row.extend(cells);
            table.add_row(row);
        }
    }
    let known = |run: &Finished| {
        columns.iter().find(|column| column.label == run.summary.strategy).map_or(Knows::Everything, |c| c.row.knows)
    };
    if opened.setup.nodes.len() > 1 {
        let mut row = vec!["knows".to_owned()];
        row.extend(finished.iter().map(|run| known(run).words().to_owned()));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("{table}\n");
    let digests: Vec<&str> = finished.iter().map(|run| run.summary.offered_digest.as_str()).collect();
    if digests.windows(2).all(|pair| pair[0] == pair[1]) {
        text += &format!("All met the same requests (digest {}).\n", digests.first().unwrap_or(&""));
    } else {
        text += "The strategies did not meet the same requests: clients that wait ask when they are answered.\n";
    }
    for run in finished {
        text += &format!("{}: {}\n", run.summary.strategy, run.folder.display());
    }
    text
}

type Figure = fn(&Finished) -> String;

/// The rows, each with how a run fills it; rows that are empty everywhere are left out.
fn figures() -> Vec<(&'static str, Figure)> {
    vec![
        ("requests", |run| run.summary.roots.arrived.to_string()),
        ("served", |run| run.summary.roots.of(Outcome::Served).to_string()),
        ("throttled", |run| count(run.summary.roots.of(Outcome::Throttled))),
        ("refused", |run| count(run.summary.roots.of(Outcome::Refused))),
        ("other failures", |run| {
            let served = [Outcome::Served, Outcome::Throttled, Outcome::Refused];
            let known: u64 = served.iter().map(|&outcome| run.summary.roots.of(outcome)).sum();
            count(run.summary.roots.total_ended() - known)
        }),
        ("SLO violations", |run| match run.summary.slo {
            Some(_) if run.summary.measured > 0 => {
                let share = run.summary.violations as f64 / run.summary.measured as f64;
                format!("{:.3} %", 100.0 * share)
            }
            _ => String::new(),
        }),
        ("response mean", |run| time(run.summary.response.mean())),
        ("response p50", |run| time(run.summary.response.percentile(0.50).map(|ns| ns as f64))),
        ("response p95", |run| time(run.summary.response.percentile(0.95).map(|ns| ns as f64))),
        ("response p99", |run| time(run.summary.response.percentile(0.99).map(|ns| ns as f64))),
        ("cold starts", |run| count(run.summary.pools.iter().map(|pool| pool.cold).sum())),
        ("machine hours", |run| {
            let held: f64 = run
                .summary
                .pools
                .iter()
                .zip(&run.world.pools)
                .map(|(figures, pool)| if pool.charges_per_use() { 0.0 } else { figures.alive_s })
                .sum();
            if held > 0.0 { format!("{:.2}", held / 3600.0) } else { String::new() }
        }),
        ("utilisation", |run| {
            run.summary.utilisation(&run.world).map_or(String::new(), |share| format!("{:.1} %", 100.0 * share))
        }),
        ("orders", |run| count(run.summary.orders)),
        // More than a pool may hold, or none that the provider has: each is a row of decisions.csv with its reason.
        ("  cut or refused", |run| count(run.summary.refusals)),
        ("cost USD", |run| dollars(run.summary.bill_pico)),
        ("  direct", |run| dollars(run.summary.direct_pico)),
        ("  held", |run| dollars(run.summary.held_pico)),
        ("  idle", |run| dollars(run.summary.idle_pico)),
        ("service profit USD", |run| of_account(run, |account| Some(account.service_profit()))),
        ("application profit USD", |run| of_account(run, |account| Some(account.application_profit()))),
        ("cloud profit USD", |run| of_account(run, |account| Some(account.cloud_profit()))),
        ("  all three", |run| of_account(run, |account| Some(account.total_profit()))),
        ("user satisfaction", |run| of_account(run, Account::satisfaction)),
    ]
}

fn count(number: u64) -> String {
    if number == 0 { String::new() } else { number.to_string() }
}

/// A figure of the economy's account, where there is one and the service served anybody.
fn of_account(run: &Finished, figure: fn(&Account) -> Option<f64>) -> String {
    let account = run.summary.account.as_ref().filter(|account| account.requests > 0);
    account.and_then(figure).map_or(String::new(), |figure| format!("{figure:.4}"))
}

fn dollars(pico: i128) -> String {
    format!("{:.4}", pico as f64 / PICO as f64)
}

/// Nanoseconds as a time of three significant digits or so.
fn time(ns: Option<f64>) -> String {
    let Some(ns) = ns else { return String::new() };
    match ns {
        ns if ns >= 1e9 => format!("{:.3} s", ns / 1e9),
        ns if ns >= 1e6 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.1} us", ns / 1e3),
    }
}
