//! What the stages of a loop share: the samples of this cycle, the conclusions from them, the plan, and what became of it.
//!
//! Source: the records that the published loops hand from stage to stage (system and API samples, results of the two
//! analyses, plan, outcome). Differs: one record, filled stage by stage, instead of one message for each.

use crate::engine::time::Instant;
use crate::model::ids::PoolId;
use crate::planner::mape::{ContainerReading, CycleRow, Resource, Source, Verdict};

/// The knowledge of one loop.
#[derive(Clone, Debug)]
pub struct Knowledge {
    pub service: PoolId,
    /// From 0.
    pub cycle: u64,
    pub at: Instant,
    pub system: Option<SystemSample>,
    pub api: ApiSample,
    pub threshold: Option<ThresholdResult>,
    pub economic: Option<EconomicResult>,
    pub plan: Option<Planned>,
    /// Why a stage had nothing to say, in its words.
    pub remarks: Vec<String>,
    /// What the executor ordered.
    pub done: String,
    /// The terms that this loop has set.
    pub price: Option<f64>,
    pub banners: Option<f64>,
}

/// What the containers of the service show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SystemSample {
    /// The mean container: what the pool used over what it had, so that one that lived for a part of the time counts for
    /// that part.
    pub mean: ContainerReading,
    /// Shares of the processors that the containers have.
    pub utilisation: f64,
    pub replicas: u32,
}

/// What the load generators of the service tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ApiSample {
    /// λ; `None` where nobody told anything.
    pub rate_per_s: Option<f64>,
    pub response_s: Option<f64>,
    pub payload_bytes: Option<f64>,
    /// Users or sensors that are switched on.
    pub users: Option<f64>,
}

/// The conclusion from marks.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdResult {
    pub verdict: Verdict,
    /// Behind a verdict other than to keep.
    pub decided_by: Vec<Resource>,
    /// Moving means of the deciding resources, percent.
    pub means: Vec<(Resource, f64)>,
}

/// The conclusion from an economy, or from its capacity alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EconomicResult {
    /// W.
    pub vms: f64,
    /// p_s and γ, where they were decided.
    pub terms: Option<(f64, f64)>,
}

/// A plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    pub replicas: u32,
    pub source: Source,
}

impl Knowledge {
    pub fn new(service: PoolId) -> Knowledge {
        Knowledge {
            service,
            cycle: 0,
            at: Instant::ZERO,
            system: None,
            api: ApiSample::default(),
            threshold: None,
            economic: None,
            plan: None,
            remarks: Vec::new(),
            done: String::new(),
            price: None,
            banners: None,
        }
    }

    /// A cycle begins: what the last one saw and concluded is forgotten.
    pub fn begin(&mut self, at: Instant) {
        let (price, banners) = (self.price, self.banners);
        *self = Knowledge { cycle: self.cycle, at, price, banners, ..Knowledge::new(self.service) };
    }

    /// The row that the cycle leaves behind.
    pub fn row(&self) -> CycleRow {
        let mut seen: Vec<String> = Vec::new();
        match &self.threshold {
            Some(found) => {
                seen.extend(found.means.iter().map(|(resource, mean)| format!("{} {mean:.1} %", resource.name())));
            }
            None => seen.extend(self.system.map(|system| format!("cpu {:.1} %", 100.0 * system.utilisation))),
        }
        let api = [
            (self.api.rate_per_s, "requests/s"),
            (self.api.response_s, "s response"),
            (self.api.payload_bytes, "bytes"),
            (self.api.users, "users"),
        ];
        seen.extend(api.into_iter().filter_map(|(value, unit)| value.map(|value| format!("{value:.3} {unit}"))));
        let decided_by = self.threshold.as_ref().map_or(&[][..], |found| &found.decided_by);
        CycleRow {
            cycle: self.cycle,
            seen: seen.join(", "),
            replicas: self.system.map(|system| system.replicas),
            verdict: self.threshold.as_ref().map(|found| found.verdict),
            decided_by: decided_by.iter().map(|resource| resource.name().to_owned()).collect(),
            vms: self.economic.map(|found| found.vms),
            price: self.economic.and_then(|found| found.terms).map(|(price, _)| price),
            banners: self.economic.and_then(|found| found.terms).map(|(_, banners)| banners),
            source: self.plan.map(|plan| plan.source),
            planned: self.plan.map(|plan| plan.replicas),
            remarks: self.remarks.clone(),
            done: self.done.clone(),
        }
    }
}
