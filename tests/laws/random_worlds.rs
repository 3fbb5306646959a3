//! Laws of any world: what comes goes, the shares of the bill sum to it, meters and log agree, the same seed takes the
//! same way. Small worlds of every kind of pool, source and caller are drawn and played.

use proptest::prelude::*;
use stratosim::engine::time::Span;
use stratosim::model::books::{Item, Resource};
use stratosim::model::ids::PoolId;
use stratosim::model::pool::Charge;
use stratosim::model::request::Outcome;

use crate::play::{Played, play_scripted, play_setup, setup};

/// One way or another to write a line of a scenario.
pub fn one_of(lines: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(lines)
}

/// A pool of machines for the function `web`.
fn machines() -> impl Strategy<Value = String> {
    (
        one_of(&["slots = 1", "slots = 3", "cores = 1", "cores = 1.5\nworkers = 4"]),
        one_of(&[
            "queue = \"central\"",
            "queue = \"per-instance\"\nqueue_limit = 3",
            "queue = \"none\"",
            "queue_limit = 5",
        ]),
        one_of(&["round-robin", "least-outstanding", "random", "power-of-choices", "first-fit"]),
        one_of(&["", "spot = true", "drain = \"2s\"", "leaves_first = \"oldest\"", "initial = \"booting\""]),
        1u32..4,
        one_of(&["", "load_balancer = true", "speed = 2"]),
    )
        .prop_map(|(capacity, queue, balancer, life, size, more)| {
            format!(
                "[pools.machines]\nkind = \"vm\"\ntype = \"m\"\nserves = [\"web\"]\nboot = \"uniform(10s, 90s)\"\n\
                 {capacity}\n{queue}\nbalancer = \"{balancer}\"\n{life}\nsize = {size}\n{more}\n"
            )
        })
}

/// A pool that is born by demand, for the function `api`.
fn by_demand() -> impl Strategy<Value = String> {
    let functions = (
        one_of(&["", "limit = 2", "limit = 3\nqueue_limit = 4", "growth_per_10s = 1"]),
        one_of(&[
            "keep_alive = \"5s\"",
            "keep_alive = \"exponential(20s)\"",
            "keep_alive = \"30s\"\nkeep_alive_resets = false",
        ]),
        one_of(&["", "concurrency = 3", "provisioned = 2", "bill_cold_start = true", "cold_factor = 1.5"]),
        one_of(&["most-recently-used", "least-recently-used", "newest", "oldest"]),
        one_of(&[
            "",
            "[pools.demand.prewarm]\nforecast_every = \"60s\"",
            "[pools.demand.prewarm]\nschedule = [{ at = \"100s\", count = 3 }, { at = \"900s\", count = 0 }]",
        ]),
    );
    let functions = functions.prop_map(|(limit, kept, more, reuse, prewarm)| {
        format!(
            "[pools.demand]\nkind = \"function\"\nserves = [\"api\"]\ncold_start = \"lognormal(400ms, cv 0.5)\"\n\
             {limit}\n{kept}\n{more}\nreuse = \"{reuse}\"\n{prewarm}\n"
        )
    });
    let containers = (one_of(&["", "size = 2", "max = 2\nqueue_limit = 1"]), 1u32..3).prop_map(|(more, at_once)| {
        format!(
            "[pools.demand]\nkind = \"container\"\nserves = [\"api\"]\nvcpu = 0.5\nmemory = \"1GiB\"\nstart = \"3s\"\n\
             keep_alive = \"20s\"\nconcurrency = {at_once}\n{more}\n"
        )
    });
    prop_oneof![2 => functions, 1 => containers]
}

/// What a caller does when it goes badly, and what a function calls.
fn caller() -> impl Strategy<Value = String> {
    (
        one_of(&["", "timeout = \"4s\"", "patience = \"exponential(2s)\"", "timeout = \"9s\"\npatience = \"3s\""]),
        one_of(&["", "failure = 0.2"]),
        one_of(&[
            "",
            "retry = { attempts = 3, backoff = \"500ms\", jitter = true }",
            "retry = { attempts = 4, fresh_work = true }",
        ]),
    )
        .prop_map(|(leaves, fails, retries)| format!("{leaves}\n{fails}\n{retries}\n"))
}

/// A whole world.
fn world() -> impl Strategy<Value = String> {
    (
        machines(),
        by_demand(),
        (caller(), caller()),
        one_of(&[
            "",
            "steps = [{ calls = [\"api\", \"api\"] }]",
            "steps = [{ calls = [\"api\", \"api\"], answers = 1 }, { calls = [\"api\"] }]",
        ]),
        one_of(&[
            "kind = \"poisson\"\nrate = \"0.8/s\"",
            "kind = \"closed\"\nclients = 4\nthink = \"exponential(3s)\"",
            "kind = \"mmpp\"\nrates = [\"3/s\", \"0/s\"]\nstays = [\"20s\", \"60s\"]",
            "kind = \"renewal\"\ngap = \"1500ms\"",
        ]),
        one_of(&["", "[[reservations]]\ntype = \"m\"\ncount = 2\nhourly = \"0.2 USD/h\"\nupfront = \"10 USD\"\n"]),
        one_of(&["", "[nodes.here]\nmemory = \"6GiB\"\n", "[nodes.here]\n[accounts.default]\nconcurrency = 2\n"]),
        0u64..1_000_000,
    )
        .prop_map(|(machines, demand, (web, api), steps, source, reserved, place, seed)| {
            format!(
                "seed = {seed}\nhorizon = \"70min\"\nprices = \"prices.toml\"\nwarm_up = \"5min\"\nslo = \"2s\"\n\
                 [functions.web]\nwork = \"exponential(900ms)\"\nresponse = \"20kB\"\n{web}{steps}\n\
                 [functions.api]\nwork = \"uniform(100ms, 700ms)\"\nmemory = \"1GiB\"\npayload = \"exponential(4kB)\"\n{api}\n\
                 [sources.visitors]\n{source}\nfunction = \"web\"\n\
                 [sources.robots]\nkind = \"poisson\"\nrate = \"0.3/s\"\nfunction = \"api\"\n\
                 {machines}{demand}{reserved}{place}"
            )
        })
}

/// The fleet breathes while the run goes on.
const SCRIPT: &[(u64, &str, u32)] =
    &[(300, "machines", 4), (1200, "machines", 1), (2000, "machines", 0), (2600, "machines", 3)];

/// Each root and each call ends exactly once, and the log has a row for each.
pub fn conserved(played: &Played) {
    let roots = played.rows.iter().filter(|row| row.call == 0).count() as u64;
    assert_eq!(played.summary.roots.arrived, roots);
    assert_eq!(played.summary.calls.arrived, played.rows.len() as u64);
    let mut names: Vec<(u64, u32)> = played.rows.iter().map(|row| (row.number, row.call)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), played.rows.len(), "no call ends twice");
    assert_eq!(played.world.in_flight(), 0);
    assert!(played.rows.windows(2).all(|pair| pair[0].at_ns <= pair[1].at_ns), "rows come in order of their end");
}

/// Phases sum to the response, and nothing ends before it began.
pub fn timed(played: &Played) {
    for row in &played.rows {
        let phases = row.phases;
        let sum = [phases.network, phases.queue, phases.cold_start, phases.service, phases.calls, phases.retries];
        assert_eq!(sum.iter().map(|span| span.as_nanos()).sum::<u64>(), phases.response.as_nanos(), "{row:?}");
        assert_eq!(row.arrival_ns + phases.response.as_nanos(), row.at_ns, "{row:?}");
        // A chain has no work of its own, nor has a request that copies race for.
        let is_chain = played.world.chains.iter().any(|chain| chain.function.index() == row.function);
        let has_work = !is_chain && !row.is_race;
        let has_begun = row.begun_ns.is_some_and(|begun| begun <= row.at_ns);
        assert!(!has_work || row.outcome != Outcome::Served || has_begun, "{row:?}");
    }
}

/// What integrals say of a whole run is what the log says: instances alive are the lengths of their lives, and, where
/// nobody asks twice, requests on instances are the times of service (Little's law, with both sides measured apart).
fn integrals_agree_with_the_log(played: &Played) {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
    for (index, pool) in played.summary.pools.iter().enumerate() {
        let lives = played.departures.iter().filter(|gone| gone.pool.index() == index);
        let alive: f64 = lives.map(|gone| gone.gone.since(gone.launched).as_secs_f64()).sum();
        assert!(close(alive, pool.alive_s), "{}: lives of {alive} s, an integral of {}", pool.name, pool.alive_s);
        if played.summary.retries == 0 {
            let here = played.rows.iter().filter(|row| row.pool == Some(index));
            let served: f64 = here.map(|row| row.phases.service.as_secs_f64()).sum();
            assert!(close(served, pool.busy_s), "{}: service of {served} s, an integral of {}", pool.name, pool.busy_s);
        }
    }
}

/// Direct, held and idle sum to the bill; machines cost their metered time at their price; functions their requests.
fn paid(played: &Played) {
    let summary = &played.summary;
    assert_eq!(summary.direct_pico + summary.held_pico + summary.idle_pico, summary.bill_pico);
    let charged: i128 = played.rows.iter().map(|row| i128::from(row.direct_pico) + i128::from(row.held_pico)).sum();
    assert_eq!(charged, summary.direct_pico + summary.held_pico);
    let booked = |pool: usize, item: Item| -> i128 {
        let of = Resource::Pool(PoolId::from_index(pool));
        played
            .world
            .books
            .lines()
            .filter(|((_, r, i, _), _)| (*r, *i) == (of, item))
            .map(|(_, booked)| booked.pico)
            .sum()
    };
    let reserved =
        played.world.books.lines().any(|((_, resource, ..), _)| matches!(resource, Resource::Reservation(_)));
    for (index, pool) in played.world.pools.iter().enumerate() {
        match &pool.spec.charge {
            Charge::Held { price, minimum, quantum, .. } => {
                let lives: Vec<_> = played.departures.iter().filter(|gone| gone.pool.index() == index).collect();
                let metered: i128 = lives
                    .iter()
                    .map(|gone| gone.gone.since(gone.launched).round_up_to(*quantum).max(*minimum))
                    .map(|billed| i128::from(price.cost(billed)))
                    .sum();
                let billed = booked(index, Item::Instances);
                // Each reading of an account is rounded down: two for each life.
                let rounding = 2 * lives.len() as i128;
                assert!(billed <= metered, "{}: {billed} of {metered}", pool.spec.name);
                assert!(reserved || metered - billed <= rounding, "{}: {billed} of {metered}", pool.spec.name);
            }
            Charge::PerUse { price, memory_mib, bills_cold_start } => {
                let requests = booked(index, Item::Requests);
                let begun = i128::from(pool.counts.begun) * i128::from(price.per_request);
                assert_eq!(requests, begun, "every request that began is paid once");
                let provisioned = booked(index, Item::Provisioned) > 0;
                if summary.retries == 0 && !provisioned {
                    let here = played.rows.iter().filter(|row| row.pool == Some(index) && row.begun_ns.is_some());
                    let metered = here.map(|row| {
                        let start = if *bills_cold_start { row.phases.cold_start } else { Span::ZERO };
                        i128::from(price.cost(row.phases.service + start, *memory_mib, false))
                    });
                    assert_eq!(metered.sum::<i128>(), requests + booked(index, Item::Duration));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_world_keeps_its_books(text in world()) {
        let played = play_scripted(&text, SCRIPT);
        conserved(&played);
        timed(&played);
        integrals_agree_with_the_log(&played);
        paid(&played);
    }

    #[test]
    fn the_same_seed_takes_the_same_way(text in world()) {
        let setup = setup(&text);
        let [first, again] = [(); 2].map(|()| play_setup(&setup, SCRIPT).summary);
        prop_assert_eq!(&first.digest, &again.digest);
        prop_assert_eq!(format!("{first:?}"), format!("{again:?}"));
        let mut other = setup.clone();
        other.replication = 1;
        let replicated = play_setup(&other, SCRIPT).summary;
        prop_assert_ne!(first.digest, replicated.digest);
        prop_assert_ne!(first.offered_digest, replicated.offered_digest);
    }

    #[test]
    fn more_servers_never_make_a_request_wait_longer(
        servers in 1u32..6,
        more in 1u32..4,
        work in one_of(&["exponential(1s)", "1s", "lognormal(1s, cv 2)", "hyperexponential(0.9, 500ms, 5500ms)"]),
        rate in 0.2f64..4.0,
        seed in 0u64..1_000_000,
    ) {
        let waits = |size: u32| {
            let played = play_scripted(&format!(
                "seed = {seed}\n[functions.f]\nwork = \"{work}\"\n\
                 [sources.s]\nkind = \"poisson\"\nrate = \"{rate}/s\"\nrequests = 2000\n\
                 [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 1\nsize = {size}\n"), &[]);
            let mut waits: Vec<_> = played.rows.iter().map(|row| (row.number, row.phases.queue)).collect();
            waits.sort_unstable();
            waits
        };
        for (few, many) in waits(servers).into_iter().zip(waits(servers + more)) {
            prop_assert!(many.1 <= few.1, "request {} waits {} with more servers and {} with fewer", few.0, many.1, few.1);
        }
    }
}
