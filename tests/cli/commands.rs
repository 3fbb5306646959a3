//! Each command: what it says when all is well and when it is not.

use std::process::Stdio;

use super::{GOLDEN, Place};

#[test]
fn run_prints_one_table_and_names_the_folders() {
    let place = Place::new();
    let said = place.line("run town.toml");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    for row in ["town", "requests", "served", "SLO violations", "response p99", "cold starts", "cost USD", "knows"] {
        assert!(said.out.lines().any(|line| line.trim_start().starts_with(row)), "no row {row}:\n{}", said.out);
    }
    assert!(said.out.contains("All met the same requests (digest "), "{}", said.out);
    for strategy in ["max", "faas", "libra"] {
        let line = said.out.lines().find(|line| line.starts_with(&format!("{strategy}: "))).unwrap();
        let folder = place.path(line.split_once(": ").unwrap().1);
        for file in ["requests.csv", "decisions.csv", "notes.csv", "timeline.csv", "instances.csv", "cost.csv"] {
            assert!(folder.join(file).is_file(), "{file}");
        }
        for file in ["summary.json", "manifest.json"] {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}

#[test]
fn clients_that_wait_do_not_meet_the_same_requests_and_the_table_says_so() {
    let said = Place::new().line("run crowd.toml");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("The strategies did not meet the same requests"), "{}", said.out);
}

#[test]
fn one_strategy_alone_is_run_once() {
    let place = Place::new();
    let said = place.line("run town.toml --strategy faas --strategy faas");
    assert_eq!(said.code, Some(0), "{said:?}");
    let folders = std::fs::read_dir(place.path("results/town")).unwrap();
    let names: Vec<_> = folders.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["faas"]);
    let said = place.line("run town.toml --strategy maks");
    assert_eq!((said.code, said.err.as_str()), (Some(2), "--strategy maks: the scenario has max, faas, libra\n"));
}

#[test]
fn every_nth_request_is_logged_and_none_at_zero() {
    let place = Place::new();
    for (every, out) in [("1", "all"), ("10", "some"), ("0", "none")] {
        let arguments = ["run", "town.toml", "-q", "--strategy", "max", "--every", every, "--out", out];
        assert_eq!(place.run(arguments).code, Some(0));
    }
    let all = place.hashes("all");
    let folder = all.keys().next().unwrap().rsplit_once('/').unwrap().0;
    let rows = |out: &str| place.read(&format!("{out}/{folder}/requests.csv"));
    let tenth = |line: &&str| line.split(',').next().unwrap().parse::<u64>().unwrap() % 10 == 0;
    let (whole, some) = (rows("all"), rows("some"));
    let wanted: Vec<&str> = whole.lines().skip(1).filter(tenth).collect();
    assert_eq!(some.lines().skip(1).collect::<Vec<_>>(), wanted);
    let none = place.hashes("none");
    assert!(!none.keys().any(|name| name.ends_with("requests.csv")));
    // What is not logged is still counted.
    let summary = format!("{folder}/summary.json");
    assert_eq!(all[&summary], none[&summary]);
}

#[test]
fn another_replication_draws_anew_and_another_seed_too() {
    let place = Place::new();
    for more in ["", "--replication 1", "--set seed=2"] {
        let said = place.line(&format!("run town.toml -q --strategy max --every 0 {more}"));
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let digest = |name: &&String| {
        let text = std::fs::read_to_string(place.path("results").join(name)).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["offered_digest"].to_string()
    };
    let hashes = place.hashes("results");
    let digests: std::collections::BTreeSet<String> =
        hashes.keys().filter(|name| name.ends_with("summary.json")).map(|name| digest(&name)).collect();
    assert_eq!(digests.len(), 3);
}

#[test]
fn check_says_what_a_sound_scenario_holds() {
    let place = Place::new();
    let said = place.line("check town.toml");
    let wanted = "town.toml: sound; 2 functions, 2 sources, 2 pools at 2 nodes; strategies: max, faas, libra\n";
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), wanted, ""));
    let said = place.line("check town.toml --set horizon=10");
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.ends_with("\n1 complaint\n"), "{}", said.err);
    assert_eq!(place.line("check crowd.toml").code, Some(0));
    assert!(!place.path("results").exists());
}

#[test]
fn explain_shows_every_value_with_its_origin_and_what_follows_from_it() {
    let place = Place::new();
    let said = place.line("explain town.toml --set pools.fleet.boot=45s");
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    let row = |key: &str| {
        let line = said.out.lines().find(|line| line.starts_with(&format!("{key} = ")));
        line.unwrap_or_else(|| panic!("no {key} in\n{}", said.out)).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(row("slo").starts_with("slo = \"1s\" town.toml:7 Service level objective"), "{}", row("slo"));
    let boot = row("pools.fleet.boot");
    assert!(boot.starts_with("pools.fleet.boot = \"45s\" --set From launch"), "{boot}");
    assert!(row("seed").starts_with("seed = 1 default "), "{}", row("seed"));
    assert!(row("strategy.libra.alpha").starts_with("strategy.libra.alpha = 0.2 default "));
    assert!(row("strategy.libra.decide_every").contains("town.toml:10"));
    assert!(said.out.lines().any(|line| line.starts_with("libra works out ")), "{}", said.out);
    let said = place.line("explain town.toml --key pools.fleet.boot --json");
    let rows: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(rows.to_string().contains("30s"), "{rows}");
    // What the file leaves out is in force, too: keys that are empty by default, and those of a table that is not there.
    for (asked, told) in [
        ("archive", "archive = none default "),
        ("chains", "chains = {} default "),
        ("probe", "probe = [] default "),
        ("pools.fleet.health_check.checks", "pools.fleet.health_check = none default "),
    ] {
        let said = place.line(&format!("explain town.toml --key {asked}"));
        let first = said.out.lines().next().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.code == Some(0) && first.starts_with(told), "{said:?}");
    }
    let said = place.line("explain town.toml --key pools.flet");
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("no key begins with it"), "{}", said.err);
}

#[test]
fn list_names_every_strategy_with_source_and_parameters() {
    let place = Place::new();
    let (text, json) = (place.line("list"), place.line("list --json"));
    assert_eq!((text.code, json.code), (Some(0), Some(0)));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json.out).unwrap();
    assert_eq!(rows.len(), stratosim::catalogue::CATALOGUE.len());
    for (row, known) in rows.iter().zip(stratosim::catalogue::CATALOGUE) {
        assert_eq!(row["name"], known.name);
        assert!(row["source"].as_str().is_some_and(|source| !source.is_empty()), "{row}");
        assert!(text.out.contains(&format!("{}: {}", known.name, known.about)), "{}", text.out);
        for key in row["parameters"]["properties"].as_object().unwrap().keys().filter(|key| *key != "use") {
            assert!(text.out.contains(&format!("\n  {key}: ")), "{key} of {}", known.name);
        }
    }
}

#[test]
fn completions_know_the_commands_of_each_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = place.run(["completions", shell]);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
        for word in ["run", "check", "explain", "list", "schema", "plan", "completions", "strategy", "quiet"] {
            assert!(said.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(place.line("completions tcsh").code, Some(2));
}

#[test]
fn a_replay_prints_one_row_and_writes_what_it_is_asked_for() {
    let place = Place::new();
    let said = place.line("plan libra replay day.csv --column requests --whole --per-second s.csv --log l.txt");
    assert_eq!((said.code, said.err.as_str(), said.out.lines().count()), (Some(0), "", 2), "{said:?}");
    assert!(place.read("s.csv").lines().count() > 600);
    assert!(!place.read("l.txt").is_empty());
    let again = place.line("plan libra replay day.csv --column requests --whole");
    assert_eq!(again.out, said.out);
    let other = place.line("plan libra replay day.csv --column requests --whole --set policy=serverless --corrected");
    assert_eq!(other.code, Some(0));
    assert_ne!(other.out, said.out);
}

#[test]
fn what_a_replay_is_asked_for_must_make_sense() {
    let place = Place::new();
    place.write("none.csv", "");
    for (arguments, wanted) in [
        ("gone.csv", "gone.csv: cannot be read: No such file or directory (os error 2)\n"),
        ("none.csv", "none.csv: found no count, want one count a line\n"),
        ("day.csv", "day.csv, line 1, column 1: found \"requests\", want a whole number from 0 to 1000000000\n"),
        (
            "day.csv --column request",
            "day.csv, line 1, column 1: found \"requests\", want a header with the column \"request\"\n",
        ),
        ("day.csv --column requests", "end_time: found 45000, want at most the 600 seconds of the trace\n"),
        ("day.csv --column requests --set alpha", "--set alpha: want NAME=VALUE\n"),
        ("day.csv --column requests --set alpha=x", "--set alpha=x: found \"x\", want a number\n"),
        ("day.csv --column requests --set alpha=NaN", "--set alpha=NaN: found \"NaN\", want a number\n"),
        (
            "day.csv --column requests --set end_time=1.5",
            "--set end_time=1.5: found 1.5, want a whole number of at least 0\n",
        ),
        (
            "day.csv --column requests --set end_time=-1",
            "--set end_time=-1: found -1, want a whole number of at least 0\n",
        ),
    ] {
        let said = place.line(&format!("plan libra replay {arguments}"));
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(2), "", wanted), "{arguments}");
    }
    let said = place.line("plan libra replay day.csv --column requests --set alfa=1");
    assert!(said.err.starts_with("--set alfa=1: no parameter alfa; did you mean alpha? (there are "), "{}", said.err);
    let said = place.line("plan libra replay day.csv --column requests --whole --per-second gone/s.csv");
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert_eq!(said.err, "gone/s.csv: No such file or directory (os error 2)\n");
}

#[test]
fn arguments_that_make_no_sense_are_refused_with_help() {
    let place = Place::new();
    for arguments in
        ["", "fly", "run", "run town.toml --every x", "run town.toml --every -1", "run a b", "check --nothing x"]
    {
        let said = place.line(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments}");
        assert!(said.err.contains("Usage: ") || said.err.contains("--help"), "{arguments}: {}", said.err);
    }
    for (arguments, word) in [("--help", "completions"), ("--version", "stratosim "), ("run --help", "--every")] {
        let said = place.line(arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments}");
        assert!(said.out.contains(word), "{arguments}: {}", said.out);
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let place = Place::new();
    let golden = format!("{GOLDEN}/town.toml");
    let lines = [
        ("list", 0),
        ("schema", 0),
        ("completions bash", 0),
        ("explain town.toml", 0),
        ("check town.toml", 0),
        ("check gone.toml", 2),
        ("run town.toml --strategy nobody", 2),
        ("run town.toml --every 0 --strategy max", 0),
        ("run town.toml --every 0 --strategy max -vv", 0),
        ("run town.toml --every 0 --strategy max --set limits.events=10", 1),
        ("plan libra replay day.csv --column requests --whole", 0),
    ];
    assert!(std::path::Path::new(&golden).is_file());
    for (line, code) in lines {
        for streams in ["out", "err", "both"] {
            let closed = || {
                let (reader, writer) = std::io::pipe().unwrap();
                drop(reader);
                Stdio::from(writer)
            };
            let open = || Stdio::null();
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stratosim"));
            command.current_dir(place.folder.path()).args(line.split_whitespace()).stdin(Stdio::null());
            command.stdout(if streams == "err" { open() } else { closed() });
            command.stderr(if streams == "out" { open() } else { closed() });
            assert_eq!(command.status().unwrap().code(), Some(code), "{line}, {streams} closed");
        }
    }
}

#[test]
fn output_that_cannot_be_printed_is_said() {
    let full = std::path::Path::new("/dev/full");
    if !full.exists() {
        return super::oracle::skipped("a full standard output: no /dev/full on this machine");
    }
    let place = Place::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stratosim"));
    command.current_dir(place.folder.path()).arg("list").stdout(std::fs::File::create(full).unwrap());
    let said = super::said(&command.output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(1), "output: No space left on device (os error 28)\n"));
}

/// A scenario of one function under the calls of a table.
fn with_calls(calls: &str) -> Place {
    let place = Place::new();
    place.write("calls.csv", calls);
    let scenario = "name = \"calls\"\nstrategies = [\"faas\"]\n[functions.a]\nwork = \"100ms\"\n[pools.lambda]\nkind = \"function\"\n\
                    [sources.users]\nkind = \"trace\"\nformat = \"arrivals\"\nfile = \"calls.csv\"\n";
    place.write("calls.toml", scenario);
    place
}

#[test]
fn what_was_repaired_in_a_trace_is_told_before_it_is_run() {
    let place = with_calls("arrival_s,function\n-1,a\n2,a\n");
    for command in ["check calls.toml", "run calls.toml"] {
        let said = place.line(command);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.err.starts_with("sources.users: 2 rows read, 2 arrivals\nrepaired 1: "), "{said:?}");
    }
    assert_eq!(place.line("run calls.toml -q").err, "");
}

#[test]
fn seconds_since_1970_are_refused_with_a_way_out() {
    let place = with_calls("arrival_s,function\n1763800000.5,a\n1763800001,a\n");
    let said = place.line("check calls.toml");
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("from_first = true"), "{said:?}");
    assert_eq!(place.line("check calls.toml --set sources.users.from_first=true").code, Some(0));
}

#[test]
fn a_log_that_is_replaced_by_another_one_is_said() {
    let place = Place::new();
    let run = |every: u32| place.line(&format!("run town.toml --strategy max --every {every}"));
    assert_eq!(run(1).err, "");
    // The same bytes again are no loss.
    assert_eq!(run(1).err, "");
    let said = run(10);
    let folder = said.out.lines().find_map(|line| line.strip_prefix("max: ")).unwrap();
    let wanted = format!("{folder}: replaced, with one in 10 of its requests logged where it was one in 1\n");
    assert_eq!((said.code, said.err), (Some(0), wanted));
    assert!(run(0).err.ends_with("replaced, with none of its requests logged where it was one in 10\n"));
}

#[test]
fn an_order_that_was_cut_is_in_the_table() {
    let place = Place::new();
    let table = |sets: &str| place.line(&format!("run town.toml --strategy max --every 0 {sets}")).out;
    let row = |text: &str| text.lines().any(|line| line.trim_start().starts_with("cut or refused"));
    assert!(!row(&table("")));
    let cut = table("--set strategy.max.size=2000");
    assert!(row(&cut), "{cut}");
}

#[test]
fn an_instant_after_the_end_is_said_and_numbers_below_zero_are_refused_in_our_words() {
    let place = Place::new();
    let said = place.line("inspect town.toml --at 1000d --entity fleet");
    assert!(said.code == Some(0) && said.out.starts_with("pool fleet: "), "{said:?}");
    // What was under way at the horizon of ten minutes is served to its end.
    assert!(
        said.err.starts_with("--at 1000d: the run ended at 600.") && said.err.ends_with("left things\n"),
        "{said:?}"
    );
    for at in ["10s", "10min"] {
        let said = place.line(&format!("inspect town.toml --at {at} --entity fleet"));
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{at}");
    }
    for (arguments, wanted) in [
        ("run town.toml --replication -1", "want a whole number from 0"),
        ("run town.toml --every -1", "want a whole number from 0"),
        ("inspect town.toml --at 1s --entity fleet --replication -1", "want a whole number from 0"),
        ("inspect town.toml --at -1s --entity fleet", "--at -1s: want "),
        ("explain-request town.toml 1 --replication -1", "want a whole number from 0"),
        ("trace describe day.csv --period -1s", "'-1s' for '--period <PERIOD>'"),
    ] {
        let said = place.line(arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{arguments}: {said:?}");
        assert!(said.err.contains(wanted) && !said.err.contains("'-- -"), "{arguments}: {}", said.err);
    }
}
