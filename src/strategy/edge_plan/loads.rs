//! The loads that a plan is made for: what arrived in the period that ended, or a forecast of the next from it, or what
//! somebody stated.
//!
//! Source: the FRALB model takes λ as known in each control period; where it comes from is left open. The moving mean
//! with deviations is LIBRA's forecast (`planner::libra::decision`).

use crate::engine::time::Span;
use crate::planner::libra::decision::Forecast;

/// How loads are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LoadRule {
    /// As in the period that ended.
    Observed,
    /// Moving mean plus deviations; `weight` is that of the newest period.
    Smoothed { weight: f64, deviations: f64 },
    /// As far above the period that ended as that was above the one before.
    Trend,
    /// As stated, whatever arrives.
    Expected,
}

/// Loads of all cells, node-major.
#[derive(Clone, Debug)]
pub struct Loads {
    rule: LoadRule,
    /// Every load is planned this many times.
    headroom: f64,
    counted: Vec<u64>,
    forecasts: Vec<Forecast>,
    before: Option<Vec<f64>>,
}

impl Loads {
    pub fn new(rule: LoadRule, headroom: f64, cells: usize) -> Loads {
        let forecast = match rule {
            LoadRule::Smoothed { weight, .. } => Forecast::new(weight, weight),
            _ => Forecast::new(1.0, 1.0),
        };
        Loads { rule, headroom, counted: vec![0; cells], forecasts: vec![forecast; cells], before: None }
    }

    /// Requests per second to plan for; `counts` are the requests of each cell since the start, `period` the time since
    /// the last call.
    pub fn next(&mut self, counts: Vec<u64>, period: Span) -> Vec<f64> {
        let seconds = period.as_secs_f64();
        let observed: Vec<f64> =
            counts.iter().zip(&self.counted).map(|(now, before)| (now - before) as f64 / seconds).collect();
        self.counted = counts;
        let planned = match self.rule {
            LoadRule::Observed | LoadRule::Expected => observed.clone(),
            LoadRule::Smoothed { deviations, .. } => {
                let next = |(forecast, &load): (&mut Forecast, &f64)| {
                    forecast.observe(load);
                    (forecast.mean() + deviations * forecast.deviation()).max(0.0)
                };
                self.forecasts.iter_mut().zip(&observed).map(next).collect()
            }
            LoadRule::Trend => {
                let before = self.before.as_ref().unwrap_or(&observed);
                observed.iter().zip(before).map(|(now, before)| (2.0 * now - before).max(0.0)).collect()
            }
        };
        self.before = Some(observed);
        planned.into_iter().map(|load| load * self.headroom).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(rule: LoadRule, headroom: f64) -> Vec<f64> {
        let mut loads = Loads::new(rule, headroom, 1);
        [20, 60, 80].map(|count| loads.next(vec![count], Span::from_secs(10))[0]).to_vec()
    }

    /// 20, 40 and 20 requests in ten seconds each.
    #[test]
    fn each_rule_by_hand() {
        assert_eq!(planned(LoadRule::Observed, 1.0), [2.0, 4.0, 2.0]);
        assert_eq!(planned(LoadRule::Observed, 1.5), [3.0, 6.0, 3.0]);
        assert_eq!(planned(LoadRule::Trend, 1.0), [2.0, 6.0, 0.0]);
        // Mean 2, 3, 2.5; deviation 0, 1, 0.5 · 1 + 0.5 · 1.
        assert_eq!(planned(LoadRule::Smoothed { weight: 0.5, deviations: 1.0 }, 1.0), [2.0, 4.0, 3.5]);
    }
}
