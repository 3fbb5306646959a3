//! Traces as sources of a scenario: what a run is offered is what was recorded.

use crate::{data, stratosim};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use stratosim::experiment::opened::{Opened, open};
use stratosim::run::drive::drive;
use stratosim::run::sink::{CallRow, Sink, Wants};
use stratosim::strategy::faas::Faas;

/// The file of requests of the only run under a folder.
fn requests(results: &Path) -> PathBuf {
    let only = |folder: PathBuf| std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    only(only(only(results.into()))).join("requests.csv")
}

const TWO_SOURCES: &str = r#"
name = "shop"
strategies = ["faas"]
horizon = "5min"
seed = 9
functions.pay = { work = "exponential(200ms)", payload = "uniform(1kB, 9kB)", timeout = "1s" }
functions.look = { work = "lognormal(80ms, cv 2)", steps = [{ calls = ["pay"] }] }
pools.lambda = { kind = "function" }
sources.north = { kind = "ipp", rate = "20/s", on = "5s", off = "10s", function = "look" }
sources.south = { kind = "poisson", rate = "3/s", function = "pay", payload = "4kB" }
"#;

/// The scenario with its sources replayed from `file`.
fn replayed(format: &str, file: &str) -> String {
    let kept: Vec<&str> = TWO_SOURCES.lines().filter(|line| !line.starts_with("sources")).collect();
    let source = |name: &str| {
        format!(
            "sources.{name} = {{ kind = \"trace\", format = \"{format}\", file = \"{file}\", only_sources = [\"{name}\"] }}\n"
        )
    };
    format!("{}\n{}{}", kept.join("\n"), source("north"), source("south"))
}

/// `requests.csv` -> `trace import` -> run, and `requests.csv` -> run: the tables of both runs are that of the first, byte for byte.
#[test]
fn requests_of_a_run_imported_are_the_requests_of_the_next() {
    let place = tempfile::tempdir().unwrap();
    let run = |scenario: &str, name: &str| {
        std::fs::write(place.path().join(format!("{name}.toml")), scenario).unwrap();
        let (_, error, code) =
            stratosim(place.path(), &["run", &format!("{name}.toml"), "--out", name, "--every", "1"]);
        assert_eq!(code, 0, "{error}");
        requests(&place.path().join(name))
    };
    let first = run(TWO_SOURCES, "first");
    let written = std::fs::read(&first).unwrap();
    assert!(written.split(|&byte| byte == b'\n').count() > 2_000);
    let first = first.display().to_string();
    let arguments = ["trace", "import", "--format", "requests", &first, "--out", "imported.csv"];
    let (_, report, code) = stratosim(place.path(), &arguments);
    assert!(code == 0 && report.contains("call made by another call"), "{report}");
    let table = run(&replayed("arrivals", "imported.csv"), "second");
    assert!(std::fs::read(table).unwrap() == written, "the table of arrivals gives other requests");
    let direct = run(&replayed("requests", &first), "third");
    assert!(std::fs::read(direct).unwrap() == written, "the table of requests gives other requests");
}

/// What a run was offered.
#[derive(Default)]
struct Offered {
    /// Arrival in nanoseconds, function, node, work, payload of every root, by number.
    roots: BTreeMap<u64, (u64, usize, usize, f64, u64)>,
}

impl Sink for Offered {
    fn wants(&self) -> Wants {
        Wants { calls: true, ..Wants::default() }
    }

    fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let request = row.request;
        if row.parent_call.is_none() {
            let what = (
                request.arrival.as_nanos(),
                request.function.index(),
                request.entry.index(),
                request.work,
                request.payload_bytes,
            );
            self.roots.insert(request.number, what);
        }
        Ok(())
    }
}

/// Opens a scenario whose paths are beside the data.
fn opened(scenario: &str) -> Opened {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("town.toml");
    std::fs::write(&file, scenario.replace("DATA", &data("").display().to_string())).unwrap();
    open(&file, &[]).unwrap_or_else(|complaints| panic!("{complaints}"))
}

fn offered(opened: &Opened) -> Vec<(u64, usize, usize, f64, u64)> {
    let mut sink = Offered::default();
    drive(&opened.setup, "faas", &mut Faas::default(), &mut sink).unwrap_or_else(|stop| panic!("{stop}"));
    sink.roots.into_values().collect()
}

/// What alone was to be taken and is not there is told; it may come after the horizon, so it is no mistake.
#[test]
fn names_that_a_trace_lacks_are_told() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("calls.csv"), "arrival_s,function,tenant\n1,f,t\n2,g,u\n").unwrap();
    let scenario = r#"
strategies = ["faas"]
functions.web = { work = "1s" }
pools.lambda = { kind = "function" }
sources.web = { kind = "trace", file = "calls.csv", function = "web", only_functions = ["f", "h"], only_tenants = ["t", "w"] }
"#;
    std::fs::write(place.path().join("run.toml"), scenario).unwrap();
    let (table, said, code) = stratosim(place.path(), &["run", "run.toml", "--every", "0"]);
    assert!(code == 0 && table.contains("requests"), "{said}");
    for (key, name) in [("only_functions", "h"), ("only_tenants", "w")] {
        let line = format!("sources.web.{key}: \"{name}\" is not met in what is read of the trace");
        assert!(said.contains(&line), "{said}");
    }
    assert!(!said.contains("\"f\"") && !said.contains("\"t\""), "{said}");
}

#[test]
fn recorded_requests_enter_at_their_nodes_with_their_work() {
    let opened = opened(
        r#"
strategies = ["faas"]
nodes = { cloud = { cloud = true }, edge-1 = {}, edge-2 = {} }
links = [{ from = "cloud", to = "edge-1", latency = "1ms" }, { from = "cloud", to = "edge-2", latency = "1ms" }]
functions.any = { work = "1s" }
functions.other = { work = "1s" }
sources.web = { kind = "trace", format = "requests", file = "DATAfile", like = "any", length = "1h" }
pools.lambda = { kind = "function" }
"#
        .replace("DATAfile", "DATA/requests/requests.csv")
        .as_str(),
    );
    let text = std::fs::read_to_string(data("requests/requests.csv")).unwrap();
    let mut rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    rows.retain(|row| row[2].is_empty());
    rows.sort_by_key(|row| row[0].parse::<u64>().unwrap());
    let found = offered(&opened);
    assert_eq!(found.len(), rows.len());
    for (row, (arrival, function, node, work, payload)) in rows.iter().zip(found) {
        let seconds = format!("{}.{:09}", arrival / 1_000_000_000, arrival % 1_000_000_000);
        assert_eq!(row[8], seconds);
        assert_eq!(row[5], opened.setup.functions[function].name);
        assert_eq!(row[7], opened.setup.nodes[node].name);
        assert_eq!(row[21].parse::<f64>().unwrap(), work);
        assert_eq!(row[22].parse::<u64>().unwrap(), payload);
    }
}

/// Two clients take the lines of a timetable in turn: the third is asked when the first has its answer, too late, the fourth at its
/// instant again; nodes and sizes are those of the lines.
#[test]
fn clients_work_a_timetable_off() {
    let text = r#"
strategies = ["faas"]
nodes = { cloud = { cloud = true }, gate = {}, hill = {} }
links = [{ from = "cloud", to = "gate", latency = "100ms" }, { from = "cloud", to = "hill", latency = "100ms" }]
functions.f = { work = "1s" }
sources.table = { kind = "trace", format = "timetable", file = "FILE", clients = 2 }
pools.lambda = { kind = "function", cold_start = "0s" }
"#;
    let place = tempfile::tempdir().unwrap();
    let table = place.path().join("calls.txt");
    std::fs::write(&table, "0 f gate 10\n0.5 f hill 20\n0.75 f gate 30\n5 f hill 40\n").unwrap();
    let text = text.replace("FILE", &table.display().to_string());
    let opened = opened(&text);
    let mut sink = Offered::default();
    let driven = drive(&opened.setup, "faas", &mut Faas::default(), &mut sink);
    let (summary, _) = driven.unwrap_or_else(|stop| panic!("{stop}"));
    let node = |index: usize| opened.setup.nodes[index].name.as_str();
    let calls: Vec<_> =
        sink.roots.values().map(|&(at, _, entry, _, bytes)| (at / 1_000_000, node(entry), bytes)).collect();
    assert_eq!(calls, [(0, "gate", 10), (500, "hill", 20), (1_200, "gate", 30), (5_000, "hill", 40)]);
    assert_eq!(summary.asked_late, Some(1));
    let file = place.path().join("town.toml");
    std::fs::write(&file, text.replace("clients = 2", "clients = 0")).unwrap();
    let refused = open(&file, &[]).err().expect("nobody would ask").to_string();
    assert!(refused.contains("sources.table.clients: found 0, want from 1 to"), "{refused}");
}

#[test]
fn functions_of_a_trace_are_made_with_their_memory_and_have_pools_of_their_own() {
    let opened = opened(
        r#"
strategies = ["faas"]
functions.any = { work = "1s", memory = "128MiB" }
functions.fixed = { work = "2s" }
pools.lambda = { kind = "function", per_function = true, serves = ["any"] }
pools.other = { kind = "function", serves = ["fixed"] }
[sources.azure]
kind = "trace"
format = "azure-2019"
files = ["DATA/azure-2019/invocations_per_function_md.anon.d01.csv"]
durations = ["DATA/azure-2019/function_durations_percentiles.anon.d01.csv"]
memory = ["DATA/azure-2019/app_memory_percentiles.anon.d01.csv"]
like = "any"
"#,
    );
    let names: Vec<&str> = opened.setup.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!((names.len(), &names[..2]), (7, &["any", "fixed"][..]));
    // A pool for the function that others are like and each of them, with the memory of its function.
    assert_eq!(opened.setup.pools.len(), 6 + 1);
    for pool in opened.setup.pools.iter().filter(|pool| pool.name.starts_with("lambda/")) {
        let [function] = pool.serves[..] else { panic!("one function for {}", pool.name) };
        let function = &opened.setup.functions[function.index()];
        assert_eq!(pool.name, format!("lambda/{}", function.name));
        assert_eq!(pool.memory_mib, u64::from(function.memory_mib));
    }
    let without: Vec<u32> = opened.setup.functions[2..].iter().map(|function| function.memory_mib).collect();
    assert!(without.contains(&128) && without.iter().any(|&mib| mib != 128), "{without:?}");
    let found = offered(&opened);
    assert_eq!(found.len(), 1260);
    assert!(found.iter().all(|&(_, function, ..)| function >= 2));
}

#[test]
fn a_map_renames_and_what_the_source_says_stands_in_for_what_was_recorded() {
    let opened = opened(
        r#"
strategies = ["faas"]
functions.cart = { work = "1s" }
functions.pay = { work = "2s", payload = "7B" }
pools.lambda = { kind = "function" }
sources.told = { kind = "trace", file = "DATA/arrivals/shop.csv", map = { "GET /cart" = "cart" } }
sources.zero = { kind = "trace", file = "DATA/arrivals/shop.csv", function = "pay", work = "3s", payload = "1B", starts = "10s", pace = 2 }
"#,
    );
    let (cart, pay) = (0, 1);
    assert_eq!(
        offered(&opened),
        [
            (250_000_000, cart, 0, 0.08, 120),
            (250_000_000, pay, 0, 2.0, 7),
            (1_000_000_001, cart, 0, 0.12, 90),
            (4_500_000_000, pay, 0, 0.3, 2000),
            (10_500_000_000, pay, 0, 3.0, 1),
            (10_500_000_000, pay, 0, 3.0, 1),
            (12_000_000_002, pay, 0, 3.0, 1),
            (19_000_000_000, pay, 0, 3.0, 1),
        ]
    );
}

#[test]
fn equal_counts_of_ranked_sources_do_not_ask_as_one() {
    let place = tempfile::tempdir().unwrap();
    let counts = place.path().join("counts.txt");
    std::fs::write(&counts, "2\n0\n1\n").unwrap();
    let source = |name: &str| {
        format!("sources.{name} = {{ kind = \"counts\", file = \"{}\", spread = \"rank\" }}\n", counts.display())
    };
    let text = format!(
        "strategies = [\"faas\"]\nfunctions.web = {{ work = \"1ms\" }}\npools.lambda = {{ kind = \"function\" }}\n{}{}{}{}",
        source("a"),
        source("b"),
        source("c"),
        source("d")
    );
    let milliseconds: Vec<u64> = offered(&opened(&text)).iter().map(|(arrival, ..)| arrival / 1_000_000).collect();
    assert_eq!(milliseconds, [0, 125, 250, 375, 500, 625, 750, 875, 2000, 2250, 2500, 2750]);
}

#[test]
fn two_sources_of_one_trace_draw_what_it_leaves_open_by_themselves() {
    let source = "kind = \"trace\", format = \"counts\", file = \"DATA/counts/wits.txt\"";
    let text = format!(
        "strategies = [\"faas\"]\nfunctions.web = {{ work = \"1ms\" }}\npools.lambda = {{ kind = \"function\" }}\n\
         sources.a = {{ {source} }}\nsources.b = {{ {source} }}\n"
    );
    let arrivals: Vec<u64> = offered(&opened(&text)).iter().map(|(arrival, ..)| *arrival).collect();
    assert_eq!(arrivals.len(), 2 * 1400);
    assert!(arrivals.windows(2).all(|pair| pair[0] < pair[1]), "no two at one instant");
}

/// Each complaint about a trace of a scenario, with the key it speaks of.
#[test]
fn what_is_wrong_with_a_source_is_said_with_its_key() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("bad.csv"), "arrival_s,function\n1,f\nx,f\n").unwrap();
    std::fs::write(place.path().join("late.csv"), "arrival_s,function\n7200,f\n").unwrap();
    std::fs::write(place.path().join("edge.csv"), "arrival_s,function,entry\n1,f,edge\n").unwrap();
    std::fs::write(place.path().join("rates.csv"), "time_s,rate_per_s\n5,1\n4,1\n").unwrap();
    std::fs::write(place.path().join("good.csv"), "arrival_s,function\n1,f\n2,g\n").unwrap();
    std::fs::write(place.path().join("fit.json"), "{}").unwrap();
    let cases = [
        ("kind = \"trace\"", ".file: found nothing, want the file of the trace"),
        ("kind = \"trace\", file = \"a\", files = [\"b\"]", ".files: found a list of 1, want either file or files"),
        ("kind = \"trace\", file = \"none.csv\", like = \"web\"", ".file: found no file none.csv, want a trace"),
        (
            "kind = \"trace\", file = \"bad.csv\", like = \"web\"",
            ".file: found \"x\" for arrival_s at bad.csv:3:1, want a number that is a time within 292 years",
        ),
        (
            "kind = \"trace\", file = \"late.csv\", like = \"web\"",
            ".file: found no arrival among 1 rows, want an arrival before the horizon",
        ),
        (
            "kind = \"trace\", file = \"edge.csv\", like = \"web\"",
            ".at: found requests that entered at \"edge\", which is no node here, want a node of that name, or `at` for where they enter",
        ),
        (
            "kind = \"trace\", file = \"good.csv\"",
            ".map: found the functions \"f\", \"g\" in the trace, want functions of these names, a `map`, `function` or `like`",
        ),
        (
            "kind = \"trace\", file = \"good.csv\", like = \"web\", map = { h = \"web\" }",
            ".map.h: found \"h\", want a function of the trace",
        ),
        (
            "kind = \"trace\", file = \"good.csv\", like = \"wep\"",
            ".like: found \"wep\", want the name of a function (did you mean \"web\"?)",
        ),
        (
            "kind = \"trace\", file = \"good.csv\", like = \"web\", function = \"web\"",
            ".function: found \"web\", want either `function`, which takes what is not in `map`, or `like`",
        ),
        (
            "kind = \"trace\", file = \"good.csv\", like = \"web\", scale = 0",
            ".scale: found 0, want a number above zero, at most a million",
        ),
        ("kind = \"trace\", file = \"good.csv\", like = \"web\", window = 0", ".window: found 0, want at least one"),
        (
            "kind = \"trace\", format = \"csv\", file = \"good.csv\", like = \"web\"",
            ".columns: found nothing, want which column is what",
        ),
        (
            "kind = \"trace\", format = \"csv\", file = \"good.csv\", columns = \"when=1\", like = \"web\"",
            ".columns: found \"when=1\", want one of the roles time, end,",
        ),
        (
            "kind = \"trace\", file = \"good.csv\", columns = \"time=1\", like = \"web\"",
            ".columns: found \"time=1\", want no columns where the format knows them",
        ),
        (
            "kind = \"trace\", format = \"requests\", files = [\"good.csv\", \"bad.csv\"], like = \"web\"",
            ".files: found a list of 2, want one file of this format",
        ),
        (
            "kind = \"fitted\", function = \"web\", generator = \"fit.json\"",
            ".generator: found fit.json: missing field",
        ),
        (
            "kind = \"fitted\", function = \"web\", generator = \"no.json\"",
            ".generator: found no.json: no such file, want",
        ),
        (
            "kind = \"rates\", function = \"web\", file = \"rates.csv\"",
            ".file: found \"4\" for time_s at rates.csv:3:1, want a time not before that of the row above",
        ),
        (
            "kind = \"mmpp\", function = \"web\", rates = [\"1/s\", \"2/s\"], stays = [\"1s\", \"1s\"], moves = [[0, 1]]",
            ".moves: found a list of 1, want a row for each state",
        ),
        (
            "kind = \"ipp\", function = \"web\", rate = \"1/s\", on = \"0s\", off = \"1s\"",
            ".on: found \"0s\", want a length of time above zero",
        ),
        (
            "kind = \"sessions\", function = \"web\", on = \"0s\", off = \"1s\", gap = \"1s\"",
            ".on: found \"0s\", want a law of mean above zero",
        ),
        (
            "kind = \"steps\", function = \"web\", rates = [\"1/s\", \"2/s\"], lengths = [\"1s\", \"1s\", \"1s\"]",
            ".lengths: found a list of 3, want one length, or one for each rate",
        ),
        (
            "kind = \"ramp\", function = \"web\", from = \"1/s\", to = \"2/s\", over = \"0s\"",
            ".over: found \"0s\", want a length of time above zero",
        ),
        (
            "kind = \"daily\", function = \"web\", rate = \"1/s\", swing = 2.0",
            ".swing: found 2.0, want a share from 0 to 1",
        ),
        (
            "kind = \"daily\", function = \"web\", rate = \"1/s\", hours = [0, 0]",
            ".hours: found a list of 2, want a weight above zero among hours, and among days",
        ),
        (
            "kind = \"flash-crowd\", function = \"web\", rate = \"2/s\", peak = \"1/s\", begins = \"1s\", rise = \"1s\", fall = \"1s\"",
            ".peak: found \"1/s\", want a rate above that before the crowd",
        ),
        (
            "kind = \"bursts\", function = \"web\", times = [\"2s\", \"1s\"], sizes = [3]",
            ".times: found a list of 2, want instants that do not fall",
        ),
        (
            "kind = \"clusters\", function = \"web\", rate = \"1/s\", size = 0, spread = \"1s\"",
            ".size: found 0, want a law with a mean of at least 0.0001 requests",
        ),
        (
            "kind = \"clusters\", function = \"web\", rate = \"1/s\", size = 1, spread = \"1s\", share = 0.5",
            ".share: found 0.5, want no share without `together`",
        ),
        (
            "kind = \"poisson\", function = \"web\", rate = \"1/s\", copies = 0",
            ".copies: found 0, want from 1 to 100000",
        ),
    ];
    let mut wrong = Vec::new();
    for (source, wanted) in cases {
        let text = format!(
            "strategies = [\"faas\"]\nhorizon = \"1h\"\nfunctions.web = {{ work = \"1s\" }}\nfunctions.app = {{ work = \"1s\" }}\n\
             pools.lambda = {{ kind = \"function\" }}\nsources.users = {{ {source} }}\n"
        );
        std::fs::write(place.path().join("s.toml"), text).unwrap();
        let (_, error, code) = stratosim(place.path(), &["check", "s.toml"]);
        if code != 2 || !error.contains(&format!("sources.users{wanted}")) {
            wrong.push(format!("{source}\n  found {code}: {error}  wanted {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
