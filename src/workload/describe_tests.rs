//! Descriptions by hand, and of streams whose figures are known.

use super::super::trace::arrival::Names;
use super::*;
use crate::engine::random::Rng;
use crate::engine::time::Span;

fn describe(instants_s: impl IntoIterator<Item = f64>) -> Description {
    let function = Names::default().intern("f").unwrap();
    let mut describer = Describer::default();
    for at in instants_s {
        describer.add(&Arrival::new(Instant::ZERO + Span::from_secs_f64(at).unwrap(), function));
    }
    describer.finish().unwrap()
}

#[test]
fn a_clock_is_as_regular_as_can_be() {
    let description = describe((0..7_200).map(|k| f64::from(k) / 2.0));
    let second = &description.windows[0];
    assert_eq!((description.arrivals, second.windows, second.mean, second.dispersion), (7_200, 3_600, 2.0, 0.0));
    assert!((description.burstiness + 1.0).abs() < 1e-9);
    assert_eq!(description.hour_shares[0], 1.0);
    assert_eq!(description.windows.iter().map(|window| window.length_s).collect::<Vec<_>>(), [1, 10, 60, 600, 3600]);
}

#[test]
fn a_poisson_stream_has_dispersion_one_and_no_memory() {
    let mut rng = Rng::seeded(2);
    let mut at = 0.0;
    let description = describe((0..400_000).map(|_| {
        at += rng.exponential() / 10.0;
        at
    }));
    assert!(description.burstiness.abs() < 0.01, "{}", description.burstiness);
    for window in &description.windows[..2] {
        assert!((window.dispersion - 1.0).abs() < 0.06, "{window:?}");
        assert!(window.autocorrelation.iter().flatten().all(|r| r.abs() < 0.05), "{window:?}");
    }
}

#[test]
fn long_silence_costs_nothing_and_counts() {
    let hour = 3600.0 * 24.0 * 365.0 * 100.0;
    let description = describe([0.0, 0.5, hour, hour + 2.0]);
    let second = &description.windows[0];
    assert_eq!((second.windows, second.peak, second.peak_at_s), (hour as u64 + 3, 2, 0));
    assert!((second.empty_share - 1.0).abs() < 1e-8);
    assert!(description.curve.len() <= CURVE_MAX && description.curve.iter().sum::<u64>() == 4);
}

#[test]
fn the_correlation_of_two_in_turn_is_that_of_a_square_wave() {
    // 3 and 1 arrivals in turn: lag 1 gives -1, lag 2 gives 1.
    let description = describe((0..2_000).flat_map(|k| (0..if k % 2 == 0 { 3 } else { 1 }).map(move |_| f64::from(k))));
    let correlation = &description.windows[0].autocorrelation;
    assert!((correlation[0].unwrap() + 1.0).abs() < 0.01 && (correlation[1].unwrap() - 1.0).abs() < 0.01);
    assert!(description.to_string().contains("arrivals 4000, from 0.000 s"));
}

#[test]
fn a_day_has_as_many_windows_as_it_covers() {
    let day = describe((0..86_400).map(|second| f64::from(second) + 0.5));
    assert_eq!(day.windows.iter().map(|window| window.windows).collect::<Vec<_>>(), [86_400, 8_640, 1_440, 144, 24]);
    assert_eq!(day.covered_s, 86_400.0);
    let page = day.to_string();
    assert!(page.contains("86400 s\n") && !page.contains("88064 s"), "{page}");
    let longer = describe((0..86_401).map(f64::from));
    assert_eq!(longer.windows.iter().map(|window| window.windows).collect::<Vec<_>>(), [86_401, 8_640, 1_440, 144, 24]);
}

#[test]
fn a_trace_that_says_where_it_ends_is_described_to_there() {
    let mut describer = Describer::default();
    let function = Names::default().intern("f").unwrap();
    describer.add(&Arrival::new(Instant::from_nanos(500_000_000), function));
    describer.covers(Instant::ZERO + Span::from_secs(7_200));
    let description = describer.finish().unwrap();
    assert_eq!(description.windows.iter().map(|window| window.windows).collect::<Vec<_>>(), [7_200, 720, 120, 12, 2]);
    assert_eq!(description.windows[4].mean, 0.5);
    assert!(description.to_string().contains("7200 s\n"));
}

#[test]
fn autocorrelation_is_the_sum_over_pairs_divided_by_all_windows() {
    // Counts with a trend, of which the estimator that divides by pairs and takes the mean of all off has more than 1.
    let counts: Vec<u64> = (0..100).map(|k| if k < 50 { 1 } else { 9 + k % 3 }).collect();
    let description = describe(
        counts.iter().enumerate().flat_map(|(k, &count)| (0..count).map(move |nth| k as f64 + nth as f64 / 100.0)),
    );
    let n = counts.len();
    let mean = counts.iter().sum::<u64>() as f64 / n as f64;
    let off = |k: usize| counts[k] as f64 - mean;
    let covariance = |lag: usize| (lag..n).map(|k| off(k) * off(k - lag)).sum::<f64>() / n as f64;
    for (found, lag) in description.windows[0].autocorrelation.iter().zip(LAGS) {
        let wanted = covariance(lag) / covariance(0);
        assert!((found.unwrap() - wanted).abs() < 1e-12, "lag {lag}: {found:?}, want {wanted}");
    }
}

#[test]
fn no_autocorrelation_is_above_one() {
    // A burst in the middle of silence is what an estimator without the ends of the series overdraws most.
    for lead in [0, 3, 40, 200] {
        let burst = |k: u32| (0..20).map(move |nth| f64::from(lead + k) + f64::from(nth) / 20.0);
        let description = describe((0..30).flat_map(burst).chain([f64::from(lead) + 400.0]));
        for window in &description.windows {
            assert!(window.autocorrelation.iter().flatten().all(|r| r.abs() <= 1.0), "{window:?}");
        }
    }
}
