//! The tables of LIBRA's evaluation, from the folders of any runs: cost over that of one strategy, violations, machine time,
//! what the cost is made of, and how soon requests were answered.
//!
//! Source: the figures of Raza et al., IC2E 2021. Differs: violations are those of the scenario's objective, failures
//! included; the distribution of responses counts requests without an answer among all (the original drops them, quirk
//! Q28); machine time is what was billed.
//!
//! Reads `summary.json`, `cost.csv` and, where it was written, `requests.csv`; needs no polars.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// Why a folder cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    #[error("{}: no finished run there or below", .0.display())]
    NoRun(PathBuf),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: found {found}, want {wanted}", path.display())]
    Content { path: PathBuf, found: String, wanted: &'static str },
}

/// What the bill is made of.
pub const PARTS: [&str; 5] = ["machines", "functions", "balancer", "gateway", "egress"];

/// Responses up to so many seconds.
const WITHIN_S: [f64; 10] = [0.25, 0.5, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0, 5.0, 60.0];

/// The figures of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    pub scenario: String,
    pub strategy: String,
    /// Dollars, in the order of [`PARTS`].
    pub parts_usd: [f64; 5],
    /// Share of requests that missed the objective; `None` without one.
    pub violations: Option<f64>,
    /// Seconds of machines, from launch to the end of their bill.
    pub machine_s: f64,
    /// Shares of all requests answered within [`WITHIN_S`], where requests were logged.
    pub within: Option<[f64; 10]>,
}

impl Evaluated {
    pub fn total_usd(&self) -> f64 {
        self.parts_usd.iter().sum()
    }
}

/// The run folders at or below some folders, sorted.
///
/// # Errors
/// A folder that cannot be read, or that holds no run.
pub fn runs_below(folders: &[PathBuf]) -> Result<Vec<PathBuf>, EvaluationError> {
    let mut runs = Vec::new();
    for folder in folders {
        let before = runs.len();
        collect(folder, 3, &mut runs)?;
        if runs.len() == before {
            return Err(EvaluationError::NoRun(folder.clone()));
        }
    }
    runs.sort();
    runs.dedup();
    Ok(runs)
}

fn collect(folder: &Path, depth: u32, runs: &mut Vec<PathBuf>) -> Result<(), EvaluationError> {
    if folder.join("summary.json").is_file() {
        runs.push(folder.to_owned());
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    let failed = |error| EvaluationError::Io { path: folder.to_owned(), error };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // What begins with a dot is a run under way.
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            collect(&path, depth - 1, runs)?;
        }
    }
    Ok(())
}

/// Reads one run.
///
/// # Errors
/// A file that is missing or is not what runs write.
pub fn read(folder: &Path) -> Result<Evaluated, EvaluationError> {
    let path = folder.join("summary.json");
    let text = fs::read_to_string(&path).map_err(|error| EvaluationError::Io { path: path.clone(), error })?;
    let strange =
        |found: String| EvaluationError::Content { path: path.clone(), found, wanted: "the summary of a run" };
    let summary: Json = serde_json::from_str(&text).map_err(|error| strange(error.to_string()))?;
    let strategy = summary["strategy"].as_str().ok_or_else(|| strange("no strategy".to_owned()))?.to_owned();
    let arrived = summary["requests"]["arrived"].as_u64().ok_or_else(|| strange("no requests".to_owned()))?;
    let (parts_usd, machines) = costs(&folder.join("cost.csv"))?;
    let uptime = |pool: &String| summary["pools"][pool]["uptime_s"].as_f64().unwrap_or(0.0);
    // results/<scenario>/<strategy>/<run>
    let scenario = folder
        .ancestors()
        .nth(2)
        .and_then(Path::file_name)
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok(Evaluated {
        scenario,
        strategy,
        parts_usd,
        violations: summary["slo_s"].as_f64().and(summary["violation_share"].as_f64()),
        machine_s: machines.iter().map(uptime).sum(),
        within: responses(&folder.join("requests.csv"), arrived)?,
    })
}

fn table(path: &Path) -> Result<csv::Reader<fs::File>, EvaluationError> {
    let file = fs::File::open(path).map_err(|error| EvaluationError::Io { path: path.to_owned(), error })?;
    Ok(csv::Reader::from_reader(file))
}

fn column(path: &Path, header: &csv::StringRecord, name: &'static str) -> Result<usize, EvaluationError> {
    header.iter().position(|column| column == name).ok_or_else(|| EvaluationError::Content {
        path: path.to_owned(),
        found: header.iter().collect::<Vec<_>>().join(","),
        wanted: name,
    })
}

fn unreadable(path: &Path, error: &csv::Error) -> EvaluationError {
    EvaluationError::Content { path: path.to_owned(), found: error.to_string(), wanted: "a table that a run wrote" }
}

/// Dollars by part, and the pools whose instances were paid by time.
fn costs(path: &Path) -> Result<([f64; 5], Vec<String>), EvaluationError> {
    let mut reader = table(path)?;
    let header = reader.headers().map_err(|error| unreadable(path, &error))?.clone();
    let (resource, item) = (column(path, &header, "resource")?, column(path, &header, "item")?);
    let usd = column(path, &header, "usd")?;
    let mut parts = [0.0; 5];
    let mut pools: BTreeMap<String, ()> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|error| unreadable(path, &error))?;
        let part = match &row[item] {
            "instances" | "reserved" => 0,
            "requests" | "duration" | "provisioned" => 1,
            "balancer-hours" | "balancer-units" => 2,
            "gateway" | "gateway-requests" => 3,
            _ => 4,
        };
        if &row[item] == "instances" {
            pools.insert(row[resource].to_owned(), ());
        }
        let cost: f64 = row[usd].parse().map_err(|_| EvaluationError::Content {
            path: path.to_owned(),
            found: row[usd].to_owned(),
            wanted: "a number of dollars",
        })?;
        parts[part] += cost;
    }
    Ok((parts, pools.into_keys().collect()))
}

/// Shares of all requests that were answered within stated times; `None` where nothing or only a part was logged.
fn responses(path: &Path, arrived: u64) -> Result<Option<[f64; 10]>, EvaluationError> {
    if !path.is_file() || arrived == 0 {
        return Ok(None);
    }
    let mut reader = table(path)?;
    let header = reader.headers().map_err(|error| unreadable(path, &error))?.clone();
    let (call, outcome) = (column(path, &header, "call")?, column(path, &header, "outcome")?);
    let response = column(path, &header, "response_s")?;
    let (mut roots, mut within) = (0u64, [0u64; 10]);
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(|error| unreadable(path, &error))? {
        if &row[call] != "0" {
            continue;
        }
        roots += 1;
        if &row[outcome] == "served"
            && let Ok(seconds) = row[response].parse::<f64>()
        {
            WITHIN_S.iter().zip(&mut within).filter(|(limit, _)| seconds <= **limit).for_each(|(_, count)| *count += 1);
        }
    }
    // With one request in n logged, the shares are those of the logged ones.
    Ok((roots > 0).then(|| within.map(|count| count as f64 / roots as f64)))
}

/// The tables, as text. Ratios are over the run of strategy `base`, or over the first run where it is not there.
pub fn tables(runs: &[Evaluated], base: &str) -> String {
    let Some(base) = runs.iter().find(|run| run.strategy == base).or(runs.first()) else { return String::new() };
    let several = runs.iter().any(|run| run.scenario != base.scenario);
    let name =
        |run: &Evaluated| if several { format!("{}/{}", run.scenario, run.strategy) } else { run.strategy.clone() };
    let width = runs.iter().map(|run| name(run).chars().count()).max().unwrap_or(0).max(8);
    let (cost, time) = (base.total_usd(), base.machine_s);
    let over = |value: f64, of: f64| if of > 0.0 { format!("{:.4}", value / of) } else { "-".to_owned() };
    let mut text = format!("{}, over {}\n\n", base.scenario, base.strategy);
    let mut line = |cells: &[String]| {
        let _ = write!(text, "{:<width$}", cells[0]);
        cells[1..].iter().for_each(|cell| {
            let _ = write!(text, " {cell:>11}");
        });
        text.push('\n');
    };
    let head = |first: &str, rest: &[&str]| -> Vec<String> {
        std::iter::once(first).chain(rest.iter().copied()).map(str::to_owned).collect()
    };
    line(&head("strategy", &["cost USD", "cost ratio", "violations", "machine h", "time ratio"]));
    for run in runs {
        let violations = run.violations.map_or("-".to_owned(), |share| format!("{:.3} %", 100.0 * share));
        let hours = format!("{:.3}", run.machine_s / 3600.0);
        let total = run.total_usd();
        line(&[name(run), format!("{total:.6}"), over(total, cost), violations, hours, over(run.machine_s, time)]);
    }
    line(&[String::new()]);
    line(&head("cost of", &PARTS));
    for run in runs {
        let mut cells = vec![name(run)];
        cells.extend(run.parts_usd.iter().map(|part| over(*part, cost)));
        line(&cells);
    }
    if runs.iter().any(|run| run.within.is_some()) {
        line(&[String::new()]);
        let mut cells = vec!["within s".to_owned()];
        cells.extend(runs.iter().map(name));
        line(&cells);
        for (place, limit) in WITHIN_S.iter().enumerate() {
            let mut cells = vec![limit.to_string()];
            cells.extend(
                runs.iter()
                    .map(|run| run.within.map_or("-".to_owned(), |within| format!("{:.3} %", 100.0 * within[place]))),
            );
            line(&cells);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, strategy: &str, machine: &str, functions: &str) -> PathBuf {
        let run = folder.join("town").join(strategy).join("0-12345678");
        fs::create_dir_all(&run).unwrap();
        let summary = format!(
            r#"{{"strategy":"{strategy}","requests":{{"arrived":4}},"slo_s":1.0,"violation_share":0.25,
            "pools":{{"web":{{"uptime_s":7200.0}},"lambda":{{"uptime_s":9.0}}}}}}"#
        );
        fs::write(run.join("summary.json"), summary).unwrap();
        let costs = format!(
            "hour,resource,item,share,quantity,unit,usd\n0,web,instances,idle,1.0,instance-s,{machine}\n\
             0,lambda,duration,direct,1.0,GiB-s,{functions}\n0,web,balancer-hours,idle,1.0,h,0.5\n"
        );
        fs::write(run.join("cost.csv"), costs).unwrap();
        let requests =
            "call,outcome,response_s\n0,served,0.5\n1,served,0.1\n0,served,1.2\n0,throttled,0.0\n0,served,1.0\n";
        fs::write(run.join("requests.csv"), requests).unwrap();
        run
    }

    #[test]
    fn the_tables_follow_from_what_a_run_wrote() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "libra", "1.0", "0.5");
        write(folder.path(), "auto", "3.5", "0");
        let runs = runs_below(&[folder.path().join("town")]).unwrap();
        let runs: Vec<Evaluated> = runs.iter().map(|run| read(run).unwrap()).collect();
        assert_eq!(runs[0].parts_usd, [3.5, 0.0, 0.5, 0.0, 0.0]);
        assert_eq!((runs[0].machine_s, runs[0].violations), (7200.0, Some(0.25)));
        let within = runs[1].within.unwrap();
        assert_eq!((within[1], within[4], within[5]), (0.25, 0.5, 0.75), "one of four has no answer");
        let text = tables(&runs, "libra");
        let auto = text.lines().find(|line| line.starts_with("auto")).unwrap();
        assert_eq!(
            auto.split_whitespace().collect::<Vec<_>>(),
            ["auto", "4.000000", "2.0000", "25.000", "%", "2.000", "1.0000"]
        );
    }

    #[test]
    fn a_folder_without_a_run_and_a_strange_summary_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(runs_below(&[folder.path().to_owned()]), Err(EvaluationError::NoRun(_))));
        let run = write(folder.path(), "libra", "1.0", "0.5");
        fs::write(run.join("summary.json"), "{}").unwrap();
        assert!(read(&run).unwrap_err().to_string().contains("no strategy"));
    }
}
