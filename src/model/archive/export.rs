//! Any series as text for other tools: CSV, and OpenMetrics for those that read Prometheus' format.
//!
//! Source: OpenMetrics 1.0 (text format): a family of gauges per metric, method and granularity as labels, timestamps
//! in seconds. Numbers are written so that reading them back gives the same bits.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::engine::time::Instant;

use super::{Archive, Definition, Method, MetricId, Point, Range};

/// A series that answers a question; it is written out as if a metric had this name and method.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub name: String,
    /// That of the series, or what was done with several.
    pub method: String,
    /// Of one granularity.
    pub points: Vec<Point>,
}

/// A series that a policy keeps of a metric: its method and granularity, by their places in the policy too.
struct Kept {
    place: usize,
    tier: usize,
    method: Method,
    granularity_ns: u64,
}

impl Archive {
    /// Writes every point of `metrics` that is visible at `now`: `metric,method,granularity_s,timestamp_s,value`, in
    /// order of the metrics, their methods, granularities (finest first) and time; behind them the answers.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_csv(
        &self,
        metrics: &[MetricId],
        answers: &[Answered],
        now: Instant,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        writeln!(out, "metric,method,granularity_s,timestamp_s,value")?;
        for &metric in metrics {
            let name = quoted(self.name(metric));
            for kept in self.kept(metric) {
                let (method, granularity) = (kept.method, seconds(kept.granularity_ns));
                let mut rows = String::new();
                self.visit(metric, kept.tier, kept.place, Range::ALL, now, |point| {
                    let at = seconds(point.at.as_nanos());
                    let _ = writeln!(rows, "{name},{method},{granularity},{at},{}", point.value);
                });
                out.write_all(rows.as_bytes())?;
            }
        }
        for Answered { name, method, points } in answers {
            let name = quoted(name);
            for point in points {
                let [granularity, at] = [point.granularity.as_nanos(), point.at.as_nanos()].map(seconds);
                writeln!(out, "{name},{method},{granularity},{at},{}", point.value)?;
            }
        }
        Ok(())
    }

    /// Writes the same points as OpenMetrics text. Metrics and answers whose names differ only in characters that the
    /// format does not know share a family and are told apart by the label `metric`.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_openmetrics(
        &self,
        metrics: &[MetricId],
        answers: &[Answered],
        now: Instant,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut families: BTreeMap<String, (Vec<MetricId>, Vec<&Answered>)> = BTreeMap::new();
        for &metric in metrics {
            families.entry(family(self.name(metric))).or_default().0.push(metric);
        }
        for answer in answers {
            families.entry(family(&answer.name)).or_default().1.push(answer);
        }
        for (family, (members, answers)) in families {
            writeln!(out, "# TYPE {family} gauge")?;
            for metric in members {
                for kept in self.kept(metric) {
                    let labels = self.labels(metric, &kept.method.to_string(), kept.granularity_ns);
                    let mut rows = String::new();
                    self.visit(metric, kept.tier, kept.place, Range::ALL, now, |point| {
                        let at = seconds(point.at.as_nanos());
                        let _ = writeln!(rows, "{family}{{{labels}}} {} {at}", point.value);
                    });
                    out.write_all(rows.as_bytes())?;
                }
            }
            for Answered { name, method, points } in answers {
                let granularity = points.first().map_or(0, |point| point.granularity.as_nanos());
                let labels = text_of(&own_labels(name, method, granularity));
                for point in points {
                    writeln!(out, "{family}{{{labels}}} {} {}", point.value, seconds(point.at.as_nanos()))?;
                }
            }
        }
        writeln!(out, "# EOF")
    }

    /// The series of a metric: its methods, and of each the granularities.
    fn kept(&self, metric: MetricId) -> impl Iterator<Item = Kept> {
        let policy = self.policy_of(metric);
        policy.methods.iter().enumerate().flat_map(move |(place, &method)| {
            let of = move |(tier, definition): (usize, &Definition)| Kept {
                place,
                tier,
                method,
                granularity_ns: definition.granularity.as_nanos(),
            };
            policy.definitions.iter().enumerate().map(of)
        })
    }

    fn labels(&self, metric: MetricId, method: &str, granularity_ns: u64) -> String {
        let own = self.metrics[metric.0 as usize].labels.iter();
        let mut labels: BTreeMap<String, String> = own.map(|(key, value)| (label(key), value.clone())).collect();
        labels.extend(own_labels(self.name(metric), method, granularity_ns));
        text_of(&labels)
    }
}

/// What every exported series is told by.
fn own_labels(name: &str, method: &str, granularity_ns: u64) -> BTreeMap<String, String> {
    let granularity = seconds(granularity_ns);
    let pairs = [("metric", name), ("method", method), ("granularity", granularity.as_str())];
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn text_of(labels: &BTreeMap<String, String>) -> String {
    let pair = |(key, value): (&String, &String)| {
        format!("{key}=\"{}\"", value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\""))
    };
    labels.iter().map(pair).collect::<Vec<_>>().join(",")
}

/// Seconds with as many decimals as there are.
fn seconds(ns: u64) -> String {
    let (whole, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    if rest == 0 {
        return whole.to_string();
    }
    let fraction = format!("{rest:09}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// A name that the format allows: letters, digits, `_` and `:`, not starting with a digit.
fn family(name: &str) -> String {
    sanitised(name, |c| c == ':')
}

fn label(name: &str) -> String {
    sanitised(name, |_| false)
}

fn sanitised(name: &str, also: impl Fn(char) -> bool) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || also(c);
    let mut clean: String = name.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
    if clean.is_empty() || clean.starts_with(|c: char| c.is_ascii_digit()) {
        clean.insert(0, '_');
    }
    clean
}
