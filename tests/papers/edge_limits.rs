//! Limits of brokers in runs: threads, connections and the time to forward (Cicconetti, Conti, Passarella, IEEE TNSM 2020, and the
//! options of the reference code's brokers), by hand and against the theory of queues.

use stratosim::engine::time::Span;
use stratosim::model::request::Outcome;
use stratosim::solve::queueing::ErlangC;

use crate::edge_stage::{Call, mean_s, run, try_run, written};

/// A client, a broker and a computer in a row, a second from one to the next. Every call keeps a core for ten seconds; there are
/// enough of them. `calls`: a name, a function and the second of asking; `hasty` gives up after five seconds.
fn row(parameters: &str, calls: &[(&str, &str, u64)]) -> String {
    let source = |(name, function, at): &(&str, &str, u64)| {
        format!(
            "[sources.{name}]\nkind = \"renewal\"\ngap = \"{at}s\"\nrequests = 1\nfunction = \"{function}\"\nat = \"client\"\n\
             payload = \"0B\"\n"
        )
    };
    let sources: String = calls.iter().map(source).collect();
    format!(
        r#"
strategies = ["edge-router"]
[strategy.edge-router]
brokers = ["broker"]
policy = "least-impedance"
optimizer = "async"
{parameters}
[nodes.client]
[nodes.broker]
[nodes.host]
[[links]]
from = "client"
to = "broker"
latency = "1s"
[[links]]
from = "broker"
to = "host"
latency = "1s"
[functions.calm]
work = "1s"
[functions.hasty]
work = "1s"
timeout = "5s"
[pools.computer]
kind = "computer"
node = "host"
processors.cpu = {{ speed = "1 Gops/s", cores = 100, memory = "1GiB" }}
containers.calm = {{ workers = 100, ops_per_byte = 0, ops_offset = 1e10 }}
containers.hasty = {{ workers = 100, ops_per_byte = 0, ops_offset = 1e10 }}
[[probe]]
at = "100s"
entity = "broker"
{sources}"#
    )
}

/// Each call as `a 14 = 4 network + 0 queue`, by name, in whole seconds, with what it came to where it was not served.
fn told(calls: &[Call]) -> Vec<String> {
    let mut calls: Vec<&Call> = calls.iter().collect();
    calls.sort_by_key(|call| &call.source);
    let seconds = |span: Span| {
        assert_eq!(span.as_nanos() % 1_000_000_000, 0, "by hand are whole seconds");
        span.as_nanos() / 1_000_000_000
    };
    let line = |call: &&Call| {
        let (network, queue) = (seconds(call.phases.network), seconds(call.phases.queue));
        assert!(call.phases.calls.is_zero(), "nobody calls anybody: {call:?}");
        let came_to = if call.outcome == Outcome::Served { "" } else { call.outcome.name() };
        format!("{} {} = {network} network + {queue} queue {came_to}", call.source, seconds(call.response))
            .trim()
            .to_owned()
    };
    calls.iter().map(line).collect()
}

/// The calls of a row, and the weight in the broker's table for fresh calls of `calm` afterwards: the last delay that it measured.
fn timed(parameters: &str, calls: &[(&str, &str, u64)]) -> (Vec<String>, String) {
    let (_folder, opened) = written(&row(parameters, calls));
    let run = try_run(&opened, "edge-router").unwrap_or_else(|stop| panic!("{stop}"));
    let [tables] = &run.probes[..] else { panic!("one probe") };
    let weight = tables.lines().find(|line| line.starts_with("calm")).expect("the broker knows calm");
    let weight = weight.split(['[', ']']).nth(1).expect("a weight stands in brackets").trim().to_owned();
    (told(&run.calls), weight)
}

const TWO: [(&str, &str, u64); 2] = [("a", "calm", 1), ("b", "calm", 1)];

/// Without limits both calls take 14 s, 12 of them beyond the broker.
#[test]
fn a_broker_without_limits_lets_everybody_through() {
    let (calls, weight) = timed("", &TWO);
    assert_eq!(calls, ["a 14 = 4 network + 0 queue", "b 14 = 4 network + 0 queue"]);
    assert_eq!(weight, "12");
}

/// The second call waits for the only connection from 2 to 14, and the broker takes the wait for a part of the delay.
#[test]
fn the_wait_for_a_connection_is_measured() {
    let (calls, weight) = timed("connections = 1", &TWO);
    assert_eq!(calls, ["a 14 = 4 network + 0 queue", "b 26 = 4 network + 12 queue"]);
    assert_eq!(weight, "24");
}

/// The second call waits in front of the broker just as long, and the broker does not know.
#[test]
fn the_wait_for_a_thread_is_not_measured() {
    let (calls, weight) = timed("threads = 1", &TWO);
    assert_eq!(calls, ["a 14 = 4 network + 0 queue", "b 26 = 4 network + 12 queue"]);
    assert_eq!(weight, "12");
}

/// Three seconds inside the broker before the call leaves are time on the way, unknown to the broker, and keep its thread.
#[test]
fn the_time_to_forward_comes_before_what_is_measured() {
    let (calls, weight) = timed("forward_time = \"3s\"\nthreads = 1\nconnections = 1", &TWO);
    assert_eq!(calls, ["a 17 = 7 network + 0 queue", "b 32 = 7 network + 15 queue"]);
    assert_eq!(weight, "12");
}

/// Drawn anew for each call, between the two ends.
#[test]
fn the_time_to_forward_is_drawn() {
    let calls: Vec<(String, u64)> = (0..40).map(|n| (format!("s{n:02}"), 1 + n)).collect();
    let calls: Vec<(&str, &str, u64)> = calls.iter().map(|(name, at)| (name.as_str(), "calm", *at)).collect();
    let (_folder, opened) = written(&row("forward_time = \"uniform(2s, 6s)\"", &calls));
    let (_, calls) = run(&opened, "edge-router");
    let mut extra: Vec<f64> = calls.iter().map(|call| call.response.as_secs_f64() - 14.0).collect();
    extra.sort_by(f64::total_cmp);
    assert!(extra[0] >= 2.0 && extra[39] < 6.0, "{extra:?}");
    assert!(extra[0] < 2.8 && extra[39] > 5.2 && extra.windows(2).all(|pair| pair[0] < pair[1]), "{extra:?}");
}

/// A caller that gives up in a line leaves it: b asked before c and would have had the connection at 14, but left at 7. The other
/// places in the line stay as they are.
#[test]
fn a_caller_that_gives_up_leaves_the_line() {
    let calls = [("a", "calm", 1), ("b", "hasty", 2), ("c", "calm", 3)];
    for limit in ["connections = 1", "threads = 1", "threads = 2\nconnections = 1"] {
        let (calls, _) = timed(limit, &calls);
        let [a, b, c] = &calls[..] else { panic!("three calls: {calls:?}") };
        assert_eq!(a, "a 14 = 4 network + 0 queue", "{limit}");
        assert_eq!(b, "b 5 = 1 network + 4 queue timed-out", "{limit}");
        assert_eq!(c, "c 24 = 4 network + 10 queue", "{limit}");
    }
}

/// A caller that gives up while its call is under way gives back thread and connection: a leaves at 6, and b, which is at the
/// broker since 3, goes on.
#[test]
fn a_caller_that_gives_up_gives_back_its_places() {
    for limit in ["connections = 1", "threads = 1", "threads = 1\nconnections = 1", "faithful = true\nconnections = 1"]
    {
        let (calls, _) = timed(limit, &[("a", "hasty", 1), ("b", "calm", 2)]);
        assert_eq!(calls[1], "b 17 = 4 network + 3 queue", "{limit}");
        assert!(calls[0].ends_with("timed-out"), "{limit}: {calls:?}");
    }
}

/// Two of three calls find a place; the third has its turn when the first answer is back, in the order of coming.
#[test]
fn a_line_is_served_in_the_order_of_coming() {
    let calls = [("a", "calm", 1), ("b", "calm", 4), ("c", "calm", 6), ("d", "calm", 7)];
    for limit in ["connections = 2", "threads = 2"] {
        let (calls, _) = timed(limit, &calls);
        let wanted = [
            "a 14 = 4 network + 0 queue",
            "b 14 = 4 network + 0 queue",
            "c 21 = 4 network + 7 queue",
            "d 23 = 4 network + 9 queue",
        ];
        assert_eq!(calls, wanted, "{limit}");
    }
}

/// A client that the balanced controller sent to a computer crosses no broker; one hop less than over a broker.
#[test]
fn a_client_that_calls_for_itself_crosses_no_broker() {
    let with = |parameters: &str| {
        let text = row("", &TWO).replace("brokers = [\"broker\"]", parameters);
        let (_folder, opened) = written(&text);
        run(&opened, "edge-router").1.iter().map(|call| call.routed).collect::<Vec<_>>()
    };
    assert_eq!(with("controller = \"balanced\""), [0, 0]);
    assert_eq!(with("brokers = [\"broker\"]"), [1, 1]);
}

/// A computer too small for the first call, which is announced again a second after it failed.
fn too_small(parameters: &str, more: &str) -> String {
    row(&format!("{parameters}\nreadmit = \"1s\""), &[("a", "calm", 1), ("b", "hasty", 20), ("c", "calm", 30)])
        .replace("ops_per_byte = 0", "ops_per_byte = 0, memory_per_byte = 1e9")
        .replacen("payload = \"0B\"", "payload = \"1kB\"", 1)
        .replace("ops_offset = 1e10", "ops_offset = 1e9")
        + more
}

/// In the original the connection of a call that failed never comes back (Q1): with one of them, a computer that is announced
/// again is chosen and never reached. Ours comes back.
#[test]
fn the_connection_of_a_call_that_failed_is_lost_in_the_original() {
    let (_folder, opened) = written(&too_small("connections = 1", ""));
    let (_, calls) = run(&opened, "edge-router");
    let outcome =
        |calls: &[Call], source: &str| calls.iter().find(|call| call.source == source).expect("asked").outcome;
    assert_eq!(
        ["a", "b", "c"].map(|source| outcome(&calls, source)),
        [Outcome::Refused, Outcome::Served, Outcome::Served]
    );
    // c has no time-out and would wait for ever.
    let text = too_small("connections = 1\nfaithful = true", "[limits]\ndrain = \"10min\"\n");
    // With a horizon and without one, although the computer reports every second.
    for horizon in ["horizon = \"1min\"\n", ""] {
        let (_folder, opened) = written(&format!("{horizon}{text}"));
        let stop = try_run(&opened, "edge-router").err().expect("c never ends").to_string();
        assert!(stop.contains("1 requests are still in flight 600s (limits.drain)"), "{stop}");
        assert!(stop.contains("1 stand in line at brokers"), "{stop}");
    }
    // Two connections outlast one failure.
    let (_folder, opened) = written(&too_small("connections = 2\nfaithful = true", ""));
    let (_, calls) = run(&opened, "edge-router");
    assert_eq!(outcome(&calls, "c"), Outcome::Served);
}

/// A call that fails at one computer is sent to another within the same thread: with one of them nobody else comes in between,
/// and the delay that is measured is that of the computer which served.
#[test]
fn a_retry_inside_a_broker_keeps_its_thread() {
    let second = "[pools.later]\nkind = \"computer\"\nnode = \"host\"\n\
                  processors.cpu = { speed = \"1 Gops/s\", cores = 100, memory = \"1TiB\" }\n\
                  containers.calm = { workers = 100, ops_per_byte = 0, memory_per_byte = 1e9, ops_offset = 1e9 }\n";
    let text = row("threads = 1\nconnections = 1", &[("a", "calm", 1), ("b", "calm", 1)])
        .replace("ops_per_byte = 0", "ops_per_byte = 0, memory_per_byte = 1e9")
        .replacen("payload = \"0B\"", "payload = \"100B\"", 1);
    let (_folder, opened) = written(&(text + second));
    let (_, calls) = run(&opened, "edge-router");
    // a: at the small one from 3, back at 4, at the other from 5 for 1 s, back at 7; then b goes there.
    assert_eq!(told(&calls), ["a 7 = 6 network + 0 queue", "b 10 = 4 network + 5 queue"]);
    assert!(calls.iter().all(|call| call.pool.as_deref() == Some("later") && call.routed == 1));
}

/// Every dry run of a call uses its thread: with one thread the dry runs of two calls follow one another, with two they go side by
/// side.
#[test]
fn a_dry_run_uses_the_thread_of_its_call() {
    let with = |threads: u32| {
        let text = row("", &TWO).replace("edge-router", "edge-dispatcher").replace(
            "policy = \"least-impedance\"\noptimizer = \"async\"",
            &format!("predictor = \"probe\"\nthreads = {threads}"),
        );
        let (_folder, opened) = written(&text);
        told(&run(&opened, "edge-dispatcher").1)
    };
    // There and back for the dry run, then as without.
    assert_eq!(with(2), ["a 16 = 6 network + 0 queue", "b 16 = 6 network + 0 queue"]);
    assert_eq!(with(1), ["a 16 = 6 network + 0 queue", "b 30 = 6 network + 14 queue"]);
}

/// A call that crosses two brokers uses a thread of each; the second one's line is part of what the first one measures.
#[test]
fn a_call_over_two_brokers_has_a_place_at_each() {
    let with = |brokers: &str| {
        row("controller = \"hierarchical\"\nthreads = 1", &TWO).replace("brokers = [\"broker\"]", brokers)
    };
    let calls = |text: &str| {
        let (_folder, opened) = written(text);
        let calls = run(&opened, "edge-router").1;
        assert!(calls.iter().all(|call| call.routed == 2), "{calls:?}");
        told(&calls)
    };
    // The first broker stands with the clients, so b waits there until a is back.
    let one = with("brokers = [\"client\", \"host\"]");
    assert_eq!(calls(&one), ["a 14 = 4 network + 0 queue", "b 28 = 4 network + 14 queue"]);
    // From a place of its own b comes to the second broker with a, at 3, and waits there until the answer leaves it at 13.
    let other = with("brokers = [\"client\", \"other\", \"host\"]");
    let (head, tail) = other.rsplit_once("at = \"client\"").expect("b is somewhere");
    let link = "[nodes.other]\n[[links]]\nfrom = \"other\"\nto = \"broker\"\nlatency = \"1s\"\n";
    let apart = format!("{head}at = \"other\"{tail}{link}");
    assert_eq!(calls(&apart), ["a 14 = 4 network + 0 queue", "b 24 = 4 network + 10 queue"]);
}

/// Two homes with one thread each, whose clients call what is at the other one: each call keeps the thread that the other one waits
/// for. `asked`: name, function, place and second.
fn crossed(timeout: &str, asked: &[(&str, &str, &str, u64)]) -> String {
    let mut text = r#"
strategies = ["edge-router"]
horizon = "1min"
limits = { drain = "10min" }
[strategy.edge-router]
controller = "hierarchical"
optimizer = "none"
threads = 1
[nodes.left]
[nodes.right]
[[links]]
from = "left"
to = "right"
latency = "1s"
"#
    .to_owned();
    for (node, function) in [("left", "fleft"), ("right", "fright")] {
        text += &format!("[functions.{function}]\nwork = \"1s\"\n{timeout}\n[pools.at-{node}]\nkind = \"computer\"\n");
        text +=
            &format!("node = \"{node}\"\nprocessors.cpu = {{ speed = \"1 Gops/s\", cores = 9, memory = \"1GiB\" }}\n");
        text += &format!("containers.{function} = {{ workers = 9, ops_per_byte = 0, ops_offset = 1e9 }}\n");
    }
    for (name, function, at, second) in asked {
        text += &format!("[sources.{name}]\nkind = \"renewal\"\ngap = \"{second}s\"\nrequests = 1\n");
        text += &format!("function = \"{function}\"\nat = \"{at}\"\npayload = \"0B\"\n");
    }
    text
}

/// Brokers that wait for one another's threads move again when callers give up, and the run says where its calls stand when they
/// never do. Both callers give up at the same instant: the first one's thread goes to the second, which gives it back at once.
#[test]
fn brokers_that_wait_for_one_another_need_callers_that_give_up() {
    let asked = [("a", "fright", "left", 1), ("b", "fleft", "right", 1), ("c", "fright", "left", 20)];
    let (_folder, opened) = written(&crossed("timeout = \"5s\"", &asked));
    let (_, calls) = run(&opened, "edge-router");
    assert_eq!(
        told(&calls),
        ["a 5 = 1 network + 4 queue timed-out", "b 5 = 1 network + 4 queue timed-out", "c 3 = 2 network + 0 queue"]
    );
    let (_folder, opened) = written(&crossed("", &asked[..2]));
    let stop = try_run(&opened, "edge-router").err().expect("nobody moves").to_string();
    assert!(stop.contains("2 requests are still in flight") && stop.contains("; 2 stand in line at brokers"), "{stop}");
    // One after the other they are served.
    let (_folder, opened) = written(&crossed("", &[("a", "fright", "left", 1), ("b", "fleft", "right", 5)]));
    assert_eq!(told(&run(&opened, "edge-router").1), ["a 3 = 2 network + 0 queue", "b 3 = 2 network + 0 queue"]);
}

/// Where computers call the next step of a chain, a broker's work is over when a computer has accepted: the only thread and the
/// only connection are free again at once, though the first step computes for ten seconds.
#[test]
fn what_a_computer_has_accepted_keeps_no_place() {
    let chain = |policy: &str| {
        let text = row("threads = 1\nconnections = 1", &[("a", "sample", 1), ("b", "sample", 2)]);
        let (_folder, opened) = written(&format!("{text}[chains.sample]\nsteps = [\"calm\"]\npolicy = \"{policy}\"\n"));
        let roots = run(&opened, "edge-router").1.into_iter().filter(|call| call.root);
        roots.map(|call| call.response.as_secs_f64()).collect::<Vec<_>>()
    };
    // a at the computer from 3, where it is accepted; b is at the broker at 3 and leaves then.
    assert_eq!(chain("hop-by-hop"), [14.0, 14.0]);
    // The client's call keeps them until its answer is back at 14.
    assert_eq!(chain("client"), [14.0, 25.0]);
}

/// Nodes that are one place, Poisson calls of exponential work, and something with three places.
fn crowd(what: &str) -> String {
    format!(
        r#"
strategies = ["here"]
{what}
[functions.f]
work = "exponential(1s)"
[sources.s]
kind = "poisson"
rate = "2.4/s"
requests = 400000
"#
    )
}

const ENDLESS: &str = "[pools.p]\nkind = \"computer\"\nprocessors.cpu = { speed = \"1 Gops/s\", cores = 100000, memory = \"100TiB\" }\n\
                       containers.f = { workers = 100000, ops_per_work = 1e9 }\n";

/// M connections to a computer without an end of cores are M servers, and so are M threads of a broker: every call waits as long as
/// in a fleet of M machines. The mean is that of Erlang's formula within 8 % (means of
/// 60,000 calls at this load had a deviation of 7 % over nine seeds, so those of 400,000 have 2.7 %).
#[test]
fn connections_and_threads_are_servers() {
    let waits = |what: &str| {
        let (_folder, opened) = written(&crowd(what));
        let (summary, mut calls) = run(&opened, "here");
        // The work of a computer is rounded to whole operations.
        calls.sort_by_key(|call| call.at.as_nanos() - call.response.as_nanos());
        let waits: Vec<f64> = calls.iter().map(|call| call.phases.queue.as_secs_f64()).collect();
        (waits, mean_s(&summary))
    };
    let broker =
        |limit: &str| format!("[strategy.here]\nuse = \"edge-router\"\noptimizer = \"none\"\n{limit} = 3\n{ENDLESS}");
    let fleet = "[strategy.here]\nuse = \"max\"\n[pools.p]\nkind = \"vm\"\ntype = \"m4.large\"\nslots = 1\nsize = 3\nqueue = \"central\"\n";
    let machines = waits(fleet);
    let theory = ErlangC::new(2.4, 1.0, 3).expect("three servers keep up");
    for limit in ["connections", "threads"] {
        let (found, mean) = waits(&broker(limit));
        assert_eq!(found.len(), machines.0.len());
        let apart = found.iter().zip(&machines.0).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-4, "{limit}: a wait differs by {apart} s");
        let wait = found.iter().sum::<f64>() / found.len() as f64;
        println!("{limit}: mean wait {wait} s, by Erlang {} s; mean response {mean} s", theory.mean_wait());
        assert!((wait / theory.mean_wait() - 1.0).abs() < 0.08, "{limit}: {wait} against {}", theory.mean_wait());
    }
}
