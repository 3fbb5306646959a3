//! From the file as written to a setup that cannot be wrong: every complaint at once, each with key, found and wanted.

mod archive;
mod chains;
mod computer_file;
mod computers;
mod containers;
pub mod economy;
mod environments;
mod functions;
mod groups;
mod laws;
mod machines;
mod measures;
mod places;
mod pools;
mod processes;
mod provider;
mod questions;
mod sources;
mod sweep;
mod traces;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::complaint::{Complaint, Complaints, Desk};
use super::path::KeyPath;
use super::raw;
use super::reader::Read;
use super::setup::{Limits, ReservationSetup, Setup};
use super::sweep::Sweep;
use super::units::nearest;
use crate::engine::time::Span;
use crate::model::ids::{FunctionId, NodeId};
use crate::model::tariff::{PICO, PerHour, Tariff};

/// Most rows of `timeline.csv` for each pool and function.
const SAMPLES_MAX: u64 = 10_000_000;
/// Requests in flight, instances alive and clients that the event list has room for: several events of each may be planned.
const ALIVE_MAX: u64 = 30_000_000;
/// Longest name that becomes a folder.
const NAME_MAX: usize = 100;

/// A strategy that the scenario asks for: its column's name, its name in the catalogue, and where its parameters stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub label: String,
    pub uses: String,
}

/// A checked scenario.
#[derive(Clone, Debug)]
pub struct Checked {
    pub setup: Setup,
    pub strategies: Vec<Asked>,
    pub sweep: Option<Sweep>,
    /// What was repaired or dropped in traces, in words: sound, but worth knowing.
    pub remarks: Vec<String>,
}

/// Names to look up while references are resolved, in the order of their ids, which is that of the alphabet.
struct Names {
    nodes: Rc<[String]>,
    functions: Rc<[String]>,
    accounts: Rc<[String]>,
    cloud: usize,
}

/// What the checks share.
struct Checker<'a> {
    read: &'a Read<raw::Scenario>,
    desk: Desk,
    /// Folder of the scenario file; paths inside it are relative to it.
    folder: PathBuf,
    inputs: Vec<PathBuf>,
    names: Names,
    /// Functions that traces brought, behind those of the scenario; and by place what each is like.
    made: traces::Made,
    made_like: Vec<FunctionId>,
    remarks: Vec<String>,
}

/// Checks a scenario that has been read from `path`, and the files it names.
///
/// # Errors
/// Everything about it that cannot be.
pub fn check(read: &Read<raw::Scenario>, path: &Path) -> Result<Checked, Complaints> {
    let raw = &read.value;
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let names = Names {
        nodes: places::names(raw).into(),
        functions: raw.functions.keys().cloned().collect(),
        accounts: raw.accounts.keys().cloned().collect(),
        cloud: places::cloud(raw),
    };
    let inputs = vec![path.to_owned()];
    let (made, made_like) = (traces::Made::new(), Vec::new());
    let (desk, remarks) = (Desk::new(), Vec::new());
    let mut checker = Checker { read, desk, folder, inputs, names, made, made_like, remarks };
    let tariff = checker.tariff();
    let setup = checker.setup(path, tariff);
    let strategies = checker.strategies();
    let sweep = checker.sweep(raw);
    let Checker { desk, remarks, .. } = checker;
    desk.finish()?;
    let setup = setup.expect("a setup without complaint is complete");
    Ok(Checked { setup, strategies, sweep, remarks })
}

impl Checker<'_> {
    fn raw(&self) -> &raw::Scenario {
        &self.read.value
    }

    /// A complaint about a key of the scenario, with the value that the file has there.
    fn refuse(&mut self, path: impl Into<KeyPath>, wanted: impl AsRef<str>) {
        self.desk.add(self.read.refuse(path, wanted));
    }

    fn refuse_found(&mut self, path: impl Into<KeyPath>, found: impl AsRef<str>, wanted: impl AsRef<str>) {
        self.desk.add(self.read.complain(path, found, wanted));
    }

    /// The index of a name among those that exist, in alphabetical order, or a complaint that names the nearest.
    fn find(&mut self, names: &[String], name: &str, path: KeyPath, what: &str) -> Option<usize> {
        let index = names.binary_search_by(|known| known.as_str().cmp(name)).ok();
        self.found(index, names, name, path, what)
    }

    /// The same among names in an order of their own, such as that of the strategies of a scenario.
    fn find_unsorted(&mut self, names: &[String], name: &str, path: KeyPath, what: &str) -> Option<usize> {
        let index = names.iter().position(|known| known == name);
        self.found(index, names, name, path, what)
    }

    fn found(
        &mut self,
        index: Option<usize>,
        names: &[String],
        name: &str,
        path: KeyPath,
        what: &str,
    ) -> Option<usize> {
        if index.is_none() {
            let complaint: Complaint = self.read.refuse(path, format!("the name of {what}"));
            let near = nearest(name, names.iter().map(String::as_str));
            self.desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
        }
        index
    }

    fn node(&mut self, name: Option<&String>, path: KeyPath) -> NodeId {
        let index = match name {
            None => Some(self.names.cloud),
            Some(name) => {
                let names = self.names.nodes.clone();
                self.find(&names, name, path, "a node")
            }
        };
        NodeId::from_index(index.unwrap_or(0))
    }

    /// A path as the scenario writes it: beside the scenario, or under the folder of traces.
    fn file(&mut self, written: &str) -> PathBuf {
        const TRACES: &str = "$STRATOSIM_TRACES";
        let path = match written.strip_prefix(TRACES) {
            Some(rest) => {
                let root =
                    std::env::var_os("STRATOSIM_TRACES").map_or_else(|| "../shared/traces".into(), PathBuf::from);
                root.join(rest.trim_start_matches(['/', '\\']))
            }
            None => self.folder.join(written),
        };
        self.inputs.push(path.clone());
        path
    }

    fn tariff(&mut self) -> Option<Tariff> {
        let Some(written) = self.raw().prices.clone() else { return Some(Tariff::default()) };
        let path = self.file(&written);
        self.desk.keep(super::prices::read(&path))
    }

    fn setup(&mut self, path: &Path, tariff: Option<Tariff>) -> Option<Setup> {
        let raw = self.raw().clone();
        let name = match &raw.name {
            Some(name) => self.result_name("name", name),
            None => path.file_stem().map_or_else(|| "scenario".to_owned(), |stem| stem.to_string_lossy().into_owned()),
        };
        self.positive_spans(&raw);
        let (nodes, links) = (self.nodes(&raw), self.links(&raw));
        let mut functions = self.functions(&raw);
        let chains = self.chains(&raw, &mut functions);
        let exchange = raw.exchange.as_ref().map(|exchange| self.exchange(exchange)).unwrap_or_default();
        let probes = self.probes(&raw);
        let sources = self.sources(&raw, &mut functions);
        let accounts = self.accounts(&raw);
        let pools = self.pools(&raw, &functions, tariff.as_ref());
        let provider = self.provider(&raw, &pools, &functions, &sources);
        let economy = self.economy(&raw, &pools);
        let reservations = self.reservations(&raw, tariff.as_ref());
        let clients: u64 = sources.iter().map(|source| u64::from(source.arrivals.clients())).sum();
        if clients > ALIVE_MAX {
            self.refuse_found("sources", format!("{clients} clients in all"), format!("at most {ALIVE_MAX}"));
        }
        let endless = raw.sources.values().any(raw::Source::is_endless);
        if raw.horizon.is_none() && endless {
            let wanted = "a length of time, since a source goes on for ever without a number of requests";
            self.refuse_found("horizon", "nothing", wanted);
        }
        Some(Setup {
            name,
            seed: raw.seed,
            replication: 0,
            horizon: raw.horizon.map(|span| span.0),
            warm_up: raw.warm_up.map_or(Span::ZERO, |span| span.0),
            slo: raw.slo.map(|span| span.0),
            nodes,
            links,
            functions,
            sources,
            pools,
            provider,
            accounts,
            tariff: tariff?,
            reservations,
            economy,
            limits: Limits {
                events: raw.limits.events,
                in_flight: raw.limits.in_flight,
                instances: raw.limits.instances,
                drain: raw.limits.drain.0,
            },
            order_patience: raw.limits.order_patience.map(|span| span.0),
            exchange,
            chains,
            probes,
            ends_with_probes: false,
            inputs: self.inputs.clone(),
        })
    }

    /// A name that becomes a folder.
    fn result_name(&mut self, path: &str, name: &str) -> String {
        let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(fine) || name.starts_with('.') {
            self.refuse(path, "1 to 100 letters, digits, - or _, since it names a folder");
        }
        name.to_owned()
    }

    fn positive_spans(&mut self, raw: &raw::Scenario) {
        for (key, span) in [("sample", Some(raw.sample)), ("horizon", raw.horizon), ("slo", raw.slo)] {
            if span.is_some_and(|span| span.0.is_zero()) {
                self.refuse(key, "a length of time above zero");
            }
        }
        if let (Some(horizon), Some(warm_up)) = (raw.horizon, raw.warm_up)
            && warm_up.0 >= horizon.0
        {
            self.refuse("warm_up", format!("less than the horizon of {}", horizon.0));
        }
        if let Some(horizon) = raw.horizon
            && !raw.sample.0.is_zero()
            && horizon.0.as_nanos() / raw.sample.0.as_nanos() > SAMPLES_MAX
        {
            self.refuse(
                "sample",
                format!("a longer time: the horizon of {} has more than {SAMPLES_MAX} of them", horizon.0),
            );
        }
        for (key, value) in [
            ("limits.events", raw.limits.events),
            ("limits.in_flight", raw.limits.in_flight),
            ("limits.instances", raw.limits.instances),
        ] {
            if value == 0 {
                self.refuse(key, "a limit above zero");
            } else if key != "limits.events" && value > ALIVE_MAX {
                self.refuse(key, format!("at most {ALIVE_MAX}"));
            }
        }
    }

    fn reservations(&mut self, raw: &raw::Scenario, tariff: Option<&Tariff>) -> Vec<ReservationSetup> {
        let mut checked = Vec::new();
        for (index, written) in raw.reservations.iter().enumerate() {
            let path = KeyPath::from("reservations").index(index);
            let known: Vec<String> = tariff.map_or(vec![], |t| t.types.iter().map(|kind| kind.name.clone()).collect());
            if tariff.is_some() {
                self.find(&known, &written.kind, path.key("type"), "an instance type of the price list");
            }
            if written.count == 0 {
                self.refuse(path.key("count"), "at least one instance");
            }
            if written.term.0.is_zero() {
                self.refuse(path.key("term"), "a length of time above zero");
            }
            let node = written.node.as_ref().map(|name| self.node(Some(name), path.key("node")));
            let hourly = super::prices::per_hour(&written.hourly);
            if hourly.is_none() {
                self.refuse(path.key("hourly"), "a whole number of pico-dollars an hour");
            }
            self.believable(written, hourly.unwrap_or_default(), &path);
            checked.push(ReservationSetup {
                kind: written.kind.clone(),
                node,
                count: written.count,
                hourly: hourly.unwrap_or_default(),
                upfront_pico: written.upfront.map_or(0, |money| money.pico_usd),
                term: written.term.0,
            });
        }
        checked
    }

    /// A price that is believed for a machine is believed for a reservation, what is paid at once spread over its term.
    fn believable(&mut self, written: &raw::Reservation, hourly: PerHour, path: &KeyPath) {
        const MOST_USD: u128 = 1000;
        const HOUR_NS: u128 = 3_600_000_000_000;
        let most = MOST_USD * u128::from(PICO);
        if u128::from(hourly.0) > most {
            self.refuse(path.key("hourly"), format!("a price of at most {MOST_USD} USD/h"));
        }
        let upfront = written.upfront.map_or(0, |money| u128::from(money.pico_usd));
        let term = u128::from(written.term.0.as_nanos());
        if term > 0 && upfront * HOUR_NS / term > most {
            self.refuse(
                path.key("upfront"),
                format!("at most {MOST_USD} USD for each hour of the term of {}", written.term.0),
            );
        }
    }

    /// The strategies asked for, each once, and no table of parameters that nobody reads.
    fn strategies(&mut self) -> Vec<Asked> {
        let raw = self.raw().clone();
        if raw.strategies.is_empty() {
            self.refuse("strategies", "at least one strategy");
        }
        let mut asked: Vec<Asked> = Vec::new();
        for (index, label) in raw.strategies.iter().enumerate() {
            let path = KeyPath::from("strategies").index(index);
            if asked.iter().any(|other| other.label == *label) {
                self.refuse(
                    path.clone(),
                    "each strategy once; a second set of parameters needs a name of its own and `use`",
                );
            }
            let fine = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            if label.is_empty() || label.len() > NAME_MAX || !label.chars().all(fine) {
                self.refuse(path, "1 to 100 letters, digits, - or _, since it names a folder");
            }
            let uses = raw.strategy.get(label).and_then(|table| table.0.get("use"));
            let uses = match uses {
                None => label.clone(),
                Some(toml::Value::String(name)) => name.clone(),
                Some(_) => {
                    let key = KeyPath::from("strategy").key(label).key("use");
                    self.refuse(key, "the name of a strategy");
                    label.clone()
                }
            };
            asked.push(Asked { label: label.clone(), uses });
        }
        for label in raw.strategy.keys().filter(|label| !raw.strategies.contains(label)) {
            let path = KeyPath::from("strategy").key(label);
            let near = nearest(label, raw.strategies.iter().map(String::as_str));
            let complaint = self.read.complain(path, "parameters", "parameters of a strategy listed in `strategies`");
            self.desk.add(complaint.with_hint(near.map(|near| format!("did you mean \"{near}\"?"))));
        }
        for (index, label) in raw.gateway.iter().enumerate() {
            self.find_unsorted(
                &raw.strategies,
                label,
                KeyPath::from("gateway").index(index),
                "a strategy of this scenario",
            );
        }
        asked
    }

    fn accounts(&mut self, raw: &raw::Scenario) -> Vec<crate::model::world::Account> {
        let mut accounts = BTreeMap::new();
        for (name, account) in &raw.accounts {
            if account.concurrency == 0 {
                self.refuse(KeyPath::from("accounts").key(name).key("concurrency"), "at least one request at once");
            }
            accounts.insert(name.clone(), account.concurrency);
        }
        accounts.entry("default".to_owned()).or_insert(1000);
        self.names.accounts = accounts.keys().cloned().collect();
        let build = |(name, limit)| crate::model::world::Account { name, limit, in_use: 0 };
        accounts.into_iter().map(build).collect()
    }
}
