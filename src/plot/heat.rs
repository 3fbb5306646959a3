//! A grid of coloured cells: one value for each column and row.

use super::Plot;
use super::axis::{Axis, Span, short};
use super::frame::{Frame, categories, fitting, headed};
use super::sketch::{Colour, HEIGHT, INK, PAPER, SOFT, Side, Sketch, Words};
use super::type_face::width_of;

/// A value for each column and row.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat {
    pub columns: Vec<String>,
    /// From below to above.
    pub rows: Vec<String>,
    /// `values[row][column]`; what is missing or not finite leaves its cell empty.
    pub values: Vec<Vec<f64>>,
    /// What the values are.
    pub value: Axis,
}

impl Heat {
    pub(super) fn at(&self, row: usize, column: usize) -> Option<f64> {
        self.values.get(row)?.get(column).copied().filter(|value| value.is_finite())
    }
}

/// Colours from the least value to the largest: nine of viridis (Smith and van der Walt, 2015), equally bright to every eye.
const COLOURS: [Colour; 9] = [
    (0x44, 0x01, 0x54),
    (0x47, 0x2d, 0x7b),
    (0x3b, 0x52, 0x8b),
    (0x2c, 0x72, 0x8e),
    (0x21, 0x91, 0x8c),
    (0x28, 0xae, 0x80),
    (0x5e, 0xc9, 0x62),
    (0xad, 0xdc, 0x30),
    (0xfd, 0xe7, 0x25),
];

fn colour(share: f64) -> Colour {
    let place = share.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f64;
    let from = (place as usize).min(COLOURS.len() - 2);
    let part = place - from as f64;
    let mix = |one: u8, other: u8| (f64::from(one) + part * (f64::from(other) - f64::from(one))).round() as u8;
    let (one, other) = (COLOURS[from], COLOURS[from + 1]);
    (mix(one.0, other.0), mix(one.1, other.1), mix(one.2, other.2))
}

pub fn draw(plot: &Plot, heat: &Heat) -> Sketch {
    let mut sketch = Sketch::default();
    let mut frame = headed(&mut sketch, plot);
    let values =
        (0..heat.rows.len()).flat_map(|row| (0..heat.columns.len()).filter_map(move |column| heat.at(row, column)));
    let span = heat.value.over(values);
    frame.right -= scale(&mut sketch, heat, &span, &frame);
    let widest = heat.rows.iter().map(|name| width_of(name, 12.0, false)).fold(0.0, f64::max).min(150.0);
    frame.left += 23.0 + widest;
    frame.bottom -= 42.0;
    let room = (
        (frame.right - frame.left) / heat.columns.len().max(1) as f64,
        (frame.bottom - frame.top) / heat.rows.len().max(1) as f64,
    );
    for row in 0..heat.rows.len() {
        for column in 0..heat.columns.len() {
            if let Some(value) = heat.at(row, column) {
                cell(
                    &mut sketch,
                    heat,
                    &span,
                    value,
                    (frame.left + column as f64 * room.0, frame.bottom - (row + 1) as f64 * room.1),
                    room,
                );
            }
        }
    }
    let every = (14.0 / room.1).ceil().max(1.0) as usize;
    for (row, name) in heat.rows.iter().enumerate().step_by(every) {
        let y = frame.bottom - (row as f64 + 0.5) * room.1;
        let name = fitting(name, 12.0, false, 150.0);
        sketch.words(Words::new(&name, (frame.left - 6.0, y)).side(Side::End).colour(SOFT));
    }
    categories(&mut sketch, &heat.columns, &frame);
    let middle = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
    sketch.words(Words::new(&plot.x.label(), (middle.0, HEIGHT - 20.0)).side(Side::Middle));
    sketch.words(Words::new(&plot.y.label(), (20.0, middle.1)).side(Side::Middle).upright());
    sketch
}

fn cell(sketch: &mut Sketch, heat: &Heat, span: &Span, value: f64, (left, top): (f64, f64), (wide, high): (f64, f64)) {
    let Some(place) = heat.value.place(value) else { return };
    let share = span.share(place);
    let gap = if wide.min(high) > 12.0 { 1.0 } else { 0.0 };
    sketch.fill((left, top), (left + wide - gap, top + high - gap), colour(share));
    let text = short(value);
    if width_of(&text, 11.0, false) + 4.0 < wide && high > 14.0 {
        let paint = if share < 0.6 { PAPER } else { INK };
        sketch.words(
            Words::new(&text, (left + wide / 2.0, top + high / 2.0)).side(Side::Middle).size(11.0).colour(paint),
        );
    }
}

/// What the colours mean; tells how much room that takes.
fn scale(sketch: &mut Sketch, heat: &Heat, span: &Span, frame: &Frame) -> f64 {
    let ticks = span.ticks(6);
    let widest = ticks.iter().map(|(_, text)| width_of(text, 12.0, false)).fold(0.0, f64::max);
    let bar = Frame {
        left: frame.right - widest - 22.0,
        right: frame.right - widest - 8.0,
        top: frame.top,
        bottom: frame.bottom - 42.0,
    };
    let pieces = 64;
    for piece in 0..pieces {
        let (from, to) = (f64::from(piece) / f64::from(pieces), f64::from(piece + 1) / f64::from(pieces));
        sketch.fill((bar.left, bar.y(to)), (bar.right, bar.y(from)), colour((from + to) / 2.0));
    }
    for (place, text) in ticks {
        sketch.words(Words::new(&text, (bar.right + 6.0, bar.y(span.share(place)))).colour(SOFT));
    }
    let label = Words::new(&heat.value.label(), (bar.left - 10.0, (bar.top + bar.bottom) / 2.0));
    sketch.words(label.side(Side::Middle).upright());
    widest + 22.0 + 30.0
}
