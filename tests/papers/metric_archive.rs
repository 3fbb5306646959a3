//! The metric archive: what Gnocchi 4.7.1 documents of resampling, and the course project "Timeseries-as-a-Service".

use stratosim::engine::random::Rng;
use stratosim::engine::time::{Instant, Span};
use stratosim::model::archive::{
    Archive, Definition, Fold, Groups, Kind, Method, Operation, Policy, Question, Range, resample,
};

fn at(seconds: f64) -> Instant {
    Instant::ZERO + Span::from_secs_f64(seconds).expect("a time")
}

/// Resampling is neither weighted nor exact: a mean of means and a 95pct of 95pcts differ from those of all measures.
#[test]
fn resampling_is_not_aggregating() {
    let minute = Span::from_secs(60);
    let p95 = Method::of(Kind::Percentile(95));
    let widths = [minute, minute * 2].map(|width| Definition::bounded(width, 10));
    let mut archive = Archive::new();
    let policy = archive.add_policy(Policy::exact("p", 0, &widths, &[Method::MEAN, p95])).expect("a sound policy");
    let metric = archive.declare("m", policy, &[]).expect("a new name");
    // Three measures in the first minute, one in the second.
    let measures = [(0.0, 1.0), (10.0, 2.0), (20.0, 6.0), (70.0, 11.0)].map(|(time, value)| (at(time), value));
    archive.post_batch(metric, at(80.0), &measures).expect("finite");
    for (method, resampled, exact) in [(Method::MEAN, 7.0, 5.0), (p95, 10.73, 10.25)] {
        let read = |width| archive.read(metric, method, Some(width), Range::ALL, at(80.0)).expect("kept");
        let wide = resample(&read(minute), method, Groups::Every(minute * 2)).expect("wide");
        assert!((wide[0].value - resampled).abs() < 1e-9, "{method}: {}", wide[0].value);
        assert!((read(minute * 2)[0].value - exact).abs() < 1e-9, "{method}");
    }
}

/// Regions sum to the nation on every common day, and of 380 days 365 are readable.
#[test]
fn a_year_of_regions_sums_to_the_nation() {
    let mut archive = Archive::new();
    let policy = archive.policy("year_rate").expect("a default policy");
    let names: Vec<String> = (0..20).map(|k| format!("region{k}")).collect();
    let mut rng = Rng::seeded(4);
    let day = Span::from_secs(86_400);
    let start = at(18_316.0 * 86_400.0 + 17.0 * 3_600.0);
    for name in &names {
        let metric = archive.declare(name, policy, &[("country", "italy")]).expect("a new name");
        for number in 0..380 {
            archive.post(metric, start + day * number, (1 + rng.below(10)) as f64);
        }
    }
    let now = start + day * 400;
    let sums = Operation::aggregate(Fold::Sum, Method::SUM, names.iter().map(String::as_str));
    let nation = archive.aggregate(&sums, &Question::default(), now).expect("all are there");
    assert_eq!(nation[0].points.len(), 365);
    for (number, point) in nation[0].points.iter().enumerate() {
        let range = Range::new(point.at, point.at + day);
        let values = archive.metrics().map(|metric| {
            let points = archive.read(metric, Method::SUM, Some(day), range, now).expect("kept");
            assert_eq!(points.len(), 1, "day {number}");
            points[0].value
        });
        assert_eq!(values.sum::<f64>(), point.value, "day {number}");
    }
}
