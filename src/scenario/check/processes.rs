//! Processes of arrivals: from the keys of a source to a rule of the workload.

use super::Checker;
use crate::engine::law::Law;
use crate::engine::time::{Instant, Span};
use crate::engine::unfit::Unfit;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::workload::bursts::Bursts;
use crate::workload::client::{Clients, Late, Pace};
use crate::workload::closed::Closed;
use crate::workload::clusters::Clusters;
use crate::workload::modulated::Modulated;
use crate::workload::on_off::OnOff;
use crate::workload::profile::{Daily, FlashCrowd, cosine, ramp, read_rates};
use crate::workload::renewal::{Poisson, Renewal};
use crate::workload::schedule::Schedule;
use crate::workload::sensors::Sensors;
use crate::workload::source::Arrivals;
use crate::workload::varying::Varying;

/// Most changes of rate that a source may go through, on average, until its next request.
const TURNS_MAX: f64 = 1e6;

impl Checker<'_> {
    /// The rule of a source, but for traces.
    pub(super) fn arrivals(
        &mut self,
        source: &raw::Source,
        raw: &raw::Scenario,
        name: &str,
        path: &KeyPath,
    ) -> Option<Arrivals> {
        match source {
            raw::Source::Counts(counts) => self.counts(counts, raw, name, path),
            raw::Source::Fitted(fitted) => self.fitted(fitted, raw, name, path),
            raw::Source::Trace(_) => None,
            raw::Source::Poisson(poisson) => {
                let built = Poisson::new(poisson.rate.per_s()).map(Arrivals::Poisson);
                self.fit(built, &path.key("rate"))
            }
            raw::Source::Renewal(renewal) => {
                let gap = self.law(&renewal.gap, &path.key("gap"));
                let built = Renewal::new(gap).map(Arrivals::Renewal);
                self.fit(built, &path.key("gap"))
            }
            raw::Source::Mmpp(mmpp) => self.mmpp(mmpp, path),
            raw::Source::Ipp(ipp) => self.ipp(ipp, path),
            raw::Source::Sessions(sessions) => {
                let [on, off, gap] = [("on", &sessions.on), ("off", &sessions.off), ("gap", &sessions.gap)]
                    .map(|(key, law)| self.law(law, &path.key(key)));
                if on.mean() > 0.0 {
                    self.not_idling(gap.mean() / on.mean(), path.key("gap"));
                }
                self.fit_keys(OnOff::new(on, off, gap).map(Arrivals::OnOff), path)
            }
            raw::Source::Rates(rates) => self.rates(rates, path),
            raw::Source::Steps(steps) => self.steps_of_rate(steps, path),
            raw::Source::Ramp(written) => {
                let built = ramp(written.from.per_s(), written.to.per_s(), written.over.0);
                self.varying(built, "to", path)
            }
            raw::Source::Daily(daily) => self.daily(daily, path),
            raw::Source::FlashCrowd(crowd) => {
                let built = FlashCrowd {
                    rate_per_s: crowd.rate.per_s(),
                    peak_per_s: crowd.peak.per_s(),
                    begins: crowd.begins.0,
                    rise: crowd.rise.0,
                    hold: crowd.hold.0,
                    fall: crowd.fall.0,
                };
                self.varying(built.arrivals(), "rate", path)
            }
            raw::Source::Bursts(bursts) => self.bursts(bursts, path),
            raw::Source::Clusters(clusters) => self.clusters(clusters, path),
            raw::Source::Closed(closed) => self.closed(closed, path),
            raw::Source::Client(client) => self.clients(client, path),
            raw::Source::Sensors(sensors) => self.sensors(sensors, path),
        }
    }

    /// A rate that varies; what is wrong with the rate as a whole is said of `key`.
    fn varying(&mut self, built: Result<Varying, Unfit>, key: &str, path: &KeyPath) -> Option<Arrivals> {
        match built {
            Err(unfit) if unfit.parameter == "rate" => {
                self.refuse(path.key(key), unfit.wanted);
                None
            }
            other => self.fit_keys(other.map(Arrivals::Varying), path),
        }
    }

    fn closed(&mut self, written: &raw::Closed, path: &KeyPath) -> Option<Arrivals> {
        let think = self.law(&written.think, &path.key("think"));
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

    fn clients(&mut self, written: &raw::Client, path: &KeyPath) -> Option<Arrivals> {
        let gap = self.law(&written.gap, &path.key("gap"));
        let steady = written.bursts.is_none() && written.on.is_none() && written.off.is_none();
        if !steady && written.late == raw::Late::Drop {
            self.refuse(path.key("late"), "queue, but for clients of a steady pace");
        }
        let pace = match (&written.on, &written.off, &written.bursts) {
            (None, None, None) => Pace::Steady {
                late: match written.late {
                    raw::Late::Queue => Late::Queue,
                    raw::Late::Drop => Late::Drop,
                },
            },
            (Some(on), Some(off), None) => {
                Pace::Sessions { on_s: self.law(on, &path.key("on")), off_s: self.law(off, &path.key("off")) }
            }
            (None, None, Some(bursts)) => Pace::Bursts {
                period_s: self.law(&bursts.every, &path.key("bursts").key("every")),
                mean_size: bursts.mean,
            },
            (_, _, Some(_)) => {
                self.refuse(path.key("bursts"), "either bursts or sessions (`on` and `off`)");
                return None;
            }
            (Some(_), None, None) => {
                self.refuse_found(path.key("off"), "nothing", "the length of the pauses, since there are sessions");
                return None;
            }
            (None, Some(_), None) => {
                self.refuse_found(path.key("on"), "nothing", "the length of the sessions, since there are pauses");
                return None;
            }
        };
        match Clients::new(written.clients, pace, gap) {
            Ok(clients) => Some(Arrivals::Clients(clients)),
            Err(unfit) => {
                let path = unfit.parameter.split('.').fold(path.clone(), |path, key| path.key(key));
                self.refuse(path, unfit.wanted);
                None
            }
        }
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
        let even = |from: usize| (0..states).map(move |to| if to == from { 0.0 } else { 1.0 }).collect::<Vec<f64>>();
        let moves = written.moves.clone().unwrap_or_else(|| (0..states).map(even).collect());
        let mut switch = Vec::with_capacity(states);
        for (from, row) in moves.iter().enumerate() {
            let weights: Vec<f64> = row.iter().enumerate().map(|(to, &w)| if to == from { 0.0 } else { w }).collect();
            let whole: f64 = weights.iter().sum();
            let sound = weights.len() == states && weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0);
            if moves.len() != states || !sound || whole <= 0.0 {
                self.refuse(
                    path.key("moves"),
                    "a row for each state, with a weight for each state, of which some are above zero",
                );
                return None;
            }
            let leave = 1.0 / written.stays[from].0.as_secs_f64();
            switch.push(weights.iter().map(|weight| leave * weight / whole).collect::<Vec<f64>>());
        }
        let built = Modulated::new(&rates, &switch);
        if let Ok(chain) = &built {
            let leaves =
                chain.stationary().iter().zip(&written.stays).map(|(share, stay)| share / stay.0.as_secs_f64());
            self.not_idling(leaves.sum::<f64>() / chain.mean_rate_per_s(), path.key("stays"));
        }
        self.fit(built.map(Arrivals::Modulated), &path.key("rates"))
    }

    fn ipp(&mut self, written: &raw::Ipp, path: &KeyPath) -> Option<Arrivals> {
        for (key, span) in [("on", written.on.0), ("off", written.off.0)] {
            if span.is_zero() {
                self.refuse(path.key(key), "a length of time above zero");
                return None;
            }
        }
        let (on, off) = (written.on.0.as_secs_f64(), written.off.0.as_secs_f64());
        let built = Modulated::interrupted(written.rate.per_s(), 1.0 / on, 1.0 / off);
        if written.rate.per_s() > 0.0 {
            self.not_idling(1.0 / (written.rate.per_s() * on), path.key("on"));
        }
        self.fit(built.map(Arrivals::Modulated), &path.key("rate"))
    }

    fn rates(&mut self, written: &raw::Rates, path: &KeyPath) -> Option<Arrivals> {
        let points: Vec<(Instant, f64)> = match &written.file {
            Some(file) => {
                if !written.times.is_empty() || !written.rates.is_empty() {
                    self.refuse(path.key("file"), "either a file or the lists times and rates");
                }
                let file = self.file(file);
                match read_rates(&file) {
                    Ok(points) => points,
                    Err(flaw) => {
                        let (found, wanted) = flaw.found_wanted();
                        self.refuse_found(path.key("file"), found, wanted);
                        return None;
                    }
                }
            }
            None => {
                if written.times.len() != written.rates.len() || written.times.len() < 2 {
                    self.refuse(path.key("times"), "two points or more, with an instant and a rate for each");
                    return None;
                }
                let times = written.times.iter().zip(&written.rates);
                times.map(|(time, rate)| (Instant::ZERO + time.0, rate.per_s())).collect()
            }
        };
        let key = path.key(if written.file.is_some() { "file" } else { "times" });
        if written.repeats {
            let area = |pair: &[(Instant, f64)]| {
                (pair[0].1 + pair[1].1) / 2.0 * pair[1].0.saturating_since(pair[0].0).as_secs_f64()
            };
            let requests: f64 = points.windows(2).map(area).sum();
            // A round that brings nothing at all is complained about below.
            if requests > 0.0 {
                self.not_idling(points.len() as f64 / requests, key.clone());
            }
        }
        let built = Varying::linear(&points, written.repeats).map(Arrivals::Varying);
        self.fit(built, &key)
    }

    fn steps_of_rate(&mut self, written: &raw::Steps, path: &KeyPath) -> Option<Arrivals> {
        let lengths: Vec<Span> = match &written.lengths[..] {
            [one] => vec![one.0; written.rates.len()],
            several => several.iter().map(|length| length.0).collect(),
        };
        if written.rates.is_empty() || lengths.len() != written.rates.len() {
            self.refuse(path.key("lengths"), "one length, or one for each rate");
            return None;
        }
        if lengths.iter().any(|length| length.is_zero()) {
            self.refuse(path.key("lengths"), "lengths of time above zero");
            return None;
        }
        let steps: Vec<(Span, f64)> = lengths.into_iter().zip(written.rates.iter().map(|rate| rate.per_s())).collect();
        let requests: f64 = steps.iter().map(|(length, rate)| length.as_secs_f64() * rate).sum();
        if written.repeats && requests > 0.0 {
            self.not_idling(steps.len() as f64 / requests, path.key("lengths"));
        }
        self.varying(Varying::steps(&steps, written.repeats), "rates", path)
    }

    fn daily(&mut self, written: &raw::Daily, path: &KeyPath) -> Option<Arrivals> {
        if !written.hours.is_empty() && self.read.is_given(path.key("swing")) {
            self.refuse(path.key("swing"), "either a swing or weights of hours");
        }
        let hours = if written.hours.is_empty() {
            match cosine(written.swing, written.busiest.0) {
                Ok(hours) => hours,
                Err(unfit) => {
                    self.refuse(path.key(unfit.parameter), unfit.wanted);
                    return None;
                }
            }
        } else {
            written.hours.clone()
        };
        let days = written.days.clone();
        let daily = Daily { rate_per_s: written.rate.per_s(), hours, days, from: written.from.0 };
        let points = daily.hours.len().max(1) * daily.days.len().max(1);
        let requests = daily.rate_per_s * 86_400.0 * daily.days.len().max(1) as f64;
        if requests > 0.0 {
            self.not_idling(points as f64 / requests, path.key("rate"));
        }
        self.fit_keys(daily.arrivals().map(Arrivals::Varying), path)
    }

    fn bursts(&mut self, written: &raw::Bursts, path: &KeyPath) -> Option<Arrivals> {
        let sizes: Vec<u64> = match written.sizes[..] {
            [one] => vec![one; written.times.len()],
            _ => written.sizes.clone(),
        };
        if sizes.len() != written.times.len() {
            self.refuse(path.key("sizes"), "one number of requests, or one for each instant");
            return None;
        }
        let bursts: Vec<(Instant, u64)> =
            written.times.iter().zip(sizes).map(|(time, size)| (Instant::ZERO + time.0, size)).collect();
        let built = Bursts::new(bursts, written.every.map(|every| every.0)).map(Arrivals::Bursts);
        match built {
            Err(unfit) if unfit.parameter == "every" => self.fit(Err(unfit), &path.key("every")),
            other => self.fit(other, &path.key("times")),
        }
    }

    fn clusters(&mut self, written: &raw::Clusters, path: &KeyPath) -> Option<Arrivals> {
        let [size, spread] =
            [self.law(&written.size, &path.key("size")), self.law(&written.spread, &path.key("spread"))];
        if written.together.is_none() && self.read.is_given(path.key("share")) {
            self.refuse(path.key("share"), "no share without `together`, the name under which bursts are shared");
        }
        if size.mean() > 0.0 {
            self.not_idling(1.0 / size.mean(), path.key("size"));
        }
        let together = written.together.clone().map(|name| (name, written.share));
        self.fit_keys(Clusters::new(written.rate.per_s(), size, spread, together).map(Arrivals::Clusters), path)
    }

    /// A source looks for its next request without an event, and nothing could stop it there.
    fn not_idling(&mut self, turns_per_request: f64, path: KeyPath) {
        if turns_per_request > TURNS_MAX {
            let found = format!("{turns_per_request:.1e} changes of rate between two requests");
            self.refuse_found(path, found, format!("at most {TURNS_MAX:e} of them"));
        }
    }
}
