//! The house of programmes against problems one can solve by hand.

use super::*;

fn backends() -> Vec<Backend> {
    if cfg!(feature = "highs") { vec![Backend::Microlp, Backend::Highs] } else { vec![Backend::Microlp] }
}

fn with(backend: Backend) -> Options {
    Options { backend, ..Options::default() }
}

/// Items of weight 2k+1 and value 3k+2, so that no two fillings of the bag are worth the same by accident.
fn knapsack(items: usize, room: f64) -> Programme {
    let mut programme = Programme::maximise();
    let take: Vec<Var> = (0..items).map(|k| programme.binary(format!("take {k}"), 2.0 + 3.0 * k as f64)).collect();
    let weights: Vec<(Var, f64)> = take.iter().enumerate().map(|(k, &var)| (var, 1.0 + 2.0 * k as f64)).collect();
    programme.row("room", &weights, Relation::AtMost, room);
    programme
}

#[test]
fn every_backend_fills_the_same_knapsack_and_proves_it() {
    // Weights 1 3 5 7 9, values 2 5 8 11 14, room 13: 1 + 3 + 9 and 1 + 5 + 7 are both worth 21.
    for backend in backends() {
        let solution = knapsack(5, 13.0).solve(&with(backend)).unwrap();
        assert_eq!(solution.status, Status::Optimal, "{backend:?}");
        assert_eq!(solution.objective, Some(21.0), "{backend:?}");
        assert!(solution.gap().unwrap() < 1e-9, "{backend:?}");
        assert!(solution.reproducible() && solution.backend == backend);
    }
}

#[test]
fn infeasible_unbounded_and_integer_infeasible_are_told_apart() {
    for backend in backends() {
        let mut programme = Programme::minimise();
        let x = programme.integer("x", 0.0, f64::INFINITY, 1.0);
        programme.row("twice x is three", &[(x, 2.0)], Relation::Equal, 3.0);
        assert_eq!(programme.solve(&with(backend)).unwrap().status, Status::Infeasible);
        assert_eq!(programme.relaxed().solve(&with(backend)).unwrap().objective, Some(1.5));

        let mut programme = Programme::maximise();
        let x = programme.continuous("x", 0.0, f64::INFINITY, 1.0);
        let y = programme.continuous("y", 0.0, f64::INFINITY, 0.0);
        programme.row("x at most y", &[(x, 1.0), (y, -1.0)], Relation::AtMost, 0.0);
        assert_eq!(programme.solve(&with(backend)).unwrap().status, Status::Unbounded);

        let mut programme = Programme::minimise();
        programme.integer("empty range", 2.0, 1.0, 1.0);
        assert_eq!(programme.solve(&with(backend)).unwrap().status, Status::Infeasible);
    }
}

/// Market split: equality rows with random-looking weights, the classic small programme that needs many nodes.
fn market_split() -> Programme {
    let mut programme = Programme::minimise();
    let vars: Vec<Var> = (0..24).map(|k| programme.binary(format!("x{k}"), 0.0)).collect();
    for row in 0..3u64 {
        let mut terms: Vec<(Var, f64)> = vars
            .iter()
            .enumerate()
            .map(|(k, &var)| (var, (((k as u64 + 3) * (row * 37 + 41) * 7919) % 97) as f64))
            .collect();
        let half = (terms.iter().map(|term| term.1).sum::<f64>() / 2.0).floor();
        let over = programme.continuous(format!("over {row}"), 0.0, f64::INFINITY, 1.0);
        let under = programme.continuous(format!("under {row}"), 0.0, f64::INFINITY, 1.0);
        terms.extend([(over, -1.0), (under, 1.0)]);
        programme.row(format!("split {row}"), &terms, Relation::Equal, half);
    }
    programme
}

#[test]
fn a_node_limit_stops_with_an_honest_status_and_the_same_answer_twice() {
    for backend in backends() {
        let options = Options { node_limit: Some(3), ..with(backend) };
        let first = market_split().solve(&options).unwrap();
        assert!(matches!(
            first.status,
            Status::Feasible { why: Limit::Nodes } | Status::NoSolution { why: Limit::Nodes }
        ));
        if let Some(objective) = first.objective {
            assert!(objective >= first.bound.unwrap());
            assert!(market_split().violation(&first.values) < 1e-6);
        }
        assert!(first.reproducible());
        assert_eq!(first.values, market_split().solve(&options).unwrap().values);
    }
}

#[test]
fn an_exhausted_clock_is_never_called_optimal() {
    for backend in backends() {
        let solution = market_split().solve(&Options { time_limit_s: Some(0.0), ..with(backend) }).unwrap();
        assert!(matches!(
            solution.status,
            Status::Feasible { why: Limit::Time } | Status::NoSolution { why: Limit::Time }
        ));
        assert!(!solution.reproducible());
    }
}

#[test]
fn prices_a_million_times_smaller_choose_the_same() {
    for backend in backends() {
        let mut programme = Programme::minimise();
        let dear = programme.integer("dear", 0.0, 9.0, 3.0e-9);
        let cheap = programme.integer("cheap", 0.0, 9.0, 2.0e-9);
        programme.row("need", &[(dear, 2.0), (cheap, 1.0)], Relation::AtLeast, 5.0);
        let solution = programme.solve(&with(backend)).unwrap();
        assert_eq!(solution.values, [2.0, 1.0], "{backend:?}");
    }
}

#[test]
fn bad_options_and_missing_back_ends_are_errors_that_say_what_to_do() {
    let programme = knapsack(3, 4.0);
    let error = programme.solve(&Options { gap: -0.1, ..Options::default() }).unwrap_err();
    assert_eq!(error.to_string(), "gap: found -0.1, wanted a fraction from 0 to 1");
    if !cfg!(feature = "highs") {
        let error = programme.solve(&with(Backend::Highs)).unwrap_err();
        assert!(error.to_string().contains("--features highs"));
        let error = knapsack(Options::MICROLP_INTEGERS_MAX + 1, 9.0).solve(&Options::default()).unwrap_err();
        assert!(error.to_string().contains("--features highs"));
    }
}

#[cfg(feature = "highs")]
#[test]
fn duals_of_a_linear_programme_price_its_rows() {
    // Minimise 2x + 3y with x + y >= 4 and x + 3y >= 6: both rows bind at (3, 1), cost 9, duals 1.5 and 0.5.
    let mut programme = Programme::minimise();
    let x = programme.continuous("x", 0.0, f64::INFINITY, 2.0);
    let y = programme.continuous("y", 0.0, f64::INFINITY, 3.0);
    programme.row("first", &[(x, 1.0), (y, 1.0)], Relation::AtLeast, 4.0);
    programme.row("second", &[(x, 1.0), (y, 3.0)], Relation::AtLeast, 6.0);
    let solution = programme.solve(&with(Backend::Highs)).unwrap();
    let duals = solution.duals.unwrap();
    assert!((duals[0] - 1.5).abs() < 1e-9 && (duals[1] - 0.5).abs() < 1e-9, "{duals:?}");
    assert!((solution.objective.unwrap() - 9.0).abs() < 1e-9);
}

#[cfg(feature = "highs")]
#[test]
fn a_feasible_start_is_taken_and_a_broken_one_ignored() {
    let programme = knapsack(5, 13.0);
    for start in [vec![0.0, 0.0, 0.0, 0.0, 1.0], vec![1.0; 5], vec![1.0]] {
        let solution = programme.solve(&Options { start: Some(start), ..with(Backend::Highs) }).unwrap();
        assert_eq!(solution.objective, Some(21.0));
    }
}

#[test]
fn the_lp_format_is_what_other_solvers_read() {
    let mut programme = Programme::minimise();
    let x = programme.integer("a/b", 0.0, 5.0, 1.5);
    let y = programme.continuous("y", f64::NEG_INFINITY, f64::INFINITY, -2.0);
    programme.row("load", &[(x, 1.0), (y, -0.5)], Relation::AtLeast, 2.0);
    let mut text = Vec::new();
    programme.write_lp(&mut text).unwrap();
    let wanted = "Minimize\n obj: + 1.5 x_a_b_0 - 2 x_y_1\nSubject To\n r_load_0: + 1 x_a_b_0 - 0.5 x_y_1 >= 2\n\
                  Bounds\n 0 <= x_a_b_0 <= 5\n x_y_1 free\nGeneral\n x_a_b_0\nEnd\n";
    assert_eq!(String::from_utf8(text).unwrap(), wanted);
}
