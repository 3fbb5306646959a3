//! The folder of one run: complete or absent. A run writes aside and renames when everything is there.

use std::fs;
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

/// A folder that is being filled.
pub struct Folder {
    aside: PathBuf,
    target: PathBuf,
}

impl Folder {
    /// Makes the folder aside, under the same parent, so that renaming it is one step.
    pub fn begin(target: &Path) -> io::Result<Folder> {
        let parent = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let name = target.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned());
        let aside = parent.join(format!(".{name}.{}.part", std::process::id()));
        if aside.exists() {
            fs::remove_dir_all(&aside)?;
        }
        fs::create_dir(&aside)?;
        Ok(Folder { aside, target: target.to_owned() })
    }

    /// Where the files are written.
    pub fn path(&self) -> &Path {
        &self.aside
    }

    /// Puts the complete folder in its place; one that was there before gives way.
    pub fn complete(self) -> io::Result<PathBuf> {
        if self.target.exists() {
            let old = self.aside.with_extension("old");
            fs::rename(&self.target, &old)?;
            fs::rename(&self.aside, &self.target)?;
            fs::remove_dir_all(&old)?;
        } else {
            fs::rename(&self.aside, &self.target)?;
        }
        let target = self.target.clone();
        std::mem::forget(self);
        Ok(target)
    }
}

impl Drop for Folder {
    /// A run that did not end well leaves nothing.
    fn drop(&mut self) {
        // Nothing can be done about a folder that cannot be removed; its name says that it is a part.
        let _ = fs::remove_dir_all(&self.aside);
    }
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
            let capacity = pool.alive_s * f64::from(pool.slots);
            let figures = json!({
                "launched": pool.launched,
                "begun": pool.begun,
                "cold_starts": pool.cold,
                "busy_s": pool.busy_s,
                "uptime_s": pool.alive_s,
                "peak_instances": pool.peak_alive,
                "utilisation": (capacity > 0.0 && pool.slots < u32::MAX).then(|| pool.busy_s / capacity),
            });
            (pool.name.clone(), figures)
        })
        .collect();
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
    json!({
        "strategy": summary.strategy,
        "replication": summary.replication,
        "end_s": summary.end.as_secs_f64(),
        "events": summary.events,
        "peak_in_flight": summary.peak_in_flight,
        "requests": flow(&summary.roots),
        "calls": flow(&summary.calls),
        "retries": summary.retries,
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
        "digest": summary.digest,
        "offered_digest": summary.offered_digest,
    })
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
    let mut file = fs::File::open(path)?;
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
