//! An edge of four sites in a ring, and what a run of it tells: who served whom, what was planned, how busy replicas were.
//!
//! Two functions, one site far above its memory, a cloud behind. Rates and service times are such that a plan's pools see
//! hundreds of thousands of requests in 20,000 seconds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use stratosim::experiment::opened::open;
use stratosim::model::request::{Outcome, Phases};
use stratosim::model::world::{Departure, World};
use stratosim::planner::fralb::instance::Instance;
use stratosim::planner::fralb::network::Network;
use stratosim::planner::fralb::plan::Plan;
use stratosim::run::drive::drive;
use stratosim::run::sink::{CallRow, DecisionRow, NoteRow, Sink, Wants};
use stratosim::run::summary::Summary;

pub(super) const SITES: [&str; 4] = ["a", "b", "c", "d"];
pub(super) const FUNCTIONS: [&str; 2] = ["api", "img"];
pub(super) const MEMORY: [u64; 4] = [1024, 4096, 2048, 3072];
pub(super) const REPLICA: [u64; 2] = [256, 512];
pub(super) const WORK: [f64; 2] = [0.05, 0.125];
pub(super) const RATES: [[f64; 2]; 4] = [[56.0, 72.0], [16.0, 8.0], [36.0, 12.0], [12.0, 4.0]];
pub(super) const RING: [(usize, usize); 4] = [(0, 1), (1, 2), (2, 3), (3, 0)];
pub(super) const U: f64 = 0.8;

/// The edge in the planner's terms.
pub(super) fn instance() -> Instance {
    let links = RING.iter().flat_map(|&(n, m)| [(n, m), (m, n)]).collect();
    Instance {
        name: "ring".into(),
        nodes: 4,
        functions: 2,
        load: RATES.concat(),
        demand: WORK.repeat(4),
        max_utilization: vec![U; 2],
        memory_requirement: REPLICA.to_vec(),
        memory_capacity: MEMORY.to_vec(),
        network: Network::new(4, links),
        alpha: vec![1.0; 8],
        beta: vec![0.9; 32],
        gamma: vec![0.8; 8],
        delta: vec![0.9; 8],
    }
}

/// The same as a scenario; `source` writes the arrivals of a cell, `strategy` the parameters.
pub(super) fn scenario(
    strategy: &str,
    parameters: &str,
    horizon: &str,
    source: impl Fn(usize, usize) -> String,
) -> String {
    let mut text =
        format!("strategies = [\"{strategy}\"]\nhorizon = \"{horizon}\"\n[strategy.{strategy}]\n{parameters}");
    let mut say = |line: String| writeln!(text, "{line}").expect("writing to a string does not fail");
    for (f, function) in FUNCTIONS.iter().enumerate() {
        say(format!("[functions.{function}]\nwork = \"exponential({}s)\"\nmemory = \"{}MiB\"", WORK[f], REPLICA[f]));
    }
    say("[nodes.cloud]\ncloud = true".into());
    for (n, site) in SITES.iter().enumerate() {
        say(format!("[nodes.{site}]\nmemory = \"{}MiB\"", MEMORY[n]));
        say(format!("[[links]]\nfrom = \"{site}\"\nto = \"cloud\"\nlatency = \"30ms\""));
    }
    for (n, m) in RING {
        say(format!("[[links]]\nfrom = \"{}\"\nto = \"{}\"\nlatency = \"3ms\"", SITES[n], SITES[m]));
    }
    say("[pools.lambda]\nkind = \"function\"\nnode = \"cloud\"\naccount = \"none\"\ngrowth_per_10s = 0".into());
    for (n, site) in SITES.iter().enumerate() {
        for (f, function) in FUNCTIONS.iter().enumerate() {
            say(format!(
                "[pools.{site}-{function}]\nkind = \"container\"\nnode = \"{site}\"\nserves = [\"{function}\"]\nvcpu = 1\n\
                 memory = \"{}MiB\"\nstart = \"2s\"\nsize = 0",
                REPLICA[f]
            ));
            say(format!("[sources.{site}-{function}]\nfunction = \"{function}\"\nat = \"{site}\"\n{}", source(n, f)));
        }
    }
    text
}

/// Poisson arrivals at `times` the rates of the plan.
pub(super) fn poisson(times: f64) -> impl Fn(usize, usize) -> String {
    move |n, f| format!("kind = \"poisson\"\nrate = \"{}/s\"", times * RATES[n][f])
}

/// Loads stated, one plan for the whole run.
pub(super) fn stated(more: &str) -> String {
    let mut text = format!("load = \"expected\"\n{more}\n");
    for (n, site) in SITES.iter().enumerate() {
        let [api, img] = RATES[n];
        writeln!(text, "expected.{site} = {{ api = \"{api}/s\", img = \"{img}/s\" }}").expect("a string");
    }
    text
}

/// Who served how many of a cell's requests, and how long those of a pool waited.
#[derive(Default)]
pub(super) struct Seen {
    /// By cell and by site; place 4 is the cloud.
    pub(super) served: BTreeMap<(usize, usize), [u64; 5]>,
    /// Sum of seconds waited and requests, by pool.
    pub(super) waits: BTreeMap<usize, (f64, u64)>,
    pub(super) decisions: Vec<DecisionRow>,
    pub(super) notes: Vec<NoteRow>,
    pub(super) departures: Vec<Departure>,
    pub(super) wrong: Vec<String>,
    pub(super) orphans: u64,
    pub(super) responses_s: Vec<f64>,
}

/// The site behind a node's id: nodes are in the order of their names, the cloud after c.
pub(super) fn site(node: usize) -> usize {
    [0, 1, 2, 4, 3][node]
}

/// The node of a site.
pub(super) fn node(site: usize) -> usize {
    [0, 1, 2, 4][site]
}

impl Sink for Seen {
    fn wants(&self) -> Wants {
        Wants { calls: true, departures: true, decisions: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        let (from, to, f) = (site(request.entry.index()), site(request.node.index()), request.function.index());
        self.served.entry((from, f)).or_default()[to] += 1;
        let Phases { queue, network, response, .. } = row.phases;
        if row.outcome != Outcome::Served {
            self.wrong.push(format!("request {} ended as {}", request.number, row.outcome.name()));
        }
        // Milliseconds on links, there and back, tell the hops. Who finds the replicas of a neighbour gone goes on to the
        // cloud, 3 + 30 ms, and back by 30: the only second hop there is.
        let linked = RING.iter().any(|&(n, m)| (from, to) == (n, m) || (from, to) == (m, n));
        let micros = network.as_nanos() / 1000;
        match to {
            4 if micros == 63_000 => self.orphans += 1,
            4 if micros == 60_000 => {}
            _ if to == from && micros == 0 => {}
            _ if linked && micros == 6_000 => {}
            _ => self.wrong.push(format!("request {} from {from} to {to}: {micros} us on links", request.number)),
        }
        if let Some(pool) = request.pool {
            let (sum, count) = self.waits.entry(pool.index()).or_default();
            (*sum, *count) = (*sum + queue.as_secs_f64(), *count + 1);
        }
        if request.number.is_multiple_of(7) {
            self.responses_s.push(response.as_secs_f64());
        }
        Ok(())
    }

    fn departure(&mut self, row: &Departure) -> io::Result<()> {
        self.departures.push(*row);
        Ok(())
    }

    fn decision(&mut self, row: &DecisionRow) -> io::Result<()> {
        self.decisions.push(row.clone());
        Ok(())
    }

    fn note(&mut self, row: &NoteRow) -> io::Result<()> {
        self.notes.push(row.clone());
        Ok(())
    }
}

pub(super) struct Ran {
    pub(super) seen: Seen,
    pub(super) summary: Summary,
    pub(super) world: World,
}

pub(super) fn run(text: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ring.toml");
    std::fs::write(&path, text).expect("a scenario can be written");
    let opened = open(&path, &[]).unwrap_or_else(|no| panic!("{no}\n{text}"));
    let column = &opened.columns[0];
    let mut seen = Seen::default();
    let setup = opened.setup_for(column, 0);
    let driven = drive(&setup, &column.label, &mut *opened.build(column).strategy, &mut seen);
    let (summary, world) = driven.unwrap_or_else(|stop| panic!("{stop}"));
    assert_eq!(summary.broken_laws(), Vec::<String>::new());
    assert!(seen.wrong.is_empty(), "{:?}", &seen.wrong[..seen.wrong.len().min(5)]);
    Ran { seen, summary, world }
}

impl Ran {
    /// The plan that was ordered before the start, read from the decisions.
    pub(super) fn plan(&self) -> Plan {
        let instance = instance();
        let mut plan = Plan::empty(&instance);
        let place = |name: &str| {
            let (site, function) = name.split_once('-').expect("a fleet is named by site and function");
            let f = FUNCTIONS.iter().position(|&name| name == function).expect("a function");
            (SITES.iter().position(|&name| name == site).expect("a site"), f)
        };
        for row in &self.seen.decisions {
            assert_eq!(row.refusal, "", "{row:?}");
            match row.action {
                "scale" => {
                    let (n, f) = place(&row.target);
                    plan.replicas[instance.at(n, f)] = row.to.parse().expect("a size");
                }
                _ => {
                    let (n, f) = place(&format!("{}-{}", row.target, row.from));
                    for share in row.to.split(", ") {
                        let (target, weight) = share.rsplit_once(' ').expect("a target and its weight");
                        let weight: f64 = weight.parse().expect("a weight");
                        if target == "node cloud" {
                            plan.z[instance.at(n, f)] = weight;
                        } else {
                            let (m, _) = place(target);
                            match instance.network.find(n, m) {
                                Some(link) => plan.y[link * 2 + f] = weight,
                                None => plan.x[instance.at(n, f)] = weight,
                            }
                        }
                    }
                }
            }
        }
        plan
    }

    pub(super) fn note(&self, name: &str) -> Vec<f64> {
        self.seen.notes.iter().filter(|note| note.name == name).map(|note| note.value).collect()
    }

    /// What the plan says of a cell's requests: shares by site, the cloud last.
    pub(super) fn shares(plan: &Plan, n: usize, f: usize) -> [f64; 5] {
        let instance = instance();
        let cell = instance.at(n, f);
        let mut shares = [0.0; 5];
        (shares[n], shares[4]) = (plan.x[cell], plan.z[cell]);
        for link in instance.network.out_of(n) {
            shares[instance.network.links()[link].1] = plan.y[link * 2 + f];
        }
        shares.map(|load| load / instance.load[cell])
    }

    /// Quantile of the responses that were kept, seconds.
    pub(super) fn quantile(&self, q: f64) -> f64 {
        let mut sorted = self.seen.responses_s.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[(q * (sorted.len() - 1) as f64) as usize]
    }

    /// Busy fraction of each fleet over the run, by cell; none where there is no replica.
    pub(super) fn busy(&self) -> Vec<Option<f64>> {
        let fleet = |n: usize, f: usize| {
            let name = format!("{}-{}", SITES[n], FUNCTIONS[f]);
            self.summary.pools.iter().find(|pool| pool.name == name).expect("a fleet")
        };
        let cells = (0..4).flat_map(|n| [fleet(n, 0), fleet(n, 1)]);
        cells.map(|pool| (pool.alive_s > 0.0).then(|| pool.busy_s / pool.alive_s)).collect()
    }
}
