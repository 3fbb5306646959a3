//! What `--plot` draws: the front of an economy, the course of a trace.

use crate::planner::economy::{FrontRow, Plan};
use crate::plot::{Axis, Plot, Series};
use crate::workload::describe::Description;

/// Two goals are the axes, the third tells colours apart: as many as that, in equal parts of what the front holds.
const PARTS: usize = 4;

/// The front of three goals: profits as axes, satisfaction as colours, the choice on top.
pub fn front(plan: &Plan) -> Plot {
    let rows: Vec<FrontRow> = plan.rows().collect();
    let satisfaction = rows.iter().map(|row| row.satisfaction);
    let (least, most) =
        (satisfaction.clone().fold(f64::INFINITY, f64::min), satisfaction.fold(f64::NEG_INFINITY, f64::max));
    let width = (most - least) / PARTS as f64;
    // The greatest value belongs to the last part; where all are equal there is one part.
    let part = |row: &FrontRow| (((row.satisfaction - least) / width) as usize).min(PARTS - 1);
    let profits = |row: &FrontRow| (row.service_profit, row.application_profit);
    let mut series: Vec<Series> = (0..PARTS)
        .map(|nth| {
            let (from, to) = (least + width * nth as f64, least + width * (nth + 1) as f64);
            let points = rows.iter().filter(|row| part(row) == nth).map(profits);
            Series::dots(&format!("satisfaction {from:.3} to {to:.3}"), points)
        })
        .filter(|series| !series.points.is_empty())
        .collect();
    series.push(Series::dots("chosen", rows.iter().filter(|row| row.chosen).map(profits)));
    let (x, y) = (Axis::new("service profit", "USD/s"), Axis::new("application profit", "USD/s"));
    let note = format!("{} points; chosen: {} replicas", rows.len(), plan.replicas);
    Plot::lines("Front of the economy", x, y, series).with_note(&note).told_apart_by("part of the front")
}

/// The rate over the course of a trace, as the page shows it in signs.
pub fn course(description: &Description) -> Plot {
    let stretch = description.curve_stretch_s;
    let mut points: Vec<(f64, f64)> = description
        .curve
        .iter()
        .enumerate()
        .map(|(nth, &count)| (nth as f64 * stretch, count as f64 / stretch))
        .collect();
    // A step holds until the next point, so the last one needs an end.
    points.extend(points.last().map(|&(begin, rate)| (begin + stretch, rate)));
    let note =
        format!("{} arrivals, mean {:.3}/s, each step {stretch} s", description.arrivals, description.mean_rate_per_s);
    let (x, y) = (Axis::new("time", "s"), Axis::new("rate", "requests/s").from_zero());
    Plot::lines("Course of the trace", x, y, vec![Series::steps("trace", points)]).with_note(&note)
}
