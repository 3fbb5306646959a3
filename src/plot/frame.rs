//! What stands around the marks: title, axes with their rules, and the legend.

use super::Plot;
use super::axis::Span;
use super::sketch::{Colour, EDGE, HEIGHT, INK, RULE, SOFT, Side, Sketch, WIDTH, Words};
use super::type_face::width_of;

/// Room around everything.
const MARGIN: f64 = 14.0;
const LABEL: f64 = 12.0;
const LINE: f64 = 17.0;

/// The rectangle in which marks are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

/// What an entry of the legend looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swatch {
    Stroke,
    Dot,
    Block,
}

/// An entry of the legend.
pub struct Entry<'a> {
    pub name: &'a str,
    pub colour: Colour,
    pub swatch: Swatch,
}

/// What is written along the foot of the frame.
pub enum Foot<'a> {
    Numbers(Span),
    Categories(&'a [String]),
}

impl Frame {
    /// The share of the way from left to right, as a place.
    pub fn x(&self, share: f64) -> f64 {
        self.left + share * (self.right - self.left)
    }

    /// The share of the way from the foot up, as a place.
    pub fn y(&self, share: f64) -> f64 {
        self.bottom - share * (self.bottom - self.top)
    }

    /// The middle of a category, and the room it has.
    pub fn category(&self, place: usize, of: usize) -> (f64, f64) {
        let room = (self.right - self.left) / of.max(1) as f64;
        (self.left + (place as f64 + 0.5) * room, room)
    }
}

/// Draws what stands around marks and tells where they go. `up` are the marks of the upright axis.
pub fn around(sketch: &mut Sketch, plot: &Plot, foot: &Foot<'_>, up: &Span, entries: &[Entry<'_>]) -> Frame {
    let mut frame = headed(sketch, plot);
    frame.right -= legend(sketch, plot, entries, &frame);
    let ticks = up.ticks(6);
    let widest = ticks.iter().map(|(_, text)| width_of(text, LABEL, false)).fold(0.0, f64::max);
    frame.left += LINE + 6.0 + widest;
    frame.bottom -= LINE + 6.0 + height_of(foot, &frame);
    for (place, text) in &ticks {
        let y = frame.y(up.share(*place));
        sketch.stroke(vec![(frame.left, y), (frame.right, y)], 1.0, RULE);
        sketch.words(Words::new(text, (frame.left - 6.0, y)).side(Side::End).size(LABEL).colour(SOFT));
    }
    let middle = (frame.top + frame.bottom) / 2.0;
    let label = Words::new(&plot.y.label(), (MARGIN + LABEL / 2.0, middle));
    sketch.words(label.side(Side::Middle).size(LABEL).upright());
    along_the_foot(sketch, plot, foot, &frame);
    frame
}

/// The title and the line below it.
pub fn headed(sketch: &mut Sketch, plot: &Plot) -> Frame {
    let room = WIDTH - 2.0 * MARGIN;
    sketch.words(Words::new(&fitting(&plot.title, 15.0, true, room), (MARGIN, MARGIN + 8.0)).size(15.0).bold());
    let mut top = MARGIN + 30.0;
    if !plot.note.is_empty() {
        let note = fitting(&plot.note, LABEL, false, room);
        sketch.words(Words::new(&note, (MARGIN, MARGIN + 28.0)).size(LABEL).colour(SOFT));
        top += 20.0;
    }
    Frame { left: MARGIN, right: WIDTH - MARGIN, top, bottom: HEIGHT - MARGIN }
}

/// Words cut to a width, with an ellipsis where they were longer.
pub fn fitting(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width_of(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut cut = text.to_owned();
    while cut.pop().is_some() && width_of(&cut, size, bold) + width_of("…", size, bold) > room {}
    cut + "…"
}

/// Draws the legend at the right and tells how much room it takes. One series without a name needs none.
fn legend(sketch: &mut Sketch, plot: &Plot, entries: &[Entry<'_>], frame: &Frame) -> f64 {
    if entries.iter().all(|entry| entry.name.is_empty()) {
        return 0.0;
    }
    let most = ((frame.bottom - frame.top) / LINE) as usize - 1;
    let shown = if entries.len() > most { most - 1 } else { entries.len() };
    let names: Vec<String> = entries[..shown].iter().map(|entry| fitting(entry.name, LABEL, false, 190.0)).collect();
    let rest = entries.len() - shown;
    let more = if rest > 0 { format!("… and {rest} more") } else { String::new() };
    let widest = names.iter().chain([&more, &plot.by]).map(|name| width_of(name, LABEL, true)).fold(0.0, f64::max);
    let left = frame.right - widest - 22.0;
    let line = |nth: usize| frame.top + 6.0 + nth as f64 * LINE;
    sketch.words(Words::new(&plot.by, (left, line(0))).size(LABEL).colour(SOFT));
    for (nth, (entry, name)) in entries.iter().zip(&names).enumerate() {
        let y = line(nth + 1);
        match entry.swatch {
            Swatch::Stroke => sketch.stroke(vec![(left, y), (left + 15.0, y)], 2.5, entry.colour),
            Swatch::Dot => sketch.dot((left + 7.5, y), 4.0, entry.colour),
            Swatch::Block => sketch.fill((left + 2.0, y - 5.5), (left + 13.0, y + 5.5), entry.colour),
        }
        sketch.words(Words::new(name, (left + 22.0, y)).size(LABEL));
    }
    if rest > 0 {
        sketch.words(Words::new(&more, (left + 22.0, line(shown + 1))).size(LABEL).colour(SOFT));
    }
    widest + 22.0 + 16.0
}

/// Whether categories are written upright because they would run into one another.
fn upright(categories: &[String], frame: &Frame) -> bool {
    let (_, room) = frame.category(0, categories.len());
    let numbers = categories.iter().all(|name| name.parse::<f64>().is_ok());
    !numbers && categories.iter().any(|name| width_of(name, LABEL, false) > room - 6.0)
}

/// The longest that a category may be when it is written upright.
const LONGEST: f64 = 130.0;

fn height_of(foot: &Foot<'_>, frame: &Frame) -> f64 {
    match foot {
        Foot::Categories(names) if upright(names, frame) => {
            names.iter().map(|name| width_of(name, LABEL, false)).fold(0.0, f64::max).min(LONGEST) + 6.0
        }
        _ => LINE + 2.0,
    }
}

fn along_the_foot(sketch: &mut Sketch, plot: &Plot, foot: &Foot<'_>, frame: &Frame) {
    sketch.stroke(vec![(frame.left, frame.bottom), (frame.right, frame.bottom)], 1.0, EDGE);
    match foot {
        Foot::Numbers(span) => {
            for (place, text) in span.ticks(8) {
                let x = frame.x(span.share(place));
                sketch.stroke(vec![(x, frame.bottom), (x, frame.bottom + 4.0)], 1.0, EDGE);
                let words = Words::new(&text, (x, frame.bottom + 13.0)).side(Side::Middle).size(LABEL).colour(SOFT);
                sketch.words(words);
            }
        }
        Foot::Categories(names) => categories(sketch, names, frame),
    }
    let middle = ((frame.left + frame.right) / 2.0, HEIGHT - MARGIN - LABEL / 2.0);
    sketch.words(Words::new(&plot.x.label(), middle).side(Side::Middle).size(LABEL).colour(INK));
}

/// Names below their categories: all of them when they are words, as many as fit when they are numbers.
pub fn categories(sketch: &mut Sketch, names: &[String], frame: &Frame) {
    let upright = upright(names, frame);
    let (_, room) = frame.category(0, names.len());
    let widest = names.iter().map(|name| width_of(name, LABEL, false)).fold(0.0, f64::max);
    let least = if upright { LINE - 3.0 } else { widest + 6.0 };
    let every = (least / room).ceil().max(1.0) as usize;
    for (place, name) in names.iter().enumerate().step_by(every) {
        let (x, _) = frame.category(place, names.len());
        let words = if upright {
            let name = fitting(name, LABEL, false, LONGEST);
            Words::new(&name, (x, frame.bottom + 6.0)).side(Side::End).upright()
        } else {
            Words::new(name, (x, frame.bottom + 13.0)).side(Side::Middle)
        };
        sketch.words(words.size(LABEL).colour(SOFT));
    }
}
