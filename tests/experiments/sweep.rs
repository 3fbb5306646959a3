//! Sweeps: the same table however they are run, and whatever happens to them on the way.

use std::process::Stdio;
use std::time::Duration;

use stratosim::engine::random::Rng;

use super::place::{Place, queue};

/// A queue with a sweep of boot-free machines, arrival rates and the parameters of one strategy.
fn sweep(points: u32, horizon_s: u64) -> String {
    queue(0.5, 1, horizon_s)
        + &format!(
            "[sweep]\nreplications = 2\n\
             [[sweep.axes]]\nkey = \"pools.p.size\"\nvalues = [2, 3]\n\
             [[sweep.axes]]\nkey = \"sources.s.rate\"\nfrom = \"0.2/s\"\nto = \"1.2/s\"\npoints = {points}\n"
        )
}

#[test]
fn a_table_has_a_row_for_each_point_and_strategy() {
    let place = Place::new();
    place.write("queue.toml", &sweep(3, 400));
    let out = place.done("sweep queue.toml");
    assert!(out.starts_with("6 points: 24 runs made, 0 were there\n"), "{out}");
    let table = place.read("results/queue/points.csv");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 13, "{table}");
    assert!(lines[0].starts_with(
        "point,strategy,pools.p.size,sources.s.rate,replications,verdict,requests,requests_half,cost_usd,"
    ));
    assert!(lines[1].starts_with("0,max,2,0.2/s,2,too-short,"), "{}", lines[1]);
    assert!(lines[12].starts_with("5,two,3,1.2/s,2,"), "{}", lines[12]);
    let fields = lines[0].split(',').count();
    assert!(lines.iter().all(|line| line.split(',').count() == fields));
    assert_eq!(place.done("sweep queue.toml").lines().next(), Some("6 points: 0 runs made, 24 were there"));
}

#[test]
fn only_what_is_missing_or_changed_is_run() {
    let place = Place::new();
    place.write("queue.toml", &sweep(2, 300));
    place.done("sweep queue.toml -q");
    // A comment and a new axis value change nothing about the points that were there.
    let more = format!("# why\n{}", sweep(2, 300).replace("[2, 3]", "[2, 3, 4]"));
    place.write("queue.toml", &more);
    assert!(place.done("sweep queue.toml").starts_with("6 points: 8 runs made, 16 were there\n"));
    // More replications: the first two are there.
    place.write("queue.toml", &more.replace("replications = 2", "replications = 3"));
    assert!(place.done("sweep queue.toml").starts_with("6 points: 12 runs made, 24 were there\n"));
    // Another parameter of one strategy changes the runs of that strategy.
    place.write("queue.toml", &more.replace("use = \"max\"\nsize = 2", "use = \"max\"\nsize = 5"));
    assert!(place.done("sweep queue.toml").starts_with("6 points: 12 runs made, 12 were there\n"));
    // Another objective changes all.
    assert!(place.done("sweep queue.toml --set slo=4s").starts_with("6 points: 24 runs made, 0 were there\n"));
    // A file that is not what was written is made again.
    let store = place.path("results/queue/points.d");
    let victim = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()).next().unwrap();
    let text = std::fs::read_to_string(&victim).unwrap();
    std::fs::write(&victim, &text[..text.len() - 1]).unwrap();
    let before = place.read("results/queue/points.csv");
    place.done("sweep queue.toml --set slo=4s");
    assert_eq!(place.read("results/queue/points.csv"), before);
}

/// Finished runs in the folder of a sweep.
fn finished(place: &Place, out: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(place.path(&format!("{out}/queue/points.d"))) else { return 0 };
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "csv")).count()
}

/// Kills a sweep into a folder at seeded offsets, starting it again each time; after each kill that found it at work, how many runs
/// were there.
fn killed(place: &Place, out: &str, offsets: &[Duration]) -> Vec<usize> {
    let line = format!("sweep queue.toml -q --out {out} --workers 1");
    let mut stages = Vec::new();
    for &offset in offsets {
        let mut child = place.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(offset);
        // SIGKILL: no handler runs.
        let was_at_work = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        if was_at_work {
            stages.push(finished(place, out));
        }
    }
    stages
}

/// A thousand points killed at fifty offsets in the second tier, begun five times; a small sweep and a few kills in the first.
#[test]
fn a_sweep_that_was_killed_again_and_again_gives_the_same_bytes() {
    let (points, horizon_s, rounds, kills) = if cfg!(feature = "long") { (500, 600, 5, 10) } else { (30, 2000, 1, 6) };
    let place = Place::new();
    place.write("queue.toml", &sweep(points, horizon_s));
    let began = std::time::Instant::now();
    place.done("sweep queue.toml -q --out whole");
    let took = began.elapsed();
    let runs = finished(&place, "whole");
    for part in 1..=3 {
        place.done(&format!("sweep queue.toml -q --shard {part}/3 --out part{part}"));
    }
    place.done("collect queue.toml --from part1 --from part2 --from part3 --out together");
    assert_eq!(place.read("together/queue/points.csv"), place.read("whole/queue/points.csv"), "three shards");
    // Within a small part of the time that a sweep took here and now: ten of them, each going on where the last was
    // killed, do not finish it.
    let longest = took.mul_f64(0.15);
    let mut rng = Rng::seeded(20_251_122);
    let mut midst = 0;
    for round in 0..rounds {
        let out = format!("torn{round}");
        let offsets: Vec<Duration> = (0..kills).map(|_| longest.mul_f64(rng.uniform())).collect();
        let stages = killed(&place, &out, &offsets);
        assert_eq!(stages.len(), kills, "a kill found the sweep at its end: {stages:?} of {runs}");
        midst += stages.iter().filter(|&&stage| 0 < stage && stage < runs).count();
        let told = place.done(&format!("sweep queue.toml --out {out}"));
        println!("killed with {stages:?} of {runs} runs; at the end: {}", told.lines().next().unwrap());
        assert!(!told.contains(" 0 were there"), "no killed sweep left a run: {told}");
        for file in ["points.csv", "points.manifest.json"] {
            assert_eq!(place.read(&format!("{out}/queue/{file}")), place.read(&format!("whole/queue/{file}")));
        }
        let left: Vec<_> = std::fs::read_dir(place.path(&format!("{out}/queue/points.d")))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".part"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(midst >= rounds, "{midst} of {} kills came in the midst of a sweep", rounds * kills);
}

#[test]
fn workers_and_shards_change_no_byte_and_a_missing_shard_is_named() {
    let place = Place::new();
    place.write("queue.toml", &sweep(5, 300));
    place.done("sweep queue.toml -q --out one --workers 1");
    place.done("sweep queue.toml -q --out four --workers 4");
    let table = place.read("one/queue/points.csv");
    assert_eq!(place.read("four/queue/points.csv"), table);
    for part in [1, 3] {
        let out = place.done(&format!("sweep queue.toml --shard {part}/3 --out part{part}"));
        assert!(out.starts_with(&format!("shard {part}/3, ")), "{out}");
        assert!(!place.path(&format!("part{part}/queue/points.csv")).exists());
    }
    let from = "--from part1 --from part2 --from part3 --out together";
    // A folder that was made for a shard, which has not been run in it.
    std::fs::create_dir(place.path("part2")).unwrap();
    let said = place.line(&format!("collect queue.toml {from}"));
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(
        lines,
        [
            "12 of 40 runs are missing, at 3 of 10 points; the first is point 1 (pools.p.size=2 sources.s.rate=\"0.45/s\"), max, replication 0",
            "shard 2/3 has not been run: 3 of its points are missing",
        ]
    );
    assert!(!place.path("together").exists());
    place.done("sweep queue.toml --shard 2/3 --out part2");
    place.done(&format!("collect queue.toml {from}"));
    assert_eq!(place.read("together/queue/points.csv"), table);
    // A run that is lost from a complete shard is found out.
    let lost = std::fs::read_dir(place.path("part2/queue/points.d")).unwrap().map(|entry| entry.unwrap().path());
    std::fs::remove_file(lost.filter(|path| path.extension().is_some_and(|e| e == "csv")).min().unwrap()).unwrap();
    let said = place.line(&format!("collect queue.toml {from}"));
    let wanted = "shard 2/3 says that it is complete (was the scenario or the program changed since?): 1 of its points";
    assert!(said.err.contains(wanted), "{}", said.err);
}

#[test]
fn points_are_drawn_in_layers_and_traces_are_an_axis() {
    let place = Place::new();
    place.write("a.csv", "3\n4\n5\n");
    place.write("b.csv", "30\n40\n50\n");
    let text = "name = \"q\"\nstrategies = [\"max\", \"faas\"]\n[functions.f]\nwork = \"1s\"\n\
        [sources.s]\nkind = \"counts\"\nfile = \"a.csv\"\n\
        [pools.p]\nkind = \"vm\"\ntype = \"any\"\nslots = 2\n[pools.l]\nkind = \"function\"\n\
        [sweep]\nstrategies = [\"faas\"]\nsampling = \"latin-hypercube\"\npoints = 4\n\
        [[sweep.axes]]\nkeys = [\"sources.s.file\", \"sources.s.times\"]\nvalues = [[\"a.csv\", 1], [\"b.csv\", 2]]\n\
        [[sweep.axes]]\nkey = \"pools.l.keep_alive\"\nfrom = \"10s\"\nto = \"50s\"\n";
    place.write("q.toml", text);
    place.done("sweep q.toml");
    let table = place.read("results/q/points.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(
        rows[0][..6],
        ["point", "strategy", "sources.s.file", "sources.s.times", "pools.l.keep_alive", "replications"]
    );
    assert_eq!(rows[0][7], "requests");
    let mut layers: Vec<u32> = rows[1..]
        .iter()
        .map(|row| ((row[4].trim_end_matches('s').parse::<f64>().unwrap() - 10.0) / 10.0) as u32)
        .collect();
    layers.sort_unstable();
    assert_eq!(layers, [0, 1, 2, 3], "{table}");
    let of = |file: &str, requests: &str| {
        rows[1..].iter().filter(|row| row[2] == file && row[7].parse::<f64>() == requests.parse::<f64>()).count()
    };
    assert_eq!((of("a.csv", "12"), of("b.csv", "240")), (2, 2), "{table}");
    // A trace with other bytes is another point, under the same name.
    place.write("a.csv", "3\n4\n6\n");
    assert!(place.done("sweep q.toml").starts_with("4 points: 2 runs made, 2 were there\n"));
}

/// Every cell of `points.csv`, with its type, stands in `points.parquet` too.
#[cfg(feature = "report")]
#[test]
fn a_table_for_programs_holds_what_the_one_for_people_does() {
    use polars::prelude::{AnyValue, ParquetReader, SerReader};

    let place = Place::new();
    let axis = "[[sweep.axes]]\nkey = \"functions.f.work\"\nvalues = [\"1s\", \"erlang(1s, stages 4)\"]\n";
    place.write("queue.toml", &(sweep(3, 300) + axis));
    place.done("sweep queue.toml -q");
    let file = std::fs::File::open(place.path("results/queue/points.parquet")).unwrap();
    let frame = ParquetReader::new(file).finish().unwrap();
    let mut text = csv::Reader::from_path(place.path("results/queue/points.csv")).unwrap();
    let header = text.headers().unwrap().clone();
    let names: Vec<&str> = frame.get_column_names().into_iter().map(|name| name.as_str()).collect();
    assert_eq!(names, header.iter().collect::<Vec<_>>());
    let rows: Vec<csv::StringRecord> = text.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), frame.height()), (24, 24));
    let mut kinds = std::collections::BTreeMap::<&str, u32>::new();
    for (at, name) in header.iter().enumerate() {
        let column = frame.column(name).unwrap();
        for (nth, row) in rows.iter().enumerate() {
            let cell = &row[at];
            let (kind, same) = match column.get(nth).unwrap() {
                AnyValue::Null => ("nothing", cell.is_empty()),
                AnyValue::Int64(whole) => ("whole", cell == whole.to_string()),
                AnyValue::Float64(float) => ("float", cell.parse() == Ok(float)),
                AnyValue::String(text) => ("text", cell == text),
                other => panic!("{name}: {other:?}"),
            };
            assert!(same, "{name}, row {nth}: {cell:?} and {:?}", column.get(nth));
            *kinds.entry(kind).or_default() += 1;
        }
    }
    // Point and replications are whole; strategy, three axes and verdict are text.
    assert_eq!((kinds["whole"], kinds["text"]), (2 * 24, 5 * 24));
    assert!(kinds["float"] > 200 && kinds["nothing"] >= 24, "{kinds:?}");
}

#[test]
fn a_run_that_stops_is_named_by_its_point() {
    let place = Place::new();
    place.write("queue.toml", &sweep(2, 300));
    let said = place.line("sweep queue.toml --set limits.events=150 --workers 1");
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    assert!(said.err.starts_with("point "), "{}", said.err);
    assert!(said.err.contains("replication 0: stopped at "), "{}", said.err);
    assert!(said.err.trim_end().ends_with("events reached the limit of 150"), "{}", said.err);
}

#[test]
fn logs_are_written_when_asked_for() {
    let place = Place::new();
    place.write("queue.toml", &sweep(2, 100).replace("replications = 2", "strategies = [\"max\"]"));
    place.done("sweep queue.toml --logs 1 -q");
    let runs = std::fs::read_dir(place.path("results/queue/max")).unwrap().count();
    assert_eq!(runs, 4);
    assert!(place.read("results/queue/points.csv").lines().count() == 5);
}

#[test]
fn a_sweep_that_makes_no_sense_is_refused_with_every_complaint() {
    let place = Place::new();
    let axis = |text: &str| format!("[sweep]\n[[sweep.axes]]\n{text}\n");
    for (sweep, wanted) in [
        (String::new(), "queue.toml: found no [sweep], want axes of a sweep"),
        ("[sweep]\naxes = []\n".into(), "sweep.axes: found an empty list, want at least one axis"),
        (axis("values = [1]"), "sweep.axes[0]: found no key, want a key that varies"),
        (axis("key = \"seed\""), "sweep.axes[0]: found neither, want either values, or a range"),
        (
            axis("key = \"seed\"\nvalues = [1]\nfrom = 1\nto = 2"),
            "sweep.axes[0]: found both, want either values, or a range",
        ),
        (axis("key = \"seed\"\nfrom = 1\nto = 2"), "sweep.axes[0]: found neither step nor points, want one of them"),
        (axis("key = \"seed\"\nfrom = 2\nto = 1\nstep = 1"), "sweep.axes[0].to: found 1, want more than `from`"),
        (
            axis("key = \"slo\"\nfrom = \"1s\"\nto = \"2MiB\"\nstep = \"1s\""),
            "sweep.axes[0].to: found \"2MiB\", want a unit as that of `from`",
        ),
        (
            axis("key = \"slo\"\nfrom = \"1s\"\nto = \"500ms\"\npoints = 2"),
            "sweep.axes[0].to: found \"500ms\", want more than `from`",
        ),
        (
            axis("key = \"slo\"\nfrom = 0\nto = 2\npoints = 3\nlog = true"),
            "sweep.axes[0].from: found 0, want a number above zero",
        ),
        (
            axis("key = \"name\"\nvalues = [\"a\"]"),
            "sweep.axes[0].key: found \"name\", want a key that determines a run",
        ),
        (axis("key = \"strategies\"\nvalues = [[\"max\"]]"), "want another key: strategies are an axis of every sweep"),
        (
            axis("key = \"a..b\"\nvalues = [1]"),
            "sweep.axes[0].key: found \"a..b\", want a key of the scenario, as --set takes it",
        ),
        (
            axis("keys = [\"seed\", \"slo\"]\nvalues = [[1]]"),
            "sweep.axes[0].values[0]: found a list of 1, want a list of 2 values",
        ),
        (
            axis("key = \"seed\"\nvalues = [1]\n[[sweep.axes]]\nkey = \"seed\"\nvalues = [2]"),
            "want each key on one axis",
        ),
        (axis("key = \"seed\"\nvalues = [1]\nstep = 1"), "sweep.axes[0].step: found 1, want no such key beside values"),
        (
            "[sweep]\nsampling = \"random\"\n[[sweep.axes]]\nkey = \"seed\"\nvalues = [1]\n".into(),
            "sweep.points: found nothing, want how many points are drawn",
        ),
        (
            "[sweep]\nstrategies = [\"maks\"]\n[[sweep.axes]]\nkey = \"seed\"\nvalues = [1]\n".into(),
            "want the name of a strategy of this scenario (did you mean \"max\"?)",
        ),
        (
            "[sweep]\nreplications = 0\n[[sweep.axes]]\nkey = \"seed\"\nvalues = [1]\n".into(),
            "sweep.replications: found 0, want a number from 1 to 100000",
        ),
        // What the scenario itself refuses is said at the place in the sweep.
        (axis("key = \"pools.p.size\"\nvalues = [1, \"many\"]"), "sweep.axes[0].values[1]: found \"many\", want "),
        (axis("key = \"pools.q.size\"\nvalues = [1]"), "sweep.axes[0].values[0]: "),
    ] {
        place.write("queue.toml", &(queue(0.5, 1, 100) + &sweep));
        let said = place.line("sweep queue.toml");
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{sweep}\n{said:?}");
        assert!(said.err.contains(wanted), "{sweep}\n{}", said.err);
        assert!(!place.path("results").exists(), "{sweep}");
    }
    for shard in ["0/3", "4/3", "3", "a/b", "1/0"] {
        let said = place.line(&format!("sweep queue.toml --shard {shard}"));
        assert!(said.code == Some(2) && said.err.contains("want a part and their number"), "{shard}: {said:?}");
    }
}

/// A run of one scenario does not depend on the sweep that it may be a point of.
#[test]
fn a_sweep_does_not_change_the_address_of_a_run() {
    let place = Place::new();
    let folder = |text: &str| {
        place.write("queue.toml", text);
        place.done("run queue.toml --strategy max -q --every 0 --out out");
        let folders = std::fs::read_dir(place.path("out/queue/max")).unwrap();
        folders.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
    };
    let alone = folder(&queue(0.5, 1, 100));
    assert_eq!(alone.len(), 1);
    assert_eq!(folder(&sweep(3, 100)), alone);
}

#[test]
fn the_ends_of_a_range_may_have_units_of_their_own() {
    let place = Place::new();
    let axis = "[sweep]\n[[sweep.axes]]\nkey = \"slo\"\nfrom = \"100ms\"\nto = \"2s\"\nstep = \"0.95s\"\n";
    place.write("queue.toml", &(queue(0.5, 1, 60) + axis));
    place.done("sweep queue.toml -q");
    let table = place.read("results/queue/points.csv");
    let values: Vec<&str> = table.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    assert_eq!(values, ["100ms", "100ms", "1050ms", "1050ms", "2000ms", "2000ms"]);
    let said = place.line("collect queue.toml --from nope");
    assert_eq!((said.code, said.err.as_str()), (Some(2), "--from nope: no such folder, want one that `sweep` wrote\n"));
}
