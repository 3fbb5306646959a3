//! The figures of a report: what the runs of a scenario cost, kept and broke, as plots with a sentence each.
//!
//! The first four are the bars and the distribution of LIBRA's evaluation (Raza et al., IC2E 2021): cost over LIBRA's with
//! what it is made of, violations, uptime of machines, response times.

use std::collections::{BTreeMap, BTreeSet};

use super::folders::ReportError;
use super::section::{Column, PARTS, Run, Section};
use crate::plot::{Axis, Bars, Plot, Series};

/// A plot with the name of its files and what it shows.
pub struct Figure {
    pub name: String,
    pub caption: String,
    pub plot: Plot,
}

/// Points of a line over time, at most about so many.
const POINTS: usize = 1500;

/// Seconds as the unit that suits a run.
struct Clock {
    unit: &'static str,
    seconds: f64,
}

impl Clock {
    fn of(end_s: f64) -> Clock {
        match end_s {
            end if end > 3.0 * 3600.0 => Clock { unit: "h", seconds: 3600.0 },
            end if end > 600.0 => Clock { unit: "min", seconds: 60.0 },
            _ => Clock { unit: "s", seconds: 1.0 },
        }
    }

    fn axis(&self) -> Axis {
        Axis::new("time", self.unit).from_zero()
    }

    fn of_ns(&self, ns: u64) -> f64 {
        ns as f64 / 1e9 / self.seconds
    }
}

/// All figures of a scenario that its runs have the data for.
///
/// # Errors
/// A table that is missing or is not what `run` writes.
pub fn figures(section: &Section) -> Result<Vec<Figure>, ReportError> {
    let clock = Clock::of(section.end_s());
    let mut figures = vec![cost_over_base(section)];
    figures.extend(violations(section));
    figures.extend(uptime(section));
    figures.extend(response(section));
    figures.extend(tail(section));
    figures.extend(violations_against_cost(section));
    figures.push(cost_by_resource(section));
    figures.extend(section.columns.iter().map(cost_by_hour));
    figures.extend(load(section, &clock)?);
    figures.extend(fleet(section, &clock)?);
    figures.extend(lifetimes(section, &clock)?);
    figures.extend(violations_by_hour(section));
    Ok(figures)
}

fn labels(section: &Section) -> Vec<String> {
    section.columns.iter().map(|column| column.label.clone()).collect()
}

fn strategies() -> Axis {
    Axis::new("strategy", "")
}

/// One bar for each strategy.
fn bars(title: &str, section: &Section, y: Axis, value: impl Fn(&Column) -> f64) -> Plot {
    let values = section.columns.iter().map(value).collect();
    Plot::bars(title, strategies(), y, Bars::grouped(labels(section), vec![(String::new(), values)]))
        .told_apart_by("of")
}

fn cost_over_base(section: &Section) -> Figure {
    let base = section.base();
    let whole = base.total_usd();
    let of_part =
        |part: usize| section.columns.iter().map(|column| column.parts_usd()[part] / whole).collect::<Vec<f64>>();
    let parts = PARTS.iter().enumerate().map(|(part, name)| ((*name).to_owned(), of_part(part)));
    let parts = parts.filter(|(_, values)| values.iter().any(|value| *value != 0.0)).collect();
    let title = format!("Cost over {}'s, and what it is made of", base.label);
    let y = Axis::new(&format!("cost over {}", base.label), "");
    Figure {
        name: "cost-ratio".to_owned(),
        caption: format!(
            "What each strategy costs for every dollar of {}; machines with their reservations.",
            base.label
        ),
        plot: Plot::bars(&title, strategies(), y, Bars::stacked(labels(section), parts)).told_apart_by("part"),
    }
}

fn violations(section: &Section) -> Option<Figure> {
    section.columns.iter().find_map(Column::violations)?;
    let share = |column: &Column| column.violations().map_or(f64::NAN, |share| 100.0 * share);
    Some(Figure {
        name: "violations".to_owned(),
        caption: "Requests that were not served, or later than the objective allows.".to_owned(),
        plot: bars("SLO violations", section, Axis::new("violations", "%"), share),
    })
}

fn uptime(section: &Section) -> Option<Figure> {
    section.columns.iter().find(|column| column.machine_s() > 0.0)?;
    Some(Figure {
        name: "uptime".to_owned(),
        caption: "Machine hours from launch to the end of their bill.".to_owned(),
        plot: bars("Uptime of machines", section, Axis::new("uptime", "h"), |column| column.machine_s() / 3600.0),
    })
}

fn response(section: &Section) -> Option<Figure> {
    let mut series = Vec::new();
    let (mut least, mut largest) = (f64::INFINITY, 0.0f64);
    for (nth, column) in section.columns.iter().enumerate() {
        let Some(responses) = &column.responses else { continue };
        let seconds: Vec<f64> = responses.served_ns.iter().map(|ns| *ns as f64 / 1e9).collect();
        least = seconds.first().map_or(least, |first| least.min(*first));
        largest = seconds.last().map_or(largest, |last| largest.max(*last));
        series.push(Series::distribution(&column.label, seconds, responses.roots).coloured(nth));
    }
    if series.is_empty() {
        return None;
    }
    let axis = Axis::new("response time", "s");
    let x = if least > 0.0 && largest > 20.0 * least { axis.logarithmic() } else { axis };
    let plot = Plot::lines("Response time, cumulative", x, Axis::new("share of requests", "").from_zero(), series);
    Some(Figure {
        name: "response".to_owned(),
        caption:
            "Share of all logged requests that were answered within a time; those never answered keep a line below one."
                .to_owned(),
        plot: plot.told_apart_by("strategy"),
    })
}

/// The same from above: how many waited longer. Where nearly all responses are equal, this is where strategies differ.
fn tail(section: &Section) -> Option<Figure> {
    let mut series = Vec::new();
    for (nth, column) in section.columns.iter().enumerate() {
        let Some(responses) = column.responses.as_ref().filter(|responses| !responses.served_ns.is_empty()) else {
            continue;
        };
        let later = |ns: u64| {
            let answered = responses.served_ns.partition_point(|time| *time <= ns);
            (ns as f64 / 1e9, (responses.roots - answered as u64) as f64 / responses.roots as f64)
        };
        let ranks = ranks_from_above(responses.roots).filter_map(|rank| usize::try_from(rank).ok());
        let times = ranks.map_while(|rank| responses.served_ns.get(rank).copied());
        let mut points: Vec<(f64, f64)> = times.map(later).collect();
        // Many ranks have the same time.
        points.dedup();
        series.push(Series::steps(&column.label, points).coloured(nth));
    }
    let times = || series.iter().flat_map(|one| one.points.iter().map(|point| point.x));
    let (least, largest) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    let axis = Axis::new("response time", "s");
    let x = if least > 0.0 && largest > 20.0 * least { axis.logarithmic() } else { axis };
    let plot = Plot::lines("Late responses", x, Axis::new("share of requests later", "").logarithmic(), series);
    (!plot.is_empty()).then(|| Figure {
        name: "response-tail".to_owned(),
        caption: "Share of all logged requests that were answered later than a time, or never.".to_owned(),
        plot: plot.told_apart_by("strategy"),
    })
}

/// Ranks from the first to the last, closer and closer to the end: a part of two hundredths of what is left at a time.
fn ranks_from_above(count: u64) -> impl Iterator<Item = u64> {
    let next = |left: &u64| (*left > 1).then(|| *left - left.div_ceil(50));
    std::iter::successors(Some(count), next).map(move |left| count - left)
}

fn violations_against_cost(section: &Section) -> Option<Figure> {
    section.columns.iter().find_map(Column::violations)?;
    let point = |run: &Run| run.violations.map(|share| (run.shares_usd.iter().sum::<f64>(), 100.0 * share));
    let dots = |column: &Column| Series::dots(&column.label, column.runs.iter().filter_map(point));
    let series = section.columns.iter().map(dots).collect();
    let (x, y) = (Axis::new("cost", "USD").from_zero(), Axis::new("violations", "%").from_zero());
    Some(Figure {
        name: "violations-against-cost".to_owned(),
        caption: "A dot for each run: cheaper to the left, more dependable below.".to_owned(),
        plot: Plot::lines("Violations against cost", x, y, series).told_apart_by("strategy"),
    })
}

fn cost_by_resource(section: &Section) -> Figure {
    let sums: Vec<BTreeMap<String, f64>> =
        section.columns.iter().map(|column| column.dollars_by(|charge| charge.resource.clone())).collect();
    let resources: BTreeSet<&String> = sums.iter().flat_map(BTreeMap::keys).collect();
    let of = |resource: &String| sums.iter().map(|sum| sum.get(resource).copied().unwrap_or(0.0)).collect();
    let series = resources.into_iter().map(|resource| (resource.clone(), of(resource))).collect();
    let bars = Bars::stacked(labels(section), series);
    let plot = Plot::bars("Cost by resource", strategies(), Axis::new("cost", "USD"), bars);
    Figure {
        name: "cost-by-resource".to_owned(),
        caption: "The bill by pool, reservation and provider (gateway, egress).".to_owned(),
        plot: plot.told_apart_by("resource"),
    }
}

fn cost_by_hour(column: &Column) -> Figure {
    let sums = column.dollars_by(|charge| (charge.resource.clone(), charge.hour));
    let hours = sums.keys().map(|(_, hour)| hour + 1).max().unwrap_or(0);
    let resources: BTreeSet<&String> = sums.keys().map(|(resource, _)| resource).collect();
    let of = |resource: &String| {
        (0..hours).map(|hour| sums.get(&(resource.clone(), hour)).copied().unwrap_or(0.0)).collect()
    };
    let series = resources.into_iter().map(|resource| (resource.clone(), of(resource))).collect();
    let bars = Bars::stacked((0..hours).map(|hour| hour.to_string()).collect(), series);
    let title = format!("Cost by hour: {}", column.label);
    let plot = Plot::bars(&title, Axis::new("hour", ""), Axis::new("cost", "USD"), bars);
    Figure {
        name: format!("cost-by-hour-{}", super::file_name(&column.label)),
        caption: format!("The bill of {} by hour since the start of the run and by resource.", column.label),
        plot: plot.told_apart_by("resource"),
    }
}

/// Arrivals over time of the first replication; once where every strategy met the same requests.
fn load(section: &Section, clock: &Clock) -> Result<Option<Figure>, ReportError> {
    let same = section.same_requests();
    let mut series = Vec::new();
    for column in section.columns.iter().take(if same { 1 } else { usize::MAX }) {
        let periods: Vec<(u64, u64)> = column.runs[0].arrivals()?.into_iter().collect();
        let together = periods.len().div_ceil(POINTS).max(1);
        let mut from = 0;
        let mut points = Vec::new();
        for chunk in periods.chunks(together) {
            let until = chunk[chunk.len() - 1].0;
            let arrived: u64 = chunk.iter().map(|(_, arrived)| arrived).sum();
            if until > from {
                points.push((clock.of_ns(from), arrived as f64 / ((until - from) as f64 / 1e9)));
                from = until;
            }
        }
        if let Some(&(_, last)) = points.last() {
            points.push((clock.of_ns(from), last));
            series.push(Series::steps(if same { "" } else { &column.label }, points));
        }
    }
    if series.is_empty() {
        return Ok(None);
    }
    let plot = Plot::lines("Load", clock.axis(), Axis::new("arrivals", "requests/s").from_zero(), series);
    let which = if same { ", the same under every strategy" } else { "" };
    Ok(Some(Figure {
        name: "load".to_owned(),
        caption: format!("Requests that arrived, as means over sampling periods{which} (first replication)."),
        plot: plot.told_apart_by("strategy"),
    }))
}

/// Machines over time, in the first replication.
fn fleet(section: &Section, clock: &Clock) -> Result<Option<Figure>, ReportError> {
    let mut series = Vec::new();
    for (nth, column) in section.columns.iter().enumerate() {
        let run = &column.runs[0];
        let points = alive(&run.lives()?, (run.end_s * 1e9) as u64);
        if !points.is_empty() {
            let points = points.into_iter().map(|(at, count)| (clock.of_ns(at), count as f64));
            series.push(Series::steps(&column.label, points).coloured(nth));
        }
    }
    if series.is_empty() {
        return Ok(None);
    }
    let plot = Plot::lines("Machines", clock.axis(), Axis::new("machines", "").from_zero(), series);
    Ok(Some(Figure {
        name: "fleet".to_owned(),
        caption: "Machines from launch to the end of their bill (first replication); where they change more often than can be \
                  drawn, the most of each moment."
            .to_owned(),
        plot: plot.told_apart_by("strategy"),
    }))
}

/// How many live at each instant at which their number changes; the most within equal spans where those are too many. Those
/// that are there when the run ends do not leave.
fn alive(lives: &[(u64, u64)], end: u64) -> Vec<(u64, i64)> {
    let mut changes: BTreeMap<u64, i64> = BTreeMap::new();
    for &(launched, gone) in lives {
        *changes.entry(launched).or_insert(0) += 1;
        *changes.entry(gone).or_insert(0) -= i64::from(gone < end);
    }
    changes.retain(|at, change| *change != 0 || *at >= end);
    let counted = changes.into_iter().scan(0, |count, (at, change)| {
        *count += change;
        Some((at, *count))
    });
    let steps: Vec<(u64, i64)> = counted.collect();
    let Some(&(end, last)) = steps.last().filter(|_| steps.len() > POINTS) else { return steps };
    let span = end / POINTS as u64 + 1;
    let mut most: BTreeMap<u64, i64> = BTreeMap::new();
    for pair in steps.windows(2) {
        // A count holds until the next change, through every span that it touches.
        for nth in pair[0].0 / span..=(pair[1].0 - 1) / span {
            let best = most.entry(nth).or_insert(0);
            *best = (*best).max(pair[0].1);
        }
    }
    most.into_iter().map(|(nth, count)| (nth * span, count)).chain([(end, last)]).collect()
}

/// How long machines lived, over all replications.
fn lifetimes(section: &Section, clock: &Clock) -> Result<Option<Figure>, ReportError> {
    let mut series = Vec::new();
    for (nth, column) in section.columns.iter().enumerate() {
        let mut times = Vec::new();
        for run in &column.runs {
            times.extend(run.lives()?.into_iter().map(|(launched, gone)| clock.of_ns(gone.saturating_sub(launched))));
        }
        if !times.is_empty() {
            let count = times.len() as u64;
            series.push(Series::distribution(&column.label, times, count).coloured(nth));
        }
    }
    if series.is_empty() {
        return Ok(None);
    }
    let (x, y) = (Axis::new("lifetime", clock.unit).from_zero(), Axis::new("share of machines", "").from_zero());
    Ok(Some(Figure {
        name: "lifetimes".to_owned(),
        caption: "Share of the machines that lived at most so long, from launch to the end of their bill.".to_owned(),
        plot: Plot::lines("Lifetimes of machines, cumulative", x, y, series).told_apart_by("strategy"),
    }))
}

/// Violations of each hour, where there are several hours.
fn violations_by_hour(section: &Section) -> Option<Figure> {
    section.columns.iter().find_map(Column::violations)?;
    let hours = section.runs().map(|run| run.hours.len()).max().filter(|hours| *hours > 1)?;
    let share = |column: &Column, hour: usize| {
        let of_hour = |run: &Run| run.hours.get(hour).copied().unwrap_or((0, 0));
        let sums = column.runs.iter().map(of_hour).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        if sums.0 > 0 { 100.0 * sums.1 as f64 / sums.0 as f64 } else { f64::NAN }
    };
    let points = |column: &Column| (0..hours).map(|hour| (hour as f64, share(column, hour))).collect::<Vec<_>>();
    let series = section.columns.iter().map(|column| Series::chain(&column.label, points(column))).collect();
    let (x, y) = (Axis::new("hour", "").from_zero(), Axis::new("violations", "%").from_zero());
    Some(Figure {
        name: "violations-by-hour".to_owned(),
        caption: "Violations among the requests that arrived in each hour.".to_owned(),
        plot: Plot::lines("SLO violations by hour", x, y, series).told_apart_by("strategy"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_counted_from_launch_to_the_end() {
        assert_eq!(alive(&[(0, 10), (0, 5), (5, 7)], 20), [(0, 2), (7, 1), (10, 0)]);
        assert_eq!(alive(&[(0, 10), (2, 10)], 10), [(0, 1), (2, 2), (10, 2)], "the end of the run is no end of theirs");
        assert_eq!(alive(&[], 5), []);
    }

    #[test]
    fn many_changes_become_the_most_of_each_span() {
        let lives: Vec<(u64, u64)> = (0..4000).map(|n| (n * 10, n * 10 + 5)).chain([(20_003, 20_004)]).collect();
        let points = alive(&lives, 50_000);
        assert!(points.len() <= POINTS + 2, "{}", points.len());
        assert_eq!(points.iter().map(|(_, count)| *count).max(), Some(2));
        assert_eq!(points.last(), Some(&(39_995, 0)));
    }

    #[test]
    fn ranks_from_above_reach_both_ends() {
        let ranks: Vec<u64> = ranks_from_above(1_000_000).collect();
        assert_eq!((ranks[0], ranks[1], ranks.last()), (0, 20_000, Some(&999_999)));
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]) && ranks.len() < 700, "{}", ranks.len());
        assert_eq!(ranks_from_above(1).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn the_clock_suits_the_run() {
        assert_eq!([86_400.0, 1800.0, 60.0].map(|end| Clock::of(end).unit), ["h", "min", "s"]);
    }
}
