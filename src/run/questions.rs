//! Questions across series, answered when a run is over from what is readable at its end, or not at all; and written out behind
//! the exported series.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use crate::engine::time::{Instant, Span};
use crate::model::archive::{AGGREGATED, Answer, Answered, Archive, ArchiveError, Point, Question, running_total};
use crate::model::archive_spec::{ArchiveSpec, QuestionSpec};
use crate::model::world::World;

/// A question that the series of a run do not answer.
#[derive(Debug, thiserror::Error)]
#[error("archive.questions.{question}: {error}; the run leaves no folder")]
pub struct Unanswered {
    pub question: String,
    pub error: Box<ArchiveError>,
}

/// What a running total is called in the place of a method.
const TOTAL: &str = "total";

/// The answers to all questions, in their order, with the running totals that are asked for.
///
/// # Errors
/// The first question whose series overlap too little or are too short.
pub fn answers(archive: &Archive, questions: &[QuestionSpec], end: Instant) -> Result<Vec<Answered>, Unanswered> {
    let mut all = Vec::new();
    for asked in questions {
        for &granularity in &asked.granularities {
            let found = answer(archive, asked, granularity, end);
            all.extend(found.map_err(|error| Unanswered { question: asked.name.clone(), error: Box::new(error) })?);
        }
    }
    Ok(all)
}

fn answer(
    archive: &Archive,
    asked: &QuestionSpec,
    granularity: Span,
    end: Instant,
) -> Result<Vec<Answered>, ArchiveError> {
    let question = Question { granularity: Some(granularity), ..asked.question.clone() };
    let series = archive.aggregate(&asked.operation, &question, end)?;
    let names = names(&asked.name, &series);
    let mut written = Vec::new();
    for (name, Answer { method, points, .. }) in names.into_iter().zip(series) {
        let total =
            asked.total.then(|| Answered { name: name.clone(), method: TOTAL.to_owned(), points: total(&points) });
        let method = method.map_or_else(|| AGGREGATED.to_owned(), |method| method.to_string());
        written.push(Answered { name, method, points });
        written.extend(total);
    }
    Ok(written)
}

/// A single series has the name of the question; of several, each has that of its metric behind it, or a number where metrics
/// do not tell them apart.
fn names(question: &str, series: &[Answer]) -> Vec<String> {
    if series.len() == 1 {
        return vec![question.to_owned()];
    }
    let mut metrics: Vec<&str> = series.iter().map(|answer| answer.series.as_str()).collect();
    metrics.sort_unstable();
    let told_apart = metrics.windows(2).all(|pair| pair[0] != pair[1]);
    let name = |(place, answer): (usize, &Answer)| {
        if told_apart { format!("{question}/{}", answer.series) } else { format!("{question}/{}", place + 1) }
    };
    series.iter().enumerate().map(name).collect()
}

/// The running total at each point that has a value; what is not a number adds nothing.
fn total(points: &[Point]) -> Vec<Point> {
    let known: Vec<Point> = points.iter().copied().filter(|point| !point.value.is_nan()).collect();
    let totals = running_total(&known, false);
    known.into_iter().zip(totals).map(|(point, value)| Point { value, ..point }).collect()
}

/// Writes the series that the scenario exports, and the answers to its questions: `series.csv`, `series.prom`.
pub fn write_series(
    folder: &Path,
    world: &World,
    kept: &ArchiveSpec,
    answers: &[Answered],
    end: Instant,
) -> io::Result<()> {
    let (archive, series) = (world.monitor.archive(), world.monitor.exported());
    if kept.csv {
        let mut file = io::BufWriter::new(File::create(folder.join("series.csv"))?);
        archive.write_csv(&series, answers, end, &mut file)?;
        file.flush()?;
    }
    if kept.openmetrics {
        let mut file = io::BufWriter::new(File::create(folder.join("series.prom"))?);
        archive.write_openmetrics(&series, answers, end, &mut file)?;
        file.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::archive::{Definition, Fill, Method, Operation, Policy};

    const DAY: Span = Span::from_secs(86_400);

    /// Regions a and b with the values 1, 2, 3 and 10, 20, 30 on three days; c has the second day only.
    fn archive() -> Archive {
        let mut archive = Archive::new();
        let policy = Policy::exact("days", 0, &[Definition::bounded(DAY, 100)], &[Method::MAX, Method::SUM]);
        let policy = archive.add_policy(policy).unwrap();
        for (name, values) in
            [("a", &[(0, 1.0), (1, 2.0), (2, 3.0)][..]), ("b", &[(0, 10.0), (1, 20.0), (2, 30.0)]), ("c", &[(1, 7.0)])]
        {
            let metric = archive.declare(name, policy, &[]).unwrap();
            values.iter().for_each(|&(day, value)| archive.post(metric, Instant::ZERO + DAY * day, value));
        }
        archive
    }

    fn ask(operation: &str, question: Question, total: bool) -> Result<Vec<(String, String, Vec<f64>)>, String> {
        let operation = Operation::from_text(operation, &|_| Some(DAY * 2)).unwrap();
        let asked = QuestionSpec { name: "q".to_owned(), operation, granularities: vec![DAY], question, total };
        let answers = answers(&archive(), &[asked], Instant::FAR).map_err(|error| error.to_string())?;
        let values = |points: &[Point]| points.iter().map(|point| point.value).collect();
        Ok(answers.into_iter().map(|answer| (answer.name, answer.method, values(&answer.points))).collect())
    }

    fn row(name: &str, method: &str, values: &[f64]) -> (String, String, Vec<f64>) {
        (name.to_owned(), method.to_owned(), values.to_vec())
    }

    #[test]
    fn a_single_answer_has_the_name_of_its_question_and_a_total_beside_it() {
        let found = ask("(aggregate sum (metric a sum) (metric b sum))", Question::default(), true).unwrap();
        assert_eq!(found, [row("q", "aggregated", &[11.0, 22.0, 33.0]), row("q", "total", &[11.0, 33.0, 66.0])]);
        let found = ask("(resample sum 2d (metric a sum))", Question::default(), false).unwrap();
        assert_eq!(found, [row("q", "sum", &[3.0, 3.0])]);
    }

    #[test]
    fn several_answers_are_told_apart() {
        let found = ask("(metric (a sum) (b sum))", Question::default(), false).unwrap();
        assert_eq!(found, [row("q/a", "sum", &[1.0, 2.0, 3.0]), row("q/b", "sum", &[10.0, 20.0, 30.0])]);
        let found = ask("(metric (a sum) (a max))", Question::default(), true).unwrap();
        let names: Vec<(&str, &str)> = found.iter().map(|(name, method, _)| (name.as_str(), method.as_str())).collect();
        assert_eq!(names, [("q/1", "sum"), ("q/1", "total"), ("q/2", "max"), ("q/2", "total")]);
    }

    #[test]
    fn holes_have_no_total_of_their_own() {
        let question = Question { fill: Fill::Null, ..Question::default() };
        let found = ask("(+ (metric a sum) (metric c sum))", question, true).unwrap();
        assert!(found[0].2[0].is_nan() && found[0].2[2].is_nan());
        assert_eq!(found[1], row("q", "total", &[9.0]));
    }

    #[test]
    fn what_the_series_do_not_answer_is_told_with_the_question() {
        let overlap =
            |percent| Question { fill: Fill::Overlap, needed_overlap_percent: percent, ..Question::default() };
        let from = Some(Instant::ZERO + DAY * 2);
        let error = ask("(+ (metric a sum) (metric c sum))", Question { from, ..overlap(50.0) }, false).unwrap_err();
        assert_eq!(
            error,
            "archive.questions.q: no overlap: no time at which every series has a point; the run leaves no folder"
        );
        let error = ask("(rolling mean 4 (metric a sum))", Question::default(), false).unwrap_err();
        assert!(error.contains("a rolling window of 4 points, want at most the 3 of the series"), "{error}");
    }

    /// Operations that are well formed, whatever they mean.
    fn operations() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("(metric a sum)"),
            Just("(metric c max)"),
            Just("(metric (a sum) (b max))"),
            Just("(metric (a sum) (b sum) (c sum))"),
            Just("0"),
            Just("-1.5"),
            Just("1e300"),
        ];
        leaf.prop_map(str::to_owned).prop_recursive(5, 24, 3, |inner| {
            let fold = prop::sample::select(vec!["mean", "median", "std", "min", "max", "sum", "var", "rate:count"]);
            let method = prop::sample::select(vec!["mean", "std", "last", "99pct", "count", "rate:sum"]);
            let unary = prop::sample::select(vec!["abs", "neg", "tan", "floor", "rateofchange", "rateofchangesec"]);
            let binary = prop::sample::select(vec!["+", "-", "*", "/", "%", "**", "==", "<", "clip_min", "max"]);
            prop_oneof![
                (fold.clone(), inner.clone()).prop_map(|(fold, of)| format!("(aggregate {fold} {of})")),
                (fold, 1..5u64, inner.clone()).prop_map(|(fold, n, of)| format!("(rolling {fold} {n} {of})")),
                (method, inner.clone()).prop_map(|(method, of)| format!("(resample {method} 2d {of})")),
                (unary, inner.clone()).prop_map(|(name, of)| format!("({name} {of})")),
                (binary, inner.clone(), inner.clone()).prop_map(|(name, x, y)| format!("({name} {x} {y})")),
                (inner.clone(), inner.clone(), inner).prop_map(|(of, low, high)| format!("(clip {of} {low} {high})")),
            ]
        })
    }

    proptest! {
        /// Whatever is asked of whatever series is answered or told, and widths are known beforehand.
        #[test]
        fn no_operation_brings_an_answer_down(
            text in operations(),
            fill in prop::sample::select(vec![
                Fill::Overlap, Fill::Null, Fill::DropNa, Fill::Number(0.0), Fill::Forward, Fill::FullBackward,
            ]),
            from in prop::option::of(0..4u64),
            total in any::<bool>(),
        ) {
            let from = from.map(|day| Instant::ZERO + DAY * day);
            let width = Operation::from_text(&text, &|_| Some(DAY * 2)).expect("well formed").width();
            let question = Question { fill, from, needed_overlap_percent: 30.0, ..Question::default() };
            if let Ok(answers) = ask(&text, question, total) {
                let series = answers.len() / if total { 2 } else { 1 };
                prop_assert_eq!(width, Ok(series), "{}", text);
            }
        }
    }
}
