//! Many points from one scenario. Every run is kept under the address of what determines it (the resolved scenario, the
//! strategy, seed and replication, the bytes of its inputs, the program by its version, sources and solver), so that a sweep
//! killed at any moment goes on where it was, and only what is missing or has changed is run.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::design::{Point, points};
use super::observe::{Probe, observe};
use super::opened::{Column, Opened, open};
use super::points::{self, Row};
use super::run::{Output, RunError, run_column};
use super::store::{Kept, Store};
use crate::run::folder::{file_hash, hex, write_json};
use crate::scenario::complaint::{Complaints, Desk, Origin};
use crate::scenario::path::KeyPath;
use crate::scenario::sweep::{Axis, Sampling, Sweep, Values};

/// A hash of the sources that determine results, made where they are compiled: the same on every machine.
pub const SOURCES: &str = env!("STRATOSIM_SOURCES");

/// Why a sweep has no table.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("{0}")]
    Complaints(Complaints),
    #[error("{0}: found no [sweep], want axes of a sweep")]
    NoSweep(String),
    #[error("point {number} ({words}), {strategy}, replication {replication}: {error}")]
    Run { number: u64, words: String, strategy: String, replication: u64, error: RunError },
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
}

impl From<Complaints> for SweepError {
    fn from(complaints: Complaints) -> SweepError {
        SweepError::Complaints(complaints)
    }
}

/// Part number `part` of `of`, counted from 1: the points whose number leaves `part - 1` when divided by `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    pub part: u64,
    pub of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parsed = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((part, of)) if 1 <= part && part <= of => Ok(Shard { part, of }),
            _ => Err(format!("found \"{text}\", want a part and their number, such as 3/16")),
        }
    }
}

impl Shard {
    pub fn holds(self, number: u64) -> bool {
        number % self.of == self.part - 1
    }

    /// The name of the note that a shard leaves.
    pub fn note(self) -> String {
        format!("shard-{}-of-{}.txt", self.part, self.of)
    }
}

/// A sweep ready to run.
pub struct Job {
    base: Opened,
    sweep: Sweep,
    points: Vec<Point>,
    /// Hashes of inputs, which points share.
    hashes: Mutex<BTreeMap<PathBuf, String>>,
    /// Runs under way: two points may ask for the same one.
    under_way: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
    /// The addresses of points that were opened, by strategy: a table after a sweep opens none again.
    known: Mutex<BTreeMap<u64, Vec<Vec<String>>>>,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub points: u64,
    /// Runs made now, and those that were there.
    pub run: u64,
    pub found: u64,
}

/// Called after each run: runs done and wanted.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// The folder of a sweep's runs, below that of results.
pub fn store_folder(root: &Path, name: &str) -> PathBuf {
    root.join(name).join("points.d")
}

impl Job {
    /// Opens a scenario with a sweep, and tries every value of every axis once, so that all complaints come before the
    /// first run.
    ///
    /// # Errors
    /// What is wrong with the scenario, its sweep or the values of its axes.
    pub fn open(path: &Path, overrides: &[String]) -> Result<Job, SweepError> {
        let base = open(path, overrides)?;
        let Some(sweep) = base.sweep.clone() else {
            return Err(SweepError::NoSweep(path.display().to_string()));
        };
        let points = points(&sweep);
        let job =
            Job { base, sweep, points, hashes: Mutex::default(), under_way: Mutex::default(), known: Mutex::default() };
        job.try_values()?;
        Ok(job)
    }

    pub fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    pub fn name(&self) -> &str {
        &self.base.setup.name
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Opens the scenario once for each value of each axis (of a range, its ends and middle), the other axes at their first,
    /// and complains at the place in the sweep.
    fn try_values(&self) -> Result<(), SweepError> {
        let ends = |axis: &Axis| match (&axis.values, self.sweep.sampling) {
            (Values::List(entries), _) => entries.clone(),
            // Between its ends a range holds nothing that its ends and its middle do not.
            (Values::Range(_), Sampling::Grid) => {
                let last = axis.len() - 1;
                [0, last / 2, last].map(|index| axis.nth(index)).to_vec()
            }
            (Values::Range(_), _) => vec![axis.at(0.0), axis.at(0.5), axis.at(1.0)],
        };
        let entries: Vec<Vec<Vec<toml::Value>>> = self.sweep.axes.iter().map(ends).collect();
        let mut tries: Vec<(usize, usize)> = Vec::new();
        for (at, values) in entries.iter().enumerate() {
            tries.extend((usize::from(at > 0)..values.len()).map(|index| (at, index)));
        }
        let complaints: Vec<((usize, usize), Complaints)> = tries
            .into_par_iter()
            .filter_map(|(at, index)| {
                let set = self.sweep.axes.iter().enumerate().flat_map(|(other, axis)| {
                    let values = &entries[other][if other == at { index } else { 0 }];
                    axis.keys.iter().cloned().zip(values.iter().cloned())
                });
                let point = Point { number: 0, set: set.collect() };
                self.open_point(&point).err().map(|complaints| ((at, index), complaints))
            })
            .collect();
        let mut desk = Desk::new();
        let mut told: Vec<String> = Vec::new();
        for ((at, index), complaints) in complaints {
            for complaint in complaints.iter() {
                let ours = matches!(&complaint.origin, Origin::Set { nth, .. }
                    if *nth as usize >= self.base.overrides().len());
                let complaint = if ours {
                    let axis = KeyPath::from("sweep").key("axes").index(at);
                    let place = match &self.sweep.axes[at].values {
                        Values::List(_) => axis.key("values").index(index),
                        Values::Range(_) => axis.key(if index == 0 { "from" } else { "to" }),
                    };
                    let wanted = format!("{} (for {})", complaint.wanted, complaint.key);
                    self.base.read.complain(place, &complaint.found, wanted).with_hint(complaint.hint.as_deref())
                } else {
                    complaint.clone()
                };
                let line = complaint.to_string();
                if !told.contains(&line) {
                    told.push(line);
                    desk.add(complaint);
                }
            }
        }
        Ok(desk.finish()?)
    }

    fn open_point(&self, point: &Point) -> Result<Opened, Complaints> {
        let mut overrides = self.base.overrides().to_vec();
        overrides.extend(point.overrides());
        open(&self.base.path, &overrides)
    }

    /// The addresses of a point's runs, by strategy and replication.
    fn addresses(&self, point: &Point, opened: &Opened) -> Result<Vec<Vec<String>>, SweepError> {
        let failed = |error| SweepError::Io { path: self.base.path.clone(), error };
        let hash = |path: &Path| {
            if let Some(hash) = lock(&self.hashes).get(path) {
                return Ok(hash.clone());
            }
            let hash = file_hash(path)?;
            lock(&self.hashes).insert(path.to_owned(), hash.clone());
            Ok(hash)
        };
        let of_column = |column: &Column| -> io::Result<Vec<String>> {
            let mut determinants = opened.determinants_with(column, 0, &hash)?;
            // Found runs are not made again: those of an older program would stand beside new ones in one table.
            determinants["program"] = json!({ "sources": SOURCES, "highs": cfg!(feature = "highs") });
            let address = |replication: u64| {
                determinants["replication"] = json!(replication);
                hex(&Sha256::digest(determinants.to_string().as_bytes()))[..32].to_owned()
            };
            Ok((0..self.sweep.replications).map(address).collect())
        };
        let addresses: Vec<Vec<String>> =
            self.columns(opened).map(of_column).collect::<io::Result<_>>().map_err(failed)?;
        lock(&self.known).insert(point.number, addresses.clone());
        Ok(addresses)
    }

    /// The columns of a point that the sweep runs.
    fn columns<'o>(&self, opened: &'o Opened) -> impl Iterator<Item = &'o Column> {
        let wanted = self.sweep.strategies.clone();
        wanted
            .into_iter()
            .map(|name| opened.column(&name).expect("a sweep names strategies of its scenario, which no axis changes"))
    }

    /// Runs what is missing of the points of a shard, or of all, on the threads of the present pool.
    ///
    /// # Errors
    /// The first point, in their order, that is refused or that stopped. What was run before stays.
    pub fn run(&self, out: &Output, shard: Option<Shard>, progress: Progress<'_>) -> Result<Done, SweepError> {
        let folder = store_folder(&out.root, self.name());
        let failed = |error| SweepError::Io { path: folder.clone(), error };
        let store = Store::open(&folder).map_err(failed)?;
        let chosen: Vec<&Point> =
            self.points.iter().filter(|point| shard.is_none_or(|shard| shard.holds(point.number))).collect();
        let each = self.sweep.strategies.len() as u64 * self.sweep.replications;
        let (all, over, run) = (chosen.len() as u64 * each, AtomicU64::new(0), AtomicU64::new(0));
        if let Some(shard) = shard {
            store.write(&shard.note(), b"begun\n").map_err(failed)?;
        }
        let outcomes: Vec<Result<(), SweepError>> = chosen
            .par_iter()
            .with_max_len(1)
            .map(|point| {
                let opened = self.open_point(point)?;
                let addresses = self.addresses(point, &opened)?;
                let tasks: Vec<(&Column, u64, &String)> = self
                    .columns(&opened)
                    .zip(&addresses)
                    .flat_map(|(column, all)| (0..).zip(all).map(move |(r, address)| (column, r, address)))
                    .collect();
                tasks.par_iter().with_max_len(1).try_for_each(|(column, replication, address)| {
                    let ran = self.one_run(&store, &opened, column, *replication, address, out);
                    let ran = ran.map_err(|error| SweepError::Run {
                        number: point.number,
                        words: point.words(),
                        strategy: column.label.clone(),
                        replication: *replication,
                        error,
                    })?;
                    run.fetch_add(u64::from(ran), Ordering::Relaxed);
                    progress(over.fetch_add(1, Ordering::Relaxed) + 1, all);
                    Ok(())
                })
            })
            .collect();
        outcomes.into_iter().collect::<Result<(), SweepError>>()?;
        if let Some(shard) = shard {
            store.write(&shard.note(), b"complete\n").map_err(failed)?;
        }
        let run = run.into_inner();
        Ok(Done { points: chosen.len() as u64, run, found: all - run })
    }

    /// Makes a run unless it is there; whether it was made.
    fn one_run(
        &self,
        store: &Store,
        opened: &Opened,
        column: &Column,
        replication: u64,
        address: &str,
        out: &Output,
    ) -> Result<bool, RunError> {
        let gate = lock(&self.under_way).entry(address.to_owned()).or_default().clone();
        // Held over the run, which uses no other thread: a point that asks for the same one waits for it.
        let _held = lock(&gate);
        if store.get(address).is_some() {
            return Ok(false);
        }
        let observed = if out.log.every > 0 {
            let mut probe = Probe::new(&opened.setup_for(column, replication));
            let finished = run_column(opened, column, replication, out, &mut probe)?;
            probe.observed(finished.summary, &finished.world)
        } else {
            observe(opened, column, replication, None)?
        };
        let kept = Kept { values: observed.values, verdict: observed.verdict };
        let failed = |error| RunError::Io { path: store.folder().to_owned(), error };
        store.put(address, &kept).map_err(failed)?;
        Ok(true)
    }

    /// Every run of every point from some folders: rows in the order of the table, and which runs are missing.
    ///
    /// # Errors
    /// A point that is refused.
    pub fn gather(&self, stores: &[Store]) -> Result<(Vec<Row<'_>>, Vec<Missing<'_>>), SweepError> {
        type Part<'a> = (Vec<Row<'a>>, Vec<Missing<'a>>);
        let parts: Vec<Result<Part<'_>, SweepError>> = self
            .points
            .par_iter()
            .map(|point| {
                let known = lock(&self.known).get(&point.number).cloned();
                let addresses = match known {
                    Some(addresses) => addresses,
                    None => self.addresses(point, &self.open_point(point)?)?,
                };
                let (mut rows, mut missing) = (Vec::new(), Vec::new());
                for (all, strategy) in addresses.into_iter().zip(&self.sweep.strategies) {
                    let mut runs = Vec::new();
                    for (replication, address) in (0..).zip(all) {
                        match stores.iter().find_map(|store| store.get(&address)) {
                            Some(kept) => runs.push(kept),
                            None => missing.push(Missing { point, strategy, replication }),
                        }
                    }
                    rows.push(Row { point, strategy, runs });
                }
                Ok((rows, missing))
            })
            .collect();
        let (mut rows, mut missing) = (Vec::new(), Vec::new());
        for part in parts {
            let (more, lacking) = part?;
            rows.extend(more);
            missing.extend(lacking);
        }
        Ok((rows, missing))
    }

    /// Writes `points.csv`, its Parquet sibling where this build can, and the manifest.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write_tables(&self, root: &Path, rows: &[Row<'_>]) -> Result<PathBuf, SweepError> {
        let folder = root.join(self.name());
        let path = folder.join("points.csv");
        let write = || -> io::Result<()> {
            std::fs::create_dir_all(&folder)?;
            points::write(&path, &self.sweep, rows)?;
            points::write_parquet(&path, &self.sweep)?;
            let aside = folder.join("points.manifest.json.part");
            write_json(&aside, &self.manifest(&path)?)?;
            std::fs::rename(aside, folder.join("points.manifest.json"))
        };
        write().map_err(|error| SweepError::Io { path: path.clone(), error })?;
        Ok(path)
    }

    /// What the table was made of.
    fn manifest(&self, csv: &Path) -> io::Result<Json> {
        let hash = |path: &Path| file_hash(path);
        let determined = self.base.determinants_of_all(&hash)?;
        let outputs = json!({ "points.csv": { "sha256": file_hash(csv)?, "bytes": std::fs::metadata(csv)?.len() } });
        Ok(json!({
            "kind": "sweep",
            "scenario_file": self.base.file_name(),
            "determined_by": determined,
            "points": self.points.len(),
            "outputs": outputs,
        }))
    }
}

/// What a lock guards; a thread that panicked under it left nothing half done, since entries are put there whole.
fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run that is not there.
#[derive(Clone, Copy, Debug)]
pub struct Missing<'a> {
    pub point: &'a Point,
    pub strategy: &'a str,
    pub replication: u64,
}
