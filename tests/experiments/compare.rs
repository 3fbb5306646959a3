//! `compare` as a person meets it.

use stratosim::experiment::measures::place;
use stratosim::experiment::observe::observe;
use stratosim::experiment::opened::open;
use stratosim::experiment::run::{LogFormat, Output, run_column};
use stratosim::run::drive::drive;
use stratosim::run::record::RequestLog;
use stratosim::run::sink::Silent;

use super::oracle;
use super::place::{Place, queue};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// The cells of a row of the table.
fn row(text: &str, title: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.trim_start().starts_with(title));
    let line = line.unwrap_or_else(|| panic!("no row {title} in\n{text}"));
    line.trim().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

#[test]
fn five_policies_stand_in_one_table_after_one_command() {
    if oracle::traces("compare on libra-wits").is_none() {
        return;
    }
    let place = Place::new();
    let scenario = format!("{PROJECT}/scenarios/libra-wits.toml");
    let traces = std::env::var_os("STRATOSIM_TRACES").unwrap_or_else(|| format!("{PROJECT}/../shared/traces").into());
    let line = format!("compare {scenario} --replications 3 --base max --set sources.wits.periods=1200");
    let said = super::place::said(&place.command(&line).env("STRATOSIM_TRACES", traces).output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert_eq!(row(&said.out, "libra-wits"), ["libra-wits", "libra", "auto", "spock", "faas", "max"]);
    for title in [
        "cost",
        "SLO violations",
        "response p50",
        "response p95",
        "response p99",
        "utilisation",
        "machine hours",
        "scaling actions",
    ] {
        assert!(row(&said.out, title).len() > 2, "{title}\n{}", said.out);
    }
    assert!(said.out.contains("Intervals: 95 %, Student, 3 replications."), "{}", said.out);
    for policy in ["libra", "auto", "spock", "faas"] {
        let told = said.out.lines().any(|line| line.starts_with(policy) && line.ends_with(", 3 pairs"));
        assert!(told, "no difference of {policy}\n{}", said.out);
    }
}

#[test]
fn a_difference_is_told_in_a_sentence_with_its_interval_and_pairs() {
    let place = Place::new();
    place.write("queue.toml", &queue(0.5, 1, 2000));
    let out = place.done("compare queue.toml --replications 20");
    let told = |start: &str| {
        let line = out.lines().find(|line| line.starts_with(start));
        line.unwrap_or_else(|| panic!("no line begins with {start}\n{out}")).to_owned()
    };
    let mean = told("two cuts response mean by ");
    assert!(mean.contains("s [") && mean.ends_with("] against max, 20 pairs"), "{mean}");
    assert!(told("two has the same cost as max in all 20 pairs").ends_with("20 pairs"));
    assert!(told("Warm-up: ").ends_with(", found by MSER-5 in pilot runs."));
    // Exact theory stands beside both.
    assert!(told("max is M/M/1 (Erlang C) at 0.5/s").ends_with(", 1 s:"));
    assert!(told("two is M/M/2 (Erlang C) at 0.5/s").ends_with(", 1 s:"));
    assert!(out.contains("  response mean: exactly 2.000 s, simulated "), "{out}");
    assert!(out.contains("  response p95: exactly 5.991 s, simulated "), "{out}");
}

#[test]
fn methods_and_warm_ups_are_named_and_workers_change_nothing() {
    let place = Place::new();
    place.write("queue.toml", &queue(0.5, 1, 2000));
    let boot = place.done("compare queue.toml --method bootstrap --warm-up 200s --workers 1");
    assert!(boot.contains("Intervals: 95 %, bootstrap-t, 4000 resamples of 10 replications."), "{boot}");
    assert!(boot.contains("Warm-up: 200s, as asked for."), "{boot}");
    assert_eq!(boot, place.done("compare queue.toml --method bootstrap --warm-up 200s --workers 2"));
    let one = place.done("compare queue.toml --replications 1 --set horizon=20000s");
    assert!(one.contains("Intervals: 95 %, batch means, 20 batches of one run."), "{one}");
    assert!(one.contains("Neighbouring batches correlate by "), "{one}");
    let saturated = place.done("compare queue.toml --set sources.s.rate=1.3/s --strategy max --replications 3");
    assert!(saturated.contains("max: 3 of 3 runs are saturated"), "{saturated}");
    place.done("compare queue.toml --replications 2 --csv runs.csv --quiet");
    let runs = place.read("runs.csv");
    assert_eq!(runs.lines().count(), 5, "{runs}");
    assert!(runs.starts_with("strategy,replication,verdict,requests,cost_usd,"), "{runs}");
}

#[test]
fn replications_go_on_until_a_precision_is_reached_or_told_not_to_be() {
    let place = Place::new();
    place.write("queue.toml", &queue(0.5, 1, 1500));
    let out = place.command("compare queue.toml --strategy max").args(["--until", "mean +- 3 %"]).output().unwrap();
    let out = super::place::said(&out).out;
    let line = out.lines().find(|line| line.starts_with("Precision response mean +- 3 %: reached after ")).unwrap();
    let count: u64 = line.rsplit(' ').nth(1).unwrap().parse().unwrap();
    assert!(count > 10, "{line}");
    let cell = &row(&out, "response mean")[1];
    let numbers: Vec<f64> =
        cell.split(|c: char| !(c.is_ascii_digit() || c == '.')).filter_map(|word| word.parse().ok()).collect();
    assert!((numbers[2] - numbers[1]) / 2.0 <= 0.0301 * numbers[0], "{cell}");
    let out = place.command("compare queue.toml --most 12").args(["--until", "p99 0.1%"]).output().unwrap();
    assert!(String::from_utf8_lossy(&out.stdout).contains(": NOT reached after 12 replications."));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = Place::new();
    place.write("queue.toml", &queue(0.5, 1, 1500));
    for (arguments, wanted) in [
        ("--strategy maks", "--strategy maks: the scenario has max, two\n"),
        ("--base maks", "--base maks: the scenario has max, two\n"),
        ("--warm-up 1500s", "--warm-up 1500s: want less than the horizon of 1500s\n"),
    ] {
        let said = place.line(&format!("compare queue.toml {arguments}"));
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(2), "", wanted));
    }
    for arguments in
        ["--replications 0", "--confidence 95", "--until p95", "--until p96=2%", "--warm-up soon", "--workers 0"]
    {
        let said = place.line(&format!("compare queue.toml {arguments}"));
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments}");
        assert!(said.err.contains("want") || said.err.contains("not in"), "{}", said.err);
    }
}

/// A strategy that knows the future knows that of the replication at hand: `compare` and `sweep` see the run that `run` writes.
#[test]
fn what_is_observed_of_a_replication_is_what_run_writes_of_it() {
    let place_of_run = Place::golden();
    let text = "name = \"told\"\nprices = \"prices.toml\"\nstrategies = [\"malloovia\"]\nhorizon = \"20min\"\n\
        [strategy.malloovia]\nforecast = \"oracle\"\nslot = \"1min\"\nlead = \"0s\"\n\
        [functions.f]\nwork = \"10s\"\n\
        [sources.s]\nkind = \"ipp\"\nrate = \"2/s\"\non = \"1min\"\noff = \"1min\"\n\
        [pools.p]\nkind = \"vm\"\ntype = \"m4.large\"\nslots = 1\nsize = 0\nmax = 100\nboot = \"0s\"\n";
    let path = place_of_run.write("told.toml", text);
    let opened = open(&path, &[]).unwrap_or_else(|complaints| panic!("{complaints}"));
    let (column, cost) = (&opened.columns[0], place("cost").unwrap());
    let output = Output { root: place_of_run.path("out"), log: RequestLog { every: 0 }, format: LogFormat::default() };
    for replication in [0, 3] {
        let written = run_column(&opened, column, replication, &output, &mut Silent).unwrap().summary;
        let seen = observe(&opened, column, replication, None).unwrap();
        assert_eq!(seen.offered_digest, written.offered_digest);
        assert_eq!(seen.values[cost], Some(written.bill_pico as f64 / 1e12));
        // Told another replication's future it does otherwise, which this test would not see if it did not.
        let setup = opened.setup_for(column, replication);
        let (misled, _) = drive(&setup, "malloovia", &mut *opened.build(column).strategy, &mut Silent).unwrap();
        assert_eq!(misled.bill_pico == written.bill_pico, replication == 0);
    }
}

#[test]
fn a_table_that_cannot_be_written_is_said_before_the_first_run() {
    let place = Place::golden();
    // The runs would stop, and say so, if they were begun.
    let said = place.line("compare town.toml -q --set limits.events=10 --csv gone/runs.csv");
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert_eq!(said.err, "--csv gone/runs.csv: No such file or directory (os error 2)\n");
    // A file that can be written is not touched by runs that stop.
    let said = place.line("compare town.toml -q --set limits.events=10 --csv runs.csv");
    assert!(said.code == Some(1) && said.err.contains("stopped at "), "{said:?}");
    assert!(!place.path("runs.csv").exists());
}

#[test]
fn a_comparison_has_three_lines_and_does_not_contradict_itself() {
    let place = Place::golden();
    let line = "compare town.toml -q --strategy max --replications 2";
    let said = place.done(&format!("{line} --set warm_up=30s"));
    assert_eq!(said.lines().filter(|line| line.starts_with(['─', '═'])).count(), 3, "{said}");
    assert!(said.contains("Warm-up: 30s, of the scenario.\n"), "{said}");
    assert!(said.contains("Arrivals follow a trace or a changing rate: nothing has to settle.\n"), "{said}");
    let said = place.done(&format!("{line} --set warm_up=0s"));
    assert!(said.contains("changing rate: a run is measured whole, and nothing has to settle.\n"), "{said}");
}
