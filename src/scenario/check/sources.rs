//! Sources: what all kinds share, and the counts that some read from files. Processes and traces have rooms of their own.

use super::Checker;
use crate::engine::law::Law;
use crate::engine::time::Instant;
use crate::engine::unfit::Unfit;
use crate::model::ids::{FunctionId, NodeId};
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::{FunctionSetup, SourceSetup};
use crate::workload::counts::{Counts, Recorded, Spread};
use crate::workload::demand::DemandLaws;
use crate::workload::fit::Fit;
use crate::workload::source::{Arrivals, Fitted};
use crate::workload::trace::counts::{Column, read};
use crate::workload::trace::place::Placement;

/// Most sources that one line may make.
const COPIES_MAX: u32 = 100_000;
/// A generator is a page of numbers.
const GENERATOR_BYTES_MAX: u64 = 64 << 20;

impl Checker<'_> {
    /// The sources; traces may add functions.
    pub(super) fn sources(&mut self, raw: &raw::Scenario, functions: &mut Vec<FunctionSetup>) -> Vec<SourceSetup> {
        if raw.sources.is_empty() {
            self.refuse("sources", "at least one source");
        }
        let mut checked = Vec::new();
        for (name, source) in &raw.sources {
            let path = KeyPath::from("sources").key(name);
            let Some(setup) = self.source(name, source, raw, functions, &path) else { continue };
            match source.common().copies {
                None => checked.push(setup),
                Some(copies) => checked.extend(self.copies(&setup, copies, raw, &path)),
            }
        }
        if checked.len() > COPIES_MAX as usize {
            self.refuse_found("sources", format!("{} sources", checked.len()), format!("at most {COPIES_MAX}"));
        }
        checked
    }

    fn source(
        &mut self,
        name: &str,
        source: &raw::Source,
        raw: &raw::Scenario,
        functions: &mut Vec<FunctionSetup>,
        path: &KeyPath,
    ) -> Option<SourceSetup> {
        let common = source.common();
        if common.requests == Some(0) {
            self.refuse(path.key("requests"), "at least one request");
        }
        let node = self.node(common.at, path.key("at"));
        let (function, arrivals, laws) = match source {
            // A trace says itself what is called, and what it asks for.
            raw::Source::Trace(trace) => {
                let nothing = Law::constant(0.0).expect("zero is a constant");
                let laws = DemandLaws::new(nothing.clone(), nothing);
                (FunctionId::from_index(0), self.trace(name, trace, raw, functions, path), laws)
            }
            other => {
                let function = self.called(common.function, raw, path);
                let laws = self.demands(common, function, raw, functions, path);
                (function, self.arrivals(other, raw, name, path), laws)
            }
        };
        Some(SourceSetup {
            name: name.to_owned(),
            function,
            node,
            arrivals: arrivals?,
            laws,
            start: common.starts.map_or(Instant::ZERO, |starts| Instant::ZERO + starts.0),
            requests: common.requests,
        })
    }

    /// The laws of work and payload: the source's own where it has them, else those of the function called.
    pub(super) fn demands(
        &mut self,
        common: raw::Common<'_>,
        function: FunctionId,
        raw: &raw::Scenario,
        functions: &[FunctionSetup],
        path: &KeyPath,
    ) -> DemandLaws {
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
        DemandLaws::new(work, payload)
    }

    /// The same source so many times, numbered from 1 with as many digits as the last one has.
    fn copies(&mut self, of: &SourceSetup, copies: u32, raw: &raw::Scenario, path: &KeyPath) -> Vec<SourceSetup> {
        if !(1..=COPIES_MAX).contains(&copies) {
            self.refuse(path.key("copies"), format!("from 1 to {COPIES_MAX}"));
            return Vec::new();
        }
        let digits = copies.to_string().len();
        let name = |number: u32| format!("{}-{number:0digits$}", of.name);
        if let Some(taken) = (1..=copies).map(name).find(|name| raw.sources.contains_key(name)) {
            self.refuse_found(path.key("copies"), format!("a copy named {taken:?}"), "a name that no other source has");
        }
        (1..=copies).map(|number| SourceSetup { name: name(number), ..of.clone() }).collect()
    }

    /// The function or the chain of this name; chains stand behind all functions that are written.
    pub(super) fn callable(&self, name: &str, raw: &raw::Scenario) -> Option<FunctionId> {
        let function = || self.names.functions.binary_search_by(|known| known.as_str().cmp(name)).ok();
        let chain = || raw.chains.keys().position(|chain| chain == name).map(|place| raw.functions.len() + place);
        function().or_else(chain).map(FunctionId::from_index)
    }

    /// The function that a source calls; the only one there is when it names none.
    fn called(&mut self, written: Option<&String>, raw: &raw::Scenario, path: &KeyPath) -> FunctionId {
        let names = self.names.functions.clone();
        let index = match written {
            Some(name) if raw.chains.contains_key(name) => {
                return self.callable(name, raw).expect("the scenario has this chain");
            }
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

    pub(super) fn fit(&mut self, built: Result<Arrivals, Unfit>, path: &KeyPath) -> Option<Arrivals> {
        built.map_err(|unfit| self.refuse(path.clone(), unfit.wanted)).ok()
    }

    /// Like [`Checker::fit`], where parameters are named as the keys are.
    pub(super) fn fit_keys(&mut self, built: Result<Arrivals, Unfit>, path: &KeyPath) -> Option<Arrivals> {
        built.map_err(|unfit| self.refuse(path.key(unfit.parameter), unfit.wanted)).ok()
    }

    /// How counts are spread; `rank` is that of the source among those of the scenario that are spread so.
    fn spread(placement: Placement, raw: &raw::Scenario, name: &str) -> Spread {
        match placement {
            Placement::Start => Spread::Start,
            Placement::Uniform => Spread::Uniform,
            Placement::Evenly => Spread::Evenly,
            Placement::Poisson => Spread::Poisson,
            Placement::Rank => {
                let ranked = |source: &raw::Source| match source {
                    raw::Source::Counts(counts) => counts.spread == Placement::Rank,
                    raw::Source::Fitted(fitted) => fitted.spread == Placement::Rank,
                    _ => false,
                };
                let names = || raw.sources.iter().filter(|(_, source)| ranked(source)).map(|(name, _)| name);
                let rank = names().position(|other| other == name).unwrap_or(0);
                Spread::Rank { rank: rank as u32, of: names().count() as u32 }
            }
        }
    }

    pub(super) fn counts(
        &mut self,
        written: &raw::Counts,
        raw: &raw::Scenario,
        name: &str,
        path: &KeyPath,
    ) -> Option<Arrivals> {
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
        let spread = Self::spread(written.spread, raw, name);
        let built = Counts::new(Recorded::plain(counts, written.period.0, spread)).map(Arrivals::Counts);
        self.fit(built, &path.key("file"))
    }

    pub(super) fn fitted(
        &mut self,
        written: &raw::Fitted,
        raw: &raw::Scenario,
        name: &str,
        path: &KeyPath,
    ) -> Option<Arrivals> {
        let file = self.file(&written.generator);
        let wanted = "a generator that `stratosim trace fit` wrote";
        let size = std::fs::metadata(&file).map_or(0, |meta| meta.len());
        let text = match std::fs::read_to_string(&file) {
            Ok(text) if size <= GENERATOR_BYTES_MAX => Ok(text),
            Ok(_) => Err(format!("{size} bytes")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("no such file".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let fit = text.and_then(|text| serde_json::from_str::<Fit>(&text).map_err(|error| error.to_string()));
        let fit = match fit {
            Ok(fit) => fit,
            Err(trouble) => {
                self.refuse_found(path.key("generator"), format!("{}: {trouble}", file.display()), wanted);
                return None;
            }
        };
        let windows = written.periods.map_or(fit.windows, |periods| periods as usize);
        let built = Fitted::new(fit, windows, written.period.0, Self::spread(written.spread, raw, name));
        match built {
            Ok(fitted) => Some(Arrivals::Fitted(fitted)),
            Err(unfit) if ["periods", "period"].contains(&unfit.parameter) => {
                self.refuse(path.key(unfit.parameter), unfit.wanted);
                None
            }
            Err(unfit) => {
                self.refuse_found(path.key("generator"), format!("{} {}", unfit.parameter, unfit.found), unfit.wanted);
                None
            }
        }
    }

    /// The node of a name, if the scenario has it.
    pub(super) fn node_named(&self, name: &str) -> Option<NodeId> {
        self.names.nodes.binary_search_by(|known| known.as_str().cmp(name)).ok().map(NodeId::from_index)
    }
}

fn one() -> Law {
    Law::constant(1.0).expect("one is a constant")
}
