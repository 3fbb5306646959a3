use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// A run of four requests, of which one has no answer, on two machines of an hour.
fn run(results: &Path, strategy: &str, replication: u64, address: &str, machine: &str, functions: &str) -> PathBuf {
    let folder = results.join("town").join(strategy).join(format!("{replication}-{address}"));
    fs::create_dir_all(&folder).unwrap();
    let put = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    let summary = format!(
        r#"{{"strategy":"{strategy}","replication":{replication},"end_s":7200.0,"offered_digest":"d{replication}",
        "requests":{{"arrived":4,"served":3}},"slo_s":1.0,"violation_share":0.25,
        "response":{{"mean_s":0.9,"p50_s":1.0,"p95_s":1.2,"p99_s":1.2}},
        "cost":{{"direct_usd":"{functions}","held_usd":"{machine}","idle_usd":"0.5"}},
        "hours":[{{"arrived":3,"violations":0}},{{"arrived":1,"violations":1}}],
        "pools":{{"web":{{"uptime_s":7200.0,"cold_starts":0}},"lambda":{{"uptime_s":9.0,"cold_starts":2}}}}}}"#
    );
    put("summary.json", summary);
    put("manifest.json", format!(r#"{{"address":"{address}","determined_by":{{"scenario":"town"}}}}"#));
    put(
        "cost.csv",
        format!(
            "hour,resource,item,share,quantity,unit,usd\n0,web,instances,held,1.0,instance-s,{machine}\n\
             1,lambda,duration,direct,1.0,GiB-s,{functions}\n0,web,balancer-hours,idle,1.0,h,0.5\n"
        ),
    );
    put(
        "requests.csv",
        "call,outcome,response_s\n0,served,0.5\n1,served,0.1\n0,served,1.2\n0,throttled,0.0\n0,served,1.0\n".to_owned(),
    );
    put(
        "instances.csv",
        "pool,instance,launched_s,ready_s,gone_s\nweb,0,0.0,1.0,3600.0\nweb,1,60.0,,3660.0\n".to_owned(),
    );
    put(
        "timeline.csv",
        "at_s,kind,name,arrived\n3600.0,function,f,3\n7200.0,function,f,1\n7200.0,pool,web,\n".to_owned(),
    );
    folder
}

#[test]
fn the_tables_follow_from_what_runs_wrote() {
    let results = tempfile::tempdir().unwrap();
    run(results.path(), "libra", 0, "a", "1.0", "0.5");
    run(results.path(), "auto", 0, "b", "3.5", "0");
    let report = Report::read(&[results.path().to_owned()], Some("libra"), &|_, _| ()).unwrap();
    let found = &report.sections;
    assert_eq!((found.len(), found[0].scenario.as_str()), (1, "town"));
    assert_eq!(found[0].columns[0].parts_usd(), [3.5, 0.0, 0.5, 0.0, 0.0]);
    let text = report.tables();
    let words = |start: &str| -> Vec<String> {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap();
        line.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(words("auto"), ["auto", "4.000000", "2.0000", "25.000", "%", "2.000", "1.0000"]);
    assert_eq!(words("1 "), ["1", "50.000", "%", "50.000", "%"], "one of four has no answer");
    assert_eq!(words("1.25"), ["1.25", "75.000", "%", "75.000", "%"]);
}

#[test]
fn replications_are_one_column_and_other_settings_are_columns_of_their_own() {
    let results = tempfile::tempdir().unwrap();
    run(results.path(), "libra", 0, "a", "1.0", "0.5");
    run(results.path(), "libra", 1, "b", "2.0", "0.5");
    let labels = || -> Vec<(String, usize)> {
        let found = Report::read(&[results.path().to_owned()], None, &|_, _| ()).unwrap().sections;
        found[0].columns.iter().map(|column| (column.label.clone(), column.runs.len())).collect()
    };
    assert_eq!(labels(), [("libra".to_owned(), 2)]);
    let found = Report::read(&[results.path().to_owned()], None, &|_, _| ()).unwrap().sections;
    let libra = &found[0].columns[0];
    assert_eq!((libra.total_usd(), libra.responses.as_ref().unwrap().roots), (2.5, 8));
    assert!(found[0].same_requests());
    run(results.path(), "libra", 1, "c", "2.0", "0.5");
    assert_eq!(
        labels().iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(),
        ["libra 0-a", "libra 1-b", "libra 1-c"]
    );
}

#[test]
fn settings_name_their_columns_and_their_order_is_that_of_values() {
    let results = tempfile::tempdir().unwrap();
    // The address sorts the other way round.
    for (address, boot) in [("a", "30s"), ("b", "100s")] {
        let folder = run(results.path(), "libra", 0, address, "1.0", "0.5");
        let manifest = format!(
            r#"{{"address":"{address}","determined_by":{{"scenario":"town","values":{{"pools.web.boot":"\"{boot}\""}}}}}}"#
        );
        fs::write(folder.join("manifest.json"), manifest).unwrap();
    }
    run(results.path(), "auto", 0, "c", "1.0", "0.5");
    let read = |base: Option<&str>| Report::read(&[results.path().to_owned()], base, &|_, _| ());
    let base = |wanted: Option<&str>| read(wanted).unwrap().sections[0].base().label.clone();
    let labels: Vec<String> =
        read(None).unwrap().sections[0].columns.iter().map(|column| column.label.clone()).collect();
    assert_eq!(labels, ["auto", "libra boot=100s", "libra boot=30s"]);
    assert_eq!(base(None), "libra boot=100s");
    assert_eq!([base(Some("libra boot=30s")), base(Some("auto"))], ["libra boot=30s", "auto"]);
    let said = read(Some("nope")).err().unwrap().to_string();
    assert_eq!(said, "--base nope: want a strategy of the runs: auto, libra boot=100s, libra boot=30s");
    assert!(read(None).unwrap().tables().contains("\nlibra boot=30s "));
}

#[test]
fn a_report_takes_the_place_of_another_one_whole() {
    let results = tempfile::tempdir().unwrap();
    let folder = run(results.path(), "libra", 0, "a", "1.0", "0.5");
    let (out, drawn) = (results.path().join("report"), AtomicU64::new(0));
    let write = || {
        let report = Report::read(&[results.path().join("town")], None, &|_, _| ()).unwrap();
        report.write(&out, &|done, _| _ = drawn.fetch_max(done, Ordering::Relaxed))
    };
    write().unwrap();
    let figures = drawn.load(Ordering::Relaxed) as usize;
    assert_eq!(fs::read_dir(out.join("town")).unwrap().count(), 3 * figures);
    assert!(out.join("town/response.svg").is_file());
    // Without its log, a run has no figure of responses: none of the older report stays beside the new page.
    fs::remove_file(folder.join("requests.csv")).unwrap();
    write().unwrap();
    assert!(!out.join("town/response.svg").exists());
    let names =
        |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    assert_eq!(names(results.path()).len(), 2, "nothing is left aside: {:?}", names(results.path()));
    // A report that fails leaves the one that is there.
    fs::write(folder.join("timeline.csv"), "nothing\n").unwrap();
    assert!(write().is_err() && out.join("index.html").is_file());
    assert_eq!(names(results.path()).len(), 2);
    fs::write(out.join("mine.txt"), "").unwrap();
    assert!(write().unwrap_err().to_string().contains("found mine.txt, which no report wrote"));
}

#[test]
fn a_report_is_a_page_with_every_figure_and_its_numbers() {
    let results = tempfile::tempdir().unwrap();
    run(results.path(), "libra", 0, "a", "1.0", "0.5");
    run(results.path(), "auto", 0, "b", "3.5", "0");
    let report = Report::read(&[results.path().to_owned()], Some("libra"), &|_, _| ()).unwrap();
    let (first, second) = (results.path().join("report"), results.path().join("again"));
    let page = fs::read_to_string(report.write(&first, &|_, _| ()).unwrap()).unwrap();
    report.write(&second, &|_, _| ()).unwrap();
    let mut names: Vec<String> = fs::read_dir(first.join("town"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in &names {
        let read = |root: &Path| fs::read(root.join("town").join(name)).unwrap();
        assert!(read(&first) == read(&second), "{name}: other bytes");
    }
    assert_eq!(fs::read_to_string(second.join("index.html")).unwrap(), page);
    let mut stems: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".svg")).collect();
    stems.sort_unstable();
    assert_eq!(
        stems,
        [
            "cost-by-hour-auto",
            "cost-by-hour-libra",
            "cost-by-resource",
            "cost-ratio",
            "fleet",
            "lifetimes",
            "load",
            "response",
            "response-tail",
            "uptime",
            "violations",
            "violations-against-cost",
            "violations-by-hour",
        ]
    );
    assert_eq!(names.len(), 3 * stems.len());
    assert_eq!(page.matches("<svg ").count(), stems.len());
    let outside = ["http://", "https://", "src=", "@import", "url("];
    let own = page.replace("http://www.w3.org/2000/svg", "");
    assert!(outside.iter().all(|reference| !own.contains(reference)), "the page needs nothing from outside");
    let csv = |name: &str| fs::read_to_string(first.join("town").join(name)).unwrap();
    assert_eq!(csv("violations.csv"), "strategy,of,violations_percent\nauto,,25\nlibra,,25\n");
    assert_eq!(csv("fleet.csv").lines().nth(1), Some("auto,0,1"));
    assert_eq!(csv("load.csv").lines().next(), Some("strategy,time_min,arrivals_requests_per_s"));
    assert!(csv("cost-ratio.csv").contains("auto,machines,1.75"));
    assert!(csv("response.csv").ends_with("libra,1.2,0.75\n"), "{}", csv("response.csv"));
    assert!(csv("cost-by-hour-libra.csv").contains("1,lambda,0.5"));
}

#[test]
fn names_of_scenarios_do_not_leave_the_folder() {
    assert_eq!(["../a b", "wits-2_x", "日本"].map(file_name), ["---a-b", "wits-2_x", "日本"]);
}
