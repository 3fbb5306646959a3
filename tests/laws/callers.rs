//! Hand-made timelines of callers: links, time-outs, patience, retries, call trees.

use stratosim::engine::time::Span;

use crate::play::{Played, asked, play};

fn secs(secs: u64) -> Span {
    Span::from_secs(secs)
}

/// One machine with one slot, and a function with more to it.
fn machine(function: &str, requests: &[(u64, u64)]) -> Played {
    let pool = "[pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 1\n";
    play(&format!("[functions.f]\nwork = \"1s\"\n{function}\n{pool}{}", asked("f", requests)))
}

const FAR_AWAY: &str = "[nodes.edge]\n[nodes.cloud]\ncloud = true\n\
    [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 1\nnode = \"cloud\"\n\
    [sources.a]\nkind = \"renewal\"\ngap = \"1s\"\nrequests = 1\nat = \"edge\"\nwork = \"2s\"\n";

#[test]
fn a_request_travels_there_and_its_answer_back() {
    let link = "[[links]]\nfrom = \"edge\"\nto = \"cloud\"\nlatency = \"1s\"\nbandwidth = \"8Mbit/s\"\n";
    let function = "[functions.f]\nwork = \"1s\"\npayload = \"1000000B\"\nresponse = \"3000000B\"\n";
    let played = play(&format!("{function}{FAR_AWAY}{link}"));
    // There: 1 s and a megabyte at a megabyte a second; back: 1 s and three megabytes.
    assert_eq!(played.told(), ["a 1 3 9 served"]);
    let phases = played.root("a").phases;
    assert_eq!((phases.network, phases.service, phases.response), (secs(6), secs(2), secs(8)));
}

#[test]
fn where_no_link_leads_a_request_is_refused() {
    let played = play(&format!("[functions.f]\nwork = \"1s\"\n{FAR_AWAY}"));
    assert_eq!(played.told(), ["a 1 - 1 refused"]);
}

#[test]
fn a_caller_gives_up_wherever_its_request_is() {
    let queued = machine("timeout = \"12s\"", &[(1, 12), (2, 5), (3, 2)]);
    assert_eq!(
        queued.told(),
        ["a 1 1 13 served", "b 2 13 14 timed-out", "c 3 14 15 timed-out"],
        "an answer at the deadline is in time"
    );
}

#[test]
fn a_caller_gives_up_on_the_way() {
    let link = "[[links]]\nfrom = \"edge\"\nto = \"cloud\"\nlatency = \"5s\"\n";
    let timed = |timeout: u64| {
        let function = format!("[functions.f]\nwork = \"1s\"\ntimeout = \"{timeout}s\"\n");
        play(&format!("{function}{FAR_AWAY}{link}")).told()
    };
    assert_eq!(timed(3), ["a 1 - 4 timed-out"], "before it arrives");
    assert_eq!(timed(6), ["a 1 6 7 timed-out"], "while it is served");
    assert_eq!(timed(9), ["a 1 6 10 timed-out"], "while the answer is on its way");
    assert_eq!(timed(12), ["a 1 6 13 served"]);
}

#[test]
fn a_caller_in_line_leaves_when_its_patience_ends_and_stays_once_its_turn_has_come() {
    let played = machine("patience = \"4s\"", &[(1, 6), (2, 1), (3, 9)]);
    assert_eq!(
        played.told(),
        ["a 1 1 7 served", "b 2 - 6 abandoned", "c 3 7 16 served"],
        "c's turn is at its deadline"
    );
}

#[test]
fn a_caller_that_leaves_a_starting_environment_makes_room_there() {
    let text = "[functions.f]\nwork = \"1s\"\ntimeout = \"4s\"\n[pools.p]\nkind = \"function\"\ncold_start = \"5s\"\n\
                limit = 1\nconcurrency = 2\ngrowth_per_10s = 0\nqueue_limit = 9\n";
    let played = play(&format!("{text}{}", asked("f", &[(1, 1), (4, 1), (4, 1)])));
    assert_eq!(played.told(), ["a 1 - 5 timed-out", "b 4 6 7 served", "c 4 6 7 served"]);
}

#[test]
fn a_refused_caller_asks_again_after_a_wait_that_grows() {
    let pool = "[pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 1\nqueue = \"none\"\n";
    let with = |attempts: u32| {
        let retry = format!("retry = {{ attempts = {attempts}, backoff = \"2s\" }}");
        play(&format!("[functions.f]\nwork = \"1s\"\n{retry}\n{pool}{}", asked("f", &[(1, 10), (2, 1)])))
    };
    let patient = with(4);
    // Asked at 2, 4, 8 and 16.
    assert_eq!(patient.told(), ["a 1 1 11 served", "b 2 16 17 served"]);
    let phases = patient.root("b").phases;
    assert_eq!((phases.retries, phases.queue, phases.service), (secs(14), secs(0), secs(1)));
    assert_eq!(patient.root("b").attempt, 4);
    assert_eq!(with(3).told(), ["a 1 1 11 served", "b 2 - 8 throttled"]);
    assert_eq!((patient.summary.retries, with(3).summary.retries), (3, 2));
}

#[test]
fn the_time_out_of_each_attempt_runs_anew() {
    let played = machine("timeout = \"3s\"\nretry = { attempts = 2, backoff = \"1s\" }", &[(1, 5)]);
    assert_eq!(played.told(), ["a 1 5 8 timed-out"], "cut off at 4, asked again at 5, cut off at 8");
    assert_eq!(played.root("a").phases.retries, secs(4));
    // Both attempts kept the machine for three seconds.
    assert_eq!(played.summary.pools[0].busy_s, 6.0);
}

#[test]
fn a_failed_attempt_has_done_its_work() {
    let played = machine("failure = 1.0\nretry = { attempts = 3 }", &[(1, 2)]);
    assert_eq!(played.told(), ["a 1 5 7 failed"]);
    assert_eq!(played.summary.pools[0].begun, 3);
}

/// A root of one second that makes calls; every function has machines enough.
fn tree(steps: &str, functions: &str) -> Played {
    let pool = "[pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 9\n";
    play(&format!("[functions.root]\nwork = \"1s\"\nsteps = [{steps}]\n{functions}{pool}{}", asked("root", &[(1, 1)])))
}

const CALLEES: &str = "[functions.two]\nwork = \"2s\"\n[functions.five]\nwork = \"5s\"\n[functions.nine]\nwork = \"9s\"\n\
    [functions.fails]\nwork = \"3s\"\nfailure = 1.0\n";

#[test]
fn steps_follow_one_another_and_wait_for_all_their_calls() {
    let played = tree("{ calls = [\"two\", \"five\"] }, { calls = [\"two\"] }", CALLEES);
    assert_eq!(played.told(), ["a 1 1 9 served"], "1 of its own, then 5, then 2");
    let phases = played.root("a").phases;
    assert_eq!((phases.service, phases.calls, phases.response), (secs(1), secs(7), secs(8)));
    assert_eq!(played.rows.len(), 4);
}

#[test]
fn a_step_may_wait_for_the_first_answer_or_the_kth() {
    let with =
        |answers: u32| tree(&format!("{{ calls = [\"two\", \"five\", \"nine\"], answers = {answers} }}"), CALLEES);
    for (answers, back) in [(1, 4), (2, 7), (3, 11)] {
        let played = with(answers);
        assert_eq!(played.told(), [format!("a 1 1 {back} served")]);
        let last = played.rows.iter().map(|row| row.at_ns).max();
        assert_eq!(last, Some(11_000_000_000), "those not waited for go on to their end");
    }
}

#[test]
fn a_step_fails_as_soon_as_it_cannot_have_its_answers() {
    let all = tree("{ calls = [\"nine\", \"fails\"] }", CALLEES);
    assert_eq!(all.told(), ["a 1 1 5 call-failed"], "at the end of the three seconds of the one that fails");
    let either = tree("{ calls = [\"nine\", \"fails\"], answers = 1 }", CALLEES);
    assert_eq!(either.told(), ["a 1 1 11 served"]);
    let none = tree("{ calls = [\"fails\", \"fails\"], answers = 1 }", CALLEES);
    assert_eq!(none.told(), ["a 1 1 5 call-failed"]);
}

#[test]
fn a_caller_that_gives_up_leaves_its_calls_to_themselves() {
    let functions =
        format!("{CALLEES}[functions.hasty]\nwork = \"1s\"\ntimeout = \"3s\"\nsteps = [{{ calls = [\"nine\"] }}]\n");
    let pool = "[pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 9\n";
    let played = play(&format!("{functions}{pool}{}", asked("hasty", &[(1, 1)])));
    assert_eq!(played.told(), ["a 1 1 4 timed-out"]);
    assert_eq!(played.summary.calls.arrived, 2);
    assert_eq!(played.rows.last().map(|row| row.at_ns), Some(11_000_000_000));
}
