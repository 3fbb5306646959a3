//! A result made again: the scenario as its manifest records it is run anew, aside, and every file compared byte by byte.
//!
//! The manifest holds every value in force, so that a scenario edited since is set back to what was run. What cannot be set
//! back (another trace, another version of the program) is said before anything is run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value as Json;

use super::collect::{Collected, collect};
use super::opened::{Opened, open};
use super::run::{LogFormat, Output, RunError, run_column};
use super::sweep::{Job, SweepError};
use crate::run::folder::file_hash;
use crate::run::record::RequestLog;
use crate::run::sink::Silent;
use crate::scenario::complaint::Complaints;

/// Why a manifest was not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Nothing was run: the manifest, or what it was made from, is not there any more.
    #[error("{}: {why}", manifest.display())]
    Refused { manifest: PathBuf, why: String },
    #[error("{0}")]
    Complaints(Complaints),
    #[error("{0}")]
    Run(RunError),
    #[error("{0}")]
    Sweep(SweepError),
    /// The first difference.
    #[error("{file}{}: {found}", row.map_or(String::new(), |row| format!(", line {row}")))]
    Differs { file: String, row: Option<u64>, found: String },
}

/// Files that were made again and are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub files: Vec<String>,
    /// Of these, the ones that are not in the folder any more and were compared by their hash.
    pub by_hash: Vec<String>,
}

/// A folder that is gone when it is dropped.
struct Aside(PathBuf);

impl Aside {
    fn new() -> Aside {
        static NTH: AtomicU64 = AtomicU64::new(0);
        let nth = NTH.fetch_add(1, Ordering::Relaxed);
        Aside(std::env::temp_dir().join(format!("stratosim-verify-{}-{nth}", std::process::id())))
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // What cannot be removed from the folder of temporary files is left to whoever tidies it.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Makes the result of a manifest again and compares. `scenario` says where the scenario is; otherwise its file is looked
/// for in the present folder and in those above the manifest, in their `scenarios`, and then in the folders beside the
/// results and in the present one. (A manifest is the same bytes on every machine, so it holds no path.)
///
/// # Errors
/// The first difference, or why there is nothing to compare.
pub fn verify(manifest: &Path, scenario: Option<&Path>) -> Result<Verified, VerifyError> {
    let refused = |why: String| VerifyError::Refused { manifest: manifest.to_owned(), why };
    let text = fs::read_to_string(manifest).map_err(|error| refused(error.to_string()))?;
    let told: Json = serde_json::from_str(&text)
        .map_err(|error| refused(format!("line {}: {error}, want the manifest of a run or a sweep", error.line())))?;
    let file =
        told["scenario_file"].as_str().filter(|_| told["outputs"].is_object() && told["determined_by"].is_object());
    let Some(file) = file else { return Err(refused("found no manifest of a run or a sweep of this version".into())) };
    let path = match scenario {
        Some(path) => path.to_owned(),
        None => find(manifest, file, told["kind"] == "sweep").map_err(refused)?,
    };
    let aside = Aside::new();
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let fresh = if told["kind"] == "sweep" {
        let opened =
            set_back(&told, |overrides| open(&path, overrides), in_force_of_all).map_err(|e| e.at(manifest))?;
        compare_determinants(
            &told,
            &opened.determinants_of_all(&|path| file_hash(path)).map_err(|e| refused(e.to_string()))?,
        )?;
        sweep_again(&path, opened.overrides(), &aside.0)?
    } else {
        run_again(&told, &path, manifest, &aside.0)?
    };
    let mut verified = Verified { files: Vec::new(), by_hash: Vec::new() };
    let names: Vec<&String> = told["outputs"].as_object().map_or(vec![], |outputs| outputs.keys().collect());
    for name in names {
        let (ours, recorded) = (fresh.join(name), told["outputs"][name.as_str()]["sha256"].as_str().unwrap_or(""));
        let theirs = folder.join(name);
        if !ours.is_file() {
            return Err(differs(name, None, "a run of this scenario writes no such file"));
        }
        if theirs.is_file() {
            compare_files(name, &theirs, &ours)?;
        } else {
            verified.by_hash.push(name.clone());
        }
        let again = file_hash(&ours).map_err(|error| refused(error.to_string()))?;
        if again != recorded {
            return Err(differs(name, None, format!("the manifest has the hash {recorded}, made again it is {again}")));
        }
        verified.files.push(name.clone());
    }
    // The manifest last: what it says of the files has been compared, the rest of it is compared here.
    let name = manifest.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let again = fresh.join(if told["kind"] == "sweep" { "points.manifest.json" } else { "manifest.json" });
    compare_files(&name, manifest, &again)?;
    verified.files.push(name);
    Ok(verified)
}

fn differs(file: &str, row: Option<u64>, found: impl Into<String>) -> VerifyError {
    VerifyError::Differs { file: file.to_owned(), row, found: found.into() }
}

/// The scenario's file, or why there is none to take.
fn find(manifest: &Path, file: &str, is_sweep: bool) -> Result<PathBuf, String> {
    let absolute = std::path::absolute(manifest).map_err(|error| error.to_string())?;
    let above = absolute.ancestors().skip(1).map(Path::to_path_buf);
    let here = std::iter::once(PathBuf::new());
    let usual = here.chain(above).flat_map(|folder| [folder.join(file), folder.join("scenarios").join(file)]);
    if let Some(path) = usual.into_iter().find(|path| path.is_file()) {
        return Ok(path);
    }
    // `<results>/<scenario>/<strategy>/<run>/manifest.json`, and `<results>/<scenario>/points.manifest.json`.
    let beside_results = absolute.ancestors().nth(if is_sweep { 3 } else { 5 }).map(Path::to_path_buf);
    let mut found = BTreeSet::new();
    for folder in [std::env::current_dir().ok(), beside_results].into_iter().flatten() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        found.extend(entries.flatten().map(|entry| entry.path().join(file)).filter(|path| path.is_file()));
    }
    match (found.pop_first(), found.pop_first()) {
        (Some(path), None) => Ok(path),
        (Some(one), Some(other)) => Err(format!(
            "found scenarios {} and {}; --scenario FILE says which one it was",
            one.display(),
            other.display()
        )),
        (None, _) => Err(format!("found no scenario {file} here or above it; --scenario FILE says where it is")),
    }
}

fn run_again(told: &Json, path: &Path, manifest: &Path, aside: &Path) -> Result<PathBuf, VerifyError> {
    let determined = &told["determined_by"];
    let refused = |why: String| VerifyError::Refused { manifest: manifest.to_owned(), why };
    let (Some(label), Some(uses)) = (determined["strategy"].as_str(), determined["uses"].as_str()) else {
        return Err(refused("found no strategy, want the manifest of a run".into()));
    };
    let replication = determined["replication"].as_u64().unwrap_or(0);
    let open_with = |overrides: &[String]| {
        let opened = open(path, overrides)?;
        if opened.column(label).is_some() {
            return Ok(opened);
        }
        // It was asked for by an override.
        let mut names: Vec<String> = opened.columns.iter().map(|column| format!("\"{}\"", column.label)).collect();
        names.push(format!("\"{label}\""));
        let mut more = vec![format!("strategies=[{}]", names.join(", "))];
        if uses != label {
            more.push(format!("strategy.{label}.use=\"{uses}\""));
        }
        more.extend(overrides.iter().cloned());
        open(path, &more)
    };
    let values = |opened: &Opened| -> BTreeMap<String, String> {
        opened.column(label).map_or_else(BTreeMap::new, |column| {
            opened.in_force(column).into_iter().map(|row| (row.key, row.value)).collect()
        })
    };
    let opened = set_back(told, open_with, values).map_err(|error| error.at(manifest))?;
    let Some(column) = opened.column(label) else {
        return Err(refused(format!("the scenario has no strategy {label}")));
    };
    let again = opened.determinants(column, replication).map_err(|error| refused(error.to_string()))?;
    compare_determinants(told, &again)?;
    let format = if told["outputs"]["requests.parquet"].is_object() { parquet() } else { Some(LogFormat::Csv) };
    let Some(format) = format else {
        return Err(refused("requests.parquet needs a build with the feature `report`".into()));
    };
    let log = RequestLog { every: told["requests_logged_one_in"].as_u64().unwrap_or(0) };
    let output = Output { root: aside.to_owned(), log, format };
    let finished = run_column(&opened, column, replication, &output, &mut Silent).map_err(VerifyError::Run)?;
    Ok(finished.folder)
}

#[cfg(feature = "report")]
fn parquet() -> Option<LogFormat> {
    Some(LogFormat::Parquet)
}

#[cfg(not(feature = "report"))]
fn parquet() -> Option<LogFormat> {
    None
}

fn sweep_again(path: &Path, overrides: &[String], aside: &Path) -> Result<PathBuf, VerifyError> {
    let again = || {
        let job = Job::open(path, overrides)?;
        let output = Output { root: aside.to_owned(), log: RequestLog { every: 0 }, format: LogFormat::default() };
        job.run(&output, None, &|_, _| {})?;
        collect(&job, &[], aside)
    };
    match again().map_err(VerifyError::Sweep)? {
        Collected::Table(table, _) => Ok(table.parent().unwrap_or(aside).to_owned()),
        Collected::Incomplete(lines) => Err(differs("points.csv", None, lines.join("; "))),
    }
}

fn in_force_of_all(opened: &Opened) -> BTreeMap<String, String> {
    let rows = opened.read.explain().expect("a scenario is written as JSON");
    rows.into_iter().map(|row| (row.key, row.value)).collect()
}

/// Why a scenario could not be set back to what was run.
enum NotSet {
    Complaints(Complaints),
    Value { key: String, now: String, then: String },
}

impl NotSet {
    fn at(self, manifest: &Path) -> VerifyError {
        match self {
            NotSet::Complaints(complaints) => VerifyError::Complaints(complaints),
            NotSet::Value { key, now, then } => VerifyError::Refused {
                manifest: manifest.to_owned(),
                why: format!("{key} was {then}, the scenario now has {now}, which cannot be set back"),
            },
        }
    }
}

/// The scenario with the values of the manifest where it has others now.
fn set_back(
    told: &Json,
    open_with: impl Fn(&[String]) -> Result<Opened, Complaints>,
    values: impl Fn(&Opened) -> BTreeMap<String, String>,
) -> Result<Opened, NotSet> {
    let opened = open_with(&[]).map_err(NotSet::Complaints)?;
    let now = values(&opened);
    let mut overrides = Vec::new();
    let then = told["determined_by"]["values"].as_object();
    for (key, value) in then.into_iter().flatten() {
        let value = value.as_str().unwrap_or("");
        if now.get(key).is_some_and(|now| now == value) {
            continue;
        }
        // An empty table or an absent value is no override; where it stands instead of something, that cannot be undone.
        if ["none", "{}", "[]"].contains(&value) {
            if let Some(now) = now.get(key) {
                return Err(NotSet::Value { key: key.clone(), now: now.clone(), then: value.to_owned() });
            }
            continue;
        }
        overrides.push(format!("{key}={value}"));
    }
    if overrides.is_empty() { Ok(opened) } else { open_with(&overrides).map_err(NotSet::Complaints) }
}

/// The first thing that determines the result and is another now.
fn compare_determinants(told: &Json, again: &Json) -> Result<(), VerifyError> {
    let then = &told["determined_by"];
    let Some((key, was, is)) = first_difference("", then, again) else { return Ok(()) };
    Err(differs("manifest.json", None, format!("determined_by{key} is {was} there and {is} here")))
}

fn first_difference(path: &str, then: &Json, again: &Json) -> Option<(String, String, String)> {
    match (then, again) {
        (Json::Object(a), Json::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| {
                let (then, again) = (a.get(key).unwrap_or(&Json::Null), b.get(key).unwrap_or(&Json::Null));
                first_difference(&format!("{path}.{key}"), then, again)
            })
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(nth, (then, again))| first_difference(&format!("{path}[{nth}]"), then, again)),
        _ => (then != again).then(|| (path.to_owned(), then.to_string(), again.to_string())),
    }
}

/// The first line in which two files differ.
fn compare_files(name: &str, theirs: &Path, ours: &Path) -> Result<(), VerifyError> {
    let read =
        |path: &Path| fs::read(path).map_err(|error| differs(name, None, format!("{}: {error}", path.display())));
    // Equal files, by far the most, are not taken apart.
    let (a, b) = (read(theirs)?, read(ours)?);
    if a == b {
        return Ok(());
    }
    if !name.ends_with(".csv") && !name.ends_with(".json") {
        let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        return Err(differs(name, None, format!("another byte {at} of {} than made again", a.len())));
    }
    let mut lines = (a.split(|&byte| byte == b'\n'), b.split(|&byte| byte == b'\n'));
    for number in 1.. {
        match (lines.0.next(), lines.1.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let shown = |line: Option<&[u8]>| {
                    let text = line.map_or_else(|| "no such line".into(), String::from_utf8_lossy);
                    crate::scenario::complaint::shorten(&text)
                };
                return Err(differs(name, Some(number), format!("found {}, made again it is {}", shown(a), shown(b))));
            }
        }
    }
    unreachable!("files that differ do so in a line")
}
