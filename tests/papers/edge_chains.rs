//! Chains of functions with state in runs: what each policy sends over the links and how long that takes, next to the table of
//! execution policies of the analytic model (Puliafito et al., PerCom Workshops 2022) and the modes of the framework
//! (Cicconetti, Conti, Passarella, PMC 2022).

use stratosim::model::request::Outcome;

use crate::edge_stage::{mean_s, run, shipped};

/// A job of the sample chain f1, f2, f1 with an input of A = 10 kB, which is also what each function answers (N), on links that
/// cost nothing but their own time. States s0 to s3 have 10, 20, 30 and 40 kB; f1 needs s0 and s1, f2 needs s1 and s2.
///
/// For n kB a message takes 2 + 0.88 n ms between client and computer, 2 + 0.16 n between the computers, 31 + 0.24 n from a
/// computer to the cloud and 1 + 0.8 n from the client to the gateway; all but the last go over two links. Each of the three
/// calls computes for 10 ms.
#[test]
fn every_policy_takes_the_time_and_traffic_of_its_row() {
    let client = |kb: f64| 2.0 + 0.88 * kb;
    let between = |kb: f64| 2.0 + 0.16 * kb;
    let cloud = |kb: f64| 31.0 + 0.24 * kb;
    let gateway = |kb: f64| 1.0 + 0.8 * kb;
    // States that move: s0 and s1 from the client to the first computer, s1 from there and s2 from the client to the second,
    // s1 back to the first.
    let moving = client(10.0) + client(20.0) + between(20.0) + client(30.0) + between(20.0);
    let in_function = 6.0 * client(10.0);
    let in_client = 2.0 * (client(40.0) + client(60.0) + client(40.0));
    let local = client(10.0) + 2.0 * between(10.0) + client(10.0) + moving;
    let stored =
        |way: &dyn Fn(f64) -> f64| 2.0 * (way(10.0) + way(20.0) + way(20.0) + way(30.0) + way(10.0) + way(20.0));
    // Milliseconds beside computing, also added up by hand, and kB over each link.
    let rows = [
        ("pure-faas", 6.0 * client(110.0), 592.8, 1_320),
        ("state-propagate", 2.0 * client(110.0) + 2.0 * between(110.0), 236.8, 880),
        ("state-local", local, 98.0, 280),
        ("remote-hop-by-hop", local, 98.0, 280),
        ("remote-client", in_function + moving, 134.0, 320),
        ("hop-by-hop", 2.0 * client(70.0) + 2.0 * between(70.0), 153.6, 560),
        ("in-function", in_function, 64.8, 120),
        ("in-client", in_client, 258.4, 560),
        ("client", in_client, 258.4, 560),
        ("external", in_function + stored(&cloud), 489.6, 560),
        ("in-edge", in_function + stored(&gateway), 252.8, 340),
    ];
    for (policy, formula_ms, by_hand_ms, link_kb) in rows {
        assert!(
            (formula_ms - by_hand_ms).abs() < 1e-9,
            "{policy}: {formula_ms} ms by the formula, {by_hand_ms} by hand"
        );
        let set = format!("chains.sample.policy={policy}");
        let mut sets = vec!["sources.client.requests=1", "exchange={}", set.as_str()];
        if policy == "in-edge" {
            sets.push("chains.sample.store=gateway");
        }
        let (summary, calls) = run(&shipped("edge-chain", &sets), "edge-router");
        assert_eq!(summary.roots.of(Outcome::Served), 1, "{policy}");
        let found_ms = mean_s(&summary) * 1e3;
        // Every message is rounded to a nanosecond.
        assert!(
            (found_ms - (by_hand_ms + 30.0)).abs() < 1e-4,
            "{policy}: {found_ms} ms, by hand {}",
            by_hand_ms + 30.0
        );
        assert_eq!(summary.byte_hops, link_kb * 1000, "{policy}: bytes over links");
        assert_eq!(calls.iter().filter(|call| !call.root).count(), 3, "{policy}");
    }
}

/// `in-client` of the model is `client` of the framework, queues, brokers and all: the same calls at the same instants.
#[test]
fn in_client_is_the_client_of_the_framework() {
    let [of_the_model, of_the_framework] = ["in-client", "client"].map(|policy| {
        let set = format!("chains.sample.policy={policy}");
        // Jobs overlap: one takes 0.4 s, the next comes after 5 ms, and each keeps one of two workers of f1 for 20 ms.
        run(&shipped("edge-chain", &["sources.client.requests=30", "sources.client.gap=5ms", &set]), "edge-router")
    });
    assert!(of_the_model.1.iter().any(|call| !call.phases.queue.is_zero()), "calls have waited for computers");
    assert_eq!(of_the_model.1, of_the_framework.1);
    assert_eq!(of_the_model.0.digest, of_the_framework.0.digest);
}

/// The messages of the sample chain, without input: bytes of all calls of one run.
fn chain_bytes(policy: &str, sets: &[&str]) -> (u64, f64) {
    let set = format!("chains.sample.policy={policy}");
    let own = ["sources.client.payload=0B", "sources.client.requests=1", "exchange.overhead=0B", set.as_str()];
    let opened = shipped("edge-chain", &[&own, sets].concat());
    let (summary, _) = run(&opened, "edge-router");
    assert_eq!(summary.roots.of(Outcome::Served), 1, "{policy}");
    (summary.message_bytes, mean_s(&summary))
}

/// Hop by hop passes 60 kB of states at every step; the client sends and gets 30, 50 and 30 kB; remote states are 100 kB in all. With
/// a broker between client and computer every message of a call goes over two links.
#[test]
fn the_sample_chain_moves_its_states_in_a_run() {
    // Three calls over the gateway and the answer from the last computer to the client.
    assert_eq!(chain_bytes("hop-by-hop", &[]).0, 3 * 2 * 60_000 + 60_000);
    assert_eq!(chain_bytes("client", &[]).0, 2 * 2 * (30_000 + 50_000 + 30_000));
    assert_eq!(chain_bytes("remote-client", &[]).0, 100_000);
    assert_eq!(chain_bytes("remote-hop-by-hop", &[]).0, 100_000);
    assert_eq!(chain_bytes("in-function", &[]).0, 0);
    assert_eq!(chain_bytes("pure-faas", &[]).0, 3 * 2 * 2 * 100_000);
    // States go to the store and back: 30, 50 and 30 kB each way.
    assert_eq!(chain_bytes("external", &[]).0, 2 * 110_000);
    assert_eq!(chain_bytes("in-edge", &["chains.sample.store=gateway"]).0, 2 * 110_000);
}

/// Keeping states local never moves more than passing all along, which never moves more than going through the client; and it
/// gains most on slow links.
#[test]
fn local_states_win_most_on_slow_links() {
    let gain = |bandwidth: &str| {
        let link = |k: usize| format!("links[{k}].bandwidth={bandwidth}");
        let links = [link(0), link(1), link(2)];
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        let [local, propagate, pure] =
            ["state-local", "state-propagate", "pure-faas"].map(|policy| chain_bytes(policy, &links));
        assert!(local.0 <= propagate.0 && propagate.0 <= pure.0, "{local:?} {propagate:?} {pure:?}");
        assert!(local.1 < propagate.1 && propagate.1 < pure.1, "{local:?} {propagate:?} {pure:?}");
        propagate.1 / local.1
    };
    let [slow, middle, quick] = ["1Mbit/s", "10Mbit/s", "100Mbit/s"].map(gain);
    println!("passing states along takes {slow}, {middle} and {quick} times as long at 1, 10 and 100 Mbit/s");
    assert!(slow > middle && middle > quick, "{slow} {middle} {quick}");
}

/// A DAG: both branches run side by side, and the join runs once, when the later one is done.
#[test]
fn a_dag_joins_its_branches() {
    let sets = [
        "chains.sample.steps=[\"f1\",\"f2\",\"f1\",\"f2\"]",
        "chains.sample.next=[[1,2],[3],[3],[]]",
        "sources.client.requests=10",
    ];
    for policy in ["client", "hop-by-hop", "remote-client", "remote-hop-by-hop"] {
        let set = format!("chains.sample.policy={policy}");
        let opened = shipped("edge-chain", &[&sets[..], &[set.as_str()]].concat());
        let (summary, calls) = run(&opened, "edge-router");
        assert_eq!(summary.roots.of(Outcome::Served), 10, "{policy}");
        assert_eq!(calls.iter().filter(|call| !call.root).count(), 40, "{policy}: each step runs once");
    }
}
