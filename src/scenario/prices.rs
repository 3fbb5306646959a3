//! From a price list as it is written to the tariff that meters are read with.
//!
//! Prices are taken over exactly: one that is not a whole number of pico-dollars for what the tariff counts is refused,
//! never rounded. What makes no sense is refused too: something rented for nothing, a price a thousand times what anybody
//! asks (most often a slip of the unit), a rounding of zero, a day that no calendar has.
//!
//! Source: the billing rules named in `model::tariff`. Differs from a provider's price sheet: no free tiers and no volume
//! discounts; one price holds for all of a run.

use std::path::Path;

use super::complaint::{Complaints, Desk, quoted};
use super::path::KeyPath;
use super::raw::{Balancer, Container, FunctionPrices, InstanceType, Plain, PriceList, Spot};
use super::reader::{Read, read_file};
use super::units::{Basis, ByteSize, Price, PricePerTime, TimeSpan};
use crate::engine::time::Span;
use crate::model::tariff::{BalancerPrice, ContainerPrice, FunctionPrice, PICO, PerHour, SpotPrice, Tariff, TypePrice};

/// Opens a price list and checks it.
///
/// # Errors
/// Everything that is wrong with the file, at once.
pub fn read(path: &Path) -> Result<Tariff, Complaints> {
    check(&read_file::<PriceList>(path, [] as [&str; 0])?)
}

/// The tariff of a price list that has the right form.
///
/// # Errors
/// Every price, length, size, day or source that cannot be, at once.
pub fn check(list: &Read<PriceList>) -> Result<Tariff, Complaints> {
    let mut clerk = Clerk { list, desk: Desk::new() };
    let tariff = clerk.tariff(&list.value);
    clerk.desk.finish()?;
    Ok(tariff)
}

/// A price per time as pico-dollars an hour; `None` when it is not a whole number of them.
pub fn per_hour(price: &PricePerTime) -> Option<PerHour> {
    pico_per(price, NS_PER_H).and_then(|pico| u64::try_from(pico).ok()).map(PerHour)
}

/// What the tariff counts a price in, and the highest price that is believed.
struct Meter {
    /// In what the price's own meter counts: nanoseconds, requests, byte-nanoseconds, bytes, core-nanoseconds.
    per: u128,
    name: &'static str,
    most_pico: u64,
    most: &'static str,
}

const NS_PER_S: u128 = 1_000_000_000;
const NS_PER_H: u128 = 3600 * NS_PER_S;
const GIB: u128 = 1 << 30;

/// The dearest machine of a public cloud costs a few hundred dollars an hour.
const HELD: Meter = Meter { per: NS_PER_H, name: "hour", most_pico: 1000 * PICO, most: "1000 USD/h" };
const REQUEST: Meter = Meter { per: 1, name: "request", most_pico: PICO / 10, most: "0.1 USD/request" };
const MEMORY: Meter =
    Meter { per: GIB * NS_PER_S, name: "GB-second", most_pico: PICO / 100, most: "0.01 USD/GB-s (36 USD/GB-h)" };
const MEMORY_HELD: Meter =
    Meter { per: GIB * NS_PER_H, name: "GB-hour", most_pico: 36 * PICO, most: "36 USD/GB-h (0.01 USD/GB-s)" };
const CORE_HELD: Meter = Meter { per: NS_PER_H, name: "vCPU-hour", most_pico: 100 * PICO, most: "100 USD/vCPU-h" };
const DATA: Meter = Meter { per: GIB, name: "GB", most_pico: 100 * PICO, most: "100 USD/GB" };

/// No provider bills a longer time than was used by more than this.
const LONGEST_BILLED: Span = Span::from_secs(365 * 86_400);

/// Whether a price may be zero.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zero {
    /// One part of several.
    Allowed,
    /// All there is to it: what costs nothing is left out of the list.
    Refused,
}

/// Goes through a list and notes what is wrong. What it returns means something only when nothing was.
struct Clerk<'a> {
    list: &'a Read<PriceList>,
    desk: Desk,
}

impl Clerk<'_> {
    fn tariff(&mut self, list: &PriceList) -> Tariff {
        let root = KeyPath::root();
        self.written(&root, "title", &list.title, "a title: provider, region, what the list is for");
        let types = list.types.iter().map(|(name, kind)| self.instance_type(name, kind)).collect();
        let tariff = Tariff {
            types,
            function: list.function.as_ref().map(|function| self.function(function)),
            container: list.container.as_ref().map(|container| self.container(container)),
            balancer: list.balancer.as_ref().map(|balancer| self.balancer(balancer)),
            gateway_per_request: self.plain("gateway_requests", list.gateway_requests.as_ref(), &REQUEST),
            gateway: PerHour(self.plain("gateway", list.gateway.as_ref(), &HELD)),
            egress_per_gib: self.plain("egress", list.egress.as_ref(), &DATA),
        };
        // A price that was refused reads as zero here; it has its complaint already.
        if tariff == Tariff::default() && self.desk.is_empty() {
            const WANTED: &str = "types, function, container, balancer, gateway_requests, gateway or egress";
            self.desk.add(self.list.complain(&root, "no price", WANTED));
        }
        tariff
    }

    fn instance_type(&mut self, name: &str, kind: &InstanceType) -> TypePrice {
        let at = KeyPath::from("types").key(name);
        if name.trim().is_empty() {
            self.desk.add(self.list.complain(&at, quoted(name), "the name of an instance type"));
        }
        self.origin(&at, &kind.source, &kind.date);
        self.billing(&at, kind.minimum, kind.rounding);
        if !(kind.vcpu.is_finite() && kind.vcpu > 0.0) {
            self.desk.add(self.list.refuse(at.key("vcpu"), "a number of processors above zero"));
        }
        TypePrice {
            name: name.to_owned(),
            memory_mib: self.memory(&at, kind.memory),
            vcpu: kind.vcpu,
            price: PerHour(self.price(&at, "price", &kind.price, &HELD, Zero::Refused)),
            minimum: kind.minimum.0,
            quantum: kind.rounding.0,
            spot: kind.spot.as_ref().map(|spot| self.spot(&at.key("spot"), spot)),
        }
    }

    fn spot(&mut self, at: &KeyPath, spot: &Spot) -> SpotPrice {
        const HOUR_S: f64 = 3600.0;
        self.origin(at, &spot.source, &spot.date);
        let per_s = spot.interruptions.per_s();
        if per_s <= 0.0 {
            let wanted = "a rate above zero; capacity that is never taken back is a type of its own";
            self.desk.add(self.list.refuse(at.key("interruptions"), wanted));
        }
        if per_s > 1.0 {
            self.desk.add(self.list.refuse(at.key("interruptions"), "a rate of at most 1/s for one instance"));
        }
        // A spot price above the one on demand has been seen; it is the strategy's business to notice.
        let price = PerHour(self.price(at, "price", &spot.price, &HELD, Zero::Refused));
        SpotPrice { price, interruptions_per_hour: per_s * HOUR_S }
    }

    fn function(&mut self, function: &FunctionPrices) -> FunctionPrice {
        let at = KeyPath::from("function");
        self.origin(&at, &function.source, &function.date);
        self.rounding(&at, function.rounding);
        if function.requests.pico_usd() == 0 && function.duration.pico_usd() == 0 {
            let wanted = "a price above zero for requests or duration";
            self.desk.add(self.list.complain(&at, "requests and durations that cost nothing", wanted));
        }
        let per_gib_s = self.price(&at, "duration", &function.duration, &MEMORY, Zero::Allowed);
        let provisioned = function.provisioned.as_ref();
        let provisioned_per_gib_s =
            provisioned.map_or(0, |price| self.price(&at, "provisioned", price, &MEMORY, Zero::Refused));
        let provisioned_duration = function.provisioned_duration.as_ref();
        if provisioned.is_none() && provisioned_duration.is_some() {
            let wanted = "the price of provisioned concurrency beside that of durations on it";
            self.desk.add(self.list.complain(at.key("provisioned"), "nothing", wanted));
        }
        FunctionPrice {
            per_request: self.price(&at, "requests", &function.requests, &REQUEST, Zero::Allowed),
            per_gib_s,
            quantum: function.rounding.0,
            provisioned_duration_per_gib_s: provisioned_duration
                .map_or(per_gib_s, |price| self.price(&at, "provisioned_duration", price, &MEMORY, Zero::Allowed)),
            provisioned_per_gib_s,
        }
    }

    fn container(&mut self, container: &Container) -> ContainerPrice {
        let at = KeyPath::from("container");
        self.origin(&at, &container.source, &container.date);
        self.billing(&at, container.minimum, container.rounding);
        if container.vcpu.pico_usd() == 0 && container.memory.pico_usd() == 0 {
            let wanted = "a price above zero for vcpu or memory";
            self.desk.add(self.list.complain(&at, "processors and memory that cost nothing", wanted));
        }
        ContainerPrice {
            per_vcpu: PerHour(self.price(&at, "vcpu", &container.vcpu, &CORE_HELD, Zero::Allowed)),
            per_gib: PerHour(self.price(&at, "memory", &container.memory, &MEMORY_HELD, Zero::Allowed)),
            minimum: container.minimum.0,
            quantum: container.rounding.0,
        }
    }

    fn balancer(&mut self, balancer: &Balancer) -> BalancerPrice {
        let at = KeyPath::from("balancer");
        self.origin(&at, &balancer.source, &balancer.date);
        if balancer.price.pico_usd() == 0 && balancer.unit.pico_usd() == 0 {
            let wanted = "a price above zero for its hours or its units";
            self.desk.add(self.list.complain(&at, "a balancer that costs nothing", wanted));
        }
        // Use is divided by what a unit covers, so both count even where units are free.
        if balancer.unit_connections.per_s() <= 0.0 {
            self.desk.add(self.list.refuse(at.key("unit_connections"), "a rate above zero"));
        }
        if balancer.unit_bytes_per_hour.0 == 0 {
            self.desk.add(self.list.refuse(at.key("unit_bytes_per_hour"), "a size above zero"));
        }
        BalancerPrice {
            per_hour: PerHour(self.price(&at, "price", &balancer.price, &HELD, Zero::Allowed)),
            per_unit_hour: self.price(&at, "unit", &balancer.unit, &HELD, Zero::Allowed),
            unit_connections_per_s: balancer.unit_connections.per_s(),
            unit_bytes_per_hour: balancer.unit_bytes_per_hour.0 as f64,
        }
    }

    /// A price that stands alone under its key; zero when it is absent.
    fn plain<B: Basis>(&mut self, key: &str, plain: Option<&Plain<Price<B>>>, meter: &Meter) -> u64 {
        let Some(plain) = plain else { return 0 };
        let at = KeyPath::from(key);
        self.origin(&at, &plain.source, &plain.date);
        self.price(&at, "price", &plain.price, meter, Zero::Refused)
    }

    /// Pico-dollars of a price per unit of the meter; zero when it was complained about.
    fn price<B: Basis>(&mut self, at: &KeyPath, key: &str, price: &Price<B>, meter: &Meter, zero: Zero) -> u64 {
        let wanted = match pico_per(price, meter.per) {
            None => format!("a price that is a whole number of pico-dollars (12 decimals) per {}", meter.name),
            Some(0) if zero == Zero::Refused => "a price above zero; what costs nothing is left out".to_owned(),
            Some(pico) if pico > u128::from(meter.most_pico) => format!("a price of at most {}", meter.most),
            Some(pico) => return pico as u64,
        };
        self.desk.add(self.list.refuse(at.key(key), wanted));
        0
    }

    fn memory(&mut self, at: &KeyPath, memory: ByteSize) -> u64 {
        const MIB: u64 = 1 << 20;
        if memory.0 == 0 || !memory.0.is_multiple_of(MIB) {
            self.desk.add(self.list.refuse(at.key("memory"), "a whole number of MiB above zero, such as 8GiB"));
        }
        memory.0 / MIB
    }

    /// Nothing shorter than `minimum` is billed, the rest in steps of `rounding`.
    fn billing(&mut self, at: &KeyPath, minimum: TimeSpan, rounding: TimeSpan) {
        for (key, span) in [("minimum", minimum), ("rounding", rounding)] {
            if span.0 > LONGEST_BILLED {
                self.desk.add(self.list.refuse(at.key(key), "a length of at most 365d"));
                return;
            }
        }
        if !self.rounding(at, rounding) || minimum.0.as_nanos().is_multiple_of(rounding.0.as_nanos()) {
            return;
        }
        // The complaint stands at what was written; where both were, at the minimum.
        let complaint = if self.list.is_given(at.key("minimum")) {
            self.list.refuse(at.key("minimum"), format!("a multiple of the rounding, {rounding}"))
        } else {
            self.list.refuse(at.key("rounding"), format!("a length that divides the minimum, {minimum}"))
        };
        self.desk.add(complaint);
    }

    fn rounding(&mut self, at: &KeyPath, rounding: TimeSpan) -> bool {
        let is_some = rounding.0 != Span::ZERO;
        if !is_some {
            self.desk.add(self.list.refuse(at.key("rounding"), "a length of time above zero, such as 1s"));
        }
        is_some
    }

    /// Where and when a price was found.
    fn origin(&mut self, at: &KeyPath, source: &str, date: &str) {
        self.written(at, "source", source, "where the price was found");
        if !is_day(date) {
            self.desk.add(self.list.refuse(at.key("date"), "a day of the calendar as YYYY-MM-DD, such as 2020-05-01"));
        }
    }

    fn written(&mut self, at: &KeyPath, key: &str, text: &str, wanted: &str) {
        if text.trim().is_empty() {
            self.desk.add(self.list.refuse(at.key(key), wanted));
        }
    }
}

/// Pico-dollars for `per` of what a price is metered in, when that is whole.
fn pico_per<B: Basis>(price: &Price<B>, per: u128) -> Option<u128> {
    // Reduced first: a price times byte-nanoseconds would not fit.
    let common = gcd(per, price.per());
    let (times, parts) = (per / common, price.per() / common);
    let pico = u128::from(price.pico_usd());
    if pico % parts == 0 { (pico / parts).checked_mul(times) } else { None }
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Whether a text is a day of the Gregorian calendar in the years that have clouds.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| -> Option<u32> {
        let part = parts.next()?;
        let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        if plain { part.parse().ok() } else { None }
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    parts.next().is_none() && (1990..2200).contains(&year) && (1..=12).contains(&month) && (1..=days).contains(&day)
}

#[cfg(test)]
mod shipped;
#[cfg(test)]
mod tests;
