//! Dates as logs write them, in nanoseconds since 1970: ISO 8601 with its common looseness, and the common log format.
//!
//! Source: the calendar arithmetic is that of Howard Hinnant, chrono-Compatible Low-Level Date Algorithms (2013),
//! `days_from_civil`. A date without a zone is taken as UTC.

use super::number::{Unit, nanos, whole};

const SECOND: i64 = Unit::Second.nanos();

/// `2013-08-12T13:40:46.123456Z`, `2013-08-12 13:40:46`, `2013-08-12T13:40:46+02:00`.
pub fn iso(text: &[u8]) -> Option<i64> {
    if text.len() < 19 || text[4] != b'-' || text[7] != b'-' || !matches!(text[10], b'T' | b' ' | b't') {
        return None;
    }
    let day = day(&text[0..4], &text[5..7], &text[8..10])?;
    let (clock, zone) = clock(&text[11..])?;
    instant(day, clock, offset(zone)?)
}

/// `10/Oct/2000:13:55:36 -0700`, as the common log format has it between brackets.
pub fn common_log(text: &[u8]) -> Option<i64> {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    if text.len() < 20 || text[2] != b'/' || text[6] != b'/' || text[11] != b':' {
        return None;
    }
    let month = MONTHS.iter().position(|&name| name.eq_ignore_ascii_case(&text[3..6]))? as u64 + 1;
    let day = days(whole(&text[7..11])?, month, whole(&text[0..2])?)?;
    let (clock, zone) = clock(&text[12..])?;
    instant(day, clock, offset(zone)?)
}

fn instant(day: i64, clock: i64, offset: i64) -> Option<i64> {
    day.checked_mul(86_400 * SECOND)?.checked_add(clock)?.checked_sub(offset)
}

fn day(year: &[u8], month: &[u8], day: &[u8]) -> Option<i64> {
    days(whole(year)?, whole(month)?, whole(day)?)
}

/// Nanoseconds since midnight, and what stands behind the time.
fn clock(text: &[u8]) -> Option<(i64, &[u8])> {
    if text.len() < 8 || text[2] != b':' || text[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (whole(&text[0..2])?, whole(&text[3..5])?, whole(&text[6..8])?);
    // A leap second is a second like any other: 60 is the first of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let whole_ns = (hour * 3600 + minute * 60 + second) as i64 * SECOND;
    let rest = &text[8..];
    let Some(fraction) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) else {
        return Some((whole_ns, rest));
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let part = [b"0.", &fraction[..digits]].concat();
    Some((whole_ns + nanos(&part, Unit::Second).filter(|_| digits > 0)?, &fraction[digits..]))
}

/// Nanoseconds by which local time is ahead of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let zone = zone.trim_ascii();
    let (sign, digits) = match zone {
        [] | [b'Z' | b'z'] | b"UTC" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [a, b] => (whole(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (whole(&[*a, *b])?, whole(&[*c, *d])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i64 * SECOND)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> Option<i64> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) || !(1678..=2261).contains(&year) {
        return None;
    }
    // Years begin in March, so that the leap day is the last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era_days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    Some((era * 146_097 + of_era_days) as i64 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        for (text, expected_s) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29 23:59:59", 951_868_799),
            ("2013-08-12T13:40:46+02:00", 1_376_307_646),
            ("1969-12-31T23:59:59Z", -1),
            ("2018-07-02T22:23:00", 1_530_570_180),
            ("2100-03-01T00:00:00+0000", 4_107_542_400),
        ] {
            assert_eq!(iso(text.as_bytes()), Some(expected_s * SECOND), "{text}");
        }
        assert_eq!(iso(b"2018-07-02T22:23:00.186641Z"), Some(1_530_570_180_186_641_000));
        assert_eq!(common_log(b"10/Oct/2000:13:55:36 -0700"), Some(971_211_336 * SECOND));
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for text in [
            "2001-02-29T00:00:00Z",
            "2000-13-01T00:00:00Z",
            "2000-01-01T24:00:00Z",
            "2000-01-01",
            "2000-01-01T00:00:00.Z",
            "2000-01-01T00:00:00 CEST",
        ] {
            assert_eq!(iso(text.as_bytes()), None, "{text}");
        }
        assert_eq!(common_log(b"32/Oct/2000:13:55:36 -0700"), None);
        assert_eq!(common_log(b"10/Okt/2000:13:55:36 -0700"), None);
    }
}
