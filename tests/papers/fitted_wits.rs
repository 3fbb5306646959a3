//! A generator in place of a trace that may not leave the house: LIBRA at event level on WITS and on what `trace fit` makes of it.
//!
//! Cost within 5 % and violations within one point of those on the trace. The generator has the figures of the trace but not its
//! course, so it is taken over several replications, each of which is another day.

use crate::oracle;
use std::path::Path;
use stratosim::experiment::opened::open;
use stratosim::run::drive::drive;
use stratosim::run::sink::Silent;
use stratosim::workload::fit::{Choices, fit};
use stratosim::workload::trace::counts::{Column, read};

/// Dollars, and violations in percent.
fn libra(scenario: &Path, replication: u64) -> (f64, f64) {
    let prices = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/prices/aws-libra-simulation.toml");
    let opened = open(scenario, &[format!("prices={}", prices.display())]).unwrap_or_else(|wrong| panic!("{wrong}"));
    let column = opened.columns.iter().find(|column| column.label == "libra").expect("the scenario asks for it");
    let setup = opened.setup_for(column, replication);
    let mut strategy = opened.build(column).strategy;
    let (summary, _) = drive(&setup, "libra", &mut *strategy, &mut Silent).unwrap_or_else(|stop| panic!("{stop}"));
    let violations = 100.0 * summary.violations as f64 / summary.measured as f64;
    (summary.bill_pico as f64 / 1e12, violations)
}

#[test]
fn libra_on_a_generator_costs_what_it_costs_on_wits() {
    let Some(root) = oracle::traces("WITS and its generator under LIBRA") else { return };
    let trace = root.join("libra/wits_logs.txt");
    if !trace.exists() {
        return oracle::skipped(&format!("WITS and its generator under LIBRA: no {}", trace.display()));
    }
    let place = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/libra-wits.toml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let source = "kind = \"counts\"\nfile = \"$STRATOSIM_TRACES/libra/wits_logs.txt\"";
    assert!(shipped.contains(source));
    let scenario = |name: &str, written: String| {
        let file = place.path().join(name);
        std::fs::write(&file, shipped.replace(source, &written)).unwrap();
        file
    };
    let counts = read(&trace, &Column::Only).unwrap();
    let found = fit(&counts, Choices::of(counts.len())).unwrap();
    std::fs::write(place.path().join("wits.json"), serde_json::to_string(&found).unwrap()).unwrap();
    let real = scenario("real.toml", format!("kind = \"counts\"\nfile = \"{}\"", trace.display()));
    let fitted = scenario("fitted.toml", "kind = \"fitted\"\ngenerator = \"wits.json\"".to_owned());
    let (cost_real, violations_real) = libra(&real, 0);
    println!("WITS: {cost_real:.3} $, {violations_real:.3} % violations");
    let replications: u64 = if cfg!(feature = "long") { 12 } else { 2 };
    let (mut cost, mut violations) = (0.0, 0.0);
    for replication in 0..replications {
        let (one, late) = libra(&fitted, replication);
        println!("replication {replication}: {one:.3} $, {late:.3} % violations");
        cost += one / replications as f64;
        violations += late / replications as f64;
    }
    println!("generator: {cost:.3} $ ({:+.2} %), {violations:.3} %", 100.0 * (cost / cost_real - 1.0));
    assert!((cost / cost_real - 1.0).abs() <= 0.05, "{cost} $, on WITS {cost_real} $");
    assert!((violations - violations_real).abs() <= 1.0, "{violations} %, on WITS {violations_real} %");
}
