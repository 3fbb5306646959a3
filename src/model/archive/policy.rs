//! How finely and how long a metric is remembered: an archive policy.
//!
//! Source: Gnocchi 4.7.1, archive policies, its four defaults, and `year_rate` of the course project
//! "Timeseries-as-a-Service".
//! Differs: a policy also says what it keeps ([`Keep`]) and how late its measures become visible, so that a
//! controller sees the past with the delay that operators know.

use crate::engine::time::Span;

use super::ArchiveError;
use super::method::{Kind, Method};

/// One granularity of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Width of a bucket; positive.
    pub granularity: Span,
    /// How many buckets are kept; `None` keeps all.
    pub points: Option<u64>,
}

impl Definition {
    /// From granularity, number of points and timespan, of which two determine the third: timespan = granularity ·
    /// points. From granularity and timespan, the points are rounded down.
    ///
    /// # Errors
    /// Nothing to determine a granularity, a zero, or three values that disagree.
    pub fn new(
        granularity: Option<Span>,
        points: Option<u64>,
        timespan: Option<Span>,
    ) -> Result<Definition, ArchiveError> {
        let wrong = |wanted| {
            let span = |name: &str, span: Option<Span>| span.map(|span| format!("{name} {span}"));
            let points = points.map(|points| format!("points {points}"));
            let parts = [span("granularity", granularity), points, span("timespan", timespan)];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            let found = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
            ArchiveError::BadDefinition { found, wanted }
        };
        if granularity.is_some_and(Span::is_zero) || points == Some(0) || timespan.is_some_and(Span::is_zero) {
            return Err(wrong("granularity, points and timespan greater than zero"));
        }
        let product = |granularity: Span, points: u64| {
            granularity.as_nanos().checked_mul(points).ok_or_else(|| wrong("a timespan below 584 years"))
        };
        match (granularity, points, timespan) {
            (Some(granularity), Some(points), Some(timespan)) => {
                if product(granularity, points)? != timespan.as_nanos() {
                    return Err(wrong("timespan = granularity · points"));
                }
                Ok(Definition { granularity, points: Some(points) })
            }
            (Some(granularity), Some(points), None) => {
                product(granularity, points)?;
                Ok(Definition { granularity, points: Some(points) })
            }
            (Some(granularity), None, Some(timespan)) => {
                let points = timespan.as_nanos() / granularity.as_nanos();
                if points == 0 {
                    return Err(wrong("a timespan of at least one granularity"));
                }
                Ok(Definition { granularity, points: Some(points) })
            }
            (Some(granularity), None, None) => Ok(Definition { granularity, points: None }),
            (None, Some(points), Some(timespan)) => {
                if timespan.as_nanos() % points != 0 {
                    return Err(wrong("a timespan that is a multiple of the points"));
                }
                Ok(Definition { granularity: Span::from_nanos(timespan.as_nanos() / points), points: Some(points) })
            }
            (None, ..) => Err(wrong("a granularity, or points and timespan")),
        }
    }

    /// `points` buckets of `granularity`.
    pub const fn bounded(granularity: Span, points: u64) -> Definition {
        Definition { granularity, points: Some(points) }
    }

    /// The length of time that is kept, `None` for all.
    pub fn timespan(&self) -> Option<u64> {
        self.points.map(|points| self.granularity.as_nanos() * points)
    }
}

/// What is stored of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Recent raw measures, one per timestamp, so that every method is exact and late data corrects what was computed
    /// (as in the original).
    Measures,
    /// The same, but all measures of an instant count: for the simulator's percentiles, where several calls end at once.
    Every,
    /// A running tally per bucket: mean, sum, min, max, count and last only. Every measure counts, also several at one
    /// instant; a post costs a few nanoseconds. The simulator's usual metrics.
    Tallies,
}

/// An archive policy. Checked by [`Policy::check`] before it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub name: String,
    /// How many blocks (buckets of the coarsest granularity) before the current one still accept late data.
    pub back_window: u64,
    /// Finest first, each granularity once.
    pub definitions: Vec<Definition>,
    /// Sorted, not empty.
    pub methods: Vec<Method>,
    pub keep: Keep,
    /// Posted measures become visible at the next multiple; zero is at once.
    pub processing_every: Span,
    /// And not before this long after they were posted.
    pub delay: Span,
}

impl Policy {
    /// A policy that keeps raw measures and shows them at once.
    pub fn exact(name: &str, back_window: u64, definitions: &[Definition], methods: &[Method]) -> Policy {
        Policy {
            name: name.to_owned(),
            back_window,
            definitions: definitions.to_vec(),
            methods: methods.to_vec(),
            keep: Keep::Measures,
            processing_every: Span::ZERO,
            delay: Span::ZERO,
        }
    }

    /// The simulator's usual policy: tallies of mean, sum, min, max, count and last.
    pub fn tallies(name: &str, definitions: &[Definition]) -> Policy {
        let methods = [Method::MEAN, Method::SUM, Method::MIN, Method::MAX, Method::COUNT, Method::LAST];
        Policy { keep: Keep::Tallies, ..Policy::exact(name, 0, definitions, &methods) }
    }

    /// The same policy, whose measures become visible `delay` after they were posted, at multiples of `every`.
    pub fn published(self, every: Span, delay: Span) -> Policy {
        Policy { processing_every: every, delay, ..self }
    }

    /// The policies that exist without being declared: `low`, `medium`, `high`, `bool` and `year_rate`.
    pub fn defaults() -> Vec<Policy> {
        const MINUTE: Span = Span::from_secs(60);
        const HOUR: Span = Span::from_secs(3600);
        let week = Definition::bounded(MINUTE, 10_080);
        let year = Definition::bounded(HOUR, 8_760);
        let default = Method::DEFAULT;
        let named = [
            Policy::exact("low", 0, &[Definition::bounded(Span::from_secs(300), 8_640)], &default),
            Policy::exact("medium", 0, &[week, year], &default),
            Policy::exact("high", 0, &[Definition::bounded(Span::from_secs(1), 3_600), week, year], &default),
            Policy::exact("bool", 3600, &[Definition::bounded(Span::from_secs(1), 31_536_000)], &[Method::LAST]),
            Policy::exact("year_rate", 0, &[Definition::bounded(Span::from_secs(86_400), 365)], &[Method::SUM]),
        ];
        named.into_iter().map(|policy| policy.check().expect("the default policies are sound")).collect()
    }

    /// The policy with its definitions and methods in order.
    ///
    /// # Errors
    /// No definition or method, a granularity that is zero or stands twice, a timespan out of range, or a method that
    /// tallies cannot give.
    pub fn check(mut self) -> Result<Policy, ArchiveError> {
        let wrong = |found: String, wanted| Err(ArchiveError::BadPolicy { policy: self.name.clone(), found, wanted });
        if self.definitions.is_empty() || self.methods.is_empty() {
            return wrong("nothing".to_owned(), "at least one definition and one aggregation method");
        }
        self.definitions.sort_by_key(|definition| definition.granularity);
        self.methods.sort_unstable();
        self.methods.dedup();
        for definition in &self.definitions {
            Definition::new(Some(definition.granularity), definition.points, None)?;
        }
        if let Some(pair) = self.definitions.windows(2).find(|pair| pair[0].granularity == pair[1].granularity) {
            return wrong(format!("granularity {} twice", pair[0].granularity), "each granularity once");
        }
        let block = self.block();
        if self.back_window.checked_add(1).and_then(|window| window.checked_mul(block)).is_none() {
            return wrong(format!("back window {}", self.back_window), "a back window below 584 years");
        }
        if self.keep == Keep::Tallies {
            let beyond = self.methods.iter().find(|method| {
                let kept = [Kind::Mean, Kind::Sum, Kind::Min, Kind::Max, Kind::Count, Kind::Last];
                method.rate || !kept.contains(&method.kind)
            });
            if let Some(method) = beyond {
                return wrong(method.to_string(), "mean, sum, min, max, count or last where only tallies are kept");
            }
        }
        Ok(self)
    }

    /// Width of a block in nanoseconds: the coarsest granularity, the unit of the back window.
    pub(super) fn block(&self) -> u64 {
        self.definitions.last().map_or(1, |definition| definition.granularity.as_nanos())
    }

    /// The oldest timestamp that a metric whose newest measure is at `last` still accepts. A rate needs one block more,
    /// for the measure before.
    pub(super) fn oldest(&self, last: u64) -> u64 {
        let block = self.block();
        let window = self.back_window + u64::from(self.methods.iter().any(|method| method.rate));
        (last / block * block).saturating_sub(window * block)
    }
}

/// Which policy a new metric gets by its name: patterns with `*` and `?`, the longest matching one decides.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<(String, String)>);

impl Rules {
    /// `rules` are pairs of pattern and policy name.
    pub fn new(rules: &[(&str, &str)]) -> Rules {
        let mut rules: Vec<_> = rules.iter().map(|&(pattern, name)| (pattern.to_owned(), name.to_owned())).collect();
        rules.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        Rules(rules)
    }

    /// Whether a pattern with `*` and `?` fits a name.
    pub fn fits(pattern: &str, name: &str) -> bool {
        matches(pattern.as_bytes(), name.as_bytes())
    }

    /// The name of the policy for a metric, if a rule speaks of it.
    pub fn policy_for(&self, metric: &str) -> Option<&str> {
        let found = self.0.iter().find(|(pattern, _)| matches(pattern.as_bytes(), metric.as_bytes()));
        found.map(|(_, policy)| policy.as_str())
    }
}

/// Whether a pattern with `*` and `?` fits a text. A star that did not fit takes one byte more, and only the last star has
/// to be tried again, so the effort is at most the product of the lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // The place behind the last star, and where the text that it left over began.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(&byte) if byte == b'?' || byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((behind, from)) => {
                    (p, t) = (behind, from + 1);
                    star = Some((behind, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_granularity_points_and_timespan_give_the_third() {
        let secs = |n| Some(Span::from_secs(n));
        let from = |g, p, t| Definition::new(g, p, t).ok().map(|d| (d.granularity, d.points));
        assert_eq!(from(secs(60), Some(10), None), Some((Span::from_secs(60), Some(10))));
        assert_eq!(from(secs(60), None, secs(150)), Some((Span::from_secs(60), Some(2))));
        assert_eq!(from(None, Some(10), secs(600)), Some((Span::from_secs(60), Some(10))));
        assert_eq!(from(secs(60), Some(10), secs(600)), Some((Span::from_secs(60), Some(10))));
        assert_eq!(from(secs(60), None, None), Some((Span::from_secs(60), None)));
        for bad in [(secs(60), Some(10), secs(601)), (None, Some(10), None), (secs(0), Some(1), None)] {
            assert_eq!(from(bad.0, bad.1, bad.2), None);
        }
        assert_eq!(from(secs(60), Some(0), None), None);
        assert_eq!(from(secs(60), None, secs(59)), None);
    }

    #[test]
    fn a_policy_refuses_what_it_cannot_keep() {
        let minute = Definition::bounded(Span::from_secs(60), 10);
        assert!(Policy::exact("p", 0, &[minute, minute], &[Method::MEAN]).check().is_err());
        assert!(Policy::exact("p", 0, &[], &[Method::MEAN]).check().is_err());
        assert!(Policy::exact("p", 0, &[minute], &[]).check().is_err());
        let mut tallies = Policy::tallies("p", &[minute]);
        assert!(tallies.clone().check().is_ok());
        tallies.methods.push(Method::STD);
        assert!(tallies.check().is_err());
    }

    #[test]
    fn the_longest_pattern_decides() {
        let rules = Rules::new(&[("*", "low"), ("cpu.*", "medium"), ("cpu.?.load", "high")]);
        assert_eq!(rules.policy_for("memory"), Some("low"));
        assert_eq!(rules.policy_for("cpu.12.load"), Some("medium"));
        assert_eq!(rules.policy_for("cpu.1.load"), Some("high"));
        assert_eq!(Rules::default().policy_for("memory"), None);
    }

    #[test]
    fn stars_fit_any_text_and_none() {
        for (pattern, text) in [("*", ""), ("a*", "a"), ("*b*d", "abcbd"), ("a**?", "ab"), ("*@*", "x@y"), ("", "")] {
            assert!(Rules::fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("?", ""), ("a*b", "abc"), ("*ab", "aab/"), ("", "a"), ("a?", "a")] {
            assert!(!Rules::fits(pattern, text), "{pattern} {text}");
        }
        let hostile = "*a".repeat(5_000) + "b";
        assert!(!Rules::fits(&hostile, &"a".repeat(10_000)), "neither the stack nor patience ends");
    }

    #[test]
    fn the_defaults_have_the_published_lengths() {
        let days = |name: &str| -> Vec<u64> {
            let policies = Policy::defaults();
            let policy = policies.iter().find(|policy| policy.name == name).unwrap();
            policy.definitions.iter().map(|d| d.timespan().unwrap() / 1_000_000_000).collect()
        };
        assert_eq!(days("low"), [30 * 86_400]);
        assert_eq!(days("high"), [3_600, 7 * 86_400, 365 * 86_400]);
        assert_eq!(days("bool"), [365 * 86_400]);
        assert_eq!(days("year_rate"), [365 * 86_400]);
    }
}
