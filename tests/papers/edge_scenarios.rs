//! Brokers and computers in the shipped scenarios: what the papers on Serverless on the Edge state, and that a run does to a
//! computer what the computer alone would do.

use stratosim::engine::time::{Instant, Span};
use stratosim::experiment::opened::open;
use stratosim::model::edge_computer::{Computer, ComputerType};
use stratosim::model::request::{Outcome, Phases};

use crate::edge_stage::{Call, mean_s, run, shipped, written};

const ONE_COMPUTER: &str = r#"
name = "one-computer"
strategies = ["edge-router"]
[functions.clambda0]
work = "1s"
[functions.glambda0]
work = "1s"
[sources.c]
kind = "poisson"
function = "clambda0"
rate = "30/s"
requests = 2000
payload = "uniform(1kB, 60kB)"
[sources.g]
kind = "poisson"
function = "glambda0"
rate = "8/s"
requests = 500
payload = "uniform(1kB, 20kB)"
[pools.raspberry]
kind = "computer"
type = "raspberry"
"#;

/// What a run does to a computer is what the state machine alone does with the same calls, to the nanosecond, waiting, memory and
/// processor sharing included.
#[test]
fn a_computer_in_a_run_is_the_computer_alone() {
    let (_folder, opened) = written(ONE_COMPUTER);
    let (_, mut calls) = run(&opened, "edge-router");
    assert_eq!(calls.len(), 2500);
    calls.sort_by_key(|call| call.offered);
    let mut computer = Computer::new(&ComputerType::raspberry(1, 1), false).expect("a sound computer");
    let functions = ["clambda0", "glambda0"].map(|name| computer.container(name).expect("a known function"));
    let mut done = Vec::new();
    let mut waited = 0;
    for (number, call) in calls.iter().enumerate() {
        let offered = call.offered.expect("it was offered");
        computer.advance(offered, &mut done);
        computer.offer(offered, number as u64, functions[call.function], call.bytes).expect("it fits");
    }
    computer.advance(Instant::ZERO + Span::from_secs(1_000_000), &mut done);
    assert_eq!(done.len(), calls.len());
    for done in &done {
        let call = &calls[done.call as usize];
        assert_eq!(call.ended, Some(done.finished), "call {}", done.call);
        waited += u32::from(done.started > done.offered);
    }
    assert!(waited > 100, "calls have waited for workers: {waited}");
}

/// Distributed prediction has a delay no worse than asking every computer for a dry run, and a small part of its traffic.
#[test]
fn prediction_is_as_quick_as_probing_with_far_less_traffic() {
    let opened = shipped("edge-ten-brokers", &["horizon=30s"]);
    let [util, probe] = ["util", "probe"].map(|label| run(&opened, label).0);
    let (util_s, probe_s) = (mean_s(&util), mean_s(&probe));
    println!(
        "mean response: util {util_s} s, probe {probe_s} s; bytes {} and {}",
        util.message_bytes, probe.message_bytes
    );
    assert!(util_s < 1.1 * probe_s, "{util_s} against {probe_s}");
    assert!(util.message_bytes * 5 < probe.message_bytes, "{} against {}", util.message_bytes, probe.message_bytes);
}

/// With a hierarchy a call crosses one broker or two, and both happen.
#[test]
fn a_call_crosses_at_most_two_brokers_in_a_run() {
    let opened = shipped("edge-ten-brokers", &["horizon=20s"]);
    let (_, calls) = run(&opened, "rr-hierarchical");
    let crossed = |n: u8| calls.iter().filter(|call| call.routed == n).count();
    assert!(crossed(1) > 0 && crossed(2) > 0, "one {}, two {}", crossed(1), crossed(2));
    assert_eq!(crossed(1) + crossed(2), calls.len());
    // Where everybody knows every computer, one broker is enough.
    let (_, flat) = run(&opened, "rr-async");
    assert!(flat.iter().all(|call| call.routed == 1));
}

/// Least impedance holds on to its first computer while the delay there is below the initial weight.
#[test]
fn least_impedance_stays_and_round_robin_goes_round() {
    let with = |policy: &str, optimizer: &str| {
        let sets = [format!("strategy.router.policy={policy}"), format!("strategy.router.optimizer={optimizer}")];
        let own = ["sources.client.requests=40", "horizon=60s", &sets[0], &sets[1]];
        let opened = shipped("edge-two-computers", &own);
        let (_, calls) = run(&opened, "router");
        calls.iter().filter(|call| call.pool.as_deref() == Some("10.0.0.1:10000")).count()
    };
    assert_eq!(with("least-impedance", "async"), 40);
    assert_eq!(with("round-robin", "none"), 20);
    let random = with("random", "async");
    // Both have been tried soon, and are as quick as one another from then on.
    assert!((10..=30).contains(&random), "{random}");
}

/// 10,000 bytes of clambda0 on the default computer take 0.10004 s there, and the computer tells the load of the second before.
#[test]
fn the_documented_call_takes_its_time() {
    let (_, calls) = run(&shipped("edge-two-computers", &[]), "router");
    assert_eq!(calls.len(), 5);
    for call in &calls {
        let processing = call.ended.expect("it ended").since(call.offered.expect("it was offered"));
        assert_eq!(processing, Span::from_nanos(100_040_000));
        // The documentation's calls take 5.6 to 10.9 ms more; client, router and computer exchange four messages.
        assert!((0.1056..0.111).contains(&call.response.as_secs_f64()), "{call:?}");
        assert_eq!((call.routed, call.outcome), (1, Outcome::Served));
    }
    // The dispatcher sends some of them one after another to one computer, which tells the load of the second before: four
    // cores busy for a tenth of a second of one are 2.5 %, over the 2 s that a call spans 1.25 %.
    let (_, calls) = run(&shipped("edge-two-computers", &[]), "dispatcher");
    assert_eq!(calls.iter().map(|call| call.load).collect::<Vec<_>>(), [0, 0, 1, 0, 3]);
}

/// Calls that fail at a computer and are sent elsewhere lose the time there to retries: the function calls nobody.
#[test]
fn time_at_a_computer_that_failed_is_lost_to_retries() {
    let (_, calls) = run(&shipped("edge-two-computers", &["functions.clambda0.failure=0.5"]), "router");
    let lost = calls.iter().filter(|call| !call.phases.retries.is_zero());
    assert!(lost.clone().count() > 0, "{calls:?}");
    for call in lost {
        assert_eq!(call.phases.retries.as_nanos() % 100_040_000, 0, "{call:?}");
    }
    assert!(calls.iter().all(|call| call.phases.calls.is_zero()), "{calls:?}");
}

/// A computer too small for a call is withdrawn, the call is served by another within the same attempt, and the small one takes
/// part again when it is announced anew.
/// A function that fails now and then fails by chance at each computer, so that most calls are served elsewhere.
#[test]
fn what_fails_at_one_computer_has_another_chance_at_the_next() {
    let computer = |name: &str| {
        format!(
            "[pools.{name}]\nkind = \"computer\"\nprocessors.cpu = {{ speed = \"1 Gops/s\", cores = 4, memory = \"1GiB\" }}\n\
             containers.f = {{ workers = 4, ops_per_byte = 0, ops_offset = 1e8 }}\n"
        )
    };
    let text = |failure: f64| {
        format!(
            "strategies = [\"edge-router\"]\n[strategy.edge-router]\npolicy = \"random\"\nreadmit = \"50ms\"\n\
             [functions.f]\nwork = \"1s\"\nfailure = {failure}\n\
             [sources.s]\nkind = \"renewal\"\ngap = \"1s\"\nrequests = 400\n{}{}{}",
            computer("a"),
            computer("b"),
            computer("c")
        )
    };
    let (_folder, opened) = written(&text(0.2));
    let (summary, _) = run(&opened, "edge-router");
    // Three in a row fail with 0.008; five standard deviations above 3.2.
    assert!(summary.roots.of(Outcome::Served) >= 400 - 12, "{:?}", summary.roots);
    // What always fails does not go round for ever, although computers come back at once.
    let (_folder, opened) = written(&text(1.0));
    let (summary, _) = run(&opened, "edge-router");
    assert_eq!(summary.roots.of(Outcome::Refused), 400);
}

/// Computers that take no time teach the tables nothing, under every rule.
#[test]
fn a_delay_of_zero_teaches_nothing() {
    for optimizer in ["none", "async", "async-pf", "periodic"] {
        let text = format!(
            "strategies = [\"edge-router\"]\nhorizon = \"30s\"\n[strategy.edge-router]\noptimizer = \"{optimizer}\"\nperiod = \"5s\"\n\
             [functions.f]\nwork = \"10ms\"\n[sources.s]\nkind = \"poisson\"\nrate = \"1/s\"\n\
             [pools.e]\nkind = \"computer\"\nprocessors.cpu = {{ speed = \"1 Gops/s\", cores = 2, memory = \"1GiB\" }}\n\
             containers.f = {{ ops_offset = 0 }}\n"
        );
        let (_folder, opened) = written(&text);
        let (summary, _) = run(&opened, "edge-router");
        assert_eq!(summary.roots.of(Outcome::Served), summary.roots.arrived, "{optimizer}");
    }
}

#[test]
fn a_call_that_fails_is_sent_elsewhere() {
    let text = |readmit: &str| {
        format!(
            r#"
name = "failing"
strategies = ["edge-router"]
[strategy.edge-router]
policy = "least-impedance"
optimizer = "none"
{readmit}
[functions.f]
work = "1s"
[sources.s]
kind = "renewal"
gap = "1s"
requests = 8
payload = "1kB"
[pools.a-small]
kind = "computer"
processors.cpu = {{ speed = "1 Gops/s", cores = 1, memory = "50kB" }}
containers.f = {{}}
[pools.b-large]
kind = "computer"
processors.cpu = {{ speed = "1 Gops/s", cores = 1, memory = "1GiB" }}
containers.f = {{ workers = 4 }}
"#
        )
    };
    let (_folder, opened) = written(&text(""));
    let (summary, calls) = run(&opened, "edge-router");
    assert_eq!(summary.roots.of(Outcome::Served), 8);
    assert!(calls.iter().all(|call| call.pool.as_deref() == Some("b-large")));
    assert_eq!(summary.pools[0].begun, 0);
    // Alone, the small one is all there is: once it is withdrawn nobody is left to ask.
    let only_small = text("computers = [\"a-small\"]");
    let (_folder, opened) = written(&only_small);
    let (summary, _) = run(&opened, "edge-router");
    assert_eq!(summary.roots.of(Outcome::Refused), 8);
    let (_folder, opened) = written(&text("readmit = \"2500ms\""));
    assert_eq!(run(&opened, "edge-router").0.roots.of(Outcome::Served), 8);
}

/// Computers come, go, and tables change at the instants of a timetable.
#[test]
fn a_timetable_moves_calls() {
    let lines = r#"strategy.router.timetable=[
        { at = "0s", action = "withdraw", computer = "10.0.0.1:10001" },
        { at = "2500ms", action = "withdraw", computer = "10.0.0.1:10000" },
        { at = "2500ms", action = "announce", computer = "10.0.0.1:10001" },
        { at = "4500ms", action = "flush", broker = "router" } ]"#;
    let lines = lines.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, calls) = run(&shipped("edge-two-computers", &[&lines]), "router");
    let responders: Vec<Option<&str>> = calls.iter().map(|call| call.pool.as_deref()).collect();
    let (a, b) = (Some("10.0.0.1:10000"), Some("10.0.0.1:10001"));
    assert_eq!(responders, [a, a, b, b, None]);
    assert_eq!(calls[4].outcome, Outcome::Refused);
}

/// Callers that give up leave computers in order, whatever the policy: nothing is lost, and the books are closed.
#[test]
fn callers_that_give_up_leave_computers_in_order() {
    let opened = shipped("edge-ten-brokers", &["horizon=10s", "functions.detect.timeout=60ms"]);
    for label in ["rr-async", "li-periodic", "rtt", "probe"] {
        let (summary, _) = run(&opened, label);
        assert!(summary.roots.of(Outcome::TimedOut) > 0, "{label}");
        assert_eq!(summary.roots.total_ended(), summary.roots.arrived, "{label}");
    }
}

/// The case of the golden data, in a run: the first computer announced has every client of a function until the controller balances
/// for the first time, and again those of a computer that is withdrawn.
#[test]
fn the_balanced_controller_divides_clients_over_computers() {
    let computers = [("e1", &["fa"][..]), ("e2", &["fa", "fb"]), ("e3", &["fb"])];
    let clients =
        [("c1", "fa", 2), ("c2", "fa", 1), ("c2b", "fb", 1), ("c3", "fb", 3), ("c4", "fa", 1), ("c6", "fb", 1)];
    let mut text = r#"
strategies = ["edge-router"]
horizon = "14s"
[strategy.edge-router]
controller = "balanced"
timetable = [{ at = "9500ms", action = "withdraw", computer = "e3" }]
[functions]
fa = { work = "1s" }
fb = { work = "1s" }
"#
    .to_owned();
    for (name, functions) in computers {
        text += &format!("[pools.{name}]\nkind = \"computer\"\n");
        text += "processors.cpu = { speed = \"1 Gops/s\", cores = 8, memory = \"1GiB\" }\n";
        for function in functions {
            text += &format!("containers.{function} = {{ workers = 8 }}\n");
        }
    }
    for (name, function, threads) in clients.into_iter().chain([("c7", "fa", 1)]) {
        text += &format!("[sources.{name}]\nkind = \"client\"\nfunction = \"{function}\"\n");
        text += &format!("clients = {threads}\ngap = \"1s\"\npayload = \"100B\"\n");
    }
    let (_folder, opened) = written(&text);
    let (_, calls) = run(&opened, "edge-router");
    let asked = |call: &Call| call.at.as_secs_f64() - call.response.as_secs_f64();
    let who = |from: f64, to: f64| {
        let during = calls.iter().filter(|call| (from..to).contains(&asked(call)));
        let mut pairs: Vec<(&str, &str)> =
            during.map(|call| (call.source.as_str(), call.pool.as_deref().expect("it was served"))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    };
    let first = [("c1", "e1"), ("c2", "e1"), ("c2b", "e2"), ("c3", "e2"), ("c4", "e1"), ("c6", "e2"), ("c7", "e1")];
    assert_eq!(who(0.0, 4.9), first);
    let balanced = [("c1", "e1"), ("c2", "e1"), ("c2b", "e3"), ("c3", "e2"), ("c4", "e1"), ("c6", "e3"), ("c7", "e2")];
    assert_eq!(who(5.1, 9.4), balanced);
    // Those of e3 call the first that is left until it balances once more, which leaves them there.
    let left = who(9.6, 14.0);
    assert_eq!(
        left,
        [("c1", "e1"), ("c2", "e1"), ("c2b", "e2"), ("c3", "e2"), ("c4", "e1"), ("c6", "e2"), ("c7", "e2")]
    );
    assert!(calls.iter().all(|call| call.outcome == Outcome::Served));
}

/// A GPU alone does with its calls what the raspberry's does beside a processor of its own, to the nanosecond.
#[test]
fn a_gpu_alone_is_the_gpu_of_the_raspberry() {
    let calls = |text: &str| {
        let (_folder, opened) = written(text);
        let calls = run(&opened, "edge-router").1.into_iter().filter(|call| call.source == "g");
        calls.map(|call| (call.pool, call.at, call.ended, call.phases)).collect::<Vec<_>>()
    };
    let beside = calls(ONE_COMPUTER);
    assert_eq!(beside.len(), 500);
    assert!(beside.iter().any(|call| !call.3.queue.is_zero()), "some have waited for one of its two workers");
    let alone = ONE_COMPUTER.replace("type = \"raspberry\"", "type = \"raspberry\"\ngpu_containers = 0");
    let alone = calls(&format!("{alone}[pools.gpu]\nkind = \"computer\"\ntype = \"gpu\"\n"));
    let of = |name: &str| Some(name.to_owned());
    let moved = |call: &(Option<String>, Instant, Option<Instant>, Phases)| (of("gpu"), call.1, call.2, call.3);
    assert!(beside.iter().all(|call| call.0 == of("raspberry")));
    assert_eq!(alone, beside.iter().map(moved).collect::<Vec<_>>());
}

/// The raspberry, written as a file of the original's form, does what the ready-made one does.
#[test]
fn a_computer_described_in_the_originals_file_is_the_ready_made_one() {
    let container = |function: &str, processor: &str, workers: u32, offset: &str| {
        format!(
            r#"{{ "name": "{function}-container", "processor": "{processor}", "num-workers": {workers}, "lambda": {{
                "name": "{function}", "requirements": "proportional", "op-coeff": 1e6, "op-offset": {offset},
                "mem-coeff": 100, "mem-offset": 0, "output-type": "copy-input" }} }}"#
        )
    };
    let file = format!(
        r#"{{ "version": "1.0", "processors": [
            {{ "name": "arm", "type": "GenericCpu", "speed": 1e11, "cores": 4, "memory": 536870912 }},
            {{ "name": "bm2837", "type": "GenericGpu", "speed": 1e11, "cores": 1, "memory": 536870912 }} ],
            "containers": [{}, {}] }}"#,
        container("clambda0", "arm", 4, "4e6"),
        container("glambda0", "bm2837", 2, "1e6")
    );
    let (folder, ready) = written(ONE_COMPUTER);
    std::fs::write(folder.path().join("raspberry.json"), file).expect("a file can be written");
    let path = folder.path().join("described.toml");
    std::fs::write(&path, ONE_COMPUTER.replace("type = \"raspberry\"", "file = \"raspberry.json\"")).expect("the same");
    let described = open(&path, &[]).unwrap_or_else(|no| panic!("{no}"));
    assert_eq!(run(&described, "edge-router").1, run(&ready, "edge-router").1);
    std::fs::write(&path, ONE_COMPUTER.replace("type = \"raspberry\"", "file = \"nowhere.json\"")).expect("the same");
    let refused = open(&path, &[]).err().expect("there is no such file").to_string();
    assert!(refused.contains("pools.raspberry.file: found no file"), "{refused}");
}
