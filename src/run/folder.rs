//! The folder of one run: complete or absent. A run writes aside and renames when everything is there.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::summary::Summary;
use crate::engine::tally::Block;
use crate::model::books::Resource;
use crate::model::request::Outcome;
use crate::model::tariff::usd;
use crate::model::world::World;
use crate::planner::economy::Account;

/// A folder that is being filled: `.<name>.<process>-<nth>.part` beside its target, with the files in a folder of its own
/// and a lock that says that somebody is still at work.
pub struct Folder {
    aside: PathBuf,
    target: PathBuf,
    /// Held until the end; the system lets go of it when the process dies, however it does.
    _lock: File,
}

const LOCK: &str = "lock";
const FILES: &str = "files";
const REPLACED: &str = "replaced";

impl Folder {
    /// Makes the folder aside, under the same parent, so that renaming it is one step. Parts that runs left there
    /// which were killed are removed.
    pub fn begin(target: &Path) -> io::Result<Folder> {
        let parent = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let name = target.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned());
        remove_stale(parent)?;
        for nth in 0.. {
            let aside = parent.join(format!(".{name}.{}-{nth}.part", std::process::id()));
            if let Some(lock) = claim(&aside)? {
                fs::create_dir(aside.join(FILES))?;
                return Ok(Folder { aside, target: target.to_owned(), _lock: lock });
            }
        }
        unreachable!("some number is not taken")
    }

    /// Where the files are written.
    pub fn path(&self) -> PathBuf {
        self.aside.join(FILES)
    }

    /// Puts the complete folder in its place; one that was there before gives way.
    pub fn complete(self) -> io::Result<PathBuf> {
        let replaced = self.aside.join(REPLACED);
        let replaces = self.target.exists();
        if replaces {
            fs::rename(&self.target, &replaced)?;
        }
        let put = fs::rename(self.path(), &self.target);
        if put.is_err() && replaces {
            // The first error is the one to tell; what was there stays there if it can.
            let _ = fs::rename(&replaced, &self.target);
        }
        put.map(|()| self.target.clone())
    }
}

impl Drop for Folder {
    /// Nothing is left aside, whether a run ended well or not.
    fn drop(&mut self) {
        // Nothing can be done about a folder that cannot be removed; its name says that it is a part.
        let _ = fs::remove_dir_all(&self.aside);
    }
}

/// Makes a part and locks it; `None` when another process has it, or takes the new one for a stale part just now.
fn claim(aside: &Path) -> io::Result<Option<File>> {
    match fs::create_dir(aside) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        made => made?,
    }
    let path = aside.join(LOCK);
    let lock = match File::create_new(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        lock => lock?,
    };
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        // A file system without locks: nobody there takes a part for stale either.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    Ok(path.exists().then_some(lock))
}

/// Removes the parts in a folder whose makers are gone.
fn remove_stale(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let found = entry.file_name().to_string_lossy().into_owned();
        if !(found.starts_with('.') && found.ends_with(".part")) {
            continue;
        }
        // Somebody else may be removing the same part: whatever fails here is no reason not to run.
        match File::open(entry.path().join(LOCK)) {
            Ok(lock) if lock.try_lock().is_ok() => drop(fs::remove_dir_all(entry.path())),
            Ok(_) => {}
            // Killed before it had a lock: then it is empty, or else in use.
            Err(_) => drop(fs::remove_dir(entry.path())),
        }
    }
    Ok(())
}

/// Writes `cost.csv`: the books, line by line.
pub fn write_costs(path: &Path, world: &World) -> io::Result<()> {
    let mut lines = super::lines::Lines::create(path, "hour,resource,item,share,quantity,unit,usd")?;
    for ((hour, resource, item, share), booked) in world.books.lines() {
        let mut line = lines.line();
        line.whole(u64::from(*hour));
        line.text(&resource_name(*resource, world));
        line.plain(item.name());
        line.plain(share.name());
        line.float(booked.quantity);
        line.plain(item.unit());
        line.plain(&usd(booked.pico));
        lines.end()?;
    }
    lines.flush()
}

/// What a resource is called in tables.
pub fn resource_name(resource: Resource, world: &World) -> String {
    match resource {
        Resource::Pool(id) => world.pool(id).spec.name.clone(),
        Resource::Reservation(index) => format!("reservation-{}", index + 1),
        Resource::Provider => "provider".to_owned(),
    }
}

/// The summary as JSON, with keys in alphabetical order.
pub fn summary_json(summary: &Summary, world: &World) -> Json {
    let flow = |flow: &super::summary::Flow| {
        let mut counts = Map::new();
        counts.insert("arrived".into(), flow.arrived.into());
        for outcome in Outcome::ALL {
            counts.insert(outcome.name().into(), flow.of(outcome).into());
        }
        Json::Object(counts)
    };
    let times = |block: &Block| {
        let secs = |ns: Option<u64>| ns.map_or(Json::Null, |ns| json!(ns as f64 / 1e9));
        json!({
            "count": block.count(),
            "mean_s": block.mean().map(|ns| ns / 1e9),
            "sd_s": block.variance().map(|v| libm::sqrt(v.max(0.0)) / 1e9),
            "min_s": secs(block.min()),
            "max_s": secs(block.max()),
            "p50_s": secs(block.percentile(0.50)),
            "p95_s": secs(block.percentile(0.95)),
            "p99_s": secs(block.percentile(0.99)),
        })
    };
    let mut by_resource: Map<String, Json> = Map::new();
    let mut resources: Vec<Resource> = world.books.lines().map(|((_, resource, _, _), _)| *resource).collect();
    resources.sort();
    resources.dedup();
    for resource in resources {
        by_resource.insert(resource_name(resource, world), usd(world.books.resource_pico(resource)).into());
    }
    let pools: Map<String, Json> = summary
        .pools
        .iter()
        .map(|pool| {
            let figures = json!({
                "launched": pool.launched,
                "begun": pool.begun,
                "cold_starts": pool.cold,
                "busy_s": pool.busy_s,
                "uptime_s": pool.alive_s,
                "peak_instances": pool.peak_alive,
                "utilisation": pool.utilisation(),
            });
            (pool.name.clone(), figures)
        })
        .collect();
    let measures = summary.measures.as_ref().map(|measures| {
        let posted = measures.posted.iter().map(|(name, posted)| (name.clone(), (*posted).into()));
        json!({
            "posted": posted.collect::<Map<String, Json>>(),
            "too_late": measures.too_late,
            "replaced": measures.replaced,
            "unread": measures.unread,
            "lag": times(&measures.lag),
        })
    });
    let hour_costs = hour_costs(world);
    let hours: Vec<Json> = (0..summary.hours.len().max(hour_costs.len()))
        .map(|hour| {
            let counts = summary.hours.get(hour).copied().unwrap_or_default();
            json!({
                "hour": hour,
                "arrived": counts.arrived,
                "violations": counts.violations,
                "cold_starts": counts.cold_starts,
                "usd": usd(hour_costs.get(hour).copied().unwrap_or(0)),
            })
        })
        .collect();
    let mut json = json!({
        "strategy": summary.strategy,
        "replication": summary.replication,
        "end_s": summary.end.as_secs_f64(),
        "events": summary.events,
        "peak_in_flight": summary.peak_in_flight,
        "requests": flow(&summary.roots),
        "calls": flow(&summary.calls),
        "retries": summary.retries,
        "asked_late": summary.asked_late,
        "orders": summary.orders,
        "refusals": summary.refusals,
        "slo_s": summary.slo.map(|slo| slo.as_secs_f64()),
        "violations": summary.violations,
        "violation_share": share(summary.violations, summary.measured),
        "measured_requests": summary.measured,
        "response": times(&summary.response.total()),
        "queue": times(&summary.queue.total()),
        "cold_start": times(&summary.cold_start.total()),
        "percentiles": "from a histogram, within 1 %",
        "pools": pools,
        "hours": hours,
        "cost": {
            "total_usd": usd(summary.bill_pico),
            "direct_usd": usd(summary.direct_pico),
            "held_usd": usd(summary.held_pico),
            "idle_usd": usd(summary.idle_pico),
            "by_resource_usd": by_resource,
        },
        "network": {
            "messages": summary.messages,
            "bytes": summary.message_bytes,
            "byte_hops": summary.byte_hops,
        },
        "stakeholders": summary.account.as_ref().map(stakeholders_json),
        "digest": summary.digest,
        "offered_digest": summary.offered_digest,
    });
    if let Some(measures) = measures {
        json["measures"] = measures;
    }
    json
}

/// Each stakeholder with its revenue, cost and profit, in USD; users have none.
fn stakeholders(account: &Account) -> [(&'static str, f64, f64); 4] {
    [
        ("service", account.service_revenue, account.vm_cost + account.transfer_cost),
        ("application", account.advertising_revenue, account.hosting_cost + account.service_revenue),
        ("cloud", account.vm_cost + account.transfer_cost, account.cloud_own_cost),
        ("together", account.advertising_revenue, account.hosting_cost + account.cloud_own_cost),
    ]
}

fn stakeholders_json(account: &Account) -> Json {
    let money = stakeholders(account).into_iter();
    let parties: Map<String, Json> = money
        .map(|(name, revenue, cost)| {
            (name.to_owned(), json!({ "revenue_usd": revenue, "cost_usd": cost, "profit_usd": revenue - cost }))
        })
        .collect();
    json!({
        "parties": parties,
        "requests": account.requests,
        "user_satisfaction": account.satisfaction(),
    })
}

/// Writes `stakeholders.csv`: what each of them got over the run.
pub fn write_stakeholders(path: &Path, account: &Account) -> io::Result<()> {
    let mut lines = super::lines::Lines::create(path, "stakeholder,revenue_usd,cost_usd,profit_usd,satisfaction")?;
    for (name, revenue, cost) in stakeholders(account) {
        let mut line = lines.line();
        line.plain(name);
        line.float(revenue);
        line.float(cost);
        line.float(revenue - cost);
        line.maybe(None);
        lines.end()?;
    }
    let mut line = lines.line();
    line.plain("users");
    (0..3).for_each(|_| line.maybe(None));
    line.maybe_float(account.satisfaction());
    lines.end()?;
    lines.flush()
}

/// The bill of each hour.
fn hour_costs(world: &World) -> Vec<i128> {
    let mut costs: Vec<i128> = Vec::new();
    for ((hour, _, _, _), line) in world.books.lines() {
        let hour = *hour as usize;
        if costs.len() <= hour {
            costs.resize(hour + 1, 0);
        }
        costs[hour] += line.pico;
    }
    costs
}

fn share(part: u64, whole: u64) -> Json {
    if whole == 0 { Json::Null } else { json!(part as f64 / whole as f64) }
}

/// SHA-256 of a file, as hex.
pub fn file_hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => break,
            n => hash.update(&block[..n]),
        }
    }
    Ok(hex(&hash.finalize()))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// JSON as a file: indented, ending in a newline.
pub fn write_json(path: &Path, value: &Json) -> io::Result<()> {
    fs::write(path, format!("{value:#}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parent: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(parent)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_there_when_it_is_complete_and_takes_the_place_of_an_older_one() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("0-abc");
        for text in ["first", "second"] {
            let folder = Folder::begin(&target).unwrap();
            fs::write(folder.path().join("a.csv"), text).unwrap();
            assert_eq!(fs::read_to_string(target.join("a.csv")).ok(), (text == "second").then(|| "first".to_owned()));
            folder.complete().unwrap();
            assert_eq!(fs::read_to_string(target.join("a.csv")).unwrap(), text);
            assert_eq!(names(parent.path()), ["0-abc"]);
        }
    }

    #[test]
    fn a_run_that_gives_up_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::begin(&parent.path().join("0-abc")).unwrap();
        fs::write(folder.path().join("a.csv"), "half").unwrap();
        drop(folder);
        assert!(names(parent.path()).is_empty());
    }

    #[test]
    fn parts_without_a_maker_are_removed_and_those_with_one_stay() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("0-abc");
        let dead = parent.path().join(".0-abc.1-0.part");
        fs::create_dir_all(dead.join(FILES)).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        fs::create_dir(parent.path().join(".0-abc.2-0.part")).unwrap();
        let kept = [".0-xyz", "of-somebody.part"].map(|name| parent.path().join(name));
        kept.iter().for_each(|path| fs::create_dir(path).unwrap());
        let one = Folder::begin(&target).unwrap();
        let two = Folder::begin(&target).unwrap();
        assert!(!dead.exists() && one.path().is_dir() && two.path().is_dir());
        assert_eq!(names(parent.path()).len(), 4);
        one.complete().unwrap();
        two.complete().unwrap();
        assert_eq!(names(parent.path()), [".0-xyz", "0-abc", "of-somebody.part"]);
    }
}
