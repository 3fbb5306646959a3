//! Scaling: how many stay, and what the burstiness of those is.

use super::super::feed::all;
use super::*;

/// Arrivals at given instants, each of a function by its place.
struct Made {
    arrivals: std::vec::IntoIter<Arrival>,
    cast: Cast,
    report: Report,
}

impl Trace for Made {
    fn next_arrival(&mut self) -> Result<Option<Arrival>, Flaw> {
        Ok(self.arrivals.next())
    }

    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn report(&self) -> &Report {
        &self.report
    }
}

fn made(instants_ns: impl IntoIterator<Item = u64>, functions: u64) -> Made {
    let mut cast = Cast::default();
    let mut arrival = |(k, ns): (usize, u64)| {
        let name = cast.functions.intern(&format!("f{}", k as u64 % functions)).unwrap();
        Arrival::new(Instant::from_nanos(ns), name)
    };
    let arrivals: Vec<Arrival> = instants_ns.into_iter().enumerate().map(&mut arrival).collect();
    Made { arrivals: arrivals.into_iter(), cast, report: Report::default() }
}

fn scaled(trace: Made, rate: f64, time: f64, thinning: Thinning) -> Vec<Arrival> {
    all(&mut Scaled::new(trace, "made".into(), rate, time, thinning, &Streams::new(3, 0)).unwrap()).unwrap()
}

const SECOND: u64 = 1_000_000_000;

/// Bursts of ten within a millisecond, one each second on average.
fn bursts() -> Vec<u64> {
    let mut rng = Rng::seeded(8);
    let mut at = 0;
    (0..20_000)
        .flat_map(|_| {
            at += 20_000_000 + (rng.exponential() * 0.98e9) as u64;
            (0..10).map(move |k| at + k * 100_000)
        })
        .collect()
}

/// Variance over mean of counts in windows of ten seconds.
fn dispersion(arrivals: &[Arrival]) -> f64 {
    let window = 10 * SECOND;
    let windows = (arrivals.last().unwrap().at.as_nanos() / window) as usize;
    let mut counts = vec![0.0; windows + 1];
    arrivals.iter().for_each(|x| counts[(x.at.as_nanos() / window) as usize] += 1.0);
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64 / mean
}

#[test]
fn thinning_bursts_keeps_their_index_of_dispersion_and_thinning_each_lowers_it() {
    let whole = dispersion(&scaled(made(bursts(), 1), 1.0, 1.0, Thinning::Each));
    let gap = Span::from_nanos(5_000_000);
    let kept = scaled(made(bursts(), 1), 0.3, 1.0, Thinning::Bursts { gap });
    let each = scaled(made(bursts(), 1), 0.3, 1.0, Thinning::Each);
    for (arrivals, expected) in [(&kept, whole), (&each, 1.0 + 0.3 * (whole - 1.0))] {
        assert!((arrivals.len() as f64 / 60_000.0 - 1.0).abs() < 0.05, "{}", arrivals.len());
        assert!((dispersion(arrivals) / expected - 1.0).abs() < 0.12, "{} {expected}", dispersion(arrivals));
    }
}

#[test]
fn thinning_functions_keeps_those_that_stay_whole() {
    let kept = scaled(made(0..90_000, 300), 0.5, 1.0, Thinning::Functions);
    let mut counts = [0; 300];
    kept.iter().for_each(|x| counts[x.function.index()] += 1);
    assert!(counts.iter().all(|&count| count == 0 || count == 300));
    assert!((100..200).contains(&counts.iter().filter(|&&count| count > 0).count()));
}

#[test]
fn copies_lie_before_the_next_arrival() {
    let doubled = scaled(made((0..1_000).map(|k| k * SECOND), 1), 2.5, 0.5, Thinning::Each);
    assert!((2_400..2_600).contains(&doubled.len()) && doubled.is_sorted_by_key(|x| x.at));
    for (k, second) in doubled.chunk_by(|a, b| a.at.as_nanos() * 2 / SECOND == b.at.as_nanos() * 2 / SECOND).enumerate()
    {
        assert_eq!(second[0].at.as_nanos(), k as u64 * SECOND / 2);
    }
}

#[test]
fn factors_that_make_no_sense_are_refused() {
    for (rate, time) in [(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1e9, 1.0), (1.0, 0.0), (1.0, f64::INFINITY)] {
        assert!(Scaled::new(made([], 1), "made".into(), rate, time, Thinning::Each, &Streams::new(0, 0)).is_err());
    }
}

#[test]
fn what_would_lie_past_the_end_of_time_is_a_flaw_and_not_a_shorter_trace() {
    let trace = made([0, SECOND, 2 * SECOND], 1);
    let mut scaled = Scaled::new(trace, "made".into(), 2.0, 1e10, Thinning::Each, &Streams::new(3, 0)).unwrap();
    assert_eq!(scaled.next_arrival().unwrap().unwrap().at, Instant::ZERO);
    let flaw = all(&mut scaled).unwrap_err().to_string();
    let wanted = " s times 10000000000, want a trace that then lies within 292 years";
    assert!(flaw.starts_with("made: found an arrival at ") && flaw.ends_with(wanted), "{flaw}");
    assert!(scaled.next_arrival().unwrap().is_none(), "nothing comes after a flaw");
}
