//! The gates: when ten replications agree with an exact value, and narrowly enough to mean something.

use super::metrics::Measured;

/// Student, 9 degrees of freedom, 99.9 % two-sided.
const STUDENT: f64 = 4.781;

/// Why the replications do not pass, or `None` when they do.
pub fn objection(gate: &str, exact: f64, half_width: Option<f64>, replications: &[Measured]) -> Option<String> {
    let values = || replications.iter().map(|measured| measured.value());
    let narrow = || half_width.expect("an interval gate states its half-width");
    match gate {
        "interval" => interval(values(), exact, 0.0, narrow()),
        "interval_2pc" => interval(values(), exact, 0.02, narrow()),
        "complement" => interval(values().map(|value| 1.0 - value), 1.0 - exact, 0.0, narrow()),
        "count" => counted(replications, exact),
        "never" => {
            let (events, _) = total(replications);
            (events > 0).then(|| format!("seen {events} times, want never"))
        }
        "quantile" => quantile(replications),
        other => panic!("no such gate: {other}"),
    }
}

/// Mean and half-width of the interval of ten values.
fn student(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    assert_eq!(values.len(), 10, "a gate judges ten replications");
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, STUDENT * variance.sqrt() / n.sqrt())
}

fn interval(values: impl Iterator<Item = f64>, exact: f64, slack: f64, narrow: f64) -> Option<String> {
    let (mean, half) = student(values);
    let inside = (mean - exact).abs() <= half + slack * exact.abs();
    let narrow_enough = half <= narrow * exact.abs();
    // Written so that a figure that is no number passes neither.
    (!(inside && narrow_enough)).then(|| format!("found {mean} ± {half}, want {exact} within {narrow} of it"))
}

fn total(replications: &[Measured]) -> (u64, u64) {
    replications.iter().fold((0, 0), |(events, trials), measured| match *measured {
        Measured::Count { events: more, trials: tried } => (events + more, trials + tried),
        Measured::Value(_) | Measured::Quantile { .. } => panic!("only a share of trials is counted"),
    })
}

fn counted(replications: &[Measured], exact: f64) -> Option<String> {
    let (events, trials) = total(replications);
    let (low, high) = poisson_central(trials as f64 * exact);
    (!(low..=high).contains(&events)).then(|| format!("seen {events} times in {trials}, want {low} to {high}"))
}

/// The central 99.9 % of a Poisson law: half a thousandth is left on each side.
fn poisson_central(mean: f64) -> (u64, u64) {
    let (mut low, mut k, mut log_term, mut sum) = (None, 0u64, -mean, 0.0);
    loop {
        sum += f64::exp(log_term);
        if sum > 0.0005 {
            low.get_or_insert(k);
        }
        if sum >= 0.9995 {
            return (low.unwrap_or(0), k);
        }
        k += 1;
        log_term += (mean / k as f64).ln();
    }
}

fn quantile(replications: &[Measured]) -> Option<String> {
    const SHARE: f64 = 0.99;
    let of = |part: fn(&Measured) -> f64| student(replications.iter().map(part));
    let (up_to, up_to_half) = of(|measured| match *measured {
        Measured::Quantile { up_to, .. } => up_to,
        Measured::Value(_) | Measured::Count { .. } => f64::NAN,
    });
    let (below, below_half) = of(|measured| match *measured {
        Measured::Quantile { below, .. } => below,
        Measured::Value(_) | Measured::Count { .. } => f64::NAN,
    });
    let reaches = up_to + up_to_half >= SHARE;
    let not_sooner = below - below_half <= SHARE;
    (!(reaches && not_sooner))
        .then(|| format!("up to it {up_to} ± {up_to_half}, below it {below} ± {below_half} of the time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(of: [f64; 10]) -> Vec<Measured> {
        of.map(Measured::Value).to_vec()
    }

    #[test]
    fn an_interval_must_hold_the_value_and_be_narrow() {
        // Mean 1, standard deviation 0.0105, half-width 0.0159.
        let around_one = values([0.99, 1.01, 0.99, 1.01, 0.99, 1.01, 0.99, 1.01, 0.99, 1.01]);
        let judged = |exact, narrow| objection("interval", exact, Some(narrow), &around_one);
        assert_eq!(judged(1.0, 0.02), None);
        assert_eq!(judged(1.015, 0.02), None);
        assert!(judged(1.017, 0.02).is_some(), "outside");
        assert!(judged(1.0, 0.015).is_some(), "too wide");
        assert_eq!(objection("interval_2pc", 1.03, Some(0.1), &around_one), None, "inside with the slack of a limit");
        assert!(objection("complement", 1.017, Some(0.02), &around_one).is_some());
        assert!(objection("interval", 1.0, Some(0.02), &values([f64::NAN; 10])).is_some());
    }

    #[test]
    fn counts_are_judged_by_the_poisson_law() {
        // Of mean 2: P(0) = 0.135 and P(N ≤ 8) = 0.99976, P(N ≤ 7) = 0.9989.
        assert_eq!(poisson_central(2.0), (0, 8));
        // Of mean 10: P(N ≤ 1) = 0.000499, P(N ≤ 2) = 0.0028; P(N ≤ 21) = 0.9993, P(N ≤ 22) = 0.9997.
        assert_eq!(poisson_central(10.0), (2, 22));
        let seen = |events| vec![Measured::Count { events, trials: 1000 }; 10];
        assert_eq!(objection("count", 0.001, None, &seen(1)), None);
        assert!(objection("count", 0.001, None, &seen(3)).is_some());
        assert!(objection("never", 1e-13, None, &seen(1)).is_some());
        assert_eq!(objection("never", 1e-13, None, &seen(0)), None);
    }

    #[test]
    fn a_quantile_is_reached_at_its_level_and_not_before() {
        let shares = |up_to, below| vec![Measured::Quantile { up_to, below }; 10];
        assert_eq!(objection("quantile", 5.0, None, &shares(0.992, 0.98)), None);
        assert!(objection("quantile", 5.0, None, &shares(0.98, 0.97)).is_some());
        assert!(objection("quantile", 5.0, None, &shares(0.999, 0.995)).is_some());
    }
}
