//! Uncoordinated access in runs (Cicconetti, Conti, Passarella, Computer Networks 2020): clients that race for the quickest of the
//! computers that they know.

use stratosim::model::request::Outcome;

use crate::edge_stage::{Call, mean_s, run, written};

/// A client that would like to ask every second, a computer three seconds away and one a second away, two seconds of work.
fn two_ways(persistence: f64, requests: u32, function: &str) -> String {
    let computer = |name: &str| {
        format!(
            "[pools.{name}]\nkind = \"computer\"\nnode = \"{name}\"\n\
             processors.cpu = {{ speed = \"1 Gops/s\", cores = 9, memory = \"1GiB\" }}\n\
             containers.f = {{ workers = 9, ops_per_byte = 0, ops_offset = 2e9, memory_per_byte = 1e7 }}\n"
        )
    };
    format!(
        "strategies = [\"edge-router\"]\n[strategy.edge-router]\ncontroller = \"uncoordinated\"\npersistence = {persistence}\n\
         [nodes.client]\n[nodes.a-far]\n[nodes.b-near]\n\
         [[links]]\nfrom = \"client\"\nto = \"a-far\"\nlatency = \"3s\"\n\
         [[links]]\nfrom = \"client\"\nto = \"b-near\"\nlatency = \"1s\"\n\
         [functions.f]\nwork = \"1s\"\n{function}\n\
         [sources.s]\nkind = \"client\"\nfunction = \"f\"\ngap = \"1s\"\nrequests = {requests}\npayload = \"1B\"\nat = \"client\"\n{}{}",
        computer("a-far"),
        computer("b-near")
    )
}

/// When each request was answered and after how long, in seconds.
fn answers(calls: &[Call]) -> Vec<(f64, f64)> {
    let roots = calls.iter().filter(|call| call.root);
    roots.map(|call| (call.at.as_secs_f64(), call.response.as_secs_f64())).collect()
}

/// The computers of the copies, in the order of their answers.
fn reached(calls: &[Call]) -> Vec<&str> {
    calls.iter().filter_map(|call| call.pool.as_deref()).collect()
}

/// Always both: the near one answers after 4 s, and the client asks again when the far one has answered as well, after 8 s.
#[test]
fn the_first_answer_counts_and_the_next_request_waits_for_all() {
    let (_folder, opened) = written(&two_ways(1.0, 3, ""));
    let (summary, calls) = run(&opened, "edge-router");
    assert_eq!(answers(&calls), [(5.0, 4.0), (13.0, 4.0), (21.0, 4.0)]);
    assert_eq!(reached(&calls), ["b-near", "a-far", "b-near", "a-far", "b-near", "a-far"]);
    assert_eq!(summary.roots.of(Outcome::Served), 3);
    assert_eq!((summary.calls.arrived, summary.calls.of(Outcome::Served)), (9, 9));
    assert!(calls.iter().all(|call| call.routed == 0), "no broker is crossed");
}

/// Never another one: the first in order of names stays primary, however far it is.
#[test]
fn without_persistence_the_primary_computer_stays() {
    let (_folder, opened) = written(&two_ways(0.0, 3, ""));
    let (_, calls) = run(&opened, "edge-router");
    assert_eq!(answers(&calls), [(9.0, 8.0), (17.0, 8.0), (25.0, 8.0)]);
    assert_eq!(reached(&calls), ["a-far"; 3]);
}

/// Now and then: once the near computer has won a race it is in every request, and the far one in as many as the persistence says,
/// within four standard deviations of 400 draws.
#[test]
fn the_winner_of_a_race_is_primary_from_then_on() {
    let mut alone = 0;
    for seed in 1..=4 {
        let (_folder, opened) = written(&format!("seed = {seed}\n{}", two_ways(0.2, 400, "")));
        let (_, calls) = run(&opened, "edge-router");
        let responses: Vec<f64> = answers(&calls).into_iter().map(|(_, response)| response).collect();
        let won = responses.iter().position(|&response| response == 4.0).expect("the near one is tried");
        assert!(responses[..won].iter().all(|&response| response == 8.0), "{responses:?}");
        assert!(responses[won..].iter().all(|&response| response == 4.0), "{responses:?}");
        let far = reached(&calls).iter().filter(|&&pool| pool == "a-far").count() - won;
        let expected = 0.2 * (400 - won) as f64;
        assert!((far as f64 - expected).abs() < 4.0 * (expected * 0.8).sqrt(), "{far} races, expected {expected}");
        alone += won;
    }
    assert!(alone > 0, "the far one was alone at first");
}

/// A copy that fails loses, and only when all have failed does the request; it is then the request that asks again. Of a byte a call
/// takes 10 MB of memory; the near computer has room for none.
#[test]
fn a_copy_that_fails_loses_the_race() {
    let small = |text: String, name: &str| {
        let (before, after) = text.split_once(&format!("[pools.{name}]")).expect("the pool is there");
        format!("{before}[pools.{name}]{}", after.replacen("memory = \"1GiB\"", "memory = \"1MB\"", 1))
    };
    let (_folder, opened) = written(&small(two_ways(1.0, 2, ""), "b-near"));
    let (summary, calls) = run(&opened, "edge-router");
    assert_eq!(answers(&calls), [(9.0, 8.0), (17.0, 8.0)]);
    assert_eq!(summary.roots.of(Outcome::Served), 2);
    let both = |function: &str| small(small(two_ways(1.0, 1, function), "b-near"), "a-far");
    let (_folder, opened) = written(&both(""));
    let (summary, _) = run(&opened, "edge-router");
    assert_eq!((summary.roots.of(Outcome::Refused), summary.calls.arrived), (1, 3));
    // Three attempts of two copies each, and the request that waits for them.
    let failing = two_ways(1.0, 1, "failure = 1\nretry = { attempts = 3, backoff = \"1s\" }");
    let (_folder, opened) = written(&failing);
    let (summary, _) = run(&opened, "edge-router");
    assert_eq!((summary.roots.of(Outcome::Failed), summary.calls.arrived, summary.retries), (1, 7, 2));
    // And asking again helps where chance decides.
    let unlucky = two_ways(1.0, 40, "failure = 0.5\nretry = { attempts = 20, backoff = \"1s\" }");
    let (_folder, opened) = written(&unlucky);
    let (summary, _) = run(&opened, "edge-router");
    assert_eq!(summary.roots.of(Outcome::Served), 40);
    assert!(summary.retries > 0, "a quarter of the races is lost by both");
}

/// Whose first copy to be served met a cold start has met one, and counts so in its hour.
#[test]
fn a_race_that_begins_cold_counts_as_one_cold_start_in_its_hour() {
    let pool = |name: &str| format!("[pools.{name}]\nkind = \"function\"\ncold_start = \"1s\"\nkeep_alive = \"1h\"\n");
    let text = format!(
        "strategies = [\"edge-router\"]\n[strategy.edge-router]\ncontroller = \"uncoordinated\"\npersistence = 1\n\
         [functions.f]\nwork = \"1s\"\n[sources.s]\nkind = \"renewal\"\ngap = \"10s\"\nrequests = 3\n{}{}",
        pool("a"),
        pool("b")
    );
    let (_folder, opened) = written(&text);
    let (summary, _) = run(&opened, "edge-router");
    assert_eq!(summary.cold_start.total().count(), 2, "both copies of the first request");
    assert_eq!(summary.hours[0].cold_starts, 1);
}

/// Computers that answer at the same instant: who was heard first is primary, and is who the client tells of.
#[test]
fn of_equal_answers_the_one_heard_first_wins() {
    let text = two_ways(1.0, 30, "").replace("latency = \"3s\"", "latency = \"1s\"");
    let (_folder, opened) = written(&text);
    let (_, calls) = run(&opened, "edge-router");
    let heard: Vec<&str> = reached(&calls);
    assert_eq!(heard.len(), 60);
    let sometimes = text.replace("persistence = 1", "persistence = 0.3");
    let (_folder, opened) = written(&sometimes);
    let (_, calls) = run(&opened, "edge-router");
    let (mut primary, mut copy, mut races) = ("a-far", "", 0);
    // The row of a request follows that of the copy that answers it.
    for call in &calls {
        match call.pool.as_deref() {
            Some(pool) if !call.root => copy = pool,
            Some(pool) => assert_eq!(pool, primary, "alone, the primary is called"),
            None => (primary, races) = (copy, races + 1),
        }
    }
    assert!(races > 0 && races < 30, "{races}");
}

/// A caller that gives up asks again when its copies are in; they end by themselves, at their own time-outs.
#[test]
fn a_caller_gives_up_on_a_race() {
    let (_folder, opened) = written(&two_ways(1.0, 2, "timeout = \"3s\""));
    let (summary, calls) = run(&opened, "edge-router");
    assert_eq!(summary.roots.of(Outcome::TimedOut), 2);
    assert_eq!(summary.calls.of(Outcome::TimedOut), 6);
    assert_eq!(answers(&calls), [(4.0, 3.0), (7.0, 3.0)]);
}

/// Computers that other clients keep busy: with two of them and the published persistence the spread of responses is smaller than
/// with one, at a little more computing.
#[test]
fn two_computers_give_less_jitter_than_one_in_a_run() {
    let spread = |persistence: f64, computers: usize| {
        let names = &["x", "y"][..computers];
        let pools: String = names
            .iter()
            .map(|name| {
                format!(
                    "[pools.{name}]\nkind = \"computer\"\n\
                     processors.cpu = {{ speed = \"1 Gops/s\", cores = 1, memory = \"100TiB\" }}\n\
                     containers.f = {{ workers = 10000, ops_per_work = 1e9 }}\n\
                     containers.g{name} = {{ workers = 10000, ops_per_work = 1e9 }}\n\
                     [functions.g{name}]\nwork = \"exponential(10ms)\"\n\
                     [sources.other-{name}]\nkind = \"poisson\"\nfunction = \"g{name}\"\nrate = \"60/s\"\n"
                )
            })
            .collect();
        let text = format!(
            "strategies = [\"edge-router\"]\nhorizon = \"600s\"\n[strategy.edge-router]\ncontroller = \"uncoordinated\"\n\
             persistence = {persistence}\n[functions.f]\nwork = \"10ms\"\n\
             [sources.s]\nkind = \"client\"\nfunction = \"f\"\ngap = \"200ms\"\n{pools}"
        );
        let (_folder, opened) = written(&text);
        let (summary, calls) = run(&opened, "edge-router");
        assert!(mean_s(&summary) > 0.0);
        let own: Vec<f64> = calls
            .iter()
            .filter(|call| call.root && call.source == "s")
            .map(|call| call.response.as_secs_f64())
            .collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        ((own.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / own.len() as f64).sqrt(), calls.len())
    };
    let (one, _) = spread(0.05, 1);
    for (persistence, most) in [(0.05, 1.0), (0.5, 0.9)] {
        let (two, _) = spread(persistence, 2);
        println!("persistence {persistence}: spread {:.3} of that with one computer", two / one);
        assert!(two < most * one, "persistence {persistence}: spread with two {two}, with one {one}");
    }
}
