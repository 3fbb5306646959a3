//! Laws against their own moments, against `rand_distr`, and against what must be refused.

use super::kind::quantile;
use super::*;
use rand_distr::Distribution;

/// One of every kind, with finite moments.
fn every_kind() -> Vec<(&'static str, Law)> {
    let laws = [
        ("constant", Law::constant(0.3)),
        ("exponential", Law::exponential(0.2)),
        ("uniform", Law::uniform(1.0, 3.0)),
        ("erlang", Law::erlang(2.0, 3)),
        ("erlang with many stages", Law::erlang(2.0, 40)),
        ("hyperexponential", Law::hyperexponential(0.9, 0.5, 4.0)),
        ("lognormal", Law::lognormal(0.5, 1.5)),
        ("gamma", Law::gamma(1.5, 2.5)),
        ("gamma below one", Law::gamma(1.5, 0.4)),
        ("weibull", Law::weibull(2.0, 0.8)),
        ("pareto", Law::pareto(1.0, 5.0)),
        ("bounded pareto", Law::bounded_pareto(0.1, 50.0, 1.4)),
        ("bounded pareto at the pole", Law::bounded_pareto(0.5, 20.0, 1.0)),
        ("normal", Law::normal(1.0, 1.2)),
        ("discrete", Law::discrete(1.0, 10.0, 1.5)),
        ("values", Law::values([1.0, 2.0, 2.0, 7.0])),
        ("points", Law::points([(1.0, 0.25), (2.0, 0.5), (2.0, 0.75), (6.0, 1.0)])),
    ];
    laws.into_iter().map(|(name, law)| (name, law.unwrap_or_else(|refused| panic!("{name}: {refused}")))).collect()
}

#[test]
fn drawn_moments_agree_with_the_stated_ones() {
    const DRAWS: u32 = 400_000;
    for (name, law) in every_kind() {
        let mut rng = Rng::seeded(11);
        let (mut sum, mut squares, mut fourths) = (0.0, 0.0, 0.0);
        for _ in 0..DRAWS {
            let value = law.draw(&mut rng);
            assert!(value >= 0.0 && value.is_finite(), "{name}: {value}");
            sum += value;
            squares += value * value;
            fourths += value * value * value * value;
        }
        let n = f64::from(DRAWS);
        let (mean, square) = (sum / n, squares / n);
        // Five standard errors of each estimator.
        let mean_error = 5.0 * ((square - mean * mean).max(0.0) / n).sqrt() + 1e-9;
        let square_error = 5.0 * ((fourths / n - square * square).max(0.0) / n).sqrt() + 1e-9;
        assert!((mean - law.mean()).abs() <= mean_error, "{name}: mean {mean}, stated {}", law.mean());
        let stated = law.second_moment();
        assert!((square - stated).abs() <= square_error, "{name}: second moment {square}, stated {stated}");
    }
}

/// The largest distance between two empirical distribution functions.
fn distance(mut ours: Vec<f64>, mut theirs: Vec<f64>) -> f64 {
    ours.sort_by(f64::total_cmp);
    theirs.sort_by(f64::total_cmp);
    let n = ours.len() as f64;
    let gap = |(k, value): (usize, &f64)| (k as f64 - theirs.partition_point(|x| x < value) as f64).abs() / n;
    ours.iter().enumerate().map(gap).fold(0.0, f64::max)
}

#[test]
fn laws_agree_with_rand_distr() {
    fn check(name: &str, law: Result<Law, Unfit>, oracle: impl Distribution<f64>) {
        const DRAWS: usize = 50_000;
        let law = law.unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let (mut ours, mut theirs) = (Rng::seeded(3), Rng::seeded(4));
        let ours = (0..DRAWS).map(|_| law.draw(&mut ours)).collect();
        let theirs = (0..DRAWS).map(|_| oracle.sample(&mut theirs)).collect();
        // Kolmogorov and Smirnov for two samples, one false alarm in 10,000: 2.23 * sqrt(2 / n).
        let apart = distance(ours, theirs);
        assert!(apart < 2.23 * (2.0 / DRAWS as f64).sqrt(), "{name}: {apart}");
    }
    check("exponential", Law::exponential(0.2), rand_distr::Exp::new(5.0).unwrap());
    check("gamma", Law::gamma(5.0, 2.5), rand_distr::Gamma::new(2.5, 2.0).unwrap());
    check("gamma below one", Law::gamma(0.3, 0.3), rand_distr::Gamma::new(0.3, 1.0).unwrap());
    check("erlang", Law::erlang(4.0, 4), rand_distr::Gamma::new(4.0, 1.0).unwrap());
    check("lognormal", Law::lognormal(0.125f64.exp(), (0.25f64.exp() - 1.0).sqrt()), {
        rand_distr::LogNormal::new(0.0, 0.5).unwrap()
    });
    check("weibull", Law::weibull(2.0, 0.7), rand_distr::Weibull::new(2.0, 0.7).unwrap());
    check("pareto", Law::pareto(1.5, 1.2), rand_distr::Pareto::new(1.5, 1.2).unwrap());
    check("normal far from zero", Law::normal(100.0, 3.0), rand_distr::Normal::new(100.0, 3.0).unwrap());
}

#[test]
fn a_lognormal_law_is_told_by_the_variation_of_the_value_itself() {
    let law = Law::lognormal(0.2, 1.5).unwrap();
    assert!((law.mean() - 0.2).abs() < 1e-12 && (law.cv() - 1.5).abs() < 1e-12);
}

#[test]
fn a_scaled_law_draws_the_same_times_a_factor() {
    for (name, law) in every_kind() {
        let unit = law.clone().scaled(1.0 / law.mean()).unwrap();
        assert!((unit.mean() - 1.0).abs() < 1e-12, "{name}");
        assert!((unit.cv() - law.cv()).abs() < 1e-9, "{name}");
        let (mut one, mut other) = (Rng::seeded(1), Rng::seeded(1));
        let (drawn, plain) = (unit.draw(&mut one), law.draw(&mut other));
        assert!((drawn * law.mean() - plain).abs() <= 1e-12 * plain, "{name}");
    }
}

#[test]
fn points_are_met_at_their_shares() {
    let points = [(10.0, 0.2), (20.0, 0.2), (20.0, 0.6), (30.0, 1.0)];
    let at = |share| quantile(&points, share);
    assert_eq!([at(0.0), at(0.1), at(0.3), at(0.59), at(0.8)], [10.0, 10.0, 20.0, 20.0, 25.0]);
    // All mass on the last point: what rounding leaves above the last inner share still has a value.
    assert_eq!(quantile(&[(5.0, 1.0)], 0.999), 5.0);
}

#[test]
fn heavy_tails_have_infinite_moments() {
    let law = Law::pareto(1.0, 1.5).unwrap();
    assert_eq!((law.mean(), law.second_moment(), law.cv()), (3.0, f64::INFINITY, f64::INFINITY));
    assert_eq!(Law::pareto(1.0, 1.0).unwrap().mean(), f64::INFINITY);
}

#[test]
fn nonsense_is_refused_by_name() {
    let nan = f64::NAN;
    let refused: Vec<(&str, Result<Law, Unfit>)> = vec![
        ("high", Law::discrete(2.0, 1.0, 1.0)),
        ("high", Law::discrete(1.0, 2.0, 0.3)),
        ("high", Law::discrete(0.0, 1e300, 1e-9)),
        ("step", Law::discrete(1.0, 2.0, 0.0)),
        ("value", Law::constant(-1.0)),
        ("mean", Law::exponential(0.0)),
        ("mean", Law::exponential(nan)),
        ("high", Law::uniform(2.0, 1.0)),
        ("low", Law::uniform(-1.0, 1.0)),
        ("stages", Law::erlang(1.0, 0)),
        ("p1", Law::hyperexponential(1.1, 1.0, 1.0)),
        ("mean2", Law::hyperexponential(0.5, 1.0, f64::INFINITY)),
        ("cv", Law::lognormal(1.0, -0.1)),
        ("shape", Law::gamma(1.0, nan)),
        ("scale", Law::weibull(0.0, 1.0)),
        ("low", Law::pareto(0.0, 1.0)),
        ("high", Law::bounded_pareto(1.0, 1.0, 1.0)),
        ("mean", Law::normal(-1.0, 1.0)),
        ("values", Law::values([])),
        ("values", Law::values([1.0, nan])),
        ("cumulative", Law::points([])),
        ("cumulative", Law::points([(1.0, 0.5), (2.0, 0.9)])),
        ("cumulative", Law::points([(1.0, 0.5), (2.0, 0.4)])),
        ("cumulative", Law::points([(1.0, nan)])),
        ("values", Law::points([(2.0, 0.5), (1.0, 1.0)])),
        ("factor", Law::exponential(1.0).and_then(|law| law.scaled(0.0))),
    ];
    for (parameter, law) in refused {
        assert_eq!(law.expect_err(parameter).parameter, parameter);
    }
}

#[test]
fn a_discrete_law_draws_every_step_and_nothing_else() {
    let die = Law::discrete(1.0, 6.0, 1.0).unwrap();
    let mut rng = Rng::seeded(5);
    let mut seen = [0u32; 7];
    for _ in 0..6000 {
        let value = die.draw(&mut rng);
        assert_eq!(value, value.trunc());
        seen[value as usize] += 1;
    }
    assert_eq!(seen[0], 0);
    assert!(seen[1..].iter().all(|&count| (850..1150).contains(&count)), "{seen:?}");
    assert_eq!(Law::discrete(0.3, 0.3, 0.1).unwrap().draw(&mut rng), 0.3);
    assert!((Law::discrete(0.0, 0.7, 0.1).unwrap().mean() - 0.35).abs() < 1e-12, "decimal steps fit");
}
