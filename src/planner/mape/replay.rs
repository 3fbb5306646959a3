//! The threshold loop closed over a list of demands: replicas share each step's demand equally and follow the decisions.
//!
//! Source: the fixed-step closed loop that the published analysis and planner were run in for comparison. A demand is in
//! percent of one container; a container reads at most 100, so an overload looks the same however large it is.

use super::analysis::{ThresholdAnalysis, Thresholds};
use super::monitor::ContainerReading;
use super::planning::Limits;
use super::{LoopError, Verdict};
use serde::Serialize;

/// One step of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    pub demand_percent: f64,
    pub replicas_before: u32,
    /// Mean reading of the replicas, percent.
    pub average: f64,
    pub window_mean: f64,
    pub verdict: Verdict,
    pub replicas_after: u32,
}

/// Runs the loop from `replicas` containers through `demands`, on the processor alone.
///
/// # Errors
/// When the settings make no sense, there is no replica to start with, or a demand is not a number from 0.
pub fn closed_loop(
    thresholds: Thresholds,
    limits: Limits,
    mut replicas: u32,
    demands: &[f64],
) -> Result<Vec<Step>, LoopError> {
    limits.check()?;
    if replicas == 0 {
        return Err(LoopError::Setting { key: "replicas", found: "0".to_owned(), wanted: "a count from 1" });
    }
    let mut analysis = ThresholdAnalysis::new(thresholds)?;
    let mut readings = Vec::new();
    let mut steps = Vec::with_capacity(demands.len());
    for &demand_percent in demands {
        if !(demand_percent.is_finite() && demand_percent >= 0.0) {
            let found = demand_percent.to_string();
            return Err(LoopError::Setting { key: "demand", found, wanted: "a number of percent from 0" });
        }
        readings.clear();
        readings.resize(replicas as usize, ContainerReading::cpu((demand_percent / f64::from(replicas)).min(100.0)));
        let Some(finding) = analysis.analyse(&readings) else {
            let wanted = "thresholds on the processor, which is all that a replay reads";
            return Err(LoopError::Setting { key: "resources", found: "others".to_owned(), wanted });
        };
        let replicas_before = replicas;
        if finding.verdict != Verdict::Keep {
            replicas = limits.step(replicas, finding.verdict);
            analysis.scaled();
        }
        steps.push(Step {
            demand_percent,
            replicas_before,
            average: finding.seen[0].average,
            window_mean: finding.seen[0].mean,
            verdict: finding.verdict,
            replicas_after: replicas,
        });
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::super::monitor::Resource;
    use super::super::{Limits, Reading};
    use super::*;

    #[test]
    fn a_peak_is_met_step_by_step_and_left_again() {
        let demands = [vec![300.0; 8], vec![20.0; 12]].concat();
        let thresholds = Thresholds { window: 1, ..Thresholds::default() };
        let steps = closed_loop(thresholds, Limits::of(Reading::Corrected), 1, &demands).expect("sound");
        let replicas: Vec<u32> = steps.iter().map(|step| step.replicas_after).collect();
        assert_eq!(replicas[..8], [2, 3, 4, 5, 5, 5, 5, 5]);
        assert_eq!(replicas[8..13], [4, 3, 2, 1, 1]);
    }

    #[test]
    fn a_replay_without_a_reading_says_why() {
        let limits = Limits::of(Reading::Corrected);
        let memory = Thresholds { resources: vec![Resource::Memory], ..Thresholds::default() };
        assert!(closed_loop(memory, limits, 1, &[1.0]).expect_err("no memory").to_string().starts_with("resources"));
        assert!(closed_loop(Thresholds::default(), limits, 0, &[1.0]).is_err());
        assert!(closed_loop(Thresholds::default(), limits, 1, &[f64::NAN]).is_err());
    }
}
