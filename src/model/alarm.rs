//! Alarms: a metric has been beyond a threshold in M of the last N periods.
//!
//! Source: the documented behaviour of CloudWatch alarms: M datapoints of N evaluation periods, four treatments of missing
//! data, three states; actions on a change of state, repeated each period for scaling while the alarm is on.
//!
//! Differs: an alarm is evaluated once a period, when its newest point is published; it looks at N periods exactly, where
//! CloudWatch reads a few more before it calls a point missing. A point that is only late is therefore never missing.

use super::monitor::{Metric, Monitor, Of, Statistic};
use crate::engine::time::{Instant, Span};

/// Which side of the threshold breaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Comparison::Greater => value > threshold,
            Comparison::GreaterOrEqual => value >= threshold,
            Comparison::Less => value < threshold,
            Comparison::LessOrEqual => value <= threshold,
        }
    }

    pub const fn sign(self) -> &'static str {
        match self {
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
        }
    }

    /// Whether it watches for too much.
    pub const fn is_upper(self) -> bool {
        matches!(self, Comparison::Greater | Comparison::GreaterOrEqual)
    }
}

/// What a period without points counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// As nothing; without any point there is too little data.
    Missing,
    NotBreaching,
    Breaching,
    /// As a reason to leave the state as it is.
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    Ok,
    Alarm,
    InsufficientData,
}

impl AlarmState {
    pub const fn name(self) -> &'static str {
        match self {
            AlarmState::Ok => "OK",
            AlarmState::Alarm => "ALARM",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// What an alarm watches, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmSpec {
    pub name: String,
    pub of: Of,
    pub metric: Metric,
    pub statistic: Statistic,
    /// A multiple of the monitor's granularity.
    pub period: Span,
    /// M: breaching periods that set it off; 1 to N.
    pub points: u32,
    /// N: periods looked at.
    pub periods: u32,
    pub comparison: Comparison,
    pub threshold: f64,
    pub missing: Missing,
}

impl AlarmSpec {
    /// How far before the end of the last published granularity it reads.
    pub fn looks_back(&self) -> Span {
        // The last of its own periods to be published may have ended almost a period ago.
        Span::from_nanos(self.period.as_nanos().saturating_mul(u64::from(self.periods) + 1))
    }

    /// The state that the last N periods give, the newest last.
    pub fn judge(&self, points: &[Option<f64>], before: AlarmState) -> AlarmState {
        let known = points.iter().flatten().count();
        let breaching =
            points.iter().flatten().filter(|&&value| self.comparison.breaches(value, self.threshold)).count();
        let needed = self.points as usize;
        // Too few points to reach M, and all of them breach: more of them could set it off.
        let undecided = breaching < needed && breaching == known;
        // The oldest of them is M periods old: had the others been there, it would have been on or off by now.
        let overdue = points.iter().position(Option::is_some).is_some_and(|oldest| points.len() - oldest >= needed);
        let on = match self.missing {
            Missing::NotBreaching => breaching >= needed,
            Missing::Breaching => breaching + (points.len() - known) >= needed,
            Missing::Missing if known == 0 => return AlarmState::InsufficientData,
            // A single early point does not set it off before its time.
            Missing::Missing if undecided && !overdue => return before,
            Missing::Missing => breaching >= needed || undecided,
            Missing::Ignore if undecided => return before,
            Missing::Ignore => breaching >= needed,
        };
        if on { AlarmState::Alarm } else { AlarmState::Ok }
    }
}

/// An alarm at work.
#[derive(Clone, Debug)]
pub struct Alarm {
    pub spec: AlarmSpec,
    pub state: AlarmState,
    /// The newest point when it was last evaluated.
    pub value: Option<f64>,
    /// When it was last evaluated.
    pub evaluated: Option<Instant>,
}

impl Alarm {
    /// No data yet.
    pub fn new(spec: AlarmSpec) -> Alarm {
        Alarm { spec, state: AlarmState::InsufficientData, value: None, evaluated: None }
    }

    /// Looks at what is published; the state before, where it changed.
    pub fn evaluate(&mut self, monitor: &Monitor, now: Instant) -> Option<AlarmState> {
        let spec = &self.spec;
        let width = spec.period.as_nanos();
        let newest = monitor.published_until(spec.period, now).as_nanos();
        let point = |back: u64| {
            // Before the start of the run there was nothing to measure.
            let to = newest.checked_sub((back - 1) * width)?;
            let from = to.checked_sub(width)?;
            monitor.between(spec.of, spec.metric, spec.statistic, Instant::from_nanos(from), Instant::from_nanos(to))
        };
        let points: Vec<Option<f64>> = (1..=u64::from(spec.periods)).rev().map(point).collect();
        let before = self.state;
        self.state = spec.judge(&points, before);
        self.value = points.last().copied().flatten();
        self.evaluated = Some(now);
        (self.state != before).then_some(before)
    }

    /// What it saw, in words.
    pub fn seen(&self) -> String {
        let AlarmSpec { metric, statistic, comparison, threshold, points, periods, period, .. } = &self.spec;
        let value = self.value.map_or("no point".to_owned(), |value| format!("{value:.3}"));
        let (name, statistic, sign) = (metric.name(), statistic.name(), comparison.sign());
        format!("{name} {statistic} {value} against {sign} {threshold}, {points} of {periods} x {period}")
    }
}

#[cfg(test)]
mod tests {
    use super::AlarmState::{Alarm as On, InsufficientData as Unknown, Ok as Off};
    use super::*;
    use crate::model::ids::PoolId;

    fn spec(points: u32, missing: Missing) -> AlarmSpec {
        AlarmSpec {
            name: "high".to_owned(),
            of: Of::Pool(PoolId(0)),
            metric: Metric::CpuUtilization,
            statistic: Statistic::Average,
            period: Span::from_secs(60),
            points,
            periods: 3,
            comparison: Comparison::Greater,
            threshold: 10.0,
            missing,
        }
    }

    /// `X` breaches, `0` does not, `-` is missing; the newest is last.
    fn points(text: &str) -> Vec<Option<f64>> {
        text.chars()
            .map(|c| match c {
                'X' => Some(11.0),
                '0' => Some(10.0),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn m_of_n_points_beyond_the_threshold_set_it_off() {
        let two = spec(2, Missing::NotBreaching);
        for (text, state) in [("000", Off), ("00X", Off), ("0XX", On), ("X0X", On), ("XX0", On), ("XXX", On)] {
            assert_eq!(two.judge(&points(text), Off), state, "{text}");
        }
    }

    /// The published table of missing data, as far as it concerns N points: 3 of 3 and 2 of 3.
    #[test]
    fn missing_points_count_as_the_alarm_says() {
        let treatments = [Missing::Missing, Missing::Ignore, Missing::Breaching, Missing::NotBreaching];
        let table: [(u32, &str, AlarmState, [AlarmState; 4]); 10] = [
            (3, "---", On, [Unknown, On, On, Off]),
            (3, "---", Off, [Unknown, Off, On, Off]),
            (3, "0--", Off, [Off, Off, Off, Off]),
            (3, "X--", On, [On, On, On, Off]),
            (3, "X--", Off, [On, Off, On, Off]),
            (3, "--X", Off, [Off, Off, On, Off]),
            (3, "-XX", Unknown, [Unknown, Unknown, On, Off]),
            (2, "X0-", Off, [Off, Off, On, Off]),
            (2, "-XX", Off, [On, On, On, On]),
            (2, "--0", On, [Off, Off, On, Off]),
        ];
        for (needed, text, before, states) in table {
            for (missing, state) in treatments.into_iter().zip(states) {
                let found = spec(needed, missing).judge(&points(text), before);
                assert_eq!(found, state, "{needed} of 3, {text}, {missing:?}, before {before:?}");
            }
        }
    }

    #[test]
    fn the_four_comparisons_differ_at_the_threshold_only() {
        let at = |comparison: Comparison| [9.0, 10.0, 11.0].map(|value| comparison.breaches(value, 10.0));
        assert_eq!(at(Comparison::Greater), [false, false, true]);
        assert_eq!(at(Comparison::GreaterOrEqual), [false, true, true]);
        assert_eq!(at(Comparison::Less), [true, false, false]);
        assert_eq!(at(Comparison::LessOrEqual), [true, true, false]);
    }
}
