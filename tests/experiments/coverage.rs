//! Intervals over runs of the engine hold the exact value about as often as they say; verdicts see what cannot settle.

use rayon::prelude::*;
use stratosim::engine::time::Span;
use stratosim::experiment::measures::place;
use stratosim::experiment::observe::{Verdict, observe};
use stratosim::experiment::opened::Opened;
use stratosim::solve::statistics::interval::{paired, student};

use super::place::{opened, queue};

/// Values of a measure in replications of a column.
fn values(opened: &Opened, column: usize, measure: usize, replications: std::ops::Range<u64>) -> Vec<f64> {
    let warm_up = Some(Span::from_secs(100));
    let run = |replication| observe(opened, &opened.columns[column], replication, warm_up).unwrap();
    replications.map(|replication| run(replication).values[measure].unwrap()).collect()
}

/// How many of some experiments, ten replications each, are right; per mille.
fn per_mille(experiments: u64, right: impl Fn(std::ops::Range<u64>) -> bool + Sync) -> u64 {
    let held = (0..experiments).into_par_iter().filter(|experiment| right(10 * experiment..10 * experiment + 10));
    1000 * held.count() as u64 / experiments
}

/// The response of M/M/1 is exponential with rate 1 - 0.5: its percentiles are known. A thousand experiments in the second
/// tier; the first tier has fewer, and the bounds that go with them.
#[test]
fn intervals_of_percentiles_hold_those_of_a_queue_with_one_server() {
    let (experiments, bounds) = if cfg!(feature = "long") { (1000, 930..=970) } else { (300, 920..=980) };
    let opened = opened(&queue(0.5, 1, 4100));
    for (name, share) in [("p50", 0.50), ("p95", 0.95)] {
        let exact = -f64::ln(1.0 - share) / 0.5;
        let measure = place(name).unwrap();
        let found = per_mille(experiments, |replications| {
            student(&values(&opened, 0, measure, replications), 0.95).unwrap().covers(exact)
        });
        assert!(bounds.contains(&found), "{name}: {found} per mille");
    }
}

/// One server against two at half a request a second: the mean response is 2 s against 16/15 s, whatever else happens. A
/// thousand seeded experiments of ten pairs.
#[test]
fn paired_intervals_hold_a_known_difference_of_two_policies() {
    let opened = opened(&queue(0.5, 1, 1100));
    let (measure, exact) = (place("mean").unwrap(), 16.0 / 15.0 - 2.0);
    let found = per_mille(1000, |replications| {
        let (one, two) = (values(&opened, 0, measure, replications.clone()), values(&opened, 1, measure, replications));
        paired(&one, &two, 0.95).unwrap().covers(exact)
    });
    assert!((930..=970).contains(&found), "{found} per mille");
}

#[test]
fn verdicts_tell_a_queue_that_settles_from_one_that_never_does() {
    let verdicts = |rate: f64, horizon_s: u64| -> Vec<Verdict> {
        let opened = opened(&queue(rate, 1, horizon_s));
        let run = |replication| observe(&opened, &opened.columns[0], replication, None).unwrap().verdict;
        (0..50u64).into_par_iter().map(run).collect()
    };
    let count = |verdicts: &[Verdict], wanted| verdicts.iter().filter(|&&verdict| verdict == wanted).count();
    let settled = verdicts(0.6, 20_000);
    assert!(count(&settled, Verdict::Sound) >= 48 && count(&settled, Verdict::Saturated) == 0, "{settled:?}");
    let overloaded = verdicts(1.2, 5_000);
    assert_eq!(count(&overloaded, Verdict::Saturated), 50, "{overloaded:?}");
    let short = verdicts(0.5, 600);
    assert_eq!(count(&short, Verdict::Sound), 0, "{short:?}");
}
