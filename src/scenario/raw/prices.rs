//! Price lists as they are written: every price with its source and date.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seconds;
use crate::scenario::units::{
    ByteSize, PricePerCoreTime, PricePerData, PricePerMemoryTime, PricePerRequest, PricePerTime, Rate, TimeSpan,
};

/// What a provider charged at a date.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// Provider, region, what the list is for.
    pub title: String,
    /// Virtual machines, by type.
    #[serde(default)]
    pub types: BTreeMap<String, InstanceType>,
    #[serde(default)]
    pub function: Option<Function>,
    #[serde(default)]
    pub container: Option<Container>,
    #[serde(default)]
    pub balancer: Option<Balancer>,
    /// A gateway in front of functions, per request.
    #[serde(default)]
    pub gateway_requests: Option<Plain<PricePerRequest>>,
    /// A machine that routes in front of everything, per hour (LIBRA's gateway).
    #[serde(default)]
    pub gateway: Option<Plain<PricePerTime>>,
    /// Answers that leave the provider.
    #[serde(default)]
    pub egress: Option<Plain<PricePerData>>,
}

/// One price with where and when it was found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plain<P> {
    pub price: P,
    pub source: String,
    /// As YYYY-MM-DD.
    pub date: String,
}

/// A type of virtual machine.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceType {
    pub price: PricePerTime,
    pub memory: ByteSize,
    pub vcpu: f64,
    /// Nothing shorter is billed: 60 s for EC2.
    #[serde(default = "minute")]
    pub minimum: TimeSpan,
    /// Lengths are rounded up to this: 1 s for EC2.
    #[serde(default = "second")]
    pub rounding: TimeSpan,
    #[serde(default)]
    pub spot: Option<Spot>,
    pub source: String,
    /// As YYYY-MM-DD.
    pub date: String,
}

/// The same type as spot capacity.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spot {
    pub price: PricePerTime,
    /// How often an instance is taken back.
    pub interruptions: Rate,
    pub source: String,
    /// As YYYY-MM-DD.
    pub date: String,
}

/// Functions, billed by request and by rounded duration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    pub requests: PricePerRequest,
    pub duration: PricePerMemoryTime,
    /// Durations are rounded up to this: 1 ms for Lambda since December 2020, 100 ms before.
    #[serde(default = "millisecond")]
    pub rounding: TimeSpan,
    /// Provisioned concurrency, used or not.
    #[serde(default)]
    pub provisioned: Option<PricePerMemoryTime>,
    /// Duration on a provisioned environment; as `duration` when absent.
    #[serde(default)]
    pub provisioned_duration: Option<PricePerMemoryTime>,
    pub source: String,
    /// As YYYY-MM-DD.
    pub date: String,
}

/// Containers, billed by vCPU and memory while they run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Container {
    pub vcpu: PricePerCoreTime,
    pub memory: PricePerMemoryTime,
    #[serde(default = "minute")]
    pub minimum: TimeSpan,
    #[serde(default = "second")]
    pub rounding: TimeSpan,
    pub source: String,
    /// As YYYY-MM-DD.
    pub date: String,
}

/// A load balancer, billed by hour and by capacity units.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Balancer {
    pub price: PricePerTime,
    /// One capacity unit for a time.
    pub unit: PricePerTime,
    /// New connections that one unit covers.
    pub unit_connections: Rate,
    /// Bytes per hour that one unit covers.
    pub unit_bytes_per_hour: ByteSize,
    pub source: String,
    /// As YYYY-MM-DD.
    pub date: String,
}

fn minute() -> TimeSpan {
    seconds(60)
}

fn second() -> TimeSpan {
    seconds(1)
}

fn millisecond() -> TimeSpan {
    TimeSpan(crate::engine::time::Span::from_nanos(1_000_000))
}
