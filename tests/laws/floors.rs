//! The house rules that a machine can check: which module may use which, and what every file says of itself.
//!
//! The floors are read from `src/lib.rs`: groups of modules from the ground up. A module uses its own folder and lower
//! floors; the planner may also use the solvers beside it, reports the plots, and strategies use not even one another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Modules that may use another of their own floor.
const NEIGHBOURS: [(&str, &str); 2] = [("planner", "solve"), ("report", "plot")];
/// What a run is made of. Here nothing may depend on hash order, wall clock or a generator of its own; commands that plan
/// may take a limit of time, and say then that their result cannot be reproduced.
const PARTS_OF_A_RUN: [&str; 6] = ["engine", "model", "workload", "solve", "strategy", "run"];

/// One source file.
struct Source {
    /// Below `src`, with `/` between folders.
    name: String,
    /// The module's path from the crate's root: `src/a/b.rs` and `src/a/b/mod.rs` are both [a, b].
    module: Vec<String>,
    text: String,
    /// It stands behind `#[cfg(test)]` in its parent, or is named for tests.
    is_tests: bool,
}

fn sources() -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let source = |path: PathBuf| {
        let below = path.strip_prefix(&root).expect("a file below src");
        let parts: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let mut module = parts.clone();
        let last = module.pop().expect("a file has a name");
        match last.trim_end_matches(".rs") {
            "mod" | "lib" | "main" => {}
            stem => module.push(stem.to_owned()),
        }
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Source { name: parts.join("/"), module, text, is_tests: false }
    };
    let mut sources: Vec<Source> = files.into_iter().map(source).collect();
    let tests: BTreeSet<Vec<String>> = sources.iter().flat_map(Source::modules_of_tests).collect();
    for source in &mut sources {
        let beside = source.module.last().is_some_and(|name| name.ends_with("_tests"));
        source.is_tests = beside || (0..=source.module.len()).any(|length| tests.contains(&source.module[..length]));
    }
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    fn is_root(&self) -> bool {
        ["lib.rs", "main.rs"].contains(&self.name.as_str())
    }

    /// The files that this one names as its tests.
    fn modules_of_tests(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let declared = (line.trim() == "#[cfg(test)]").then(|| lines.next()).flatten();
            if let Some(name) = declared.and_then(|line| line.trim().strip_prefix("mod ")?.strip_suffix(';')) {
                found.push(self.module.iter().cloned().chain([name.to_owned()]).collect());
            }
        }
        found
    }

    /// Lines of code with their numbers, without comments and without the tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(nth, line)| (nth + 1, line));
        let until_tests = lines.take_while(|(_, line)| line.trim() != "#[cfg(test)]");
        let is_comment = |line: &str| line.trim_start().starts_with("//");
        until_tests.filter(move |(_, line)| !is_comment(line)).filter(|_| !self.is_tests)
    }

    /// All lines that are not comments, tests too.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(nth, line)| (nth + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn module_doc(&self) -> String {
        self.text.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n")
    }

    /// The paths from the crate's root that a line names, `super` resolved.
    fn paths_in(&self, line: &str) -> Vec<Vec<String>> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut found = Vec::new();
        for (at, start) in line.match_indices("crate::").chain(line.match_indices("super::")) {
            let before = line[..at].chars().next_back();
            if before.is_some_and(|c| is_part(c) || c == ':') {
                continue;
            }
            let mut here = if start == "crate::" { Vec::new() } else { self.module.clone() };
            let mut parts = line[at..].split("::");
            let mut rest = Vec::new();
            for part in parts.by_ref() {
                match part {
                    "crate" => {}
                    "super" => drop(here.pop()),
                    _ => {
                        let word: String = part.chars().take_while(|&c| is_part(c)).collect();
                        let whole = word.len() == part.len();
                        rest.push(word);
                        if !whole {
                            break;
                        }
                    }
                }
            }
            here.extend(rest.into_iter().filter(|word| !word.is_empty()));
            found.push(here);
        }
        found
    }
}

/// The floor of each module, from the groups of `lib.rs`.
fn floors(sources: &[Source]) -> BTreeMap<String, usize> {
    let root = sources.iter().find(|source| source.name == "lib.rs").expect("the library has a root");
    let mut floors = BTreeMap::new();
    let mut floor = 0;
    for line in root.text.lines() {
        match line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) {
            Some(module) => drop(floors.insert(module.to_owned(), floor)),
            None if line.is_empty() => floor += 1,
            None => {}
        }
    }
    assert!(floors.len() >= 10, "lib.rs lists the modules: {floors:?}");
    assert!(floors["engine"] < floors["model"] && floors["run"] < floors["cli"], "{floors:?}");
    assert_eq!(floors["solve"], floors["planner"]);
    floors
}

fn report(violations: &[String], rule: &str) {
    assert!(violations.is_empty(), "{rule}:\n{}", violations.join("\n"));
}

#[test]
fn nobody_climbs_the_stairs_the_wrong_way() {
    let sources = sources();
    let floors = floors(&sources);
    let mut violations = Vec::new();
    let mut seen = 0;
    for source in sources.iter().filter(|source| !source.is_root()) {
        let own = &source.module[0];
        for (number, line) in source.lines() {
            for path in source.paths_in(line) {
                let Some((used, &floor)) = path.first().and_then(|first| floors.get_key_value(first)) else { continue };
                seen += 1;
                let allowed = used == own || floor < floors[own] || NEIGHBOURS.contains(&(own.as_str(), used.as_str()));
                if !allowed {
                    violations.push(format!("src/{}:{number}: {own} uses {used}", source.name));
                }
            }
        }
    }
    assert!(seen > 200, "uses were found: {seen}");
    report(&violations, "a module uses its own folder and lower floors only");
}

#[test]
fn strategies_do_not_know_one_another() {
    let sources = sources();
    let own = |source: &Source| source.module.get(1).cloned();
    let strategies: BTreeSet<String> = sources
        .iter()
        .filter(|source| source.module[..].first().is_some_and(|floor| floor == "strategy"))
        .filter_map(own)
        .collect();
    assert!(strategies.len() >= 3, "{strategies:?}");
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.module.len() > 1 && source.module[0] == "strategy") {
        for (number, line) in source.lines() {
            for path in source.paths_in(line) {
                let other = path.get(1).filter(|_| path[0] == "strategy").filter(|other| strategies.contains(*other));
                if other.is_some_and(|other| *other != source.module[1]) {
                    violations.push(format!("src/{}:{number}: {}", source.name, line.trim()));
                }
            }
        }
    }
    report(&violations, "a strategy uses no other strategy");
}

#[test]
fn every_file_says_what_is_modelled_and_every_strategy_where_it_comes_from() {
    let sources = sources();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| !source.text.trim().is_empty()) {
        let doc = source.module_doc();
        let is_room = !source.is_tests && source.name != "main.rs";
        if is_room && doc.len() < 20 {
            violations.push(format!("src/{}: no module doc", source.name));
        }
        let is_door = source.module.len() == 2 && source.module[0] == "strategy";
        if is_door && !doc.contains("Source") {
            violations.push(format!("src/{}: a strategy without its source", source.name));
        }
    }
    report(&violations, "the first lines say what is modelled, and a strategy says where it was published");
}

#[test]
fn a_published_number_has_a_comment() {
    let is_number = |value: &str| {
        let value = value.trim().trim_end_matches(';').replace('_', "");
        value.parse::<f64>().is_ok()
    };
    let mut violations = Vec::new();
    for source in sources().iter().filter(|source| source.module.first().is_some_and(|floor| floor == "strategy")) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (number, line) in source.code() {
            let declared = line.trim_start().trim_start_matches("pub ").starts_with("const ");
            let Some((_, value)) = line.split_once(" = ").filter(|_| declared) else { continue };
            let above = number.checked_sub(2).map_or("", |above| lines[above].trim_start());
            if is_number(value) && !above.starts_with("//") {
                violations.push(format!("src/{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    report(&violations, "a number of a strategy says what it is and where it comes from");
}

#[test]
fn no_result_depends_on_hash_order_the_clock_or_a_generator_of_its_own() {
    let sources = sources();
    let banned = [
        ("HashMap", "a map whose order is no order"),
        ("HashSet", "a set whose order is no order"),
        ("RandomState", "a hash of its own"),
        ("SystemTime", "the wall clock"),
        ("std::time::Instant", "the wall clock"),
        ("rand::rng(", "a generator nobody seeds"),
        ("thread_rng", "a generator nobody seeds"),
    ];
    let mut violations = Vec::new();
    let in_a_run = |source: &&Source| source.module.first().is_some_and(|part| PARTS_OF_A_RUN.contains(&part.as_str()));
    let of_a_run: Vec<&Source> = sources.iter().filter(in_a_run).collect();
    assert!(of_a_run.len() > 50, "a run has many parts: {}", of_a_run.len());
    for source in of_a_run {
        for (number, line) in source.code() {
            for (word, why) in banned {
                // Maps with a fixed hash, such as FxHashMap, go the same way each time.
                let is_word = |at: usize| !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
                if line.match_indices(word).any(|(at, _)| is_word(at)) {
                    violations.push(format!("src/{}:{number}: {why}: {}", source.name, line.trim()));
                }
            }
            if line.contains("rand_pcg::") && source.name != "engine/random.rs" {
                violations.push(format!("src/{}:{number}: chance has one house, engine/random.rs", source.name));
            }
        }
    }
    report(&violations, "what a run depends on is its setup and its seed");
}

#[test]
fn nothing_is_left_to_be_done_and_no_mistake_of_a_user_panics_without_a_word() {
    let mut violations = Vec::new();
    for source in &sources() {
        for (number, line) in source.code() {
            for word in ["todo!", "unimplemented!", "dbg!", ".unwrap()"] {
                if line.contains(word) {
                    violations.push(format!("src/{}:{number}: {}", source.name, line.trim()));
                }
            }
        }
    }
    report(&violations, "no unwrap, nothing to be done");
}
