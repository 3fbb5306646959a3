//! What makes no sense where clients call computers themselves: given to them by the balanced controller, or raced for. Limits of
//! brokers may stand, so that one override shows the same scenario without brokers; they limit nobody.

use super::{Action, EdgeRouter};
use crate::scenario::complaint::Desk;
use crate::scenario::part::Part;
use crate::scenario::path::KeyPath;

/// The balanced controller leaves nothing for brokers to do, and its clients hear at once of what comes and goes.
pub(super) fn complain_of_brokers(part: &Part<'_, EdgeRouter>, desk: &mut Desk) {
    let own = &part.value;
    if !own.brokers.is_empty() {
        desk.add(part.refuse("brokers", "no brokers: under the balanced controller clients call computers themselves"));
    }
    if !own.announce_delay.0.is_zero() {
        desk.add(part.refuse("announce_delay", "0s: clients of the balanced controller hear of a computer at once"));
    }
    for (index, line) in own.timetable.iter().enumerate() {
        if !matches!(line.action, Action::Announce | Action::Withdraw) {
            let path = KeyPath::from("timetable").index(index).key("action");
            desk.add(part.refuse_at(&path, "announce or withdraw: under the balanced controller there are no tables"));
        }
    }
}

/// Clients that nobody coordinates know every computer from the start.
pub(super) fn complain_of_controllers(part: &Part<'_, EdgeRouter>, desk: &mut Desk) {
    let own = &part.value;
    let of = |given: bool, key: &str, wanted: &str| given.then(|| part.refuse(key, wanted));
    let complaints = [
        of(!own.brokers.is_empty(), "brokers", "no brokers: uncoordinated clients call computers themselves"),
        of(
            !own.announce_delay.0.is_zero(),
            "announce_delay",
            "0s: nobody announces computers to uncoordinated clients",
        ),
        of(own.readmit.is_some(), "readmit", "nothing: for uncoordinated clients a computer that failed stays known"),
        of(!own.timetable.is_empty(), "timetable", "nothing: uncoordinated clients know every computer from the start"),
    ];
    complaints.into_iter().flatten().for_each(|complaint| desk.add(complaint));
}
