//! What tells apart the runs of one strategy that were made under different settings (`--set`, an edited scenario, another
//! version): the keys in which their manifests differ, short enough for the head of a column.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

/// Keys that a label shows; which run is meant is clear from the first few.
const SHOWN: usize = 3;

/// Before the name of an input's file, which is no key.
const INPUT: &str = "input ";

/// What determined a run, by key; without its replication.
pub type Settings = BTreeMap<String, String>;

/// The settings that a manifest tells under `determined_by`.
pub fn settings(determined_by: &Json) -> Settings {
    let shown = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values = determined_by["values"].as_object().into_iter().flatten();
    let mut settings: Settings = values.map(|(key, value)| (key.clone(), shown(value))).collect();
    for input in determined_by["inputs"].as_array().into_iter().flatten() {
        let hash: String = shown(&input["sha256"]).chars().take(8).collect();
        // Two files of one name are two inputs.
        let known = settings.entry(format!("{INPUT}{}", shown(&input["name"]))).or_default();
        *known += &hash;
    }
    for key in ["uses", "version"] {
        settings.extend(determined_by.get(key).map(|value| (key.to_owned(), shown(value))));
    }
    settings
}

/// For each of several settings what the others do not all share, as in `boot=30s, size=6`; empty for a single one.
pub fn differences(all: &[&Settings]) -> Vec<String> {
    let keys: BTreeSet<&String> = all.iter().flat_map(|settings| settings.keys()).collect();
    let differing: Vec<&String> =
        keys.into_iter().filter(|key| all.windows(2).any(|pair| pair[0].get(*key) != pair[1].get(*key))).collect();
    let last = |key: &str| match key.strip_prefix(INPUT) {
        Some(file) => file.to_owned(),
        None => key.rsplit('.').next().unwrap_or(key).to_owned(),
    };
    let named = |key: &String| {
        let short = last(key);
        let alone = differing.iter().filter(|other| last(other) == short).count() == 1;
        if alone { short } else { key.clone() }
    };
    let label = |settings: &&Settings| {
        let value = |key: &&&String| match settings.get(**key) {
            Some(value) => format!("{}={}", named(key), value.trim_matches('"')),
            None => format!("no {}", named(key)),
        };
        differing.iter().take(SHOWN).map(|key| value(&key)).collect::<Vec<_>>().join(", ")
    };
    all.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_told_apart_by_the_keys_that_differ() {
        let with = |boot: &str, size: &str| {
            settings(&json!({ "values": { "pools.fleet.boot": boot, "strategy.max.size": size, "slo": "\"1s\"" } }))
        };
        let all = [with("\"100s\"", "8"), with("\"30s\"", "6")];
        assert_eq!(differences(&all.each_ref()), ["boot=100s, size=8", "boot=30s, size=6"]);
        assert_eq!(differences(&[&all[0]]), [""]);
        let two =
            |web: &str, api: &str| settings(&json!({ "values": { "pools.web.boot": web, "pools.api.boot": api } }));
        let all = [two("1s", "2s"), two("2s", "1s")];
        assert_eq!(differences(&all.each_ref())[1], "pools.api.boot=1s, pools.web.boot=2s");
    }

    #[test]
    fn another_input_another_version_and_a_key_that_is_gone_are_told_too() {
        let one = settings(&json!({ "values": { "cap": "3" }, "version": "1",
            "inputs": [{ "name": "a.csv", "sha256": "0123456789" }] }));
        let other =
            settings(&json!({ "values": {}, "version": "2", "inputs": [{ "name": "a.csv", "sha256": "9123456789" }] }));
        let told = differences(&[&one, &other]);
        assert_eq!(told, ["cap=3, a.csv=01234567, version=1", "no cap, a.csv=91234567, version=2"]);
    }
}
