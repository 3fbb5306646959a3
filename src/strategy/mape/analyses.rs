//! The second stage: conclusions from marks, from an economy, or from the capacity of a replica alone.
//!
//! Source: `EASE-MAPE-System`, windowed marks; `Mape-Docker-Compose`, marks on the last minute and NSGA-II over price,
//! machines and banners; the closed form derived from the paper's equations (`planner::economy::exact`).

use super::Analysis;
use super::knowledge::{EconomicResult, Knowledge, ThresholdResult};
use crate::engine::random::Streams;
use crate::planner::economy::{Economist, Load, Measured, payload_kb};
use crate::planner::mape::{Reading, Resource, ThresholdAnalysis, UtilisationMarks, Verdict};

/// Marks on moving means of container readings.
pub struct ThresholdStage(pub ThresholdAnalysis);

impl Analysis for ThresholdStage {
    fn analyse(&mut self, knowledge: &mut Knowledge) {
        let Some(system) = knowledge.system else { return };
        let Some(finding) = self.0.analyse(&[system.mean]) else {
            knowledge.remarks.push("no reading of a deciding resource".to_owned());
            return;
        };
        if !finding.evaluated {
            knowledge.remarks.push("unchanged reading, not analysed".to_owned());
        }
        knowledge.threshold = Some(ThresholdResult {
            verdict: finding.verdict,
            decided_by: finding.decided_by,
            means: finding.seen.iter().map(|seen| (seen.resource, seen.mean)).collect(),
        });
    }

    fn scaled(&mut self) {
        self.0.scaled();
    }
}

/// Marks on the utilisation of the processor over the interval that the monitor reads.
pub struct UtilisationAnalysis(pub UtilisationMarks);

impl Analysis for UtilisationAnalysis {
    fn analyse(&mut self, knowledge: &mut Knowledge) {
        let utilisation = knowledge.system.map(|system| system.utilisation);
        knowledge.threshold = self.0.judge(utilisation).zip(utilisation).map(|(verdict, share)| ThresholdResult {
            verdict,
            decided_by: if verdict == Verdict::Keep { Vec::new() } else { vec![Resource::Cpu] },
            means: vec![(Resource::Cpu, 100.0 * share)],
        });
    }
}

/// The search of the economy's front and the choice from it.
pub struct EconomicAnalysis {
    pub economist: Economist,
    pub streams: Streams,
    pub reading: Reading,
}

impl Analysis for EconomicAnalysis {
    fn analyse(&mut self, knowledge: &mut Knowledge) {
        let api = knowledge.api;
        let (Some(rate_per_s), Some(payload)) = (api.rate_per_s, api.payload_bytes) else {
            knowledge.remarks.push("economy: no reading of the load".to_owned());
            return;
        };
        let measured = api
            .response_s
            .zip(knowledge.system)
            .map(|(response_s, system)| Measured { response_ms: 1000.0 * response_s, vms: f64::from(system.replicas) });
        let load = Load { rate_per_s, payload_kb: payload_kb(payload, self.reading), measured };
        match self.economist.plan(load, &self.streams, "mape", knowledge.cycle) {
            Ok(Some(plan)) => {
                let decision = plan.decision;
                let terms = Some((decision.price, decision.banners));
                knowledge.economic = Some(EconomicResult { vms: decision.vms, terms });
            }
            Ok(None) => knowledge.remarks.push("economy: no feasible point".to_owned()),
            Err(error) => knowledge.remarks.push(format!("economy: {error}")),
        }
    }
}

/// λ over what one replica may be given: the answer of the economy wherever replicas are cheap, without its search.
pub struct CapacityAnalysis {
    /// d_l.
    pub capacity_per_s: f64,
}

impl Analysis for CapacityAnalysis {
    fn analyse(&mut self, knowledge: &mut Knowledge) {
        match knowledge.api.rate_per_s {
            Some(rate) => knowledge.economic = Some(EconomicResult { vms: rate / self.capacity_per_s, terms: None }),
            None => knowledge.remarks.push("no reading of the load".to_owned()),
        }
    }
}
