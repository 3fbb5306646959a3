//! The `trace` commands from end to end, through the program.

use crate::data;

fn stratosim(arguments: &[&str]) -> (String, String, i32) {
    crate::stratosim(std::path::Path::new("."), arguments)
}

#[test]
fn a_trace_is_imported_described_cut_scaled_and_merged() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (imported, cut, merged) = (path("imported.csv"), path("cut.csv"), path("merged.csv"));
    let log = data("clf/access.log").to_string_lossy().into_owned();
    let (_, report, code) =
        stratosim(&["trace", "import", "--format", "clf", "--path-segments", "1", &log, "--out", &imported]);
    assert_eq!((report.as_str(), code), ("40 rows read, 40 arrivals\n40 arrivals written\n", 0));
    let lines = |name: &str| std::fs::read_to_string(name).unwrap().lines().count();
    assert_eq!(lines(&imported), 41);

    let (page, _, code) = stratosim(&["trace", "describe", &imported]);
    assert!(code == 0 && page.contains("arrivals 40, from 0.000 s to 78.000 s"), "{page}");
    let (json, ..) = stratosim(&["trace", "describe", "--json", &imported]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["arrivals"], 40);

    let (_, _, code) = stratosim(&["trace", "cut", &imported, "--from", "10s", "--length", "20s", "--out", &cut]);
    assert_eq!((code, lines(&cut)), (0, 11));
    let (_, report, code) = stratosim(&["trace", "merge", &imported, &cut, "--out", &merged]);
    assert!(code == 0 && lines(&merged) == 51, "{report}");
    let (doubled, _, code) = stratosim(&["trace", "scale", &imported, "--rate", "2", "--time", "0.5"]);
    assert_eq!((code, doubled.lines().count()), (0, 81));
    assert!(doubled.lines().last().unwrap().starts_with("39.000000000,GET /img"));
}

#[cfg(feature = "plots")]
#[test]
fn the_course_of_a_trace_is_drawn_and_holds_every_arrival() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let log = data("clf/access.log").to_string_lossy().into_owned();
    let (_, report, code) = stratosim(&["trace", "describe", "--format", "clf", &log, "--plot", &path("course.svg")]);
    assert_eq!((report.as_str(), code), ("", 0));
    let svg = std::fs::read_to_string(path("course.svg")).unwrap();
    let drawn = roxmltree::Document::parse(&svg).unwrap();
    let words: Vec<&str> = drawn.descendants().filter_map(|node| node.text()).map(str::trim).collect();
    assert!(words.contains(&"Course of the trace") && words.contains(&"rate (requests/s)"), "{words:?}");
    let beside = std::fs::read_to_string(path("course.csv")).unwrap();
    let points: Vec<[f64; 2]> = beside
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',').skip(1).map(|field| field.parse().unwrap()).collect::<Vec<f64>>().try_into().unwrap()
        })
        .collect();
    // Forty arrivals: each step lasts until the next, the last point only ends one.
    let arrivals: f64 = points.windows(2).map(|pair| pair[0][1] * (pair[1][0] - pair[0][0])).sum();
    assert!((arrivals - 40.0).abs() < 1e-9, "{arrivals}");
}

#[test]
fn a_generator_is_fitted_and_makes_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (counts, generator) = (path("counts.txt"), path("fit.json"));
    let text: String = (0..2_000).map(|k| format!("{}\n", 20 + k * 7 % 13)).collect();
    std::fs::write(&counts, text).unwrap();
    let (_, goodness, code) =
        stratosim(&["trace", "fit", "--format", "counts", "--placement", "start", &counts, "--out", &generator]);
    assert!(code == 0 && goodness.contains("mean count"), "{goodness}");
    let (made, _, code) = stratosim(&["trace", "synth", &generator, "--seconds", "500", "--seed", "3"]);
    assert_eq!((code, made.lines().count()), (0, 500));
    assert_eq!(stratosim(&["trace", "synth", &generator, "--seconds", "500", "--seed", "3"]).0, made);
}

#[test]
fn a_trace_that_cannot_be_read_leaves_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (bad, out) = (folder.path().join("bad.csv"), folder.path().join("out.csv"));
    std::fs::write(&bad, "arrival_s,function\n1,f\nx,f\n").unwrap();
    let (_, message, code) = stratosim(&["trace", "import", &bad.to_string_lossy(), "--out", &out.to_string_lossy()]);
    assert!(code == 2 && message.contains("bad.csv:3:1: arrival_s: found \"x\""), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let (_, message, code) = stratosim(&["trace", "import", "--format", "csv", &bad.to_string_lossy()]);
    assert!(code == 2 && message.contains("--map: found nothing, want time=column:unit"), "{message}");
}
