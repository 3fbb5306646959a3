//! A straight line through the last points, which forgets what is stale.
//!
//! Source: `ccicconetti/support`, the linear estimator of the e-dispatcher.

use std::collections::VecDeque;

use crate::engine::time::{Instant, Span};

/// The last points (x, y) and the line fitted to them.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    window: usize,
    /// Points this old or older are dropped before predicting; `None` keeps all.
    stale: Option<Span>,
    /// The original's purge stops half way.
    half_purge: bool,
    points: VecDeque<(f64, f64, Instant)>,
    /// Intercept and slope, unless points came or went since the last prediction.
    line: Option<(f64, f64)>,
}

impl Linear {
    pub(super) fn new(window: usize, stale: Option<Span>, half_purge: bool) -> Linear {
        // A window without room for a point could not predict.
        let window = window.max(1);
        Linear { window, stale, half_purge, points: VecDeque::new(), line: None }
    }

    pub(super) fn add(&mut self, x: f64, y: f64, now: Instant) {
        if self.points.len() == self.window {
            self.points.pop_front();
        }
        self.points.push_back((x, y, now));
        self.line = None;
    }

    /// The line at `x`; zero without points.
    #[inline]
    pub(super) fn predict(&mut self, x: f64, now: Instant) -> f64 {
        if let Some(stale) = self.stale {
            self.purge(stale, now);
        }
        let (intercept, slope) = *self.line.get_or_insert_with(|| fit(&self.points));
        intercept + slope * x
    }

    fn purge(&mut self, stale: Span, now: Instant) {
        let dead = |&mut (_, _, at): &mut (f64, f64, Instant)| now.saturating_since(at) >= stale;
        // The original counts up while its bound, the number of points left, shrinks.
        let at_most = if self.half_purge { self.points.len().div_ceil(2) } else { self.points.len() };
        for _ in 0..at_most {
            if self.points.pop_front_if(dead).is_none() {
                break;
            }
            self.line = None;
        }
    }
}

/// Least squares; the mean of y when all x are equal.
fn fit(points: &VecDeque<(f64, f64, Instant)>) -> (f64, f64) {
    if points.is_empty() {
        return (0.0, 0.0);
    }
    let n = points.len() as f64;
    let sum_x: f64 = points.iter().map(|(x, ..)| x).sum();
    let sum_y: f64 = points.iter().map(|(_, y, _)| y).sum();
    let mean_x = sum_x / n;
    let mut spread = 0.0;
    let mut joint = 0.0;
    for (x, y, _) in points {
        spread += (x - mean_x) * (x - mean_x);
        joint += (x - mean_x) * y;
    }
    if spread == 0.0 {
        return (sum_y / n, 0.0);
    }
    let slope = joint / spread;
    ((sum_y - slope * sum_x) / n, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Span::from_secs(seconds)
    }

    #[test]
    fn a_line_is_found_and_a_single_x_gives_the_mean() {
        let mut line = Linear::new(3, None, false);
        assert_eq!(line.predict(5.0, at(0)), 0.0);
        line.add(1.0, 4.0, at(0));
        line.add(1.0, 6.0, at(0));
        assert_eq!(line.predict(9.0, at(0)), 5.0);
        line.add(3.0, 9.0, at(0));
        assert_eq!(line.predict(2.0, at(0)), 7.0);
        // The window drops the oldest: (1, 6), (3, 9), (5, 12).
        line.add(5.0, 12.0, at(0));
        assert_eq!(line.predict(0.0, at(0)), 4.5);
    }

    #[test]
    fn a_faithful_purge_stops_half_way() {
        for (half_purge, left) in [(false, 0.0), (true, 8.0)] {
            let mut line = Linear::new(8, Some(Span::from_secs(2)), half_purge);
            (0..8).for_each(|k| line.add(1.0, if k < 4 { 1.0 } else { 8.0 }, at(0)));
            assert_eq!(line.predict(1.0, at(2)), left);
        }
        let mut line = Linear::new(8, Some(Span::from_secs(2)), false);
        line.add(1.0, 3.0, at(0));
        assert_eq!(line.predict(1.0, at(1)), 3.0);
    }
}
