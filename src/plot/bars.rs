//! Bars over categories, side by side or on top of one another.

use super::Plot;
use super::frame::{Entry, Foot, Frame, Swatch, around};
use super::sketch::{EDGE, Sketch, colour_of};

/// Values of some series in each category.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    pub categories: Vec<String>,
    pub arrangement: Arrangement,
    /// A name and a value for each category; missing values are none, further ones are not shown.
    pub series: Vec<(String, Vec<f64>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Side by side.
    Grouped,
    /// On top of one another, what is below zero downwards.
    Stacked,
}

impl Bars {
    pub fn grouped(categories: Vec<String>, series: Vec<(String, Vec<f64>)>) -> Bars {
        Bars { categories, arrangement: Arrangement::Grouped, series }
    }

    pub fn stacked(categories: Vec<String>, series: Vec<(String, Vec<f64>)>) -> Bars {
        Bars { categories, arrangement: Arrangement::Stacked, series }
    }

    /// The value of a series in a category, where it has one.
    pub(super) fn value(&self, series: usize, category: usize) -> Option<f64> {
        self.series[series].1.get(category).copied().filter(|value| value.is_finite())
    }

    /// Heights of the stacks above zero and below it, or the bars themselves.
    fn ends(&self) -> Vec<f64> {
        let mut ends = Vec::new();
        for category in 0..self.categories.len() {
            let values = (0..self.series.len()).filter_map(|series| self.value(series, category));
            match self.arrangement {
                Arrangement::Grouped => ends.extend(values),
                Arrangement::Stacked => {
                    let (above, below): (Vec<f64>, Vec<f64>) = values.partition(|value| *value >= 0.0);
                    ends.extend([above.iter().sum::<f64>(), below.iter().sum()]);
                }
            }
        }
        ends
    }
}

pub fn draw(plot: &Plot, bars: &Bars) -> Sketch {
    let mut sketch = Sketch::default();
    // Bars are lengths, and lengths begin at zero.
    let axis = plot.y.clone().from_zero();
    let up = axis.over(bars.ends().into_iter()).padded(0.05);
    let entries: Vec<Entry<'_>> = bars
        .series
        .iter()
        .enumerate()
        .map(|(nth, (name, _))| Entry { name, colour: colour_of(nth), swatch: Swatch::Block })
        .collect();
    let frame = around(&mut sketch, plot, &Foot::Categories(&bars.categories), &up, &entries);
    let y = |value: f64| frame.y(up.share(value));
    for category in 0..bars.categories.len() {
        let (mut above, mut below) = (0.0, 0.0);
        for series in 0..bars.series.len() {
            let Some(value) = bars.value(series, category) else { continue };
            let (left, right) = sides(bars, category, series, &frame);
            let from = match bars.arrangement {
                Arrangement::Grouped => 0.0,
                Arrangement::Stacked if value >= 0.0 => above,
                Arrangement::Stacked => below,
            };
            if value != 0.0 {
                sketch.fill(
                    (left, y(from + value.max(0.0)).min(y(from))),
                    (right, y(from + value.min(0.0)).max(y(from))),
                    colour_of(series),
                );
            }
            if value >= 0.0 { above = from + value } else { below = from + value }
        }
    }
    if up.low < 0.0 {
        sketch.stroke(vec![(frame.left, y(0.0)), (frame.right, y(0.0))], 1.0, EDGE);
    }
    sketch
}

/// Where a bar begins and ends across.
fn sides(bars: &Bars, category: usize, series: usize, frame: &Frame) -> (f64, f64) {
    let (middle, room) = frame.category(category, bars.categories.len());
    // Few bars are not made as wide as the page.
    let all = (room * 0.8).min(90.0 * bars.series.len().max(2) as f64 / 2.0);
    match bars.arrangement {
        Arrangement::Stacked => {
            let all = all.min(80.0);
            (middle - all / 2.0, middle + all / 2.0)
        }
        Arrangement::Grouped => {
            let one = all / bars.series.len() as f64;
            let left = middle - all / 2.0 + series as f64 * one;
            (left, left + one * if bars.series.len() > 1 { 0.92 } else { 1.0 })
        }
    }
}
