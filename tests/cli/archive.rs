//! Timeseries-as-a-Service as a person meets it: daily series of regions, a nation that is their sum, written out for other
//! tools; and questions that the series do not answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Place;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/timeseries-service.toml");
const DAY: u64 = 86_400;
/// 24 February 2020, where the history begins.
const FIRST_DAY: u64 = 18_316;

/// Runs the shipped scenario and finds its folder.
fn run(place: &Place, sets: &[&str]) -> PathBuf {
    let out = place.path("out").display().to_string();
    let mut arguments = vec!["run", SCENARIO, "--every", "0", "--quiet", "--out", &out];
    sets.iter().for_each(|set| arguments.extend(["--set", set]));
    let said = place.run(&arguments);
    assert_eq!(said.code, Some(0), "{said:?}");
    only_folder(&place.path("out/timeseries-service/max"))
}

fn only_folder(parent: &Path) -> PathBuf {
    let found: Vec<_> = std::fs::read_dir(parent).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [folder] = &found[..] else { panic!("one run: {found:?}") };
    folder.clone()
}

/// Days or other starts of buckets, each with its value.
type Points = BTreeMap<u64, f64>;

/// `series.csv` by metric, method and granularity in seconds.
fn series(folder: &Path) -> BTreeMap<(String, String, u64), Points> {
    let mut reader = csv::Reader::from_path(folder.join("series.csv")).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["metric", "method", "granularity_s", "timestamp_s", "value"]);
    let mut found: BTreeMap<_, Points> = BTreeMap::new();
    for row in reader.deserialize() {
        let (metric, method, granularity, at, value): (String, String, u64, u64, f64) = row.unwrap();
        let before = found.entry((metric, method, granularity)).or_default().insert(at, value);
        assert_eq!(before, None, "a point stands once");
    }
    found
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// More than 380 days are stored in all: 365 of each region are readable, they sum to the nation day by day, and so do weeks,
/// running totals and moving means.
#[test]
fn regions_sum_to_the_nation_over_the_last_year() {
    let place = Place::new();
    let folder = run(&place, &[]);
    let series = series(&folder);
    let of = |metric: &str, method: &str, days: u64| {
        let key = (metric.to_owned(), method.to_owned(), days * DAY);
        series.get(&key).unwrap_or_else(|| panic!("{key:?} of {:?}", series.keys()))
    };
    let regions: Vec<&Points> =
        series.iter().filter(|((metric, ..), _)| metric.starts_with("region/")).map(|(_, points)| points).collect();
    assert_eq!(regions.len(), 20);
    let nation = of("nation", "aggregated", 1);
    let (first, last) = (nation.keys().next().unwrap() / DAY, nation.keys().last().unwrap() / DAY);
    assert!(last - FIRST_DAY >= 380, "stored up to day {last}");
    assert_eq!((nation.len() as u64, last - first), (365, 364));
    for (day, value) in nation {
        let sum: f64 = regions.iter().map(|region| region[day]).sum();
        assert_eq!(sum, *value, "day {}", day / DAY);
    }
    assert!(regions.iter().all(|region| region.len() == 365));
    let mut sum = 0.0;
    for ((day, value), (dated, total)) in nation.iter().zip(of("nation", "total", 1)) {
        sum += value;
        assert_eq!((day, sum), (dated, *total));
    }
    let mut weeks = Points::new();
    nation.iter().for_each(|(day, value)| *weeks.entry(day / (7 * DAY) * 7 * DAY).or_default() += value);
    assert_eq!(*of("nation-by-week", "aggregated", 7), weeks);
    let smooth = of("nation-smooth", "aggregated", 1);
    let values: Vec<f64> = nation.values().copied().collect();
    assert_eq!(smooth.len(), 365 - 6);
    for (mean, week) in smooth.values().zip(values.windows(7)) {
        assert!((mean - week.iter().sum::<f64>() / 7.0).abs() < 1e-9);
    }
    let share = of("share-of-lombardia", "aggregated", 1);
    assert!(share.values().all(|percent| (0.0..100.0).contains(percent)));
    // After the history every day is four whole numbers from 1 to 10 in each region.
    let produced = |day: &&u64| **day / DAY > FIRST_DAY + 126 && **day / DAY < last;
    for region in &regions {
        let of_days = region.iter().filter(|(day, _)| produced(day));
        assert!(of_days.clone().count() > 200);
        assert!(of_days.clone().all(|(_, value)| (4.0..=40.0).contains(value) && value.fract() == 0.0));
    }
    told_in_the_summary(&folder, last);
    same_in_openmetrics(&folder, &series);
}

/// Calls, what they stored and how long it took until it could be read.
fn told_in_the_summary(folder: &Path, last_day: u64) {
    let summary = json(&folder.join("summary.json"));
    let measures = &summary["measures"];
    assert_eq!(measures["posted"]["history"], 2500);
    let produced = measures["posted"]["producer"].as_u64().unwrap();
    let days = (produced / 20).div_ceil(4);
    assert!((FIRST_DAY + 125 + days).abs_diff(last_day) <= 1, "{produced} values up to day {last_day}");
    assert_eq!(measures["too_late"], 0);
    assert_eq!(measures["lag"]["count"], 2500 + produced);
    let lag = |what: &str| measures["lag"][what].as_f64().unwrap();
    assert!(lag("min_s") >= 0.0 && lag("max_s") <= 30.0, "readable every 30 s");
    assert!((10.0..20.0).contains(&lag("mean_s")), "half a period on average: {}", lag("mean_s"));
    assert!(measures["unread"].as_u64().unwrap() <= 40, "what was posted in the last 30 s at most");
}

/// The same points, one family for each name, each told apart by its labels.
fn same_in_openmetrics(folder: &Path, series: &BTreeMap<(String, String, u64), Points>) {
    let text = std::fs::read_to_string(folder.join("series.prom")).unwrap();
    assert!(text.ends_with("# EOF\n"));
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), series.values().map(Points::len).sum::<usize>());
    let families = text.lines().filter(|line| line.starts_with("# TYPE"));
    let mut names: Vec<&str> = families.clone().collect();
    names.dedup();
    assert_eq!(names.len(), families.count(), "a family is declared once");
    let (day, value) = series[&("nation".to_owned(), "total".to_owned(), DAY)].iter().next().unwrap();
    let line = format!("nation{{granularity=\"86400\",method=\"total\",metric=\"nation\"}} {value} {day}");
    assert!(lines.contains(&line.as_str()), "{line}");
    assert!(text.contains("nation_by_week{granularity=\"604800\",method=\"aggregated\",metric=\"nation-by-week\"} "));
}

/// Calls of a day are one point of the project's policy, and looks of five minutes one of the scenario's own.
#[test]
fn the_monitors_own_series_are_exported_beside() {
    let place = Place::new();
    let series = series(&run(&place, &["horizon=30min"]));
    let of =
        |metric: &str, method: &str, granularity: u64| &series[&(metric.to_owned(), method.to_owned(), granularity)];
    let pages = of("function/region-page/Invocations@year_rate", "sum", DAY);
    assert_eq!(pages.keys().copied().collect::<Vec<_>>(), [0]);
    assert!((8_500.0..9_500.0).contains(&pages[&0]), "5 a second for half an hour: {}", pages[&0]);
    assert_eq!(of("pool/store/CPUUtilization@pages", "95pct", 300).len(), 6);
}

/// Whether series overlap is known when they are there: the run says so, ends with 1 and leaves nothing.
#[test]
fn a_question_that_the_series_do_not_answer_leaves_no_folder() {
    let place = Place::new();
    let out = place.path("out").display().to_string();
    let question = "archive.questions.late={ operation = \"(- (metric region/lazio sum) (metric region/veneto sum))\", \
        overlap = 1.0, from = \"2024-01-01\" }";
    let said = place.run([
        "run",
        SCENARIO,
        "--every",
        "0",
        "--quiet",
        "--out",
        &out,
        "--set",
        "horizon=10min",
        "--set",
        question,
    ]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    let wanted =
        "archive.questions.late: no overlap: no time at which every series has a point; the run leaves no folder\n";
    assert!(said.err.ends_with(wanted), "{}", said.err);
    assert!(place.hashes("out").is_empty(), "nothing is half written");
}

/// A scenario without measures says nothing of them.
#[test]
fn summaries_speak_of_measures_only_where_there_are_some() {
    let place = Place::new();
    let said = place.line("run town.toml --every 0 --quiet --out out --strategy max");
    assert_eq!(said.code, Some(0), "{said:?}");
    let summary = json(&only_folder(&place.path("out/town/max")).join("summary.json"));
    assert!(summary.get("measures").is_none() && summary.get("digest").is_some());
}
