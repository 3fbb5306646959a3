//! What is charged beside instances and durations: gateway, egress, units of a balancer, durations below a millisecond.

use stratosim::model::books::{Item, Share};

use crate::play::{Played, play};

/// Quantity of an item over all hours and resources.
fn quantity(played: &Played, item: Item) -> f64 {
    played.world.books.lines().filter(|((_, _, of, _), _)| *of == item).map(|(_, line)| line.quantity).sum()
}

const FUNCTION: &str = "prices = \"prices.toml\"\nhorizon = \"10min\"\n\
    [pools.p]\nkind = \"function\"\nmemory = \"1GiB\"\ncold_start = \"0s\"\n\
    [sources.a]\nkind = \"poisson\"\nrate = \"1/s\"\n";

#[test]
fn a_gateway_charges_every_attempt_and_the_requests_pay_for_it() {
    let played =
        play(&format!("{FUNCTION}[functions.f]\nwork = \"10ms\"\nfailure = 0.5\nretry = {{ attempts = 3 }}\n"));
    let attempts: u64 = played.rows.iter().map(|row| u64::from(row.attempt)).sum();
    assert!(attempts > played.rows.len() as u64 * 3 / 2, "{attempts} attempts of {}", played.rows.len());
    assert_eq!(quantity(&played, Item::GatewayRequests), attempts as f64);
    let direct: u64 = played.rows.iter().map(|row| row.direct_pico).sum();
    assert_eq!(i128::from(direct), played.world.books.share_pico(Share::Direct));
}

#[test]
fn a_duration_below_a_millisecond_counts_as_it_is_rounded() {
    let played = play(&format!("{FUNCTION}[functions.f]\nwork = \"550us\"\n"));
    let wanted = played.rows.len() as f64 * 600e-6;
    let found = quantity(&played, Item::Duration);
    assert!((found - wanted).abs() < 1e-9, "{found} GiB-s, want {wanted}");
}

#[test]
fn the_units_of_a_balancer_count_what_is_answered_too() {
    let with = |response: &str| {
        let played = play(&format!(
            "prices = \"prices.toml\"\nhorizon = \"1h\"\n[functions.f]\nwork = \"10ms\"\nresponse = \"{response}\"\n\
             [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 4\nload_balancer = true\n\
             [sources.a]\nkind = \"poisson\"\nrate = \"5/s\"\n"
        ));
        (quantity(&played, Item::BalancerUnits), played.rows.len() as f64)
    };
    // A unit is 25 connections a second or a GiB an hour; a request of 5 a second answers a MiB.
    let (units, requests) = with("1MiB");
    assert!((units - requests / 1024.0).abs() < 0.01 * units, "{units} unit-hours for {requests} MiB");
    let (units, requests) = with("0B");
    assert!((units - requests / 3600.0 / 25.0).abs() < 0.01 * units, "{units} unit-hours for {requests} connections");
}

#[test]
fn only_what_leaves_the_cloud_pays_egress() {
    let at = |node: &str| {
        let played = play(&format!(
            "prices = \"prices.toml\"\nhorizon = \"1min\"\n[nodes.edge]\n[nodes.cloud]\ncloud = true\n\
             [[links]]\nfrom = \"edge\"\nto = \"cloud\"\nlatency = \"1ms\"\n\
             [functions.f]\nwork = \"10ms\"\nresponse = \"1MiB\"\n\
             [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 4\nnode = \"{node}\"\n\
             [sources.a]\nkind = \"poisson\"\nrate = \"1/s\"\nat = \"edge\"\n"
        ));
        (quantity(&played, Item::Egress), played.rows.len() as f64 / 1024.0)
    };
    let (cloud, answered) = at("cloud");
    assert!((cloud - answered).abs() < 1e-9, "{cloud} GiB of {answered}");
    assert_eq!(at("edge").0, 0.0);
}

#[test]
fn a_client_that_calls_the_steps_of_a_chain_pays_the_gateway_for_each() {
    let played = play(
        "prices = \"prices.toml\"\nhorizon = \"1min\"\n[nodes.home]\n[nodes.cloud]\ncloud = true\n\
         [[links]]\nfrom = \"home\"\nto = \"cloud\"\nlatency = \"1ms\"\n\
         [functions.f]\nwork = \"10ms\"\nresponse = \"1MiB\"\n[functions.g]\nwork = \"10ms\"\nresponse = \"1MiB\"\n\
         [chains.c]\nsteps = [\"f\", \"g\", \"f\"]\npolicy = \"client\"\n\
         [pools.p]\nkind = \"function\"\nmemory = \"1GiB\"\ncold_start = \"0s\"\n\
         [sources.a]\nkind = \"renewal\"\ngap = \"1s\"\nrequests = 10\nfunction = \"c\"\nat = \"home\"\npayload = \"0B\"\n",
    );
    assert_eq!(quantity(&played, Item::GatewayRequests), 30.0);
}
