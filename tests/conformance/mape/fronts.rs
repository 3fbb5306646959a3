//! Recorded fronts and choices of another implementation, read with our model: what it found must mean the same here.

use super::economy::{by_name, sets, situation, weights};
use super::table::{Row, folder, read};
use stratosim::planner::economy::{Decision, Point, Reading, Situation, choose};
use stratosim::solve::frontier::{dominated_pair, hypervolume};

const RUN: [&str; 3] = ["set", "config", "seed"];

/// The recorded point, after our model has said the same about it. Its goals are kept as recorded, to the last bit, because
/// a choice between points of nearly the same score hangs on that.
fn point(row: &Row<'_>, situation: &Situation) -> Point {
    let decision = Decision { price: row.number("p_s"), vms: row.number("W"), banners: row.number("gamma") };
    let columns = ["pi_s", "pi_a", "U"];
    for (column, ours) in columns.into_iter().zip(situation.evaluate(decision).goals()) {
        row.close(column, ours, 1e-12, 1e-15);
    }
    Point { decision, goals: columns.map(|column| row.number(column)) }
}

#[test]
fn recorded_fronts_have_their_recorded_volume_and_choices() {
    let Some(folder) = folder() else { return };
    let table = sets(&folder);
    let sets = by_name(&table);
    let runs = read(&folder, "econ_nsga2_runs.csv");
    let runs = runs.groups(&RUN);
    let choices = read(&folder, "econ_nsga2_choice.csv");
    let choices = choices.groups(&RUN);
    for (key, rows) in read(&folder, "econ_nsga2_fronts.csv").groups(&RUN) {
        let run = runs[&key][0];
        let situation = situation(sets[key[0]], run.maybe("ps_upper"));
        let points: Vec<Point> = rows.iter().map(|row| point(row, &situation)).collect();
        let minimised: Vec<f64> = points.iter().flat_map(|point| point.goals.map(|goal| -goal)).collect();
        assert_eq!(run.count("n_front"), points.len(), "{}", run.at("n_front"));
        assert_eq!(dominated_pair(&minimised, 3), None, "{key:?}");
        let least = situation.market().parameters().satisfaction_min;
        run.close("hypervolume", hypervolume(&minimised, &[0.0, 0.0, -least]), 1e-9, 0.0);
        for row in choices.get(&key).into_iter().flatten() {
            let weights = weights(*row);
            let choice = choose(&points, &weights, Reading::Corrected)
                .unwrap_or_else(|error| panic!("{}: {error}", row.at("set")));
            row.close("score", choice.score, 1e-9, 1e-12);
            // Points of equal score are equally good; the record was taken from the front in another order.
            let largest = |j: usize| points.iter().map(|point| point.goals[j]).fold(f64::NEG_INFINITY, f64::max);
            let weighted = [weights.service, weights.application, weights.user];
            let score = |point: &Point| (0..3).map(|j| weighted[j] * point.goals[j] / largest(j)).sum::<f64>();
            let recorded = self::point(row, &situation);
            assert!(points.contains(&recorded), "{}: not on its front", row.at("p_s"));
            assert!((score(&recorded) - score(&points[choice.index])).abs() <= 1e-12, "{}", row.at("p_s"));
        }
    }
}

#[test]
fn recorded_choices_mean_the_same_goals_and_replicas() {
    let Some(folder) = folder() else { return };
    let table = sets(&folder);
    let sets = by_name(&table);
    for row in read(&folder, "econ_nsga2_choice.csv").rows() {
        let point = point(&row, &situation(sets[row.text("set")], None));
        assert_eq!(row.count("replicas_ceil"), point.decision.replicas() as usize, "{}", row.at("replicas_ceil"));
    }
}
