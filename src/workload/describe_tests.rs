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
    assert_eq!((description.arrivals, second.windows, second.mean, second.dispersion), (7_200, 3_599, 2.0, 0.0));
    assert!((description.burstiness + 1.0).abs() < 1e-9);
    assert_eq!(description.hour_shares[0], 1.0);
    assert_eq!(description.windows.iter().map(|window| window.length_s).collect::<Vec<_>>(), [1, 10, 60, 600]);
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
    assert_eq!((second.windows, second.peak, second.peak_at_s), (hour as u64 + 2, 2, 0));
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
