//! What the pages say is what happens: shipped scenarios give the tables kept beside them, the README's commands run.

use std::path::{Path, PathBuf};

use super::{PATIENCE, blessing, oracle, said};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// The shipped scenarios, by name.
fn scenarios() -> Vec<String> {
    let entries = std::fs::read_dir(Path::new(PROJECT).join("scenarios")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let toml = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let mut names: Vec<String> = toml.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Runs a scenario with options and gives what is printed, without where the folders lie.
fn table(name: &str, options: &str) -> Result<String, String> {
    let out = tempfile::tempdir().unwrap();
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stratosim"));
    command
        .current_dir(PROJECT)
        .timeout(PATIENCE)
        .args(["run", &format!("scenarios/{name}.toml"), "--out"])
        .arg(out.path());
    let said = said(&command.args(options.split_whitespace()).output().unwrap());
    match said.code {
        Some(0) => Ok(said
            .out
            .lines()
            .filter(|line| !line.contains(&*out.path().to_string_lossy()))
            .map(|line| format!("{line}\n"))
            .collect()),
        _ => Err(said.err),
    }
}

/// `scenarios/golden/<name>.summary` begins with the options that keep the run small; the table follows.
#[test]
fn every_scenario_gives_the_table_kept_beside_it() {
    for name in scenarios() {
        let path = Path::new(PROJECT).join(format!("scenarios/golden/{name}.summary"));
        let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "{}: {error}; write `options: --every 0` there and run this test with STRATOSIM_BLESS=1",
                path.display()
            )
        });
        let (first, wanted) = kept.split_once('\n').unwrap();
        let options = first.strip_prefix("options:").unwrap_or_else(|| panic!("{}: no options", path.display()));
        let text = std::fs::read_to_string(Path::new(PROJECT).join(format!("scenarios/{name}.toml"))).unwrap();
        if text.contains("$STRATOSIM_TRACES") && oracle::traces(&format!("scenarios/{name}.toml")).is_none() {
            continue;
        }
        let found = match table(&name, options) {
            Ok(found) => found,
            Err(message) if message.contains("found no file ") && text.contains("$STRATOSIM_TRACES") => {
                oracle::skipped(&format!("scenarios/{name}.toml: {}", message.lines().next().unwrap_or("")));
                continue;
            }
            Err(message) => panic!("{name}: {message}"),
        };
        if blessing() {
            std::fs::write(&path, format!("{first}\n{found}")).unwrap();
        } else {
            assert_eq!(found, wanted, "{name}: another table than {}", path.display());
        }
    }
}

/// The lines of ```sh blocks.
fn shell_lines(text: &str) -> Vec<String> {
    let mut lines = vec![];
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        match line.strip_prefix("```") {
            Some(language) => inside = !inside && language.trim_start().starts_with("sh"),
            None if inside => lines.push(line.strip_prefix("$ ").unwrap_or(line).to_owned()),
            None => {}
        }
    }
    lines
}

/// What the binary is asked by a line, or `None` when it does not call it.
fn arguments(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix("stratosim ") {
        return Some(rest);
    }
    line.strip_prefix("cargo run").and_then(|rest| rest.split_once(" -- ")).map(|(_, rest)| rest)
}

#[test]
fn the_commands_of_the_readme_run() {
    let Ok(text) = std::fs::read_to_string(Path::new(PROJECT).join("README.md")) else {
        return oracle::skipped("the commands of the README: there is no README.md");
    };
    let place = tempfile::tempdir().unwrap();
    for name in ["scenarios", "traces", "tests", "benches"] {
        let (from, to) = (Path::new(PROJECT).join(name), place.path().join(name));
        std::os::unix::fs::symlink(from, to).unwrap();
    }
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_stratosim"));
    let traces =
        std::env::var_os("STRATOSIM_TRACES").map_or_else(|| Path::new(PROJECT).join("../shared/traces"), PathBuf::from);
    let mut ran = 0;
    for line in shell_lines(&text) {
        let Some(asked) = arguments(&line) else {
            if !line.is_empty() && !line.starts_with('#') {
                oracle::skipped(&format!("a line of the README that does not call the binary: {line}"));
            }
            continue;
        };
        // Logs of every request are large, and nothing here reads them.
        let small = if asked.starts_with("run ") && !asked.contains("--every") { " --every 1000" } else { "" };
        if asked.starts_with("report ") && !cfg!(feature = "report") {
            oracle::skipped(&format!("a line of the README that needs polars: {line}"));
            continue;
        }
        let needs_traces = asked.contains("scenarios/libra-") || asked.contains("STRATOSIM_TRACES");
        if needs_traces && !traces.is_dir() {
            oracle::skipped(&format!("a line of the README that needs traces: {line}"));
            continue;
        }
        // Through a shell, as a reader would, with the binary under its name.
        let mut command = assert_cmd::Command::new("sh");
        command.current_dir(place.path()).timeout(PATIENCE).env("STRATOSIM", &binary).env("STRATOSIM_TRACES", &traces);
        let (asked, comment) = asked.split_once(" #").unwrap_or((asked, ""));
        let output = command.args(["-c", &format!("\"$STRATOSIM\" {asked}{small}")]).output().unwrap();
        let said = said(&output);
        assert_eq!(said.code, Some(0), "{line} {comment}: {said:?}");
        ran += 1;
    }
    assert!(ran > 0, "README.md shows no command of the binary");
}

#[test]
fn the_readme_lists_the_strategies_as_the_binary_does() {
    let Ok(text) = std::fs::read_to_string(Path::new(PROJECT).join("README.md")) else {
        return oracle::skipped("the strategies of the README: there is no README.md");
    };
    let output = assert_cmd::Command::cargo_bin("stratosim").unwrap().arg("list").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<String> = listed
        .trim_end()
        .split("\n\n")
        .map(|block| {
            let mut lines = block.lines();
            let (name, what) = lines.next().and_then(|line| line.split_once(": ")).unwrap();
            let [source, knows] =
                ["  source: ", "  knows: "].map(|key| lines.next().unwrap().strip_prefix(key).unwrap());
            format!("| `{name}` | {what} | {source} | {knows} |")
        })
        .collect();
    assert!(text.contains(&rows.join("\n")), "README.md's table of strategies should be\n{}", rows.join("\n"));
}

#[test]
fn lines_are_taken_from_shell_blocks_only() {
    let text = "a\n```sh\n$ stratosim run a.toml\n# why\ncargo run --release -- check b.toml\n./test\n```\nstratosim no\n```toml\nstratosim = 1\n```\n```sh\nstratosim list\n```\n";
    let lines = shell_lines(text);
    let asked: Vec<Option<&str>> = lines.iter().map(|line| arguments(line)).collect();
    assert_eq!(asked, [Some("run a.toml"), None, Some("check b.toml"), None, Some("list")]);
}
