//! Lines, steps and dots over two axes of numbers.

use super::axis::Span;
use super::frame::{Entry, Foot, Frame, Swatch, around};
use super::sketch::{Sketch, colour_of};
use super::{Plot, Series, Shape};

pub fn draw(plot: &Plot, series: &[Series]) -> Sketch {
    let mut sketch = Sketch::default();
    let points = || series.iter().flat_map(|one| &one.points);
    // A point is drawn where both its values have a place, so only those stretch the axes.
    let drawn = || points().filter(|point| plot.x.place(point.x).is_some() && plot.y.place(point.y).is_some());
    let has_dots = series.iter().any(|one| matches!(one.shape, Shape::Dots | Shape::Chain));
    let across = plot.x.over(drawn().map(|point| point.x)).padded(if has_dots { 0.04 } else { 0.0 });
    let ends = drawn().filter_map(|point| point.interval).flat_map(|(low, high)| [low, high]);
    let up = plot.y.over(drawn().map(|point| point.y).chain(ends)).padded(0.05);
    let swatch = |shape: Shape| if shape == Shape::Dots { Swatch::Dot } else { Swatch::Stroke };
    let entries: Vec<Entry<'_>> = series
        .iter()
        .enumerate()
        .map(|(nth, one)| Entry {
            name: &one.name,
            colour: colour_of(one.colour.unwrap_or(nth)),
            swatch: swatch(one.shape),
        })
        .collect();
    let frame = around(&mut sketch, plot, &Foot::Numbers(across), &up, &entries);
    for (nth, one) in series.iter().enumerate() {
        draw_series(&mut sketch, plot, one, nth, &frame, (&across, &up));
    }
    sketch
}

fn draw_series(
    sketch: &mut Sketch,
    plot: &Plot,
    one: &Series,
    nth: usize,
    frame: &Frame,
    (across, up): (&Span, &Span),
) {
    let colour = colour_of(one.colour.unwrap_or(nth));
    let x = |value: f64| plot.x.place(value).map(|place| frame.x(across.share(place)));
    let y = |value: f64| plot.y.place(value).map(|place| frame.y(up.share(place)));
    let dots = matches!(one.shape, Shape::Dots | Shape::Chain);
    // A point without a place interrupts the line.
    let mut piece: Vec<(f64, f64)> = Vec::new();
    let end = |piece: &mut Vec<(f64, f64)>, sketch: &mut Sketch| {
        let points = std::mem::take(piece);
        match points.as_slice() {
            [] => {}
            // What is alone would not be seen as a line.
            [point] if !dots => sketch.dot(*point, 2.0, colour),
            _ if one.shape != Shape::Dots && points.len() > 1 => sketch.stroke(points, 1.8, colour),
            _ => {}
        }
    };
    for point in &one.points {
        let (Some(x), Some(middle)) = (x(point.x), y(point.y)) else {
            end(&mut piece, sketch);
            continue;
        };
        if let (Shape::Step, Some(&(_, before))) = (one.shape, piece.last()) {
            piece.push((x, before));
        }
        piece.push((x, middle));
        if let Some((Some(low), Some(high))) = point.interval.map(|(low, high)| (y(low), y(high))) {
            sketch.stroke(vec![(x, low), (x, high)], 1.2, colour);
            for end in [low, high] {
                sketch.stroke(vec![(x - 3.5, end), (x + 3.5, end)], 1.2, colour);
            }
        }
        if dots {
            sketch.dot((x, middle), 3.5, colour);
        }
    }
    end(&mut piece, sketch);
}
