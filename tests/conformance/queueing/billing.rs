//! The rows of module `tariff`: exponential lengths billed through a price list as a scenario reads it.

use stratosim::engine::law::Law;
use stratosim::engine::random::Streams;
use stratosim::engine::time::Span;
use stratosim::model::tariff::{PICO, Tariff};

use super::families::Parameters;
use super::metrics::Measured;

const MEMORY_MIB: u32 = 512;

/// One replication of a family of billing.
pub struct Bills {
    /// Means over the measured lengths.
    billed_s: f64,
    cost_pico: f64,
    mean_s: f64,
}

/// Bills so many exponential lengths, after as many as the warm-up.
pub fn bill(name: &str, p: Parameters<'_>, seed: u64, warm_up: u64, requests: u64) -> Bills {
    let rounded_up = name == "billing: duration rounded up";
    let mean_s = p.number(if rounded_up { "mean_duration_s" } else { "mean_lifetime_s" });
    let law = Law::exponential(mean_s).expect("a mean above zero");
    let mut rng = Streams::new(seed, 0).stream("lengths", "");
    let mut length = || Span::from_secs_f64(law.draw(&mut rng)).expect("an exponential length is a time");
    let tariff = tariff(p, rounded_up);
    for _ in 0..warm_up {
        length();
    }
    let (mut billed_s, mut cost_pico) = (0.0, 0.0);
    for _ in 0..requests {
        let length = length();
        if rounded_up {
            let price = tariff.function.expect("the list prices functions");
            billed_s += price.billed(length).as_secs_f64();
            cost_pico += price.cost(length, MEMORY_MIB, false) as f64;
        } else {
            let kind = tariff.instance_type("any").expect("the list prices the type");
            billed_s += kind.billed(length).as_secs_f64();
        }
    }
    let n = requests as f64;
    Bills { billed_s: billed_s / n, cost_pico: cost_pico / n, mean_s }
}

impl Bills {
    pub fn of(&self, metric: &str) -> Measured {
        Measured::Value(match metric {
            "mean_billed_s" => self.billed_s,
            "overcharge_ratio" => self.billed_s / self.mean_s,
            "mean_gb_seconds_at_512MB" => self.billed_s * f64::from(MEMORY_MIB) / 1024.0,
            "usd_per_million_at_512MB_x86" => self.cost_pico * 1e6 / PICO as f64,
            other => panic!("no recipe for the metric {other}"),
        })
    }
}

/// A price list with the rounding, or the minimum, of the case.
fn tariff(p: Parameters<'_>, rounded_up: bool) -> Tariff {
    let rule = if rounded_up {
        format!(
            "[function]\nrequests = \"0.20 USD/1M\"\nduration = \"0.0000166667 USD/GB-s\"\nrounding = \"{}s\"",
            p.number("quantum_s")
        )
    } else {
        // A nanosecond is the length of no rounding: lengths are whole nanoseconds.
        format!(
            "[types.any]\nprice = \"0.1 USD/h\"\nmemory = \"1GiB\"\nvcpu = 1\nminimum = \"{}s\"\nrounding = \"1ns\"",
            p.number("minimum_s")
        )
    };
    let text = format!("title = \"a case of billing\"\n{rule}\nsource = \"the case\"\ndate = \"2024-01-01\"\n");
    let folder = tempfile::tempdir().expect("a folder for a price list");
    let path = folder.path().join("prices.toml");
    std::fs::write(&path, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    stratosim::scenario::prices::read(&path).unwrap_or_else(|no| panic!("{no}\n{text}"))
}
