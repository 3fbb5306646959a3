//! The books of a run: every charge as a line (hour, resource, item, share), in pico-dollars.
//!
//! Three shares sum to the bill exactly. *Direct*: known at the answer (per request, rounded duration, gateway, egress).
//! *Held*: the part of an instance's price that requests had, by time and slot. *Idle*: what nobody held, with
//! minimum charges, unused reservations, balancer hours and units. Held cost is counted in the hour in which a request
//! ends, instance cost in the hour in which it accrues; so one hour's idle share can be negative where long
//! requests end, while the sum over hours cannot.

use std::collections::BTreeMap;

use super::ids::PoolId;

/// Who is charged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    Pool(PoolId),
    /// A reservation, by its index.
    Reservation(u32),
    /// Gateway and egress.
    Provider,
}

/// What is charged for, with the unit of its quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// Instances by time; quantity in instance-seconds.
    Instances,
    /// Requests.
    Requests,
    /// Rounded durations; GiB-seconds.
    Duration,
    /// Provisioned concurrency; GiB-seconds.
    Provisioned,
    /// Balancer time; hours.
    BalancerHours,
    /// Balancer capacity units; unit-hours.
    BalancerUnits,
    /// A gateway machine; hours.
    Gateway,
    /// Requests through a gateway.
    GatewayRequests,
    /// Answers that leave the provider; GiB.
    Egress,
    /// Reserved instances, used or not; instance-seconds.
    Reserved,
}

impl Item {
    pub const fn name(self) -> &'static str {
        match self {
            Item::Instances => "instances",
            Item::Requests => "requests",
            Item::Duration => "duration",
            Item::Provisioned => "provisioned",
            Item::BalancerHours => "balancer-hours",
            Item::BalancerUnits => "balancer-units",
            Item::Gateway => "gateway",
            Item::GatewayRequests => "gateway-requests",
            Item::Egress => "egress",
            Item::Reserved => "reserved",
        }
    }

    pub const fn unit(self) -> &'static str {
        match self {
            Item::Instances | Item::Reserved => "instance-s",
            Item::Requests | Item::GatewayRequests => "requests",
            Item::Duration | Item::Provisioned => "GiB-s",
            Item::BalancerHours | Item::Gateway => "h",
            Item::BalancerUnits => "unit-h",
            Item::Egress => "GiB",
        }
    }
}

/// Which of the three shares of the bill a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    Direct,
    Held,
    Idle,
}

impl Share {
    pub const fn name(self) -> &'static str {
        match self {
            Share::Direct => "direct",
            Share::Held => "held",
            Share::Idle => "idle",
        }
    }
}

/// One line: integers in the finest unit of the item, and its cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// In the item's unit.
    pub quantity: f64,
    pub pico: i128,
}

/// Address of a line.
pub type LineKey = (u32, Resource, Item, Share);

/// All lines, in order of hour, resource, item and share.
#[derive(Debug, Default)]
pub struct Books {
    lines: BTreeMap<LineKey, Line>,
}

/// Use of one pool in the present hour, booked when the hour is over: the hot path only adds integers.
#[derive(Clone, Copy, Debug, Default)]
pub struct HourUse {
    pub requests: u64,
    /// Of these, what per-request prices came to.
    pub request_pico: u64,
    pub direct_pico: u64,
    pub held_pico: u64,
    /// Rounded durations, in MiB-nanoseconds.
    pub mib_ns: u128,
    /// Of requests offered and of answers given.
    pub bytes: u64,
    pub offered: u64,
}

impl Books {
    pub fn add(&mut self, hour: u32, resource: Resource, item: Item, share: Share, quantity: f64, pico: i128) {
        if quantity == 0.0 && pico == 0 {
            return;
        }
        let line = self.lines.entry((hour, resource, item, share)).or_default();
        line.quantity += quantity;
        line.pico += pico;
    }

    pub fn lines(&self) -> impl Iterator<Item = (&LineKey, &Line)> {
        self.lines.iter()
    }

    /// The bill: the sum over all lines.
    pub fn total_pico(&self) -> i128 {
        self.lines.values().map(|line| line.pico).sum()
    }

    pub fn share_pico(&self, share: Share) -> i128 {
        self.lines.iter().filter(|((_, _, _, of), _)| *of == share).map(|(_, line)| line.pico).sum()
    }

    pub fn resource_pico(&self, resource: Resource) -> i128 {
        self.lines.iter().filter(|((_, of, _, _), _)| *of == resource).map(|(_, line)| line.pico).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_add_up_by_share_and_resource() {
        let mut books = Books::default();
        let pool = Resource::Pool(PoolId(0));
        books.add(0, pool, Item::Instances, Share::Held, 0.0, 7);
        books.add(0, pool, Item::Instances, Share::Idle, 3600.0, 5);
        books.add(1, pool, Item::Instances, Share::Idle, 3600.0, -2);
        books.add(1, Resource::Provider, Item::Egress, Share::Direct, 1.0, 1);
        assert_eq!(books.total_pico(), 11);
        assert_eq!(books.share_pico(Share::Idle), 3);
        assert_eq!(books.resource_pico(pool), 10);
        assert_eq!(books.lines().count(), 4);
    }
}
