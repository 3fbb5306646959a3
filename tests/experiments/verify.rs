//! Results are made again from their manifests; one byte that was changed is found, with its file and line.

use std::path::{Path, PathBuf};

use super::oracle;
use super::place::{Place, queue, said};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// Flips one character of a line of a file.
fn change(path: &Path, line: usize) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = lines[line].rfind(|c: char| c.is_ascii_digit()).unwrap();
    let digit = lines[line].as_bytes()[at];
    lines[line].replace_range(at..=at, if digit == b'7' { "8" } else { "7" });
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_byte_that_was_changed_is_found_with_its_file_and_line() {
    let place = Place::golden();
    place.done("run town.toml -q --strategy libra");
    let manifest = place.find("results", "manifest.json");
    let verify = || place.line(&format!("verify {}", manifest.display()));
    let good = verify();
    assert_eq!((good.code, good.err.as_str()), (Some(0), ""));
    assert!(good.out.ends_with(": made again, 8 files are the same\n"), "{}", good.out);
    for (file, line) in [
        ("requests.csv", 100),
        ("decisions.csv", 1),
        ("timeline.csv", 7),
        ("cost.csv", 2),
        ("instances.csv", 1),
        ("notes.csv", 3),
        ("summary.json", 9),
    ] {
        let path = manifest.with_file_name(file);
        let before = std::fs::read(&path).unwrap();
        change(&path, line);
        let said = verify();
        let wanted = format!("{}: {file}, line {}: found ", manifest.display(), line + 1);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{file}");
        assert!(said.err.starts_with(&wanted) && said.err.contains(", made again it is "), "{}", said.err);
        std::fs::write(&path, before).unwrap();
    }
    // A line that is missing, and a file that is.
    let path = manifest.with_file_name("requests.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let short = text[..text.len() - 1].rsplit_once('\n').unwrap().0;
    std::fs::write(&path, format!("{short}\n")).unwrap();
    assert!(verify().err.contains("requests.csv, line "));
    std::fs::remove_file(&path).unwrap();
    assert!(verify().out.contains("8 files are the same (by their hash, since they are gone: requests.csv)"));
}

#[test]
fn a_manifest_that_was_changed_is_found_and_one_that_is_none_is_refused() {
    let place = Place::golden();
    place.done("run town.toml -q --strategy max --every 0");
    let manifest = place.find("results", "manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let verify = |text: &str| {
        std::fs::write(&manifest, text).unwrap();
        place.line(&format!("verify {}", manifest.display()))
    };
    for (from, to, code, wanted) in [
        ("\"digest\": \"", "\"digest\": \"0", 1, "manifest.json, line "),
        ("\"sha256\": \"", "\"sha256\": \"0", 1, "determined_by.inputs[0].sha256 is "),
        ("\"seed\": 1", "\"seed\": 2", 1, "determined_by.seed is 2 there and 1 here"),
        ("\"version\": \"", "\"version\": \"9", 1, "determined_by.version is "),
        ("\"kind\": \"run\"", "\"kind\": 7", 1, "manifest.json, line "),
        ("{", "", 2, "want the manifest of a run or a sweep"),
        ("scenario_file", "file", 2, "found no manifest of a run or a sweep"),
        ("\"town.toml\"", "\"gone.toml\"", 2, "found no scenario gone.toml here or above it; --scenario FILE"),
    ] {
        assert!(text.contains(from), "{from}");
        let said = verify(&text.replacen(from, to, 1));
        assert_eq!(said.code, Some(code), "{from}: {said:?}");
        assert!(said.err.contains(wanted), "{from}: {}", said.err);
    }
    assert_eq!(verify(&text).code, Some(0));
    let said = place.line("verify gone.json");
    assert_eq!((said.code, said.err.as_str()), (Some(2), "gone.json: No such file or directory (os error 2)\n"));
}

#[test]
fn a_scenario_edited_since_is_set_back_and_an_input_that_changed_is_said() {
    let place = Place::golden();
    place.done("run town.toml -q --strategy libra --every 7 --set pools.fleet.boot=45s --set strategy.libra.alpha=0.5");
    let manifest = place.find("results", "manifest.json");
    let line = format!("verify {}", manifest.display());
    let text = place.read("town.toml");
    place.write(
        "town.toml",
        &text.replace("slo = \"1s\"", "slo = \"2s\"").replace("rate = \"10/s\"", "rate = \"11/s\""),
    );
    assert_eq!(place.line(&line).code, Some(0));
    // From another folder, with the scenario named.
    let elsewhere = Place::new();
    let said = elsewhere.line(&format!("{line} --scenario {}", place.path("town.toml").display()));
    assert_eq!(said.code, Some(0), "{said:?}");
    let day = place.read("day.csv");
    place.write("day.csv", &day.replacen("\n", "\n1", 2));
    let said = place.line(&line);
    assert!(said.code == Some(1) && said.err.contains("determined_by.inputs["), "{said:?}");
}

#[test]
fn a_sweep_is_made_again_too() {
    let place = Place::new();
    let sweep = "[sweep]\n[[sweep.axes]]\nkey = \"pools.p.size\"\nvalues = [2, 3]\n";
    place.write("queue.toml", &(queue(0.5, 1, 300) + sweep));
    place.done("sweep queue.toml -q --set sources.s.rate=0.7/s");
    let manifest = "results/queue/points.manifest.json";
    let out = place.done(&format!("verify {manifest}"));
    assert!(out.ends_with(": made again, 2 files are the same\n"), "{out}");
    change(&place.path("results/queue/points.csv"), 3);
    let said = place.line(&format!("verify {manifest}"));
    assert_eq!(said.code, Some(1));
    assert!(said.err.starts_with("results/queue/points.manifest.json: points.csv, line 4: found "), "{}", said.err);
}

/// Every shipped scenario with the options of its golden summary: all strategies in the second tier, the first one here.
#[test]
fn every_shipped_scenario_can_be_verified() {
    let mut names: Vec<PathBuf> = std::fs::read_dir(Path::new(PROJECT).join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    names.sort();
    let traces = std::env::var_os("STRATOSIM_TRACES").unwrap_or_else(|| format!("{PROJECT}/../shared/traces").into());
    let mut verified = 0;
    for scenario in names {
        let name = scenario.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&scenario).unwrap();
        if text.contains("$STRATOSIM_TRACES") && oracle::traces(&format!("verify of {name}")).is_none() {
            continue;
        }
        let golden = std::fs::read_to_string(format!("{PROJECT}/scenarios/golden/{name}.summary")).unwrap();
        let options = golden.lines().next().unwrap().trim_start_matches("options:").replace("--every 0", "--every 100");
        let place = Place::new();
        let strategies: Vec<String> = toml_list(&text);
        let chosen = if cfg!(feature = "long") { strategies } else { strategies[..1].to_vec() };
        for strategy in chosen {
            let line = format!("run {} -q --strategy {strategy} --out {strategy} {options}", scenario.display());
            let ran = said(&place.command(&line).env("STRATOSIM_TRACES", &traces).output().unwrap());
            if ran.err.contains("found no file ") {
                oracle::skipped(&format!("verify of {name}: {}", ran.err.lines().next().unwrap()));
                continue;
            }
            assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{line}");
            let manifest = place.find(&strategy, "manifest.json");
            let line = format!("verify {} --scenario {}", manifest.display(), scenario.display());
            let again = said(&place.command(&line).env("STRATOSIM_TRACES", &traces).output().unwrap());
            assert_eq!((again.code, again.err.as_str()), (Some(0), ""), "{name} {strategy}");
            verified += 1;
        }
    }
    assert!(verified > 0, "no shipped scenario was verified");
}

/// The strategies that a scenario lists.
fn toml_list(text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap();
    table["strategies"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_scenario_in_a_folder_of_its_own_is_found_and_two_are_not_guessed_between() {
    let place = Place::golden();
    for folder in ["mine", "other"] {
        std::fs::create_dir(place.path(folder)).unwrap();
    }
    for file in ["town.toml", "prices.toml", "sites.toml", "day.csv"] {
        std::fs::rename(place.path(file), place.path("mine").join(file)).unwrap();
    }
    place.done("run mine/town.toml -q --strategy max --every 0");
    let manifest = place.find("results", "manifest.json");
    let line = format!("verify {}", manifest.display());
    place.done(&line);
    // And from somewhere else, beside the results.
    let elsewhere = Place::new();
    elsewhere.done(&line);
    std::fs::copy(place.path("mine/town.toml"), place.path("other/town.toml")).unwrap();
    let said = place.line(&line);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("other/town.toml; --scenario FILE says which one it was"), "{}", said.err);
    place.done(&format!("{line} --scenario mine/town.toml"));
}
