//! Stored points in wider buckets: a fixed width, or the calendar's weeks, months, quarters, halves and years.
//!
//! Source: Gnocchi 4.7.1: the same method is applied again to the stored points. So a resampled mean is a mean of
//! means, a count counts points and not measures, and a 95pct is one of 95pcts: neither weighted nor exact.

use crate::engine::time::{Instant, Span};

use super::ArchiveError;
use super::exact::buckets;
use super::method::{Evaluator, Kind, Method};
use super::series::Point;

/// What the points are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// Buckets of this width, aligned to the epoch; it need not be a multiple of the granularity.
    Every(Span),
    Calendar(Calendar),
}

/// Groups of the calendar (UTC, the epoch is 1 January 1970).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    Year,
    Half,
    Quarter,
    Month,
    /// Starting on Sunday.
    Week,
}

const DAY_NS: u64 = 86_400 * 1_000_000_000;

/// Groups `points` and applies `method` again to each group.
///
/// The points of a fixed width carry it as granularity, those of the calendar keep that of the stored points, because
/// months differ in length. A rate is taken of consecutive stored points.
///
/// # Errors
/// A width of zero, or a rate over the calendar.
pub fn resample(points: &[Point], method: Method, groups: Groups) -> Result<Vec<Point>, ArchiveError> {
    let mut times: Vec<u64> = points.iter().map(|point| point.at.as_nanos()).collect();
    let mut values: Vec<f64> = points.iter().map(|point| point.value).collect();
    if method.rate {
        if let Groups::Calendar(_) = groups {
            return Err(ArchiveError::CalendarRate { found: method.to_string() });
        }
        values = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        times.drain(..times.len().min(1));
    }
    let mut found = Vec::new();
    let mut evaluator = Evaluator::default();
    let stored = points.first().map_or(Span::ZERO, |point| point.granularity);
    let granularity = if let Groups::Every(width) = groups { width } else { stored };
    let mut visit = |start: u64, values: &[f64]| {
        apply(method.kind, values, &mut evaluator, |value| {
            found.push(Point { at: Instant::from_nanos(start), granularity, value });
        });
    };
    match groups {
        Groups::Every(width) if width.is_zero() => return Err(ArchiveError::ZeroWidth),
        Groups::Every(width) => buckets(&times, &values, width.as_nanos(), &mut visit),
        Groups::Calendar(calendar) => {
            let starts: Vec<u64> = times.iter().map(|&time| calendar.start(time)).collect();
            let mut begin = 0;
            for run in starts.chunk_by(|a, b| a == b) {
                visit(run[0], &values[begin..begin + run.len()]);
                begin += run.len();
            }
        }
    }
    Ok(found)
}

/// Holes (not a number) spoil everything but order statistics, counts and ends, as in the original.
fn apply(kind: Kind, values: &[f64], evaluator: &mut Evaluator, mut emit: impl FnMut(f64)) {
    let spoiled = matches!(kind, Kind::Mean | Kind::Sum | Kind::Std | Kind::Max);
    if spoiled && values.iter().any(|value| value.is_nan()) && (kind != Kind::Std || values.len() > 1) {
        emit(f64::NAN);
    } else {
        evaluator.evaluate(&[kind], values, |_, value| emit(value));
    }
}

impl Calendar {
    /// Start of the group that holds `at`, both in nanoseconds since the epoch. The week before the first Sunday of
    /// 1970 starts before the epoch; it is given the epoch.
    fn start(self, at: u64) -> u64 {
        let day = at / DAY_NS;
        if self == Calendar::Week {
            // The epoch was a Thursday, four days after Sunday.
            return day.saturating_sub((day + 4) % 7) * DAY_NS;
        }
        let (year, month) = year_and_month(day);
        let first = match self {
            Calendar::Year => 1,
            Calendar::Half => (month - 1) / 6 * 6 + 1,
            Calendar::Quarter => (month - 1) / 3 * 3 + 1,
            Calendar::Month | Calendar::Week => month,
        };
        day_of(year, first) * DAY_NS
    }
}

/// Civil year and month (1 to 12) of a day since the epoch: counts in eras of 400 years that start in March, so that
/// the leap day is the last of its year.
fn year_and_month(day: u64) -> (u64, u64) {
    let shifted = day + 719_468;
    let (era, in_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let day_of_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month)
}

/// Days from the epoch to the first of the month.
fn day_of(year: u64, month: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * march_month + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Running total of a series, as a page of daily values shows it (specification section 5, Q4). The published page begins
/// with the first value and adds it again, so all its totals are too large by it, and one more stands in front;
/// `as_published` reads it so.
pub fn running_total(points: &[Point], as_published: bool) -> Vec<f64> {
    let first = points.first().filter(|_| as_published).map(|point| point.value);
    let mut total = first.unwrap_or(0.0);
    let sums = points.iter().map(|point| {
        total += point.value;
        total
    });
    first.into_iter().chain(sums).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 29 February 2020 is day 18,321 of the epoch, a Saturday.
    const LEAP_DAY: u64 = 18_321;

    #[test]
    fn calendar_groups_start_on_their_first_day() {
        let start = |calendar: Calendar, day: u64| calendar.start(day * DAY_NS + 7) / DAY_NS;
        assert_eq!(start(Calendar::Month, LEAP_DAY), LEAP_DAY - 28);
        assert_eq!(start(Calendar::Month, LEAP_DAY + 1), LEAP_DAY + 1);
        assert_eq!(start(Calendar::Year, LEAP_DAY), 18_262);
        assert_eq!(start(Calendar::Quarter, LEAP_DAY + 40), 18_262 + 91);
        assert_eq!(start(Calendar::Half, LEAP_DAY + 40), 18_262);
        assert_eq!(start(Calendar::Week, LEAP_DAY), LEAP_DAY - 6);
        assert_eq!(start(Calendar::Week, LEAP_DAY + 1), LEAP_DAY + 1);
        assert_eq!(start(Calendar::Week, 0), 0);
        for day in 0..40_000 {
            let (year, month) = year_and_month(day);
            let first = day_of(year, month);
            assert!(first <= day && day - first < 31, "day {day}");
        }
    }

    #[test]
    fn a_resampled_mean_is_a_mean_of_means() {
        let minute = Span::from_secs(60);
        let point = |at: u64, value| Point { at: Instant::ZERO + minute * at, granularity: minute, value };
        let points = [point(0, 1.0), point(1, 4.0), point(2, 10.0)];
        let wide = |method| resample(&points, method, Groups::Every(minute * 2)).unwrap();
        assert_eq!(wide(Method::MEAN).iter().map(|p| p.value).collect::<Vec<_>>(), [2.5, 10.0]);
        assert_eq!(wide(Method::COUNT)[0].value, 2.0);
        assert_eq!(wide(Method::STD).len(), 1);
        let rate = Method { rate: true, ..Method::SUM };
        assert_eq!(wide(rate).iter().map(|p| p.value).collect::<Vec<_>>(), [3.0, 6.0]);
        assert!(resample(&points, rate, Groups::Calendar(Calendar::Month)).is_err());
        assert!(resample(&points, Method::SUM, Groups::Every(Span::ZERO)).is_err());
    }
}
