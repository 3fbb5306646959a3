//! The folder of a run: complete or absent, whatever happens to the run, and the same whoever watches.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Place, said};

/// Everything that lies under a folder, hidden or not.
fn files(place: &Place, under: &str) -> Vec<String> {
    place.hashes(under).into_keys().collect()
}

#[test]
fn a_run_that_stops_leaves_nothing_and_says_where_it_stopped() {
    let place = Place::new();
    for (set, wanted) in [
        ("limits.events=10", "events reached the limit of 10\n"),
        ("limits.in_flight=1", "requests in flight reached the limit of 1\n"),
        ("limits.instances=1", "instances reached the limit of 1\n"),
        (
            "limits.drain=1ms",
            "requests are still in flight 1ms (limits.drain) after arrivals ended; either nothing serves them or they take longer\n",
        ),
    ] {
        let said = place.run(["run", "town.toml", "--set", set]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{set}");
        assert!(said.err.starts_with("stopped at ") && said.err.ends_with(wanted), "{set}: {}", said.err);
        assert_eq!(files(&place, "results"), [""; 0], "{set}");
    }
}

#[test]
fn strategies_that_were_done_before_one_stopped_keep_their_folders() {
    let place = Place::new();
    let sets = ["strategies=[\"faas\", \"max\"]", "strategy={ max = { size = 61 } }", "limits.instances=60"];
    let said = place.run(["run", "town.toml"].into_iter().chain(sets.iter().flat_map(|set| ["--set", set])));
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    let names = files(&place, "results/town");
    assert!(names.iter().all(|name| name.starts_with("faas/")) && names.len() == 8, "{names:?}");
}

#[test]
fn an_output_folder_that_cannot_be_written_is_said() {
    let place = Place::new();
    place.write("file", "");
    std::fs::create_dir(place.path("taken")).unwrap();
    place.write("taken/town", "");
    for (out, why) in [("file", "Not a directory (os error 20)"), ("taken", "Not a directory (os error 20)")] {
        let said = place.run(["run", "town.toml", "--strategy", "max", "--out", out]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{out}");
        let start = format!("{out}/town/max/0-");
        assert!(said.err.starts_with(&start) && said.err.trim_end().ends_with(why), "{}", said.err);
    }
    if Path::new("/proc/self").exists() {
        let said = place.line("run town.toml --strategy max --out /proc/results");
        assert_eq!(said.code, Some(1), "{said:?}");
    }
    let said = place.line("run town.toml --strategy max --log gone/log.txt");
    assert_eq!((said.code, said.err.as_str()), (Some(1), "gone/log.txt: No such file or directory (os error 2)\n"));
    assert!(!place.path("results").exists());
}

#[test]
fn a_log_on_a_full_disk_stops_the_run() {
    if !Path::new("/dev/full").exists() {
        return super::oracle::skipped("a log on a full disk: no /dev/full on this machine");
    }
    let place = Place::new();
    let said = place.line("run town.toml --strategy max --log /dev/full -vv");
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.err.contains("the log could not be written: No space left on device"), "{}", said.err);
    assert_eq!(files(&place, "results"), [""; 0]);
    // A few lines that fail only when they are flushed.
    let said = place.line("run town.toml --strategy max --log /dev/full");
    assert_eq!((said.code, said.err.as_str()), (Some(1), "/dev/full: No space left on device (os error 28)\n"));
}

#[test]
fn who_watches_changes_no_byte() {
    let place = Place::new();
    let mut logs = vec![];
    for (nth, flags) in
        ["", "--quiet", "-v", "-vv", "--log log.txt", "-vv --log log.txt", "-q -vv --log log.txt"].iter().enumerate()
    {
        let said = place.line(&format!("run town.toml {flags} --out out{nth}"));
        assert_eq!(said.code, Some(0), "{flags}");
        assert_eq!(said.out.is_empty(), flags.contains("-q"), "{flags}");
        assert_eq!(said.err.is_empty(), !flags.starts_with("-v") || flags.contains("--log"), "{flags}");
        let logged = if flags.contains("--log") { place.read("log.txt") } else { said.err };
        assert_eq!(logged.is_empty(), !(flags.contains("-v") || flags.contains("--log")), "{flags}");
        logs.push(logged);
        let (first, now) = (place.hashes("out0"), place.hashes(&format!("out{nth}")));
        assert_eq!(first.len(), 24);
        assert_eq!(first, now, "{flags}");
    }
    // The file gets what the screen gets.
    assert_eq!((&logs[2], &logs[3]), (&logs[4], &logs[5]));
    let decisions = logs[2].lines().filter(|line| line.contains(" libra: scale ")).count();
    let events = |log: &str| log.lines().filter(|line| line.contains(" SampleDue")).count();
    assert!(decisions > 1 && events(&logs[2]) == 0 && events(&logs[3]) > 10, "{decisions}");
    let (at, rest) = logs[3].lines().next().unwrap().split_once(' ').unwrap();
    assert!(at.parse::<f64>().is_ok() && rest.starts_with("max "), "{at} {rest}");
}

#[test]
fn a_second_run_takes_the_place_of_the_first() {
    let place = Place::new();
    let line = "run town.toml -q --strategy max";
    assert_eq!(place.line(line).code, Some(0));
    let (first, names) = (place.hashes("results"), files(&place, "results"));
    let old = place.path("results").join(&names[0]);
    std::fs::write(&old, "spoilt").unwrap();
    std::fs::write(old.with_file_name("stray"), "left by somebody").unwrap();
    assert_eq!(place.line(line).code, Some(0));
    assert_eq!(place.hashes("results"), first);
}

#[test]
fn a_run_that_is_killed_leaves_no_finished_folder_and_the_next_one_cleans_up() {
    let place = Place::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stratosim"));
    command.current_dir(place.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.args("run town.toml --strategy max --every 1000 --set horizon=20000d --set sample=1d".split(' '));
    let mut child = command.spawn().unwrap();
    // Longer than the patience of the progress bar, which nobody must see who is no terminal.
    let (began, most) = (Instant::now(), Duration::from_secs(60));
    let is_part = |name: &String| name.starts_with("max/.") && name.contains(".part/files/");
    while began.elapsed() < Duration::from_millis(2500) || !files(&place, "results/town").iter().any(is_part) {
        assert!(began.elapsed() < most && child.try_wait().unwrap().is_none(), "the run ended or never began");
        std::thread::sleep(Duration::from_millis(50));
    }
    // A run at work is left alone by others.
    let other = place.line("run town.toml -q --strategy max");
    assert_eq!(other.code, Some(0), "{other:?}");
    assert!(files(&place, "results/town").iter().any(is_part));
    child.kill().unwrap();
    let killed = said(&child.wait_with_output().unwrap());
    assert_eq!(killed.err, "");
    let folders = |place: &Place| -> Vec<String> {
        let entries = std::fs::read_dir(place.path("results/town/max")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let left = folders(&place);
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left[0].starts_with(".0-") && left[0].ends_with(".part"), "{left:?}");
    assert_eq!(place.line("run town.toml -q --strategy max").code, Some(0));
    assert_eq!(folders(&place), left[1..]);
}

#[test]
fn an_override_changes_the_address_and_a_comment_does_not() {
    let place = Place::new();
    let mut addresses = std::collections::BTreeSet::new();
    let mut run = |scenario: &str, more: &str| {
        let said = place.line(&format!("run {scenario} --every 0 --strategy max {more}"));
        let folder = said.out.lines().find_map(|line| line.strip_prefix("max: ")).unwrap_or_else(|| panic!("{said:?}"));
        addresses.insert(folder.to_owned());
        addresses.len()
    };
    assert_eq!(run("town.toml", ""), 1);
    assert_eq!(run("town.toml", "--set pools.fleet.boot=31s"), 2);
    // The value of the file said once more, other comments, parameters of a strategy that does not run.
    assert_eq!(run("town.toml", "--set pools.fleet.boot=30s"), 2);
    place.write("other.toml", format!("# Another word.\n{}", place.read("town.toml")));
    assert_eq!(run("other.toml", ""), 2);
    assert_eq!(run("town.toml", "--set strategy.libra.alpha=0.5"), 2);
    // Another trace under the same name.
    std::fs::create_dir(place.path("a")).unwrap();
    place.write("a/day.csv", "requests\n5\n");
    assert_eq!(run("town.toml", "--set sources.day.file=a/day.csv"), 3);
    place.write("a/day.csv", "requests\n6\n");
    assert_eq!(run("town.toml", "--set sources.day.file=a/day.csv"), 4);
}
