//! One run with its folder: `results/<scenario>/<strategy>/<replication>-<address>`, complete or absent.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use super::opened::{Column, Opened, address};
use crate::model::world::World;
use crate::run::drive::drive;
use crate::run::folder::{Folder, file_hash, summary_json, write_costs, write_json, write_stakeholders};
use crate::run::questions::{Unanswered, answers, write_series};
use crate::run::record::{Recorder, RequestLog};
use crate::run::sink::Sink;
use crate::run::stop::Stop;
use crate::run::summary::Summary;
use crate::run::tee::Tee;

/// Why a run has no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{0}")]
    Stop(#[from] Stop),
    #[error("{0}")]
    Unanswered(#[from] Unanswered),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("a law of the simulator is broken, so its result is worth nothing: {0}")]
    BrokenLaw(String),
}

/// A finished run.
pub struct Finished {
    pub summary: Summary,
    pub world: World,
    pub folder: PathBuf,
    /// One request in how many was logged by the run of the same setup that this one replaced, where that was another number.
    pub replaced_log: Option<u64>,
}

/// Where results go and what is logged.
#[derive(Clone, Debug)]
pub struct Output {
    pub root: PathBuf,
    pub log: RequestLog,
    pub format: LogFormat,
}

/// The form of the log of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Csv,
    /// Through polars, once the run is over.
    #[cfg(feature = "report")]
    Parquet,
}

/// Runs one column and writes its folder; `watcher` sees the same rows.
///
/// # Errors
/// A run that stopped, a folder that cannot be written; nothing is left behind then.
pub fn run_column(
    opened: &Opened,
    column: &Column,
    replication: u64,
    output: &Output,
    watcher: &mut dyn Sink,
) -> Result<Finished, RunError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| RunError::Io { path, error }
    };
    let determinants = opened.determinants(column, replication).map_err(at(&opened.path))?;
    let address = address(&determinants);
    let target = output.root.join(&opened.setup.name).join(&column.label).join(format!("{replication}-{address}"));
    let replaced_log = logged_one_in(&target).filter(|before| *before != output.log.every);
    let folder = Folder::begin(&target).map_err(at(&target))?;
    let setup = opened.setup_for(column, replication);
    let mut recorder = Recorder::create(&folder.path(), &setup, output.log).map_err(at(&target))?;
    let mut strategy = opened.build_for(column, &setup).strategy;
    let driven = drive(&setup, &column.label, &mut *strategy, &mut Tee { first: &mut recorder, second: watcher });
    let (summary, world) = driven?;
    recorder.finish().map_err(at(&target))?;
    convert_log(&folder.path(), output).map_err(at(&target))?;
    let broken = summary.broken_laws();
    if !broken.is_empty() {
        return Err(RunError::BrokenLaw(broken.join("; ")));
    }
    let kept = &setup.provider.archive;
    let answers = answers(world.monitor.archive(), &kept.questions, summary.end)?;
    write_costs(&folder.path().join("cost.csv"), &world).map_err(at(&target))?;
    write_series(&folder.path(), &world, kept, &answers, summary.end).map_err(at(&target))?;
    if let Some(account) = &summary.account {
        write_stakeholders(&folder.path().join("stakeholders.csv"), account).map_err(at(&target))?;
    }
    write_json(&folder.path().join("summary.json"), &summary_json(&summary, &world)).map_err(at(&target))?;
    write_manifest(&folder.path(), &opened.file_name(), determinants, &address, output, &summary)
        .map_err(at(&target))?;
    let folder = folder.complete().map_err(at(&target))?;
    Ok(Finished { summary, world, folder, replaced_log })
}

/// One request in how many a finished run logged; `None` where there is no run.
fn logged_one_in(folder: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(folder.join("manifest.json")).ok()?;
    serde_json::from_str::<Json>(&text).ok()?["requests_logged_one_in"].as_u64()
}

/// Puts the log of requests into the form that was asked for.
#[cfg(feature = "report")]
fn convert_log(folder: &Path, output: &Output) -> io::Result<()> {
    if output.format != LogFormat::Parquet || output.log.every == 0 {
        return Ok(());
    }
    let csv = folder.join("requests.csv");
    crate::report::parquet::convert(&csv, &folder.join("requests.parquet")).map_err(io::Error::other)?;
    std::fs::remove_file(csv)
}

/// Without polars there is one form.
#[cfg(not(feature = "report"))]
fn convert_log(_folder: &Path, _output: &Output) -> io::Result<()> {
    Ok(())
}

/// What was run, from what, and the hash of every file it wrote.
fn write_manifest(
    folder: &Path,
    scenario_file: &str,
    determinants: Json,
    address: &str,
    output: &Output,
    summary: &Summary,
) -> io::Result<()> {
    let list = |folder: &Path| -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect()
    };
    let mut names = Vec::new();
    for path in list(folder)? {
        // Probes have a folder of their own.
        if path.is_dir() { names.extend(list(&path)?) } else { names.push(path) }
    }
    names.sort();
    let mut outputs = Map::new();
    for path in names {
        let name = path.strip_prefix(folder).map_or_else(|_| String::new(), |name| name.to_string_lossy().into_owned());
        let bytes = std::fs::metadata(&path)?.len();
        outputs.insert(name, json!({ "sha256": file_hash(&path)?, "bytes": bytes }));
    }
    let manifest = json!({
        "kind": "run",
        "scenario_file": scenario_file,
        "address": address,
        "determined_by": determinants,
        "requests_logged_one_in": output.log.every,
        "digest": summary.digest,
        "offered_digest": summary.offered_digest,
        "outputs": outputs,
    });
    write_json(&folder.join("manifest.json"), &manifest)
}
