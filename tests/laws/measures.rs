//! Measures that calls store, and what is then read: corrections, lag, and that neither moves anything else.

use stratosim::engine::time::{Instant, Span};
use stratosim::model::archive::{Method, Range};
use stratosim::run::questions::answers;

use crate::play::{Played, play, play_setup, setup};

const DAY: Span = Span::from_secs(86_400);

/// Regions that a producer of two calls stores first, and a pool for all functions.
const REGIONS: &str = "horizon = \"10min\"\n[archive]\nexport = [\"*\"]\n\
    policies.days = { definitions = [{ granularity = \"1d\", timespan = \"365d\" }], methods = [\"sum\", \"count\"] }\n\
    [archive.measures.first]\non = \"store\"\nmetrics = [\"north\", \"south\"]\npolicy = \"days\"\nvalue = 5\n\
    first = \"2020-03-01 17:00:00\"\nevery = \"1d\"\n\
    [functions.store]\nwork = \"1s\"\n[functions.again]\nwork = \"1s\"\n\
    [sources.store]\nkind = \"closed\"\nclients = 1\nthink = \"3s\"\nrequests = 2\nfunction = \"store\"\n\
    [sources.again]\nkind = \"renewal\"\ngap = \"60s\"\nrequests = 1\nfunction = \"again\"\n\
    [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 4\nsize = 1\n";

/// Another table over the north alone, stored a minute later.
fn again(value: u32, first: &str) -> Played {
    play(&format!(
        "{REGIONS}[archive.measures.again]\non = \"again\"\nmetrics = [\"north\"]\npolicy = \"days\"\nvalue = {value}\n\
         first = \"{first}\"\nevery = \"1d\"\n"
    ))
}

/// The points of a series, by days since 1 March 2020.
fn days(played: &Played, metric: &str, method: Method) -> Vec<(u64, f64)> {
    let archive = played.world.monitor.archive();
    let metric = archive.metric(metric).expect("the scenario stores it");
    let points = archive.read(metric, method, Some(DAY), Range::ALL, played.summary.end).expect("the policy keeps it");
    points.iter().map(|point| (point.at.as_nanos() / DAY.as_nanos() - 18_322, point.value)).collect()
}

fn north(played: &Played) -> Vec<(u64, f64)> {
    days(played, "north", Method::SUM)
}

/// The archive of the course project keeps no back window: a day that has passed is closed.
#[test]
fn a_correction_of_an_earlier_day_is_ignored() {
    let played = again(9, "2020-03-01 18:00:00");
    assert_eq!(north(&played), [(0, 5.0), (1, 5.0)]);
    let measures = played.summary.measures.expect("calls store");
    assert_eq!((measures.too_late, measures.unread), (1, 0));
    assert_eq!(measures.posted, [("again".to_owned(), 1), ("first".to_owned(), 4)]);
}

#[test]
fn a_correction_of_the_same_day_adds_and_one_of_the_same_instant_replaces() {
    assert_eq!(north(&again(9, "2020-03-02 18:00:00")), [(0, 5.0), (1, 14.0)]);
    let replaced = again(9, "2020-03-02 17:00:00");
    assert_eq!(north(&replaced), [(0, 5.0), (1, 9.0)]);
    assert_eq!(days(&replaced, "south", Method::SUM), [(0, 5.0), (1, 5.0)], "others are not touched");
    let measures = replaced.summary.measures.expect("calls store");
    assert_eq!((measures.too_late, measures.replaced), (0, 1));
}

/// Measures dated by the clock that meet at one instant replace one another, and are counted: what was posted is readable, too
/// late, replaced or unread.
#[test]
fn what_was_posted_is_accounted_for() {
    let crowd = REGIONS
        .replacen("clients = 1\n", "clients = 4\n", 1)
        .replacen("requests = 2\n", "requests = 40\n", 1)
        .replacen("first = \"2020-03-01 17:00:00\"\nevery = \"1d\"\n", "", 1);
    let played = play(&crowd);
    let archive = played.world.monitor.archive();
    let metric = archive.metric("north").expect("the scenario stores it");
    let points = archive.read(metric, Method::COUNT, Some(DAY), Range::ALL, played.summary.end).expect("it is kept");
    let readable = points.iter().map(|point| point.value).sum::<f64>() as u64;
    let measures = played.summary.measures.as_ref().expect("calls store");
    // Four at each instant, to each of two regions.
    assert_eq!((measures.posted[0].1, measures.replaced, measures.too_late, measures.unread), (80, 60, 0, 0));
    assert_eq!(2 * readable, 20);
}

/// What is left of a run behind the monitor's last look is no step of its own: a rate over moments would count as much as one over
/// a minute.
#[test]
fn the_last_calls_make_no_step_of_their_own() {
    let text = "horizon = \"2min\"\n[archive]\nexport = [\"pool/p/CPUUtilization\"]\n\
        [functions.f]\nwork = \"10s\"\n\
        [sources.s]\nkind = \"renewal\"\ngap = \"1s\"\nfunction = \"f\"\n\
        [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 20\nsize = 1\n";
    let played = play(text);
    assert!(played.summary.end.as_secs_f64() > 120.0, "calls are under way at the horizon");
    let archive = played.world.monitor.archive();
    let metric = archive.metric("pool/p/CPUUtilization").expect("it is written out");
    let minute = Some(Span::from_secs(60));
    let points = archive.read(metric, Method::MEAN, minute, Range::ALL, played.summary.end).expect("it is kept");
    let at: Vec<u64> = points.iter().map(|point| point.at.as_nanos() / 1_000_000_000).collect();
    assert_eq!(at, [0, 60]);
}

/// The copies of a raced request store what it would store alone, once.
#[test]
fn a_race_stores_what_its_request_stores() {
    let computer = |name: &str| {
        format!(
            "[pools.{name}]\nkind = \"computer\"\nprocessors.cpu = {{ speed = \"1 Gops/s\", cores = 9, memory = \"1GiB\" }}\ncontainers.store = {{ workers = 9, ops_per_byte = 0, ops_offset = 1e9 }}\n"
        )
    };
    let text = |controller: &str| {
        format!("strategies = [\"here\"]\n[strategy.here]\nuse = \"edge-router\"\n{controller}\n")
            + "[archive]\nexport = [\"*\"]\n\
               policies.days = { definitions = [{ granularity = \"1d\", timespan = \"365d\" }], methods = [\"sum\", \"count\"] }\n\
               [archive.measures.first]\non = \"store\"\nmetrics = [\"north\"]\npolicy = \"days\"\n\
               value = \"uniform(0, 9)\"\nfirst = \"2020-03-01 17:00:00\"\nevery = \"6h\"\n\
               [functions.store]\nwork = \"1s\"\n\
               [sources.store]\nkind = \"renewal\"\ngap = \"5s\"\nrequests = 20\nfunction = \"store\"\n"
            + &computer("a")
            + &computer("b")
    };
    let [raced, alone] = ["controller = \"uncoordinated\"\npersistence = 1", "policy = \"random\""]
        .map(|controller| crate::brokers::played(&text(controller)));
    assert_eq!(raced.summary.calls.arrived, 60, "two copies of each");
    assert_eq!(days(&raced, "north", Method::SUM), days(&alone, "north", Method::SUM));
    assert_eq!(raced.summary.measures.expect("calls store").posted, [("first".to_owned(), 20)]);
}

/// The two calls are over at 4 and 8 s (three seconds of thought before each): readable at the next multiple, or at once.
#[test]
fn the_lag_is_as_the_processing_period_says() {
    let secs = |ns: Option<u64>| ns.expect("something was stored") as f64 / 1e9;
    let lags = |line: &str| {
        let played = play(&REGIONS.replacen("[archive]\n", &format!("[archive]\n{line}"), 1));
        let measures = played.summary.measures.as_ref().expect("calls store");
        assert_eq!(measures.lag.count(), 4, "two calls of two values");
        (secs(measures.lag.min()), secs(measures.lag.max()), measures.unread, north(&played).len())
    };
    assert_eq!(lags(""), (0.0, 0.0, 0, 2));
    assert_eq!(lags("processing_every = \"10s\"\n"), (2.0, 6.0, 0, 2));
    assert_eq!(lags("processing_every = \"7s\"\n"), (3.0, 6.0, 0, 2));
    assert_eq!(lags("processing_every = \"1h\"\n"), (3592.0, 3596.0, 4, 0), "not readable before the end");
    // A policy's own period comes before that of the archive.
    let own = REGIONS.replacen("methods = [\"sum\"", "processing_every = \"5s\", methods = [\"sum\"", 1);
    let played = play(&own.replacen("[archive]\n", "[archive]\nprocessing_every = \"1h\"\n", 1));
    let measures = played.summary.measures.as_ref().expect("calls store");
    assert_eq!((secs(measures.lag.min()), secs(measures.lag.max())), (1.0, 2.0));
}

/// What waits for its publication is one sorted batch of the original: the smaller of two values at one instant wins there,
/// the later one where each is processed at once.
#[test]
fn measures_of_one_instant_meet_in_one_batch() {
    let same = |line: &str| {
        let text = REGIONS.replacen("[archive]\n", &format!("[archive]\n{line}"), 1);
        let tables = "[archive.measures.again]\non = \"again\"\nmetrics = [\"north\"]\npolicy = \"days\"\nvalue = 9\n\
            first = \"2020-03-02 17:00:00\"\nevery = \"1d\"\n";
        north(&play(&format!("{text}{tables}")))
    };
    assert_eq!(same(""), [(0, 5.0), (1, 9.0)]);
    assert_eq!(same("processing_every = \"5min\"\n"), [(0, 5.0), (1, 5.0)]);
}

/// A call that fails stores nothing; one that is asked again stores when it is served.
#[test]
fn only_work_that_is_done_is_stored() {
    let failing =
        REGIONS.replacen("[functions.store]\nwork = \"1s\"\n", "[functions.store]\nwork = \"1s\"\nfailure = 1\n", 1);
    let played = play(&failing);
    assert_eq!(played.summary.measures.as_ref().expect("a table").posted, [("first".to_owned(), 0)]);
    assert!(north(&played).is_empty());
    let retried = REGIONS.replacen(
        "[functions.store]\nwork = \"1s\"\n",
        "[functions.store]\nwork = \"1s\"\nfailure = 0.5\nretry = { attempts = 50, backoff = \"1s\" }\n",
        1,
    );
    assert_eq!(north(&play(&retried)), [(0, 5.0), (1, 5.0)]);
}

/// A table moves no request, and nothing beside a source moves what its calls store.
#[test]
fn measures_move_nothing_and_nothing_moves_them() {
    let drawn = REGIONS.replace("value = 5", "value = \"discrete(1, 1000, step 1)\"");
    let without = &REGIONS[..REGIONS.find("[archive.measures").expect("a table")];
    let functions = &REGIONS[REGIONS.find("[functions.store]").expect("functions")..];
    let (with, without) = (play(&drawn), play(&format!("{without}{functions}")));
    assert_eq!(with.summary.digest, without.summary.digest);
    assert_eq!(with.summary.offered_digest, without.summary.offered_digest);
    assert_ne!(north(&with), days(&with, "south", Method::SUM), "every metric has draws of its own");
    let neighbours = "[functions.a]\nwork = \"exponential(2s)\"\n\
        [sources.a]\nkind = \"poisson\"\nrate = \"3/s\"\nfunction = \"a\"\n\
        [archive.measures.a]\non = \"a\"\nmetrics = [\"a\"]\npolicy = \"days\"\nvalue = \"exponential(3)\"\n";
    assert_eq!(north(&play(&format!("{drawn}{neighbours}"))), north(&with));
    // More slots serve the neighbours sooner; the values are those of the calls.
    let crowded = drawn.replace("slots = 4", "slots = 1");
    assert_eq!(north(&play(&format!("{crowded}{neighbours}"))), north(&with));
}

/// Asked at the end of a run through the scenario's own question: the sum of the regions, and nothing where a region lacks the
/// day.
#[test]
fn a_question_of_the_scenario_sums_the_regions() {
    let ask = |more: &str| {
        let text = format!(
            "{REGIONS}[archive.measures.again]\non = \"again\"\nmetrics = [\"east\"]\npolicy = \"days\"\nvalue = 1\n\
             first = \"2020-03-02 17:00:00\"\nevery = \"1d\"\n\
             [archive.questions.nation]\noperation = \"(aggregate sum (metric (north sum) (south sum) (east sum)))\"\n{more}"
        );
        let setup = setup(&text);
        let played = play_setup(&setup, &[]);
        let asked = &setup.provider.archive.questions;
        answers(played.world.monitor.archive(), asked, played.summary.end).map_err(|error| error.to_string())
    };
    let values = |more: &str| -> Vec<Vec<f64>> {
        let answers = ask(more).unwrap_or_else(|error| panic!("{error}"));
        answers.iter().map(|answer| answer.points.iter().map(|point| point.value).collect()).collect()
    };
    assert_eq!(values(""), [[10.0, 11.0]], "holes are ignored");
    assert_eq!(values("total = true\n"), [[10.0, 11.0], [10.0, 21.0]]);
    assert_eq!(values("overlap = \"100%\"\n"), [[11.0]], "where all have the day");
    assert_eq!(values("fill = 100\n"), [[110.0, 11.0]]);
    assert_eq!(values("fill = \"bfill\"\n"), [[11.0, 11.0]]);
    assert_eq!(values("to = \"2020-03-02\"\n"), [[10.0]]);
    assert_eq!(values("from = \"2020-03-02 23:00:00\"\ngranularity = \"24h\"\n"), [[11.0]], "rounded down");
    let error = ask("overlap = \"100%\"\nto = \"2020-03-02\"\n").expect_err("no day that all have");
    assert!(error.starts_with("archive.questions.nation: no overlap"), "{error}");
    let error = ask("overlap = \"80%\"\nfrom = \"2020-03-01\"\n").expect_err("one day of two");
    assert!(error.contains("50.00 % of the points overlap, want at least 80 %"), "{error}");
}

/// Questions may be about the monitor's own series, which then are kept as if they were written out.
#[test]
fn the_monitor_answers_questions_too() {
    let text = "horizon = \"2h\"\n[archive.questions.per-hour]\n\
        operation = \"(resample sum 1h (metric function/f/Invocations sum))\"\ngranularity = \"1min\"\n\
        [functions.f]\nwork = \"100ms\"\n[sources.s]\nkind = \"poisson\"\nrate = \"1/s\"\nfunction = \"f\"\n\
        [pools.p]\nkind = \"vm\"\ntype = \"m\"\nslots = 4\nsize = 1\n";
    let setup = setup(text);
    let played = play_setup(&setup, &[]);
    let found = answers(played.world.monitor.archive(), &setup.provider.archive.questions, played.summary.end);
    let hours: Vec<f64> = found.expect("kept")[0].points.iter().map(|point| point.value).collect();
    assert_eq!(hours.len(), 2);
    assert_eq!(hours.iter().sum::<f64>(), played.summary.roots.arrived as f64);
    assert_eq!(played.summary.end, Instant::ZERO + Span::from_secs(7200));
}
