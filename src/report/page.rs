//! One page that shows a report: figures and tables in a single file, which needs no network and no server.

use std::fmt::Write as _;

use super::evaluation::{over, percent};
use super::figures::Figure;
use super::section::{Column, Section};
use crate::plot::escaped;

/// Looks of the page; sober, and readable in print.
const STYLE: &str = "\
body{font-family:Roboto,Helvetica,Arial,sans-serif;color:#222;margin:2rem auto;max-width:56rem;padding:0 1rem;line-height:1.45}\
h1{font-size:1.5rem}h2{font-size:1.25rem;margin-top:2.5rem;border-bottom:1px solid #ddd;padding-bottom:.3rem}\
table{border-collapse:collapse;font-size:.85rem;margin:1rem 0;display:block;overflow-x:auto}\
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #e3e3e3;white-space:nowrap}\
th:first-child,td:first-child{text-align:left}th{font-weight:600}\
figure{margin:1.6rem 0;break-inside:avoid}figure svg{width:100%;height:auto}\
figcaption,.small{font-size:.85rem;color:#666}a{color:#0072b2}";

/// A chapter of the page: what it is about, its runs, its figures, and the folder of its files as the page names it.
pub struct Shown<'a> {
    pub name: &'a str,
    /// `None` for a sweep.
    pub runs: Option<&'a Section>,
    pub figures: Vec<Figure>,
    pub folder: String,
}

/// The page.
pub fn page(chapters: &[Shown<'_>]) -> String {
    let names: Vec<String> = chapters.iter().map(|shown| escaped(shown.name)).collect();
    let title = format!("Report: {}", names.join(", "));
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    if chapters.len() > 1 {
        html.push_str("<ul>\n");
        for (nth, name) in names.iter().enumerate() {
            let _ = writeln!(html, "<li><a href=\"#section-{nth}\">{name}</a></li>");
        }
        html.push_str("</ul>\n");
    }
    for (nth, (shown, name)) in chapters.iter().zip(&names).enumerate() {
        let _ =
            writeln!(html, "<h2 id=\"section-{nth}\">{name}{}</h2>", if shown.runs.is_none() { ", sweep" } else { "" });
        if let Some(section) = shown.runs {
            table(&mut html, section);
        }
        for figure in &shown.figures {
            draw(&mut html, figure, &shown.folder);
        }
        if let Some(section) = shown.runs {
            provenance(&mut html, section);
        }
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn draw(html: &mut String, figure: &Figure, folder: &str) {
    let (svg, caption) = (figure.plot.svg(), escaped(&figure.caption));
    let file =
        |ending: &str| format!("<a href=\"{}/{}.{ending}\">{ending}</a>", escaped(folder), escaped(&figure.name));
    let files = [file("csv"), file("svg"), file("png")].join(" ");
    let _ = writeln!(
        html,
        "<figure id=\"{}-{}\">\n{svg}<figcaption>{caption} {files}</figcaption>\n</figure>",
        escaped(folder),
        escaped(&figure.name)
    );
}

/// A figure of a column, beside the column that others are compared with.
type Cell = fn(&Column, &Column) -> String;

const ROWS: [(&str, Cell); 16] = [
    ("runs", |column, _| column.runs.len().to_string()),
    ("requests", |column, _| count(column, |run| run.arrived)),
    ("served", |column, _| count(column, |run| run.served)),
    ("SLO violations", |column, _| percent(column.violations())),
    ("response mean, s", |column, _| time(column, 0)),
    ("response p50, s", |column, _| time(column, 1)),
    ("response p95, s", |column, _| time(column, 2)),
    ("response p99, s", |column, _| time(column, 3)),
    ("cold starts", |column, _| count(column, |run| run.cold_starts)),
    ("machine hours", |column, _| format!("{:.2}", column.machine_s() / 3600.0)),
    ("machine hours, ratio", |column, base| over(column.machine_s(), base.machine_s())),
    ("cost, USD", |column, _| format!("{:.4}", column.total_usd())),
    ("cost, ratio", |column, base| over(column.total_usd(), base.total_usd())),
    ("direct, USD", |column, _| dollars(column, 0)),
    ("held, USD", |column, _| dollars(column, 1)),
    ("idle, USD", |column, _| dollars(column, 2)),
];

fn time(column: &Column, place: usize) -> String {
    column.mean(|run| run.response[place]).map_or_else(String::new, |seconds| format!("{seconds:.4}"))
}

fn dollars(column: &Column, place: usize) -> String {
    column.mean(|run| Some(run.shares_usd[place])).map_or_else(String::new, |usd| format!("{usd:.4}"))
}

/// A row for each figure, a column for each strategy.
fn table(html: &mut String, section: &Section) {
    let base = section.base();
    let labels: Vec<String> = section.columns.iter().map(|column| escaped(&column.label)).collect();
    let _ = writeln!(html, "<table>\n<tr><th></th><th>{}</th></tr>", labels.join("</th><th>"));
    for (name, cell) in ROWS {
        let cells: Vec<String> = section.columns.iter().map(|column| cell(column, base)).collect();
        let _ = writeln!(html, "<tr><td>{name}</td><td>{}</td></tr>", cells.join("</td><td>"));
    }
    let note = format!(
        "Means over runs (replications); percentiles within 1 %; ratios are over {}. ",
        escaped(&section.base().label)
    );
    let met = if section.same_requests() {
        "All strategies met the same requests."
    } else {
        "The strategies did not meet the same requests."
    };
    let _ = writeln!(html, "</table>\n<p class=\"small\">{note}{met}</p>");
}

/// A count, as a mean over replications where there are several.
fn count(column: &Column, figure: impl Fn(&super::section::Run) -> u64) -> String {
    let mean = column.mean(|run| Some(figure(run) as f64)).unwrap_or(0.0);
    if column.runs.len() == 1 { format!("{mean:.0}") } else { format!("{mean:.1}") }
}

/// Which runs these are, so that they can be made again.
fn provenance(html: &mut String, section: &Section) {
    html.push_str("<p class=\"small\">Runs: ");
    let runs: Vec<String> = section
        .runs()
        .map(|run| format!("{} {}-{}", escaped(&run.strategy), run.replication, escaped(&run.address)))
        .collect();
    let _ = writeln!(html, "{}.</p>", runs.join(", "));
}
