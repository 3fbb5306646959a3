//! Sources: arrival processes, and the traces they read.

use super::Checker;
use crate::engine::law::Law;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use crate::model::ids::FunctionId;
use crate::scenario::law_text::{ByteLaw, TimeLaw};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::{FunctionSetup, SourceSetup};
use crate::workload::closed::Closed;
use crate::workload::counts::{Counts, Recorded, Spread};
use crate::workload::demand::DemandLaws;
use crate::workload::modulated::Modulated;
use crate::workload::renewal::{Poisson, Renewal};
use crate::workload::schedule::Schedule;
use crate::workload::sensors::Sensors;
use crate::workload::source::Arrivals;
use crate::workload::trace::counts::{Column, read};
use crate::workload::varying::Varying;

/// The keys that all sources share.
struct Common<'a> {
    function: Option<&'a String>,
    at: Option<&'a String>,
    work: Option<&'a TimeLaw>,
    payload: Option<&'a ByteLaw>,
    requests: Option<u64>,
}

macro_rules! common {
    ($source:expr, $requests:expr) => {
        Common {
            function: $source.function.as_ref(),
            at: $source.at.as_ref(),
            work: $source.work.as_ref(),
            payload: $source.payload.as_ref(),
            requests: $requests,
        }
    };
}

impl Checker<'_> {
    pub(super) fn sources(&mut self, raw: &raw::Scenario, functions: &[FunctionSetup]) -> Vec<SourceSetup> {
        if raw.sources.is_empty() {
            self.refuse("sources", "at least one source");
        }
        let mut checked = Vec::new();
        for (name, source) in &raw.sources {
            let path = KeyPath::from("sources").key(name);
            checked.extend(self.source(name, source, raw, functions, &path));
        }
        checked
    }

    fn source(
        &mut self,
        name: &str,
        source: &raw::Source,
        raw: &raw::Scenario,
        functions: &[FunctionSetup],
        path: &KeyPath,
    ) -> Option<SourceSetup> {
        let (common, arrivals) = match source {
            raw::Source::Counts(counts) => (common!(counts, None), self.counts(counts, path)),
            raw::Source::Poisson(poisson) => {
                let built = Poisson::new(poisson.rate.per_s()).map(Arrivals::Poisson);
                (common!(poisson, poisson.requests), self.fit(built, &path.key("rate")))
            }
            raw::Source::Renewal(renewal) => {
                let gap = self.law(&renewal.gap, &path.key("gap"));
                let built = Renewal::new(gap).map(Arrivals::Renewal);
                (common!(renewal, renewal.requests), self.fit(built, &path.key("gap")))
            }
            raw::Source::Mmpp(mmpp) => (common!(mmpp, mmpp.requests), self.mmpp(mmpp, path)),
            raw::Source::Rates(rates) => (common!(rates, None), self.rates(rates, path)),
            raw::Source::Closed(closed) => {
                let think = self.law(&closed.think, &path.key("think"));
                (common!(closed, closed.requests), self.closed(closed, think, path))
            }
            raw::Source::Sensors(sensors) => (common!(sensors, None), self.sensors(sensors, path)),
        };
        if common.requests == Some(0) {
            self.refuse(path.key("requests"), "at least one request");
        }
        let function = self.called(common.function, raw, path);
        let node = self.node(common.at, path.key("at"));
        let work = match common.work {
            Some(law) => self.law(law, &path.key("work")),
            // Without a function there is a complaint already.
            None => functions.get(function.index()).map_or_else(one, |function| function.work.clone()),
        };
        let function_payload =
            raw.functions.values().nth(function.index()).and_then(|function| function.payload.as_ref());
        let payload = match common.payload.or(function_payload) {
            Some(law) => self.law(law, &path.key("payload")),
            None => Law::constant(0.0).expect("zero is a constant"),
        };
        Some(SourceSetup {
            name: name.to_owned(),
            function,
            node,
            arrivals: arrivals?,
            laws: DemandLaws::new(work, payload),
            requests: common.requests,
        })
    }

    /// The function that a source calls; the only one there is when it names none.
    fn called(&mut self, written: Option<&String>, raw: &raw::Scenario, path: &KeyPath) -> FunctionId {
        let names = self.names.functions.clone();
        let index = match written {
            Some(name) => self.find(&names, name, path.key("function"), "a function"),
            None => {
                if raw.functions.len() > 1 {
                    self.refuse_found(
                        path.key("function"),
                        "nothing",
                        "the name of a function, since there are several",
                    );
                }
                None
            }
        };
        FunctionId::from_index(index.unwrap_or(0))
    }

    fn fit(&mut self, built: Result<Arrivals, Unfit>, path: &KeyPath) -> Option<Arrivals> {
        built.map_err(|unfit| self.refuse(path.clone(), unfit.wanted)).ok()
    }

    fn closed(&mut self, written: &raw::Closed, think: Law, path: &KeyPath) -> Option<Arrivals> {
        let (built, key) = match (written.clients, written.schedule.is_empty()) {
            (Some(clients), true) => (Closed::new(clients, think), "clients"),
            (None, false) => {
                let schedule = self.schedule(&written.schedule, written.repeats, path)?;
                (Closed::scheduled(schedule, think), "schedule")
            }
            (Some(_), false) => {
                self.refuse(path.key("clients"), "either a number of clients or a schedule");
                return None;
            }
            (None, true) => {
                self.refuse_found(path.key("clients"), "nothing", "a number of clients or a schedule");
                return None;
            }
        };
        self.fit(built.map(Arrivals::Closed), &path.key(key))
    }

    fn sensors(&mut self, written: &raw::Sensors, path: &KeyPath) -> Option<Arrivals> {
        let intervals: Vec<Law> = written
            .intervals
            .iter()
            .enumerate()
            .map(|(index, law)| self.law(law, &path.key("intervals").index(index)))
            .collect();
        let schedule = self.schedule(&written.schedule, written.repeats, path)?;
        let built = Sensors::new(schedule, intervals);
        let key = built.as_ref().err().map_or("intervals", |unfit| unfit.parameter);
        self.fit(built.map(Arrivals::Sensors), &path.key(key))
    }

    fn schedule(&mut self, written: &[raw::Crowd], repeats: bool, path: &KeyPath) -> Option<Schedule> {
        let steps: Vec<(u32, Span)> = written.iter().map(|crowd| (crowd.count, crowd.lasts.0)).collect();
        Schedule::new(&steps, repeats).map_err(|unfit| self.refuse(path.key("schedule"), unfit.wanted)).ok()
    }

    fn counts(&mut self, written: &raw::Counts, path: &KeyPath) -> Option<Arrivals> {
        for (key, value) in [("times", written.times), ("divide", written.divide)] {
            if value == 0 {
                self.refuse(path.key(key), "a whole number above zero");
                return None;
            }
        }
        if written.period.0.is_zero() {
            self.refuse(path.key("period"), "a length of time above zero");
            return None;
        }
        let column = written.column.clone().map_or(Column::Only, Column::Named);
        let file = self.file(&written.file);
        let counts = match read(&file, &column) {
            Ok(counts) => counts,
            Err(error) => {
                let (found, wanted) = error.found_wanted();
                self.refuse_found(path.key("file"), found, wanted);
                return None;
            }
        };
        let first = written.skip as usize;
        let end = written.periods.map_or(counts.len(), |periods| first.saturating_add(periods as usize));
        if first >= counts.len() || end > counts.len() || end <= first {
            let wanted = format!("periods inside the {} of the file", counts.len());
            self.refuse(path.key(if written.periods.is_some() { "periods" } else { "skip" }), wanted);
            return None;
        }
        let times = written.times.max(1);
        let scaled = |&count: &u32| count.checked_mul(times).map(|count| count / written.divide.max(1));
        let Some(counts) = counts[first..end].iter().map(scaled).collect::<Option<Vec<u32>>>() else {
            self.refuse(path.key("times"), "a factor that keeps counts below 2^32");
            return None;
        };
        let spread = match written.spread {
            raw::Spread::Start => Spread::Start,
            raw::Spread::Uniform => Spread::Uniform,
            raw::Spread::Evenly => Spread::Evenly,
            raw::Spread::Poisson => Spread::Poisson,
        };
        let built = Counts::new(Recorded::plain(counts, written.period.0, spread)).map(Arrivals::Counts);
        self.fit(built, &path.key("file"))
    }

    fn mmpp(&mut self, written: &raw::Mmpp, path: &KeyPath) -> Option<Arrivals> {
        let states = written.rates.len();
        if states < 2 || states != written.stays.len() {
            self.refuse(path.key("stays"), "two states or more, with a rate and a mean stay for each");
            return None;
        }
        if written.stays.iter().any(|stay| stay.0.is_zero()) {
            self.refuse(path.key("stays"), "mean stays above zero");
            return None;
        }
        let rates: Vec<f64> = written.rates.iter().map(|rate| rate.per_s()).collect();
        let switch: Vec<Vec<f64>> = (0..states)
            .map(|from| {
                let each = 1.0 / written.stays[from].0.as_secs_f64() / (states - 1) as f64;
                (0..states).map(|to| if to == from { 0.0 } else { each }).collect()
            })
            .collect();
        let built = Modulated::new(&rates, &switch);
        if let Ok(chain) = &built {
            let leaves =
                chain.stationary().iter().zip(&written.stays).map(|(share, stay)| share / stay.0.as_secs_f64());
            self.not_idling(leaves.sum::<f64>() / chain.mean_rate_per_s(), path.key("stays"));
        }
        self.fit(built.map(Arrivals::Modulated), &path.key("rates"))
    }

    fn rates(&mut self, written: &raw::Rates, path: &KeyPath) -> Option<Arrivals> {
        if written.times.len() != written.rates.len() || written.times.len() < 2 {
            self.refuse(path.key("times"), "two points or more, with an instant and a rate for each");
            return None;
        }
        let points: Vec<(Instant, f64)> = written
            .times
            .iter()
            .zip(&written.rates)
            .map(|(time, rate)| (Instant::ZERO + time.0, rate.per_s()))
            .collect();
        if written.repeats {
            let area = |pair: &[(Instant, f64)]| {
                (pair[0].1 + pair[1].1) / 2.0 * pair[1].0.saturating_since(pair[0].0).as_secs_f64()
            };
            let requests: f64 = points.windows(2).map(area).sum();
            // A round that brings nothing at all is complained about below.
            if requests > 0.0 {
                self.not_idling(points.len() as f64 / requests, path.key("times"));
            }
        }
        let built = Varying::linear(&points, written.repeats).map(Arrivals::Varying);
        self.fit(built, &path.key("times"))
    }

    /// A source looks for its next request without an event, and nothing could stop it there.
    fn not_idling(&mut self, turns_per_request: f64, path: KeyPath) {
        if turns_per_request > TURNS_MAX {
            let found = format!("{turns_per_request:.1e} changes of rate between two requests");
            self.refuse_found(path, found, format!("at most {TURNS_MAX:e} of them"));
        }
    }
}

/// Most changes of rate that a source may go through, on average, until its next request.
const TURNS_MAX: f64 = 1e6;

fn one() -> Law {
    Law::constant(1.0).expect("one is a constant")
}
