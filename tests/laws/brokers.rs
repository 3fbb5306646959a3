//! Laws of brokers with few threads and connections: whatever callers, computers and chains do, every call ends once, its phases sum
//! to its response, and every place comes back (the driver sees to it at the end of each run).

use proptest::prelude::*;
use stratosim::experiment::opened::open;
use stratosim::model::request::Outcome;

use crate::play::{Played, play_under};
use crate::random_worlds::{conserved, one_of, timed};

/// What a broker is and can do. Where brokers wait for one another, or for a connection that is lost, callers have to give up.
fn broker() -> impl Strategy<Value = (String, bool)> {
    (
        one_of(&[
            "use = \"edge-router\"\npolicy = \"random\"\noptimizer = \"async\"",
            "use = \"edge-router\"\npolicy = \"round-robin\"\nperiod = \"2s\"",
            "use = \"edge-router\"\npolicy = \"least-impedance\"\noptimizer = \"async\"",
            "use = \"edge-router\"\npolicy = \"round-robin\"\noptimizer = \"async\"\ncontroller = \"hierarchical\"",
            "use = \"edge-router\"\ncontroller = \"uncoordinated\"\npersistence = 0.4",
            "use = \"edge-dispatcher\"\npredictor = \"util\"",
            "use = \"edge-dispatcher\"\npredictor = \"probe\"",
        ]),
        one_of(&["", "brokers = [\"a\"]", "brokers = [\"a\", \"b\"]"]),
        one_of(&["", "threads = 1", "threads = 2", "threads = 3"]),
        one_of(&["", "connections = 1", "connections = 2"]),
        one_of(&["", "forward_time = \"5ms\"", "forward_time = \"uniform(0s, 20ms)\""]),
        one_of(&["", "readmit = \"500ms\"", "readmit = \"500ms\"\nannounce_delay = \"20ms\""]),
        any::<bool>(),
    )
        .prop_map(|(kind, places, threads, connections, forward, readmit, faithful)| {
            // Who calls computers itself has no broker and no controller.
            let (places, readmit) = if kind.contains("uncoordinated") { ("", "") } else { (places, readmit) };
            let waits_in_vain = faithful || kind.contains("hierarchical");
            (
                format!("{kind}\n{places}\n{threads}\n{connections}\n{forward}\n{readmit}\nfaithful = {faithful}\n"),
                waits_in_vain,
            )
        })
}

/// Three places in a row, two computers of which one is too small for large calls, and clients at each end.
fn world() -> impl Strategy<Value = String> {
    (
        broker(),
        one_of(&["", "timeout = \"80ms\"", "timeout = \"400ms\""]),
        one_of(&["", "failure = 0.2"]),
        one_of(&["", "retry = { attempts = 3, backoff = \"50ms\", jitter = true }"]),
        one_of(&["", "steps = [{ calls = [\"g\", \"g\"] }]"]),
        one_of(&["", "client", "hop-by-hop", "state-local"]),
        one_of(&["5/s", "40/s"]),
        0u64..1_000_000,
    )
        .prop_map(|((broker, in_vain), timeout, failure, retry, steps, chain, rate, seed)| {
            // A call that calls others through the brokers keeps its thread meanwhile.
            let timeout = if (in_vain || !steps.is_empty()) && timeout.is_empty() { "timeout = \"2s\"" } else { timeout };
            let caller = format!("{timeout}\n{failure}\n{retry}\n");
            let chain = match chain {
                "" => String::new(),
                policy => format!(
                    "[chains.c]\nsteps = [\"g\", \"g\"]\npolicy = \"{policy}\"\nstates.s = {{ of = [\"g\"], size = \"2kB\" }}\n\
                     [sources.chained]\nkind = \"poisson\"\nrate = \"3/s\"\nfunction = \"c\"\npayload = \"500B\"\nat = \"c\"\n"
                ),
            };
            format!(
                "strategies = [\"here\"]\nseed = {seed}\nhorizon = \"20s\"\n[strategy.here]\n{broker}\
                 [nodes.a]\n[nodes.b]\n[nodes.c]\n\
                 [[links]]\nfrom = \"a\"\nto = \"b\"\nlatency = \"3ms\"\nbandwidth = \"10Mbit/s\"\n\
                 [[links]]\nfrom = \"b\"\nto = \"c\"\nlatency = \"7ms\"\n\
                 [functions.f]\nwork = \"1s\"\n{caller}{steps}\n[functions.g]\nwork = \"1s\"\n{caller}\n\
                 [pools.small]\nkind = \"computer\"\nnode = \"b\"\n\
                 processors.cpu = {{ speed = \"1 Gops/s\", cores = 2, memory = \"400kB\" }}\n\
                 containers.f = {{ workers = 2, ops_per_byte = 2e4, ops_offset = 1e7 }}\n\
                 containers.g = {{ ops_per_byte = 1e4, ops_offset = 1e7 }}\n\
                 [pools.wide]\nkind = \"computer\"\nnode = \"c\"\n\
                 processors.cpu = {{ speed = \"1 Gops/s\", cores = 1, memory = \"1GiB\" }}\n\
                 containers.f = {{ workers = 4, ops_per_byte = 1e4, ops_offset = 1e7 }}\n\
                 containers.g = {{ workers = 4, ops_per_byte = 1e4, ops_offset = 1e7 }}\n\
                 [sources.near]\nkind = \"poisson\"\nrate = \"{rate}\"\nfunction = \"f\"\npayload = \"uniform(100B, 6kB)\"\nat = \"a\"\n\
                 [sources.far]\nkind = \"poisson\"\nrate = \"10/s\"\nfunction = \"g\"\npayload = \"uniform(100B, 3kB)\"\nat = \"c\"\n\
                 {chain}"
            )
        })
}

pub fn played(text: &str) -> Played {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("brokers.toml");
    std::fs::write(&path, text).expect("a scenario can be written");
    let opened = open(&path, &[]).unwrap_or_else(|no| panic!("{no}\n{text}"));
    let column = &opened.columns[0];
    play_under(&opened.setup_for(column, 0), &mut *opened.build(column).strategy)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_place_at_a_broker_comes_back(text in world()) {
        let first = played(&text);
        conserved(&first);
        timed(&first);
        let again = played(&text);
        prop_assert_eq!(format!("{:?}", first.summary), format!("{:?}", again.summary));
    }

    /// Places that are never all taken are as good as none at all.
    #[test]
    fn limits_that_nobody_meets_change_nothing(text in world()) {
        let without = text.lines().filter(|line| !line.starts_with("threads") && !line.starts_with("connections"));
        let without: Vec<&str> = without.collect();
        let at_once = |line: &&str| line.starts_with("[strategy.here]");
        let here = without.iter().position(at_once).expect("the strategy has a table") + 1;
        let with = [&without[..here], &["threads = 100000", "connections = 100000"], &without[here..]].concat();
        // Lost connections are not so many.
        let [none, many] = [without, with].map(|lines| played(&(lines.join("\n") + "\n")));
        prop_assert_eq!(&none.summary.digest, &many.summary.digest);
        let served = |played: &Played| played.summary.roots.of(Outcome::Served);
        prop_assert_eq!(served(&none), served(&many));
        prop_assert_eq!(none.rows.len(), many.rows.len());
    }
}

/// Cores are booked at the instants of events, whatever a computer reports in between, and whatever pools stand beside it.
#[test]
fn a_call_with_a_core_of_its_own_uses_one_as_long_as_it_runs() {
    let played = played(
        "strategies = [\"here\"]\nhorizon = \"10h\"\n[strategy.here]\nuse = \"edge-router\"\npolicy = \"random\"\n\
         optimizer = \"async\"\ncomputers = [\"c\", \"m\"]\n[nodes.here]\n[functions.f]\nwork = \"exponential(3s)\"\nmemory = \"1MiB\"\n\
         [sources.clients]\nkind = \"poisson\"\nfunction = \"f\"\nrate = \"2/s\"\npayload = \"1kB\"\nat = \"here\"\n\
         [pools.a]\nkind = \"function\"\nnode = \"here\"\n[pools.h]\nkind = \"function\"\nnode = \"here\"\n\
         [pools.c]\nkind = \"computer\"\nreport = \"100ms\"\nprocessors.cpu = { speed = \"20 Gops/s\", cores = 64, memory = \"8GiB\" }\n\
         containers.f = { workers = 64, ops_per_work = 20e9 }\n\
         [pools.m]\nkind = \"computer\"\nreport = \"700ms\"\nprocessors.cpu = { speed = \"30 Gops/s\", cores = 64, memory = \"8GiB\" }\n\
         containers.f = { workers = 64, ops_per_work = 20e9 }\n[pools.z]\nkind = \"function\"\nnode = \"here\"\n",
    );
    let (world, end) = (&played.world, played.summary.end);
    for pool in world.pools.iter().filter(|pool| pool.spec.computer.is_some()) {
        let (busy, cores) = (pool.busy.read(end).integral, pool.cores_busy.read(end).integral);
        assert!(pool.counts.begun > 10_000 && busy > 0);
        assert_eq!(cores, 1000 * busy, "{}", pool.spec.name);
    }
}
