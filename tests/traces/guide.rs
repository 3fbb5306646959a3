//! `docs/traffic.md` is true: every example is a whole scenario and runs, every command does what it says.

use crate::stratosim;
use std::collections::BTreeSet;
use std::path::Path;
use stratosim::scenario::raw;
use stratosim::scenario::schema::json_schema;
use stratosim::workload::trace::recipe::Format;

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

fn guide() -> String {
    std::fs::read_to_string(Path::new(PROJECT).join("docs/traffic.md")).unwrap()
}

/// The blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// A folder that looks like the project's, to write into.
fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for name in ["tests", "traces"] {
        std::os::unix::fs::symlink(Path::new(PROJECT).join(name), place.path().join(name)).unwrap();
    }
    place
}

#[test]
fn every_example_runs() {
    let place = place();
    for (nth, scenario) in blocks(&guide(), "toml").iter().enumerate() {
        let file = format!("example-{nth}.toml");
        std::fs::write(place.path().join(&file), scenario).unwrap();
        let (table, error, code) = stratosim(place.path(), &["run", &file, "--out", "out", "--every", "0"]);
        assert_eq!(code, 0, "{scenario}\n{error}");
        let figure = |row: &str| {
            let line = table.lines().find(|line| line.trim_start().starts_with(row));
            line.and_then(|line| line.split_whitespace().last()?.parse::<u64>().ok())
        };
        assert!(figure("requests").is_some_and(|requests| requests > 0), "{scenario}\n{table}");
    }
}

/// Names that the schema has for a tag, or for the values of an enum.
fn names(schema: &serde_json::Value, definition: &str) -> BTreeSet<String> {
    let definition = &schema["$defs"][definition];
    let parts = definition["oneOf"].as_array().unwrap();
    let name = |part: &serde_json::Value| {
        let tag = &part["properties"]["kind"]["const"];
        [tag, &part["const"]].into_iter().find_map(|name| name.as_str().map(str::to_owned))
    };
    parts.iter().filter_map(name).collect()
}

#[test]
fn every_kind_and_every_format_has_a_paragraph_and_an_example() {
    let text = guide();
    let schema = json_schema::<raw::Scenario>();
    let (kinds, formats) = (names(&schema, "Source"), names(&schema, "Format"));
    assert_eq!((kinds.len(), formats.len()), (18, Format::ALL.len()), "{kinds:?} {formats:?}");
    let examples = blocks(&text, "toml").concat();
    for kind in &kinds {
        assert!(kind == "trace" || text.contains(&format!("### `{kind}`\n")), "no paragraph on {kind}");
        assert!(examples.contains(&format!("kind = \"{kind}\"")), "no example of {kind}");
    }
    for format in &formats {
        assert!(text.contains(&format!("### `{format}`\n")), "no paragraph on {format}");
        assert!(examples.contains(&format!("format = \"{format}\"")), "no example of {format}");
    }
}

#[test]
fn every_command_runs() {
    let place = place();
    let lines = blocks(&guide(), "sh").concat();
    let commands: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("stratosim ")).collect();
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let (_, error, code) = stratosim(place.path(), &arguments);
        assert_eq!(code, 0, "{command}\n{error}");
    }
}
