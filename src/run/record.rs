//! The tables of a run as files, one buffered writer each. `results/README.md` explains every column.

use std::io;
use std::path::{Path, PathBuf};

use super::lines::{Lines, quoted};
use super::sink::{CallRow, DecisionRow, FunctionSample, NoteRow, PoolSample, Sink, SourceSample, Wants};
use crate::engine::time::Instant;
use crate::model::world::Departure;
use crate::scenario::setup::Setup;

/// Header of `requests.csv`.
pub const REQUESTS: &str = "request,call,parent,source,client,function,node,entry,arrival_s,attempt,outcome,pool,instance,\
cold,network_s,queue_s,cold_start_s,service_s,calls_s,retries_s,response_s,work,payload_bytes,cost_direct_usd,\
cost_held_usd,end_s";
const DECISIONS: &str = "at_s,by,action,target,from,to,reason,refusal";
const NOTES: &str = "at_s,scope,name,value";
const TIMELINE: &str = "at_s,kind,name,arrived,offered,throttled,running,waiting,desired,pending,initial,healthy,draining,idle,\
utilisation,response_s,memory,network,users,rate_per_s,payload_bytes";
const INSTANCES: &str = "pool,instance,launched_s,ready_s,gone_s";

/// Which requests are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLog {
    /// One in so many, by request number; 0 writes no log.
    pub every: u64,
}

/// The files of one run under way.
pub struct Recorder {
    requests: Option<Lines>,
    every: u64,
    decisions: Lines,
    notes: Lines,
    timeline: Lines,
    instances: Lines,
    names: Names,
    folder: PathBuf,
    probes: u32,
}

/// Names as CSV fields, by id.
struct Names {
    pools: Vec<String>,
    nodes: Vec<String>,
    functions: Vec<String>,
    sources: Vec<String>,
}

impl Recorder {
    /// Creates the tables in a folder.
    pub fn create(folder: &Path, setup: &Setup, log: RequestLog) -> io::Result<Recorder> {
        let file = |name: &str| -> PathBuf { folder.join(name) };
        let requests = match log.every {
            0 => None,
            _ => Some(Lines::create(&file("requests.csv"), REQUESTS)?),
        };
        let names = Names {
            pools: setup.pools.iter().map(|pool| quoted(&pool.name)).collect(),
            nodes: setup.nodes.iter().map(|node| quoted(&node.name)).collect(),
            functions: setup.functions.iter().map(|function| quoted(&function.name)).collect(),
            sources: setup.sources.iter().map(|source| quoted(&source.name)).collect(),
        };
        Ok(Recorder {
            requests,
            every: log.every,
            decisions: Lines::create(&file("decisions.csv"), DECISIONS)?,
            notes: Lines::create(&file("notes.csv"), NOTES)?,
            timeline: Lines::create(&file("timeline.csv"), TIMELINE)?,
            instances: Lines::create(&file("instances.csv"), INSTANCES)?,
            names,
            folder: folder.to_owned(),
            probes: 0,
        })
    }

    /// Writes what is buffered; rows in `requests.csv`.
    pub fn finish(mut self) -> io::Result<u64> {
        let tables = [&mut self.decisions, &mut self.notes, &mut self.timeline, &mut self.instances];
        tables.into_iter().try_for_each(Lines::flush)?;
        match &mut self.requests {
            Some(requests) => requests.flush().map(|()| requests.rows),
            None => Ok(0),
        }
    }
}

impl Sink for Recorder {
    fn wants(&self) -> Wants {
        Wants { calls: self.requests.is_some(), departures: true, samples: true, decisions: true, events: false }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let Some(lines) = &mut self.requests else { return Ok(()) };
        let (request, phases) = (row.request, &row.phases);
        if request.number % self.every != 0 {
            return Ok(());
        }
        let names = &self.names;
        let mut line = lines.line();
        line.whole(request.number);
        line.whole(u64::from(request.call));
        line.maybe(row.parent_call.map(u64::from));
        line.plain(&names.sources[request.source.index()]);
        line.whole(u64::from(request.client));
        line.plain(&names.functions[request.function.index()]);
        line.plain(&names.nodes[request.node.index()]);
        line.plain(&names.nodes[request.entry.index()]);
        line.secs(request.arrival.as_nanos());
        line.whole(u64::from(request.attempt));
        line.plain(row.outcome.name());
        line.plain(request.pool.map_or("", |pool| &names.pools[pool.index()]));
        line.maybe(row.instance_number);
        line.plain(if request.bound.is_some() { "true" } else { "false" });
        for span in [
            phases.network,
            phases.queue,
            phases.cold_start,
            phases.service,
            phases.calls,
            phases.retries,
            phases.response,
        ] {
            line.span(span);
        }
        line.float(request.work);
        line.whole(request.payload_bytes);
        line.usd(request.cost_direct_pico);
        line.usd(request.cost_held_pico);
        line.secs(row.at.as_nanos());
        lines.end()
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        let mut line = self.decisions.line();
        line.secs(row.at.as_nanos());
        for text in [&row.by, row.action, &row.target, &row.from, &row.to, &row.reason, &row.refusal] {
            line.text(text);
        }
        self.decisions.end()
    }

    fn note(&mut self, row: &NoteRow) -> io::Result<()> {
        let mut line = self.notes.line();
        line.secs(row.at.as_nanos());
        line.text(&row.scope);
        line.text(row.name);
        line.float(row.value);
        self.notes.end()
    }

    fn pool_sample(&mut self, row: &PoolSample) -> io::Result<()> {
        let mut line = self.timeline.line();
        line.secs(row.at.as_nanos());
        line.plain("pool");
        line.plain(&self.names.pools[row.pool.index()]);
        line.maybe(None);
        line.whole(row.offered);
        line.whole(row.throttled);
        let fleet = [row.desired, row.pending, row.initial, row.healthy, row.draining, row.idle];
        for count in [row.running, row.waiting].into_iter().chain(fleet) {
            line.whole(u64::from(count));
        }
        line.float(row.utilisation);
        for value in [row.response_s, row.memory, row.network, None, None, None] {
            line.maybe_float(value);
        }
        self.timeline.end()
    }

    fn function_sample(&mut self, row: &FunctionSample) -> io::Result<()> {
        let mut line = self.timeline.line();
        line.secs(row.at.as_nanos());
        line.plain("function");
        line.plain(&self.names.functions[row.function.index()]);
        line.whole(row.arrived);
        (0..17).for_each(|_| line.maybe(None));
        self.timeline.end()
    }

    fn source_sample(&mut self, row: &SourceSample) -> io::Result<()> {
        let mut line = self.timeline.line();
        line.secs(row.at.as_nanos());
        line.plain("source");
        line.plain(&self.names.sources[row.source.index()]);
        line.whole(row.sent);
        (0..11).for_each(|_| line.maybe(None));
        for value in [row.response_s, None, None, row.users, Some(row.rate_per_s), row.payload_bytes] {
            line.maybe_float(value);
        }
        self.timeline.end()
    }

    /// `probes/<nth>.txt` begins with the instant and the entity.
    fn probe(&mut self, at: Instant, entity: &str, text: &str) -> io::Result<()> {
        let folder = self.folder.join("probes");
        std::fs::create_dir_all(&folder)?;
        self.probes += 1;
        std::fs::write(folder.join(format!("{:03}.txt", self.probes)), format!("{at} s {entity}\n{text}"))
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        let mut line = self.instances.line();
        line.plain(&self.names.pools[row.pool.index()]);
        line.whole(row.number);
        line.secs(row.launched.as_nanos());
        match row.ready {
            Some(ready) => line.secs(ready.as_nanos()),
            None => line.maybe(None),
        }
        line.secs(row.gone.as_nanos());
        self.instances.end()
    }
}
