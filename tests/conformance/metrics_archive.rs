//! The metric archive against what Gnocchi's aggregation core answers (`oracle/metrics-archive`).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use stratosim::engine::time::{Instant, Span};
use stratosim::model::archive::{
    AGGREGATED, Archive, Definition, Fill, Fold, Groups, Method, MetricId, Operation, Point, Policy, Question, Range,
    Stored, evaluate, resample, running_total,
};

use crate::golden::{self, Table, Tolerance};
use crate::oracle;

const KINDS: [&str; 5] = ["series", "resample", "range", "cross", "course"];

#[test]
fn every_case_of_the_index_comes_out() {
    let Some(folder) = oracle::folder("metrics-archive") else { return };
    let index = golden::json(&folder.join("index.json"));
    let tolerance = Tolerance::of(&index["tolerance"]);
    for case in golden::cases(&index, &KINDS) {
        let check = Check { folder: &folder, case, tolerance };
        match case["kind"].as_str().expect("a case has a kind") {
            "series" => check.series(),
            "resample" => check.resample(),
            "range" => check.range(),
            "cross" => check.cross(),
            "course" => check.course(),
            other => panic!("no runner for kind {other}"),
        }
    }
}

struct Check<'a> {
    folder: &'a Path,
    case: &'a Value,
    tolerance: Tolerance,
}

fn at(seconds: f64) -> Instant {
    Instant::ZERO + span(seconds)
}

fn span(seconds: f64) -> Span {
    Span::from_secs_f64(seconds).expect("golden times are not negative")
}

/// Everything is published at once in these cases, so the time of reading does not matter.
const NOW: Instant = Instant::ZERO;

impl Check<'_> {
    fn name(&self) -> &str {
        self.case["name"].as_str().expect("a case has a name")
    }

    fn table(&self, role: &str) -> Table {
        Table::read(&golden::file(self.folder, self.case, role))
    }

    fn policy(&self) -> Policy {
        let policy = &self.case["policy"];
        let definition = |value: &Value| {
            let granularity = span(value["granularity_s"].as_f64().expect("a granularity"));
            Definition::bounded(granularity, value["points"].as_u64().expect("a number of points"))
        };
        let definitions: Vec<Definition> =
            policy["definition"].as_array().expect("definitions").iter().map(definition).collect();
        let methods = policy["aggregation_methods"].as_array().expect("methods").iter();
        let methods: Vec<Method> =
            methods.map(|name| name.as_str().expect("a name").parse().expect("a known method")).collect();
        Policy::exact("golden", policy["back_window"].as_u64().expect("a back window"), &definitions, &methods)
    }

    /// An archive with one metric that holds the batches of the input.
    fn filled(&self) -> (Archive, MetricId) {
        let mut archive = Archive::new();
        let policy = archive.add_policy(self.policy()).expect("a sound policy");
        let metric = archive.declare("metric", policy, &[]).expect("a new name");
        let input = self.table("input");
        for batch in input.rows.chunk_by(|a, b| input.text(a, "batch") == input.text(b, "batch")) {
            let measures: Vec<(Instant, f64)> = batch
                .iter()
                .map(|row| {
                    let time = input.number(row, "timestamp_s").expect("a timestamp");
                    (at(time), input.number(row, "value").expect("a value"))
                })
                .collect();
            archive.post_batch(metric, NOW, &measures).expect("finite values");
        }
        (archive, metric)
    }

    /// Compares points with rows; `what` is for the message.
    fn compare(&self, what: &str, found: &[Point], golden: &[(f64, f64)]) {
        let name = self.name();
        assert_eq!(found.len(), golden.len(), "{name}: {what}: number of points");
        for (point, &(time, value)) in found.iter().zip(golden) {
            assert_eq!(point.at, at(time), "{name}: {what}");
            assert!(self.tolerance.agrees(point.value, value), "{name}: {what} at {time}: {} {value}", point.value);
        }
    }

    fn series(&self) {
        let (archive, metric) = self.filled();
        let expected = self.table("expected");
        let policy = archive.policy_of(metric).clone();
        let mut compared = 0;
        for &method in &policy.methods {
            for definition in &policy.definitions {
                let granularity = definition.granularity;
                let golden = rows(&expected, |row| {
                    expected.text(row, "aggregation") == method.to_string()
                        && expected.number(row, "granularity_s") == Some(granularity.as_secs_f64())
                });
                let found = archive.read(metric, method, Some(granularity), Range::ALL, NOW).expect("kept");
                self.compare(&format!("{method} at {granularity}"), &found, &golden);
                compared += golden.len();
            }
        }
        assert_eq!(compared, expected.rows.len(), "{}: rows that nobody compared", self.name());
    }

    fn resample(&self) {
        let (archive, metric) = self.filled();
        let expected = self.table("expected");
        let granularity = span(self.case["granularity_s"].as_f64().expect("a granularity"));
        let mut compared = 0;
        for &method in &archive.policy_of(metric).methods {
            let stored = archive.read(metric, method, Some(granularity), Range::ALL, NOW).expect("kept");
            for width in self.case["resample_s"].as_array().expect("widths") {
                let width = width.as_f64().expect("a width");
                let golden = rows(&expected, |row| {
                    expected.text(row, "aggregation") == method.to_string()
                        && expected.number(row, "resample_s") == Some(width)
                        && expected.number(row, "stored_granularity_s") == Some(granularity.as_secs_f64())
                });
                let found = resample(&stored, method, Groups::Every(span(width))).expect("a width");
                self.compare(&format!("{method} to {width} s"), &found, &golden);
                compared += golden.len();
            }
        }
        assert_eq!(compared, expected.rows.len(), "{}: rows that nobody compared", self.name());
    }

    fn range(&self) {
        let (archive, metric) = self.filled();
        let expected = self.table("expected");
        let method: Method = self.case["aggregation"].as_str().expect("a method").parse().expect("a known method");
        let granularity = span(self.case["granularity_s"].as_f64().expect("a granularity"));
        let mut compared = 0;
        for wanted in self.case["ranges"].as_array().expect("ranges") {
            let (from, to) = (wanted["from_s"].as_f64(), wanted["to_s"].as_f64());
            let golden =
                rows(&expected, |row| expected.number(row, "from_s") == from && expected.number(row, "to_s") == to);
            let range = Range { from: from.map(at), to: to.map(at) };
            let found = archive.read(metric, method, Some(granularity), range, NOW).expect("kept");
            self.compare(&format!("{from:?} to {to:?}"), &found, &golden);
            compared += golden.len();
        }
        assert_eq!(compared, expected.rows.len(), "{}: rows that nobody compared", self.name());
    }

    fn cross(&self) {
        let items = golden::json(&golden::file(self.folder, self.case, "items"));
        let items = items.as_array().expect("a list of items");
        assert_eq!(Some(items.len() as u64), self.case["items"].as_u64());
        for item in items {
            self.item(item);
        }
    }

    fn item(&self, item: &Value) {
        let name = item["case"].as_str().expect("an item has a name");
        let operation = Operation::from_json(&item["operation"]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let granularity = span(item["granularity_s"].as_f64().expect("a granularity"));
        let question = Question {
            granularity: Some(granularity),
            from: item["from_s"].as_f64().map(at),
            to: item["to_s"].as_f64().map(at),
            fill: fill(&item["fill"]),
            needed_overlap_percent: item["needed_overlap_percent"].as_f64().expect("a percentage"),
        };
        let stored = |(name, points): (&String, &Value)| {
            let point = |pair: &Value| {
                let time = at(pair[0].as_f64().expect("a timestamp"));
                Point { at: time, granularity, value: pair[1].as_f64().expect("a value") }
            };
            let from = question.from.map_or(0, |t| t.as_nanos() / granularity.as_nanos() * granularity.as_nanos());
            let to = question.to.unwrap_or(Instant::FAR);
            let points = points.as_array().expect("points").iter().map(point);
            let points = points.filter(|point| point.at.as_nanos() >= from && point.at < to).collect();
            Stored { metric: name.clone(), method: Method::MEAN, points }
        };
        let stored: Vec<Stored> = item["series"].as_object().expect("series").iter().map(stored).collect();
        let found = evaluate(&stored, granularity, &operation, &question);
        if item["fails"] == true {
            assert!(found.is_err(), "{name}: must fail, gave {found:?}");
            return;
        }
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut points: BTreeMap<(String, u64), Point> = BTreeMap::new();
        for answer in found {
            assert!(answer.method.is_some() != (answer.series == AGGREGATED));
            for point in answer.points {
                points.insert((answer.series.clone(), point.at.as_nanos()), point);
            }
        }
        let golden = item["result"].as_array().expect("a list of results");
        assert_eq!(points.len(), golden.len(), "{name}: number of points");
        for row in golden {
            let time = at(row["timestamp_s"].as_f64().expect("a timestamp"));
            let key = (row["series"].as_str().expect("a series").to_owned(), time.as_nanos());
            let point = points.get(&key).unwrap_or_else(|| panic!("{name}: no point for {key:?}"));
            assert_eq!(point.granularity, span(row["granularity_s"].as_f64().expect("a granularity")), "{name}");
            match row["value"].as_f64() {
                Some(value) => assert!(self.tolerance.agrees(point.value, value), "{name}: {key:?} {}", point.value),
                None => assert!(point.value.is_nan(), "{name}: {key:?} {}", point.value),
            }
        }
    }

    fn course(&self) {
        let mut archive = Archive::new();
        let policy = archive.add_policy(self.policy()).expect("a sound policy");
        let regions = self.case["metrics"].as_array().expect("regions").iter();
        let regions: Vec<&str> = regions.map(|region| region.as_str().expect("a name")).collect();
        for region in &regions {
            archive.declare(region, policy, &[]).expect("a new name");
        }
        let input = self.table("input");
        for row in &input.rows {
            let metric = archive.metric(input.text(row, "region")).expect("a region of the case");
            let measure = (at(input.number(row, "timestamp_s").expect("a time")), input.number(row, "value").unwrap());
            archive.post_batch(metric, NOW, &[measure]).expect("a finite value");
        }
        let method: Method = self.case["aggregation"].as_str().expect("a method").parse().expect("a known method");
        let granularity = span(self.case["granularity_s"].as_f64().expect("a granularity"));
        let expected = self.table("expected");
        let golden = |series: &str| {
            let rows = expected.rows.iter().filter(|row| expected.text(row, "series") == series);
            rows.map(|row| (expected.number(row, "day_start_s").unwrap(), expected.number(row, "value").unwrap()))
                .collect::<Vec<_>>()
        };
        let mut compared = 0;
        for region in &regions {
            let metric = archive.metric(region).expect("declared above");
            let found = archive.read(metric, method, Some(granularity), Range::ALL, NOW).expect("kept");
            self.compare(region, &found, &golden(region));
            compared += found.len();
        }
        let nation = Operation::aggregate(Fold::Sum, method, regions.iter().copied());
        let question = Question { granularity: Some(granularity), ..Question::default() };
        let answers = archive.aggregate(&nation, &question, NOW).expect("all regions are there");
        let [answer] = answers.as_slice() else { panic!("one series for the nation") };
        self.compare("nation", &answer.points, &golden(self.case["nation"].as_str().expect("a name")));
        compared += answer.points.len();
        assert_eq!(compared, expected.rows.len(), "{}: rows that nobody compared", self.name());
        self.running_total(&answer.points);
    }

    /// The course project's page adds the first value twice (Q4); both readings stand in the golden file.
    fn running_total(&self, nation: &[Point]) {
        let table = self.table("cumulative");
        let both = [("cumulative_corrected", false), ("cumulative_as_published", true)];
        for (column, as_published) in both {
            let golden: Vec<f64> = table.rows.iter().filter_map(|row| table.number(row, column)).collect();
            let found = running_total(nation, as_published);
            assert_eq!(found.len(), golden.len(), "{}: {column}", self.name());
            for (found, golden) in found.into_iter().zip(golden) {
                assert!(self.tolerance.agrees(found, golden), "{}: {column} {found} {golden}", self.name());
            }
        }
    }
}

fn rows(table: &Table, wanted: impl Fn(&csv::StringRecord) -> bool) -> Vec<(f64, f64)> {
    let rows = table.rows.iter().filter(|row| wanted(row));
    rows.map(|row| (table.number(row, "timestamp_s").unwrap(), table.number(row, "value").unwrap())).collect()
}

fn fill(value: &Value) -> Fill {
    match value {
        Value::Null => Fill::Overlap,
        Value::Number(number) => Fill::Number(number.as_f64().expect("a number")),
        Value::String(word) => match word.as_str() {
            "null" => Fill::Null,
            "dropna" => Fill::DropNa,
            "ffill" => Fill::Forward,
            "bfill" => Fill::Backward,
            "full_ffill" => Fill::FullForward,
            "full_bfill" => Fill::FullBackward,
            other => panic!("unknown fill {other}"),
        },
        other => panic!("unknown fill {other}"),
    }
}
