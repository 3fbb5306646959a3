//! The trace of 2019 by hand: two functions, two minutes, and what is said of files that do not fit.

use super::super::feed::{Trace, all};
use super::super::test_file;
use super::*;

const DURATIONS: &str = "HashOwner,HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,percentile_Average_99,percentile_Average_100\n";
const MEMORY: &str = "HashOwner,HashApp,SampleCount,AverageAllocatedMb,AverageAllocatedMb_pct1,AverageAllocatedMb_pct5,AverageAllocatedMb_pct25,AverageAllocatedMb_pct50,AverageAllocatedMb_pct75,AverageAllocatedMb_pct95,AverageAllocatedMb_pct99,AverageAllocatedMb_pct100\n";

fn minutes(rows: &str) -> String {
    format!("HashOwner,HashApp,HashFunction,Trigger,1,2,3\n{rows}")
}

fn files(minutes: &str, durations: Option<&str>, memory: Option<&str>) -> (Files, Vec<tempfile::NamedTempFile>) {
    let minutes = test_file(minutes);
    let durations = durations.map(|rows| test_file(&format!("{DURATIONS}{rows}")));
    let memory = memory.map(|rows| test_file(&format!("{MEMORY}{rows}")));
    let path = |file: &tempfile::NamedTempFile| file.path().to_path_buf();
    let files = Files {
        minutes: vec![path(&minutes)],
        durations: durations.iter().map(path).collect(),
        memory: memory.iter().map(path).collect(),
    };
    (files, [Some(minutes), durations, memory].into_iter().flatten().collect())
}

#[test]
fn counts_durations_and_memory_are_joined() {
    let rows = "o,a,f,http,2,0,1\no,a,g,timer,0,0,1\np,a,f,robot,,1,0\n";
    let durations = "o,a,f,40,3,1,90,10,20,30,40,50,60,70\no,a,g,0,9,,,0,0,0,0,0,0,0\nx,x,x,1,1,1,1,1,1,1,1,1,1,1\n";
    let memory = "o,a,10,100,1,2,3,4,5,6,7,8\n";
    let (files, _keep) = files(&minutes(rows), Some(durations), Some(memory));
    let choices = Choices { placement: Placement::Start, duration: Duration::Average, memory: Memory::Split };
    let mut trace = open(&files, choices, Streams::new(1, 0)).unwrap();
    let arrivals = all(&mut trace).unwrap();
    let seen: Vec<_> = arrivals
        .iter()
        .map(|x| {
            let name = trace.cast().functions.text(x.function).to_string();
            (
                x.at.as_secs_f64(),
                name,
                x.service.map(|span| span.as_nanos() / 1_000_000),
                x.memory_bytes.map(|b| b >> 20),
            )
        })
        .collect();
    let f = |at| (at, "o/a/f".to_owned(), Some(40), Some(50));
    let g = (120.0, "o/a/g".to_owned(), Some(1), Some(50));
    assert_eq!(seen, [f(0.0), f(0.0), (60.0, "p/a/f".to_owned(), None, None), f(120.0), g]);
    let report = trace.report();
    for (why, count) in [
        ("empty minute taken as 0", 1),
        ("unknown trigger taken as others", 1),
        ("average of 0 ms taken as 1 ms", 1),
        ("minimum or maximum absent", 2),
        ("durations of a function without minutes", 1),
        ("Count of the durations differs from the sum of the minutes", 1),
        ("function whose application has no memory", 1),
    ] {
        assert_eq!(report.count(why), count, "{why}\n{report}");
    }
    assert_eq!((report.rows, report.arrivals), (7, 5));
}

#[test]
fn the_same_seed_gives_the_same_trace_and_counts_are_kept() {
    let rows: String = (0..40).map(|k| format!("o,a{},f{k},http,{k},{},0\n", k % 3, 1000 * k)).collect();
    let (files, _keep) = files(&minutes(&rows), None, None);
    let read = |seed| {
        let choices = Choices { memory: Memory::Burr, ..Choices::default() };
        all(&mut open(&files, choices, Streams::new(seed, 0)).unwrap()).unwrap()
    };
    let arrivals = read(1);
    assert_eq!(arrivals, read(1));
    assert_ne!(arrivals, read(2));
    assert_eq!(arrivals.len(), 780 * 1001);
    assert!(arrivals.is_sorted_by_key(|x| x.at));
    let memory: std::collections::BTreeSet<_> = arrivals.iter().map(|x| x.memory_bytes).collect();
    assert_eq!(memory.len(), 3, "an application has one draw");
}

#[test]
fn days_stand_where_their_names_put_them() {
    let folder = tempfile::tempdir().unwrap();
    let day = |number: u32, rows: &str| {
        let path = folder.path().join(format!("invocations_per_function_md.anon.d{number:02}.csv"));
        std::fs::write(&path, minutes(rows)).unwrap();
        path
    };
    let paths = vec![day(4, "o,a,g,http,0,1,0\no,a,f,http,1,0,0\n"), day(2, "o,a,f,http,0,0,1\n")];
    let files = Files { minutes: paths.clone(), ..Files::default() };
    let choices = Choices { placement: Placement::Start, ..Choices::default() };
    let mut trace = open(&files, choices, Streams::new(1, 0)).unwrap();
    let seen: Vec<_> = all(&mut trace).unwrap().iter().map(|x| (x.at.as_secs_f64(), x.function.index())).collect();
    assert_eq!(seen, [(120.0, 0), (172_800.0, 0), (172_860.0, 1)]);

    let twice = Files { minutes: vec![paths[0].clone(), paths[0].clone()], ..Files::default() };
    let error = open(&twice, choices, Streams::new(1, 0)).map(drop).unwrap_err().to_string();
    assert!(error.contains("found a second file of day 4, want one file of a kind for each day"), "{error}");
}
