//! The archive by hand: a few measures, whole seconds, numbers one can add up.

use super::*;
use crate::engine::random::Rng;

const fn secs(s: u64) -> Span {
    Span::from_secs(s)
}

fn at(s: u64) -> Instant {
    Instant::ZERO + secs(s)
}

fn minutes(keep: Policy) -> (Archive, MetricId) {
    let mut archive = Archive::new();
    let policy = archive.add_policy(keep).unwrap();
    let metric = archive.declare("m", policy, &[]).unwrap();
    (archive, metric)
}

fn values(archive: &Archive, metric: MetricId, method: Method, now: u64) -> Vec<(u64, f64)> {
    let points = archive.read(metric, method, Some(secs(60)), Range::ALL, at(now)).unwrap();
    points.iter().map(|point| (point.at.as_nanos() / 1_000_000_000, point.value)).collect()
}

const MINUTE: Definition = Definition::bounded(secs(60), 10);

#[test]
fn tallies_count_every_measure_of_an_instant_and_raw_measures_one() {
    let (mut tallies, a) = minutes(Policy::tallies("t", &[MINUTE]));
    let (mut raw, b) = minutes(Policy::exact("r", 0, &[MINUTE], &[Method::SUM]));
    for value in [1.0, 2.0, 3.0] {
        tallies.post(a, at(5), value);
        raw.post(b, at(5), value);
    }
    assert_eq!(values(&tallies, a, Method::SUM, 9), [(0, 6.0)]);
    assert_eq!(values(&tallies, a, Method::LAST, 9), [(0, 3.0)]);
    assert_eq!(values(&raw, b, Method::SUM, 9), [(0, 3.0)]);
}

#[test]
fn every_measure_of_an_instant_counts_where_the_policy_says_so() {
    let policy = Policy::exact("e", 0, &[MINUTE], &[Method::COUNT, Method::of(Kind::Median), Method::SUM]);
    let (mut archive, metric) = minutes(Policy { keep: Keep::Every, ..policy });
    archive.post_batch(metric, at(9), &[(at(5), 4.0), (at(5), 4.0), (at(6), 1.0)]).unwrap();
    archive.post(metric, at(6), 7.0);
    assert_eq!(values(&archive, metric, Method::COUNT, 9), [(0, 4.0)]);
    assert_eq!(values(&archive, metric, Method::SUM, 9), [(0, 16.0)]);
    assert_eq!(values(&archive, metric, Method::of(Kind::Median), 9), [(0, 4.0)]);
}

/// Tallies and raw measures agree wherever both can answer: measures at different instants, some of them late.
#[test]
fn tallies_agree_with_raw_measures() {
    let mut rng = Rng::seeded(9);
    for back_window in 0..3 {
        let widths = [7, 10, 60].map(|width| Definition::bounded(secs(width), 40));
        let tallies = Policy { back_window, ..Policy::tallies("t", &widths) };
        let methods = tallies.methods.clone();
        let (mut quick, a) = minutes(tallies);
        let (mut exact, b) = minutes(Policy::exact("e", back_window, &widths[1..], &methods));
        let mut now = 0;
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3000 {
            now += rng.below(3_000_000_000);
            // A tenth of the measures come up to three minutes late.
            let late = if rng.below(10) == 0 { rng.below(180_000_000_000) } else { 0 };
            let time = now.saturating_sub(late);
            if seen.insert(time) {
                let value = rng.uniform() - 0.5;
                quick.post(a, Instant::from_nanos(time), value);
                exact.post(b, Instant::from_nanos(time), value);
            }
        }
        for &method in &methods {
            for width in [10, 60] {
                let read = |archive: &Archive, metric| {
                    let end = Instant::from_nanos(now);
                    archive.read(metric, method, Some(secs(width)), Range::ALL, end).unwrap()
                };
                let (quick, exact) = (read(&quick, a), read(&exact, b));
                assert_eq!(quick.len(), exact.len(), "{method} at {width} s");
                for (x, y) in quick.iter().zip(&exact) {
                    assert_eq!(x.at, y.at);
                    assert!((x.value - y.value).abs() < 1e-12, "{method} at {width} s: {x:?} {y:?}");
                }
            }
        }
    }
}

/// However the measures are cut into batches, what is not a rate comes out the same.
#[test]
fn batches_do_not_matter() {
    let mut rng = Rng::seeded(10);
    let kinds = [Kind::Mean, Kind::Std, Kind::Median, Kind::Percentile(95), Kind::First, Kind::Last, Kind::Count];
    let methods = kinds.map(Method::of);
    let widths = [10, 25, 60].map(|width| Definition::bounded(secs(width), 1000));
    let mut now = Instant::ZERO;
    let measures: Vec<(Instant, f64)> = (0..2000)
        .map(|_| {
            now += Span::from_nanos(1 + rng.below(3_000_000_000));
            (now, rng.uniform())
        })
        .collect();
    let (mut whole, a) = minutes(Policy::exact("e", 0, &widths, &methods));
    let (mut parts, b) = minutes(Policy::exact("e", 0, &widths, &methods));
    whole.post_batch(a, now, &measures).unwrap();
    let mut rest = &measures[..];
    while !rest.is_empty() {
        let (part, left) = rest.split_at((1 + rng.below(40) as usize).min(rest.len()));
        parts.post_batch(b, now, part).unwrap();
        rest = left;
    }
    for method in methods {
        // 25 s does not divide 60 s: its buckets lose the measures that the raw buffer has dropped, as in the original.
        for width in [10, 60] {
            let read =
                |archive: &Archive, metric| archive.read(metric, method, Some(secs(width)), Range::ALL, now).unwrap();
            assert_eq!(read(&whole, a), read(&parts, b), "{method} at {width} s");
        }
    }
}

#[test]
fn late_measures_reach_their_bucket_as_far_back_as_the_window() {
    let mut policy = Policy::tallies("t", &[Definition::bounded(secs(10), 100), MINUTE]);
    policy.back_window = 1;
    let (mut archive, metric) = minutes(policy);
    for (time, value) in [(70, 1.0), (130, 1.0), (65, 2.0), (59, 4.0), (61, 8.0)] {
        archive.post(metric, at(time), value);
    }
    assert_eq!(values(&archive, metric, Method::SUM, 200), [(60, 11.0), (120, 1.0)]);
    assert_eq!(values(&archive, metric, Method::LAST, 200), [(60, 1.0), (120, 1.0)]);
    let fine = archive.read(metric, Method::SUM, Some(secs(10)), Range::ALL, at(200)).unwrap();
    assert_eq!(fine.iter().map(|p| p.value).collect::<Vec<_>>(), [10.0, 1.0, 1.0]);
}

#[test]
fn retention_bounds_both_kinds_of_store() {
    for policy in [Policy::tallies("p", &[MINUTE]), Policy::exact("p", 0, &[MINUTE], &[Method::COUNT])] {
        let (mut archive, metric) = minutes(policy);
        for minute in 0..1000 {
            archive.post(metric, at(minute * 60), 1.0);
        }
        let kept = values(&archive, metric, Method::COUNT, 60_000);
        assert_eq!((kept.len(), kept[0].0), (10, 990 * 60));
    }
}

#[test]
fn a_reading_sees_only_what_was_published_by_then() {
    let (mut raw, a) = minutes(Policy::exact("r", 0, &[MINUTE], &[Method::SUM]).published(secs(30), secs(10)));
    raw.post(a, at(5), 1.0);
    raw.post(a, at(25), 2.0);
    for (now, seen) in [(29, vec![]), (30, vec![(0, 1.0)]), (59, vec![(0, 1.0)]), (60, vec![(0, 3.0)])] {
        raw.publish(at(now));
        assert_eq!(values(&raw, a, Method::SUM, now), seen, "at {now}");
    }
    let (mut tallies, b) = minutes(Policy::tallies("t", &[MINUTE]).published(Span::ZERO, secs(45)));
    tallies.post(b, at(5), 1.0);
    tallies.post(b, at(61), 2.0);
    for (now, seen) in [(104, vec![]), (105, vec![(0, 1.0)]), (165, vec![(0, 1.0), (60, 2.0)])] {
        assert_eq!(values(&tallies, b, Method::SUM, now), seen, "at {now}");
        assert_eq!(tallies.value(b, Method::SUM, secs(60), at(0), at(now)).unwrap().is_some(), now >= 105);
    }
}

#[test]
fn published_late_is_one_sorted_batch() {
    // Two posts for one instant inside one processing period: the smaller wins, as in one batch of the original.
    let (mut archive, metric) = minutes(Policy::exact("r", 0, &[MINUTE], &[Method::SUM]).published(secs(60), secs(0)));
    archive.post(metric, at(5), 7.0);
    archive.post(metric, at(5), 3.0);
    archive.publish(at(60));
    assert_eq!(values(&archive, metric, Method::SUM, 60), [(0, 3.0)]);
}

#[test]
fn without_a_granularity_the_coarsest_comes_first() {
    let (mut archive, metric) = minutes(Policy::tallies("t", &[MINUTE, Definition::bounded(secs(30), 10)]));
    [0, 30, 60].into_iter().for_each(|time| archive.post(metric, at(time), 1.0));
    let points = archive.read(metric, Method::COUNT, None, Range::ALL, at(70)).unwrap();
    let widths: Vec<u64> = points.iter().map(|p| p.granularity.as_nanos() / 1_000_000_000).collect();
    assert_eq!(widths, [60, 60, 30, 30, 30]);
    let part = archive.read(metric, Method::COUNT, Some(secs(30)), Range::new(at(59), at(60)), at(70)).unwrap();
    assert_eq!(part.iter().map(|p| p.at).collect::<Vec<_>>(), [at(30)]);
}

#[test]
fn groups_are_aggregated_by_label() {
    let mut archive = Archive::new();
    let policy = archive.add_policy(Policy::tallies("t", &[MINUTE])).unwrap();
    for (name, pool) in [("a", "web"), ("b", "web"), ("c", "db")] {
        let metric = archive.declare(name, policy, &[("pool", pool)]).unwrap();
        archive.post(metric, at(1), 2.0);
    }
    let sums: Vec<(String, f64)> = archive
        .groups(&["pool"])
        .iter()
        .map(|(group, members)| {
            let names = members.iter().map(|&member| archive.name(member));
            let sum = Operation::aggregate(Fold::Sum, Method::SUM, names);
            let answers = archive.aggregate(&sum, &Question::default(), at(2)).unwrap();
            (group[0].clone(), answers[0].points[0].value)
        })
        .collect();
    assert_eq!(sums, [("db".to_owned(), 2.0), ("web".to_owned(), 4.0)]);
}

#[test]
fn mistakes_are_told_with_what_was_wanted() {
    let (mut archive, metric) = minutes(Policy::tallies("t", &[MINUTE]));
    let policy = archive.policy("t").unwrap();
    assert!(archive.declare("m", policy, &[]).is_err());
    assert!(archive.add_policy(Policy::tallies("low", &[MINUTE])).is_err());
    let error = archive.read(metric, Method::STD, None, Range::ALL, at(0)).unwrap_err().to_string();
    assert!(error.contains("mean, sum, last, max, min, count"), "{error}");
    let error = archive.read(metric, Method::SUM, Some(secs(61)), Range::ALL, at(0)).unwrap_err().to_string();
    assert!(error.contains("61s") && error.contains("60s"), "{error}");
    assert!(archive.post_batch(metric, at(0), &[(at(0), f64::NAN)]).is_err());
    let unknown = Operation::aggregate(Fold::Sum, Method::SUM, ["n"]);
    assert!(archive.aggregate(&unknown, &Question::default(), at(0)).is_err());
    assert!(archive.revise_policy(policy, 0, &[Definition::bounded(secs(7), 3)]).is_err());
}

#[test]
fn a_revised_length_acts_from_the_next_measures_on() {
    let (mut archive, metric) = minutes(Policy::exact("r", 0, &[MINUTE], &[Method::COUNT]));
    (0..20).for_each(|minute| archive.post(metric, at(minute * 60), 1.0));
    let policy = archive.policy("r").unwrap();
    archive.revise_policy(policy, 0, &[Definition::bounded(secs(60), 3)]).unwrap();
    assert_eq!(values(&archive, metric, Method::COUNT, 9999).len(), 10);
    archive.post(metric, at(1200), 1.0);
    assert_eq!(values(&archive, metric, Method::COUNT, 9999).len(), 3);
}

#[test]
fn exports_are_read_by_other_tools() {
    let mut archive = Archive::new();
    let policy = archive.add_policy(Policy::exact("p", 0, &[MINUTE], &[Method::MEAN])).unwrap();
    let metric = archive.declare("cpu.load, all", policy, &[("pool", "we\"b")]).unwrap();
    archive.post(metric, at(61), 0.1);
    let mut csv = Vec::new();
    archive.write_csv(&[metric], &[], at(99), &mut csv).unwrap();
    let wanted = "metric,method,granularity_s,timestamp_s,value\n\"cpu.load, all\",mean,60,60,0.1\n";
    assert_eq!(String::from_utf8(csv).unwrap(), wanted);
    let mut text = Vec::new();
    archive.write_openmetrics(&[metric], &[], at(99), &mut text).unwrap();
    let wanted = "# TYPE cpu_load__all gauge\n\
        cpu_load__all{granularity=\"60\",method=\"mean\",metric=\"cpu.load, all\",pool=\"we\\\"b\"} 0.1 60\n# EOF\n";
    assert_eq!(String::from_utf8(text).unwrap(), wanted);
}
