//! The MAPE loops put together from what a scenario says: stages chosen and set up, all complaints at once.

mod parameters;

use serde::Serialize;

pub use self::parameters::{Capacity, Economic, Hybrid, Threshold};
use self::parameters::{Common, MarkPair, Rate, Rule, Watched, WeightTable};
use super::Built;
use super::parameters::{finish, names_pools};
use crate::engine::time::Span;
use crate::model::pool::{Birth, PoolSpec};
use crate::planner::economy::{Economist, EconomyError, Preset, Reading, Search, Weights};
use crate::planner::mape::planning::HybridRule;
use crate::planner::mape::{
    HybridPlanner, LoopError, Marks, Pace, ThresholdAnalysis, ThresholdPlanner, Thresholds, UtilisationMarks,
};
use crate::scenario::complaint::{Complaints, Desk};
use crate::scenario::document::Document;
use crate::scenario::part::{Part, read_part};
use crate::scenario::path::KeyPath;
use crate::scenario::setup::{EconomySetup, Setup};
use crate::strategy::mape::{
    Analysis, CapacityAnalysis, EconomicAnalysis, FollowPlanner, JoinPlanner, Mape, MetricMonitor, Parts, Planner,
    RateOf, ScaleAndTune, StepPlanner, ThresholdStage, UtilisationAnalysis,
};

/// So long at most does the monitor keep points for a loop that reads a mean over an interval.
const INTERVAL_MAX: Span = Span::from_secs(7 * 86_400);

/// A loop under construction: parameters that were read, and the complaints about them.
struct Bench<'p, 'd, T> {
    part: &'p Part<'d, T>,
    setup: &'p Setup,
    common: Common,
    desk: Desk,
}

impl<'p, 'd, T: Serialize> Bench<'p, 'd, T> {
    fn new(part: &'p Part<'d, T>, setup: &'p Setup, common: Common) -> Bench<'p, 'd, T> {
        let mut bench = Bench { part, setup, common, desk: Desk::new() };
        bench.check_common();
        bench
    }

    fn check_common(&mut self) {
        let Common { service, limits, period, interval, .. } = &self.common;
        names_pools(self.part, self.setup, &[("service", service)], &mut self.desk);
        if service.as_ref().is_none_or(|name| self.setup.pool_named(name).is_some()) && self.service().is_none() {
            self.desk.add(self.part.complain("service", "no such pool", "a pool whose instances come by order"));
        }
        if limits.min == 0 {
            self.desk.add(self.part.refuse("min", "at least one replica"));
        }
        if limits.max.is_some_and(|max| max < limits.min) {
            self.desk.add(self.part.refuse("max", format!("at least the minimum of {}", limits.min)));
        }
        if !super::is_period(*period) {
            self.desk.add(self.part.refuse("period", "a length of time from 1ms to ten years"));
        }
        if interval.is_some_and(|interval| interval.is_zero() || interval > INTERVAL_MAX) {
            self.desk.add(self.part.refuse("interval", "a length of time above zero, a week at most"));
        }
        // What the provider's monitor publishes once a minute cannot be read every ten seconds.
        let granularity = self.setup.provider.monitor.granularity;
        if interval.unwrap_or(*period) < granularity && self.common.reading == Reading::Original {
            let key = if interval.is_some() { "interval" } else { "period" };
            let wanted = format!("at least the monitor's granularity of {granularity}");
            self.desk.add(self.part.complain(key, interval.unwrap_or(*period).to_string(), wanted));
        }
    }

    /// The fleet that is scaled.
    fn service(&self) -> Option<&'p PoolSpec> {
        let is_fleet = |pool: &&PoolSpec| matches!(pool.birth, Birth::Ordered { .. });
        match &self.common.service {
            Some(name) => self.setup.pool_named(name).filter(is_fleet),
            None => match self.setup.economy {
                Some(economy) => Some(&self.setup.pools[economy.service.index()]),
                None => self.setup.pools.iter().find(is_fleet),
            },
        }
    }

    /// A complaint about settings of a loop, at the key that they were read from.
    fn keep<V>(&mut self, key: &str, built: Result<V, LoopError>) -> Option<V> {
        built
            .map_err(|error| {
                let complaint = match error {
                    LoopError::Marks { lower, upper, wanted, .. } => {
                        self.part.complain(key, format!("{lower} to {upper}"), wanted)
                    }
                    LoopError::Setting { found, wanted, .. } => self.part.complain(key, found, wanted),
                    LoopError::Limits { .. } => return,
                };
                self.desk.add(complaint);
            })
            .ok()
    }

    fn economy(&mut self) -> Option<EconomySetup> {
        let found = self.setup.economy;
        match found {
            None => {
                let wanted = "an `economy` in the scenario, whose prices and bounds it plans with";
                self.desk.add(self.part.complain("use", "no economy", wanted));
            }
            Some(economy) => {
                let priced = &self.setup.pools[economy.service.index()].name;
                if self.service().is_some_and(|service| service.name != *priced) {
                    self.desk.add(self.part.refuse("service", format!("the economy's service, {priced}")));
                }
            }
        }
        found
    }

    fn economist(&mut self, weights: Weights, preset: Preset, tries: u32) -> Option<EconomicAnalysis> {
        let economy = self.economy()?;
        let reading = self.common.reading;
        let mut parameters = *economy.market.parameters();
        parameters.price_max_per_request = parameters.price_max_per_request.or(preset.price_max());
        let search = Search { tries, ..Search::from(preset) };
        let refused = match Economist::new(parameters, search, weights, reading) {
            Ok(economist) => {
                let streams = self.setup.streams();
                return Some(EconomicAnalysis { economist, streams, reading });
            }
            Err(EconomyError::Weights { found: [service, application, user], wanted }) => {
                self.part.complain("weights", format!("{service}, {application} and {user}"), wanted)
            }
            Err(EconomyError::Parameter { key: "tries", .. }) => self.part.refuse("tries", "at least one try"),
            Err(other) => self.part.complain("use", other.to_string(), "another economy"),
        };
        self.desk.add(refused);
        None
    }

    fn rate(&self, written: Option<Rate>) -> RateOf {
        match (written, self.common.reading) {
            (Some(Rate::Arrivals), _) | (None, Reading::Corrected) => RateOf::Arrivals,
            (Some(Rate::Completions), _) | (None, Reading::Original) => RateOf::Completions,
        }
    }

    /// The loop around these analyses and this planner, or all complaints.
    fn finish(
        mut self,
        rate: RateOf,
        analyses: Vec<Option<Box<dyn Analysis>>>,
        planner: Option<Box<dyn Planner>>,
    ) -> Result<Built, Complaints> {
        let pace = Pace::new(self.common.period, self.common.mode).ok();
        let service = self.service().map(|pool| pool.name.clone());
        let Common { reading, period, interval, count_starting, .. } = self.common;
        let analyses: Option<Vec<Box<dyn Analysis>>> = analyses.into_iter().collect();
        let desk = std::mem::take(&mut self.desk);
        let (Some(pace), Some(analyses), Some(planner)) = (pace, analyses, planner) else {
            return Err(desk.finish().expect_err("what was not built was complained about"));
        };
        let monitor = Box::new(MetricMonitor::new(interval.unwrap_or(period), rate, reading, count_starting));
        let parts = Parts { monitor, analyses, planner, executor: Box::new(ScaleAndTune { reading }) };
        let lasts =
            Span::from_nanos(self.common.solve_time.as_nanos().saturating_add(self.common.actuation_delay.as_nanos()));
        finish(desk, self.part, Mape::new(parts, pace, lasts, service))
    }
}

fn boxed<A: Analysis + 'static>(analysis: A) -> Box<dyn Analysis> {
    Box::new(analysis)
}

pub(super) fn threshold(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Threshold> = read_part(document, path)?;
    let own = &part.value;
    let mut bench = Bench::new(&part, setup, own.common());
    let published = Thresholds::of(bench.common.reading);
    let marks = |pair: MarkPair| Marks::new(pair.lower, pair.upper);
    let thresholds = Thresholds {
        cpu: marks(own.cpu),
        memory: marks(own.memory),
        network: marks(own.network),
        resources: own.resources.iter().map(|&watched| watched.into()).collect(),
        window: own.window.map_or(published.window, |window| window as usize),
        skip_unchanged: own.skip_unchanged.unwrap_or(published.skip_unchanged),
        reset_window_on_scale: own.reset_window_on_scale,
    };
    // The marks of resources that do not decide are checked too: who writes them means them.
    for (key, pair) in [("cpu", own.cpu), ("memory", own.memory), ("network", own.network)] {
        let alone = Thresholds { cpu: marks(pair), ..Thresholds::default() };
        bench.keep(key, ThresholdAnalysis::new(alone));
    }
    if own.window == Some(0) {
        bench.desk.add(part.refuse("window", "at least one cycle"));
    }
    let listed = Thresholds { resources: thresholds.resources.clone(), ..Thresholds::default() };
    bench.keep("resources", ThresholdAnalysis::new(listed));
    if let Some(service) = bench.service() {
        for (watched, stated, key) in [
            (Watched::Memory, service.footprint.memory.is_some(), "memory_idle or memory_per_request"),
            (Watched::Network, service.footprint.network_bytes_per_s.is_some(), "network"),
        ] {
            if own.resources.contains(&watched) && !stated {
                let wanted = format!("a service that states {key} (pools.{})", service.name);
                bench.desk.add(part.refuse("resources", wanted));
            }
        }
    }
    let analysis = ThresholdAnalysis::new(thresholds).ok().map(|analysis| boxed(ThresholdStage(analysis)));
    let cooldown = own.cooldown.map_or(Span::ZERO, |span| span.0);
    let (limits, reading) = (bench.common.limits, bench.common.reading);
    let planner = ThresholdPlanner::new(limits, cooldown, reading).ok();
    let planner = planner.map(|planner| Box::new(StepPlanner(planner)) as Box<dyn Planner>);
    bench.finish(RateOf::Arrivals, vec![analysis], planner)
}

pub(super) fn economic(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Economic> = read_part(document, path)?;
    let own = &part.value;
    let mut bench = Bench::new(&part, setup, own.common());
    let analysis = bench.economist(WeightTable::weights(own.weights), own.preset.into(), own.tries).map(boxed);
    let (rate, limits) = (bench.rate(own.rate), bench.common.limits);
    bench.finish(rate, vec![analysis], Some(Box::new(FollowPlanner(limits))))
}

pub(super) fn capacity(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Capacity> = read_part(document, path)?;
    let own = &part.value;
    let mut bench = Bench::new(&part, setup, own.common());
    let of_economy = setup.economy.map(|economy| economy.market.parameters().capacity_per_s.lower);
    let capacity = own.capacity_per_s.or(of_economy);
    if !capacity.is_some_and(|capacity| capacity > 0.0 && capacity.is_finite()) {
        let wanted = "requests per second of one replica, above zero, here or in the scenario's `economy`";
        bench.desk.add(part.refuse("capacity_per_s", wanted));
    }
    let analysis = capacity.map(|capacity_per_s| boxed(CapacityAnalysis { capacity_per_s }));
    let (rate, limits) = (bench.rate(own.rate), bench.common.limits);
    bench.finish(rate, vec![analysis], Some(Box::new(FollowPlanner(limits))))
}

pub(super) fn hybrid(document: &Document, path: KeyPath, setup: &Setup) -> Result<Built, Complaints> {
    let part: Part<'_, Hybrid> = read_part(document, path)?;
    let own = &part.value;
    let mut bench = Bench::new(&part, setup, own.common());
    let marks = UtilisationMarks { lower: own.utilisation.lower, upper: own.utilisation.upper };
    bench.keep("utilisation", marks.check());
    let economic = bench.economist(WeightTable::weights(own.weights), own.preset.into(), own.tries).map(boxed);
    let rule = match own.rule {
        Rule::Extreme => HybridRule::Extreme,
        Rule::ThresholdFirst => HybridRule::ThresholdFirst,
    };
    let (rate, limits) = (bench.rate(own.rate), bench.common.limits);
    let planner = HybridPlanner::new(rule, limits).ok();
    let planner = planner.map(|planner| Box::new(JoinPlanner(planner)) as Box<dyn Planner>);
    bench.finish(rate, vec![Some(boxed(UtilisationAnalysis(marks))), economic], planner)
}
