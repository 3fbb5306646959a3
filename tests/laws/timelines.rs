//! Hand-made timelines: a few requests, whole seconds, numbers one can add up.

use stratosim::engine::time::Span;

use crate::play::{asked, play, play_scripted};

fn secs(secs: u64) -> Span {
    Span::from_secs(secs)
}

/// One function and one pool of machines with one slot each.
fn machines(more: &str, requests: &[(u64, u64)]) -> String {
    machines_for("", more, requests)
}

fn machines_for(function: &str, more: &str, requests: &[(u64, u64)]) -> String {
    let head = "[functions.f]\nwork = \"1s\"\n";
    format!("{head}{function}\n[pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 1\n{more}\n{}", asked("f", requests))
}

/// One function whose environments start in two seconds and are kept for ten.
fn environments(more: &str, requests: &[(u64, u64)]) -> String {
    let pool =
        "[functions.f]\nwork = \"1s\"\n[pools.p]\nkind = \"function\"\ncold_start = \"2s\"\nkeep_alive = \"10s\"\n";
    format!("{pool}{more}\n{}", asked("f", requests))
}

#[test]
fn a_machine_takes_requests_when_it_has_booted() {
    let played = play(&machines("initial = \"booting\"\nboot = \"10s\"", &[(1, 2), (3, 4)]));
    assert_eq!(played.told(), ["a 1 10 12 served", "b 3 12 16 served"]);
    assert_eq!(played.lives(), ["0: 0 10 16"]);
    assert_eq!(played.root("a").phases.queue, secs(9));
}

#[test]
fn a_machine_that_is_ordered_helps_after_its_boot() {
    let text = machines("boot = \"10s\"", &[(1, 30), (6, 4)]);
    let played = play_scripted(&text, &[(5, "p", 2)]);
    assert_eq!(played.told(), ["a 1 1 31 served", "b 6 15 19 served"]);
    let late = play_scripted(&text, &[(28, "p", 2)]);
    assert_eq!(late.told(), ["a 1 1 31 served", "b 6 31 35 served"], "the first machine is free sooner");
}

#[test]
fn a_machine_told_to_leave_finishes_its_work_and_takes_nothing_new() {
    let text = |more: &str| machines(&format!("size = 2\n{more}"), &[(1, 10), (2, 10), (6, 1)]);
    let newest = play_scripted(&text(""), &[(5, "p", 1)]);
    assert_eq!(newest.told(), ["a 1 1 11 served", "b 2 2 12 served", "c 6 11 12 served"]);
    assert_eq!(newest.lives(), ["1: 0 0 12", "0: 0 0 12"]);
    assert_eq!(newest.summary.pools[0].peak_alive, 2, "those who were there from the start");
    let oldest = play_scripted(&text("leaves_first = \"oldest\""), &[(5, "p", 1)]);
    assert_eq!(oldest.told(), ["a 1 1 11 served", "b 2 2 12 served", "c 6 12 13 served"]);
    assert_eq!(oldest.lives(), ["0: 0 0 11", "1: 0 0 13"]);
}

#[test]
fn a_machine_that_drains_too_long_is_taken_away_with_its_work() {
    let played = play_scripted(&machines("size = 2\ndrain = \"3s\"", &[(1, 10), (2, 10)]), &[(5, "p", 1)]);
    assert_eq!(played.told(), ["a 1 1 11 served", "b 2 2 8 interrupted"]);
    assert_eq!(played.lives(), ["1: 0 0 8", "0: 0 0 11"]);
}

#[test]
fn a_line_at_a_leaving_machine_moves_to_the_others() {
    let text = machines("size = 2\nqueue = \"per-instance\"", &[(1, 5), (1, 20), (2, 1), (3, 1)]);
    let played = play_scripted(&text, &[(4, "p", 1)]);
    assert_eq!(
        played.told(),
        ["a 1 1 6 served", "b 1 1 21 served", "c 2 6 7 served", "d 3 7 8 served"],
        "the second line stood behind 20 seconds of work"
    );
}

#[test]
fn a_fleet_told_to_vanish_serves_those_who_wait_first() {
    let played = play_scripted(&machines("", &[(1, 5), (2, 5), (20, 1)]), &[(3, "p", 0)]);
    assert_eq!(played.told(), ["a 1 1 6 served", "b 2 6 11 served", "c 20 - 20 throttled"]);
    assert_eq!(played.lives(), ["0: 0 0 11"]);
}

#[test]
fn two_on_one_core_run_at_half_speed_and_a_third_waits_for_a_worker() {
    let pool = "[functions.f]\nwork = \"1s\"\n[pools.p]\nkind = \"vm\"\ntype = \"m\"\ncores = 1\nworkers = 2\n";
    let played = play(&format!("{pool}{}", asked("f", &[(1, 2), (2, 3), (3, 1)])));
    // a: alone 1 to 2, then half speed to 4. b: half speed 2 to 6 beside a and c, then its last second alone.
    assert_eq!(played.told(), ["a 1 1 4 served", "b 2 2 7 served", "c 3 4 6 served"]);
}

#[test]
fn an_environment_is_kept_for_its_keep_alive_and_goes_at_its_end() {
    let played = play(&environments("", &[(1, 1), (13, 1), (24, 1)]));
    assert_eq!(played.told(), ["a 1 3 4 served", "b 13 13 14 served", "c 24 26 27 served"]);
    assert_eq!(played.root("a").phases.cold_start, secs(2));
    assert_eq!(played.root("a").phases.queue, secs(0));
    assert_eq!([&played.root("b"), &played.root("c")].map(|row| row.cold), [false, true]);
    assert_eq!(played.lives(), ["0: 1 3 24", "1: 24 26 27"]);
}

#[test]
fn a_keep_alive_that_does_not_reset_runs_once_from_the_start() {
    let played = play(&environments("keep_alive_resets = false", &[(1, 1), (12, 2), (15, 1)]));
    assert_eq!(played.told(), ["a 1 3 4 served", "b 12 12 14 served", "c 15 17 18 served"]);
    assert_eq!(played.lives(), ["0: 1 3 14", "1: 15 17 18"], "over at 13, but its work is finished first");
}

#[test]
fn each_reuse_order_names_the_environment_of_the_next_request() {
    // Three environments, idle since 5 (number 1), 6 (number 0) and 7 (number 2).
    for (reuse, used) in [("most-recently-used", 2), ("least-recently-used", 1), ("newest", 2), ("oldest", 0)] {
        let more = format!("reuse = \"{reuse}\"");
        let played = play(&environments(&more, &[(1, 3), (1, 2), (1, 4), (9, 1)]));
        assert_eq!(played.root("d").instance, Some(used), "{reuse}");
    }
}

#[test]
fn provisioned_environments_start_at_once_and_stay() {
    let text = environments("provisioned = 1", &[(1, 1), (3, 1), (3, 1), (500, 1), (500, 1)]);
    let played = play(&text);
    assert_eq!(
        played.told(),
        ["a 1 3 4 served", "b 3 3 4 served", "c 3 5 6 served", "d 500 500 501 served", "e 500 502 503 served"],
        "the provisioned one still starts when a comes, and has only one slot"
    );
}

#[test]
fn provisioned_environments_come_and_go_by_order() {
    let played = play_scripted(&environments("", &[(50, 1), (50, 1), (150, 1)]), &[(5, "p", 2), (100, "p", 0)]);
    assert_eq!(played.told(), ["a 50 50 51 served", "b 50 50 51 served", "c 150 152 153 served"]);
    assert_eq!(played.lives()[..2], ["1: 5 7 110", "0: 5 7 110"], "kept for ten seconds once they are surplus");
}

#[test]
fn prewarming_follows_its_timetable() {
    let schedule = "[pools.p.prewarm]\nschedule = [{ at = \"10s\", count = 2 }, { at = \"30s\", count = 0 }]";
    let played = play(&environments(schedule, &[(5, 1), (13, 1), (13, 1), (100, 1)]));
    assert_eq!(played.told(), ["a 5 7 8 served", "b 13 13 14 served", "c 13 13 14 served", "d 100 102 103 served"]);
    // Idle from 14 on: kept at 24 by the timetable, let go ten seconds later.
    assert_eq!(played.lives()[..2], ["1: 10 12 34", "0: 5 7 34"]);
}

/// With all weight on the newest peak: two at once before 20 s, so two are started at 20 and kept through 40; none at once
/// from 40 to 60, so none are kept. Work that a look finds under way is a peak of the next period too.
#[test]
fn prewarming_follows_the_peak_of_the_period_before() {
    let forecast = "[pools.p.prewarm]\nforecast_every = \"20s\"\nalpha = 1.0";
    let played = play(&environments(forecast, &[(5, 1), (5, 1), (30, 1), (30, 1), (75, 9), (130, 1)]));
    assert_eq!(
        played.told(),
        [
            "a 5 7 8 served",
            "b 5 7 8 served",
            "c 30 30 31 served",
            "d 30 30 31 served",
            "e 75 77 86 served",
            "f 130 132 133 served"
        ]
    );
    assert_eq!(played.summary.pools[0].peak_alive, 2, "five in all, never three at once");
    let lives = played.lives();
    assert_eq!(lives[..2], ["0: 5 7 18", "1: 5 7 18"], "kept for ten seconds: nobody has looked yet");
    assert_eq!(
        lives[2..4],
        ["3: 20 22 61", "2: 20 22 61"],
        "idle from 31: kept at 41 and 51, let go after the look at 60"
    );
    assert_eq!(lives[4], "4: 75 77 126", "idle from 86: the work that went on at 80 keeps it until the look at 120");
}

#[test]
fn growth_is_limited_and_comes_back_with_time() {
    let played = play(&environments("growth_per_10s = 2", &[(1, 20), (1, 20), (1, 20), (6, 20), (7, 20)]));
    let words: Vec<String> = played.told().iter().map(|line| line.rsplit(' ').next().unwrap().to_owned()).collect();
    assert_eq!(words, ["served", "served", "throttled", "served", "throttled"], "one more in every five seconds");
}

#[test]
fn functions_of_one_account_share_its_limit() {
    let pools = "[accounts.default]\nconcurrency = 2\n[functions.f]\nwork = \"1s\"\n[functions.g]\nwork = \"1s\"\n\
                 [pools.p]\nkind = \"function\"\ncold_start = \"0s\"\nserves = [\"f\"]\n\
                 [pools.q]\nkind = \"function\"\ncold_start = \"0s\"\nserves = [\"g\"]\n";
    let g = "[sources.x]\nkind = \"renewal\"\ngap = \"2s\"\nrequests = 2\nfunction = \"g\"\nwork = \"9s\"\n";
    let refused = play(&format!("{pools}{}{g}", asked("f", &[(1, 4), (1, 6)])));
    assert_eq!(refused.told(), ["a 1 1 5 served", "b 1 1 7 served", "x 2 - 2 throttled", "x 4 - 4 throttled"]);
    let queued = play(&format!("{}{}{g}", format_args!("{pools}queue_limit = 1\n"), asked("f", &[(1, 4), (1, 6)])));
    assert_eq!(
        queued.told(),
        ["a 1 1 5 served", "b 1 1 7 served", "x 2 5 14 served", "x 4 - 4 throttled"],
        "the line holds one, whose turn comes when the account has room"
    );
}

#[test]
fn idle_environments_give_way_where_memory_is_short_and_busy_ones_do_not() {
    let place = "[nodes.edge]\nmemory = \"1GiB\"\n[functions.f]\nwork = \"1s\"\n[functions.g]\nwork = \"1s\"\n\
                 [pools.p]\nkind = \"function\"\ncold_start = \"0s\"\nserves = [\"f\"]\n\
                 [pools.q]\nkind = \"function\"\ncold_start = \"0s\"\nserves = [\"g\"]\n";
    let g = "[sources.x]\nkind = \"renewal\"\ngap = \"5s\"\nrequests = 2\nfunction = \"g\"\nwork = \"1s\"\n";
    // Two environments of 512 MiB fill the node; at 5 the one of b has been idle longest, at 10 x has its own.
    let played = play(&format!("{place}{}{g}", asked("f", &[(1, 3), (1, 1), (6, 1), (6, 1)])));
    assert_eq!(
        played.told(),
        ["a 1 1 4 served", "b 1 1 2 served", "c 6 6 7 served", "d 6 6 7 served", "x 5 5 6 served", "x 10 10 11 served"],
        "d evicts x's environment, and x evicts one of theirs"
    );
    assert_eq!(played.lives()[0], "1: 1 1 5");
    let busy = play(&format!("{place}{}{g}", asked("f", &[(1, 8), (1, 30)])));
    assert_eq!(busy.told(), ["a 1 1 9 served", "b 1 1 31 served", "x 5 - 5 throttled", "x 10 10 11 served"]);
}

#[test]
fn an_order_that_does_not_fit_waits_for_memory_and_not_for_ever() {
    let text = |limits: &str| {
        let place = "[nodes.edge]\nmemory = \"4GiB\"\n[functions.f]\nwork = \"1s\"\n";
        let pools = "[pools.p]\nkind = \"container\"\nvcpu = 1\nmemory = \"2GiB\"\nstart = \"3s\"\nsize = 2\n\
                     serves = []\n[pools.q]\nkind = \"container\"\nvcpu = 1\nmemory = \"2GiB\"\nstart = \"3s\"\nsize = 0\n";
        format!("horizon = \"60s\"\n{limits}{place}{pools}{}", asked("f", &[(1, 9), (1, 12)]))
    };
    let waits = play_scripted(&text(""), &[(2, "q", 1), (5, "p", 1)]);
    // The second container of p drains until 13; only then is there room for q's.
    assert_eq!(waits.lives(), ["1: 0 0 13", "0: 0 0 60", "0: 13 16 60"]);
    assert_eq!(waits.refusals, ["q no memory for 1 instances; they wait"]);
    let gives_up = play_scripted(&text("[limits]\norder_patience = \"4s\"\n"), &[(2, "q", 1), (5, "p", 1)]);
    assert_eq!(gives_up.lives(), ["1: 0 0 13", "0: 0 0 60"]);
    assert_eq!(gives_up.refusals[1], "q 1 instances found no memory in time");
}
