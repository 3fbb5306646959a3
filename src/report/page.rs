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

/// A section with what it shows, and the folder of its files as the page names it.
pub struct Shown<'a> {
    pub section: &'a Section,
    pub figures: &'a [Figure],
    pub folder: String,
}

/// The page.
pub fn page(sections: &[Shown<'_>]) -> String {
    let names: Vec<String> = sections.iter().map(|shown| escaped(&shown.section.scenario)).collect();
    let title = format!("Report: {}", names.join(", "));
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    if sections.len() > 1 {
        html.push_str("<ul>\n");
        for (nth, name) in names.iter().enumerate() {
            let _ = writeln!(html, "<li><a href=\"#section-{nth}\">{name}</a></li>");
        }
        html.push_str("</ul>\n");
    }
    for (nth, (shown, name)) in sections.iter().zip(&names).enumerate() {
        let _ = writeln!(html, "<h2 id=\"section-{nth}\">{name}</h2>");
        table(&mut html, shown.section);
        for figure in shown.figures {
            draw(&mut html, figure, &shown.folder);
        }
        provenance(&mut html, shown.section);
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

type Cell = fn(&Column, &Column) -> String;

/// A row for each strategy.
fn table(html: &mut String, section: &Section) {
    let base = section.base();
    let time = |column: &Column, place: usize| {
        column.mean(|run| run.response[place]).map_or_else(String::new, |seconds| format!("{seconds:.4}"))
    };
    let dollars = |column: &Column, place: usize| {
        column.mean(|run| Some(run.shares_usd[place])).map_or_else(String::new, |usd| format!("{usd:.4}"))
    };
    let plain: [(&str, Cell); 8] = [
        ("requests", |column, _| count(column, |run| run.arrived)),
        ("served", |column, _| count(column, |run| run.served)),
        ("violations", |column, _| percent(column.violations())),
        ("cold starts", |column, _| count(column, |run| run.cold_starts)),
        ("machine h", |column, _| format!("{:.2}", column.machine_s() / 3600.0)),
        ("cost USD", |column, _| format!("{:.4}", column.total_usd())),
        ("cost ratio", |column, base| over(column.total_usd(), base.total_usd())),
        ("time ratio", |column, base| over(column.machine_s(), base.machine_s())),
    ];
    let mut head: Vec<&str> = vec!["strategy", "runs"];
    head.extend(plain.iter().map(|(name, _)| *name));
    head.extend(["mean s", "p50 s", "p95 s", "p99 s", "direct USD", "held USD", "idle USD"]);
    html.push_str("<table>\n<tr>");
    head.iter().for_each(|name| {
        let _ = write!(html, "<th>{name}</th>");
    });
    html.push_str("</tr>\n");
    for column in &section.columns {
        let mut cells = vec![escaped(&column.label), column.runs.len().to_string()];
        cells.extend(plain.iter().map(|(_, cell)| cell(column, base)));
        cells.extend((0..4).map(|place| time(column, place)));
        cells.extend((0..3).map(|place| dollars(column, place)));
        let _ = writeln!(html, "<tr><td>{}</td></tr>", cells.join("</td><td>"));
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
