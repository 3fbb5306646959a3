//! The monitor keeps no more than somebody reads, and nobody can tell by what is done.

use stratosim::run::sink::Silent;

use crate::world::{run, run_into, text};

/// Lengths of the monitor's period, of its delay, of the alarm's period and of the timeline's, and how many periods the
/// alarm looks at.
const LENGTHS: [(&str, &str, &str, &str, u32); 6] = [
    ("60s", "0s", "60s", "60s", 1),
    ("60s", "150s", "60s", "60s", 3),
    ("10s", "25s", "50s", "7s", 4),
    ("20s", "90s", "100s", "3s", 2),
    ("30s", "30s", "30s", "45s", 5),
    ("5s", "1s", "60s", "60s", 2),
];

fn scenario(
    (granularity, delay, period, sample, periods): (&str, &str, &str, &str, u32),
    missing: &str,
    tail: &str,
) -> String {
    let head = format!("monitor = {{ granularity = \"{granularity}\", delay = \"{delay}\" }}\n");
    let rest = format!(
        "[alarms.busy]\npool = \"web\"\nmetric = \"TargetResponseTime\"\nperiod = \"{period}\"\nperiods = {periods}\n\
         points = {}\ncomparison = \"greater\"\nthreshold = 1.5\nmissing = \"{missing}\"\n\
         [groups.g]\npool = \"web\"\nmax = 4\ncooldown = \"0s\"\n\
         policies.out = {{ kind = \"simple\", alarm = \"busy\", change = 1 }}\n{tail}",
        periods.div_ceil(2)
    );
    head + &text("auto", sample, "", &rest)
}

/// Crowds, lulls and silences, in which a period has no response at all.
fn counts() -> Vec<u32> {
    (0..1500).map(|second: u32| [0, 25, 3, 0, 14, 9][(second / 110 % 6) as usize]).collect()
}

#[test]
fn an_alarm_reads_the_same_points_where_only_its_own_are_kept() {
    let mut turned = 0;
    for lengths in LENGTHS {
        for missing in ["missing", "not-breaching", "breaching", "ignore"] {
            let own = run(&scenario(lengths, missing, ""), &counts());
            // Series that are written out are kept for a day.
            let day = run(&scenario(lengths, missing, "[archive]\nexport = [\"*\"]\n"), &counts());
            assert_eq!(own.decisions, day.decisions, "{lengths:?} {missing}");
            turned += own.by("busy").len();
        }
    }
    assert!(turned >= 60, "the alarm turned {turned} times only");
}

#[test]
fn nobody_can_tell_from_what_is_done_whether_a_timeline_is_written() {
    for lengths in LENGTHS {
        let text = scenario(lengths, "missing", "");
        let mut seen = crate::world::Seen::default();
        let loud = run_into(&text, &counts(), &mut seen);
        let quiet = run_into(&text, &counts(), &mut Silent);
        assert_eq!((loud.bill_pico, loud.violations, &loud.roots), (quiet.bill_pico, quiet.violations, &quiet.roots));
        assert!(!seen.samples.is_empty());
    }
}
