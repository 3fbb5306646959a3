//! Searches of our own against the recorded statistics: ZDT1 to ZDT3 and the economic fronts, as many seeds as recorded.

use super::economy::{by_name, sets, situation, weights};
use super::table::{Row, folder, read};
use super::zdt::Zdt;
use stratosim::engine::random::Rng;
use stratosim::planner::economy::{Decision, Point, Preset, Reading, Situation, choose};
use stratosim::solve::frontier::{dominated_pair, hypervolume, inverted_generational_distance};
use stratosim::solve::nsga2::{Front, Problem, Settings, minimise};

fn search(problem: &dyn Problem, settings: &Settings, seed: usize) -> Front {
    minimise(problem, settings, &mut Rng::seeded(seed as u64)).expect("a sound problem").front
}

#[test]
fn zdt_fronts_are_as_good_as_the_recorded_ones() {
    let Some(folder) = folder() else { return };
    let fronts = read(&folder, "zdt_reference_fronts.csv");
    let fronts = fronts.groups(&["problem"]);
    let runs = read(&folder, "zdt_runs.csv");
    let runs = runs.groups(&["problem"]);
    for row in read(&folder, "zdt_stats.csv").rows() {
        let name = vec![row.text("problem")];
        let problem = Zdt::new(row.text("problem"), runs[&name][0].count("n_var"));
        let reference: Vec<f64> = fronts[&name].iter().flat_map(|point| point.objectives("")).collect();
        let (population, seeds) = (row.count("pop"), row.count("n_seeds"));
        let generations = row.count("generations");
        let settings = Settings { population, offspring: population, generations, ..Settings::default() };
        let (mut volume, mut distance) = (0.0, 0.0);
        for seed in 0..seeds {
            let front = search(&problem, &settings, seed);
            let found = hypervolume(front.objectives(), &[1.1, 1.1]);
            assert!(found <= row.number("hv_true"), "{}: seed {seed} {found}", row.at("hv_true"));
            volume += found / seeds as f64;
            distance += inverted_generational_distance(front.objectives(), &reference, 2) / seeds as f64;
        }
        println!("{}: hypervolume {volume:.6}, distance {distance:.6}", row.text("problem"));
        // Three standard deviations of the difference of two means, and room for another generator of chance.
        let room = |sd| 3.0 * row.number(sd) * (2.0 / seeds as f64).sqrt() + 0.002;
        assert!(volume >= row.number("hv_mean") - room("hv_sd"), "{}: {volume}", row.at("hv_mean"));
        assert!(distance <= row.number("igd_mean") + room("igd_sd"), "{}: {distance}", row.at("igd_mean"));
    }
}

fn settings(row: Row<'_>) -> Settings {
    let operators = match row.text("config") {
        "papercap" => Preset::PaperCap.settings(),
        _ => Settings::default(),
    };
    Settings {
        population: row.count("pop"),
        offspring: row.count("offspring"),
        generations: row.count("generations"),
        ..operators
    }
}

/// Every point feasible, in the box, and none dominating another.
fn inspect(front: &Front, situation: &Situation, at: &str) {
    for i in 0..front.len() {
        let inside = front.x(i).iter().zip(situation.bounds()).all(|(x, bound)| bound.lower <= *x && *x <= bound.upper);
        assert!(inside && point(front, i, situation).1, "{at}: point {i} {:?}", front.x(i));
    }
    assert_eq!(dominated_pair(front.objectives(), 3), None, "{at}");
}

/// The point and whether it is feasible.
fn point(front: &Front, i: usize, situation: &Situation) -> (Point, bool) {
    let x = front.x(i);
    let decision = Decision { price: x[0], vms: x[1], banners: x[2] };
    let terms = situation.evaluate(decision);
    (Point { decision, goals: terms.goals() }, terms.feasible())
}

#[test]
fn economic_fronts_are_as_good_as_the_recorded_ones_and_never_better_than_the_exact_one() {
    let Some(folder) = folder() else { return };
    let table = sets(&folder);
    let sets = by_name(&table);
    let exact = read(&folder, "econ_closed_form.csv");
    let exact = by_name(&exact);
    for (group, rows) in read(&folder, "econ_nsga2_runs.csv").groups(&["set", "config"]) {
        let situation = situation(sets[group[0]], rows[0].maybe("ps_upper"));
        let least = situation.market().parameters().satisfaction_min;
        let smallest = |column| rows.iter().filter_map(|row| row.maybe(column)).reduce(f64::min);
        let mut volumes = Vec::new();
        for (seed, row) in rows.iter().enumerate() {
            let front = search(&situation, &settings(*row), seed);
            inspect(&front, &situation, &row.at("n_front"));
            volumes.push(hypervolume(front.objectives(), &[0.0, 0.0, -least]));
        }
        let limit = exact[group[0]].maybe("hv_exact");
        let ratios: Vec<f64> = volumes.iter().map(|volume| volume / limit.unwrap_or(f64::NAN)).collect();
        println!("{group:?}: ratios {ratios:.3?}, recorded from {:.3?}", smallest("hv_over_exact"));
        assert!(ratios.iter().all(|ratio| ratio.is_nan() || *ratio <= 1.0 + 1e-12), "{group:?}: {ratios:?}");
        if rows.iter().all(|row| row.count("n_front") == 0) {
            assert!(volumes.iter().all(|volume| *volume == 0.0), "{group:?}: a front where there is none");
        } else if group[1] == "v1" {
            // The record itself lies between nothing and 0.73: reported, not judged.
        } else if let Some(smallest) = smallest("hv_over_exact") {
            assert!(ratios.iter().all(|ratio| *ratio >= smallest - 0.03), "{group:?}: {ratios:?}, from {smallest}");
        } else {
            let smallest = smallest("hypervolume").expect("a group with fronts has volumes");
            assert!(volumes.iter().all(|volume| *volume >= 0.96 * smallest), "{group:?}: {volumes:?}, from {smallest}");
        }
    }
}

#[test]
fn choices_from_tight_searches_come_near_the_exact_choice() {
    let Some(folder) = folder() else { return };
    let table = sets(&folder);
    let sets = by_name(&table);
    let runs = read(&folder, "econ_nsga2_runs.csv");
    let runs = runs.groups(&["set", "config"]);
    let exact = read(&folder, "econ_closed_form.csv");
    let exact = by_name(&exact);
    let mut widest = 0.0f64;
    for (set, ideals) in read(&folder, "econ_ideal_choice.csv").groups(&["set"]) {
        let Some(rows) = runs.get(&vec![set[0], "tight"]) else { continue };
        let situation = situation(sets[set[0]], rows[0].maybe("ps_upper"));
        let front = |seed| search(&situation, &settings(rows[seed]), seed);
        let points = |front: Front| (0..front.len()).map(|i| point(&front, i, &situation).0).collect::<Vec<_>>();
        let fronts: Vec<Vec<Point>> = (0..rows.len()).map(|seed| points(front(seed))).collect();
        let wanted = situation.vms().upper;
        let just_above = wanted > wanted.floor() && wanted - wanted.floor() <= 0.02 * wanted;
        let whole = exact[set[0]].flag("W_at_upper") && !just_above;
        for ideal in ideals {
            let weights = weights(ideal);
            let weighted = [weights.service, weights.application, weights.user];
            let largest = ["max_pi_s", "max_pi_a", "max_U"].map(|column| ideal.number(column));
            let mut gaps = Vec::new();
            for points in &fronts {
                let choice = choose(points, &weights, Reading::Corrected).expect("a front and weights");
                let chosen = points[choice.index];
                let score: f64 = (0..3).map(|j| weighted[j] * chosen.goals[j] / largest[j]).sum();
                gaps.push(ideal.number("best_score") - score);
                if whole {
                    assert_eq!(chosen.decision.replicas() as usize, ideal.count("replicas_ceil"), "{}", ideal.at("W"));
                }
            }
            // The bound of 0.05 holds for the mean. A single run passes it in about one of a hundred seeds (over 400 seeds
            // of each of three sets the largest profit is 0.983 of the exact one, standard deviation 0.010, smallest 0.93;
            // the 25 recorded runs have the same 0.984 and 0.009), so a single run may have twice as much.
            assert!(gaps.iter().sum::<f64>() / gaps.len() as f64 <= 0.05, "{}: {gaps:?}", ideal.at("best_score"));
            assert!(gaps.iter().all(|gap| *gap <= 0.10), "{}: {gaps:?}", ideal.at("best_score"));
            widest = gaps.into_iter().fold(widest, f64::max);
        }
    }
    println!("widest gap to the exact score: {widest:.4}");
}
