//! What things cost: dated prices in integers of pico-dollars, applied to integer meters when they are read.
//!
//! Sources of the rules: EC2 bills by the second with a minimum of 60 s; Lambda bills a price per request and per GB-second
//! of a duration rounded up to 1 ms (100 ms before December 2020); containers bill vCPU-seconds and GB-seconds with a
//! minimum. GB means GiB (memory in MiB over 1024), as the providers bill it.

use crate::engine::time::Span;

/// Pico-dollars in one US dollar.
pub const PICO: u64 = 1_000_000_000_000;

/// Dollars as text, exact to the pico-dollar, without trailing zeros past the sixth decimal.
pub fn usd(pico: i128) -> String {
    let sign = if pico < 0 { "-" } else { "" };
    let (whole, rest) = (pico.unsigned_abs() / u128::from(PICO), pico.unsigned_abs() % u128::from(PICO));
    let digits = format!("{rest:012}");
    let kept = digits.trim_end_matches('0').len().max(6);
    format!("{sign}{whole}.{}", &digits[..kept])
}

/// A price per hour of something held: an instance, a balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerHour(pub u64);

impl PerHour {
    /// Pico-dollars for a length of time, rounded down: cumulative cost is read at any instant, and the floors telescope.
    #[inline]
    pub fn cost(self, span: Span) -> u64 {
        const HOUR_NS: u128 = 3_600_000_000_000;
        (u128::from(self.0) * u128::from(span.as_nanos()) / HOUR_NS) as u64
    }
}

/// An instance type of the price list.
#[derive(Clone, Debug, PartialEq)]
pub struct TypePrice {
    pub name: String,
    pub memory_mib: u64,
    pub vcpu: f64,
    pub price: PerHour,
    /// Nothing shorter is billed.
    pub minimum: Span,
    /// Lengths are rounded up to this.
    pub quantum: Span,
    /// The same type as spot capacity, where it is offered.
    pub spot: Option<SpotPrice>,
}

/// Spot capacity: its own price, and taken back now and then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpotPrice {
    pub price: PerHour,
    /// Instances are taken back at this rate, each and per hour; above zero.
    pub interruptions_per_hour: f64,
}

impl TypePrice {
    /// What an instance that lived for `span` is billed for.
    pub fn billed(&self, span: Span) -> Span {
        span.round_up_to(self.quantum).max(self.minimum)
    }
}

/// Lambda-like prices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionPrice {
    /// Pico-dollars for each request.
    pub per_request: u64,
    /// Pico-dollars per GiB-second of rounded duration.
    pub per_gib_s: u64,
    /// Durations are rounded up to this.
    pub quantum: Span,
    /// The same duration price on a provisioned environment.
    pub provisioned_duration_per_gib_s: u64,
    /// Pico-dollars per GiB-second of provisioned concurrency, used or not; zero where it has no price.
    pub provisioned_per_gib_s: u64,
}

impl FunctionPrice {
    #[inline]
    pub fn billed(&self, duration: Span) -> Span {
        duration.round_up_to(self.quantum)
    }

    /// Pico-dollars of one request that was on its environment for `duration`, rounded half up once.
    pub fn cost(&self, duration: Span, memory_mib: u32, provisioned: bool) -> u64 {
        self.cost_of_billed(self.billed(duration), memory_mib, provisioned)
    }

    /// [`FunctionPrice::cost`] of a duration that is rounded already.
    #[inline]
    pub fn cost_of_billed(&self, billed: Span, memory_mib: u32, provisioned: bool) -> u64 {
        let rate = if provisioned { self.provisioned_duration_per_gib_s } else { self.per_gib_s };
        self.per_request + gib_seconds(rate, memory_mib, billed)
    }
}

/// Pico-dollars for memory held over a time at a price per GiB-second, rounded half up.
#[inline]
pub fn gib_seconds(pico_per_gib_s: u64, memory_mib: u32, span: Span) -> u64 {
    const GIB_S: u128 = 1024 * 1_000_000_000;
    // Millisecond quanta keep the product within 64 bits for any duration a platform allows; u128 division is slow.
    const MS: u64 = 1_000_000;
    let rate = u64::from(memory_mib).checked_mul(pico_per_gib_s);
    if span.as_nanos().is_multiple_of(MS)
        && let Some(numerator) = rate.and_then(|rate| rate.checked_mul(span.as_nanos() / MS))
        && let Some(numerator) = numerator.checked_add(512_000)
    {
        return numerator / 1_024_000;
    }
    ((u128::from(pico_per_gib_s) * u128::from(memory_mib) * u128::from(span.as_nanos()) + GIB_S / 2) / GIB_S) as u64
}

/// Container prices: vCPU and memory while a container runs. They are kept per hour, as providers list them: 0.04048
/// USD per vCPU-hour is not a whole number of pico-dollars per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerPrice {
    /// Of one vCPU.
    pub per_vcpu: PerHour,
    /// Of one GiB.
    pub per_gib: PerHour,
    pub minimum: Span,
    pub quantum: Span,
}

impl ContainerPrice {
    /// The hourly price of one container of this size, each part rounded to the nearest pico-dollar.
    pub fn per_hour(&self, vcpu: f64, memory_mib: u64) -> PerHour {
        let cores = (self.per_vcpu.0 as f64 * vcpu).round() as u64;
        let memory = (u128::from(self.per_gib.0) * u128::from(memory_mib) + 512) / 1024;
        PerHour(cores + memory as u64)
    }
}

/// A load balancer: an hourly price, and capacity units by the largest of their dimensions in each hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BalancerPrice {
    pub per_hour: PerHour,
    /// Pico-dollars per unit and hour.
    pub per_unit_hour: u64,
    /// New connections per second that one unit covers.
    pub unit_connections_per_s: f64,
    /// Bytes per hour that one unit covers.
    pub unit_bytes_per_hour: f64,
}

/// Everything a provider charges for. Absent services are free; a scenario that uses one without a price is refused.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tariff {
    pub types: Vec<TypePrice>,
    pub function: Option<FunctionPrice>,
    pub container: Option<ContainerPrice>,
    pub balancer: Option<BalancerPrice>,
    /// A gateway in front of functions: pico-dollars per request.
    pub gateway_per_request: u64,
    /// A gateway machine in front of everything, per hour (LIBRA's client-side router).
    pub gateway: PerHour,
    /// Pico-dollars per GiB of answers that leave the provider.
    pub egress_per_gib: u64,
}

impl Tariff {
    pub fn instance_type(&self, name: &str) -> Option<&TypePrice> {
        self.types.iter().find(|kind| kind.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_print_exactly() {
        assert_eq!(usd(1), "0.000000000001");
        assert_eq!(usd(25 * i128::from(PICO) / 10), "2.500000");
        assert_eq!(usd(-1_250_000_000_000), "-1.250000");
    }

    #[test]
    fn a_lambda_second_of_half_a_gib_costs_what_the_price_list_says() {
        let price = FunctionPrice {
            per_request: 200_000,
            per_gib_s: 16_666_700,
            quantum: Span::from_nanos(1_000_000),
            provisioned_duration_per_gib_s: 0,
            provisioned_per_gib_s: 0,
        };
        assert_eq!(price.cost(Span::from_secs(1), 512, false), 200_000 + 8_333_350);
        assert_eq!(price.billed(Span::from_nanos(1)), Span::from_nanos(1_000_000), "rounded up");
        assert_eq!(gib_seconds(16_666_700, 512, Span::from_nanos(500_000)), 4_167, "half of 8333.35, half up");
    }

    #[test]
    fn a_container_costs_its_processors_and_its_memory() {
        let price = ContainerPrice {
            per_vcpu: PerHour(40_480_000_000),
            per_gib: PerHour(4_445_000_000),
            minimum: Span::from_secs(60),
            quantum: Span::from_secs(1),
        };
        assert_eq!(price.per_hour(0.25, 512), PerHour(10_120_000_000 + 2_222_500_000));
        assert_eq!(price.per_hour(1.0, 2048), PerHour(40_480_000_000 + 8_890_000_000));
        assert_eq!(price.per_hour(0.0, 1), PerHour(4_340_820), "4340820.3, to the nearest");
    }

    #[test]
    fn an_hour_costs_the_hourly_price_and_its_parts_sum_to_it() {
        let price = PerHour(41_600_000_000);
        assert_eq!(price.cost(Span::from_secs(3_600)), 41_600_000_000);
        let parts: u64 =
            (1..=3_600u64).map(|s| price.cost(Span::from_secs(s)) - price.cost(Span::from_secs(s - 1))).sum();
        assert_eq!(parts, 41_600_000_000);
    }
}
