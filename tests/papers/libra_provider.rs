//! LIBRA against its rivals at event level: the orderings and ratios of its evaluation, with what they turn on.
//!
//! Source: Raza et al., IC2E 2021: bars of the figures in its repositories (one run each). WITS in simulation: cost over
//! LIBRA's AUTO 1.14, SPOCK 1.15, FaaS 2.12, MAX 2.33; no parameters tried reproduce the recorded AUTO and SPOCK, so only the
//! order is held. On AWS: tolerances are 15 % for ratios and a factor of two for violations, since delays of metrics, boot and
//! health checks are not on record. What does not come out is asserted as it comes out here, with the reason beside it.

use std::path::PathBuf;

use crate::{on_record, oracle};
use stratosim::experiment::opened::open;
use stratosim::run::drive::drive;
use stratosim::run::sink::Silent;

/// What a bar of the evaluation shows.
#[derive(Clone, Copy, Debug)]
struct Bar {
    usd: f64,
    violations_percent: f64,
    machine_s: f64,
}

/// The bars of some strategies of a shipped scenario; `None` without the traces.
fn bars<const N: usize>(scenario: &str, strategies: [&str; N], set: &[&str]) -> Option<[Bar; N]> {
    let root = oracle::traces(&format!("{scenario}: figures at event level"))?;
    let file = root.join("libra/wits_logs.txt");
    if !file.exists() {
        oracle::skipped(&format!("{scenario}: no trace at {}", file.display()));
        return None;
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{scenario}.toml"));
    let mut overrides = vec![format!("sources.wits.file={}", file.display())];
    overrides.extend(set.iter().map(|&text| text.to_owned()));
    let opened = open(&path, &overrides).unwrap_or_else(|complaints| panic!("{complaints}"));
    Some(strategies.map(|name| {
        let column = opened.columns.iter().find(|column| column.label == name).expect("the scenario asks for it");
        let setup = opened.setup_for(column, 0);
        let mut strategy = opened.build(column).strategy;
        let driven = drive(&setup, name, &mut *strategy, &mut Silent);
        let (summary, world) = driven.unwrap_or_else(|stop| panic!("{name}: {stop}"));
        assert_eq!(summary.broken_laws(), Vec::<String>::new(), "{name}");
        let held = summary.pools.iter().zip(&world.pools).filter(|(_, pool)| !pool.charges_per_use());
        let bar = Bar {
            usd: summary.bill_pico as f64 / 1e12,
            violations_percent: 100.0 * summary.violations as f64 / summary.measured as f64,
            machine_s: held.map(|(figures, _)| figures.alive_s).sum(),
        };
        println!("{scenario} {set:?} {name}: {bar:?}");
        bar
    }))
}

/// Numbers that must rise from one to the next.
fn rising(what: &str, values: &[f64]) {
    assert!(values.is_sorted_by(|a, b| a < b), "{what}: {values:?} do not rise");
}

/// How far one stands below another, in percent.
fn below(of: Bar, rival: Bar) -> f64 {
    100.0 * (1.0 - of.violations_percent / rival.violations_percent)
}

/// A share of violations within a factor of two of the record.
fn within_twice(what: &str, found: f64, record: f64) {
    println!("{what}: {found}, on record {record}, factor {}", found / record);
    assert!(
        found >= record / 2.0 && found <= record * 2.0,
        "{what}: {found}, on record {record}, want a factor of two"
    );
}

const ALL: [&str; 5] = ["libra", "auto", "spock", "faas", "max"];

/// Claim 9. Deviations: AUTO and SPOCK are 5 and 6 % below their bars; FaaS and MAX are within 1 %.
#[test]
fn on_wits_the_order_of_cost_and_violations_is_that_of_the_figures() {
    let Some([libra, auto, spock, faas, max]) = bars("libra-wits", ALL, &[]) else { return };
    rising("cost of LIBRA, AUTO, FaaS, MAX", &[libra.usd, auto.usd, faas.usd, max.usd]);
    rising("cost of LIBRA, SPOCK, FaaS", &[libra.usd, spock.usd, faas.usd]);
    let violations = [libra, spock, auto].map(|bar| bar.violations_percent);
    rising("violations of LIBRA, SPOCK, AUTO", &violations);
    // The bars with the balancer and LIBRA's gateway, which the price list has.
    for (what, bar, record, tolerance) in [
        ("AUTO", auto, 1.1417, 0.15),
        ("SPOCK", spock, 1.151, 0.15),
        ("FaaS", faas, 2.1215, 0.03),
        ("MAX", max, 2.3291, 0.03),
    ] {
        on_record(&format!("{what} over LIBRA, cost"), bar.usd / libra.usd, record, record * tolerance);
    }
    // Claim 12 holds against AUTO. Against SPOCK it is 83 % here: LIBRA sends machines the first requests of each second, and
    // where these arrive late in one second and early in the next, more than the slots overlap. The figures count whole
    // seconds, in which they cannot; see the next test.
    assert!(below(libra, auto) >= 85.0, "{}", below(libra, auto));
    on_record("LIBRA's violations below SPOCK's, %", below(libra, spock), 83.0, 2.0);
}

/// Claims 9 and 12 with all requests at the beginning of their second, as the published simulator has them. LIBRA is then
/// what the replay computes: no violation, 547 200 machine seconds.
#[test]
fn with_arrivals_at_whole_seconds_libra_violates_nothing() {
    if cfg!(not(feature = "long")) {
        return oracle::skipped("LIBRA, AUTO and SPOCK on WITS with arrivals at whole seconds: needs the feature long");
    }
    let at_start = ["sources.wits.spread=start"];
    let Some([libra, auto, spock]) = bars("libra-wits", ["libra", "auto", "spock"], &at_start) else { return };
    assert_eq!(libra.violations_percent, 0.0);
    on_record("LIBRA, machine seconds", libra.machine_s, 547_200.0, 10.0);
    rising("violations of SPOCK and AUTO", &[spock.violations_percent, auto.violations_percent]);
    within_twice("SPOCK, violations %", spock.violations_percent, 1.9423);
    within_twice("AUTO, violations %", auto.violations_percent, 3.1151);
    on_record("AUTO over LIBRA, machine time", auto.machine_s / libra.machine_s, 1.9259, 0.15 * 1.9259);
}

/// What claim 10 turns on, as docs/provider.md tells it: how long environments are kept, not how long they take to start.
#[test]
fn libras_violations_on_aws_turn_on_how_long_environments_are_kept() {
    for (setting, record) in [
        ("pools.lambda.keep_alive=60s", 0.69),
        ("pools.lambda.keep_alive=30s", 1.13),
        ("pools.lambda.keep_alive=10s", 2.84),
        ("pools.lambda.cold_start=2400ms", 0.45),
        ("pools.web.boot=60s", 0.38),
        ("pools.web.boot=200s", 0.38),
    ] {
        let Some([libra]) = bars("libra-aws-2020", ["libra"], &[setting]) else { return };
        on_record(&format!("LIBRA, violations % with {setting}"), libra.violations_percent, record, 0.01);
    }
}

/// Claims 10 and 12.
#[test]
fn on_aws_in_2020_order_and_ratios_are_those_of_the_bars() {
    let Some([libra, auto, spock, faas, max]) = bars("libra-aws-2020", ALL, &[]) else { return };
    rising("cost of LIBRA, AUTO, SPOCK, FaaS, MAX", &[libra, auto, spock, faas, max].map(|bar| bar.usd));
    for (what, bar, record) in
        [("FaaS", faas, 1.2767), ("MAX", max, 1.4940), ("SPOCK", spock, 1.1845), ("AUTO", auto, 1.1446)]
    {
        on_record(&format!("{what} over LIBRA, cost"), bar.usd / libra.usd, record, 0.15 * record);
    }
    for (what, bar, record) in [("SPOCK", spock, 1.6458), ("AUTO", auto, 1.6757)] {
        on_record(&format!("{what} over LIBRA, machine time"), bar.machine_s / libra.machine_s, record, 0.15 * record);
    }
    for (what, bar) in [("FaaS", faas), ("MAX", max)] {
        assert!(bar.violations_percent < 1.0, "{what}: {bar:?}");
    }
    within_twice("SPOCK, violations %", spock.violations_percent, 16.011);
    within_twice("AUTO, violations %", auto.violations_percent, 23.216);
    // LIBRA has 0.4 % where 1.4 % are on record, outside a factor of two: here only cold starts are late, and how many there
    // are is the next test's. Slower machines (speed 1.8) leave it at 0.4 %; times of work that vary by 10 % give 0.7 %,
    // but 3 % for FaaS, which had 0.2 %.
    on_record("LIBRA, violations %", libra.violations_percent, 0.4, 0.1);
    for (what, rival) in [("SPOCK", spock), ("AUTO", auto)] {
        assert!(below(libra, rival) >= 85.0, "LIBRA below {what}: {}", below(libra, rival));
    }
}

/// The later a metric is told, the later the group sees a rise: AUTO's violations grow with each minute of delay.
#[test]
fn the_violations_of_auto_and_spock_grow_with_the_delay_of_metrics() {
    let at = |delay: u32| bars("libra-aws-2020", ["auto", "spock"], &[&format!("monitor.delay={delay}s")]);
    let mut swept = Vec::new();
    for delay in [0, 60, 120, 180, 240, 300] {
        let Some([auto, spock]) = at(delay) else { return };
        println!("| {delay} | {:.2} | {:.2} |", auto.violations_percent, spock.violations_percent);
        swept.push([auto, spock].map(|bar| bar.violations_percent));
    }
    for (place, name) in ["AUTO", "SPOCK"].into_iter().enumerate() {
        rising(name, &swept.iter().map(|pair| pair[place]).collect::<Vec<f64>>());
    }
}

/// The newer set-up has no figures on record: target tracking starts with one machine, and what it lacks is LIBRA's gain.
#[test]
fn with_target_tracking_libra_still_violates_least_of_those_that_scale() {
    let names = ["libra", "auto", "spock"];
    let Some([libra, auto, spock]) = bars("libra-aws-2023", names, &[]) else { return };
    assert!(below(libra, auto) >= 85.0 && below(libra, spock) >= 85.0, "{libra:?} {auto:?} {spock:?}");
}
