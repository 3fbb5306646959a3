//! The same scenario and seed give the same bytes: again, from elsewhere, with more workers, on another machine.

use std::collections::{BTreeMap, BTreeSet};

use stratosim::catalogue::CATALOGUE;

use super::{GOLDEN, Place, blessing, sha256};

/// The first of three small scenarios that is sound with a strategy of the catalogue.
fn scenario_for(strategy: &str, place: &Place) -> &'static str {
    const SMALL: [&str; 3] = ["town.toml", "crowd.toml", "sites.toml"];
    let sound = |scenario: &&str| {
        let set = format!("strategies=[\"{strategy}\"]");
        let tables = ["--set", "strategy={}", "--set", "economy={}", "--set", &set];
        place.run(["check", scenario].iter().chain(&tables)).code == Some(0)
    };
    SMALL.into_iter().find(sound).unwrap_or_else(|| {
        panic!("no scenario in tests/golden is sound for {strategy} with its defaults: put one there and in SMALL")
    })
}

#[test]
fn every_strategy_writes_the_same_bytes_wherever_and_with_however_many_workers() {
    let mut found = BTreeMap::new();
    for row in CATALOGUE {
        let mut runs: Vec<BTreeMap<String, String>> = vec![];
        for (workers, elsewhere) in [("1", false), ("2", false), ("2", true)] {
            let place = Place::new();
            let (scenario, set) = (scenario_for(row.name, &place), format!("strategies=[\"{}\"]", row.name));
            let file = if elsewhere { place.path(scenario).display().to_string() } else { scenario.to_owned() };
            std::fs::create_dir(place.path("elsewhere")).unwrap();
            let out = if elsewhere { "../results" } else { "results" };
            let mut command = place.command([
                "run",
                &file,
                "-q",
                "--set",
                "strategy={}",
                "--set",
                "economy={}",
                "--set",
                &set,
                "--out",
                out,
            ]);
            command.env("RAYON_NUM_THREADS", workers);
            if elsewhere {
                command.current_dir(place.path("elsewhere"));
            }
            let said = super::said(&command.output().unwrap());
            assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{}", row.name);
            runs.push(place.hashes("results"));
        }
        // Seven tables and the manifest, and what stakeholders got.
        assert_eq!(runs[0].len(), 9, "{}", row.name);
        assert_eq!(runs[0], runs[1], "{}: one worker or two", row.name);
        assert_eq!(runs[0], runs[2], "{}: from another folder", row.name);
        let all: String = runs[0].iter().map(|(file, hash)| format!("{hash}  {file}\n")).collect();
        found.insert(row.name.to_owned(), sha256(all.as_bytes()));
    }
    // A build may leave strategies out; without HiGHS a search may find another of several best plans. So only the whole
    // build writes the record.
    let whole = cfg!(all(feature = "planning", feature = "highs"));
    let built = |name: &str| CATALOGUE.iter().any(|row| row.name == name);
    let solved = ["lmm", "malloovia"];
    if whole || !blessing() {
        as_recorded("strategies.txt", &found, |name| whole || built(name) && !solved.contains(&name));
    }
}

#[test]
fn a_sweep_over_every_strategy_gives_the_same_table_with_one_worker_and_with_two() {
    let mut by_scenario: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let place = Place::new();
    for row in CATALOGUE {
        by_scenario.entry(scenario_for(row.name, &place)).or_default().push(row.name);
    }
    for (scenario, strategies) in by_scenario {
        let text = place.read(scenario)
            + "\n[sweep]\nreplications = 2\n[[sweep.axes]]\nkey = \"slo\"\nvalues = [\"1s\", \"2s\"]\n";
        place.write("swept.toml", text);
        let name = place.read(scenario).lines().find_map(|line| Some(line.strip_prefix("name = \"")?.to_owned()));
        let name = name.expect("a scenario has a name").replace('"', "");
        let tables = ["one", "two"].map(|workers| {
            let count = if workers == "one" { "1" } else { "2" };
            let set = format!("strategies={strategies:?}");
            let line = ["sweep", "swept.toml", "-q", "--workers", count, "--out", workers, "--set", &set];
            let tables = ["--set", "strategy={}", "--set", "economy={}"];
            let said = place.run(line.iter().chain(&tables));
            assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{scenario}");
            place.read(&format!("{workers}/{name}/points.csv"))
        });
        assert_eq!(tables[0].lines().count(), 1 + 2 * strategies.len(), "{}", tables[0]);
        assert_eq!(tables[0], tables[1], "{scenario}");
    }
}

/// Compares digests with the `digest  name` lines on record: all of them, or those of one side that `here` knows of.
fn as_recorded(file: &str, found: &BTreeMap<String, String>, here: impl Fn(&str) -> bool) {
    let record = format!("{GOLDEN}/{file}");
    if blessing() {
        let lines: String = found.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
        std::fs::write(&record, lines).unwrap();
    }
    let wanted = std::fs::read_to_string(&record).unwrap_or_else(|error| panic!("{record}: {error}"));
    let wanted: BTreeMap<&str, &str> =
        wanted.lines().filter_map(|line| line.split_once("  ")).map(|(hash, name)| (name, hash)).collect();
    let names: BTreeSet<&str> = found.keys().map(String::as_str).chain(wanted.keys().copied()).collect();
    let differs = |name: &&str| found.get(*name).map(String::as_str) != wanted.get(name).copied();
    let changed: Vec<&str> = names.into_iter().filter(|name| here(name)).filter(differs).collect();
    assert!(
        changed.is_empty(),
        "other bytes than on record: {changed:?}. If that was meant, run this test once with STRATOSIM_BLESS=1"
    );
}

#[test]
fn two_small_scenarios_give_the_bytes_on_record() {
    let place = Place::new();
    let mut found = BTreeMap::new();
    for scenario in ["town", "crowd"] {
        let said = place.line(&format!("run {scenario}.toml -q"));
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{scenario}");
        for (file, hash) in place.hashes(&format!("results/{scenario}")) {
            found.insert(format!("{scenario}/{file}"), hash);
        }
    }
    as_recorded("digests.txt", &found, |_| true);
}

#[test]
fn the_digests_in_a_manifest_are_those_of_the_files_beside_it() {
    let place = Place::new();
    assert_eq!(place.line("run crowd.toml -q --strategy quick").code, Some(0));
    let hashes = place.hashes("results");
    let manifest = hashes.keys().find(|name| name.ends_with("manifest.json")).unwrap();
    let told: serde_json::Value = serde_json::from_str(&place.read(&format!("results/{manifest}"))).unwrap();
    let outputs = told["outputs"].as_object().unwrap();
    assert_eq!(outputs.len(), hashes.len() - 1);
    for (file, facts) in outputs {
        let path = manifest.replace("manifest.json", file);
        assert_eq!(facts["sha256"], hashes[&path].as_str(), "{file}");
        assert_eq!(facts["bytes"], std::fs::metadata(place.path("results").join(&path)).unwrap().len(), "{file}");
    }
    let inputs = told["determined_by"]["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 1);
    assert_eq!(inputs[0]["name"], "prices.toml");
    assert_eq!(inputs[0]["sha256"], super::sha256(place.read("prices.toml").as_bytes()).as_str());
}
