//! The economic model, its exact solution and the choice from a front: exact rows.

use super::table::{Row, Table, folder, read};
use std::collections::BTreeMap;
use std::path::Path;
use stratosim::planner::economy::{
    Decision, Load, Parameters, Point, Reading, Situation, Terms, Weights, choose, solve,
};
use stratosim::solve::nsga2::Interval;

/// The parameter sets by name, with a price bound of one's own or the recorded one.
pub fn situation(row: Row<'_>, price_max: Option<f64>) -> Situation {
    let between = |lower, upper| Interval::new(row.number(lower), row.number(upper));
    let parameters = Parameters {
        vm_price_per_s: row.number("p_i"),
        transfer_price_per_kb: row.number("p_n"),
        hosting_cost_per_request: row.number("H"),
        revenue_per_mille: row.number("RPM"),
        banners: between("gamma_l", "gamma_u"),
        response_ms: between("R_l", "R_u"),
        capacity_per_s: between("d_l", "d_u"),
        banner_weight: row.number("a"),
        response_weight: row.number("b"),
        satisfaction_min: row.number("u_min"),
        price_max_per_request: Some(price_max.unwrap_or(row.number("ps_max"))),
        ..Parameters::default()
    };
    let market = parameters.check().unwrap_or_else(|error| panic!("{}: {error}", row.at("set")));
    let load = Load::new(row.number("lam"), row.number("n"));
    Situation::new(market, load).unwrap_or_else(|error| panic!("{}: {error}", row.at("set")))
}

pub fn sets(folder: &Path) -> Table {
    read(folder, "econ_params.csv")
}

/// Each set's row by its name.
pub fn by_name(table: &Table) -> BTreeMap<&str, Row<'_>> {
    table.rows().map(|row| (row.text("set"), row)).collect()
}

pub fn weights(row: Row<'_>) -> Weights {
    let [service, application, user] = ["w_service", "w_application", "w_user"].map(|column| row.number(column));
    Weights { service, application, user }
}

fn decision(row: Row<'_>) -> Decision {
    Decision { price: row.number("p_s"), vms: row.number("W"), banners: row.number("gamma") }
}

#[test]
fn every_intermediate_of_the_model_is_the_golden_one() {
    let Some(folder) = folder() else { return };
    let sets = sets(&folder);
    let sets: BTreeMap<&str, Situation> =
        by_name(&sets).into_iter().map(|(name, row)| (name, situation(row, None))).collect();
    for row in read(&folder, "econ_eval.csv").rows() {
        let terms: Terms = sets[row.text("set")].evaluate(decision(row));
        let goals = terms.goals();
        let ours = [
            ("d", terms.load_per_vm),
            ("rel_d", terms.relative_load),
            ("R_ms", terms.response_ms),
            ("rev_s", terms.service_revenue),
            ("cost_vm", terms.vm_cost),
            ("cost_net", terms.transfer_cost),
            ("rev_a", terms.advertising_revenue),
            ("cost_host", terms.hosting_cost),
            ("s_ads", terms.banner_satisfaction),
            ("s_rt", terms.response_satisfaction),
            ("pi_s", goals[0]),
            ("pi_a", goals[1]),
            ("U", goals[2]),
            ("f1", -goals[0]),
            ("f2", -goals[1]),
            ("f3", -goals[2]),
            ("g1", terms.constraints[0]),
            ("g2", terms.constraints[1]),
            ("g3", terms.constraints[2]),
            ("g4", terms.constraints[3]),
            ("cv", terms.violation()),
        ];
        ours.into_iter().for_each(|(column, value)| row.close(column, value, 1e-12, 1e-15));
        // On the exact front rounding alone decides which side of a constraint a point is on.
        if terms.constraints.iter().all(|g| g.abs() >= 1e-12) {
            assert_eq!(row.flag("feasible"), terms.feasible(), "{}", row.at("feasible"));
        }
    }
}

#[test]
fn the_exact_front_is_the_golden_one() {
    let Some(folder) = folder() else { return };
    let table = sets(&folder);
    let sets = by_name(&table);
    for row in read(&folder, "econ_closed_form.csv").rows() {
        let situation = situation(sets[row.text("set")], None);
        let exact = solve(&situation).unwrap_or_else(|error| panic!("{}: {error}", row.at("set")));
        let close = |column, ours| row.close(column, ours, 1e-9, 1e-15);
        close("W_unconstrained", exact.vms_unconstrained);
        close("W_lo", exact.vms_min);
        close("W_up", exact.vms_max);
        close("W_star", exact.vms);
        close("unit_cost", exact.cost_per_request);
        close("gamma_breakeven", exact.banners_break_even);
        close("gamma_lo", exact.banners_min);
        close("gamma_hi", exact.banners_max);
        assert_eq!(row.flag("W_at_upper"), exact.vms == exact.vms_max, "{}", row.at("W_at_upper"));
        assert_eq!(row.flag("feasible"), exact.front.is_some(), "{}", row.at("feasible"));
        let filled = |column, ours: Option<f64>| {
            assert_eq!(row.maybe(column).is_some(), ours.is_some(), "{}", row.at(column));
            ours.into_iter().for_each(|ours| close(column, ours));
        };
        let front = exact.front.as_ref();
        filled("total_surplus_max", front.map(|front| front.surplus_max));
        filled("ps_min", front.map(|front| front.price_min));
        filled("ps_max_at_gamma_hi", front.map(|front| front.price_max));
        filled("U_max", front.map(|front| front.satisfaction_max));
        filled("hv_exact", front.and_then(|front| front.hypervolume));
    }
}

#[test]
fn the_exact_choice_is_the_golden_one() {
    let Some(folder) = folder() else { return };
    let table = sets(&folder);
    let sets = by_name(&table);
    for row in read(&folder, "econ_ideal_choice.csv").rows() {
        let situation = situation(sets[row.text("set")], None);
        let exact = solve(&situation).unwrap_or_else(|error| panic!("{}: {error}", row.at("set")));
        let ideal = exact.best(&situation, &weights(row)).unwrap_or_else(|| panic!("{}: no choice", row.at("set")));
        let close = |column, ours| row.close(column, ours, 1e-9, 1e-12);
        close("best_score", ideal.score);
        close("max_pi_s", ideal.largest[0]);
        close("max_pi_a", ideal.largest[1]);
        close("max_U", ideal.largest[2]);
        close("W", ideal.point.decision.vms);
        assert_eq!(row.count("replicas_ceil"), ideal.point.decision.replicas() as usize, "{}", row.at("replicas_ceil"));
        assert_eq!(row.count("n_tied_vertices"), ideal.tied, "{}", row.at("n_tied_vertices"));
        if ideal.tied == 1 {
            close("p_s", ideal.point.decision.price);
            close("gamma", ideal.point.decision.banners);
            close("pi_s", ideal.point.goals[0]);
            close("pi_a", ideal.point.goals[1]);
            close("U", ideal.point.goals[2]);
        }
    }
}

#[test]
fn the_choice_from_given_fronts_is_the_golden_one() {
    let Some(folder) = folder() else { return };
    let fronts = read(&folder, "econ_choice_fronts.csv");
    let fronts = fronts.groups(&["front"]);
    for row in read(&folder, "econ_choice_expected.csv").rows() {
        let points: Vec<Point> = fronts[&vec![row.text("front")]]
            .iter()
            .map(|point| Point {
                // The table gives no decisions, and equal ones leave the first index to win.
                decision: Decision { price: 0.0, vms: 1.0, banners: 1.0 },
                goals: ["pi_s", "pi_a", "U"].map(|column| point.number(column)),
            })
            .collect();
        let choice = choose(&points, &weights(row), Reading::Corrected)
            .unwrap_or_else(|error| panic!("{}: {error}", row.at("front")));
        assert_eq!(row.count("chosen_i"), choice.index, "{}", row.at("chosen_i"));
        assert_eq!(row.flag("zero_max_objective"), choice.dropped_goal, "{}", row.at("zero_max_objective"));
        row.close("score", choice.score, 1e-9, 1e-12);
    }
}
