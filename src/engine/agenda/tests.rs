//! The order of the agenda by hand, and any mix of its verbs against a sorted map.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at(ns: u64) -> Instant {
    Instant::from_nanos(ns)
}

fn drain<E: Copy>(agenda: &mut Agenda<E>) -> Vec<(u64, E)> {
    std::iter::from_fn(|| agenda.pop()).map(|(instant, event)| (instant.as_nanos(), event)).collect()
}

#[test]
fn at_one_instant_the_lower_rank_goes_first_and_equals_in_order_of_planning() {
    let mut agenda = Agenda::new();
    agenda.plan(at(5), Rank(4), "asks first");
    agenda.plan(at(5), Rank(4), "asks second");
    agenda.plan(at(5), Rank(0), "ends");
    agenda.plan(at(3), Rank(9), "before");
    assert_eq!(agenda.peek(), Some((at(3), Rank(9))));
    assert_eq!(drain(&mut agenda), [(3, "before"), (5, "ends"), (5, "asks first"), (5, "asks second")]);
}

#[test]
fn a_moved_event_stands_as_if_newly_planned() {
    let mut agenda = Agenda::new();
    let moved = agenda.plan(at(1), Rank(0), "moved");
    agenda.plan(at(2), Rank(0), "stays");
    assert!(agenda.move_to(moved, at(2)));
    assert_eq!(agenda.due(moved), Some(at(2)));
    assert_eq!(drain(&mut agenda), [(2, "stays"), (2, "moved")]);
}

#[test]
fn an_old_handle_is_harmless() {
    let mut agenda = Agenda::new();
    let old = agenda.plan(at(1), Rank(0), 'a');
    assert_eq!(agenda.pop(), Some((at(1), 'a')));
    let new = agenda.plan(at(2), Rank(0), 'b');
    assert_eq!(old.slot(), new.slot(), "the slot is used again");
    assert_eq!(agenda.cancel(old), None);
    assert!(!agenda.move_to(old, at(9)));
    assert_eq!(agenda.due(old), None);
    assert_eq!(agenda.cancel(new), Some('b'));
    assert_eq!(agenda.cancel(new), None);
    assert!(agenda.is_empty());
}

#[test]
#[should_panic(expected = "nothing is planned in the past")]
fn planning_in_the_past_stops_the_run() {
    let mut agenda = Agenda::new();
    agenda.plan(at(2), Rank(0), ());
    agenda.pop();
    agenda.plan(at(1), Rank(0), ());
}

#[test]
fn nothing_is_allocated_once_the_largest_number_pending_was_seen() {
    let mut agenda = Agenda::new();
    for k in 0..1_000 {
        agenda.plan(at(k), Rank(0), k);
    }
    let before = (agenda.keys.capacity(), agenda.slots.capacity());
    for k in 0..10_000 {
        let (now, event) = agenda.pop().expect("a thousand are pending");
        agenda.plan(at(now.as_nanos() + 1 + k * 7919 % 1_000), Rank(0), event);
    }
    assert_eq!((agenda.keys.capacity(), agenda.slots.capacity(), agenda.len()), (before.0, before.1, 1_000));
}

#[test]
fn equals_keep_their_order_when_they_are_numbered_anew() {
    let mut agenda = Agenda::new();
    agenda.planned = PLANNED_MAX - 2;
    agenda.plan(at(1), Rank(0), 'a');
    agenda.plan(at(5), Rank(3), 'b');
    agenda.plan(at(5), Rank(3), 'c');
    assert_eq!(agenda.planned, 3, "the third found no number left");
    agenda.pop();
    agenda.planned = PLANNED_MAX;
    agenda.plan(at(5), Rank(3), 'd');
    assert_eq!(agenda.planned, 3, "the vacant root is not numbered");
    assert_eq!(drain(&mut agenda), [(5, 'b'), (5, 'c'), (5, 'd')]);
}

proptest! {
    #[test]
    fn the_order_of_planning_matters_only_between_equals(
        mut entries in prop::collection::vec((0u64..20, 0u8..4), 0..200),
        rotation in 0usize..200,
    ) {
        let rotation = rotation % entries.len().max(1);
        entries.rotate_left(rotation);
        let mut agenda = Agenda::new();
        for (k, &(ns, rank)) in entries.iter().enumerate() {
            agenda.plan(at(ns), Rank(rank), (rank, k));
        }
        let mut sorted: Vec<(u64, (u8, usize))> =
            entries.iter().enumerate().map(|(k, &(ns, rank))| (ns, (rank, k))).collect();
        sorted.sort_unstable();
        prop_assert_eq!(drain(&mut agenda), sorted);
    }

    /// Any mix of all verbs, compared with a sorted map after each step.
    #[test]
    fn any_mix_of_verbs_agrees_with_a_sorted_map(
        steps in prop::collection::vec((0u8..10, 0u64..50, 0u8..4, any::<prop::sample::Index>()), 0..600),
    ) {
        let mut agenda = Agenda::new();
        // On the way numbers are used up.
        agenda.planned = PLANNED_MAX - 90;
        let mut model: BTreeMap<(u64, u8, u64), usize> = BTreeMap::new();
        let mut issued: Vec<(Handle, (u64, u8, u64))> = Vec::new();
        let (mut now, mut planned) = (0, 0);
        for (verb, ahead, rank, pick) in steps {
            match verb {
                0..=3 => {
                    let key = (now + ahead, rank, planned);
                    planned += 1;
                    model.insert(key, issued.len());
                    issued.push((agenda.plan(at(key.0), Rank(rank), issued.len()), key));
                }
                4..=6 => {
                    let expected = model.pop_first().map(|(key, event)| (at(key.0), event));
                    prop_assert_eq!(agenda.pop(), expected);
                    now = expected.map_or(now, |(instant, _)| instant.as_nanos());
                }
                7 if !issued.is_empty() => {
                    let (handle, key) = issued[pick.index(issued.len())];
                    prop_assert_eq!(agenda.cancel(handle), model.remove(&key));
                }
                _ if !issued.is_empty() => {
                    let chosen = pick.index(issued.len());
                    let entry = &mut issued[chosen];
                    let event = model.remove(&entry.1);
                    prop_assert_eq!(agenda.move_to(entry.0, at(now + ahead)), event.is_some());
                    if let Some(event) = event {
                        entry.1 = (now + ahead, entry.1.1, planned);
                        planned += 1;
                        model.insert(entry.1, event);
                    }
                }
                _ => {}
            }
            prop_assert_eq!(agenda.len(), model.len());
            prop_assert_eq!(agenda.peek(), model.first_key_value().map(|(key, _)| (at(key.0), Rank(key.1))));
        }
    }
}
