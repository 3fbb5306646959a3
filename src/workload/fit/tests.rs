//! Fitting what is known: generators give themselves back, and odd traces do not bring the fit down.

use super::*;

const N: usize = 60_000;

fn known(modulation: Modulation) -> Fit {
    let profile = vec![50.0; 100];
    Fit { windows: N, stretch: 600, repeats: false, profile, cycle: None, modulation, spikes: None, noise: 1.0 }
}

fn fitted(counts: &[u32], kind: Kind) -> Fit {
    fit(counts, Choices { kind, ..Choices::of(counts.len()) }).unwrap()
}

#[test]
fn a_gamma_process_is_found_again() {
    let parts = vec![GammaPart { variance: 0.08, memory: 12.0 }];
    let counts = known(Modulation::Gamma { parts }).counts(N, &Streams::new(1, 0)).unwrap();
    let Modulation::Gamma { parts } = fitted(&counts, Kind::Gamma).modulation else { panic!("a gamma process") };
    let variance = parts.iter().fold(1.0, |product, part| product * (1.0 + part.variance)) - 1.0;
    let memory = parts.iter().map(|part| part.variance * part.memory).sum::<f64>()
        / parts.iter().map(|part| part.variance).sum::<f64>();
    assert!((variance / 0.08 - 1.0).abs() < 0.12 && (memory / 12.0 - 1.0).abs() < 0.25, "{parts:?}");
}

#[test]
fn two_states_are_found_again() {
    let given = Modulation::TwoStates { high: 2.5, low: 0.625, high_windows: 20.0, low_windows: 80.0 };
    let counts = known(given).counts(N, &Streams::new(2, 0)).unwrap();
    let Modulation::TwoStates { high, low, high_windows, low_windows } = fitted(&counts, Kind::TwoStates).modulation
    else {
        panic!("two states")
    };
    for (found, wanted) in [(high, 2.5), (low, 0.625), (high_windows, 20.0), (low_windows, 80.0)] {
        assert!((found / wanted - 1.0_f64).abs() < 0.2, "{found}, given {wanted}");
    }
}

#[test]
fn a_poisson_stream_needs_no_modulation_and_a_clock_no_noise() {
    let poisson = known(Modulation::Constant).counts(N, &Streams::new(3, 0)).unwrap();
    let found = fitted(&poisson, Kind::Gamma);
    let swing = match &found.modulation {
        Modulation::Gamma { parts } => parts.iter().map(|part| part.variance).sum(),
        _ => 0.0,
    };
    assert!(swing < 0.002 && found.spikes.is_none(), "{found:?}");

    let clock = fitted(&vec![7; 5_000], Kind::Gamma);
    assert_eq!((clock.modulation.clone(), clock.noise), (Modulation::Constant, 0.0));
    let made = clock.counts(5_000, &Streams::new(1, 0)).unwrap();
    assert!(made.iter().all(|&count| count == 7));
}

#[test]
fn spikes_are_told_apart_from_the_rest() {
    let mut counts = known(Modulation::Constant).counts(N, &Streams::new(4, 0)).unwrap();
    // At places without a common step, else they would be a timer.
    for k in 0..100 {
        let at = k * 590 + k * k * 31 % 500;
        counts[at] += 300;
        counts[at + 1] += 300;
    }
    let spikes = fitted(&counts, Kind::Gamma).spikes.unwrap();
    assert!((spikes.per_window * N as f64 - 100.0).abs() < 1.0, "{spikes:?}");
    assert!((spikes.length - 2.0).abs() < 0.05 && (spikes.height - 6.0).abs() < 0.3, "{spikes:?}");
}

#[test]
fn a_timer_is_found_again() {
    let mut factors = vec![0.95; 300];
    factors[290..].fill(2.45);
    let given = Fit { cycle: Some(Cycle { factors: factors.clone() }), ..known(Modulation::Constant) };
    let found = fitted(&given.counts(N, &Streams::new(6, 0)).unwrap(), Kind::Gamma).cycle.unwrap();
    assert_eq!(found.factors.len(), 300);
    assert!(found.factors.iter().zip(&factors).all(|(found, given)| (found / given - 1.0).abs() < 0.15), "{found:?}");
    let none = known(Modulation::Constant).counts(N, &Streams::new(7, 0)).unwrap();
    assert_eq!(fitted(&none, Kind::Gamma).cycle, None);
}

#[test]
fn a_profile_is_followed_and_folded() {
    let day = |second: usize| 20.0 + 15.0 * libm::sin(second as f64 / 86_400.0 * std::f64::consts::TAU);
    let counts: Vec<u32> = (0..3 * 86_400).map(|second| day(second) as u32).collect();
    let found = fitted(&counts, Kind::Gamma);
    assert!(found.repeats && found.profile.len() == 144);
    for hour in 0..48 {
        let second = hour * 3600;
        assert!((found.expected(second) - day(second)).abs() < 1.0, "hour {hour}: {}", found.expected(second));
    }
    let goodness = goodness(&counts, &found, &Streams::new(1, 0)).unwrap();
    assert!(goodness.distance < 0.05, "{goodness}");
}

#[test]
fn a_fit_goes_through_its_file() {
    let parts = vec![GammaPart { variance: 0.1, memory: 9.0 }];
    let mut found = known(Modulation::Gamma { parts });
    found.spikes = Some(Spikes { per_window: 1e-3, length: 2.0, height: 4.0, height_cv: 0.5 });
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Fit>(&text).unwrap(), found);
    found.profile.clear();
    assert_eq!(found.counts(3, &Streams::new(1, 0)).unwrap_err().parameter, "profile");
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    assert_eq!(fit(&[1; 5], Choices::of(5)).unwrap_err().parameter, "counts");
    assert_eq!(fit(&[0; 50], Choices::of(50)).unwrap_err().parameter, "counts");
    let none = Choices { stretch: 0, ..Choices::of(50) };
    assert_eq!(fit(&[1; 50], none).unwrap_err().parameter, "stretch");
}

#[test]
fn a_generator_that_no_trace_gives_is_refused_by_its_parameter() {
    let sound = || Fit {
        spikes: Some(Spikes { per_window: 0.1, length: 2.0, height: 3.0, height_cv: 0.5 }),
        ..known(Modulation::Constant)
    };
    assert!(sound().check().is_ok());
    let spikes = |change: fn(&mut Spikes)| {
        let mut fit = sound();
        fit.spikes.iter_mut().for_each(change);
        fit
    };
    let gamma = |variance| Modulation::Gamma { parts: vec![GammaPart { variance, memory: 5.0 }] };
    let states = Modulation::TwoStates { high: 1e300, low: 0.0, high_windows: 5.0, low_windows: 5.0 };
    for (fit, parameter) in [
        (Fit { windows: 0, ..sound() }, "windows"),
        (Fit { windows: 1_000_000_000_000_000_000, ..sound() }, "windows"),
        (Fit { profile: vec![50.0, 1e12], ..sound() }, "profile"),
        (Fit { profile: vec![f64::NAN], ..sound() }, "profile"),
        (Fit { cycle: Some(Cycle { factors: vec![1.0, 1e300] }), ..sound() }, "cycle"),
        (Fit { modulation: gamma(1e300), ..sound() }, "modulation.variance"),
        (Fit { modulation: states, ..sound() }, "modulation.high"),
        (spikes(|spikes| spikes.per_window = 2.0), "spikes.per_window"),
        (spikes(|spikes| spikes.height = 1e300), "spikes.height"),
        (spikes(|spikes| spikes.height_cv = 1e300), "spikes.height_cv"),
    ] {
        assert_eq!(fit.stream(&Streams::new(1, 0)).err().map(|unfit| unfit.parameter), Some(parameter));
    }
    // The largest that is let through comes to an end, and keeps within what a file of counts may hold.
    let largest =
        Fit { profile: vec![1e9], modulation: gamma(1e9), cycle: Some(Cycle { factors: vec![1e9] }), ..sound() };
    assert!(largest.counts(1_000, &Streams::new(1, 0)).unwrap().iter().all(|&count| count <= VALUE_LIMIT));
}

#[test]
fn a_large_count_has_the_mean_and_the_variance_of_a_small_one() {
    let mut rng = Rng::seeded(5);
    for mean in [0.9e5, 1.1e5, 1e8] {
        let n = if mean < 1e5 { 300 } else { 20_000 };
        let offs: Vec<f64> = (0..n).map(|_| f64::from(count(mean, 1.0, &mut rng)) - mean).collect();
        let (first, second) = (offs.iter().sum::<f64>(), offs.iter().map(|off| off * off).sum::<f64>());
        // Five standard errors of both.
        let n = f64::from(n);
        assert!((first / n).abs() < 5.0 * (mean / n).sqrt(), "mean of {mean}: {}", first / n);
        assert!((second / n / mean - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "variance of {mean}: {}", second / n / mean);
    }
}

#[test]
fn a_stretch_longer_than_the_trace_is_refused_at_once() {
    let endless = Choices { stretch: 18_000_000_000, ..Choices::of(50) };
    assert_eq!(fit(&[1; 50], endless).unwrap_err().parameter, "stretch");
}
