//! The complaints of the kit over a small scenario of its own, message by message, and texts that must not bring it
//! down.

use std::collections::BTreeSet;

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::town::{Fault, GOOD, Order, Pool, Spread, Town, Window};
use super::*;
use crate::scenario::units::{Fraction, Quantity};

mod town;

fn read_town(text: &str, overrides: &[&str]) -> Result<Read<Town>, Complaints> {
    let mut document = Document::parse("town.toml", text)?;
    let set = document.set_all(overrides);
    let mut desk = Desk::new();
    desk.keep(set);
    let read = desk.keep(read(document));
    desk.finish().map(|()| read.expect("without a complaint there is a value"))
}

/// Compares all complaints about a text with their messages, without `town.toml:`.
#[track_caller]
fn complains(text: &str, overrides: &[&str], wanted: &[&str]) {
    let shown = match read_town(text, overrides) {
        Ok(read) => panic!("no complaint about {text:?}, which became {:?}", read.value),
        Err(complaints) => complaints.to_string(),
    };
    let shown: Vec<&str> =
        shown.lines().map(|line| line.strip_prefix("town.toml:").unwrap_or(line).trim_start()).collect();
    assert_eq!(shown, wanted, "{text}");
}

#[test]
fn a_good_scenario_is_read() {
    let read = read_town(GOOD, &[]).unwrap();
    let town = &read.value;
    assert_eq!(
        (town.name.as_str(), town.seed, &town.order, &town.spread),
        ("small", 7, &Order::LastCome, &Spread::Evenly)
    );
    assert_eq!(town.window, Some(Window::Long("90s".parse_as())));
    assert_eq!(town.fault, Some(Fault::Crash { every: "2d".parse_as() }));
    let Some(Pool::Vm(fleet)) = town.pools.get("web") else { panic!("{town:?}") };
    assert_eq!((fleet.count.get(), fleet.boot, fleet.target), (3, "90s".parse_as(), Some(Fraction(0.8))));
    assert_eq!(town.strategy.as_ref().unwrap().parameters.0["inner"]["list"].as_array().unwrap().len(), 2);
    // What is written out is read back as the same.
    let text = toml::to_string(town).unwrap();
    assert_eq!(&read_town(&text, &[]).unwrap().value, town, "{text}");
}

/// A quantity from text in a test.
trait ParseAs {
    fn parse_as<Q: Quantity>(&self) -> Q;
}

impl ParseAs for str {
    fn parse_as<Q: Quantity>(&self) -> Q {
        Q::parse(self).unwrap()
    }
}

#[test]
fn overrides_win_and_the_later_one_wins_over_the_earlier() {
    let sets = [
        "pools.web.boot=5s",
        "pools.web.boot=250ms",
        "sources[0].rate=30/min",
        "seed=9",
        "name=42nd street",
        "weights.\"a\"=0.25",
        "strategy.alpha=0.5",
        "window={ from = \"0s\", to = \"1s\" }",
        "pools.spare={ kind = \"vm\", count = 1 }",
    ];
    let town = read_town(GOOD, &sets).unwrap().value;
    let Some(Pool::Vm(fleet)) = town.pools.get("web") else { panic!("{town:?}") };
    assert_eq!(fleet.boot, "250ms".parse_as());
    assert_eq!((town.seed, town.name.as_str(), town.sources[0].rate.per_s()), (9, "42nd street", 0.5));
    assert_eq!((town.weights["a"], town.strategy.unwrap().parameters.0["alpha"].as_float()), (0.25, Some(0.5)));
    assert_eq!(town.window, Some(Window::Ends { from: "0s".parse_as(), to: "1s".parse_as() }));
    assert_eq!(town.pools.len(), 3);
}

/// What stands before a slip, by the name that `slips.txt` has for it.
fn before(name: &str) -> &'static str {
    match name {
        "nothing" => "",
        "named" => "name = \"t\"\n",
        "fleet" => "name = \"t\"\n[pools.web]\nkind = \"vm\"\ncount = 1\n",
        "bare-function" => "name = \"t\"\n[pools.b]\nkind = \"function\"\n",
        "function" => "name = \"t\"\n[pools.b]\nkind = \"function\"\nmemory = \"1B\"\n",
        "source" => "name = \"t\"\n[[sources]]\n",
        "loaded-source" => "name = \"t\"\n[[sources]]\nrate = \"5/s\"\n",
        "prices" => "name = \"t\"\n[prices]\n",
        "priced" => "name = \"t\"\n[prices]\nvm = \"1 USD/h\"\n",
        other => panic!("slips.txt speaks of an unknown place {other:?}"),
    }
}

#[test]
fn every_slip_has_its_message() {
    let blocks = include_str!("slips.txt").split("\n\n").skip(1);
    let mut messages = BTreeSet::new();
    for block in blocks {
        let mut lines = block.lines();
        let place = lines.next().and_then(|line| line.strip_prefix('@')).expect("a block begins with its place");
        let mut text = before(place).to_owned();
        let (mut sets, mut wanted) = (vec![], vec![]);
        for line in lines {
            match (line.strip_prefix("=> "), line.strip_prefix("--set ")) {
                (Some(message), _) => wanted.push(message),
                (_, Some(set)) => sets.push(set),
                _ => text = text + line + "\n",
            }
        }
        complains(&text, &sets, &wanted);
        messages.extend(wanted);
    }
    assert!(messages.len() > 140, "{} distinct complaints", messages.len());
}

#[test]
fn all_complaints_come_at_once_and_in_order() {
    let text =
        "seed = -1\nsead = 1\nseed = 2\norder = \"fifo\"\n[pools.web]\nkind = \"vm\"\nboot = \"90\"\n[[sources]]\n";
    let wanted = [
        "name: found nothing, want a text in quotes",
        "1:8: seed: found -1, want a whole number of at least 0",
        "2:1: sead: found an unknown key, want fault, name, position, spread, strategy, weights or window \
         (did you mean spread?)",
        "3:1: found the key \"seed\" a second time, want each key once",
        "4:9: order: found \"fifo\", want \"first-come\", \"last-come\" or \"random\"",
        "5:1: pools.web.count: found nothing, want a whole number of at least 1",
        "7:8: pools.web.boot: found \"90\", want a length of time with its unit, such as 250ms or 90s",
        "8:1: sources[0].rate: found nothing, want a rate with its unit, such as 5/s or 30/min",
        "--set prices.vm=1: prices.vm: found 1, want a price per time in USD, such as 0.0416 USD/h",
    ];
    complains(text, &["prices.vm=1"], &wanted);
}

#[test]
fn a_later_complaint_finds_the_place_of_its_value() {
    let read = read_town(GOOD, &["seed=9"]).unwrap();
    let said = |complaint: Complaint| complaint.to_string();
    let line = "town.toml:14:8: pools.web.boot: found 1.5min, want less than a minute";
    assert_eq!(said(read.complain("pools.web.boot", "1.5min", "less than a minute")), line);
    let line = "--set seed=9: seed: found 9, want an even number";
    assert_eq!(said(read.refuse("seed", "an even number")), line);
    let line = "town.toml:21:1: pools.burst.keep-alive: found nothing, want a length of time, because cold is given";
    assert_eq!(said(read.refuse("pools.burst.keep-alive", "a length of time, because cold is given")), line);
    let line = "town.toml:26:1: sources[0]: found a table, want a trace";
    assert_eq!(said(read.refuse(KeyPath::root().key("sources").index(0), "a trace")), line);
    let line = "town.toml: nodes.edge: found nothing, want a node";
    assert_eq!(said(read.refuse("nodes.edge", "a node")), line);
    assert!(read.is_given("seed") && !read.is_given("pools.burst.keep-alive"));
}

/// A type of its own whose text the schema does not know how to check.
#[derive(Debug, Serialize, JsonSchema)]
struct Even(u32);

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Even, D::Error> {
        let number = u32::deserialize(from)?;
        if number % 2 == 0 { Ok(Even(number)) } else { Err(serde::de::Error::custom("odd numbers are not even")) }
    }
}

#[test]
fn what_only_serde_refuses_still_has_its_place() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Evens {
        list: Vec<Even>,
    }
    let document = Document::parse("town.toml", "list = [\n 2,\n 3,\n]").unwrap();
    let shown = read::<Evens>(document).unwrap_err().to_string();
    assert_eq!(shown, "town.toml:3:2: list[1]: found 3, want another value: odd numbers are not even");
}

#[test]
fn a_file_that_is_no_scenario_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("garbage.toml"), b"name = \"t\"\n\x7fELF\xff\xfe").unwrap();
    std::fs::write(path("large.toml"), vec![b'#'; (16 << 20) + 1]).unwrap();
    std::fs::write(path("truncated.toml"), "name = \"t\"\n[pools.web]\nkind = \"v").unwrap();
    std::fs::write(path("mark.toml"), "\u{feff}name = \"t\"\n").unwrap();
    let said = |name: &str| {
        let read = read_file::<Town>(&path(name), ["seed=1"]);
        read.map(|_| ())
            .map_err(|complaints| complaints.to_string().replace(&format!("{}/", folder.path().display()), ""))
    };
    let wanted = "a file in TOML";
    assert_eq!(said("none.toml"), Err(format!("none.toml: found no such file, want {wanted}")));
    assert_eq!(said("."), Err(format!(".: found a folder, want {wanted}")));
    let line = "garbage.toml: found the byte 0xff in line 2, which is not UTF-8, want a file in TOML and UTF-8";
    assert_eq!(said("garbage.toml"), Err(line.to_owned()));
    let line = "large.toml: found more than 16 MiB, want a file in TOML of at most 16 MiB";
    assert_eq!(said("large.toml"), Err(line.to_owned()));
    assert_eq!(said("truncated.toml"), Err("truncated.toml:3:10: found invalid basic string, want `\"`".to_owned()));
    assert_eq!(said("mark.toml"), Ok(()));
}

#[test]
fn monstrous_texts_are_complained_about_briefly() {
    let million = 1_000_000;
    let texts = [
        format!("{} = 1", "x".repeat(million)),
        format!("order = \"{}\"", "y".repeat(million)),
        format!("seed = {}", "9".repeat(million)),
        format!("[pools.web]\nkind = \"vm\"\nboot = \"{}s\"", "9".repeat(million)),
        format!("[pools.web]\nkind = \"vm\"\nboot = \"1.{}s\"", "0".repeat(million)),
        format!("[pools.f]\nkind = \"function\"\ncold = \"uniform({})\"", "1s,".repeat(million / 3)),
        format!("k = {}", "[".repeat(million)),
        format!("k = {}{}", "[".repeat(70), "]".repeat(70)),
        format!("k = {}1{}", format!("{{ {}z = ", "a.".repeat(70)).repeat(70), "}".repeat(70)),
        format!("{}a = 1", "a.".repeat(million / 2)),
        format!("{}a = 1", "a.".repeat(75)),
        "!\n".repeat(million / 2),
        (0..100_000).map(|nth| format!("k{nth} = 1\n")).collect(),
        format!("weights = {{ {} }}", (0..100_000).map(|nth| format!("µ{nth} = 0")).collect::<Vec<_>>().join(", ")),
        "\u{1b}[2J\u{7}".repeat(1000),
    ];
    for text in texts {
        let start: String = text.chars().take(40).collect();
        let complaints = read_town(&text, &[]).unwrap_err();
        let shown = complaints.to_string();
        let longest = shown.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest < 700, "{start}: a line of {longest} characters");
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{start}");
        assert!(complaints.render(false, 80).len() < 2_000_000, "{start}");
    }
}

#[test]
fn a_slip_after_megabytes_is_found_and_megabytes_of_something_else_are_told_briefly() {
    let comments = format!("#{}\n", "x".repeat(1000)).repeat(1200);
    let said = read_town(&format!("{comments}seed = \n"), &[]).unwrap_err().to_string();
    assert!(said.starts_with("town.toml:1201:"), "{said}");
    let complaints = read_town(&"1,2,3\n".repeat(200_000), &[]).unwrap_err();
    assert_eq!(complaints.count(), 20);
}

#[test]
fn deep_and_long_overrides_are_refused() {
    let nested = format!("a={}1{}", format!("{{ {}z = ", "a.".repeat(70)).repeat(70), "}".repeat(70));
    for set in
        [format!("{}a=1", "a.".repeat(100_000)), format!("a={}", "[".repeat(100_000)), "x".repeat(1_000_000), nested]
    {
        let shown = read_town("name = \"t\"", &[&set]).unwrap_err().to_string();
        assert!(shown.len() < 1_000, "{shown}");
    }
}

proptest! {
    #[test]
    fn a_truncated_scenario_is_read_or_complained_about(cut in 0..GOOD.len()) {
        let _ = read_town(&GOOD[..cut], &[]).map_err(|complaints| complaints.render(true, 80));
    }

    #[test]
    fn a_scenario_with_a_changed_byte_is_read_or_complained_about(at in 0..GOOD.len(), byte in 0u8..128) {
        let mut bytes = GOOD.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).unwrap();
        if let Err(complaints) = read_town(&text, &[]) {
            prop_assert!(complaints.count() > 0);
            complaints.render(false, 80);
        }
    }

    #[test]
    fn random_bytes_are_read_or_complained_about(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = read_town(&text, &[]).map_err(|complaints| complaints.render(false, 80));
    }

    #[test]
    fn text_like_a_scenario_is_read_or_complained_about(
        text in "([a-c\\[\\]{}.=\"'#,\n 0-9µ-]|pools|web|kind|\"vm\"|\\n\\[){0,60}",
    ) {
        let _ = read_town(&text, &[]).map_err(|complaints| complaints.render(false, 80));
    }

    #[test]
    fn any_override_is_laid_or_complained_about(
        set in "([a-z0-9.=\"'\\[\\]{} -]|pools|sources|window|boot){0,30}|\\PC{0,40}",
    ) {
        let _ = read_town(GOOD, &[&set]).map_err(|complaints| complaints.to_string());
    }
}
