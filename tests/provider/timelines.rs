//! Each rule of the provider as a timeline: who did what at which second.

use crate::world::{Seen, run, text};

/// A group `g` over the fleet with one alarm on its load, told at once.
fn group(bounds: &str, policies: &str) -> String {
    format!(
        "monitor = {{ delay = \"0s\" }}\n\
         [alarms.busy]\npool = \"web\"\nmetric = \"CPUUtilization\"\ncomparison = \"greater\"\nthreshold = 70\n\
         [groups.g]\npool = \"web\"\n{bounds}\n{policies}\n"
    )
}

/// The scenario in the order that TOML wants: plain keys first.
fn auto(sample: &str, pool: &str, rest: &str) -> String {
    let (plain, tables) = match rest.strip_prefix("monitor") {
        Some(_) => rest.split_once('\n').expect("the monitor is a line"),
        None => ("", rest),
    };
    format!("{plain}\n{}", text("auto", sample, pool, tables))
}

fn of_group(bounds: &str, policies: &str, pool: &str, counts: &[u32]) -> Vec<String> {
    let seen = run(&auto("60s", pool, &group(bounds, policies)), counts);
    seen.by("g").into_iter().map(str::to_owned).collect()
}

const OUT: &str = "policies.out = { kind = \"simple\", alarm = \"busy\", change = 1 }";

#[test]
fn an_alarm_is_evaluated_when_its_period_is_published_and_needs_all_its_points() {
    let rest = "monitor = { delay = \"20s\" }\n\
        [alarms.busy]\npool = \"web\"\nmetric = \"CPUUtilization\"\nperiods = 2\ncomparison = \"greater\"\nthreshold = 70\n\
        [groups.g]\npool = \"web\"\nmax = 1\n";
    let mut counts = vec![9; 240];
    counts.extend([2; 200]);
    let seen = run(&auto("60s", "", rest), &counts);
    assert_eq!(
        seen.by("busy"),
        ["140 busy: alarm INSUFFICIENT_DATA -> ALARM", "320 busy: alarm ALARM -> OK"],
        "two periods of 60 s and 20 s until they are told; it ends with the first period below, told at 320 s"
    );
}

#[test]
fn simple_scaling_rests_until_the_cooldown_after_the_boot_is_over() {
    let rows = of_group("max = 4\ncooldown = \"100s\"", OUT, "", &[30; 700]);
    // Boot over at 90, quiet until 190; at 240 the alarm is still on. The next boot is over at 270, quiet until 370.
    assert_eq!(rows, ["60 g: scale 1 -> 2", "240 g: scale 2 -> 3", "420 g: scale 3 -> 4"]);
}

#[test]
fn without_a_cooldown_the_action_is_repeated_each_period_while_the_alarm_is_on() {
    let rows = of_group("max = 4\ncooldown = \"0s\"", OUT, "", &[40; 300]);
    assert_eq!(rows, ["60 g: scale 1 -> 2", "120 g: scale 2 -> 3", "180 g: scale 3 -> 4"]);
}

#[test]
fn step_scaling_goes_by_bands_and_counts_what_warms_up() {
    let steps = "policies.out = { kind = \"step\", alarm = \"busy\", steps = [\
        { from = 0, to = 20, change = 1 }, { from = 20, change = 3 }] }";
    let rows = of_group("max = 9\nwarm_up = \"120s\"", steps, "", &[30; 260]);
    // 100 % is 30 above the threshold. The three are warm at 90 + 120 s; the line they found is still there at 240 s.
    assert_eq!(rows, ["60 g: scale 1 -> 4", "240 g: scale 4 -> 7"]);
}

#[test]
fn target_tracking_needs_three_points_to_grow_and_fifteen_to_shrink() {
    let track = "policies.track = { kind = \"target\", metric = \"RequestCountPerTarget\", target = 240 }";
    let mut counts = vec![8; 600];
    counts.extend([2; 960]);
    let seen = run(&auto("60s", "", &group("max = 4", track)), &counts);
    assert_eq!(seen.by("g"), ["180 g: scale 1 -> 2", "1500 g: scale 2 -> 1"]);
    // 480 a minute over two is the target, which is no breach of it; 240 is above 90 % of it.
    assert_eq!(
        seen.by("g-track-high"),
        ["180 g-track-high: alarm INSUFFICIENT_DATA -> ALARM", "240 g-track-high: alarm ALARM -> OK"]
    );
    assert_eq!(
        seen.by("g-track-low").last().copied(),
        Some("1500 g-track-low: alarm OK -> ALARM"),
        "fifteen minutes after 600 s"
    );
}

#[test]
fn a_timetable_moves_the_size_at_its_hours() {
    let table = "policies.day = { kind = \"scheduled\", at = \"100s\", every = \"200s\", desired = 3 }\n\
        policies.night = { kind = \"scheduled\", at = \"200s\", every = \"200s\", desired = 1 }";
    let rows = of_group("max = 4", table, "", &[1; 450]);
    assert_eq!(rows, ["100 g: scale 1 -> 3", "200 g: scale 3 -> 1", "300 g: scale 1 -> 3", "400 g: scale 3 -> 1"]);
}

/// Two machines from 100 s to 200.5 s, sampled every 5 s.
fn up_and_down(pool: &str) -> Seen {
    let table = "policies.up = { kind = \"scheduled\", at = \"100s\", desired = 2 }\n\
        policies.down = { kind = \"scheduled\", at = \"200.5s\", desired = 1 }";
    run(&auto("5s", pool, &group("max = 4", table)), &[8; 230])
}

const CHECKED: &str = "health_check = { interval = \"10s\", checks = 2, registration = \"5s\" }";

#[test]
fn a_machine_is_pending_then_initial_then_healthy() {
    let seen = up_and_down(CHECKED);
    let states: Vec<_> = [100, 105, 125, 130, 150, 155, 200]
        .into_iter()
        .map(|second| &seen.samples[second / 5 - 1])
        .map(|sample| (sample.desired, sample.pending, sample.initial, sample.healthy))
        .collect();
    let expected = [(1, 0, 0, 1), (2, 1, 0, 1), (2, 1, 0, 1), (2, 0, 1, 1), (2, 0, 1, 1), (2, 0, 0, 2), (2, 0, 0, 2)];
    assert_eq!(states, expected, "boot 100 to 130 s, registered at 135, found healthy at 155");
}

#[test]
fn a_machine_that_leaves_finishes_its_requests_or_is_cut_off_after_the_deregistration_delay() {
    let free = up_and_down("");
    assert_eq!(free.departures[0], (1, Some(130.0), 201.0));
    assert!(free.calls.iter().all(|&(outcome, _)| outcome == "served"));
    let cut = up_and_down("drain = \"200ms\"");
    assert_eq!(cut.departures[0], (1, Some(130.0), 200.7));
    let interrupted: Vec<_> = cut.calls.iter().filter(|(outcome, _)| *outcome == "interrupted").collect();
    assert_eq!(interrupted, vec![&("interrupted", 200.7); 4], "half of the eight of that second");
}

#[test]
fn a_machine_shuts_down_after_its_last_request_and_is_paid_until_then() {
    let seen = up_and_down("shutdown = \"7s\"");
    assert_eq!(seen.departures[0], (1, Some(130.0), 201.0));
    let draining = |second: usize| seen.samples[second / 5 - 1].draining;
    assert_eq!([200, 205, 210].map(draining), [0, 1, 0]);
}

#[test]
fn the_oldest_leaves_first_where_the_pool_says_so() {
    let seen = up_and_down("leaves_first = \"oldest\"");
    assert_eq!(seen.departures[0], (0, Some(0.0), 201.0));
}

#[test]
fn a_machine_that_is_not_healthy_at_the_end_of_its_grace_is_replaced() {
    let table = "policies.up = { kind = \"scheduled\", at = \"100s\", desired = 2 }";
    let rows = of_group("max = 4\ngrace = \"10s\"", table, CHECKED, &[1; 200]);
    assert_eq!(rows, ["100 g: scale 1 -> 2", "140 g: replace 1 -> ", "180 g: replace 2 -> "]);
}

#[test]
fn a_strategy_that_sizes_the_fleet_suspends_its_group() {
    let rest = group("max = 4", OUT);
    let (monitor, tables) = rest.split_once('\n').expect("the monitor is a line");
    let seen = run(&format!("{monitor}\n{}", text("max", "60s", "", tables)), &[30; 200]);
    assert_eq!(seen.by("max"), ["0 max: suspend  -> ", "0 max: scale 1 -> 1"]);
    assert_eq!(seen.by("busy").len(), 1, "the alarm goes on");
    assert_eq!(seen.by("g"), Vec::<&str>::new());
}

#[test]
fn requests_per_target_have_no_point_while_nothing_is_healthy() {
    let rest = "monitor = { delay = \"0s\" }\n\
        [alarms.few]\npool = \"web\"\nmetric = \"RequestCountPerTarget\"\ncomparison = \"less\"\nthreshold = 1\n\
        missing = \"breaching\"\n\
        [groups.g]\npool = \"web\"\nmax = 1\n";
    let seen = run(&auto("60s", "initial = \"booting\"", rest).replace("boot = \"30s\"", "boot = \"90s\""), &[1; 200]);
    assert_eq!(seen.by("few"), ["60 few: alarm INSUFFICIENT_DATA -> ALARM", "120 few: alarm ALARM -> OK"]);
}

#[test]
fn a_balancer_gives_up_on_a_machine_that_answers_too_late() {
    let pool = "load_balancer = true\nidle_timeout = \"500ms\"";
    let seen = run(&auto("60s", pool, &group("max = 1", "")), &[1; 3]);
    assert_eq!(seen.calls, [("timed-out", 0.5), ("timed-out", 1.5), ("timed-out", 2.5)]);
}

#[test]
fn the_timeline_tells_requests_load_and_response() {
    let seen = run(&auto("60s", "", &group("max = 1", "")), &[5; 121]);
    let sample = &seen.samples[1];
    assert_eq!((sample.offered, sample.running, sample.utilisation), (300, 0, 0.5));
    assert!(sample.response_s.is_some_and(|mean| (mean - 1.0).abs() < 1e-12), "{sample:?}");
}
