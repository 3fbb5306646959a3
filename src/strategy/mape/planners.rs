//! The third stage: from conclusions to a number of replicas.
//!
//! Source: the planners of the published loops; their arithmetic stands in `planner::mape::planning`.

use super::Planner;
use super::knowledge::{Knowledge, Planned};
use crate::planner::mape::{Economic, HybridPlanner, Limits, Source, ThresholdPlanner};

/// One replica more or fewer, as the marks say.
pub struct StepPlanner(pub ThresholdPlanner);

impl Planner for StepPlanner {
    fn plan(&mut self, knowledge: &Knowledge) -> Option<Planned> {
        let verdict = knowledge.threshold.as_ref()?.verdict;
        let replicas = self.0.plan(knowledge.at, knowledge.system?.replicas, verdict)?;
        Some(Planned { replicas, source: Source::Threshold })
    }
}

/// As many as the economy, or the capacity rule, asks for.
pub struct FollowPlanner(pub Limits);

impl Planner for FollowPlanner {
    fn plan(&mut self, knowledge: &Knowledge) -> Option<Planned> {
        let vms = knowledge.economic?.vms;
        // The cast saturates for an absurd W, and the limits cut it.
        Some(Planned { replicas: self.0.clamp(vms.ceil() as i64), source: Source::Economic })
    }
}

/// Both, joined by the rule of either year.
pub struct JoinPlanner(pub HybridPlanner);

impl Planner for JoinPlanner {
    fn plan(&mut self, knowledge: &Knowledge) -> Option<Planned> {
        let verdict = knowledge.threshold.as_ref().map(|found| found.verdict);
        let economic = knowledge.economic.map(|found| Economic { vms: found.vms });
        let joined = self.0.plan(knowledge.system?.replicas, verdict, economic)?;
        Some(Planned { replicas: joined.replicas, source: joined.source })
    }
}
