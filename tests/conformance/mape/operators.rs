//! The pieces of NSGA-II on given numbers: ranks, crowding, tournament, crossover, mutation, hypervolume.

use super::table::{folder, read};
use std::cmp::Ordering;
use stratosim::solve::frontier::hypervolume;
use stratosim::solve::nsga2::operators::{Competitor, cross, duel, mutate};
use stratosim::solve::nsga2::sorting::{Sorter, crowd};

#[test]
fn ranks_and_crowding_are_those_of_the_golden_clouds() {
    let Some(folder) = folder() else { return };
    let table = read(&folder, "nds_crowding.csv");
    let mut sorter = Sorter::default();
    for rows in table.groups(&["case"]).values() {
        let width = rows[0].objectives("").len();
        let points: Vec<f64> = rows.iter().flat_map(|row| row.objectives("")).collect();
        let ranks = sorter.rank(&points, width).to_vec();
        let mut crowding = vec![f64::NAN; rows.len()];
        sorter.fronts().for_each(|front| crowd(front, &points, width, &mut Vec::new(), &mut crowding));
        for ((row, rank), crowding) in rows.iter().zip(ranks).zip(crowding) {
            assert_eq!(row.count("rank"), rank as usize, "{}", row.at("rank"));
            row.close("crowding", crowding, 1e-12, 1e-12);
        }
    }
}

#[test]
fn tournaments_are_won_by_the_golden_winner() {
    let Some(folder) = folder() else { return };
    for row in read(&folder, "tournament.csv").rows() {
        let objectives = ["_a", "_b"].map(|suffix| row.objectives(suffix));
        let competitor = |side: usize, cv, crowd| Competitor {
            violation: row.number(cv),
            objectives: &objectives[side],
            crowding: row.number(crowd),
        };
        let winner = match duel(competitor(0, "cv_a", "crowd_a"), competitor(1, "cv_b", "crowd_b")) {
            Ordering::Less => "a",
            Ordering::Greater => "b",
            Ordering::Equal => "tie",
        };
        // A tie is left to the coin; the golden cell then names neither competitor.
        let golden = row.text("winner");
        let golden = if ["a", "b"].contains(&golden) { golden } else { "tie" };
        assert_eq!(golden, winner, "{}", row.at("winner"));
    }
}

#[test]
fn children_and_mutants_are_the_golden_ones() {
    let Some(folder) = folder() else { return };
    for row in read(&folder, "sbx_pm.csv").rows() {
        let [lower, upper, eta, u, a, b] = ["xl", "xu", "eta", "u", "x1", "x2"].map(|column| row.number(column));
        let (low, high) = cross(a, b, lower, upper, eta, u);
        let tolerance = 1e-12 * (upper - lower);
        row.close("sbx_low_child", low, 0.0, tolerance);
        row.close("sbx_high_child", high, 0.0, tolerance);
        row.close("pm_of_x1", mutate(a, lower, upper, eta, u), 0.0, tolerance);
    }
}

#[test]
fn hypervolumes_are_the_golden_ones() {
    let Some(folder) = folder() else { return };
    let points = read(&folder, "hv_points.csv");
    let points = points.groups(&["case"]);
    for row in read(&folder, "hv_values.csv").rows() {
        let cloud: Vec<f64> = points[&vec![row.text("case")]].iter().flat_map(|point| point.objectives("")).collect();
        let reference = vec![row.number("ref_each"); row.count("n_obj")];
        row.close("hypervolume", hypervolume(&cloud, &reference), 1e-10, 1e-10);
    }
}
