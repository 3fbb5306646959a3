//! The same scenario and seed give the same bytes: again, from elsewhere, with more workers, on another machine.

use std::collections::BTreeMap;

use stratosim::catalogue::CATALOGUE;

use super::{GOLDEN, Place, blessing};

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
    }
}

#[test]
fn two_small_scenarios_give_the_bytes_on_record() {
    let place = Place::new();
    let mut found = String::new();
    for scenario in ["town", "crowd"] {
        let said = place.line(&format!("run {scenario}.toml -q"));
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{scenario}");
        for (file, hash) in place.hashes(&format!("results/{scenario}")) {
            found += &format!("{hash}  {scenario}/{file}\n");
        }
    }
    let record = format!("{GOLDEN}/digests.txt");
    if blessing() {
        std::fs::write(&record, &found).unwrap();
    }
    let wanted = std::fs::read_to_string(&record).unwrap_or_else(|error| panic!("{record}: {error}"));
    let lines = |text: &str| -> BTreeMap<String, String> {
        text.lines()
            .filter_map(|line| line.split_once("  "))
            .map(|(hash, file)| (file.to_owned(), hash.to_owned()))
            .collect()
    };
    let (found, wanted) = (lines(&found), lines(&wanted));
    let changed: Vec<&String> =
        found.keys().chain(wanted.keys()).filter(|file| found.get(*file) != wanted.get(*file)).collect();
    assert!(
        changed.is_empty(),
        "other bytes than on record: {changed:?}. If that was meant, run this test once with STRATOSIM_BLESS=1"
    );
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
