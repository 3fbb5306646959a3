//! What may go wrong on the command line of `trace`: options of another format, names that the trace lacks, factors and
//! generators beyond reason, outputs that are no files. Each is refused by its name, or done as it was meant.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::Command;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Runs `trace` with these arguments, cut at blanks.
fn trace(folder: &Path, arguments: &str) -> (String, String, i32) {
    let arguments: Vec<&str> = ["trace"].into_iter().chain(arguments.split_whitespace()).collect();
    crate::stratosim(folder, &arguments)
}

const SHOP: &str = "arrival_s,function,tenant\n0,cart,t\n1,pay,t\n2,cart,u\n8,look,u\n";

#[test]
fn what_is_no_file_is_written_into_and_a_link_is_followed() {
    let place = folder(&[("counts.txt", "2\n1\n")]);
    let path = |name: &str| place.path().join(name);
    let import = |out: &str| trace(place.path(), &format!("import --format counts counts.txt --out {out}"));
    assert_eq!(import("plain.csv").2, 0);
    let plain = fs::read(path("plain.csv")).unwrap();

    // A link, so that not even a mistake could put a file in the place of the device.
    symlink("/dev/full", path("full")).unwrap();
    let (_, message, code) = import("full");
    assert!(code == 2 && message.starts_with("full: cannot be written: No space left on device"), "{message}");
    assert!(fs::metadata(path("full")).unwrap().file_type().is_char_device());

    symlink("plain.csv", path("link")).unwrap();
    fs::write(path("plain.csv"), "old").unwrap();
    assert_eq!(import("link").2, 0);
    assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink());
    assert_eq!(fs::read(path("plain.csv")).unwrap(), plain);

    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let pipe = path("pipe");
    let reader = std::thread::spawn(move || fs::read(pipe).unwrap());
    assert_eq!(import("pipe").2, 0);
    assert!(fs::metadata(path("pipe")).unwrap().file_type().is_fifo());
    assert_eq!(reader.join().unwrap(), plain);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 5, "nothing is left aside");
}

#[test]
fn what_was_written_is_said_beside_what_was_read() {
    let place = folder(&[("shop.csv", SHOP)]);
    let said = |arguments: &str| {
        let (table, report, code) = trace(place.path(), arguments);
        assert_eq!(code, 0, "{report}");
        let rows = table.lines().count() - 1;
        assert!(report.ends_with(&format!("\n{rows} arrivals written\n")), "{report}");
        (report.lines().next().unwrap().to_owned(), rows)
    };
    let read = || "4 rows read, 4 arrivals".to_owned();
    assert_eq!(said("import shop.csv"), (read(), 4));
    assert_eq!(said("scale shop.csv --rate 3"), (read(), 12));
    assert_eq!(said("cut shop.csv --function cart"), (read(), 2));
    let (_, thinned) = said("scale shop.csv --rate 0.5 --keep functions --seed 1");
    assert!(thinned < 4);
}

#[test]
fn names_that_the_trace_lacks_are_refused_all_at_once() {
    let place = folder(&[("shop.csv", SHOP)]);
    let (_, message, code) =
        trace(place.path(), "cut shop.csv --function cert --function pay --tenant xyz --source s --out cut.csv");
    assert_eq!(code, 2);
    assert_eq!(
        message,
        "shop.csv: --function: found \"cert\", want a function of the trace (did you mean \"cart\"?)\n\
         shop.csv: --tenant: found \"xyz\", want a tenant of the trace\n\
         shop.csv: --source: found \"s\", want a source of the trace, which has none\n"
    );
    assert!(!place.path().join("cut.csv").exists());
    // A function of the trace that has no arrival in the part is no mistake, even where it comes only after the part.
    let (table, report, code) = trace(place.path(), "cut shop.csv --window 1 --length 2s --function look");
    assert_eq!((table.lines().count(), code), (1, 0), "{report}");
}

#[test]
fn a_pace_past_the_end_of_time_is_refused() {
    let place = folder(&[("shop.csv", SHOP)]);
    let (_, message, code) = trace(place.path(), "scale shop.csv --time 1e10 --out slow.csv");
    let wanted =
        "shop.csv: found an arrival at 1.000000000 s times 10000000000, want a trace that then lies within 292 years\n";
    assert_eq!((message.as_str(), code), (wanted, 2));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn a_repair_is_told_with_the_row_that_it_was_made_in() {
    let late = "arrival_s,function\n5,f\n9,f\n1,f\n-2,f\n";
    let place = folder(&[("a.csv", SHOP), ("late.csv", late)]);
    let (_, report, code) = trace(place.path(), "import a.csv late.csv --window 1");
    assert_eq!(code, 0);
    assert!(report.contains("repaired 2: arrival later than the window mends, moved forward (first at late.csv:4)"));
    assert!(report.contains("repaired 1: arrival before the zero of the clock taken as 0 (first at late.csv:5)"));
    let (_, message, code) = trace(place.path(), "import late.csv --window 1 --strict-order");
    assert!(code == 2 && message.starts_with("late.csv:4:1: time: found an arrival 4s earlier"), "{message}");
}

#[test]
fn a_header_that_names_a_column_twice_is_refused() {
    let place = folder(&[
        ("arrivals.csv", "arrival_s,function,tenant,tenant\n1,f,t,u\n"),
        ("counts.csv", "time,requests,requests\n0,1,2\n"),
        ("case.csv", "arrival_s,function,Function\n1,f,g\n"),
    ]);
    let refused = |arguments: &str| {
        let (_, message, code) = trace(place.path(), arguments);
        assert_eq!(code, 2, "{message}");
        message
    };
    let once = |place: &str, name: &str| format!("{place} found \"{name}\", want each column once\n");
    assert_eq!(refused("import arrivals.csv"), once("arrivals.csv:1:27: header:", "tenant"));
    assert_eq!(
        refused("import --format counts --column requests counts.csv"),
        once("counts.csv:1:15: count:", "requests")
    );
    let (table, _, code) = trace(place.path(), "import case.csv");
    assert!(code == 0 && table.contains(",f,"), "what is written exactly is meant: {table}");
}

/// A generator as `trace fit` writes it, but for one value.
fn generator(key: &str, value: &str) -> String {
    let known = [
        ("windows", "20"),
        ("stretch", "10"),
        ("repeats", "false"),
        ("profile", "[3.0, 5.0]"),
        ("cycle", "null"),
        ("modulation", r#"{"kind":"constant"}"#),
        ("spikes", "null"),
        ("noise", "1.0"),
    ];
    let pairs = known.map(|(known, usual)| format!("{known:?}: {}", if known == key { value } else { usual }));
    format!("{{{}}}", pairs.join(", "))
}

#[test]
fn a_generator_beyond_reason_is_refused_and_not_run() {
    let scenario = r#"
        strategies = ["faas"]
        functions.web = { work = "1ms" }
        pools.lambda = { kind = "function" }
        sources.users = { kind = "fitted", generator = "large.json", periods = 60 }
    "#;
    let place = folder(&[
        ("sound.json", &generator("", "")),
        ("long.json", &generator("windows", "1000000000000000000")),
        ("large.json", &generator("profile", "[1e12, 5.0]")),
        ("large.toml", scenario),
    ]);
    let refused = |arguments: &str, wanted: &str| {
        let (_, message, code) = trace(place.path(), arguments);
        assert!(code == 2 && message.contains(wanted), "{arguments}: {message}");
    };
    assert_eq!(trace(place.path(), "synth sound.json").0.lines().count(), 20);
    for seconds in ["0", "3000000000", "18446744073709551615", "99999999999999999999"] {
        refused(&format!("synth sound.json --seconds {seconds}"), "--seconds");
    }
    refused("synth long.json", "long.json: windows: found 1000000000000000000, want from 1 to 100000000 windows");
    let wanted = "profile: found 1000000000000, want from 0 to 1000000000 requests in a window";
    refused("synth large.json", wanted);
    let (_, message, code) = crate::stratosim(place.path(), &["check", "large.toml"]);
    assert!(code != 0 && message.contains("sources.users.generator") && message.contains("1000000000 requests"));
}

#[test]
fn options_of_another_format_are_refused_all_at_once() {
    let place = folder(&[("counts.txt", "1\n2\n"), ("shop.csv", SHOP)]);
    let (_, message, code) =
        trace(place.path(), "import --format counts --durations nope.csv --delay-unit ms --lenient counts.txt");
    assert_eq!(code, 2);
    let lines: Vec<&str> = message.lines().collect();
    let rows = "arrivals, requests, azure-2021, huawei-2025, alibaba-batch, alibaba-calls, borg-2011, bitbrains, globus, \
                lambda, alb, clf, timetable, csv";
    assert_eq!(
        lines,
        [
            "--durations: found with --format counts, want it with azure-2019, huawei only",
            "--delay-unit: found with --format counts, want it with huawei only",
            &format!("--lenient: found with --format counts, want it with {rows} only"),
        ]
    );
    let options = "placement=start period=1s column=c map=time=1 durations=d memory=m duration-choice=average \
                   memory-choice=burr delay-unit=s path-segments=1 machine-bytes=1 held=1";
    for option in options.split_whitespace() {
        let (_, message, code) = trace(place.path(), &format!("describe shop.csv --{option}"));
        let name = option.split('=').next().unwrap();
        assert!(
            code == 2 && message.starts_with(&format!("--{name}: found with --format arrivals, want it with ")),
            "{message}"
        );
    }
    let (_, message, _) = trace(place.path(), "describe --format azure-2021 --memory-choice split shop.csv");
    assert_eq!(message, "--memory-choice: found split, want burr or unknown with --format azure-2021\n");
    let (_, report, code) = trace(place.path(), "import shop.csv --window 9 --lenient --from-first --strict-order");
    assert_eq!(code, 0, "{report}");
}

#[test]
fn a_day_of_counts_is_described_as_a_day() {
    // Nothing comes in its last hour, which is part of the day all the same.
    let day: String = (0..1_440).map(|minute| if minute < 1_380 { "3\n" } else { "0\n" }).collect();
    let place = folder(&[("day.txt", &day)]);
    let (json, _, code) = trace(place.path(), "describe --format counts --period 1min --json day.txt");
    let described: serde_json::Value = serde_json::from_str(&json).unwrap();
    let windows: Vec<u64> =
        described["windows"].as_array().unwrap().iter().map(|window| window["windows"].as_u64().unwrap()).collect();
    assert_eq!((windows, code), (vec![86_400, 8_640, 1_440, 144, 24], 0));
    assert_eq!(described["covered_s"], 86_400.0);
}
