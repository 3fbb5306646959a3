//! Groups by hand: what alarms that are on make of sizes.

use super::*;
use crate::model::alarm::{AlarmSpec, Comparison, Missing};
use crate::model::ids::AlarmId;
use crate::model::monitor::{Metric, Of, Statistic};

const NOW: Instant = Instant::from_nanos(1_000_000_000_000);

fn at(secs: u64) -> Instant {
    Instant::ZERO + Span::from_secs(secs)
}

/// An alarm with its threshold that was evaluated now, at a value; on where the value is beyond.
fn alarm(comparison: Comparison, threshold: f64, value: f64) -> Alarm {
    let mut alarm = Alarm::new(AlarmSpec {
        name: "a".to_owned(),
        of: Of::Pool(PoolId(0)),
        metric: Metric::CpuUtilization,
        statistic: Statistic::Average,
        period: Span::from_secs(60),
        points: 1,
        periods: 1,
        comparison,
        threshold,
        missing: Missing::Missing,
    });
    let on = comparison.breaches(value, threshold);
    (alarm.state, alarm.value) = (if on { AlarmState::Alarm } else { AlarmState::Ok }, Some(value));
    alarm.evaluated = Some(NOW);
    alarm
}

fn group(rules: Vec<Rule>) -> Group {
    let policies = rules.into_iter().map(|rule| Policy { name: "p".to_owned(), rule }).collect();
    Group::new(GroupSpec {
        name: "g".to_owned(),
        pool: PoolId(0),
        min: 1,
        max: 20,
        desired: None,
        cooldown: Span::from_secs(300),
        warm_up: Span::from_secs(60),
        grace: None,
        policies,
        timetable: Vec::new(),
    })
}

fn calm(size: u32) -> Fleet {
    Fleet { desired: size, warmed: size, warming: 0 }
}

fn to(group: &mut Group, fleet: Fleet, alarms: &[Alarm]) -> Option<u32> {
    group.decide(fleet, alarms, NOW).map(|action| action.to)
}

const FIRST: AlarmId = AlarmId(0);
const SECOND: AlarmId = AlarmId(1);

#[test]
fn simple_scaling_waits_for_its_activity_and_the_cooldown_after_it() {
    let simple = Rule::Simple { alarm: FIRST, adjustment: Adjustment::Change(2), cooldown: None };
    let mut group = group(vec![simple]);
    let mut high = alarm(Comparison::Greater, 70.0, 90.0);
    assert_eq!(to(&mut group, calm(3), &[high.clone()]), Some(5));
    assert_eq!(to(&mut group, calm(5), &[high.clone()]), None, "the activity is under way");
    assert_eq!(group.quiet_until(), Instant::FAR);
    group.activity_over(at(1100));
    assert_eq!(group.quiet_until(), at(1400));
    for (now, decided) in [(1399, None), (1400, Some(7))] {
        high.evaluated = Some(at(now));
        assert_eq!(group.decide(calm(5), &[high.clone()], at(now)).map(|action| action.to), decided, "at {now} s");
    }
}

#[test]
fn a_policy_may_have_a_cooldown_of_its_own() {
    let cooldown = Some(Span::from_secs(10));
    let mut group = group(vec![Rule::Simple { alarm: FIRST, adjustment: Adjustment::Exact(4), cooldown }]);
    assert_eq!(to(&mut group, calm(3), &[alarm(Comparison::Less, 30.0, 10.0)]), Some(4));
    group.activity_over(at(1000));
    assert_eq!(group.quiet_until(), at(1010));
}

#[test]
fn an_alarm_that_was_not_evaluated_now_moves_nothing() {
    let mut group = group(vec![Rule::Simple { alarm: FIRST, adjustment: Adjustment::Change(2), cooldown: None }]);
    let mut stale = alarm(Comparison::Greater, 70.0, 90.0);
    stale.evaluated = Some(at(940));
    assert_eq!(to(&mut group, calm(3), &[stale]), None);
    assert_eq!(to(&mut group, calm(3), &[alarm(Comparison::Greater, 70.0, 70.0)]), None, "it is not on");
}

fn bands() -> Vec<Band> {
    let band = |from, to, by| Band { from, to, adjustment: Adjustment::Change(by) };
    vec![band(Some(0.0), Some(10.0), 1), band(Some(10.0), None, 4), band(None, Some(0.0), -2)]
}

#[test]
fn steps_go_by_the_distance_from_the_threshold() {
    let step = || Rule::Step { alarm: FIRST, bands: bands() };
    for (value, size) in [(75.0, Some(11)), (80.0, Some(14)), (99.0, Some(14))] {
        let alarms = [alarm(Comparison::Greater, 70.0, value)];
        assert_eq!(to(&mut group(vec![step()]), calm(10), &alarms), size, "at {value} %");
    }
    let low = [alarm(Comparison::Less, 30.0, 20.0)];
    assert_eq!(to(&mut group(vec![step()]), calm(10), &low), Some(8));
}

#[test]
fn what_warms_up_is_part_of_what_a_step_asks_for() {
    let mut group = group(vec![Rule::Step { alarm: FIRST, bands: bands() }]);
    let warming = Fleet { desired: 11, warmed: 10, warming: 1 };
    assert_eq!(to(&mut group, warming, &[alarm(Comparison::Greater, 70.0, 75.0)]), None, "one more is on its way");
    assert_eq!(to(&mut group, warming, &[alarm(Comparison::Greater, 70.0, 85.0)]), Some(14), "three beyond that one");
    assert_eq!(
        to(&mut group, warming, &[alarm(Comparison::Less, 30.0, 20.0)]),
        None,
        "nothing goes while one warms up"
    );
}

#[test]
fn a_target_is_met_in_one_go_upwards_and_one_by_one_downwards() {
    let rule = Rule::Target { high: FIRST, low: Some(SECOND), target: 50.0 };
    let mut group = group(vec![rule]);
    let alarms = |value: f64| [alarm(Comparison::Greater, 50.0, value), alarm(Comparison::Less, 45.0, value)];
    assert_eq!(to(&mut group, calm(4), &alarms(80.0)), Some(7), "4 x 80 / 50 = 6.4");
    assert_eq!(to(&mut group, calm(4), &alarms(48.0)), None, "between the two alarms");
    assert_eq!(to(&mut group, calm(10), &alarms(10.0)), Some(9), "10 x 10 / 50 = 2, one at a time");
    assert_eq!(to(&mut group, calm(2), &alarms(44.0)), None, "2 x 44 / 50 = 1.76: two are needed");
    let warming = Fleet { desired: 7, warmed: 4, warming: 3 };
    assert_eq!(to(&mut group, warming, &alarms(80.0)), None, "those on their way are for this load");
    assert_eq!(to(&mut group, warming, &alarms(100.0)), Some(8), "4 x 100 / 50");
    assert_eq!(to(&mut group, warming, &alarms(10.0)), None, "nothing goes while some warm up");
}

#[test]
fn of_several_policies_the_one_that_leaves_most_decides() {
    let simple = |alarm, by| Rule::Simple { alarm, adjustment: Adjustment::Change(by), cooldown: None };
    let alarms = [alarm(Comparison::Greater, 70.0, 90.0), alarm(Comparison::Less, 95.0, 90.0)];
    let mut group = group(vec![simple(SECOND, -3), simple(FIRST, 1), simple(FIRST, 4)]);
    assert_eq!(to(&mut group, calm(10), &alarms), Some(14));
}

#[test]
fn bounds_hold_and_an_action_without_effect_starts_no_cooldown() {
    let simple = Rule::Simple { alarm: FIRST, adjustment: Adjustment::Percent(400.0), cooldown: None };
    let mut group = group(vec![simple]);
    let high = [alarm(Comparison::Greater, 70.0, 90.0)];
    assert_eq!(to(&mut group, calm(20), &high), None);
    assert_eq!(group.quiet_until(), Instant::ZERO);
    assert_eq!(to(&mut group, calm(10), &high), Some(20));
}

#[test]
fn percentages_move_by_one_instance_at_least() {
    for (size, percent, after) in [(10, 50.0, 15), (10, -25.0, 8), (3, 10.0, 4), (3, -10.0, 2), (0, 50.0, 0)] {
        assert_eq!(Adjustment::Percent(percent).apply(size), after, "{size} by {percent} %");
    }
}

#[test]
fn a_timetable_sets_bounds_and_size() {
    let entry = |min, max, desired| Entry { at: at(0), every: None, min, max, desired };
    let mut group = group(Vec::new());
    group.spec.timetable = vec![entry(Some(5), None, None), entry(Some(1), Some(3), None), entry(None, None, Some(2))];
    let mut follow = |entry, desired| group.follow(entry, desired).map(|action| action.to);
    assert_eq!(follow(0, 2), Some(5), "lifted to the new minimum");
    assert_eq!(follow(0, 7), None);
    assert_eq!(follow(1, 7), Some(3), "cut to the new maximum");
    assert_eq!(follow(2, 3), Some(2));
    group.suspended = true;
    assert_eq!(group.follow(0, 2), None);
    assert_eq!(group.min, 5);
}
