//! What an experiment compares: the figures of a run, each a number with a name, a unit and a way to be read off.

use crate::model::world::World;
use crate::run::summary::Summary;
use crate::solve::statistics::interval::Interval;

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Dollars,
    Seconds,
    Share,
    Hours,
    Count,
}

/// A figure of a run.
pub struct Measure {
    /// Its column in tables of points.
    pub key: &'static str,
    /// Its row in tables for people.
    pub title: &'static str,
    /// The words by which `--until` knows it.
    pub words: &'static str,
    pub unit: Unit,
    of: fn(&Summary, &World, Counts) -> Option<f64>,
}

/// What the probe counted beside the summary; all but the first of what arrived after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Changes of a pool's size, whoever ordered them.
    pub scaling_actions: u64,
    /// Requests from outside, and those of them that were not served.
    pub ended: u64,
    pub failed: u64,
    /// Calls that reached a function environment, and those for which one had to be started.
    pub on_functions: u64,
    pub cold: u64,
    /// Percentiles 50, 95 and 99 of responses, nanoseconds, finer than those of the summary.
    pub percentiles: Option<[f64; 3]>,
}

/// How many measures there are.
pub const COUNT: usize = 16;

/// A value of each measure, `None` where the run has no such thing.
pub type Values = [Option<f64>; COUNT];

/// All measures, in the order of tables.
pub const MEASURES: [Measure; COUNT] = [
    measure("requests", "requests", "requests", Unit::Count, |run, _, _| Some(run.roots.arrived as f64)),
    measure("cost_usd", "cost", "cost", Unit::Dollars, |run, _, _| Some(dollars(run.bill_pico))),
    measure("cost_direct_usd", "  direct", "direct", Unit::Dollars, |run, _, _| Some(dollars(run.direct_pico))),
    measure("cost_held_usd", "  held", "held", Unit::Dollars, |run, _, _| Some(dollars(run.held_pico))),
    measure("cost_idle_usd", "  idle", "idle", Unit::Dollars, |run, _, _| Some(dollars(run.idle_pico))),
    measure("violation_share", "SLO violations", "violations", Unit::Share, |run, _, _| {
        run.slo.and(share(run.violations, run.measured))
    }),
    measure("failure_share", "not served", "failures", Unit::Share, |_, _, counts| share(counts.failed, counts.ended)),
    measure("response_mean_s", "response mean", "mean", Unit::Seconds, |run, _, _| run.response.mean().map(secs)),
    measure("response_p50_s", "response p50", "p50", Unit::Seconds, |_, _, counts| percentile(counts, 0)),
    measure("response_p95_s", "response p95", "p95", Unit::Seconds, |_, _, counts| percentile(counts, 1)),
    measure("response_p99_s", "response p99", "p99", Unit::Seconds, |_, _, counts| percentile(counts, 2)),
    measure("wait_mean_s", "wait mean", "wait", Unit::Seconds, |run, _, _| run.queue.mean().map(secs)),
    measure("cold_share", "cold starts", "cold", Unit::Share, |_, _, counts| share(counts.cold, counts.on_functions)),
    measure("machine_hours", "machine hours", "uptime", Unit::Hours, |run, world, _| {
        let machines = run.pools.iter().zip(&world.pools).filter(|(_, pool)| !pool.charges_per_use());
        let (count, held) = machines.fold((0, 0.0), |(count, held), (pool, _)| (count + 1, held + pool.alive_s));
        (count > 0).then_some(held / 3600.0)
    }),
    measure("utilisation", "utilisation", "utilisation", Unit::Share, |run, world, _| run.utilisation(world)),
    measure("scaling_actions", "scaling actions", "actions", Unit::Count, |_, _, counts| {
        Some(counts.scaling_actions as f64)
    }),
];

const fn measure(
    key: &'static str,
    title: &'static str,
    words: &'static str,
    unit: Unit,
    of: fn(&Summary, &World, Counts) -> Option<f64>,
) -> Measure {
    Measure { key, title, words, unit, of }
}

/// Every figure of a finished run.
pub fn values(summary: &Summary, world: &World, counts: Counts) -> Values {
    std::array::from_fn(|place| (MEASURES[place].of)(summary, world, counts))
}

/// The place of a measure in [`MEASURES`] by its key or its words.
pub fn place(name: &str) -> Option<usize> {
    MEASURES.iter().position(|measure| measure.key == name || measure.words == name)
}

fn dollars(pico: i128) -> f64 {
    pico as f64 / 1e12
}

fn secs(ns: f64) -> f64 {
    ns / 1e9
}

fn percentile(counts: Counts, place: usize) -> Option<f64> {
    counts.percentiles.map(|found| secs(found[place]))
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Unit {
    /// What a value is multiplied by, the digits after the point, and the unit behind it: chosen by the largest value of a
    /// row, so that all its cells read alike.
    fn scale(self, largest: f64) -> (f64, usize, &'static str) {
        match self {
            Unit::Dollars => (1.0, 4, "USD"),
            Unit::Hours => (1.0, 2, "h"),
            Unit::Share => (100.0, 3, "%"),
            Unit::Count => (1.0, if largest < 1000.0 { 1 } else { 0 }, ""),
            Unit::Seconds if largest >= 1.0 => (1.0, 3, "s"),
            Unit::Seconds if largest >= 1e-3 => (1e3, 2, "ms"),
            Unit::Seconds => (1e6, 1, "us"),
        }
    }

    /// A value as people read it.
    pub fn shown(self, value: f64) -> String {
        let (factor, digits, unit) = self.scale(value.abs());
        format!("{:.digits$} {unit}", value * factor).trim_end().to_owned()
    }

    /// An estimate with its interval: `12.3 ms [9.1, 15.5]`; the estimate alone where replications do not differ.
    pub fn shown_interval(self, interval: &Interval) -> String {
        let Interval { mean, low, high, .. } = *interval;
        let (factor, digits, unit) = self.scale(mean.abs().max(low.abs()).max(high.abs()));
        let point = format!("{:.digits$} {unit}", mean * factor);
        if low == high {
            return point.trim_end().to_owned();
        }
        format!("{} [{:.digits$}, {:.digits$}]", point.trim_end(), low * factor, high * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solve::statistics::interval::student;

    #[test]
    fn keys_and_words_are_unique_and_found() {
        for (at, measure) in MEASURES.iter().enumerate() {
            assert_eq!((place(measure.key), place(measure.words)), (Some(at), Some(at)), "{}", measure.key);
        }
        assert_eq!(place("p96"), None);
    }

    #[test]
    fn values_read_alike_within_a_cell() {
        assert_eq!(Unit::Seconds.shown(0.0123), "12.30 ms");
        assert_eq!(Unit::Share.shown(0.05), "5.000 %");
        assert_eq!(Unit::Count.shown(12.0), "12.0");
        let interval = student(&[0.010, 0.012, 0.014], 0.95).unwrap();
        assert_eq!(Unit::Seconds.shown_interval(&interval), "12.00 ms [7.03, 16.97]");
        assert_eq!(Unit::Dollars.shown_interval(&student(&[2.0, 2.0], 0.95).unwrap()), "2.0000 USD");
    }
}
