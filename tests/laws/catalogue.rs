//! Every row of the catalogue: it can be run on the scenario that sets all strategies side by side, and running it twice
//! gives the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stratosim::catalogue::CATALOGUE;
use stratosim::experiment::opened::open;
use stratosim::experiment::run::{Finished, LogFormat, Output, run_column};
use stratosim::run::record::RequestLog;
use stratosim::run::sink::Silent;

/// The shipped scenario with half an hour of its own kind of traffic, which needs no trace, and one strategy.
fn scenario(folder: &Path, strategy: &str) -> PathBuf {
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let text = std::fs::read_to_string(shipped.join("side-by-side.toml")).expect("the scenario is shipped");
    let mut table: toml::Table = text.parse().expect("the scenario is TOML");
    let prices = shipped.join(table["prices"].as_str().expect("it names its prices"));
    table.insert("prices".into(), prices.display().to_string().into());
    table.insert("strategies".into(), vec![strategy].into());
    table.insert("horizon".into(), "30min".into());
    if let Some(parameters) = table.get_mut("strategy").and_then(toml::Value::as_table_mut) {
        parameters.retain(|label, _| label == strategy);
    }
    let sources = table["sources"].as_table_mut().expect("it has sources");
    for (_, source) in sources.iter_mut() {
        let at = source["at"].clone();
        let rates = vec!["1/s", "6/s", "2/s"];
        let times = vec!["0s", "15min", "30min"];
        let fresh = toml::Table::from_iter([
            ("kind".to_owned(), "rates".into()),
            ("rates".to_owned(), rates.into()),
            ("times".to_owned(), times.into()),
            ("at".to_owned(), at),
        ]);
        *source = fresh.into();
    }
    let path = folder.join("side-by-side.toml");
    std::fs::write(&path, table.to_string()).expect("a scenario can be written");
    path
}

fn run(scenario: &Path, results: &Path) -> Finished {
    let opened = open(scenario, &[]).unwrap_or_else(|no| panic!("{no}"));
    let output = Output { root: results.to_owned(), log: RequestLog { every: 1 }, format: LogFormat::Csv };
    run_column(&opened, &opened.columns[0], 0, &output, &mut Silent).unwrap_or_else(|error| panic!("{error}"))
}

/// Every file of a folder with its bytes.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries =
        std::fs::read_dir(folder).expect("a run leaves a folder").map(|entry| entry.expect("it can be listed"));
    entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("a result can be read"))
        })
        .collect()
}

#[test]
fn every_row_meets_the_same_requests_and_run_twice_writes_the_same_bytes() {
    let mut offered: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in CATALOGUE {
        let place = tempfile::tempdir().expect("a folder for results");
        let path = scenario(place.path(), row.name);
        let [first, again] = ["first", "again"].map(|results| run(&path, &place.path().join(results)));
        assert_eq!(first.summary.digest, again.summary.digest, "{}: the way", row.name);
        let (one, two) = (bytes(&first.folder), bytes(&again.folder));
        assert!(one.len() >= 5 && one.contains_key("requests.csv"), "{}: {:?}", row.name, one.keys());
        for (name, written) in &one {
            assert!(two.get(name) == Some(written), "{}: {name} differs from run to run", row.name);
        }
        assert_eq!(one.len(), two.len(), "{}: files", row.name);
        offered.entry(first.summary.offered_digest).or_default().push(row.name);
    }
    assert_eq!(offered.len(), 1, "every strategy is offered the same requests: {offered:?}");
}
