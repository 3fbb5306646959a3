//! Every reader on small files of our own in the true layout: totals to the last row.

use crate::data;
use stratosim::engine::random::Streams;
use stratosim::engine::time::Span;
use stratosim::workload::trace::arrival::Arrival;
use stratosim::workload::trace::counts::Column;
use stratosim::workload::trace::feed::{BadRows, Reading, Trace, all};
use stratosim::workload::trace::mapped::Mapping;
use stratosim::workload::trace::number::Unit;
use stratosim::workload::trace::place::Placement;
use stratosim::workload::trace::{
    access_log, alibaba_batch, alibaba_calls, azure_2019, azure_2021, bitbrains, borg, huawei, lambda_report, mapped,
    periods, requests,
};

fn streams() -> Streams {
    Streams::new(1, 0)
}

/// Reads a trace to its end, twice, and checks what holds for all of them.
fn read<T: Trace>(open: impl Fn() -> T) -> (T, Vec<Arrival>) {
    let mut trace = open();
    let arrivals = all(&mut trace).unwrap_or_else(|flaw| panic!("{flaw}"));
    assert!(arrivals.is_sorted_by_key(|arrival| arrival.at), "time runs forward");
    assert_eq!(trace.report().arrivals, arrivals.len() as u64);
    assert!(trace.next_arrival().unwrap().is_none(), "nothing follows the end");
    assert_eq!(all(&mut open()).unwrap(), arrivals, "a trace is the same every time");
    (trace, arrivals)
}

/// Rows read, arrivals, functions met.
fn totals<T: Trace>((trace, arrivals): &(T, Vec<Arrival>)) -> (u64, usize, usize) {
    (trace.report().rows, arrivals.len(), trace.cast().functions.len())
}

fn seconds(arrivals: &[Arrival]) -> Vec<f64> {
    arrivals.iter().map(|arrival| arrival.at.as_secs_f64()).collect()
}

fn azure(placement: Placement) -> (azure_2019::Azure2019, Vec<Arrival>) {
    let files = azure_2019::Files {
        minutes: vec![
            data("azure-2019/invocations_per_function_md.anon.d01.csv"),
            data("azure-2019/invocations_per_function_md.anon.d02.csv.gz"),
        ],
        durations: vec![data("azure-2019/function_durations_percentiles.anon.d01.csv")],
        memory: vec![data("azure-2019/app_memory_percentiles.anon.d01.csv")],
    };
    let choices = azure_2019::Choices { placement, ..azure_2019::Choices::default() };
    read(|| azure_2019::open(&files, choices, streams()).unwrap())
}

#[test]
fn azure_2019_keeps_the_count_of_every_minute() {
    for placement in [Placement::Uniform, Placement::Start, Placement::Evenly, Placement::Rank] {
        let trace = azure(placement);
        assert_eq!(totals(&trace), (5 + 4 + 4 + 2, 1260 + 1145, 5), "{placement:?}");
        let mut minutes = vec![0u64; 2 * 1440];
        trace.1.iter().for_each(|x| minutes[(x.at.as_nanos() / 60_000_000_000) as usize] += 1);
        let text = std::fs::read_to_string(data("azure-2019/invocations_per_function_md.anon.d01.csv")).unwrap();
        for (minute, &count) in minutes.iter().enumerate().take(1440) {
            let column = |line: &str| line.split(',').nth(4 + minute).unwrap().parse::<u64>().unwrap();
            assert_eq!(count, text.lines().skip(1).map(column).sum::<u64>(), "minute {minute}");
        }
        assert_eq!(minutes[1440..].iter().sum::<u64>(), 1145);
        let report = trace.0.report();
        assert_eq!(report.count("average of 0 ms taken as 1 ms"), 1);
        assert_eq!(report.count("Count of the durations differs from the sum of the minutes"), 1);
        // One application, with one function, has no row of memory.
        assert_eq!(trace.1.iter().filter(|x| x.memory_bytes.is_none()).count() as u64, 134 + 164);
    }
    let expected = azure(Placement::Poisson).1.len() as f64;
    assert!((expected - 2405.0).abs() < 5.0 * 2405f64.sqrt(), "{expected}");
}

#[test]
fn azure_2021_brings_ends_into_order_of_arrival() {
    let file = data("azure-2021/AzureFunctionsInvocationTraceForTwoWeeksJan2021.txt");
    let trace =
        read(|| azure_2021::open(file.clone(), azure_2021::Memory::Burr, streams(), Reading::default()).unwrap());
    assert_eq!(totals(&trace), (200, 200, 15));
    let zero = trace.1.iter().filter(|x| x.service == Some(Span::ZERO)).count() as u64;
    assert_eq!(trace.0.report().count("duration of 0 s"), zero);
    // A window of one arrival cannot mend the order; what it cannot mend is counted, and nothing is lost.
    let narrow = Reading { window: 1, ..Reading::default() };
    let moved = read(|| azure_2021::open(file.clone(), azure_2021::Memory::Unknown, streams(), narrow).unwrap());
    assert_eq!(moved.1.len(), 200);
    assert!(moved.0.report().count("arrival later than the window mends, moved forward") > 0);
}

#[test]
fn huawei_has_a_row_for_each_period() {
    let table = |kind: &str, day: u32| data(&format!("huawei/{kind}/day_{day:03}.csv"));
    let days = |kind: &str| vec![table(kind, 0), table(kind, 3)];
    let tables = huawei::Tables {
        requests: days("requests_minute"),
        delays: days("function_delay_minute"),
        delay_unit: Unit::Millisecond,
        period: Span::from_secs(60),
    };
    let trace = read(|| huawei::open(tables.clone(), Placement::Uniform, streams()).unwrap());
    let cells = |day| {
        let text = std::fs::read_to_string(table("requests_minute", day)).unwrap();
        let sum = |line: &str| line.split(',').skip(2).filter_map(|cell| cell.parse::<f64>().ok()).sum::<f64>();
        text.lines().skip(1).map(sum).sum::<f64>()
    };
    assert_eq!(totals(&trace), (40, (cells(0) + cells(3)) as usize, 4));
    let second_day = trace.1.iter().filter(|x| x.at.as_secs_f64() >= 3.0 * 86_400.0).count();
    assert_eq!(second_day, cells(3) as usize);
    assert!(trace.1.iter().filter_map(|x| x.service).all(|service| service < Span::from_nanos(90_000_001)));
}

#[test]
fn huawei_2025_and_globus_are_mappings() {
    let huawei = read(|| {
        let files = vec![data("huawei-2025/requests_day_30.csv")];
        mapped::open(files, Mapping::huawei_2025(), Reading::default()).unwrap()
    });
    assert_eq!(totals(&huawei), (3, 3, 2));
    assert_eq!(seconds(&huawei.1), [2_592_000.1, 2_592_000.125, 2_592_003.5]);
    assert_eq!(huawei.1[1].service, Some(Span::from_nanos(250_000_000)));
    assert_eq!((huawei.1[0].memory_bytes, huawei.1[1].payload_bytes), (Some(64 << 20), Some(2048)));

    let globus =
        read(|| mapped::open(vec![data("globus/invocations.csv")], Mapping::globus(), Reading::default()).unwrap());
    assert_eq!(totals(&globus), (25, 25, 4));
    assert_eq!(globus.1[24].at.as_nanos(), 24 * 1_500_000_001);
}

#[test]
fn alibaba_tells_of_jobs_and_of_calls() {
    let jobs = read(|| alibaba_batch::open(vec![data("alibaba-2018/batch_task.csv")], Reading::default()).unwrap());
    // Three tasks in two jobs of one shape, one nameless task in each of two others; one job never ended.
    assert_eq!(totals(&jobs), (9, 4, 2));
    assert_eq!(seconds(&jobs.1), [86_390.0, 86_400.0, 86_401.0, 86_450.0]);
    let shapes: Vec<_> = jobs.0.cast().functions.iter().map(|name| name.to_string()).collect();
    assert_eq!(shapes, ["1,2<1,3<1+2", "1*free"]);
    assert_eq!(jobs.1[1].service, Some(Span::from_secs(10 + 15 + 5)));

    let calls = |file: &str, which| read(|| alibaba_calls::open(vec![data(file)], which, Reading::default()).unwrap());
    use alibaba_calls::Calls::{All, Entry};
    assert_eq!(totals(&calls("alibaba-2021/MSCallGraph_0.csv", Entry)), (7, 3, 2));
    assert_eq!(totals(&calls("alibaba-2021/MSCallGraph_0.csv", All)), (7, 6, 4));
    assert_eq!(totals(&calls("alibaba-2022/CallGraph_0.csv", Entry)), (3, 2, 2));
}

#[test]
fn borg_submissions_wait_for_their_ends_across_parts() {
    let parts = || vec![data("borg-2011/part-00000-of-00500.csv.gz"), data("borg-2011/part-00001-of-00500.csv.gz")];
    let trace = read(|| borg::open(parts(), Some(1 << 36), 1_000, Reading::default()).unwrap());
    assert_eq!(totals(&trace), (60 + 60 + 40 + 2, 60, 12));
    assert_eq!(trace.1.iter().filter(|x| x.service.is_some()).count(), 20, "a third of the tasks finish");
    assert!(trace.1.iter().all(|x| x.at.as_secs_f64() < 300.0 && x.memory_bytes.is_some()));
    assert_eq!(trace.0.report().count("event outside the trace"), 2);
}

#[test]
fn machines_of_bitbrains_share_a_clock() {
    let files = || vec![data("bitbrains/1.csv"), data("bitbrains/2.csv")];
    let trace = read(|| bitbrains::open_all(files(), Reading::default()).unwrap());
    assert_eq!(totals(&trace), (12, 12, 2));
    // The second machine, whose file is in milliseconds, is read a minute after the first.
    assert_eq!(seconds(&trace.1)[..4], [0.0, 60.0, 300.0, 360.0]);
    assert_eq!(trace.1[0].service, Some(Span::from_secs(150)));
    assert_eq!(trace.0.report().count("usage above 100 %"), 4);
}

#[test]
fn logs_of_lambda_and_of_web_servers_are_traces() {
    let lambda = read(|| lambda_report::open(vec![data("lambda/resize.log")], Reading::default()).unwrap());
    assert_eq!(totals(&lambda), (36, 12, 1));
    assert_eq!(lambda.0.report().count("line that is no REPORT"), 24);
    assert_eq!(lambda.1[0].memory_bytes, Some(512 << 20));
    // The first ended 0.5 s into its minute after 0.31075 s; the second, 1 s later, took 0.10125 s.
    assert_eq!(lambda.1[1].at.as_nanos(), 1_000_000_000 + 310_750_000 - 101_250_000);

    let alb = read(|| {
        let dialect = access_log::Dialect::LoadBalancer;
        access_log::open(vec![data("alb/app.lb.log")], dialect, Some(1), Reading::default()).unwrap()
    });
    assert_eq!(totals(&alb), (15, 15, 2));
    assert_eq!(alb.0.report().count("request that no target answered"), 5);
    assert_eq!(alb.1[3].payload_bytes, Some(103));

    let clf = read(|| {
        let dialect = access_log::Dialect::Common;
        access_log::open(vec![data("clf/access.log")], dialect, Some(1), Reading::default()).unwrap()
    });
    assert_eq!(totals(&clf), (40, 40, 1));
    assert_eq!(clf.1[39].at.as_secs_f64(), 78.0);
}

#[test]
fn our_own_requests_come_back_to_the_last_digit() {
    let path = data("requests/requests.csv");
    let trace = read(|| requests::open(path.clone(), Reading::default()).unwrap());
    assert_eq!(totals(&trace), (36, 30, 2));
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().next(), Some(requests::COLUMNS.join(",").as_str()));
    assert_eq!(requests::COLUMNS.join(","), stratosim::run::record::REQUESTS, "the table that runs write");
    let mut rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .filter(|row: &Vec<&str>| row[2].is_empty())
        .collect();
    rows.sort_by_key(|row| row[0].parse::<u64>().unwrap());
    for (row, arrival) in rows.iter().zip(&trace.1) {
        let cast = trace.0.cast();
        assert_eq!(row[8], arrival.at.to_string());
        assert_eq!(row[5], &**cast.functions.text(arrival.function));
        assert_eq!(row[3], &**cast.sources.text(arrival.source.unwrap()));
        assert_eq!(row[7], &**cast.nodes.text(arrival.entry.unwrap()));
        assert_eq!(row[21].parse::<f64>().unwrap().to_bits(), arrival.work.unwrap().to_bits());
        assert_eq!(row[22].parse::<u64>().unwrap(), arrival.payload_bytes.unwrap());
    }
}

#[test]
fn counts_and_any_other_table_are_read() {
    let open =
        || periods::open(&data("counts/wits.txt"), Column::Only, Span::from_secs(1), Placement::Uniform, streams());
    let counts = read(|| open().unwrap());
    assert_eq!(totals(&counts), (5, 28 + 143 + 1168 + 61, 1));
    let mapping = "separator=semicolon,time=when:iso,function=who,service=took:ms,memory=size:KiB";
    let own =
        read(|| mapped::open(vec![data("csv/own.csv")], Mapping::parse(mapping).unwrap(), Reading::default()).unwrap());
    assert_eq!(totals(&own), (2, 2, 2));
    assert_eq!((seconds(&own.1), own.1[1].memory_bytes), (vec![0.0, 1.5], Some(4096)));
    assert_eq!(&**own.0.cast().functions.text(own.1[1].function), "a;b");
}

#[test]
fn bad_rows_can_be_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let good = std::fs::read_to_string(data("clf/access.log")).unwrap();
    std::fs::write(&path, good.replace("/10.png HTTP/1.1\" 200", "/10.png HTTP/1.1\" 2000") + "garbage\n").unwrap();
    let lenient = Reading { bad_rows: BadRows::Drop, ..Reading::default() };
    let trace = read(|| access_log::open(vec![path.clone()], access_log::Dialect::Common, None, lenient).unwrap());
    assert_eq!((trace.1.len(), trace.0.report().count("status"), trace.0.report().count("row")), (39, 1, 1));
}
