//! One run watched for an experiment: its figures, and whether they can be believed.
//!
//! The probe writes nothing. It keeps the responses as batch means in constant memory, from which MSER-5 finds the head and
//! the trend test sees a queue that never settles.

use std::io;

use super::measures::{Counts, Values, values};
use super::opened::{Column, Opened};
use super::quantiles::Quantiles;
use super::run::RunError;
use crate::engine::tally::Tally;
use crate::engine::time::{Instant, Span};
use crate::model::pool::Charge;
use crate::model::request::Outcome;
use crate::model::world::World;
use crate::run::drive::drive;
use crate::run::sink::{CallRow, DecisionRow, Sink, Wants};
use crate::run::summary::Summary;
use crate::scenario::setup::Setup;
use crate::solve::statistics::mser::Series;
use crate::solve::statistics::trend::{lag_one, mann_kendall};
use crate::workload::source::Arrivals;

/// Stretches into which a run is cut to see a trend, and to make batch means of.
pub const STRETCHES: usize = 20;

/// Whether the figures of a run are those of a system that has settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Settled, and long enough to tell.
    Sound,
    /// Responses grow from beginning to end: arrivals outrun capacity, and every figure is one of the run's length.
    Saturated,
    /// Too few responses, or a start that never dies away.
    TooShort,
    /// A trace or a rate that changes: the whole run is the question, nothing settles and nothing has to.
    Whole,
}

impl Verdict {
    pub const ALL: [Verdict; 4] = [Verdict::Sound, Verdict::Saturated, Verdict::TooShort, Verdict::Whole];

    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Sound => "sound",
            Verdict::Saturated => "saturated",
            Verdict::TooShort => "too-short",
            Verdict::Whole => "whole",
        }
    }

    /// The one to show for several runs: the worst.
    pub fn worst(self, other: Verdict) -> Verdict {
        let rank = |verdict| match verdict {
            Verdict::Whole => 0,
            Verdict::Sound => 1,
            Verdict::TooShort => 2,
            Verdict::Saturated => 3,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// What an experiment knows of a run.
#[derive(Clone, Debug)]
pub struct Observed {
    pub values: Values,
    pub verdict: Verdict,
    /// Where MSER-5 ends the head; `None` where too few responses were seen, or the run never settled.
    pub head: Option<Span>,
    /// Means of [`STRETCHES`] consecutive stretches of responses, seconds.
    pub stretches: Option<Vec<f64>>,
    /// All responses, for percentiles of batches.
    pub response: Option<Tally>,
    pub offered_digest: String,
}

impl Observed {
    /// How much neighbouring batches go together; above 0.3 or so they are too short for batch means.
    pub fn correlation(&self) -> Option<f64> {
        self.stretches.as_deref().map(lag_one)
    }
}

/// Whether every source asks in the same manner for ever, so that the run has something to settle to.
pub fn is_steady(setup: &Setup) -> bool {
    setup.sources.iter().all(|source| match source.arrivals {
        Arrivals::Poisson(_)
        | Arrivals::Regular(_)
        | Arrivals::Renewal(_)
        | Arrivals::Modulated(_)
        | Arrivals::OnOff(_)
        | Arrivals::Closed(_)
        | Arrivals::Clients(_) => true,
        Arrivals::Varying(_)
        | Arrivals::Counts(_)
        | Arrivals::Bursts(_)
        | Arrivals::Clusters(_)
        | Arrivals::Fitted(_)
        | Arrivals::Replay(_)
        | Arrivals::Sensors(_) => false,
    })
}

/// Runs one column once and keeps its figures. `warm_up` takes the place of the scenario's own.
///
/// # Errors
/// A run that stopped, or broke a law of the simulator.
pub fn observe(
    opened: &Opened,
    column: &Column,
    replication: u64,
    warm_up: Option<Span>,
) -> Result<Observed, RunError> {
    let mut setup = opened.setup_for(column, replication);
    if let Some(warm_up) = warm_up {
        setup.warm_up = warm_up;
    }
    let mut probe = Probe::new(&setup);
    let mut strategy = opened.build_for(column, &setup).strategy;
    let (summary, world) = drive(&setup, &column.label, &mut *strategy, &mut probe)?;
    let broken = summary.broken_laws();
    if !broken.is_empty() {
        return Err(RunError::BrokenLaw(broken.join("; ")));
    }
    Ok(probe.observed(summary, &world))
}

/// Sees the responses of a run as they come.
pub struct Probe {
    series: Series,
    quantiles: Quantiles,
    counts: Counts,
    from: Instant,
    steady: bool,
    /// Which pools are function environments.
    functions: Vec<bool>,
}

impl Probe {
    pub fn new(setup: &Setup) -> Probe {
        Probe {
            series: Series::default(),
            quantiles: Quantiles::default(),
            counts: Counts::default(),
            from: Instant::ZERO + setup.warm_up,
            steady: is_steady(setup),
            functions: setup.pools.iter().map(|pool| matches!(pool.charge, Charge::PerUse { .. })).collect(),
        }
    }

    /// What the run gave, now that it is over.
    pub fn observed(self, summary: Summary, world: &World) -> Observed {
        let counts = Counts { percentiles: self.quantiles.at([0.50, 0.95, 0.99]), ..self.counts };
        Observed {
            values: values(&summary, world, counts),
            verdict: self.verdict(),
            head: self
                .series
                .head()
                .filter(|(_, found)| !found.too_short)
                .map(|(until, _)| until.saturating_since(Instant::ZERO)),
            stretches: self.stretches(),
            response: Some(summary.response),
            offered_digest: summary.offered_digest,
        }
    }

    fn stretches(&self) -> Option<Vec<f64>> {
        let means = self.series.stretches(STRETCHES)?;
        Some(means.into_iter().map(|ns| ns / 1e9).collect())
    }

    /// Judges what was seen.
    pub fn verdict(&self) -> Verdict {
        /// Fewer responses say nothing about a 95th percentile.
        const RESPONSES_MIN: u64 = 1000;
        /// A rise that chance makes once in two thousand times, were the stretches independent.
        const RISE: f64 = 3.3;
        /// And a rise that matters: correlated stretches drift by themselves.
        const GROWTH: f64 = 1.5;
        if !self.steady {
            return Verdict::Whole;
        }
        let (Some(means), Some((_, head))) = (self.series.stretches(STRETCHES), self.series.head()) else {
            return Verdict::TooShort;
        };
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let quarter = STRETCHES / 4;
        let grown = mean(&means[STRETCHES - quarter..]) > GROWTH * mean(&means[..quarter]);
        if grown && mann_kendall(&means) > RISE {
            Verdict::Saturated
        } else if self.series.count() < RESPONSES_MIN || head.too_short {
            Verdict::TooShort
        } else {
            Verdict::Sound
        }
    }
}

impl Sink for Probe {
    fn wants(&self) -> Wants {
        Wants { calls: true, decisions: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        if request.arrival < self.from {
            return Ok(());
        }
        let counts = &mut self.counts;
        if request.begun.is_some() && request.pool.is_some_and(|pool| self.functions[pool.index()]) {
            counts.on_functions += 1;
            counts.cold += u64::from(request.bound.is_some());
        }
        if request.call == 0 {
            counts.ended += 1;
            if row.outcome == Outcome::Served {
                let response = row.phases.response.as_nanos();
                self.series.add(row.at, response);
                self.quantiles.add(response);
            } else {
                counts.failed += 1;
            }
        }
        Ok(())
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        self.counts.scaling_actions += u64::from(row.action == "scale" && row.from != row.to);
        Ok(())
    }
}
