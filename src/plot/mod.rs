//! Pictures of numbers: lines, steps, points, bars, distributions and heat grids, each as SVG, as PNG and as the CSV of what
//! it shows.
//!
//! A plot is plain data; nothing here knows what a request or a cloud is. The same plot gives the same bytes on every machine:
//! the type is in the program (Roboto, see `font/README.md`), positions are rounded to a quarter of a pixel, logarithms come
//! from `libm`. Text is text in the SVG; the PNG shows boxes for signs outside of Latin, Greek and Cyrillic. Drawn with
//! `plotters`, whose charts are not used: its surfaces are, so that both files are one drawing.
//!
//! ```
//! use stratosim::plot::{Axis, Plot, Series};
//! let line = Series::line("libra", [(0.0, 1.0), (1.0, 3.0)]);
//! let plot = Plot::lines("Cost over time", Axis::new("time", "h"), Axis::new("cost", "USD"), vec![line]);
//! assert_eq!(plot.csv(), "series,time_h,cost_usd\nlibra,0,1\nlibra,1,3\n");
//! ```

mod axis;
mod bars;
mod frame;
mod heat;
mod lines;
mod numbers;
mod series;
mod sketch;
mod surface;
mod type_face;

pub use axis::{Axis, Scale};
pub use bars::{Arrangement, Bars};
pub use heat::Heat;
pub use series::{Point, Series, Shape};
pub use surface::escaped;

use std::io;
use std::path::Path;

use sketch::Sketch;

/// A picture of numbers. What is not finite is not drawn and is an empty field in the CSV.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    pub title: String,
    /// A line below the title: where the numbers are from, or what to look for. May be empty.
    pub note: String,
    /// What tells the series apart, such as `strategy`: the heading of the legend and a column of the CSV.
    pub by: String,
    pub x: Axis,
    pub y: Axis,
    pub marks: Marks,
}

/// What is drawn between the axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Marks {
    Lines(Vec<Series>),
    Bars(Bars),
    Heat(Heat),
}

impl Plot {
    fn new(title: &str, x: Axis, y: Axis, marks: Marks) -> Plot {
        Plot { title: title.to_owned(), note: String::new(), by: "series".to_owned(), x, y, marks }
    }

    /// Lines, steps and points over two axes of numbers.
    pub fn lines(title: &str, x: Axis, y: Axis, series: Vec<Series>) -> Plot {
        Plot::new(title, x, y, Marks::Lines(series))
    }

    /// Bars over categories; `x` says what the categories are.
    pub fn bars(title: &str, x: Axis, y: Axis, bars: Bars) -> Plot {
        Plot::new(title, x, y, Marks::Bars(bars))
    }

    /// A grid of coloured cells; the axes say what columns and rows are.
    pub fn heat(title: &str, x: Axis, y: Axis, heat: Heat) -> Plot {
        Plot::new(title, x, y, Marks::Heat(heat))
    }

    /// With a line below the title.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Plot {
        self.note = note.to_owned();
        self
    }

    /// With a name for what tells the series apart.
    #[must_use]
    pub fn told_apart_by(mut self, what: &str) -> Plot {
        self.by = what.to_owned();
        self
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        match &self.marks {
            Marks::Lines(series) => series.iter().all(|one| one.points.is_empty()),
            Marks::Bars(bars) => bars.categories.is_empty() || bars.series.is_empty(),
            Marks::Heat(heat) => heat.columns.is_empty() || heat.rows.is_empty(),
        }
    }

    /// The picture as an SVG document.
    pub fn svg(&self) -> String {
        surface::svg(&self.sketch(), &self.title)
    }

    /// The picture as a PNG file, two pixels for each of the SVG's.
    ///
    /// # Errors
    /// What the encoder says; it has no reason to.
    pub fn png(&self) -> io::Result<Vec<u8>> {
        surface::png(&self.sketch())
    }

    /// The numbers behind the picture: one row a point, bar or cell.
    pub fn csv(&self) -> String {
        numbers::csv(self)
    }

    /// Writes `<name>.svg`, `<name>.png` and `<name>.csv` into a folder.
    ///
    /// # Errors
    /// A file that cannot be written; the error names it.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<()> {
        let put = |ending: &str, bytes: &[u8]| {
            let path = folder.join(format!("{name}.{ending}"));
            std::fs::write(&path, bytes)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
        };
        put("csv", self.csv().as_bytes())?;
        put("svg", self.svg().as_bytes())?;
        put("png", &self.png()?)
    }

    fn sketch(&self) -> Sketch {
        match &self.marks {
            Marks::Lines(series) => lines::draw(self, series),
            Marks::Bars(bars) => bars::draw(self, bars),
            Marks::Heat(heat) => heat::draw(self, heat),
        }
    }
}

#[cfg(test)]
mod tests;
