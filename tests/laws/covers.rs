//! Reserved machines: a reservation is paid whether used or not and takes matching machines off the bill second by second.

use crate::play::{Played, play_scripted};

const MILLI_USD: i128 = 1_000_000_000;

/// An hour of two machines at 0.36 USD and the reservation of the test at 0.18, one request of 100 s.
fn hour(reservation: &str, machines: &str, script: &[(u64, &str, u32)]) -> Played {
    let text = format!(
        "horizon = \"1h\"\nprices = \"prices.toml\"\n\
         [functions.f]\nwork = \"100s\"\n\
         [sources.a]\nkind = \"renewal\"\ngap = \"1s\"\nrequests = 1\n\
         [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 1\nsize = 2\nboot = \"0s\"\nbalancer = \"first-fit\"\n{machines}\n\
         {reservation}"
    );
    play_scripted(&text, script)
}

const ONE: &str = "[[reservations]]\ntype = \"m\"\ncount = 1\nhourly = \"0.18 USD/h\"\n";

#[test]
fn one_of_two_machines_is_covered() {
    assert_eq!(hour("", "", &[]).summary.bill_pico, 720 * MILLI_USD);
    assert_eq!(hour(ONE, "", &[]).summary.bill_pico, (180 + 360) * MILLI_USD);
}

#[test]
fn a_reservation_is_paid_although_nothing_runs() {
    assert_eq!(hour(ONE, "", &[(0, "p", 0)]).summary.roots.total_ended(), 1);
    let unused = hour(ONE, "", &[(200, "p", 0)]);
    // The covered machine costs nothing more, the other 200 s on demand.
    assert_eq!(unused.summary.bill_pico, (180 + 20) * MILLI_USD);
}

#[test]
fn a_cover_passes_on_when_its_machine_goes() {
    for order in ["newest", "oldest"] {
        let more = format!("leaves_first = \"{order}\"");
        let played = hour(ONE, &more, &[(1800, "p", 1)]);
        assert_eq!(played.summary.bill_pico, (180 + 180) * MILLI_USD, "{order}: half an hour of one machine on demand");
    }
}

#[test]
fn a_new_machine_takes_a_free_cover() {
    let played = hour(ONE, "", &[(1800, "p", 0), (2700, "p", 1)]);
    assert_eq!(played.summary.bill_pico, (180 + 180) * MILLI_USD, "the third machine runs under the reservation");
}

#[test]
fn more_is_reserved_than_runs() {
    let five = ONE.replace("count = 1", "count = 5");
    assert_eq!(hour(&five, "", &[]).summary.bill_pico, 5 * 180 * MILLI_USD);
}

#[test]
fn an_upfront_payment_is_spread_over_the_term() {
    let upfront = format!("{ONE}upfront = \"1.8 USD\"\nterm = \"10h\"\n");
    assert_eq!(hour(&upfront, "", &[]).summary.bill_pico, (180 + 180 + 360) * MILLI_USD);
}

#[test]
fn a_reservation_for_another_place_covers_nothing_here() {
    let elsewhere = format!("[nodes.cloud]\n[nodes.edge]\n{ONE}node = \"edge\"\n");
    assert_eq!(hour(&elsewhere, "", &[]).summary.bill_pico, (180 + 720) * MILLI_USD);
}

#[test]
fn a_request_on_a_covered_machine_holds_it_at_the_price_of_the_reservation() {
    let covered = hour(ONE, "", &[]).root("a").held_pico;
    let on_demand = hour("", "", &[]).root("a").held_pico;
    // 100 s of 0.18 and of 0.36 USD/h; the quick reading stays a hair below the exact one.
    for (held, exact) in [(covered, 5 * MILLI_USD as u64), (on_demand, 10 * MILLI_USD as u64)] {
        assert!(held <= exact && exact - held <= 10, "{held} of {exact}");
    }
}
