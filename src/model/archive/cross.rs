//! One answer from several metrics: the sum over a group, a ratio of two series, a rolling mean.
//!
//! Source: Gnocchi 4.7.1, dynamic aggregates: a grid of series and times, filled or checked for overlap, and a tree
//! of operations over it.

use std::collections::BTreeMap;

use crate::engine::time::{Instant, Span};

use super::ArchiveError;
use super::method::Method;
use super::operation::{Across, Operation, Unary};
use super::resample::{Groups, resample};
use super::series::Point;

/// What is done about times at which some series has no point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// The series must overlap enough; the grid is cut to the overlap.
    Overlap,
    Number(f64),
    /// Holes stay.
    Null,
    /// Holes stay for the operation; results that are not finite are removed.
    DropNa,
    /// The last value of the same series.
    Forward,
    /// The next value of the same series.
    Backward,
    /// Forward, then backward for what is left at the start.
    FullForward,
    /// Backward, then forward for what is left at the end.
    FullBackward,
}

/// A question across metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// `None`: every granularity that all series offer, each apart.
    pub granularity: Option<Span>,
    /// Rounded down to the granularity, included.
    pub from: Option<Instant>,
    /// Excluded.
    pub to: Option<Instant>,
    pub fill: Fill,
    /// For [`Fill::Overlap`]: the least share of times at which every series has a point.
    pub needed_overlap_percent: f64,
}

impl Default for Question {
    /// Everything there is, holes ignored (`dropna`), as the original's service answers when nothing is said.
    fn default() -> Question {
        Question { granularity: None, from: None, to: None, fill: Fill::DropNa, needed_overlap_percent: 100.0 }
    }
}

/// The points of one stored series, as an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub metric: String,
    pub method: Method,
    /// In time order, all of one granularity.
    pub points: Vec<Point>,
}

/// A series of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Name of the metric, or `aggregated`.
    pub series: String,
    pub method: Option<Method>,
    /// A value may be not a number under [`Fill::Null`].
    pub points: Vec<Point>,
}

/// The name of a series that came out of several.
pub const AGGREGATED: &str = "aggregated";

/// Series over common times; one column per series.
#[derive(Clone, Debug)]
struct Frame {
    granularity: Span,
    times: Vec<Instant>,
    columns: Vec<Vec<f64>>,
    names: Vec<(String, Option<Method>)>,
}

enum Evaluated {
    Number(f64),
    Frame(Frame),
}

/// Evaluates `operation` over `stored`, all of `granularity` and already cut to the range of the question.
///
/// # Errors
/// Too little overlap, a leaf that is not among `stored`, operands on different times, a window longer than the series.
pub fn evaluate(
    stored: &[Stored],
    granularity: Span,
    operation: &Operation,
    question: &Question,
) -> Result<Vec<Answer>, ArchiveError> {
    let grid = grid(stored, granularity, question)?;
    let Evaluated::Frame(frame) = walk(operation, &grid)? else {
        let wanted = "an operation with at least one metric";
        return Err(ArchiveError::BadOperation { found: "a number".to_owned(), wanted });
    };
    let drop = !matches!(question.fill, Fill::Overlap | Fill::Null | Fill::Number(_));
    let answers = frame.names.iter().zip(&frame.columns).map(|((name, method), column)| {
        let points = frame.times.iter().zip(column).filter(|&(_, value)| !drop || value.is_finite());
        let points = points.map(|(&at, &value)| Point { at, granularity: frame.granularity, value });
        Answer { series: name.clone(), method: *method, points: points.collect() }
    });
    Ok(answers.collect())
}

/// The union of the times, holes filled or checked as the question says.
fn grid(stored: &[Stored], granularity: Span, question: &Question) -> Result<Frame, ArchiveError> {
    let mut times: Vec<Instant> = stored.iter().flat_map(|series| series.points.iter().map(|p| p.at)).collect();
    times.sort_unstable();
    times.dedup();
    let hole = if let Fill::Number(number) = question.fill { number } else { f64::NAN };
    let column = |series: &Stored| {
        let mut points = series.points.iter().peekable();
        let value = |&at: &Instant| points.next_if(|point| point.at == at).map_or(hole, |point| point.value);
        let mut column: Vec<f64> = times.iter().map(value).collect();
        let (forward, backward) = (carry as fn(&mut dyn Iterator<Item = &mut f64>), carry);
        match question.fill {
            Fill::Forward => forward(&mut column.iter_mut()),
            Fill::Backward => backward(&mut column.iter_mut().rev()),
            Fill::FullForward => {
                forward(&mut column.iter_mut());
                backward(&mut column.iter_mut().rev());
            }
            Fill::FullBackward => {
                backward(&mut column.iter_mut().rev());
                forward(&mut column.iter_mut());
            }
            Fill::Overlap | Fill::Number(_) | Fill::Null | Fill::DropNa => {}
        }
        column
    };
    let mut columns: Vec<Vec<f64>> = stored.iter().map(column).collect();
    let names = stored.iter().map(|series| (series.metric.clone(), Some(series.method))).collect();
    if question.fill == Fill::Overlap {
        let (first, last) = overlap(&columns, times.len(), question)?;
        times = times[first..last].to_vec();
        columns.iter_mut().for_each(|column| *column = column[first..last].to_vec());
    }
    Ok(Frame { granularity, times, columns, names })
}

/// Gives each hole the value before it in the order of iteration.
fn carry(values: &mut dyn Iterator<Item = &mut f64>) {
    let mut last = f64::NAN;
    for value in values {
        if value.is_nan() {
            *value = last;
        }
        last = *value;
    }
}

/// The part of the times to look at when every series must be there: without a range, from the first to the last common
/// time.
fn overlap(columns: &[Vec<f64>], times: usize, question: &Question) -> Result<(usize, usize), ArchiveError> {
    let needed = question.needed_overlap_percent;
    let common: Vec<usize> = (0..times).filter(|&row| columns.iter().all(|column| !column[row].is_nan())).collect();
    let (mut first, mut last) = (0, times);
    match (common.first(), common.last()) {
        (Some(&earliest), Some(&latest)) => {
            first = if question.from.is_none() { earliest } else { 0 };
            last = if question.to.is_none() { latest + 1 } else { times };
        }
        _ if needed > 0.0 => return Err(ArchiveError::NoOverlap),
        _ => {}
    }
    let percent = if last > first { common.len() as f64 * 100.0 / (last - first) as f64 } else { 0.0 };
    if percent < needed {
        return Err(ArchiveError::LittleOverlap { found: percent, wanted: needed });
    }
    Ok((first, last))
}

fn walk(operation: &Operation, grid: &Frame) -> Result<Evaluated, ArchiveError> {
    let frame = |operation: &Operation| match walk(operation, grid)? {
        Evaluated::Frame(frame) => Ok(frame),
        Evaluated::Number(number) => {
            Err(ArchiveError::BadOperation { found: number.to_string(), wanted: "metrics rather than a number" })
        }
    };
    Ok(Evaluated::Frame(match operation {
        Operation::Number(number) => return Ok(Evaluated::Number(*number)),
        Operation::Metrics(metrics) => pick(metrics, grid)?,
        Operation::Aggregate(across, of) => aggregate(*across, frame(of)?),
        Operation::Rolling(across, window, of) => rolling(*across, *window, frame(of)?)?,
        Operation::Resample(method, width, of) => wider(*method, *width, frame(of)?)?,
        Operation::Unary(unary, of) => apply(*unary, frame(of)?),
        Operation::Binary(binary, left, right) => {
            return combine(walk(left, grid)?, walk(right, grid)?, |x, y| binary.of(x, y));
        }
        Operation::Clip(of, low, high) => {
            use super::operation::Binary::{ClipMax, ClipMin};
            let raised = combine(walk(of, grid)?, walk(low, grid)?, |x, y| ClipMin.of(x, y))?;
            return combine(raised, walk(high, grid)?, |x, y| ClipMax.of(x, y));
        }
    }))
}

fn pick(metrics: &[(String, Method)], grid: &Frame) -> Result<Frame, ArchiveError> {
    let mut found = Frame { columns: Vec::new(), names: Vec::new(), ..grid.clone() };
    let columns: BTreeMap<(&str, Option<Method>), usize> =
        grid.names.iter().enumerate().map(|(column, (name, method))| ((name.as_str(), *method), column)).collect();
    for (name, method) in metrics {
        let column = columns.get(&(name.as_str(), Some(*method))).copied();
        let column = column.ok_or_else(|| ArchiveError::UnknownMetric { found: format!("{name} {method}") })?;
        found.columns.push(grid.columns[column].clone());
        found.names.push(grid.names[column].clone());
    }
    Ok(found)
}

/// Differences of consecutive values, when a rate was asked for; the first time goes.
fn differences(mut frame: Frame) -> Frame {
    for column in &mut frame.columns {
        *column = column.windows(2).map(|pair| pair[1] - pair[0]).collect();
    }
    frame.times.drain(..frame.times.len().min(1));
    frame
}

fn aggregate(across: Across, frame: Frame) -> Frame {
    let mut scratch = Vec::new();
    let fold = |row: usize| across.fold.of(frame.columns.iter().map(|column| column[row]), &mut scratch);
    let column: Vec<f64> = (0..frame.times.len()).map(fold).collect();
    let folded = Frame { columns: vec![column], names: vec![(AGGREGATED.to_owned(), None)], ..frame };
    if across.rate { differences(folded) } else { folded }
}

fn rolling(across: Across, window: usize, mut frame: Frame) -> Result<Frame, ArchiveError> {
    if window > frame.times.len() {
        return Err(ArchiveError::LongWindow { found: window, wanted: frame.times.len() });
    }
    let mut scratch = Vec::new();
    for column in &mut frame.columns {
        let fold = |part: &[f64]| across.fold.of(part.iter().copied(), &mut scratch);
        *column = column.windows(window).map(fold).collect();
    }
    frame.times.drain(..window - 1);
    Ok(if across.rate { differences(frame) } else { frame })
}

fn wider(method: Method, width: Span, frame: Frame) -> Result<Frame, ArchiveError> {
    let mut times = Vec::new();
    let mut columns = Vec::new();
    for column in &frame.columns {
        let points = frame.times.iter().zip(column);
        let points: Vec<Point> =
            points.map(|(&at, &value)| Point { at, granularity: frame.granularity, value }).collect();
        let grouped = resample(&points, method, Groups::Every(width))?;
        times = grouped.iter().map(|point| point.at).collect();
        columns.push(grouped.iter().map(|point| point.value).collect());
    }
    Ok(Frame { granularity: width, times, columns, names: frame.names })
}

fn apply(unary: Unary, mut frame: Frame) -> Frame {
    match unary {
        Unary::RateOfChange => return differences(frame),
        Unary::RateOfChangeSec => {
            let seconds: Vec<f64> = frame.times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs_f64()).collect();
            for column in &mut frame.columns {
                let rates = column.windows(2).zip(&seconds).map(|(pair, s)| (pair[1] - pair[0]) / s);
                let first = column.iter().take(1).map(|_| f64::NAN);
                *column = first.chain(rates).collect();
            }
        }
        _ => frame.columns.iter_mut().flatten().for_each(|value| *value = unary.of(*value)),
    }
    frame
}

/// Element by element. A number goes with every value, a single series with every series of the other side.
fn combine(left: Evaluated, right: Evaluated, of: impl Fn(f64, f64) -> f64) -> Result<Evaluated, ArchiveError> {
    let (left, right) = match (left, right) {
        (Evaluated::Number(x), Evaluated::Number(y)) => return Ok(Evaluated::Number(of(x, y))),
        (Evaluated::Frame(mut frame), Evaluated::Number(y)) => {
            frame.columns.iter_mut().flatten().for_each(|x| *x = of(*x, y));
            return Ok(Evaluated::Frame(frame));
        }
        (Evaluated::Number(x), Evaluated::Frame(mut frame)) => {
            frame.columns.iter_mut().flatten().for_each(|y| *y = of(x, *y));
            return Ok(Evaluated::Frame(frame));
        }
        (Evaluated::Frame(left), Evaluated::Frame(right)) => (left, right),
    };
    if left.times != right.times || left.granularity != right.granularity {
        return Err(ArchiveError::DifferentTimes);
    }
    let width = left.columns.len().max(right.columns.len());
    let fits = |n: usize| n == width || n == 1;
    if width == 0 || !fits(left.columns.len()) || !fits(right.columns.len()) {
        return Err(ArchiveError::DifferentWidths { found: left.columns.len(), wanted: right.columns.len() });
    }
    let column = |frame: &Frame, i: usize| frame.columns[if frame.columns.len() == 1 { 0 } else { i }].clone();
    let merge = |i| column(&left, i).iter().zip(&column(&right, i)).map(|(&x, &y)| of(x, y)).collect();
    let columns: Vec<Vec<f64>> = (0..width).map(merge).collect();
    let names = vec![(AGGREGATED.to_owned(), None); width];
    Ok(Evaluated::Frame(Frame { columns, names, ..left }))
}
