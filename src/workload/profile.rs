//! Rates that people know by a name: the day, the week, a ramp, a flash crowd; and rates read from a file.
//!
//! Each is a Poisson stream under a rate that is straight by stretches ([`Varying`]).
//!
//! Source of the three phases of a flash crowd (rise, hold, fall): Ari, Hong, Miller, Brandt and Long, Managing flash crowds
//! on the Internet (MASCOTS 2003), section 4. Differs: they derive the lengths of the phases from the height; here all are stated.

use super::trace::flaw::Flaw;
use super::trace::line::{Fields, Lines, Separator};
use super::trace::number::{self, Unit};
use super::varying::Varying;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use std::path::Path;

const DAY: Span = Span::from_secs(86_400);
/// Points of a day that is a cosine: straight lines between them stay within 0.06 % of the mean.
const COSINE_POINTS: usize = 96;
/// Most weights of a day, or of days.
const WEIGHTS_MAX: usize = 10_000;
/// Most points of a rate file.
const POINTS_MAX: usize = 10_000_000;

/// How the rate goes up and down over days.
#[derive(Clone, Debug, PartialEq)]
pub struct Daily {
    /// Mean over all days.
    pub rate_per_s: f64,
    /// Weights of equal parts of a day, at their middles.
    pub hours: Vec<f64>,
    /// Weights of days, which come again after the last; none for days all alike.
    pub days: Vec<f64>,
    /// How long after midnight of the first day the source begins.
    pub from: Span,
}

/// Weights of a day that is a cosine: `1 + swing` at the busiest time.
///
/// # Errors
/// A swing that is no share.
pub fn cosine(swing: f64, busiest: Span) -> Result<Vec<f64>, Unfit> {
    if !(0.0..=1.0).contains(&swing) {
        return Err(Unfit::new("swing", swing, "a share from 0 to 1"));
    }
    let turn = std::f64::consts::TAU;
    let busiest = busiest.as_secs_f64() / DAY.as_secs_f64();
    let middle = |part: usize| (part as f64 + 0.5) / COSINE_POINTS as f64;
    Ok((0..COSINE_POINTS).map(|part| 1.0 + swing * libm::cos(turn * (middle(part) - busiest))).collect())
}

impl Daily {
    /// The stream, over and over.
    ///
    /// # Errors
    /// Weights that are negative, all zero or too many; a rate that is not above zero.
    pub fn arrivals(&self) -> Result<Varying, Unfit> {
        Unfit::unless_positive("rate", self.rate_per_s)?;
        for (parameter, weights) in [("hours", &self.hours), ("days", &self.days)] {
            weights.iter().try_for_each(|&weight| Unfit::unless_not_negative(parameter, weight).map(drop))?;
            if weights.len() > WEIGHTS_MAX {
                return Err(Unfit::new(parameter, format!("{} weights", weights.len()), "at most 10000 weights"));
            }
        }
        let parts = self.hours.len();
        let days = self.days.len().max(1);
        let day_mean = self.hours.iter().sum::<f64>() / parts.max(1) as f64;
        let mean = day_mean * if self.days.is_empty() { 1.0 } else { self.days.iter().sum::<f64>() / days as f64 };
        if !(mean.is_finite() && mean > 0.0) {
            return Err(Unfit::new("hours", "no weight above zero", "a weight above zero among hours, and among days"));
        }
        let weight = |day: usize| self.days.get(day).copied().unwrap_or(1.0);
        // Middles of the parts, and midnights, where the weight of the day changes at once.
        let night = (self.hours[0] + self.hours[parts - 1]) / 2.0;
        let mut points = Vec::with_capacity(days * (parts + 2));
        for day in 0..days {
            let at = |share: f64| (day as f64 + share) * DAY.as_secs_f64();
            let rate = |level: f64| level * weight(day) * self.rate_per_s / mean;
            points.push((at(0.0), rate(night)));
            for (part, &level) in self.hours.iter().enumerate() {
                points.push((at((part as f64 + 0.5) / parts as f64), rate(level)));
            }
            points.push((at(1.0), rate(night)));
        }
        let cycle_s = days as f64 * DAY.as_secs_f64();
        Varying::linear(&turned(&points, self.from.as_secs_f64() % cycle_s, cycle_s), true)
    }
}

/// A cycle of points begun at another place.
fn turned(points: &[(f64, f64)], begins_s: f64, cycle_s: f64) -> Vec<(Instant, f64)> {
    let cut = points.partition_point(|&(at, _)| at <= begins_s);
    let between = |before: (f64, f64), after: (f64, f64)| {
        let length = after.0 - before.0;
        if length > 0.0 { before.1 + (after.1 - before.1) * (begins_s - before.0) / length } else { after.1 }
    };
    let start = match (points.get(cut.wrapping_sub(1)), points.get(cut)) {
        (Some(&before), Some(&after)) => between(before, after),
        (Some(&(_, rate)), None) | (None, Some(&(_, rate))) => rate,
        (None, None) => 0.0,
    };
    let instant = |secs: f64| Instant::ZERO + Span::from_secs_f64(secs).unwrap_or(Span::ZERO);
    let mut cycle = vec![(Instant::ZERO, start)];
    cycle.extend(points[cut..].iter().map(|&(at, rate)| (instant(at - begins_s), rate)));
    cycle.extend(points[..cut].iter().map(|&(at, rate)| (instant(at + cycle_s - begins_s), rate)));
    cycle.push((instant(cycle_s), start));
    cycle
}

/// From one rate to another in a straight line, and there for ever.
///
/// # Errors
/// Rates that are negative or both zero, a length of none.
pub fn ramp(from_per_s: f64, to_per_s: f64, over: Span) -> Result<Varying, Unfit> {
    if over.is_zero() {
        return Err(Unfit::new("over", over, "a length of time above zero"));
    }
    Ok(Varying::linear(&[(Instant::ZERO, from_per_s), (Instant::ZERO.saturating_add(over), to_per_s)], false)?
        .holding())
}

/// A sudden crowd on top of a steady rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlashCrowd {
    /// Before and after.
    pub rate_per_s: f64,
    pub peak_per_s: f64,
    pub begins: Span,
    pub rise: Span,
    pub hold: Span,
    pub fall: Span,
}

impl FlashCrowd {
    /// The stream, at its steady rate for ever after the crowd.
    ///
    /// # Errors
    /// A peak that is not above the rate.
    pub fn arrivals(&self) -> Result<Varying, Unfit> {
        if !(self.peak_per_s.is_finite() && self.peak_per_s > self.rate_per_s) {
            return Err(Unfit::new("peak", self.peak_per_s, "a rate above that before the crowd"));
        }
        let mut at = Instant::ZERO;
        let mut points = vec![(at, self.rate_per_s)];
        let (rate, peak) = (self.rate_per_s, self.peak_per_s);
        for (length, rate) in [(self.begins, rate), (self.rise, peak), (self.hold, peak), (self.fall, rate)] {
            at = at.saturating_add(length);
            points.push((at, rate));
        }
        Ok(Varying::linear(&points, false)?.holding())
    }
}

/// Points of a rate from a CSV file with the columns `time_s` and `rate_per_s`.
///
/// # Errors
/// A file that cannot be read, and the first row that is no point, or lies before the row above it.
pub fn read_rates(path: &Path) -> Result<Vec<(Instant, f64)>, Flaw> {
    let mut lines = Lines::open(path)?;
    let file = lines.file().clone();
    let mut fields = Fields::default();
    let mut columns = None;
    let mut points: Vec<(Instant, f64)> = Vec::new();
    while let Some(line) = lines.next_line()? {
        let row = fields.cut(line, Separator::Byte(b','))?;
        let Some((time, rate)) = columns else {
            columns = Some((row.want_column("header", &["time_s"])?, row.want_column("header", &["rate_per_s"])?));
            continue;
        };
        let at = u64::try_from(row.nanos(time, "time_s", Unit::Second)?).map(Instant::from_nanos);
        let at = at.map_err(|_| row.flaw(time, "time_s", "a time from 0"))?;
        if points.last().is_some_and(|&(before, _)| before > at) {
            return Err(row.flaw(time, "time_s", "a time not before that of the row above"));
        }
        let value = number::decimal(row.bytes(rate)).filter(|value| *value >= 0.0);
        let value = value.ok_or_else(|| row.flaw(rate, "rate_per_s", "a rate that is not negative"))?;
        if points.len() == POINTS_MAX {
            return Err(row.flaw(time, "time_s", format!("at most {POINTS_MAX} points")));
        }
        points.push((at, value));
    }
    if points.len() < 2 {
        return Err(Flaw::file(&file, format!("{} points", points.len()), "two points or more"));
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Rng;

    /// Mean counts in `bins` equal parts of so many seconds, as rates, over many passes.
    fn rates(rule: &Varying, bin_s: u64, bins: usize, passes: u32) -> Vec<f64> {
        let mut counts = vec![0.0; bins];
        let mut rng = Rng::seeded(11);
        for _ in 0..passes {
            let mut rule = rule.clone();
            while let Some(at) = rule.next(&mut rng) {
                match counts.get_mut((at.as_nanos() / (bin_s * 1_000_000_000)) as usize) {
                    Some(count) => *count += 1.0 / f64::from(passes) / bin_s as f64,
                    None => break,
                }
            }
        }
        counts
    }

    fn near(found: &[f64], wanted: &[f64], by: f64) {
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < by), "{found:?}, expected {wanted:?}");
    }

    fn hours(value: u64) -> Span {
        Span::from_secs(3600 * value)
    }

    #[test]
    fn a_day_has_its_busiest_hour_and_its_mean() {
        let day = Daily { rate_per_s: 2.0, hours: cosine(0.5, hours(14)).unwrap(), days: vec![], from: Span::ZERO };
        let found = rates(&day.arrivals().unwrap(), 3600, 48, 20);
        assert!((found.iter().sum::<f64>() / 48.0 - 2.0).abs() < 0.01, "{found:?}");
        near(&[found[13], found[14], found[2], found[38]], &[2.98, 2.98, 1.01, 2.98], 0.05);
        let turned = Daily { from: hours(12), ..day }.arrivals().unwrap();
        near(&rates(&turned, 3600, 4, 20), &[2.93, 2.98, 2.98, 2.93], 0.08);
    }

    #[test]
    fn a_week_has_its_sunday() {
        let days = vec![1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5];
        let week = Daily { rate_per_s: 0.6, hours: vec![1.0], days, from: hours(24 * 4) };
        let found = rates(&week.arrivals().unwrap(), 86_400, 8, 4);
        // Friday, Saturday, Sunday, Monday to Friday again.
        near(&found, &[0.7, 0.35, 0.35, 0.7, 0.7, 0.7, 0.7, 0.7], 0.01);
    }

    #[test]
    fn hours_lead_from_middle_to_middle() {
        let day = Daily { rate_per_s: 1.0, hours: vec![0.0, 2.0], days: vec![], from: hours(5) };
        // At 6:00 the rate is 0, at 18:00 it is 2, straight in between: 1/6 an hour; begun at 5:00, in bins of two hours.
        let wanted = [1.0 / 12.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
        near(&rates(&day.arrivals().unwrap(), 7200, 12, 40)[..4], &wanted, 0.02);
    }

    #[test]
    fn ramps_and_crowds_rise_and_stay() {
        let up = ramp(0.0, 6.0, Span::from_secs(20)).unwrap();
        near(&rates(&up, 10, 4, 2_000), &[1.5, 4.5, 6.0, 6.0], 0.1);
        let secs = Span::from_secs;
        let crowd = FlashCrowd {
            rate_per_s: 1.0,
            peak_per_s: 9.0,
            begins: secs(10),
            rise: secs(10),
            hold: secs(10),
            fall: secs(20),
        };
        near(&rates(&crowd.arrivals().unwrap(), 10, 7, 2_000), &[1.0, 5.0, 9.0, 7.0, 3.0, 1.0, 1.0], 0.12);
    }

    #[test]
    fn rates_of_a_file_are_points() {
        let file = super::super::trace::test_file("rate_per_s,time_s\n1,0\n3,1.5\n3,1.5\n0,4\n");
        let points = read_rates(file.path()).unwrap();
        assert_eq!(
            points.iter().map(|&(at, rate)| (at.as_secs_f64(), rate)).collect::<Vec<_>>(),
            [(0.0, 1.0), (1.5, 3.0), (1.5, 3.0), (4.0, 0.0)]
        );
        for (text, wanted) in [
            ("time,rate\n", ":1:1: header: found \"time,rate\", want a header with the column \"time_s\""),
            (
                "time_s,rate_per_s\n1,1\n0,1\n",
                ":3:1: time_s: found \"0\", want a time not before that of the row above",
            ),
            ("time_s,rate_per_s\n-1,1\n", ":2:1: time_s: found \"-1\", want a time from 0"),
            ("time_s,rate_per_s\n1,-1\n", ":2:3: rate_per_s: found \"-1\", want a rate that is not negative"),
            ("time_s,rate_per_s\n1,1\n", ": found 1 points, want two points or more"),
        ] {
            let file = super::super::trace::test_file(text);
            let error = read_rates(file.path()).unwrap_err().to_string();
            assert!(error.ends_with(wanted), "{error}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let day = Daily { rate_per_s: 1.0, hours: vec![1.0], days: vec![], from: Span::ZERO };
        let refused = |day: Daily| day.arrivals().map(drop).unwrap_err().parameter;
        assert_eq!(refused(Daily { rate_per_s: 0.0, ..day.clone() }), "rate");
        assert_eq!(refused(Daily { hours: vec![], ..day.clone() }), "hours");
        assert_eq!(refused(Daily { hours: vec![0.0, 0.0], ..day.clone() }), "hours");
        assert_eq!(refused(Daily { hours: vec![1.0, -1.0], ..day.clone() }), "hours");
        assert_eq!(refused(Daily { days: vec![f64::NAN], ..day.clone() }), "days");
        assert_eq!(refused(Daily { days: vec![1.0; 10_001], ..day }), "days");
        assert_eq!(cosine(1.5, Span::ZERO).unwrap_err().parameter, "swing");
        assert_eq!(ramp(1.0, 2.0, Span::ZERO).map(drop).unwrap_err().parameter, "over");
        let (rate_per_s, begins) = (2.0, Span::ZERO);
        let crowd = FlashCrowd { rate_per_s, peak_per_s: 2.0, begins, rise: begins, hold: begins, fall: begins };
        assert_eq!(crowd.arrivals().map(drop).unwrap_err().parameter, "peak");
    }
}
