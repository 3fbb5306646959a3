//! The closed list of events, and their order at one instant.
//!
//! An event is named for what has happened and carries ids, nothing boxed. What may become void is moved or cancelled
//! in place through the handle that planning returned; no stale event is ever delivered.

use super::ids::{AlarmId, GroupId, InstanceId, PoolId, RequestId};
use crate::engine::agenda::Rank;

/// The tag takes a whole word: a copy is then made of the words that were stored. A tag of one byte makes compilers copy
/// the rest as one piece across them, and the processor waits for its own stores at every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Event {
    /// The own work of a request is done (instances with slots).
    Finished { request: RequestId },
    /// The first of the requests that share an instance's cores is done.
    SharedFinished { instance: InstanceId },
    /// Calls on an edge computer are done.
    ComputerDone { pool: PoolId },
    /// An edge computer reports how busy its processors were.
    ReportDue { pool: PoolId },
    /// The provider takes a spot instance back.
    Interrupted { instance: InstanceId },
    /// An answer is back at the node that asked.
    Answered { request: RequestId },
    /// The states that a step of a chain needs have come to it.
    StatesFetched { request: RequestId },
    /// A boot is over where a balancer checks health.
    Booted { instance: InstanceId },
    /// A boot, its health checks, or a cold start are over.
    Ready { instance: InstanceId },
    /// An instance has shut down.
    Stopped { instance: InstanceId },
    /// An instance that is not healthy by now is replaced.
    GraceOver { instance: InstanceId },
    /// The oldest keep-alive deadline of a pool may have come.
    KeepAliveDue { pool: PoolId },
    /// A draining instance is given no more time.
    DrainOver { instance: InstanceId },
    /// The scheduled number of pre-warmed environments of a pool changes.
    PrewarmDue { pool: PoolId, entry: u32 },
    /// A caller leaves the queue.
    PatienceOver { request: RequestId },
    /// A caller waits no longer for the whole answer.
    TimedOut { request: RequestId },
    /// The monitor posts what happened since it last did.
    MetricsDue,
    /// An alarm is evaluated: its newest period is published.
    AlarmDue { alarm: AlarmId },
    /// A scaling group acts on its alarms.
    GroupDue { group: GroupId },
    /// A line of a scaling group's timetable is due.
    TimetableDue { group: GroupId, entry: u32 },
    /// The strategy looks: at its period, or when it asked to be woken.
    ControlDue { periodic: bool },
    /// Orders whose time of deciding is over are carried out.
    OrdersDue { batch: u32 },
    /// A scale order that did not fit has waited long enough.
    OrderPatienceOver { pool: PoolId },
    /// A request reaches a node: over the network, or again after a failed attempt.
    Reached { request: RequestId },
    /// A client of a closed source has thought and asks.
    ClientAsks { source: u32, client: u32 },
    /// State is sampled for the timeline.
    SampleDue,
    /// An hour of the bill is complete.
    HourOver,
}

/// Where a periodic event stands among the others of its instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    BeforeWork,
    /// Control's default: it sees what ended and what became ready, and decides before new work asks.
    AfterWork,
    /// For reports.
    AfterArrivals,
}

impl Place {
    pub const fn rank(self) -> Rank {
        match self {
            Place::BeforeWork => Rank(0),
            Place::AfterWork => Rank(50),
            Place::AfterArrivals => Rank(70),
        }
    }
}

/// The rank of an arrival that a source delivers.
pub const NEW_WORK: Rank = Rank(60);

impl Event {
    /// Who goes first at one instant: work ends, answers arrive, capacity appears, patience ends, the strategy decides,
    /// new work asks, reports are drawn. Published models that step by whole seconds tie all the time, so this order is
    /// part of the model. Patience ends after capacity appears: a request whose turn comes at its deadline is served.
    /// The provider goes before the strategy: metrics are posted, then alarms evaluated, then scaling groups act.
    pub const fn rank(self) -> Rank {
        match self {
            Event::Finished { .. }
            | Event::SharedFinished { .. }
            | Event::ComputerDone { .. }
            | Event::Interrupted { .. } => Rank(10),
            Event::Answered { .. } | Event::StatesFetched { .. } => Rank(20),
            Event::Booted { .. }
            | Event::Ready { .. }
            | Event::Stopped { .. }
            | Event::KeepAliveDue { .. }
            | Event::DrainOver { .. }
            | Event::PrewarmDue { .. }
            | Event::OrdersDue { .. } => Rank(30),
            Event::PatienceOver { .. }
            | Event::TimedOut { .. }
            | Event::OrderPatienceOver { .. }
            | Event::GraceOver { .. } => Rank(40),
            Event::MetricsDue => Rank(44),
            Event::AlarmDue { .. } => Rank(46),
            Event::GroupDue { .. } | Event::TimetableDue { .. } => Rank(48),
            Event::ControlDue { .. } => Place::AfterWork.rank(),
            Event::Reached { .. } | Event::ClientAsks { .. } => NEW_WORK,
            Event::SampleDue | Event::HourOver | Event::ReportDue { .. } => Place::AfterArrivals.rank(),
        }
    }

    /// Two words that stand for the event in the digest of a run.
    #[inline]
    pub const fn fingerprint(self) -> (u64, u64) {
        match self {
            Event::Finished { request } => (1, request.0 as u64),
            Event::SharedFinished { instance } => (2, instance.0 as u64),
            Event::Interrupted { instance } => (3, instance.0 as u64),
            Event::Answered { request } => (4, request.0 as u64),
            Event::Ready { instance } => (5, instance.0 as u64),
            Event::KeepAliveDue { pool } => (6, pool.0 as u64),
            Event::DrainOver { instance } => (7, instance.0 as u64),
            Event::PrewarmDue { pool, entry } => (8, (pool.0 as u64) << 32 | entry as u64),
            Event::PatienceOver { request } => (9, request.0 as u64),
            Event::ControlDue { periodic } => (10, periodic as u64),
            Event::OrdersDue { batch } => (11, batch as u64),
            Event::OrderPatienceOver { pool } => (12, pool.0 as u64),
            Event::Reached { request } => (13, request.0 as u64),
            Event::ClientAsks { source, client } => (14, (source as u64) << 32 | client as u64),
            Event::TimedOut { request } => (17, request.0 as u64),
            Event::SampleDue => (15, 0),
            Event::HourOver => (16, 0),
            Event::Booted { instance } => (18, instance.0 as u64),
            Event::Stopped { instance } => (19, instance.0 as u64),
            Event::GraceOver { instance } => (20, instance.0 as u64),
            Event::MetricsDue => (21, 0),
            Event::AlarmDue { alarm } => (22, alarm.0 as u64),
            Event::GroupDue { group } => (23, group.0 as u64),
            Event::TimetableDue { group, entry } => (24, (group.0 as u64) << 32 | entry as u64),
            Event::ComputerDone { pool } => (25, pool.0 as u64),
            Event::ReportDue { pool } => (26, pool.0 as u64),
            Event::StatesFetched { request } => (27, request.0 as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_at_one_instant_is_the_documented_one() {
        let request = RequestId(0);
        let instance = InstanceId(0);
        let order = [
            Place::BeforeWork.rank(),
            Event::Finished { request }.rank(),
            Event::Answered { request }.rank(),
            Event::Ready { instance }.rank(),
            Event::PatienceOver { request }.rank(),
            Event::MetricsDue.rank(),
            Event::AlarmDue { alarm: AlarmId(0) }.rank(),
            Event::GroupDue { group: GroupId(0) }.rank(),
            Event::ControlDue { periodic: true }.rank(),
            NEW_WORK,
            Event::SampleDue.rank(),
        ];
        assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");
    }
}
