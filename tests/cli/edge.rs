//! The example of Serverless on the Edge as a person meets it: calls printed as the documentation's client does, tables and loads
//! looked at, probes written.

use std::path::Path;

use super::{Place, Said, blessing};

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

/// Runs a shipped scenario, named first, with options.
fn shipped(place: &Place, command: &str, name: &str, options: &[&str]) -> Said {
    let path = format!("{SCENARIOS}/{name}.toml");
    let said = place.run([&[command, path.as_str()], options].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    said
}

/// The client's lines under a router or a dispatcher.
fn calls(place: &Place, options: &[&str]) -> String {
    let said = shipped(place, "run", "edge-two-computers", &[&["--calls", "--every", "0"], options].concat());
    // The comparison of the strategies follows an empty line.
    said.out.split("\n\n").next().expect("there is something").to_owned() + "\n"
}

/// Response, hops and destination of each request in the documentation's columns, under the router and with each predictor of the
/// dispatcher by one `--set`. Kept in `edge_calls.txt`.
#[test]
fn calls_are_printed_as_in_the_documentation() {
    let place = Place::new();
    let mut found = calls(&place, &["--strategy", "router"]);
    for predictor in ["rtt", "util", "delay", "probe"] {
        let set = format!("strategy.dispatcher.predictor={predictor}");
        found += &format!("{predictor}: {}", calls(&place, &["--strategy", "dispatcher", "--set", &set]));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/edge_calls.txt");
    if blessing() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(&path).unwrap());
    // time latency load responder function hops
    let columns = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = found.lines().filter(|line| line.contains("clambda0")).map(columns).collect();
    assert_eq!(rows.len(), 25);
    for row in &rows {
        assert_eq!(row.len(), 6, "{row:?}");
        let numbers: Vec<f64> = row[..3].iter().map(|text| text.parse().unwrap()).collect();
        assert!((numbers[0] - numbers[0].floor() - numbers[1]).abs() < 1e-4, "sent at whole seconds: {row:?}");
        assert!(row[3].starts_with("10.0.0.1:1000") && row[4] == "clambda0" && row[5] == "2", "{row:?}");
    }
    assert_eq!(found.matches("latency ").count(), 5);
}

/// A client that the balanced controller gave a computer calls it directly: the computer answers one hop more than none.
#[test]
fn a_direct_call_has_one_hop() {
    let place = Place::new();
    let sets = ["--set", "strategy.router.controller=balanced", "--set", "strategy.router.brokers=[]"];
    let found = calls(&place, &[&["--strategy", "router"], &sets[..]].concat());
    let rows: Vec<&str> = found.lines().filter(|line| line.contains("clambda0")).collect();
    assert_eq!(rows.len(), 5, "{found}");
    for row in rows {
        assert!(row.ends_with(" 10.0.0.1:10000 clambda0 1"), "{row}");
    }
}

/// Who races names the computer that answered first, one hop away.
#[test]
fn a_race_is_printed_with_its_winner() {
    let place = Place::new();
    let sets = ["controller=uncoordinated", "brokers=[]", "persistence=1"].map(|set| format!("strategy.router.{set}"));
    let sets = sets.iter().flat_map(|set| ["--set", set.as_str()]);
    let found = calls(&place, &["--strategy", "router"].into_iter().chain(sets).collect::<Vec<_>>());
    let rows: Vec<&str> = found.lines().filter(|line| line.contains("clambda0")).collect();
    assert_eq!(rows.len(), 5, "{found}");
    // Equal computers: the first in order of names is heard first.
    for row in rows {
        assert!(row.ends_with(" 10.0.0.1:10000 clambda0 1"), "{row}");
    }
    assert!(found.contains("processing 0.1 +- 0\n"), "{found}");
}

/// A chain is a line with the hops and the processing of its steps: each crosses a broker, in the scenario one of three steps.
#[test]
fn a_chain_is_printed_with_what_its_steps_came_to() {
    let place = Place::new();
    for policy in ["client", "hop-by-hop"] {
        let set = format!("chains.sample.policy={policy}");
        let said = shipped(&place, "run", "edge-chain", &["--calls", "--every", "0", "--set", &set]);
        let rows: Vec<Vec<&str>> = said.out.lines().map(|line| line.split(' ').collect()).collect();
        let rows: Vec<&Vec<&str>> = rows.iter().filter(|row| row.len() == 6 && row[4] == "sample").collect();
        assert!(!rows.is_empty(), "{}", said.out);
        for row in rows {
            assert_eq!((row[2], row[5]), ("0", "6"), "{policy}: {row:?}");
            assert!(row[3] != "-", "{policy}: {row:?}");
        }
        let processing = said.out.lines().find_map(|line| line.strip_prefix("processing ")).expect("a summary");
        assert!(!processing.starts_with("0 "), "{policy}: {processing}");
    }
}

/// After the first period of the optimizer only the table for fresh calls has learned, and only what was called.
#[test]
fn tables_are_shown_in_the_original_layout() {
    let place = Place::new();
    let inspect = |at: &str| {
        let options = ["--at", at, "--entity", "router", "--entity", "10.0.0.1:10001", "--entity", "clambda0"];
        shipped(&place, "inspect", "edge-two-computers", &options).out
    };
    let (before, after) = (inspect("9999ms"), inspect("12s"));
    let wanted = "Table#0
clambda0 [0.103922] 10.0.0.1:10000 (F)
         [0.103955] 10.0.0.1:10001 (F)
glambda0 [1       ] 10.0.0.1:10000 (F)
         [1       ] 10.0.0.1:10001 (F)
Table#1
clambda0 [1] 10.0.0.1:10000 (F)
         [1] 10.0.0.1:10001 (F)
glambda0 [1] 10.0.0.1:10000 (F)
         [1] 10.0.0.1:10001 (F)
12 arm 0.000000 running 0 memory 0 load 0 0 0
12 bm2837 0.000000 running 0 memory 0 load 0 0 0
pool 10.0.0.1:10001: desired 1 pending 0 serving 1 draining 0 running 0 waiting 0 begun 2
function clambda0: 5 arrived
";
    assert_eq!(after, wanted);
    assert!(before.starts_with("Table#0\nclambda0 [1] "), "{before}");
    let dispatcher = ["--at", "3s", "--entity", "router", "--strategy", "dispatcher"];
    let said = shipped(&place, "inspect", "edge-two-computers", &dispatcher);
    assert_eq!(said.out.lines().count(), 5, "one table, every weight 1: {}", said.out);
    // In the middle of a call a computer is at work.
    let busy = shipped(&place, "inspect", "edge-two-computers", &["--at", "1050ms", "--entity", "10.0.0.1:10000"]).out;
    assert!(busy.contains("arm 0.000000 running 1 memory 1000000 "), "{busy}");
}

#[test]
fn what_cannot_be_inspected_is_said() {
    let place = Place::new();
    for (options, message) in [
        ("--at 12 --entity web", "--at 12: want a length of time with its unit"),
        ("--at 1s --entity webb", "--entity webb: no node, pool, group, alarm or function of this scenario"),
        ("--at 1s --entity web --strategy nobody", "--strategy nobody: the scenario has"),
    ] {
        let said = place.line(&format!("inspect town.toml {options}"));
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert!(said.err.starts_with(message), "{said:?}");
    }
}

/// A probe in a scenario writes what `inspect` prints, and changes nothing of the run.
#[test]
fn probes_are_written_with_the_run() {
    let place = Place::new();
    let probe = "probe=[{ at = \"12s\", entity = \"router\" }, { at = \"1050ms\", entity = \"10.0.0.1:10000\" }]";
    let out = |folder: &str| place.path(folder).display().to_string();
    let (with, without) = (out("with"), out("without"));
    shipped(&place, "run", "edge-two-computers", &["--strategy", "router", "--out", &with, "--set", probe]);
    shipped(&place, "run", "edge-two-computers", &["--strategy", "router", "--out", &without]);
    let strip = |files: std::collections::BTreeMap<String, String>| -> Vec<(String, String)> {
        let name =
            |path: String| path.split_once("/0-").and_then(|(_, rest)| rest.split_once('/')).map(|(_, n)| n.to_owned());
        files.into_iter().map(|(path, hash)| (name(path).expect("a file of a run"), hash)).collect()
    };
    let (with, without) = (strip(place.hashes("with")), strip(place.hashes("without")));
    let probes: Vec<&str> =
        with.iter().map(|(name, _)| name.as_str()).filter(|name| name.contains("probes/")).collect();
    assert_eq!(probes, ["probes/001.txt", "probes/002.txt"]);
    let same =
        |(name, hash): &(String, String)| name == "manifest.json" || without.contains(&(name.clone(), hash.clone()));
    assert!(with.iter().filter(|(name, _)| !name.contains("probes/")).all(same), "{with:?} {without:?}");
    let folder =
        std::fs::read_dir(place.path("with/edge-two-computers/router")).unwrap().next().unwrap().unwrap().path();
    let second = std::fs::read_to_string(folder.join("probes/002.txt")).unwrap();
    let shown = shipped(
        &place,
        "inspect",
        "edge-two-computers",
        &["--at", "12s", "--entity", "router", "--strategy", "router"],
    );
    assert_eq!(second, format!("12.000000000 s router\n{}", shown.out));
    assert!(std::fs::read_to_string(folder.join("manifest.json")).unwrap().contains("probes/001.txt"));
}
