//! How much memory functions hold: the trace has it by application, so all functions of one share its draw or its average.

use super::super::blocks::Company;
use super::super::flaw::Flaw;
use super::super::line::{Fields, Lines, Separator};
use super::super::packed;
use super::minutes::Day;
use crate::engine::law::Law;
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a function is said to hold. Megabytes of the trace are taken as 2^20 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "MemoryChoice")]
pub enum Memory {
    /// One draw for each application, straight between its percentiles.
    #[default]
    Percentiles,
    /// The average of the application, split evenly over its functions of the day, as InVitro does.
    Split,
    /// One draw for each application from the Burr law fitted to all, needing no file.
    Burr,
    /// Nothing is said.
    Unknown,
}

const SHARES: [f64; 8] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];
const COLUMNS: [&str; 8] = [
    "AverageAllocatedMb_pct1",
    "AverageAllocatedMb_pct5",
    "AverageAllocatedMb_pct25",
    "AverageAllocatedMb_pct50",
    "AverageAllocatedMb_pct75",
    "AverageAllocatedMb_pct95",
    "AverageAllocatedMb_pct99",
    "AverageAllocatedMb_pct100",
];
const BURR_C: f64 = 11.652;
const BURR_K: f64 = 0.221;
const BURR_SCALE_MB: f64 = 107.083;
const MB: f64 = 1_048_576.0;

/// What a file says of one application.
struct App {
    average_mb: f64,
    percentiles_mb: Law,
}

/// Gives each function of the day its memory. Without a file for the day, what was known before stays.
pub fn assign(path: Option<&Path>, choice: Memory, day: &Day, company: &mut Company) -> Result<(), Flaw> {
    let apps = match (path, choice) {
        (_, Memory::Unknown) => return Ok(()),
        (_, Memory::Burr) => FxHashMap::default(),
        (Some(path), _) => read(path, company)?,
        (None, _) => return Ok(()),
    };
    let mut functions_of: FxHashMap<String, u64> = FxHashMap::default();
    let names: Vec<(u32, String)> = day.rows().map(|(member, _)| (member, app_of(member, company))).collect();
    for (_, app) in &names {
        *functions_of.entry(app.clone()).or_default() += 1;
    }
    for (member, app) in names {
        let mb = match (choice, apps.get(&app)) {
            (Memory::Burr, _) => Some(burr_mb(company.stream("memory", &app).uniform())),
            (Memory::Percentiles, Some(known)) => Some(known.percentiles_mb.draw(&mut company.stream("memory", &app))),
            (Memory::Split, Some(known)) => Some(known.average_mb / functions_of[&app] as f64),
            _ => None,
        };
        match mb {
            Some(mb) => company.members[member as usize].memory_bytes = Some((mb * MB + 0.5) as u64),
            None => {
                let file = path.map_or_else(|| "memory".into(), packed::name);
                company.report.note("function whose application has no memory", &file, 0, 1);
            }
        }
    }
    Ok(())
}

/// Owner and application of a function, from its name.
fn app_of(member: u32, company: &Company) -> String {
    let name = company.cast.functions.text(company.members[member as usize].function);
    name.rsplit_once('/').map_or(&**name, |(app, _)| app).to_owned()
}

fn read(path: &Path, company: &mut Company) -> Result<FxHashMap<String, App>, Flaw> {
    let mut lines = Lines::open(path)?;
    let file = lines.file().clone();
    let mut fields = Fields::default();
    let header = lines.next_line()?.ok_or_else(|| Flaw::file(&file, "no line", "a header"))?;
    let header = fields.cut(header, Separator::Byte(b','))?;
    let [owner, app, average] = [
        header.want_column("header", &["HashOwner"])?,
        header.want_column("header", &["HashApp"])?,
        header.want_column("header", &["AverageAllocatedMb"])?,
    ];
    let mut percentiles = [0; 8];
    for (place, name) in percentiles.iter_mut().zip(COLUMNS) {
        *place = header.want_column("header", &[name])?;
    }
    let mut apps = FxHashMap::default();
    while let Some(line) = lines.next_line()? {
        company.report.rows += 1;
        let row = fields.cut(line, Separator::Byte(b','))?;
        let average_mb = row.decimal(average, "AverageAllocatedMb")?;
        if average_mb <= 0.0 {
            company.report.drop_row("application with no memory", &file, line.number);
            continue;
        }
        let mut points = Vec::with_capacity(8);
        let mut below = 0.0;
        for ((&field, share), name) in percentiles.iter().zip(SHARES).zip(COLUMNS) {
            let value = row.decimal(field, name)?;
            if value < below {
                company.report.repair("falling percentile taken as the one before", &file, line.number);
            }
            below = value.max(below);
            points.push((below, share));
        }
        let law =
            Law::points(points).map_err(|unfit| row.flaw(percentiles[0], "AverageAllocatedMb_pct", unfit.wanted))?;
        let name = format!("{}/{}", row.text(owner), row.text(app));
        if apps.insert(name, App { average_mb, percentiles_mb: law }).is_some() {
            company.report.repair("second row of an application, which replaces the first", &file, line.number);
        }
    }
    Ok(apps)
}

/// Bytes that the Burr law of applications stays below with this share.
pub fn burr_bytes(share: f64) -> u64 {
    (burr_mb(share) * MB + 0.5) as u64
}

/// The value that the Burr XII law stays below with this share.
fn burr_mb(share: f64) -> f64 {
    BURR_SCALE_MB * libm::pow(libm::pow(1.0 - share, -1.0 / BURR_K) - 1.0, 1.0 / BURR_C)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burr_law_has_its_median() {
        // P(X > x) = (1 + (x / scale)^c)^(-k).
        for share in [0.1, 0.5, 0.9, 0.99] {
            let x = burr_mb(share);
            let beyond = libm::pow(1.0 + libm::pow(x / BURR_SCALE_MB, BURR_C), -BURR_K);
            assert!((beyond - (1.0 - share)).abs() < 1e-12);
        }
        assert!((100.0..200.0).contains(&burr_mb(0.5)), "{}", burr_mb(0.5));
    }
}
