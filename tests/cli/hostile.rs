//! Attempts to make the binary panic, hang, eat memory or lie. Each of them once did, or nearly.

use super::Place;

/// Runs the small town with overrides.
fn town(place: &Place, sets: &[&str]) -> super::Said {
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    place.run(["run", "town.toml", "-q", "--every", "0", "--strategy", "max"].into_iter().chain(sets))
}

#[test]
fn spans_of_a_hundred_years_do_not_leave_the_clock() {
    let place = Place::new();
    let life = "36525d";
    let spans = [
        "horizon",
        "sample",
        "slo",
        "functions.web.timeout",
        "functions.web.patience",
        "functions.web.work",
        "functions.web.retry.backoff",
        "functions.web.retry.backoff_max",
        "pools.fleet.boot",
        "pools.fleet.drain",
        "pools.lambda.keep_alive",
        "pools.lambda.cold_start",
        "limits.drain",
        "limits.order_patience",
    ];
    // What looks every minute looks fifty million times in a hundred years.
    let calm = [
        "sources.users.rate=1/d",
        "functions.web.retry.attempts=9",
        "functions.web.failure=0.5",
        "monitor.granularity=6h",
        "groups.fleet.policies.track.period=6h",
    ];
    for span in spans {
        let set = format!("{span}={life}");
        let backoff =
            if span == "functions.web.retry.backoff" { "functions.web.retry.backoff_max=36525d" } else { "seed=2" };
        let sets = calm.into_iter().chain(["horizon=3d", "sample=100d", "limits.drain=36525d", backoff, &set]);
        let sets: Vec<&str> = sets.flat_map(|set| ["--set", set]).collect();
        // A strategy that looks every second looks three thousand million times in a hundred years.
        let said = place.run(["run", "town.toml", "-q", "--every", "0", "--strategy", "max"].iter().chain(&sets));
        let stopped = said.code == Some(1) && said.err.starts_with("stopped at ");
        assert!(said.code == Some(0) || stopped, "{set}: {said:?}");
    }
    let all: Vec<String> = spans.iter().map(|span| format!("{span}={life}")).collect();
    let sets: Vec<&str> = calm.iter().copied().chain(all.iter().map(String::as_str)).collect();
    let sets: Vec<&str> = sets.into_iter().flat_map(|set| ["--set", set]).collect();
    let said = place.run(["run", "town.toml", "-q", "--every", "0", "--strategy", "max"].iter().chain(&sets));
    assert!(matches!(said.code, Some(0 | 1)), "{said:?}");
}

#[test]
fn laws_that_draw_what_no_clock_holds_stop_or_end_well() {
    let place = Place::new();
    for key in [
        "functions.web.work",
        "pools.fleet.boot",
        "pools.lambda.cold_start",
        "pools.lambda.keep_alive",
        "functions.web.patience",
    ] {
        for law in ["pareto(1s, 0.01)", "lognormal(1d, cv=1000000)", "weibull(1s, 0.01)"] {
            let set = format!("{key}={law}");
            let arguments =
                ["run", "town.toml", "-q", "--every", "0", "--set", "pools.fleet.initial=booting", "--set", &set];
            let said = place.run(arguments);
            assert!(matches!(said.code, Some(0 | 1)), "{set}: {said:?}");
        }
    }
}

#[test]
fn a_circle_without_time_in_it_is_noticed() {
    let place = Place::new();
    // Nobody serves the function, so each client asks again at once, for ever.
    let said = town(
        &place,
        &[
            "sources={ rest = { kind = \"closed\", clients = 1, think = \"0s\", function = \"web\" } }",
            "pools.fleet.serves=[\"photo\"]",
            "pools.lambda.serves=[\"photo\"]",
        ],
    );
    assert_eq!(
        (said.code, said.err.as_str()),
        (Some(1), "stopped at 0.000000000 s: time stands still, 33554432 events and more at this instant\n")
    );
}

#[test]
fn attempts_at_one_instant_do_not_pile_up() {
    let place = Place::new();
    let sets = ["strategies=[\"faas\"]", "strategy={}", "pools.lambda.limit=1", "functions.web.retry.attempts=10000"];
    let sets = sets.iter().flat_map(|set| ["--set", set]).chain(["--set", "horizon=2s", "--set", "warm_up=0s"]);
    let said = place.run(["run", "town.toml", "-q", "--every", "0"].into_iter().chain(sets));
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn one_order_cannot_launch_more_machines_than_the_limit() {
    let said = town(&Place::new(), &["pools.fleet.size=4000000000", "pools.fleet.max=4000000000"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.err.contains("pools.fleet.max: found 4000000000, want at most the 1000000 of limits.instances"),
        "{}",
        said.err
    );
}

/// Functions that call one another in a chain, each `times` times.
fn chain(length: usize, times: usize) -> String {
    let mut text =
        "strategies = [\"max\"]\n[sources.u]\nkind = \"poisson\"\nrate = \"1/s\"\nrequests = 3\nfunction = \"f0\"\n"
            .to_owned();
    text += "[pools.p]\nkind = \"vm\"\ntype = \"any\"\nslots = 1000\n";
    for nth in 0..length {
        text += &format!("[functions.f{nth}]\nwork = \"1ms\"\n");
        if nth + 1 < length {
            let calls = vec![format!("\"f{}\"", nth + 1); times].join(", ");
            text += &format!("steps = [{{ calls = [{calls}] }}]\n");
        }
    }
    text
}

#[test]
fn calls_that_call_on_and_on_are_refused_and_those_within_bounds_run() {
    let place = Place::new();
    for (length, times, wanted) in [
        (101, 1, None),
        (
            102,
            1,
            Some(
                "found 101 calls for one request, up to 101 deep, want at most 1000000 calls for one request, 100 deep",
            ),
        ),
        (60, 2, Some("calls for one request, up to 19 deep, want at most 1000000")),
        (20_000, 1, Some("up to 101 deep")),
        (4, 5000, Some("found 25005000 calls for one request, up to 2 deep")),
    ] {
        place.write("chain.toml", chain(length, times));
        let said = place.line("run chain.toml -q");
        match wanted {
            None => assert_eq!((said.code, said.err.as_str()), (Some(0), "")),
            Some(wanted) => {
                assert_eq!(said.code, Some(2));
                assert!(said.err.contains(wanted) && said.err.lines().count() == 2, "{}", said.err);
            }
        }
    }
}

#[test]
fn names_that_would_break_a_table_do_not() {
    let place = Place::new();
    let name = "a,b\\n\\\"c\\\" \\u001b[31m";
    let text = place.read("town.toml").replace("[functions.photo]", &format!("[functions.\"{name}\"]"));
    place.write("town.toml", text.replace("\"photo\"", &format!("\"{name}\"")).replace(".fleet]", ".\"x,\\ny\"]"));
    assert_eq!(place.line("run town.toml -q").code, Some(0));
    for file in place.hashes("results").keys().filter(|file| file.ends_with(".csv")) {
        let mut reader = csv::Reader::from_path(place.path("results").join(file)).unwrap();
        assert!(reader.records().all(|record| record.is_ok()), "{file}");
    }
    for command in
        ["explain town.toml", "check town.toml", "run town.toml -v", "run town.toml -v --set pools.nobody.size=1"]
    {
        let said = place.line(command);
        assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'), "{command}");
    }
}

#[test]
fn endless_files_are_given_up() {
    if !std::path::Path::new("/dev/zero").exists() {
        return super::oracle::skipped("endless files: no /dev/zero on this machine");
    }
    let place = Place::new();
    for set in ["functions.web.work=empirical(\"/dev/zero\")", "sources.day.file=/dev/zero", "prices=/dev/zero"] {
        let said = place.run(["check", "town.toml", "--set", set]);
        assert_eq!((said.code, said.err.lines().count()), (Some(2), 2), "{set}: {said:?}");
    }
    assert_eq!(place.line("check /dev/zero").code, Some(2));
    assert_eq!(place.line("plan libra replay /dev/zero").code, Some(2));
}

#[test]
fn a_command_line_of_nonsense_is_refused_briefly() {
    let place = Place::new();
    let long = "x".repeat(100_000);
    for set in [
        format!("{long}=1"),
        format!("slo={long}"),
        format!("a.{}=1", "b.".repeat(40_000)),
        format!("slo={}", "[".repeat(100_000)),
        "=".into(),
        "a..b=1".into(),
        "\u{1b}[31m=1".into(),
    ] {
        let said = place.run(["run", "town.toml", "--set", &set]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
        assert!(said.err.len() < 2000 && !said.err.contains('\u{1b}'), "{}", said.err);
    }
    for arguments in [["run", &long], ["check", ""], ["explain", "\n"]] {
        assert_eq!(place.run(arguments).code, Some(2));
    }
}

#[test]
fn prices_at_their_highest_add_up() {
    let place = Place::new();
    let prices = place.read("prices.toml");
    for (old, new) in [
        ("0.1 USD/h", "1000 USD/h"),
        ("0.20 USD/1M", "0.1 USD/request"),
        ("0.0000166667 USD/GB-s", "0.01 USD/GB-s"),
        ("0.09 USD/GB", "100 USD/GB"),
        ("0.0225 USD/h", "1000 USD/h"),
    ] {
        assert!(prices.contains(old));
        place.write("prices.toml", prices.replace(old, new));
        for sets in [
            &[
                "functions.web.memory=64GiB",
                "pools.fleet.slots=1",
                "functions.web.work=10d",
                "limits.drain=1000d",
                "functions.web.response=16TiB",
                "sources.users.rate=1/min",
            ][..],
            &["pools.fleet.size=1000", "horizon=1000d", "sample=1d", "sources.users.rate=1/d"][..],
        ] {
            let rare = ["monitor.granularity=6h", "groups.fleet.policies.track.period=6h"];
            let sets = sets.iter().chain(&rare).flat_map(|set| ["--set", set]);
            // Libra looks every second, which takes long over a thousand days.
            let line = ["run", "town.toml", "-q", "--every", "0", "--strategy", "max", "--strategy", "faas"];
            let said = place.run(line.into_iter().chain(sets));
            assert!(matches!(said.code, Some(0 | 1)), "{new}: {said:?}");
        }
    }
}
