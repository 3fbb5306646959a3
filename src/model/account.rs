//! Verbs of money: bills of instances are opened and closed, covers move, hours are booked.

use super::books::{HourUse, Item, Resource, Share};
use super::cover::Cover;
use super::ids::{InstanceId, NodeId, PoolId, RequestId};
use super::pool::Charge;
use super::tariff::{PerHour, gib_seconds};
use super::world::World;
use crate::engine::time::{Instant, Span};

const HOUR: Span = Span::from_secs(3600);

impl World {
    /// A new instance is billed from its launch, or covered by a reservation that has room.
    pub(crate) fn open_bill(&mut self, id: InstanceId, now: Instant) {
        let instance = self.instances.get(id.0);
        let pool = &self.pools[instance.pool.index()];
        let Charge::Held { kind, price, .. } = &pool.spec.charge else { return };
        let node = pool.spec.node;
        let price = *price;
        let cover = self.covers.iter().position(|cover| cover.used < cover.count && cover.covers(kind, node));
        let instance = self.instances.get_mut(id.0);
        match cover {
            Some(index) => {
                self.covers[index].used += 1;
                instance.bill.covered_by = Some(index as u32);
                instance.set_rates(now, PerHour(0), self.covers[index].effective());
            }
            None => instance.set_rates(now, price, price),
        }
    }

    /// An instance goes: its last charge is made, and its cover passes to the uncovered one that has run longest.
    pub(crate) fn close_bill(&mut self, id: InstanceId, now: Instant) {
        self.last_charge(id, now);
        if let Some(index) = self.instances.get_mut(id.0).bill.covered_by.take() {
            self.covers[index as usize].used -= 1;
            self.pass_covers_on(now);
        }
    }

    /// Books what an instance has run up since the last hour, and what the minimum and rounding add.
    pub(crate) fn last_charge(&mut self, id: InstanceId, now: Instant) {
        let instance = self.instances.get(id.0);
        let pool_id = instance.pool;
        let Charge::Held { minimum, quantum, .. } = self.pools[pool_id.index()].spec.charge else { return };
        let lived = now.since(instance.born);
        let extra = lived.round_up_to(quantum).max(minimum) - lived;
        let in_this_hour = now.saturating_since(instance.born.max(self.hour_began)) + extra;
        let bill = &mut self.instances.get_mut(id.0).bill;
        bill.closed = true;
        let pico = bill.book(now) + bill.extra(extra);
        let quantity = in_this_hour.as_secs_f64();
        self.books.add(self.hour, Resource::Pool(pool_id), Item::Instances, Share::Idle, quantity, pico.into());
    }

    /// Gives covers with room to the uncovered instances that have run longest.
    fn pass_covers_on(&mut self, now: Instant) {
        for index in 0..self.covers.len() {
            while self.covers[index].used < self.covers[index].count {
                let cover = &self.covers[index];
                let uncovered = self.instances.iter().filter(|(_, instance)| {
                    let pool = &self.pools[instance.pool.index()];
                    let Charge::Held { kind, .. } = &pool.spec.charge else { return false };
                    let open = !instance.bill.closed && instance.bill.covered_by.is_none();
                    open && cover.covers(kind, pool.spec.node)
                });
                let Some(slot) =
                    uncovered.min_by_key(|(_, one)| (one.born, one.pool, one.number)).map(|(slot, _)| slot)
                else {
                    break;
                };
                let rate = cover.effective();
                self.covers[index].used += 1;
                let instance = self.instances.get_mut(slot);
                instance.bill.covered_by = Some(index as u32);
                instance.set_rates(now, PerHour(0), rate);
            }
        }
    }

    /// Reserves instances from now on; running ones are covered at once.
    #[allow(clippy::too_many_arguments)] // The terms of a reservation are this many.
    pub fn reserve(
        &mut self,
        kind: &str,
        node: Option<NodeId>,
        count: u32,
        hourly: PerHour,
        upfront_pico: u64,
        term: Span,
        now: Instant,
    ) {
        let cover = Cover {
            kind: kind.to_owned(),
            node,
            count,
            hourly,
            upfront_pico,
            term,
            from: now,
            used: 0,
            booked_pico: 0,
        };
        self.covers.push(cover);
        self.pass_covers_on(now);
    }

    /// Provisioned concurrency is billed by the number that stands; called before the number changes and each hour.
    pub(crate) fn book_provisioned(&mut self, pool_id: PoolId, now: Instant) {
        let pool = &mut self.pools[pool_id.index()];
        let Charge::PerUse { price, memory_mib, .. } = &pool.spec.charge else { return };
        let (price, memory_mib) = (*price, *memory_mib);
        let super::pool::Births::Environments(environments) = &mut pool.births else { return };
        let span = now.since(environments.provisioned_since);
        environments.provisioned_since = now;
        let held = span * u64::from(environments.provisioned_now);
        if held.is_zero() {
            return;
        }
        let pico = gib_seconds(price.provisioned_per_gib_s, memory_mib, held);
        let quantity = held.as_secs_f64() * f64::from(memory_mib) / 1024.0;
        self.books.add(self.hour, Resource::Pool(pool_id), Item::Provisioned, Share::Idle, quantity, pico.into());
    }

    /// An attempt has come from outside through the gateway in front of functions: direct cost of the request.
    pub fn through_gateway(&mut self, id: RequestId) {
        self.gateway_requests += 1;
        self.requests.get_mut(id.0).cost_direct_pico += self.tariff.gateway_per_request;
    }

    /// An answer of so many bytes leaves the cloud: direct cost of the request.
    pub fn answer_leaves(&mut self, id: RequestId, bytes: u64) {
        const GIB: u128 = 1 << 30;
        self.egress_bytes += bytes;
        let pico = ((u128::from(self.tariff.egress_per_gib) * u128::from(bytes) + GIB / 2) / GIB) as u64;
        self.egress_pico += pico;
        self.requests.get_mut(id.0).cost_direct_pico += pico;
    }

    /// Writes the books up to `now`, the end of an hour or of the run.
    pub fn book_hour(&mut self, now: Instant) {
        let hour = self.hour;
        let length = now.since(self.hour_began);
        for slot in 0..self.instances.slots() as u32 {
            let Some(instance) = self.instances.try_get_mut(slot) else { continue };
            let pool_id = instance.pool;
            if instance.bill.closed || !matches!(self.pools[pool_id.index()].spec.charge, Charge::Held { .. }) {
                continue;
            }
            let quantity = now.since(instance.born.max(self.hour_began)).as_secs_f64();
            let pico = instance.bill.book(now);
            self.books.add(hour, Resource::Pool(pool_id), Item::Instances, Share::Idle, quantity, pico.into());
        }
        for index in 0..self.pools.len() {
            let id = PoolId::from_index(index);
            self.book_provisioned(id, now);
            self.book_use(id, length);
        }
        self.book_provider(length, now);
        self.hour += 1;
        self.hour_began = now;
    }

    /// Use of one pool in the hour that ends: per-request charges, what requests held, its balancer.
    fn book_use(&mut self, id: PoolId, length: Span) {
        let hour = self.hour;
        let pool = &mut self.pools[id.index()];
        let used: HourUse = std::mem::take(&mut pool.hour);
        let of = Resource::Pool(id);
        let charge_per_use = matches!(pool.spec.charge, Charge::PerUse { .. });
        // Who never had a machine there, nor a request for one, has no balancer either.
        let in_use = pool.launched > 0 || pool.counts.offered > 0;
        let balancer = if pool.spec.balancer_billed && in_use { self.tariff.balancer } else { None };
        let books = &mut self.books;
        if charge_per_use {
            let requests = used.requests as f64;
            books.add(hour, of, Item::Requests, Share::Direct, requests, used.request_pico.into());
            // Whole milliseconds apart: most roundings have no others, and their sums stay exact.
            let (ms, rest) = (used.mib_ns / 1_000_000, used.mib_ns % 1_000_000);
            let gib_s = (ms as f64 + rest as f64 / 1e6) / 1024.0 / 1000.0;
            let duration_pico = i128::from(used.direct_pico) - i128::from(used.request_pico);
            books.add(hour, of, Item::Duration, Share::Direct, gib_s, duration_pico);
        }
        let held = i128::from(used.held_pico);
        books.add(hour, of, Item::Instances, Share::Held, 0.0, held);
        books.add(hour, of, Item::Instances, Share::Idle, 0.0, -held);
        if let Some(price) = balancer {
            let hours = length.as_secs_f64() / 3600.0;
            books.add(hour, of, Item::BalancerHours, Share::Idle, hours, price.per_hour.cost(length).into());
            let connections = used.offered as f64 / length.as_secs_f64().max(1e-9) / price.unit_connections_per_s;
            let bytes = used.bytes as f64 / hours.max(1e-12) / price.unit_bytes_per_hour;
            let unit_hours = connections.max(bytes) * hours;
            let pico = (unit_hours * price.per_unit_hour as f64).round() as i128;
            books.add(hour, of, Item::BalancerUnits, Share::Idle, unit_hours, pico);
        }
    }

    /// Gateways, egress and reservations in the hour that ends.
    fn book_provider(&mut self, length: Span, now: Instant) {
        let (hour, of) = (self.hour, Resource::Provider);
        let gateway = self.tariff.gateway;
        if gateway.0 > 0 {
            let hours = length.as_secs_f64() / 3600.0;
            self.books.add(hour, of, Item::Gateway, Share::Idle, hours, gateway.cost(length).into());
        }
        let requests = std::mem::take(&mut self.gateway_requests);
        let pico = i128::from(requests) * i128::from(self.tariff.gateway_per_request);
        self.books.add(hour, of, Item::GatewayRequests, Share::Direct, requests as f64, pico);
        let (bytes, pico) = (std::mem::take(&mut self.egress_bytes), std::mem::take(&mut self.egress_pico));
        self.books.add(hour, of, Item::Egress, Share::Direct, bytes as f64 / (1u64 << 30) as f64, pico.into());
        for (index, cover) in self.covers.iter_mut().enumerate() {
            let total = cover.cost_pico(now);
            let fresh = total - cover.booked_pico;
            cover.booked_pico = total;
            let quantity = length.min(now.since(cover.from)).as_secs_f64() * f64::from(cover.count);
            let reservation = Resource::Reservation(index as u32);
            self.books.add(hour, reservation, Item::Reserved, Share::Idle, quantity, fresh as i128);
        }
    }

    /// When the hour that is being booked is over.
    pub fn hour_ends(&self) -> Instant {
        self.hour_began + HOUR
    }
}
