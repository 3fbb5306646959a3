//! `results/README.md` describes every file, every column and every key that a run writes, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Place;

/// The names in the first cell of a row of a table: `` `a`, `b` `` are two.
fn names(row: &str) -> Vec<String> {
    let cell = row.trim_start_matches('|').split('|').next().unwrap_or_default();
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the page says of each file, by its heading: the names in the tables below it.
fn described() -> BTreeMap<String, Vec<String>> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/results/README.md");
    let text = std::fs::read_to_string(page).unwrap();
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut file, mut header) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            file = heading.to_owned();
            files.entry(file.clone()).or_default();
        }
        match line.starts_with("| ") {
            // The first row of a table names its columns; tables of values are not of columns.
            true if header.is_empty() => header = line.split('|').nth(1).unwrap_or_default().trim().to_owned(),
            true if header == "column" || header == "key" => files.entry(file.clone()).or_default().extend(names(line)),
            true => {}
            false if !line.starts_with('|') => header.clear(),
            false => {}
        }
    }
    files
}

#[test]
fn every_column_of_every_table_is_described_in_its_order() {
    let place = Place::new();
    assert_eq!(place.line("run town.toml -q").code, Some(0));
    let described = described();
    let mut tables = 0;
    for name in place.hashes("results/town").keys().filter(|name| name.ends_with(".csv")) {
        let file = name.rsplit('/').next().unwrap();
        let text = place.read(&format!("results/town/{name}"));
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let page = described.get(file).unwrap_or_else(|| panic!("results/README.md has no chapter {file}"));
        assert_eq!(page.iter().map(String::as_str).collect::<Vec<_>>(), header, "{name}");
        tables += 1;
    }
    assert!(tables >= 6, "{tables} tables");
}

/// The keys of an object, and those of objects in it as `outer.inner`; what is named by the scenario is `*`.
fn keys(value: &Json, path: &str, found: &mut BTreeSet<String>) {
    let Some(object) = value.as_object() else { return };
    for (key, inner) in object {
        let named = ["pools", "by_resource_usd", "posted", "values", "outputs"]
            .iter()
            .any(|of| path.ends_with(&format!("{of}.")));
        let key = format!("{path}{}", if named { "*" } else { key });
        match inner {
            Json::Object(_) => keys(inner, &format!("{key}."), found),
            Json::Array(items) if items.first().is_some_and(Json::is_object) => {
                keys(&items[0], &format!("{key}."), found)
            }
            _ => drop(found.insert(key)),
        }
    }
}

#[test]
fn every_key_of_the_summary_and_the_manifest_is_described() {
    let place = Place::new();
    let measures = "\n[archive]\nexport = [\"m\"]\n[archive.measures.web]\non = \"web\"\nmetrics = [\"m\"]\npolicy = \"low\"\nvalue = 1\n";
    place.write("town.toml", place.read("town.toml") + measures);
    assert_eq!(place.line("run town.toml -q").code, Some(0));
    let described = described();
    for file in ["summary.json", "manifest.json"] {
        let mut found = BTreeSet::new();
        for name in place.hashes("results/town").keys().filter(|name| name.ends_with(file)) {
            let text = place.read(&format!("results/town/{name}"));
            keys(&serde_json::from_str(&text).unwrap(), "", &mut found);
        }
        let page: BTreeSet<String> = described[file].iter().cloned().collect();
        assert_eq!(page.len(), described[file].len(), "{file}: a key is described twice");
        let missing: Vec<&String> = found.difference(&page).collect();
        let beyond: Vec<&String> = page.difference(&found).collect();
        assert!(missing.is_empty() && beyond.is_empty(), "{file}: not described {missing:?}, not written {beyond:?}");
    }
}

#[test]
fn every_column_of_a_sweep_is_described_in_its_order() {
    let place = Place::new();
    let axes = "\n[sweep]\nreplications = 2\naxes = [{ key = \"slo\", values = [\"1s\", \"2s\"] }]\n";
    let text = place.read("town.toml").replacen("\n[", &format!("{axes}\n["), 1);
    place.write("town.toml", text);
    let said = place.line("sweep town.toml -q");
    assert_eq!(said.code, Some(0), "{said:?}");
    let table = place.read("results/town/points.csv");
    let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    // Keys of axes have the names of the scenario, half-widths those of their measures.
    let plain: Vec<&str> = header.iter().copied().filter(|name| *name != "slo" && !name.ends_with("_half")).collect();
    let mut page = described()["points.csv"].clone();
    assert_eq!(page.pop().as_deref(), Some("<measure>_half"));
    assert_eq!(page, plain);
    let halves = header.iter().filter_map(|name| name.strip_suffix("_half"));
    assert!(halves.clone().count() > 0 && halves.clone().all(|measure| plain.contains(&measure)), "{header:?}");
}
