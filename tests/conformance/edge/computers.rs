//! Computers and the clients that race them.

use std::collections::HashMap;

use serde_json::Value;
use stratosim::engine::time::Span;
use stratosim::model::edge_client::Uncoordinated;
use stratosim::model::edge_computer::{
    Computer, ComputerType, ContainerType, Done, ProcessorKind, ProcessorType, Requirements,
};

use super::{Case, at, equal, integer, list, number, text};

fn described(inputs: &Value) -> ComputerType {
    let processor = |value: &Value| ProcessorType {
        name: text(&value["name"]).to_owned(),
        kind: ProcessorKind::GenericCpu,
        speed_ops_per_s: number(&value["speed"]),
        cores: integer(&value["cores"]) as u32,
        memory_bytes: integer(&value["memory"]),
    };
    let container = |value: &Value| ContainerType {
        name: text(&value["container"]).to_owned(),
        processor: text(&value["processor"]).to_owned(),
        function: text(&value["function"]).to_owned(),
        workers: integer(&value["workers"]) as u32,
        requirements: requirements(&value["requirements"]),
    };
    ComputerType {
        processors: list(&inputs["processors"]).iter().map(processor).collect(),
        containers: list(&inputs["containers"]).iter().map(container).collect(),
    }
}

fn requirements(value: &Value) -> Requirements {
    match text(&value["kind"]) {
        "fixed" => {
            Requirements::Fixed { operations: integer(&value["operations"]), memory_bytes: integer(&value["memory"]) }
        }
        "proportional" => Requirements::Proportional {
            op_coeff: number(&value["op_coeff"]),
            op_offset: number(&value["op_offset"]),
            mem_coeff: number(&value["mem_coeff"]),
            mem_offset: number(&value["mem_offset"]),
        },
        other => panic!("unknown requirements {other}"),
    }
}

/// What happens at an instant, in the order of the specification: arrivals, dry runs, reports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Op {
    Arrival(usize),
    DryRun(usize),
    Report,
}

pub fn computer(case: &Case<'_>) -> Result<(), String> {
    let inputs = case.inputs();
    let mut computer = Computer::new(&described(inputs), case.faithful).expect("a golden computer is sound");
    let (arrivals, dry_runs) = (list(&inputs["arrivals"]), list(&inputs["dry_runs"]));
    let mut agenda = Vec::new();
    agenda.extend(arrivals.iter().enumerate().map(|(k, value)| (at(number(&value["time_s"])), Op::Arrival(k))));
    agenda.extend(dry_runs.iter().enumerate().map(|(k, value)| (at(number(&value["time_s"])), Op::DryRun(k))));
    if let Some(count) = inputs["utilization_reports"].as_u64() {
        let start = at(number(&inputs["utilization_start_s"]));
        let every = Span::from_secs_f64(number(&inputs["utilization_every_s"])).expect("a period");
        agenda.extend((1..=count).map(|k| (start + every * k, Op::Report)));
    }
    agenda.sort();

    let mut done = Vec::new();
    let mut rejected = Vec::new();
    let mut reports: Vec<(String, String, f64, f64)> = Vec::new();
    for (now, op) in agenda {
        computer.advance(now, &mut done);
        match op {
            Op::Arrival(k) => {
                let container = computer.container(text(&arrivals[k]["function"])).expect("a known function");
                if computer.offer(now, k as u64, container, integer(&arrivals[k]["size_bytes"])).is_err() {
                    rejected.push(k);
                }
                // A call of no operations ends at once, before the next one arrives.
                computer.advance(now, &mut done);
            }
            Op::DryRun(k) => {
                let container = computer.container(text(&dry_runs[k]["function"])).expect("a known function");
                let estimate = computer.dry_run(container, integer(&dry_runs[k]["size_bytes"]));
                let name = text(&dry_runs[k]["request"]).to_owned();
                reports.push(("dry".to_owned(), name, now.as_secs_f64(), estimate));
            }
            Op::Report => {
                let rows = computer.report();
                reports.extend(rows.map(|(name, u)| ("util".to_owned(), name.to_owned(), now.as_secs_f64(), u)));
            }
        }
    }
    while let Some(next) = computer.next_completion() {
        computer.advance(next, &mut done);
    }
    let done: HashMap<u64, Done> = done.into_iter().map(|done| (done.call, done)).collect();
    requests(case, &computer, arrivals, &done, &rejected)?;
    if case.value["files"].get("reports").is_none() {
        return equal("reports", &reports.len(), &0);
    }
    let table = case.table("reports");
    equal("rows of reports", &reports.len(), &table.rows.len())?;
    for (row, (kind, subject, time, value)) in table.rows.iter().zip(&reports) {
        equal("kind", &table.text(row, "kind"), &kind.as_str())?;
        equal("subject", &table.text(row, "subject"), &subject.as_str())?;
        for (column, found) in [("time_s", time), ("value", value)] {
            close(case, &format!("{kind} {subject} {column}"), *found, table.number(row, column))?;
        }
    }
    Ok(())
}

fn requests(
    case: &Case<'_>,
    computer: &Computer,
    arrivals: &[Value],
    done: &HashMap<u64, Done>,
    rejected: &[usize],
) -> Result<(), String> {
    let table = case.table("requests");
    equal("rows of requests", &arrivals.len(), &table.rows.len())?;
    for row in &table.rows {
        let name = table.text(row, "request");
        let k = arrivals.iter().position(|value| text(&value["request"]) == name).expect("a request of the inputs");
        let container = computer.container(text(&arrivals[k]["function"])).expect("a known function");
        let size = integer(&arrivals[k]["size_bytes"]);
        equal("function", &table.text(row, "function"), &computer.function(container))?;
        equal("size", &table.number(row, "size_bytes"), &Some(size as f64))?;
        let (operations, memory) = computer.needs(container, size);
        equal("operations", &Some(operations as f64), &table.number(row, "operations"))?;
        equal("memory", &Some(memory as f64), &table.number(row, "memory_bytes"))?;
        close(case, name, number(&arrivals[k]["time_s"]), table.number(row, "arrival_s"))?;
        let outcome = match (done.get(&(k as u64)), rejected.contains(&k)) {
            (Some(_), _) => "done",
            (None, true) => "rejected",
            (None, false) => "never-started",
        };
        equal(&format!("outcome of {name}"), &outcome, &table.text(row, "outcome"))?;
        let Some(done) = done.get(&(k as u64)) else { continue };
        close(case, name, done.started.as_secs_f64(), table.number(row, "start_s"))?;
        close(case, name, done.finished.as_secs_f64(), table.number(row, "finish_s"))?;
        close(case, name, done.finished.since(done.offered).as_secs_f64(), table.number(row, "sojourn_s"))?;
        if table.number(row, "hand_checked_finish_s").is_some() {
            close(case, name, done.finished.as_secs_f64(), table.number(row, "hand_checked_finish_s"))?;
        }
        for (column, load) in ["load1", "load10", "load30"].into_iter().zip(done.loads) {
            equal(&format!("{column} of {name}"), &Some(f64::from(load)), &table.number(row, column))?;
        }
    }
    let waiting = table.rows.iter().filter(|row| table.text(row, "outcome") == "never-started").count();
    equal("calls that wait for ever", &computer.waiting().count(), &waiting)
}

fn close(case: &Case<'_>, what: &str, found: f64, golden: Option<f64>) -> Result<(), String> {
    match golden {
        Some(golden) if case.tolerance.agrees(found, golden) => Ok(()),
        _ => Err(format!("{what}: {found}, golden {golden:?}")),
    }
}

pub fn uncoordinated(case: &Case<'_>) -> Result<(), String> {
    let inputs = case.inputs();
    let first = integer(&inputs["first_primary"]) as usize;
    let mut client = Uncoordinated::new(integer(&inputs["endpoints"]) as usize, number(&inputs["persistence"]), first);
    let table = case.table("trace");
    let numbers =
        |text: &str| text.split_whitespace().map(|word| word.parse().expect("a number")).collect::<Vec<f64>>();
    assert!(!table.rows.is_empty());
    for row in &table.rows {
        let golden = |column: &str| table.number(row, column).expect("a value");
        let request = table.text(row, "request");
        equal(request, &(client.primary() as f64), &golden("primary_before"))?;
        let mut draws = numbers(table.text(row, "uniform_draws")).into_iter();
        let contacted = client.contacted(|| draws.next().expect("one draw per other endpoint"));
        equal("draws left", &draws.next(), &None)?;
        let listed: Vec<usize> = numbers(table.text(row, "contacted")).iter().map(|&k| k as usize).collect();
        equal(request, &contacted, &listed)?;
        let all = numbers(table.text(row, "latency_per_endpoint_s"));
        let latencies: Vec<f64> = contacted.iter().map(|&k| all[k]).collect();
        let race = client.settle(&contacted, &latencies);
        equal(request, &(race.fastest as f64), &golden("fastest"))?;
        close(case, request, race.response_s, Some(golden("response_time_s")))?;
        close(case, request, race.settled_s, Some(golden("next_request_not_before_s")))?;
    }
    Ok(())
}
