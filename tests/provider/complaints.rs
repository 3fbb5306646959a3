//! What the provider's keys refuse: one slip in a sound scenario, one complaint that names it.

use stratosim::experiment::opened::open;

const SOUND: &str = r#"
sample = "60s"
strategies = ["auto"]
[monitor]
granularity = "60s"
delay = "60s"
[functions.f]
work = "1s"
[sources.s]
kind = "poisson"
rate = "1/s"
requests = 10
[pools.web]
kind = "vm"
type = "any"
slots = 10
max = 10
health_check = { interval = "30s", checks = 5 }
[pools.lambda]
kind = "function"
[alarms.high]
pool = "web"
metric = "CPUUtilization"
period = "120s"
periods = 3
points = 2
comparison = "greater"
threshold = 70
[alarms.low]
pool = "web"
metric = "CPUUtilization"
period = "120s"
comparison = "less"
threshold = 30
[alarms.calls]
function = "f"
metric = "Invocations"
comparison = "greater"
threshold = 1
[groups.web]
min = 2
max = 8
desired = 4
cooldown = "300s"
grace = "200s"
[groups.web.policies.out]
kind = "simple"
alarm = "high"
change = 2
[groups.web.policies.in]
kind = "step"
alarm = "low"
steps = [{ to = -10, change = -2 }, { from = -10, to = 0, change = -1 }]
[groups.web.policies.track]
kind = "target"
metric = "RequestCountPerTarget"
target = 240
[groups.web.policies.night]
kind = "scheduled"
at = "8h"
desired = 2
"#;

/// What is written in place of what, and what the one complaint says.
const SLIPS: &[(&str, &str, &str)] = &[
    (
        "granularity = \"60s\"",
        "granularity = \"0s\"",
        "monitor.granularity: found \"0s\", want a length of time of at least 1ms",
    ),
    ("delay = \"60s\"", "delay = \"2d\"", "monitor.delay: found \"2d\", want at most a day"),
    (
        "sample = \"60s\"",
        "sample = \"59.99s\"",
        "sample: found \"59.99s\", want a length of time that fits the monitor's granularity",
    ),
    (
        "period = \"120s\"\nperiods",
        "period = \"90s\"\nperiods",
        "alarms.high.period: found \"90s\", want a multiple of the monitor's granularity",
    ),
    (
        "period = \"120s\"\nperiods = 3",
        "period = \"12h\"\nperiods = 3",
        "alarms.high.periods: found 3, want at most a day in all",
    ),
    ("points = 2", "points = 4", "alarms.high.points: found 4, want from 1 to the 3 periods"),
    ("points = 2", "points = 0", "alarms.high.points: found 0, want from 1 to the 3 periods"),
    ("periods = 3\npoints = 2", "periods = 0", "alarms.high.periods: found 0, want at least one period"),
    (
        "[alarms.high]\npool = \"web\"\nmetric = \"CPUUtilization\"",
        "[alarms.high]\npool = \"web\"\nmetric = \"CPUUtilisation\"",
        "alarms.high.metric: found \"CPUUtilisation\"",
    ),
    (
        "[alarms.high]\npool = \"web\"\nmetric = \"CPUUtilization\"",
        "[alarms.high]\npool = \"web\"\nmetric = \"Invocations\"",
        "alarms.high.metric: found \"Invocations\", want a metric of pools",
    ),
    (
        "metric = \"Invocations\"",
        "metric = \"RequestCount\"",
        "alarms.calls.metric: found \"RequestCount\", want Invocations",
    ),
    (
        "[alarms.high]\npool = \"web\"",
        "[alarms.high]\npool = \"web\"\nfunction = \"f\"",
        "alarms.high.function: found \"f\", want either a pool or a function",
    ),
    ("function = \"f\"\n", "", "alarms.calls.pool: found nothing, want a pool or a function to watch"),
    (
        "[alarms.high]\npool = \"web\"",
        "[alarms.high]\npool = \"wep\"",
        "alarms.high.pool: found \"wep\", want the name of a pool (did you mean \"web\"?)",
    ),
    ("threshold = 70", "threshold = inf", "alarms.high.threshold: found inf, want a finite number"),
    (
        "threshold = 70",
        "threshold = 20",
        "groups.web.policies.in.alarm: found \"low\" below 30, want a threshold of at most 20",
    ),
    ("comparison = \"less\"", "comparison = \"below\"", "alarms.low.comparison: found \"below\""),
    ("min = 2", "min = 9", "groups.web.min: found 9, want at most the maximum of 8"),
    ("max = 8", "max = 11", "groups.web.max: found 11, want at most the pool's maximum of 10"),
    ("desired = 4", "desired = 9", "groups.web.desired: found 9, want from 2 to 8"),
    (
        "cooldown = \"300s\"",
        "cooldown = \"-300s\"",
        "groups.web.cooldown: found \"-300s\", want a length of time that is not negative",
    ),
    (
        "health_check = { interval = \"30s\", checks = 5 }\n",
        "",
        "groups.web.grace: found 200s, want a pool with a health_check",
    ),
    ("checks = 5", "checks = 0", "pools.web.health_check.checks: found 0, want at least one check"),
    (
        "cooldown = \"300s\"",
        "pool = \"lambda\"",
        "groups.web.pool: found \"lambda\", want a pool whose instances come by order",
    ),
    (
        "[groups.web]\nmin = 2",
        "[groups.other]\npool = \"web\"\nmax = 3\n[groups.web]\nmin = 2",
        "groups.web.pool: found nothing, want a pool without a group; other has this one",
    ),
    (
        "alarm = \"high\"",
        "alarm = \"hihg\"",
        "groups.web.policies.out.alarm: found \"hihg\", want the name of an alarm (did you mean \"high\"?)",
    ),
    ("change = 2\n", "change = 0\n", "groups.web.policies.out.change: found 0, want a change"),
    ("change = 2\n", "", "groups.web.policies.out.change: found nothing, want one of change, exact and percent"),
    ("change = 2\n", "change = 2\nexact = 3\n", "groups.web.policies.out: found several of change, exact and percent"),
    (
        "{ from = -10, to = 0, change = -1 }",
        "{ from = -20, to = 0, change = -1 }",
        "groups.web.policies.in.steps[1]: found a step that overlaps another",
    ),
    (
        "{ from = -10, to = 0, change = -1 }",
        "{ from = 0, to = -10, change = -1 }",
        "groups.web.policies.in.steps[1]: found a step that holds nothing",
    ),
    (
        "metric = \"RequestCountPerTarget\"",
        "metric = \"RequestCount\"",
        "groups.web.policies.track.metric: found \"RequestCount\", want RequestCountPerTarget or CPUUtilization",
    ),
    ("target = 240", "target = -1", "groups.web.policies.track.target: found -1, want a target above zero"),
    (
        "at = \"8h\"\ndesired = 2",
        "at = \"8h\"",
        "groups.web.policies.night.desired: found nothing, want a size or a bound",
    ),
    (
        "at = \"8h\"\ndesired = 2",
        "at = \"8h\"\nmin = 9",
        "groups.web.policies.night.min: found 9, want bounds in order",
    ),
    (
        "strategies = [\"auto\"]",
        "strategies = [\"auto\"]\nstrategy.auto.steady = \"lambda\"",
        "strategy.auto.steady: found no group over lambda, want a scaling group over the fleet",
    ),
];

fn complaints(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder for the scenario");
    let path = folder.path().join("scenario.toml");
    std::fs::write(&path, text).expect("a scenario can be written");
    match open(&path, &[]) {
        Ok(_) => Vec::new(),
        Err(complaints) => complaints.iter().map(|complaint| complaint.message()).collect(),
    }
}

#[test]
fn the_scenario_without_a_slip_is_sound() {
    assert_eq!(complaints(SOUND), Vec::<String>::new());
}

#[test]
fn each_slip_is_told_by_one_complaint_of_its_own() {
    let mut wrong = Vec::new();
    for (right, slip, told) in SLIPS {
        assert_eq!(SOUND.matches(right).count(), 1, "{right:?} stands once");
        let found = complaints(&SOUND.replace(right, slip));
        if found.len() != 1 || !found[0].starts_with(told) {
            wrong.push(format!("{slip:?}: want {told:?}, found {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut distinct: Vec<&str> = SLIPS.iter().map(|(_, _, told)| *told).collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert!(distinct.len() >= 20, "{}", distinct.len());
}
