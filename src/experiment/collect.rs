//! The table of a sweep from the folders of its shards, once every run is there; otherwise, what is missing and whose it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::store::Store;
use super::sweep::{Job, Missing, Shard, SweepError, store_folder};

/// What collecting gave.
#[derive(Debug)]
pub enum Collected {
    /// The table, and how many rows it has.
    Table(PathBuf, usize),
    /// Lines that say what is missing.
    Incomplete(Vec<String>),
}

/// Collects the runs under some folders of results into the table under `out`.
///
/// # Errors
/// A point that is refused, or a table that cannot be written.
pub fn collect(job: &Job, from: &[PathBuf], out: &Path) -> Result<Collected, SweepError> {
    let of = |root: &Path| Store::of(&store_folder(root, job.name()));
    let stores: Vec<Store> = if from.is_empty() { vec![of(out)] } else { from.iter().map(|root| of(root)).collect() };
    let (rows, missing) = job.gather(&stores)?;
    if missing.is_empty() {
        return Ok(Collected::Table(job.write_tables(out, &rows)?, rows.len()));
    }
    Ok(Collected::Incomplete(complaint(job, &stores, &missing)))
}

/// What is missing: by shard where shards were at work, and the first run in any case.
fn complaint(job: &Job, stores: &[Store], missing: &[Missing<'_>]) -> Vec<String> {
    let numbers: BTreeSet<u64> = missing.iter().map(|run| run.point.number).collect();
    let first = missing[0];
    let runs = job.points().len() as u64 * job.sweep().strategies.len() as u64 * job.sweep().replications;
    let mut lines = vec![format!(
        "{} of {runs} runs are missing, at {} of {} points; the first is point {} ({}), {}, replication {}",
        missing.len(),
        numbers.len(),
        job.points().len(),
        first.point.number,
        first.point.words(),
        first.strategy,
        first.replication,
    )];
    for of in divisions(stores) {
        for part in 1..=of {
            let shard = Shard { part, of };
            let lacking = numbers.iter().filter(|&&number| shard.holds(number)).count();
            if lacking > 0 {
                let note = |store: &Store| std::fs::read_to_string(store.folder().join(shard.note())).ok();
                let state = match stores.iter().find_map(note).as_deref() {
                    None => "has not been run",
                    Some("complete\n") => "says that it is complete (was the scenario or the program changed since?)",
                    Some(_) => "was begun and is not complete",
                };
                lines.push(format!("shard {part}/{of} {state}: {lacking} of its points are missing"));
            }
        }
    }
    lines
}

/// Into how many shards the sweep was divided, by the notes that they left.
fn divisions(stores: &[Store]) -> BTreeSet<u64> {
    let mut found = BTreeSet::new();
    for store in stores {
        let Ok(entries) = std::fs::read_dir(store.folder()) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let division = name.strip_prefix("shard-").and_then(|rest| rest.strip_suffix(".txt"));
            found.extend(division.and_then(|rest| rest.split_once("-of-")).and_then(|(_, of)| of.parse::<u64>().ok()));
        }
    }
    found
}
