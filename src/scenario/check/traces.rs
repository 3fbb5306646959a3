//! Traces as sources: opened, read through once, and their functions found in the scenario or made.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Checker, SAMPLES_MAX};
use crate::engine::random::Streams;
use crate::engine::time::{Instant, Span};
use crate::model::ids::{FunctionId, NodeId};
use crate::scenario::complaint::quoted;
use crate::scenario::path::KeyPath;
use crate::scenario::raw;
use crate::scenario::setup::FunctionSetup;
use crate::workload::closed::CLIENTS_MAX;
use crate::workload::demand::DemandLaws;
use crate::workload::replay::{Callee, Replay, Survey, survey};
use crate::workload::source::Arrivals;
use crate::workload::trace::cut::{Selection, stretch};
use crate::workload::trace::feed::{BadRows, Late, Origin, Reading};
use crate::workload::trace::mapped::Mapping;
use crate::workload::trace::recipe::{Format, Recipe};
use crate::workload::trace::scaled::{RATE_MAX, Thinning};

/// Most functions that a scenario may have through its traces.
const FUNCTIONS_MAX: usize = 100_000;
/// Names that are complained about singly; the others are counted.
const NAMES_TOLD: usize = 5;
const MIB: u64 = 1 << 20;

/// Functions made for a trace, by name, with the function each is like.
pub(super) type Made = BTreeMap<String, (FunctionId, FunctionId)>;

impl Checker<'_> {
    pub(super) fn trace(
        &mut self,
        name: &str,
        written: &raw::Trace,
        raw: &raw::Scenario,
        functions: &mut Vec<FunctionSetup>,
        path: &KeyPath,
    ) -> Option<Arrivals> {
        let recipe = self.recipe(written, path)?;
        let starts = written.starts.map_or(Span::ZERO, |starts| starts.0);
        let until = raw.horizon.map_or(Instant::FAR, |horizon| Instant::ZERO + horizon.0);
        let until = Instant::ZERO + until.saturating_since(Instant::ZERO + starts);
        let survey = match survey(&recipe, name, &Streams::new(raw.seed, 0), until) {
            Ok(survey) => survey,
            Err(flaw) => {
                let (found, wanted) = flaw.found_wanted();
                self.refuse_found(self.file_key(written, path), found, wanted);
                return None;
            }
        };
        self.tell_what_is_missing(written, &survey, path);
        if survey.arrivals == 0 {
            let found = format!("no arrival among {} rows", survey.report.rows);
            self.refuse_found(self.file_key(written, path), found, "an arrival before the horizon");
            return None;
        }
        let samples = survey.last.as_nanos() / raw.sample.0.as_nanos().max(1);
        if samples > SAMPLES_MAX {
            let found = format!("arrivals from {} to {} s", survey.first, survey.last);
            let wanted = "times that begin near zero (`from_first = true` takes the first as zero), or a horizon";
            self.refuse_found(self.file_key(written, path), found, wanted);
            return None;
        }
        if survey.report.repaired().chain(survey.report.dropped()).next().is_some() {
            self.remarks.push(format!("{path}: {}", survey.report));
        }
        let (callees, other) = self.callees(written, &survey, raw, functions, path)?;
        let entries = match written.at {
            Some(_) => None,
            None => Some(Arc::new(self.entries(&survey, path)?)),
        };
        let clients = written.clients.unwrap_or(0);
        if written.clients.is_some() && !(1..=CLIENTS_MAX).contains(&clients) {
            self.refuse(path.key("clients"), format!("from 1 to {CLIENTS_MAX} clients"));
            return None;
        }
        let (takes_work, takes_payload) = (written.work.is_none(), written.payload.is_none());
        let (recipe, callees) = (Arc::new(recipe), Arc::new(callees));
        Some(Arrivals::Replay(Replay { recipe, callees, other, entries, takes_work, takes_payload, clients }))
    }

    /// The key that named the files.
    fn file_key(&self, written: &raw::Trace, path: &KeyPath) -> KeyPath {
        path.key(if written.file.is_some() { "file" } else { "files" })
    }

    fn recipe(&mut self, written: &raw::Trace, path: &KeyPath) -> Option<Recipe> {
        let files = match (&written.file, &written.files[..]) {
            (Some(file), []) => vec![self.file(file)],
            (None, files @ [_, ..]) => files.iter().map(|file| self.file(file)).collect(),
            (None, []) => {
                self.refuse_found(path.key("file"), "nothing", "the file of the trace");
                return None;
            }
            (Some(_), _) => {
                self.refuse(path.key("files"), "either file or files");
                return None;
            }
        };
        if written.format.is_one_file() && files.len() > 1 {
            self.refuse(path.key("files"), "one file of this format (`stratosim trace merge` puts several together)");
            return None;
        }
        let mapping = self.mapping(written, path)?;
        for (key, value) in [("scale", written.scale), ("pace", written.pace)] {
            if !(value > 0.0 && value <= RATE_MAX) {
                self.refuse(path.key(key), "a number above zero, at most a million");
                return None;
            }
        }
        for (key, value) in [("window", written.window), ("held", written.held)] {
            if value == 0 {
                self.refuse(path.key(key), "at least one");
                return None;
            }
        }
        let mut list = |names: &[String]| names.iter().map(|file| self.file(file)).collect();
        let (durations, memory) = (list(&written.durations), list(&written.memory));
        Some(Recipe {
            placement: written.spread,
            period: written.period.0,
            column: written.column.clone(),
            mapping,
            durations,
            memory,
            duration_choice: written.duration_choice,
            memory_choice: written.memory_choice,
            delay_unit: written.delay_unit,
            all_calls: written.all_calls,
            path_segments: written.path_segments.map(|segments| segments as usize),
            machine_bytes: written.machine_memory.map(|memory| memory.0),
            held: written.held as usize,
            reading: Reading {
                window: written.window as usize,
                origin: if written.from_first { Origin::First } else { Origin::Format },
                bad_rows: if written.lenient { BadRows::Drop } else { BadRows::Stop },
                late: if written.strict_order { Late::Stop } else { Late::Move },
            },
            selection: selection(written),
            rate: written.scale,
            pace: written.pace,
            thinning: match written.keep {
                raw::Keep::Each => Thinning::Each,
                raw::Keep::Bursts => Thinning::Bursts { gap: written.burst_gap.0 },
                raw::Keep::Functions => Thinning::Functions,
            },
            ..Recipe::new(written.format, files)
        })
    }

    /// The columns of a table; the outer `None` where there is a complaint.
    fn mapping(&mut self, written: &raw::Trace, path: &KeyPath) -> Option<Option<Mapping>> {
        match (&written.columns, written.format) {
            (Some(columns), Format::Csv) => match Mapping::parse(columns) {
                Ok(mapping) => Some(Some(mapping)),
                Err(message) => {
                    let (found, wanted) = message.split_once(", want ").unwrap_or((&message, "a mapping of columns"));
                    self.refuse_found(path.key("columns"), found.trim_start_matches("found "), wanted);
                    None
                }
            },
            (None, Format::Csv) => {
                let wanted = "which column is what, such as time=ts:ms,function=name,service=dur:s";
                self.refuse_found(path.key("columns"), "nothing", wanted);
                None
            }
            (Some(_), _) => {
                self.refuse(path.key("columns"), "no columns where the format knows them; they are for csv");
                None
            }
            (None, _) => Some(None),
        }
    }

    /// What each function of the trace is here, and what is called where nothing is said.
    fn callees(
        &mut self,
        written: &raw::Trace,
        survey: &Survey,
        raw: &raw::Scenario,
        functions: &mut Vec<FunctionSetup>,
        path: &KeyPath,
    ) -> Option<(BTreeMap<String, Callee>, Option<Callee>)> {
        let names = self.names.functions.clone();
        let mut meant: BTreeMap<&str, FunctionId> = BTreeMap::new();
        for (theirs, ours) in &written.map {
            let key = path.key("map").key(theirs);
            if !survey.functions.iter().any(|known| *known.name == **theirs) {
                let near = crate::scenario::units::nearest(theirs, survey.functions.iter().map(|known| &*known.name));
                let complaint = self.read.complain(key.clone(), quoted(theirs), "a function of the trace");
                self.desk.add(complaint.with_hint(near.map(|near| format!("did you mean {}?", quoted(near)))));
            }
            meant.insert(theirs, FunctionId::from_index(self.find(&names, ours, key, "a function")?));
        }
        let template = match &written.like {
            Some(like) => Some(FunctionId::from_index(self.find(&names, like, path.key("like"), "a function")?)),
            None => None,
        };
        let other = match (&written.function, template) {
            (Some(_), Some(_)) => {
                self.refuse(path.key("function"), "either `function`, which takes what is not in `map`, or `like`");
                return None;
            }
            (Some(name), None) => Some(self.find(&names, name, path.key("function"), "a function")?),
            // Where there is one function, that is meant.
            (None, None) if names.len() == 1 => Some(0),
            (None, _) => None,
        };
        let other = other.map(FunctionId::from_index);
        let mut unknown: Vec<&str> = Vec::new();
        let mut found: BTreeMap<&str, FunctionId> = BTreeMap::new();
        for known in &survey.functions {
            let name = &*known.name;
            let by_name = || self.callable(name, raw);
            let function = match (meant.get(name).copied().or(other).or_else(by_name), template) {
                (Some(function), _) => function,
                (None, Some(like)) => self.made(name, known.memory_bytes, like, functions, path)?,
                (None, None) => {
                    // One that never asks needs no function.
                    unknown.extend((known.arrivals > 0).then_some(name));
                    continue;
                }
            };
            found.insert(name, function);
        }
        if !unknown.is_empty() {
            let told: Vec<String> = unknown.iter().take(NAMES_TOLD).map(|name| quoted(name)).collect();
            let more = unknown.len().saturating_sub(NAMES_TOLD);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let found = format!("the functions {}{more} in the trace", told.join(", "));
            self.refuse_found(path.key("map"), found, "functions of these names, a `map`, `function` or `like`");
            return None;
        }
        let common = written.common();
        let mut known: BTreeMap<FunctionId, DemandLaws> = BTreeMap::new();
        let mut callee = |function: FunctionId| {
            // Functions made are like another in this, too.
            let written_as = self.like(function);
            let laws =
                known.entry(written_as).or_insert_with(|| self.demands(common, written_as, raw, functions, path));
            Callee { function, laws: laws.clone() }
        };
        let callees = found.into_iter().map(|(name, function)| (name.to_owned(), callee(function))).collect();
        Some((callees, other.map(callee)))
    }

    /// The function that a function made is like; itself for one of the scenario.
    fn like(&self, function: FunctionId) -> FunctionId {
        // Those that stand for chains come between the scenario's own and those made.
        let scenario = self.names.functions.len() + self.raw().chains.len();
        if function.index() < scenario {
            return function;
        }
        self.made_like[function.index() - scenario]
    }

    /// A function for a name of a trace, made once.
    fn made(
        &mut self,
        name: &str,
        memory_bytes: Option<u64>,
        like: FunctionId,
        functions: &mut Vec<FunctionSetup>,
        path: &KeyPath,
    ) -> Option<FunctionId> {
        if let Some(&(made, made_like)) = self.made.get(name) {
            if made_like != like {
                let found = format!("{}, which another source has made like another function", quoted(name));
                self.refuse_found(path.key("like"), found, "one function for all functions of a name");
            }
            return Some(made);
        }
        if self.made.len() == FUNCTIONS_MAX {
            let wanted = format!("at most {FUNCTIONS_MAX} functions; fewer with `only_functions`, `map` or `function`");
            self.refuse_found(path.key("like"), "one more function", wanted);
            return None;
        }
        let mut setup = functions[like.index()].clone();
        name.clone_into(&mut setup.name);
        if let Some(bytes) = memory_bytes {
            setup.memory_mib = u32::try_from(bytes.div_ceil(MIB).max(1)).unwrap_or(u32::MAX);
        }
        let id = FunctionId::from_index(functions.len());
        functions.push(setup);
        self.made.insert(name.to_owned(), (id, like));
        self.made_like.push(like);
        Some(id)
    }

    /// Tells of what alone was to be taken and was not met; it may come after what is read.
    fn tell_what_is_missing(&mut self, written: &raw::Trace, survey: &Survey, path: &KeyPath) {
        let functions: Vec<Arc<str>> = survey.functions.iter().map(|known| known.name.clone()).collect();
        for (key, chosen, met) in [
            ("only_functions", &written.only_functions, &functions),
            ("only_tenants", &written.only_tenants, &survey.tenants),
            ("only_sources", &written.only_sources, &survey.sources),
        ] {
            for name in chosen.iter().filter(|name| met.iter().all(|known| **known != ***name)) {
                self.remarks.push(format!("{path}.{key}: {} is not met in what is read of the trace", quoted(name)));
            }
        }
    }

    /// What the nodes of the trace are here; each must be known.
    fn entries(&mut self, survey: &Survey, path: &KeyPath) -> Option<BTreeMap<String, NodeId>> {
        let mut entries = BTreeMap::new();
        for name in &survey.nodes {
            let Some(node) = self.node_named(name) else {
                let found = format!("requests that entered at {}, which is no node here", quoted(name));
                self.refuse_found(path.key("at"), found, "a node of that name, or `at` for where they enter");
                return None;
            };
            entries.insert(name.to_string(), node);
        }
        Some(entries)
    }
}

/// What of the trace is taken; `None` for all.
fn selection(written: &raw::Trace) -> Option<Selection> {
    let lists = [&written.only_functions, &written.only_tenants, &written.only_sources];
    if written.from.is_none() && written.length.is_none() && lists.iter().all(|list| list.is_empty()) {
        return None;
    }
    let [functions, tenants, sources] = lists.map(|list| list.iter().cloned().collect());
    let from = written.from.map_or(Span::ZERO, |from| from.0);
    Some(Selection { functions, tenants, sources, ..stretch(from, written.length.map(|length| length.0)) })
}
