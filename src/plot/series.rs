//! Series: points under one name, and how they are joined.

/// Points under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub name: String,
    pub shape: Shape,
    /// In the order in which they are joined.
    pub points: Vec<Point>,
    /// Which colour of the palette, so that the same thing looks the same in several plots; by its place among the
    /// series when absent.
    pub colour: Option<usize>,
}

/// How points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Joined by straight lines.
    Line,
    /// Each value holds until the next point.
    Step,
    /// Dots alone.
    Dots,
    /// Dots joined by straight lines.
    Chain,
}

/// A point, with an interval of its second value where that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
    /// Lower and upper end, drawn as a whisker.
    pub interval: Option<(f64, f64)>,
}

impl From<(f64, f64)> for Point {
    fn from((x, y): (f64, f64)) -> Point {
        Point { x, y, interval: None }
    }
}

impl Series {
    pub fn new<P: Into<Point>>(name: &str, shape: Shape, points: impl IntoIterator<Item = P>) -> Series {
        Series { name: name.to_owned(), shape, points: points.into_iter().map(Into::into).collect(), colour: None }
    }

    /// With a colour of the palette by its number.
    #[must_use]
    pub fn coloured(mut self, colour: usize) -> Series {
        self.colour = Some(colour);
        self
    }

    pub fn line<P: Into<Point>>(name: &str, points: impl IntoIterator<Item = P>) -> Series {
        Series::new(name, Shape::Line, points)
    }

    pub fn steps<P: Into<Point>>(name: &str, points: impl IntoIterator<Item = P>) -> Series {
        Series::new(name, Shape::Step, points)
    }

    pub fn dots<P: Into<Point>>(name: &str, points: impl IntoIterator<Item = P>) -> Series {
        Series::new(name, Shape::Dots, points)
    }

    pub fn chain<P: Into<Point>>(name: &str, points: impl IntoIterator<Item = P>) -> Series {
        Series::new(name, Shape::Chain, points)
    }

    /// The distribution of some values: how large a share of `all` is at most so much. `all` counts values that are missing
    /// too (requests without an answer); the share then ends below one. Of many values, about a thousand steps are kept,
    /// evenly by rank, the ends among them; each is exact.
    ///
    /// # Panics
    /// When `all` is less than the number of values.
    pub fn distribution(name: &str, mut values: Vec<f64>, all: u64) -> Series {
        assert!(values.len() as u64 <= all, "a part is no larger than the whole");
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        let steps = values.chunk_by(|one, other| one == other).scan(0u64, |below, equal| {
            *below += equal.len() as u64;
            Some((equal[0], *below))
        });
        Series::of_counts(name, steps.collect(), all)
    }

    /// The same from counted values: pairs of a value and how many of `all` are at most it, both growing.
    pub fn of_counts(name: &str, counts: Vec<(f64, u64)>, all: u64) -> Series {
        const STEPS: u64 = 1000;
        let Some(&(first, _)) = counts.first() else { return Series::steps(name, Vec::<Point>::new()) };
        let (last, apart) = (counts.len() - 1, all.div_ceil(STEPS).max(1));
        let mut points = vec![(first, 0.0)];
        let mut kept = 0;
        for (place, &(value, at_most)) in counts.iter().enumerate() {
            if place == 0 || place == last || at_most >= kept + apart {
                kept = at_most;
                points.push((value, at_most as f64 / all as f64));
            }
        }
        Series::steps(name, points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(series: &Series) -> Vec<(f64, f64)> {
        series.points.iter().map(|point| (point.x, point.y)).collect()
    }

    #[test]
    fn a_distribution_climbs_at_each_value_and_ends_below_one_where_answers_are_missing() {
        let series = Series::distribution("a", vec![3.0, 1.0, 3.0, f64::NAN], 8);
        assert_eq!(of(&series), [(1.0, 0.0), (1.0, 0.125), (3.0, 0.375)]);
        assert!(Series::distribution("a", vec![], 5).points.is_empty());
    }

    #[test]
    fn many_values_become_about_a_thousand_exact_steps() {
        let values: Vec<f64> = (1..=50_000).rev().map(f64::from).collect();
        let series = Series::distribution("a", values, 50_000);
        assert!((1000..1010).contains(&series.points.len()), "{}", series.points.len());
        assert_eq!(series.points.last().map(|point| (point.x, point.y)), Some((50_000.0, 1.0)));
        assert!(of(&series)[1..].iter().all(|&(x, share)| (share - x / 50_000.0).abs() < 1e-12));
    }
}
