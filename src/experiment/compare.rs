//! One scenario under several strategies, replicated: replication r of every strategy meets the same requests, so that
//! differences are taken pair by pair.
//!
//! The warm-up is the scenario's where it states one. Otherwise, where every source is steady, pilot runs tell: the longest
//! head that MSER-5 finds in them is dropped from all runs, so that all measure the same requests. A trace is measured whole.

use rayon::prelude::*;

use super::measures::{COUNT, MEASURES, Values, place};
use super::observe::{Observed, Verdict, is_steady, observe};
use super::opened::{Column, Opened};
use super::precision::Precision;
use super::run::RunError;
use crate::engine::random::Streams;
use crate::engine::tally::{Block, Tally};
use crate::engine::time::Span;
use crate::solve::statistics::interval::{Interval, batch_means, bootstrap, paired, student};

/// How many replications, and how they are judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Replications; the first number where a precision is wanted.
    pub replications: u64,
    pub until: Option<Precision>,
    /// Replications at most, where a precision is wanted.
    pub most: u64,
    pub confidence: f64,
    pub warm_up: WarmUp,
    /// Resamples of bootstrap intervals; `None` for Student's.
    pub resamples: Option<u32>,
}

/// What is dropped from the beginning of each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// As the scenario says; where it says nothing and its sources are steady, as MSER-5 says.
    Default,
    Detect,
    Stated(Span),
}

/// Runs from which the warm-up is taken.
const PILOTS: u64 = 3;
/// Fewer replications make stopping at a precision a matter of luck.
pub const SEQUENTIAL_MIN: u64 = 10;

/// Every strategy with its runs.
#[derive(Clone, Debug)]
pub struct Compared {
    pub columns: Vec<Replicated>,
    pub plan: Plan,
    pub warm_up: Span,
    /// Who said so.
    pub warm_up_source: &'static str,
    pub steady: bool,
    /// Whether all strategies met the same requests in each replication.
    pub same_requests: bool,
    /// Whether the wanted precision was reached.
    pub reached: Option<bool>,
    seed: u64,
}

/// One strategy's runs, by replication.
#[derive(Clone, Debug)]
pub struct Replicated {
    pub label: String,
    pub runs: Vec<Observed>,
}

/// Called after each run, for a progress bar: runs done and wanted so far.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Runs the columns of a scenario.
///
/// # Errors
/// The first run, in the order of strategies and replications, that stopped.
pub fn compare(
    opened: &Opened,
    columns: &[&Column],
    plan: &Plan,
    progress: Progress<'_>,
) -> Result<Compared, RunError> {
    let steady = is_steady(&opened.setup);
    let (warm_up, warm_up_source) = warm_up(opened, columns, plan, steady)?;
    let replicated = |label: &String| Replicated { label: label.clone(), runs: Vec::new() };
    let mut compared = Compared {
        columns: columns.iter().map(|column| replicated(&column.label)).collect(),
        plan: plan.clone(),
        warm_up,
        warm_up_source,
        steady,
        same_requests: true,
        reached: None,
        seed: opened.setup.seed,
    };
    let mut wanted = if plan.until.is_some() { plan.replications.max(SEQUENTIAL_MIN) } else { plan.replications };
    loop {
        let have = compared.replications();
        run_more(opened, columns, &mut compared, have..wanted, progress)?;
        let Some(precision) = plan.until else { break };
        let Some(missing) = compared.missing(precision) else {
            compared.reached = Some(true);
            break;
        };
        if wanted >= plan.most {
            compared.reached = Some(false);
            break;
        }
        // What the present spread asks for, in steps that do not overshoot by more than half.
        wanted = (wanted + missing.clamp(2, wanted.div_ceil(2))).min(plan.most);
    }
    let digests = |at: usize| compared.columns.iter().map(move |column| &column.runs[at].offered_digest);
    compared.same_requests =
        (0..compared.replications() as usize).all(|at| digests(at).all(|digest| Some(digest) == digests(at).next()));
    Ok(compared)
}

/// The head to drop, and who says so.
fn warm_up(opened: &Opened, columns: &[&Column], plan: &Plan, steady: bool) -> Result<(Span, &'static str), RunError> {
    let given = opened.read.is_given("warm_up");
    match plan.warm_up {
        WarmUp::Stated(span) => return Ok((span, "as asked for")),
        WarmUp::Default if given => return Ok((opened.setup.warm_up, "of the scenario")),
        WarmUp::Default if !steady => {
            return Ok((Span::ZERO, "none, since arrivals follow a trace or a changing rate"));
        }
        _ => {}
    }
    let pilots: Vec<(&Column, u64)> =
        columns.iter().flat_map(|column| (0..PILOTS.min(plan.replications)).map(move |r| (*column, r))).collect();
    let heads: Vec<Result<Option<Span>, RunError>> = pilots
        .into_par_iter()
        .with_max_len(1)
        .map(|(column, replication)| observe(opened, column, replication, Some(Span::ZERO)).map(|seen| seen.head))
        .collect();
    let mut longest = Span::ZERO;
    for head in heads {
        longest = longest.max(head?.unwrap_or(Span::ZERO));
    }
    Ok((longest, "found by MSER-5 in pilot runs"))
}

fn run_more(
    opened: &Opened,
    columns: &[&Column],
    compared: &mut Compared,
    replications: std::ops::Range<u64>,
    progress: Progress<'_>,
) -> Result<(), RunError> {
    let tasks: Vec<(usize, u64)> =
        replications.clone().flat_map(|replication| (0..columns.len()).map(move |at| (at, replication))).collect();
    let before = replications.start * columns.len() as u64;
    let all = replications.end * columns.len() as u64;
    let done = std::sync::atomic::AtomicU64::new(before);
    let alone = replications.end == 1;
    let warm_up = compared.warm_up;
    let seen: Vec<Result<Observed, RunError>> = tasks
        .par_iter()
        .with_max_len(1)
        .map(|&(at, replication)| {
            let mut observed = observe(opened, columns[at], replication, Some(warm_up))?;
            if !alone {
                // Only batches of a single run are cut from it.
                observed.response = None;
            }
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, all);
            Ok(observed)
        })
        .collect();
    for ((at, _), observed) in tasks.into_iter().zip(seen) {
        compared.columns[at].runs.push(observed?);
    }
    Ok(())
}

impl Compared {
    pub fn replications(&self) -> u64 {
        self.columns.first().map_or(0, |column| column.runs.len() as u64)
    }

    /// How many replications more the present spread asks for; `None` when every strategy is precise enough, or has no
    /// such figure.
    fn missing(&self, precision: Precision) -> Option<u64> {
        let have = self.replications() as f64;
        let wide = |column: &Replicated| -> Option<u64> {
            let relative = self.interval(column, precision.measure)?.relative();
            (relative > precision.share).then(|| {
                let ratio = relative / precision.share;
                // The cast saturates where the mean is zero.
                ((have * ratio * ratio).ceil() - have).max(1.0) as u64
            })
        };
        self.columns.iter().filter_map(wide).max()
    }

    /// The interval of a measure; `None` where it has no value in some run, or only one run and no batches.
    pub fn interval(&self, column: &Replicated, measure: usize) -> Option<Interval> {
        let values = column.values(measure)?;
        if let [_] = values[..] {
            return column.runs[0].batches(measure).and_then(|batches| batch_means(&batches, self.plan.confidence));
        }
        match self.plan.resamples {
            None => student(&values, self.plan.confidence),
            Some(resamples) => {
                let mut rng = Streams::new(self.seed, 0).stream("bootstrap", MEASURES[measure].key);
                bootstrap(&values, self.plan.confidence, resamples, &mut rng)
            }
        }
    }

    /// The interval of what the second column has more than the first, pair by pair.
    pub fn difference(&self, first: &Replicated, second: &Replicated, measure: usize) -> Option<Interval> {
        paired(&first.values(measure)?, &second.values(measure)?, self.plan.confidence)
    }
}

impl Replicated {
    /// The value of a measure in each run; `None` where some run has none.
    pub fn values(&self, measure: usize) -> Option<Vec<f64>> {
        self.runs.iter().map(|run| run.values[measure]).collect()
    }

    /// The mean over the runs.
    pub fn mean(&self, measure: usize) -> Option<f64> {
        let values = self.values(measure)?;
        Some(values.iter().sum::<f64>() / values.len() as f64)
    }

    /// How many runs have each verdict.
    pub fn verdicts(&self) -> Vec<(Verdict, usize)> {
        let count = |verdict| self.runs.iter().filter(|run| run.verdict == verdict).count();
        Verdict::ALL.into_iter().map(|verdict| (verdict, count(verdict))).filter(|&(_, count)| count > 0).collect()
    }
}

impl Observed {
    /// A value of each consecutive batch of the run: means of responses, or their percentiles.
    fn batches(&self, measure: usize) -> Option<Vec<f64>> {
        let share = match MEASURES[measure].key {
            "response_mean_s" => return self.stretches.clone(),
            "response_p50_s" => 0.50,
            "response_p95_s" => 0.95,
            "response_p99_s" => 0.99,
            _ => return None,
        };
        percentiles_of_batches(self.response.as_ref()?, share)
    }
}

/// A percentile of each of ten consecutive stretches of time; `None` for fewer blocks than that.
fn percentiles_of_batches(tally: &Tally, share: f64) -> Option<Vec<f64>> {
    const BATCHES: usize = 10;
    let blocks: Vec<&Block> = tally.blocks().map(|(_, block)| block).filter(|block| block.count() > 0).collect();
    let each = blocks.len() / BATCHES;
    if each == 0 {
        return None;
    }
    let percentile = |chunk: &[&Block]| {
        let mut all = Block::default();
        chunk.iter().for_each(|block| all.merge(block));
        all.quantile(share).map(|ns| ns / 1e9)
    };
    blocks[blocks.len() - each * BATCHES..].chunks_exact(each).map(percentile).collect()
}

/// The values of each measure over some runs, for a table of points: mean and half-width.
pub fn summarise(runs: &[Values], confidence: f64) -> [(Option<f64>, Option<f64>); COUNT] {
    std::array::from_fn(|measure| {
        let values: Option<Vec<f64>> = runs.iter().map(|run| run[measure]).collect();
        match values.as_deref() {
            Some([value]) => (Some(*value), None),
            Some(values) => match student(values, confidence) {
                Some(interval) => (Some(interval.mean), Some(interval.half_width())),
                None => (None, None),
            },
            None => (None, None),
        }
    })
}

/// Measures whose differences are worth a sentence.
pub fn told() -> impl Iterator<Item = usize> {
    ["cost_usd", "violation_share", "response_mean_s", "response_p95_s", "response_p99_s"].into_iter().filter_map(place)
}
