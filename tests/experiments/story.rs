//! The story of a request, on a small stage whose times can be added up.

use super::place::Place;

/// A request every second from second 1 on, each of 2.5 s, on one machine: request 2 comes at 3 s, finds request 0 at work
/// until 3.5 s and request 1 waiting, and begins when both are done.
const STAGE: &str = r#"
name = "stage"
strategies = ["max", "faas"]
horizon = "5500ms"
[functions.job]
work = "2500ms"
[sources.s]
kind = "renewal"
gap = "1s"
[pools.vm]
kind = "vm"
type = "any"
slots = 1
size = 1
[pools.lambda]
kind = "function"
cold_start = "250ms"
limit = 2
"#;

#[test]
fn a_story_tells_phases_and_who_was_ahead() {
    let place = Place::new();
    place.write("stage.toml", STAGE);
    let out = place.done("explain-request stage.toml 2");
    let wanted = [
        "request 2 of stage under max, replication 0: served after 5.500000 s",
        "call 0: job asked at cloud at 3.000000 s, work 2.5 s",
        "  offered to vm at 3.000000 s: 1 running there, 1 ahead of it",
        "  ahead: requests 1",
        "  begun on vm #0 at 6.000000 s",
    ];
    for line in wanted {
        assert!(out.lines().any(|found| found.starts_with(line)), "no line {line}\n{out}");
    }
    let phase = |name: &str| {
        let line = out.lines().find(|line| line.trim_start().starts_with(name));
        line.unwrap_or_else(|| panic!("no {name}\n{out}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(phase("queue "), "queue 3.000000 s 54.5 %");
    assert_eq!(phase("service "), "service 2.500000 s 45.5 %");
    assert_eq!(phase("response "), "response 5.500000 s served at 8.500000 s");
    assert!(out.contains("meanwhile nobody decided anything"), "{out}");
}

#[test]
fn a_story_tells_what_was_started_throttled_and_decided_meanwhile() {
    let place = Place::golden();
    place.write("stage.toml", STAGE);
    let cold = place.done("explain-request stage.toml 0 --strategy faas");
    assert!(cold.contains("at 1.250000 s, which was started for it"), "{cold}");
    assert!(cold.contains("  cold start") && cold.contains("meanwhile lambda throttled 1 other requests"), "{cold}");
    let refused = place.done("explain-request stage.toml 2 --strategy faas");
    assert!(
        refused.starts_with("request 2 of stage under faas, replication 0: throttled after 0.000000 s\n"),
        "{refused}"
    );
    // Calls of calls, on a day with a strategy that decides.
    let tree = place.done("explain-request town.toml 900 --strategy libra");
    assert!(tree.starts_with("request 900 of town under libra, replication 0: "), "{tree}");
    let said = place.line("explain-request town.toml 99999999");
    let wanted = "request 99999999: the run has no request of this number\n";
    assert_eq!((said.code, said.err.as_str()), (Some(2), wanted));
    let said = place.line("explain-request town.toml 1 --strategy maks");
    assert_eq!((said.code, said.err.as_str()), (Some(2), "--strategy maks: the scenario has max, faas, libra\n"));
}
